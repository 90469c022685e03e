//! What was refused, and for what its author answers.

use concordat_protocol::statistics::{Event, Period, Violation};

use super::*;
use concordat_protocol::statement::Code;

/// What the software refuses to record stands in logs of others, signed, and nobody counted it.
// spec: STA-9, STA-5
#[test]
fn what_others_recorded_outside_the_catalogue_counts_once_where_they_signed_it() {
    let node = node(|fixture| {
        let other = |fields: &mut DecisionFields| {
            fields.item = Code::new("labour.unheard-of").unwrap();
        };
        let outside = fixture.decision_with(1, 1, other);
        let mut again = outside.clone();
        again.index = LeafIndex::new(2);
        let long = fixture.decision_with(3, 1, |fields| {
            fields.publication_until = fields.decided_on.plus_days(36_000 / 2).ok();
        });
        // Whoever has a log key alone signs nothing in its member's name.
        let mut forged = fixture.decision_with(4, 1, other);
        let mut body = forged.body.to_vec();
        *body.last_mut().unwrap() ^= 1;
        forged.leaf.commit = Body::decode(&body).unwrap().commit();
        forged.body = body.into();
        vec![fixture.decision(0, 1), outside, again, long, forged]
    });
    for index in 0..5 {
        let origin = node.fixture.origin();
        let found = node.queries.statement(&origin, LeafIndex::new(index));
        let holds = matches!(found.unwrap(), Found::Verified(_));
        assert_eq!(holds, index == 0, "{index}");
    }
    let year = |text: &str| Period::parse(text).unwrap();
    let made = node
        .queries
        .statement(&node.fixture.origin(), LeafIndex::new(0));
    let Found::Verified(made) = made.unwrap() else {
        panic!("it holds");
    };
    let day = concordat_protocol::time::Day::of(made.statement().payload().issued_at).unwrap();
    let (facts, is_whole) = node
        .queries
        .refused(year(&day.ymd().0.to_string()), 9)
        .unwrap();
    let found: Vec<_> = facts
        .iter()
        .filter_map(|fact| match &fact.event {
            Event::Violated(violation, at) => Some((at.index.value(), *violation)),
            Event::Decided { .. } | Event::Objected(_) | Event::Acted(_) => None,
        })
        .collect();
    let expected = [
        (1, Violation::RecordedOutside),
        (3, Violation::DisclosedOutside),
    ];
    assert_eq!((found, is_whole), (expected.to_vec(), true));
    assert!(
        facts
            .iter()
            .all(|fact| fact.authority == node.fixture.member)
    );
    assert_eq!(
        node.queries.refused(year("1999"), 9).unwrap(),
        (vec![], true)
    );
    // What is not looked at is said.
    assert!(!node.queries.refused(year("1999"), 1).unwrap().1);
}
