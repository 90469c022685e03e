//! Who may make which record, under what item of the catalogue.

use super::*;
use crate::registry::measures;

pub(super) fn item(classes: &[Class], vis: u8) -> CatalogueItem {
    CatalogueItem {
        code: code(ITEM),
        act_types: vec![],
        vis: Vis::new(vis),
        classes: classes.to_vec(),
        ..catalogue().items[0].clone()
    }
}

fn records() -> Vec<Class> {
    Class::ALL
        .iter()
        .copied()
        .filter(|it| it.is_record())
        .collect()
}

/// A network whose catalogue has one item more, and whose city may make records as told.
pub(super) fn net(item: CatalogueItem, mandate: Mandate) -> Net {
    let mut net = Net::production();
    let mut catalogue = catalogue();
    catalogue.items.insert(0, item);
    let catalogue = Content::ItemCatalogue(catalogue);
    assert_eq!(net.change(catalogue), Applied::Changed);
    let renewed = Content::Enrolment(Box::new(Enrolment {
        mandates: vec![mandate],
        ..city_enrolment()
    }));
    assert_eq!(net.change(renewed), Applied::Changed);
    net
}

pub(super) fn may(classes: Vec<Class>, items: &[&str]) -> Mandate {
    Mandate {
        classes,
        items: items.iter().map(|item| code(item)).collect(),
        ..mandate()
    }
}

pub(super) fn said(net: &Net, content: &Content, vis: u8) -> Result<(), RejectReason> {
    let statement = net.statement(CITY_KEY, city(), subject(), &payload(content.clone()));
    net.verdict(city(), statement, Vis::new(vis)).map(drop)
}

// spec: STM-100
#[test]
fn record_needs_a_mandate_for_its_class_and_item_on_its_day() {
    for (name, content) in all() {
        let with = |mandate| said(&net(item(&records(), 2), mandate), &content, 2);
        let class = vec![content.class()];
        assert_eq!(with(may(class.clone(), &[ITEM])), Ok(()), "{name}");
        assert_eq!(with(may(class.clone(), &[])), Ok(()), "{name}");
        let none = Err(RejectReason::NoMandate);
        assert_eq!(
            with(may(class.clone(), &["labour.penalty"])),
            none,
            "{name}"
        );
        let others = records().into_iter().filter(|one| !class.contains(one));
        assert_eq!(
            with(may(others.chain([Class::Decision]).collect(), &[])),
            none,
            "{name}"
        );
        let day = content.record().unwrap().day();
        let ended = Mandate {
            until: Some(day.plus_days(-1).unwrap()),
            ..may(class.clone(), &[])
        };
        assert_eq!(with(ended), none, "{name}");
        let supervising = Mandate {
            supervises: Some(Truth),
            ..may(vec![Class::Decision], &[])
        };
        assert_eq!(with(supervising), none, "{name}");
    }
}

// spec: STM-101
#[test]
fn item_is_for_the_classes_that_it_names_and_for_decisions_where_it_names_none() {
    for (name, content) in all() {
        let with = |classes: &[Class]| {
            let net = net(item(classes, 2), may(records(), &[]));
            said(&net, &content, 2)
        };
        assert_eq!(with(&[content.class()]), Ok(()), "{name}");
        assert_eq!(with(&[]), Err(RejectReason::ItemClass), "{name}");
        let others: Vec<Class> = records()
            .into_iter()
            .filter(|it| *it != content.class())
            .collect();
        assert_eq!(with(&others), Err(RejectReason::ItemClass), "{name}");
    }
    let for_records = CatalogueItem {
        code: code("labour.penalty"),
        ..item(&[Class::Evaluation], 1)
    };
    let mut catalogue = catalogue();
    catalogue.items[1] = for_records;
    let mut net = Net::production();
    assert_eq!(
        net.change(Content::ItemCatalogue(catalogue)),
        Applied::Changed
    );
    assert_eq!(net.decide(penalty()).unwrap_err(), RejectReason::ItemClass);
    let mut expired = item(&records(), 2);
    expired.valid_until = Some(day("2026-03-01"));
    let net = self::net(expired, may(records(), &[]));
    let late = said(&net, &named("commitment"), 2);
    assert_eq!(late, Err(RejectReason::ItemUnknown));
}

// spec: STM-102
#[test]
fn item_names_classes_of_data_in_order_and_types_of_act_for_decisions_alone() {
    let with = |classes: &[Class], act_types: bool| {
        let mut item = item(classes, 1);
        if act_types {
            item.act_types = catalogue().items[0].act_types.clone();
        }
        let mut catalogue = catalogue();
        catalogue.items.insert(0, item);
        let net = Net::production();
        net.registry
            .admits(&Content::ItemCatalogue(catalogue), false)
    };
    let unfit = Err(ChangeFault::ItemClasses { item: 1 });
    assert_eq!(
        with(&[Class::Commitment, Class::CommitmentOutcome], false),
        Ok(())
    );
    assert_eq!(with(&[Class::Decision, Class::Interview], true), Ok(()));
    assert_eq!(
        with(&[Class::CommitmentOutcome, Class::Commitment], false),
        unfit
    );
    assert_eq!(with(&[Class::Commitment, Class::Commitment], false), unfit);
    assert_eq!(with(&[Class::Commitment], true), unfit);
    for class in [
        Class::Objection,
        Class::Withdrawal,
        Class::Policy,
        Class::Notice,
    ] {
        assert_eq!(with(&[class], false), unfit, "{class:?}");
    }
}

/// What was said in an interview is for whom the catalogue names, and for nobody else.
// spec: STM-115
#[test]
fn interview_is_refused_under_an_item_that_is_open_to_more() {
    let interview = named("interview");
    for (vis, audience) in [
        (0, Audience::Members),
        (1, Audience::Public),
        (3, Audience::Members),
    ] {
        let mut net = Net::production();
        let mut catalogue = catalogue();
        catalogue.items.insert(0, item(&records(), vis));
        for (code, audience) in [(0, Audience::Members), (3, Audience::Members)] {
            catalogue.classes.push(VisibilityClass {
                code: Vis::new(code),
                audience,
                members: vec![],
            });
        }
        catalogue.classes.sort_by_key(|class| class.code);
        assert_eq!(
            net.change(Content::ItemCatalogue(catalogue)),
            Applied::Changed
        );
        let renewed = Content::Enrolment(Box::new(Enrolment {
            mandates: vec![may(records(), &[])],
            ..city_enrolment()
        }));
        assert_eq!(net.change(renewed), Applied::Changed);
        let open = said(&net, &interview, vis);
        assert_eq!(open, Err(RejectReason::InterviewOpen), "{audience:?}");
        assert_eq!(
            said(&net, &named("commitment"), vis),
            Ok(()),
            "{audience:?}"
        );
    }
    let net = net(item(&records(), 2), may(records(), &[]));
    assert_eq!(said(&net, &interview, 2), Ok(()));
}

// spec: STM-116
#[test]
fn record_brings_no_more_than_its_item_allows() {
    let allowing = |days, measures: &[&str]| {
        let item = CatalogueItem {
            publication_days_max: days,
            measures: measures.iter().map(|it| measure(it)).collect(),
            ..item(&records(), 2)
        };
        net(item, may(records(), &[]))
    };
    for name in ["measure", "initiation", "acceptance"] {
        let content = named(name);
        let with = |measures| said(&allowing(365, measures), &content, 2);
        assert_eq!(with(&["tender.exclusion"]), Ok(()), "{name}");
        let other = with(&["loan.limit"]);
        assert_eq!(other, Err(RejectReason::MeasureUnknown), "{name}");
    }
    for (name, days) in [
        ("commitment", 364),
        ("broken commitment", 364),
        ("measure", 152),
    ] {
        let with = |days| said(&allowing(days, &["tender.exclusion"]), &named(name), 2);
        assert_eq!(with(days), Ok(()), "{name}");
        let longer = with(days - 1);
        assert_eq!(longer, Err(RejectReason::PublicationTooLong), "{name}");
    }
}

/// Of the catalogue of measures as of the catalogue of items.
// spec: STM-152
#[test]
fn record_brings_no_measure_that_the_catalogue_of_measures_does_not_let_it() {
    for name in ["measure", "initiation", "acceptance"] {
        let said_under = |code: &str| {
            let item = CatalogueItem {
                measures: vec![measure("tender.exclusion")],
                ..item(&records(), 2)
            };
            let mut net = net(item, may(records(), &[]));
            let only = measures::item(|item| item.measure = measure(code));
            assert_eq!(
                net.change(measures::catalogue(vec![only])),
                Applied::Changed
            );
            said(&net, &named(name), 2)
        };
        assert_eq!(said_under("tender.exclusion"), Ok(()), "{name}");
        let other = said_under("loan.limit");
        assert_eq!(other, Err(RejectReason::MeasureUnknown), "{name}");
    }
}

// spec: STM-117
#[test]
fn leaf_of_a_record_has_the_class_of_its_item_or_of_its_subject() {
    let net = net(item(&records(), 1), may(records(), &[]));
    let plain = named("commitment");
    assert_eq!(said(&net, &plain, 1), Ok(()));
    assert_eq!(said(&net, &plain, 2), Err(RejectReason::WrongVis));
    let near = record(Record::Commitment(
        Commitment::new(CommitmentFields {
            subject: sole_proprietor(),
            ..commitment()
        })
        .unwrap(),
    ));
    assert_eq!(said(&net, &near, 2), Ok(()));
    assert_eq!(said(&net, &near, 1), Err(RejectReason::WrongVis));
}

/// What a record refers to need not be there: the reference is all that is looked at.
// spec: STM-118
#[test]
fn record_stands_without_what_it_refers_to() {
    let net = net(item(&records(), 2), may(records(), &[]));
    for (name, content) in all() {
        assert_eq!(said(&net, &content, 2), Ok(()), "{name}");
        assert!(content.record().unwrap().refers_to().len() <= 16, "{name}");
    }
    let about = |name: &str| named(name).record().unwrap().refers_to().to_vec();
    assert_eq!(about("commitment"), []);
    assert_eq!(about("broken commitment"), [reference(3)]);
    assert_eq!(about("initiation"), [reference(3), reference(4)]);
    assert_eq!(about("feedback"), [reference(5)]);
}
