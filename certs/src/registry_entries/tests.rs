use concordat_protocol::statement::{Content, Standing, Suspension};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::text::Text;
use concordat_protocol::time::Timestamp;

use super::*;
use crate::network::{TestNetwork, TestPlan};
use crate::randomness::SeededRandomness;

fn network() -> TestNetwork {
    TestNetwork::build(TestPlan::numbered(2, 1)).unwrap()
}

/// Of the first member, or of somebody who is not enrolled.
fn suspension(network: &TestNetwork, at: usize) -> PendingChange {
    let stranger = AuthorityCode::parse("112304000000000461").unwrap();
    let content = Content::Suspension(Suspension {
        member: [network.members[0].code(), stranger][at],
        standing: Standing::Suspended,
        reasons: Text::new("for a test").unwrap(),
    });
    let issued_at = Timestamp::new(1_767_225_600_000).unwrap();
    let mut change = PendingChange::new(&network.genesis, issued_at, content).unwrap();
    for approver in &network.approvers {
        let approval = change.approve(&network.genesis, approver).unwrap();
        change.add(&network.genesis, approval).unwrap();
    }
    change
}

// spec: KEY-25
#[test]
fn change_that_the_registry_would_find_void_makes_no_entry_and_changes_nothing() {
    let mut network = network();
    let changes = [suspension(&network, 0), suspension(&network, 1)];
    let before = network.registry.ctx();
    let mut randomness = SeededRandomness::new(3);
    let hub = &network.hub.statement;
    let refused = registry_entries(&mut network.registry, hub, &changes, &mut randomness);
    let cause = EntryCause::Void(RejectReason::IssuerUnknown);
    assert_eq!(refused, Err(RegistryEntryError { place: 1, cause }));
    assert_eq!(network.registry.ctx(), before);
}

// spec: KEY-25
#[test]
fn entries_signed_with_another_key_than_the_hubs_are_not_made() {
    let mut network = network();
    let changes = [suspension(&network, 0)];
    let mut randomness = SeededRandomness::new(3);
    let stranger = &network.members[0].statement;
    let refused = registry_entries(&mut network.registry, stranger, &changes, &mut randomness);
    let cause = EntryCause::Void(RejectReason::KeyUnknown);
    assert_eq!(refused, Err(RegistryEntryError { place: 0, cause }));
}
