//! Agreements that have ended: with whom, and how many decisions held were recognised by them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use concordat_protocol::admin::{AdminError, AlarmView, Detail};
use concordat_protocol::recognition::{Agreements, Lacking, Standing};
use concordat_protocol::statement::{Agreement, AgreementFields, Clause, Code, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;

use crate::admin::{agreement, refusal};
use crate::node::{Agreed, Node};
use crate::store::{Position, Summary};

/// For how many days after its end an agreement is told of.
// spec: ADM-244
const SHOWN_DAYS: i32 = 30;
/// Rows of the index that are looked at to count decisions.
// spec: ADM-244
const ROWS_COUNTED_MAX: usize = 262_144;

/// An agreement that is in force no more between the node's member and another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ended {
    version: StatementRef,
    with: AuthorityCode,
    on: Day,
}

/// What is counted once, when it is first told.
type Counted = BTreeMap<Ended, (u64, bool)>;

/// Tells of agreements that have ended, looked at once for each change of the node and each day.
#[derive(Default)]
pub(in crate::admin) struct EndedAgreements {
    last: Mutex<Option<(u64, Day, Vec<AlarmView>)>>,
    counted: Mutex<Counted>,
}

impl EndedAgreements {
    // spec: ADM-244
    pub(super) fn notices(&self, node: &Node) -> Result<Vec<AlarmView>, AdminError> {
        let (change, today) = (*node.changes().borrow(), node.today());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, day, found)) = &*last
            && (*at, *day) == (change, today)
        {
            return Ok(found.clone());
        }
        let agreed = agreement::of_now(node)?;
        let mut found = Vec::new();
        for (ended, fields) in ended(&agreed, node.member(), today) {
            let counted = self.counted(node, &ended, fields)?;
            found.push(notice(&ended, fields, counted)?);
        }
        *last = Some((change, today, found.clone()));
        Ok(found)
    }

    fn counted(
        &self,
        node: &Node,
        ended: &Ended,
        fields: &AgreementFields,
    ) -> Result<(u64, bool), AdminError> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = counted.get(ended) {
            return Ok(*known);
        }
        let member = node.member();
        let matches = |summary: &Summary, at: &Position| {
            let publisher = at.origin.member() == ended.with.as_str();
            let is_theirs = summary.issuer == ended.with || publisher;
            let mut clauses = fields.clauses.iter();
            is_theirs && clauses.any(|clause| covers(clause, summary, (ended.with, member)))
        };
        let found = node.store().count_decisions(ROWS_COUNTED_MAX, matches);
        let found = found.map_err(refusal::store)?;
        counted.insert(ended.clone(), found);
        Ok(found)
    }
}

/// Whether a clause is about a decision, as far as the index tells: not what it rests on.
fn covers(
    clause: &Clause,
    summary: &Summary,
    (issuer, receiver): (AuthorityCode, AuthorityCode),
) -> bool {
    let names = |named: &[AuthorityCode], code| named.is_empty() || named.contains(&code);
    let day = summary.decided_on;
    names(&clause.issuers, issuer)
        && names(&clause.receivers, receiver)
        && clause.items.contains(&summary.item)
        && (clause.act_types.is_empty() || clause.act_types.contains(&summary.act_type))
        && clause.decided_from.is_none_or(|from| from <= day)
        && clause.decided_until.is_none_or(|until| day <= until)
}

/// The versions that were in force with another until some day of late, and are not since: it left, or
/// their last day has passed.
fn ended(agreed: &Agreed, member: AuthorityCode, today: Day) -> Vec<(Ended, &AgreementFields)> {
    let agreements = agreed.agreements();
    let versions: Vec<_> = agreements.versions().map(|(_, version)| version).collect();
    let mut found = Vec::new();
    for (with, days) in departures(agreed, member) {
        let but_for = agreed.agreements_but_for(with);
        for on in days.into_iter().filter(|on| is_of_late(*on, today)) {
            let by_it = |version: &&&StatementRef| {
                let pair = (member, with);
                but_for.standing(version, pair, on) == Standing::InForce
                    && agreements.standing(version, pair, on) == LEFT
            };
            let ended = versions.iter().filter(by_it);
            found.extend(ended.map(|version| Ended {
                version: (*version).clone(),
                with,
                on,
            }));
        }
    }
    for version in versions {
        found.extend(run_out(agreed, &agreements, version, (member, today)));
    }
    found.sort();
    found.dedup_by(|a, b| (&a.version, a.with) == (&b.version, b.with));
    let known = |ended: Ended| {
        let fields = fields_of(agreed, &ended.version)?;
        Some((ended, fields))
    };
    found.into_iter().filter_map(known).collect()
}

const LEFT: Standing = Standing::Lacking(Lacking::Retired);

const fn is_of_late(on: Day, today: Day) -> bool {
    let days = today.days_since(on);
    0 <= days && days < SHOWN_DAYS
}

/// From which days on each other authority has left something.
fn departures(agreed: &Agreed, member: AuthorityCode) -> BTreeMap<AuthorityCode, BTreeSet<Day>> {
    let mut departures: BTreeMap<_, BTreeSet<Day>> = BTreeMap::new();
    for fact in agreed.facts().iter().filter(|fact| fact.issuer() != member) {
        if let Some(said) = fact.payload().content.retirement() {
            departures
                .entry(fact.issuer())
                .or_default()
                .insert(said.from);
        }
    }
    departures
}

/// With whom a version was in force on its last day, where that has passed of late.
fn run_out(
    agreed: &Agreed,
    agreements: &Agreements<'_>,
    version: &StatementRef,
    (member, today): (AuthorityCode, Day),
) -> Vec<Ended> {
    let Some(fields) = fields_of(agreed, version) else {
        return Vec::new();
    };
    let last = fields.until;
    let days = last.and_then(|last| Some((last, last.plus_days(1).ok()?)));
    let Some((last, on)) = days.filter(|(_, on)| is_of_late(*on, today)) else {
        return Vec::new();
    };
    let others = fields.parties.iter().filter(|party| **party != member);
    let was = |with: &&AuthorityCode| {
        agreements.standing(version, (member, **with), last) == Standing::InForce
    };
    let ended = others.filter(was).map(|with| Ended {
        version: version.clone(),
        with: *with,
        on,
    });
    ended.collect()
}

fn fields_of<'a>(agreed: &'a Agreed, version: &StatementRef) -> Option<&'a AgreementFields> {
    let mut facts = agreed.facts().iter();
    let fact = facts.find(|fact| fact.reference() == version)?;
    fact.payload().content.agreement().map(Agreement::fields)
}

fn notice(
    ended: &Ended,
    fields: &AgreementFields,
    (decisions, all): (u64, bool),
) -> Result<AlarmView, AdminError> {
    let detail = |name: &str, value: String| Detail {
        name: name.to_owned(),
        value,
    };
    let name = Code::new("agreement-ended").map_err(|error| refusal::internal(&error))?;
    let count = match all {
        true => "decisions",
        false => "decisions_at_least",
    };
    Ok(AlarmView {
        name,
        since: None,
        details: vec![
            detail("agreement", ended.version.to_string()),
            detail("title", fields.title.to_string()),
            detail("version", fields.version.to_string()),
            detail("member", ended.with.to_string()),
            detail("ended_on", ended.on.to_string()),
            detail(count, decisions.to_string()),
        ],
    })
}
