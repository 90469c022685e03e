//! Whom to dial, and when again.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use concordat_net::{Alert, CloseCode, CloseReason, Endpoint, NetError, Party};
use concordat_protocol::key::PublicKey;
use concordat_protocol::statement::Role;
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::Registry;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{debug, error, info};

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
pub struct Attempts(Mutex<BTreeMap<AuthorityCode, Failure>>);

/// What came of the attempts to reach a member since the last that succeeded.
#[derive(Clone, Debug)]
struct Failure {
    /// Why the last of them failed.
    cause: String,
    /// How often the member has said that it does not admit our key.
    refusals: u32,
}

/// After how many refusals of the key by the hub they are no chance: whoever has just been enrolled may
/// call before the entry is there.
const REFUSALS_SAID: u32 = 3;

impl Attempts {
    /// Why the last attempt to reach a member failed; `None` when it did not, or there was none.
    #[must_use]
    pub fn last_failure(&self, member: AuthorityCode) -> Option<String> {
        let failures = self.failures();
        failures.get(&member).map(|failure| failure.cause.clone())
    }

    /// Whether a member has said that it does not admit the key of this node, since it was last reached.
    // spec: ADM-180
    #[must_use]
    pub fn refuses_key(&self, member: AuthorityCode) -> bool {
        let failures = self.failures();
        failures
            .get(&member)
            .is_some_and(|failure| failure.refusals > 0)
    }

    fn failed(&self, member: AuthorityCode, cause: String) {
        self.note(member, cause, false);
    }

    /// Takes down that a member does not admit our key. Where that is the hub, and goes on, the log says so
    /// once.
    // spec: ADM-180
    fn refused(&self, member: AuthorityCode, cause: String, is_hub: bool) {
        if self.note(member, cause, true) == REFUSALS_SAID && is_hub {
            error!(
                %member,
                "the hub does not admit the key of this node: the key was cut off or replaced, by an entry \
                 of the registry that has not arrived here"
            );
        }
    }

    /// How often the key has been refused by now.
    fn note(&self, member: AuthorityCode, cause: String, refuses_key: bool) -> u32 {
        let mut failures = self.failures();
        let before = failures.get(&member).map_or(0, |known| known.refusals);
        let refusals = before.saturating_add(u32::from(refuses_key));
        failures.insert(member, Failure { cause, refusals });
        refusals
    }

    fn reached(&self, member: AuthorityCode) {
        self.failures().remove(&member);
    }

    fn failures(&self) -> MutexGuard<'_, BTreeMap<AuthorityCode, Failure>> {
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
        let known = Arc::clone(&registry.borrow_and_update());
        let hub = known.genesis().hub();
        let targets = targets(&known, me, &set);
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
            let whom = (member, key, member == hub);
            let task = dial(endpoint, core.clone(), whom, addresses, attempts);
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
    (member, key, is_hub): (AuthorityCode, PublicKey, bool),
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
                    if ends_admission(ended) {
                        attempts.refused(member, format!("{address}: {ended}"), is_hub);
                    }
                }
                Err(error) => {
                    let cause = format!("{address}: {error}");
                    match refuses_key(&error) {
                        true => attempts.refused(member, cause, is_hub),
                        false => attempts.failed(member, cause),
                    }
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

/// Whether the other end closed a connection since it does not admit our key any more.
fn ends_admission(reason: CloseReason) -> bool {
    matches!(reason, CloseReason::There(CloseCode::REVOKED))
}

/// Whether the other end took no connection since it does not admit our key.
fn refuses_key(error: &NetError) -> bool {
    let at_once = matches!(error, NetError::RefusedByOther(Alert::AccessDenied));
    at_once || matches!(error, NetError::Lost(reason) if ends_admission(*reason))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever is refused stays so while the other cannot be reached at all.
    // spec: ADM-180
    #[test]
    fn key_is_refused_until_the_member_is_reached() {
        let refused = [
            NetError::RefusedByOther(Alert::AccessDenied),
            NetError::Lost(CloseReason::There(CloseCode::REVOKED)),
        ];
        assert!(refused.iter().all(refuses_key));
        let others = [
            NetError::Busy,
            NetError::Deadline,
            NetError::RefusedByOther(Alert::BadCertificate),
            NetError::Lost(CloseReason::There(CloseCode::SHUTDOWN)),
        ];
        assert!(!others.iter().any(refuses_key));
        let attempts = Attempts::default();
        let member = AuthorityCode::parse("11310000MB00000009").unwrap();
        attempts.failed(member, "late".to_owned());
        assert!(!attempts.refuses_key(member));
        attempts.refused(member, "denied".to_owned(), true);
        attempts.failed(member, "late".to_owned());
        assert!(attempts.refuses_key(member));
        assert_eq!(attempts.last_failure(member).as_deref(), Some("late"));
        attempts.reached(member);
        assert!(!attempts.refuses_key(member));
    }
}
