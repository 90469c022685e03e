//! Effects, acts and forks as an administrator sees them.

use concordat_protocol::admin::ForkView;
use concordat_protocol::effect::{Effect, SuspensionKind};
use concordat_protocol::log::Origin;
use concordat_protocol::statement::StatementRef;

use crate::core::Frozen;
use crate::node::Node;

pub(super) use concordat_protocol::admin::{
    act_view as act, effect_view as effect, name_of, noticed_view as noticed, open_objections,
    witnessed,
};

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
