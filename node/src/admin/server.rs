//! Listens, and carries frames between clients and the desk.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use concordat_certs::fingerprint::Fingerprint;
use concordat_net::{CloseCode, Connection, Established, SocketPath};
use concordat_protocol::admin::{AdminError, ErrorCode, Reply, Request};
use concordat_protocol::limits::FRAME_BYTES_MAX;
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use crate::admin::desk::{Answer, Desk, Office, Piece, Who};
use crate::admin::link::{LinkError, Receiver, Sender};
use crate::admin::watch as watching;
use crate::node::Node;

/// Streams that are served at once, the socket and remote ones together.
pub const CLIENTS_MAX: usize = 32;
/// How long a client may be silent between requests.
const IDLE: Duration = Duration::from_secs(600);
/// How long the next chunk of a file may take.
const CHUNK_DEADLINE: Duration = Duration::from_secs(60);
/// How long requests under way may go on when the node stops.
const GRACE: Duration = Duration::from_secs(3);
/// How long they may take to end once their questions are no longer answered.
const FAREWELL: Duration = Duration::from_secs(7);
/// What a client that is one too many is told to wait.
const RETRY_AFTER_MS: u64 = 1_000;
/// Frames of an answer that may wait for a slow client.
const FRAMES_WAITING: usize = 8;

/// Why the admin channel was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminStartError {
    /// Another process answers on the socket.
    #[error("another node answers at {path}")]
    Answered {
        /// The socket.
        path: PathBuf,
    },
    /// Something that is no socket stands in its place.
    #[error("{path} exists and is no socket")]
    NotASocket {
        /// What stands there.
        path: PathBuf,
    },
    /// The socket could not be made.
    #[error("{path}: {cause}")]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}

/// The admin channel of one node.
pub struct AdminServer {
    path: PathBuf,
    office: Arc<Office>,
    stopping: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl AdminServer {
    /// Opens the admin channel of a running node.
    ///
    /// # Errors
    /// [`AdminStartError`].
    // spec: ADM-4
    pub async fn start(node: &Arc<Node>) -> Result<Self, AdminStartError> {
        let path = node.layout().socket();
        let listener = open(&path).await?;
        let (stopping, stopped) = watch::channel(false);
        let office = Arc::new(Office {
            node: Arc::clone(node),
            open_objections: Default::default(),
            late_statements: Default::default(),
            ended_agreements: Default::default(),
            outstanding: Default::default(),
            outdated: Default::default(),
            measures: Default::default(),
            importing: Default::default(),
            acting: Default::default(),
        });
        let server = Server {
            office: Arc::clone(&office),
            clients: Arc::new(Semaphore::new(CLIENTS_MAX)),
            stopping: stopped,
        };
        let mut tasks = JoinSet::new();
        if let Some(administrators) = node.take_administrators() {
            tasks.spawn(serve_remote(server.clone(), administrators));
        }
        tasks.spawn(serve_socket(server, listener));
        info!(socket = %path.display(), "the admin channel is open");
        Ok(Self {
            path,
            office,
            stopping,
            tasks,
        })
    }

    /// Takes no more requests, gives those under way a short time, ends the questions that take longer,
    /// and removes the socket.
    // spec: IDX-21
    pub async fn stop(mut self) {
        let _ = self.stopping.send(true);
        let _ = std::fs::remove_file(&self.path);
        let ended = timeout(GRACE, all(&mut self.tasks)).await;
        if ended.is_ok() && self.is_settled(Duration::ZERO).await {
            return;
        }
        self.office.node.end_questions();
        if timeout(FAREWELL, all(&mut self.tasks)).await.is_err() {
            warn!("requests were under way when the admin channel closed");
            self.tasks.shutdown().await;
        }
        if !self.is_settled(FAREWELL).await {
            warn!("open objections were being counted when the admin channel closed");
        }
    }

    /// Whether no count of open objections is under way, or comes to its end in some time.
    async fn is_settled(&self, patience: Duration) -> bool {
        let office = Arc::clone(&self.office);
        let settled = move || office.open_objections.settle(patience);
        tokio::task::spawn_blocking(settled).await.unwrap_or(false)
    }
}

async fn all(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

/// Whoever lets go of the channel without stopping it leaves no socket behind that nobody answers.
impl Drop for AdminServer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A socket that nobody answers is left over from a node that was killed.
async fn open(path: &Path) -> Result<UnixListener, AdminStartError> {
    let failed = |cause| AdminStartError::Socket {
        path: path.to_path_buf(),
        cause,
    };
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
        Ok(found) if !found.file_type().is_socket() => {
            let path = path.to_path_buf();
            return Err(AdminStartError::NotASocket { path });
        }
        Ok(_) => {
            let short = SocketPath::of(path).map_err(failed)?;
            if UnixStream::connect(short.as_path()).await.is_ok() {
                let path = path.to_path_buf();
                return Err(AdminStartError::Answered { path });
            }
            std::fs::remove_file(path).map_err(failed)?;
        }
    }
    // Bound under a name of its own and moved once its mode is set: nobody else can open it before.
    let fresh = path.with_extension("sock.new");
    let _ = std::fs::remove_file(&fresh);
    let short = SocketPath::of(&fresh).map_err(failed)?;
    let listener = UnixListener::bind(short.as_path()).map_err(failed)?;
    std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    std::fs::rename(&fresh, path).map_err(failed)?;
    Ok(listener)
}

#[derive(Clone)]
struct Server {
    office: Arc<Office>,
    clients: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

async fn serve_socket(server: Server, listener: UnixListener) {
    let mut stopping = server.stopping.clone();
    let mut sessions = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stopping) => break,
        };
        while sessions.try_join_next().is_some() {}
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: others go on, and this passes.
                warn!(%error, "a client of the admin channel was not taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let who = Who {
            name: stream.peer_cred().map_or_else(
                |_| "local".to_owned(),
                |cred| format!("local user {}", cred.uid()),
            ),
            local: true,
        };
        let (reading, writing) = stream.into_split();
        let (receiver, sender) = (Receiver::Socket(reading), Sender::Socket(writing));
        sessions.spawn(admit(server.clone(), receiver, sender, who));
    }
    while sessions.join_next().await.is_some() {}
}

async fn serve_remote(server: Server, mut administrators: mpsc::Receiver<Established>) {
    let mut stopping = server.stopping.clone();
    let mut sessions = JoinSet::new();
    loop {
        let established = tokio::select! {
            established = administrators.recv() => established,
            () = stopped(&mut stopping) => None,
        };
        let Some(established) = established else {
            break;
        };
        while sessions.try_join_next().is_some() {}
        sessions.spawn(serve_administrator(server.clone(), established));
    }
    while sessions.join_next().await.is_some() {}
}

async fn serve_administrator(server: Server, established: Established) {
    let connection: Connection = established.connection.clone();
    let who = Who {
        name: format!(
            "administrator {}",
            Fingerprint::of_key(&connection.peer_key())
        ),
        local: false,
    };
    info!(who = %who.name, remote = %connection.remote_address(), "a remote administrator");
    let mut stopping = server.stopping.clone();
    let mut sessions = JoinSet::new();
    loop {
        let stream = tokio::select! {
            stream = connection.accept_request() => stream,
            () = stopped(&mut stopping) => None,
        };
        let Some((sender, receiver)) = stream else {
            break;
        };
        while sessions.try_join_next().is_some() {}
        let (receiver, sender) = (Receiver::Stream(receiver), Sender::Stream(sender));
        sessions.spawn(admit(server.clone(), receiver, sender, who.clone()));
    }
    while sessions.join_next().await.is_some() {}
    connection.close(CloseCode::DONE, "");
}

/// Serves a stream unless there are too many already.
async fn admit(server: Server, mut receiver: Receiver, mut sender: Sender, who: Who) {
    let Ok(permit) = Arc::clone(&server.clients).try_acquire_owned() else {
        let busy = AdminError::new(ErrorCode::Busy).with("retry_after_ms", RETRY_AFTER_MS);
        let _ = send(&mut sender, Reply::Error(busy)).await;
        return sender.finish().await;
    };
    let permit: OwnedSemaphorePermit = permit;
    session(&server, &mut receiver, &mut sender, &who).await;
    sender.finish().await;
    drop(permit);
}

async fn session(server: &Server, receiver: &mut Receiver, sender: &mut Sender, who: &Who) {
    let mut stopping = server.stopping.clone();
    loop {
        let frame = tokio::select! {
            frame = timeout(IDLE, receiver.next()) => frame,
            () = stopped(&mut stopping) => return,
        };
        let frame = match frame {
            Ok(Ok(Some(frame))) => frame,
            Ok(Ok(None) | Err(LinkError::Lost)) | Err(_) => return,
            Ok(Err(error @ LinkError::Length { .. })) => {
                // What follows cannot be told apart any more: the stream ends here.
                let _ = send(sender, Reply::Error(bad_request(&error))).await;
                return;
            }
        };
        // spec: ADM-2
        let request = match Request::decode(&frame) {
            Ok(request) => request,
            Err(error) => {
                if send(sender, Reply::Error(bad_request(&error)))
                    .await
                    .is_err()
                {
                    return;
                }
                continue;
            }
        };
        debug!(who = %who.name, code = request.code(), "a request");
        if let Request::Watch(ask) = request {
            let office = Arc::clone(&server.office);
            return watching::serve(office, receiver, sender, &ask, &mut stopping).await;
        }
        let served = serve(server, receiver, sender, who, request).await;
        if served.is_err() {
            return;
        }
    }
}

/// One request to the end of its answer.
async fn serve(
    server: &Server,
    receiver: &mut Receiver,
    sender: &mut Sender,
    who: &Who,
    request: Request,
) -> Result<(), LinkError> {
    let uploads = matches!(&request, Request::Import(ask) if ask.path.is_none());
    let (pieces, chunks) = mpsc::channel(FRAMES_WAITING);
    let (frames, mut outbox) = mpsc::channel(FRAMES_WAITING);
    let desk = Desk {
        office: Arc::clone(&server.office),
        who: who.clone(),
        runtime: Handle::current(),
        frames,
        chunks: uploads.then_some(chunks),
    };
    let work = tokio::task::spawn_blocking(move || desk.answer(request));
    // spec: ADM-8
    if uploads && let Err(error) = take_file(receiver, pieces).await {
        let out_of_turn = AdminError::new(ErrorCode::OutOfTurn);
        let _ = send(sender, Reply::Error(out_of_turn)).await;
        return Err(error);
    }
    let mut connected = Ok(());
    while let Some(frame) = outbox.recv().await {
        if connected.is_ok() {
            connected = send(sender, frame).await;
        }
    }
    let last = work.await.unwrap_or_else(|failed| {
        error!(%failed, "a request of the admin channel failed");
        Err(AdminError::new(ErrorCode::Internal).with("cause", "the request was broken off"))
    });
    connected?;
    send(sender, last_frame(last)).await
}

/// Passes the file of an import on. What the import has no use for any more is read all the same,
/// so that the answer has one place: after the file's end.
async fn take_file(receiver: &mut Receiver, pieces: mpsc::Sender<Piece>) -> Result<(), LinkError> {
    loop {
        let next = timeout(CHUNK_DEADLINE, receiver.next()).await;
        let frame = match next {
            Ok(Ok(Some(frame))) => frame,
            Ok(Ok(None)) | Err(_) => return Err(LinkError::Lost),
            Ok(Err(error)) => return Err(error),
        };
        match Request::decode(&frame) {
            Ok(Request::ImportChunk(bytes)) => {
                let _ = pieces.send(Piece::Bytes(bytes)).await;
            }
            Ok(Request::ImportEnd) => {
                let _ = pieces.send(Piece::End).await;
                return Ok(());
            }
            Ok(_) | Err(_) => return Err(LinkError::Lost),
        }
    }
}

fn last_frame(answer: Answer) -> Reply {
    answer.unwrap_or_else(Reply::Error)
}

fn bad_request(cause: &dyn std::error::Error) -> AdminError {
    AdminError::new(ErrorCode::BadRequest).with("cause", cause)
}

/// Returns when the node stops.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// Sends a reply; one that no frame carries becomes an error that says so.
pub(super) async fn send(sender: &mut Sender, reply: Reply) -> Result<(), LinkError> {
    let internal = |error: &dyn std::error::Error| {
        Reply::Error(AdminError::new(ErrorCode::Internal).with("cause", error))
    };
    let frame = match reply.encode() {
        Ok(frame) if frame.len() <= FRAME_BYTES_MAX => frame,
        Ok(frame) => {
            let error = AdminError::new(ErrorCode::TooLarge)
                .with("bytes", frame.len())
                .with("limit", FRAME_BYTES_MAX);
            Reply::Error(error).encode().map_err(|_| LinkError::Lost)?
        }
        Err(error) => internal(&error).encode().map_err(|_| LinkError::Lost)?,
    };
    sender.send(frame).await
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: ADM-4, ADM-103
    #[tokio::test]
    async fn socket_is_opened_however_long_the_name_of_its_directory_is() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("d".repeat(120)).join("e".repeat(120));
        std::fs::create_dir_all(&deep).unwrap();
        let path = deep.join("admin.sock");
        let listener = open(&path).await.unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let refused = open(&path).await.unwrap_err();
        assert!(matches!(refused, AdminStartError::Answered { .. }));
        drop(listener);
        open(&path).await.unwrap();
    }
}
