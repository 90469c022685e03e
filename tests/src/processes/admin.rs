//! What an administrator's tool does over a node's socket.

use std::path::Path;

use concordat_protocol::admin::{
    AdminError, ImportAsk, ImportReport, ObjectionAsk, ProfileChoice, Recorded, Reply, Request,
    StatementAsk, StatementView, StatusView, SubjectAnswer, SubjectAsk, Target,
};
use concordat_protocol::statement::{Ground, ObjectorRole};
use serde_bytes::ByteBuf;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::{Failure, LOAD_PROFILE, PATIENCE};

/// Bytes of a file in one frame.
const CHUNK_BYTES: usize = 64 << 10;

/// A connection to the admin channel of one node.
#[derive(Debug)]
pub struct AdminClient(UnixStream);

/// Why there is no answer.
#[derive(Debug)]
pub enum AskError {
    /// The node refused, and says why.
    Refused(AdminError),
    /// The node is not there, or went away before it answered: it may or may not have done it.
    Gone(std::io::Error),
    /// What came back is no answer to this.
    Unfit(String),
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        Self::new(match error {
            AskError::Refused(error) => format!("refused: {error:?}"),
            AskError::Gone(error) => format!("no answer: {error}"),
            AskError::Unfit(what) => format!("not an answer: {what}"),
        })
    }
}

impl AdminClient {
    /// Opens the channel.
    ///
    /// # Errors
    /// [`AskError::Gone`].
    pub async fn connect(socket: &Path) -> Result<Self, AskError> {
        let stream = UnixStream::connect(socket).await;
        Ok(Self(stream.map_err(AskError::Gone)?))
    }

    /// Asks, and gives the last frame of the answer.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn ask(&mut self, request: &Request) -> Result<Reply, AskError> {
        self.send(request).await?;
        self.last().await
    }

    /// How the node is.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn status(&mut self) -> Result<StatusView, AskError> {
        let reply = self.ask(&Request::Status).await?;
        let Reply::Status(view) = reply else {
            return Err(unfit(&reply));
        };
        Ok(*view)
    }

    /// One statement, verified by the node. Without purpose, so it must be public.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn statement(&mut self, target: Target) -> Result<StatementView, AskError> {
        let ask = StatementAsk {
            target,
            look_up: None,
            answers_skip: None,
            as_of: None,
        };
        let reply = self.ask(&Request::Statement(ask)).await?;
        let Reply::Statement(view) = reply else {
            return Err(unfit(&reply));
        };
        Ok(*view)
    }

    /// Records an objection.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn object(&mut self, target: Target, ground: Ground) -> Result<Recorded, AskError> {
        let ask = ObjectionAsk {
            target,
            role: ObjectorRole::Subject,
            ground,
            received_on: None,
            reasons: None,
            issuer: None,
            dry_run: false,
        };
        let reply = self.ask(&Request::Objection(ask)).await?;
        let Reply::Recorded(recorded) = reply else {
            return Err(unfit(&reply));
        };
        Ok(*recorded)
    }

    /// Looks an organisation up, and gives the signed receipt with the answer.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn look_up(&mut self, ask: SubjectAsk) -> Result<(Vec<u8>, SubjectAnswer), AskError> {
        self.send(&Request::Subject(ask)).await?;
        let first = self.next().await?;
        let Reply::Receipt(receipt) = first else {
            return Err(unfit(&first));
        };
        let reply = self.last().await?;
        let Reply::Subject(answer) = reply else {
            return Err(unfit(&reply));
        };
        Ok((receipt.into_vec(), *answer))
    }

    /// Imports a table with [`LOAD_PROFILE`].
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn import(&mut self, table: &str) -> Result<ImportReport, AskError> {
        self.import_by(LOAD_PROFILE, table).await
    }

    /// Imports a table with a profile.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn import_by(
        &mut self,
        profile: &str,
        table: &str,
    ) -> Result<ImportReport, AskError> {
        let ask = ImportAsk {
            profile_choice: ProfileChoice::Inline,
            profile: profile.to_owned(),
            path: None,
            file_name: "load.tsv".to_owned(),
            bytes: Some(table.len() as u64),
            dry_run: false,
            all_or_nothing: false,
            issuer: None,
            filters: Vec::new(),
        };
        self.send(&Request::Import(ask)).await?;
        for chunk in table.as_bytes().chunks(CHUNK_BYTES) {
            self.send(&Request::ImportChunk(ByteBuf::from(chunk.to_vec())))
                .await?;
        }
        self.send(&Request::ImportEnd).await?;
        let reply = self.last().await?;
        let Reply::Imported(report) = reply else {
            return Err(unfit(&reply));
        };
        Ok(report)
    }

    async fn send(&mut self, request: &Request) -> Result<(), AskError> {
        let frame = request
            .encode()
            .map_err(|error| AskError::Unfit(error.to_string()))?;
        let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        let both = [&length.to_be_bytes(), frame.as_slice()].concat();
        self.0.write_all(&both).await.map_err(AskError::Gone)
    }

    async fn last(&mut self) -> Result<Reply, AskError> {
        loop {
            let reply = self.next().await?;
            if let Reply::Error(error) = reply {
                return Err(AskError::Refused(error));
            }
            if reply.is_last() {
                return Ok(reply);
            }
        }
    }

    async fn next(&mut self) -> Result<Reply, AskError> {
        let frame = async {
            let mut length = [0; 4];
            self.0.read_exact(&mut length).await?;
            let mut frame = vec![0; u32::from_be_bytes(length) as usize];
            self.0.read_exact(&mut frame).await?;
            Ok(frame)
        };
        let frame = tokio::time::timeout(PATIENCE, frame)
            .await
            .map_err(|_| AskError::Unfit(format!("nothing within {PATIENCE:?}")))?;
        let frame = frame.map_err(AskError::Gone)?;
        Reply::decode(&frame).map_err(|error| AskError::Unfit(error.to_string()))
    }
}

fn unfit(reply: &Reply) -> AskError {
    AskError::Unfit(format!("{reply:?}"))
}
