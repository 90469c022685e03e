//! 互认答复: whether those who were asked rely on a decision, made, shown, and awaited.

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
use concordat_protocol::trust::Verified;

use crate::admin::awaited::Timetable;
use crate::admin::desk::{Answer, Desk};
use crate::admin::{acts, agreement, joint, lookup, refusal, subject, target, view};
use crate::node::{Node, publisher};
use crate::query::Found;
use crate::store::Position;

/// Recognition responses that are listed with a statement.
// spec: ADM-413
const SHOWN_MAX: usize = 64;

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
    let is_meant = |one: &&Relied| {
        let clause = ask.clause.as_ref();
        agreement.as_ref().is_none_or(|at| one.agreement == *at)
            && clause.is_none_or(|clause| one.clause.as_str() == clause)
    };
    by.iter().find(is_meant).cloned().ok_or_else(|| {
        let known: Vec<_> = by
            .iter()
            .map(|one| format!("{} {}", one.agreement, one.clause))
            .collect();
        AdminError::new(ErrorCode::NoSuchClause)
            .with("clause", ask.clause.clone().unwrap_or_default())
            .with("known", known.join(", "))
    })
}

/// Saying the same twice would stay for ever and change nothing.
// spec: ADM-412
fn require_new(node: &Node, said: &RecognitionResponse) -> Result<(), AdminError> {
    let known = to(node, &said.fields().decision)?.0;
    let own = known.iter().filter(|one| {
        let answers = response(one).is_some_and(|one| one.asked == said.fields().asked);
        one.statement().header().issuer == node.member() && answers
    });
    let last = own.max_by_key(|one| one.reference());
    match last.filter(|last| response(last) == Some(said.fields())) {
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

/// The answers that refer to a statement, and how many were not read.
fn to(node: &Node, at: &StatementRef) -> Result<(Vec<Arc<Verified>>, u64), AdminError> {
    let query = node.query().map_err(refusal::index)?;
    query.recognition_answers(at).map_err(refusal::query)
}

/// What is awaited of those with whom an agreement is in force, and which answers do not count; nothing where
/// not all answers were read. `said` is what was said to it otherwise.
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
    let (given, left) = to(node, asking.reference())?;
    if left > 0 {
        return Ok(Answers::default());
    }
    let given = given.iter().filter_map(|one| {
        Some(Answered {
            by: one.statement().header().issuer,
            at: one.reference(),
            said: response(one).filter(|said| said.asked == *asking.reference())?,
        })
    });
    let given: Vec<_> = given.collect();
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

/// The recognition responses that refer to a statement, the newest of each author first in its log's order, and
/// how many are not listed.
// spec: ADM-413
pub(super) fn views(
    node: &Node,
    at: &StatementRef,
) -> Result<(Vec<RecognitionResponseView>, u64), AdminError> {
    let (found, unread) = to(node, at)?;
    let left = unread + found.len().saturating_sub(SHOWN_MAX) as u64;
    let mut notes = BTreeMap::new();
    let mut views = Vec::new();
    for one in found.iter().take(SHOWN_MAX) {
        views.extend(shown(node, one, &mut notes)?);
    }
    Ok((views, left))
}

/// A recognition response, where the statement is one.
pub(super) fn view(
    node: &Node,
    verified: &Verified,
) -> Result<Option<RecognitionResponseView>, AdminError> {
    shown(node, verified, &mut BTreeMap::new())
}

type Notes = BTreeMap<StatementRef, BTreeMap<StatementRef, AnswerNote>>;

fn shown(
    node: &Node,
    verified: &Verified,
    notes: &mut Notes,
) -> Result<Option<RecognitionResponseView>, AdminError> {
    let Some(said) = response(verified) else {
        return Ok(None);
    };
    if !notes.contains_key(&said.asked) {
        notes.insert(said.asked.clone(), notes_of(node, &said.asked)?);
    }
    let reference = verified.reference();
    let note = notes.get(&said.asked).and_then(|all| all.get(reference));
    let (registry, statement) = (node.registry(), verified.statement());
    let issuer = statement.header().issuer;
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
        note: note.map(|note| match note {
            AnswerNote::NotAsked => AnswerNoteCode::NotAsked,
            AnswerNote::Superseded { .. } => AnswerNoteCode::Superseded,
        }),
        superseded_by: note.and_then(|note| match note {
            AnswerNote::NotAsked => None,
            AnswerNote::Superseded { by } => Some(by.clone()),
        }),
    }))
}

/// Which answers to what asks do not count; of what is not held nothing is said.
fn notes_of(
    node: &Node,
    asked: &StatementRef,
) -> Result<BTreeMap<StatementRef, AnswerNote>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let found = query.statement(&asked.origin, asked.index);
    let Found::Verified(asking) = found.map_err(refusal::query)? else {
        return Ok(BTreeMap::new());
    };
    let registry = node.registry();
    let mut timetable = Timetable::new(&registry, node.today());
    let Some(record) = asking.statement().payload().content.record() else {
        return Ok(BTreeMap::new());
    };
    let (given, _) = to(node, asked)?;
    let given = given.iter().filter_map(|one| {
        Some(Answered {
            by: one.statement().header().issuer,
            at: one.reference(),
            said: response(one).filter(|said| said.asked == *asked)?,
        })
    });
    let given: Vec<_> = given.collect();
    let nobody = BTreeSet::new();
    let asking_on = (record, joint::made_on(&asking));
    Ok(timetable.answers(asking_on, &given, &nobody, &nobody).notes)
}
