//! The payload map, and references between statements.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{Ext, byte_newtype};
use crate::log::{Hash, LeafIndex, Origin, TreeSize};
use crate::statement::class::Class;
use crate::statement::content::Content;
use crate::statement::decision::Invalid;
use crate::statement::record::Record;
use crate::time::Timestamp;

byte_newtype! {
    /// Ties the statements of one import or bulk act together. Random.
    pub struct BatchId([u8; 16]);
}

/// Where a statement stands: log, position and leaf hash. Encodes as `[origin, index, leaf hash]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementRef {
    /// The log.
    pub origin: Origin,
    /// The position.
    pub index: LeafIndex,
    /// The leaf there; commits to the statement without revealing it.
    pub leaf_hash: Hash,
}

impl fmt::Display for StatementRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.origin, self.index)
    }
}

impl Serialize for StatementRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.origin, self.index, self.leaf_hash).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StatementRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (origin, index, leaf_hash) = Deserialize::deserialize(deserializer)?;
        Ok(Self {
            origin,
            index,
            leaf_hash,
        })
    }
}

/// The payload of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// When the issuer says it was made. Informs; never orders or rejects, but for a declaration
    /// of loss beside the suspension that it rests on.
    pub issued_at: Timestamp,
    /// The statement acted on; present exactly for acts.
    pub target: Option<StatementRef>,
    /// Size of the home register that the issuer had adopted; present exactly for acts.
    pub register_size: Option<TreeSize>,
    /// The import or bulk act that it belongs to.
    pub batch: Option<BatchId>,
    /// What it says.
    pub content: Content,
    /// Entries of later versions.
    pub ext: Ext,
}

const CLASS: u64 = 1;
const ISSUED_AT: u64 = 2;
const TARGET: u64 = 3;
const REGISTER_SIZE: u64 = 4;
const BATCH: u64 = 5;
const CONTENT: u64 = 6;
const EXT: u64 = 15;

impl Payload {
    /// The class of the statement.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.content.class()
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let count = 3
            + usize::from(self.target.is_some())
            + usize::from(self.register_size.is_some())
            + usize::from(self.batch.is_some())
            + usize::from(!self.ext.is_empty());
        let mut map = serializer.serialize_map(Some(count))?;
        map.serialize_entry(&CLASS, &self.class())?;
        map.serialize_entry(&ISSUED_AT, &self.issued_at)?;
        if let Some(target) = &self.target {
            map.serialize_entry(&TARGET, target)?;
        }
        if let Some(size) = &self.register_size {
            map.serialize_entry(&REGISTER_SIZE, size)?;
        }
        if let Some(batch) = &self.batch {
            map.serialize_entry(&BATCH, batch)?;
        }
        match &self.content {
            Content::Decision(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Objection(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Ruling(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Correction(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Withdrawal(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Admission(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Stay(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Erasure(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Repair(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Agreement(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Accession(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Retirement(content) => map.serialize_entry(&CONTENT, content)?,
            Content::RecognitionResponse(content) => map.serialize_entry(&CONTENT, content)?,
            Content::ItemCatalogue(content) => map.serialize_entry(&CONTENT, content)?,
            Content::MeasureCatalogue(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Calendar(content) => map.serialize_entry(&CONTENT, content)?,
            Content::DeadlineRules(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Policy(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Enrolment(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Rotation(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Suspension(content) => map.serialize_entry(&CONTENT, content)?,
            Content::CutOff(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Loss(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Succession(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Notice(content) => map.serialize_entry(&CONTENT, content)?,
            Content::DeliveryBatch(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Holdings(content) => map.serialize_entry(&CONTENT, content)?,
            Content::ReceiptBatch(content) => map.serialize_entry(&CONTENT, content)?,
            Content::QueryRoot(content) => map.serialize_entry(&CONTENT, content)?,
            Content::HeadSeen(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Restart(content) => map.serialize_entry(&CONTENT, content)?,
            Content::Record(record) => write_record(&mut map, record)?,
        }
        if !self.ext.is_empty() {
            map.serialize_entry(&EXT, &self.ext)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PayloadVisitor)
    }
}

struct PayloadVisitor;

impl<'de> Visitor<'de> for PayloadVisitor {
    type Value = Payload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a payload map")
    }

    // spec: STM-15
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Payload, A::Error> {
        let missing = |key: u64| A::Error::custom(format_args!("the payload lacks key {key}"));
        let (mut class, mut issued_at, mut content) = (None, None, None);
        let (mut target, mut register_size, mut batch) = (None, None, None);
        let mut ext = Ext::default();
        // Keys ascend, so the class is known before the content is read.
        while let Some(key) = map.next_key::<u64>()? {
            match key {
                CLASS => class = Some(map.next_value::<Class>()?),
                ISSUED_AT => issued_at = Some(map.next_value()?),
                TARGET => target = Some(map.next_value()?),
                REGISTER_SIZE => register_size = Some(map.next_value()?),
                BATCH => batch = Some(map.next_value()?),
                CONTENT => {
                    let class = class.ok_or_else(|| missing(CLASS))?;
                    content = Some(content_of(class, &mut map)?);
                }
                EXT => ext = map.next_value()?,
                key => {
                    return Err(A::Error::custom(format_args!(
                        "the payload has no key {key}"
                    )));
                }
            }
        }
        let content = content.ok_or_else(|| missing(CONTENT))?;
        let issued_at = issued_at.ok_or_else(|| missing(ISSUED_AT))?;
        Ok(Payload {
            issued_at,
            target,
            register_size,
            batch,
            content,
            ext,
        })
    }
}

// spec: STM-18
fn content_of<'de, A: MapAccess<'de>>(class: Class, map: &mut A) -> Result<Content, A::Error> {
    let record = |record| Content::Record(Box::new(record));
    Ok(match class {
        Class::Decision | Class::ListEntry => {
            let content = Content::Decision(map.next_value()?);
            // spec: STM-80
            if content.class() != class {
                return Err(A::Error::custom(Invalid::Listing));
            }
            content
        }
        Class::Objection => Content::Objection(map.next_value()?),
        Class::Ruling => Content::Ruling(map.next_value()?),
        Class::Correction => Content::Correction(map.next_value()?),
        Class::Withdrawal => Content::Withdrawal(map.next_value()?),
        Class::Admission => Content::Admission(map.next_value()?),
        Class::Stay => Content::Stay(map.next_value()?),
        Class::Erasure => Content::Erasure(Box::new(map.next_value()?)),
        Class::Repair => Content::Repair(map.next_value()?),
        Class::Agreement => Content::Agreement(map.next_value()?),
        Class::Accession => Content::Accession(map.next_value()?),
        Class::Retirement => Content::Retirement(map.next_value()?),
        Class::RecognitionResponse => Content::RecognitionResponse(map.next_value()?),
        Class::ItemCatalogue => Content::ItemCatalogue(map.next_value()?),
        Class::MeasureCatalogue => Content::MeasureCatalogue(map.next_value()?),
        Class::Calendar => Content::Calendar(map.next_value()?),
        Class::DeadlineRules => Content::DeadlineRules(map.next_value()?),
        Class::Policy => Content::Policy(map.next_value()?),
        Class::Enrolment => Content::Enrolment(map.next_value()?),
        Class::Rotation => Content::Rotation(map.next_value()?),
        Class::Suspension => Content::Suspension(map.next_value()?),
        Class::CutOff => Content::CutOff(map.next_value()?),
        Class::Loss => Content::Loss(map.next_value()?),
        Class::Succession => Content::Succession(map.next_value()?),
        Class::Notice => Content::Notice(map.next_value()?),
        Class::DeliveryBatch => Content::DeliveryBatch(map.next_value()?),
        Class::Holdings => Content::Holdings(Box::new(map.next_value()?)),
        Class::ReceiptBatch => Content::ReceiptBatch(map.next_value()?),
        Class::QueryRoot => Content::QueryRoot(map.next_value()?),
        Class::HeadSeen => Content::HeadSeen(map.next_value()?),
        Class::Restart => Content::Restart(map.next_value()?),
        Class::Commitment => record(Record::Commitment(map.next_value()?)),
        Class::CommitmentOutcome => record(Record::CommitmentOutcome(map.next_value()?)),
        Class::SelfDeclaration => record(Record::SelfDeclaration(map.next_value()?)),
        Class::Evaluation => record(Record::Evaluation(map.next_value()?)),
        Class::Interview => record(Record::Interview(map.next_value()?)),
        Class::Measure => record(Record::Measure(map.next_value()?)),
        Class::Initiation => record(Record::Initiation(map.next_value()?)),
        Class::Response => record(Record::Response(map.next_value()?)),
        Class::Push => record(Record::Push(map.next_value()?)),
        Class::Feedback => record(Record::Feedback(map.next_value()?)),
        Class::CodeChange => record(Record::CodeChange(map.next_value()?)),
    })
}

fn write_record<M: SerializeMap>(map: &mut M, record: &Record) -> Result<(), M::Error> {
    match record {
        Record::Commitment(content) => map.serialize_entry(&CONTENT, content),
        Record::CommitmentOutcome(content) => map.serialize_entry(&CONTENT, content),
        Record::SelfDeclaration(content) => map.serialize_entry(&CONTENT, content),
        Record::Evaluation(content) => map.serialize_entry(&CONTENT, content),
        Record::Interview(content) => map.serialize_entry(&CONTENT, content),
        Record::Measure(content) => map.serialize_entry(&CONTENT, content),
        Record::Initiation(content) => map.serialize_entry(&CONTENT, content),
        Record::Response(content) => map.serialize_entry(&CONTENT, content),
        Record::Push(content) => map.serialize_entry(&CONTENT, content),
        Record::Feedback(content) => map.serialize_entry(&CONTENT, content),
        Record::CodeChange(content) => map.serialize_entry(&CONTENT, content),
    }
}
