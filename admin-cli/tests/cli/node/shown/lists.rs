//! How entries in lists and clean years are shown.

use super::*;

pub(super) fn listed() -> ListedView {
    ListedView {
        reference: reference(12),
        act_type: ActType::WatchList,
        issuer: hub(),
        issuer_name: Some("某局".to_owned()),
        document_number: "关注1号".to_owned(),
        binds_others: BindsOthersCode::Applies,
    }
}

/// An entry in a red list, with what is shown beside it and what takes it off.
fn red(exit: Option<RedExit>) -> Reply {
    let withdrawal = ActView {
        class: Class::Withdrawal,
        withdrawal_reason: Some(WithdrawalReason::DecisionRevoked),
        exit,
        ..freeing_acts().remove(0)
    };
    let Reply::Statement(view) = statement(effect(), vec![withdrawal]) else {
        panic!("another reply")
    };
    let decision = Decision::new(red_fields()).unwrap();
    Reply::Statement(Box::new(StatementView {
        class: Class::ListEntry,
        decision: Some(decision),
        listed: vec![listed()],
        ..*view
    }))
}

fn red_fields() -> DecisionFields {
    let code = SubjectCode::parse("91230400MA0000015M").unwrap();
    let text = |text: &str| Text::new(text).unwrap();
    let name = Text::new("某公司").unwrap();
    let subject = Subject::new(code, SubjectCheck::Ok, Form::Enterprise, name);
    DecisionFields {
        subject: subject.unwrap(),
        document_number: Text::new("红字1号").unwrap(),
        act_type: ActType::RedList,
        item: Code::new("list.red").unwrap(),
        decided_on: day(),
        service: None,
        basis: Vec::new(),
        facts: Some(Text::new("连续三年守信").unwrap()),
        content: None,
        penalty_classes: Vec::new(),
        fine_fen: None,
        confiscation_fen: None,
        duties: Vec::new(),
        valid_from: None,
        valid_until: Some(day()),
        publication_until: None,
        remedies: Vec::new(),
        reissues: None,
        rests_on: Vec::new(),
        synthetic: Vec::new(),
        source: None,
        published_on: None,
        listing: Some(Listing {
            pre_notice: None,
            exit_conditions: text("标准改变"),
            exit_procedure: text("认定部门移出"),
            group: None,
            quarter: None,
        }),
    }
}

// spec: STM-192, ADM-430, ADM-431
#[test]
fn exit_from_a_red_list_is_shown_and_so_is_that_it_is_not_stated() {
    let target = format!("{HUB}/0#7");
    let shown = |exit, option: [&str; 2]| {
        let arguments = [option[0], option[1], "statement", &target];
        against(vec![red(exit)], &arguments).0.exits(0)
    };
    let named = Some(RedExit::CriteriaChanged);
    for (exit, language, wanted, other) in [
        (named, "en", "criteria changed", "exit not stated"),
        (None, "en", "exit not stated", "criteria changed"),
        (named, "zh", "认定标准改变", "未写明退出情形"),
        (None, "zh", "未写明退出情形", "认定标准改变"),
    ] {
        let out = shown(exit, ["--lang", language]).out;
        assert!(out.contains(wanted), "{wanted} in {out}");
        assert!(!out.contains(other), "{other} in {out}");
        // What stands beside it, and that nothing follows from that by itself.
        assert!(out.contains("关注1号"), "{out}");
    }
    let json = shown(named, ["--output", "json"]).json();
    assert_eq!(json["acts"][0]["exit"], "criteria-changed");
    assert_eq!(json["listed"][0]["act_type"], "watch-list");
    assert_eq!(json["listed_left"], 0);
    let json = shown(None, ["--output", "json"]).json();
    assert_eq!(json["acts"][0]["exit"], serde_json::Value::Null);
}

/// An answer about clean years that nobody can give for certain.
pub(super) fn clean() -> CleanView {
    CleanView {
        since: day(),
        as_of: Day::from_ymd(2028, 3, 1).unwrap(),
        verdict: CleanCode::Unknown,
        decisions: vec![CleanDecision {
            reference: reference(7),
            weight: CleanWeight::Apart,
            issuer: hub(),
            issuer_name: Some("某局".to_owned()),
            document_number: "A〔2025〕1号".to_owned(),
            act_type: ActType::Penalty,
            decided_on: day(),
            binds_others: BindsOthersCode::Suspended,
        }],
        counts: 0,
        apart: 1,
        not_known: 0,
        stale: vec![StaleLog {
            origin: origin(),
            name: Some("省枢纽".to_owned()),
            since: None,
            lost: None,
        }],
        stale_total: 3,
        bodies_missing: 2,
        left: 5,
        withheld: 17,
        waiting: 1,
        lost_total: 0,
    }
}

// spec: ADM-435, LKP-73
#[test]
fn clean_years_are_shown_with_what_they_rest_on_in_both_languages() {
    let code = SubjectCode::parse("91230400MA0000015M").unwrap();
    let answer = || {
        Reply::Subject(Box::new(SubjectAnswer {
            code,
            names: vec!["某公司".to_owned()],
            as_of: day(),
            look_up_row: 4,
            decisions: Vec::new(),
            total: 1,
            bodies_missing: 0,
            next_skip: None,
            copies_left: None,
            agreements_cut: vec![],
            not_about: vec![],
            records: Vec::new(),
            records_total: None,
            records_next_skip: None,
            erased: Vec::new(),
            erased_left: None,
            clean: Some(clean()),
            now: None,
            codes: Vec::new(),
        }))
    };
    let text = code.to_string();
    let ask = |option: [&str; 2], more: &[&str]| {
        let mut arguments = vec![option[0], option[1], "subject", &text, "--purpose", "p"];
        arguments.extend(["--case", "c", "--basis", "b"]);
        arguments.extend(more);
        let (ran, requests) = against(vec![answer()], &arguments);
        let [Request::Subject(ask)] = &requests[..] else {
            panic!("{requests:?}")
        };
        (ran.exits(0), (ask.clean_since, ask.clean_years))
    };
    for (language, said) in [
        (
            "en",
            [
                "not known",
                "said apart",
                "A〔2025〕1号",
                "省枢纽",
                "There are 3 such logs",
                "17 decisions or records of any organisation are withheld",
                "wait for a newer registry",
                "no score",
            ],
        ),
        (
            "zh",
            [
                "无法确定",
                "另行列示",
                "A〔2025〕1号",
                "省枢纽",
                "共 3 个",
                "17 项（不限组织）决定或记录未向其提供",
                "须待更新的名册",
                "不是评分",
            ],
        ),
    ] {
        let (ran, asked) = ask(["--lang", language], &["--clean-years"]);
        assert_eq!(asked, (None, Some(3)));
        for words in said {
            assert!(ran.out.contains(words), "{words} in {}", ran.out);
        }
    }
    let (ran, asked) = ask(["--output", "json"], &["--clean-since", "2025-03-01"]);
    assert_eq!(asked, (Some(day()), None));
    let json = &ran.json()["clean"];
    assert_eq!(json["verdict"], "unknown");
    assert_eq!((&json["counts"], &json["apart"]), (&0.into(), &1.into()));
    assert_eq!(json["decisions"][0]["weight"], "apart");
    assert_eq!(json["stale_total"], 3);
    assert_eq!(
        (&json["withheld"], &json["waiting"]),
        (&17.into(), &1.into())
    );
    let (_, asked) = ask(["--lang", "en"], &["--clean-years", "5"]);
    assert_eq!(asked, (None, Some(5)));
}
