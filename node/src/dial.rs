//! Whom to dial, and when again.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
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

/// Keeps one outgoing connection to each member that this node is to dial, until the registry says
/// otherwise. Of two members the one with the smaller code dials; everyone dials the hub.
pub async fn keep(
    endpoint: Arc<Endpoint>,
    core: Handle,
    me: AuthorityCode,
    mut registry: watch::Receiver<Arc<Registry>>,
    overrides: Overrides,
) {
    let mut dialers: BTreeMap<AuthorityCode, (PublicKey, Dialer)> = BTreeMap::new();
    loop {
        let targets = targets(&registry.borrow_and_update().clone(), me, &overrides);
        dialers.retain(|member, (key, task)| {
            let wanted = targets.get(member).is_some_and(|(wanted, _)| wanted == key);
            wanted && !task.0.is_finished()
        });
        for (member, (key, addresses)) in targets {
            dialers.entry(member).or_insert_with(|| {
                let task = dial(Arc::clone(&endpoint), core.clone(), member, key, addresses);
                (key, Dialer(tokio::spawn(task)))
            });
        }
        if registry.changed().await.is_err() {
            break;
        }
    }
}

/// The task that keeps one connection. It ends with whoever holds this, however that ends.
struct Dialer(JoinHandle<()>);

impl Drop for Dialer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn targets(
    registry: &Registry,
    me: AuthorityCode,
    overrides: &Overrides,
) -> BTreeMap<AuthorityCode, (PublicKey, Vec<String>)> {
    let hub = registry.genesis().hub();
    let mut targets = BTreeMap::new();
    for member in registry
        .members()
        .filter(|member| member.code() != me && me != hub)
    {
        let ours = member.code() == hub || me < member.code();
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
        if !addresses.is_empty() {
            targets.insert(member.code(), (key, addresses));
        }
    }
    targets
}

async fn dial(
    endpoint: Arc<Endpoint>,
    core: Handle,
    member: AuthorityCode,
    key: PublicKey,
    addresses: Vec<String>,
) {
    let mut pause = PAUSE_FIRST;
    for attempt in 0_u64.. {
        for address in &addresses {
            let Some(resolved) = resolve(address).await else {
                continue;
            };
            match endpoint.connect(resolved, key, Party::Peer).await {
                Ok(established) => {
                    info!(%member, %address, "connected");
                    pause = PAUSE_FIRST;
                    driver::run(core.clone(), established, member).await;
                }
                Err(error) => debug!(%member, %address, %error, "not reached"),
            }
        }
        tokio::time::sleep(jittered(pause, member, attempt)).await;
        pause = (pause * 2).min(PAUSE_LONGEST);
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
