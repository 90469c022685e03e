//! 互认答复: whether those who were asked rely on a decision, made, shown, and awaited.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::admin::{
    AdminError, AnswerNoteCode, ErrorCode, RecogniseAsk, RecognitionResponseView, Reply, Target,
};
use concordat_protocol::awaited::{AnswerNote, Answered, Answers};
use concordat_protocol::lookup::Shown;
use concordat_protocol::recognition::{Allowed, Recognition, Relied};
use concordat_protocol::statement::{
    Answer as Responded, Class, Content, Duty, RecognitionAnswer, RecognitionResponse,
    RecognitionResponseFields, Record, StatementRef,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;
use concordat_protocol::trust::Verified;

use crate::admin::awaited::Timetable;
use crate::admin::desk::{Answer, Desk};
use crate::admin::{acts, agreement, joint, lookup, refusal, subject, target, view};
use crate::node::{Node, publisher};
use crate::query::{Found, last_first};
use crate::store::{AnswerRow, Position};

/// Recognition responses that are listed with a statement.
// spec: ADM-413
const SHOWN_MAX: usize = 64;

/// Recognition responses of one authority on one decision that are read for the last that stands.
// spec: IDX-105
const LAST_READ_MAX: usize = 8;

/// `agreement answer`
// spec: ADM-410, ADM-411, ADM-412, ADM-418
pub(super) fn answer(desk: &Desk, ask: RecogniseAsk) -> Answer {
    let node = desk.node();
    let asked = target::resolve(desk, &ask.asked)?;
    let asking = subject::verified(desk, &asked)?;
    let record = require_asked(node, &asking)?;
    let decision = named(desk, record, ask.decision.as_ref(), &asked)?;
    let target = subject::verified(desk, &decision)?;
    subject::require_look_up(desk, &target, ask.look_up.is_some())?;
    let said = said(desk, &ask, asked, &decision);
    let dry = said.and_then(|said| {
        let reply = agreement::record(desk, decision.clone(), said.clone(), true)?;
        Ok((said, reply))
    });
    // What is refused tells how the decision stands as well.
    // spec: ADM-418
    if let Some(look_up) = &ask.look_up
        && !subject::is_free(node, &target)
    {
        let about = target.statement().header().about;
        let shown = |_: &Reply| vec![Shown::other(decision.clone())];
        let reply = |_| match &dry {
            Ok((_, reply)) => reply.clone(),
            Err(error) => Reply::Error(error.clone()),
        };
        lookup::record_shown(desk, look_up, about, shown, reply)?;
    }
    let (said, reply) = dry?;
    match ask.dry_run {
        true => Ok(reply),
        false => agreement::record(desk, decision, said, false),
    }
}

/// What is said of a decision, where it may be.
// spec: ADM-411, ADM-412
fn said(
    desk: &Desk,
    ask: &RecogniseAsk,
    asked: StatementRef,
    decision: &StatementRef,
) -> Result<Content, AdminError> {
    let node = desk.node();
    let recognition = node.recognition_of(decision, node.today());
    let recognition = recognition.map_err(|error| refusal::ask(&error))?;
    let not_held = || AdminError::new(ErrorCode::BodyNotHeld).with("target", decision);
    let recognition = recognition.ok_or_else(not_held)?;
    if recognition == Recognition::Own {
        return Err(AdminError::new(ErrorCode::OwnDecision).with("target", decision));
    }
    require_true(ask, node.today())?;
    require_no_more(ask, &recognition)?;
    let relied = match ask.answer {
        RecognitionAnswer::Recognised => Some(relied(desk, ask, &recognition)?),
        RecognitionAnswer::ForInformation | RecognitionAnswer::NotRecognised => None,
    };
    let mut measures = ask.measures.clone();
    measures.sort_by(|a, b| a.measure.cmp(&b.measure));
    let fields = RecognitionResponseFields {
        asked,
        decision: decision.clone(),
        answer: ask.answer,
        agreement: relied.as_ref().map(|by| by.agreement.clone()),
        clause: relied.map(|by| by.clause),
        measures,
        reason: ask.reason,
        reasons: ask.reasons.clone(),
    };
    let said = RecognitionResponse::new(fields).map_err(|error| refusal::invalid(&error))?;
    require_new(node, &said)?;
    Ok(Content::RecognitionResponse(Box::new(said)))
}

/// Refuses a measure that nobody can apply any more, and a clause that the answer would not name.
// spec: ADM-468
fn require_true(ask: &RecogniseAsk, today: Day) -> Result<(), AdminError> {
    let mut measures = ask.measures.iter();
    if let Some(gone) = measures.find(|duty| duty.until < today) {
        return Err(AdminError::new(ErrorCode::MeasureGone)
            .with("measure", format!("{}={}", gone.measure, gone.until))
            .with("today", today));
    }
    let clause = ask.clause.clone();
    let named = clause.or_else(|| ask.agreement.as_ref().map(ToString::to_string));
    match named.filter(|_| ask.answer != RecognitionAnswer::Recognised) {
        Some(named) => Err(AdminError::new(ErrorCode::ClauseNotTaken).with("clause", named)),
        None => Ok(()),
    }
}

/// What asks, where it asks the node's member and was not taken back.
// spec: ADM-410
fn require_asked<'a>(node: &Node, asking: &'a Verified) -> Result<&'a Record, AdminError> {
    let statement = asking.statement();
    let class = statement.payload().class();
    let record = statement.payload().content.record();
    let record = record.filter(|record| !record.addressed().is_empty());
    let Some(record) = record else {
        return Err(AdminError::new(ErrorCode::WrongClass)
            .with("class", refusal::class_name(class))
            .with("state", "asking"));
    };
    if !record.addressed().contains(&node.member()) {
        return Err(AdminError::new(ErrorCode::NotAsked).with("target", asking.reference()));
    }
    let (at, issuer) = (Position::of(asking.reference()), statement.header().issuer);
    match acts::withdrawal(node, &at, issuer)? {
        Some(by) => Err(refusal::no_effect(class, "withdrawn").with("by", by)),
        None => Ok(record),
    }
}

/// The decision that is meant: one that what asks names.
// spec: ADM-410
fn named(
    desk: &Desk,
    record: &Record,
    named: Option<&Target>,
    asked: &StatementRef,
) -> Result<StatementRef, AdminError> {
    let decisions = record.refers_to();
    let all = || {
        let all: Vec<_> = decisions.iter().map(ToString::to_string).collect();
        all.join(", ")
    };
    let error = || AdminError::new(ErrorCode::DecisionNotAsked).with("target", asked);
    let Some(named) = named else {
        return match decisions {
            [only] => Ok(only.clone()),
            _ => Err(error().with("known", all())),
        };
    };
    let decision = target::resolve(desk, named)?;
    match decisions.contains(&decision) {
        true => Ok(decision),
        false => Err(error().with("known", all())),
    }
}

/// Refuses an answer that says more than recognition gives here today.
// spec: ADM-411, AGR-45
fn require_no_more(ask: &RecogniseAsk, here: &Recognition) -> Result<(), AdminError> {
    let (most, known, allowed): (_, _, &[Allowed]) = match here {
        Recognition::Recognised { measures, .. } => {
            (RecognitionAnswer::Recognised, "recognised", measures)
        }
        Recognition::Own => (RecognitionAnswer::NotRecognised, "own", &[]),
        Recognition::ForInformation { .. } => {
            (RecognitionAnswer::ForInformation, "for-information", &[])
        }
        Recognition::NotRecognised { .. } => {
            (RecognitionAnswer::NotRecognised, "not-recognised", &[])
        }
    };
    // The lists go from what says most to what says least.
    if ask.answer < most {
        return Err(AdminError::new(ErrorCode::MoreThanRecognised).with("here", known));
    }
    let fits = |duty: &&Duty| {
        let mut allowed = allowed.iter();
        allowed.any(|one| one.measure == duty.measure && duty.until <= one.until)
    };
    let beyond = ask.measures.iter().find(|duty| !fits(duty));
    let Some(beyond) = beyond.filter(|_| ask.answer == RecognitionAnswer::Recognised) else {
        return Ok(());
    };
    let allowed: Vec<_> = allowed
        .iter()
        .map(|one| format!("{}={}", one.measure, one.until))
        .collect();
    Err(AdminError::new(ErrorCode::MeasureNotAllowed)
        .with("measure", format!("{}={}", beyond.measure, beyond.until))
        .with("allowed", allowed.join(", ")))
}

/// The clause relied on: the one named, or the first that covers the decision.
// spec: ADM-412
fn relied(
    desk: &Desk,
    ask: &RecogniseAsk,
    recognition: &Recognition,
) -> Result<Relied, AdminError> {
    let by: &[Relied] = match recognition {
        Recognition::Recognised { by, .. } => by,
        Recognition::Own
        | Recognition::ForInformation { .. }
        | Recognition::NotRecognised { .. } => &[],
    };
    let agreement = ask.agreement.as_ref();
    let agreement = agreement.map(|named| target::resolve(desk, named));
    let agreement = agreement.transpose()?;
    // Whichever place of its words is named, it is that agreement.
    // spec: AGR-62
    let places: Vec<_> = by.iter().map(|one| one.agreement.clone()).collect();
    let agreement = match agreement {
        Some(named) => Some(agreement::same_words(desk.node(), &places, named)?),
        None => None,
    };
    let is_meant = |one: &&Relied| {
        let clause = ask.clause.as_ref();
        agreement.as_ref().is_none_or(|at| one.agreement == *at)
            && clause.is_none_or(|clause| one.clause.as_str() == clause)
    };
    by.iter().find(is_meant).cloned().ok_or_else(|| {
        let named = ask.clause.clone();
        let named = named.or_else(|| agreement.as_ref().map(ToString::to_string));
        let known: Vec<_> = by
            .iter()
            .map(|one| format!("{} {}", one.agreement, one.clause))
            .collect();
        AdminError::new(ErrorCode::NoSuchClause)
            .with("clause", named.unwrap_or_default())
            .with("known", known.join(", "))
    })
}

/// Saying the same twice would stay for ever and change nothing.
// spec: ADM-412
fn require_new(node: &Node, said: &RecognitionResponse) -> Result<(), AdminError> {
    let asked = &said.fields().asked;
    let decision = Position::of(&said.fields().decision);
    let own = |row: &AnswerRow| row.author == node.member() && row.other == decision;
    let last = last_of_each(node, asked, own)?;
    let same = |last: &&Arc<Verified>| response(last) == Some(said.fields());
    match last.iter().find(same) {
        Some(last) => {
            let error = refusal::no_effect(Class::RecognitionResponse, "stands");
            Err(error.with("by", last.reference()))
        }
        None => Ok(()),
    }
}

fn response(verified: &Verified) -> Option<&RecognitionResponseFields> {
    let content = &verified.statement().payload().content;
    Some(content.recognition_response()?.fields())
}

/// Of those answers to what asks that are wanted, the last of each authority on each decision that stands: what
/// was taken back does not, nor what was said before the last.
// spec: IDX-105, AGR-60
fn last_of_each(
    node: &Node,
    asked: &StatementRef,
    wanted: impl Fn(&AnswerRow) -> bool,
) -> Result<Vec<Arc<Verified>>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let rows = query.recognition_answers(asked).map_err(refusal::query)?;
    let mut last: BTreeMap<_, (usize, Option<Arc<Verified>>)> = BTreeMap::new();
    for row in rows.iter().rev().filter(|row| wanted(row)) {
        let (read, found) = last.entry((row.author, &row.other)).or_default();
        if found.is_some() || *read == LAST_READ_MAX {
            continue;
        }
        *read += 1;
        let said = query.recognition_answer(&row.position, asked);
        let said = said.map_err(refusal::query)?;
        let said = said.filter(|one| response(one).is_some_and(|said| said.asked == *asked));
        if said.is_some() && taken_back(node, &row.position, row.author)?.is_none() {
            *found = said;
        }
    }
    let found = last.into_values();
    Ok(found.filter_map(|(_, found)| found).collect())
}

/// The last answers of those whom a record asks, on the decisions that it names.
fn answers_to(
    node: &Node,
    asked: &StatementRef,
    record: &Record,
) -> Result<Vec<Arc<Verified>>, AdminError> {
    let decisions: BTreeSet<_> = record.refers_to().iter().map(Position::of).collect();
    let wanted = |row: &AnswerRow| {
        record.addressed().contains(&row.author) && decisions.contains(&row.other)
    };
    last_of_each(node, asked, wanted)
}

/// By what the author of an answer took it back; nobody else can.
// spec: AGR-60
pub(super) fn taken_back(
    node: &Node,
    at: &Position,
    author: AuthorityCode,
) -> Result<Option<StatementRef>, AdminError> {
    let found = acts::on(node, at, author, Class::Withdrawal)?;
    let mut own = found
        .iter()
        .filter(|one| one.statement().header().issuer == author);
    Ok(own.next().map(|one| one.reference().clone()))
}

fn answered(verified: &Verified) -> Option<Answered<'_>> {
    Some(Answered {
        by: verified.statement().header().issuer,
        at: verified.reference(),
        said: response(verified)?,
    })
}

/// What is awaited of those with whom an agreement is in force. `said` is what was said to it otherwise.
// spec: DL-53, DL-55
pub(super) fn of(
    node: &Node,
    timetable: &mut Timetable<'_>,
    asking: &Verified,
    said: &[Arc<Verified>],
) -> Result<Answers, AdminError> {
    let Some(record) = asking.statement().payload().content.record() else {
        return Ok(Answers::default());
    };
    if record.addressed().is_empty() {
        return Ok(Answers::default());
    }
    let given = answers_to(node, asking.reference(), record)?;
    let given: Vec<_> = given.iter().filter_map(|one| answered(one)).collect();
    let declined = said.iter().filter_map(|one| declines(one));
    let parties = parties(node, record)?;
    let asking_on = (record, joint::made_on(asking));
    let mut answers = timetable.answers(asking_on, &given, &declined.collect(), &parties);
    if !answers.owed.is_empty() && !joint::asks(node, asking, record)? {
        answers.owed.clear();
    }
    Ok(answers)
}

/// Who says by a response that nothing comes of what was asked.
fn declines(verified: &Verified) -> Option<AuthorityCode> {
    let Record::Response(response) = verified.statement().payload().content.record()? else {
        return None;
    };
    let declines = response.fields().answer != Responded::Accepted;
    declines.then(|| verified.statement().header().issuer)
}

/// Those asked with whom an agreement is in force today, on the side of who decided.
// spec: DL-53
fn parties(node: &Node, record: &Record) -> Result<BTreeSet<AuthorityCode>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let mut issuers: BTreeSet<AuthorityCode> = BTreeSet::new();
    for at in record.refers_to() {
        let found = query.statement(&at.origin, at.index);
        if let Found::Verified(decision) = found.map_err(refusal::query)? {
            issuers.insert(decision.statement().header().issuer);
            issuers.extend(publisher(&at.origin));
        }
    }
    let issuers: Vec<_> = issuers.into_iter().collect();
    let asked: BTreeSet<_> = record.addressed().iter().copied().collect();
    let set = query.agreements(&issuers, &asked).map_err(refusal::query)?;
    let agreed = node.agreed_of(set);
    let agreements = agreed.agreements();
    let today = node.today();
    let in_force = |to: &AuthorityCode| {
        let mut issuers = issuers.iter();
        issuers.any(|issuer| issuer != to && agreements.are_in_force(*issuer, *to, today))
    };
    Ok(asked.into_iter().filter(in_force).collect())
}

/// The recognition responses that refer to a statement, one page of them.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) views: Vec<RecognitionResponseView>,
    /// How many are not listed, before and after.
    pub(super) left: u64,
    /// How many to pass over to go on.
    pub(super) next: Option<u64>,
}

/// The recognition responses that refer to a statement, of each author the last on each matter first.
// spec: ADM-413, ADM-465
pub(super) fn views(node: &Node, at: &StatementRef, skip: u64) -> Result<Listed, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let rows = query.recognition_answers(at).map_err(refusal::query)?;
    let rows = last_first(rows);
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let mut notes = BTreeMap::new();
    let mut views = Vec::new();
    for row in rows.iter().skip(skip).take(SHOWN_MAX) {
        let said = query.recognition_answer(&row.position, at);
        if let Some(said) = said.map_err(refusal::query)? {
            views.extend(shown(node, &said, &mut notes)?);
        }
    }
    let end = skip.saturating_add(SHOWN_MAX).min(rows.len());
    Ok(Listed {
        left: (rows.len() - (end - skip.min(end))) as u64,
        next: (end < rows.len()).then_some(end as u64),
        views,
    })
}

/// A recognition response, where the statement is one.
pub(super) fn view(
    node: &Node,
    verified: &Verified,
) -> Result<Option<RecognitionResponseView>, AdminError> {
    shown(node, verified, &mut BTreeMap::new())
}

/// What asks, with the last answers of those whom it asks; `None` where it is not held.
type Asked = Option<(Arc<Verified>, Vec<Arc<Verified>>)>;

type Notes = BTreeMap<StatementRef, Asked>;

fn shown(
    node: &Node,
    verified: &Verified,
    notes: &mut Notes,
) -> Result<Option<RecognitionResponseView>, AdminError> {
    let Some(said) = response(verified) else {
        return Ok(None);
    };
    let reference = verified.reference();
    let (registry, statement) = (node.registry(), verified.statement());
    let issuer = statement.header().issuer;
    let withdrawn_by = taken_back(node, &Position::of(reference), issuer)?;
    let note = match withdrawn_by {
        Some(_) => None,
        None => note_of(node, verified, said, notes)?,
    };
    Ok(Some(RecognitionResponseView {
        reference: reference.clone(),
        issuer,
        issuer_name: view::name_of(&registry, issuer).unwrap_or_default(),
        issued_at: statement.payload().issued_at,
        asked: said.asked.clone(),
        decision: said.decision.clone(),
        answer: said.answer,
        agreement: said.agreement.clone(),
        clause: said.clause.as_ref().map(Text::to_string),
        measures: said.measures.clone(),
        reason: said.reason,
        reasons: said.reasons.as_ref().map(Text::to_string),
        witnessed: view::witnessed(&node.horizon(), reference),
        note: note.as_ref().map(|note| match note {
            AnswerNote::NotAsked => AnswerNoteCode::NotAsked,
            AnswerNote::Superseded { .. } => AnswerNoteCode::Superseded,
        }),
        superseded_by: note.and_then(|note| match note {
            AnswerNote::NotAsked => None,
            AnswerNote::Superseded { by } => Some(by),
        }),
        withdrawn_by,
    }))
}

/// Why an answer does not count; nothing is said where what it answers is not held.
fn note_of(
    node: &Node,
    verified: &Verified,
    said: &RecognitionResponseFields,
    notes: &mut Notes,
) -> Result<Option<AnswerNote>, AdminError> {
    let asked = match notes.entry(said.asked.clone()) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(place) => place.insert(asked(node, &said.asked)?),
    };
    let Some((asking, last)) = asked else {
        return Ok(None);
    };
    let Some(record) = asking.statement().payload().content.record() else {
        return Ok(None);
    };
    let mut given: Vec<_> = last.iter().filter_map(|one| answered(one)).collect();
    if last
        .iter()
        .all(|one| one.reference() != verified.reference())
    {
        given.extend(answered(verified));
    }
    let registry = node.registry();
    let mut timetable = Timetable::new(&registry, node.today());
    let nobody = BTreeSet::new();
    let asking_on = (record, joint::made_on(asking));
    let mut notes = timetable.answers(asking_on, &given, &nobody, &nobody).notes;
    Ok(notes.remove(verified.reference()))
}

fn asked(node: &Node, asked: &StatementRef) -> Result<Asked, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let found = query.statement(&asked.origin, asked.index);
    let Found::Verified(asking) = found.map_err(refusal::query)? else {
        return Ok(None);
    };
    let Some(record) = asking.statement().payload().content.record() else {
        return Ok(None);
    };
    let last = answers_to(node, asked, record)?;
    Ok(Some((asking, last)))
}
