//! One test for each rule of `spec/effect.md`.

use std::sync::Arc;

use super::*;
use crate::codec::Ext;
use crate::log::{Hash, LeafIndex, NetworkKind};
use crate::statement::{
    ActType, Admission, BasisLevel, Class, Code, Content, Correction, Decision, DecisionFields,
    Duty, Ground, LegalBasis, Listing, Measure, Notice, Objection, ObjectorRole, Outcome, Payload,
    PenaltyClass, Remedy, RemedyKind, Repair, RepairEffect, RepairFields, Ruling, Service,
    ServiceWay, Stay, StayFields, Vis, Withdrawal, WithdrawalReason,
};
use crate::subject::{AuthorityCode, Form, Subject, SubjectCheck, SubjectCode};
use crate::text::Text;
use crate::trust::Authority;

mod announced;
mod codes;
mod doubles;
mod ends;
mod gone;
mod objection;
mod rejection;
mod repairs;
mod restore;
mod stays;
mod story;
mod successions;
mod unread;
mod validity;
mod work;

/// Who speaks: the issuer of the decision, another city, the supervisor, the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Issuer,
    City,
    Supervisor,
    Hub,
}

impl Who {
    pub(crate) const ALL: [Self; 4] = [Self::Issuer, Self::City, Self::Supervisor, Self::Hub];

    pub(crate) fn code(self) -> AuthorityCode {
        let first_17 = match self {
            Self::Issuer => "11230400000000019",
            Self::City => "11231100000000019",
            Self::Supervisor => "11230000000000019",
            Self::Hub => "11230000000000029",
        };
        AuthorityCode::new(SubjectCode::with_check(first_17).unwrap()).unwrap()
    }

    pub(crate) fn origin(self) -> Origin {
        let log = if self == Self::Hub { 2 } else { 0 };
        let genesis = Hash::from_bytes([7; 32]);
        Origin::new(NetworkKind::Test, &genesis, self.code().as_str(), log).unwrap()
    }

    fn authority(self) -> Authority {
        match self {
            Self::Supervisor => Authority::Supervision,
            Self::Issuer | Self::City | Self::Hub => Authority::Mandate,
        }
    }
}

/// A place in somebody's log. The leaf hash follows from it.
pub(crate) fn at(who: Who, index: u64) -> StatementRef {
    let mut hash = [0; 32];
    hash[0] = who as u8;
    hash[24..].copy_from_slice(&index.to_be_bytes());
    StatementRef {
        origin: who.origin(),
        index: LeafIndex::new(index),
        leaf_hash: Hash::from_bytes(hash),
    }
}

pub(crate) fn day(text: &str) -> Day {
    Day::parse_loose(text).unwrap()
}

pub(crate) fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

pub(crate) fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

pub(crate) fn measure(text: &str) -> Measure {
    Measure::new(text).unwrap()
}

pub(crate) fn duty(measure: &str, until: &str) -> Duty {
    Duty {
        measure: self::measure(measure),
        until: day(until),
        content: None,
    }
}

/// A penalty of 5,000 yuan with one measure.
pub(crate) fn penalty() -> DecisionFields {
    DecisionFields {
        subject: Subject::new(
            SubjectCode::parse("91230400MA0000015M").unwrap(),
            SubjectCheck::Ok,
            Form::Enterprise,
            text("鹤岗某某有限公司"),
        )
        .unwrap(),
        document_number: text("鹤劳罚字〔2026〕12号"),
        act_type: ActType::Penalty,
        item: code("labour.penalty"),
        decided_on: day("2026-03-02"),
        service: Some(Service {
            on: day("2026-03-04"),
            way: ServiceWay::Direct,
        }),
        basis: vec![LegalBasis {
            law: text("劳动法"),
            article: text("第九十一条"),
            level: BasisLevel::Law,
        }],
        facts: Some(text("拖欠工资")),
        content: None,
        penalty_classes: vec![PenaltyClass::Fine],
        fine_fen: Some(500_000),
        confiscation_fen: None,
        duties: vec![duty("tender.limit", "2026-09-30")],
        valid_from: None,
        valid_until: None,
        publication_until: Some(day("2027-03-01")),
        remedies: vec![Remedy {
            kind: RemedyKind::Reconsideration,
            body: text("鹤岗市人民政府"),
            within_days: 60,
        }],
        reissues: None,
        rests_on: vec![],
        synthetic: vec![],
        source: None,
        published_on: None,
        listing: None,
    }
}

/// A licence for three years.
pub(crate) fn licence() -> DecisionFields {
    DecisionFields {
        act_type: ActType::Licence,
        item: code("food.licence"),
        basis: vec![],
        penalty_classes: vec![],
        fine_fen: None,
        duties: vec![],
        valid_from: Some(day("2026-03-02")),
        valid_until: Some(day("2029-03-01")),
        ..penalty()
    }
}

fn with(mut fields: DecisionFields, change: impl FnOnce(&mut DecisionFields)) -> DecisionFields {
    change(&mut fields);
    fields
}

/// The penalty, resting on another decision.
pub(crate) fn resting_on(basis: &StatementRef) -> DecisionFields {
    with(penalty(), |fields| {
        fields.document_number = text("鹤劳罚字〔2026〕13号");
        fields.rests_on = vec![basis.clone()];
    })
}

pub(crate) fn fine(fen: u64) -> DecisionFields {
    with(penalty(), |fields| fields.fine_fen = Some(fen))
}

/// Facts and a horizon in which everything put in is witnessed, unless said otherwise.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) history: History,
    pub(crate) horizon: Horizon,
    pub(crate) as_of: Day,
    pub(crate) now: Timestamp,
}

const NOW_MS: u64 = 1_780_000_000_000;
const DAY_MS: u64 = 86_400_000;

impl World {
    pub(crate) fn new() -> Self {
        let log = LogHorizon {
            size: TreeSize::new(1_000).unwrap(),
            witnessed: TreeSize::new(1_000).unwrap(),
            quorum_time: Some(Timestamp::new(NOW_MS - 60_000).unwrap()),
            frozen_at: None,
        };
        Self {
            history: History::new(),
            horizon: Horizon {
                logs: Who::ALL.map(|who| (who.origin(), log)).into(),
                register: Who::Hub.origin(),
            },
            as_of: day("2026-05-28"),
            now: Timestamp::new(NOW_MS).unwrap(),
        }
    }

    /// A world with the penalty at the issuer's position 10.
    pub(crate) fn with_penalty() -> (Self, StatementRef) {
        let mut world = Self::new();
        let target = world.decide(Who::Issuer, 10, penalty());
        (world, target)
    }

    fn log(&mut self, who: Who) -> &mut LogHorizon {
        self.horizon.logs.get_mut(&who.origin()).unwrap()
    }

    /// Statements from this position on are not witnessed.
    pub(crate) fn witnessed_up_to(&mut self, who: Who, size: u64) {
        self.log(who).witnessed = TreeSize::new(size).unwrap();
    }

    pub(crate) fn put(&mut self, fact: Fact) -> StatementRef {
        let reference = fact.reference().clone();
        self.history.insert(Arc::new(fact));
        reference
    }

    pub(crate) fn decide(&mut self, who: Who, index: u64, fields: DecisionFields) -> StatementRef {
        self.put(decision(who, index, fields))
    }

    pub(crate) fn act(
        &mut self,
        who: Who,
        index: u64,
        target: &StatementRef,
        content: Content,
    ) -> StatementRef {
        self.put(act(who, index, target, 0, content))
    }

    pub(crate) fn correct(
        &mut self,
        who: Who,
        index: u64,
        target: &StatementRef,
        fields: DecisionFields,
    ) -> StatementRef {
        self.act(who, index, target, correction(fields))
    }

    pub(crate) fn object(
        &mut self,
        who: Who,
        index: u64,
        target: &StatementRef,
        ground: Ground,
    ) -> StatementRef {
        self.act(who, index, target, objection(ground, false))
    }

    pub(crate) fn rule(
        &mut self,
        who: Who,
        index: u64,
        target: &StatementRef,
        outcome: Outcome,
        closes: &[&StatementRef],
    ) -> StatementRef {
        self.act(who, index, target, ruling(outcome, closes))
    }

    pub(crate) fn withdraw(&mut self, who: Who, index: u64, target: &StatementRef) -> StatementRef {
        self.act(who, index, target, withdrawal())
    }

    pub(crate) fn notice(
        &mut self,
        index: u64,
        target: &StatementRef,
        act: &StatementRef,
        class: Class,
        ground: Option<Ground>,
    ) -> StatementRef {
        self.put(notice(index, target, act, class, ground, None))
    }

    pub(crate) fn effect(&self, target: &StatementRef) -> Effect {
        effect(
            target,
            &self.history,
            &self.horizon,
            self.as_of,
            self.now,
            &Limits::default(),
        )
    }

    fn binds(&self, target: &StatementRef) -> BindsOthers {
        self.effect(target).binds_others()
    }
}

pub(crate) fn fact(who: Who, index: u64, payload: Payload) -> Fact {
    let payload = Arc::new(payload);
    Fact::new(at(who, index), who.code(), payload, who.authority(), None)
}

fn cut_off(fact: Fact) -> Fact {
    void(fact, VoidCause::CutOff)
}

fn void(fact: Fact, cause: VoidCause) -> Fact {
    let mut fact = fact;
    fact.mark_void(Some(cause));
    fact
}

pub(crate) fn payload(content: Content, target: Option<&StatementRef>, register: u64) -> Payload {
    Payload {
        issued_at: Timestamp::new(NOW_MS).unwrap(),
        target: target.cloned(),
        register_size: target.map(|_| TreeSize::new(register).unwrap()),
        batch: None,
        content,
        ext: Ext::default(),
    }
}

pub(crate) fn decision(who: Who, index: u64, fields: DecisionFields) -> Fact {
    let content = Content::Decision(Box::new(Decision::new(fields).unwrap()));
    fact(who, index, payload(content, None, 0))
}

fn act(who: Who, index: u64, target: &StatementRef, register: u64, content: Content) -> Fact {
    fact(who, index, payload(content, Some(target), register))
}

fn correction(fields: DecisionFields) -> Content {
    Content::Correction(Box::new(Correction {
        reasons: text("金额有误"),
        replacement: Decision::new(fields).unwrap(),
    }))
}

pub(crate) fn objection(ground: Ground, over_cap: bool) -> Content {
    objection_as(ObjectorRole::Subject, ground, over_cap)
}

fn objection_as(role: ObjectorRole, ground: Ground, over_cap: bool) -> Content {
    let received_on = day("2026-04-01");
    Content::Objection(Objection::new(role, ground, received_on, over_cap, None))
}

/// An objection that was received on a day.
pub(crate) fn objected_on(ground: Ground, on: &str) -> Content {
    let role = ObjectorRole::Subject;
    Content::Objection(Objection::new(role, ground, day(on), false, None))
}

fn sorted(references: &[&StatementRef]) -> Vec<StatementRef> {
    let mut references: Vec<_> = references.iter().copied().cloned().collect();
    references.sort();
    references
}

fn ruling(outcome: Outcome, closes: &[&StatementRef]) -> Content {
    Content::Ruling(Ruling::new(outcome, sorted(closes), text("经核查")).unwrap())
}

fn admission(admits: &[&StatementRef]) -> Content {
    Content::Admission(Admission::new(sorted(admits), text("经审查")).unwrap())
}

fn withdrawal() -> Content {
    Content::Withdrawal(Withdrawal {
        reason: WithdrawalReason::OtherError,
        reasons: text("录入错误"),
        exit: None,
    })
}

fn stay(ordered_on: &str, until: Option<&str>) -> Content {
    let stay = Stay::new(StayFields {
        body: text("鹤岗市中级人民法院"),
        document_number: text("（2026）黑04行初12号"),
        ordered_on: day(ordered_on),
        until: until.map(day),
        reasons: text("停止执行"),
    });
    Content::Stay(Box::new(stay.unwrap()))
}

pub(crate) fn repair(effects: &[RepairEffect]) -> Content {
    let repair = Repair::new(RepairFields {
        effects: effects.to_vec(),
        decided_on: day("2026-05-01"),
        basis: vec![],
        reasons: text("已履行义务"),
        applied_on: None,
    });
    Content::Repair(Box::new(repair.unwrap()))
}

fn notice(
    index: u64,
    target: &StatementRef,
    act: &StatementRef,
    class: Class,
    ground: Option<Ground>,
    over_cap: Option<bool>,
) -> Fact {
    let content = Content::Notice(Notice {
        target: target.clone(),
        act: act.clone(),
        class,
        ground,
        over_cap,
    });
    fact(Who::Hub, index, payload(content, None, 0))
}

fn grounds(effect: &Effect) -> Vec<SuspensionKind> {
    effect.suspended_by.iter().map(|s| s.kind).collect()
}
