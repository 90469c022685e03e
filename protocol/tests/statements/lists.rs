//! Entries in lists: what each kind of list has to say, and what founds it.

use concordat_protocol::codec::Truth;
use concordat_protocol::effect::{Fact, VoidCause};
use concordat_protocol::statement::{
    ActType, BasisLevel, CatalogueItem, Class, Content, Correction, Decision, DecisionFields,
    Enrolment, Invalid, ItemCatalogue, LegalBasis, ListScope, Listing, Mandate, Quarter,
    SeriousGroup, Service, ServiceWay, Vis,
};
use concordat_protocol::trust::{Applied, Authority, RejectReason};

use crate::heads_seen::{head, heads, noon};
use crate::support::*;

/// An entry in a list of serious breaches with everything that it has to say.
pub(crate) fn serious() -> DecisionFields {
    DecisionFields {
        act_type: ActType::SeriousList,
        item: code("labour.serious"),
        penalty_classes: vec![],
        fine_fen: None,
        valid_until: Some(day("2026-12-31")),
        listing: Some(Listing {
            pre_notice: Some(Service {
                on: day("2026-02-10"),
                way: ServiceWay::Direct,
            }),
            exit_conditions: text("足额支付工资，且六个月内无新的违法行为"),
            exit_procedure: text("向认定单位提出移出申请，十五个工作日内答复"),
            group: Some(SeriousGroup::LegalDuties),
            quarter: None,
        }),
        ..penalty()
    }
}

fn watch() -> DecisionFields {
    let mut fields = serious();
    fields.act_type = ActType::WatchList;
    fields.duties.clear();
    fields.listing.as_mut().unwrap().group = None;
    fields
}

/// An entry in a red list needs none of what protects those whom a list burdens.
fn red() -> DecisionFields {
    let mut fields = watch();
    fields.act_type = ActType::RedList;
    (fields.service, fields.publication_until) = (None, None);
    fields.basis.clear();
    fields.remedies.clear();
    let listing = fields.listing.as_mut().unwrap();
    (listing.pre_notice, listing.quarter) = (None, Quarter::new(2026, 1));
    fields
}

/// A network whose catalogue has lists, and whose city may list.
pub(crate) fn net(scope: ListScope, level: BasisLevel, classes: Vec<Class>) -> Net {
    let mut net = Net::production();
    assert_eq!(net.change(with_lists(Some(scope), level)), Applied::Changed);
    let mandates = vec![Mandate {
        classes,
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
    net
}

fn with_lists(scope: Option<ListScope>, level: BasisLevel) -> Content {
    let mut catalogue = catalogue();
    let lists = CatalogueItem {
        code: code("labour.serious"),
        act_types: vec![ActType::RedList, ActType::SeriousList, ActType::WatchList],
        basis: vec![founding(level)],
        valid_until: None,
        list_scope: scope,
        ..catalogue.items[0].clone()
    };
    catalogue.items.push(CatalogueItem {
        vis: Vis::new(1),
        ..lists
    });
    Content::ItemCatalogue(catalogue)
}

fn founding(level: BasisLevel) -> LegalBasis {
    LegalBasis {
        law: text("保障农民工工资支付条例"),
        article: text("第四十八条"),
        level,
    }
}

// spec: STM-80, STM-81, STM-82, STM-83, STM-84
#[test]
fn each_list_says_what_it_has_to_and_nothing_of_another_list() {
    for fields in [serious(), watch(), red()] {
        let class = decision(fields.clone()).class();
        assert_eq!((class, fields.act_type.lists()), (Class::ListEntry, true));
    }
    type Change = fn(&mut DecisionFields);
    let refused = |base: fn() -> DecisionFields, change: Change| {
        let mut fields = base();
        change(&mut fields);
        Decision::new(fields).unwrap_err()
    };
    let lacks = |field| Invalid::ListLacks { field };
    let other = |field| Invalid::OtherList { field };
    fn of(fields: &mut DecisionFields) -> &mut Listing {
        fields.listing.as_mut().unwrap()
    }
    assert_eq!(refused(serious, |f| f.listing = None), Invalid::Listing);
    assert_eq!(
        refused(penalty, |f| f.listing = serious().listing),
        Invalid::Listing
    );
    for base in [serious, watch, red] {
        assert_eq!(
            refused(base, |f| f.valid_until = None),
            lacks("valid_until")
        );
        assert_eq!(refused(base, |f| f.facts = None), lacks("facts"));
    }
    for base in [serious, watch] {
        assert_eq!(refused(base, |f| f.fine_fen = Some(1)), Invalid::ListAmount);
        assert_eq!(
            refused(base, |f| of(f).pre_notice = None),
            lacks("pre_notice")
        );
        assert_eq!(
            refused(base, |f| of(f).quarter = Quarter::new(2026, 1)),
            other("quarter")
        );
        assert_eq!(refused(base, |f| f.basis.clear()), Invalid::NoBasis);
        assert_eq!(refused(base, |f| f.service = None), Invalid::NoService);
        assert_eq!(refused(base, |f| f.remedies.clear()), Invalid::NoRemedy);
        assert_eq!(
            refused(base, |f| f.publication_until = None),
            Invalid::NoPublicationEnd
        );
        let longer: Change = |f| {
            f.duties = serious().duties;
            f.duties[0].until = day("2027-01-01");
        };
        assert_eq!(refused(base, longer), Invalid::OutlastsEntry);
        let late: Change = |f| of(f).pre_notice.as_mut().unwrap().on = f.decided_on;
        assert_eq!(refused(base, late), Invalid::ToldTooLate);
    }
    assert_eq!(refused(serious, |f| f.duties.clear()), lacks("duties"));
    let grouped: Change = |f| of(f).group = Some(SeriousGroup::Defence);
    assert_eq!(refused(watch, grouped), other("group"));
    assert_eq!(refused(red, grouped), other("group"));
    let told: Change = |f| of(f).pre_notice = of(&mut serious()).pre_notice.clone();
    assert_eq!(refused(red, told), other("pre_notice"));
    // A red list that brings a measure burdens, and lacks what a burden needs before all.
    assert_eq!(
        refused(red, |f| f.duties = serious().duties),
        Invalid::NoBasis
    );
    let burdened: Change = |f| {
        let listing = f.listing.take();
        *f = DecisionFields {
            act_type: f.act_type,
            listing,
            ..serious()
        };
    };
    assert_eq!(refused(red, burdened), other("duties"));
}

#[test]
fn quarter_is_one_of_four_of_a_year_that_days_have() {
    let quarter = Quarter::new(2026, 4).unwrap();
    assert_eq!((quarter.year(), quarter.quarter()), (2026, 4));
    for (year, of) in [(2026, 0), (2026, 5), (1899, 1), (2200, 1)] {
        assert_eq!(Quarter::new(year, of), None, "{year} {of}");
    }
}

/// A list of the whole country needs central law; a local one a local regulation, and nothing else will do.
// spec: STM-85, STM-86
#[test]
fn list_rests_on_an_act_of_a_level_that_may_found_it() {
    use BasisLevel::{
        AdministrativeRegulation, CentralPolicy, Law, LocalGovernmentRule, LocalRegulation,
        MinisterialRule,
    };
    let national = [
        Law,
        AdministrativeRegulation,
        CentralPolicy,
        MinisterialRule,
    ];
    for scope in [ListScope::National, ListScope::Local] {
        let founds = |level: &BasisLevel| match scope {
            ListScope::National => national.contains(level),
            ListScope::Local => *level == LocalRegulation,
        };
        for level in BasisLevel::ALL {
            let outcome = Net::production().change(with_lists(Some(scope), *level));
            let fits = outcome == Applied::Changed;
            assert_eq!(fits, founds(level), "{scope:?} {level:?}: {outcome:?}");
        }
        let founder = match scope {
            ListScope::National => Law,
            ListScope::Local => LocalRegulation,
        };
        let net = net(scope, founder, vec![Class::ListEntry]);
        for level in BasisLevel::ALL {
            let mut fields = serious();
            fields.basis = vec![founding(*level)];
            let verdict = net.decide(fields).map(drop);
            let expected = match founds(level) {
                true => Ok(()),
                false => Err(RejectReason::ListBasis),
            };
            assert_eq!(verdict, expected, "{scope:?} {level:?}");
        }
    }
    let unfounded = Applied::Void(RejectReason::RegistryConflict);
    let whose = Net::production().change(with_lists(None, LocalGovernmentRule));
    assert_eq!(whose, unfounded);
    let mut elsewhere = catalogue();
    elsewhere.items[0].list_scope = Some(ListScope::Local);
    let elsewhere = Net::production().change(Content::ItemCatalogue(elsewhere));
    assert_eq!(elsewhere, unfounded);
}

fn beyond_repair(level: Option<BasisLevel>) -> ItemCatalogue {
    let mut catalogue = catalogue();
    catalogue.items[1].beyond_repair = level.map(founding);
    catalogue
}

// spec: STM-193
#[test]
fn item_is_beyond_repair_by_law_regulation_or_central_policy_and_only_for_decisions() {
    use BasisLevel::{LocalGovernmentRule, MinisterialRule};
    let void = Applied::Void(RejectReason::RegistryConflict);
    for level in BasisLevel::ALL {
        let catalogue = beyond_repair(Some(*level));
        let applied = Net::production().change(Content::ItemCatalogue(catalogue));
        let is_too_low = [MinisterialRule, LocalGovernmentRule].contains(level);
        let expected = if is_too_low { void } else { Applied::Changed };
        assert_eq!(applied, expected, "{level:?}");
    }
    let mut records = beyond_repair(Some(BasisLevel::Law));
    records.items[1].act_types = vec![];
    records.items[1].classes = vec![Class::Commitment];
    let mut plain = records.clone();
    plain.items[1].beyond_repair = None;
    let applied = |catalogue| Net::production().change(Content::ItemCatalogue(catalogue));
    assert_eq!(applied(plain), Applied::Changed);
    assert_eq!(applied(records), void);
}

// spec: STM-194
#[test]
fn later_catalogue_says_nothing_about_the_repair_of_decisions_before_it() {
    let mut net = Net::production();
    let item = code("labour.penalty");
    let said = |net: &Net, size, on: &str| {
        let found = net.registry.beyond_repair(&item, day(on), size);
        found.map(|basis| basis.article.to_string())
    };
    let before = net.registry.size();
    let law = Content::ItemCatalogue(beyond_repair(Some(BasisLevel::Law)));
    assert_eq!(net.change(law), Applied::Changed);
    let under = net.registry.size();
    let plain = Content::ItemCatalogue(beyond_repair(None));
    assert_eq!(net.change(plain), Applied::Changed);
    let after = net.registry.size();
    assert_eq!(said(&net, before, "2026-03-01"), None);
    assert_eq!(
        said(&net, under, "2026-03-01").as_deref(),
        Some("第四十八条")
    );
    assert_eq!(said(&net, after, "2026-03-01"), None);
    // What was not in force on the day says nothing of it.
    assert_eq!(said(&net, under, "2025-12-31"), None);
    assert_eq!(said(&net, under, "2026-11-01"), None);
}

/// Who may decide, or correct, does not by that put anybody on a list.
// spec: STM-87
#[test]
fn list_is_made_under_a_mandate_for_lists_alone() {
    let correcting = |net: &Net| {
        let correction = Content::Correction(Box::new(Correction {
            reasons: text("认定有误"),
            replacement: Decision::new(serious()).unwrap(),
        }));
        let payload = act(correction, net.reference(city(), 3));
        let statement = net.statement(CITY_KEY, city(), subject(), &payload);
        net.verdict(city(), statement, Vis::new(1)).map(drop)
    };
    let of = |classes| net(ListScope::National, BasisLevel::Law, classes);
    let net = of(vec![Class::Decision, Class::Correction]);
    assert_eq!(net.decide(serious()).unwrap_err(), RejectReason::NoMandate);
    assert_eq!(correcting(&net), Err(RejectReason::NoMandate));
    let net = of(vec![Class::ListEntry, Class::Correction]);
    assert!(net.decide(serious()).is_ok());
    assert_eq!(correcting(&net), Ok(()));
    let mut plain = penalty();
    plain.item = code("labour.penalty");
    assert_eq!(net.decide(plain).unwrap_err(), RejectReason::NoMandate);
}

/// Who could once make lists widens none afterwards by a correction that it dates back.
// spec: STM-87, TRU-60
#[test]
fn correction_that_lists_is_void_once_the_mandate_for_lists_has_ended() {
    let mut net = net(ListScope::National, BasisLevel::Law, vec![Class::ListEntry]);
    let until = |classes, until: &str| Mandate {
        classes,
        act_types: vec![],
        items: vec![],
        until: Some(day(until)),
        ..mandate()
    };
    let renewed = Enrolment {
        mandates: vec![
            until(vec![Class::Correction], "2027-12-31"),
            until(vec![Class::ListEntry], "2026-12-31"),
        ],
        ..city_enrolment()
    };
    let renewed = Content::Enrolment(Box::new(renewed));
    assert_eq!(net.change(renewed), Applied::Changed);
    let void = |replacement: DecisionFields| {
        let correction = Content::Correction(Box::new(Correction {
            reasons: text("认定有误"),
            replacement: Decision::new(replacement).unwrap(),
        }));
        let payload = act(correction, net.reference(city(), 3));
        let statement = net.statement(CITY_KEY, city(), subject(), &payload);
        let act = net.verdict(city(), statement, Vis::new(1)).unwrap();
        let registry = net.registry.size().value();
        let seen = head(registry, &net.origin(city()), 9, noon("2027-01-04"));
        let timing = heads(&[(0, seen)]).judge(&act, &net.registry);
        Fact::from_verified(&act, &net.registry, timing).void()
    };
    assert_eq!(void(serious()), Some(VoidCause::MandateEnded));
    assert_eq!(void(penalty()), None);
}

/// A supervisor corrects the entries of others, whoever makes the lists.
// spec: STM-87
#[test]
fn supervisor_corrects_an_entry_in_a_list() {
    let mut net = net(ListScope::National, BasisLevel::Law, vec![Class::ListEntry]);
    let supervising = Mandate {
        classes: vec![Class::Correction],
        act_types: vec![],
        items: vec![],
        supervises: Some(Truth),
        ..mandate()
    };
    let renewed = Enrolment {
        mandates: vec![supervising],
        ..city_enrolment()
    };
    let renewed = Content::Enrolment(Box::new(renewed));
    assert_eq!(net.change(renewed), Applied::Changed);
    let correction = Content::Correction(Box::new(Correction {
        reasons: text("认定有误"),
        replacement: Decision::new(serious()).unwrap(),
    }));
    let payload = act(correction, net.reference(other_city(), 3));
    let statement = net.statement(CITY_KEY, city(), subject(), &payload);
    let verified = net.verdict(city(), statement, Vis::new(1)).unwrap();
    assert_eq!(verified.authority(), Authority::Supervision);
}
