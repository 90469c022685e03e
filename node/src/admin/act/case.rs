//! A statement that is to be acted on, and what is asked of it first.

use concordat_protocol::admin::{AdminError, ErrorCode, Recorded, Reply, Target};
use concordat_protocol::codec::{Ext, Truth};
use concordat_protocol::effect::{CodeStep, Effect, Horizon, Validity};
use concordat_protocol::log::TreeSize;
use concordat_protocol::statement::{
    BatchId, Class, Content, Decision, Invalid, Leaf, ObjectorRole, Payload, StatementRef, Vis,
};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::trust::LogNumber;

use super::signed::{check, require_own_key, signed};
use super::{NAMES_SHOWN_MAX, erasing, require_say, supervises};
use crate::admin::desk::{Answer, Desk};
use crate::admin::naming::Named;
use crate::admin::{acts, codes, refusal, subject, target, view};
use crate::query::Found;
use crate::store::Position;

/// A statement that is to be acted on.
pub(super) struct Case<'d> {
    pub(super) desk: &'d Desk,
    pub(super) target: StatementRef,
    pub(super) issuer: AuthorityCode,
    pub(super) about: SubjectCode,
    pub(super) class: Class,
    /// Whether what is known of the target may be shown without a look-up.
    pub(super) is_open: bool,
    /// What ties what is said to other acts.
    pub(super) batch: Option<BatchId>,
}

impl<'d> Case<'d> {
    pub(super) fn open(
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

    pub(super) fn effect(&self) -> Result<Effect, AdminError> {
        let effect = self
            .desk
            .node()
            .effect_of(&self.target, self.desk.node().today());
        effect.map_err(|error| refusal::ask(&error))
    }

    /// How it stands with a change of code; `None` of what is none.
    // spec: ADM-453
    pub(super) fn change(&self) -> Result<Option<CodeStep>, AdminError> {
        match self.class == Class::CodeChange {
            true => codes::step(self.desk.node(), self.about, &self.target),
            false => Ok(None),
        }
    }

    /// Refuses a correction worked out from what stands no more: it would undo what it does not know.
    // spec: ADM-80
    pub(super) fn require_current(
        &self,
        worked_from: Option<&StatementRef>,
    ) -> Result<(), AdminError> {
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
    pub(super) fn require_not_withdrawn(&self) -> Result<(), AdminError> {
        match self.withdrawn_by()? {
            Some(by) => Err(refusal::no_effect(self.class, "withdrawn").with("by", by)),
            None => Ok(()),
        }
    }

    /// Refuses a correction that puts a decision on another day, on which whoever made it had no mandate for it: it
    /// could not have been made then.
    // spec: ADM-462
    pub(super) fn require_day_of_mandate(&self, replacement: &Decision) -> Result<(), AdminError> {
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
    pub(super) fn require_new(
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
    pub(super) fn withdrawn_in(
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
    pub(super) fn require_not_void(&self) -> Result<(), AdminError> {
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
    pub(super) fn ruled_unwitnessed(&self) -> Result<Vec<StatementRef>, AdminError> {
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
    pub(super) fn require_role(&self, role: ObjectorRole) -> Result<(), AdminError> {
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
    pub(super) fn named_open(
        &self,
        targets: &[Target],
        open: impl Fn(&Effect) -> Vec<StatementRef>,
    ) -> Result<Vec<StatementRef>, AdminError> {
        self.named_among(targets, &open(&self.effect()?))
    }

    /// The same among those that are open, ascending.
    pub(super) fn named_among(
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
    pub(super) fn record(&self, content: Content, dry_run: bool) -> Answer {
        let recorded = self.record_all(vec![content], dry_run)?;
        Ok(Reply::Recorded(Box::new(recorded)))
    }

    /// The same for what is said on objections, in as many acts as it takes: all of them, or none.
    // spec: ADM-160
    pub(super) fn record_naming(
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
    pub(super) fn record_all(
        &self,
        contents: Vec<Content>,
        dry_run: bool,
    ) -> Result<Recorded, AdminError> {
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

    pub(super) fn payload(&self, content: Content) -> Payload {
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

    pub(super) fn append(
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
    pub(super) fn vis(&self) -> Vis {
        let leaf = self
            .desk
            .node()
            .shared()
            .leaf(&self.target.origin, self.target.index);
        let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
        leaf.map_or(Vis::ALL_MEMBERS, |leaf| leaf.vis)
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
