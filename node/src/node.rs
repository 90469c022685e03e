//! A running node: keys, storage, core, transport, index and queries, wired together.

mod layout;
mod look_ups;
pub(crate) mod measures;
mod propagation;
mod questions;
mod recognition;
mod reindex;
mod statistics;
mod violations;
mod wiring;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use concordat_certs::genesis as genesis_file;
use concordat_certs::key_file::PrivateKey;
use concordat_certs::key_ring::{KeyRing, RUN_USES};
use concordat_certs::{certificate, certificate_file};
use concordat_net::{Endpoint, EndpointOptions, Established, Identity};
use concordat_protocol::key::{PublicKey, Signer};
use concordat_protocol::log::Origin;
use concordat_protocol::message::FrontierEntry;
use concordat_protocol::statement::{Ctx, KeyUse, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{Genesis, LogNumber, Registry};
use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};

use crate::addresses::AddressBook;
use crate::clock;
use crate::core::{Core, CoreKeys, CoreOptions, Fatal, Shared};
use crate::dial::{self, Attempts, Overrides};
use crate::disk::RealDisk;
use crate::indexer::Indexer;
use crate::journal::{JournalId, JournalOptions, stored_id};
use crate::lookups::Lookups;
use crate::node::measures::Counter;
use crate::query::{BackgroundVerifier, QueryService};
use crate::runtime::{self, Handle};
use crate::store::{JournalPosition, Opened, Store, StoreError, StoreOptions};
use crate::upkeep;

use reindex::{index_look_ups, lacks, reindex};
use wiring::{Bodies, Gate, Wiring, accept, tick};

pub use crate::upkeep::Upkeep;
pub use layout::Layout;
pub use look_ups::{KeepLookUpError, LookedUp};
pub(crate) use questions::LATE_SHOWN_MS;
pub use questions::{AskError, OpenObjections};
pub(crate) use recognition::{Agreed, publisher};
pub(crate) use statistics::Facts;

/// Remote administrators that may wait for the admin channel.
const ADMINISTRATORS_MAX: usize = 16;

/// How long peers are told of the end. One that is dialled in vain would take three seconds.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long the database may take to come to an end.
const SETTLING: Duration = Duration::from_secs(30);

/// How a node is started.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// Its directory.
    pub layout: Layout,
    /// Which member it is.
    pub member: AuthorityCode,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Addresses that the operator set.
    pub addresses: Overrides,
    /// The database.
    pub store: StoreOptions,
    /// What it does when it has time.
    pub upkeep: Upkeep,
    /// Whether to go on although what was durable is lost; see [`JournalOptions::accept_loss`].
    pub accept_loss: bool,
    /// Whether the operator of a hub says that its network starts with it, for the first time.
    pub first_start: bool,
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Something about a file or directory.
    #[error("{what}: {cause}")]
    File {
        /// What was being done.
        what: &'static str,
        /// What went wrong.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The data directory holds the journal of another member or network than genesis and configuration
    /// say: they or it are not the ones that belong here, or damaged.
    #[error(
        "{} belongs to another network or member than genesis.cbor and node.toml name: one of them is \
         damaged or of another node",
        .directory.display()
    )]
    OtherJournal {
        /// The data directory.
        directory: PathBuf,
    },
    /// The core could not be opened.
    #[error("the journal or the signer state: {0}")]
    Core(#[from] crate::core::OpenCoreError),
    /// The store could not be opened.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    /// The endpoint could not be opened.
    #[error("the transport: {0}")]
    Net(#[from] concordat_net::NetError),
    /// The operating system gave no thread.
    #[error("no thread: {0}")]
    Thread(std::io::Error),
}

fn file<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    what: &'static str,
) -> impl FnOnce(E) -> StartError {
    move |cause| StartError::File {
        what,
        cause: cause.into(),
    }
}

/// What peers say they hold, by log.
pub type Holdings = BTreeMap<(AuthorityCode, Origin), FrontierEntry>;

/// A running node.
pub struct Node {
    member: AuthorityCode,
    genesis: Arc<Genesis>,
    layout: Layout,
    listen: SocketAddr,
    core: Handle,
    shared: Arc<Shared<RealDisk>>,
    statement: Arc<dyn Signer + Send + Sync>,
    indexer: Arc<Indexer>,
    store: Arc<Store>,
    query: Arc<QueryService>,
    holdings: Arc<RwLock<Holdings>>,
    signing: watch::Receiver<bool>,
    changes: watch::Receiver<u64>,
    endpoint: Arc<Endpoint>,
    addresses: Arc<AddressBook>,
    attempts: Arc<Attempts>,
    started_at: Timestamp,
    certificate_ends: Option<Timestamp>,
    node_key: PublicKey,
    lookups: Arc<Lookups>,
    dating: clock::Dating,
    lost_records: bool,
    administrators: Mutex<Option<mpsc::Receiver<Established>>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    verifier: Mutex<Option<BackgroundVerifier>>,
    thread: Mutex<Option<JoinHandle<Result<(), Fatal>>>>,
}

impl Node {
    /// Starts a node from its directory.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(options: NodeOptions) -> Result<Self, StartError> {
        Self::start_with(options, None).await
    }

    /// Starts a node on a socket that is open already, whatever the options say about listening.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start_on(socket: UdpSocket, options: NodeOptions) -> Result<Self, StartError> {
        Self::start_with(options, Some(socket)).await
    }

    #[allow(
        clippy::unused_async,
        reason = "it spawns tasks and needs the runtime it is awaited on"
    )]
    async fn start_with(
        options: NodeOptions,
        socket: Option<UdpSocket>,
    ) -> Result<Self, StartError> {
        let NodeOptions {
            layout,
            member,
            listen,
            addresses,
            store,
            upkeep,
            accept_loss,
            first_start,
        } = options;
        let genesis = genesis_file::read(&layout.genesis()).map_err(file("the genesis file"))?;
        let genesis = Arc::new(genesis);
        let ring = KeyRing::open(&layout.keys(), &RUN_USES).map_err(file("the keys"))?;
        let addresses = AddressBook::open(layout.root(), addresses);
        let addresses = Arc::new(addresses.map_err(file("the file of added peers"))?);
        let (identity, certificate_ends) = identity(&layout, &ring)?;
        let node_key = ring.key(KeyUse::Node).map_err(file("the node key"))?;
        let node_key = node_key.public_key();
        let keys = core_keys(&ring)?;
        let statement = Arc::clone(&keys.statement);
        let signed_by = keys.log.public_key().id().to_string();
        let disk = RealDisk::open(layout.data()).map_err(file("the data directory"))?;
        let journal = journal_id(&genesis, member);
        // spec: STO-34
        let stored = stored_id(&disk).map_err(file("the journal"))?;
        if stored.is_some_and(|stored| stored != journal) {
            let directory = layout.data();
            return Err(StartError::OtherJournal { directory });
        }
        let (store, found) = Store::open(layout.store(), store, journal)?;
        if let Opened::RebuildNeeded(reason) = &found {
            warn!(%reason, "the database is made again from the journal");
        }
        let has_signed = layout.signed_mark().exists();
        let (mut core, opened) = Core::open(
            disk,
            CoreOptions {
                journal: JournalOptions {
                    records_known: store.applied().records(),
                    accept_loss,
                    ..JournalOptions::new(journal)
                },
                first_start,
                has_signed,
            },
            Arc::clone(&genesis),
            member,
            keys,
            Box::new(|salt| {
                // Without randomness no salt may be used: an unsalted commitment reveals content.
                if getrandom::fill(salt).is_err() {
                    error!("the operating system gives no randomness");
                    std::process::abort();
                }
            }),
            clock::now(),
        )?;
        if core.is_hub() && !has_signed {
            mark_signed(&layout, &signed_by, first_start)?;
        }
        info!(%member, leaves = opened.leaves, clean = opened.recovery.is_clean(), "journal opened");
        if opened.recovery.mark_mended {
            warn!("half of ledger.mark could not be read; the other half stands for it");
        }
        if opened.recovery.in_doubt {
            error!(
                records = opened.recovery.records,
                "durable records of the journal are lost: the node signs nothing before others have \
                 given back what they hold of its logs; rows of local registers are gone"
            );
        }
        let shared = core.shared();
        let ahead = store.applied().records() > core.records();
        let store = match ahead || lacks(&shared, &store, &opened) {
            true => store.renew(journal)?,
            false => store,
        };
        let store = Arc::new(store);
        shared.forget_acts_held_by(|origin, index| store.holds(origin, index));
        let indexer = Indexer::start(Arc::clone(&store), reindex::taken(&shared));
        let indexer = Arc::new(indexer.map_err(StartError::Thread)?);
        let records = core.records();
        if store.applied() < JournalPosition::new(records) {
            reindex(&shared, &indexer, member, &opened, store.applied());
        }
        let lookups = Arc::new(Lookups::new(layout.root(), shared.look_ups().value()));
        let gone_before = look_ups::proven_day(&shared);
        let gone_before = gone_before.and_then(|today| look_ups::gone_before(upkeep, today));
        index_look_ups(&opened.rows, &lookups, &store, &indexer, gone_before)?;
        let bodies = Arc::new(Bodies(Arc::clone(&shared)));
        let cache = crate::query::VERIFIED_CACHE_DEFAULT;
        let query = QueryService::new(Arc::clone(&store), bodies, shared.registry(), cache);
        let query = Arc::new(query);
        let gate = Arc::new(Gate(Arc::clone(&shared), member));
        let defaults = EndpointOptions::default();
        let endpoint = match socket {
            Some(socket) => Endpoint::on_socket(socket, identity, gate, defaults)?,
            None => Endpoint::bind(listen, identity, gate, defaults)?,
        };
        let endpoint = Arc::new(endpoint);
        let listen = endpoint.local_addr()?;
        let holdings = Arc::new(RwLock::default());
        let (registry_sender, registry) = watch::channel(shared.registry());
        let (signing_sender, signing) = watch::channel(false);
        let (changes_sender, changes) = watch::channel(0);
        let counter = Counter {
            member,
            genesis: Arc::clone(&genesis),
            shared: Arc::clone(&shared),
            store: Arc::clone(&store),
            indexer: Arc::clone(&indexer),
            query: Arc::clone(&query),
        };
        core.count_measures(Box::new(counter.start().map_err(StartError::Thread)?));
        let mut wiring = Wiring {
            member,
            shared: Arc::clone(&shared),
            indexer: Arc::clone(&indexer),
            query: Arc::clone(&query),
            holdings: Arc::clone(&holdings),
            registry: registry_sender,
            signing: signing_sender,
            changes: changes_sender,
            endpoint: Arc::clone(&endpoint),
            node_key,
            is_told_of_node_key: false,
        };
        wiring.tell_of_node_key(&shared.registry());
        let (handle, thread) = runtime::spawn(core, format!("core-{member}"), Box::new(wiring))
            .map_err(StartError::Thread)?;
        let verifier = upkeep::verifier(upkeep, &query, &indexer).map_err(StartError::Thread)?;
        let attempts = Arc::new(Attempts::default());
        let (callers, administrators) = mpsc::channel(ADMINISTRATORS_MAX);
        let mut tasks = vec![
            tokio::spawn(accept(
                Arc::clone(&endpoint),
                handle.clone(),
                Arc::clone(&shared),
                callers,
            )),
            tokio::spawn(dial::keep(
                Arc::clone(&endpoint),
                handle.clone(),
                member,
                registry,
                addresses.watch(),
                Arc::clone(&attempts),
            )),
            tokio::spawn(tick(handle.clone())),
        ];
        tasks.extend(upkeep::compaction(upkeep, &store));
        tasks.extend(look_ups::retention(
            upkeep, &shared, &lookups, &store, &indexer,
        ));
        Ok(Self {
            member,
            genesis,
            layout,
            listen,
            core: handle,
            shared,
            statement,
            indexer,
            store,
            query,
            holdings,
            signing,
            changes,
            endpoint,
            addresses,
            attempts,
            started_at: clock::now(),
            certificate_ends,
            node_key,
            lookups,
            dating: clock::Dating::default(),
            lost_records: opened.recovery.in_doubt,
            administrators: Mutex::new(Some(administrators)),
            tasks,
            verifier: Mutex::new(verifier),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Which member it is.
    #[must_use]
    pub const fn member(&self) -> AuthorityCode {
        self.member
    }

    /// Whether a log is one of its own.
    #[must_use]
    pub fn owns(&self, log: &Origin) -> bool {
        log.member() == self.member.as_str()
    }

    /// The network it belongs to.
    #[must_use]
    pub const fn genesis(&self) -> &Arc<Genesis> {
        &self.genesis
    }

    /// Where its files lie.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Where it listens.
    #[must_use]
    pub const fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// What the core shows.
    #[must_use]
    pub const fn shared(&self) -> &Arc<Shared<RealDisk>> {
        &self.shared
    }

    /// The database.
    #[must_use]
    pub const fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// How many ledger records the index is behind.
    #[must_use]
    pub fn index_lag(&self) -> u64 {
        self.indexer.lag()
    }

    /// The registry as applied.
    #[must_use]
    pub fn registry(&self) -> Arc<Registry> {
        self.shared.registry()
    }

    /// The registry state to sign under.
    #[must_use]
    pub fn ctx(&self) -> Ctx {
        self.registry().ctx()
    }

    /// Returns once the core or the index has ended, though nobody has stopped the node: its storage
    /// has failed.
    pub async fn failed(&self) {
        tokio::select! {
            () = self.core.ended() => {}
            () = self.indexer.ended() => {}
        }
    }

    /// Signs this member's statements.
    #[must_use]
    pub fn signer(&self) -> &(dyn Signer + Send + Sync) {
        &*self.statement
    }

    /// The instant that the next act signed here bears; no two bear the same.
    // spec: TRU-40
    #[must_use]
    pub fn date(&self) -> Timestamp {
        self.dating.next(clock::now())
    }

    /// What peers say they hold.
    #[must_use]
    pub fn holdings(&self) -> Holdings {
        self.holdings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes whenever something became durable or known.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    /// Live connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.endpoint.connections().len()
    }

    /// The endpoint: its live connections.
    #[must_use]
    pub const fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// Addresses that the operator set.
    #[must_use]
    pub const fn addresses(&self) -> &Arc<AddressBook> {
        &self.addresses
    }

    /// How the last attempts to reach members went.
    #[must_use]
    pub const fn attempts(&self) -> &Arc<Attempts> {
        &self.attempts
    }

    /// When the certificate ends that the node connects with, where it says so.
    #[must_use]
    pub const fn certificate_ends(&self) -> Option<Timestamp> {
        self.certificate_ends
    }

    /// Whether the registry names another node key for the node's member than the one that it connects
    /// with: no member takes a connection from it.
    // spec: ADM-172
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        wiring::is_foreign(&self.registry(), self.member, &self.node_key)
    }

    /// Whether the hub does not admit the key that the node connects with, by what it last said.
    // spec: ADM-180
    #[must_use]
    pub fn is_refused_by_the_hub(&self) -> bool {
        self.attempts.refuses_key(self.genesis().hub())
    }

    /// When it was started.
    #[must_use]
    pub const fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Whether the node may sign.
    #[must_use]
    pub fn is_signing(&self) -> bool {
        *self.signing.borrow()
    }

    /// Administrators who come over the network; `None` when they have been taken before.
    #[must_use]
    pub fn take_administrators(&self) -> Option<mpsc::Receiver<Established>> {
        let mut taken = self
            .administrators
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        taken.take()
    }

    /// Whether it was started without records of the journal that had been durable.
    #[must_use]
    pub const fn has_lost_records(&self) -> bool {
        self.lost_records
    }

    /// Waits until the node may sign.
    pub async fn wait_signing(&self) {
        let mut signing = self.signing.clone();
        let _ = signing.wait_for(|signing| *signing).await;
    }

    /// Appends signed statements to one of the node's logs.
    ///
    /// # Errors
    /// [`runtime::SubmitFailure`].
    pub async fn submit(
        &self,
        log: LogNumber,
        statements: Vec<Vec<u8>>,
    ) -> Result<Vec<StatementRef>, runtime::SubmitFailure> {
        self.core.submit(log, statements).await
    }

    /// Keeps a row of a local register durably.
    ///
    /// # Errors
    /// [`runtime::CoreGone`].
    pub async fn keep_row(&self, bytes: Vec<u8>) -> Result<(), runtime::CoreGone> {
        self.core.keep_row(bytes).await
    }

    /// Ends questions about decisions that are being answered, and refuses later ones.
    // spec: IDX-21
    pub fn end_questions(&self) {
        self.query.stop();
    }

    /// Stops: what was begun is finished, connections are told.
    ///
    /// `false` when the database does not come to an end, as on a full disk: nothing durable is lost by
    /// ending the process then, and dropping the node may wait for ever.
    pub async fn stop(&self) -> bool {
        self.end_questions();
        for task in &self.tasks {
            task.abort();
        }
        self.endpoint.close();
        let _ = tokio::time::timeout(FAREWELL, self.endpoint.drained()).await;
        let _ = self.core.send(runtime::Command::Stop).await;
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        let verifier = self
            .verifier
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // It ends between two steps.
        let _ = tokio::task::spawn_blocking(move || drop(verifier)).await;
        // A start after this one finds an index that lacks nothing.
        let (indexer, store) = (Arc::clone(&self.indexer), Arc::clone(&self.store));
        let settled = tokio::task::spawn_blocking(move || {
            let _ = indexer.barrier();
            store.flush()
        });
        let settled = tokio::time::timeout(SETTLING, settled).await;
        if let Ok(Ok(Err(error))) = &settled {
            warn!(%error, "the database was left behind; the next start fills it");
        }
        info!(member = %self.member, "stopped");
        settled.is_ok()
    }
}

/// Writes beside the keys of a hub that they sign from here on: the keys outlive a directory that is lost,
/// and a first start would then fork the registry. Nothing has been signed yet by a hub that starts for
/// the first time.
// spec: STO-80
fn mark_signed(layout: &Layout, key: &str, first_start: bool) -> Result<(), StartError> {
    let write = || {
        let mut mark = File::create(layout.signed_mark())?;
        mark.write_all(format!("{key}\n").as_bytes())?;
        mark.sync_all()?;
        File::open(layout.keys())?.sync_all()
    };
    match write() {
        Ok(()) => Ok(()),
        Err(error) if first_start => Err(file("the mark beside the keys")(error)),
        Err(error) => {
            warn!(%error, "the mark that the keys have signed could not be written beside them");
            Ok(())
        }
    }
}

/// With what the node connects, and when its certificate ends.
fn identity(
    layout: &Layout,
    ring: &KeyRing,
) -> Result<(Arc<Identity>, Option<Timestamp>), StartError> {
    let node = ring.key(KeyUse::Node).map_err(file("the node key"))?;
    let certificate =
        certificate_file::read(&layout.keys(), node).map_err(file("the node certificate"))?;
    let pkcs8 = node.to_pkcs8_der().map_err(file("the node key"))?;
    let identity = Identity::from_der(&certificate, &pkcs8).map_err(file("the node identity"))?;
    let seconds = certificate::ends_at(&certificate).and_then(|end| u64::try_from(end).ok());
    let ends = seconds.and_then(|end| Timestamp::new(end.checked_mul(1_000)?).ok());
    Ok((Arc::new(identity), ends))
}

fn core_keys(ring: &KeyRing) -> Result<CoreKeys, StartError> {
    let key = |key_use| {
        let key = PrivateKey::read_in(ring.directory(), key_use).map_err(file("a key"))?;
        Ok::<Arc<dyn Signer + Send + Sync>, StartError>(Arc::new(key))
    };
    Ok(CoreKeys {
        statement: key(KeyUse::Statement)?,
        log: key(KeyUse::Log)?,
        witness: key(KeyUse::Witness)?,
    })
}

/// The journal is named after the network and the member, so that another's segments are refused.
fn journal_id(genesis: &Genesis, member: AuthorityCode) -> JournalId {
    use sha2::{Digest as _, Sha256};

    let digest = Sha256::new()
        .chain_update(b"concordat/journal/1\0")
        .chain_update(genesis.id().as_bytes())
        .chain_update(member.as_str())
        .finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    JournalId(id)
}
