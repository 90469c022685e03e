//! Records, and those that break a rule of theirs.

use super::*;
use crate::records;
use concordat_protocol::subject::SubjectCode;

/// A good record with another value under one key, or without the key.
struct Changed(Content);

impl Changed {
    fn whole(&self, change: impl FnOnce(&[(Vec<u8>, Vec<u8>)]) -> Vec<u8>) -> Vec<u8> {
        let payload = entries(&encode(&payload(self.0.clone())).unwrap());
        let inner = entries(&payload.iter().find(|(key, _)| key == &[6]).unwrap().1);
        with_payload(&map_of(&set(&payload, &[6], change(&inner))))
    }

    fn entries(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let payload = entries(&encode(&payload(self.0.clone())).unwrap());
        entries(&payload.iter().find(|(key, _)| key == &[6]).unwrap().1)
    }

    fn with(&self, key: u8, value: Vec<u8>) -> Vec<u8> {
        self.whole(|inner| map_of(&set(inner, &[key], value)))
    }

    fn lacks(&self, key: u8) -> Vec<u8> {
        self.whole(|inner| map_of(&without(inner, &[key])))
    }
}

fn on(text: &str) -> Vec<u8> {
    encode(&day(text)).unwrap()
}

pub(super) fn records() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, content) in records::all() {
        let input = plain(&payload(content.clone()));
        cases.push(Case::ok(name, input, "STM-100"));
        let good = Changed(content);
        let mut one = |what: &str, comment: &str, input, spec| {
            let name = format!("{name}: {what}");
            cases.push(Case::refused(name, comment, input, spec, "Decode.Shape"));
        };
        one("no subject", "about nobody", good.lacks(1), "STM-15");
        one("no item", "under no item", good.lacks(2), "STM-15");
        one("no day", "of no day", good.lacks(3), "STM-15");
        one(
            "another key",
            "a key that no record has",
            good.whole(|inner| map_of(&set(inner, &[23], vec![1]))),
            "STM-15",
        );
        // Every text of it, its item too.
        for (key, _) in good
            .entries()
            .iter()
            .filter(|(_, value)| value[0] >> 5 == 3)
        {
            let what = format!("identity number under key {}", key[0]);
            let input = good.with(key[0], text("11010519491231002X"));
            one(&what, "personal data", input, "STM-25");
        }
    }
    cases.extend(refused());
    cases
}

fn refused() -> Vec<Case> {
    let of = |name: &str| Changed(records::named(name));
    let shape = |name: &str, comment: &str, input, spec| {
        Case::refused(name, comment, input, spec, "Decode.Shape")
    };
    let commitment = of("commitment");
    let outcome = of("broken commitment");
    let declaration = of("self-declaration");
    let evaluation = of("evaluation");
    let interview = of("interview");
    let measure = of("measure");
    let initiation = of("initiation");
    let response = of("no basis");
    let push = of("push");
    let feedback = of("feedback");
    let code_change = of("code change");
    let identity = || text("由 11010519491231002X 申请");
    vec![
        shape(
            "change of code to the same",
            "a code that changes into itself",
            code_change.with(4, text("91230400MA0000015M")),
            "STM-215",
        ),
        shape(
            "change of a code whose check does not hold",
            "a code that was mistyped",
            code_change.with(4, text("91230402MA00000991")),
            "STM-215",
        ),
        shape(
            "change of a household's code",
            "another organisation",
            code_change.with(
                4,
                encode(&SubjectCode::with_check("92230402MA0000099").unwrap()).unwrap(),
            ),
            "STM-215",
        ),
        shape(
            "change of code without basis",
            "no article of law",
            code_change.lacks(5),
            "STM-216",
        ),
        shape(
            "due before it is made",
            "an end before the day",
            commitment.with(6, on("2026-03-01")),
            "STM-103",
        ),
        shape(
            "published for ever",
            "a day that stands for no end",
            commitment.with(8, on("2099-12-31")),
            "STM-103",
        ),
        shape(
            "identity number in a promise",
            "personal data",
            commitment.with(5, identity()),
            "STM-25",
        ),
        shape(
            "occasion 6",
            "no code of an occasion",
            commitment.with(4, vec![6]),
            "STM-15",
        ),
        shape(
            "broken without basis",
            "adverse, and no article",
            outcome.lacks(7),
            "STM-104",
        ),
        shape(
            "broken without service",
            "adverse, and nobody was told",
            outcome.lacks(8),
            "STM-104",
        ),
        shape(
            "broken without end",
            "adverse, and published for ever",
            outcome.lacks(9),
            "STM-104",
        ),
        shape(
            "broken without remedy",
            "adverse, and not to be contested",
            outcome.lacks(10),
            "STM-104",
        ),
        shape(
            "outcome 4",
            "no code of an outcome",
            outcome.with(5, vec![4]),
            "STM-15",
        ),
        shape(
            "no promise of truth",
            "nobody answers for it",
            declaration.lacks(5),
            "STM-107",
        ),
        shape(
            "untruthful",
            "a truth that is false",
            declaration.with(5, vec![0xf4]),
            "STM-107",
        ),
        shape(
            "evaluation of a person",
            "a sole proprietorship",
            evaluation.with(1, sole()),
            "STM-108",
        ),
        shape(
            "a score",
            "a grade with digits",
            evaluation.with(4, text("87.5")),
            "STM-109",
        ),
        shape(
            "a wide score",
            "a grade with wide digits",
            evaluation.with(4, text("８７")),
            "STM-109",
        ),
        shape(
            "number beside the grade",
            "a value to reckon with",
            evaluation.with(10, vec![0x18, 87]),
            "STM-109",
        ),
        shape(
            "period backwards",
            "it ends before it begins",
            evaluation.with(8, on("2024-12-31")),
            "STM-103",
        ),
        shape(
            "interview about nothing",
            "no statement",
            interview.lacks(5),
            "STM-15",
        ),
        shape(
            "nothing by no day",
            "no day to put it right by",
            interview.lacks(8),
            "STM-15",
        ),
        shape(
            "measure without end",
            "for ever",
            measure.lacks(7),
            "STM-110",
        ),
        shape(
            "measure to 2099",
            "a day that stands for no end",
            measure.with(7, on("2099-12-31")),
            "STM-103",
        ),
        shape(
            "measure on a person",
            "travel is nothing of an organisation",
            measure.with(5, text("travel.limit")),
            "STM-40",
        ),
        shape(
            "measure without basis",
            "adverse, and no article",
            measure.lacks(9),
            "STM-104",
        ),
        shape(
            "clause without agreement",
            "a clause of nothing",
            measure.lacks(10),
            "STM-111",
        ),
        shape(
            "measure on no decision",
            "nothing that it rests on",
            measure.lacks(4),
            "STM-15",
        ),
        shape(
            "initiation on nothing",
            "no decision",
            initiation.lacks(4),
            "STM-105",
        ),
        shape(
            "initiation to nobody",
            "nobody is asked",
            initiation.lacks(5),
            "STM-105",
        ),
        shape(
            "initiation of nothing",
            "no measure",
            initiation.lacks(6),
            "STM-105",
        ),
        shape(
            "no article",
            "no basis, and no article named",
            response.lacks(7),
            "STM-112",
        ),
        shape(
            "refused without reasons",
            "no word why",
            response.lacks(8),
            "STM-112",
        ),
        shape(
            "accepted with an article",
            "an article that lacks nothing",
            response.with(5, vec![1]),
            "STM-112",
        ),
        shape("push to nobody", "nobody is told", push.lacks(5), "STM-105"),
        shape(
            "not from above",
            "a truth that is false",
            push.with(6, vec![0xf4]),
            "CBOR-10",
        ),
        shape(
            "month 13",
            "a year of thirteen months",
            feedback.with(5, encode(&202_613_u64).unwrap()),
            "STM-15",
        ),
        shape(
            "month to come",
            "a month that has not begun",
            feedback.with(5, encode(&202_612_u64).unwrap()),
            "STM-113",
        ),
        shape(
            "empty feedback",
            "nothing done and nothing verified",
            feedback.lacks(6),
            "STM-114",
        ),
        shape(
            "done to nobody",
            "applied where nobody was found",
            feedback.with(7, vec![2]),
            "STM-114",
        ),
    ]
}

/// The subject as a sole proprietorship.
fn sole() -> Vec<u8> {
    encode(&records::sole_proprietor()).unwrap()
}
