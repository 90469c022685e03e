//! Whom to dial, and when again.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use concordat_net::{Endpoint, Party};
use concordat_protocol::key::PublicKey;
use concordat_protocol::statement::Role;
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::Registry;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{debug, info};

use crate::driver;
use crate::runtime::Handle;

/// The first pause after a connection ended or could not be made; doubles up to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// The longest pause.
const PAUSE_LONGEST: Duration = Duration::from_secs(15);

/// Addresses that the operator set, before those that the registry gives.
pub type Overrides = BTreeMap<AuthorityCode, Vec<String>>;

/// How the last attempts to reach members went.
#[derive(Debug, Default)]
pub struct Attempts(Mutex<BTreeMap<AuthorityCode, String>>);

impl Attempts {
    /// Why the last attempt to reach a member failed; `None` when it did not, or there was none.
    #[must_use]
    pub fn last_failure(&self, member: AuthorityCode) -> Option<String> {
        self.failures().get(&member).cloned()
    }

    fn failed(&self, member: AuthorityCode, cause: String) {
        self.failures().insert(member, cause);
    }

    fn reached(&self, member: AuthorityCode) {
        self.failures().remove(&member);
    }

    fn failures(&self) -> MutexGuard<'_, BTreeMap<AuthorityCode, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One member that is dialled: its key, its addresses as they change, and the task.
struct Dialler {
    key: PublicKey,
    addresses: watch::Sender<Vec<String>>,
    task: JoinHandle<()>,
}

/// Keeps one outgoing connection to each member that this node is to dial, until the registry says
/// otherwise. Of two members the one with the smaller code dials; everyone dials the hub. Addresses
/// may change meanwhile; a connection that stands is left alone.
pub async fn keep(
    endpoint: Arc<Endpoint>,
    core: Handle,
    me: AuthorityCode,
    mut registry: watch::Receiver<Arc<Registry>>,
    mut overrides: watch::Receiver<Overrides>,
    attempts: Arc<Attempts>,
) {
    let mut diallers: BTreeMap<AuthorityCode, Dialler> = BTreeMap::new();
    loop {
        let set = overrides.borrow_and_update().clone();
        let targets = targets(&registry.borrow_and_update().clone(), me, &set);
        diallers.retain(|member, dialler| {
            let wanted = targets
                .get(member)
                .is_some_and(|(key, _)| *key == dialler.key);
            wanted && !dialler.task.is_finished()
        });
        for (member, (key, addresses)) in targets {
            if let Some(dialler) = diallers.get(&member) {
                dialler.addresses.send_if_modified(|known| {
                    let changed = *known != addresses;
                    *known = addresses;
                    changed
                });
                continue;
            }
            let (sender, addresses) = watch::channel(addresses);
            let (endpoint, attempts) = (Arc::clone(&endpoint), Arc::clone(&attempts));
            let task = dial(endpoint, core.clone(), member, key, addresses, attempts);
            let dialler = Dialler {
                key,
                addresses: sender,
                task: tokio::spawn(task),
            };
            diallers.insert(member, dialler);
        }
        let changed = tokio::select! {
            changed = registry.changed() => changed,
            changed = overrides.changed() => changed,
        };
        if changed.is_err() {
            break;
        }
    }
}

/// The task that keeps one connection ends with whoever holds this, however that ends.
impl Drop for Dialler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether a node dials a member, rather than being dialled by it.
#[must_use]
pub fn dials(me: AuthorityCode, member: AuthorityCode, hub: AuthorityCode) -> bool {
    me != hub && (member == hub || me < member)
}

fn targets(
    registry: &Registry,
    me: AuthorityCode,
    overrides: &Overrides,
) -> BTreeMap<AuthorityCode, (PublicKey, Vec<String>)> {
    let hub = registry.genesis().hub();
    let mut targets = BTreeMap::new();
    for member in registry.members().filter(|member| member.code() != me) {
        let ours = dials(me, member.code(), hub);
        let node = member.enrolment().role != Role::Issuer;
        let Some(key) = member.keys().node.filter(|_| ours && node) else {
            continue;
        };
        let listed = member
            .enrolment()
            .addresses
            .iter()
            .map(|a| a.as_str().to_owned());
        let set = overrides.get(&member.code()).cloned().unwrap_or_default();
        let addresses: Vec<String> = set.into_iter().chain(listed).collect();
        targets.insert(member.code(), (key, addresses));
    }
    targets
}

async fn dial(
    endpoint: Arc<Endpoint>,
    core: Handle,
    member: AuthorityCode,
    key: PublicKey,
    mut addresses: watch::Receiver<Vec<String>>,
    attempts: Arc<Attempts>,
) {
    let mut pause = PAUSE_FIRST;
    for attempt in 0_u64.. {
        let known = addresses.borrow_and_update().clone();
        for address in &known {
            let Some(resolved) = resolve(address).await else {
                attempts.failed(member, format!("{address}: the name has no address"));
                continue;
            };
            match endpoint.connect(resolved, key, Party::Peer).await {
                Ok(established) => {
                    info!(%member, %address, "connected");
                    attempts.reached(member);
                    let ended = driver::run(core.clone(), established, member).await;
                    if !driver::is_refusal(ended) {
                        pause = PAUSE_FIRST;
                    }
                }
                Err(error) => {
                    attempts.failed(member, format!("{address}: {error}"));
                    debug!(%member, %address, %error, "not reached");
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(jittered(pause, member, attempt)) => {
                pause = (pause * 2).min(PAUSE_LONGEST);
            }
            changed = addresses.changed() => {
                if changed.is_err() {
                    return;
                }
                pause = PAUSE_FIRST;
            }
        }
    }
}

async fn resolve(address: &str) -> Option<SocketAddr> {
    let address = address.to_owned();
    // The system's resolver blocks.
    let resolved = tokio::task::spawn_blocking(move || address.to_socket_addrs().ok()?.next());
    resolved.await.ok().flatten()
}

/// Spreads attempts out so that a thousand nodes do not return within the same second.
fn jittered(pause: Duration, member: AuthorityCode, attempt: u64) -> Duration {
    use sha2::{Digest as _, Sha256};

    let digest = Sha256::new()
        .chain_update(member.as_str())
        .chain_update(attempt.to_be_bytes())
        .chain_update(std::process::id().to_be_bytes())
        .finalize();
    let share = u32::from(digest.first().copied().unwrap_or(0));
    pause / 2 + pause * share / 510
}
