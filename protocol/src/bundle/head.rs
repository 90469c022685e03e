//! The head of a log that a bundle leads to, and who stands behind it.

use std::cmp::Reverse;

use crate::bundle::error::HeadFault;
use crate::key::PublicKey;
use crate::log::checkpoint::CheckpointError;
use crate::log::note::{Note, NoteKeyId, SignatureLine, SignatureType};
use crate::log::{
    Checkpoint, Cosignature, CosignatureTime, Origin, SignedCheckpoint, TreeSize,
    VerifiedCheckpoint,
};
use crate::subject::AuthorityCode;
use crate::trust::Registry;

/// A cosignature that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosigner {
    /// The member whose witness cosigned.
    pub member: AuthorityCode,
    /// When, by its clock.
    pub time: CosignatureTime,
    /// Whether it counts towards the quorum: by the newest registry that the verifier has, it is
    /// still a cosigner and this is still its key.
    pub counts: bool,
}

/// A head whose signatures were verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    checkpoint: Checkpoint,
    cosigners: Vec<Cosigner>,
    quorum: u64,
}

impl Head {
    /// What the log said.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The log.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        self.checkpoint.origin()
    }

    /// Who cosigned, ascending by code.
    #[must_use]
    pub fn cosigners(&self) -> &[Cosigner] {
        &self.cosigners
    }

    /// How many cosigners it takes.
    #[must_use]
    pub const fn quorum(&self) -> u64 {
        self.quorum
    }

    /// How many cosigners count.
    #[must_use]
    pub fn counting(&self) -> usize {
        self.cosigners.iter().filter(|one| one.counts).count()
    }

    /// Whether a quorum stands behind it; otherwise it is provisional.
    #[must_use]
    pub fn is_witnessed(&self) -> bool {
        self.counting() as u64 >= self.quorum
    }

    /// The newest time at which or after which a quorum cosigned; `None` without one.
    #[must_use]
    pub fn quorum_time(&self) -> Option<CosignatureTime> {
        let mut times = self.times();
        times.sort_by_key(|time| Reverse(*time));
        self.last_of_quorum(&times)
    }

    /// The earliest time by which a quorum had cosigned, so that no single one of them can put the head
    /// further back than the others do; `None` without one.
    // spec: BUN-61
    #[must_use]
    pub fn quorum_by(&self) -> Option<CosignatureTime> {
        let mut times = self.times();
        times.sort();
        self.last_of_quorum(&times)
    }

    fn times(&self) -> Vec<CosignatureTime> {
        let counting = self.cosigners.iter().filter(|one| one.counts);
        counting.map(|one| one.time).collect()
    }

    fn last_of_quorum(&self, times: &[CosignatureTime]) -> Option<CosignatureTime> {
        let last = usize::try_from(self.quorum.checked_sub(1)?).ok()?;
        times.get(last).copied()
    }

    /// Verifies a head by the registry. Lines are judged by the registry at `size`, which the bundle
    /// was made under, and counted by the newest one.
    // spec: BUN-10, BUN-11, BUN-12
    pub(super) fn verify(
        signed: &SignedCheckpoint,
        registry: &Registry,
        size: TreeSize,
    ) -> Result<Self, HeadFault> {
        let head = verify_log(signed, registry)?;
        let lines = head.note().lines();
        let (log_line, rest) = lines.split_first().ok_or(HeadFault::LineOrder)?;
        let by_witness =
            |a: &SignatureLine, b: &SignatureLine| a.key_name().as_str() < b.key_name().as_str();
        let by_log = log_line.key_name().as_str() == head.origin().as_str();
        if !by_log || !rest.is_sorted_by(by_witness) {
            return Err(HeadFault::LineOrder);
        }
        let cosigner = |line| verify_cosigner(line, &head, registry, size);
        let cosigners = rest.iter().map(cosigner).collect::<Result<_, _>>()?;
        Ok(Self {
            checkpoint: head.checkpoint().clone(),
            cosigners,
            quorum: registry.policy().quorum,
        })
    }
}

/// The same head with the lines that a bundle carries: the log's own, then those of the cosigners at
/// `size` whose signatures hold, ascending.
pub(super) fn canonical(
    head: &VerifiedCheckpoint,
    registry: &Registry,
    size: TreeSize,
) -> Result<SignedCheckpoint, HeadFault> {
    let name = head.origin().as_str();
    let member = registry.member_of(head.origin());
    let member = member.ok_or(HeadFault::UnknownLog)?;
    let by_log = |line: &&SignatureLine| {
        let mut keys = member.log_keys();
        keys.any(|key| line.is_by(name, NoteKeyId::of(name, SignatureType::Ed25519, key)))
    };
    let log_line = head.note().lines().iter().find(by_log);
    let mut lines = vec![log_line.ok_or(CheckpointError::NoLogSignature)?.clone()];
    for cosigner in &registry.policy_at(size).cosigners {
        let Some(key) = witness_key(registry, *cosigner, size) else {
            continue;
        };
        let witness = registry.genesis().witness(*cosigner);
        if let Ok(Some(found)) = head.cosignature_by(&witness, key) {
            lines.push(found.cosignature().to_line());
        }
    }
    let note = Note::new(head.checkpoint().to_string(), lines).map_err(CheckpointError::Note)?;
    Ok(SignedCheckpoint::parse(note.to_string().as_bytes())?)
}

// spec: BUN-10, BUN-27
fn verify_log(
    signed: &SignedCheckpoint,
    registry: &Registry,
) -> Result<VerifiedCheckpoint, HeadFault> {
    let member = registry.member_of(signed.claimed().origin());
    let member = member.ok_or(HeadFault::UnknownLog)?;
    // A log whose key was rotated has lines by its former key under older heads.
    let mut cause = CheckpointError::NoLogSignature;
    for key in member.log_keys() {
        match signed.clone().verify(key) {
            Ok(verified) if member.log_key_reaches(key, verified.checkpoint()) => {
                return Ok(verified);
            }
            Ok(_) => return Err(HeadFault::LogKeyCutOff),
            Err(CheckpointError::NoLogSignature) => {}
            Err(other) => cause = other,
        }
    }
    Err(cause.into())
}

fn verify_cosigner(
    line: &SignatureLine,
    head: &VerifiedCheckpoint,
    registry: &Registry,
    size: TreeSize,
) -> Result<Cosigner, HeadFault> {
    let cosignature = Cosignature::try_from(line)?;
    let member = AuthorityCode::parse(cosignature.witness().member());
    let member = member.map_err(|_| HeadFault::NotACosigner)?;
    let cosigners = &registry.policy_at(size).cosigners;
    let key = witness_key(registry, member, size).filter(|_| cosigners.contains(&member));
    let key = key.ok_or(HeadFault::NotACosigner)?;
    let time = cosignature.verify(head.checkpoint(), key)?.time();
    // Whether a key ended in peace or was cut off cannot be told here; neither counts any more.
    let counts = registry.policy().cosigners.contains(&member)
        && witness_key(registry, member, registry.size()) == Some(key);
    Ok(Cosigner {
        member,
        time,
        counts,
    })
}

fn witness_key(registry: &Registry, member: AuthorityCode, size: TreeSize) -> Option<&PublicKey> {
    registry.member_at(member, size)?.keys().witness.as_ref()
}
