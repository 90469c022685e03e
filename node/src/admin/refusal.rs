//! Causes inside the node as the errors that an administrator is told.

use concordat_certs::key_file::file_name;
use concordat_certs::summary::words;
use concordat_protocol::admin::{AdminError, ErrorCode};
use concordat_protocol::log::Origin;
use concordat_protocol::statement::{Class, Content, KeyUse, Mandate, Payload};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use concordat_protocol::trust::RejectReason;
use tracing::error;

use crate::core::{BodyFault, SubmitError};
use crate::import::Field;
use crate::node::{AskError, Node};
use crate::query::QueryError;
use crate::runtime::SubmitFailure;
use crate::store::Position;

/// A fault of the node itself; its own log says more.
pub(super) fn internal(cause: &dyn std::error::Error) -> AdminError {
    error!(%cause, "a request of the admin channel could not be answered");
    AdminError::new(ErrorCode::Internal).with("cause", cause)
}

/// How long to wait before a body that could not be read now is asked for again, in milliseconds.
const READ_AGAIN_MS: u64 = 1_000;

/// A body that is held was not read from the disk; the core has said so in the log.
// spec: STO-31, STO-47
pub(super) fn unreadable(position: &Position, fault: BodyFault) -> AdminError {
    match fault {
        BodyFault::Damaged(damaged) => AdminError::new(ErrorCode::BodyDamaged)
            .with("target", position)
            .with("file", damaged.file)
            .with("offset", damaged.offset),
        BodyFault::Unavailable { .. } => {
            AdminError::new(ErrorCode::Busy).with("retry_after_ms", READ_AGAIN_MS)
        }
    }
}

/// The store or the index failed, or a body is damaged.
pub(super) fn ask(cause: &AskError) -> AdminError {
    match cause {
        AskError::Query(QueryError::Body(unreadable)) => {
            return self::unreadable(&unreadable.position, unreadable.fault);
        }
        AskError::Query(QueryError::TooManyStatements { .. }) => {
            return AdminError::new(ErrorCode::NotSupported).with("what", cause);
        }
        AskError::Query(QueryError::Stopping) => {
            return AdminError::new(ErrorCode::ShuttingDown);
        }
        AskError::Query(QueryError::Store(_)) | AskError::Index(_) => {}
    }
    error!(%cause, "a question was not answered");
    AdminError::new(ErrorCode::StorageFailed).with("cause", cause)
}

/// The index failed.
pub(super) fn index(cause: crate::indexer::IndexerStopped) -> AdminError {
    ask(&AskError::from(cause))
}

/// A query failed.
pub(super) fn query(cause: QueryError) -> AdminError {
    ask(&AskError::from(cause))
}

/// The store failed.
pub(super) fn store(cause: crate::store::StoreError) -> AdminError {
    query(QueryError::from(cause))
}

/// What a statement breaks.
pub(super) fn invalid(rule: &dyn std::error::Error) -> AdminError {
    AdminError::new(ErrorCode::InvalidStatement).with("rule", rule)
}

/// An act that would stay in the log without effect, for what its target is.
pub(super) fn no_effect(class: Class, state: &str) -> AdminError {
    AdminError::new(ErrorCode::NoEffect)
        .with("class", class_name(class))
        .with("state", state)
}

/// A day that has not come yet.
pub(super) fn day_ahead(day: Day, today: Day) -> AdminError {
    AdminError::new(ErrorCode::DayAhead)
        .with("day", day)
        .with("today", today)
}

/// The name of a class in errors.
pub(super) fn class_name(class: Class) -> String {
    words::class(class).name.to_owned()
}

/// Why the registry does not let a statement pass.
pub(super) fn rejected(
    reason: RejectReason,
    issuer: AuthorityCode,
    payload: &Payload,
) -> AdminError {
    let class = payload.class();
    match reason {
        RejectReason::NoMandate => AdminError::new(ErrorCode::NoMandate)
            .with("issuer", issuer)
            .with("class", class_name(class)),
        RejectReason::IssuerSuspended => {
            AdminError::new(ErrorCode::MemberSuspended).with("member", issuer)
        }
        RejectReason::ItemUnknown
        | RejectReason::ItemActType
        | RejectReason::MeasureUnknown
        | RejectReason::ItemClass
        | RejectReason::InterviewOpen => {
            AdminError::new(ErrorCode::OutsideCatalogue).with("rule", reason)
        }
        // spec: ADM-144
        RejectReason::KeyUnknown => {
            AdminError::new(ErrorCode::KeyNotRegistered).with("key", file_name(KeyUse::Statement))
        }
        RejectReason::SyntheticInProduction => {
            AdminError::new(ErrorCode::SyntheticRefused).with("fields", synthetic(payload))
        }
        RejectReason::WrongVis if class == Class::Correction => {
            AdminError::new(ErrorCode::OtherVisibility)
        }
        RejectReason::CtxAhead
        | RejectReason::CtxForeign
        | RejectReason::CtxDecreases
        | RejectReason::IssuerUnknown
        | RejectReason::IssuerElsewhere
        | RejectReason::BadSignature
        | RejectReason::WrongLog
        | RejectReason::TooFewApprovals
        | RejectReason::PublicationTooLong
        | RejectReason::WrongVis
        | RejectReason::WrongKind
        | RejectReason::WrongTarget
        | RejectReason::Repeated
        | RejectReason::WrongCommit
        | RejectReason::NotAStatement
        | RejectReason::RegistryConflict
        | RejectReason::OtherNetwork
        | _ => match class.is_registry() {
            true => AdminError::new(ErrorCode::ChangeRefused).with("cause", reason),
            false => AdminError::new(ErrorCode::InvalidStatement).with("rule", reason),
        },
    }
}

/// The same, and when the mandate ended where there was one for an act.
// spec: ADM-186
pub(super) fn rejected_by(
    node: &Node,
    reason: RejectReason,
    issuer: AuthorityCode,
    payload: &Payload,
) -> AdminError {
    let error = rejected(reason, issuer, payload);
    let (registry, class) = (node.registry(), payload.class());
    let ended = registry
        .member(issuer)
        .filter(|_| reason == RejectReason::NoMandate && class.is_act())
        .and_then(|member| {
            let day = Day::of(payload.issued_at).ok()?;
            mandate_ended(&member.enrolment().mandates, class, day)
        });
    match ended {
        Some(ended) => error.with("state", "ended").with("ended", ended),
        None => error,
    }
}

/// The last day on which there was a mandate for a class, where there is none on a day any more.
fn mandate_ended(mandates: &[Mandate], class: Class, day: Day) -> Option<Day> {
    let mandates = || mandates.iter().filter(|it| it.classes.contains(&class));
    let holds = |it: &Mandate| it.from <= day && it.until.is_none_or(|until| day <= until);
    let ended = mandates().filter_map(|it| it.until.filter(|until| *until < day));
    ended.max().filter(|_| !mandates().any(holds))
}

/// The fields that a decision, or what a correction puts in its place, says are made up.
// spec: ADM-83
fn synthetic(payload: &Payload) -> String {
    let keys = match &payload.content {
        Content::Decision(decision) => &decision.fields().synthetic,
        Content::Correction(correction) => &correction.replacement.fields().synthetic,
        Content::Objection(_)
        | Content::Ruling(_)
        | Content::Withdrawal(_)
        | Content::Admission(_)
        | Content::Stay(_)
        | Content::Erasure(_)
        | Content::Repair(_)
        | Content::Agreement(_)
        | Content::Accession(_)
        | Content::Retirement(_)
        | Content::RecognitionResponse(_)
        | Content::ItemCatalogue(_)
        | Content::MeasureCatalogue(_)
        | Content::Calendar(_)
        | Content::DeadlineRules(_)
        | Content::Policy(_)
        | Content::Enrolment(_)
        | Content::Rotation(_)
        | Content::Suspension(_)
        | Content::CutOff(_)
        | Content::Loss(_)
        | Content::Succession(_)
        | Content::Notice(_)
        | Content::DeliveryBatch(_)
        | Content::Holdings(_)
        | Content::ReceiptBatch(_)
        | Content::QueryRoot(_)
        | Content::HeadSeen(_)
        | Content::Restart(_)
        | Content::Record(_) => return String::new(),
    };
    let names = keys.iter().map(|key| match Field::of_key(*key) {
        Some(field) => field.to_string(),
        None => key.to_string(),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Why statements were not appended.
pub(super) fn submission(
    node: &Node,
    failure: &SubmitFailure,
    issuer: AuthorityCode,
    payload: &Payload,
) -> AdminError {
    match failure {
        SubmitFailure::CoreGone(gone) => {
            AdminError::new(ErrorCode::StorageFailed).with("cause", gone)
        }
        SubmitFailure::Refused(refused) => match refused {
            SubmitError::SigningHeld => not_signing(node),
            SubmitError::LogFrozen { origin } => frozen(origin),
            SubmitError::NotOurLog => AdminError::new(ErrorCode::NotTheHub).with("hub", issuer),
            SubmitError::NotAStatement { error, .. } => invalid(error),
            SubmitError::TargetUnreadable { .. } => {
                AdminError::new(ErrorCode::Busy).with("retry_after_ms", READ_AGAIN_MS)
            }
            SubmitError::Refused { reason, .. } => rejected_by(node, *reason, issuer, payload),
        },
    }
}

/// The node may not sign yet, or not any more.
pub(super) fn not_signing(node: &Node) -> AdminError {
    let forked = node.shared().frozen().into_keys();
    match forked.into_iter().find(|origin| node.owns(origin)) {
        Some(origin) => frozen(&origin),
        None => held(node),
    }
}

/// Nothing is signed though no log of the node has forked: it waits for others, or for the right key.
// spec: ADM-144
fn held(node: &Node) -> AdminError {
    let foreign = node.shared().foreign_keys();
    let names: Vec<_> = foreign.into_iter().map(file_name).collect();
    match names.is_empty() {
        true => AdminError::new(ErrorCode::NotSigning),
        false => AdminError::new(ErrorCode::KeyNotRegistered).with("key", names.join(", ")),
    }
}

/// Two heads of a log are known that cannot both hold.
// spec: ADM-60
pub(super) fn frozen(origin: &Origin) -> AdminError {
    AdminError::new(ErrorCode::LogFrozen).with("origin", origin)
}

#[cfg(test)]
mod tests {
    use concordat_protocol::codec::Ext;
    use concordat_protocol::statement::{Correction, Decision};
    use concordat_protocol::text::Text;
    use concordat_protocol::time::Timestamp;

    use super::*;
    use crate::fixture;

    // spec: ADM-83
    #[test]
    fn correction_with_fields_made_up_is_refused_with_their_names() {
        let mut fields = fixture::penalty(fixture::subject(1), "1号");
        fields.synthetic = vec![1, 6, 17];
        let payload = Payload {
            issued_at: Timestamp::new(0).unwrap(),
            target: None,
            register_size: None,
            batch: None,
            content: Content::Correction(Box::new(Correction {
                reasons: Text::new("更正").unwrap(),
                replacement: Decision::new(fields).unwrap(),
            })),
            ext: Ext::default(),
        };
        let issuer = AuthorityCode::parse("11230500001755309F").unwrap();
        let refused = rejected(RejectReason::SyntheticInProduction, issuer, &payload);
        assert_eq!(refused.code, ErrorCode::SyntheticRefused);
        let names = "subject_code, served_on, remedies";
        assert_eq!(refused.detail("fields"), Some(names));
    }
}
