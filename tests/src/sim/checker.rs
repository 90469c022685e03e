//! The rules of a run. Safety holds after every step; completeness once trouble has ended.

use std::collections::{BTreeMap, BTreeSet};

use concordat_node::core::{BodyState, Core, Durable};
use concordat_node::disk::MemoryDisk;
use concordat_protocol::log::{Cosignature, Hash, LeafIndex, Origin, SignedCheckpoint, TreeSize};
use concordat_protocol::message::Frame;
use concordat_protocol::statement::{
    ActOutcome, Body, Content, Kind, Leaf, Statement, StatementRef,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::{self, Place};

/// What has been promised and said so far, by anyone.
#[derive(Debug, Default)]
pub(super) struct Checker {
    /// The one root of each size of each log, over everything ever shown.
    roots: BTreeMap<(Origin, TreeSize), Hash>,
    /// The largest size of each log that a witness has cosigned.
    cosigned: BTreeMap<(AuthorityCode, Origin), TreeSize>,
    /// Statements that a node acknowledged.
    pub(super) acknowledged: Vec<(AuthorityCode, StatementRef)>,
}

/// What a rule found: nothing wrong, or what.
pub(super) type Verdict = Result<(), String>;

/// A node that runs.
pub(super) type Running<'a> = (AuthorityCode, &'a Core<MemoryDisk>);

impl Checker {
    /// Takes in a frame that a node sent: no two roots may ever be shown for one size.
    pub(super) fn sent(&mut self, bytes: &[u8]) -> Verdict {
        match Frame::decode(bytes) {
            Ok(Frame::Checkpoint { note } | Frame::Push { note, .. }) => {
                let signed = SignedCheckpoint::parse(note).map_err(|error| error.to_string())?;
                let head = signed.claimed();
                self.root(head.origin(), head.size(), *head.root())
            }
            Ok(Frame::Cosign {
                origin, size, root, ..
            }) => self.root(&origin, size, root),
            Ok(Frame::Frontier(entries)) => entries
                .iter()
                .try_for_each(|entry| self.root(&entry.origin, entry.size, entry.root)),
            Ok(Frame::Fork { .. }) => Err("an honest network saw a fork".to_owned()),
            Ok(
                Frame::Hello { .. }
                | Frame::Error { .. }
                | Frame::Range { .. }
                | Frame::Block { .. }
                | Frame::Bodies { .. }
                | Frame::BodyBlock { .. }
                | Frame::Consistency { .. }
                | Frame::Proof(_),
            ) => Ok(()),
            Err(error) => Err(format!("a node sent what is no frame: {error}")),
        }
    }

    /// Takes in a frame that a witness sent: it never cosigns less of a log than it did before.
    pub(super) fn cosigned(&mut self, by: AuthorityCode, bytes: &[u8]) -> Verdict {
        let Ok(Frame::Cosign {
            origin, size, line, ..
        }) = Frame::decode(bytes)
        else {
            return Ok(());
        };
        let cosignature = Cosignature::parse(line).map_err(|error| error.to_string())?;
        if cosignature.witness().member() != by.as_str() {
            return Ok(());
        }
        let largest = self.cosigned.entry((by, origin.clone())).or_insert(size);
        if size < *largest {
            let before = *largest;
            return Err(format!("{by} cosigned {size} of {origin} after {before}"));
        }
        *largest = size;
        Ok(())
    }

    pub(super) fn root(&mut self, origin: &Origin, size: TreeSize, root: Hash) -> Verdict {
        let known = self.roots.entry((origin.clone(), size)).or_insert(root);
        match *known == root {
            true => Ok(()),
            false => Err(format!("two roots were shown for size {size} of {origin}")),
        }
    }

    /// Nothing is kept as verified that the registry refuses.
    pub(super) fn durable(core: &Core<MemoryDisk>, durable: &[Durable]) -> Verdict {
        for kept in durable {
            let at = || format!("{}#{}", kept.origin, kept.index);
            let body = Body::decode(&kept.body).map_err(|e| format!("{}: {e}", at()))?;
            if body.commit() != kept.leaf.commit {
                return Err(format!("{}: a body that its leaf does not commit to", at()));
            }
            if !kept.verified || kept.leaf.kind == Kind::Registry {
                continue;
            }
            let statement =
                Statement::decode(body.statement()).map_err(|e| format!("{}: {e}", at()))?;
            let (origin, index, leaf) = (&kept.origin, kept.index, &kept.leaf);
            let place = Place {
                origin,
                index,
                leaf,
                ctx_floor: core.shared().ctx_floor(origin, index),
            };
            trust::verify(core.registry(), place, statement)
                .map_err(|e| format!("{} is kept as verified: {e}", at()))?;
        }
        Ok(())
    }

    /// What a node acknowledged is still there, with its body.
    pub(super) fn kept(&self, code: AuthorityCode, core: &Core<MemoryDisk>) -> Verdict {
        let shared = core.shared();
        for (_, said) in self.acknowledged.iter().filter(|(by, _)| *by == code) {
            let leaf = shared.leaf(&said.origin, said.index);
            let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
            if leaf.map(|leaf| leaf.hash()) != Some(said.leaf_hash) {
                return Err(format!("{code} lost the acknowledged statement {said}"));
            }
            if shared.body(&said.origin, said.index).is_none() {
                return Err(format!("{code} lost the body of {said}"));
            }
        }
        Ok(())
    }
}

/// Whether a node knows of every leaf under an older registry when the hub saw it.
// spec: TRU-34
fn seen_by_hub(core: &Core<MemoryDisk>) -> Verdict {
    let (shared, registry) = (core.shared(), core.registry());
    let (seen, hub) = (shared.heads_seen(), registry.genesis().hub());
    let registry_log = registry.genesis().registry_origin();
    if seen.size_seen(&registry_log) < registry.size() {
        return Err(format!("no head of the registry at {}", registry.size()));
    }
    for (origin, log) in shared.logs().iter() {
        let size = seen.size_seen(origin);
        let oldest = log.course().oldest_from(LeafIndex::new(size.value()));
        let unseen = log.size() > size && oldest.is_some_and(|ctx| ctx < registry.size());
        if unseen && origin.member() != hub.as_str() {
            return Err(format!("{origin} was not seen beyond {size}"));
        }
    }
    Ok(())
}

/// Whether every log, body and notice is where it must be.
pub(super) fn complete(cores: &[Running<'_>]) -> Verdict {
    for (code, core) in cores {
        seen_by_hub(core)?;
        receipted(*code, core)?;
    }
    for (owner, source) in cores {
        for origin in source.own_logs() {
            for (code, core) in cores {
                same_log(cores, &origin, (*owner, source), (*code, core))?;
            }
        }
    }
    let Some((_, hub)) = cores.iter().find(|(_, core)| core.is_hub()) else {
        return Err("there is no hub".to_owned());
    };
    for (code, core) in cores {
        if core.registry().ctx() != hub.registry().ctx() {
            return Err(format!("{code} has another registry than the hub"));
        }
    }
    noticed(cores, hub)
}

/// Whether every head is witnessed as every node sees it.
pub(super) fn witnessed(cores: &[Running<'_>]) -> Verdict {
    for (code, core) in cores {
        for (origin, replica) in core.exchange().replicas() {
            let (held, size) = (replica.durable(), replica.witnessed().size);
            if held != size {
                return Err(format!(
                    "{code} sees {size} of {held} of {origin} witnessed"
                ));
            }
        }
    }
    Ok(())
}

fn same_log(
    cores: &[Running<'_>],
    origin: &Origin,
    (owner, source): Running<'_>,
    (code, core): Running<'_>,
) -> Verdict {
    let held = |core: &Core<MemoryDisk>| {
        let shared = core.shared();
        let logs = shared.logs();
        logs.get(origin).map(|log| (log.size(), log.tree().root()))
    };
    let Some((size, root)) = held(source).filter(|(size, _)| *size > TreeSize::ZERO) else {
        return Ok(());
    };
    if held(core) != Some((size, root)) {
        let has = held(core).map_or(TreeSize::ZERO, |(size, _)| size);
        return Err(format!("{code} holds {has} of {size} leaves of {origin}"));
    }
    let head = core.exchange().replica(origin).and_then(|r| r.head());
    if head.map(|head| head.size()) != Some(size) {
        return Err(format!("{code} has no head over {size} leaves of {origin}"));
    }
    let shared = core.shared();
    for position in 0..size.value() {
        let index = LeafIndex::new(position);
        let leaf = shared.leaf(origin, index);
        let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
        let leaf = leaf.ok_or_else(|| format!("{code} cannot read leaf {index} of {origin}"))?;
        let state = shared.logs().get(origin).map(|log| log.body(index));
        let entitled = match leaf.kind.is_between_parties() {
            true => concerned(source, (origin, index), code),
            false => core.registry().entitled(leaf.vis, origin, code),
        };
        let held = matches!(state, Some(BodyState::Held(_)));
        let owed = match leaf.kind == Kind::Act {
            true => owed(cores, (origin, index), source, (code, core)),
            false => Owed::No,
        };
        // spec: EXC-92
        if leaf.kind == Kind::Data && !entitled && state == Some(BodyState::Missing) {
            let what = format!("body {index} of {origin}, which is withheld from it");
            return Err(format!("{code} waits for {what}"));
        }
        if held != (entitled || owed == Owed::Yes) && owed != Owed::Forgotten {
            return Err(format!(
                "{code}, entitled {entitled}, owed {owed:?}: body {index} of {origin} by {owner} is {state:?}, \
                 the owner's {:?}",
                source
                    .shared()
                    .logs()
                    .get(origin)
                    .map(|log| log.body(index)),
            ));
        }
    }
    Ok(())
}

/// Whether a delivery, a receipt or holdings are for a member, as its author has it.
// spec: PRP-4, EXC-110
fn concerned(
    source: &Core<MemoryDisk>,
    (origin, index): (&Origin, LeafIndex),
    code: AuthorityCode,
) -> bool {
    let body = source.shared().body(origin, index);
    let body = body.and_then(|body| Body::decode(&body).ok());
    let statement = body.and_then(|body| Statement::decode(body.statement()).ok());
    let content = statement.map(|statement| statement.payload().content.clone());
    let named = match content {
        Some(Content::DeliveryBatch(batch)) => {
            batch.receiver() == code || batch.origin().member() == code.as_str()
        }
        Some(Content::ReceiptBatch(batch)) => batch.origin().member() == code.as_str(),
        Some(Content::Holdings(said)) => said.fields().origin.member() == code.as_str(),
        _ => false,
    };
    named || origin.member() == code.as_str() || source.registry().oversees(code)
}

/// Whether a node has said of every act of others that it has what became of it: once that its target is
/// not here at most, and once for good.
// spec: PRP-10, PRP-11
fn receipted(code: AuthorityCode, core: &Core<MemoryDisk>) -> Verdict {
    let mut said: BTreeMap<(Origin, LeafIndex), Vec<ActOutcome>> = BTreeMap::new();
    for statement in core
        .own_logs()
        .first()
        .map(|own| statements(core, own))
        .unwrap_or_default()
    {
        if let Content::ReceiptBatch(batch) = &statement.payload().content {
            for receipt in batch.receipts() {
                let act = (receipt.act.origin.clone(), receipt.act.index);
                said.entry(act).or_default().push(receipt.outcome);
            }
        }
    }
    let shared = core.shared();
    let logs: Vec<(Origin, TreeSize)> = {
        let logs = shared.logs();
        logs.iter()
            .map(|(origin, log)| (origin.clone(), log.size()))
            .collect()
    };
    for (origin, size) in logs
        .iter()
        .filter(|(origin, _)| origin.member() != code.as_str())
    {
        for index in (0..size.value()).map(LeafIndex::new) {
            let leaf = shared.leaf(origin, index);
            let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
            let body = shared
                .body(origin, index)
                .and_then(|body| Body::decode(&body).ok());
            let statement = body.and_then(|body| Statement::decode(body.statement()).ok());
            let target = statement.and_then(|statement| statement.payload().target.clone());
            let is_act = leaf.is_some_and(|leaf| leaf.kind == Kind::Act);
            let Some(target) = target.filter(|_| is_act) else {
                continue;
            };
            let held = shared.body(&target.origin, target.index).is_some();
            let outcomes = said.remove(&(origin.clone(), index)).unwrap_or_default();
            let applied = ActOutcome::Applied { measures: None };
            let right = match (held, outcomes.as_slice()) {
                (true, [one]) => *one == applied,
                (true, [first, second]) => {
                    (*first, *second) == (ActOutcome::TargetNotHeld, applied)
                }
                (false, [one]) => *one == ActOutcome::TargetNotHeld,
                _ => false,
            };
            if !right {
                let what = format!("{origin}#{index}, its target held: {held}");
                return Err(format!("{code} has receipts {outcomes:?} of {what}"));
            }
        }
    }
    match said.first_key_value() {
        None => Ok(()),
        Some(((origin, index), _)) => Err(format!("{code} has a receipt of {origin}#{index}")),
    }
}

/// Whether every member that was given a decision or an act is named once in a delivery of whoever gave it.
// spec: PRP-12, PRP-13, PRP-14
pub(super) fn deliveries_said(cores: &[Running<'_>]) -> Verdict {
    for (giver, core) in cores {
        let mut said = BTreeSet::new();
        for statement in core
            .own_logs()
            .first()
            .map(|own| statements(core, own))
            .unwrap_or_default()
        {
            if let Content::DeliveryBatch(batch) = &statement.payload().content {
                for (begin, end) in batch.ranges() {
                    let positions = begin.value()..end.value();
                    let named = positions.map(|at| (batch.receiver(), batch.origin().clone(), at));
                    for one in named {
                        if !said.insert(one.clone()) {
                            return Err(format!("{giver} said twice that it gave {one:?}"));
                        }
                    }
                }
            }
        }
        let mut given = BTreeSet::new();
        for (receiver, _) in cores {
            given.extend(given_to(core, *giver, *receiver));
        }
        if let Some(one) = given.difference(&said).next() {
            return Err(format!("{giver} has not said that it gave {one:?}"));
        }
        if let Some(one) = said.difference(&given).next() {
            return Err(format!(
                "{giver} said and has forgotten that it gave {one:?}"
            ));
        }
    }
    Ok(())
}

/// What a node's rows name of its own logs' decisions and acts, and of every log's as the hub.
fn given_to(
    core: &Core<MemoryDisk>,
    giver: AuthorityCode,
    receiver: AuthorityCode,
) -> Vec<(AuthorityCode, Origin, u64)> {
    let shared = core.shared();
    let mut given = Vec::new();
    let logs: Vec<(Origin, TreeSize)> = {
        let logs = shared.logs();
        logs.iter()
            .map(|(origin, log)| (origin.clone(), log.size()))
            .collect()
    };
    for (origin, size) in logs {
        let gives = core.is_hub() || origin.member() == giver.as_str();
        if !gives || origin.member() == receiver.as_str() {
            continue;
        }
        for index in (0..size.value()).map(LeafIndex::new) {
            let leaf = shared.leaf(&origin, index);
            let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
            // One that has a row would be said, and given again: it shows as one that is not said.
            // spec: STO-91
            let other = [
                Kind::Registry,
                Kind::Agreement,
                Kind::Notice,
                Kind::HeadSeen,
                Kind::Restart,
            ];
            let said = leaf.is_some_and(|leaf| !other.contains(&leaf.kind));
            if said && core.has_given(receiver, &origin, index) {
                given.push((receiver, origin.clone(), index.value()));
            }
        }
    }
    given
}

/// What a reader is owed of an act for the sake of its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    /// The act: the reader issued its target, or has it and somebody's rows say so.
    Yes,
    /// The reader has the target of whoever lost their rows with their directory.
    Forgotten,
    /// Nothing.
    No,
}

fn owed(
    cores: &[Running<'_>],
    (origin, index): (&Origin, LeafIndex),
    source: &Core<MemoryDisk>,
    (code, core): Running<'_>,
) -> Owed {
    let body = source.shared().body(origin, index);
    let body = body.and_then(|body| Body::decode(&body).ok());
    let statement = body.and_then(|body| Statement::decode(body.statement()).ok());
    let Some(target) = statement.and_then(|statement| statement.payload().target.clone()) else {
        return Owed::No;
    };
    let shared = core.shared();
    let state = shared
        .logs()
        .get(&target.origin)
        .map(|log| log.body(target.index));
    let has = matches!(state, Some(BodyState::Held(_)));
    let given = |(_, giver): &Running<'_>| giver.has_given(code, &target.origin, target.index);
    match target.origin.member() == code.as_str() || has && cores.iter().any(given) {
        true => Owed::Yes,
        false if has => Owed::Forgotten,
        false => Owed::No,
    }
}

fn noticed(cores: &[Running<'_>], hub: &Core<MemoryDisk>) -> Verdict {
    let register = hub.registry().genesis().register_origin();
    let mut notices = BTreeSet::new();
    for statement in statements(hub, &register) {
        if let Content::Notice(notice) = &statement.payload().content
            && !notices.insert((notice.act.origin.clone(), notice.act.index))
        {
            return Err(format!("two notices of {}", notice.act));
        }
    }
    let mut acts = BTreeSet::new();
    for (_, core) in cores {
        for origin in core.own_logs() {
            for (index, statement) in statements(core, &origin).iter().enumerate() {
                let target = statement.payload().target.as_ref();
                let rules = matches!(statement.payload().content, Content::Ruling(_));
                if target.is_some_and(|target| rules || target.origin != origin) {
                    acts.insert((origin.clone(), LeafIndex::new(index as u64)));
                }
            }
        }
    }
    match acts.symmetric_difference(&notices).next() {
        None => Ok(()),
        Some((origin, index)) => Err(format!("{origin}#{index}: acts and notices differ")),
    }
}

fn statements(core: &Core<MemoryDisk>, origin: &Origin) -> Vec<Statement> {
    let shared = core.shared();
    let size = shared
        .logs()
        .get(origin)
        .map_or(0, |log| log.size().value());
    let body = |index| shared.body(origin, LeafIndex::new(index));
    (0..size)
        .filter_map(body)
        .filter_map(|body| Statement::decode(Body::decode(&body).ok()?.statement()).ok())
        .collect()
}
