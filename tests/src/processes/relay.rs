//! A relay of datagrams that loses some: each node is reached through one, whose address the registry names.
//!
//! ```text
//! dialling node ─► relay (published address) ─► listening node
//!               ◄─                            ◄─
//! ```
//! Each dialler gets a socket of its own towards the listener, so that answers find their way. What is lost is drawn
//! for each datagram and each direction by itself.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::sim::Rng;

/// Of how many datagrams the loss is counted.
pub const LOSS_OF: u32 = 1_000;
/// Bytes of the largest datagram.
const DATAGRAM_BYTES: usize = 65_535;

/// How many of [`LOSS_OF`] datagrams every relay loses; changed while they run.
#[derive(Clone, Debug, Default)]
pub struct Loss(Arc<AtomicU32>);

impl Loss {
    /// Loses so many of [`LOSS_OF`] from now on.
    pub fn set(&self, lost: u32) {
        self.0.store(lost, Ordering::Relaxed);
    }

    fn takes(&self, rng: &mut Rng) -> bool {
        let lost = u64::from(self.0.load(Ordering::Relaxed));
        lost > 0 && rng.within(0, u64::from(LOSS_OF)) < lost
    }
}

/// A relay that runs; it ends when dropped.
#[derive(Debug)]
pub struct Relay {
    at: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Relay {
    /// Opens a relay to a listener, within a runtime.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(listener: SocketAddr, loss: Loss, seed: u64) -> io::Result<Self> {
        let socket = std::net::UdpSocket::bind((super::own_host(), 0))?;
        socket.set_nonblocking(true)?;
        let socket = Arc::new(UdpSocket::from_std(socket)?);
        let at = socket.local_addr()?;
        let task = tokio::spawn(forward(socket, listener, loss, seed));
        Ok(Self { at, task })
    }

    /// Where it is reached.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.at
    }
}

/// The way back of one dialler; ends with the relay.
#[derive(Debug)]
struct Way {
    socket: Arc<UdpSocket>,
    back: JoinHandle<()>,
}

impl Drop for Way {
    fn drop(&mut self) {
        self.back.abort();
    }
}

async fn forward(socket: Arc<UdpSocket>, listener: SocketAddr, loss: Loss, seed: u64) {
    let mut ways: HashMap<SocketAddr, Way> = HashMap::new();
    let (mut rng, mut bytes) = (Rng::new(seed), vec![0; DATAGRAM_BYTES]);
    // A way that cannot be opened, or a datagram that cannot be sent, is one that was lost.
    while let Ok((length, dialler)) = socket.recv_from(&mut bytes).await {
        if !ways.contains_key(&dialler) {
            let seed = seed.wrapping_add(1 + ways.len() as u64);
            let Ok(way) = open_way(&socket, (dialler, listener), &loss, seed).await else {
                continue;
            };
            ways.insert(dialler, way);
        }
        if let Some(way) = ways.get(&dialler)
            && !loss.takes(&mut rng)
            && let Some(datagram) = bytes.get(..length)
        {
            let _ = way.socket.send(datagram).await;
        }
    }
}

async fn open_way(
    relay: &Arc<UdpSocket>,
    (dialler, listener): (SocketAddr, SocketAddr),
    loss: &Loss,
    seed: u64,
) -> io::Result<Way> {
    let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?);
    socket.connect(listener).await?;
    let (from, to, loss) = (Arc::clone(&socket), Arc::clone(relay), loss.clone());
    let back = tokio::spawn(async move {
        let (mut rng, mut bytes) = (Rng::new(seed), vec![0; DATAGRAM_BYTES]);
        loop {
            // A listener that is down for a moment says so by an error, and comes back.
            let Ok(length) = from.recv(&mut bytes).await else {
                tokio::task::yield_now().await;
                continue;
            };
            if let Some(datagram) = bytes.get(..length)
                && !loss.takes(&mut rng)
            {
                let _ = to.send_to(datagram, dialler).await;
            }
        }
    });
    Ok(Way { socket, back })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn bound() -> UdpSocket {
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
    }

    #[tokio::test]
    async fn datagrams_come_and_go_and_so_many_are_lost() {
        let (listener, dialler) = (bound().await, bound().await);
        let loss = Loss::default();
        let relay = Relay::open(listener.local_addr().unwrap(), loss.clone(), 1).unwrap();
        let mut bytes = [0; 8];
        dialler.send_to(b"to", relay.address()).await.unwrap();
        let (length, back) = listener.recv_from(&mut bytes).await.unwrap();
        assert_eq!(&bytes[..length], b"to");
        listener.send_to(b"from", back).await.unwrap();
        let (length, from) = dialler.recv_from(&mut bytes).await.unwrap();
        assert_eq!((&bytes[..length], from), (&b"from"[..], relay.address()));
        // All of them: then nothing comes but the last, which none is.
        loss.set(LOSS_OF);
        for _ in 0..50 {
            dialler.send_to(b"lost", relay.address()).await.unwrap();
        }
        // The relay takes them in order: once the way is clear, the first to come is this.
        let rng = &mut Rng::new(1);
        assert!((0..50).all(|_| loss.takes(rng)));
        loss.set(50);
        let taken = (0..20_000).filter(|_| loss.takes(rng)).count();
        assert!((800..1_200).contains(&taken), "{taken}");
        loss.set(0);
        assert!(!(0..50).any(|_| loss.takes(rng)));
    }
}
