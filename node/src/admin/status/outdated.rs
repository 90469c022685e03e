//! Look-ups that showed what holds no more, that nobody has reviewed, or that no root covers any more.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use concordat_protocol::admin::{AdminError, AlarmView, Detail};
use concordat_protocol::statement::Code;

use crate::admin::{look_ups, refusal};
use crate::node::Node;

/// How long a count is good for.
const COUNT_AGAIN: Duration = Duration::from_secs(10);

/// Counts look-ups, once in a while.
#[derive(Default)]
pub(in crate::admin) struct OutdatedLookUps(Mutex<Option<(Instant, Counted)>>);

#[derive(Clone, Copy, Default)]
struct Counted {
    rows: u64,
    first: Option<u64>,
    cut: bool,
    unreviewed: u64,
}

impl OutdatedLookUps {
    /// How many rows nobody has reviewed; `None` for none.
    // spec: LKP-43
    pub(super) fn unreviewed(&self, node: &Node) -> Result<Option<u64>, AdminError> {
        let unreviewed = self.count(node)?.unreviewed;
        Ok((unreviewed > 0).then_some(unreviewed))
    }

    /// What somebody has to look at.
    // spec: LKP-23, LKP-50, LKP-55
    pub(super) fn alarms(&self, node: &Node) -> Result<Vec<AlarmView>, AdminError> {
        let counted = self.count(node)?;
        let detail = |name: &str, value: u64| Detail {
            name: name.to_owned(),
            value: value.to_string(),
        };
        let mut alarms = Vec::new();
        if let Some(first) = counted.first {
            let mut details = vec![detail("rows", counted.rows), detail("first", first)];
            if counted.cut {
                details.push(detail("more", 1));
            }
            alarms.push(alarm("lookups-outdated", details)?);
        }
        if let Some(size) = node.shared().look_ups_broken() {
            let rows = detail("rows", node.look_ups());
            let details = vec![rows, detail("said", size.value())];
            alarms.push(alarm("look-ups-behind", details)?);
        }
        Ok(alarms)
    }

    fn count(&self, node: &Node) -> Result<Counted, AdminError> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, counted)) = &*last
            && at.elapsed() < COUNT_AGAIN
        {
            return Ok(*counted);
        }
        // A register without rows costs no question.
        let counted = match node.look_ups() {
            0 => Counted::default(),
            _ => {
                let (outdated, cut) = look_ups::outdated_rows(node)?;
                Counted {
                    rows: outdated.len() as u64,
                    first: outdated.first().map(|one| one.number()),
                    cut,
                    unreviewed: look_ups::unreviewed(node)?,
                }
            }
        };
        *last = Some((Instant::now(), counted));
        Ok(counted)
    }
}

fn alarm(name: &str, details: Vec<Detail>) -> Result<AlarmView, AdminError> {
    let name = Code::new(name).map_err(|error| refusal::internal(&error))?;
    Ok(AlarmView {
        name,
        since: None,
        details,
    })
}
