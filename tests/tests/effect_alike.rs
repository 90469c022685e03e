//! Effect over few of many objections that nothing tells apart, against effect over all of them.
//!
//! `CONCORDAT_ALIKE_SEEDS` sets how many seeds; a failing seed is run alone by
//! `CONCORDAT_ALIKE_FIRST=<seed> CONCORDAT_ALIKE_SEEDS=1`.

#![allow(clippy::wildcard_enum_match_arm)]

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::effect::alike::{self, Alike, Noticed, Raised, Said, Telling};
use concordat_protocol::effect::{Effect, Examination, Fact, Suspension, Validity, WaitingCause};
use concordat_protocol::statement::{Class, Content};
use concordat_tests::model::facts::{Question, fact, reference};
use concordat_tests::model::scenario::{Random, generate};
use concordat_tests::model::{Known, Place, REGISTER, Ruled, Say, Scenario, Spoken, Told, Void};
use concordat_tests::setting::number;

const SEEDS: u64 = 4_000;
/// Positions of a log that a crowd stands at.
const POSITIONS: u64 = 72;

/// A set with many objections, mostly in one log and to one decision.
struct Crowd {
    random: Random,
    scenario: Scenario,
    decisions: Vec<Place>,
}

impl Crowd {
    fn of(seed: u64) -> Self {
        let mut scenario = generate(seed);
        if !seed.is_multiple_of(4) {
            // A plain decision: what a crowd meets then is the crowd's own.
            let (target, logs) = (scenario.target, &mut scenario.logs);
            scenario.set.retain(|spoken| spoken.place == target);
            scenario.set.retain(|spoken| spoken.void.is_none());
            scenario.unread.clear();
            logs.clear();
        }
        let decisions = scenario
            .set
            .iter()
            .filter(|spoken| matches!(spoken.say, Say::Decision(_)))
            .map(|spoken| spoken.place)
            .collect();
        let mut crowd = Self {
            random: Random::new(seed ^ 0x5eed),
            scenario,
            decisions,
        };
        for known in crowd.scenario.logs.values_mut() {
            known.witnessed = POSITIONS / 2 + crowd.random.below(POSITIONS);
            known.frozen_at = known.frozen_at.map(|_| crowd.random.below(POSITIONS));
        }
        for log in 0..=REGISTER {
            let known = Known {
                witnessed: POSITIONS,
                quorum_ms: None,
                frozen_at: None,
            };
            crowd.scenario.logs.entry(log).or_insert(known);
        }
        crowd.act();
        let objections = crowd.object();
        crowd.rule(&objections);
        crowd
    }

    /// What is asked about: nobody asks what effect an objection has.
    fn asked(&self) -> BTreeSet<Place> {
        let Scenario { target, set, .. } = &self.scenario;
        let is_target = |spoken: &&Spoken| spoken.place == *target;
        let asked = set.iter().find(is_target);
        let is_objection = asked.is_some_and(|asked| matches!(asked.say, Say::Objection { .. }));
        let target = (!is_objection).then_some(*target);
        self.decisions.iter().copied().chain(target).collect()
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.below(bound)
    }

    fn small(&mut self, bound: u64) -> u8 {
        u8::try_from(self.below(bound)).expect("bounds are below 256")
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.random.once_in(times)
    }

    /// Mostly the decision asked about.
    fn decision(&mut self) -> Place {
        let at = self.below(self.decisions.len().max(1) as u64);
        let other = self.decisions.get(usize::try_from(at).expect("an index"));
        match (self.random.once_in(4), other) {
            (true, Some(other)) => *other,
            (false, _) | (true, None) => self.scenario.target,
        }
    }

    /// Says something at a place of a log where nothing stands.
    fn say(&mut self, log: u8, say: Say) -> Option<Place> {
        let place = Place {
            log,
            index: self.below(POSITIONS),
            branch: 0,
        };
        if self.is_taken(place) {
            return None;
        }
        let about = self.scenario.about(&say);
        let about = if self.random.once_in(20) {
            1 - about
        } else {
            about
        };
        let void = [None, Some(Void::CutOff)][usize::from(self.random.once_in(10))];
        let issuer = match log {
            1 if self.random.once_in(3) => 0,
            log => log,
        };
        self.scenario.set.push(Spoken {
            place,
            bytes: place,
            about,
            issuer,
            supervision: log == 2,
            void,
            history: false,
            beyond_repair: false,
            registry: 0,
            in_place_of: Vec::new(),
            say,
        });
        Some(place)
    }

    /// Whether something stands at a place, a decision is said to rest on it or to re-issue it, or a notice
    /// tells of it: of one act the register tells one thing.
    fn is_taken(&self, place: Place) -> bool {
        self.scenario.set.iter().any(|spoken| {
            let names = match &spoken.say {
                Say::Decision(figures) | Say::Correction { figures, .. } => {
                    figures.root == Some(place) || figures.rests_on.contains(&place)
                }
                Say::Notice { act, .. } => *act == place,
                _ => false,
            };
            names || (spoken.place.log, spoken.place.index) == (place.log, place.index)
        })
    }

    /// Corrections and withdrawals.
    fn act(&mut self) {
        for _ in 0..self.below(6) {
            let donors = generate(self.random.next()).set;
            let donor = donors.into_iter().find_map(|spoken| match spoken.say {
                Say::Correction { figures, .. } => Some(figures),
                _ => None,
            });
            let (log, target) = (self.small(3), self.decision());
            let register = self.below(POSITIONS);
            let say = match donor {
                Some(figures) => Say::Correction {
                    target,
                    figures,
                    register,
                },
                None if self.once_in(8) => Say::Withdrawal { target, register },
                None => continue,
            };
            self.say(log, say);
        }
    }

    fn object(&mut self) -> Vec<(Place, u8, u8)> {
        let mut raised = Vec::new();
        let steps = 1 + self.below(3);
        for _ in 0..10 + self.below(50) {
            let log = if self.once_in(3) { self.small(3) } else { 1 };
            let (role, ground) = (1 + self.small(2), 1 + self.small(2));
            let over_cap = self.once_in(8);
            let target = self.decision();
            let register = self.below(steps) * (POSITIONS / 3) + self.below(3);
            let objection = Say::Objection {
                target,
                role,
                ground,
                over_cap,
                register,
            };
            let Some(place) = self.say(log, objection) else {
                continue;
            };
            raised.push((place, role, ground));
            let mut names = vec![place];
            for _ in 0..2 {
                if self.once_in(4) {
                    names.extend(self.copy(place));
                }
            }
            raised.extend(names.iter().skip(1).map(|copy| (*copy, role, ground)));
            if self.once_in(8) {
                // Known by its notice alone, or not at all.
                let held = |spoken: &Spoken| spoken.place != place && spoken.bytes != place;
                self.scenario.set.retain(held);
            }
            for _ in 0..2 {
                let name = self.below(names.len() as u64);
                let act = names[usize::try_from(name).expect("an index")];
                if self.once_in(2) {
                    let notice = Say::Notice {
                        target,
                        act,
                        told: Told::Objection(ground),
                        over_cap,
                    };
                    self.say(REGISTER, notice);
                }
                if !self.once_in(9) {
                    break;
                }
            }
        }
        raised
    }

    /// Says again what stands at a place, at a later one of the same log.
    fn copy(&mut self, of: Place) -> Option<Place> {
        let set = &self.scenario.set;
        let copied = set.iter().find(|spoken| spoken.place == of)?.clone();
        let index = of.index + 1 + self.random.below(9);
        let place = Place { index, ..of };
        if self.is_taken(place) {
            return None;
        }
        self.scenario.set.push(Spoken { place, ..copied });
        Some(place)
    }

    /// Rulings and admissions on parts of the crowd.
    fn rule(&mut self, raised: &[(Place, u8, u8)]) {
        for _ in 0..self.below(6) {
            let (mut from, mut count) = (self.below(POSITIONS), self.below(POSITIONS));
            if self.once_in(2) {
                (from, count) = (0, POSITIONS);
            }
            let ground = self.small(3);
            let named = raised.iter().filter(|(place, _, one)| {
                (from..from + count).contains(&place.index) && (ground == 0 || *one == ground)
            });
            let closes: BTreeSet<Place> = named.map(|(place, _, _)| *place).collect();
            if closes.is_empty() {
                continue;
            }
            let target = self.decision();
            if self.once_in(6) {
                let admits = closes;
                self.say(2, Say::Admission { target, admits });
                continue;
            }
            let outcomes = [
                Ruled::Rejected,
                Ruled::Rejected,
                Ruled::Upheld,
                Ruled::Corrected,
                Ruled::Withdrawn,
            ];
            let outcome = outcomes[usize::from(self.small(5))];
            let log = 2 * self.small(2);
            let ruling = Say::Ruling {
                target,
                outcome,
                closes,
            };
            if let Some(act) = self.say(log, ruling) {
                let notice = Say::Notice {
                    target,
                    act,
                    told: Told::Ruling,
                    over_cap: false,
                };
                self.say(REGISTER, notice);
                if self.once_in(8) {
                    let register = self.below(POSITIONS);
                    self.say(
                        log,
                        Say::Withdrawal {
                            target: act,
                            register,
                        },
                    );
                }
            }
        }
    }

    /// What is gathered: of objections that nothing tells apart some alone, with their notices.
    fn gathered(&self) -> (Scenario, Vec<Alike>) {
        let set = &self.scenario.set;
        let about = |place: Place| set.iter().find(|s| s.place == place).map(|s| s.about);
        let copies = |spoken: &Spoken| {
            let copies = set.iter().filter(|other| {
                other.bytes == spoken.bytes
                    && other.place.log == spoken.place.log
                    && other.place.index > spoken.place.index
            });
            let mut copies: Vec<Place> = copies.map(|copy| copy.place).collect();
            copies.sort_unstable();
            copies
        };
        let is_copy = |spoken: &Spoken| {
            set.iter().any(|other| {
                other.bytes == spoken.bytes
                    && other.place.log == spoken.place.log
                    && other.place.index < spoken.place.index
            })
        };
        let counts = |spoken: &Spoken, target: Place| {
            about(target).is_none_or(|about| about == spoken.about)
        };
        let notices = |names: &[Place]| {
            let mut notices: Vec<_> = set
                .iter()
                .filter(|s| matches!(s.say, Say::Notice { act, .. } if names.contains(&act)))
                .collect();
            notices.sort_by_key(|spoken| spoken.place);
            notices
        };
        let noticed = |spoken: &Spoken| Noticed {
            index: fact(spoken).reference().index,
            as_objection: matches!(spoken.say, Say::Notice { told, .. } if told.is_objection()),
            is_void: spoken.void.is_some(),
        };
        let (mut raised, mut named) = (Vec::new(), Vec::new());
        let mut dropped: BTreeSet<Place> = BTreeSet::new();
        for spoken in set {
            let Say::Objection { target, .. } = spoken.say else {
                continue;
            };
            dropped.insert(spoken.place);
            if counts(spoken, target) && !is_copy(spoken) {
                let copies = copies(spoken);
                let names: Vec<Place> = [spoken.place].into_iter().chain(copies).collect();
                let told = notices(&names);
                let noticed = told.iter().map(|told| noticed(told)).collect();
                let copies = names.iter().skip(1).map(|copy| reference(*copy)).collect();
                raised.push(Raised {
                    copies,
                    ..of_body(&fact(spoken), noticed)
                });
                named.push((names, told));
            }
        }
        // What is noticed on several decisions is one objection to each.
        let unheld: BTreeSet<(Place, Place)> = set
            .iter()
            .filter_map(|spoken| match spoken.say {
                Say::Notice {
                    act, told, target, ..
                } if told.is_objection() => Some((act, target)),
                _ => None,
            })
            .filter(|(act, _)| set.iter().all(|spoken| spoken.place != *act))
            .collect();
        for (act, on) in unheld {
            let mut told = notices(&[act]);
            told.retain(|s| matches!(s.say, Say::Notice { target, .. } if target == on));
            let first = told.iter().find(|s| noticed(s).as_objection);
            let told_at = told.iter().map(|s| noticed(s)).collect();
            raised.push(of_notice(&fact(first.expect("it tells")), told_at));
            dropped.insert(act);
            named.push((vec![act], told));
        }
        let facts: Vec<Fact> = set.iter().map(fact).collect();
        let statements = facts.iter().map(|fact| (fact.reference(), fact.payload()));
        let register = Question::of(&self.scenario).horizon.register;
        let telling = Telling::of(statements, &register);
        let groups = alike::groups(&raised, &telling);
        let mut told = BTreeSet::new();
        for kept in groups.iter().flat_map(|group| &group.kept) {
            let (names, notices) = &named[*kept];
            dropped.remove(&names[0]);
            for place in raised[*kept].telling_notices() {
                told.insert(notices[place].place);
                let Say::Notice { act, .. } = notices[place].say else {
                    panic!("a notice");
                };
                dropped.remove(&act);
            }
            let is_named = |name: &&Place| telling.is_named(&reference(**name));
            for name in names.iter().filter(is_named) {
                dropped.remove(name);
            }
        }
        // What is rested on or made anew is shown by the name of its first.
        for spoken in set {
            if let Say::Decision(figures) | Say::Correction { figures, .. } = &spoken.say {
                for name in figures.rests_on.iter().chain(&figures.root) {
                    dropped.remove(name);
                    dropped.remove(&self.scenario.first_with_the_bytes_at(*name));
                }
            }
        }
        dropped.remove(&self.scenario.target);
        let all: BTreeSet<Place> = named.iter().flat_map(|(names, _)| names).copied().collect();
        let mut few = self.scenario.clone();
        few.set.retain(|spoken| match spoken.say {
            Say::Objection { .. } => !dropped.contains(&spoken.place),
            Say::Notice { act, .. } => {
                told.contains(&spoken.place) || !all.contains(&act) && !dropped.contains(&act)
            }
            _ => true,
        });
        // What is held is not unread.
        few.unread.retain(|(act, _)| !dropped.contains(act));
        let alike = groups.iter().map(|group| Alike::of(group, &raised));
        (few, alike.collect())
    }
}

fn of_body(fact: &Fact, notices: Vec<Noticed>) -> Raised {
    let payload = fact.payload();
    let Content::Objection(objection) = &payload.content else {
        panic!("an objection");
    };
    Raised {
        at: fact.reference().clone(),
        on: payload.target.clone().expect("an act"),
        ground: objection.ground(),
        over_cap: objection.over_cap(),
        said: Some(Said {
            issuer: fact.issuer(),
            role: objection.role(),
            received_on: objection.received_on(),
            register_size: payload.register_size.map_or(0, |size| size.value()),
        }),
        copies: Vec::new(),
        notices,
    }
}

fn of_notice(fact: &Fact, notices: Vec<Noticed>) -> Raised {
    let Content::Notice(notice) = &fact.payload().content else {
        panic!("a notice");
    };
    assert_eq!(notice.class, Class::Objection);
    Raised {
        at: notice.act.clone(),
        on: notice.target.clone(),
        ground: notice.ground.expect("of an objection"),
        over_cap: notice.over_cap == Some(true),
        said: None,
        copies: Vec::new(),
        notices,
    }
}

fn all(scenario: &Scenario, decisions: &BTreeSet<Place>) -> Vec<Effect> {
    let ask = |target: &Place| {
        let mut scenario = scenario.clone();
        scenario.target = *target;
        Question::of(&scenario).ask()
    };
    decisions.iter().map(ask).collect()
}

/// One member logged thousands of objections to another's penalty, and it was never weighed again.
// spec: IDX-40, EFF-7
#[test]
fn effect_by_few_of_the_objections_that_nothing_tells_apart_is_effect_by_all() {
    let (mut left, mut met) = (0, BTreeMap::new());
    let first = number("CONCORDAT_ALIKE_FIRST", 0);
    let seeds = number("CONCORDAT_ALIKE_SEEDS", SEEDS);
    for seed in first..first + seeds {
        let crowd = Crowd::of(seed);
        let (few, groups) = crowd.gathered();
        left += crowd.scenario.set.len() - few.set.len();
        let decisions = crowd.asked();
        let whole = all(&crowd.scenario, &decisions);
        let question = Question::of(&few);
        let horizon = &question.horizon;
        for (mut by_few, by_all) in all(&few, &decisions).into_iter().zip(whole) {
            let seen = by_few.waiting.len();
            alike::complete(&mut by_few, &groups, horizon);
            let after = |it: &&_| matches!(it, WaitingCause::AfterRejection);
            let kept_back = by_few.waiting.iter().map(|one| &one.why).filter(after);
            let awaits = |one: &Suspension| !one.awaiting_act.is_empty();
            let cases = [
                ("kept back", kept_back.count() > 0),
                ("more kept back", by_few.waiting.len() > seen),
                ("awaits", by_few.suspended_by.iter().any(awaits)),
                (
                    "corrected",
                    matches!(by_few.validity, Validity::Corrected { .. }),
                ),
            ];
            for (name, is_met) in cases {
                *met.entry(name).or_insert(0) += usize::from(is_met);
            }
            assert!(by_few == by_all, "seed {seed}: {by_few:#?}\n{by_all:#?}");
        }
        if !decisions.contains(&crowd.scenario.target) {
            continue;
        }
        let examination = Examination::new(&question.history, horizon);
        let mut open = examination.open_objections(&question.target).expect("few");
        alike::complete_open(&mut open, &groups, horizon);
        let question = Question::of(&crowd.scenario);
        let examination = Examination::new(&question.history, &question.horizon);
        let by_all = examination.open_objections(&question.target);
        assert_eq!(Some(open), by_all, "seed {seed}");
    }
    if seeds < SEEDS {
        return;
    }
    assert!(left > 5_000, "{left} left out");
    assert!(met.values().all(|times| *times > 10), "{met:?}");
}
