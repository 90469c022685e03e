//! Two authorities agree, and what is known of a decision becomes what one may rely on.

use concordat_certs::agreement::PendingAgreement;
use concordat_protocol::recognition::Recognition;
use concordat_protocol::statement::{
    Agreement, AgreementFields, BasisLevel, Clause, ClauseMeasure, Code, Force, LegalBasis,
    Measure, StatementRef,
};

use super::{LogNumber, Node, Profile, Running, TourError, Voice, clock, names, text, until};

/// Shows where a decision is for information, lets its issuer agree with another authority, and shows the
/// clause by which it is recognised there.
pub(super) async fn agree(
    nodes: &[Running],
    target: &StatementRef,
    profile: &Profile,
    voice: &Voice,
) -> Result<(Vec<String>, Option<String>), TourError> {
    let mut authorities = nodes.iter().skip(1);
    let is_issuer = |running: &&Running| running.node.owns(&target.origin);
    let issuer = authorities.clone().find(is_issuer);
    let issuer = issuer.ok_or(TourError::NoAuthorities)?;
    let receiver = authorities.find(|running| !is_issuer(running));
    let receiver = receiver.ok_or(TourError::NoAuthorities)?;
    // What binds others binds once a quorum has cosigned it there.
    until(
        nodes,
        "a decision that binds others at every node",
        |node| is_issuer_of(node, target) || is_for_information(node, target),
    )
    .await?;
    let informed = names(nodes, |node| is_for_information(node, target));
    voice.say(
        &format!("Without an agreement the decision is for information at {} nodes: no measure follows from it there", informed.len()),
        &format!("没有互认协议时，该决定在 {} 个节点仅供参考，不据此采取措施", informed.len()),
    );
    let fields = terms(issuer, receiver, profile)?;
    let agreement = Agreement::new(fields).map_err(TourError::step("the agreement"))?;
    let genesis = issuer.node.genesis();
    let pending = PendingAgreement::new(genesis, clock::now(), agreement);
    let pending = pending.map_err(TourError::step("the agreement"))?;
    let approval = pending.approve(genesis, receiver.node.signer());
    let approval = approval.map_err(TourError::step("approving the agreement"))?;
    let node = &issuer.node;
    let signed = pending.sign(
        genesis,
        node.signer(),
        node.member(),
        node.ctx(),
        &[approval],
    );
    let signed = signed.map_err(TourError::step("signing the agreement"))?;
    let logged = node.submit(LogNumber::Statements, vec![signed]).await;
    logged.map_err(TourError::step("logging the agreement"))?;
    let there = std::slice::from_ref(receiver);
    until(there, "the recognition at the other authority", |node| {
        clause(node, target).is_some()
    })
    .await?;
    let by = clause(&receiver.node, target);
    let (one, other) = (&issuer.name, &receiver.name);
    let clause = by.clone().unwrap_or_default();
    voice.say(
        &format!("{one} and {other} signed an agreement: at {other} the decision is recognised by {clause}; elsewhere it stays for information"),
        &format!("{one}与{other}签署互认协议：该决定在{other}依{clause}予以互认，在其他机关仍仅供参考"),
    );
    Ok((informed, by))
}

fn terms(
    issuer: &Running,
    receiver: &Running,
    profile: &Profile,
) -> Result<AgreementFields, TourError> {
    let mut parties = vec![issuer.node.member(), receiver.node.member()];
    parties.sort();
    let mut items: Vec<Code> = profile.items().into_iter().collect();
    items.sort();
    items.dedup();
    let measure = Measure::new("tender.limit").map_err(TourError::setting_up)?;
    Ok(AgreementFields {
        title: text("Agreement on recognition 区域信用互认协议")?,
        parties,
        version: 1,
        first: None,
        from: issuer.node.today(),
        until: None,
        clauses: vec![Clause {
            number: text("第三条")?,
            issuers: Vec::new(),
            receivers: Vec::new(),
            items,
            act_types: Vec::new(),
            measures: vec![ClauseMeasure {
                measure,
                force: Force::Recommended,
                basis: LegalBasis {
                    law: text("招标投标法")?,
                    article: text("第五十四条")?,
                    level: BasisLevel::Law,
                },
            }],
            decided_from: None,
            decided_until: None,
            local_basis: None,
        }],
        open: None,
    })
}

fn is_issuer_of(node: &Node, target: &StatementRef) -> bool {
    node.owns(&target.origin)
}

fn is_for_information(node: &Node, target: &StatementRef) -> bool {
    let recognition = node.recognition_of(target, node.today());
    matches!(recognition, Ok(Some(Recognition::ForInformation { .. })))
}

/// The clause by which a node recognises a decision.
fn clause(node: &Node, target: &StatementRef) -> Option<String> {
    match node.recognition_of(target, node.today()).ok()?? {
        Recognition::Recognised { by, .. } => Some(by.first()?.clause.to_string()),
        Recognition::Own
        | Recognition::ForInformation { .. }
        | Recognition::NotRecognised { .. } => None,
    }
}
