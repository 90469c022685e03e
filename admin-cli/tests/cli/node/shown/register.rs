//! How the register of look-ups, former codes and lost members are shown.

use super::lists::clean;
use super::*;

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
