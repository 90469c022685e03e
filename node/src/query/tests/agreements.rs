//! Which statements about agreements are found for an answer, and how many are looked at.

use std::collections::BTreeSet;

use concordat_protocol::effect::{self, Fact, History, Limits, LogHorizon};
use concordat_protocol::recognition::{Agreements, Question, Recognition, recognise};
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{AgreementFields, Clause, Code};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{LogNumber, Timing};
use proptest::prelude::*;

use super::*;
use crate::fixture::agreements::{open, stranger};
use crate::fixture::day;
use crate::query::AUTHOR_BYTES_MAX;
use crate::store::{AGREEMENT_ROWS_MAX, COPIES_MAX};

/// What is found when the hub asks about decisions of the member.
pub(super) fn asked(node: &Node) -> AgreementSet {
    let issuers = BTreeSet::from([node.fixture.member]);
    let receivers = [node.fixture.hub];
    node.queries.agreements(&receivers, &issuers).unwrap()
}

pub(super) fn places(set: &AgreementSet) -> Vec<String> {
    let place = |one: &Arc<Verified>| {
        let class = one.statement().payload().class();
        format!("{class:?} {}", one.reference().index)
    };
    set.statements.iter().map(place).collect()
}

pub(super) fn sorted(mut found: Vec<String>) -> Vec<String> {
    found.sort();
    found
}

fn read(node: &Node) -> usize {
    node.bodies.2.swap(0, Ordering::Relaxed)
}

// spec: IDX-70
#[test]
fn agreements_and_words_of_the_two_are_found_without_reading_anything_else() {
    let node = node(|f| {
        let agreement = f.agreement(0, |_| {});
        let decisions: Vec<_> = (1..40).map(|at| f.decision(at, at)).collect();
        let second = f.agreement(40, |fields| {
            fields.version = 2;
            fields.first = Some(agreement.reference());
        });
        let retirement = f.retirement(true, 0, agreement.reference());
        let other = f.retirement(false, 41, second.reference());
        let mut all = vec![agreement, second, retirement, other];
        all.extend(decisions);
        all
    });
    let found = sorted(places(&asked(&node)));
    let both = [
        "Agreement 0",
        "Agreement 40",
        "Retirement 0",
        "Retirement 41",
    ];
    assert_eq!(found, both);
    assert_eq!(read(&node), 4);
    // Verified ones are kept.
    assert_eq!(sorted(places(&asked(&node))), both);
    assert_eq!(read(&node), 0);
    let nobody = node
        .queries
        .agreements(&[node.fixture.hub], &BTreeSet::new());
    assert_eq!(nobody.unwrap().statements.len(), 3);
}

// spec: IDX-70
#[test]
fn what_an_accession_names_is_found_with_the_first_version_and_its_words() {
    let third = AuthorityCode::parse("11310000MB00000009").unwrap();
    let node = node(|f| {
        // Between the member and another: the hub is no party but by its accession.
        let closed = f.agreement(0, |_| {});
        let opened = f.agreement(1, open);
        let joins = f.accession(true, 0, opened.reference());
        let forged = f.agreement(2, |fields| {
            fields.parties = vec![f.member, third];
            fields.parties.sort();
        });
        vec![closed, opened, joins, forged]
    });
    let issuers = BTreeSet::from([node.fixture.member]);
    let found = node.queries.agreements(&[node.fixture.hub], &issuers);
    let found = sorted(places(&found.unwrap()));
    assert_eq!(found, ["Accession 0", "Agreement 0", "Agreement 1"]);
    // Nobody has agreed to anything with the third.
    let found = node.queries.agreements(&[third], &issuers).unwrap();
    assert_eq!(places(&found), Vec::<String>::new());
}

// spec: AGR-5, IDX-70
#[test]
fn agreement_with_a_forged_list_of_approvers_is_refused_once_and_not_read_again() {
    let node = node(|f| vec![f.agreement_approved_by(0, &stranger(), |_| {})]);
    assert_eq!(places(&asked(&node)), Vec::<String>::new());
    assert_eq!(read(&node), 1);
    let place = node.position(0);
    let verdict = node.queries.store().verdict(&place.origin, place.index);
    let refused = Some(Verdict::Rejected(RejectReason::KeyUnknown));
    assert_eq!(verdict, refused);
    assert_eq!(places(&asked(&node)), Vec::<String>::new());
    assert_eq!(read(&node), 0);
}

/// Whoever has a log key logs an agreement again after a party has left it.
// spec: AGR-23, IDX-71
#[test]
fn agreement_logged_again_is_read_once_and_stands_at_its_first_place() {
    let node = node(|f| {
        let first = f.agreement(0, |_| {});
        let left = f.retirement(true, 0, first.reference());
        let copies: Vec<_> = (1..2_000).map(|at| f.again(at, &first)).collect();
        let mut all = vec![first, left];
        all.extend(copies);
        all
    });
    let found = asked(&node);
    assert_eq!(sorted(places(&found)), ["Agreement 0", "Retirement 0"]);
    assert_eq!((read(&node), found.cut.len()), (2, 0));
    let rows = node.queries.store().agreements_of(node.fixture.hub);
    assert_eq!(rows.unwrap().rows.len(), COPIES_MAX + 1);
}

/// An accession may name the copy: the retirement from the first is found all the same.
// spec: AGR-23
#[test]
fn accession_to_a_copy_brings_the_first_with_it() {
    let node = node(|f| {
        let opened = f.agreement(0, open);
        let copy = f.again(1, &opened);
        let joins = f.accession(true, 0, copy.reference());
        vec![opened, copy, joins]
    });
    let found = sorted(places(&asked(&node)));
    assert_eq!(found, ["Accession 0", "Agreement 0", "Agreement 1"]);
}

/// A member that logs ten thousand agreements keeps a bounded part of an answer busy, and the answer
/// names its log.
// spec: IDX-71
#[test]
fn log_with_ten_thousand_agreements_costs_no_more_than_the_bound() {
    let node = node(|f| {
        let by = stranger();
        let forged = |at| f.agreement_approved_by(at, &by, |_| {});
        let mut all: Vec<_> = (0..10_000).map(forged).collect();
        all.push(f.retirement(true, 0, all[0].reference()));
        all
    });
    let found = asked(&node);
    assert_eq!(places(&found), Vec::<String>::new());
    assert_eq!(found.cut, [node.fixture.origin()]);
    // spec: IDX-97
    assert_eq!(found.left_out, BTreeSet::from([node.fixture.member]));
    assert_eq!(read(&node), AGREEMENT_ROWS_MAX);
    // Refused ones are passed over, and the next come.
    asked(&node);
    assert_eq!(read(&node), AGREEMENT_ROWS_MAX);
}

/// An agreement, a decision, and behind them 300 retirements of the member as long as they can be, from what
/// stands at a place.
fn with_retirements_from(place: usize) -> Node {
    node(|f| {
        let mut all = vec![f.agreement(0, |_| {}), f.decision(1, 1)];
        let named = all[place].reference();
        all.extend((2..302).map(|at| f.long_retirement(at, named.clone())));
        all.push(f.retirement(true, 0, all[0].reference()));
        all
    })
}

/// Whoever decided anything about an organisation could empty the answer for everybody.
// spec: IDX-71
#[test]
fn retirements_from_anything_else_are_not_read() {
    let node = with_retirements_from(1);
    let found = asked(&node);
    assert!(!found.too_many);
    assert_eq!(sorted(places(&found)), ["Agreement 0", "Retirement 0"]);
    assert_eq!((read(&node), found.left_out.len()), (2, 0));
}

/// What is left out could be what narrows: nothing is in force with who says too much, and with the others
/// what was.
// spec: AGR-30, IDX-71
#[test]
fn author_of_more_retirements_than_are_looked_at_is_left_out_alone() {
    let node = with_retirements_from(0);
    let found = asked(&node);
    assert!(!found.too_many);
    assert_eq!(sorted(places(&found)), ["Agreement 0", "Retirement 0"]);
    assert_eq!(found.left_out, BTreeSet::from([node.fixture.member]));
    assert_eq!(found.cut, [node.fixture.origin()]);
    assert!(read(&node) <= 2 + AUTHOR_BYTES_MAX / (60 << 10));
}

/// Retirements from a hundred other things before the one that ended the agreement: it stands beyond the rows
/// that are looked at, and the agreement does not stay in force for that.
// spec: AGR-30, IDX-95
#[test]
fn retirement_behind_more_than_are_looked_at_leaves_no_agreement_in_force() {
    let node = node(|f| {
        let mut all = vec![f.agreement(0, |_| {}), f.decision(1, 1)];
        let other = all[1].reference();
        all.extend((2..1_026).map(|at| f.other_retirement(at, other.clone())));
        all.push(f.other_retirement(1_026, all[0].reference()));
        all
    });
    let found = asked(&node);
    assert_eq!(sorted(places(&found)), ["Agreement 0"]);
    assert_eq!(found.left_out, BTreeSet::from([node.fixture.member]));
    assert_eq!(found.cut, [node.fixture.origin()]);
}

/// What others log in its name never counted, however much of it there is.
// spec: IDX-95
#[test]
fn forged_retirements_in_anothers_log_leave_nobody_out() {
    let node = node(|f| {
        let first = f.agreement(0, |_| {});
        let named = first.reference();
        let forged = (0..1_100).map(|at| f.forged_retirement(at, named.clone()));
        let forged: Vec<_> = forged.collect();
        let mut all = vec![first];
        all.extend(forged);
        all
    });
    let found = asked(&node);
    assert_eq!(sorted(places(&found)), ["Agreement 0"]);
    assert!(found.left_out.is_empty(), "{:?}", found.left_out);
}

/// A set that is not whole would be wider than the whole.
// spec: AGR-30, IDX-71
#[test]
fn more_agreements_than_are_looked_at_bind_nobody() {
    let wide = |f: &Fixture, at: u64| {
        f.agreement(at, |fields| {
            let clause = fields.clauses[0].clone();
            let numbered = |number: usize| Clause {
                number: Text::new(format!("第{number}条")).unwrap(),
                items: (0..20)
                    .map(|item| {
                        let code = format!("labour.penalty.of.a.long.name.{number:03}.{item:03}");
                        Code::new(&code).unwrap()
                    })
                    .collect(),
                ..clause.clone()
            };
            fields.clauses = (0..64).map(numbered).collect();
        })
    };
    let size = |placed: &Placed| placed.body.len();
    let node = node(|f| {
        let one = size(&wide(f, 0));
        let count = (AGREEMENT_BYTES_MAX / one) as u64 + 2;
        (0..count).map(|at| wide(f, at)).collect()
    });
    let found = asked(&node);
    assert!(found.too_many && found.statements.is_empty());
}

/// What is said in a generated log of the member and the hub.
#[derive(Clone, Debug)]
enum Word {
    Version(u32, bool),
    /// What stands at a place before, again.
    Again(prop::sample::Index),
    /// The same words in the log of the hub.
    AgainByHub(prop::sample::Index),
    /// By the hub or the member, from what stands at a place.
    Retires(bool, prop::sample::Index),
    Accedes(bool, prop::sample::Index),
    /// Approved by nobody that may.
    Forged(u32),
}

fn word() -> impl Strategy<Value = Word> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        3 => (1_u32..4, any::<bool>()).prop_map(|(a, b)| Word::Version(a, b)),
        2 => index().prop_map(Word::Again),
        2 => index().prop_map(Word::AgainByHub),
        2 => (any::<bool>(), index()).prop_map(|(a, b)| Word::Retires(a, b)),
        1 => (any::<bool>(), index()).prop_map(|(a, b)| Word::Accedes(a, b)),
        1 => (1_u32..4).prop_map(Word::Forged),
    ]
}

/// The statements of a generated log, the decision at 0, and the first version at 1.
fn said(f: &Fixture, words: &[Word]) -> Vec<Placed> {
    let first = f.agreement(1, |_| {});
    let version_of = |at: u32| {
        let first = first.reference();
        move |fields: &mut AgreementFields| {
            fields.version = at;
            fields.first = (at > 1).then_some(first);
        }
    };
    let mut all = vec![f.decision(0, 1), first.clone()];
    for (at, word) in (2..).zip(words) {
        let agreements = all.iter().skip(1).filter(|one| {
            let body = Body::decode(&one.body).unwrap();
            let statement = Statement::decode(body.statement()).unwrap();
            statement.payload().content.agreement().is_some()
        });
        let agreements: Vec<Placed> = agreements.cloned().collect();
        let pick = |index: &prop::sample::Index| index.get(&agreements).clone();
        all.push(match word {
            Word::Version(version, opened) => f.agreement(at, |fields| {
                version_of(*version)(fields);
                if *opened {
                    open(fields);
                }
            }),
            Word::Again(index) => match pick(index) {
                of if of.origin == f.origin() => f.again(at, &of),
                of => f.again_by_hub(at, &of),
            },
            Word::AgainByHub(index) => f.again_by_hub(at, &pick(index)),
            Word::Retires(by_hub, index) => f.retirement(*by_hub, at, pick(index).reference()),
            Word::Accedes(by_hub, index) => f.accession(*by_hub, at, pick(index).reference()),
            Word::Forged(version) => f.agreement_approved_by(at, &stranger(), version_of(*version)),
        });
    }
    all
}

/// What the hub makes of the decision by some statements about agreements.
fn recognised(node: &Node, statements: &[Arc<Verified>]) -> Recognition {
    let registry = &node.fixture.registry;
    let fact = |verified: &Verified| Fact::from_verified(verified, registry, Timing::InTime);
    let facts: Vec<Fact> = statements.iter().map(|one| fact(one)).collect();
    let at = Timestamp::new(1_772_500_000_000).unwrap();
    let size = TreeSize::new(100).unwrap();
    let seen = LogHorizon {
        size,
        witnessed: size,
        quorum_time: Some(at),
        frozen_at: None,
    };
    let genesis = registry.genesis();
    let logs = [
        node.fixture.origin(),
        node.fixture.register(),
        genesis.origin(node.fixture.hub, LogNumber::Statements),
    ];
    let horizon = Horizon {
        logs: logs.into_iter().map(|log| (log, seen)).collect(),
        register: node.fixture.register(),
    };
    let Found::Verified(decision) = node
        .queries
        .statement(&node.fixture.origin(), LeafIndex::new(0))
        .unwrap()
    else {
        panic!("no decision");
    };
    let fields = decision.statement().payload().content.decision().unwrap();
    let history: History = [Arc::new(fact(&decision))].into_iter().collect();
    let as_of = day("2026-03-05");
    let target = decision.reference();
    let limits = Limits::default();
    let effect = effect::effect(target, &history, &horizon, as_of, at, &limits);
    let region = RegionCode::parse("230400").unwrap();
    let question = Question {
        decision: fields.fields(),
        effect: &effect,
        issuers: &[node.fixture.member],
        issuer_region: region,
        receivers: &[node.fixture.hub],
        receiver_region: region,
        as_of,
    };
    recognise(&question, &Agreements::of(&facts, &horizon))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What is gathered gives what all that was ever said gives.
    // spec: AGR-31, IDX-70
    #[test]
    fn recognition_by_what_is_gathered_is_that_by_everything(
        words in prop::collection::vec(word(), 0..10),
    ) {
        let node = node(|f| said(f, &words));
        let gathered = asked(&node);
        let mut all = Vec::new();
        let genesis = node.fixture.registry.genesis();
        let hub = genesis.origin(node.fixture.hub, LogNumber::Statements);
        for origin in [node.fixture.origin(), hub] {
            for index in 1..13 {
                let found = node.queries.statement(&origin, LeafIndex::new(index));
                if let Found::Verified(verified) = found.unwrap() {
                    all.push(verified);
                }
            }
        }
        prop_assert!(gathered.statements.len() <= all.len());
        let by_all = recognised(&node, &all);
        prop_assert_eq!(recognised(&node, &gathered.statements), by_all, "{:?}", words);
    }
}
