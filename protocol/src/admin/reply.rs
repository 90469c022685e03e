//! What a node answers.

use serde_bytes::ByteBuf;

use crate::admin::bulk::{BatchPropagationView, BatchView, BulkView};
use crate::admin::clean::CleanView;
use crate::admin::error::AdminError;
use crate::admin::look_up::{
    LookUpMarked, LookUpProofView, LookUpResumed, LookUpsMissedView, LookUpsOutdatedView,
    LookUpsView,
};
use crate::admin::record::{RecordMade, RecordView};
use crate::admin::tagged::{named_codes, tagged_enum};
use crate::admin::view::{
    AgreementApproved, AgreementLogged, AgreementsView, CodeStepView, DecisionView, EffectView,
    LedgerView, PeerBrief, PeerView, PropagationView, StatementView, StatisticsView, StatusView,
};
use crate::codec::{Truth, integer_map};
use crate::log::{Hash, LeafIndex, Origin, TreeSize};
use crate::statement::{BatchId, Class, Code, ErasureGround, LegalBasis, StatementRef};
use crate::subject::{AuthorityCode, SubjectCode};
use crate::time::{Day, Timestamp};

tagged_enum! {
    /// One frame of an answer.
    pub enum Reply {
        /// How the node is.
        Status(Box<StatusView>) = 1,
        /// Something happened.
        Event(Event) = 2,
        /// Members.
        Peers(Vec<PeerBrief>) = 10,
        /// One member.
        Peer(Box<PeerView>) = 11,
        /// What the change did.
        Changed(Change) = 12,
        /// What the test call met.
        PeerTested(PeerTest) = 14,
        /// The registry holds the change.
        Submitted(Submitted) = 20,
        /// How far the import is.
        Progress(Progress) = 30,
        /// Rows refused so far.
        Refused(Refused) = 31,
        /// The import is over.
        Imported(ImportReport) = 32,
        /// What is known about an organisation.
        Subject(Box<SubjectAnswer>) = 40,
        /// A statement.
        Statement(Box<StatementView>) = 41,
        /// An act is recorded.
        Recorded(Box<Recorded>) = 50,
        /// A record is made.
        RecordMade(Box<RecordMade>) = 90,
        /// Bytes of a file, at most [`CHUNK_BYTES_MAX`](super::CHUNK_BYTES_MAX).
        Chunk(ByteBuf) = 60,
        /// The bundle is complete.
        Bundle(BundleView) = 61,
        /// An agreement is approved.
        AgreementApproved(AgreementApproved) = 70,
        /// An agreement is logged, or was looked at.
        AgreementLogged(AgreementLogged) = 71,
        /// Agreements of a party.
        Agreements(Box<AgreementsView>) = 72,
        /// Who has done what an act asks.
        Propagation(Box<PropagationView>) = 80,
        /// Figures of a period.
        Statistics(Box<StatisticsView>) = 100,
        /// The proof file of a receipt is complete.
        LookUpProof(LookUpProofView) = 110,
        /// Rows of the register of look-ups.
        LookUps(Box<LookUpsView>) = 111,
        /// Rows were marked.
        LookUpMarked(LookUpMarked) = 112,
        /// Rows that showed what holds no more.
        LookUpsOutdated(Box<LookUpsOutdatedView>) = 114,
        /// When cases were first looked up.
        LookUpsMissed(Box<LookUpsMissedView>) = 115,
        /// A register of look-ups that lost rows goes on, or would.
        LookUpResumed(LookUpResumed) = 140,
        /// The receipt of a look-up; its answer follows.
        Receipt(ByteBuf) = 116,
        /// A page of the ledger.
        Ledger(Box<LedgerView>) = 130,
        /// How the decisions of an import stand.
        Batch(Box<BatchView>) = 121,
        /// Many decisions were withdrawn.
        Bulk(Box<BulkView>) = 122,
        /// Who has done what the acts of a bulk act ask.
        BatchPropagation(Box<BatchPropagationView>) = 123,
        /// It is not done.
        Error(AdminError) = 99,
    }
}

impl Reply {
    /// Whether nothing follows in the same answer. States and events of a watch have no end of
    /// their own.
    // spec: ADM-7
    #[must_use]
    pub const fn is_last(&self) -> bool {
        match self {
            Self::Event(_)
            | Self::Progress(_)
            | Self::Refused(_)
            | Self::Chunk(_)
            | Self::Receipt(_) => false,
            Self::Status(_)
            | Self::Peers(_)
            | Self::Peer(_)
            | Self::Changed(_)
            | Self::PeerTested(_)
            | Self::Submitted(_)
            | Self::Imported(_)
            | Self::Subject(_)
            | Self::Statement(_)
            | Self::Recorded(_)
            | Self::RecordMade(_)
            | Self::Bundle(_)
            | Self::AgreementApproved(_)
            | Self::AgreementLogged(_)
            | Self::Agreements(_)
            | Self::Propagation(_)
            | Self::Statistics(_)
            | Self::LookUpProof(_)
            | Self::LookUps(_)
            | Self::LookUpMarked(_)
            | Self::LookUpsOutdated(_)
            | Self::LookUpsMissed(_)
            | Self::LookUpResumed(_)
            | Self::Ledger(_)
            | Self::Batch(_)
            | Self::Bulk(_)
            | Self::BatchPropagation(_)
            | Self::Error(_) => true,
        }
    }
}

named_codes! {
    /// What happened.
    pub enum EventKind {
        /// A peer is connected.
        PeerConnected = 1 "peer-connected",
        /// A peer is no longer connected; `details.cause`.
        PeerLost = 2 "peer-lost",
        /// A head was published.
        HeadPublished = 3 "head-published",
        /// A head became witnessed.
        HeadWitnessed = 4 "head-witnessed",
        /// Statements of another log arrived.
        Received = 5 "received",
        /// An act arrived or was recorded; `reference`.
        ActApplied = 6 "act-applied",
        /// The registry grew.
        RegistryChanged = 7 "registry-changed",
        /// An import moved on or ended.
        Import = 8 "import",
        /// Something that an operator should look at; `details.alarm`.
        Alarm = 9 "alarm",
        /// Something that an operator should know; `details.notice`.
        Notice = 10 "notice",
    }
}

integer_map! {
    /// Something that happened.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Event {
        /// When.
        1 => at: req(Timestamp),
        /// What.
        2 => kind: req(EventKind),
        /// The member it concerns.
        3 => member: opt(AuthorityCode),
        /// The log it concerns.
        4 => origin: opt(Origin),
        /// The size of that log.
        5 => size: opt(TreeSize),
        /// The statement it concerns.
        6 => reference: opt(StatementRef),
        /// The class of that statement.
        7 => class: opt(Class),
        /// More, by name.
        8 => details: list(super::Detail),
    }
}

integer_map! {
    /// What a change of the node's own settings did.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Change {
        /// The member concerned.
        1 => member: req(AuthorityCode),
        /// `false` when everything was so already.
        2 => changed: req(bool),
        /// Whether this node dials the member, rather than being dialled by it.
        3 => dials: req(bool),
    }
}

named_codes! {
    /// A step of a test call, in their order.
    pub enum Step {
        /// The registry knows the member and its key.
        Registry = 1 "registry",
        /// The address resolves.
        Resolve = 2 "resolve",
        /// The handshake ends with the right key.
        Handshake = 3 "handshake",
    }
}

integer_map! {
    /// How one step ended.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StepResult {
        /// The step.
        1 => step: req(Step),
        /// Microseconds that it took.
        2 => elapsed_us: req(u64),
        /// Why it failed; no step follows then.
        3 => error: opt(AdminError),
    }
}

integer_map! {
    /// What a test call met.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PeerTest {
        /// The member.
        1 => member: req(AuthorityCode),
        /// The address called.
        2 => address: opt(String),
        /// The steps taken.
        3 => steps: list(StepResult),
    }
}

integer_map! {
    /// A change that the registry holds, or would hold.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Submitted {
        /// What kind of change.
        1 => class: req(Class),
        /// Where it stands; absent for a dry run.
        2 => reference: opt(StatementRef),
        /// The size of the registry.
        3 => registry_size: req(TreeSize),
    }
}

named_codes! {
    /// What an import is at.
    pub enum Stage {
        /// Reading and checking rows.
        Reading = 1 "reading",
        /// Signing statements.
        Signing = 2 "signing",
        /// Writing them durably.
        Writing = 3 "writing",
    }
}

integer_map! {
    /// How far an import is.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Progress {
        /// What it is at.
        1 => stage: req(Stage),
        /// Units done: bytes while reading, statements afterwards.
        2 => done: req(u64),
        /// Units in all.
        3 => total: req(u64),
        /// Rows read so far.
        4 => rows: req(u64),
        /// Rows refused so far.
        5 => refused: req(u64),
    }
}

integer_map! {
    /// Rows refused, in the order of the file, at most
    /// [`REFUSED_ROWS_MAX`](super::REFUSED_ROWS_MAX).
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Refused {
        /// These rows.
        1 => rows: list(RowRefusal),
    }
}

integer_map! {
    /// One reason against one row. No value of the row is repeated: it may be personal.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RowRefusal {
        /// 1-based line on which the row begins.
        1 => line: req(u64),
        /// 1-based column.
        2 => column: opt(u64),
        /// The column's name in the header.
        3 => column_name: opt(String),
        /// The reason, by its stable name.
        4 => reason: req(Code),
        /// The reason in English.
        5 => english: req(String),
        /// The reason in Chinese.
        6 => chinese: req(String),
        /// The field of the decision, as profiles name it.
        7 => field: opt(String),
    }
}

integer_map! {
    /// What an import came to.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ImportReport {
        /// Rows in the file, its header not counted.
        1 => rows: req(u64),
        /// Rows that are, or with a dry run would be, recorded.
        2 => accepted: req(u64),
        /// Rows that were recorded before with the same content.
        3 => present: req(u64),
        /// Rows refused.
        4 => refused: req(u64),
        /// Statements written; 0 for a dry run, and when all or nothing came to nothing.
        5 => written: req(u64),
        /// Whether it was a dry run.
        6 => dry_run: req(bool),
        /// Whether nothing was to be recorded if any row was refused.
        7 => all_or_nothing: req(bool),
        /// Ties the statements together.
        8 => batch: opt(BatchId),
        /// The log written to.
        9 => origin: req(Origin),
        /// The first position written.
        10 => first: opt(LeafIndex),
        /// The size of the log afterwards; durable here.
        11 => size: req(TreeSize),
        /// The profile's name.
        12 => profile: req(String),
        /// SHA-256 of the file.
        13 => digest: req(Hash),
        /// Milliseconds that it took.
        14 => elapsed_ms: req(u64),
        /// Rows that a filter passed over.
        15 => filtered: req(u64),
        /// Of the accepted, those of a day before their item was in any catalogue: they bind nobody
        /// (STM-200). A year written wrong reads so.
        16 => history: req(u64),
    }
}

integer_map! {
    /// What is known about an organisation.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SubjectAnswer {
        /// Its code.
        1 => code: req(SubjectCode),
        /// Names that decisions give it, the newest first.
        2 => names: list(String),
        /// The day asked about.
        3 => as_of: req(Day),
        /// The row of the local look-up register, counted from 0.
        4 => look_up_row: req(u64),
        /// Decisions about it, the newest first.
        5 => decisions: list(DecisionView),
        /// Decisions in all, on every page.
        6 => total: req(u64),
        /// Leaves whose bodies are not held here, of any organisation.
        7 => bodies_missing: req(u64),
        /// How many decisions to pass over to go on behind this page; absent on the last.
        8 => next_skip: opt(u64),
        /// Copies of the decisions on this page that are not listed (EFF-40); absent where there are none.
        // spec: ADM-220
        9 => copies_left: opt(u64),
        /// Logs that say more about agreements than is looked at.
        10 => agreements_cut: list(Origin),
        /// Records about it, the newest first.
        20 => records: list(RecordView),
        /// Records in all, on every page.
        21 => records_total: opt(u64),
        /// How many records to pass over to go on behind this page; absent on the last.
        22 => records_next_skip: opt(u64),
        /// Decisions on this page that turned out not to be about it, which are not among `decisions`.
        // spec: ADM-293
        30 => not_about: list(NotAboutView),
        /// Whether there is any adverse record since a day, where that was asked.
        160 => clean: opt(CleanView),
        /// What was said about it and was erased.
        // spec: ADM-445
        170 => erased: list(ErasedView),
        /// How many erasures there are besides.
        171 => erased_left: opt(u64),
        /// The code that the organisation has now, where that is another one.
        180 => now: opt(SubjectCode),
        /// What is said about its codes, by log and position.
        181 => codes: list(CodeStepView),
    }
}

integer_map! {
    /// Statements about an organisation that an act took out of sight: that they were there, and why they went.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ErasedView {
        /// The act.
        1 => by: req(StatementRef),
        /// Who erased.
        2 => issuer: req(AuthorityCode),
        /// The name of the authority.
        3 => issuer_name: opt(String),
        /// The kind of ground.
        4 => ground: req(ErasureGround),
        /// Who decided or ordered it.
        5 => ordered_by: req(String),
        /// The articles that it rests on.
        6 => legal_basis: list(LegalBasis),
        /// When.
        7 => at: req(Timestamp),
        /// What went.
        8 => references: list(StatementRef),
        /// Objections to it that are held: they stay.
        9 => objections: list(StatementRef),
    }
}

integer_map! {
    /// A decision that was put right: it is not about the organisation that it names. What it says is
    /// nobody's business under this code.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct NotAboutView {
        /// Where it stands.
        1 => reference: req(StatementRef),
        /// Who decided.
        2 => issuer: req(AuthorityCode),
        /// The name of the authority.
        3 => issuer_name: opt(String),
        /// The correction or withdrawal that says so.
        4 => by: req(StatementRef),
    }
}

integer_map! {
    /// An act that is recorded, or would be.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Recorded {
        /// Its class.
        1 => class: req(Class),
        /// The statement acted on.
        2 => target: req(StatementRef),
        /// Where the act stands, durable here; absent for a dry run.
        3 => reference: opt(StatementRef),
        /// The objections that it closes or admits, or the first of them.
        4 => names: list(StatementRef),
        /// Whether a quorum has cosigned a head that covers it.
        5 => witnessed: req(bool),
        /// The target's effect afterwards, as known here; absent when the target is no decision, and
        /// when it is not public and another authority's.
        6 => effect: opt(EffectView),
        /// Present when the effect is left out because it is not public: a look-up shows it.
        7 => effect_withheld: opt(Truth),
        /// Where further acts stand that say the same on other objections: one act names some hundreds.
        8 => more: list(StatementRef),
        /// How many objections are named, where not all are listed.
        9 => named: opt(u64),
        /// How many acts are, or for a dry run would be, recorded.
        10 => acts: req(u64),
        /// What ties it to other acts on the decisions of one import.
        120 => batch: opt(BatchId),
    }
}

integer_map! {
    /// The end of a bundle.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct BundleView {
        /// The statement proven.
        1 => target: req(StatementRef),
        /// Bytes in all.
        2 => bytes: req(u64),
        /// SHA-256 of them.
        3 => digest: req(Hash),
        /// Statements in it.
        4 => statements: req(u64),
        /// Statements that bear on it and are not in it: no quorum has cosigned a head over them yet.
        5 => left_out: req(u64),
    }
}
