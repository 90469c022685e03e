//! 联合奖惩: what an initiation or a push comes to here, and what a measure says that does not hold.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

use concordat_protocol::admin::{AdminError, ErrorCode, NoteCode, RecordFaultCode};
use concordat_protocol::awaited::{Joint, Note, Said};
use concordat_protocol::effect::{Effect, Validity};
use concordat_protocol::statement::{
    Agreement, AppliedMeasureFields, Class, Duty, Force, Month, Record, StatementRef,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use concordat_protocol::trust::{Registry, Verified};

use crate::admin::awaited::Timetable;
use crate::admin::{acts, refusal};
use crate::node::Node;
use crate::query::{ANSWERS_READ_MAX, Found};
use crate::store::Position;

/// What an initiation or a push comes to today, given all that was said to it and not taken back. Nothing is
/// owed where nothing asks any more.
// spec: DL-43
pub(super) fn of(
    node: &Node,
    timetable: &mut Timetable<'_>,
    asking: &Verified,
    said: &[Arc<Verified>],
) -> Result<Joint, AdminError> {
    let Some(record) = asking.statement().payload().content.record() else {
        return Ok(Joint::default());
    };
    if record.addressed().is_empty() {
        return Ok(Joint::default());
    }
    let said = said.iter().filter_map(|one| {
        Some(Said {
            by: one.statement().header().issuer,
            at: one.reference(),
            record: one.statement().payload().content.record()?,
            made_on: made_on(one),
        })
    });
    let mut joint = timetable.joint((record, made_on(asking)), &said.collect::<Vec<_>>());
    if !joint.owed.is_empty() && !asks(node, asking, record)? {
        joint.owed.clear();
    }
    Ok(joint)
}

/// The day in China on which it says that it was made; one out of the calendar was made on no day that counts.
pub(super) fn made_on(verified: &Verified) -> Day {
    Day::of(verified.statement().payload().issued_at).unwrap_or(Day::MIN)
}

/// Whether it asks still: it was not taken back, and one of its decisions stands, or nobody can tell.
// spec: DL-43
pub(super) fn asks(node: &Node, asking: &Verified, record: &Record) -> Result<bool, AdminError> {
    let (at, issuer) = (asking.reference(), asking.statement().header().issuer);
    if acts::withdrawal(node, &Position::of(at), issuer)?.is_some() {
        return Ok(false);
    }
    for decision in record.refers_to() {
        let effect = node.effect_of(decision, node.today());
        if stands(&effect.map_err(|error| refusal::ask(&error))?) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) const fn stands(effect: &Effect) -> bool {
    let is_gone = matches!(
        effect.validity,
        Validity::Withdrawn { .. } | Validity::Void { .. }
    );
    !is_gone && effect.repaired.is_none()
}

/// What was said to an initiation or a push.
pub(super) struct SaidTo {
    /// What was not taken back.
    pub(super) standing: Vec<Arc<Verified>>,
    /// In whose logs more was said than was read.
    cut: BTreeSet<AuthorityCode>,
}

impl SaidTo {
    /// Whether all was read that an authority may have said.
    pub(super) fn is_read_of(&self, registry: &Registry, author: AuthorityCode) -> bool {
        is_read(&self.cut, registry, author)
    }
}

/// Whether an authority publishes in none of the logs that were not read whole.
// spec: IDX-90
pub(super) fn is_read(
    cut: &BTreeSet<AuthorityCode>,
    registry: &Registry,
    author: AuthorityCode,
) -> bool {
    cut.is_empty() || registry.publishers(author).is_disjoint(cut)
}

/// What was said to an initiation or a push and was not taken back, and of whom not all was read.
pub(super) fn said_to(
    node: &Node,
    asking: &Verified,
    record: &Record,
) -> Result<SaidTo, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let about = Some(record.subject().code());
    let is_answer = |class| matches!(class, Class::Response | Class::Feedback);
    let said = query.referring_fairly(asking.reference(), about, is_answer, ANSWERS_READ_MAX);
    let said = said.map_err(refusal::query)?;
    let mut standing = Vec::with_capacity(said.found.len());
    for one in said.found {
        let (at, issuer) = (one.reference(), one.statement().header().issuer);
        if acts::withdrawal(node, &Position::of(at), issuer)?.is_none() {
            standing.push(one);
        }
    }
    Ok(SaidTo {
        standing,
        cut: said.cut,
    })
}

pub(super) const fn code(note: Note) -> NoteCode {
    match note {
        Note::NotAsked => NoteCode::NotAsked,
        Note::LaterResponse => NoteCode::LaterResponse,
        Note::MeasureNotAsked => NoteCode::MeasureNotAsked,
        Note::Contradicts => NoteCode::Contradicts,
    }
}

/// What a measure says that does not hold, as far as what it names is held.
// spec: ADM-354
pub(super) fn faults(
    node: &Node,
    registry: &Registry,
    record: &Record,
) -> Result<Vec<RecordFaultCode>, AdminError> {
    let Record::Measure(measure) = record else {
        return Ok(Vec::new());
    };
    let measure = measure.fields();
    let mut faults = Vec::new();
    if let Some(at) = &measure.agreement {
        faults.extend(match agreement(node, at)? {
            Named::NotHeld => None,
            Named::Other => Some(RecordFaultCode::NoAgreement),
            Named::Agreement(agreement) => {
                (!has_clause(&agreement, measure)).then_some(RecordFaultCode::NoClause)
            }
        });
    }
    if is_only_recommended(registry, measure) {
        faults.push(RecordFaultCode::OnlyRecommended);
    }
    Ok(faults)
}

/// What a measure names as its agreement.
enum Named {
    NotHeld,
    Other,
    Agreement(Box<Agreement>),
}

fn agreement(node: &Node, at: &StatementRef) -> Result<Named, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let found = query.statement(&at.origin, at.index);
    Ok(match found.map_err(refusal::query)? {
        Found::NotHeld => Named::NotHeld,
        Found::Rejected(_) => Named::Other,
        Found::Verified(found) => match found.statement().payload().content.agreement() {
            Some(agreement) => Named::Agreement(Box::new(agreement.clone())),
            None => Named::Other,
        },
    })
}

fn has_clause(agreement: &Agreement, measure: &AppliedMeasureFields) -> bool {
    let mut clauses = agreement.fields().clauses.iter();
    clauses.any(|clause| measure.clause.as_ref() == Some(&clause.number))
}

fn is_only_recommended(registry: &Registry, measure: &AppliedMeasureFields) -> bool {
    let catalogue = registry.measures_at(registry.size());
    let item = catalogue.and_then(|all| all.get(&measure.measure));
    measure.force == Force::Mandatory && item.is_some_and(|item| item.force == Force::Recommended)
}

/// Refuses a record that says of others what is not so.
// spec: ADM-353
pub(super) fn require_fit(node: &Node, record: &Record) -> Result<(), AdminError> {
    let registry = node.registry();
    let mut addressed = record.addressed().iter();
    if let Some(other) = addressed.find(|to| registry.member(**to).is_none()) {
        return Err(AdminError::new(ErrorCode::MemberUnknown).with("member", other));
    }
    // spec: ADM-485
    if record.addressed().contains(&node.member()) {
        let error = AdminError::new(ErrorCode::OwnMember).with("member", node.member());
        return Err(error.with("state", "addressed"));
    }
    let Record::Measure(measure) = record else {
        return Ok(());
    };
    let measure = measure.fields();
    if is_only_recommended(&registry, measure) {
        let error = AdminError::new(ErrorCode::OnlyRecommended);
        return Err(error.with("measure", &measure.measure));
    }
    let Some(at) = &measure.agreement else {
        return Ok(());
    };
    match agreement(node, at)? {
        Named::NotHeld => Err(AdminError::new(ErrorCode::BodyNotHeld).with("target", at)),
        Named::Other => Err(AdminError::new(ErrorCode::WrongClass)
            .with("class", "statement")
            .with("state", "measure")),
        Named::Agreement(agreement) if has_clause(&agreement, measure) => Ok(()),
        Named::Agreement(agreement) => {
            let clauses = agreement.fields().clauses.iter();
            let known: Vec<_> = clauses.map(|clause| clause.number.to_string()).collect();
            let clause = measure.clause.as_ref().map(ToString::to_string);
            Err(AdminError::new(ErrorCode::NoSuchClause)
                .with("clause", clause.unwrap_or_default())
                .with("known", known.join(", ")))
        }
    }
}

/// Refuses what its author has said before, and the acceptance of what was not asked for.
// spec: ADM-355
pub(super) fn require_new(
    node: &Node,
    record: &Record,
    asking: &Verified,
) -> Result<(), AdminError> {
    let Some(asked) = asking.statement().payload().content.record() else {
        return Ok(());
    };
    if let (Record::Response(response), Record::Initiation(initiation)) = (record, asked) {
        let all = &initiation.fields().measures;
        let covers = |duty: &Duty| {
            let mut all = all.iter();
            all.any(|one| one.measure == duty.measure && duty.until <= one.until)
        };
        if let Some(beyond) = response.fields().measures.iter().find(|one| !covers(one)) {
            return Err(not_asked(beyond, all));
        }
    }
    let said = said_to(node, asking, asked)?.standing;
    let repeats = |one: &&Arc<Verified>| {
        one.statement().header().issuer == node.member()
            && match (record, one.statement().payload().content.record()) {
                (Record::Response(_), Some(Record::Response(_))) => true,
                (Record::Feedback(new), Some(Record::Feedback(old))) => {
                    new.fields().month == old.fields().month
                }
                (_, _) => false,
            }
    };
    match said.iter().find(repeats) {
        Some(first) => {
            let error = refusal::no_effect(record.class(), "stands");
            Err(error.with("by", first.reference()))
        }
        None => Ok(()),
    }
}

/// Refuses an initiation or a push dated before a decision that it names, and an answer dated, or on a month,
/// before what it answers.
// spec: ADM-365
pub(super) fn require_after(
    record: &Record,
    at: &StatementRef,
    held: Option<&Verified>,
) -> Result<(), AdminError> {
    let Some(held) = held else {
        return Ok(());
    };
    let content = &held.statement().payload().content;
    let first = match record {
        Record::Initiation(_) | Record::Push(_) => {
            content.decision().map(|one| one.fields().decided_on)
        }
        Record::Response(_) | Record::Feedback(_) => content.record().map(Record::day),
        Record::Commitment(_)
        | Record::CommitmentOutcome(_)
        | Record::SelfDeclaration(_)
        | Record::CodeChange(_)
        | Record::Evaluation(_)
        | Record::Interview(_)
        | Record::Measure(_) => None,
    };
    let Some(first) = first else {
        return Ok(());
    };
    let before = |day: &dyn Display| {
        let error = AdminError::new(ErrorCode::DayBefore).with("day", day);
        Err(error.with("first", first).with("target", at))
    };
    if record.day() < first {
        return before(&record.day());
    }
    if let Record::Feedback(feedback) = record
        && Month::of(first) > Some(feedback.fields().month)
    {
        return before(&feedback.fields().month);
    }
    Ok(())
}

fn not_asked(beyond: &Duty, asked: &[Duty]) -> AdminError {
    let named = |duty: &Duty| format!("{}={}", duty.measure, duty.until);
    let asked: Vec<_> = asked.iter().map(named).collect();
    AdminError::new(ErrorCode::MeasureNotAsked)
        .with("measure", named(beyond))
        .with("asked", asked.join(", "))
}
