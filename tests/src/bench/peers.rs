//! Peers that are connected and say nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use concordat_certs::certificate_file;
use concordat_certs::key_ring::{KeyRing, MEMBER_USES};
use concordat_net::{Admission, Endpoint, EndpointOptions, Established, Identity, Party};
use concordat_node::node::Layout;
use concordat_protocol::key::{PublicKey, Signer as _};
use concordat_protocol::limits::FRAME_BYTES_MAX;
use concordat_protocol::log::Hash;
use concordat_protocol::message::Frame;
use concordat_protocol::statement::KeyUse;
use concordat_protocol::subject::AuthorityCode;

use super::Failure;
use super::catchup::wait;
use super::child::{memory, next_order, say};
use super::network::{Home, IDLE_PEERS, Part, Site};
use crate::peer::hello;

/// How long memory may settle.
const SETTLE: Duration = Duration::from_secs(3);

/// Runs a node and says how much memory it takes, without and with its peers.
pub(crate) async fn host(home: &Home) -> Result<(), Failure> {
    let node = home.start().await?;
    node.wait_signing().await;
    tokio::time::sleep(SETTLE).await;
    say(&memory()?.0)?;
    while let Some(order) = next_order().await? {
        let wanted: usize = order.parse()?;
        wait(|| Ok(node.connections() == wanted)).await?;
        tokio::time::sleep(SETTLE).await;
        say(&memory()?.0)?;
    }
    node.stop().await;
    Ok(())
}

/// Connects the idle members to the hub; each order connects so many more.
pub(crate) async fn idle(site: &Site) -> Result<(), Failure> {
    let network = site.network()?;
    let hub = SocketAddr::from(([127, 0, 0, 1], site.home(Part::Hub)?.port()));
    let hub_key = network.hub.node.public_key();
    let skip = network.members.len() - IDLE_PEERS;
    let mut members = network.members.iter().skip(skip);
    let mut held = Vec::new();
    while let Some(order) = next_order().await? {
        let more: usize = order.parse()?;
        for member in members.by_ref().take(more) {
            let directory = site.root.join(member.code().as_str());
            let identity = identity(&Layout::new(directory))?;
            let gate = Arc::new(Only(hub_key));
            let local = SocketAddr::from(([127, 0, 0, 1], 0));
            let endpoint = Endpoint::bind(local, identity, gate, EndpointOptions::default())?;
            let established = endpoint.connect(hub, hub_key, Party::Peer).await?;
            held.push((
                endpoint,
                tokio::spawn(listen(established, network.genesis.id(), member.code())),
            ));
        }
        say(&held.len())?;
    }
    Ok(())
}

/// Greets and then only listens.
async fn listen(established: Established, genesis: Hash, member: AuthorityCode) {
    let Established {
        connection,
        mut sender,
        mut receiver,
    } = established;
    let hello = hello(genesis, member);
    let greeting = [hello.encode(), Frame::Frontier(Vec::new()).encode()];
    for frame in greeting {
        if sender.send_owned(frame).await.is_err() {
            return;
        }
    }
    while let Ok(Some(_)) = receiver.next(FRAME_BYTES_MAX).await {}
    drop(connection);
}

fn identity(layout: &Layout) -> Result<Arc<Identity>, Failure> {
    let ring = KeyRing::open(&layout.keys(), &MEMBER_USES)?;
    let node = ring.key(KeyUse::Node)?;
    let certificate = certificate_file::read(&layout.keys(), node)?;
    Ok(Arc::new(Identity::from_der(
        &certificate,
        &node.to_pkcs8_der()?,
    )?))
}

struct Only(PublicKey);

impl Admission for Only {
    fn admit(&self, key: &PublicKey, _: Party) -> bool {
        *key == self.0
    }
}
