//! Bundle files written by hand, so that they can break every rule.

use concordat_protocol::bundle::{Entry, MAGIC, RegistryEntry, VERSION};
use concordat_protocol::codec::Writer;
use concordat_protocol::log::{Hash, VerifiedCheckpoint};

use crate::fixture::{Case, redigest};

/// An entry with the place of its log's head.
#[derive(Clone)]
pub struct RawEntry {
    pub log: u64,
    pub entry: Entry,
}

/// What stands in a file, in the order in which it is written.
#[derive(Clone)]
pub struct Raw {
    pub genesis: Option<Vec<u8>>,
    pub entries: Vec<RegistryEntry>,
    pub external: Option<(u64, Hash)>,
    pub heads: Vec<Vec<u8>>,
    pub statement: RawEntry,
    pub related: Vec<RawEntry>,
    pub acts: Vec<RawEntry>,
    pub notices: Vec<RawEntry>,
    pub later_acts: u64,
}

impl Raw {
    /// The case with its trust chain, as [`Case::bytes`] writes it.
    pub fn of(case: &Case) -> Self {
        let net = &case.net;
        let heads = net.heads(&net.everybody());
        let parts = case.parts(net.included());
        let mut acts = [parts.acts[0].clone(), parts.acts[1].clone()];
        acts.sort_by_key(|entry| entry.origin.clone());
        let raw = |entry: &Entry| RawEntry {
            log: heads
                .iter()
                .position(|head| *head.origin() == entry.origin)
                .unwrap() as u64,
            entry: entry.clone(),
        };
        Self {
            genesis: Some(net.genesis.as_bytes().to_vec()),
            entries: net.entries.clone(),
            external: None,
            heads: heads.iter().map(VerifiedCheckpoint::to_bytes).collect(),
            statement: raw(&parts.statement),
            related: vec![],
            acts: acts.iter().map(raw).collect(),
            notices: parts.notices.iter().map(raw).collect(),
            later_acts: 1,
        }
    }

    pub fn content(&self) -> Vec<u8> {
        let mut file = Writer::default();
        let lists = [&self.related, &self.acts, &self.notices];
        let present = lists.iter().filter(|list| !list.is_empty()).count();
        file.map(4 + present as u64).unsigned(1).raw(&self.trust());
        file.unsigned(2).array(self.heads.len() as u64);
        for head in &self.heads {
            file.bytes(head);
        }
        file.unsigned(3).raw(&self.statement.encode());
        for (key, list) in (4..).zip(lists).filter(|(_, list)| !list.is_empty()) {
            file.unsigned(key).array(list.len() as u64);
            for entry in list {
                file.raw(&entry.encode());
            }
        }
        file.unsigned(7).unsigned(self.later_acts);
        file.finish()
    }

    pub fn file(&self) -> Vec<u8> {
        around(&MAGIC, VERSION, &self.content())
    }

    fn trust(&self) -> Vec<u8> {
        let mut trust = Writer::default();
        let keys = usize::from(self.genesis.is_some())
            + usize::from(!self.entries.is_empty())
            + 2 * usize::from(self.external.is_some());
        trust.map(keys as u64);
        if let Some(genesis) = &self.genesis {
            trust.unsigned(1).bytes(genesis);
        }
        if !self.entries.is_empty() {
            trust.unsigned(2).array(self.entries.len() as u64);
        }
        for entry in &self.entries {
            trust.map(1 + u64::from(entry.body.is_some()));
            trust.unsigned(1).bytes(&entry.leaf.encode());
            if let Some(body) = &entry.body {
                trust.unsigned(2).bytes(&body.encode());
            }
        }
        if let Some((size, root)) = self.external {
            trust
                .unsigned(3)
                .unsigned(size)
                .unsigned(4)
                .bytes(root.as_bytes());
        }
        trust.finish()
    }
}

impl RawEntry {
    fn encode(&self) -> Vec<u8> {
        let mut map = Writer::default();
        let entry = &self.entry;
        let hashes = entry.proof.hashes();
        map.map(4 + u64::from(!hashes.is_empty()));
        map.unsigned(1).unsigned(self.log);
        map.unsigned(2).unsigned(entry.index.value());
        map.unsigned(3).bytes(&entry.leaf.encode());
        map.unsigned(4).bytes(&entry.body.encode());
        if !hashes.is_empty() {
            map.unsigned(5).array(hashes.len() as u64);
        }
        for hash in hashes {
            map.bytes(hash.as_bytes());
        }
        map.finish()
    }
}

/// A file with a digest that fits.
pub fn around(magic: &[u8], version: u8, content: &[u8]) -> Vec<u8> {
    let mut file = [magic, &[version], content, &[0; 32]].concat();
    redigest(&mut file);
    file
}
