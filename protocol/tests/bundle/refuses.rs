//! Forged and mistaken bundles, one departure each, with digests that fit.

use std::sync::Arc;

use concordat_protocol::bundle::{
    Bundle, BundleError, BundleParts, EntryFault, HeadFault, MAGIC, Part, TrustParts, VERSION,
    belonging, verify,
};
use concordat_protocol::codec::DecodeError;
use concordat_protocol::log::cosignature::CosignatureError;
use concordat_protocol::log::inclusion::InclusionError;
use concordat_protocol::log::{Hash, TreeSize, node};
use concordat_protocol::statement::{
    Body, Class, Content, Ground, Kind, Leaf, Notice, StatementRef, Vis,
};
use concordat_protocol::trust::{Network, RejectReason, Verified};

use crate::fixture::{Case, Net, PUBLIC, genesis, penalty};
use crate::raw::{Raw, around};

fn refused(file: &[u8], case: &Case) -> BundleError {
    verify(file, &case.net.anchor(), None)
        .map(|_| ())
        .unwrap_err()
}

fn entry_fault(part: Part, fault: EntryFault) -> BundleError {
    BundleError::Entry {
        part,
        position: 0,
        fault,
    }
}

#[test]
fn file_written_by_hand_is_the_canonical_one() {
    let case = Case::new(5);
    assert_eq!(Raw::of(&case).file(), case.bytes(case.net.included()));
}

// spec: BUN-3
#[test]
fn file_of_another_kind_or_version_is_refused() {
    let case = Case::new(5);
    let content = Raw::of(&case).content();
    let file = around(b"\x89CCDB\n\n\x1a", VERSION, &content);
    assert_eq!(refused(&file, &case), BundleError::NotABundle);
    let file = around(&MAGIC, 2, &content);
    assert_eq!(refused(&file, &case), BundleError::Version { version: 2 });
}

// spec: BUN-4
#[test]
fn second_encoding_of_a_bundle_is_refused() {
    let case = Case::new(5);
    let raw = Raw::of(&case);
    // The last value, 1, in two bytes.
    let mut content = raw.content();
    content.truncate(content.len() - 1);
    content.extend([0x18, 0x01]);
    let file = around(&MAGIC, VERSION, &content);
    assert!(matches!(
        refused(&file, &case),
        BundleError::Decode(DecodeError::NotShortest { .. })
    ));
    let mut content = raw.content();
    content.push(0);
    let file = around(&MAGIC, VERSION, &content);
    assert!(matches!(
        refused(&file, &case),
        BundleError::Decode(DecodeError::Trailing { count: 1, .. })
    ));
}

// spec: BUN-26
#[test]
fn claim_that_this_version_cannot_prove_is_refused() {
    let case = Case::new(5);
    let mut raw = Raw::of(&case);
    raw.later_acts = 2;
    assert!(matches!(
        refused(&raw.file(), &case),
        BundleError::Decode(DecodeError::Shape { .. })
    ));
}

// spec: BUN-5
#[test]
fn lists_out_of_order_or_with_repetitions_are_refused() {
    let case = Case::new(5);
    let raw = Raw::of(&case);
    let mut other = raw.clone();
    other.acts.reverse();
    let order = |part| BundleError::Order { part };
    assert_eq!(refused(&other.file(), &case), order(Part::Acts));
    let mut other = raw.clone();
    other.acts.insert(0, other.acts[0].clone());
    assert_eq!(refused(&other.file(), &case), order(Part::Acts));
    let mut other = raw.clone();
    other.notices.push(other.notices[0].clone());
    assert_eq!(refused(&other.file(), &case), order(Part::Notices));
    let mut other = raw.clone();
    other.related.push(other.statement.clone());
    assert_eq!(refused(&other.file(), &case), order(Part::Related));
    let mut other = raw;
    other.heads.swap(0, 1);
    assert_eq!(refused(&other.file(), &case), order(Part::Heads));
}

// spec: BUN-6
#[test]
fn trust_chain_of_both_forms_or_none_is_refused() {
    let case = Case::new(5);
    let mut raw = Raw::of(&case);
    let root = case
        .net
        .registry
        .root_at(TreeSize::new(4).unwrap())
        .unwrap();
    raw.external = Some((4, root));
    assert_eq!(refused(&raw.file(), &case), BundleError::TrustShape);
    let mut raw = Raw::of(&case);
    raw.genesis = None;
    assert_eq!(refused(&raw.file(), &case), BundleError::TrustShape);
}

// spec: BUN-7
#[test]
fn registry_entry_without_its_body_is_refused() {
    let case = Case::new(5);
    let mut raw = Raw::of(&case);
    raw.entries[0].body = None;
    let expected = entry_fault(Part::Registry, EntryFault::BodyPresence);
    assert_eq!(refused(&raw.file(), &case), expected);
    let mut raw = Raw::of(&case);
    raw.entries[0].body = raw.entries[1].body.clone();
    let expected = entry_fault(Part::Registry, EntryFault::Commit);
    assert_eq!(refused(&raw.file(), &case), expected);
}

// spec: BUN-8
#[test]
fn entry_of_another_kind_or_without_a_head_is_refused() {
    let case = Case::new(5);
    let mut raw = Raw::of(&case);
    raw.statement = raw.acts[0].clone();
    let expected = entry_fault(Part::Statement, EntryFault::Kind);
    assert_eq!(refused(&raw.file(), &case), expected);
    let mut raw = Raw::of(&case);
    raw.statement.log = 9;
    let expected = entry_fault(Part::Statement, EntryFault::Log { log: 9 });
    assert_eq!(refused(&raw.file(), &case), expected);
}

// spec: BUN-15
#[test]
fn another_anchor_is_refused() {
    let case = Case::new(5);
    let bytes = case.bytes(case.net.included());
    let other = Hash::from_bytes([7; 32]);
    let found = case.net.anchor();
    assert_eq!(
        verify(&bytes, &other, None).unwrap_err(),
        BundleError::OtherAnchor { found }
    );
    let registry = Some(&case.net.registry);
    assert_eq!(
        verify(&bytes, &other, registry).unwrap_err(),
        BundleError::RegistryOtherAnchor { found }
    );
}

// spec: BUN-15
#[test]
fn network_that_somebody_else_made_is_refused_by_its_id() {
    let case = Case::new(5);
    let mut raw = Raw::of(&case);
    let approvers = [1, 2].map(|seed| ed25519_dalek::SigningKey::from_bytes(&[seed; 32]));
    let other = genesis(&case.net.hub, &approvers, Network::Test);
    raw.genesis = Some(other.as_bytes().to_vec());
    let found = other.id();
    assert_eq!(
        refused(&raw.file(), &case),
        BundleError::OtherAnchor { found }
    );
}

// spec: BUN-16
#[test]
fn registry_that_leaves_out_its_last_entry_is_refused() {
    let case = Case::new(5);
    let mut raw = Raw::of(&case);
    raw.entries.pop();
    // Without the last entry, which names the cosigners, only the hub may cosign.
    assert!(matches!(
        refused(&raw.file(), &case),
        BundleError::Head {
            fault: HeadFault::NotACosigner,
            ..
        }
    ));
    let at = case
        .net
        .heads(&[])
        .iter()
        .position(|head| *head.origin() == case.net.genesis.registry_origin());
    let head = case
        .net
        .head(&case.net.genesis.registry_origin(), &[&case.net.hub]);
    raw.heads[at.unwrap()] = head.to_bytes();
    assert_eq!(refused(&raw.file(), &case), BundleError::RegistryHead);
}

// spec: BUN-17
#[test]
fn registry_without_a_quorum_is_refused() {
    let case = Case::new(5);
    let net = &case.net;
    let mut parts = case.parts(net.included());
    parts
        .heads
        .retain(|head| *head.origin() != net.genesis.registry_origin());
    parts
        .heads
        .push(net.head(&net.genesis.registry_origin(), &[&net.hub]));
    assert_eq!(
        Bundle::build(parts, &net.registry).unwrap_err(),
        BundleError::RegistryNotWitnessed {
            cosigners: 1,
            quorum: 2
        }
    );
}

// spec: BUN-12
#[test]
fn head_without_a_quorum_reads_provisional() {
    let case = Case::new(5);
    let net = &case.net;
    let mut parts = case.parts(net.included());
    parts
        .heads
        .retain(|head| *head.origin() != net.issuer_log());
    parts
        .heads
        .push(net.head(&net.issuer_log(), &[&net.receiver]));
    let bundle = Bundle::build(parts, &net.registry).unwrap();
    let bytes = bundle.encode().unwrap();
    let verified = verify(&bytes, &net.anchor(), None).unwrap();
    assert!(!verified.is_witnessed(&case.decision));
    assert!(verified.is_witnessed(&case.objection));
    let head = verified.head(&net.issuer_log()).unwrap();
    assert_eq!(
        (head.counting(), head.quorum(), head.quorum_time()),
        (1, 2, None)
    );
    assert!(!verified.report().statement.witnessed);
}

// spec: BUN-10, BUN-11
#[test]
fn head_with_foreign_or_misplaced_lines_is_refused() {
    let case = Case::new(5);
    let at = 0;
    let head = String::from_utf8(Raw::of(&case).heads[at].clone()).unwrap();
    let lines: Vec<&str> = head.lines().collect();
    let with = |order: &[usize]| {
        let mut raw = Raw::of(&case);
        let lines: String = order.iter().map(|at| format!("{}\n", lines[*at])).collect();
        raw.heads[at] = lines.into_bytes();
        refused(&raw.file(), &case)
    };
    let fault = |fault| BundleError::Head {
        position: at,
        fault,
    };
    assert_eq!(with(&[0, 1, 2, 3, 5, 4, 6, 7]), fault(HeadFault::LineOrder));
    assert_eq!(with(&[0, 1, 2, 3, 4, 6, 5, 7]), fault(HeadFault::LineOrder));
}

// spec: BUN-11
#[test]
fn cosignature_by_another_key_is_refused() {
    let case = Case::new(5);
    let net = &case.net;
    let mut impostor = net.receiver.clone();
    impostor.witness = ed25519_dalek::SigningKey::from_bytes(&[99; 32]);
    let mut raw = Raw::of(&case);
    let origin = net.issuer_log();
    let at = net.logs.keys().position(|one| *one == origin).unwrap();
    raw.heads[at] = net
        .head(&origin, &[&net.hub, &net.issuer, &impostor])
        .to_bytes();
    assert!(matches!(
        refused(&raw.file(), &case),
        BundleError::Head {
            fault: HeadFault::Cosignature(CosignatureError::OtherKey { .. }),
            ..
        }
    ));
}

// spec: BUN-18, BUN-19
#[test]
fn heads_missing_and_heads_unused_are_refused() {
    let case = Case::new(5);
    let net = &case.net;
    let mut parts = case.parts(net.included());
    parts.notices.clear();
    parts.heads.retain(|head| *head.origin() != net.register());
    assert_eq!(
        Bundle::build(parts, &net.registry).unwrap_err(),
        BundleError::HeadMissing {
            origin: net.register()
        }
    );
    let mut raw = Raw::of(&case);
    let origin = net.receiver_log();
    raw.acts.retain(|act| act.entry.origin != origin);
    raw.notices.clear();
    assert_eq!(
        refused(&raw.file(), &case),
        BundleError::HeadUnused { origin }
    );
}

// spec: BUN-13
#[test]
fn swapped_proofs_and_bodies_are_refused() {
    let case = Case::new(5);
    let mut raw = Raw::of(&case);
    raw.statement.entry.proof = raw.notices[0].entry.proof.clone();
    assert!(matches!(
        refused(&raw.file(), &case),
        BundleError::Entry {
            part: Part::Statement,
            fault: EntryFault::Inclusion(InclusionError::HashCount { .. }),
            ..
        }
    ));
    let mut raw = Raw::of(&case);
    let (first, second) = (raw.acts[0].clone(), raw.acts[1].clone());
    raw.acts[0].entry.proof = second.entry.proof;
    raw.acts[1].entry.proof = first.entry.proof;
    assert!(matches!(
        refused(&raw.file(), &case),
        BundleError::Entry {
            part: Part::Acts,
            fault: EntryFault::Inclusion(_),
            ..
        }
    ));
    let mut raw = Raw::of(&case);
    raw.statement.entry.body = raw.acts[0].entry.body.clone();
    let expected = entry_fault(Part::Statement, EntryFault::Commit);
    assert_eq!(refused(&raw.file(), &case), expected);
}

// spec: BUN-14
#[test]
fn statement_that_the_registry_does_not_let_stand_is_refused() {
    let mut net = Net::new(5);
    let mut stranger = net.receiver.clone();
    stranger.code = net.issuer.code;
    let content = Content::Decision(Box::new(
        concordat_protocol::statement::Decision::new(penalty()).unwrap(),
    ));
    let decision = net.say(&stranger, &net.issuer_log(), content, None);
    let expected = EntryFault::Rejected(RejectReason::KeyUnknown);
    assert_eq!(
        build_alone(&net, &decision),
        Err(entry_fault(Part::Statement, expected))
    );
}

// spec: BUN-14, BUN-20
#[test]
fn statement_under_a_later_registry_than_the_bundle_is_refused() {
    let case = Case::new(5);
    let mut raw = Raw::of(&case);
    let origin = case.net.genesis.registry_origin();
    let at = case.net.logs.keys().position(|one| *one == origin).unwrap();
    raw.heads.remove(at);
    let entries = [&mut raw.statement]
        .into_iter()
        .chain(&mut raw.acts)
        .chain(&mut raw.notices);
    for entry in entries {
        entry.log -= u64::from(entry.log > at as u64);
    }
    (raw.genesis, raw.entries) = (None, vec![]);
    let external = |size: u64| {
        let size = TreeSize::new(size).unwrap();
        let mut raw = raw.clone();
        // The cosigners of the heads join with the fourth entry.
        raw.external = Some((size.value(), case.net.registry.root_at(size).unwrap()));
        let verdict = verify(&raw.file(), &case.net.anchor(), Some(&case.net.registry));
        verdict.map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(external(4), Ok(()));
    assert!(external(3).is_err());
    let mut root = raw.clone();
    root.external = Some((4, Hash::from_bytes([1; 32])));
    let size = TreeSize::new(4).unwrap();
    let verdict = verify(&root.file(), &case.net.anchor(), Some(&case.net.registry));
    assert_eq!(verdict.unwrap_err(), BundleError::RegistryForked { size });
    root.external = Some((5, Hash::from_bytes([1; 32])));
    let verdict = verify(&root.file(), &case.net.anchor(), Some(&case.net.registry));
    assert_eq!(
        verdict.unwrap_err(),
        BundleError::RegistryTooSmall {
            size: TreeSize::new(5).unwrap(),
            held: size
        }
    );
}

/// Whoever stole a log key goes on signing heads with it.
// spec: BUN-27
#[test]
fn head_by_a_log_key_that_was_cut_off_is_refused_beyond_or_beside_its_last_head() {
    let case = Case::new(5);
    let bytes = case.bytes(case.net.included());
    let origin = case.net.issuer_log();
    let position = case.net.logs.keys().position(|log| *log == origin).unwrap();
    let log = &case.net.logs[&origin];
    let root = node::root_at(log, log.tree_size()).unwrap();
    let verdict = |size: u64, root| {
        let mut net = case.net.clone();
        net.cut_off_issuer_log((TreeSize::new(size).unwrap(), root));
        verify(&bytes, &case.net.anchor(), Some(&net.registry)).map(|_| ())
    };
    let refused = BundleError::Head {
        position,
        fault: HeadFault::LogKeyCutOff,
    };
    let other = Hash::from_bytes([4; 32]);
    assert_eq!(verdict(log.size, root), Ok(()));
    assert_eq!(verdict(log.size - 1, other), Err(refused.clone()));
    assert_eq!(verdict(log.size, other), Err(refused));
    assert_eq!(verdict(log.size + 1, other), Ok(()));
}

// spec: BUN-21
#[test]
fn newer_registry_adds_the_cut_offs_since() {
    let mut case = Case::new(5);
    let bytes = case.bytes(case.net.included());
    case.net.cut_off_issuer(case.decision.index.value());
    let verified = verify(&bytes, &case.net.anchor(), Some(&case.net.registry)).unwrap();
    let signed_by = verified.signed_by(verified.statement()).unwrap();
    assert!(signed_by.cut_off);
    assert!(verified.report().statement.cut_off);
    assert_eq!(verified.horizon().registry.value(), 4);
    let before = verify(&bytes, &case.net.anchor(), None).unwrap();
    assert!(!before.signed_by(before.statement()).unwrap().cut_off);
}

// spec: BUN-21
#[test]
fn registry_that_forked_from_the_one_given_is_refused() {
    let mut case = Case::new(5);
    let mut other = Net::new(6);
    other.cut_off_issuer(0);
    case.net.cut_off_issuer(1);
    let bytes = case.bytes(case.net.included());
    let size = TreeSize::new(5).unwrap();
    assert_eq!(
        verify(&bytes, &case.net.anchor(), Some(&other.registry)).unwrap_err(),
        BundleError::RegistryForked { size }
    );
}

// spec: BUN-22
#[test]
fn entries_that_have_nothing_to_do_with_the_statement_are_refused() {
    let mut case = Case::new(5);
    let other = case.net.decide(crate::fixture::other_penalty(None));
    let (act, notice) = case.net.object(&other, Ground::Basis);
    let seen = case.net.saw(&case.net.register(), 0);
    let unrelated = |part, position| Err(BundleError::Unrelated { part, position });
    let build = |change: &dyn Fn(&mut BundleParts)| {
        let mut parts = case.parts(case.net.included());
        change(&mut parts);
        Bundle::build(parts, &case.net.registry).map(|_| ())
    };
    let net = &case.net;
    assert_eq!(
        build(&|parts| parts.related.push(net.entry(&other))),
        unrelated(Part::Related, 0)
    );
    let at = usize::from(net.receiver_log() > net.issuer_log()) + 1;
    assert_eq!(
        build(&|parts| parts.acts.push(net.entry(&act))),
        unrelated(Part::Acts, at)
    );
    assert_eq!(
        build(&|parts| parts.notices.push(net.entry(&notice))),
        unrelated(Part::Notices, 1)
    );
    assert_eq!(
        build(&|parts| parts.notices.push(net.entry(&seen))),
        unrelated(Part::Notices, 0)
    );
}

/// Anybody could keep a decision from being proven, by an act or a ruling that names it.
// spec: BUN-40
#[test]
fn what_a_verifier_would_refuse_is_left_out_by_whoever_makes_a_bundle() {
    let mut case = Case::new(5);
    let other = case.net.decide(crate::fixture::other_penalty(None));
    let (stray, stray_notice) = case.net.object(&other, Ground::Basis);
    let (good, notice) = case.net.object(&case.decision.clone(), Ground::Basis);
    let of = |net: &Net, references: &[&StatementRef]| -> Vec<Arc<Verified>> {
        let all = references.iter();
        all.map(|reference| Arc::new(net.verified(reference)))
            .collect()
    };
    let gathered = [
        &case.decision,
        &other,
        &stray,
        &stray_notice,
        &good,
        &notice,
    ];
    let mut gathered = of(&case.net, &gathered);
    let belong = |gathered: &[Arc<Verified>]| -> Vec<StatementRef> {
        let kept = belonging(&gathered[0], gathered);
        kept.iter().map(|one| one.reference().clone()).collect()
    };
    let expected = [good, notice];
    assert_eq!(belong(&gathered), expected);
    let seen_by_others = case.net.object_as(Vis::ALL_MEMBERS, &case.decision.clone());
    gathered.extend(of(&case.net, &[&seen_by_others]));
    assert_eq!(belong(&gathered), expected);
}

#[test]
fn chain_and_acts_on_it_belong_to_the_statement() {
    let mut case = Case::new(5);
    let again = case
        .net
        .decide(crate::fixture::other_penalty(Some(case.decision.clone())));
    let (act, notice) = case.net.object(&again, Ground::Basis);
    let correction = case.net.correct(&again, penalty());
    let mut parts = case.parts(case.net.included());
    parts.related.push(case.net.entry(&again));
    parts
        .acts
        .extend([case.net.entry(&act), case.net.entry(&correction)]);
    parts.notices.push(case.net.entry(&notice));
    let bytes = Bundle::build(parts, &case.net.registry)
        .unwrap()
        .encode()
        .unwrap();
    let verified = verify(&bytes, &case.net.anchor(), None).unwrap();
    assert_eq!((verified.related().len(), verified.acts().len()), (1, 4));
}

#[test]
fn act_without_notice_and_notice_without_act_are_shown() {
    let case = Case::new(5);
    let mut parts = case.parts(case.net.included());
    parts.notices.clear();
    let bytes = Bundle::build(parts, &case.net.registry)
        .unwrap()
        .encode()
        .unwrap();
    let verified = verify(&bytes, &case.net.anchor(), None).unwrap();
    let missing: Vec<_> = verified
        .acts_without_notice()
        .map(|act| act.reference())
        .collect();
    assert_eq!(missing, [&case.objection]);
    let mut parts = case.parts(case.net.included());
    parts.acts.clear();
    let bytes = Bundle::build(parts, &case.net.registry)
        .unwrap()
        .encode()
        .unwrap();
    let verified = verify(&bytes, &case.net.anchor(), None).unwrap();
    let hidden: Vec<_> = verified
        .notices_without_act()
        .map(|notice| &notice.act)
        .collect();
    assert_eq!(hidden, [&case.objection]);
    assert!(!verified.report().notices[0].act_held);
}

// spec: BUN-23
#[test]
fn notice_that_contradicts_its_act_is_refused() {
    let mut case = Case::new(5);
    let notice = case.net.notify(Notice {
        target: case.decision.clone(),
        act: case.objection.clone(),
        class: Class::Objection,
        ground: Some(Ground::Amount),
        over_cap: None,
    });
    let mut parts = case.parts(case.net.included());
    parts.notices.push(case.net.entry(&notice));
    assert_eq!(
        Bundle::build(parts, &case.net.registry).unwrap_err(),
        BundleError::NoticeContradicts { position: 1 }
    );
}

// spec: BUN-24, EFF-40
#[test]
fn statement_that_stands_twice_in_its_log_counts_once() {
    let mut case = Case::new(5);
    let body = case.net.entry(&case.ruling).body;
    let body = Body::new([200; 32], body.statement().to_vec()).unwrap();
    let leaf = Leaf {
        commit: body.commit(),
        ..case.net.entry(&case.ruling).leaf
    };
    let again = case.net.put(&case.net.issuer_log(), leaf, body);
    let without = Bundle::build(case.parts(case.net.included()), &case.net.registry).unwrap();
    let mut parts = case.parts(case.net.included());
    parts.acts.push(case.net.entry(&again));
    let with = Bundle::build(parts, &case.net.registry).unwrap();
    let state = |bundle: &Bundle| {
        let bytes = bundle.encode().unwrap();
        let verified = verify(&bytes, &case.net.anchor(), None).unwrap();
        verified.state().map(|state| state.effect)
    };
    assert_eq!(state(&with), state(&without));
}

// spec: BUN-25
#[test]
fn act_of_another_visibility_class_than_its_target_is_refused() {
    let mut case = Case::new(5);
    let body = case.net.entry(&case.objection).body;
    let leaf = Leaf {
        kind: Kind::Act,
        vis: Vis::new(PUBLIC.code() + 1),
        commit: body.commit(),
        target: None,
        ctx: case.net.entry(&case.objection).leaf.ctx,
    };
    let act = case.net.put(&case.net.receiver_log(), leaf, body);
    let mut parts = case.parts(case.net.included());
    parts.acts = vec![case.net.entry(&act)];
    parts.notices.clear();
    assert_eq!(
        Bundle::build(parts, &case.net.registry).unwrap_err(),
        entry_fault(Part::Acts, EntryFault::Rejected(RejectReason::WrongVis))
    );
}

fn build_alone(net: &Net, decision: &StatementRef) -> Result<(), BundleError> {
    let parts = BundleParts {
        trust: TrustParts::External,
        heads: net.heads(&net.everybody()),
        statement: net.entry(decision),
        related: vec![],
        acts: vec![],
        notices: vec![],
        recognition: None,
    };
    Bundle::build(parts, &net.registry).map(|_| ())
}

/// What was done to a copy is done to the first, so that a bundle of the first has to hold it.
// spec: EFF-110, EFF-130
#[test]
fn copy_of_the_statement_and_what_was_done_to_it_belong_to_the_statement() {
    let mut case = Case::new(5);
    let (origin, first) = (case.net.issuer_log(), case.decision.clone());
    let (leaf, body) = case.net.logs[&origin].entries[&first.index.value()].clone();
    let copy = case.net.put(&origin, leaf, body.unwrap());
    let correction = case.net.correct(&copy, penalty());
    let again = crate::fixture::other_penalty(Some(copy.clone()));
    let again = case.net.decide(again);
    let gathered = [&first, &copy, &correction, &again];
    let gathered = gathered.map(|reference| Arc::new(case.net.verified(reference)));
    let kept = belonging(&gathered[0], &gathered);
    let kept: Vec<_> = kept.iter().map(|one| one.reference().clone()).collect();
    assert_eq!(kept, [copy, correction, again]);
}
