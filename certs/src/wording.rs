//! The words of errors for people who read Chinese, and whose language it is.
//!
//! Errors say what they say in English, where they are made. Programs that talk to people put their
//! text through [`said`] on the way out: each sentence is found by its pattern, its blanks are
//! kept and looked at again, so that a chain of causes reads in one language. What has no pattern,
//! such as a name or what a library of others says, stays as it is.
//!
//! Out of scope: sentences that only one program makes; they stand in that program.

mod table;

use std::ffi::OsString;

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

/// Depth to which blanks and causes are looked into.
const DEPTH_MAX: usize = 6;

/// What an error says, in the reader's language.
#[must_use]
pub fn said(language: Language, english: &str) -> String {
    match language {
        Language::English => english.to_owned(),
        Language::Chinese => chinese(english, DEPTH_MAX).unwrap_or_else(|| english.to_owned()),
    }
}

/// A sentence, or a chain `sentence: cause`, in Chinese; `None` when nothing of it is known.
fn chinese(english: &str, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let whole = table::SENTENCES.iter().find_map(|(pattern, chinese)| {
        let blanks = blanks(pattern, english)?;
        Some(filled(chinese, &blanks, depth))
    });
    whole.or_else(|| {
        // The first cut that leaves something known on either side.
        english.match_indices(": ").find_map(|(at, colon)| {
            let (head, tail) = (english.get(..at)?, english.get(at + colon.len()..)?);
            let (known_head, known_tail) = (chinese(head, depth), chinese(tail, depth));
            (known_head.is_some() || known_tail.is_some()).then(|| {
                let head = known_head.unwrap_or_else(|| head.to_owned());
                let tail = known_tail.unwrap_or_else(|| tail.to_owned());
                format!("{head}：{tail}")
            })
        })
    })
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
fn filled(chinese_text: &str, blanks: &[&str], depth: usize) -> String {
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
            text.push_str(&chinese(blank, depth).unwrap_or_else(|| (*blank).to_owned()));
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests;
