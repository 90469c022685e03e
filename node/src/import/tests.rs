//! The shipped profiles on real data, and properties of the importer as a whole.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;

use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{ActType, Invalid};
use concordat_protocol::subject::{CodeCheck, Form, SubjectCode};
use proptest::prelude::*;

use super::*;

const REAL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/data/jp_mhlw_labour_decisions.tsv"
);

fn today() -> Day {
    Day::parse_loose("2026-06-01").unwrap()
}

fn issuer() -> AuthorityCode {
    AuthorityCode::parse("11230500001755309F").unwrap()
}

fn labour() -> Profile {
    Profile::shipped("jp-mhlw-labour").unwrap().unwrap()
}

fn bureau(name: &str) -> ImportOptions {
    let mut options = ImportOptions::new(issuer(), today());
    options.filters.push(Filter {
        column: "authority".to_owned(),
        one_of: vec![name.to_owned()],
    });
    options
}

fn absent(_: &NaturalKey, _: &Decision) -> Stored {
    Stored::Absent
}

fn import(profile: &Profile, options: ImportOptions, bytes: &[u8]) -> Import {
    let importer = Importer::new(profile, NetworkKind::Test, options).unwrap();
    importer.run(bytes, &absent, &mut |_| {}).unwrap()
}

fn import_real(options: ImportOptions) -> Import {
    let profile = labour();
    let importer = Importer::new(&profile, NetworkKind::Test, options).unwrap();
    let file = File::open(REAL).unwrap();
    importer.run(file, &absent, &mut |_| {}).unwrap()
}

#[test]
fn every_shipped_profile_is_valid_and_has_its_own_name() {
    for (name, _) in SHIPPED {
        let profile = Profile::shipped(name).unwrap().unwrap();
        assert_eq!(profile.name(), name);
    }
    assert!(Profile::shipped("none").is_none());
}

#[test]
fn whole_real_file_refuses_rows_without_a_date_and_with_unknown_acts() {
    let import = import_real(ImportOptions::new(issuer(), today()));
    let mut reasons: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for error in &import.report.errors {
        let column = error.column.as_deref().unwrap();
        *reasons.entry((column, error.reason.code())).or_default() += 1;
    }
    let expected = [
        (("decision_date", "missing-field"), 104),
        // 労働安全衛生 without 法, and 労働安全衛生法違反: slips of the source.
        (("legal_basis", "basis-level-unknown"), 4),
    ];
    assert_eq!(reasons, expected.into());
    let report = import.report;
    assert_eq!(
        (report.rows, report.accepted, report.refused),
        (3_366, 3_258, 108)
    );
    assert_eq!((report.already_there, report.near_personal), (0, 0));
}

#[test]
fn real_rows_of_one_authority_are_counted_exactly() {
    for (name, accepted, refused) in BUREAUS {
        let report = import_real(bureau(name)).report;
        assert_eq!(
            (report.accepted, report.refused),
            (accepted, refused),
            "{name}"
        );
        assert_eq!(report.filtered + accepted + refused, 3_366);
    }
}

/// One `--where` forgotten, and a bureau signed the decisions of 46 others as its own: nothing but a
/// withdrawal of each takes that back.
// spec: IMP-70
#[test]
fn rows_of_another_authority_than_the_importing_one_are_refused_by_name() {
    for (name, accepted, refused) in BUREAUS {
        let issuer_name = Some(Text::new(name).unwrap());
        let options = ImportOptions::new(issuer(), today());
        let report = import_real(ImportOptions {
            issuer_name,
            ..options
        })
        .report;
        assert_eq!(report.accepted, accepted, "{name}");
        let errors = report.errors.iter();
        let others = errors.filter(|error| error.reason == ImportReason::OtherAuthority);
        let others: Vec<_> = others.collect();
        assert_eq!(others.len() as u64 + accepted + refused, report.rows);
        let is_named = |error: &&RowError| error.column.as_deref() == Some("authority");
        assert!(others.iter().all(is_named));
    }
}

/// Labour bureaus with what they have in the file, whole and refused.
const BUREAUS: [(&str, u64, u64); 7] = [
    ("大阪労働局", 240, 1),
    ("愛知労働局", 218, 2),
    ("北海道労働局", 198, 2),
    ("神奈川労働局", 185, 14),
    ("東京労働局", 152, 1),
    ("福岡労働局", 106, 32),
    ("長野労働局", 111, 0),
];

#[test]
fn equal_subjects_get_equal_codes_and_every_code_holds() {
    let import = import_real(ImportOptions::new(issuer(), today()));
    let mut codes = BTreeSet::new();
    for row in &import.accepted {
        let code = row.decision.fields().subject.code();
        assert_eq!(code.check(), CodeCheck::Ok);
        codes.insert(code);
    }
    let text = std::fs::read_to_string(REAL).unwrap();
    let lines = import
        .accepted
        .iter()
        .map(|row| usize::try_from(row.line).unwrap());
    let rows: Vec<&str> = text.lines().collect();
    let ids: BTreeSet<&str> = lines
        .map(|line| rows[line - 1].split('\t').nth(1).unwrap())
        .collect();
    assert_eq!(codes.len(), ids.len());
}

#[test]
fn what_the_profile_makes_up_is_marked_in_the_decision() {
    // spec: IMP-12
    let import = import_real(bureau("長野労働局"));
    let fields = import.accepted[0].decision.fields();
    assert_eq!(fields.synthetic, [1, 2, 3, 4, 6, 7, 10, 16, 17]);
    assert_eq!(fields.subject.code().as_str(), "91100000XXX000043G");
    assert_eq!(fields.document_number.as_str(), "MHLW-4");
    assert_eq!(fields.decided_on.to_string(), "2017-03-31");
    assert_eq!(
        fields.service.as_ref().unwrap().on.to_string(),
        "2017-04-07"
    );
    assert_eq!(fields.publication_until.unwrap().to_string(), "2037-03-26");
    assert_eq!(fields.item.as_str(), "labour.minimum-wage");
    assert_eq!(fields.subject.form(), Form::Cooperative);
    assert_eq!(fields.basis[0].law.as_str(), "最低賃金法");
    assert_eq!(fields.basis[0].article.as_str(), "第４条");
}

#[test]
fn profile_lists_the_items_that_it_can_give() {
    let items: Vec<String> = labour().items().iter().map(Code::to_string).collect();
    let expected = [
        "labour.dispatch",
        "labour.minimum-wage",
        "labour.other",
        "labour.safety",
        "labour.standards",
    ];
    assert_eq!(items, expected);
    let import = import_real(ImportOptions::new(issuer(), today()));
    let used: BTreeSet<Code> = import
        .accepted
        .into_iter()
        .map(|row| row.key.item)
        .collect();
    assert!(used.is_subset(&labour().items()));
}

#[test]
fn progress_never_runs_backwards_and_ends_at_the_end() {
    let bytes = std::fs::read(REAL).unwrap();
    let profile = labour();
    let importer = Importer::new(
        &profile,
        NetworkKind::Test,
        ImportOptions::new(issuer(), today()),
    )
    .unwrap();
    let steps = RefCell::new(Vec::new());
    importer
        .run(bytes.as_slice(), &absent, &mut |step| {
            steps.borrow_mut().push(step)
        })
        .unwrap();
    let steps = steps.into_inner();
    assert!(steps.is_sorted_by_key(|step| (step.rows, step.bytes)));
    let last = steps.last().unwrap();
    assert_eq!((last.rows, last.bytes), (3_366, bytes.len() as u64));
}

/// Licences: a small table with everything that a row needs.
const LICENCE_HEADER: &str = "XK_XDR_MC,XK_XDR_SHXYM,XK_XDR_ZJHM,XK_FRDB,XK_WSH,XK_XKWS,XK_NR,\
                              XK_JDRQ,XK_YXQZ,XK_YXQZI,XK_XKJGDM,XK_ZT,事项代码\n";

fn licences() -> Profile {
    Profile::shipped("cn-licence-2018").unwrap().unwrap()
}

fn licence_table(rows: &[[String; 13]]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(LICENCE_HEADER.as_bytes().to_vec());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

fn licence(number: usize, name: &str) -> [String; 13] {
    let serial = format!("{number:0>8}");
    let region = RegionCode::parse("231100").unwrap();
    let code = SubjectCode::compose("91", region, &serial).unwrap();
    [
        name.to_owned(),
        code.to_string(),
        String::new(),
        "某某".to_owned(),
        format!("许字{number}"),
        "食品经营许可证".to_owned(),
        "准予许可".to_owned(),
        "2026-01-05".to_owned(),
        "2026-01-05".to_owned(),
        "2099-12-31".to_owned(),
        issuer().as_str().to_owned(),
        "1".to_owned(),
        "food.licence".to_owned(),
    ]
}

#[test]
fn licence_without_end_needs_no_boundary() {
    let table = licence_table(&[licence(1, "示例有限公司")]);
    let import = import(&licences(), ImportOptions::new(issuer(), today()), &table);
    assert_eq!(import.report.errors, []);
    assert!(!import.accepted[0].decision.is_adverse());
}

#[test]
fn licence_that_is_no_longer_valid_is_refused() {
    // spec: IMP-9
    let mut row = licence(1, "示例有限公司");
    row[11] = "2".to_owned();
    let import = import(
        &licences(),
        ImportOptions::new(issuer(), today()),
        &licence_table(&[row]),
    );
    assert_eq!(import.report.errors[0].reason, ImportReason::SourceState);
}

/// A cell by its place in a licence row, and what spoils it.
/// Lists: one row of each kind with everything that it has to say.
const LIST_HEADER: [&str; 24] = [
    "主体名称",
    "统一社会信用代码",
    "认定单位代码",
    "认定文书号",
    "名单类别",
    "事项代码",
    "认定日期",
    "送达日期",
    "送达方式",
    "认定依据",
    "认定理由",
    "有效期至",
    "公示截止期",
    "事先告知日期",
    "事先告知方式",
    "移出条件",
    "移出程序",
    "失信行为类别",
    "季度",
    "限制招标投标至",
    "限制财政性资金至",
    "加强检查至",
    "复议机关",
    "诉讼法院",
];

/// A row of a list with the cells named changed.
fn entry(changes: &[(&str, &str)]) -> Vec<String> {
    let region = RegionCode::parse("231100").unwrap();
    let code = SubjectCode::compose("91", region, "00000001").unwrap();
    let cells = [
        "示例有限公司",
        code.as_str(),
        issuer().as_str(),
        "认字1",
        "严重失信主体名单",
        "labour.serious",
        "2026-01-05",
        "2026-01-06",
        "直接送达",
        "依据《中华人民共和国劳动法》第九十一条",
        "拖欠工资，责令改正后仍不改正",
        "2027-01-04",
        "2027-01-04",
        "2025-12-20",
        "直接送达",
        "足额支付工资",
        "向认定单位申请",
        "拒不履行法定义务",
        "",
        "2027-01-04",
        "",
        "",
        "某某市人民政府",
        "",
    ]
    .map(str::to_owned);
    let mut cells = cells.to_vec();
    for (column, cell) in changes {
        let at = LIST_HEADER.iter().position(|name| name == column).unwrap();
        cells[at] = (*cell).to_owned();
    }
    cells
}

fn import_list(changes: &[(&str, &str)]) -> Import {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(LIST_HEADER).unwrap();
    writer.write_record(entry(changes)).unwrap();
    let table = writer.into_inner().unwrap();
    let profile = Profile::shipped("cn-list").unwrap().unwrap();
    import(&profile, ImportOptions::new(issuer(), today()), &table)
}

const RED: [(&str, &str); 12] = [
    ("名单类别", "红名单"),
    ("失信行为类别", ""),
    ("送达日期", ""),
    ("送达方式", ""),
    ("认定依据", ""),
    ("公示截止期", ""),
    ("事先告知日期", ""),
    ("事先告知方式", ""),
    ("限制招标投标至", ""),
    ("复议机关", ""),
    ("季度", "2026年第一季度"),
    ("认定理由", "连续三年无不良记录"),
];

// spec: IMP-71
#[test]
fn entries_in_lists_are_read_with_what_each_list_says() {
    let watched = [("名单类别", "重点关注名单"), ("失信行为类别", "")];
    for (changes, act_type) in [
        (&[][..], ActType::SeriousList),
        (&watched, ActType::WatchList),
        (&RED, ActType::RedList),
    ] {
        let import = import_list(changes);
        assert_eq!(import.report.errors, [], "{act_type:?}");
        let fields = import.accepted[0].decision.fields();
        let listing = fields.listing.as_ref().unwrap();
        assert_eq!(fields.act_type, act_type);
        assert_eq!(listing.exit_procedure.as_str(), "向认定单位申请");
        assert_eq!(listing.pre_notice.is_some(), act_type.is_adverse());
        assert_eq!(listing.group.is_some(), act_type == ActType::SeriousList);
        assert_eq!(listing.quarter.is_some(), act_type == ActType::RedList);
    }
}

// spec: IMP-71
#[test]
fn entry_that_does_not_say_what_its_list_has_to_is_refused_by_reason() {
    let refused = |changes: &[(&str, &str)]| {
        let import = import_list(changes);
        assert!(import.accepted.is_empty(), "{changes:?}");
        let mut errors = import.report.errors.into_iter();
        let error = errors.next().unwrap();
        assert_eq!(errors.next().map(|error| error.reason), None, "{changes:?}");
        (error.column.unwrap_or_default(), error.reason)
    };
    let rule = |invalid| (String::new(), ImportReason::Rule(invalid));
    let lacks = |field| rule(Invalid::ListLacks { field });
    let told = [("事先告知日期", ""), ("事先告知方式", "")];
    assert_eq!(refused(&told), lacks("pre_notice"));
    assert_eq!(
        refused(&[("事先告知日期", "2026-01-05")]),
        rule(Invalid::ToldTooLate)
    );
    assert_eq!(refused(&[("有效期至", "")]), lacks("valid_until"));
    assert_eq!(refused(&[("认定理由", "")]), lacks("facts"));
    assert_eq!(refused(&[("限制招标投标至", "")]), lacks("duties"));
    let quarter = rule(Invalid::OtherList { field: "quarter" });
    assert_eq!(refused(&[("季度", "2026-1")]), quarter);
    let group = rule(Invalid::OtherList { field: "group" });
    assert_eq!(refused(&[("名单类别", "重点关注名单")]), group);
    let at = |column: &str, reason| (column.to_owned(), reason);
    let missing = |field| ImportReason::Missing { field };
    let conditions = missing(Field::ExitConditions);
    assert_eq!(refused(&[("移出条件", "")]), at("移出条件", conditions));
    let procedure = missing(Field::ExitProcedure);
    assert_eq!(refused(&[("移出程序", "")]), at("移出程序", procedure));
    let half = ImportReason::MissingService;
    assert_eq!(refused(&[("事先告知方式", "")]), at("事先告知方式", half));
    let unknown = ImportReason::UnknownSeriousGroup;
    assert_eq!(
        refused(&[("失信行为类别", "拖欠")]),
        at("失信行为类别", unknown)
    );
    let shape = ImportReason::QuarterShape;
    assert_eq!(refused(&[("季度", "一季度")]), at("季度", shape));
    let kind = ImportReason::UnknownActType;
    assert_eq!(
        refused(&[("名单类别", "失信被执行人名单")]),
        at("名单类别", kind)
    );
}

fn spoiled() -> impl Strategy<Value = (usize, &'static str)> {
    prop_oneof![
        Just((0, "")),
        Just((0, "电话13800138000")),
        Just((1, "362322198709086409")),
        Just((1, "91230500MA1B3N1N2")),
        Just((2, "1")),
        Just((4, "a\u{1}b")),
        Just((7, "2026-02-30")),
        Just((8, "5 January")),
        Just((9, "2020-01-01")),
        Just((10, "00000000000000000X")),
        Just((12, "Food Licence")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        for profile in [licences(), labour()] {
            let options = ImportOptions::new(issuer(), today());
            let importer = Importer::new(&profile, NetworkKind::Test, options).unwrap();
            let _ = importer.run(bytes.as_slice(), &absent, &mut |_| {});
            let table = [LICENCE_HEADER.as_bytes(), &bytes].concat();
            let _ = importer.run(table.as_slice(), &absent, &mut |_| {});
        }
    }

    #[test]
    fn random_profiles_never_panic(text in "\\PC{0,200}", cut in 0_usize..4000) {
        let _ = Profile::parse(&text);
        for (_, shipped) in SHIPPED {
            let kept: String = shipped.chars().take(cut).collect();
            let _ = Profile::parse(&format!("{kept}{text}"));
        }
    }

    #[test]
    fn valid_table_imports_whatever_its_words(
        names in proptest::collection::vec("[一-龥\",\n ]{0,20}公司", 1..20),
    ) {
        let rows: Vec<_> = names.iter().enumerate().map(|(n, name)| licence(n, name)).collect();
        let table = licence_table(&rows);
        let import = import(&licences(), ImportOptions::new(issuer(), today()), &table);
        prop_assert_eq!(&import.report.errors, &[]);
        prop_assert_eq!(import.accepted.len(), names.len());
        for (row, name) in import.accepted.iter().zip(&names) {
            prop_assert_eq!(row.decision.fields().subject.name().as_str(), name.trim());
        }
    }

    #[test]
    fn one_spoiled_cell_refuses_its_row_only(
        count in 1_usize..20,
        at in any::<prop::sample::Index>(),
        (cell, spoiled) in spoiled(),
    ) {
        // spec: IMP-1
        let at = at.index(count);
        let mut rows: Vec<_> = (0..count).map(|n| licence(n, "示例有限公司")).collect();
        rows[at][cell] = spoiled.to_owned();
        let import = import(&licences(), ImportOptions::new(issuer(), today()), &licence_table(&rows));
        prop_assert_eq!(import.accepted.len(), count - 1);
        prop_assert_eq!(import.report.refused, 1);
        for error in &import.report.errors {
            prop_assert_eq!(error.line, at as u64 + 2);
        }
    }
}
