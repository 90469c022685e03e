//! Clauses of the rule documents that are held by what there is no place for, and by who may say what.

use std::fs;

use concordat_protocol::codec::{DecodeError, Limits, decode, encode};
use concordat_protocol::statement::{
    ActType, BasisLevel, CatalogueItem, Class, Content, DecisionFields, Enrolment, Level,
    ListScope, Mandate, Payload, Role, Statement, Stay, StayFields, Vis,
};
use concordat_protocol::trust::{Applied, RejectReason};
use serde_json::Value;

use crate::generate::cases::{entries, map_of, set};
use crate::lists::{net, serious};
use crate::support::*;
use crate::vectors::{folder, unhex};

/// Who reported a breach is said nowhere (HG-10, ZS-3.6, LY-4.5): no class has a field for it, and none can be
/// given one.
// spec: STM-15
#[test]
fn no_class_takes_a_field_more_than_it_has() {
    let mut classes = Vec::new();
    for file in fs::read_dir(folder("statement")).unwrap() {
        let cases = fs::read(file.unwrap().path()).unwrap();
        let cases: Vec<Value> = serde_json::from_slice(&cases).unwrap();
        for case in cases.iter().filter(|case| case["result"]["ok"].is_object()) {
            let input = unhex(case["input"].as_str().unwrap());
            let payload = Statement::decode(&input).unwrap().payload().clone();
            classes.push(payload.class());
            let whole = encode(&payload).unwrap();
            let read = decode::<Payload>(&whole, Limits::STATEMENT);
            assert_eq!(read.as_ref(), Ok(&payload), "{}", case["name"]);
            let fields = entries(&whole);
            let (_, content) = fields.iter().find(|(key, _)| *key == [6]).unwrap();
            let reporter = encode(&"举报人张某").unwrap();
            let more = set(&entries(content), &[0x18, 99], reporter);
            let more = map_of(&set(&fields, &[6], map_of(&more)));
            let refused = decode::<Payload>(&more, Limits::STATEMENT);
            let is_shape = matches!(refused, Err(DecodeError::Shape { .. }));
            assert!(is_shape, "{}: {refused:?}", case["name"]);
        }
    }
    let held = |class: &&Class| !matches!(class, Class::Succession);
    let lacking: Vec<_> = Class::ALL
        .iter()
        .filter(held)
        .filter(|class| !classes.contains(class))
        .collect();
    assert!(lacking.is_empty(), "no vector of {lacking:?}");
}

/// A court is enrolled as any authority is (HG-12c): it lists whoever does not obey its judgments, stays what
/// others decided, and makes no administrative decision.
// spec: STM-87, TRU-12
#[test]
fn court_lists_and_stays_and_decides_nothing() {
    let mut net = net(ListScope::National, BasisLevel::Law, vec![]);
    let court = Enrolment {
        name: text("鹤岗市中级人民法院"),
        mandates: vec![Mandate {
            classes: vec![Class::ListEntry, Class::Stay],
            act_types: vec![],
            items: vec![],
            ..mandate()
        }],
        ..enrolment(other_city(), Role::Member, OTHER_KEY)
    };
    let court = Content::Enrolment(Box::new(court));
    assert_eq!(net.change(court), Applied::Changed);
    let says = |about, payload: &Payload| {
        let statement = net.statement(OTHER_KEY, other_city(), about, payload);
        net.verdict(other_city(), statement, Vis::new(1)).map(drop)
    };
    let mut entry = serious();
    entry.document_number = text("（2026）黑04执12号");
    let listed = payload(decision(entry));
    assert_eq!(says(subject(), &listed), Ok(()));
    let stay = Stay::new(StayFields {
        body: text("鹤岗市中级人民法院"),
        document_number: text("（2026）黑04行初12号"),
        ordered_on: day("2026-04-01"),
        until: None,
        reasons: text("执行会造成难以弥补的损失"),
    });
    let stay = Content::Stay(Box::new(stay.unwrap()));
    let stay = act(stay, net.reference(city(), 3));
    assert_eq!(says(subject(), &stay), Ok(()));
    let decided = payload(decision(penalty()));
    assert_eq!(says(subject(), &decided), Err(RejectReason::NoMandate));
    // Its own list is no other's: whoever has no mandate for lists makes none.
    assert_eq!(net.decide(serious()).unwrap_err(), RejectReason::NoMandate);
}

/// Red lists are confirmed by organs of county level or above (HS-4.1): below it nobody can be enrolled.
// spec: STM-15
#[test]
fn nobody_below_county_level_can_be_enrolled() {
    let of = |level| Enrolment {
        level,
        ..city_enrolment()
    };
    let fields = entries(&encode(&of(Level::County)).unwrap());
    let with = |level: u8| {
        let bytes = map_of(&set(&fields, &[4], vec![level]));
        decode::<Enrolment>(&bytes, Limits::STATEMENT)
    };
    assert_eq!(with(4), Ok(of(Level::County)));
    assert_eq!(with(1), Ok(of(Level::National)));
    for level in [0, 5, 6] {
        let refused = with(level);
        let is_shape = matches!(refused, Err(DecodeError::Shape { .. }));
        assert!(is_shape, "{level}: {refused:?}");
    }
    let none = map_of(
        &fields[..3]
            .iter()
            .chain(&fields[4..])
            .cloned()
            .collect::<Vec<_>>(),
    );
    assert!(decode::<Enrolment>(&none, Limits::STATEMENT).is_err());
}

/// An accident that was found and a complaint that was looked into are acts like any other (HH-2.1), each under
/// an item of its own; under another item, or as another type of act, nothing is recorded.
// spec: STM-27
#[test]
fn accident_and_complaint_are_recorded_under_items_of_their_own() {
    let mut net = Net::production();
    let mut catalogue = catalogue();
    let template = catalogue.items[1].clone();
    let of = [
        ("safety.accident", ActType::Confirmation),
        ("service.complaint", ActType::Inspection),
    ];
    catalogue
        .items
        .extend(of.map(|(item, act_type)| CatalogueItem {
            code: code(item),
            act_types: vec![act_type],
            ..template.clone()
        }));
    let change = Content::ItemCatalogue(catalogue);
    assert_eq!(net.change(change), Applied::Changed);
    let mandates = vec![Mandate {
        act_types: vec![],
        items: vec![],
        ..mandate()
    }];
    let renewed = Enrolment {
        mandates,
        ..city_enrolment()
    };
    let renewed = Content::Enrolment(Box::new(renewed));
    assert_eq!(net.change(renewed), Applied::Changed);
    let says = |item: &str, act_type| {
        let fields = DecisionFields {
            act_type,
            item: code(item),
            facts: Some(text("生产安全事故调查结论")),
            penalty_classes: vec![],
            fine_fen: None,
            duties: vec![],
            ..penalty()
        };
        net.decide(fields).map(drop)
    };
    for (item, act_type) in of {
        assert_eq!(says(item, act_type), Ok(()), "{item}");
        assert_eq!(says(item, ActType::Penalty), Err(RejectReason::ItemActType));
    }
    let unknown = says("safety.other", ActType::Confirmation);
    assert_eq!(unknown, Err(RejectReason::ItemUnknown));
}
