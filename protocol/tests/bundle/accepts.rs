//! What a whole bundle shows.

use concordat_protocol::bundle::{Bundle, BundleError, Entry, LaterActs, TrustParts, verify};
use concordat_protocol::effect::{BindsOthers, Limits, Validity, VoidCause, effect};
use concordat_protocol::log::VerifiedCheckpoint;
use concordat_protocol::statement::{Content, Ground};
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::{Authority, LogNumber};

use crate::fixture::{Case, NOON, catalogue, day};

// spec: BUN-1, BUN-9
#[test]
fn bundle_verifies_with_the_anchor_alone() {
    let case = Case::new(5);
    let bytes = case.bytes(case.net.included());
    let verified = verify(&bytes, &case.net.anchor(), None).unwrap();
    assert_eq!(*verified.statement().reference(), case.decision);
    assert_eq!(verified.acts().len(), 2);
    assert_eq!(verified.notices().len(), 1);
    assert!(
        verified
            .verified()
            .all(|one| verified.is_witnessed(one.reference()))
    );
    assert_eq!(verified.acts_without_notice().count(), 0);
    assert_eq!(verified.notices_without_act().count(), 0);
    assert_eq!(verified.later_acts(), LaterActs::NotProven);
}

#[test]
fn bundle_without_trust_chain_verifies_by_a_registry() {
    let case = Case::new(5);
    let bytes = case.bytes(TrustParts::External);
    assert!(verify(&bytes, &case.net.anchor(), Some(&case.net.registry)).is_ok());
    let size = case.net.registry.size();
    assert_eq!(
        verify(&bytes, &case.net.anchor(), None).unwrap_err(),
        BundleError::RegistryNeeded { size }
    );
}

// spec: BUN-4
#[test]
fn bundle_decodes_to_the_bytes_that_it_came_from() {
    let case = Case::new(5);
    for trust in [case.net.included(), TrustParts::External] {
        let bundle = case.bundle(trust);
        let bytes = bundle.encode().unwrap();
        let back = Bundle::decode(&bytes).unwrap();
        assert_eq!(back, bundle);
        assert_eq!(back.encode().unwrap(), bytes);
    }
}

// spec: BUN-4, BUN-5
#[test]
fn bundle_is_the_same_whatever_order_its_parts_came_in() {
    let case = Case::new(5);
    let bytes = case.bytes(case.net.included());
    let mut parts = case.parts(case.net.included());
    parts.acts.reverse();
    parts.acts.extend(parts.acts.clone());
    parts.heads.reverse();
    parts.heads.extend(parts.heads.clone());
    parts.notices.extend(parts.notices.clone());
    let again = Bundle::build(parts, &case.net.registry).unwrap();
    assert_eq!(again.encode().unwrap(), bytes);
}

#[test]
fn verified_bundle_names_signer_mandate_and_position() {
    let case = Case::new(5);
    let bytes = case.bytes(case.net.included());
    let verified = verify(&bytes, &case.net.anchor(), None).unwrap();
    let signed_by = verified.signed_by(verified.statement()).unwrap();
    assert_eq!(signed_by.member.code(), case.net.issuer.code);
    assert_eq!(signed_by.authority, Authority::Mandate);
    assert!(signed_by.mandate.is_some());
    assert!(!signed_by.cut_off);
    let horizon = verified.horizon();
    assert_eq!(horizon.issuer.value(), 7);
    assert_eq!(horizon.register.value(), 6);
    assert_eq!(horizon.registry.value(), 4);
}

#[test]
fn report_holds_the_same_as_plain_fields() {
    let case = Case::new(5);
    let bytes = case.bytes(case.net.included());
    let verified = verify(&bytes, &case.net.anchor(), None).unwrap();
    let report = serde_json::to_value(verified.report()).unwrap();
    assert_eq!(report["statement"]["issuer"], case.net.issuer.code.as_str());
    assert_eq!(report["statement"]["witnessed"], true);
    assert_eq!(report["statement"]["class"], 1);
    assert_eq!(report["acts"][0]["target_index"], 5);
    assert_eq!(report["notices"][0]["act_held"], true);
    assert_eq!(report["horizon"]["issuer"], 7);
    assert_eq!(report["later_acts"], "not_proven");
    assert_eq!(report["heads"][0]["quorum"], 2);
    assert_eq!(report["heads"][0]["quorum_at"], (NOON + 1) * 1_000);
    assert_eq!(report["statement"]["mandate_from"], "2020-01-01");
    assert_eq!(report["bytes"], bytes.len());
}

#[test]
fn bundle_says_the_state_of_its_decision_at_its_horizon() {
    // spec: BUN-28
    let mut case = Case::new(5);
    let anchor = case.net.anchor();
    let (objection, notice) = case.net.object(&case.decision, Ground::Amount);
    let mut parts = case.parts(case.net.included());
    parts.acts.push(case.net.entry(&objection));
    parts.notices.push(case.net.entry(&notice));
    let bundle = Bundle::build(parts, &case.net.registry).unwrap();
    let bytes = bundle.encode().unwrap();
    let state = verify(&bytes, &anchor, None).unwrap().state().unwrap();
    let at = Timestamp::new((NOON + 1) * 1_000).unwrap();
    assert_eq!(state.as_of, Day::of(at).unwrap());
    // By the new objection, and by one that was upheld without an act so far.
    assert_eq!(state.effect.suspended_by.len(), 2);
    // By that day it has not been served.
    // spec: EFF-82
    assert_eq!(state.effect.binds_others(), BindsOthers::NotYet);
}

/// Whoever is cut off might show a registry from before, with newer heads of the logs.
// spec: BUN-28
#[test]
fn bundle_under_an_older_registry_says_the_state_of_that_day() {
    let case = Case::new(5);
    let registry = case.net.genesis.registry_origin();
    let cosigners = [&case.net.hub, &case.net.issuer];
    let before = NOON - 30 * 86_400;
    let mut parts = case.parts(case.net.included());
    parts.heads.retain(|head| *head.origin() != registry);
    parts
        .heads
        .push(case.net.head_at(&registry, &cosigners, before));
    let bundle = Bundle::build(parts, &case.net.registry).unwrap();
    let verified = verify(&bundle.encode().unwrap(), &case.net.anchor(), None).unwrap();
    let at = Timestamp::new((before + 1) * 1_000).unwrap();
    assert_eq!(verified.state().unwrap().as_of, Day::of(at).unwrap());
}

/// A decision under a registry that was replaced at noon, which the hub saw so much later.
struct Replaced {
    case: Case,
    entries: [Entry; 2],
    /// Seconds since 1970, after the grace.
    over: u64,
}

impl Replaced {
    fn new(waited_ms: u64) -> Self {
        let mut case = Case::new(5);
        let decisions = case.net.issuer_log();
        let registry = case.net.genesis.registry_origin();
        let mut catalogue = catalogue();
        catalogue.items[0].publication_days_max -= 1;
        let catalogue = Content::ItemCatalogue(catalogue);
        case.net
            .register_change(catalogue, case.net.hub.code.code());
        let replaced = case.net.saw(&registry, NOON * 1_000);
        let covered = case.net.saw(&decisions, NOON * 1_000 + waited_ms);
        let grace_s = case.net.registry.policy().ctx_grace_ms / 1_000;
        Self {
            entries: [case.net.entry(&replaced), case.net.entry(&covered)],
            over: NOON + grace_s + 2,
            case,
        }
    }

    /// Read from a bundle in which one log has this head.
    fn validity(&self, shows_heads_seen: bool, heads: &[VerifiedCheckpoint]) -> Validity {
        let net = &self.case.net;
        let mut parts = self.case.parts(net.included());
        if shows_heads_seen {
            parts.notices.extend(self.entries.clone());
        }
        let replaces =
            |one: &VerifiedCheckpoint| heads.iter().any(|head| head.origin() == one.origin());
        parts.heads.retain(|head| !replaces(head));
        parts.heads.extend(heads.iter().cloned());
        let bundle = Bundle::build(parts, &net.registry).unwrap();
        let verified = verify(&bundle.encode().unwrap(), &net.anchor(), None).unwrap();
        verified.state().unwrap().effect.validity
    }

    /// The head of the decision's log, cosigned after the grace.
    fn cosigned_late(&self) -> VerifiedCheckpoint {
        let net = &self.case.net;
        let cosigners = [&net.hub, &net.issuer];
        net.head_at(&net.issuer_log(), &cosigners, self.over)
    }
}

/// The validity where a quorum cosigned later, too, with or without what the hub says.
fn validity_after(waited_ms: u64, shows_heads_seen: bool) -> Validity {
    let replaced = Replaced::new(waited_ms);
    replaced.validity(shows_heads_seen, &[replaced.cosigned_late()])
}

const LATE: Validity = Validity::Void {
    why: VoidCause::CtxLate,
};

// spec: BUN-29, TRU-35, EFF-14
#[test]
fn bundle_shows_that_the_hub_saw_the_decision_too_late() {
    let grace = Case::new(5).net.registry.policy().ctx_grace_ms;
    assert_eq!(validity_after(grace, true), Validity::InForce);
    assert_eq!(validity_after(grace + 1, true), LATE);
}

/// Whoever makes a bundle would leave out what shows that the decision came late.
// spec: BUN-60
#[test]
fn decision_that_a_bundle_does_not_show_to_have_come_in_time_is_late() {
    assert_eq!(validity_after(1, true), Validity::InForce);
    assert_eq!(validity_after(1, false), LATE);
}

/// The member that is late may be a cosigner itself, and dates its line back.
// spec: BUN-61
#[test]
fn single_cosigner_does_not_show_that_a_decision_came_in_time() {
    let replaced = Replaced::new(1);
    let (net, over) = (&replaced.case.net, replaced.over);
    let head = |issuer: u64, receiver: u64| {
        let cosigners = [
            (&net.hub, over),
            (&net.issuer, issuer),
            (&net.receiver, receiver),
        ];
        net.head_by(&net.issuer_log(), &cosigners)
    };
    let validity = |head| replaced.validity(false, &[head]);
    assert_eq!(validity(head(NOON + 1, over)), LATE);
    assert_eq!(validity(head(NOON + 1, NOON + 2)), Validity::InForce);
}

/// Whoever has the hub's keys can write a head seen that nobody else was ever shown.
// spec: BUN-62
#[test]
fn head_seen_that_nobody_cosigned_does_not_show_that_a_decision_came_in_time() {
    let replaced = Replaced::new(1);
    let net = &replaced.case.net;
    let hub_log = net.genesis.origin(net.hub.code, LogNumber::Statements);
    let alone = net.head(&hub_log, &[&net.hub]);
    let late = replaced.cosigned_late();
    assert_eq!(replaced.validity(true, &[late.clone(), alone]), LATE);
    let vouched = net.head(&hub_log, &[&net.hub, &net.receiver]);
    assert_eq!(replaced.validity(true, &[late, vouched]), Validity::InForce);
}

#[test]
fn effect_is_read_from_a_bundle_as_of_its_horizon() {
    let mut case = Case::new(5);
    let anchor = case.net.anchor();
    let state = |bytes: &[u8]| {
        let verified = verify(bytes, &anchor, None).unwrap();
        let now = Timestamp::new(NOON * 1000).unwrap();
        let (history, horizon) = (verified.history(), verified.effect_horizon());
        let target = verified.statement().reference();
        let limits = Limits::default();
        effect(target, &history, &horizon, day("2026-05-01"), now, &limits)
    };
    let ruled = state(&case.bytes(case.net.included()));
    assert_eq!(ruled.validity, Validity::InForce);
    // Ruled on, and not corrected yet.
    assert_eq!(ruled.suspended_by[0].awaiting_act.len(), 1);
    let (objection, notice) = case.net.object(&case.decision, Ground::Amount);
    let mut parts = case.parts(case.net.included());
    parts.acts.push(case.net.entry(&objection));
    parts.notices.push(case.net.entry(&notice));
    let bundle = Bundle::build(parts, &case.net.registry).unwrap();
    let open = state(&bundle.encode().unwrap());
    let awaiting = open.suspended_by.iter().map(|one| one.awaiting_act.len());
    assert_eq!(awaiting.collect::<Vec<_>>(), [1, 0]);
}
