//! 互认答复的待办: which of those who were asked under an agreement have not said whether they rely on the
//! decisions (`spec/deadlines.md`, "Awaited").
//!
//! [`answers`] is one pure function of the record that asks, of the answers given, and of the deadline rules of
//! the place of each authority with which an agreement is in force.
//!
//! Out of scope: what an answer is worth. Nothing follows from it ([`crate::recognition`]).

use std::collections::{BTreeMap, BTreeSet};

use super::joint::{Asking, Owed, Owing};
use super::{Terms, first_due};
use crate::statement::{DeadlineEvent, RecognitionResponseFields, Record, StatementRef};
use crate::subject::AuthorityCode;
use crate::time::Day;

/// An answer that is held.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// Who gave it.
    pub by: AuthorityCode,
    /// Where it stands.
    pub at: &'a StatementRef,
    /// What it says.
    pub said: &'a RecognitionResponseFields,
}

/// Why an answer does not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerNote {
    /// Its author was not asked, or not about this decision.
    NotAsked,
    /// Its author has said something else since.
    Superseded {
        /// What it said last.
        by: StatementRef,
    },
}

/// What the answers to an initiation or a push come to on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// What is owed, by authority.
    pub owed: Vec<Owed>,
    /// Answers that do not count.
    pub notes: BTreeMap<StatementRef, AnswerNote>,
}

/// What is awaited of those whom `asking`, made on a day, addresses and with whom an agreement is in force, and
/// which answers do not count, in whatever order they come. `parties` has the terms of each of these; whoever
/// `declined` what was asked has nothing to add. Nothing for a record that asks nobody.
// spec: DL-53, DL-54
#[must_use]
pub fn answers(
    (asking, made_on): (&Record, Day),
    said: &[Answered<'_>],
    declined: &BTreeSet<AuthorityCode>,
    parties: &BTreeMap<AuthorityCode, Terms<'_>>,
) -> Answers {
    let decisions = asking.refers_to();
    let Some(asking) = Asking::of(asking, made_on) else {
        return Answers::default();
    };
    let counts =
        |one: &&Answered<'_>| asking.to.contains(&one.by) && decisions.contains(&one.said.decision);
    let mut newest: BTreeMap<_, &StatementRef> = BTreeMap::new();
    for one in said.iter().filter(counts) {
        let known = newest.entry((one.by, &one.said.decision)).or_insert(one.at);
        *known = (*known).max(one.at);
    }
    let note = |one: &Answered<'_>| {
        let last = newest.get(&(one.by, &one.said.decision));
        let note = match last.filter(|_| counts(&one)) {
            None => AnswerNote::NotAsked,
            Some(last) if *last == one.at => return None,
            Some(last) => AnswerNote::Superseded {
                by: (*last).clone(),
            },
        };
        Some((one.at.clone(), note))
    };
    let owing = asking.to.iter().filter(|to| !declined.contains(to));
    let owed = owing.filter_map(|to| {
        let terms = parties.get(to)?;
        let silent = |decision: &&StatementRef| !newest.contains_key(&(*to, *decision));
        let missing = decisions.iter().filter(silent).count();
        let events = [DeadlineEvent::Asked];
        let is_met = |event| event == DeadlineEvent::Responded;
        (missing > 0).then(|| Owed {
            by: *to,
            owing: Owing::Answer {
                missing: u32::try_from(missing).unwrap_or(u32::MAX),
            },
            since: asking.day,
            within: first_due(Some(asking.day), (&events, is_met), terms),
        })
    });
    Answers {
        owed: owed.collect(),
        notes: said.iter().filter_map(note).collect(),
    }
}

#[cfg(test)]
mod tests;
