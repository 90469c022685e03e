//! Putting a bundle together.

use crate::bundle::entry::{Entry, RegistryEntry};
use crate::bundle::error::{BundleError, Part};
use crate::bundle::verified::unclaimed;
use crate::bundle::{Bundle, LaterActs, RecognitionPart, TrustChain, head, recognition, verify};
use crate::log::{Origin, SignedCheckpoint, VerifiedCheckpoint, hash};
use crate::subject::AuthorityCode;
use crate::trust::Registry;

/// How a new bundle brings the registry to its reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustParts {
    /// Every entry of the registry log up to a head of it that a quorum cosigned.
    Included {
        /// The entries from position 0 on.
        entries: Vec<RegistryEntry>,
    },
    /// Left out; the reader holds it.
    External,
}

/// What a bundle is made of, in any order and with repetitions.
#[derive(Clone, Debug)]
pub struct BundleParts {
    /// The trust chain.
    pub trust: TrustParts,
    /// One head of each log used, that of the home register always and that of the registry with
    /// [`TrustParts::Included`]. Those of other logs are left out.
    pub heads: Vec<VerifiedCheckpoint>,
    /// The statement; its proof, like every other, leads to the head of its log.
    pub statement: Entry,
    /// The decisions of its chain and those that it rests on, as far as they are held.
    pub related: Vec<Entry>,
    /// The acts on any of these, as far as they are held.
    pub acts: Vec<Entry>,
    /// The notices about any of these, as far as they are held.
    pub notices: Vec<Entry>,
    /// For whom to say what recognition gives, with what was said about the agreements of either side.
    pub recognition: Option<(AuthorityCode, Vec<Entry>)>,
}

impl Bundle {
    /// Brings parts into the one canonical form and verifies the result as any reader would: what
    /// does not verify is not made. `registry` is the maker's own.
    ///
    /// # Errors
    /// As [`verify`]; [`BundleError::Order`] for two heads of one log or two entries at one place.
    pub fn build(parts: BundleParts, registry: &Registry) -> Result<Self, BundleError> {
        let genesis = registry.genesis();
        let (trust, size) = match parts.trust {
            TrustParts::Included { entries } => {
                let origin = genesis.registry_origin();
                let head = parts.heads.iter().find(|head| *head.origin() == origin);
                let size = head.ok_or(BundleError::HeadMissing { origin })?.size();
                let genesis = genesis.clone();
                (TrustChain::Included { genesis, entries }, size)
            }
            TrustParts::External => {
                let size = registry.size();
                let root = registry.root_at(size).unwrap_or_else(hash::empty_root);
                (TrustChain::External { size, root }, size)
            }
        };
        let mut bundle = Self {
            trust,
            heads: Vec::new(),
            statement: parts.statement,
            related: in_order(parts.related),
            acts: in_order(parts.acts),
            notices: in_order(parts.notices),
            later_acts: LaterActs::NotProven,
            recognition: parts.recognition.map(|(receiver, said)| RecognitionPart {
                receiver,
                said: in_order(said),
                claim: None,
            }),
        };
        let mut heads = parts.heads;
        heads.retain(|head| bundle.uses(head.origin(), registry));
        heads.sort_by(|a, b| a.origin().cmp(b.origin()));
        let canonical = |(position, head)| {
            head::canonical(head, registry, size)
                .map_err(|fault| BundleError::Head { position, fault })
        };
        let heads = heads.iter().enumerate().map(canonical);
        bundle.heads = heads.collect::<Result<Vec<SignedCheckpoint>, _>>()?;
        bundle.heads.dedup();
        let ascending = |a: &SignedCheckpoint, b: &SignedCheckpoint| {
            a.claimed().origin() < b.claimed().origin()
        };
        if !bundle.heads.is_sorted_by(ascending) {
            return Err(BundleError::Order { part: Part::Heads });
        }
        let anchor = genesis.id();
        if let Some(receiver) = bundle.recognition.as_ref().map(|part| part.receiver) {
            let claim = unclaimed(&bundle, &anchor, Some(registry))?;
            let claim = recognition::answer(&claim, receiver)?.answer;
            if let Some(part) = &mut bundle.recognition {
                part.claim = Some(claim);
            }
        }
        verify(&bundle.encode()?, &anchor, Some(registry))?;
        Ok(bundle)
    }

    /// The statement, related ones, acts and notices.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        std::iter::once(&self.statement)
            .chain(&self.related)
            .chain(&self.acts)
            .chain(&self.notices)
            .chain(self.recognition.iter().flat_map(|part| &part.said))
    }

    pub(super) const fn includes_trust(&self) -> bool {
        match self.trust {
            TrustChain::Included { .. } => true,
            TrustChain::External { .. } => false,
        }
    }

    fn uses(&self, origin: &Origin, registry: &Registry) -> bool {
        let genesis = registry.genesis();
        *origin == genesis.register_origin()
            || self.includes_trust() && *origin == genesis.registry_origin()
            || self.entries().any(|entry| entry.origin == *origin)
    }
}

// spec: BUN-5
pub(super) fn in_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|a, b| a.place().cmp(&b.place()));
    entries.dedup();
    entries
}
