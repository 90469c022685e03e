//! Generated sets of agreements against a model written from the page.

use proptest::prelude::*;

use super::*;

/// What a generated version says.
#[derive(Clone, Debug)]
struct Said {
    version: u32,
    parties: Vec<Who>,
    open: bool,
    from: u8,
    until: Option<u8>,
    /// Of each clause: items, measures.
    clauses: Vec<(bool, Vec<&'static str>)>,
}

/// What was said in a generated set.
#[derive(Clone, Debug)]
enum Word {
    Version(Said),
    /// The version at a position.
    Joins(Who, u64, u8),
    Leaves(Who, u32, u8),
}

const MEASURES: [&str; 3] = ["funds.limit", "market.limit", "tender.limit"];

const FIRST_DAY: &str = "2026-05-20";

fn on(offset: u8) -> Day {
    day(FIRST_DAY).plus_days(i32::from(offset)).unwrap()
}

fn who() -> impl Strategy<Value = Who> {
    prop::sample::select(vec![Who::Issuer, Who::City, Who::Supervisor])
}

fn said() -> impl Strategy<Value = Said> {
    let measures = prop::sample::subsequence(MEASURES.to_vec(), 0..=3);
    let clauses = prop::collection::vec((any::<bool>(), measures), 1..3);
    let parties = vec![Who::Issuer, Who::City, Who::Supervisor];
    let parties = prop::sample::subsequence(parties, 2..=3);
    let until = prop::option::of(4_u8..14);
    (2_u32..5, parties, any::<bool>(), 0_u8..10, until, clauses).prop_map(
        |(version, parties, open, from, until, clauses)| Said {
            version,
            parties,
            open,
            from,
            until: until.map(|until| until.max(from)),
            clauses,
        },
    )
}

fn word() -> impl Strategy<Value = Word> {
    prop_oneof![
        3 => said().prop_map(Word::Version),
        1 => (who(), 50_u64..58, 0_u8..12).prop_map(|(a, b, c)| Word::Joins(a, b, c)),
        1 => (who(), 1_u32..5, 0_u8..12).prop_map(|(a, b, c)| Word::Leaves(a, b, c)),
    ]
}

fn fact_of(index: u64, word: &Word) -> Fact {
    let first = at(Who::City, 50);
    let content = match word {
        Word::Version(said) => {
            let clause_of = |(at, (covers, measures)): (usize, &(bool, Vec<&str>))| {
                let item = if *covers {
                    "labour.penalty"
                } else {
                    "food.licence"
                };
                let force = |name: &&str| clause_measure(name, Force::Recommended);
                Clause {
                    number: text(&format!("{at}")),
                    items: vec![code(item)],
                    measures: measures.iter().map(force).collect(),
                    ..clause("0")
                }
            };
            let fields = AgreementFields {
                parties: parties(&said.parties),
                version: said.version,
                first: (said.version > 1).then(|| first.clone()),
                from: on(said.from),
                until: said.until.map(on),
                clauses: said.clauses.iter().enumerate().map(clause_of).collect(),
                open: said.open.then_some(Truth),
                ..the_agreement()
            };
            Content::Agreement(Box::new(Agreement::new(fields).unwrap()))
        }
        Word::Joins(_, position, from) => Content::Accession(Accession {
            agreement: at(Who::City, *position),
            from: on(*from),
        }),
        Word::Leaves(_, version, from) => Content::Retirement(Retirement {
            first,
            version: *version,
            from: on(*from),
            reasons: text("退出"),
        }),
    };
    let who = match word {
        Word::Version(_) => Who::City,
        Word::Joins(who, ..) | Word::Leaves(who, ..) => *who,
    };
    says(who, index, content)
}

/// The measures that the page allows, worked out clause by clause without the order of versions kept
/// anywhere.
fn model(words: &[(u64, Word)], witnessed: u64, as_of: u8) -> Vec<String> {
    let counts = |index: u64| index < witnessed;
    let in_pair = |index: u64, said: &Said| {
        // The first day as a party, if it is one.
        let member = |who: Who| {
            let joined = words.iter().filter_map(|(at, word)| match word {
                Word::Joins(by, position, from)
                    if *by == who && *position == index && *from <= as_of && counts(*at) =>
                {
                    Some(*from)
                }
                Word::Version(_) | Word::Joins(..) | Word::Leaves(..) => None,
            });
            let left = words.iter().any(|(at, word)| {
                matches!(word, Word::Leaves(by, version, from)
                    if *by == who && (*version >= said.version || index <= *at) && *from <= as_of)
            });
            let named = said.parties.contains(&who).then_some(said.from);
            let joined = joined.min().filter(|_| said.open);
            named.or(joined).filter(|_| !left)
        };
        let both = member(Who::Issuer).zip(member(Who::City));
        // Whether there was a day on which it ran between the two.
        both.is_some_and(|(one, other)| {
            let since = one.max(other).max(said.from);
            since <= as_of.min(said.until.unwrap_or(as_of))
        })
    };
    let running = |said: &Said| said.until.is_none_or(|until| as_of <= until);
    let versions: Vec<(u64, &Said)> = words
        .iter()
        .filter_map(|(index, word)| match word {
            Word::Version(said) if in_pair(*index, said) => Some((*index, said)),
            Word::Version(_) | Word::Joins(..) | Word::Leaves(..) => None,
        })
        .collect();
    let allows = |said: &Said, name: &str| {
        let mut clauses = said.clauses.iter();
        running(said) && clauses.any(|(covers, measures)| *covers && measures.contains(&name))
    };
    let newer = |a: &(u64, &Said), b: &(u64, &Said)| (a.1.version, a.0) > (b.1.version, b.0);
    let stands = |name: &str| {
        versions.iter().any(|one| {
            let superseded = versions.iter().any(|two| counts(two.0) && newer(two, one));
            let narrowed = versions
                .iter()
                .any(|two| !counts(two.0) && newer(two, one) && !allows(two.1, name));
            counts(one.0) && !superseded && !narrowed && allows(one.1, name)
        })
    };
    let found = MEASURES.into_iter().filter(|name| stands(name));
    found.map(str::to_owned).collect()
}

/// A penalty that brings every measure of the generated clauses.
fn world() -> (World, StatementRef, DecisionFields) {
    let mut decided = penalty();
    decided.duties = MEASURES
        .into_iter()
        .map(|name| crate::effect::tests::duty(name, "2026-09-30"))
        .collect();
    Decision::new(decided.clone()).unwrap();
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, decided.clone());
    (world, target, decided)
}

fn names(recognition: &Recognition) -> Vec<String> {
    let allowed = allowed(recognition).into_iter();
    allowed.map(|(name, ..)| name).collect()
}

proptest! {
    // spec: AGR-10, AGR-20, AGR-21, AGR-22
    #[test]
    fn generated_agreements_allow_what_the_model_allows_in_any_order(
        words in prop::collection::vec(word(), 0..8),
        first in said(),
        witnessed in 50_u64..60,
        as_of in 0_u8..14,
        order in any::<prop::sample::Index>(),
    ) {
        let (mut world, target, decided) = world();
        let first = Word::Version(Said { version: 1, ..first });
        let words: Vec<(u64, Word)> = (50..).zip(std::iter::once(first).chain(words)).collect();
        for who in Who::ALL {
            world.witnessed_up_to(who, witnessed);
        }
        world.as_of = on(as_of);
        let mut facts: Vec<Fact> = words.iter().map(|(at, word)| fact_of(*at, word)).collect();
        let recognition = asked(&world, &decided, &target, &facts);
        prop_assert_eq!(names(&recognition), model(&words, witnessed, as_of), "{:?}", words);
        // Any order, and twice.
        let pivot = order.index(facts.len());
        facts.rotate_left(pivot);
        facts.extend(facts.clone());
        prop_assert_eq!(asked(&world, &decided, &target, &facts), recognition);
    }

    /// Whoever leaves frees, and what is not witnessed yet binds nobody.
    // spec: AGR-21, AGR-22
    #[test]
    fn retirement_and_what_is_not_witnessed_add_no_measure(
        words in prop::collection::vec(word(), 0..8),
        first in said(),
        more in word(),
        witnessed in 50_u64..60,
        as_of in 0_u8..14,
    ) {
        let (mut world, target, decided) = world();
        let first = Word::Version(Said { version: 1, ..first });
        let words: Vec<(u64, Word)> = (50..).zip(std::iter::once(first).chain(words)).collect();
        for who in Who::ALL {
            world.witnessed_up_to(who, witnessed);
        }
        world.as_of = on(as_of);
        let mut facts: Vec<Fact> = words.iter().map(|(at, word)| fact_of(*at, word)).collect();
        let before = names(&asked(&world, &decided, &target, &facts));
        let is_retirement = matches!(more, Word::Leaves(..));
        let index = if is_retirement { 59 } else { 90 };
        facts.push(fact_of(index, &more));
        let after = names(&asked(&world, &decided, &target, &facts));
        prop_assert!(after.iter().all(|name| before.contains(name)), "{before:?} {after:?}");
    }
}
