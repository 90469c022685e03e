use serde_bytes::ByteBuf;

use super::*;
use crate::codec::DecodeError;
use crate::log::LeafIndex;
use crate::text::Text;

const MEMBER: &str = "11310000MB00000009";

fn round_trip(request: &Request) {
    let bytes = request.encode().unwrap();
    assert_eq!(Request::decode(&bytes).as_ref(), Ok(request));
}

// spec: ADM-1
#[test]
fn request_survives_its_encoding() {
    round_trip(&Request::Status);
    round_trip(&Request::Watch(WatchAsk { interval_ms: 500 }));
    round_trip(&Request::ImportChunk(ByteBuf::from(vec![1, 2, 3])));
    round_trip(&Request::BundleExport(BundleAsk {
        target: "A〔2025〕1号".parse().unwrap(),
        look_up: Some(LookUp {
            purpose: Text::new("audit").unwrap(),
            case_number: Text::new("2025-1").unwrap(),
            basis: Text::new("审计法 第三十四条").unwrap(),
            scenario: None,
            receipt: None,
        }),
        receiver: None,
    }));
}

// spec: ADM-1
#[test]
fn reply_survives_its_encoding() {
    let error = AdminError::new(ErrorCode::Busy).with("retry_after_ms", 250);
    for reply in [Reply::Error(error), Reply::Peers(Vec::new())] {
        let bytes = reply.encode().unwrap();
        assert_eq!(Reply::decode(&bytes), Ok(reply));
    }
}

// spec: ADM-2
#[test]
fn frame_of_unknown_code_is_refused() {
    // [1000, null], [1], [], and a status with a body.
    for bytes in [
        &[0x82, 0x19, 0x03, 0xe8, 0xf6][..],
        &[0x81, 0x01],
        &[0x80],
        &[0x82, 0x01, 0x01],
        &[0x83, 0x01, 0xf6, 0xf6],
    ] {
        assert!(
            Request::decode(bytes).is_err(),
            "{bytes:02x?} was taken for a request"
        );
    }
    assert!(matches!(
        Reply::decode(&[0x82, 0x19, 0x03, 0xe8, 0xf6]),
        Err(DecodeError::Shape { .. })
    ));
}

// spec: ID-37
#[test]
fn request_with_a_number_of_a_person_is_refused() {
    // The tool would not make it; another client might.
    let request = Request::BundleExport(BundleAsk {
        target: "A〔2025〕1号".parse().unwrap(),
        look_up: Some(LookUp {
            purpose: Text::new("AAAAAAAAAAA").unwrap(),
            case_number: Text::new("BBBBBBBBBBB").unwrap(),
            basis: Text::new("CCCCCCCCCCC").unwrap(),
            scenario: None,
            receipt: None,
        }),
        receiver: None,
    });
    let bytes = request.encode().unwrap();
    for letter in b"ABC" {
        let mut changed = bytes.clone();
        let start = changed
            .windows(11)
            .position(|w| w == [*letter; 11])
            .unwrap();
        changed[start..start + 11].copy_from_slice(b"13800138000");
        let refused = Request::decode(&changed).unwrap_err().to_string();
        assert!(refused.contains("personal data"), "{refused}");
        assert!(!refused.contains("138"), "{refused}");
    }
}

// spec: ADM-3
#[test]
fn fullest_chunk_fits_a_frame() {
    let chunk = Request::ImportChunk(ByteBuf::from(vec![0xff; CHUNK_BYTES_MAX]));
    assert!(chunk.encode().unwrap().len() <= crate::limits::FRAME_BYTES_MAX);
}

// spec: ADM-5
#[test]
fn target_is_read_in_each_of_its_forms() {
    let origin = format!("test-{}/{}/0", "0".repeat(64), MEMBER);
    let full = format!("{origin}#12");
    let target: Target = full.parse().unwrap();
    assert_eq!(target.to_string(), full);
    assert_eq!(
        target,
        Target::Position {
            origin: origin.parse().unwrap(),
            index: LeafIndex::new(12),
        }
    );
    let short = format!("{}/2#0", MEMBER);
    let target: Target = short.parse().unwrap();
    assert!(matches!(target, Target::Short { log: 2, .. }));
    assert_eq!(target.to_string(), short);
    let number = "青人社监罚字〔2025〕第7号";
    let target: Target = number.parse().unwrap();
    assert_eq!(target, Target::Document(Text::new(number).unwrap()));
}

// spec: ADM-5
#[test]
fn target_refuses_what_is_none() {
    let refused = |text: &str| text.parse::<Target>().unwrap_err();
    assert_eq!(refused(""), TargetError::DocumentNumber);
    assert_eq!(refused(&"x".repeat(161)), TargetError::TooLong);
    assert_eq!(refused(&format!("{}/0#07", MEMBER)), TargetError::Index);
    assert_eq!(refused(&format!("{}/0#-1", MEMBER)), TargetError::Index);
    assert_eq!(refused("11310000MB00000001/0#7"), TargetError::Member);
    assert_eq!(refused(&format!("{}/x#7", MEMBER)), TargetError::Log);
    assert_eq!(
        refused(&format!("{}/4294967296#7", MEMBER)),
        TargetError::Log
    );
    assert_eq!(refused("a/b/c#7"), TargetError::Origin);
    assert_eq!(refused("a#7"), TargetError::Origin);
}

// spec: ADM-6
#[test]
fn error_codes_cover_every_exit_code_but_success() {
    let mut seen: Vec<_> = ErrorCode::ALL.iter().map(|code| code.exit()).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen, ExitCode::ALL[1..]);
}

#[test]
fn names_of_error_codes_are_distinct() {
    let mut names: Vec<_> = ErrorCode::ALL.iter().map(|code| code.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ErrorCode::ALL.len());
}

// spec: ADM-7
#[test]
fn answer_ends_with_a_reply_or_an_error_and_not_with_progress() {
    assert!(!Reply::Chunk(ByteBuf::new()).is_last());
    assert!(!Reply::Refused(Refused { rows: Vec::new() }).is_last());
    assert!(Reply::Error(AdminError::new(ErrorCode::Internal)).is_last());
}

#[test]
fn details_are_found_by_name() {
    let error = AdminError::new(ErrorCode::NoMandate)
        .with("issuer", MEMBER)
        .with("class", 1);
    assert_eq!(error.detail("class"), Some("1"));
    assert_eq!(error.detail("other"), None);
}
