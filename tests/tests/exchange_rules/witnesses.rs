//! Cosignatures that were missed, and when a cosigner vouches.

use concordat_protocol::log::note::{KeyName, NOTE_SIGNATURES_MAX, SignatureLine};

use super::*;

impl Bench {
    /// Holds three leaves, and was shown the first member's cosignature of them, in the head given.
    fn holding_cosigned() -> (Self, VerifiedCheckpoint) {
        let mut bench = Self::holding();
        let cosignature = bench.cosignature();
        bench.show_cosignature(&cosignature);
        let mut cosigned = bench.head(3);
        cosigned.add_cosignature(&cosignature).unwrap();
        (bench, cosigned)
    }

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
        let hello = hello(self.network.genesis.id(), member);
        let bytes = &hello.encode();
        self.feed(Input::Control { peer, bytes });
        self.shown_again(peer, vouched)
    }

    fn shown_again(&mut self, peer: PeerId, vouched: Vouched) -> Vec<Vec<u8>> {
        self.shown_at(peer, 3, vouched)
    }

    fn shown_at(&mut self, peer: PeerId, size: u8, vouched: Vouched) -> Vec<Vec<u8>> {
        let frontier = Frame::Frontier(vec![FrontierEntry {
            origin: self.origin(),
            size: TreeSize::new(u64::from(size)).unwrap(),
            root: tree(size).root(),
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
    let (mut bench, cosigned) = Bench::holding_cosigned();
    let missed = bench.shown_to(PeerId(2), Vouched::default());
    assert_eq!(missed, [cosigned.to_bytes()]);
    let again = bench.shown_again(PeerId(2), Vouched::default());
    assert!(again.is_empty(), "once a connection");
    let member = bench.network.members[0].code();
    let knows = Vouched::of([(member, TreeSize::new(3).unwrap())]);
    assert!(bench.shown_to(PeerId(3), knows).is_empty(), "it knows");
}

/// A peer whose leaves lag behind when it first speaks of the log is owed what it missed beyond them:
/// whoever cosigned does not show it again before its next heartbeat.
// spec: EXC-80
#[test]
fn peer_that_lagged_behind_a_cosignature_is_shown_it_once_it_holds_the_leaves() {
    let (mut bench, cosigned) = Bench::holding_cosigned();
    let (peer, member) = (PeerId(2), bench.network.members[0].code());
    bench.feed(Input::Opened { peer, member });
    let hello = hello(bench.network.genesis.id(), member).encode();
    bench.feed(Input::Control {
        peer,
        bytes: &hello,
    });
    let unknown = Vouched::default();
    let announced = bench.shown_at(peer, 1, unknown);
    assert_eq!(announced.len(), 1, "the newest head, as always");
    assert!(bench.shown_at(peer, 2, unknown).is_empty(), "not held");
    assert_eq!(bench.shown_at(peer, 3, unknown), [cosigned.to_bytes()]);
    assert!(bench.shown_at(peer, 3, unknown).is_empty(), "once");
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

impl Bench {
    /// The hub connects and says what it holds of the log, and has seen cosigned of it.
    fn hub_says(&mut self, vouched: Vouched) {
        let (peer, member) = (PeerId(7), self.network.hub.code());
        self.feed(Input::Opened { peer, member });
        let hello = hello(self.network.genesis.id(), member);
        let bytes = &hello.encode();
        self.feed(Input::Control { peer, bytes });
        self.says(peer, vouched);
    }

    fn says(&mut self, peer: PeerId, vouched: Vouched) {
        let frontier = Frame::Frontier(vec![self.line(vouched)]);
        let bytes = &frontier.encode();
        self.feed(Input::Control { peer, bytes });
    }

    fn line(&self, vouched: Vouched) -> FrontierEntry {
        FrontierEntry {
            origin: self.origin(),
            size: TreeSize::new(3).unwrap(),
            root: tree(3).root(),
            bodies: TreeSize::ZERO,
            vouched,
        }
    }

    /// Our own cosignature of three leaves.
    fn mine(&self, head: &VerifiedCheckpoint) -> VerifiedCheckpoint {
        let member = &self.network.members[1];
        let name = self.network.genesis.witness(member.code());
        let time = CosignatureTime::from_unix_seconds(self.now.value() / 1_000).unwrap();
        let mine = VerifiedCosignature::sign(head, name, time, &member.witness).unwrap();
        let mut head = head.clone();
        head.add_cosignature(&mine).unwrap();
        head
    }
}

fn cosigns(actions: &[Action]) -> bool {
    actions
        .iter()
        .any(|action| matches!(action, Action::Cosign { .. }))
}

/// Who is asked what was cosigned, by naming a log twice.
fn asked_what_was_cosigned(actions: &[Action]) -> Vec<PeerId> {
    let asked = actions.iter().filter_map(|action| {
        let Action::Send { peer, frame } = action else {
            return None;
        };
        let Ok(Frame::Frontier(entries)) = Frame::decode(frame) else {
            return None;
        };
        (entries.len() == 2 && entries[0] == entries[1]).then_some(*peer)
    });
    asked.collect()
}

/// The author may be the one who shows it another history; only the hub is left to be asked here.
// spec: STO-48
#[test]
fn witness_that_forgot_cosigns_once_others_have_seen_no_other_cosignature_of_its_own() {
    let mut bench = Bench::holding();
    bench
        .exchange
        .forget_promises(std::collections::BTreeSet::new());
    assert!(!cosigns(&bench.feed(Input::SigningOpened)));
    bench.says(PEER, Vouched::default());
    assert!(!cosigns(&bench.feed(Input::Settled)));
    let me = bench.network.members[1].code();
    let vouched = Vouched::of([(me, TreeSize::new(3).unwrap())]);
    bench.hub_says(vouched);
    let actions = bench.feed(Input::Settled);
    assert_eq!(asked_what_was_cosigned(&actions), [PeerId(7)]);
    assert!(!cosigns(&actions));
    let heartbeat = bench.network.registry.policy().heartbeat_ms;
    assert!(!cosigns(&bench.wait(heartbeat)));
    let note = &bench.mine(&bench.head(3)).to_bytes();
    bench.control(&Frame::Checkpoint { note });
    assert!(cosigns(&bench.feed(Input::Settled)));
    assert!(cosigns(&bench.wait(heartbeat)));
}

// spec: STO-48
#[test]
fn witness_that_forgot_cosigns_no_history_but_the_one_that_it_cosigned() {
    let mut bench = Bench::holding();
    bench
        .exchange
        .forget_promises(std::collections::BTreeSet::new());
    bench.feed(Input::SigningOpened);
    let me = bench.network.members[1].code();
    bench.hub_says(Vouched::of([(me, TreeSize::new(3).unwrap())]));
    let (root, size) = (Hash::from_bytes([3; 32]), TreeSize::new(3).unwrap());
    let other = Checkpoint::new(bench.origin(), size, root).unwrap();
    let other = VerifiedCheckpoint::sign(&other, &bench.network.members[0].log).unwrap();
    let note = &bench.mine(&other).to_bytes();
    let actions = bench.control(&Frame::Checkpoint { note });
    assert!(matches!(actions[..], [Action::Forked { .. }, ..]));
    assert!(!cosigns(&bench.feed(Input::Settled)));
    let heartbeat = bench.network.registry.policy().heartbeat_ms;
    assert!(!cosigns(&bench.wait(heartbeat)));
}

// spec: EXC-63
#[test]
fn log_named_twice_is_answered_with_the_heads_cosigned_and_the_line_held() {
    let mut bench = Bench::holding();
    let head = bench.mine(&bench.head(3));
    let note = &head.to_bytes();
    bench.control(&Frame::Checkpoint { note });
    bench.says(PEER, Vouched::default());
    let twice = vec![bench.line(Vouched::default()); 2];
    let actions = bench.control(&Frame::Frontier(twice));
    let sent = actions.iter().filter_map(|action| {
        let Action::Send { frame, .. } = action else {
            return None;
        };
        Frame::decode(frame).ok()
    });
    let sent: Vec<_> = sent.collect();
    let shown = Frame::Checkpoint {
        note: &head.to_bytes(),
    };
    assert_eq!(sent[0], shown);
    let me = bench.network.members[1].code();
    let vouched = Vouched::of([(me, TreeSize::new(3).unwrap())]);
    let Frame::Frontier(lines) = &sent[1] else {
        panic!("{sent:?}");
    };
    assert_eq!((lines.len(), lines[0].vouched), (1, vouched));
    // A question that is answered already gets the line alone.
    let twice = vec![bench.line(vouched); 2];
    let actions = bench.control(&Frame::Frontier(twice));
    assert_eq!(actions.len(), 2, "{actions:?}");
}

impl Bench {
    /// Holds three leaves under a head whose note a peer has filled with lines that nobody made.
    fn holding_under(lines: Vec<SignatureLine>) -> Self {
        let mut bench = Self::greeted();
        let mut note = bench.head(3).note().clone();
        for line in lines {
            note.add_line(line).unwrap();
        }
        let note = note.to_string().into_bytes();
        let request = asked(&bench.control(&Frame::Checkpoint { note: &note })).unwrap();
        bench.take_leaves(request);
        bench
    }

    fn show_cosignature(&mut self, cosignature: &VerifiedCosignature) {
        let line = cosignature.cosignature().to_line().to_string();
        self.control(&Frame::Cosign {
            origin: self.origin(),
            size: TreeSize::new(3).unwrap(),
            root: tree(3).root(),
            line: line.trim_end_matches('\n'),
        });
    }
}

/// A line that says the same as another, under a signature that nobody made.
fn forged(line: &SignatureLine, name: &str) -> SignatureLine {
    let mut bytes = line.signature().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let name = KeyName::new(name).unwrap();
    SignatureLine::new(name, line.key_id(), bytes).unwrap()
}

// spec: EXC-70
#[test]
fn head_with_a_forged_cosignature_is_kept_without_it_and_takes_the_true_one() {
    let cosignature = Bench::greeted().cosignature();
    let line = cosignature.cosignature().to_line();
    let mut bench = Bench::holding_under(vec![forged(&line, cosignature.witness().as_str())]);
    let held = bench.exchange.replica(&bench.origin()).unwrap().head();
    assert_eq!(held, Some(&bench.head(3)));
    let cosignature = bench.cosignature();
    bench.show_cosignature(&cosignature);
    let mut cosigned = bench.head(3);
    cosigned.add_cosignature(&cosignature).unwrap();
    let held = bench.exchange.replica(&bench.origin()).unwrap().head();
    assert_eq!(held, Some(&cosigned));
}

// spec: EXC-70
#[test]
fn note_that_is_full_of_lines_by_nobody_makes_room_for_a_cosignature() {
    let cosignature = Bench::greeted().cosignature();
    let line = cosignature.cosignature().to_line();
    let lines = (1..NOTE_SIGNATURES_MAX).map(|n| forged(&line, &format!("nobody-{n}")));
    let mut bench = Bench::holding_under(lines.collect());
    let cosignature = bench.cosignature();
    bench.show_cosignature(&cosignature);
    let mut cosigned = bench.head(3);
    cosigned.add_cosignature(&cosignature).unwrap();
    let held = bench.exchange.replica(&bench.origin()).unwrap().head();
    assert_eq!(held, Some(&cosigned));
}

/// A hub came back from a backup and never cosigned again: it waited for the word of a member whose node
/// key had been cut off.
// spec: STO-48, STO-71, ADM-130
#[test]
fn witness_that_forgot_waits_for_nobody_who_cannot_connect() {
    let mut bench = Bench::holding();
    let third = TestPlan::numbered(3, 1).members.pop().unwrap();
    let third = bench.network.outsider(third).unwrap();
    bench.network.enrol(&third).unwrap();
    let me = bench.network.members[1].code();
    let policy = Policy {
        cosigners: vec![me],
        quorum: 1,
        faults: 0,
        ..bench.network.registry.policy().clone()
    };
    bench.network.append(Content::Policy(policy)).unwrap();
    bench
        .exchange
        .forget_promises(std::collections::BTreeSet::new());
    bench.feed(Input::SigningOpened);
    bench.hub_says(Vouched::default());
    assert!(!cosigns(&bench.feed(Input::Settled)));
    let since = bench.now;
    bench.wait(60_000);
    bench.feed(Input::Settled);
    let waiting = bench.exchange.waiting().unwrap();
    assert_eq!((waiting.since, waiting.logs), (since, 1));
    assert_eq!(waiting.missing, [third.code()].into());
    let cut_off = CutOff {
        member: third.code(),
        key_use: KeyUse::Node,
        key: third.node.public_key(),
        from: None,
        continues: None,
        replacement: None,
        next: None,
    };
    bench.network.append(Content::CutOff(cut_off)).unwrap();
    assert!(cosigns(&bench.feed(Input::Settled)));
    assert_eq!(bench.exchange.waiting(), None);
}
