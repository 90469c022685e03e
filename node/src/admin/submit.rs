//! A change of the registry, at the hub.

use concordat_certs::change::{ChangeError, PendingChange};
use concordat_certs::fingerprint::Fingerprint;
use concordat_protocol::admin::{AdminError, ErrorCode, Reply, SubmitAsk, Submitted};
use concordat_protocol::log::TreeSize;
use concordat_protocol::statement::{Body, Leaf, SALT_BYTES, Statement, Vis};
use concordat_protocol::trust::{Applied, Genesis, LogNumber, RejectReason};

use crate::admin::desk::{Answer, Desk};
use crate::admin::refusal;

/// `change submit`, `enrol submit`
pub(super) fn answer(desk: &Desk, ask: &SubmitAsk) -> Answer {
    let node = desk.node();
    let genesis = node.genesis();
    let is_hub = genesis.hub() == node.member();
    let elsewhere = || AdminError::new(ErrorCode::NotTheHub).with("hub", genesis.hub());
    // Any node can say of a change on its way whether it would hold.
    if !is_hub && !ask.dry_run {
        return Err(elsewhere());
    }
    let change = PendingChange::decode(&ask.change, genesis);
    let change = change.map_err(|error| refused(&error, genesis))?;
    // spec: TRU-51, TRU-52, ADM-87
    let fault = node
        .registry()
        .admits(&change.payload().content, change.recovers(genesis));
    fault.map_err(|fault| AdminError::new(ErrorCode::ChangeRefused).with("cause", fault))?;
    if !is_hub {
        return Err(elsewhere());
    }
    let signed = change.sign(genesis, node.signer(), node.ctx());
    let signed = signed.map_err(|error| refused(&error, genesis))?;
    let payload = change.payload();
    let class = payload.class();
    if ask.dry_run {
        let verdict = tried(desk, &signed);
        verdict.map_err(|reason| refusal::rejected(reason, genesis.hub(), payload))?;
    }
    let reference = match ask.dry_run {
        true => None,
        false => {
            let submitted = node.submit(LogNumber::Registry, vec![signed]);
            let references = desk.runtime.block_on(submitted);
            let references = references
                .map_err(|failure| refusal::submission(&failure, genesis.hub(), payload))?;
            references.into_iter().next()
        }
    };
    let log = genesis.registry_origin();
    let size = node.shared().logs().get(&log).map(|log| log.size());
    Ok(Reply::Submitted(Submitted {
        class,
        reference,
        registry_size: size.unwrap_or(TreeSize::ZERO),
    }))
}

/// Tries a change on a copy of the registry.
fn tried(desk: &Desk, signed: &[u8]) -> Result<(), RejectReason> {
    let statement = Statement::decode(signed).map_err(|_| RejectReason::NotAStatement)?;
    let body = Body::new([0; SALT_BYTES], signed.to_vec());
    let body = body.map_err(|_| RejectReason::NotAStatement)?;
    let leaf = Leaf {
        kind: statement.payload().class().kind(),
        vis: Vis::ALL_MEMBERS,
        commit: body.commit(),
        target: None,
        ctx: statement.header().ctx.size,
    };
    let mut registry = (*desk.node().registry()).clone();
    match registry.apply(&leaf, Some(&statement)) {
        Applied::Changed => Ok(()),
        Applied::Unchanged => Err(RejectReason::WrongLog),
        Applied::Void(reason) => Err(reason),
    }
}

fn refused(error: &ChangeError, genesis: &Genesis) -> AdminError {
    if let ChangeError::OtherNetwork { found } = error {
        return AdminError::new(ErrorCode::OtherNetwork)
            .with("found", found)
            .with("here", Fingerprint::of_digest(&genesis.id()));
    }
    if let ChangeError::TooFewApprovals { missing } = error {
        return AdminError::new(ErrorCode::ApprovalsMissing).with("missing", missing);
    }
    let forged = matches!(
        error,
        ChangeError::BadApproval { .. } | ChangeError::NotAnApprover { .. }
    );
    match forged {
        true => AdminError::new(ErrorCode::VerificationFailed).with("what", error),
        false => AdminError::new(ErrorCode::ChangeRefused).with("cause", error),
    }
}
