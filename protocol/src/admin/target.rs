//! How people name a statement: by position, in full or in short, or by its document number.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::log::{LeafIndex, Origin};
use crate::subject::AuthorityCode;
use crate::text::Text;

/// Name of the Unix socket in a node's directory. Its mode is 0600: who can open it is the
/// administrator.
pub const SOCKET_FILE: &str = "admin.sock";
/// Characters of a target at most.
pub const TARGET_CHARS_MAX: usize = 160;

/// A statement as named by people. Encodes as its text.
///
/// ```
/// use concordat_protocol::admin::Target;
/// let target: Target = "11310000MB00000009/0#7".parse()?;
/// assert!(matches!(target, Target::Short { log: 0, .. }));
/// assert_eq!(target.to_string(), "11310000MB00000009/0#7");
/// assert!(matches!("沪市监罚〔2025〕7号".parse()?, Target::Document(_)));
/// # Ok::<(), concordat_protocol::admin::TargetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `<origin>#<index>`.
    Position {
        /// The log.
        origin: Origin,
        /// The position.
        index: LeafIndex,
    },
    /// `<member code>/<log>#<index>`, in the node's own network.
    Short {
        /// The member.
        member: AuthorityCode,
        /// Which of its logs.
        log: u32,
        /// The position.
        index: LeafIndex,
    },
    /// Anything without `#`: the number of a decision's document.
    Document(Text<128>),
}

impl FromStr for Target {
    type Err = TargetError;

    // spec: ADM-5
    fn from_str(text: &str) -> Result<Self, TargetError> {
        if text.chars().nth(TARGET_CHARS_MAX).is_some() {
            return Err(TargetError::TooLong);
        }
        let Some((log, index)) = text.rsplit_once('#') else {
            let number = Text::new(text).map_err(|_| TargetError::DocumentNumber)?;
            return Ok(Self::Document(number));
        };
        let index = LeafIndex::new(number(index).ok_or(TargetError::Index)?);
        match log.split_once('/') {
            Some((member, log)) if !log.contains('/') => {
                let member = AuthorityCode::parse(member).map_err(|_| TargetError::Member)?;
                let log = number(log).ok_or(TargetError::Log)?;
                let log = u32::try_from(log).map_err(|_| TargetError::Log)?;
                Ok(Self::Short { member, log, index })
            }
            _ => {
                let origin = log.parse().map_err(|_| TargetError::Origin)?;
                Ok(Self::Position { origin, index })
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position { origin, index } => write!(f, "{origin}#{index}"),
            Self::Short { member, log, index } => {
                write!(f, "{}/{log}#{index}", member.as_str())
            }
            Self::Document(number) => f.write_str(number.as_str()),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// Why a text names no statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Longer than [`TARGET_CHARS_MAX`].
    #[error("longer than any reference")]
    TooLong,
    /// No `#`, and no document number either.
    #[error("neither a reference nor a document number")]
    DocumentNumber,
    /// What follows `#` is no position.
    #[error("what follows '#' is no position")]
    Index,
    /// What precedes `/` is no code of an authority.
    #[error("what precedes '/' is no code of an authority")]
    Member,
    /// What follows `/` is no number of a log.
    #[error("what follows '/' is no number of a log")]
    Log,
    /// What precedes `#` is no name of a log.
    #[error("what precedes '#' is no name of a log")]
    Origin,
}

/// Decimal digits without leading zero or sign.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}
