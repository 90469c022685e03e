//! Acts follow the holder: whoever was ever given a statement is given what is said about it later,
//! whatever became of its entitlement since.

use concordat_protocol::exchange::{Gaps, LogView as _};
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::message::Absence;
use concordat_protocol::statement::{Body, Content, Kind, Leaf, Notice, Statement};
use concordat_protocol::subject::AuthorityCode;

use crate::core::Core;
use crate::core::ledger::Record;
use crate::core::logs::{BodyState, LogTable, read_leaf};
use crate::core::types::{Durable, Fatal};
use crate::disk::Disk;

impl<D: Disk> Core<D> {
    /// The row that says which bodies went to a member; durable before they leave.
    // spec: STO-25
    pub(super) fn record_delivery(
        &mut self,
        member: AuthorityCode,
        origin: &Origin,
        positions: impl IntoIterator<Item = u64>,
    ) -> Result<(), Fatal> {
        // What a row names already needs no other: asking again must not make the ledger grow.
        let given = self.delivered.get(&(member, origin.clone()));
        let is_new = |position: &u64| given.is_none_or(|given| !given.contains(*position));
        let ranges = ranges(positions.into_iter().filter(is_new));
        if ranges.is_empty() {
            return Ok(());
        }
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
        if self.is_hub() {
            self.noticed.insert((act.origin.clone(), act.index));
        }
        let acts = self.notices.entry((target.origin.clone(), target.index));
        let acts = acts.or_default();
        acts.push((act.origin.clone(), act.index));
        self.follow(&target.origin, target.index);
    }

    /// Wants the acts on a statement, if that is held.
    fn follow(&mut self, target: &Origin, index: LeafIndex) {
        if self.notices.is_empty() {
            return;
        }
        let Some(acts) = self.notices.get(&(target.clone(), index)) else {
            return;
        };
        let Ok(issuer) = AuthorityCode::parse(target.member()) else {
            return;
        };
        let logs = self.shared.logs();
        if !logs.holds_body(target, index) {
            return;
        }
        for (origin, index) in acts {
            let open = logs.get(origin).is_none_or(|log| match log.body(*index) {
                BodyState::Missing | BodyState::None | BodyState::Absent(Absence::NotEntitled) => {
                    true
                }
                BodyState::Held(_)
                | BodyState::Damaged
                | BodyState::Refused(_)
                | BodyState::Absent(_) => false,
            });
            if open && origin.member() != self.me.as_str() && !self.is_other(&logs, origin, *index)
            {
                self.exchange.owe(origin, *index, issuer);
            }
        }
    }

    /// Whether what a notice calls an act is something else.
    fn is_other(&self, logs: &LogTable, origin: &Origin, index: LeafIndex) -> bool {
        let place = logs.get(origin).and_then(|log| log.leaf_place(index));
        let leaf =
            place.and_then(|place| read_leaf(&self.shared.reader, &self.shared.damage, place));
        leaf.is_some_and(|leaf| !Leaf::decode(&leaf).is_ok_and(|leaf| leaf.kind == Kind::Act))
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
