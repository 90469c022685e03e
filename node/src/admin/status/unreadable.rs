//! Rows of the register of look-ups whose keys are missing or damaged.

use concordat_protocol::admin::{AdminError, AlarmView, Detail};
use concordat_protocol::statement::Code;

use crate::admin::refusal;
use crate::node::Node;

/// Says since which day rows cannot be read, and how many.
// spec: LKP-44
pub(super) fn alarm(node: &Node) -> Result<Option<AlarmView>, AdminError> {
    let Some((day, rows)) = node.look_ups_unreadable() else {
        return Ok(None);
    };
    let detail = |name: &str, value: String| Detail {
        name: name.to_owned(),
        value,
    };
    Ok(Some(AlarmView {
        name: Code::new("look-ups-unreadable").map_err(|error| refusal::internal(&error))?,
        since: None,
        details: vec![
            detail("rows", rows.to_string()),
            detail("first_day", day.to_string()),
        ],
    }))
}
