//! Acts follow the holder: whoever was ever given a statement is given what is said about it later,
//! whatever became of its entitlement since.

use std::collections::BTreeMap;
use std::ops::Range;

use concordat_protocol::exchange::{Gaps, LogView as _};
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::message::Absence;
use concordat_protocol::statement::{Body, Content, Kind, Leaf, Notice, Statement};
use concordat_protocol::subject::AuthorityCode;

use crate::core::ledger::Record;
use crate::core::logs::{BodyState, read_leaves};
use crate::core::own::RECORD_LEAVES_MAX;
use crate::core::types::{Durable, Fatal};
use crate::core::{Core, Shared};
use crate::disk::Disk;

impl<D: Disk> Core<D> {
    /// The row that says which bodies went to a member; durable before they leave. Deliveries and
    /// receipts need none: the row would be said in a delivery, and that one be given again.
    // spec: STO-25, STO-91
    pub(super) fn record_delivery(
        &mut self,
        member: AuthorityCode,
        origin: &Origin,
        bodies: impl IntoIterator<Item = (u64, Kind)>,
    ) -> Result<(), Fatal> {
        // What a row names already needs no other: asking again must not make the ledger grow.
        let given = self.delivered.get(&(member, origin.clone()));
        let is_new = |(position, kind): &(u64, Kind)| {
            let given = given.is_some_and(|given| given.contains(*position));
            !given && !kind.is_between_parties()
        };
        let bodies: Vec<(u64, Kind)> = bodies.into_iter().filter(is_new).collect();
        let all = ranges(bodies.iter().map(|(position, _)| *position));
        if all.is_empty() {
            return Ok(());
        }
        let acted_on = |(_, kind): &&(u64, Kind)| matches!(kind, Kind::Data | Kind::Act);
        let acted_on = bodies.iter().filter(acted_on);
        let acted_on = ranges(acted_on.map(|(position, _)| *position));
        self.await_delivery(member, origin, &acted_on);
        let ranges = all;
        let id = self.log_id(origin)?;
        let at_ms = self.clock.value();
        let delivered = self.delivered.entry((member, origin.clone())).or_default();
        for (begin, end) in &ranges {
            delivered.insert(*begin, *end);
        }
        self.stage(&Record::Delivery {
            member: member.as_str(),
            id,
            ranges,
            at_ms,
        })?;
        Ok(())
    }

    /// Whether this node ever gave a member the body of a statement, as far as its rows go back.
    #[must_use]
    pub fn has_given(&self, member: AuthorityCode, origin: &Origin, index: LeafIndex) -> bool {
        let given = self.delivered.get(&(member, origin.clone()));
        given.is_some_and(|positions| positions.contains(index.value()))
    }

    /// Whether a member may have an act for the sake of its target: because it issued that, or was
    /// given it.
    // spec: EXC-26
    pub(super) fn owed_to(
        &self,
        member: AuthorityCode,
        origin: &Origin,
        index: LeafIndex,
        leaf: &Leaf,
    ) -> bool {
        if leaf.kind != Kind::Act {
            return false;
        }
        let (target, index) = match leaf.target {
            Some(target) => (origin.clone(), target),
            None => {
                let statement = self
                    .shared
                    .body(origin, index)
                    .and_then(|body| Statement::decode(Body::decode(&body).ok()?.statement()).ok());
                match statement.and_then(|statement| statement.payload().target.clone()) {
                    Some(target) => (target.origin, target.index),
                    None => return false,
                }
            }
        };
        target.member() == member.as_str() || self.has_given(member, &target, index)
    }

    /// The register says which acts lie on statements that we hold: they are asked for until they
    /// come, also where we are not entitled to their class. Notice and target come in either order.
    // spec: EXC-26
    pub(super) fn follow_notices(&mut self, durable: &[Durable]) {
        let register = self.genesis.register_origin();
        for entry in durable {
            if entry.origin != register {
                self.follow(&entry.origin, entry.index);
                continue;
            }
            let body = Body::decode(&entry.body).ok();
            let statement = body.and_then(|body| Statement::decode(body.statement()).ok());
            let content = statement.as_ref().map(|s| &s.payload().content);
            if let Some(Content::Notice(notice)) = content {
                self.keep_notice(notice);
            }
        }
    }

    /// Keeps what a notice of the register says, also of one that was fetched back.
    pub(super) fn keep_notice(&mut self, notice: &Notice) {
        let (act, target) = (&notice.act, &notice.target);
        let act = (act.origin.clone(), act.index);
        if self.is_hub() {
            self.noticed.insert(act.clone());
        }
        // Only this one: the others are wanted already, and somebody may pile up thousands on one target.
        self.want_acts(&target.origin, target.index, std::slice::from_ref(&act));
        let acts = self.notices.entry((target.origin.clone(), target.index));
        acts.or_default().push(act);
    }

    /// Wants the acts on a statement that has come.
    fn follow(&mut self, target: &Origin, index: LeafIndex) {
        if self.notices.is_empty() {
            return;
        }
        let key = (target.clone(), index);
        let Some(acts) = self.notices.remove(&key) else {
            return;
        };
        self.want_acts(target, index, &acts);
        self.notices.insert(key, acts);
    }

    /// Wants acts on a statement, if that is held.
    fn want_acts(&mut self, target: &Origin, index: LeafIndex, acts: &[(Origin, LeafIndex)]) {
        let Ok(issuer) = AuthorityCode::parse(target.member()) else {
            return;
        };
        let mut wanted: BTreeMap<&Origin, Gaps> = BTreeMap::new();
        {
            let logs = self.shared.logs();
            if !logs.holds_body(target, index) {
                return;
            }
            for (origin, index) in acts {
                let body = logs
                    .get(origin)
                    .map_or(BodyState::None, |log| log.body(*index));
                let is_open = match body {
                    BodyState::Missing
                    | BodyState::None
                    | BodyState::Absent(Absence::NotEntitled) => true,
                    BodyState::Held(_)
                    | BodyState::Damaged
                    | BodyState::Refused(_)
                    | BodyState::Absent(_) => false,
                };
                if is_open && origin.member() != self.me.as_str() {
                    let position = index.value();
                    let gaps = wanted.entry(origin).or_default();
                    gaps.insert(position, position.saturating_add(1));
                }
            }
        }
        for (origin, mut gaps) in wanted {
            while let Some((begin, end)) = gaps.take_first(RECORD_LEAVES_MAX as u64) {
                self.owe_acts(origin, begin..end, issuer);
            }
        }
    }

    /// Wants those of neighbours that are acts, or of which that is not known.
    fn owe_acts(&mut self, origin: &Origin, positions: Range<u64>, issuer: AuthorityCode) {
        let records = {
            let logs = self.shared.logs();
            let log = logs.get(origin);
            let log = log.filter(|log| positions.start < log.size().value());
            log.map(|log| log.records(positions.start, positions.end))
        };
        let Shared { reader, damage, .. } = &*self.shared;
        let records = records.unwrap_or_default();
        let leaves = read_leaves(reader, damage, &records, positions.start, positions.end);
        let mut leaves = leaves.into_iter();
        for position in positions {
            // What a notice calls an act may be something else.
            let is_other = leaves
                .next()
                .is_some_and(|leaf| !Leaf::decode(&leaf).is_ok_and(|leaf| leaf.kind == Kind::Act));
            if !is_other {
                self.exchange.owe(origin, LeafIndex::new(position), issuer);
            }
        }
    }
}

/// Positions as the ranges [begin, end) of neighbours.
fn ranges(positions: impl IntoIterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut all = Gaps::default();
    for position in positions {
        all.insert(position, position + 1);
    }
    std::iter::from_fn(|| all.take_first(u64::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use concordat_protocol::exchange::BodyOutcome;
    use concordat_protocol::statement::{Class, Ground, ObjectorRole};

    use crate::core::fixture::open;
    use crate::disk::MemoryDisk;
    use crate::fixture::{Fixture, Placed, subject};

    use super::*;

    /// A core that holds the leaves of many acts on one decision, the bodies of none.
    struct Objected {
        core: Core<MemoryDisk>,
        disk: MemoryDisk,
        target: Placed,
        notices: Vec<Notice>,
    }

    impl Objected {
        fn by(objections: u64) -> Self {
            let fixture = Fixture::new();
            let (mut core, disk) = open(&fixture);
            let target = fixture.decision(0, 1);
            let how = (ObjectorRole::Subject, Ground::Facts);
            let object = |index| fixture.objection_by_hub(index, subject(1), how, &target);
            let acts: Vec<Placed> = (0..objections).map(object).collect();
            let (first, leaf) = (LeafIndex::new(0), target.leaf.encode());
            core.stage_leaves(&target.origin, first, &[&leaf], &[])
                .unwrap();
            for act in &acts {
                let leaf = act.leaf.encode();
                core.stage_leaves(&act.origin, act.index, &[&leaf], &[])
                    .unwrap();
            }
            core.finish().unwrap();
            let notices = acts.iter().map(|act| Notice {
                target: target.reference(),
                act: act.reference(),
                class: Class::Objection,
                ground: Some(Ground::Facts),
                over_cap: None,
            });
            Self {
                notices: notices.collect(),
                core,
                disk,
                target,
            }
        }

        fn take_target(&mut self) {
            let Placed {
                origin, leaf, body, ..
            } = &self.target;
            let accepted = BodyOutcome::Accepted {
                leaf: *leaf,
                body: Arc::clone(body),
                verified: false,
            };
            let bodies = vec![(LeafIndex::new(0), accepted)];
            self.core.stage_bodies(origin, bodies).unwrap();
            self.core.finish().unwrap();
        }

        fn take_notices(&mut self) {
            for notice in &self.notices {
                self.core.keep_notice(notice);
            }
        }
    }

    /// Calls of the disk that a step takes.
    fn calls(objected: &mut Objected, step: fn(&mut Objected)) -> u64 {
        let before = objected.disk.calls();
        step(objected);
        objected.disk.calls() - before
    }

    /// Somebody who objected 8,000 times to one decision kept the core of every member busy for
    /// almost a minute: with each notice the leaves of all before it were read again.
    // spec: EXC-26
    #[test]
    fn each_notice_about_one_target_costs_the_same() {
        let reads = [50, 200].map(|objections| {
            let mut objected = Objected::by(objections);
            objected.take_target();
            let reads = calls(&mut objected, Objected::take_notices);
            // All are wanted, each once.
            let (act, owed) = (&objected.notices[0].act, objected.core.exchange());
            assert_eq!(owed.owed_of(&act.origin) as u64, objections);
            reads
        });
        assert!(reads[1] <= 4 * reads[0], "{reads:?}");
    }

    /// The target comes last: what is known about it is looked through once.
    // spec: EXC-26
    #[test]
    fn acts_are_wanted_once_their_target_has_come() {
        let mut objected = Objected::by(200);
        objected.take_notices();
        let act = objected.notices[0].act.clone();
        assert_eq!(objected.core.exchange().owed_of(&act.origin), 0);
        let calls = calls(&mut objected, Objected::take_target);
        assert_eq!(objected.core.exchange().owed_of(&act.origin), 200);
        assert!(calls <= 2 * 200 + 50, "{calls}");
    }
}
