//! Connections: moves frames between the transport and the core, and nothing clever.

use std::collections::BTreeMap;
use std::sync::Arc;

use concordat_net::{CloseCode, CloseReason, Connection, Established, FrameReceiver, FrameSender};
use concordat_protocol::exchange::{PeerId, RequestId, ServeId};
use concordat_protocol::limits::{FRAME_BYTES_MAX, REQUEST_BYTES_MAX};
use concordat_protocol::log::LeafIndex;
use concordat_protocol::subject::AuthorityCode;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tracing::{debug, trace};

use crate::runtime::{Command, Handle, Order};

/// Codes of the protocol begin here, after those of the transport.
const PROTOCOL_CODES: u32 = 16;

/// Streams that peers opened and that wait for their answer.
type Serving = Arc<Mutex<BTreeMap<ServeId, FrameSender>>>;

/// Runs one connection to its end, and says how it ended.
pub async fn run(core: Handle, established: Established, member: AuthorityCode) -> CloseReason {
    let peer = core.next_peer();
    let (orders, inbox) = mpsc::unbounded_channel();
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
    let serving = Serving::default();
    let mut tasks = JoinSet::new();
    tasks.spawn(read_control(core.clone(), peer, receiver));
    tasks.spawn(accept_requests(
        core.clone(),
        peer,
        connection.clone(),
        Arc::clone(&serving),
    ));
    tasks.spawn(write(
        core.clone(),
        peer,
        connection.clone(),
        sender,
        inbox,
        serving,
    ));
    // Whichever ends first ends the connection; the others see it close.
    let _ = tasks.join_next().await;
    connection.close(CloseCode::DONE, "");
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

async fn read_control(core: Handle, peer: PeerId, mut receiver: FrameReceiver) {
    loop {
        match receiver.next(FRAME_BYTES_MAX).await {
            Ok(Some(bytes)) => {
                trace!(peer = peer.0, bytes = bytes.len(), "control frame");
                if core.send(Command::Control { peer, bytes }).await.is_err() {
                    return;
                }
            }
            Ok(None) | Err(_) => return,
        }
    }
}

async fn accept_requests(core: Handle, peer: PeerId, connection: Connection, serving: Serving) {
    let mut next = 0;
    let mut readers = JoinSet::new();
    while let Some((sender, mut receiver)) = connection.accept_request().await {
        let serve = ServeId(next);
        next += 1;
        serving.lock().await.insert(serve, sender);
        let (core, serving) = (core.clone(), Arc::clone(&serving));
        readers.spawn(async move {
            // spec: EXC-29
            match receiver.next(REQUEST_BYTES_MAX).await {
                Ok(Some(bytes)) => {
                    let _ = core.send(Command::Request { peer, serve, bytes }).await;
                }
                Ok(None) | Err(_) => {
                    serving.lock().await.remove(&serve);
                }
            }
        });
        while readers.try_join_next().is_some() {}
    }
}

async fn write(
    core: Handle,
    peer: PeerId,
    connection: Connection,
    mut control: FrameSender,
    mut inbox: mpsc::UnboundedReceiver<Order>,
    serving: Serving,
) {
    let mut tasks: JoinSet<()> = JoinSet::new();
    let mut asking: BTreeMap<RequestId, tokio::task::AbortHandle> = BTreeMap::new();
    while let Some(order) = inbox.recv().await {
        match order {
            Order::Send(frame) => {
                if control.send_owned(frame).await.is_err() {
                    return;
                }
            }
            Order::Ask(request, frame) => {
                let task = ask(core.clone(), peer, connection.clone(), request, frame);
                asking.insert(request, tasks.spawn(task));
                asking.retain(|_, task| !task.is_finished());
            }
            Order::Cancel(request) => {
                if let Some(task) = asking.remove(&request) {
                    task.abort();
                }
            }
            Order::Answer(serve, frames, next) => {
                let serving = Arc::clone(&serving);
                let part = (serve, frames, next);
                tasks.spawn(answer(core.clone(), peer, part, serving));
            }
            Order::Close(code) => {
                let number = u32::try_from(code.code())
                    .unwrap_or(0)
                    .saturating_add(PROTOCOL_CODES);
                connection.close(CloseCode::from_u32(number), "refused");
                return;
            }
        }
        while tasks.try_join_next().is_some() {}
    }
}

async fn ask(
    core: Handle,
    peer: PeerId,
    connection: Connection,
    request: RequestId,
    frame: Vec<u8>,
) {
    let failed = Command::RequestFailed { peer, request };
    let Ok((mut sender, mut receiver)) = connection.open_request().await else {
        let _ = core.send(failed).await;
        return;
    };
    if sender.send_owned(frame).await.is_ok() && sender.finish().is_ok() {
        while let Ok(Some(bytes)) = receiver.next(FRAME_BYTES_MAX).await {
            if core
                .send(Command::Answer {
                    peer,
                    request,
                    bytes,
                })
                .await
                .is_err()
            {
                return;
            }
        }
    }
    // When everything asked for has come, the core has forgotten the request and this says nothing.
    let _ = core.send(failed).await;
}

/// Sends an answer, or one part of it, and then says that there is room for more.
// spec: EXC-19, EXC-28
async fn answer(
    core: Handle,
    peer: PeerId,
    (serve, frames, next): (ServeId, Vec<Vec<u8>>, Option<LeafIndex>),
    serving: Serving,
) {
    let sender = serving.lock().await.remove(&serve);
    let sender = match sender {
        Some(sender) => send_all(sender, frames).await,
        None => None,
    };
    let next = match (sender, next) {
        (Some(sender), Some(next)) => {
            serving.lock().await.insert(serve, sender);
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
    let _ = core.send(Command::Served { peer, serve, next }).await;
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
