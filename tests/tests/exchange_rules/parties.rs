//! Deliveries and receipts are for few: whose word it is that one is not for us.

use concordat_protocol::exchange::BodyOutcome;

use super::*;

/// A log with one receipt in it.
fn receipt() -> Leaf {
    Leaf {
        kind: Kind::Receipts,
        ..leaf(0)
    }
}

/// What the second member makes of the first one's word that a receipt in a member's log is not for it.
fn made_of_refusal(author: usize) -> Vec<Absence> {
    let mut bench = Bench::of(3).greeting();
    let author = &bench.network.members[author];
    let origin = bench
        .network
        .genesis
        .origin(author.code(), LogNumber::Statements);
    let mut tree = MemoryTree::new();
    tree.append(receipt().hash());
    let size = TreeSize::new(1).unwrap();
    let head = Checkpoint::new(origin, size, tree.root()).unwrap();
    let head = VerifiedCheckpoint::sign(&head, &author.log).unwrap();
    let note = &head.to_bytes();
    let request = asked(&bench.control(&Frame::Checkpoint { note })).unwrap();
    let leaf = receipt().encode();
    let block = Frame::Block {
        begin: LeafIndex::new(0),
        leaves: vec![&leaf],
        cover: Vec::new(),
    };
    let actions = bench.answer(request, &block);
    let request = asked(&actions);
    bench.logs.0 = tree;
    let store = actions.iter().find_map(|action| {
        let Action::StoreLeaves { store, .. } = action else {
            return None;
        };
        Some(*store)
    });
    let store = store.unwrap();
    bench.feed(Input::Stored { store });
    let entry = BodyEntry {
        index: LeafIndex::new(0),
        leaf: &leaf,
        body: Err(Absence::NotEntitled),
    };
    let refusal = Frame::BodyBlock {
        next: size,
        entries: vec![entry],
    };
    let actions = bench.answer(request.unwrap(), &refusal);
    let stored = actions.iter().filter_map(|action| {
        let Action::StoreBodies { bodies, .. } = action else {
            return None;
        };
        Some(bodies)
    });
    let absent = stored.flatten().map(|(_, outcome)| {
        let BodyOutcome::Absent(absence) = outcome else {
            panic!("{outcome:?}");
        };
        *absence
    });
    absent.collect()
}

// spec: EXC-111
#[test]
fn receipt_is_withheld_by_its_author_and_by_no_relay() {
    assert_eq!(made_of_refusal(0), [Absence::NotEntitled]);
    // It is asked for again, of others first.
    assert_eq!(made_of_refusal(2), []);
}
