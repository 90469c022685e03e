//! What is said of a change before it is logged.

use concordat_protocol::key::PublicKey;
use concordat_protocol::statement::Payload;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::ChangeFault;

use super::*;

fn cosigners(members: &[AuthorityCode], quorum: u64, faults: u64) -> Content {
    let mut members = members.to_vec();
    members.sort();
    Content::Policy(policy(members, quorum, faults))
}

fn suspend(member: AuthorityCode) -> Content {
    Content::Suspension(Suspension {
        member,
        standing: Standing::Suspended,
        reasons: text("核查"),
    })
}

fn end(member: AuthorityCode, key: PublicKey, replacement: Option<PublicKey>) -> Content {
    Content::CutOff(CutOff {
        member,
        key_use: KeyUse::Witness,
        key,
        from: Some(LeafIndex::new(0)),
        continues: None,
        replacement,
        next: None,
    })
}

/// Says the same of a change as the fold does, and why.
#[track_caller]
fn refused(net: &Net, content: Content, fault: ChangeFault) {
    assert_eq!(net.registry.admits(&content, false), Err(fault));
    let mut net = net.clone();
    assert_eq!(net.change(content), Applied::Void(fault.reason()));
}

// spec: TRU-51
#[test]
fn change_that_the_fold_would_take_for_void_is_refused_with_what_does_not_hold() {
    let net = Net::production();
    let stranger = authority(99);
    let (taken, unused) = (public(CITY_KEY), public(95));
    let witness = net.registry.member(city()).unwrap().keys().witness;
    let unknown = ChangeFault::MemberUnknown { member: stranger };
    let cosigner = ChangeFault::CosignerUnknown { member: stranger };
    refused(&net, cosigners(&[hub(), stranger], 2, 0), cosigner);
    refused(&net, suspend(stranger), unknown);
    refused(&net, suspend(hub()), ChangeFault::HubStanding);
    refused(&net, cosigners(&[hub(), city()], 1, 0), ChangeFault::Quorum);
    refused(&net, cosigners(&[hub(), city()], 3, 0), ChangeFault::Quorum);
    let fault = ChangeFault::KeyNotInUse { kid: unused.id() };
    refused(&net, end(city(), unused, None), fault);
    let fault = ChangeFault::KeyTaken { kid: taken.id() };
    refused(&net, end(city(), witness.unwrap(), Some(taken)), fault);
    let approver = public(APPROVERS[0]);
    let fault = ChangeFault::KeyTaken { kid: approver.id() };
    refused(&net, end(city(), witness.unwrap(), Some(approver)), fault);
    let mut unsorted = catalogue();
    unsorted.items.reverse();
    let fault = ChangeFault::CatalogueOrder;
    refused(&net, Content::ItemCatalogue(unsorted), fault);
}

// spec: TRU-80
#[test]
fn member_is_declared_lost_by_two_approvers_and_only_where_it_takes_no_part() {
    let mut net = Net::production();
    let active = ChangeFault::StillActive { member: city() };
    refused(&net, lost(city()), active);
    refused(&net, lost(hub()), ChangeFault::HubStanding);
    let member = department();
    refused(&net, lost(member), ChangeFault::NoLog { member });
    let member = authority(99);
    refused(&net, lost(member), ChangeFault::MemberUnknown { member });
    assert_eq!(net.change(suspend(city())), Applied::Changed);
    let payload = net.proposal(lost(city()));
    let by_one = net.approved(&payload, &[1], net.registry.ctx());
    let leaf = leaf_of(&by_one, Vis::ALL_MEMBERS, None);
    let too_few = Applied::Void(RejectReason::TooFewApprovals);
    assert_eq!(net.registry.apply(&leaf, Some(&by_one)), too_few);
    assert!(net.registry.lost().is_empty());
    assert_eq!(net.change(lost(city())), Applied::Changed);
    let size = net.registry.size();
    let declared = net.registry.entry(size).unwrap();
    let expected = [(city(), (declared, size))].into_iter().collect();
    assert_eq!(net.registry.lost(), expected);
    // spec: TRU-81
    let again = ChangeFault::AlreadyLost { member: city() };
    refused(&net, lost(city()), again);
    // It stays so when the member leaves, and is over when it takes part again.
    let stands = |standing| {
        Content::Suspension(Suspension {
            member: city(),
            standing,
            reasons: text("核查"),
        })
    };
    assert_eq!(net.change(stands(Standing::Left)), Applied::Changed);
    assert_eq!(net.registry.lost(), expected);
    assert_eq!(net.change(stands(Standing::Active)), Applied::Changed);
    assert!(net.registry.lost().is_empty());
}

/// Approvals kept in a drawer took effect at any later suspension.
// spec: TRU-104
#[test]
fn declaration_older_than_the_suspension_in_force_is_void() {
    let mut net = Net::production();
    let stands = |standing| {
        Content::Suspension(Suspension {
            member: city(),
            standing,
            reasons: text("核查"),
        })
    };
    let first = instant("2026-02-01").value();
    let at = |later| Timestamp::new(first + later).unwrap();
    assert_eq!(net.change(stands(Standing::Suspended)), Applied::Changed);
    let kept = Payload {
        issued_at: at(10),
        ..net.proposal(lost(city()))
    };
    assert_eq!(net.change(stands(Standing::Active)), Applied::Changed);
    let made = |net: &mut Net, payload: &Payload| {
        let entry = net.approved(payload, &[1, 2], net.registry.ctx());
        net.registry
            .apply(&leaf_of(&entry, Vis::ALL_MEMBERS, None), Some(&entry))
    };
    let suspended = |minute| Payload {
        issued_at: at(minute),
        content: stands(Standing::Suspended),
        ..kept.clone()
    };
    assert_eq!(made(&mut net, &suspended(11)), Applied::Changed);
    let conflict = Applied::Void(RejectReason::RegistryConflict);
    assert_eq!(made(&mut net, &kept), conflict);
    let fault = ChangeFault::BeforeSuspension { member: city() };
    let verdict = net
        .registry
        .admits_made((&kept.content, Some(at(10))), false);
    assert_eq!(verdict, Err(fault));
    // A suspension said once more, or that the member left, is no other one.
    assert_eq!(made(&mut net, &suspended(13)), Applied::Changed);
    assert_eq!(net.change(stands(Standing::Left)), Applied::Changed);
    let now = Payload {
        issued_at: at(12),
        ..kept
    };
    assert_eq!(made(&mut net, &now), Applied::Changed);
    assert!(net.registry.lost().contains_key(&city()));
}

// spec: TRU-52, ADM-84
#[test]
fn change_that_leaves_too_few_cosigners_for_a_quorum_is_refused_before_it_is_logged() {
    let mut net = Net::production();
    let both = cosigners(&[hub(), city()], 2, 0);
    assert_eq!(net.registry.admits(&both, false), Ok(()));
    assert_eq!(net.change(both), Applied::Changed);
    assert_eq!(net.registry.able_cosigners(), 2);
    let lost = Err(ChangeFault::QuorumLost { able: 1, quorum: 2 });
    let key = net.registry.member(city()).unwrap().keys().witness.unwrap();
    assert_eq!(net.registry.admits(&suspend(city()), false), lost);
    assert_eq!(net.registry.admits(&end(city(), key, None), false), lost);
    let replaced = end(city(), key, Some(public(95)));
    assert_eq!(net.registry.admits(&replaced, false), Ok(()));
    // What was logged all the same holds, and nothing more is lost by the next.
    assert_eq!(net.change(suspend(city())), Applied::Changed);
    assert_eq!(net.registry.able_cosigners(), 1);
    assert_eq!(net.registry.admits(&end(city(), key, None), false), Ok(()));
}
