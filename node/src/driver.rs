//! Connections: moves frames between the transport and the core, and nothing clever.

use std::collections::BTreeMap;
use std::sync::Arc;

use concordat_net::{CloseCode, CloseReason, Connection, Established, FrameReceiver, FrameSender};
use concordat_protocol::exchange::{PeerId, RequestId, ServeId};
use concordat_protocol::limits::{FRAME_BYTES_MAX, REQUEST_BYTES_MAX};
use concordat_protocol::log::LeafIndex;
use concordat_protocol::message::ErrorCode;
use concordat_protocol::subject::AuthorityCode;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tracing::{debug, trace};

use crate::runtime::{self, Command, Handle, Inbox, Order, Room};

/// Codes of the protocol begin here, after those of the transport.
const PROTOCOL_CODES: u32 = 16;

/// Streams that peers opened and that wait for their answer.
type Serving = Arc<Mutex<BTreeMap<ServeId, FrameSender>>>;

/// Runs one connection to its end, and says how it ended.
pub async fn run(core: Handle, established: Established, member: AuthorityCode) -> CloseReason {
    let peer = core.next_peer();
    let (orders, inbox) = runtime::orders();
    let overflow = inbox.overflow();
    let Established {
        connection,
        sender,
        receiver,
    } = established;
    debug!(peer = peer.0, %member, remote = %connection.remote_address(), "peer joined");
    if core
        .send(Command::Opened {
            peer,
            member,
            orders,
        })
        .await
        .is_err()
    {
        connection.close(CloseCode::SHUTDOWN, "stopping");
        return CloseReason::Here(CloseCode::SHUTDOWN);
    }
    let shared = Shared {
        core: core.clone(),
        peer,
        connection: connection.clone(),
        room: Room::new(),
        serving: Serving::default(),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(read_control(shared.clone(), receiver));
    tasks.spawn(accept_requests(shared.clone()));
    tasks.spawn(write(shared, sender, inbox));
    // Whichever ends first ends the connection; the others see it close.
    tokio::select! {
        _ = tasks.join_next() => connection.close(CloseCode::DONE, ""),
        // spec: EXC-33
        () = overflow.notified() => {
            debug!(peer = peer.0, %member, "it does not read its control stream");
            connection.close(protocol_code(ErrorCode::Limit), "unread");
        }
    }
    tasks.abort_all();
    let reason = connection.closed().await;
    debug!(peer = peer.0, %member, ?reason, "peer left");
    let _ = core.send(Command::Closed { peer }).await;
    reason
}

/// Whether one end wanted no more of the other: to dial again at once would end in the same way.
#[must_use]
pub fn is_refusal(reason: CloseReason) -> bool {
    let (CloseReason::Here(code) | CloseReason::There(code)) = reason else {
        return false;
    };
    code == CloseCode::TOO_MANY || code.as_u32() >= PROTOCOL_CODES
}

/// What the tasks of a connection share.
#[derive(Clone)]
struct Shared {
    core: Handle,
    peer: PeerId,
    connection: Connection,
    room: Room,
    serving: Serving,
}

async fn read_control(shared: Shared, mut receiver: FrameReceiver) {
    let peer = shared.peer;
    while let Ok(Some(bytes)) = receiver.next(FRAME_BYTES_MAX).await {
        trace!(peer = peer.0, bytes = bytes.len(), "control frame");
        let frame = shared.room.take_in(bytes).await;
        let command = Command::Control { peer, frame };
        if shared.core.send(command).await.is_err() {
            return;
        }
    }
}

async fn accept_requests(shared: Shared) {
    let mut next = 0;
    let mut readers = JoinSet::new();
    while let Some((sender, receiver)) = shared.connection.accept_request().await {
        let serve = ServeId(next);
        next += 1;
        shared.serving.lock().await.insert(serve, sender);
        readers.spawn(read_request(shared.clone(), serve, receiver));
        while readers.try_join_next().is_some() {}
    }
}

// spec: EXC-29
async fn read_request(shared: Shared, serve: ServeId, mut receiver: FrameReceiver) {
    let Ok(Some(bytes)) = receiver.next(REQUEST_BYTES_MAX).await else {
        shared.serving.lock().await.remove(&serve);
        return;
    };
    let (peer, frame) = (shared.peer, shared.room.take_in(bytes).await);
    let command = Command::Request { peer, serve, frame };
    let _ = shared.core.send(command).await;
}

async fn write(shared: Shared, mut control: FrameSender, mut inbox: Inbox) {
    let mut tasks: JoinSet<()> = JoinSet::new();
    let mut asking: BTreeMap<RequestId, tokio::task::AbortHandle> = BTreeMap::new();
    while let Some(order) = inbox.next().await {
        match order {
            Order::Send(frame) => {
                let bytes = frame.len();
                if control.send_owned(frame).await.is_err() {
                    return;
                }
                inbox.sent(bytes);
            }
            Order::Ask(request, frame) => {
                let task = tasks.spawn(ask(shared.clone(), request, frame));
                asking.insert(request, task);
                asking.retain(|_, task| !task.is_finished());
            }
            Order::Cancel(request) => {
                if let Some(task) = asking.remove(&request) {
                    task.abort();
                }
            }
            Order::Answer(serve, frames, next) => {
                tasks.spawn(answer(shared.clone(), serve, frames, next));
            }
            Order::Close(code) => {
                let connection = &shared.connection;
                return connection
                    .close_behind_data(protocol_code(code), "refused")
                    .await;
            }
        }
        while tasks.try_join_next().is_some() {}
    }
}

/// The code that ends a connection for a reason of the protocol.
fn protocol_code(code: ErrorCode) -> CloseCode {
    let number = u32::try_from(code.code()).unwrap_or(0);
    CloseCode::from_u32(number.saturating_add(PROTOCOL_CODES))
}

async fn ask(shared: Shared, request: RequestId, frame: Vec<u8>) {
    let (core, peer) = (&shared.core, shared.peer);
    let failed = Command::RequestFailed { peer, request };
    let Ok((mut sender, mut receiver)) = shared.connection.open_request().await else {
        let _ = core.send(failed).await;
        return;
    };
    if sender.send_owned(frame).await.is_ok() && sender.finish().is_ok() {
        while let Ok(Some(bytes)) = receiver.next(FRAME_BYTES_MAX).await {
            let frame = shared.room.take_in(bytes).await;
            let answer = Command::Answer {
                peer,
                request,
                frame,
            };
            if core.send(answer).await.is_err() {
                return;
            }
        }
    }
    // When everything asked for has come, the core has forgotten the request and this says nothing.
    let _ = core.send(failed).await;
}

/// Sends an answer, or one part of it, and then says that there is room for more.
// spec: EXC-19, EXC-28
async fn answer(shared: Shared, serve: ServeId, frames: Vec<Vec<u8>>, next: Option<LeafIndex>) {
    let peer = shared.peer;
    let sender = shared.serving.lock().await.remove(&serve);
    let sender = match sender {
        Some(sender) => send_all(sender, frames).await,
        None => None,
    };
    let next = match (sender, next) {
        (Some(sender), Some(next)) => {
            shared.serving.lock().await.insert(serve, sender);
            Some(next)
        }
        (Some(mut sender), None) => {
            if sender.finish().is_ok() {
                let _ = sender.delivered().await;
            }
            None
        }
        (None, _) => None,
    };
    let served = Command::Served { peer, serve, next };
    let _ = shared.core.send(served).await;
}

/// Gives the sender back when all of it has been sent.
async fn send_all(mut sender: FrameSender, frames: Vec<Vec<u8>>) -> Option<FrameSender> {
    for frame in frames {
        sender.send_owned(frame).await.ok()?;
    }
    Some(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_is_told_from_an_end_that_passes() {
        let busy = CloseCode::from_u32(PROTOCOL_CODES + 10);
        for code in [CloseCode::TOO_MANY, busy] {
            assert!(is_refusal(CloseReason::Here(code)));
            assert!(is_refusal(CloseReason::There(code)));
        }
        for code in [CloseCode::DONE, CloseCode::SHUTDOWN] {
            assert!(!is_refusal(CloseReason::There(code)));
        }
        for reason in [CloseReason::Idle, CloseReason::Forgotten] {
            assert!(!is_refusal(reason));
        }
    }
}
