//! What is awaited of those whom an initiation or a push asks, and what others say that does not hold.

use concordat_protocol::admin::{
    AlarmView, AwaitedView, DeadlineCode, NoteCode, RecordAsk, RecordFaultCode, RecordSaid,
    TaskCode,
};
use concordat_protocol::statement::{
    Answer, AppliedMeasure, AppliedMeasureFields, BasisLevel, Class, Code, DeadlineEvent,
    DeadlineRule, DeadlineRuleFields, DeadlineRules, Duty, Execution, Feedback, FeedbackFields,
    Force, Initiation, InitiationFields, LegalBasis, Measure, MeasureCatalogue, MeasureItem, Month,
    Record, Remedy, RemedyKind, Response, ResponseFields, Service, ServiceWay, Term,
};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::LogNumber;

use super::*;

const ITEM: &str = "credit.record";

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

fn day(text: &str) -> Day {
    Day::parse_loose(text).unwrap()
}

fn duty(measure: &str, until: &str) -> Duty {
    Duty {
        measure: Measure::new(measure).unwrap(),
        until: day(until),
        content: None,
    }
}

fn about() -> Subject {
    let code = SubjectCode::with_check("91110108551385082").unwrap();
    Subject::new(code, SubjectCheck::Ok, Form::Enterprise, text("某某公司")).unwrap()
}

fn records() -> impl Iterator<Item = Class> {
    let all = Class::ALL.iter().copied();
    all.filter(|class| class.is_record() && *class != Class::Interview)
}

/// An item for every class of record, with two measures.
async fn start() -> Pair {
    let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        let mut item = plan.catalogue.items[0].clone();
        item.code = Code::new(ITEM).unwrap();
        item.act_types = Vec::new();
        item.classes = records().collect();
        item.measures = ["loan.limit", "tender.exclusion"]
            .map(|code| Measure::new(code).unwrap())
            .to_vec();
        plan.catalogue.items.push(item);
        plan.catalogue.items.sort_by(|a, b| a.code.cmp(&b.code));
        for authority in [&mut plan.hub, &mut plan.members[0]] {
            for mandate in &mut authority.mandates {
                mandate.classes.extend(records());
                mandate.classes.sort_unstable();
            }
        }
    });
    pair.await
}

/// Signs and logs a record as it is, on the day that it gives, whatever the channel would say to it.
async fn say(at: &Running, record: Record) -> StatementRef {
    let node = &at.node;
    let payload = Payload {
        issued_at: Timestamp::new(u64::try_from(record.day().value()).unwrap() * 86_400_000)
            .unwrap(),
        target: None,
        register_size: None,
        batch: None,
        content: Content::Record(Box::new(record)),
        ext: Ext::default(),
    };
    let about = about().code();
    let signed = sign(node.signer(), node.member(), about, node.ctx(), &payload).unwrap();
    let taken = node.submit(LogNumber::Statements, vec![signed]).await;
    taken.unwrap().remove(0)
}

fn asks(pair: &Pair, decision: &StatementRef, on: &str) -> Record {
    let stranger = SubjectCode::with_check("11310000MB9999999").unwrap();
    let stranger = AuthorityCode::new(stranger).unwrap();
    let mut to = vec![pair.member.node.member(), stranger];
    to.sort();
    let fields = InitiationFields {
        subject: about(),
        item: Code::new(ITEM).unwrap(),
        day: day(on),
        decisions: vec![decision.clone()],
        to,
        measures: vec![duty("tender.exclusion", "2030-06-30")],
        reasons: text("情节严重"),
    };
    Record::Initiation(Initiation::new(fields).unwrap())
}

fn accepts(asking: &StatementRef, measure: Duty) -> Record {
    let fields = ResponseFields {
        subject: about(),
        item: Code::new(ITEM).unwrap(),
        day: day("2024-06-03"),
        answers: asking.clone(),
        answer: Answer::Accepted,
        measures: vec![measure],
        article: None,
        reasons: None,
    };
    Record::Response(Response::new(fields).unwrap())
}

fn reports(asking: &StatementRef, execution: Execution) -> Record {
    let fields = FeedbackFields {
        subject: about(),
        item: Code::new(ITEM).unwrap(),
        day: day("2024-07-03"),
        answers: asking.clone(),
        month: Month::parse("2024-06").unwrap(),
        execution: Some(execution),
        verification: None,
        reasons: Some(text("说明")),
    };
    Record::Feedback(Feedback::new(fields).unwrap())
}

/// Responses and feedback by the end of the month.
fn rules() -> DeadlineRules {
    use DeadlineEvent as On;
    let rule = |id: &str, event_from, event_to| {
        DeadlineRule::new(DeadlineRuleFields {
            id: Code::new(id).unwrap(),
            region: RegionCode::COUNTRY,
            event_from,
            event_to,
            term: Term::MonthEnd,
            source: text("a regulation"),
            valid_from: Day::MIN,
            valid_until: None,
            act_types: Vec::new(),
        })
        .unwrap()
    };
    let all = vec![
        rule("cn.respond", On::Asked, On::Responded),
        rule("cn.z-feed-back", On::MeasuresApplied, On::MeasuresFedBack),
    ];
    DeadlineRules::new(all).unwrap()
}

fn alarm(status: &StatusView, name: &str) -> Option<(String, String)> {
    let mut alarms = status.alarms.iter();
    let found: &AlarmView = alarms.find(|alarm| alarm.name.as_str() == name)?;
    Some((
        found.details[0].value.clone(),
        found.details[1].value.clone(),
    ))
}

fn of(view: &StatementView) -> Vec<(TaskCode, DeadlineCode, Option<u64>)> {
    let record = view.record.as_ref().unwrap();
    let one = |one: &AwaitedView| (one.task, one.state, one.months);
    record.awaited.iter().map(one).collect()
}

/// Nobody was told that it had not answered, nor who had not.
// spec: ADM-350, ADM-351, ADM-352, ADM-365, DL-40, DL-41, DL-42, DL-43
#[tokio::test(flavor = "multi_thread")]
async fn what_those_asked_owe_is_shown_and_an_alarm_at_both_ends_once_it_is_overdue() {
    let mut pair = start().await;
    pair.import().await;
    let decision = pair.first();
    let asking = say(&pair.hub, asks(&pair, &decision, "2024-05-06")).await;
    let place = position(&asking);
    let holds = |node: &Node, at: &StatementRef| {
        let query = node.query().unwrap();
        query.store().holds(&at.origin, at.index)
    };
    until(&pair.member.node, |node| holds(node, &asking)).await;
    let mut hub = Client::open(&pair.hub).await;
    let mut member = Client::open(&pair.member).await;
    let shown = hub.statement(place.clone()).await;
    assert_eq!(
        of(&shown),
        [(TaskCode::Respond, DeadlineCode::NoRule, None)]
    );
    assert_eq!(shown.record.unwrap().no_members.len(), 1);
    assert_eq!(alarm(&member.status().await, "responses-overdue"), None);
    pair.enter(Content::DeadlineRules(Box::new(rules()))).await;
    let shown = member.statement(place.clone()).await;
    let overdue = |task, months| (task, DeadlineCode::Overdue, months);
    assert_eq!(of(&shown), [overdue(TaskCode::Respond, None)]);
    let owed = &shown.record.unwrap().awaited[0];
    assert_eq!(owed.due, Some(day("2024-05-31")));
    assert_eq!(owed.owner, Some(pair.member.node.member()));
    assert_eq!(owed.escalated_to, Some(pair.hub.node.member()));
    let since = |day: &str| Some(("1".to_owned(), day.to_owned()));
    let status = member.status().await;
    assert_eq!(alarm(&status, "responses-overdue"), since("2024-05-31"));
    assert_eq!(alarm(&status, "responses-overdue-elsewhere"), None);
    let status = hub.status().await;
    let elsewhere = alarm(&status, "responses-overdue-elsewhere");
    assert_eq!(elsewhere, since("2024-05-31"));
    assert_eq!(alarm(&status, "responses-overdue"), None);

    // It accepts what was asked, then something else; and says two things of one month.
    let asked = duty("tender.exclusion", "2030-06-30");
    let first = say(&pair.member, accepts(&asking, asked.clone())).await;
    let second = say(
        &pair.member,
        accepts(&asking, duty("loan.limit", "2030-06-30")),
    )
    .await;
    let done = say(&pair.member, reports(&asking, Execution::Done)).await;
    let not_done = say(&pair.member, reports(&asking, Execution::NotDone)).await;
    until(&pair.hub.node, |node| holds(node, &not_done)).await;
    let shown = hub.statement(place.clone()).await.record.unwrap();
    let notes: Vec<_> = shown
        .answers
        .iter()
        .map(|answer| (answer.reference.clone(), answer.note))
        .collect();
    assert_eq!(
        notes,
        [
            (first, None),
            (second, Some(NoteCode::LaterResponse)),
            (done, Some(NoteCode::Contradicts)),
            (not_done.clone(), Some(NoteCode::Contradicts)),
        ]
    );
    let owed = &shown.awaited[0];
    assert_eq!(
        (owed.task, owed.month),
        (TaskCode::FeedBack, Month::parse("2024-06"))
    );
    assert!(owed.months.is_some_and(|months| months > 12), "{owed:?}");
    let status = member.status().await;
    assert_eq!(alarm(&status, "responses-overdue"), None);
    assert_eq!(alarm(&status, "feedback-overdue"), since("2024-06-30"));
    let status = hub.status().await;
    let elsewhere = alarm(&status, "feedback-overdue-elsewhere");
    assert_eq!(elsewhere, since("2024-06-30"));
    // An answer of before it was asked for is not made here.
    let early = |on: &str, month: &str| {
        let said = RecordSaid {
            month: Month::parse(month),
            execution: Some(Execution::Partly),
            reasons: Some(text("说明")),
            ..RecordSaid::default()
        };
        Request::Record(Box::new(RecordAsk {
            class: Class::Feedback,
            subject: Some(about()),
            item: Some(Code::new(ITEM).unwrap()),
            day: Some(day(on)),
            refers_to: vec![place.clone()],
            agreement: None,
            said: Box::new(said),
            issuer: None,
            dry_run: true,
        }))
    };
    for ask in [
        early("2024-05-05", "2024-05"),
        early("2024-07-03", "2024-04"),
    ] {
        assert_eq!(member.refused(&ask).await, ErrorCode::DayBefore);
    }
    // Once one of the two words is taken back, all is done.
    let withdrawn = WithdrawalAsk {
        target: position(&not_done),
        reason: WithdrawalReason::OtherError,
        reasons: text("误报"),
        issuer: None,
        dry_run: false,
        exit: None,
    };
    member.act(&Request::Withdrawal(withdrawn)).await;
    assert_eq!(of(&member.statement(place.clone()).await), []);
    assert_eq!(alarm(&member.status().await, "feedback-overdue"), None);
    drop((member, hub));
    pair.stop().await;
}

fn measure(decision: &StatementRef, agreement: Option<&StatementRef>) -> AppliedMeasureFields {
    let law = LegalBasis {
        law: text("招标投标法"),
        article: text("第五十三条"),
        level: BasisLevel::Law,
    };
    AppliedMeasureFields {
        subject: about(),
        item: Code::new(ITEM).unwrap(),
        day: day("2024-06-03"),
        decision: decision.clone(),
        measure: Measure::new("tender.exclusion").unwrap(),
        from: day("2024-06-03"),
        until: Some(day("2026-06-30")),
        force: Force::Mandatory,
        basis: vec![law],
        agreement: agreement.cloned(),
        clause: agreement.map(|_| text("第九条")),
        case_number: text("1号"),
        service: Some(Service {
            on: day("2024-06-04"),
            way: ServiceWay::Direct,
        }),
        publication_until: Some(day("2026-06-30")),
        remedies: vec![Remedy {
            kind: RemedyKind::Litigation,
            body: text("某法院"),
            within_days: 180,
        }],
    }
}

/// The same measure, asked for over the channel.
fn ask_for(fields: &AppliedMeasureFields) -> Request {
    let said = RecordSaid {
        measure: Some(fields.measure.clone()),
        from: Some(fields.from),
        until: fields.until,
        force: Some(fields.force),
        basis: fields.basis.clone(),
        case_number: Some(fields.case_number.clone()),
        service: fields.service.clone(),
        publication_until: fields.publication_until,
        remedies: fields.remedies.clone(),
        clause: fields.clause.clone(),
        ..RecordSaid::default()
    };
    Request::Record(Box::new(RecordAsk {
        class: Class::Measure,
        subject: Some(fields.subject.clone()),
        item: Some(fields.item.clone()),
        day: Some(fields.day),
        refers_to: vec![position(&fields.decision)],
        agreement: fields.agreement.as_ref().map(position),
        said: Box::new(said),
        issuer: None,
        dry_run: true,
    }))
}

/// A measure could name any statement as its agreement, and be called mandatory.
// spec: ADM-353, ADM-354
#[tokio::test(flavor = "multi_thread")]
async fn measure_that_says_what_is_not_so_is_refused_here_and_marked_from_elsewhere() {
    let mut pair = start().await;
    pair.import().await;
    // What the measure rests on is not held: nobody can say what it is about.
    let mut decision = pair.first();
    decision.index = LeafIndex::new(1_000);
    let recommended = MeasureItem {
        measure: Measure::new("tender.exclusion").unwrap(),
        title: text("限制投标"),
        force: Force::Recommended,
        basis: measure(&decision, None).basis,
        valid_from: Day::MIN,
        valid_until: None,
        levels: Vec::new(),
        revoked: None,
    };
    let catalogue = MeasureCatalogue::new(vec![recommended]).unwrap();
    pair.enter(Content::MeasureCatalogue(Box::new(catalogue)))
        .await;
    let other = pair.first();
    let fields = measure(&decision, Some(&other));
    let record = Record::Measure(AppliedMeasure::new(fields.clone()).unwrap());
    let said = say(&pair.member, record).await;
    let mut member = Client::open(&pair.member).await;
    let shown = member.statement(position(&said)).await.record.unwrap();
    assert_eq!(
        shown.faults,
        [
            RecordFaultCode::NoAgreement,
            RecordFaultCode::OnlyRecommended
        ]
    );
    let mut own = measure(&other, None);
    own.subject = member
        .statement(position(&other))
        .await
        .decision
        .unwrap()
        .fields()
        .subject
        .clone();
    let refused = member.refused(&ask_for(&own)).await;
    assert_eq!(refused, ErrorCode::OnlyRecommended);
    let mut named = measure(&other, Some(&other));
    named.subject = own.subject.clone();
    named.force = Force::Recommended;
    assert_eq!(
        member.refused(&ask_for(&named)).await,
        ErrorCode::WrongClass
    );
    drop(member);
    pair.stop().await;
}
