//! Every error that the crates define reads Chinese throughout.
//!
//! The sentences stand in the source as `#[error("…")]`. Out of scope: what libraries say.

use concordat_certs::wording::{self, Language, remains};
use concordat_tests::tree;

// spec: ADM-14
#[test]
fn every_error_of_every_crate_reads_chinese() {
    let mut problems = Vec::new();
    let mut read = 0;
    for file in tree::files(".rs") {
        if file.path.starts_with("tests/") || file.path.contains("/tests") {
            continue;
        }
        for sentence in sentences(&file.text) {
            read += 1;
            let said = wording::said(Language::Chinese, &sentence);
            let left = remains::english(&said);
            if !left.is_empty() {
                problems.push(format!("{}: {sentence}: {left:?}", file.path));
            }
        }
    }
    assert!(read > 400, "{read} sentences were read");
    tree::assert_no_problems(&problems);
}

/// The sentences of a source, with 7 in every blank.
fn sentences(source: &str) -> Vec<String> {
    let parts = source.split("#[error(").skip(1);
    let literals = parts.filter_map(|part| literal(part.trim_start().strip_prefix('"')?));
    literals.map(|text| filled(&text)).collect()
}

/// A string literal from after its opening quote, with its escapes and continued lines read.
fn literal(source: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = source.chars();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => match rest.next()? {
                '\n' => rest = rest.as_str().trim_start().chars(),
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
}

fn filled(text: &str) -> String {
    let parts = text.split('{').enumerate();
    let parts = parts.map(|(at, part)| match at {
        0 => part.to_owned(),
        _ => {
            let after = part.split_once('}').map_or(part, |(_, after)| after);
            format!("7{after}")
        }
    });
    parts.collect()
}
