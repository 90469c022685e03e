//! What an administrator is told when a request is not done, and the exit code that it becomes.

use crate::admin::tagged::named_codes;
use crate::codec::integer_map;

named_codes! {
    /// How a command ends, for scripts. One table for every command.
    pub enum ExitCode {
        /// Done.
        Ok = 0 "ok",
        /// Not done, or done in part.
        Failed = 1 "failed",
        /// The command line or a file given is wrong.
        Usage = 2 "usage",
        /// What it names is not there.
        NotFound = 3 "not-found",
        /// A signature, proof or digest does not hold.
        VerificationFailed = 4 "verification-failed",
        /// A node cannot be reached.
        Unreachable = 5 "unreachable",
        /// It is not allowed.
        Denied = 6 "denied",
    }
}

named_codes! {
    /// Why a request is not done. Each code has one sentence in each language of the tool, with the
    /// details named here as its blanks.
    pub enum ErrorCode {
        /// The frame is no request; `cause`.
        BadRequest = 1 "bad-request",
        /// The request does not fit here, a chunk without an import for example.
        OutOfTurn = 2 "out-of-turn",
        /// The target names more than one statement; `count`.
        AmbiguousTarget = 3 "ambiguous-target",
        /// What is to be said breaks a rule on statements; `rule`.
        InvalidStatement = 4 "invalid-statement",
        /// It is not public: purpose, case number and basis are wanted.
        PurposeRequired = 5 "purpose-required",
        /// The import profile cannot be read; `line`, `column`, `cause`.
        ProfileInvalid = 6 "profile-invalid",
        /// The statement is of another class than this act can act on; `class`.
        WrongClass = 7 "wrong-class",
        /// The file cannot be imported at all, its header for example; `cause`.
        FileUnusable = 8 "file-unusable",
        /// The check character of a code is wrong, and no decision bears the code as it stands; `code`,
        /// `expected`.
        CodeCheck = 9 "code-check",
        /// The member is the node's own; `member`.
        OwnMember = 10 "own-member",
        /// The day lies after today; `day`, `today`.
        DayAhead = 11 "day-ahead",
        /// The day of receipt lies too long ago; `day`, `first`.
        DayPast = 12 "day-past",
        /// No such statement; `target`.
        TargetNotFound = 20 "target-not-found",
        /// The leaf is held, the body is not; `target`.
        BodyNotHeld = 21 "body-not-held",
        /// No such member; `member`.
        MemberUnknown = 22 "member-unknown",
        /// Nothing is open that could be ruled on or admitted; `target`.
        NothingOpen = 23 "nothing-open",
        /// No built-in profile of that name; `profile`, `known`.
        ProfileUnknown = 24 "profile-unknown",
        /// No such file on the node's machine; `path`.
        FileNotFound = 25 "file-not-found",
        /// An act bears on it of which only the leaf is held; `act`.
        ActNotHeld = 26 "act-not-held",
        /// A signature, proof or digest does not hold; `what`.
        VerificationFailed = 40 "verification-failed",
        /// The change lacks approvals; `missing`.
        ApprovalsMissing = 41 "approvals-missing",
        /// Recovery keys have to sign the change too: its new key was not committed; `missing`.
        RecoveryMissing = 43 "recovery-missing",
        /// The file is another network's; `found`, `here`.
        OtherNetwork = 42 "other-network",
        /// The peer does not answer; `address`, `cause`.
        PeerUnreachable = 50 "peer-unreachable",
        /// No address is known for the peer; `member`.
        NoAddress = 51 "no-address",
        /// Only the hub can do this; `hub`.
        NotTheHub = 60 "not-the-hub",
        /// No mandate covers it; `issuer`, `class`.
        NoMandate = 61 "no-mandate",
        /// The node lacks the key; `use`.
        KeyMissing = 62 "key-missing",
        /// The member is suspended; `member`.
        MemberSuspended = 63 "member-suspended",
        /// The profile makes up fields and the network is a production network; `fields`.
        SyntheticRefused = 64 "synthetic-refused",
        /// The registry refuses the change; `cause`.
        ChangeRefused = 65 "change-refused",
        /// Only on the node's own machine.
        LocalOnly = 66 "local-only",
        /// The item or measure is not in the catalogue in force on the day of the decision; `rule`.
        OutsideCatalogue = 67 "outside-catalogue",
        /// Only the statement's issuer or a supervisor can do this; `issuer`.
        NotTheIssuer = 68 "not-the-issuer",
        /// The correction would put the decision into another visibility class.
        OtherVisibility = 69 "other-visibility",
        /// The act would have no effect; `class`.
        NoEffect = 70 "no-effect",
        /// Another correction has come since the version that this one was worked out from; `current`.
        NotCurrent = 71 "not-current",
        /// An objection is raised in a role that is another authority's; `role`, `issuer`.
        RoleRefused = 72 "role-refused",
        /// A cut-off names a position or head that the log held here does not have; `log`, `named`,
        /// `held`.
        HistoryDiffers = 73 "history-differs",
        /// The change is dated ahead of the node's clock; `minutes`.
        ProposalAhead = 74 "proposal-ahead",
        /// The node does not sign yet: safe start waits for answers.
        NotSigning = 80 "not-signing",
        /// The log is frozen; `origin`.
        LogFrozen = 81 "log-frozen",
        /// Disk or store failed; nothing was acknowledged; `cause`.
        StorageFailed = 82 "storage-failed",
        /// Too much under way; `retry_after_ms`.
        Busy = 83 "busy",
        /// The node is shutting down.
        ShuttingDown = 84 "shutting-down",
        /// The answer is larger than the channel carries; `bytes`, `limit`.
        TooLarge = 85 "too-large",
        /// A fault of the node itself; its own log says more; `cause`.
        Internal = 86 "internal",
        /// This version of the node cannot do it yet; `what`.
        NotSupported = 87 "not-supported",
        /// A file on the node's machine cannot be read; `path`, `cause`.
        FileUnreadable = 88 "file-unreadable",
        /// The body is held, but damaged on the node's disk; `target`, `file`, `offset`.
        BodyDamaged = 89 "body-damaged",
        /// No other member's entries are held, and nobody connected has shown that there are none.
        NothingHeard = 90 "nothing-heard",
        /// The registry names another key for the node's member than the one it would sign with; `key`.
        KeyNotRegistered = 91 "key-not-registered",
        /// The node's member is no party to the agreement; `member`, `title`.
        NotAParty = 100 "not-a-party",
        /// Parties have not approved the agreement; `missing`.
        PartiesMissing = 101 "parties-missing",
        /// Others cannot accede to the agreement; `title`.
        NotOpen = 102 "not-open",
        /// The node's member is party already; `title`, `version`.
        AlreadyAParty = 103 "already-a-party",
        /// The day lies before today; `day`, `today`.
        DayGone = 104 "day-gone",
        /// The version named does not follow on those known; `version`, `known`.
        VersionUnfit = 105 "version-unfit",
        /// A party that the agreement names cannot agree; `member`, `cause`.
        PartyUnfit = 106 "party-unfit",
        /// A record names a statement about another organisation; `target`, `subject`.
        OtherSubject = 110 "other-subject",
        /// Several items of the catalogue are for the class, or none; `class`, `known`.
        ItemNeeded = 111 "item-needed",
        /// The node's member was not asked; `target`.
        NotAsked = 112 "not-asked",
        /// The decision cannot carry a measure with others now; `binds`.
        NotBinding = 113 "not-binding",
        /// The receipt is another node's; `issuer`.
        OtherNode = 117 "other-node",
        /// The register of look-ups has no such row; `row`, `rows`.
        RowNotFound = 118 "row-not-found",
        /// The row had to go: the time for which rows are kept is over; `row`.
        RowGone = 119 "row-gone",
        /// No quorum has cosigned a head over the statement yet; `target`.
        NotWitnessed = 120 "not-witnessed",
        /// Nothing of that import or bulk act is held; `batch`.
        BatchUnknown = 121 "batch-unknown",
        /// The agreement has no such clause; `clause`, `known`.
        NoSuchClause = 130 "no-such-clause",
        /// The catalogue says that the measure is recommended; `measure`.
        OnlyRecommended = 131 "only-recommended",
        /// The measure was not asked for; `measure`, `asked`.
        MeasureNotAsked = 132 "measure-not-asked",
        /// The day or month lies before what the record rests on; `day`, `first`, `target`.
        DayBefore = 133 "day-before",
        /// What a row showed stands otherwise now than it did in the list; `row`.
        ShownChanged = 150 "shown-changed",
        /// The register of look-ups has every root that was said of it.
        RegisterWhole = 151 "register-whole",
        /// The answer says more than recognition gives here; `here`.
        MoreThanRecognised = 160 "more-than-recognised",
        /// The measure may not be applied here, or not for so long; `measure`, `allowed`.
        MeasureNotAllowed = 161 "measure-not-allowed",
        /// What asks does not name the decision, or names several; `target`, `known`.
        DecisionNotAsked = 162 "decision-not-asked",
        /// Not all that was said about agreements can be shown in a bundle; `receiver`.
        AgreementsUnshown = 163 "agreements-unshown",
        /// An entry in a red list is withdrawn and the exit is not said; `target`.
        ExitNeeded = 170 "exit-needed",
        /// An exit is said of what is no entry in a red list, or is not so; `target`, `state`, `until`.
        ExitUnfit = 171 "exit-unfit",
        /// Law declares the decision beyond repair; `target`, `law`, `article`.
        BeyondRepair = 172 "beyond-repair",
        /// The span does not begin on a day up to the day asked about, or is named twice; `since`, `as_of`.
        CleanSpan = 173 "clean-span",
        /// The body was erased; `target`, `by`.
        ErasedByAct = 174 "erased-by-act",
        /// Something is open on a decision that is to be erased; `target`, `state`, `with`.
        ErasureOpen = 175 "erasure-open",
        /// What belongs to a decision that is to be erased cannot go with it; `target`, `state`, `with`.
        ErasureChain = 176 "erasure-chain",
        /// The organisation has another code now: what is asked is asked under that; `code`, `now`.
        CodeChanged = 180 "code-changed",
        /// A correction would end an entry in a red list; `target`, `until`.
        EndsEntry = 188 "ends-entry",
        /// No other entry stands beside one that is said to stand twice; `target`.
        NotTwice = 189 "not-twice",
        /// A correction puts a decision on a day on which its author had no mandate for it; `issuer`, `day`.
        DayWithoutMandate = 190 "day-without-mandate",
        /// The measure would have ended before today; `measure`, `today`.
        MeasureGone = 192 "measure-gone",
        /// The decision is the node's member's own; `target`.
        OwnDecision = 193 "own-decision",
        /// A clause or an agreement is named by an answer that relies on none; `clause`.
        ClauseNotTaken = 194 "clause-not-taken",
        /// The day lies before that of the decision that is acted on; `argument`, `day`, `first`.
        BeforeDecision = 198 "before-decision",
        /// The member is not suspended; `member`.
        NotSuspended = 199 "not-suspended",
        /// The period has not begun; `period`, `first`, `today`.
        PeriodAhead = 200 "period-ahead",
    }
}

impl ErrorCode {
    /// The exit code that it becomes.
    // spec: ADM-6
    #[must_use]
    pub const fn exit(self) -> ExitCode {
        match self {
            Self::BadRequest
            | Self::OutOfTurn
            | Self::AmbiguousTarget
            | Self::InvalidStatement
            | Self::PurposeRequired
            | Self::ProfileInvalid
            | Self::WrongClass
            | Self::FileUnusable
            | Self::CodeCheck
            | Self::OwnMember
            | Self::DayAhead
            | Self::DayPast
            | Self::DayGone
            | Self::VersionUnfit
            | Self::OtherSubject
            | Self::ItemNeeded
            | Self::NoSuchClause
            | Self::OnlyRecommended
            | Self::MeasureNotAsked
            | Self::DayBefore
            | Self::ExitNeeded
            | Self::ExitUnfit
            | Self::EndsEntry
            | Self::NotTwice
            | Self::CleanSpan
            | Self::CodeChanged
            | Self::MeasureNotAllowed
            | Self::DecisionNotAsked
            | Self::MeasureGone
            | Self::ClauseNotTaken
            | Self::BeforeDecision
            | Self::NotSuspended
            | Self::PeriodAhead => ExitCode::Usage,
            Self::TargetNotFound
            | Self::BodyNotHeld
            | Self::ErasedByAct
            | Self::ActNotHeld
            | Self::MemberUnknown
            | Self::NothingOpen
            | Self::ProfileUnknown
            | Self::FileNotFound
            | Self::RowNotFound
            | Self::RowGone
            | Self::BatchUnknown => ExitCode::NotFound,
            Self::VerificationFailed
            | Self::ApprovalsMissing
            | Self::RecoveryMissing
            | Self::OtherNetwork
            | Self::PartiesMissing => ExitCode::VerificationFailed,
            Self::PeerUnreachable | Self::NoAddress => ExitCode::Unreachable,
            Self::NotTheHub
            | Self::NoMandate
            | Self::KeyMissing
            | Self::MemberSuspended
            | Self::SyntheticRefused
            | Self::ChangeRefused
            | Self::LocalOnly
            | Self::OutsideCatalogue
            | Self::NotTheIssuer
            | Self::OtherVisibility
            | Self::NoEffect
            | Self::NotCurrent
            | Self::RoleRefused
            | Self::HistoryDiffers
            | Self::ProposalAhead
            | Self::NotAParty
            | Self::NotOpen
            | Self::AlreadyAParty
            | Self::PartyUnfit
            | Self::NotAsked
            | Self::NotBinding
            | Self::ShownChanged
            | Self::RegisterWhole
            | Self::OtherNode
            | Self::BeyondRepair
            | Self::DayWithoutMandate
            | Self::MoreThanRecognised
            | Self::OwnDecision
            | Self::ErasureOpen
            | Self::ErasureChain => ExitCode::Denied,
            Self::NotSigning
            | Self::LogFrozen
            | Self::StorageFailed
            | Self::Busy
            | Self::ShuttingDown
            | Self::TooLarge
            | Self::Internal
            | Self::NotSupported
            | Self::FileUnreadable
            | Self::BodyDamaged
            | Self::NothingHeard
            | Self::KeyNotRegistered
            | Self::NotWitnessed
            | Self::AgreementsUnshown => ExitCode::Failed,
        }
    }
}

integer_map! {
    /// A named value that fills a blank of the sentence.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Detail {
        /// Its name, as [`ErrorCode`] lists it.
        1 => name: req(String),
        /// Its value, for people.
        2 => value: req(String),
    }
}

integer_map! {
    /// Why a request is not done.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AdminError {
        /// Which of the reasons.
        1 => code: req(ErrorCode),
        /// What fills its blanks. Never personal data, never a key.
        2 => details: list(Detail),
    }
}

impl AdminError {
    /// An error without details.
    #[must_use]
    pub const fn new(code: ErrorCode) -> Self {
        let details = Vec::new();
        Self { code, details }
    }

    /// The same with one detail more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        let (name, value) = (name.to_owned(), value.to_string());
        self.details.push(Detail { name, value });
        self
    }

    /// The value of a detail, when there is one.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<&str> {
        let mut found = self.details.iter().filter(|detail| detail.name == name);
        found.next().map(|detail| detail.value.as_str())
    }
}
