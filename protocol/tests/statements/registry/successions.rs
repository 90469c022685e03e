//! One authority takes over from another.

use std::collections::BTreeMap;

use concordat_protocol::effect::{Fact, VoidCause};
use concordat_protocol::statement::{
    Class, Invalid, Mandate, StatementError, Succession, Withdrawal, WithdrawalReason,
};
use concordat_protocol::trust::{ChangeFault, Timing};

use super::*;

fn stands(member: AuthorityCode, standing: Standing) -> Content {
    Content::Suspension(Suspension {
        member,
        standing,
        reasons: text("核查"),
    })
}

fn enrol(net: &mut Net, number: u32) -> AuthorityCode {
    let member = authority(number);
    let seed = u8::try_from(number * 10).unwrap();
    let enrolment = enrolment(member, Role::Member, seed);
    assert_eq!(
        net.change(Content::Enrolment(Box::new(enrolment))),
        Applied::Changed
    );
    member
}

/// Says the same of a change as the fold does, and why; what is void changes nothing.
#[track_caller]
fn refused(net: &Net, content: Content, fault: ChangeFault) {
    assert_eq!(net.registry.admits(&content, false), Err(fault));
    let mut after = net.clone();
    assert_eq!(after.change(content), Applied::Void(fault.reason()));
    let entries = |net: &Net| {
        let found = net.registry.successions().into_iter();
        found.map(|(of, (by, ..))| (of, by)).collect::<Vec<_>>()
    };
    assert_eq!(entries(&after), entries(net));
}

// spec: STM-233, STM-234
#[test]
fn succession_cites_an_article_and_names_two_authorities() {
    let net = Net::production();
    let Content::Succession(succession) = succeeded(city(), other_city()) else {
        panic!("it is a succession");
    };
    let signed = |content: Succession| {
        let (ctx, about) = (net.registry.ctx(), city().code());
        let payload = payload(Content::Succession(content));
        sign(&key(HUB_KEY), hub(), about, ctx, &payload)
    };
    let without = Succession {
        basis: Vec::new(),
        ..succession.clone()
    };
    let cause = StatementError::Invalid(Invalid::SuccessionBasis);
    assert_eq!(signed(without).unwrap_err(), cause);
    let of_itself = Succession {
        by: city(),
        ..succession.clone()
    };
    let cause = StatementError::Invalid(Invalid::SuccessionOfItself);
    assert_eq!(signed(of_itself).unwrap_err(), cause);
    assert!(signed(succession).is_ok());
}

// spec: TRU-110, TRU-111, TRU-112
#[test]
fn succession_holds_once_of_a_member_that_nobody_publishes_through_by_one_that_takes_part() {
    let mut net = Net::production();
    let (old, new, stranger) = (department(), other_city(), authority(99));
    refused(&net, succeeded(hub(), new), ChangeFault::HubSucceeded);
    let unknown = ChangeFault::MemberUnknown { member: stranger };
    refused(&net, succeeded(stranger, new), unknown);
    refused(&net, succeeded(old, stranger), unknown);
    let fault = ChangeFault::StillPublishing {
        member: city(),
        issuer: old,
    };
    refused(&net, succeeded(city(), new), fault);
    let suspended = stands(new, Standing::Suspended);
    assert_eq!(net.change(suspended), Applied::Changed);
    let fault = ChangeFault::SuccessorInactive { member: new };
    refused(&net, succeeded(old, new), fault);
    assert_eq!(net.change(stands(new, Standing::Active)), Applied::Changed);
    let payload = net.proposal(succeeded(old, new));
    let by_one = net.approved(&payload, &[2], net.registry.ctx());
    let too_few = Applied::Void(RejectReason::TooFewApprovals);
    assert_eq!(net.log(&by_one), too_few);
    assert_eq!(net.change(succeeded(old, new)), Applied::Changed);
    let size = net.registry.size();
    let entry = net.registry.entry(size).unwrap();
    let expected = BTreeMap::from([(old, (new, entry, size))]);
    assert_eq!(net.registry.successions(), expected);
    let member = net.registry.member(old).unwrap();
    assert_eq!(member.standing(), Standing::Left);
    assert_eq!(member.succeeded(), Some((new, size)));
    // Two successors, a way back, a circle.
    let by = new;
    let fault = ChangeFault::Succeeded { member: old, by };
    refused(&net, succeeded(old, hub()), fault);
    for standing in [Standing::Active, Standing::Suspended, Standing::Left] {
        refused(&net, stands(old, standing), fault);
    }
    let inactive = ChangeFault::SuccessorInactive { member: old };
    refused(&net, succeeded(new, old), inactive);
    // Nobody publishes through the city any more.
    assert_eq!(net.change(succeeded(city(), new)), Applied::Changed);
    let through = enrolment(authority(8), Role::Issuer, 80);
    let fault = ChangeFault::Succeeded { member: city(), by };
    refused(&net, Content::Enrolment(Box::new(through)), fault);
}

/// Renewing its enrolment, or its keys, leaves a predecessor what it is.
// spec: TRU-111
#[test]
fn predecessor_stays_one_whatever_becomes_of_its_enrolment_and_keys() {
    let mut net = Net::production();
    let old = other_city();
    assert_eq!(net.change(succeeded(old, hub())), Applied::Changed);
    let from = net.registry.size();
    let renewed = enrolment(old, Role::Member, OTHER_KEY);
    let renewed = Content::Enrolment(Box::new(renewed));
    assert_eq!(net.change(renewed), Applied::Changed);
    let rotation = Content::Rotation(Rotation {
        member: old,
        key_use: KeyUse::Log,
        old: public(OTHER_KEY + 1),
        new: public(95),
        next: None,
    });
    assert_eq!(net.change(rotation), Applied::Changed);
    let member = net.registry.member(old).unwrap();
    assert_eq!(member.standing(), Standing::Left);
    assert_eq!(member.succeeded(), Some((hub(), from)));
    // It may be declared lost, as any that has left.
    assert_eq!(net.change(lost(old)), Applied::Changed);
}

// spec: TRU-111
#[test]
fn predecessor_decides_nothing_more_and_what_it_decided_before_stays() {
    let mut net = Net::production();
    let acts = Mandate {
        classes: vec![Class::Decision, Class::Withdrawal],
        ..mandate()
    };
    let mandated = Enrolment {
        mandates: vec![acts],
        ..enrolment(other_city(), Role::Member, OTHER_KEY)
    };
    let mandated = Content::Enrolment(Box::new(mandated));
    assert_eq!(net.change(mandated), Applied::Changed);
    let member = other_city();
    let say = |net: &Net, payload: &_| net.statement(OTHER_KEY, member, subject(), payload);
    let before = say(&net, &payload(decision(penalty())));
    assert_eq!(net.change(succeeded(member, hub())), Applied::Changed);
    let after = say(&net, &payload(decision(penalty())));
    let verdict = net.verdict(member, after, Vis::new(1)).unwrap_err();
    assert_eq!(verdict, RejectReason::IssuerSuspended);
    let held = net.verdict(member, before, Vis::new(1)).unwrap();
    let void = |verified| Fact::from_verified(verified, &net.registry, Timing::InTime).void();
    assert_eq!(void(&held), None);
    assert_eq!(held.statement().header().issuer, member);
    // An act is taken in, and frees at most.
    let withdrawal = Content::Withdrawal(Withdrawal {
        reason: WithdrawalReason::WrongSubject,
        reasons: text("主体有误"),
        exit: None,
    });
    let withdrawn = say(&net, &act(withdrawal, net.reference(member, 3)));
    let withdrawn = net.verdict(member, withdrawn, Vis::new(1)).unwrap();
    assert_eq!(void(&withdrawn), Some(VoidCause::Suspended));
}

// spec: TRU-113
#[test]
fn whoever_took_over_stands_for_all_before_it_from_then_on() {
    let mut net = Net::production();
    let [a, b, c, d] = [5, 6, 7, 8].map(|number| enrol(&mut net, number));
    let before = net.registry.size();
    assert_eq!(net.change(succeeded(a, b)), Applied::Changed);
    let first = net.registry.size();
    assert_eq!(net.change(succeeded(b, c)), Applied::Changed);
    assert_eq!(net.change(succeeded(d, c)), Applied::Changed);
    let last = net.registry.size();
    let stands_for = |code, size| net.registry.stands_for(code, size);
    assert_eq!(stands_for(b, before), BTreeMap::new());
    assert_eq!(stands_for(b, first), BTreeMap::from([(a, 1)]));
    assert_eq!(stands_for(c, first), BTreeMap::new());
    assert_eq!(
        stands_for(c, last),
        BTreeMap::from([(a, 2), (b, 1), (d, 1)])
    );
    assert_eq!(stands_for(b, last), BTreeMap::from([(a, 1)]));
    for code in [a, b, c, d] {
        assert_eq!(net.registry.in_charge_of(code), c);
    }
    assert_eq!(net.registry.in_charge_of(hub()), hub());
    // A successor that is suspended is no less the one in charge, and can act as little as ever.
    assert_eq!(net.change(stands(c, Standing::Suspended)), Applied::Changed);
    assert_eq!(net.registry.in_charge_of(a), c);
}

/// Whatever is tried in whatever order: nobody has two successors, and no way leads round.
// spec: TRU-110, TRU-113
#[test]
fn successions_are_a_forest_whatever_is_tried() {
    let mut net = Net::production();
    let members = [5, 6, 7, 8, 9].map(|number| enrol(&mut net, number));
    let mut state = 1_u64;
    let mut changed = BTreeMap::new();
    for _ in 0..400 {
        state = state.wrapping_mul(6_364_136_223_846_793_005);
        state = state.wrapping_add(1_442_695_040_888_963_407);
        let pick = |shift: u32| members[usize::try_from(state >> shift).unwrap() % members.len()];
        let (of, by) = (pick(33), pick(48));
        if of != by && net.change(succeeded(of, by)) == Applied::Changed {
            assert_eq!(changed.insert(of, by), None);
        }
    }
    assert_eq!(changed.len(), members.len() - 1);
    let size = net.registry.size();
    let last = net.registry.in_charge_of(members[0]);
    for member in members {
        assert_eq!(net.registry.in_charge_of(member), last);
        assert!(!net.registry.stands_for(member, size).contains_key(&member));
    }
    let all = net.registry.stands_for(last, size);
    assert_eq!(all.len(), members.len() - 1);
}
