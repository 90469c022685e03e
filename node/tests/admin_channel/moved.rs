//! A decision that names the wrong organisation, put right.

use super::*;

const OTHER: &str = "91230400MA0000015M";

fn correction(target: &Target, replacement: DecisionFields) -> Request {
    Request::Correction(CorrectionAsk {
        target: target.clone(),
        reasons: Text::new("主体有误。").unwrap(),
        replacement: Box::new(replacement),
        worked_from: None,
        issuer: None,
        dry_run: false,
        bulk: None,
    })
}

/// What moves or withdraws hides nothing before a quorum has cosigned it.
async fn witnessed(pair: &Pair, act: &StatementRef) {
    until(&pair.member.node, |node| {
        let horizon = node.horizon();
        let log = horizon.logs.get(&act.origin);
        log.is_some_and(|log| log.witnessed.contains(act.index))
    })
    .await;
}

/// An organisation's page went on showing what had been decided about another.
// spec: ADM-293, ADM-294, ADM-380, ADM-381
#[tokio::test(flavor = "multi_thread")]
async fn decision_put_upon_another_organisation_says_nothing_under_the_code_it_named() {
    let pair = Pair::start().await;
    pair.import().await;
    let target = position(&pair.first());
    let mut member = Client::open(&pair.member).await;
    let decision = member.statement(target.clone()).await.decision.unwrap();
    let was = decision.fields().subject.clone();
    let before = member.subject(was.code()).await;
    assert!(before.not_about.is_empty());
    let first = pair.first();
    let is_it = |one: &concordat_protocol::admin::DecisionView| one.reference == first;
    assert!(before.decisions.iter().any(is_it));

    let mut fields = decision.fields().clone();
    let code = SubjectCode::parse(OTHER).unwrap();
    let name = Text::new("另一公司").unwrap();
    fields.subject = Subject::new(code, SubjectCheck::Ok, Form::Enterprise, name).unwrap();
    let done = member.act(&correction(&target, fields)).await;
    let by = done.reference.unwrap();
    witnessed(&pair, &by).await;
    let was_shown = member.subject(was.code()).await;
    assert!(!was_shown.decisions.iter().any(is_it));
    let [not_about] = &was_shown.not_about[..] else {
        panic!("{:?}", was_shown.not_about)
    };
    assert_eq!((&not_about.reference, &not_about.by), (&first, &by));
    assert_eq!(not_about.issuer, pair.member.node.member());
    assert!(
        !was_shown
            .names
            .iter()
            .any(|name| name == was.name().as_str())
    );
    assert_eq!(was_shown.total, before.total);
    let now = member.subject(code).await;
    assert!(now.decisions.iter().any(is_it));
    assert!(now.not_about.is_empty());
    assert_eq!(now.names, ["另一公司"]);
    let shown = member.statement(target).await;
    assert_eq!((shown.about, shown.stands_about), (was.code(), Some(code)));
    drop(member);
    pair.stop().await;
}

/// A withdrawal says why: one for another reason leaves the row, withdrawn.
// spec: ADM-293
#[tokio::test(flavor = "multi_thread")]
async fn decision_withdrawn_for_its_wrong_organisation_is_not_about_it_and_no_other_is() {
    for (reason, is_about) in [
        (WithdrawalReason::WrongSubject, false),
        (WithdrawalReason::Duplicate, true),
    ] {
        let pair = Pair::start().await;
        pair.import().await;
        let target = position(&pair.first());
        let mut member = Client::open(&pair.member).await;
        let decision = member.statement(target.clone()).await.decision.unwrap();
        let code = decision.fields().subject.code();
        let withdrawal = WithdrawalAsk {
            target,
            reason,
            reasons: Text::new("撤销。").unwrap(),
            issuer: None,
            dry_run: false,
            exit: None,
        };
        let by = member.act(&Request::Withdrawal(withdrawal)).await;
        witnessed(&pair, &by.reference.unwrap()).await;
        let shown = member.subject(code).await;
        let first = pair.first();
        let has_row = shown.decisions.iter().any(|one| one.reference == first);
        assert_eq!((has_row, shown.not_about.is_empty()), (is_about, is_about));
        drop(member);
        pair.stop().await;
    }
}
