//! A reference model of the codes of an organisation, written from the rules of `spec/effect.md` (codes), with sets
//! by seed. It shares no code with `concordat_protocol::effect`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::codec::Ext;
use concordat_protocol::effect::{Codes, Fact, History, Horizon, VoidCause, codes};
use concordat_protocol::log::TreeSize;
use concordat_protocol::statement::{
    Admission, BasisLevel, Class, CodeChange, CodeChangeFields, Content, Ground, LegalBasis,
    Notice, Objection, ObjectorRole, Outcome, Payload, Record, Ruling, Withdrawal,
    WithdrawalReason,
};
use concordat_protocol::subject::{Form, Subject, SubjectCheck, SubjectCode};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::Authority;

use super::facts::{ISSUERS, code, day, horizon, origin, place, reference, references, text};
use super::scenario::Random;
use super::{Known, Place, REGISTER, Ruled};

/// Codes that there are, by number.
const CODES: u8 = 5;
/// Positions of a log that statements stand at.
const POSITIONS: u64 = 6;

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Say {
    Change(u8, u8),
    Withdrawal(Place),
    /// And whether over the cap.
    Objection(Place, bool),
    Ruling(Place, Ruled, BTreeSet<Place>),
    Admission(Place, BTreeSet<Place>),
    /// Of an objection, and whether over the cap.
    Notice(Place, Place, bool),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Spoken {
    place: Place,
    /// Its own place, or that of a statement of its log of which it is a copy.
    bytes: Place,
    issuer: u8,
    supervision: bool,
    void: bool,
    say: Say,
}

/// Statements with how far each log is known.
#[derive(Clone, Debug)]
pub struct CodeSet {
    said: Vec<Spoken>,
    logs: BTreeMap<u8, Known>,
    /// Acts of which only the leaf is held, with their targets.
    unread: BTreeSet<(Place, Place)>,
}

/// How it stands with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Stands {
    Holds,
    Withdrawn,
    Void,
    Contradicted,
    NotWitnessed,
    Objected,
    ActNotHeld,
}

/// The codes of one organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeAnswer {
    /// The code that it has now.
    pub now: SubjectCode,
    /// Those before the one asked about.
    pub before: BTreeSet<SubjectCode>,
    /// The changes with what each is so by and the objections open on it.
    pub changes: BTreeMap<Place, (Stands, BTreeSet<Place>, BTreeSet<Place>)>,
}

impl CodeSet {
    /// A set by seed.
    #[must_use]
    pub fn generate(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut places: Vec<Place> = Vec::new();
        for log in 0..3 {
            let all = (0..POSITIONS).map(|index| Place {
                log,
                index,
                branch: 0,
            });
            places.extend(all);
        }
        random.shuffle(&mut places);
        places.truncate(4 + usize::from(random.small(9)));
        let mut said: Vec<Spoken> = Vec::new();
        for (number, at) in places.iter().enumerate() {
            let say = match number < 3 || random.once_in(4) {
                true => change(&mut random),
                false => act(&mut random, &places, &said),
            };
            said.push(spoken(&mut random, *at, say));
        }
        for index in 0..random.below(3) {
            let mut any = |from: &[Place]| pick(&mut random, from);
            let (target, act) = (any(&places), any(&everywhere()));
            let place = Place {
                log: REGISTER,
                index,
                branch: 0,
            };
            let say = Say::Notice(target, act, random.once_in(4));
            said.push(Spoken {
                void: false,
                ..spoken(&mut random, place, say)
            });
        }
        copy_one(&mut random, &mut said);
        let unread = match random.once_in(3) {
            true => {
                BTreeSet::from([(pick(&mut random, &everywhere()), pick(&mut random, &places))])
            }
            false => BTreeSet::new(),
        };
        let logs = (0..=REGISTER).map(|log| (log, known(&mut random)));
        Self {
            said,
            logs: logs.collect(),
            unread,
        }
    }

    /// What the real function says about a code, with the facts put in by an order of the seed's.
    #[must_use]
    pub fn asked(&self, of: u8, seed: u64) -> CodeAnswer {
        let mut facts: Vec<_> = self.said.iter().map(fact).collect();
        facts.extend_from_within(..facts.len() / 2);
        Random::new(seed).shuffle(&mut facts);
        let mut history: History = facts.into_iter().map(Arc::new).collect();
        for (act, target) in &self.unread {
            history.insert_unread(reference(*act), reference(*target));
        }
        let logs = self
            .logs
            .iter()
            .map(|(log, known)| (origin(*log), horizon(*known)));
        let horizon = Horizon {
            logs: logs.collect(),
            register: origin(REGISTER),
        };
        told(&codes(numbered(of), &history, &horizon))
    }

    /// What the rules say.
    #[must_use]
    pub fn answer(&self, of: u8) -> CodeAnswer {
        let linked = self.linked(of);
        let all: Vec<&Spoken> = self
            .changes()
            .filter(|(_, from, to)| linked.contains(from) || linked.contains(to))
            .map(|(one, _, _)| one)
            .collect();
        let changes: BTreeMap<_, _> = all
            .iter()
            .map(|one| (one.place, self.stands(one)))
            .collect();
        let leads: BTreeSet<(u8, u8)> = self
            .changes()
            .filter(|(one, _, _)| {
                changes
                    .get(&one.place)
                    .is_some_and(|it| it.0 == Stands::Holds)
            })
            .map(|(_, from, to)| (from, to))
            .collect();
        let ahead = reach(&leads, of);
        let last = |code: &&u8| !leads.iter().any(|(from, _)| from == *code);
        let now = ahead.iter().find(last).copied().unwrap_or(of);
        let codes = 0..CODES;
        let before = codes.filter(|code| *code != of && reach(&leads, *code).contains(&of));
        CodeAnswer {
            now: numbered(now),
            before: before.map(numbered).collect(),
            changes,
        }
    }

    /// Statements that are not copies of an earlier one.
    fn counted(&self) -> impl Iterator<Item = &Spoken> {
        self.said
            .iter()
            .filter(|one| self.first(one.place) == one.place)
    }

    fn first(&self, name: Place) -> Place {
        let Some(named) = self.said.iter().find(|one| one.place == name) else {
            return name;
        };
        let same = self.said.iter();
        let same = same.filter(|one| one.bytes == named.bytes && one.place.log == name.log);
        same.map(|one| one.place).min().unwrap_or(name)
    }

    fn changes(&self) -> impl Iterator<Item = (&Spoken, u8, u8)> {
        self.counted().filter_map(|one| {
            let Say::Change(from, to) = one.say else {
                return None;
            };
            Some((one, from, to))
        })
    }

    fn linked(&self, of: u8) -> BTreeSet<u8> {
        let stands = |one: &Spoken| !one.void && self.withdrawn_by(one).is_empty();
        let both = self
            .changes()
            .filter(|(one, _, _)| stands(one))
            .flat_map(|(_, from, to)| [(from, to), (to, from)]);
        reach(&both.collect(), of)
    }

    fn in_full(&self, one: &Spoken) -> bool {
        let log = &self.logs[&one.place.log];
        let prefix = log.frozen_at.is_none_or(|at| one.place.index < at);
        !one.void && one.place.index < log.witnessed && prefix
    }

    fn on(&self, target: Place) -> impl Iterator<Item = &Spoken> {
        self.counted().filter(move |one| match &one.say {
            Say::Withdrawal(on)
            | Say::Objection(on, _)
            | Say::Ruling(on, _, _)
            | Say::Admission(on, _) => self.first(*on) == target,
            Say::Change(..) | Say::Notice(..) => false,
        })
    }

    fn withdrawn_by(&self, what: &Spoken) -> BTreeSet<Place> {
        let by = self.on(what.place).filter(|act| {
            matches!(act.say, Say::Withdrawal(_)) && (act.issuer == what.issuer || act.supervision)
        });
        by.map(|act| act.place).collect()
    }

    fn unread_on(&self, what: &Spoken) -> BTreeSet<Place> {
        let held = |place: Place| self.said.iter().any(|one| one.place == place);
        let unread = self.unread.iter().filter(|(act, target)| {
            !held(*act) && self.first(*target) == what.place && act.log == what.place.log
        });
        unread.map(|(act, _)| *act).collect()
    }

    fn against(&self, change: &Spoken) -> BTreeSet<Place> {
        let stands = |one: &Spoken| !one.void && self.withdrawn_by(one).is_empty();
        let all: Vec<_> = self.changes().filter(|(one, _, _)| stands(one)).collect();
        let edges: BTreeSet<(u8, u8)> = all.iter().map(|(_, from, to)| (*from, *to)).collect();
        let Say::Change(from, to) = change.say else {
            return BTreeSet::new();
        };
        let against = all.iter().filter(|(one, its_from, its_to)| {
            let two = *its_from == from && *its_to != to;
            let circle =
                reach(&edges, to).contains(its_from) && reach(&edges, *its_to).contains(&from);
            one.place != change.place && (two || circle)
        });
        against.map(|(one, _, _)| one.place).collect()
    }

    /// Objections on a change, and whether each keeps it back.
    fn open(&self, change: &Spoken) -> BTreeMap<Place, bool> {
        let held = |place: Place| self.said.iter().any(|one| one.place == place);
        let mut raised: BTreeMap<Place, bool> = BTreeMap::new();
        for one in self.on(change.place) {
            if let Say::Objection(_, over_cap) = one.say {
                raised.insert(one.place, !over_cap);
            }
        }
        for one in self.counted() {
            if let Say::Notice(target, act, over_cap) = one.say
                && self.first(target) == change.place
                && !held(act)
            {
                // One notice without the mark is enough.
                let keeps = raised.entry(act).or_insert(false);
                *keeps |= !over_cap;
            }
        }
        for act in self.on(change.place) {
            let Say::Admission(_, names) = &act.say else {
                continue;
            };
            for name in names.iter().filter(|_| act.supervision) {
                raised
                    .entry(self.first(*name))
                    .and_modify(|keeps| *keeps = true);
            }
        }
        for act in self.on(change.place) {
            let Say::Ruling(_, outcome, closes) = &act.say else {
                continue;
            };
            let by_right = act.issuer == change.issuer || act.supervision;
            let ends = matches!(outcome, Ruled::Rejected | Ruled::Withdrawn);
            let sure = self.withdrawn_by(act).is_empty() && self.unread_on(act).is_empty();
            if by_right && ends && sure && self.in_full(act) {
                raised.retain(|one, _| !closes.iter().any(|name| self.first(*name) == *one));
            }
        }
        raised
    }

    fn stands(&self, change: &Spoken) -> (Stands, BTreeSet<Place>, BTreeSet<Place>) {
        let open = self.open(change);
        let keeping = open
            .iter()
            .filter(|(_, keeps)| **keeps)
            .map(|(one, _)| *one);
        let keeping: BTreeSet<Place> = keeping.collect();
        let open = open.into_keys().collect();
        let withdrawn = self.withdrawn_by(change);
        let (against, unread) = (self.against(change), self.unread_on(change));
        let (state, by) = if !withdrawn.is_empty() {
            (Stands::Withdrawn, withdrawn)
        } else if change.void {
            (Stands::Void, BTreeSet::new())
        } else if !against.is_empty() {
            (Stands::Contradicted, against)
        } else if !self.in_full(change) {
            (Stands::NotWitnessed, BTreeSet::new())
        } else if !keeping.is_empty() {
            (Stands::Objected, keeping)
        } else if !unread.is_empty() {
            (Stands::ActNotHeld, unread)
        } else {
            (Stands::Holds, BTreeSet::new())
        };
        (state, by, open)
    }
}

/// What is reached from a code, that itself among it.
fn reach(edges: &BTreeSet<(u8, u8)>, from: u8) -> BTreeSet<u8> {
    let mut reached = BTreeSet::from([from]);
    for _ in 0..=edges.len() {
        let on = edges.iter().filter(|(a, _)| reached.contains(a));
        let on: Vec<u8> = on.map(|(_, b)| *b).collect();
        reached.extend(on);
    }
    reached
}

fn everywhere() -> Vec<Place> {
    let all = (0..3).flat_map(|log| (0..POSITIONS).map(move |index| (log, index)));
    all.map(|(log, index)| Place {
        log,
        index,
        branch: 0,
    })
    .collect()
}

fn pick(random: &mut Random, from: &[Place]) -> Place {
    let at = random.below(u64::try_from(from.len()).expect("small"));
    from[usize::try_from(at).expect("small")]
}

fn change(random: &mut Random) -> Say {
    let from = random.small(u64::from(CODES));
    let to = (from + 1 + random.small(u64::from(CODES) - 1)) % CODES;
    Say::Change(from, to)
}

fn act(random: &mut Random, places: &[Place], said: &[Spoken]) -> Say {
    let on = |random: &mut Random, wanted: fn(&Say) -> bool| {
        let fitting = said
            .iter()
            .filter(|one| wanted(&one.say))
            .map(|one| one.place);
        let fitting: Vec<Place> = fitting.collect();
        match fitting.is_empty() || random.once_in(8) {
            true => pick(random, places),
            false => pick(random, &fitting),
        }
    };
    let is_change = |say: &Say| matches!(say, Say::Change(..));
    let is_objection = |say: &Say| matches!(say, Say::Objection(..));
    let to_withdraw = |say: &Say| matches!(say, Say::Change(..) | Say::Ruling(..));
    let target = on(random, is_change);
    let names = BTreeSet::from([on(random, is_objection), on(random, is_objection)]);
    match random.below(8) {
        0..=2 => Say::Objection(target, random.once_in(3)),
        3 | 4 => {
            let outcomes = [
                Ruled::Rejected,
                Ruled::Withdrawn,
                Ruled::Upheld,
                Ruled::Corrected,
            ];
            let outcome = outcomes[usize::try_from(random.below(4)).expect("small")];
            Say::Ruling(target, outcome, names)
        }
        5 => Say::Admission(target, names),
        _ => Say::Withdrawal(on(random, to_withdraw)),
    }
}

fn spoken(random: &mut Random, at: Place, say: Say) -> Spoken {
    let issuer = random.small(3);
    Spoken {
        place: at,
        bytes: at,
        issuer,
        supervision: issuer == 2 && !random.once_in(4),
        void: random.once_in(10),
        say,
    }
}

/// A statement that stands again in its log, later or earlier.
fn copy_one(random: &mut Random, said: &mut Vec<Spoken>) {
    let taken: BTreeSet<Place> = said.iter().map(|one| one.place).collect();
    let at = pick(random, &everywhere());
    let of_log = said.iter().find(|one| one.place.log == at.log);
    if let Some(one) = of_log.cloned()
        && !taken.contains(&at)
        && random.once_in(2)
    {
        said.push(Spoken { place: at, ..one });
    }
}

fn known(random: &mut Random) -> Known {
    let size = POSITIONS + 1;
    Known {
        witnessed: match random.once_in(3) {
            true => random.below(size),
            false => size,
        },
        quorum_ms: None,
        frozen_at: random.once_in(8).then(|| random.below(size)),
    }
}

fn numbered(number: u8) -> SubjectCode {
    let first = format!("91230400MA00000{number:02}");
    SubjectCode::with_check(&first).expect("17 characters of a code")
}

fn content(say: &Say) -> (Content, Option<Place>) {
    match say {
        Say::Change(from, to) => (change_of(*from, *to), None),
        Say::Withdrawal(on) => {
            let withdrawal = Withdrawal {
                reason: WithdrawalReason::OtherError,
                reasons: text("录入错误"),
                exit: None,
            };
            (Content::Withdrawal(withdrawal), Some(*on))
        }
        Say::Objection(on, over_cap) => {
            let (role, ground) = (ObjectorRole::Subject, Ground::WrongSubject);
            let said = Objection::new(role, ground, day(20_600), *over_cap, None);
            (Content::Objection(said), Some(*on))
        }
        Say::Ruling(on, outcome, closes) => {
            let outcome = match outcome {
                Ruled::Upheld => Outcome::Upheld,
                Ruled::Rejected => Outcome::Rejected,
                Ruled::Corrected => Outcome::Corrected,
                Ruled::Withdrawn => Outcome::Withdrawn,
            };
            let said = Ruling::new(outcome, references(closes), text("经核查"));
            (Content::Ruling(said.expect("a ruling")), Some(*on))
        }
        Say::Admission(on, names) => {
            let said = Admission::new(references(names), text("经审查"));
            (Content::Admission(said.expect("an admission")), Some(*on))
        }
        Say::Notice(target, act, over_cap) => {
            let notice = Notice {
                target: reference(*target),
                act: reference(*act),
                class: Class::Objection,
                ground: Some(Ground::WrongSubject),
                over_cap: over_cap.then_some(true),
            };
            (Content::Notice(notice), None)
        }
    }
}

fn change_of(from: u8, to: u8) -> Content {
    let subject = |number: u8| {
        let (code, form) = (numbered(number), Form::Enterprise);
        Subject::new(code, SubjectCheck::Ok, form, text("某某公司")).expect("an enterprise")
    };
    change_of_subjects(&subject(from), &subject(to))
}

/// The change of code of an organisation.
pub(super) fn change_of_subjects(from: &Subject, to: &Subject) -> Content {
    let change = CodeChange::new(CodeChangeFields {
        subject: to.clone(),
        item: code("registration.code"),
        day: day(20_600),
        from: from.code(),
        basis: vec![LegalBasis {
            law: text("登记管理条例"),
            article: text("第三条"),
            level: BasisLevel::AdministrativeRegulation,
        }],
        reasons: text("重新赋码"),
    });
    Content::Record(Box::new(Record::CodeChange(change.expect("a change"))))
}

fn fact(one: &Spoken) -> Fact {
    let (content, target) = content(&one.say);
    let payload = Payload {
        issued_at: Timestamp::MIN,
        target: target.map(reference),
        register_size: target.map(|_| TreeSize::ZERO),
        batch: None,
        content,
        ext: Ext::default(),
    };
    let authority = match one.supervision {
        true => Authority::Supervision,
        false => Authority::Mandate,
    };
    let issuer = ISSUERS[usize::from(one.issuer)];
    let void = one.void.then_some(VoidCause::CutOff);
    let made = Fact::new(
        reference(one.place),
        issuer,
        Arc::new(payload),
        authority,
        void,
    );
    made.with_bytes_of(&reference(one.bytes))
}

fn told(codes: &Codes) -> CodeAnswer {
    use concordat_protocol::effect::CodeState;
    let all =
        |list: &[concordat_protocol::statement::StatementRef]| list.iter().map(place).collect();
    let changes = codes.changes.iter().map(|step| {
        let state = match step.state {
            CodeState::Holds => Stands::Holds,
            CodeState::Withdrawn => Stands::Withdrawn,
            CodeState::Void => Stands::Void,
            CodeState::Contradicted => Stands::Contradicted,
            CodeState::NotWitnessed => Stands::NotWitnessed,
            CodeState::Objected => Stands::Objected,
            CodeState::ActNotHeld | CodeState::NotWeighed => Stands::ActNotHeld,
        };
        (
            place(&step.reference),
            (state, all(&step.by), all(&step.open)),
        )
    });
    CodeAnswer {
        now: codes.now,
        before: codes.before.iter().copied().collect(),
        changes: changes.collect(),
    }
}
