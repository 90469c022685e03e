//! The verdict on statements: who, where, under which state, on which day, by which catalogue.

pub(crate) mod mandates;

use concordat_protocol::effect::{Fact, VoidCause};
use concordat_protocol::log::{Hash, LeafIndex, Origin, TreeSize};
use concordat_protocol::statement::{
    Class, Content, Ctx, CtxCourse, CutOff, Enrolment, HeadSeen, KeyUse, Kind, Notice, Outcome,
    Restart, Role, Ruling, Standing, Statement, Suspension, Vis, Withdrawal, WithdrawalReason,
    sign,
};
use concordat_protocol::trust::{
    Applied, Authority, LogNumber, Network, Place, RejectReason, Timing, verify,
};

use crate::support::*;

// spec: TRU-10
#[test]
fn decision_under_a_mandate_is_verified_at_its_place() {
    let net = Net::production();
    let verified = net.decide(penalty()).unwrap();
    assert_eq!(verified.authority(), Authority::Mandate);
    assert_eq!(verified.reference().origin, net.origin(city()));
    assert_eq!(verified.reference().index, LeafIndex::new(9));
    assert_eq!(verified.leaf().hash(), verified.reference().leaf_hash);
}

// spec: TRU-10
#[test]
fn statement_under_a_state_not_here_or_never_there_is_refused() {
    let net = Net::production();
    let seen = net.registry.ctx();
    let at = |ctx: Ctx| {
        let payload = payload(decision(penalty()));
        let bytes = sign(&key(CITY_KEY), city(), subject(), ctx, &payload).unwrap();
        let statement = Statement::decode(&bytes).unwrap();
        net.verdict(city(), statement, Vis::new(1)).map(drop)
    };
    let size = |size| TreeSize::new(size).unwrap();
    let ahead = Ctx {
        size: size(seen.size.value() + 1),
        ..seen
    };
    assert_eq!(at(ahead), Err(RejectReason::CtxAhead));
    let foreign = Ctx {
        state: Hash::from_bytes([3; 32]),
        ..seen
    };
    assert_eq!(at(foreign), Err(RejectReason::CtxForeign));
    let early = net.registry.ctx_at(size(0)).unwrap();
    assert_eq!(at(early), Err(RejectReason::IssuerUnknown));
    // The catalogue is the last entry: at the size before it, nothing could be decided.
    let before = size(seen.size.value() - 1);
    let uncatalogued = net.registry.ctx_at(before).unwrap();
    assert_eq!(at(uncatalogued), Err(RejectReason::ItemUnknown));
}

/// The hub of another network may log the very leaves of this one, and so have its roots.
// spec: STM-32, TRU-10
#[test]
fn statement_under_the_same_root_in_another_network_is_refused() {
    let (production, test) = (Net::empty(Network::Production), Net::empty(Network::Test));
    let (here, there) = (production.registry.ctx(), test.registry.ctx());
    assert_eq!(
        production.registry.root_at(here.size),
        test.registry.root_at(there.size)
    );
    let restart = Content::Restart(Restart {
        size: TreeSize::ZERO,
        root: Hash::from_bytes([0; 32]),
    });
    let about = hub().code();
    let statement = production.statement(HUB_KEY, hub(), about, &payload(restart));
    let at = |net: &Net| net.verdict(hub(), statement.clone(), Vis::ALL_MEMBERS);
    assert!(at(&production).is_ok());
    assert_eq!(at(&test).unwrap_err(), RejectReason::CtxForeign);
}

// spec: TRU-28
#[test]
fn statement_under_an_older_state_than_the_log_had_reached_is_refused() {
    let net = Net::production();
    let origin = net.origin(city());
    let payload = payload(decision(penalty()));
    let statement = net.statement(CITY_KEY, city(), subject(), &payload);
    let leaf = leaf_of(&statement, Vis::new(1), None);
    let above = |floor: u64| {
        let place = Place {
            origin: &origin,
            index: LeafIndex::new(9),
            leaf: &leaf,
            ctx_floor: TreeSize::new(floor).unwrap(),
        };
        verify(&net.registry, place, statement.clone()).map(drop)
    };
    let ctx = leaf.ctx.value();
    assert_eq!(above(ctx), Ok(()));
    assert_eq!(above(ctx + 1), Err(RejectReason::CtxDecreases));
}

/// The floor is that of the leaves alone: what is asked of it first, or never, changes nothing.
// spec: TRU-28
#[test]
fn floor_of_a_log_is_the_largest_size_in_the_leaves_before() {
    let net = Net::production();
    let mut course = CtxCourse::default();
    for (index, size) in (0..).zip([2, 4, 3, 4]) {
        course.push(LeafIndex::new(index), TreeSize::new(size).unwrap());
    }
    let floor = |origin: &Origin, index| {
        let floor = net
            .registry
            .ctx_floor(origin, &course, LeafIndex::new(index));
        floor.value()
    };
    let origin = net.origin(city());
    let floors: Vec<u64> = (0..=4).map(|index| floor(&origin, index)).collect();
    assert_eq!(floors, [0, 2, 4, 4, 4]);
    // Void entries of the registry log, which anybody's mistake can leave there, bind nobody.
    assert_eq!(floor(&net.registry.genesis().registry_origin(), 4), 0);
}

/// Whoever steals a log key can append a leaf under a registry that will never be. The log is not
/// lost for that: the cut-off says which leaves do not count for what its successor logs.
// spec: TRU-29
#[test]
fn leaves_of_a_log_key_that_was_cut_off_bind_none_of_what_follows_it() {
    let mut net = Net::production();
    let mut course = CtxCourse::default();
    for (index, size) in (0..).zip([2, 3, u64::MAX >> 1, 3]) {
        course.push(LeafIndex::new(index), TreeSize::new(size).unwrap());
    }
    let floor = |net: &Net, index| {
        let index = LeafIndex::new(index);
        net.registry
            .ctx_floor(&net.origin(city()), &course, index)
            .value()
    };
    assert_eq!(floor(&net, 4), u64::MAX >> 1);
    let cut_off = CutOff {
        member: city(),
        key_use: KeyUse::Log,
        key: public(CITY_KEY + 1),
        from: Some(LeafIndex::new(2)),
        continues: Some((TreeSize::new(4).unwrap(), Hash::from_bytes([4; 32]))),
        replacement: Some(public(91)),
        next: None,
    };
    assert_eq!(net.change(Content::CutOff(cut_off)), Applied::Changed);
    // What stands under the old key is judged as before, whenever the cut-off came to be known.
    assert_eq!(floor(&net, 3), u64::MAX >> 1);
    assert_eq!(floor(&net, 4), 3);
    assert_eq!(floor(&net, 9), 3);
}

// spec: TRU-10
#[test]
fn statement_by_another_key_is_refused() {
    let net = Net::production();
    let payload = payload(decision(penalty()));
    let other = net.statement(OTHER_KEY, city(), subject(), &payload);
    let refused = net.verdict(city(), other, Vis::new(1)).unwrap_err();
    assert_eq!(refused, RejectReason::KeyUnknown);
    let good = net.statement(CITY_KEY, city(), subject(), &payload);
    let mut bytes = good.as_bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let broken = Statement::decode(&bytes).unwrap();
    let refused = net.verdict(city(), broken, Vis::new(1)).unwrap_err();
    assert_eq!(refused, RejectReason::BadSignature);
}

// spec: TRU-11
#[test]
fn issuer_under_a_member_publishes_in_that_members_log_only() {
    let net = Net::production();
    let payload = payload(decision(penalty()));
    let by = || net.statement(DEPARTMENT_KEY, department(), subject(), &payload);
    assert!(net.verdict(city(), by(), Vis::new(1)).is_ok());
    for log in [other_city(), hub(), department()] {
        let refused = net.verdict(log, by(), Vis::new(1)).unwrap_err();
        assert_eq!(refused, RejectReason::IssuerElsewhere);
    }
    let own = net.statement(CITY_KEY, city(), subject(), &payload);
    let refused = net.verdict(other_city(), own, Vis::new(1)).unwrap_err();
    assert_eq!(refused, RejectReason::IssuerElsewhere);
}

fn verdict_in(net: &Net, statement: Statement, origin: &Origin) -> Result<(), RejectReason> {
    let leaf = leaf_of(&statement, Vis::ALL_MEMBERS, None);
    let place = Place {
        origin,
        index: LeafIndex::new(0),
        leaf: &leaf,
        ctx_floor: TreeSize::ZERO,
    };
    verify(&net.registry, place, statement).map(drop)
}

// spec: TRU-11, TRU-23
#[test]
fn ledger_entries_are_the_hubs_own_and_stand_in_their_log() {
    let mut net = Net::production();
    let issuer = Enrolment {
        publishes_through: Some(hub()),
        ..enrolment(authority(8), Role::Issuer, 80)
    };
    assert_eq!(
        net.change(Content::Enrolment(Box::new(issuer))),
        Applied::Changed
    );
    let head = Content::HeadSeen(HeadSeen {
        origin: net.origin(city()),
        size: TreeSize::ZERO,
        root: Hash::from_bytes([0; 32]),
    });
    let notice = Content::Notice(Notice {
        target: net.reference(city(), 1),
        act: net.reference(other_city(), 1),
        class: Class::Withdrawal,
        ground: None,
        over_cap: None,
    });
    let restart = Content::Restart(Restart {
        size: TreeSize::ZERO,
        root: Hash::from_bytes([0; 32]),
    });
    let genesis = net.registry.genesis().clone();
    let log = |number| genesis.origin(hub(), number);
    for (content, fits) in [
        (head, LogNumber::Statements),
        (notice, LogNumber::Register),
        (restart, LogNumber::Registry),
    ] {
        let payload = payload(content);
        let by_hub = net.statement(HUB_KEY, hub(), hub().code(), &payload);
        let about = authority(8).code();
        let by_issuer = net.statement(80, authority(8), about, &payload);
        assert_eq!(verdict_in(&net, by_hub.clone(), &log(fits)), Ok(()));
        assert_eq!(
            verdict_in(&net, by_issuer, &log(fits)),
            Err(RejectReason::IssuerElsewhere)
        );
        if payload.class() != Class::Restart {
            assert_eq!(
                verdict_in(&net, by_hub, &log(LogNumber::Registry)),
                Err(RejectReason::WrongLog)
            );
        }
    }
    let decision = net.statement(HUB_KEY, hub(), subject(), &payload(decision(penalty())));
    let refused = verdict_in(&net, decision, &log(LogNumber::Register));
    assert_eq!(refused, Err(RejectReason::WrongLog));
}

// spec: TRU-4, TRU-23
#[test]
fn registry_change_without_approvals_is_verified_nowhere() {
    let mut net = Net::production();
    let policy = net.proposal(Content::Policy(policy(vec![hub()], 1, 0)));
    let plain = net.statement(HUB_KEY, hub(), hub().code(), &policy);
    let origin = net.registry.genesis().registry_origin();
    let refused = verdict_in(&net, plain, &origin);
    assert_eq!(refused, Err(RejectReason::TooFewApprovals));
    let approved = net.approved(&policy, &[1, 2], net.registry.ctx());
    assert_eq!(verdict_in(&net, approved, &origin), Ok(()));
}

// spec: TRU-11
#[test]
fn statement_in_a_log_of_another_network_is_refused() {
    let net = Net::production();
    let trial = Net::populated(Network::Test);
    let statement = net.statement(CITY_KEY, city(), subject(), &payload(decision(penalty())));
    let leaf = leaf_of(&statement, Vis::new(1), None);
    let origin = trial.origin(city());
    let place = Place {
        origin: &origin,
        index: LeafIndex::new(0),
        leaf: &leaf,
        ctx_floor: TreeSize::ZERO,
    };
    let refused = verify(&net.registry, place, statement).unwrap_err();
    assert_eq!(refused, RejectReason::WrongLog);
}

fn suspend(net: &mut Net, standing: Standing) {
    let content = Content::Suspension(Suspension {
        member: city(),
        standing,
        reasons: text("核查"),
    });
    assert_eq!(net.change(content), Applied::Changed);
}

fn withdrawal() -> Content {
    Content::Withdrawal(Withdrawal {
        reason: WithdrawalReason::WrongSubject,
        reasons: text("主体有误"),
        exit: None,
    })
}

// spec: TRU-25
#[test]
fn suspended_member_acts_and_does_nothing_else() {
    let mut net = Net::production();
    let before = net.statement(CITY_KEY, city(), subject(), &payload(decision(penalty())));
    for standing in [Standing::Suspended, Standing::Left] {
        suspend(&mut net, standing);
        let refused = net.decide(penalty()).unwrap_err();
        assert_eq!(refused, RejectReason::IssuerSuspended);
        let payload = act(withdrawal(), net.reference(city(), 3));
        let statement = net.statement(CITY_KEY, city(), subject(), &payload);
        assert!(net.verdict(city(), statement, Vis::new(1)).is_ok());
    }
    // What it said before stands: its own registry state decides.
    assert!(net.verdict(city(), before, Vis::new(1)).is_ok());
    suspend(&mut net, Standing::Active);
    assert!(net.decide(penalty()).is_ok());
}

// spec: EFF-26
#[test]
fn act_of_who_is_not_active_at_its_registry_state_is_void_as_far_as_it_binds() {
    let mut net = Net::production();
    let void = |net: &Net, statement: &Statement| {
        let verified = net.verdict(city(), statement.clone(), Vis::new(1));
        Fact::from_verified(&verified.unwrap(), &net.registry, Timing::InTime).void()
    };
    let withdraw = |net: &Net| {
        let payload = act(withdrawal(), net.reference(city(), 3));
        net.statement(CITY_KEY, city(), subject(), &payload)
    };
    let before = withdraw(&net);
    for standing in [Standing::Suspended, Standing::Left] {
        suspend(&mut net, standing);
        let during = withdraw(&net);
        assert_eq!(void(&net, &during), Some(VoidCause::Suspended));
    }
    let during = withdraw(&net);
    suspend(&mut net, Standing::Active);
    assert_eq!(void(&net, &withdraw(&net)), None);
    // Neither what came before nor what came after changes by it.
    assert_eq!(void(&net, &before), None);
    assert_eq!(void(&net, &during), Some(VoidCause::Suspended));
}

// spec: STM-24
#[test]
fn synthetic_fields_are_for_test_networks() {
    let mut fields = penalty();
    fields.synthetic = vec![6, 17];
    assert!(Net::populated(Network::Test).decide(fields.clone()).is_ok());
    let refused = Net::production().decide(fields).unwrap_err();
    assert_eq!(refused, RejectReason::SyntheticInProduction);
}

// spec: STM-12, STM-33
#[test]
fn leaf_that_says_something_else_than_its_statement_is_refused() {
    let net = Net::production();
    let origin = net.origin(city());
    let payload = act(withdrawal(), net.reference(city(), 3));
    let statement = net.statement(CITY_KEY, city(), subject(), &payload);
    let good = leaf_of(&statement, Vis::new(1), Some(LeafIndex::new(3)));
    let at = |leaf, index| {
        let place = Place {
            origin: &origin,
            index: LeafIndex::new(index),
            leaf: &leaf,
            ctx_floor: TreeSize::ZERO,
        };
        verify(&net.registry, place, statement.clone()).map(drop)
    };
    assert_eq!(at(good, 4), Ok(()));
    let mut leaf = good;
    leaf.kind = Kind::Data;
    assert_eq!(at(leaf, 4), Err(RejectReason::WrongKind));
    let mut leaf = good;
    leaf.target = None;
    assert_eq!(at(leaf, 4), Err(RejectReason::WrongTarget));
    leaf.target = Some(LeafIndex::new(2));
    assert_eq!(at(leaf, 4), Err(RejectReason::WrongTarget));
    let mut leaf = good;
    leaf.ctx = TreeSize::new(leaf.ctx.value() + 1).unwrap();
    assert_eq!(at(leaf, 4), Err(RejectReason::WrongCtx));
    // Nothing acts on itself or on what comes later.
    assert_eq!(at(good, 3), Err(RejectReason::WrongTarget));
    assert_eq!(at(good, 2), Err(RejectReason::WrongTarget));
}

// spec: STM-12
#[test]
fn act_on_another_logs_statement_has_a_leaf_without_target() {
    let net = Net::production();
    let payload = act(withdrawal(), net.reference(other_city(), 3));
    let statement = net.statement(CITY_KEY, city(), subject(), &payload);
    assert!(net.verdict(city(), statement, Vis::new(1)).is_ok());
}

// spec: TRU-12
#[test]
fn ruling_is_judged_on_the_day_it_was_issued() {
    let net = Net::production();
    let rule = |issued: &str| {
        let closes = vec![net.reference(city(), 4)];
        let ruling = Ruling::new(Outcome::Rejected, closes, text("理由不成立")).unwrap();
        let mut payload = act(Content::Ruling(ruling), net.reference(city(), 3));
        payload.issued_at = instant(issued);
        let statement = net.statement(CITY_KEY, city(), subject(), &payload);
        net.verdict(city(), statement, Vis::new(1)).map(drop)
    };
    assert_eq!(rule("2026-12-31"), Ok(()));
    assert_eq!(rule("2027-01-01"), Err(RejectReason::NoMandate));
    assert_eq!(rule("2025-12-31"), Err(RejectReason::NoMandate));
}
