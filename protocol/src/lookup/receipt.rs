//! The receipt of a look-up: the node's signed word on what it was asked and what it showed.

use serde_bytes::ByteBuf;

use crate::codec::{self, DecodeError, Limits, integer_map};
use crate::key::{KeyError, PublicKey, Signer};
use crate::log::compact_range::CompactRangeError;
use crate::log::{CompactRange, Hash, TreeSize};
use crate::lookup::row::{LookUpRow, SaltedRow, SaltedRowError, leaf_of};
use crate::statement::{Ctx, Header, StatementError, open_look_up, sign_look_up, verify_look_up};
use crate::subject::AuthorityCode;

integer_map! {
    struct ReceiptMap {
        1 => row: req(ByteBuf),
        2 => edge: list(Hash),
    }
}

/// A receipt that was taken apart. No signature has been verified by having one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookUpReceipt {
    bytes: Vec<u8>,
    header: Header,
    salted: SaltedRow,
    row: LookUpRow,
    root_before: Hash,
    size_after: TreeSize,
    root_after: Hash,
}

/// Why bytes are no receipt of a look-up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// They are no such envelope.
    #[error("no receipt of a look-up: {0}")]
    Envelope(#[from] StatementError),
    /// What was signed is of another form.
    #[error("no receipt of a look-up: {0}")]
    Decode(#[from] DecodeError),
    /// The row in it is none.
    #[error(transparent)]
    Row(#[from] SaltedRowError),
    /// The header names another organisation than the row.
    #[error("the receipt names another organisation than the row in it")]
    AboutAnother,
    /// The number of the row is none that a tree can have.
    #[error("the number of the row is out of range")]
    Number,
    /// The edge of the register is not that of so many rows.
    #[error("the receipt does not hold together: {0}")]
    Edge(#[from] CompactRangeError),
    /// The signature does not hold.
    #[error("the signature of the receipt does not hold: it was changed, or is another's")]
    Signature(#[from] KeyError),
}

impl LookUpReceipt {
    /// Signs a receipt, at once, for a row that is durable. `before` is the right edge of the register
    /// without the row.
    ///
    /// # Errors
    /// [`ReceiptError`] when the result would not decode as one.
    // spec: LKP-10, LKP-11
    pub fn sign(
        signer: &dyn Signer,
        issuer: AuthorityCode,
        ctx: Ctx,
        salted: &SaltedRow,
        before: &CompactRange,
    ) -> Result<Vec<u8>, ReceiptError> {
        let row = salted.row()?;
        let header = Header {
            kid: signer.public_key().id(),
            issuer,
            about: row.subject,
            ctx,
        };
        let map = ReceiptMap {
            row: ByteBuf::from(salted.encode()),
            edge: before.hashes().to_vec(),
        };
        let bytes = sign_look_up(signer, &header, &codec::encode(&map)?)?;
        Self::decode(&bytes)?;
        Ok(bytes)
    }

    /// Takes a receipt apart.
    ///
    /// # Errors
    /// [`ReceiptError`].
    // spec: LKP-11, LKP-12
    pub fn decode(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let (header, payload) = open_look_up(bytes)?;
        let map: ReceiptMap = codec::decode(&payload, Limits::STATEMENT)?;
        let salted = SaltedRow::decode(&map.row)?;
        let row = salted.row()?;
        if header.about != row.subject {
            return Err(ReceiptError::AboutAnother);
        }
        let number = TreeSize::new(row.number).map_err(|_| ReceiptError::Number)?;
        let before = CompactRange::from_parts(TreeSize::ZERO, number, map.edge)?;
        let mut after = before.clone();
        after.append(leaf_of(&salted.commit()))?;
        Ok(Self {
            bytes: bytes.to_vec(),
            header,
            salted,
            row,
            root_before: before.root()?,
            size_after: after.size(),
            root_after: after.root()?,
        })
    }

    /// Verifies the signature by the key that the header names.
    ///
    /// # Errors
    /// [`ReceiptError::Signature`].
    pub fn verify_signature(&self, key: &PublicKey) -> Result<(), ReceiptError> {
        if key.id() != self.header.kid {
            return Err(ReceiptError::Signature(KeyError::BadSignature));
        }
        Ok(verify_look_up(&self.bytes, key)?)
    }

    /// The bytes as signed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Who signed, about whom, and under which state of the registry.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The row with its salt.
    #[must_use]
    pub const fn salted(&self) -> &SaltedRow {
        &self.salted
    }

    /// What the row says.
    #[must_use]
    pub const fn row(&self) -> &LookUpRow {
        &self.row
    }

    /// The root of the register without the row.
    #[must_use]
    pub const fn root_before(&self) -> &Hash {
        &self.root_before
    }

    /// The root of the register with the row as its last.
    #[must_use]
    pub const fn root_after(&self) -> &Hash {
        &self.root_after
    }

    /// The size of the register with the row as its last.
    #[must_use]
    pub const fn size_after(&self) -> TreeSize {
        self.size_after
    }
}
