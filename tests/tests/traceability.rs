//! Every requirement of the specification has code and a test that cite it, or a reason.
//!
//! A page of `spec/` defines a requirement by its id in square brackets, outside code. Rust source
//! cites it by a comment that begins with the word `spec` and a colon; a comment may cite several,
//! or a range with two dots. Out of scope: whether the code does what the sentence says.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use concordat_tests::tree;

/// This file shows citations in its own tests.
const OWN_PATH: &str = "tests/tests/traceability.rs";

/// This page explains the key words and defines nothing.
const CONVENTIONS: &str = "spec/README.md";

#[test]
fn every_requirement_has_code_and_a_test_or_a_reason() {
    let mut findings = Findings::default();
    for page in pages() {
        findings.read_page(&page.path, &page.text);
    }
    for file in tree::files(".rs")
        .iter()
        .filter(|file| file.path != OWN_PATH)
    {
        findings.read_source(&file.path, &file.text);
    }
    findings.read_exceptions(&tree::text("spec/exceptions.toml"));
    tree::assert_no_problems(&findings.problems());
}

#[test]
fn every_must_carries_an_id() {
    let mut problems = Vec::new();
    for page in pages().iter().filter(|page| page.path != CONVENTIONS) {
        problems.extend(unnamed_musts(&page.path, &page.text));
    }
    tree::assert_no_problems(&problems);
}

#[test]
fn requirement_with_code_and_test_passes() {
    assert_eq!(
        problems_of("A log MUST grow. [LOG-1]", CODE_AND_TEST, ""),
        Vec::<String>::new()
    );
}

#[test]
fn requirement_without_code_is_found() {
    let source = "#[cfg(test)]\nmod tests {\n    // spec: LOG-1\n}\n";
    assert_eq!(
        problems_of("A log MUST grow. [LOG-1]", source, ""),
        ["LOG-1 is cited by no code"]
    );
}

#[test]
fn requirement_without_test_is_found() {
    let source = "// spec: LOG-1\nfn append() {}\n";
    assert_eq!(
        problems_of("A log MUST grow. [LOG-1]", source, ""),
        ["LOG-1 is cited by no test"]
    );
}

#[test]
fn requirement_with_a_reason_passes_without_citation() {
    let exceptions = "[[exception]]\nid = \"LOG-1\"\nreason = \"a rule for people\"\n";
    assert_eq!(
        problems_of("A log MUST grow. [LOG-1]", "", exceptions),
        Vec::<String>::new()
    );
}

#[test]
fn exception_without_reason_is_found() {
    let exceptions = "[[exception]]\nid = \"LOG-1\"\nreason = \" \"\n";
    assert_eq!(
        problems_of("A log MUST grow. [LOG-1]", "", exceptions),
        ["the exception of LOG-1 has no reason"]
    );
}

#[test]
fn exception_that_is_no_longer_needed_is_found() {
    let exceptions = "[[exception]]\nid = \"LOG-1\"\nreason = \"later\"\n";
    assert_eq!(
        problems_of("A log MUST grow. [LOG-1]", CODE_AND_TEST, exceptions),
        ["the exception of LOG-1 is no longer needed"]
    );
}

#[test]
fn exception_of_an_unknown_id_is_found() {
    let exceptions = "[[exception]]\nid = \"LOG-9\"\nreason = \"later\"\n";
    assert_eq!(
        problems_of("", "", exceptions),
        ["the exception of LOG-9 names no requirement"]
    );
}

#[test]
fn id_defined_twice_is_found() {
    let page = "A log MUST grow. [LOG-1]\n\nIt MUST NOT shrink. [LOG-1]\n";
    assert_eq!(
        problems_of(page, CODE_AND_TEST, ""),
        ["LOG-1 is defined 2 times: spec/log.md:1, spec/log.md:3"]
    );
}

#[test]
fn citation_of_an_unknown_id_is_found() {
    assert_eq!(
        problems_of("", "// spec: LOG-2\n", ""),
        ["protocol/src/log.rs:1 cites LOG-2, which no page defines"]
    );
}

#[test]
fn citation_without_an_id_is_found() {
    assert_eq!(
        problems_of("", "// spec: log\n", ""),
        ["protocol/src/log.rs:1 cites no id"]
    );
}

#[test]
fn area_that_is_not_written_yet_may_be_cited_until_it_is() {
    let exceptions = "[[unwritten]]\narea = \"LOG\"\nreason = \"log.md follows\"\n";
    assert_eq!(
        problems_of("", CODE_AND_TEST, exceptions),
        Vec::<String>::new()
    );
    assert_eq!(
        problems_of("A log MUST grow. [LOG-1]", CODE_AND_TEST, exceptions),
        ["the area LOG is written: its entry is no longer needed"]
    );
}

#[test]
fn list_and_range_cite_every_id() {
    let page = "[LOG-1] [LOG-2] [LOG-3] [KEY-1]";
    let source = "// spec: LOG-1..LOG-3, KEY-1\n#[cfg(test)]\nmod tests {\n\
                  // spec: KEY-1, LOG-1, LOG-2, LOG-3\n}\n";
    assert_eq!(problems_of(page, source, ""), Vec::<String>::new());
}

#[test]
fn files_of_tests_count_as_tests() {
    for path in [
        "protocol/tests/log.rs",
        "tests/src/model.rs",
        "protocol/src/log/tests.rs",
    ] {
        let mut findings = Findings::default();
        findings.read_source(path, "// spec: LOG-1\n");
        assert!(findings.tests.contains("LOG-1"), "{path}");
        assert!(!findings.code.contains("LOG-1"), "{path}");
    }
}

#[test]
fn definitions_are_not_read_in_code_or_links() {
    let page = "See `[LOG-1]` and [LOG-2](log.md).\n\n```\n[LOG-3]\n```\n";
    assert_eq!(problems_of(page, "", ""), Vec::<String>::new());
}

#[test]
fn must_without_id_is_found_by_paragraph_item_and_row() {
    let page = "A log MUST grow.\nAlways. [LOG-1]\n\nIt MUST\nNOT shrink.\n\n- MUST a\n- MUST b [LOG-2]\n\
                \n| x | MUST c |\n| y | MUST d [LOG-3] |\n\n```\nMUST\n```\n";
    assert_eq!(
        unnamed_musts("spec/log.md", page),
        [
            "spec/log.md:4 has a MUST without an id",
            "spec/log.md:7 has a MUST without an id",
            "spec/log.md:10 has a MUST without an id",
        ]
    );
}

const CODE_AND_TEST: &str =
    "// spec: LOG-1\nfn append() {}\n\n#[cfg(test)]\nmod tests {\n    // spec: LOG-1\n}\n";

fn problems_of(page: &str, source: &str, exceptions: &str) -> Vec<String> {
    let mut findings = Findings::default();
    findings.read_page("spec/log.md", page);
    findings.read_source("protocol/src/log.rs", source);
    findings.read_exceptions(exceptions);
    findings.problems()
}

/// The pages directly in `spec/`: those below it explain.
fn pages() -> Vec<tree::TextFile> {
    let mut pages = tree::files(".md");
    pages.retain(|page| {
        page.path
            .strip_prefix("spec/")
            .is_some_and(|name| !name.contains('/'))
    });
    assert!(!pages.is_empty(), "no page of the specification was read");
    pages
}

/// What pages define, what sources cite, and what is excused.
#[derive(Default)]
struct Findings {
    defined: BTreeMap<String, Vec<String>>,
    cited: BTreeMap<String, String>,
    code: BTreeSet<String>,
    tests: BTreeSet<String>,
    excused: BTreeMap<String, String>,
    unwritten: BTreeMap<String, String>,
    malformed: Vec<String>,
}

impl Findings {
    fn read_page(&mut self, path: &str, text: &str) {
        for (number, line) in prose(text) {
            for id in bracketed_ids(&line) {
                self.defined
                    .entry(id)
                    .or_default()
                    .push(format!("{path}:{number}"));
            }
        }
    }

    fn read_source(&mut self, path: &str, text: &str) {
        let mut in_tests = is_test_path(path);
        let mut after_cfg = false;
        for (number, line) in text.lines().enumerate() {
            let place = format!("{path}:{}", number + 1);
            let trimmed = line.trim();
            // By convention nothing but tests follows the first module of tests.
            in_tests |= after_cfg && trimmed.starts_with("mod ") && trimmed.ends_with('{');
            after_cfg = trimmed == "#[cfg(test)]" || after_cfg && trimmed.starts_with("#[");
            let Some(list) = citation(line) else { continue };
            let ids = cited_ids(list);
            if ids.is_empty() {
                self.malformed.push(format!("{place} cites no id"));
            }
            for id in ids {
                self.cited
                    .entry(id.clone())
                    .or_insert_with(|| place.clone());
                let side = if in_tests {
                    &mut self.tests
                } else {
                    &mut self.code
                };
                side.insert(id);
            }
        }
    }

    fn read_exceptions(&mut self, text: &str) {
        let table: Table = text.parse().expect("exceptions.toml is TOML");
        for key in table.keys() {
            assert!(
                matches!(key.as_str(), "exception" | "unwritten"),
                "{key} has no meaning"
            );
        }
        let entries = |list: &str, name: &str| -> BTreeMap<String, String> {
            let list = table
                .get(list)
                .and_then(|list| list.as_array())
                .into_iter()
                .flatten();
            let field = |entry: &toml::Value, name: &str| {
                entry
                    .get(name)
                    .and_then(|value| value.as_str())
                    .unwrap_or_default()
                    .to_owned()
            };
            list.map(|entry| (field(entry, name), field(entry, "reason")))
                .collect()
        };
        self.excused = entries("exception", "id");
        self.unwritten = entries("unwritten", "area");
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = self.malformed.clone();
        for (id, places) in &self.defined {
            if places.len() > 1 {
                let (count, places) = (places.len(), places.join(", "));
                problems.push(format!("{id} is defined {count} times: {places}"));
            }
            if !self.excused.contains_key(id) {
                for (cited, by) in [(&self.code, "code"), (&self.tests, "test")] {
                    if !cited.contains(id) {
                        problems.push(format!("{id} is cited by no {by}"));
                    }
                }
            }
        }
        for (id, place) in &self.cited {
            if !self.defined.contains_key(id) && !self.unwritten.contains_key(area(id)) {
                problems.push(format!("{place} cites {id}, which no page defines"));
            }
        }
        problems.extend(self.exception_problems());
        problems
    }

    fn exception_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (id, reason) in &self.excused {
            if reason.trim().is_empty() {
                problems.push(format!("the exception of {id} has no reason"));
            }
            if !self.defined.contains_key(id) {
                problems.push(format!("the exception of {id} names no requirement"));
            } else if self.code.contains(id) && self.tests.contains(id) {
                problems.push(format!("the exception of {id} is no longer needed"));
            }
        }
        for (name, reason) in &self.unwritten {
            if reason.trim().is_empty() {
                problems.push(format!("the entry of the area {name} has no reason"));
            }
            if self.defined.keys().any(|id| area(id) == name) {
                problems.push(format!(
                    "the area {name} is written: its entry is no longer needed"
                ));
            } else if !self.cited.keys().any(|id| area(id) == name) {
                problems.push(format!("the area {name} is cited nowhere"));
            }
        }
        problems
    }
}

fn is_test_path(path: &str) -> bool {
    let mut parts = path.split('/').rev();
    let file = parts.next().unwrap_or_default();
    file == "tests.rs" || parts.any(|folder| folder == "tests")
}

/// What follows the word that begins a citation, if the line has one.
fn citation(line: &str) -> Option<&str> {
    line.match_indices("//").find_map(|(at, _)| {
        line[at..]
            .trim_start_matches(['/', '!'])
            .trim_start()
            .strip_prefix("spec:")
    })
}

/// The ids in a citation; two joined by `..` stand for all between them.
fn cited_ids(list: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for part in list.split(|c: char| c == ',' || c.is_whitespace()) {
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        let (first, last) = (trimmed_id(first), trimmed_id(last));
        if !is_id(first) || !is_id(last) || area(first) != area(last) {
            continue;
        }
        let number = |id: &str| id.rsplit('-').next().and_then(|n| n.parse::<u32>().ok());
        let numbers = number(first).unwrap_or(1)..=number(last).unwrap_or(0);
        ids.extend(numbers.map(|number| format!("{}-{number}", area(first))));
    }
    ids
}

fn trimmed_id(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_ascii_alphanumeric())
}

fn bracketed_ids(line: &str) -> Vec<String> {
    line.match_indices('[')
        .filter_map(|(at, _)| line[at + 1..].split_once(']'))
        .filter(|(id, after)| is_id(id) && !after.starts_with('('))
        .map(|(id, _)| id.to_owned())
        .collect()
}

/// An area in capitals and digits that begins with a letter, a hyphen, and a number.
fn is_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(area, number)| {
        area.starts_with(|c: char| c.is_ascii_uppercase())
            && area
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
            && !number.is_empty()
            && number.chars().all(|c| c.is_ascii_digit())
            && !number.starts_with('0')
    })
}

fn area(id: &str) -> &str {
    id.split('-').next().unwrap_or(id)
}

/// The lines outside fences, numbered from 1, without what stands between backticks.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut in_fence = false;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        }
        let plain: String = line.split('`').step_by(2).collect();
        let shown = if in_fence { String::new() } else { plain };
        lines.push((number + 1, shown));
    }
    lines
}

/// Paragraphs, list items and table rows that say MUST and have no id.
fn unnamed_musts(path: &str, text: &str) -> Vec<String> {
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in prose(text) {
        let trimmed = line.trim_start();
        let ordered = trimmed
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .starts_with(". ");
        let begins = trimmed.starts_with(['|', '#']) || trimmed.starts_with("- ") || ordered;
        match blocks.last_mut() {
            Some((_, block)) if open && !begins && !trimmed.is_empty() => {
                block.push(' ');
                block.push_str(trimmed);
            }
            _ => blocks.push((number, trimmed.to_owned())),
        }
        open = !trimmed.is_empty();
    }
    let says_must = |block: &str| {
        block
            .split(|c: char| !c.is_alphanumeric())
            .any(|w| w == "MUST")
    };
    blocks
        .iter()
        .filter(|(_, block)| says_must(block) && bracketed_ids(block).is_empty())
        .map(|(number, _)| format!("{path}:{number} has a MUST without an id"))
        .collect()
}
