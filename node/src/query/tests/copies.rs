//! A decision that stands in its log many times, as whoever stole the log key can make it.

use concordat_protocol::admin::SUBJECT_DECISIONS_MAX;

use super::*;
use crate::fixture::day;
use crate::query::{SubjectEntry, sort_newest_first};

const COPIES: u64 = 1_000;

impl Node {
    fn reads(&self) -> usize {
        self.bodies.2.load(Ordering::Relaxed)
    }

    /// What is listed about the first organisation: place and copies.
    fn listed(&self) -> Vec<(u64, u64)> {
        let entries = self.queries.subject(subject(1)).unwrap();
        let listed = entries.iter();
        listed
            .map(|entry| (entry.reference.index.value(), entry.copies))
            .collect()
    }

    /// A page, each asked for anew as a clerk does.
    fn page(&self, skip: usize, most: usize) -> Vec<SubjectEntry> {
        let mut entries = self.queries.subject(subject(1)).unwrap();
        sort_newest_first(&mut entries);
        let page: Vec<_> = entries.into_iter().skip(skip).take(most).collect();
        let asked = page.iter().map(|entry| Position::of(&entry.reference));
        let dossiers = self.queries.dossiers(asked.collect(), Depth::Weighed);
        for dossier in dossiers {
            assert!(dossier.unwrap().is_whole);
        }
        page
    }
}

/// An honest decision, its copies, and an honest one of the same document behind them.
fn flooded_between() -> Node {
    node(|fixture| {
        let first = fixture.decision(0, 1);
        let behind = fixture.decision_with(COPIES + 1, 1, |fields| {
            fields.document_number = Text::new("鹤劳罚字〔2026〕0号").unwrap();
            fields.decided_on = day("2026-03-01");
        });
        let copies = (1..=COPIES).map(|index| copied(&first, index));
        let mut placed: Vec<_> = copies.collect();
        placed.insert(0, first.clone());
        placed.push(behind);
        placed
    })
}

/// A clerk saw pages of rows that say nothing; and each page read them all.
// spec: IDX-60, ADM-220
#[test]
fn decision_logged_a_thousand_times_is_one_row_and_is_read_once() {
    for most in [1, 2, SUBJECT_DECISIONS_MAX] {
        let node = flooded_between();
        let mut found = Vec::new();
        loop {
            let page = node.page(found.len(), most);
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= most);
            let places = page.iter();
            found.extend(places.map(|one| (one.reference.index.value(), one.copies)));
        }
        assert_eq!(found, [(0, COPIES), (COPIES + 1, 0)], "{most}");
        assert_eq!(node.reads(), 2, "{most}");
    }
}

/// Nor does it change when the copies have been verified in the meantime.
// spec: ADM-220
#[test]
fn row_is_the_same_before_and_after_its_copies_are_verified() {
    let node = flooded_between();
    let before = node.listed();
    let all = usize::try_from(COPIES).unwrap() + 2;
    let step = node.queries.verify_some(UnverifiedCursor::default(), all);
    assert_eq!(step.unwrap().verified as u64, COPIES);
    assert_eq!(node.listed(), before);
}

/// Somebody objected to a copy: who looks for what was objected to finds it.
// spec: IDX-52, ADM-220
#[test]
fn copy_at_which_something_points_is_a_row() {
    let node = node(|fixture| {
        let first = fixture.decision(0, 1);
        let copies: Vec<_> = (1..=20).map(|index| copied(&first, index)).collect();
        let objection = fixture.objection(21, subject(1), &copies[6]);
        let mut placed = vec![first, objection];
        placed.extend(copies);
        placed
    });
    assert_eq!(node.listed(), [(0, 19), (7, 0)]);
    assert_eq!(node.history(0), [0, 7, 21]);
    assert_eq!(node.history(7), [0, 7, 21]);
}

/// The first stands for the others as far as it holds.
// spec: ADM-220, IDX-8
#[test]
fn copy_behind_a_place_that_does_not_hold_is_the_row() {
    let node = node(|fixture| {
        let decision = fixture.decision(0, 1);
        let mut astray = decision.clone();
        astray.leaf.vis = concordat_protocol::statement::Vis::new(2);
        let copies = (1..=20).map(|index| copied(&decision, index));
        let mut placed = vec![astray];
        placed.extend(copies);
        placed
    });
    assert_eq!(node.listed(), [(1, 19)]);
    assert_eq!(node.history(1), [1]);
}

/// Two that differ in anything are two rows, even under one number, item and day.
// spec: ADM-220
#[test]
fn decision_that_only_looks_like_another_is_a_row() {
    let node = node(|fixture| {
        let first = fixture.decision(0, 1);
        let alike = fixture.decision_with(1, 1, |fields| {
            fields.document_number = Text::new("鹤劳罚字〔2026〕0号").unwrap();
            fields.fine_fen = Some(1);
        });
        let copy = copied(&first, 2);
        vec![first, alike, copy]
    });
    assert_eq!(node.listed(), [(0, 1), (1, 0)]);
}

/// The same of a correction that moves a decision to the organisation.
// spec: IDX-60
#[test]
fn correction_logged_a_thousand_times_is_read_once() {
    let node = node(|fixture| {
        let decision = fixture.decision(0, 2);
        let correction = fixture.correction(1, &decision, 1);
        let copies = (2..COPIES).map(|index| copied(&correction, index));
        let mut placed = vec![decision, correction.clone()];
        placed.extend(copies);
        placed
    });
    assert_eq!(node.listed(), [(0, 0)]);
    assert_eq!(node.reads(), 2);
}

/// A supervisor that has the copy alone puts it upon another organisation: there the decision binds, and the
/// copy is none.
// spec: ADM-221
#[test]
fn decision_moved_by_the_correction_of_a_copy_is_listed_where_it_is_moved_to() {
    let node = node(|fixture| {
        let decision = fixture.decision(0, 2);
        let copies: Vec<_> = (1..=3).map(|index| copied(&decision, index)).collect();
        let other = fixture.decision(4, 2);
        let correction = fixture.correction(5, &copies[1], 1);
        let mut placed = vec![decision, other, correction];
        placed.extend(copies);
        placed
    });
    assert_eq!(node.listed(), [(0, 0), (2, 0)]);
    assert_eq!(node.history(0), [0, 1, 2, 3, 5]);
}

/// What waits for a state of the registry waits with all its copies.
// spec: IDX-60
#[test]
fn decision_under_a_registry_that_has_not_come_is_read_once_with_its_copies() {
    let node = node(|fixture| {
        let ahead = fixture.decision_under(0, 1, fixture.later_ctx());
        let copies = (1..COPIES).map(|index| copied(&ahead, index));
        let mut placed: Vec<_> = copies.collect();
        placed.push(ahead.clone());
        placed
    });
    assert_eq!(node.listed(), []);
    assert_eq!(node.reads(), 1);
}
