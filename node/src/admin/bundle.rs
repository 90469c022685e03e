//! A proof bundle, in chunks.

use std::collections::BTreeSet;

use concordat_protocol::admin::{
    AdminError, BundleAsk, BundleView, CHUNK_BYTES_MAX, ErrorCode, LookUp, Reply,
};
use concordat_protocol::bundle::{self, VerifiedBundle};
use concordat_protocol::effect::Effect;
use concordat_protocol::log::Hash;
use concordat_protocol::lookup::{SHOWN_MAX, Shown};
use concordat_protocol::statement::StatementRef;
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::trust::Verified;
use serde_bytes::ByteBuf;

use crate::admin::desk::{Answer, Desk};
use crate::admin::{lookup, refusal, subject, target, view};
use crate::export::{ExportError, Exported};

/// `bundle export`
pub(super) fn answer(desk: &Desk, ask: BundleAsk) -> Answer {
    let reference = target::resolve(desk, &ask.target)?;
    require_prefix(desk, &reference)?;
    let verified = subject::verified(desk, &reference)?;
    // spec: ADM-171
    if !verified.statement().payload().class().is_decision() {
        let class = refusal::class_name(verified.statement().payload().class());
        let error = AdminError::new(ErrorCode::WrongClass).with("class", class);
        return Err(error.with("state", "bundle"));
    }
    subject::require_look_up(desk, &verified, ask.look_up.is_some())?;
    let exported = match ask.receiver {
        Some(receiver) => {
            // spec: ADM-417
            if desk.node().registry().member(receiver).is_none() {
                return Err(AdminError::new(ErrorCode::MemberUnknown).with("member", receiver));
            }
            desk.node().export_bundle_for(&reference, receiver)
        }
        None => desk.node().export_bundle(&reference),
    };
    let exported = exported.map_err(|error| refused(&error))?;
    let anchor = desk.node().genesis().id();
    let shown = bundle::verify(&exported.bytes, &anchor, None);
    let shown = shown.map_err(|error| refusal::internal(&error))?;
    let digest = shown.digest();
    let file = File {
        target: reference,
        exported,
        digest,
    };
    hand_out(desk, file, &shown, ask.look_up.as_ref())
}

/// A file that was made, and of what.
pub(super) struct File {
    pub(super) target: StatementRef,
    pub(super) exported: Exported,
    /// That which a verifier of the file shows.
    pub(super) digest: Hash,
}

/// Hands out what shows a bundle, once every organisation in it has its row.
pub(super) fn hand_out(
    desk: &Desk,
    file: File,
    shown: &VerifiedBundle<'_>,
    look_up: Option<&LookUp>,
) -> Answer {
    let Exported { bytes, left_out } = file.exported;
    // What it rests on and what acts on it goes out too, and may be seen by fewer.
    // spec: ADM-75
    let mut about = BTreeSet::from([shown.statement().statement().header().about]);
    for one in shown.verified() {
        subject::require_look_up(desk, one, look_up.is_some())?;
        if subject::is_about_organisation(one) {
            about.insert(one.statement().header().about);
        }
    }
    let last = Reply::Bundle(BundleView {
        target: file.target,
        bytes: bytes.len() as u64,
        digest: file.digest,
        statements: (1 + shown.related().len() + shown.acts().len() + shown.notices().len()) as u64,
        left_out,
    });
    if let Some(look_up) = look_up {
        for organisation in about {
            let decisions = decisions_about(desk, shown, organisation)?;
            let shown = |reply: &Reply| of_file(&decisions, reply);
            lookup::record_shown(desk, look_up, organisation, shown, |_| last.clone())?;
        }
    }
    // spec: ADM-3
    for chunk in bytes.chunks(CHUNK_BYTES_MAX) {
        desk.send(Reply::Chunk(ByteBuf::from(chunk.to_vec())));
    }
    Ok(last)
}

/// How the decisions of a file that are about an organisation stand.
// spec: LKP-54
fn decisions_about(
    desk: &Desk,
    shown: &VerifiedBundle<'_>,
    organisation: SubjectCode,
) -> Result<Vec<Shown>, AdminError> {
    let about = |one: &&Verified| {
        let statement = one.statement();
        statement.payload().class().is_decision() && statement.header().about == organisation
    };
    let targets: Vec<_> = shown
        .verified()
        .filter(about)
        .map(Verified::reference)
        .collect();
    let today = desk.node().today();
    let effects = desk.node().effects_of(&targets, today);
    let effects = effects.map_err(|error| refusal::ask(&error))?;
    let stands = |(target, effect): (&&StatementRef, Effect)| {
        Shown::decision((*target).clone(), &view::effect(&effect, today))
    };
    Ok(targets.iter().zip(effects).map(stands).collect())
}

/// What a file's row names: its decisions, and what the file is of where that is none of them.
fn of_file(decisions: &[Shown], reply: &Reply) -> Vec<Shown> {
    let mut named = Shown::in_reply(reply);
    named.retain(|one| decisions.iter().all(|of| of.reference != one.reference));
    named.extend_from_slice(decisions);
    named.truncate(SHOWN_MAX);
    named
}

/// A bundle cannot say that its log has forked: whoever verifies it would rely on what is in doubt.
// spec: ADM-61
pub(super) fn require_prefix(desk: &Desk, reference: &StatementRef) -> Result<(), AdminError> {
    let frozen = desk.node().shared().frozen();
    match frozen.get(&reference.origin) {
        Some(frozen) if reference.index >= frozen.at => Err(refusal::frozen(&reference.origin)),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn refused(error: &ExportError) -> AdminError {
    match error {
        ExportError::NotHeld { origin } => {
            AdminError::new(ErrorCode::BodyNotHeld).with("target", origin)
        }
        ExportError::ActNotHeld { act } => AdminError::new(ErrorCode::ActNotHeld).with("act", act),
        ExportError::Unreadable { position, fault } => refusal::unreadable(position, *fault),
        ExportError::Agreements { receiver } => {
            AdminError::new(ErrorCode::AgreementsUnshown).with("receiver", receiver)
        }
        ExportError::Ask(error) => refusal::ask(error),
        ExportError::Bundle(error) => {
            AdminError::new(ErrorCode::VerificationFailed).with("what", error)
        }
        ExportError::LookUp(error) => {
            AdminError::new(ErrorCode::VerificationFailed).with("what", error)
        }
    }
}
