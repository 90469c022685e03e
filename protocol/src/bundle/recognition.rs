//! Whether a receiver may rely on the decision of a bundle, worked out anew from the agreements in it
//! (`spec/bundle.md`, "Recognition").

use std::sync::Arc;

use crate::admin::{RecognitionView, recognition_view};
use crate::bundle::error::{BundleError, Part};
use crate::bundle::verified::VerifiedBundle;
use crate::effect::{Effect, Fact, Validity};
use crate::log::Origin;
use crate::recognition::{Agreements, Question, recognise};
use crate::statement::{Decision, DecisionFields};
use crate::subject::AuthorityCode;
use crate::time::Day;
use crate::trust::{Registry, Verified};

/// What recognition gives a receiver on the day of the bundle's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleRecognition {
    /// The receiver.
    pub receiver: AuthorityCode,
    /// The day.
    pub as_of: Day,
    /// What it may do, and by which clauses.
    pub answer: RecognitionView,
}

/// Who decided and who asks, each with the member through whose node it publishes.
struct Sides {
    issuers: Vec<AuthorityCode>,
    receivers: Vec<AuthorityCode>,
}

impl Sides {
    fn of(decision: &Verified, receiver: AuthorityCode, registry: &Registry) -> Self {
        let issuer = decision.statement().header().issuer;
        let publisher = member_of(&decision.reference().origin, registry);
        let through = registry.member(receiver);
        let through = through.and_then(|member| member.enrolment().publishes_through);
        let both = |first, second: Option<_>| {
            let second = second.filter(|code| *code != first);
            std::iter::once(first).chain(second).collect()
        };
        Self {
            issuers: both(issuer, publisher),
            receivers: both(receiver, through),
        }
    }

    /// Whether a statement says something about agreements of either.
    fn are_meant(&self, one: &Verified) -> bool {
        let names =
            |code: &AuthorityCode| self.issuers.contains(code) || self.receivers.contains(code);
        let content = &one.statement().payload().content;
        if let Some(agreement) = content.agreement() {
            return agreement.fields().parties.iter().any(names);
        }
        let is_word = content.accession().is_some() || content.retirement().is_some();
        is_word && names(&one.statement().header().issuer)
    }
}

fn member_of(origin: &Origin, registry: &Registry) -> Option<AuthorityCode> {
    registry.member_of(origin).map(crate::trust::Member::code)
}

/// What recognition gives the receiver by the statements about agreements in the bundle, as `recognise` says.
///
/// # Errors
/// [`BundleError::Unrelated`] for a statement that is about agreements of others;
/// [`BundleError::RecognitionUnfounded`] where the bundle shows no state of its decision, or the registry
/// does not have one of the two.
// spec: BUN-71, BUN-72, BUN-73
pub(super) fn answer(
    bundle: &VerifiedBundle<'_>,
    receiver: AuthorityCode,
) -> Result<BundleRecognition, BundleError> {
    let (decision, registry) = (bundle.statement(), bundle.registry());
    let sides = Sides::of(decision, receiver, registry);
    let unrelated = |one: &Verified| !sides.are_meant(one);
    if let Some(position) = bundle.agreements().iter().position(unrelated) {
        let part = Part::Agreements;
        return Err(BundleError::Unrelated { part, position });
    }
    let state = bundle.state();
    let state = state.ok_or(BundleError::RecognitionUnfounded)?;
    let region = |code| Some(registry.member(code)?.enrolment().region);
    let issuer = decision.statement().header().issuer;
    let regions = region(issuer).zip(region(receiver));
    let (issuer_region, receiver_region) = regions.ok_or(BundleError::RecognitionUnfounded)?;
    let acts = bundle.facts_of(bundle.acts());
    let horizon = bundle.effect_horizon();
    let stands = stands_by(&state.effect, &acts, |act| horizon.established(act));
    let decided = decision.statement().payload().content.decision();
    let stands = stands.or_else(|| decided.map(Decision::fields));
    let question = Question {
        decision: stands.ok_or(BundleError::RecognitionUnfounded)?,
        effect: &state.effect,
        issuers: &sides.issuers,
        issuer_region,
        receivers: &sides.receivers,
        receiver_region,
        as_of: state.as_of,
    };
    let facts = bundle.facts_of(bundle.agreements());
    let known = facts.iter().map(AsRef::as_ref);
    let recognition = recognise(&question, &Agreements::of(known, &horizon));
    let title = |at: &_| {
        let mut all = bundle.agreements().iter();
        let found = all.find(|one| one.reference() == at)?;
        let agreement = found.statement().payload().content.agreement()?;
        Some(agreement.fields().title.to_string())
    };
    Ok(BundleRecognition {
        receiver,
        as_of: state.as_of,
        answer: recognition_view(&recognition, title),
    })
}

/// The words that the newest correction that holds and counts in full gives the decision.
// spec: AGR-32
fn stands_by<'a>(
    effect: &Effect,
    acts: &'a [Arc<Fact>],
    counts: impl Fn(&Fact) -> bool,
) -> Option<&'a DecisionFields> {
    let Validity::Corrected { by } = &effect.validity else {
        return None;
    };
    let newest = by.iter().rev().find_map(|at| {
        let mut acts = acts.iter();
        acts.find(|act| act.reference() == at && counts(act))
    });
    newest?.payload().content.decision().map(Decision::fields)
}
