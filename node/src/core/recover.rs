//! Opening a core from what its journal and its signer states say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};

use concordat_protocol::codec::DecodeError;
use concordat_protocol::exchange::{Exchange, Restored, World};
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{Body, Content, Statement};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::{Genesis, LogNumber, Registry};

use crate::clock::Moment;
use crate::core::damage::{BodyFault, DamageList, DamagedBody};
use crate::core::deliveries::Deliveries;
use crate::core::erasures::Erasures;
use crate::core::found::{Arrived, Found};
use crate::core::holdings::Holdings;
use crate::core::logs::Log;
use crate::core::receipts::Receipts;
use crate::core::types::{CoreOptions, Fatal, Signing};
use crate::core::{Core, CoreKeys, Random, Shared, Staged, own_logs, read, write};
use crate::disk::Disk;
use crate::journal::{Journal, OpenError, Recovery};
use crate::signer_state::{SignerError, SignerState};

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
    /// The hub is to start for the first time, and its keys have signed.
    #[error(
        "the file log.signed beside the keys says that this hub has signed before: its directory is lost \
         or was restored, and a first start would fork the registry. Restore the newest backup of the \
         directory and leave out --first-start; the members then give back what came since. Only if \
         nobody has ever received anything from this hub, remove log.signed and say --first-start"
    )]
    HasSigned,
    /// The hub has nothing left at all that a loss could be accepted of.
    #[error(
        "nothing is left of this hub's directory, so --accept-loss has nothing to go on from: without \
         the registry nobody can connect to give it back. Restore the directory from a backup"
    )]
    NothingLeft,
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
    /// What a start needs of a log could not be read, and nothing says that it is damaged.
    #[error("entries of {origin} cannot be read now; start the node again")]
    NotNow {
        /// The log.
        origin: Origin,
    },
    /// Going on failed.
    #[error("{0}")]
    Fatal(#[from] Fatal),
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
        at: impl Into<Moment>,
    ) -> Result<(Self, Opened), OpenCoreError> {
        let Moment { steady: now, clock } = at.into();
        let mut found = Found::default();
        let CoreOptions {
            journal: options,
            first_start,
            has_signed,
        } = options;
        let accepts_loss = options.accept_loss;
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
        let (deliveries, holdings) = (Deliveries::default(), Holdings::default());
        let shared = Arc::new(Shared {
            logs: RwLock::new(std::mem::take(&mut found.logs)),
            registry: RwLock::new(Arc::new(registry.clone())),
            witnessed: RwLock::default(),
            heads: RwLock::default(),
            heads_seen: RwLock::default(),
            frozen: RwLock::default(),
            surpassed: RwLock::default(),
            restored: RwLock::default(),
            missing: RwLock::default(),
            given_up: RwLock::default(),
            foreign_keys: RwLock::default(),
            waiting: RwLock::default(),
            unsaid: deliveries.unsaid(),
            odd_holdings: holdings.odd(),
            register: RwLock::default(),
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
            accepts_loss,
            registry_waits: false,
            registry,
            exchange: Exchange::new(me, now, Vec::new()),
            shared,
            now,
            clock,
            cosigned: std::mem::take(&mut found.cosigned),
            delivered: std::mem::take(&mut found.delivered),
            notices: BTreeMap::new(),
            noticed: BTreeSet::new(),
            records: opened.recovery.records,
            unnoticed: found.acts.iter().cloned().collect(),
            receipts: Receipts::default(),
            counting: None,
            deliveries,
            erasures: Erasures::default(),
            holdings,
            look_ups_due: None,
            unseen: BTreeSet::new(),
            heads_due: None,
            unproven: BTreeMap::new(),
            disproven: BTreeMap::new(),
            mandates_judged: None,
            given_up_due: now,
            staged: Staged::default(),
            outputs: Vec::new(),
        };
        let lost = core.find_lost()?;
        core.apply_registry()?;
        core.require_registry()?;
        let lost_before = std::mem::take(&mut found.lost);
        core.restore_heads_seen(std::mem::take(&mut found.heads_seen))?;
        core.restore_said(&mut found, &opened.rows)?;
        core.restore_exchange(found);
        core.write_lost(&lost)?;
        core.want_lost(lost_before);
        core.want_entitled(None);
        core.judge_restored_erasures()?;
        core.restore_own()?;
        core.start_signing(first_start, has_signed)?;
        core.show_missing();
        core.settle_bodies();
        Ok((core, opened))
    }

    /// What the own log says of acts and deliveries, and what it does not say yet.
    fn restore_said(&mut self, found: &mut Found, rows: &[Vec<u8>]) -> Result<(), OpenCoreError> {
        let origin = self.genesis.origin(self.me, LogNumber::Statements);
        let own = |said: &mut BTreeMap<Origin, Vec<LeafIndex>>| {
            let said = std::mem::take(said).remove(&origin);
            said.unwrap_or_default()
        };
        let spoken = std::mem::take(&mut found.holdings);
        let given = found.deliveries.clone();
        let receipts = own(&mut found.receipts);
        let acts = std::mem::take(&mut found.acts);
        self.restore_receipts(&receipts, &acts)?;
        let known = std::mem::take(&mut found.erasures);
        self.restore_erasures((known, found.has_erased), &acts)?;
        let deliveries = own(&mut found.deliveries);
        self.restore_deliveries(&deliveries, &std::mem::take(&mut found.sayable))?;
        self.restore_holdings(&spoken, &given)?;
        let roots = own(&mut found.query_roots);
        self.restore_look_ups(rows, &roots)
    }

    // spec: STO-33, STO-47
    fn require_registry(&self) -> Result<(), OpenCoreError> {
        if self.registry_waits {
            let origin = self.genesis.registry_origin();
            return Err(OpenCoreError::NotNow { origin });
        }
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
                let heads = self.restored_heads(origin, found.heads.get(origin));
                restored.push(Restored {
                    own: own.contains(origin),
                    range: logs.range(origin),
                    course: logs.course(origin),
                    heads,
                    act_gaps: found.act_gaps.remove(origin).unwrap_or_default(),
                    data_gaps: found.data_gaps.remove(origin).unwrap_or_default(),
                    origin: origin.clone(),
                });
            }
        }
        for log in &restored {
            let by_size = log.heads.iter().map(|head| (head.size(), head.clone()));
            write(&self.shared.heads).insert(log.origin.clone(), by_size.collect());
        }
        self.exchange = Exchange::new(self.me, self.now, restored);
        if let Some(since) = found.promised_since.take() {
            self.exchange.forget_promises(since);
        }
        self.restore_frozen(std::mem::take(&mut found.forks));
        let logs = read(&self.shared.logs);
        let world = World {
            now: self.now,
            clock: self.clock,
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
        // Up to where both branches of a log agree is told by what is witnessed of it.
        let frozen: Vec<Origin> = self.shared.frozen().into_keys().collect();
        for origin in frozen {
            self.judge_heads_again(&origin);
        }
    }

    /// The notices that the register holds.
    // spec: STO-47
    fn restore_own(&mut self) -> Result<(), OpenCoreError> {
        let register = self.genesis.register_origin();
        let size = self
            .shared
            .logs()
            .get(&register)
            .map_or(0, |log| log.size().value());
        for index in (0..size).map(LeafIndex::new) {
            let body = match self.shared.read_body(&register, index) {
                Ok(Some(body)) => body,
                Ok(None) | Err(BodyFault::Damaged(_)) => continue,
                // A notice that is overlooked here would be entered a second time.
                Err(BodyFault::Unavailable { .. }) => {
                    return Err(OpenCoreError::NotNow { origin: register });
                }
            };
            let body = Body::decode(&body).ok();
            let statement = body.and_then(|body| Statement::decode(body.statement()).ok());
            let content = statement.as_ref().map(|s| &s.payload().content);
            if let Some(Content::Notice(notice)) = content {
                self.keep_notice(notice);
            }
        }
        Ok(())
    }
}

impl<D: Disk> Shared<D> {
    /// How many bodies of a log lie durably here, and how many are missing: those whose writing is under
    /// way among them.
    // spec: ADM-132
    #[must_use]
    pub fn count_bodies(&self, log: &Log) -> (u64, u64) {
        let counted = log.tally();
        let fresh = log.fresh().into_values();
        let under_way = fresh.filter(|pointer| !self.reader.body_exists(*pointer));
        let under_way = under_way.count() as u64;
        let held = counted.held.saturating_sub(under_way);
        (held, counted.missing.saturating_add(under_way))
    }
}
