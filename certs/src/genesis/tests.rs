use concordat_protocol::key::Signer as _;
use ed25519_dalek::SigningKey;

use super::*;
use crate::network::{TestNetwork, TestPlan};

fn key(seed: u8) -> PublicKey {
    SigningKey::from_bytes(&[seed; 32]).public_key()
}

fn request() -> GenesisRequest {
    let network = TestNetwork::build(TestPlan::numbered(0, 1)).unwrap();
    GenesisRequest {
        network: Network::Production,
        title: Text::new("省信用信息互证网").unwrap(),
        created_at: Timestamp::new(1_767_225_600_000).unwrap(),
        hub: network.hub.enrolment,
        approvers: vec![key(1), key(2), key(3)],
        approver_quorum: 2,
        recovery: vec![key(5), key(4)],
        recovery_quorum: 2,
        heartbeat_ms: HEARTBEAT_MS,
        ctx_grace_ms: CTX_GRACE_MS,
    }
}

#[test]
fn genesis_comes_back_from_its_file_and_is_not_overwritten() {
    let genesis = request().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(GENESIS_FILE);
    create(&path, &genesis).unwrap();
    assert_eq!(read(&path).unwrap(), genesis);
    assert!(matches!(
        create(&path, &genesis),
        Err(FileError::Exists { .. })
    ));
}

#[test]
fn order_of_keys_does_not_matter() {
    let mut other = request();
    other.approvers.reverse();
    other.recovery.reverse();
    assert_eq!(other.build(), request().build());
}

// spec: KEY-23
#[test]
fn key_named_twice_is_refused_wherever_it_stands() {
    let hub_log = request().hub.log_key.unwrap();
    let repeated = |change: &dyn Fn(&mut GenesisRequest), key: PublicKey| {
        let mut request = request();
        change(&mut request);
        let fingerprint = Fingerprint::of_key(&key);
        let refused = request.build().unwrap_err();
        assert_eq!(refused, GenesisRequestError::RepeatedKey { fingerprint });
    };
    repeated(&|request| request.approvers.push(key(1)), key(1));
    repeated(&|request| request.recovery.push(key(2)), key(2));
    repeated(&|request| request.approvers.push(hub_log), hub_log);
    repeated(&|request| request.hub.witness_key = Some(hub_log), hub_log);
}

#[test]
fn rules_of_genesis_are_named() {
    let refused = |change: &dyn Fn(&mut GenesisRequest)| {
        let mut request = request();
        change(&mut request);
        request.build().unwrap_err()
    };
    let approvers = GenesisRequestError::Genesis(GenesisError::Approvers);
    assert_eq!(refused(&|request| request.approver_quorum = 1), approvers);
    assert_eq!(refused(&|request| request.approver_quorum = 4), approvers);
    let recovery = GenesisRequestError::Genesis(GenesisError::Recovery);
    assert_eq!(refused(&|request| request.recovery_quorum = 3), recovery);
    let keys = GenesisRequestError::Genesis(GenesisError::HubKeys);
    assert_eq!(refused(&|request| request.hub.log_key = None), keys);
}

#[test]
fn read_refuses_bytes_that_are_no_genesis() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(GENESIS_FILE);
    file::create(&path, b"no genesis", Secrecy::Public).unwrap();
    let refused = read(&path).unwrap_err();
    assert!(matches!(refused, GenesisFileError::Damaged { .. }));
    assert!(refused.to_string().contains(GENESIS_FILE));
}

#[test]
fn read_says_what_another_file_is() {
    let directory = tempfile::tempdir().unwrap();
    let network = TestNetwork::build(TestPlan::numbered(2, 3)).unwrap();
    let proposal = network.changes[0].encode().unwrap();
    let cases = [
        (proposal, FileKind::Proposal),
        (concordat_protocol::bundle::MAGIC.to_vec(), FileKind::Bundle),
        (b"-----BEGIN PRIVATE KEY-----\n".to_vec(), FileKind::Key),
        (
            b"-----BEGIN CERTIFICATE-----\n".to_vec(),
            FileKind::Certificate,
        ),
    ];
    for (bytes, wanted) in cases {
        let path = directory.path().join(format!("{wanted}"));
        file::create(&path, &bytes, Secrecy::Public).unwrap();
        let refused = read(&path).unwrap_err();
        assert!(matches!(refused, GenesisFileError::Other { found, .. } if found == wanted));
    }
    let whole = network.genesis.as_bytes().to_vec();
    assert_eq!(FileKind::of(&whole), Some(FileKind::Genesis));
    let path = directory.path().join("cut");
    file::create(&path, &whole[..whole.len() / 2], Secrecy::Public).unwrap();
    assert!(matches!(
        read(&path).unwrap_err(),
        GenesisFileError::Damaged { .. }
    ));
}

#[test]
fn inspect_shows_the_fingerprint_that_members_compare() {
    let genesis = request().build().unwrap();
    let summary = inspect(&genesis, Language::Chinese);
    let fingerprint = Fingerprint::of_digest(&genesis.id()).to_string();
    assert_eq!(
        summary.values("fingerprint").collect::<Vec<_>>(),
        [fingerprint]
    );
    assert_eq!(summary.values("network").collect::<Vec<_>>(), ["生产"]);
    assert_eq!(summary.values("approver_key").count(), 3);
}
