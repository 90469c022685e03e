//! The register of look-ups for those who review it: proofs, lists, marks, missed checks.

mod outdated;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use concordat_protocol::admin::{
    AdminError, CASES_MAX, CHUNK_BYTES_MAX, ErrorCode, FirstLookUp, LOOK_UPS_SHOWN_MAX,
    LookUpListAsk, LookUpMarked, LookUpMissedAsk, LookUpOutdatedAsk, LookUpProofView,
    LookUpProveAsk, LookUpResumeAsk, LookUpResumed, LookUpReviewAsk, LookUpToldAsk, LookUpView,
    LookUpsMissedView, LookUpsOutdatedView, LookUpsView, LostRowsView, Reply, ReviewView,
};
use concordat_protocol::codec::Truth;
use concordat_protocol::lookup::{
    LookUpReceipt, LookUpRow, case_key, leaf_of, missed as first_look_ups,
};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::text::Text;
use concordat_protocol::time::{Day, Timestamp};
use serde_bytes::ByteBuf;
use tracing::warn;

use crate::admin::desk::{Answer, Desk};
use crate::admin::{bundle, codes, refusal};
use crate::core::LostRows;
use crate::lookups::{Mark, MarkKind, Resumed};
use crate::node::Node;
use crate::store::{KeptRow, Store};

use outdated::Outdated;

use outdated::outdated_of;
pub(super) use outdated::outdated_rows;

/// `lookup prove`
// spec: LKP-15, ADM-311
pub(super) fn prove(desk: &Desk, ask: &LookUpProveAsk) -> Answer {
    let node = desk.node();
    let unverified = |error: &dyn std::error::Error| {
        AdminError::new(ErrorCode::VerificationFailed).with("what", error)
    };
    let receipt = LookUpReceipt::decode(&ask.receipt).map_err(|error| unverified(&error))?;
    let header = receipt.header();
    if header.issuer != node.member() {
        return Err(AdminError::new(ErrorCode::OtherNode).with("issuer", header.issuer));
    }
    let registry = node.registry();
    let member = registry.member_at(node.member(), header.ctx.size);
    let key = member.and_then(|member| member.statement_key(header.kid));
    let key =
        key.ok_or_else(|| AdminError::new(ErrorCode::OtherNode).with("issuer", header.issuer))?;
    receipt
        .verify_signature(key)
        .map_err(|error| unverified(&error))?;
    let number = receipt.row().number;
    let leaf = node.shared().look_up_leaf(number);
    let leaf = leaf.ok_or_else(|| no_row(node, number))?;
    if leaf != leaf_of(&receipt.salted().commit()) {
        return Err(no_row(node, number));
    }
    let (bytes, root) = node
        .look_up_file(&receipt)
        .map_err(|error| bundle::refused(&error))?;
    for chunk in bytes.chunks(CHUNK_BYTES_MAX) {
        desk.send(Reply::Chunk(ByteBuf::from(chunk.to_vec())));
    }
    Ok(Reply::LookUpProof(LookUpProofView {
        number,
        bytes: bytes.len() as u64,
        root,
    }))
}

fn no_row(node: &Node, number: u64) -> AdminError {
    AdminError::new(ErrorCode::RowNotFound)
        .with("row", number)
        .with("rows", node.look_ups())
}

/// A row that is kept.
pub(super) fn kept(node: &Node, number: u64) -> Result<KeptRow, AdminError> {
    if number >= node.look_ups() {
        return Err(no_row(node, number));
    }
    let store = node.query_with_rows().map_err(refusal::index)?.store();
    let rows = store.lookups(number..number.saturating_add(1));
    let rows = rows.map_err(|error| refusal::internal(&error))?;
    let gone = || AdminError::new(ErrorCode::RowGone).with("row", number);
    rows.into_iter().next().ok_or_else(gone)
}

/// `lookup list`
// spec: ADM-312
pub(super) fn list(desk: &Desk, ask: &LookUpListAsk) -> Answer {
    let node = desk.node();
    let store = node.query_with_rows().map_err(refusal::index)?.store();
    let marks = store.lookup_marks(0..u64::MAX);
    let marks = noted(marks.map_err(|error| refusal::internal(&error))?);
    // Before the rows are looked at: one that comes meanwhile is not one that is gone.
    let in_all = store.counts().lookups;
    let (found, there) = fitting(store, ask, &marks)?;
    let total = found.len() as u64;
    let skip = usize::try_from(ask.skip.unwrap_or(0)).unwrap_or(usize::MAX);
    let page = found.iter().rev().skip(skip).take(LOOK_UPS_SHOWN_MAX);
    let mut rows = Vec::new();
    for number in page {
        let Ok(KeptRow { row, .. }) = kept(node, *number) else {
            continue;
        };
        let noted = marks.get(number).cloned().unwrap_or_default();
        rows.push(LookUpView {
            row,
            reviewed: noted.reviewed.map(|mark| ReviewView {
                at: mark.at,
                who: mark.who,
                finding: mark.finding,
            }),
            told: noted.told.map(|mark| mark.at),
        });
    }
    let next = skip.saturating_add(LOOK_UPS_SHOWN_MAX) as u64;
    let gone = in_all.saturating_sub(there);
    Ok(Reply::LookUps(Box::new(LookUpsView {
        rows,
        total,
        next_skip: (next < total).then_some(next),
        gone: (gone > 0).then_some(gone),
        lost: lost(node),
    })))
}

/// Of which days rows may have been lost.
// spec: LKP-88
fn lost(node: &Node) -> Vec<LostRowsView> {
    let view = |lost: LostRows| LostRowsView {
        from: lost.from.and_then(|at| Day::of(at).ok()),
        until: Day::of(lost.until).unwrap_or(Day::MAX),
        after: lost.after.value(),
    };
    node.shared()
        .look_ups_lost()
        .into_iter()
        .map(view)
        .collect()
}

/// The numbers of the rows that fit, and how many are kept. Rows are read only where it takes what they say.
// spec: LKP-69
fn fitting(
    store: &Store,
    ask: &LookUpListAsk,
    marks: &BTreeMap<u64, Noted>,
) -> Result<(Vec<u64>, u64), AdminError> {
    let internal = |error| refusal::internal(&error);
    if !asks_what_rows_say(ask) {
        let kept = numbers_kept(store)?;
        let fits = |number: &u64| ask.unreviewed.is_none() || !is_reviewed(marks.get(number));
        let found = kept.iter().copied().filter(fits).collect();
        return Ok((found, kept.len() as u64));
    }
    let (mut found, mut there) = (Vec::new(), 0_u64);
    let looked = store.look_through(0..u64::MAX, |kept| {
        there += 1;
        if fits(ask, &kept.row, marks.get(&kept.row.number)) {
            found.push(kept.row.number);
        }
        ControlFlow::Continue(())
    });
    looked.map_err(internal)?;
    Ok((found, there))
}

/// The numbers of the rows that are kept, without reading any.
fn numbers_kept(store: &Store) -> Result<Vec<u64>, AdminError> {
    let indexed = store.look_ups_indexed();
    let indexed = indexed.map_err(|error| refusal::internal(&error))?;
    let kept = indexed.into_iter().filter(|(_, is_kept)| *is_kept);
    Ok(kept.map(|(number, _)| number).collect())
}

const fn asks_what_rows_say(ask: &LookUpListAsk) -> bool {
    ask.subject.is_some()
        || ask.purpose.is_some()
        || ask.from.is_some()
        || ask.until.is_some()
        || ask.who.is_some()
        || ask.case_number.is_some()
}

fn is_reviewed(noted: Option<&Noted>) -> bool {
    noted.is_some_and(|noted| noted.reviewed.is_some())
}

/// The last marks on a row.
#[derive(Clone, Default)]
struct Noted {
    reviewed: Option<Mark>,
    told: Option<Mark>,
}

fn noted(marks: Vec<Mark>) -> BTreeMap<u64, Noted> {
    let mut noted: BTreeMap<u64, Noted> = BTreeMap::new();
    // They come by row, kind and instant.
    for mark in marks {
        let of = noted.entry(mark.number).or_default();
        match mark.kind {
            MarkKind::Reviewed => of.reviewed = Some(mark),
            MarkKind::Told => of.told = Some(mark),
        }
    }
    noted
}

fn fits(ask: &LookUpListAsk, row: &LookUpRow, noted: Option<&Noted>) -> bool {
    let day = Day::of(row.at).unwrap_or(Day::MAX);
    let holds = |wanted: &Option<Text<200>>, found: &str| {
        wanted
            .as_ref()
            .is_none_or(|wanted| found.contains(wanted.as_str()))
    };
    ask.subject.is_none_or(|subject| subject == row.subject)
        && holds(&ask.purpose, row.purpose.as_str())
        && ask.from.is_none_or(|from| from <= day)
        && ask.until.is_none_or(|until| day <= until)
        && ask.who.as_ref().is_none_or(|who| *who == row.who)
        && ask
            .case_number
            .as_ref()
            .is_none_or(|number| case_key(number.as_str()) == case_key(row.case_number.as_str()))
        && !(ask.unreviewed.is_some() && is_reviewed(noted))
}

/// `lookup review`
// spec: LKP-42, ADM-313
pub(super) fn review(desk: &Desk, ask: &LookUpReviewAsk) -> Answer {
    for number in &ask.rows {
        kept(desk.node(), *number)?;
    }
    for number in &ask.rows {
        mark(desk, *number, MarkKind::Reviewed, |mark| {
            mark.finding = Some(ask.finding);
        })?;
    }
    let rows = ask.rows.clone();
    Ok(Reply::LookUpMarked(LookUpMarked { rows }))
}

/// `lookup told`
// spec: LKP-52, LKP-64
pub(super) fn told(desk: &Desk, ask: &LookUpToldAsk) -> Answer {
    let node = desk.node();
    let kept = kept(node, ask.row)?;
    let outdated = outdated_of(node, ask.row, &kept.row.shown)?;
    if outdated.is_empty() {
        let error = AdminError::new(ErrorCode::NothingOpen).with("target", ask.row);
        return Err(error.with("state", "look-up"));
    }
    // Whoever was told of another state than holds now was not told of this one.
    let state = |mark: &Text<16>| {
        let now = outdated.iter().find(|one| one.mark() == mark.as_str());
        let changed = || AdminError::new(ErrorCode::ShownChanged).with("row", ask.row);
        Ok(now.ok_or_else(changed)?.state())
    };
    if ask.marks.is_empty() {
        let error = AdminError::new(ErrorCode::BadRequest);
        return Err(error.with("cause", "no mark of what was told of is named"));
    }
    let states: Result<Vec<_>, AdminError> = ask.marks.iter().map(state).collect();
    for state in states? {
        mark(desk, ask.row, MarkKind::Told, |mark| {
            mark.state = Some(state);
        })?;
    }
    let rows = vec![ask.row];
    Ok(Reply::LookUpMarked(LookUpMarked { rows }))
}

fn mark(
    desk: &Desk,
    number: u64,
    kind: MarkKind,
    fill: impl FnOnce(&mut Mark),
) -> Result<(), AdminError> {
    let who = Text::new(desk.who.name.clone()).map_err(|error| refusal::internal(&error))?;
    let mut mark = Mark {
        number,
        kind,
        // Two marks of one kind on a row are told apart by their instant.
        at: desk.node().date(),
        who,
        finding: None,
        state: None,
    };
    fill(&mut mark);
    let kept = desk.runtime.block_on(desk.node().mark_look_up(mark));
    kept.map_err(|gone| AdminError::new(ErrorCode::StorageFailed).with("cause", gone))
}

/// `lookup outdated`
// spec: LKP-50, LKP-51
pub(super) fn outdated(desk: &Desk, ask: &LookUpOutdatedAsk) -> Answer {
    let node = desk.node();
    let (found, cut) = outdated_rows(node)?;
    let skip = usize::try_from(ask.skip.unwrap_or(0)).unwrap_or(usize::MAX);
    let page = found.iter().skip(skip).take(LOOK_UPS_SHOWN_MAX);
    let rows: Result<Vec<_>, AdminError> = page.map(Outdated::view).collect();
    let rows = rows?;
    let (next, total) = (skip.saturating_add(rows.len()) as u64, found.len() as u64);
    Ok(Reply::LookUpsOutdated(Box::new(LookUpsOutdatedView {
        rows,
        total,
        next_skip: (next < total).then_some(next),
        cut: cut.then_some(Truth),
    })))
}

/// Codes under which an organisation may have been looked up, each with the codes of cases that this counts for,
/// and before when: under the code that it has now always, under a former one until that was said.
type Counting = BTreeMap<SubjectCode, Vec<(SubjectCode, Option<Timestamp>)>>;

// spec: LKP-84
fn counting(node: &Node, ask: &LookUpMissedAsk) -> Result<Counting, AdminError> {
    let mut counting = Counting::new();
    let asked: BTreeSet<SubjectCode> = ask.cases.iter().map(|case| case.subject).collect();
    for subject in asked {
        let codes = codes::now(node, subject)?;
        for code in codes.all() {
            let until = codes.left_by(code).map(|step| step.said_at);
            counting.entry(code).or_default().push((subject, until));
        }
    }
    Ok(counting)
}

/// `lookup missed`
// spec: LKP-60, LKP-61, LKP-63, LKP-88
pub(super) fn missed(desk: &Desk, ask: &LookUpMissedAsk) -> Answer {
    if ask.cases.len() > CASES_MAX {
        let error = AdminError::new(ErrorCode::TooLarge).with("bytes", ask.cases.len());
        return Err(error.with("limit", CASES_MAX));
    }
    let store = desk
        .node()
        .query_with_rows()
        .map_err(refusal::index)?
        .store();
    // Before the rows are looked at: one that comes meanwhile is not one that is gone.
    let in_all = store.counts().lookups;
    let key = |number: &Text<128>| case_key(number.as_str());
    let wanted: BTreeSet<_> = ask.cases.iter().map(|case| key(&case.number)).collect();
    let (mut rows, mut since, mut there) = (Vec::new(), None, 0_u64);
    let looked = store.look_through(0..u64::MAX, |kept| {
        let row = kept.row;
        there += 1;
        since = since.min(Some(row.at)).or(Some(row.at));
        // Whoever was refused was told nothing to decide by.
        // spec: LKP-91
        if row.refused.is_none() && wanted.contains(&key(&row.case_number)) {
            rows.push((row.case_number, row.subject, row.at));
        }
        ControlFlow::Continue(())
    });
    looked.map_err(|error| refusal::internal(&error))?;
    let counting = counting(desk.node(), ask)?;
    let as_asked = |(number, subject, at): &(Text<128>, SubjectCode, Timestamp)| {
        let counts = counting.get(subject).into_iter().flatten();
        let counts = counts.filter(|(_, until)| until.is_none_or(|until| *at < until));
        let rows = counts.map(|(of_case, _)| (number.clone(), *of_case, *at));
        rows.collect::<Vec<_>>()
    };
    let rows: Vec<_> = rows.iter().flat_map(as_asked).collect();
    let rows = rows
        .iter()
        .map(|(number, subject, at)| (number.as_str(), *subject, *at));
    let first = first_look_ups(&ask.cases, rows);
    let found = (0..)
        .zip(first)
        .filter_map(|(case, at)| at.map(|at| FirstLookUp { case, at }));
    let unreadable = desk.node().look_ups_unreadable();
    let unreadable = unreadable.map(|(_, rows)| rows);
    let gone = in_all.saturating_sub(there);
    let kept_since = since.and_then(|at| Day::of(at).ok());
    // Of the days whose keys stay every row is there, whenever the first came.
    // spec: LKP-66
    let stays_since = match gone {
        0 => None,
        _ => desk.node().look_ups_stay_since(),
    };
    Ok(Reply::LookUpsMissed(Box::new(LookUpsMissedView {
        found: found.collect(),
        kept_since: stays_since.or(kept_since),
        gone: Some(gone).filter(|gone| *gone > 0),
        behind: desk
            .node()
            .shared()
            .look_ups_broken()
            .is_some()
            .then_some(Truth),
        unreadable,
        lost: lost(desk.node()),
    })))
}

/// How many rows nobody has reviewed.
// spec: LKP-43
pub(super) fn unreviewed(node: &Node) -> Result<u64, AdminError> {
    let store = node.store();
    let internal = |error| refusal::internal(&error);
    let kept = numbers_kept(store)?;
    let marks = noted(store.lookup_marks(0..u64::MAX).map_err(internal)?);
    let open = kept.iter().filter(|row| !is_reviewed(marks.get(row)));
    Ok(open.count() as u64)
}

/// `lookup resume`
// spec: LKP-78, ADM-404
pub(super) fn resume(desk: &Desk, ask: &LookUpResumeAsk) -> Answer {
    if !desk.who.local {
        return Err(AdminError::new(ErrorCode::LocalOnly));
    }
    let node = desk.node();
    let shared = node.shared();
    let (Some(said), Some(last)) = (shared.look_ups_broken(), shared.last_look_up_root()) else {
        return Err(AdminError::new(ErrorCode::RegisterWhole));
    };
    if !ask.dry_run {
        let who = Text::new(desk.who.name.clone()).map_err(|error| refusal::internal(&error))?;
        let at = node.date();
        let resumed = Resumed { last, at, who };
        let kept = desk.runtime.block_on(node.keep_row(resumed.encode()));
        kept.map_err(|gone| AdminError::new(ErrorCode::StorageFailed).with("cause", gone))?;
        warn!(
            rows = node.look_ups(),
            said = said.value(),
            who = resumed.who.as_str(),
            "the register of look-ups goes on without rows that were lost"
        );
    }
    Ok(Reply::LookUpResumed(LookUpResumed {
        rows: node.look_ups(),
        said: said.value(),
        last: last.value(),
    }))
}
