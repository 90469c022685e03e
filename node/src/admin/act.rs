//! Acts: signed with the node's statement key, durable, then answered.

mod bulk;
mod case;
mod erasing;
mod exits;
mod freeing;
mod receipt;
mod signed;

use concordat_protocol::admin::{
    AdminError, AdmissionAsk, CorrectionAsk, ErrorCode, ObjectionAsk, RulingAsk, WithdrawalAsk,
};
use concordat_protocol::effect::{CodeState, CodeStep};
use concordat_protocol::statement::{
    Admission, Class, Content, Correction, Decision, Objection, Ruling, StatementRef, Withdrawal,
};
use concordat_protocol::subject::AuthorityCode;

use crate::admin::desk::{Answer, Desk};
use crate::admin::naming::{self, Named};
use crate::admin::{refusal, subject, view};
use crate::node::Node;

use case::Case;
use receipt::{is_over_cap, received_on};

pub(super) use bulk::{count, withdrawal as bulk_withdrawal};
pub(super) use erasing::erasure;
pub(super) use freeing::{repair, stay};
pub(super) use signed::{check, require_own_key, signed, verdict};

/// Objections that an answer lists: a frame carries no more than some thousands.
// spec: ADM-162
const NAMES_SHOWN_MAX: usize = 4_096;

/// `objection file`
pub(super) fn objection(desk: &Desk, ask: ObjectionAsk) -> Answer {
    let received_on = received_on(ask.received_on, desk.node().today())?;
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Objection)?;
    case.require_role(ask.role)?;
    let over_cap = is_over_cap(desk, received_on)?;
    let objection = Objection::new(ask.role, ask.ground, received_on, over_cap, ask.reasons);
    case.record(Content::Objection(objection), ask.dry_run)
}

/// `ruling issue`
pub(super) fn ruling(desk: &Desk, ask: RulingAsk) -> Answer {
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Ruling)?;
    let ruled = case.ruled_unwitnessed()?;
    let open = |found: Vec<StatementRef>| {
        let found = found.into_iter().filter(|one| !ruled.contains(one));
        found.collect()
    };
    let closes = match (ask.closes.is_empty(), case.change()?) {
        (true, Some(change)) => Named::Open(open(change.open)),
        (false, Some(change)) => Named::Each(case.named_among(&ask.closes, &open(change.open))?),
        (true, None) => Named::Open(open(naming::open(&case.effect()?))),
        (false, None) => {
            Named::Each(case.named_open(&ask.closes, |effect| open(view::rulable(effect)))?)
        }
    };
    let rule = |closes| Ruling::new(ask.outcome, closes, ask.reasons.clone()).map(Content::Ruling);
    case.record_naming(closes, rule, ask.dry_run)
}

/// `admission issue`
pub(super) fn admission(desk: &Desk, ask: AdmissionAsk) -> Answer {
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Admission)?;
    let admits = match (ask.admits.is_empty(), case.change()?) {
        (true, Some(change)) => Named::Open(waiting(change)),
        (false, Some(change)) => Named::Each(case.named_among(&ask.admits, &change.open)?),
        (true, None) => Named::Open(naming::waiting_for_admission(&case.effect()?)),
        (false, None) => Named::Each(case.named_open(&ask.admits, view::open_objections)?),
    };
    // spec: ADM-463
    case.require_new(Class::Admission, |said| {
        let Content::Admission(said) = said else {
            return false;
        };
        let mut named = admits.all().iter();
        !admits.all().is_empty() && named.all(|one| said.admits().contains(one))
    })?;
    let admit = |admits| Admission::new(admits, ask.reasons.clone()).map(Content::Admission);
    case.record_naming(admits, admit, ask.dry_run)
}

/// The objections to a change of code that keep it back only once they are admitted.
fn waiting(change: CodeStep) -> Vec<StatementRef> {
    let keeps_back = |one: &StatementRef| match change.state {
        CodeState::Objected => change.by.contains(one),
        CodeState::Holds
        | CodeState::Withdrawn
        | CodeState::Void
        | CodeState::Contradicted
        | CodeState::NotWitnessed
        | CodeState::ActNotHeld
        | CodeState::NotWeighed => false,
    };
    let open = change.open.iter().filter(|one| !keeps_back(one));
    open.cloned().collect()
}

/// `correction issue`
pub(super) fn correction(desk: &Desk, ask: CorrectionAsk) -> Answer {
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Correction)?;
    case.require_not_withdrawn()?;
    case.require_not_void()?;
    case.require_current(ask.worked_from.as_ref())?;
    let replacement = Decision::new(*ask.replacement).map_err(|error| refusal::invalid(&error))?;
    let (decided_on, today) = (replacement.fields().decided_on, desk.node().today());
    if decided_on > today {
        return Err(refusal::day_ahead(decided_on, today));
    }
    case.require_day_of_mandate(&replacement)?;
    case.require_entry_lasts(&replacement)?;
    let reasons = ask.reasons;
    let correction = Box::new(Correction {
        reasons,
        replacement,
    });
    let bulk = ask
        .bulk
        .map(|import| bulk::acts_of(desk, &import, &correction.reasons));
    let case = Case {
        batch: bulk,
        ..case
    };
    case.record(Content::Correction(correction), ask.dry_run)
}

/// `withdrawal issue`
pub(super) fn withdrawal(desk: &Desk, ask: WithdrawalAsk) -> Answer {
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Withdrawal)?;
    case.require_not_withdrawn()?;
    let effect = case
        .class
        .is_decision()
        .then(|| case.effect())
        .transpose()?;
    case.require_exit(effect.as_ref(), ask.reason, ask.exit)?;
    let withdrawal = Withdrawal {
        reason: ask.reason,
        reasons: ask.reasons,
        exit: ask.exit,
    };
    case.record(Content::Withdrawal(withdrawal), ask.dry_run)
}

/// Anyone may receive an objection, and whose mandate is for stays may stay. What else acts on a statement is its issuer's to say, or a
/// supervisor's: from others it would stay in the log for ever without any effect.
// spec: ADM-23, ADM-214
fn require_say(node: &Node, issuer: AuthorityCode, act: Class) -> Result<(), AdminError> {
    let me = node.member();
    let by_anyone = matches!(act, Class::Objection | Class::Stay);
    match by_anyone || issuer == me || supervises(node, act) {
        true => Ok(()),
        false => Err(AdminError::new(ErrorCode::NotTheIssuer).with("issuer", issuer)),
    }
}

/// Whether the node's member acts on every authority's statements today.
fn supervises(node: &Node, act: Class) -> bool {
    let registry = node.registry();
    let member = registry.member(node.member());
    member.is_some_and(|member| member.supervises(act, node.today()))
}
