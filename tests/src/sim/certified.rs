//! Propagation certificates in a run, as one of its nodes has them.

use std::collections::{BTreeMap, BTreeSet};

use concordat_node::core::Core;
use concordat_node::disk::MemoryDisk;
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::propagation::{Act, Certificate, Evidence, Loss, Said, State, certificate};
use concordat_protocol::statement::{Body, Kind, Leaf, Statement, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::{LogNumber, Place, Verified, verify};

use super::checker::{Running, Verdict};

/// What became of each act that a node holds, on statements of which it is given all that is said.
#[must_use]
pub fn certificates(code: AuthorityCode, core: &Core<MemoryDisk>) -> Vec<Certificate> {
    let registry = core.registry();
    let speaks = |code| registry.genesis().origin(code, LogNumber::Statements);
    let members = Loss::of_members(registry);
    let (mut acts, mut said) = (Vec::new(), Vec::new());
    for member in members.keys() {
        for verified in spoken(core, &speaks(*member)) {
            acts.extend(Act::from_verified(&verified));
            said.push(verified);
        }
    }
    let sees = |act: &Act| act.target.origin.member() == code.as_str() || registry.oversees(code);
    let acts = acts.into_iter().filter(sees);
    let certificate = |act: Act| {
        let target = &act.target;
        let said = said.iter();
        let said = said.filter_map(|one| Said::from_verified(&act, one, registry));
        let said: Vec<Said> = said.collect();
        let evidence = Evidence {
            hub: registry.genesis().hub(),
            members: &members,
            said: &said,
            given_here: &core.shared().given_unsaid(&target.origin, target.index),
            reach: &BTreeMap::new(),
            cut: &BTreeSet::new(),
            sees_all: true,
        };
        certificate(&act, &evidence)
    };
    acts.map(certificate).collect()
}

/// Acts, deliveries and receipts of a log whose bodies a node holds and that hold.
fn spoken(core: &Core<MemoryDisk>, origin: &Origin) -> Vec<Verified> {
    let shared = core.shared();
    let size = shared
        .logs()
        .get(origin)
        .map_or(0, |log| log.size().value());
    let verified = |index| {
        let index = LeafIndex::new(index);
        let leaf = Leaf::decode(&shared.leaf(origin, index)?).ok()?;
        if leaf.kind != Kind::Act && !leaf.kind.is_between_parties() {
            return None;
        }
        let body = Body::decode(&shared.body(origin, index)?).ok()?;
        let statement = Statement::decode(body.statement()).ok()?;
        let place = Place {
            origin,
            index,
            leaf: &leaf,
            ctx_floor: shared.ctx_floor(origin, index),
        };
        verify(core.registry(), place, statement).ok()
    };
    (0..size).filter_map(verified).collect()
}

pub(super) fn holds(core: &Core<MemoryDisk>, reference: &StatementRef) -> bool {
    core.shared()
        .body(&reference.origin, reference.index)
        .is_some()
}

/// Whether every certificate says *applied* of exactly those who hold the act and its target.
// spec: PRP-10, PRP-22, PRP-24
pub(super) fn certified(cores: &[Running<'_>]) -> Verdict {
    for (reader, core) in cores {
        for certificate in certificates(*reader, core) {
            let act = &certificate.act;
            for (member, state) in &certificate.states {
                let Some((_, of)) = cores.iter().find(|(code, _)| code == member) else {
                    continue;
                };
                let has = holds(of, &act.reference) && holds(of, &act.target);
                if has != matches!(state, State::Applied { .. }) {
                    let act = &act.reference;
                    return Err(format!("{reader} reads of {act} at {member}: {state:?}"));
                }
            }
        }
    }
    Ok(())
}
