//! What waits between the core and one connection, each way, and how much of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use concordat_protocol::limits::PEER_BYTES_WAITING_MAX;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};

use crate::runtime::Order;

/// Room for frames of one peer that wait for the core.
#[derive(Clone, Debug)]
pub struct Room(Arc<Semaphore>);

/// A frame of a peer. It takes up room until the core has looked at it.
#[derive(Debug)]
pub struct Received {
    bytes: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Room for [`PEER_BYTES_WAITING_MAX`] bytes.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(PEER_BYTES_WAITING_MAX)))
    }

    /// Waits until there is room for a frame. Whoever waits reads nothing more of its stream.
    // spec: EXC-32
    pub async fn take_in(&self, bytes: Vec<u8>) -> Received {
        let size = bytes.len().min(PEER_BYTES_WAITING_MAX);
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.0).acquire_many_owned(size).await;
        Received {
            bytes,
            // Refused only by a semaphore that has been closed, which nobody does.
            _room: room.ok(),
        }
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

impl Received {
    /// The frame.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The way from the core to the task of a connection. It never makes the core wait.
#[derive(Debug)]
pub struct Orders {
    orders: mpsc::UnboundedSender<Order>,
    waiting: Arc<AtomicUsize>,
    overflow: Arc<Notify>,
}

/// The other end of it.
#[derive(Debug)]
pub struct Inbox {
    orders: mpsc::UnboundedReceiver<Order>,
    waiting: Arc<AtomicUsize>,
    overflow: Arc<Notify>,
}

/// A way from the core to a new connection.
#[must_use]
pub fn orders() -> (Orders, Inbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let (waiting, overflow) = (Arc::default(), Arc::default());
    let orders = Orders {
        orders: sender,
        waiting: Arc::clone(&waiting),
        overflow: Arc::clone(&overflow),
    };
    let inbox = Inbox {
        orders: receiver,
        waiting,
        overflow,
    };
    (orders, inbox)
}

impl Orders {
    /// Passes an order on. A frame for the control stream for which there is no room any more is
    /// dropped, with all after it: the connection has to end.
    // spec: EXC-33
    pub fn give(&self, order: Order) {
        if let Order::Send(frame) = &order {
            let before = self.waiting.fetch_add(frame.len(), Ordering::Relaxed);
            if before.saturating_add(frame.len()) > PEER_BYTES_WAITING_MAX {
                return self.overflow.notify_one();
            }
        }
        // A task that has ended is about to say that its connection is closed.
        let _ = self.orders.send(order);
    }
}

impl Inbox {
    /// The next order; `None` when the core is gone.
    pub async fn next(&mut self) -> Option<Order> {
        self.orders.recv().await
    }

    /// Says that so many bytes of frames for the control stream wait no longer.
    pub fn sent(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Told when a frame was dropped.
    #[must_use]
    pub fn overflow(&self) -> Arc<Notify> {
        Arc::clone(&self.overflow)
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::pin::pin;

    use super::*;

    /// A peer that sends faster than the core looks at it would have filled memory with the frames
    /// that wait for the core.
    // spec: EXC-32
    #[tokio::test]
    async fn frames_wait_for_room_until_the_core_has_looked_at_others() {
        let (room, other) = (Room::new(), Room::new());
        let first = room.take_in(vec![0; PEER_BYTES_WAITING_MAX]).await;
        let mut second = pin!(room.take_in(vec![7]));
        tokio::select! {
            biased;
            _ = &mut second => panic!("there is no room"),
            () = ready(()) => {}
        }
        assert_eq!(other.take_in(vec![8]).await.bytes(), [8]);
        drop(first);
        assert_eq!(second.await.bytes(), [7]);
    }

    /// A peer that does not read its control stream would have had every head kept for it.
    // spec: EXC-33
    #[tokio::test]
    async fn frames_that_nobody_reads_end_the_connection_and_are_not_kept() {
        let (orders, mut inbox) = orders();
        let frame = || Order::Send(vec![0; 1 << 20]);
        for _ in 0..8 {
            orders.give(frame());
        }
        let Some(Order::Send(sent)) = inbox.next().await else {
            panic!("no frame");
        };
        inbox.sent(sent.len());
        orders.give(frame());
        let overflow = inbox.overflow();
        let mut told = pin!(overflow.notified());
        tokio::select! {
            biased;
            () = &mut told => panic!("there was room"),
            () = ready(()) => {}
        }
        orders.give(Order::Send(vec![0]));
        told.await;
        drop(orders);
        let mut kept = 0;
        while inbox.next().await.is_some() {
            kept += 1;
        }
        assert_eq!(kept, 8);
    }
}
