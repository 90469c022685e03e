//! Tests of notes: what is accepted, and one refusal each.

use super::*;

const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
// From the tests of golang.org/x/mod/sumdb/note.
const LINE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUg\
                    YN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
const KEY: &str = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fn note() -> String {
    format!("{TEXT}\n{LINE}\n")
}

fn parse(note: &str) -> Result<Note, NoteError> {
    Note::parse(note.as_bytes())
}

fn key() -> PublicKey {
    let typed = BASE64_STANDARD.decode(KEY).unwrap();
    let (kind, bytes) = typed.split_first().unwrap();
    assert_eq!(*kind, SignatureType::Ed25519.byte());
    PublicKey::from_bytes(bytes.try_into().unwrap()).unwrap()
}

// spec: LOG-15
#[test]
fn known_note_parses_prints_and_verifies() {
    let parsed = parse(&note()).unwrap();
    assert_eq!(parsed.text(), TEXT);
    assert_eq!(parsed.to_string(), note());
    let line = &parsed.lines()[0];
    let id = NoteKeyId::of("PeterNeumann", SignatureType::Ed25519, &key());
    assert_eq!(id.to_string(), "c74f20a3");
    assert!(line.is_by("PeterNeumann", id));
    assert!(is_signed_by(&key(), TEXT.as_bytes(), line.signature()));
    assert!(!is_signed_by(
        &key(),
        TEXT.as_bytes(),
        &line.signature()[1..]
    ));
    assert!(!is_signed_by(&key(), b"another text\n", line.signature()));
}

#[test]
fn text_may_have_empty_lines() {
    let text = "one\n\n\ntwo\n";
    assert_eq!(parse(&format!("{text}\n{LINE}\n")).unwrap().text(), text);
}

// spec: LOG-13
#[test]
fn parse_refuses_bytes_that_are_not_utf8() {
    assert_eq!(Note::parse(b"\xFF\n\n"), Err(NoteError::NotUtf8));
}

// spec: LOG-13
#[test]
fn parse_refuses_a_carriage_return() {
    assert_eq!(
        parse(&format!("one\r\n\n{LINE}\n")),
        Err(NoteError::ControlCharacter)
    );
}

// spec: LOG-13
#[test]
fn parse_refuses_a_note_without_empty_line() {
    assert_eq!(
        parse(&format!("{TEXT}{LINE}\n")),
        Err(NoteError::NoEmptyLine)
    );
}

// spec: LOG-13
#[test]
fn parse_refuses_a_note_without_final_newline() {
    assert_eq!(parse(note().trim_end()), Err(NoteError::NoFinalNewline));
}

// spec: LOG-13
#[test]
fn parse_refuses_a_note_without_signature() {
    assert_eq!(parse(&format!("{TEXT}\n")), Err(NoteError::NoSignature));
}

// spec: LOG-17
#[test]
fn parse_refuses_17_signatures() {
    let line = |n: u8| {
        let signature = BASE64_STANDARD.encode([0, 0, 0, 0, n]);
        format!("\u{2014} name {signature}\n")
    };
    let with = |count| format!("{TEXT}\n{}", (0..count).map(line).collect::<String>());
    assert_eq!(parse(&with(16)).unwrap().lines().len(), NOTE_SIGNATURES_MAX);
    assert_eq!(
        parse(&with(17)),
        Err(NoteError::TooManySignatures { found: 17 })
    );
}

// spec: LOG-17
#[test]
fn parse_refuses_a_note_over_the_byte_limit() {
    let fill = NOTE_BYTES_MAX - LINE.len() - 3;
    let with = |fill| format!("{}\n\n{LINE}\n", "x".repeat(fill));
    assert!(parse(&with(fill)).is_ok());
    assert_eq!(
        parse(&with(fill + 1)),
        Err(NoteError::TooLong {
            bytes: NOTE_BYTES_MAX + 1
        })
    );
}

// spec: LOG-13
#[test]
fn parse_refuses_the_same_line_twice() {
    assert_eq!(
        parse(&format!("{TEXT}\n{LINE}\n{LINE}\n")),
        Err(NoteError::DuplicateLine)
    );
}

// spec: LOG-13
#[test]
fn line_refuses_a_hyphen_for_the_dash() {
    assert_eq!(
        SignatureLine::parse("- name AAAAAAA="),
        Err(NoteError::SignatureLineShape)
    );
}

// spec: LOG-13
#[test]
fn line_refuses_a_second_space() {
    let line = LINE.replace("PeterNeumann ", "PeterNeumann  ");
    assert_eq!(SignatureLine::parse(&line), Err(NoteError::SignatureBase64));
}

/// Base64 that decodes to the same bytes in two spellings would give one note two texts.
// spec: LOG-13
#[test]
fn line_refuses_base64_with_stray_bits() {
    let line = LINE.replace("AM=", "AN=");
    assert_eq!(SignatureLine::parse(&line), Err(NoteError::SignatureBase64));
}

// spec: LOG-13
#[test]
fn line_refuses_base64_without_padding() {
    assert_eq!(
        SignatureLine::parse(LINE.trim_end_matches('=')),
        Err(NoteError::SignatureBase64)
    );
}

// spec: LOG-13
#[test]
fn line_refuses_a_key_id_alone() {
    assert_eq!(
        SignatureLine::parse("\u{2014} name AAAAAA=="),
        Err(NoteError::SignatureTooShort)
    );
}

// spec: LOG-14
#[test]
fn key_name_refuses_the_empty_name() {
    assert_eq!(KeyName::new(""), Err(NoteError::KeyNameEmpty));
}

// spec: LOG-14
#[test]
fn key_name_refuses_a_plus() {
    assert_eq!(KeyName::new("a+b"), Err(NoteError::KeyNameCharacter));
}

// spec: LOG-14
#[test]
fn key_name_refuses_a_unicode_space() {
    assert_eq!(KeyName::new("a\u{3000}b"), Err(NoteError::KeyNameCharacter));
}

// spec: LOG-14
#[test]
fn key_name_refuses_256_bytes() {
    assert!(KeyName::new(&"a".repeat(KEY_NAME_BYTES_MAX)).is_ok());
    assert_eq!(
        KeyName::new(&"a".repeat(KEY_NAME_BYTES_MAX + 1)),
        Err(NoteError::KeyNameTooLong {
            bytes: KEY_NAME_BYTES_MAX + 1
        })
    );
}

#[test]
fn add_line_leaves_a_full_note_unchanged() {
    let mut note = parse(&note()).unwrap();
    let line = note.lines()[0].clone();
    let before = note.clone();
    assert_eq!(note.add_line(line), Err(NoteError::DuplicateLine));
    assert_eq!(note, before);
}

#[test]
fn with_lines_refuses_to_drop_them_all() {
    assert_eq!(
        parse(&note()).unwrap().with_lines(|_| false),
        Err(NoteError::NoSignature)
    );
}
