//! The connections that are alive and the handshakes that are under way.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::connection::{Connection, Link};
use crate::error::Refusal;
use crate::options::EndpointOptions;

/// Shared by the accept loop, the handshakes and [`crate::Endpoint`].
#[derive(Debug, Default)]
pub(crate) struct Live(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Weak, so that a connection ends when its users let go of it.
    links: Vec<Weak<Link>>,
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

    /// Takes a connection into the table.
    ///
    /// # Errors
    /// [`Refusal::IdentityBusy`] when others have opened as many with its key as they may; those
    /// that this end opened are its own affair.
    // spec: TRN-10
    pub(crate) fn register(
        &self,
        link: &Arc<Link>,
        per_identity_max: usize,
    ) -> Result<(), Refusal> {
        let mut state = self.state();
        state.links.retain(is_alive);
        if !link.is_dialled() {
            let key = link.peer_key();
            let count = state
                .links
                .iter()
                .filter_map(Weak::upgrade)
                .filter(|other| !other.is_dialled() && other.peer_key() == key)
                .count();
            if count >= per_identity_max {
                return Err(Refusal::IdentityBusy { key: key.id() });
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
