//! The core of a node: one thread's worth of state that decides, stores and signs.
//!
//! It feeds the exchange (`concordat_protocol::exchange`), performs its actions against the journal
//! and the signer state, appends to the node's own logs, folds the registry, keeps the home register
//! at the hub, and cosigns. It does no networking and reads no clock: frames, submissions and the
//! time come in, frames and events go out, so that the simulator drives the very code that runs.
//!
//! Inputs are handled in batches. Nothing leaves the core before what it rests on is durable:
//!
//! ```text
//! handle ... handle | finish:  (1) journal commit      bodies, leaves, heads, witness states, rows,
//!                                                      those of the bodies that (5) will send too
//!                              (2) re-read, re-hash    own leaves, from the disk
//!                              (3) root, sign          own heads
//!                              (4) signer state        compare and swap, durable
//!                              (5) tell the exchange   stored, own head, settled
//!                              (6) again from (1) while the exchange asks for more
//!                              (7) release             frames, receipts, events
//! ```
//! Before (1), what the node says by itself of acts and deliveries is appended when it is due.
//! A crash before (1) loses nothing that anyone was told. Between (1) and (4) the leaves are there
//! without a head: the next start signs one for all of them. After (4) the head is there and may not
//! have been shown: the next start shows it. A crash anywhere in (5)–(7) is repaired by the frontier
//! that the next connection begins with.

mod damage;
mod deliveries;
mod entitle;
mod erasures;
#[cfg(test)]
mod fixture;
mod found;
mod frozen;
mod heads;
mod heads_seen;
mod holders;
mod holdings;
mod ledger;
mod logs;
mod look_ups;
mod lost;
mod own;
mod receipts;
mod recover;
mod register;
mod serve;
mod signing;
mod types;
mod unread;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use concordat_protocol::exchange::{
    Action, Exchange, Gaps, Input, StoreId, Waiting, Witnessed, World,
};
use concordat_protocol::key::Signer;
use concordat_protocol::log::{LeafIndex, Origin, TreeSize, VerifiedCheckpoint};
use concordat_protocol::statement::{HeadSeen, KeyUse};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::{Genesis, HeadsSeen, LogNumber, Registry};

use crate::clock::Moment;
use crate::disk::Disk;
use crate::journal::{GROUP_BYTES_MAX, Journal, JournalReader};
use crate::signer_state::{SignedHead, SignerState};

use damage::DamageList;
pub use damage::{BodyFault, DamageCount, DamagedBody};
use deliveries::Deliveries;
use erasures::Erasures;
pub use found::Arrived;
pub use frozen::Frozen;
use holdings::Holdings;
pub use holdings::OddHolding;
use ledger::Record;
pub use logs::{BodyState, Log, LogTable};
pub use look_ups::LostRows;
use receipts::Receipts;
pub use receipts::{CountMeasures, Counted};
pub use recover::{OpenCoreError, Opened};
pub use types::{
    CoreInput, CoreOptions, Durable, Entry, Fatal, Output, Signing, Submission, SubmitError,
    Surpassed, Ticket,
};

/// The keys that the core signs with.
#[derive(Clone)]
pub struct CoreKeys {
    /// Signs statements that the node makes by itself: notices, restarts.
    pub statement: Arc<dyn Signer + Send + Sync>,
    /// Signs checkpoints of the node's own logs.
    pub log: Arc<dyn Signer + Send + Sync>,
    /// Cosigns foreign checkpoints.
    pub witness: Arc<dyn Signer + Send + Sync>,
}

/// Fills a buffer with random bytes, for salts.
pub type Random = Box<dyn FnMut(&mut [u8]) + Send>;

/// What other threads may read of a core.
#[derive(Debug)]
pub struct Shared<D: Disk> {
    logs: RwLock<LogTable>,
    registry: RwLock<Arc<Registry>>,
    witnessed: RwLock<BTreeMap<Origin, Witnessed>>,
    heads: RwLock<BTreeMap<Origin, BTreeMap<TreeSize, VerifiedCheckpoint>>>,
    heads_seen: RwLock<Arc<HeadsSeen>>,
    frozen: RwLock<frozen::Freezes>,
    surpassed: RwLock<Option<Surpassed>>,
    /// Where this may be a copy from before: when each log had been witnessed last in it.
    restored: RwLock<BTreeMap<Origin, Option<Timestamp>>>,
    missing: RwLock<BTreeMap<Origin, u64>>,
    given_up: RwLock<BTreeMap<Origin, u64>>,
    foreign_keys: RwLock<Vec<KeyUse>>,
    waiting: RwLock<Option<Waiting>>,
    unsaid: deliveries::Unsaid,
    odd_holdings: holdings::OddHoldings,
    register: look_ups::SharedRegister,
    reader: JournalReader<D>,
    damage: DamageList,
}

impl<D: Disk> Shared<D> {
    /// The registry as applied.
    #[must_use]
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&read(&self.registry))
    }

    /// How far each log is witnessed.
    #[must_use]
    pub fn witnessed(&self) -> BTreeMap<Origin, Witnessed> {
        read(&self.witnessed).clone()
    }

    /// When a quorum last cosigned what is held of a log, in milliseconds since 1970; `None` where nothing newer has
    /// come since this node found that its directory may be a copy from before. What it answered then it may not
    /// know now, so nobody's silence is consent.
    // spec: STO-100
    #[must_use]
    pub fn heard_at(&self, origin: &Origin) -> Option<Timestamp> {
        let at = read(&self.witnessed).get(origin)?.at;
        match read(&self.restored).get(origin) {
            Some(before) if at <= *before => None,
            _ => at,
        }
    }

    /// The newest heads of a log, by size, with the cosignatures held.
    #[must_use]
    pub fn heads(&self, origin: &Origin) -> BTreeMap<TreeSize, VerifiedCheckpoint> {
        read(&self.heads).get(origin).cloned().unwrap_or_default()
    }

    /// The log of our own that another instance of this node goes further with, until all of it has
    /// been fetched back.
    #[must_use]
    pub fn surpassed(&self) -> Option<Surpassed> {
        read(&self.surpassed).clone()
    }

    /// How many bodies are lost that were held here, by log; of our own logs also those that whoever was
    /// asked does not hold either. Damaged ones are not among them.
    // spec: STO-45, STO-66
    #[must_use]
    pub fn missing_bodies(&self) -> BTreeMap<Origin, u64> {
        read(&self.missing).clone()
    }

    /// How many bodies of others' logs their authors go on without and nobody connected gives, by log.
    // spec: EXC-103
    #[must_use]
    pub fn given_up_bodies(&self) -> BTreeMap<Origin, u64> {
        read(&self.given_up).clone()
    }

    /// Keys of this directory that the registry does not name; nothing is signed with them.
    #[must_use]
    pub fn foreign_keys(&self) -> Vec<KeyUse> {
        read(&self.foreign_keys).clone()
    }

    /// What is not cosigned before others have said what they saw cosigned.
    // spec: ADM-130
    #[must_use]
    pub fn waiting(&self) -> Option<Waiting> {
        read(&self.waiting).clone()
    }

    /// The logs held: positions and trees. Hold the guard briefly; the core waits for it.
    pub fn logs(&self) -> RwLockReadGuard<'_, LogTable> {
        read(&self.logs)
    }

    /// Reads a leaf from the journal.
    #[must_use]
    pub fn leaf(&self, origin: &Origin, index: LeafIndex) -> Option<Vec<u8>> {
        let place = self.logs().get(origin)?.leaf_place(index)?;
        logs::read_leaf(&self.reader, &self.damage, place)
    }

    /// The registry size below which nothing at a position of a log may be signed.
    #[must_use]
    pub fn ctx_floor(&self, origin: &Origin, index: LeafIndex) -> TreeSize {
        let registry = self.registry();
        let logs = self.logs();
        let floor = |log: &Log| registry.ctx_floor(origin, log.course(), index);
        logs.get(origin).map_or(TreeSize::ZERO, floor)
    }

    /// Reads the leaves [begin, end) from the journal; fewer when they are not held or damaged.
    #[must_use]
    pub fn leaves(&self, origin: &Origin, begin: u64, end: u64) -> Vec<Vec<u8>> {
        let records = self.logs().get(origin).map(|log| log.records(begin, end));
        let records = records.unwrap_or_default();
        logs::read_leaves(&self.reader, &self.damage, &records, begin, end)
    }

    /// Reads an encoded body from the journal; `None` when it is not held, or damaged, which
    /// [`Shared::read_body`] tells apart.
    #[must_use]
    pub fn body(&self, origin: &Origin, index: LeafIndex) -> Option<Vec<u8>> {
        self.read_body(origin, index).ok().flatten()
    }
}

/// A lock that is never held across a panic that matters: the data is replaced whole or appended to.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The core of one node on one disk.
pub struct Core<D: Disk> {
    me: AuthorityCode,
    genesis: Arc<Genesis>,
    keys: CoreKeys,
    random: Random,
    journal: Journal<D>,
    signer_states: BTreeMap<Origin, SignerState<D>>,
    signing: Signing,
    /// Until when claims to hold more of our logs are waited for, once enough others have answered.
    claims_until: Option<Timestamp>,
    /// Another instance of this node signs while this one runs: no more is signed in this life.
    has_twin: bool,
    /// An entry of the registry could not be read when it was its turn.
    registry_waits: bool,
    /// Whether the operator lets the node go on without bodies of its own logs that nobody holds.
    accepts_loss: bool,
    registry: Registry,
    exchange: Exchange,
    shared: Arc<Shared<D>>,
    /// The time that deadlines go by.
    now: Timestamp,
    /// The time by the machine's clock: what is signed and logged bears it.
    clock: Timestamp,
    /// Largest head that we cosigned, by log.
    cosigned: BTreeMap<Origin, SignedHead>,
    /// Which positions of a log a member was ever given the bodies of.
    delivered: BTreeMap<(AuthorityCode, Origin), Gaps>,
    /// Acts that the register names, by their targets.
    notices: BTreeMap<(Origin, LeafIndex), Vec<(Origin, LeafIndex)>>,
    /// Acts that the register has a notice about.
    noticed: BTreeSet<(Origin, LeafIndex)>,
    /// Ledger records in the journal, staged ones included.
    records: u64,
    /// Acts that are durable and that the register may not have a notice about.
    unnoticed: BTreeSet<(Origin, LeafIndex)>,
    /// Acts of others that this node says what it did with.
    receipts: Receipts,
    counting: Option<Box<dyn CountMeasures>>,
    /// What this node gave and has to say.
    deliveries: Deliveries,
    /// Erasures that are not carried out in full.
    erasures: Erasures,
    /// What this node holds and has to say, and what others do.
    holdings: Holdings,
    /// When the root of the register of look-ups is said.
    look_ups_due: Option<Timestamp>,
    /// Logs that may have leaves which the hub has to say that it saw.
    unseen: BTreeSet<Origin>,
    /// When heads are due that the hub has to say that it saw.
    heads_due: Option<Timestamp>,
    /// Heads seen whose leaves are not held, by their position in the hub's log 0.
    unproven: BTreeMap<LeafIndex, HeadSeen>,
    /// Heads seen of another history than is held.
    disproven: BTreeMap<LeafIndex, HeadSeen>,
    /// For which day, and under which registry, mandates that have ended were last looked for.
    mandates_judged: Option<(Day, TreeSize)>,
    /// When it is counted again which bodies their authors go on without.
    given_up_due: Timestamp,
    /// What is staged and becomes durable with the next commit.
    staged: Staged,
    /// Frames and events that wait for their durability.
    outputs: Vec<Output>,
}

/// What is staged is committed before the next input once it is more than this: a record of a submission
/// and the next one are rarely parted then.
const COMMIT_FROM_BYTES: usize = (GROUP_BYTES_MAX / 2) as usize;

/// Consequences of the next commit.
#[derive(Default)]
struct Staged {
    stores: Vec<StoreId>,
    /// Own logs with leaves that have no head yet: the size before.
    own: BTreeMap<Origin, TreeSize>,
    tickets: Vec<(Ticket, Vec<concordat_protocol::statement::StatementRef>)>,
    durable: Vec<Durable>,
    /// Bodies that did not hold.
    refused: Vec<(Origin, LeafIndex)>,
    cosign: BTreeMap<Origin, VerifiedCheckpoint>,
    /// Frames that may go once their delivery row is durable.
    after_row: Vec<Output>,
    records: bool,
    registry: bool,
}

impl<D: Disk> Core<D> {
    /// Handles one input. Effects stay inside until [`Core::finish`].
    ///
    /// # Errors
    /// [`Fatal`]: storage or a signer failed. Drop the core; the next start repairs.
    // spec: EXC-91
    pub fn handle(&mut self, at: impl Into<Moment>, input: CoreInput<'_>) -> Result<(), Fatal> {
        let Moment { steady, clock } = at.into();
        self.now = self.now.max(steady);
        self.clock = clock;
        if self.journal.staged_bytes() > COMMIT_FROM_BYTES {
            self.journal.commit()?;
        }
        match input {
            CoreInput::Exchange(input) => self.feed(input)?,
            CoreInput::Submit(submission) => self.submit(submission)?,
            CoreInput::Row(bytes) => {
                self.stage(&Record::Row { bytes })?;
                self.take_row(bytes);
            }
        }
        Ok(())
    }

    /// Makes everything handled so far durable and gives out what may now be said.
    ///
    /// # Errors
    /// As [`Core::handle`].
    pub fn finish(&mut self) -> Result<Vec<Output>, Fatal> {
        self.want_damaged();
        self.say_receipts()?;
        self.say_deliveries()?;
        self.say_holdings()?;
        self.read_on_in_holdings();
        self.look_at_holdings();
        self.say_query_root()?;
        loop {
            self.record_pushes()?;
            let staged = self.commit()?;
            self.shared.damage.repaired(&staged.durable);
            if staged.registry || self.registry_waits {
                self.apply_registry()?;
                self.stop_with_foreign_keys(Some(KeyUse::Log));
            }
            self.resume_if_safe()?;
            self.sign_heads(&staged.own)?;
            for store in &staged.stores {
                self.feed(Input::Stored { store: *store })?;
            }
            self.outputs.extend(staged.after_row);
            self.cosign(staged.cosign)?;
            self.write_notices(&staged.durable)?;
            self.follow_heads_seen(&staged.durable);
            self.write_heads_seen()?;
            self.follow_notices(&staged.durable);
            self.follow_holdings(&staged.durable, &staged.refused);
            self.follow_erasures(&staged.durable)?;
            self.follow_receipts(&staged.durable, staged.refused);
            self.follow_deliveries(&staged.durable);
            self.follow_query_roots(&staged.durable);
            // The index hears of it before whoever submitted it: they may ask at once.
            if !staged.durable.is_empty() {
                let (items, records) = (staged.durable, self.records);
                self.outputs.push(Output::Durable { items, records });
            }
            for (ticket, references) in staged.tickets {
                let result = self.settled(references);
                self.outputs.push(Output::Submitted { ticket, result });
            }
            // Only now: a hub that takes its own key away still has to publish that it did.
            if staged.registry {
                self.stop_with_foreign_keys(None);
            }
            self.feed(Input::Settled)?;
            if !self.staged.is_pending() {
                break;
            }
        }
        self.show_missing();
        self.show_given_up();
        if read(&self.shared.waiting).as_ref() != self.exchange.waiting() {
            *write(&self.shared.waiting) = self.exchange.waiting().cloned();
        }
        Ok(std::mem::take(&mut self.outputs))
    }

    /// When to feed [`Input::Deadline`].
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        let deadline = self.exchange.deadline();
        let waits = match self.signing {
            Signing::Greeting { until } => Some(until),
            Signing::Held => self.claims_until,
            Signing::Open | Signing::Forked => None,
        };
        // One that has passed waits for something else.
        let own = [
            self.receipts.due(),
            self.deliveries.due(),
            self.holdings.due(),
            self.look_ups_due(),
        ];
        let waits = [waits, self.heads_due].into_iter().chain(own).flatten();
        let waits = waits.filter(|until| *until > self.now).min();
        waits.map_or(deadline, |until| deadline.min(until))
    }

    /// What other threads may read.
    #[must_use]
    pub fn shared(&self) -> Arc<Shared<D>> {
        Arc::clone(&self.shared)
    }

    /// How many ledger records the journal has.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// The exchange, to look at.
    #[must_use]
    pub const fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The registry as applied.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Whether the node may sign.
    #[must_use]
    pub const fn signing(&self) -> &Signing {
        &self.signing
    }

    /// Whether this node is the hub.
    #[must_use]
    pub fn is_hub(&self) -> bool {
        self.genesis.hub() == self.me
    }

    /// The names of the node's own logs.
    #[must_use]
    pub fn own_logs(&self) -> Vec<Origin> {
        own_logs(&self.genesis, self.me)
    }

    /// What somebody makes of the exchange and the world.
    fn look<T>(&self, look: impl FnOnce(&Exchange, World<'_>) -> T) -> T {
        let logs = read(&self.shared.logs);
        let world = World {
            now: self.now,
            clock: self.clock,
            registry: &self.registry,
            logs: &*logs,
        };
        look(&self.exchange, world)
    }

    fn feed(&mut self, input: Input<'_>) -> Result<(), Fatal> {
        {
            let logs = read(&self.shared.logs);
            let world = World {
                now: self.now,
                clock: self.clock,
                registry: &self.registry,
                logs: &*logs,
            };
            self.exchange.handle(world, input);
        }
        while let Some(action) = self.exchange.poll_action() {
            self.perform(action)?;
        }
        Ok(())
    }

    fn perform(&mut self, action: Action) -> Result<(), Fatal> {
        match action {
            Action::Send { peer, frame } => self.outputs.push(Output::Send { peer, frame }),
            Action::Push {
                peer,
                member,
                from,
                head,
            } => self.push_tail(peer, member, from, &head)?,
            Action::Ask {
                peer,
                request,
                frame,
            } => {
                self.outputs.push(Output::Ask {
                    peer,
                    request,
                    frame,
                });
            }
            Action::Cancel { peer, request } => self.outputs.push(Output::Cancel { peer, request }),
            Action::Serve {
                peer,
                member,
                serve,
                request,
                bytes,
            } => {
                self.serve((peer, member), serve, request, bytes)?;
            }
            Action::Refuse { peer, serve, frame } => {
                self.outputs.push(Output::Answer {
                    peer,
                    serve,
                    frames: vec![frame],
                    next: None,
                });
            }
            Action::StoreLeaves {
                store,
                origin,
                begin,
                leaves,
                head,
            } => {
                let leaves: Vec<&[u8]> = leaves.iter().collect();
                let marks = self.withheld(&origin, &leaves);
                self.stage_leaves(&origin, begin, &leaves, &marks)?;
                if let Some(head) = head {
                    self.keep_head(&head)?;
                }
                self.staged.stores.push(store);
            }
            Action::StoreBodies {
                store,
                origin,
                bodies,
            } => {
                self.stage_bodies(&origin, bodies)?;
                self.staged.stores.push(store);
            }
            Action::Cosign { head } => {
                self.staged.cosign.insert(head.origin().clone(), head);
            }
            Action::KeepHead { head } => self.keep_head(&head)?,
            Action::Witnessed { origin, witnessed } => {
                write(&self.shared.witnessed).insert(origin.clone(), witnessed);
                self.outputs.push(Output::Witnessed { origin, witnessed });
            }
            Action::Holds { member, entry } => self.outputs.push(Output::Holds { member, entry }),
            Action::Forked { origin, evidence } => self.forked(origin, evidence)?,
            Action::Surpassed { head } => self.surpassed(&head)?,
            Action::Report { peer, violation } => {
                self.outputs.push(Output::Report { peer, violation });
            }
            Action::Close { peer, code } => self.outputs.push(Output::Close { peer, code }),
        }
        Ok(())
    }

    fn stage(&mut self, record: &Record<'_>) -> Result<crate::journal::RecordPointer, Fatal> {
        self.staged.records = true;
        let payload = record.encode();
        self.make_room(payload.len())?;
        self.records += 1;
        Ok(self.journal.stage_record(record.kind(), &payload)?)
    }

    fn stage_body(&mut self, body: &[u8]) -> Result<crate::journal::BodyPointer, Fatal> {
        self.make_room(body.len())?;
        Ok(self.journal.stage_body(&[body])?)
    }

    /// Commits what is staged where more no longer fits one commit. Nothing is said of it before
    /// [`Core::finish`]; a body that becomes durable before its record is nobody's.
    // spec: STO-90
    fn make_room(&mut self, bytes: usize) -> Result<(), Fatal> {
        match self.journal.has_room(bytes) {
            true => Ok(()),
            false => Ok(self.journal.commit()?),
        }
    }

    /// Makes the rows of local registers durable that were handled so far: whoever waits for one needs no head
    /// of what came with it. Anything else is given out by [`Core::finish`].
    ///
    /// # Errors
    /// As [`Core::handle`].
    // spec: LKP-1
    pub fn keep_rows(&mut self) -> Result<(), Fatal> {
        Ok(self.journal.commit()?)
    }

    /// Counts the bodies that became durable as held.
    fn settle_bodies(&self) {
        let reader = &self.shared.reader;
        for (_, log) in write(&self.shared.logs).iter_mut() {
            log.settle(|pointer| reader.body_exists(pointer));
        }
    }

    fn commit(&mut self) -> Result<Staged, Fatal> {
        if self.staged.records {
            self.journal.commit()?;
            self.settle_bodies();
        }
        Ok(std::mem::take(&mut self.staged))
    }
}

impl Staged {
    fn is_pending(&self) -> bool {
        self.records
            || !self.stores.is_empty()
            || !self.own.is_empty()
            || !self.tickets.is_empty()
            || !self.cosign.is_empty()
            || !self.after_row.is_empty()
            || self.registry
    }
}

impl<D: Disk> std::fmt::Debug for Core<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Core({})", self.me)
    }
}

/// The names of the logs that a member writes.
fn own_logs(genesis: &Genesis, me: AuthorityCode) -> Vec<Origin> {
    let numbers: &[LogNumber] = match genesis.hub() == me {
        true => &[
            LogNumber::Statements,
            LogNumber::Registry,
            LogNumber::Register,
        ],
        false => &[LogNumber::Statements],
    };
    numbers
        .iter()
        .map(|number| genesis.origin(me, *number))
        .collect()
}
