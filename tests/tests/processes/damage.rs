//! Nodes whose files were damaged while they were off.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use concordat_node::disk::RealDisk;
use concordat_node::journal::stored_id;
use concordat_node::node::Layout;
use concordat_node::store::{Store, StoreOptions};
use concordat_protocol::admin::{ErrorCode, Target};
use concordat_protocol::log::LeafIndex;
use concordat_tests::processes::{AskError, Failure, Network, PATIENCE, Process, Rows, wait_until};
use concordat_tests::sim::Rng;

use crate::lost_bodies::{others, stop_with_nothing_alone};
use crate::{NODE, alone, number, repeat, seed};

/// Decisions that the node has made before it is damaged.
const STATEMENTS: u64 = 40;
/// Decisions whose bodies are damaged.
const DAMAGED: usize = 6;
/// Bytes of a ledger that holds nothing.
const FOUNDING_BYTES: u64 = 98;

/// A member all of whose log everyone holds, and who is off.
async fn member_off(network: &Network) -> Result<Vec<Process>, Failure> {
    let mut processes = with_statements(network, 1).await?;
    stop_with_nothing_alone(network, &mut processes, 1).await?;
    for other in others(network, 1) {
        processes.push(network.spawn(other)?);
        answers(network, other).await?;
    }
    Ok(processes)
}

/// A network in which one has made decisions that everyone holds.
pub(crate) async fn with_statements(
    network: &Network,
    owner: usize,
) -> Result<Vec<Process>, Failure> {
    let processes = network.start().await?;
    let table = Rows::new(network.code(owner), seed()).table(STATEMENTS)?;
    let report = network.client(owner).await?.import(&table.text).await?;
    if report.written != STATEMENTS {
        return Err(Failure::new(format!("the import came to {report:?}")));
    }
    for node in 0..network.len() {
        whole_at(network, owner, node).await?;
    }
    Ok(processes)
}

/// Waits until a node holds all that another said.
pub(crate) async fn whole_at(network: &Network, owner: usize, node: usize) -> Result<(), Failure> {
    let log = network.log(owner);
    wait_until(PATIENCE, "all bodies of a log", || async {
        let Ok(status) = network.status(node).await else {
            return Ok(None);
        };
        let held = status.logs.iter().find(|held| held.origin == log);
        let whole = held.is_some_and(|held| held.bodies_missing == 0 && held.bodies >= STATEMENTS);
        Ok(whole.then_some(()))
    })
    .await
}

/// How a node that must not start has ended.
pub(crate) async fn refusal(network: &Network, node: usize) -> Result<String, Failure> {
    let before = network.written(node).len();
    let mut process = network.spawn(node)?;
    let status = wait_until(PATIENCE, "the end of a start", || {
        std::future::ready(process.ended().map_err(Failure::of("waiting for the end")))
    })
    .await?;
    let written = network.written(node).split_off(before);
    match status.success() {
        true => Err(Failure::new(format!("it ended well: {written}"))),
        false => Ok(written),
    }
}

// spec: STO-28, STO-29
#[tokio::test(flavor = "multi_thread")]
async fn node_whose_ledger_lost_its_end_starts_only_when_told_and_gets_its_log_back() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = ledger_lost(&network).await;
    network.conclude(outcome, &repeat("node_whose_ledger_lost", ""));
}

async fn ledger_lost(network: &Network) -> Result<(), Failure> {
    let mut processes = member_off(network).await?;
    let ledger = network.layout(1).data().join("ledger-00000000.seg");
    let file = OpenOptions::new().write(true).open(ledger);
    let cut = file.and_then(|file| file.set_len(FOUNDING_BYTES));
    cut.map_err(Failure::of("cutting the ledger"))?;
    let said = refusal(network, 1).await?;
    for part in ["ledger-00000000.seg ends at byte 98", "--accept-loss"] {
        if !said.contains(part) {
            return Err(Failure::new(format!("{part:?} is not in {said}")));
        }
    }
    processes.push(network.spawn_with(1, &["--accept-loss"])?);
    network.ready(1).await?;
    whole_at(network, 1, 1).await?;
    let mut client = network.client(1).await?;
    let alarms = client.status().await?.alarms;
    if !alarms
        .iter()
        .any(|alarm| alarm.name.as_str() == "records-lost")
    {
        return Err(Failure::new(format!("no word of the loss: {alarms:?}")));
    }
    for index in (0..STATEMENTS).map(LeafIndex::new) {
        let origin = network.log(1);
        client.statement(Target::Position { origin, index }).await?;
    }
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}

// spec: IDX-9
#[tokio::test(flavor = "multi_thread")]
async fn index_that_lacks_what_it_says_it_holds_is_made_again() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = index_lacking(&network).await;
    network.conclude(outcome, &repeat("index_that_lacks", ""));
}

async fn index_lacking(network: &Network) -> Result<(), Failure> {
    let mut processes = member_off(network).await?;
    empty_index(network.layout(1)).map_err(Failure::of("emptying the index"))?;
    processes.push(network.spawn(1)?);
    network.ready(1).await?;
    let mut client = network.client(1).await?;
    let statements = client.status().await?.statements;
    if statements < STATEMENTS {
        return Err(Failure::new(format!("{statements} statements are found")));
    }
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}

/// Leaves an index that says it has taken in everything, and holds nothing.
fn empty_index(layout: &Layout) -> Result<(), Box<dyn Error + Send + Sync>> {
    let disk = RealDisk::open(layout.data())?;
    let journal = stored_id(&disk)?.ok_or("no journal")?;
    let (store, _) = Store::open(layout.store(), StoreOptions::default(), journal)?;
    let applied = store.applied();
    let store = store.renew(journal)?;
    store.apply(&[], applied)?;
    Ok(store.flush()?)
}

// spec: STO-31, STO-32
#[tokio::test(flavor = "multi_thread")]
async fn damaged_body_of_an_own_log_is_named_and_given_back_by_the_hub() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = body_damaged(&network, 1, 1, 0).await;
    network.conclude(outcome, &repeat("damaged_body_of_an_own", ""));
}

// spec: STO-31, STO-32
#[tokio::test(flavor = "multi_thread")]
async fn damaged_body_of_a_foreign_log_is_named_and_given_back_by_its_owner() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = body_damaged(&network, 1, 0, 1).await;
    network.conclude(outcome, &repeat("damaged_body_of_a_foreign", ""));
}

// spec: STO-32, EXC-21
#[tokio::test(flavor = "multi_thread")]
async fn damaged_body_of_the_hubs_own_log_is_named_and_given_back_by_a_member() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = body_damaged(&network, 0, 0, 1).await;
    network.conclude(outcome, &repeat("damaged_body_of_the_hubs", ""));
}

/// Damages the newest bodies of a log at one node, and has another give them back.
async fn body_damaged(
    network: &Network,
    owner: usize,
    node: usize,
    giver: usize,
) -> Result<(), Failure> {
    let mut processes = with_statements(network, owner).await?;
    for process in processes.drain(..) {
        process.stop().await?;
    }
    let path = network.layout(node).data().join("bodies-00000000.seg");
    let mut bytes = std::fs::read(&path).map_err(Failure::of("reading bodies"))?;
    // The last of its decisions, and nothing that it says by itself: what that is of, and who holds it,
    // is for other tests.
    let name = b"Test subject";
    let decided = bytes.windows(name.len()).enumerate();
    let decided = decided.filter(|(_, window)| window == name);
    let decided: Vec<usize> = decided.map(|(at, _)| at).collect();
    for at in decided.iter().rev().take(DAMAGED) {
        bytes[*at] ^= 0x10;
    }
    write_over(&path, &bytes)?;
    processes.push(network.spawn(node)?);
    answers(network, node).await?;
    let damaged = wait_until(PATIENCE, "damage that is named", || async {
        let answers = statements(network, owner, node).await?;
        let named = |answer: &&Answer| matches!(answer, Err(ErrorCode::BodyDamaged));
        let named = answers.iter().filter(named).count();
        let others = answers.iter().flatten().count() + named;
        Ok((named > 0 && others == answers.len()).then_some(named))
    })
    .await?;
    let log = network.written(node);
    let told = log.matches("a body on disk is damaged").count();
    if told != damaged || !log.contains("bodies-00000000.seg") {
        return Err(Failure::new(format!("{damaged} damaged, {told} told")));
    }
    let alarm = alarm_of(network, node, "bodies").await?;
    if alarm != Some(damaged as u64) {
        return Err(Failure::new(format!("{damaged} damaged, alarm {alarm:?}")));
    }
    processes.push(network.spawn(giver)?);
    wait_until(PATIENCE, "bodies given back", || async {
        let answers = statements(network, owner, node).await?;
        Ok(answers.iter().all(Result::is_ok).then_some(()))
    })
    .await?;
    let repaired = alarm_of(network, node, "repaired").await?;
    if repaired != Some(damaged as u64) {
        return Err(Failure::new(format!(
            "{damaged} damaged, {repaired:?} given back"
        )));
    }
    // Given back for good: alone and started anew, it answers for all.
    for process in processes.drain(..) {
        process.stop().await?;
    }
    processes.push(network.spawn(node)?);
    answers(network, node).await?;
    let again = statements(network, owner, node).await?;
    if !again.iter().all(Result::is_ok) || alarm_of(network, node, "bodies").await?.is_some() {
        return Err(Failure::new(format!("after a restart: {again:?}")));
    }
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}

/// What a node answers when asked for a statement: its decision in words, or why not.
pub(crate) type Answer = Result<String, ErrorCode>;

/// What a node answers when asked for each of the statements that one has made.
pub(crate) async fn statements(
    network: &Network,
    owner: usize,
    node: usize,
) -> Result<Vec<Answer>, Failure> {
    let mut client = network.client(node).await?;
    let mut answers = Vec::new();
    for index in (0..STATEMENTS).map(LeafIndex::new) {
        let origin = network.log(owner);
        answers.push(
            match client.statement(Target::Position { origin, index }).await {
                Ok(view) => Ok(format!("{:?} {:?}", view.reference, view.decision)),
                Err(AskError::Refused(error)) => Err(error.code),
                Err(error) => return Err(error.into()),
            },
        );
    }
    Ok(answers)
}

/// Waits until a node answers at all.
pub(crate) async fn answers(network: &Network, node: usize) -> Result<(), Failure> {
    wait_until(PATIENCE, "a node that answers", || async {
        Ok(network.status(node).await.is_ok().then_some(()))
    })
    .await
}

/// A number of the alarm about damage, while there is one.
async fn alarm_of(network: &Network, node: usize, detail: &str) -> Result<Option<u64>, Failure> {
    number_of(network, node, "disk-damaged", detail).await
}

/// A number of the first alarm of a name, while there is one.
pub(crate) async fn number_of(
    network: &Network,
    node: usize,
    name: &str,
    detail: &str,
) -> Result<Option<u64>, Failure> {
    let alarms = network.status(node).await?.alarms;
    let mut alarms = alarms.iter();
    let alarm = alarms.find(|alarm| alarm.name.as_str() == name);
    let details = alarm.into_iter().flat_map(|alarm| &alarm.details);
    let mut values = details.filter(|found| found.name == detail);
    Ok(values.next().and_then(|found| found.value.parse().ok()))
}

/// Gives a file other bytes; it stays the same file.
pub(crate) fn write_over(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).open(path);
    let written = file.and_then(|mut file| file.write_all(bytes));
    written.map_err(Failure::of("writing a file"))
}

// spec: STO-4, STO-11, STO-17, STO-31, STO-34
#[tokio::test(flavor = "multi_thread")]
async fn one_flipped_byte_in_any_file_changes_no_answer_or_is_named() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let flips = number("CONCORDAT_FLIPS", 2);
    let outcome = flipped(&network, flips).await;
    let again = repeat("one_flipped_byte", &format!("CONCORDAT_FLIPS={flips} "));
    network.conclude(outcome, &again);
}

async fn flipped(network: &Network, flips: u64) -> Result<(), Failure> {
    let processes = with_statements(network, 1).await?;
    let expected = statements(network, 1, 1).await?;
    let mut others = processes;
    others.remove(1).stop().await?;
    let root = network.layout(1).root();
    let mut rng = Rng::new(seed());
    let saved = Saved::of(root)?;
    for (path, bytes) in &saved.0 {
        for _ in 0..flips {
            let last = (bytes.len() as u64).saturating_sub(1);
            let at = usize::try_from(rng.within(0, last + 1)).unwrap_or(0);
            let bit = 1_u8 << rng.within(0, 8);
            let mut changed = bytes.clone();
            let Some(byte) = changed.get_mut(at) else {
                continue;
            };
            *byte ^= bit;
            saved.restore(root)?;
            write_over(path, &changed)?;
            let shown = path.strip_prefix(root).unwrap_or(path).display();
            let case = format!("{shown} byte {at} bit {bit:02x}");
            let outcome = after_flip(network, &expected).await;
            let outcome = outcome.map_err(Failure::of(&case))?;
            eprintln!("{case}: {outcome}");
        }
    }
    for process in others {
        process.stop().await?;
    }
    Ok(())
}

/// Starts the member and says what came of it.
async fn after_flip(network: &Network, expected: &[Answer]) -> Result<String, Failure> {
    let before = network.written(1).len();
    let mut process = network.spawn(1)?;
    let running = wait_until(PATIENCE, "an answer or an end", || {
        let ended = process.ended().map_err(Failure::of("waiting"));
        async {
            if let Some(status) = ended? {
                return Ok(Some(Err(status)));
            }
            Ok(network.status(1).await.is_ok().then_some(Ok(())))
        }
    })
    .await?;
    let answers = match running {
        Ok(()) => statements(network, 1, 1).await?,
        Err(_) => Vec::new(),
    };
    let alarm = match running {
        Ok(()) => alarm_of(network, 1, "bodies").await?,
        Err(_) => None,
    };
    drop(process);
    let written = network.written(1).split_off(before);
    if written.contains("panicked at") {
        return Err(Failure::new(format!("a panic: {written}")));
    }
    if let Err(status) = running {
        let line = written.lines().find(|line| line.starts_with("error: "));
        return match line.filter(|_| !status.success()) {
            Some(line) => Ok(line.to_owned()),
            None => Err(Failure::new(format!("ended with {status}: {written}"))),
        };
    }
    let silent = |answer: &&Answer| {
        let codes = [ErrorCode::BodyNotHeld, ErrorCode::TargetNotFound];
        matches!(answer, Err(code) if codes.contains(code))
    };
    let named = alarm.is_some() && !answers.iter().any(|answer| silent(&answer));
    match answers == expected {
        true => Ok("the same answers".to_owned()),
        false if named => Ok(format!("{alarm:?} bodies damaged")),
        false => Err(Failure::new(format!("other answers: {answers:?}"))),
    }
}

/// Every file of a directory with its bytes; signer states last, since what they lose others remember.
struct Saved(Vec<(PathBuf, Vec<u8>)>);

impl Saved {
    fn of(root: &Path) -> Result<Self, Failure> {
        let mut files = Vec::new();
        for path in files_below(root).map_err(Failure::of("listing files"))? {
            let bytes = std::fs::read(&path).map_err(Failure::of("reading a file"))?;
            files.push((path, bytes));
        }
        files.sort_by_key(|(path, _)| {
            (path.extension().is_some_and(|e| e == "state"), path.clone())
        });
        Ok(Self(files))
    }

    /// Makes the directory what it was. Files stay the same files.
    fn restore(&self, root: &Path) -> Result<(), Failure> {
        for path in files_below(root).map_err(Failure::of("listing files"))? {
            if !self.0.iter().any(|(saved, _)| *saved == path) {
                std::fs::remove_file(path).map_err(Failure::of("removing a file"))?;
            }
        }
        for (path, bytes) in &self.0 {
            if std::fs::read(path).ok().as_ref() != Some(bytes) {
                if let Some(directory) = path.parent() {
                    std::fs::create_dir_all(directory).map_err(Failure::of("a directory"))?;
                }
                write_over(path, bytes)?;
            }
        }
        Ok(())
    }
}

fn files_below(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        if kind.is_dir() {
            files.extend(files_below(&path)?);
        } else if kind.is_file() && path.file_name().is_some_and(|name| name != "node.log") {
            files.push(path);
        }
    }
    Ok(files)
}

// spec: STO-32, STO-33
#[tokio::test(flavor = "multi_thread")]
async fn damaged_registry_stops_the_hub_and_is_given_back_to_a_member() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = registry_damaged(&network).await;
    network.conclude(outcome, &repeat("damaged_registry", ""));
}

async fn registry_damaged(network: &Network) -> Result<(), Failure> {
    let mut processes = with_statements(network, 1).await?;
    let expected = statements(network, 1, 1).await?;
    for process in processes.drain(..) {
        process.stop().await?;
    }
    let path = |node| network.layout(node).data().join("bodies-00000000.seg");
    let whole = std::fs::read(path(0)).map_err(Failure::of("reading bodies"))?;
    for node in [0, 1] {
        let mut bytes = std::fs::read(path(node)).map_err(Failure::of("reading bodies"))?;
        // The registry came first; the header is not touched.
        bytes[64..3_000]
            .iter_mut()
            .step_by(50)
            .for_each(|byte| *byte ^= 1);
        write_over(&path(node), &bytes)?;
    }
    let said = refusal(network, 0).await?;
    if !said.contains("of the registry cannot be read: journal file bodies-00000000.seg") {
        return Err(Failure::new(said));
    }
    write_over(&path(0), &whole)?;
    processes.push(network.spawn(1)?);
    answers(network, 1).await?;
    processes.push(network.spawn(0)?);
    network.ready(1).await?;
    wait_until(PATIENCE, "the registry given back", || async {
        let same = statements(network, 1, 1).await? == expected;
        Ok(same.then_some(()))
    })
    .await?;
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}
