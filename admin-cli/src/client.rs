//! The connection to a node: a Unix socket on its machine, QUIC from elsewhere.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use concordat_certs::certificate_file;
use concordat_certs::file::FileError;
use concordat_certs::key_file::{KeyFileError, PrivateKey};
use concordat_net::{
    CloseCode, Connection, Endpoint, EndpointOptions, FrameReceiver, FrameSender, Identity,
    NetError, Party, SocketPath,
};
use concordat_protocol::admin::{ExitCode, LENGTH_BYTES, Reply, Request, SOCKET_FILE};
use concordat_protocol::limits::FRAME_BYTES_MAX;
use concordat_protocol::statement::KeyUse;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::args::Global;
use crate::command::files::of_file;
use crate::failure::{Failure, chain};
use crate::parse;

/// How long a goodbye may take.
const CLOSING: Duration = Duration::from_secs(1);

/// A connection on which one request is asked at a time.
pub(crate) struct Client(Transport);

enum Transport {
    Socket(UnixStream),
    Quic(Box<Quic>),
}

/// The endpoint and the connection live as long as the stream on them.
struct Quic {
    sender: FrameSender,
    receiver: FrameReceiver,
    connection: Connection,
    endpoint: Endpoint,
}

impl Client {
    /// Connects to the node that the command line names.
    ///
    /// # Errors
    /// `no-node`, or why it cannot be reached.
    pub(crate) async fn connect(global: &Global) -> Result<Self, Failure> {
        match (
            &global.remote,
            &global.key_dir,
            &global.node_key,
            &global.node,
        ) {
            (Some(remote), Some(key_dir), Some(node_key), _) => {
                Self::dial(remote, key_dir, node_key).await
            }
            (_, _, _, Some(node)) => Self::open(node).await,
            (_, _, _, None) => Err(Failure::usage("no-node")),
        }
    }

    // spec: ADM-9
    async fn open(node: &Path) -> Result<Self, Failure> {
        let path = node.join(SOCKET_FILE);
        let connected = match SocketPath::of(&path) {
            Ok(short) => UnixStream::connect(short.as_path()).await,
            Err(error) => Err(error),
        };
        let stream = connected.map_err(|error| {
            let (exit, key) = match error.kind() {
                io::ErrorKind::NotFound => (ExitCode::Unreachable, "socket-missing"),
                io::ErrorKind::PermissionDenied => (ExitCode::Denied, "socket-denied"),
                io::ErrorKind::NotADirectory => {
                    return Failure::usage("no-node-folder").path(node);
                }
                _ => (ExitCode::Unreachable, "socket-silent"),
            };
            Failure::new(exit, key).path(&path).with("cause", error)
        })?;
        Ok(Self(Transport::Socket(stream)))
    }

    async fn dial(remote: &str, key_dir: &Path, node_key: &str) -> Result<Self, Failure> {
        let node_key = parse::public_key("--node-key", node_key)?;
        let identity = identity(key_dir)?;
        let unreachable = |cause: String| {
            let failure = Failure::new(ExitCode::Unreachable, "remote-unreachable");
            failure.with("address", remote).with("cause", cause)
        };
        let found = tokio::net::lookup_host(remote).await;
        let address = found
            .map_err(|error| unreachable(error.to_string()))?
            .next()
            .ok_or_else(|| unreachable("no address".to_owned()))?;
        let any: SocketAddr = match address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let endpoint = Endpoint::dialer(any, Arc::new(identity), EndpointOptions::default())
            .map_err(|error| unreachable(chain(&error)))?;
        let connected = endpoint
            .connect(address, node_key, Party::Administrator)
            .await;
        let established = connected.map_err(|error| refused(remote, &error))?;
        let opened = established.connection.open_request().await;
        let (sender, receiver) = opened.map_err(|error| unreachable(chain(&error)))?;
        Ok(Self(Transport::Quic(Box::new(Quic {
            sender,
            receiver,
            connection: established.connection,
            endpoint,
        }))))
    }

    /// Tells the other end that there is no more to come: a node that is not told keeps the place of a
    /// connection until it counts as dead, and an administrator has few of them.
    pub(crate) async fn close(self) {
        if let Transport::Quic(quic) = self.0 {
            quic.connection.close(CloseCode::DONE, "");
            quic.endpoint.close();
            let _ = timeout(CLOSING, quic.endpoint.drained()).await;
        }
    }

    /// Sends one frame.
    ///
    /// # Errors
    /// `connection-lost`.
    pub(crate) async fn send(&mut self, request: &Request) -> Result<(), Failure> {
        let frame = request.encode().map_err(|error| bad_frame(&error))?;
        match &mut self.0 {
            Transport::Socket(stream) => write_frame(stream, &frame)
                .await
                .map_err(|error| lost(&error)),
            Transport::Quic(quic) => quic.sender.send(&frame).await.map_err(|error| lost(&error)),
        }
    }

    /// The next reply as it is, an error among them.
    ///
    /// # Errors
    /// `connection-lost`, `bad-reply`.
    // spec: ADM-2
    pub(crate) async fn next(&mut self) -> Result<Reply, Failure> {
        let frame = match &mut self.0 {
            Transport::Socket(stream) => read_frame(stream).await.map_err(|error| lost(&error))?,
            Transport::Quic(quic) => {
                let frame = quic.receiver.next(FRAME_BYTES_MAX).await;
                let frame = frame.map_err(|error| lost(&error))?;
                frame.ok_or_else(|| lost(&io::Error::from(io::ErrorKind::UnexpectedEof)))?
            }
        };
        Reply::decode(&frame).map_err(|error| bad_frame(&error))
    }

    /// Asks and takes the last reply; `each` sees those before it.
    ///
    /// # Errors
    /// What the node says against it, or why it says nothing.
    // spec: ADM-7
    pub(crate) async fn ask(
        &mut self,
        request: &Request,
        each: impl FnMut(Reply) -> Result<(), Failure>,
    ) -> Result<Reply, Failure> {
        self.send(request).await?;
        self.rest(each).await
    }

    /// Takes replies up to the last.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub(crate) async fn rest(
        &mut self,
        mut each: impl FnMut(Reply) -> Result<(), Failure>,
    ) -> Result<Reply, Failure> {
        loop {
            match self.next().await? {
                Reply::Error(error) => return Err(error.into()),
                reply if reply.is_last() => return Ok(reply),
                reply => each(reply)?,
            }
        }
    }
}

/// A reply of another kind than the request asks for.
pub(crate) fn unexpected(reply: &Reply) -> Failure {
    let failure = Failure::new(ExitCode::Failed, "bad-reply");
    failure.with("cause", format!("reply {}", reply.code()))
}

fn identity(directory: &Path) -> Result<Identity, Failure> {
    let unusable = |cause: String| {
        Failure::usage("keys-unusable")
            .path(directory)
            .with("cause", cause)
    };
    let key =
        PrivateKey::read_in(directory, KeyUse::Administrator).map_err(|error| match &error {
            KeyFileError::File(
                file @ (FileError::OpenToOthers { .. } | FileError::DirectoryOpenToOthers { .. }),
            ) => of_file(file),
            _ => unusable(chain(&error)),
        })?;
    let certificate =
        certificate_file::read(directory, &key).map_err(|error| unusable(chain(&error)))?;
    let private = key
        .to_pkcs8_der()
        .map_err(|error| unusable(chain(&error)))?;
    Identity::from_der(&certificate, &private).map_err(|error| unusable(chain(&error)))
}

fn refused(remote: &str, error: &NetError) -> Failure {
    let (exit, key) = match error {
        NetError::Refused(_) => (ExitCode::VerificationFailed, "wrong-node"),
        NetError::RefusedByOther(_) => (ExitCode::Denied, "remote-refused"),
        _ => (ExitCode::Unreachable, "remote-unreachable"),
    };
    Failure::new(exit, key)
        .with("address", remote)
        .with("cause", chain(error))
}

fn lost(error: &dyn std::error::Error) -> Failure {
    Failure::new(ExitCode::Unreachable, "connection-lost").with("cause", chain(error))
}

fn bad_frame(error: &dyn std::error::Error) -> Failure {
    Failure::new(ExitCode::Failed, "bad-reply").with("cause", chain(error))
}

async fn write_frame(stream: &mut UnixStream, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(frame).await
}

async fn read_frame(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; LENGTH_BYTES];
    stream.read_exact(&mut length).await?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length == 0 || length > FRAME_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}
