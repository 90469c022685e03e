//! The words of errors for people who read Chinese, and whose language it is.
//!
//! Errors say what they say in English, where they are made. Programs that talk to people put their
//! text through [`said`] on the way out: each sentence is found by its pattern, its blanks are
//! kept and looked at again, so that a chain of causes reads in one language. What has no pattern,
//! such as a name or what a library of others says, stays as it is.
//!
//! Out of scope: sentences that only one program makes; they stand in that program.

mod plain;
#[cfg(any(test, feature = "test-util"))]
pub mod remains;
mod table;

use std::ffi::OsString;

pub use self::plain::{plain, plain_json, plain_line};
pub use crate::summary::Language;

/// The language of `--lang` among the arguments, or else of `LC_ALL`, `LC_MESSAGES` or `LANG`, the
/// first that is set: Chinese where it says so, English elsewhere.
#[must_use]
// spec: ADM-15
pub fn language(arguments: &[OsString], environment: impl Fn(&str) -> Option<String>) -> Language {
    let mut asked = None;
    for (place, argument) in arguments.iter().enumerate() {
        let Some(argument) = argument.to_str() else {
            continue;
        };
        if argument == "--lang" {
            asked = arguments
                .get(place + 1)
                .and_then(|value| value.to_str())
                .map(ToOwned::to_owned);
        } else if let Some(value) = argument.strip_prefix("--lang=") {
            asked = Some(value.to_owned());
        }
    }
    let set = |name| environment(name).filter(|value| !value.is_empty());
    let said = asked
        .or_else(|| set("LC_ALL"))
        .or_else(|| set("LC_MESSAGES"))
        .or_else(|| set("LANG"));
    match said {
        Some(said) if said.to_ascii_lowercase().starts_with("zh") => Language::Chinese,
        Some(_) | None => Language::English,
    }
}

/// Whether a command line that could not be understood asks for JSON all the same.
#[must_use]
pub fn asks_for_json(arguments: &[OsString]) -> bool {
    let given = arguments.iter().skip(1).take_while(|one| *one != "--");
    let given: Vec<&OsString> = given.collect();
    let apart = |pair: &[&OsString]| pair == ["--output", "json"];
    given.windows(2).any(apart) || given.iter().any(|one| *one == "--output=json")
}

/// Depth to which blanks and causes are looked into.
const DEPTH_MAX: usize = 6;

/// What an error says, in the reader's language. An error of several lines, one that shows a piece of
/// a file, is read line by line.
#[must_use]
pub fn said(language: Language, english: &str) -> String {
    let line = |line: &str| chinese(line, DEPTH_MAX).unwrap_or_else(|| line.to_owned());
    match language {
        Language::English => english.to_owned(),
        Language::Chinese => joined(english, line),
    }
}

/// What the parser of the command line prints, help or error, in the reader's language.
// spec: ADM-14
#[must_use]
pub fn command_line(language: Language, english: &str) -> String {
    match language {
        Language::English => english.to_owned(),
        Language::Chinese => joined(english, chinese_line),
    }
}

fn joined(text: &str, line: impl Fn(&str) -> String) -> String {
    let lines: Vec<_> = text.split('\n').map(line).collect();
    lines.join("\n")
}

/// A line of help or of a usage error, and what the parser appends to the help of an argument.
fn chinese_line(english: &str) -> String {
    let text = english.trim_start();
    let indentation = english.get(..english.len() - text.len());
    let mut line = indentation.unwrap_or_default().to_owned();
    line.push_str(&best(table::LINES.iter(), text, &chinese_part).unwrap_or_else(|| text.into()));
    for (mark, chinese) in table::MARKS {
        line = line.replace(mark, chinese);
    }
    line
}

/// What stands in a blank of a line: more of the parser's, or a cause.
fn chinese_part(english: &str) -> Option<String> {
    let line = best(table::LINES.iter(), english, &|part| {
        chinese(part, DEPTH_MAX)
    });
    line.or_else(|| chinese(english, DEPTH_MAX))
}

/// A sentence, or a chain `sentence: cause`, in Chinese; `None` when nothing of it is known.
fn chinese(english: &str, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let whole = best(table::sentences(), english, &|blank| chinese(blank, depth));
    whole
        .or_else(|| chain(english, depth))
        .or_else(|| list(english, depth))
}

/// The sentence in Chinese by the pattern that fits and has the most words of its own.
fn best<'t>(
    patterns: impl Iterator<Item = &'t (&'static str, &'static str)>,
    english: &str,
    blank: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let fitting = patterns
        .filter_map(|(pattern, chinese)| Some((pattern.len(), chinese, blanks(pattern, english)?)));
    let (_, chinese, blanks) = fitting.max_by_key(|(words, _, _)| *words)?;
    Some(filled(chinese, &blanks, blank))
}

/// `head: tail` at the first cut that leaves something known on either side.
fn chain(english: &str, depth: usize) -> Option<String> {
    english.match_indices(": ").find_map(|(at, colon)| {
        let (head, tail) = (english.get(..at)?, english.get(at + colon.len()..)?);
        let (known_head, known_tail) = (chinese(head, depth), chinese(tail, depth));
        (known_head.is_some() || known_tail.is_some()).then(|| {
            let head = known_head.unwrap_or_else(|| head.to_owned());
            let tail = known_tail.unwrap_or_else(|| tail.to_owned());
            format!("{head}：{tail}")
        })
    })
}

/// A list of which every item is known, or quoted.
fn list(english: &str, depth: usize) -> Option<String> {
    let items = english.contains(", ").then(|| english.split(", "))?;
    let known = items.map(|item| match item.starts_with('`') {
        true => Some(item.to_owned()),
        false => chinese(item, depth),
    });
    known
        .collect::<Option<Vec<_>>>()
        .map(|items| items.join("、"))
}

/// What fills the blanks `{}` of a pattern, when the text is one of its sentences.
fn blanks<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut parts = pattern.split("{}");
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut blanks = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let at = match (part, parts.peek()) {
            ("", None) => rest.len(),
            (_, None) => rest.strip_suffix(part).map(str::len)?,
            (_, Some(_)) => rest.find(part)?,
        };
        blanks.push(rest.get(..at)?);
        rest = rest.get(at + part.len()..)?;
    }
    rest.is_empty().then_some(blanks)
}

/// The Chinese sentence: `{1}` is the first blank.
fn filled(
    chinese_text: &str,
    blanks: &[&str],
    in_chinese: &dyn Fn(&str) -> Option<String>,
) -> String {
    let mut text = String::new();
    let mut rest = chinese_text;
    while let Some((before, (number, after))) = rest
        .split_once('{')
        .and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        text.push_str(before);
        let blank = number
            .parse::<usize>()
            .ok()
            .and_then(|number| blanks.get(number.checked_sub(1)?));
        if let Some(blank) = blank {
            text.push_str(&in_chinese(blank).unwrap_or_else(|| (*blank).to_owned()));
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests;
