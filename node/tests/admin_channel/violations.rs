//! What authorities answer for, counted and listed; and the ledger of a node's own statements.

use concordat_protocol::admin::{
    BindsOthersCode, LedgerAsk, LedgerView, RepairAsk, StatisticsAsk, StatisticsView, ViolationCode,
};
use concordat_protocol::statement::{
    BasisLevel, Code, DeadlineEvent, DeadlineRule, DeadlineRuleFields, DeadlineRules, LegalBasis,
    ListScope, Listing, RepairEffect, Service, ServiceWay, Term,
};

use super::*;

pub(crate) const WATCH: &str = "list.watch";

pub(crate) fn law() -> LegalBasis {
    LegalBasis {
        law: Text::new("某法").unwrap(),
        article: Text::new("第一条").unwrap(),
        level: BasisLevel::Law,
    }
}

/// An item for watch lists, and mandates for them.
async fn start() -> Pair {
    let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        let mut item = plan.catalogue.items[0].clone();
        item.code = Code::new(WATCH).unwrap();
        item.act_types = vec![ActType::WatchList];
        item.list_scope = Some(ListScope::National);
        item.basis = vec![law()];
        plan.catalogue.items.push(item);
        plan.catalogue.items.sort_by(|a, b| a.code.cmp(&b.code));
        for mandate in &mut plan.members[0].mandates {
            mandate.classes.extend([Class::ListEntry, Class::Repair]);
            mandate.classes.sort_unstable();
            mandate.classes.dedup();
        }
    });
    pair.await
}

/// An answer to an application for repair is due by the end of the month.
fn rules() -> DeadlineRules {
    let rule = DeadlineRule::new(DeadlineRuleFields {
        id: Code::new("cn.repair").unwrap(),
        region: RegionCode::COUNTRY,
        event_from: DeadlineEvent::RepairApplied,
        event_to: DeadlineEvent::RepairAnswered,
        term: Term::MonthEnd,
        source: Text::new("a regulation").unwrap(),
        valid_from: Day::MIN,
        valid_until: None,
        act_types: Vec::new(),
    });
    DeadlineRules::new(vec![rule.unwrap()]).unwrap()
}

impl Client {
    async fn counted(&mut self, listed: ViolationCode) -> StatisticsView {
        let ask = StatisticsAsk {
            period: clock::today().ymd().0.to_string(),
            listed: Some(listed),
        };
        match self.ask(&Request::Statistics(ask)).await.unwrap() {
            Reply::Statistics(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    async fn ledger(&mut self, ask: LedgerAsk) -> LedgerView {
        match self.ask(&Request::Ledger(ask)).await.unwrap() {
            Reply::Ledger(view) => *view,
            other => panic!("{other:?}"),
        }
    }
}

fn repair(target: &StatementRef, applied_on: Day) -> Request {
    Request::Repair(RepairAsk {
        target: position(target),
        effects: vec![RepairEffect::StopSharing],
        decided_on: None,
        applied_on: Some(applied_on),
        reasons: Text::new("已履行义务").unwrap(),
        issuer: None,
        dry_run: false,
    })
}

fn withdrawal(target: &StatementRef, reason: WithdrawalReason) -> Request {
    Request::Withdrawal(WithdrawalAsk {
        target: position(target),
        reason,
        reasons: Text::new("认定有误").unwrap(),
        issuer: None,
        dry_run: false,
        exit: None,
    })
}

pub(crate) fn entry(like: &DecisionFields, number: &str) -> DecisionFields {
    let told = like.decided_on.plus_days(-3).unwrap();
    DecisionFields {
        document_number: Text::new(number).unwrap(),
        act_type: ActType::WatchList,
        item: Code::new(WATCH).unwrap(),
        basis: vec![law()],
        facts: Some(Text::new("拖欠工资").unwrap()),
        fine_fen: None,
        confiscation_fen: None,
        penalty_classes: Vec::new(),
        duties: Vec::new(),
        synthetic: Vec::new(),
        valid_until: like.publication_until,
        listing: Some(Listing {
            pre_notice: Some(Service {
                on: told,
                way: ServiceWay::Direct,
            }),
            exit_conditions: Text::new("已履行").unwrap(),
            exit_procedure: Text::new("申请").unwrap(),
            group: None,
            quarter: None,
        }),
        ..like.clone()
    }
}

fn of(view: &StatisticsView, kind: ViolationCode) -> u64 {
    let mut all = view.total.violations.iter();
    all.find(|one| one.violation == kind)
        .map_or(0, |one| one.count)
}

/// Whoever answered too late, or listed wrongly, was in no count.
// spec: STA-8, STA-10, STA-11, STA-12
#[tokio::test(flavor = "multi_thread")]
async fn late_repair_and_wrong_listing_are_counted_and_listed() {
    let mut pair = start().await;
    pair.import().await;
    let first = pair.first();
    let mut member = Client::open(&pair.member).await;
    let decision = member.statement(position(&first)).await.decision.unwrap();
    let late = ViolationCode::LateRepair;
    // No rule: nobody can tell.
    let applied = Day::parse_loose("2024-03-05").unwrap();
    let made = member.act(&repair(&first, applied)).await;
    assert_eq!(of(&member.counted(late).await, late), 0);
    pair.enter(Content::DeadlineRules(Box::new(rules()))).await;
    let view = member.counted(late).await;
    assert_eq!(of(&view, late), 1);
    let listed = &view.listed[0];
    assert_eq!(Some(&listed.reference), made.reference.as_ref());
    assert_eq!(listed.authority, pair.member.node.member());
    assert_eq!((view.listed.len(), view.listed_left), (1, None));
    // One that was applied for today is in time.
    let second = member.first_after(&first).await;
    member.act(&repair(&second, clock::today())).await;
    assert_eq!(of(&member.counted(late).await, late), 1);

    let wrong = ViolationCode::WrongListing;
    let one = pair.decide(entry(decision.fields(), "列字1号")).await;
    let twice = pair.decide(entry(decision.fields(), "列字2号")).await;
    member
        .act(&withdrawal(&first, WithdrawalReason::OtherError))
        .await;
    member
        .act(&withdrawal(&twice, WithdrawalReason::Duplicate))
        .await;
    assert_eq!(of(&member.counted(wrong).await, wrong), 0);
    member
        .act(&withdrawal(&one, WithdrawalReason::WrongSubject))
        .await;
    let view = member.counted(wrong).await;
    assert_eq!(of(&view, wrong), 1);
    assert_eq!(view.listed[0].reference, one);
    // spec: STA-7
    let of_item = |code: &str| {
        let mut items = view.coverage.iter();
        items.find(|item| item.item.as_str() == code).unwrap().count
    };
    let in_period = decision.fields().decided_on.ymd().0 == clock::today().ymd().0;
    assert_eq!(of_item(WATCH), if in_period { 2 } else { 0 });
    drop(member);
    pair.stop().await;
}

impl Client {
    /// The decision behind one in its log.
    async fn first_after(&mut self, at: &StatementRef) -> StatementRef {
        let mut next = at.clone();
        next.index = LeafIndex::new(at.index.value() + 1);
        self.statement(position(&next)).await.reference
    }
}

// spec: ADM-360, ADM-361
#[tokio::test(flavor = "multi_thread")]
async fn ledger_has_a_line_for_each_statement_of_the_span_and_what_became_of_it() {
    let pair = Pair::start().await;
    pair.import().await;
    let first = pair.first();
    let mut member = Client::open(&pair.member).await;
    let objected = received(&position(&first), clock::today());
    member.act(&objected).await;
    let ask = |from: &str, until: &str| LedgerAsk {
        from: Day::parse_loose(from).unwrap(),
        until: Day::parse_loose(until).unwrap(),
        next: None,
        size: None,
    };
    let all = member.ledger(ask("1990-01-01", "2199-12-31")).await;
    let mut logs = member.status().await.logs.into_iter();
    let log = logs.find(|log| log.origin == first.origin).unwrap();
    assert_eq!((all.size, all.root), (log.size, Some(log.root)));
    assert_eq!((all.rows.len(), all.next), (6, None));
    let row = &all.rows[0];
    assert_eq!(row.reference, first);
    assert_eq!((row.objections, row.open, row.rulings), (1, 1, 0));
    assert_eq!(row.state, Some(BindsOthersCode::Suspended));
    assert_eq!(all.rows[1].objections, 0);
    let act = &all.rows[5];
    assert_eq!(act.class, Class::Objection);
    assert_eq!(act.target.as_ref(), Some(&first));
    // Nothing but the act is of the day.
    let today = clock::today().to_string();
    let of_today = member.ledger(ask(&today, &today)).await;
    assert_eq!(of_today.rows.len(), 1);
    assert_eq!(
        member.ledger(ask("1990-01-01", "1990-01-02")).await.rows,
        []
    );
    // What came since the first page is in none of its ledger.
    let mut later = ask("1990-01-01", "2199-12-31");
    later.size = Some(TreeSize::new(3).unwrap());
    later.next = Some(LeafIndex::new(1));
    let rest = member.ledger(later.clone()).await;
    assert_eq!((rest.rows.len(), rest.root), (2, None));
    later.size = Some(TreeSize::new(9_999).unwrap());
    let refused = member.refused(&Request::Ledger(later)).await;
    assert_eq!(refused, ErrorCode::BadRequest);
    let backwards = Request::Ledger(ask("2026-01-02", "2026-01-01"));
    assert_eq!(member.refused(&backwards).await, ErrorCode::BadRequest);
    drop(member);
    pair.stop().await;
}
