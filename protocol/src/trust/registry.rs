//! The registry: a fold over the hub's log 1, answering for every size that it has passed.

mod changes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::deadline::WorkingDays;
use crate::key::PublicKey;
use crate::log::{CompactRange, Hash, LeafIndex, Origin, TreeSize, hash};
use crate::region::RegionCode;
use crate::statement::{
    Audience, Calendar, CatalogueItem, Class, Code, Content, Ctx, CtxCourse, DeadlineRules,
    ItemCatalogue, Kind, Leaf, LegalBasis, MeasureCatalogue, Policy, Role, Statement, StatementRef,
    Vis, VisibilityClass, registry_state,
};
use crate::subject::{AuthorityCode, Subject};
use crate::time::{Day, Timestamp};
use crate::trust::change_fault::ChangeFault;
use crate::trust::genesis::Genesis;
use crate::trust::member::Member;
use crate::trust::reject::RejectReason;
use crate::trust::verify::{self, Authority, Verified};

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

    /// Every value that there was at a size, the oldest first.
    fn up_to(&self, size: TreeSize) -> impl Iterator<Item = &T> {
        let values = self.0.iter().take_while(move |(from, _)| *from <= size);
        values.map(|(_, value)| value.as_ref())
    }

    /// Every value that there was.
    fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value.as_ref())
    }
}

/// The member in whose log an authority publishes: an issuer under a member has no log of its own.
fn publisher(member: &Member) -> AuthorityCode {
    let publisher = member.enrolment().publishes_through;
    publisher.unwrap_or_else(|| member.code())
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
    calendars: History<Calendar>,
    deadline_rules: History<DeadlineRules>,
    measures: History<MeasureCatalogue>,
    policies: History<Policy>,
    /// Who ended, who took over, and the size from which that holds.
    taken_over: Vec<(AuthorityCode, AuthorityCode, TreeSize)>,
    /// The largest size in the `ctx` of an entry that the hub signed.
    ctx_size_max: TreeSize,
    /// SHA-256 of every proposal that was logged with its approvals.
    proposals: BTreeSet<[u8; 32]>,
    /// The leaf of each entry.
    leaves: Vec<Hash>,
    /// When each entry says that it was made; `None` of one that is no statement.
    entered_at: Vec<Option<Timestamp>>,
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
            calendars: History::default(),
            deadline_rules: History::default(),
            measures: History::default(),
            policies,
            taken_over: Vec::new(),
            ctx_size_max: TreeSize::ZERO,
            proposals: BTreeSet::new(),
            leaves: Vec::new(),
            entered_at: Vec::new(),
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

    /// When the entry was made, by the hub's clock, that took the registry beyond a size; `None` where
    /// none did, or it is no statement.
    #[must_use]
    pub fn went_beyond(&self, size: TreeSize) -> Option<Timestamp> {
        let index = usize::try_from(size.value()).ok()?;
        self.entered_at.get(index).copied().flatten()
    }

    /// The entry that took the registry to a size; `None` for size 0 and where none has.
    #[must_use]
    pub fn entry(&self, size: TreeSize) -> Option<StatementRef> {
        let index = size.value().checked_sub(1)?;
        let leaf_hash = self.leaves.get(usize::try_from(index).ok()?).copied()?;
        Some(StatementRef {
            origin: self.genesis.registry_origin(),
            index: LeafIndex::new(index),
            leaf_hash,
        })
    }

    /// Members that are declared lost, each with the entry that says so and the size from which it holds.
    // spec: TRU-80
    #[must_use]
    pub fn lost(&self) -> BTreeMap<AuthorityCode, (StatementRef, TreeSize)> {
        let declared = |member: &Member| {
            let from = member.lost()?;
            Some((member.code(), (self.entry(from)?, from)))
        };
        self.members().filter_map(declared).collect()
    }

    /// The authorities that others took over from, each with its successor, the entry that says so and the
    /// size from which it holds.
    // spec: TRU-110
    #[must_use]
    pub fn successions(&self) -> BTreeMap<AuthorityCode, (AuthorityCode, StatementRef, TreeSize)> {
        let declared = |member: &Member| {
            let (by, from) = member.succeeded()?;
            Some((member.code(), (by, self.entry(from)?, from)))
        };
        self.members().filter_map(declared).collect()
    }

    /// Those for whom an authority stands, by the successions up to a size: each with how many of them lie
    /// between the two, from 1. It stands for itself beside them.
    // spec: TRU-113
    #[must_use]
    pub fn stands_for(
        &self,
        code: AuthorityCode,
        size: TreeSize,
    ) -> BTreeMap<AuthorityCode, usize> {
        let mut found = BTreeMap::new();
        let mut open = vec![(code, 0)];
        while let Some((by, steps)) = open.pop() {
            for (member, successor, from) in &self.taken_over {
                if *successor == by && *from <= size {
                    found.insert(*member, steps + 1);
                    open.push((*member, steps + 1));
                }
            }
        }
        found
    }

    /// Whether an act may be one on a statement of an author: by the author, by who stands for it at the act's
    /// `ctx`, or with supervision.
    // spec: EFF-3, EFF-243
    #[must_use]
    pub fn may_act(&self, act: &Verified, author: AuthorityCode) -> bool {
        let header = act.statement().header();
        let stands_for = || self.stands_for(header.issuer, header.ctx.size);
        header.issuer == author
            || act.authority() == Authority::Supervision
            || stands_for().contains_key(&author)
    }

    /// All that are linked with an authority by successions now, itself among them: whoever may stand for it,
    /// or be stood for by it, and what else came together with these.
    #[must_use]
    pub fn line(&self, code: AuthorityCode) -> BTreeSet<AuthorityCode> {
        let last = self.in_charge_of(code);
        let before = self.stands_for(last, self.size()).into_keys();
        [last].into_iter().chain(before).collect()
    }

    /// The authority that is charged now with what one was charged with: itself, or the last that took
    /// over.
    // spec: TRU-113
    #[must_use]
    pub fn in_charge_of(&self, code: AuthorityCode) -> AuthorityCode {
        let mut last = code;
        while let Some((by, _)) = self.member(last).and_then(Member::succeeded) {
            last = by;
        }
        last
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
            let at = statement.map(|statement| statement.payload().issued_at);
            self.entered_at.push(at);
            self.leaves.push(leaf.hash());
        }
        let applied = verdict.and_then(|approved| match (statement, approved) {
            (Some(statement), Some(approved)) => {
                let payload = statement.payload();
                let made_at = Some(payload.issued_at);
                self.change((&payload.content, made_at), approved)
                    .map_err(ChangeFault::reason)?;
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

    /// Members in whose logs an authority has ever published.
    #[must_use]
    pub fn publishers(&self, code: AuthorityCode) -> BTreeSet<AuthorityCode> {
        let history = self.members.get(&code).into_iter();
        history.flat_map(History::all).map(publisher).collect()
    }

    /// Members in whose logs those have ever published that were ever given supervision.
    #[must_use]
    pub fn publishers_of_supervision(&self) -> BTreeSet<AuthorityCode> {
        let supervises = |member: &&Member| {
            let mut mandates = member.enrolment().mandates.iter();
            mandates.any(|mandate| mandate.supervises.is_some())
        };
        let mut publishers = BTreeSet::new();
        for (code, history) in &self.members {
            if history.all().any(|member| supervises(&member)) {
                publishers.extend(self.publishers(*code));
            }
        }
        publishers
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
        course.newest_before(index, &self.passed_over_before(origin, index))
    }

    /// Leaves of a log that a thief of its key may have put there, as ranges from an index up to a size.
    // spec: TRU-29, EFF-93
    #[must_use]
    pub fn passed_over(&self, origin: &Origin) -> Vec<(LeafIndex, TreeSize)> {
        self.passed_over_before(origin, LeafIndex::new(u64::MAX))
    }

    fn passed_over_before(&self, origin: &Origin, index: LeafIndex) -> Vec<(LeafIndex, TreeSize)> {
        // The positions in a cut-off are those of log 0.
        let member = self.member_of(origin).filter(|_| origin.log_number() == 0);
        let passed_over = member.map(|member| member.passed_over(index));
        passed_over.unwrap_or_default()
    }

    /// The working days of a place, by the calendars as of a size.
    // spec: DL-20
    #[must_use]
    pub fn working_days_at(&self, size: TreeSize, region: RegionCode) -> WorkingDays {
        WorkingDays::new(region, self.calendars.up_to(size))
    }

    /// The deadline rules as of a size: the newest, as a whole.
    // spec: DL-20
    #[must_use]
    pub fn deadline_rules_at(&self, size: TreeSize) -> Option<&DeadlineRules> {
        self.deadline_rules.at(size).map(Arc::as_ref)
    }

    /// The catalogue of measures as of a size: the newest, as a whole.
    // spec: STM-152
    #[must_use]
    pub fn measures_at(&self, size: TreeSize) -> Option<&Arc<MeasureCatalogue>> {
        self.measures.at(size)
    }

    /// Whether a day lies before the first on which any catalogue up to a size had an item: what was decided
    /// then is history, which no catalogue could be asked about.
    // spec: STM-200
    #[must_use]
    pub fn precedes_item(&self, item: &Code, day: Day, size: TreeSize) -> bool {
        let catalogues = self.catalogues.up_to(size);
        let items = catalogues.flat_map(|catalogue| &catalogue.items);
        let mut known = items.filter(|known| known.code == *item).peekable();
        known.peek().is_some() && known.all(|known| day < known.valid_from)
    }

    /// The article by which decisions of a day under an item are beyond repair, by the catalogue as of a size;
    /// `None` where they are not, or where it had no such item on that day.
    // spec: STM-194
    #[must_use]
    pub fn beyond_repair(&self, item: &Code, day: Day, size: TreeSize) -> Option<&LegalBasis> {
        let mut items = self.catalogue_at(size)?.items.iter();
        let item = items.find(|known| known.code == *item)?;
        item.beyond_repair
            .as_ref()
            .filter(|_| item.is_in_force(day))
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

    /// The longest `ctx_grace` that was ever the policy.
    pub(crate) fn longest_ctx_grace_ms(&self) -> u64 {
        let graces = self.policies.all().map(|policy| policy.ctx_grace_ms);
        graces.max().unwrap_or_default()
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

    /// Whether a member reads every delivery and receipt, whomever they concern: the hub, and whoever has
    /// a mandate that supervises by the newest registry, of whatever days.
    // spec: PRP-4
    #[must_use]
    pub fn oversees(&self, member: AuthorityCode) -> bool {
        let mandates = self.member(member).map(|one| &one.enrolment().mandates);
        let mut mandates = mandates.into_iter().flatten();
        member == self.genesis.hub() || mandates.any(|mandate| mandate.supervises.is_some())
    }

    /// Whether a member is given the body of a delivery or receipt that stands in a log.
    // spec: PRP-4
    #[must_use]
    pub fn may_read(&self, origin: &Origin, content: &Content, member: AuthorityCode) -> bool {
        let concerns = content.concerns(member).unwrap_or(false);
        origin.member() == member.as_str() || concerns || self.oversees(member)
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

    fn put(&mut self, member: Member) {
        let size = self.range.size();
        self.members
            .entry(member.code())
            .or_default()
            .push(size, member);
    }
}

impl Class {
    /// Whether statements of this class change the registry.
    #[must_use]
    pub const fn is_registry(self) -> bool {
        matches!(self.kind(), Kind::Registry)
    }
}
