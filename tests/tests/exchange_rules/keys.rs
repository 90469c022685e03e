//! Heads under keys that are not known yet, were rotated, or were cut off.

use super::*;

impl Bench {
    /// A head of the log under a key that the registry does not know yet.
    fn head_by(&self, key: &SigningKey, size: u8, root: Hash) -> VerifiedCheckpoint {
        let size = TreeSize::new(u64::from(size)).unwrap();
        let checkpoint = Checkpoint::new(self.origin(), size, root).unwrap();
        VerifiedCheckpoint::sign(&checkpoint, key).unwrap()
    }

    /// The registry comes to know that the log has gone on to another key.
    fn rotate_to(&mut self, key: &SigningKey) -> Vec<Action> {
        let member = &self.network.members[0];
        let rotation = Rotation {
            member: member.code(),
            key_use: KeyUse::Log,
            old: member.log.public_key(),
            new: key.public_key(),
            next: None,
        };
        self.network.append(Content::Rotation(rotation)).unwrap();
        self.feed(Input::RegistryChanged)
    }

    /// The registry comes to know that a log key ended; the log goes on from a head of three leaves.
    fn cut_off(&mut self, key: &SigningKey, root: Hash, replacement: Option<u8>) -> Vec<Action> {
        let replacement = replacement.map(|byte| SigningKey::from_bytes(&[byte; 32]).public_key());
        let cut_off = CutOff {
            member: self.network.members[0].code(),
            key_use: KeyUse::Log,
            key: key.public_key(),
            from: Some(LeafIndex::new(3)),
            continues: Some((TreeSize::new(3).unwrap(), root)),
            replacement,
            next: None,
        };
        self.network.append(Content::CutOff(cut_off)).unwrap();
        self.feed(Input::RegistryChanged)
    }

    /// A head of another history than the one held.
    fn foreign_head(&self, key: &SigningKey, size: u8) -> VerifiedCheckpoint {
        self.head_by(key, size, Hash::from_bytes([4; 32]))
    }

    /// Claims of a fork between what is held and another head of three leaves, and of two.
    fn fork_claims(&self, key: &SigningKey) -> [Vec<u8>; 2] {
        let [smaller, same] = [2, 3].map(|size| self.foreign_head(key, size).to_bytes());
        let [from, to] = [2, 3].map(|size| TreeSize::new(size).unwrap());
        let hashes = self.logs.consistency(&self.origin(), from, to).unwrap();
        let second = &self.head(3).to_bytes();
        let claim = |first, proof| {
            let frame = Frame::Fork {
                first,
                second,
                proof,
            };
            frame.encode()
        };
        let root = tree(2).root();
        [
            claim(&same, Vec::new()),
            claim(&smaller, [vec![root], hashes].concat()),
        ]
    }

    fn is_frozen(&self) -> bool {
        let replica = self.exchange.replica(&self.origin());
        replica.unwrap().is_frozen()
    }
}

/// An honest peer may have the rotation before we have it.
// spec: EXC-6
#[test]
fn head_under_a_key_not_known_yet_is_kept_until_the_registry_knows_it() {
    let mut bench = Bench::greeted();
    let key = SigningKey::from_bytes(&[77; 32]);
    for size in 1..=20 {
        let note = &bench.head_by(&key, size, tree(size).root()).to_bytes();
        assert_eq!(bench.control(&Frame::Checkpoint { note }), []);
    }
    assert!(bench.exchange.replica(&bench.origin()).is_none());
    assert!(asked(&bench.rotate_to(&key)).is_some());
    let replica = bench.exchange.replica(&bench.origin()).unwrap();
    assert_eq!(replica.known_size(), TreeSize::new(20).unwrap());
}

/// Whoever has stolen a log key can sign a head without leaves; it must not outlive the key.
// spec: EXC-6, TRU-18
#[test]
fn head_of_a_key_that_is_cut_off_is_not_waited_for_any_more() {
    let mut bench = Bench::greeted();
    let stolen = bench.network.members[0].log.clone();
    let note = &bench
        .head_by(&stolen, 100, Hash::from_bytes([3; 32]))
        .to_bytes();
    let request = asked(&bench.control(&Frame::Checkpoint { note })).unwrap();
    let peer = PEER;
    assert_eq!(bench.feed(Input::RequestFailed { peer, request }), []);
    assert_eq!(bench.cut_off(&stolen, tree(3).root(), Some(78)), []);
    let replica = bench.exchange.replica(&bench.origin()).unwrap();
    assert_eq!(replica.known_size(), TreeSize::ZERO);
    // The peer that came to nothing is left alone for a while.
    bench.now = Timestamp::new(bench.now.value() + 60_000).unwrap();
    assert_eq!(bench.feed(Input::Deadline), []);
    let _request = bench.ask();
}

/// Whoever stole the key could otherwise stop the log for good after the key is dead.
// spec: TRU-31, EXC-9, EXC-10
#[test]
fn key_that_is_cut_off_cannot_freeze_the_log_up_to_where_it_ended() {
    let mut bench = Bench::holding();
    let stolen = bench.network.members[0].log.clone();
    let claims = bench.fork_claims(&stolen);
    bench.cut_off(&stolen, tree(3).root(), Some(78));
    for size in [2, 3] {
        let note = &bench.foreign_head(&stolen, size).to_bytes();
        let refused = [report(Violation::BadCheckpoint)];
        assert_eq!(bench.control(&Frame::Checkpoint { note }), refused);
        let note = &bench.head(size).to_bytes();
        assert_eq!(bench.control(&Frame::Checkpoint { note }), []);
    }
    for bytes in &claims {
        let actions = bench.feed(Input::Control { peer: PEER, bytes });
        assert_eq!(actions, [report(Violation::BadEvidence)]);
    }
    assert!(!bench.is_frozen());
    // At the end itself the cut-off alone says what is right, also where nothing is held.
    let mut stranger = Bench::greeted();
    stranger.cut_off(&stolen, tree(3).root(), Some(78));
    let [same, _] = &claims;
    let (peer, bytes) = (PEER, same.as_slice());
    let actions = stranger.feed(Input::Control { peer, bytes });
    assert_eq!(actions, [report(Violation::BadEvidence)]);
}

// spec: TRU-31
#[test]
fn smaller_head_of_a_key_that_is_cut_off_counts_where_another_history_is_held() {
    let mut bench = Bench::holding();
    let stolen = bench.network.members[0].log.clone();
    bench.cut_off(&stolen, Hash::from_bytes([7; 32]), Some(78));
    let note = &bench.foreign_head(&stolen, 2).to_bytes();
    let actions = bench.control(&Frame::Checkpoint { note });
    assert!(matches!(actions[..], [Action::Forked { .. }, ..]));
}

// spec: TRU-15, TRU-18
#[test]
fn key_that_was_rotated_signs_nothing_further_once_it_is_cut_off() {
    let mut bench = Bench::holding();
    let (former, present) = (
        bench.network.members[0].log.clone(),
        SigningKey::from_bytes(&[77; 32]),
    );
    bench.rotate_to(&present);
    bench.cut_off(&former, tree(3).root(), None);
    for size in [3, 4] {
        let note = &bench.foreign_head(&former, size).to_bytes();
        let refused = [report(Violation::BadCheckpoint)];
        assert_eq!(bench.control(&Frame::Checkpoint { note }), refused);
    }
    let note = &bench.head_by(&present, 4, tree(4).root()).to_bytes();
    assert!(asked(&bench.control(&Frame::Checkpoint { note })).is_some());
    assert!(!bench.is_frozen());
}

// spec: EXC-6
#[test]
fn head_that_no_registry_will_make_good_counts_as_invalid() {
    let mut bench = Bench::greeted();
    let good = String::from_utf8(bench.head(3).to_bytes()).unwrap();
    let other = String::from_utf8(bench.head(4).to_bytes()).unwrap();
    let (text, _) = good.split_once("\n\n").unwrap();
    let (_, line) = other.split_once("\n\n").unwrap();
    let note = format!("{text}\n\n{line}");
    let frame = Frame::Checkpoint {
        note: note.as_bytes(),
    };
    let refused = [report(Violation::BadCheckpoint)];
    assert_eq!(bench.control(&frame), refused);
    // Nobody claims that the log has signed it.
    let (_, rest) = line.split_at(line.find("/0 ").unwrap());
    let stranger = format!("{text}\n\n\u{2014} stranger{rest}");
    let frame = Frame::Checkpoint {
        note: stranger.as_bytes(),
    };
    assert_eq!(bench.control(&frame), refused);
}

// spec: EXC-6, EXC-10
#[test]
fn evidence_of_a_fork_under_a_key_not_known_yet_is_looked_at_once_it_is() {
    let mut bench = Bench::greeted();
    let key = SigningKey::from_bytes(&[77; 32]);
    let [first, second] = [3, 4].map(|byte| Hash::from_bytes([byte; 32]));
    let [first, second] = [first, second].map(|root| bench.head_by(&key, 3, root).to_bytes());
    let claim = Frame::Fork {
        first: &first,
        second: &second,
        proof: Vec::new(),
    };
    assert_eq!(bench.control(&claim), []);
    let actions = bench.rotate_to(&key);
    assert!(matches!(actions[..], [Action::Forked { .. }, ..]));
    assert!(bench.exchange.replica(&bench.origin()).unwrap().is_frozen());
}
