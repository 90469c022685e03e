//! Which statements bear on an answer about an organisation.
//!
//! A decision is *weighed*: its chain goes in, what acts on the chain, the notices of that, and what the
//! decision and its corrections rest on, weighed in turn. The other decisions of its chain only *bear*
//! on it: what they rest on is their own affair.

mod dossier;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use concordat_protocol::log::Origin;
use concordat_protocol::statement::{Class, Content, StatementRef};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::trust::{RejectReason, Verified};

use super::codes::Linked;
use super::documents::Documents;
use super::{Found, QueryError, QueryService};
use crate::store::{ActRow, NoticeRow, Position};

pub use dossier::Dossier;
pub(super) use dossier::{Known, Size};

/// Statements that are gathered for one decision.
// spec: IDX-20
pub const HISTORY_STATEMENTS_MAX: usize = 4_096;
/// Bytes of the statements that are gathered for one decision, objections apart.
// spec: IDX-20
pub const HISTORY_BYTES_MAX: usize = 16 << 20;
/// Bytes of the objections among them.
// spec: IDX-20
pub const HISTORY_OBJECTION_BYTES_MAX: usize = 64 << 20;
/// Statements that are asked for and not held, for one decision.
// spec: IDX-20
pub const HISTORY_NOT_HELD_MAX: usize = 16_384;

/// For what a decision is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// It bears on another one: what acts on its chain is wanted.
    Bears,
    /// What it rests on is wanted too.
    Weighed,
}

impl QueryService {
    /// The verified statements that bear on the effect of a decision, by log and position. The
    /// decision itself need not be held.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn history(&self, decision: &Position) -> Result<Dossier, QueryError> {
        let walk = Gatherer::new(self).walk(decision, Depth::Weighed)?;
        match walk.is_whole {
            true => Ok(walk),
            false => Err(QueryError::TooManyStatements {
                position: decision.clone(),
            }),
        }
    }

    /// The statements that bear on the effect of decisions, in as few sets as the bounds let them be.
    /// One decision on which too much bears is in a dossier of its own, and the others are not touched.
    pub fn dossiers(&self, decisions: Vec<Position>, depth: Depth) -> Dossiers<'_> {
        Dossiers {
            gatherer: Gatherer::new(self),
            asked: decisions.into_iter().enumerate().collect(),
            depth,
            ahead: None,
            failed: None,
        }
    }
}

/// Gathers one dossier after the other.
pub struct Dossiers<'q> {
    gatherer: Gatherer<'q>,
    asked: VecDeque<(usize, Position)>,
    depth: Depth,
    /// The first of the next dossier.
    ahead: Option<Dossier>,
    /// Told after the dossier that was begun before it.
    failed: Option<QueryError>,
}

impl Iterator for Dossiers<'_> {
    type Item = Result<Dossier, QueryError>;

    /// What could not be gathered for one decision says nothing about those after it.
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        let mut dossier = self.ahead.take();
        while let Some((place, position)) = self.asked.pop_front() {
            let mut walk = match self.gatherer.walk(&position, self.depth) {
                Ok(walk) => walk,
                Err(error) if dossier.is_none() => return Some(Err(error)),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            };
            walk.decisions.push(place);
            let Some(begun) = &mut dossier else {
                dossier = Some(walk);
                continue;
            };
            if !begun.takes(&walk) {
                self.gatherer.forget();
                self.ahead = Some(walk);
                break;
            }
            begun.statements.extend(walk.statements);
            begun.unread.extend(walk.unread);
            begun.gone.extend(walk.gone);
            for alike in walk.alike.into_values() {
                begun.stand_for(alike);
            }
            begun.decisions.push(place);
        }
        dossier.map(Ok)
    }
}

/// Finds what bears on decisions, each statement once.
pub(super) struct Gatherer<'q> {
    pub(super) queries: &'q QueryService,
    known: BTreeMap<Position, Known>,
    /// For each organisation and authority met.
    pub(super) documents: BTreeMap<(SubjectCode, AuthorityCode), Documents>,
    /// For each code met, those that are the same organisation's, or may be.
    linked: BTreeMap<SubjectCode, Arc<Linked>>,
    /// What an authority makes of a decision, for each met.
    reissues: BTreeMap<(Position, AuthorityCode), Arc<[Position]>>,
    /// In whose logs supervisors publish.
    supervising: OnceCell<Arc<BTreeSet<AuthorityCode>>>,
}

impl<'q> Gatherer<'q> {
    pub(super) const fn new(queries: &'q QueryService) -> Self {
        Self {
            queries,
            known: BTreeMap::new(),
            documents: BTreeMap::new(),
            linked: BTreeMap::new(),
            reissues: BTreeMap::new(),
            supervising: OnceCell::new(),
        }
    }

    /// Lets go of the statements met so far.
    fn forget(&mut self) {
        self.known.clear();
    }

    /// What bears on one decision, the nearest first, until a bound is reached.
    // spec: IDX-20
    pub(super) fn walk(
        &mut self,
        decision: &Position,
        depth: Depth,
    ) -> Result<Dossier, QueryError> {
        let mut seen: BTreeMap<Position, Depth> = BTreeMap::new();
        let mut open = VecDeque::from([(decision.clone(), depth)]);
        let mut dossier = Dossier {
            is_whole: true,
            ..Dossier::default()
        };
        let mut size = Size::default();
        // Whom a list links, it links with all of them: each is followed once.
        let mut linked: BTreeSet<*const Position> = BTreeSet::new();
        // Whatever else bears on the decision, what takes it back is not kept out of sight.
        for verified in self.turning(decision)? {
            size.bytes += dossier.add(verified);
        }
        while let Some((position, depth)) = open.pop_front() {
            if seen.get(&position).is_some_and(|known| *known >= depth) {
                continue;
            }
            self.queries.go_on()?;
            // spec: IDX-51
            let names = match depth {
                Depth::Weighed => self.names(&position)?,
                Depth::Bears => Vec::new(),
            };
            let known = self.known(&position)?;
            let is_new = seen.insert(position.clone(), depth).is_none();
            // Objections come last, whatever else names them.
            let is_wanted = position == *decision || !known.is_objection();
            if is_new
                && is_wanted
                && let Some(verified) = &known.verified
            {
                size.bytes += dossier.add(Arc::clone(verified));
                let again = verified.reference();
                let gone = known.gone.iter().map(|one| (again.clone(), one.clone()));
                dossier.gone.extend(gone);
            }
            size.not_held += usize::from(is_new && known.verified.is_none());
            if is_new {
                size.not_held += known.unread.len();
                dossier.unread.extend(known.unread.iter().cloned());
            }
            if !size.fits(&dossier) {
                dossier.is_whole = false;
                break;
            }
            let to = |depth| move |position: &Position| (position.clone(), depth);
            open.extend(known.decisive.iter().map(to(depth)));
            open.extend(known.stays.iter().map(to(depth)));
            open.extend(known.successors.iter().map(to(Depth::Bears)));
            open.extend(known.acts.iter().map(to(depth)));
            open.extend(names.iter().map(to(depth)));
            open.extend(known.chain.iter().map(to(Depth::Bears)));
            open.extend(known.codes.iter().map(to(Depth::Bears)));
            if depth == Depth::Weighed {
                open.extend(known.rests_on.iter().map(to(Depth::Weighed)));
            }
            let lists = [Arc::clone(&known.same_document), self.siblings(&position)?];
            for list in lists {
                if linked.insert(list.as_ptr()) {
                    open.extend(list.iter().map(to(Depth::Bears)));
                }
            }
        }
        if dossier.is_whole {
            let visited: Vec<Position> = seen.into_keys().collect();
            self.raise(&visited, &mut dossier, &mut size)?;
        }
        Ok(dossier)
    }

    /// What takes a decision back, corrects it or takes its place, in the logs of those who may: under
    /// every name of the decision, and under every name of what it re-issues. The names are among it: they
    /// tell that one is a copy of the other. Behind that its stays and those of what it re-issues: they take
    /// away what is granted too.
    // spec: IDX-30, IDX-50, EFF-166
    fn turning(&mut self, decision: &Position) -> Result<Vec<Arc<Verified>>, QueryError> {
        let mut turning: BTreeSet<Position> = BTreeSet::new();
        let mut names = self.names(decision)?;
        for name in names.clone() {
            let known = self.known(&name)?;
            turning.extend(known.decisive.iter().chain(&known.successors).cloned());
            turning.insert(name);
        }
        if let Some(verified) = self.known(decision)?.verified.clone()
            && let Some(root) = root_of(&verified)
        {
            let of_root = self.names(&root)?;
            turning.extend(of_root.iter().cloned());
            names.extend(of_root);
            turning.extend(
                self.reissues_of(&root, issuer_of(&verified))?
                    .iter()
                    .cloned(),
            );
        }
        let mut stays = BTreeSet::new();
        for name in names {
            stays.extend(self.known(&name)?.stays.iter().cloned());
        }
        let (mut found, mut bytes) = (Vec::new(), 0);
        // The walk begins with the decision itself.
        if turning.len() == 1 && stays.is_empty() {
            return Ok(found);
        }
        let turning: Vec<Position> = turning
            .into_iter()
            .chain(self.with_lifting(stays)?)
            .collect();
        for position in turning.into_iter().take(HISTORY_STATEMENTS_MAX) {
            self.queries.go_on()?;
            let statement = self.queries.statement(&position.origin, position.index)?;
            if let Found::Verified(verified) = statement {
                bytes += verified.statement().as_bytes().len();
                found.push(verified);
            }
            if bytes > HISTORY_BYTES_MAX {
                break;
            }
        }
        Ok(found)
    }

    /// Stays, each with what lifts it.
    fn with_lifting(&mut self, stays: BTreeSet<Position>) -> Result<Vec<Position>, QueryError> {
        let mut all = Vec::new();
        for stay in stays.into_iter().take(HISTORY_STATEMENTS_MAX) {
            self.queries.go_on()?;
            let lifting = self.known(&stay)?.decisive.clone();
            all.push(stay);
            all.extend(lifting);
        }
        Ok(all)
    }

    /// What else its issuer makes of the same decision as what stands at a place, with that.
    // spec: EFF-144
    fn siblings(&mut self, position: &Position) -> Result<Arc<[Position]>, QueryError> {
        let Some(verified) = self.known(position)?.verified.clone() else {
            return Ok(Arc::default());
        };
        match root_of(&verified) {
            Some(root) => self.reissues_of(&root, issuer_of(&verified)),
            None => Ok(Arc::default()),
        }
    }

    /// What one authority makes of a decision, under all its names.
    fn reissues_of(
        &mut self,
        root: &Position,
        by: AuthorityCode,
    ) -> Result<Arc<[Position]>, QueryError> {
        let key = (root.clone(), by);
        if let Some(known) = self.reissues.get(&key) {
            return Ok(Arc::clone(known));
        }
        let may_act = self.may_act(None, Some(by));
        let mut found = BTreeSet::new();
        for name in self.names(root)? {
            let reissues = self.queries.store.reissues_of(&name.origin, name.index)?;
            found.extend(reissues.into_iter().filter(&may_act));
        }
        let found = self.without_copies(found.into_iter().collect())?;
        let found: Arc<[Position]> = found.into();
        self.reissues.insert(key, Arc::clone(&found));
        Ok(found)
    }

    /// The codes that are one organisation's, or may be.
    pub(super) fn linked(&mut self, code: SubjectCode) -> Result<Arc<Linked>, QueryError> {
        if let Some(known) = self.linked.get(&code) {
            return Ok(Arc::clone(known));
        }
        let linked = Arc::new(self.queries.linked_with(code)?);
        self.linked.insert(code, Arc::clone(&linked));
        Ok(linked)
    }

    /// What was found at a place, if it was looked at.
    pub(super) fn visited(&self, position: &Position) -> Option<&Known> {
        self.known.get(position)
    }

    pub(super) fn known(&mut self, position: &Position) -> Result<&Known, QueryError> {
        if !self.known.contains_key(position) {
            let known = self.look(position)?;
            self.known.insert(position.clone(), known);
        }
        Ok(self.known.entry(position.clone()).or_default())
    }

    fn look(&mut self, position: &Position) -> Result<Known, QueryError> {
        let verified = match self.queries.statement(&position.origin, position.index)? {
            Found::Verified(verified) => Some(verified),
            Found::Rejected(_) | Found::NotHeld => None,
        };
        let mut known = Known::default();
        let content = verified
            .as_ref()
            .map(|it| &it.statement().payload().content);
        match content {
            Some(Content::Decision(decision)) => {
                known.rests_on = positions(&decision.fields().rests_on);
                known.chain = positions(&decision.fields().reissues);
            }
            Some(Content::Correction(correction)) => {
                known.rests_on = positions(&correction.replacement.fields().rests_on);
            }
            Some(
                Content::Ruling(_)
                | Content::Admission(_)
                | Content::Stay(_)
                | Content::Erasure(_)
                | Content::Repair(_)
                | Content::Agreement(_)
                | Content::Accession(_)
                | Content::Retirement(_)
                | Content::RecognitionResponse(_)
                | Content::Notice(_)
                | Content::Objection(_)
                | Content::Withdrawal(_)
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
                | Content::DeliveryBatch(_)
                | Content::Holdings(_)
                | Content::ReceiptBatch(_)
                | Content::QueryRoot(_)
                | Content::HeadSeen(_)
                | Content::Restart(_)
                | Content::Record(_),
            )
            | None => {}
        }
        // Of the acts these alone are acted on with effect: by their withdrawal. A change of code is acted on as a
        // decision is.
        match content.map(Content::class) {
            None
            | Some(
                Class::Decision
                | Class::ListEntry
                | Class::CodeChange
                | Class::Ruling
                | Class::Stay
                | Class::Repair,
            ) => {
                let issuer = verified.as_deref().map(issuer_of);
                self.pointing_at(position, issuer, &mut known)?;
            }
            Some(_) => {}
        }
        if let Some(verified) = &verified {
            known.same_document = self.same_document(verified)?;
        }
        if let Some(Content::Decision(_)) = content {
            known.gone = self.erased_before(position, &known);
        }
        // spec: EFF-221
        if let Some(decision) = content.and_then(Content::decision) {
            let linked = self.linked(decision.fields().subject.code())?;
            known.codes = linked.changes.iter().cloned().collect();
        }
        known.verified = verified;
        Ok(known)
    }

    /// What was erased of what a decision re-issues and of what else was issued as its document.
    // spec: EFF-230
    fn erased_before(&self, position: &Position, known: &Known) -> Vec<StatementRef> {
        let before = known.chain.iter().chain(known.same_document.iter());
        let before = before.filter(|at| *at != position);
        let gone = before.filter_map(|at| self.queries.bodies.erased(&at.origin, at.index));
        gone.collect()
    }

    /// What the store knows to point at a statement. Whoever logs much does not push out of sight what
    /// takes the decision back: what those say who may comes first, and what others say without effect
    /// is left out, as long as the issuer of the statement is known.
    // spec: IDX-30, EFF-3
    fn pointing_at(
        &self,
        position: &Position,
        issuer: Option<AuthorityCode>,
        known: &mut Known,
    ) -> Result<(), QueryError> {
        let by_leaf = self.named_by_leaves(position, known)?;
        let (store, origin, index) = (&self.queries.store, &position.origin, position.index);
        let acts = store.acts_on(origin, index)?;
        let notices = store.notices_on(origin, index)?;
        let reissues = store.reissues_of(origin, index)?;
        let is_indexed = |at: &Position| acts.binary_search_by(|row| row.position.cmp(at)).is_ok();
        for (act, class) in by_leaf {
            match class == Class::Objection {
                true if is_indexed(&act) => {}
                true => known.by_leaf.push(act),
                false => known.acts.push(act),
            }
        }
        if acts.is_empty() && notices.is_empty() && reissues.is_empty() {
            return Ok(());
        }
        let may_act = self.may_act(Some(origin), issuer);
        let has_effect =
            |class, at: &Position| issuer.is_none() || !is_by_right(class) || may_act(at);
        let objects = |row: &ActRow| row.class == Class::Objection;
        let (raised, acts) = acts.into_iter().partition::<Vec<_>, _>(objects);
        let (mut decisive, mut stays, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for row in acts {
            match (is_by_right(row.class) && may_act(&row.position), row.class) {
                (true, _) => decisive.push(row.position),
                (false, Class::Stay) => stays.push(row.position),
                (false, class) if has_effect(class, &row.position) => others.push(row.position),
                (false, _) => {}
            }
        }
        known.decisive = self.without_copies(decisive)?;
        known.stays = self.without_copies(stays)?;
        known.acts.extend(self.without_copies(others)?);
        known.raised = raised;
        let (mut tellings, mut told) = (Vec::new(), Vec::new());
        // What is called an objection too is one until it is held.
        // spec: EFF-154
        let is_objection = |row: &&NoticeRow| row.class == Class::Objection;
        let objections = notices.iter().filter(is_objection);
        let objections: BTreeSet<Position> = objections.map(|row| row.act.clone()).collect();
        for row in notices {
            let raised = &known.raised;
            let tells = raised.binary_search_by(|act| act.position.cmp(&row.act));
            let is_both = row.class == Class::Stay && objections.contains(&row.act);
            if tells.is_ok() || is_both || row.class == Class::Objection {
                known.told.push(row);
            } else if has_effect(row.class, &row.act) {
                tellings.push(row.position);
                told.push(row.act);
            }
        }
        known.acts.extend(self.without_copies(tellings)?);
        told.sort_unstable();
        told.dedup();
        known.acts.extend(told);
        // What others make of a decision is no part of its chain.
        // spec: EFF-144
        let successors = reissues.into_iter().filter(may_act).collect();
        known.successors = self.without_copies(successors)?;
        Ok(())
    }

    /// What leaves name as acting on a statement, as far as it is held. Asked before the store, which has
    /// whatever is not among them any more.
    // spec: EFF-90, EFF-92
    fn named_by_leaves(
        &self,
        on: &Position,
        known: &mut Known,
    ) -> Result<Vec<(Position, Class)>, QueryError> {
        let mut held = Vec::new();
        let most = HISTORY_NOT_HELD_MAX + 1;
        for (act, target) in self.queries.bodies.acts_by_leaf(on, most) {
            match self.queries.statement(&act.origin, act.index)? {
                Found::Verified(found) => {
                    let class = found.statement().payload().class();
                    held.push((Position::of(&act), class));
                }
                // Whether it holds is not known yet.
                Found::Rejected(RejectReason::CtxAhead) | Found::NotHeld => {
                    known.unread.push((act, target));
                }
                Found::Rejected(_) => {}
            }
        }
        Ok(held)
    }

    /// Tells whether a statement stands in a log of those who may act on a decision of an issuer, or in that
    /// of the decision.
    pub(super) fn may_act(
        &self,
        origin: Option<&Origin>,
        issuer: Option<AuthorityCode>,
    ) -> impl Fn(&Position) -> bool + use<'q> {
        let registry = self.queries.registry();
        // spec: EFF-243, EFF-245
        let line = issuer.map(|issuer| registry.line(issuer));
        let line = line.into_iter().flatten();
        let publishing: BTreeSet<_> = line.flat_map(|one| registry.publishers(one)).collect();
        let supervising = Arc::clone(self.supervising());
        let origin = origin.cloned();
        move |at| {
            let member = AuthorityCode::parse(at.origin.member());
            let may = |code| publishing.contains(&code) || supervising.contains(&code);
            origin.as_ref() == Some(&at.origin) || member.is_ok_and(may)
        }
    }

    fn supervising(&self) -> &Arc<BTreeSet<AuthorityCode>> {
        let find = || Arc::new(self.queries.registry().publishers_of_supervision());
        self.supervising.get_or_init(find)
    }
}

/// Whether an act of a class has effect by the issuer of its target and by supervisors alone.
// spec: EFF-3
const fn is_by_right(class: Class) -> bool {
    matches!(
        class,
        Class::Correction | Class::Withdrawal | Class::Ruling | Class::Admission | Class::Repair
    )
}

pub(super) fn issuer_of(verified: &Verified) -> AuthorityCode {
    verified.statement().header().issuer
}

/// What a decision re-issues.
fn root_of(verified: &Verified) -> Option<Position> {
    let Content::Decision(decision) = &verified.statement().payload().content else {
        return None;
    };
    decision.fields().reissues.as_ref().map(Position::of)
}

fn positions<'r>(references: impl IntoIterator<Item = &'r StatementRef>) -> Vec<Position> {
    references.into_iter().map(Position::of).collect()
}
