//! The records about an organisation, and what refers to them.

use concordat_protocol::statement::{
    Content, RecognitionAnswer, RecognitionReason, RecognitionResponse, RecognitionResponseFields,
};
use concordat_protocol::trust::LogNumber;

use super::*;

fn copied(placed: &Placed, index: u64) -> Placed {
    Placed {
        index: LeafIndex::new(index),
        ..placed.clone()
    }
}

fn rows(node: &Node, number: u64) -> Vec<(u64, Class)> {
    let rows = node.queries.records(subject(number)).unwrap();
    let row = |row: &crate::store::RecordRow| (row.position.index.value(), row.class);
    rows.iter().map(row).collect()
}

// spec: IDX-75
#[test]
fn records_come_newest_first_and_stand_in_no_list_of_decisions() {
    let node = node(|fixture| {
        let first = fixture.commitment(0, 1);
        let kept = fixture.kept(2, &first, 1);
        vec![
            first,
            fixture.decision(1, 1),
            kept,
            fixture.commitment(3, 2),
        ]
    });
    let both = [(2, Class::CommitmentOutcome), (0, Class::Commitment)];
    assert_eq!(rows(&node, 1), both);
    let decisions = node.queries.subject(subject(1)).unwrap();
    let decisions: Vec<_> = decisions
        .iter()
        .map(|it| it.reference.index.value())
        .collect();
    assert_eq!(decisions, [1]);
}

/// Whoever has a log key can log again what is signed: the first place stands for all.
// spec: IDX-75
#[test]
fn record_that_stands_in_its_log_many_times_is_one_and_no_body_is_read_to_tell() {
    let node = node(|fixture| {
        let first = fixture.commitment(0, 1);
        let copies = (1..=300).map(|index| copied(&first, index));
        copies.chain([first.clone()]).collect()
    });
    assert_eq!(rows(&node, 1), [(0, Class::Commitment)]);
    assert_eq!(node.bodies.2.load(Ordering::Relaxed), 0);
}

/// What is said of another organisation than the one that promised is no outcome of its promise.
// spec: IDX-75, IDX-76
#[test]
fn what_refers_to_a_record_is_read_up_to_a_bound_and_is_about_its_organisation() {
    let many = REFERRING_READ_MAX as u64 + 3;
    let node = node(|fixture| {
        let first = fixture.commitment(0, 1);
        let another = fixture.kept(1, &first, 2);
        let mut placed = vec![first.clone(), another];
        placed.extend((2..many + 2).map(|index| fixture.kept(index, &first, 1)));
        placed
    });
    let to = |node: &Node| {
        let found = node
            .queries
            .statement(&node.fixture.origin(), LeafIndex::new(0));
        let Ok(Found::Verified(found)) = found else {
            panic!("the commitment is held");
        };
        found.reference().clone()
    };
    let (found, left) = node
        .queries
        .referring(&to(&node), Some(subject(1)), |class| {
            class == Class::CommitmentOutcome
        })
        .unwrap();
    assert_eq!((found.len(), left), (REFERRING_READ_MAX - 1, 4));
    assert_eq!(indexes(&found)[0], 2);
    let (found, left) = node.queries.referring(&to(&node), None, |_| true).unwrap();
    assert_eq!((found.len(), left), (REFERRING_READ_MAX, 4));
    // spec: IDX-90
    let all = node
        .queries
        .referring_fairly(&to(&node), None, |_| true, ANSWERS_READ_MAX);
    let all = all.unwrap();
    assert_eq!((all.found.len(), all.left), (REFERRING_READ_MAX + 4, 0));
    assert!(all.cut.is_empty());
    // Of a log of which more is left out nothing is said of whoever publishes there.
    let some = node
        .queries
        .referring_fairly(&to(&node), None, |_| true, 10)
        .unwrap();
    assert_eq!((some.found.len(), some.cut.len()), (10, 1));
    assert_eq!(some.left, REFERRING_READ_MAX as u64 - 6);
    assert!(some.cut.contains(&node.fixture.member));
    let (found, _) = node
        .queries
        .referring(&to(&node), None, |class| class == Class::Feedback)
        .unwrap();
    assert_eq!(indexes(&found), Vec::<u64>::new());
}

/// Nobody can put words into the mouth of another, or take the room of what it says.
// spec: IDX-105, IDX-120
#[test]
fn answer_in_the_log_of_one_that_never_published_for_its_author_is_left_out() {
    let node = node(|fixture| {
        let (decision, asked) = (fixture.decision(0, 1), fixture.commitment(1, 1));
        let said = RecognitionResponse::new(RecognitionResponseFields {
            asked: asked.reference(),
            decision: decision.reference(),
            answer: RecognitionAnswer::NotRecognised,
            agreement: None,
            clause: None,
            measures: vec![],
            reason: Some(RecognitionReason::Other),
            reasons: Some(Text::new("本机关另有规定").unwrap()),
        });
        let said = Content::RecognitionResponse(Box::new(said.unwrap()));
        let said = fixture.says(2, said);
        let genesis = fixture.registry.genesis();
        let elsewhere = Placed {
            origin: genesis.origin(fixture.hub, LogNumber::Statements),
            ..said.clone()
        };
        vec![decision, asked, elsewhere, said]
    });
    let reference = |index| {
        let found = node
            .queries
            .statement(&node.fixture.origin(), LeafIndex::new(index));
        let Ok(Found::Verified(found)) = found else {
            panic!("it is held");
        };
        found.reference().clone()
    };
    let (decision, asked) = (reference(0), reference(1));
    for (to, other) in [(&decision, &asked), (&asked, &decision)] {
        let rows = node.queries.recognition_answers(to).unwrap();
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!(row.position, node.position(2));
        assert_eq!(
            (row.author, &row.other),
            (node.fixture.member, &Position::of(other))
        );
    }
}
