//! Commands against a node that answers from a script, over a real Unix socket.

mod imports;
mod shown;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use concordat_protocol::admin::{
    ActView, AdminError, AlarmView, AwaitedView, BackingCode, BasisCode, BindsOthersCode,
    BundleView, BurdenCode, CleanCode, CleanDecision, CleanView, CleanWeight, DeadlineCode,
    DecisionView, Detail, EffectView, ErasedView, ErrorCode, ForkCode, FreshnessCode,
    FreshnessView, ImportReport, LaterActsCode, LinkCode, ListedView, LogView, NotAboutView,
    PeerBrief, Progress, Recorded, Refused, Reply, Request, RowRefusal, SigningCode, Stage,
    StaleLog, StatementView, StatusView, SubjectAnswer, SuspensionCode, SuspensionView, Target,
    TaskCode, ValidityCode, VoidCauseCode,
};
use concordat_protocol::log::{Hash, LeafIndex, Origin, TreeSize};
use concordat_protocol::statement::{
    ActType, BasisLevel, Class, Code, Decision, DecisionFields, ErasureGround, Ground, Listing,
    ObjectorRole, RedExit, RepairEffect, Role, Standing, StatementRef, Vis, WithdrawalReason,
};
use concordat_protocol::subject::{AuthorityCode, Form, Subject, SubjectCheck, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::Network;
use serde_bytes::ByteBuf;
use tempfile::TempDir;

use crate::support::{Ran, concordat, concordat_without_room, fake_node};

use imports::imported;

pub(crate) const HUB: &str = "11310000MB00000009";

pub(crate) fn hub() -> AuthorityCode {
    AuthorityCode::parse(HUB).unwrap()
}

pub(crate) fn origin() -> Origin {
    format!("test-{}/{HUB}/0", "0".repeat(64)).parse().unwrap()
}

pub(crate) fn reference(index: u64) -> StatementRef {
    let (index, leaf_hash) = (LeafIndex::new(index), Hash::from_bytes([7; 32]));
    StatementRef {
        origin: origin(),
        index,
        leaf_hash,
    }
}

pub(crate) fn day() -> Day {
    Day::from_ymd(2025, 3, 1).unwrap()
}

fn at() -> Timestamp {
    Timestamp::new(1_740_792_600_000).unwrap()
}

fn size(count: u64) -> TreeSize {
    TreeSize::new(count).unwrap()
}

pub(crate) fn effect() -> EffectView {
    let fresh = FreshnessView {
        state: FreshnessCode::Fresh,
        at: Some(at()),
    };
    EffectView {
        validity: ValidityCode::InForce,
        validity_by: Vec::new(),
        void_cause: None,
        backing: Some(BackingCode::Witnessed),
        superseded_by: None,
        suspended_by: vec![SuspensionView {
            kind: SuspensionCode::Objection,
            ground: Some(Ground::Facts),
            by: vec![reference(9)],
            since: Some(day()),
            awaiting_act: vec![reference(9)],
            by_left: Some(4_989),
            awaiting_act_left: None,
        }],
        waiting: Vec::new(),
        pending: Vec::new(),
        burden: BurdenCode::Burdens,
        grant_stands: false,
        fine_fen: 1_000_000,
        confiscation_fen: 0,
        penalty_classes: Vec::new(),
        duties: Vec::new(),
        valid_from: None,
        valid_until: None,
        publication_until: Some(day()),
        publication_ended: false,
        basis: BasisCode::RestsOnNothing,
        basis_failures: Vec::new(),
        issuer_freshness: fresh.clone(),
        register_freshness: fresh,
        fork: ForkCode::NotKnown,
        frozen_at: None,
        later_acts: LaterActsCode::NotProven,
        in_force_for_issuer: true,
        binds_others: BindsOthersCode::Suspended,
        unknown_source: None,
        unknown_since: None,
        as_of: day(),
        horizon_issuer: size(10),
        horizon_register: size(3),
        stayed_by: Vec::new(),
        stayed_by_left: None,
        repaired_by: Vec::new(),
        repaired_by_left: None,
        repair_effects: Vec::new(),
        beyond_repair: None,
    }
}

fn status() -> Reply {
    Reply::Status(Box::new(StatusView {
        at: at(),
        member: hub(),
        name: "省枢纽".to_owned(),
        role: Role::Hub,
        standing: Some(Standing::Active),
        version: "0.1.0".to_owned(),
        network: Network::Test,
        network_title: "Trial".to_owned(),
        genesis: Hash::from_bytes([1; 32]),
        started_at: at(),
        listening: vec!["127.0.0.1:7443".to_owned()],
        signing: SigningCode::Ready,
        logs: Vec::new(),
        peers: Vec::new(),
        cosigners: 3,
        quorum: 2,
        faults: 0,
        registry_expires_at: None,
        independent_views: 0,
        statements: 12,
        open_objections: 1,
        disk_bytes: 4_097,
        alarms: Vec::new(),
        look_ups: 4,
        look_ups_unreviewed: None,
        notices: vec![],
    }))
}

/// Runs a command against a node that gives these replies to its last request, and none to chunks.
pub(crate) fn against(replies: Vec<Reply>, arguments: &[&str]) -> (Ran, Vec<Request>) {
    let directory = tempfile::tempdir().unwrap();
    let node = fake_node(directory.path(), move |request| match request {
        Request::Import(ask) if ask.path.is_none() => Vec::new(),
        Request::ImportChunk(_) => Vec::new(),
        _ => replies.clone(),
    });
    let ran = run(&directory, arguments);
    (ran, node.join().unwrap())
}

fn run(directory: &TempDir, arguments: &[&str]) -> Ran {
    let path = directory.path().display().to_string();
    let mut all = vec!["--node", path.as_str()];
    all.extend(arguments);
    concordat(&all)
}

#[test]
fn status_is_shown_to_people_and_programs() {
    let (ran, requests) = against(vec![status()], &["status"]);
    let ran = ran.exits(0);
    assert!(
        ran.out.contains("省枢纽") && ran.out.contains("no independent view"),
        "{}",
        ran.out
    );
    assert_eq!(requests, [Request::Status]);
    let (ran, _) = against(vec![status()], &["--output", "json", "status"]);
    let json = ran.exits(0).json();
    assert_eq!(json["statements"], 12);
    assert_eq!(json["signing"], "ready");
}

/// A city's node that lacks five bodies of the hub's log, its link to the hub being as said.
fn lacking(link: LinkCode, change: impl Fn(&mut StatusView)) -> Reply {
    let Reply::Status(mut view) = status() else {
        panic!("a status");
    };
    view.member = AuthorityCode::parse("113100000000000017").unwrap();
    view.role = Role::Member;
    view.peers = vec![PeerBrief {
        member: hub(),
        name: "省枢纽".to_owned(),
        role: Role::Hub,
        standing: Standing::Active,
        link,
        address: None,
        since: None,
        behind: 0,
        round_trip_us: None,
        last_failure: None,
        log_size: Some(size(10)),
        witnessed_at: None,
        lost: None,
    }];
    view.logs = vec![LogView {
        origin: origin(),
        size: size(10),
        root: Hash::from_bytes([3; 32]),
        witnessed_size: Some(size(10)),
        witnessed_at: None,
        bodies: 5,
        bodies_missing: 5,
        frozen_at: None,
        fork: None,
        witnessed_root: None,
    }];
    change(&mut view);
    Reply::Status(view)
}

/// The wait ended as soon as the leaves of an import were there: the next command found nothing, for
/// the bodies were still to come.
// spec: ADM-100, ADM-181
#[test]
fn status_waits_for_bodies_that_a_member_connected_to_it_may_have() {
    let wait = ["--output", "json", "status", "--wait", "0"];
    let asked = |reply| against(vec![reply], &wait).0;
    let ran = asked(lacking(LinkCode::Connected, |_| ())).exits(1);
    let error = &ran.json()["error"];
    assert_eq!(error["code"], "not-ready");
    assert_eq!(error["details"]["bodies"], "5");
    // The author is not the hub, which may have them all the same.
    let other = |view: &mut StatusView| {
        let origin = format!("test-{}/11320100MB0000000J/0", "0".repeat(64));
        view.logs[0].origin = origin.parse().unwrap();
    };
    asked(lacking(LinkCode::Connected, other)).exits(1);

    asked(lacking(LinkCode::Connected, |view| {
        view.logs[0].bodies_missing = 0
    }))
    .exits(0);
    asked(lacking(LinkCode::Connecting, |_| ())).exits(0);
    // What its author goes on without, and nobody else has, does not come by waiting either.
    let given_up = |bodies: &str| {
        let detail = |name: &str, value: String| Detail {
            name: name.to_owned(),
            value,
        };
        let details = vec![
            detail("log", origin().to_string()),
            detail("bodies", bodies.to_owned()),
        ];
        asked(lacking(LinkCode::Connected, move |view| {
            view.alarms = vec![AlarmView {
                name: Code::new("bodies-given-up").unwrap(),
                since: None,
                details: details.clone(),
            }];
        }))
    };
    given_up("5").exits(0);
    let error = &given_up("3").exits(1).json()["error"];
    assert_eq!(error["details"]["bodies"], "2");
    let frozen = |view: &mut StatusView| view.logs[0].frozen_at = Some(LeafIndex::new(5));
    asked(lacking(LinkCode::Connected, frozen)).exits(0);
    // What is missing of its own does not come back by waiting once it signs without.
    asked(lacking(LinkCode::Connected, |view| view.member = hub())).exits(0);
    let (ran, _) = against(vec![lacking(LinkCode::Connected, |_| ())], &["status"]);
    ran.exits(0);
}

// spec: ADM-10, ADM-11
/// With a wrong key a node is ready never, and its clerk was told to wait.
// spec: ADM-172, ADM-180
#[test]
fn status_waits_for_no_node_with_a_wrong_key_and_names_it() {
    let named = |name: &str, key: Option<&str>| {
        let Reply::Status(mut view) = status() else {
            unreachable!()
        };
        let details = key.map(|key| Detail {
            name: "key".to_owned(),
            value: key.to_owned(),
        });
        view.alarms = vec![AlarmView {
            name: Code::new(name).unwrap(),
            since: None,
            details: details.into_iter().collect(),
        }];
        let waits = ["--output", "json", "status", "--wait", "0"];
        let (ran, _) = against(vec![Reply::Status(view)], &waits);
        let error = ran.exits(1).json()["error"].clone();
        assert_eq!(error["code"], "not-ready");
        error["details"]["keys"].as_str().unwrap().to_owned()
    };
    let said = named("key-not-registered", Some("log.key"));
    assert_eq!(said, "key-not-registered log.key");
    let said = named("node-key-not-registered", None);
    assert_eq!(said, "node-key-not-registered");
    let said = named("node-key-refused", None);
    assert_eq!(said, "node-key-refused");
}

#[test]
fn watch_prints_one_line_for_each_state_where_there_is_no_terminal() {
    let states = vec![status(), status(), status()];
    let (ran, _) = against(states.clone(), &["watch", "--count", "2"]);
    let ran = ran.exits(0);
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
    assert!(
        ran.out.starts_with("2025-03-01 09:30:00 +08:00"),
        "{}",
        ran.out
    );
    let (ran, _) = against(states, &["--output", "json", "watch", "--count", "2"]);
    for line in ran.exits(0).out.lines() {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(json["status"]["quorum"], 2);
    }
}

/// A node in a directory with a long name connected to its peers and then ended, for its socket's
/// address was too long; nothing said so beforehand.
// spec: ADM-103
#[test]
fn node_is_reached_however_long_the_name_of_its_directory_is() {
    let root = tempfile::tempdir().unwrap();
    let deep = root.path().join("d".repeat(120)).join("e".repeat(120));
    fs::create_dir_all(&deep).unwrap();
    let node = fake_node(&deep, |_| vec![status()]);
    let ran = concordat(&["--node", &deep.display().to_string(), "status"]).exits(0);
    assert!(ran.out.contains("省枢纽"), "{}", ran.out);
    assert_eq!(node.join().unwrap(), [Request::Status]);
}

// spec: ADM-101
#[test]
fn answer_that_cannot_be_written_is_a_failure() {
    for output in ["human", "json"] {
        for verb in [&["status"][..], &["watch", "--count", "1"]] {
            let directory = tempfile::tempdir().unwrap();
            let node = fake_node(directory.path(), |_| vec![status()]);
            let path = directory.path().display().to_string();
            let arguments = [&["--node", &path, "--output", output][..], verb].concat();
            let ran = concordat_without_room(&arguments).exits(1);
            assert!(ran.err.contains("cannot be written"), "{}", ran.err);
            node.join().unwrap();
        }
    }
}

/// `watch | head` never ended: what could not be written was written again a second later.
// spec: ADM-101
#[test]
fn watch_ends_quietly_once_its_reader_is_gone() {
    for output in ["human", "json"] {
        let directory = tempfile::tempdir().unwrap();
        // One state, and then nothing that would have to be written.
        let node = fake_node(directory.path(), |_| vec![status()]);
        let path = directory.path().display().to_string();
        let mut watch = Command::new(env!("CARGO_BIN_EXE_concordat"))
            .args(["--node", &path, "--output", output, "watch"])
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(watch.stdout.take().unwrap());
        let mut first = String::new();
        lines.read_line(&mut first).unwrap();
        assert!(
            first.contains("2025-03-01") || first.contains("status"),
            "{first}"
        );
        drop(lines);
        // The node sees the end of the connection; a watch that goes on would hold it for ever.
        assert_eq!(node.join().unwrap().len(), 1);
        let ended = watch.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), ended.stderr), (Some(0), Vec::new()));
    }
}

#[test]
fn objection_is_filed_and_its_place_is_shown() {
    let recorded = Reply::Recorded(Box::new(Recorded {
        class: Class::Objection,
        target: reference(7),
        reference: Some(reference(9)),
        names: Vec::new(),
        witnessed: false,
        effect: Some(effect()),
        effect_withheld: None,
        more: Vec::new(),
        named: None,
        acts: 1,
        batch: None,
    }));
    let target = format!("{HUB}/0#7");
    let arguments = [
        "objection",
        "file",
        &target,
        "--ground",
        "facts",
        "--reasons",
        "wrong day",
    ];
    let (ran, requests) = against(vec![recorded], &arguments);
    let ran = ran.exits(0);
    assert!(ran.out.contains(&format!("{HUB}/0#9")), "{}", ran.out);
    let [Request::Objection(ask)] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!(
        (ask.role, ask.ground),
        (ObjectorRole::Subject, Ground::Facts)
    );
    assert!(matches!(ask.target, Target::Short { log: 0, .. }));
}

/// A member had logged thousands of objections, and each was a line of the answer.
// spec: ADM-162
#[test]
fn ruling_on_thousands_says_how_many_and_lists_them_for_machines() {
    let recorded = || {
        Reply::Recorded(Box::new(Recorded {
            class: Class::Ruling,
            target: reference(7),
            reference: Some(reference(9)),
            names: (100..400).map(reference).collect(),
            witnessed: false,
            effect: None,
            effect_withheld: None,
            more: (10..18).map(reference).collect(),
            named: Some(4_200),
            acts: 9,
            batch: None,
        }))
    };
    let target = format!("{HUB}/0#7");
    let mut arguments = vec![
        "ruling",
        "issue",
        &target,
        "--outcome",
        "rejected",
        "--all-open",
        "--reasons",
        "r",
        "--yes",
    ];
    let ran = against(vec![recorded()], &arguments).0.exits(0);
    let places = format!("{HUB}/0#9 … {HUB}/0#17");
    assert!(ran.out.contains(&places), "{}", ran.out);
    assert!(ran.out.contains("4200"), "{}", ran.out);
    assert!(!ran.out.contains(&format!("{HUB}/0#100")), "{}", ran.out);
    arguments.extend(["--output", "json"]);
    let ran = against(vec![recorded()], &arguments).0.exits(0);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["names"].as_array().unwrap().len(), 300);
    assert_eq!((&json["named"], &json["acts"]), (&4_200.into(), &9.into()));
    assert_eq!(json["more"].as_array().unwrap().len(), 8);
}

// spec: ADM-12
#[test]
fn ruling_without_a_terminal_wants_yes_and_sends_nothing() {
    let arguments = [
        "ruling",
        "issue",
        "7号",
        "--outcome",
        "upheld",
        "--all-open",
        "--reasons",
        "r",
    ];
    let ran = concordat(&arguments).exits(2);
    assert!(ran.err.contains("--yes"), "{}", ran.err);
}

#[test]
fn bundle_is_written_from_its_chunks_and_never_over_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("proof.bundle").display().to_string();
    let replies = |bytes| {
        vec![
            Reply::Chunk(ByteBuf::from(b"con".to_vec())),
            Reply::Chunk(ByteBuf::from(b"cordat".to_vec())),
            Reply::Bundle(BundleView {
                target: reference(7),
                bytes,
                digest: Hash::from_bytes([3; 32]),
                statements: 2,
                left_out: 0,
            }),
        ]
    };
    let arguments = ["bundle", "export", "7号", "--out", &out];
    let (ran, _) = against(replies(10), &arguments);
    ran.exits(5);
    assert!(!fs::exists(&out).unwrap());
    let (ran, _) = against(replies(9), &arguments);
    ran.exits(0);
    assert_eq!(fs::read(&out).unwrap(), b"concordat");
    let (ran, _) = against(replies(9), &arguments);
    assert!(ran.exits(1).err.contains("not overwritten"));
}

// spec: ADM-6, ADM-9
#[test]
fn every_error_of_a_node_has_its_exit_code_and_sentence() {
    for code in ErrorCode::ALL {
        let error = AdminError::new(*code)
            .with("cause", "disk")
            .with("target", "x");
        let (ran, _) = against(vec![Reply::Error(error.clone())], &["status"]);
        let exit = i32::try_from(code.exit().code()).unwrap();
        let ran = ran.exits(exit);
        assert!(!ran.err.starts_with("error."), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
}

// spec: ADM-2
#[test]
fn reply_of_another_kind_is_a_failure() {
    let (ran, _) = against(vec![imported(0)], &["status"]);
    assert!(ran.exits(1).err.contains("cannot be read"));
}

// spec: ADM-9
#[test]
fn node_that_is_not_there_exits_with_5() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(&directory, &["status"]).exits(5);
    assert!(ran.err.contains("admin.sock"), "{}", ran.err);
}

// spec: ADM-440, ADM-441
#[test]
fn erasure_is_asked_for_with_its_ground_and_what_is_erased_is_said_to_be() {
    let target = format!("{HUB}/0#3");
    let erase = |ground: &str| {
        let error = AdminError::new(ErrorCode::ErasedByAct).with("target", reference(3));
        let error = error.with("by", reference(5));
        let arguments = [
            "erasure",
            "issue",
            &target,
            "--yes",
            "--ground",
            ground,
            "--by",
            "市中级人民法院",
            "--law",
            "个人信息保护法",
            "--article",
            "第四十七条",
            "--level",
            "law",
        ];
        against(vec![Reply::Error(error)], &arguments)
    };
    let (ran, requests) = erase("urgent-personal-data");
    let ran = ran.exits(3);
    assert!(ran.err.contains("was erased by"), "{}", ran.err);
    assert!(ran.err.contains("#5"), "{}", ran.err);
    let [Request::Erasure(ask)] = &requests[..] else {
        panic!("{requests:?}");
    };
    assert_eq!(ask.ground, ErasureGround::UrgentPersonalData);
    assert_eq!(ask.by.to_string(), "市中级人民法院");
    assert_eq!(ask.basis.level, BasisLevel::Law);
    assert!(ask.issuer.is_none() && !ask.dry_run);
}
