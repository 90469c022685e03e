//! An enrolled member without a node, which speaks the exchange by hand over real QUIC.

use std::net::SocketAddr;
use std::sync::Arc;

use concordat_certs::certificate;
use concordat_net::{
    Admission, Connection, Endpoint, EndpointOptions, FrameError, FrameReceiver, FrameSender,
    Identity, NetError, Party,
};
use concordat_protocol::key::PublicKey;
use concordat_protocol::limits::FRAME_BYTES_MAX;
use concordat_protocol::log::Hash;
use concordat_protocol::message::{Frame, FrontierEntry};
use concordat_protocol::subject::AuthorityCode;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;

use super::loopback::own_host;
use super::network::validity;
use super::{Failure, Network, NodeId};
use crate::peer::hello;

/// A member's key at an endpoint that dials.
#[derive(Debug)]
pub struct Caller {
    endpoint: Endpoint,
    member: AuthorityCode,
    genesis: Hash,
}

/// One connection, with its control stream.
#[derive(Debug)]
pub struct Session {
    /// The connection.
    pub connection: Connection,
    /// Sends on the control stream.
    pub sender: FrameSender,
    /// Receives on the control stream.
    pub receiver: FrameReceiver,
    /// What the node said that it holds, once it has been greeted.
    pub frontier: Vec<FrontierEntry>,
}

impl Caller {
    /// Opens an endpoint with the key of a member. Must be called inside a runtime.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn new(
        network: &Network,
        member: AuthorityCode,
        key: &SigningKey,
    ) -> Result<Self, Failure> {
        let certificate = certificate::issue(key, validity()?).map_err(Failure::of("issuing"))?;
        let private = key.to_pkcs8_der().map_err(Failure::of("a private key"))?;
        let identity = Identity::from_der(&certificate, private.as_bytes());
        let identity = Arc::new(identity.map_err(Failure::of("an identity"))?);
        let address = SocketAddr::from((own_host(), 0));
        let options = EndpointOptions::default();
        let endpoint = Endpoint::bind(address, identity, Arc::new(Anyone), options);
        Ok(Self {
            endpoint: endpoint.map_err(Failure::of("an endpoint"))?,
            member,
            genesis: network.plan().genesis.id(),
        })
    }

    /// Dials a node and does not greet it yet.
    ///
    /// # Errors
    /// [`NetError`].
    pub async fn dial(&self, address: SocketAddr, key: PublicKey) -> Result<Session, NetError> {
        let established = self.endpoint.connect(address, key, Party::Peer).await?;
        Ok(Session {
            connection: established.connection,
            sender: established.sender,
            receiver: established.receiver,
            frontier: Vec::new(),
        })
    }

    /// Dials a node of the network, greets it, and says that it holds nothing: the node then shows
    /// every head that it has, and each new one.
    ///
    /// # Errors
    /// [`NetError`].
    pub async fn call(&self, network: &Network, node: NodeId) -> Result<Session, NetError> {
        let dialled = self.dial(network.listen(node), network.node_key(node));
        let mut session = dialled.await?;
        session.send(&self.hello()).await?;
        // The node answers a greeting with its own and with what it holds.
        loop {
            let frame = session.next().await.map_err(NetError::Greeting)?;
            let frame = frame.ok_or(NetError::NoGreeting)?;
            if let Ok(Frame::Frontier(entries)) = Frame::decode(&frame) {
                session.frontier = entries;
                break;
            }
        }
        session.send(&Frame::Frontier(Vec::new())).await?;
        Ok(session)
    }

    /// How it greets.
    #[must_use]
    pub const fn hello(&self) -> Frame<'static> {
        hello(self.genesis, self.member)
    }
}

impl Session {
    async fn send(&mut self, frame: &Frame<'_>) -> Result<(), NetError> {
        let sent = self.sender.send(&frame.encode()).await;
        sent.map_err(NetError::Greeting)
    }

    /// The next frame on the control stream; `None` when the node has ended it.
    ///
    /// # Errors
    /// [`FrameError`].
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        self.receiver.next(FRAME_BYTES_MAX).await
    }

    /// Opens a request stream, sends a frame and gives the first frame of the answer.
    ///
    /// # Errors
    /// [`FrameError`]; [`FrameError::Truncated`] when the stream ended without an answer.
    pub async fn ask(&self, frame: &[u8]) -> Result<Vec<u8>, FrameError> {
        let (mut sender, mut receiver) = self.connection.open_request().await?;
        sender.send(frame).await?;
        sender.finish()?;
        let answer = receiver.next(FRAME_BYTES_MAX).await?;
        answer.ok_or(FrameError::Truncated)
    }
}

/// The caller is not the one who is tested: it talks to whoever holds the key that it dialled.
struct Anyone;

impl Admission for Anyone {
    fn admit(&self, _key: &PublicKey, _party: Party) -> bool {
        true
    }
}
