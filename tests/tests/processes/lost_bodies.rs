//! Nodes whose body segments were cut or removed while they were off; their ledgers are whole.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use concordat_protocol::admin::ErrorCode;
use concordat_protocol::log::TreeSize;
use concordat_tests::processes::{Failure, Network, PATIENCE, Process, wait_until};

use crate::damage::{
    Answer, answers, number_of, refusal, statements, whole_at, with_statements, write_over,
};
use crate::{NODE, alone, repeat, seed};

const SEGMENT: &str = "bodies-00000000.seg";
/// Each node that starts says at most a few statements by itself.
const STOPS_MAX: usize = 10;

/// What was done to the only body segment of a node.
#[derive(Clone, Copy)]
enum Loss {
    /// Its last tenth is gone: nothing of the registry, which came first.
    Cut,
    /// It is gone.
    Gone,
}

impl Loss {
    fn inflict(self, path: &Path) -> Result<(), Failure> {
        let done = match self {
            Self::Cut => std::fs::metadata(path).and_then(|found| {
                let file = OpenOptions::new().write(true).open(path)?;
                file.set_len(found.len() - found.len() / 10)
            }),
            Self::Gone => std::fs::remove_file(path),
        };
        done.map_err(Failure::of("damaging bodies"))
    }

    fn cause(self) -> &'static str {
        match self {
            Self::Cut => "were committed",
            Self::Gone => "segment missing",
        }
    }
}

fn bodies(network: &Network, node: usize) -> PathBuf {
    network.layout(node).data().join(SEGMENT)
}

// spec: STO-65, STO-66
#[tokio::test(flavor = "multi_thread")]
async fn member_without_the_end_of_its_bodies_starts_when_told_and_gets_them_back() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = bodies_lost(&network, Loss::Cut, 1, 1).await;
    network.conclude(outcome, &repeat("member_without_the_end", ""));
}

// spec: STO-65, STO-66
#[tokio::test(flavor = "multi_thread")]
async fn member_without_any_bodies_starts_when_told_and_gets_its_own_and_foreign_ones_back() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = bodies_lost(&network, Loss::Gone, 1, 1).await;
    network.conclude(outcome, &repeat("member_without_any_bodies", ""));
}

// spec: STO-65, STO-66
#[tokio::test(flavor = "multi_thread")]
async fn member_without_bodies_of_a_foreign_log_gets_them_back() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = bodies_lost(&network, Loss::Cut, 0, 1).await;
    network.conclude(outcome, &repeat("member_without_bodies_of_a_foreign", ""));
}

// spec: STO-65, STO-66
#[tokio::test(flavor = "multi_thread")]
async fn hub_without_the_end_of_its_bodies_starts_when_told_and_gets_them_back() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = bodies_lost(&network, Loss::Cut, 0, 0).await;
    network.conclude(outcome, &repeat("hub_without_the_end", ""));
}

/// Node 0 or 1 loses bodies, of which the others together have all: what it said to one of them alone,
/// like what it holds of that one's log, the rest are not given.
async fn bodies_lost(
    network: &Network,
    loss: Loss,
    owner: usize,
    node: usize,
) -> Result<(), Failure> {
    let mut processes = with_statements(network, owner).await?;
    let expected = all_answers(network, owner, node).await?;
    stop_with_nothing_alone(network, &mut processes, node).await?;
    loss.inflict(&bodies(network, node))?;
    let said = refusal(network, node).await?;
    for part in [SEGMENT, loss.cause(), "--accept-loss"] {
        if !said.contains(part) {
            return Err(Failure::new(format!("{part:?} is not in {said}")));
        }
    }
    // Told, it says what is lost, and answers for nothing of it.
    processes.push(network.spawn_with(node, &["--accept-loss"])?);
    answers(network, node).await?;
    let damaged = number_of(network, node, "disk-damaged", "bodies").await?;
    if damaged.is_none_or(|damaged| damaged == 0) {
        return Err(Failure::new("no word of damage".to_owned()));
    }
    named_or_same(&statements(network, owner, node).await?, &expected)?;
    stop_all(&mut processes).await?;
    // It need not be told again, and says it again, until others have given back what is lost.
    processes.push(network.spawn(node)?);
    answers(network, node).await?;
    if !misses_something(network, node).await? {
        return Err(Failure::new(
            "no word of the loss after a restart".to_owned(),
        ));
    }
    for other in others(network, node) {
        processes.push(network.spawn(other)?);
    }
    network.ready(node).await?;
    whole_at(network, owner, node).await?;
    wait_until(PATIENCE, "the end of the alarms", || async {
        let missing = misses_something(network, node).await?;
        Ok((!missing).then_some(()))
    })
    .await?;
    stop_all(&mut processes).await?;
    // Given back for good.
    processes.push(network.spawn(node)?);
    answers(network, node).await?;
    let again = statements(network, owner, node).await?;
    if again != expected || misses_something(network, node).await? {
        return Err(Failure::new(format!("after a restart: {again:?}")));
    }
    stop_all(&mut processes).await
}

/// Waits until a node answers for every statement of a log: a foreign one has to be verified first.
async fn all_answers(network: &Network, owner: usize, node: usize) -> Result<Vec<Answer>, Failure> {
    wait_until(PATIENCE, "all answers", || async {
        let answers = statements(network, owner, node).await?;
        Ok(answers.iter().all(Result::is_ok).then_some(answers))
    })
    .await
}

async fn stop_all(processes: &mut Vec<Process>) -> Result<(), Failure> {
    for process in processes.drain(..) {
        process.stop().await?;
    }
    Ok(())
}

/// Every node but one.
pub(crate) fn others(network: &Network, node: usize) -> impl Iterator<Item = usize> {
    (0..network.len()).filter(move |other| *other != node)
}

/// Stops all nodes, once the others hold all that this one ever said: of what was delivered and received
/// a node says more by itself, also while it is being stopped, and nobody gives back what nobody has.
pub(crate) async fn stop_with_nothing_alone(
    network: &Network,
    processes: &mut Vec<Process>,
    node: usize,
) -> Result<(), Failure> {
    for _ in 0..STOPS_MAX {
        stop_all(processes).await?;
        let before = length(&bodies(network, node))?;
        let said = leaves_alone(network, node, node).await?;
        // On a slow machine it comes to sign while it is alone, behind what was counted.
        let mut all_hold_it = length(&bodies(network, node))? == before;
        for other in others(network, node) {
            all_hold_it &= leaves_alone(network, node, other).await? == said;
        }
        if all_hold_it {
            return Ok(());
        }
        for each in 0..network.len() {
            processes.push(network.spawn(each)?);
            answers(network, each).await?;
        }
        for other in others(network, node) {
            wait_until(PATIENCE, "the others to hold as much", || async {
                let held = (
                    leaves(network, node, node).await?,
                    leaves(network, node, other).await?,
                );
                Ok((held.0.is_some() && held.0 == held.1).then_some(()))
            })
            .await?;
        }
    }
    Err(Failure::new(
        "it said something more at every stop".to_owned(),
    ))
}

fn length(path: &Path) -> Result<u64, Failure> {
    let found = std::fs::metadata(path).map_err(Failure::of("looking at bodies"))?;
    Ok(found.len())
}

/// Leaves of a node's log, held whole at a node that runs alone for this.
async fn leaves_alone(
    network: &Network,
    owner: usize,
    node: usize,
) -> Result<Option<TreeSize>, Failure> {
    let process = network.spawn(node)?;
    answers(network, node).await?;
    let held = leaves(network, owner, node).await?;
    process.stop().await?;
    Ok(held)
}

/// Leaves of a node's log at a node that has every body of them.
async fn leaves(network: &Network, owner: usize, node: usize) -> Result<Option<TreeSize>, Failure> {
    let log = network.log(owner);
    let status = network.status(node).await?;
    let held = status.logs.iter().find(|held| held.origin == log);
    Ok(held
        .filter(|held| held.bodies_missing == 0)
        .map(|held| held.size))
}

/// Whether a node raises an alarm about bodies that it lost.
async fn misses_something(network: &Network, node: usize) -> Result<bool, Failure> {
    for name in ["own-bodies-missing", "bodies-lost"] {
        if number_of(network, node, name, "bodies").await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An answer is what it was, or says that the body is damaged.
fn named_or_same(answers: &[Answer], expected: &[Answer]) -> Result<(), Failure> {
    let pairs = answers.iter().zip(expected);
    let mut other = pairs
        .filter(|(answer, expected)| answer != expected && **answer != Err(ErrorCode::BodyDamaged));
    match other.next() {
        None if answers.len() == expected.len() => Ok(()),
        other => Err(Failure::new(format!("of {}: {other:?}", answers.len()))),
    }
}

// spec: STO-33, STO-65
#[tokio::test(flavor = "multi_thread")]
async fn hub_whose_registry_is_lost_with_its_segment_does_not_start_and_changes_nothing() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = registry_lost(&network).await;
    network.conclude(outcome, &repeat("hub_whose_registry_is_lost", ""));
}

async fn registry_lost(network: &Network) -> Result<(), Failure> {
    let mut processes = with_statements(network, 0).await?;
    let expected = all_answers(network, 0, 0).await?;
    stop_all(&mut processes).await?;
    let path = bodies(network, 0);
    let whole = std::fs::read(&path).map_err(Failure::of("reading bodies"))?;
    Loss::Gone.inflict(&path)?;
    let mut process = network.spawn_with(0, &["--accept-loss"])?;
    let status = wait_until(PATIENCE, "the end of a start", || {
        std::future::ready(process.ended().map_err(Failure::of("waiting for the end")))
    })
    .await?;
    let said = network.written(0);
    if status.success() || !said.contains("of the registry cannot be read") || path.exists() {
        return Err(Failure::new(format!("ended with {status}: {said}")));
    }
    // The file alone, put back, is all it takes.
    write_over(&path, &whole)?;
    processes.push(network.spawn(0)?);
    processes.push(network.spawn(1)?);
    network.ready(0).await?;
    if statements(network, 0, 0).await? != expected {
        return Err(Failure::new("other answers than before".to_owned()));
    }
    stop_all(&mut processes).await
}
