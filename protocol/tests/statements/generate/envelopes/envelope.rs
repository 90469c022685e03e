//! Envelopes that differ from the one form.

use super::*;

pub(super) fn envelope() -> Vec<Case> {
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
