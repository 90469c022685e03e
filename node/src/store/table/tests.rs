use std::time::Duration;

use tempfile::TempDir;

use super::*;

fn table(directory: &TempDir) -> Table {
    let path = directory.path().join("engine");
    let engine = Engine::open(&path, 4 << 20, Duration::from_secs(60)).unwrap();
    Table::new(engine).unwrap()
}

fn key(family: Family, number: u32) -> Vec<u8> {
    // Neighbours in time are far apart in order.
    let place = number.wrapping_mul(2_654_435_761);
    [
        &[family as u8][..],
        &place.to_be_bytes(),
        &number.to_be_bytes(),
    ]
    .concat()
}

fn put(table: &Table, families: &[Family], numbers: std::ops::Range<u32>) {
    for number in numbers {
        let mut batch = EngineBatch::default();
        for family in families {
            batch.put(key(*family, number), number.to_be_bytes());
        }
        table.apply(batch).unwrap();
    }
}

fn rows(table: &Table, prefix: &[u8]) -> Vec<Vec<u8>> {
    let mut rows = Vec::new();
    table
        .scan(prefix, prefix, |key, _| {
            rows.push(key.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
    rows
}

#[test]
fn rows_are_found_in_order_through_buffer_runs_and_merges() {
    let directory = TempDir::new().unwrap();
    let families = [Family::Subjects, Family::Acts];
    let table = table(&directory);
    // A run each time, so that levels fill and merge.
    for part in 0..20 {
        put(&table, &families, part * 100..(part + 1) * 100);
        table.persist().unwrap();
        table.merge().unwrap();
    }
    put(&table, &families, 2_000..2_050);
    assert!(table.read().runs.len() < 8);
    for family in families {
        let found = rows(&table, &[family as u8]);
        assert_eq!(found.len(), 2_050);
        assert!(found.is_sorted());
        for number in [0, 999, 1_999, 2_049] {
            let key = key(family, number);
            assert_eq!(rows(&table, &key[..5]), [key]);
        }
    }
}

#[test]
fn rows_are_there_after_the_table_was_closed() {
    let directory = TempDir::new().unwrap();
    {
        let table = table(&directory);
        put(&table, &[Family::Documents], 0..3_000);
    }
    assert_eq!(
        rows(&table(&directory), &[Family::Documents as u8]).len(),
        3_000
    );
}

/// A merge that ended between its steps: the run it was writing, or those it replaced, are void.
#[test]
fn open_removes_what_a_merge_left() {
    let directory = TempDir::new().unwrap();
    {
        let table = table(&directory);
        put(&table, &[Family::Subjects], 0..500);
        table.persist().unwrap();
        let runs = table.read().runs.clone();
        let merged = table.merged(&runs, 7, 1).unwrap();
        assert_eq!(merged.id(), 7);
        let directory = Directory {
            void: vec![7],
            ..table.read().directory()
        };
        table.store_directory(&directory).unwrap();
    }
    let table = table(&directory);
    assert_eq!(rows(&table, &[Family::Subjects as u8]).len(), 500);
    for prefix in Run::prefixes(7) {
        let mut left = 0;
        let count = |_: &[u8], _: &[u8]| {
            left += 1;
            ControlFlow::Continue(())
        };
        table.engine.scan(&prefix, &prefix, count).unwrap();
        assert_eq!(left, 0);
    }
}

#[test]
fn newest_value_of_a_key_counts() {
    let directory = TempDir::new().unwrap();
    let table = table(&directory);
    for value in 0..3_u8 {
        let mut batch = EngineBatch::default();
        for family in [Family::Subjects, Family::Peers] {
            batch.replace([family as u8, 1], [value]);
        }
        table.apply(batch).unwrap();
        if value < 2 {
            table.persist().unwrap();
        }
    }
    for family in [Family::Subjects, Family::Peers] {
        let mut values = Vec::new();
        let prefix = [family as u8];
        let mut see = |_: &[u8], value: &[u8]| {
            values.push(value.to_vec());
            ControlFlow::Continue(())
        };
        table.scan(&prefix, &prefix, &mut see).unwrap();
        assert_eq!(values, [[2]]);
    }
    assert_eq!(
        table.value(&[Family::Peers as u8, 1]).unwrap(),
        Some(vec![2])
    );
}

/// Blocks behind the place at which a walk ends are not read: they may be damaged, or very many.
#[test]
fn walk_reads_no_further_than_it_is_followed() {
    let directory = TempDir::new().unwrap();
    let table = table(&directory);
    put(&table, &[Family::Subjects], 0..3_000);
    table.persist().unwrap();
    let id = table.read().runs.first().unwrap().id();
    let mut batch = EngineBatch::default();
    batch.put(run::block_key(id, 1), [0xff]);
    table.engine.apply(batch).unwrap();
    let prefix = [Family::Subjects as u8];
    let mut seen = 0;
    let first = table.scan(&prefix, &prefix, |_, _| {
        seen += 1;
        ControlFlow::Break(())
    });
    assert!(first.is_ok() && seen == 1);
    let all = table.scan(&prefix, &prefix, |_, _| ControlFlow::Continue(()));
    assert!(matches!(all, Err(StoreError::Damaged { .. })));
}
