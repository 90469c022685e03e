//! What an administrator may ask.

use serde_bytes::ByteBuf;

use crate::admin::answer::RecogniseAsk;
use crate::admin::bulk::{BatchAsk, BulkAsk};
use crate::admin::look_up::{
    LookUpListAsk, LookUpMissedAsk, LookUpOutdatedAsk, LookUpProveAsk, LookUpResumeAsk,
    LookUpReviewAsk, LookUpToldAsk,
};
use crate::admin::record::RecordAsk;
use crate::admin::tagged::{named_codes, tagged_enum};
use crate::admin::target::Target;
use crate::admin::view::ViolationCode;
use crate::codec::{Truth, integer_map};
use crate::log::{LeafIndex, TreeSize};
use crate::lookup::Scenario;
use crate::statement::{
    Address, BatchId, DecisionFields, ErasureGround, Ground, LegalBasis, ObjectorRole, Outcome,
    RedExit, RepairEffect, StatementRef, WithdrawalReason,
};
use crate::subject::{AuthorityCode, SubjectCode};
use crate::text::Text;
use crate::time::Day;

tagged_enum! {
    /// One request. Acts, imports and peer changes with `dry_run` say what they would do and do
    /// nothing.
    pub enum Request {
        /// How the node is. Answered by [`Reply::Status`](super::Reply::Status).
        Status = 1,
        /// How it is, again and again, until the stream is closed. Answered by
        /// [`Reply::Status`](super::Reply::Status) and [`Reply::Event`](super::Reply::Event).
        Watch(WatchAsk) = 2,
        /// Members and how they are connected. Answered by [`Reply::Peers`](super::Reply::Peers).
        PeerList = 10,
        /// One member. Answered by [`Reply::Peer`](super::Reply::Peer).
        PeerShow(PeerName) = 11,
        /// Dial a member at an address of one's own knowledge. Answered by
        /// [`Reply::Changed`](super::Reply::Changed).
        PeerAdd(PeerAddress) = 12,
        /// Forget the address added and close the connection. Answered by
        /// [`Reply::Changed`](super::Reply::Changed).
        PeerRemove(PeerName) = 13,
        /// Dial now and say what happens. Answered by
        /// [`Reply::PeerTested`](super::Reply::PeerTested).
        PeerTest(PeerName) = 14,
        /// Put an approved change into the registry; at the hub only. Answered by
        /// [`Reply::Submitted`](super::Reply::Submitted).
        Submit(SubmitAsk) = 20,
        /// Import a file. Answered by [`Reply::Progress`](super::Reply::Progress) and
        /// [`Reply::Refused`](super::Reply::Refused), at last [`Reply::Imported`](super::Reply::Imported).
        Import(ImportAsk) = 30,
        /// Bytes of the file to import, at most [`CHUNK_BYTES_MAX`](super::CHUNK_BYTES_MAX).
        ImportChunk(ByteBuf) = 31,
        /// The file is complete.
        ImportEnd = 32,
        /// What is known about an organisation. Answered by
        /// [`Reply::Subject`](super::Reply::Subject).
        Subject(SubjectAsk) = 40,
        /// One statement with its history. Answered by
        /// [`Reply::Statement`](super::Reply::Statement).
        Statement(StatementAsk) = 41,
        /// Record an objection as received. Answered by [`Reply::Recorded`](super::Reply::Recorded),
        /// as are all acts.
        Objection(ObjectionAsk) = 50,
        /// Rule on objections.
        Ruling(RulingAsk) = 51,
        /// Correct a decision.
        Correction(CorrectionAsk) = 52,
        /// Withdraw a statement.
        Withdrawal(WithdrawalAsk) = 53,
        /// Admit objections, as supervisor.
        Admission(AdmissionAsk) = 54,
        /// Record a stay. Answered by [`Reply::Recorded`](super::Reply::Recorded).
        Stay(StayAsk) = 55,
        /// Record a repair. Answered by [`Reply::Recorded`](super::Reply::Recorded).
        Repair(RepairAsk) = 56,
        /// Make a record. Answered by [`Reply::RecordMade`](super::Reply::RecordMade).
        Record(Box<RecordAsk>) = 90,
        /// A proof bundle. Answered by [`Reply::Chunk`](super::Reply::Chunk), at last
        /// [`Reply::Bundle`](super::Reply::Bundle).
        BundleExport(BundleAsk) = 60,
        /// A filing slip. Answered by [`Reply::Chunk`](super::Reply::Chunk), at last
        /// [`Reply::Bundle`](super::Reply::Bundle).
        Slip(BundleAsk) = 120,
        /// How the decisions of an import stand. Answered by [`Reply::Batch`](super::Reply::Batch).
        Batch(BatchAsk) = 121,
        /// Withdraw many decisions. Answered by [`Reply::Bulk`](super::Reply::Bulk).
        BulkWithdrawal(Box<BulkAsk>) = 122,
        /// Who has done what the acts of a bulk act ask. Answered by
        /// [`Reply::BatchPropagation`](super::Reply::BatchPropagation).
        BatchPropagation(BatchAsk) = 123,
        /// Approve an agreement as a party. Answered by
        /// [`Reply::AgreementApproved`](super::Reply::AgreementApproved).
        AgreementApprove(AgreementApproveAsk) = 70,
        /// Log an agreement that every party has approved; a dry run says who has. Answered by
        /// [`Reply::AgreementLogged`](super::Reply::AgreementLogged).
        AgreementLog(AgreementLogAsk) = 71,
        /// The agreements of a party. Answered by [`Reply::Agreements`](super::Reply::Agreements).
        AgreementList(AgreementListAsk) = 72,
        /// Accede to an open agreement. Answered by [`Reply::Recorded`](super::Reply::Recorded).
        Accede(AccedeAsk) = 73,
        /// Retire from an agreement. Answered by [`Reply::Recorded`](super::Reply::Recorded).
        Retire(RetireAsk) = 74,
        /// Who has done what an act asks. Answered by
        /// [`Reply::Propagation`](super::Reply::Propagation).
        Propagation(PropagationAsk) = 80,
        /// Figures of a period. Answered by [`Reply::Statistics`](super::Reply::Statistics).
        Statistics(StatisticsAsk) = 100,
        /// The proof file of a receipt. Answered by [`Reply::Chunk`](super::Reply::Chunk), at last
        /// [`Reply::LookUpProof`](super::Reply::LookUpProof).
        LookUpProve(LookUpProveAsk) = 110,
        /// Rows of the register of look-ups. Answered by [`Reply::LookUps`](super::Reply::LookUps).
        LookUpList(Box<LookUpListAsk>) = 111,
        /// Note that rows were reviewed. Answered by [`Reply::LookUpMarked`](super::Reply::LookUpMarked).
        LookUpReview(LookUpReviewAsk) = 112,
        /// Note that whoever asked was told. Answered by
        /// [`Reply::LookUpMarked`](super::Reply::LookUpMarked).
        LookUpTold(LookUpToldAsk) = 113,
        /// Rows that showed what holds no more. Answered by
        /// [`Reply::LookUpsOutdated`](super::Reply::LookUpsOutdated).
        LookUpOutdated(LookUpOutdatedAsk) = 114,
        /// When cases were first looked up. Answered by
        /// [`Reply::LookUpsMissed`](super::Reply::LookUpsMissed).
        LookUpMissed(LookUpMissedAsk) = 115,
        /// Go on with a register of look-ups that lost rows. Answered by
        /// [`Reply::LookUpResumed`](super::Reply::LookUpResumed).
        LookUpResume(LookUpResumeAsk) = 140,
        /// A page of the ledger of the node's own statements. Answered by
        /// [`Reply::Ledger`](super::Reply::Ledger).
        Ledger(LedgerAsk) = 130,
        /// Say whether the member relies on a decision. Answered by
        /// [`Reply::Recorded`](super::Reply::Recorded).
        Recognise(Box<RecogniseAsk>) = 145,
        /// Record an erasure. Answered by [`Reply::Recorded`](super::Reply::Recorded).
        Erasure(Box<ErasureAsk>) = 150,
    }
}

integer_map! {
    /// How often to look.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct WatchAsk {
        /// Milliseconds between two states; the node takes 100 for less.
        1 => interval_ms: req(u64),
    }
}

integer_map! {
    /// A member by its code.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PeerName {
        /// The member.
        1 => member: req(AuthorityCode),
    }
}

integer_map! {
    /// A member and where to find it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PeerAddress {
        /// The member; its key comes from the registry.
        1 => member: req(AuthorityCode),
        /// Where it listens.
        2 => address: req(Address),
    }
}

integer_map! {
    /// A change of the registry with its approvals.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SubmitAsk {
        /// A whole proposal file, approvals included.
        1 => change: req(ByteBuf),
        /// Verify and say, change nothing.
        2 => dry_run: req(bool),
        /// Present when the head that a cut-off names counts, though the node holds another history.
        3 => held_is_wrong: opt(Truth),
    }
}

named_codes! {
    /// Where an import profile comes from.
    pub enum ProfileChoice {
        /// One that the node carries; the text is its name.
        BuiltIn = 1 "built-in",
        /// The text is the profile itself, TOML.
        Inline = 2 "inline",
    }
}

integer_map! {
    /// A file to import.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ImportAsk {
        /// Where the profile comes from.
        1 => profile_choice: req(ProfileChoice),
        /// Its name or text.
        2 => profile: req(String),
        /// A path on the node's machine; without it, chunks follow.
        3 => path: opt(String),
        /// What the file is called where it came from.
        4 => file_name: req(String),
        /// Its length in bytes; with chunks, exactly that many follow.
        5 => bytes: opt(u64),
        /// Read and report, record nothing.
        6 => dry_run: req(bool),
        /// Record nothing if any row is refused.
        7 => all_or_nothing: req(bool),
        /// The department that speaks; the member itself when absent.
        8 => issuer: opt(AuthorityCode),
        /// Rows to import; the others are passed over.
        9 => filters: list(RowFilter),
    }
}

integer_map! {
    /// Rows to import, by what a column says.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RowFilter {
        /// The column, as the header names it.
        1 => column: req(String),
        /// What it has to say, exactly.
        2 => value: req(String),
    }
}

integer_map! {
    /// Why one looks: a row of the local look-up register (应查必查).
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUp {
        /// For what.
        1 => purpose: req(Text<200>),
        /// In which case.
        2 => case_number: req(Text<128>),
        /// The legal basis of looking: act and article.
        3 => basis: req(Text<400>),
        /// In what business, of the list of checks that have to be made.
        110 => scenario: opt(Scenario),
        /// Present to have a signed receipt before the answer.
        111 => receipt: opt(Truth),
    }
}

integer_map! {
    /// An organisation to ask about.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SubjectAsk {
        /// Its code.
        1 => code: req(SubjectCode),
        /// Why.
        2 => look_up: req(LookUp),
        /// The day asked about; today when absent.
        3 => as_of: opt(Day),
        /// Decisions to pass over, for the next page.
        4 => skip: opt(u64),
        /// Records to pass over, for the next page of them; no decisions are shown then.
        20 => records_skip: opt(u64),
        /// Say whether there is any adverse record since this day.
        160 => clean_since: opt(Day),
        /// The same of so many years up to the day asked about; not beside a day.
        161 => clean_years: opt(u32),
    }
}

integer_map! {
    /// A statement to show.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StatementAsk {
        /// Which.
        1 => target: req(Target),
        /// Why; wanted when it is not public and another authority's.
        2 => look_up: opt(LookUp),
        /// The day asked about; today when absent.
        3 => as_of: opt(Day),
        /// Recognition responses to pass over.
        195 => answers_skip: opt(u64),
    }
}

integer_map! {
    /// An objection as received.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ObjectionAsk {
        /// The decision objected to.
        1 => target: req(Target),
        /// In what role it is raised; never by whom.
        2 => role: req(ObjectorRole),
        /// On what ground.
        3 => ground: req(Ground),
        /// The day of receipt; today when absent.
        4 => received_on: opt(Day),
        /// The reasons.
        5 => reasons: opt(Text<2000>),
        /// The department that speaks; the member itself when absent.
        6 => issuer: opt(AuthorityCode),
        /// Say what it would do.
        7 => dry_run: req(bool),
    }
}

integer_map! {
    /// A ruling on objections.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RulingAsk {
        /// The decision objected to.
        1 => target: req(Target),
        /// How they end.
        2 => outcome: req(Outcome),
        /// The objections closed; empty for all that are open and known.
        3 => closes: list(Target),
        /// The reasons.
        4 => reasons: req(Text<4000>),
        /// The department that speaks; the member itself when absent.
        5 => issuer: opt(AuthorityCode),
        /// Say what it would do.
        6 => dry_run: req(bool),
    }
}

integer_map! {
    /// A correction.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CorrectionAsk {
        /// The decision corrected.
        1 => target: req(Target),
        /// What was wrong.
        2 => reasons: req(Text<4000>),
        /// The whole decision as it should have been.
        3 => replacement: req(Box<DecisionFields>),
        /// The last statement that the replacement was worked out from; the node refuses when
        /// another correction has come since.
        4 => worked_from: opt(StatementRef),
        /// The department that speaks; the member itself when absent.
        5 => issuer: opt(AuthorityCode),
        /// Say what it would do.
        6 => dry_run: req(bool),
        /// The import that it corrects with others of it: these acts have one batch id.
        120 => bulk: opt(BatchId),
    }
}

integer_map! {
    /// A withdrawal.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct WithdrawalAsk {
        /// The statement withdrawn.
        1 => target: req(Target),
        /// The kind of reason.
        2 => reason: req(WithdrawalReason),
        /// The reasons in words.
        3 => reasons: req(Text<4000>),
        /// The department that speaks; the member itself when absent.
        4 => issuer: opt(AuthorityCode),
        /// Say what it would do.
        5 => dry_run: req(bool),
        /// Of an entry in a red list: the exit.
        155 => exit: opt(RedExit),
    }
}

integer_map! {
    /// An erasure.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ErasureAsk {
        /// The statement whose body goes.
        1 => target: req(Target),
        /// The kind of ground.
        2 => ground: req(ErasureGround),
        /// Who decided or ordered it.
        3 => by: req(Text<200>),
        /// The article that it rests on.
        4 => basis: req(LegalBasis),
        /// The department that speaks; the member itself when absent.
        5 => issuer: opt(AuthorityCode),
        /// Say what it would do.
        6 => dry_run: req(bool),
    }
}

integer_map! {
    /// A stay by a court or review body.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StayAsk {
        /// The decision stayed.
        1 => target: req(Target),
        /// The court or review body.
        2 => body: req(Text<200>),
        /// The number of its order.
        3 => document_number: req(Text<128>),
        /// The day of the order.
        4 => ordered_on: req(Day),
        /// The last day, where the order names one.
        5 => until: opt(Day),
        /// The reasons.
        6 => reasons: req(Text<4000>),
        /// The department that speaks; the member itself when absent.
        7 => issuer: opt(AuthorityCode),
        /// Say what it would do.
        8 => dry_run: req(bool),
    }
}

integer_map! {
    /// The repair of an organisation's credit.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RepairAsk {
        /// The decision repaired.
        1 => target: req(Target),
        /// What is asked of whoever holds the information, in any order.
        2 => effects: list(RepairEffect),
        /// The day of the decision on it; today when absent.
        3 => decided_on: opt(Day),
        /// The reasons.
        4 => reasons: req(Text<4000>),
        /// The department that speaks; the member itself when absent.
        5 => issuer: opt(AuthorityCode),
        /// Say what it would do.
        6 => dry_run: req(bool),
        /// The day on which it was applied for.
        130 => applied_on: opt(Day),
    }
}

integer_map! {
    /// The supervisor's admission of objections that do not suspend by themselves.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AdmissionAsk {
        /// The decision objected to.
        1 => target: req(Target),
        /// The objections admitted; empty for all that wait.
        2 => admits: list(Target),
        /// The reasons.
        3 => reasons: req(Text<4000>),
        /// The department that speaks; the member itself when absent.
        4 => issuer: opt(AuthorityCode),
        /// Say what it would do.
        5 => dry_run: req(bool),
    }
}

integer_map! {
    /// A proof bundle to export.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct BundleAsk {
        /// The statement to prove, with its history.
        1 => target: req(Target),
        /// Why; wanted when it is not public and another authority's.
        2 => look_up: opt(LookUp),
        /// Of a bundle: for whom to say what recognition gives.
        145 => receiver: opt(AuthorityCode),
    }
}

integer_map! {
    /// An agreement to approve.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AgreementApproveAsk {
        /// A whole proposal file.
        1 => proposal: req(ByteBuf),
        /// Say what it would do.
        2 => dry_run: req(bool),
    }
}

integer_map! {
    /// An agreement with its approvals.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AgreementLogAsk {
        /// A whole proposal file.
        1 => proposal: req(ByteBuf),
        /// Whole approval files, in any order.
        2 => approvals: list(ByteBuf),
        /// Verify and say what would happen, record nothing.
        3 => dry_run: req(bool),
        /// There when only who has approved is asked.
        4 => show: opt(Truth),
    }
}

integer_map! {
    /// Whose agreements to list.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AgreementListAsk {
        /// The party; the node's member when absent.
        1 => party: opt(AuthorityCode),
        /// Only the versions of this agreement, named by any of them.
        2 => agreement: opt(Target),
        /// The day asked about; today when absent.
        3 => as_of: opt(Day),
        /// Versions to pass over, for the next page.
        4 => skip: opt(u64),
    }
}

integer_map! {
    /// An accession.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AccedeAsk {
        /// The version acceded to.
        1 => agreement: req(Target),
        /// First day as a party.
        2 => from: req(Day),
        /// Say what it would do.
        3 => dry_run: req(bool),
    }
}

integer_map! {
    /// A retirement.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RetireAsk {
        /// Any version of the agreement.
        1 => agreement: req(Target),
        /// The newest version left; the newest that is known when absent.
        2 => version: opt(u32),
        /// First day on which the member is no party.
        3 => from: req(Day),
        /// Why.
        4 => reasons: req(Text<4000>),
        /// Say what it would do.
        5 => dry_run: req(bool),
    }
}

integer_map! {
    /// An act, or a decision with every act on it, to follow to those who were given the decision.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PropagationAsk {
        /// The act or the decision.
        1 => target: req(Target),
    }
}

integer_map! {
    /// A period to give figures of.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StatisticsAsk {
        /// `2026-11`, `2026-H2` or `2026`.
        1 => period: req(String),
        /// A kind of violation, to list what is counted of it.
        130 => listed: opt(ViolationCode),
    }
}

integer_map! {
    /// A span of days to give the ledger of.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LedgerAsk {
        /// The first day.
        1 => from: req(Day),
        /// The last day.
        2 => until: req(Day),
        /// Where in the log to go on; from the beginning when absent.
        3 => next: opt(LeafIndex),
        /// The size of the log that the first page was of: what came since is not in the ledger.
        4 => size: opt(TreeSize),
    }
}
