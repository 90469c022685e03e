//! A client of the channel, and what it asks.

use concordat_protocol::admin::{
    AdminError, CorrectionAsk, ErrorCode, ImportAsk, ImportReport, LookUp, ObjectionAsk,
    ProfileChoice, Recorded, Reply, Request, StatementAsk, StatementView, StatusView,
    SubjectAnswer, SubjectAsk, Target,
};
use concordat_protocol::statement::{Ground, ObjectorRole, StatementRef};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;
use serde_bytes::ByteBuf;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::*;

pub(super) struct Client(pub(super) UnixStream);

impl Client {
    pub(super) async fn open(running: &Running) -> Self {
        let path = running.node.layout().socket();
        Self(UnixStream::connect(path).await.unwrap())
    }

    pub(super) async fn send(&mut self, frame: &[u8]) {
        let length = u32::try_from(frame.len()).unwrap();
        self.0.write_all(&length.to_be_bytes()).await.unwrap();
        self.0.write_all(frame).await.unwrap();
    }

    pub(super) async fn next(&mut self) -> Option<Reply> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).await.ok()?;
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.0.read_exact(&mut frame).await.unwrap();
        Some(Reply::decode(&frame).unwrap())
    }

    pub(super) async fn ask(&mut self, request: &Request) -> Result<Reply, AdminError> {
        self.send(&request.encode().unwrap()).await;
        self.last().await.map(|(last, _)| last)
    }

    /// The last frame and those before it.
    pub(super) async fn last(&mut self) -> Result<(Reply, Vec<Reply>), AdminError> {
        let mut before = Vec::new();
        loop {
            match self.next().await.expect("the connection was closed") {
                Reply::Error(error) => return Err(error),
                reply if reply.is_last() => return Ok((reply, before)),
                reply => before.push(reply),
            }
        }
    }

    pub(super) async fn refused(&mut self, request: &Request) -> ErrorCode {
        self.ask(request).await.unwrap_err().code
    }

    pub(super) async fn status(&mut self) -> StatusView {
        match self.ask(&Request::Status).await.unwrap() {
            Reply::Status(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn subject(&mut self, code: SubjectCode) -> SubjectAnswer {
        let ask = SubjectAsk {
            code,
            look_up: look_up(),
            as_of: None,
            skip: None,
            records_skip: None,
            clean_since: None,
            clean_years: None,
        };
        match self.ask(&Request::Subject(ask)).await.unwrap() {
            Reply::Subject(answer) => *answer,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn statement(&mut self, target: Target) -> StatementView {
        let ask = StatementAsk {
            target,
            look_up: None,
            answers_skip: None,
            as_of: None,
        };
        match self.ask(&Request::Statement(ask)).await.unwrap() {
            Reply::Statement(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn act(&mut self, request: &Request) -> Recorded {
        match self.ask(request).await.unwrap() {
            Reply::Recorded(recorded) => *recorded,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn import(
        &mut self,
        text: &str,
        dry_run: bool,
        all_or_nothing: bool,
    ) -> Result<ImportReport, AdminError> {
        let ask = ImportAsk {
            profile_choice: ProfileChoice::BuiltIn,
            profile: PROFILE.to_owned(),
            path: None,
            file_name: "decisions.tsv".to_owned(),
            bytes: Some(text.len() as u64),
            dry_run,
            all_or_nothing,
            issuer: None,
            filters: Vec::new(),
        };
        self.send(&Request::Import(ask).encode().unwrap()).await;
        for chunk in text.as_bytes().chunks(1_000) {
            let chunk = Request::ImportChunk(ByteBuf::from(chunk.to_vec()));
            self.send(&chunk.encode().unwrap()).await;
        }
        self.send(&Request::ImportEnd.encode().unwrap()).await;
        match self.last().await?.0 {
            Reply::Imported(report) => Ok(report),
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn look_up() -> LookUp {
    LookUp {
        purpose: Text::new("招标资格审查").unwrap(),
        case_number: Text::new("2026-118").unwrap(),
        basis: Text::new("招标投标法第二十六条").unwrap(),
        scenario: None,
        receipt: None,
    }
}

pub(super) fn position(reference: &StatementRef) -> Target {
    Target::Position {
        origin: reference.origin.clone(),
        index: reference.index,
    }
}

pub(super) fn objection(target: Target, dry_run: bool) -> Request {
    Request::Objection(ObjectionAsk {
        target,
        role: ObjectorRole::Subject,
        ground: Ground::Facts,
        received_on: None,
        reasons: None,
        issuer: None,
        dry_run,
    })
}

/// An objection that is said to have been received on a day.
pub(super) fn received(target: &Target, day: Day) -> Request {
    let Request::Objection(ask) = objection(target.clone(), false) else {
        unreachable!()
    };
    Request::Objection(ObjectionAsk {
        received_on: Some(day),
        ..ask
    })
}

pub(super) fn correction(
    target: &StatementRef,
    fen: u64,
    worked_from: Option<&StatementRef>,
) -> Fix {
    (target.clone(), fen, worked_from.cloned())
}

/// A decision, the fine that it should have, and the version that this was worked out from.
pub(super) type Fix = (StatementRef, u64, Option<StatementRef>);

pub(super) async fn fix(
    client: &mut Client,
    (target, fen, worked_from): Fix,
) -> Result<Recorded, AdminError> {
    let view = client.statement(position(&target)).await;
    let mut replacement = view.decision.unwrap().into_fields();
    replacement.fine_fen = Some(fen);
    let ask = Request::Correction(CorrectionAsk {
        target: position(&target),
        reasons: Text::new("金额有误").unwrap(),
        replacement: Box::new(replacement),
        worked_from,
        issuer: None,
        dry_run: false,
        bulk: None,
    });
    client.send(&ask.encode().unwrap()).await;
    match client.last().await?.0 {
        Reply::Recorded(recorded) => Ok(*recorded),
        other => panic!("{other:?}"),
    }
}
