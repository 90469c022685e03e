//! A change of the registry, at the hub.

use concordat_certs::change::{ChangeError, PendingChange};
use concordat_certs::fingerprint::Fingerprint;
use concordat_protocol::admin::{AdminError, ErrorCode, Reply, SubmitAsk, Submitted};
use concordat_protocol::limits;
use concordat_protocol::log::TreeSize;
use concordat_protocol::statement::{
    Body, Content, CutOff, KeyUse, Leaf, SALT_BYTES, Standing, Statement, Vis,
};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{Applied, ChangeFault, Genesis, LogNumber, Registry, RejectReason};

use crate::admin::desk::{Answer, Desk};
use crate::admin::refusal;
use crate::clock;
use crate::node::Node;

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
    is_dated(change.payload().issued_at, clock::now())?;
    is_suspended(&node.registry(), &change.payload().content)?;
    // spec: TRU-51, TRU-52, ADM-87
    let missing = recovery_missing(&node.registry(), &change, genesis);
    let missing =
        missing.map_err(|fault| AdminError::new(ErrorCode::ChangeRefused).with("cause", fault))?;
    if ask.held_is_wrong.is_none()
        && let Content::CutOff(cut_off) = &change.payload().content
    {
        fits_history(node, cut_off)?;
    }
    // spec: ADM-143
    if missing > 0 {
        return Err(AdminError::new(ErrorCode::RecoveryMissing).with("missing", missing));
    }
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
                .map_err(|failure| refusal::submission(node, &failure, genesis.hub(), payload))?;
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

/// Refuses a change dated ahead: a bundle counts the grace of what was made before from this date.
// spec: ADM-165
pub(super) fn is_dated(proposed_at: Timestamp, now: Timestamp) -> Result<(), AdminError> {
    let ahead_ms = proposed_at.value().saturating_sub(now.value());
    match ahead_ms > limits::COSIGNATURE_AHEAD_MAX_MS {
        true => Err(AdminError::new(ErrorCode::ProposalAhead).with("minutes", ahead_ms / 60_000)),
        false => Ok(()),
    }
}

/// Refuses to lift what is not there: two approvers would sign for nothing.
// spec: ADM-497
fn is_suspended(registry: &Registry, content: &Content) -> Result<(), AdminError> {
    let Content::Suspension(suspension) = content else {
        return Ok(());
    };
    let member = registry.member(suspension.member);
    let is_active = member.is_some_and(|member| member.standing() == Standing::Active);
    match is_active && suspension.standing == Standing::Active {
        true => Err(AdminError::new(ErrorCode::NotSuspended).with("member", suspension.member)),
        false => Ok(()),
    }
}

/// How many recovery keys have to sign a change that would hold with them and not without.
// spec: ADM-143, TRU-30
fn recovery_missing(
    registry: &Registry,
    change: &PendingChange,
    genesis: &Genesis,
) -> Result<u64, ChangeFault> {
    let payload = change.payload();
    let made = (&payload.content, Some(payload.issued_at));
    let missing = change.recovery_missing(genesis);
    match registry.admits_made(made, missing == 0) {
        Err(ChangeFault::NotCommitted) if missing > 0 => {
            registry.admits_made(made, true).map(|()| missing)
        }
        verdict => verdict.map(|()| 0),
    }
}

/// Whether a cut-off names a position and a head that the member's log, as held here, has.
// spec: ADM-142
fn fits_history(node: &Node, cut_off: &CutOff) -> Result<(), AdminError> {
    // Positions of a witness key are not those of the member's own log.
    if !matches!(cut_off.key_use, KeyUse::Log | KeyUse::Statement) {
        return Ok(());
    }
    let origin = node.genesis().origin(cut_off.member, LogNumber::Statements);
    let logs = node.shared().logs();
    let Some(log) = logs.get(&origin) else {
        return Ok(());
    };
    let (size, root_at) = (log.size(), |size| log.tree().root_at(size).ok());
    let other = cut_off
        .continues
        .filter(|(size, root)| root_at(*size) != Some(*root));
    let beyond = cut_off.from.filter(|from| from.value() > size.value());
    let (named, shown) = match (other, beyond) {
        (Some((named, root)), _) => (format!("{named}:{root}"), named.min(size)),
        (None, Some(from)) => (format!("#{from}"), size),
        (None, None) => return Ok(()),
    };
    let root = root_at(shown).map_or_else(String::new, |root| root.to_string());
    Err(AdminError::new(ErrorCode::HistoryDiffers)
        .with("log", &origin)
        .with("named", named)
        .with("held", format!("{shown}:{root}")))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A proposal of a machine that was a year ahead let who had been suspended bind, in bundles, for as long.
    // spec: ADM-165
    #[test]
    fn change_that_is_dated_ahead_of_the_clock_is_refused() {
        let now = Timestamp::new(1_772_400_000_000).unwrap();
        let dated = |ms: u64| is_dated(Timestamp::new(now.value() + ms).unwrap(), now);
        assert_eq!(dated(0), Ok(()));
        assert_eq!(dated(300_000), Ok(()));
        let refused = dated(300_001).unwrap_err();
        assert_eq!(refused.code, ErrorCode::ProposalAhead);
        assert_eq!(refused.detail("minutes"), Some("5"));
        assert_eq!(is_dated(Timestamp::MIN, now), Ok(()));
    }
}
