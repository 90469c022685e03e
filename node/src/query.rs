//! Questions about statements, answered from the store, the journal and the registry.
//!
//! The store says where the statements lie that bear on an answer; their bytes come from a
//! [`BodyReader`]. Each is verified before it counts: once in full, and from then on, while its
//! verdict is kept, without its signature. What follows from the set is computed by
//! [`concordat_protocol::effect`].
//!
//! Out of scope: waiting for the indexer ([`crate::indexer::Indexer::barrier`]) and recording who
//! asked; the caller does both first.

mod agreements;
mod answers;
mod cache;
mod codes;
mod documents;
mod gather;
mod organisation;
mod raised;
mod records;
mod refused;
mod verifier;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use concordat_protocol::log::{LeafIndex, Origin, TreeSize};
use concordat_protocol::statement::{BodyRef, Leaf, Statement, StatementRef};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::trust::{self, Place, Registry, RejectReason, Verified};
use thiserror::Error;

use crate::core::BodyFault;
use crate::store::{Position, Store, StoreError, SubjectRow, Verdict};

use cache::Cache;

pub use agreements::{
    AGREEMENT_BYTES_MAX, AGREEMENT_STATEMENTS_MAX, AUTHOR_BYTES_MAX, AUTHOR_STATEMENTS_MAX,
    AgreementSet,
};
pub(crate) use answers::last_first;
pub use gather::{
    Depth, Dossier, Dossiers, HISTORY_BYTES_MAX, HISTORY_NOT_HELD_MAX, HISTORY_OBJECTION_BYTES_MAX,
    HISTORY_STATEMENTS_MAX,
};
pub use organisation::SubjectEntry;
pub(crate) use organisation::sort_newest_first;
pub use raised::HISTORY_OBJECTIONS_MAX;
pub(crate) use records::sort_records;
pub use records::{ANSWERS_READ_MAX, Erased, RECORDS_SHOWN_MAX, REFERRING_READ_MAX, Referring};
pub use verifier::{BackgroundVerifier, VerifyStep};

/// Verified statements kept in memory, unless configured.
pub const VERIFIED_CACHE_DEFAULT: usize = 16_384;

/// Bytes of the verified statements kept in memory; decoded they take somewhat more.
// spec: IDX-31
pub const VERIFIED_BYTES_MAX: usize = 64 << 20;

/// What the node holds of a statement.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its leaf.
    pub leaf: Leaf,
    /// The encoded [`Body`](concordat_protocol::statement::Body).
    pub body: Arc<[u8]>,
    /// What [`Registry::ctx_floor`] gives at its position.
    pub ctx_floor: TreeSize,
}

/// The encoded [`Body`](concordat_protocol::statement::Body) of a statement with its leaf, as the node's core finds them by position.
pub trait BodyReader: Send + Sync {
    /// Reads leaf and body; `None` when the body is not held.
    ///
    /// # Errors
    /// [`BodyUnreadable`] when it is held and could not be read.
    fn read(&self, origin: &Origin, index: LeafIndex) -> Result<Option<Held>, BodyUnreadable>;

    /// Whether an act erased the body of a position: it is not shown, also where it was verified before.
    fn is_erased(&self, origin: &Origin, index: LeafIndex) -> bool;

    /// What was erased at a position; `None` where nothing was.
    fn erased(&self, origin: &Origin, index: LeafIndex) -> Option<StatementRef>;

    /// Acts that leaves of a statement's own log name as acting on it and that the store may not have,
    /// each with the statement as a reference; at most so many. Whether their bodies are held is for
    /// [`BodyReader::read`].
    fn acts_by_leaf(&self, on: &Position, most: usize) -> Vec<(StatementRef, StatementRef)>;
}

/// A body that is held could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the body of {position} could not be read: {fault}")]
pub struct BodyUnreadable {
    /// Where the statement stands.
    pub position: Position,
    /// Why.
    pub fault: BodyFault,
}

/// Why a question was not answered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A body could not be read.
    #[error(transparent)]
    Body(#[from] BodyUnreadable),
    /// More statements bear on the answer than are gathered for one.
    #[error("too much bears on {position}")]
    TooManyStatements {
        /// The decision asked about.
        position: Position,
    },
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
}

/// A statement as it was found.
#[derive(Clone, Debug)]
pub enum Found {
    /// It holds.
    Verified(Arc<Verified>),
    /// It does not, or not yet.
    Rejected(RejectReason),
    /// Its body is not held.
    NotHeld,
}

/// Answers questions. Shared between threads.
pub struct QueryService {
    store: Arc<Store>,
    bodies: Arc<dyn BodyReader>,
    registry: RwLock<Arc<Registry>>,
    verified: Cache<Position, Arc<Verified>>,
    /// Whoever asks for the decisions about an organisation asks for their effects next.
    last_about: Mutex<Option<About>>,
    stopping: AtomicBool,
}

/// What the index says about an organisation, as of a number of changes to the store.
struct About {
    subject: SubjectCode,
    changes: u64,
    rows: Arc<[SubjectRow]>,
}

/// Rows about an organisation that are kept for the next question.
const ABOUT_ROWS_MAX: usize = 1_024;

impl QueryService {
    /// Answers from a store and the bodies behind it, by the registry given.
    #[must_use]
    pub fn new(
        store: Arc<Store>,
        bodies: Arc<dyn BodyReader>,
        registry: Arc<Registry>,
        verified_cache: usize,
    ) -> Self {
        Self {
            store,
            bodies,
            registry: RwLock::new(registry),
            verified: Cache::new(verified_cache, VERIFIED_BYTES_MAX),
            last_about: Mutex::new(None),
            stopping: AtomicBool::new(false),
        }
    }

    /// Ends the questions about decisions that are being answered, and every later one, with
    /// [`QueryError::Stopping`].
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Asked wherever an answer may take long.
    ///
    /// # Errors
    /// [`QueryError::Stopping`].
    // spec: IDX-21
    pub fn go_on(&self) -> Result<(), QueryError> {
        match self.stopping.load(Ordering::Relaxed) {
            true => Err(QueryError::Stopping),
            false => Ok(()),
        }
    }

    /// Goes on with a newer registry. What was verified under an older one still is: authority is
    /// decided at a statement's own `ctx`, and the registry's past does not change.
    pub fn adopt_registry(&self, registry: Arc<Registry>) {
        *self
            .registry
            .write()
            .unwrap_or_else(PoisonError::into_inner) = registry;
    }

    /// The registry that answers are given by.
    #[must_use]
    pub fn registry(&self) -> Arc<Registry> {
        let registry = self.registry.read();
        Arc::clone(&registry.unwrap_or_else(PoisonError::into_inner))
    }

    /// The store that answers come from.
    #[must_use]
    pub const fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// What the index says about an organisation, by position; the verdicts may be older than the rest.
    fn about(&self, subject: SubjectCode) -> Result<Arc<[SubjectRow]>, QueryError> {
        let changes = self.store.changes();
        let last = || {
            self.last_about
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(about) = &*last()
            && (about.subject, about.changes) == (subject, changes)
        {
            return Ok(Arc::clone(&about.rows));
        }
        let rows: Arc<[SubjectRow]> = self.store.by_subject(subject)?.into();
        *last() = (rows.len() <= ABOUT_ROWS_MAX).then(|| About {
            subject,
            changes,
            rows: Arc::clone(&rows),
        });
        Ok(rows)
    }

    /// A statement, verified now unless it has been before. Keeps what is found in the store.
    ///
    /// # Errors
    /// [`QueryError::Store`], [`QueryError::Body`].
    // spec: IDX-8
    pub fn statement(&self, origin: &Origin, index: LeafIndex) -> Result<Found, QueryError> {
        let position = Position {
            origin: origin.clone(),
            index,
        };
        // spec: PRP-72
        if self.bodies.is_erased(origin, index) {
            return Ok(Found::NotHeld);
        }
        if let Some(verified) = self.verified.find(&position) {
            return Ok(Found::Verified(verified));
        }
        let kept = self.store.verdict(origin, index);
        if let Some(Verdict::Rejected(reason)) = kept {
            return Ok(Found::Rejected(reason));
        }
        let Some(held) = self.bodies.read(origin, index)? else {
            return Ok(Found::NotHeld);
        };
        let registry = self.registry();
        match verify(&registry, &position, &held, kept.is_some()) {
            Ok(verified) => {
                let verified = Arc::new(verified);
                if kept.is_none() {
                    self.store.judge(&[(position.clone(), Verdict::Verified)])?;
                }
                let bytes = verified.statement().as_bytes().len();
                self.verified.keep(position, Arc::clone(&verified), bytes);
                Ok(Found::Verified(verified))
            }
            Err(reason) => {
                if reason != RejectReason::CtxAhead {
                    self.store.judge(&[(position, Verdict::Rejected(reason))])?;
                }
                Ok(Found::Rejected(reason))
            }
        }
    }
}

/// Verifies a statement under its leaf. With `signature_kept`, the store has kept that the signature
/// held: the verdict belongs to this position, its leaf commits to the bytes, and they name the key.
fn verify(
    registry: &Registry,
    position: &Position,
    held: &Held,
    signature_kept: bool,
) -> Result<Verified, RejectReason> {
    let body = BodyRef::decode(&held.body).map_err(|_| RejectReason::NotAStatement)?;
    if body.commit() != held.leaf.commit {
        return Err(RejectReason::WrongCommit);
    }
    let statement = Statement::decode(body.statement()).map_err(|_| RejectReason::NotAStatement)?;
    let place = Place {
        origin: &position.origin,
        index: position.index,
        leaf: &held.leaf,
        ctx_floor: held.ctx_floor,
    };
    match signature_kept {
        true => {
            let kid = statement.header().kid;
            trust::verify_marked(registry, place, statement, kid)
        }
        false => trust::verify(registry, place, statement),
    }
}

#[cfg(test)]
mod tests;
