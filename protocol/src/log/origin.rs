//! The names of logs and witnesses.
//!
//! ```text
//! origin   <test|prod>-<genesis>/<member code>/<log number>
//! witness  <test|prod>-<genesis>/<member code>/witness
//! ```
//! `genesis` is the SHA-256 of the genesis file in 64 lower-case hex digits; the member code has 18
//! characters of `0-9 A-Z`; the log number is decimal without leading zeros. An origin is the first
//! line of a checkpoint and the key name of the log's signature; a witness name is the key name of a
//! cosignature.
//!
//! Out of scope: whether the member exists, and the check character of its code.

use std::{cmp::Ordering, fmt, hash, str::FromStr, sync::Arc};

use thiserror::Error;

use super::hash::{HASH_BYTES, Hash};

/// Characters in a member code.
pub const MEMBER_CODE_CHARS: usize = 18;

/// Whether a network is for use or for trial. It is part of every name, so that a signature made on
/// one can never be taken for one made on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetworkKind {
    /// Statements have legal effect.
    Prod,
    /// Statements have none.
    Test,
}

impl NetworkKind {
    /// `"prod"` or `"test"`, as names carry it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prod => "prod",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for NetworkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The unique name of one log. Cheap to clone; ordered by its text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    name: MemberName,
    log_number: u32,
}

impl Origin {
    /// Names log `log_number` of a member.
    ///
    /// # Errors
    /// [`OriginError::MemberLength`], [`OriginError::MemberCharacter`].
    pub fn new(
        network: NetworkKind,
        genesis: &Hash,
        member: &str,
        log_number: u32,
    ) -> Result<Self, OriginError> {
        format!("{network}-{genesis}/{member}/{log_number}").parse()
    }

    /// The whole line, without a newline.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name.text
    }

    /// The network: its kind and its genesis hash in 64 lower-case hex digits.
    #[must_use]
    pub fn network(&self) -> (NetworkKind, &str) {
        (self.name.kind, self.name.genesis())
    }

    /// The member code, 18 characters of `0-9 A-Z`.
    #[must_use]
    pub fn member(&self) -> &str {
        self.name.member()
    }

    /// The number of the log among those of its member.
    #[must_use]
    pub const fn log_number(&self) -> u32 {
        self.log_number
    }

    /// The witness name of the same member in the same network.
    #[must_use]
    pub fn witness(&self) -> WitnessName {
        let (kind, genesis) = self.network();
        let text = format!("{kind}-{genesis}/{}/{WITNESS}", self.member());
        WitnessName {
            name: MemberName {
                text: text.into(),
                kind,
            },
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // spec: LOG-11
        let (kind, number) = split_member_name(text)?;
        let log_number = parse_log_number(number)?;
        Ok(Self {
            name: MemberName {
                text: text.into(),
                kind,
            },
            log_number,
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The key name of a member's cosignatures. Cheap to clone; ordered by its text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WitnessName {
    name: MemberName,
}

impl WitnessName {
    /// Names the witness that a member runs.
    ///
    /// # Errors
    /// [`OriginError::MemberLength`], [`OriginError::MemberCharacter`].
    pub fn new(network: NetworkKind, genesis: &Hash, member: &str) -> Result<Self, OriginError> {
        format!("{network}-{genesis}/{member}/{WITNESS}").parse()
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name.text
    }

    /// The network: its kind and its genesis hash in 64 lower-case hex digits.
    #[must_use]
    pub fn network(&self) -> (NetworkKind, &str) {
        (self.name.kind, self.name.genesis())
    }

    /// The member code, 18 characters of `0-9 A-Z`.
    #[must_use]
    pub fn member(&self) -> &str {
        self.name.member()
    }
}

impl FromStr for WitnessName {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // spec: LOG-12
        let (kind, last) = split_member_name(text)?;
        if last != WITNESS {
            return Err(OriginError::NotAWitness);
        }
        Ok(Self {
            name: MemberName {
                text: text.into(),
                kind,
            },
        })
    }
}

impl fmt::Display for WitnessName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for WitnessName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name whose layout has been checked: the parts stand at fixed places. It is its text: the kind is
/// a part of that.
#[derive(Clone)]
struct MemberName {
    text: Arc<str>,
    kind: NetworkKind,
}

impl PartialEq for MemberName {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for MemberName {}

impl PartialOrd for MemberName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MemberName {
    /// Names of one network differ late, and most of those compared are clones of one: these need not be
    /// read.
    fn cmp(&self, other: &Self) -> Ordering {
        match Arc::ptr_eq(&self.text, &other.text) {
            true => Ordering::Equal,
            false => self.text.cmp(&other.text),
        }
    }
}

impl hash::Hash for MemberName {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl MemberName {
    fn genesis(&self) -> &str {
        self.text
            .get(GENESIS_AT..GENESIS_AT + GENESIS_CHARS)
            .expect("every constructor checks the layout")
    }

    fn member(&self) -> &str {
        self.text
            .get(MEMBER_AT..MEMBER_AT + MEMBER_CODE_CHARS)
            .expect("every constructor checks the layout")
    }
}

/// Checks all of a name but its last part, and returns the network kind and that part.
fn split_member_name(text: &str) -> Result<(NetworkKind, &str), OriginError> {
    let mut parts = text.split('/');
    let (Some(network), Some(member), Some(last), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(OriginError::PartCount {
            found: text.split('/').count(),
        });
    };
    let kind = parse_network(network)?;
    verify_member(member)?;
    Ok((kind, last))
}

fn parse_network(network: &str) -> Result<NetworkKind, OriginError> {
    let (kind, genesis) = match (network.strip_prefix("prod-"), network.strip_prefix("test-")) {
        (Some(genesis), _) => (NetworkKind::Prod, genesis),
        (None, Some(genesis)) => (NetworkKind::Test, genesis),
        (None, None) => return Err(OriginError::NetworkKind),
    };
    let is_lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if genesis.len() != GENESIS_CHARS || !genesis.bytes().all(is_lower_hex) {
        return Err(OriginError::Genesis);
    }
    Ok(kind)
}

fn verify_member(member: &str) -> Result<(), OriginError> {
    if member.len() != MEMBER_CODE_CHARS {
        return Err(OriginError::MemberLength {
            found: member.len(),
        });
    }
    let is_allowed = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'Z');
    match member.bytes().position(|byte| !is_allowed(byte)) {
        Some(at) => Err(OriginError::MemberCharacter { at }),
        None => Ok(()),
    }
}

fn parse_log_number(number: &str) -> Result<u32, OriginError> {
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(OriginError::LogNumberNotDecimal);
    }
    if number.len() > 1 && number.starts_with('0') {
        return Err(OriginError::LogNumberLeadingZero);
    }
    number.parse().map_err(|_| OriginError::LogNumberTooLarge)
}

const WITNESS: &str = "witness";
const GENESIS_CHARS: usize = 2 * HASH_BYTES;
const GENESIS_AT: usize = "prod-".len();
const MEMBER_AT: usize = GENESIS_AT + GENESIS_CHARS + 1;

/// Why a text is not the name of a log or of a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OriginError {
    /// The genesis hash is not 64 lower-case hex digits.
    #[error("genesis hash is not 64 lower-case hex digits")]
    Genesis,
    /// The log number is written with a leading zero.
    #[error("log number has a leading zero")]
    LogNumberLeadingZero,
    /// The log number is empty, or has something other than digits.
    #[error("log number is not decimal")]
    LogNumberNotDecimal,
    /// The log number does not fit 32 bits.
    #[error("log number is larger than 4294967295")]
    LogNumberTooLarge,
    /// The member code has a character outside `0-9 A-Z`.
    #[error("member code has a character outside 0-9 A-Z at byte {at}")]
    MemberCharacter {
        /// Byte offset in the member code.
        at: usize,
    },
    /// The member code does not have 18 characters.
    #[error("member code has {found} bytes instead of 18")]
    MemberLength {
        /// Bytes found.
        found: usize,
    },
    /// The name begins neither with `test-` nor with `prod-`.
    #[error("name begins neither with test- nor with prod-")]
    NetworkKind,
    /// The last part of a witness name is not `witness`.
    #[error("last part is not witness")]
    NotAWitness,
    /// There are not three parts separated by `/`.
    #[error("name has {found} parts instead of 3")]
    PartCount {
        /// Parts found.
        found: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENESIS: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const MEMBER: &str = "11990000MB0000017X";

    fn origin(text: &str) -> Result<Origin, OriginError> {
        text.parse()
    }

    fn with_number(number: &str) -> Result<Origin, OriginError> {
        origin(&format!("test-{GENESIS}/{MEMBER}/{number}"))
    }

    // spec: LOG-11
    #[test]
    fn origin_gives_its_parts() {
        let text = format!("prod-{GENESIS}/{MEMBER}/2");
        let origin = origin(&text).unwrap();
        assert_eq!(origin.network(), (NetworkKind::Prod, GENESIS));
        assert_eq!(origin.member(), MEMBER);
        assert_eq!(origin.log_number(), 2);
        assert_eq!(origin.to_string(), text);
        assert_eq!(
            origin.witness().to_string(),
            format!("prod-{GENESIS}/{MEMBER}/witness")
        );
    }

    #[test]
    fn origin_is_built_from_its_parts() {
        let genesis = Hash::from_bytes([0x5A; 32]);
        let origin = Origin::new(NetworkKind::Test, &genesis, MEMBER, 7).unwrap();
        assert_eq!(origin.as_str(), format!("test-{genesis}/{MEMBER}/7"));
        assert_eq!(
            WitnessName::new(NetworkKind::Test, &genesis, MEMBER).unwrap(),
            origin.witness()
        );
    }

    // spec: LOG-11
    #[test]
    fn origin_refuses_another_network_kind() {
        let text = format!("demo-{GENESIS}/{MEMBER}/0");
        assert_eq!(origin(&text), Err(OriginError::NetworkKind));
    }

    // spec: LOG-11
    #[test]
    fn origin_refuses_upper_case_hex() {
        let text = format!("test-{}/{MEMBER}/0", GENESIS.to_uppercase());
        assert_eq!(origin(&text), Err(OriginError::Genesis));
    }

    // spec: LOG-11
    #[test]
    fn origin_refuses_a_short_genesis() {
        let text = format!("test-{}/{MEMBER}/0", &GENESIS[1..]);
        assert_eq!(origin(&text), Err(OriginError::Genesis));
    }

    // spec: LOG-11
    #[test]
    fn origin_refuses_a_short_member_code() {
        let text = format!("test-{GENESIS}/{}/0", &MEMBER[1..]);
        assert_eq!(origin(&text), Err(OriginError::MemberLength { found: 17 }));
    }

    // spec: LOG-11
    #[test]
    fn origin_refuses_a_lower_case_member_code() {
        let text = format!("test-{GENESIS}/11990000mB0000017X/0");
        assert_eq!(origin(&text), Err(OriginError::MemberCharacter { at: 8 }));
    }

    // spec: LOG-11
    #[test]
    fn origin_refuses_a_member_code_of_18_bytes_that_is_not_ascii() {
        let text = format!("test-{GENESIS}/证证证证证证/0");
        assert_eq!(origin(&text), Err(OriginError::MemberCharacter { at: 0 }));
    }

    // spec: LOG-11
    #[test]
    fn origin_refuses_a_leading_zero() {
        assert_eq!(with_number("00"), Err(OriginError::LogNumberLeadingZero));
        assert_eq!(with_number("01"), Err(OriginError::LogNumberLeadingZero));
    }

    // spec: LOG-11
    #[test]
    fn origin_refuses_a_log_number_with_a_sign() {
        assert_eq!(with_number("+1"), Err(OriginError::LogNumberNotDecimal));
    }

    // spec: LOG-11
    #[test]
    fn origin_refuses_an_empty_log_number() {
        assert_eq!(with_number(""), Err(OriginError::LogNumberNotDecimal));
    }

    // spec: LOG-11
    #[test]
    fn origin_refuses_a_log_number_above_32_bits() {
        assert_eq!(
            with_number("4294967295").map(|origin| origin.log_number()),
            Ok(u32::MAX)
        );
        assert_eq!(
            with_number("4294967296"),
            Err(OriginError::LogNumberTooLarge)
        );
    }

    // spec: LOG-11
    #[test]
    fn origin_refuses_a_fourth_part() {
        assert_eq!(with_number("0/1"), Err(OriginError::PartCount { found: 4 }));
        assert_eq!(origin("test"), Err(OriginError::PartCount { found: 1 }));
    }

    // spec: LOG-12
    #[test]
    fn witness_name_refuses_a_log_number() {
        let text = format!("test-{GENESIS}/{MEMBER}/0");
        assert_eq!(text.parse::<WitnessName>(), Err(OriginError::NotAWitness));
    }

    // spec: LOG-12
    #[test]
    fn origin_refuses_a_witness_name() {
        assert_eq!(
            with_number("witness"),
            Err(OriginError::LogNumberNotDecimal)
        );
    }
}
