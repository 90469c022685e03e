//! Bytes of a cell to text, in the encoding that the profile declares.
//!
//! Never guesses: a file that looks like another encoding than declared is refused, and the refusal
//! says what it looks like.

use std::fmt;

use encoding_rs::{DecoderResult, GBK};
use serde::{Deserialize, Serialize};

/// The encoding that a profile declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// GBK (GB 18030 without its four-byte forms).
    #[serde(rename = "gbk")]
    Gbk,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Gbk => "GBK",
        })
    }
}

/// What bytes in another encoding look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LooksLike {
    /// UTF-8.
    Utf8,
    /// UTF-16, either byte order.
    Utf16,
    /// GBK.
    Gbk,
    /// None of these.
    Unknown,
}

impl LooksLike {
    /// The name, for either language; `None` when there is nothing to name.
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Utf8 => Some("UTF-8"),
            Self::Utf16 => Some("UTF-16"),
            Self::Gbk => Some("GBK"),
            Self::Unknown => None,
        }
    }
}

/// The byte order mark that some programs put before UTF-8.
pub(super) const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Bytes that are not in the declared encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Undecodable {
    /// Offset of the first wrong byte within the bytes given.
    pub(super) offset: usize,
    pub(super) looks_like: LooksLike,
}

/// Decodes one cell.
pub(super) fn decode(bytes: &[u8], declared: Encoding) -> Result<String, Undecodable> {
    match declared {
        Encoding::Utf8 => std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|error| Undecodable {
                offset: error.valid_up_to(),
                looks_like: if decode_gbk(bytes).is_ok_and(|text| text.chars().any(is_han)) {
                    LooksLike::Gbk
                } else {
                    LooksLike::Unknown
                },
            }),
        Encoding::Gbk if is_surely_utf8(bytes) => Err(Undecodable {
            offset: bytes.iter().position(|b| !b.is_ascii()).unwrap_or(0),
            looks_like: LooksLike::Utf8,
        }),
        Encoding::Gbk => decode_gbk(bytes).map_err(|offset| Undecodable {
            offset,
            looks_like: LooksLike::Unknown,
        }),
    }
}

/// UTF-16 by its byte order mark.
pub(super) fn has_utf16_mark(start: &[u8]) -> bool {
    start.starts_with(b"\xFF\xFE") || start.starts_with(b"\xFE\xFF")
}

/// Text, or the offset of the first byte that is none.
fn decode_gbk(bytes: &[u8]) -> Result<String, usize> {
    let mut decoder = GBK.new_decoder_without_bom_handling();
    let capacity = decoder
        .max_utf8_buffer_length_without_replacement(bytes.len())
        .unwrap_or(0);
    let mut text = String::with_capacity(capacity);
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    match result {
        DecoderResult::InputEmpty => Ok(text),
        DecoderResult::Malformed(wrong, after) => {
            Err(read.saturating_sub(usize::from(wrong) + usize::from(after)))
        }
        DecoderResult::OutputFull => Err(read),
    }
}

/// Han characters that it takes before GBK text can no longer be UTF-8 by chance.
const SURE_CHARS: usize = 4;

/// Pairs of GBK bytes are sometimes valid UTF-8 by chance, but not as several Han characters.
fn is_surely_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars()
            .filter(|c| is_han(*c))
            .nth(SURE_CHARS - 1)
            .is_some()
    })
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gbk(text: &str) -> Vec<u8> {
        GBK.encode(text).0.into_owned()
    }

    #[test]
    fn gbk_bytes_in_utf8_are_named_with_their_offset() {
        // spec: IMP-7
        let mut bytes = b"No. ".to_vec();
        bytes.extend(gbk("罚款"));
        let expected = Undecodable {
            offset: 4,
            looks_like: LooksLike::Gbk,
        };
        assert_eq!(decode(&bytes, Encoding::Utf8), Err(expected));
        assert_eq!(decode(&bytes, Encoding::Gbk).unwrap(), "No. 罚款");
    }

    #[test]
    fn utf8_bytes_in_gbk_are_named_not_decoded_to_nonsense() {
        // spec: IMP-7
        let expected = Undecodable {
            offset: 1,
            looks_like: LooksLike::Utf8,
        };
        assert_eq!(decode("a食品安全".as_bytes(), Encoding::Gbk), Err(expected));
    }

    #[test]
    fn malformed_gbk_is_refused_at_its_byte() {
        let mut bytes = gbk("罚款");
        bytes.extend(b"\xFF\x20");
        let expected = Undecodable {
            offset: 4,
            looks_like: LooksLike::Unknown,
        };
        assert_eq!(decode(&bytes, Encoding::Gbk), Err(expected));
    }

    #[test]
    fn bytes_of_no_encoding_look_like_nothing() {
        let expected = Undecodable {
            offset: 0,
            looks_like: LooksLike::Unknown,
        };
        assert_eq!(decode(b"\xFF\xFF", Encoding::Utf8), Err(expected));
    }
}
