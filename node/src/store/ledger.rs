//! Rows that the node keeps of its own doing: look-ups by users, deliveries to peers.
//!
//! A row is durable as a record of the journal before it is indexed here; this module gives its
//! encoding and its place in the index.
//!
//! ```text
//! look-up  [sequence, who, purpose, case number, basis, subject, at, digest of the answer]   CBOR
//! ```

use concordat_protocol::codec::{DecodeError, Reader, Writer};
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::Timestamp;
use thiserror::Error;

use super::engine::EngineBatch;
use super::schema::{Bytes, Family, Fields, LogId};

/// A row of the register of look-ups. Append only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Its number: from 0, without gaps.
    pub sequence: u64,
    /// Who looked.
    pub who: Text<200>,
    /// For what purpose.
    pub purpose: Text<200>,
    /// The number of the case.
    pub case_number: Text<128>,
    /// The legal basis.
    pub basis: Text<400>,
    /// The organisation looked up.
    pub subject: SubjectCode,
    /// When.
    pub at: Timestamp,
    /// Salted SHA-256 of the answer given.
    pub answer_digest: [u8; 32],
}

impl Lookup {
    /// Its encoding in the journal and the store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(256);
        writer
            .array(8)
            .unsigned(self.sequence)
            .text(self.who.as_str())
            .text(self.purpose.as_str())
            .text(self.case_number.as_str())
            .text(self.basis.as_str())
            .text(self.subject.as_str())
            .unsigned(self.at.value())
            .bytes(&self.answer_digest);
        writer.finish()
    }

    /// Takes a row apart.
    ///
    /// # Errors
    /// [`LookupError`]; every byte counts.
    pub fn decode(bytes: &[u8]) -> Result<Self, LookupError> {
        let mut reader = Reader::new(bytes);
        reader.array(8, "a look-up of eight items")?;
        let sequence = reader.unsigned("a sequence number")?;
        let who = text(&mut reader, "who")?;
        let purpose = text(&mut reader, "purpose")?;
        let case_number = text(&mut reader, "case number")?;
        let basis = text(&mut reader, "basis")?;
        let subject = SubjectCode::parse(reader.text("a subject code")?);
        let subject = subject.map_err(|_| LookupError::Field { field: "subject" })?;
        let at = Timestamp::new(reader.unsigned("an instant")?);
        let at = at.map_err(|_| LookupError::Field { field: "at" })?;
        let answer_digest = reader.bytes_exact("a digest of 32 bytes")?;
        reader.finish()?;
        Ok(Self {
            sequence,
            who,
            purpose,
            case_number,
            basis,
            subject,
            at,
            answer_digest,
        })
    }
}

/// Why bytes are not a row of the register of look-ups.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LookupError {
    /// The bytes are not the array that a row is.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A field has a value that it cannot have.
    #[error("the look-up's {field} is not one")]
    Field {
        /// Its name.
        field: &'static str,
    },
}

/// Bodies that were served to a peer: the range of a log, end excluded, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// To whom.
    pub peer: AuthorityCode,
    /// Of which log.
    pub origin: Origin,
    /// The first statement.
    pub begin: LeafIndex,
    /// Behind the last statement.
    pub end: LeafIndex,
    /// When the row was written, before the first byte left.
    pub at: Timestamp,
}

pub(super) fn put_lookup(batch: &mut EngineBatch, lookup: &Lookup) {
    batch.put(lookup_key(lookup.sequence), lookup.encode());
}

pub(super) fn lookup_key(sequence: u64) -> Vec<u8> {
    Bytes::key(Family::Lookups).u64(sequence).finish()
}

pub(super) fn put_delivery(batch: &mut EngineBatch, log: LogId, delivery: &Delivery) {
    let key = delivery_prefix(delivery.peer)
        .log(log)
        .u64(delivery.begin.value());
    // The end is part of the key, so that ranges with one beginning do not hide each other.
    let key = key.u64(delivery.end.value()).u64(delivery.at.value());
    batch.replace(key.finish(), []);
}

pub(super) fn delivery_prefix(peer: AuthorityCode) -> Bytes {
    Bytes::key(Family::Deliveries).raw(peer.as_str().as_bytes())
}

/// Log, begin, end and instant of a delivery's key.
pub(super) fn decode_delivery(key: &[u8]) -> Option<(LogId, u64, u64, Timestamp)> {
    let mut fields = Fields(key.get(1 + 18..)?);
    let log = LogId(fields.u32()?);
    let (begin, end) = (fields.u64()?, fields.u64()?);
    Some((log, begin, end, Timestamp::new(fields.u64()?).ok()?))
}

fn text<const MAX: usize>(
    reader: &mut Reader<'_>,
    field: &'static str,
) -> Result<Text<MAX>, LookupError> {
    Text::new(reader.text(field)?).map_err(|_| LookupError::Field { field })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookup_round_trips_and_refuses_any_other_length() {
        let lookup = Lookup {
            sequence: 7,
            who: Text::new("clerk 12").unwrap(),
            purpose: Text::new("招标资格审查").unwrap(),
            case_number: Text::new("2026-118").unwrap(),
            basis: Text::new("招标投标法第二十六条").unwrap(),
            subject: SubjectCode::parse("91230400MA0000015M").unwrap(),
            at: Timestamp::new(1_772_409_600_000).unwrap(),
            answer_digest: [3; 32],
        };
        let bytes = lookup.encode();
        assert_eq!(Lookup::decode(&bytes), Ok(lookup));
        for length in 0..bytes.len() {
            assert!(Lookup::decode(&bytes[..length]).is_err());
        }
    }
}
