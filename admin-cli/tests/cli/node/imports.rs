//! Imports: what is sent, and what is told of it.

use super::*;

pub(super) fn imported(refused: u64) -> Reply {
    Reply::Imported(ImportReport {
        rows: 3,
        accepted: 3 - refused,
        present: 0,
        refused,
        written: 3 - refused,
        dry_run: false,
        all_or_nothing: false,
        batch: None,
        origin: origin(),
        first: Some(LeafIndex::new(0)),
        filtered: 0,
        history: 0,
        size: size(3),
        profile: "mhlw".to_owned(),
        digest: Hash::from_bytes([2; 32]),
        elapsed_ms: 5,
    })
}

// spec: ADM-3, ADM-11, ADM-13
#[test]
fn import_sends_the_file_and_reports_every_refused_row() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rows.csv");
    let content = vec![b'x'; (256 << 10) + 5];
    fs::write(&file, &content).unwrap();
    let file = file.display().to_string();
    let refusal = RowRefusal {
        line: 4,
        column: Some(2),
        column_name: Some("代码".to_owned()),
        reason: Code::new("code-check").unwrap(),
        english: "the check character does not hold".to_owned(),
        chinese: "校验码不符".to_owned(),
        field: Some("subject_code".to_owned()),
    };
    let progress = Progress {
        stage: Stage::Reading,
        done: 1,
        total: 2,
        rows: 1,
        refused: 0,
    };
    let replies = vec![
        Reply::Progress(progress),
        Reply::Refused(Refused {
            rows: vec![refusal],
        }),
        imported(1),
    ];
    let arguments = [
        "--lang",
        "zh",
        "import",
        &file,
        "--profile",
        "mhlw",
        "--dry-run",
    ];
    let (ran, requests) = against(replies.clone(), &arguments);
    let ran = ran.exits(1);
    assert!(
        ran.out.contains("校验码不符") && ran.out.contains("代码"),
        "{}",
        ran.out
    );
    let mut sent = Vec::new();
    for request in &requests {
        if let Request::ImportChunk(chunk) = request {
            assert!(chunk.len() <= 256 << 10);
            sent.extend_from_slice(chunk);
        }
    }
    assert_eq!(sent, content);
    assert!(matches!(&requests[0], Request::Import(ask) if ask.dry_run));
    assert_eq!(requests.last(), Some(&Request::ImportEnd));
    let (ran, _) = against(
        replies,
        &["--output", "json", "import", &file, "--profile", "mhlw"],
    );
    let json = ran.exits(1).json();
    assert_eq!(json["refusals"][0]["line"], 4);
    assert_eq!(json["refusals"][0]["reason"], "code-check");
}

/// A slip in `--where` passed over the whole table, and a script took that for done.
// spec: ADM-194
#[test]
fn import_that_passes_over_every_row_says_so_and_fails() {
    let report = |filtered| match imported(0) {
        Reply::Imported(report) => Reply::Imported(ImportReport {
            rows: 5,
            filtered,
            ..report
        }),
        other => panic!("{other:?}"),
    };
    let file = ["import", "/data/rows.csv", "--profile", "mhlw", "--on-node"];
    let arguments = [&file[..], &["--where", "authority=x"]].concat();
    let (ran, _) = against(vec![report(5)], &arguments);
    let ran = ran.exits(1);
    assert!(ran.out.contains("Every row was passed over"), "{}", ran.out);
    let (ran, _) = against(vec![report(4)], &arguments);
    ran.exits(0);
}

#[test]
fn import_of_a_file_on_the_node_sends_no_bytes() {
    let arguments = ["import", "/data/rows.csv", "--profile", "mhlw", "--on-node"];
    let (ran, requests) = against(vec![imported(0)], &arguments);
    ran.exits(0);
    let [Request::Import(ask)] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!(ask.path.as_deref(), Some("/data/rows.csv"));
}
