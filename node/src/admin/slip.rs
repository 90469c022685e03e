//! A filing slip, in chunks.

use concordat_protocol::admin::{AdminError, BundleAsk, ErrorCode};
use concordat_protocol::bundle::{BundleError, verify_slip};
use concordat_protocol::statement::{Class, StatementRef};

use crate::admin::bundle::{self, File};
use crate::admin::desk::{Answer, Desk};
use crate::admin::{refusal, subject, target, view};
use crate::export::ExportError;

/// `slip`
// spec: ADM-330, ADM-331
pub(super) fn answer(desk: &Desk, ask: &BundleAsk) -> Answer {
    let reference = target::resolve(desk, &ask.target)?;
    let objection = subject::verified(desk, &reference)?;
    let payload = objection.statement().payload();
    let class = payload.class();
    let Some(decision) = payload
        .target
        .as_ref()
        .filter(|_| class == Class::Objection)
    else {
        let error = AdminError::new(ErrorCode::WrongClass);
        let error = error.with("class", refusal::class_name(class));
        return Err(error.with("state", "slip"));
    };
    for one in [&reference, decision] {
        bundle::require_prefix(desk, one)?;
    }
    let decided = subject::verified(desk, decision)?;
    subject::require_look_up(desk, &decided, ask.look_up.is_some())?;
    if !view::witnessed(&desk.node().horizon(), &reference) {
        return Err(not_witnessed(&reference));
    }
    let exported = desk.node().export_slip(&objection);
    let exported = exported.map_err(|error| refused(&error))?;
    let anchor = desk.node().genesis().id();
    let shown = verify_slip(&exported.bytes, &anchor, None);
    let shown = shown.map_err(|error| refusal::internal(&error))?;
    let file = File {
        target: reference,
        digest: shown.digest(),
        exported,
    };
    bundle::hand_out(desk, file, shown.bundle(), ask.look_up.as_ref())
}

fn refused(error: &ExportError) -> AdminError {
    if let ExportError::Bundle(BundleError::ObjectionNotWitnessed { objection }) = error {
        return not_witnessed(objection);
    }
    bundle::refused(error)
}

fn not_witnessed(objection: &StatementRef) -> AdminError {
    AdminError::new(ErrorCode::NotWitnessed).with("target", objection)
}
