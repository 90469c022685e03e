//! What strangers and silence may cost.

use std::net::IpAddr;
use std::time::Duration;

use concordat_net::{CloseReason, EndpointOptions, NetError, Party, Refusal};

use crate::support::{Registry, attempt, endpoint, endpoint_with, pair, pair_with};

#[test]
fn options_have_the_documented_defaults() {
    let options = EndpointOptions::default();
    assert_eq!(options.handshake_deadline, Duration::from_secs(5));
    assert_eq!(options.header_deadline, Duration::from_secs(2));
    assert_eq!(options.frame_rate_min, 4_096);
    assert_eq!(options.idle, Duration::from_secs(30));
    assert_eq!(options.keep_alive, Some(Duration::from_secs(10)));
    assert_eq!(options.connections_per_identity_max, 4);
    assert_eq!(options.replacements_burst, 16);
    assert_eq!(options.replacement_period, Duration::from_secs(1));
    assert_eq!(options.handshakes_per_source_max, 16);
    assert_eq!(options.handshakes_max, 256);
    assert_eq!(options.retry_threshold, 32);
    assert_eq!(options.receive_window, 8 << 20);
    assert_eq!(options.stream_receive_window, 1 << 20);
    assert_eq!(options.send_window, 4 << 20);
    assert_eq!(options.streams_max, 32);
}

// spec: TRN-11
#[tokio::test]
async fn busy_acceptor_asks_for_proof_of_the_address_and_goes_on() {
    let registry = Registry::of_peers(&[1, 2]);
    let options = EndpointOptions {
        retry_threshold: 0,
        ..EndpointOptions::default()
    };
    let (dialer, acceptor) = (endpoint(1, &registry), endpoint_with(2, &registry, options));
    let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    assert!(near.is_ok() && far.is_ok());
    assert_eq!(acceptor.counters().retried, 1);
}

// spec: TRN-11
#[tokio::test]
async fn handshakes_are_capped_by_source() {
    let registry = Registry::of_peers(&[1, 2]);
    let source_address = IpAddr::from([127, 0, 0, 1]);
    let options = EndpointOptions {
        handshakes_per_source_max: 0,
        ..EndpointOptions::default()
    };
    let (dialer, acceptor) = (endpoint(1, &registry), endpoint_with(2, &registry, options));
    let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    assert_eq!(near.unwrap_err(), NetError::Busy);
    let refusal = Refusal::SourceBusy { source_address };
    assert_eq!(far.unwrap_err(), NetError::Refused(refusal));
}

// spec: TRN-14
#[tokio::test]
async fn silent_connection_ends_for_both() {
    let options = EndpointOptions {
        idle: Duration::from_millis(300),
        keep_alive: None,
        ..EndpointOptions::default()
    };
    let pair = pair_with(options).await;
    assert_eq!(pair.near.connection.closed().await, CloseReason::Idle);
    assert_eq!(pair.far.connection.closed().await, CloseReason::Idle);
}

// spec: TRN-14
#[tokio::test]
async fn silent_connection_is_kept_alive_by_the_dialer() {
    let options = EndpointOptions {
        idle: Duration::from_millis(600),
        keep_alive: Some(Duration::from_millis(20)),
        ..EndpointOptions::default()
    };
    let pair = pair_with(options).await;
    let before = pair.far.connection.stats().bytes_received;
    let longer = Duration::from_millis(1_300);
    let ended = tokio::time::timeout(longer, pair.far.connection.closed()).await;
    assert!(ended.is_err());
    assert!(pair.far.connection.stats().bytes_received > before);
}

// spec: TRN-14
#[tokio::test]
async fn streams_beyond_the_limit_wait() {
    let pair = pair().await;
    let connection = &pair.near.connection;
    // The control stream is one of the 32.
    let mut held = Vec::new();
    for _ in 0..31 {
        held.push(connection.open_request().await.unwrap());
    }
    let short = Duration::from_millis(20);
    let waited = tokio::time::timeout(short, connection.open_request()).await;
    assert!(waited.is_err());
}
