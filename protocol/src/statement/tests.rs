use ed25519_dalek::SigningKey;

use super::*;
use crate::codec::{self, DecodeError, Limits};
use crate::key::{KeyError, PublicKey, SignatureBytes, Signer};
use crate::log::{Hash, TreeSize};
use crate::subject::{AuthorityCode, Form, Subject, SubjectCheck, SubjectCode};
use crate::text::Text;
use crate::time::{Day, Timestamp};

const SUBJECT: &str = "91230400MA0000015M";
const ISSUER: &str = "112304000000000197";

fn day(text: &str) -> Day {
    Day::parse_loose(text).unwrap()
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

/// A penalty with everything that the boundary asks for.
fn penalty() -> DecisionFields {
    DecisionFields {
        subject: Subject::new(
            SubjectCode::parse(SUBJECT).unwrap(),
            SubjectCheck::Ok,
            Form::Enterprise,
            text("鹤岗某某有限公司"),
        )
        .unwrap(),
        document_number: text("鹤劳罚字〔2026〕12号"),
        act_type: ActType::Penalty,
        item: Code::new("labour.penalty").unwrap(),
        decided_on: day("2026-03-02"),
        service: Some(Service {
            on: day("2026-03-04"),
            way: ServiceWay::Direct,
        }),
        basis: vec![LegalBasis {
            law: text("劳动法"),
            article: text("第九十一条"),
            level: BasisLevel::Law,
        }],
        facts: Some(text("拖欠工资")),
        content: None,
        penalty_classes: vec![PenaltyClass::Fine],
        fine_fen: Some(500_000),
        confiscation_fen: None,
        duties: vec![],
        valid_from: None,
        valid_until: None,
        publication_until: Some(day("2027-03-01")),
        remedies: vec![Remedy {
            kind: RemedyKind::Reconsideration,
            body: text("鹤岗市人民政府"),
            within_days: 60,
        }],
        reissues: None,
        rests_on: vec![],
        synthetic: vec![],
        source: None,
        published_on: None,
        listing: None,
    }
}

fn payload(content: Content) -> Payload {
    Payload {
        issued_at: Timestamp::new(1_772_409_600_000).unwrap(),
        target: None,
        register_size: None,
        batch: None,
        content,
        ext: codec::Ext::default(),
    }
}

fn signed() -> (SigningKey, Vec<u8>) {
    let key = SigningKey::from_bytes(&[7; 32]);
    let content = Content::Decision(Box::new(Decision::new(penalty()).unwrap()));
    let ctx = Ctx {
        size: TreeSize::new(3).unwrap(),
        state: Hash::from_bytes([9; 32]),
    };
    let issuer = AuthorityCode::parse(ISSUER).unwrap();
    let about = SubjectCode::parse(SUBJECT).unwrap();
    let bytes = sign(&key, issuer, about, ctx, &payload(content)).unwrap();
    (key, bytes)
}

// spec: STM-1, STM-7
#[test]
fn statement_round_trips_and_its_signature_verifies() {
    let (key, bytes) = signed();
    let statement = Statement::decode(&bytes).unwrap();
    assert_eq!(statement.as_bytes(), bytes);
    assert_eq!(statement.verify_signature(&key.public_key()), Ok(()));
    let other = SigningKey::from_bytes(&[8; 32]);
    assert_eq!(
        statement.verify_signature(&other.public_key()),
        Err(KeyError::BadSignature)
    );
    assert_eq!(statement.payload().class(), Class::Decision);
}

// spec: STM-1
#[test]
fn statement_with_any_bit_flipped_is_refused_or_does_not_verify() {
    let (key, bytes) = signed();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let verdict = Statement::decode(&changed)
                .map(|statement| statement.verify_signature(&key.public_key()).is_ok());
            assert_ne!(verdict, Ok(true), "byte {at} bit {bit}");
        }
    }
}

// spec: STM-20, STM-21, STM-22, STM-23
#[test]
fn decision_that_restricts_is_refused_without_basis_service_end_or_remedy() {
    let refused = |change: fn(&mut DecisionFields)| {
        let mut fields = penalty();
        change(&mut fields);
        Decision::new(fields).unwrap_err()
    };
    assert_eq!(refused(|f| f.basis.clear()), Invalid::NoBasis);
    assert_eq!(refused(|f| f.service = None), Invalid::NoService);
    assert_eq!(
        refused(|f| f.publication_until = None),
        Invalid::NoPublicationEnd
    );
    assert_eq!(refused(|f| f.remedies.clear()), Invalid::NoRemedy);
    // spec: ID-42
    assert_eq!(
        refused(|f| f.document_number = text("Z-\u{200D}40")),
        Invalid::UnshownInNumber {
            character: '\u{200D}'
        }
    );
    assert_eq!(
        refused(|f| f.publication_until = Some(day("2099-12-31"))),
        Invalid::NoEnd {
            field: "publication_until"
        }
    );
    assert_eq!(
        refused(|f| f.publication_until = Some(day("2026-03-01"))),
        Invalid::EndsBeforeDecision {
            field: "publication_until"
        }
    );
    assert_eq!(
        refused(|f| f.service.as_mut().unwrap().on = day("2026-03-01")),
        Invalid::ServedBeforeDecision
    );
}

fn duty(until: Day) -> Duty {
    Duty {
        measure: Measure::new("tender.exclusion").unwrap(),
        until,
        content: None,
    }
}

/// A measure for ever is none: neither left open, nor up to a day that stands for no end.
// spec: STM-22
#[test]
fn duty_without_an_end_is_refused() {
    let with = |until: &str| {
        let mut fields = penalty();
        fields.duties = vec![duty(day(until))];
        Decision::new(fields)
    };
    let field = "duties";
    assert!(with("2026-09-30").is_ok());
    assert_eq!(with("2099-12-31"), Err(Invalid::NoEnd { field }));
    let before = Err(Invalid::EndsBeforeDecision { field });
    assert_eq!(with("2026-03-01"), before);
    // On the wire the end of a measure is no entry that may be left out.
    let whole = codec::encode(&duty(day("2026-09-30"))).unwrap();
    assert_eq!(
        codec::decode::<Duty>(&whole, Limits::STATEMENT),
        Ok(duty(day("2026-09-30")))
    );
    let end = codec::encode(&day("2026-09-30")).unwrap();
    let without = whole.strip_suffix(&[&[2][..], &end].concat()[..]).unwrap();
    let without = [&[0xa1], &without[1..]].concat();
    let refused = codec::decode::<Duty>(&without, Limits::STATEMENT);
    assert!(matches!(refused, Err(DecodeError::Shape { .. })));
}

// spec: STM-25
#[test]
fn codes_and_addresses_are_no_place_for_numbers_of_persons() {
    // spec: ID-37
    for text in [
        "362322198709086409",
        "item-138-0013-8000",
        "11010519491231002x",
    ] {
        assert_eq!(Code::new(text), Err(CodeTextError), "{text}");
    }
    assert!(Code::new("000131001000-pf-2024").is_ok());
    assert_eq!(Address::new("13800138000.example:4433"), None);
    assert!(Address::new("192.168.138.13:8000").is_some());
}

// spec: STM-4
#[test]
fn statement_about_another_organisation_than_its_content_is_refused() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let content = Content::Decision(Box::new(Decision::new(penalty()).unwrap()));
    let ctx = Ctx {
        size: TreeSize::ZERO,
        state: Hash::from_bytes([0; 32]),
    };
    let issuer = AuthorityCode::parse(ISSUER).unwrap();
    let refused = sign(&key, issuer, issuer.code(), ctx, &payload(content)).unwrap_err();
    assert_eq!(refused, StatementError::AboutAnother);
}

fn unhex(value: &serde_json::Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

/// Messages of the COSE working group: what is under a signature is put together as others do it, and
/// what has not the header of a statement is none.
// spec: STM-1, STM-3, STM-7
#[test]
fn messages_of_the_working_group_are_signed_over_the_same_bytes_and_are_no_statements() {
    let cases = include_str!("../../../spec/vectors/cose/sign1.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(cases).unwrap();
    assert_eq!(cases.len(), 2);
    for case in &cases {
        let (message, protected) = (unhex(&case["message"]), unhex(&case["protected"]));
        let payload = b"This is the content.";
        let signed = envelope::to_be_signed(&protected, payload);
        assert_eq!(signed, unhex(&case["to_be_signed"]), "{}", case["name"]);
        let unprotected = 3 + protected.len();
        assert_eq!(
            Statement::decode(&message),
            Err(StatementError::Decode(DecodeError::Unexpected {
                offset: unprotected,
                wanted: "an empty unprotected header",
            })),
        );
        if case["curve"] != "Ed25519" {
            assert_ne!(unhex(&case["key"]).len(), 32);
            continue;
        }
        let key = PublicKey::from_bytes(&unhex(&case["key"]).try_into().unwrap()).unwrap();
        let signature =
            SignatureBytes::from_bytes(message[message.len() - 64..].try_into().unwrap());
        assert_eq!(key.verify(&signed, &signature), Ok(()));
        assert_eq!(
            key.verify(&signed[1..], &signature),
            Err(KeyError::BadSignature)
        );
        // The same signature in the form of a statement, without the unprotected entry: the header
        // is still none.
        let profiled = [
            &message[..unprotected],
            &[0xa0],
            &message[unprotected + 5..],
        ]
        .concat();
        assert_eq!(
            Statement::decode(&profiled),
            Err(StatementError::Decode(DecodeError::Unexpected {
                offset: 0,
                wanted: "a protected header of five entries",
            })),
        );
    }
}

// spec: STM-60
#[test]
fn remedy_without_a_term_is_refused() {
    let mut fields = penalty();
    fields.remedies[0].within_days = 0;
    assert_eq!(Decision::new(fields), Err(Invalid::RemedyWithoutTerm));
}
