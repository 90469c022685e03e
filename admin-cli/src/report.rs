//! What a command shows: a page for people and one JSON object for programs, from the same views.
//!
//! JSON: names in snake case, codes as their stable names, instants in Unix milliseconds under
//! names that end in `_ms` or `_at`, days as `2025-03-01`, references as `<origin>#<index>`, money in
//! fen. Fields are added, never renamed.

mod act;
mod agreement;
mod answer;
mod awaited;
mod bulk;
mod bundle;
mod clean;
mod codes;
mod effect;
mod fields;
mod import;
mod ledger;
mod lookup;
mod peer;
mod propagation;
mod recognition;
mod record;
mod screen;
mod slip;
mod statistics;
mod status;
mod subject;

use std::fmt::Display;

use concordat_certs::summary::{Language, Summary};
use concordat_protocol::admin::ExitCode;
use concordat_protocol::log::Origin;
use concordat_protocol::statement::StatementRef;
use concordat_protocol::time::{Day, Timestamp};
use serde_json::{Map, Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::{clock, text};

pub(crate) use act::recorded;
pub(crate) use agreement::{agreement_words, agreements, doubts, logged, parties};
pub(crate) use answer::answer_asked;
pub(crate) use bulk::{
    BulkCorrected, BulkTold, batch_propagation, bulk_corrected, bulk_withdrawn, objections_of,
};
pub(crate) use bundle::verified;
pub(crate) use import::imported;
pub(crate) use ledger::{LedgerForm, LedgerSum, ledger, ledger_footer, ledger_header, ledger_line};
pub(crate) use lookup::{
    look_up_proof, look_ups, marked, missed, missed_csv, outdated, resumed, verified_look_up,
};
pub(crate) use peer::{changed, peer, peers, tested};
pub(crate) use propagation::propagation;
pub(crate) use record::{record_asked, record_made, record_template, template_json};
pub(crate) use slip::slip;
pub(crate) use statistics::{Shown, coverage_csv, statistics, statistics_csv};
pub(crate) use status::{event_json, event_line, status};
pub(crate) use subject::{acted_on, statement, subject};

/// How a command that went through shows itself.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) page: Page,
    pub(crate) json: Value,
    pub(crate) exit: ExitCode,
}

impl Report {
    pub(crate) const fn new(page: Page, json: Value) -> Self {
        let exit = ExitCode::Ok;
        Self { page, json, exit }
    }

    /// One that has printed itself already.
    pub(crate) fn silent() -> Self {
        Self::new(Page::default(), Value::Null)
    }
}

/// The reader's language with what is written in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words(pub(crate) Language);

impl Words {
    pub(crate) fn word(self, key: &str) -> String {
        text::fill(self.0, &format!("word.{key}"), &[])
    }

    pub(crate) fn fill(self, key: &str, blanks: &[(&str, &str)]) -> String {
        text::fill(self.0, &format!("word.{key}"), blanks)
    }

    /// A code in words.
    pub(crate) fn code<T: Named>(self, value: T) -> String {
        let key = format!("{}.{}", T::LIST, value.name());
        text::text(self.0, &key)
            .unwrap_or_else(|| value.name())
            .to_owned()
    }

    /// What an alarm means and what to do; its name where this version knows no more.
    pub(crate) fn alarm(self, name: &str) -> String {
        let told = text::text(self.0, &format!("alarm.{name}"));
        told.map_or_else(|| name.to_owned(), |told| format!("{name}: {told}"))
    }

    /// `text (note)` with the brackets of the language.
    pub(crate) fn noted(self, text: impl Display, note: impl Display) -> String {
        match self.0 {
            Language::English => format!("{text} ({note})"),
            Language::Chinese => format!("{text}（{note}）"),
        }
    }

    /// `head: tail` with the colon of the language.
    pub(crate) fn headed(self, head: impl Display, tail: impl Display) -> String {
        match self.0 {
            Language::English => format!("{head}: {tail}"),
            Language::Chinese => format!("{head}：{tail}"),
        }
    }

    /// A list with the commas of the language.
    pub(crate) fn list(self, items: &[String]) -> String {
        items.join(match self.0 {
            Language::English => ", ",
            Language::Chinese => "、",
        })
    }

    pub(crate) fn yes_no(self, yes: bool) -> String {
        self.word(if yes { "yes" } else { "no" })
    }

    pub(crate) fn pair(self, key: &str, value: impl ToString) -> (String, String) {
        (self.word(key), value.to_string())
    }
}

impl Report {
    /// With a line that says what to do next.
    pub(crate) fn with_next(mut self, words: Words, key: &str) -> Self {
        self.page.gap();
        self.page.line(words.word(key));
        self
    }
}

/// A summary of trust material, and more about the file.
pub(crate) fn summary(summary: &Summary, more: &[Fact], words: Words) -> Report {
    let mut page = Page::default();
    let mut pairs: Vec<_> = summary
        .lines()
        .iter()
        .map(|line| (line.label.to_owned(), line.value.clone()))
        .collect();
    pairs.extend(more.iter().map(|fact| words.pair(fact.name, &fact.words)));
    page.pairs(&pairs);
    let mut map = Map::new();
    for line in summary.lines() {
        let values = map.entry(line.name).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            // spec: ADM-105
            values.push(json!(line.code));
        }
    }
    let mut json = json!({ "summary": map });
    for fact in more {
        json[fact.name] = json!(fact.code);
    }
    Report::new(page, json)
}

/// What is told beside a summary.
pub(crate) struct Fact {
    name: &'static str,
    /// For people, in their language.
    words: String,
    /// For programs, the same in every language.
    // spec: ADM-105
    code: String,
}

impl Fact {
    /// What reads the same for both.
    pub(crate) fn of(name: &'static str, value: impl ToString) -> Self {
        let words = value.to_string();
        let code = words.clone();
        Self { name, words, code }
    }

    /// A code with what it means.
    pub(crate) fn coded(name: &'static str, code: &str, words: String) -> Self {
        let code = code.to_owned();
        Self { name, words, code }
    }
}

/// Labelled values, the same for people and programs.
pub(crate) fn facts(facts: &[(&str, String)], words: Words) -> Report {
    let mut page = Page::default();
    let pairs: Vec<_> = facts
        .iter()
        .map(|(key, value)| words.pair(key, value))
        .collect();
    page.pairs(&pairs);
    let map: Map<_, _> = facts
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(value)))
        .collect();
    Report::new(page, Value::Object(map))
}

/// `<member code>/<log>#<index>`: what people type.
pub(crate) fn short(reference: &StatementRef) -> String {
    format!("{}#{}", short_origin(&reference.origin), reference.index)
}

pub(crate) fn short_origin(origin: &Origin) -> String {
    format!("{}/{}", origin.member(), origin.log_number())
}

pub(crate) fn shorts(references: &[StatementRef]) -> String {
    references.iter().map(short).collect::<Vec<_>>().join(", ")
}

pub(crate) fn refs_json(references: &[StatementRef]) -> Value {
    references
        .iter()
        .map(|one| json!(one.to_string()))
        .collect()
}

pub(crate) fn ref_json(reference: Option<&StatementRef>) -> Value {
    json!(reference.map(ToString::to_string))
}

pub(crate) fn day_json(day: Option<Day>) -> Value {
    json!(day.map(|day| day.to_string()))
}

pub(crate) fn at_json(at: Option<Timestamp>) -> Value {
    json!(at.map(Timestamp::value))
}

pub(crate) fn at_text(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), clock::civil)
}

/// Fen as yuan: `1234567` is `12,345.67`.
pub(crate) fn yuan(fen: u64) -> String {
    let digits = (fen / 100).to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{:02}", fen % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fen_are_written_as_yuan() {
        assert_eq!(yuan(0), "0.00");
        assert_eq!(yuan(99_999), "999.99");
        assert_eq!(yuan(123_456_789), "1,234,567.89");
    }
}
