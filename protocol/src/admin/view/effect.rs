//! The effect of a decision, flat: every axis as a code with the statements that it rests on.
//!
//! The meaning of each axis is that of `spec/effect.md`; nothing is computed here.

use crate::admin::tagged::named_codes;
use crate::codec::{Truth, integer_map};
use crate::log::{LeafIndex, TreeSize};
use crate::statement::{Ground, Measure, PenaltyClass, RepairEffect, StatementRef};
use crate::time::{Day, Timestamp};

named_codes! {
    /// Whether a decision is in force.
    pub enum ValidityCode {
        /// It stands as made.
        InForce = 1 "in-force",
        /// It is void.
        Void = 2 "void",
        /// It was taken back.
        Withdrawn = 3 "withdrawn",
        /// It stands as corrected.
        Corrected = 4 "corrected",
        /// It is not held; acts on it may be known.
        TargetNotHeld = 5 "target-not-held",
        /// It is held and is no decision.
        NotADecision = 6 "not-a-decision",
    }
}

named_codes! {
    /// Why a statement is void as far as it restricts.
    pub enum VoidCauseCode {
        /// It stands at or after the position at which its key was cut off.
        CutOff = 1 "cut-off",
        /// The hub saw it too long after the registry state that it names.
        CtxLate = 2 "ctx-late",
        /// Its issuer was suspended at the registry state that it names.
        Suspended = 3 "suspended",
        /// Its author's mandate had ended when it was logged.
        MandateEnded = 4 "mandate-ended",
    }
}

named_codes! {
    /// What stands behind a decision as far as it restricts.
    pub enum BackingCode {
        /// A quorum has cosigned a head that covers it.
        Witnessed = 1 "witnessed",
        /// No quorum has yet.
        Provisional = 2 "provisional",
        /// It is void as far as it restricts.
        Void = 3 "void",
    }
}

named_codes! {
    /// Why a suspension holds.
    pub enum SuspensionCode {
        /// Objections on one ground are open.
        Objection = 1 "objection",
        /// Corrections by different authors disagree.
        Conflict = 2 "conflict",
        /// It stands beyond the common prefix of a forked log.
        Fork = 3 "fork",
        /// Its issuer's log has acts on it whose bodies are not held.
        ActNotHeld = 4 "act-not-held",
        /// The home register tells of stays of it whose bodies are not held.
        StayNotHeld = 5 "stay-not-held",
    }
}

named_codes! {
    /// Why an open objection does not suspend until the supervisor admits it.
    pub enum WaitingCode {
        /// It came in over the receiving authority's daily cap.
        OverCap = 1 "over-cap",
        /// An objection on the same ground in the same role had been rejected when it was raised.
        AfterRejection = 2 "after-rejection",
    }
}

named_codes! {
    /// Whether a decision burdens its subject.
    pub enum BurdenCode {
        /// It reduces rights or adds duties.
        Burdens = 1 "burdens",
        /// It does not, or is not held.
        Free = 2 "free",
        /// It did.
        Lifted = 3 "lifted",
    }
}

named_codes! {
    /// Whether what a decision rests on stands.
    pub enum BasisCode {
        /// It names no statement.
        RestsOnNothing = 1 "rests-on-nothing",
        /// Everything stands.
        Holds = 2 "holds",
        /// Something does not.
        Fails = 3 "fails",
    }
}

named_codes! {
    /// What is wrong with a basis.
    pub enum BasisStateCode {
        /// It is void.
        Void = 1 "void",
        /// It was withdrawn.
        Withdrawn = 2 "withdrawn",
        /// It is not held.
        NotHeld = 3 "not-held",
        /// It is not witnessed.
        NotWitnessed = 4 "not-witnessed",
        /// It is suspended.
        Suspended = 5 "suspended",
        /// Its source or the home register is stale.
        Unknown = 6 "unknown",
        /// It was repaired.
        Repaired = 7 "repaired",
        /// It is from before its item was in any catalogue.
        NotChecked = 140 "not-checked",
    }
}

named_codes! {
    /// How fresh a source is.
    pub enum FreshnessCode {
        /// A quorum cosigned it within a day.
        Fresh = 1 "fresh",
        /// Longer ago than a day, within the limit.
        Ageing = 2 "ageing",
        /// Longer ago than the limit, or never.
        Unknown = 3 "unknown",
    }
}

named_codes! {
    /// Whose silence makes a state unknown.
    pub enum SourceCode {
        /// The log that the decision stands in.
        Issuer = 1 "issuer",
        /// The home register.
        Register = 2 "register",
    }
}

named_codes! {
    /// Whether the log of a decision is frozen.
    pub enum ForkCode {
        /// No fork is known.
        NotKnown = 1 "not-known",
        /// It is; the decision stands in the common prefix.
        Before = 2 "before",
        /// It is; the decision stands beyond the common prefix.
        Beyond = 3 "beyond",
    }
}

named_codes! {
    /// Whether later acts are excluded.
    pub enum LaterActsCode {
        /// No acts map proves that there are none.
        NotProven = 1 "not-proven",
    }
}

named_codes! {
    /// What another authority may do on the strength of a decision.
    pub enum BindsOthersCode {
        /// It may act on it.
        Applies = 1 "applies",
        /// Something suspends it.
        Suspended = 2 "suspended",
        /// Its present state is not known; silence is not consent.
        UnknownSince = 3 "unknown-since",
        /// Its publication or validity, or the measure, has ended.
        Ended = 4 "ended",
        /// Its first day is still to come.
        NotYet = 5 "not-yet",
        /// No quorum has cosigned it, or what it rests on.
        NotWitnessed = 6 "not-witnessed",
        /// Its burden, or the measure asked about, is lifted.
        Lifted = 7 "lifted",
        /// What it rests on is void, withdrawn or repaired.
        NoBasis = 8 "no-basis",
        /// What it rests on is not held.
        BasisNotHeld = 9 "basis-not-held",
        /// A re-issue took its place.
        Superseded = 10 "superseded",
        /// It was taken back.
        Withdrawn = 11 "withdrawn",
        /// It is void.
        Void = 12 "void",
        /// It is not held, or is no decision.
        NotHeld = 13 "not-held",
        /// More bears on it than is looked at for one answer, so its state is not known.
        NotWeighed = 14 "not-weighed",
        /// Its effect with others has ended by a repair.
        Repaired = 15 "repaired",
        /// It is stayed, for its issuer too.
        Stayed = 16 "stayed",
    }
}

integer_map! {
    /// One suspension.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SuspensionView {
        /// Why.
        1 => kind: req(SuspensionCode),
        /// Of objections: the ground.
        2 => ground: opt(Ground),
        /// The objections, or the corrections in conflict, ascending; empty for a fork.
        3 => by: list(StatementRef),
        /// The first day of receipt of these objections, as far as their bodies are held.
        4 => since: opt(Day),
        /// Those of the objections that were ruled on and stay open until the act that the ruling
        /// announced, ascending.
        5 => awaiting_act: list(StatementRef),
        /// How many more there are than `by` shows; absent where it shows all.
        6 => by_left: opt(u64),
        /// How many more there are than `awaiting_act` shows; absent where it shows all.
        7 => awaiting_act_left: opt(u64),
    }
}

integer_map! {
    /// An open objection that does not suspend by itself.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct WaitingView {
        /// The objection.
        1 => objection: req(StatementRef),
        /// Its ground.
        2 => ground: req(Ground),
        /// Why.
        3 => why: req(WaitingCode),
    }
}

integer_map! {
    /// A measure or duty with its end.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DutyView {
        /// The measure.
        1 => measure: req(Measure),
        /// Its last day.
        2 => until: req(Day),
        /// Whether it has ended on the day asked about.
        3 => ended: req(bool),
        /// What another authority may do about it.
        4 => binds_others: req(BindsOthersCode),
    }
}

integer_map! {
    /// A statement rested on that does not stand.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct BasisFailureView {
        /// The statement.
        1 => basis: req(StatementRef),
        /// What is wrong with it.
        2 => why: req(BasisStateCode),
    }
}

integer_map! {
    /// How fresh one source is.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct FreshnessView {
        /// How fresh.
        1 => state: req(FreshnessCode),
        /// The newest time at which a quorum cosigned it; absent for never.
        2 => at: opt(Timestamp),
    }
}

integer_map! {
    /// What follows for one decision from everything known up to a horizon, on a day.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct EffectView {
        /// Whether it is in force.
        1 => validity: req(ValidityCode),
        /// The withdrawals or corrections that make it so; of a target not held, what acts on it.
        2 => validity_by: list(StatementRef),
        /// Why it is void.
        3 => void_cause: opt(VoidCauseCode),
        /// What stands behind it; absent when it is not held.
        4 => backing: opt(BackingCode),
        /// The re-issue that took its place.
        5 => superseded_by: opt(StatementRef),
        /// What suspends it for others.
        6 => suspended_by: list(SuspensionView),
        /// Open objections that do not suspend by themselves.
        7 => waiting: list(WaitingView),
        /// Acts whose restricting part does not count, or not yet.
        8 => pending: list(StatementRef),
        /// Whether it burdens its subject.
        9 => burden: req(BurdenCode),
        /// Whether others may rely on what it grants.
        10 => grant_stands: req(bool),
        /// Fine in fen (0.01 yuan); 0 for none.
        11 => fine_fen: req(u64),
        /// Confiscation in fen (0.01 yuan); 0 for none.
        12 => confiscation_fen: req(u64),
        /// Classes of penalty, ascending.
        13 => penalty_classes: list(PenaltyClass),
        /// Measures and duties.
        14 => duties: list(DutyView),
        /// First day of its own validity.
        15 => valid_from: opt(Day),
        /// Last day of its own validity.
        16 => valid_until: opt(Day),
        /// Last day of publication.
        17 => publication_until: opt(Day),
        /// Whether publication has ended on the day asked about.
        18 => publication_ended: req(bool),
        /// Whether what it rests on stands.
        19 => basis: req(BasisCode),
        /// What of it does not.
        20 => basis_failures: list(BasisFailureView),
        /// How fresh the log that it stands in is.
        21 => issuer_freshness: req(FreshnessView),
        /// How fresh the home register is.
        22 => register_freshness: req(FreshnessView),
        /// Whether its log is frozen.
        23 => fork: req(ForkCode),
        /// The first position beyond the common prefix.
        24 => frozen_at: opt(LeafIndex),
        /// Whether later acts are excluded.
        25 => later_acts: req(LaterActsCode),
        /// Whether it stands for the authority that made it.
        26 => in_force_for_issuer: req(bool),
        /// What another authority may do on the strength of it.
        27 => binds_others: req(BindsOthersCode),
        /// Whose silence makes it unknown; absent when that of a basis does.
        28 => unknown_source: opt(SourceCode),
        /// The newest time for which an unknown state is known.
        29 => unknown_since: opt(Timestamp),
        /// The day asked about.
        30 => as_of: req(Day),
        /// Size of its log at the horizon.
        31 => horizon_issuer: req(TreeSize),
        /// Size of the home register at the horizon.
        32 => horizon_register: req(TreeSize),
        /// The stays by which it holds nobody on the day asked about, ascending.
        33 => stayed_by: list(StatementRef),
        /// How many more there are than `stayed_by` shows; absent where it shows all.
        34 => stayed_by_left: opt(u64),
        /// The repairs by which its effect with others has ended, ascending.
        35 => repaired_by: list(StatementRef),
        /// How many more there are than `repaired_by` shows; absent where it shows all.
        36 => repaired_by_left: opt(u64),
        /// What these repairs ask of whoever holds the information, ascending.
        37 => repair_effects: list(RepairEffect),
        /// Present when law declares it beyond repair, so that no repair of it counts.
        157 => beyond_repair: opt(Truth),
    }
}

impl EffectView {
    /// Whether a quorum has cosigned a head that covers it.
    #[must_use]
    pub fn is_witnessed(&self) -> bool {
        self.backing == Some(BackingCode::Witnessed)
    }
}
