//! The root of the register of look-ups, said hourly in the node's own log.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use concordat_certs::network::{TestNetwork, TestPlan};
use concordat_node::core::{Core, CoreInput};
use concordat_node::disk::MemoryDisk;
use concordat_node::lookups::LookUpRecord;
use concordat_protocol::log::{Hash, LeafIndex, MemoryTree};
use concordat_protocol::lookup::leaf_of;
use concordat_protocol::statement::{Body, Content, QueryRoot, Statement};
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::LogNumber;
use concordat_tests::peer::open_hub;

const MINUTE: Duration = Duration::from_secs(60);

struct Hub {
    core: Core<MemoryDisk>,
    network: TestNetwork,
    disk: MemoryDisk,
    now: Timestamp,
}

/// A row as the journal keeps it; what is sealed means nothing to the core.
fn row(number: u64, commit: u8) -> Vec<u8> {
    let record = LookUpRecord {
        number,
        day: Day::from_ymd(2026, 3, 1).unwrap(),
        commit: Hash::from_bytes([commit; 32]),
        sealed: vec![9; 40],
    };
    record.encode()
}

impl Hub {
    fn start() -> Self {
        let network = TestNetwork::build(TestPlan::numbered(0, 7)).unwrap();
        let (disk, now) = (
            MemoryDisk::new(),
            Timestamp::new(1_772_400_000_000).unwrap(),
        );
        let core = open_hub(&network, &disk, now, true);
        Self {
            core,
            network,
            disk,
            now,
        }
    }

    fn restart(self) -> Self {
        let Self {
            core,
            network,
            disk,
            now,
        } = self;
        drop(core);
        let core = open_hub(&network, &disk, now, false);
        Self {
            core,
            network,
            disk,
            now,
        }
    }

    fn feed(&mut self, input: CoreInput<'_>) {
        self.core.handle(self.now, input).unwrap();
        self.core.finish().unwrap();
    }

    fn wait(&mut self, span: Duration) {
        self.now = self.now.checked_add(span).unwrap();
        self.feed(CoreInput::Exchange(
            concordat_protocol::exchange::Input::Deadline,
        ));
    }

    fn roots(&self) -> Vec<QueryRoot> {
        let shared = self.core.shared();
        let hub = self.network.hub.code();
        let origin = self.network.genesis.origin(hub, LogNumber::Statements);
        let bodies = (0..).map(LeafIndex::new);
        let bodies = bodies.map_while(|index| shared.body(&origin, index));
        let root = |body: Vec<u8>| {
            let body = Body::decode(&body).ok()?;
            let statement = Statement::decode(body.statement()).ok()?;
            let Content::QueryRoot(root) = &statement.payload().content else {
                return None;
            };
            Some(root.clone())
        };
        bodies.filter_map(root).collect()
    }
}

fn tree(commits: &[u8]) -> MemoryTree {
    let leaf = |commit: &u8| leaf_of(&Hash::from_bytes([*commit; 32]));
    commits.iter().map(leaf).collect()
}

// spec: LKP-3, LKP-22
#[test]
fn root_is_said_an_hour_after_the_register_grew_and_not_before() {
    let mut hub = Hub::start();
    hub.wait(90 * MINUTE);
    assert_eq!(hub.roots(), []);
    hub.feed(CoreInput::Row(&row(0, 1)));
    hub.wait(59 * MINUTE);
    hub.feed(CoreInput::Row(&row(1, 2)));
    assert_eq!(hub.roots(), []);
    hub.wait(MINUTE);
    let [first] = &hub.roots()[..] else {
        panic!("{:?}", hub.roots())
    };
    assert_eq!((first.size.value(), first.root), (2, tree(&[1, 2]).root()));
    // Nothing has come since: nothing is said.
    hub.wait(180 * MINUTE);
    assert_eq!(hub.roots().len(), 1);
    // A number that was never used has its leaf.
    hub.feed(CoreInput::Row(&row(3, 4)));
    hub.wait(60 * MINUTE);
    let last = hub.roots().pop().unwrap();
    assert_eq!(
        (last.size.value(), last.root),
        (4, tree(&[1, 2, 0, 4]).root())
    );
    assert_eq!(last.from, first.until);
}

// spec: LKP-22, LKP-23
#[test]
fn register_is_the_same_after_a_restart_and_says_what_was_left() {
    let mut hub = Hub::start();
    hub.feed(CoreInput::Row(&row(0, 1)));
    hub.wait(60 * MINUTE);
    hub.feed(CoreInput::Row(&row(1, 2)));
    let mut hub = hub.restart();
    assert_eq!(hub.core.shared().look_ups().value(), 2);
    assert_eq!(hub.core.shared().look_ups_broken(), None);
    hub.wait(MINUTE);
    let roots = hub.roots();
    assert_eq!(roots.len(), 2, "{roots:?}");
    assert_eq!(roots[1].root, tree(&[1, 2]).root());
    let said = hub.core.shared();
    let covered = concordat_protocol::log::TreeSize::new(99).unwrap();
    let found = said.look_up_root(0, covered).unwrap();
    assert_eq!(found.root, roots[0]);
    assert_eq!(said.look_up_root(1, covered).unwrap().root, roots[1]);
    assert!(said.look_up_root(2, covered).is_none());
}
