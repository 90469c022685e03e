//! What a decision burdens and grants, and how far one reading lies within another.
//!
//! Readings form a meet-semilattice: the meet of two burdens with no more than either and takes no
//! grant away that one of them gives. Words are no part of a reading; they are compared by nobody.

use crate::statement::{ActType, Code, Decision, Measure, PenaltyClass};
use crate::subject::SubjectCode;
use crate::time::Day;

/// A measure with its last day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DutyEnd {
    /// The measure.
    pub measure: Measure,
    /// Its last day.
    pub until: Day,
}

/// What a decision says in figures, borrowed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading<'a> {
    subject: SubjectCode,
    item: &'a Code,
    act_type: ActType,
    /// Nothing of it burdens any more.
    pub(super) lifted: bool,
    pub(super) fine_fen: u64,
    pub(super) confiscation_fen: u64,
    /// Bit n stands for the class with code n.
    classes: u16,
    /// Ascending by measure, one entry a measure.
    pub(super) duties: Vec<(&'a Measure, Day)>,
    pub(super) publication_until: Option<Day>,
    /// First and last day of the burden; a meet narrows them.
    pub(super) burden_days: Days,
    /// First and last day of what is granted, where something is; a meet widens them.
    pub(super) grant_days: Option<Days>,
}

/// First and last day; none given is no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) from: Day,
    pub(super) until: Option<Day>,
}

impl<'a> Reading<'a> {
    pub(super) fn of(decision: &'a Decision) -> Self {
        let fields = decision.fields();
        let classes = |mask: u16, class: &PenaltyClass| mask | 1 << class.code();
        let mut duties: Vec<_> = fields
            .duties
            .iter()
            .map(|duty| (&duty.measure, duty.until))
            .collect();
        // The longest of several entries for one measure is the burden.
        duties.sort_unstable_by(|a, b| a.0.cmp(b.0).then(b.1.cmp(&a.1)));
        duties.dedup_by(|later, kept| later.0 == kept.0);
        let days = Days {
            from: fields.valid_from.unwrap_or(fields.decided_on),
            until: fields.valid_until,
        };
        // Nobody is bound to what was not served yet.
        // spec: EFF-82
        let served = fields.service.as_ref().map(|service| service.on);
        let burden_days = Days {
            from: days.from.max(served.unwrap_or(days.from)),
            ..days
        };
        Self {
            subject: fields.subject.code(),
            item: &fields.item,
            act_type: fields.act_type,
            lifted: false,
            fine_fen: fields.fine_fen.unwrap_or(0),
            confiscation_fen: fields.confiscation_fen.unwrap_or(0),
            classes: fields.penalty_classes.iter().fold(0, classes),
            duties,
            publication_until: fields.publication_until,
            burden_days,
            grant_days: (!fields.act_type.is_adverse()).then_some(days),
        }
    }

    /// Whether it grants something for a time, as a licence does.
    pub(super) const fn grants(&self) -> bool {
        !self.act_type.is_adverse()
    }

    /// Whether it is an entry in a list that burdens.
    pub(super) const fn lists_adversely(&self) -> bool {
        self.act_type.lists() && self.act_type.is_adverse()
    }

    /// Whether it burdens.
    pub(super) fn burdens(&self) -> bool {
        let amounts = self.fine_fen != 0 || self.confiscation_fen != 0;
        let more = self.classes != 0 || !self.duties.is_empty();
        !self.lifted && (self.act_type.is_adverse() || amounts || more)
    }

    pub(super) fn penalty_classes(&self) -> Vec<PenaltyClass> {
        let all = PenaltyClass::ALL.iter();
        all.filter(|class| self.classes & 1 << class.code() != 0)
            .copied()
            .collect()
    }

    /// Takes every burden away and leaves what is granted.
    pub(super) fn lift(&mut self) {
        self.lifted = true;
        self.fine_fen = 0;
        self.confiscation_fen = 0;
        self.classes = 0;
        self.duties.clear();
    }

    /// The most that lies within both. Another organisation, item or type of act has nothing in
    /// common with this one: no burden is left.
    // spec: EFF-13
    pub(super) fn meet(mut self, other: &Self) -> Self {
        if (self.subject, self.item, self.act_type) != (other.subject, other.item, other.act_type) {
            self.lift();
            return self;
        }
        if other.lifted {
            self.lift();
        }
        self.fine_fen = self.fine_fen.min(other.fine_fen);
        self.confiscation_fen = self.confiscation_fen.min(other.confiscation_fen);
        self.classes &= other.classes;
        self.duties.retain_mut(|(measure, until)| {
            let found = other
                .duties
                .binary_search_by(|(known, _)| (*known).cmp(measure));
            let theirs = found.ok().and_then(|at| other.duties.get(at));
            theirs.is_some_and(|(_, end)| {
                *until = (*until).min(*end);
                true
            })
        });
        self.publication_until = earlier(self.publication_until, other.publication_until);
        self.burden_days = self.burden_days.within_both(other.burden_days);
        let grants = self.grant_days.zip(other.grant_days);
        self.grant_days = grants.map(|(ours, theirs)| ours.over_both(theirs));
        self
    }

    /// Whether another reading would take something off this one.
    pub(super) fn is_eased_by(&self, other: &Self) -> bool {
        self.clone().meet(other) != *self
    }
}

impl Days {
    fn within_both(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            until: earlier(self.until, other.until),
        }
    }

    fn over_both(self, other: Self) -> Self {
        let both = self.until.zip(other.until);
        Self {
            from: self.from.min(other.from),
            until: both.map(|(a, b)| a.max(b)),
        }
    }
}

/// The earlier of two ends, where none given is the latest.
fn earlier(a: Option<Day>, b: Option<Day>) -> Option<Day> {
    a.into_iter().chain(b).min()
}
