use concordat_protocol::trust::Registry;

use super::*;
use crate::key_ring::MEMBER_USES;
use crate::network::{TestAuthority, TestMember, TestNetwork, TestPlan};
use crate::randomness::SeededRandomness;

fn network() -> (TestNetwork, TestMember) {
    let mut plan = TestPlan::numbered(3, 1);
    let last = plan.members.pop().unwrap();
    let mut network = TestNetwork::build(plan).unwrap();
    let outsider = network.outsider(last).unwrap();
    (network, outsider)
}

/// The outsider's request, changed before it is looked at.
fn refused(change: impl FnOnce(&mut RequestFields)) -> RequestError {
    let (network, outsider) = network();
    let mut fields = network.request(&outsider).unwrap().fields;
    change(&mut fields);
    let request = EnrolmentRequest::from_fields(fields);
    request.verify(&network.genesis).unwrap_err()
}

// spec: KEY-17
#[test]
fn request_comes_back_from_its_bytes_and_verifies() {
    let (network, outsider) = network();
    let request = network.request(&outsider).unwrap();
    let read = EnrolmentRequest::decode(&request.encode().unwrap()).unwrap();
    assert_eq!(read, request);
    assert_eq!(read.verify(&network.genesis), Ok(()));
    assert_eq!(read.fields().proofs.len(), 6);
}

// spec: KEY-17, KEY-18
#[test]
fn request_with_any_byte_changed_is_refused() {
    let (network, outsider) = network();
    let good = network.request(&outsider).unwrap().encode().unwrap();
    for at in 0..good.len() {
        for mask in [0x01, 0x20, 0xff] {
            let mut bad = good.clone();
            bad[at] ^= mask;
            let verdict =
                EnrolmentRequest::decode(&bad).and_then(|request| request.verify(&network.genesis));
            assert!(verdict.is_err(), "byte {at} mask {mask:02x}");
        }
    }
}

#[test]
fn request_that_is_cut_short_or_longer_is_refused() {
    let (network, outsider) = network();
    let good = network.request(&outsider).unwrap().encode().unwrap();
    for length in 0..good.len() {
        let cut = EnrolmentRequest::decode(&good[..length]).unwrap_err();
        assert!(
            matches!(cut, RequestError::Decode(DecodeError::Truncated { .. })),
            "{length}"
        );
    }
    let longer = EnrolmentRequest::decode(&[&good[..], &[0]].concat()).unwrap_err();
    assert!(matches!(
        longer,
        RequestError::Decode(DecodeError::Trailing { count: 1, .. })
    ));
}

// spec: KEY-19
#[test]
fn request_for_another_network_is_refused() {
    let (network, outsider) = network();
    let other = TestNetwork::build(TestPlan::numbered(1, 2)).unwrap();
    let request = network.request(&outsider).unwrap();
    let found = Fingerprint::of_digest(&network.genesis.id());
    let refused = request.verify(&other.genesis).unwrap_err();
    assert_eq!(refused, RequestError::OtherNetwork { found });
}

// spec: KEY-17
#[test]
fn request_without_a_proof_for_one_key_is_refused() {
    for missing in 0..6 {
        let refused = refused(|fields| {
            fields.proofs.remove(missing);
        });
        assert_eq!(refused, RequestError::Proofs, "{missing}");
    }
}

// spec: KEY-17
#[test]
fn request_with_a_proof_too_many_or_out_of_order_is_refused() {
    let twice = refused(|fields| fields.proofs.push(fields.proofs[5].clone()));
    assert_eq!(twice, RequestError::Proofs);
    let swapped = refused(|fields| fields.proofs.swap(1, 2));
    assert_eq!(swapped, RequestError::Proofs);
}

// spec: KEY-18
#[test]
fn proof_made_for_another_use_does_not_verify() {
    let (network, outsider) = network();
    let id = network.genesis.id();
    let wrong = prove(&id, &outsider.enrolment, KeyUse::Witness, &outsider.log).unwrap();
    let refused = refused(|fields| fields.proofs[1].signature = wrong.signature);
    let fingerprint = Fingerprint::of_key(&outsider.log.public_key());
    let key_use = KeyUse::Log;
    assert_eq!(
        refused,
        RequestError::BadProof {
            key_use,
            fingerprint
        }
    );
}

// spec: KEY-10
#[test]
fn request_with_one_key_for_two_uses_is_refused() {
    let (network, mut outsider) = network();
    outsider.witness = outsider.log.clone();
    outsider.enrolment.witness_key = outsider.enrolment.log_key;
    let refused = network.request(&outsider).unwrap_err();
    let fingerprint = Fingerprint::of_key(&outsider.log.public_key());
    let crate::network::TestNetworkError::Request(refused) = refused else {
        panic!("{refused}");
    };
    assert_eq!(refused, RequestError::RepeatedKey { fingerprint });
}

#[test]
fn another_file_of_the_family_is_named() {
    let (network, _) = network();
    let proposal = network.changes[0].encode().unwrap();
    let refused = EnrolmentRequest::decode(&proposal).unwrap_err();
    assert_eq!(
        refused,
        RequestError::OtherForm {
            found: FileKind::Proposal
        }
    );
}

#[test]
fn ring_signs_the_request_for_the_keys_it_holds_and_commits_to_prepared_ones() {
    let (network, outsider) = network();
    let directory = tempfile::tempdir().unwrap();
    let mut randomness = SeededRandomness::new(5);
    let path = directory.path().join("keys");
    let ring = KeyRing::generate(&path, &MEMBER_USES, &mut randomness).unwrap();
    let next = ring.prepare_next(KeyUse::Log, &mut randomness).unwrap();
    let details = details(&outsider.enrolment);
    let enrolment = details.with_keys(&ring).unwrap();
    assert_eq!(
        enrolment.next_keys,
        [(KeyUse::Log, next_key_commitment(&next))]
    );
    let request = EnrolmentRequest::sign(&network.genesis, enrolment.clone(), &ring).unwrap();
    let file = directory.path().join("member.request");
    request.create(&file).unwrap();
    assert_eq!(
        EnrolmentRequest::read(&file, &network.genesis).unwrap(),
        request
    );
    let foreign = Enrolment {
        log_key: outsider.enrolment.log_key,
        ..enrolment
    };
    let refused = EnrolmentRequest::sign(&network.genesis, foreign, &ring).unwrap_err();
    assert!(matches!(
        refused,
        RequestError::NotHeld {
            key_use: KeyUse::Log,
            ..
        }
    ));
}

#[test]
fn issuer_under_a_member_is_entered_with_its_statement_key_alone() {
    let (network, outsider) = network();
    let directory = tempfile::tempdir().unwrap();
    let mut randomness = SeededRandomness::new(5);
    let ring = KeyRing::generate(directory.path(), &MEMBER_USES, &mut randomness).unwrap();
    let details = MemberDetails {
        role: Role::Issuer,
        publishes_through: Some(network.members[0].code()),
        ..details(&outsider.enrolment)
    };
    let enrolment = details.with_keys(&ring).unwrap();
    let uses: Vec<KeyUse> = keys(&enrolment)
        .into_iter()
        .map(|(key_use, _)| key_use)
        .collect();
    assert_eq!(uses, [KeyUse::Statement]);
}

#[test]
fn summary_shows_what_approvers_compare() {
    let (network, outsider) = network();
    let request = network.request(&outsider).unwrap();
    let english = request.summary(Language::English);
    let fingerprint = Fingerprint::of_key(&outsider.log.public_key()).to_string();
    assert_eq!(english.values("log_key").collect::<Vec<_>>(), [fingerprint]);
    assert_eq!(english.values("region").collect::<Vec<_>>(), ["230000"]);
    assert!(english.to_string().contains("Level: prefectural\n"));
    let chinese = request.summary(Language::Chinese);
    assert!(chinese.to_string().contains("层级：市级\n"));
    assert_eq!(english.lines().len(), chinese.lines().len());
}

#[test]
fn registry_accepts_the_enrolment() {
    let (mut network, outsider) = network();
    network.enrol(&outsider).unwrap();
    let member = network.registry.member(outsider.code()).unwrap();
    assert_eq!(member.enrolment(), &outsider.enrolment);
    let untouched = Registry::new(network.genesis.clone());
    assert_eq!(untouched.member(outsider.code()), None);
}

fn details(enrolment: &Enrolment) -> MemberDetails {
    let (member, name, region) = (enrolment.member, enrolment.name.clone(), enrolment.region);
    let authority = TestAuthority::member(member, name, region);
    MemberDetails {
        member: authority.code,
        name: authority.name,
        region: authority.region,
        level: authority.level,
        role: Role::Member,
        mandates: authority.mandates,
        addresses: vec![Address::new("127.0.0.1:4433").unwrap()],
        publishes_through: None,
    }
}
