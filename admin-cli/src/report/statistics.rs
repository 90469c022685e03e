//! 统计: figures of a period, for people, programs and tables.

use std::path::Path;

use concordat_protocol::admin::{
    CountedView, CoverageView, FiguresView, StatisticsView, ViolationCode,
};
use concordat_protocol::statement::Class;
use serde_json::{Map, Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::{Report, Words, day_json, short};

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
pub(crate) fn statistics(
    view: &StatisticsView,
    shown: Shown,
    csv: Option<&Path>,
    words: Words,
) -> Report {
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
    header.push(words.word("overdue_rate"));
    header.push(words.word("acts"));
    let mut rows: Vec<_> = view.authorities.iter().map(|of| row(of, words)).collect();
    rows.push(row(&view.total, words));
    page.gap();
    page.table(&header, rows);
    violations(&mut page, view, words);
    match shown {
        Shown::Figures => {}
        Shown::Coverage => coverage(&mut page, view, words),
        Shown::Listed => listed(&mut page, view, words),
    }
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
        "coverage": view.coverage.iter().map(coverage_json).collect::<Value>(),
        "listed": view.listed.iter().map(listed_json).collect::<Value>(),
        "listed_left": view.listed_left.unwrap_or(0),
        "bodies_missing": view.bodies_missing,
        "file": csv.map(|path| path.display().to_string()),
    });
    Report::new(page, json)
}

fn name(of: &FiguresView, words: Words) -> String {
    match (&of.name, of.authority) {
        (Some(name), _) => name.clone(),
        (None, Some(authority)) => authority.to_string(),
        (None, None) => words.word("total"),
    }
}

fn row(of: &FiguresView, words: Words) -> Vec<String> {
    let mut row = vec![name(of, words)];
    row.extend(numbers(of).map(|(_, count)| count.to_string()));
    row.push(of.late_rate.map(percent).unwrap_or_default());
    row.push(of.overdue_rate.map(percent).unwrap_or_default());
    let acts = of.acts.iter();
    let acts: Vec<_> = acts
        .map(|one| format!("{} {}", words.code(one.class), one.count))
        .collect();
    row.push(words.list(&acts));
    row
}

/// What else is shown below the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Nothing.
    Figures,
    /// The items of the catalogue.
    Coverage,
    /// The statements behind a count.
    Listed,
}

/// The five counts of violations, where there is any.
// spec: STA-8
fn violations(page: &mut Page, view: &StatisticsView, words: Words) {
    let all = view.authorities.iter().chain([&view.total]);
    let rows: Vec<_> = all
        .filter(|of| !of.violations.is_empty())
        .map(|of| {
            let kinds = ViolationCode::VALUES.iter();
            let counts = kinds.map(|kind| violation(of, *kind).to_string());
            [name(of, words)].into_iter().chain(counts).collect()
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    let kinds = ViolationCode::VALUES.iter();
    let header = [words.word("issuer")].into_iter();
    let header: Vec<_> = header.chain(kinds.map(|kind| words.code(*kind))).collect();
    page.gap();
    page.table(&header, rows);
}

fn violation(of: &FiguresView, kind: ViolationCode) -> u64 {
    let mut found = of.violations.iter().filter(|one| one.violation == kind);
    found.next().map_or(0, |one| one.count)
}

// spec: STA-7
fn coverage(page: &mut Page, view: &StatisticsView, words: Words) {
    let keys = ["item", "title", "decisions", "authorities", "last_decision"];
    let header: Vec<_> = keys.iter().map(|key| words.word(key)).collect();
    let row = |one: &CoverageView| {
        vec![
            one.item.to_string(),
            one.title.clone(),
            one.count.to_string(),
            one.authorities.to_string(),
            one.last
                .map_or_else(|| words.word("none"), |day| day.to_string()),
        ]
    };
    page.gap();
    page.table(&header, view.coverage.iter().map(row).collect());
}

// spec: STA-12
fn listed(page: &mut Page, view: &StatisticsView, words: Words) {
    let keys = ["issuer", "record_day", "reference"];
    let header: Vec<_> = keys.iter().map(|key| words.word(key)).collect();
    let row = |one: &CountedView| {
        let name = one.name.clone();
        vec![
            name.unwrap_or_else(|| one.authority.to_string()),
            one.day.to_string(),
            short(&one.reference),
        ]
    };
    page.gap();
    page.table(&header, view.listed.iter().map(row).collect());
    if let Some(left) = view.listed_left {
        page.line(words.fill("answers_left", &[("count", &left.to_string())]));
    }
}

/// `3.60 %` of 360 ten thousandths.
fn percent(rate: u64) -> String {
    format!("{} %", hundredths(rate))
}

/// `3.60` of 360.
fn hundredths(rate: u64) -> String {
    format!("{}.{:02}", rate / 100, rate % 100)
}

/// Acts that are counted.
const COUNTED: [Class; 5] = [
    Class::Ruling,
    Class::Stay,
    Class::Correction,
    Class::Withdrawal,
    Class::Repair,
];

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
    let items = of.items.iter();
    let items = items.map(|one| {
        let said = json!({"decisions": one.count, "last_decision": one.last.to_string()});
        (one.item.to_string(), said)
    });
    json.insert("by_item".to_owned(), Value::Object(items.collect()));
    let kinds = ViolationCode::VALUES.iter();
    let kinds = kinds.map(|kind| (kind.name().to_owned(), json!(violation(of, *kind))));
    json.insert("violations".to_owned(), Value::Object(kinds.collect()));
    json.insert("late_rate".to_owned(), json!(of.late_rate));
    let rates = [
        ("late_per_10000", of.late_rate),
        ("overdue_per_10000", of.overdue_rate),
    ];
    json.extend(rates.map(|(key, rate)| (key.to_owned(), json!(rate))));
    json.insert(
        "authority".to_owned(),
        json!(of.authority.map(|code| code.to_string())),
    );
    json.insert("name".to_owned(), json!(of.name));
    Value::Object(json)
}

fn coverage_json(one: &CoverageView) -> Value {
    json!({
        "item": one.item.as_str(),
        "title": one.title,
        "decisions": one.count,
        "authorities": one.authorities,
        "last_decision": day_json(one.last),
    })
}

fn listed_json(one: &CountedView) -> Value {
    json!({
        "authority": one.authority.to_string(),
        "name": one.name,
        "day": one.day.to_string(),
        "reference": one.reference.to_string(),
    })
}

/// A line for each item of the catalogue and each authority that decided under it, and one for an item without any.
// spec: STA-7
pub(crate) fn coverage_csv(view: &StatisticsView) -> String {
    let mut lines = vec!["period,item,title,authority,name,decisions,last_decision".to_owned()];
    for item in &view.coverage {
        let head = format!("{},{},{}", view.period, item.item, quoted(&item.title));
        if item.count == 0 {
            lines.push(format!("{head},,\"\",0,"));
        }
        for of in &view.authorities {
            let found = of.items.iter().filter(|one| one.item == item.item);
            lines.extend(found.map(|one| {
                let authority = of.authority.map(|code| code.to_string());
                format!(
                    "{head},{},{},{},{}",
                    authority.unwrap_or_default(),
                    quoted(of.name.as_deref().unwrap_or_default()),
                    one.count,
                    one.last
                )
            }));
        }
    }
    lines.push(String::new());
    lines.join("\r\n")
}

/// Comma-separated values (RFC 4180): a line for each authority, keys in the first. Rates are in percent.
pub(crate) fn statistics_csv(view: &StatisticsView) -> String {
    let mut lines = vec!["period,authority,name,".to_owned()];
    let keys: Vec<_> = numbers(&view.total).map(|(key, _)| key).to_vec();
    let keys = keys.into_iter().chain(["late_percent", "overdue_percent"]);
    let keys = keys.map(str::to_owned);
    let acts = COUNTED.iter().map(|class| class.name().replace('-', "_"));
    let kinds = ViolationCode::VALUES.iter();
    let kinds = kinds.map(|kind| kind.name().replace('-', "_"));
    let keys: Vec<_> = keys.chain(acts).chain(kinds).collect();
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
        cells.extend(
            [of.late_rate, of.overdue_rate].map(|rate| rate.map_or_else(String::new, hundredths)),
        );
        cells.extend(COUNTED.iter().map(|class| {
            let mut found = of.acts.iter().filter(|one| one.class == *class);
            found.next().map_or(0, |one| one.count).to_string()
        }));
        let kinds = ViolationCode::VALUES.iter();
        cells.extend(kinds.map(|kind| violation(of, *kind).to_string()));
        lines.push(cells.join(","));
    }
    lines.push(String::new());
    lines.join("\r\n")
}

/// A text as one cell: quoted, its quotes doubled, and never a formula where a table is opened.
pub(super) fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use concordat_protocol::admin::{ActCount, DecisionCount, ItemCount, ViolationCount};
    use concordat_protocol::statement::{ActType, Class, Code};
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
            items: vec![ItemCount {
                item: Code::new("food.label").unwrap(),
                count: 4,
                last: Day::parse_loose("2026-11-20").unwrap(),
            }],
            violations: vec![ViolationCount {
                violation: ViolationCode::LateRepair,
                count: 6,
            }],
            overdue_rate: Some(5_000),
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
            coverage: ["food.label", "food.other"]
                .map(|item| CoverageView {
                    item: Code::new(item).unwrap(),
                    title: "@食品".to_owned(),
                    count: if item == "food.label" { 4 } else { 0 },
                    last: (item == "food.label").then(|| day("2026-11-20")),
                    authorities: 1,
                })
                .to_vec(),
            listed: vec![],
            listed_left: None,
        }
    }

    // spec: ADM-300
    #[test]
    fn table_of_values_has_a_line_for_each_authority_and_no_formula() {
        let csv = statistics_csv(&view());
        let lines: Vec<_> = csv.split("\r\n").collect();
        assert_eq!(lines.len(), 3);
        let header = "period,authority,name,decisions,in_time,late,unknown_due,objections,\
                      objections_closed,objections_closed_late,objections_open,objections_overdue,\
                      late_percent,overdue_percent,ruling,stay,correction,withdrawal,repair,\
                      recorded_outside,disclosed_outside,measure_outside,wrong_listing,late_repair";
        assert_eq!(lines[0], header);
        let row = "2026-11,11310000MB00000009,\"'=某局,\"\"一\"\"\",4,2,1,0,3,1,0,1,1,\
                   33.33,50.00,0,0,2,0,0,0,0,0,0,6";
        assert_eq!(lines[1], row);
        assert_eq!(lines[2], "");
    }

    // spec: STA-7
    #[test]
    fn table_of_coverage_names_each_item_with_who_decided_and_those_without_any() {
        let csv = coverage_csv(&view());
        let lines: Vec<_> = csv.split("\r\n").collect();
        let of =
            "2026-11,food.label,\"'@食品\",11310000MB00000009,\"'=某局,\"\"一\"\"\",4,2026-11-20";
        let none = "2026-11,food.other,\"'@食品\",,\"\",0,";
        assert_eq!(lines[1..], [of, none, ""]);
    }

    // spec: ADM-300
    #[test]
    fn share_is_shown_in_hundredths_of_a_percent_and_whole_in_json() {
        assert_eq!(percent(360), "3.60 %");
        assert_eq!(percent(10_000), "100.00 %");
        let json = figures_json(&figures(None));
        assert_eq!(json["late_rate"], 3_333);
        // spec: STA-6, STA-7, STA-8
        assert_eq!(json["late_per_10000"], 3_333);
        assert_eq!(json["overdue_per_10000"], 5_000);
        assert_eq!(json["violations"]["late-repair"], 6);
        assert_eq!(json["violations"]["wrong-listing"], 0);
        assert_eq!(json["by_item"]["food.label"]["decisions"], 4);
        assert_eq!(json["by_act_type"]["penalty"], 4);
        assert_eq!(json["acts"]["correction"], 2);
        assert_eq!(json["objections_overdue"], 1);
    }
}
