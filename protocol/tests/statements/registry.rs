//! Genesis and the fold over the registry log: every way to be void, by its exact reason.

use concordat_protocol::log::{Hash, LeafIndex, TreeSize};
use concordat_protocol::statement::{
    Audience, Content, Ctx, CutOff, Enrolment, HeadSeen, ItemCatalogue, KeyUse, Proposal, Role,
    Rotation, Standing, Statement, Suspension, Vis, sign, sign_approval, sign_approved,
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
        Applied::Changed => panic!("the registry took it"),
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

fn rotation(key_use: KeyUse, old: u8, new: u8) -> Content {
    Content::Rotation(Rotation {
        member: city(),
        key_use,
        old: public(old),
        new: public(new),
        next: None,
    })
}

// spec: TRU-24
#[test]
fn rotation_takes_the_key_that_was_committed_and_no_other() {
    let mut net = Net::production();
    let rotate = |new| rotation(KeyUse::Statement, CITY_KEY, new);
    assert_eq!(net.change(rotate(90)), CONFLICT);
    let content = Content::Rotation(Rotation {
        member: city(),
        key_use: KeyUse::Statement,
        old: public(CITY_KEY),
        new: public(NEXT_STATEMENT_KEY),
        next: Some(commitment(&public(121))),
    });
    assert_eq!(net.change(content), Applied::Changed);
    let keys = &net.registry.member(city()).unwrap().keys().statement;
    assert_eq!(keys, &[public(NEXT_STATEMENT_KEY)]);
    let rotate = |new| rotation(KeyUse::Statement, NEXT_STATEMENT_KEY, new);
    assert_eq!(net.change(rotate(90)), CONFLICT);
    assert_eq!(net.change(rotate(121)), Applied::Changed);
    // Nothing was committed for the key after that one.
    let last = rotation(KeyUse::Statement, 121, 91);
    assert_eq!(net.change(last), Applied::Changed);
}

// spec: TRU-24
#[test]
fn rotation_works_for_every_use_of_a_member_and_for_none_of_people() {
    let mut net = Net::production();
    let uses = [
        (KeyUse::Log, CITY_KEY + 1, 91),
        (KeyUse::Node, CITY_KEY + 2, 92),
        (KeyUse::Witness, CITY_KEY + 3, 93),
        (KeyUse::Administrator, CITY_KEY + 4, 94),
    ];
    for (key_use, old, new) in uses {
        assert_eq!(net.change(rotation(key_use, 99, new)), CONFLICT);
        let rotated = net.change(rotation(key_use, old, new));
        assert_eq!(rotated, Applied::Changed);
    }
    assert_eq!(net.change(rotation(KeyUse::Approver, 1, 95)), CONFLICT);
    assert_eq!(net.change(rotation(KeyUse::Recovery, 4, 95)), CONFLICT);
    let stranger = Content::Rotation(Rotation {
        member: authority(99),
        key_use: KeyUse::Log,
        old: public(1),
        new: public(95),
        next: None,
    });
    assert_eq!(
        net.change(stranger),
        Applied::Void(RejectReason::IssuerUnknown)
    );
    assert_eq!(
        net.registry.member_by_node_key(&public(92)).unwrap().code(),
        city()
    );
    assert!(net.registry.member_by_node_key(&public(22)).is_none());
}

/// A key that ended may be in the hands of a thief, and a key in use proves one thing only.
// spec: TRU-7
#[test]
fn rotation_to_a_key_that_has_or_had_a_use_is_void() {
    let mut net = Net::production();
    let rotated = net.change(rotation(KeyUse::Node, CITY_KEY + 2, 92));
    assert_eq!(rotated, Applied::Changed);
    for taken in [CITY_KEY, CITY_KEY + 1, CITY_KEY + 2, 92, OTHER_KEY, 1, 4] {
        assert_eq!(net.change(rotation(KeyUse::Node, 92, taken)), CONFLICT);
        let log = rotation(KeyUse::Log, CITY_KEY + 1, taken);
        assert_eq!(net.change(log), CONFLICT);
    }
    let elsewhere = enrol(&mut net, |e| e.node_key = Some(public(CITY_KEY + 2)));
    assert_eq!(elsewhere, CONFLICT);
}

// spec: TRU-25
#[test]
fn suspension_of_the_hub_or_a_stranger_is_void() {
    let mut net = Net::production();
    let suspend = |member| {
        Content::Suspension(Suspension {
            member,
            standing: Standing::Suspended,
            reasons: text("核查"),
        })
    };
    assert_eq!(net.change(suspend(hub())), CONFLICT);
    assert_eq!(
        net.change(suspend(authority(99))),
        Applied::Void(RejectReason::IssuerUnknown)
    );
    assert_eq!(net.change(suspend(city())), Applied::Changed);
    // A new enrolment does not lift it.
    let renewed = net.change(Content::Enrolment(Box::new(city_enrolment())));
    assert_eq!(renewed, Applied::Changed);
    let standing = net.registry.member(city()).unwrap().standing();
    assert_eq!(standing, Standing::Suspended);
}

fn cut_off(key_use: KeyUse, key: u8) -> CutOff {
    CutOff {
        member: city(),
        key_use,
        key: public(key),
        from: Some(LeafIndex::new(5)),
        continues: None,
        replacement: None,
        next: None,
    }
}

// spec: TRU-15, TRU-16
#[test]
fn cut_off_ends_a_statement_key_from_a_position_on() {
    let mut net = Net::production();
    let content = CutOff {
        replacement: Some(public(NEXT_STATEMENT_KEY)),
        ..cut_off(KeyUse::Statement, CITY_KEY)
    };
    assert_eq!(net.change(Content::CutOff(content)), Applied::Changed);
    let member = net.registry.member(city()).unwrap();
    assert_eq!(member.keys().statement, [public(NEXT_STATEMENT_KEY)]);
    assert_eq!(
        member.cut_off(public(CITY_KEY).id()),
        Some(LeafIndex::new(5))
    );
    assert_eq!(member.cut_off(public(NEXT_STATEMENT_KEY).id()), None);
}

impl Net {
    /// A cut-off of the city's statement key, signed by these.
    fn replace(&mut self, replacement: Option<u8>, next: Option<u8>, by: &[u8]) -> Applied {
        let content = Content::CutOff(CutOff {
            replacement: replacement.map(public),
            next: next.map(|key| commitment(&public(key))),
            ..cut_off(KeyUse::Statement, CITY_KEY)
        });
        let payload = self.proposal(content);
        let statement = self.approved(&payload, by, self.registry.ctx());
        self.log(&statement)
    }
}

/// Approvers who act together with the hub must not be able to give a member a key of their own: what
/// the member committed to binds a cut-off as it binds a rotation.
// spec: TRU-30
#[test]
fn cut_off_replaces_a_key_by_the_committed_one_unless_the_recovery_quorum_signs_too() {
    let recovery = [4, 5];
    let mut net = Net::production();
    assert_eq!(net.replace(Some(91), None, &APPROVERS), CONFLICT);
    let one = [&APPROVERS[..], &recovery[..1]].concat();
    assert_eq!(net.replace(Some(91), None, &one), CONFLICT);
    // The recovery quorum stands beside the approvers, never for them.
    let few = Applied::Void(RejectReason::TooFewApprovals);
    assert_eq!(net.replace(Some(91), None, &recovery), few);
    let lone = [&APPROVERS[..1], &recovery].concat();
    assert_eq!(net.replace(Some(91), None, &lone), few);
    let all = [&APPROVERS[..2], &recovery].concat();
    assert_eq!(net.replace(Some(91), None, &all), Applied::Changed);
    let mut net = Net::production();
    let committed = net.replace(Some(NEXT_STATEMENT_KEY), None, &[1, 2]);
    assert_eq!(committed, Applied::Changed);
}

// spec: TRU-30
#[test]
fn commitment_is_kept_once_and_a_cut_off_makes_the_one_after_it() {
    let mut net = Net::production();
    assert_eq!(net.replace(None, Some(93), &[1, 2]), CONFLICT);
    let replaced = net.replace(Some(NEXT_STATEMENT_KEY), Some(93), &[1, 2]);
    assert_eq!(replaced, Applied::Changed);
    let rotated =
        |net: &mut Net, to| net.change(rotation(KeyUse::Statement, NEXT_STATEMENT_KEY, to));
    assert_eq!(rotated(&mut net, 94), CONFLICT);
    assert_eq!(rotated(&mut net, 93), Applied::Changed);
}

// spec: TRU-30, TRU-4
#[test]
fn recovery_key_under_any_other_change_is_a_stranger() {
    let mut net = Net::production();
    let content = Content::Policy(policy(vec![hub()], 1, 0));
    let payload = net.proposal(content);
    let statement = net.approved(&payload, &[1, 2, 4, 5], net.registry.ctx());
    assert_eq!(net.log(&statement), Applied::Void(RejectReason::KeyUnknown));
}

// spec: TRU-15
#[test]
fn cut_off_with_a_position_too_many_or_too_few_is_void() {
    let mut net = Net::production();
    let head = (TreeSize::new(4).unwrap(), Hash::from_bytes([4; 32]));
    let mut void = |change: fn(&mut CutOff), base: CutOff| {
        let mut content = base;
        change(&mut content);
        net.change(Content::CutOff(content))
    };
    let statement = || cut_off(KeyUse::Statement, CITY_KEY);
    assert_eq!(void(|c| c.from = None, statement()), CONFLICT);
    assert_eq!(void(|c| c.key = public(99), statement()), CONFLICT);
    assert_eq!(
        void(|c| c.replacement = Some(public(OTHER_KEY)), statement()),
        CONFLICT
    );
    assert_eq!(
        void(|c| c.replacement = Some(public(CITY_KEY + 1)), statement()),
        CONFLICT
    );
    let continues = CutOff {
        continues: Some(head),
        ..statement()
    };
    assert_eq!(void(|_| {}, continues), CONFLICT);
    let log = cut_off(KeyUse::Log, CITY_KEY + 1);
    assert_eq!(void(|_| {}, log), CONFLICT);
    let node = cut_off(KeyUse::Node, CITY_KEY + 2);
    assert_eq!(void(|_| {}, node.clone()), CONFLICT);
    assert_eq!(void(|c| c.from = None, node), Applied::Changed);
    for key_use in [KeyUse::Approver, KeyUse::Recovery] {
        let people = cut_off(key_use, 1);
        assert_eq!(void(|c| c.from = None, people), CONFLICT);
    }
}

/// Whoever stole a log key signs heads for as long as peers look at the key alone.
// spec: TRU-18
#[test]
fn log_key_that_was_cut_off_signs_nothing_beyond_the_head_it_continues_from() {
    let mut net = Net::production();
    let rotated = net.change(rotation(KeyUse::Log, CITY_KEY + 1, 91));
    assert_eq!(rotated, Applied::Changed);
    let size = |size| TreeSize::new(size).unwrap();
    let content = CutOff {
        continues: Some((size(4), Hash::from_bytes([4; 32]))),
        replacement: Some(public(92)),
        ..cut_off(KeyUse::Log, 91)
    };
    assert_eq!(net.change(Content::CutOff(content)), Applied::Changed);
    let member = net.registry.member(city()).unwrap();
    let keys = |of: u64| member.log_keys_for(size(of)).copied().collect::<Vec<_>>();
    let (rotated, cut, present) = (public(CITY_KEY + 1), public(91), public(92));
    assert_eq!(keys(4), [present, rotated, cut]);
    assert_eq!(keys(5), [present, rotated]);
    assert_eq!(member.log_keys().count(), 3);
}

/// A key that was rotated in good order may be stolen afterwards.
// spec: TRU-15, TRU-18, TRU-31
#[test]
fn cut_off_of_a_rotated_log_key_bounds_it_once_and_leaves_the_present_key() {
    let mut net = Net::production();
    let rotated = net.change(rotation(KeyUse::Log, CITY_KEY + 1, 91));
    assert_eq!(rotated, Applied::Changed);
    let size = |size| TreeSize::new(size).unwrap();
    let head = (size(4), Hash::from_bytes([4; 32]));
    let content = CutOff {
        from: Some(LeafIndex::new(2)),
        continues: Some(head),
        ..cut_off(KeyUse::Log, CITY_KEY + 1)
    };
    let mut cut = |content| net.change(Content::CutOff(content));
    let replaced = CutOff {
        replacement: Some(public(92)),
        ..content.clone()
    };
    assert_eq!(cut(replaced), CONFLICT);
    let endless = CutOff {
        continues: None,
        ..content.clone()
    };
    assert_eq!(cut(endless), CONFLICT);
    assert_eq!(cut(content.clone()), Applied::Changed);
    assert_eq!(cut(content), CONFLICT);
    let member = net.registry.member(city()).unwrap();
    let keys = |of: u64| member.log_keys_for(size(of)).copied().collect::<Vec<_>>();
    let (former, present) = (public(CITY_KEY + 1), public(91));
    assert_eq!(member.keys().log, Some(present));
    assert_eq!(keys(4), [present, former]);
    assert_eq!(keys(5), [present]);
    assert_eq!(member.log_key_bound(&former), Some(head));
    assert_eq!(member.log_key_bound(&present), None);
    let passed_over = [(LeafIndex::new(2), size(4))];
    assert_eq!(member.passed_over(LeafIndex::new(4)), passed_over);
}

// spec: TRU-15
#[test]
fn cut_off_of_any_other_key_that_was_rotated_is_void() {
    let mut net = Net::production();
    let rotated = net.change(rotation(KeyUse::Statement, CITY_KEY, NEXT_STATEMENT_KEY));
    assert_eq!(rotated, Applied::Changed);
    let content = cut_off(KeyUse::Statement, CITY_KEY);
    assert_eq!(net.change(Content::CutOff(content)), CONFLICT);
}

// spec: TRU-9
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
