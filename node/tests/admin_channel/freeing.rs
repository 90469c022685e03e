//! Stays and repairs as clerks record them, and take them back.

use concordat_protocol::admin::{BindsOthersCode, RepairAsk, StayAsk};
use concordat_protocol::effect::Effect;
use concordat_protocol::statement::{
    BasisLevel, Code, LegalBasis, Repair, RepairEffect, RepairFields,
};

use super::late::{at, withdrawal};
use super::*;

const LICENCE: &str = "test.licence";

/// A pair whose hub is a court as well, and whose member repairs.
async fn pair() -> Pair {
    Pair::start_planned(VIS_PUBLIC, |plan| {
        let penalty = plan.catalogue.items[0].clone();
        plan.catalogue.items.push(CatalogueItem {
            code: Code::new(LICENCE).unwrap(),
            act_types: vec![ActType::Licence],
            ..penalty
        });
        let decides = |class: &Class| *class == Class::Objection;
        for (mandates, class) in [
            (&mut plan.hub.mandates, Class::Stay),
            (&mut plan.members[0].mandates, Class::Repair),
        ] {
            let mandate = mandates
                .iter_mut()
                .find(|it| it.classes.iter().any(decides));
            mandate.unwrap().classes.push(class);
        }
    })
    .await
}

fn stay_ask(target: &StatementRef) -> StayAsk {
    StayAsk {
        target: position(target),
        body: Text::new("市中级人民法院").unwrap(),
        document_number: Text::new("（2026）行停1号").unwrap(),
        ordered_on: clock::today().plus_days(-1).unwrap(),
        until: None,
        reasons: Text::new("执行会造成难以弥补的损失").unwrap(),
        issuer: None,
        dry_run: false,
    }
}

fn repair_ask(target: &StatementRef) -> RepairAsk {
    RepairAsk {
        target: position(target),
        effects: vec![RepairEffect::StopSharing, RepairEffect::RemoveFromList],
        decided_on: None,
        reasons: Text::new("已履行义务").unwrap(),
        applied_on: None,
        issuer: None,
        dry_run: false,
    }
}

/// Waits until the member sees an effect of the decision.
async fn seen(pair: &Pair, target: &StatementRef, holds: impl Fn(&Effect) -> bool) {
    until(&pair.member.node, |node| {
        let effect = node.effect_of(target, clock::today());
        effect.is_ok_and(|effect| holds(&effect))
    })
    .await;
}

/// Each with one thing wrong, and the code of the refusal.
fn wrong_stays(
    pair: &Pair,
    right: &StayAsk,
    objection: &StatementRef,
) -> Vec<(StayAsk, ErrorCode)> {
    let tomorrow = clock::today().plus_days(1).unwrap();
    let with = |change: &dyn Fn(&mut StayAsk)| {
        let mut ask = right.clone();
        change(&mut ask);
        ask
    };
    let registry = Target::Short {
        member: pair.hub.node.member(),
        log: 1,
        index: LeafIndex::new(0),
    };
    let beyond = Target::Short {
        member: pair.member.node.member(),
        log: 0,
        index: LeafIndex::new(99),
    };
    let unknown = Target::Document(Text::new("沪市监罚〔2025〕7号").unwrap());
    vec![
        (with(&|ask| ask.ordered_on = tomorrow), ErrorCode::DayAhead),
        (
            with(&|ask| ask.until = Some(ask.ordered_on.plus_days(-1).unwrap())),
            ErrorCode::InvalidStatement,
        ),
        (
            with(&|ask| ask.document_number = Text::new("1\u{200d}号").unwrap()),
            ErrorCode::InvalidStatement,
        ),
        (
            with(&|ask| ask.target = registry.clone()),
            ErrorCode::WrongClass,
        ),
        (
            with(&|ask| ask.target = position(objection)),
            ErrorCode::WrongClass,
        ),
        (
            with(&|ask| ask.target = beyond.clone()),
            ErrorCode::TargetNotFound,
        ),
        (
            with(&|ask| ask.target = unknown.clone()),
            ErrorCode::TargetNotFound,
        ),
        (
            with(&|ask| ask.issuer = Some(pair.member.node.member())),
            ErrorCode::NotSupported,
        ),
    ]
}

// spec: ADM-210, ADM-211, ADM-212, ADM-214
#[tokio::test(flavor = "multi_thread")]
async fn court_stays_the_decision_of_another_authority_and_lifts_it() {
    let pair = pair().await;
    pair.import().await;
    let (target, withdrawn) = (pair.first(), at(&pair.member, 1));
    let (mut hub, mut member) = (
        Client::open(&pair.hub).await,
        Client::open(&pair.member).await,
    );
    let right = stay_ask(&target);
    let filed = hub.act(&objection(position(&target), false)).await;
    let filed = filed.reference.unwrap();
    for (ask, code) in wrong_stays(&pair, &right, &filed) {
        let what = format!("{ask:?}");
        let refused = hub.refused(&Request::Stay(ask)).await;
        assert_eq!(refused, code, "{what}");
    }
    // Who decided has no mandate to stay.
    let refused = member.refused(&Request::Stay(right.clone())).await;
    assert_eq!(refused, ErrorCode::NoMandate);
    member.act(&withdrawal(&withdrawn)).await;
    seen(&pair, &withdrawn, |effect| !effect.in_force_for_issuer()).await;
    let refused = member.ask(&Request::Repair(repair_ask(&withdrawn))).await;
    assert_eq!(refused.unwrap_err().detail("state"), Some("withdrawn"));
    let tried = Request::Stay(StayAsk {
        dry_run: true,
        ..right.clone()
    });
    assert_eq!(hub.act(&tried).await.reference, None);
    let stayed = hub.act(&Request::Stay(right)).await;
    let (stay, effect) = (stayed.reference.unwrap(), stayed.effect.unwrap());
    assert_eq!(effect.stayed_by, std::slice::from_ref(&stay));
    assert!(!effect.in_force_for_issuer);
    seen(&pair, &target, |effect| {
        effect.stayed_by == std::slice::from_ref(&stay)
    })
    .await;
    // spec: ADM-296
    let again = hub.ask(&Request::Stay(stay_ask(&target))).await;
    assert_eq!(again.unwrap_err().detail("state"), Some("stands"));
    // By its author, or a supervisor; once.
    let refused = member.refused(&withdrawal(&stay)).await;
    assert_eq!(refused, ErrorCode::NotTheIssuer);
    hub.act(&withdrawal(&stay)).await;
    seen(&pair, &target, |effect| effect.stayed_by.is_empty()).await;
    let refused = hub.ask(&withdrawal(&stay)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoEffect);
    assert_eq!(refused.detail("state"), Some("withdrawn"));
    pair.stop().await;
}

// spec: ADM-210, ADM-212, ADM-213, ADM-214
#[tokio::test(flavor = "multi_thread")]
async fn issuer_repairs_its_own_decision_and_takes_that_back() {
    let pair = pair().await;
    pair.import().await;
    let target = pair.first();
    let (mut hub, mut member) = (
        Client::open(&pair.hub).await,
        Client::open(&pair.member).await,
    );
    let right = repair_ask(&target);
    let with = |change: &dyn Fn(&mut RepairAsk)| {
        let mut ask = right.clone();
        change(&mut ask);
        Request::Repair(ask)
    };
    let tomorrow = clock::today().plus_days(1).unwrap();
    for (request, code) in [
        (
            with(&|ask| ask.effects.clear()),
            ErrorCode::InvalidStatement,
        ),
        (
            with(&|ask| ask.decided_on = Some(tomorrow)),
            ErrorCode::DayAhead,
        ),
        (
            with(&|ask| ask.issuer = Some(pair.hub.node.member())),
            ErrorCode::NotSupported,
        ),
    ] {
        assert_eq!(member.refused(&request).await, code, "{request:?}");
    }
    let refused = hub.refused(&with(&|_| ())).await;
    assert_eq!(refused, ErrorCode::NotTheIssuer);
    // A licence burdens nobody.
    let view = member.statement(position(&target)).await;
    let mut fields = view.decision.unwrap().into_fields();
    (fields.act_type, fields.item) = (ActType::Licence, Code::new(LICENCE).unwrap());
    (fields.fine_fen, fields.confiscation_fen) = (None, None);
    fields.penalty_classes.clear();
    fields.duties.clear();
    let licence = pair.decide(fields).await;
    let refused = member.ask(&Request::Repair(repair_ask(&licence))).await;
    assert_eq!(refused.unwrap_err().detail("state"), Some("free"));
    let repaired = member.act(&with(&|_| ())).await;
    let (repair, effect) = (repaired.reference.unwrap(), repaired.effect.unwrap());
    assert_eq!(effect.repaired_by, std::slice::from_ref(&repair));
    let asked = [RepairEffect::RemoveFromList, RepairEffect::StopSharing];
    assert_eq!(effect.repair_effects, asked);
    assert!(effect.publication_ended && effect.in_force_for_issuer);
    assert_ne!(effect.binds_others, BindsOthersCode::Applies);
    // spec: ADM-296
    let again = member.ask(&with(&|_| ())).await.unwrap_err();
    assert_eq!(again.detail("state"), Some("stands"));
    assert_eq!(again.detail("by"), Some(&*repair.to_string()));
    let view = member.statement(position(&target)).await;
    let shown = view.acts.iter().find(|act| act.reference == repair);
    assert_eq!(shown.unwrap().repair_effects, asked);
    assert_eq!(shown.unwrap().taken_back_by, None);
    let taken = member.act(&withdrawal(&repair)).await.reference;
    // spec: ADM-295
    let view = member.statement(position(&target)).await;
    let shown = view.acts.iter().find(|act| act.reference == repair);
    assert_eq!(shown.unwrap().taken_back_by, taken);
    seen(&pair, &target, |effect| effect.repaired.is_none()).await;
    let refused = member.refused(&withdrawal(&repair)).await;
    assert_eq!(refused, ErrorCode::NoEffect);
    pair.stop().await;
}

/// A repair that law forbids is refused; one that another make of node signs does not count.
// spec: ADM-433, EFF-195
#[tokio::test(flavor = "multi_thread")]
async fn repair_of_what_is_beyond_repair_is_refused_with_the_article() {
    let article = LegalBasis {
        law: Text::new("某法").unwrap(),
        article: Text::new("第九条").unwrap(),
        level: BasisLevel::Law,
    };
    let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        for item in &mut plan.catalogue.items {
            item.beyond_repair = Some(article.clone());
        }
        for mandate in &mut plan.members[0].mandates {
            mandate.classes.push(Class::Repair);
            mandate.classes.sort_unstable();
            mandate.classes.dedup();
        }
    })
    .await;
    pair.import().await;
    let target = pair.first();
    let mut member = Client::open(&pair.member).await;
    let error = member.ask(&Request::Repair(repair_ask(&target))).await;
    let error = error.unwrap_err();
    assert_eq!(error.code, ErrorCode::BeyondRepair);
    assert_eq!(error.detail("law"), Some("某法"));
    assert_eq!(error.detail("article"), Some("第九条"));
    let view = member.statement(position(&target)).await;
    assert_eq!(view.beyond_repair, Some(article));
    let ask = repair_ask(&target);
    let repair = Repair::new(RepairFields {
        effects: vec![RepairEffect::StopSharing],
        decided_on: clock::today(),
        basis: vec![],
        reasons: ask.reasons,
        applied_on: None,
    });
    let node = &pair.member.node;
    let payload = Payload {
        issued_at: clock::now(),
        target: Some(target.clone()),
        register_size: Some(TreeSize::ZERO),
        batch: None,
        content: Content::Repair(Box::new(repair.unwrap())),
        ext: Ext::default(),
    };
    let signed = sign(
        node.signer(),
        node.member(),
        view.about,
        node.ctx(),
        &payload,
    );
    let submitted = node.submit(LogNumber::Statements, vec![signed.unwrap()]);
    submitted.await.unwrap();
    let view = member.statement(position(&target)).await;
    assert_eq!(view.acts.len(), 1);
    let effect = view.effect.unwrap();
    assert!(effect.beyond_repair.is_some());
    assert_eq!(effect.repaired_by, []);
    drop(member);
    pair.stop().await;
}
