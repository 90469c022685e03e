//! Reading fixed shapes by hand: envelopes and leaves, where a typed decoder would copy.

use super::DecodeError;

/// CBOR major types that may occur (RFC 8949 §3.1). Tags are refused while reading the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Major {
    Unsigned,
    Negative,
    Bytes,
    Text,
    Array,
    Map,
    Simple,
}

/// The head of an item: its type, its argument and where it ends.
pub(super) struct Head {
    pub(super) major: Major,
    pub(super) value: u64,
    pub(super) end: usize,
}

/// Reads the head at `offset` and refuses every form that is not the shortest.
pub(super) fn read_head(bytes: &[u8], offset: usize) -> Result<Head, DecodeError> {
    let first = *bytes.get(offset).ok_or(DecodeError::Truncated { offset })?;
    let (major, low) = (first >> 5, first & 0x1f);
    if major == 6 {
        return Err(DecodeError::Tag { offset });
    }
    if major == 7 {
        return match low {
            20..=22 => Ok(Head {
                major: Major::Simple,
                value: u64::from(low),
                end: offset + 1,
            }),
            25..=27 => Err(DecodeError::Float { offset }),
            31 => Err(DecodeError::Indefinite { offset }),
            28..=30 => Err(DecodeError::Reserved { offset }),
            _ => Err(DecodeError::Simple { offset }),
        };
    }
    let width = match low {
        0..=23 => 0,
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        28..=30 => return Err(DecodeError::Reserved { offset }),
        _ => return Err(DecodeError::Indefinite { offset }),
    };
    let end = offset + 1 + width;
    let argument = bytes.get(offset + 1..end).ok_or(DecodeError::Truncated {
        offset: bytes.len(),
    })?;
    let value = match width {
        0 => u64::from(low),
        _ => argument
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte)),
    };
    let shortest = match width {
        0 => true,
        1 => value > 23,
        2 => value > 0xff,
        4 => value > 0xffff,
        _ => value > 0xffff_ffff,
    };
    if !shortest {
        return Err(DecodeError::NotShortest { offset });
    }
    let major = match major {
        0 => Major::Unsigned,
        1 => Major::Negative,
        2 => Major::Bytes,
        3 => Major::Text,
        4 => Major::Array,
        _ => Major::Map,
    };
    Ok(Head { major, value, end })
}

/// A cursor over deterministic CBOR. Each call takes one head and, for strings, their content.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// Bytes taken so far.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Takes one literal byte, for the tag in front of an envelope.
    ///
    /// # Errors
    /// [`DecodeError::Unexpected`] when another byte stands there.
    pub fn literal(&mut self, byte: u8, wanted: &'static str) -> Result<(), DecodeError> {
        if self.bytes.get(self.offset) != Some(&byte) {
            return Err(DecodeError::Unexpected {
                offset: self.offset,
                wanted,
            });
        }
        self.offset += 1;
        Ok(())
    }

    /// Takes an array head of exactly `count` items.
    ///
    /// # Errors
    /// [`DecodeError::Unexpected`] for another type or count.
    pub fn array(&mut self, count: u64, wanted: &'static str) -> Result<(), DecodeError> {
        self.head(Major::Array, Some(count), wanted).map(drop)
    }

    /// Takes an array head and returns its count.
    ///
    /// # Errors
    /// [`DecodeError::Unexpected`] for another type.
    pub fn array_any(&mut self, wanted: &'static str) -> Result<u64, DecodeError> {
        self.head(Major::Array, None, wanted)
    }

    /// Takes a map head of exactly `count` pairs.
    ///
    /// # Errors
    /// [`DecodeError::Unexpected`] for another type or count.
    pub fn map(&mut self, count: u64, wanted: &'static str) -> Result<(), DecodeError> {
        self.head(Major::Map, Some(count), wanted).map(drop)
    }

    /// Takes an unsigned integer.
    ///
    /// # Errors
    /// [`DecodeError::Unexpected`] for another type.
    pub fn unsigned(&mut self, wanted: &'static str) -> Result<u64, DecodeError> {
        self.head(Major::Unsigned, None, wanted)
    }

    /// Takes a negative integer −1 − `value` and checks `value`.
    ///
    /// # Errors
    /// [`DecodeError::Unexpected`] for another type or value.
    pub fn negative(&mut self, value: u64, wanted: &'static str) -> Result<(), DecodeError> {
        self.head(Major::Negative, Some(value), wanted).map(drop)
    }

    /// Takes a byte string.
    ///
    /// # Errors
    /// [`DecodeError::Unexpected`] for another type, [`DecodeError::Truncated`] when it is cut short.
    pub fn bytes(&mut self, wanted: &'static str) -> Result<&'a [u8], DecodeError> {
        let length = self.head(Major::Bytes, None, wanted)?;
        self.take(length)
    }

    /// Takes a byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// As [`Reader::bytes`]; another length is [`DecodeError::Unexpected`].
    pub fn bytes_exact<const N: usize>(
        &mut self,
        wanted: &'static str,
    ) -> Result<[u8; N], DecodeError> {
        let offset = self.offset;
        self.bytes(wanted)?
            .try_into()
            .map_err(|_| DecodeError::Unexpected { offset, wanted })
    }

    /// Takes a text string. Its normal form is not checked here.
    ///
    /// # Errors
    /// As [`Reader::bytes`], and [`DecodeError::NotUtf8`].
    pub fn text(&mut self, wanted: &'static str) -> Result<&'a str, DecodeError> {
        let offset = self.offset;
        let length = self.head(Major::Text, None, wanted)?;
        std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError::NotUtf8 { offset })
    }

    /// Takes `null` when it stands next.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end of the input.
    pub fn null(&mut self) -> Result<bool, DecodeError> {
        let next = self.bytes.get(self.offset).ok_or(DecodeError::Truncated {
            offset: self.offset,
        })?;
        if *next != 0xf6 {
            return Ok(false);
        }
        self.offset += 1;
        Ok(true)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`DecodeError::Trailing`] when bytes are left.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.offset < self.bytes.len() {
            let count = self.bytes.len() - self.offset;
            return Err(DecodeError::Trailing {
                offset: self.offset,
                count,
            });
        }
        Ok(())
    }

    fn head(
        &mut self,
        major: Major,
        value: Option<u64>,
        wanted: &'static str,
    ) -> Result<u64, DecodeError> {
        let head = read_head(self.bytes, self.offset)?;
        if head.major != major || value.is_some_and(|value| value != head.value) {
            return Err(DecodeError::Unexpected {
                offset: self.offset,
                wanted,
            });
        }
        self.offset = head.end;
        Ok(head.value)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], DecodeError> {
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| self.offset.checked_add(length));
        let taken = end.and_then(|end| self.bytes.get(self.offset..end));
        let taken = taken.ok_or(DecodeError::Truncated {
            offset: self.bytes.len(),
        })?;
        self.offset += taken.len();
        Ok(taken)
    }
}
