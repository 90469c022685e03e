//! What is awaited about a decision that is objected to, and what is overdue.

use concordat_protocol::admin::{AlarmView, DeadlineCode, StatisticsAsk, StatisticsView, TaskCode};
use concordat_protocol::statement::{
    Calendar, CalendarFields, Code, DeadlineEvent, DeadlineRule, DeadlineRuleFields, DeadlineRules,
    Term,
};

use super::*;

impl Pair {
    /// Enters something in the registry, and waits until the member has adopted it.
    pub(super) async fn enter(&mut self, content: Content) {
        self.network.append(content).unwrap();
        self.enter_last().await;
    }

    /// Logs the last change of the network's plan.
    pub(super) async fn enter_last(&mut self) {
        let change = self.network.changes.last().unwrap();
        let node = &self.hub.node;
        let signed = change.sign(node.genesis(), node.signer(), node.ctx());
        let submitted = node.submit(LogNumber::Registry, vec![signed.unwrap()]);
        submitted.await.unwrap();
        let size = self.network.registry.size();
        until(&self.member.node, |node| node.ctx().size == size).await;
    }
}

impl Client {
    async fn statistics(&mut self, period: &str) -> StatisticsView {
        let period = period.to_owned();
        let ask = Request::Statistics(StatisticsAsk {
            period,
            listed: None,
        });
        match self.ask(&ask).await.unwrap() {
            Reply::Statistics(view) => *view,
            other => panic!("{other:?}"),
        }
    }
}

fn days_from_today(days: i32) -> Day {
    clock::today().plus_days(days).unwrap()
}

/// Three working days for what needs the provider, everywhere.
fn rules() -> DeadlineRules {
    let fields = DeadlineRuleFields {
        id: Code::new("cn.rule").unwrap(),
        region: RegionCode::COUNTRY,
        event_from: DeadlineEvent::ObjectionNeedsProvider,
        event_to: DeadlineEvent::Ruled,
        term: Term::WorkingDays(3.try_into().unwrap()),
        source: Text::new("a regulation").unwrap(),
        valid_from: Day::MIN,
        valid_until: None,
        act_types: Vec::new(),
    };
    DeadlineRules::new(vec![DeadlineRule::new(fields).unwrap()]).unwrap()
}

fn calendar() -> Calendar {
    let fields = CalendarFields {
        region: RegionCode::COUNTRY,
        covers_from: days_from_today(-60),
        covers_until: days_from_today(60),
        holidays: Vec::new(),
        workdays: Vec::new(),
        source: Text::new("a notice").unwrap(),
    };
    Calendar::new(fields).unwrap()
}

fn overdue<'a>(status: &'a StatusView, name: &str) -> Option<&'a AlarmView> {
    let mut alarms = status.alarms.iter();
    alarms.find(|alarm| alarm.name.as_str() == name)
}

/// Nobody could see on which decision a ruling was overdue, nor from whom it was awaited.
// spec: ADM-290, ADM-291
#[tokio::test(flavor = "multi_thread")]
async fn overdue_ruling_is_shown_with_whose_turn_it_is() {
    let mut pair = Pair::start().await;
    pair.import().await;
    let first = pair.first();
    let target = position(&first);
    let mut hub = Client::open(&pair.hub).await;
    hub.act(&received(&target, days_from_today(-20))).await;
    let node = &pair.member.node;
    let suspended = |node: &Node| {
        let effect = node.effect_of(&first, clock::today());
        effect.is_ok_and(|effect| !effect.suspended_by.is_empty())
    };
    until(node, suspended).await;
    let mut member = Client::open(&pair.member).await;
    let one = |view: StatementView| {
        assert_eq!(view.awaited.len(), 1);
        view.awaited.into_iter().next().unwrap()
    };
    let awaited = one(member.statement(target.clone()).await);
    assert_eq!(awaited.state, DeadlineCode::NoRule);
    assert_eq!(awaited.since, Some(days_from_today(-20)));
    pair.enter(Content::DeadlineRules(Box::new(rules()))).await;
    let awaited = one(member.statement(target.clone()).await);
    assert_eq!(awaited.state, DeadlineCode::UnknownUntilCalendar);
    assert_eq!(awaited.due, Some(days_from_today(-17)));
    assert_eq!(overdue(&member.status().await, "rulings-overdue"), None);

    pair.enter(Content::Calendar(Box::new(calendar()))).await;
    let awaited = one(member.statement(target.clone()).await);
    assert_eq!(awaited.task, TaskCode::Rule);
    assert_eq!(awaited.owner, Some(pair.member.node.member()));
    assert_eq!(awaited.state, DeadlineCode::Overdue);
    assert!(awaited.days.is_some_and(|days| days >= 9), "{awaited:?}");
    let status = member.status().await;
    let alarm = overdue(&status, "rulings-overdue").unwrap();
    assert_eq!(alarm.details[0].value, "1");
    assert_eq!(alarm.details[1].value, awaited.due.unwrap().to_string());
    assert_eq!(overdue(&status, "rulings-overdue-elsewhere"), None);
    // The hub supervises.
    let status = hub.status().await;
    assert_eq!(overdue(&status, "rulings-overdue"), None);
    assert!(overdue(&status, "rulings-overdue-elsewhere").is_some());

    // spec: ADM-300, STA-4
    let received_in = days_from_today(-20).ymd().0.to_string();
    let figures = hub.statistics(&received_in).await.total;
    assert_eq!((figures.objections, figures.overdue), (1, 1));
    let rejected = RulingAsk {
        target: target.clone(),
        outcome: Outcome::Rejected,
        closes: Vec::new(),
        reasons: Text::new("经核实，事实无误。").unwrap(),
        issuer: None,
        dry_run: false,
    };
    member.act(&Request::Ruling(rejected)).await;
    until(&pair.member.node, |node| !suspended(node)).await;
    // spec: ADM-300, STA-2, STA-3, STA-4, STA-5
    let figures = hub.statistics(&received_in).await;
    assert_eq!((figures.total.closed_late, figures.total.overdue), (1, 0));
    assert_eq!(figures.cut, None);
    let this_year = clock::today().ymd().0.to_string();
    let ruled = hub.statistics(&this_year).await;
    let of = |view: &StatisticsView| {
        let mut all = view.authorities.clone().into_iter();
        all.find(|one| one.authority == Some(pair.member.node.member()))
    };
    assert_eq!(of(&ruled).unwrap().acts[0].class, Class::Ruling);
    let decision = member.statement(target.clone()).await.decision.unwrap();
    let decided_in = decision.fields().decided_on.ymd().0.to_string();
    let decided = of(&hub.statistics(&decided_in).await).unwrap();
    let penalties = &decided.decisions[0];
    assert_eq!(penalties.act_type, ActType::Penalty);
    assert!((1..=5).contains(&penalties.count), "{decided:?}");
    let wrong = Request::Statistics(StatisticsAsk {
        period: "2026-13".to_owned(),
        listed: None,
    });
    assert_eq!(hub.refused(&wrong).await, ErrorCode::BadRequest);
    assert_eq!(member.statement(target).await.awaited, []);
    assert_eq!(overdue(&member.status().await, "rulings-overdue"), None);
    drop((member, hub));
    pair.stop().await;
}
