//! Records as they are shown: each with what was said to it, and with who has not answered.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use concordat_protocol::admin::{AdminError, AnswerView, BindsOthersCode, RecordSaid, RecordView};
use concordat_protocol::effect::{Codes, Horizon};
use concordat_protocol::log::Origin;
use concordat_protocol::statement::{AppliedMeasureFields, Class, Record, StatementRef};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::trust::{Registry, Verified};

use crate::admin::shown::Shown;
use crate::admin::{acts, answers, awaited, joint, refusal, subject, view};
use crate::node::{Node, measures};
use crate::query::{ANSWERS_READ_MAX, Found, RECORDS_SHOWN_MAX, REFERRING_READ_MAX, sort_records};
use crate::store::{Position, RecordRow};

/// Records that are listed of those that refer to one statement.
// spec: ADM-258
const ANSWERS_SHOWN_MAX: usize = 64;
/// Characters of the reasons of an answer in a list; `statement` shows them whole.
const REASONS_SHOWN_MAX: usize = 200;

/// A page of records about an organisation.
pub(super) struct RecordsPage {
    pub(super) views: Vec<RecordView>,
    pub(super) total: u64,
    pub(super) next_skip: Option<u64>,
}

/// The records about an organisation behind the first `skip`; none are shown without it.
// spec: ADM-257, IDX-76
pub(super) fn page(
    node: &Node,
    codes: &Codes,
    skip: Option<usize>,
) -> Result<RecordsPage, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let mut rows = Vec::new();
    for code in codes.all() {
        rows.extend(query.records(code).map_err(refusal::query)?);
    }
    sort_records(&mut rows);
    shown(node, &rows, skip)
}

/// The changes of a code, of which alone anything is shown under one that an organisation has no more.
// spec: ADM-450
pub(super) fn changes_of_code(
    node: &Node,
    code: SubjectCode,
    skip: Option<u64>,
) -> Result<RecordsPage, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let mut rows = query.records(code).map_err(refusal::query)?;
    rows.retain(|row| row.class == Class::CodeChange);
    let skip = usize::try_from(skip.unwrap_or(0)).unwrap_or(usize::MAX);
    shown(node, &rows, Some(skip))
}

fn shown(node: &Node, rows: &[RecordRow], skip: Option<usize>) -> Result<RecordsPage, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let total = rows.len();
    let mut shown = Shown::beside();
    let Some(skip) = skip else {
        let views = Vec::new();
        let next_skip = (total > 0).then_some(0);
        let total = total as u64;
        return Ok(RecordsPage {
            views,
            total,
            next_skip,
        });
    };
    let mut passed = 0;
    for row in rows.iter().skip(skip).take(RECORDS_SHOWN_MAX) {
        let place = &row.position;
        let found = query.statement(&place.origin, place.index);
        if let Found::Verified(verified) = found.map_err(refusal::query)?
            && let Some(view) = record_view(node, &verified, true)?
            && !shown.take(view)?
        {
            break;
        }
        passed += 1;
    }
    let next = skip.saturating_add(passed);
    Ok(RecordsPage {
        views: shown.into_views(),
        total: total as u64,
        next_skip: (next < total).then_some(next as u64),
    })
}

/// A record with what was said to it; `None` of what is none.
pub(super) fn record_view(
    node: &Node,
    verified: &Verified,
    looked_up: bool,
) -> Result<Option<RecordView>, AdminError> {
    let statement = verified.statement();
    let Some(record) = statement.payload().content.record() else {
        return Ok(None);
    };
    let (registry, horizon) = (node.registry(), node.horizon());
    let (reference, issuer) = (verified.reference(), statement.header().issuer);
    let (said, agreement) = RecordSaid::of(record);
    let about = record.subject().code();
    let mut answers = match record {
        Record::Commitment(_) => {
            let outcomes = |class| class == Class::CommitmentOutcome;
            let about = (about, looked_up);
            answers(node, reference, about, (outcomes, REFERRING_READ_MAX))?
        }
        Record::Initiation(_) | Record::Push(_) => {
            let said = |class| matches!(class, Class::Response | Class::Feedback);
            answers(
                node,
                reference,
                (about, looked_up),
                (said, ANSWERS_READ_MAX),
            )?
        }
        Record::CommitmentOutcome(_)
        | Record::SelfDeclaration(_)
        | Record::CodeChange(_)
        | Record::Evaluation(_)
        | Record::Interview(_)
        | Record::Measure(_)
        | Record::Response(_)
        | Record::Feedback(_) => Answers::default(),
    };
    let mut timetable = awaited::Timetable::new(&registry, node.today());
    let mut came_to = joint::of(node, &mut timetable, verified, &answers.standing)?;
    let silent = answers::of(node, &mut timetable, verified, &answers.standing)?;
    came_to.owed.extend(silent.owed);
    came_to
        .owed
        .retain(|owed| joint::is_read(&answers.cut, &registry, owed.by));
    for one in &mut answers.listed {
        one.note = came_to
            .notes
            .get(&one.reference)
            .map(|note| joint::code(*note));
    }
    Ok(Some(RecordView {
        reference: reference.clone(),
        class: record.class(),
        issuer,
        issuer_name: view::name_of(&registry, issuer).unwrap_or_default(),
        item: record.item().clone(),
        item_title: title(&registry, record),
        day: record.day(),
        subject: record.subject().clone(),
        said: Box::new(said),
        refers_to: record.refers_to().to_vec(),
        agreement,
        withdrawn_by: acts::withdrawal(node, &Position::of(reference), issuer)?,
        unanswered: answers.unanswered(record, &registry),
        awaited: came_to
            .owed
            .iter()
            .map(|owed| awaited::owed(owed, issuer, &registry))
            .collect(),
        no_members: came_to.no_members,
        faults: joint::faults(node, &registry, record)?,
        answers: answers.listed,
        answers_left: (answers.left > 0).then_some(answers.left),
        witnessed: is_witnessed(&horizon, reference),
        binds: match record {
            Record::Measure(measure) => Some(state_of(node, issuer, measure.fields())?),
            Record::Commitment(_)
            | Record::CommitmentOutcome(_)
            | Record::SelfDeclaration(_)
            | Record::CodeChange(_)
            | Record::Evaluation(_)
            | Record::Interview(_)
            | Record::Initiation(_)
            | Record::Response(_)
            | Record::Push(_)
            | Record::Feedback(_) => None,
        },
    }))
}

/// What an authority may do today about a measure on the strength of the decision that it names: whatever
/// suspends or ends the decision suspends or ends the measure.
// spec: ADM-301
pub(super) fn state_of(
    node: &Node,
    author: AuthorityCode,
    measure: &AppliedMeasureFields,
) -> Result<BindsOthersCode, AdminError> {
    let (at, today) = (&measure.decision, node.today());
    let effect = node.effect_of(at, today);
    let effect = effect.map_err(|error| refusal::ask(&error))?;
    let query = node.query().map_err(refusal::index)?;
    let found = query.statement(&at.origin, at.index);
    let is_own = match found.map_err(refusal::query)? {
        Found::Verified(decision) => decision.statement().header().issuer == author,
        Found::Rejected(_) | Found::NotHeld => false,
    };
    Ok(measures::reading(&effect, is_own, measure, today))
}

fn is_witnessed(horizon: &Horizon, reference: &StatementRef) -> bool {
    view::witnessed(horizon, reference)
}

fn title(registry: &Registry, record: &Record) -> Option<String> {
    let catalogue = registry.catalogue_at(registry.size())?;
    let mut items = catalogue.items.iter();
    let item = items.find(|item| item.code == *record.item())?;
    Some(item.title.to_string())
}

/// What was said to a record.
#[derive(Default)]
struct Answers {
    listed: Vec<AnswerView>,
    /// How many are not listed.
    left: u64,
    /// All that was not taken back.
    standing: Vec<Arc<Verified>>,
    /// Who responded and did not take it back.
    responded: Vec<AuthorityCode>,
    /// In whose logs more was said than was read: nobody who publishes there can be said to be silent.
    cut: BTreeSet<AuthorityCode>,
}

impl Answers {
    /// Those asked who have not responded.
    // spec: ADM-259
    fn unanswered(&self, record: &Record, registry: &Registry) -> Vec<AuthorityCode> {
        let silent = |one: &&AuthorityCode| {
            !self.responded.contains(one) && joint::is_read(&self.cut, registry, **one)
        };
        record.addressed().iter().filter(silent).copied().collect()
    }
}

fn answers(
    node: &Node,
    to: &StatementRef,
    (about, looked_up): (SubjectCode, bool),
    (class, most): (impl Fn(Class) -> bool, usize),
) -> Result<Answers, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let said = query.referring_fairly(to, Some(about), class, most);
    let said = said.map_err(refusal::query)?;
    let registry = node.registry();
    let mut answers = Answers {
        left: said.left,
        cut: said.cut,
        ..Answers::default()
    };
    let mut listed = Vec::new();
    for verified in &said.found {
        let Some(answer) = answer(node, &registry, verified)? else {
            continue;
        };
        if answer.withdrawn_by.is_none() {
            answers.standing.push(Arc::clone(verified));
            if answer.class == Class::Response {
                answers.responded.push(answer.issuer);
            }
        }
        // spec: ADM-302
        if !looked_up && !subject::is_free(node, verified) {
            continue;
        }
        listed.push(answer);
    }
    let all = listed.len();
    answers.listed = shown_of(listed);
    answers.left += (all - answers.listed.len()) as u64;
    Ok(answers)
}

/// Those that are listed, by position: of each log the first, which counts where several are of one matter, and
/// then the last ones, one log after the other.
// spec: ADM-466
fn shown_of(all: Vec<AnswerView>) -> Vec<AnswerView> {
    if all.len() <= ANSWERS_SHOWN_MAX {
        return all;
    }
    let mut logs: BTreeMap<Origin, VecDeque<AnswerView>> = BTreeMap::new();
    for one in all {
        let log = logs.entry(one.reference.origin.clone()).or_default();
        log.push_back(one);
    }
    let mut listed: Vec<_> = logs.values_mut().filter_map(VecDeque::pop_front).collect();
    listed.truncate(ANSWERS_SHOWN_MAX);
    while listed.len() < ANSWERS_SHOWN_MAX {
        let room = ANSWERS_SHOWN_MAX - listed.len();
        let before = listed.len();
        listed.extend(logs.values_mut().filter_map(VecDeque::pop_back).take(room));
        if listed.len() == before {
            break;
        }
    }
    listed.sort_by(|a, b| a.reference.cmp(&b.reference));
    listed
}

/// The records that refer to a statement, and how many are not listed.
pub(super) fn referring(
    node: &Node,
    to: &StatementRef,
    looked_up: bool,
) -> Result<(Vec<AnswerView>, Option<u64>), AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let found = query.referring(to, None, Class::is_record);
    let (mut found, unread) = found.map_err(refusal::query)?;
    // spec: ADM-302
    found.retain(|one| looked_up || subject::is_free(node, one));
    let registry = node.registry();
    let left = unread + found.len().saturating_sub(ANSWERS_SHOWN_MAX) as u64;
    let mut views = Vec::new();
    for verified in found.iter().take(ANSWERS_SHOWN_MAX) {
        views.extend(answer(node, &registry, verified)?);
    }
    Ok((views, (left > 0).then_some(left)))
}

fn answer(
    node: &Node,
    registry: &Registry,
    verified: &Arc<Verified>,
) -> Result<Option<AnswerView>, AdminError> {
    let statement = verified.statement();
    let Some(record) = statement.payload().content.record() else {
        return Ok(None);
    };
    let (said, _) = RecordSaid::of(record);
    let (reference, issuer) = (verified.reference(), statement.header().issuer);
    let reasons = said.reasons.as_ref().map(|text| {
        let mut characters = text.as_str().chars();
        let shown: String = characters.by_ref().take(REASONS_SHOWN_MAX).collect();
        match characters.next() {
            Some(_) => format!("{shown}…"),
            None => shown,
        }
    });
    Ok(Some(AnswerView {
        reference: reference.clone(),
        class: record.class(),
        issuer,
        issuer_name: view::name_of(registry, issuer).unwrap_or_default(),
        day: record.day(),
        result: said.result,
        answer: said.answer,
        month: said.month,
        execution: said.execution,
        verification: said.verification,
        withdrawn_by: acts::withdrawal(node, &Position::of(reference), issuer)?,
        reasons,
        note: None,
    }))
}

#[cfg(test)]
mod tests {
    use concordat_protocol::log::LeafIndex;
    use concordat_protocol::time::Day;
    use concordat_protocol::trust::LogNumber;

    use super::*;
    use crate::fixture::Fixture;

    /// Who answers a thousand times hides neither the first word of others nor their last.
    // spec: ADM-466
    #[test]
    fn of_many_answers_each_log_has_its_first_and_then_its_last_ones_listed() {
        let fixture = Fixture::new();
        let genesis = fixture.registry.genesis();
        let one = |member, index| AnswerView {
            reference: StatementRef {
                origin: genesis.origin(member, LogNumber::Statements),
                index: LeafIndex::new(index),
                leaf_hash: genesis.id(),
            },
            class: Class::Response,
            issuer: member,
            issuer_name: String::new(),
            day: Day::MIN,
            result: None,
            answer: None,
            month: None,
            execution: None,
            verification: None,
            reasons: None,
            withdrawn_by: None,
            note: None,
        };
        let (loud, quiet) = (fixture.member, fixture.hub);
        let mut all: Vec<_> = (0..1_000).map(|index| one(loud, index)).collect();
        all.extend((5..8).map(|index| one(quiet, index)));
        all.sort_by(|a, b| a.reference.cmp(&b.reference));
        let listed = shown_of(all);
        let of = |member| {
            let of = listed.iter().filter(move |one| one.issuer == member);
            of.map(|one| one.reference.index.value())
                .collect::<Vec<_>>()
        };
        assert_eq!(listed.len(), ANSWERS_SHOWN_MAX);
        assert_eq!(of(quiet), [5, 6, 7]);
        let loud = of(loud);
        assert_eq!((loud[0], loud[1], *loud.last().unwrap()), (0, 940, 999));
    }
}
