//! What a running node is asked: who has done what an act asks.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::log::{Origin, TreeSize};
use concordat_protocol::propagation::{Act, Certificate, Evidence, Loss, Reach, Said, certificate};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::{LogNumber, Registry, Verified};

use crate::core::Log;
use crate::node::{AskError, Node};
use crate::query::{Found, QueryError};
use crate::store::{Named, Position};

/// Receipts of one act that are read in one log: one member says two at most.
// spec: IDX-80
const RECEIPTS_MAX: usize = 16;
/// Deliveries of one statement that are read in one log.
// spec: IDX-81
const DELIVERIES_MAX: usize = 4_096;

/// What certificates are worked out under, the same for all acts of an answer.
pub(crate) struct Hearing {
    members: BTreeMap<AuthorityCode, Option<Loss>>,
    /// Where each of them speaks.
    logs: Vec<Origin>,
    pub(crate) reach: BTreeMap<Origin, Reach>,
}

impl Node {
    /// Everyone with a log, and how far each of these is read here.
    pub(crate) fn hearing(&self) -> Hearing {
        let registry = self.registry();
        let speaks = |code| self.genesis.origin(code, LogNumber::Statements);
        let members = Loss::of_members(&registry);
        let logs: Vec<Origin> = members.keys().map(|code| speaks(*code)).collect();
        let reach = logs.iter().map(|log| (log.clone(), self.reach(log)));
        Hearing {
            reach: reach.collect(),
            members,
            logs,
        }
    }

    /// Whether this node is given whatever tells of acts on statements of a log.
    // spec: PRP-4
    pub(crate) fn sees_all_of(&self, registry: &Registry, origin: &Origin) -> bool {
        origin.member() == self.member.as_str() || registry.oversees(self.member)
    }

    /// What became of an act; `None` for a statement that acts on nothing.
    ///
    /// # Errors
    /// [`AskError`].
    // spec: PRP-20, PRP-27, IDX-80
    pub(crate) fn certificate(
        &self,
        hearing: &Hearing,
        verified: &Verified,
    ) -> Result<Option<Certificate>, AskError> {
        let Some(act) = Act::from_verified(verified) else {
            return Ok(None);
        };
        let query = self.query()?;
        let registry = self.registry();
        let (mut places, mut cut) = (BTreeSet::new(), BTreeSet::new());
        let mut take = |named: Named, log: &Origin| {
            places.extend(named.places);
            cut.extend(named.is_cut.then(|| log.clone()));
        };
        let (at, target) = (Position::of(&act.reference), Position::of(&act.target));
        let issuer = AuthorityCode::parse(act.target.origin.member());
        let givers = issuer.into_iter().chain([self.genesis.hub()]);
        let store = query.store();
        for giver in givers.collect::<BTreeSet<_>>() {
            let giver = self.genesis.origin(giver, LogNumber::Statements);
            let found = store.deliveries_of(&target, &giver, DELIVERIES_MAX);
            take(found.map_err(QueryError::Store)?, &giver);
        }
        for log in &hearing.logs {
            query.go_on()?;
            let found = store.receipts_of(&at, log, RECEIPTS_MAX);
            take(found.map_err(QueryError::Store)?, log);
        }
        let mut said = Vec::with_capacity(places.len());
        for place in places {
            match query.statement(&place.origin, place.index) {
                Ok(Found::Verified(verified)) => {
                    said.extend(Said::from_verified(&act, &verified, &registry));
                }
                Ok(Found::Rejected(_) | Found::NotHeld) => {}
                // A damaged body has been noted and is asked for again; it may have told of the act.
                Err(QueryError::Body(_)) => {
                    cut.insert(place.origin);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let evidence = Evidence {
            hub: self.genesis.hub(),
            members: &hearing.members,
            said: &said,
            given_here: &self
                .shared
                .given_unsaid(&act.target.origin, act.target.index),
            reach: &hearing.reach,
            cut: &cut,
            sees_all: self.sees_all_of(&registry, &act.target.origin),
        };
        Ok(Some(certificate(&act, &evidence)))
    }

    /// How far a log is read here: up to the first delivery or receipt that is still to come.
    // spec: PRP-26
    fn reach(&self, origin: &Origin) -> Reach {
        let witnessed = self.shared.witnessed();
        let witnessed = witnessed.get(origin).map_or(TreeSize::ZERO, |it| it.size);
        let (held, first) = {
            let logs = self.shared.logs();
            let log = logs.get(origin);
            let held = log.map_or(TreeSize::ZERO, Log::size);
            (held, log.and_then(|log| log.awaited_for_few().next()))
        };
        let read = first.and_then(|first| TreeSize::new(first.value()).ok());
        Reach {
            read: read.unwrap_or(held),
            held,
            witnessed,
        }
    }
}
