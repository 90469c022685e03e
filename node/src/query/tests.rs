mod agreement_floods;
mod agreements;
mod copies;
mod crowds;
mod flooded;
mod records;
mod refused;
mod verification;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use concordat_protocol::effect::Horizon;
use concordat_protocol::effect::alike::{self, GROUP_KEPT_MAX};
use concordat_protocol::key::Signer as _;
use concordat_protocol::log::Hash;
use concordat_protocol::statement::{
    Body, Class, DecisionFields, Ground, ObjectorRole, StatementRef,
};
use concordat_protocol::text::Text;
use tempfile::TempDir;

use super::gather::Size;
use super::*;
use crate::fixture::{Fixture, Placed, key, subject};
use crate::journal::JournalId;
use crate::store::{IndexItem, JournalPosition, StoreOptions, UnverifiedCursor};

/// Bodies in memory, as the core would find them in the journal.
#[derive(Default)]
struct Bodies(
    Mutex<BTreeMap<Position, Held>>,
    Mutex<Vec<(StatementRef, StatementRef)>>,
    /// How often a body was read.
    AtomicUsize,
);

impl BodyReader for Bodies {
    fn read(&self, origin: &Origin, index: LeafIndex) -> Result<Option<Held>, BodyUnreadable> {
        let position = Position {
            origin: origin.clone(),
            index,
        };
        self.2.fetch_add(1, Ordering::Relaxed);
        Ok(self.0.lock().unwrap().get(&position).cloned())
    }

    fn is_erased(&self, _: &Origin, _: LeafIndex) -> bool {
        false
    }

    fn erased(&self, _: &Origin, _: LeafIndex) -> Option<StatementRef> {
        None
    }

    fn acts_by_leaf(&self, on: &Position, _: usize) -> Vec<(StatementRef, StatementRef)> {
        let unread = self.1.lock().unwrap();
        let unread = unread
            .iter()
            .filter(|(_, target)| Position::of(target) == *on);
        unread.cloned().collect()
    }
}

struct Node {
    _directory: TempDir,
    fixture: Fixture,
    bodies: Arc<Bodies>,
    queries: QueryService,
}

fn node(statements: impl FnOnce(&Fixture) -> Vec<Placed>) -> Node {
    let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
    let options = StoreOptions {
        cache_bytes: 4 << 20,
        ..StoreOptions::default()
    };
    let (store, _) = Store::open(directory.path(), options, JournalId([7; 16])).unwrap();
    let bodies = Bodies::default();
    let mut items = Vec::new();
    for placed in statements(&fixture) {
        let position = Position {
            origin: placed.origin.clone(),
            index: placed.index,
        };
        let held = Held {
            leaf: placed.leaf,
            body: Arc::clone(&placed.body),
            ctx_floor: TreeSize::ZERO,
        };
        bodies.0.lock().unwrap().insert(position, held);
        items.push(IndexItem::Statement {
            origin: placed.origin,
            index: placed.index,
            leaf: placed.leaf,
            body: placed.body,
            own: false,
            verdict: None,
        });
    }
    store.apply(&items, JournalPosition::new(1)).unwrap();
    let registry = Arc::new(fixture.registry.clone());
    let bodies = Arc::new(bodies);
    let reader: Arc<dyn BodyReader> = Arc::<Bodies>::clone(&bodies);
    let queries = QueryService::new(Arc::new(store), reader, registry, 64);
    Node {
        _directory: directory,
        fixture,
        bodies,
        queries,
    }
}

impl Node {
    fn position(&self, index: u64) -> Position {
        Position {
            origin: self.fixture.origin(),
            index: LeafIndex::new(index),
        }
    }

    fn history(&self, index: u64) -> Vec<u64> {
        let history = self.queries.history(&self.position(index)).unwrap();
        indexes(&history.statements.into_values().collect::<Vec<_>>())
    }

    /// For each dossier: its decisions, whether it is whole, and how many statements it has.
    fn dossiers(&self, decisions: impl IntoIterator<Item = u64>) -> Vec<(Vec<usize>, bool, usize)> {
        let asked = decisions.into_iter().map(|index| self.position(index));
        let dossiers = self.queries.dossiers(asked.collect(), Depth::Weighed);
        let dossiers = dossiers.map(|dossier| {
            let dossier = dossier.unwrap();
            (
                dossier.decisions,
                dossier.is_whole,
                dossier.statements.len(),
            )
        });
        dossiers.collect()
    }
}

/// What is kept of the last question is what the store has.
#[test]
fn decision_that_came_since_the_last_question_is_listed() {
    let node = node(|fixture| vec![fixture.decision(0, 1)]);
    let listed = || node.queries.subject(subject(1)).unwrap().len();
    assert_eq!([listed(), listed()], [1, 1]);
    let placed = node.fixture.decision(1, 1);
    let held = Held {
        leaf: placed.leaf,
        body: Arc::clone(&placed.body),
        ctx_floor: TreeSize::ZERO,
    };
    node.bodies.0.lock().unwrap().insert(node.position(1), held);
    let item = IndexItem::Statement {
        origin: placed.origin,
        index: placed.index,
        leaf: placed.leaf,
        body: placed.body,
        own: false,
        verdict: None,
    };
    let store = node.queries.store();
    store.apply(&[item], JournalPosition::new(2)).unwrap();
    assert_eq!([listed(), listed()], [2, 2]);
    assert_eq!(node.history(1), [1]);
}

/// Anybody could list an organisation with what another was found to have done.
// spec: EFF-3
#[test]
fn organisation_is_not_listed_by_a_correction_whose_author_may_not_make_it() {
    let listed = |by_hub: bool| {
        let node = node(|fixture| {
            let decision = fixture.decision(0, 1);
            let correction = match by_hub {
                true => fixture.correction_by_hub(&decision, 2),
                false => fixture.correction(1, &decision, 2),
            };
            vec![decision, correction]
        });
        let entries = node.queries.subject(subject(2)).unwrap();
        entries.len()
    };
    assert_eq!(listed(false), 1);
    assert_eq!(listed(true), 0);
}

/// A member that is neither the issuer nor a supervisor logged thousands of withdrawals of a licence: the
/// issuer's own was never looked at.
// spec: IDX-30
#[test]
fn act_of_somebody_who_may_not_act_is_not_gathered() {
    let node = node(|fixture| {
        let decision = fixture.decision(0, 1);
        let correction = fixture.correction_by_hub(&decision, 2);
        let withdrawal = fixture.withdrawal(1, subject(1), &decision);
        vec![decision, correction, withdrawal]
    });
    assert_eq!(node.history(0), [0, 1]);
}

/// While a decision is not held, nobody knows who may act on it.
// spec: IDX-30
#[test]
fn acts_on_a_decision_that_is_not_held_are_gathered() {
    let node = node(|fixture| {
        let decision = fixture.decision(0, 1);
        let correction = fixture.correction_by_hub(&decision, 2);
        let withdrawal = fixture.withdrawal(1, subject(1), &decision);
        vec![correction, withdrawal]
    });
    assert_eq!(node.history(0), [0, 1]);
}

/// A thief of a log key logged a decision thousands of times, and it was not weighed again.
// spec: IDX-52
#[test]
fn copies_to_which_nothing_points_are_not_gathered() {
    let node = node(|fixture| {
        let (decision, withdrawal) = (
            fixture.decision(0, 1),
            fixture.objection(1, subject(1), &fixture.decision(0, 1)),
        );
        let copies: Vec<_> = (100..4_400).map(|index| copied(&decision, index)).collect();
        let objection = fixture.objection(4_500, subject(1), &copies[50]);
        let again = (5_000..9_400).map(|index| copied(&withdrawal, index));
        let mut placed: Vec<_> = again.collect();
        placed.extend(copies);
        placed.extend([decision, withdrawal, objection]);
        placed
    });
    assert_eq!(node.history(0), [0, 1, 150, 4_500]);
    assert_eq!(node.history(333), [0, 1, 150, 333, 4_500]);
}

/// A member made thousands of decisions of another's, and the other's was not weighed again.
// spec: EFF-144, IDX-30
#[test]
fn what_others_make_of_a_decision_is_not_gathered_for_it() {
    let node = node(|fixture| {
        let decision = fixture.decision(0, 1);
        let reissues = (0..4_200).map(|index| fixture.reissue_by_hub(index, &decision));
        let mut placed: Vec<_> = reissues.collect();
        placed.push(fixture.objection(1, subject(1), &decision));
        placed.push(decision);
        placed
    });
    assert_eq!(node.history(0), [0, 1]);
    let by_hub = Position {
        origin: hub_origin(&node.fixture),
        index: LeafIndex::new(7),
    };
    let mut dossiers = node.queries.dossiers(vec![by_hub], Depth::Weighed);
    assert!(
        !dossiers.next().unwrap().unwrap().is_whole,
        "its own siblings are"
    );
}

/// Places in a log at which nothing stands.
fn nowhere(fixture: &Fixture, from: u64, count: u64) -> Vec<StatementRef> {
    let place = |index: u64| StatementRef {
        origin: fixture.origin(),
        index: LeafIndex::new(1_000_000 + index),
        leaf_hash: Hash::from_bytes([1; 32]),
    };
    (from..from + count).map(place).collect()
}

fn indexes(history: &[Arc<Verified>]) -> Vec<u64> {
    history
        .iter()
        .map(|verified| verified.reference().index.value())
        .collect()
}

#[test]
fn history_holds_chain_acts_notices_and_basis_of_a_decision() {
    let node = node(|fixture| {
        let root = fixture.decision(0, 1);
        let basis = fixture.decision(1, 9);
        let reissue = fixture.decision_with(2, 1, |fields| {
            fields.reissues = Some(root.reference());
            fields.rests_on = vec![basis.reference()];
        });
        let objection = fixture.objection(3, subject(1), &root);
        let notice = fixture.notice(7, &root, &objection);
        let other = fixture.decision(4, 1);
        vec![root, basis, reissue, objection, notice, other]
    });
    let entries = node.queries.subject(subject(1)).unwrap();
    assert_eq!(entries.len(), 3);
    // The home register's name sorts before the member's.
    assert_eq!(node.history(2), [7, 0, 1, 2, 3]);
    // What a re-issue rests on is no affair of its root.
    assert_eq!(node.history(0), [7, 0, 2, 3]);
    assert_eq!(node.history(4), [4]);
    assert_eq!(entries[0].issuer, node.fixture.member);
}

// spec: EFF-15
#[test]
fn reissue_that_names_no_root_is_in_the_history_of_its_document() {
    let node = node(|fixture| {
        let number = |text: &str| Text::new(text).unwrap();
        let root = fixture.decision_with(0, 1, |fields| {
            fields.document_number = number("A〔2026〕1号");
        });
        // The same bytes would be a copy.
        let again = fixture.decision_with(1, 1, |fields| {
            fields.document_number = number("A〔2026〕1号");
            fields.fine_fen = Some(1);
        });
        let other = fixture.decision_with(2, 1, |fields| {
            fields.document_number = number("A〔2026〕2号");
        });
        let objection = fixture.objection(3, subject(1), &root);
        vec![root, again, other, objection]
    });
    assert_eq!(node.queries.subject(subject(1)).unwrap().len(), 3);
    let histories = [0, 1, 2].map(|index| node.history(index));
    assert_eq!(histories, [vec![0, 1, 3], vec![0, 1, 3], vec![2]]);
}

/// A member made an organisation's decisions name thousands of statements that do not exist, and nobody
/// could look the organisation up any more.
// spec: IDX-20
#[test]
fn decision_on_which_too_much_bears_leaves_the_others_their_dossier() {
    const NAMED: u64 = 400;
    let node = node(|fixture| {
        let mut placed = vec![fixture.decision(0, 1)];
        for index in 1..=42 {
            let hostile = fixture.decision_with(index, 1, |fields| {
                fields.rests_on = nowhere(fixture, index * NAMED, NAMED);
                if index == 42 {
                    fields.rests_on = placed[1..].iter().map(Placed::reference).collect();
                }
            });
            placed.push(hostile);
        }
        placed
    });
    let dossiers = node.dossiers([42, 0, 7, 41]);
    assert_eq!(dossiers.len(), 2);
    assert_eq!((&dossiers[0].0, dossiers[0].1), (&vec![0], false));
    assert_eq!(dossiers[1], (vec![1, 2, 3], true, 3));
    let refused = node.queries.history(&node.position(42)).unwrap_err();
    assert!(
        matches!(refused, QueryError::TooManyStatements { position } if position.index.value() == 42)
    );
}

// spec: IDX-20
#[test]
fn decisions_of_one_chain_share_a_dossier() {
    let node = node(|fixture| {
        let mut placed = vec![fixture.decision(0, 1)];
        for index in 1..60 {
            let before = placed[placed.len() - 1].reference();
            placed.push(fixture.decision_with(index, 1, |fields| {
                fields.reissues = Some(before.clone());
                fields.rests_on = vec![before];
            }));
        }
        placed
    });
    let places: Vec<usize> = (0..60).collect();
    assert_eq!(node.dossiers((0..60).rev()), [(places.clone(), true, 60)]);
    assert_eq!(node.dossiers(0..60), [(places, true, 60)]);
}

// spec: IDX-21
#[test]
fn question_ends_when_the_node_stops() {
    let node = node(|fixture| vec![fixture.decision(0, 1)]);
    node.queries.stop();
    let refused = node.queries.history(&node.position(0)).unwrap_err();
    assert!(matches!(refused, QueryError::Stopping));
    let refused = node.queries.subject(subject(1)).unwrap_err();
    assert!(matches!(refused, QueryError::Stopping));
}

/// A leaf says what an act of its log acts on before the body comes, and where it never does.
// spec: EFF-90, EFF-92
#[test]
fn act_known_by_its_leaf_is_unread_until_its_body_is_held_and_is_found_before_the_store_has_it() {
    let node = node(|fixture| vec![fixture.decision(0, 1)]);
    let decision = node.fixture.decision(0, 1);
    let objection = node.fixture.objection(1, subject(1), &decision);
    let named = (objection.reference(), decision.reference());
    node.bodies.1.lock().unwrap().push(named.clone());
    let gathered = || {
        let history = node.queries.history(&node.position(0)).unwrap();
        (history.statements.len(), history.unread)
    };
    assert_eq!(gathered(), (1, BTreeMap::from([named])));
    let held = Held {
        leaf: objection.leaf,
        body: Arc::clone(&objection.body),
        ctx_floor: TreeSize::ZERO,
    };
    let mut bodies = node.bodies.0.lock().unwrap();
    bodies.insert(node.position(1), held);
    drop(bodies);
    assert_eq!(gathered(), (2, BTreeMap::new()));
}

/// One document may name thousands of organisations: what is said of one is not looked at for another.
// spec: EFF-6
#[test]
fn decision_of_the_document_about_another_organisation_is_not_gathered() {
    let node = node(|fixture| {
        let number = |fields: &mut DecisionFields| {
            fields.document_number = Text::new("A〔2026〕1号").unwrap();
        };
        let decision = fixture.decision_with(0, 1, number);
        let other = fixture.decision_with(1, 2, number);
        let objection = fixture.objection(2, subject(1), &decision);
        vec![decision, other, objection]
    });
    assert_eq!([node.history(0), node.history(1)], [vec![0, 2], vec![1]]);
}

// spec: EFF-131
#[test]
fn decision_moved_by_correction_is_gathered_with_those_of_the_organisation_that_it_is_moved_to() {
    let node = node(|fixture| {
        let number = |fields: &mut DecisionFields| {
            fields.document_number = Text::new("A〔2026〕1号").unwrap();
        };
        let decision = fixture.decision_with(0, 1, number);
        let moved = fixture.correction(1, &decision, 2);
        let anew = fixture.decision_with(2, 2, number);
        let objection = fixture.objection(3, subject(1), &decision);
        let by_hub = fixture.correction_by_hub(&decision, 3);
        let third = fixture.decision_with(4, 3, number);
        vec![decision, moved, anew, objection, by_hub, third]
    });
    let histories = [0, 2, 4].map(|index| node.history(index));
    let chain = vec![0, 1, 2, 3];
    assert_eq!(histories, [chain.clone(), chain, vec![4]]);
}

/// A court logs its stays where it publishes, and not with the issuer; what lifts one stands there too.
// spec: EFF-150, EFF-166
#[test]
fn stays_by_whomever_and_repairs_by_whom_they_may_be_are_gathered_with_what_takes_them_back() {
    let node = node(|fixture| {
        let (decision, about) = (fixture.decision(0, 1), subject(1));
        let repair = fixture.repair(false, 1, about, &decision);
        let taken_back = fixture.withdrawal(2, about, &repair);
        let own = fixture.stay(false, 3, about, &decision);
        let lifted = fixture.withdrawal(4, about, &own);
        // By nobody who may repair it, with what is said of that; and by a court.
        let stranger = fixture.repair(true, 5, about, &decision);
        let court = fixture.stay(true, 6, about, &decision);
        // Not by whom it may be.
        let meddling = fixture.withdrawal(7, about, &court);
        vec![
            decision, repair, taken_back, own, lifted, stranger, court, meddling,
        ]
    });
    assert_eq!(node.history(0), [6, 0, 1, 2, 3, 4]);
}

/// Known by its notice alone, a stay is asked for, and what lifts it.
// spec: EFF-154
#[test]
fn notice_of_a_stay_that_is_not_held_is_gathered() {
    let node = node(|fixture| {
        let (decision, about) = (fixture.decision(0, 1), subject(1));
        let stay = fixture.stay(true, 9, about, &decision);
        let notice = fixture.notice_of(3, &decision, &stay, Class::Stay);
        vec![decision, notice]
    });
    assert_eq!(node.history(0), [3, 0]);
}

/// The same bytes at another place of the log.
fn copied(placed: &Placed, index: u64) -> Placed {
    Placed {
        index: LeafIndex::new(index),
        ..placed.clone()
    }
}

fn hub_origin(fixture: &Fixture) -> Origin {
    let genesis = fixture.registry.genesis();
    genesis.origin(fixture.hub, trust::LogNumber::Statements)
}
