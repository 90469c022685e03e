//! An act that is recorded, or would be.

use concordat_protocol::admin::Recorded;
use concordat_protocol::statement::Class;
use serde_json::json;

use crate::names::Named;
use crate::page::Page;
use crate::report::{Report, Words, effect, ref_json, refs_json, short, shorts};

/// Objections that are listed; of more only their number is said.
const NAMES_SHOWN_MAX: u64 = 16;

/// What was recorded, where it stands, and what follows.
pub(crate) fn recorded(view: &Recorded, words: Words) -> Report {
    let mut page = Page::default();
    let mut pairs = vec![
        words.pair("class", words.code(view.class)),
        words.pair("target", short(&view.target)),
    ];
    match (&view.reference, view.more.last()) {
        (Some(first), Some(last)) => {
            let range = format!("{} … {}", short(first), short(last));
            pairs.push(words.pair("recorded_as", range));
        }
        (Some(reference), None) => pairs.push(words.pair("recorded_as", short(reference))),
        (None, _) => page.line(words.word("dry_run_note")),
    }
    if view.acts > 1 {
        pairs.push(words.pair("acts_recorded", view.acts));
    }
    let named = named(view);
    let erases = view.class == Class::Erasure;
    if erases && named > 0 {
        pairs.push(words.pair("goes_too", shorts(&view.names)));
    } else if named > NAMES_SHOWN_MAX {
        pairs.push(words.pair("closes_many", named));
    } else if named > 0 {
        pairs.push(words.pair("closes", shorts(&view.names)));
    }
    pairs.push(words.pair("witnessed", words.yes_no(view.witnessed)));
    page.pairs(&pairs);
    if erases {
        page.line(words.word("erasure_note"));
    }
    if let Some(effect) = &view.effect {
        page.gap();
        page.line(words.word("effect"));
        page.pairs(&effect::pairs(effect, &[], words));
    }
    if view.effect_withheld.is_some() {
        page.gap();
        page.line(words.word("effect_withheld"));
    }
    let json = json!({
        "class": view.class.name(),
        "target": view.target.to_string(),
        "dry_run": view.reference.is_none(),
        "reference": ref_json(view.reference.as_ref()),
        "more": refs_json(&view.more),
        "acts": view.acts,
        "batch": view.batch.map(|batch| batch.to_string()),
        "names": refs_json(&view.names),
        "named": named,
        "witnessed": view.witnessed,
        "effect_withheld": view.effect_withheld.is_some(),
        "effect": view.effect.as_ref().map(effect::json),
    });
    Report::new(page, json)
}

/// How many objections an act, or several of one kind, name.
fn named(view: &Recorded) -> u64 {
    view.named.unwrap_or(view.names.len() as u64)
}
