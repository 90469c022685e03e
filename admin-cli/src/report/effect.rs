//! The effect of a decision: every axis, and the one sentence that people look for first.

use concordat_protocol::admin::{
    BindsOthersCode, EffectView, FreshnessView, MeasureTitleView, SuspensionView, ValidityCode,
};
use concordat_protocol::statement::StatementRef;
use serde_json::{Value, json};

use crate::names::Named;
use crate::report::{
    Words, at_json, at_text, day_json, ref_json, refs_json, screen, short, shorts, yuan,
};

/// Every axis under a stable name.
pub(super) fn json(effect: &EffectView) -> Value {
    json!({
        "as_of": effect.as_of.to_string(),
        "validity": effect.validity.name(),
        "validity_by": refs_json(&effect.validity_by),
        "void_cause": effect.void_cause.map(Named::name),
        "backing": effect.backing.map(Named::name),
        "witnessed": effect.is_witnessed(),
        "superseded_by": ref_json(effect.superseded_by.as_ref()),
        "stayed_by": refs_json(&effect.stayed_by),
        "stayed_by_left": effect.stayed_by_left.unwrap_or(0),
        "repaired": (!effect.repaired_by.is_empty()).then(|| json!({
            "by": refs_json(&effect.repaired_by),
            "by_left": effect.repaired_by_left.unwrap_or(0),
            "effects": effect.repair_effects.iter().map(|one| one.name()).collect::<Value>(),
        })),
        "beyond_repair": effect.beyond_repair.is_some(),
        "suspended_by": effect.suspended_by.iter().map(suspension_json).collect::<Value>(),
        "waiting": effect.waiting.iter().map(|one| json!({
            "objection": one.objection.to_string(),
            "ground": one.ground.name(),
            "why": one.why.name(),
        })).collect::<Value>(),
        "pending": refs_json(&effect.pending),
        "burden": effect.burden.name(),
        "grant_stands": effect.grant_stands,
        "fine_fen": effect.fine_fen,
        "confiscation_fen": effect.confiscation_fen,
        "penalty_classes": effect.penalty_classes.iter().map(|one| one.name()).collect::<Value>(),
        "duties": effect.duties.iter().map(|one| json!({
            "measure": one.measure.as_str(),
            "until": one.until.to_string(),
            "ended": one.ended,
            "binds_others": one.binds_others.name(),
        })).collect::<Value>(),
        "valid_from": day_json(effect.valid_from),
        "valid_until": day_json(effect.valid_until),
        "publication_until": day_json(effect.publication_until),
        "publication_ended": effect.publication_ended,
        "basis": effect.basis.name(),
        "basis_failures": effect.basis_failures.iter().map(|one| json!({
            "basis": one.basis.to_string(),
            "why": one.why.name(),
        })).collect::<Value>(),
        "freshness": {
            "issuer": freshness_json(&effect.issuer_freshness),
            "register": freshness_json(&effect.register_freshness),
        },
        "fork": effect.fork.name(),
        "frozen_at_index": effect.frozen_at.map(|index| index.value()),
        "later_acts": effect.later_acts.name(),
        "in_force_for_issuer": effect.in_force_for_issuer,
        "binds_others": effect.binds_others.name(),
        "unknown_source": effect.unknown_source.map(Named::name),
        "unknown_since_at": at_json(effect.unknown_since),
        "horizon": {
            "issuer": effect.horizon_issuer.value(),
            "register": effect.horizon_register.value(),
        },
    })
}

/// What others may do, in a few words: `suspended: objection open (facts)`.
pub(super) fn verdict(effect: &EffectView, words: Words) -> String {
    let verdict = words.code(effect.binds_others);
    // What else suspends it is not why.
    if effect.binds_others == BindsOthersCode::Stayed {
        return words.headed(
            verdict,
            listed(&effect.stayed_by, effect.stayed_by_left, words),
        );
    }
    if effect.binds_others == BindsOthersCode::Repaired {
        let (by, left) = (&effect.repaired_by, effect.repaired_by_left);
        return words.headed(verdict, listed(by, left, words));
    }
    if let Some(suspension) = effect.suspended_by.first() {
        return words.headed(verdict, suspension_words(suspension, words));
    }
    match effect.unknown_since {
        Some(since) => format!("{verdict} {}", at_text(Some(since))),
        None => match effect.unknown_source {
            Some(source) => words.fill("never_seen", &[("source", &words.code(source))]),
            None => verdict,
        },
    }
}

/// That a decision counts for nobody, where it is void: it may be witnessed all the same.
// spec: ADM-188
pub(super) fn counts(effect: Option<&EffectView>, words: Words) -> Option<(String, String)> {
    let effect = effect.filter(|effect| effect.validity == ValidityCode::Void)?;
    let void = words.code(effect.validity);
    let why = match effect.void_cause {
        Some(cause) => words.headed(void, words.code(cause)),
        None => void,
    };
    Some(words.pair("counts", words.noted(words.yes_no(false), why)))
}

/// Every axis that says something, with its label; `titles` names the measures.
pub(super) fn pairs(
    effect: &EffectView,
    titles: &[MeasureTitleView],
    words: Words,
) -> Vec<(String, String)> {
    let mut pairs = vec![
        words.pair("binds_others", verdict(effect, words)),
        words.pair(
            "in_force_for_issuer",
            words.yes_no(effect.in_force_for_issuer),
        ),
    ];
    let mut validity = words.code(effect.validity);
    if let Some(cause) = effect.void_cause {
        validity = words.noted(validity, words.code(cause));
    }
    if !effect.validity_by.is_empty() {
        validity = words.headed(validity, shorts(&effect.validity_by));
    }
    pairs.push(words.pair("validity", validity));
    acts_of_others(effect, words, &mut pairs);
    for suspension in &effect.suspended_by {
        let by = listed(&suspension.by, suspension.by_left, words);
        let by = words.headed(suspension_words(suspension, words), by);
        pairs.push(words.pair("suspended_by", by));
        if !suspension.awaiting_act.is_empty() {
            let (awaiting, left) = (&suspension.awaiting_act, suspension.awaiting_act_left);
            pairs.push(words.pair("awaiting_act", listed(awaiting, left, words)));
        }
    }
    for waiting in &effect.waiting {
        let (ground, why) = (words.code(waiting.ground), words.code(waiting.why));
        let text = words.headed(words.noted(short(&waiting.objection), ground), why);
        pairs.push(words.pair("waiting", text));
    }
    if let Some(by) = &effect.superseded_by {
        pairs.push(words.pair("superseded_by", short(by)));
    }
    if !effect.pending.is_empty() {
        pairs.push(words.pair("pending", shorts(&effect.pending)));
    }
    // Of what is void the validity has said why.
    if effect.void_cause.is_none() {
        pairs.push(words.pair("witnessed", words.yes_no(effect.is_witnessed())));
    }
    amounts(effect, words, &mut pairs);
    pairs.extend(screen::measures(&effect.duties, titles, words));
    pairs.extend(publication(effect, words));
    for failure in &effect.basis_failures {
        let text = words.headed(short(&failure.basis), words.code(failure.why));
        pairs.push(words.pair("basis_failure", text));
    }
    pairs.push(words.pair("fresh_issuer", freshness(&effect.issuer_freshness, words)));
    pairs.push(words.pair(
        "fresh_register",
        freshness(&effect.register_freshness, words),
    ));
    let fork = match effect.frozen_at {
        Some(at) => words.noted(
            words.code(effect.fork),
            format!("{} {at}", words.word("frozen")),
        ),
        None => words.code(effect.fork),
    };
    pairs.push(words.pair("fork", fork));
    pairs.push(words.pair("later_acts", words.code(effect.later_acts)));
    let (log, register) = (effect.horizon_issuer, effect.horizon_register);
    pairs.push(words.pair("horizon", format!("{log} / {register}")));
    pairs.push(words.pair("as_of", effect.as_of));
    pairs
}

/// Stays and repairs.
fn acts_of_others(effect: &EffectView, words: Words, pairs: &mut Vec<(String, String)>) {
    if !effect.stayed_by.is_empty() {
        let by = listed(&effect.stayed_by, effect.stayed_by_left, words);
        pairs.push(words.pair("stayed_by", by));
    }
    if !effect.repaired_by.is_empty() {
        let by = listed(&effect.repaired_by, effect.repaired_by_left, words);
        let asked = effect.repair_effects.iter();
        let asked: Vec<_> = asked.map(|one| words.code(*one)).collect();
        pairs.push(words.pair("repaired_by", words.noted(by, words.list(&asked))));
    }
    // spec: EFF-195
    if effect.beyond_repair.is_some() {
        pairs.push(words.pair("beyond_repair", words.word("beyond_repair_note")));
    }
}

/// The last day of publication, and whether that is over.
pub(super) fn publication(effect: &EffectView, words: Words) -> Option<(String, String)> {
    let until = effect.publication_until?;
    let ended = match effect.publication_ended {
        true => words.word("ended"),
        false => String::new(),
    };
    Some(words.pair("publication_until", format!("{until} {ended}").trim_end()))
}

pub(super) fn amounts(effect: &EffectView, words: Words, pairs: &mut Vec<(String, String)>) {
    if effect.fine_fen > 0 {
        pairs.push(words.pair("fine", yuan(effect.fine_fen)));
    }
    if effect.confiscation_fen > 0 {
        pairs.push(words.pair("confiscation", yuan(effect.confiscation_fen)));
    }
}

fn suspension_words(suspension: &SuspensionView, words: Words) -> String {
    let mut kind = words.code(suspension.kind);
    // Ruled on all of them, and nothing done yet.
    let awaits = suspension.by == suspension.awaiting_act
        && suspension.by_left == suspension.awaiting_act_left;
    if !suspension.by.is_empty() && awaits {
        kind = words.word("act_announced");
    }
    match suspension.ground {
        Some(ground) => words.noted(kind, words.code(ground)),
        None => kind,
    }
}

/// A list, with how many are left of it.
// spec: ADM-199
fn listed(shown: &[StatementRef], left: Option<u64>, words: Words) -> String {
    let shown = shorts(shown);
    match left {
        Some(left) => words.fill(
            "listed_and_left",
            &[("shown", &shown), ("left", &left.to_string())],
        ),
        None => shown,
    }
}

fn suspension_json(suspension: &SuspensionView) -> Value {
    json!({
        "kind": suspension.kind.name(),
        "ground": suspension.ground.map(Named::name),
        "by": refs_json(&suspension.by),
        "since": day_json(suspension.since),
        "awaiting_act": refs_json(&suspension.awaiting_act),
        "by_left": suspension.by_left.unwrap_or(0),
        "awaiting_act_left": suspension.awaiting_act_left.unwrap_or(0),
    })
}

fn freshness_json(freshness: &FreshnessView) -> Value {
    json!({"state": freshness.state.name(), "witnessed_at": at_json(freshness.at)})
}

fn freshness(freshness: &FreshnessView, words: Words) -> String {
    words.noted(words.code(freshness.state), at_text(freshness.at))
}
