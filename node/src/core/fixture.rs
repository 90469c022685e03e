//! A core on a disk in memory, for the tests beside what they test.

use std::sync::Arc;

use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;

use crate::core::{Core, CoreKeys, CoreOptions};
use crate::disk::MemoryDisk;
use crate::fixture::{Fixture, key};
use crate::journal::{JournalId, JournalOptions};

/// Opens the core of an authority that is no member.
pub(super) fn open(fixture: &Fixture) -> (Core<MemoryDisk>, MemoryDisk) {
    let disk = MemoryDisk::new();
    let core = on(fixture, &disk);
    (core, disk)
}

/// Opens the core of the same authority again, on what it has written.
pub(super) fn reopen(
    fixture: &Fixture,
    core: Core<MemoryDisk>,
    disk: &MemoryDisk,
) -> Core<MemoryDisk> {
    drop(core);
    on(fixture, disk)
}

fn on(fixture: &Fixture, disk: &MemoryDisk) -> Core<MemoryDisk> {
    let options = CoreOptions {
        journal: JournalOptions::new(JournalId([7; 16])),
        first_start: false,
        has_signed: false,
    };
    let [statement, log, witness] = [31, 32, 33].map(|seed| Arc::new(key(seed)));
    let keys = CoreKeys {
        statement,
        log,
        witness,
    };
    let me = AuthorityCode::parse("11310000MB00000009").unwrap();
    let genesis = Arc::clone(fixture.registry.genesis());
    let random = Box::new(|buffer: &mut [u8]| buffer.fill(7));
    let now = Timestamp::new(1_772_400_000_000).unwrap();
    let opened = Core::open(disk.clone(), options, genesis, me, keys, random, now);
    let (core, _) = opened.unwrap();
    core
}
