//! What a verified bundle shows.

use concordat_protocol::bundle::{BundleReport, StatementReport};
use concordat_protocol::statement::Class;
use concordat_protocol::time::Timestamp;
use serde_json::json;

use crate::clock;
use crate::page::Page;
use crate::report::{Report, Words};

/// Who said it, about whom, what acts on it, and up to where that is known.
pub(crate) fn verified(bundle: &BundleReport, words: Words) -> Report {
    let mut page = Page::default();
    let statement = &bundle.statement;
    let horizon = format!("{} / {}", bundle.horizon.issuer, bundle.horizon.register);
    page.line(words.word("verified"));
    page.pairs(&[
        words.pair("genesis", &bundle.registry.genesis),
        words.pair("reference", place(&statement.origin, statement.index)),
        words.pair("class", class(statement.class, words)),
        words.pair(
            "issuer",
            format!("{} {}", statement.issuer, statement.issuer_name),
        ),
        words.pair("subject", &statement.subject),
        words.pair("issued_at", instant(statement.issued_at_ms)),
        words.pair("witnessed", words.yes_no(statement.witnessed)),
        words.pair("horizon", horizon),
        words.pair("later_acts", words.word("not_proven")),
        words.pair("bundle_digest", &bundle.digest),
    ]);
    let others: Vec<_> = bundle
        .related
        .iter()
        .chain(&bundle.acts)
        .map(|one| row(one, words))
        .collect();
    if !others.is_empty() {
        page.gap();
        let header = ["reference", "class", "issuer", "issued_at", "witnessed"];
        let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
        page.table(&header, others);
    }
    let mut json = serde_json::to_value(bundle).unwrap_or_default();
    json["verified"] = json!(true);
    Report::new(page, json)
}

fn row(one: &StatementReport, words: Words) -> Vec<String> {
    vec![
        place(&one.origin, one.index),
        class(one.class, words),
        one.issuer_name.clone(),
        instant(one.issued_at_ms),
        words.yes_no(one.witnessed),
    ]
}

/// Without the network, which is the genesis above.
fn place(origin: &str, index: u64) -> String {
    let short = origin.split_once('/').map_or(origin, |(_, rest)| rest);
    format!("{short}#{index}")
}

fn class(code: u64, words: Words) -> String {
    Class::from_code(code).map_or_else(|| code.to_string(), |class| words.code(class))
}

fn instant(unix_ms: u64) -> String {
    Timestamp::new(unix_ms).map_or_else(|_| unix_ms.to_string(), clock::civil)
}
