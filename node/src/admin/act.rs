//! Acts: signed with the node's statement key, durable, then answered.

use concordat_protocol::admin::{
    AdminError, AdmissionAsk, CorrectionAsk, ErrorCode, ObjectionAsk, Recorded, Reply, RulingAsk,
    Target, WithdrawalAsk,
};
use concordat_protocol::codec::Ext;
use concordat_protocol::effect::{Effect, Validity};
use concordat_protocol::log::{LeafIndex, TreeSize};
use concordat_protocol::statement::{
    Admission, Body, Class, Content, Correction, Decision, Leaf, Objection, Payload, Ruling,
    SALT_BYTES, Statement, StatementRef, Vis, Withdrawal, sign,
};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::time::Day;
use concordat_protocol::trust::{self, LogNumber, Place, Registry, RejectReason};

use crate::admin::desk::{Answer, Desk};
use crate::admin::{refusal, subject, target, view};
use crate::clock;
use crate::node::Node;

/// `objection file`
pub(super) fn objection(desk: &Desk, ask: ObjectionAsk) -> Answer {
    let received_on = ask.received_on.unwrap_or_else(clock::today);
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Objection)?;
    let over_cap = is_over_cap(desk, received_on)?;
    let objection = Objection::new(ask.role, ask.ground, received_on, over_cap, ask.reasons);
    case.record(Content::Objection(objection), Vec::new(), ask.dry_run)
}

/// `ruling issue`
pub(super) fn ruling(desk: &Desk, ask: RulingAsk) -> Answer {
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Ruling)?;
    let closes = match ask.closes.is_empty() {
        true => view::open_objections(&case.effect()?),
        false => case.named(&ask.closes)?,
    };
    case.require_open(&closes)?;
    let ruling = Ruling::new(ask.outcome, closes.clone(), ask.reasons);
    let ruling = ruling.map_err(|error| refusal::invalid(&error))?;
    case.record(Content::Ruling(ruling), closes, ask.dry_run)
}

/// `admission issue`
pub(super) fn admission(desk: &Desk, ask: AdmissionAsk) -> Answer {
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Admission)?;
    let admits = match ask.admits.is_empty() {
        true => {
            let mut waiting: Vec<StatementRef> = case
                .effect()?
                .waiting
                .into_iter()
                .map(|waiting| waiting.objection)
                .collect();
            waiting.sort();
            waiting.dedup();
            waiting
        }
        false => case.named(&ask.admits)?,
    };
    case.require_open(&admits)?;
    let admission = Admission::new(admits.clone(), ask.reasons);
    let admission = admission.map_err(|error| refusal::invalid(&error))?;
    case.record(Content::Admission(admission), admits, ask.dry_run)
}

/// `correction issue`
pub(super) fn correction(desk: &Desk, ask: CorrectionAsk) -> Answer {
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Correction)?;
    if let Some(worked_from) = &ask.worked_from {
        let newest = match case.effect()?.validity {
            Validity::Corrected { by } => by.last().cloned(),
            Validity::InForce
            | Validity::Void { .. }
            | Validity::Withdrawn { .. }
            | Validity::TargetNotHeld { .. }
            | Validity::NotADecision => None,
        };
        let newest = newest.unwrap_or_else(|| case.target.clone());
        if newest != *worked_from {
            let rule = format!("another correction has come since: {newest}");
            return Err(AdminError::new(ErrorCode::InvalidStatement).with("rule", rule));
        }
    }
    let replacement = Decision::new(*ask.replacement).map_err(|error| refusal::invalid(&error))?;
    let reasons = ask.reasons;
    let correction = Box::new(Correction {
        reasons,
        replacement,
    });
    case.record(Content::Correction(correction), Vec::new(), ask.dry_run)
}

/// `withdrawal issue`
pub(super) fn withdrawal(desk: &Desk, ask: WithdrawalAsk) -> Answer {
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Withdrawal)?;
    let withdrawal = Withdrawal {
        reason: ask.reason,
        reasons: ask.reasons,
    };
    case.record(Content::Withdrawal(withdrawal), Vec::new(), ask.dry_run)
}

/// A statement that is to be acted on.
struct Case<'d> {
    desk: &'d Desk,
    target: StatementRef,
    about: SubjectCode,
    is_decision: bool,
}

impl<'d> Case<'d> {
    fn open(
        desk: &'d Desk,
        named: &Target,
        issuer: Option<AuthorityCode>,
        act: Class,
    ) -> Result<Self, AdminError> {
        require_own_key(desk.node(), issuer)?;
        let target = target::resolve(desk, named)?;
        let verified = subject::verified(desk, &target)?;
        let class = verified.statement().payload().class();
        let is_decision = class == Class::Decision;
        // A withdrawal takes back any statement about an organisation; the other acts decide about
        // decisions.
        let fits = is_decision || (act == Class::Withdrawal && class.is_act());
        if !fits {
            let error = AdminError::new(ErrorCode::WrongClass);
            return Err(error.with("class", refusal::class_name(class)));
        }
        require_say(desk.node(), verified.statement().header().issuer, act)?;
        Ok(Self {
            desk,
            target,
            about: verified.statement().header().about,
            is_decision,
        })
    }

    fn effect(&self) -> Result<Effect, AdminError> {
        let effect = self.desk.node().effect_of(&self.target, clock::today());
        effect.map_err(|error| refusal::ask(&error))
    }

    /// Statements named by the request, ascending.
    fn named(&self, targets: &[Target]) -> Result<Vec<StatementRef>, AdminError> {
        let found: Result<Vec<_>, _> = targets
            .iter()
            .map(|named| target::resolve(self.desk, named))
            .collect();
        let mut found = found?;
        found.sort();
        found.dedup();
        Ok(found)
    }

    fn require_open(&self, objections: &[StatementRef]) -> Result<(), AdminError> {
        match objections.is_empty() {
            true => Err(AdminError::new(ErrorCode::NothingOpen).with("target", &self.target)),
            false => Ok(()),
        }
    }

    /// Signs the act and appends it; with `dry_run` only looks whether it would be taken.
    fn record(&self, content: Content, names: Vec<StatementRef>, dry_run: bool) -> Answer {
        let node = self.desk.node();
        let register = node.genesis().register_origin();
        let adopted = node.shared().logs().get(&register).map(|log| log.size());
        let payload = Payload {
            issued_at: clock::now(),
            target: Some(self.target.clone()),
            register_size: Some(adopted.unwrap_or(TreeSize::ZERO)),
            batch: None,
            content,
            ext: Ext::default(),
        };
        let class = payload.class();
        let reference = match dry_run {
            true => {
                let statement = signed(node, self.about, &payload)?;
                check(node, &statement, self.vis())?;
                None
            }
            false => Some(self.append(&payload)?),
        };
        let horizon = node.horizon();
        let witnessed = reference
            .as_ref()
            .is_some_and(|reference| view::witnessed(&horizon, reference));
        let effect = match self.is_decision {
            true => Some(view::effect(&self.effect()?, clock::today())),
            false => None,
        };
        Ok(Reply::Recorded(Box::new(Recorded {
            class,
            target: self.target.clone(),
            reference,
            names,
            witnessed,
            effect,
        })))
    }

    fn append(&self, payload: &Payload) -> Result<StatementRef, AdminError> {
        let node = self.desk.node();
        let statement = signed(node, self.about, payload)?;
        let submitted = node.submit(LogNumber::Statements, vec![statement]);
        let references = self
            .desk
            .runtime
            .block_on(submitted)
            .map_err(|failure| refusal::submission(&failure, node.member(), payload))?;
        let first = references.into_iter().next();
        first.ok_or_else(|| AdminError::new(ErrorCode::Internal).with("cause", "no reference"))
    }

    /// The visibility class of the target, which its acts have too.
    fn vis(&self) -> Vis {
        let leaf = self
            .desk
            .node()
            .shared()
            .leaf(&self.target.origin, self.target.index);
        let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
        leaf.map_or(Vis::ALL_MEMBERS, |leaf| leaf.vis)
    }
}

/// Anyone may receive an objection. What else acts on a statement is its issuer's to say, or a
/// supervisor's: from others it would stay in the log for ever without any effect.
// spec: ADM-23
fn require_say(node: &Node, issuer: AuthorityCode, act: Class) -> Result<(), AdminError> {
    let me = node.member();
    let registry = node.registry();
    let supervises = || {
        let member = registry.member(me);
        member.is_some_and(|member| member.supervises(act, clock::today()))
    };
    match act == Class::Objection || issuer == me || supervises() {
        true => Ok(()),
        false => Err(AdminError::new(ErrorCode::NotTheIssuer).with("issuer", issuer)),
    }
}

/// The node signs as its member; keys of departments come with a later version.
// spec: ADM-65
pub(super) fn require_own_key(
    node: &Node,
    issuer: Option<AuthorityCode>,
) -> Result<(), AdminError> {
    match issuer.filter(|issuer| *issuer != node.member()) {
        Some(issuer) => {
            let what =
                format!("signing with the key of {issuer}, another issuer than the node's member");
            Err(AdminError::new(ErrorCode::NotSupported).with("what", what))
        }
        None => Ok(()),
    }
}

/// Signs a statement of the node's own member under the registry as adopted.
pub(super) fn signed(
    node: &Node,
    about: SubjectCode,
    payload: &Payload,
) -> Result<Vec<u8>, AdminError> {
    let bytes = sign(node.signer(), node.member(), about, node.ctx(), payload);
    bytes.map_err(|error| refusal::invalid(&error))
}

/// Whether the node's core would take a statement at the end of the member's log, as a refusal.
pub(super) fn check(node: &Node, bytes: &[u8], vis: Vis) -> Result<(), AdminError> {
    let statement = Statement::decode(bytes).map_err(|error| refusal::invalid(&error))?;
    let verdict = verdict(node, &node.registry(), &statement, vis);
    verdict.map_err(|reason| refusal::rejected(reason, node.member(), statement.payload()))
}

/// Whether the registry lets a statement pass at the end of the member's log.
pub(super) fn verdict(
    node: &Node,
    registry: &Registry,
    statement: &Statement,
    vis: Vis,
) -> Result<(), RejectReason> {
    let origin = node.genesis().origin(node.member(), LogNumber::Statements);
    let size = node
        .shared()
        .logs()
        .get(&origin)
        .map_or(0, |log| log.size().value());
    let body = Body::new([0; SALT_BYTES], statement.as_bytes().to_vec());
    let body = body.map_err(|_| RejectReason::NotAStatement)?;
    let payload = statement.payload();
    let local = payload
        .target
        .as_ref()
        .filter(|target| target.origin == origin);
    let leaf = Leaf {
        kind: payload.class().kind(),
        vis,
        commit: body.commit(),
        target: local.map(|target| target.index),
        ctx: statement.header().ctx.size,
    };
    let index = LeafIndex::new(size);
    let place = Place {
        origin: &origin,
        index,
        leaf: &leaf,
        ctx_floor: node.shared().ctx_floor(&origin, index),
    };
    trust::check(registry, place, statement).map(drop)
}

/// Whether another objection on this day goes over the cap of the mandate to receive them.
fn is_over_cap(desk: &Desk, day: Day) -> Result<bool, AdminError> {
    let node = desk.node();
    let registry = node.registry();
    let mandate = registry
        .member(node.member())
        .and_then(|member| member.mandate(Class::Objection, day, None));
    let Some(cap) = mandate.and_then(|mandate| mandate.objections_daily_cap) else {
        return Ok(false);
    };
    let own = node.genesis().origin(node.member(), LogNumber::Statements);
    let query = node.query().map_err(refusal::index)?;
    let mut received = 0;
    for position in query.store().objections_on(day).map_err(refusal::store)? {
        if position.origin != own {
            continue;
        }
        let found = query.statement(&position.origin, position.index);
        if let crate::query::Found::Verified(_) = found.map_err(refusal::query)? {
            received += 1;
        }
    }
    Ok(received >= u64::from(cap))
}
