//! What ties the parts of a node together: bodies for queries, admission by the registry, incoming
//! connections, the clock, and what the core gives out.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use concordat_net::{Admission, Endpoint, Established, Party};
use concordat_protocol::key::PublicKey;
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{Leaf, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::Registry;
use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};

use crate::clock;
use crate::core::{Output, Shared};
use crate::disk::RealDisk;
use crate::driver;
use crate::indexer::Indexer;
use crate::node::Holdings;
use crate::node::reindex::index_item;
use crate::query::{BodyReader, BodyUnreadable, Held, QueryService};
use crate::runtime::{self, FaultLog, Handle, Listener};
use crate::store::{JournalPosition, Position};

/// Finds bodies for queries.
pub(super) struct Bodies(pub(super) Arc<Shared<RealDisk>>);

impl BodyReader for Bodies {
    fn read(&self, origin: &Origin, index: LeafIndex) -> Result<Option<Held>, BodyUnreadable> {
        let unreadable = |fault| BodyUnreadable {
            position: Position {
                origin: origin.clone(),
                index,
            },
            fault,
        };
        let body = self.0.read_body(origin, index).map_err(unreadable)?;
        let (Some(leaf), Some(body)) = (self.0.leaf(origin, index), body) else {
            return Ok(None);
        };
        // A leaf of a later version: its body means nothing here.
        let Ok(leaf) = Leaf::decode(&leaf) else {
            return Ok(None);
        };
        Ok(Some(Held {
            leaf,
            body: Arc::from(body),
            ctx_floor: self.0.ctx_floor(origin, index),
        }))
    }

    fn is_erased(&self, origin: &Origin, index: LeafIndex) -> bool {
        self.0.is_erased(origin, index)
    }

    fn erased(&self, origin: &Origin, index: LeafIndex) -> Option<StatementRef> {
        self.0.erased(origin, index)
    }

    fn acts_by_leaf(&self, on: &Position, most: usize) -> Vec<(StatementRef, StatementRef)> {
        self.0.acts_by_leaf(&on.origin, on.index, most)
    }
}

/// Admits whom the registry names.
pub(super) struct Gate(pub(super) Arc<Shared<RealDisk>>, pub(super) AuthorityCode);

impl Admission for Gate {
    fn admit(&self, key: &PublicKey, party: Party) -> bool {
        let registry = self.0.registry();
        match party {
            Party::Peer => registry.member_by_node_key(key).is_some(),
            Party::Administrator => registry
                .member(self.1)
                .is_some_and(|member| member.keys().administrators.contains(key)),
        }
    }
}

/// Hands incoming connections to the exchange and to the admin channel.
pub(super) async fn accept(
    endpoint: Arc<Endpoint>,
    core: Handle,
    shared: Arc<Shared<RealDisk>>,
    administrators: mpsc::Sender<Established>,
) {
    let mut refused = FaultLog::new();
    while let Some(inbound) = endpoint.accept().await {
        let established = match inbound.result {
            Ok(established) => established,
            Err(error) => {
                // Anyone can make these: together they may not fill the log.
                if let Some(unwritten) = refused.count((), clock::now()) {
                    let remote = inbound.remote_address;
                    warn!(%remote, %error, unwritten, "a connection was refused");
                }
                continue;
            }
        };
        let key = established.connection.peer_key();
        let member = shared
            .registry()
            .member_by_node_key(&key)
            .map(|member| member.code());
        match (established.connection.party(), member) {
            (Party::Peer, Some(member)) => {
                tokio::spawn(driver::run(core.clone(), established, member));
            }
            (Party::Peer, None) => {
                established
                    .connection
                    .close(concordat_net::CloseCode::REVOKED, "");
            }
            (Party::Administrator, _) => {
                if let Err(
                    mpsc::error::TrySendError::Full(refused)
                    | mpsc::error::TrySendError::Closed(refused),
                ) = administrators.try_send(established)
                {
                    refused
                        .connection
                        .close(concordat_net::CloseCode::TOO_MANY, "");
                }
            }
        }
    }
}

/// Lets the core look at its deadlines.
pub(super) async fn tick(core: Handle) {
    let mut interval = tokio::time::interval(Duration::from_secs(1));
    loop {
        interval.tick().await;
        if core.send(runtime::Command::Tick).await.is_err() {
            return;
        }
    }
}

/// Passes on what the core gives out.
pub(super) struct Wiring {
    pub(super) member: AuthorityCode,
    pub(super) shared: Arc<Shared<RealDisk>>,
    pub(super) indexer: Arc<Indexer>,
    pub(super) query: Arc<QueryService>,
    pub(super) holdings: Arc<RwLock<Holdings>>,
    pub(super) registry: watch::Sender<Arc<Registry>>,
    pub(super) signing: watch::Sender<bool>,
    pub(super) changes: watch::Sender<u64>,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) node_key: PublicKey,
    /// Whether the log says that the registry names another node key.
    pub(super) is_told_of_node_key: bool,
}

/// Whether the registry names another node key for a member than the one that its node connects with.
pub(super) fn is_foreign(registry: &Registry, member: AuthorityCode, key: &PublicKey) -> bool {
    let member = registry.member(member);
    member.is_some_and(|member| member.keys().node.as_ref() != Some(key))
}

impl Wiring {
    /// Says so in the log once the registry names another node key: nobody connected any more would.
    // spec: ADM-172
    pub(super) fn tell_of_node_key(&mut self, registry: &Registry) {
        let is_foreign = is_foreign(registry, self.member, &self.node_key);
        if is_foreign && !self.is_told_of_node_key {
            error!(
                key = %self.node_key.id(),
                "the registry names another node key for this member: no member takes a connection \
                 with this one; put the right key in place and start again"
            );
        }
        self.is_told_of_node_key = is_foreign;
    }
}

impl Listener for Wiring {
    fn hear(&mut self, output: &Output) {
        match output {
            Output::Durable { items, records } => {
                let items = items.iter().map(index_item).collect();
                if let Err(stopped) = self.indexer.submit(items, JournalPosition::new(*records)) {
                    error!(member = %self.member, %stopped, "queries no longer see what is new");
                }
            }
            Output::RegistryChanged => {
                let registry = self.shared.registry();
                self.query.adopt_registry(Arc::clone(&registry));
                self.tell_of_node_key(&registry);
                let _ = self.registry.send(registry);
                let closed = self.endpoint.recheck();
                if closed > 0 {
                    info!(
                        closed,
                        "connections closed: their keys are no longer admitted"
                    );
                }
            }
            Output::Holds { member, entry } => {
                let mut holdings = self
                    .holdings
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                holdings.insert((*member, entry.origin.clone()), entry.clone());
            }
            Output::Signing => {
                let _ = self.signing.send(true);
            }
            Output::Forked { origin, .. } => {
                if origin.member() == self.member.as_str() {
                    let _ = self.signing.send(false);
                }
            }
            Output::Surpassed(_) | Output::ForeignKeys(_) => {
                let _ = self.signing.send(false);
            }
            Output::Send { .. }
            | Output::Ask { .. }
            | Output::Cancel { .. }
            | Output::Answer { .. }
            | Output::Close { .. } => return,
            Output::Submitted { .. }
            | Output::Witnessed { .. }
            | Output::Head { .. }
            | Output::Report { .. } => {}
        }
        self.changes.send_modify(|count| *count += 1);
    }
}
