//! A hub whose clock is set while it runs.

use std::time::Duration;

use concordat_node::clock::Moment;
use concordat_node::core::{Core, CoreInput, Submission, Ticket};
use concordat_node::disk::MemoryDisk;
use concordat_tests::peer::open_hub;

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

fn own_entries(core: &Core<MemoryDisk>, origin: &Origin) -> u64 {
    let shared = core.shared();
    let logs = shared.logs();
    logs.get(origin).map_or(0, |log| log.size().value())
}

/// A hub that was a year ahead for a moment showed no more that it was there, dated what it said a year
/// ahead and recosigned nothing until it was started again: who had been suspended was never late.
// spec: EXC-91, TRU-70
#[test]
fn hub_whose_clock_is_set_back_goes_on_by_it_at_once() {
    let network = TestNetwork::build(TestPlan::numbered(2, 1)).unwrap();
    let begin = Timestamp::new(1_772_400_000_000).unwrap();
    let disk = MemoryDisk::new();
    let mut core = open_hub(&network, &disk, begin, true);
    core.finish().unwrap();
    let ahead = Moment {
        steady: begin,
        clock: begin.checked_add(YEAR).unwrap(),
    };
    for change in network.changes.clone() {
        let (ctx, key) = (core.registry().ctx(), &network.hub.statement);
        let submission = Submission {
            ticket: Ticket(1),
            log: LogNumber::Registry,
            statements: vec![change.sign(&network.genesis, key, ctx).unwrap()],
        };
        core.handle(ahead, CoreInput::Submit(submission)).unwrap();
        core.finish().unwrap();
    }
    let own = network
        .genesis
        .origin(network.hub.code(), LogNumber::Statements);
    let before = own_entries(&core, &own);
    for hours in 1..=12 {
        let right = begin.checked_add(HOUR * hours).unwrap();
        assert!(
            core.deadline() <= right,
            "waits until {:?}",
            core.deadline()
        );
        let input = CoreInput::Exchange(Input::Deadline);
        core.handle(right, input).unwrap();
        core.finish().unwrap();
    }
    // One at the hour at which the clock is right, and one every four hours.
    assert_eq!(own_entries(&core, &own), before + 3);
}
