//! Appending to logs, signing heads, cosigning, and folding the registry.

use std::collections::BTreeMap;
use std::sync::Arc;

use concordat_protocol::exchange::{BodyOutcome, Input};
use concordat_protocol::log::{
    Checkpoint, CosignatureTime, LeafIndex, Origin, TreeSize, VerifiedCheckpoint,
    VerifiedCosignature, hash,
};
use concordat_protocol::message::Absence;
use concordat_protocol::statement::{Body, Code, Content, Leaf, Statement, StatementRef, Vis};
use concordat_protocol::subject::Subject;
use concordat_protocol::trust::{self, LogNumber, Place, Registry, RejectReason};

use crate::core::damage::{BodyFault, is_damage};
use crate::core::ledger::{BodyMark, Record};
use crate::core::logs::{Log, try_leaves};
use crate::core::types::{Durable, Entry, Fatal, Output, Signing, Submission, SubmitError};
use crate::core::{Core, write};
use crate::disk::Disk;
use crate::journal::RecordPointer;
use crate::signer_state::SignedHead;

/// How often leaves are read before a failed read counts.
const READS_MAX: u32 = 4;

/// Leaves in one ledger record: few enough that reading one of them reads little else.
pub(super) const RECORD_LEAVES_MAX: usize = 128;

impl<D: Disk> Core<D> {
    /// Takes statements for one of our logs: all or none.
    pub(super) fn submit(&mut self, submission: Submission) -> Result<(), Fatal> {
        let Submission {
            ticket,
            log,
            statements,
        } = submission;
        let decoded = self.decode(log, &statements);
        // What one of them acts on may have come a moment ago, and only what is committed can be read.
        let mut all = decoded.iter().flatten();
        if all.any(|statement| self.acts_on_what_is_staged(statement)) {
            self.journal.commit()?;
        }
        let entries = match decoded.and_then(|statements| self.examine(log, &statements)) {
            Ok(entries) => entries,
            Err(error) => {
                self.outputs.push(Output::Submitted {
                    ticket,
                    result: Err(error),
                });
                return Ok(());
            }
        };
        let origin = self.genesis.origin(self.me, log);
        let references = self.append(&origin, entries)?;
        self.staged.tickets.push((ticket, references));
        Ok(())
    }

    fn acts_on_what_is_staged(&self, statement: &Statement) -> bool {
        let Some(target) = &statement.payload().target else {
            return false;
        };
        let index = target.index.value();
        let logs = self.shared.logs();
        let log = logs.get(&target.origin);
        let records = log.map(|log| log.records(index, index.saturating_add(1)));
        let mut records = records.into_iter().flatten();
        records.any(|(_, record)| !self.journal.record_exists(record))
    }

    fn decode(
        &self,
        log: LogNumber,
        statements: &[Vec<u8>],
    ) -> Result<Vec<Statement>, SubmitError> {
        self.may_take()?;
        if !self.own_logs().contains(&self.genesis.origin(self.me, log)) {
            return Err(SubmitError::NotOurLog);
        }
        let statements = statements.iter().enumerate();
        let statements = statements.map(|(position, bytes)| {
            Statement::decode(bytes).map_err(|error| SubmitError::NotAStatement { position, error })
        });
        statements.collect()
    }

    /// Looks at statements before anything of them is stored.
    fn examine(
        &mut self,
        log: LogNumber,
        statements: &[Statement],
    ) -> Result<Vec<Entry>, SubmitError> {
        let origin = self.genesis.origin(self.me, log);
        let begin = self
            .shared
            .logs()
            .get(&origin)
            .map_or(0, |log| log.size().value());
        let mut ctx_floor = self.shared.ctx_floor(&origin, LeafIndex::new(begin));
        let mut entries = Vec::with_capacity(statements.len());
        for (position, statement) in statements.iter().enumerate() {
            let refused = |reason| SubmitError::Refused { position, reason };
            let target = self.target_leaf(position, statement)?;
            let entry = self.entry(&origin, statement, target).map_err(refused)?;
            let index = LeafIndex::new(begin + position as u64);
            let place = Place {
                origin: &origin,
                index,
                leaf: &entry.leaf,
                ctx_floor,
            };
            ctx_floor = ctx_floor.max(entry.leaf.ctx);
            if log == LogNumber::Registry {
                self.examine_registry(position, &entry.leaf, statement)?;
            } else {
                trust::check(&self.registry, place, statement).map_err(refused)?;
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    /// A change of the registry is tried on a copy first: a void entry would stay in the log for ever.
    fn examine_registry(
        &self,
        position: usize,
        leaf: &Leaf,
        statement: &Statement,
    ) -> Result<(), SubmitError> {
        let mut registry = self.registry.clone();
        match registry.apply(leaf, Some(statement)) {
            trust::Applied::Changed => Ok(()),
            // The node makes those by itself.
            trust::Applied::Unchanged => Err(SubmitError::Refused {
                position,
                reason: RejectReason::WrongLog,
            }),
            trust::Applied::Void(reason) => Err(SubmitError::Refused { position, reason }),
        }
    }

    /// Makes the leaf that a statement gets in one of our logs. `target` is the leaf that it acts on,
    /// where that is held.
    pub(super) fn entry(
        &mut self,
        origin: &Origin,
        statement: &Statement,
        target: Option<Leaf>,
    ) -> Result<Entry, RejectReason> {
        let mut salt = [0; 32];
        (self.random)(&mut salt);
        let body = Body::new(salt, statement.as_bytes().to_vec())
            .map_err(|_| RejectReason::NotAStatement)?;
        let payload = statement.payload();
        let local = payload
            .target
            .as_ref()
            .filter(|target| target.origin == *origin);
        let leaf = Leaf {
            kind: payload.class().kind(),
            vis: self.vis(statement, target)?,
            commit: body.commit(),
            target: local.map(|target| target.index),
            ctx: statement.header().ctx.size,
        };
        Ok(Entry {
            leaf,
            body: body.encode(),
        })
    }

    /// The leaf that a statement acts on, where it is held.
    ///
    /// # Errors
    /// [`SubmitError::TargetUnreadable`] when it is held and cannot be read: taken for one that is not
    /// held, it would give the act another visibility class for good.
    // spec: STM-14
    fn target_leaf(
        &self,
        position: usize,
        statement: &Statement,
    ) -> Result<Option<Leaf>, SubmitError> {
        let Some(target) = &statement.payload().target else {
            return Ok(None);
        };
        let size = self.shared.logs().get(&target.origin).map(Log::size);
        if !size.is_some_and(|size| size.contains(target.index)) {
            return Ok(None);
        }
        let leaf = self.shared.leaf(&target.origin, target.index);
        let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
        leaf.map(Some)
            .ok_or(SubmitError::TargetUnreadable { position })
    }

    fn vis(&self, statement: &Statement, held: Option<Leaf>) -> Result<Vis, RejectReason> {
        let payload = statement.payload();
        let catalogue = self.registry.catalogue_at(statement.header().ctx.size);
        let of_item = |code: &Code, subject: &Subject| {
            let catalogue = catalogue.ok_or(RejectReason::ItemUnknown)?;
            let item = catalogue.items.iter().find(|item| item.code == *code);
            let item = item.ok_or(RejectReason::ItemUnknown)?;
            Ok(Registry::vis_for(catalogue, item, subject))
        };
        if let Content::Decision(decision) = &payload.content {
            let fields = decision.fields();
            return of_item(&fields.item, &fields.subject);
        }
        if let Some(record) = payload.content.record() {
            return of_item(record.item(), record.subject());
        }
        let Some(target) = &payload.target else {
            return Ok(Vis::ALL_MEMBERS);
        };
        // An act is seen by whoever may see its target; where the target is not held, by few.
        match held {
            Some(leaf) if leaf.hash() == target.leaf_hash => Ok(leaf.vis),
            Some(_) => Err(RejectReason::WrongTarget),
            None => Ok(catalogue.map_or(Vis::ALL_MEMBERS, |catalogue| catalogue.near_personal)),
        }
    }

    /// Stages entries at the end of one of our logs.
    pub(super) fn append(
        &mut self,
        origin: &Origin,
        entries: Vec<Entry>,
    ) -> Result<Vec<StatementRef>, Fatal> {
        let begin = self
            .shared
            .logs()
            .get(origin)
            .map_or(0, |log| log.size().value());
        let size = TreeSize::new(begin).map_err(|_| Fatal::Tree {
            origin: origin.clone(),
        })?;
        let mut references = Vec::with_capacity(entries.len());
        let mut encoded = Vec::with_capacity(entries.len());
        let mut marks = Vec::with_capacity(entries.len());
        for (i, entry) in entries.into_iter().enumerate() {
            let index = LeafIndex::new(begin + i as u64);
            let pointer = self.stage_body(&entry.body)?;
            marks.push(BodyMark::Held(pointer, true));
            encoded.push(entry.leaf.encode());
            let leaf_hash = entry.leaf.hash();
            references.push(StatementRef {
                origin: origin.clone(),
                index,
                leaf_hash,
            });
            let body = Arc::from(entry.body);
            let (leaf, own, verified) = (entry.leaf, true, true);
            let origin = origin.clone();
            self.staged.durable.push(Durable {
                origin,
                index,
                leaf,
                body,
                own,
                verified,
            });
        }
        let leaves: Vec<&[u8]> = encoded.iter().map(Vec::as_slice).collect();
        self.stage_leaves(origin, LeafIndex::new(begin), &leaves, &marks)?;
        self.staged.own.entry(origin.clone()).or_insert(size);
        self.staged.registry |= self.genesis.is_registry(origin);
        let range = self.shared.logs().range(origin);
        self.exchange.own_appended(origin, range);
        Ok(references)
    }

    /// Stages leaves with what is known of their bodies; none known when `marks` is empty.
    pub(super) fn stage_leaves(
        &mut self,
        origin: &Origin,
        begin: LeafIndex,
        leaves: &[&[u8]],
        marks: &[BodyMark],
    ) -> Result<(), Fatal> {
        let id = self.log_id(origin)?;
        if self.is_hub() {
            self.unseen.insert(origin.clone());
        }
        let mut first = begin.value();
        for (part, chunk) in leaves.chunks(RECORD_LEAVES_MAX).enumerate() {
            let known = marks
                .chunks(RECORD_LEAVES_MAX)
                .nth(part)
                .unwrap_or_default();
            let mark = |i: usize| known.get(i).copied().unwrap_or(BodyMark::Unknown);
            let entries = chunk
                .iter()
                .enumerate()
                .map(|(i, leaf)| (*leaf, mark(i)))
                .collect();
            let record = self.stage(&Record::Leaves {
                id,
                begin: first,
                leaves: entries,
            })?;
            let mut logs = write(&self.shared.logs);
            let Some(log) = logs.get_mut(origin) else {
                continue;
            };
            if log.size().value() != first {
                return Err(Fatal::Tree {
                    origin: origin.clone(),
                });
            }
            log.push_extent(first, record);
            for (i, leaf) in chunk.iter().enumerate() {
                log.push_leaf(leaf, mark(i));
            }
            first += chunk.len() as u64;
        }
        Ok(())
    }

    /// Stages bodies of leaves that are held.
    pub(super) fn stage_bodies(
        &mut self,
        origin: &Origin,
        bodies: Vec<(LeafIndex, BodyOutcome)>,
    ) -> Result<(), Fatal> {
        let id = self.log_id(origin)?;
        self.staged.registry |= self.genesis.is_registry(origin);
        let mut marks = Vec::with_capacity(bodies.len());
        for (index, outcome) in bodies {
            // What is erased does not come back, whoever sends it.
            // spec: PRP-73
            if self.shared.is_erased(origin, index) {
                continue;
            }
            if outcome == BodyOutcome::Absent(Absence::Erased) {
                self.erasures.hear((origin.clone(), index));
            }
            let pointer = match &outcome {
                BodyOutcome::Accepted { body, .. } | BodyOutcome::Refused { body, .. } => {
                    Some(self.stage_body(body)?)
                }
                BodyOutcome::Absent(_) => None,
            };
            // The mark of one that is refused has no room to say where it lies.
            // spec: EXC-102
            if let (BodyOutcome::Refused { .. }, Some(pointer)) = (&outcome, pointer) {
                marks.push((index.value(), BodyMark::Held(pointer, false)));
            }
            marks.push((index.value(), BodyMark::of(&outcome, pointer)));
            if let BodyOutcome::Refused { .. } = outcome {
                self.staged.refused.push((origin.clone(), index));
            }
            if let BodyOutcome::Accepted {
                leaf,
                body,
                verified,
            } = outcome
            {
                let origin = origin.clone();
                let own = origin.member() == self.me.as_str();
                self.staged.durable.push(Durable {
                    origin,
                    index,
                    leaf,
                    body,
                    own,
                    verified,
                });
            }
        }
        if let Some(log) = write(&self.shared.logs).get_mut(origin) {
            for (index, mark) in &marks {
                log.mark(*index, *mark);
            }
        }
        for chunk in marks.chunks(RECORD_LEAVES_MAX) {
            self.stage(&Record::Bodies {
                id,
                bodies: chunk.to_vec(),
            })?;
        }
        Ok(())
    }

    pub(super) fn log_id(&mut self, origin: &Origin) -> Result<u64, Fatal> {
        let (known, next) = {
            let logs = self.shared.logs();
            (logs.get(origin).map(|log| log.id), logs.next_id())
        };
        if let Some(id) = known {
            return Ok(id);
        }
        self.stage(&Record::Log {
            id: next,
            origin: origin.as_str(),
        })?;
        write(&self.shared.logs).insert(origin.clone(), next);
        Ok(next)
    }

    /// Keeps a head with its cosignatures.
    pub(super) fn keep_head(&mut self, head: &VerifiedCheckpoint) -> Result<(), Fatal> {
        self.stage(&Record::Head {
            note: &head.to_bytes(),
        })?;
        self.show_head(head);
        Ok(())
    }

    fn show_head(&mut self, head: &VerifiedCheckpoint) {
        let (origin, size) = (head.origin().clone(), head.size());
        {
            let mut heads = write(&self.shared.heads);
            let of_log = heads.entry(origin.clone()).or_default();
            of_log.insert(size, head.clone());
            while of_log.len() > 16 {
                of_log.pop_first();
            }
        }
        self.outputs.push(Output::Head { origin, size });
    }

    /// Steps (2) to (4) of the commit, for every own log with new leaves.
    ///
    /// The leaves are durable already. A flipped bit between hashing and writing would make the log
    /// unprovable for ever, so each leaf is read back and hashed again before its root is signed.
    // spec: STO-22, STO-23
    pub(super) fn sign_heads(&mut self, own: &BTreeMap<Origin, TreeSize>) -> Result<(), Fatal> {
        if self.signing != Signing::Open {
            return Ok(());
        }
        for (origin, before) in own {
            self.read_back(origin, *before)?;
            self.sign_head(origin)?;
        }
        Ok(())
    }

    /// Reads the leaves from `before` on as they lie on the disk and hashes them again.
    // spec: STO-22
    pub(super) fn read_back(&self, origin: &Origin, before: TreeSize) -> Result<(), Fatal> {
        let (records, end) = {
            let logs = self.shared.logs();
            let Some(log) = logs.get(origin) else {
                return Ok(());
            };
            let end = log.size().value();
            (log.records(before.value(), end), end)
        };
        let leaves = self.read_again(origin, &records, (before.value(), end))?;
        let logs = self.shared.logs();
        for position in before.value()..end {
            let index = LeafIndex::new(position);
            let offset = usize::try_from(position - before.value()).unwrap_or(usize::MAX);
            let read = leaves.get(offset).map(|leaf| hash::leaf_hash(leaf));
            let held = logs.get(origin).and_then(|log| log.tree().leaf_hash(index));
            if read.is_none() || read != held {
                return Err(Fatal::ReadBack {
                    origin: origin.clone(),
                    index,
                });
            }
        }
        Ok(())
    }

    /// A read that fails says nothing about the leaves yet: it is done a few times more at once.
    // spec: STO-68
    fn read_again(
        &self,
        origin: &Origin,
        records: &[(u64, RecordPointer)],
        (begin, end): (u64, u64),
    ) -> Result<Vec<Vec<u8>>, Fatal> {
        let mut attempts = 1;
        loop {
            let (record, cause) = match try_leaves(&self.shared.reader, records, begin, end) {
                Ok(leaves) => return Ok(leaves),
                Err(failed) => failed,
            };
            if attempts < READS_MAX {
                attempts += 1;
                continue;
            }
            self.shared.damage.note_record(record, &cause);
            let origin = origin.clone();
            return Err(match is_damage(&cause) {
                true => Fatal::ReadBack {
                    origin,
                    index: LeafIndex::new(begin),
                },
                false => Fatal::NotReadBack { origin, cause },
            });
        }
    }

    /// Signs the head over all durable leaves of an own log.
    pub(super) fn sign_head(&mut self, origin: &Origin) -> Result<(), Fatal> {
        let (size, root) = {
            let logs = self.shared.logs();
            let Some(log) = logs.get(origin) else {
                return Ok(());
            };
            (log.size(), log.tree().root())
        };
        let Some(state) = self.signer_states.get_mut(origin) else {
            return Ok(());
        };
        let next = SignedHead {
            size: size.value(),
            root: *root.as_bytes(),
        };
        // The head over a restart was signed when signing was opened.
        if state.head() == Some(next) {
            return Ok(());
        }
        let checkpoint = Checkpoint::new(origin.clone(), size, root)?;
        let head = VerifiedCheckpoint::sign(&checkpoint, &*self.keys.log)?;
        // A crash before this line: no one has seen the head. After it: the next start shows it.
        state.compare_and_swap(state.head(), next, &head.to_bytes())?;
        self.show_head(&head);
        self.feed(Input::OwnHead { head })
    }

    /// Promises durably, then cosigns.
    // spec: STO-24
    pub(super) fn cosign(
        &mut self,
        heads: BTreeMap<Origin, VerifiedCheckpoint>,
    ) -> Result<(), Fatal> {
        let mut promised = Vec::new();
        for (origin, head) in heads {
            let fits = self.cosigned.get(&origin).is_none_or(|last| {
                let size = TreeSize::new(last.size).ok();
                let logs = self.shared.logs();
                let root = size.and_then(|size| logs.get(&origin)?.tree().root_at(size).ok());
                last.size <= head.size().value() && root.is_some_and(|r| *r.as_bytes() == last.root)
            });
            if self.signing != Signing::Open || !fits {
                continue;
            }
            let next = SignedHead {
                size: head.size().value(),
                root: *head.root().as_bytes(),
            };
            if self.cosigned.get(&origin) != Some(&next) {
                let id = self.log_id(&origin)?;
                self.stage(&Record::Witness {
                    id,
                    size: next.size,
                    root: next.root,
                })?;
                self.cosigned.insert(origin, next);
            }
            promised.push(head);
        }
        if promised.is_empty() {
            return Ok(());
        }
        if self.staged.records {
            self.journal.commit()?;
            self.staged.records = false;
        }
        for head in promised {
            let name = self.genesis.witness(self.me);
            let Ok(time) = CosignatureTime::from_unix_seconds(self.clock.value() / 1_000) else {
                continue;
            };
            let Ok(cosignature) = VerifiedCosignature::sign(&head, name, time, &*self.keys.witness)
            else {
                continue;
            };
            self.feed(Input::Cosigned { cosignature })?;
        }
        Ok(())
    }

    /// Applies the entries of the registry log whose bodies are durable, in order.
    pub(super) fn apply_registry(&mut self) -> Result<(), Fatal> {
        let origin = self.genesis.registry_origin();
        let mut changed = false;
        self.registry_waits = false;
        loop {
            let index = LeafIndex::new(self.registry.size().value());
            let Some(leaf) = self.shared.leaf(&origin, index) else {
                break;
            };
            let Ok(leaf) = Leaf::decode(&leaf) else { break };
            let body = match self.shared.read_body(&origin, index) {
                Ok(Some(body)) => body,
                Ok(None) | Err(BodyFault::Damaged(_)) => break,
                // Tried again with whatever comes next.
                // spec: STO-47
                Err(BodyFault::Unavailable { .. }) => {
                    self.registry_waits = true;
                    break;
                }
            };
            let statement = Body::decode(&body)
                .ok()
                .and_then(|body| Statement::decode(body.statement()).ok());
            self.registry.apply(&leaf, statement.as_ref());
            changed = true;
        }
        if changed {
            let before = self.shared.registry();
            self.want_entitled(Some(&*before));
            *write(&self.shared.registry) = Arc::new(self.registry.clone());
            self.judge_heads_seen();
            self.erasures.recheck();
            self.outputs.push(Output::RegistryChanged);
            self.feed(Input::RegistryChanged)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::core::fixture::open;
    use crate::fixture::{Fixture, subject};

    use super::*;

    /// A decision comes, and an act on it is handed in before the decision is on the disk: the act was
    /// refused, since what it acts on could not be read.
    // spec: STM-14
    #[test]
    fn what_an_act_is_on_is_committed_before_it_is_read() {
        let fixture = Fixture::new();
        let (mut core, _disk) = open(&fixture);
        let target = fixture.decision(0, 1);
        let act = fixture.objection(1, subject(1), &target);
        let body = Body::decode(&act.body).unwrap();
        let act = Statement::decode(body.statement()).unwrap();
        assert!(!core.acts_on_what_is_staged(&act), "nothing is there");
        let leaf = target.leaf.encode();
        core.stage_leaves(&target.origin, target.index, &[&leaf], &[])
            .unwrap();
        assert!(core.acts_on_what_is_staged(&act));
        assert!(core.target_leaf(0, &act).is_err());
        core.finish().unwrap();
        assert!(!core.acts_on_what_is_staged(&act));
        assert_eq!(core.target_leaf(0, &act).unwrap(), Some(target.leaf));
    }
}
