//! What authorities answer for, counted and listed; and the ledger of a node's own statements.

use concordat_protocol::admin::{
    BatchAsk, BatchPropagationView, BindsOthersCode, LedgerAsk, LedgerView, RepairAsk,
    StatisticsAsk, StatisticsView, ViolationCode,
};
use concordat_protocol::statement::{
    BasisLevel, BatchId, Code, DeadlineEvent, DeadlineRule, DeadlineRuleFields, DeadlineRules,
    LegalBasis, ListScope, Listing, RepairEffect, Service, ServiceWay, Term, Withdrawal,
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
    // The log grows by itself of what it gave: both answers are taken while it does not.
    let (all, log) = loop {
        let all = member.ledger(ask("1990-01-01", "2199-12-31")).await;
        let mut logs = member.status().await.logs.into_iter();
        let log = logs.find(|log| log.origin == first.origin).unwrap();
        if all.size == log.size {
            break (all, log);
        }
    };
    assert_eq!(all.root, Some(log.root));
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

/// Of a correction onto another organisation the line named the first, as if it had never been put right; and
/// what was taken back read as standing.
// spec: ADM-385, ADM-386, ADM-387
#[tokio::test(flavor = "multi_thread")]
async fn ledger_says_what_stands_and_what_was_taken_back() {
    let pair = start().await;
    pair.import().await;
    let first = pair.first();
    let mut member = Client::open(&pair.member).await;
    let second = member.first_after(&first).await;
    let made = member.act(&repair(&second, clock::today())).await;
    let repair = made.reference.unwrap();
    member
        .act(&withdrawal(&repair, WithdrawalReason::OtherError))
        .await;
    let ask = LedgerAsk {
        from: Day::parse_loose("1990-01-01").unwrap(),
        until: Day::parse_loose("2199-12-31").unwrap(),
        next: None,
        size: None,
    };
    let before = member.ledger(ask.clone()).await;
    let row = before.rows.iter().find(|row| row.reference == repair);
    let row = row.unwrap();
    let state = (row.state, row.withdrawals);
    assert_eq!(state, (Some(BindsOthersCode::Withdrawn), 1));
    assert_eq!(before.rows[0].about_before, None);
    assert_eq!(before.not_held, 0);

    let decision = member.statement(position(&first)).await.decision.unwrap();
    let mut fields = decision.fields().clone();
    let code = SubjectCode::parse("91230400MA0000015M").unwrap();
    let name = Text::new("另一公司").unwrap();
    fields.subject = Subject::new(code, SubjectCheck::Ok, Form::Enterprise, name).unwrap();
    fields.decided_on = fields.decided_on.plus_days(-1).unwrap();
    let corrected_on = fields.decided_on;
    let correction = Request::Correction(CorrectionAsk {
        target: position(&first),
        reasons: Text::new("主体有误。").unwrap(),
        replacement: Box::new(fields),
        worked_from: None,
        issuer: None,
        dry_run: false,
        bulk: None,
    });
    let by = member.act(&correction).await.reference.unwrap();
    until(&pair.member.node, |node| {
        let horizon = node.horizon();
        let log = horizon.logs.get(&by.origin);
        log.is_some_and(|log| log.witnessed.contains(by.index))
    })
    .await;
    let after = member.ledger(ask).await;
    let row = &after.rows[0];
    assert_eq!(
        (row.about, row.about_before),
        (code, Some(before.rows[0].about))
    );
    assert_eq!(row.name.as_deref(), Some("另一公司"));
    assert_eq!((row.day, row.corrections), (Some(corrected_on), 1));
    drop(member);
    pair.stop().await;
}

/// Decisions of days before their item was in any catalogue were all reported late.
// spec: STA-14
#[tokio::test(flavor = "multi_thread")]
async fn history_that_was_imported_is_reported_neither_in_time_nor_late() {
    for (is_history, late) in [(false, 5), (true, 0)] {
        let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
            for item in &mut plan.catalogue.items {
                if is_history {
                    item.valid_from = clock::today();
                }
            }
        });
        let mut pair = pair.await;
        let rule = DeadlineRule::new(DeadlineRuleFields {
            event_from: DeadlineEvent::Decided,
            event_to: DeadlineEvent::Published,
            id: Code::new("cn.publish").unwrap(),
            ..rules().rules()[0].fields().clone()
        });
        let rules = DeadlineRules::new(vec![rule.unwrap()]).unwrap();
        pair.enter(Content::DeadlineRules(Box::new(rules))).await;
        pair.import().await;
        let mut member = Client::open(&pair.member).await;
        let (mut decided, mut counted) = (0, [0; 3]);
        for year in 2015..=2026 {
            let ask = StatisticsAsk {
                period: year.to_string(),
                listed: None,
            };
            let Reply::Statistics(view) = member.ask(&Request::Statistics(ask)).await.unwrap()
            else {
                panic!("no figures");
            };
            let all = view.total;
            decided += all.decisions.iter().map(|one| one.count).sum::<u64>();
            let more = [all.in_time, all.late, all.unknown];
            counted = [0, 1, 2].map(|at| counted[at] + more[at]);
        }
        assert_eq!((decided, counted), (5, [0, late, 0]), "{is_history}");
        drop(member);
        pair.stop().await;
    }
}

impl Pair {
    /// Signed at the member, and logged as often as asked.
    async fn log(&self, about: SubjectCode, payload: Payload, times: usize) -> Vec<StatementRef> {
        let node = &self.member.node;
        let signed = sign(node.signer(), node.member(), about, node.ctx(), &payload).unwrap();
        let mut taken = Vec::new();
        for _ in 0..times {
            let submitted = node.submit(LogNumber::Statements, vec![signed.clone()]);
            taken.extend(submitted.await.unwrap());
        }
        taken
    }
}

fn payload(content: Content, target: Option<&StatementRef>) -> Payload {
    Payload {
        issued_at: clock::now(),
        target: target.cloned(),
        register_size: None,
        batch: None,
        content,
        ext: Ext::default(),
    }
}

/// Logged twice and taken back at both places it was two wrong entries.
// spec: STA-10, STA-15
#[tokio::test(flavor = "multi_thread")]
async fn wrong_listing_that_stands_twice_in_its_log_counts_once() {
    let pair = start().await;
    pair.import().await;
    let first = pair.first();
    let mut member = Client::open(&pair.member).await;
    let decision = member.statement(position(&first)).await.decision.unwrap();
    let about = decision.fields().subject.code();
    let fields = entry(decision.fields(), "列字1号");
    let content = Content::Decision(Box::new(Decision::new(fields).unwrap()));
    let places = pair.log(about, payload(content, None), 2).await;
    assert_ne!(places[0].index, places[1].index);
    let size = pair.member.node.ctx().size;
    for place in &places {
        let said = Content::Withdrawal(Withdrawal {
            reason: WithdrawalReason::WrongSubject,
            reasons: Text::new("认定有误").unwrap(),
            exit: None,
        });
        let withdrawal = Payload {
            register_size: Some(size),
            ..payload(said, Some(place))
        };
        pair.log(about, withdrawal, 1).await;
    }
    let wrong = ViolationCode::WrongListing;
    let view = member.counted(wrong).await;
    assert_eq!((of(&view, wrong), view.listed.len()), (1, 1));
    drop(member);
    pair.stop().await;
}

/// Anybody could add acts of its own to a bulk act.
// spec: ADM-344, ADM-384
#[tokio::test(flavor = "multi_thread")]
async fn acts_of_others_under_the_id_of_a_bulk_act_are_not_counted() {
    let pair = start().await;
    pair.import().await;
    let first = pair.first();
    let batch = BatchId::from_bytes([7; 16]);
    let mut member = Client::open(&pair.member).await;
    let decision = member.statement(position(&first)).await.decision.unwrap();
    let about = decision.fields().subject.code();
    let size = pair.member.node.ctx().size;
    let said = |reason: &str| Payload {
        register_size: Some(size),
        batch: Some(batch),
        ..payload(
            Content::Withdrawal(Withdrawal {
                reason: WithdrawalReason::OtherError,
                reasons: Text::new(reason).unwrap(),
                exit: None,
            }),
            Some(&first),
        )
    };
    let own = pair.log(about, said("甲"), 1).await;
    let hub = &pair.hub.node;
    for reason in ["乙", "丙"] {
        let signed = sign(hub.signer(), hub.member(), about, hub.ctx(), &said(reason)).unwrap();
        hub.submit(LogNumber::Statements, vec![signed])
            .await
            .unwrap();
    }
    let origin = hub.genesis().origin(hub.member(), LogNumber::Statements);
    until(&pair.member.node, |node| {
        let found = node.query().unwrap().store().batch(&batch, Class::is_act);
        let found = found.unwrap();
        found.iter().filter(|(at, _)| at.origin == origin).count() == 2
    })
    .await;
    let mut asked = async |author| -> BatchPropagationView {
        let ask = BatchAsk {
            batch,
            skip: None,
            author,
        };
        match member.ask(&Request::BatchPropagation(ask)).await.unwrap() {
            Reply::BatchPropagation(view) => *view,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(asked(None).await.total, own.len() as u64);
    assert_eq!(asked(Some(hub.member())).await.total, 2);
    drop(member);
    pair.stop().await;
}
