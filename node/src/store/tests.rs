use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use concordat_protocol::admin::ValidityCode;
use concordat_protocol::log::{Hash, LeafIndex, Origin};
use concordat_protocol::lookup::{Finding, LookUpRow, SaltedRow, Shown};
use concordat_protocol::statement::{Class, Ground};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::text::Text;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::RejectReason;
use proptest::prelude::*;
use tempfile::TempDir;

use super::engine::Engine;
use super::*;
use crate::fixture::{Fixture, Placed, day, item, subject};
use crate::lookups::{Mark, MarkKind};

const JOURNAL: JournalId = JournalId([7; 16]);

fn options() -> StoreOptions {
    StoreOptions {
        cache_bytes: 4 << 20,
        ..StoreOptions::default()
    }
}

fn open(directory: &Path) -> (Store, Opened) {
    Store::open(directory, options(), JOURNAL).unwrap()
}

fn at(records: u64) -> JournalPosition {
    JournalPosition::new(records)
}

fn foreign(placed: &Placed) -> IndexItem {
    statement(placed, false, None)
}

fn own(placed: &Placed) -> IndexItem {
    statement(placed, true, Some(Verdict::Verified))
}

fn statement(placed: &Placed, own: bool, verdict: Option<Verdict>) -> IndexItem {
    IndexItem::Statement {
        origin: placed.origin.clone(),
        index: placed.index,
        leaf: placed.leaf,
        body: Arc::clone(&placed.body),
        own,
        verdict,
    }
}

fn lookup(number: u64) -> Lookup {
    let row = LookUpRow {
        refused: None,
        number,
        at: Timestamp::new(1_772_409_600_000 + number).unwrap(),
        who: Text::new("clerk 12").unwrap(),
        purpose: Text::new("资格审查").unwrap(),
        case_number: Text::new("2026-118").unwrap(),
        basis: Text::new("第二十六条").unwrap(),
        subject: subject(1),
        scenario: None,
        answer: Hash::from_bytes([3; 32]),
        shown: Vec::new(),
        horizon: None,
        clean: None,
    };
    let kept = Some(SaltedRow::new([4; 32], &row).unwrap());
    Lookup { number, kept }
}

/// The same, of an answer that showed decisions.
fn lookup_of(number: u64, decisions: &[&Placed]) -> Lookup {
    let kept = lookup(number).kept.unwrap();
    let shown = |placed: &&Placed| Shown {
        reference: placed.reference(),
        validity: Some(ValidityCode::InForce),
        by: None,
        suspended: None,
        stayed: None,
        repaired: None,
        superseded: None,
    };
    let row = LookUpRow {
        shown: decisions.iter().map(shown).collect(),
        ..kept.row().unwrap()
    };
    let kept = Some(SaltedRow::new([4; 32], &row).unwrap());
    Lookup { number, kept }
}

fn review(number: u64) -> Mark {
    Mark {
        number,
        kind: MarkKind::Reviewed,
        at: Timestamp::new(1_772_409_700_000).unwrap(),
        who: Text::new("auditor").unwrap(),
        finding: Some(Finding::InOrder),
        state: None,
    }
}

/// A row that had to go leaves nothing but its number, in whatever order and however often that is said.
// spec: IDX-82, IDX-83, LKP-40
#[test]
fn look_up_is_found_by_what_it_showed_and_goes_with_its_marks() {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    let (store, _) = open(directory.path());
    let (acted_on, other) = (fixture.decision(0, 1), fixture.decision(1, 1));
    let objection = fixture.objection(2, subject(1), &acted_on);
    let mut items: Vec<_> = [&acted_on, &other, &objection].map(own).into();
    let rows = [
        lookup_of(0, &[&acted_on, &other]),
        lookup_of(1, &[&other]),
        lookup_of(2, &[&acted_on]),
    ];
    items.extend(rows.map(IndexItem::Lookup));
    items.extend([0, 2].map(|number| IndexItem::LookupMark(review(number))));
    store.apply(&items, at(6)).unwrap();
    let found = |store: &Store| -> Vec<(u64, u64)> {
        let (found, next) = store.shown_and_pointed_at(None, 9).unwrap();
        assert!(next.is_none());
        let found = found.iter();
        found
            .map(|(number, shown)| (*number, shown.reference.index.value()))
            .collect()
    };
    assert_eq!(found(&store), [(0, 0), (2, 0)]);
    // Page by page, none twice and none left out.
    let (mut numbers, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = store.shown_and_pointed_at(after.as_ref(), 1).unwrap();
        numbers.extend(page.iter().map(|(number, _)| *number));
        match next {
            Some(_) => after = next,
            None => break,
        }
    }
    assert_eq!(numbers, [0, 2]);
    assert_eq!(store.lookup_marks(0..9).unwrap(), [review(0), review(2)]);
    let gone = |number| IndexItem::Lookup(Lookup { number, kept: None });
    store.apply(&[gone(0)], at(7)).unwrap();
    store.apply(&[gone(0)], at(8)).unwrap();
    let again = IndexItem::Lookup(lookup_of(0, &[&acted_on]));
    store
        .apply(&[again, IndexItem::LookupMark(review(0))], at(9))
        .unwrap();
    assert_eq!(found(&store), [(2, 0)]);
    assert_eq!(store.lookup_marks(0..9).unwrap(), [review(2)]);
    let kept = store.lookups(0..9).unwrap();
    let kept: Vec<_> = kept.iter().map(|kept| kept.row.number).collect();
    assert_eq!(kept, [1, 2]);
    assert_eq!(store.counts().lookups, 3);
    // On the disk too.
    store.flush().unwrap();
    assert_eq!(found(&store), [(2, 0)]);
    let path = directory.path().join("generation-00000001");
    drop(store);
    let engine = Engine::open(&path, 4 << 20, Duration::from_secs(60)).unwrap();
    let mut keys = 0;
    let count = |_: &[u8], _: &[u8]| {
        keys += 1;
        std::ops::ControlFlow::Continue(())
    };
    engine.scan(b"z", b"z", count).unwrap();
    assert_eq!(keys, 2);
}

/// Statements of every indexed kind: 60 own decisions on 7 organisations, a re-issue, acts on some
/// of them, a notice, rows, and one body that is no statement.
fn sample(fixture: &Fixture) -> Vec<IndexItem> {
    let decisions: Vec<_> = (0..60)
        .map(|index| fixture.decision(index, index % 7))
        .collect();
    let objection = fixture.objection(60, subject(3), &decisions[3]);
    let withdrawal = fixture.withdrawal(61, subject(4), &decisions[4]);
    let root = decisions[5].reference();
    let reissue = fixture.decision_with(62, 5, |fields| fields.reissues = Some(root));
    let notice = fixture.notice(0, &decisions[3], &objection);
    let mut broken = fixture.decision(63, 1);
    broken.body = Arc::from([0x82, 0x00, 0x00].as_slice());
    let mut items: Vec<_> = decisions.iter().map(own).collect();
    items.extend([&objection, &withdrawal, &reissue].map(own));
    items.extend([&notice, &broken].map(foreign));
    let commitment = fixture.commitment(64, 3);
    let kept = fixture.kept(65, &commitment, 3);
    items.extend([&commitment, &kept].map(own));
    items.push(IndexItem::Delivery(Delivery {
        peer: fixture.hub,
        origin: fixture.origin(),
        begin: LeafIndex::new(0),
        end: LeafIndex::new(60),
        at: Timestamp::new(1_772_409_600_000).unwrap(),
    }));
    items.extend((0..3).map(|sequence| IndexItem::Lookup(lookup(sequence))));
    items.push(IndexItem::Peer {
        code: fixture.hub,
        facts: b"met in person".to_vec(),
    });
    items
}

/// Everything that can be asked, as one text: two stores that answer alike hold the same.
fn answers(store: &Store, fixture: &Fixture) -> String {
    use std::fmt::Write as _;

    let mut text = format!("{:?}\n", store.counts());
    for number in 0..8 {
        let rows = store.by_subject(subject(number)).unwrap();
        writeln!(text, "{number} {rows:?}").unwrap();
    }
    let origin = fixture.origin();
    for index in (0..70).map(LeafIndex::new) {
        let own = store.own(&origin, index).unwrap();
        let acts = store.acts_on(&origin, index).unwrap();
        let notices = store.notices_on(&origin, index).unwrap();
        let reissues = store.reissues_of(&origin, index).unwrap();
        let verdict = store.verdict(&origin, index);
        writeln!(
            text,
            "{own:?} {acts:?} {notices:?} {reissues:?} {verdict:?}"
        )
        .unwrap();
        let number = format!("鹤劳罚字〔2026〕{index}号");
        let natural = store.natural(fixture.member, &number, &item()).unwrap();
        writeln!(text, "{natural:?}").unwrap();
    }
    for number in 0..8 {
        let rows = store.records_about(subject(number)).unwrap();
        writeln!(text, "{number} {rows:?}").unwrap();
    }
    for index in (0..70).map(LeafIndex::new) {
        writeln!(text, "{:?}", store.records_on(&origin, index).unwrap()).unwrap();
    }
    let rows = store.lookups(0..100).unwrap();
    let deliveries = store.deliveries(fixture.hub).unwrap();
    let quarantine = store.quarantine(100).unwrap();
    let peers = store.peers().unwrap();
    writeln!(text, "{rows:?} {deliveries:?} {quarantine:?} {peers:?}").unwrap();
    text
}

fn positions(rows: &[SubjectRow]) -> Vec<u64> {
    rows.iter().map(|row| row.position.index.value()).collect()
}

// spec: IDX-75
#[test]
fn records_are_found_by_organisation_and_reference_and_by_no_question_about_decisions() {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    let (store, _) = open(directory.path());
    let decision = fixture.decision(0, 1);
    let commitment = fixture.commitment(1, 1);
    let kept = fixture.kept(2, &commitment, 1);
    let items: Vec<_> = [&decision, &commitment, &kept].map(own).into();
    store.apply(&items, at(1)).unwrap();
    let found = |rows: Vec<RecordRow>| -> Vec<(u64, Class)> {
        let row = |row: &RecordRow| (row.position.index.value(), row.class);
        rows.iter().map(row).collect()
    };
    let both = [(1, Class::Commitment), (2, Class::CommitmentOutcome)];
    assert_eq!(found(store.records_about(subject(1)).unwrap()), both);
    assert_eq!(found(store.records_about(subject(2)).unwrap()), []);
    let (origin, index) = (fixture.origin(), LeafIndex::new);
    assert_eq!(
        found(store.records_on(&origin, index(1)).unwrap()),
        both[1..]
    );
    assert_eq!(found(store.records_on(&origin, index(0)).unwrap()), []);
    assert_eq!(positions(&store.by_subject(subject(1)).unwrap()), [0]);
    assert!(!store.is_pointed_at(&Position::of(&commitment.reference())));
}

#[test]
fn statements_are_found_by_subject_target_document_and_position() {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    let (store, opened) = open(directory.path());
    assert!(matches!(opened, Opened::Fresh));
    store.apply(&sample(&fixture), at(70)).unwrap();

    let origin = fixture.origin();
    let rows = store.by_subject(subject(5)).unwrap();
    assert_eq!(positions(&rows), [5, 12, 19, 26, 33, 40, 47, 54, 62]);
    assert_eq!(rows[0].summary.issuer, fixture.member);
    assert_eq!(rows[0].summary.class, Class::Decision);
    assert!(rows[0].summary.adverse && rows[8].summary.reissue);
    let acts = store.acts_on(&origin, LeafIndex::new(3)).unwrap();
    assert_eq!(acts.len(), 1);
    assert_eq!(acts[0].position.index, LeafIndex::new(60));
    assert_eq!(acts[0].ground, Some(Ground::Facts));
    let received = store.objections_on(day("2026-03-10")).unwrap();
    assert_eq!(received, [acts[0].position.clone()]);
    assert_eq!(store.objections_on(day("2026-03-11")).unwrap(), []);
    let decided = store.by_document("鹤劳罚字〔2026〕9号").unwrap();
    assert_eq!(decided.len(), 1);
    assert_eq!(decided[0].index, LeafIndex::new(9));
    // spec: EFF-81
    let otherwise = "鹤劳罚字 [２０２６] 9号";
    assert_eq!(store.by_document(otherwise).unwrap(), decided);
    let natural = store.natural(fixture.member, otherwise, &item()).unwrap();
    assert_eq!(natural, decided);
    let notices = store.notices_on(&origin, LeafIndex::new(3)).unwrap();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].position.origin, fixture.register());
    assert_eq!(notices[0].act, acts[0].position);
    let reissues = store.reissues_of(&origin, LeafIndex::new(5)).unwrap();
    assert_eq!(reissues[0].index, LeafIndex::new(62));
    let number = "鹤劳罚字〔2026〕9号";
    let natural = store.natural(fixture.member, number, &item()).unwrap();
    assert_eq!(natural.len(), 1);
    let own = store.own(&origin, LeafIndex::new(41)).unwrap().unwrap();
    assert_eq!(own.body, fixture.decision(41, 41 % 7).body);
    assert_eq!(store.counts().statements, 67);
    assert_eq!(store.counts().lookups, 3);
    assert_eq!(store.applied(), at(70));
}

#[test]
fn body_that_is_no_statement_is_quarantined_with_its_reason() {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    let (store, _) = open(directory.path());
    store.apply(&sample(&fixture), at(70)).unwrap();
    let position = Position {
        origin: fixture.origin(),
        index: LeafIndex::new(63),
    };
    let quarantine = store.quarantine(10).unwrap();
    assert_eq!(quarantine, [(position, RejectReason::NotAStatement)]);
    assert_eq!(store.counts().rejected, 1);
}

#[test]
fn verdict_is_kept_and_shown_and_leaves_the_unverified() {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    let origin = fixture.origin();
    let position = |index| Position {
        origin: origin.clone(),
        index: LeafIndex::new(index),
    };
    {
        let (store, _) = open(directory.path());
        let items: Vec<_> = (0..3)
            .map(|index| foreign(&fixture.decision(index, 1)))
            .collect();
        store.apply(&items, at(3)).unwrap();
        let (unverified, next) = store.unverified(UnverifiedCursor::default(), 2);
        assert_eq!(unverified, [position(0), position(1)]);
        let (rest, end) = store.unverified(next.unwrap(), 2);
        assert_eq!((rest, end), (vec![position(2)], None));
        let bad = Verdict::Rejected(RejectReason::BadSignature);
        let verdicts = [(position(0), Verdict::Verified), (position(1), bad)];
        store.judge(&verdicts).unwrap();
        store.judge(&[(position(9), Verdict::Verified)]).unwrap();
    }
    let (store, _) = open(directory.path());
    let (unverified, _) = store.unverified(UnverifiedCursor::default(), 9);
    assert_eq!(unverified, [position(2)]);
    let rows = store.by_subject(subject(1)).unwrap();
    assert_eq!(rows[0].verdict, Some(Verdict::Verified));
    assert!(!store.holds(&origin, LeafIndex::new(9)));
    let quarantine = store.quarantine(9).unwrap();
    assert_eq!(quarantine, [(position(1), RejectReason::BadSignature)]);
}

// spec: IDX-7
#[test]
fn facts_about_a_peer_past_64_kib_are_refused() {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    let (store, _) = open(directory.path());
    let facts = |bytes| IndexItem::Peer {
        code: fixture.hub,
        facts: vec![0; bytes],
    };
    store.apply(&[facts(65_536)], at(1)).unwrap();
    let refused = store.apply(&[facts(65_537)], at(2)).unwrap_err();
    assert!(matches!(
        refused,
        StoreError::FactsTooLong { bytes: 65_537 }
    ));
    assert_eq!(store.applied(), at(1));
}

// spec: IDX-2
#[test]
fn store_goes_on_from_the_position_of_its_last_batch_after_a_restart() {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    let items = sample(&fixture);
    let (first, second) = items.split_at(40);
    {
        let (store, _) = open(directory.path());
        store.apply(first, at(40)).unwrap();
    }
    let (store, opened) = open(directory.path());
    assert!(matches!(opened, Opened::Ready));
    assert_eq!(store.applied(), at(40));
    store.apply(second, at(70)).unwrap();
    let other = TempDir::new().unwrap();
    let (whole, _) = open(other.path());
    whole.apply(&items, at(70)).unwrap();
    assert_eq!(answers(&store, &fixture), answers(&whole, &fixture));
}

/// A crash between two batches of one call: the first is there, the position is not.
// spec: IDX-2, IDX-3
#[test]
fn items_of_a_call_cut_short_are_taken_in_again_without_harm() {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    let items: Vec<_> = (0..300)
        .map(|index| own(&fixture.decision(index, index % 5)))
        .collect();
    let (store, _) = open(directory.path());
    store.apply(&items[..256], JournalPosition::START).unwrap();
    assert_eq!(store.applied(), JournalPosition::START);
    store.apply(&items, at(300)).unwrap();
    assert_eq!(store.counts().statements, 300);
    assert_eq!(store.by_subject(subject(0)).unwrap().len(), 60);
    for index in (0..300).map(LeafIndex::new) {
        assert!(store.own(&fixture.origin(), index).unwrap().is_some());
    }
}

#[test]
fn compaction_changes_no_answer_and_leaves_one_directory() {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    let (store, _) = open(directory.path());
    store.apply(&sample(&fixture), at(70)).unwrap();
    let before = answers(&store, &fixture);
    store.compact().unwrap();
    assert_eq!(answers(&store, &fixture), before);
    let names = fs::read_dir(directory.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names: BTreeSet<_> = names.collect();
    let left = ["generation-00000002", "generation-00000002.whole"];
    assert_eq!(names, BTreeSet::from(left.map(str::to_owned)));
    drop(store);
    let (store, opened) = open(directory.path());
    assert!(matches!(opened, Opened::Ready));
    assert_eq!(answers(&store, &fixture), before);
    assert_eq!(store.applied(), at(70));
}

#[test]
fn interrupted_compaction_is_removed_and_the_old_directory_serves() {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    {
        let (store, _) = open(directory.path());
        store.apply(&sample(&fixture), at(70)).unwrap();
    }
    let building = directory.path().join("generation-00000002.building");
    fs::create_dir(&building).unwrap();
    let (store, opened) = open(directory.path());
    assert!(matches!(opened, Opened::Ready));
    assert_eq!(store.applied(), at(70));
    assert!(!building.exists());
}

// spec: IDX-1
#[test]
fn store_of_another_journal_is_set_aside() {
    let directory = TempDir::new().unwrap();
    {
        let (store, _) = open(directory.path());
        store.apply(&[], at(5)).unwrap();
    }
    let other = JournalId([8; 16]);
    let (store, opened) = Store::open(directory.path(), options(), other).unwrap();
    assert!(matches!(
        opened,
        Opened::RebuildNeeded(RebuildReason::OtherJournal)
    ));
    assert_eq!(store.applied(), JournalPosition::START);
}

// spec: IDX-1
#[test]
fn store_of_another_format_is_set_aside() {
    let directory = TempDir::new().unwrap();
    drop(open(directory.path()));
    {
        let path = directory.path().join("generation-00000001");
        let engine = Engine::open(&path, 4 << 20, Duration::from_secs(60)).unwrap();
        let mut batch = engine::EngineBatch::default();
        batch.replace(Meta::key(), [0xff, 0xfe, 0]);
        engine.apply(batch).unwrap();
    }
    let (_, opened) = open(directory.path());
    assert!(matches!(
        opened,
        Opened::RebuildNeeded(RebuildReason::Format { found: 0xfffe })
    ));
}

// spec: IDX-4, IDX-9
#[test]
fn store_in_which_a_damaged_value_was_met_is_made_again_at_the_next_start() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    store.apply(&[IndexItem::Lookup(lookup(0))], at(1)).unwrap();
    store.flush().unwrap();
    drop(store);
    {
        let path = directory.path().join("generation-00000001");
        let engine = Engine::open(&path, 4 << 20, Duration::from_secs(60)).unwrap();
        let mut batch = engine::EngineBatch::default();
        batch.replace(ledger::lookup_key(0), b"no row");
        engine.apply(batch).unwrap();
    }
    let (store, opened) = open(directory.path());
    assert!(matches!(opened, Opened::Ready));
    // Which rows there are is known without reading them.
    // spec: LKP-69
    assert_eq!(store.look_ups_indexed().unwrap(), [(0, true)].into());
    let read = store.lookups(0..1);
    assert!(matches!(read, Err(StoreError::Damaged { .. })), "{read:?}");
    drop(store);
    let (store, opened) = open(directory.path());
    assert!(
        matches!(
            opened,
            Opened::RebuildNeeded(RebuildReason::Engine {
                source: EngineFault::Distrusted
            })
        ),
        "{opened:?}"
    );
    assert_eq!(store.applied(), JournalPosition::START);
}

/// Each file of the engine cut short, emptied or overwritten: the open either serves what was there
/// or says that it must be rebuilt, and what is served answers without a panic.
// spec: IDX-1, IDX-4
#[test]
fn damaged_directory_is_set_aside_or_serves_and_never_panics() {
    let fixture = Fixture::new();
    let items = sample(&fixture);
    let source = TempDir::new().unwrap();
    {
        let (store, _) = open(source.path());
        store.apply(&items, at(70)).unwrap();
        store.flush().unwrap();
    }
    let mut rebuilt = 0;
    for file in files(source.path()) {
        for damage in 0..8 {
            let directory = TempDir::new().unwrap();
            copy(source.path(), directory.path());
            spoil(&directory.path().join(&file), damage);
            let (store, opened) = open(directory.path());
            if matches!(opened, Opened::RebuildNeeded(_)) {
                rebuilt += 1;
                assert_eq!(store.applied(), JournalPosition::START);
                assert!(directory.path().join("damaged").exists());
                store.apply(&items, at(70)).unwrap();
                assert_eq!(store.by_subject(subject(5)).unwrap().len(), 9);
            } else {
                // An error is allowed, a panic is not.
                drop(store.by_subject(subject(5)));
                drop(store.apply(&items, at(70)));
            }
        }
    }
    assert!(rebuilt > 0);
}

fn spoil(file: &Path, damage: usize) {
    let mut bytes = fs::read(file).unwrap();
    let length = bytes.len();
    match damage {
        0 => bytes.clear(),
        1 => bytes.truncate(length / 2),
        2 => bytes.truncate(length.saturating_sub(1)),
        3 => bytes.fill(0),
        4 => bytes.fill(0xff),
        step => {
            let stride = 61 * step;
            bytes
                .iter_mut()
                .step_by(stride)
                .for_each(|byte| *byte ^= 0x10);
        }
    }
    fs::write(file, bytes).unwrap();
}

fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => found.push(path.strip_prefix(root).unwrap().to_path_buf()),
            }
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(from.join(&file), target).unwrap();
    }
}

#[derive(Clone, Debug)]
struct Delivered {
    order: Vec<usize>,
    cuts: Vec<usize>,
}

/// Every item at least once, some twice, in any order, in parts of any size.
fn delivered(count: usize) -> impl Strategy<Value = Delivered> {
    let twice = proptest::collection::vec(0..count, 0..20);
    let order = twice.prop_flat_map(move |twice| {
        let all: Vec<usize> = (0..count).chain(twice).collect();
        Just(all).prop_shuffle()
    });
    let cuts = proptest::collection::vec(1_usize..40, 1..20);
    (order, cuts).prop_map(|(order, cuts)| Delivered { order, cuts })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    // spec: IDX-3
    #[test]
    fn any_order_repetition_and_batching_gives_the_same_index(delivered in delivered(72)) {
        let fixture = Fixture::new();
        let items = sample(&fixture);
        prop_assert_eq!(items.len(), 72);
        let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let (whole, _) = open(one.path());
        whole.apply(&items, at(70)).unwrap();
        let (parts, _) = open(other.path());
        let mut rest = delivered.order.as_slice();
        let mut cuts = delivered.cuts.iter().cycle();
        let mut records = 0;
        while !rest.is_empty() {
            let length = (*cuts.next().unwrap()).min(rest.len());
            let (now, later) = rest.split_at(length);
            let batch: Vec<_> = now.iter().map(|at| items[*at].clone()).collect();
            records += 1;
            parts.apply(&batch, at(records)).unwrap();
            rest = later;
        }
        let same = answers(&parts, &fixture) == answers(&whole, &fixture);
        prop_assert!(same, "{:?} {:?}", parts.counts(), whole.counts());
    }
}

// spec: IDX-6
#[test]
fn own_statement_that_does_not_fit_its_leaf_is_refused() {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    let (store, _) = open(directory.path());
    let mut placed = fixture.decision(0, 1);
    placed.body = fixture.decision(0, 2).body;
    store.apply(&[own(&placed)], at(1)).unwrap();
    let refused = store.own(&placed.origin, placed.index).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { family: 'o' }));
}

#[test]
fn unknown_logs_and_organisations_have_no_rows() {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    let (store, _) = open(directory.path());
    let (origin, index): (Origin, _) = (fixture.origin(), LeafIndex::new(0));
    let nobody: SubjectCode = subject(1);
    assert_eq!(store.by_subject(nobody).unwrap(), []);
    assert_eq!(store.acts_on(&origin, index).unwrap(), []);
    assert_eq!(store.own(&origin, index).unwrap(), None);
    assert_eq!(store.verdict(&origin, index), None);
}
