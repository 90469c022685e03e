//! What a change of code says, and who may say it.

use super::*;
use concordat_protocol::region::RegionCode;

fn with_check(first_17: &str) -> SubjectCode {
    SubjectCode::with_check(first_17).unwrap()
}

// spec: STM-215
#[test]
fn change_of_code_names_two_codes_that_hold_and_are_not_one() {
    let of = |change| refused(code_change(), CodeChange::new, change);
    let same = of(|f| f.from = f.subject.code());
    assert_eq!(same, RecordError::SameCode);
    let wrong = of(|f| f.from = SubjectCode::parse("91230402MA00000991").unwrap());
    assert_eq!(wrong, RecordError::ChangesCheck);
    let unconfirmed = of(|f| {
        let code = SubjectCode::parse("91350203M0001QKT19").unwrap();
        let check = SubjectCheck::from_reference(Some(text("厦市监函〔2026〕1号")));
        f.subject = Subject::new(code, check, Form::Enterprise, text("厦门某某厂")).unwrap();
    });
    assert_eq!(unconfirmed, RecordError::ChangesCheck);
    let household = of(|f| f.from = with_check("92230402MA0000099"));
    assert_eq!(household, RecordError::ChangesForm);
}

// spec: STM-216
#[test]
fn change_of_code_says_by_what_law_and_why() {
    let of = |change| refused(code_change(), CodeChange::new, change);
    let field = "basis";
    assert_eq!(of(|f| f.basis.clear()), RecordError::Needs { field });
    let parts = |said: RecordSaid| {
        let fields = code_change();
        let parts = RecordParts {
            subject: fields.subject,
            item: fields.item,
            day: fields.day,
            refers_to: vec![],
            agreement: None,
        };
        said.record(Class::CodeChange, parts)
    };
    let named = named("code change");
    let (said, _) = RecordSaid::of(named.record().unwrap());
    assert_eq!(parts(said.clone()).as_ref(), Ok(named.record().unwrap()));
    for field in ["reasons", "from_code"] {
        let mut said = said.clone();
        match field {
            "reasons" => said.reasons = None,
            _ => said.from_code = None,
        }
        assert_eq!(parts(said), Err(RecordError::Needs { field }));
    }
}

/// Whoever registers elsewhere hands nobody's record to anybody.
// spec: TRU-85
#[test]
fn change_of_code_is_within_the_region_of_its_author_with_both_codes() {
    let of = |from: &str, to: &str| {
        let mut fields = code_change();
        fields.from = with_check(from);
        let code = with_check(to);
        fields.subject =
            Subject::new(code, SubjectCheck::Ok, Form::Enterprise, text("鹤岗某某厂")).unwrap();
        CodeChange::new(fields).unwrap()
    };
    let change = |change: &CodeChange, region: &str| {
        let mut net = verdicts::net(
            verdicts::item(&[Class::CodeChange], 2),
            verdicts::may(vec![Class::CodeChange], &[]),
        );
        let renewed = Content::Enrolment(Box::new(Enrolment {
            region: RegionCode::parse(region).unwrap(),
            mandates: vec![verdicts::may(vec![Class::CodeChange], &[])],
            ..city_enrolment()
        }));
        assert_eq!(net.change(renewed), Applied::Changed);
        let content = record(Record::CodeChange(change.clone()));
        let about = content.subject().unwrap();
        let statement = net.statement(CITY_KEY, city(), about, &payload(content));
        net.verdict(city(), statement, Vis::new(2)).map(drop)
    };
    let none = Err(RejectReason::NoMandate);
    let within = of("91230402MA0000099", "91230400MA0000015");
    assert_eq!(change(&within, "230400"), Ok(()));
    assert_eq!(change(&within, "230000"), Ok(()));
    assert_eq!(change(&within, "100000"), Ok(()));
    // A county of the city, where only one of the two was given.
    assert_eq!(change(&within, "230402"), none);
    assert_eq!(change(&within, "231100"), none);
    let leaving = of("91230402MA0000099", "91231100MA0000015");
    assert_eq!(change(&leaving, "230400"), none);
    assert_eq!(change(&leaving, "230000"), Ok(()));
    let taking = of("91231100MA0000099", "91230400MA0000015");
    assert_eq!(change(&taking, "230400"), none);
    // Places that never were a province are for the whole country to judge.
    let nowhere = of("91990000MA0000099", "91230400MA0000015");
    assert_eq!(change(&nowhere, "230000"), none);
    assert_eq!(change(&nowhere, "100000"), Ok(()));
}

/// Who registers no more would choose a day on which it did.
// spec: TRU-86
#[test]
fn change_of_code_needs_a_mandate_on_the_day_on_which_it_is_said() {
    let said_under = |until: &str| {
        let mandate = Mandate {
            until: Some(day(until)),
            ..verdicts::may(vec![Class::CodeChange], &[])
        };
        let item = verdicts::item(&[Class::CodeChange], 2);
        verdicts::said(&verdicts::net(item, mandate), &named("code change"), 2)
    };
    let content = named("code change");
    let said_on = concordat_protocol::time::Day::of(payload(content).issued_at).unwrap();
    assert!(said_on > day("2026-03-02"));
    assert_eq!(said_under(&said_on.to_string()), Ok(()));
    let before = said_on.plus_days(-1).unwrap();
    assert_eq!(
        said_under(&before.to_string()),
        Err(RejectReason::NoMandate)
    );
}
