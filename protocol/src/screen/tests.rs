use super::*;

fn kind(text: &str) -> Option<PersonalNumber> {
    find_personal(text).map(|finding| finding.kind)
}

#[test]
fn identity_number_is_found_however_it_is_written() {
    // spec: ID-30
    for (text, start, len) in [
        ("当事人身份证号362322198709086409。", 7, 18),
        ("３６２３２２１９８７０９０８６４０９", 0, 18),
        ("(362322 19870908 6409)", 1, 20),
        ("362322-1987-0908-6409", 0, 21),
        ("3 6 2 3 2 2 1 9 8 7 0 9 0 8 6 4 0 9", 0, 35),
        ("2024年 362322198709086409", 6, 18),
        ("12 362322198709086409", 3, 18),
        ("ID362322198709086409abc", 2, 18),
        ("11010519491231002x", 0, 18),
        ("11010519491231002 Ｘ号", 0, 19),
        ("110105\n19491231\u{200B}002X", 0, 20),
        ("外国人911124198108030024", 3, 18),
    ] {
        let kind = PersonalNumber::IdentityNumber;
        assert_eq!(
            find_personal(text),
            Some(Finding { kind, start, len }),
            "{text}"
        );
    }
}

#[test]
fn number_that_only_resembles_an_identity_number_is_let_through() {
    // spec: ID-30
    for text in [
        "362322198709086408",
        "362322198713086409",
        "3623221987090864091",
        "1362322198709086409",
        "9362322198709086409X",
        "36232219870908640",
        "11010519491231002X1",
        "362322    198709086409",
        "160105194912310029",
        "110105189912310023",
        "110105210001010023",
    ] {
        assert_eq!(find_personal(text), None, "{text}");
    }
}

#[test]
fn old_identity_number_needs_region_and_date() {
    // spec: ID-31
    let found = Some(PersonalNumber::OldIdentityNumber);
    assert_eq!(kind("旧证130503670401001"), found);
    assert_eq!(kind("130503 670401 001"), found);
    for text in [
        "440301103097413",
        "130503671301001",
        "990503670401001",
        "130500670401001",
        "1305036704010012",
        "A1B130503670401001",
    ] {
        assert_eq!(kind(text), None, "{text}");
    }
}

#[test]
fn mobile_phone_is_found_unless_it_is_part_of_a_longer_number() {
    // spec: ID-32
    for text in [
        "电话13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "+8613812345678",
        "+86 138 1234 5678",
        "008613812345678",
        "Tel19912345678.",
        "1 3 8 1 2 3 4 5 6 7 8",
    ] {
        assert_eq!(kind(text), Some(PersonalNumber::MobilePhone), "{text}");
    }
    for text in [
        "12812345678",
        "138123456789",
        "2113812345678",
        "1571234567890",
        "ab12cd13812345678",
        "13812345678ab",
        "13 812 345 678",
        "0371-65900000",
    ] {
        assert_eq!(kind(text), None, "{text}");
    }
}

#[test]
fn passport_and_permits_are_found_only_behind_their_label() {
    // spec: ID-33
    for (text, expected) in [
        ("持护照E12345678入境", PersonalNumber::Passport),
        ("护照号码:EA1234567", PersonalNumber::Passport),
        ("passport No. g12345678", PersonalNumber::Passport),
        (
            "港澳居民来往内地通行证(号码H12345678)",
            PersonalNumber::TravelPermit,
        ),
        ("台胞证 01234567", PersonalNumber::TravelPermit),
        (
            "永久居留身份证 CAN110078010101",
            PersonalNumber::ResidencePermit,
        ),
    ] {
        assert_eq!(kind(text), Some(expected), "{text}");
    }
    for text in [
        "E12345678",
        "护照办理〔2024〕12号",
        "运输通行证编号20240012",
        "永久居留110078010101",
        "护照遗失3次",
    ] {
        assert_eq!(kind(text), None, "{text}");
    }
}

#[test]
fn codes_dates_and_document_numbers_are_let_through() {
    // spec: ID-34
    for text in [
        "鹤市监罚〔2024〕12号",
        "粤中环罚字〔2023〕第0138号",
        "91110108551385082Q",
        "914403001922038216",
        "9144 0300 1922 0382 16",
        "统一社会信用代码91230500MA1B3N1N2M。",
        "13110000123A4567",
        "2019-10-10 2020-10-10",
        "罚款20000.00元",
        "(2023)豫0311行审12345号",
        "",
    ] {
        assert_eq!(find_personal(text), None, "{text}");
    }
}
