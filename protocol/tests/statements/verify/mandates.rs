//! What a mandate and an item let an issuer say.

use concordat_protocol::codec::Truth;
use concordat_protocol::effect::{
    Basis, BasisFailure, BasisState, BindsOthers, Fact, History, Horizon, Limits, LogHorizon,
    effect as effect_of,
};
use concordat_protocol::log::TreeSize;
use concordat_protocol::statement::{
    ActType, Admission, Class, Content, Correction, Decision, DecisionFields, Duty, Enrolment,
    Ground, Mandate, Objection, ObjectorRole, Statement, Vis,
};
use concordat_protocol::subject::{Form, Subject, SubjectCheck, SubjectCode};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{Applied, Authority, RejectReason, Timing, Verified};

use crate::support::*;

// spec: TRU-12
#[test]
fn mandate_counts_on_its_first_and_its_last_day_and_not_beyond() {
    let net = Net::production();
    let member = net.registry.member(city()).unwrap();
    let on = |text: &str| member.mandate(Class::Decision, day(text), None).is_some();
    assert!(!on("2025-12-31"));
    assert!(on("2026-01-01"));
    assert!(on("2026-12-31"));
    assert!(!on("2027-01-01"));
    assert!(
        member
            .mandate(Class::Admission, day("2026-02-01"), None)
            .is_none()
    );
    let payload = |received: &str| {
        let objection = Objection::new(
            ObjectorRole::Subject,
            Ground::Facts,
            day(received),
            false,
            None,
        );
        act(Content::Objection(objection), net.reference(city(), 3))
    };
    let at = |received: &str| {
        let statement = net.statement(CITY_KEY, city(), subject(), &payload(received));
        net.verdict(city(), statement, Vis::new(1)).map(drop)
    };
    assert_eq!(at("2026-12-31"), Ok(()));
    assert_eq!(at("2027-01-01"), Err(RejectReason::NoMandate));
}

pub(crate) fn with_mandates(mandates: Vec<Mandate>) -> Net {
    let mut net = Net::production();
    let renewed = Enrolment {
        mandates,
        ..city_enrolment()
    };
    let content = Content::Enrolment(Box::new(renewed));
    assert_eq!(net.change(content), Applied::Changed);
    net
}

// spec: TRU-12
#[test]
fn mandate_for_other_items_or_act_types_is_none() {
    for narrowed in [
        Mandate {
            items: vec![code("tax.penalty")],
            ..mandate()
        },
        Mandate {
            act_types: vec![ActType::Licence],
            ..mandate()
        },
        Mandate {
            classes: vec![Class::Withdrawal],
            ..mandate()
        },
    ] {
        let net = with_mandates(vec![narrowed]);
        let refused = net.decide(penalty()).unwrap_err();
        assert_eq!(refused, RejectReason::NoMandate);
    }
    let every = Mandate {
        items: vec![],
        act_types: vec![],
        ..mandate()
    };
    assert!(with_mandates(vec![every]).decide(penalty()).is_ok());
}

fn correction(net: &Net) -> Statement {
    let mut fields = penalty();
    fields.fine_fen = Some(1);
    let correction = Correction {
        reasons: text("金额有误"),
        replacement: Decision::new(fields).unwrap(),
    };
    let content = Content::Correction(Box::new(correction));
    let payload = act(content, net.reference(other_city(), 3));
    net.statement(CITY_KEY, city(), subject(), &payload)
}

// spec: TRU-19
#[test]
fn supervisor_acts_beyond_its_items_and_decides_within_them() {
    let narrow = Mandate {
        items: vec![code("tax.penalty")],
        ..mandate()
    };
    let net = with_mandates(vec![narrow.clone()]);
    let refused = net.verdict(city(), correction(&net), Vis::new(1));
    assert_eq!(refused.unwrap_err(), RejectReason::NoMandate);
    let supervising = Mandate {
        supervises: Some(Truth),
        ..narrow.clone()
    };
    // The supervising mandate is not the first that fits.
    let net = with_mandates(vec![narrow, supervising]);
    let verified = net.verdict(city(), correction(&net), Vis::new(1)).unwrap();
    assert_eq!(verified.authority(), Authority::Supervision);
    let refused = net.decide(penalty()).unwrap_err();
    assert_eq!(refused, RejectReason::NoMandate);
}

// spec: TRU-19
#[test]
fn admission_is_the_supervisors_alone() {
    let admitting = Mandate {
        classes: vec![Class::Admission],
        ..mandate()
    };
    let admit = |net: &Net| {
        let objections = vec![net.reference(city(), 4)];
        let admission = Admission::new(objections, text("准予中止")).unwrap();
        let payload = act(Content::Admission(admission), net.reference(city(), 3));
        let statement = net.statement(CITY_KEY, city(), subject(), &payload);
        net.verdict(city(), statement, Vis::new(1))
    };
    let net = with_mandates(vec![admitting.clone()]);
    assert_eq!(admit(&net).unwrap_err(), RejectReason::NoMandate);
    let net = with_mandates(vec![Mandate {
        supervises: Some(Truth),
        ..admitting
    }]);
    assert_eq!(admit(&net).unwrap().authority(), Authority::Supervision);
}

// spec: STM-27
#[test]
fn decision_under_an_item_that_is_not_in_force_is_refused() {
    let net = Net::production();
    let mut fields = penalty();
    fields.item = code("tax.penalty");
    assert_eq!(net.decide(fields).unwrap_err(), RejectReason::ItemUnknown);
    for (decided, known) in [("2026-10-31", true), ("2026-11-01", false)] {
        let mut fields = penalty();
        fields.decided_on = day(decided);
        fields.service.as_mut().unwrap().on = day(decided);
        fields.duties.clear();
        assert_eq!(net.decide(fields).is_ok(), known, "{decided}");
    }
    let mut fields = penalty();
    fields.act_type = ActType::Licence;
    assert_eq!(net.decide(fields).unwrap_err(), RejectReason::ItemActType);
}

/// What was decided before its item was in any catalogue comes in, is held against none, and binds nobody.
// spec: STM-200, EFF-180
#[test]
fn decision_from_before_its_item_was_in_any_catalogue_is_history() {
    let net = with_mandates(vec![Mandate {
        classes: vec![Class::Decision],
        act_types: vec![],
        items: vec![],
        from: day("2020-01-01"),
        until: None,
        objections_daily_cap: None,
        supervises: None,
    }]);
    let before = |change: fn(&mut DecisionFields)| {
        let mut fields = penalty();
        fields.decided_on = day("2025-12-31");
        fields.publication_until = Some(day("2026-12-31"));
        change(&mut fields);
        net.decide(fields)
    };
    let unknown_measure = before(|fields| fields.duties[0].measure = measure("loan.exclusion"));
    let taken = unknown_measure.unwrap();
    let effect = |verified: &Verified| {
        let origin = verified.reference().origin.clone();
        let size = TreeSize::new(1_000).unwrap();
        let at = Timestamp::new(1_775_000_000_000).unwrap();
        let seen = LogHorizon {
            size,
            witnessed: size,
            quorum_time: Some(at),
            frozen_at: None,
        };
        let register = net.registry.genesis().register_origin();
        let logs = [(origin, seen), (register.clone(), seen)];
        let horizon = Horizon {
            logs: logs.into_iter().collect(),
            register,
        };
        let fact = Fact::from_verified(verified, &net.registry, Timing::InTime);
        let history: History = [std::sync::Arc::new(fact)].into_iter().collect();
        let (target, on) = (verified.reference(), day("2026-06-01"));
        effect_of(target, &history, &horizon, on, at, &Limits::default())
    };
    let read = effect(&taken);
    let failures = vec![BasisFailure {
        basis: taken.reference().clone(),
        why: BasisState::NotChecked,
    }];
    assert_eq!(read.basis, Basis::Fails { failures });
    assert_eq!(read.binds_others(), BindsOthers::NoBasis);
    assert!(read.in_force_for_issuer());
    // On the first day of the item it is held against it.
    let mut fields = penalty();
    fields.decided_on = day("2026-01-01");
    fields.publication_until = Some(day("2026-12-31"));
    let checked = effect(&net.decide(fields).unwrap());
    assert_eq!(checked.basis, Basis::RestsOnNothing);
    assert_eq!(checked.binds_others(), BindsOthers::Applies);
    // The publication, the type of act and the item are held against the catalogue all the same.
    let too_long = before(|fields| fields.publication_until = Some(day("2027-01-02")));
    assert_eq!(too_long.unwrap_err(), RejectReason::PublicationTooLong);
    let other = before(|fields| fields.act_type = ActType::Licence);
    assert_eq!(other.unwrap_err(), RejectReason::ItemActType);
    let unknown = before(|fields| fields.item = code("tax.penalty"));
    assert_eq!(unknown.unwrap_err(), RejectReason::ItemUnknown);
}

// spec: STM-28
#[test]
fn decision_with_more_than_the_item_allows_is_refused() {
    let net = Net::production();
    let mut fields = penalty();
    fields.publication_until = Some(day("2027-03-02"));
    assert!(net.decide(fields.clone()).is_ok());
    fields.publication_until = Some(day("2027-03-03"));
    let refused = net.decide(fields).unwrap_err();
    assert_eq!(refused, RejectReason::PublicationTooLong);
    let mut fields = penalty();
    fields.duties.push(Duty {
        measure: measure("loan.exclusion"),
        until: day("2026-09-01"),
        content: None,
    });
    let refused = net.decide(fields).unwrap_err();
    assert_eq!(refused, RejectReason::MeasureUnknown);
}

fn near_personal() -> Subject {
    let code = SubjectCode::parse(SUBJECT).unwrap();
    Subject::new(code, SubjectCheck::Ok, Form::Enterprise, text("某某")).unwrap()
}

// spec: STM-29, TRU-13
#[test]
fn decision_takes_the_visibility_class_of_its_item_or_of_near_personal_subjects() {
    let net = Net::production();
    let wrong = net.decide_at(penalty(), Vis::new(2)).unwrap_err();
    assert_eq!(wrong, RejectReason::WrongVis);
    let unknown = Form::ALL
        .iter()
        .copied()
        .find(|form| {
            let code = SubjectCode::parse(SUBJECT).unwrap();
            Subject::new(code, SubjectCheck::Ok, *form, text("某某"))
                .is_ok_and(|subject| subject.near_personal())
        })
        .unwrap();
    let mut fields = penalty();
    let plain = near_personal();
    fields.subject = Subject::new(plain.code(), SubjectCheck::Ok, unknown, text("某某")).unwrap();
    let refused = net.decide_at(fields.clone(), Vis::new(1)).unwrap_err();
    assert_eq!(refused, RejectReason::WrongVis);
    assert!(net.decide_at(fields, Vis::new(2)).is_ok());
}

// spec: STM-34
#[test]
fn correction_into_another_visibility_class_is_refused() {
    let net = Net::production();
    let correct = |fields, vis| {
        let content = Content::Correction(Box::new(Correction {
            reasons: text("主体有误"),
            replacement: Decision::new(fields).unwrap(),
        }));
        let payload = act(content, net.reference(city(), 3));
        let statement = net.statement(CITY_KEY, city(), subject(), &payload);
        net.verdict(city(), statement, Vis::new(vis)).map(drop)
    };
    let mut person = penalty();
    let plain = near_personal();
    let (form, name) = (Form::SoleProprietorship, text("某某"));
    person.subject = Subject::new(plain.code(), SubjectCheck::Ok, form, name).unwrap();
    let mut item = penalty();
    item.item = code("labour.near");
    for fields in [person, item] {
        assert_eq!(correct(fields.clone(), 1), Err(RejectReason::WrongVis));
        assert_eq!(correct(fields, 2), Ok(()));
    }
    assert_eq!(correct(penalty(), 1), Ok(()));
    assert_eq!(correct(penalty(), 2), Err(RejectReason::WrongVis));
}
