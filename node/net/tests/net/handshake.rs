//! Who gets a connection, and what both ends are told.

use std::sync::Arc;

use concordat_certs::certificate::CertificateError;
use concordat_net::{
    Alert, Endpoint, EndpointOptions, Identity, IdentityError, NetError, Party, Refusal,
};

use crate::support::{
    ANY_PORT, Registry, attempt, certificate, certificate_valid, endpoint, endpoint_with, identity,
    pair, private_der, public,
};

#[tokio::test]
async fn connection_shows_both_ends_whom_they_talk_to() {
    let pair = pair().await;
    assert_eq!(pair.near.connection.peer_key(), public(2));
    assert_eq!(pair.far.connection.peer_key(), public(1));
    assert_eq!(pair.far.connection.party(), Party::Peer);
    assert!(pair.near.connection.is_dialled());
    assert!(!pair.far.connection.is_dialled());
    assert_eq!(
        pair.far.connection.remote_address(),
        pair.dialer.local_addr().unwrap()
    );
    assert_eq!(pair.acceptor.counters().established, 1);
    assert!(pair.near.connection.stats().bytes_received > 0);
}

// spec: TRN-3
// spec: TRN-7
// spec: TRN-13
#[tokio::test]
async fn acceptor_refuses_an_unknown_key_and_the_dialer_learns_it() {
    let dialer = endpoint(1, &Registry::of_peers(&[2]));
    let acceptor = endpoint(2, &Registry::of_peers(&[3]));
    let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    assert_eq!(
        near.unwrap_err(),
        NetError::RefusedByOther(Alert::AccessDenied)
    );
    let refusal = Refusal::NotAdmitted {
        key: public(1).id(),
        party: Party::Peer,
    };
    assert_eq!(far.unwrap_err(), NetError::Refused(refusal));
    assert_eq!(acceptor.counters().failed, 1);
}

// spec: TRN-3
#[tokio::test]
async fn dialer_refuses_a_key_that_the_registry_does_not_know() {
    let dialer = endpoint(1, &Registry::of_peers(&[]));
    let acceptor = endpoint(2, &Registry::of_peers(&[1]));
    let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    let refusal = Refusal::NotAdmitted {
        key: public(2).id(),
        party: Party::Peer,
    };
    assert_eq!(near.unwrap_err(), NetError::Refused(refusal));
    assert_eq!(
        far.unwrap_err(),
        NetError::RefusedByOther(Alert::AccessDenied)
    );
}

// spec: TRN-3
#[tokio::test]
async fn dialer_refuses_another_member_than_the_one_it_wants() {
    let registry = Registry::of_peers(&[1, 2, 3]);
    let (dialer, acceptor) = (endpoint(1, &registry), endpoint(2, &registry));
    let (near, _) = attempt(&dialer, &acceptor, 3, Party::Peer).await;
    let refusal = Refusal::WrongKey {
        expected: public(3).id(),
        found: public(2).id(),
    };
    assert_eq!(near.unwrap_err(), NetError::Refused(refusal));
}

// spec: TRN-1
// spec: TRN-3
#[tokio::test]
async fn administrator_and_peer_are_admitted_apart() {
    let registry = Registry::of_peers(&[2, 3]);
    registry.admit_as(1, Party::Administrator);
    let acceptor = endpoint(2, &registry);

    let tool = Endpoint::dialer(ANY_PORT, identity(1), EndpointOptions::default()).unwrap();
    let (near, far) = attempt(&tool, &acceptor, 2, Party::Administrator).await;
    assert_eq!(near.unwrap().connection.party(), Party::Administrator);
    assert_eq!(far.unwrap().connection.party(), Party::Administrator);

    let administrator = endpoint(1, &registry);
    let (near, _) = attempt(&administrator, &acceptor, 2, Party::Peer).await;
    let denied = NetError::RefusedByOther(Alert::AccessDenied);
    assert_eq!(near.unwrap_err(), denied);

    let peer = endpoint(3, &registry);
    let (near, far) = attempt(&peer, &acceptor, 2, Party::Administrator).await;
    assert_eq!(near.unwrap_err(), denied);
    let refusal = Refusal::NotAdmitted {
        key: public(3).id(),
        party: Party::Administrator,
    };
    assert_eq!(far.unwrap_err(), NetError::Refused(refusal));
}

#[tokio::test]
async fn tool_that_only_dials_has_no_peers() {
    let acceptor = endpoint(2, &Registry::of_peers(&[1]));
    let tool = Endpoint::dialer(ANY_PORT, identity(1), EndpointOptions::default()).unwrap();
    assert!(tool.accept().await.is_none());
    let (near, _) = attempt(&tool, &acceptor, 2, Party::Peer).await;
    let refusal = Refusal::NotAdmitted {
        key: public(2).id(),
        party: Party::Peer,
    };
    assert_eq!(near.unwrap_err(), NetError::Refused(refusal));
}

/// A certificate is a wrapping of a pinned key. A node whose clock is wrong, or whose operator forgot
/// a renewal, must still receive the acts that free subjects.
// spec: TRN-19
#[tokio::test]
async fn certificates_past_or_before_their_dates_are_accepted() {
    let registry = Registry::of_peers(&[1, 2]);
    for (from, to) in [(0, 1), (32_000_000_000, 33_000_000_000)] {
        let dated = Identity::from_der(&certificate_valid(1, from, to), &private_der(1)).unwrap();
        let dialer = Endpoint::bind(
            ANY_PORT,
            Arc::new(dated),
            Arc::clone(&registry) as _,
            EndpointOptions::default(),
        )
        .unwrap();
        let acceptor = endpoint(2, &registry);
        let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
        assert_eq!(far.unwrap().connection.peer_key(), public(1));
        drop(near);
        let (near, _) = attempt(&acceptor, &dialer, 1, Party::Peer).await;
        assert_eq!(near.unwrap().connection.peer_key(), public(1));
    }
}

#[tokio::test]
async fn renewed_certificate_and_new_key_serve_without_a_restart() {
    let registry = Registry::of_peers(&[1, 2, 3]);
    let (dialer, acceptor) = (endpoint(1, &registry), endpoint(2, &registry));
    let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    let (near, _far) = (near.unwrap(), far.unwrap());

    let renewed = certificate_valid(2, 1_800_000_000, 4_000_000_000);
    let renewed = Identity::from_der(&renewed, &private_der(2)).unwrap();
    acceptor.replace_identity(Arc::new(renewed));
    let (again, _far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    assert_eq!(again.unwrap().connection.peer_key(), public(2));

    acceptor.replace_identity(identity(3));
    let (rotated, _far) = attempt(&dialer, &acceptor, 3, Party::Peer).await;
    assert_eq!(rotated.unwrap().connection.peer_key(), public(3));
    assert_eq!(near.connection.close_reason(), None);
}

/// A resumed session would skip the judge, and a member that has been cut off could come back.
// spec: TRN-8
#[tokio::test]
async fn every_handshake_asks_the_registry_anew() {
    let (near_registry, far_registry) = (Registry::of_peers(&[2]), Registry::of_peers(&[1]));
    let (dialer, acceptor) = (endpoint(1, &near_registry), endpoint(2, &far_registry));
    // Once in the handshake and once when the connection is in the table.
    for round in 1..=3 {
        let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
        assert!(near.is_ok() && far.is_ok());
        assert_eq!(near_registry.asked(), 2 * round);
        assert_eq!(far_registry.asked(), 2 * round);
    }
    far_registry.cut_off(1);
    let (near, _) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    assert_eq!(
        near.unwrap_err(),
        NetError::RefusedByOther(Alert::AccessDenied)
    );
}

// spec: TRN-4
#[test]
fn identity_refuses_what_does_not_belong_together() {
    let refused = |certificate: &[u8], key: &[u8]| Identity::from_der(certificate, key).err();
    assert_eq!(
        refused(&certificate(1), &private_der(2)),
        Some(IdentityError::Mismatch)
    );
    assert_eq!(
        refused(&certificate(1), b"no key"),
        Some(IdentityError::PrivateKey)
    );
    let ecdsa = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    assert_eq!(
        refused(&certificate(1), ecdsa.serialized_der()),
        Some(IdentityError::PrivateKey)
    );
    assert_eq!(
        refused(b"no certificate", &private_der(1)),
        Some(IdentityError::Certificate(CertificateError::Malformed))
    );
    let identity = Identity::from_der(&certificate(1), &private_der(1)).unwrap();
    assert_eq!(identity.key(), public(1));
    assert_eq!(format!("{identity:?}"), format!("Identity({})", public(1)));
}

/// Nothing answers on the other side. Time is virtual: the deadline is its only event.
// spec: TRN-12
#[tokio::test(start_paused = true)]
async fn dialer_gives_up_at_the_handshake_deadline() {
    let silent = std::net::UdpSocket::bind(ANY_PORT).unwrap();
    let dialer = endpoint(1, &Registry::of_peers(&[2]));
    let started = tokio::time::Instant::now();
    let result = dialer
        .connect(silent.local_addr().unwrap(), public(2), Party::Peer)
        .await;
    assert_eq!(result.unwrap_err(), NetError::Deadline);
    assert_eq!(
        started.elapsed().as_secs(),
        EndpointOptions::HANDSHAKE_DEADLINE.as_secs()
    );
}

#[tokio::test]
async fn closed_endpoint_neither_dials_nor_accepts() {
    let registry = Registry::of_peers(&[1, 2]);
    let acceptor = endpoint(2, &registry);
    let address = acceptor.local_addr().unwrap();
    acceptor.close();
    assert!(acceptor.accept().await.is_none());
    let result = acceptor.connect(address, public(1), Party::Peer).await;
    assert_eq!(result.unwrap_err(), NetError::Closed);
    acceptor.drained().await;
}

#[tokio::test]
async fn address_in_use_is_said() {
    let taken = std::net::UdpSocket::bind(ANY_PORT).unwrap();
    let address = taken.local_addr().unwrap();
    let result = Endpoint::dialer(address, identity(1), EndpointOptions::default());
    assert_eq!(
        result.unwrap_err(),
        NetError::Bind {
            address,
            kind: std::io::ErrorKind::AddrInUse
        }
    );
}

#[tokio::test]
async fn idle_time_beyond_what_quic_can_say_is_refused() {
    let options = EndpointOptions {
        idle: std::time::Duration::MAX,
        ..EndpointOptions::default()
    };
    let result = Endpoint::dialer(ANY_PORT, identity(1), options.clone());
    assert_eq!(result.unwrap_err(), NetError::Options);
    let options = EndpointOptions::default();
    drop(endpoint_with(1, &Registry::of_peers(&[]), options));
}
