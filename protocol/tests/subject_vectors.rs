//! Runs every file of `spec/vectors/subject`, and the properties that no list of cases can show.
//!
//! A vector is `{comment, input, result, spec}`. The one key of `input` names what is read; `result`
//! is `{"ok": …}` with what must be seen on the value, or `{"refused": {"cause": …}}`.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(
    clippy::disallowed_methods,
    reason = "the vectors are read from the disk"
)]

use std::fmt::Debug;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use concordat_protocol::codec::{DecodeError, Limits, decode, encode};
use concordat_protocol::region::{RegionCode, RegionError, RegionLevel};
use concordat_protocol::screen::{Finding, PersonalNumber, find_personal};
use concordat_protocol::subject::{
    AuthorityCode, AuthorityError, CodeCheck, CodeError, Form, Subject, SubjectCheck, SubjectCode,
    SubjectError,
};
use concordat_protocol::text::{Text, TextError};
use concordat_protocol::time::{Day, DayError, Timestamp, TimestampError};

// spec: ID-1, ID-2, ID-3, ID-4, ID-5, ID-6, ID-7, ID-8, ID-9, ID-10, ID-11, ID-13, ID-14, ID-15
// spec: ID-16, ID-17, ID-20, ID-21, ID-22, ID-23, ID-24, ID-25, ID-26
// spec: ID-30, ID-31, ID-32, ID-33, ID-34, ID-36, ID-37
#[test]
fn every_vector_gives_its_result() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/vectors/subject");
    let mut refused = 0;
    let mut accepted = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let vector: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert!(
            vector["spec"].as_str().unwrap().starts_with("ID-"),
            "{}",
            path.display()
        );
        let found = run(&vector["input"]);
        assert_eq!(
            found,
            vector["result"],
            "{}: {}",
            path.display(),
            vector["comment"]
        );
        // What the screen finds is refused wherever the text is to go.
        match found.get("refused").or_else(|| found["ok"].get("kind")) {
            Some(_) => refused += 1,
            None => accepted += 1,
        }
    }
    assert!(
        accepted > 0 && refused > accepted,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn values_have_one_form_in_cbor() {
    fn wire<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, expected: &[u8]) {
        assert_eq!(encode(&value).unwrap(), expected);
        assert_eq!(decode::<T>(expected, Limits::STATEMENT).unwrap(), value);
    }
    wire(Day::from_ymd(2019, 10, 10).unwrap(), b"\x19\x47\x03");
    wire(Day::from_ymd(1969, 12, 31).unwrap(), b"\x20");
    wire(Timestamp::MAX, b"\x1b\x00\x1f\xff\xff\xff\xff\xff\xff");
    wire(Form::SelfEmployed, b"\x06");
    wire(RegionCode::parse("230400").unwrap(), b"\x66230400");
    wire(
        SubjectCode::parse("91230500MA1B3N1N2M").unwrap(),
        b"\x7291230500MA1B3N1N2M",
    );
    wire(
        AuthorityCode::parse("11230500001755309F").unwrap(),
        b"\x7211230500001755309F",
    );
    wire(
        Text::<2>::new("罚款").unwrap(),
        b"\x66\xe7\xbd\x9a\xe6\xac\xbe",
    );
}

#[test]
fn decoder_refuses_values_that_break_their_rules() {
    fn refuses<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) {
        let error = decode::<T>(bytes, Limits::STATEMENT).unwrap_err(); // spec: ID-27
        assert!(matches!(error, DecodeError::Shape { .. }), "{error:?}");
    }
    refuses::<Day>(b"\x1a\x00\x01\x48\x26");
    refuses::<Day>(b"\x6a2019-10-10");
    refuses::<Timestamp>(b"\x20");
    refuses::<Timestamp>(b"\x1b\x00\x20\x00\x00\x00\x00\x00\x00");
    refuses::<Form>(b"\x00");
    refuses::<Form>(b"\x0a");
    refuses::<RegionCode>(b"\x66160000");
    refuses::<SubjectCode>(b"\x7291230500ma1b3n1n2m");
    refuses::<SubjectCode>(b"\x72362322198709086409");
    refuses::<SubjectCode>(b"\x5291230500MA1B3N1N2M");
    refuses::<AuthorityCode>(b"\x7291350203M0001QKT19");
    refuses::<Text<2>>(b"\x60");
    refuses::<Text<2>>(b"\x63abc");
}

#[test]
fn prefixes_are_exactly_those_of_the_table() {
    const TABLE: &str = "11 12 13 19 21 29 31 32 33 34 35 39 41 49 51 52 53 59 61 62 69 71 72 79 \
                         81 89 91 92 93 A1 A9 N1 N2 N3 N9 Y1";
    for department in ALPHABET.chars() {
        for category in ALPHABET.chars() {
            let prefix = format!("{department}{category}");
            let expected = if TABLE.split(' ').any(|pair| pair == prefix) {
                Ok(())
            } else {
                Err(CodeError::Prefix {
                    department,
                    category,
                }) // spec: ID-5
            };
            let code = SubjectCode::parse(&format!("{prefix}230400MA0000015M"));
            assert_eq!(code.map(|_| ()), expected, "{prefix}");
        }
    }
}

fn run(input: &Value) -> Value {
    let (what, value) = input.as_object().unwrap().iter().next().unwrap();
    let text = value.as_str().unwrap_or_default();
    let result = match what.as_str() {
        "code" => SubjectCode::parse(text)
            .map(seen_on_code)
            .map_err(code_cause),
        "normalise" => SubjectCode::normalise(text)
            .map(|code| json!({ "code": code }))
            .map_err(code_cause),
        "authority" => AuthorityCode::parse(text)
            .map(|_| json!({}))
            .map_err(authority_cause),
        "subject" => subject(value),
        "form" => Form::try_from(value.as_u64().unwrap())
            .map(|_| json!({}))
            .map_err(|_| json!({ "cause": "unknown_form" })),
        "region" => RegionCode::parse(text)
            .map(|region| json!({ "level": level(region.level()) }))
            .map_err(region_cause),
        "day" => Day::parse_loose(text).map(seen_on_day).map_err(day_cause),
        "day_of" => {
            let instant = Timestamp::new(value.as_u64().unwrap()).unwrap();
            Day::of(instant).map(seen_on_day).map_err(day_cause)
        }
        "timestamp" => Timestamp::new(value.as_u64().unwrap())
            .map(|_| json!({}))
            .map_err(|error| {
                assert!(matches!(error, TimestampError::OutOfRange { .. }));
                json!({ "cause": "out_of_range" })
            }),
        "text" => Text::<8>::new(text).map(|_| json!({})).map_err(text_cause),
        "screen" => Ok(find_personal(text).map_or_else(|| json!({}), seen_on_finding)),
        unknown => panic!("no vector input {unknown}"),
    };
    match result {
        Ok(seen) => json!({ "ok": seen }),
        Err(cause) => json!({ "refused": cause }),
    }
}

fn seen_on_code(code: SubjectCode) -> Value {
    json!({
        "check": check(code.check()),
        "organisation_check": check(code.organisation_code_check()),
    })
}

fn check(check: CodeCheck) -> &'static str {
    match check {
        CodeCheck::Ok => "ok",
        CodeCheck::Mismatch => "mismatch",
    }
}

fn seen_on_day(day: Day) -> Value {
    json!({ "days": day.value() })
}

fn seen_on_finding(finding: Finding) -> Value {
    let kind = match finding.kind {
        PersonalNumber::IdentityNumber => "identity_number",
        PersonalNumber::OldIdentityNumber => "old_identity_number",
        PersonalNumber::MobilePhone => "mobile_phone",
        PersonalNumber::Passport => "passport",
        PersonalNumber::TravelPermit => "travel_permit",
        PersonalNumber::ResidencePermit => "residence_permit",
    };
    json!({ "kind": kind, "start": finding.start, "len": finding.len })
}

fn level(level: RegionLevel) -> &'static str {
    match level {
        RegionLevel::Country => "country",
        RegionLevel::Province => "province",
        RegionLevel::Prefecture => "prefecture",
        RegionLevel::County => "county",
    }
}

fn subject(value: &Value) -> Result<Value, Value> {
    let reference = value.get("registrar_reference").and_then(Value::as_str);
    Subject::new(
        SubjectCode::parse(value["code"].as_str().unwrap()).unwrap(),
        SubjectCheck::from_reference(reference.map(|text| Text::new(text).unwrap())),
        Form::try_from(value["form"].as_u64().unwrap()).unwrap(),
        Text::new(value["name"].as_str().unwrap()).unwrap(),
    )
    .map(|subject| json!({ "near_personal": subject.near_personal() }))
    .map_err(|error| match error {
        SubjectError::ReferenceMissing => json!({ "cause": "reference_missing" }),
        SubjectError::ReferenceIdle => json!({ "cause": "reference_idle" }),
        SubjectError::FormContradictsCode { .. } => json!({ "cause": "form_contradicts_code" }),
        other => panic!("{other}"),
    })
}

fn code_cause(error: CodeError) -> Value {
    match error {
        CodeError::Length { .. } => json!({ "cause": "length" }),
        CodeError::Character { place, .. } => json!({ "cause": "character", "place": place }),
        CodeError::IdentityNumber => json!({ "cause": "identity_number" }),
        CodeError::Prefix { .. } => json!({ "cause": "prefix" }),
        CodeError::Region { place } => json!({ "cause": "region", "place": place }),
        other => panic!("{other}"),
    }
}

fn authority_cause(error: AuthorityError) -> Value {
    match error {
        AuthorityError::Code(_) => json!({ "cause": "code" }),
        AuthorityError::CheckMismatch => json!({ "cause": "check_mismatch" }),
        AuthorityError::SelfEmployed => json!({ "cause": "self_employed" }),
        other => panic!("{other}"),
    }
}

fn region_cause(error: RegionError) -> Value {
    match error {
        RegionError::Length { .. } => json!({ "cause": "length" }),
        RegionError::NotADigit { place, .. } => json!({ "cause": "not_a_digit", "place": place }),
        RegionError::UnknownProvince => json!({ "cause": "unknown_province" }),
        other => panic!("{other}"),
    }
}

fn day_cause(error: DayError) -> Value {
    match error {
        DayError::Empty => json!({ "cause": "empty" }),
        DayError::Shape => json!({ "cause": "shape" }),
        DayError::NoSuchDay => json!({ "cause": "no_such_day" }),
        DayError::OutOfRange => json!({ "cause": "out_of_range" }),
        other => panic!("{other}"),
    }
}

fn text_cause(error: TextError) -> Value {
    match error {
        TextError::Empty => json!({ "cause": "empty" }),
        TextError::TooLong { .. } => json!({ "cause": "too_long" }),
        TextError::Control { .. } => json!({ "cause": "control" }),
        TextError::Direction { .. } => json!({ "cause": "direction" }),
        TextError::Noncharacter { .. } => json!({ "cause": "noncharacter" }),
        TextError::Invisible { .. } => json!({ "cause": "invisible" }),
        TextError::NotNormalised => json!({ "cause": "not_normalised" }),
        TextError::PersonalData { .. } => json!({ "cause": "personal_data" }),
        other => panic!("{other}"),
    }
}

const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const PREFIXES: [&str; 8] = ["11", "12", "51", "52", "91", "92", "93", "N1"];
const REGIONS: [&str; 6] = ["230400", "231100", "410300", "420200", "442000", "100000"];
const PROVINCES: [&str; 6] = ["11", "23", "41", "54", "65", "82"];

/// A code whose two check characters hold and that is no identity number.
fn valid_code() -> impl Strategy<Value = SubjectCode> {
    let serial = prop_oneof!["[0-9]{8}", "M[A-HJ-NPQRTUWXY][0-9A-HJ-NPQRTUWXY]{6}"];
    (select(&PREFIXES[..]), select(&REGIONS[..]), serial).prop_filter_map(
        "an identity number",
        |(prefix, region, serial)| {
            SubjectCode::compose(prefix, RegionCode::parse(region).unwrap(), &serial).ok()
        },
    )
}

/// The sum that GB 32100 wants to be 0: an independent form, from the last place to the first.
fn residue(code: &str) -> u32 {
    let weight = |place: u32| (1..place).fold(1, |weight, _| weight * 3 % 31);
    code.chars()
        .zip(1..)
        .map(|(character, place)| {
            let value = u32::try_from(ALPHABET.find(character).unwrap()).unwrap();
            value * if place == 18 { 1 } else { weight(place) }
        })
        .sum::<u32>()
        % 31
}

/// An identity number, by the other definition of its check: the sum with weights 2^(18 − place),
/// check included, is 1 modulo 11.
fn identity_number() -> impl Strategy<Value = String> {
    (
        select(&PROVINCES[..]),
        "[0-9]{4}",
        -25_567i32..47_482,
        "[0-9]{3}",
    )
        .prop_map(|(province, rest, day, serial)| {
            let date = Day::new(i64::from(day))
                .unwrap()
                .to_string()
                .replace('-', "");
            let first_17 = format!("{province}{rest}{date}{serial}");
            let sum: u32 = first_17
                .bytes()
                .rev()
                .zip(1..)
                .map(|(b, power)| u32::from(b - b'0') << power)
                .sum();
            let check = (0..11).find(|check| (sum + check) % 11 == 1).unwrap();
            format!("{first_17}{}", char::from(b"0123456789X"[check as usize]))
        })
}

fn replace(code: &str, index: usize, with: char) -> String {
    code.chars()
        .enumerate()
        .map(|(at, old)| if at == index { with } else { old })
        .collect()
}

fn swap(code: &str, first: usize, second: usize) -> String {
    let mut places: Vec<char> = code.chars().collect();
    places.swap(first, second);
    places.into_iter().collect()
}

fn passes(code: &str) -> bool {
    SubjectCode::parse(code).is_ok_and(|code| code.check() == CodeCheck::Ok)
}

/// Digits 0 to 9 and the check letter, by form.
const FORMS: [&str; 12] = [
    "0123456789X",
    "0123456789x",
    "０１２３４５６７８９Ｘ",
    "٠١٢٣٤٥٦٧٨٩Х",
    "०१२३४५६७८९χ",
    "⓪①②③④⑤⑥⑦⑧⑨Ⓧ",
    "🄋❶❷❸❹❺❻❼❽❾✖",
    "⁰¹²³⁴⁵⁶⁷⁸⁹ˣ",
    "₀₁₂₃₄₅₆₇₈₉ₓ",
    "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗𝐗",
    "〇一二三四五六七八九Ⅹ",
    "零壹贰叁肆伍陆柒捌玖×",
];

const SEPARATORS: [&str; 24] = [
    " ",
    "-",
    ".",
    ",",
    "/",
    "_",
    "、",
    "，",
    "。",
    "·",
    "；",
    "(",
    "】",
    "\n",
    "\t",
    "\u{3000}",
    "\u{200b}",
    "\u{ad}",
    "\u{2060}",
    "\u{feff}",
    "\u{fe0f}\u{20e3}",
    "—",
    "~",
    "|",
];

/// Up to three separators, mostly none.
fn gap() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        1 => proptest::collection::vec(select(&SEPARATORS[..]), 1..4).prop_map(|all| all.concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// 31 is prime and no weight is 0 modulo 31: every wrong single character is caught, without
    /// exception.
    #[test]
    fn check_catches_every_single_substitution(code in valid_code()) {
        prop_assert_eq!(residue(code.as_str()), 0); // spec: ID-7
        for index in 0..18 {
            for with in ALPHABET.chars().filter(|c| code.as_str().chars().nth(index) != Some(*c)) {
                prop_assert!(!passes(&replace(code.as_str(), index, with)));
            }
        }
    }

    /// The weights of places 1 to 17 differ; place 18 has weight 1, as place 1 has. So every swap of
    /// two different characters is caught, but for places 1 and 18.
    #[test]
    fn check_catches_every_swap_but_that_of_the_two_ends(code in valid_code()) {
        let text = code.as_str();
        for first in 0..18 {
            for second in first + 1..18 {
                let swapped = swap(text, first, second);
                let ends = (first, second) == (0, 17);
                prop_assert_eq!(residue(&swapped) == 0, ends || swapped == text);
                prop_assert!(ends || swapped == text || !passes(&swapped));
            }
        }
    }

    #[test]
    fn composed_code_holds_both_checks_and_reads_back(code in valid_code()) {
        prop_assert_eq!(code.check(), CodeCheck::Ok);
        prop_assert_eq!(code.organisation_code_check(), CodeCheck::Ok);
        prop_assert_eq!(SubjectCode::parse(code.as_str()), Ok(code));
        prop_assert_eq!(SubjectCode::normalise(&code.as_str().to_lowercase()), Ok(code)); // spec: ID-3
        prop_assert_eq!(SubjectCode::with_check(&code.as_str()[..17]), Ok(code));
        let json = serde_json::to_string(&code).unwrap();
        prop_assert_eq!(serde_json::from_str::<SubjectCode>(&json).unwrap(), code);
    }

    #[test]
    fn identity_number_is_never_a_subject_code(number in identity_number()) {
        prop_assert_eq!(SubjectCode::parse(&number), Err(CodeError::IdentityNumber)); // spec: ID-4
    }

    #[test]
    fn identity_number_is_found_wherever_it_stands(
        number in identity_number(),
        before in "[\u{6800}-\u{6fff}，。:( ]{0,12}",
        after in "[\u{6800}-\u{6fff}，。:) ]{0,12}",
        gaps in proptest::collection::vec(gap(), 17),
        forms in proptest::collection::vec(select(&FORMS[..]), 18),
        one_form: bool,
    ) {
        let written: String = number.chars().enumerate().map(|(index, c)| {
            let form = if one_form { forms[0] } else { forms[index] };
            let place = c.to_digit(10).unwrap_or(10) as usize;
            let gap = gaps.get(index).map(String::as_str).unwrap_or_default();
            format!("{}{gap}", form.chars().nth(place).unwrap())
        }).collect();
        let finding = find_personal(&format!("{before}{written}{after}"));
        // spec: ID-30, ID-36
        // A part of it, between separators, may have the form of a shorter number.
        let kind = finding.map(|finding| finding.kind);
        prop_assert!(kind.is_some(), "{}", written);
        if kind == Some(PersonalNumber::IdentityNumber) {
            prop_assert_eq!(finding, Some(Finding {
                kind: PersonalNumber::IdentityNumber,
                start: before.chars().count(),
                len: written.chars().count(),
            }));
        }
    }

    #[test]
    fn valid_subject_code_is_never_a_finding(
        code in valid_code(),
        before in "[\u{4e00}-\u{9fa5}，。:( ]{0,12}",
        after in "[\u{4e00}-\u{9fa5}，。:) ]{0,12}",
    ) {
        prop_assert_eq!(find_personal(&format!("{before}{code}{after}")), None); // spec: ID-34
    }

    #[test]
    fn list_of_subject_codes_is_never_a_finding(
        codes in proptest::collection::vec(valid_code(), 1..5),
        separator in select(&[" ", "-", "、", ",", "\n", "\u{3000}", "  "][..]),
    ) {
        let codes: Vec<&str> = codes.iter().map(SubjectCode::as_str).collect();
        prop_assert_eq!(find_personal(&codes.join(separator)), None); // spec: ID-34
    }

    #[test]
    fn document_number_is_never_a_finding(year in 1990..2100, number in 1..100_000) {
        let text = format!("鹤市监罚〔{year}〕{number}号");
        prop_assert_eq!(find_personal(&text), None); // spec: ID-34
    }

    #[test]
    fn readers_never_panic(text in "\\PC*", digits in "[0-9X \\-年月/]{0,40}") {
        for text in [text, digits] {
            let _ = SubjectCode::normalise(&text);
            let _ = Day::parse_loose(&text);
            let _ = RegionCode::parse(&text);
            let _ = Text::<40>::normalise(&text);
            let _ = find_personal(&text);
        }
    }
}
