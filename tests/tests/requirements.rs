//! `spec/requirements.md`: every clause of the rule documents has its row, and every row the tests that it
//! says show it.
//!
//! Out of scope: whether those tests show what the row says.

use std::collections::BTreeSet;

use concordat_tests::tree;

const PAGE: &str = "spec/requirements.md";

/// Every clause, with its kind.
const CLAUSES: &str = "
HG-1 S/P HG-2 P HG-3 S/P HG-4 P HG-5 S HG-6 S HG-7a S HG-7b S HG-7c B HG-7d B HG-8a S HG-8b B HG-8c P
HG-9 P HG-10 S HG-11 B HG-12a S HG-12b S HG-12c S HG-13a S HG-13b S HG-13c S HG-13d P HG-14 S HG-15a S
HG-15b S HG-15c P/B HG-16a S HG-16b S HG-16c S HG-16d S HG-16e S HG-17 S HG-18 P HG-19 S HG-20 S
ZS-1.2 S/P ZS-2.1a S ZS-2.1b S ZS-2.2 S/P ZS-2.4 S ZS-3.1a S ZS-3.1b S ZS-3.2 S ZS-3.3 S ZS-3.4a S/P
ZS-3.4b S ZS-3.6 S/P ZS-3.7 B ZS-4.1 S ZS-4.2 S ZS-4.3 S ZS-4.4 S/B ZS-4.5 S ZS-4.6a S ZS-4.6b S
ZS-4.7 P ZS-4.8 S/P ZS-5.1 S ZS-5.2 S ZS-5.3 S ZS-6.2 S ZS-6.3 P ZS-7.3 S
HS-3.1 S HS-3.2 S HS-3.3a S HS-3.3b S HS-3.4 S HS-4.1 S HS-4.2 S HS-4.6 S/P HS-5.1 S HS-5.2 S HS-5.3a S
HS-5.3b S HS-6.1a S HS-6.1b S HS-6.2 S HS-7.1 S HS-7.2 S HS-7.3 S HS-8.1 S/P HS-8.2 S HS-8.3 P HS-9.2 S
HS-9.3 P
HH-1.1 S HH-1.2 P HH-1.3 S/P HH-2.1 S HH-2.2 S/P HH-3.1a S HH-3.1b S HH-3.1c S HH-3.2a S HH-3.2b S
HH-3.3 B/S HH-3.4 B/S HH-3.5 S HH-4.1 S HH-4.2 S HH-4.3a S HH-4.3b S HH-4.3c S HH-4.4 P HH-Annex P
LY-1.2 P LY-2.1 S LY-2.2 S LY-2.3 S LY-3.1 S LY-3.2 P LY-3.3.1 S/P LY-3.3.2 S/B LY-3.3.3 S/P LY-4.1 S
LY-4.3 S/B LY-4.5 S LY-4.6 B LY-5.1 S LY-5.2 S LY-5.3 S LY-5.4 S LY-5.5 S LY-5.6 S/B LY-5.7 S LY-5.8 S
LY-5.9 S LY-6.2 S LY-6.3 P LY-7.3 S/P
";

/// Of kind `S` and only half met so far. No other may be, and whoever builds the other half takes it out here.
const HALF: [&str; 3] = ["HS-7.2", "HH-3.2b", "HH-3.5"];

/// A row of the page.
struct Row {
    id: String,
    kind: String,
    state: String,
    /// Those of the half that is met, and behind a semicolon those of the refusal.
    tests: Vec<Vec<String>>,
}

#[test]
fn every_clause_has_its_row_and_every_row_its_tests() {
    let rows = rows(&tree::text(PAGE));
    let mut problems = clauses_that_differ(&rows);
    let functions = functions();
    problems.extend(rows.iter().flat_map(|row| wrong(row, &functions)));
    tree::assert_no_problems(&problems);
}

#[test]
fn row_without_test_and_test_that_is_not_there_are_found() {
    let functions = BTreeSet::from(["it_holds".to_owned()]);
    let row = |kind: &str, state: &str, tests: &[&str]| Row {
        id: "HG-1".to_owned(),
        kind: kind.to_owned(),
        state: state.to_owned(),
        tests: vec![tests.iter().map(|test| (*test).to_owned()).collect()],
    };
    let found = |kind, state, tests: &[&str]| wrong(&row(kind, state, tests), &functions);
    assert_eq!(found("S", "met", &["it_holds"]), Vec::<String>::new());
    assert_eq!(found("B", "refused", &["it_holds"]), Vec::<String>::new());
    assert_eq!(found("P", "left out", &[]), Vec::<String>::new());
    assert_eq!(found("S", "met", &[]), ["HG-1 is met and names no test"]);
    assert_eq!(
        found("S", "met", &["is_gone"]),
        ["HG-1 names is_gone, which is no test"]
    );
    assert_eq!(
        found("S", "half", &["it_holds"]),
        ["HG-1 of kind S is half met"]
    );
    assert_eq!(found("S/P", "half", &["it_holds"]), Vec::<String>::new());
    let mut mixed = row("S/B", "refused", &["it_holds"]);
    let lacks = ["HG-1 names no test of one of its halves"];
    assert_eq!(wrong(&mixed, &functions), lacks);
    mixed.tests.push(vec![]);
    assert_eq!(wrong(&mixed, &functions), lacks);
    mixed.tests[1].push("it_holds".to_owned());
    assert_eq!(wrong(&mixed, &functions), Vec::<String>::new());
    mixed.id = HALF[0].to_owned();
    (mixed.kind, mixed.state) = ("S".to_owned(), "met".to_owned());
    let stale = format!("{} is met and still stands in HALF", HALF[0]);
    assert_eq!(wrong(&mixed, &functions), [stale]);
    assert_eq!(found("S", "left out", &[]), ["HG-1 of kind S is left out"]);
    assert_eq!(found("B", "met", &["it_holds"]), ["HG-1 of kind B is met"]);
    assert_eq!(found("B", "open", &[]), ["HG-1 of kind B is open"]);
}

/// Clauses of the documents and rows of the page, in one order.
fn clauses_that_differ(rows: &[Row]) -> Vec<String> {
    let words: Vec<&str> = CLAUSES.split_whitespace().collect();
    let said: Vec<(&str, &str)> = words.chunks(2).map(|pair| (pair[0], pair[1])).collect();
    let held: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (row.id.as_str(), row.kind.as_str()))
        .collect();
    let missing = said.iter().filter(|clause| !held.contains(clause));
    let missing = missing.map(|(id, kind)| format!("no row says {id} of kind {kind}"));
    let beyond = held.iter().filter(|row| !said.contains(row));
    let beyond = beyond.map(|(id, kind)| format!("no clause is {id} of kind {kind}"));
    let mut problems: Vec<String> = missing.chain(beyond).collect();
    if problems.is_empty() && said != held {
        problems.push("the rows are in another order, or one comes twice".to_owned());
    }
    problems
}

fn wrong(row: &Row, functions: &BTreeSet<String>) -> Vec<String> {
    let (id, kind, state) = (&row.id, &row.kind, row.state.as_str());
    let has = |letter| kind.split('/').any(|one| one == letter);
    let fits = match state {
        "met" | "half" | "open" => has("S"),
        "refused" => has("B"),
        "left out" => has("P"),
        _ => false,
    };
    if !fits {
        return vec![format!("{id} of kind {kind} is {state}")];
    }
    let is_shown = matches!(state, "met" | "half" | "refused");
    if is_shown && row.tests.iter().all(Vec::is_empty) {
        return vec![format!("{id} is {state} and names no test")];
    }
    // What the software can do it does, but for what is named here.
    match (kind == "S" && state == "half", HALF.contains(&id.as_str())) {
        (true, false) => return vec![format!("{id} of kind S is half met")],
        (false, true) => return vec![format!("{id} is {state} and still stands in HALF")],
        (true, true) | (false, false) => {}
    }
    let lacks_half = row.tests.len() < 2 || row.tests.iter().any(Vec::is_empty);
    if has("S") && has("B") && lacks_half {
        return vec![format!("{id} names no test of one of its halves")];
    }
    let tests = row.tests.iter().flatten();
    let unknown = tests.filter(|test| !functions.contains(*test));
    unknown
        .map(|test| format!("{id} names {test}, which is no test"))
        .collect()
}

fn rows(page: &str) -> Vec<Row> {
    let cells = page.lines().filter_map(|line| {
        let inside = line.strip_prefix("| ")?.strip_suffix('|')?;
        let cells: Vec<&str> = inside.split('|').map(str::trim).collect();
        let [id, kind, state, _, tests] = cells[..] else {
            return None;
        };
        (id != "id" && !id.starts_with('-')).then_some((id, kind, state, tests))
    });
    let names = |half: &str| {
        let tests = half.split(',').map(|test| test.trim().trim_matches('`'));
        let tests = tests.filter(|test| !test.is_empty());
        tests.map(str::to_owned).collect()
    };
    let row = |(id, kind, state, tests): (&str, &str, &str, &str)| Row {
        id: id.to_owned(),
        kind: kind.to_owned(),
        state: state.to_owned(),
        tests: tests.split(';').map(names).collect(),
    };
    cells.map(row).collect()
}

/// The names of all tests.
fn functions() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in tree::files(".rs") {
        let mut is_test = false;
        for line in file.text.lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if is_test && let Some((_, rest)) = line.split_once("fn ") {
                let name = rest.split('(').next().unwrap_or_default();
                found.insert(name.to_owned());
                is_test = false;
            }
        }
    }
    found
}
