//! `query.must_check`: look-ups with signed receipts through a node's own channel while it imports.
//!
//! One node imports tables without a pause; several clients look organisations up, each answer behind its receipt. The
//! last receipt of each client is verified by the member's key: what is counted is signed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use concordat_protocol::admin::{LookUp, SubjectAsk};
use concordat_protocol::codec::Truth;
use concordat_protocol::key::{PublicKey, Signer as _};
use concordat_protocol::lookup::LookUpReceipt;
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::text::Text;
use serde_json::json;
use tokio::task::JoinSet;

use super::penalties::{binary, decide, said};
use super::report::{Figure, Output, quantile};
use super::{Failure, RUNS};
use crate::processes::{AdminClient, Network, PENALTY_PROFILE, Rows};

/// Who is asked and imports.
const NODE: usize = 1;
/// Who asks at once.
const CLIENTS: usize = 4;
/// Decisions that are there before.
const BEFORE: u64 = 2_000;
/// Rows of one table that is imported meanwhile.
const MEANWHILE: u64 = 500;
const SEED: u64 = 1;

/// Measures and prints both figures.
pub(super) fn measure(output: Output, seconds: u64) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let network = Network::make(&binary(), 1, 0, SEED)?;
        let _processes = network.start().await?;
        let mut rows = Rows::new(network.code(NODE), SEED);
        let before = rows.penalties(BEFORE)?.text;
        decide(&network, NODE, &before).await?;
        let codes = Arc::new(codes(&before)?);
        let member = network.plan().members.first().ok_or("no member")?;
        let key = member.statement.public_key();
        let importing = Importing::start(&network, rows).await?;
        let (mut rates, mut latest, mut imported) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let had = importing.written();
            let started = Instant::now();
            let span = Duration::from_secs(seconds);
            let mut times = asked(&network, &codes, &key, span).await?;
            let took = started.elapsed().as_secs_f64();
            times.sort_by(f64::total_cmp);
            rates.push(times.len() as f64 / took);
            latest.push(quantile(&times, 0.99));
            imported.push((importing.written() - had) as f64 / took);
        }
        importing.end().await?;
        imported.sort_by(f64::total_cmp);
        let beside = quantile(&imported, 0.5);
        let more = |figure: Figure| {
            let figure = figure.with("clients", json!(CLIENTS));
            figure.with("imported_per_second", json!(beside.round()))
        };
        more(Figure::new("query.must_check.rate", "look-ups/s", rates)).print(output)?;
        more(Figure::new("query.must_check.p99", "ms", latest)).print(output)?;
        Ok(())
    })
}

/// The organisations of a table.
fn codes(table: &str) -> Result<Vec<SubjectCode>, Failure> {
    let lines = table.lines().skip(1);
    let codes = lines.filter_map(|line| line.split('\t').next());
    codes.map(|code| Ok(SubjectCode::parse(code)?)).collect()
}

/// Asks with all clients for a while; milliseconds of each answer.
async fn asked(
    network: &Network,
    codes: &Arc<Vec<SubjectCode>>,
    key: &PublicKey,
    span: Duration,
) -> Result<Vec<f64>, Failure> {
    let mut asking = JoinSet::new();
    for client in 0..CLIENTS {
        let channel = network.client(NODE).await.map_err(said)?;
        let (codes, key) = (Arc::clone(codes), *key);
        asking.spawn(async move {
            let of_client = codes.iter().copied().cycle().skip(client * 97);
            one_client(channel, of_client, &key, span).await
        });
    }
    let mut times = Vec::new();
    while let Some(of_client) = asking.join_next().await {
        times.extend(of_client??);
    }
    Ok(times)
}

async fn one_client(
    mut channel: AdminClient,
    mut codes: impl Iterator<Item = SubjectCode>,
    key: &PublicKey,
    span: Duration,
) -> Result<Vec<f64>, Failure> {
    let (mut times, mut last) = (Vec::new(), None);
    let until = Instant::now() + span;
    while Instant::now() < until {
        let code = codes.next().ok_or("no organisation")?;
        let ask = SubjectAsk {
            code,
            look_up: LookUp {
                purpose: Text::new("招标资格审查")?,
                case_number: Text::new("2026-118")?,
                basis: Text::new("招标投标法第二十六条")?,
                scenario: None,
                receipt: Some(Truth),
            },
            as_of: None,
            skip: None,
            records_skip: None,
            clean_since: None,
            clean_years: None,
        };
        let started = Instant::now();
        let (receipt, answer) = channel.look_up(ask).await.map_err(said)?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        if answer.total == 0 {
            return Err("an organisation without a decision was asked about".into());
        }
        last = Some(receipt);
    }
    let receipt = LookUpReceipt::decode(&last.ok_or("nothing was answered")?)?;
    receipt.verify_signature(key)?;
    Ok(times)
}

/// Tables that are imported without a pause until told to end.
struct Importing {
    ended: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<Result<(), Failure>>,
}

impl Importing {
    async fn start(network: &Network, mut rows: Rows) -> Result<Self, Failure> {
        let mut channel = network.client(NODE).await.map_err(said)?;
        let (ended, written) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (until, count) = (Arc::clone(&ended), Arc::clone(&written));
        let task = tokio::spawn(async move {
            while !until.load(Ordering::Relaxed) {
                let more = rows.penalties(MEANWHILE)?.text;
                let report = channel
                    .import_by(PENALTY_PROFILE, &more)
                    .await
                    .map_err(said)?;
                count.fetch_add(report.written, Ordering::Relaxed);
            }
            Ok(())
        });
        Ok(Self {
            ended,
            written,
            task,
        })
    }

    fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    async fn end(self) -> Result<(), Failure> {
        self.ended.store(true, Ordering::Relaxed);
        self.task.await?
    }
}
