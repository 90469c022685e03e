//! Erasures: bodies that an act takes out of sight are given and shown no more.
//!
//! ```text
//! act durable ──> may it, is it cosigned (or urgent) ──> body looked at ──> ledger says erased
//!                                                         │ not held: waits, or the hub says erased
//! ```
//! A crash between act and mark is made good at the next start, which looks at every erasure that is held.
//! What becomes of an act that turns out to be void is in [`again`].
//! Out of scope: the bytes. They stay in their segment until segments are rewritten, and no receipt says
//! otherwise.

mod again;

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::key::KeyId;
use concordat_protocol::log::{LeafIndex, Origin, TreeSize};
use concordat_protocol::message::Absence;
use concordat_protocol::statement::{
    Class, Content, Decision, ErasureGround, Kind, Statement, StatementRef,
};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::time::Day;

use crate::core::ledger::{BodyMark, Record};
use crate::core::logs::{BodyState, Holdable};
use crate::core::receipts::{Place, statement_of};
use crate::core::types::{Durable, Fatal};
use crate::core::{Core, Shared, read, write};
use crate::disk::Disk;

use again::Looks;

/// Acts of the node's own that are looked at after a start: more than one commit takes.
const OWN_ACTS_MAX: usize = 8_192;

/// What an act erases.
#[derive(Clone, Debug)]
struct Erasing {
    about: SubjectCode,
    /// The target and what goes with it, by position: nothing quotes what comes after it.
    targets: Vec<StatementRef>,
}

/// Who made an act, with which key and under which state of the registry: what its standing is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Author {
    pub(super) issuer: AuthorityCode,
    pub(super) kid: KeyId,
    pub(super) ctx: TreeSize,
}

/// An erasure by whom it may be.
#[derive(Clone, Copy, Debug)]
struct Known {
    author: Author,
    /// What was seen when it was judged last.
    looks: Looks,
    /// Whether it is void, and so takes nothing away.
    is_void: bool,
}

/// Erasures whose targets are not all out of sight, and what is known of all.
#[derive(Debug, Default)]
pub(super) struct Erasures {
    known: BTreeMap<Place, Known>,
    /// Void ones whose targets may be out of sight.
    ended: BTreeSet<Place>,
    /// Whether what they are judged by has changed.
    is_stale: bool,
    open: BTreeMap<Place, Erasing>,
    /// Those that no quorum has cosigned yet.
    unwitnessed: BTreeSet<Place>,
    by_target: BTreeMap<Place, BTreeSet<Place>>,
    /// Targets of which it was heard that they are erased.
    heard: Vec<Place>,
}

impl Erasures {
    /// The hub says of a target that it is erased.
    pub(super) fn hear(&mut self, target: Place) {
        self.heard.push(target);
    }

    /// Whether some target of an act is not out of sight.
    pub(super) fn is_open(&self, act: &Place) -> bool {
        self.open.contains_key(act)
    }

    fn wait(&mut self, act: &Place, erasing: Erasing) {
        for target in &erasing.targets {
            let target = (target.origin.clone(), target.index);
            self.by_target
                .entry(target)
                .or_default()
                .insert(act.clone());
        }
        self.open.insert(act.clone(), erasing);
    }

    /// What the acts are judged by has changed.
    pub(super) fn recheck(&mut self) {
        self.is_stale = true;
    }

    /// A target is settled for an act; whether nothing of it is open any more.
    fn settle(&mut self, act: &Place, target: &StatementRef) -> bool {
        let place = (target.origin.clone(), target.index);
        if let Some(acts) = self.by_target.get_mut(&place) {
            acts.remove(act);
            if acts.is_empty() {
                self.by_target.remove(&place);
            }
        }
        let Some(erasing) = self.open.get_mut(act) else {
            return true;
        };
        erasing.targets.retain(|one| one != target);
        let is_done = erasing.targets.is_empty();
        if is_done {
            self.open.remove(act);
        }
        is_done
    }
}

/// What becomes of one target.
enum Fate {
    /// It goes, or has gone.
    Goes,
    /// Its body has not come.
    Waits,
    /// It goes once another is out of sight.
    Behind(StatementRef),
    /// This act takes it away from nobody.
    Stays,
}

impl<D: Disk> Shared<D> {
    /// Whether an act erased the body of a position.
    #[must_use]
    pub fn is_erased(&self, origin: &Origin, index: LeafIndex) -> bool {
        let logs = self.logs();
        let body = logs.get(origin).map(|log| log.body(index));
        body == Some(BodyState::Absent(Absence::Erased))
    }

    /// What was erased at a position; `None` where nothing was.
    #[must_use]
    pub fn erased(&self, origin: &Origin, index: LeafIndex) -> Option<StatementRef> {
        let logs = self.logs();
        let log = logs.get(origin)?;
        let is_erased = log.body(index) == BodyState::Absent(Absence::Erased);
        let leaf_hash = log.tree().leaf_hash(index).filter(|_| is_erased)?;
        let origin = origin.clone();
        Some(StatementRef {
            origin,
            index,
            leaf_hash,
        })
    }

    /// Reads an encoded body from the journal for the index, also one that an act took out of sight: it is asked
    /// whether a decision makes anew what was erased.
    // spec: IDX-125
    #[must_use]
    pub fn body_to_index(&self, origin: &Origin, index: LeafIndex) -> Option<Vec<u8>> {
        let pointer = self.logs().get(origin)?.erased_body(index);
        match pointer {
            Some(pointer) => self.reader.read_body(pointer).ok(),
            None => self.body(origin, index),
        }
    }
}

impl<D: Disk> Core<D> {
    /// Takes away what acts erase that have become durable or were cosigned, and what has come after the act
    /// that erases it.
    // spec: PRP-72, PRP-73
    pub(super) fn follow_erasures(&mut self, durable: &[Durable]) -> Result<(), Fatal> {
        let mut acts: BTreeSet<Place> = BTreeSet::new();
        for entry in durable {
            let place = (entry.origin.clone(), entry.index);
            if entry.leaf.kind == Kind::Act
                && entry.verified
                && let Some(act) = statement_of(&entry.body)
                && self.note_erasure(&place, &act)?
            {
                acts.insert(place.clone());
            }
            let waiting = self.erasures.by_target.get(&place);
            acts.extend(waiting.into_iter().flatten().cloned());
        }
        for target in std::mem::take(&mut self.erasures.heard) {
            let waiting = self.erasures.by_target.get(&target);
            acts.extend(waiting.into_iter().flatten().cloned());
        }
        let cosigned = self.erasures.unwitnessed.iter();
        let cosigned = cosigned.filter(|act| self.is_cosigned(act)).cloned();
        acts.extend(cosigned.collect::<Vec<_>>());
        for act in acts {
            self.carry_out(&act)?;
        }
        self.judge_erasures()
    }

    /// Takes away what acts erase where a crash may have come between act and mark: those of others without a
    /// receipt, and the newest of the node's own. Where an earlier version marked what they erase, all are read
    /// once.
    // spec: PRP-73, STO-103
    pub(super) fn restore_erasures(
        &mut self,
        (known, has_erased): (Vec<(Place, Author)>, bool),
        acts: &[Place],
    ) -> Result<(), Fatal> {
        let reads_all = has_erased && known.is_empty();
        self.erasures.restore(known);
        let own = acts.iter().rev();
        let own = own.filter(|(origin, _)| origin.member() == self.me.as_str());
        let mut some: Vec<Place> = own.take(OWN_ACTS_MAX).cloned().collect();
        some.extend(self.receipts.pending().cloned());
        let acts = match reads_all {
            true => acts,
            false => &some,
        };
        for place in acts {
            if let Some(act) = self.act_at(place)
                && self.note_erasure(place, &act)?
            {
                self.carry_out(place)?;
            }
        }
        if self.staged.is_pending() {
            self.journal.commit()?;
            self.staged.records = false;
        }
        Ok(())
    }

    /// Keeps an act that erases; whether it is one, may and is not void.
    fn note_erasure(&mut self, place: &Place, act: &Statement) -> Result<bool, Fatal> {
        let Some((erasing, ground)) = self.erased_by(act) else {
            return Ok(false);
        };
        self.keep_known(place, act)?;
        // spec: PRP-103
        if self.judge(place, act) {
            return Ok(false);
        }
        // spec: PRP-75
        if ground != ErasureGround::UrgentPersonalData {
            self.erasures.unwitnessed.insert(place.clone());
        }
        self.erasures.wait(place, erasing);
        Ok(true)
    }

    /// What an act erases unless it is void: the member may whose log it lies in, and whoever supervises.
    // spec: PRP-72
    fn erased_by(&self, act: &Statement) -> Option<(Erasing, ErasureGround)> {
        let payload = act.payload();
        let Content::Erasure(erasure) = &payload.content else {
            return None;
        };
        let target = payload.target.clone()?;
        let (header, size) = (act.header(), act.header().ctx.size);
        let own = header.issuer.as_str() == target.origin.member();
        let day = Day::of(payload.issued_at).ok()?;
        let at_ctx = self.registry.member_at(header.issuer, size);
        let supervises = at_ctx.is_some_and(|issuer| issuer.supervises(Class::Erasure, day));
        let targets = [target].into_iter().chain(erasure.closure.clone());
        let mut targets: Vec<StatementRef> = targets.collect();
        targets.sort_by_key(|one| one.index);
        let erasing = Erasing {
            about: header.about,
            targets,
        };
        (own || supervises).then_some((erasing, erasure.ground))
    }

    fn act_at(&self, (origin, index): &Place) -> Option<Statement> {
        let body = self.shared.read_body(origin, *index).ok().flatten();
        body.as_deref().and_then(statement_of)
    }

    fn is_cosigned(&self, (origin, index): &Place) -> bool {
        let witnessed = read(&self.shared.witnessed);
        let size = witnessed.get(origin).map(|seen| seen.size.value());
        size.is_some_and(|size| index.value() < size)
    }

    /// Takes away what one act erases, as far as that is settled.
    fn carry_out(&mut self, act: &Place) -> Result<(), Fatal> {
        if self.erasures.unwitnessed.contains(act) && !self.is_cosigned(act) {
            return Ok(());
        }
        self.erasures.unwitnessed.remove(act);
        let Some(erasing) = self.erasures.open.get(act).cloned() else {
            return Ok(());
        };
        for target in &erasing.targets {
            match self.fate(&erasing, target) {
                Fate::Goes => {
                    self.erase(target)?;
                    if self.erasures.settle(act, target) {
                        self.await_receipt(act.clone());
                    }
                }
                Fate::Stays => {
                    if self.erasures.settle(act, target) {
                        self.await_receipt(act.clone());
                    }
                }
                // Acts of others come in any order.
                Fate::Behind(other) => {
                    let other = (other.origin, other.index);
                    let waiting = self.erasures.by_target.entry(other).or_default();
                    waiting.insert(act.clone());
                }
                Fate::Waits => {
                    if let Some(log) = write(&self.shared.logs).get_mut(&target.origin) {
                        log.expect_erased(target.index);
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the body of a target goes: that of a decision or a record about the same organisation, or of a
    /// correction of one that goes; not of a decision that took the place of one that stays.
    // spec: PRP-74, PRP-76
    fn fate(&self, erasing: &Erasing, target: &StatementRef) -> Fate {
        let (origin, index) = (&target.origin, target.index);
        let (state, kind) = {
            let logs = self.shared.logs();
            let Some(log) = logs.get(origin) else {
                return Fate::Waits;
            };
            match log.tree().leaf_hash(index) {
                None => return Fate::Waits,
                Some(hash) if hash != target.leaf_hash => return Fate::Stays,
                Some(_) => (log.body(index), log.kind(index)),
            }
        };
        if state == BodyState::Absent(Absence::Erased) {
            return Fate::Goes;
        }
        let body = self.shared.read_body(origin, index).ok().flatten();
        let Some(statement) = body.as_deref().and_then(statement_of) else {
            return match kind {
                Holdable::Other => Fate::Stays,
                Holdable::Data | Holdable::Act => Fate::Waits,
            };
        };
        self.fate_of(erasing, &statement)
    }

    fn fate_of(&self, erasing: &Erasing, statement: &Statement) -> Fate {
        let payload = statement.payload();
        let after = |one: &StatementRef| match self.shared.is_erased(&one.origin, one.index) {
            true => Fate::Goes,
            false => Fate::Behind(one.clone()),
        };
        if let Content::Correction(_) = &payload.content {
            // It may be about another organisation than what it corrects.
            return payload.target.as_ref().map_or(Fate::Stays, after);
        }
        let is_about = statement.header().about == erasing.about;
        match payload.content.decision().map(Decision::fields) {
            _ if !is_about => Fate::Stays,
            Some(fields) => fields.reissues.as_ref().map_or(Fate::Goes, after),
            None if payload.content.record().is_some() => Fate::Goes,
            None => Fate::Stays,
        }
    }

    /// Marks a body as erased.
    fn erase(&mut self, target: &StatementRef) -> Result<(), Fatal> {
        let (origin, index) = (&target.origin, target.index);
        if self.shared.is_erased(origin, index) {
            return Ok(());
        }
        let id = self.log_id(origin)?;
        if let Some(log) = write(&self.shared.logs).get_mut(origin) {
            log.mark(index.value(), BodyMark::Erased);
        }
        let bodies = vec![(index.value(), BodyMark::Erased)];
        self.stage(&Record::Bodies { id, bodies })?;
        self.exchange.forget(origin, index);
        self.note_holding(origin, index);
        self.erasures.hear((origin.clone(), index));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
