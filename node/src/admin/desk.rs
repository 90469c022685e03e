//! Where a request is taken to what answers it.

use std::sync::{Arc, Mutex, PoisonError};

use concordat_protocol::admin::{AdminError, ErrorCode, Reply, Request};
use serde_bytes::ByteBuf;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::admin::{
    act, agreement, answers, batch, bundle, import, ledger, look_ups, peer, propagation, record,
    slip, statistics, status, subject, submit,
};
use crate::node::Node;

/// What an answer ends with.
pub(super) type Answer = Result<Reply, AdminError>;

/// What all requests of a node share.
pub(super) struct Office {
    pub(super) node: Arc<Node>,
    pub(super) open_objections: status::OpenObjections,
    pub(super) late_statements: status::LateStatements,
    pub(super) ended_agreements: status::EndedAgreements,
    pub(super) outstanding: status::Outstanding,
    pub(super) outdated: status::OutdatedLookUps,
    pub(super) measures: status::Measures,
    /// Held by the import under way.
    pub(super) importing: Mutex<()>,
    /// Held by the act under way: what it was decided on must stand until it is appended.
    pub(super) acting: Mutex<()>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Who {
    /// As the register of look-ups names them.
    pub(super) name: String,
    /// Whether they are on the node's own machine.
    pub(super) local: bool,
}

/// One request under way. Lives on a blocking thread.
pub(super) struct Desk {
    pub(super) office: Arc<Office>,
    pub(super) who: Who,
    pub(super) runtime: Handle,
    /// Frames before the last.
    pub(super) frames: mpsc::Sender<Reply>,
    /// The file of an import; closed at its end.
    pub(super) chunks: Option<mpsc::Receiver<Piece>>,
}

/// What follows an import request.
pub(super) enum Piece {
    /// Bytes of the file.
    Bytes(ByteBuf),
    /// Its end.
    End,
}

impl Desk {
    /// Answers; blocks.
    pub(super) fn answer(mut self, request: Request) -> Answer {
        match request {
            Request::Status => status::answer(&self),
            Request::PeerList => peer::list(&self),
            Request::PeerShow(ask) => peer::show(&self, &ask),
            Request::PeerTest(ask) => peer::test(&self, &ask),
            Request::PeerAdd(ask) => peer::add(&self, ask),
            Request::PeerRemove(ask) => peer::remove(&self, &ask),
            Request::Submit(ask) => submit::answer(&self, &ask),
            Request::Import(ask) => import::answer(&mut self, ask),
            Request::Subject(ask) => subject::organisation(&self, ask),
            Request::Statement(ask) => subject::statement(&self, ask),
            Request::Objection(ask) => self.act(|desk| act::objection(desk, ask)),
            Request::Ruling(ask) => self.act(|desk| act::ruling(desk, ask)),
            Request::Correction(ask) => self.act(|desk| act::correction(desk, ask)),
            Request::Withdrawal(ask) => self.act(|desk| act::withdrawal(desk, ask)),
            Request::Admission(ask) => self.act(|desk| act::admission(desk, ask)),
            Request::Stay(ask) => self.act(|desk| act::stay(desk, ask)),
            Request::Erasure(ask) => self.act(|desk| act::erasure(desk, *ask)),
            Request::Repair(ask) => self.act(|desk| act::repair(desk, ask)),
            Request::Record(ask) => self.act(|desk| record::answer(desk, *ask)),
            Request::BundleExport(ask) => bundle::answer(&self, ask),
            Request::Batch(ask) => batch::answer(&self, &ask),
            Request::BulkWithdrawal(ask) => act::bulk_withdrawal(&self, &ask),
            Request::BatchPropagation(ask) => propagation::of_batch(&self, &ask),
            Request::Slip(ask) => slip::answer(&self, &ask),
            Request::AgreementApprove(ask) => agreement::approve(&self, &ask),
            Request::AgreementLog(ask) => self.act(|desk| agreement::log(desk, &ask)),
            Request::AgreementList(ask) => agreement::list(&self, &ask),
            Request::Accede(ask) => self.act(|desk| agreement::accede(desk, &ask)),
            Request::Retire(ask) => self.act(|desk| agreement::retire(desk, ask)),
            Request::Propagation(ask) => propagation::answer(&self, &ask),
            Request::Statistics(ask) => statistics::answer(&self, &ask),
            Request::LookUpProve(ask) => look_ups::prove(&self, &ask),
            Request::LookUpList(ask) => look_ups::list(&self, &ask),
            Request::LookUpReview(ask) => look_ups::review(&self, &ask),
            Request::LookUpTold(ask) => look_ups::told(&self, &ask),
            Request::LookUpOutdated(ask) => look_ups::outdated(&self, &ask),
            Request::LookUpMissed(ask) => look_ups::missed(&self, &ask),
            Request::LookUpResume(ask) => look_ups::resume(&self, &ask),
            Request::Recognise(ask) => self.act(|desk| answers::answer(desk, *ask)),
            Request::Ledger(ask) => ledger::answer(&self, &ask),
            // The server serves a watch itself, and takes the file of an import.
            Request::Watch(_) | Request::ImportChunk(_) | Request::ImportEnd => {
                Err(AdminError::new(ErrorCode::OutOfTurn))
            }
        }
    }

    pub(super) fn node(&self) -> &Node {
        &self.office.node
    }

    /// One act at a time: between what it is decided on and its place in the log comes no other.
    // spec: ADM-81
    fn act(&self, answer: impl FnOnce(&Self) -> Answer) -> Answer {
        let acting = self.office.acting.lock();
        let _acting = acting.unwrap_or_else(PoisonError::into_inner);
        answer(self)
    }

    /// Sends a frame before the last. Whoever asked may have gone: what was begun is finished.
    pub(super) fn send(&self, frame: Reply) {
        let _ = self.frames.blocking_send(frame);
    }
}
