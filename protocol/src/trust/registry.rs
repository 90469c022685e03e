//! The registry: a fold over the hub's log 1, answering for every size that it has passed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::key::PublicKey;
use crate::log::{CompactRange, Hash, LeafIndex, Origin, TreeSize, hash};
use crate::statement::{
    Audience, CatalogueItem, Class, Content, Ctx, CtxCourse, CutOff, Enrolment, ItemCatalogue,
    KeyUse, Kind, Leaf, Policy, Role, Rotation, SUITE_SHA256, Statement, Suspension, Vis,
    VisibilityClass, registry_state,
};
use crate::subject::{AuthorityCode, Subject};
use crate::trust::genesis::{Genesis, check_policy, enrolled_keys};
use crate::trust::member::Member;
use crate::trust::reject::RejectReason;
use crate::trust::verify;

/// Values over the registry's life, each with the size from which it holds.
#[derive(Clone, Debug)]
struct History<T>(Vec<(TreeSize, Arc<T>)>);

impl<T> Default for History<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> History<T> {
    fn at(&self, size: TreeSize) -> Option<&Arc<T>> {
        let upto = self.0.partition_point(|(from, _)| *from <= size);
        upto.checked_sub(1)
            .and_then(|last| self.0.get(last))
            .map(|(_, value)| value)
    }

    fn push(&mut self, from: TreeSize, value: T) {
        self.0.push((from, Arc::new(value)));
    }
}

/// What an entry of the registry log did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It changed the registry.
    Changed,
    /// It says from where the hub's log went on, and nothing of the registry.
    Unchanged,
    /// It is in the log but counts for nothing.
    Void(RejectReason),
}

/// Who stands behind a change that has enough approvals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Approved {
    /// The quorum of approvers.
    ByApprovers,
    /// The recovery quorum as well.
    ByRecoveryToo,
}

/// Members, catalogue and policy at every size of the registry log so far.
#[derive(Clone, Debug)]
pub struct Registry {
    genesis: Arc<Genesis>,
    range: CompactRange,
    /// Root at each size, from 0.
    roots: Vec<Hash>,
    members: BTreeMap<AuthorityCode, History<Member>>,
    catalogues: History<ItemCatalogue>,
    policies: History<Policy>,
    /// The largest size in the `ctx` of an entry that the hub signed.
    ctx_size_max: TreeSize,
    /// SHA-256 of every proposal that was logged with its approvals.
    proposals: BTreeSet<[u8; 32]>,
}

impl Registry {
    /// The registry of an empty log: what genesis says.
    #[must_use]
    pub fn new(genesis: Arc<Genesis>) -> Self {
        let mut members = BTreeMap::new();
        let hub = genesis.fields().hub.clone();
        let mut history = History::default();
        history.push(TreeSize::ZERO, Member::new(hub.clone()));
        members.insert(hub.member, history);
        let mut policies = History::default();
        policies.push(TreeSize::ZERO, genesis.fields().policy.clone());
        let range = CompactRange::new();
        let roots = vec![hash::empty_root()];
        Self {
            genesis,
            range,
            roots,
            members,
            catalogues: History::default(),
            policies,
            ctx_size_max: TreeSize::ZERO,
            proposals: BTreeSet::new(),
        }
    }

    /// The genesis it grows from.
    #[must_use]
    pub const fn genesis(&self) -> &Arc<Genesis> {
        &self.genesis
    }

    /// How many entries have been applied.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        self.range.size()
    }

    /// The newest state, to sign under.
    #[must_use]
    pub fn ctx(&self) -> Ctx {
        let root = self.roots.last().copied().unwrap_or_else(hash::empty_root);
        Ctx {
            size: self.size(),
            state: registry_state(&self.genesis.id(), &root),
        }
    }

    /// What a `ctx` of a size that has been passed must say.
    #[must_use]
    pub fn ctx_at(&self, size: TreeSize) -> Option<Ctx> {
        let root = self.root_at(size)?;
        let state = registry_state(&self.genesis.id(), &root);
        Some(Ctx { size, state })
    }

    /// The root at a size that has been passed.
    #[must_use]
    pub fn root_at(&self, size: TreeSize) -> Option<Hash> {
        self.roots.get(usize::try_from(size.value()).ok()?).copied()
    }

    /// Applies the next entry. An entry that does not hold is void for everyone alike; it is never an
    /// error, since it is in the log.
    ///
    /// That the statement's body fits the leaf's commitment is the caller's to check; a body that does
    /// not, or that is no statement, is given as `None`.
    // spec: TRU-5, TRU-6
    pub fn apply(&mut self, leaf: &Leaf, statement: Option<&Statement>) -> Applied {
        let index = LeafIndex::new(self.size().value());
        let verdict = match statement {
            Some(statement) => self.verdict(index, leaf, statement),
            None => Err(RejectReason::NotAStatement),
        };
        if self.range.append(leaf.hash()).is_ok() {
            self.roots
                .push(self.range.root().unwrap_or_else(|_| hash::empty_root()));
        }
        let applied = verdict.and_then(|approved| match (statement, approved) {
            (Some(statement), Some(approved)) => {
                self.change(&statement.payload().content, approved)?;
                Ok(Applied::Changed)
            }
            (Some(_) | None, _) => Ok(Applied::Unchanged),
        });
        applied.unwrap_or_else(Applied::Void)
    }

    /// A member as of now.
    #[must_use]
    pub fn member(&self, code: AuthorityCode) -> Option<&Member> {
        self.member_at(code, self.size())
    }

    /// A member as of a size.
    #[must_use]
    pub fn member_at(&self, code: AuthorityCode, size: TreeSize) -> Option<&Member> {
        self.members.get(&code)?.at(size).map(Arc::as_ref)
    }

    /// All members as of now, by code.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        let size = self.size();
        self.members
            .values()
            .filter_map(move |history| history.at(size).map(Arc::as_ref))
    }

    /// The member whose node has this key now.
    #[must_use]
    pub fn member_by_node_key(&self, key: &PublicKey) -> Option<&Member> {
        self.members()
            .find(|member| member.keys().node.as_ref() == Some(key))
    }

    /// The member that a log belongs to.
    #[must_use]
    pub fn member_of(&self, origin: &Origin) -> Option<&Member> {
        let code = AuthorityCode::parse(origin.member()).ok()?;
        let known = self.genesis.is_of_network(origin);
        let number = origin.log_number();
        let own = number == 0 || code == self.genesis.hub() && number <= 2;
        self.member(code)
            .filter(|member| known && own && member.enrolment().role != Role::Issuer)
    }

    /// The registry size below which no statement at a position of a log may be signed any more: the
    /// largest in the leaves before it. For the registry log itself the fold decides, and this is 0.
    // spec: TRU-28
    #[must_use]
    pub fn ctx_floor(&self, origin: &Origin, course: &CtxCourse, index: LeafIndex) -> TreeSize {
        if self.genesis.is_registry(origin) {
            return TreeSize::ZERO;
        }
        // The positions in a cut-off are those of log 0.
        let member = self.member_of(origin).filter(|_| origin.log_number() == 0);
        let passed_over = member.map(|member| member.passed_over(index));
        course.newest_before(index, &passed_over.unwrap_or_default())
    }

    /// The catalogue as of a size.
    #[must_use]
    pub fn catalogue_at(&self, size: TreeSize) -> Option<&ItemCatalogue> {
        self.catalogues.at(size).map(Arc::as_ref)
    }

    /// The policy as of now.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        self.policies
            .at(self.size())
            .map_or_else(|| &self.genesis.fields().policy, Arc::as_ref)
    }

    /// The policy as of a size.
    #[must_use]
    pub fn policy_at(&self, size: TreeSize) -> &Policy {
        self.policies
            .at(size)
            .map_or_else(|| &self.genesis.fields().policy, Arc::as_ref)
    }

    /// The visibility class that a statement about a subject under an item gets.
    // spec: TRU-13
    #[must_use]
    pub fn vis_for(catalogue: &ItemCatalogue, item: &CatalogueItem, subject: &Subject) -> Vis {
        match subject.near_personal() {
            true => catalogue.near_personal,
            false => item.vis,
        }
    }

    /// Whether a member may receive bodies of a visibility class, by the newest catalogue.
    // spec: TRU-14
    #[must_use]
    pub fn entitled(&self, vis: Vis, origin: &Origin, receiver: AuthorityCode) -> bool {
        if vis == Vis::ALL_MEMBERS
            || receiver == self.genesis.hub()
            || origin.member() == receiver.as_str()
        {
            return true;
        }
        match self.visibility_class(vis) {
            Some(class) => match class.audience {
                Audience::Public | Audience::Members => true,
                Audience::Named => class.members.binary_search(&receiver).is_ok(),
            },
            None => false,
        }
    }

    /// The visibility class of a code, by the newest catalogue.
    #[must_use]
    pub fn visibility_class(&self, vis: Vis) -> Option<&VisibilityClass> {
        let catalogue = self.catalogue_at(self.size())?;
        catalogue.classes.iter().find(|class| class.code == vis)
    }

    /// Who stands behind an entry; `None` behind one that changes nothing.
    // spec: TRU-20, TRU-21, TRU-33
    fn verdict(
        &mut self,
        index: LeafIndex,
        leaf: &Leaf,
        statement: &Statement,
    ) -> Result<Option<Approved>, RejectReason> {
        verify::check_leaf(leaf, &self.genesis.registry_origin(), index, statement)?;
        let kind = statement.payload().class().kind();
        if !matches!(kind, Kind::Registry | Kind::Restart) {
            return Err(RejectReason::WrongLog);
        }
        if statement.header().issuer != self.genesis.hub() {
            return Err(RejectReason::IssuerElsewhere);
        }
        if statement.header().ctx.size.value() > index.value() {
            return Err(RejectReason::CtxForeign);
        }
        let hub = verify::issuer_at_ctx(self, statement)?;
        verify::check_signature(hub, statement)?;
        let ctx_size = statement.header().ctx.size;
        if ctx_size < self.ctx_size_max {
            return Err(RejectReason::CtxDecreases);
        }
        self.ctx_size_max = ctx_size;
        if kind == Kind::Restart {
            return Ok(None);
        }
        let approved = self.check_approvals(statement)?;
        // Approvals name no position: without this the hub could log an old change once more.
        let proposal = statement.proposal().ok_or(RejectReason::TooFewApprovals)?;
        let digest = Sha256::digest(proposal.as_bytes()).into();
        match self.proposals.insert(digest) {
            true => Ok(Some(approved)),
            false => Err(RejectReason::Repeated),
        }
    }

    // spec: TRU-4, TRU-27, TRU-30
    pub(super) fn check_approvals(&self, statement: &Statement) -> Result<Approved, RejectReason> {
        let (approvers, recovery) = {
            let fields = self.genesis.fields();
            (&fields.approvers, &fields.recovery)
        };
        let recovers = statement.payload().class() == Class::CutOff;
        let (mut valid, mut by_recovery) = (0, 0);
        for approval in statement.approvals() {
            let named = |key: &&PublicKey| key.id() == approval.kid();
            let (key, count) = match approvers.keys.iter().find(named) {
                Some(key) => (key, &mut valid),
                None => {
                    let key = recovery.keys.iter().find(named).filter(|_| recovers);
                    (key.ok_or(RejectReason::KeyUnknown)?, &mut by_recovery)
                }
            };
            if *approval.network() != self.genesis.id() {
                return Err(RejectReason::OtherNetwork);
            }
            approval.verify_signature(key)?;
            *count += 1;
        }
        match (valid >= approvers.quorum, by_recovery >= recovery.quorum) {
            (false, _) => Err(RejectReason::TooFewApprovals),
            (true, false) => Ok(Approved::ByApprovers),
            (true, true) => Ok(Approved::ByRecoveryToo),
        }
    }

    fn change(&mut self, content: &Content, approved: Approved) -> Result<(), RejectReason> {
        match content {
            Content::Enrolment(enrolment) => self.enrol(enrolment),
            Content::Rotation(rotation) => self.rotate(rotation),
            Content::Suspension(suspension) => self.suspend(suspension),
            Content::CutOff(cut_off) => self.cut_off(cut_off, approved),
            Content::ItemCatalogue(catalogue) => self.adopt_catalogue(catalogue),
            Content::Policy(policy) => self.adopt_policy(policy),
            Content::Decision(_)
            | Content::Objection(_)
            | Content::Ruling(_)
            | Content::Correction(_)
            | Content::Withdrawal(_)
            | Content::Admission(_)
            | Content::Notice(_)
            | Content::HeadSeen(_)
            | Content::Restart(_) => Err(RejectReason::WrongLog),
        }
    }

    // spec: TRU-7, TRU-8
    fn enrol(&mut self, enrolment: &Enrolment) -> Result<(), RejectReason> {
        let mut own = BTreeSet::new();
        let single = enrolled_keys(enrolment).all(|key| own.insert(key));
        let taken = |key: &&PublicKey| self.key_in_use(key, enrolment.member);
        if !self.shape_fits(enrolment) || !single || own.iter().any(taken) {
            return Err(RejectReason::RegistryConflict);
        }
        let member = match self.member(enrolment.member) {
            Some(known) if renews(known, enrolment) => known.renewed(enrolment.clone()),
            Some(_) => return Err(RejectReason::RegistryConflict),
            None => Member::new(enrolment.clone()),
        };
        self.put(member);
        Ok(())
    }

    /// Whether role, keys and lists of an enrolment fit each other.
    // spec: TRU-22
    fn shape_fits(&self, enrolment: &Enrolment) -> bool {
        let issuer = enrolment.role == Role::Issuer;
        let keys = [enrolment.log_key, enrolment.node_key, enrolment.witness_key];
        let has_log = |member: AuthorityCode| {
            self.member(member)
                .is_some_and(|member| member.enrolment().role != Role::Issuer)
        };
        let through = enrolment.publishes_through;
        (enrolment.role == Role::Hub) == (enrolment.member == self.genesis.hub())
            && keys.iter().all(|key| key.is_none() == issuer)
            && through.is_some() == issuer
            && through.is_none_or(has_log)
            && enrolment.suite == SUITE_SHA256
            && !enrolment.statement_keys.is_empty()
            && enrolment.statement_keys.is_sorted_by(|a, b| a < b)
            && enrolment.administrator_keys.is_sorted_by(|a, b| a < b)
            && enrolment.next_keys.is_sorted_by(|a, b| a.0 < b.0)
    }

    // spec: TRU-7, TRU-24
    fn rotate(&mut self, rotation: &Rotation) -> Result<(), RejectReason> {
        let known = self
            .member(rotation.member)
            .ok_or(RejectReason::IssuerUnknown)?;
        if !keeps_commitment(known, rotation.key_use, &rotation.new)
            || self.key_in_use(&rotation.new, rotation.member)
            || known.has_key(&rotation.new)
        {
            return Err(RejectReason::RegistryConflict);
        }
        let mut member = known.clone();
        member
            .rotate(rotation.key_use, &rotation.old, rotation.new, rotation.next)
            .ok_or(RejectReason::RegistryConflict)?;
        self.put(member);
        Ok(())
    }

    // spec: TRU-25
    fn suspend(&mut self, suspension: &Suspension) -> Result<(), RejectReason> {
        let known = self
            .member(suspension.member)
            .ok_or(RejectReason::IssuerUnknown)?;
        if known.code() == self.genesis.hub() {
            return Err(RejectReason::RegistryConflict);
        }
        let mut member = known.clone();
        member.set_standing(suspension.standing);
        self.put(member);
        Ok(())
    }

    // spec: TRU-15, TRU-18, TRU-30
    fn cut_off(&mut self, cut_off: &CutOff, approved: Approved) -> Result<(), RejectReason> {
        let known = self
            .member(cut_off.member)
            .ok_or(RejectReason::IssuerUnknown)?;
        let unfit = |key: &PublicKey| {
            self.key_in_use(key, cut_off.member)
                || known.has_key(key)
                || approved == Approved::ByApprovers
                    && !keeps_commitment(known, cut_off.key_use, key)
        };
        if cut_off.fits().is_err() || cut_off.replacement.as_ref().is_some_and(unfit) {
            return Err(RejectReason::RegistryConflict);
        }
        let mut member = known.clone();
        member
            .end_key(cut_off)
            .ok_or(RejectReason::RegistryConflict)?;
        self.put(member);
        Ok(())
    }

    // spec: TRU-9
    fn adopt_catalogue(&mut self, catalogue: &ItemCatalogue) -> Result<(), RejectReason> {
        let items = catalogue.items.is_sorted_by(|a, b| a.code < b.code);
        let classes = catalogue.classes.is_sorted_by(|a, b| a.code < b.code)
            && catalogue.classes.iter().all(class_fits);
        let class = |vis: Vis| catalogue.classes.iter().find(|class| class.code == vis);
        let known = catalogue.items.iter().all(|item| class(item.vis).is_some());
        let restricted =
            class(catalogue.near_personal).is_some_and(|class| class.audience != Audience::Public);
        if !items || !classes || !known || !restricted {
            return Err(RejectReason::RegistryConflict);
        }
        self.catalogues.push(self.range.size(), catalogue.clone());
        Ok(())
    }

    fn adopt_policy(&mut self, policy: &Policy) -> Result<(), RejectReason> {
        let witness = |code: &AuthorityCode| {
            self.member(*code)
                .is_some_and(|member| member.keys().witness.is_some())
        };
        if check_policy(policy).is_err() || !policy.cosigners.iter().all(witness) {
            return Err(RejectReason::RegistryConflict);
        }
        self.policies.push(self.range.size(), policy.clone());
        Ok(())
    }

    fn put(&mut self, member: Member) {
        let size = self.range.size();
        self.members
            .entry(member.code())
            .or_default()
            .push(size, member);
    }

    /// Whether a key has a use anywhere in the network but with `except`.
    fn key_in_use(&self, key: &PublicKey, except: AuthorityCode) -> bool {
        let fields = self.genesis.fields();
        fields.approvers.keys.contains(key)
            || fields.recovery.keys.contains(key)
            || self
                .members()
                .any(|member| member.code() != except && member.has_key(key))
    }
}

/// Whether a key is the one that was committed as the next of its use, where one was.
fn keeps_commitment(known: &Member, key_use: KeyUse, key: &PublicKey) -> bool {
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let committed = known.next_key(key_use);
    committed.is_none_or(|committed| committed == Hash::from_bytes(digest))
}

/// Whether an enrolment renews region, mandates, addresses and administrators of a known member. All
/// other keys, and what is committed for the next ones, change by rotation only.
fn renews(known: &Member, enrolment: &Enrolment) -> bool {
    let keys = known.keys();
    known.enrolment().role == enrolment.role
        && keys.log == enrolment.log_key
        && keys.node == enrolment.node_key
        && keys.witness == enrolment.witness_key
        && keys.statement == enrolment.statement_keys
        && known.enrolment().recovery_key == enrolment.recovery_key
        && known.enrolment().next_keys == enrolment.next_keys
        && !enrolled_keys(enrolment).any(|key| known.has_ended(key))
}

/// Whether a visibility class names members exactly when its audience is named ones, in order, and
/// leaves code 0 what it is everywhere: every member.
fn class_fits(class: &VisibilityClass) -> bool {
    let named = class.audience == Audience::Named;
    (named || class.members.is_empty())
        && class.members.is_sorted_by(|a, b| a < b)
        && (class.code != Vis::ALL_MEMBERS || class.audience == Audience::Members)
}

impl Class {
    /// Whether statements of this class change the registry.
    #[must_use]
    pub const fn is_registry(self) -> bool {
        matches!(self.kind(), Kind::Registry)
    }
}
