//! Rows, receipts and missed checks.

use ed25519_dalek::SigningKey;

use super::*;
use crate::admin::ValidityCode;
use crate::codec::Truth;
use crate::key::Signer as _;
use crate::log::{CompactRange, Hash, LeafIndex, Origin, TreeSize};
use crate::statement::{Ctx, Statement, StatementError, StatementRef};
use crate::subject::{AuthorityCode, SubjectCode};
use crate::text::Text;
use crate::time::{Day, Timestamp};

fn hash(of: u8) -> Hash {
    Hash::from_bytes([of; 32])
}

fn authority() -> AuthorityCode {
    // One whose check characters hold.
    let ends = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let ends = ends
        .chars()
        .flat_map(|last| "0123456789X".chars().map(move |check| (check, last)));
    let mut codes = ends.filter_map(|(check, last)| {
        AuthorityCode::parse(&format!("1123040000000002{check}{last}")).ok()
    });
    codes.next().unwrap()
}

fn reference(index: u64) -> StatementRef {
    let origin = format!("test-{}/{}/0", "ab".repeat(32), authority());
    StatementRef {
        origin: origin.parse::<Origin>().unwrap(),
        index: LeafIndex::new(index),
        leaf_hash: hash(5),
    }
}

fn shown(validity: ValidityCode) -> Shown {
    Shown {
        reference: reference(3),
        validity: Some(validity),
        by: None,
        suspended: None,
        stayed: None,
        repaired: None,
        superseded: None,
    }
}

fn row(number: u64) -> LookUpRow {
    LookUpRow {
        refused: None,
        number,
        at: Timestamp::new(1_790_000_000_000 + number).unwrap(),
        who: Text::new("administrator").unwrap(),
        purpose: Text::new("招标资格审查").unwrap(),
        case_number: Text::new("2026-118").unwrap(),
        basis: Text::new("招标投标法第二十六条").unwrap(),
        subject: SubjectCode::parse("91230400MA0000015M").unwrap(),
        scenario: Some(Scenario::Tendering),
        answer: hash(7),
        shown: vec![shown(ValidityCode::InForce)],
        horizon: None,
        clean: None,
    }
}

fn salted(number: u64) -> SaltedRow {
    SaltedRow::new([9; 32], &row(number)).unwrap()
}

fn range(rows: u64) -> CompactRange {
    let mut range = CompactRange::new();
    (0..rows).for_each(|number| range.append(leaf_of(&salted(number).commit())).unwrap());
    range
}

fn receipt(number: u64) -> Vec<u8> {
    let key = SigningKey::from_bytes(&[20; 32]);
    let ctx = Ctx {
        size: TreeSize::ZERO,
        state: hash(1),
    };
    LookUpReceipt::sign(&key, authority(), ctx, &salted(number), &range(number)).unwrap()
}

// spec: LKP-1, LKP-2
#[test]
fn row_is_hidden_behind_its_salt_and_every_byte_counts() {
    use sha2::{Digest as _, Sha256};

    let kept = salted(7);
    let bytes = kept.encode();
    assert_eq!(SaltedRow::decode(&bytes).unwrap(), kept);
    assert_eq!(kept.row().unwrap(), row(7));
    for length in 0..bytes.len() {
        assert!(SaltedRow::decode(&bytes[..length]).is_err());
    }
    let other = SaltedRow::new([8; 32], &row(7)).unwrap();
    assert_ne!(kept.commit(), other.commit());
    let mut input = b"concordat/look-up/commit/1\0".to_vec();
    input.extend([9; 32]);
    input.extend((kept.as_bytes().len() as u64).to_be_bytes());
    input.extend(kept.as_bytes());
    let commit: [u8; 32] = Sha256::digest(&input).into();
    assert_eq!(kept.commit(), Hash::from_bytes(commit));
    // A leaf as RFC 9162 hashes it, over the array of 1 and the commitment.
    let leaf = [&[0x00, 0x82, 0x01, 0x58, 0x20][..], &commit].concat();
    let leaf: [u8; 32] = Sha256::digest(&leaf).into();
    assert_eq!(leaf_of(&kept.commit()), Hash::from_bytes(leaf));
}

// spec: LKP-1
#[test]
fn row_names_no_more_statements_than_an_answer_shows() {
    let mut long = row(1);
    long.shown = vec![shown(ValidityCode::InForce); SHOWN_MAX + 1];
    let refused = SaltedRow::new([9; 32], &long).unwrap_err();
    assert_eq!(refused, SaltedRowError::TooMany { count: 129 });
}

// spec: LKP-10, LKP-11, LKP-12
#[test]
fn receipt_holds_row_and_register_together_and_is_no_statement() {
    let key = SigningKey::from_bytes(&[20; 32]);
    for number in [0, 1, 2, 6, 7] {
        let bytes = receipt(number);
        let read = LookUpReceipt::decode(&bytes).unwrap();
        read.verify_signature(&key.public_key()).unwrap();
        assert_eq!(read.row(), &row(number));
        assert_eq!(read.root_before(), &range(number).root().unwrap());
        assert_eq!(read.root_after(), &range(number + 1).root().unwrap());
        assert_eq!(read.size_after().value(), number + 1);
        assert_eq!(Statement::decode(&bytes), Err(StatementError::ContentType));
    }
    let other = SigningKey::from_bytes(&[21; 32]).public_key();
    let read = LookUpReceipt::decode(&receipt(3)).unwrap();
    assert!(matches!(
        read.verify_signature(&other),
        Err(ReceiptError::Signature(_))
    ));
}

/// Whatever byte is changed, it is no receipt any more or its signature does not hold.
// spec: LKP-11
#[test]
fn receipt_that_was_edited_does_not_hold() {
    let key = SigningKey::from_bytes(&[20; 32]).public_key();
    let bytes = receipt(5);
    for at in 0..bytes.len() {
        let mut edited = bytes.clone();
        edited[at] ^= 1;
        let holds = LookUpReceipt::decode(&edited).and_then(|read| read.verify_signature(&key));
        assert!(holds.is_err(), "byte {at}");
    }
}

// spec: LKP-12
#[test]
fn receipt_of_another_place_in_the_register_is_refused() {
    let key = SigningKey::from_bytes(&[20; 32]);
    let ctx = Ctx {
        size: TreeSize::ZERO,
        state: hash(1),
    };
    let signed = LookUpReceipt::sign(&key, authority(), ctx, &salted(4), &range(6));
    assert!(matches!(signed, Err(ReceiptError::Edge(_))), "{signed:?}");
}

// spec: LKP-50
#[test]
fn what_was_shown_is_outdated_by_what_frees_and_by_what_changes_it() {
    let then = shown(ValidityCode::InForce);
    assert!(!then.is_outdated_by(&then));
    let outdated = |change: &dyn Fn(&mut Shown)| {
        let mut now = then.clone();
        change(&mut now);
        then.is_outdated_by(&now)
    };
    assert!(outdated(&|now| now.validity = Some(ValidityCode::Withdrawn)));
    assert!(outdated(&|now| now.by = Some(reference(9))));
    assert!(outdated(&|now| now.suspended = Some(Truth)));
    assert!(outdated(&|now| now.stayed = Some(Truth)));
    assert!(outdated(&|now| now.repaired = Some(Truth)));
    assert!(outdated(&|now| now.superseded = Some(Truth)));
    // A suspension that has ended frees nobody.
    let suspended = Shown {
        suspended: Some(Truth),
        ..then.clone()
    };
    assert!(!suspended.is_outdated_by(&then));
}

// spec: LKP-60
#[test]
fn case_is_missed_unless_its_own_number_and_organisation_were_looked_up() {
    let case = |number: &str, subject: &str| Case {
        number: Text::new(number).unwrap(),
        subject: SubjectCode::parse(subject).unwrap(),
        scenario: Scenario::Approval,
        decided_on: Day::from_ymd(2026, 9, 1).unwrap(),
    };
    let (one, two) = ("91230400MA0000015M", "91230400MA0000023G");
    let cases = [
        case("1", one),
        case("1", two),
        case("2", one),
        case("1", one),
    ];
    let at = |ms| Timestamp::new(ms).unwrap();
    let subject = |code: &str| SubjectCode::parse(code).unwrap();
    let rows = [
        ("1", subject(one), at(5)),
        ("1", subject(one), at(3)),
        ("2", subject(two), at(1)),
    ];
    let found = missed(&cases, rows);
    assert_eq!(found, [Some(at(3)), None, None, Some(at(3))]);
}

/// However a clerk typed it, it is the same case; another number is another one.
// spec: LKP-65
#[test]
fn case_is_found_by_its_number_however_that_is_typed() {
    let subject = SubjectCode::parse("91230400MA0000015M").unwrap();
    let case = Case {
        number: Text::new("（2026）é-118").unwrap(),
        subject,
        scenario: Scenario::Approval,
        decided_on: Day::from_ymd(2026, 9, 1).unwrap(),
    };
    let at = Timestamp::new(5).unwrap();
    let found = |number: &str| missed(std::slice::from_ref(&case), [(number, subject, at)]);
    for same in [
        "（2026）é-118",
        "(2026)é-118",
        " (2026) é - 118\u{3000}",
        "（２０２６）é－１１８",
        "(2026)e\u{301}-118",
    ] {
        assert_eq!(found(same), [Some(at)], "{same}");
    }
    for other in ["(2026)e-118", "(2026)é-119", "(2026)é118", "2026é-118"] {
        assert_eq!(found(other), [None], "{other}");
    }
}
