//! One test for each rule of `spec/recognition.md`.

mod model;
mod versions;

use super::*;
use crate::codec::Truth;
use crate::effect::Fact;
use crate::effect::tests::{
    Who, World, at, code, day, decision, fact, licence, measure, payload, penalty, text,
};
use crate::statement::{
    Accession, ActType, Agreement, AgreementFields, ClauseMeasure, Content, Decision, Ground,
    RecognitionAnswer, RecognitionReason, RecognitionResponse, RecognitionResponseFields,
    Retirement,
};
use crate::time::Timestamp;

const LAW: BasisLevel = BasisLevel::Law;

fn basis(level: BasisLevel) -> LegalBasis {
    LegalBasis {
        law: text("招标投标法"),
        article: text("第五十四条"),
        level,
    }
}

fn clause_measure(name: &str, force: Force) -> ClauseMeasure {
    ClauseMeasure {
        measure: measure(name),
        force,
        basis: basis(LAW),
    }
}

/// A clause on penalties that lets every party limit tenders.
fn clause(number: &str) -> Clause {
    Clause {
        number: text(number),
        issuers: vec![],
        receivers: vec![],
        items: vec![code("food.licence"), code("labour.penalty")],
        act_types: vec![],
        measures: vec![clause_measure("tender.limit", Force::Recommended)],
        decided_from: None,
        decided_until: None,
        local_basis: None,
    }
}

fn parties(of: &[Who]) -> Vec<AuthorityCode> {
    let mut codes: Vec<_> = of.iter().map(|who| who.code()).collect();
    codes.sort();
    codes
}

fn the_agreement() -> AgreementFields {
    AgreementFields {
        title: text("区域信用互认协议"),
        parties: parties(&[Who::Issuer, Who::City]),
        version: 1,
        first: None,
        from: day("2026-01-01"),
        until: None,
        clauses: vec![clause("第三条")],
        open: None,
    }
}

/// A statement issued later the later it stands.
fn says(who: Who, index: u64, content: Content) -> Fact {
    let mut payload = payload(content, None, 0);
    payload.issued_at = Timestamp::new(payload.issued_at.value() + index).unwrap();
    fact(who, index, payload)
}

fn agreement(index: u64, fields: AgreementFields) -> Fact {
    let agreement = Agreement::new(fields).unwrap();
    says(Who::City, index, Content::Agreement(Box::new(agreement)))
}

fn retirement(who: Who, index: u64, version: u32, from: &str) -> Fact {
    let said = Retirement {
        first: at(Who::City, 50),
        version,
        from: day(from),
        reasons: text("协议到期不再续签"),
    };
    says(who, index, Content::Retirement(said))
}

/// To the version that stands at a position of the city's log.
fn accession(who: Who, index: u64, version: u64, from: &str) -> Fact {
    let (agreement, from) = (at(Who::City, version), day(from));
    says(
        who,
        index,
        Content::Accession(Accession { agreement, from }),
    )
}

/// What the city makes of a decision of the issuer.
fn asked(
    world: &World,
    decided: &DecisionFields,
    target: &StatementRef,
    facts: &[Fact],
) -> Recognition {
    asked_by(Who::City, world, decided, target, facts)
}

fn asked_by(
    receiver: Who,
    world: &World,
    decided: &DecisionFields,
    target: &StatementRef,
    facts: &[Fact],
) -> Recognition {
    let agreements = Agreements::of(facts, &world.horizon);
    let question = Question {
        decision: decided,
        effect: &world.effect(target),
        issuers: &[Who::Issuer.code()],
        issuer_region: RegionCode::parse("230400").unwrap(),
        receivers: &[receiver.code()],
        receiver_region: RegionCode::parse("231100").unwrap(),
        as_of: world.as_of,
    };
    recognise(&question, &agreements)
}

/// The measures that a recognition allows, each with its force and its clause.
fn allowed(recognition: &Recognition) -> Vec<(String, Force, String)> {
    let Recognition::Recognised { measures, .. } = recognition else {
        return Vec::new();
    };
    let one = |one: &Allowed| {
        let clause = one.by.clause.to_string();
        (one.measure.to_string(), one.force, clause)
    };
    measures.iter().map(one).collect()
}

fn information(why: Lacking) -> Recognition {
    Recognition::ForInformation { why }
}

// spec: AGR-10, AGR-14
#[test]
fn decision_is_recognised_with_the_measures_that_it_brings_and_a_clause_names() {
    let (world, target) = World::with_penalty();
    let mut fields = the_agreement();
    fields.clauses[0]
        .measures
        .insert(0, clause_measure("funds.limit", Force::Mandatory));
    let mut binding = clause("第五条");
    binding.measures[0].force = Force::Mandatory;
    fields.clauses.push(binding);
    let known = [agreement(50, fields)];
    let recognition = asked(&world, &penalty(), &target, &known);
    let Recognition::Recognised {
        by,
        measures,
        grant,
    } = &recognition
    else {
        panic!("{recognition:?}");
    };
    let clauses: Vec<_> = by.iter().map(|one| one.clause.to_string()).collect();
    assert_eq!(
        (clauses, *grant),
        (vec!["第三条".to_owned(), "第五条".to_owned()], false)
    );
    // The penalty brings no limit of funds; of the two clauses the one that binds is named.
    let tender = (
        "tender.limit".to_owned(),
        Force::Mandatory,
        "第五条".to_owned(),
    );
    assert_eq!(allowed(&recognition), [tender]);
    assert_eq!(measures[0].until, day("2026-09-30"));
    assert_eq!(measures[0].by.agreement, at(Who::City, 50));
}

/// Who decided agreed with the supervisor, and the supervisor with the city, on more: what passes through the
/// supervisor is for information at the city, and the supervisor has what its own agreement says.
// spec: AGR-50
#[test]
fn second_hop_adds_no_measure_and_recognises_nothing() {
    let (world, target) = World::with_penalty();
    let mut first = the_agreement();
    first.parties = parties(&[Who::Issuer, Who::Supervisor]);
    let mut second = the_agreement();
    second.parties = parties(&[Who::Supervisor, Who::City]);
    let more = clause_measure("funds.limit", Force::Mandatory);
    second.clauses[0].measures.insert(0, more);
    let alone = agreement(50, first);
    let both = [alone.clone(), agreement(51, second)];
    let at_city = asked(&world, &penalty(), &target, &both);
    assert_eq!(at_city, information(Lacking::NoAgreement));
    let there = |known: &[Fact]| asked_by(Who::Supervisor, &world, &penalty(), &target, known);
    assert_eq!(there(&both), there(&[alone]));
    assert_eq!(allowed(&there(&both)).len(), 1);
}

/// A word on recognition is passed over by the function that it is about.
// spec: AGR-46
#[test]
fn what_a_receiver_answers_changes_nothing_about_recognition() {
    let (world, target) = World::with_penalty();
    let known = agreement(50, the_agreement());
    let said = RecognitionResponse::new(RecognitionResponseFields {
        asked: at(Who::Issuer, 70),
        decision: target.clone(),
        answer: RecognitionAnswer::NotRecognised,
        agreement: None,
        clause: None,
        measures: vec![],
        reason: Some(RecognitionReason::Other),
        reasons: Some(text("另有规定")),
    });
    let content = Content::RecognitionResponse(Box::new(said.unwrap()));
    let said = says(Who::City, 60, content);
    let before = asked(&world, &penalty(), &target, std::slice::from_ref(&known));
    assert_eq!(allowed(&before).len(), 1);
    assert_eq!(asked(&world, &penalty(), &target, &[known, said]), before);
}

#[test]
fn own_decision_needs_no_agreement() {
    let (world, target) = World::with_penalty();
    let own = asked_by(Who::Issuer, &world, &penalty(), &target, &[]);
    assert_eq!(own, Recognition::Own);
}

// spec: AGR-11
#[test]
fn decision_that_binds_nobody_is_not_recognised_and_what_it_grants_is() {
    let (mut world, target) = World::with_penalty();
    let known = [agreement(50, the_agreement())];
    world.object(Who::City, 11, &target, Ground::Facts);
    let state = BindsOthers::Suspended;
    let refused = Recognition::NotRecognised { state };
    assert_eq!(asked(&world, &penalty(), &target, &known), refused);
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, licence());
    world.object(Who::City, 11, &target, Ground::Facts);
    let recognition = asked(&world, &licence(), &target, &known);
    assert!(matches!(
        recognition,
        Recognition::Recognised { grant: true, .. }
    ));
}

/// A licence of a day before its item was in any catalogue stands, and nobody elsewhere relies on it.
// spec: AGR-41
#[test]
fn what_no_catalogue_could_be_asked_about_is_for_information_until_it_is_corrected_onto_a_later_day()
 {
    let known = [agreement(50, the_agreement())];
    let unchecked = information(Lacking::BasisNotChecked);
    let mut world = World::new();
    let target = world.put(decision(Who::Issuer, 10, licence()).of_history());
    assert!(world.effect(&target).grant_stands());
    assert_eq!(asked(&world, &licence(), &target, &known), unchecked);
    // Without any agreement the reason is the same.
    assert_eq!(asked(&world, &licence(), &target, &[]), unchecked);
    // What rests on it is no better.
    let resting = DecisionFields {
        rests_on: vec![target.clone()],
        ..licence()
    };
    let on_it = world.decide(Who::Issuer, 11, resting.clone());
    assert_eq!(asked(&world, &resting, &on_it, &known), unchecked);
    world.correct(Who::Issuer, 12, &target, licence());
    let recognition = asked(&world, &licence(), &target, &known);
    assert!(
        matches!(recognition, Recognition::Recognised { grant: true, .. }),
        "{recognition:?}"
    );
    // A penalty of such a day restricts nobody, by itself or by an agreement.
    let mut world = World::new();
    let target = world.put(decision(Who::Issuer, 10, penalty()).of_history());
    let state = BindsOthers::NoBasis;
    let refused = Recognition::NotRecognised { state };
    assert_eq!(asked(&world, &penalty(), &target, &known), refused);
}

/// A licence on a decision that got worse: what was not to be relied on before is not so now either.
// spec: AGR-57
#[test]
fn grant_is_for_information_where_what_it_rests_on_is_gone() {
    let known = [agreement(50, the_agreement())];
    let resting = |on: &StatementRef| DecisionFields {
        rests_on: vec![on.clone()],
        ..licence()
    };
    let on = |world: &mut World, basis: &StatementRef| {
        let granted = resting(basis);
        let target = world.decide(Who::Issuer, 40, granted.clone());
        assert!(world.effect(&target).grant_stands());
        asked(world, &granted, &target, &known)
    };
    let fails = information(Lacking::BasisFails);
    let basis = decision(Who::Issuer, 10, licence());
    // Held, and not suspended for what it grants.
    let mut world = World::new();
    let held = world.put(basis.clone());
    world.object(Who::City, 11, &held, Ground::Facts);
    let recognition = on(&mut world, &held);
    assert!(
        matches!(recognition, Recognition::Recognised { grant: true, .. }),
        "{recognition:?}"
    );
    // Not held.
    assert_eq!(on(&mut World::new(), &held), fails);
    // From before its item was in any catalogue, and taken back since.
    let mut world = World::new();
    let held = world.put(basis.of_history());
    let unchecked = information(Lacking::BasisNotChecked);
    assert_eq!(on(&mut world, &held), unchecked);
    world.withdraw(Who::Issuer, 20, &held);
    assert_eq!(on(&mut world, &held), fails);
}

// spec: AGR-12
#[test]
fn what_is_lacking_is_where_the_nearest_agreement_stops() {
    let (world, target) = World::with_penalty();
    let with = |change: fn(&mut AgreementFields)| {
        let mut fields = the_agreement();
        change(&mut fields);
        asked(&world, &penalty(), &target, &[agreement(50, fields)])
    };
    assert_eq!(
        asked(&world, &penalty(), &target, &[]),
        information(Lacking::NoAgreement)
    );
    let others: fn(&mut AgreementFields) = |f| f.parties = parties(&[Who::Hub, Who::City]);
    assert_eq!(with(others), information(Lacking::NoAgreement));
    let not_yet: fn(&mut AgreementFields) = |f| f.from = day("2026-05-29");
    assert_eq!(with(not_yet), information(Lacking::NotInForce));
    let ended: fn(&mut AgreementFields) = |f| f.until = Some(day("2026-05-27"));
    assert_eq!(with(ended), information(Lacking::NotInForce));
    let last: fn(&mut AgreementFields) = |f| f.until = Some(day("2026-05-28"));
    assert_eq!(allowed(&with(last)).len(), 1);
    let item: fn(&mut AgreementFields) = |f| f.clauses[0].items = vec![code("food.licence")];
    assert_eq!(with(item), information(Lacking::NotCovered));
    let issuers: fn(&mut AgreementFields) = |f| f.clauses[0].issuers = parties(&[Who::City]);
    assert_eq!(with(issuers), information(Lacking::NotCovered));
    let receivers: fn(&mut AgreementFields) = |f| f.clauses[0].receivers = parties(&[Who::Issuer]);
    assert_eq!(with(receivers), information(Lacking::NotCovered));
    let act: fn(&mut AgreementFields) = |f| f.clauses[0].act_types = vec![ActType::Licence];
    assert_eq!(with(act), information(Lacking::ActType));
    let from: fn(&mut AgreementFields) = |f| f.clauses[0].decided_from = Some(day("2026-03-03"));
    assert_eq!(with(from), information(Lacking::DecidedOutside));
    let until: fn(&mut AgreementFields) = |f| f.clauses[0].decided_until = Some(day("2026-03-01"));
    assert_eq!(with(until), information(Lacking::DecidedOutside));
}

// spec: AGR-13
#[test]
fn local_basis_holds_where_it_is_valid_or_where_the_clause_says_so() {
    let mut fields = penalty();
    fields.basis = vec![basis(BasisLevel::LocalRegulation)];
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, fields.clone());
    let known = agreement(50, the_agreement());
    let lacking = information(Lacking::BasisNotValidHere);
    assert_eq!(
        asked(&world, &fields, &target, std::slice::from_ref(&known)),
        lacking
    );
    let mut accepting = the_agreement();
    accepting.clauses[0].local_basis = Some(Truth);
    let accepted = asked(&world, &fields, &target, &[agreement(50, accepting)]);
    assert_eq!(allowed(&accepted).len(), 1);
    // One of a province holds in its cities.
    let agreements = [known];
    let agreements = Agreements::of(&agreements, &world.horizon);
    let question = Question {
        decision: &fields,
        effect: &world.effect(&target),
        issuers: &[Who::Issuer.code()],
        issuer_region: RegionCode::parse("230000").unwrap(),
        receivers: &[Who::City.code()],
        receiver_region: RegionCode::parse("231100").unwrap(),
        as_of: world.as_of,
    };
    assert_eq!(allowed(&recognise(&question, &agreements)).len(), 1);
}

/// Two departments of one member publish through one node.
// spec: AGR-10
#[test]
fn decision_of_another_department_behind_the_same_node_is_not_ones_own() {
    let (world, target) = World::with_penalty();
    let agreements = Agreements::default();
    let question = Question {
        decision: &penalty(),
        effect: &world.effect(&target),
        issuers: &[Who::Issuer.code(), Who::Hub.code()],
        issuer_region: RegionCode::parse("230400").unwrap(),
        receivers: &[Who::City.code(), Who::Hub.code()],
        receiver_region: RegionCode::parse("230400").unwrap(),
        as_of: world.as_of,
    };
    let other = recognise(&question, &agreements);
    assert_eq!(other, information(Lacking::NoAgreement));
}

// spec: AGR-14
#[test]
fn measure_ends_with_the_burden_that_brings_it() {
    let mut fields = penalty();
    fields.valid_until = Some(day("2026-07-31"));
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, fields.clone());
    let recognition = asked(&world, &fields, &target, &[agreement(50, the_agreement())]);
    let Recognition::Recognised { measures, .. } = recognition else {
        panic!("{recognition:?}");
    };
    assert_eq!(measures[0].until, day("2026-07-31"));
}
