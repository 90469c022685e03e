//! What an operator is told of frozen logs.

use concordat_protocol::admin::{AdminError, AlarmView, Detail};
use concordat_protocol::log::Origin;
use concordat_protocol::statement::Code;

use crate::admin::refusal;
use crate::core::Frozen;
use crate::node::Node;

/// Whether a log of the node's own is frozen: it signs nothing more.
pub(super) fn is_own(node: &Node) -> bool {
    let frozen = node.shared().frozen();
    frozen.keys().any(|origin| node.owns(origin))
}

/// One alarm for each frozen log, its own logs first.
// spec: ADM-62
pub(super) fn alarms(node: &Node) -> Result<Vec<AlarmView>, AdminError> {
    let frozen = node.shared().frozen();
    let (own, others): (Vec<_>, Vec<_>) = frozen.iter().partition(|(origin, _)| node.owns(origin));
    let own = own.into_iter().map(|log| alarm("own-log-frozen", log));
    let others = others.into_iter().map(|log| alarm("log-frozen", log));
    own.chain(others).collect()
}

fn alarm(name: &str, (origin, frozen): (&Origin, &Frozen)) -> Result<AlarmView, AdminError> {
    let name = Code::new(name).map_err(|error| refusal::internal(&error))?;
    let detail = |name: &str, value: String| Detail {
        name: name.to_owned(),
        value,
    };
    let (smaller, larger) = (frozen.evidence.smaller(), frozen.evidence.larger());
    Ok(AlarmView {
        name,
        since: frozen.since,
        details: vec![
            detail("origin", origin.to_string()),
            detail("frozen_at", frozen.at.to_string()),
            detail("smaller_size", smaller.size().to_string()),
            detail("larger_size", larger.size().to_string()),
        ],
    })
}
