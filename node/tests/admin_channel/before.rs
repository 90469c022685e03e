//! What is refused because nothing was there yet: a repair before the decision, figures of a period to come, the
//! end of a suspension of nobody.

use concordat_certs::change::PendingChange;
use concordat_protocol::admin::{AdminError, RepairAsk, StatisticsAsk, SubmitAsk};
use concordat_protocol::statement::{RepairEffect, Standing, Suspension};

use super::*;

fn repair(target: &StatementRef, decided_on: Option<Day>, applied_on: Option<Day>) -> Request {
    Request::Repair(RepairAsk {
        target: position(target),
        effects: vec![RepairEffect::StopSharing],
        decided_on,
        reasons: Text::new("已履行义务").unwrap(),
        applied_on,
        issuer: None,
        dry_run: true,
    })
}

// spec: ADM-496
#[tokio::test(flavor = "multi_thread")]
async fn repair_before_the_decision_is_refused_and_one_on_its_day_is_not() {
    let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        let mandates = &mut plan.members[0].mandates;
        let decides = |class: &Class| *class == Class::Objection;
        let mandate = mandates
            .iter_mut()
            .find(|it| it.classes.iter().any(decides));
        mandate.unwrap().classes.push(Class::Repair);
    })
    .await;
    pair.import().await;
    let target = pair.first();
    let mut member = Client::open(&pair.member).await;
    let view = member.statement(position(&target)).await;
    let first = view.decision.unwrap().fields().decided_on;
    let before = first.plus_days(-1).unwrap();
    for (request, argument) in [
        (repair(&target, Some(before), None), "--decided-on"),
        (repair(&target, None, Some(before)), "--applied-on"),
        (repair(&target, Some(first), Some(before)), "--applied-on"),
    ] {
        let refused = member.ask(&request).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::BeforeDecision);
        assert_eq!(refused.detail("argument"), Some(argument));
        assert_eq!(refused.detail("day"), Some(&*before.to_string()));
        assert_eq!(refused.detail("first"), Some(&*first.to_string()));
    }
    member.act(&repair(&target, Some(first), Some(first))).await;
    drop(member);
    pair.stop().await;
}

// spec: ADM-498
#[tokio::test(flavor = "multi_thread")]
async fn figures_of_a_period_that_has_not_begun_are_refused() {
    let pair = Pair::start().await;
    let mut member = Client::open(&pair.member).await;
    let year = clock::today().ymd().0;
    let of = |period: String| {
        Request::Statistics(StatisticsAsk {
            period,
            listed: None,
        })
    };
    let refused = member.ask(&of(format!("{}", year + 1))).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::PeriodAhead);
    let first = format!("{}-01-01", year + 1);
    assert_eq!(refused.detail("first"), Some(&*first));
    let half = member.refused(&of(format!("{}-H1", year + 1))).await;
    assert_eq!(half, ErrorCode::PeriodAhead);
    // The year that runs has figures.
    let running = member.ask(&of(year.to_string())).await.unwrap();
    assert!(matches!(running, Reply::Statistics(_)));
    drop(member);
    pair.stop().await;
}

// spec: ADM-497
#[tokio::test(flavor = "multi_thread")]
async fn suspension_of_nobody_is_not_lifted() {
    let mut pair = Pair::start().await;
    let code = pair.member.node.member();
    let stands = |standing| {
        Content::Suspension(Suspension {
            member: code,
            standing,
            reasons: Text::new("检查").unwrap(),
        })
    };
    let genesis = pair.network.genesis.clone();
    let lift = PendingChange::new(&genesis, clock::now(), stands(Standing::Active)).unwrap();
    let lift = lift.encode().unwrap();
    async fn looked_at(pair: &Pair, change: &[u8]) -> AdminError {
        let mut hub = Client::open(&pair.hub).await;
        let ask = SubmitAsk {
            change: change.to_vec().into(),
            dry_run: true,
            held_is_wrong: None,
        };
        hub.ask(&Request::Submit(ask)).await.unwrap_err()
    }
    let refused = looked_at(&pair, &lift).await;
    assert_eq!(refused.code, ErrorCode::NotSuspended);
    assert_eq!(refused.detail("member"), Some(code.as_str()));
    pair.enter(stands(Standing::Suspended)).await;
    until(&pair.hub.node, |node| {
        let member = node.registry().member(code).map(|one| one.standing());
        member == Some(Standing::Suspended)
    })
    .await;
    // Now it only lacks its approvals.
    let lacking = looked_at(&pair, &lift).await;
    assert_eq!(lacking.code, ErrorCode::ApprovalsMissing);
    pair.stop().await;
}
