//! How answers about organisations and statements are shown.

use concordat_protocol::admin::{
    BatchView, BulkCounts, CodeStateCode, CodeStepView, LookUpView, LookUpsView, LostRowsView,
    ObjectedView,
};
use concordat_protocol::lookup::LookUpRow;

use super::*;

fn erased() -> ErasedView {
    ErasedView {
        by: reference(22),
        issuer: hub(),
        issuer_name: Some("某局".to_owned()),
        ground: ErasureGround::UrgentPersonalData,
        ordered_by: "市中级人民法院".to_owned(),
        legal_basis: Vec::new(),
        at: Timestamp::new(1_772_400_000_000).unwrap(),
        references: vec![reference(21)],
        objections: vec![reference(23)],
    }
}

#[test]
fn subject_shows_the_suspension_before_anything_else() {
    let code = SubjectCode::parse("91310000717854505W")
        .or_else(|_| SubjectCode::with_check("91310000717854505"))
        .unwrap();
    let answer = Reply::Subject(Box::new(SubjectAnswer {
        code,
        names: vec!["某公司".to_owned()],
        as_of: day(),
        look_up_row: 4,
        decisions: vec![DecisionView {
            answers: vec![],
            answers_left: None,
            reference: reference(7),
            issuer: hub(),
            issuer_name: "某局".to_owned(),
            document_number: "A〔2025〕1号".to_owned(),
            act_type: ActType::Penalty,
            item: Code::new("penalty.labour").unwrap(),
            item_title: None,
            decided_on: day(),
            effect: effect(),
            recognition: None,
            awaited: vec![awaited()],
            listed: vec![listed()],
            listed_left: Some(2),
            under: None,
            measure_titles: vec![],
            listing: None,
            content: None,
        }],
        total: 1,
        bodies_missing: 0,
        next_skip: Some(1),
        copies_left: Some(4_300),
        agreements_cut: vec![],
        not_about: vec![NotAboutView {
            reference: reference(11),
            issuer: hub(),
            issuer_name: Some("某局".to_owned()),
            by: reference(12),
        }],
        records: Vec::new(),
        records_total: None,
        records_next_skip: None,
        erased: vec![erased()],
        erased_left: Some(3),
        clean: None,
        now: None,
        codes: Vec::new(),
    }));
    let text = code.to_string();
    let arguments = [
        "subject",
        &text,
        "--purpose",
        "tender",
        "--case",
        "2025-7",
        "--basis",
        "招标投标法第二十六条",
    ];
    let (ran, requests) = against(vec![answer.clone()], &arguments);
    let ran = ran.exits(0);
    let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains(&format!("{HUB}/0#7")) || words.contains("0#7"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("suspended"), "{}", ran.out);
    assert!(ran.out.contains("not proven"), "{}", ran.out);
    // spec: ADM-445
    for said in [
        "#21",
        "#22",
        "urgent, personal data",
        "市中级人民法院",
        "#23",
        "3 more",
    ] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    // spec: ADM-293
    assert!(
        ran.out.contains("not about this organisation"),
        "{}",
        ran.out
    );
    // spec: ADM-290
    for said in ["ruling on objections", "overdue (by 3 days)", "第四十一条"] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    // Not all of them were ruled on: those that are not listed count.
    // spec: ADM-199
    assert!(!ran.out.contains("announced"), "{}", ran.out);
    // spec: ADM-191
    assert!(ran.out.contains("--skip 1"), "{}", ran.out);
    // spec: ADM-432
    for said in [
        "also stands on another list",
        "Of its entries on such lists 2 were not",
    ] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    let [Request::Subject(ask)] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!(ask.look_up.purpose.as_str(), "tender");
    assert_eq!(ask.look_up.basis.as_str(), "招标投标法第二十六条");
    let mut json_arguments = vec!["--output", "json"];
    json_arguments.extend(arguments);
    let (ran, _) = against(vec![answer], &json_arguments);
    let json = ran.exits(0).json();
    assert_eq!(json["next_skip"], 1);
    // spec: ADM-220
    assert_eq!(json["copies_left"], 4_300);
    // spec: ADM-293
    assert_eq!(json["not_about"][0]["issuer_name"], "某局");
    // spec: ADM-290
    let awaited = &json["decisions"][0]["awaited"][0];
    assert_eq!(awaited["task"], "rule");
    assert_eq!(awaited["owner"], HUB);
    assert_eq!(awaited["state"], "overdue");
    assert_eq!(awaited["days"], 3);
    let effect = &json["decisions"][0]["effect"];
    assert_eq!(effect["binds_others"], "suspended");
    assert_eq!(effect["suspended_by"][0]["ground"], "facts");
    assert_eq!(effect["suspended_by"][0]["by_left"], 4_989);
    assert_eq!(effect["suspended_by"][0]["awaiting_act_left"], 0);
    assert_eq!(effect["in_force_for_issuer"], true);
    assert_eq!(effect["later_acts"], "not-proven");
}

/// Thousands of copies of a public decision in the log of a member whose key was stolen are no rows.
// spec: ADM-220
#[test]
fn subject_says_how_many_copies_it_leaves_out() {
    let code = SubjectCode::parse("91310000717854505W")
        .or_else(|_| SubjectCode::with_check("91310000717854505"))
        .unwrap();
    let answer = |copies_left| {
        Reply::Subject(Box::new(SubjectAnswer {
            code,
            names: vec!["某公司".to_owned()],
            as_of: day(),
            look_up_row: 0,
            decisions: Vec::new(),
            total: 1,
            bodies_missing: 0,
            next_skip: None,
            copies_left,
            agreements_cut: vec![],
            not_about: vec![],
            records: Vec::new(),
            records_total: None,
            records_next_skip: None,
            erased: Vec::new(),
            erased_left: None,
            clean: None,
            now: None,
            codes: Vec::new(),
        }))
    };
    let text = code.to_string();
    let ask = |language, copies_left| {
        let mut arguments = vec!["--lang", language, "subject", &text, "--purpose", "p"];
        arguments.extend(["--case", "c", "--basis", "b"]);
        let (ran, _) = against(vec![answer(copies_left)], &arguments);
        ran.exits(0).out
    };
    for (language, said, word) in [
        ("en", "4300 copies that the logs hold", "copies"),
        ("zh", "另有这些决定的 4300 份副本未列出", "副本"),
    ] {
        let out = ask(language, Some(4_300));
        assert!(out.contains(said), "{out}");
        let out = ask(language, None);
        assert!(!out.contains(word), "{out}");
    }
    let mut arguments = vec!["--output", "json", "subject", &text, "--purpose", "p"];
    arguments.extend(["--case", "c", "--basis", "b"]);
    let (ran, _) = against(vec![answer(None)], &arguments);
    assert_eq!(ran.exits(0).json()["copies_left"], 0);
}

// spec: ADM-63
#[test]
fn code_that_the_registrar_confirmed_is_shown_with_a_warning_above_everything() {
    let code = SubjectCode::parse("91230400MA0000015N").unwrap();
    let answer = Reply::Subject(Box::new(SubjectAnswer {
        code,
        names: vec!["某公司".to_owned()],
        as_of: day(),
        look_up_row: 0,
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
        clean: None,
        now: None,
        codes: Vec::new(),
    }));
    let text = code.to_string();
    let mut arguments = vec!["subject", &text, "--purpose", "p", "--case", "c"];
    arguments.extend(["--basis", "b"]);
    let (ran, _) = against(vec![answer.clone()], &arguments);
    let first = ran.exits(0).out.lines().next().unwrap().to_owned();
    assert!(
        first.starts_with("! ") && first.contains("(M would)"),
        "{first}"
    );
    let mut json = vec!["--output", "json"];
    json.extend(arguments);
    let (ran, _) = against(vec![answer], &json);
    assert_eq!(ran.exits(0).json()["expected_check"], "M");
}

/// A ruling that is overdue by three days.
fn awaited() -> AwaitedView {
    AwaitedView {
        unanswered: None,
        task: TaskCode::Rule,
        ground: Some(Ground::Facts),
        owner: Some(hub()),
        owner_name: Some("某局".to_owned()),
        since: Some(day()),
        state: DeadlineCode::Overdue,
        due: Some(day()),
        days: Some(3),
        rule: Some(Code::new("henan.rule-own").unwrap()),
        source: Some("河南省社会信用条例 第四十一条".to_owned()),
        month: None,
        months: None,
        escalated_to: None,
    }
}

fn statement(effect: EffectView, acts: Vec<ActView>) -> Reply {
    Reply::Statement(Box::new(StatementView {
        answers: vec![],
        answers_left: None,
        answer: None,
        look_up_root: None,
        answers_next_skip: None,
        measure_titles: vec![],
        item_title: None,
        reference: reference(7),
        class: Class::Decision,
        issuer: hub(),
        issuer_name: "省枢纽".to_owned(),
        about: SubjectCode::parse("91110108551385082Q").unwrap(),
        issued_at: at(),
        vis: Vis::ALL_MEMBERS,
        target: None,
        bytes: 400,
        witnessed: true,
        decision: None,
        corrected: None,
        act: None,
        acts,
        effect: Some(effect),
        look_up_row: None,
        fork: None,
        record: None,
        referred_by: Vec::new(),
        referred_by_left: None,
        stands_about: None,
        acts_left: None,
        recognition: None,
        agreements_cut: vec![],
        agreement: None,
        accession: None,
        retirement: None,
        awaited: Vec::new(),
        beyond_repair: None,
        listed: Vec::new(),
        listed_left: None,
        code_now: None,
        code_change: None,
    }))
}

/// A stay and a repair as acts of the decision.
fn freeing_acts() -> Vec<ActView> {
    let stay = ActView {
        reference: reference(8),
        class: Class::Stay,
        issuer: hub(),
        issuer_name: Some("中级人民法院".to_owned()),
        issued_at: Some(at()),
        held: true,
        ground: None,
        role: None,
        received_on: None,
        open: None,
        outcome: None,
        names: Vec::new(),
        withdrawal_reason: None,
        reasons: Some("stay-reasons".to_owned()),
        notice: None,
        witnessed: true,
        void_cause: None,
        body: Some("某市中级人民法院".to_owned()),
        document_number: Some("〔2026〕行停1号".to_owned()),
        decided_on: Some(day()),
        until: Some(day()),
        repair_effects: Vec::new(),
        erasure_ground: None,
        legal_basis: Vec::new(),
        taken_back_by: Some(reference(10)),
        applied_on: None,
        exit: None,
    };
    let repair = ActView {
        reference: reference(9),
        class: Class::Repair,
        body: None,
        document_number: None,
        until: None,
        repair_effects: vec![RepairEffect::RemoveFromList, RepairEffect::StopSharing],
        ..stay.clone()
    };
    vec![stay, repair]
}

// spec: EFF-151, EFF-161, EFF-163
#[test]
fn statement_shows_stays_and_repairs_in_both_languages_and_as_json() {
    let stayed = EffectView {
        stayed_by: vec![reference(8)],
        stayed_by_left: Some(3),
        binds_others: BindsOthersCode::Stayed,
        in_force_for_issuer: false,
        ..effect()
    };
    let repaired = EffectView {
        repaired_by: vec![reference(9)],
        repair_effects: vec![RepairEffect::RemoveFromList, RepairEffect::StopSharing],
        binds_others: BindsOthersCode::Repaired,
        publication_ended: true,
        ..effect()
    };
    let target = format!("{HUB}/0#7");
    let shown = |effect: &EffectView, option: [&str; 2]| {
        let arguments = [option[0], option[1], "statement", &target];
        let answer = statement(effect.clone(), freeing_acts());
        against(vec![answer], &arguments).0.exits(0)
    };
    for (effect, language, wanted) in [
        (&stayed, "en", ["stayed: ", "Stayed by", "and 3 more"]),
        (&stayed, "zh", ["停止执行：", "停止执行依据", "另有 3 项"]),
        (
            &repaired,
            "en",
            [
                "repaired: ",
                "Repaired by",
                "(removed from the list, no longer shared or published)",
            ],
        ),
        (
            &repaired,
            "zh",
            ["已修复：", "信用修复依据", "（移出名单、停止共享和公示）"],
        ),
    ] {
        let out = shown(effect, ["--lang", language]).out;
        for words in wanted {
            assert!(out.contains(words), "{words} in {out}");
        }
        // The acts say by whom and to what end.
        for words in ["某市中级人民法院", "〔2026〕行停1号", "stay-reasons"] {
            assert!(out.contains(words), "{words} in {out}");
        }
    }
    let json = shown(&stayed, ["--output", "json"]).json();
    assert_eq!(json["effect"]["stayed_by"].as_array().unwrap().len(), 1);
    assert_eq!(json["effect"]["stayed_by_left"], 3);
    assert_eq!(json["effect"]["repaired"], serde_json::Value::Null);
    assert_eq!(json["acts"][0]["body"], "某市中级人民法院");
    assert_eq!(json["acts"][0]["until"], day().to_string());
    let json = shown(&repaired, ["--output", "json"]).json();
    let asked = ["remove-from-list", "stop-sharing"];
    assert_eq!(
        json["effect"]["repaired"]["effects"],
        serde_json::json!(asked)
    );
    assert_eq!(json["effect"]["binds_others"], "repaired");
    assert_eq!(json["acts"][1]["repair_effects"], serde_json::json!(asked));
}

/// "Witnessed yes" stood on top of a decision that binds nobody.
// spec: ADM-188
#[test]
fn statement_says_of_a_void_decision_that_it_does_not_count() {
    let view = |effect: EffectView| statement(effect, Vec::new());
    let void = EffectView {
        validity: ValidityCode::Void,
        void_cause: Some(VoidCauseCode::CtxLate),
        ..effect()
    };
    let target = format!("{HUB}/0#7");
    for (language, counts) in [("en", "Counts"), ("zh", "产生效力")] {
        let arguments = ["--lang", language, "statement", &target];
        let (ran, _) = against(vec![view(void.clone())], &arguments);
        let out = ran.exits(0).out;
        assert!(out.contains(counts), "{out}");
        let (ran, _) = against(vec![view(effect())], &arguments);
        let out = ran.exits(0).out;
        assert!(!out.contains(counts), "{out}");
    }
}

fn listed() -> ListedView {
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
fn clean() -> CleanView {
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

// spec: ADM-439
#[test]
fn register_of_look_ups_shows_the_word_of_the_rows_that_have_one() {
    let row = |number, clean| LookUpView {
        row: LookUpRow {
            refused: None,
            number,
            at: Timestamp::MIN,
            who: Text::new("某科").unwrap(),
            purpose: Text::new("评优").unwrap(),
            case_number: Text::new("甲1号").unwrap(),
            basis: Text::new("条例").unwrap(),
            subject: SubjectCode::parse("91230400MA0000015M").unwrap(),
            scenario: None,
            answer: Hash::from_bytes([7; 32]),
            shown: Vec::new(),
            horizon: None,
            clean,
        },
        reviewed: None,
        told: None,
    };
    let answer = || {
        Reply::LookUps(Box::new(LookUpsView {
            rows: vec![row(5, Some(clean().word())), row(4, None)],
            total: 2,
            next_skip: None,
            gone: None,
            lost: vec![LostRowsView {
                from: Some(Day::from_ymd(2026, 3, 1).unwrap()),
                until: Day::from_ymd(2026, 3, 9).unwrap(),
                after: 12,
            }],
        }))
    };
    for (language, said) in [("en", "Row 5: Adverse records"), ("zh", "第 5 条：")] {
        let arguments = ["--lang", language, "lookup", "list"];
        let (ran, _) = against(vec![answer()], &arguments);
        let out = ran.exits(0).out;
        assert!(out.contains(said), "{out}");
        // spec: LKP-89
        assert!(
            out.contains("2026-03-01") && out.contains("2026-03-09"),
            "{out}"
        );
        assert!(!out.contains("Row 4:") && !out.contains("第 4 条"), "{out}");
    }
}

/// Whoever asks under a former code is told under which to ask, and shown nothing.
// spec: ADM-450, ADM-451
#[test]
fn former_code_sends_to_the_one_that_the_organisation_has_now() {
    let code = SubjectCode::parse("91230400MA0000015M").unwrap();
    let now = SubjectCode::with_check("91230400MA0000023").unwrap();
    let answer = |objected: bool| {
        let state = match objected {
            true => CodeStateCode::Objected,
            false => CodeStateCode::Holds,
        };
        Reply::Subject(Box::new(SubjectAnswer {
            code,
            names: Vec::new(),
            as_of: day(),
            look_up_row: 4,
            decisions: Vec::new(),
            total: 1,
            bodies_missing: 0,
            next_skip: None,
            copies_left: None,
            agreements_cut: vec![],
            not_about: match objected {
                true => vec![],
                false => vec![NotAboutView {
                    reference: reference(11),
                    issuer: hub(),
                    issuer_name: Some("某局".to_owned()),
                    by: reference(12),
                }],
            },
            records: Vec::new(),
            records_total: None,
            records_next_skip: None,
            erased: Vec::new(),
            erased_left: None,
            clean: None,
            now: (!objected).then_some(now),
            codes: vec![CodeStepView {
                reference: reference(12),
                issuer: hub(),
                issuer_name: Some("某市监局".to_owned()),
                from: code,
                to: now,
                day: day(),
                state,
                by: if objected {
                    vec![reference(13)]
                } else {
                    vec![]
                },
            }],
        }))
    };
    let text = code.to_string();
    let mut arguments = vec!["subject", &text, "--purpose", "p", "--case", "c"];
    arguments.extend(["--basis", "b"]);
    let (ran, _) = against(vec![answer(false)], &arguments);
    let ran = ran.exits(0);
    let sent = format!("This organisation has the code {now} now.");
    for said in [&*sent, "某市监局", "holds", "is not shown under this code"] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    let mut chinese = vec!["--lang", "zh"];
    chinese.extend(&arguments);
    let (ran, _) = against(vec![answer(true)], &chinese);
    let ran = ran.exits(0);
    assert!(ran.out.contains("存在异议，不生效"), "{}", ran.out);
    assert!(!ran.out.contains("该主体现用代码为"), "{}", ran.out);
    let mut json = vec!["--output", "json"];
    json.extend(&arguments);
    let (ran, _) = against(vec![answer(false)], &json);
    let json = ran.exits(0).json();
    assert_eq!(json["now"], now.to_string());
    assert_eq!(json["codes"][0]["state"], "holds");
    assert_eq!(json["codes"][0]["from"], text);
}

/// Where nothing was awaited of an objected decision, `objection list` printed nothing.
// spec: ADM-484
#[test]
fn objected_decision_of_which_nothing_is_awaited_is_named() {
    let view = || {
        Reply::Batch(Box::new(BatchView {
            counts: BulkCounts {
                objected: 1,
                ..BulkCounts::default()
            },
            total: 3,
            next_skip: None,
            objected: vec![ObjectedView {
                decision: reference(7),
                document_number: None,
                objections: vec![reference(9)],
                objections_left: None,
                awaited: Vec::new(),
            }],
            decisions: vec![reference(7)],
        }))
    };
    for (language, said) in [
        ("en", "no rule says who has to rule"),
        ("zh", "没有规则规定由谁处理"),
    ] {
        let import = "00112233445566778899aabbccddeeff";
        let list = ["--lang", language, "objection", "list", "--import", import];
        let out = against(vec![view()], &list).0.exits(0).out;
        let mut lines = out.lines().filter(|line| line.contains(said));
        let line = lines.next_back().unwrap_or_default();
        for named in [format!("{HUB}/0#7"), format!("{HUB}/0#9")] {
            assert!(line.contains(&named), "{out}");
        }
    }
}

// spec: ADM-480
#[test]
fn member_that_is_declared_lost_is_shown_as_that() {
    let Reply::Status(view) = lacking(LinkCode::Idle, |view| {
        view.peers[0].lost = Some(reference(4));
    }) else {
        panic!("a status");
    };
    let peers = || vec![Reply::Peers(view.peers.clone())];
    for (language, said) in [("en", "declared lost"), ("zh", "已认定失联")] {
        let list = ["--lang", language, "peer", "list"];
        let out = against(peers(), &list).0.exits(0).out;
        assert!(out.contains(said), "{out}");
    }
    let json = against(peers(), &["--output", "json", "peer", "list"]).0;
    let by = json.exits(0).json()["peers"][0]["lost_by"].clone();
    assert_eq!(by, reference(4).to_string());
}
