//! Entries in lists that break a rule of theirs.

use super::*;

pub(super) fn lists() -> Vec<Case> {
    let good = entries(&encode(&payload(decision(crate::lists::serious()))).unwrap());
    let decision = entries(&good.iter().find(|(key, _)| key == &[6]).unwrap().1);
    let listing = entries(&decision.iter().find(|(key, _)| key == &[23]).unwrap().1);
    let whole = |decision: &[(Vec<u8>, Vec<u8>)]| {
        with_payload(&map_of(&set(&good, &[6], map_of(decision))))
    };
    let with = |key: u8, value: Vec<u8>| whole(&set(&decision, &[key], value));
    let lacks = |key: u8| whole(&without(&decision, &[key]));
    let listed = |key: u8, value: Vec<u8>| with(23, map_of(&set(&listing, &[key], value)));
    let unlisted = |key: u8| with(23, map_of(&without(&listing, &[key])));
    let shape = |name: &str, comment: &str, input, spec| {
        Case::refused(name, comment, input, spec, "Decode.Shape")
    };
    let day = |text: &str| encode(&day(text)).unwrap();
    let told = |on: &str| [vec![0xa2, 1], day(on), vec![2, 1]].concat();
    let as_decision = with_payload(&map_of(&set(&good, &[1], vec![1])));
    vec![
        shape(
            "entry as a decision",
            "an entry under the class of decisions",
            as_decision,
            "STM-80",
        ),
        shape(
            "no listing",
            "a list that says nothing of its end",
            lacks(23),
            "STM-80",
        ),
        shape(
            "listing of a penalty",
            "what an entry says under another type of act",
            with(3, vec![2]),
            "STM-80",
        ),
        shape(
            "no end of the entry",
            "on the list without end",
            lacks(15),
            "STM-81",
        ),
        shape(
            "no reasons",
            "on the list for no reason",
            lacks(8),
            "STM-81",
        ),
        shape(
            "no measures",
            "a list that brings nothing",
            lacks(13),
            "STM-83",
        ),
        shape(
            "a fine",
            "a list that punishes",
            with(11, vec![1]),
            "STM-83",
        ),
        shape(
            "not told",
            "listed without having been told",
            unlisted(1),
            "STM-82",
        ),
        shape(
            "told on the day",
            "told with the decision",
            listed(1, told("2026-03-02")),
            "STM-82",
        ),
        shape(
            "no conditions",
            "no way off the list",
            unlisted(2),
            "STM-81",
        ),
        shape("no procedure", "no way off the list", unlisted(3), "STM-81"),
        shape(
            "group 5",
            "a group that is not in the list",
            listed(4, vec![5]),
            "STM-84",
        ),
        shape(
            "quarter of a list of breaches",
            "a quarter",
            listed(5, encode(&20_261_u64).unwrap()),
            "STM-84",
        ),
        shape(
            "quarter 5",
            "a year of five quarters",
            listed(5, encode(&20_265_u64).unwrap()),
            "STM-84",
        ),
        shape(
            "listing key 6",
            "a key that an entry has not",
            listed(6, vec![1]),
            "STM-15",
        ),
        shape(
            "identity number in the conditions",
            "personal data",
            listed(2, text("由 11010519491231002X 申请")),
            "STM-25",
        ),
    ]
}
