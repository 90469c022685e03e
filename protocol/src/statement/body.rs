//! The body: statement bytes and the salt that hides them behind the leaf's commitment.

use sha2::{Digest, Sha256};

use crate::codec::{DecodeError, Reader, Writer};
use crate::limits::STATEMENT_BYTES_MAX;
use crate::log::Hash;

/// Bytes of a salt.
pub const SALT_BYTES: usize = 32;

const COMMIT_CONTEXT: &[u8] = b"concordat/commit/1\0";

/// Statement bytes with their salt. Lives beside the tree and can be erased; encodes as
/// `[salt, statement]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    salt: [u8; SALT_BYTES],
    statement: Vec<u8>,
}

impl Body {
    /// Puts a statement and fresh random salt together.
    ///
    /// # Errors
    /// [`BodyError::TooLong`] past 64 KiB.
    // spec: STM-2
    pub fn new(salt: [u8; SALT_BYTES], statement: Vec<u8>) -> Result<Self, BodyError> {
        if statement.len() > STATEMENT_BYTES_MAX {
            return Err(BodyError::TooLong {
                bytes: statement.len(),
            });
        }
        Ok(Self { salt, statement })
    }

    /// The signed bytes of the statement, exactly as signed.
    #[must_use]
    pub fn statement(&self) -> &[u8] {
        &self.statement
    }

    /// The salt.
    #[must_use]
    pub const fn salt(&self) -> &[u8; SALT_BYTES] {
        &self.salt
    }

    /// The commitment of the leaf: SHA-256 over context, salt, length and statement.
    #[must_use]
    pub fn commit(&self) -> Hash {
        let (salt, statement) = (self.salt, self.statement.as_slice());
        BodyRef { salt, statement }.commit()
    }

    /// Its encoding on the wire and on disk.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(self.statement.len() + SALT_BYTES + 8);
        writer.array(2).bytes(&self.salt).bytes(&self.statement);
        writer.finish()
    }

    /// Takes an encoding apart. The statement inside is not looked at.
    ///
    /// # Errors
    /// [`BodyError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BodyError> {
        let BodyRef { salt, statement } = BodyRef::decode(bytes)?;
        Self::new(salt, statement.to_vec())
    }
}

/// A [`Body`] read where its encoding lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BodyRef<'a> {
    salt: [u8; SALT_BYTES],
    statement: &'a [u8],
}

impl<'a> BodyRef<'a> {
    /// As [`Body::decode`], without a copy of the statement.
    ///
    /// # Errors
    /// [`BodyError`].
    // spec: STM-2
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BodyError> {
        let mut reader = Reader::new(bytes);
        reader.array(2, "a body of salt and statement")?;
        let salt = reader.bytes_exact("a salt of 32 bytes")?;
        let statement = reader.bytes("statement bytes")?;
        reader.finish()?;
        match statement.len() > STATEMENT_BYTES_MAX {
            true => Err(BodyError::TooLong {
                bytes: statement.len(),
            }),
            false => Ok(Self { salt, statement }),
        }
    }

    /// The signed bytes of the statement, exactly as signed.
    #[must_use]
    pub const fn statement(&self) -> &'a [u8] {
        self.statement
    }

    /// The commitment of the leaf, as [`Body::commit`].
    // spec: LOG-29
    #[must_use]
    pub fn commit(&self) -> Hash {
        let digest = Sha256::new()
            .chain_update(COMMIT_CONTEXT)
            .chain_update(self.salt)
            .chain_update((self.statement.len() as u64).to_be_bytes())
            .chain_update(self.statement)
            .finalize();
        Hash::from_bytes(digest.into())
    }
}

impl std::fmt::Debug for BodyRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BodyRef({} bytes)", self.statement.len())
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({} bytes)", self.statement.len())
    }
}

/// Why bytes are not a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The bytes are not the array that a body is.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The statement is longer than 64 KiB.
    #[error("a statement of {bytes} bytes is longer than the 65536 allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: LOG-29
    #[test]
    fn commit_changes_with_salt_and_statement_and_matches_its_definition() {
        let body = Body::new([1; 32], b"abc".to_vec()).unwrap();
        let mut input = b"concordat/commit/1\0".to_vec();
        input.extend([1; 32]);
        input.extend([0, 0, 0, 0, 0, 0, 0, 3]);
        input.extend(b"abc");
        let expected: [u8; 32] = Sha256::digest(&input).into();
        assert_eq!(body.commit(), Hash::from_bytes(expected));
        assert_ne!(
            body.commit(),
            Body::new([2; 32], b"abc".to_vec()).unwrap().commit()
        );
        assert_ne!(
            body.commit(),
            Body::new([1; 32], b"abd".to_vec()).unwrap().commit()
        );
        let bytes = body.encode();
        let read = BodyRef::decode(&bytes).unwrap();
        assert_eq!(
            (read.commit(), read.statement()),
            (body.commit(), &b"abc"[..])
        );
        assert_eq!(Body::decode(&bytes), Ok(body));
    }

    // spec: STM-2
    #[test]
    fn body_refuses_a_statement_past_64_kib() {
        assert!(Body::new([0; 32], vec![0; 65_536]).is_ok());
        let refused = Body::new([0; 32], vec![0; 65_537]).unwrap_err();
        assert_eq!(refused, BodyError::TooLong { bytes: 65_537 });
        let mut writer = Writer::with_capacity(1 << 17);
        writer.array(2).bytes(&[0; 32]).bytes(&[0; 65_537]);
        let bytes = writer.finish();
        assert_eq!(Body::decode(&bytes), Err(refused.clone()));
        assert_eq!(BodyRef::decode(&bytes), Err(refused));
    }
}
