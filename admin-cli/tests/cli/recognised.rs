//! What the tool says of a decision that is recognised, or not.

use concordat_protocol::admin::{
    AllowedView, BindsOthersCode, DecisionView, DutyView, LackingCode, MeasureTitleView,
    RecognitionCode, RecognitionView, ReliedView, Reply, SubjectAnswer,
};
use concordat_protocol::codec::Truth;
use concordat_protocol::statement::{
    ActType, BasisLevel, Code, Force, LegalBasis, Listing, Measure, Quarter, SeriousGroup,
};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::text::Text;

use crate::node::{HUB, against, day, effect, hub, origin, reference};

fn empty(code: RecognitionCode) -> RecognitionView {
    RecognitionView {
        code,
        by: Vec::new(),
        by_left: None,
        measures: Vec::new(),
        grant: None,
        lacking: None,
        state: None,
    }
}

fn recognised() -> RecognitionView {
    let by = ReliedView {
        agreement: reference(50),
        title: "区域信用互认协议".to_owned(),
        version: 2,
        clause: "第五条".to_owned(),
    };
    let basis = LegalBasis {
        law: Text::new("招标投标法").unwrap(),
        article: Text::new("第五十四条").unwrap(),
        level: BasisLevel::Law,
    };
    RecognitionView {
        by: vec![by.clone()],
        by_left: Some(3),
        measures: vec![AllowedView {
            measure: Measure::new("tender.limit").unwrap(),
            until: day(),
            force: Force::Mandatory,
            basis,
            by,
        }],
        grant: Some(Truth),
        ..empty(RecognitionCode::Recognised)
    }
}

fn code() -> SubjectCode {
    SubjectCode::with_check("91310000717854505").unwrap()
}

fn answer() -> Reply {
    let lacking = RecognitionView {
        lacking: Some(LackingCode::BasisNotValidHere),
        ..empty(RecognitionCode::ForInformation)
    };
    let refused = RecognitionView {
        state: Some(BindsOthersCode::Suspended),
        ..empty(RecognitionCode::NotRecognised)
    };
    let own = empty(RecognitionCode::Own);
    let all = [recognised(), lacking, refused, own].into_iter();
    let decision = |(at, recognition)| DecisionView {
        answers: vec![],
        answers_left: None,
        reference: reference(at),
        issuer: hub(),
        issuer_name: "某局".to_owned(),
        document_number: "A〔2025〕1号".to_owned(),
        act_type: ActType::Penalty,
        item: Code::new("penalty.labour").unwrap(),
        item_title: None,
        decided_on: day(),
        effect: effect(),
        recognition: Some(recognition),
        awaited: Vec::new(),
        listed: Vec::new(),
        listed_left: None,
        under: None,
        measure_titles: vec![],
        listing: None,
        content: None,
    };
    Reply::Subject(Box::new(SubjectAnswer {
        code: code(),
        names: vec!["某公司".to_owned()],
        as_of: day(),
        look_up_row: 4,
        decisions: (7..).zip(all).map(decision).collect(),
        total: 4,
        bodies_missing: 0,
        next_skip: None,
        copies_left: None,
        agreements_cut: vec![origin()],
        not_about: vec![],
        records: vec![],
        records_total: None,
        records_next_skip: None,
        erased: Vec::new(),
        erased_left: None,
        clean: None,
        now: None,
        codes: Vec::new(),
    }))
}

fn shown(before: &[&str]) -> String {
    shown_for(answer(), before)
}

fn shown_for(answer: Reply, before: &[&str]) -> String {
    let text = code().to_string();
    let ask = [
        "subject",
        &text,
        "--purpose",
        "p",
        "--case",
        "c",
        "--basis",
        "b",
    ];
    let (ran, _) = against(vec![answer], &[before, &ask].concat());
    ran.exits(0).out
}

/// Spaces as one: columns are laid out by their widest value.
fn plain(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        words.join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

// spec: ADM-231, ADM-233
#[test]
fn each_decision_has_a_line_with_the_reason_and_each_measure_another() {
    let out = plain(&shown(&["--lang", "en"]));
    for line in [
        format!("{HUB}/0#7 A〔2025〕1号"),
        format!("Recognised here recognised: 《区域信用互认协议》 v2 第五条 ({HUB}/0#50) and 3 more"),
        "May be applied tenders: limits (tender.limit) until 2025-03-01, mandatory, by force of 招标投标法 第五十四条 (第五条)"
            .to_owned(),
        "May be relied on what it grants".to_owned(),
        "Recognised here for information: it rests on local acts of another place".to_owned(),
        "Recognised here not recognised: suspended".to_owned(),
        "May be done nothing on the strength of it".to_owned(),
        "Recognised here own decision".to_owned(),
        format!("! {} says more about agreements than is looked at", origin()),
    ] {
        assert!(out.contains(&line), "{line}\n{out}");
    }
    let out = plain(&shown(&["--lang", "zh"]));
    for line in [
        "予以互认：《区域信用互认协议》 v2 第五条",
        "可采取措施 招标投标：限制（tender.limit） 至 2025-03-01，强制性，依据《招标投标法》第五十四条（第五条）",
        "仅供参考：依据在本地无效",
        "不予互认：中止",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
}

// spec: ADM-230
#[test]
fn json_says_all_of_it() {
    let json: serde_json::Value = serde_json::from_str(&shown(&["--output", "json"])).unwrap();
    let first = &json["decisions"][0]["recognition"];
    assert_eq!(first["code"], "recognised");
    assert_eq!(first["by"][0]["title"], "区域信用互认协议");
    assert_eq!(first["by"][0]["version"], 2);
    assert_eq!(first["by_left"], 3);
    assert_eq!(first["measures"][0]["measure"], "tender.limit");
    assert_eq!(first["measures"][0]["until"], "2025-03-01");
    assert_eq!(first["measures"][0]["force"], "mandatory");
    assert_eq!(first["measures"][0]["level"], "law");
    assert_eq!(first["grant"], true);
    let second = &json["decisions"][1]["recognition"];
    assert_eq!(second["lacking"], "basis-not-valid-here");
    assert_eq!(json["decisions"][2]["recognition"]["state"], "suspended");
    assert_eq!(json["agreements_cut"][0], origin().as_str());
}

/// An entry in a list that applies elsewhere and that no agreement makes count here.
fn entry() -> DecisionView {
    let Reply::Subject(answer) = answer() else {
        unreachable!()
    };
    let mut one = answer.decisions.into_iter().nth(1).unwrap();
    let measure = Measure::new("tender.limit").unwrap();
    one.act_type = ActType::SeriousList;
    one.item_title = Some("欠薪".to_owned());
    one.content = Some("列入名单三年".to_owned());
    one.measure_titles = vec![MeasureTitleView {
        measure: measure.clone(),
        title: "限制参加投标".to_owned(),
    }];
    one.listing = Some(Listing {
        pre_notice: None,
        exit_conditions: Text::new("付清工资").unwrap(),
        exit_procedure: Text::new("向作出机关申请").unwrap(),
        group: Some(SeriousGroup::LegalDuties),
        quarter: Quarter::new(2025, 1),
    });
    one.effect.binds_others = BindsOthersCode::Applies;
    one.effect.suspended_by.clear();
    one.effect.fine_fen = 500_000;
    one.effect.publication_until = Some(day());
    one.effect.duties = vec![DutyView {
        measure,
        until: day(),
        ended: false,
        binds_others: BindsOthersCode::Applies,
    }];
    one
}

fn shown_of(one: DecisionView, before: &[&str]) -> String {
    let Reply::Subject(mut answer) = answer() else {
        unreachable!()
    };
    answer.decisions = vec![one];
    answer.agreements_cut.clear();
    shown_for(Reply::Subject(answer), before)
}

/// *Applies* stood beside *for information*, and what was decided and may be done was not on the screen.
// spec: ADM-506, ADM-507, ADM-508
#[test]
fn screen_says_in_one_word_what_holds_here_and_what_may_be_done() {
    let out = plain(&shown_of(entry(), &["--lang", "en"]));
    for line in [
        "list of serious breaches 2025-03-01 in force for information",
        "Item 欠薪 (penalty.labour)",
        "Decided 列入名单三年",
        "5,000.00",
        "Measure 限制参加投标 (tender.limit) until 2025-03-01 (applies)",
        "quarter 1 of 2025",
        "Leaves the list 付清工资",
        "Published until 2025-03-01",
        "May be done nothing on the strength of it",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
    let out = plain(&shown_of(entry(), &["--lang", "zh"]));
    for line in [
        "事项 欠薪（penalty.labour）",
        "决定内容 列入名单三年",
        "措施 限制参加投标（tender.limit） 至 2025-03-01",
        "2025 年第 1 季度",
        "移出条件 付清工资",
        "可采取行动 不得据以采取措施",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
    let here = |one| {
        let out = shown_of(one, &["--output", "json"]);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        json["decisions"][0]["here"].clone()
    };
    assert_eq!(here(entry()), "for-information");
    let mut own = entry();
    own.recognition = Some(empty(RecognitionCode::Own));
    own.effect.in_force_for_issuer = true;
    assert_eq!(here(own.clone()), "in-force");
    // What is known against it is said beside it, and nothing unknown is called in force.
    own.effect.binds_others = BindsOthersCode::Suspended;
    assert_eq!(here(own.clone()), "in-force");
    let out = plain(&shown_of(own.clone(), &["--lang", "en"]));
    assert!(out.contains("in force (suspended"), "{out}");
    own.effect.binds_others = BindsOthersCode::NotYet;
    assert_eq!(here(own.clone()), "not-yet");
    own.effect.in_force_for_issuer = false;
    own.effect.binds_others = BindsOthersCode::Withdrawn;
    assert_eq!(here(own), "withdrawn");
    let mut relied = entry();
    relied.recognition = Some(recognised());
    assert_eq!(here(relied), "recognised");
    let mut ended = entry();
    ended.effect.binds_others = BindsOthersCode::Ended;
    assert_eq!(here(ended), "ended");
}

/// A number is its author's to write, and no line of the screen.
// spec: ADM-508
#[test]
fn document_number_makes_no_line_of_the_screen() {
    let mut forged = entry();
    forged.document_number = "1\n May apply  all of it".to_owned();
    let out = shown_of(forged, &["--lang", "en"]);
    assert!(
        !out.lines().any(|line| line.starts_with(" May apply  all")),
        "{out}"
    );
}
