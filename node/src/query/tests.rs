mod agreements;
mod copies;
mod records;
mod refused;

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

/// How many objections one member logs to a decision of another.
const CROWD: u64 = 5_000;
const GROUNDS: [Ground; 3] = [Ground::Facts, Ground::Amount, Ground::Other];
const ROLES: [ObjectorRole; 2] = [ObjectorRole::Subject, ObjectorRole::Issuer];
/// Rulings that close the crowd.
const RULINGS: usize = 10;

/// A decision, one objection to it in its own log, and a crowd of them in another, which rulings of the
/// issuer reject, but for the last one, and a copy of a statement that counts once.
fn crowded(fixture: &Fixture, rulings: usize) -> Vec<Placed> {
    let (decision, about) = (fixture.decision(0, 1), subject(1));
    let mut placed = vec![fixture.objection(1, about, &decision)];
    let kinds = GROUNDS.map(|ground| ROLES.map(|role| (role, ground)));
    for (index, said) in (0..CROWD).zip(kinds.into_iter().flatten().cycle()) {
        placed.push(fixture.objection_by_hub(index, about, said, &decision));
    }
    let crowd: Vec<StatementRef> = placed[1..].iter().map(Placed::reference).collect();
    let closed = &crowd[..crowd.len() - 1];
    let parts = closed.chunks(closed.len().div_ceil(RULINGS));
    for (index, part) in (2..).zip(parts.take(rulings)) {
        placed.push(fixture.rejection(index, about, &decision, part.to_vec()));
    }
    placed.push(decision);
    placed
}

fn hub_origin(fixture: &Fixture) -> Origin {
    let genesis = fixture.registry.genesis();
    genesis.origin(fixture.hub, trust::LogNumber::Statements)
}

/// One member logged thousands of objections to a decision of another, and it was never weighed again,
/// ruled on or not.
// spec: IDX-40, IDX-20
#[test]
fn crowd_of_objections_by_one_member_leaves_a_decision_weighed() {
    for rulings in [0, RULINGS / 2, RULINGS] {
        let node = node(|fixture| crowded(fixture, rulings));
        let dossier = node.queries.history(&node.position(0)).unwrap();
        let hub = hub_origin(&node.fixture);
        // The decision, the objection in its own log, and the rulings.
        let own: Vec<u64> = (0..).take(2 + rulings).collect();
        assert_eq!(of_log(&dossier, &node.fixture.origin()), own);
        let kept = of_log(&dossier, &hub);
        let groups = 6 * (rulings + 1) + 1;
        assert!(kept.len() <= groups * GROUP_KEPT_MAX, "{}", kept.len());
        let is_last_closed = rulings < RULINGS || kept.contains(&(CROWD - 1));
        assert!(is_last_closed, "what no ruling names is looked at");
        // The first of each part of the crowd, on each ground and in each role.
        assert!((0..6).all(|index| kept.contains(&index)));
        let horizon = Horizon {
            logs: BTreeMap::new(),
            register: node.fixture.register(),
        };
        let all = dossier.statements.values();
        let mut all: Vec<StatementRef> = all.map(|one| one.reference().clone()).collect();
        all.retain(|one| one.origin == hub);
        alike::complete_open(&mut all, dossier.alike.values(), &horizon);
        assert_eq!(all.len() as u64, CROWD);
    }
}

/// Objections on one ground in one role, one for each index.
fn objections(fixture: &Fixture, indexes: std::ops::Range<u64>, on: &Placed) -> Vec<Placed> {
    let said = (ObjectorRole::Subject, Ground::Facts);
    let object = |index| fixture.objection_by_hub(index, subject(1), said, on);
    indexes.map(object).collect()
}

fn of_log(dossier: &Dossier, origin: &Origin) -> Vec<u64> {
    let places = dossier.statements.keys();
    let places = places.filter(|at| at.origin == *origin);
    places.map(|at| at.index.value()).collect()
}

/// A notice whose objection is left out would read as one that nobody holds.
// spec: IDX-40, EFF-23
#[test]
fn notices_are_gathered_of_the_objections_that_are() {
    let node = node(|fixture| {
        let decision = fixture.decision(0, 1);
        let mut placed = objections(fixture, 0..300, &decision);
        // The register heard of them in another order.
        let noticed = (0..).zip(placed.iter().rev().skip(50));
        let notices: Vec<_> = noticed
            .map(|(index, act)| fixture.notice(index, &decision, act))
            .collect();
        placed.extend(notices);
        placed.push(decision);
        placed
    });
    let dossier = node.queries.history(&node.position(0)).unwrap();
    // Of those that are noticed the ones noticed last and first; and two of those that are not.
    let kept = of_log(&dossier, &hub_origin(&node.fixture));
    assert_eq!(kept, [0, 249, 250, 299]);
    assert_eq!(of_log(&dossier, &node.fixture.register()), [0, 249]);
}

/// A member kept back the bodies of what it logged.
// spec: IDX-40, EFF-23
#[test]
fn few_of_the_objections_that_are_known_by_notices_alone_are_gathered() {
    let node = node(|fixture| {
        let decision = fixture.decision(0, 1);
        let withheld = objections(fixture, 0..6_000, &decision);
        let notices = (0..).zip(&withheld);
        let mut placed: Vec<_> = notices
            .map(|(index, act)| fixture.notice(index, &decision, act))
            .collect();
        placed.extend([withheld[2_000].clone(), decision]);
        placed
    });
    let dossier = node.queries.history(&node.position(0)).unwrap();
    assert_eq!(
        of_log(&dossier, &node.fixture.register()),
        [0, 2_000, 5_999]
    );
    assert_eq!(of_log(&dossier, &hub_origin(&node.fixture)), [2_000]);
}

/// What does not count hides nothing that does.
// spec: IDX-40, EFF-40, EFF-41
#[test]
fn objections_that_do_not_count_stand_for_none() {
    let node = node(|fixture| {
        let (decision, other) = (fixture.decision(0, 1), fixture.decision(0, 2));
        let said = (ObjectorRole::Subject, Ground::Facts);
        // About another organisation than the decision.
        let astray =
            (0..9).map(|index| fixture.objection_by_hub(index, subject(2), said, &decision));
        let mut placed: Vec<_> = astray.collect();
        // To another decision at the same place.
        placed.extend(objections(fixture, 10..19, &other));
        placed.extend(objections(fixture, 20..21, &decision));
        // The bytes of an earlier one: no ruling and no notice names them.
        let copy = |index| Placed {
            index: LeafIndex::new(index),
            ..placed[18].clone()
        };
        let copies: Vec<_> = (30..39).map(copy).collect();
        placed.extend(copies);
        placed.push(decision);
        placed
    });
    let dossier = node.queries.history(&node.position(0)).unwrap();
    assert_eq!(of_log(&dossier, &hub_origin(&node.fixture)), [20]);
    assert!(dossier.alike.is_empty());
}

/// One member logged each of its objections twice, and the decision was not weighed again.
// spec: IDX-40, EFF-130
#[test]
fn crowd_of_objections_that_stand_twice_leaves_a_decision_weighed() {
    let node = node(|fixture| {
        let decision = fixture.decision(0, 1);
        let mut placed = objections(fixture, 0..3_000, &decision);
        let copies = (3_000..).zip(&placed);
        let copies: Vec<_> = copies.map(|(index, one)| copied(one, index)).collect();
        placed.extend(copies);
        let notices = (0..).zip(&placed);
        let notices: Vec<_> = notices
            .map(|(index, act)| fixture.notice(index, &decision, act))
            .collect();
        // What names a copy names the first.
        let named = [&placed[3_007], &placed[3_008]].map(Placed::reference);
        placed.push(fixture.rejection(1, subject(1), &decision, named.to_vec()));
        placed.extend(notices);
        placed.push(decision);
        placed
    });
    let dossier = node.queries.history(&node.position(0)).unwrap();
    let kept = of_log(&dossier, &hub_origin(&node.fixture));
    assert_eq!(kept, [0, 7, 8, 2_999, 3_007, 3_008]);
    assert_eq!(of_log(&dossier, &node.fixture.origin()), [0, 1]);
    let noticed = of_log(&dossier, &node.fixture.register());
    assert_eq!(noticed, [0, 7, 8, 2_999]);
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

/// Objections are long where their ext is, and nobody keeps a decision from being weighed with that.
// spec: IDX-20
#[test]
fn bytes_of_objections_do_not_count_with_those_of_the_others() {
    let size = |bytes, objection_bytes| Size {
        bytes,
        objection_bytes,
        not_held: 0,
    };
    let fits = |size: Size| size.fits(&Dossier::default());
    assert!(fits(size(HISTORY_BYTES_MAX, HISTORY_OBJECTION_BYTES_MAX)));
    assert!(!fits(size(HISTORY_BYTES_MAX + 1, 0)));
    assert!(!fits(size(0, HISTORY_OBJECTION_BYTES_MAX + 1)));
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

/// A node of which the decision at position 0 is named by more leaves of acts than are looked at.
fn flooded(statements: impl FnOnce(&Fixture) -> Vec<Placed>) -> Node {
    let node = node(statements);
    let decision = StatementRef {
        origin: node.fixture.origin(),
        index: LeafIndex::new(0),
        leaf_hash: Hash::from_bytes([1; 32]),
    };
    let acts = nowhere(&node.fixture, 0, HISTORY_NOT_HELD_MAX as u64 + 1);
    let mut unread = node.bodies.1.lock().unwrap();
    unread.extend(acts.into_iter().map(|act| (act, decision.clone())));
    drop(unread);
    node
}

/// The same bytes at another place of the log.
fn copied(placed: &Placed, index: u64) -> Placed {
    Placed {
        index: LeafIndex::new(index),
        ..placed.clone()
    }
}

fn gathered(node: &Node, index: u64) -> (Vec<u64>, bool) {
    let asked = vec![node.position(index)];
    let mut dossiers = node.queries.dossiers(asked, Depth::Weighed);
    let dossier = dossiers.next().unwrap().unwrap();
    let statements: Vec<_> = dossier.statements.into_values().collect();
    (indexes(&statements), dossier.is_whole)
}

/// Whoever objects much, or logs much and withholds it, kept a superseded licence alive.
// spec: IDX-30, IDX-50
#[test]
fn what_takes_a_decision_back_or_its_place_is_gathered_however_much_bears_on_it() {
    let node = flooded(|fixture| {
        let root = fixture.decision(5, 1);
        let reissue = |fields: &mut DecisionFields| fields.reissues = Some(root.reference());
        let decision = fixture.decision_with(0, 1, reissue);
        let withdrawal = fixture.withdrawal(1, subject(1), &decision);
        let sibling = fixture.decision_with(2, 1, reissue);
        let successor = fixture.decision_with(3, 1, |fields| {
            fields.reissues = Some(decision.reference());
        });
        vec![root, decision, withdrawal, sibling, successor]
    });
    assert_eq!(gathered(&node, 0), (vec![0, 1, 2, 3, 5], false));
}

/// The same where the withdrawal and the re-issues name a copy.
// spec: IDX-50
#[test]
fn what_takes_a_copy_back_is_gathered_however_much_bears_on_the_decision() {
    let node = flooded(|fixture| {
        let root = fixture.decision(5, 1);
        let copy_of_root = copied(&root, 6);
        let decision = fixture.decision_with(0, 1, |fields| {
            fields.reissues = Some(copy_of_root.reference());
        });
        let copy = copied(&decision, 1);
        let withdrawal = fixture.withdrawal(2, subject(1), &copy);
        let reissue = |index: u64, of: &Placed| {
            fixture.decision_with(index, 1, |fields| fields.reissues = Some(of.reference()))
        };
        let (sibling, successor) = (reissue(3, &root), reissue(4, &copy));
        vec![
            root,
            copy_of_root,
            decision,
            copy,
            withdrawal,
            sibling,
            successor,
        ]
    });
    assert_eq!(gathered(&node, 0), (vec![0, 1, 2, 3, 4, 5, 6], false));
}

/// What a correction of the copy rests on is a basis of the first.
// spec: IDX-51
#[test]
fn copy_of_a_basis_is_weighed_with_it() {
    let node = node(|fixture| {
        let basis = fixture.decision(0, 1);
        let copy = copied(&basis, 1);
        let under = fixture.decision(2, 9);
        let correction = fixture.correction_with(3, &copy, 1, |fields| {
            fields.rests_on = vec![under.reference()];
        });
        let decision = fixture.decision_with(4, 2, |fields| {
            fields.rests_on = vec![basis.reference()];
        });
        vec![basis, copy, under, correction, decision]
    });
    assert_eq!(node.history(4), [0, 1, 2, 3, 4]);
    assert_eq!(node.history(0), [0, 1, 2, 3]);
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

/// Whoever logs much and withholds it kept a stayed licence alive.
// spec: EFF-166
#[test]
fn stay_of_a_decision_and_of_its_root_is_gathered_however_much_bears_on_it() {
    let node = flooded(|fixture| {
        let (root, about) = (fixture.decision(5, 1), subject(1));
        let decision = fixture.decision_with(0, 1, |fields| {
            fields.reissues = Some(root.reference());
        });
        let of_root = fixture.stay(true, 6, about, &root);
        let stay = fixture.stay(false, 7, about, &decision);
        let lifted = fixture.withdrawal(8, about, &stay);
        vec![root, decision, of_root, stay, lifted]
    });
    assert_eq!(gathered(&node, 0), (vec![6, 0, 5, 7, 8], false));
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
