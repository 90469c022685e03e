//! Live connections of keys that are no longer admitted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use concordat_net::{
    Admission, Alert, CloseCode, CloseReason, Endpoint, EndpointOptions, FrameError, NetError,
    Party, Refusal,
};
use concordat_protocol::key::PublicKey;

use crate::support::{
    ANY_PORT, Registry, attempt, endpoint, endpoint_with, identity, pair, public,
};

// spec: TRN-9
#[tokio::test]
async fn recheck_closes_the_cut_off_and_no_other() {
    let registry = Registry::of_peers(&[1, 2, 3]);
    let acceptor = endpoint(2, &registry);
    let (dialer, other) = (
        endpoint(1, &Registry::of_peers(&[2])),
        endpoint(3, &registry),
    );
    let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    let (mut near, far) = (near.unwrap(), far.unwrap());
    let (_other_near, other_far) = attempt(&other, &acceptor, 2, Party::Peer).await;
    let other_far = other_far.unwrap();

    assert_eq!(acceptor.recheck(), 0);
    registry.cut_off(1);
    assert_eq!(acceptor.recheck(), 1);
    // At once, before anything has been awaited.
    let here = CloseReason::Here(CloseCode::REVOKED);
    assert_eq!(far.connection.close_reason(), Some(here));
    assert_eq!(other_far.connection.close_reason(), None);
    assert_eq!(acceptor.connections().len(), 1);

    let there = CloseReason::There(CloseCode::REVOKED);
    assert_eq!(near.connection.closed().await, there);
    assert_eq!(near.receiver.next(8).await, Err(FrameError::Lost(there)));
    let (again, _) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    assert_eq!(
        again.unwrap_err(),
        NetError::RefusedByOther(Alert::AccessDenied)
    );
}

/// The user of a connection may keep no more than a sender: it is cut off all the same.
// spec: TRN-9
#[tokio::test]
async fn recheck_closes_a_connection_of_which_only_a_stream_is_held() {
    let pair = pair().await;
    let mut sender = pair.near.sender;
    drop((pair.near.connection, pair.near.receiver));
    pair.registry.cut_off(2);
    assert_eq!(pair.dialer.recheck(), 1);
    let lost = FrameError::Lost(CloseReason::Here(CloseCode::REVOKED));
    assert_eq!(sender.send(b"x").await, Err(lost));
}

/// The registry changes after the certificate has been judged and before the connection is in the
/// table, where no recheck can find it yet.
// spec: TRN-9
#[tokio::test]
async fn change_during_the_handshake_counts() {
    let dialer = endpoint(1, &Registry::of_peers(&[2]));
    let once = Arc::new(Once(AtomicBool::new(true)));
    let acceptor = Endpoint::bind(ANY_PORT, identity(2), once, EndpointOptions::default()).unwrap();
    let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    let told = NetError::Lost(CloseReason::There(CloseCode::REVOKED));
    assert_eq!(near.unwrap_err(), told);
    let refusal = Refusal::NotAdmitted {
        key: public(1).id(),
        party: Party::Peer,
    };
    assert_eq!(far.unwrap_err(), NetError::Refused(refusal));
}

/// Admits the first who asks.
struct Once(AtomicBool);

impl Admission for Once {
    fn admit(&self, _key: &PublicKey, _party: Party) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

/// A node that is killed again and again leaves connections behind that nobody closes. Its next life
/// must not wait until they are found dead.
// spec: TRN-10, TRN-21
#[tokio::test]
async fn connection_beyond_those_of_one_key_replaces_the_oldest_of_them() {
    let registry = Registry::of_peers(&[1, 2, 3]);
    let options = EndpointOptions {
        connections_per_identity_max: 2,
        ..EndpointOptions::default()
    };
    let acceptor = endpoint_with(2, &registry, options);
    let (dialer, other) = (endpoint(1, &registry), endpoint(3, &registry));
    let (other_near, other_far) = attempt(&other, &acceptor, 2, Party::Peer).await;
    let _other = (other_near.unwrap(), other_far.unwrap());
    let mut held = Vec::new();
    for _ in 0..4 {
        let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
        held.push((near.unwrap(), far.unwrap()));
    }
    for (near, far) in held.drain(..2) {
        let here = CloseReason::Here(CloseCode::TOO_MANY);
        assert_eq!(far.connection.close_reason(), Some(here));
        let there = CloseReason::There(CloseCode::TOO_MANY);
        assert_eq!(near.connection.closed().await, there);
    }
    assert!(
        held.iter()
            .all(|(_, far)| far.connection.close_reason().is_none())
    );
    assert_eq!(acceptor.connections().len(), 3);
}

// spec: TRN-21
#[tokio::test]
async fn connections_of_one_key_do_not_replace_each_other_without_end() {
    let registry = Registry::of_peers(&[1, 2, 3]);
    let options = EndpointOptions {
        connections_per_identity_max: 1,
        replacements_burst: 1,
        replacement_period: Duration::from_secs(3_600),
        ..EndpointOptions::default()
    };
    let acceptor = endpoint_with(2, &registry, options);
    let (dialer, other) = (endpoint(1, &registry), endpoint(3, &registry));
    let mut held = Vec::new();
    for _ in 0..2 {
        let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
        held.push((near.unwrap(), far.unwrap()));
    }
    let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    let told = NetError::Lost(CloseReason::There(CloseCode::TOO_MANY));
    assert_eq!(near.unwrap_err(), told);
    let refusal = Refusal::IdentityBusy {
        key: public(1).id(),
    };
    assert_eq!(far.unwrap_err(), NetError::Refused(refusal));
    // Others are not concerned, and a place that is given up is free.
    let (near, _far) = attempt(&other, &acceptor, 2, Party::Peer).await;
    assert!(near.is_ok());
    let (second, second_far) = held.remove(1);
    assert_eq!(second_far.connection.close_reason(), None);
    drop(second);
    second_far.connection.closed().await;
    let (near, _far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    assert!(near.is_ok());
}
