use concordat_protocol::log::Hash;

use super::*;
use crate::core::fixture::open;
use crate::core::ledger::BodyMark;
use crate::core::logs::LogTable;
use crate::disk::MemoryDisk;
use crate::fixture::Fixture;
use crate::journal::BodyPointer;

fn gaps(ranges: &[(u64, u64)]) -> Gaps {
    let mut gaps = Gaps::default();
    ranges.iter().for_each(|(b, e)| gaps.insert(*b, *e));
    gaps
}

fn fields(fixture: &Fixture, (from, size): (u64, u64), missing: &[(u64, u64)]) -> HoldingsFields {
    let missing = missing.iter();
    let missing = missing.map(|(begin, end)| (LeafIndex::new(*begin), LeafIndex::new(*end)));
    HoldingsFields {
        origin: fixture.origin(),
        size: TreeSize::new(size).unwrap(),
        root: Hash::from_bytes([5; 32]),
        from: LeafIndex::new(from),
        missing: missing.collect(),
        erased: Vec::new(),
    }
}

// spec: PRP-56
#[test]
fn newest_statement_counts_position_by_position_in_whatever_order_they_come() {
    let fixture = Fixture::new();
    let said = [
        (10, fields(&fixture, (0, 8), &[(2, 4)])),
        (20, fields(&fixture, (3, 12), &[(5, 6)])),
        (30, fields(&fixture, (10, 12), &[(10, 11)])),
    ];
    for order in [[0, 1, 2], [2, 1, 0]] {
        let mut claims = Claims::default();
        for at in order {
            let (index, fields) = &said[at];
            claims.take_in(LeafIndex::new(*index), fields);
        }
        assert_eq!(claims.said, gaps(&[(0, 12)]));
        let held = gaps(&[(0, 2), (3, 5), (6, 10), (11, 12)]);
        assert_eq!(claims.held, held, "{order:?}");
    }
}

/// A log of decisions, and of deliveries between them, some of whose bodies are held.
fn log(fixture: &Fixture, held: impl Fn(u64) -> bool, count: u64) -> LogTable {
    let mut logs = LogTable::default();
    logs.insert(fixture.origin(), 1);
    let log = logs.get_mut(&fixture.origin()).unwrap();
    for index in 0..count {
        let mut leaf = fixture.decision(0, 1).leaf;
        if index % 5 == 4 {
            leaf.kind = Kind::Deliveries;
        }
        let pointer = BodyPointer {
            segment: 1,
            offset: 1,
            length: 1,
        };
        let mark = match held(index) {
            true => BodyMark::Held(pointer, false),
            false => BodyMark::Unknown,
        };
        log.push_leaf(&leaf.encode(), mark);
    }
    logs
}

// spec: PRP-52, PRP-55
#[test]
fn statement_goes_back_as_far_as_its_ranges_do_and_passes_over_what_tells_of_nothing() {
    let fixture = Fixture::new();
    let origin = fixture.origin();
    // Of a delivery nothing is said, held or not: it parts no range.
    let logs = log(&fixture, |index| !(3..=5).contains(&index), 12);
    let one = logs.get(&origin).unwrap();
    let said = holdings_of(&origin, one, 11).unwrap();
    let range = (LeafIndex::new(3), LeafIndex::new(6));
    assert_eq!(said.fields().missing, [range]);
    assert_eq!(said.fields().size, one.size());
    assert_eq!(one.tree().root_at(one.size()), Ok(said.fields().root));
    // Every second body lacks: more ranges than one statement takes.
    let count = 1_500;
    let logs = log(&fixture, |index| index % 2 == 0, count);
    let one = logs.get(&origin).unwrap();
    let mut about = count - 1;
    let mut told = Gaps::default();
    loop {
        let said = holdings_of(&origin, one, about).unwrap();
        let fields = said.fields();
        let (from, size) = (fields.from.value(), fields.size.value());
        assert!((from..size).contains(&about), "{about} in {from}..{size}");
        assert_eq!(one.tree().root_at(fields.size), Ok(fields.root));
        let of = |position: u64| one.kind(LeafIndex::new(position)) == Holdable::Data;
        let ranges: Vec<_> = fields.missing.iter().collect();
        let lacks = |position: u64| {
            let at = LeafIndex::new(position);
            ranges
                .iter()
                .any(|(begin, end)| (*begin..*end).contains(&at))
        };
        for position in (from..size).filter(|position| of(*position)) {
            assert_eq!(lacks(position), position % 2 == 1, "{position}");
        }
        told.insert(from, size);
        if from == 0 {
            break;
        }
        assert_eq!(fields.missing.len(), Said::RANGES_MAX);
        about = from - 1;
    }
    assert_eq!(told, gaps(&[(0, count)]));
}

/// A member to whom the hub says what it holds of the member's log.
struct Served {
    core: Core<MemoryDisk>,
    fixture: Fixture,
}

impl Served {
    fn new() -> Self {
        let fixture = Fixture::new();
        let (mut core, _) = open(&fixture);
        core.registry = fixture.registry.clone();
        core.me = fixture.member;
        {
            let held = log(&fixture, |_| true, 3);
            *write(&core.shared.logs) = held;
        }
        Self { core, fixture }
    }

    fn hears(&mut self, change: impl FnOnce(&mut HoldingsFields)) {
        let mut fields = fields(&self.fixture, (0, 3), &[]);
        fields.root = {
            let logs = self.core.shared.logs();
            let log = logs.get(&fields.origin).unwrap();
            log.tree().root_at(fields.size).unwrap()
        };
        change(&mut fields);
        let said = Said::new(fields).unwrap();
        self.core
            .hear_holdings(self.fixture.hub, LeafIndex::new(9), &said);
    }

    fn looks(&mut self) -> Vec<OddHolding> {
        self.core.now = self.core.now.checked_add(LOOK_AGAIN).unwrap();
        self.core.look_at_holdings();
        self.core.shared.odd_holdings()
    }

    fn gives(&mut self, begin: u64, end: u64) {
        let pair = (self.fixture.hub, self.fixture.origin());
        let given = self.core.delivered.entry(pair.clone()).or_default();
        given.insert(begin, end);
        self.core.touch_holding(pair.0, &pair.1);
    }
}

// spec: PRP-57
#[test]
fn what_is_held_without_a_delivery_is_odd_when_it_lasts() {
    let mut served = Served::new();
    served.gives(0, 1);
    served.hears(|_| {});
    assert_eq!(served.looks(), []);
    let odd = served.looks();
    assert_eq!(odd.len(), 1);
    assert_eq!(odd[0].member, served.fixture.hub);
    assert_eq!(odd[0].without_delivery, Some((2, LeafIndex::new(1))));
    assert_eq!(odd[0].without_holding, None);
    served.gives(1, 3);
    assert_eq!(served.looks(), []);
    assert_eq!(served.core.holdings.due(), None);
}

// spec: PRP-57
#[test]
fn what_was_given_and_is_not_held_is_odd_when_it_lasts() {
    let mut served = Served::new();
    served.gives(0, 3);
    served.hears(|fields| fields.missing = vec![(LeafIndex::new(1), LeafIndex::new(2))]);
    assert_eq!(served.looks(), []);
    let odd = served.looks();
    assert_eq!(odd[0].without_holding, Some((1, LeafIndex::new(1))));
    assert_eq!(odd[0].without_delivery, None);
    // Erased is not held, and nothing is amiss.
    served.hears(|fields| fields.erased = vec![(LeafIndex::new(1), LeafIndex::new(2))]);
    assert_eq!(served.looks(), []);
}

// spec: PRP-56
#[test]
fn holdings_of_another_history_or_of_ones_own_log_do_not_count() {
    let mut served = Served::new();
    served.hears(|fields| fields.root = Hash::from_bytes([9; 32]));
    assert!(served.core.holdings.claims.is_empty());
    served.hears(|fields| fields.origin = served_origin_of_the_hub());
    assert!(served.core.holdings.claims.is_empty());
    served.hears(|_| {});
    assert_eq!(served.core.holdings.claims.len(), 1);
}

/// Positions that were made up kept memory without bound, and once the log had them nothing was asked again.
// spec: PRP-90
#[test]
fn holdings_of_more_than_is_held_wait_one_for_each_log_until_it_is() {
    let mut served = Served::new();
    let grown = log(&served.fixture, |_| true, 4);
    let root = {
        let log = grown.get(&served.fixture.origin()).unwrap();
        log.tree().root_at(log.size()).unwrap()
    };
    for size in [9_000, 7_000, 4] {
        served.hears(|fields| {
            fields.size = TreeSize::new(size).unwrap();
            fields.root = root;
        });
    }
    assert!(served.core.holdings.claims.is_empty());
    assert_eq!(served.core.holdings.beyond.len(), 1);
    assert_eq!(served.looks(), []);
    assert!(served.core.holdings.claims.is_empty());
    *write(&served.core.shared.logs) = grown;
    assert_eq!(served.looks(), []);
    assert!(served.core.holdings.beyond.is_empty());
    let odd = served.looks();
    assert_eq!(odd[0].without_delivery, Some((4, LeafIndex::new(0))));
}

/// More leaves than are read at a start switched the alarm off until the log was gone.
// spec: PRP-91
#[test]
fn what_is_not_read_at_the_start_is_read_later_and_only_until_then_nothing_is_odd() {
    let mut served = Served::new();
    served.hears(|_| {});
    let unread = (0..1_500).map(LeafIndex::new).collect();
    let log = served_origin_of_the_hub();
    served.core.holdings.unread.insert(log, unread);
    served.core.holdings.read_at = Some(served.core.now);
    assert_eq!((served.looks(), served.looks()), (vec![], vec![]));
    served.core.read_on_in_holdings();
    assert!(!served.core.holdings.unread.is_empty());
    let next = served.core.now.checked_add(READ_PAUSE).unwrap();
    assert_eq!(served.core.holdings.read_at, Some(next));
    served.core.now = next;
    served.core.read_on_in_holdings();
    assert!(served.core.holdings.unread.is_empty());
    assert_eq!(served.core.holdings.read_at, None);
    assert_eq!(served.looks(), []);
    assert_eq!(
        served.looks()[0].without_delivery,
        Some((3, LeafIndex::new(0)))
    );
}

fn served_origin_of_the_hub() -> Origin {
    let fixture = Fixture::new();
    let genesis = fixture.registry.genesis();
    genesis.origin(fixture.hub, LogNumber::Statements)
}

// spec: PRP-54
#[test]
fn log_is_said_once_a_minute_and_at_once_for_an_act_after_a_loss() {
    let fixture = Fixture::new();
    let (origin, at) = (fixture.origin(), |ms| Timestamp::new(ms).unwrap());
    let mut holdings = Holdings::default();
    holdings.note(&origin, LeafIndex::new(1), at(1_000), false);
    holdings.note(&origin, LeafIndex::new(2), at(30_000), false);
    assert_eq!(holdings.due(), Some(at(61_000)));
    assert!(holdings.take_due(at(60_999)).is_empty());
    assert_eq!(holdings.take_due(at(61_000)).len(), 1);
    holdings.said(&origin, 0, 3, at(61_000));
    assert_eq!(holdings.due(), None);
    holdings.note(&origin, LeafIndex::new(3), at(62_000), false);
    assert_eq!(holdings.due(), Some(at(122_000)));
    holdings.note(&origin, LeafIndex::new(4), at(63_000), true);
    assert_eq!(holdings.due(), at(63_000).checked_add(TICK).ok());
}
