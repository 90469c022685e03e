//! The acts on a statement by whom it may be.

use std::sync::Arc;

use concordat_protocol::admin::AdminError;
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{Class, Leaf, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::Verified;

use crate::admin::refusal;
use crate::node::Node;
use crate::query::Found;
use crate::store::Position;

/// The acts of a class on a statement that are held, by its issuer, who stands for it, or a supervisor; by
/// position.
// spec: EFF-3, EFF-243
pub(super) fn on(
    node: &Node,
    target: &Position,
    issuer: AuthorityCode,
    class: Class,
) -> Result<Vec<Arc<Verified>>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let registry = node.registry();
    let rows = query.store().acts_on(&target.origin, target.index);
    let mut acts = Vec::new();
    for row in rows.map_err(refusal::store)? {
        if row.class != class {
            continue;
        }
        let found = query.statement(&row.position.origin, row.position.index);
        if let Found::Verified(act) = found.map_err(refusal::query)?
            && registry.may_act(&act, issuer)
        {
            acts.push(act);
        }
    }
    Ok(acts)
}

/// The first withdrawal of a statement.
pub(super) fn withdrawal(
    node: &Node,
    target: &Position,
    issuer: AuthorityCode,
) -> Result<Option<StatementRef>, AdminError> {
    let found = on(node, target, issuer, Class::Withdrawal)?;
    Ok(found.first().map(|act| act.reference().clone()))
}

/// What takes an act back. To take back what frees binds: what is void has not done it.
// spec: ADM-210, ADM-295
pub(super) fn taken_back(
    node: &Node,
    act: &StatementRef,
    issuer: AuthorityCode,
    class: Class,
) -> Result<Option<StatementRef>, AdminError> {
    let frees = matches!(class, Class::Stay | Class::Repair);
    let found = on(node, &Position::of(act), issuer, Class::Withdrawal)?;
    let mut found = found
        .iter()
        .filter(|one| !frees || node.fact(one).void().is_none());
    Ok(found.next().map(|one| one.reference().clone()))
}

/// The reference of a leaf that is held.
pub(super) fn reference(node: &Node, origin: &Origin, index: LeafIndex) -> Option<StatementRef> {
    let leaf = Leaf::decode(&node.shared().leaf(origin, index)?).ok()?;
    Some(StatementRef {
        origin: origin.clone(),
        index,
        leaf_hash: leaf.hash(),
    })
}
