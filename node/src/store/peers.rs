//! What administrators noted about peers: bytes by member code, opaque here.

use concordat_protocol::subject::AuthorityCode;

use super::engine::EngineBatch;
use super::schema::{Bytes, Family};

pub(super) fn put(batch: &mut EngineBatch, peer: AuthorityCode, facts: &[u8]) {
    batch.replace(key(peer), facts);
}

pub(super) fn key(peer: AuthorityCode) -> Vec<u8> {
    prefix().raw(peer.as_str().as_bytes()).finish()
}

pub(super) fn prefix() -> Bytes {
    Bytes::key(Family::Peers)
}

pub(super) fn decode_key(key: &[u8]) -> Option<AuthorityCode> {
    AuthorityCode::parse(std::str::from_utf8(key.get(1..)?).ok()?).ok()
}
