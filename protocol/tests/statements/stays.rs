//! Stays and repairs as statements: what none can say, and who may make them when.

use concordat_protocol::effect::{Fact, VoidCause};
use concordat_protocol::statement::{
    Class, Content, Erasure, ErasureGround, Invalid, Loss, Mandate, Payload, Repair, RepairEffect,
    RepairFields, StatementError, Stay, StayFields, Vis, sign,
};
use concordat_protocol::trust::{Authority, RejectReason, Verified};

use crate::heads_seen::{head, heads, noon};
use crate::support::*;
use crate::verify::mandates::with_mandates;

fn stay_fields() -> StayFields {
    StayFields {
        body: text("鹤岗市中级人民法院"),
        document_number: text("（2026）黑04行初12号"),
        ordered_on: day("2026-04-01"),
        until: Some(day("2026-10-01")),
        reasons: text("执行会造成难以弥补的损失"),
    }
}

fn repair_fields() -> RepairFields {
    RepairFields {
        effects: vec![RepairEffect::StopSharing],
        decided_on: day("2026-04-01"),
        basis: vec![],
        reasons: text("已履行义务"),
        applied_on: None,
    }
}

fn stay() -> Content {
    Content::Stay(Box::new(Stay::new(stay_fields()).unwrap()))
}

fn repair() -> Content {
    Content::Repair(Box::new(Repair::new(repair_fields()).unwrap()))
}

// spec: STM-70
#[test]
fn stay_ends_no_earlier_than_it_was_ordered() {
    let until = |until| {
        Stay::new(StayFields {
            until,
            ..stay_fields()
        })
    };
    let before = until(Some(day("2026-03-31")));
    assert_eq!(before, Err(Invalid::StayEndsBeforeOrder));
    let one_day = until(Some(day("2026-04-01"))).unwrap();
    let unending = until(None).unwrap();
    for (on, short, long) in [
        ("2026-03-31", false, false),
        ("2026-04-01", true, true),
        ("2026-04-02", false, true),
        ("2199-12-31", false, true),
    ] {
        let stays = (one_day.is_on(day(on)), unending.is_on(day(on)));
        assert_eq!(stays, (short, long), "{on}");
    }
}

// spec: STM-71
#[test]
fn number_of_an_order_holds_no_character_that_does_not_show() {
    let fields = StayFields {
        document_number: text("12\u{200d}号"),
        ..stay_fields()
    };
    let character = '\u{200d}';
    let refused = Stay::new(fields);
    assert_eq!(refused, Err(Invalid::UnshownInNumber { character }));
}

// spec: STM-72
#[test]
fn repair_asks_something_and_each_thing_once() {
    let asking = |effects| {
        Repair::new(RepairFields {
            effects,
            ..repair_fields()
        })
    };
    let field = "effects";
    assert_eq!(asking(vec![]), Err(Invalid::EmptyList { field }));
    let (first, second) = (RepairEffect::RemoveFromList, RepairEffect::Mark);
    for effects in [vec![second, first], vec![first, first]] {
        assert_eq!(asking(effects), Err(Invalid::ListOrder { field }));
    }
    assert!(asking(RepairEffect::ALL.to_vec()).is_ok());
}

// spec: STM-180
#[test]
fn repair_is_applied_for_on_the_day_that_it_is_decided_on_at_the_latest() {
    let applied = |on: &str| {
        Repair::new(RepairFields {
            applied_on: Some(day(on)),
            ..repair_fields()
        })
    };
    assert!(applied("2026-04-01").is_ok() && applied("2026-03-01").is_ok());
    assert_eq!(applied("2026-04-02"), Err(Invalid::AppliedAfter));
}

/// What the city says of another one's decision on a day.
fn said(content: Content, issued_on: &str, mandate: Mandate) -> Result<Verified, RejectReason> {
    let net = with_mandates(vec![mandate]);
    let mut payload = act(content, net.reference(other_city(), 3));
    payload.issued_at = instant(issued_on);
    let statement = net.statement(CITY_KEY, city(), subject(), &payload);
    net.verdict(city(), statement, Vis::new(1))
}

fn for_class(class: Class) -> Mandate {
    Mandate {
        classes: vec![class],
        ..mandate()
    }
}

// spec: TRU-12, TRU-19
#[test]
fn stay_and_repair_need_a_mandate_for_their_class() {
    for (content, class) in [(stay(), Class::Stay), (repair(), Class::Repair)] {
        let made = |mandate| said(content.clone(), "2026-04-01", mandate);
        for wrong in [mandate(), for_class(Class::Withdrawal)] {
            assert_eq!(made(wrong).unwrap_err(), RejectReason::NoMandate);
        }
        let authority = |mandate| made(mandate).unwrap().authority();
        assert_eq!(authority(for_class(class)), Authority::Mandate);
        let supervising = Mandate {
            supervises: Some(concordat_protocol::codec::Truth),
            ..for_class(class)
        };
        assert_eq!(authority(supervising), Authority::Supervision);
    }
}

/// Whoever writes a day into an act writes the one that suits it.
// spec: STM-73
#[test]
fn stay_and_repair_are_judged_by_the_day_of_issue_whatever_day_they_name() {
    let ordered_long_ago = Stay::new(StayFields {
        ordered_on: day("2020-01-01"),
        ..stay_fields()
    });
    let repaired_long_ago = Repair::new(RepairFields {
        decided_on: day("2020-01-01"),
        ..repair_fields()
    });
    for content in [
        stay(),
        Content::Stay(Box::new(ordered_long_ago.unwrap())),
        repair(),
        Content::Repair(Box::new(repaired_long_ago.unwrap())),
    ] {
        // The mandate lasts for the year 2026.
        let made = |on| said(content.clone(), on, for_class(content.class())).map(drop);
        assert_eq!(made("2025-12-30"), Err(RejectReason::NoMandate));
        assert_eq!(made("2026-12-31"), Ok(()));
        assert_eq!(made("2027-01-01"), Err(RejectReason::NoMandate));
    }
}

// spec: TRU-60, STM-73
#[test]
fn stay_and_repair_dated_back_into_a_mandate_that_has_ended_are_void() {
    for content in [stay(), repair()] {
        let net = with_mandates(vec![for_class(content.class())]);
        let payload = act(content, net.reference(other_city(), 3));
        let statement = net.statement(CITY_KEY, city(), subject(), &payload);
        let act = net.verdict(city(), statement, Vis::new(1)).unwrap();
        let registry = net.registry.size().value();
        let void = |seen_on| {
            let seen = head(registry, &net.origin(city()), 9, noon(seen_on));
            let timing = heads(&[(0, seen)]).judge(&act, &net.registry);
            Fact::from_verified(&act, &net.registry, timing).void()
        };
        assert_eq!(void("2027-01-04"), Some(VoidCause::MandateEnded));
        assert_eq!(void("2026-12-31"), None);
    }
}

// spec: STM-181, STM-203
#[test]
fn what_takes_away_cites_an_article() {
    let net = Net::production();
    let Content::Loss(loss) = lost(city()) else {
        panic!("it is a loss");
    };
    let without = Content::Loss(Loss {
        basis: Vec::new(),
        ..loss
    });
    let ctx = net.registry.ctx();
    let about = city().code();
    let signed = |about, payload: &Payload| sign(&key(HUB_KEY), hub(), about, ctx, payload);
    let refused = signed(about, &payload(without)).unwrap_err();
    assert_eq!(refused, StatementError::Invalid(Invalid::LossBasis));
    let erasure = |basis, closure: &[u64]| {
        let erasure = Erasure {
            ground: ErasureGround::Law,
            by: text("市市场监督管理局"),
            basis,
            closure: closure
                .iter()
                .map(|at| net.reference(city(), *at))
                .collect(),
        };
        act(
            Content::Erasure(Box::new(erasure)),
            net.reference(city(), 3),
        )
    };
    let refused = signed(about, &erasure(Vec::new(), &[])).unwrap_err();
    assert_eq!(refused, StatementError::Invalid(Invalid::ErasureBasis));
    assert!(signed(about, &erasure(penalty().basis, &[])).is_ok());
    // spec: STM-204
    assert!(signed(about, &erasure(penalty().basis, &[1, 2, 4])).is_ok());
    let many: Vec<u64> = (4..69).collect();
    for closure in [&[3][..], &[2, 1], &[2, 2], &many] {
        let refused = signed(about, &erasure(penalty().basis, closure)).unwrap_err();
        assert_eq!(refused, StatementError::Invalid(Invalid::ErasureClosure));
    }
    assert!(signed(about, &erasure(penalty().basis, &many[..64])).is_ok());
    let mut elsewhere = erasure(penalty().basis, &[4]);
    elsewhere.target = Some(net.reference(hub(), 3));
    let refused = signed(about, &elsewhere).unwrap_err();
    assert_eq!(refused, StatementError::Invalid(Invalid::ErasureClosure));
}
