//! One file with every kind of bad row: each is named by line, column and reason, the good rows
//! between them are whole, and a second import of the file adds nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use concordat_node::import::{
    Field, Filter, Import, ImportError, ImportOptions, ImportReason, Importer, Language, LooksLike,
    NaturalKey, Outcome, Profile, ProfileError, ProfileRule, ROW_BYTES_MAX, Report, Stored,
};
use concordat_protocol::log::origin::NetworkKind;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{Code, Decision, MeasureError};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::time::Day;

const ISSUER: &str = "11230500001755309F";
const IDENTITY_NUMBER: &str = "362322198709086409";

/// The shipped profile for penalties, as text.
fn penalty_profile() -> &'static str {
    let mut shipped = concordat_node::import::SHIPPED.into_iter();
    let found = shipped.find(|(name, _)| *name == "cn-penalty-2018");
    found.unwrap().1
}

/// Columns of the penalty table with what a good row says in each.
const GOOD: [(&str, &str); 22] = [
    ("CF_XDR_MC", "黑河示例食品有限公司"),
    ("CF_XDR_LB", "法人及非法人组织"),
    ("CF_XDR_SHXYM", "91110108551385082Q"),
    ("登记机关确认文号", ""),
    ("CF_FRDB", "某某"),
    ("CF_XDR_ZJHM", ""),
    ("CF_WSH", "黑市监罚〔2026〕0号"),
    ("CF_CFLB", "罚款;没收违法所得"),
    ("CF_WFXW", "经营标签不符合规定的食品"),
    ("CF_SY", "抽检发现，标签未标明生产日期"),
    (
        "CF_YJ",
        "依据《中华人民共和国食品安全法》第一百二十五条第一款",
    ),
    ("CF_NR", "罚款五千元"),
    ("CF_NR_FK", "0.500000"),
    ("CF_NR_WFFF", "0.000001"),
    ("CF_JDRQ", "2026/03/02"),
    ("CF_YXQ", "2027年3月2日"),
    ("CF_GSJZQ", "2027-03-02"),
    ("CF_CFJGDM", ISSUER),
    ("事项代码", "food.label"),
    ("送达日期", "20260305"),
    ("送达方式", "直接送达"),
    ("复议机关", "黑河市人民政府"),
];

/// A table under construction.
struct Table {
    bytes: Vec<u8>,
    line: u64,
}

impl Table {
    fn new() -> Self {
        let mut table = Self {
            bytes: b"\xEF\xBB\xBF".to_vec(),
            line: 1,
        };
        let header: Vec<&str> = GOOD.iter().map(|(column, _)| *column).collect();
        table.push_raw(format!("{},诉讼法院\r\n", header.join(",")).as_bytes());
        table
    }

    /// Appends bytes as they are; the line that they begin on.
    fn push_raw(&mut self, bytes: &[u8]) -> u64 {
        let line = self.line;
        self.line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.bytes.extend(bytes);
        line
    }

    /// Appends a good row with some cells changed and a document number of its own.
    fn push(&mut self, changes: &[(&str, &str)]) -> u64 {
        let row = row(self.line, changes);
        self.push_raw(row.as_bytes())
    }
}

fn row(number: u64, changes: &[(&str, &str)]) -> String {
    for (column, _) in changes {
        assert!(GOOD.iter().any(|(known, _)| known == column), "{column}");
    }
    let document_number = format!("黑市监罚〔2026〕{number}号");
    let mut cells: Vec<String> = Vec::new();
    for (column, good) in GOOD {
        let good = if column == "CF_WSH" {
            &document_number
        } else {
            good
        };
        let changed = changes.iter().find(|(name, _)| *name == column);
        let cell = changed.map_or(good, |(_, cell)| cell);
        cells.push(format!("\"{}\"", cell.replace('"', "\"\"")));
    }
    cells.push("黑河市爱辉区人民法院".to_owned());
    format!("{}\r\n", cells.join(","))
}

fn today() -> Day {
    Day::parse_loose("2026-06-01").unwrap()
}

fn issuer() -> AuthorityCode {
    AuthorityCode::parse(ISSUER).unwrap()
}

fn penalties() -> Profile {
    Profile::shipped("cn-penalty-2018").unwrap().unwrap()
}

fn options() -> ImportOptions {
    let mut options = ImportOptions::new(issuer(), today());
    options.items = Some(BTreeSet::from([Code::new("food.label").unwrap()]));
    options
}

fn import_with(options: ImportOptions, bytes: &[u8]) -> Result<Import, ImportError> {
    let profile = penalties();
    let importer = Importer::new(&profile, NetworkKind::Prod, options)?;
    importer.run(bytes, &|_, _| Stored::Absent, &mut |_| {})
}

fn import(bytes: &[u8]) -> Import {
    import_with(options(), bytes).unwrap()
}

type Found = (u64, Option<String>, &'static str);

fn found(report: &Report) -> Vec<Found> {
    let errors = report.errors.iter();
    errors
        .map(|error| (error.line, error.column.clone(), error.reason.code()))
        .collect()
}

fn composed(prefix: &str) -> String {
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
fn rows_of_bad_shape_are_refused_and_the_next_ones_read() {
    // spec: IMP-2, IMP-3, IMP-7
    let mut table = Table::new();
    let columns = table.push_raw("a,b\r\n".as_bytes());
    table.push(&[]);
    let quote = table.push_raw(row(3, &[]).replacen("\",\"", "\"x,\"", 1).as_bytes());
    table.push(&[("CF_SY", "第一行\r\n第二行，含“引号”和\"引号\"")]);
    let long = table.push(&[("CF_SY", &"x".repeat(ROW_BYTES_MAX))]);
    table.push(&[]);
    let row = row(9, &[("CF_XDR_MC", "@")]);
    let (before, after) = row.split_once('@').unwrap();
    let (gbk, _, _) = encoding_rs::GBK.encode("黑河公司");
    let offset = (table.bytes.len() + before.len()) as u64;
    let encoding = table.push_raw(&[before.as_bytes(), &gbk, after.as_bytes()].concat());
    table.push(&[]);
    let open = table.push_raw("\"黑河\r\n,,,\r\n".as_bytes());

    let import = import(&table.bytes);
    let named = |column: &str| Some(column.to_owned());
    assert_eq!(
        found(&import.report),
        [
            (columns, None, "column-count"),
            (quote, named("CF_XDR_MC"), "text-after-quote"),
            (long, None, "row-too-long"),
            (encoding, named("CF_XDR_MC"), "wrong-encoding"),
            (open, named("CF_XDR_MC"), "unterminated-quote"),
        ]
    );
    assert!(matches!(
        import.report.errors[3].reason,
        ImportReason::WrongEncoding { looks_like: LooksLike::Gbk, offset: found, .. } if found == offset
    ));
    assert_eq!(import.report.errors[4].last_line, open + 1);
    assert_eq!(import.report.accepted, 4);
    let facts = import.accepted[1].decision.fields().facts.as_ref().unwrap();
    assert!(
        facts
            .as_str()
            .contains("第一行\n第二行，含“引号”和\"引号\"")
    );
}

#[test]
fn good_row_becomes_the_decision_that_it_says() {
    // spec: IMP-8, IMP-14
    let mut table = Table::new();
    table.push(&[
        ("CF_XDR_SHXYM", " ９１110108551385082q "),
        ("CF_NR", "re\u{301}sume\u{301}"),
    ]);
    let import = import(&table.bytes);
    assert_eq!(found(&import.report), []);
    let fields = import.accepted[0].decision.fields();
    assert_eq!(fields.subject.code().as_str(), "91110108551385082Q");
    assert!(!fields.subject.near_personal());
    assert_eq!(fields.fine_fen, Some(500_000));
    assert_eq!(fields.confiscation_fen, Some(1));
    assert_eq!(fields.basis[0].law.as_str(), "中华人民共和国食品安全法");
    assert_eq!(fields.basis[0].article.as_str(), "第一百二十五条第一款");
    assert_eq!(fields.decided_on.to_string(), "2026-03-02");
    assert_eq!(
        fields.service.as_ref().unwrap().on.to_string(),
        "2026-03-05"
    );
    assert_eq!(fields.remedies.len(), 2);
    assert_eq!(
        fields.content.as_ref().unwrap().as_str(),
        "r\u{e9}sum\u{e9}"
    );
    assert_eq!(fields.synthetic, Vec::<u64>::new());
    assert_eq!(import.report.normalised, 1);
    // The legal representative is nowhere.
    assert!(!format!("{fields:?}").contains("某某"));
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
fn self_employed_households_are_taken_and_counted_as_near_personal() {
    let mut table = Table::new();
    table.push(&[
        ("CF_XDR_SHXYM", &composed("92")),
        ("CF_XDR_MC", "爱辉区示例小吃店"),
        ("CF_XDR_LB", "个体工商户"),
    ]);
    table.push(&[]);
    let import = import(&table.bytes);
    assert_eq!(
        (import.report.accepted, import.report.near_personal),
        (2, 1)
    );
    assert!(import.accepted[0].decision.fields().subject.near_personal());
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
fn duplicate_within_the_file_names_the_first_line() {
    // spec: IMP-13
    let mut table = Table::new();
    let first = table.push(&[("CF_WSH", "甲")]);
    let second = table.push(&[("CF_WSH", "甲"), ("CF_NR", "别的内容")]);
    let import = import(&table.bytes);
    assert_eq!(import.report.accepted, 1);
    let [error] = import.report.errors.as_slice() else {
        panic!("one error")
    };
    assert_eq!(error.line, second);
    assert_eq!(
        error.reason,
        ImportReason::DuplicateInFile { first_line: first }
    );
}

#[test]
fn document_number_in_another_writing_is_the_same_number() {
    // spec: IMP-13, EFF-81
    for other in [
        "黑市监罚〔２０２６〕７号",
        "黑市监罚[2026]7号",
        "黑市监罚（2026） 7号",
    ] {
        let mut table = Table::new();
        let first = table.push(&[("CF_WSH", "黑市监罚〔2026〕7号")]);
        table.push(&[("CF_WSH", other)]);
        let import = import(&table.bytes);
        assert_eq!(import.report.accepted, 1);
        let reasons: Vec<_> = import.report.errors.iter().map(|e| &e.reason).collect();
        assert_eq!(
            reasons,
            [&ImportReason::DuplicateInFile { first_line: first }]
        );
        let shown = &import.accepted[0].decision.fields().document_number;
        assert_eq!(shown.as_str(), "黑市监罚〔2026〕7号");
    }
}

#[test]
fn second_import_of_the_same_file_adds_nothing() {
    // spec: IMP-13
    let store: RefCell<BTreeMap<NaturalKey, Decision>> = RefCell::default();
    let known = |key: &NaturalKey, decision: &Decision| match store.borrow().get(key) {
        None => Stored::Absent,
        Some(stored) if stored == decision => Stored::Same,
        Some(_) => Stored::Differs,
    };
    let profile = penalties();
    let importer = Importer::new(&profile, NetworkKind::Prod, options()).unwrap();
    let import_and_store = |bytes: &[u8]| {
        let import = importer.run(bytes, &known, &mut |_| {}).unwrap();
        for row in import.accepted {
            store.borrow_mut().insert(row.key, row.decision);
        }
        import.report
    };
    let mut table = Table::new();
    for _ in 0..20 {
        table.push(&[]);
    }
    table.push(&[("CF_JDRQ", "")]);
    let first = import_and_store(&table.bytes);
    assert_eq!(
        (first.accepted, first.already_there, first.refused),
        (20, 0, 1)
    );
    let second = import_and_store(&table.bytes);
    assert_eq!(
        (second.accepted, second.already_there, second.refused),
        (0, 20, 1)
    );

    let mut changed = Table::new();
    changed.push(&[("CF_NR_FK", "0.6")]);
    let third = import_and_store(&changed.bytes);
    let expected = (2, Some("CF_WSH".to_owned()), "differs-from-stored");
    assert_eq!(found(&third), [expected]);
}

#[test]
fn all_or_nothing_accepts_nothing_after_one_refusal() {
    // spec: IMP-16
    let mut table = Table::new();
    table.push(&[]);
    table.push(&[("CF_JDRQ", "")]);
    table.push(&[]);
    let mut options = options();
    options.all_or_nothing = true;
    let import = import_with(options.clone(), &table.bytes).unwrap();
    assert!(import.accepted.is_empty());
    let report = import.report;
    assert_eq!(
        (report.accepted, report.held_back, report.refused),
        (0, 2, 1)
    );

    let mut table = Table::new();
    table.push(&[]);
    assert_eq!(
        import_with(options, &table.bytes).unwrap().accepted.len(),
        1
    );
}

#[test]
fn files_that_cannot_be_read_as_a_whole_are_refused_at_once() {
    // spec: IMP-3, IMP-7, IMP-10
    let refused = |bytes: &[u8]| import_with(options(), bytes).unwrap_err();
    assert!(matches!(refused(b""), ImportError::Empty));
    assert!(matches!(refused(b"\xEF\xBB\xBF"), ImportError::Empty));
    assert!(matches!(refused(b"\n\n"), ImportError::Empty));
    assert!(matches!(refused(b"\xFF\xFEC\0"), ImportError::Utf16 { .. }));
    let ImportError::MissingColumns { names } = refused(b"CF_WSH,CF_YJ\n") else {
        panic!("columns are missing")
    };
    assert!(names.contains(&"CF_XDR_SHXYM".to_owned()));
    assert!(!names.contains(&"CF_WSH".to_owned()));

    let header = String::from_utf8(Table::new().bytes).unwrap();
    let header = header.trim_end();
    let with = |more: &str| refused(format!("{header}{more}\r\n").as_bytes());
    assert!(matches!(
        with(",张三"),
        ImportError::UnknownColumn { place: 24 }
    ));
    assert!(matches!(
        with(",cf_wsh"),
        ImportError::DuplicateColumn { place: 24 }
    ));
    assert!(matches!(
        with(",\"x"),
        ImportError::HeaderQuotes { line: 1 }
    ));
    let bare = header.replace(',', "\r");
    assert!(matches!(refused(bare.as_bytes()), ImportError::LineEnds));
    assert!(matches!(
        refused(b"CF_WSH,CF_YJ\r1,2\r"),
        ImportError::LineEnds
    ));
    let many: String = (0..300).map(|n| format!(",c{n}")).collect();
    assert!(matches!(
        with(&many),
        ImportError::TooManyColumns { max: 256 }
    ));
    let long = "x".repeat(ROW_BYTES_MAX);
    assert!(matches!(with(&long), ImportError::HeaderTooLong { .. }));

    let (gbk, _, _) = encoding_rs::GBK.encode("CF_WSH,事项代码\n");
    assert!(matches!(
        refused(&gbk),
        ImportError::HeaderEncoding {
            looks_like: LooksLike::Gbk,
            offset: 7,
            ..
        }
    ));
}

#[test]
fn gbk_file_declared_so_is_read_and_one_in_utf8_refused() {
    // spec: IMP-7
    let text = penalty_profile();
    let text = text.replace("encoding = \"utf-8\"", "encoding = \"gbk\"");
    let profile = Profile::parse(&text).unwrap();
    let importer = Importer::new(&profile, NetworkKind::Prod, options()).unwrap();
    let run = |bytes: &[u8]| importer.run(bytes, &|_, _| Stored::Absent, &mut |_| {});

    let mut table = Table::new();
    table.push(&[]);
    let utf8 = String::from_utf8(table.bytes.split_off(3)).unwrap();
    let (gbk, _, _) = encoding_rs::GBK.encode(&utf8);
    assert_eq!(run(&gbk).unwrap().report.accepted, 1);
    assert!(matches!(
        run(utf8.as_bytes()).unwrap_err(),
        ImportError::HeaderEncoding {
            looks_like: LooksLike::Utf8,
            ..
        }
    ));
}

#[test]
fn filtered_rows_are_passed_over_unread() {
    let mut table = Table::new();
    table.push(&[("CF_XDR_LB", "个体工商户"), ("CF_JDRQ", "")]);
    table.push(&[]);
    let mut options = options();
    options.filters.push(Filter {
        column: "CF_XDR_LB".to_owned(),
        one_of: vec!["法人及非法人组织".to_owned()],
    });
    let report = import_with(options, &table.bytes).unwrap().report;
    assert_eq!(
        (report.accepted, report.filtered, report.refused),
        (1, 1, 0)
    );
}

#[test]
fn profile_that_makes_fields_up_is_refused_outside_test_networks() {
    // spec: IMP-11
    let profile = Profile::shipped("jp-mhlw-labour").unwrap().unwrap();
    let new = |network| Importer::new(&profile, network, ImportOptions::new(issuer(), today()));
    assert!(matches!(
        new(NetworkKind::Prod).unwrap_err(),
        ImportError::SyntheticOutsideTest { profile } if profile == "jp-mhlw-labour"
    ));
    assert!(new(NetworkKind::Test).is_ok());
}

#[test]
fn profile_that_makes_a_field_up_outside_its_section_is_refused() {
    // spec: IMP-11
    let text = penalty_profile();
    for (from, to, key) in [
        (
            "{ column = \"CF_GSJZQ\" }",
            "{ after = \"decided_on\", days = 9 }",
            "after",
        ),
        ("{ column = \"CF_GSJZQ\" }", "{ on = \"2030-01-01\" }", "on"),
        (
            "{ column = \"CF_WSH\" }",
            "{ template = \"{CF_WSH}\" }",
            "template",
        ),
        ("{ column = \"CF_WSH\" }", "{ value = \"1\" }", "value"),
    ] {
        let text = text.replace(from, to);
        let line = text.lines().position(|line| line.contains(to)).unwrap() + 1;
        assert!(matches!(
            Profile::parse(&text).unwrap_err(),
            ProfileError::Rule {
                line: found,
                rule: ProfileRule::MadeUpOutsideSynthetic(_, found_key),
                ..
            } if found == line && found_key == key
        ));
    }
}

#[test]
fn profile_that_makes_service_or_remedies_up_is_refused() {
    // spec: IMP-17, IMP-18
    let made_up = |key| ProfileRule::MadeUpOutsideSynthetic(Field::ServiceWay, key);
    let shipped = penalty_profile();
    for (from, to, expected) in [
        (
            "[fields.service_way]\ncolumn = \"送达方式\"",
            "[fields.service_way]\nvalue = \"direct\"",
            made_up("value"),
        ),
        (
            "[fields.service_way]\n",
            "[fields.service_way]\notherwise = \"post\"\n",
            made_up("otherwise"),
        ),
        (
            "\"直接送达\" = \"direct\"",
            "\"*\" = \"direct\"",
            made_up("*"),
        ),
        (
            "served_on = { column = \"送达日期\" }",
            "served_on = { columns = [\"送达日期\", \"cf_jdrq\"] }",
            ProfileRule::ColumnOf(Field::ServedOn, Field::DecidedOn),
        ),
        ("within_days = 60", "within_days = 0", ProfileRule::NoTerm),
        (
            "body_column = \"复议机关\"",
            "body = \"无\"",
            ProfileRule::NoBody,
        ),
    ] {
        assert!(shipped.contains(from), "{from}");
        let refused = Profile::parse(&shipped.replacen(from, to, 1)).unwrap_err();
        assert!(
            matches!(refused, ProfileError::Rule { rule, .. } if rule == expected),
            "{to}: {refused}"
        );
    }
}

// spec: IMP-25, STM-40
#[test]
fn profile_with_a_measure_on_a_person_is_refused_at_its_line() {
    let shipped = penalty_profile();
    let with = |measure: &str| {
        let duty = format!("\n[[duties]]\nmeasure = \"{measure}\"\nuntil = \"限制截止日期\"\n");
        Profile::parse(&format!("{shipped}{duty}"))
    };
    assert!(with("licence.suspension").is_ok());
    for (measure, expected) in [
        ("person.travel-ban", MeasureError::Area),
        ("market.travel-ban", MeasureError::Kind),
        ("market.limit.manager", MeasureError::Number),
    ] {
        let refused = with(measure).unwrap_err();
        let rule = ProfileRule::Measure(expected);
        let at = shipped.lines().count() + 2;
        assert!(
            matches!(refused, ProfileError::Rule { line, rule: found, .. }
                if found == rule && line >= at),
            "{measure}: {refused}"
        );
    }
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
fn profile_errors_say_line_and_column() {
    let text = penalty_profile();
    let text = text.replace("separator = \";\"", "separater = \";\"");
    let expected = text
        .lines()
        .position(|line| line.starts_with("separater"))
        .unwrap()
        + 1;
    let Err(ProfileError::Syntax {
        line,
        column,
        message,
    }) = Profile::parse(&text)
    else {
        panic!("an unknown key")
    };
    assert_eq!((line, column), (expected, 1));
    assert!(message.contains("separater"), "{message}");
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

#[test]
fn rows_stream_one_by_one_with_their_progress() {
    let mut table = Table::new();
    table.push(&[]);
    table.push(&[("CF_JDRQ", "")]);
    let profile = penalties();
    let mut options = options();
    options.bytes_total = Some(table.bytes.len() as u64);
    let importer = Importer::new(&profile, NetworkKind::Prod, options).unwrap();
    let known = |_: &NaturalKey, _: &Decision| Stored::Absent;
    let mut rows = importer.rows(table.bytes.as_slice(), &known).unwrap();
    assert!(matches!(
        rows.next().unwrap().unwrap().outcome,
        Outcome::Accepted(_)
    ));
    assert_eq!(rows.progress().rows, 1);
    assert!(matches!(
        rows.next().unwrap().unwrap().outcome,
        Outcome::Refused(_)
    ));
    assert!(rows.next().is_none());
    assert_eq!(rows.progress().bytes, table.bytes.len() as u64);
    assert_eq!(rows.progress().bytes_total, Some(table.bytes.len() as u64));
}

/// The table of `spec/import.md` and the code name the same reasons.
#[test]
fn reasons_of_the_specification_are_those_of_the_code() {
    // spec: IMP-6
    let page = include_str!("../../spec/import.md");
    let (_, table) = page.split_once("## Reasons").unwrap();
    let listed: BTreeSet<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(code, _)| code)
        .collect();
    let code = include_str!("../src/import/reason.rs");
    let (_, arms) = code.split_once("pub const fn code").unwrap();
    let coded: BTreeSet<&str> = arms
        .lines()
        .filter_map(|line| line.split_once("=> \"")?.1.split_once('"'))
        .map(|(code, _)| code)
        .collect();
    assert_eq!(listed, coded);
}
