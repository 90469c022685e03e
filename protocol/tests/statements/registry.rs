//! Genesis and the fold over the registry log: every way to be void, by its exact reason.

mod admits;
pub(crate) mod deadlines;
mod keys;
pub(crate) mod measures;
mod successions;

use concordat_protocol::log::{Hash, LeafIndex, TreeSize};
use concordat_protocol::statement::{
    Audience, Content, Ctx, CutOff, Enrolment, HeadSeen, ItemCatalogue, KeyUse, Proposal, Restart,
    Role, Rotation, Standing, Statement, Suspension, Vis, sign, sign_approval, sign_approved,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::{
    Applied, Genesis, GenesisError, GenesisFields, Network, RejectReason,
};

use crate::support::*;

const CONFLICT: Applied = Applied::Void(RejectReason::RegistryConflict);

fn refused(change: impl FnOnce(&mut GenesisFields)) -> GenesisError {
    let mut fields = genesis_fields(Network::Production);
    change(&mut fields);
    Genesis::new(fields).unwrap_err()
}

fn refused_or_made(change: impl FnOnce(&mut GenesisFields)) -> Result<(), GenesisError> {
    let mut fields = genesis_fields(Network::Production);
    change(&mut fields);
    Genesis::new(fields).map(drop)
}

// spec: TRU-1, TRU-2
#[test]
fn genesis_reads_back_and_is_named_by_its_digest() {
    let genesis = Genesis::new(genesis_fields(Network::Production)).unwrap();
    let back = Genesis::decode(genesis.as_bytes()).unwrap();
    assert_eq!(back, genesis);
    assert!(!genesis.is_test());
    let name = genesis.registry_origin().to_string();
    assert_eq!(name, format!("prod-{}/{}/1", genesis.id(), hub()));
    let trial = Genesis::new(genesis_fields(Network::Test)).unwrap();
    assert_ne!(trial.id(), genesis.id());
}

// spec: TRU-2
#[test]
fn genesis_is_refused_by_the_rule_that_does_not_hold() {
    assert_eq!(
        refused(|f| f.format = 2),
        GenesisError::Format { format: 2 }
    );
    assert_eq!(
        refused(|f| f.hub.role = Role::Member),
        GenesisError::HubRole
    );
    assert_eq!(refused(|f| f.hub.log_key = None), GenesisError::HubKeys);
    assert_eq!(refused(|f| f.hub.node_key = None), GenesisError::HubKeys);
    assert_eq!(refused(|f| f.hub.witness_key = None), GenesisError::HubKeys);
    assert_eq!(
        refused(|f| f.hub.statement_keys.clear()),
        GenesisError::HubKeys
    );
    assert_eq!(refused(|f| f.approvers.quorum = 1), GenesisError::Approvers);
    assert_eq!(refused(|f| f.approvers.quorum = 4), GenesisError::Approvers);
    assert_eq!(refused(|f| f.recovery.quorum = 0), GenesisError::Recovery);
    assert_eq!(refused(|f| f.recovery.quorum = 3), GenesisError::Recovery);
    // Both quorums have to fit under one cut-off.
    let many: Vec<u8> = (200..215).collect();
    let recovery = |quorum| {
        refused_or_made(|f| {
            f.recovery.keys = ascending(&many);
            f.recovery.quorum = quorum;
        })
    };
    assert_eq!(recovery(15), Err(GenesisError::Recovery));
    assert_eq!(recovery(14), Ok(()));
    assert_eq!(
        refused(|f| f.approvers.keys.reverse()),
        GenesisError::KeyOrder
    );
    assert_eq!(
        refused(|f| f.recovery.keys.reverse()),
        GenesisError::KeyOrder
    );
    assert_eq!(refused(|f| f.hub.suite = 2), GenesisError::Hub);
    assert_eq!(
        refused(|f| f.hub.publishes_through = Some(city())),
        GenesisError::Hub
    );
    assert_eq!(
        refused(|f| f.policy.cosigners = vec![city()]),
        GenesisError::Cosigners
    );
}

/// More approvals than a statement can carry are a registry that nobody can ever change.
// spec: TRU-2
#[test]
fn genesis_refuses_a_quorum_of_approvers_that_no_statement_can_carry() {
    let keys: Vec<u8> = (200..217).collect();
    let refused = refused(|f| {
        f.approvers.keys = ascending(&keys);
        f.approvers.quorum = 17;
    });
    assert_eq!(refused, GenesisError::Approvers);
}

// spec: TRU-17
#[test]
fn genesis_refuses_a_key_with_two_uses() {
    let hub = enrolment(hub(), Role::Hub, HUB_KEY);
    for key in [
        hub.statement_keys[0],
        hub.log_key.unwrap(),
        hub.administrator_keys[0],
        public(APPROVERS[0]),
    ] {
        let mut recovery = vec![key, public(5)];
        recovery.sort();
        assert_eq!(
            refused(|f| f.recovery.keys = recovery),
            GenesisError::KeyRepeated
        );
    }
    let refused = refused(|f| f.hub.node_key = f.hub.log_key);
    assert_eq!(refused, GenesisError::KeyRepeated);
}

// spec: TRU-3
#[test]
fn genesis_refuses_a_quorum_that_two_heads_could_meet() {
    let quorum = |quorum, faults| refused(|f| f.policy = policy(vec![hub()], quorum, faults));
    assert_eq!(quorum(0, 0), GenesisError::Quorum);
    assert_eq!(quorum(2, 0), GenesisError::Quorum);
    assert_eq!(quorum(1, 1), GenesisError::Quorum);
    assert_eq!(quorum(1, u64::MAX), GenesisError::Quorum);
    assert_eq!(quorum(u64::MAX, 0), GenesisError::Quorum);
}

// spec: TRU-4
#[test]
fn registry_changes_by_two_of_the_approvers_and_no_fewer() {
    let mut net = Net::empty(Network::Production);
    let content = Content::Enrolment(Box::new(city_enrolment()));
    let payload = net.proposal(content);
    let ctx = net.registry.ctx();
    let plain = sign(&key(HUB_KEY), hub(), city().code(), ctx, &payload).unwrap();
    let few = Applied::Void(RejectReason::TooFewApprovals);
    assert_eq!(net.log(&Statement::decode(&plain).unwrap()), few);
    let one = net.approved(&payload, &[2], net.registry.ctx());
    assert_eq!(net.log(&one), few);
    assert!(net.registry.member(city()).is_none());
    let two = net.approved(&payload, &[3, 1], net.registry.ctx());
    assert_eq!(net.log(&two), Applied::Changed);
    assert_eq!(net.registry.member(city()).unwrap().code(), city());
    assert_eq!(net.registry.size().value(), 3);
}

// spec: TRU-4, STM-8
#[test]
fn registry_refuses_an_approval_by_nobody_it_knows_or_over_other_bytes() {
    let mut net = Net::empty(Network::Production);
    let payload = net.proposal(Content::Enrolment(Box::new(city_enrolment())));
    let unknown = net.approved(&payload, &[1, 2, 9], net.registry.ctx());
    assert_eq!(net.log(&unknown), Applied::Void(RejectReason::KeyUnknown));
    let proposal = Proposal::new(&payload).unwrap();
    let other = net.proposal(Content::Enrolment(Box::new(city_enrolment())));
    let other = Proposal::new(&other).unwrap();
    let network = net.registry.genesis().id();
    let mut approvals = [
        (public(1).id(), sign_approval(&key(1), &network, &proposal)),
        (public(2).id(), sign_approval(&key(2), &network, &other)),
    ];
    approvals.sort();
    let approvals = approvals.map(|(_, approval)| approval);
    let ctx = net.registry.ctx();
    let about = city().code();
    let bytes = sign_approved(&key(HUB_KEY), hub(), about, ctx, &proposal, &approvals).unwrap();
    assert_eq!(
        net.log(&Statement::decode(&bytes).unwrap()),
        Applied::Void(RejectReason::BadSignature)
    );
}

/// The same people may approve in two networks, with one key. What they approved in the first is
/// not approved in the second, and nobody can make it so by renaming the network in it.
// spec: TRU-27
#[test]
fn registry_refuses_an_approval_given_for_another_network() {
    let mut net = Net::empty(Network::Production);
    let here = net.registry.genesis().id();
    let there = Net::empty(Network::Test).registry.genesis().id();
    let payload = net.proposal(Content::Enrolment(Box::new(city_enrolment())));
    let proposal = Proposal::new(&payload).unwrap();
    let mut log = |first: Vec<u8>| {
        let second = sign_approval(&key(2), &here, &proposal);
        let mut approvals = [(public(1).id(), first), (public(2).id(), second)];
        approvals.sort();
        let approvals = approvals.map(|(_, approval)| approval);
        let (about, ctx) = (city().code(), net.registry.ctx());
        let bytes = sign_approved(&key(HUB_KEY), hub(), about, ctx, &proposal, &approvals);
        net.log(&Statement::decode(&bytes.unwrap()).unwrap())
    };
    let foreign = sign_approval(&key(1), &there, &proposal);
    let refused = Applied::Void(RejectReason::OtherNetwork);
    assert_eq!(log(foreign.clone()), refused);
    let at = foreign
        .windows(32)
        .position(|window| window == there.as_bytes())
        .unwrap();
    let mut renamed = foreign;
    renamed[at..at + 32].copy_from_slice(here.as_bytes());
    assert_eq!(log(renamed), Applied::Void(RejectReason::BadSignature));
    assert_eq!(
        log(sign_approval(&key(1), &here, &proposal)),
        Applied::Changed
    );
}

/// The hub holds every approved change for ever. Approvals name no place in the log, so nothing in
/// the bytes keeps it from logging an old one again under a new signature of its own.
// spec: TRU-20
#[test]
fn registry_takes_one_approved_change_once() {
    let mut net = Net::production();
    let suspend = |standing| {
        Content::Suspension(Suspension {
            member: city(),
            standing,
            reasons: text("核查"),
        })
    };
    let payload = net.proposal(suspend(Standing::Suspended));
    let first = net.approved(&payload, &[1, 2], net.registry.ctx());
    assert_eq!(net.log(&first), Applied::Changed);
    assert_eq!(net.change(suspend(Standing::Active)), Applied::Changed);
    let again = net.approved(&payload, &[1, 2], net.registry.ctx());
    assert_ne!(again.as_bytes(), first.as_bytes());
    assert_eq!(net.log(&again), Applied::Void(RejectReason::Repeated));
    let standing = net.registry.member(city()).unwrap().standing();
    assert_eq!(standing, Standing::Active);
}

// spec: TRU-5, TRU-6
#[test]
fn registry_counts_void_entries_and_answers_for_every_size() {
    let mut net = Net::empty(Network::Production);
    let before = net.registry.ctx();
    let payload = net.proposal(Content::Enrolment(Box::new(city_enrolment())));
    let statement = net.approved(&payload, &[1, 2], net.registry.ctx());
    let leaf = leaf_of(&statement, Vis::ALL_MEMBERS, None);
    assert_eq!(
        net.registry.apply(&leaf, None),
        Applied::Void(RejectReason::NotAStatement)
    );
    assert_eq!(
        net.registry.apply(&leaf, Some(&statement)),
        Applied::Changed
    );
    let sizes: Vec<bool> = (0..=2)
        .map(|size| {
            let size = TreeSize::new(size).unwrap();
            net.registry.member_at(city(), size).is_some()
        })
        .collect();
    assert_eq!(sizes, [false, false, true]);
    assert_eq!(net.registry.ctx_at(TreeSize::ZERO), Some(before));
    assert_eq!(net.registry.root_at(TreeSize::new(3).unwrap()), None);
}

/// The hub says in its log 1 too from where it went on after doubt.
// spec: TRU-33
#[test]
fn restart_in_the_registry_log_changes_nothing_and_is_the_hubs_alone() {
    let mut net = Net::production();
    let restart = |net: &Net| {
        let size = net.registry.size();
        let root = net.registry.root_at(size).unwrap();
        payload(Content::Restart(Restart { size, root }))
    };
    let (before, members) = (net.registry.size().value(), net.registry.members().count());
    let own = net.statement(HUB_KEY, hub(), hub().code(), &restart(&net));
    assert_eq!(net.log(&own), Applied::Unchanged);
    assert_eq!(net.registry.size().value(), before + 1);
    assert_eq!(net.registry.members().count(), members);
    let by_city = net.statement(CITY_KEY, city(), city().code(), &restart(&net));
    let elsewhere = Applied::Void(RejectReason::IssuerElsewhere);
    assert_eq!(net.log(&by_city), elsewhere);
    let forged = net.statement(CITY_KEY, hub(), hub().code(), &restart(&net));
    assert_eq!(net.log(&forged), Applied::Void(RejectReason::KeyUnknown));
    // What comes after it counts as ever.
    let policy = net.proposal(Content::Policy(policy(vec![hub()], 1, 0)));
    let entry = net.approved(&policy, &[1, 2], net.registry.ctx());
    assert_eq!(net.log(&entry), Applied::Changed);
}

// spec: TRU-6, TRU-21
#[test]
fn registry_entry_by_another_or_under_a_wrong_state_is_void() {
    let mut net = Net::production();
    let seen = net.registry.ctx();
    let head = Content::HeadSeen(HeadSeen {
        origin: net.origin(city()),
        size: TreeSize::ZERO,
        root: Hash::from_bytes([0; 32]),
    });
    let statement = net.statement(HUB_KEY, hub(), hub().code(), &payload(head));
    let void = |net: &mut Net, statement: &Statement| match net.log(statement) {
        Applied::Void(reason) => reason,
        taken @ (Applied::Changed | Applied::Unchanged) => panic!("taken: {taken:?}"),
    };
    assert_eq!(void(&mut net, &statement), RejectReason::WrongLog);
    let policy = net.proposal(Content::Policy(policy(vec![hub()], 1, 0)));
    let by_city = net.statement(CITY_KEY, city(), city().code(), &policy);
    assert_eq!(void(&mut net, &by_city), RejectReason::IssuerElsewhere);
    let ahead = Ctx {
        size: TreeSize::new(99).unwrap(),
        ..seen
    };
    let entry = net.approved(&policy, &[1, 2], ahead);
    assert_eq!(void(&mut net, &entry), RejectReason::CtxForeign);
    let foreign = Ctx {
        state: Hash::from_bytes([1; 32]),
        ..seen
    };
    let entry = net.approved(&policy, &[1, 2], foreign);
    assert_eq!(void(&mut net, &entry), RejectReason::CtxForeign);
    let old = net.registry.ctx_at(TreeSize::ZERO).unwrap();
    let entry = net.approved(&policy, &[1, 2], old);
    assert_eq!(void(&mut net, &entry), RejectReason::CtxDecreases);
    net.sign_with(99);
    let entry = net.approved(&policy, &[1, 2], net.registry.ctx());
    assert_eq!(void(&mut net, &entry), RejectReason::KeyUnknown);
}

// spec: STM-12, STM-14
#[test]
fn registry_entry_whose_leaf_says_something_else_is_void() {
    let mut net = Net::production();
    let payload = net.proposal(Content::Policy(policy(vec![hub()], 1, 0)));
    let statement = net.approved(&payload, &[1, 2], net.registry.ctx());
    let good = leaf_of(&statement, Vis::ALL_MEMBERS, None);
    let mut leaf = good;
    leaf.vis = Vis::new(1);
    let mut void = |leaf| net.registry.apply(&leaf, Some(&statement));
    assert_eq!(void(leaf), Applied::Void(RejectReason::WrongVis));
    let mut leaf = good;
    leaf.kind = concordat_protocol::statement::Kind::Data;
    assert_eq!(void(leaf), Applied::Void(RejectReason::WrongKind));
    let mut leaf = good;
    leaf.target = Some(LeafIndex::new(0));
    assert_eq!(void(leaf), Applied::Void(RejectReason::WrongTarget));
    assert_eq!(void(good), Applied::Changed);
}

fn enrol(net: &mut Net, change: impl FnOnce(&mut Enrolment)) -> Applied {
    let mut fields = enrolment(authority(7), Role::Member, 70);
    change(&mut fields);
    net.change(Content::Enrolment(Box::new(fields)))
}

// spec: TRU-22
#[test]
fn enrolment_that_does_not_hold_together_is_void() {
    let mut net = Net::production();
    for change in [
        (|e: &mut Enrolment| e.role = Role::Hub) as fn(&mut Enrolment),
        |e| e.log_key = None,
        |e| e.node_key = None,
        |e| e.witness_key = None,
        |e| e.role = Role::Issuer,
        |e| e.publishes_through = Some(city()),
        |e| e.suite = 2,
        |e| e.statement_keys.clear(),
        |e| {
            e.statement_keys = ascending(&[70, 75]);
            e.statement_keys.reverse();
        },
        |e| {
            e.administrator_keys = ascending(&[74, 75]);
            e.administrator_keys.reverse();
        },
        |e| {
            let digest = commitment(&public(90));
            e.next_keys = vec![(KeyUse::Log, digest), (KeyUse::Statement, digest)];
        },
        |e| {
            let digest = commitment(&public(90));
            e.next_keys = vec![(KeyUse::Log, digest), (KeyUse::Log, digest)];
        },
    ] {
        assert_eq!(enrol(&mut net, change), CONFLICT);
    }
    assert_eq!(enrol(&mut net, |_| {}), Applied::Changed);
}

// spec: TRU-22
#[test]
fn issuer_publishes_through_a_member_with_a_log_only() {
    let mut net = Net::production();
    let mut issuer = |through: Option<AuthorityCode>| {
        let fields = Enrolment {
            publishes_through: through,
            ..enrolment(authority(8), Role::Issuer, 80)
        };
        net.change(Content::Enrolment(Box::new(fields)))
    };
    assert_eq!(issuer(None), CONFLICT);
    assert_eq!(issuer(Some(authority(99))), CONFLICT);
    assert_eq!(issuer(Some(department())), CONFLICT);
    assert_eq!(issuer(Some(city())), Applied::Changed);
}

// spec: TRU-7
#[test]
fn key_with_a_use_anywhere_is_refused_to_another_use() {
    let mut net = Net::production();
    let taken = [
        public(HUB_KEY),
        public(CITY_KEY),
        public(CITY_KEY + 1),
        public(CITY_KEY + 2),
        public(CITY_KEY + 3),
        public(CITY_KEY + 4),
        public(DEPARTMENT_KEY),
        public(APPROVERS[2]),
        public(4),
        // Its own statement key a second time.
        public(70),
    ];
    for key in taken {
        assert_eq!(enrol(&mut net, |e| e.log_key = Some(key)), CONFLICT);
        assert_eq!(enrol(&mut net, |e| e.recovery_key = Some(key)), CONFLICT);
        assert_eq!(
            enrol(&mut net, |e| e.administrator_keys = vec![key]),
            CONFLICT
        );
    }
}

// spec: TRU-8
#[test]
fn second_enrolment_renews_all_but_keys_and_commitments() {
    let mut net = Net::production();
    let mut renew = |change: fn(&mut Enrolment)| {
        let mut fields = city_enrolment();
        change(&mut fields);
        net.change(Content::Enrolment(Box::new(fields)))
    };
    assert_eq!(renew(|e| e.statement_keys = vec![public(90)]), CONFLICT);
    assert_eq!(renew(|e| e.log_key = Some(public(90))), CONFLICT);
    assert_eq!(renew(|e| e.node_key = Some(public(90))), CONFLICT);
    assert_eq!(renew(|e| e.witness_key = Some(public(90))), CONFLICT);
    assert_eq!(renew(|e| e.recovery_key = Some(public(90))), CONFLICT);
    assert_eq!(renew(|e| e.next_keys.clear()), CONFLICT);
    let other = |e: &mut Enrolment| e.next_keys[0].1 = commitment(&public(90));
    assert_eq!(renew(other), CONFLICT);
    assert_eq!(renew(|e| e.mandates.clear()), Applied::Changed);
    let replace = |e: &mut Enrolment| e.administrator_keys = vec![public(90)];
    assert_eq!(renew(replace), Applied::Changed);
    // The administrator that went does not come back, under no use.
    assert_eq!(renew(|_| {}), CONFLICT);
    let member = net.registry.member(city()).unwrap();
    assert_eq!(member.enrolment().mandates, [mandate()]);
}

// spec: TRU-8
#[test]
fn hub_is_renewed_as_the_hub_only() {
    let mut net = Net::production();
    let fields = enrolment(hub(), Role::Hub, HUB_KEY);
    let member = Enrolment {
        role: Role::Member,
        ..fields.clone()
    };
    assert_eq!(net.change(Content::Enrolment(Box::new(member))), CONFLICT);
    let renewed = net.change(Content::Enrolment(Box::new(fields)));
    assert_eq!(renewed, Applied::Changed);
}

#[test]
fn catalogue_that_does_not_hold_together_is_void() {
    let mut net = Net::production();
    let mut adopt = |change: fn(&mut ItemCatalogue)| {
        let mut content = catalogue();
        change(&mut content);
        net.change(Content::ItemCatalogue(content))
    };
    assert_eq!(adopt(|c| c.items.reverse()), CONFLICT);
    assert_eq!(
        adopt(|c| c.items[0].code = code("labour.penalty")),
        CONFLICT
    );
    assert_eq!(adopt(|c| c.classes.reverse()), CONFLICT);
    assert_eq!(adopt(|c| c.items[0].vis = Vis::new(9)), CONFLICT);
    assert_eq!(adopt(|c| c.near_personal = Vis::new(9)), CONFLICT);
    assert_eq!(adopt(|c| c.near_personal = Vis::new(1)), CONFLICT);
    let public_members = |c: &mut ItemCatalogue| c.classes[0].members = vec![city()];
    assert_eq!(adopt(public_members), CONFLICT);
    let unsorted = |c: &mut ItemCatalogue| {
        let mut members = vec![city(), other_city()];
        members.sort();
        members.reverse();
        c.classes[1].members = members;
    };
    assert_eq!(adopt(unsorted), CONFLICT);
    let zero = |c: &mut ItemCatalogue| c.classes[0].code = Vis::ALL_MEMBERS;
    let zero_public = |c: &mut ItemCatalogue| {
        c.classes[0].code = Vis::ALL_MEMBERS;
        c.items[1].vis = Vis::ALL_MEMBERS;
    };
    assert_eq!(adopt(zero), CONFLICT);
    assert_eq!(adopt(zero_public), CONFLICT);
    let zero_members = |c: &mut ItemCatalogue| {
        c.classes[0].code = Vis::ALL_MEMBERS;
        c.classes[0].audience = Audience::Members;
        c.items[1].vis = Vis::ALL_MEMBERS;
    };
    assert_eq!(adopt(zero_members), Applied::Changed);
}

// spec: TRU-14
#[test]
fn entitlement_follows_the_class_of_the_newest_catalogue() {
    let net = Net::production();
    let registry = &net.registry;
    let origin = net.origin(other_city());
    let may = |vis, receiver| registry.entitled(Vis::new(vis), &origin, receiver);
    for receiver in [hub(), city(), other_city(), department()] {
        assert!(may(0, receiver) && may(1, receiver));
    }
    assert!(may(2, city()));
    assert!(may(2, hub()), "the hub relays everything");
    assert!(may(2, other_city()), "it is its own log");
    assert!(!may(2, department()));
    assert!(!may(9, city()), "nobody knows the class");
}

// spec: TRU-3
#[test]
fn policy_counts_members_that_can_cosign_only() {
    let mut net = Net::production();
    let mut sorted = vec![hub(), city(), other_city()];
    sorted.sort();
    let mut adopt = |cosigners: Vec<AuthorityCode>, quorum, faults| {
        net.change(Content::Policy(policy(cosigners, quorum, faults)))
    };
    assert_eq!(adopt(sorted.clone(), 2, 1), CONFLICT);
    assert_eq!(adopt(sorted.clone(), 4, 0), CONFLICT);
    assert_eq!(adopt(vec![authority(99)], 1, 0), CONFLICT);
    assert_eq!(adopt(vec![department()], 1, 0), CONFLICT);
    let mut reversed = sorted.clone();
    reversed.reverse();
    assert_eq!(adopt(reversed, 3, 2), CONFLICT);
    assert_eq!(adopt(sorted, 3, 2), Applied::Changed);
    assert_eq!(net.registry.policy().quorum, 3);
}
