//! Statements: well-formed but for the one thing that the case is about, and signed over it.

mod acts;
mod approvals;
mod classes;
mod content;
mod envelope;
mod header;
mod lists;
mod payload;
mod propagation;
mod records;
mod registry;

use concordat_protocol::codec::{Ext, Writer, encode};
use concordat_protocol::key::Signer;
use concordat_protocol::log::{Hash, TreeSize};
use concordat_protocol::statement::{
    Class, CutOff, Decision, Enrolment, KeyUse, Rotation, Standing, Suspension,
};
use concordat_protocol::statement::{
    Content, Correction, Ctx, Ground, HeadSeen, Notice, Objection, ObjectorRole, Outcome, Payload,
    Policy, Proposal, RedExit, Repair, RepairEffect, RepairFields, Restart, Ruling, Stay,
    StayFields, Withdrawal, WithdrawalReason, sign, sign_approval, sign_approved,
};
use concordat_protocol::trust::Network;

use super::Case;
use super::cases::{entries, map_of, set, without};
use crate::support::*;

const PLAIN: &str = "application/concordat+cbor";
const APPROVED: &str = "application/concordat-approved+cbor";
/// The label −65538.
const NETWORK: [u8; 5] = [0x3a, 0, 1, 0, 1];
const APPROVAL: &str = "application/concordat-approval+cbor";

pub(super) fn families() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("accepted", accepted()),
        ("envelope", envelope::envelope()),
        ("header", header::header()),
        ("payload", payload::payload_map()),
        ("content", content::content()),
        ("lists", lists::lists()),
        ("approvals", approvals::approvals()),
        ("registry", registry::registry()),
        ("records", records::records()),
        ("classes", classes::classes()),
    ]
}

fn ctx() -> Ctx {
    Ctx {
        size: TreeSize::new(3).unwrap(),
        state: Hash::from_bytes([9; 32]),
    }
}

fn base() -> Payload {
    payload(decision(penalty()))
}

fn encoded() -> Vec<u8> {
    encode(&base()).unwrap()
}

fn text(text: &str) -> Vec<u8> {
    encode(&text).unwrap()
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(bytes);
    writer.finish()
}

/// The five entries of the header, keys and values encoded.
fn header_entries(content_type: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut ctx = Writer::default();
    ctx.array(2).unsigned(3).bytes(&[9; 32]);
    vec![
        (vec![1], vec![0x27]),
        (vec![3], text(content_type)),
        (vec![4], bytes(public(CITY_KEY).id().as_bytes())),
        (vec![15], claims(city().as_str(), SUBJECT)),
        (vec![0x3a, 0, 1, 0, 0], ctx.finish()),
    ]
}

fn claims(issuer: &str, about: &str) -> Vec<u8> {
    let mut writer = Writer::default();
    writer
        .map(2)
        .unsigned(1)
        .text(issuer)
        .unsigned(2)
        .text(about);
    writer.finish()
}

fn signature(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer
        .array(4)
        .text("Signature1")
        .bytes(protected)
        .bytes(&[])
        .bytes(payload);
    Signer::sign(&key(CITY_KEY), &writer.finish())
        .as_bytes()
        .to_vec()
}

/// A COSE_Sign1 over a header and a payload, whatever they hold.
fn signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer
        .raw(&[0xd2])
        .array(4)
        .bytes(protected)
        .map(0)
        .bytes(payload);
    writer.bytes(&signature(protected, payload));
    writer.finish()
}

fn with_header(header: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    signed(&map_of(header), &encoded())
}

fn with_payload(payload: &[u8]) -> Vec<u8> {
    signed(&map_of(&header_entries(PLAIN)), payload)
}

fn plain(payload: &Payload) -> Vec<u8> {
    sign(&key(CITY_KEY), city(), subject(), ctx(), payload).unwrap()
}

fn hub_says(content: Content) -> Vec<u8> {
    sign(&key(HUB_KEY), hub(), hub().code(), ctx(), &payload(content)).unwrap()
}

fn objection() -> Content {
    let day = day("2026-03-10");
    Content::Objection(Objection::new(
        ObjectorRole::Subject,
        Ground::Facts,
        day,
        false,
        None,
    ))
}

fn accepted() -> Vec<Case> {
    let net = Net::production();
    let reference = || net.reference(city(), 3);
    let ok = |name: &str, input| Case::ok(name, input, "STM-1");
    let ext = Payload {
        ext: Ext::default().with_text::<8>(7, &crate::support::text("later")),
        ..base()
    };
    let ruling = Ruling::new(
        Outcome::Upheld,
        vec![reference()],
        crate::support::text("成立"),
    );
    let withdrawal = Content::Withdrawal(Withdrawal {
        reason: WithdrawalReason::WrongSubject,
        reasons: crate::support::text("主体有误"),
        exit: None,
    });
    let correction = Content::Correction(Box::new(Correction {
        reasons: crate::support::text("金额有误"),
        replacement: Decision::new(penalty()).unwrap(),
    }));
    let head = HeadSeen {
        origin: net.origin(city()),
        size: TreeSize::ZERO,
        root: Hash::from_bytes([0; 32]),
    };
    vec![
        ok("decision", plain(&base())),
        ok("decision with an entry of a later version", plain(&ext)),
        ok(
            "entry in a list",
            plain(&payload(decision(crate::lists::serious()))),
        ),
        ok("objection", plain(&act(objection(), reference()))),
        ok(
            "ruling",
            plain(&act(Content::Ruling(ruling.unwrap()), reference())),
        ),
        ok("withdrawal", plain(&act(withdrawal, reference()))),
        ok("correction", plain(&act(correction, reference()))),
        ok("stay", plain(&act(acts::stay(), reference()))),
        ok("repair", plain(&act(acts::repair(), reference()))),
        ok(
            "exit from a red list",
            plain(&act(acts::exit(), reference())),
        ),
        ok("erasure", plain(&act(acts::erasure(), reference()))),
        ok(
            "erasure with what goes too",
            plain(&act(acts::erasure_of_more(&net), reference())),
        ),
        ok("notice", hub_says(Content::Notice(notice(&net)))),
        ok("head seen", hub_says(Content::HeadSeen(head))),
        ok("restart", hub_says(Content::Restart(restart()))),
        ok("approved enrolment", approvals::approved(&[1, 2])),
        ok("approved agreement", crate::agreements::approved_vector()),
        ok(
            "deliveries",
            propagation::by_city(&propagation::deliveries(&net)),
        ),
        ok(
            "receipts",
            propagation::by_city(&propagation::receipts(&net)),
        ),
        ok(
            "holdings",
            propagation::by_city(&propagation::holdings(&net)),
        ),
        ok(
            "query root",
            propagation::by_city(&propagation::query_root()),
        ),
    ]
}

fn notice(net: &Net) -> Notice {
    Notice {
        target: net.reference(city(), 1),
        act: net.reference(other_city(), 1),
        class: Class::Objection,
        ground: Some(Ground::Facts),
        over_cap: None,
    }
}

fn restart() -> Restart {
    Restart {
        size: TreeSize::ZERO,
        root: Hash::from_bytes([0; 32]),
    }
}
