//! One connection: what the peer holds, what we told it, what is under way.

use std::collections::{BTreeMap, BTreeSet};

use crate::exchange::serve::Answers;
use crate::exchange::{Gaps, RequestId};
use crate::log::{Cosignature, Hash, Origin, TreeSize};
use crate::message::{BodyFilter, FrontierEntry, Vouched};
use crate::subject::AuthorityCode;
use crate::time::Timestamp;

/// Heads of logs or under keys that the registry does not know yet, kept for when it does.
const EARLY_LOGS_MAX: usize = 256;
const STASHED_NOTES_MAX: usize = 256;
/// Evidence of forks under keys that the registry does not know yet.
const STASHED_FORKS_MAX: usize = 8;
/// Cosignatures by witnesses, or under keys, that the registry does not know yet.
const STASHED_COSIGNATURES_MAX: usize = 256;

/// A request under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Leaves {
        origin: Origin,
        end: TreeSize,
        size: TreeSize,
    },
    Bodies {
        origin: Origin,
        next: u64,
        end: u64,
        filter: BodyFilter,
        /// Whether they have been asked for in vain before.
        again: bool,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) member: AuthorityCode,
    pub(super) greeted: bool,
    /// Whether it has said what it holds.
    pub(super) frontier_seen: bool,
    held: BTreeMap<Origin, (TreeSize, TreeSize)>,
    /// What it last said that it had seen cosigned, with how much it held.
    pub(super) vouched: BTreeMap<Origin, (TreeSize, Vouched)>,
    /// How many of them the registry did not know when they came.
    early_logs: usize,
    /// What we told it that we hold.
    told: BTreeMap<Origin, (TreeSize, TreeSize)>,
    /// What we held when we greeted it, with the digest sent, until it has greeted us.
    pub(super) hello: Option<(Hash, Vec<FrontierEntry>)>,
    /// It could not give what it was asked for; it is asked again after this.
    pub(super) rest_ends: Option<Timestamp>,
    /// Logs that it has said anything about, for the heads with cosignatures that this brings it once.
    pub(super) stated: BTreeSet<Origin>,
    /// Of logs of which it holds less than was cosigned when it first spoke of them: up to where it was
    /// shown what it missed, and up to where it is owed.
    pub(super) owed: BTreeMap<Origin, (TreeSize, TreeSize)>,
    /// Sizes of the heads that we announced to it.
    pub(super) announced: BTreeMap<Origin, TreeSize>,
    /// Bodies that it did not give when it was asked: others are asked before it is again.
    denied: BTreeMap<Origin, Gaps>,
    /// Bodies that it was asked for and did not give.
    lacks: BTreeMap<Origin, Gaps>,
    requests: BTreeMap<RequestId, (Asked, Timestamp)>,
    /// What it asked for that is not answered to the end.
    pub(super) answers: Answers,
    /// The largest head of each log that cannot be looked at yet.
    stashed: BTreeMap<Origin, (TreeSize, Vec<u8>)>,
    /// Evidence of forks that cannot be looked at yet, as frames.
    stashed_forks: Vec<Vec<u8>>,
    /// Of each log and witness the cosignature of the largest size, with the root, where the registry
    /// does not know the witness or its key.
    stashed_cosignatures: BTreeMap<(Origin, String), (TreeSize, Hash, Cosignature)>,
}

impl Peer {
    pub(super) const fn new(member: AuthorityCode, hello: (Hash, Vec<FrontierEntry>)) -> Self {
        Self {
            member,
            greeted: false,
            frontier_seen: false,
            held: BTreeMap::new(),
            vouched: BTreeMap::new(),
            early_logs: 0,
            told: BTreeMap::new(),
            hello: Some(hello),
            rest_ends: None,
            stated: BTreeSet::new(),
            owed: BTreeMap::new(),
            announced: BTreeMap::new(),
            denied: BTreeMap::new(),
            lacks: BTreeMap::new(),
            requests: BTreeMap::new(),
            answers: Answers::new(),
            stashed: BTreeMap::new(),
            stashed_forks: Vec::new(),
            stashed_cosignatures: BTreeMap::new(),
        }
    }

    /// How many leaves of a log it says it holds.
    pub(super) fn has(&self, origin: &Origin) -> TreeSize {
        self.held
            .get(origin)
            .map_or(TreeSize::ZERO, |(size, _)| *size)
    }

    /// The largest size of a log that it says it holds, or that we announced to it.
    pub(super) fn shown(&self, origin: &Origin) -> TreeSize {
        let announced = self.announced.get(origin).copied();
        self.has(origin).max(announced.unwrap_or(TreeSize::ZERO))
    }

    /// How many leaves of a log it has heard from us that we hold.
    pub(super) fn knows_of_ours(&self, origin: &Origin) -> TreeSize {
        let told = self.told.get(origin).map(|(size, _)| *size);
        told.max(self.announced.get(origin).copied())
            .unwrap_or(TreeSize::ZERO)
    }

    /// Up to where it says that it holds the bodies.
    pub(super) fn has_bodies(&self, origin: &Origin) -> TreeSize {
        self.held
            .get(origin)
            .map_or(TreeSize::ZERO, |(_, bodies)| *bodies)
    }

    /// Takes down what it says; a log never shrinks.
    pub(super) fn note_held(&mut self, origin: &Origin, size: TreeSize, bodies: TreeSize) {
        let held = self
            .held
            .entry(origin.clone())
            .or_insert((TreeSize::ZERO, TreeSize::ZERO));
        held.0 = held.0.max(size);
        held.1 = held.1.max(bodies);
    }

    /// Takes down what it has seen cosigned.
    pub(super) fn note_vouched(&mut self, entry: &FrontierEntry) {
        let said = (entry.size, entry.vouched);
        self.vouched.insert(entry.origin.clone(), said);
    }

    /// Takes down what it says of a log that the registry does not know yet, of a few such logs: it
    /// may name as many as it likes.
    pub(super) fn note_early(&mut self, entry: &FrontierEntry) {
        if !self.held.contains_key(&entry.origin) {
            if self.early_logs >= EARLY_LOGS_MAX {
                return;
            }
            self.early_logs += 1;
        }
        self.note_held(&entry.origin, entry.size, entry.bodies);
    }

    /// Takes down what we are about to tell it; `false` when it knows.
    pub(super) fn tell(&mut self, entry: &FrontierEntry) -> bool {
        let now = (entry.size, entry.bodies);
        self.told.insert(entry.origin.clone(), now) != Some(now)
    }

    pub(super) fn deny(&mut self, origin: &Origin, position: u64) {
        let denied = self.denied.entry(origin.clone()).or_default();
        denied.insert(position, position.saturating_add(1));
    }

    pub(super) fn forget_denial(&mut self, origin: &Origin, position: u64) {
        if let Some(denied) = self.denied.get_mut(origin) {
            denied.remove(position, position.saturating_add(1));
        }
    }

    pub(super) fn has_denied(&self, origin: &Origin, position: u64) -> bool {
        let denied = self.denied.get(origin);
        denied.is_some_and(|denied| denied.contains(position))
    }

    pub(super) fn lack(&mut self, origin: &Origin, begin: u64, end: u64) {
        self.lacks
            .entry(origin.clone())
            .or_default()
            .insert(begin, end);
    }

    /// The positions of a log whose bodies it was asked for and did not give.
    pub(super) fn lacking(&self, origin: &Origin) -> Option<&Gaps> {
        self.lacks.get(origin)
    }

    pub(super) fn lacks(&self, origin: &Origin, begin: u64, end: u64) -> bool {
        let lacks = self.lacks.get(origin);
        lacks.is_some_and(|lacks| lacks.covers(begin, end))
    }

    /// Keeps a head for when the registry knows its log, or the key that signed it: of each log the
    /// largest, which says all that the others do.
    pub(super) fn stash(&mut self, origin: &Origin, size: TreeSize, note: &[u8]) {
        let known = self.stashed.get(origin);
        if known.is_some_and(|(kept, _)| *kept >= size)
            || known.is_none() && self.stashed.len() >= STASHED_NOTES_MAX
        {
            return;
        }
        self.stashed.insert(origin.clone(), (size, note.to_vec()));
    }

    /// Keeps evidence of a fork for when the registry knows the keys under it.
    pub(super) fn stash_fork(&mut self, frame: Vec<u8>) {
        if self.stashed_forks.len() < STASHED_FORKS_MAX && !self.stashed_forks.contains(&frame) {
            self.stashed_forks.push(frame);
        }
    }

    /// Keeps a cosignature for when the registry knows its witness, or its key: one of each log and
    /// witness.
    // spec: EXC-77
    pub(super) fn stash_cosignature(
        &mut self,
        origin: &Origin,
        (size, root): (TreeSize, Hash),
        cosignature: Cosignature,
    ) {
        let place = (origin.clone(), cosignature.witness().as_str().to_owned());
        let stashed = &mut self.stashed_cosignatures;
        let has_room = match stashed.get(&place) {
            Some((kept, _, _)) => *kept < size,
            None => stashed.len() < STASHED_COSIGNATURES_MAX,
        };
        if has_room {
            stashed.insert(place, (size, root, cosignature));
        }
    }

    /// Takes out the cosignatures that were kept.
    pub(super) fn take_cosignatures(&mut self) -> Vec<(Origin, TreeSize, Hash, Cosignature)> {
        let stashed = std::mem::take(&mut self.stashed_cosignatures).into_iter();
        let stashed = stashed.map(|((origin, _), (size, root, made))| (origin, size, root, made));
        stashed.collect()
    }

    /// Takes out the heads and the evidence that were kept.
    pub(super) fn take_stashed(&mut self) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let heads = std::mem::take(&mut self.stashed).into_values();
        let forks = std::mem::take(&mut self.stashed_forks);
        (heads.map(|(_, note)| note).collect(), forks)
    }

    pub(super) fn asked(&self, request: RequestId) -> Option<&Asked> {
        self.requests.get(&request).map(|(asked, _)| asked)
    }

    pub(super) fn ask(&mut self, request: RequestId, asked: Asked, deadline: Timestamp) {
        self.requests.insert(request, (asked, deadline));
    }

    pub(super) fn take(&mut self, request: RequestId) -> Option<Asked> {
        self.requests.remove(&request).map(|(asked, _)| asked)
    }

    pub(super) fn requests_under_way(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let requests = self.requests.values().map(|(_, deadline)| *deadline);
        let answers = self.answers.resumes_at;
        requests.chain(self.rest_ends).chain(answers).min()
    }

    pub(super) fn expired(&self, now: Timestamp) -> Vec<RequestId> {
        let expired = self
            .requests
            .iter()
            .filter(|(_, (_, deadline))| *deadline <= now);
        expired.map(|(id, _)| *id).collect()
    }

    pub(super) fn into_requests(self) -> impl Iterator<Item = Asked> {
        self.requests.into_values().map(|(asked, _)| asked)
    }
}
