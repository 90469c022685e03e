//! Sets of statements by seed: small logs, so that everything meets everything.

mod altered;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Figures, Known, Place, REGISTER, Ruled, Say, Scenario, Spoken, Told, Void};

use altered::*;

/// Positions of a log that statements of a set stand at.
pub(super) const POSITIONS: u64 = 8;
/// Now, in Unix milliseconds.
const NOW_MS: u64 = 1_780_000_000_000;
const DAY_MS: u64 = 86_400_000;
/// 2026-03-02.
pub(super) const FIRST_DAY: i32 = 20_514;

const PLACE: Place = Place {
    log: 0,
    index: 0,
    branch: 0,
};

/// A generator of numbers (splitmix64); the same seed gives the same numbers everywhere.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True once in `times`.
    pub const fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(super) fn small(&mut self, bound: u64) -> u8 {
        u8::try_from(self.below(bound)).expect("bounds are below 256")
    }

    pub(super) fn days(&mut self, bound: u64) -> i32 {
        i32::try_from(self.below(bound)).expect("bounds are below 2^31")
    }

    /// Puts a list into any order.
    ///
    /// # Panics
    /// Never: an index below a length fits.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = self.below(last as u64 + 1);
            list.swap(last, usize::try_from(other).expect("an index fits"));
        }
    }
}

/// What a statement is going to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Decision,
    Correction,
    Withdrawal,
    Objection,
    Ruling,
    Admission,
    Stay,
    Repair,
    Notice,
}

/// Places and classes first; then what they say, so that references go in every direction.
struct Cast {
    random: Random,
    target: Place,
    places: Vec<(Place, Class)>,
}

/// The scenario of a seed.
#[must_use]
pub fn generate(seed: u64) -> Scenario {
    let mut random = Random::new(seed);
    let target = Place {
        log: 0,
        index: 1 + random.below(POSITIONS - 1),
        branch: 0,
    };
    let mut cast = Cast {
        random,
        target,
        places: vec![(target, Class::Decision)],
    };
    cast.draw_places();
    let mut set: Vec<Spoken> = Vec::new();
    for (place, class) in cast.places.clone() {
        // Some are referred to and not held.
        let kept = if place == target { 12 } else { 6 };
        let spoken = cast.speak(place, class);
        if !cast.random.once_in(kept) {
            set.push(spoken);
        }
    }
    if cast.random.once_in(4) {
        cast.reject(&mut set);
    }
    if cast.random.once_in(5) {
        cast.free_a_basis(&mut set);
    }
    change_codes(seed, &mut set);
    address(&mut cast.random, &mut set);
    copy_one(&mut cast.random, &mut set);
    let logs = cast.horizon();
    mark_history(seed, &mut set);
    mark_beyond_repair(seed, &mut set);
    mark_successions(seed, &mut set);
    let random = &mut cast.random;
    random.shuffle(&mut set);
    let unread = unread(random, &set);
    let gone = gone(seed, &set);
    Scenario {
        target,
        set,
        unread,
        gone,
        logs,
        as_of: FIRST_DAY - 2 + random.days(14),
        now_ms: NOW_MS + random.below(3) * DAY_MS,
        freshness_days: if random.once_in(4) { 2 } else { 10 },
    }
}

impl Cast {
    fn draw_places(&mut self) {
        let count = self.random.below(13);
        for _ in 0..count {
            let class = match self.random.below(25) {
                0..=2 => Class::Decision,
                3..=6 => Class::Correction,
                7 => Class::Withdrawal,
                8..=11 => Class::Objection,
                12..=14 => Class::Ruling,
                15..=16 => Class::Admission,
                17..=18 => Class::Stay,
                19 => Class::Repair,
                20 => Class::Withdrawal,
                _ => Class::Notice,
            };
            let log = match class {
                Class::Notice => REGISTER,
                Class::Admission => 1 + self.random.small(2),
                Class::Decision
                | Class::Correction
                | Class::Withdrawal
                | Class::Objection
                | Class::Stay
                | Class::Repair
                | Class::Ruling => self.random.small(3),
            };
            let place = Place {
                log,
                index: self.random.below(POSITIONS),
                branch: u8::from(self.random.once_in(12)),
            };
            if self.places.iter().all(|(known, _)| *known != place) {
                self.places.push((place, class));
            }
        }
    }

    fn speak(&mut self, place: Place, class: Class) -> Spoken {
        let issuer = match place.log {
            0 if self.random.once_in(6) => 4,
            1 if self.random.once_in(5) => 0,
            log => log,
        };
        let issuer = if place == self.target { 0 } else { issuer };
        let void = match self.random.below(24) {
            0 => Some(Void::CutOff),
            1 => Some(Void::Late),
            2 => Some(Void::Suspended),
            3 => Some(Void::Ended),
            _ => None,
        };
        Spoken {
            place,
            bytes: place,
            about: 0,
            issuer,
            supervision: issuer == 2,
            void,
            history: false,
            beyond_repair: false,
            registry: 0,
            in_place_of: Vec::new(),
            say: self.say(class),
        }
    }

    /// An objection, its rejection with a notice, and a later objection on the same ground, each to some
    /// decision: what comes together seldom by chance.
    fn reject(&mut self, set: &mut Vec<Spoken>) {
        let ground = 1 + self.random.small(3);
        let objection = |target: Place, register: u64| Say::Objection {
            target,
            role: 1,
            ground,
            over_cap: false,
            register,
        };
        let decisions = [(); 3].map(|()| match self.random.once_in(3) {
            true => self.some(Class::Decision),
            false => self.target,
        });
        let [objected_to, ruled_on, again] = decisions;
        let ruler = if self.random.once_in(2) { 0 } else { 2 };
        let logs = [1, ruler, REGISTER, 1];
        let places = logs.map(|log| Place {
            log,
            index: self.random.below(POSITIONS),
            branch: 0,
        });
        let [rejected, ruling, _, later] = places;
        let said = [
            objection(objected_to, 0),
            Say::Ruling {
                target: ruled_on,
                outcome: Ruled::Rejected,
                closes: BTreeSet::from([rejected]),
            },
            Say::Notice {
                target: ruled_on,
                act: ruling,
                told: Told::Ruling,
                over_cap: false,
            },
            objection(again, POSITIONS),
        ];
        if rejected == later {
            return;
        }
        set.retain(|spoken| spoken.place == self.target || !places.contains(&spoken.place));
        for (place, say) in places.into_iter().zip(said) {
            if place != self.target {
                set.push(Spoken {
                    place,
                    bytes: place,
                    about: 0,
                    issuer: place.log,
                    supervision: place.log == 2,
                    void: None,
                    history: false,
                    beyond_repair: false,
                    registry: 0,
                    in_place_of: Vec::new(),
                    say,
                });
            }
        }
    }

    /// A decision that the one asked about rests on, what frees from it, and often what takes that back.
    fn free_a_basis(&mut self, set: &mut Vec<Spoken>) {
        let log = self.random.small(2);
        let places = [(); 3].map(|()| Place {
            log,
            index: self.random.below(POSITIONS),
            branch: 1,
        });
        let [basis, freeing, taking_back] = places;
        if basis == freeing || freeing == taking_back || taking_back == basis {
            return;
        }
        let stays = Say::Stay {
            target: basis,
            from: FIRST_DAY,
            until: None,
        };
        let repairs = Say::Repair {
            target: basis,
            effects: BTreeSet::from([2]),
        };
        let said = [
            Say::Decision(self.figures(true)),
            if self.random.once_in(2) {
                stays
            } else {
                repairs
            },
            Say::Withdrawal {
                target: freeing,
                register: 0,
            },
        ];
        let count = if self.random.once_in(2) { 2 } else { 3 };
        set.retain(|spoken| spoken.place == self.target || !places.contains(&spoken.place));
        for spoken in set.iter_mut().filter(|spoken| spoken.place == self.target) {
            if let Say::Decision(figures) = &mut spoken.say {
                figures.rests_on.insert(basis);
            }
        }
        for (place, say) in places.into_iter().zip(said).take(count) {
            set.push(Spoken {
                place,
                bytes: place,
                about: 0,
                issuer: log,
                supervision: false,
                void: None,
                history: false,
                beyond_repair: false,
                registry: 0,
                in_place_of: Vec::new(),
                say,
            });
        }
    }

    fn say(&mut self, class: Class) -> Say {
        let target = self.acted_on();
        match class {
            Class::Decision => Say::Decision(self.figures(true)),
            Class::Correction => Say::Correction {
                target,
                figures: self.figures(false),
                register: self.random.below(POSITIONS + 1),
            },
            Class::Withdrawal => Say::Withdrawal {
                target: match self.random.below(6) {
                    0 => self.some(Class::Ruling),
                    1..=2 => self.some(Class::Stay),
                    3 => self.some(Class::Repair),
                    _ => target,
                },
                register: self.random.below(POSITIONS + 1),
            },
            Class::Objection => Say::Objection {
                target,
                role: if self.random.once_in(4) { 2 } else { 1 },
                ground: 1 + self.random.small(3),
                over_cap: self.random.once_in(5),
                register: self.random.below(POSITIONS + 1),
            },
            Class::Ruling => Say::Ruling {
                target,
                outcome: match self.random.below(6) {
                    0 => Ruled::Upheld,
                    1 => Ruled::Corrected,
                    2 => Ruled::Withdrawn,
                    _ => Ruled::Rejected,
                },
                closes: match self.random.once_in(4) {
                    true => self.several(Class::Correction),
                    false => self.several(Class::Objection),
                },
            },
            Class::Admission => Say::Admission {
                target,
                admits: self.several(Class::Objection),
            },
            Class::Stay => {
                let from = FIRST_DAY - 3 + self.random.days(10);
                Say::Stay {
                    target,
                    from,
                    until: self.random.once_in(2).then(|| from + self.random.days(9)),
                }
            }
            Class::Repair => Say::Repair {
                target,
                effects: (1..=4)
                    .filter(|code| *code == 2 || self.random.once_in(3))
                    .collect(),
            },
            Class::Notice => self.notice(target),
        }
    }

    /// A notice says of its act what the act says, as far as it can be known here.
    fn notice(&mut self, target: Place) -> Say {
        let ground = 1 + self.random.small(3);
        let (class, told) = match self.random.below(10) {
            0..=2 => (Class::Objection, Told::Objection(ground)),
            3..=4 => (Class::Stay, Told::Stay),
            // What the register calls by another name than it has.
            5 if self.random.once_in(3) => (Class::Objection, Told::Stay),
            _ => (Class::Ruling, Told::Ruling),
        };
        Say::Notice {
            target,
            act: self.some(class),
            told,
            over_cap: told.is_objection() && self.random.once_in(4),
        }
    }

    /// Mostly the decision asked about, else any statement or none.
    fn acted_on(&mut self) -> Place {
        match self.random.below(8) {
            0 => self.some(Class::Decision),
            1 => self.any(),
            _ => self.target,
        }
    }

    fn any(&mut self) -> Place {
        let at = self.random.below(self.places.len() as u64);
        let at = usize::try_from(at).expect("an index fits");
        self.places[at].0
    }

    fn some(&mut self, class: Class) -> Place {
        let of_class: Vec<Place> = self
            .places
            .iter()
            .filter(|(_, known)| *known == class)
            .map(|(place, _)| *place)
            .collect();
        if of_class.is_empty() {
            let (log, index) = (self.random.small(3), self.random.below(POSITIONS));
            return Place {
                log,
                index,
                branch: 0,
            };
        }
        let at = self.random.below(of_class.len() as u64);
        of_class[usize::try_from(at).expect("an index fits")]
    }

    fn several(&mut self, class: Class) -> BTreeSet<Place> {
        let count = 1 + self.random.below(3);
        (0..count).map(|_| self.some(class)).collect()
    }

    fn figures(&mut self, may_reissue: bool) -> Figures {
        let random = &mut self.random;
        let from = FIRST_DAY + random.days(2);
        let mut duties = BTreeMap::new();
        for measure in 0..3 {
            if random.once_in(2) {
                duties.insert(measure, FIRST_DAY + 2 + random.days(8));
            }
        }
        let mut figures = Figures {
            subject: u8::from(random.once_in(12)),
            document: random.small(4),
            item: u8::from(random.once_in(12)),
            penalty: !random.once_in(5),
            fine: random.below(4) * 100,
            classes: (1..=3).filter(|_| random.once_in(2)).collect(),
            duties,
            from,
            served: from + if random.once_in(4) { random.days(6) } else { 0 },
            until: random.once_in(3).then(|| from + random.days(9)),
            publication: FIRST_DAY + 2 + random.days(9),
            root: None,
            rests_on: BTreeSet::new(),
        };
        if may_reissue && self.random.once_in(2) {
            figures.root = Some(self.some(Class::Decision));
        }
        if may_reissue && self.random.once_in(5) {
            figures.rests_on.insert(self.some(Class::Decision));
        }
        if !may_reissue && self.random.once_in(3) {
            figures.rests_on = self.several(Class::Correction);
        }
        figures
    }

    fn horizon(&mut self) -> BTreeMap<u8, Known> {
        let mut logs = BTreeMap::new();
        for log in 0..4 {
            let random = &mut self.random;
            let ages = [0, 0, 0, 1, 2, 5, 10, 11];
            let age = ages[usize::try_from(random.below(8)).expect("an index fits")];
            let quorum_ms = NOW_MS - age * DAY_MS + random.below(2);
            let known = Known {
                witnessed: match random.once_in(3) {
                    true => random.below(POSITIONS),
                    false => POSITIONS,
                },
                quorum_ms: (!random.once_in(16)).then_some(quorum_ms),
                frozen_at: random.once_in(8).then(|| random.below(POSITIONS)),
            };
            if !random.once_in(24) {
                logs.insert(log, known);
            }
        }
        logs
    }
}
