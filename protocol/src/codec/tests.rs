use proptest::prelude::*;

use super::*;

fn refused(hex: &str) -> DecodeError {
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
        .collect();
    validate(&bytes, Limits::STATEMENT).unwrap_err()
}

// spec: CBOR-1
#[test]
fn validate_refuses_every_longer_head() {
    for hex in [
        "1800",
        "1817",
        "190017",
        "1a0000ffff",
        "1b00000000ffffffff",
        "3800",
        "580100",
        "780161",
        "980100",
        "b8010000",
    ] {
        assert_eq!(
            refused(hex),
            DecodeError::NotShortest { offset: 0 },
            "{hex}"
        );
    }
}

// spec: CBOR-2
#[test]
fn validate_refuses_indefinite_lengths_and_breaks() {
    for hex in ["5fff", "7fff", "9fff", "bfff", "ff"] {
        assert_eq!(refused(hex), DecodeError::Indefinite { offset: 0 }, "{hex}");
    }
}

// spec: CBOR-3
#[test]
fn validate_refuses_tags_floats_and_other_simple_values() {
    assert_eq!(refused("c100"), DecodeError::Tag { offset: 0 });
    assert_eq!(refused("d818f6"), DecodeError::Tag { offset: 0 });
    assert_eq!(refused("f93c00"), DecodeError::Float { offset: 0 });
    assert_eq!(
        refused("fb7ff8000000000000"),
        DecodeError::Float { offset: 0 }
    );
    assert_eq!(refused("f7"), DecodeError::Simple { offset: 0 });
    assert_eq!(refused("f8ff"), DecodeError::Simple { offset: 0 });
    assert_eq!(refused("1c"), DecodeError::Reserved { offset: 0 });
    assert_eq!(refused("fd"), DecodeError::Reserved { offset: 0 });
}

// spec: CBOR-4
#[test]
fn validate_refuses_keys_twice_out_of_order_or_of_another_type() {
    assert_eq!(
        refused("a201000100"),
        DecodeError::DuplicateKey { offset: 3 }
    );
    assert_eq!(refused("a202000100"), DecodeError::KeyOrder { offset: 3 });
    assert_eq!(
        refused("a2200001 00".replace(' ', "").as_str()),
        DecodeError::KeyOrder { offset: 3 }
    );
    assert_eq!(refused("a1410000"), DecodeError::KeyType { offset: 1 });
    assert_eq!(refused("a18000"), DecodeError::KeyType { offset: 1 });
    assert_eq!(refused("a1f500"), DecodeError::KeyType { offset: 1 });
}

// spec: CBOR-5
#[test]
fn validate_refuses_text_that_is_not_utf8_or_not_nfc() {
    assert_eq!(refused("61ff"), DecodeError::NotUtf8 { offset: 0 });
    assert_eq!(refused("6365cc81"), DecodeError::NotNfc { offset: 0 });
    assert!(validate(&[0x62, 0xc3, 0xa9], Limits::STATEMENT).is_ok());
}

// spec: CBOR-6
#[test]
fn validate_refuses_nesting_past_sixteen() {
    let nested = |depth: usize| {
        let mut bytes = vec![0x81; depth];
        bytes.push(0);
        validate(&bytes, Limits::STATEMENT)
    };
    assert_eq!(nested(16), Ok(()));
    assert_eq!(
        nested(17),
        Err(DecodeError::TooDeep {
            offset: 16,
            limit: 16
        })
    );
    assert_eq!(
        nested(60_000),
        Err(DecodeError::TooDeep {
            offset: 16,
            limit: 16
        })
    );
}

// spec: CBOR-7
#[test]
fn validate_refuses_too_many_items_and_bytes() {
    let mut bytes = vec![0x99, 0x10, 0x00];
    bytes.extend(std::iter::repeat_n(0, 4_096));
    assert_eq!(
        validate(&bytes, Limits::STATEMENT),
        Err(DecodeError::TooManyItems {
            offset: 4_098,
            limit: 4_096
        })
    );
    let long = vec![0; 65_537];
    assert_eq!(
        validate(&long, Limits::STATEMENT),
        Err(DecodeError::TooLong {
            bytes: 65_537,
            limit: 65_536
        })
    );
}

// spec: CBOR-8
#[test]
fn validate_refuses_what_is_cut_short_or_followed() {
    assert_eq!(
        refused("00ff"),
        DecodeError::Trailing {
            offset: 1,
            count: 1
        }
    );
    assert_eq!(refused(""), DecodeError::Truncated { offset: 0 });
    assert_eq!(refused("8200"), DecodeError::Truncated { offset: 2 });
    assert_eq!(refused("43aabb"), DecodeError::Truncated { offset: 3 });
    assert_eq!(
        refused("5bffffffffffffffff"),
        DecodeError::Truncated { offset: 9 }
    );
    assert_eq!(
        refused("9bffffffffffffffff"),
        DecodeError::Truncated { offset: 9 }
    );
    assert_eq!(
        refused("bbffffffffffffffff"),
        DecodeError::Truncated { offset: 9 }
    );
}

integer_map! {
    /// A shape for the tests.
    #[derive(Clone, Debug, PartialEq)]
    struct Shape {
        /// Always there.
        1 => always: req(u64),
        /// Sometimes there.
        2 => sometimes: opt(String),
        /// Several.
        30 => several: list(u64),
    }
}

fn shape_error(bytes: &[u8]) -> DecodeError {
    decode::<Shape>(bytes, Limits::STATEMENT).unwrap_err()
}

#[test]
fn integer_map_round_trips_and_leaves_out_what_is_absent() {
    let small = Shape {
        always: 7,
        sometimes: None,
        several: vec![],
    };
    let bytes = encode(&small).unwrap();
    assert_eq!(bytes, [0xa1, 0x01, 0x07]);
    assert_eq!(decode::<Shape>(&bytes, Limits::STATEMENT).unwrap(), small);
    let large = Shape {
        always: 7,
        sometimes: Some("é".into()),
        several: vec![1, 300],
    };
    let bytes = encode(&large).unwrap();
    assert_eq!(decode::<Shape>(&bytes, Limits::STATEMENT).unwrap(), large);
}

// spec: CBOR-9
#[test]
fn integer_map_refuses_unknown_and_missing_keys_and_empty_lists() {
    let says = |bytes: &[u8], text: &str| {
        let cause = shape_error(bytes).to_string();
        assert!(cause.contains(text), "{cause}");
    };
    says(&[0xa2, 0x01, 0x07, 0x03, 0x00], "Shape has no key 3");
    says(&[0xa1, 0x02, 0x61, 0x61], "Shape lacks key 1 (always)");
    says(
        &[0xa2, 0x01, 0x07, 0x18, 0x1e, 0x80],
        "empty list under key 30",
    );
}

// spec: CBOR-9
#[test]
fn decode_refuses_a_list_that_stands_for_a_map() {
    assert!(matches!(
        shape_error(&[0x81, 0x07]),
        DecodeError::Shape { .. }
    ));
}

#[test]
fn ext_keeps_unknown_entries_to_the_byte() {
    let bytes = [
        0xa2, 0x05, 0x61, 0x61, 0x18, 0xff, 0x82, 0x01, 0xa1, 0x61, 0x62, 0x43, 1, 2, 3,
    ];
    let ext: Ext = decode(&bytes, Limits::STATEMENT).unwrap();
    assert_eq!(encode(&ext).unwrap(), bytes);
    assert_eq!(ext.text(5), Some("a"));
    assert!(matches!(
        decode::<Ext>(&[0xa0], Limits::STATEMENT),
        Err(DecodeError::Shape { .. })
    ));
}

proptest! {
    #[test]
    fn writer_and_reader_agree_with_the_validator(value: u64, bytes: Vec<u8>, text in "\\PC{0,40}") {
        let text: String = unicode_normalization::UnicodeNormalization::nfc(text.as_str()).collect();
        let mut writer = Writer::default();
        writer.array(5).unsigned(value).negative(value).bytes(&bytes).text(&text).null();
        let encoded = writer.finish();
        prop_assert_eq!(validate(&encoded, Limits::STATEMENT), Ok(()));
        let mut reader = Reader::new(&encoded);
        reader.array(5, "five items").unwrap();
        prop_assert_eq!(reader.unsigned("a number").unwrap(), value);
        reader.negative(value, "a number").unwrap();
        prop_assert_eq!(reader.bytes("bytes").unwrap(), bytes.as_slice());
        prop_assert_eq!(reader.text("text").unwrap(), text);
        prop_assert!(reader.null().unwrap());
        prop_assert_eq!(reader.finish(), Ok(()));
    }

    // spec: CBOR-1
    #[test]
    fn validate_never_panics_and_accepts_only_what_decodes_to_itself(bytes: Vec<u8>) {
        if validate(&bytes, Limits::STATEMENT).is_ok() {
            let value: serde_cbor::Value = serde_cbor::from_slice(&bytes).unwrap();
            prop_assert_eq!(encode(&value).unwrap(), bytes);
        }
    }
}

/// Keys of several kinds ascend by their bytes, in entries that nobody interprets as anywhere.
// spec: CBOR-4, CBOR-9
#[test]
fn unknown_entries_with_keys_of_several_kinds_are_kept_as_they_came() {
    let key = |bytes: &[u8]| [bytes, &[0xf6]].concat();
    let keys = [
        &[0x17][..],
        &[0x18, 0x18],
        &[0x19, 1, 0],
        &[0x20],
        &[0x38, 0x18],
        &[0x60],
        &[0x61, b'a'],
    ];
    let inner = keys.map(key).concat();
    let bytes = [&[0xa1, 1, 0xa0 + 7][..], &inner].concat();
    assert_eq!(validate(&bytes, Limits::STATEMENT), Ok(()));
    let kept: Ext = decode(&bytes, Limits::STATEMENT).unwrap();
    assert_eq!(encode(&kept).unwrap(), bytes);
}
