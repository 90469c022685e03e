//! Agreements that have ended: with whom, and how many decisions held were recognised by them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use concordat_protocol::admin::{AdminError, AlarmView, Detail};
use concordat_protocol::recognition::{Agreements, Standing};
use concordat_protocol::statement::{AgreementFields, Clause, Code, StatementRef};
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
    let mut found = Vec::new();
    for (first, version) in agreements.versions() {
        let mut facts = agreed.facts().iter();
        let fact = facts.find(|fact| fact.reference() == version);
        let Some(agreement) = fact.and_then(|fact| fact.payload().content.agreement()) else {
            continue;
        };
        let fields = agreement.fields();
        for (with, on) in ends(agreed, first, fields, member) {
            let is_late = on <= today && today.days_since(on) < SHOWN_DAYS;
            if is_late && has_ended(&agreements, version, (member, with), on) {
                let version = version.clone();
                found.push((Ended { version, with, on }, fields));
            }
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found.dedup_by(|(a, _), (b, _)| (&a.version, a.with) == (&b.version, b.with));
    found
}

/// The days from which on a version can be in force no more, each with whom.
fn ends(
    agreed: &Agreed,
    first: &StatementRef,
    fields: &AgreementFields,
    member: AuthorityCode,
) -> Vec<(AuthorityCode, Day)> {
    let left = agreed.facts().iter().filter_map(|fact| {
        let said = fact.payload().content.retirement()?;
        let of_it = said.first == *first || said.first.origin == first.origin;
        of_it.then(|| (fact.issuer(), said.from))
    });
    let over = fields.until.and_then(|until| until.plus_days(1).ok());
    let parties = fields.parties.iter().copied();
    let over = parties.filter_map(|party| Some((party, over?)));
    let ends = left.chain(over);
    ends.filter(|(with, _)| *with != member).collect()
}

fn has_ended(
    agreements: &Agreements<'_>,
    version: &StatementRef,
    pair: (AuthorityCode, AuthorityCode),
    on: Day,
) -> bool {
    let Ok(before) = on.plus_days(-1) else {
        return false;
    };
    let was = agreements.standing(version, pair, before);
    let is = agreements.standing(version, pair, on);
    was == Standing::InForce && matches!(is, Standing::Lacking(_))
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
