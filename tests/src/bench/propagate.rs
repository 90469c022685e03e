//! `propagate.latency`: from an objection that was filed at one node until all nodes read the decision as suspended.
//!
//! A hub and 12 members are 13 processes, each reached through a relay of datagrams that loses as many as it is told, in
//! both directions. The clock starts when the answer to `objection file` has come, and ends when the slowest node says
//! *suspended* over its own admin channel. Every node is asked again a moment after its last answer: that moment is the
//! grain, and it is printed beside the figure.

use std::time::{Duration, Instant};

use concordat_protocol::admin::{BindsOthersCode, Target};
use concordat_protocol::log::LeafIndex;
use concordat_protocol::statement::Ground;
use serde_json::json;
use tokio::task::JoinSet;

use super::penalties::{binary, decide, said};
use super::report::{Figure, Output, quantile};
use super::{Failure, RUNS};
use crate::processes::{LOSS_OF, Loss, Network, PATIENCE, Process, Relay, Rows, wait_until};

/// Members beside the hub.
const MEMBERS: u32 = 12;
/// Who decides.
const ISSUER: usize = 1;
/// Datagrams lost of [`LOSS_OF`]: none, 1 and 5 per cent.
const LOSSES: [u32; 3] = [0, 10, 50];
/// Between an answer and the next question to the same node.
const GRAIN: Duration = Duration::from_millis(5);
const SEED: u64 = 1;

/// Measures and prints the figure for each loss.
pub(super) fn measure(output: Output, rounds: usize) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let field = Field::start(rounds).await?;
        let mut next = 0;
        for loss in LOSSES {
            field.loss.set(loss);
            let mut runs = Vec::new();
            for _ in 0..RUNS {
                let mut delays = Vec::new();
                for _ in 0..rounds {
                    delays.push(field.round(next).await?);
                    next += 1;
                }
                delays.sort_by(f64::total_cmp);
                runs.push(delays);
            }
            field.loss.set(0);
            for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
                let values = runs.iter().map(|run| quantile(run, share));
                let name = format!("propagate.latency.{name}");
                Figure::new(name, "ms", values.collect())
                    .with("loss_percent", f64::from(loss) * 100.0 / f64::from(LOSS_OF))
                    .with("nodes", json!(MEMBERS + 1))
                    .with("rounds", json!(rounds))
                    .with("grain_ms", json!(GRAIN.as_secs_f64() * 1e3))
                    .print(output)?;
            }
        }
        Ok(())
    })
}

/// The network with its relays; what runs ends with it.
struct Field {
    network: Network,
    loss: Loss,
    /// Where the penalties stand; between them the node says by itself what it was given.
    penalties: Vec<LeafIndex>,
    _processes: Vec<Process>,
    _relays: Vec<Relay>,
}

impl Field {
    /// Starts the network, has as many penalties decided as there are rounds in all, and waits until every node
    /// has them and reads them as applicable.
    async fn start(rounds: usize) -> Result<Self, Failure> {
        let (loss, mut relays) = (Loss::default(), Vec::new());
        let network = Network::make_behind(&binary(), (MEMBERS, 0), SEED, |listen| {
            let relay = Relay::open(listen, loss.clone(), SEED + relays.len() as u64)?;
            let address = relay.address();
            relays.push(relay);
            Ok(address)
        })?;
        let processes = network.start().await?;
        let mut field = Self {
            network,
            loss,
            penalties: Vec::new(),
            _processes: processes,
            _relays: relays,
        };
        let count = (rounds * RUNS * LOSSES.len()) as u64;
        let mut rows = Rows::new(field.network.code(ISSUER), SEED);
        decide(&field.network, ISSUER, &rows.penalties(count)?.text).await?;
        field.penalties = field.network.spoken(ISSUER).await?;
        let last = field.target(field.penalties.len().saturating_sub(1))?;
        for node in 0..field.network.len() {
            let what = format!("the penalties at node {node}");
            wait_until(PATIENCE, &what, || async {
                let mut client = field.network.client(node).await?;
                let view = client.statement(last.clone()).await;
                let binds = view.ok().and_then(|view| view.effect);
                let binds = binds.map(|effect| effect.binds_others);
                Ok((binds == Some(BindsOthersCode::Applies)).then_some(()))
            })
            .await?;
        }
        Ok(field)
    }

    /// The n-th penalty.
    fn target(&self, number: usize) -> Result<Target, Failure> {
        let index = self.penalties.get(number).ok_or("no such penalty")?;
        Ok(Target::Position {
            origin: self.network.log(ISSUER),
            index: *index,
        })
    }

    /// Files an objection at one of the members and waits for all; milliseconds.
    async fn round(&self, number: usize) -> Result<f64, Failure> {
        let target = self.target(number)?;
        let mut waiting = JoinSet::new();
        // Every connection stands before the clock starts.
        let mut clients = Vec::new();
        for node in 0..self.network.len() {
            clients.push(self.network.client(node).await.map_err(said)?);
        }
        let members = self.network.len() - 2;
        let receiver = 2 + number % members;
        let mut objector = self.network.client(receiver).await.map_err(said)?;
        let filed = objector.object(target.clone(), Ground::Facts).await;
        filed.map_err(said)?;
        let started = Instant::now();
        for mut client in clients {
            let target = target.clone();
            waiting.spawn(async move {
                loop {
                    let view = client.statement(target.clone()).await;
                    let effect = view.map_err(said)?.effect.ok_or("no effect")?;
                    if effect.binds_others == BindsOthersCode::Suspended {
                        return Ok::<Instant, Failure>(Instant::now());
                    }
                    if started.elapsed() > PATIENCE {
                        return Err("an objection did not arrive in time".into());
                    }
                    tokio::time::sleep(GRAIN).await;
                }
            });
        }
        let mut slowest = started;
        while let Some(seen) = waiting.join_next().await {
            slowest = slowest.max(seen??);
        }
        Ok(slowest.duration_since(started).as_secs_f64() * 1e3)
    }
}
