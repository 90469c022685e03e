//! Contents that break a rule of their class.

use super::*;

pub(super) fn content() -> Vec<Case> {
    let good = entries(&encoded());
    let decision = entries(&good.iter().find(|(key, _)| key == &[6]).unwrap().1);
    let whole = |decision: &[(Vec<u8>, Vec<u8>)]| {
        with_payload(&map_of(&set(&good, &[6], map_of(decision))))
    };
    let with = |key: u8, value: Vec<u8>| whole(&set(&decision, &[key], value));
    let lacks = |key: u8| whole(&without(&decision, &[key]));
    let one = |name: &str, comment: &str, input, spec, cause| {
        Case::refused(name, comment, input, spec, cause)
    };
    let shape =
        |name: &str, comment: &str, input, spec| one(name, comment, input, spec, "Decode.Shape");
    let number = |value: i64| encode(&value).unwrap();
    let day = |text: &str| encode(&day(text)).unwrap();
    let duty = |measure: &str| {
        [
            &[0x81, 0xa2, 1][..],
            &text(measure),
            &[2],
            &day("2026-09-30"),
        ]
        .concat()
    };
    let mut cases = vec![
        shape("no subject", "required", lacks(1), "STM-15"),
        shape("no document number", "required", lacks(2), "STM-15"),
        shape("no act type", "required", lacks(3), "STM-15"),
        shape("no item", "required", lacks(4), "STM-15"),
        shape("no day", "required", lacks(5), "STM-15"),
        shape("no service", "adverse and not served", lacks(6), "STM-21"),
        shape(
            "no basis",
            "adverse and no article of law",
            lacks(7),
            "STM-20",
        ),
        shape(
            "no end of publication",
            "adverse and published without end",
            lacks(16),
            "STM-22",
        ),
        shape(
            "no remedy",
            "adverse and nowhere to turn",
            lacks(17),
            "STM-23",
        ),
        shape(
            "empty list",
            "a list that is left out when empty",
            with(7, vec![0x80]),
            "STM-15",
        ),
        shape(
            "key 24",
            "a key that a decision has not",
            whole(&set(&decision, &[0x18, 24], vec![0])),
            "STM-15",
        ),
        shape(
            "act type 14",
            "an act type that is not in the list",
            with(3, vec![14]),
            "STM-15",
        ),
        shape(
            "item in capitals",
            "an item code of another form",
            with(4, text("Labour")),
            "STM-15",
        ),
        shape(
            "item empty",
            "an item code of no characters",
            with(4, text("")),
            "STM-15",
        ),
        shape(
            "fine negative",
            "less than nothing",
            with(11, number(-1)),
            "STM-15",
        ),
        shape(
            "day out of range",
            "a day beyond 2199",
            with(5, number(100_000)),
            "STM-15",
        ),
        shape(
            "measure on a person",
            "a measure that falls on no organisation",
            with(13, duty("person.travel-ban")),
            "STM-40",
        ),
        shape(
            "measure on a person under a known area",
            "words of one's own in the code of a measure",
            with(13, duty("market.limit.manager")),
            "STM-40",
        ),
        shape(
            "publication ends before",
            "an end before the decision",
            with(16, day("2026-03-01")),
            "STM-22",
        ),
        shape(
            "publication ends never",
            "a day that stands for no end",
            with(16, day("2099-12-31")),
            "STM-22",
        ),
        shape(
            "validity ends never",
            "a day that stands for no end",
            with(15, day("2099-12-31")),
            "STM-22",
        ),
        shape(
            "validity ends before it begins",
            "an end before its beginning",
            whole(&set(
                &set(&decision, &[14], day("2026-06-01")),
                &[15],
                day("2026-05-01"),
            )),
            "STM-22",
        ),
        shape(
            "served before",
            "service before the decision",
            with(6, [vec![0xa2, 1], day("2026-03-01"), vec![2, 1]].concat()),
            "STM-21",
        ),
        shape(
            "penalty classes unsorted",
            "a list out of order",
            with(10, vec![0x82, 2, 1]),
            "STM-31",
        ),
        shape(
            "penalty class twice",
            "one entry twice",
            with(10, vec![0x82, 2, 2]),
            "STM-31",
        ),
        shape(
            "penalty class 5",
            "detention, which concerns persons",
            with(10, vec![0x81, 5]),
            "STM-15",
        ),
        shape(
            "synthetic unsorted",
            "a list out of order",
            with(20, vec![0x82, 6, 5]),
            "STM-31",
        ),
        shape(
            "identity number in facts",
            "personal data",
            with(8, text("身份证号362322198709086409")),
            "STM-25",
        ),
        shape(
            "identity number in content",
            "personal data",
            with(9, text("身份证号362322198709086409")),
            "STM-25",
        ),
        shape(
            "identity number in the number",
            "personal data",
            with(2, text("362322198709086409")),
            "STM-25",
        ),
        shape(
            "identity number in the source",
            "personal data",
            with(21, text("362322198709086409")),
            "STM-25",
        ),
        shape(
            "facts blank",
            "text of nothing but space",
            with(8, text("  ")),
            "STM-15",
        ),
        shape(
            "facts with a control character",
            "U+0007",
            with(8, text("a\u{7}")),
            "STM-15",
        ),
        one(
            "facts not NFC",
            "text not in normal form C",
            with(8, text("e\u{301}")),
            "CBOR-5",
            "Decode.NotNfc",
        ),
        one(
            "fine as float",
            "money as a floating-point number",
            with(11, vec![0xfa, 0x42, 0xc8, 0, 0]),
            "CBOR-3",
            "Decode.Float",
        ),
        shape(
            "fine as text",
            "money as text",
            with(11, text("5000.00")),
            "STM-15",
        ),
        shape(
            "day as text",
            "a day as text",
            with(5, text("2026-03-02")),
            "STM-15",
        ),
        shape(
            "decision as a list",
            "values without keys",
            with_payload(&map_of(&set(&good, &[6], vec![0x81, 1]))),
            "STM-15",
        ),
    ];
    let article = [
        vec![0x81, 0xa3, 1],
        text("劳动法"),
        vec![2],
        text("362322198709086409"),
        vec![3, 1],
    ]
    .concat();
    cases.push(shape(
        "identity number in the basis",
        "personal data",
        with(7, article),
        "STM-25",
    ));
    let net = Net::production();
    let changed = |content: Content, key: u8, value: Vec<u8>| {
        let payload = entries(&encode(&act(content, net.reference(city(), 3))).unwrap());
        let inner = entries(&payload.iter().find(|(key, _)| key == &[6]).unwrap().1);
        with_payload(&map_of(&set(
            &payload,
            &[6],
            map_of(&set(&inner, &[key], value)),
        )))
    };
    let personal = || text("身份证号362322198709086409");
    let withdrawal = || {
        Content::Withdrawal(Withdrawal {
            reason: WithdrawalReason::OtherError,
            reasons: crate::support::text("有误"),
            exit: None,
        })
    };
    let correction = || {
        Content::Correction(Box::new(Correction {
            reasons: crate::support::text("有误"),
            replacement: Decision::new(penalty()).unwrap(),
        }))
    };
    let ruling = || {
        Content::Ruling(
            Ruling::new(
                Outcome::Upheld,
                vec![net.reference(city(), 3)],
                crate::support::text("成立"),
            )
            .unwrap(),
        )
    };
    cases.push(one(
        "identity number in a withdrawal",
        "personal data",
        changed(withdrawal(), 2, personal()),
        "STM-25",
        "Decode.Shape",
    ));
    cases.push(one(
        "identity number in a correction",
        "personal data",
        changed(correction(), 1, personal()),
        "STM-25",
        "Decode.Shape",
    ));
    cases.push(shape(
        "identity number in an objection",
        "personal data",
        changed(objection(), 5, personal()),
        "STM-25",
    ));
    cases.push(shape(
        "identity number in a ruling",
        "personal data",
        changed(ruling(), 3, personal()),
        "STM-25",
    ));
    cases.push(shape(
        "objection not over the cap",
        "false where nothing is said",
        changed(objection(), 4, vec![0xf4]),
        "STM-15",
    ));
    cases.push(shape(
        "objection on ground 9",
        "a ground that is not in the list",
        changed(objection(), 2, vec![9]),
        "STM-15",
    ));
    cases.push(shape(
        "objection by a person",
        "a role that is not in the list",
        changed(objection(), 1, vec![4]),
        "STM-15",
    ));
    let first = encode(&net.reference(city(), 3)).unwrap();
    let second = encode(&net.reference(city(), 4)).unwrap();
    cases.push(shape(
        "ruling on nothing",
        "no objection named",
        changed(ruling(), 2, vec![0x80]),
        "STM-26",
    ));
    cases.push(shape(
        "ruling on one twice",
        "an objection named twice",
        changed(
            ruling(),
            2,
            [vec![0x82], first.clone(), first.clone()].concat(),
        ),
        "STM-26",
    ));
    cases.push(shape(
        "ruling out of order",
        "objections out of order",
        changed(ruling(), 2, [vec![0x82], second, first].concat()),
        "STM-26",
    ));
    cases.extend(acts::refused(&net));
    cases.extend(registry::notices(&net));
    cases.extend(propagation::refused(&net));
    cases
}
