//! Measures of the node's own whose decision carries them no more, and that nobody took back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use concordat_protocol::admin::{AdminError, BindsOthersCode};
use concordat_protocol::statement::{Record, StatementRef};
use concordat_protocol::trust::Verified;

use super::readable;
use crate::admin::{acts, records, refusal};
use crate::node::Node;
use crate::store::Position;

/// The newest measures that are looked at.
// spec: ADM-345
const MEASURES_MAX: usize = 256;
/// How long an answer is good for.
const COUNT_AGAIN: Duration = Duration::from_secs(10);

/// Measures without a basis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct WithoutBasis {
    /// How many.
    pub(super) measures: u64,
    /// The newest of them.
    pub(super) newest: Option<StatementRef>,
}

/// Counts them, once in a while.
#[derive(Default)]
pub(in crate::admin) struct Measures(Mutex<Option<(Instant, WithoutBasis)>>);

impl Measures {
    // spec: ADM-345
    pub(super) fn count(&self, node: &Node) -> Result<WithoutBasis, AdminError> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, found)) = counted.as_ref()
            && at.elapsed() < COUNT_AGAIN
        {
            return Ok(found.clone());
        }
        let found = look(node)?;
        *counted = Some((Instant::now(), found.clone()));
        Ok(found)
    }
}

fn look(node: &Node) -> Result<WithoutBasis, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let newest = query.store().own_measures(MEASURES_MAX);
    let mut without = WithoutBasis::default();
    for Position { origin, index } in newest.map_err(refusal::store)? {
        let Some(measure) = readable(query.statement(&origin, index))? else {
            continue;
        };
        if is_without(node, &measure)? {
            without.measures += 1;
            let at = measure.reference();
            without.newest.get_or_insert_with(|| at.clone());
        }
    }
    Ok(without)
}

/// Whether somebody has to take a measure back, or to say why it stands: its decision is gone for good.
fn is_without(node: &Node, measure: &Verified) -> Result<bool, AdminError> {
    let statement = measure.statement();
    let Some(Record::Measure(said)) = statement.payload().content.record() else {
        return Ok(false);
    };
    let fields = said.fields();
    // What has run out needs no basis any more.
    if fields.until.is_some_and(|until| until < node.today()) {
        return Ok(false);
    }
    let issuer = statement.header().issuer;
    if !is_gone(records::state_of(node, issuer, fields)?) {
        return Ok(false);
    }
    let at = Position::of(measure.reference());
    Ok(acts::withdrawal(node, &at, issuer)?.is_none())
}

/// What is suspended, stayed or not known may come back.
const fn is_gone(reading: BindsOthersCode) -> bool {
    match reading {
        BindsOthersCode::Ended
        | BindsOthersCode::Lifted
        | BindsOthersCode::NoBasis
        | BindsOthersCode::Superseded
        | BindsOthersCode::Withdrawn
        | BindsOthersCode::Void
        | BindsOthersCode::Repaired => true,
        BindsOthersCode::Applies
        | BindsOthersCode::Suspended
        | BindsOthersCode::UnknownSince
        | BindsOthersCode::NotYet
        | BindsOthersCode::NotWitnessed
        | BindsOthersCode::BasisNotHeld
        | BindsOthersCode::NotHeld
        | BindsOthersCode::NotWeighed
        | BindsOthersCode::Stayed => false,
    }
}
