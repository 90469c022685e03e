//! How far the logs are known, and the limits of freshness.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::effect::fact::{Fact, VoidCause};
use crate::effect::record::{Freshness, SourceState};
use crate::log::{LeafIndex, Origin, TreeSize};
use crate::statement::{Code, Measure, MeasureCatalogue, StatementRef};
use crate::time::{Day, Timestamp};
use crate::trust::Registry;

/// Days after which a record of an unreachable source reads unknown, where its item names none.
pub const FRESHNESS_DAYS: u32 = 10;
/// Days after which a source is shown as ageing.
pub const FRESHNESS_WARNING_DAYS: u32 = 1;

/// How far one log is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHorizon {
    /// Size of the adopted head.
    pub size: TreeSize,
    /// Size of the newest head that a quorum cosigned.
    pub witnessed: TreeSize,
    /// Newest time at which a quorum cosigned a head; `None` before the first.
    pub quorum_time: Option<Timestamp>,
    /// Size of the common prefix of two conflicting heads, as the first position beyond it.
    pub frozen_at: Option<LeafIndex>,
}

/// How far every log is known. *Nothing newer* is always claimed with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// The logs; one that is missing is not known at all.
    pub logs: BTreeMap<Origin, LogHorizon>,
    /// The home register.
    pub register: Origin,
}

/// What the catalogues say about the effect of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Days after which an adverse measure reads unknown.
    pub freshness_days: u32,
    /// The catalogue of measures, which says whose basis was revoked.
    pub measures: Option<Arc<MeasureCatalogue>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            freshness_days: FRESHNESS_DAYS,
            measures: None,
        }
    }
}

impl Limits {
    /// The limits of decisions under an item, as the catalogues of a registry read now.
    #[must_use]
    pub fn of(item: &Code, registry: &Registry) -> Self {
        let catalogue = registry.catalogue_at(registry.size());
        let item = catalogue.and_then(|catalogue| {
            let mut items = catalogue.items.iter();
            items.find(|known| known.code == *item)
        });
        let freshness_days = item.and_then(|item| item.freshness_days);
        Self {
            freshness_days: freshness_days.unwrap_or(FRESHNESS_DAYS),
            measures: registry.measures_at(registry.size()).cloned(),
        }
    }

    /// Whether what a measure rests on is gone on a day.
    // spec: EFF-170
    pub(super) fn is_revoked(&self, measure: &Measure, on: Day) -> bool {
        let catalogue = self.measures.as_ref();
        catalogue.is_some_and(|catalogue| catalogue.is_revoked(measure, on))
    }
}

/// What stands behind a statement as far as it restricts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// A quorum has cosigned a head that covers it.
    Witnessed,
    /// No quorum has yet.
    Provisional,
    /// It is void as far as it restricts.
    Void(VoidCause),
}

impl Horizon {
    /// What stands behind a fact. A fork is not looked at.
    pub(super) fn backing(&self, fact: &Fact) -> Backing {
        if let Some(cause) = fact.void() {
            return Backing::Void(cause);
        }
        let covers = |log: &LogHorizon| log.witnessed.contains(fact.index());
        match self.logs.get(fact.origin()).is_some_and(covers) {
            true => Backing::Witnessed,
            false => Backing::Provisional,
        }
    }

    /// Whether a fact counts in full, also as far as it restricts: witnessed, not void, and within
    /// the common prefix where its log is frozen.
    // spec: EFF-12
    #[must_use]
    pub fn established(&self, fact: &Fact) -> bool {
        let prefix_holds = |log: &LogHorizon| {
            log.witnessed.contains(fact.index())
                && log.frozen_at.is_none_or(|prefix| fact.index() < prefix)
        };
        fact.void().is_none() && self.logs.get(fact.origin()).is_some_and(prefix_holds)
    }

    pub(super) fn frozen_at(&self, origin: &Origin) -> Option<LeafIndex> {
        self.logs.get(origin)?.frozen_at
    }

    pub(super) fn is_beyond_fork(&self, reference: &StatementRef) -> bool {
        self.frozen_at(&reference.origin)
            .is_some_and(|prefix| reference.index >= prefix)
    }

    /// The later of a local clock and the newest quorum time of any log.
    // spec: EFF-18
    #[must_use]
    pub fn at_least(&self, now: Timestamp) -> Timestamp {
        let newest = self.newest_quorum_time();
        newest.map_or(now, |newest| newest.max(now))
    }

    /// The present day in China, by the later of a local clock and the newest quorum time: the day that
    /// is meant where nobody names one.
    // spec: EFF-25
    #[must_use]
    pub fn today(&self, now: Timestamp) -> Day {
        Day::of(self.at_least(now)).unwrap_or(Day::MAX)
    }

    /// The newest time at which a quorum cosigned a head of any log.
    #[must_use]
    pub fn newest_quorum_time(&self) -> Option<Timestamp> {
        self.logs.values().filter_map(|log| log.quorum_time).max()
    }
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

impl Horizon {
    /// How fresh a log and the home register are. Staleness makes a state unknown; it never orders
    /// statements and never refuses one.
    // spec: EFF-17
    pub(super) fn freshness(&self, issuer: &Origin, now: Timestamp, days: u32) -> Freshness {
        Freshness {
            issuer: self.source(issuer, now, days),
            register: self.source(&self.register, now, days),
        }
    }

    fn source(&self, origin: &Origin, now: Timestamp, days: u32) -> SourceState {
        let Some(at) = self.logs.get(origin).and_then(|log| log.quorum_time) else {
            return SourceState::Unknown { since: None };
        };
        let age_ms = now.value().saturating_sub(at.value());
        if age_ms > u64::from(days) * DAY_MS {
            return SourceState::Unknown { since: Some(at) };
        }
        match age_ms > u64::from(FRESHNESS_WARNING_DAYS) * DAY_MS {
            true => SourceState::Ageing { since: at },
            false => SourceState::Fresh { at },
        }
    }
}
