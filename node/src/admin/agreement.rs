//! Agreements: approved as a party, logged with the approvals of all, joined, left and listed.

mod doubts;
mod list;
mod words;

use std::collections::BTreeSet;

use concordat_certs::agreement::PendingAgreement;
use concordat_certs::change::{ApprovalFile, ChangeError};
use concordat_certs::fingerprint::Fingerprint;
use concordat_protocol::admin::{
    AdminError, AgreementApproveAsk, AgreementApproved, AgreementLogAsk, AgreementLogged,
    ErrorCode, PartyView, Reply,
};
use concordat_protocol::codec::Truth;
use concordat_protocol::statement::{AgreementFields, Class, Proposal, Standing, Vis};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use concordat_protocol::trust::{Genesis, LogNumber, Registry, RejectReason};
use serde_bytes::ByteBuf;

use crate::admin::desk::{Answer, Desk};
use crate::admin::{act, refusal, submit, view};
use crate::clock;
use crate::node::Node;
use crate::store::{BytesDigest, words_proposed};

use doubts::doubts;
pub(super) use list::{list, of_now, same_words};
pub(super) use words::{accede, record, retire};

/// `agreement approve`
// spec: ADM-234, ADM-235
pub(super) fn approve(desk: &Desk, ask: &AgreementApproveAsk) -> Answer {
    let node = desk.node();
    let pending = proposed(node, &ask.proposal)?;
    let fields = fields(&pending)?;
    let member = node.member();
    require_party(fields, member)?;
    require_next_version(node, fields)?;
    require_not_over(desk, fields)?;
    agrees(node, &pending, member).map_err(|reason| refused(reason, member, &pending))?;
    let approval = match ask.dry_run {
        true => None,
        false => {
            // Nothing else is signed while the node may not sign.
            if !node.is_signing() {
                return Err(refusal::not_signing(node));
            }
            let approval = pending.approve(node.genesis(), node.signer());
            let approval = approval.and_then(|approval| approval.encode());
            Some(approval.map_err(|error| unfit(&error, node.genesis()))?)
        }
    };
    Ok(Reply::AgreementApproved(AgreementApproved {
        member,
        approval: approval.map(ByteBuf::from),
        doubts: doubts(&node.registry(), fields, node.today()),
    }))
}

/// `agreement log`, and what `agreement show` asks
// spec: ADM-236, ADM-237
pub(super) fn log(desk: &Desk, ask: &AgreementLogAsk) -> Answer {
    let node = desk.node();
    let pending = proposed(node, &ask.proposal)?;
    let fields = fields(&pending)?;
    let (member, genesis) = (node.member(), node.genesis());
    let approvals = ask
        .approvals
        .iter()
        .map(|bytes| ApprovalFile::decode(bytes));
    let approvals: Result<Vec<_>, _> = approvals.collect();
    let approvals = approvals.map_err(|error| unfit(&error, genesis))?;
    let mut approved = approved_by(node, &pending, &approvals)?;
    let registry = node.registry();
    if ask.show.is_some() {
        return Ok(Reply::AgreementLogged(AgreementLogged {
            reference: None,
            parties: parties(&registry, fields, &approved),
            witnessed: false,
            doubts: doubts(&registry, fields, node.today()),
            already: None,
        }));
    }
    require_party(fields, member)?;
    // What its own node signs counts already, and an approval beside it is none that was asked for.
    if !approved.insert(member) {
        let fingerprint = Fingerprint::of_key(&node.signer().public_key());
        return Err(unfit(
            &ChangeError::AlreadyApproved { fingerprint },
            genesis,
        ));
    }
    let missing = fields
        .parties
        .iter()
        .filter(|party| !approved.contains(party));
    let missing: Vec<AuthorityCode> = missing.copied().collect();
    let parties = || parties(&registry, fields, &approved);
    if !ask.dry_run && !missing.is_empty() {
        let names = missing.iter().map(|party| named(&registry, *party));
        let names = names.collect::<Vec<_>>().join(", ");
        return Err(AdminError::new(ErrorCode::PartiesMissing).with("missing", names));
    }
    if !missing.is_empty() {
        return Ok(Reply::AgreementLogged(AgreementLogged {
            reference: None,
            parties: parties(),
            witnessed: false,
            doubts: doubts(&registry, fields, node.today()),
            already: None,
        }));
    }
    // Equal words are one agreement wherever they stand: nothing would come of logging them again.
    // spec: AGR-63
    if let Some(at) = list::logged_at(node, words_of_pending(&pending)?)? {
        return Ok(Reply::AgreementLogged(AgreementLogged {
            witnessed: view::witnessed(&node.horizon(), &at),
            reference: Some(at),
            parties: parties(),
            doubts: doubts(&registry, fields, node.today()),
            already: Some(Truth),
        }));
    }
    require_next_version(node, fields)?;
    require_not_over(desk, fields)?;
    for party in &fields.parties {
        let agrees = agrees(node, &pending, *party);
        agrees.map_err(|reason| match *party == member {
            true => refused(reason, member, &pending),
            false => AdminError::new(ErrorCode::PartyUnfit)
                .with("member", named(&registry, *party))
                .with("cause", reason),
        })?;
    }
    let signed = pending.sign(genesis, node.signer(), member, node.ctx(), &approvals);
    let signed = signed.map_err(|error| unfit(&error, genesis))?;
    act::check(node, &signed, Vis::ALL_MEMBERS)?;
    let reference = match ask.dry_run {
        true => None,
        false => {
            let submitted = node.submit(LogNumber::Statements, vec![signed]);
            let references = desk.runtime.block_on(submitted);
            let references = references.map_err(|failure| {
                refusal::submission(node, &failure, member, pending.payload())
            })?;
            references.into_iter().next()
        }
    };
    let horizon = node.horizon();
    let witnessed = reference
        .as_ref()
        .is_some_and(|at| view::witnessed(&horizon, at));
    Ok(Reply::AgreementLogged(AgreementLogged {
        reference,
        parties: parties(),
        witnessed,
        doubts: doubts(&registry, fields, node.today()),
        already: None,
    }))
}

/// The digest of the words of a proposal.
fn words_of_pending(pending: &PendingAgreement) -> Result<BytesDigest, AdminError> {
    let proposal = Proposal::new(pending.payload());
    let proposal = proposal.map_err(|error| refusal::internal(&error))?;
    Ok(words_proposed(proposal.as_bytes()))
}

/// A proposal that is an agreement, and not dated ahead: who approves it is bound by it beyond whatever it
/// says by then.
fn proposed(node: &Node, bytes: &[u8]) -> Result<PendingAgreement, AdminError> {
    let pending = PendingAgreement::decode(bytes, node.genesis());
    let pending = pending.map_err(|error| unfit(&error, node.genesis()))?;
    submit::is_dated(pending.payload().issued_at, clock::now())?;
    Ok(pending)
}

fn fields(pending: &PendingAgreement) -> Result<&AgreementFields, AdminError> {
    let fields = pending.agreement();
    fields.map_err(|error| refusal::invalid(&error))
}

/// What has ended before anybody signed it would be in force in the past alone.
// spec: ADM-242
fn require_not_over(desk: &Desk, fields: &AgreementFields) -> Result<(), AdminError> {
    match fields.until {
        Some(until) => words::require_not_gone(desk, until),
        None => Ok(()),
    }
}

fn require_party(fields: &AgreementFields, member: AuthorityCode) -> Result<(), AdminError> {
    match fields.parties.contains(&member) {
        true => Ok(()),
        false => Err(AdminError::new(ErrorCode::NotAParty)
            .with("member", member)
            .with("title", &fields.title)),
    }
}

/// A later version follows on the newest that is known of an agreement that is held.
// spec: ADM-238
fn require_next_version(node: &Node, fields: &AgreementFields) -> Result<(), AdminError> {
    let Some(first) = &fields.first else {
        return Ok(());
    };
    let known = list::newest(node, first)?;
    match known {
        Some(known) if known.checked_add(1) == Some(fields.version) => Ok(()),
        Some(known) => Err(AdminError::new(ErrorCode::VersionUnfit)
            .with("version", fields.version)
            .with("known", known)),
        None => Err(AdminError::new(ErrorCode::TargetNotFound).with("target", first)),
    }
}

/// Whether an authority may agree to what is proposed, on the day of the proposal.
// spec: AGR-6
fn agrees(
    node: &Node,
    pending: &PendingAgreement,
    party: AuthorityCode,
) -> Result<(), RejectReason> {
    let registry = node.registry();
    let member = registry.member(party).ok_or(RejectReason::IssuerUnknown)?;
    if member.standing() != Standing::Active {
        return Err(RejectReason::IssuerSuspended);
    }
    let day = Day::of(pending.payload().issued_at);
    let mandate = day
        .ok()
        .and_then(|day| member.mandate(Class::Agreement, day, None));
    mandate.map(drop).ok_or(RejectReason::NoMandate)
}

/// Who has approved, by the keys that the registry names now. An approval by anybody else, or a second one,
/// is refused.
// spec: AGR-5, ADM-236
fn approved_by(
    node: &Node,
    pending: &PendingAgreement,
    approvals: &[ApprovalFile],
) -> Result<BTreeSet<AuthorityCode>, AdminError> {
    let (genesis, registry) = (node.genesis(), node.registry());
    let mut approved = BTreeSet::new();
    for file in approvals {
        let approval = pending.approval(genesis, file);
        let approval = approval.map_err(|error| unfit(&error, genesis))?;
        let kid = approval.kid();
        let parties = fields(pending)?.parties.iter();
        let key = parties.copied().find_map(|party| {
            let key = registry.member(party)?.statement_key(kid)?;
            Some((party, *key))
        });
        let not_an_approver = || unfit(&ChangeError::NotAnApprover { kid }, genesis);
        let (party, key) = key.ok_or_else(not_an_approver)?;
        let fingerprint = Fingerprint::of_key(&key);
        if approval.verify_signature(&key).is_err() {
            return Err(unfit(&ChangeError::BadApproval { fingerprint }, genesis));
        }
        if !approved.insert(party) {
            return Err(unfit(
                &ChangeError::AlreadyApproved { fingerprint },
                genesis,
            ));
        }
    }
    Ok(approved)
}

fn parties(
    registry: &Registry,
    fields: &AgreementFields,
    approved: &BTreeSet<AuthorityCode>,
) -> Vec<PartyView> {
    let views = fields.parties.iter().map(|party| PartyView {
        member: *party,
        name: view::name_of(registry, *party),
        approved: approved.contains(party).then_some(Truth),
    });
    views.collect()
}

fn named(registry: &Registry, party: AuthorityCode) -> String {
    let name = view::name_of(registry, party).unwrap_or_default();
    format!("{party} {name}").trim_end().to_owned()
}

/// Why the node's own member may not.
fn refused(reason: RejectReason, member: AuthorityCode, pending: &PendingAgreement) -> AdminError {
    match reason == RejectReason::IssuerSuspended {
        true => suspended(member),
        false => refusal::rejected(reason, member, pending.payload()),
    }
}

/// Who is suspended says nothing about agreements until that is lifted.
// spec: ADM-239
pub(super) fn suspended(member: AuthorityCode) -> AdminError {
    let error = AdminError::new(ErrorCode::MemberSuspended).with("member", member);
    error.with("state", "agreement")
}

/// A file that is not what it should be.
fn unfit(error: &ChangeError, genesis: &Genesis) -> AdminError {
    if let ChangeError::OtherNetwork { found } = error {
        return AdminError::new(ErrorCode::OtherNetwork)
            .with("found", found)
            .with("here", Fingerprint::of_digest(&genesis.id()));
    }
    AdminError::new(ErrorCode::VerificationFailed).with("what", error)
}
