//! 统计: figures of a period, for people, programs and tables.

use std::path::Path;

use concordat_protocol::admin::{FiguresView, StatisticsView};
use serde_json::{Map, Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::{Report, Words};

/// The figures that every table has, with the key of their word.
fn numbers(of: &FiguresView) -> [(&'static str, u64); 9] {
    let decided = of.decisions.iter().map(|one| one.count).sum();
    [
        ("decisions", decided),
        ("in_time", of.in_time),
        ("late", of.late),
        ("unknown_due", of.unknown),
        ("objections", of.objections),
        ("objections_closed", of.closed),
        ("objections_closed_late", of.closed_late),
        ("objections_open", of.open),
        ("objections_overdue", of.overdue),
    ]
}

/// A table by authority, the total below.
// spec: ADM-300
pub(crate) fn statistics(view: &StatisticsView, csv: Option<&Path>, words: Words) -> Report {
    let mut page = Page::default();
    page.pairs(&[
        words.pair("period", &view.period),
        words.pair("span", format!("{} – {}", view.first, view.last)),
        words.pair("as_of", view.as_of),
        words.pair("silent", view.silent),
    ]);
    let mut header = vec![words.word("issuer")];
    header.extend(numbers(&view.total).map(|(key, _)| words.word(key)));
    header.push(words.word("late_rate"));
    header.push(words.word("acts"));
    let mut rows: Vec<_> = view.authorities.iter().map(|of| row(of, words)).collect();
    rows.push(row(&view.total, words));
    page.gap();
    page.table(&header, rows);
    if view.cut.is_some() {
        page.line(words.word("statistics_cut"));
    }
    if view.bodies_missing > 0 {
        let count = view.bodies_missing.to_string();
        page.line(words.fill("bodies_missing", &[("count", &count)]));
    }
    if let Some(path) = csv {
        page.pairs(&[words.pair("written", path.display())]);
    }
    let json = json!({
        "period": view.period,
        "first": view.first.to_string(),
        "last": view.last.to_string(),
        "as_of": view.as_of.to_string(),
        "authorities": view.authorities.iter().map(figures_json).collect::<Value>(),
        "total": figures_json(&view.total),
        "silent": view.silent,
        "cut": view.cut.is_some(),
        "bodies_missing": view.bodies_missing,
        "file": csv.map(|path| path.display().to_string()),
    });
    Report::new(page, json)
}

fn row(of: &FiguresView, words: Words) -> Vec<String> {
    let name = match (&of.name, of.authority) {
        (Some(name), _) => name.clone(),
        (None, Some(authority)) => authority.to_string(),
        (None, None) => words.word("total"),
    };
    let mut row = vec![name];
    row.extend(numbers(of).map(|(_, count)| count.to_string()));
    row.push(of.late_rate.map(percent).unwrap_or_default());
    let acts = of.acts.iter();
    let acts: Vec<_> = acts
        .map(|one| format!("{} {}", words.code(one.class), one.count))
        .collect();
    row.push(words.list(&acts));
    row
}

/// `3.60 %` of 360 ten thousandths.
fn percent(rate: u64) -> String {
    format!("{}.{:02} %", rate / 100, rate % 100)
}

fn figures_json(of: &FiguresView) -> Value {
    let mut json: Map<String, Value> = numbers(of)
        .into_iter()
        .map(|(key, count)| (key.to_owned(), json!(count)))
        .collect();
    let types = of.decisions.iter();
    let types = types.map(|one| (one.act_type.name().to_owned(), json!(one.count)));
    let acts = of.acts.iter();
    let acts = acts.map(|one| (one.class.name().to_owned(), json!(one.count)));
    json.insert("by_act_type".to_owned(), Value::Object(types.collect()));
    json.insert("acts".to_owned(), Value::Object(acts.collect()));
    json.insert("late_rate".to_owned(), json!(of.late_rate));
    json.insert(
        "authority".to_owned(),
        json!(of.authority.map(|code| code.to_string())),
    );
    json.insert("name".to_owned(), json!(of.name));
    Value::Object(json)
}

/// Comma-separated values (RFC 4180): a line for each authority, keys in the first.
pub(crate) fn statistics_csv(view: &StatisticsView) -> String {
    let mut lines = vec!["period,authority,name,".to_owned()];
    let keys: Vec<_> = numbers(&view.total).map(|(key, _)| key).to_vec();
    if let Some(header) = lines.first_mut() {
        header.push_str(&keys.join(","));
    }
    for of in &view.authorities {
        let authority = of.authority.map(|code| code.to_string());
        let mut cells = vec![
            view.period.clone(),
            authority.unwrap_or_default(),
            quoted(of.name.as_deref().unwrap_or_default()),
        ];
        cells.extend(numbers(of).map(|(_, count)| count.to_string()));
        lines.push(cells.join(","));
    }
    lines.push(String::new());
    lines.join("\r\n")
}

/// A text as one cell: quoted, its quotes doubled, and never a formula where a table is opened.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use concordat_protocol::admin::{ActCount, DecisionCount};
    use concordat_protocol::statement::{ActType, Class};
    use concordat_protocol::subject::AuthorityCode;
    use concordat_protocol::time::Day;

    use super::*;

    fn figures(authority: Option<&str>) -> FiguresView {
        FiguresView {
            authority: authority.map(|code| AuthorityCode::parse(code).unwrap()),
            name: authority.map(|_| "=某局,\"一\"".to_owned()),
            decisions: vec![DecisionCount {
                act_type: ActType::Penalty,
                count: 4,
            }],
            in_time: 2,
            late: 1,
            unknown: 0,
            late_rate: Some(3_333),
            objections: 3,
            closed: 1,
            closed_late: 0,
            open: 1,
            overdue: 1,
            acts: vec![ActCount {
                class: Class::Correction,
                count: 2,
            }],
        }
    }

    fn view() -> StatisticsView {
        let day = |text| Day::parse_loose(text).unwrap();
        StatisticsView {
            period: "2026-11".to_owned(),
            first: day("2026-11-01"),
            last: day("2026-11-30"),
            as_of: day("2026-12-01"),
            authorities: vec![figures(Some("11310000MB00000009"))],
            total: figures(None),
            silent: 3,
            cut: None,
            bodies_missing: 0,
        }
    }

    // spec: ADM-300
    #[test]
    fn table_of_values_has_a_line_for_each_authority_and_no_formula() {
        let csv = statistics_csv(&view());
        let lines: Vec<_> = csv.split("\r\n").collect();
        assert_eq!(lines.len(), 3);
        let header = "period,authority,name,decisions,in_time,late,unknown_due,objections,\
                      objections_closed,objections_closed_late,objections_open,objections_overdue";
        assert_eq!(lines[0], header);
        let row = "2026-11,11310000MB00000009,\"'=某局,\"\"一\"\"\",4,2,1,0,3,1,0,1,1";
        assert_eq!(lines[1], row);
        assert_eq!(lines[2], "");
    }

    // spec: ADM-300
    #[test]
    fn share_is_shown_in_hundredths_of_a_percent_and_whole_in_json() {
        assert_eq!(percent(360), "3.60 %");
        assert_eq!(percent(10_000), "100.00 %");
        let json = figures_json(&figures(None));
        assert_eq!(json["late_rate"], 3_333);
        assert_eq!(json["by_act_type"]["penalty"], 4);
        assert_eq!(json["acts"]["correction"], 2);
        assert_eq!(json["objections_overdue"], 1);
    }
}
