//! How a peer can be at fault.

use crate::message::ErrorCode;

/// What a peer did that an honest one does not. Reported with the peer; see `spec/errors.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// Bytes that are no frame.
    #[error("it sent bytes that are not a frame")]
    Malformed,
    /// Another frame before HELLO.
    #[error("it did not begin with HELLO")]
    HelloExpected,
    /// Another version.
    #[error("it speaks another version")]
    WrongVersion,
    /// Another network.
    #[error("it belongs to another network")]
    WrongNetwork,
    /// HELLO names another member than the key of the connection.
    #[error("it names another member than its key belongs to")]
    WrongMember,
    /// A frame of the other kind of stream.
    #[error("it sent a frame on the wrong kind of stream")]
    WrongStream,
    /// A head that is no signed note, or whose signature does not verify.
    #[error("it sent a head whose signature does not verify")]
    BadCheckpoint,
    /// A tail that does not lead to its head.
    #[error("it sent leaves that do not lead to the head")]
    BadBlock,
    /// A body that does not fit its leaf, or a leaf that is not in the log.
    #[error("it sent a body that does not fit its leaf")]
    BadBody,
    /// A cosignature that does not verify.
    #[error("it sent a cosignature that does not verify")]
    BadCosignature,
    /// Evidence that proves nothing.
    #[error("it sent evidence of a fork that proves none")]
    BadEvidence,
    /// An answer that does not fit the request.
    #[error("it answered something else than it was asked")]
    AnswerUnfit,
    /// More requests at once than allowed.
    #[error("it asked for too much at once")]
    TooManyRequests,
}

impl Violation {
    /// Whether the connection ends at once.
    #[must_use]
    pub const fn is_fatal(self) -> bool {
        match self {
            Self::Malformed
            | Self::HelloExpected
            | Self::WrongVersion
            | Self::WrongNetwork
            | Self::WrongMember
            | Self::WrongStream => true,
            Self::BadCheckpoint
            | Self::BadBlock
            | Self::BadBody
            | Self::BadCosignature
            | Self::BadEvidence
            | Self::AnswerUnfit
            | Self::TooManyRequests => false,
        }
    }

    /// What the peer is told. Coarser than what is reported.
    #[must_use]
    pub const fn error_code(self) -> ErrorCode {
        match self {
            Self::Malformed => ErrorCode::Malformed,
            Self::HelloExpected | Self::WrongStream | Self::AnswerUnfit => ErrorCode::Unexpected,
            Self::WrongVersion => ErrorCode::WrongVersion,
            Self::WrongNetwork | Self::WrongMember => ErrorCode::WrongNetwork,
            Self::BadCheckpoint
            | Self::BadBlock
            | Self::BadBody
            | Self::BadCosignature
            | Self::BadEvidence => ErrorCode::Unverified,
            Self::TooManyRequests => ErrorCode::Limit,
        }
    }
}
