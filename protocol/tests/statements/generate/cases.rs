//! Leaves and geneses, and taking a map apart without a decoder.

use concordat_protocol::codec::{Writer, encode};
use concordat_protocol::statement::{Kind, Role};
use concordat_protocol::trust::{GenesisFields, Network};

use super::Case;
use crate::support::*;

/// Key and value of a map entry, each encoded.
pub(crate) type Entry = (Vec<u8>, Vec<u8>);

/// The entries of an encoded map.
pub(crate) fn entries(map: &[u8]) -> Vec<Entry> {
    let (count, mut at) = argument(map, 0);
    let mut entries = Vec::new();
    for _ in 0..count {
        let middle = end_of(map, at);
        let end = end_of(map, middle);
        entries.push((map[at..middle].to_vec(), map[middle..end].to_vec()));
        at = end;
    }
    entries
}

pub(crate) fn map_of(entries: &[Entry]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.map(entries.len() as u64);
    for (key, value) in entries {
        writer.raw(key).raw(value);
    }
    writer.finish()
}

/// The entries with one set, in its place.
pub(crate) fn set(entries: &[Entry], key: &[u8], value: Vec<u8>) -> Vec<Entry> {
    let mut entries = without(entries, key);
    let at = entries.partition_point(|(before, _)| before.as_slice() < key);
    entries.insert(at, (key.to_vec(), value));
    entries
}

pub(crate) fn without(entries: &[Entry], key: &[u8]) -> Vec<Entry> {
    let mut entries = entries.to_vec();
    entries.retain(|(found, _)| found != key);
    entries
}

fn argument(bytes: &[u8], at: usize) -> (u64, usize) {
    let low = bytes[at] & 0x1f;
    let width = match low {
        0..=23 => return (u64::from(low), at + 1),
        24 => 1,
        25 => 2,
        26 => 4,
        _ => 8,
    };
    let end = at + 1 + width;
    let value = bytes[at + 1..end]
        .iter()
        .fold(0, |value, byte| value << 8 | u64::from(*byte));
    (value, end)
}

fn end_of(bytes: &[u8], at: usize) -> usize {
    let (value, mut end) = argument(bytes, at);
    let items = match bytes[at] >> 5 {
        2 | 3 => return end + usize::try_from(value).unwrap(),
        4 => value,
        5 => 2 * value,
        _ => 0,
    };
    for _ in 0..items {
        end = end_of(bytes, end);
    }
    end
}

pub(super) fn leaves() -> Vec<Case> {
    let leaf = |write: &dyn Fn(&mut Writer)| {
        let mut writer = Writer::default();
        write(&mut writer);
        writer.finish()
    };
    let usual = |suite: u64, kind: u64, vis: u64| {
        leaf(&|w| {
            w.array(6)
                .unsigned(suite)
                .unsigned(kind)
                .unsigned(vis)
                .bytes(&[7; 32])
                .null()
                .unsigned(3);
        })
    };
    let under = |write: &dyn Fn(&mut Writer)| {
        leaf(&|w| {
            w.array(6).unsigned(1).unsigned(1).unsigned(0);
            w.bytes(&[7; 32]).null();
            write(w);
        })
    };
    let last = (1_u64 << 63) - 1;
    let mut cases = vec![
        Case::ok("without target", usual(1, 1, 0), "LOG-1"),
        Case::ok("class 255", usual(1, 1, 255), "LOG-1"),
        Case::ok(
            "with target",
            leaf(&|w| {
                w.array(6)
                    .unsigned(1)
                    .unsigned(2)
                    .unsigned(1)
                    .bytes(&[7; 32])
                    .unsigned(300)
                    .unsigned(3);
            }),
            "LOG-1",
        ),
        Case::ok(
            "under the empty registry",
            under(&|w| {
                w.unsigned(0);
            }),
            "LOG-30",
        ),
        Case::ok(
            "under the largest registry",
            under(&|w| {
                w.unsigned(last);
            }),
            "LOG-30",
        ),
        Case::refused(
            "under a registry beyond sizes",
            "a registry size of 2^63",
            under(&|w| {
                w.unsigned(last + 1);
            }),
            "LOG-30",
            "Ctx",
        ),
        Case::refused(
            "under no registry",
            "null where a registry size belongs",
            under(&|w| {
                w.null();
            }),
            "LOG-30",
            "Decode.Unexpected",
        ),
        Case::refused(
            "under a negative registry",
            "a registry size below zero",
            under(&|w| {
                w.negative(0);
            }),
            "LOG-30",
            "Decode.Unexpected",
        ),
    ];
    for kind in Kind::ALL {
        let code = kind.code();
        cases.push(Case::ok(
            format!("kind {code}"),
            usual(1, code, 0),
            "STM-11",
        ));
    }
    let one = |name: &str, comment: &str, input, cause| {
        Case::refused(name, comment, input, "LOG-1", cause)
    };
    for suite in [0, 2, 3, 255] {
        cases.push(one(
            &format!("suite {suite}"),
            "an unknown suite",
            usual(suite, 1, 0),
            "Suite",
        ));
    }
    for kind in [0, 13, 24, 255] {
        cases.push(one(
            &format!("kind {kind}"),
            "an unknown kind",
            usual(1, kind, 0),
            "Kind",
        ));
    }
    for vis in [256, 65_536, u64::MAX] {
        cases.push(one(
            &format!("class {vis}"),
            "a class beyond 255",
            usual(1, 1, vis),
            "Vis",
        ));
    }
    let good = usual(1, 1, 0);
    cases.push(one(
        "long kind",
        "a kind not in its shortest form",
        [&good[..2], &[0x18, 1], &good[3..]].concat(),
        "Decode.NotShortest",
    ));
    cases.push(one(
        "long count",
        "six items said in two bytes",
        [&[0x98, 6], &good[1..]].concat(),
        "Decode.NotShortest",
    ));
    cases.push(one(
        "indefinite",
        "an array of no said length",
        [&[0x9f], &good[1..], &[0xff]].concat(),
        "Decode.Indefinite",
    ));
    cases.push(one(
        "tagged",
        "a tag in front",
        [&[0xc1], good.as_slice()].concat(),
        "Decode.Tag",
    ));
    cases.push(one(
        "five items",
        "no registry size",
        [&[0x85], &good[1..good.len() - 1]].concat(),
        "Decode.Unexpected",
    ));
    cases.push(one(
        "seven items",
        "an item too many",
        [&[0x87], &good[1..], &[0xf6]].concat(),
        "Decode.Unexpected",
    ));
    cases.push(one(
        "and more",
        "a byte after it",
        [good.as_slice(), &[0]].concat(),
        "Decode.Trailing",
    ));
    for end in 0..good.len() {
        cases.push(one(
            &format!("{end} of {} bytes", good.len()),
            "cut short",
            good[..end].to_vec(),
            "Decode.Truncated",
        ));
    }
    for (name, target) in [
        ("false", 0xf4),
        ("undefined", 0xf7),
        ("text", 0x60),
        ("negative", 0x20),
    ] {
        let cause = match target {
            0xf7 => "Decode.Simple",
            _ => "Decode.Unexpected",
        };
        let input = [&good[..good.len() - 2], &[target, 3]].concat();
        cases.push(one(
            &format!("target {name}"),
            "a target of another type",
            input,
            cause,
        ));
    }
    cases.push(one(
        "commit of 31 bytes",
        "a commitment of another length",
        leaf(&|w| {
            w.array(6)
                .unsigned(1)
                .unsigned(1)
                .unsigned(0)
                .bytes(&[7; 31])
                .null()
                .unsigned(3);
        }),
        "Decode.Unexpected",
    ));
    cases.push(one(
        "commit as text",
        "a commitment as text",
        leaf(&|w| {
            w.array(6)
                .unsigned(1)
                .unsigned(1)
                .unsigned(0)
                .text("commit")
                .null()
                .unsigned(3);
        }),
        "Decode.Unexpected",
    ));
    cases
}

pub(super) fn geneses() -> Vec<Case> {
    let made = |change: fn(&mut GenesisFields)| {
        let mut fields = genesis_fields(Network::Production);
        change(&mut fields);
        encode(&fields).unwrap()
    };
    let one = |name: &str, comment: &str, input, spec, cause| {
        Case::refused(name, comment, input, spec, cause)
    };
    let good = made(|_| {});
    let parts = entries(&good);
    vec![
        Case::ok("production", good.clone(), "TRU-1"),
        Case::ok("test", made(|f| f.network = Network::Test), "TRU-1"),
        one(
            "format 2",
            "another format",
            made(|f| f.format = 2),
            "TRU-2",
            "Format",
        ),
        one(
            "hub as a member",
            "another role",
            made(|f| f.hub.role = Role::Member),
            "TRU-2",
            "HubRole",
        ),
        one(
            "hub without log key",
            "a key missing",
            made(|f| f.hub.log_key = None),
            "TRU-2",
            "HubKeys",
        ),
        one(
            "hub without statement key",
            "a key missing",
            made(|f| f.hub.statement_keys.clear()),
            "TRU-2",
            "HubKeys",
        ),
        one(
            "one approver",
            "fewer than two",
            made(|f| f.approvers.quorum = 1),
            "TRU-2",
            "Approvers",
        ),
        one(
            "four of three approvers",
            "a quorum that cannot be met",
            made(|f| f.approvers.quorum = 4),
            "TRU-2",
            "Approvers",
        ),
        one(
            "no recovery",
            "a quorum of none",
            made(|f| f.recovery.quorum = 0),
            "TRU-2",
            "Recovery",
        ),
        one(
            "approvers unsorted",
            "keys out of order",
            made(|f| f.approvers.keys.reverse()),
            "TRU-2",
            "KeyOrder",
        ),
        one(
            "recovery by an approver",
            "a key with two uses",
            made(|f| f.recovery.keys = ascending(&[1, 5])),
            "TRU-17",
            "KeyRepeated",
        ),
        one(
            "node key as log key",
            "a key with two uses",
            made(|f| f.hub.node_key = f.hub.log_key),
            "TRU-17",
            "KeyRepeated",
        ),
        one(
            "suite 2",
            "another suite",
            made(|f| f.hub.suite = 2),
            "TRU-2",
            "Hub",
        ),
        one(
            "quorum of none",
            "a quorum of 0",
            made(|f| f.policy.quorum = 0),
            "TRU-3",
            "Quorum",
        ),
        one(
            "quorum of two of one",
            "a quorum that cannot be met",
            made(|f| f.policy.quorum = 2),
            "TRU-3",
            "Quorum",
        ),
        one(
            "a fault of one",
            "a quorum that two heads could meet",
            made(|f| f.policy.faults = 1),
            "TRU-3",
            "Quorum",
        ),
        one(
            "faults without end",
            "a sum beyond 64 bits",
            made(|f| f.policy.faults = u64::MAX),
            "TRU-3",
            "Quorum",
        ),
        one(
            "cosigner not enrolled",
            "a cosigner that nobody knows",
            made(|f| f.policy.cosigners = vec![city()]),
            "TRU-2",
            "Cosigners",
        ),
        one(
            "no title",
            "an entry missing",
            map_of(&without(&parts, &[3])),
            "TRU-2",
            "Decode.Shape",
        ),
        one(
            "entry 9",
            "an entry too many",
            map_of(&set(&parts, &[9], vec![0])),
            "TRU-2",
            "Decode.Shape",
        ),
        one(
            "network 3",
            "neither test nor production",
            map_of(&set(&parts, &[2], vec![3])),
            "TRU-2",
            "Decode.Shape",
        ),
        one(
            "and more",
            "a byte after it",
            [good.as_slice(), &[0]].concat(),
            "CBOR-8",
            "Decode.Trailing",
        ),
        one(
            "cut short",
            "a byte too few",
            good[..good.len() - 1].to_vec(),
            "CBOR-8",
            "Decode.Truncated",
        ),
    ]
}
