//! A journal whose body segments are gone, cut or headless, while its ledger is whole.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::convert::Infallible;

use concordat_node::disk::{Disk, Fault, FaultEffect, MemoryDisk};
use concordat_node::journal::{
    BodyPointer, Damage, Journal, JournalError, JournalId, JournalOptions, OpenError,
};

const SEGMENTS: usize = 4;
const BODIES: u8 = 12;
/// How much of a body segment is its header.
const HEADER_BYTES: usize = 64;

/// Bodies of 100 bytes, three to a segment.
fn options(accept_loss: bool) -> JournalOptions {
    JournalOptions {
        segment_bytes: 300,
        accept_loss,
        ..JournalOptions::new(JournalId([9; 16]))
    }
}

type Opened = (Journal<MemoryDisk>, Vec<BodyPointer>);

fn open(disk: &MemoryDisk, accept_loss: bool) -> Result<Opened, JournalError> {
    let mut pointers = Vec::new();
    let opened = Journal::open(disk.clone(), options(accept_loss), |record| {
        pointers.push(BodyPointer::decode(record.payload.try_into().unwrap()));
        Ok::<(), Infallible>(())
    });
    match opened {
        Ok((journal, _)) => Ok((journal, pointers)),
        Err(OpenError::Journal(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

fn body(number: u8) -> Vec<u8> {
    vec![number + 1; 100]
}

fn append(journal: &mut Journal<MemoryDisk>, number: u8) {
    let pointer = journal.stage_body(&[&body(number)]).unwrap();
    journal.stage_record(1, &pointer.encode()).unwrap();
    journal.commit().unwrap();
}

fn journal() -> MemoryDisk {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, false).unwrap();
    (0..BODIES).for_each(|number| append(&mut journal, number));
    drop(journal);
    let segments = disk.list().unwrap();
    let segments = segments.iter().filter(|name| name.starts_with("bodies"));
    assert_eq!(segments.count(), SEGMENTS);
    disk
}

fn name(segment: usize) -> String {
    format!("bodies-{segment:08}.seg")
}

/// Ways to lose what lay in some segments, and what the refusal says of the first.
fn losses() -> Vec<(String, MemoryDisk, usize, Damage)> {
    let mut losses = Vec::new();
    for segment in 0..SEGMENTS {
        let gone = journal();
        gone.remove(&name(segment)).unwrap();
        gone.sync_dir().unwrap();
        losses.push((format!("{segment} gone"), gone, segment, Damage::Missing));
        let cut = journal();
        let mut length = 0;
        cut.edit(&name(segment), |bytes| length = bytes.len());
        let kept = length - 130;
        cut.edit(&name(segment), |bytes| bytes.truncate(kept));
        let cause = Damage::Length {
            expected: length as u64,
            found: kept as u64,
        };
        losses.push((format!("{segment} cut"), cut, segment, cause));
        let headless = journal();
        headless.edit(&name(segment), |bytes| bytes[20] ^= 1);
        losses.push((
            format!("{segment} headless"),
            headless,
            segment,
            Damage::Header,
        ));
    }
    let all = journal();
    (0..SEGMENTS).for_each(|segment| all.remove(&name(segment)).unwrap());
    all.sync_dir().unwrap();
    losses.push(("all gone".to_owned(), all, 0, Damage::Missing));
    losses
}

/// How many bodies can be read; what can must be what was written.
fn readable(journal: &Journal<MemoryDisk>, pointers: &[BodyPointer]) -> usize {
    let read = |(number, pointer): (u8, &BodyPointer)| match journal.read_body(*pointer) {
        Ok(found) => {
            assert_eq!(found, body(number));
            true
        }
        Err(_) => false,
    };
    (0..).zip(pointers).filter(|pair| read(*pair)).count()
}

// spec: STO-65
#[test]
fn lost_body_segment_is_refused_by_name_and_left_as_it_is() {
    for (loss, disk, segment, expected) in losses() {
        let before = disk.used_bytes();
        match open(&disk, false).map(|_| ()) {
            Err(JournalError::BodiesLost { file, cause, .. }) => {
                assert_eq!(file.to_string(), name(segment), "{loss}");
                assert_eq!(cause, expected, "{loss}");
            }
            other => panic!("{loss}: {other:?}"),
        }
        assert_eq!(disk.used_bytes(), before, "{loss}");
    }
}

// spec: STO-65
#[test]
fn journal_that_is_told_to_do_without_bodies_keeps_the_others_and_goes_on() {
    for (loss, disk, _, cause) in losses() {
        let (mut opened, pointers) = open(&disk, true).unwrap();
        assert_eq!(pointers.len(), usize::from(BODIES), "{loss}");
        assert!(!opened.is_in_doubt(), "{loss}");
        let left = readable(&opened, &pointers);
        let expected = match (cause, loss.as_str()) {
            (Damage::Header, _) => 12,
            (Damage::Length { .. }, _) => 10,
            (_, "all gone") => 0,
            (_, _) => 9,
        };
        assert_eq!(left, expected, "{loss}");
        // Not written down yet, so it is refused as before.
        drop(opened);
        let refused = open(&disk, false).map(|_| ());
        assert!(
            matches!(refused, Err(JournalError::BodiesLost { .. })),
            "{loss}"
        );
        (opened, _) = open(&disk, true).unwrap();
        opened.mend_lost_segments().unwrap();
        assert_eq!(opened.lost_segments().count(), 0);
        append(&mut opened, BODIES);
        drop(opened);
        disk.crash(&mut || 0);
        let (opened, pointers) = open(&disk, false).unwrap();
        assert_eq!(readable(&opened, &pointers), left + 1, "{loss}");
    }
}

// spec: STO-65
#[test]
fn mending_that_crashes_anywhere_is_refused_as_before_or_done() {
    for (loss, lost, ..) in losses() {
        let calls = {
            let disk = lost.restored_copy();
            let (mut opened, _) = open(&disk, true).unwrap();
            let before = disk.calls();
            opened.mend_lost_segments().unwrap();
            disk.calls() - before
        };
        let effects = [
            FaultEffect::Nothing,
            FaultEffect::Half,
            FaultEffect::Everything,
        ];
        for after_calls in 0..calls {
            for (effect, kept) in effects.iter().flat_map(|e| [0, 1].map(|kept| (*e, kept))) {
                let disk = lost.restored_copy();
                let (mut opened, pointers) = open(&disk, true).unwrap();
                let left = readable(&opened, &pointers);
                disk.fail(Fault {
                    after_calls,
                    effect,
                    lasting: true,
                });
                drop(opened.mend_lost_segments());
                disk.crash(&mut || kept);
                disk.heal();
                let at = format!("{loss}, call {after_calls}, {effect:?}, {kept}");
                let (opened, pointers) = match open(&disk, false) {
                    Ok(opened) => opened,
                    Err(JournalError::BodiesLost { .. }) => open(&disk, true).unwrap(),
                    Err(error) => panic!("{at}: {error}"),
                };
                assert_eq!(readable(&opened, &pointers), left, "{at}");
            }
        }
    }
}

// spec: STO-13, STO-65
#[test]
fn segments_without_their_ledger_are_no_lost_bodies() {
    let disk = journal();
    disk.remove(&name(0)).unwrap();
    disk.remove(&name(2)).unwrap();
    let mut header = Vec::new();
    disk.edit(&name(3), |bytes| header.clone_from(bytes));
    header.truncate(HEADER_BYTES);
    for extra in [SEGMENTS + 1, SEGMENTS + 2] {
        disk.create(&name(extra)).unwrap();
        disk.edit(&name(extra), |bytes| bytes.clone_from(&header));
    }
    assert!(matches!(
        open(&disk, false).map(|_| ()),
        Err(JournalError::BodiesLost { .. })
    ));
    let (mut opened, pointers) = open(&disk, true).unwrap();
    assert_eq!(readable(&opened, &pointers), 6);
    opened.mend_lost_segments().unwrap();
    let left = disk.list().unwrap();
    assert!(!left.contains(&name(SEGMENTS + 1)), "{left:?}");
    assert!(open(&disk, false).is_ok());
}
