//! Exporting a proof bundle from what a node holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use concordat_protocol::bundle::{
    Bundle, BundleError, BundleParts, Entry, LoggedRoot, LookUpFile, LookUpFileError,
    RegistryEntry, Slip, SlipParts, TrustParts, belonging,
};
use concordat_protocol::log::{InclusionProof, LeafIndex, Origin, VerifiedCheckpoint};
use concordat_protocol::lookup::LookUpReceipt;
use concordat_protocol::propagation::{Act, State};
use concordat_protocol::statement::{Body, Kind, Leaf, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::{HeadsSeen, LogNumber, Verified};

use crate::core::BodyFault;
use crate::node::{AskError, Node, publisher};
use crate::query::{Found, QueryError};
use crate::store::Position;

/// Why a bundle was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The statement or a head is not held.
    #[error("{origin} is not held up to the statement, or has no head yet")]
    NotHeld {
        /// The log.
        origin: Origin,
    },
    /// A body that it needs cannot be read.
    #[error("the body of {position} could not be read: {fault}")]
    Unreadable {
        /// Where the statement stands.
        position: Position,
        /// Why.
        fault: BodyFault,
    },
    /// An act bears on it of which only the leaf is held: a proof without it would be wrong.
    #[error("the act {act} bears on it and is not held")]
    ActNotHeld {
        /// The act.
        act: StatementRef,
    },
    /// What bears on it could not be gathered.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// What was gathered does not verify.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// More is said about agreements than is looked at, or not all of it can be shown.
    #[error("not all that was said about the agreements of {receiver} can be shown yet")]
    Agreements {
        /// For whom the bundle was to be.
        receiver: AuthorityCode,
    },
    /// A receipt does not verify with what is held.
    #[error(transparent)]
    LookUp(#[from] LookUpFileError),
}

/// A bundle as a file.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The file.
    pub bytes: Vec<u8>,
    /// Statements that bear on the one proven and are not in it: no quorum has cosigned a head over them.
    pub left_out: u64,
}

/// A bundle with the heads that its proofs lead to.
struct Made {
    bundle: Bundle,
    heads: Vec<VerifiedCheckpoint>,
    left_out: u64,
}

impl Node {
    /// Puts everything that bears on a statement into one file for its offline verification.
    ///
    /// # Errors
    /// [`ExportError`]; nothing that does not verify is handed out.
    pub fn export_bundle(&self, target: &StatementRef) -> Result<Exported, ExportError> {
        let made = self.bundle_with_trust((target, &[]), None)?;
        let bytes = made.bundle.encode()?;
        let left_out = made.left_out;
        Ok(Exported { bytes, left_out })
    }

    /// The same for a receiver, with what recognition gives it.
    ///
    /// # Errors
    /// [`ExportError`]; nothing that does not verify is handed out.
    // spec: BUN-75
    pub fn export_bundle_for(
        &self,
        target: &StatementRef,
        receiver: AuthorityCode,
    ) -> Result<Exported, ExportError> {
        let made = self.bundle_with_trust((target, &[]), Some(receiver))?;
        let bytes = made.bundle.encode()?;
        let left_out = made.left_out;
        Ok(Exported { bytes, left_out })
    }

    /// What was said about the agreements that can bind a receiver to who decided, each at its place.
    // spec: BUN-75
    fn agreed_with(
        &self,
        heads: &mut Vec<VerifiedCheckpoint>,
        decision: &Verified,
        receiver: AuthorityCode,
    ) -> Result<Vec<(Arc<Verified>, Entry)>, ExportError> {
        let registry = self.registry();
        let through = registry.member(receiver);
        let through = through.and_then(|member| member.enrolment().publishes_through);
        let receivers: Vec<_> = std::iter::once(receiver).chain(through).collect();
        let issuer = decision.statement().header().issuer;
        let issuers = publisher(&decision.reference().origin);
        let issuers = issuers.into_iter().chain([issuer]).collect();
        let query = self.query().map_err(AskError::from)?;
        let set = query.agreements(&receivers, &issuers);
        let set = set.map_err(AskError::from)?;
        if set.too_many || !set.left_out.is_empty() {
            return Err(ExportError::Agreements { receiver });
        }
        let sides: Vec<_> = receivers.into_iter().chain(issuers).collect();
        let mut said = Vec::new();
        for one in set.statements.into_iter().filter(|one| is_of(one, &sides)) {
            let at = one.reference();
            match self.entry(heads, &at.origin, at.index) {
                Ok(entry) => said.push((one, entry)),
                Err(error @ ExportError::Unreadable { .. }) => return Err(error),
                Err(_) => return Err(ExportError::Agreements { receiver }),
            }
        }
        Ok(said)
    }

    fn bundle_with_trust(
        &self,
        (target, also): (&StatementRef, &[Arc<Verified>]),
        receiver: Option<AuthorityCode>,
    ) -> Result<Made, ExportError> {
        let mut heads = vec![self.best_head(&self.genesis().registry_origin())?];
        heads.extend(self.best_head(&self.genesis().register_origin()).ok());
        let entries = self.registry_entries(&heads)?;
        let trust = TrustParts::Included { entries };
        self.bundle((target, also), heads, (trust, receiver))
    }

    /// The same without the trust chain, for a reader who holds the registry.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn export_bundle_without_trust(
        &self,
        target: &StatementRef,
    ) -> Result<Vec<u8>, ExportError> {
        let register = self.best_head(&self.genesis().register_origin()).ok();
        let made = self.bundle(
            (target, &[]),
            register.into_iter().collect(),
            (TrustParts::External, None),
        );
        Ok(made?.bundle.encode()?)
    }

    /// Puts everything that bears on the decision that an objection is to, and what members said of the
    /// objection, into one file for its offline verification.
    ///
    /// # Errors
    /// [`ExportError`]; nothing that does not verify is handed out.
    // spec: PRP-44
    pub fn export_slip(&self, objection: &Verified) -> Result<Exported, ExportError> {
        let Some(act) = Act::from_verified(objection) else {
            let objection = objection.reference().clone();
            return Err(BundleError::NoObjection { objection }.into());
        };
        let Made {
            bundle,
            mut heads,
            mut left_out,
        } = self.bundle_with_trust((&act.target, &self.told_of(objection)?), None)?;
        let registry = self.registry();
        let size = bundle.trust().size();
        let mut said = Vec::new();
        for one in self.said_of(objection)? {
            let reference = one.reference();
            // What a registry beyond the bundle's is needed for waits for the next slip.
            let entry = match one.statement().header().ctx.size <= size {
                true => self.entry(&mut heads, &reference.origin, reference.index),
                false => {
                    left_out += 1;
                    continue;
                }
            };
            match entry {
                Ok(entry) => said.push(entry),
                Err(error @ ExportError::Unreadable { .. }) => return Err(error),
                Err(_) => left_out += 1,
            }
        }
        let parts = SlipParts {
            bundle,
            objection: objection.reference().clone(),
            heads,
            said,
        };
        let bytes = Slip::build(parts, &registry)?;
        Ok(Exported { bytes, left_out })
    }

    /// An objection and the notices that tell of it: what weighs a decision looks at some of many that nothing
    /// tells apart, and a slip is of this one.
    // spec: PRP-46
    fn told_of(&self, objection: &Verified) -> Result<Vec<Arc<Verified>>, ExportError> {
        let mut told = vec![Arc::new(objection.clone())];
        let Some(target) = &objection.statement().payload().target else {
            return Ok(told);
        };
        let query = self.query().map_err(AskError::from)?;
        let rows = self.store().notices_on(&target.origin, target.index);
        let rows = rows.map_err(|error| AskError::from(QueryError::from(error)))?;
        let at = Position::of(objection.reference());
        for row in rows.into_iter().filter(|row| row.act == at) {
            let found = query.statement(&row.position.origin, row.position.index);
            if let Found::Verified(notice) = found.map_err(AskError::from)? {
                told.push(notice);
            }
        }
        Ok(told)
    }

    /// The deliveries and receipts that the certificate of an act rests on.
    fn said_of(&self, act: &Verified) -> Result<Vec<Arc<Verified>>, ExportError> {
        let certificate = self.certificate(&self.hearing(), act)?;
        let states = certificate.map(|found| found.states).unwrap_or_default();
        let mut said = Vec::new();
        let query = self.query().map_err(AskError::from)?;
        for state in states.into_values() {
            let named = match state {
                State::Applied { receipt, .. } | State::Refused { receipt, .. } => {
                    [Some(receipt), None]
                }
                State::Outstanding {
                    given,
                    target_not_held,
                    ..
                } => [given, target_not_held],
                State::Lost { given, .. } => [given, None],
                State::NeverGiven | State::NotKnown => [None, None],
            };
            for at in named.into_iter().flatten() {
                let found = query.statement(&at.origin, at.index);
                if let Found::Verified(one) = found.map_err(AskError::from)? {
                    said.push(one);
                }
            }
        }
        Ok(said)
    }

    fn bundle(
        &self,
        (target, also): (&StatementRef, &[Arc<Verified>]),
        mut heads: Vec<VerifiedCheckpoint>,
        (trust, receiver): (TrustParts, Option<AuthorityCode>),
    ) -> Result<Made, ExportError> {
        if heads.iter().all(|head| *head.origin() != target.origin) {
            heads.push(self.head_over(target)?);
        }
        let mut left_out = 0;
        let history = self.query().map_err(AskError::from)?;
        let history = history.history(&Position::of(target));
        let history = history.map_err(AskError::from)?;
        // spec: BUN-50
        if let Some(act) = self.decided_by_unread(target, &history) {
            return Err(ExportError::ActNotHeld { act });
        }
        let mut statements = history.statements;
        statements.extend(
            also.iter()
                .map(|one| (Position::of(one.reference()), Arc::clone(one))),
        );
        let history: Vec<_> = statements.into_values().collect();
        let mut parts = BundleParts {
            trust,
            heads: Vec::new(),
            statement: self.entry(&mut heads, &target.origin, target.index)?,
            related: Vec::new(),
            acts: Vec::new(),
            notices: Vec::new(),
            recognition: None,
        };
        let itself = history
            .iter()
            .find(|one| one.reference() == target)
            .cloned();
        // spec: BUN-40
        let others = itself
            .as_ref()
            .map(|one| belonging(one, &history))
            .unwrap_or_default();
        for verified in &others {
            let reference = verified.reference();
            // What lies beyond the head that others cosigned waits for the next export.
            let entry = match self.entry(&mut heads, &reference.origin, reference.index) {
                Ok(entry) => entry,
                Err(error @ ExportError::Unreadable { .. }) => return Err(error),
                Err(_) => {
                    left_out += 1;
                    continue;
                }
            };
            match verified.leaf().kind {
                Kind::Data => parts.related.push(entry),
                Kind::Act => parts.acts.push(entry),
                Kind::Notice => parts.notices.push(entry),
                Kind::ActsMap
                | Kind::Receipts
                | Kind::Holdings
                | Kind::Deliveries
                | Kind::Registry
                | Kind::Agreement
                | Kind::HeadSeen
                | Kind::QueryRoot
                | Kind::Restart => {}
            }
        }
        let mut carried: Vec<_> = itself.iter().cloned().chain(others).collect();
        if let (Some(receiver), Some(decision)) = (receiver, &itself) {
            let said = self.agreed_with(&mut heads, decision, receiver)?;
            let (said, entries): (Vec<_>, Vec<_>) = said.into_iter().unzip();
            carried.extend(said);
            parts.recognition = Some((receiver, entries));
        }
        for index in self.grace_evidence(&carried, &heads) {
            let origin = HeadsSeen::log(&self.registry());
            match self.entry(&mut heads, &origin, index) {
                Ok(entry) => parts.notices.push(entry),
                Err(error @ ExportError::Unreadable { .. }) => return Err(error),
                Err(_) => {}
            }
        }
        parts.heads.clone_from(&heads);
        let bundle = Bundle::build(parts, &self.registry())?;
        Ok(Made {
            bundle,
            heads,
            left_out,
        })
    }

    /// The file of a receipt of this node's own: with the trust chain, and with the first logged root that its
    /// row lies under and a quorum has cosigned, where there is one.
    ///
    /// # Errors
    /// [`ExportError`]; nothing that does not verify is handed out.
    // spec: LKP-15
    pub fn look_up_file(
        &self,
        receipt: &LookUpReceipt,
    ) -> Result<(Vec<u8>, Option<StatementRef>), ExportError> {
        let mut heads = vec![self.best_head(&self.genesis().registry_origin())?];
        let entries = self.registry_entries(&heads)?;
        let origin = self.genesis().origin(self.member(), LogNumber::Statements);
        let covered = self.best_head(&origin).map(|head| head.size());
        let said = covered
            .ok()
            .and_then(|covered| self.shared().look_up_root(receipt.row().number, covered));
        let logged = match said {
            Some(said) => Some(LoggedRoot {
                entry: self.entry(&mut heads, &origin, said.index)?,
                consistency: said.consistency,
            }),
            None => None,
        };
        let root = logged.as_ref().map(|logged| StatementRef {
            origin,
            index: logged.entry.index,
            leaf_hash: logged.entry.leaf.hash(),
        });
        let file = LookUpFile {
            receipt: receipt.as_bytes().to_vec(),
            entries,
            heads,
            logged,
        };
        Ok((file.encode(&self.registry())?, root))
    }

    /// The heads seen that show whether statements came in time, and acts while their mandates lasted, of
    /// those that the registry of the bundle reaches.
    // spec: BUN-29
    fn grace_evidence(
        &self,
        history: &[Arc<Verified>],
        heads: &[VerifiedCheckpoint],
    ) -> BTreeSet<LeafIndex> {
        let (seen, registry) = (self.shared().heads_seen(), self.registry());
        let origin = registry.genesis().registry_origin();
        let head = heads.iter().find(|head| *head.origin() == origin);
        let size = head.map_or_else(|| registry.size(), VerifiedCheckpoint::size);
        let older = |one: &&Arc<Verified>| one.statement().header().ctx.size < size;
        let covering = history.iter().filter(older);
        let covering = covering.filter_map(|one| seen.first_covering(one.reference()));
        let ended = history.iter();
        let ended = ended.filter_map(|one| seen.ended_mandate(one, &registry));
        covering
            .chain(ended)
            .filter(|index| seen.registry_at(*index).is_some_and(|of| of <= size))
            .collect()
    }

    /// The best head of the log of a statement that covers it. Where no quorum has cosigned one, the bundle shows
    /// that.
    // spec: BUN-63
    fn head_over(&self, target: &StatementRef) -> Result<VerifiedCheckpoint, ExportError> {
        let best = self.best_head(&target.origin)?;
        if best.size().contains(target.index) {
            return Ok(best);
        }
        let heads = self.shared().heads(&target.origin);
        Ok(heads.values().next_back().cloned().unwrap_or(best))
    }

    /// The newest head that a quorum cosigned, or the newest of all.
    fn best_head(&self, origin: &Origin) -> Result<VerifiedCheckpoint, ExportError> {
        let quorum = usize::try_from(self.registry().policy().quorum).unwrap_or(usize::MAX);
        let heads = self.shared().heads(origin);
        let newest = heads.values().next_back().cloned();
        let cosigned = |head: &&VerifiedCheckpoint| head.note().lines().len() > quorum;
        let witnessed = heads.values().rev().find(cosigned).cloned();
        witnessed.or(newest).ok_or_else(|| ExportError::NotHeld {
            origin: origin.clone(),
        })
    }

    fn registry_entries(
        &self,
        heads: &[VerifiedCheckpoint],
    ) -> Result<Vec<RegistryEntry>, ExportError> {
        let origin = self.genesis().registry_origin();
        let missing = || ExportError::NotHeld {
            origin: origin.clone(),
        };
        let head = heads
            .iter()
            .find(|head| *head.origin() == origin)
            .ok_or_else(missing)?;
        (0..head.size().value())
            .map(LeafIndex::new)
            .map(|index| {
                let (leaf, body) = self.leaf_and_body(&origin, index)?.ok_or_else(missing)?;
                Ok(RegistryEntry {
                    leaf,
                    body: Some(body),
                })
            })
            .collect()
    }

    fn entry(
        &self,
        heads: &mut Vec<VerifiedCheckpoint>,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Entry, ExportError> {
        let missing = || ExportError::NotHeld {
            origin: origin.clone(),
        };
        if !heads.iter().any(|head| head.origin() == origin) {
            heads.push(self.best_head(origin)?);
        }
        let head = heads
            .iter()
            .find(|head| head.origin() == origin)
            .ok_or_else(missing)?;
        let (leaf, body) = self.leaf_and_body(origin, index)?.ok_or_else(missing)?;
        let logs = self.shared().logs();
        let tree = logs.get(origin).map(|log| log.tree()).ok_or_else(missing)?;
        let proof = InclusionProof::build(tree, index, head.size()).map_err(|_| missing())?;
        Ok(Entry {
            origin: origin.clone(),
            index,
            leaf,
            body,
            proof,
        })
    }

    fn leaf_and_body(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Option<(Leaf, Body)>, ExportError> {
        let leaf = self.shared().leaf(origin, index);
        let body = self.shared().read_body(origin, index);
        let body = body.map_err(|fault| ExportError::Unreadable {
            position: Position {
                origin: origin.clone(),
                index,
            },
            fault,
        })?;
        let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
        Ok(leaf.zip(body.and_then(|body| Body::decode(&body).ok())))
    }
}

/// Whether a statement is about agreements of some.
fn is_of(one: &Verified, sides: &[AuthorityCode]) -> bool {
    if let Some(agreement) = one.statement().payload().content.agreement() {
        let mut parties = agreement.fields().parties.iter();
        return parties.any(|party| sides.contains(party));
    }
    sides.contains(&one.statement().header().issuer)
}
