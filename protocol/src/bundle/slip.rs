//! The filing slip (异议回执): one file that shows the organisation concerned, offline, that it objected, when,
//! and what became of that.
//!
//! Implements "Filing slip" of `spec/propagation.md`. The file is framed as a bundle is, under a magic of its
//! own, and holds the bundle of the decision as it is:
//!
//! ```text
//! magic (8 bytes) ‖ version (1 byte) ‖ deterministic CBOR ‖ SHA-256 of everything before it (32 bytes)
//! { 1: bundle, 2: objection, ? 3: [head, …], ? 4: [delivery or receipt, …] }
//! ```
//! Out of scope: that nobody else was given the decision, and that nothing came later. Whoever makes a slip
//! chooses what is in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_bytes::ByteBuf;

use crate::awaited::{Terms, Within, ruling_due};
use crate::bundle::entry::Entry;
use crate::bundle::error::{BundleError, Part};
use crate::bundle::format::{self, EntryMap};
use crate::bundle::head::{self, Head};
use crate::bundle::verified::{VerifiedBundle, verify_decoded, verify_entries, verify_heads};
use crate::bundle::{Bundle, build};
use crate::codec::{self, Limits, integer_map};
use crate::effect::Validity;
use crate::log::{Hash, Origin, SignedCheckpoint, VerifiedCheckpoint};
use crate::propagation::{Act, Evidence, Loss, Said, State, certificate};
use crate::region::RegionCode;
use crate::statement::{Class, Content, Kind, Objection, Outcome, StatementRef};
use crate::subject::AuthorityCode;
use crate::time::Day;
use crate::trust::{Registry, Verified};

/// The first bytes of a filing slip.
pub const SLIP_MAGIC: [u8; 8] = *b"\x89CCDS\r\n\x1a";

integer_map! {
    struct SlipMap {
        1 => bundle: req(ByteBuf),
        2 => objection: req(StatementRef),
        3 => heads: list(ByteBuf),
        4 => said: list(EntryMap),
    }
}

/// A slip in its one canonical form. Nothing in it has been verified; [`verify_slip`] does that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    bundle: Bundle,
    /// The same as the file has it.
    bundle_bytes: Vec<u8>,
    objection: StatementRef,
    /// Heads of logs of which the bundle has none, ascending by origin.
    heads: Vec<SignedCheckpoint>,
    /// Deliveries of the decision and receipts of the objection.
    said: Vec<Entry>,
}

/// What a slip is made of, in any order and with repetitions.
#[derive(Clone, Debug)]
pub struct SlipParts {
    /// The bundle of the decision.
    pub bundle: Bundle,
    /// The objection.
    pub objection: StatementRef,
    /// Heads of the logs of what was said; those of other logs, and of logs of which the bundle has one, are
    /// left out.
    pub heads: Vec<VerifiedCheckpoint>,
    /// Deliveries of the decision and receipts of the objection.
    pub said: Vec<Entry>,
}

impl Slip {
    /// Brings parts into the one canonical form and verifies the result as any reader would; the file's bytes.
    ///
    /// # Errors
    /// As [`verify_slip`].
    pub fn build(parts: SlipParts, registry: &Registry) -> Result<Vec<u8>, BundleError> {
        let size = parts.bundle.trust().size();
        let said = build::in_order(parts.said);
        let has = |origin: &Origin| {
            let mut heads = parts.bundle.heads().iter();
            heads.any(|head| head.claimed().origin() == origin)
        };
        let used = |origin: &Origin| said.iter().any(|entry| entry.origin == *origin);
        let heads = parts.heads.into_iter();
        let mut heads: Vec<_> = heads
            .filter(|head| used(head.origin()) && !has(head.origin()))
            .collect();
        heads.sort_by(|a, b| a.origin().cmp(b.origin()));
        let canonical = |(position, head)| {
            head::canonical(head, registry, size)
                .map_err(|fault| BundleError::Head { position, fault })
        };
        let heads = heads.iter().enumerate().map(canonical);
        let mut heads = heads.collect::<Result<Vec<SignedCheckpoint>, _>>()?;
        heads.dedup();
        let slip = Self {
            bundle_bytes: parts.bundle.encode()?,
            bundle: parts.bundle,
            objection: parts.objection,
            heads,
            said,
        };
        let bytes = slip.encode()?;
        verify_slip(&bytes, &registry.genesis().id(), Some(registry))?;
        Ok(bytes)
    }

    /// The file's bytes, digest included.
    ///
    /// # Errors
    /// As [`Bundle::encode`].
    pub fn encode(&self) -> Result<Vec<u8>, BundleError> {
        let heads = all_heads(&self.bundle, &self.heads);
        let origins: Vec<&Origin> = heads.iter().map(|head| head.claimed().origin()).collect();
        let said = self.said.iter();
        let said = said.map(|entry| format::entry_map(entry, &origins));
        let map = SlipMap {
            bundle: ByteBuf::from(self.bundle_bytes.clone()),
            objection: self.objection.clone(),
            heads: self
                .heads
                .iter()
                .map(|head| ByteBuf::from(head.to_bytes()))
                .collect(),
            said: said.collect::<Result<_, _>>()?,
        };
        format::framed(&SLIP_MAGIC, &codec::encode(&map)?)
    }

    /// Takes a file apart and checks everything that needs no key. Signatures and proofs are **not** verified.
    ///
    /// # Errors
    /// [`BundleError`]; any damage in transit is [`BundleError::DigestMismatch`].
    // spec: PRP-40
    pub fn decode(bytes: &[u8]) -> Result<Self, BundleError> {
        let map: SlipMap = codec::decode(format::content(bytes, &SLIP_MAGIC)?, Limits::FILE)?;
        let bundle = Bundle::decode(&map.bundle)?;
        let own = format::decode_heads(&map.heads)?;
        let twice = |head: &&SignedCheckpoint| {
            let origin = head.claimed().origin();
            let mut of_bundle = bundle.heads().iter();
            of_bundle.any(|one| one.claimed().origin() == origin)
        };
        if let Some(head) = own.iter().find(twice) {
            let origin = head.claimed().origin().clone();
            return Err(BundleError::HeadTwice { origin });
        }
        let heads = all_heads(&bundle, &own);
        let kinds = [Kind::Deliveries, Kind::Receipts];
        let said = format::decode_entries(Part::Said, &kinds, map.said, &heads)?;
        let unused = |head: &&SignedCheckpoint| {
            let origin = head.claimed().origin();
            said.iter().all(|entry| entry.origin != *origin)
        };
        if let Some(head) = own.iter().find(unused) {
            let origin = head.claimed().origin().clone();
            return Err(BundleError::HeadUnused { origin });
        }
        Ok(Self {
            bundle,
            bundle_bytes: map.bundle.into_vec(),
            objection: map.objection,
            heads: own,
            said,
        })
    }

    /// The bundle of the decision.
    #[must_use]
    pub const fn bundle(&self) -> &Bundle {
        &self.bundle
    }
}

/// The heads of both, ascending by origin: what entries count by.
fn all_heads(bundle: &Bundle, own: &[SignedCheckpoint]) -> Vec<SignedCheckpoint> {
    let mut heads: Vec<_> = bundle.heads().iter().chain(own).cloned().collect();
    heads.sort_by(|a, b| a.claimed().origin().cmp(b.claimed().origin()));
    heads
}

/// How a ruling that names the objection ended it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlipRuling {
    /// Where the ruling stands.
    pub reference: StatementRef,
    /// How it ends the objection.
    pub outcome: Outcome,
    /// Whether a quorum stands behind the head that covers it.
    pub is_witnessed: bool,
}

/// What the objection waits for, as far as its slip tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlipStanding {
    /// A ruling, and by when, where a rule says so.
    Ruling(Option<Within>),
    /// That a supervisor admits it: it does not suspend by itself, and until then nobody owes a ruling.
    Admission,
    /// The correction or withdrawal that a ruling on it announced.
    ActAsAnnounced,
    /// Nothing: it was ruled on, or the decision was taken back or is void.
    Nothing,
    /// The slip does not tell: no quorum stands behind what it would follow from.
    NotKnown,
}

/// A slip of which every byte was verified. Only [`verify_slip`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedSlip<'r> {
    bundle: VerifiedBundle<'r>,
    objection: Verified,
    heads: Vec<Head>,
    said: Vec<Said>,
    digest: Hash,
    bytes: usize,
}

/// Verifies a slip as [`verify`](super::verify) does a bundle.
///
/// # Errors
/// [`BundleError`] names the first part that does not hold.
// spec: PRP-40, PRP-41, PRP-42
pub fn verify_slip<'r>(
    bytes: &[u8],
    anchor: &Hash,
    registry: Option<&'r Registry>,
) -> Result<VerifiedSlip<'r>, BundleError> {
    let slip = Slip::decode(bytes)?;
    let bundle = verify_decoded(&slip.bundle, &slip.bundle_bytes, anchor, registry)?;
    let named = slip.objection;
    let objection = objection_of(&bundle, &named).cloned();
    let objection = objection.ok_or_else(|| BundleError::NoObjection {
        objection: named.clone(),
    })?;
    if !bundle.is_witnessed(&named) {
        return Err(BundleError::ObjectionNotWitnessed { objection: named });
    }
    let size = bundle.registry_size();
    let heads = verify_heads(&slip.heads, bundle.registry(), size)?;
    let mut all: Vec<Head> = bundle.heads().iter().chain(&heads).cloned().collect();
    all.sort_by(|a, b| a.origin().cmp(b.origin()));
    let entries = verify_entries(Part::Said, &slip.said, &all, bundle.registry(), size)?;
    let act =
        Act::from_verified(&objection).ok_or(BundleError::NoObjection { objection: named })?;
    let mut said = Vec::with_capacity(entries.len());
    for (position, entry) in entries.iter().enumerate() {
        let one = Said::from_verified(&act, entry, bundle.registry());
        let part = Part::Said;
        said.push(one.ok_or(BundleError::Unrelated { part, position })?);
    }
    Ok(VerifiedSlip {
        objection,
        heads,
        said,
        digest: format::file_digest(bytes),
        bytes: bytes.len(),
        bundle,
    })
}

/// Whether a state rests on nothing that anybody said.
const fn is_silent(state: &State) -> bool {
    match state {
        State::Outstanding {
            given,
            target_not_held,
            ..
        } => given.is_none() && target_not_held.is_none(),
        State::Lost { given, .. } => given.is_none(),
        State::NeverGiven => true,
        State::Applied { .. } | State::Refused { .. } | State::NotKnown => false,
    }
}

/// The act of a bundle that is an objection to its decision and stands where a reference says.
fn objection_of<'b>(
    bundle: &'b VerifiedBundle<'_>,
    reference: &StatementRef,
) -> Option<&'b Verified> {
    let decision = bundle.statement().reference();
    bundle.acts().iter().find(|act| {
        let payload = act.statement().payload();
        act.reference() == reference
            && payload.content.objection().is_some()
            && payload.target.as_ref() == Some(decision)
    })
}

impl<'r> VerifiedSlip<'r> {
    /// The bundle of the decision.
    #[must_use]
    pub const fn bundle(&self) -> &VerifiedBundle<'r> {
        &self.bundle
    }

    /// The objection at its place.
    #[must_use]
    pub const fn objection(&self) -> &Verified {
        &self.objection
    }

    /// What it says.
    #[must_use]
    pub fn said(&self) -> Option<&Objection> {
        self.objection.statement().payload().content.objection()
    }

    /// The notice of the home register that tells of it.
    #[must_use]
    pub fn notice(&self) -> Option<&Verified> {
        self.bundle.notices_of(self.objection.reference()).next()
    }

    /// The heads of logs of which the bundle has none.
    #[must_use]
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// The rulings that name it, by log and position: of who decided or a supervisor, and not taken back.
    // spec: PRP-45
    #[must_use]
    pub fn rulings(&self) -> Vec<SlipRuling> {
        let named = self.objection.reference();
        let decided = self.bundle.statement().statement().header().issuer;
        let says =
            |act: &Verified, issuer: AuthorityCode| self.bundle.registry().may_act(act, issuer);
        let is_taken_back = |ruling: &Verified| {
            self.bundle.acts().iter().any(|act| {
                let payload = act.statement().payload();
                payload.class() == Class::Withdrawal
                    && payload.target.as_ref() == Some(ruling.reference())
                    && says(act, ruling.statement().header().issuer)
            })
        };
        let rulings = self.bundle.acts().iter().filter_map(|act| {
            let Content::Ruling(ruling) = &act.statement().payload().content else {
                return None;
            };
            let counts =
                ruling.closes().contains(named) && says(act, decided) && !is_taken_back(act);
            counts.then(|| SlipRuling {
                reference: act.reference().clone(),
                outcome: ruling.outcome(),
                is_witnessed: self.bundle.is_witnessed(act.reference()),
            })
        });
        rulings.collect()
    }

    /// Whether it stands in the log of the decision itself: there the home register enters nothing.
    // spec: PRP-71
    #[must_use]
    pub fn is_with_decision(&self) -> bool {
        self.objection.reference().origin == self.bundle.statement().reference().origin
    }

    /// What it waits for at the horizon.
    // spec: PRP-70
    #[must_use]
    pub fn standing(&self) -> SlipStanding {
        let Some(state) = self.bundle.state() else {
            return SlipStanding::NotKnown;
        };
        let (named, effect) = (self.objection.reference(), state.effect);
        let is_decided = !matches!(
            effect.validity,
            Validity::InForce | Validity::Corrected { .. }
        );
        if is_decided {
            return SlipStanding::Nothing;
        }
        if effect.waiting.iter().any(|one| one.objection == *named) {
            return SlipStanding::Admission;
        }
        let suspending = effect.suspended_by.iter();
        let mut suspending = suspending.filter(|one| one.by.contains(named));
        match suspending.next() {
            Some(one) if one.awaiting_act.contains(named) => SlipStanding::ActAsAnnounced,
            Some(_) => SlipStanding::Ruling(self.due(state.as_of)),
            None => SlipStanding::Nothing,
        }
    }

    /// By when it would be ruled on, by the rules of the newest registry that the verifier has. `None` where no
    /// rule is known.
    // spec: PRP-43
    fn due(&self, today: Day) -> Option<Within> {
        let (statement, registry) = (self.bundle.statement(), self.bundle.registry());
        let header = statement.statement().header();
        let decision = statement.statement().payload().content.decision()?;
        let issuer = registry.member(header.issuer)?;
        let region: RegionCode = issuer.enrolment().region;
        let days = registry.working_days_at(registry.size(), region);
        let terms = Terms {
            rules: registry.deadline_rules_at(registry.size()),
            days: &days,
            region,
            act_type: Some(decision.fields().act_type),
            today,
        };
        let with_issuer =
            self.objection.statement().header().issuer == header.issuer || self.is_with_decision();
        ruling_due((self.said()?.received_on(), with_issuer), &terms)
    }

    /// What became of the objection at members, as far as what is in the slip tells. Of whom nothing is said
    /// nothing is known: whoever makes a slip chooses what is in it.
    // spec: PRP-42
    #[must_use]
    pub fn states(&self) -> BTreeMap<AuthorityCode, State> {
        let Some(act) = Act::from_verified(&self.objection) else {
            return BTreeMap::new();
        };
        let registry = self.bundle.registry();
        let genesis = registry.genesis();
        let evidence = Evidence {
            hub: genesis.hub(),
            members: &Loss::of_members(registry),
            said: &self.said,
            given_here: &BTreeSet::new(),
            reach: &BTreeMap::new(),
            // Nobody is said to have been given nothing.
            cut: &BTreeSet::from([act.target.origin.clone()]),
            sees_all: true,
        };
        let mut states = certificate(&act, &evidence).states;
        // That nothing is said here by who decided does not show that nothing was said.
        for state in states.values_mut() {
            if is_silent(state) {
                *state = State::NotKnown;
            }
        }
        states
    }

    /// The digest that ends the file.
    #[must_use]
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    /// Bytes of the file.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}
