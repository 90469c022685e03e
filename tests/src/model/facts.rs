//! From the plain data of the model to what the real function takes, and back from its record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use concordat_protocol::codec::Ext;
use concordat_protocol::effect::{
    Basis, BasisState, BindsOthers, Burden, Effect, Fact, History, Horizon, Limits, LogHorizon,
    Source, SuspensionKind, Validity, VoidCause, WaitingCause, effect,
};
use concordat_protocol::log::{Hash, LeafIndex, NetworkKind, Origin, TreeSize};
use concordat_protocol::statement::{
    ActType, Admission, BasisLevel, Class, Code, Content, Correction, Decision, DecisionFields,
    Duty, Ground, LegalBasis, Measure, MeasureCatalogue, Notice, Objection, ObjectorRole, Outcome,
    Payload, PenaltyClass, Remedy, RemedyKind, Repair, RepairEffect, RepairFields, Ruling, Service,
    ServiceWay, StatementRef, Stay, StayFields, Withdrawal, WithdrawalReason,
};
use concordat_protocol::subject::{AuthorityCode, Form, Subject, SubjectCheck, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::Authority;

use crate::model::{
    Expected, Figures, Known, May, Place, REGISTER, Rest, Ruled, Say, Scenario, Spoken, State,
    Told, Void, Weak, Why,
};

pub(super) static ISSUERS: LazyLock<[AuthorityCode; 5]> = LazyLock::new(|| {
    let firsts = [
        "11230400000000019",
        "11231100000000019",
        "11240000000000019",
        "11250000000000019",
        "11230400000000029",
    ];
    firsts.map(|first| {
        let code = SubjectCode::with_check(first).expect("17 characters of a code");
        AuthorityCode::new(code).expect("an organ of the state")
    })
});

static ORIGINS: LazyLock<[Origin; 4]> = LazyLock::new(|| {
    let genesis = Hash::from_bytes([7; 32]);
    [(0, 0), (1, 0), (2, 0), (3, 2)].map(|(member, log)| {
        let member: AuthorityCode = ISSUERS[member];
        Origin::new(NetworkKind::Test, &genesis, member.as_str(), log).expect("a member code")
    })
});

static SUBJECTS: LazyLock<[Subject; 2]> = LazyLock::new(|| {
    ["91230400MA0000015", "91230400MA0000023"].map(|first| {
        let code = SubjectCode::with_check(first).expect("17 characters of a code");
        Subject::new(code, SubjectCheck::Ok, Form::Enterprise, text("某某公司"))
            .expect("an enterprise")
    })
});

/// What the real function takes, made once and asked often.
#[derive(Clone, Debug)]
pub struct Question {
    /// The decision asked about.
    pub target: StatementRef,
    /// The set.
    pub history: History,
    /// The horizon.
    pub horizon: Horizon,
    as_of: Day,
    now: Timestamp,
    limits: Limits,
}

impl Question {
    /// Turns a scenario into a question.
    ///
    /// # Panics
    /// When the scenario holds values that no statement can.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let logs = scenario.logs.iter();
        let facts = scenario.set.iter().map(|s| Arc::new(fact(s)));
        let mut history: History = facts.collect();
        for (act, target) in &scenario.unread {
            history.insert_unread(reference(*act), reference(*target));
        }
        for (again, erased) in &scenario.gone {
            history.insert_gone(reference(*again), reference(*erased));
        }
        Self {
            target: reference(scenario.target),
            history,
            horizon: Horizon {
                logs: logs
                    .map(|(log, known)| (origin(*log), horizon(*known)))
                    .collect(),
                register: origin(REGISTER),
            },
            as_of: day(scenario.as_of),
            now: Timestamp::new(scenario.now_ms).expect("an instant"),
            limits: Limits {
                freshness_days: scenario.freshness_days,
                measures: None,
            },
        }
    }

    /// Puts a catalogue of measures beside it.
    pub(super) fn revoke(&mut self, measures: Option<Arc<MeasureCatalogue>>) {
        self.limits.measures = measures;
    }

    /// Has it be about another day.
    pub fn ask_about(&mut self, as_of: i32) {
        self.as_of = day(as_of);
    }

    /// Asks it.
    #[must_use]
    pub fn ask(&self) -> Effect {
        effect(
            &self.target,
            &self.history,
            &self.horizon,
            self.as_of,
            self.now,
            &self.limits,
        )
    }
}

/// A statement of the model as a fact.
///
/// # Panics
/// When it holds values that no statement can.
#[must_use]
pub fn fact(spoken: &Spoken) -> Fact {
    let (content, target, register) = content(&spoken.say);
    let size = |size: u64| TreeSize::new(size).expect("a size");
    let payload = Payload {
        issued_at: Timestamp::MIN,
        target: target.map(reference),
        register_size: target.map(|_| size(register)),
        batch: None,
        content,
        ext: Ext::default(),
    };
    let authority = match spoken.supervision {
        true => Authority::Supervision,
        false => Authority::Mandate,
    };
    let void = spoken.void.map(|void| match void {
        Void::CutOff => VoidCause::CutOff,
        Void::Late => VoidCause::CtxLate,
        Void::Suspended => VoidCause::Suspended,
        Void::Ended => VoidCause::MandateEnded,
    });
    let issuer = ISSUERS[usize::from(spoken.issuer)];
    let place = reference(spoken.place);
    let fact = Fact::new(place, issuer, Arc::new(payload), authority, void)
        .with_bytes_of(&reference(spoken.bytes))
        .about(SUBJECTS[usize::from(spoken.about)].code());
    let fact = match spoken.history {
        true => fact.of_history(),
        false => fact,
    };
    let predecessors = spoken.in_place_of.iter();
    let predecessors: Vec<_> = predecessors.map(|one| ISSUERS[usize::from(*one)]).collect();
    let fact = fact
        .by_registry(size(spoken.registry))
        .in_place_of(&predecessors);
    match spoken.beyond_repair {
        true => fact.not_to_be_repaired(),
        false => fact,
    }
}

/// The record in the words of the model.
///
/// # Panics
/// When it names statements that no scenario holds.
#[must_use]
pub fn expected(record: &Effect) -> Expected {
    Expected {
        state: state(&record.validity),
        superseded_by: record.superseded_by.as_ref().map(place),
        stayed: (places(&record.stayed_by), record.grant_stayed),
        repaired: record.repaired.as_ref().map(|repaired| {
            let asked = repaired.effects.iter();
            let asked = asked.map(|one| u8::try_from(one.code()).expect("a code"));
            (places(&repaired.by), asked.collect())
        }),
        suspended: suspended(record),
        awaiting: record
            .suspended_by
            .iter()
            .flat_map(|suspension| places(&suspension.awaiting_act))
            .collect(),
        waiting: record
            .waiting
            .iter()
            .map(|w| (place(&w.objection), w.why == WaitingCause::OverCap))
            .collect(),
        pending: places(&record.pending),
        rest: rest(record),
        weak: weak(&record.basis),
        may: may(record.binds_others()),
        stands: record.in_force_for_issuer(),
    }
}

fn content(say: &Say) -> (Content, Option<Place>, u64) {
    match say {
        Say::Decision(figures) => (Content::Decision(Box::new(decision(figures))), None, 0),
        Say::Correction {
            target,
            figures,
            register,
        } => {
            let correction = Correction {
                reasons: text("有误"),
                replacement: decision(figures),
            };
            (
                Content::Correction(Box::new(correction)),
                Some(*target),
                *register,
            )
        }
        Say::Withdrawal { target, register } => {
            let withdrawal = Withdrawal {
                reason: WithdrawalReason::OtherError,
                reasons: text("有误"),
                exit: None,
            };
            (Content::Withdrawal(withdrawal), Some(*target), *register)
        }
        Say::Objection {
            target,
            role,
            ground,
            over_cap,
            register,
        } => {
            let role = ObjectorRole::from_code(u64::from(*role)).expect("a role");
            let on = day(20_600);
            let objection = Objection::new(role, ground_of(*ground), on, *over_cap, None);
            (Content::Objection(objection), Some(*target), *register)
        }
        Say::Ruling {
            target,
            outcome,
            closes,
        } => {
            let outcome = match outcome {
                Ruled::Upheld => Outcome::Upheld,
                Ruled::Rejected => Outcome::Rejected,
                Ruled::Corrected => Outcome::Corrected,
                Ruled::Withdrawn => Outcome::Withdrawn,
            };
            let ruling = Ruling::new(outcome, references(closes), text("已核查"));
            (
                Content::Ruling(ruling.expect("it names some")),
                Some(*target),
                0,
            )
        }
        Say::Admission { target, admits } => {
            let admission = Admission::new(references(admits), text("已审查"));
            let admission = admission.expect("it names some");
            (Content::Admission(admission), Some(*target), 0)
        }
        Say::Notice {
            target,
            act,
            told,
            over_cap,
        } => {
            let notice = Notice {
                target: reference(*target),
                act: reference(*act),
                class: match told {
                    Told::Objection(_) => Class::Objection,
                    Told::Ruling => Class::Ruling,
                    Told::Stay => Class::Stay,
                },
                ground: match told {
                    Told::Objection(ground) => Some(ground_of(*ground)),
                    Told::Ruling | Told::Stay => None,
                },
                over_cap: over_cap.then_some(true),
            };
            (Content::Notice(notice), None, 0)
        }
        Say::Stay {
            target,
            from,
            until,
        } => {
            let stay = Stay::new(StayFields {
                body: text("市中级人民法院"),
                document_number: text("〔2026〕行停1号"),
                ordered_on: day(*from),
                until: until.map(day),
                reasons: text("停止执行"),
            });
            let stay = stay.expect("it ends no earlier");
            (Content::Stay(Box::new(stay)), Some(*target), 0)
        }
        Say::Repair { target, effects } => {
            let effect =
                |code: &u8| RepairEffect::from_code(u64::from(*code)).expect("a repair effect");
            let repair = Repair::new(RepairFields {
                effects: effects.iter().map(effect).collect(),
                decided_on: day(20_600),
                basis: Vec::new(),
                reasons: text("已履行义务"),
                applied_on: None,
            });
            let repair = repair.expect("it asks something");
            (Content::Repair(Box::new(repair)), Some(*target), 0)
        }
        Say::CodeChange { from, to } => {
            let change = super::codes::change_of_subjects(
                &SUBJECTS[usize::from(*from)],
                &SUBJECTS[usize::from(*to)],
            );
            (change, None, 0)
        }
        Say::Nothing => panic!("the rules make this, and no statement says it"),
    }
}

/// Document numbers as decisions of the model write them: the first and the third are one number, the
/// second and the fourth another.
const WRITINGS: [&str; 4] = [
    "A罚〔2026〕1号",
    "A罚〔2026〕2号",
    "a罚（２０２６）１号",
    "A罚 [2026] 2号",
];

/// The measures of the model, ascending.
pub(super) const MEASURES: [&str; 3] = ["credit.limit", "loan.limit", "tender.limit"];

pub(super) fn decision(figures: &Figures) -> Decision {
    let sum = |fen: u64| (fen != 0).then_some(fen);
    let class = |code: &u8| PenaltyClass::from_code(u64::from(*code)).expect("a class");
    let measure = |(measure, until): (&u8, &i32)| Duty {
        measure: Measure::new(MEASURES[usize::from(*measure)]).expect("a measure"),
        until: day(*until),
        content: None,
    };
    let first = figures.from.min(figures.publication);
    Decision::new(DecisionFields {
        subject: SUBJECTS[usize::from(figures.subject)].clone(),
        document_number: text(WRITINGS[usize::from(figures.document)]),
        act_type: if figures.penalty {
            ActType::Penalty
        } else {
            ActType::Licence
        },
        item: code(["item.a", "item.b"][usize::from(figures.item)]),
        decided_on: day(first),
        service: Some(Service {
            on: day(figures.served),
            way: ServiceWay::Direct,
        }),
        basis: vec![LegalBasis {
            law: text("劳动法"),
            article: text("第九十一条"),
            level: BasisLevel::Law,
        }],
        facts: None,
        content: None,
        penalty_classes: figures.classes.iter().map(class).collect(),
        fine_fen: sum(figures.fine),
        confiscation_fen: None,
        duties: figures.duties.iter().map(measure).collect(),
        valid_from: Some(day(figures.from)),
        valid_until: figures.until.map(day),
        publication_until: Some(day(figures.publication)),
        remedies: vec![Remedy {
            kind: RemedyKind::Reconsideration,
            body: text("市人民政府"),
            within_days: 60,
        }],
        reissues: figures.root.map(reference),
        rests_on: references(&figures.rests_on),
        synthetic: vec![],
        source: None,
        published_on: None,
        listing: None,
    })
    .expect("a decision within the boundary")
}

fn state(validity: &Validity) -> State {
    match validity {
        Validity::InForce => State::InForce,
        Validity::Void { why } => State::Void(match why {
            VoidCause::CutOff => Void::CutOff,
            VoidCause::CtxLate => Void::Late,
            VoidCause::Suspended => Void::Suspended,
            VoidCause::MandateEnded => Void::Ended,
        }),
        Validity::Withdrawn { by } => State::Withdrawn(places(by)),
        Validity::Corrected { by } => State::Corrected(places(by)),
        Validity::TargetNotHeld { acts } => State::NotHeld(places(acts)),
        Validity::NotADecision => State::NotADecision,
    }
}

fn suspended(record: &Effect) -> BTreeMap<Why, BTreeSet<Place>> {
    let suspensions = record.suspended_by.iter();
    let suspended: BTreeMap<_, _> = suspensions
        .map(|suspension| {
            let why = match suspension.kind {
                SuspensionKind::Objection(ground) => {
                    Why::Objection(u8::try_from(ground.code()).expect("a code"))
                }
                SuspensionKind::Conflict => Why::Conflict,
                SuspensionKind::Fork => Why::Fork,
                SuspensionKind::ActNotHeld => Why::ActNotHeld,
                SuspensionKind::StayNotHeld => Why::StayNotHeld,
            };
            (why, places(&suspension.by))
        })
        .collect();
    assert_eq!(suspended.len(), record.suspended_by.len(), "one a ground");
    suspended
}

fn rest(record: &Effect) -> Option<Rest> {
    let classes = record.amounts.penalty_classes.iter();
    let duties = record.duties.iter().map(|state| {
        let measure = MEASURES
            .iter()
            .position(|known| *known == state.duty.measure.as_str());
        let measure = measure.expect("a measure of the model");
        (
            u8::try_from(measure).expect("one of three"),
            state.duty.until.value(),
        )
    });
    let from = record.term.from?;
    Some(Rest {
        // Not part of the record; the comparison leaves it out.
        same: (0, 0, !record.is_grant),
        lifted: record.burden == Burden::Lifted,
        fine: record.amounts.fine_fen,
        classes: classes
            .map(|class| u8::try_from(class.code()).expect("a code"))
            .collect(),
        duties: duties.collect(),
        from: from.value(),
        until: record.term.end.until.map(Day::value),
        burden_from: record.burden_term.from.map_or(0, Day::value),
        burden_until: record.burden_term.end.until.map(Day::value),
        publication: record.publication.until.map_or(0, Day::value),
    })
}

fn weak(basis: &Basis) -> BTreeMap<Place, Weak> {
    let failures = match basis {
        Basis::RestsOnNothing | Basis::Holds { .. } => return BTreeMap::new(),
        Basis::Fails { failures } => failures,
    };
    let weak = |why: BasisState| match why {
        BasisState::Void => Weak::Void,
        BasisState::Withdrawn => Weak::Withdrawn,
        BasisState::Repaired => Weak::Repaired,
        BasisState::NotChecked => Weak::NotChecked,
        BasisState::NotHeld => Weak::NotHeld,
        BasisState::NotWitnessed => Weak::NotWitnessed,
        BasisState::Suspended => Weak::Suspended,
        BasisState::Unknown => Weak::Unknown,
    };
    failures
        .iter()
        .map(|failure| (place(&failure.basis), weak(failure.why)))
        .collect()
}

pub(super) fn may(verdict: BindsOthers) -> May {
    match verdict {
        BindsOthers::Applies => May::Applies,
        BindsOthers::Suspended => May::Suspended,
        BindsOthers::UnknownSince { source, since } => {
            let issuer = source.map(|source| source == Source::Issuer);
            May::Unknown(issuer, since.map(Timestamp::value))
        }
        BindsOthers::Ended => May::Ended,
        BindsOthers::NotYet => May::NotYet,
        BindsOthers::NotWitnessed => May::NotWitnessed,
        BindsOthers::Lifted => May::Lifted,
        BindsOthers::Repaired => May::Repaired,
        BindsOthers::Stayed => May::Stayed,
        BindsOthers::NoBasis => May::NoBasis,
        BindsOthers::BasisNotHeld => May::BasisNotHeld,
        BindsOthers::Superseded => May::Superseded,
        BindsOthers::Withdrawn => May::Withdrawn,
        BindsOthers::Void => May::Void,
        BindsOthers::NotHeld => May::NotHeld,
        BindsOthers::NotWeighed => panic!("sets are small"),
    }
}

/// The reference of a place: the leaf hash follows from it.
#[must_use]
pub fn reference(place: Place) -> StatementRef {
    let mut hash = [0; 32];
    hash[0] = place.branch;
    hash[1] = place.log;
    hash[24..].copy_from_slice(&place.index.to_be_bytes());
    StatementRef {
        origin: origin(place.log),
        index: LeafIndex::new(place.index),
        leaf_hash: Hash::from_bytes(hash),
    }
}

pub(super) fn references(places: &BTreeSet<Place>) -> Vec<StatementRef> {
    let mut references: Vec<_> = places.iter().copied().map(reference).collect();
    references.sort();
    references
}

pub(super) fn place(reference: &StatementRef) -> Place {
    let hash = reference.leaf_hash.as_bytes();
    Place {
        log: hash[1],
        index: reference.index.value(),
        branch: hash[0],
    }
}

fn places(references: &[StatementRef]) -> BTreeSet<Place> {
    references.iter().map(place).collect()
}

pub(super) fn origin(log: u8) -> Origin {
    ORIGINS[usize::from(log)].clone()
}

pub(super) fn horizon(known: Known) -> LogHorizon {
    let witnessed = TreeSize::new(known.witnessed).expect("a size");
    LogHorizon {
        size: witnessed,
        witnessed,
        quorum_time: known
            .quorum_ms
            .map(|ms| Timestamp::new(ms).expect("an instant")),
        frozen_at: known.frozen_at.map(LeafIndex::new),
    }
}

fn ground_of(code: u8) -> Ground {
    Ground::from_code(u64::from(code)).expect("a ground")
}

pub(super) fn day(days: i32) -> Day {
    Day::new(i64::from(days)).expect("a day")
}

pub(super) fn code(text: &str) -> Code {
    Code::new(text).expect("a code")
}

pub(super) fn text<const MAX: usize>(content: &str) -> Text<MAX> {
    Text::new(content).expect("a short text")
}
