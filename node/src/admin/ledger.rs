//! 台账: the statements of the node's own log over a span of days, page by page.

use std::sync::Arc;

use concordat_protocol::admin::{
    AdminError, BindsOthersCode, EffectView, ErrorCode, LedgerAsk, LedgerRow, LedgerView, Reply,
};
use concordat_protocol::effect::Effect;
use concordat_protocol::log::{LeafIndex, Origin, TreeSize, VerifiedCheckpoint, hash};
use concordat_protocol::statement::{
    Class, Content, Decision, DecisionFields, Kind, Leaf, StatementRef,
};
use concordat_protocol::time::Day;
use concordat_protocol::trust::{LogNumber, Verified};

use crate::admin::desk::{Answer, Desk};
use crate::admin::shown::Shown;
use crate::admin::{acts, answers, refusal, view};
use crate::node::Node;
use crate::query::{ANSWERS_READ_MAX, Found, QueryService};
use crate::store::Position;

/// Positions of the log that one page looks at.
// spec: ADM-361
const PAGE: u64 = 512;

/// `ledger`
// spec: ADM-360, ADM-361
pub(super) fn answer(desk: &Desk, ask: &LedgerAsk) -> Answer {
    let node = desk.node();
    if ask.until < ask.from {
        return Err(AdminError::new(ErrorCode::BadRequest).with("cause", "until before from"));
    }
    let origin = node.genesis().origin(node.member(), LogNumber::Statements);
    let heads = node.shared().heads(&origin);
    let head = heads.values().next_back();
    let size = head.map_or(TreeSize::ZERO, VerifiedCheckpoint::size);
    let (size, root) = match ask.size {
        Some(of_first) if of_first <= size => (of_first, None),
        Some(_) => return Err(AdminError::new(ErrorCode::BadRequest).with("cause", "size")),
        None => (
            size,
            Some(head.map_or_else(hash::empty_root, |head| *head.root())),
        ),
    };
    let witnessed = node.shared().witnessed();
    let first = ask.next.map_or(0, LeafIndex::value);
    let page = page(node, ask, (first, size.value()))?;
    Ok(Reply::Ledger(Box::new(LedgerView {
        size,
        root,
        witnessed: witnessed.get(&origin).map(|seen| seen.size),
        as_of: node.today(),
        origin,
        rows: page.rows,
        next: (page.next < size.value()).then(|| LeafIndex::new(page.next)),
        not_held: page.not_held,
    })))
}

struct LedgerPage {
    rows: Vec<LedgerRow>,
    /// Where to go on.
    next: u64,
    /// Positions whose statements are not held.
    not_held: u64,
}

/// Rows from a position on.
fn page(node: &Node, ask: &LedgerAsk, (first, size): (u64, u64)) -> Result<LedgerPage, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let origin = node.genesis().origin(node.member(), LogNumber::Statements);
    let end = first.saturating_add(PAGE).min(size);
    let (mut shown, mut not_held) = (Shown::new(), 0);
    for index in first..end {
        query.go_on().map_err(refusal::query)?;
        let found = query.statement(&origin, LeafIndex::new(index));
        let verified = match found.map_err(refusal::query)? {
            Found::Verified(verified) => verified,
            Found::NotHeld => {
                not_held += u64::from(could_have_a_line(node, &origin, index));
                continue;
            }
            Found::Rejected(_) => continue,
        };
        let row = row(node, query, &verified, (ask.from, ask.until))?;
        if let Some(row) = row
            && !shown.take(row)?
        {
            return Ok(LedgerPage {
                rows: shown.into_views(),
                next: index,
                not_held,
            });
        }
    }
    Ok(LedgerPage {
        rows: shown.into_views(),
        next: end,
        not_held,
    })
}

/// Whether what stands at a position is of a kind of which there are lines, by its leaf alone.
// spec: ADM-385
fn could_have_a_line(node: &Node, origin: &Origin, index: u64) -> bool {
    let leaf = node.shared().leaf(origin, LeafIndex::new(index));
    let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
    leaf.is_none_or(|leaf| matches!(leaf.kind, Kind::Data | Kind::Act))
}

/// The line of a statement about an organisation that lies in the span: a decision by its day, a record by the
/// day that it is of, an act by the day on which it was made.
fn row(
    node: &Node,
    query: &QueryService,
    verified: &Verified,
    (from, until): (Day, Day),
) -> Result<Option<LedgerRow>, AdminError> {
    let payload = verified.statement().payload();
    let class = payload.class();
    let Ok(made_on) = Day::of(payload.issued_at) else {
        return Ok(None);
    };
    let life = match class.is_decision() {
        true => Some(Life::of(node, query, verified)?),
        false => None,
    };
    let stands = life.as_ref().and_then(|life| life.stands.as_deref());
    let stands = stands.unwrap_or(verified).statement().payload();
    let decision = stands.content.decision().map(Decision::fields);
    let decision = decision.filter(|_| class.is_decision());
    let record = payload.content.record();
    let day = match (decision, record) {
        (Some(decision), _) => Some(decision.decided_on),
        (None, Some(record)) => Some(record.day()),
        (None, None) => None,
    };
    let answer = payload.content.recognition_response();
    let is_shown = decision.is_some() || record.is_some() || class.is_act() || answer.is_some();
    if !is_shown || !(from..=until).contains(&day.unwrap_or(made_on)) {
        return Ok(None);
    }
    let mut row = blank(verified, made_on);
    row.day = day;
    if let Some(decision) = decision {
        fill_decision(&mut row, decision);
    }
    if let Some(life) = life {
        fill_life(&mut row, life, (node, query), verified)?;
    }
    if let Some(record) = record {
        row.name = Some(record.subject().name().to_string());
        row.item = Some(record.item().clone());
    }
    if let Some(answer) = answer {
        let said = answer.fields();
        row.target = Some(said.decision.clone());
        // spec: ADM-469
        row.answer = Some(said.answer);
        row.answer_reason = said.reason;
        row.clause = said.clause.as_ref().map(ToString::to_string);
    }
    fill_act(&mut row, &payload.content);
    if !class.is_decision() {
        fill_taken_back(&mut row, node, verified)?;
    }
    Ok(Some(row))
}

fn blank(verified: &Verified, made_on: Day) -> LedgerRow {
    let statement = verified.statement();
    let (reference, payload) = (verified.reference().clone(), statement.payload());
    LedgerRow {
        target: payload.target.clone(),
        ..LedgerRow::new(
            reference,
            payload.class(),
            made_on,
            statement.header().about,
        )
    }
}

fn fill_decision(row: &mut LedgerRow, decision: &DecisionFields) {
    // A correction may have put it upon another organisation.
    // spec: ADM-386
    let about = decision.subject.code();
    if about != row.about {
        row.about_before = Some(std::mem::replace(&mut row.about, about));
    }
    row.name = Some(decision.subject.name().to_string());
    row.document_number = Some(decision.document_number.to_string());
    row.item = Some(decision.item.clone());
    row.act_type = Some(decision.act_type);
    row.served_on = decision.service.as_ref().map(|service| service.on);
}

/// A record or an act that was taken back does not read as if it stood.
// spec: ADM-387
fn fill_taken_back(
    row: &mut LedgerRow,
    node: &Node,
    verified: &Verified,
) -> Result<(), AdminError> {
    let issuer = verified.statement().header().issuer;
    let taken_back = acts::taken_back(node, verified.reference(), issuer, row.class)?;
    if taken_back.is_some() {
        row.state = Some(BindsOthersCode::Withdrawn);
        row.withdrawals = 1;
    }
    Ok(())
}

/// How a decision stands.
struct Life {
    /// Worked out where something points at it, or it has a line.
    effect: Option<Effect>,
    /// The correction whose words it has.
    stands: Option<Arc<Verified>>,
}

impl Life {
    fn of(node: &Node, query: &QueryService, verified: &Verified) -> Result<Self, AdminError> {
        let at = verified.reference();
        if !query.store().is_pointed_at(&Position::of(at)) {
            return Ok(Self {
                effect: None,
                stands: None,
            });
        }
        let effect = effect_of(node, verified)?;
        let stands = node.stands_by(&effect).map_err(refusal::query)?;
        Ok(Self {
            effect: Some(effect),
            stands,
        })
    }
}

fn effect_of(node: &Node, verified: &Verified) -> Result<Effect, AdminError> {
    let effect = node.effect_of(verified.reference(), node.today());
    effect.map_err(|error| refusal::ask(&error))
}

/// What became of a decision, as far as it is held.
fn fill_life(
    row: &mut LedgerRow,
    life: Life,
    (node, query): (&Node, &QueryService),
    verified: &Verified,
) -> Result<(), AdminError> {
    let at = verified.reference();
    let effect = match life.effect {
        Some(effect) => effect,
        None => effect_of(node, verified)?,
    };
    row.open = view::open_objections(&effect).len() as u64;
    let shown: EffectView = view::effect(&effect, node.today());
    row.valid_until = shown.valid_until;
    row.publication_until = shown.publication_until;
    row.state = Some(shown.binds_others);
    let acts = query.store().acts_on(&at.origin, at.index);
    for act in acts.map_err(refusal::store)? {
        let found = query.statement(&act.position.origin, act.position.index);
        if !matches!(found.map_err(refusal::query)?, Found::Verified(_)) {
            continue;
        }
        let counts = [
            (Class::Objection, &mut row.objections),
            (Class::Ruling, &mut row.rulings),
            (Class::Correction, &mut row.corrections),
            (Class::Withdrawal, &mut row.withdrawals),
            (Class::Stay, &mut row.stays),
            (Class::Repair, &mut row.repairs),
        ];
        for (_, count) in counts.into_iter().filter(|(class, _)| *class == act.class) {
            *count = count.saturating_add(1);
        }
    }
    let asks = |class| matches!(class, Class::Initiation | Class::Push);
    let asking = standing(node, query.referring(at, None, asks))?;
    row.asked = asking.len() as u64;
    // spec: ADM-414
    let answers = answers_on(node, query, at)?;
    row.answers = (answers > 0).then_some(answers);
    for one in asking {
        let responds = |class| class == Class::Response;
        let said = standing(node, query.referring(one.reference(), None, responds))?;
        row.responses = row.responses.saturating_add(said.len() as u64);
    }
    Ok(())
}

/// How many recognition responses on a decision were not taken back; of more than are read the others count.
// spec: ADM-414
fn answers_on(node: &Node, query: &QueryService, at: &StatementRef) -> Result<u64, AdminError> {
    let rows = query.recognition_answers(at).map_err(refusal::query)?;
    let mut answers = rows.len().saturating_sub(ANSWERS_READ_MAX) as u64;
    for row in rows.iter().take(ANSWERS_READ_MAX) {
        let said = query.recognition_answer(&row.position, at);
        let said = said.map_err(refusal::query)?.is_some();
        if said && answers::taken_back(node, &row.position, row.author)?.is_none() {
            answers += 1;
        }
    }
    Ok(answers)
}

type Referring = Result<(Vec<Arc<Verified>>, u64), crate::query::QueryError>;

/// Those that were not taken back.
fn standing(node: &Node, found: Referring) -> Result<Vec<Arc<Verified>>, AdminError> {
    let (found, _) = found.map_err(refusal::query)?;
    let mut standing = Vec::new();
    for one in found {
        let at = Position::of(one.reference());
        let issuer = one.statement().header().issuer;
        if acts::withdrawal(node, &at, issuer)?.is_none() {
            standing.push(one);
        }
    }
    Ok(standing)
}

fn fill_act(row: &mut LedgerRow, content: &Content) {
    if let Content::Ruling(ruling) = content {
        row.outcome = Some(ruling.outcome());
    }
    if let Content::Withdrawal(withdrawal) = content {
        row.reason = Some(withdrawal.reason);
        row.exit = withdrawal.exit;
    }
    if let Content::Erasure(erasure) = content {
        row.erasure_ground = Some(erasure.ground);
    }
    if let Content::Stay(stay) = content {
        row.document_number = Some(stay.fields().document_number.to_string());
    }
}
