//! Statements: well-formed but for the one thing that the case is about, and signed over it.

use concordat_protocol::codec::{Ext, Writer, encode};
use concordat_protocol::key::Signer;
use concordat_protocol::log::{Hash, TreeSize};
use concordat_protocol::statement::{Class, CutOff, Decision, Enrolment, KeyUse, Rotation};
use concordat_protocol::statement::{
    Content, Correction, Ctx, Ground, HeadSeen, Notice, Objection, ObjectorRole, Outcome, Payload,
    Policy, Proposal, Restart, Ruling, Withdrawal, WithdrawalReason, sign, sign_approval,
    sign_approved,
};
use concordat_protocol::trust::Network;

use super::Case;
use super::cases::{entries, map_of, set, without};
use crate::support::*;

const PLAIN: &str = "application/concordat+cbor";
const APPROVED: &str = "application/concordat-approved+cbor";
/// The label −65538.
const NETWORK: [u8; 5] = [0x3a, 0, 1, 0, 1];
const APPROVAL: &str = "application/concordat-approval+cbor";

pub(super) fn families() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("accepted", accepted()),
        ("envelope", envelope()),
        ("header", header()),
        ("payload", payload_map()),
        ("content", content()),
        ("approvals", approvals()),
        ("registry", registry()),
    ]
}

fn ctx() -> Ctx {
    Ctx {
        size: TreeSize::new(3).unwrap(),
        state: Hash::from_bytes([9; 32]),
    }
}

fn base() -> Payload {
    payload(decision(penalty()))
}

fn encoded() -> Vec<u8> {
    encode(&base()).unwrap()
}

fn text(text: &str) -> Vec<u8> {
    encode(&text).unwrap()
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(bytes);
    writer.finish()
}

/// The five entries of the header, keys and values encoded.
fn header_entries(content_type: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut ctx = Writer::default();
    ctx.array(2).unsigned(3).bytes(&[9; 32]);
    vec![
        (vec![1], vec![0x27]),
        (vec![3], text(content_type)),
        (vec![4], bytes(public(CITY_KEY).id().as_bytes())),
        (vec![15], claims(city().as_str(), SUBJECT)),
        (vec![0x3a, 0, 1, 0, 0], ctx.finish()),
    ]
}

fn claims(issuer: &str, about: &str) -> Vec<u8> {
    let mut writer = Writer::default();
    writer
        .map(2)
        .unsigned(1)
        .text(issuer)
        .unsigned(2)
        .text(about);
    writer.finish()
}

fn signature(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer
        .array(4)
        .text("Signature1")
        .bytes(protected)
        .bytes(&[])
        .bytes(payload);
    Signer::sign(&key(CITY_KEY), &writer.finish())
        .as_bytes()
        .to_vec()
}

/// A COSE_Sign1 over a header and a payload, whatever they hold.
fn signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer
        .raw(&[0xd2])
        .array(4)
        .bytes(protected)
        .map(0)
        .bytes(payload);
    writer.bytes(&signature(protected, payload));
    writer.finish()
}

fn with_header(header: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    signed(&map_of(header), &encoded())
}

fn with_payload(payload: &[u8]) -> Vec<u8> {
    signed(&map_of(&header_entries(PLAIN)), payload)
}

fn plain(payload: &Payload) -> Vec<u8> {
    sign(&key(CITY_KEY), city(), subject(), ctx(), payload).unwrap()
}

fn hub_says(content: Content) -> Vec<u8> {
    sign(&key(HUB_KEY), hub(), hub().code(), ctx(), &payload(content)).unwrap()
}

fn objection() -> Content {
    let day = day("2026-03-10");
    Content::Objection(
        Objection::new(ObjectorRole::Subject, Ground::Facts, day, false, None).unwrap(),
    )
}

fn accepted() -> Vec<Case> {
    let net = Net::production();
    let reference = || net.reference(city(), 3);
    let ok = |name: &str, input| Case::ok(name, input, "STM-1");
    let ext = Payload {
        ext: Ext::default().with_text(7, "later"),
        ..base()
    };
    let ruling = Ruling::new(
        Outcome::Upheld,
        vec![reference()],
        crate::support::text("成立"),
    );
    let withdrawal = Content::Withdrawal(Withdrawal {
        reason: WithdrawalReason::WrongSubject,
        reasons: crate::support::text("主体有误"),
    });
    let correction = Content::Correction(Box::new(Correction {
        reasons: crate::support::text("金额有误"),
        replacement: Decision::new(penalty()).unwrap(),
    }));
    let head = HeadSeen {
        origin: net.origin(city()),
        size: TreeSize::ZERO,
        root: Hash::from_bytes([0; 32]),
    };
    vec![
        ok("decision", plain(&base())),
        ok("decision with an entry of a later version", plain(&ext)),
        ok("objection", plain(&act(objection(), reference()))),
        ok(
            "ruling",
            plain(&act(Content::Ruling(ruling.unwrap()), reference())),
        ),
        ok("withdrawal", plain(&act(withdrawal, reference()))),
        ok("correction", plain(&act(correction, reference()))),
        ok("notice", hub_says(Content::Notice(notice(&net)))),
        ok("head seen", hub_says(Content::HeadSeen(head))),
        ok("restart", hub_says(Content::Restart(restart()))),
        ok("approved enrolment", approved(&[1, 2])),
    ]
}

fn notice(net: &Net) -> Notice {
    Notice {
        target: net.reference(city(), 1),
        act: net.reference(other_city(), 1),
        class: Class::Objection,
        ground: Some(Ground::Facts),
        over_cap: None,
    }
}

fn restart() -> Restart {
    Restart {
        size: TreeSize::ZERO,
        root: Hash::from_bytes([0; 32]),
    }
}

fn envelope() -> Vec<Case> {
    let good = plain(&base());
    let protected = map_of(&header_entries(PLAIN));
    let payload = encoded();
    let made_by_hand = signed(&protected, &payload);
    assert_eq!(good, made_by_hand, "the parts make the whole");
    let signature = signature(&protected, &payload);
    let made = |tag: &[u8], write: &dyn Fn(&mut Writer)| {
        let mut writer = Writer::default();
        writer.raw(tag);
        write(&mut writer);
        writer.finish()
    };
    let usual = |writer: &mut Writer| {
        writer
            .array(4)
            .bytes(&protected)
            .map(0)
            .bytes(&payload)
            .bytes(&signature);
    };
    let shape = |name: &str, comment: &str, input: Vec<u8>| {
        Case::refused(name, comment, input, "STM-1", "Decode.Unexpected")
    };
    let mut cases = vec![
        shape("no tag", "an untagged COSE_Sign1", made(&[], &usual)),
        shape("tag 17", "the tag of COSE_Mac0", made(&[0xd1], &usual)),
        shape("tag 98", "the tag of COSE_Sign", made(&[0xd8, 98], &usual)),
        shape(
            "tag 61 around it",
            "a CWT tag in front",
            made(&[0xd8, 61, 0xd2], &usual),
        ),
        shape("long tag", "tag 18 in two bytes", made(&[0xd8, 18], &usual)),
        shape(
            "three items",
            "no signature",
            made(&[0xd2], &|w| {
                w.array(3).bytes(&protected).map(0).bytes(&payload);
            }),
        ),
        shape(
            "five items",
            "an item too many",
            made(&[0xd2], &|w| {
                w.array(5)
                    .bytes(&protected)
                    .map(0)
                    .bytes(&payload)
                    .bytes(&signature)
                    .null();
            }),
        ),
        shape(
            "a map",
            "a map instead of an array",
            made(&[0xd2], &|w| {
                w.map(2)
                    .bytes(&protected)
                    .map(0)
                    .bytes(&payload)
                    .bytes(&signature);
            }),
        ),
        shape(
            "unprotected kid",
            "an entry in the unprotected header",
            made(&[0xd2], &|w| {
                w.array(4)
                    .bytes(&protected)
                    .map(1)
                    .unsigned(4)
                    .bytes(&[1])
                    .bytes(&payload)
                    .bytes(&signature);
            }),
        ),
        shape(
            "unprotected null",
            "null for the unprotected header",
            made(&[0xd2], &|w| {
                w.array(4)
                    .bytes(&protected)
                    .null()
                    .bytes(&payload)
                    .bytes(&signature);
            }),
        ),
        shape(
            "header as a map",
            "the protected header not as bytes",
            made(&[0xd2], &|w| {
                w.array(4)
                    .raw(&protected)
                    .map(0)
                    .bytes(&payload)
                    .bytes(&signature);
            }),
        ),
        shape(
            "header as text",
            "the protected header as text",
            made(&[0xd2], &|w| {
                w.array(4)
                    .text("header")
                    .map(0)
                    .bytes(&payload)
                    .bytes(&signature);
            }),
        ),
        shape(
            "payload as a map",
            "the payload not as bytes",
            made(&[0xd2], &|w| {
                w.array(4)
                    .bytes(&protected)
                    .map(0)
                    .raw(&payload)
                    .bytes(&signature);
            }),
        ),
        shape(
            "payload as text",
            "the payload as text",
            made(&[0xd2], &|w| {
                w.array(4)
                    .bytes(&protected)
                    .map(0)
                    .text("payload")
                    .bytes(&signature);
            }),
        ),
        shape(
            "signature as text",
            "the signature as text",
            made(&[0xd2], &|w| {
                w.array(4)
                    .bytes(&protected)
                    .map(0)
                    .bytes(&payload)
                    .text("signature");
            }),
        ),
        shape(
            "signature of 63 bytes",
            "a byte too few",
            made(&[0xd2], &|w| {
                w.array(4)
                    .bytes(&protected)
                    .map(0)
                    .bytes(&payload)
                    .bytes(&signature[1..]);
            }),
        ),
        shape(
            "signature of 65 bytes",
            "a byte too many",
            made(&[0xd2], &|w| {
                let long = [signature.as_slice(), &[0]].concat();
                w.array(4)
                    .bytes(&protected)
                    .map(0)
                    .bytes(&payload)
                    .bytes(&long);
            }),
        ),
    ];
    let one = |name: &str, comment: &str, input, spec, cause| {
        Case::refused(name, comment, input, spec, cause)
    };
    cases.push(one(
        "tagged twice",
        "tag 18 twice",
        [&[0xd2], good.as_slice()].concat(),
        "STM-1",
        "Decode.Tag",
    ));
    cases.push(one(
        "nothing",
        "no bytes",
        vec![],
        "STM-1",
        "Decode.Unexpected",
    ));
    cases.push(one(
        "empty header",
        "a protected header of no bytes",
        signed(&[], &payload),
        "STM-3",
        "Decode.Truncated",
    ));
    cases.push(one(
        "detached",
        "the payload left out",
        made(&[0xd2], &|w| {
            w.array(4).bytes(&protected).map(0).null().bytes(&signature);
        }),
        "STM-5",
        "Detached",
    ));
    cases.push(one(
        "cut short",
        "a byte too few",
        good[..good.len() - 1].to_vec(),
        "STM-1",
        "Decode.Truncated",
    ));
    cases.push(one(
        "and more",
        "a byte after it",
        [good.as_slice(), &[0]].concat(),
        "STM-1",
        "Decode.Trailing",
    ));
    cases.push(one(
        "indefinite array",
        "a COSE_Sign1 of no said length",
        made(&[0xd2], &|w| {
            w.raw(&[0x9f])
                .bytes(&protected)
                .map(0)
                .bytes(&payload)
                .bytes(&signature)
                .raw(&[0xff]);
        }),
        "STM-1",
        "Decode.Indefinite",
    ));
    cases.push(one(
        "long array head",
        "four items said in two bytes",
        made(&[0xd2], &|w| {
            w.raw(&[0x98, 4])
                .bytes(&protected)
                .map(0)
                .bytes(&payload)
                .bytes(&signature);
        }),
        "STM-1",
        "Decode.NotShortest",
    ));
    cases.push(one(
        "indefinite unprotected header",
        "an empty map of no said length",
        made(&[0xd2], &|w| {
            w.array(4)
                .bytes(&protected)
                .raw(&[0xbf, 0xff])
                .bytes(&payload)
                .bytes(&signature);
        }),
        "STM-1",
        "Decode.Indefinite",
    ));
    cases.push(one(
        "long payload head",
        "the payload's length in more bytes",
        made(&[0xd2], &|w| {
            let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
            w.array(4)
                .bytes(&protected)
                .map(0)
                .raw(&[0x5a])
                .raw(&length)
                .raw(&payload)
                .bytes(&signature);
        }),
        "STM-1",
        "Decode.NotShortest",
    ));
    let long = with_payload(&vec![0; 65_400]);
    cases.push(one(
        "65 KiB",
        "longer than 64 KiB",
        long,
        "STM-2",
        "TooLong",
    ));
    cases
}

fn header() -> Vec<Case> {
    let good = header_entries(PLAIN);
    let changed = |at: usize, value: Vec<u8>| {
        let mut header = good.clone();
        header[at].1 = value;
        with_header(&header)
    };
    let shape = |name: &str, comment: &str, input| {
        Case::refused(name, comment, input, "STM-3", "Decode.Unexpected")
    };
    let mut cases = Vec::new();
    for (name, alg) in [
        ("ES256", vec![0x26]),
        ("HS256", vec![5]),
        ("none", vec![0]),
        ("Ed25519 of RFC 9864", vec![0x32]),
        ("EdDSA as text", text("EdDSA")),
    ] {
        cases.push(shape(
            &format!("alg {name}"),
            "another algorithm",
            changed(0, alg),
        ));
    }
    for (at, name) in [
        (0, "alg"),
        (1, "content type"),
        (2, "kid"),
        (3, "claims"),
        (4, "ctx"),
    ] {
        let mut header = good.clone();
        header.remove(at);
        let input = with_header(&header);
        cases.push(shape(&format!("no {name}"), "an entry missing", input));
    }
    for (name, at, entry) in [
        ("crit", 1, (vec![2], vec![0x81, 3])),
        ("iv", 3, (vec![5], bytes(&[1]))),
        ("x5t", 4, (vec![0x18, 34], bytes(&[1]))),
        ("text key", 5, (text("x"), vec![0])),
        ("second kid", 3, (vec![4], bytes(&[0; 16]))),
    ] {
        let mut header = good.clone();
        header.insert(at, entry);
        let input = with_header(&header);
        cases.push(shape(&format!("extra {name}"), "an entry too many", input));
    }
    for (name, first, second) in [
        ("alg and type", 0, 1),
        ("type and kid", 1, 2),
        ("kid and claims", 2, 3),
        ("claims and ctx", 3, 4),
    ] {
        let mut header = good.clone();
        header.swap(first, second);
        cases.push(shape(
            &format!("{name} swapped"),
            "entries out of order",
            with_header(&header),
        ));
    }
    let id = public(CITY_KEY).id();
    for (name, kid) in [
        ("15 bytes", bytes(&id.as_bytes()[1..])),
        ("32 bytes", bytes(&[7; 32])),
        ("text", text("0123456789abcdef")),
    ] {
        cases.push(shape(
            &format!("kid of {name}"),
            "a kid of another form",
            changed(2, kid),
        ));
    }
    let mut three = Writer::default();
    three
        .map(3)
        .unsigned(1)
        .text(city().as_str())
        .unsigned(2)
        .text(SUBJECT)
        .unsigned(6)
        .unsigned(0);
    let mut swapped = Writer::default();
    swapped
        .map(2)
        .unsigned(2)
        .text(SUBJECT)
        .unsigned(1)
        .text(city().as_str());
    cases.push(shape(
        "claims with iat",
        "a claim too many",
        changed(3, three.finish()),
    ));
    cases.push(shape(
        "claims swapped",
        "sub before iss",
        changed(3, swapped.finish()),
    ));
    let ctx = |write: &dyn Fn(&mut Writer)| {
        let mut writer = Writer::default();
        write(&mut writer);
        changed(4, writer.finish())
    };
    cases.push(shape(
        "ctx of one item",
        "no state",
        ctx(&|w| {
            w.array(1).unsigned(3);
        }),
    ));
    cases.push(shape(
        "ctx state of 31 bytes",
        "a state of another form",
        ctx(&|w| {
            w.array(2).unsigned(3).bytes(&[9; 31]);
        }),
    ));
    cases.push(shape(
        "ctx of negative size",
        "a size below zero",
        ctx(&|w| {
            w.array(2).negative(2).bytes(&[9; 32]);
        }),
    ));
    let one = |name: &str, comment: &str, input, spec, cause| {
        Case::refused(name, comment, input, spec, cause)
    };
    cases.push(one(
        "ctx beyond sizes",
        "a size of 2^63",
        ctx(&|w| {
            w.array(2).unsigned(1 << 63).bytes(&[9; 32]);
        }),
        "STM-6",
        "Ctx",
    ));
    for content_type in [
        "application/cbor",
        "application/concordat+CBOR",
        "application/cose",
        APPROVAL,
    ] {
        let input = with_header(&header_entries(content_type));
        cases.push(one(
            content_type,
            "another content type",
            input,
            "STM-3",
            "ContentType",
        ));
    }
    cases.push(shape(
        "content type as a number",
        "a CoAP content format",
        changed(1, vec![0x18, 60]),
    ));
    for (name, code) in [
        ("enterprise without check", "91230400MA0000015N"),
        ("lower case", "112304000000000ma9"),
        ("self-employed", "92230400MA0000015M"),
        ("empty", ""),
    ] {
        let input = changed(3, claims(code, SUBJECT));
        cases.push(one(
            &format!("iss {name}"),
            "no authority code",
            input,
            "STM-4",
            "Issuer",
        ));
    }
    for (name, code) in [
        ("letter O", "9123O400MA0000015M"),
        ("lower case", "91230400ma0000015m"),
        ("short", "91230400MA000001"),
        ("identity number", "362322198709086409"),
    ] {
        let input = changed(3, claims(city().as_str(), code));
        cases.push(one(
            &format!("sub {name}"),
            "no subject code",
            input,
            "STM-4",
            "About",
        ));
    }
    let about = claims(city().as_str(), city().as_str());
    cases.push(one(
        "sub of another",
        "sub differs from the content",
        changed(3, about),
        "STM-13",
        "AboutAnother",
    ));
    let mut long = map_of(&good);
    long.splice(0..1, [0xb8, 5]);
    cases.push(one(
        "long map head",
        "five entries said in two bytes",
        signed(&long, &encoded()),
        "STM-3",
        "Decode.NotShortest",
    ));
    let more = [map_of(&good), vec![0]].concat();
    cases.push(one(
        "header and more",
        "a byte after the map",
        signed(&more, &encoded()),
        "STM-3",
        "Decode.Trailing",
    ));
    cases.push(one(
        "kid tagged",
        "a tag within the header",
        changed(2, [vec![0xc2], bytes(id.as_bytes())].concat()),
        "STM-3",
        "Decode.Tag",
    ));
    cases
}

fn payload_map() -> Vec<Case> {
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
    for class in [0, 13, 19, 28, 67, 255_u64] {
        let input = with(1, encode(&class).unwrap());
        cases.push(one(
            &format!("class {class}"),
            "no code of a class",
            input,
            "STM-18",
            "Decode.Shape",
        ));
    }
    for class in Class::ALL {
        let class = class.code();
        let reserved = [
            2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 22, 25, 26, 30, 31, 32, 33, 41, 42, 43, 49, 61, 62,
            63, 64,
        ];
        if reserved.contains(&class) {
            let input = with(1, encode(&class).unwrap());
            cases.push(one(
                &format!("reserved class {class}"),
                "a class without content in this version",
                input,
                "STM-18",
                "Decode.Shape",
            ));
        }
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

fn content() -> Vec<Case> {
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
            "key 23",
            "a key that a decision has not",
            with(23, vec![0]),
            "STM-15",
        ),
        shape(
            "act type 11",
            "an act type that is not in the list",
            with(3, vec![11]),
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
        "Invalid.PersonalData",
    ));
    cases.push(one(
        "identity number in a correction",
        "personal data",
        changed(correction(), 1, personal()),
        "STM-25",
        "Invalid.PersonalData",
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
    cases.extend(notices(&net));
    cases
}

/// Keys that nobody may trust, wherever the registry takes one, and truths said in two ways.
fn registry() -> Vec<Case> {
    let says = |content: &[u8], class: u8| {
        let mut header = header_entries(PLAIN);
        header[2].1 = bytes(public(HUB_KEY).id().as_bytes());
        header[3].1 = claims(hub().as_str(), city().as_str());
        let fields = entries(&encode(&payload(decision(penalty()))).unwrap());
        let fields = set(&fields, &[1], encode(&class).unwrap());
        signed(
            &map_of(&header),
            &map_of(&set(&fields, &[6], content.to_vec())),
        )
    };
    let enrolled = Enrolment {
        recovery_key: Some(public(6)),
        ..city_enrolment()
    };
    let rotation = Rotation {
        member: city(),
        key_use: KeyUse::Node,
        old: public(1),
        new: public(2),
        next: None,
    };
    let cut_off = CutOff {
        member: city(),
        key_use: KeyUse::Node,
        key: public(1),
        from: None,
        continues: None,
        replacement: Some(public(2)),
        next: None,
    };
    // Keys 7 and 11 of an enrolment are lists.
    let put = |class: u8, key: u8, bad: &[u8]| match (class, key) {
        (45, 7 | 11) => [&[0x81], &bytes(bad)[..]].concat(),
        _ => bytes(bad),
    };
    let places: [(&str, u8, Vec<u8>, &[u8]); 3] = [
        (
            "enrolment",
            45,
            encode(&enrolled).unwrap(),
            &[7, 8, 9, 10, 11, 15],
        ),
        ("rotation", 46, encode(&rotation).unwrap(), &[3, 4]),
        ("cut-off", 48, encode(&cut_off).unwrap(), &[3, 6]),
    ];
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut second = [0xff; 32];
    (second[0], second[31]) = (0xf0, 0x7f);
    let bad: [(&str, Vec<u8>); 5] = [
        ("the identity", identity.to_vec()),
        ("a point of order 4", vec![0; 32]),
        ("no point", vec![2; 32]),
        ("a second encoding", second.to_vec()),
        ("31 bytes", vec![3; 31]),
    ];
    let mut cases = Vec::new();
    for (shape, class, good, keys) in &places {
        cases.push(Case::ok(*shape, says(good, *class), "STM-15"));
        for key in *keys {
            for (what, bad) in &bad {
                let content = map_of(&set(&entries(good), &[*key], put(*class, *key, bad)));
                cases.push(Case::refused(
                    format!("{shape} with {what} under {key}"),
                    "a key that proves nothing",
                    says(&content, *class),
                    "KEY-2",
                    "Decode.Shape",
                ));
            }
        }
    }
    let fields = entries(&encode(&enrolled).unwrap());
    let mandate = entries(&encode(&mandate()).unwrap());
    for (name, said, cause) in [
        ("supervisor", 0xf5, None),
        ("false supervisor", 0xf4, Some("Decode.Shape")),
        ("null supervisor", 0xf6, Some("Decode.Shape")),
    ] {
        let mandates = [vec![0x81], map_of(&set(&mandate, &[7], vec![said]))].concat();
        let input = says(&map_of(&set(&fields, &[6], mandates)), 45);
        cases.push(match cause {
            None => Case::ok(name, input, "CBOR-10"),
            Some(cause) => {
                let comment = "what is not so is left out";
                Case::refused(name, comment, input, "CBOR-10", cause)
            }
        });
    }
    cases
}

/// Notices whose parts do not fit each other, and contents about nobody that name somebody.
fn notices(net: &Net) -> Vec<Case> {
    let says = |about: &str, content: &Content| {
        let mut header = header_entries(PLAIN);
        header[2].1 = bytes(public(HUB_KEY).id().as_bytes());
        header[3].1 = claims(hub().as_str(), about);
        signed(
            &map_of(&header),
            &encode(&payload(content.clone())).unwrap(),
        )
    };
    let notice = |change: fn(&mut Notice)| {
        let mut notice = notice(net);
        change(&mut notice);
        says(hub().as_str(), &Content::Notice(notice))
    };
    let one = |name: &str, comment: &str, input| {
        Case::refused(name, comment, input, "STM-30", "Invalid.Notice")
    };
    let policy = Content::Policy(Policy {
        ..policy(vec![hub()], 1, 0)
    });
    let mut cases = vec![
        one(
            "notice of a decision",
            "a notice of what is no act",
            notice(|n| {
                n.class = Class::Decision;
                n.ground = None;
            }),
        ),
        one(
            "notice of an objection without ground",
            "the ground missing",
            notice(|n| n.ground = None),
        ),
        one(
            "notice of a withdrawal with ground",
            "a ground under another class",
            notice(|n| n.class = Class::Withdrawal),
        ),
        one(
            "notice not over the cap",
            "false where nothing is said",
            notice(|n| n.over_cap = Some(false)),
        ),
        one(
            "notice of a withdrawal over the cap",
            "a cap under another class",
            notice(|n| {
                n.class = Class::Withdrawal;
                n.ground = None;
                n.over_cap = Some(true);
            }),
        ),
    ];
    for (name, content) in [
        ("notice", Content::Notice(self::notice(net))),
        ("restart", Content::Restart(restart())),
        ("policy", policy),
        ("catalogue", Content::ItemCatalogue(catalogue())),
    ] {
        let comment = "what is about nobody names its issuer";
        let input = says(SUBJECT, &content);
        let name = format!("{name} about an enterprise");
        cases.push(Case::refused(
            name,
            comment,
            input,
            "STM-13",
            "AboutAnother",
        ));
    }
    cases
}

fn proposal() -> Proposal {
    let mut net = Net::empty(Network::Production);
    let payload = net.proposal(Content::Enrolment(Box::new(city_enrolment())));
    Proposal::new(&payload).unwrap()
}

/// The network of the cases: nothing but a name, as long as nobody folds a registry.
fn network() -> Hash {
    Hash::from_bytes([8; 32])
}

fn approval_list(seeds: &[u8]) -> Vec<Vec<u8>> {
    let mut signers: Vec<_> = seeds.iter().map(|seed| key(*seed)).collect();
    signers.sort_by_key(|signer| signer.public_key().id());
    signers
        .iter()
        .map(|signer| sign_approval(signer, &network(), &proposal()))
        .collect()
}

fn approved(seeds: &[u8]) -> Vec<u8> {
    let about = city().code();
    let approvals = approval_list(seeds);
    sign_approved(&key(HUB_KEY), hub(), about, ctx(), &proposal(), &approvals).unwrap()
}

/// An approval whose header names its network in another way, or not at all.
fn approval_with(network: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut header = vec![
        (vec![1], vec![0x27]),
        (vec![3], text(APPROVAL)),
        (vec![4], bytes(public(1).id().as_bytes())),
    ];
    header.extend_from_slice(network);
    let protected = map_of(&header);
    let mut writer = Writer::default();
    writer.raw(&[0xd2]).array(4).bytes(&protected).map(0).null();
    writer.bytes(&signature(&protected, proposal().as_bytes()));
    writer.finish()
}

fn approvals() -> Vec<Case> {
    let signed_over = |about: &str, payload: &[u8]| {
        let mut header = header_entries(APPROVED);
        header[2].1 = bytes(public(HUB_KEY).id().as_bytes());
        header[3].1 = claims(hub().as_str(), about);
        signed(&map_of(&header), payload)
    };
    let under = |proposal: &[u8], approvals: &[Vec<u8>]| {
        let list = approvals
            .iter()
            .map(|approval| bytes(approval))
            .collect::<Vec<_>>()
            .concat();
        let mut head = Writer::default();
        head.array(approvals.len() as u64);
        let list = [head.finish(), list].concat();
        signed_over(
            city().as_str(),
            &map_of(&[(vec![1], bytes(proposal)), (vec![2], list)]),
        )
    };
    let good = approval_list(&[1, 2]);
    let proposal = proposal();
    let with = |approval: Vec<u8>| under(proposal.as_bytes(), &[approval]);
    let parts = |content_type: &str, kid: &[u8], payload: Option<&[u8]>, unprotected: &[u8]| {
        let protected = map_of(&[
            (vec![1], vec![0x27]),
            (vec![3], text(content_type)),
            (vec![4], bytes(kid)),
            (NETWORK.to_vec(), bytes(network().as_bytes())),
        ]);
        let mut writer = Writer::default();
        writer
            .raw(&[0xd2])
            .array(4)
            .bytes(&protected)
            .raw(unprotected);
        match payload {
            Some(payload) => writer.bytes(payload),
            None => writer.null(),
        };
        writer.bytes(&signature(&protected, proposal.as_bytes()));
        writer.finish()
    };
    let id = *public(1).id().as_bytes();
    let one = |name: &str, comment: &str, input, spec, cause| {
        Case::refused(name, comment, input, spec, cause)
    };
    let reversed: Vec<Vec<u8>> = good.iter().rev().cloned().collect();
    let twice = vec![good[0].clone(), good[0].clone()];
    let many: Vec<u8> = (200..217).collect();
    let only_proposal = map_of(&[(vec![1], bytes(proposal.as_bytes()))]);
    let only_approvals = map_of(&[(vec![2], [vec![0x81], bytes(&good[0])].concat())]);
    let third = [map_of(&[
        (vec![1], bytes(proposal.as_bytes())),
        (vec![2], [vec![0x81], bytes(&good[0])].concat()),
        (vec![3], vec![0]),
    ])]
    .concat();
    let decision = encoded();
    let about_subject = {
        let list = [vec![0x81], bytes(&good[0])].concat();
        signed_over(
            SUBJECT,
            &map_of(&[(vec![1], bytes(&decision)), (vec![2], list)]),
        )
    };
    vec![
        one(
            "reversed",
            "approvals not in the order of their keys",
            under(proposal.as_bytes(), &reversed),
            "STM-9",
            "ApprovalOrder",
        ),
        one(
            "twice",
            "one approver twice",
            under(proposal.as_bytes(), &twice),
            "STM-9",
            "ApprovalOrder",
        ),
        one(
            "seventeen",
            "more than 16 approvals",
            under(proposal.as_bytes(), &approval_list(&many)),
            "STM-9",
            "TooManyApprovals",
        ),
        one(
            "none",
            "the form for approvals without one",
            signed_over(city().as_str(), &only_proposal),
            "STM-9",
            "NoApproval",
        ),
        one(
            "empty list",
            "a list that is left out when empty",
            under(proposal.as_bytes(), &[]),
            "STM-15",
            "Decode.Shape",
        ),
        one(
            "no proposal",
            "approvals of nothing",
            signed_over(city().as_str(), &only_approvals),
            "STM-9",
            "Decode.Shape",
        ),
        one(
            "third entry",
            "a key that the form has not",
            signed_over(city().as_str(), &third),
            "STM-9",
            "Decode.Shape",
        ),
        one(
            "attached payload",
            "an approval with a payload of its own",
            with(parts(APPROVAL, &id, Some(proposal.as_bytes()), &[0xa0])),
            "STM-9",
            "ApprovalNotDetached",
        ),
        one(
            "unprotected entry",
            "an approval with an unprotected header",
            with(parts(APPROVAL, &id, None, &[0xa1, 4, 0])),
            "STM-9",
            "Decode.Unexpected",
        ),
        one(
            "approval of a statement's type",
            "another content type",
            with(parts(PLAIN, &id, None, &[0xa0])),
            "STM-9",
            "ContentType",
        ),
        one(
            "approval with a short kid",
            "a kid of 15 bytes",
            with(parts(APPROVAL, &id[1..], None, &[0xa0])),
            "STM-9",
            "Decode.Unexpected",
        ),
        one(
            "approval for no network",
            "an approval that would count in every network",
            with(approval_with(&[])),
            "STM-9",
            "Decode.Unexpected",
        ),
        one(
            "approval for a network of 31 bytes",
            "an approval that names half a network",
            with(approval_with(&[(NETWORK.to_vec(), bytes(&[8; 31]))])),
            "STM-9",
            "Decode.Unexpected",
        ),
        one(
            "approval with another label",
            "an approval with the label of ctx where that of the network belongs",
            with(approval_with(&[(vec![0x3a, 0, 1, 0, 0], bytes(&[8; 32]))])),
            "STM-9",
            "Decode.Unexpected",
        ),
        one(
            "approval cut short",
            "a byte too few",
            with(good[0][..good[0].len() - 1].to_vec()),
            "STM-9",
            "Decode.Truncated",
        ),
        one(
            "approval and more",
            "a byte after it",
            with([good[0].as_slice(), &[0]].concat()),
            "STM-9",
            "Decode.Trailing",
        ),
        one(
            "approval without tag",
            "an untagged approval",
            with(good[0][1..].to_vec()),
            "STM-9",
            "Decode.Unexpected",
        ),
        one(
            "proposal not a payload",
            "a proposal of other bytes",
            under(&[0xa0], &good),
            "STM-9",
            "Decode.Shape",
        ),
        one(
            "proposal not canonical",
            "a proposal in a longer form",
            under(&[0xb8, 0], &good),
            "CBOR-1",
            "Decode.NotShortest",
        ),
        one(
            "approved decision",
            "approvals that nobody looks at",
            about_subject,
            "STM-10",
            "Approved",
        ),
        one(
            "plain payload under the approved type",
            "no proposal",
            signed_over(SUBJECT, &decision),
            "STM-9",
            "Decode.Shape",
        ),
        one(
            "approved payload under the plain type",
            "no class",
            {
                let list = [vec![0x81], bytes(&good[0])].concat();
                signed(
                    &map_of(&header_entries(PLAIN)),
                    &map_of(&[(vec![1], bytes(proposal.as_bytes())), (vec![2], list)]),
                )
            },
            "STM-15",
            "Decode.Shape",
        ),
        one(
            "sub of another",
            "sub differs from the proposal",
            {
                let list = [vec![0x81], bytes(&good[0])].concat();
                signed_over(
                    SUBJECT,
                    &map_of(&[(vec![1], bytes(proposal.as_bytes())), (vec![2], list)]),
                )
            },
            "STM-13",
            "AboutAnother",
        ),
    ]
}
