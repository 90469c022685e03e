//! Whether there is any adverse record since a day.

use concordat_protocol::admin::{CleanDecision, CleanView, CleanWord, StaleLog};
use serde_json::{Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::{Words, at_json, at_text, short};

/// The answer, with what it rests on.
// spec: LKP-70, LKP-72, ADM-435
pub(crate) fn clean(page: &mut Page, view: &CleanView, words: Words) {
    page.gap();
    page.pairs(&[headline(&view.word(), words)]);
    let sums = [view.counts, view.apart, view.not_known].map(|count| count.to_string());
    let [counts, apart, unknown] = &sums;
    let blanks = [
        ("counts", &**counts),
        ("apart", &**apart),
        ("unknown", &**unknown),
    ];
    page.line(words.fill("clean_counts", &blanks));
    if !view.decisions.is_empty() {
        let header = ["weight", "reference", "issuer", "document_number"];
        let header = header
            .iter()
            .chain(&["act_type", "decided_on", "binds_others"]);
        let header: Vec<_> = header.map(|key| words.word(key)).collect();
        let rows = view.decisions.iter().map(|one| row(one, words));
        page.table(&header, rows.collect());
    }
    for log in &view.stale {
        page.line(stale(log, words));
    }
    let listed = |is_lost: bool| {
        let logs = view.stale.iter();
        logs.filter(|log| log.lost.is_some() == is_lost).count() as u64
    };
    let sums = [
        (
            "clean_stale_more",
            view.stale_total,
            view.stale_total > listed(false),
        ),
        (
            "clean_lost_more",
            view.lost_total,
            view.lost_total > listed(true),
        ),
        (
            "clean_missing",
            view.bodies_missing,
            view.bodies_missing > 0,
        ),
        ("clean_left", view.left, view.left > 0),
    ];
    for (key, count, holds) in sums {
        if holds {
            page.line(words.fill(key, &[("count", &count.to_string())]));
        }
    }
    limits(page, &view.word(), words);
    page.line(words.word("clean_note"));
}

/// What the word does not rest on.
// spec: LKP-76
pub(crate) fn limits(page: &mut Page, word: &CleanWord, words: Words) {
    let sums = [
        ("clean_withheld", word.withheld),
        ("clean_waiting", word.waiting),
    ];
    for (key, count) in sums.into_iter().filter(|(_, count)| *count > 0) {
        page.line(words.fill(key, &[("count", &count.to_string())]));
    }
}

/// The word alone, as the register and a receipt have it.
pub(crate) fn headline(word: &CleanWord, words: Words) -> (String, String) {
    let (since, as_of) = (word.since.to_string(), word.as_of.to_string());
    let span = words.fill("clean", &[("since", &since), ("as_of", &as_of)]);
    (span, words.code(word.verdict))
}

fn row(one: &CleanDecision, words: Words) -> Vec<String> {
    let name = one.issuer_name.clone();
    vec![
        words.code(one.weight),
        short(&one.reference),
        name.unwrap_or_else(|| one.issuer.to_string()),
        one.document_number.clone(),
        words.code(one.act_type),
        one.decided_on.to_string(),
        words.code(one.binds_others),
    ]
}

fn stale(log: &StaleLog, words: Words) -> String {
    let at = at_text(log.since);
    let origin = format!("{}/{}", log.origin.member(), log.origin.log_number());
    let name = log.name.clone().unwrap_or_default();
    let blanks = [("origin", &*origin), ("name", &*name), ("at", &*at)];
    let key = match log.lost {
        Some(_) => "clean_lost",
        None => "clean_stale",
    };
    words.fill(key, &blanks)
}

/// The answer as JSON.
pub(crate) fn json(view: &CleanView) -> Value {
    let mut json = word_json(&view.word());
    json["not_known"] = json!(view.not_known);
    json["decisions"] = view.decisions.iter().map(decision_json).collect();
    json["stale"] = view.stale.iter().map(stale_json).collect();
    json["stale_total"] = json!(view.stale_total);
    json["bodies_missing"] = json!(view.bodies_missing);
    json["left"] = json!(view.left);
    json["lost_total"] = json!(view.lost_total);
    json
}

/// The word alone as JSON.
pub(crate) fn word_json(word: &CleanWord) -> Value {
    json!({
        "since": word.since.to_string(),
        "as_of": word.as_of.to_string(),
        "verdict": word.verdict.name(),
        "counts": word.counts,
        "apart": word.apart,
        "withheld": word.withheld,
        "waiting": word.waiting,
    })
}

fn decision_json(one: &CleanDecision) -> Value {
    json!({
        "reference": one.reference.to_string(),
        "weight": one.weight.name(),
        "issuer": one.issuer.as_str(),
        "issuer_name": one.issuer_name,
        "document_number": one.document_number,
        "act_type": one.act_type.name(),
        "decided_on": one.decided_on.to_string(),
        "binds_others": one.binds_others.name(),
    })
}

fn stale_json(log: &StaleLog) -> Value {
    json!({
        "origin": log.origin.to_string(),
        "name": log.name,
        "since_at": at_json(log.since),
        "lost": log.lost.is_some(),
    })
}
