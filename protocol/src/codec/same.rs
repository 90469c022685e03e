//! Whether a value has an encoding, without making it.

use std::io;

use serde::Serialize;

use super::DecodeError;

/// Whether a value encodes to exactly these bytes.
///
/// # Errors
/// [`DecodeError::Unencodable`], as [`encode`](super::encode).
// spec: CBOR-9
pub(super) fn encodes_to<T: Serialize>(value: &T, bytes: &[u8]) -> Result<bool, DecodeError> {
    let mut expected = Expected {
        rest: bytes,
        differs: false,
    };
    let written = serde_cbor::to_writer(&mut expected, value);
    match written {
        Ok(()) => Ok(!expected.differs && expected.rest.is_empty()),
        Err(_) if expected.differs => Ok(false),
        Err(error) => Err(DecodeError::Unencodable {
            cause: error.to_string(),
        }),
    }
}

/// Takes the bytes that it expects, and none from the first other one on.
struct Expected<'a> {
    rest: &'a [u8],
    differs: bool,
}

impl io::Write for Expected<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.rest.strip_prefix(bytes) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => {
                self.differs = true;
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode;
    use super::*;

    #[test]
    fn value_encodes_to_its_encoding_and_to_nothing_else() {
        let value = (7_u64, "互证".to_owned(), vec![1_u64, 300]);
        let bytes = encode(&value).unwrap();
        assert_eq!(encodes_to(&value, &bytes), Ok(true));
        assert_eq!(encodes_to(&value, &[&bytes[..], &[0]].concat()), Ok(false));
        for end in 0..bytes.len() {
            assert_eq!(encodes_to(&value, &bytes[..end]), Ok(false));
        }
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 1;
            assert_eq!(encodes_to(&value, &other), Ok(false));
        }
    }

    #[test]
    fn value_without_an_encoding_is_told_from_one_with_another() {
        let refused = encodes_to(&u128::MAX, &[0]);
        assert!(matches!(refused, Err(DecodeError::Unencodable { .. })));
    }
}
