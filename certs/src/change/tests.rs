use concordat_protocol::log::{LeafIndex, TreeSize};
use concordat_protocol::statement::{
    CutOff, HeadSeen, KeyUse, LEAF_BYTES_MAX, Leaf, Rotation, Standing, Statement, Suspension,
};
use concordat_protocol::text::Text;
use concordat_protocol::trust::{Applied, RejectReason};
use ed25519_dalek::SigningKey;

use super::*;
use crate::key_ring::next_key_commitment;
use crate::network::{TestNetwork, TestPlan};

const NOW: u64 = 1_767_225_600_000;

fn network() -> TestNetwork {
    TestNetwork::build(TestPlan::numbered(2, 1)).unwrap()
}

fn suspension(network: &TestNetwork, standing: Standing) -> PendingChange {
    let content = Content::Suspension(Suspension {
        member: network.members[0].code(),
        standing,
        reasons: Text::new("asked for by the authority").unwrap(),
    });
    PendingChange::new(&network.genesis, Timestamp::new(NOW).unwrap(), content).unwrap()
}

fn approved(network: &TestNetwork, mut change: PendingChange, by: &[usize]) -> PendingChange {
    for approver in by {
        let approval = change.approve(&network.genesis, &network.approvers[*approver]);
        change.add(&network.genesis, approval.unwrap()).unwrap();
    }
    change
}

#[test]
fn proposal_comes_back_with_its_approvals() {
    let network = network();
    let change = approved(&network, suspension(&network, Standing::Suspended), &[1, 0]);
    let read = PendingChange::decode(&change.encode().unwrap(), &network.genesis).unwrap();
    assert_eq!(read, change);
    assert_eq!(read.missing(&network.genesis), 0);
    assert_eq!(read.approved_by().count(), 2);
}

#[test]
fn approvals_travel_as_files_and_accumulate() {
    let network = network();
    let genesis = &network.genesis;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    suspension(&network, Standing::Suspended)
        .create(&at("x.proposal"))
        .unwrap();
    for (number, approver) in network.approvers.iter().enumerate() {
        let change = PendingChange::read(&at("x.proposal"), genesis).unwrap();
        let name = format!("{number}.approval");
        change
            .approve(genesis, approver)
            .unwrap()
            .create(&at(&name))
            .unwrap();
        let mut change = PendingChange::read(&at("x.proposal"), genesis).unwrap();
        change
            .add(genesis, ApprovalFile::read(&at(&name)).unwrap())
            .unwrap();
        change.replace(&at("x.proposal")).unwrap();
    }
    let change = PendingChange::read(&at("x.proposal"), genesis).unwrap();
    assert_eq!(change.missing(genesis), 0);
    let overwritten = change.create(&at("x.proposal")).unwrap_err();
    assert!(matches!(
        overwritten,
        ChangeFileError::File(FileError::Exists { .. })
    ));
}

// spec: KEY-20
#[test]
fn proposal_file_with_any_byte_changed_is_refused_or_proposes_something_else() {
    let network = network();
    let good = approved(&network, suspension(&network, Standing::Suspended), &[0, 1]);
    let bytes = good.encode().unwrap();
    for at in 0..bytes.len() {
        for mask in [0x01, 0x20, 0xff] {
            let mut bad = bytes.clone();
            bad[at] ^= mask;
            let verdict = PendingChange::decode(&bad, &network.genesis);
            assert!(verdict.is_err(), "byte {at} mask {mask:02x}");
        }
    }
}

// spec: KEY-19
#[test]
fn proposal_of_an_enrolment_with_any_byte_changed_is_refused() {
    let network = network();
    let bytes = network.changes[0].encode().unwrap();
    for at in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[at] ^= 0x01;
        let verdict = PendingChange::decode(&bad, &network.genesis);
        assert!(verdict.is_err(), "byte {at}");
    }
}

// spec: KEY-22
#[test]
fn hub_does_not_sign_what_one_approver_approved() {
    let network = network();
    let change = approved(&network, suspension(&network, Standing::Suspended), &[0]);
    let ctx = network.registry.ctx();
    let refused = change
        .sign(&network.genesis, &network.hub.statement, ctx)
        .unwrap_err();
    assert_eq!(refused, ChangeError::TooFewApprovals { missing: 1 });
}

// spec: KEY-22
#[test]
fn registry_finds_one_approval_too_few() {
    let mut network = network();
    let change = approved(&network, suspension(&network, Standing::Suspended), &[0]);
    let approvals: Vec<_> = change.approvals.values().cloned().collect();
    let about = network.members[0].code().code();
    let (hub, ctx) = (network.hub.code(), network.registry.ctx());
    let signer = &network.hub.statement;
    let bytes = sign_approved(signer, hub, about, ctx, &change.proposal, &approvals).unwrap();
    let statement = Statement::decode(&bytes).unwrap();
    let leaf = Leaf {
        ctx: ctx.size,
        ..network.entries[0].leaf
    };
    assert!(leaf.encode().len() <= LEAF_BYTES_MAX);
    let applied = network.registry.apply(&leaf, Some(&statement));
    assert_eq!(applied, Applied::Void(RejectReason::TooFewApprovals));
}

// spec: KEY-20
#[test]
fn approval_of_other_bytes_is_refused() {
    let network = network();
    let other = suspension(&network, Standing::Left);
    let approval = other
        .approve(&network.genesis, &network.approvers[0])
        .unwrap();
    let mut change = suspension(&network, Standing::Suspended);
    let refused = change.add(&network.genesis, approval.clone()).unwrap_err();
    assert_eq!(refused, ChangeError::OtherProposal);
    let mut relabelled = approval;
    relabelled.fields.proposal = digest(&change.proposal);
    let refused = change.add(&network.genesis, relabelled).unwrap_err();
    let fingerprint = Fingerprint::of_key(&network.approvers[0].public_key());
    assert_eq!(refused, ChangeError::BadApproval { fingerprint });
}

/// The file says for which network it is, and so does what was signed.
// spec: TRU-27, KEY-20
#[test]
fn approval_given_in_another_network_is_refused_whatever_its_file_says() {
    let network = network();
    let other = TestNetwork::build(TestPlan::numbered(2, 2)).unwrap();
    let mut change = suspension(&network, Standing::Suspended);
    let (approver, proposal) = (&network.approvers[0], change.proposal.clone());
    let foreign = sign_approval(approver, &other.genesis.id(), &proposal);
    let mut approval = change.approve(&network.genesis, approver).unwrap();
    approval.fields.approval = ByteBuf::from(foreign);
    let found = Fingerprint::of_digest(&other.genesis.id());
    let refused = change.add(&network.genesis, approval).unwrap_err();
    assert_eq!(refused, ChangeError::OtherNetwork { found });
}

// spec: KEY-21
#[test]
fn approver_counts_once() {
    let network = network();
    let mut change = approved(&network, suspension(&network, Standing::Suspended), &[0]);
    let again = change
        .approve(&network.genesis, &network.approvers[0])
        .unwrap();
    let refused = change.add(&network.genesis, again).unwrap_err();
    let fingerprint = Fingerprint::of_key(&network.approvers[0].public_key());
    assert_eq!(refused, ChangeError::AlreadyApproved { fingerprint });
    assert_eq!(change.missing(&network.genesis), 1);
}

// spec: KEY-20
#[test]
fn stranger_cannot_approve() {
    let network = network();
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let change = suspension(&network, Standing::Suspended);
    let kid = stranger.public_key().id();
    let refused = change.approve(&network.genesis, &stranger).unwrap_err();
    assert_eq!(refused, ChangeError::NotAnApprover { kid });
    let hub = change
        .approve(&network.genesis, &network.hub.statement)
        .unwrap_err();
    assert!(matches!(hub, ChangeError::NotAnApprover { .. }));
}

/// The recovery quorum signs a replacement that nobody committed to, and nothing else.
// spec: TRU-30, KEY-20
#[test]
fn recovery_key_signs_a_cut_off_beside_the_approvers_and_counts_as_none_of_them() {
    let mut network = network();
    let member = network.members[0].clone();
    let recovery = network.recovery.clone();
    let kid = recovery.public_key().id();
    let refused = suspension(&network, Standing::Suspended)
        .approve(&network.genesis, &recovery)
        .unwrap_err();
    assert_eq!(refused, ChangeError::NotAnApprover { kid });
    let cut_off = Content::CutOff(CutOff {
        member: member.code(),
        key_use: KeyUse::Node,
        key: member.node.public_key(),
        from: None,
        continues: None,
        replacement: None,
        next: None,
    });
    let issued_at = Timestamp::new(NOW).unwrap();
    let mut change = PendingChange::new(&network.genesis, issued_at, cut_off).unwrap();
    let wanted = change.missing(&network.genesis);
    let approval = change.approve(&network.genesis, &recovery).unwrap();
    change.add(&network.genesis, approval).unwrap();
    assert_eq!(change.missing(&network.genesis), wanted);
    let change = approved(&network, change, &[0, 1]);
    let read = PendingChange::decode(&change.encode().unwrap(), &network.genesis).unwrap();
    assert_eq!(read.missing(&network.genesis), 0);
    let ctx = network.registry.ctx();
    let signed = read.sign(&network.genesis, &network.hub.statement, ctx);
    let statement = Statement::decode(&signed.unwrap()).unwrap();
    let leaf = Leaf {
        ctx: ctx.size,
        ..network.entries[0].leaf
    };
    let applied = network.registry.apply(&leaf, Some(&statement));
    assert_eq!(applied, Applied::Changed);
}

// spec: KEY-20
#[test]
fn change_of_another_network_is_neither_read_nor_approved() {
    let network = network();
    let other = TestNetwork::build(TestPlan::numbered(1, 2)).unwrap();
    let mut change = suspension(&network, Standing::Suspended);
    let found = Fingerprint::of_digest(&network.genesis.id());
    let refused = ChangeError::OtherNetwork { found };
    let bytes = change.encode().unwrap();
    assert_eq!(
        PendingChange::decode(&bytes, &other.genesis),
        Err(refused.clone())
    );
    assert_eq!(
        change.approve(&other.genesis, &other.approvers[0]),
        Err(refused)
    );
    let foreign = suspension(&other, Standing::Suspended);
    let approval = foreign
        .approve(&other.genesis, &other.approvers[0])
        .unwrap();
    let found = Fingerprint::of_digest(&other.genesis.id());
    let refused = change.add(&network.genesis, approval).unwrap_err();
    assert_eq!(refused, ChangeError::OtherNetwork { found });
}

// spec: KEY-19
#[test]
fn enrolment_is_not_proposed_without_its_request() {
    let network = network();
    let content = network.changes[0].payload().content.clone();
    let issued_at = Timestamp::new(NOW).unwrap();
    let refused = PendingChange::new(&network.genesis, issued_at, content).unwrap_err();
    assert_eq!(refused, ChangeError::NoRequest);
}

// spec: KEY-19
#[test]
fn enrolment_that_differs_from_its_request_is_refused() {
    let network = network();
    let mut change = network.changes[0].clone();
    change.request = network.changes[1].request.clone();
    let refused = PendingChange::decode(&change.encode().unwrap(), &network.genesis);
    assert_eq!(refused, Err(ChangeError::NotAsRequested));
}

#[test]
fn content_that_is_no_change_of_the_registry_is_refused() {
    let network = network();
    let ctx = network.registry.ctx();
    let content = Content::HeadSeen(HeadSeen {
        origin: network.genesis.registry_origin(),
        size: ctx.size,
        root: ctx.state,
    });
    let issued_at = Timestamp::new(NOW).unwrap();
    let refused = PendingChange::new(&network.genesis, issued_at, content).unwrap_err();
    assert_eq!(refused, ChangeError::NotRegistry { class: 65 });
}

/// Approvers were asked to sign a cut-off of a log key that no registry would have taken.
// spec: TRU-32
#[test]
fn cut_off_that_would_be_void_is_neither_proposed_nor_read() {
    let network = network();
    let member = &network.members[0];
    let from = Some(LeafIndex::new(0));
    let head = Some((TreeSize::new(1).unwrap(), Hash::from_bytes([4; 32])));
    let cut_off = |key_use, from, continues, next| CutOff {
        member: member.code(),
        key_use,
        key: member.log.public_key(),
        from,
        continues,
        replacement: None,
        next,
    };
    let committed = Some(Hash::from_bytes([5; 32]));
    let void = [
        (
            cut_off(KeyUse::Log, from, None, None),
            CutOffFault::HeadWanted,
        ),
        (
            cut_off(KeyUse::Log, None, head, None),
            CutOffFault::PositionWanted,
        ),
        (
            cut_off(KeyUse::Witness, from, head, None),
            CutOffFault::HeadUnfit,
        ),
        (
            cut_off(KeyUse::Node, from, None, None),
            CutOffFault::PositionUnfit,
        ),
        (
            cut_off(KeyUse::Log, from, head, committed),
            CutOffFault::NextUnfit,
        ),
        (
            cut_off(KeyUse::Approver, None, None, None),
            CutOffFault::Permanent,
        ),
    ];
    let good = PendingChange::new(
        &network.genesis,
        Timestamp::new(NOW).unwrap(),
        Content::CutOff(cut_off(KeyUse::Log, from, head, None)),
    )
    .unwrap();
    for (content, fault) in void {
        let content = Content::CutOff(content);
        let issued_at = Timestamp::new(NOW).unwrap();
        let proposed = PendingChange::new(&network.genesis, issued_at, content.clone());
        assert_eq!(proposed.unwrap_err(), ChangeError::CutOff(fault));
        let mut made_elsewhere = good.clone();
        made_elsewhere.payload.content = content;
        made_elsewhere.proposal = Proposal::new(&made_elsewhere.payload).unwrap();
        let bytes = made_elsewhere.encode().unwrap();
        let read = PendingChange::decode(&bytes, &network.genesis);
        assert_eq!(read.unwrap_err(), ChangeError::CutOff(fault));
    }
}

/// A rotation to a key with a use is void, so a commitment to one ends every rotation to come.
// spec: KEY-70
#[test]
fn commitment_to_a_key_with_a_use_is_refused_before_it_is_logged_and_holds_in_the_log() {
    let mut network = network();
    let (member, other) = (network.members[0].clone(), network.members[1].clone());
    let new = SigningKey::from_bytes(&[9; 32]).public_key();
    let rotation = |next: PublicKey| {
        Content::Rotation(Rotation {
            member: member.code(),
            key_use: KeyUse::Witness,
            old: member.witness.public_key(),
            new,
            next: Some(next_key_commitment(&next)),
        })
    };
    let (own, foreign) = (rotation(new), rotation(other.node.public_key()));
    let issued_at = Timestamp::new(NOW).unwrap();
    let proposed = PendingChange::new(&network.genesis, issued_at, own);
    let taken = ChangeFault::NextTaken;
    assert_eq!(proposed.unwrap_err(), ChangeError::Fault(taken));
    assert_eq!(network.registry.admits(&foreign, false), Err(taken));
    let free = rotation(SigningKey::from_bytes(&[8; 32]).public_key());
    assert_eq!(network.registry.admits(&free, false), Ok(()));
    network.append(foreign).unwrap();
    let keys = network.registry.member(member.code()).unwrap().keys();
    assert_eq!(keys.witness, Some(new));
}

#[test]
fn suspension_takes_effect_through_the_same_way() {
    let mut network = network();
    let member = network.members[0].code();
    let content = suspension(&network, Standing::Suspended).payload.content;
    network.append(content).unwrap();
    assert_eq!(
        network.registry.member(member).unwrap().standing(),
        Standing::Suspended
    );
}

#[test]
fn cut_off_takes_effect_through_the_same_way() {
    let mut network = network();
    let member = network.members[0].clone();
    let replacement = SigningKey::from_bytes(&[9; 32]).public_key();
    let content = Content::CutOff(CutOff {
        member: member.code(),
        key_use: KeyUse::Node,
        key: member.node.public_key(),
        from: None,
        continues: None,
        replacement: Some(replacement),
        next: None,
    });
    network.append(content).unwrap();
    let keys = network.registry.member(member.code()).unwrap().keys();
    assert_eq!(keys.node, Some(replacement));
    assert!(
        network
            .registry
            .member_by_node_key(&member.node.public_key())
            .is_none()
    );
}

/// The words for a log key were those for a statement key, and statements that the approvers took for
/// void went on to apply.
// spec: ADM-193
#[test]
fn summary_says_what_the_position_in_a_cut_off_means_for_the_use_of_the_key() {
    let network = network();
    let member = &network.members[0];
    let head = (TreeSize::new(1).unwrap(), Hash::from_bytes([4; 32]));
    let label = |key_use, key: &SigningKey, language| {
        let content = Content::CutOff(CutOff {
            member: member.code(),
            key_use,
            key: key.public_key(),
            from: Some(LeafIndex::new(0)),
            continues: (key_use == KeyUse::Log).then_some(head),
            replacement: None,
            next: None,
        });
        let issued_at = Timestamp::new(NOW).unwrap();
        let change = PendingChange::new(&network.genesis, issued_at, content).unwrap();
        let summary = change.summary(&network.genesis, language);
        let mut lines = summary.lines().iter();
        lines.find(|line| line.name == "from").unwrap().label
    };
    let (statement, log) = (&member.statement, &member.log);
    let english = Language::English;
    assert!(label(KeyUse::Statement, statement, english).contains("Statements touched"));
    let of_log = label(KeyUse::Log, log, english);
    assert!(of_log.contains("statements stay"), "{of_log}");
    let chinese = Language::Chinese;
    assert!(label(KeyUse::Statement, statement, chinese).contains("声明受影响"));
    assert!(label(KeyUse::Log, log, chinese).contains("声明不受影响"));
}

#[test]
fn summary_names_network_change_and_what_is_missing() {
    let network = network();
    let change = approved(&network, suspension(&network, Standing::Suspended), &[0]);
    let summary = change.summary(&network.genesis, Language::English);
    let value = |name| summary.values(name).collect::<Vec<_>>();
    assert_eq!(value("change"), ["suspension"]);
    assert_eq!(value("standing"), ["suspended"]);
    assert_eq!(value("issued_at"), ["2026-01-01T00:00:00Z"]);
    assert_eq!(value("approvals_missing"), ["1"]);
    let approver = Fingerprint::of_key(&network.approvers[0].public_key()).to_string();
    assert_eq!(value("approved_by"), [approver]);
}

#[test]
fn other_forms_are_named() {
    let network = network();
    let change = suspension(&network, Standing::Suspended);
    let approval = change
        .approve(&network.genesis, &network.approvers[0])
        .unwrap();
    let approval = approval.encode().unwrap();
    let (found, wanted) = (FileKind::Approval, FileKind::Proposal);
    let refused = PendingChange::decode(&approval, &network.genesis).unwrap_err();
    assert_eq!(refused, ChangeError::OtherForm { found, wanted });
    let (found, wanted) = (FileKind::Proposal, FileKind::Approval);
    let refused = ApprovalFile::decode(&change.encode().unwrap()).unwrap_err();
    assert_eq!(refused, ChangeError::OtherForm { found, wanted });
}

#[test]
fn approval_file_with_any_byte_changed_is_refused() {
    let network = network();
    let change = suspension(&network, Standing::Suspended);
    let approval = change
        .approve(&network.genesis, &network.approvers[0])
        .unwrap();
    let good = approval.encode().unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x01;
        let verdict = ApprovalFile::decode(&bad)
            .and_then(|approval| change.clone().add(&network.genesis, approval));
        assert!(verdict.is_err(), "byte {at}");
    }
}

/// One cosigner of three: two heads could both be witnessed.
fn unsound(network: &TestNetwork) -> Content {
    let mut policy = network.genesis.fields().policy.clone();
    policy.cosigners = network.members.iter().map(|one| one.code()).collect();
    policy.cosigners.sort();
    policy.quorum = 1;
    Content::Policy(policy)
}

// spec: TRU-51
#[test]
fn change_that_no_registry_takes_is_refused_when_it_is_proposed() {
    let network = network();
    let genesis = &network.genesis;
    let hub = Content::Suspension(Suspension {
        member: genesis.hub(),
        standing: Standing::Suspended,
        reasons: Text::new("by mistake").unwrap(),
    });
    for (content, fault) in [
        (unsound(&network), ChangeFault::Quorum),
        (hub, ChangeFault::HubStanding),
    ] {
        let refused = PendingChange::new(genesis, Timestamp::new(NOW).unwrap(), content);
        assert_eq!(refused.unwrap_err(), ChangeError::Fault(fault));
    }
}

/// Somebody else's tool made the proposal: whoever approves it, and the hub, read it with this one.
// spec: TRU-51
#[test]
fn change_that_no_registry_takes_is_refused_when_it_is_read() {
    let network = network();
    let mut change = suspension(&network, Standing::Suspended);
    change.payload.content = unsound(&network);
    change.proposal = Proposal::new(&change.payload).unwrap();
    let read = PendingChange::decode(&change.encode().unwrap(), &network.genesis);
    assert_eq!(read.unwrap_err(), ChangeError::Fault(ChangeFault::Quorum));
}
