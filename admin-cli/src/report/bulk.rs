//! Many decisions at once: what was withdrawn, what is objected to, and what became of the acts.

use std::collections::BTreeMap;

use concordat_protocol::admin::{
    BatchPropagationView, BatchView, BulkCounts, BulkView, ExitCode, MemberCounts, Recorded,
};
use concordat_protocol::statement::{BatchId, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::names::Named;
use crate::page::Page;
use crate::report::{Report, Words, at_json, at_text, awaited, ref_json, refs_json, short, shorts};
use crate::text;

/// What the answers about a bulk withdrawal came to together.
#[derive(Debug, Default)]
pub(crate) struct BulkTold {
    counts: BulkCounts,
    total: u64,
    pub(crate) recorded: u64,
    first: Option<StatementRef>,
    last: Option<StatementRef>,
    pub(crate) acts: Option<BatchId>,
}

impl BulkTold {
    /// Adds an answer; the total of an import is the same in each and counts once, with the last.
    pub(crate) fn add(&mut self, view: BulkView, is_last: bool) {
        add(&mut self.counts, &view.counts);
        self.total += if is_last { view.total } else { 0 };
        self.recorded += view.recorded;
        self.first = self.first.take().or(view.first);
        self.last = view.last.or_else(|| self.last.take());
        self.acts = view.acts.or(self.acts);
    }
}

fn add(counts: &mut BulkCounts, more: &BulkCounts) {
    counts.looked += more.looked;
    counts.withdrawn += more.withdrawn;
    counts.corrected += more.corrected;
    counts.objected += more.objected;
    counts.stayed += more.stayed;
    counts.void += more.void;
    counts.not_held += more.not_held;
}

fn counted(counts: &BulkCounts, words: Words) -> Vec<(String, String)> {
    let all = [
        ("bulk_withdrawn", counts.withdrawn),
        ("bulk_corrected", counts.corrected),
        ("bulk_objected", counts.objected),
        ("bulk_stayed", counts.stayed),
        ("bulk_void", counts.void),
        ("bulk_not_held", counts.not_held),
    ];
    let told = all.into_iter();
    told.map(|(key, count)| words.pair(key, count)).collect()
}

fn counts_json(counts: &BulkCounts) -> Value {
    json!({
        "looked": counts.looked,
        "withdrawn": counts.withdrawn,
        "corrected": counts.corrected,
        "objected": counts.objected,
        "stayed": counts.stayed,
        "void": counts.void,
        "not_held": counts.not_held,
    })
}

/// The page of a bulk act: what it came to, its id, and what to do next.
fn told_of(
    mut pairs: Vec<(String, String)>,
    acts: Option<&str>,
    dry_run: bool,
    words: Words,
) -> Page {
    let mut page = Page::default();
    pairs.extend(acts.map(|acts| words.pair("bulk_acts", acts)));
    page.pairs(&pairs);
    page.gap();
    match (dry_run, acts) {
        (true, _) => page.line(words.word("dry_run_note")),
        (false, Some(acts)) => page.line(words.fill("bulk_next", &[("acts", acts)])),
        (false, None) => {}
    }
    page
}

/// What was withdrawn, or would be.
// spec: ADM-341
pub(crate) fn bulk_withdrawn(told: &BulkTold, dry_run: bool, words: Words) -> Report {
    let key = match dry_run {
        true => "bulk_would",
        false => "bulk_recorded",
    };
    let mut pairs = vec![
        words.pair("bulk_total", told.total),
        words.pair(key, told.recorded),
    ];
    pairs.extend(counted(&told.counts, words));
    if let (Some(first), Some(last)) = (&told.first, &told.last) {
        let range = format!("{} … {}", short(first), short(last));
        pairs.push(words.pair("recorded_as", range));
    }
    let acts = told.acts.map(|acts| acts.to_string());
    let page = told_of(pairs, acts.as_deref(), dry_run, words);
    let json = json!({
        "dry_run": dry_run,
        "total": told.total,
        "recorded": told.recorded,
        "counts": counts_json(&told.counts),
        "first": ref_json(told.first.as_ref()),
        "last": ref_json(told.last.as_ref()),
        "acts": acts,
    });
    done_in_part(Report::new(page, json), told.counts.not_held)
}

/// What a bulk correction came to.
#[derive(Debug, Default)]
pub(crate) struct BulkCorrected {
    counts: BulkCounts,
    total: u64,
    pub(crate) recorded: u64,
    /// Decisions that read so already.
    pub(crate) already: u64,
    /// Decisions that another correction changes which no quorum has cosigned yet.
    pub(crate) pending: u64,
    /// Decisions that are withdrawn or void.
    pub(crate) left: u64,
    /// Decisions that were not corrected, and why, by position.
    skipped: Vec<(StatementRef, Failure)>,
    first: Option<StatementRef>,
    last: Option<StatementRef>,
    acts: Option<BatchId>,
}

impl BulkCorrected {
    pub(crate) fn look_at(&mut self, page: &BatchView) {
        add(&mut self.counts, &page.counts);
        self.total = page.total;
    }

    /// Leaves a decision as it is.
    pub(crate) fn skip(&mut self, decision: StatementRef, why: Failure) {
        self.skipped.push((decision, why));
    }

    /// How many are not as they were to be.
    pub(crate) fn undone(&self) -> u64 {
        self.pending + self.skipped.len() as u64
    }

    /// Takes a correction that was, or for a dry run would be, recorded.
    pub(crate) fn add(&mut self, view: Recorded) {
        self.recorded += 1;
        self.acts = view.batch.or(self.acts);
        self.first = self.first.take().or_else(|| view.reference.clone());
        self.last = view.reference.or_else(|| self.last.take());
    }
}

/// What was corrected, or would be.
// spec: ADM-346
pub(crate) fn bulk_corrected(told: &BulkCorrected, dry_run: bool, words: Words) -> Report {
    let key = match dry_run {
        true => "bulk_would_correct",
        false => "bulk_corrections",
    };
    let mut pairs = vec![
        words.pair("bulk_total", told.total),
        words.pair(key, told.recorded),
        words.pair("bulk_already", told.already),
        words.pair("bulk_pending", told.pending),
        words.pair("bulk_left", told.left),
        words.pair("bulk_skipped", told.skipped.len()),
    ];
    pairs.extend(counted(&told.counts, words));
    let acts = told.acts.map(|acts| acts.to_string());
    let mut page = told_of(pairs, acts.as_deref(), dry_run, words);
    skipped(&mut page, &told.skipped, words);
    let json = json!({
        "dry_run": dry_run,
        "total": told.total,
        "recorded": told.recorded,
        "already": told.already,
        "pending": told.pending,
        "left": told.left,
        "skipped": told.skipped.iter().map(|(decision, why)| json!({
            "decision": decision.to_string(),
            "code": why.key,
        })).collect::<Value>(),
        "counts": counts_json(&told.counts),
        "first": ref_json(told.first.as_ref()),
        "last": ref_json(told.last.as_ref()),
        "acts": acts,
    });
    done_in_part(Report::new(page, json), told.undone())
}

/// Decisions that are named on a page with why they were left; of more only how many.
const SKIPPED_SHOWN_MAX: usize = 64;

fn skipped(page: &mut Page, skipped: &[(StatementRef, Failure)], words: Words) {
    if skipped.is_empty() {
        return;
    }
    page.gap();
    page.line(words.word("bulk_skipped_note"));
    for (decision, why) in skipped.iter().take(SKIPPED_SHOWN_MAX) {
        let why = text::failure(words.0, why);
        page.line(format!("  {}  {why}", short(decision)));
    }
    let more = skipped.len().saturating_sub(SKIPPED_SHOWN_MAX);
    if more > 0 {
        page.line(words.fill("bulk_skipped_more", &[("count", &more.to_string())]));
    }
}

/// A script has to see that not everything is as it was to be.
// spec: ADM-402
fn done_in_part(report: Report, undone: u64) -> Report {
    let exit = match undone {
        0 => ExitCode::Ok,
        _ => ExitCode::Failed,
    };
    Report { exit, ..report }
}

/// The open objections to the decisions of an import.
// spec: ADM-343
pub(crate) fn objections_of(views: &[BatchView], words: Words) -> Report {
    let mut counts = BulkCounts::default();
    for view in views {
        add(&mut counts, &view.counts);
    }
    let total = views.first().map_or(0, |view| view.total);
    let mut page = Page::default();
    let mut pairs = vec![words.pair("bulk_total", total)];
    pairs.extend(counted(&counts, words));
    page.pairs(&pairs);
    let objected = || views.iter().flat_map(|view| &view.objected);
    if objected().next().is_none() {
        page.gap();
        page.line(words.word("bulk_no_objection"));
    }
    // spec: ADM-484
    for one in objected().filter(|one| one.awaited.is_empty()) {
        let decision = short(&one.decision);
        let objections = shorts(&one.objections);
        let blanks = [("decision", decision.as_str()), ("objections", &objections)];
        page.line(words.fill("bulk_nothing_awaited", &blanks));
    }
    let rows = objected().flat_map(|one| one.awaited.iter().map(|it| (&one.decision, it)));
    awaited::table(&mut page, rows, words);
    let listed = objected().map(|one| {
        json!({
            "decision": one.decision.to_string(),
            "document_number": one.document_number,
            "objections": refs_json(&one.objections),
            "objections_left": one.objections_left,
            "awaited": awaited::json(&one.awaited),
        })
    });
    let json = json!({
        "total": total,
        "counts": counts_json(&counts),
        "objected": listed.collect::<Value>(),
    });
    Report::new(page, json)
}

/// What became of all acts of a bulk act, member by member.
// spec: ADM-344
pub(crate) fn batch_propagation(views: &[BatchPropagationView], words: Words) -> Report {
    let sum = |count: fn(&BatchPropagationView) -> u64| views.iter().map(count).sum::<u64>();
    let (looked, complete, closed) = (
        sum(|view| view.looked),
        sum(|view| view.complete),
        sum(|view| view.closed),
    );
    let total = views.first().map_or(0, |view| view.total);
    let first_open = views.iter().find_map(|view| view.first_open.as_ref());
    let sees_all = views.iter().all(|view| view.sees_all);
    let mut members: BTreeMap<AuthorityCode, MemberCounts> = BTreeMap::new();
    for one in views.iter().flat_map(|view| &view.members) {
        match members.get_mut(&one.member) {
            Some(known) => join(known, one),
            None => {
                members.insert(one.member, one.clone());
            }
        }
    }
    let mut page = Page::default();
    let class = views.first().map(|view| words.code(view.class));
    let mut pairs = vec![
        words.pair("class", class.unwrap_or_default()),
        words.pair("bulk_all_acts", total),
        words.pair("bulk_complete", complete),
        words.pair("bulk_closed", closed),
    ];
    pairs.extend(first_open.map(|act| words.pair("bulk_first_open", short(act))));
    page.pairs(&pairs);
    if looked < total {
        let count = (total - looked).to_string();
        page.line(words.fill("bulk_unread", &[("count", &count)]));
    }
    if !sees_all {
        page.line(words.word("not_for_this_node"));
    }
    page.gap();
    let header = [
        "member",
        "name",
        "bulk_applied",
        "bulk_refused",
        "bulk_outstanding",
        "bulk_lost",
        "bulk_not_known",
        "since",
    ];
    let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
    page.table(&header, members.values().map(row).collect());
    let json = json!({
        "class": views.first().map(|view| view.class.name()),
        "total": total,
        "looked": looked,
        "complete": complete,
        "closed": closed,
        "first_open": ref_json(first_open),
        "sees_all": sees_all,
        "members": members.values().map(member_json).collect::<Value>(),
    });
    Report::new(page, json)
}

fn join(known: &mut MemberCounts, more: &MemberCounts) {
    known.applied += more.applied;
    known.refused += more.refused;
    known.outstanding += more.outstanding;
    known.lost += more.lost;
    known.not_known += more.not_known;
    known.since = known.since.into_iter().chain(more.since).min();
}

fn row(one: &MemberCounts) -> Vec<String> {
    vec![
        one.member.as_str().to_owned(),
        one.name.clone(),
        one.applied.to_string(),
        one.refused.to_string(),
        one.outstanding.to_string(),
        one.lost.to_string(),
        one.not_known.to_string(),
        at_text(one.since),
    ]
}

fn member_json(one: &MemberCounts) -> Value {
    json!({
        "member": one.member.as_str(),
        "name": one.name,
        "applied": one.applied,
        "refused": one.refused,
        "outstanding": one.outstanding,
        "lost": one.lost,
        "not_known": one.not_known,
        "since": at_json(one.since),
    })
}
