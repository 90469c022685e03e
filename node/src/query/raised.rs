//! Which objections are gathered: of those that nothing tells apart, a few.
//!
//! Whoever may object may do so thousands of times, to a decision of anybody. The index knows of an
//! objection all that makes a difference, so that those of which one more changes nothing are not even
//! read; see [`concordat_protocol::effect::alike`].

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::effect::alike::{self, Alike, Noticed, Raised, Said, Telling};
use concordat_protocol::log::{Hash, Origin};
use concordat_protocol::statement::{Class, Content, Ground, StatementRef};
use concordat_protocol::trust::{Member, Verified};

use super::gather::{Dossier, Gatherer, Known, Size};
use super::{Found, QueryError, QueryService};
use crate::store::{ActRow, NoticeRow, Position, Verdict};

/// Objections to the decisions of one chain, and to what it rests on, that are looked at in the index.
// spec: IDX-40
pub const HISTORY_OBJECTIONS_MAX: usize = 131_072;
/// How often objections are put in groups anew because some that stood for others are not held.
const ROUNDS_MAX: usize = 64;

/// An objection with what is gathered if it is looked at.
struct Candidate {
    raised: Raised,
    /// What its first notice says of it.
    told: Option<(Ground, bool)>,
    /// Where its notices stand, each with the name that it gives.
    notices: Vec<(Position, StatementRef)>,
}

impl Candidate {
    const fn of(raised: Raised) -> Self {
        Self {
            raised,
            told: None,
            notices: Vec::new(),
        }
    }
}

impl Gatherer<'_> {
    /// Adds to a dossier the objections to what was visited, with their notices.
    // spec: IDX-40
    pub(super) fn raise(
        &self,
        visited: &[Position],
        dossier: &mut Dossier,
        size: &mut Size,
    ) -> Result<(), QueryError> {
        let known = |position| self.visited(position);
        let registry = self.queries.registry();
        let register = registry.genesis().register_origin();
        let hub = registry.member(registry.genesis().hub());
        let leaves = leaves(dossier);
        let mut candidates = Vec::new();
        for position in visited {
            let Some(known) = known(position) else {
                continue;
            };
            let rows = known.raised.len().max(known.told.len());
            if candidates.len() + rows > HISTORY_OBJECTIONS_MAX || !size.fits(dossier) {
                dossier.is_whole = false;
                return Ok(());
            }
            let on = On {
                queries: self.queries,
                position,
                target: dossier.statements.get(position).map(AsRef::as_ref),
                leaves: leaves.get(position),
                register: &register,
                hub,
            };
            candidates.extend(on.candidates(known, size)?);
        }
        let acts: Vec<_> = dossier.statements.values().map(Arc::clone).collect();
        let statements = acts
            .iter()
            .map(|act| (act.reference(), act.statement().payload()));
        let telling = Telling::of(statements, &register);
        self.choose(candidates, &telling, dossier, size)?;
        for position in visited {
            let by_leaf = known(position).map(|known| known.by_leaf.as_slice());
            for act in by_leaf.unwrap_or_default() {
                self.add(act, dossier, size)?;
            }
        }
        Ok(())
    }

    fn choose(
        &self,
        mut candidates: Vec<Candidate>,
        telling: &Telling,
        dossier: &mut Dossier,
        size: &mut Size,
    ) -> Result<(), QueryError> {
        for _ in 0..ROUNDS_MAX {
            let raised: Vec<Raised> = candidates.iter().map(|one| one.raised.clone()).collect();
            let groups = alike::groups(&raised, telling);
            let mut wrong = BTreeSet::new();
            for at in groups.iter().flat_map(|group| &group.kept) {
                self.queries.go_on()?;
                if let Some(one) = raised.get(*at)
                    && one.said.is_some() != self.holds(&one.at)?
                {
                    wrong.insert(*at);
                }
            }
            if !wrong.is_empty() {
                candidates = self.without(candidates, &wrong, dossier, size)?;
                continue;
            }
            for group in &groups {
                let is_there = |at| dossier.statements.contains_key(&Position::of(at));
                let shown = |at: &&usize| {
                    let one = raised.get(**at);
                    one.is_some_and(|one| is_there(&one.at) || one.copies.iter().any(is_there))
                };
                let shown: Vec<usize> = group.left.iter().filter(shown).copied().collect();
                for at in group.kept.iter().copied().chain(shown) {
                    if let Some(one) = candidates.get(at) {
                        self.take(one, telling, dossier, size)?;
                    }
                }
                if !group.left.is_empty() {
                    dossier.stand_for(Alike::of(group, &raised));
                }
                if !dossier.is_whole {
                    return Ok(());
                }
            }
            return Ok(());
        }
        dossier.is_whole = false;
        Ok(())
    }

    /// Whether what stands at a place is held.
    fn holds(&self, at: &StatementRef) -> Result<bool, QueryError> {
        let found = self.queries.statement(&at.origin, at.index)?;
        Ok(matches!(found, Found::Verified(held) if held.reference() == at))
    }

    /// Without those that are not what the index said: one whose body is lost is known by its notice,
    /// one known by its notice may be an act on something else.
    fn without(
        &self,
        candidates: Vec<Candidate>,
        wrong: &BTreeSet<usize>,
        dossier: &mut Dossier,
        size: &mut Size,
    ) -> Result<Vec<Candidate>, QueryError> {
        let mut right = Vec::with_capacity(candidates.len());
        for (at, mut one) in candidates.into_iter().enumerate() {
            if !wrong.contains(&at) {
                right.push(one);
                continue;
            }
            let is_lost = one.raised.said.take().is_some();
            if !is_lost || !one.raised.copies.is_empty() {
                self.add(&Position::of(&one.raised.at), dossier, size)?;
                for copy in &one.raised.copies {
                    self.add(&Position::of(copy), dossier, size)?;
                }
                for (notice, _) in &one.notices {
                    self.add(notice, dossier, size)?;
                }
            } else if let Some((ground, over_cap)) = one.told {
                (one.raised.ground, one.raised.over_cap) = (ground, over_cap);
                right.push(one);
            }
        }
        Ok(right)
    }

    /// Adds an objection, as far as it is held, its notices as far as they make a difference, and of its
    /// copies those under whose names it is noticed or named.
    fn take(
        &self,
        one: &Candidate,
        telling: &Telling,
        dossier: &mut Dossier,
        size: &mut Size,
    ) -> Result<(), QueryError> {
        let raised = &one.raised;
        match &raised.said {
            Some(_) => self.add(&Position::of(&raised.at), dossier, size)?,
            None => size.not_held += 1,
        }
        for place in raised.telling_notices() {
            if let Some((notice, name)) = one.notices.get(place) {
                self.add(notice, dossier, size)?;
                if *name != raised.at {
                    self.add(&Position::of(name), dossier, size)?;
                }
            }
        }
        for copy in raised.copies.iter().filter(|copy| telling.is_named(copy)) {
            self.add(&Position::of(copy), dossier, size)?;
        }
        Ok(())
    }

    fn add(
        &self,
        position: &Position,
        dossier: &mut Dossier,
        size: &mut Size,
    ) -> Result<(), QueryError> {
        if !dossier.statements.contains_key(position) {
            let found = self.queries.statement(&position.origin, position.index)?;
            if let Found::Verified(verified) = found {
                let class = verified.statement().payload().class();
                let bytes = verified.statement().as_bytes().len();
                match class == Class::Objection {
                    true => size.objection_bytes += bytes,
                    false => size.bytes += bytes,
                }
                dossier.statements.insert(position.clone(), verified);
            }
        }
        dossier.is_whole &= size.fits(dossier);
        Ok(())
    }
}

/// Under which leaves decisions are known: their own, or what names them as a root says. Objections
/// that name another leaf are on nothing.
fn leaves(dossier: &Dossier) -> BTreeMap<Position, BTreeSet<Hash>> {
    let mut leaves: BTreeMap<Position, BTreeSet<Hash>> = BTreeMap::new();
    let mut name = |reference: &StatementRef| {
        let leaves = leaves.entry(Position::of(reference)).or_default();
        leaves.insert(reference.leaf_hash);
    };
    for verified in dossier.statements.values() {
        name(verified.reference());
        if let Content::Decision(decision) = &verified.statement().payload().content
            && let Some(root) = &decision.fields().reissues
        {
            name(root);
        }
    }
    leaves
}

/// A statement that is objected to.
struct On<'a> {
    queries: &'a QueryService,
    position: &'a Position,
    target: Option<&'a Verified>,
    /// Under which leaves it is known, if under any.
    leaves: Option<&'a BTreeSet<Hash>>,
    register: &'a Origin,
    /// The member whose register it is.
    hub: Option<&'a Member>,
}

impl On<'_> {
    /// The objections that count, from their bodies and from notices of those that are not held.
    fn candidates(&self, known: &Known, size: &mut Size) -> Result<Vec<Candidate>, QueryError> {
        let mut firsts: BTreeMap<_, StatementRef> = BTreeMap::new();
        let mut copies: BTreeMap<StatementRef, StatementRef> = BTreeMap::new();
        let mut uncounted = BTreeSet::new();
        let mut counting: BTreeMap<StatementRef, Candidate> = BTreeMap::new();
        for row in &known.raised {
            self.queries.go_on()?;
            let Some((raised, counts)) = self.raised(row, size)? else {
                continue;
            };
            if !counts {
                uncounted.insert(raised.at);
                continue;
            }
            // spec: EFF-40, EFF-130, EFF-143
            let bytes = row.objection.as_ref().map(|said| said.bytes);
            match firsts.entry((&row.position.origin, bytes)) {
                Entry::Occupied(first) => {
                    let first = first.get();
                    if let Some(first) = counting.get_mut(first) {
                        first.raised.copies.push(raised.at.clone());
                    }
                    copies.insert(raised.at, first.clone());
                }
                Entry::Vacant(vacant) => {
                    vacant.insert(raised.at.clone());
                    counting.insert(raised.at.clone(), Candidate::of(raised));
                }
            }
        }
        for row in &known.told {
            self.queries.go_on()?;
            let name = reference(&row.act, row.act_hash);
            let act = copies.get(&name).unwrap_or(&name);
            let is_here = row.position.origin == *self.register && !uncounted.contains(act);
            if is_here && self.is_verified(row.verdict, &row.position, size)? {
                self.tell(&mut counting, act.clone(), name, row);
            }
        }
        Ok(counting.into_values().collect())
    }

    /// A held objection, and whether it counts: what is about another organisation does not, nor what is
    /// shown to others than its target is.
    // spec: EFF-41
    fn raised(&self, row: &ActRow, size: &mut Size) -> Result<Option<(Raised, bool)>, QueryError> {
        let (Some(said), Some(ground)) = (&row.objection, row.ground) else {
            return Ok(None);
        };
        if !self.is_verified(row.verdict, &row.position, size)? {
            return Ok(None);
        }
        let on = reference(self.position, said.target_hash);
        let target = self.target.filter(|target| *target.reference() == on);
        let is_astray = target.is_some_and(|target| {
            let about = target.statement().header().about;
            (about, target.leaf().vis) != (said.about, said.vis)
        });
        let counts = !is_astray && self.is_known(said.target_hash);
        let raised = Raised {
            at: reference(&row.position, said.leaf_hash),
            on,
            ground,
            over_cap: said.over_cap,
            said: Some(Said {
                issuer: said.issuer,
                role: said.role,
                received_on: said.received_on,
                register_size: said.register_size,
            }),
            copies: Vec::new(),
            notices: Vec::new(),
        };
        Ok(Some((raised, counts)))
    }

    /// Adds a notice of an objection. Of one that is not held the first notice says what there is.
    // spec: EFF-23
    fn tell(
        &self,
        counting: &mut BTreeMap<StatementRef, Candidate>,
        act: StatementRef,
        name: StatementRef,
        row: &NoticeRow,
    ) {
        let as_objection = row.class == Class::Objection;
        let told = (row.ground.unwrap_or(Ground::Other), row.over_cap);
        let candidate = match counting.entry(act) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if !as_objection || !self.is_known(row.target_hash) => return,
            Entry::Vacant(vacant) => {
                let at = vacant.key().clone();
                vacant.insert(Candidate::of(Raised {
                    at,
                    on: reference(self.position, row.target_hash),
                    ground: told.0,
                    over_cap: told.1,
                    said: None,
                    copies: Vec::new(),
                    notices: Vec::new(),
                }))
            }
        };
        if as_objection {
            candidate.told.get_or_insert(told);
        }
        candidate.notices.push((row.position.clone(), name));
        candidate.raised.notices.push(Noticed {
            index: row.position.index,
            as_objection,
            is_void: self.is_cut_off(row),
        });
    }

    /// Whether a notice stands behind the cut-off of its key.
    fn is_cut_off(&self, row: &NoticeRow) -> bool {
        let from = self.hub.and_then(|hub| hub.cut_off(row.kid));
        from.is_some_and(|from| row.position.index >= from)
    }

    fn is_known(&self, target_hash: Hash) -> bool {
        self.leaves
            .is_none_or(|leaves| leaves.contains(&target_hash))
    }

    fn is_verified(
        &self,
        verdict: Option<Verdict>,
        at: &Position,
        size: &mut Size,
    ) -> Result<bool, QueryError> {
        let is_verified = match verdict {
            Some(Verdict::Verified) => return Ok(true),
            Some(Verdict::Rejected(_)) => return Ok(false),
            None => matches!(
                self.queries.statement(&at.origin, at.index)?,
                Found::Verified(_)
            ),
        };
        size.not_held += usize::from(!is_verified);
        Ok(is_verified)
    }
}

fn reference(at: &Position, leaf_hash: Hash) -> StatementRef {
    StatementRef {
        origin: at.origin.clone(),
        index: at.index,
        leaf_hash,
    }
}
