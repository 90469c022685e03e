//! Whether a decision is recognised here, what may be done on the strength of it, and why.

use concordat_protocol::admin::{
    AllowedView, MeasureTitleView, RecognitionCode, RecognitionView, ReliedView,
};
use concordat_protocol::log::Origin;
use serde_json::{Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::{Words, screen, short};

/// A recognition line by line, the first under a label; `titles` names the measures.
// spec: ADM-231, ADM-508
pub(super) fn pairs(
    label: &str,
    recognition: &RecognitionView,
    titles: &[MeasureTitleView],
    words: Words,
) -> Vec<(String, String)> {
    let mut pairs = vec![(label.to_owned(), sentence(recognition, words))];
    let measures = recognition.measures.iter();
    pairs.extend(measures.map(|one| words.pair("may_apply", allowed(one, titles, words))));
    if recognition.grant.is_some() {
        pairs.push(words.pair("may_rely", words.word("grant_recognised")));
    }
    let nothing = match recognition.code {
        RecognitionCode::Own => None,
        RecognitionCode::Recognised => (pairs.len() == 1).then_some("no_measure_agreed"),
        RecognitionCode::ForInformation | RecognitionCode::NotRecognised => {
            Some("nothing_may_be_done")
        }
    };
    pairs.extend(nothing.map(|key| words.pair("may_be_done", words.word(key))));
    pairs
}

fn sentence(recognition: &RecognitionView, words: Words) -> String {
    let said = words.code(recognition.code);
    match (recognition.code, recognition.lacking, recognition.state) {
        (_, Some(lacking), _) => words.headed(said, words.code(lacking)),
        (_, _, Some(state)) => words.headed(said, words.code(state)),
        (RecognitionCode::Recognised, ..) => {
            let by: Vec<_> = recognition.by.iter().map(relied).collect();
            let by = words.list(&by);
            let by = match recognition.by_left {
                Some(left) => words.fill(
                    "listed_and_left",
                    &[("shown", &by), ("left", &left.to_string())],
                ),
                None => by,
            };
            words.headed(said, by)
        }
        (
            RecognitionCode::Own | RecognitionCode::ForInformation | RecognitionCode::NotRecognised,
            ..,
        ) => said,
    }
}

fn relied(by: &ReliedView) -> String {
    let ReliedView {
        agreement,
        title,
        version,
        clause,
    } = by;
    format!("《{title}》 v{version} {clause} ({})", short(agreement))
}

fn allowed(one: &AllowedView, titles: &[MeasureTitleView], words: Words) -> String {
    words.fill(
        "allowed",
        &[
            ("measure", &screen::titled(&one.measure, titles, words)),
            ("until", &one.until.to_string()),
            ("force", &words.code(one.force)),
            ("law", one.basis.law.as_str()),
            ("article", one.basis.article.as_str()),
            ("clause", &one.by.clause),
        ],
    )
}

/// Says which logs were not read to their end.
// spec: ADM-233
pub(super) fn cut(page: &mut Page, cut: &[Origin], words: Words) {
    for log in cut {
        page.line(words.fill("agreements_cut", &[("log", log.as_str())]));
    }
}

pub(super) fn json(recognition: &RecognitionView) -> Value {
    json!({
        "code": recognition.code.name(),
        "by": recognition.by.iter().map(relied_json).collect::<Value>(),
        "by_left": recognition.by_left.unwrap_or(0),
        "measures": recognition.measures.iter().map(|one| json!({
            "measure": one.measure.as_str(),
            "until": one.until.to_string(),
            "force": one.force.name(),
            "law": one.basis.law.as_str(),
            "article": one.basis.article.as_str(),
            "level": one.basis.level.name(),
            "by": relied_json(&one.by),
        })).collect::<Value>(),
        "grant": recognition.grant.is_some(),
        "lacking": recognition.lacking.map(Named::name),
        "state": recognition.state.map(Named::name),
    })
}

fn relied_json(by: &ReliedView) -> Value {
    json!({
        "agreement": by.agreement.to_string(),
        "title": by.title,
        "version": by.version,
        "clause": by.clause,
    })
}

pub(super) fn cut_json(cut: &[Origin]) -> Value {
    cut.iter().map(Origin::as_str).collect()
}
