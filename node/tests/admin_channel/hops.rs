//! A penalty of market regulation on its way to the place where the organisation is registered.

use concordat_protocol::admin::{AlarmView, AwaitedView, DeadlineCode, TaskCode};
use concordat_protocol::statement::{
    Code, DeadlineEvent, DeadlineRule, DeadlineRuleFields, DeadlineRules, Execution, Feedback,
    FeedbackFields, Month, Push, PushFields, Record, Term,
};
use concordat_protocol::time::Timestamp;

use super::*;

const ITEM: &str = "penalty.market";

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

/// The member decides in Fujian; the hub is the authority of Jiangxi.
async fn pair() -> Pair {
    let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        let mut item = plan.catalogue.items[0].clone();
        item.code = Code::new(ITEM).unwrap();
        item.classes = vec![Class::Decision, Class::Push, Class::Feedback];
        plan.catalogue.items.push(item);
        plan.catalogue.items.sort_by(|a, b| a.code.cmp(&b.code));
        let places = ["360000", "350100"];
        for (authority, place) in [&mut plan.hub, &mut plan.members[0]]
            .into_iter()
            .zip(places)
        {
            authority.region = RegionCode::parse(place).unwrap();
            for mandate in &mut authority.mandates {
                mandate.classes.extend([Class::Push, Class::Feedback]);
                mandate.classes.sort_unstable();
                mandate.classes.dedup();
            }
        }
    });
    pair.await
}

/// The end of the month for either hop, so that no calendar is asked.
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
            act_types: vec![ActType::Penalty],
        })
        .unwrap()
    };
    let all = vec![
        rule("cn.a", On::MarketPenaltyElsewhereDecided, On::Pushed),
        rule("cn.b", On::Pushed, On::Published),
    ];
    DeadlineRules::new(all).unwrap()
}

async fn say(at: &Running, about: SubjectCode, on: Day, record: Record) -> StatementRef {
    let node = &at.node;
    let payload = Payload {
        issued_at: Timestamp::new(u64::try_from(on.value()).unwrap() * 86_400_000).unwrap(),
        target: None,
        register_size: None,
        batch: None,
        content: Content::Record(Box::new(record)),
        ext: Ext::default(),
    };
    let signed = sign(node.signer(), node.member(), about, node.ctx(), &payload).unwrap();
    let taken = node.submit(LogNumber::Statements, vec![signed]).await;
    taken.unwrap().remove(0)
}

async fn reached(node: &Node, at: &StatementRef) {
    until(node, |node| {
        let store = node.query().unwrap().store();
        store.holds(&at.origin, at.index)
    })
    .await;
}

type Told = (
    TaskCode,
    Option<AuthorityCode>,
    Option<Day>,
    Option<AuthorityCode>,
);

fn told(awaited: &[AwaitedView]) -> Vec<Told> {
    let one = |one: &AwaitedView| {
        assert_eq!(one.state, DeadlineCode::Overdue);
        (one.task, one.owner, one.due, one.escalated_to)
    };
    awaited.iter().map(one).collect()
}

fn alarm(status: &StatusView, name: &str) -> Option<(String, String)> {
    let mut alarms = status.alarms.iter();
    let found: &AlarmView = alarms.find(|alarm| alarm.name.as_str() == name)?;
    Some((
        found.details[0].value.clone(),
        found.details[1].value.clone(),
    ))
}

// spec: ADM-415, ADM-416, DL-61, DL-62, DL-63, IDX-106
#[tokio::test(flavor = "multi_thread")]
async fn penalty_is_pushed_to_the_place_of_registration_and_published_there_each_in_its_time() {
    let mut pair = pair().await;
    pair.import().await;
    pair.enter(Content::DeadlineRules(Box::new(rules()))).await;
    let mut hub = Client::open(&pair.hub).await;
    let mut member = Client::open(&pair.member).await;
    let view = member.statement(position(&pair.first())).await;
    let mut fields = view.decision.unwrap().fields().clone();
    let place = RegionCode::parse("360102").unwrap();
    let code = SubjectCode::compose("91", place, "MA00007L").unwrap();
    fields.subject = Subject::new(
        code,
        SubjectCheck::Ok,
        Form::Enterprise,
        text("某某食品公司"),
    )
    .unwrap();
    fields.item = Code::new(ITEM).unwrap();
    fields.document_number = text("闽市监罚〔2024〕1号");
    let decided_on = fields.decided_on;
    let decision = pair.decide(fields.clone()).await;
    reached(&pair.hub.node, &decision).await;
    let (issuer, there) = (pair.member.node.member(), pair.hub.node.member());
    let end_of = |on: Day| {
        let month = Month::of(on).unwrap();
        let next = month
            .up_to(Month::parse("2099-12").unwrap())
            .nth(1)
            .unwrap();
        next.first_day().unwrap().plus_days(-1).unwrap()
    };
    let push_due = end_of(decided_on);
    let push = [(
        TaskCode::PushToRegistrationPlace,
        Some(issuer),
        Some(push_due),
        None,
    )];
    assert_eq!(
        told(&member.statement(position(&decision)).await.awaited),
        push
    );
    let page = hub.subject(code).await;
    assert_eq!(told(&page.decisions[0].awaited), push);
    let since = |day: Day| Some(("1".to_owned(), day.to_string()));
    assert_eq!(
        alarm(&member.status().await, "pushes-overdue"),
        since(push_due)
    );
    assert_eq!(alarm(&hub.status().await, "notices-overdue"), None);

    // The push hands the turn over, with who decided to follow it up.
    let pushed_on = decided_on.plus_days(40).unwrap();
    let record = Push::new(PushFields {
        subject: fields.subject.clone(),
        item: fields.item.clone(),
        day: pushed_on,
        decisions: vec![decision.clone()],
        to: vec![there],
        from_above: None,
        reasons: text("市场监督管理行政处罚信息公示规定第十条"),
    });
    let pushed = say(&pair.member, code, pushed_on, Record::Push(record.unwrap())).await;
    reached(&pair.hub.node, &pushed).await;
    let publish_due = end_of(pushed_on);
    let publish = [(
        TaskCode::PublishAtRegistrationPlace,
        Some(there),
        Some(publish_due),
        Some(issuer),
    )];
    assert_eq!(
        told(&hub.statement(position(&decision)).await.awaited),
        publish
    );
    let status = member.status().await;
    assert_eq!(alarm(&status, "pushes-overdue"), None);
    assert_eq!(
        alarm(&status, "notices-overdue-elsewhere"),
        since(publish_due)
    );
    assert_eq!(
        alarm(&hub.status().await, "notices-overdue"),
        since(publish_due)
    );

    // Whoever is told says that it is published, and nobody waits any more.
    let done_on = pushed_on.plus_days(1).unwrap();
    let record = Feedback::new(FeedbackFields {
        subject: fields.subject.clone(),
        item: fields.item.clone(),
        day: done_on,
        answers: pushed.clone(),
        month: Month::of(done_on).unwrap(),
        execution: Some(Execution::Done),
        verification: None,
        reasons: None,
    });
    let done = say(&pair.hub, code, done_on, Record::Feedback(record.unwrap())).await;
    reached(&pair.member.node, &done).await;
    assert_eq!(
        told(&member.statement(position(&decision)).await.awaited),
        []
    );
    assert_eq!(alarm(&hub.status().await, "notices-overdue"), None);

    // A push that was taken back hands over nothing.
    let withdrawal = Request::Withdrawal(WithdrawalAsk {
        target: position(&pushed),
        reason: WithdrawalReason::OtherError,
        reasons: text("误推"),
        issuer: None,
        dry_run: false,
        exit: None,
    });
    member.act(&withdrawal).await;
    assert_eq!(
        told(&member.statement(position(&decision)).await.awaited),
        push
    );
    // Nor is anything awaited of a decision that was withdrawn.
    let withdrawal = Request::Withdrawal(WithdrawalAsk {
        target: position(&decision),
        reason: WithdrawalReason::DecisionRevoked,
        reasons: text("复议撤销"),
        issuer: None,
        dry_run: false,
        exit: None,
    });
    member.act(&withdrawal).await;
    assert_eq!(
        told(&member.statement(position(&decision)).await.awaited),
        []
    );
    assert_eq!(alarm(&member.status().await, "pushes-overdue"), None);
    pair.stop().await;
}

/// A correction that makes a decision such a penalty is followed from then on, and one that makes it none ends it.
// spec: DL-72, IDX-121
#[tokio::test(flavor = "multi_thread")]
async fn decision_that_a_correction_makes_such_a_penalty_is_awaited_and_told_of() {
    let mut pair = pair().await;
    pair.import().await;
    pair.enter(Content::DeadlineRules(Box::new(rules()))).await;
    let mut member = Client::open(&pair.member).await;
    let view = member.statement(position(&pair.first())).await;
    let mut fields = view.decision.unwrap().fields().clone();
    let place = RegionCode::parse("360102").unwrap();
    let code = SubjectCode::compose("91", place, "MA00007L").unwrap();
    fields.subject =
        Subject::new(code, SubjectCheck::Ok, Form::Enterprise, text("某公司")).unwrap();
    fields.document_number = text("闽市监罚〔2024〕2号");
    let was = fields.item.clone();
    let decision = pair.decide(fields.clone()).await;
    assert_eq!(alarm(&member.status().await, "pushes-overdue"), None);
    let correct = |item: Code, worked_from: Option<StatementRef>| {
        Request::Correction(CorrectionAsk {
            target: position(&decision),
            reasons: text("事项有误。"),
            replacement: Box::new(DecisionFields {
                item,
                ..fields.clone()
            }),
            worked_from,
            issuer: None,
            dry_run: false,
            bulk: None,
        })
    };
    let made = correct(Code::new(ITEM).unwrap(), None);
    let first = member.act(&made).await.reference.unwrap();
    // It stands once a quorum has cosigned it.
    let witnessed = |at: &StatementRef| {
        let at = at.clone();
        move |node: &Node| {
            let seen = node.shared().witnessed();
            let seen = seen.get(&at.origin);
            seen.is_some_and(|seen| seen.size.contains(at.index))
        }
    };
    until(&pair.member.node, witnessed(&first)).await;
    let awaited = member.statement(position(&decision)).await.awaited;
    assert_eq!(awaited[0].task, TaskCode::PushToRegistrationPlace);
    let told = alarm(&member.status().await, "pushes-overdue").unwrap();
    assert_eq!(told.0, "1");
    let unmade = correct(was, Some(first));
    let second = member.act(&unmade).await.reference.unwrap();
    until(&pair.member.node, witnessed(&second)).await;
    assert_eq!(alarm(&member.status().await, "pushes-overdue"), None);
    drop(member);
    pair.stop().await;
}
