//! Cosignatures that were missed, and when a cosigner vouches.

use super::*;

impl Bench {
    /// The first member's cosignature of its own log at three leaves.
    fn cosignature(&self) -> VerifiedCosignature {
        let member = &self.network.members[0];
        let name = self.network.genesis.witness(member.code());
        let time = CosignatureTime::from_unix_seconds(self.now.value() / 1_000).unwrap();
        VerifiedCosignature::sign(&self.head(3), name, time, &member.witness).unwrap()
    }

    /// The heads shown when a peer that has just connected says what it has seen vouched for.
    fn shown_to(&mut self, peer: PeerId, vouched: Vouched) -> Vec<Vec<u8>> {
        let member = self.network.members[0].code();
        self.feed(Input::Opened { peer, member });
        let hello = Frame::Hello {
            version: VERSION,
            genesis: self.network.genesis.id(),
            member,
            digest: Hash::from_bytes([9; 32]),
            features: vec![1, 7],
        };
        let bytes = &hello.encode();
        self.feed(Input::Control { peer, bytes });
        self.shown_again(peer, vouched)
    }

    fn shown_again(&mut self, peer: PeerId, vouched: Vouched) -> Vec<Vec<u8>> {
        let frontier = Frame::Frontier(vec![FrontierEntry {
            origin: self.origin(),
            size: TreeSize::new(3).unwrap(),
            root: tree(3).root(),
            bodies: TreeSize::ZERO,
            vouched,
        }]);
        let bytes = &frontier.encode();
        let actions = self.feed(Input::Control { peer, bytes });
        let frames = actions.iter().filter_map(|action| {
            let Action::Send { frame, .. } = action else {
                return None;
            };
            match Frame::decode(frame) {
                Ok(Frame::Checkpoint { note }) => Some(note.to_vec()),
                _ => None,
            }
        });
        frames.collect()
    }
}

// spec: EXC-23
#[test]
fn peer_that_missed_a_cosignature_is_shown_the_head_with_it_once() {
    let mut bench = Bench::holding();
    let cosignature = bench.cosignature();
    let line = cosignature.cosignature().to_line().to_string();
    bench.control(&Frame::Cosign {
        origin: bench.origin(),
        size: TreeSize::new(3).unwrap(),
        root: tree(3).root(),
        line: line.trim_end_matches('\n'),
    });
    let mut cosigned = bench.head(3);
    cosigned.add_cosignature(&cosignature).unwrap();
    let missed = bench.shown_to(PeerId(2), Vouched::default());
    assert_eq!(missed, [cosigned.to_bytes()]);
    let again = bench.shown_again(PeerId(2), Vouched::default());
    assert!(again.is_empty(), "once a connection");
    let member = bench.network.members[0].code();
    let knows = Vouched::of([(member, TreeSize::new(3).unwrap())]);
    assert!(bench.shown_to(PeerId(3), knows).is_empty(), "it knows");
}

/// Where histories part, what was witnessed before is all that is sure; whoever lost it or was away
/// learns it like any other cosignature.
// spec: EXC-62
#[test]
fn cosignatures_over_what_is_held_of_a_frozen_log_are_shown_and_counted() {
    let mut bench = Bench::holding();
    let cosignature = bench.cosignature();
    let mut cosigned = bench.head(3);
    cosigned.add_cosignature(&cosignature).unwrap();
    let other = |size: u8| {
        let (root, size) = (Hash::from_bytes([size; 32]), u64::from(size));
        let size = TreeSize::new(size).unwrap();
        let checkpoint = Checkpoint::new(bench.origin(), size, root).unwrap();
        VerifiedCheckpoint::sign(&checkpoint, &bench.network.members[0].log).unwrap()
    };
    let (mut contradicting, beyond) = (other(3), other(5).to_bytes());
    let unsigned = &contradicting.to_bytes();
    let name = bench
        .network
        .genesis
        .witness(bench.network.members[0].code());
    let time = CosignatureTime::from_unix_seconds(bench.now.value() / 1_000).unwrap();
    let key = &bench.network.members[0].witness;
    let false_one = VerifiedCosignature::sign(&contradicting, name, time, key).unwrap();
    contradicting.add_cosignature(&false_one).unwrap();
    let mut policy = bench.network.registry.policy().clone();
    policy.quorum = 1;
    policy.cosigners = vec![bench.network.members[0].code()];
    bench.network.append(Content::Policy(policy)).unwrap();
    bench.feed(Input::RegistryChanged);
    bench.control(&Frame::Checkpoint { note: unsigned });
    let frozen = |bench: &Bench| {
        let replica = bench.exchange.replica(&bench.origin()).unwrap();
        assert!(replica.is_frozen());
        replica.witnessed().size.value()
    };
    assert_eq!(frozen(&bench), 0);
    // Not over another history than the one held, nor over leaves that are not.
    for note in [contradicting.to_bytes(), beyond] {
        bench.control(&Frame::Checkpoint { note: &note });
        assert_eq!(frozen(&bench), 0);
    }
    let note = &cosigned.to_bytes();
    bench.control(&Frame::Checkpoint { note });
    assert_eq!(frozen(&bench), 3);
    let missed = bench.shown_to(PeerId(2), Vouched::default());
    assert_eq!(missed, [cosigned.to_bytes()]);
}

// spec: EXC-24
#[test]
fn cosigner_vouches_for_what_it_holds_when_it_may_sign_and_with_every_heartbeat() {
    let mut bench = Bench::holding();
    let cosign = [Action::Cosign {
        head: bench.head(3),
    }];
    assert_eq!(bench.feed(Input::SigningOpened), cosign);
    assert_eq!(bench.feed(Input::RegistryChanged), cosign);
    let heartbeat = bench.network.registry.policy().heartbeat_ms;
    assert!(!bench.wait(heartbeat / 2).contains(&cosign[0]));
    assert!(bench.wait(heartbeat).contains(&cosign[0]));
}

// spec: EXC-24
#[test]
fn member_that_becomes_a_cosigner_vouches_for_what_it_holds_already() {
    let mut bench = Bench::holding();
    let mut policy = bench.network.registry.policy().clone();
    let me = bench.network.members[1].code();
    policy.cosigners.retain(|cosigner| *cosigner != me);
    let without = Content::Policy(policy.clone());
    bench.network.append(without).unwrap();
    assert_eq!(bench.feed(Input::RegistryChanged), []);
    policy.cosigners.push(me);
    policy.cosigners.sort();
    bench.network.append(Content::Policy(policy)).unwrap();
    let head = bench.head(3);
    assert_eq!(
        bench.feed(Input::RegistryChanged),
        [Action::Cosign { head }]
    );
}
