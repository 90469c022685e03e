//! Keys, an admission that tests can change, and pairs of endpoints.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use concordat_certs::certificate::{self, Validity};
use concordat_net::{Admission, Endpoint, EndpointOptions, Established, Identity, NetError, Party};
use concordat_protocol::key::{PublicKey, Signer};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn public(seed: u8) -> PublicKey {
    key(seed).public_key()
}

pub(crate) fn private_der(seed: u8) -> Vec<u8> {
    key(seed).to_pkcs8_der().unwrap().as_bytes().to_vec()
}

pub(crate) fn certificate(seed: u8) -> Vec<u8> {
    certificate_valid(seed, 1_700_000_000, 4_000_000_000)
}

pub(crate) fn certificate_valid(seed: u8, not_before: i64, not_after: i64) -> Vec<u8> {
    let validity = Validity::from_unix_seconds(not_before, not_after).unwrap();
    certificate::issue(&key(seed), validity).unwrap()
}

pub(crate) fn identity(seed: u8) -> Arc<Identity> {
    Arc::new(Identity::from_der(&certificate(seed), &private_der(seed)).unwrap())
}

pub(crate) const ANY_PORT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A registry in memory, which counts how often it is asked.
#[derive(Default)]
pub(crate) struct Registry {
    members: Mutex<BTreeSet<(PublicKey, Party)>>,
    asked: AtomicUsize,
}

impl Registry {
    pub(crate) fn of_peers(seeds: &[u8]) -> Arc<Self> {
        let registry = Arc::new(Self::default());
        for seed in seeds {
            registry.admit_as(*seed, Party::Peer);
        }
        registry
    }

    pub(crate) fn admit_as(&self, seed: u8, party: Party) {
        self.members.lock().unwrap().insert((public(seed), party));
    }

    pub(crate) fn cut_off(&self, seed: u8) {
        let mut members = self.members.lock().unwrap();
        members.retain(|(key, _)| *key != public(seed));
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Admission for Registry {
    fn admit(&self, key: &PublicKey, party: Party) -> bool {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.members.lock().unwrap().contains(&(*key, party))
    }
}

pub(crate) fn endpoint(seed: u8, registry: &Arc<Registry>) -> Endpoint {
    endpoint_with(seed, registry, EndpointOptions::default())
}

pub(crate) fn endpoint_with(
    seed: u8,
    registry: &Arc<Registry>,
    options: EndpointOptions,
) -> Endpoint {
    let admission = Arc::clone(registry) as Arc<dyn Admission>;
    Endpoint::bind(ANY_PORT, identity(seed), admission, options).unwrap()
}

/// Dials `acceptor`, which has the key of `seed`, and gives what both ends see.
pub(crate) async fn attempt(
    dialer: &Endpoint,
    acceptor: &Endpoint,
    seed: u8,
    party: Party,
) -> (Result<Established, NetError>, Result<Established, NetError>) {
    let address = acceptor.local_addr().unwrap();
    let (dialled, accepted) = tokio::join!(
        dialer.connect(address, public(seed), party),
        acceptor.accept()
    );
    (dialled, accepted.unwrap().result)
}

/// Two endpoints with the keys 1 (dials) and 2 (accepts), and a connection between them.
pub(crate) struct Pair {
    pub(crate) dialer: Endpoint,
    pub(crate) acceptor: Endpoint,
    pub(crate) registry: Arc<Registry>,
    pub(crate) near: Established,
    pub(crate) far: Established,
}

pub(crate) async fn pair() -> Pair {
    pair_with(EndpointOptions::default()).await
}

pub(crate) async fn pair_with(options: EndpointOptions) -> Pair {
    let registry = Registry::of_peers(&[1, 2]);
    let dialer = endpoint_with(1, &registry, options.clone());
    let acceptor = endpoint_with(2, &registry, options);
    let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    Pair {
        dialer,
        acceptor,
        registry,
        near: near.unwrap(),
        far: far.unwrap(),
    }
}
