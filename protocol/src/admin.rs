//! The admin channel: what an administrator's tool asks a node, and what the node answers.
//!
//! Implements `spec/admin.md`. The same frames travel over a Unix socket on the node's machine and
//! over QUIC from elsewhere:
//!
//! ```text
//! frame   = length u32 BE (1..=1 MiB) ‖ [code, body]
//! request = one frame; an import without a path goes on with chunks and an end
//! answer  = *(progress | refused | chunk | event), then one last frame
//! ```
//!
//! Out of scope: who may connect, sockets, and how an answer is shown to people.

mod answer;
mod bulk;
mod clean;
mod error;
mod look_up;
mod record;
mod reply;
mod request;
mod show;
pub(crate) mod tagged;
mod target;
mod view;

use crate::codec::{self, DecodeError, Limits};

pub use answer::{AnswerNoteCode, RecogniseAsk, RecognitionResponseView};
pub use bulk::{
    BULK_MAX, BatchAsk, BatchPropagationView, BatchView, BulkAsk, BulkCounts, BulkView,
    MemberCounts, ObjectedView,
};
pub use clean::{
    CLEAN_READ_MAX, CLEAN_SHOWN_MAX, CLEAN_YEARS, CleanCode, CleanDecision, CleanView, CleanWeight,
    CleanWord, StaleLog, clean_listed, clean_since, clean_weight, is_bad_record,
};
pub use error::{AdminError, Detail, ErrorCode, ExitCode};
pub use look_up::{
    CASES_MAX, FirstLookUp, LOOK_UPS_SHOWN_MAX, LookUpListAsk, LookUpMarked, LookUpMissedAsk,
    LookUpOutdatedAsk, LookUpProofView, LookUpProveAsk, LookUpResumeAsk, LookUpResumed,
    LookUpReviewAsk, LookUpToldAsk, LookUpView, LookUpsMissedView, LookUpsOutdatedView,
    LookUpsView, LostRowsView, OutdatedView, ReviewView,
};
pub use record::{
    AnswerView, NoteCode, RecordAsk, RecordFaultCode, RecordMade, RecordParts, RecordSaid,
    RecordView, record_fields, reference_key,
};
pub use reply::{
    BundleView, Change, ErasedView, Event, EventKind, ImportReport, NotAboutView, PeerTest,
    Progress, Recorded, Refused, Reply, RowRefusal, Stage, Step, StepResult, SubjectAnswer,
    Submitted,
};
pub use request::{
    AccedeAsk, AdmissionAsk, AgreementApproveAsk, AgreementListAsk, AgreementLogAsk, BundleAsk,
    CorrectionAsk, ErasureAsk, ImportAsk, LedgerAsk, LookUp, ObjectionAsk, PeerAddress, PeerName,
    ProfileChoice, PropagationAsk, RepairAsk, Request, RetireAsk, RowFilter, RulingAsk,
    StatementAsk, StatisticsAsk, StayAsk, SubjectAsk, SubmitAsk, WatchAsk, WithdrawalAsk,
};
pub use show::{
    act_view, binds_code, effect_view, name_of, noticed_view, open_objections, recognition_view,
    witnessed,
};
pub use target::{SOCKET_FILE, TARGET_CHARS_MAX, Target, TargetError};
pub use view::{
    ActCount, ActView, AgreementApproved, AgreementLogged, AgreementStateCode, AgreementView,
    AgreementsView, AlarmView, AllowedView, AwaitedView, BackingCode, BasisCode, BasisFailureView,
    BasisStateCode, BindsOthersCode, BurdenCode, CodeStateCode, CodeStepView, CountedView,
    CoverageView, DeadlineCode, DecisionCount, DecisionView, DoubtCode, DoubtView, DutyView,
    EffectView, FiguresView, ForkCode, ForkView, FreshnessCode, FreshnessView, HolderCode,
    HolderView, ItemCount, LackingCode, LaterActsCode, LedgerRow, LedgerView, LinkCode, ListedView,
    LogView, MeasureTitleView, PartyView, PeerBrief, PeerView, PropagatedView, PropagationView,
    ReachView, RecognitionCode, RecognitionView, ReliedView, SigningCode, SourceCode,
    StatementView, StatisticsView, StatusView, SuspensionCode, SuspensionView, TaskCode,
    ValidityCode, ViolationCode, ViolationCount, VoidCauseCode, WaitingCode, WaitingView, WordView,
};

/// Bytes of a frame's length prefix.
pub const LENGTH_BYTES: usize = 4;
/// Bytes of a file or bundle in one chunk, so that its frame keeps within
/// [`FRAME_BYTES_MAX`](crate::limits::FRAME_BYTES_MAX).
// spec: ADM-3
pub const CHUNK_BYTES_MAX: usize = 256 << 10;
/// Refused rows in one [`Refused`] frame.
// spec: ADM-3
pub const REFUSED_ROWS_MAX: usize = 256;
/// Decisions in one [`SubjectAnswer`].
// spec: ADM-3
pub const SUBJECT_DECISIONS_MAX: usize = 128;

impl Request {
    /// The frame's content, without its length.
    ///
    /// # Errors
    /// [`DecodeError::Unencodable`]; no request is known that has no encoding.
    pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        codec::encode(self)
    }

    /// Reads a frame's content.
    ///
    /// # Errors
    /// [`DecodeError`], [`DecodeError::Shape`] for a code that no request has.
    // spec: ADM-1, ADM-2
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(bytes, Limits::FRAME)
    }
}

impl Reply {
    /// The frame's content, without its length.
    ///
    /// # Errors
    /// [`DecodeError::Unencodable`]; no reply is known that has no encoding.
    pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        codec::encode(self)
    }

    /// Reads a frame's content.
    ///
    /// # Errors
    /// [`DecodeError`], [`DecodeError::Shape`] for a code that no reply has.
    // spec: ADM-1, ADM-2
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(bytes, Limits::FRAME)
    }
}

#[cfg(test)]
mod tests;
