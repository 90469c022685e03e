//! Effects and acts as they are shown: by a node out of its store, by a verifier out of a bundle.

use crate::admin::view::{
    ActView, AllowedView, BackingCode, BasisCode, BasisFailureView, BasisStateCode,
    BindsOthersCode, BurdenCode, DutyView, EffectView, ForkCode, FreshnessCode, FreshnessView,
    LackingCode, LaterActsCode, RecognitionCode, RecognitionView, ReliedView, SourceCode,
    SuspensionCode, SuspensionView, ValidityCode, VoidCauseCode, WaitingCode, WaitingView,
};
use crate::codec::Truth;
use crate::effect::{
    Backing, Basis, BasisState, BindsOthers, Burden, Effect, Fact, Fork, Horizon, LaterActs,
    Repaired, Source, SourceState, SuspensionKind, Validity, VoidCause, WaitingCause,
};
use crate::log::LeafIndex;
use crate::recognition::{Lacking, Recognition, Relied};
use crate::statement::{Content, Notice, StatementRef};
use crate::subject::AuthorityCode;
use crate::time::{Day, Timestamp};
use crate::trust::Registry;

/// An effect, flat.
#[must_use]
pub fn effect_view(effect: &Effect, as_of: Day) -> EffectView {
    let (validity, validity_by, void_cause) = validity(&effect.validity);
    let (binds, unknown_source, unknown_since) = binds_others(effect.binds_others());
    let (basis, basis_failures) = basis(&effect.basis);
    let (fork, frozen_at) = fork(effect.fork);
    let LaterActs::NotProven = effect.later_acts;
    EffectView {
        validity,
        validity_by,
        void_cause,
        backing: effect.backing.map(backing),
        superseded_by: effect.superseded_by.clone(),
        suspended_by: suspensions(effect),
        waiting: waiting(effect),
        pending: effect.pending.clone(),
        burden: burden(effect.burden),
        grant_stands: effect.grant_stands(),
        fine_fen: effect.amounts.fine_fen,
        confiscation_fen: effect.amounts.confiscation_fen,
        penalty_classes: effect.amounts.penalty_classes.clone(),
        duties: duties(effect),
        valid_from: effect.term.from,
        valid_until: effect.term.end.until,
        publication_until: effect.publication.until,
        publication_ended: effect.publication.ended,
        basis,
        basis_failures,
        issuer_freshness: freshness(effect.freshness.issuer),
        register_freshness: freshness(effect.freshness.register),
        fork,
        frozen_at,
        later_acts: LaterActsCode::NotProven,
        in_force_for_issuer: effect.in_force_for_issuer(),
        binds_others: binds,
        unknown_source,
        unknown_since,
        as_of,
        horizon_issuer: effect.horizon.issuer,
        horizon_register: effect.horizon.register,
        stayed_by: effect.stayed_by.clone(),
        stayed_by_left: None,
        repaired_by: repaired(effect, |repaired| &repaired.by),
        repaired_by_left: None,
        repair_effects: repaired(effect, |repaired| &repaired.effects),
        beyond_repair: effect.beyond_repair.is_some().then_some(Truth),
    }
}

fn repaired<T: Clone>(effect: &Effect, list: impl Fn(&Repaired) -> &Vec<T>) -> Vec<T> {
    effect
        .repaired
        .as_ref()
        .map(list)
        .cloned()
        .unwrap_or_default()
}

/// An act whose body is held.
#[must_use]
pub fn act_view(
    act: &Fact,
    registry: &Registry,
    horizon: &Horizon,
    effect: Option<&Effect>,
    notice: Option<LeafIndex>,
) -> ActView {
    let (payload, reference) = (act.payload(), act.reference().clone());
    let mut view = ActView {
        class: payload.class(),
        issuer: act.issuer(),
        issuer_name: name_of(registry, act.issuer()),
        issued_at: Some(payload.issued_at),
        held: true,
        ground: None,
        role: None,
        received_on: None,
        open: None,
        outcome: None,
        names: Vec::new(),
        withdrawal_reason: None,
        reasons: None,
        notice,
        witnessed: witnessed(horizon, &reference),
        void_cause: act.void().map(void_cause),
        body: None,
        document_number: None,
        decided_on: None,
        until: None,
        repair_effects: Vec::new(),
        legal_basis: Vec::new(),
        taken_back_by: None,
        applied_on: None,
        exit: None,
        erasure_ground: None,
        reference,
    };
    fill(&mut view, &payload.content, effect);
    view
}

/// Adds to the view of an act what its class says.
fn fill(view: &mut ActView, content: &Content, effect: Option<&Effect>) {
    match content {
        Content::Objection(objection) => {
            view.ground = Some(objection.ground());
            view.role = Some(objection.role());
            view.received_on = Some(objection.received_on());
            view.open = effect.map(|effect| is_open(effect, &view.reference));
            view.reasons = objection.reasons().map(ToString::to_string);
        }
        Content::Ruling(ruling) => {
            view.outcome = Some(ruling.outcome());
            view.names = ruling.closes().to_vec();
            view.reasons = Some(ruling.reasons().to_string());
        }
        Content::Admission(admission) => {
            view.names = admission.admits().to_vec();
            view.reasons = Some(admission.reasons().to_string());
        }
        Content::Correction(correction) => view.reasons = Some(correction.reasons.to_string()),
        Content::Withdrawal(withdrawal) => {
            view.withdrawal_reason = Some(withdrawal.reason);
            view.exit = withdrawal.exit;
            view.reasons = Some(withdrawal.reasons.to_string());
        }
        Content::Stay(stay) => {
            let fields = stay.fields();
            view.body = Some(fields.body.to_string());
            view.document_number = Some(fields.document_number.to_string());
            view.decided_on = Some(fields.ordered_on);
            view.until = fields.until;
            view.reasons = Some(fields.reasons.to_string());
        }
        Content::Erasure(erasure) => {
            view.erasure_ground = Some(erasure.ground);
            view.body = Some(erasure.by.to_string());
            view.legal_basis.clone_from(&erasure.basis);
        }
        Content::Repair(repair) => {
            let fields = repair.fields();
            view.repair_effects.clone_from(&fields.effects);
            view.decided_on = Some(fields.decided_on);
            view.legal_basis.clone_from(&fields.basis);
            view.applied_on = fields.applied_on;
            view.reasons = Some(fields.reasons.to_string());
        }
        Content::Decision(_)
        | Content::ItemCatalogue(_)
        | Content::MeasureCatalogue(_)
        | Content::Calendar(_)
        | Content::DeadlineRules(_)
        | Content::Policy(_)
        | Content::Enrolment(_)
        | Content::Rotation(_)
        | Content::Suspension(_)
        | Content::CutOff(_)
        | Content::Loss(_)
        | Content::Succession(_)
        | Content::Notice(_)
        | Content::DeliveryBatch(_)
        | Content::Holdings(_)
        | Content::ReceiptBatch(_)
        | Content::QueryRoot(_)
        | Content::HeadSeen(_)
        | Content::Agreement(_)
        | Content::Accession(_)
        | Content::Retirement(_)
        | Content::RecognitionResponse(_)
        | Content::Restart(_)
        | Content::Record(_) => {}
    }
}

/// An act of which only the notice is known, and the notice's position where it is; `None` when its
/// log is no member's.
#[must_use]
pub fn noticed_view(
    notice: &Notice,
    registry: &Registry,
    horizon: &Horizon,
    position: Option<LeafIndex>,
) -> Option<ActView> {
    let author = registry.member_of(&notice.act.origin)?;
    Some(ActView {
        reference: notice.act.clone(),
        class: notice.class,
        issuer: author.code(),
        issuer_name: Some(author.enrolment().name.to_string()),
        issued_at: None,
        held: false,
        ground: notice.ground,
        role: None,
        received_on: None,
        open: None,
        outcome: None,
        names: Vec::new(),
        withdrawal_reason: None,
        reasons: None,
        notice: position,
        witnessed: witnessed(horizon, &notice.act),
        void_cause: None,
        body: None,
        document_number: None,
        decided_on: None,
        until: None,
        repair_effects: Vec::new(),
        legal_basis: Vec::new(),
        taken_back_by: None,
        applied_on: None,
        exit: None,
        erasure_ground: None,
    })
}

/// The name of an authority, by the newest registry.
#[must_use]
pub fn name_of(registry: &Registry, code: AuthorityCode) -> Option<String> {
    let member = registry.member(code)?;
    Some(member.enrolment().name.to_string())
}

/// Whether a quorum has cosigned a head that covers a statement.
#[must_use]
pub fn witnessed(horizon: &Horizon, reference: &StatementRef) -> bool {
    let log = horizon.logs.get(&reference.origin);
    log.is_some_and(|log| log.witnessed.contains(reference.index))
}

/// The objections that are open, those that wait included, ascending.
#[must_use]
pub fn open_objections(effect: &Effect) -> Vec<StatementRef> {
    let suspending = effect
        .suspended_by
        .iter()
        .filter(|suspension| matches!(suspension.kind, SuspensionKind::Objection(_)))
        .flat_map(|suspension| suspension.by.iter().cloned());
    let waiting = effect
        .waiting
        .iter()
        .map(|waiting| waiting.objection.clone());
    let mut open: Vec<StatementRef> = suspending.chain(waiting).collect();
    open.sort();
    open.dedup();
    open
}

fn is_open(effect: &Effect, objection: &StatementRef) -> bool {
    let by_objections = |kind| matches!(kind, SuspensionKind::Objection(_));
    let mut suspending = effect.suspended_by.iter();
    // Each list is ascending.
    let suspends =
        suspending.any(|one| by_objections(one.kind) && one.by.binary_search(objection).is_ok());
    let waiting = &effect.waiting;
    suspends
        || waiting
            .binary_search_by(|one| one.objection.cmp(objection))
            .is_ok()
}

fn validity(validity: &Validity) -> (ValidityCode, Vec<StatementRef>, Option<VoidCauseCode>) {
    match validity {
        Validity::InForce => (ValidityCode::InForce, Vec::new(), None),
        Validity::Void { why } => (ValidityCode::Void, Vec::new(), Some(void_cause(*why))),
        Validity::Withdrawn { by } => (ValidityCode::Withdrawn, by.clone(), None),
        Validity::Corrected { by } => (ValidityCode::Corrected, by.clone(), None),
        Validity::TargetNotHeld { acts } => (ValidityCode::TargetNotHeld, acts.clone(), None),
        Validity::NotADecision => (ValidityCode::NotADecision, Vec::new(), None),
    }
}

const fn void_cause(cause: VoidCause) -> VoidCauseCode {
    match cause {
        VoidCause::CutOff => VoidCauseCode::CutOff,
        VoidCause::CtxLate => VoidCauseCode::CtxLate,
        VoidCause::Suspended => VoidCauseCode::Suspended,
        VoidCause::MandateEnded => VoidCauseCode::MandateEnded,
    }
}

const fn backing(backing: Backing) -> BackingCode {
    match backing {
        Backing::Witnessed => BackingCode::Witnessed,
        Backing::Provisional => BackingCode::Provisional,
        Backing::Void(_) => BackingCode::Void,
    }
}

const fn burden(burden: Burden) -> BurdenCode {
    match burden {
        Burden::Burdens => BurdenCode::Burdens,
        Burden::Free => BurdenCode::Free,
        Burden::Lifted => BurdenCode::Lifted,
    }
}

fn suspensions(effect: &Effect) -> Vec<SuspensionView> {
    let views = effect.suspended_by.iter().map(|suspension| {
        let (kind, ground) = match suspension.kind {
            SuspensionKind::Objection(ground) => (SuspensionCode::Objection, Some(ground)),
            SuspensionKind::Conflict => (SuspensionCode::Conflict, None),
            SuspensionKind::Fork => (SuspensionCode::Fork, None),
            SuspensionKind::ActNotHeld => (SuspensionCode::ActNotHeld, None),
            SuspensionKind::StayNotHeld => (SuspensionCode::StayNotHeld, None),
        };
        SuspensionView {
            kind,
            ground,
            by: suspension.by.clone(),
            since: suspension.received.first(),
            awaiting_act: suspension.awaiting_act.clone(),
            by_left: None,
            awaiting_act_left: None,
        }
    });
    views.collect()
}

fn waiting(effect: &Effect) -> Vec<WaitingView> {
    let views = effect.waiting.iter().map(|waiting| WaitingView {
        objection: waiting.objection.clone(),
        ground: waiting.ground,
        why: match waiting.why {
            WaitingCause::OverCap => WaitingCode::OverCap,
            WaitingCause::AfterRejection => WaitingCode::AfterRejection,
        },
    });
    views.collect()
}

fn duties(effect: &Effect) -> Vec<DutyView> {
    let views = effect.duties.iter().map(|state| DutyView {
        measure: state.duty.measure.clone(),
        until: state.duty.until,
        ended: state.ended,
        binds_others: binds_others(effect.measure_binds_others(&state.duty.measure)).0,
    });
    views.collect()
}

fn basis(basis: &Basis) -> (BasisCode, Vec<BasisFailureView>) {
    match basis {
        Basis::RestsOnNothing => (BasisCode::RestsOnNothing, Vec::new()),
        Basis::Holds { .. } => (BasisCode::Holds, Vec::new()),
        Basis::Fails { failures } => {
            let views = failures.iter().map(|failure| BasisFailureView {
                basis: failure.basis.clone(),
                why: basis_state(failure.why),
            });
            (BasisCode::Fails, views.collect())
        }
    }
}

const fn basis_state(state: BasisState) -> BasisStateCode {
    match state {
        BasisState::Void => BasisStateCode::Void,
        BasisState::Withdrawn => BasisStateCode::Withdrawn,
        BasisState::Repaired => BasisStateCode::Repaired,
        BasisState::NotChecked => BasisStateCode::NotChecked,
        BasisState::NotHeld => BasisStateCode::NotHeld,
        BasisState::NotWitnessed => BasisStateCode::NotWitnessed,
        BasisState::Suspended => BasisStateCode::Suspended,
        BasisState::Unknown => BasisStateCode::Unknown,
    }
}

const fn freshness(state: SourceState) -> FreshnessView {
    let (state, at) = match state {
        SourceState::Fresh { at } => (FreshnessCode::Fresh, Some(at)),
        SourceState::Ageing { since } => (FreshnessCode::Ageing, Some(since)),
        SourceState::Unknown { since } => (FreshnessCode::Unknown, since),
    };
    FreshnessView { state, at }
}

const fn fork(fork: Fork) -> (ForkCode, Option<LeafIndex>) {
    match fork {
        Fork::NotKnown => (ForkCode::NotKnown, None),
        Fork::Before { frozen_at } => (ForkCode::Before, Some(frozen_at)),
        Fork::Beyond { frozen_at } => (ForkCode::Beyond, Some(frozen_at)),
    }
}

/// What another authority may do, without whose silence it is.
#[must_use]
pub fn binds_code(binds: BindsOthers) -> BindsOthersCode {
    binds_others(binds).0
}

fn binds_others(binds: BindsOthers) -> (BindsOthersCode, Option<SourceCode>, Option<Timestamp>) {
    let code = match binds {
        BindsOthers::Applies => BindsOthersCode::Applies,
        BindsOthers::Suspended => BindsOthersCode::Suspended,
        BindsOthers::UnknownSince { source, since } => {
            let source = source.map(|source| match source {
                Source::Issuer => SourceCode::Issuer,
                Source::Register => SourceCode::Register,
            });
            return (BindsOthersCode::UnknownSince, source, since);
        }
        BindsOthers::Ended => BindsOthersCode::Ended,
        BindsOthers::NotYet => BindsOthersCode::NotYet,
        BindsOthers::NotWitnessed => BindsOthersCode::NotWitnessed,
        BindsOthers::Lifted => BindsOthersCode::Lifted,
        BindsOthers::Repaired => BindsOthersCode::Repaired,
        BindsOthers::Stayed => BindsOthersCode::Stayed,
        BindsOthers::NoBasis => BindsOthersCode::NoBasis,
        BindsOthers::BasisNotHeld => BindsOthersCode::BasisNotHeld,
        BindsOthers::Superseded => BindsOthersCode::Superseded,
        BindsOthers::Withdrawn => BindsOthersCode::Withdrawn,
        BindsOthers::Void => BindsOthersCode::Void,
        BindsOthers::NotHeld => BindsOthersCode::NotHeld,
        BindsOthers::NotWeighed => BindsOthersCode::NotWeighed,
    };
    (code, None, None)
}

/// Clauses that a recognition shows.
const CLAUSES_SHOWN_MAX: usize = 16;

/// What a member may do on the strength of a decision, flat. `title_of` gives the title of an agreement
/// that is relied on.
// spec: ADM-230
#[must_use]
pub fn recognition_view(
    recognition: &Recognition,
    title_of: impl Fn(&StatementRef) -> Option<String>,
) -> RecognitionView {
    let relied = |relied: &Relied| ReliedView {
        agreement: relied.agreement.clone(),
        title: title_of(&relied.agreement).unwrap_or_default(),
        version: relied.version,
        clause: relied.clause.to_string(),
    };
    let empty = |code| RecognitionView {
        code,
        by: Vec::new(),
        by_left: None,
        measures: Vec::new(),
        grant: None,
        lacking: None,
        state: None,
    };
    match recognition {
        Recognition::Own => empty(RecognitionCode::Own),
        Recognition::Recognised {
            by,
            measures,
            grant,
        } => RecognitionView {
            by: by.iter().take(CLAUSES_SHOWN_MAX).map(relied).collect(),
            by_left: by
                .len()
                .checked_sub(CLAUSES_SHOWN_MAX)
                .filter(|left| *left > 0)
                .map(|left| left as u64),
            measures: measures
                .iter()
                .map(|one| AllowedView {
                    measure: one.measure.clone(),
                    until: one.until,
                    force: one.force,
                    basis: one.basis.clone(),
                    by: relied(&one.by),
                })
                .collect(),
            grant: grant.then_some(Truth),
            ..empty(RecognitionCode::Recognised)
        },
        Recognition::ForInformation { why } => RecognitionView {
            lacking: Some(lacking(*why)),
            ..empty(RecognitionCode::ForInformation)
        },
        Recognition::NotRecognised { state } => RecognitionView {
            state: Some(binds_others(*state).0),
            ..empty(RecognitionCode::NotRecognised)
        },
    }
}

const fn lacking(why: Lacking) -> LackingCode {
    match why {
        Lacking::NoAgreement => LackingCode::NoAgreement,
        Lacking::Retired => LackingCode::Retired,
        Lacking::NotInForce => LackingCode::NotInForce,
        Lacking::NotCovered => LackingCode::NotCovered,
        Lacking::ActType => LackingCode::ActType,
        Lacking::DecidedOutside => LackingCode::DecidedOutside,
        Lacking::BasisNotValidHere => LackingCode::BasisNotValidHere,
        Lacking::TooMany => LackingCode::TooManyAgreements,
        Lacking::BasisNotChecked => LackingCode::BasisNotChecked,
        Lacking::BasisFails => LackingCode::BasisFails,
    }
}
