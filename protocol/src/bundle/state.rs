//! What follows for the decision of a bundle from what the bundle holds, as of its horizon.

use crate::bundle::verified::VerifiedBundle;
use crate::effect::{Effect, Limits, effect};
use crate::time::Day;

/// A state and the day that it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleState {
    /// The effect of the decision.
    pub effect: Effect,
    /// The day of the horizon in China: nothing later is known.
    pub as_of: Day,
}

impl VerifiedBundle<'_> {
    /// The state of the decision at the horizon: by when a quorum stood behind the head of its log, that
    /// of the home register, and that of the registry where it is included: whoever makes a bundle
    /// might take an older one, from before a cut-off. `None` for another statement, and without such heads: then
    /// only a node can tell.
    // spec: BUN-28
    #[must_use]
    pub fn state(&self) -> Option<BundleState> {
        let statement = self.statement();
        let payload = statement.statement().payload();
        let decision = match payload.class().is_decision() {
            true => payload.content.decision()?,
            false => return None,
        };
        let reference = statement.reference();
        let horizon = self.effect_horizon();
        let quorum_time = |origin| horizon.logs.get(origin).and_then(|log| log.quorum_time);
        let mut now = quorum_time(&reference.origin)?.min(quorum_time(&horizon.register)?);
        let registry = self.registry().genesis().registry_origin();
        if self.head(&registry).is_some() {
            now = now.min(quorum_time(&registry)?);
        }
        let as_of = Day::of(now).ok()?;
        let limits = Limits::of(&decision.fields().item, self.registry());
        let effect = effect(reference, &self.history(), &horizon, as_of, now, &limits);
        Some(BundleState { effect, as_of })
    }
}
