//! How answers about organisations and statements are shown.

mod lists;
mod register;

use concordat_protocol::admin::{
    BatchView, BulkCounts, CodeStateCode, CodeStepView, LookUpView, LookUpsView, LostRowsView,
    ObjectedView,
};
use concordat_protocol::lookup::LookUpRow;

use lists::listed;

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
