//! Effects, acts and forks as an administrator sees them.

use concordat_protocol::admin::{BasisStateCode, EffectView, ForkView, effect_view};
use concordat_protocol::effect::{Effect, SuspensionKind};
use concordat_protocol::log::Origin;
use concordat_protocol::statement::StatementRef;
use concordat_protocol::time::Day;

use crate::core::Frozen;
use crate::node::Node;

pub(super) use concordat_protocol::admin::{
    act_view as act, name_of, noticed_view as noticed, open_objections, witnessed,
};

/// References that a list of an effect shows.
const SHOWN_MAX: usize = 16;

/// An effect as it is shown: of a long list the first references, of what a decision rests on and does
/// not stand the gravest. How long a list is, is for others to decide; an answer must be carried.
// spec: ADM-122
pub(super) fn effect(effect: &Effect, as_of: Day) -> EffectView {
    let mut view = effect_view(effect, as_of);
    view.basis_failures
        .sort_by(|a, b| (gravity(a.why), &a.basis).cmp(&(gravity(b.why), &b.basis)));
    view.basis_failures.truncate(SHOWN_MAX);
    view.basis_failures.sort_by(|a, b| a.basis.cmp(&b.basis));
    view.validity_by.truncate(SHOWN_MAX);
    view.waiting.truncate(SHOWN_MAX);
    view.pending.truncate(SHOWN_MAX);
    // spec: ADM-199
    for suspension in &mut view.suspended_by {
        suspension.by_left = cut(&mut suspension.by);
        suspension.awaiting_act_left = cut(&mut suspension.awaiting_act);
    }
    view.stayed_by_left = cut(&mut view.stayed_by);
    view.repaired_by_left = cut(&mut view.repaired_by);
    view
}

/// The place of what is wrong with a basis among the others, the gravest first.
const fn gravity(why: BasisStateCode) -> u8 {
    match why {
        BasisStateCode::Void => 0,
        BasisStateCode::Withdrawn => 1,
        BasisStateCode::Repaired => 2,
        BasisStateCode::NotChecked => 3,
        BasisStateCode::NotHeld => 4,
        BasisStateCode::NotWitnessed => 5,
        BasisStateCode::Suspended => 6,
        BasisStateCode::Unknown => 7,
    }
}

/// Cuts a list to what is shown, and gives how many are left.
fn cut(references: &mut Vec<StatementRef>) -> Option<u64> {
    let left = references.len().saturating_sub(SHOWN_MAX) as u64;
    references.truncate(SHOWN_MAX);
    (left > 0).then_some(left)
}

/// What a ruling can name: open objections, and corrections in conflict; ascending.
pub(super) fn rulable(effect: &Effect) -> Vec<StatementRef> {
    let mut named = open_objections(effect);
    let conflicts = effect.suspended_by.iter();
    let conflicts = conflicts.filter(|one| one.kind == SuspensionKind::Conflict);
    named.extend(conflicts.flat_map(|one| one.by.iter().cloned()));
    named.sort();
    named.dedup();
    named
}

/// A fork as it is shown.
pub(super) fn fork_view(frozen: &Frozen) -> ForkView {
    let (smaller, larger) = (frozen.evidence.smaller(), frozen.evidence.larger());
    ForkView {
        frozen_at: frozen.at,
        since: frozen.since,
        smaller_size: smaller.size(),
        smaller_root: *smaller.root(),
        larger_size: larger.size(),
        larger_root: *larger.root(),
    }
}

/// The fork of a log, when one is known.
pub(super) fn fork_of(node: &Node, origin: &Origin) -> Option<ForkView> {
    node.shared().frozen().get(origin).map(fork_view)
}

#[cfg(test)]
mod tests {
    use concordat_protocol::effect::{
        self, Basis, BasisFailure, BasisState, History, Horizon, Limits,
    };
    use concordat_protocol::log::{Hash, LeafIndex};
    use concordat_protocol::time::Timestamp;

    use super::*;
    use crate::fixture::Fixture;

    /// Decisions that rest on thousands of statements nobody holds made the answer about their
    /// organisation larger than the channel carries.
    // spec: ADM-122
    #[test]
    fn effect_shows_the_gravest_of_many_failures() {
        let fixture = Fixture::new();
        let at = |index| StatementRef {
            origin: fixture.origin(),
            index: LeafIndex::new(index),
            leaf_hash: Hash::from_bytes([1; 32]),
        };
        let horizon = Horizon {
            logs: Default::default(),
            register: fixture.origin(),
        };
        let (now, today) = (Timestamp::new(0).unwrap(), Day::MAX);
        let (target, history) = (at(0), History::new());
        let limits = Limits::default();
        let mut whole = effect::effect(&target, &history, &horizon, today, now, &limits);
        let failure = |index| BasisFailure {
            basis: at(index),
            why: match index {
                4_999 => BasisState::Withdrawn,
                _ => BasisState::NotHeld,
            },
        };
        whole.basis = Basis::Fails {
            failures: (1..5_000).map(failure).collect(),
        };
        let shown = effect(&whole, today).basis_failures;
        assert_eq!(shown.len(), SHOWN_MAX);
        assert!(shown.iter().any(|one| one.why == BasisStateCode::Withdrawn));
    }
}
