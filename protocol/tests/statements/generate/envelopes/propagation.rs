//! Deliveries and receipts, and those that break a rule.

use concordat_protocol::log::LeafIndex;
use concordat_protocol::statement::{
    ActOutcome, DeliveryBatch, Holdings, HoldingsFields, QueryRoot, Receipt, ReceiptBatch,
};
use concordat_protocol::time::Timestamp;

use super::*;

pub(super) fn deliveries(net: &Net) -> Content {
    let range = |begin, end| (LeafIndex::new(begin), LeafIndex::new(end));
    let ranges = vec![range(0, 12), range(14, 15)];
    let batch = DeliveryBatch::new(other_city(), net.origin(city()), ranges);
    Content::DeliveryBatch(batch.unwrap())
}

pub(super) fn receipts(net: &Net) -> Content {
    let outcomes = [
        ActOutcome::Applied { measures: None },
        ActOutcome::Applied { measures: Some(2) },
        ActOutcome::Refused { reason: 9 },
        ActOutcome::TargetNotHeld,
    ];
    let receipt = |(index, outcome)| Receipt {
        act: net.reference(other_city(), index),
        target: (LeafIndex::new(3), Hash::from_bytes([5; 32])),
        outcome,
    };
    let receipts = (4..).zip(outcomes).map(receipt).collect();
    Content::ReceiptBatch(ReceiptBatch::new(net.origin(city()), receipts).unwrap())
}

pub(super) fn holdings(net: &Net) -> Content {
    let range = |begin, end| (LeafIndex::new(begin), LeafIndex::new(end));
    let holdings = Holdings::new(HoldingsFields {
        origin: net.origin(other_city()),
        size: TreeSize::new(40).unwrap(),
        root: Hash::from_bytes([6; 32]),
        from: LeafIndex::new(2),
        missing: vec![range(2, 5), range(9, 10)],
        erased: vec![range(5, 6), range(39, 40)],
    });
    Content::Holdings(Box::new(holdings.unwrap()))
}

pub(super) fn query_root() -> Content {
    let at = |ms| Timestamp::new(ms).unwrap();
    Content::QueryRoot(QueryRoot {
        size: TreeSize::new(12).unwrap(),
        root: Hash::from_bytes([6; 32]),
        from: at(1_790_000_000_000),
        until: at(1_790_003_600_000),
    })
}

fn says(content: &Content, about: &str) -> Vec<u8> {
    let mut header = header_entries(PLAIN);
    header[3].1 = claims(city().as_str(), about);
    signed(
        &map_of(&header),
        &encode(&payload(content.clone())).unwrap(),
    )
}

/// What the city says of it by itself.
pub(super) fn by_city(content: &Content) -> Vec<u8> {
    says(content, city().as_str())
}

/// A good content with another value under one key, or without the key.
struct Changed(Content);

impl Changed {
    fn whole(&self, change: impl FnOnce(&[(Vec<u8>, Vec<u8>)]) -> Vec<u8>) -> Vec<u8> {
        let payload = entries(&encode(&payload(self.0.clone())).unwrap());
        let inner = entries(&payload.iter().find(|(key, _)| key == &[6]).unwrap().1);
        let mut header = header_entries(PLAIN);
        header[3].1 = claims(city().as_str(), city().as_str());
        let payload = map_of(&set(&payload, &[6], change(&inner)));
        signed(&map_of(&header), &payload)
    }

    fn with(&self, key: u8, value: Vec<u8>) -> Vec<u8> {
        self.whole(|inner| map_of(&set(inner, &[key], value)))
    }

    fn lacks(&self, key: u8) -> Vec<u8> {
        self.whole(|inner| map_of(&without(inner, &[key])))
    }
}

pub(super) fn refused(net: &Net) -> Vec<Case> {
    let mut cases = refused_deliveries(&Changed(deliveries(net)));
    cases.extend(refused_receipts(net, &Changed(receipts(net))));
    cases.extend(refused_query_roots(&Changed(query_root())));
    cases.extend(refused_holdings(&Changed(holdings(net))));
    for (name, content) in [
        ("delivery", deliveries(net)),
        ("receipts", receipts(net)),
        ("query root", query_root()),
        ("holdings", holdings(net)),
    ] {
        let (name, comment) = (
            format!("{name} about an enterprise"),
            "what is about nobody",
        );
        let input = says(&content, SUBJECT);
        cases.push(Case::refused(
            name,
            comment,
            input,
            "STM-13",
            "AboutAnother",
        ));
    }
    cases
}

fn shape(name: &str, comment: &str, input: Vec<u8>, spec: &'static str) -> Case {
    Case::refused(name, comment, input, spec, "Decode.Shape")
}

fn refused_holdings(holdings: &Changed) -> Vec<Case> {
    let missing = |of: &[(u64, u64)]| holdings.with(5, ranges(of));
    let number = |key, number: u64| holdings.with(key, encode(&number).unwrap());
    let many: Vec<(u64, u64)> = (2..259).map(|at| (3 * at, 3 * at + 1)).collect();
    let rule = |name: &str, comment: &str, input| shape(name, comment, input, "PRP-52");
    vec![
        shape(
            "holdings of no log",
            "required",
            holdings.lacks(1),
            "STM-15",
        ),
        shape(
            "holdings up to nowhere",
            "required",
            holdings.lacks(2),
            "STM-15",
        ),
        shape(
            "holdings without a root",
            "required",
            holdings.lacks(3),
            "STM-15",
        ),
        rule("holdings from 0", "left out", number(4, 0)),
        rule("holdings of nothing", "from is size", number(4, 40)),
        rule(
            "holdings that end before they begin",
            "from > size",
            number(2, 1),
        ),
        rule("holdings that lack what lies before", "2 < 3", number(4, 3)),
        rule(
            "holdings that lack what lies behind",
            "39 < 40",
            number(2, 39),
        ),
        rule(
            "holdings that lack an empty range",
            "[3, 3)",
            missing(&[(3, 3)]),
        ),
        rule(
            "holdings out of order",
            "ranges that descend",
            missing(&[(9, 10), (2, 5)]),
        ),
        rule(
            "holdings that touch",
            "two ranges for one",
            missing(&[(2, 4), (4, 5)]),
        ),
        rule(
            "holdings both missing and erased",
            "one position in both lists",
            missing(&[(2, 6)]),
        ),
        rule("holdings of 259 ranges", "at most 256", missing(&many)),
        shape(
            "holdings with an empty list",
            "left out when empty",
            missing(&[]),
            "STM-15",
        ),
        shape("holdings with key 7", "no such key", number(7, 0), "STM-15"),
    ]
}

fn refused_query_roots(root: &Changed) -> Vec<Case> {
    let number = |number: u64| encode(&number).unwrap();
    let rule = |name: &str, comment: &str, input| {
        Case::refused(name, comment, input, "LKP-20", "Invalid.QueryRoot")
    };
    vec![
        rule(
            "query root of no row",
            "at least one",
            root.with(1, number(0)),
        ),
        rule(
            "query root that ends before it begins",
            "until < from",
            root.with(4, number(1_789_999_999_999)),
        ),
        shape(
            "query root without a size",
            "required",
            root.lacks(1),
            "STM-15",
        ),
        shape(
            "query root without a root",
            "required",
            root.lacks(2),
            "STM-15",
        ),
        shape(
            "query root without its end",
            "required",
            root.lacks(4),
            "STM-15",
        ),
        shape(
            "query root of 31 bytes",
            "a hash has 32",
            root.with(2, [&[0x58, 31][..], &[6; 31]].concat()),
            "STM-15",
        ),
        shape(
            "query root with one key more",
            "no such key",
            root.with(5, number(1)),
            "STM-15",
        ),
    ]
}

fn ranges(ranges: &[(u64, u64)]) -> Vec<u8> {
    encode(&ranges.to_vec()).unwrap()
}

fn refused_deliveries(delivery: &Changed) -> Vec<Case> {
    let with = |of: &[(u64, u64)]| delivery.with(3, ranges(of));
    let many: Vec<(u64, u64)> = (0..257).map(|at| (3 * at, 3 * at + 1)).collect();
    vec![
        shape(
            "delivery to nobody",
            "required",
            delivery.lacks(1),
            "STM-15",
        ),
        shape(
            "delivery of no log",
            "required",
            delivery.lacks(2),
            "STM-15",
        ),
        shape(
            "delivery of nothing",
            "no range",
            delivery.lacks(3),
            "PRP-1",
        ),
        shape(
            "delivery of an empty list",
            "left out when empty",
            with(&[]),
            "STM-15",
        ),
        shape(
            "delivery of an empty range",
            "[3, 3)",
            with(&[(3, 3)]),
            "PRP-1",
        ),
        shape("delivery backwards", "[4, 3)", with(&[(4, 3)]), "PRP-1"),
        shape(
            "delivery out of order",
            "ranges that descend",
            with(&[(5, 6), (1, 2)]),
            "PRP-1",
        ),
        shape(
            "delivery that overlaps",
            "one position twice",
            with(&[(1, 4), (3, 6)]),
            "PRP-1",
        ),
        shape(
            "delivery that touches",
            "two ranges for one",
            with(&[(1, 4), (4, 6)]),
            "PRP-1",
        ),
        shape(
            "delivery of 257 ranges",
            "one too many",
            with(&many),
            "PRP-1",
        ),
        shape(
            "delivery with key 4",
            "no such key",
            delivery.with(4, vec![0]),
            "STM-15",
        ),
    ]
}

fn refused_receipts(net: &Net, batch: &Changed) -> Vec<Case> {
    let one = |act: u64, rest: &[u8]| {
        let act = encode(&net.reference(other_city(), act)).unwrap();
        let target = encode(&(LeafIndex::new(3), Hash::from_bytes([5; 32]))).unwrap();
        let entries = 3 + (rest.len() - 2) / 2;
        let entries = u8::try_from(entries).unwrap();
        [vec![0xa0 + entries, 1], act, vec![2], target, rest.to_vec()].concat()
    };
    let with = |receipts: &[Vec<u8>]| {
        let mut writer = Writer::default();
        writer.array(receipts.len() as u64);
        receipts.iter().for_each(|receipt| {
            writer.raw(receipt);
        });
        batch.with(2, writer.finish())
    };
    let says = |rest: &[u8]| with(&[one(4, rest)]);
    let many: Vec<Vec<u8>> = (0..257).map(|act| one(act, &[3, 3])).collect();
    vec![
        shape("receipts for no log", "required", batch.lacks(1), "STM-15"),
        shape("receipts of nothing", "none named", batch.lacks(2), "PRP-2"),
        shape(
            "receipt of one act twice",
            "one act",
            with(&[one(4, &[3, 1]), one(4, &[3, 3])]),
            "PRP-2",
        ),
        shape(
            "receipts out of order",
            "acts descend",
            with(&[one(5, &[3, 1]), one(4, &[3, 1])]),
            "PRP-2",
        ),
        shape("257 receipts", "one too many", with(&many), "PRP-2"),
        shape(
            "receipt with outcome 4",
            "no such code",
            says(&[3, 4]),
            "PRP-2",
        ),
        shape(
            "refusal without a reason",
            "required",
            says(&[3, 2]),
            "PRP-2",
        ),
        shape(
            "refusal for reason 0",
            "no such code",
            says(&[3, 2, 4, 0]),
            "PRP-2",
        ),
        shape(
            "refusal with measures",
            "nothing was applied",
            says(&[3, 2, 4, 9, 5, 1]),
            "PRP-2",
        ),
        shape(
            "applied with a reason",
            "nothing was refused",
            says(&[3, 1, 4, 9]),
            "PRP-2",
        ),
        shape(
            "measures without the target",
            "nothing was applied",
            says(&[3, 3, 5, 1]),
            "PRP-2",
        ),
        shape(
            "receipt with key 6",
            "no such key",
            says(&[3, 1, 6, 1]),
            "STM-15",
        ),
    ]
}
