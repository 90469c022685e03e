//! Opening a core: what the journal says, and whether the node may sign at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use concordat_protocol::codec::DecodeError;
use concordat_protocol::exchange::{Exchange, Gaps, Input, Replica, Restored, World};
use concordat_protocol::log::{
    LeafIndex, Origin, SignedCheckpoint, TreeSize, VerifiedCheckpoint, hash,
};
use concordat_protocol::message::Absence;
use concordat_protocol::statement::{
    Body, Content, KeyUse, Kind, Leaf, Restart, Standing, Statement,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{Genesis, Member, Registry};
use tracing::{error, warn};

use crate::core::damage::{DamageList, DamagedBody};
use crate::core::frozen::Recorded;
use crate::core::ledger::{BodyMark, Record};
use crate::core::logs::{BodyState, Log, LogTable};
use crate::core::types::{CoreOptions, Fatal, Output, Signing, Surpassed};
use crate::core::{Core, CoreKeys, Random, Shared, Staged, own_logs, read, write};
use crate::disk::Disk;
use crate::journal::{Journal, OpenError, RecordPointer, Recovery};
use crate::signer_state::{Continuity, SignedHead, SignerError, SignerState};

/// What opening found.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// What the journal had to cut off.
    pub recovery: Recovery,
    /// Rows of local registers, oldest first.
    pub rows: Vec<Vec<u8>>,
    /// Leaves held, over all logs.
    pub leaves: u64,
    /// Where the bodies came in, oldest first: for an index that is behind.
    pub arrived: Vec<Arrived>,
}

/// Neighbouring bodies of a log that came in with neighbouring records of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The log.
    pub origin: Origin,
    /// Position of the first.
    pub begin: u64,
    /// Behind the last.
    pub end: u64,
    /// Ledger records up to and with the one that tells of the last.
    pub records: u64,
}

/// How long a node that starts without doubt waits for the hub, or a hub for a member.
const GREETING: Duration = Duration::from_secs(2);

/// How long a node that asks others waits for the proof of what they claim to hold.
const CLAIMS: Duration = Duration::from_secs(10);

/// Bodies that one [`Arrived`] tells of at most, if they came in by and by.
const ARRIVED_MAX: u64 = 4_096;

/// Why a core could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenCoreError {
    /// The journal could not be opened.
    #[error("{0}")]
    Journal(OpenError<DecodeError>),
    /// A signer state could not be opened.
    #[error("{0}")]
    Signer(#[from] SignerError),
    /// The hub has no record of ever having signed, and nobody said that it has not.
    #[error(
        "this directory has no record that the hub ever signed. If the network starts here for the \
         first time, say --first-start; if the hub has run before, restore its directory, for the \
         registry would fork"
    )]
    NeverSigned,
    /// It cannot be the first start: the registry names others, or this is not the hub.
    #[error(
        "--first-start is for the hub of a network that nobody has joined yet; leave it out here"
    )]
    NotTheFirst,
    /// The hub cannot read an entry of the registry, and so would admit nobody who could give it back.
    #[error("entry {index} of the registry cannot be read: {damaged}; restore it from a backup")]
    Registry {
        /// The entry.
        index: LeafIndex,
        /// What is damaged.
        damaged: DamagedBody,
    },
    /// Going on failed.
    #[error("{0}")]
    Fatal(#[from] Fatal),
}

/// What the journal's records add up to.
#[derive(Default)]
struct Found {
    logs: LogTable,
    names: BTreeMap<u64, Origin>,
    act_gaps: BTreeMap<Origin, Gaps>,
    data_gaps: BTreeMap<Origin, Gaps>,
    heads: BTreeMap<Origin, (TreeSize, Vec<u8>)>,
    acts: Vec<(Origin, LeafIndex)>,
    cosigned: BTreeMap<Origin, SignedHead>,
    delivered: BTreeMap<(AuthorityCode, Origin), Gaps>,
    forks: Vec<Recorded>,
    rows: Vec<Vec<u8>>,
    leaves: u64,
    records: u64,
    arrived: Vec<Arrived>,
}

impl<D: Disk> Core<D> {
    /// Opens the core of a node from its disk.
    ///
    /// # Errors
    /// [`OpenCoreError`]; nothing has been changed that a later start would miss.
    pub fn open(
        disk: D,
        options: CoreOptions,
        genesis: Arc<Genesis>,
        me: AuthorityCode,
        keys: CoreKeys,
        random: Random,
        now: Timestamp,
    ) -> Result<(Self, Opened), OpenCoreError> {
        let mut found = Found::default();
        let CoreOptions {
            journal: options,
            first_start,
        } = options;
        let (journal, recovery) = Journal::open(disk.clone(), options, |record| {
            found.take(record.pointer, record.kind, record.payload)
        })
        .map_err(OpenCoreError::Journal)?;
        let mut signer_states = BTreeMap::new();
        for (number, origin) in own_logs(&genesis, me).into_iter().enumerate() {
            let state = SignerState::open(disk.clone(), &format!("log-{number}"))?;
            signer_states.insert(origin, state);
        }
        let registry = Registry::new(Arc::clone(&genesis));
        let shared = Arc::new(Shared {
            logs: RwLock::new(std::mem::take(&mut found.logs)),
            registry: RwLock::new(Arc::new(registry.clone())),
            witnessed: RwLock::default(),
            heads: RwLock::default(),
            frozen: RwLock::default(),
            surpassed: RwLock::default(),
            foreign_keys: RwLock::default(),
            reader: journal.reader(),
            damage: DamageList::default(),
        });
        let opened = Opened {
            recovery,
            rows: std::mem::take(&mut found.rows),
            leaves: found.leaves,
            arrived: std::mem::take(&mut found.arrived),
        };
        let mut core = Self {
            me,
            genesis,
            keys,
            random,
            journal,
            signer_states,
            signing: Signing::Held,
            claims_until: None,
            has_twin: false,
            registry,
            exchange: Exchange::new(me, now, Vec::new()),
            shared,
            now,
            cosigned: std::mem::take(&mut found.cosigned),
            delivered: std::mem::take(&mut found.delivered),
            notices: BTreeMap::new(),
            noticed: BTreeSet::new(),
            records: opened.recovery.records,
            unnoticed: std::mem::take(&mut found.acts).into_iter().collect(),
            staged: Staged::default(),
            outputs: Vec::new(),
        };
        core.apply_registry()?;
        core.require_registry()?;
        core.restore_exchange(found);
        core.want_entitled(None);
        core.restore_own();
        core.start_signing(first_start)?;
        Ok((core, opened))
    }

    // spec: STO-33
    fn require_registry(&self) -> Result<(), OpenCoreError> {
        let damaged = self.shared.damage.first_of(&self.genesis.registry_origin());
        match damaged.filter(|_| self.is_hub()) {
            Some((index, damaged)) => Err(OpenCoreError::Registry { index, damaged }),
            None => Ok(()),
        }
    }

    fn restore_exchange(&mut self, mut found: Found) {
        let own = self.own_logs();
        let mut restored = Vec::new();
        {
            let logs = self.shared.logs();
            for (origin, _) in logs.iter() {
                let note = found.heads.get(origin).map(|(_, note)| note);
                let head = self.restored_head(origin, note);
                restored.push(Restored {
                    own: own.contains(origin),
                    range: logs.range(origin),
                    course: logs.course(origin),
                    head,
                    act_gaps: found.act_gaps.remove(origin).unwrap_or_default(),
                    data_gaps: found.data_gaps.remove(origin).unwrap_or_default(),
                    origin: origin.clone(),
                });
            }
        }
        for log in &restored {
            if let Some(head) = &log.head {
                let mut heads = write(&self.shared.heads);
                heads
                    .entry(log.origin.clone())
                    .or_default()
                    .insert(head.size(), head.clone());
            }
        }
        self.exchange = Exchange::new(self.me, self.now, restored);
        self.restore_frozen(std::mem::take(&mut found.forks));
        let logs = read(&self.shared.logs);
        let world = World {
            now: self.now,
            registry: &self.registry,
            logs: &*logs,
        };
        self.exchange.restore_witnesses(world);
        drop(logs);
        let witnessed = self
            .exchange
            .replicas()
            .map(|(o, r)| (o.clone(), r.witnessed()));
        *write(&self.shared.witnessed) = witnessed.collect();
    }

    /// The newest head of a log: from the journal with its cosignatures, or our own signer's.
    fn restored_head(&self, origin: &Origin, note: Option<&Vec<u8>>) -> Option<VerifiedCheckpoint> {
        let member = self.registry.member_of(origin)?;
        let held = self
            .shared
            .logs()
            .get(origin)
            .map_or(TreeSize::ZERO, |log| log.size());
        let verify = |note: &[u8]| {
            let signed = SignedCheckpoint::parse(note).ok()?;
            let head = member
                .log_keys_for(signed.claimed().size())
                .find_map(|key| signed.clone().verify(key).ok())?;
            (head.size() <= held).then_some(head)
        };
        let kept = note.and_then(|note| verify(note));
        let signed = self
            .signer_states
            .get(origin)
            .and_then(|state| verify(state.note()));
        match (kept, signed) {
            (Some(kept), Some(signed)) if signed.size() > kept.size() => Some(signed),
            (Some(kept), _) => Some(kept),
            (None, signed) => signed,
        }
    }

    /// The notices that the register holds.
    fn restore_own(&mut self) {
        let register = self.genesis.register_origin();
        let size = self
            .shared
            .logs()
            .get(&register)
            .map_or(0, |log| log.size().value());
        for index in 0..size {
            if let Some(statement) = self.statement(&register, index)
                && let Content::Notice(notice) = &statement.payload().content
            {
                self.keep_notice(notice);
            }
        }
    }

    fn statement(&self, origin: &Origin, index: u64) -> Option<Statement> {
        let body = self.shared.body(origin, LeafIndex::new(index))?;
        Statement::decode(Body::decode(&body).ok()?.statement()).ok()
    }

    /// Same boot and nothing lost: go on once the hub was heard. Otherwise ask others first.
    // spec: STO-26, STO-40
    fn start_signing(&mut self, first_start: bool) -> Result<(), OpenCoreError> {
        if self.is_stopped_by_fork() {
            return Ok(());
        }
        let hub = self.is_hub();
        // What was lost with the end of the ledger, the signer states alone do not tell.
        // spec: STO-29
        let whole = !self.journal.is_in_doubt();
        let alone = hub && self.others().next().is_none();
        // spec: STO-42
        if first_start && !alone {
            return Err(OpenCoreError::NotTheFirst);
        }
        let fresh = |state: &SignerState<D>| state.continuity() == Continuity::Fresh;
        if alone && !first_start && self.signer_states.values().all(fresh) {
            return Err(OpenCoreError::NeverSigned);
        }
        let safe = self.signer_states.iter().all(|(origin, state)| {
            let logs = self.shared.logs();
            let log = logs.get(origin);
            let holds = self.is_as_signed(origin, log, state.head());
            match state.continuity() {
                Continuity::SameBoot | Continuity::Rebooted => holds,
                // Its operator says that no one could have seen anything of it.
                Continuity::Fresh => {
                    first_start && log.is_none_or(|log| log.size() == TreeSize::ZERO)
                }
                Continuity::CopiedOrRestored | Continuity::Doubtful => first_start && holds,
            }
        });
        // A log that is not yet in use stands beside others that are.
        let partly = self
            .signer_states
            .values()
            .any(|s| s.continuity() != Continuity::Fresh);
        let safe = safe || partly && self.fresh_ones_are_empty();
        if !whole || !safe {
            self.hold();
            return Ok(());
        }
        let until = self.now.checked_add(GREETING).unwrap_or(self.now);
        self.signing = Signing::Greeting { until };
        Ok(self.end_greeting()?)
    }

    /// Who takes part besides this node.
    fn others(&self) -> impl Iterator<Item = AuthorityCode> {
        let active = self
            .registry
            .members()
            .filter(|member| member.standing() == Standing::Active);
        let codes = active.map(Member::code);
        codes.filter(|code| *code != self.me)
    }

    /// Signs nothing before others have been asked.
    fn hold(&mut self) {
        self.signing = Signing::Held;
        self.claims_until = None;
        self.tell_doubts();
        for origin in self.own_logs() {
            self.exchange.set_recovering(&origin, true);
        }
    }

    /// Signs once someone who would know of a copy of this directory was heard, or did not speak in
    /// time. A claim to hold more is waited out: the head that proves it comes with it or not at all.
    // spec: STO-40
    fn end_greeting(&mut self) -> Result<(), Fatal> {
        let Signing::Greeting { until } = self.signing else {
            return Ok(());
        };
        let hub = self.genesis.hub();
        let knows = |member: AuthorityCode| match hub == self.me {
            true => member != self.me,
            false => member == hub,
        };
        let alone = !self.others().any(knows);
        let heard = self.exchange.connected().any(|(_, member)| {
            knows(member)
                && self.own_logs().iter().all(|origin| {
                    let held = self.exchange.replica(origin).map(Replica::durable);
                    let spoken = self.exchange.has_spoken_of(member, origin);
                    spoken.is_some_and(|size| size <= held.unwrap_or(TreeSize::ZERO))
                })
        });
        match alone || heard || self.now >= until {
            true => self.open_signing(),
            false => Ok(()),
        }
    }

    /// A log of ours goes further, under our own key, than what we have signed of it.
    // spec: STO-41
    pub(super) fn surpassed(&mut self, head: &VerifiedCheckpoint) -> Result<(), Fatal> {
        let (origin, size) = (head.origin().clone(), head.size());
        let signed = self.signer_states.get(&origin).and_then(SignerState::head);
        // The exchange knows no head of ours while the registry does not name us, as after the loss of
        // its bodies; the signer state always does.
        if signed.is_some_and(|signed| signed.size >= size.value()) {
            return Ok(());
        }
        // What is staged would be durable without a head, beside what the other instance wrote.
        if self.staged.own.values().next().is_some() {
            return Err(Fatal::Surpassed { origin, size });
        }
        let signed = TreeSize::new(signed.map_or(0, |head| head.size)).unwrap_or(TreeSize::ZERO);
        // Two that both went on by themselves would take turns for ever, and fork the log soon.
        self.has_twin |= self.signing == Signing::Open;
        self.hold();
        let surpassed = Surpassed {
            origin,
            size,
            signed,
            lasts: self.has_twin,
        };
        *write(&self.shared.surpassed) = Some(surpassed.clone());
        self.outputs.push(Output::Surpassed(surpassed));
        Ok(())
    }

    /// Says why nothing is signed before others have answered.
    fn tell_doubts(&self) {
        for (origin, state) in &self.signer_states {
            let (signed, continuity) = (state.head(), state.continuity());
            let logs = self.shared.logs();
            let log = logs.get(origin);
            let held = log.map_or(0, |log| log.size().value());
            if let Some(signed) = signed.filter(|_| !holds_signed(log, signed)) {
                let signed = signed.size;
                error!(%origin, signed, held, "the journal does not hold what was signed");
            } else if continuity != Continuity::Fresh || held > 0 {
                warn!(%origin, held, ?continuity, "the signer state does not say what was signed last");
            }
        }
    }

    /// Whether a log holds what was signed of it, and nothing under a head that was signed elsewhere:
    /// that was fetched back, and no restart has been logged since.
    fn is_as_signed(&self, origin: &Origin, log: Option<&Log>, signed: Option<SignedHead>) -> bool {
        let newest = self.exchange.replica(origin).and_then(Replica::head);
        let newest = newest.map_or(0, |head| head.size().value());
        newest <= signed.map_or(0, |head| head.size) && holds_signed(log, signed)
    }

    fn fresh_ones_are_empty(&self) -> bool {
        self.signer_states.iter().all(|(origin, state)| {
            let logs = self.shared.logs();
            let log = logs.get(origin);
            match state.continuity() {
                Continuity::Fresh => log.is_none_or(|log| log.size() == TreeSize::ZERO),
                Continuity::SameBoot | Continuity::Rebooted => {
                    self.is_as_signed(origin, log, state.head())
                }
                Continuity::CopiedOrRestored | Continuity::Doubtful => false,
            }
        })
    }

    /// Whether nothing may be signed whatever others say.
    // spec: STO-41, STO-44
    fn is_barred(&mut self) -> bool {
        let foreign = self.foreign_keys();
        let barred = self.is_stopped_by_fork() || self.has_twin || !foreign.is_empty();
        *write(&self.shared.foreign_keys) = foreign;
        barred
    }

    /// Keys in this directory that the registry does not name as this member's: what they sign is
    /// refused everywhere, and could not be taken back.
    fn foreign_keys(&self) -> Vec<KeyUse> {
        let Some(member) = self.registry.member(self.me) else {
            return Vec::new();
        };
        let log = self.keys.log.public_key();
        let log = member.log_keys().any(|key| *key == log);
        let statement = self.keys.statement.public_key().id();
        let statement = member.statement_key(statement).is_some();
        let keys = [(KeyUse::Log, log), (KeyUse::Statement, statement)];
        let foreign = keys.into_iter().filter(|(_, known)| !known);
        foreign.map(|(key_use, _)| key_use).collect()
    }

    fn open_signing(&mut self) -> Result<(), Fatal> {
        if self.is_barred() {
            return Ok(());
        }
        self.signing = Signing::Open;
        *write(&self.shared.surpassed) = None;
        for origin in self.own_logs() {
            self.exchange.set_recovering(&origin, false);
            let size = self
                .shared
                .logs()
                .get(&origin)
                .map_or(0, |log| log.size().value());
            // From here on a crash before the first head is known for what it is: the state says
            // that nothing was signed, where none would say that nothing is known.
            if let Some(state) = self.signer_states.get_mut(&origin)
                && state.head().is_none()
            {
                state.compare_and_swap(None, nothing_signed(), &[])?;
            }
            let signed = self.signer_states.get(&origin).and_then(SignerState::head);
            if size > signed.map_or(0, |head| head.size) {
                self.sign_head(&origin)?;
            }
        }
        self.outputs.push(Output::Signing);
        self.feed(Input::SigningOpened)
    }

    /// Once enough others have said what they saw of our logs and we hold all of it, we sign again.
    // spec: STO-27
    pub(super) fn resume_if_safe(&mut self) -> Result<(), Fatal> {
        if self.is_barred() {
            return Ok(());
        }
        self.end_greeting()?;
        if self.signing != Signing::Held || !self.enough_answers() {
            return Ok(());
        }
        let behind = self.own_logs().iter().any(|origin| {
            self.exchange.replica(origin).is_some_and(|replica| {
                let (leaves, bodies) = (replica.durable(), replica.bodies_complete());
                // Bodies on their way are missing too until they are durable.
                replica.known_size() > leaves || bodies < leaves
            })
        });
        let unseen = self.own_logs().iter().any(|origin| {
            let held = self
                .exchange
                .replica(origin)
                .map_or(TreeSize::ZERO, |r| r.durable());
            let mut peers = self.exchange.connected();
            peers.any(|(_, member)| self.exchange.has_spoken_of(member, origin) > Some(held))
        });
        let lost = self.signer_states.iter().any(|(origin, state)| {
            let logs = self.shared.logs();
            !holds_signed(logs.get(origin), state.head())
        });
        if behind || lost || self.waits_for_claims(unseen) {
            return Ok(());
        }
        for state in self.signer_states.values_mut() {
            if state.head().is_some() {
                state.confirm()?;
            }
        }
        self.journal.end_doubt()?;
        self.open_signing()?;
        self.log_restart()
    }

    /// Someone claims to hold more of our logs than we do. The head that proves it comes with the
    /// claim, and is fetched back; a claim alone must not keep us from signing for ever.
    // spec: STO-43
    fn waits_for_claims(&mut self, unseen: bool) -> bool {
        if !unseen {
            return false;
        }
        let until = self.now.checked_add(CLAIMS).unwrap_or(self.now);
        self.now < *self.claims_until.get_or_insert(until)
    }

    fn enough_answers(&self) -> bool {
        let policy = self.registry.policy();
        let spoken = |member: AuthorityCode| {
            self.own_logs()
                .iter()
                .all(|o| self.exchange.has_spoken_of(member, o).is_some())
        };
        let cosigners = policy.cosigners.iter().copied();
        let mut asked: Vec<AuthorityCode> = cosigners.filter(|member| *member != self.me).collect();
        let cosigners = policy.cosigners.len() as u64;
        let mut needed = cosigners.saturating_sub(policy.quorum) + 1 + policy.faults;
        // Nobody else vouches for heads: whoever takes part has seen them.
        if asked.is_empty() {
            asked = self.others().collect();
            needed = asked.len() as u64 / 2 + 1;
        }
        let answers = asked.iter().filter(|member| spoken(**member)).count() as u64;
        let hub = self.genesis.hub();
        // Who the cosigners are is known only once the registry is as new as the hub's.
        let registry = self.genesis.registry_origin();
        let current = self
            .exchange
            .has_spoken_of(hub, &registry)
            .is_some_and(|size| size <= self.registry.size());
        answers >= needed.min(asked.len() as u64)
            && (hub == self.me || current && spoken(hub))
            && !asked.is_empty()
    }

    /// The first entry after doubt says from where the log went on.
    fn log_restart(&mut self) -> Result<(), Fatal> {
        let origin = self
            .genesis
            .origin(self.me, concordat_protocol::trust::LogNumber::Statements);
        let head = {
            let logs = self.shared.logs();
            logs.get(&origin).map(|log| (log.size(), log.tree().root()))
        };
        let Some((size, root)) = head.filter(|(size, _)| *size > TreeSize::ZERO) else {
            return Ok(());
        };
        if let Some(entry) = self.sign_own(Content::Restart(Restart { size, root })) {
            self.append(&origin, vec![entry])?;
        }
        Ok(())
    }
}

/// What the signer state of a log says before its first head.
fn nothing_signed() -> SignedHead {
    SignedHead {
        size: 0,
        root: *hash::empty_root().as_bytes(),
    }
}

/// Whether the leaves held are those that the head was signed over.
fn holds_signed(log: Option<&Log>, signed: Option<SignedHead>) -> bool {
    signed.filter(|head| head.size > 0).is_none_or(|head| {
        let size = TreeSize::new(head.size).ok();
        let root = size.and_then(|size| log?.tree().root_at(size).ok());
        root.is_some_and(|root| *root.as_bytes() == head.root)
    })
}

impl Found {
    fn take(
        &mut self,
        pointer: RecordPointer,
        kind: u8,
        payload: &[u8],
    ) -> Result<(), DecodeError> {
        self.records += 1;
        match Record::decode(kind, payload)? {
            Some(Record::Log { id, origin }) => {
                if let Ok(origin) = origin.parse::<Origin>() {
                    self.names.insert(id, origin.clone());
                    self.logs.insert(origin, id);
                }
            }
            Some(Record::Leaves { id, begin, leaves }) => {
                let Some(origin) = self.names.get(&id) else {
                    return Ok(());
                };
                let Some(log) = self.logs.get_mut(origin) else {
                    return Ok(());
                };
                log.push_extent(begin, pointer);
                for (i, (leaf, mark)) in leaves.iter().enumerate() {
                    if let BodyMark::Held(..) = mark {
                        arrived(&mut self.arrived, origin, begin + i as u64, self.records);
                    }
                    log.push_leaf(leaf, *mark);
                    self.leaves += 1;
                    let Ok(leaf) = Leaf::decode(leaf) else {
                        continue;
                    };
                    if leaf.kind == Kind::Act {
                        let index = LeafIndex::new(begin + i as u64);
                        self.acts.push((origin.clone(), index));
                    }
                    if *mark != BodyMark::Unknown || leaf.kind == Kind::ActsMap {
                        continue;
                    }
                    let gaps = match leaf.kind == Kind::Data {
                        true => self.data_gaps.entry(origin.clone()).or_default(),
                        false => self.act_gaps.entry(origin.clone()).or_default(),
                    };
                    let position = begin + i as u64;
                    gaps.insert(position, position + 1);
                }
            }
            Some(Record::Bodies { id, bodies }) => {
                let Some(origin) = self.names.get(&id) else {
                    return Ok(());
                };
                let Some(log) = self.logs.get_mut(origin) else {
                    return Ok(());
                };
                for (index, mark) in bodies {
                    // Taken at a peer's word by an earlier version; it is asked for again.
                    if mark == BodyMark::Absent(Absence::Erased) {
                        continue;
                    }
                    if let BodyMark::Held(..) = mark {
                        arrived(&mut self.arrived, origin, index, self.records);
                    }
                    log.mark(index, mark);
                    for gaps in [&mut self.act_gaps, &mut self.data_gaps] {
                        if let Some(gaps) = gaps.get_mut(origin) {
                            gaps.remove(index, index + 1);
                        }
                    }
                }
            }
            Some(Record::Head { note }) => {
                if let Ok(signed) = SignedCheckpoint::parse(note) {
                    // A cosignature may come late, for a head that is not the newest any more.
                    let (origin, size) = (signed.claimed().origin(), signed.claimed().size());
                    let known = self.heads.get(origin);
                    if known.is_none_or(|(known, _)| *known <= size) {
                        self.heads.insert(origin.clone(), (size, note.to_vec()));
                    }
                }
            }
            Some(Record::Witness { id, size, root }) => {
                if let Some(origin) = self.names.get(&id) {
                    self.cosigned
                        .insert(origin.clone(), SignedHead { size, root });
                }
            }
            Some(Record::Delivery {
                member, id, ranges, ..
            }) => {
                if let (Ok(member), Some(origin)) =
                    (AuthorityCode::parse(member), self.names.get(&id))
                {
                    let delivered = self.delivered.entry((member, origin.clone())).or_default();
                    for (begin, end) in ranges {
                        delivered.insert(begin, end);
                    }
                }
            }
            None => {}
            Some(Record::Fork { evidence }) => self.forks.push((evidence.to_vec(), None)),
            Some(Record::ForkSeen { at_ms }) => {
                if let Some((_, since)) = self.forks.last_mut() {
                    *since = Timestamp::new(at_ms).ok();
                }
            }
            Some(Record::Row { bytes }) => self.rows.push(bytes.to_vec()),
        }
        Ok(())
    }
}

fn arrived(arrived: &mut Vec<Arrived>, origin: &Origin, index: u64, records: u64) {
    if let Some(last) = arrived.last_mut()
        && last.origin == *origin
        && last.end == index
        && (last.records == records || last.end - last.begin < ARRIVED_MAX)
    {
        (last.end, last.records) = (index + 1, records);
        return;
    }
    arrived.push(Arrived {
        origin: origin.clone(),
        begin: index,
        end: index + 1,
        records,
    });
}

impl<D: Disk> Shared<D> {
    /// How many bodies of a log are held.
    #[must_use]
    pub fn bodies_held(&self, origin: &Origin) -> u64 {
        let logs = self.logs();
        let Some(log) = logs.get(origin) else {
            return 0;
        };
        let held = |index: &u64| matches!(log.body(LeafIndex::new(*index)), BodyState::Held(_));
        (0..log.size().value()).filter(held).count() as u64
    }
}
