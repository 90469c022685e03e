//! Subject codes: the published vectors and what the check character catches.

use concordat_protocol::subject::{CodeCheck, CodeError, SubjectCode};

#[test]
fn issued_codes_pass_their_check() {
    for text in [
        "91110108551385082Q",
        "914403001922038216",
        "9144030071526726XG",
        "91330100799655058B",
        "12440600MB2C07549J",
        "11230500001755309F",
        "91230500MA1B3N1N2M",
        "91231100MA000004X0",
        "91230400MA0000015M",
        "91231100MA0000023D",
        "91410300MA0000031B",
        "91420200MA000004X2",
        "91442000MA0000058Q",
        "112304000000000197",
        "52410300MJ0000018G",
        "93230400MA00000908",
        "91350100M000100Y43",
    ] {
        let code = SubjectCode::parse(text).unwrap();
        assert_eq!((text, code.check()), (text, CodeCheck::Ok)); // spec: ID-7
        assert_eq!(SubjectCode::with_check(&text[..17]), Ok(code));
        assert_eq!(
            (text, code.organisation_code_check()),
            (text, CodeCheck::Ok)
        ); // spec: ID-9
    }
}

#[test]
fn issued_code_that_fails_its_check_is_kept_and_marked() {
    for text in ["91350203M0001QKT19", "111111111111111111"] {
        assert_eq!(
            SubjectCode::parse(text).unwrap().check(),
            CodeCheck::Mismatch
        );
    }
}

#[test]
fn identity_number_is_no_subject_code() {
    assert_eq!(
        SubjectCode::parse("362322198709086409"),
        Err(CodeError::IdentityNumber)
    ); // spec: ID-4
}
