//! What a clerk reads of a decision: what holds here in one word, what was decided, and what may be done.

use concordat_certs::wording;
use concordat_protocol::admin::{
    BindsOthersCode, DecisionView, DutyView, EffectView, MeasureTitleView, RecognitionCode,
    RecognitionView,
};
use concordat_protocol::statement::{Listing, Measure};

use crate::page::Page;
use crate::report::{Words, effect, recognition, short};

/// What holds here, as a stable name: `in-force` or its own state of a decision of the node's own, `recognised`,
/// `for-information`, or why nobody else may rely on it.
// spec: ADM-507
pub(super) fn here_name(
    effect: &EffectView,
    recognition: Option<&RecognitionView>,
) -> &'static str {
    match here(effect, recognition) {
        Here::InForce => "in-force",
        Here::Code(code) => code.name(),
        Here::State(state) => state.name(),
    }
}

/// The same in words, with why where the word alone does not tell.
// spec: ADM-507
pub(super) fn here_words(
    effect: &EffectView,
    recognition: Option<&RecognitionView>,
    words: Words,
) -> String {
    let said = match here(effect, recognition) {
        Here::InForce => words.word("in_force_here"),
        Here::Code(code) => words.code(code),
        Here::State(_) => return effect::verdict(effect, words),
    };
    // An objection leaves it in force for its issuer, and what is granted recognised: it is said all the same.
    match effect.binds_others == BindsOthersCode::Applies {
        true => said,
        false => words.noted(said, effect::verdict(effect, words)),
    }
}

enum Here {
    InForce,
    Code(RecognitionCode),
    State(BindsOthersCode),
}

fn here(effect: &EffectView, recognition: Option<&RecognitionView>) -> Here {
    let state = Here::State(effect.binds_others);
    let Some(recognition) = recognition else {
        return state;
    };
    match recognition.code {
        RecognitionCode::Own if effect.in_force_for_issuer && is_known(effect) => Here::InForce,
        RecognitionCode::Recognised => Here::Code(recognition.code),
        // That nothing follows from it here says more than that it applies somewhere.
        RecognitionCode::ForInformation if effect.binds_others == BindsOthersCode::Applies => {
            Here::Code(recognition.code)
        }
        RecognitionCode::Own | RecognitionCode::ForInformation | RecognitionCode::NotRecognised => {
            state
        }
    }
}

/// Whether it has begun, and all that it rests on and that bears on it is known.
// spec: ADM-507
fn is_known(effect: &EffectView) -> bool {
    let unknown = [
        BindsOthersCode::NotYet,
        BindsOthersCode::UnknownSince,
        BindsOthersCode::NotWeighed,
        BindsOthersCode::NoBasis,
        BindsOthersCode::BasisNotHeld,
    ];
    !unknown.contains(&effect.binds_others)
}

/// Of each decision what was decided, until when, whether it is recognised here and why, and what may be done.
// spec: ADM-508
pub(super) fn details(page: &mut Page, decisions: &[DecisionView], words: Words) {
    for one in decisions {
        page.gap();
        // Of another's making: a number with a line feed would make up lines of its own.
        let number = wording::plain_line(&one.document_number);
        page.line(format!("{} {number}", short(&one.reference)));
        page.pairs(&lines(one, words));
    }
}

fn lines(one: &DecisionView, words: Words) -> Vec<(String, String)> {
    let item = match &one.item_title {
        Some(title) => words.noted(title, &one.item),
        None => one.item.to_string(),
    };
    let mut lines = vec![words.pair("item", item)];
    if let Some(content) = &one.content {
        lines.push(words.pair("decided", content));
    }
    let effect = &one.effect;
    effect::amounts(effect, words, &mut lines);
    lines.extend(measures(&effect.duties, &one.measure_titles, words));
    if let Some(until) = effect.valid_until {
        lines.push(words.pair("valid_until", until));
    }
    if let Some(listing) = &one.listing {
        lines.push(words.pair("on_list", list(one, listing, words)));
        lines.push(words.pair("list_exit", &listing.exit_conditions));
    }
    lines.extend(effect::publication(effect, words));
    if let Some(recognised) = &one.recognition {
        let label = words.word("recognition");
        let titles = &one.measure_titles;
        lines.extend(recognition::pairs(&label, recognised, titles, words));
    }
    lines
}

fn list(one: &DecisionView, listing: &Listing, words: Words) -> String {
    let list = words.code(one.act_type);
    let notes = list_notes(listing, words);
    match notes.is_empty() {
        true => list,
        false => words.noted(list, words.list(&notes)),
    }
}

/// The group of serious conduct and the quarter that a list is of.
pub(super) fn list_notes(listing: &Listing, words: Words) -> Vec<String> {
    let group = listing.group.map(|group| words.code(group));
    let quarter = listing.quarter.map(|quarter| {
        let (year, of) = (quarter.year().to_string(), quarter.quarter().to_string());
        words.fill("quarter", &[("year", &year), ("quarter", &of)])
    });
    group.into_iter().chain(quarter).collect()
}

/// Measures with their titles, their last days, and how each stands for others.
pub(super) fn measures(
    duties: &[DutyView],
    titles: &[MeasureTitleView],
    words: Words,
) -> Vec<(String, String)> {
    let line = |duty: &DutyView| {
        let until = duty.until.to_string();
        let named = titled(&duty.measure, titles, words);
        let text = words.fill("measure_until", &[("measure", &named), ("until", &until)]);
        words.pair("measure", words.noted(text, words.code(duty.binds_others)))
    };
    duties.iter().map(line).collect()
}

/// A measure by its title, or by the words of its code where no catalogue has it.
// spec: ADM-506
pub(super) fn titled(measure: &Measure, titles: &[MeasureTitleView], words: Words) -> String {
    let found = titles.iter().find(|one| one.measure == *measure);
    let title = found.map(|one| one.title.clone());
    words.noted(title.unwrap_or_else(|| of_code(measure, words)), measure)
}

fn of_code(measure: &Measure, words: Words) -> String {
    let mut parts = measure.as_str().split('.');
    let mut part = |list: &str| words.word(&format!("{list}_{}", parts.next().unwrap_or_default()));
    let (area, kind) = (part("measure_area"), part("measure_kind"));
    words.headed(area, kind)
}
