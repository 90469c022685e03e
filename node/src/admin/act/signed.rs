//! Statements of the node's own, signed and looked at as its core would.

use concordat_protocol::admin::{AdminError, ErrorCode};
use concordat_protocol::log::LeafIndex;
use concordat_protocol::statement::{Body, Leaf, Payload, SALT_BYTES, Statement, Vis, sign};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::trust::{self, LogNumber, Place, Registry, RejectReason};

use crate::admin::refusal;
use crate::node::Node;

/// The node signs as its member; keys of departments come with a later version.
// spec: ADM-65
pub(in crate::admin) fn require_own_key(
    node: &Node,
    issuer: Option<AuthorityCode>,
) -> Result<(), AdminError> {
    match issuer.filter(|issuer| *issuer != node.member()) {
        Some(issuer) => {
            let what =
                format!("signing with the key of {issuer}, another issuer than the node's member");
            Err(AdminError::new(ErrorCode::NotSupported).with("what", what))
        }
        None => Ok(()),
    }
}

/// Signs a statement of the node's own member under the registry as adopted.
pub(in crate::admin) fn signed(
    node: &Node,
    about: SubjectCode,
    payload: &Payload,
) -> Result<Vec<u8>, AdminError> {
    let bytes = sign(node.signer(), node.member(), about, node.ctx(), payload);
    bytes.map_err(|error| refusal::invalid(&error))
}

/// Whether the node's core would take a statement at the end of the member's log, as a refusal.
pub(in crate::admin) fn check(node: &Node, bytes: &[u8], vis: Vis) -> Result<(), AdminError> {
    let statement = Statement::decode(bytes).map_err(|error| refusal::invalid(&error))?;
    let verdict = verdict(node, &node.registry(), &statement, vis);
    verdict.map_err(|reason| refusal::rejected_by(node, reason, node.member(), statement.payload()))
}

/// Whether the registry lets a statement pass at the end of the member's log.
pub(in crate::admin) fn verdict(
    node: &Node,
    registry: &Registry,
    statement: &Statement,
    vis: Vis,
) -> Result<(), RejectReason> {
    let origin = node.genesis().origin(node.member(), LogNumber::Statements);
    let size = node
        .shared()
        .logs()
        .get(&origin)
        .map_or(0, |log| log.size().value());
    let body = Body::new([0; SALT_BYTES], statement.as_bytes().to_vec());
    let body = body.map_err(|_| RejectReason::NotAStatement)?;
    let payload = statement.payload();
    let local = payload
        .target
        .as_ref()
        .filter(|target| target.origin == origin);
    let leaf = Leaf {
        kind: payload.class().kind(),
        vis,
        commit: body.commit(),
        target: local.map(|target| target.index),
        ctx: statement.header().ctx.size,
    };
    let index = LeafIndex::new(size);
    let place = Place {
        origin: &origin,
        index,
        leaf: &leaf,
        ctx_floor: node.shared().ctx_floor(&origin, index),
    };
    trust::check(registry, place, statement).map(drop)
}
