//! A node that was off while others went on.

use std::path::Path;
use std::time::Instant;

use concordat_protocol::admin::{LookUp, Reply, Request, SubjectAsk, Target};
use concordat_protocol::text::Text;
use concordat_tests::processes::{Failure, Network, PATIENCE, Rows, wait_until};

use crate::{NODE, alone, repeat, seed};

/// Statements made while the node is off.
const STATEMENTS: u64 = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn node_that_was_off_catches_up_and_answers_for_all_it_missed() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = catch_up(&network).await;
    network.conclude(outcome, &repeat("node_that_was_off", ""));
}

async fn catch_up(network: &Network) -> Result<(), Failure> {
    let mut processes = network.start().await?;
    processes.remove(2).stop().await?;
    let table = Rows::new(network.code(1), seed()).table(STATEMENTS)?;
    let report = network.client(1).await?.import(&table.text).await?;
    if report.written != STATEMENTS {
        return Err(Failure::new(format!("the import came to {report:?}")));
    }
    let began = Instant::now();
    processes.push(network.spawn(2)?);
    let log = network.log(1);
    wait_until(
        2 * PATIENCE,
        "everything at the node that was off",
        || async {
            let Ok(status) = network.status(2).await else {
                return Ok(None);
            };
            let held = status.logs.iter().find(|held| held.origin == log);
            let whole = held.is_some_and(|held| {
                held.size >= report.size && held.bodies >= STATEMENTS && held.bodies_missing == 0
            });
            Ok(whole.then_some(()))
        },
    )
    .await?;
    let caught_up = began.elapsed();
    let mut client = network.client(2).await?;
    let mut about = None;
    let decisions = network.spoken(1).await?;
    if decisions.len() != table.numbers.len() {
        let found = decisions.len();
        return Err(Failure::new(format!("{found} decisions were made")));
    }
    for (index, number) in decisions.into_iter().zip(&table.numbers) {
        let target = Target::Position {
            origin: log.clone(),
            index,
        };
        // Answered only when the signature and everything else about it holds.
        let view = client.statement(target).await?;
        let decision = view.decision.as_ref().map(|decision| decision.fields());
        if decision.map(|fields| fields.document_number.as_str()) != Some(number) {
            return Err(Failure::new(format!(
                "{number} is not at {index}: {view:?}"
            )));
        }
        about = Some(view.about);
    }
    let answered = began.elapsed() - caught_up;
    let code = about.ok_or_else(|| Failure::new("nothing was made".to_owned()))?;
    let text = Text::new("a test").map_err(Failure::of("a text"))?;
    let case_number = Text::new("1").map_err(Failure::of("a text"))?;
    let basis = Text::new("none").map_err(Failure::of("a text"))?;
    let ask = Request::Subject(SubjectAsk {
        code,
        look_up: LookUp {
            purpose: text,
            case_number,
            basis,
            scenario: None,
            receipt: None,
        },
        as_of: None,
        skip: None,
        records_skip: None,
        clean_since: None,
        clean_years: None,
    });
    let reply = client.ask(&ask).await?;
    let Reply::Subject(answer) = reply else {
        return Err(Failure::new(format!("no answer: {reply:?}")));
    };
    if answer.total == 0 || answer.bodies_missing != 0 {
        return Err(Failure::new(format!(
            "the answer lacks something: {answer:?}"
        )));
    }
    eprintln!(
        "seed {}: {STATEMENTS} statements caught up in {caught_up:?}, all verified one by one by \
         the admin channel in {answered:?}",
        seed()
    );
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}
