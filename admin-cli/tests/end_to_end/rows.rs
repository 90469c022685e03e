//! Files to import: a good row, and every kind of bad one, through tool and node.

use std::fs;

use serde_json::Value;

use crate::network::{CITY, Network};

const IDENTITY_NUMBER: &str = "362322198709086409";
const OVERSIZE: usize = 262_145;

/// Columns of the penalty table of 2018 with what a good row says in each.
const GOOD: [(&str, &str); 21] = [
    ("CF_XDR_MC", "示例食品有限公司"),
    ("CF_XDR_LB", "法人及非法人组织"),
    ("CF_XDR_SHXYM", "91110108551385082Q"),
    ("登记机关确认文号", ""),
    ("CF_XDR_ZJHM", ""),
    ("CF_WSH", ""),
    ("CF_CFLB", "罚款"),
    ("CF_WFXW", "经营标签不符合规定的食品"),
    ("CF_SY", "标签未标明生产日期"),
    (
        "CF_YJ",
        "依据《中华人民共和国食品安全法》第一百二十五条第一款",
    ),
    ("CF_NR", "罚款五千元"),
    ("CF_NR_FK", "0.500000"),
    ("CF_JDRQ", "2026-03-02"),
    ("CF_YXQ", ""),
    ("CF_GSJZQ", "2027-03-02"),
    ("CF_CFJGDM", CITY),
    ("事项代码", "food.label"),
    ("送达日期", "2026-03-05"),
    ("送达方式", "直接送达"),
    ("复议机关", "某市人民政府"),
    ("诉讼法院", "某市人民法院"),
];

/// The profile of the table.
pub(crate) const fn profile() -> &'static str {
    "cn-penalty-2018"
}

/// A table under construction.
pub(crate) struct Table {
    pub(crate) bytes: Vec<u8>,
    line: u64,
}

impl Table {
    pub(crate) fn new() -> Self {
        let header: Vec<&str> = GOOD.iter().map(|(column, _)| *column).collect();
        let bytes = format!("{}\n", header.join(",")).into_bytes();
        Self { bytes, line: 2 }
    }

    /// Appends a row with some cells changed and a document number of its own; its line.
    pub(crate) fn push(&mut self, changes: &[(&str, &str)]) -> u64 {
        let number = format!("某市监罚〔2026〕{}号", self.line);
        let cells = GOOD.map(|(column, good)| {
            let changed = changes.iter().find(|(name, _)| *name == column);
            let good = if column == "CF_WSH" { &number } else { good };
            let cell = changed.map_or(good, |(_, cell)| cell);
            format!("\"{}\"", cell.replace('"', "\"\""))
        });
        self.push_raw(format!("{}\n", cells.join(",")).as_bytes())
    }

    /// Appends bytes as they are.
    pub(crate) fn push_raw(&mut self, bytes: &[u8]) -> u64 {
        let line = self.line;
        self.line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.bytes.extend(bytes);
        line
    }
}

/// A cell, what it says, and the reason that it is refused for.
fn bad_cells() -> Vec<(&'static str, String, &'static str)> {
    let with_number = format!("经查，身份证号{IDENTITY_NUMBER}");
    let cells: [(&str, &str, &str); 31] = [
        ("CF_XDR_SHXYM", "91350203M0001QKT19", "code-check"),
        ("CF_XDR_SHXYM", "91110108551385082", "code-length"),
        ("CF_XDR_SHXYM", "9111010855138508ZQ", "code-character"),
        ("CF_XDR_SHXYM", IDENTITY_NUMBER, "code-is-identity-number"),
        ("CF_XDR_SHXYM", "99110108551385082Q", "code-prefix"),
        ("CF_XDR_SHXYM", "00000000000000000X", "code-placeholder"),
        ("CF_XDR_SHXYM", "", "missing-field"),
        ("登记机关确认文号", "登记函〔2020〕3号", "reference-idle"),
        ("CF_CFJGDM", "91110108551385082Q", "other-authority"),
        ("CF_XDR_LB", "自然人", "natural-person"),
        ("CF_WFXW", &with_number, "personal-number"),
        ("CF_YJ", "", "missing-basis"),
        ("CF_YJ", "有关规定", "basis-shape"),
        ("CF_YJ", "《某某办法》第三条", "basis-level-unknown"),
        ("CF_GSJZQ", "", "missing-publication-end"),
        ("CF_GSJZQ", "2099-12-31", "no-end"),
        ("送达方式", "", "missing-service"),
        ("送达方式", "口头", "unknown-service-way"),
        ("CF_JDRQ", "02.03.2026", "date-shape"),
        ("CF_GSJZQ", "2027-02-30", "no-such-day"),
        ("CF_GSJZQ", "2200-01-01", "date-out-of-range"),
        ("CF_GSJZQ", "2026-03-01", "ends-before-decision"),
        ("送达日期", "2026-03-01", "served-before-decision"),
        ("CF_CFLB", "罚款;行政拘留", "unknown-penalty-class"),
        ("CF_NR_FK", "五千元", "money-shape"),
        ("CF_NR_FK", "0.0000005", "money-too-precise"),
        ("CF_NR", "罚款\u{7}", "control-character"),
        ("CF_NR", "a\0b", "nul-byte"),
        // These two only the registry can know.
        ("事项代码", "food.other", "outside-catalogue"),
        ("CF_GSJZQ", "2036-03-02", "publication-too-long"),
        ("CF_WSH", "某市监罚〔2026〕1号", "duplicate-in-file"),
    ];
    let mut cells: Vec<_> = cells
        .into_iter()
        .map(|(column, cell, reason)| (column, cell.to_owned(), reason))
        .collect();
    cells.push(("CF_XDR_MC", "长".repeat(201), "field-too-long"));
    cells
}

/// A file of good and bad rows in turn, and what is to be said of it: line, column and reason.
fn bad_file() -> (Table, Vec<(u64, Value, &'static str)>, u64) {
    let mut table = Table::new();
    let mut expected = Vec::new();
    let mut good = 1;
    table.push(&[("CF_WSH", "某市监罚〔2026〕1号")]);
    for (column, cell, reason) in bad_cells() {
        let line = table.push(&[(column, &cell)]);
        expected.push((line, column.into(), reason));
        table.push(&[]);
        good += 1;
    }
    let before_the_mandate = [
        ("CF_JDRQ", "1999-12-31"),
        ("送达日期", "2000-01-05"),
        ("CF_GSJZQ", "2001-01-05"),
    ];
    let line = table.push(&before_the_mandate);
    expected.push((line, "CF_JDRQ".into(), "no-mandate"));
    // "黑河公司" in GBK, within a file that says it is UTF-8.
    let mut row = Vec::new();
    let header = GOOD.iter().map(|(column, good)| match *column {
        "CF_WSH" => "\"某市监罚〔2026〕2号\"".as_bytes().to_vec(),
        "CF_XDR_MC" => [&b"\""[..], b"\xba\xda\xba\xd3\xb9\xab\xcb\xbe", b"\""].concat(),
        _ => format!("\"{good}\"").into_bytes(),
    });
    for (place, cell) in header.enumerate() {
        row.extend((place > 0).then_some(b','));
        row.extend(cell);
    }
    row.push(b'\n');
    let line = table.push_raw(&row);
    expected.push((line, "CF_XDR_MC".into(), "wrong-encoding"));
    let line = table.push_raw(b"a,b\n");
    expected.push((line, Value::Null, "column-count"));
    let line = table.push(&[("CF_SY", &"x".repeat(OVERSIZE))]);
    expected.push((line, Value::Null, "row-too-long"));
    let line = table.push_raw("\"开口\n".as_bytes());
    expected.push((line, "CF_XDR_MC".into(), "unterminated-quote"));
    (table, expected, good)
}

fn refusals(report: &Value) -> Vec<(u64, Value, String)> {
    let rows = report["refusals"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            assert!(!row["en"].as_str().unwrap().is_empty(), "{row}");
            assert!(!row["zh"].as_str().unwrap().is_empty(), "{row}");
            let reason = row["reason"].as_str().unwrap().to_owned();
            (
                row["line"].as_u64().unwrap(),
                row["column_name"].clone(),
                reason,
            )
        })
        .collect()
}

// spec: ADM-13
#[test]
fn every_bad_row_is_named_and_the_file_can_be_imported_again() {
    let mut network = Network::start();
    let (table, expected, good) = bad_file();
    assert!(expected.len() >= 30);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    let with = |more: &'static str| [&import[..], &[more]].concat();
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(line, column, reason)| (line, column, reason.to_owned()))
        .collect();

    let dry = network.at("city", &with("--dry-run")).exits(1).json();
    assert_eq!(refusals(&dry), expected);
    assert_eq!(
        (&dry["accepted"], &dry["written"]),
        (&good.into(), &0.into())
    );
    let none = network
        .at("city", &with("--all-or-nothing"))
        .exits(1)
        .json();
    assert_eq!(refusals(&none), expected);
    assert_eq!(none["written"], 0);
    assert_eq!(network.said("city"), 0);

    let first = network.at("city", &import).exits(1).json();
    assert_eq!(refusals(&first), expected);
    assert_eq!(first["written"], good);
    assert!(first["log_size"].as_u64() >= Some(good), "{first}");
    // What it says to people, in both languages, names the same.
    let people = network.people(&[
        "--node",
        "city",
        "import",
        "rows.csv",
        "--profile",
        profile(),
    ]);
    for (_, _, reason) in &expected {
        assert!(people.out.contains(reason.as_str()), "{reason}");
    }
    assert!(!people.out.contains(IDENTITY_NUMBER), "a cell was repeated");
    let zh = ["--lang", "zh", "--node", "city"];
    let people = network.people(&[&zh[..], &import[..]].concat());
    assert!(people.out.contains("校验码"), "{}", people.out);

    let second = network.at("city", &import).exits(1).json();
    assert_eq!(refusals(&second), expected);
    assert_eq!(
        (&second["present"], &second["written"]),
        (&good.into(), &0.into())
    );
    network.city.take().unwrap().kill();
    network.run_node("city");
    network.at("city", &["status", "--wait", "60"]).exits(0);
    let third = network.at("city", &import).exits(1).json();
    assert_eq!(
        (&third["present"], &third["written"]),
        (&good.into(), &0.into())
    );
    assert_eq!(network.said("city") as u64, good);
}

#[test]
fn filter_and_a_file_on_the_nodes_machine_and_a_profile_of_ones_own_work() {
    let network = Network::start();
    let mut table = Table::new();
    table.push(&[("CF_XDR_MC", "甲公司")]);
    table.push(&[("CF_XDR_MC", "乙公司")]);
    table.push(&[("CF_XDR_MC", "丙公司")]);
    fs::write(network.path("three.csv"), &table.bytes).unwrap();
    let shipped = include_str!("../../../node/data/profiles/cn-penalty-2018.toml");
    fs::write(network.path("own.toml"), shipped).unwrap();
    let absolute = network.path("three.csv").display().to_string();
    let import = ["import", &absolute, "--on-node", "--profile", "own.toml"];
    let only = ["--where", "CF_XDR_MC=甲公司", "--where", "CF_XDR_MC=丙公司"];
    let report = network.at("city", &[&import[..], &only[..]].concat());
    let report = report.exits(0).json();
    assert_eq!(
        (&report["filtered"], &report["written"]),
        (&1.into(), &2.into())
    );
    // One bad row, and nothing of the file is recorded.
    table.push(&[("CF_YJ", "")]);
    fs::write(network.path("three.csv"), &table.bytes).unwrap();
    let report = network.at("city", &[&import[..], &["--all-or-nothing"]].concat());
    let report = report.exits(1).json();
    assert_eq!((&report["written"], network.said("city")), (&0.into(), 2));
}
