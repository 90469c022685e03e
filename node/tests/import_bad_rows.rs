//! One file with every kind of bad row: each is named by line, column and reason, the good rows
//! between them are whole, and a second import of the file adds nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[path = "import_bad_rows/cells.rs"]
mod cells;
#[path = "import_bad_rows/profiles.rs"]
mod profiles;

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

use cells::composed;

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
