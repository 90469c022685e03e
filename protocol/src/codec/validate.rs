//! The walk over foreign bytes that comes before any decoder.

use super::DecodeError;
use super::reader::{Head, Major, read_head};
use crate::nfc::is_nfc;

/// Bounds for one value. Checked before anything is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole encoding.
    pub bytes_max: usize,
    /// Data items, map keys and containers included.
    pub items_max: usize,
    /// Nested arrays and maps; at most [`Limits::DEPTH_CEILING`].
    pub depth_max: usize,
}

impl Limits {
    /// A statement: 64 KiB, 4,096 items, 16 levels.
    pub const STATEMENT: Self = Self {
        bytes_max: crate::limits::STATEMENT_BYTES_MAX,
        items_max: 4_096,
        depth_max: Self::DEPTH_CEILING,
    };
    /// A frame of the exchange: 1 MiB, 65,536 items, 16 levels.
    pub const FRAME: Self = Self {
        bytes_max: crate::limits::FRAME_BYTES_MAX,
        items_max: 65_536,
        depth_max: Self::DEPTH_CEILING,
    };
    /// A proof bundle or a genesis file: 64 MiB, a million items, 16 levels.
    pub const FILE: Self = Self {
        bytes_max: 64 << 20,
        items_max: 1 << 20,
        depth_max: Self::DEPTH_CEILING,
    };
    /// The deepest nesting that the walk keeps track of.
    pub const DEPTH_CEILING: usize = 16;
}

/// One open array or map.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Items still to come; a map counts keys and values.
    remaining: u64,
    is_map: bool,
    /// Byte range of the key before, empty for the first.
    key_before: (usize, usize),
}

/// Checks that `bytes` hold exactly one item of the deterministic form, without recursion and
/// without allocating.
///
/// # Errors
/// The first departure found, with its offset.
// spec: CBOR-1, CBOR-2, CBOR-3, CBOR-4, CBOR-5, CBOR-6, CBOR-7, CBOR-8
pub fn validate(bytes: &[u8], limits: Limits) -> Result<(), DecodeError> {
    if bytes.len() > limits.bytes_max {
        return Err(DecodeError::TooLong {
            bytes: bytes.len(),
            limit: limits.bytes_max,
        });
    }
    let depth_max = limits.depth_max.min(Limits::DEPTH_CEILING);
    let mut levels = [Level::default(); Limits::DEPTH_CEILING];
    let mut depth = 0_usize;
    let mut offset = 0;
    let mut items = 0;
    loop {
        items += 1;
        if items > limits.items_max {
            return Err(DecodeError::TooManyItems {
                offset,
                limit: limits.items_max,
            });
        }
        let start = offset;
        let head = read_head(bytes, offset)?;
        offset = head.end;
        let is_key = match depth.checked_sub(1).and_then(|top| levels.get(top)) {
            Some(level) => level.is_map && level.remaining % 2 == 0,
            None => false,
        };
        if is_key && !matches!(head.major, Major::Unsigned | Major::Negative | Major::Text) {
            return Err(DecodeError::KeyType { offset: start });
        }
        let mut opened = None;
        match head.major {
            Major::Unsigned | Major::Negative | Major::Simple => {}
            Major::Bytes => offset = string_end(bytes, &head)?,
            Major::Text => {
                offset = string_end(bytes, &head)?;
                check_text(bytes.get(head.end..offset).unwrap_or_default(), start)?;
            }
            Major::Array => {
                opened = Some(Level {
                    remaining: head.value,
                    ..Level::default()
                })
            }
            Major::Map => {
                let remaining = head
                    .value
                    .checked_mul(2)
                    .ok_or(DecodeError::Truncated { offset })?;
                opened = Some(Level {
                    remaining,
                    is_map: true,
                    ..Level::default()
                });
            }
        }
        if is_key && let Some(level) = depth.checked_sub(1).and_then(|top| levels.get_mut(top)) {
            check_key_order(bytes, level.key_before, (start, offset))?;
            level.key_before = (start, offset);
        }
        if let Some(level) = opened {
            // Each announced item takes at least one byte: a length that cannot be met is refused
            // before anyone reserves memory for it.
            if level.remaining > (bytes.len() - offset) as u64 {
                return Err(DecodeError::Truncated {
                    offset: bytes.len(),
                });
            }
            if depth >= depth_max {
                return Err(DecodeError::TooDeep {
                    offset: start,
                    limit: depth_max,
                });
            }
            if let Some(slot) = levels.get_mut(depth) {
                *slot = level;
            }
            depth += 1;
        } else if let Some(level) = depth.checked_sub(1).and_then(|top| levels.get_mut(top)) {
            level.remaining -= 1;
        }
        // Close every container that is now full; each counts as one item of its parent.
        while let Some(level) = depth.checked_sub(1).and_then(|top| levels.get(top)) {
            if level.remaining > 0 {
                break;
            }
            depth -= 1;
            if let Some(parent) = depth.checked_sub(1).and_then(|top| levels.get_mut(top)) {
                parent.remaining -= 1;
            }
        }
        if depth == 0 {
            break;
        }
    }
    if offset < bytes.len() {
        return Err(DecodeError::Trailing {
            offset,
            count: bytes.len() - offset,
        });
    }
    Ok(())
}

fn string_end(bytes: &[u8], head: &Head) -> Result<usize, DecodeError> {
    let length = usize::try_from(head.value).unwrap_or(usize::MAX);
    match head.end.checked_add(length) {
        Some(end) if end <= bytes.len() => Ok(end),
        _ => Err(DecodeError::Truncated {
            offset: bytes.len(),
        }),
    }
}

fn check_text(bytes: &[u8], offset: usize) -> Result<(), DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::NotUtf8 { offset })?;
    if !is_nfc(text) {
        return Err(DecodeError::NotNfc { offset });
    }
    Ok(())
}

fn check_key_order(
    bytes: &[u8],
    before: (usize, usize),
    key: (usize, usize),
) -> Result<(), DecodeError> {
    if before.1 == 0 {
        return Ok(());
    }
    let slice = |range: (usize, usize)| bytes.get(range.0..range.1).unwrap_or_default();
    match slice(before).cmp(slice(key)) {
        std::cmp::Ordering::Less => Ok(()),
        std::cmp::Ordering::Equal => Err(DecodeError::DuplicateKey { offset: key.0 }),
        std::cmp::Ordering::Greater => Err(DecodeError::KeyOrder { offset: key.0 }),
    }
}
