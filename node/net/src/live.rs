//! The connections that are alive and the handshakes that are under way.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use concordat_protocol::key::PublicKey;
use concordat_protocol::limits::{Rate, TokenBucket};
use tokio::time::Instant;

use crate::connection::{Connection, Link};
use crate::error::{CloseCode, Refusal};
use crate::options::EndpointOptions;

/// Shared by the accept loop, the handshakes and [`crate::Endpoint`].
#[derive(Debug)]
pub(crate) struct Live {
    began: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Weak, so that a connection ends when its users let go of it.
    /// In the order in which they came.
    links: Vec<Weak<Link>>,
    /// Keys of which a connection took the place of another lately.
    replacements: BTreeMap<PublicKey, TokenBucket>,
    handshakes: usize,
    handshakes_by_source: HashMap<IpAddr, usize>,
}

impl Live {
    /// Counts a handshake until the slot is dropped.
    ///
    /// # Errors
    /// [`Refusal::EndpointBusy`] or [`Refusal::SourceBusy`].
    // spec: TRN-11
    pub(crate) fn begin(
        self: &Arc<Self>,
        source_address: IpAddr,
        options: &EndpointOptions,
    ) -> Result<Slot, Refusal> {
        let mut state = self.state();
        if state.handshakes >= options.handshakes_max {
            return Err(Refusal::EndpointBusy);
        }
        let of_source = state
            .handshakes_by_source
            .get(&source_address)
            .copied()
            .unwrap_or_default();
        if of_source >= options.handshakes_per_source_max {
            return Err(Refusal::SourceBusy { source_address });
        }
        state.handshakes += 1;
        state
            .handshakes_by_source
            .insert(source_address, of_source + 1);
        Ok(Slot {
            live: Arc::clone(self),
            source_address,
        })
    }

    /// Handshakes under way.
    pub(crate) fn handshakes(&self) -> usize {
        self.state().handshakes
    }

    /// Takes a connection into the table. When others have opened as many with its key as they may,
    /// it takes the place of the oldest of them, which is most likely dead: whoever holds the key was
    /// killed and is back. Those that this end opened are its own affair.
    ///
    /// # Errors
    /// [`Refusal::IdentityBusy`] when too many connections of the key have replaced others lately.
    // spec: TRN-10, TRN-21
    pub(crate) fn register(
        &self,
        link: &Arc<Link>,
        options: &EndpointOptions,
    ) -> Result<(), Refusal> {
        let now_ms = self.began.elapsed().as_millis();
        let now_ms = u64::try_from(now_ms).unwrap_or(u64::MAX);
        let mut state = self.state();
        state.links.retain(is_alive);
        if !link.is_dialled() {
            let key = link.peer_key();
            let of_key = |other: &Arc<Link>| !other.is_dialled() && other.peer_key() == key;
            let held = state.links.iter().filter_map(Weak::upgrade).filter(of_key);
            let held: Vec<Arc<Link>> = held.collect();
            let surplus = (held.len() + 1).saturating_sub(options.connections_per_identity_max);
            for oldest in held.iter().take(surplus) {
                if !state.may_replace(key, options, now_ms) {
                    return Err(Refusal::IdentityBusy { key: key.id() });
                }
                oldest.close(CloseCode::TOO_MANY, "");
            }
        }
        state.links.push(Arc::downgrade(link));
        Ok(())
    }

    /// The connections that are alive.
    pub(crate) fn connections(&self) -> Vec<Connection> {
        self.state()
            .links
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|link| link.is_open())
            .map(Connection::from_link)
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can leave the counts half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Live {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            state: Mutex::default(),
        }
    }
}

impl State {
    /// Whether one more connection of a key may take the place of another.
    fn may_replace(&mut self, key: PublicKey, options: &EndpointOptions, now_ms: u64) -> bool {
        let period = options.replacement_period.as_millis();
        let rate = Rate {
            burst: options.replacements_burst,
            tokens: 1,
            period_ms: u64::try_from(period).unwrap_or(u64::MAX).max(1),
        };
        self.replacements
            .retain(|_, bucket| !bucket.is_full(rate, now_ms));
        let bucket = self.replacements.entry(key);
        bucket
            .or_insert_with(|| TokenBucket::full(now_ms))
            .try_take(rate, now_ms)
    }
}

fn is_alive(link: &Weak<Link>) -> bool {
    link.upgrade().is_some_and(|link| link.is_open())
}

/// One handshake under way.
#[derive(Debug)]
pub(crate) struct Slot {
    live: Arc<Live>,
    source_address: IpAddr,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.live.state();
        state.handshakes = state.handshakes.saturating_sub(1);
        if let Some(count) = state.handshakes_by_source.get_mut(&self.source_address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                state.handshakes_by_source.remove(&self.source_address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    // spec: TRN-11
    #[test]
    fn handshakes_are_counted_by_source_and_in_all_until_they_end() {
        let live = Arc::new(Live::default());
        let options = EndpointOptions {
            handshakes_per_source_max: 1,
            handshakes_max: 2,
            ..EndpointOptions::default()
        };
        let first = live.begin(SOURCE, &options).unwrap();
        assert_eq!(
            live.begin(SOURCE, &options).err(),
            Some(Refusal::SourceBusy {
                source_address: SOURCE
            })
        );
        let second = live.begin(OTHER, &options).unwrap();
        assert_eq!(
            live.begin(SOURCE, &options).err(),
            Some(Refusal::EndpointBusy)
        );
        assert_eq!(live.handshakes(), 2);
        drop((first, second));
        assert_eq!(live.handshakes(), 0);
        assert!(live.state().handshakes_by_source.is_empty());
        assert!(live.begin(SOURCE, &options).is_ok());
    }
}
