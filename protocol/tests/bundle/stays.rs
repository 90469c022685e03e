//! Stays and repairs in a bundle, with what takes them back.

use std::sync::Arc;

use concordat_protocol::bundle::{Bundle, belonging, verify};
use concordat_protocol::effect::Effect;
use concordat_protocol::statement::{
    Class, Content, Notice, Repair, RepairEffect, RepairFields, StatementRef, Stay, StayFields,
    Withdrawal, WithdrawalReason,
};

use crate::fixture::{Case, day, mandate, text};

/// A decision that the receiver stayed and its issuer repaired.
struct Freed {
    case: Case,
    stay: StatementRef,
    repair: StatementRef,
    acts: Vec<StatementRef>,
    notices: Vec<StatementRef>,
}

impl Freed {
    fn new() -> Self {
        let mut case = Case::new(5);
        let (issuer, receiver) = (case.net.issuer.clone(), case.net.receiver.clone());
        let classes = [Class::Decision, Class::Repair, Class::Withdrawal];
        case.net.enrol(&issuer, vec![mandate(&classes)]);
        let classes = [Class::Stay, Class::Withdrawal];
        case.net.enrol(&receiver, vec![mandate(&classes)]);
        let stay = Stay::new(StayFields {
            body: text("市中级人民法院"),
            document_number: text("〔2026〕行停1号"),
            ordered_on: day("2026-01-01"),
            until: None,
            reasons: text("停止执行"),
        });
        let repair = Repair::new(RepairFields {
            effects: vec![RepairEffect::StopSharing],
            decided_on: day("2026-02-01"),
            basis: vec![],
            reasons: text("已履行义务"),
            applied_on: None,
        });
        let (stay, repair) = (Box::new(stay.unwrap()), Box::new(repair.unwrap()));
        let (log, receivers, on) = (
            case.net.issuer_log(),
            case.net.receiver_log(),
            Some(&case.decision),
        );
        let stay = case.net.say(&receiver, &receivers, Content::Stay(stay), on);
        let repair = case.net.say(&issuer, &log, Content::Repair(repair), on);
        let notice = case.net.notify(Notice {
            target: case.decision.clone(),
            act: stay.clone(),
            class: Class::Stay,
            ground: None,
            over_cap: None,
        });
        Self {
            case,
            acts: vec![stay.clone(), repair.clone()],
            stay,
            repair,
            notices: vec![notice],
        }
    }

    /// Takes both acts back, each by its author.
    fn taken_back(mut self) -> Self {
        let net = &mut self.case.net;
        let (issuer, receiver) = (net.issuer.clone(), net.receiver.clone());
        let withdrawal = || {
            Content::Withdrawal(Withdrawal {
                reason: WithdrawalReason::OtherError,
                reasons: text("复核有误"),
                exit: None,
            })
        };
        let (log, receivers) = (net.issuer_log(), net.receiver_log());
        let lifted = net.say(&receiver, &receivers, withdrawal(), Some(&self.stay));
        let undone = net.say(&issuer, &log, withdrawal(), Some(&self.repair));
        self.acts.extend([lifted, undone]);
        self
    }

    /// What the bundle of all that belongs to the decision says, and how many acts that is.
    fn effect(&self) -> (Effect, usize) {
        let net = &self.case.net;
        let gathered = self.acts.iter().chain(&self.notices);
        let gathered: Vec<_> = gathered.map(|one| Arc::new(net.verified(one))).collect();
        let belonging = belonging(&net.verified(&self.case.decision), &gathered);
        let mut parts = self.case.parts(net.included());
        (parts.acts, parts.notices) = (vec![], vec![]);
        for one in &belonging {
            let entry = net.entry(one.reference());
            match one.statement().payload().class().is_act() {
                true => parts.acts.push(entry),
                false => parts.notices.push(entry),
            }
        }
        let acts = parts.acts.len();
        let bundle = Bundle::build(parts, &net.registry).unwrap();
        let verified = verify(&bundle.encode().unwrap(), &net.anchor(), None).unwrap();
        assert_eq!(verified.notices_without_act().count(), 0);
        (verified.state().unwrap().effect, acts)
    }
}

// spec: BUN-22, EFF-151, EFF-161
#[test]
fn bundle_takes_stays_and_repairs_with_it_and_shows_their_effect() {
    let freed = Freed::new();
    let (effect, acts) = freed.effect();
    assert_eq!(acts, 2);
    assert_eq!(effect.stayed_by, std::slice::from_ref(&freed.stay));
    assert!(!effect.in_force_for_issuer());
    let repaired = effect.repaired.unwrap();
    assert_eq!(repaired.by, [freed.repair]);
    assert_eq!(repaired.effects, [RepairEffect::StopSharing]);
}

// spec: BUN-22, EFF-153, EFF-162
#[test]
fn bundle_takes_with_it_what_takes_a_stay_or_a_repair_back() {
    let freed = Freed::new().taken_back();
    let (effect, acts) = freed.effect();
    assert_eq!(acts, 4);
    assert_eq!((effect.stayed_by, effect.repaired), (vec![], None));
}
