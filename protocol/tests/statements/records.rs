//! Records: what none can say, and who may make which under what item.

mod codes;
mod shown;
mod verdicts;

use concordat_protocol::admin::{RecordParts, RecordSaid, record_fields, reference_key};
use concordat_protocol::codec::Truth;
use concordat_protocol::statement::{
    Answer, AppliedMeasure, AppliedMeasureFields, Audience, BasisLevel, CatalogueItem, Class,
    CodeChange, CodeChangeFields, Commitment, CommitmentFields, CommitmentKind, CommitmentOutcome,
    CommitmentOutcomeFields, CommitmentResult, Content, Duty, Enrolment, Evaluation,
    EvaluationFields, Execution, Feedback, FeedbackFields, Force, Initiation, InitiationFields,
    Interview, InterviewFields, InterviewKind, Mandate, MeasureError, Month, Push, PushFields,
    Record, RecordError, Response, ResponseFields, SelfDeclaration, SelfDeclarationFields, Service,
    StatementRef, Verification, Vis, VisibilityClass,
};
use concordat_protocol::subject::{Form, Subject, SubjectCheck, SubjectCode};
use concordat_protocol::trust::{Applied, ChangeFault, RejectReason};

use crate::support::*;

const ITEM: &str = "credit.record";

fn reference(index: u64) -> StatementRef {
    Net::empty(concordat_protocol::trust::Network::Production).reference(city(), index)
}

fn commitment() -> CommitmentFields {
    CommitmentFields {
        subject: penalty().subject,
        item: code(ITEM),
        day: day("2026-03-02"),
        kind: CommitmentKind::ConditionalAcceptance,
        promise: text("三十日内补交消防验收意见书"),
        due_on: day("2026-04-01"),
        case_number: Some(text("鹤审〔2026〕118号")),
        publication_until: day("2027-03-01"),
    }
}

fn outcome(result: CommitmentResult) -> CommitmentOutcomeFields {
    CommitmentOutcomeFields {
        subject: penalty().subject,
        item: code(ITEM),
        day: day("2026-04-02"),
        commitment: reference(3),
        result,
        findings: text("逾期未补交"),
        basis: penalty().basis,
        service: Some(Service {
            on: day("2026-04-03"),
            ..penalty().service.unwrap()
        }),
        publication_until: Some(day("2027-04-01")),
        remedies: penalty().remedies,
    }
}

fn declaration() -> SelfDeclarationFields {
    SelfDeclarationFields {
        subject: penalty().subject,
        item: code(ITEM),
        day: day("2026-03-02"),
        declares: text("本单位已通过质量管理体系认证"),
        truthful: Some(Truth),
    }
}

fn evaluation() -> EvaluationFields {
    EvaluationFields {
        subject: penalty().subject,
        item: code(ITEM),
        day: day("2026-03-02"),
        grade: text("A级"),
        scheme: text("鹤岗市劳动保障守法诚信等级评价办法"),
        edition: text("2025年修订"),
        period_from: day("2025-01-01"),
        period_until: day("2025-12-31"),
        valid_until: day("2027-03-01"),
    }
}

fn interview() -> InterviewFields {
    InterviewFields {
        subject: penalty().subject,
        item: code(ITEM),
        day: day("2026-03-02"),
        kind: InterviewKind::Warning,
        about: reference(3),
        said: text("告知其拖欠工资的后果"),
        correct: text("支付所欠工资"),
        correct_by: day("2026-03-20"),
    }
}

fn applied() -> AppliedMeasureFields {
    AppliedMeasureFields {
        subject: penalty().subject,
        item: code(ITEM),
        day: day("2026-04-02"),
        decision: reference(3),
        measure: measure("tender.exclusion"),
        from: day("2026-04-05"),
        until: Some(day("2026-09-01")),
        force: Force::Mandatory,
        basis: penalty().basis,
        agreement: Some(reference(7)),
        clause: Some(text("第三条")),
        case_number: text("鹤招〔2026〕5号"),
        service: Some(Service {
            on: day("2026-04-03"),
            ..penalty().service.unwrap()
        }),
        publication_until: Some(day("2026-09-01")),
        remedies: penalty().remedies,
    }
}

fn initiation() -> InitiationFields {
    InitiationFields {
        subject: penalty().subject,
        item: code(ITEM),
        day: day("2026-04-02"),
        decisions: vec![reference(3), reference(4)],
        to: vec![other_city(), department()],
        measures: duties(),
        reasons: text("拖欠工资数额较大"),
    }
}

fn duties() -> Vec<Duty> {
    penalty().duties
}

fn response(answer: Answer) -> ResponseFields {
    let accepted = answer == Answer::Accepted;
    ResponseFields {
        subject: penalty().subject,
        item: code(ITEM),
        day: day("2026-04-09"),
        answers: reference(5),
        answer,
        measures: if accepted { duties() } else { vec![] },
        article: (answer == Answer::NoBasis).then(|| penalty().basis.remove(0)),
        reasons: (!accepted).then(|| text("该措施不在本机关职权之内")),
    }
}

fn push() -> PushFields {
    PushFields {
        subject: penalty().subject,
        item: code(ITEM),
        day: day("2026-04-02"),
        decisions: vec![reference(3)],
        to: vec![other_city()],
        from_above: Some(Truth),
        reasons: text("省平台下发，请核实后执行"),
    }
}

fn feedback() -> FeedbackFields {
    FeedbackFields {
        subject: penalty().subject,
        item: code(ITEM),
        day: day("2026-05-06"),
        answers: reference(5),
        month: Month::new(2026, 4).unwrap(),
        execution: Some(Execution::Done),
        verification: None,
        reasons: None,
    }
}

fn code_change() -> CodeChangeFields {
    CodeChangeFields {
        subject: penalty().subject,
        item: code(ITEM),
        day: day("2026-03-02"),
        from: SubjectCode::with_check("91230402MA0000099").unwrap(),
        basis: penalty().basis,
        reasons: text("原代码重复，重新赋码"),
    }
}

fn record(record: Record) -> Content {
    Content::Record(Box::new(record))
}

/// One good content of each class, and the adverse and refusing forms of two.
pub(crate) fn all() -> Vec<(&'static str, Content)> {
    let outcome =
        |result| Record::CommitmentOutcome(CommitmentOutcome::new(outcome(result)).unwrap());
    let response = |answer| Record::Response(Response::new(response(answer)).unwrap());
    let all = vec![
        (
            "commitment",
            Record::Commitment(Commitment::new(commitment()).unwrap()),
        ),
        ("kept commitment", outcome(CommitmentResult::Kept)),
        ("broken commitment", outcome(CommitmentResult::Broken)),
        (
            "self-declaration",
            Record::SelfDeclaration(SelfDeclaration::new(declaration()).unwrap()),
        ),
        (
            "evaluation",
            Record::Evaluation(Evaluation::new(evaluation()).unwrap()),
        ),
        (
            "interview",
            Record::Interview(Interview::new(interview()).unwrap()),
        ),
        (
            "measure",
            Record::Measure(AppliedMeasure::new(applied()).unwrap()),
        ),
        (
            "initiation",
            Record::Initiation(Initiation::new(initiation()).unwrap()),
        ),
        ("acceptance", response(Answer::Accepted)),
        ("no basis", response(Answer::NoBasis)),
        ("push", Record::Push(Push::new(push()).unwrap())),
        (
            "feedback",
            Record::Feedback(Feedback::new(feedback()).unwrap()),
        ),
        (
            "code change",
            Record::CodeChange(CodeChange::new(code_change()).unwrap()),
        ),
    ];
    all.into_iter()
        .map(|(name, one)| (name, record(one)))
        .collect()
}

pub(crate) fn named(name: &str) -> Content {
    let mut all = all().into_iter();
    all.find(|(known, _)| *known == name).unwrap().1
}

pub(crate) fn sole_proprietor() -> Subject {
    subject_of(Form::SoleProprietorship)
}

fn subject_of(form: Form) -> Subject {
    let code = SubjectCode::parse(SUBJECT).unwrap();
    Subject::new(code, SubjectCheck::Ok, form, text("鹤岗某某厂")).unwrap()
}

/// The error of a record with one change.
fn refused<F, R>(good: F, new: fn(F) -> Result<R, RecordError>, change: fn(&mut F)) -> RecordError
where
    F: Clone,
    R: std::fmt::Debug,
{
    assert!(new(good.clone()).is_ok());
    let mut fields = good;
    change(&mut fields);
    new(fields).unwrap_err()
}

// spec: STM-100
#[test]
fn all_eleven_classes_have_a_record_of_their_own() {
    let mut classes: Vec<u64> = all().iter().map(|(_, it)| it.class().code()).collect();
    classes.dedup();
    assert_eq!(classes, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    for (name, content) in all() {
        let record = content.record().unwrap();
        assert!(
            content.class().is_record() && !content.class().is_decision(),
            "{name}"
        );
        assert_eq!(content.subject(), Some(record.subject().code()), "{name}");
        assert_eq!(record.item(), &code(ITEM), "{name}");
    }
}

// spec: STM-103
#[test]
fn ends_of_a_record_are_days_that_come() {
    let before = |field| RecordError::EndsBefore { field };
    let no_end = |field| RecordError::NoEnd { field };
    let of = |change| refused(commitment(), Commitment::new, change);
    assert_eq!(of(|f| f.due_on = day("2026-03-01")), before("due_on"));
    assert_eq!(of(|f| f.due_on = day("2099-01-01")), no_end("due_on"));
    let field = "publication_until";
    assert_eq!(
        of(|f| f.publication_until = day("2026-03-01")),
        before(field)
    );
    assert_eq!(
        of(|f| f.publication_until = day("2099-12-31")),
        no_end(field)
    );
    let of = |change| refused(interview(), Interview::new, change);
    assert_eq!(
        of(|f| f.correct_by = day("2026-03-01")),
        before("correct_by")
    );
    let of = |change| refused(evaluation(), Evaluation::new, change);
    assert_eq!(
        of(|f| f.valid_until = day("2026-03-01")),
        before("valid_until")
    );
    let field = "period_until";
    let backwards = RecordError::EndsBeforeItBegins { field };
    assert_eq!(of(|f| f.period_until = day("2024-12-31")), backwards);
    let of = |change| refused(initiation(), Initiation::new, change);
    assert_eq!(
        of(|f| f.measures[0].until = day("2026-04-01")),
        before("measures")
    );
    assert_eq!(
        of(|f| f.measures[0].until = day("2099-01-01")),
        no_end("measures")
    );
}

/// Whoever is said to have broken its word can read on what ground, and contest it.
// spec: STM-104
#[test]
fn broken_commitment_says_what_protects_the_organisation() {
    let lacks = |field| RecordError::Lacks { field };
    for result in [CommitmentResult::Broken, CommitmentResult::PartlyKept] {
        let of = |change| refused(outcome(result), CommitmentOutcome::new, change);
        assert_eq!(of(|f| f.basis.clear()), lacks("basis"));
        assert_eq!(of(|f| f.service = None), lacks("service"));
        assert_eq!(
            of(|f| f.publication_until = None),
            lacks("publication_until")
        );
        assert_eq!(of(|f| f.remedies.clear()), lacks("remedies"));
    }
    let mut kept = outcome(CommitmentResult::Kept);
    (kept.service, kept.publication_until) = (None, None);
    (kept.basis, kept.remedies) = (vec![], vec![]);
    assert!(CommitmentOutcome::new(kept).is_ok());
    for result in CommitmentResult::ALL {
        let of = |change| refused(outcome(*result), CommitmentOutcome::new, change);
        let served = of(|f| f.service.as_mut().unwrap().on = day("2026-04-01"));
        assert_eq!(served, RecordError::ServedBefore);
        let term = of(|f| f.remedies[0].within_days = 0);
        assert_eq!(term, RecordError::RemedyWithoutTerm);
        let no_end = of(|f| f.publication_until = Some(day("2099-12-31")));
        let field = "publication_until";
        assert_eq!(no_end, RecordError::NoEnd { field });
    }
}

// spec: STM-107
#[test]
fn self_declaration_holds_the_promise_of_truth() {
    let without = refused(declaration(), SelfDeclaration::new, |f| f.truthful = None);
    assert_eq!(without, RecordError::NoPromiseOfTruth);
}

// spec: STM-108
#[test]
fn nobody_close_to_a_person_is_evaluated() {
    for form in Form::ALL {
        let near = form.near_personal();
        let code = SubjectCode::parse(SUBJECT).unwrap();
        let Ok(subject) = Subject::new(code, SubjectCheck::Ok, form, text("某某")) else {
            continue;
        };
        let made = Evaluation::new(EvaluationFields {
            subject,
            ..evaluation()
        });
        assert_eq!(made.is_err(), near, "{form:?}");
        if near {
            assert_eq!(made, Err(RecordError::EvaluatesPerson), "{form:?}");
        }
    }
    let household = Subject::new(
        household(),
        SubjectCheck::Ok,
        Form::SelfEmployed,
        text("某某"),
    );
    let made = Evaluation::new(EvaluationFields {
        subject: household.unwrap(),
        ..evaluation()
    });
    assert_eq!(made, Err(RecordError::EvaluatesPerson));
}

/// A code of a self-employed household whose check character holds.
fn household() -> SubjectCode {
    let mut last = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars();
    let code = last.find_map(|last| {
        let code = SubjectCode::parse(&format!("92230400MA1B2C3D4{last}")).ok()?;
        (code.check() == concordat_protocol::subject::CodeCheck::Ok).then_some(code)
    });
    code.unwrap()
}

// spec: STM-109
#[test]
fn grade_is_a_word_and_no_number() {
    for grade in ["A", "AAA", "良好", "一级"] {
        let fields = EvaluationFields {
            grade: text(grade),
            ..evaluation()
        };
        assert!(Evaluation::new(fields).is_ok(), "{grade}");
    }
    for grade in ["87", "87.5分", "８７", "A1", "九十五分", "٩٥", "𝟗𝟓", "Ⅷ"] {
        let fields = EvaluationFields {
            grade: text(grade),
            ..evaluation()
        };
        assert_eq!(Evaluation::new(fields), Err(RecordError::Score), "{grade}");
    }
}

// spec: STM-104, STM-110, STM-111
#[test]
fn measure_has_an_end_a_ground_and_a_way_to_contest_it() {
    let of = |change| refused(applied(), AppliedMeasure::new, change);
    assert_eq!(of(|f| f.until = None), RecordError::MeasureWithoutEnd);
    let field = "until";
    let until = of(|f| f.until = Some(day("2099-12-31")));
    assert_eq!(until, RecordError::NoEnd { field });
    let until = of(|f| f.until = Some(day("2026-04-04")));
    assert_eq!(until, RecordError::EndsBeforeItBegins { field });
    let from = of(|f| f.from = day("2026-04-01"));
    assert_eq!(from, RecordError::EndsBefore { field: "from" });
    let lacks = |field| RecordError::Lacks { field };
    assert_eq!(of(|f| f.basis.clear()), lacks("basis"));
    assert_eq!(of(|f| f.service = None), lacks("service"));
    assert_eq!(
        of(|f| f.publication_until = None),
        lacks("publication_until")
    );
    assert_eq!(of(|f| f.remedies.clear()), lacks("remedies"));
    assert_eq!(of(|f| f.clause = None), RecordError::HalfAgreement);
    assert_eq!(of(|f| f.agreement = None), RecordError::HalfAgreement);
    for level in BasisLevel::ALL {
        let mut fields = applied();
        fields.basis[0].level = *level;
        let statute = matches!(
            level,
            BasisLevel::Law | BasisLevel::AdministrativeRegulation | BasisLevel::LocalRegulation
        );
        let made = AppliedMeasure::new(fields.clone()).map(drop);
        let expected = if statute {
            Ok(())
        } else {
            Err(RecordError::MandatoryBasis)
        };
        assert_eq!(made, expected, "{level:?}");
        fields.force = Force::Recommended;
        assert!(AppliedMeasure::new(fields).is_ok(), "{level:?}");
    }
}

/// Travel, schooling, consumption, office: no measure of a record has a word for them.
// spec: STM-40
#[test]
fn measure_against_a_person_cannot_be_written_down() {
    for code in ["travel.limit", "person.exclusion", "office.exclusion"] {
        let measure = concordat_protocol::statement::Measure::new(code);
        assert_eq!(measure, Err(MeasureError::Area), "{code}");
    }
}

// spec: STM-105
#[test]
fn initiation_and_push_name_each_once_and_somebody() {
    let count = |field, max| RecordError::Count { field, max };
    let of = |change| refused(initiation(), Initiation::new, change);
    assert_eq!(of(|f| f.decisions.clear()), count("decisions", 16));
    assert_eq!(of(|f| f.decisions.swap(0, 1)), count("decisions", 16));
    assert_eq!(
        of(|f| f.decisions = (0..17).map(reference).collect()),
        count("decisions", 16)
    );
    assert_eq!(of(|f| f.to.clear()), count("to", 256));
    assert_eq!(of(|f| f.to.swap(0, 1)), count("to", 256));
    assert_eq!(of(|f| f.measures.clear()), count("measures", 64));
    let twice = of(|f| f.measures.push(f.measures[0].clone()));
    assert_eq!(twice, count("measures", 64));
    let of = |change| refused(push(), Push::new, change);
    assert_eq!(of(|f| f.decisions.clear()), count("decisions", 16));
    assert_eq!(of(|f| f.to.push(f.to[0])), count("to", 256));
}

// spec: STM-106
#[test]
fn number_of_a_case_holds_no_character_that_does_not_show() {
    let (field, character) = ("case_number", '\u{200d}');
    let unshown = RecordError::Unshown { field, character };
    let of = refused(commitment(), Commitment::new, |f| {
        f.case_number = Some(text("12\u{200d}号"));
    });
    assert_eq!(of, unshown);
    let of = refused(applied(), AppliedMeasure::new, |f| {
        f.case_number = text("12\u{200d}号");
    });
    assert_eq!(of, unshown);
}

// spec: STM-112
#[test]
fn response_says_what_it_accepts_or_why_it_does_not() {
    let (idle, needs) = (
        |field| RecordError::Idle { field },
        |field| RecordError::Needs { field },
    );
    let of = |answer, change| refused(response(answer), Response::new, change);
    let nothing = of(Answer::Accepted, |f| f.measures.clear());
    assert_eq!(
        nothing,
        RecordError::Count {
            field: "measures",
            max: 64
        }
    );
    for answer in [Answer::NotCompetent, Answer::NoSuchSubject, Answer::NoBasis] {
        assert_eq!(of(answer, |f| f.reasons = None), needs("reasons"));
        assert_eq!(of(answer, |f| f.measures = duties()), idle("measures"));
    }
    assert_eq!(of(Answer::NoBasis, |f| f.article = None), needs("article"));
    for answer in [
        Answer::Accepted,
        Answer::NotCompetent,
        Answer::NoSuchSubject,
    ] {
        let article = of(answer, |f| f.article = Some(penalty().basis.remove(0)));
        assert_eq!(article, idle("article"));
    }
}

// spec: STM-113, STM-114
#[test]
fn feedback_is_of_a_month_that_has_begun_and_reports_something() {
    let of = |change| refused(feedback(), Feedback::new, change);
    let ahead = of(|f| f.month = Month::new(2026, 6).unwrap());
    assert_eq!(ahead, RecordError::MonthAhead);
    let next_year = of(|f| f.month = Month::new(2027, 1).unwrap());
    assert_eq!(next_year, RecordError::MonthAhead);
    let this = FeedbackFields {
        month: Month::new(2026, 5).unwrap(),
        ..feedback()
    };
    assert!(Feedback::new(this).is_ok());
    assert_eq!(of(|f| f.execution = None), RecordError::EmptyFeedback);
    for found in [Verification::NotFound, Verification::WrongSubject] {
        for execution in [
            None,
            Some(Execution::Done),
            Some(Execution::Partly),
            Some(Execution::NotDone),
        ] {
            let with = |reasons: Option<&str>| {
                Feedback::new(FeedbackFields {
                    execution,
                    verification: Some(found),
                    reasons: reasons.map(text),
                    ..feedback()
                })
                .map(drop)
            };
            let applied = matches!(execution, Some(Execution::Done | Execution::Partly));
            let needs = RecordError::Needs { field: "reasons" };
            let (bare, reasoned) = match applied {
                true => (
                    Err(RecordError::AppliedUnverified),
                    Err(RecordError::AppliedUnverified),
                ),
                false => (Err(needs), Ok(())),
            };
            assert_eq!(
                (with(None), with(Some("查无"))),
                (bare, reasoned),
                "{found:?} {execution:?}"
            );
        }
    }
    for execution in [Execution::Partly, Execution::NotDone] {
        let made = Feedback::new(FeedbackFields {
            execution: Some(execution),
            ..feedback()
        });
        assert_eq!(made, Err(RecordError::Needs { field: "reasons" }));
    }
    let verified = FeedbackFields {
        execution: None,
        verification: Some(Verification::Verified),
        ..feedback()
    };
    assert!(Feedback::new(verified).is_ok());
}

// spec: STM-113
#[test]
fn month_is_read_in_one_way() {
    let month = Month::parse("2026-04").unwrap();
    assert_eq!((month.year(), month.month()), (2026, 4));
    assert_eq!(month.to_string(), "2026-04");
    for text in [
        "2026-4",
        "2026-13",
        "2026-00",
        "202604",
        "1899-12",
        "+026-04",
        "2026-+4",
        "2026-04-01",
    ] {
        assert_eq!(Month::parse(text), None, "{text}");
    }
}
