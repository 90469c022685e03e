//! Effects, acts and forks as an administrator sees them.

use concordat_protocol::admin::ForkView;
use concordat_protocol::log::Origin;

use crate::core::Frozen;
use crate::node::Node;

pub(super) use concordat_protocol::admin::{
    act_view as act, effect_view as effect, name_of, open_objections, witnessed,
};

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
