//! What tests need that stand before an exchange, or before a core, as its peer.

use std::collections::BTreeSet;
use std::sync::Arc;

use concordat_certs::network::{TestMember, TestNetwork};
use concordat_node::core::{Core, CoreKeys, CoreOptions};
use concordat_node::disk::MemoryDisk;
use concordat_node::journal::{JournalId, JournalOptions};
use concordat_protocol::exchange::LogView;
use concordat_protocol::log::{ConsistencyProof, Hash, LeafIndex, MemoryTree, Origin, TreeSize};
use concordat_protocol::message::{Frame, VERSION};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;

/// The greeting of a member. Its digest is no node's, so that both send their frontiers.
#[must_use]
pub const fn hello(genesis: Hash, member: AuthorityCode) -> Frame<'static> {
    Frame::Hello {
        version: VERSION,
        genesis,
        member,
        digest: Hash::from_bytes([0; 32]),
        features: Vec::new(),
    }
}

/// The leaves of the one log that a test is about, as far as they are stored, the positions whose bodies
/// are held, and where its author has started again.
#[derive(Debug, Default)]
pub struct OneLog(
    pub MemoryTree,
    pub BTreeSet<LeafIndex>,
    pub Option<LeafIndex>,
);

impl LogView for OneLog {
    fn root_at(&self, _: &Origin, size: TreeSize) -> Option<Hash> {
        self.0.root_at(size).ok()
    }

    fn leaf_hash(&self, _: &Origin, index: LeafIndex) -> Option<Hash> {
        self.0.leaf_hash(index)
    }

    fn holds_body(&self, _: &Origin, index: LeafIndex) -> bool {
        self.1.contains(&index)
    }

    fn is_erasing(&self, _: &Origin, _: LeafIndex) -> bool {
        false
    }

    fn restarted_at(&self, _: &Origin) -> Option<LeafIndex> {
        self.2
    }

    fn consistency(&self, _: &Origin, old: TreeSize, new: TreeSize) -> Option<Vec<Hash>> {
        let proof = ConsistencyProof::build(&self.0, old, new).ok()?;
        Some(proof.hashes().to_vec())
    }
}

/// The keys with which a member's core signs.
#[must_use]
pub fn keys(member: &TestMember) -> CoreKeys {
    CoreKeys {
        statement: Arc::new(member.statement.clone()),
        log: Arc::new(member.log.clone()),
        witness: Arc::new(member.witness.clone()),
    }
}

/// The core of the hub on a disk.
///
/// # Panics
/// When it does not start: the test has failed.
#[must_use]
pub fn open_hub(
    network: &TestNetwork,
    disk: &MemoryDisk,
    now: Timestamp,
    first_start: bool,
) -> Core<MemoryDisk> {
    let options = CoreOptions {
        journal: JournalOptions::new(JournalId([7; 16])),
        first_start,
        has_signed: false,
    };
    let random = Box::new(|buffer: &mut [u8]| buffer.fill(7));
    let (genesis, hub) = (Arc::clone(&network.genesis), &network.hub);
    let code = hub.code();
    let opened = Core::open(disk.clone(), options, genesis, code, keys(hub), random, now);
    opened.expect("a hub on a sound disk starts").0
}
