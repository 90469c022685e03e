//! Frames on a stream: a length of four bytes, big-endian, and that many bytes.
//!
//! The length is judged before anything is reserved or read for it. A frame is read into one
//! vector; sending hands a vector over without copying it.

use std::sync::Arc;
use std::time::Duration;

use concordat_protocol::limits::FRAME_BYTES_MAX;
use quinn::{ReadError, RecvStream, SendStream, StoppedError, WriteError};
use tokio::time::{Instant, timeout_at};

use crate::connection::{Link, wire_code};
use crate::error::{CloseCode, CloseReason, FrameError};

/// What goes first when a connection cannot carry everything at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Ranges of the past. The priority of a new stream.
    CatchUp,
    /// What has just been appended.
    LiveTail,
    /// Acts: what frees or binds a subject.
    Acts,
    /// The control stream.
    Control,
    /// Evidence that a log has forked.
    ForkEvidence,
}

impl Priority {
    // spec: TRN-18
    const fn as_quic(self) -> i32 {
        match self {
            Self::CatchUp => 0,
            Self::LiveTail => 1,
            Self::Acts => 2,
            Self::Control => 3,
            Self::ForkEvidence => 4,
        }
    }
}

/// Sends frames on one stream. Dropping it ends the stream after what has been sent.
#[derive(Debug)]
pub struct FrameSender {
    stream: SendStream,
    link: Arc<Link>,
    /// Set while a frame is under way: a send that was dropped half-way leaves it set.
    inside_frame: bool,
}

impl FrameSender {
    /// Sends a frame. Returns when the connection has taken it, not when it has arrived, and waits
    /// as long as the other end does not read: how long that may be, the caller decides.
    ///
    /// A send that is dropped half-way makes the stream unusable: later sends are refused.
    ///
    /// # Errors
    /// [`FrameError::Empty`], [`TooLong`](FrameError::TooLong), [`Stopped`](FrameError::Stopped),
    /// [`Finished`](FrameError::Finished) or [`Lost`](FrameError::Lost).
    pub async fn send(&mut self, frame: &[u8]) -> Result<(), FrameError> {
        self.send_all(&[frame]).await
    }

    /// Sends several frames in one go.
    ///
    /// # Errors
    /// As for [`send`](Self::send); when one frame is refused for its length, none is sent.
    pub async fn send_all(&mut self, frames: &[&[u8]]) -> Result<(), FrameError> {
        let mut total = 0;
        for frame in frames {
            total += LENGTH_BYTES + frame.len();
        }
        let mut buffer = Vec::with_capacity(total);
        for frame in frames {
            buffer.extend_from_slice(&length_prefix(frame.len())?);
            buffer.extend_from_slice(frame);
        }
        self.begin()?;
        let written = self.stream.write_chunk(buffer.into()).await;
        self.end(written)
    }

    /// Sends a frame that the caller can spare, without copying it.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub async fn send_owned(&mut self, frame: Vec<u8>) -> Result<(), FrameError> {
        let prefix = length_prefix(frame.len())?;
        self.begin()?;
        let mut chunks = [prefix.to_vec().into(), frame.into()];
        let written = self.stream.write_all_chunks(&mut chunks).await;
        self.end(written)
    }

    /// Says what goes first when not all streams can be served. Counts for what is not yet on its
    /// way.
    ///
    /// # Errors
    /// [`FrameError::Finished`].
    pub fn set_priority(&self, priority: Priority) -> Result<(), FrameError> {
        self.stream
            .set_priority(priority.as_quic())
            .map_err(|_| FrameError::Finished)
    }

    /// Ends the stream after what has been sent.
    ///
    /// # Errors
    /// [`FrameError::Finished`].
    pub fn finish(&mut self) -> Result<(), FrameError> {
        self.stream.finish().map_err(|_| FrameError::Finished)
    }

    /// Waits until the other end has acknowledged all that was sent, after [`finish`](Self::finish).
    ///
    /// # Errors
    /// [`FrameError::Stopped`] or [`FrameError::Lost`].
    pub async fn delivered(&mut self) -> Result<(), FrameError> {
        match self.stream.stopped().await {
            Ok(None) => Ok(()),
            Ok(Some(code)) => Err(FrameError::Stopped(CloseCode::from_wire(code.into_inner()))),
            Err(StoppedError::ConnectionLost(error)) => {
                Err(FrameError::Lost(self.link.reason_of(&error)))
            }
            Err(StoppedError::ZeroRttRejected) => Err(FrameError::Finished),
        }
    }

    /// Breaks the stream off: what has not arrived is not sent again.
    pub fn reset(&mut self, code: CloseCode) {
        // A stream that is already over needs no breaking off.
        let _ = self.stream.reset(wire_code(code));
    }

    pub(crate) fn new(stream: SendStream, link: &Arc<Link>) -> Self {
        Self {
            stream,
            link: Arc::clone(link),
            inside_frame: false,
        }
    }

    fn begin(&mut self) -> Result<(), FrameError> {
        if self.inside_frame {
            self.reset(CloseCode::FRAMING);
            return Err(FrameError::Finished);
        }
        self.inside_frame = true;
        Ok(())
    }

    fn end(&mut self, written: Result<(), WriteError>) -> Result<(), FrameError> {
        self.inside_frame = written.is_err();
        written.map_err(|error| match error {
            WriteError::Stopped(code) => {
                FrameError::Stopped(CloseCode::from_wire(code.into_inner()))
            }
            WriteError::ConnectionLost(error) => FrameError::Lost(self.link.reason_of(&error)),
            WriteError::ClosedStream | WriteError::ZeroRttRejected => FrameError::Finished,
        })
    }
}

impl Drop for FrameSender {
    fn drop(&mut self) {
        if self.inside_frame {
            // The end of the stream would otherwise pass for a frame cut short by an honest end.
            self.reset(CloseCode::FRAMING);
        }
    }
}

/// Receives frames from one stream. Dropping it tells the other end to send no more.
#[derive(Debug)]
pub struct FrameReceiver {
    stream: RecvStream,
    link: Arc<Link>,
    progress: Progress,
    /// When what is awaited must be there. `None` between frames.
    deadline: Option<Instant>,
    failure: Option<FrameError>,
}

impl FrameReceiver {
    /// Receives the next frame of 1 to `limit` bytes; `None` when the stream has ended between
    /// frames. A limit above [`FRAME_BYTES_MAX`] counts as that.
    ///
    /// Dropping the future loses nothing: the next call goes on where it was. After an error, the
    /// same error comes again; after one of framing the other end is told to send no more.
    ///
    /// # Errors
    /// [`FrameError::Empty`], [`TooLong`](FrameError::TooLong), [`Truncated`](FrameError::Truncated),
    /// [`Deadline`](FrameError::Deadline), [`Reset`](FrameError::Reset) or
    /// [`Lost`](FrameError::Lost).
    pub async fn next(&mut self, limit: usize) -> Result<Option<Vec<u8>>, FrameError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let result = self.read_frame(limit.min(FRAME_BYTES_MAX)).await;
        if let Err(error) = result {
            self.failure = Some(error);
            // Refused by a stream that is already over, which needs no stopping.
            let _ = self.stream.stop(wire_code(CloseCode::FRAMING));
        }
        result
    }

    /// Tells the other end to send no more.
    pub fn stop(&mut self, code: CloseCode) {
        // A stream that is already over needs no stopping.
        let _ = self.stream.stop(wire_code(code));
    }

    pub(crate) fn new(stream: RecvStream, link: &Arc<Link>, deadline: Option<Instant>) -> Self {
        Self {
            stream,
            link: Arc::clone(link),
            progress: Progress::START,
            deadline,
            failure: None,
        }
    }

    async fn read_frame(&mut self, limit: usize) -> Result<Option<Vec<u8>>, FrameError> {
        loop {
            let read = read_some(
                &mut self.stream,
                &self.link,
                &mut self.progress,
                self.deadline,
            );
            let Some(count) = read.await? else {
                return match self.progress {
                    Progress::Length { have: 0, .. } => Ok(None),
                    Progress::Length { .. } | Progress::Body { .. } => Err(FrameError::Truncated),
                };
            };
            if let Some(frame) = self.advance(count, limit)? {
                return Ok(Some(frame));
            }
        }
    }

    /// Takes `count` further bytes into account; gives the frame that they complete.
    fn advance(&mut self, count: usize, limit: usize) -> Result<Option<Vec<u8>>, FrameError> {
        match &mut self.progress {
            Progress::Length { bytes, have } => {
                *have += count;
                if *have < LENGTH_BYTES {
                    let header = self.link.options().header_deadline;
                    self.deadline.get_or_insert_with(|| Instant::now() + header);
                    return Ok(None);
                }
                let length = acceptable_length(*bytes, limit)?;
                self.deadline = Some(Instant::now() + self.time_for(length));
                self.progress = Progress::Body {
                    bytes: vec![0; length],
                    have: 0,
                };
                Ok(None)
            }
            Progress::Body { bytes, have } => {
                *have += count;
                if *have < bytes.len() {
                    return Ok(None);
                }
                let frame = std::mem::take(bytes);
                self.progress = Progress::START;
                self.deadline = None;
                Ok(Some(frame))
            }
        }
    }

    // spec: TRN-17
    fn time_for(&self, length: usize) -> Duration {
        let options = self.link.options();
        let rate = u64::from(options.frame_rate_min.max(1));
        let milliseconds = (length as u64).saturating_mul(1_000) / rate;
        options.header_deadline + Duration::from_millis(milliseconds)
    }
}

const LENGTH_BYTES: usize = 4;

/// How far the frame under way has come.
#[derive(Debug)]
enum Progress {
    /// The first `have` bytes of the length are there.
    Length {
        bytes: [u8; LENGTH_BYTES],
        have: usize,
    },
    /// The first `have` bytes of the frame are there; the vector has its final length.
    Body { bytes: Vec<u8>, have: usize },
}

impl Progress {
    const START: Self = Self::Length {
        bytes: [0; LENGTH_BYTES],
        have: 0,
    };

    /// Where the next bytes go.
    fn missing(&mut self) -> &mut [u8] {
        match self {
            Self::Length { bytes, have } => bytes.get_mut(*have..).unwrap_or_default(),
            Self::Body { bytes, have } => bytes.get_mut(*have..).unwrap_or_default(),
        }
    }
}

/// Reads at least one byte into what is missing; `None` at the end of the stream.
async fn read_some(
    stream: &mut RecvStream,
    link: &Link,
    progress: &mut Progress,
    deadline: Option<Instant>,
) -> Result<Option<usize>, FrameError> {
    let read = stream.read(progress.missing());
    let result = match deadline {
        Some(deadline) => timeout_at(deadline, read)
            .await
            .map_err(|_| FrameError::Deadline)?,
        None => read.await,
    };
    result.map_err(|error| match error {
        ReadError::Reset(code) => FrameError::Reset(CloseCode::from_wire(code.into_inner())),
        ReadError::ConnectionLost(error) => FrameError::Lost(link.reason_of(&error)),
        // Not possible: reads are ordered, nothing is sent early, and nobody else stops the stream.
        ReadError::ClosedStream | ReadError::IllegalOrderedRead | ReadError::ZeroRttRejected => {
            FrameError::Lost(CloseReason::Here(CloseCode::DONE))
        }
    })
}

// spec: TRN-15
// spec: TRN-16
fn acceptable_length(bytes: [u8; LENGTH_BYTES], limit: usize) -> Result<usize, FrameError> {
    let bytes = usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX);
    match bytes {
        0 => Err(FrameError::Empty),
        _ if bytes > limit => Err(FrameError::TooLong { bytes, limit }),
        _ => Ok(bytes),
    }
}

// spec: TRN-15
// spec: TRN-16
fn length_prefix(bytes: usize) -> Result<[u8; LENGTH_BYTES], FrameError> {
    let limit = FRAME_BYTES_MAX;
    match u32::try_from(bytes) {
        Ok(0) => Err(FrameError::Empty),
        Ok(length) if bytes <= limit => Ok(length.to_be_bytes()),
        Ok(_) | Err(_) => Err(FrameError::TooLong { bytes, limit }),
    }
}
