//! Every text that people see, in English and 中文, by key.
//!
//! Blanks are written `{name}`. Numbers, dates and references are the same in both languages.

mod codes;
mod errors;
mod help;
mod lookups;
mod records;
mod screen;
mod words;

use concordat_certs::summary::Language;
use concordat_certs::wording;

use crate::failure::Failure;

/// Key, English, 中文.
type Entry = (&'static str, &'static str, &'static str);

const TABLES: [&[Entry]; 7] = [
    codes::TEXTS,
    errors::TEXTS,
    help::TEXTS,
    words::TEXTS,
    records::TEXTS,
    lookups::TEXTS,
    screen::TEXTS,
];

/// The text of a key, its blanks as they are.
// spec: ADM-14
pub(crate) fn text(language: Language, key: &str) -> Option<&'static str> {
    let mut entries = TABLES.iter().flat_map(|table| table.iter());
    let (_, english, chinese) = entries.find(|(found, _, _)| *found == key)?;
    Some(match language {
        Language::English => english,
        Language::Chinese => chinese,
    })
}

/// The text of a key with its blanks filled; the key itself where there is no text.
pub(crate) fn fill(language: Language, key: &str, blanks: &[(&str, &str)]) -> String {
    let template = text(language, key).unwrap_or(key);
    // One pass from the left: what fills a blank is never taken for a template itself.
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        let value = blanks.iter().find(|(blank, _)| *blank == name);
        filled.push_str(value.map_or("?", |(_, value)| value));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// The sentence of a failure: what, where, and what to do next.
pub(crate) fn failure(language: Language, failure: &Failure) -> String {
    // What a library or a node says of a cause is put into the reader's language on the way out.
    let said: Vec<_> = failure
        .blanks
        .iter()
        .map(|(name, value)| match name.as_str() {
            "cause" | "rule" | "what" => (name, wording::said(language, value)),
            // A name with a line feed would make up a line of its own.
            _ => (name, wording::plain_line(value)),
        })
        .collect();
    let blanks: Vec<_> = said
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    // One code may have a sentence for each state of what it is about.
    let of_state = format!("error.{}-{}", failure.key, failure.blank("state"));
    let key = match text(language, &of_state) {
        Some(_) => of_state,
        None => format!("error.{}", failure.key),
    };
    let sentence = fill(language, &key, &blanks);
    match failure.blank("where") {
        "" => sentence,
        place => format!("{}: {sentence}", wording::plain_line(place)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use concordat_protocol::admin::ErrorCode;

    use super::*;
    use crate::names;

    fn entries() -> impl Iterator<Item = &'static Entry> {
        TABLES.iter().flat_map(|table| table.iter())
    }

    fn blanks(text: &str) -> BTreeSet<&str> {
        let parts = text.split('{').skip(1);
        parts
            .filter_map(|part| part.split_once('}'))
            .map(|(name, _)| name)
            .collect()
    }

    // spec: ADM-14
    #[test]
    fn no_text_lacks_a_language_or_a_blank() {
        for (key, english, chinese) in entries() {
            assert!(
                !english.trim().is_empty() && !chinese.trim().is_empty(),
                "{key}"
            );
            assert_eq!(blanks(english), blanks(chinese), "{key}");
        }
    }

    // spec: ADM-14
    #[test]
    fn no_chinese_text_keeps_english_words() {
        let mut left = Vec::new();
        for (key, _, chinese) in entries() {
            // Blanks have names of their own.
            let parts = chinese.split('{').enumerate();
            let parts = parts.map(|(at, part)| match at {
                0 => part,
                _ => part.split_once('}').map_or(part, |(_, after)| after),
            });
            let words = wording::remains::english(&parts.collect::<Vec<_>>().join("…"));
            left.extend(words.into_iter().map(|word| format!("{key}: {word}")));
        }
        assert_eq!(left, Vec::<String>::new());
    }

    #[test]
    fn no_key_comes_twice() {
        let mut seen = BTreeSet::new();
        for (key, _, _) in entries() {
            assert!(seen.insert(key), "{key} comes twice");
        }
    }

    // spec: ADM-14
    #[test]
    fn every_code_that_is_shown_has_a_text() {
        for key in names::text_keys() {
            assert!(text(Language::English, &key).is_some(), "{key}");
        }
    }

    // spec: ADM-14
    #[test]
    fn every_error_of_a_node_has_a_sentence() {
        for code in ErrorCode::ALL {
            let key = format!("error.{}", code.name());
            assert!(text(Language::Chinese, &key).is_some(), "{key}");
        }
    }

    /// Keys appear in the source as literals: `Failure::…("key")`, `word("key")`, `pair("key", …)`.
    // spec: ADM-14
    #[test]
    fn every_key_that_the_source_names_has_a_text() {
        let mut missing = Vec::new();
        for source in SOURCES {
            for (marker, prefix) in MARKERS {
                for part in source.split(marker).skip(1) {
                    let key = part.split('"').next().unwrap_or_default();
                    let key = format!("{prefix}.{key}");
                    if text(Language::English, &key).is_none() {
                        missing.push(key);
                    }
                }
            }
        }
        assert_eq!(missing, Vec::<String>::new());
    }

    const MARKERS: [(&str, &str); 9] = [
        ("words.word(\"", "word"),
        ("words.pair(\"", "word"),
        ("words.fill(\"", "word"),
        ("context.confirm(\"", "word"),
        ("context.confirm_shown(&shown, \"", "word"),
        ("with_next(context.words, \"", "word"),
        ("Failure::usage(\"", "error"),
        ("Failure::new(ExitCode::Failed, \"", "error"),
        ("Failure::new(ExitCode::Unreachable, \"", "error"),
    ];

    const SOURCES: [&str; 40] = [
        include_str!("cases.rs"),
        include_str!("command/lookup.rs"),
        include_str!("command/subject.rs"),
        include_str!("report/lookup.rs"),
        include_str!("measures.rs"),
        include_str!("command/statistics.rs"),
        include_str!("report/statistics.rs"),
        include_str!("report/awaited.rs"),
        include_str!("record.rs"),
        include_str!("command/record.rs"),
        include_str!("report/record.rs"),
        include_str!("catalogue.rs"),
        include_str!("client.rs"),
        include_str!("decision.rs"),
        include_str!("json.rs"),
        include_str!("names.rs"),
        include_str!("terminal.rs"),
        include_str!("command.rs"),
        include_str!("command/act.rs"),
        include_str!("command/bundle.rs"),
        include_str!("command/certificate.rs"),
        include_str!("command/change.rs"),
        include_str!("command/correction.rs"),
        include_str!("command/enrol.rs"),
        include_str!("command/files.rs"),
        include_str!("command/genesis.rs"),
        include_str!("command/import.rs"),
        include_str!("command/init.rs"),
        include_str!("command/peer.rs"),
        include_str!("command/status.rs"),
        include_str!("command/watch.rs"),
        include_str!("report/act.rs"),
        include_str!("report/bundle.rs"),
        include_str!("report/effect.rs"),
        include_str!("report/import.rs"),
        include_str!("report/peer.rs"),
        include_str!("report/status.rs"),
        include_str!("report/subject.rs"),
        include_str!("command/propagation.rs"),
        include_str!("report/propagation.rs"),
    ];

    #[test]
    fn what_fills_a_blank_is_no_template() {
        let filled = fill(
            Language::English,
            "error.file-missing",
            &[("path", "{cause}")],
        );
        assert!(filled.contains("{cause}"), "{filled}");
    }
}
