//! The record that effect gives: one field per axis, each with the statements it rests on.

use crate::effect::fact::VoidCause;
use crate::effect::horizon::Backing;
use crate::effect::reading::DutyEnd;
use crate::log::{LeafIndex, TreeSize};
use crate::statement::{Ground, Measure, PenaltyClass, RepairEffect, StatementRef};
use crate::time::{Day, Timestamp};

/// What follows for one decision from everything known up to a horizon.
///
/// Amounts, duties and ends are those that others may rely on: where a statement that restricts is
/// not witnessed yet, or void, they are the milder reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The decision asked about.
    pub target: StatementRef,
    /// Whether all that bears on it went in.
    pub weighed: Weighed,
    /// Whether it is in force, and if not, why.
    pub validity: Validity,
    /// What stands behind it as far as it restricts; `None` when it is not held.
    pub backing: Option<Backing>,
    /// The re-issue that took its place.
    pub superseded_by: Option<StatementRef>,
    /// The stays by which it holds nobody on the day asked about, ascending. Of what only grants those that
    /// count in full.
    pub stayed_by: Vec<StatementRef>,
    /// Whether what it grants is stayed too.
    pub grant_stayed: bool,
    /// By what its effect with others has ended for good.
    pub repaired: Option<Repaired>,
    /// The decision or the correction by which law declares it beyond repair, so that no repair of it counts.
    pub beyond_repair: Option<StatementRef>,
    /// What suspends it for others.
    pub suspended_by: Vec<Suspension>,
    /// Open objections that do not suspend by themselves.
    pub waiting: Vec<Waiting>,
    /// Statements that act on it and whose restricting part does not count, or not yet.
    pub pending: Vec<StatementRef>,
    /// Whether it burdens its subject.
    pub burden: Burden,
    /// Whether its type of act grants something, as a licence does.
    pub is_grant: bool,
    /// Whether it is an entry in a list that a repair took off that list.
    pub off_list: bool,
    /// Amounts and classes.
    pub amounts: Amounts,
    /// Its measures and duties with their ends, ascending by measure.
    pub duties: Vec<DutyState>,
    /// Its own validity in time: how long a licence lasts, or a penalty.
    pub term: Term,
    /// How long its burden lasts; differs from `term` only where a licence also burdens and what is
    /// not witnessed lengthens it.
    pub burden_term: Term,
    /// Its publication; a repair ends it.
    pub publication: Ends,
    /// What it rests on.
    pub basis: Basis,
    /// How fresh the sources are.
    pub freshness: Freshness,
    /// Whether its log is frozen.
    pub fork: Fork,
    /// Whether later acts are excluded.
    pub later_acts: LaterActs,
    /// Up to where the logs were known.
    pub horizon: HorizonUsed,
}

/// Whether everything that bears on a decision went into its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighed {
    /// It did.
    Fully,
    /// More bears on it than is looked at for one answer. What the record shows is from a part of it,
    /// and it binds nobody else; what it grants stands by that part.
    InPart,
}

/// Whether a decision is in force. Void comes before withdrawn, withdrawn before corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validity {
    /// It stands as made.
    InForce,
    /// It is void.
    Void {
        /// Why.
        why: VoidCause,
    },
    /// It was taken back.
    Withdrawn {
        /// By these withdrawals, ascending.
        by: Vec<StatementRef>,
    },
    /// It stands as corrected.
    Corrected {
        /// By these corrections, ascending: the one that holds, or all that compete, and those that
        /// count only where they are milder.
        by: Vec<StatementRef>,
    },
    /// It is not held. What acts on it is known all the same.
    TargetNotHeld {
        /// Corrections and withdrawals that name it, ascending; whether their authors may is not
        /// known before it is held.
        acts: Vec<StatementRef>,
    },
    /// It is held and is no decision, or has the bytes of one that stands before it in its log.
    NotADecision,
}

/// Why a suspension holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuspensionKind {
    /// 异议: objections on one ground are open.
    Objection(Ground),
    /// Corrections by different authors disagree about which of them holds.
    Conflict,
    /// It stands beyond the common prefix of a forked log.
    Fork,
    /// Its issuer's log has acts on it of which only the leaves are known.
    ActNotHeld,
    /// The home register tells of stays of it that are not held.
    StayNotHeld,
}

/// 信用修复: what it brings with others has ended; it stays its issuer's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// By these repairs, ascending.
    pub by: Vec<StatementRef>,
    /// What they ask of whoever holds the information, ascending.
    pub effects: Vec<RepairEffect>,
}

impl Repaired {
    /// Whether it takes an entry off its list, for the issuer of the list too.
    // spec: EFF-163
    #[must_use]
    pub fn removes_from_list(&self) -> bool {
        self.effects.contains(&RepairEffect::RemoveFromList)
    }
}

/// One suspension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Why.
    pub kind: SuspensionKind,
    /// The objections, the corrections in conflict, or the acts that are not held, ascending; empty for a
    /// fork.
    pub by: Vec<StatementRef>,
    /// The first days of receipt of these objections, as far as their bodies are held.
    pub received: Received,
    /// Those of these objections that were ruled on and stay open until the correction or withdrawal
    /// that the ruling announced, ascending.
    pub awaiting_act: Vec<StatementRef>,
}

/// On which days objections were first received. With whoever decided the periods are other ones than
/// elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The first day of those that lie with who decided.
    pub with_issuer: Option<Day>,
    /// The first day of those that were received elsewhere.
    pub elsewhere: Option<Day>,
}

impl Received {
    /// The first day of all.
    #[must_use]
    pub fn first(&self) -> Option<Day> {
        self.with_issuer.into_iter().chain(self.elsewhere).min()
    }
}

/// Why an open objection does not suspend until the supervisor admits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitingCause {
    /// It came in over the receiving authority's daily cap.
    OverCap,
    /// An objection on the same ground in the same role had been rejected when it was raised.
    AfterRejection,
}

/// An open objection that does not suspend by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The objection.
    pub objection: StatementRef,
    /// Its ground.
    pub ground: Ground,
    /// Why.
    pub why: WaitingCause,
}

/// Whether a decision burdens its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Burden {
    /// It reduces rights or adds duties.
    Burdens,
    /// It does not, or is not held.
    Free,
    /// It did; a withdrawal, or a correction that moves it to another organisation, item or type of
    /// act, counts already as far as it frees, and not yet for the rest.
    Lifted,
}

/// What a decision costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Fine in fen; 0 for none.
    pub fine_fen: u64,
    /// Confiscation in fen; 0 for none.
    pub confiscation_fen: u64,
    /// Classes of penalty, ascending.
    pub penalty_classes: Vec<PenaltyClass>,
}

/// A measure with its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyState {
    /// The measure and its last day.
    pub duty: DutyEnd,
    /// Whether it has ended on the day asked about.
    pub ended: bool,
    /// Whether what the measure rests on was revoked, by the catalogue of measures, on or before that day.
    pub revoked: bool,
}

/// An end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// The last day, where there is one.
    pub until: Option<Day>,
    /// Whether it has passed on the day asked about.
    pub ended: bool,
}

/// Validity in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Term {
    /// The first day.
    pub from: Option<Day>,
    /// Whether the day asked about lies before it.
    pub not_yet: bool,
    /// The end.
    pub end: Ends,
}

/// What a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// It names no statement.
    RestsOnNothing,
    /// Everything that it rests on, directly or not, stands; ascending.
    Holds {
        /// These statements.
        on: Vec<StatementRef>,
    },
    /// Something of it does not stand.
    Fails {
        /// What, ascending.
        failures: Vec<BasisFailure>,
    },
}

/// A statement rested on that does not stand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BasisFailure {
    /// The statement.
    pub basis: StatementRef,
    /// What is wrong with it.
    pub why: BasisState,
}

/// What is wrong with a basis, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BasisState {
    /// It is void.
    Void,
    /// It was withdrawn.
    Withdrawn,
    /// It was repaired.
    Repaired,
    /// It is from before its item was in any catalogue, and was held against none: the decision itself, what
    /// corrects it, or a statement rested on.
    NotChecked,
    /// It is not held, so nothing is known of it.
    NotHeld,
    /// It is not witnessed.
    NotWitnessed,
    /// It is suspended or stayed.
    Suspended,
    /// Its source or the home register is stale.
    Unknown,
}

/// Whose silence makes a state unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The log that the decision stands in.
    Issuer,
    /// The home register.
    Register,
}

/// How fresh one source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// A quorum cosigned it within a day.
    Fresh {
        /// When.
        at: Timestamp,
    },
    /// Longer ago than a day, within the limit.
    Ageing {
        /// The newest time at which a quorum cosigned it.
        since: Timestamp,
    },
    /// Longer ago than the limit, or never.
    Unknown {
        /// The newest time at which a quorum cosigned it.
        since: Option<Timestamp>,
    },
}

/// How fresh the sources are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The log that the decision stands in.
    pub issuer: SourceState,
    /// The home register.
    pub register: SourceState,
}

impl Freshness {
    /// The source that is stale and since when; the staler of two, the issuer when both are alike.
    #[must_use]
    pub fn unknown(&self) -> Option<(Source, Option<Timestamp>)> {
        let since = |state: SourceState| match state {
            SourceState::Unknown { since } => Some(since),
            SourceState::Fresh { .. } | SourceState::Ageing { .. } => None,
        };
        let issuer = since(self.issuer).map(|since| (since, Source::Issuer));
        let register = since(self.register).map(|since| (since, Source::Register));
        let stalest = issuer.into_iter().chain(register).min();
        stalest.map(|(since, source)| (source, since))
    }
}

/// Whether the log of a decision is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// No fork is known.
    NotKnown,
    /// The log is frozen; the decision stands in the common prefix.
    Before {
        /// The first position beyond the prefix.
        frozen_at: LeafIndex,
    },
    /// The log is frozen; the decision stands beyond the common prefix.
    Beyond {
        /// The first position beyond the prefix.
        frozen_at: LeafIndex,
    },
}

/// Whether later acts are excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaterActs {
    /// No acts map proves that there are none.
    NotProven,
}

/// The horizon that a record holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HorizonUsed {
    /// Size of the log that the decision stands in.
    pub issuer: TreeSize,
    /// Size of the home register.
    pub register: TreeSize,
}

/// What another authority may do on the strength of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindsOthers {
    /// It may act on it.
    Applies,
    /// Something suspends it.
    Suspended,
    /// Its present state is not known; silence is not consent.
    UnknownSince {
        /// Whose silence; `None` when it is a basis whose source is silent.
        source: Option<Source>,
        /// The newest time for which it is known.
        since: Option<Timestamp>,
    },
    /// Its publication or its own validity has ended, or the measure has.
    Ended,
    /// Its first day is still to come.
    NotYet,
    /// No quorum has cosigned it, or what it rests on.
    NotWitnessed,
    /// Its burden, or the measure asked about, is lifted.
    Lifted,
    /// Its effect with others has ended by a repair.
    Repaired,
    /// It is stayed, for its issuer too.
    Stayed,
    /// What it rests on is void, withdrawn or repaired.
    NoBasis,
    /// What it rests on is not held.
    BasisNotHeld,
    /// A re-issue took its place.
    Superseded,
    /// It was taken back.
    Withdrawn,
    /// It is void.
    Void,
    /// It is not held, or is no decision.
    NotHeld,
    /// More bears on it than is looked at for one answer, so its state is not known.
    NotWeighed,
}

impl Effect {
    /// Whether it stands for the authority that made it. An objection does not change that, nor does a
    /// repair but one that takes an entry off its list; a stay does.
    // spec: EFF-9, EFF-151, EFF-152, EFF-161, EFF-163
    #[must_use]
    pub const fn in_force_for_issuer(&self) -> bool {
        let stands = matches!(
            self.validity,
            Validity::InForce | Validity::Corrected { .. }
        );
        let is_stayed = match self.is_grant {
            true => self.grant_stayed,
            false => !self.stayed_by.is_empty(),
        };
        let ended = self.term.end.ended || self.off_list;
        stands && self.superseded_by.is_none() && !ended && !is_stayed
    }

    /// What another authority may do on the strength of it.
    #[must_use]
    pub fn binds_others(&self) -> BindsOthers {
        match &self.validity {
            Validity::TargetNotHeld { .. } | Validity::NotADecision => BindsOthers::NotHeld,
            Validity::Void { .. } => BindsOthers::Void,
            Validity::Withdrawn { .. } => BindsOthers::Withdrawn,
            Validity::InForce | Validity::Corrected { .. } => self.standing_binds(),
        }
    }

    /// What another authority may do about one measure on the strength of it.
    // spec: EFF-19, EFF-170
    #[must_use]
    pub fn measure_binds_others(&self, measure: &Measure) -> BindsOthers {
        let found = self
            .duties
            .binary_search_by(|state| state.duty.measure.cmp(measure));
        match (
            self.binds_others(),
            found.ok().and_then(|at| self.duties.get(at)),
        ) {
            (BindsOthers::Applies, None) => BindsOthers::Lifted,
            (BindsOthers::Applies, Some(_)) if self.repaired.is_some() => BindsOthers::Repaired,
            (BindsOthers::Applies, Some(state)) if state.revoked => BindsOthers::NoBasis,
            (BindsOthers::Applies, Some(state)) if state.ended => BindsOthers::Ended,
            (verdict, _) => verdict,
        }
    }

    /// Whether others may rely on what it grants, as on a licence. Objections, stale sources and a
    /// missing quorum do not touch what is granted.
    #[must_use]
    pub fn grant_stands(&self) -> bool {
        self.in_force_for_issuer() && !self.term.not_yet && self.is_grant
    }
}

impl Effect {
    fn standing_binds(&self) -> BindsOthers {
        if self.superseded_by.is_some() {
            return BindsOthers::Superseded;
        }
        // spec: EFF-71
        if self.weighed == Weighed::InPart {
            return BindsOthers::NotWeighed;
        }
        // A repair leaves no burden to others.
        let burdens = self.burden == Burden::Burdens && self.repaired.is_none();
        // spec: EFF-11
        match self.backing {
            Some(Backing::Provisional) if burdens => return BindsOthers::NotWitnessed,
            Some(Backing::Void(_)) if burdens => return BindsOthers::Void,
            Some(_) | None => {}
        }
        let term = match burdens {
            true => self.burden_term,
            false => self.term,
        };
        if term.not_yet {
            return BindsOthers::NotYet;
        }
        if term.end.ended {
            return BindsOthers::Ended;
        }
        match (self.burden, self.is_grant) {
            (Burden::Burdens, _) if burdens => self.burden_binds(),
            // spec: EFF-161
            (Burden::Burdens, false) => BindsOthers::Repaired,
            (Burden::Lifted, false) => BindsOthers::Lifted,
            // spec: EFF-152
            (_, true) if self.grant_stayed => BindsOthers::Stayed,
            (Burden::Free | Burden::Lifted | Burden::Burdens, _) => BindsOthers::Applies,
        }
    }

    fn burden_binds(&self) -> BindsOthers {
        if self.publication.ended {
            return BindsOthers::Ended;
        }
        // spec: EFF-151
        if !self.stayed_by.is_empty() {
            return BindsOthers::Stayed;
        }
        if let Some(verdict) = self.basis_verdict() {
            return verdict;
        }
        if !self.suspended_by.is_empty() {
            return BindsOthers::Suspended;
        }
        // spec: EFF-17
        match self.freshness.unknown() {
            Some((source, since)) => BindsOthers::UnknownSince {
                source: Some(source),
                since,
            },
            None => BindsOthers::Applies,
        }
    }

    /// The verdict of the gravest failure among what it rests on.
    // spec: EFF-16
    pub(crate) fn basis_verdict(&self) -> Option<BindsOthers> {
        let failures = match &self.basis {
            Basis::RestsOnNothing | Basis::Holds { .. } => return None,
            Basis::Fails { failures } => failures,
        };
        let gravest = failures.iter().map(|failure| failure.why).min()?;
        Some(match gravest {
            BasisState::Void
            | BasisState::Withdrawn
            | BasisState::Repaired
            | BasisState::NotChecked => BindsOthers::NoBasis,
            BasisState::NotHeld => BindsOthers::BasisNotHeld,
            BasisState::NotWitnessed => BindsOthers::NotWitnessed,
            BasisState::Suspended => BindsOthers::Suspended,
            BasisState::Unknown => BindsOthers::UnknownSince {
                source: None,
                since: None,
            },
        })
    }
}
