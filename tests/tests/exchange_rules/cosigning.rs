//! Cosignatures that cannot be counted yet: of leaves not held, by witnesses not known, of a time to come.

use concordat_certs::network::TestMember;
use concordat_protocol::exchange::{Restored, Witnessed};
use concordat_protocol::log::note::KeyName;
use concordat_protocol::log::{CompactRange, WitnessName};

use super::*;

/// The hub is connected as well.
const HUB: PeerId = PeerId(7);
const MINUTE_MS: u64 = 60 * 1_000;

impl Bench {
    fn connect(&mut self, peer: PeerId, member: concordat_protocol::subject::AuthorityCode) {
        self.feed(Input::Opened { peer, member });
        let hello = hello(self.network.genesis.id(), member);
        let bytes = &hello.encode();
        self.feed(Input::Control { peer, bytes });
    }

    fn name_of(&self, member: &TestMember) -> WitnessName {
        self.network.genesis.witness(member.code())
    }

    /// A member's cosignature, made some milliseconds from now.
    fn cosignature_by(&self, member: &TestMember, size: u8, later: u64) -> VerifiedCosignature {
        let seconds = (self.now.value() + later) / 1_000;
        let time = CosignatureTime::from_unix_seconds(seconds).unwrap();
        let name = self.name_of(member);
        VerifiedCosignature::sign(&self.head(size), name, time, &member.witness).unwrap()
    }

    fn shows(&mut self, peer: PeerId, cosignature: &VerifiedCosignature) -> Vec<Action> {
        let checkpoint = cosignature.checkpoint().clone();
        let line = cosignature.cosignature().to_string();
        self.shows_line(peer, checkpoint.size(), *checkpoint.root(), &line)
    }

    fn shows_line(&mut self, peer: PeerId, size: TreeSize, root: Hash, line: &str) -> Vec<Action> {
        let origin = self.origin();
        let frame = Frame::Cosign {
            origin,
            size,
            root,
            line,
        };
        let bytes = &frame.encode();
        self.feed(Input::Control { peer, bytes })
    }

    /// Whether the head of three leaves is kept with just this cosignature.
    fn keeps(&self, cosignature: &VerifiedCosignature) -> bool {
        let mut cosigned = self.head(3);
        cosigned.add_cosignature(cosignature).unwrap();
        self.exchange.replica(&self.origin()).unwrap().head() == Some(&cosigned)
    }

    fn outsider(&mut self) -> TestMember {
        let authority = TestPlan::numbered(3, 1).members.remove(2);
        self.network.outsider(authority).unwrap()
    }

    fn cosigners_are(&mut self, members: &[&TestMember], quorum: u64) -> Vec<Action> {
        let mut policy = self.network.registry.policy().clone();
        policy.cosigners = members.iter().map(|member| member.code()).collect();
        policy.cosigners.sort();
        policy.quorum = quorum;
        self.network.append(Content::Policy(policy)).unwrap();
        self.feed(Input::RegistryChanged)
    }

    fn witnessed(&self) -> Witnessed {
        self.exchange.replica(&self.origin()).unwrap().witnessed()
    }
}

fn has_refused(actions: &[Action], violation: Violation) -> bool {
    let refused =
        |action: &Action| matches!(action, Action::Report { violation: v, .. } if *v == violation);
    actions.iter().any(refused)
}

// spec: EXC-75
#[test]
fn cosignature_line_longer_than_any_is_no_frame() {
    let mut bench = Bench::holding();
    let size = TreeSize::new(9).unwrap();
    let long = "a".repeat(limits::COSIGNATURE_LINE_BYTES_MAX + 1);
    let actions = bench.shows_line(PEER, size, tree(3).root(), &long);
    let expected = [report(Violation::Malformed), close(ErrorCode::Malformed)];
    assert_eq!(actions, expected);
}

// spec: EXC-76
#[test]
fn cosignature_beyond_what_is_held_counts_as_invalid_unless_its_witness_made_it() {
    let mut bench = Bench::greeted();
    bench.ask();
    let hub = bench.network.hub.clone();
    let line = bench.cosignature_by(&hub, 3, 0).cosignature().to_line();
    let mut bytes = line.signature().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let name = KeyName::new(bench.name_of(&hub).as_str()).unwrap();
    let forged = concordat_protocol::log::note::SignatureLine::new(name, line.key_id(), bytes);
    let (forged, three) = (forged.unwrap().to_string(), TreeSize::new(3).unwrap());
    for line in [forged.as_str(), "no line"] {
        let actions = bench.shows_line(PEER, three, tree(3).root(), line);
        assert_eq!(actions, [report(Violation::BadCosignature)]);
    }
}

// spec: EXC-76, EXC-77
#[test]
fn what_others_show_pushes_out_no_cosignature_that_waits_for_its_leaves() {
    let mut bench = Bench::greeted();
    let request = bench.ask();
    let (hub, author) = (bench.network.hub.clone(), bench.network.members[0].clone());
    let stranger = bench.outsider();
    bench.connect(HUB, hub.code());
    let honest = bench.cosignature_by(&hub, 3, 0);
    bench.shows(HUB, &honest);
    for size in 4..60 {
        for witness in [&author, &stranger] {
            let cosignature = bench.cosignature_by(witness, size, 0);
            let actions = bench.shows(PEER, &cosignature);
            assert!(!has_refused(&actions, Violation::BadCosignature));
        }
    }
    bench.take_leaves(request);
    assert!(bench.keeps(&honest));
}

/// Whoever shows a head first knows fewer cosignatures of it than whoever shows it next.
// spec: EXC-81
#[test]
fn cosignature_in_a_head_that_is_known_already_counts_once_its_leaves_are_held() {
    let mut bench = Bench::greeted();
    let request = bench.ask();
    let hub = bench.network.hub.clone();
    bench.connect(HUB, hub.code());
    let cosignature = bench.cosignature_by(&hub, 3, 0);
    let mut head = bench.head(3);
    head.add_cosignature(&cosignature).unwrap();
    let bytes = &Frame::Checkpoint {
        note: &head.to_bytes(),
    }
    .encode();
    bench.feed(Input::Control { peer: HUB, bytes });
    bench.take_leaves(request);
    assert!(bench.keeps(&cosignature));
}

/// A cosignature that overtakes the entry that names its witness.
// spec: EXC-77
#[test]
fn cosignature_by_a_witness_not_known_yet_waits_as_long_as_who_showed_it_is_there() {
    for stays in [true, false] {
        let mut bench = Bench::holding();
        let (hub, stranger) = (bench.network.hub.clone(), bench.outsider());
        bench.connect(HUB, hub.code());
        let cosignature = bench.cosignature_by(&stranger, 3, 0);
        bench.shows(HUB, &cosignature);
        if !stays {
            bench.feed(Input::Closed { peer: HUB });
        }
        bench.network.enrol(&stranger).unwrap();
        bench.cosigners_are(&[&hub, &stranger], 2);
        assert_eq!(bench.keeps(&cosignature), stays);
    }
}

impl Bench {
    /// Holds three leaves, and the first member is the one cosigner.
    fn with_one_cosigner() -> (Self, TestMember) {
        let mut bench = Self::holding();
        let member = bench.network.members[0].clone();
        bench.cosigners_are(&[&member], 1);
        (bench, member)
    }

    /// Starts anew with these heads.
    fn restart_with(&mut self, heads: Vec<VerifiedCheckpoint>) {
        let mut range = CompactRange::new();
        for number in 0..3 {
            range.append(leaf(number).hash()).unwrap();
        }
        let restored = Restored {
            origin: self.origin(),
            own: false,
            range,
            course: concordat_protocol::statement::CtxCourse::default(),
            heads,
            act_gaps: concordat_protocol::exchange::Gaps::default(),
            data_gaps: concordat_protocol::exchange::Gaps::default(),
        };
        let me = self.network.members[1].code();
        self.exchange = Exchange::new(me, self.now, vec![restored]);
        let world = World {
            now: self.now,
            clock: self.now,
            registry: &self.network.registry,
            logs: &self.logs,
        };
        self.exchange.restore_witnesses(world);
    }
}

fn at(cosignature: &VerifiedCosignature) -> Option<Timestamp> {
    Timestamp::new(cosignature.time().unix_seconds() * 1_000).ok()
}

// spec: EXC-78
#[test]
fn time_of_a_cosignature_counts_up_to_five_minutes_ahead_of_the_clock() {
    let (mut bench, member) = Bench::with_one_cosigner();
    let near = bench.cosignature_by(&member, 3, limits::COSIGNATURE_AHEAD_MAX_MS);
    let far = bench.cosignature_by(&member, 3, limits::COSIGNATURE_AHEAD_MAX_MS + 1_000);
    bench.shows(PEER, &near);
    assert_eq!(bench.witnessed().at, at(&near));
    bench.shows(PEER, &far);
    assert_eq!(bench.witnessed().at, at(&near));
}

// spec: EXC-78
#[test]
fn cosignature_ahead_of_the_clock_counts_for_its_size_and_for_its_time_once_that_is_here() {
    let (mut bench, member) = Bench::with_one_cosigner();
    let day = 24 * 60 * MINUTE_MS;
    let ahead = bench.cosignature_by(&member, 3, day);
    bench.shows(PEER, &ahead);
    let seen = bench.witnessed();
    assert_eq!((seen.size.value(), seen.at), (3, None));
    // So it is where the head is read again.
    let sooner = bench.cosignature_by(&member, 2, day / 2);
    let mut heads = vec![bench.head(2), bench.head(3)];
    heads[0].add_cosignature(&sooner).unwrap();
    heads[1].add_cosignature(&ahead).unwrap();
    bench.restart_with(heads);
    let seen = bench.witnessed();
    assert_eq!((seen.size.value(), seen.at), (3, None));
    bench.wait(day / 4);
    assert_eq!(bench.witnessed().at, None);
    bench.wait(day / 4);
    assert_eq!(bench.witnessed().at, at(&sooner));
    bench.wait(day / 2);
    assert_eq!(bench.witnessed().at, at(&ahead));
}

// spec: EXC-79
#[test]
fn cosignature_of_now_takes_the_place_of_one_ahead_of_the_clock() {
    let (mut bench, member) = Bench::with_one_cosigner();
    let ahead = bench.cosignature_by(&member, 3, 60 * MINUTE_MS);
    let present = bench.cosignature_by(&member, 3, 0);
    bench.shows(PEER, &ahead);
    bench.shows(PEER, &present);
    assert_eq!(bench.witnessed().at, at(&present));
    assert!(bench.keeps(&present));
    // Nor does it come back.
    bench.shows(PEER, &ahead);
    assert!(bench.keeps(&present));
    let mut kept = bench.head(3);
    kept.add_cosignature(&present).unwrap();
    bench.restart_with(vec![kept]);
    assert_eq!(bench.witnessed().at, at(&present));
}
