//! Rows whose keys are missing or damaged.

use std::path::PathBuf;

use super::*;

const UNREADABLE: &str = "look-ups-unreadable";

fn key_file(hub: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(hub.join("look-ups")).unwrap();
    files.next().unwrap().unwrap().path()
}

/// The rows listed, those that had to go, and whether the alarm stands.
async fn seen(pair: &Pair) -> (u64, Option<u64>, bool) {
    let mut client = Client::open(&pair.hub).await;
    let rows = client.rows(LookUpListAsk::default()).await;
    let alarms = client.status().await.alarms;
    let alarm = alarms.iter().find(|one| one.name.as_str() == UNREADABLE);
    if let Some(alarm) = alarm {
        let details: Vec<_> = alarm.details.iter().map(|one| one.value.clone()).collect();
        assert_eq!(details, ["2".to_owned(), clock::today().to_string()]);
    }
    (rows.total, rows.gone, alarm.is_some())
}

// spec: LKP-44
#[tokio::test(flavor = "multi_thread")]
async fn row_whose_key_is_damaged_or_missing_is_told_of_and_comes_back_with_the_key() {
    let pair = Pair::start().await;
    pair.import().await;
    let code = about(&pair).await;
    let mut client = Client::open(&pair.hub).await;
    client.look_up(code).await;
    client.look_up(code).await;
    drop(client);
    let mut good = Vec::new();
    let pair = restart_hub_after(pair, |hub| {
        good = std::fs::read(key_file(hub)).unwrap();
        std::fs::write(key_file(hub), &good[..7]).unwrap();
    })
    .await;
    // The index has them still.
    assert_eq!(seen(&pair).await, (2, None, true));
    let pair = restart_hub_after(pair, |hub| {
        std::fs::remove_file(key_file(hub)).unwrap();
        std::fs::remove_dir_all(hub.join("store")).unwrap();
    })
    .await;
    assert_eq!(seen(&pair).await, (0, None, true));
    let pair = restart_hub_after(pair, |hub| {
        let name = format!("look-ups/{}.key", clock::today());
        std::fs::write(hub.join(name), &good).unwrap();
    })
    .await;
    assert_eq!(seen(&pair).await, (2, None, false));
    pair.stop().await;
}

/// A time that was made longer brings back nothing that a shorter one let go, and is no reason for an alarm.
// spec: LKP-68
#[tokio::test(flavor = "multi_thread")]
async fn day_written_by_hand_says_of_no_row_that_it_had_to_go() {
    let pair = Pair::start().await;
    pair.import().await;
    let code = about(&pair).await;
    let mut client = Client::open(&pair.hub).await;
    client.look_up(code).await;
    client.look_up(code).await;
    drop(client);
    let pair = restart_hub_after(pair, |hub| {
        std::fs::remove_file(key_file(hub)).unwrap();
        std::fs::remove_dir_all(hub.join("store")).unwrap();
        let tomorrow = clock::today().plus_days(1).unwrap();
        std::fs::write(hub.join("look-ups/gone-before"), tomorrow.to_string()).unwrap();
    })
    .await;
    assert_eq!(seen(&pair).await, (0, None, true));
    pair.stop().await;
}

/// A crash of a former version left the key of today empty: look-ups go on with another.
// spec: LKP-67
#[tokio::test(flavor = "multi_thread")]
async fn empty_key_of_a_day_without_rows_stops_no_look_up() {
    let pair = Pair::start().await;
    pair.import().await;
    let code = about(&pair).await;
    let pair = restart_hub_after(pair, |hub| {
        std::fs::create_dir_all(hub.join("look-ups")).unwrap();
        let name = format!("look-ups/{}.key", clock::today());
        std::fs::write(hub.join(name), []).unwrap();
    })
    .await;
    let mut client = Client::open(&pair.hub).await;
    assert_eq!(client.look_up(code).await.1.look_up_row, 0);
    drop(client);
    // Rows wait for the key of their day: it is not made anew.
    let pair = restart_hub_after(pair, |hub| {
        std::fs::write(key_file(hub), []).unwrap();
    })
    .await;
    let mut client = Client::open(&pair.hub).await;
    let refused = client.ask(&ask_about(code)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::StorageFailed);
    drop(client);
    pair.stop().await;
}
