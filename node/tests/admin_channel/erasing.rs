//! What erasing takes out of sight, what it leaves, and what nobody is rid of by it.

use concordat_protocol::admin::{CleanCode, ErasureAsk};
use concordat_protocol::statement::{BasisLevel, Erasure, ErasureGround, LegalBasis};

use concordat_node::store::Position;

use super::late::at;
use super::*;

/// A pair whose members may erase.
async fn pair() -> Pair {
    Pair::start_planned(VIS_PUBLIC, |plan| {
        for mandates in [&mut plan.hub.mandates, &mut plan.members[0].mandates] {
            let mut mandates = mandates.iter_mut();
            // The hub may erase its own, and supervises nobody in this.
            let mandate = mandates.find(|it| it.supervises.is_none());
            mandate.unwrap().classes.push(Class::Erasure);
        }
    })
    .await
}

fn ask(target: &StatementRef, ground: ErasureGround) -> ErasureAsk {
    ErasureAsk {
        target: position(target),
        ground,
        by: Text::new("市中级人民法院").unwrap(),
        basis: LegalBasis {
            law: Text::new("中华人民共和国个人信息保护法").unwrap(),
            article: Text::new("第四十七条").unwrap(),
            level: BasisLevel::Law,
        },
        issuer: None,
        dry_run: false,
    }
}

fn erase(target: &StatementRef, ground: ErasureGround) -> Request {
    Request::Erasure(Box::new(ask(target, ground)))
}

fn show(target: &StatementRef) -> Request {
    Request::Statement(StatementAsk {
        target: position(target),
        as_of: None,
        look_up: None,
        answers_skip: None,
    })
}

async fn gone(running: &Running, target: &StatementRef) {
    until(&running.node, |node| {
        let is_gone = node.shared().is_erased(&target.origin, target.index);
        // The mark is there a moment before the index knows of the act.
        let by = || {
            node.query()
                .unwrap()
                .store()
                .erasures_of(&target.origin, target.index)
        };
        is_gone && !by().unwrap().is_empty()
    })
    .await;
}

// spec: ADM-440, ADM-441, ADM-443, ADM-445, PRP-72, LKP-79, IDX-107
#[tokio::test(flavor = "multi_thread")]
async fn erased_decision_is_shown_by_what_erased_it_alone() {
    let pair = pair().await;
    pair.import().await;
    let target = pair.first();
    let (mut hub, mut member) = (
        Client::open(&pair.hub).await,
        Client::open(&pair.member).await,
    );
    let about = member.statement(position(&target)).await.about;
    let before = hub.subject(about).await;
    assert!(before.erased.is_empty());
    let filed = hub.act(&objection(position(&target), false)).await;
    let filed = filed.reference.unwrap();
    until(&pair.member.node, |node| {
        let store = node.query().unwrap().store();
        store.holds(&filed.origin, filed.index)
    })
    .await;
    let urgent = ErasureGround::UrgentPersonalData;
    // Another that does not supervise has no say, and acts are not erased.
    let refused = hub.refused(&erase(&at(&pair.member, 1), urgent)).await;
    assert_eq!(refused, ErrorCode::NotTheIssuer);
    let refused = hub.refused(&erase(&filed, urgent)).await;
    assert_eq!(refused, ErrorCode::WrongClass);
    let act = member.act(&erase(&target, urgent)).await.reference.unwrap();
    for running in [&pair.member, &pair.hub] {
        gone(running, &target).await;
        let mut client = Client::open(running).await;
        let error = client.ask(&show(&target)).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::ErasedByAct);
        assert_eq!(error.detail("by"), Some(act.to_string().as_str()));
        assert_eq!(error.detail("ordered_by"), Some("市中级人民法院"));
        let shown = client.subject(about).await;
        assert!(shown.decisions.iter().all(|one| one.reference != target));
        assert_eq!(shown.total, before.total - 1);
        let [erased] = &shown.erased[..] else {
            panic!("{:?}", shown.erased);
        };
        assert_eq!(erased.by, act);
        assert_eq!(erased.references, vec![target.clone()]);
        assert_eq!(erased.ground, urgent);
        // What was objected stays on record.
        assert_eq!(erased.objections, vec![filed.clone()]);
        assert_eq!(client.statement(position(&filed)).await.reference, filed);
        let said = client.statement(position(&act)).await.act.unwrap();
        assert_eq!(said.erasure_ground, Some(urgent));
        // Nobody gets a clean record by it.
        let clean = Request::Subject(SubjectAsk {
            code: about,
            look_up: look_up(),
            as_of: None,
            skip: None,
            records_skip: None,
            clean_since: None,
            clean_years: Some(3),
        });
        let Reply::Subject(answer) = client.ask(&clean).await.unwrap() else {
            panic!("it is the answer");
        };
        let clean = answer.clean.unwrap();
        assert!(clean.not_known >= 1, "{clean:?}");
        assert_ne!(clean.verdict, CleanCode::Clean);
    }
    let refused = member.refused(&erase(&target, urgent)).await;
    assert_eq!(refused, ErrorCode::ErasedByAct);
    // spec: ADM-446
    let report = member.import(&file(5), false, false).await.unwrap();
    assert_eq!((report.written, report.refused), (0, 0), "{report:?}");
    pair.stop().await;
}

// spec: ADM-442, PRP-75
#[tokio::test(flavor = "multi_thread")]
async fn nothing_open_is_erased_but_leaked_personal_data() {
    let pair = pair().await;
    pair.import().await;
    let (target, quiet) = (pair.first(), at(&pair.member, 1));
    let (mut hub, mut member) = (
        Client::open(&pair.hub).await,
        Client::open(&pair.member).await,
    );
    let filed = hub.act(&objection(position(&target), false)).await;
    let filed = filed.reference.unwrap();
    until(&pair.member.node, |node| {
        let effect = node.effect_of(&target, clock::today());
        effect.is_ok_and(|effect| !effect.suspended_by.is_empty())
    })
    .await;
    for ground in [ErasureGround::Law, ErasureGround::Order] {
        let error = member.ask(&erase(&target, ground)).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::ErasureOpen);
        assert_eq!(error.detail("state"), Some("objection"));
        assert_eq!(error.detail("with"), Some(filed.to_string().as_str()));
    }
    let dry = ErasureAsk {
        dry_run: true,
        ..ask(&quiet, ErasureGround::Law)
    };
    assert!(
        member
            .act(&Request::Erasure(Box::new(dry)))
            .await
            .reference
            .is_none()
    );
    let act = member.act(&erase(&quiet, ErasureGround::Law)).await;
    for running in [&pair.member, &pair.hub] {
        gone(running, &quiet).await;
    }
    assert_eq!(act.class, Class::Erasure);
    member
        .act(&erase(&target, ErasureGround::UrgentPersonalData))
        .await;
    gone(&pair.hub, &target).await;
    pair.stop().await;
}

// spec: ADM-444, PRP-76
#[tokio::test(flavor = "multi_thread")]
async fn decisions_of_one_chain_go_together_with_what_corrects_them() {
    let pair = pair().await;
    pair.import().await;
    let root = pair.first();
    let mut member = Client::open(&pair.member).await;
    let first = member.statement(position(&root)).await.decision.unwrap();
    let again = pair
        .decide(DecisionFields {
            reissues: Some(root.clone()),
            document_number: Text::new("鹤市监罚〔2026〕99号").unwrap(),
            ..first.fields().clone()
        })
        .await;
    let recorded = member
        .act(&erase(&again, ErasureGround::UrgentPersonalData))
        .await;
    assert_eq!(recorded.names, vec![root.clone()]);
    gone(&pair.member, &again).await;
    gone(&pair.member, &root).await;
    gone(&pair.hub, &root).await;
    let error = member.ask(&show(&root)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ErasedByAct);
    let by = recorded.reference.unwrap().to_string();
    assert_eq!(error.detail("by"), Some(by.as_str()));
    pair.stop().await;
}

// spec: PRP-77
#[tokio::test(flavor = "multi_thread")]
async fn erasure_that_nobody_may_carry_out_has_no_receipt() {
    let pair = pair().await;
    pair.import().await;
    let target = pair.first();
    let node = &pair.hub.node;
    // What a node of another make signs.
    let erasure = Erasure {
        ground: ErasureGround::UrgentPersonalData,
        by: Text::new("自行决定").unwrap(),
        basis: vec![ask(&target, ErasureGround::Law).basis],
        closure: Vec::new(),
    };
    let mut member = Client::open(&pair.member).await;
    let about = member.statement(position(&target)).await.about;
    let payload = Payload {
        issued_at: clock::now(),
        target: Some(target.clone()),
        register_size: Some(TreeSize::ZERO),
        batch: None,
        content: Content::Erasure(Box::new(erasure)),
        ext: Ext::default(),
    };
    let signed = sign(node.signer(), node.member(), about, node.ctx(), &payload);
    let submitted = node.submit(LogNumber::Statements, vec![signed.unwrap()]);
    let act = submitted.await.unwrap()[0].clone();
    until(&pair.member.node, |node| {
        let store = node.query().unwrap().store();
        store.holds(&act.origin, act.index)
    })
    .await;
    // An act behind it has one.
    let mut hub = Client::open(&pair.hub).await;
    let filed = hub.act(&objection(position(&target), false)).await;
    let filed = filed.reference.unwrap();
    let log = &target.origin;
    let receipts = |act: &StatementRef| {
        let store = pair.hub.node.query().unwrap().store();
        store
            .receipts_of(&Position::of(act), log, 4)
            .unwrap()
            .places
    };
    until(&pair.hub.node, |_| !receipts(&filed).is_empty()).await;
    assert!(receipts(&act).is_empty());
    assert_eq!(member.statement(position(&target)).await.reference, target);
    pair.stop().await;
}
