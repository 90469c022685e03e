//! A ledger that lost its end is told from one whose last commit was interrupted.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::convert::Infallible;

use concordat_node::disk::{Disk, Fault, FaultEffect, MemoryDisk};
use concordat_node::journal::{
    Journal, JournalError, JournalId, JournalOptions, MarkLoss, OpenError, Recovery,
};

const LEDGER: &str = "ledger-00000000.seg";
const MARK: &str = "ledger.mark";
const COMMITS: u64 = 6;
/// Of a journal that has been founded and holds nothing.
const FOUNDING_BYTES: usize = 98;

type Shown = Vec<Vec<u8>>;

fn options() -> JournalOptions {
    JournalOptions::new(JournalId([9; 16]))
}

fn accepting() -> JournalOptions {
    JournalOptions {
        accept_loss: true,
        ..options()
    }
}

fn open(
    disk: &MemoryDisk,
    options: JournalOptions,
) -> Result<(Journal<MemoryDisk>, Recovery, Shown), JournalError> {
    let mut shown = Vec::new();
    let opened = Journal::open(disk.clone(), options, |record| {
        shown.push(record.payload.to_vec());
        Ok::<(), Infallible>(())
    });
    match opened {
        Ok((journal, recovery)) => Ok((journal, recovery, shown)),
        Err(OpenError::Journal(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

fn record(number: u64) -> Vec<u8> {
    format!("record {number}").into_bytes()
}

fn append(journal: &mut Journal<MemoryDisk>, number: u64, body: bool) {
    if body {
        journal.stage_body(&[&record(number)]).unwrap();
    }
    journal.stage_record(1, &record(number)).unwrap();
    journal.commit().unwrap();
}

/// A journal of some commits, with a body each or without.
fn journal(bodies: bool) -> MemoryDisk {
    let disk = MemoryDisk::new();
    let (mut journal, ..) = open(&disk, options()).unwrap();
    (0..COMMITS).for_each(|number| append(&mut journal, number, bodies));
    disk
}

fn length(disk: &MemoryDisk, name: &str) -> usize {
    let mut length = 0;
    disk.edit(name, |bytes| length = bytes.len());
    length
}

/// Makes a journal what an earlier version wrote: no mark, and nothing that says there is one.
fn unmark(disk: &MemoryDisk) {
    disk.remove(MARK).unwrap();
    disk.edit(LEDGER, |bytes| {
        bytes[9] = 1;
        let checksum = crc32(&bytes[..60]);
        bytes[60..64].copy_from_slice(&checksum.to_be_bytes());
    });
}

/// CRC-32 of IEEE 802.3, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| match sum & 1 {
        0 => sum >> 1,
        _ => (sum >> 1) ^ 0xEDB8_8320,
    };
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), step)
    })
}

// spec: STO-28
#[test]
fn ledger_cut_to_any_length_is_refused_and_left_as_it_is() {
    for bodies in [false, true] {
        let disk = journal(bodies);
        for kept in 0..length(&disk, LEDGER) {
            let cut = disk.restored_copy();
            cut.edit(LEDGER, |bytes| bytes.truncate(kept));
            let before = cut.used_bytes();
            match open(&cut, options()).map(|_| ()) {
                Err(JournalError::LedgerShort {
                    commits,
                    commits_known,
                    ..
                }) => assert!(commits < commits_known && commits_known == COMMITS + 1),
                // Less than a founding commit beside bodies was never anything but damage.
                Err(JournalError::Damaged { .. }) => assert!(bodies && kept < FOUNDING_BYTES),
                other => panic!("cut to {kept}: {other:?}"),
            }
            assert_eq!(cut.used_bytes(), before, "cut to {kept}");
        }
        disk.remove(LEDGER).unwrap();
        assert!(open(&disk, options()).is_err());
    }
}

// spec: STO-28, STO-29
#[test]
fn accepted_loss_keeps_whole_groups_and_leaves_doubt_until_it_is_ended() {
    for bodies in [false, true] {
        let disk = journal(bodies);
        let all: Shown = (0..COMMITS).map(record).collect();
        for kept in 0..length(&disk, LEDGER) {
            let cut = disk.restored_copy();
            cut.edit(LEDGER, |bytes| bytes.truncate(kept));
            let (mut journal, recovery, shown) = open(&cut, accepting()).unwrap();
            assert!(recovery.in_doubt && journal.is_in_doubt(), "cut to {kept}");
            assert!(all.starts_with(&shown) && shown.len() < all.len());
            append(&mut journal, 77, true);
            drop(journal);
            cut.crash(&mut || 0);
            let (mut journal, recovery, again) = open(&cut, options()).unwrap();
            assert!(recovery.in_doubt, "cut to {kept}");
            assert_eq!(again.len(), shown.len() + 1);
            journal.end_doubt().unwrap();
            drop(journal);
            cut.kill();
            let (journal, recovery, _) = open(&cut, options()).unwrap();
            assert!(!recovery.in_doubt && !journal.is_in_doubt());
        }
    }
}

// spec: STO-29
#[test]
fn accepted_loss_ends_the_ledger_before_a_flipped_byte() {
    let disk = journal(true);
    let middle = length(&disk, LEDGER) / 2;
    disk.edit(LEDGER, |bytes| bytes[middle] ^= 1);
    let refused = open(&disk, options());
    assert!(matches!(refused, Err(JournalError::Damaged { .. })));
    let (_, recovery, shown) = open(&disk, accepting()).unwrap();
    assert!(recovery.in_doubt && !shown.is_empty() && shown.len() < 6);
    assert!(open(&disk, options()).unwrap().1.is_clean());
}

// spec: STO-29
#[test]
fn accepting_a_loss_where_there_is_none_changes_nothing() {
    let disk = journal(true);
    let (_, recovery, shown) = open(&disk, accepting()).unwrap();
    assert!(!recovery.in_doubt && recovery.is_clean());
    assert_eq!(shown.len() as u64, COMMITS);
}

// spec: STO-28
#[test]
fn mark_that_is_gone_damaged_or_of_another_ledger_is_refused() {
    let disk = journal(true);
    let gone = disk.restored_copy();
    gone.remove(MARK).unwrap();
    let damaged = disk.restored_copy();
    damaged.edit(MARK, |bytes| (bytes[20], bytes[532]) = (0, 0));
    let empty = disk.restored_copy();
    empty.edit(MARK, Vec::clear);
    let other = disk.restored_copy();
    let foreign = MemoryDisk::new();
    let options_of_another = JournalOptions::new(JournalId([8; 16]));
    append(&mut open(&foreign, options_of_another).unwrap().0, 1, false);
    let mut mark = Vec::new();
    foreign.edit(MARK, |bytes| mark.clone_from(bytes));
    other.edit(MARK, |bytes| *bytes = mark);
    for (disk, expected) in [
        (gone, MarkLoss::Missing),
        (damaged, MarkLoss::Damaged),
        (empty, MarkLoss::Damaged),
        (other, MarkLoss::OfAnother),
    ] {
        match open(&disk, options()) {
            Err(JournalError::MarkLost { cause }) => assert_eq!(cause, expected),
            other => panic!("{expected:?}: {:?}", other.map(|opened| opened.1)),
        }
        let (_, recovery, shown) = open(&disk, accepting()).unwrap();
        assert!(recovery.in_doubt && shown.len() as u64 == COMMITS);
    }
}

// spec: STO-28
#[test]
fn ledger_with_fewer_records_than_somebody_has_seen_is_refused() {
    let disk = journal(true);
    let knowing = |records_known| JournalOptions {
        records_known,
        ..options()
    };
    assert!(open(&disk, knowing(COMMITS)).is_ok());
    assert!(matches!(
        open(&disk, knowing(COMMITS + 1)),
        Err(JournalError::LedgerBehindIndex {
            records: COMMITS,
            ..
        })
    ));
}

// spec: STO-30
#[test]
fn journal_of_the_version_without_a_mark_gets_one_at_its_first_open() {
    let disk = journal(true);
    unmark(&disk);
    let calls = {
        let disk = disk.restored_copy();
        let before = disk.calls();
        open(&disk, options()).unwrap();
        disk.calls() - before
    };
    let effects = [FaultEffect::Nothing, FaultEffect::Everything];
    let cases = (0..calls).flat_map(|after| effects.map(|effect| (after, effect)));
    for (after_calls, effect) in cases {
        for power_loss in [None, Some(0), Some(1)] {
            let disk = disk.restored_copy();
            disk.fail(Fault {
                after_calls,
                effect,
                lasting: true,
            });
            drop(open(&disk, options()));
            match power_loss {
                Some(kept) => disk.crash(&mut || kept),
                None => disk.kill(),
            }
            disk.heal();
            let (_, recovery, shown) = open(&disk, options()).unwrap();
            assert!(!recovery.in_doubt);
            assert_eq!(shown.len() as u64, COMMITS);
            disk.remove(MARK).unwrap();
            let refused = open(&disk, options());
            let cause = MarkLoss::Missing;
            assert!(matches!(refused, Err(JournalError::MarkLost { cause: c }) if c == cause));
        }
    }
}

/// Journals that lost something, each refused when opened without acceptance.
fn losses() -> Vec<(&'static str, MemoryDisk)> {
    let whole = journal(true);
    let cut = whole.restored_copy();
    cut.edit(LEDGER, |bytes| bytes.truncate(bytes.len() / 2));
    let middle = length(&whole, LEDGER) / 2;
    let flipped = whole.restored_copy();
    flipped.edit(LEDGER, |bytes| bytes[middle] ^= 1);
    // The mark lags behind the damage, as after a loss of power.
    let (lagging, mut early) = (MemoryDisk::new(), Vec::new());
    {
        let (mut journal, ..) = open(&lagging, options()).unwrap();
        lagging.edit(MARK, |bytes| early.clone_from(bytes));
        (0..COMMITS).for_each(|number| append(&mut journal, number, true));
    }
    lagging.edit(MARK, |bytes| *bytes = early);
    lagging.edit(LEDGER, |bytes| bytes[middle] ^= 1);
    let unmarked = whole.restored_copy();
    unmarked.remove(MARK).unwrap();
    unmarked.sync_dir().unwrap();
    let gone = whole.restored_copy();
    gone.remove(LEDGER).unwrap();
    gone.remove(MARK).unwrap();
    gone.sync_dir().unwrap();
    let headless = whole.restored_copy();
    headless.edit(LEDGER, |bytes| bytes.truncate(FOUNDING_BYTES / 2));
    vec![
        ("cut", cut),
        ("flipped", flipped),
        ("lagging", lagging),
        ("unmarked", unmarked),
        ("gone", gone),
        ("headless", headless),
    ]
}

/// Whether a refusal says what the operator can do.
fn names_the_way_out(error: &JournalError) -> bool {
    error.to_string().contains("--accept-loss")
}

// spec: STO-29
#[test]
fn accepting_a_loss_that_crashes_anywhere_is_refused_as_before_or_goes_on_in_doubt() {
    for (loss, lost) in losses() {
        let refused = open(&lost.restored_copy(), options()).unwrap_err();
        assert!(names_the_way_out(&refused), "{loss}: {refused}");
        let calls = {
            let disk = lost.restored_copy();
            let before = disk.calls();
            open(&disk, accepting()).unwrap();
            disk.calls() - before
        };
        let effects = [
            FaultEffect::Nothing,
            FaultEffect::Half,
            FaultEffect::Everything,
        ];
        for after_calls in 0..calls {
            for (effect, power_loss) in effects
                .into_iter()
                .flat_map(|effect| [None, Some(0), Some(1)].map(|power| (effect, power)))
            {
                let disk = lost.restored_copy();
                disk.fail(Fault {
                    after_calls,
                    effect,
                    lasting: true,
                });
                drop(open(&disk, accepting()));
                match power_loss {
                    Some(kept) => disk.crash(&mut || kept),
                    None => disk.kill(),
                }
                disk.heal();
                let at = format!("{loss}, call {after_calls}, {effect:?}, {power_loss:?}");
                match open(&disk, options()) {
                    Ok((_, recovery, _)) => assert!(recovery.in_doubt, "{at}"),
                    Err(error) => {
                        assert!(names_the_way_out(&error), "{at}: {error}");
                        let (_, recovery, _) = open(&disk, accepting()).unwrap();
                        assert!(recovery.in_doubt, "{at}");
                    }
                }
            }
        }
    }
}

/// The index is made anew only after the journal has settled; a crash in between must not need the
/// operator again, and a second loss must.
// spec: STO-28, STO-29
#[test]
fn index_that_knows_of_a_loss_that_was_accepted_does_not_keep_the_journal_from_opening() {
    let disk = journal(true);
    disk.edit(LEDGER, |bytes| bytes.truncate(bytes.len() / 2));
    let knowing = |records_known| JournalOptions {
        records_known,
        ..options()
    };
    let told = JournalOptions {
        accept_loss: true,
        ..knowing(COMMITS)
    };
    let (_, recovery, shown) = open(&disk, told).unwrap();
    assert!(recovery.in_doubt && (shown.len() as u64) < COMMITS);
    disk.kill();
    let (mut journal, recovery, _) = open(&disk, knowing(COMMITS)).unwrap();
    assert!(recovery.in_doubt);
    // Made anew, the index has taken in what follows.
    append(&mut journal, 77, true);
    drop(journal);
    assert!(open(&disk, knowing(shown.len() as u64 + 1)).is_ok());
}
