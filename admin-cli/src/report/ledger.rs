//! 台账: the statements of a node's own log as a table or as lines of JSON, and what they can be checked by.

use std::path::Path;

use concordat_protocol::admin::{LedgerAsk, LedgerRow, LedgerView};
use concordat_protocol::log::{Hash, Origin, TreeSize};
use concordat_protocol::time::Day;
use serde_json::{Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::statistics::quoted;
use crate::report::{Report, Words, day_json, ref_json, short};

/// The names of the columns: those of the documents, the same in every language.
// spec: ADM-363
const COLUMNS: [&str; 27] = [
    "序号",
    "声明",
    "类别",
    "登记日期",
    "统一社会信用代码",
    "主体名称",
    "决定文书号",
    "目录事项",
    "行政行为类别",
    "决定日期",
    "送达日期",
    "有效期至",
    "公示截止日期",
    "状态",
    "异议数",
    "未决异议数",
    "处理结果数",
    "更正数",
    "撤销数",
    "停止执行数",
    "信用修复数",
    "发起推送数",
    "响应数",
    "互认答复数",
    "所涉声明",
    "结果或原因",
    "更正前主体",
];

/// What a ledger is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LedgerForm {
    /// Comma-separated values (RFC 4180), in UTF-8 with a mark, as tables are opened.
    Csv,
    /// JSON, an object on each line (RFC 7464 without its separators).
    Json,
}

/// What a ledger is of, and what proves it.
#[derive(Clone, Debug)]
pub(crate) struct LedgerSum {
    from: Day,
    until: Day,
    origin: Origin,
    size: TreeSize,
    root: Option<Hash>,
    witnessed: Option<TreeSize>,
    as_of: Day,
    rows: u64,
    /// Statements of the log that are not held.
    not_held: u64,
}

impl LedgerSum {
    pub(crate) fn new(
        ask: &LedgerAsk,
        last: &LedgerView,
        root: Option<Hash>,
        (rows, not_held): (u64, u64),
    ) -> Self {
        Self {
            from: ask.from,
            until: ask.until,
            origin: last.origin.clone(),
            size: last.size,
            root,
            witnessed: last.witnessed,
            as_of: last.as_of,
            rows,
            not_held,
        }
    }

    fn json(&self) -> Value {
        json!({
            "from": self.from.to_string(),
            "until": self.until.to_string(),
            "as_of": self.as_of.to_string(),
            "origin": self.origin.to_string(),
            "log_size": self.size.value(),
            "log_root": self.root.map(|root| root.to_string()),
            "witnessed_size": self.witnessed.map(TreeSize::value),
            "rows": self.rows,
            "not_held": self.not_held,
        })
    }
}

pub(crate) fn ledger_header(form: LedgerForm) -> String {
    match form {
        LedgerForm::Csv => format!("\u{feff}{}\r\n", COLUMNS.join(",")),
        LedgerForm::Json => String::new(),
    }
}

/// A line of the table, or an object.
// spec: ADM-363
pub(crate) fn ledger_line(form: LedgerForm, number: u64, row: &LedgerRow) -> String {
    match form {
        LedgerForm::Csv => format!("{}\r\n", cells(number, row).join(",")),
        LedgerForm::Json => format!("{}\n", line_json(number, row)),
    }
}

/// The last line: the log, its size and root, and up to where it is witnessed.
// spec: ADM-362
pub(crate) fn ledger_footer(form: LedgerForm, sum: &LedgerSum) -> String {
    match form {
        LedgerForm::Csv => {
            let root = sum.root.map(|root| root.to_string());
            let said = [
                ("日志", sum.origin.to_string()),
                ("日志规模", sum.size.to_string()),
                ("日志根", root.unwrap_or_default()),
                (
                    "已见证至",
                    sum.witnessed
                        .map(|size| size.to_string())
                        .unwrap_or_default(),
                ),
                ("截至日期", sum.as_of.to_string()),
                ("行数", sum.rows.to_string()),
                ("未留存", sum.not_held.to_string()),
            ];
            let said = said.map(|(key, value)| format!("{},{}", quoted(key), quoted(&value)));
            let mut cells = vec![quoted("核对信息")];
            cells.extend(said);
            let empty = COLUMNS.len().saturating_sub(15);
            format!("{}{}\r\n", cells.join(","), ",".repeat(empty))
        }
        LedgerForm::Json => format!("{}\n", json!({ "ledger": sum.json() })),
    }
}

fn cells(number: u64, row: &LedgerRow) -> Vec<String> {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let text = |text: Option<&str>| quoted(text.unwrap_or_default());
    let why = row.outcome.map(Named::name);
    let why = why.or_else(|| row.reason.map(Named::name));
    let why = why
        .map(str::to_owned)
        .or_else(|| said(row).map(|said| quoted(&said)));
    let mut cells = vec![
        number.to_string(),
        quoted(&short(&row.reference)),
        row.class.name().to_owned(),
        row.made_on.to_string(),
        row.about.to_string(),
        text(row.name.as_deref()),
        text(row.document_number.as_deref()),
        row.item
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        row.act_type.map(Named::name).unwrap_or_default().to_owned(),
        day(row.day),
        day(row.served_on),
        day(row.valid_until),
        day(row.publication_until),
        row.state.map(Named::name).unwrap_or_default().to_owned(),
    ];
    cells.extend(counts(row).map(|(_, count)| count.to_string()));
    cells.push(
        row.target
            .as_ref()
            .map(|target| quoted(&short(target)))
            .unwrap_or_default(),
    );
    cells.push(why.unwrap_or_default());
    let before = row.about_before.map(|code| code.to_string());
    cells.push(before.unwrap_or_default());
    cells
}

/// What a recognition response says: the answer, with the clause relied on or the reason why not.
// spec: ADM-469
fn said(row: &LedgerRow) -> Option<String> {
    let answer = row.answer?.name();
    let with = row.answer_reason.map(|reason| reason.name().to_owned());
    Some(match with.or_else(|| row.clause.clone()) {
        Some(with) => format!("{answer} {with}"),
        None => answer.to_owned(),
    })
}

const fn counts(row: &LedgerRow) -> [(&'static str, u64); 10] {
    [
        ("objections", row.objections),
        ("objections_open", row.open),
        ("rulings", row.rulings),
        ("corrections", row.corrections),
        ("withdrawals", row.withdrawals),
        ("stays", row.stays),
        ("repairs", row.repairs),
        ("asked", row.asked),
        ("responses", row.responses),
        (
            "answers",
            match row.answers {
                Some(answers) => answers,
                None => 0,
            },
        ),
    ]
}

fn line_json(number: u64, row: &LedgerRow) -> Value {
    let mut json = json!({
        "number": number,
        "reference": row.reference.to_string(),
        "leaf_hash": row.reference.leaf_hash.to_string(),
        "class": row.class.name(),
        "made_on": row.made_on.to_string(),
        "about": row.about.to_string(),
        "about_before": row.about_before.map(|code| code.to_string()),
        "name": row.name,
        "document_number": row.document_number,
        "item": row.item.as_ref().map(|item| item.as_str()),
        "act_type": row.act_type.map(Named::name),
        "day": day_json(row.day),
        "served_on": day_json(row.served_on),
        "valid_until": day_json(row.valid_until),
        "publication_until": day_json(row.publication_until),
        "answer": row.answer.map(Named::name),
        "answer_reason": row.answer_reason.map(Named::name),
        "clause": row.clause,
        "state": row.state.map(Named::name),
        "target": ref_json(row.target.as_ref()),
        "outcome": row.outcome.map(Named::name),
        "withdrawal_reason": row.reason.map(Named::name),
        "exit": row.exit.map(Named::name),
        "erasure_ground": row.erasure_ground.map(Named::name),
    });
    if let Value::Object(map) = &mut json {
        map.extend(counts(row).map(|(key, count)| (key.to_owned(), json!(count))));
    }
    json
}

/// What was written, and by what it can be checked.
pub(crate) fn ledger(sum: &LedgerSum, path: &Path, words: Words) -> Report {
    let mut page = Page::default();
    let mut pairs = vec![
        words.pair("span", format!("{} – {}", sum.from, sum.until)),
        words.pair("as_of", sum.as_of),
        words.pair("ledger_rows", sum.rows),
        words.pair("ledger_not_held", sum.not_held),
        words.pair("ledger_log", format!("{} ({})", sum.origin, sum.size)),
    ];
    pairs.extend(sum.root.map(|root| words.pair("ledger_root", root)));
    pairs.extend(
        sum.witnessed
            .map(|size| words.pair("ledger_witnessed", size)),
    );
    pairs.push(words.pair("written", path.display()));
    page.pairs(&pairs);
    page.line(words.word("ledger_note"));
    let mut json = sum.json();
    if let Value::Object(map) = &mut json {
        map.insert("file".to_owned(), json!(path.display().to_string()));
    }
    Report::new(page, json)
}

#[cfg(test)]
mod tests {
    use concordat_protocol::admin::BindsOthersCode;
    use concordat_protocol::log::LeafIndex;
    use concordat_protocol::statement::{ActType, Class, Code, StatementRef};
    use concordat_protocol::subject::SubjectCode;

    use super::*;

    const ORIGIN: &str = "test-0000000000000000000000000000000000000000000000000000000000000000/11310000MB00000009/0";

    fn day(text: &str) -> Day {
        Day::parse_loose(text).unwrap()
    }

    fn row() -> LedgerRow {
        LedgerRow {
            answer: None,
            answer_reason: None,
            clause: None,
            answers: None,
            reference: StatementRef {
                origin: ORIGIN.parse().unwrap(),
                index: LeafIndex::new(7),
                leaf_hash: Hash::from_bytes([1; 32]),
            },
            class: Class::Decision,
            made_on: day("2026-03-04"),
            about: SubjectCode::parse("91230400MA0000015M").unwrap(),
            name: Some("=某厂,\"甲\"".to_owned()),
            document_number: Some("-鹤劳罚字〔2026〕12号".to_owned()),
            item: Some(Code::new("labour.penalty").unwrap()),
            act_type: Some(ActType::Penalty),
            day: Some(day("2026-03-02")),
            served_on: Some(day("2026-03-03")),
            valid_until: None,
            publication_until: Some(day("2027-03-02")),
            state: Some(BindsOthersCode::Suspended),
            objections: 2,
            open: 1,
            rulings: 1,
            corrections: 0,
            withdrawals: 0,
            stays: 0,
            repairs: 0,
            asked: 3,
            responses: 4,
            target: None,
            outcome: None,
            reason: None,
            exit: None,
            erasure_ground: None,
            about_before: Some(SubjectCode::parse("91230400MA0000016K").unwrap()),
        }
    }

    fn sum() -> LedgerSum {
        LedgerSum {
            from: day("2026-01-01"),
            until: day("2026-12-31"),
            origin: ORIGIN.parse().unwrap(),
            size: TreeSize::new(8).unwrap(),
            root: Some(Hash::from_bytes([2; 32])),
            witnessed: Some(TreeSize::new(7).unwrap()),
            as_of: day("2026-12-31"),
            rows: 1,
            not_held: 3,
        }
    }

    /// How many cells a line has: commas between quotes are none.
    fn width(line: &str) -> usize {
        let mut quoted = false;
        let commas = line.chars().filter(|character| {
            quoted ^= *character == '"';
            *character == ',' && !quoted
        });
        commas.count() + 1
    }

    // spec: ADM-362, ADM-363
    #[test]
    fn every_line_of_the_table_has_the_same_columns_and_no_formula() {
        let header = ledger_header(LedgerForm::Csv);
        let line = ledger_line(LedgerForm::Csv, 1, &row());
        let last = ledger_footer(LedgerForm::Csv, &sum());
        for text in [&header, &line, &last] {
            assert_eq!(width(text.trim_end()), COLUMNS.len(), "{text}");
        }
        let expected = "1,\"11310000MB00000009/0#7\",decision,2026-03-04,91230400MA0000015M,\
            \"'=某厂,\"\"甲\"\"\",\"'-鹤劳罚字〔2026〕12号\",labour.penalty,penalty,2026-03-02,2026-03-03,\
            ,2027-03-02,suspended,2,1,1,0,0,0,0,3,4,0,,,91230400MA0000016K\r\n";
        assert_eq!(line, expected);
        assert!(
            last.contains(ORIGIN) && last.contains(&"02".repeat(32)),
            "{last}"
        );
    }

    // spec: ADM-363
    #[test]
    fn full_width_signs_are_read_as_no_formula_either() {
        for sign in ['＝', '＋', '－', '＠'] {
            assert_eq!(quoted(&format!("{sign}1")), format!("\"'{sign}1\""));
        }
    }

    // spec: ADM-362
    #[test]
    fn lines_of_json_are_objects_and_the_last_proves_them() {
        let line = ledger_line(LedgerForm::Json, 1, &row());
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["objections_open"], 1);
        assert_eq!(read["name"], "=某厂,\"甲\"");
        let last = ledger_footer(LedgerForm::Json, &sum());
        let read: Value = serde_json::from_str(&last).unwrap();
        assert_eq!(read["ledger"]["log_size"], 8);
        assert_eq!(read["ledger"]["not_held"], 3);
        assert_eq!(read["ledger"]["log_root"], "02".repeat(32));
    }
}
