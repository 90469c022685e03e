//! Frames on a Unix socket or on a QUIC stream, the same to whoever serves them.

use std::io;

use concordat_net::{FrameError, FrameReceiver, FrameSender};
use concordat_protocol::admin::LENGTH_BYTES;
use concordat_protocol::limits::FRAME_BYTES_MAX;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// The receiving half.
pub(super) enum Receiver {
    /// Of the socket.
    Socket(OwnedReadHalf),
    /// Of a stream.
    Stream(FrameReceiver),
}

/// The sending half.
pub(super) enum Sender {
    /// Of the socket.
    Socket(OwnedWriteHalf),
    /// Of a stream.
    Stream(FrameSender),
}

/// Why no frame came.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    /// Its length is none that a frame has; what follows cannot be told apart.
    #[error("a frame of {bytes} bytes; 1 to {FRAME_BYTES_MAX} are allowed")]
    Length {
        /// The length announced.
        bytes: usize,
    },
    /// The connection is over.
    #[error("the connection is over")]
    Lost,
}

impl Receiver {
    /// The next frame; `None` at an end between frames. Not to be dropped half-way unless the
    /// connection is given up.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, LinkError> {
        match self {
            Self::Socket(stream) => read_frame(stream).await,
            Self::Stream(stream) => stream.next(FRAME_BYTES_MAX).await.map_err(of_stream),
        }
    }
}

impl Sender {
    /// Sends one frame.
    pub(super) async fn send(&mut self, frame: Vec<u8>) -> Result<(), LinkError> {
        match self {
            Self::Socket(stream) => write_frame(stream, &frame)
                .await
                .map_err(|_| LinkError::Lost),
            Self::Stream(stream) => stream.send_owned(frame).await.map_err(|_| LinkError::Lost),
        }
    }

    /// Ends the sending side once everything is on its way.
    pub(super) async fn finish(&mut self) {
        match self {
            Self::Socket(stream) => {
                let _ = stream.shutdown().await;
            }
            Self::Stream(stream) => {
                if stream.finish().is_ok() {
                    let _ = stream.delivered().await;
                }
            }
        }
    }
}

fn of_stream(error: FrameError) -> LinkError {
    match error {
        FrameError::Empty => LinkError::Length { bytes: 0 },
        FrameError::TooLong { bytes, .. } => LinkError::Length { bytes },
        FrameError::Truncated
        | FrameError::Deadline
        | FrameError::Reset(_)
        | FrameError::Stopped(_)
        | FrameError::Finished
        | FrameError::Lost(_)
        | _ => LinkError::Lost,
    }
}

async fn read_frame(stream: &mut OwnedReadHalf) -> Result<Option<Vec<u8>>, LinkError> {
    let mut length = [0; LENGTH_BYTES];
    match stream.read_exact(&mut length).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(_) => return Err(LinkError::Lost),
    }
    // The length is judged before anything is reserved for it.
    let bytes = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if bytes == 0 || bytes > FRAME_BYTES_MAX {
        return Err(LinkError::Length { bytes });
    }
    let mut frame = Vec::new();
    let mut whole = AsyncReadExt::take(stream, bytes as u64);
    match whole.read_to_end(&mut frame).await {
        Ok(read) if read == bytes => Ok(Some(frame)),
        Ok(_) | Err(_) => Err(LinkError::Lost),
    }
}

async fn write_frame(stream: &mut OwnedWriteHalf, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(frame).await
}
