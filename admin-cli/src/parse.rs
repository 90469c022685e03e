//! Values of the command line as protocol types, with the argument's name in the error.

use std::io::Read as _;

use concordat_certs::configuration::is_dialable;
use concordat_protocol::admin::{LookUp, Target};
use concordat_protocol::key::PublicKey;
use concordat_protocol::log::{Hash, TreeSize};
use concordat_protocol::lookup::Scenario;
use concordat_protocol::statement::{Address, BatchId};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;

use crate::failure::Failure;
use crate::names;

pub(crate) fn subject(argument: &str, value: &str) -> Result<SubjectCode, Failure> {
    // The value may be an identity number typed into the wrong place: it is not repeated.
    SubjectCode::normalise(value).map_err(|error| Failure::value(argument, "…", error))
}

pub(crate) fn authority(argument: &str, value: &str) -> Result<AuthorityCode, Failure> {
    AuthorityCode::parse(value.trim()).map_err(|error| Failure::value(argument, value, error))
}

pub(crate) fn optional_authority(
    argument: &str,
    value: Option<&String>,
) -> Result<Option<AuthorityCode>, Failure> {
    value.map(|value| authority(argument, value)).transpose()
}

pub(crate) fn day(argument: &str, value: &str) -> Result<Day, Failure> {
    Day::parse_loose(value).map_err(|error| Failure::value(argument, value, error))
}

pub(crate) fn optional_day(argument: &str, value: Option<&String>) -> Result<Option<Day>, Failure> {
    value.map(|value| day(argument, value)).transpose()
}

/// Refuses a span that ends before it begins.
// spec: ADM-477
pub(crate) fn span(from: Option<Day>, until: Option<Day>) -> Result<(), Failure> {
    match (from, until) {
        (Some(from), Some(until)) if until < from => {
            let failure = Failure::usage("span-unfit").with("from", from);
            Err(failure.with("until", until))
        }
        (_, _) => Ok(()),
    }
}

pub(crate) fn text<const MAX: usize>(argument: &str, value: &str) -> Result<Text<MAX>, Failure> {
    Text::normalise(value).map_err(|error| Failure::value(argument, "…", error))
}

pub(crate) fn target(argument: &str, value: &str) -> Result<Target, Failure> {
    let value = value.trim();
    value
        .parse()
        .map_err(|error| Failure::value(argument, value, error))
}

/// What ties the statements of an import or a bulk act together.
pub(crate) fn batch(argument: &str, value: &str) -> Result<BatchId, Failure> {
    let wrong = || Failure::value(argument, value, "32 hex digits");
    let text = value.trim();
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let number = u128::from_str_radix(text, 16).map_err(|_| wrong())?;
    Ok(BatchId::from_bytes(number.to_be_bytes()))
}

pub(crate) fn targets(argument: &str, values: &[String]) -> Result<Vec<Target>, Failure> {
    values.iter().map(|value| target(argument, value)).collect()
}

pub(crate) fn address(argument: &str, value: &str) -> Result<Address, Failure> {
    let address = Address::new(value).filter(is_dialable);
    address.ok_or_else(|| Failure::value(argument, value, "host:port"))
}

/// Bytes read of a file with a public key.
const KEY_TEXT_BYTES: u64 = 4 << 10;

/// A public key as 64 hexadecimal digits, or a file that holds them.
pub(crate) fn public_key(argument: &str, value: &str) -> Result<PublicKey, Failure> {
    let file = std::fs::File::open(value).and_then(|file| {
        let mut text = String::new();
        // More than 64 digits and white space is something else.
        file.take(KEY_TEXT_BYTES).read_to_string(&mut text)?;
        Ok(text)
    });
    let file = file.ok();
    let bytes = digits(file.as_deref().unwrap_or(value).trim());
    let bytes = bytes
        .ok_or_else(|| Failure::value(argument, value, "64 hex digits, or a file with them"))?;
    PublicKey::from_bytes(&bytes).map_err(|error| Failure::value(argument, value, error))
}

/// The head of a log as `SIZE:ROOT`, the root as 64 hexadecimal digits.
pub(crate) fn head(argument: &str, value: &str) -> Result<(TreeSize, Hash), Failure> {
    let read = value.trim().split_once(':').and_then(|(size, root)| {
        let size = TreeSize::new(size.parse().ok()?).ok()?;
        Some((size, Hash::from_bytes(digits(root)?)))
    });
    read.ok_or_else(|| Failure::value(argument, value, "SIZE:ROOT, the root as 64 hex digits"))
}

fn digits(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0_u8; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// The business that an organisation is looked up for.
// spec: LKP-30
pub(crate) fn scenario(value: Option<&String>) -> Result<Option<Scenario>, Failure> {
    let value = value.map(|value| names::parse("--scenario", value.trim()));
    value.transpose()
}

pub(crate) fn look_up(
    purpose: Option<&String>,
    case_number: Option<&String>,
    basis: Option<&String>,
) -> Result<Option<LookUp>, Failure> {
    match (purpose, case_number, basis) {
        (Some(purpose), Some(case_number), Some(basis)) => Ok(Some(LookUp {
            purpose: text("--purpose", purpose)?,
            case_number: text("--case", case_number)?,
            basis: text("--basis", basis)?,
            scenario: None,
            receipt: None,
        })),
        (_, _, _) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_key_is_read_from_hexadecimal_only() {
        let hex = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(public_key("--node-key", hex).unwrap().to_string(), hex);
        for wrong in ["", "00", &hex[1..], &hex.replace('d', "g")] {
            assert_eq!(
                public_key("--node-key", wrong).unwrap_err().key,
                "bad-value"
            );
        }
    }

    #[test]
    fn head_is_a_size_and_a_root() {
        let root = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let (size, read) = head("--continues", &format!("12:{root}")).unwrap();
        assert_eq!((size.value(), read.to_string()), (12, root.to_owned()));
        for wrong in ["12", &format!(":{root}"), &format!("-1:{root}"), "12:00"] {
            assert_eq!(head("--continues", wrong).unwrap_err().key, "bad-value");
        }
    }

    #[test]
    fn refused_subject_code_is_not_repeated() {
        let failure = subject("CODE", "11010519491231002X").unwrap_err();
        assert!(!format!("{failure:?}").contains("110105"));
    }
}
