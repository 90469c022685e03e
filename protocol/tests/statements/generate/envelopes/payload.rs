//! Payload maps that differ from the one form.

use super::*;

pub(super) fn payload_map() -> Vec<Case> {
    let good = entries(&encoded());
    let net = Net::production();
    let target = encode(&net.reference(city(), 3)).unwrap();
    let with = |key: u8, value: Vec<u8>| with_payload(&map_of(&set(&good, &[key], value)));
    let lacks = |key: u8| with_payload(&map_of(&without(&good, &[key])));
    let one = |name: &str, comment: &str, input, spec, cause| {
        Case::refused(name, comment, input, spec, cause)
    };
    let shape =
        |name: &str, comment: &str, input| one(name, comment, input, "STM-15", "Decode.Shape");
    // Entry 100 of the extension map.
    // spec: ID-45
    let in_ext = |name: &str, value: &[u8], spec| {
        let map = [&[0xa1, 0x18, 100][..], value].concat();
        let comment = "a text that no field would hold, in an entry of a later version";
        one(name, comment, with(15, map), spec, "Decode.Shape")
    };
    let deep = |words: &str| [&[0x81, 0xa1, 0][..], &text(words)].concat();
    let key = |words: &str| [&[0xa1][..], &text(words), &[0]].concat();
    let mut cases = vec![
        shape(
            "not a map",
            "a payload that is an array",
            with_payload(&[0x80]),
        ),
        shape(
            "empty map",
            "a payload without entries",
            with_payload(&[0xa0]),
        ),
        shape("no class", "the class missing", lacks(1)),
        shape("no instant", "the instant missing", lacks(2)),
        shape("no content", "the content missing", lacks(6)),
        shape(
            "class as text",
            "the class not a number",
            with(1, text("decision")),
        ),
        shape(
            "instant as text",
            "the instant not a number",
            with(2, text("2026-03-05")),
        ),
        shape(
            "instant negative",
            "an instant before 1970",
            with(2, vec![0x20]),
        ),
        shape(
            "instant beyond 2^53",
            "an instant that a double cannot hold",
            with(2, encode(&(1_u64 << 53)).unwrap()),
        ),
        shape("key 7", "a key that this version has not", with(7, vec![0])),
        shape(
            "key as text",
            "a text key",
            with_payload(&map_of(
                &[good.clone(), vec![(text("x"), vec![0])]].concat(),
            )),
        ),
        one(
            "mobile number in ext",
            "personal data in an entry of a later version",
            with(
                15,
                [&[0xa1, 0x18, 100, 0x81][..], &text("电话138.0013.8000")].concat(),
            ),
            "ID-37",
            "Decode.Shape",
        ),
        in_ext(
            "mobile number deep in ext",
            &deep("电话138.0013.8000"),
            "ID-37",
        ),
        in_ext(
            "identity number as a key in ext",
            &key("号362322198709086409"),
            "ID-37",
        ),
        in_ext("bell in ext", &text("a\u{7}"), "ID-45"),
        in_ext("control of direction in ext", &text("a\u{202e}b"), "ID-45"),
        in_ext("noncharacter in ext", &text("a\u{fdd0}"), "ID-45"),
        in_ext(
            "invisible character deep in ext",
            &deep("a\u{200b}b"),
            "ID-45",
        ),
        in_ext(
            "invisible character as a key in ext",
            &key("a\u{feff}"),
            "ID-45",
        ),
        shape(
            "ext empty",
            "an empty map of later entries",
            with(15, vec![0xa0]),
        ),
        shape(
            "ext as a list",
            "later entries not as a map",
            with(15, vec![0x80]),
        ),
        shape(
            "ext with text keys",
            "a later entry under text",
            with(15, vec![0xa1, 0x61, 0x61, 0]),
        ),
        shape(
            "batch of 15 bytes",
            "a batch of another length",
            with(5, bytes(&[1; 15])),
        ),
        shape("batch null", "null for what is absent", with(5, vec![0xf6])),
        shape(
            "target of two items",
            "a reference without leaf hash",
            with(
                3,
                [vec![0x82], target[1..].to_vec()].concat()[..target.len() - 34].to_vec(),
            ),
        ),
        one(
            "float",
            "a floating-point number",
            with(2, vec![0xf9, 0x3c, 0]),
            "CBOR-3",
            "Decode.Float",
        ),
        one(
            "tag",
            "a date tag within",
            with(2, vec![0xc1, 0]),
            "CBOR-3",
            "Decode.Tag",
        ),
        one(
            "long instant",
            "an instant not in its shortest form",
            with(2, vec![0x18, 0x01]),
            "CBOR-1",
            "Decode.NotShortest",
        ),
        one(
            "long map head",
            "the map's count in two bytes",
            {
                let mut payload = encoded();
                payload.splice(0..1, [0xb8, payload[0] & 0x1f]);
                with_payload(&payload)
            },
            "CBOR-1",
            "Decode.NotShortest",
        ),
        one(
            "indefinite map",
            "a payload of no said length",
            {
                let mut payload = encoded();
                payload[0] = 0xbf;
                payload.push(0xff);
                with_payload(&payload)
            },
            "CBOR-2",
            "Decode.Indefinite",
        ),
        one(
            "instant twice",
            "a key twice",
            with_payload(&map_of(&[good.clone(), vec![good[2].clone()]].concat())),
            "CBOR-4",
            "Decode.DuplicateKey",
        ),
        one(
            "keys reversed",
            "keys not ascending",
            with_payload(&map_of(&good.iter().rev().cloned().collect::<Vec<_>>())),
            "CBOR-4",
            "Decode.KeyOrder",
        ),
        one(
            "payload and more",
            "a byte after the map",
            with_payload(&[encoded(), vec![0]].concat()),
            "CBOR-8",
            "Decode.Trailing",
        ),
        one(
            "decision with target",
            "a target under another class than an act",
            with(3, target.clone()),
            "STM-16",
            "Target",
        ),
        one(
            "decision with register size",
            "a register size under another class",
            with(4, vec![0]),
            "STM-17",
            "RegisterSize",
        ),
    ];
    for class in [0, 14, 19, 28, 67, 255_u64] {
        let input = with(1, encode(&class).unwrap());
        cases.push(one(
            &format!("class {class}"),
            "no code of a class",
            input,
            "STM-18",
            "Decode.Shape",
        ));
    }
    let objection = entries(&encode(&act(objection(), net.reference(city(), 3))).unwrap());
    let no_target = map_of(&without(&objection, &[3]));
    cases.push(one(
        "act without target",
        "an objection to nothing",
        with_payload(&no_target),
        "STM-16",
        "Target",
    ));
    let no_size = map_of(&without(&objection, &[4]));
    cases.push(one(
        "act without register size",
        "an objection that does not say what it knew",
        with_payload(&no_size),
        "STM-17",
        "RegisterSize",
    ));
    let foreign = set(
        &objection,
        &[3],
        [vec![0x83], text("log"), vec![3], bytes(&[5; 32])].concat(),
    );
    cases.push(one(
        "target in no log",
        "an origin of another form",
        with_payload(&map_of(&foreign)),
        "STM-16",
        "Decode.Shape",
    ));
    cases
}
