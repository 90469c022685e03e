//! A look-up: a durable row before anything about an organisation is answered, and its receipt.

use concordat_protocol::admin::{AdminError, CleanView, CleanWord, ErrorCode, LookUp, Reply};
use concordat_protocol::codec::Truth;
use concordat_protocol::lookup::{LookUpRow, SHOWN_MAX, Shown, answer_digest};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::text::Text;
use serde_bytes::ByteBuf;

use crate::admin::desk::Desk;
use crate::admin::refusal;
use crate::clock;

/// Writes the row of a look-up, sends its receipt where one is wanted, and gives the answer. `reply` makes
/// that for the number of the row; what it shows, and its salted digest, are in the row.
// spec: ADM-20, ADM-310
pub(super) fn record(
    desk: &Desk,
    look_up: &LookUp,
    subject: SubjectCode,
    reply: impl Fn(u64) -> Reply,
) -> Result<Reply, AdminError> {
    record_shown(desk, look_up, subject, Shown::in_reply, reply)
}

/// The same of a reply that does not say itself what it shows.
pub(super) fn record_shown(
    desk: &Desk,
    look_up: &LookUp,
    subject: SubjectCode,
    shown: impl Fn(&Reply) -> Vec<Shown>,
    reply: impl Fn(u64) -> Reply,
) -> Result<Reply, AdminError> {
    let node = desk.node();
    let who = Text::new(desk.who.name.clone()).map_err(|error| refusal::internal(&error))?;
    let horizon = node.look_up_horizon();
    let row = |number, salt: &[u8; 32]| {
        let answer = reply(number);
        // A reply without an encoding is not sent either.
        let bytes = answer.encode().unwrap_or_default();
        LookUpRow {
            number,
            at: clock::now(),
            who,
            purpose: look_up.purpose.clone(),
            case_number: look_up.case_number.clone(),
            basis: look_up.basis.clone(),
            subject,
            scenario: look_up.scenario,
            answer: answer_digest(salt, &bytes),
            shown: shown(&answer),
            horizon: Some(horizon),
            clean: clean(&answer),
            // spec: LKP-91
            refused: matches!(answer, Reply::Error(_)).then_some(Truth),
        }
    };
    let kept = desk.runtime.block_on(node.keep_look_up(row));
    let kept =
        kept.map_err(|cause| AdminError::new(ErrorCode::StorageFailed).with("cause", cause))?;
    if look_up.receipt.is_some() {
        let receipt = node.receipt(&kept);
        let receipt = receipt.ok_or_else(|| {
            AdminError::new(ErrorCode::KeyNotRegistered).with("key", "statement.key")
        })?;
        desk.send(Reply::Receipt(ByteBuf::from(receipt)));
    }
    Ok(reply(kept.number))
}

/// What a reply shows, and what it weighed for clean years besides.
// spec: LKP-50, LKP-77
pub(super) fn shown_with(reply: &Reply, weighed: &[Shown]) -> Vec<Shown> {
    let mut shown = Shown::in_reply(reply);
    for one in weighed {
        let is_new = shown.iter().all(|was| was.reference != one.reference);
        if is_new && shown.len() < SHOWN_MAX {
            shown.push(one.clone());
        }
    }
    shown
}

/// What a reply says of clean years.
// spec: LKP-74
fn clean(reply: &Reply) -> Option<CleanWord> {
    if let Reply::Subject(answer) = reply {
        return answer.clean.as_ref().map(CleanView::word);
    }
    None
}

#[cfg(test)]
mod tests {
    use concordat_protocol::admin::{AdminError, ErrorCode};
    use concordat_protocol::log::LeafIndex;
    use concordat_protocol::statement::StatementRef;
    use concordat_protocol::trust::LogNumber;

    use super::*;
    use crate::fixture::Fixture;

    /// What was weighed and is not listed is in the row too, as far as it has room.
    // spec: LKP-93
    #[test]
    fn row_names_what_was_weighed_up_to_its_bound() {
        let fixture = Fixture::new();
        let genesis = fixture.registry.genesis();
        let one = |index| {
            Shown::other(StatementRef {
                origin: genesis.origin(fixture.member, LogNumber::Statements),
                index: LeafIndex::new(index),
                leaf_hash: genesis.id(),
            })
        };
        let none = Reply::Error(AdminError::new(ErrorCode::NothingHeard));
        let weighed: Vec<_> = (0..SHOWN_MAX as u64 + 9).map(one).collect();
        assert_eq!(shown_with(&none, &weighed[..100]), weighed[..100]);
        assert_eq!(shown_with(&none, &weighed), weighed[..SHOWN_MAX]);
    }
}
