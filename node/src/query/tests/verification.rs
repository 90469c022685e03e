//! What is verified, when, and what becomes of what does not verify.

use super::*;

// spec: IDX-8
#[test]
fn statement_that_does_not_verify_is_quarantined_and_answers_nothing() {
    let node = node(|fixture| {
        let good = fixture.decision(0, 1);
        let mut bad = fixture.decision(1, 1);
        let mut body = bad.body.to_vec();
        *body.last_mut().unwrap() ^= 1;
        bad.leaf.commit = Body::decode(&body).unwrap().commit();
        bad.body = body.into();
        vec![good, bad]
    });
    let entries = node.queries.subject(subject(1)).unwrap();
    assert_eq!(entries.len(), 1);
    let position = Position {
        origin: node.fixture.origin(),
        index: LeafIndex::new(1),
    };
    let quarantine = node.queries.store().quarantine(9).unwrap();
    assert_eq!(quarantine, [(position, RejectReason::BadSignature)]);
}

// spec: IDX-8
#[test]
fn body_that_does_not_fit_its_leaf_is_refused_even_when_marked() {
    let node = node(|fixture| {
        let mut swapped = fixture.decision(0, 1);
        swapped.body = fixture.decision(0, 2).body;
        vec![swapped]
    });
    let origin = node.fixture.origin();
    let position = Position {
        origin: origin.clone(),
        index: LeafIndex::new(0),
    };
    let verdict = [(position, Verdict::Verified)];
    node.queries.store().judge(&verdict).unwrap();
    let found = node.queries.statement(&origin, LeafIndex::new(0)).unwrap();
    assert!(matches!(found, Found::Rejected(RejectReason::WrongCommit)));
}

// spec: IDX-8
#[test]
fn statement_under_a_registry_that_has_not_come_is_judged_later() {
    let node = node(|fixture| vec![fixture.decision_under(0, 1, fixture.later_ctx())]);
    let step = node.queries.verify_some(UnverifiedCursor::default(), 9);
    let step = step.unwrap();
    assert_eq!((step.verified, step.rejected, step.waiting), (0, 0, 1));
    // spec: LKP-76
    assert_eq!(node.queries.waiting_about(subject(1)).unwrap(), 1);
    assert_eq!(node.queries.waiting_about(subject(2)).unwrap(), 0);
    assert_eq!(node.queries.store().quarantine(9).unwrap(), []);
}

#[test]
fn background_steps_verify_everything_once() {
    let node = node(|fixture| {
        (0..10)
            .map(|index| fixture.decision(index, index))
            .collect()
    });
    let mut cursor = UnverifiedCursor::default();
    let mut verified = 0;
    loop {
        let step = node.queries.verify_some(cursor, 3).unwrap();
        verified += step.verified;
        match step.next {
            Some(next) => cursor = next,
            None => break,
        }
    }
    assert_eq!(verified, 10);
    let again = node.queries.verify_some(UnverifiedCursor::default(), 99);
    assert_eq!(again.unwrap(), VerifyStep::default());
}

// spec: TRU-10
#[test]
fn marked_statement_is_verified_without_its_signature_and_only_under_its_key() {
    let fixture = Fixture::new();
    let placed = fixture.decision(0, 1);
    let body = Body::decode(&placed.body).unwrap();
    let mut bytes = body.statement().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let statement = Statement::decode(&bytes).unwrap();
    let place = Place {
        origin: &placed.origin,
        index: placed.index,
        leaf: &placed.leaf,
        ctx_floor: TreeSize::ZERO,
    };
    let kid = statement.header().kid;
    let full = trust::verify(&fixture.registry, place, statement.clone());
    assert_eq!(full.unwrap_err(), RejectReason::BadSignature);
    let other = key(99).public_key().id();
    let refused = trust::verify_marked(&fixture.registry, place, statement.clone(), other);
    assert_eq!(refused.unwrap_err(), RejectReason::BadSignature);
    assert!(trust::verify_marked(&fixture.registry, place, statement, kid).is_ok());
}
