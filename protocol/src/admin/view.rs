//! What an administrator sees of a node, a member, a statement and its effect: flat, without bodies
//! that the node does not hold.

mod codes;
mod effect;
mod ledger;
mod propagation;
mod recognition;
mod statistics;

use crate::admin::answer::RecognitionResponseView;
use crate::admin::error::Detail;
use crate::admin::record::{AnswerView, RecordView};
use crate::admin::tagged::named_codes;
use crate::codec::integer_map;
use crate::log::{Hash, LeafIndex, Origin, TreeSize};
use crate::statement::{
    Accession, ActType, Agreement, Class, Code, Decision, Enrolment, ErasureGround, Ground,
    LegalBasis, Listing, Measure, Month, ObjectorRole, Outcome, QueryRoot, RedExit, RepairEffect,
    Retirement, Role, Standing, StatementRef, Vis, WithdrawalReason,
};
use crate::subject::{AuthorityCode, SubjectCode};
use crate::time::{Day, Timestamp};
use crate::trust::Network;

pub use codes::{CodeStateCode, CodeStepView};
pub use effect::{
    BackingCode, BasisCode, BasisFailureView, BasisStateCode, BindsOthersCode, BurdenCode,
    DutyView, EffectView, ForkCode, FreshnessCode, FreshnessView, LaterActsCode, SourceCode,
    SuspensionCode, SuspensionView, ValidityCode, VoidCauseCode, WaitingCode, WaitingView,
};
pub use ledger::{LedgerRow, LedgerView};
pub use propagation::{HolderCode, HolderView, PropagatedView, PropagationView, ReachView};
pub use recognition::{
    AgreementApproved, AgreementLogged, AgreementStateCode, AgreementView, AgreementsView,
    AllowedView, DoubtCode, DoubtView, LackingCode, PartyView, RecognitionCode, RecognitionView,
    ReliedView, WordView,
};
pub use statistics::{
    ActCount, CountedView, CoverageView, DecisionCount, FiguresView, ItemCount, StatisticsView,
    ViolationCode, ViolationCount,
};

named_codes! {
    /// Whether a node signs.
    pub enum SigningCode {
        /// It does.
        Ready = 1 "ready",
        /// Safe start: it asks hub and cosigners for the highest head of its own that they saw.
        Asking = 2 "asking",
        /// Safe start: it fetches back what it lacks.
        FetchingBack = 3 "fetching-back",
        /// It does not, and an operator must look.
        Stopped = 4 "stopped",
    }
}

named_codes! {
    /// How a peer is connected.
    pub enum LinkCode {
        /// This node itself.
        Own = 1 "self",
        /// Connected.
        Connected = 2 "connected",
        /// Being dialled, or waiting to be dialled again.
        Connecting = 3 "connecting",
        /// Not connected, and not dialled: no address is known, or it dials us.
        Idle = 4 "idle",
        /// Refused: cut off, or acts only while suspended.
        Refused = 5 "refused",
    }
}

integer_map! {
    /// Two signed heads of a log that cannot both hold.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ForkView {
        /// The first position that is not taken to be common to both histories.
        1 => frozen_at: req(LeafIndex),
        /// Since when it is known here.
        2 => since: opt(Timestamp),
        /// The smaller of their sizes: the histories differ there.
        3 => smaller_size: req(TreeSize),
        /// The root of that head.
        4 => smaller_root: req(Hash),
        /// The size of the other head.
        5 => larger_size: req(TreeSize),
        /// Its root.
        6 => larger_root: req(Hash),
    }
}

integer_map! {
    /// One log as this node holds it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LogView {
        /// Its name.
        1 => origin: req(Origin),
        /// Its size as adopted.
        2 => size: req(TreeSize),
        /// Its root at that size.
        3 => root: req(Hash),
        /// The largest size that a quorum has cosigned.
        4 => witnessed_size: opt(TreeSize),
        /// The newest time at which a quorum did.
        5 => witnessed_at: opt(Timestamp),
        /// Bodies held.
        6 => bodies: req(u64),
        /// Bodies that this node may have and lacks.
        7 => bodies_missing: req(u64),
        /// The first position beyond the common prefix of a fork.
        8 => frozen_at: opt(LeafIndex),
        /// The heads that prove the fork.
        9 => fork: opt(ForkView),
        /// The root at the witnessed size.
        10 => witnessed_root: opt(Hash),
    }
}

integer_map! {
    /// Something that an operator should look at.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AlarmView {
        /// Its stable name, `no-independent-view` for example.
        1 => name: req(Code),
        /// Since when.
        2 => since: opt(Timestamp),
        /// More, by name.
        3 => details: list(Detail),
    }
}

integer_map! {
    /// A member and how it is connected.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PeerBrief {
        /// The member.
        1 => member: req(AuthorityCode),
        /// Its name.
        2 => name: req(String),
        /// What it is.
        3 => role: req(Role),
        /// Its standing.
        4 => standing: req(Standing),
        /// How it is connected.
        5 => link: req(LinkCode),
        /// The address in use, or that would be dialled.
        6 => address: opt(String),
        /// Since when the link is as it is.
        7 => since: opt(Timestamp),
        /// Leaves of any log that it has announced and this node lacks.
        8 => behind: req(u64),
        /// Round trip in microseconds.
        9 => round_trip_us: opt(u64),
        /// Why the last attempt failed, in words.
        10 => last_failure: opt(String),
        /// The size of its own log as held here.
        11 => log_size: opt(TreeSize),
        /// The newest time at which a quorum cosigned its log.
        12 => witnessed_at: opt(Timestamp),
        /// The entry of the registry that declares it lost as a holder, while it does.
        205 => lost: opt(StatementRef),
    }
}

integer_map! {
    /// One member in full.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PeerView {
        /// The member in brief.
        1 => brief: req(PeerBrief),
        /// As the registry has it, with the keys that count now.
        2 => enrolment: req(Enrolment),
        /// Its logs as held here.
        3 => logs: list(LogView),
        /// An address added here by hand.
        4 => added_address: opt(String),
        /// Departments that publish through it.
        5 => issuers: list(AuthorityCode),
    }
}

integer_map! {
    /// How a node is.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StatusView {
        /// The node's time.
        1 => at: req(Timestamp),
        /// Whose node it is.
        2 => member: req(AuthorityCode),
        /// The member's name.
        3 => name: req(String),
        /// What it is.
        4 => role: req(Role),
        /// Its standing; absent while the registry as held here does not name it.
        5 => standing: opt(Standing),
        /// The version of the program.
        6 => version: req(String),
        /// Test or production.
        7 => network: req(Network),
        /// What the network is called.
        8 => network_title: req(String),
        /// The digest of genesis.
        9 => genesis: req(Hash),
        /// When the program was started.
        10 => started_at: req(Timestamp),
        /// Where it listens.
        11 => listening: list(String),
        /// Whether it signs.
        12 => signing: req(SigningCode),
        /// Logs held, own ones first.
        13 => logs: list(LogView),
        /// Members, without this one.
        14 => peers: list(PeerBrief),
        /// Cosigners and quorum: `q` of `n`, with `f` faults.
        15 => cosigners: req(u64),
        /// How many of them make a head witnessed.
        16 => quorum: req(u64),
        /// How many of them may be dishonest.
        17 => faults: req(u64),
        /// When the registry as held reads stale.
        18 => registry_expires_at: opt(Timestamp),
        /// Members reached otherwise than through the hub that show the same hub heads.
        19 => independent_views: req(u64),
        /// Statements held, of every log.
        20 => statements: req(u64),
        /// Objections open, on decisions held.
        21 => open_objections: req(u64),
        /// Bytes on disk.
        22 => disk_bytes: req(u64),
        /// What an operator should look at.
        23 => alarms: list(AlarmView),
        /// Rows of the look-up register.
        24 => look_ups: req(u64),
        /// What an operator should know, and nothing is wrong with.
        25 => notices: list(AlarmView),
        /// Rows of the look-up register that nobody has reviewed; absent where there are none.
        110 => look_ups_unreviewed: opt(u64),
    }
}

named_codes! {
    /// What is awaited.
    pub enum TaskCode {
        /// A ruling on objections.
        Rule = 1 "rule",
        /// The correction or withdrawal that a ruling announced.
        ActAsAnnounced = 2 "act-as-announced",
        /// The admission of an objection that does not suspend by itself, or a ruling on it.
        Admit = 3 "admit",
        /// A word on which of several corrections holds.
        SettleConflict = 4 "settle-conflict",
        /// A withdrawal or correction, since what the decision rests on is gone.
        AnswerForBasis = 5 "answer-for-basis",
        /// A response to an initiation or a push.
        Respond = 6 "respond",
        /// The feedback of a month.
        FeedBack = 7 "feed-back",
        /// A word on whether one relies on the decisions.
        AnswerRecognition = 12 "answer-recognition",
        /// A push to the place where the organisation is registered.
        PushToRegistrationPlace = 13 "push-to-registration-place",
        /// The publication there.
        PublishAtRegistrationPlace = 14 "publish-at-registration-place",
    }
}

named_codes! {
    /// How a deadline stands.
    pub enum DeadlineCode {
        /// Not over.
        Open = 1 "open",
        /// Over.
        Overdue = 2 "overdue",
        /// The clock stands.
        Stopped = 3 "stopped",
        /// A calendar is lacking.
        UnknownUntilCalendar = 4 "unknown-until-calendar",
        /// No rule of the place of who decided says by when.
        NoRule = 5 "no-rule",
    }
}

integer_map! {
    /// What is awaited about a decision or of those whom a record asks, from whom, and by when.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AwaitedView {
        /// What.
        1 => task: req(TaskCode),
        /// Of objections: the ground.
        2 => ground: opt(Ground),
        /// Who has to do it; absent where any supervisor may.
        3 => owner: opt(AuthorityCode),
        /// The name of that authority.
        4 => owner_name: opt(String),
        /// The day that it counts from, where it is known.
        5 => since: opt(Day),
        /// How it stands.
        6 => state: req(DeadlineCode),
        /// The last day; of one that waits for a calendar the first day that it can be.
        7 => due: opt(Day),
        /// Days left, or days over, in the unit of the rule.
        8 => days: opt(u64),
        /// The rule.
        9 => rule: opt(Code),
        /// Where the rule comes from.
        10 => source: opt(String),
        /// Of feedback: the first month that is missing.
        130 => month: opt(Month),
        /// Of feedback: how many months are missing, this one among them.
        131 => months: opt(u64),
        /// Once it is overdue, who asked: its turn to ask again, or to take it to a supervisor.
        132 => escalated_to: opt(AuthorityCode),
        /// Of recognition: on how many decisions there is no word.
        145 => unanswered: opt(u64),
    }
}

integer_map! {
    /// A decision in one line, with its effect.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DecisionView {
        /// Where it stands.
        1 => reference: req(StatementRef),
        /// Who decided.
        2 => issuer: req(AuthorityCode),
        /// The name of the authority.
        3 => issuer_name: req(String),
        /// The number of its document.
        4 => document_number: req(String),
        /// The type of act.
        5 => act_type: req(ActType),
        /// The item of the catalogue.
        6 => item: req(Code),
        /// The title of the item.
        7 => item_title: opt(String),
        /// The day of the decision.
        8 => decided_on: req(Day),
        /// What follows from everything known.
        9 => effect: req(EffectView),
        /// Whether the node's member may rely on it.
        // spec: ADM-230
        10 => recognition: opt(RecognitionView),
        /// What is awaited about it.
        12 => awaited: list(AwaitedView),
        /// Who has said whether it relies on it.
        // spec: ADM-413
        145 => answers: list(RecognitionResponseView),
        /// How many of them there are that are not listed.
        146 => answers_left: opt(u64),
        /// Of an entry in a red list: the entries in lists that burden which stand beside it, newest first.
        155 => listed: list(ListedView),
        /// How many entries in such lists were not looked at.
        156 => listed_left: opt(u64),
        /// The code that it names, where the organisation has another one now.
        180 => under: opt(SubjectCode),
        /// The titles of its measures and of those that may be applied, ascending by measure.
        // spec: ADM-506
        215 => measure_titles: list(MeasureTitleView),
        /// Of an entry in a list: what it says of the list, as corrected.
        216 => listing: opt(Listing),
        /// What is decided, in words, as corrected; cut after 200 characters.
        217 => content: opt(String),
    }
}

integer_map! {
    /// What a measure is called.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct MeasureTitleView {
        /// The measure.
        1 => measure: req(Measure),
        /// Its title in the newest catalogue of measures.
        2 => title: req(String),
    }
}

integer_map! {
    /// An entry of an organisation in a list that burdens, shown on its entry in a red list. It ends nothing by
    /// itself: whoever made the red list withdraws its entry.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ListedView {
        /// Where it stands.
        1 => reference: req(StatementRef),
        /// Which kind of list.
        2 => act_type: req(ActType),
        /// Whose list.
        3 => issuer: req(AuthorityCode),
        /// The name of the authority.
        4 => issuer_name: opt(String),
        /// The number of its document.
        5 => document_number: req(String),
        /// What others may do on its strength.
        6 => binds_others: req(BindsOthersCode),
    }
}

integer_map! {
    /// An act on a statement, in one line. A field is absent where the class has none, and all are
    /// where only the notice is known.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ActView {
        /// Where it stands.
        1 => reference: req(StatementRef),
        /// Its class.
        2 => class: req(Class),
        /// Who acts.
        3 => issuer: req(AuthorityCode),
        /// The name of the authority.
        4 => issuer_name: opt(String),
        /// When the issuer says it was made.
        5 => issued_at: opt(Timestamp),
        /// Whether its body is held; if not, only a notice of it is known.
        6 => held: req(bool),
        /// Of an objection: the ground.
        7 => ground: opt(Ground),
        /// Of an objection: the role of who objects.
        8 => role: opt(ObjectorRole),
        /// Of an objection: the day of receipt.
        9 => received_on: opt(Day),
        /// Of an objection: whether it is open.
        10 => open: opt(bool),
        /// Of a ruling: how the objections end.
        11 => outcome: opt(Outcome),
        /// Of a ruling or admission: the objections named.
        12 => names: list(StatementRef),
        /// Of a withdrawal: the kind of reason.
        13 => withdrawal_reason: opt(WithdrawalReason),
        /// The reasons in words.
        14 => reasons: opt(String),
        /// The position of its notice in the home register.
        15 => notice: opt(LeafIndex),
        /// Whether a quorum has cosigned a head that covers it.
        16 => witnessed: req(bool),
        /// Why it is void as far as it binds, if it is.
        17 => void_cause: opt(VoidCauseCode),
        /// Of a stay: the court or review body.
        18 => body: opt(String),
        /// Of a stay: the number of the order.
        19 => document_number: opt(String),
        /// Of a stay: the day of the order. Of a repair: the day of the decision on it.
        20 => decided_on: opt(Day),
        /// Of a stay: its last day.
        21 => until: opt(Day),
        /// Of a repair: what it asks.
        22 => repair_effects: list(RepairEffect),
        /// Of a repair: the articles of law.
        23 => legal_basis: list(LegalBasis),
        /// Of a ruling, a stay or a repair: what takes it back.
        24 => taken_back_by: opt(StatementRef),
        /// Of a repair: the day on which it was applied for.
        130 => applied_on: opt(Day),
        /// Of a withdrawal: by which exit an organisation leaves a red list.
        155 => exit: opt(RedExit),
        /// Of an erasure: the kind of ground.
        170 => erasure_ground: opt(ErasureGround),
    }
}

integer_map! {
    /// One statement with its history.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StatementView {
        /// Where it stands.
        1 => reference: req(StatementRef),
        /// Its class.
        2 => class: req(Class),
        /// Who speaks.
        3 => issuer: req(AuthorityCode),
        /// The name of the authority.
        4 => issuer_name: req(String),
        /// The organisation spoken about, or the issuer itself.
        5 => about: req(SubjectCode),
        /// When the issuer says it was made.
        6 => issued_at: req(Timestamp),
        /// Its visibility class.
        7 => vis: req(Vis),
        /// The statement acted on.
        8 => target: opt(StatementRef),
        /// Bytes as signed.
        9 => bytes: req(u64),
        /// Whether a quorum has cosigned a head that covers it.
        10 => witnessed: req(bool),
        /// The decision, or what a correction puts in its place.
        11 => decision: opt(Decision),
        /// The decision as corrected, where corrections hold.
        12 => corrected: opt(Decision),
        /// The act, where it is one.
        13 => act: opt(ActView),
        /// What acts on it, or the weightiest of it, in the order of their references.
        14 => acts: list(ActView),
        /// Its effect, where it is a decision.
        15 => effect: opt(EffectView),
        /// The row of the local look-up register, counted from 0.
        16 => look_up_row: opt(u64),
        /// The fork of the log that it stands in.
        17 => fork: opt(ForkView),
        /// How many acts more there are, where not all are listed.
        18 => acts_left: opt(u64),
        /// Whether the node's member may rely on it, where it is a decision.
        // spec: ADM-230
        19 => recognition: opt(RecognitionView),
        /// Logs that say more about agreements than is looked at.
        20 => agreements_cut: list(Origin),
        /// The agreement, where it is one.
        21 => agreement: opt(Agreement),
        /// The accession, where it is one.
        22 => accession: opt(Accession),
        /// The retirement, where it is one.
        23 => retirement: opt(Retirement),
        /// What is awaited about it, where it is a decision.
        24 => awaited: list(AwaitedView),
        /// The record, where it is one.
        30 => record: opt(RecordView),
        /// Records that refer to it, by position.
        31 => referred_by: list(AnswerView),
        /// How many of them there are that are not listed.
        32 => referred_by_left: opt(u64),
        /// The organisation that a decision is about now, where a correction that holds and counts in full
        /// puts it upon another than the one that it named.
        // spec: ADM-380
        140 => stands_about: opt(SubjectCode),
        /// Recognition responses that refer to it, by position.
        // spec: ADM-413
        145 => answers: list(RecognitionResponseView),
        /// How many of them there are that are not listed.
        146 => answers_left: opt(u64),
        /// The recognition response, where it is one.
        147 => answer: opt(RecognitionResponseView),
        /// Of an entry in a red list: the entries in lists that burden which stand beside it, newest first.
        155 => listed: list(ListedView),
        /// How many entries in such lists were not looked at.
        156 => listed_left: opt(u64),
        /// The article by which a decision is beyond repair.
        157 => beyond_repair: opt(LegalBasis),
        /// The code that the organisation has now, where that is another than it is about.
        180 => code_now: opt(SubjectCode),
        /// Of a change of code: whether it holds.
        181 => code_change: opt(CodeStepView),
        /// Of a root of a register of look-ups: what it says.
        195 => look_up_root: opt(QueryRoot),
        /// How many recognition responses to pass over to go on; absent on the last page.
        196 => answers_next_skip: opt(u64),
        /// The titles of its measures and of those that may be applied, ascending by measure.
        // spec: ADM-506
        215 => measure_titles: list(MeasureTitleView),
        /// The title of its item, where it is a decision.
        218 => item_title: opt(String),
    }
}
