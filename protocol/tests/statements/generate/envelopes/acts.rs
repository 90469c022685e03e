//! Stays and repairs, and those that break a rule.

use concordat_protocol::statement::{Erasure, ErasureGround};

use super::*;

pub(super) fn stay() -> Content {
    let stay = Stay::new(StayFields {
        body: crate::support::text("鹤岗市中级人民法院"),
        document_number: crate::support::text("（2026）黑04行初12号"),
        ordered_on: day("2026-04-01"),
        until: Some(day("2026-10-01")),
        reasons: crate::support::text("执行会造成难以弥补的损失"),
    });
    Content::Stay(Box::new(stay.unwrap()))
}

/// What takes an entry off a red list.
pub(super) fn exit() -> Content {
    Content::Withdrawal(Withdrawal {
        reason: WithdrawalReason::DecisionRevoked,
        reasons: crate::support::text("认定标准已修订，不再符合"),
        exit: Some(RedExit::CriteriaChanged),
    })
}

pub(super) fn repair() -> Content {
    let repair = Repair::new(RepairFields {
        effects: vec![RepairEffect::RemoveFromList, RepairEffect::StopSharing],
        decided_on: day("2026-09-01"),
        basis: penalty().basis,
        reasons: crate::support::text("已履行义务并纠正失信行为"),
        applied_on: None,
    });
    Content::Repair(Box::new(repair.unwrap()))
}

pub(super) fn erasure() -> Content {
    Content::Erasure(Box::new(Erasure {
        ground: ErasureGround::Law,
        by: crate::support::text("市市场监督管理局"),
        basis: penalty().basis,
        closure: Vec::new(),
    }))
}

pub(super) fn erasure_of_more(net: &Net) -> Content {
    let Content::Erasure(mut erasure) = erasure() else {
        panic!("it is an erasure");
    };
    erasure.closure = vec![net.reference(city(), 1), net.reference(city(), 4)];
    Content::Erasure(erasure)
}

/// A good content with another value under one key, or without the key.
struct Changed<'n> {
    net: &'n Net,
    content: Content,
}

impl Changed<'_> {
    fn whole(&self, change: impl FnOnce(&[(Vec<u8>, Vec<u8>)]) -> Vec<u8>) -> Vec<u8> {
        let payload = act(self.content.clone(), self.net.reference(city(), 3));
        let payload = entries(&encode(&payload).unwrap());
        let inner = entries(&payload.iter().find(|(key, _)| key == &[6]).unwrap().1);
        with_payload(&map_of(&set(&payload, &[6], change(&inner))))
    }

    fn with(&self, key: u8, value: Vec<u8>) -> Vec<u8> {
        self.whole(|inner| map_of(&set(inner, &[key], value)))
    }

    fn lacks(&self, key: u8) -> Vec<u8> {
        self.whole(|inner| map_of(&without(inner, &[key])))
    }
}

pub(super) fn refused(net: &Net) -> Vec<Case> {
    let mut cases = stays(&Changed {
        net,
        content: stay(),
    });
    cases.extend(repairs(&Changed {
        net,
        content: repair(),
    }));
    cases.extend(exits(&Changed {
        net,
        content: exit(),
    }));
    cases.extend(erasures(&Changed {
        net,
        content: erasure(),
    }));
    cases
}

fn erasures(erasure: &Changed<'_>) -> Vec<Case> {
    let code = |code: u8| erasure.with(1, vec![code]);
    vec![
        shape(
            "erasure on no ground",
            "required",
            erasure.lacks(1),
            "STM-15",
        ),
        shape("erasure on ground 0", "no code", code(0), "STM-15"),
        shape("erasure on ground 4", "no code", code(4), "STM-15"),
        shape("erasure by nobody", "required", erasure.lacks(2), "STM-15"),
        Case::refused(
            "erasure without a basis",
            "nothing goes without a law that says so",
            erasure.lacks(3),
            "STM-203",
            "Invalid.ErasureBasis",
        ),
        shape(
            "erasure that names a person",
            "personal data",
            erasure.with(2, text("身份证号362322198709086409")),
            "ID-37",
        ),
        shape(
            "erasure with key 5",
            "no such key",
            erasure.with(5, vec![0]),
            "STM-15",
        ),
        Case::refused(
            "erasure that takes its target along",
            "the target is named once",
            erasure.with(4, encode(&vec![erasure.net.reference(city(), 3)]).unwrap()),
            "STM-204",
            "Invalid.ErasureClosure",
        ),
    ]
}

fn shape(name: &str, comment: &str, input: Vec<u8>, spec: &'static str) -> Case {
    Case::refused(name, comment, input, spec, "Decode.Shape")
}

fn stays(stay: &Changed<'_>) -> Vec<Case> {
    let on = |text: &str| encode(&day(text)).unwrap();
    let personal = || text("身份证号362322198709086409");
    vec![
        shape("stay by nobody", "required", stay.lacks(1), "STM-15"),
        shape("stay without an order", "required", stay.lacks(2), "STM-15"),
        shape("stay from no day", "required", stay.lacks(3), "STM-15"),
        shape("stay without reasons", "required", stay.lacks(5), "STM-15"),
        shape(
            "stay with key 6",
            "a key that a stay has not",
            stay.with(6, vec![0]),
            "STM-15",
        ),
        shape(
            "stay that ends before its order",
            "an end before the beginning",
            stay.with(4, on("2026-03-31")),
            "STM-70",
        ),
        shape(
            "stay with an order that reads like another",
            "U+200D in the number of the order",
            stay.with(2, text("12\u{200d}号")),
            "STM-71",
        ),
        shape(
            "identity number in the body of a stay",
            "personal data",
            stay.with(1, personal()),
            "STM-25",
        ),
        shape(
            "identity number in the order of a stay",
            "personal data",
            stay.with(2, text("362322198709086409")),
            "STM-25",
        ),
        shape(
            "identity number in the reasons of a stay",
            "personal data",
            stay.with(5, personal()),
            "STM-25",
        ),
    ]
}

// spec: STM-190
fn exits(exit: &Changed<'_>) -> Vec<Case> {
    let wrong = |name, comment, value| shape(name, comment, exit.with(3, value), "STM-190");
    vec![
        wrong(
            "withdrawal with exit 0",
            "a way off the list that there is not",
            vec![0],
        ),
        wrong(
            "withdrawal with exit 5",
            "a way off the list that there is not",
            vec![5],
        ),
        wrong(
            "withdrawal with an exit in words",
            "a text in the place of a code",
            text("4"),
        ),
        shape(
            "withdrawal with key 4",
            "a key that a withdrawal has not",
            exit.with(4, vec![1]),
            "STM-15",
        ),
    ]
}

fn repairs(repair: &Changed<'_>) -> Vec<Case> {
    vec![
        shape(
            "repair that asks nothing",
            "no effect named",
            repair.lacks(1),
            "STM-72",
        ),
        shape(
            "repair with an empty list",
            "a list that is left out when empty",
            repair.with(1, vec![0x80]),
            "STM-15",
        ),
        shape(
            "repair out of order",
            "effects out of order",
            repair.with(1, vec![0x82, 2, 1]),
            "STM-72",
        ),
        shape(
            "repair with one effect twice",
            "an effect named twice",
            repair.with(1, vec![0x82, 2, 2]),
            "STM-72",
        ),
        shape(
            "repair with effect 5",
            "an effect that is not in the list",
            repair.with(1, vec![0x81, 5]),
            "STM-15",
        ),
        shape("repair on no day", "required", repair.lacks(2), "STM-15"),
        shape(
            "repair without reasons",
            "required",
            repair.lacks(4),
            "STM-15",
        ),
        shape(
            "repair with key 5",
            "a key that a repair has not",
            repair.with(5, vec![0]),
            "STM-15",
        ),
        shape(
            "repair with key 7",
            "a key that a repair has not",
            repair.with(7, vec![0]),
            "STM-15",
        ),
        shape(
            "repair applied for after it was decided on",
            "the day of the application is a day later",
            repair.with(6, encode(&day("2026-09-02")).unwrap()),
            "STM-180",
        ),
        shape(
            "repair applied for on no day",
            "a text in the place of a day",
            repair.with(6, text("2026-08-20")),
            "STM-15",
        ),
        shape(
            "repair on a basis of level 7",
            "a level that is not in the list",
            repair.with(3, basis("行政处罚法", 7)),
            "STM-15",
        ),
        shape(
            "identity number in the basis of a repair",
            "personal data",
            repair.with(3, basis("362322198709086409", 1)),
            "STM-25",
        ),
        shape(
            "identity number in the reasons of a repair",
            "personal data",
            repair.with(4, text("身份证号362322198709086409")),
            "STM-25",
        ),
    ]
}

fn basis(law: &str, level: u8) -> Vec<u8> {
    [
        vec![0x81, 0xa3, 1],
        text(law),
        vec![2],
        text("第七十三条"),
        vec![3, level],
    ]
    .concat()
}
