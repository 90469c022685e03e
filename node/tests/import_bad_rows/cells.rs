//! Cells that are refused, each by line, column and reason.

use super::*;

pub(super) fn composed(prefix: &str) -> String {
    let region = RegionCode::parse("231100").unwrap();
    let code = SubjectCode::compose(prefix, region, "MA00007L").unwrap();
    code.to_string()
}

/// Changes to one good row and what they are refused for, column and reason.
type Case = (
    Vec<(&'static str, String)>,
    Vec<(&'static str, &'static str)>,
);

fn cell_cases() -> Vec<Case> {
    let with_number = |text: &str| format!("{text}，身份证号{IDENTITY_NUMBER}。");
    let one = |column: &'static str, cell: &str, code: &'static str| {
        (vec![(column, cell.to_owned())], vec![(column, code)])
    };
    vec![
        // Codes.
        one("CF_XDR_SHXYM", "91350203M0001QKT19", "code-check"),
        one("CF_XDR_SHXYM", "91110108551385082", "code-length"),
        one("CF_XDR_SHXYM", "9111010855138508ZQ", "code-character"),
        one("CF_XDR_SHXYM", IDENTITY_NUMBER, "code-is-identity-number"),
        one("CF_XDR_SHXYM", "110105491231002", "code-is-identity-number"),
        one("CF_XDR_SHXYM", "99110108551385082Q", "code-prefix"),
        one("CF_XDR_SHXYM", "911101A8551385082Q", "code-region"),
        one("CF_XDR_SHXYM", "00000000000000000X", "code-placeholder"),
        one("CF_XDR_SHXYM", "", "missing-field"),
        one("登记机关确认文号", "登记函〔2020〕3号", "reference-idle"),
        one("CF_CFJGDM", "00000000000000000X", "code-placeholder"),
        one("CF_CFJGDM", "91110108551385082Q", "other-authority"),
        one("CF_CFJGDM", "null", "missing-field"),
        // Natural persons.
        one("CF_XDR_LB", "自然人", "natural-person"),
        one("CF_XDR_ZJHM", IDENTITY_NUMBER, "natural-person"),
        one("CF_XDR_MC", &with_number("某店"), "personal-number"),
        one("CF_WSH", &with_number("罚字"), "personal-number"),
        one("CF_WFXW", &with_number("经营"), "personal-number"),
        (
            vec![("CF_WFXW", String::new()), ("CF_SY", with_number("经查"))],
            vec![("CF_SY", "personal-number")],
        ),
        one("CF_NR", "电话13800138000", "personal-number"),
        one("CF_YJ", &with_number("《某法》第一条"), "personal-number"),
        one("登记机关确认文号", &with_number("函"), "personal-number"),
        one("复议机关", &with_number("政府"), "personal-number"),
        // The boundary.
        one("CF_XDR_MC", " \u{3000}", "missing-field"),
        one("CF_WSH", "", "missing-field"),
        one("CF_YJ", "", "missing-basis"),
        one("CF_YJ", "有关规定", "basis-shape"),
        one("CF_YJ", "《中华人民共和国食品安全法》", "basis-shape"),
        one("CF_YJ", "《某某办法》第三条", "basis-level-unknown"),
        one("CF_GSJZQ", "", "missing-publication-end"),
        one("CF_GSJZQ", "2099-12-31", "no-end"),
        one("CF_YXQ", "2099/12/31", "no-end"),
        one("送达方式", "", "missing-service"),
        one("送达日期", "/", "missing-service"),
        // Dates.
        one("CF_JDRQ", "", "missing-field"),
        one("CF_JDRQ", "02.03.2026", "date-shape"),
        one("CF_JDRQ", "1772409600000", "date-shape"),
        (
            vec![
                ("CF_JDRQ", "2026-06-02".to_owned()),
                ("送达日期", "2026-06-03".to_owned()),
            ],
            vec![("CF_JDRQ", "not-decided-yet")],
        ),
        one("CF_GSJZQ", "2027-02-30", "no-such-day"),
        one("CF_YXQ", "2200-01-01", "date-out-of-range"),
        one("CF_GSJZQ", "2026-03-01", "ends-before-decision"),
        one("CF_YXQ", "2025-03-01", "ends-before-decision"),
        one("送达日期", "2026-03-01", "served-before-decision"),
        // spec: IMP-60
        one("送达日期", "2026-06-02", "not-served-yet"),
        // Lists of codes, amounts, text.
        one("CF_CFLB", "罚款;行政拘留", "unknown-penalty-class"),
        one("事项代码", "food.other", "unknown-item"),
        one("事项代码", "食品", "unknown-item"),
        one("送达方式", "口头", "unknown-service-way"),
        one("CF_NR_FK", "五千元", "money-shape"),
        one("CF_NR_FK", "-1", "money-shape"),
        one("CF_NR_WFFF", "0.0000005", "money-too-precise"),
        one("CF_NR_FK", "99999999999999999999", "money-out-of-range"),
        one("CF_XDR_MC", &"长".repeat(201), "field-too-long"),
        one("CF_NR", &"长".repeat(4001), "field-too-long"),
        one("CF_WSH", &"号".repeat(129), "field-too-long"),
        one("CF_NR", "罚款\u{7}", "control-character"),
        one("CF_WSH", "Z-\u{200B}40", "invisible-character"),
        one("CF_WSH", "葛\u{E0100}罚40号", "invisible-character"),
        one("CF_XDR_MC", "黑河\u{FEFF}公司", "invisible-character"),
        one("CF_NR", "a\0b", "nul-byte"),
        // Several at once: every one is named.
        (
            vec![
                ("CF_JDRQ", "2026-13-01".to_owned()),
                ("CF_YJ", String::new()),
                ("CF_NR_FK", "x".to_owned()),
                ("CF_XDR_SHXYM", IDENTITY_NUMBER.to_owned()),
            ],
            vec![
                ("CF_XDR_SHXYM", "code-is-identity-number"),
                ("CF_JDRQ", "no-such-day"),
                ("CF_NR_FK", "money-shape"),
                ("CF_YJ", "missing-basis"),
            ],
        ),
    ]
}

#[test]
fn every_bad_cell_is_named_by_line_column_and_reason() {
    // spec: IMP-1, IMP-4, IMP-5, IMP-9, IMP-15, IMP-19, ID-42
    let mut table = Table::new();
    let mut expected: Vec<Found> = Vec::new();
    let mut good = 0;
    for (changes, errors) in cell_cases() {
        let changes: Vec<(&str, &str)> = changes.iter().map(|(c, v)| (*c, v.as_str())).collect();
        let line = table.push(&changes);
        for (column, code) in errors {
            expected.push((line, Some(column.to_owned()), code));
        }
        table.push(&[]);
        good += 1;
    }
    let import = import(&table.bytes);
    assert_eq!(found(&import.report), expected);
    assert_eq!(import.report.accepted, good);
    assert_eq!(import.report.refused, good);
    let kinds: BTreeSet<&str> = expected.iter().map(|(_, _, code)| *code).collect();
    assert!(kinds.len() >= 30, "{kinds:?}");
}

#[test]
fn code_that_fails_its_check_is_taken_on_the_registrars_word() {
    let mut table = Table::new();
    table.push(&[
        ("CF_XDR_SHXYM", "91350203M0001QKT19"),
        ("登记机关确认文号", "登记函〔2020〕3号"),
    ]);
    let import = import(&table.bytes);
    assert_eq!(found(&import.report), []);
    let subject = &import.accepted[0].decision.fields().subject;
    assert!(subject.check().registrar_reference().is_some());
}

#[test]
fn both_remedies_blank_is_no_remedy() {
    // spec: IMP-4
    let mut table = Table::new();
    let row = row(2, &[("复议机关", "")]).replace("黑河市爱辉区人民法院", "");
    let line = table.push_raw(row.as_bytes());
    let expected = (line, Some("复议机关".to_owned()), "missing-remedies");
    assert_eq!(found(&import(&table.bytes).report), [expected]);
}

#[test]
fn cell_that_names_no_body_is_no_remedy() {
    // spec: IMP-18
    let text = penalty_profile();
    let profile = Profile::parse(&text.replace(", \"无\"]", "]")).unwrap();
    let importer = Importer::new(&profile, NetworkKind::Prod, options()).unwrap();
    let mut table = Table::new();
    table.push(&[("复议机关", "无")]);
    let run = |bytes: &[u8]| importer.run(bytes, &|_, _| Stored::Absent, &mut |_| {});
    let import = run(&table.bytes).unwrap();
    assert_eq!(import.accepted[0].decision.fields().remedies.len(), 1);
    let none = String::from_utf8(table.bytes).unwrap();
    let none = none.replace("黑河市爱辉区人民法院", "n/a");
    let expected = (2, Some("复议机关".to_owned()), "missing-remedies");
    assert_eq!(found(&run(none.as_bytes()).unwrap().report), [expected]);
}

#[test]
fn report_never_repeats_a_cell_and_speaks_both_languages() {
    // spec: IMP-5, IMP-6
    let mut table = Table::new();
    for (changes, _) in cell_cases() {
        let changes: Vec<(&str, &str)> = changes.iter().map(|(c, v)| (*c, v.as_str())).collect();
        table.push(&changes);
    }
    let report = import(&table.bytes).report;
    let json = serde_json::to_string(&report).unwrap();
    assert!(!json.contains(IDENTITY_NUMBER));
    assert!(!json.contains("13800138000"));
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let first = &value["errors"][0];
    assert_eq!(first["line"], 2);
    assert_eq!(first["column"], "CF_XDR_SHXYM");
    assert_eq!(first["field"], "subject_code");
    assert_eq!(first["reason"], "code-check");
    for error in &report.errors {
        let chinese = error.render(Language::Chinese);
        assert!(chinese.contains(error.reason.code()), "{chinese}");
        assert!(!error.reason.hint(Language::English).is_empty());
        assert!(
            error
                .reason
                .message(Language::Chinese)
                .chars()
                .any(|c| c > '\u{3000}')
        );
    }
}
