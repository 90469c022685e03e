//! Live connections of keys that are no longer admitted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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

// spec: TRN-10
#[tokio::test]
async fn connections_of_one_key_are_capped_until_one_ends() {
    let registry = Registry::of_peers(&[1, 2, 3]);
    let options = EndpointOptions {
        connections_per_identity_max: 2,
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
    let (near, _far) = attempt(&other, &acceptor, 2, Party::Peer).await;
    assert!(near.is_ok());

    let (first, first_far) = held.remove(0);
    drop(first);
    first_far.connection.closed().await;
    let (near, _far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    assert!(near.is_ok());
}
