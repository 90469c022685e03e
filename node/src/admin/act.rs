//! Acts: signed with the node's statement key, durable, then answered.

mod bulk;
mod erasing;
mod exits;
mod freeing;

use concordat_protocol::admin::{
    AdminError, AdmissionAsk, CorrectionAsk, ErrorCode, ObjectionAsk, Recorded, Reply, RulingAsk,
    Target, WithdrawalAsk,
};
use concordat_protocol::codec::{Ext, Truth};
use concordat_protocol::effect::{CodeState, CodeStep, Effect, Horizon, Validity};
use concordat_protocol::log::{LeafIndex, TreeSize};
use concordat_protocol::statement::{
    Admission, BatchId, Body, Class, Content, Correction, Decision, Invalid, Leaf, Objection,
    ObjectorRole, Payload, Ruling, SALT_BYTES, Statement, StatementRef, Vis, Withdrawal, sign,
};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::time::Day;
use concordat_protocol::trust::{self, LogNumber, Place, Registry, RejectReason};

use crate::admin::desk::{Answer, Desk};
use crate::admin::naming::{self, Named};
use crate::admin::{acts, codes, refusal, subject, target, view};
use crate::clock;
use crate::node::Node;
use crate::query::Found;
use crate::store::Position;

pub(super) use bulk::{count, withdrawal as bulk_withdrawal};
pub(super) use erasing::erasure;
pub(super) use freeing::{repair, stay};

/// How many days before today an objection that is recorded can have been received.
const RECEIPT_DAYS_MAX: i32 = 30;
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

/// A statement that is to be acted on.
struct Case<'d> {
    desk: &'d Desk,
    target: StatementRef,
    issuer: AuthorityCode,
    about: SubjectCode,
    class: Class,
    /// Whether what is known of the target may be shown without a look-up.
    is_open: bool,
    /// What ties what is said to other acts.
    batch: Option<BatchId>,
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
        // A withdrawal takes back any statement about an organisation; the other acts decide about
        // decisions, and what is said on objections about changes of code too.
        let withdraws = act == Class::Withdrawal;
        let erases = act == Class::Erasure;
        // spec: ADM-74
        let can_be_withdrawn = matches!(class, Class::Ruling | Class::Stay | Class::Repair);
        if withdraws && class.is_act() && !can_be_withdrawn {
            return Err(refusal::no_effect(class, "act"));
        }
        let is_answer = class == Class::RecognitionResponse;
        let objects = matches!(act, Class::Objection | Class::Ruling | Class::Admission);
        let fits = class.is_decision()
            || (withdraws && (class.is_act() || class.is_record() || is_answer))
            || (objects && class == Class::CodeChange)
            || (erases && (class.is_record() || erasing::is_orphan(desk.node(), &verified)));
        if !fits {
            let error = AdminError::new(ErrorCode::WrongClass);
            return Err(error.with("class", refusal::class_name(class)));
        }
        let issuer = verified.statement().header().issuer;
        // An answer is its author's alone.
        // spec: AGR-60
        if is_answer && issuer != desk.node().member() {
            return Err(AdminError::new(ErrorCode::NotTheIssuer).with("issuer", issuer));
        }
        // What a department says stands in the log of its member, which erases it.
        // spec: ADM-443
        if !(erases && desk.node().owns(&target.origin)) {
            require_say(desk.node(), issuer, act)?;
        }
        Ok(Self {
            desk,
            target,
            issuer: verified.statement().header().issuer,
            about: verified.statement().header().about,
            class,
            is_open: subject::require_look_up(desk, &verified, false).is_ok(),
            batch: None,
        })
    }

    fn effect(&self) -> Result<Effect, AdminError> {
        let effect = self
            .desk
            .node()
            .effect_of(&self.target, self.desk.node().today());
        effect.map_err(|error| refusal::ask(&error))
    }

    /// How it stands with a change of code; `None` of what is none.
    // spec: ADM-453
    fn change(&self) -> Result<Option<CodeStep>, AdminError> {
        match self.class == Class::CodeChange {
            true => codes::step(self.desk.node(), self.about, &self.target),
            false => Ok(None),
        }
    }

    /// Refuses a correction worked out from what stands no more: it would undo what it does not know.
    // spec: ADM-80
    fn require_current(&self, worked_from: Option<&StatementRef>) -> Result<(), AdminError> {
        let horizon = self.desk.node().horizon();
        let effect = self.effect()?;
        let newest = match self.own_unwitnessed(&horizon, &effect, Class::Correction)? {
            Some(own) => Some(own),
            None => standing(effect.validity),
        };
        let current = newest.as_ref().unwrap_or(&self.target);
        match worked_from.unwrap_or(&self.target) == current {
            true => Ok(()),
            false => Err(AdminError::new(ErrorCode::NotCurrent).with("current", current)),
        }
    }

    /// Refuses another act on what was taken back.
    // spec: ADM-74
    fn require_not_withdrawn(&self) -> Result<(), AdminError> {
        match self.withdrawn_by()? {
            Some(by) => Err(refusal::no_effect(self.class, "withdrawn").with("by", by)),
            None => Ok(()),
        }
    }

    /// Refuses a correction that puts a decision on another day, on which whoever made it had no mandate for it: it
    /// could not have been made then.
    // spec: ADM-462
    fn require_day_of_mandate(&self, replacement: &Decision) -> Result<(), AdminError> {
        let (made, registry) = (
            subject::verified(self.desk, &self.target)?,
            self.desk.node().registry(),
        );
        let said = replacement.fields();
        let own = made.statement().payload().content.decision();
        if own.is_some_and(|own| own.fields().decided_on == said.decided_on) {
            return Ok(());
        }
        let class = match said.listing.is_some() {
            true => Class::ListEntry,
            false => Class::Decision,
        };
        let author = registry.member(self.issuer);
        let had =
            author.is_some_and(|one| one.mandate(class, said.decided_on, Some(said)).is_some());
        match had {
            true => Ok(()),
            false => Err(AdminError::new(ErrorCode::DayWithoutMandate)
                .with("issuer", self.issuer)
                .with("day", said.decided_on)),
        }
    }

    /// Refuses to say once more what the node's member said of the target and did not take back.
    // spec: ADM-296
    fn require_new(
        &self,
        class: Class,
        is_same: impl Fn(&Content) -> bool,
    ) -> Result<(), AdminError> {
        let (node, target) = (self.desk.node(), Position::of(&self.target));
        let me = node.member();
        for act in acts::on(node, &target, me, class)? {
            let (statement, at) = (act.statement(), act.reference());
            let is_same = statement.header().issuer == me && is_same(&statement.payload().content);
            if is_same && acts::taken_back(node, at, me, class)?.is_none() {
                return Err(refusal::no_effect(self.class, "stands").with("by", at));
            }
        }
        Ok(())
    }

    /// What takes the target back, now or once a quorum has cosigned it.
    fn withdrawn_by(&self) -> Result<Option<StatementRef>, AdminError> {
        let node = self.desk.node();
        if !self.class.is_decision() {
            return acts::taken_back(node, &self.target, self.issuer, self.class);
        }
        let horizon = node.horizon();
        self.withdrawn_in(&horizon, &self.effect()?)
    }

    /// The same of a decision, by its effect and a horizon from before it.
    fn withdrawn_in(
        &self,
        horizon: &Horizon,
        effect: &Effect,
    ) -> Result<Option<StatementRef>, AdminError> {
        match &effect.validity {
            Validity::Withdrawn { by } => Ok(by.first().cloned()),
            Validity::Void { .. } => {
                let target = Position::of(&self.target);
                acts::withdrawal(self.desk.node(), &target, self.issuer)
            }
            Validity::InForce
            | Validity::Corrected { .. }
            | Validity::TargetNotHeld { .. }
            | Validity::NotADecision => self.own_unwitnessed(horizon, effect, Class::Withdrawal),
        }
    }

    /// Refuses to correct what is void: it stays void as corrected.
    // spec: ADM-74
    fn require_not_void(&self) -> Result<(), AdminError> {
        match self.effect()?.validity {
            Validity::Void { .. } => Err(refusal::no_effect(self.class, "void")),
            Validity::InForce
            | Validity::Withdrawn { .. }
            | Validity::Corrected { .. }
            | Validity::TargetNotHeld { .. }
            | Validity::NotADecision => Ok(()),
        }
    }

    /// What rulings of the node's own name that no quorum has cosigned yet, and that nobody took back.
    // spec: ADM-74
    fn ruled_unwitnessed(&self) -> Result<Vec<StatementRef>, AdminError> {
        let (node, target) = (self.desk.node(), Position::of(&self.target));
        let horizon = node.horizon();
        let mut named = Vec::new();
        for ruling in acts::on(node, &target, node.member(), Class::Ruling)? {
            let at = ruling.reference();
            let is_pending = node.owns(&at.origin)
                && !view::witnessed(&horizon, at)
                && !node.is_late(&at.origin, at.index)
                && acts::withdrawal(node, &Position::of(at), node.member())?.is_none();
            if let Content::Ruling(ruling) = &ruling.statement().payload().content
                && is_pending
            {
                named.extend_from_slice(ruling.closes());
            }
        }
        Ok(named)
    }

    /// The newest act of a class that the node recorded itself and no quorum has cosigned yet: it will
    /// take the place of what stands.
    ///
    /// The horizon has to be older than the effect: by a newer one, what a quorum cosigned between the
    /// two would be passed over as witnessed while the effect lacks it still.
    fn own_unwitnessed(
        &self,
        horizon: &Horizon,
        effect: &Effect,
        class: Class,
    ) -> Result<Option<StatementRef>, AdminError> {
        let node = self.desk.node();
        let query = node.query().map_err(refusal::index)?;
        let own = |one: &&StatementRef| node.owns(&one.origin) && !view::witnessed(horizon, one);
        for pending in effect.pending.iter().rev().filter(own) {
            let found = query.statement(&pending.origin, pending.index);
            if let Found::Verified(act) = found.map_err(refusal::query)?
                && act.statement().payload().class() == class
            {
                return Ok(Some(pending.clone()));
            }
        }
        Ok(None)
    }

    /// Refuses to speak for another authority. The organisation itself is heard anywhere.
    // spec: ADM-82
    fn require_role(&self, role: ObjectorRole) -> Result<(), AdminError> {
        let node = self.desk.node();
        let is_own = match role {
            ObjectorRole::Subject => true,
            ObjectorRole::Issuer => self.issuer == node.member(),
            ObjectorRole::Supervisor => {
                let mut acts = Class::ALL.iter().filter(|class| class.is_act());
                acts.any(|act| supervises(node, *act))
            }
        };
        match is_own {
            true => Ok(()),
            false => Err(AdminError::new(ErrorCode::RoleRefused)
                .with("role", format!("{role:?}").to_lowercase())
                .with("issuer", self.issuer)),
        }
    }

    /// Statements named by the request, ascending, each of which is still open.
    // spec: ADM-74
    fn named_open(
        &self,
        targets: &[Target],
        open: impl Fn(&Effect) -> Vec<StatementRef>,
    ) -> Result<Vec<StatementRef>, AdminError> {
        self.named_among(targets, &open(&self.effect()?))
    }

    /// The same among those that are open, ascending.
    fn named_among(
        &self,
        targets: &[Target],
        open: &[StatementRef],
    ) -> Result<Vec<StatementRef>, AdminError> {
        let named = self.named(targets)?;
        match named.iter().find(|one| open.binary_search(one).is_err()) {
            Some(closed) => Err(AdminError::new(ErrorCode::NothingOpen).with("target", closed)),
            None => Ok(named),
        }
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
    fn record(&self, content: Content, dry_run: bool) -> Answer {
        let recorded = self.record_all(vec![content], dry_run)?;
        Ok(Reply::Recorded(Box::new(recorded)))
    }

    /// The same for what is said on objections, in as many acts as it takes: all of them, or none.
    // spec: ADM-160
    fn record_naming(
        &self,
        named: Named,
        say: impl Fn(Vec<StatementRef>) -> Result<Content, Invalid>,
        dry_run: bool,
    ) -> Answer {
        self.require_open(named.all())?;
        let mut names = named.all().to_vec();
        let say = |part| say(part).map_err(|error| refusal::invalid(&error));
        let alone = self.payload(say(names.iter().take(1).cloned().collect())?);
        let bytes = signed(self.desk.node(), self.about, &alone)?.len();
        let parts = named.parts(bytes);
        let parts = parts.map_err(|error| refusal::invalid(&error))?;
        let contents: Result<Vec<Content>, AdminError> = parts.into_iter().map(say).collect();
        let mut recorded = self.record_all(contents?, dry_run)?;
        // spec: ADM-162
        recorded.named = (names.len() > NAMES_SHOWN_MAX).then_some(names.len() as u64);
        names.truncate(NAMES_SHOWN_MAX);
        recorded.names = names;
        recorded.names.sort_unstable();
        Ok(Reply::Recorded(Box::new(recorded)))
    }

    /// Whom an act is about: a correction may put the decision upon another organisation.
    // spec: ADM-294
    fn about_by(&self, payload: &Payload) -> SubjectCode {
        payload.content.subject().unwrap_or(self.about)
    }

    /// Acts of one class, appended as one batch.
    fn record_all(&self, contents: Vec<Content>, dry_run: bool) -> Result<Recorded, AdminError> {
        let node = self.desk.node();
        let payloads: Vec<Payload> = contents.into_iter().map(|it| self.payload(it)).collect();
        let Some(first) = payloads.first() else {
            return Err(AdminError::new(ErrorCode::Internal).with("cause", "no act"));
        };
        let class = first.class();
        let statements: Result<Vec<_>, AdminError> = payloads
            .iter()
            .map(|payload| signed(node, self.about_by(payload), payload))
            .collect();
        let statements = statements?;
        let mut references = match dry_run {
            true => {
                for statement in &statements {
                    check(node, statement, self.vis())?;
                }
                Vec::new()
            }
            false => self.append(statements, first)?,
        }
        .into_iter();
        let (reference, more): (_, Vec<StatementRef>) = (references.next(), references.collect());
        let horizon = node.horizon();
        // A head covers a log up to a position.
        let last = more.last().or(reference.as_ref());
        let witnessed = last.is_some_and(|last| view::witnessed(&horizon, last));
        // spec: ADM-71
        let is_decision = self.class.is_decision();
        let effect = match is_decision && self.is_open {
            true => Some(view::effect(&self.effect()?, node.today())),
            false => None,
        };
        Ok(Recorded {
            class,
            target: self.target.clone(),
            reference,
            names: Vec::new(),
            witnessed,
            effect,
            effect_withheld: (is_decision && !self.is_open).then_some(Truth),
            more,
            named: None,
            acts: payloads.len() as u64,
            batch: self.batch,
        })
    }

    fn payload(&self, content: Content) -> Payload {
        let node = self.desk.node();
        let register = node.genesis().register_origin();
        let adopted = node.shared().logs().get(&register).map(|log| log.size());
        Payload {
            issued_at: node.date(),
            target: Some(self.target.clone()),
            register_size: Some(adopted.unwrap_or(TreeSize::ZERO)),
            batch: self.batch,
            content,
            ext: Ext::default(),
        }
    }

    fn append(
        &self,
        statements: Vec<Vec<u8>>,
        first: &Payload,
    ) -> Result<Vec<StatementRef>, AdminError> {
        let node = self.desk.node();
        let submitted = node.submit(LogNumber::Statements, statements);
        let references = self.desk.runtime.block_on(submitted);
        references.map_err(|failure| refusal::submission(node, &failure, node.member(), first))
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

/// Anyone may receive an objection, and whose mandate is for stays may stay. What else acts on a statement is its issuer's to say, or a
/// supervisor's: from others it would stay in the log for ever without any effect.
// spec: ADM-23, ADM-214
fn require_say(node: &Node, issuer: AuthorityCode, act: Class) -> Result<(), AdminError> {
    let me = node.member();
    let by_anyone = matches!(act, Class::Objection | Class::Stay);
    // spec: EFF-243
    let registry = node.registry();
    let stands_for = || registry.stands_for(me, registry.size());
    let is_own = issuer == me || stands_for().contains_key(&issuer);
    match by_anyone || is_own || supervises(node, act) {
        true => Ok(()),
        false => Err(AdminError::new(ErrorCode::NotTheIssuer).with("issuer", issuer)),
    }
}

/// The correction that stands.
fn standing(validity: Validity) -> Option<StatementRef> {
    match validity {
        Validity::Corrected { by } => by.last().cloned(),
        Validity::InForce
        | Validity::Void { .. }
        | Validity::Withdrawn { .. }
        | Validity::TargetNotHeld { .. }
        | Validity::NotADecision => None,
    }
}

/// Whether the node's member acts on every authority's statements today.
fn supervises(node: &Node, act: Class) -> bool {
    let registry = node.registry();
    let member = registry.member(node.member());
    member.is_some_and(|member| member.supervises(act, node.today()))
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
    verdict.map_err(|reason| refusal::rejected_by(node, reason, node.member(), statement.payload()))
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

/// The day of receipt that is meant: today when none is said, never one to come, and none so long ago
/// that nobody could tell any more when it was received.
// spec: ADM-72
fn received_on(asked: Option<Day>, today: Day) -> Result<Day, AdminError> {
    let Some(day) = asked else {
        return Ok(today);
    };
    if day > today {
        return Err(refusal::day_ahead(day, today));
    }
    if day < first_receipt(today) {
        return Err(AdminError::new(ErrorCode::DayPast)
            .with("day", day)
            .with("first", first_receipt(today)));
    }
    Ok(day)
}

/// The first day of receipt of an objection that is recorded on a day.
fn first_receipt(today: Day) -> Day {
    today.plus_days(-RECEIPT_DAYS_MAX).unwrap_or(today)
}

/// Whether another objection goes over the cap of the mandate to receive them, which counts what is
/// recorded in a day: a day of receipt is only said.
// spec: ADM-73
fn is_over_cap(desk: &Desk, received_on: Day) -> Result<bool, AdminError> {
    let node = desk.node();
    let registry = node.registry();
    let mandate = registry
        .member(node.member())
        .and_then(|member| member.mandate(Class::Objection, received_on, None));
    let Some(cap) = mandate.and_then(|mandate| mandate.objections_daily_cap) else {
        return Ok(false);
    };
    let own = node.genesis().origin(node.member(), LogNumber::Statements);
    let query = node.query().map_err(refusal::index)?;
    // The clock that dates the statements.
    let recording = clock::today();
    let (mut recorded, today) = (0, node.today());
    // One day more, for what was recorded before the newest quorum time brought a new day.
    let days = (0..=RECEIPT_DAYS_MAX + 1).filter_map(|back| today.plus_days(-back).ok());
    for day in days {
        for position in query.store().objections_on(day).map_err(refusal::store)? {
            if position.origin != own {
                continue;
            }
            let found = query.statement(&position.origin, position.index);
            if let Found::Verified(objection) = found.map_err(refusal::query)?
                && Day::of(objection.statement().payload().issued_at) == Ok(recording)
            {
                recorded += 1;
            }
        }
    }
    Ok(recorded >= u64::from(cap))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse_loose(text).unwrap()
    }

    // spec: ADM-72
    #[test]
    fn day_of_receipt_lies_within_thirty_days_up_to_today() {
        let today = day("2026-11-22");
        let said = |text: &str| received_on(Some(day(text)), today);
        assert_eq!(received_on(None, today), Ok(today));
        assert_eq!(said("2026-11-22"), Ok(today));
        assert_eq!(said("2026-10-23"), Ok(day("2026-10-23")));
        assert_eq!(said("2026-11-23").unwrap_err().code, ErrorCode::DayAhead);
        let past = said("2026-10-22").unwrap_err();
        assert_eq!(past.code, ErrorCode::DayPast);
        assert_eq!(past.detail("first"), Some("2026-10-23"));
    }
}
