//! A fact: a verified statement as effect sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::log::{Hash, LeafIndex, Origin, TreeSize};
use crate::statement::{Decision, Payload, Standing, StatementRef, Vis};
use crate::subject::{AuthorityCode, SubjectCode};
use crate::trust::{Authority, Registry, Timing, Verified};

/// Why a statement is void as far as it restricts. What it restores, it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VoidCause {
    /// It stands at or after the position at which its key was cut off.
    CutOff,
    /// The hub saw it later than `ctx_grace` after the registry state that it names.
    CtxLate,
    /// Its issuer was suspended, or had left, at the registry state that it names.
    Suspended,
    /// Its author's mandate had ended when it was logged, by what the hub saw before it.
    MandateEnded,
}

/// A verified statement at its place, with what the registry says about it.
///
/// Holds the payload and a digest of the signed bytes, not the bytes: effect never decodes and never
/// copies a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    reference: StatementRef,
    issuer: AuthorityCode,
    /// Whom its header is about; `None` for what was put together without one.
    about: Option<SubjectCode>,
    /// The visibility class of its leaf; `None` for what was put together without one.
    vis: Option<Vis>,
    /// SHA-256 of the signed bytes.
    bytes: Hash,
    payload: Arc<Payload>,
    authority: Authority,
    void: Option<VoidCause>,
    /// Whether what it decides is from before its item was in any catalogue.
    history: bool,
    /// Whether what it decides is beyond repair.
    beyond_repair: bool,
    /// The state of the registry by which it was made.
    ctx: TreeSize,
    /// For whom its issuer stands beside itself, and how many successions lie between the two.
    stands_for: BTreeMap<AuthorityCode, usize>,
}

impl Fact {
    /// Takes a verified statement. Cut-offs are read from the registry as it is now, since they reach
    /// back by position: after a new cut-off the facts under that key are made again. The standing of
    /// the issuer is that at the statement's `ctx` and never changes. Whether the hub saw the statement
    /// in time is read from its heads seen, and so is whether an act was logged while the mandate lasted.
    // spec: EFF-14, EFF-26, EFF-83, TRU-60
    #[must_use]
    pub fn from_verified(verified: &Verified, registry: &Registry, timing: Timing) -> Self {
        let header = verified.statement().header();
        let reference = verified.reference().clone();
        let cut_off = registry
            .member(header.issuer)
            .and_then(|member| member.cut_off(header.kid))
            .is_some_and(|from| reference.index >= from);
        let active = registry
            .member_at(header.issuer, header.ctx.size)
            .is_some_and(|member| member.standing() == Standing::Active);
        let causes = [
            cut_off.then_some(VoidCause::CutOff),
            (timing == Timing::Late).then_some(VoidCause::CtxLate),
            (!active).then_some(VoidCause::Suspended),
            (timing == Timing::AfterMandate).then_some(VoidCause::MandateEnded),
        ];
        // spec: EFF-180
        let decided = verified.statement().payload().content.decision();
        let decided = decided.map(Decision::fields);
        let history = decided.is_some_and(|fields| {
            registry.precedes_item(&fields.item, fields.decided_on, header.ctx.size)
        });
        // spec: STM-194
        let beyond_repair = decided.is_some_and(|fields| {
            let article = registry.beyond_repair(&fields.item, fields.decided_on, header.ctx.size);
            article.is_some()
        });
        Self {
            reference,
            issuer: header.issuer,
            about: Some(header.about),
            vis: Some(verified.leaf().vis),
            bytes: Hash::from_bytes(Sha256::digest(verified.statement().as_bytes()).into()),
            payload: verified.statement().shared_payload(),
            authority: verified.authority(),
            void: causes.into_iter().flatten().min(),
            history,
            beyond_repair,
            ctx: header.ctx.size,
            stands_for: registry.stands_for(header.issuer, header.ctx.size),
        }
    }

    /// Puts a fact together without verification, for tests. Its bytes are nobody else's, and an act is
    /// about whom its target is about.
    #[cfg(any(test, feature = "test-util"))]
    #[must_use]
    pub fn new(
        reference: StatementRef,
        issuer: AuthorityCode,
        payload: Arc<Payload>,
        authority: Authority,
        void: Option<VoidCause>,
    ) -> Self {
        Self {
            issuer,
            about: payload.content.subject(),
            vis: None,
            bytes: reference.leaf_hash,
            reference,
            payload,
            authority,
            void,
            history: false,
            beyond_repair: false,
            ctx: TreeSize::ZERO,
            stands_for: BTreeMap::new(),
        }
    }

    /// The same fact, of a decision from before its item was in any catalogue, for tests.
    #[cfg(any(test, feature = "test-util"))]
    #[must_use]
    pub const fn of_history(mut self) -> Self {
        self.history = true;
        self
    }

    /// The same fact, of a decision that is beyond repair, for tests.
    #[cfg(any(test, feature = "test-util"))]
    #[must_use]
    pub const fn not_to_be_repaired(mut self) -> Self {
        self.beyond_repair = true;
        self
    }

    /// The same fact, made by another state of the registry, for tests.
    #[cfg(any(test, feature = "test-util"))]
    #[must_use]
    pub const fn by_registry(mut self, size: TreeSize) -> Self {
        self.ctx = size;
        self
    }

    /// The same fact, by whom stands for others, the nearest predecessor first, for tests.
    #[cfg(any(test, feature = "test-util"))]
    #[must_use]
    pub fn in_place_of(mut self, predecessors: &[AuthorityCode]) -> Self {
        let predecessors = predecessors.iter().copied();
        self.stands_for = predecessors.zip(1..).collect();
        self
    }

    /// The same fact with the signed bytes of the one that stands at another place, for tests.
    #[cfg(any(test, feature = "test-util"))]
    #[must_use]
    pub const fn with_bytes_of(mut self, other: &StatementRef) -> Self {
        self.bytes = other.leaf_hash;
        self
    }

    /// The same fact with another organisation in its header, for tests.
    #[cfg(any(test, feature = "test-util"))]
    #[must_use]
    pub const fn about(mut self, about: SubjectCode) -> Self {
        self.about = Some(about);
        self
    }

    /// The same fact, void as far as it restricts because the hub saw it past `ctx_grace`, for tests.
    #[cfg(test)]
    #[must_use]
    pub fn ctx_late(mut self) -> Self {
        self.mark_void(Some(VoidCause::CtxLate));
        self
    }

    /// The same fact under a leaf of a visibility class, for tests.
    #[cfg(test)]
    #[must_use]
    pub const fn seen_by(mut self, vis: Vis) -> Self {
        self.vis = Some(vis);
        self
    }

    /// Whether what it decides is from before its item was in any catalogue: it was held against none.
    pub(super) const fn is_history(&self) -> bool {
        self.history
    }

    /// Whether what it decides is beyond repair.
    pub(super) const fn is_beyond_repair(&self) -> bool {
        self.beyond_repair
    }

    /// The state of the registry by which it was made.
    pub(super) const fn ctx(&self) -> TreeSize {
        self.ctx
    }

    /// Where the statement stands.
    #[must_use]
    pub const fn reference(&self) -> &StatementRef {
        &self.reference
    }

    /// The authority that speaks.
    #[must_use]
    pub const fn issuer(&self) -> AuthorityCode {
        self.issuer
    }

    /// Whether it is by an authority, or by whom stands for that one at the state of its `ctx`.
    // spec: EFF-243, TRU-113
    pub(super) fn speaks_for(&self, author: AuthorityCode) -> bool {
        self.steps_from(author).is_some()
    }

    /// How many successions lie between an authority and its issuer; 0 of the issuer itself.
    pub(super) fn steps_from(&self, author: AuthorityCode) -> Option<usize> {
        match self.issuer == author {
            true => Some(0),
            false => self.stands_for.get(&author).copied(),
        }
    }

    /// Its issuer, and all for whom that one stands.
    pub(super) fn authors(&self) -> impl Iterator<Item = AuthorityCode> + '_ {
        [self.issuer]
            .into_iter()
            .chain(self.stands_for.keys().copied())
    }

    /// What it says.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// On what authority it was made.
    #[must_use]
    pub const fn authority(&self) -> Authority {
        self.authority
    }

    /// Why it is void as far as it restricts, if it is.
    #[must_use]
    pub const fn void(&self) -> Option<VoidCause> {
        self.void
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.reference.origin
    }

    pub(super) const fn index(&self) -> LeafIndex {
        self.reference.index
    }

    /// The target as it is named, which may be a copy.
    pub(super) fn named_target(&self) -> Option<&StatementRef> {
        self.payload.target.as_ref()
    }

    /// The digest of the signed bytes.
    pub(super) const fn bytes(&self) -> &Hash {
        &self.bytes
    }

    /// Whether it is an act on a statement that is about somebody else, or is shown to others. Whom its
    /// content names itself is not compared: a correction may move a decision.
    // spec: EFF-41
    pub(super) fn is_astray(&self, target: &Self) -> bool {
        let names_none = self.payload.content.subject().is_none();
        let about = self.about.filter(|_| names_none).zip(target.about);
        let vis = self.vis.zip(target.vis);
        about.is_some_and(|(own, its)| own != its) || vis.is_some_and(|(own, its)| own != its)
    }

    pub(super) fn is_supervision(&self) -> bool {
        self.authority == Authority::Supervision
    }

    /// Adds a cause. Causes only ever join, and the first of the list is kept.
    pub(super) fn mark_void(&mut self, cause: Option<VoidCause>) {
        self.void = self.void.into_iter().chain(cause).min();
    }
}
