//! Frames, statements and certificates that are none: some that fuzzing found, some made by hand, and
//! valid ones changed by chance. Each comes with the error that its reader gives.
//!
//! Out of scope: what a node does about them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};

use concordat_certs::certificate::{self, CERTIFICATE_BYTES_MAX, CertificateError};
use concordat_node::clock;
use concordat_protocol::limits::{FRONTIER_LOGS_MAX, RANGE_LEAVES_MAX};
use concordat_protocol::log::{Hash, LeafIndex, Origin, PROOF_HASHES_MAX, TreeSize};
use concordat_protocol::message::{
    Absence, BodyEntry, BodyFilter, ErrorCode, Frame, FrameError, FrontierEntry, Vouched,
};
use concordat_protocol::statement::{Class, Ctx, LEAF_BYTES_MAX, StatementRef};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use ed25519_dalek::SigningKey;

use crate::found::{self, Target};
use crate::sim::Rng;
use crate::sim::workload::{Said, Speaker, Utterance, utter};

/// Bytes that a reader refuses, and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed<E> {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Why they are refused.
    pub error: E,
}

/// How often each reason came up, by the names of its variants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasons(BTreeMap<String, u64>);

impl Reasons {
    /// Counts a reason.
    pub fn count(&mut self, reason: &impl Debug) {
        // `Decode(Truncated { offset: 3 })` counts as `Decode(Truncated`.
        let text = format!("{reason:?}");
        let name: String = text
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '(')
            .collect();
        let name = name.replace('(', "/");
        *self
            .0
            .entry(name.trim_end_matches('/').to_owned())
            .or_default() += 1;
    }

    /// How many different ones came up.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none came up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.0.iter().map(|(name, count)| format!("{name} {count}"));
        f.write_str(&counts.collect::<Vec<_>>().join(", "))
    }
}

/// `count` different byte strings that are no frames; those found and those made by hand come first.
#[must_use]
pub fn frames(rng: &mut Rng, origin: &Origin, count: usize) -> Vec<Malformed<FrameError>> {
    let valid = valid_frames(origin);
    let made = [found::inputs(Target::Frame), odd_frames(origin)].concat();
    different(rng, made, &valid, count, |bytes| Frame::decode(bytes).err())
}

/// `count` different byte strings that are no certificates; those found and those made by hand come
/// first.
#[must_use]
pub fn certificates(
    rng: &mut Rng,
    valid: &[Vec<u8>],
    count: usize,
) -> Vec<Malformed<CertificateError>> {
    let mut made = found::inputs(Target::Certificate);
    for whole in valid {
        let mut long = whole.clone();
        long.resize(CERTIFICATE_BYTES_MAX + 1, 0);
        made.push(long);
        // The algorithm of the key: X25519 in the place of Ed25519.
        let mut other = whole.clone();
        if let Some(at) = other
            .windows(5)
            .rposition(|five| five == [0x06, 3, 0x2b, 0x65, 0x70])
        {
            other[at + 4] = 0x6e;
        }
        made.push(other);
        let mut key = whole.clone();
        let spki = [0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        if let Some(at) = key.windows(6).position(|six| six == spki) {
            let algorithm = at + 2;
            key[algorithm] = 0x6e;
            made.push(key.clone());
            // A point of small order under the right algorithm.
            key[algorithm] = 0x70;
            key[at + 6..at + 38].fill(0);
            made.push(key);
        }
    }
    different(rng, made, valid, count, |bytes| {
        certificate::key_of(bytes).err()
    })
}

/// Byte strings that a reader refuses: `made`, then changed ones of `valid`, each once.
pub fn different<E>(
    rng: &mut Rng,
    made: Vec<Vec<u8>>,
    valid: &[Vec<u8>],
    count: usize,
    refuse: impl Fn(&[u8]) -> Option<E>,
) -> Vec<Malformed<E>> {
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    let mut made = made.into_iter();
    while found.len() < count {
        let bytes = match (made.next(), rng.pick(valid)) {
            (Some(bytes), _) => bytes,
            (None, Some(valid)) => mutate(rng, valid),
            (None, None) => break,
        };
        if bytes.is_empty() || !seen.insert(bytes.clone()) {
            continue;
        }
        if let Some(error) = refuse(&bytes) {
            found.push(Malformed { bytes, error });
        }
    }
    found
}

/// A member that signs statements.
#[derive(Clone, Copy, Debug)]
pub struct Signatory<'a> {
    /// Which.
    pub member: AuthorityCode,
    /// Its statement key.
    pub key: &'a SigningKey,
    /// The registry state to sign under.
    pub ctx: Ctx,
}

impl Signatory<'_> {
    /// A decision with its subject.
    #[must_use]
    pub fn decision(&self, rng: &mut Rng) -> (Vec<u8>, SubjectCode) {
        let said = self.said(rng, Class::Decision, &[]);
        (said.bytes, said.about)
    }

    /// An objection to a decision about a subject.
    #[must_use]
    pub fn objection(&self, rng: &mut Rng, to: &StatementRef, about: SubjectCode) -> Vec<u8> {
        let target = Said {
            class: Class::Decision,
            reference: to.clone(),
            about,
        };
        self.said(rng, Class::Objection, &[target]).bytes
    }

    fn said(&self, rng: &mut Rng, class: Class, targets: &[Said]) -> Utterance {
        let speaker = Speaker {
            code: self.member,
            key: self.key,
            ctx: self.ctx,
            register_size: TreeSize::ZERO,
            now: clock::now(),
        };
        loop {
            if let Some(said) = utter(rng, &speaker, targets)
                && said.class == class
            {
                return said;
            }
        }
    }
}

/// Changes bytes in one to three ways drawn from the generator.
#[must_use]
pub fn mutate(rng: &mut Rng, valid: &[u8]) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for _ in 0..rng.within(1, 4) {
        let at = place(rng, bytes.len());
        let drawn = rng.next().to_be_bytes();
        match rng.within(0, 8) {
            0 => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|b| *b ^= 1 << (drawn[0] % 8)),
            1 => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|b| *b = drawn[0]),
            2 => bytes.truncate(at),
            3 => bytes.extend_from_slice(&drawn[..1 + usize::from(drawn[0] % 7)]),
            4 => bytes.insert(at, drawn[0]),
            5 => drop(bytes.drain(at..(at + 1 + usize::from(drawn[0] % 4)).min(bytes.len()))),
            6 => {
                // A length or number in eight bytes.
                let head = [0x1b | drawn[0] & 0xe0];
                let long = head.into_iter().chain(drawn);
                drop(bytes.splice(at..(at + 1).min(bytes.len()), long));
            }
            _ => {
                let end = (at + 1 + usize::from(drawn[0] % 16)).min(bytes.len());
                let again = bytes.get(at..end).unwrap_or_default().to_vec();
                drop(bytes.splice(at..at, again));
            }
        }
    }
    bytes
}

fn place(rng: &mut Rng, length: usize) -> usize {
    usize::try_from(rng.within(0, length as u64)).unwrap_or(0)
}

/// A frame of each type.
pub(crate) fn valid_frames(origin: &Origin) -> Vec<Vec<u8>> {
    let (hash, size) = (Hash::from_bytes([7; 32]), TreeSize::ZERO);
    let (index, origin) = (LeafIndex::new(3), origin.clone());
    let entry = FrontierEntry {
        origin: origin.clone(),
        size,
        root: hash,
        bodies: size,
        vouched: Vouched::default(),
    };
    let member = AuthorityCode::parse(origin.member());
    let hello = member.ok().map(|member| Frame::Hello {
        version: 1,
        genesis: hash,
        member,
        digest: hash,
        features: Vec::new(),
    });
    let body = BodyEntry {
        index,
        leaf: &[1, 2, 3],
        body: Ok(&[4, 5]),
    };
    let absent = BodyEntry {
        body: Err(Absence::Erased),
        ..body.clone()
    };
    let frames = [
        Frame::Frontier(vec![entry.clone(), entry]),
        Frame::Checkpoint { note: b"a note\n" },
        Frame::Push {
            note: b"a note\n",
            begin: index,
            tail: vec![(&[1, 2, 3], Some(&[4, 5])), (&[1], None)],
        },
        Frame::Cosign {
            origin: origin.clone(),
            size,
            root: hash,
            line: "a line",
        },
        Frame::Fork {
            first: b"a note\n",
            second: b"another\n",
            proof: vec![hash, hash],
        },
        Frame::Error {
            code: ErrorCode::Busy,
            retry_after_ms: 1_000,
        },
        Frame::Range {
            origin: origin.clone(),
            begin: index,
            end: size,
            size,
        },
        Frame::Block {
            begin: index,
            leaves: vec![&[1, 2, 3], &[4]],
            cover: vec![hash],
        },
        Frame::Bodies {
            origin: origin.clone(),
            begin: index,
            end: size,
            filter: BodyFilter::All,
        },
        Frame::BodyBlock {
            next: size,
            entries: vec![body, absent],
        },
        Frame::Consistency {
            origin,
            old: size,
            new: size,
        },
        Frame::Proof(vec![hash, hash]),
    ];
    let frames = hello.into_iter().chain(frames);
    frames.map(|frame| frame.encode()).collect()
}

/// What chance seldom makes: unknown types, wrong counts, every way to write CBOR otherwise, limits.
fn odd_frames(origin: &Origin) -> Vec<Vec<u8>> {
    let head = |major: u8, count: u64| {
        let mut bytes = vec![major << 5 | 0x1b];
        bytes.extend_from_slice(&count.to_be_bytes());
        bytes
    };
    let short = |major: u8, count: usize| {
        let [.., high, low] = count.to_be_bytes();
        match (high, low) {
            (0, low @ ..24) => vec![major << 5 | low],
            (0, low) => vec![major << 5 | 24, low],
            (high, low) => vec![major << 5 | 25, high, low],
        }
    };
    let mut made = vec![
        vec![0xff],
        vec![0x80],
        vec![0x9f, 0x03, 0x40, 0xff],
        vec![0x82, 0x18, 0x03, 0x40],
        vec![0x98, 0x02, 0x03, 0x40],
        vec![0x82, 0x03, 0x58, 0x01, 0x00],
        vec![0x82, 0x03, 0x5f, 0x41, 0x00, 0xff],
        vec![0x82, 0x03, 0x60],
        vec![0x82, 0x03, 0xc0, 0x40],
        vec![0x82, 0x03, 0xf9, 0x7e, 0x00],
        vec![0x82, 0x03, 0xf6],
        vec![0x82, 0x03, 0x40, 0x00],
        vec![0x82, 0x20, 0x40],
        vec![0xa1, 0x03, 0x40],
        vec![0x81; 1_000],
        [vec![0x82, 0x03], head(2, u64::MAX)].concat(),
        [vec![0x82, 0x02], head(4, u64::MAX)].concat(),
        [vec![0x82, 0x02], short(4, FRONTIER_LOGS_MAX + 1)].concat(),
        [vec![0x82, 0x0f], short(4, PROOF_HASHES_MAX + 1)].concat(),
        vec![0x83, 0x07, 0x18, 0x63, 0x00],
    ];
    let leaves = usize::try_from(RANGE_LEAVES_MAX).unwrap_or(usize::MAX) + 1;
    made.push([vec![0x84, 0x0b, 0x00], short(4, leaves)].concat());
    let leaf = [short(2, LEAF_BYTES_MAX + 1), vec![0; LEAF_BYTES_MAX + 1]].concat();
    made.push([vec![0x84, 0x0b, 0x00, 0x81], leaf, vec![0x80]].concat());
    for kind in 0..18_usize {
        for count in 0..7 {
            made.push([short(4, count), short(0, kind)].concat());
        }
    }
    let name = origin.as_str();
    for text in ["", "x", name.trim_end_matches("/0"), &name.to_uppercase()] {
        let text = [short(3, text.len()), text.as_bytes().to_vec()].concat();
        made.push([vec![0x84, 0x0e], text, vec![0, 0]].concat());
    }
    let text = [short(3, name.len()), name.as_bytes().to_vec()].concat();
    made.push([vec![0x84, 0x0e], text.clone(), vec![0], head(0, u64::MAX)].concat());
    made.push([vec![0x85, 0x0c], text, vec![0, 0, 0x18, 0x63]].concat());
    let hash = [short(2, 32), vec![7; 32]].concat();
    let nobody = [vec![0x61, b'x'], hash.clone()].concat();
    made.push([vec![0x86, 0x01, 0x01], hash, nobody, vec![0x80]].concat());
    made
}

#[cfg(test)]
mod tests {
    use concordat_certs::certificate::Validity;

    use super::*;

    fn origin() -> Origin {
        let genesis = "0".repeat(64);
        format!("test-{genesis}/11230000000000000M/0")
            .parse()
            .unwrap()
    }

    #[test]
    fn templates_are_frames_and_what_is_made_of_them_is_not() {
        let valid = valid_frames(&origin());
        assert_eq!(valid.len(), 13);
        for bytes in &valid {
            Frame::decode(bytes).unwrap();
        }
        let mut reasons = Reasons::default();
        for malformed in frames(&mut Rng::new(1), &origin(), 1_000) {
            assert_eq!(
                Frame::decode(&malformed.bytes),
                Err(malformed.error.clone())
            );
            reasons.count(&malformed.error);
        }
        // Every reason but the length of the whole, which no stream carries.
        for name in [
            "Code",
            "ItemCount",
            "LeafTooLong",
            "Member",
            "Origin",
            "Size",
            "TooMany",
            "Unknown",
        ] {
            assert!(
                reasons.0.contains_key(name),
                "{name} did not come up: {reasons}"
            );
        }
    }

    #[test]
    fn every_reason_to_refuse_a_certificate_comes_up() {
        let validity = Validity::from_unix_seconds(1, 2).unwrap();
        let valid = certificate::issue(&SigningKey::from_bytes(&[3; 32]), validity).unwrap();
        let mut reasons = Reasons::default();
        for malformed in certificates(&mut Rng::new(1), &[valid], 500) {
            reasons.count(&malformed.error);
        }
        for name in ["Key", "Malformed", "NotEd25519", "NotSelfSigned", "TooLong"] {
            assert!(
                reasons.0.keys().any(|found| found.starts_with(name)),
                "{name} did not come up: {reasons}"
            );
        }
    }

    #[test]
    fn same_seed_makes_the_same() {
        let made = |seed| frames(&mut Rng::new(seed), &origin(), 600);
        assert_eq!(made(7), made(7));
        assert_ne!(made(7), made(8));
    }
}
