//! Holdings: which bodies of others' logs this node holds, said in its own log, and what others say that they
//! hold of the logs that this node gives from.
//!
//! ```text
//! body durable ──> changed ──> said, a minute later, with everything before it that fits
//! row or holding ──> touched ──> looked at, and once more a while later: what both find is odd
//! ```
//! A statement covers as many positions back from the newest as its ranges allow, so the newest one is enough
//! for most logs. What nobody has said in between is said after the next start: the own log tells what was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use concordat_protocol::exchange::Gaps;
use concordat_protocol::log::{LeafIndex, Origin, TreeSize};
use concordat_protocol::message::Absence;
use concordat_protocol::statement::{
    Content, DeliveryBatch, Holdings as Said, HoldingsFields, Kind, Statement,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::LogNumber;

use crate::core::damage::BodyFault;
use crate::core::logs::{BodyState, Holdable, Log};
use crate::core::receipts::{TICK, statement_of};
use crate::core::recover::OpenCoreError;
use crate::core::types::{Durable, Entry, Fatal};
use crate::core::{Core, Shared, read, write};
use crate::disk::Disk;

/// Between two statements about one log, and before the first.
// spec: PRP-54
const PAUSE: Duration = Duration::from_secs(60);
/// Statements of one step.
const STATEMENTS_PER_STEP: usize = 64;
/// Between two looks at what does not fit.
// spec: PRP-57
const LOOK_AGAIN: Duration = Duration::from_secs(600);
/// Statements of one log that are read again at a start, the newest first. The others are read later.
const READ_MAX: usize = 16_384;
/// Of those, how many of all logs at a time, and how long after the last.
const READ_STEP: usize = 1_024;
const READ_PAUSE: Duration = Duration::from_secs(1);

/// A member and a log of which it was given something, or says so.
type Pair = (AuthorityCode, Origin);

/// Bodies that a member says it holds of a log and nobody says it was given, or the reverse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddHolding {
    /// The member.
    pub member: AuthorityCode,
    /// The log.
    pub origin: Origin,
    /// How many bodies it holds without a delivery, and the first.
    pub without_delivery: Option<(u64, LeafIndex)>,
    /// How many it was given from here and does not hold, and the first.
    pub without_holding: Option<(u64, LeafIndex)>,
}

/// What was found odd at the last look.
pub(super) type OddHoldings = Arc<RwLock<Vec<OddHolding>>>;

/// What a member says of a log, position by position: the newest of its statements counts.
#[derive(Debug, Default)]
struct Claims {
    newest: Option<LeafIndex>,
    /// Positions that anything is said of.
    said: Gaps,
    held: Gaps,
    erased: Gaps,
}

impl Claims {
    /// Takes in a statement at its place: before what an older one says, behind what a newer one does.
    // spec: PRP-56
    fn take_in(&mut self, at: LeafIndex, fields: &HoldingsFields) {
        let (from, size) = (fields.from.value(), fields.size.value());
        let mut window = Gaps::default();
        window.insert(from, size);
        if self.newest <= Some(at) {
            self.newest = Some(at);
        } else {
            window = window.without(&self.said);
        }
        let ranges = |of: &[(LeafIndex, LeafIndex)]| {
            let mut gaps = Gaps::default();
            for (begin, end) in of {
                gaps.insert(begin.value(), end.value());
            }
            gaps.both(&window)
        };
        let (missing, erased) = (ranges(&fields.missing), ranges(&fields.erased));
        let held = window.without(&missing).without(&erased);
        for (begin, end) in window.ranges() {
            self.said.insert(begin, end);
            self.held.remove(begin, end);
            self.erased.remove(begin, end);
        }
        held.ranges().for_each(|(b, e)| self.held.insert(b, e));
        erased.ranges().for_each(|(b, e)| self.erased.insert(b, e));
    }
}

/// What does not fit at one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Unfit {
    without_delivery: Gaps,
    without_holding: Gaps,
}

impl Unfit {
    fn is_empty(&self) -> bool {
        self.without_delivery.is_empty() && self.without_holding.is_empty()
    }

    fn both(&self, other: &Self) -> Self {
        Self {
            without_delivery: self.without_delivery.both(&other.without_delivery),
            without_holding: self.without_holding.both(&other.without_holding),
        }
    }
}

/// What this node holds and has to say, and what others said.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    /// Positions of which something else is true than was said.
    changed: BTreeMap<Origin, Gaps>,
    /// When those may be said.
    queue: BTreeSet<(Timestamp, Origin)>,
    /// Until when nothing more is said of a log.
    rests: BTreeMap<Origin, Timestamp>,
    claims: BTreeMap<Pair, Claims>,
    /// What another that gives of a log says that it gave.
    given_elsewhere: BTreeMap<Pair, Gaps>,
    /// Statements that are not read again yet, of each log the newest last.
    unread: BTreeMap<Origin, Vec<LeafIndex>>,
    /// When some of them may be read.
    read_at: Option<Timestamp>,
    /// The newest statement about more of a log than is held of it, by whom it is.
    beyond: BTreeMap<Pair, (LeafIndex, Said)>,
    touched: BTreeSet<Pair>,
    unfit: BTreeMap<Pair, Unfit>,
    look_at: Option<Timestamp>,
    odd: OddHoldings,
}

impl Holdings {
    /// When there is something to say or to look at.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let first = self.queue.first().map(|(due, _)| *due);
        let waits = [first, self.look_at, self.read_at];
        waits.into_iter().flatten().min()
    }

    /// Whether all that a member said is read again.
    fn has_read(&self, member: &str) -> bool {
        self.unread.keys().all(|log| log.member() != member)
    }

    /// Keeps what is said of more than is held for when it is held: one statement of a member about a log, so
    /// that whoever makes positions up fills no memory.
    // spec: PRP-90
    fn keep_beyond(&mut self, pair: Pair, at: LeafIndex, said: &Said) {
        let kept = self.beyond.get(&pair);
        if kept.is_none_or(|(before, _)| *before <= at) {
            self.beyond.insert(pair, (at, said.clone()));
        }
    }

    /// What was odd, for other threads.
    pub(super) fn odd(&self) -> OddHoldings {
        Arc::clone(&self.odd)
    }

    fn note(&mut self, origin: &Origin, index: LeafIndex, now: Timestamp, at_once: bool) {
        let changed = self.changed.entry(origin.clone()).or_default();
        let is_open = !changed.is_empty();
        changed.insert(index.value(), index.value().saturating_add(1));
        if is_open && !at_once {
            return;
        }
        self.queue.retain(|(_, log)| log != origin);
        let after = |wait| now.checked_add(wait).unwrap_or(now);
        let rests = self.rests.get(origin).copied();
        let due = match at_once {
            true => after(TICK),
            false => rests.unwrap_or(now).max(after(PAUSE)),
        };
        self.queue.insert((due, origin.clone()));
    }

    fn touch(&mut self, pair: Pair, now: Timestamp) {
        self.touched.insert(pair);
        if self.look_at.is_none() {
            self.look_at = now.checked_add(LOOK_AGAIN).ok();
        }
    }

    /// The logs whose turn it is.
    fn take_due(&mut self, now: Timestamp) -> Vec<Origin> {
        let due = self.queue.iter().take_while(|(due, _)| *due <= now);
        let due: Vec<_> = due.take(STATEMENTS_PER_STEP).cloned().collect();
        for entry in &due {
            self.queue.remove(entry);
        }
        self.rests.retain(|_, until| now < *until);
        due.into_iter().map(|(_, origin)| origin).collect()
    }

    /// One statement about a log has been said, of these positions.
    fn said(&mut self, origin: &Origin, from: u64, size: u64, now: Timestamp) {
        let until = now.checked_add(PAUSE).unwrap_or(now);
        let changed = self.changed.entry(origin.clone()).or_default();
        changed.remove(from, size);
        if changed.is_empty() {
            self.changed.remove(origin);
        } else {
            self.queue.insert((until, origin.clone()));
        }
        self.rests.insert(origin.clone(), until);
    }
}

impl<D: Disk> Shared<D> {
    /// Where what members say that they hold does not fit what they were given, as of the last look.
    // spec: PRP-57
    #[must_use]
    pub fn odd_holdings(&self) -> Vec<OddHolding> {
        read(&self.odd_holdings).clone()
    }
}

impl<D: Disk> Core<D> {
    /// Whether this node gives of a log: of its own, and as the hub of every member's.
    fn gives_of(&self, origin: &Origin) -> bool {
        let is_known = self.registry.member_of(origin).is_some();
        is_known && (self.is_hub() || origin.member() == self.me.as_str())
    }

    /// Something else is true of a body of another's log than was said.
    pub(super) fn note_holding(&mut self, origin: &Origin, index: LeafIndex) {
        if origin.member() != self.me.as_str() {
            self.holdings.note(origin, index, self.now, false);
        }
    }

    /// A row names bodies that a member is given.
    pub(super) fn touch_holding(&mut self, member: AuthorityCode, origin: &Origin) {
        self.holdings.touch((member, origin.clone()), self.now);
    }

    /// Takes down bodies of others that have come, and what others say that they hold or gave.
    // spec: PRP-53, PRP-54
    pub(super) fn follow_holdings(&mut self, durable: &[Durable], refused: &[(Origin, LeafIndex)]) {
        let me = self.registry.member(self.me);
        let is_lost = me.is_some_and(|me| me.lost().is_some());
        for entry in durable {
            if entry.origin.member() == self.me.as_str() {
                continue;
            }
            let (origin, index, kind) = (&entry.origin, entry.index, entry.leaf.kind);
            if matches!(kind, Kind::Data | Kind::Act) {
                let at_once = is_lost && kind == Kind::Act;
                self.holdings.note(origin, index, self.now, at_once);
            }
            if matches!(kind, Kind::Holdings | Kind::Deliveries) {
                self.hear(origin, index, &entry.body);
            }
        }
        for (origin, index) in refused {
            if origin.member() != self.me.as_str() {
                self.holdings.note(origin, *index, self.now, false);
            }
        }
    }

    /// Takes in what another says of logs that this node gives from.
    fn hear(&mut self, origin: &Origin, index: LeafIndex, body: &[u8]) {
        let Some(statement) = statement_of(body) else {
            return;
        };
        let Ok(author) = AuthorityCode::parse(origin.member()) else {
            return;
        };
        if !self.counts_of(author, index, &statement) {
            return;
        }
        let content = &statement.payload().content;
        if let Content::Holdings(said) = content {
            self.hear_holdings(author, index, said);
        }
        if let Content::DeliveryBatch(batch) = content {
            self.hear_delivery(author, batch);
        }
    }

    /// Whether a statement stands before the cut-off of its key, if that was cut off.
    // spec: PRP-56
    fn counts_of(&self, author: AuthorityCode, index: LeafIndex, statement: &Statement) -> bool {
        let member = self.registry.member(author);
        let from = member.and_then(|member| member.cut_off(statement.header().kid));
        from.is_none_or(|from| index < from)
    }

    // spec: PRP-56
    fn hear_holdings(&mut self, author: AuthorityCode, at: LeafIndex, said: &Said) {
        let fields = said.fields();
        if !self.gives_of(&fields.origin) || fields.origin.member() == author.as_str() {
            return;
        }
        let pair = (author, fields.origin.clone());
        let root = {
            let logs = self.shared.logs();
            let log = logs.get(&fields.origin);
            log.and_then(|log| log.tree().root_at(fields.size).ok())
        };
        let Some(root) = root else {
            self.holdings.keep_beyond(pair.clone(), at, said);
            self.holdings.touch(pair, self.now);
            return;
        };
        if root != fields.root {
            return;
        }
        let claims = self.holdings.claims.entry(pair.clone()).or_default();
        claims.take_in(at, fields);
        self.holdings.touch(pair, self.now);
    }

    /// Takes in what the other that gives of a log says: the hub of this node's own, a member to the hub.
    fn hear_delivery(&mut self, author: AuthorityCode, batch: &DeliveryBatch) {
        let origin = batch.origin();
        let counts = author == self.genesis.hub() || author.as_str() == origin.member();
        if !counts || !self.gives_of(origin) {
            return;
        }
        let pair = (batch.receiver(), origin.clone());
        let given = self.holdings.given_elsewhere.entry(pair).or_default();
        for (begin, end) in batch.ranges() {
            given.insert(begin.value(), end.value());
        }
    }

    /// Appends what is due of what this node holds.
    // spec: PRP-53, PRP-54, PRP-55
    pub(super) fn say_holdings(&mut self) -> Result<(), Fatal> {
        let (may, _) = self.says_by_itself();
        let first = self.holdings.queue.first();
        if !may || first.is_none_or(|(due, _)| self.now < *due) {
            return Ok(());
        }
        let mut entries: Vec<Entry> = Vec::new();
        for origin in self.holdings.take_due(self.now) {
            let changed = self.holdings.changed.get(&origin);
            let newest = changed.and_then(|changed| changed.ranges().last());
            let Some((_, end)) = newest else { continue };
            let said = {
                let logs = self.shared.logs();
                let log = logs.get(&origin);
                log.and_then(|log| holdings_of(&origin, log, end.saturating_sub(1)))
            };
            let Some(said) = said else {
                self.holdings.changed.remove(&origin);
                continue;
            };
            let (from, size) = (said.fields().from.value(), said.fields().size.value());
            match self.sign_own(Content::Holdings(Box::new(said))) {
                Some(entry) => {
                    entries.push(entry);
                    self.holdings.said(&origin, from, size, self.now);
                }
                // Without a key that counts nothing is said, and it stays open.
                None => self.holdings.said(&origin, 0, 0, self.now),
            }
        }
        if !entries.is_empty() {
            let origin = self.genesis.origin(self.me, LogNumber::Statements);
            self.append(&origin, entries)?;
        }
        Ok(())
    }

    /// Looks at what members say that they hold and at what they were given. What is found twice, some time
    /// apart, is odd: what one of them says arrives later than what it is about.
    // spec: PRP-57
    pub(super) fn look_at_holdings(&mut self) {
        if self.holdings.look_at.is_none_or(|at| self.now < at) {
            return;
        }
        for ((author, _), (at, said)) in std::mem::take(&mut self.holdings.beyond) {
            self.hear_holdings(author, at, &said);
        }
        let mut pairs = std::mem::take(&mut self.holdings.touched);
        pairs.extend(self.holdings.unfit.keys().cloned());
        let (mut unfit, mut odd) = (BTreeMap::new(), Vec::new());
        for pair in pairs {
            let now = self.unfit(&pair);
            let before = self.holdings.unfit.get(&pair);
            let lasting = before.map(|before| now.both(before)).unwrap_or_default();
            if !lasting.is_empty() {
                let counted = |gaps: &Gaps| {
                    let first = gaps.first().map(LeafIndex::new)?;
                    Some((gaps.count(), first))
                };
                odd.push(OddHolding {
                    member: pair.0,
                    origin: pair.1.clone(),
                    without_delivery: counted(&lasting.without_delivery),
                    without_holding: counted(&lasting.without_holding),
                });
            }
            if !now.is_empty() {
                unfit.insert(pair, now);
            }
        }
        let goes_on = !unfit.is_empty() || !self.holdings.beyond.is_empty();
        self.holdings.unfit = unfit;
        *write(&self.holdings.odd) = odd;
        let again = self.now.checked_add(LOOK_AGAIN).ok();
        self.holdings.look_at = again.filter(|_| goes_on);
    }

    fn unfit(&self, pair: &Pair) -> Unfit {
        let (member, origin) = pair;
        let Some(known) = self.registry.member(*member) else {
            return Unfit::default();
        };
        let (nothing, no_claims) = (Gaps::default(), Claims::default());
        let claims = self.holdings.claims.get(pair).unwrap_or(&no_claims);
        let here = self.delivered.get(pair).unwrap_or(&nothing);
        let elsewhere = self.holdings.given_elsewhere.get(pair);
        let elsewhere = elsewhere.unwrap_or(&nothing);
        let logs = self.shared.logs();
        let Some(log) = logs.get(origin) else {
            return Unfit::default();
        };
        let held = claims.held.without(here).without(elsewhere);
        let given = here.without(&claims.held).without(&claims.erased);
        let other = match self.is_hub() {
            true => AuthorityCode::parse(origin.member()).ok(),
            false => Some(self.genesis.hub()),
        };
        let other = other.as_ref().map_or("", AuthorityCode::as_str);
        // Acts are had of anybody.
        let data = |kind| kind == Holdable::Data;
        let mut unfit = Unfit::default();
        // What is not read again yet may tell of the delivery, or of the holding.
        // spec: PRP-91
        if self.holdings.has_read(other) {
            unfit.without_delivery = of_kind(log, &held, data);
        }
        if known.lost().is_none() && self.holdings.has_read(member.as_str()) {
            unfit.without_holding = of_kind(log, &given, |kind| kind != Holdable::Other);
        }
        unfit
    }

    /// Reads from the own log what was said, and from others' what they hold and gave.
    // spec: PRP-53
    pub(super) fn restore_holdings(
        &mut self,
        spoken: &BTreeMap<Origin, Vec<LeafIndex>>,
        given: &BTreeMap<Origin, Vec<LeafIndex>>,
    ) -> Result<(), OpenCoreError> {
        let own = self.genesis.origin(self.me, LogNumber::Statements);
        let mut said: BTreeMap<Origin, Claims> = BTreeMap::new();
        for index in spoken.get(&own).into_iter().flatten().rev() {
            let statement = self.spoken(&own, *index)?;
            let statement = statement.filter(|one| self.still_counts(*index, one));
            if let Some(Content::Holdings(holdings)) =
                statement.as_ref().map(|one| &one.payload().content)
            {
                let fields = holdings.fields();
                let claims = said.entry(fields.origin.clone()).or_default();
                claims.take_in(*index, fields);
            }
        }
        self.compare_with(&said);
        let others = spoken.iter().chain(given);
        for (origin, places) in others.filter(|(origin, _)| **origin != own) {
            let (older, newest) = places.split_at(places.len().saturating_sub(READ_MAX));
            for index in newest.iter().rev() {
                self.hear_again(origin, *index);
            }
            if !older.is_empty() {
                let unread = self.holdings.unread.entry(origin.clone()).or_default();
                unread.extend(older);
                unread.sort_unstable();
                self.holdings.read_at = self.now.checked_add(READ_PAUSE).ok();
            }
        }
        let given: Vec<Pair> = self.delivered.keys().cloned().collect();
        for (member, origin) in given {
            if self.says_deliveries(member, &origin) {
                self.touch_holding(member, &origin);
            }
        }
        Ok(())
    }

    fn hear_again(&mut self, origin: &Origin, index: LeafIndex) {
        if let Ok(Some(body)) = self.shared.read_body(origin, index) {
            self.hear(origin, index, &body);
        }
    }

    /// Reads on in what was not read at the start. Once a log is through, everything is looked at anew.
    // spec: PRP-91
    pub(super) fn read_on_in_holdings(&mut self) {
        if self.holdings.read_at.is_none_or(|at| self.now < at) {
            return;
        }
        for _ in 0..READ_STEP {
            let Some(mut log) = self.holdings.unread.first_entry() else {
                break;
            };
            let (origin, next) = (log.key().clone(), log.get_mut().pop());
            match next {
                Some(index) => self.hear_again(&origin, index),
                None => {
                    self.holdings.unread.remove(&origin);
                    let pairs: Vec<Pair> = self.holdings.claims.keys().cloned().collect();
                    for pair in pairs.into_iter().chain(self.delivered.keys().cloned()) {
                        self.holdings.touch(pair, self.now);
                    }
                }
            }
        }
        let again = self.now.checked_add(READ_PAUSE).ok();
        let goes_on = !self.holdings.unread.is_empty();
        self.holdings.read_at = again.filter(|_| goes_on);
    }

    fn spoken(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Option<Statement>, OpenCoreError> {
        match self.shared.read_body(origin, index) {
            Ok(body) => Ok(body.and_then(|body| statement_of(&body))),
            Err(BodyFault::Damaged(_)) => Ok(None),
            Err(BodyFault::Unavailable { .. }) => Err(OpenCoreError::NotNow {
                origin: origin.clone(),
            }),
        }
    }

    /// Takes down where something else is true than the own log says.
    fn compare_with(&mut self, said: &BTreeMap<Origin, Claims>) {
        let nothing = Claims::default();
        let mut changed = Vec::new();
        {
            let logs = self.shared.logs();
            let others = logs.iter();
            for (origin, log) in others.filter(|(log, _)| log.member() != self.me.as_str()) {
                let claims = said.get(origin).unwrap_or(&nothing);
                for position in 0..log.size().value() {
                    let index = LeafIndex::new(position);
                    let is_held = holds(log, index);
                    let is_told = log.kind(index) != Holdable::Other;
                    let is_erased = log.body(index) == BodyState::Absent(Absence::Erased);
                    let is_as_said = is_held == claims.held.contains(position)
                        && is_erased == claims.erased.contains(position);
                    if is_told && !is_as_said {
                        changed.push((origin.clone(), index));
                    }
                }
            }
        }
        for (origin, index) in changed {
            self.holdings.note(&origin, index, self.now, false);
        }
    }
}

/// Whether the body of a position lies here, also one that was refused.
fn holds(log: &Log, index: LeafIndex) -> bool {
    matches!(log.body(index), BodyState::Held(_) | BodyState::Refused(_))
}

/// Where bodies that holdings tell of are not held, ascending, and whether they were erased. What tells of
/// nothing lies between.
fn lacks(log: &Log) -> Vec<(u64, u64, bool)> {
    let mut lacks: Vec<(u64, u64, bool)> = Vec::new();
    let mut open = None;
    for position in 0..log.size().value() {
        let index = LeafIndex::new(position);
        if log.kind(index) == Holdable::Other {
            continue;
        }
        let erased = log.body(index) == BodyState::Absent(Absence::Erased);
        let lack = (!holds(log, index)).then_some(erased);
        let after = position.saturating_add(1);
        match (lack, lacks.last_mut()) {
            (Some(_), Some((_, end, _))) if open == lack => *end = after,
            (Some(erased), _) => lacks.push((position, after, erased)),
            (None, _) => {}
        }
        open = lack;
    }
    lacks
}

/// What is held of a log about a position: as much of the log as fits one statement.
// spec: PRP-55
fn holdings_of(origin: &Origin, log: &Log, about: u64) -> Option<Said> {
    let (lacks, size) = (lacks(log), log.size().value());
    // Windows of as many ranges as fit, counted from the end: the newest is always whole.
    let after = lacks.partition_point(|(begin, ..)| *begin <= about);
    let behind = lacks.len().saturating_sub(after) / Said::RANGES_MAX * Said::RANGES_MAX;
    let last = lacks.len().saturating_sub(behind);
    let first = last.saturating_sub(Said::RANGES_MAX);
    let begin = |at: usize| lacks.get(at).map(|(begin, ..)| *begin);
    let from = match first {
        0 => 0,
        first => begin(first).unwrap_or(0),
    };
    let until = begin(last).unwrap_or(size);
    let until = TreeSize::new(until).ok()?;
    let told = lacks.get(first..last)?;
    let ranges = |wanted: bool| {
        let of = told.iter().filter(move |(.., erased)| *erased == wanted);
        of.map(|(begin, end, _)| (LeafIndex::new(*begin), LeafIndex::new(*end)))
    };
    let fields = HoldingsFields {
        origin: origin.clone(),
        size: until,
        root: log.tree().root_at(until).ok()?,
        from: LeafIndex::new(from),
        missing: ranges(false).collect(),
        erased: ranges(true).collect(),
    };
    Said::new(fields).ok()
}

/// Those of some positions where something of a kind lies.
fn of_kind(log: &Log, positions: &Gaps, is_it: impl Fn(Holdable) -> bool) -> Gaps {
    let mut found = Gaps::default();
    let size = log.size().value();
    for (begin, end) in positions.ranges() {
        for position in begin..end.min(size) {
            if is_it(log.kind(LeafIndex::new(position))) {
                found.insert(position, position.saturating_add(1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
