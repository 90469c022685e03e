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
        ("案号2024A11010519491231002X", 7, 18),
        ("A1B11010519491231002X", 3, 18),
        ("A1B110105-19491231-002X", 3, 20),
        ("91230500MA362322198709086409", 10, 18),
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
fn one_letter_between_the_parts_of_an_identity_number_does_not_hide_it() {
    // spec: ID-40
    for text in [
        "110105号19491231号002X",
        "110105和19491231和002X",
        "110105 和 1949、1231的002X",
        "3と6と2と3と2と2と1と9と8と7と0と9と0と8と6と4と0と9",
        "110105ـ19491231ـ002X",
        "1ـ1ـ0ـ1ـ0ـ5ـ1ـ9ـ4ـ9ـ1ـ2ـ3ـ1ـ0ـ0ـ2ـX",
        "1101051949ж1231002X",
    ] {
        assert_eq!(kind(text), Some(PersonalNumber::IdentityNumber), "{text}");
    }
    for text in [
        // Two letters, or one that ends a number.
        "110105号码19491231002X",
        "110105年1949月1231日002X",
        "110105千1949百1231元002X",
        // Forms without a check digit count with separators alone.
        "1号3号8号0号0号1号3号8号0号0号0号",
        "138和0013和8000",
        "130503和670401和001",
        "第110105号、1949年第1231号、第0029号",
    ] {
        assert_eq!(kind(text), None, "{text}");
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
        "A19362322198709086409",
        "A1B1362322198709086409",
        "36232219870908640",
        "11010519491231002X1",
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
    assert_eq!(kind("130503.67.04.01.001"), found);
    assert_eq!(kind("2，3，0，5，0，3，6，7，0，4，0，1，0，0，1"), found);
    assert_eq!(kind("130503，670401，001"), None);
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
        "138-001-38000",
        "+86 138 001 38000",
        "+86 1380 0138 000",
        "(138)0013-8000",
        "（138） 0013 8000",
        "(138)00138000",
        "013800138000",
        "电话:0138-0013-8000",
        "(0138)0013-8000",
        "(0)138-0013-8000",
        "+86 013800138000",
        "+86-0138-0013-8000",
        "+86013800138000",
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
        "2024-138-001-38000",
        "6222-0138-0013-8000",
        "012800138000",
        "发票代码013001900111",
        "第0135-20240101号",
        "(1998)0123-456",
        "A1B013800138000",
        "A1B(2138)0013-8000",
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
        ("来往大陆通行证01234567", PersonalNumber::TravelPermit),
        ("護照E12345678", PersonalNumber::Passport),
        ("護照號碼為:E12345678", PersonalNumber::Passport),
        ("內地通行證H12345678", PersonalNumber::TravelPermit),
        ("内地通行證編號H12345678", PersonalNumber::TravelPermit),
        ("來往大陸通行證01234567", PersonalNumber::TravelPermit),
        ("港澳通行證C12345678", PersonalNumber::TravelPermit),
        ("台灣通行證T12345678", PersonalNumber::TravelPermit),
        ("臺灣通行証T12345678", PersonalNumber::TravelPermit),
        ("臺胞證 01234567", PersonalNumber::TravelPermit),
        ("回鄉證H12345678", PersonalNumber::TravelPermit),
        (
            "永久居留身份證 CAN110078010101",
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
        "運輸通行證編號20240012",
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

/// The identity number of the other tests, with the check digit X, in pieces.
const PIECES: [&str; 3] = ["110105", "19491231", "002X"];

#[test]
fn identity_number_is_found_between_separators_of_every_kind() {
    // spec: ID-30
    let long = " ".repeat(16);
    for separator in [
        ".",
        ",",
        "/",
        "_",
        "、",
        "，",
        "。",
        "；",
        "：",
        "·",
        "•",
        "|",
        "*",
        "~",
        "+",
        "=",
        "#",
        "&",
        "…",
        "(",
        "〔",
        "【",
        "\"",
        "'",
        "\t",
        "\n",
        "\u{3000}",
        "\u{A0}",
        "\u{2009}",
        "\u{2800}",
        "\u{200B}",
        "\u{AD}",
        "\u{2060}",
        "\u{FEFF}",
        "\u{200E}",
        "\u{202E}",
        "\u{34F}",
        "\u{FE0F}",
        "\u{20E3}",
        "\u{E0020}",
        "\u{3164}",
        " - ",
        "., ",
        "/ _",
        " × ",
        "☎",
        &long,
        "\u{200B}\u{200B}\u{200B}\u{200B}\u{200B}\u{200B}",
    ] {
        let text = format!("号{}号", PIECES.join(separator));
        assert_eq!(kind(&text), Some(PersonalNumber::IdentityNumber), "{text}");
        let digits: Vec<String> = PIECES.concat().chars().map(String::from).collect();
        let text = digits.join(separator);
        assert_eq!(kind(&text), Some(PersonalNumber::IdentityNumber), "{text}");
    }
    assert_eq!(kind(&PIECES.join(&" ".repeat(17))), None);
}

#[test]
fn identity_number_is_found_in_digits_of_every_form() {
    // spec: ID-36
    for (name, forms) in FORMS {
        let forms: Vec<char> = forms.chars().collect();
        let written: String = "362322198709086409"
            .chars()
            .filter_map(|digit| forms.get(digit.to_digit(10)? as usize))
            .collect();
        assert_eq!(
            kind(&written),
            Some(PersonalNumber::IdentityNumber),
            "{name}: {written}"
        );
    }
    for x in "xXｘＸХхΧχⅩⅹ×✕❌ⓧⓍˣₓ𝐗𝑥⒳🅇⊗⊠⨂☒🗙🗴🗵🗶🗷ꓫ".chars()
    {
        let text = format!("11010519491231002{x}");
        assert_eq!(kind(&text), Some(PersonalNumber::IdentityNumber), "{text}");
        let text = format!("110105.19491231.002-{x}，");
        assert_eq!(kind(&text), Some(PersonalNumber::IdentityNumber), "{text}");
    }
}

pub(super) const FORMS: [(&str, &str); 26] = [
    ("full-width", "０１２３４５６７８９"),
    ("Arabic-Indic", "٠١٢٣٤٥٦٧٨٩"),
    ("Persian", "۰۱۲۳۴۵۶۷۸۹"),
    ("Devanagari", "०१२३४५६७८९"),
    ("Tibetan", "༠༡༢༣༤༥༦༧༨༩"),
    ("Mongolian", "᠐᠑᠒᠓᠔᠕᠖᠗᠘᠙"),
    ("Thai", "๐๑๒๓๔๕๖๗๘๙"),
    ("circled", "⓪①②③④⑤⑥⑦⑧⑨"),
    ("negative circled", "⓿❶❷❸❹❺❻❼❽❾"),
    ("dingbats", "🄋➀➁➂➃➄➅➆➇➈"),
    ("negative dingbats", "🄌➊➋➌➍➎➏➐➑➒"),
    ("double circled", "0⓵⓶⓷⓸⓹⓺⓻⓼⓽"),
    ("bracketed", "0⑴⑵⑶⑷⑸⑹⑺⑻⑼"),
    ("with full stop", "🄀⒈⒉⒊⒋⒌⒍⒎⒏⒐"),
    ("with comma", "🄁🄂🄃🄄🄅🄆🄇🄈🄉🄊"),
    ("raised", "⁰¹²³⁴⁵⁶⁷⁸⁹"),
    ("lowered", "₀₁₂₃₄₅₆₇₈₉"),
    ("bold", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"),
    ("double-struck", "𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡"),
    ("monospace", "𝟶𝟷𝟸𝟹𝟺𝟻𝟼𝟽𝟾𝟿"),
    ("segmented", "🯰🯱🯲🯳🯴🯵🯶🯷🯸🯹"),
    ("Chinese", "〇一二三四五六七八九"),
    ("Chinese, formal", "零壹贰叁肆伍陆柒捌玖"),
    ("Chinese, bracketed", "〇㈠㈡㈢㈣㈤㈥㈦㈧㈨"),
    ("Suzhou", "〇〡〢〣〤〥〦〧〨〩"),
    ("Chinese, mixed", "○壱弐参肆伍陸七捌玖"),
];

#[test]
fn marks_beside_a_number_do_not_hide_it() {
    // spec: ID-36
    for text in [
        "电话13800138000①",
        "①13800138000",
        "13800138000²",
        "一13800138000",
        "第八13800138000×2",
        "2024\u{200B}13800138000\u{200B}5",
        "1\u{FE0F}\u{20E3}3800138000",
    ] {
        assert_eq!(kind(text), Some(PersonalNumber::MobilePhone), "{text}");
    }
    let text = "⑬⑧⓪⓪①③⑧⓪⓪⓪";
    let kind = PersonalNumber::MobilePhone;
    let (start, len) = (0, 10);
    assert_eq!(find_personal(text), Some(Finding { kind, start, len }));
}

#[test]
fn mobile_phone_is_found_behind_points_but_not_in_lists_and_decimals() {
    // spec: ID-32
    for text in [
        "138.0013.8000",
        "138/0013/8000",
        "138_0013_8000",
        "138·0013·8000",
        "138\u{AD}0013\u{AD}8000",
        "13\u{200B}80\u{200B}01380\u{200B}00",
        "1.3.8.0.0.1.3.8.0.0.0",
        "1，3，8，0，0，1，3，8，0，0，0",
        "一三八〇〇一三八〇〇〇",
        "幺三八 零零幺三 八零零零",
        "138 ００１３ ⑧⓪⓪⓪",
    ] {
        assert_eq!(kind(text), Some(PersonalNumber::MobilePhone), "{text}");
    }
    for text in [
        "配套资金150、2000、3000万元",
        "150，2000，3000",
        "150 (2000) 3000",
        "东经130.29876543度",
        "130.29876543,47.33",
        "没收1381234.5678万元",
        "1998/0123/456",
        "13.812.345.678",
        "一三年八月",
        "一百三十八亿零一百三十八万",
    ] {
        assert_eq!(kind(text), None, "{text}");
    }
}

#[test]
fn dates_times_and_sums_in_a_row_are_let_through() {
    // spec: ID-34
    // Every combination of three days whose digits would pass for an identity number is among them.
    let days = |year: u32| {
        (1..=12).flat_map(move |month| [1, 2, 11, 12].map(move |day| (year, month, day)))
    };
    for (a, b, c) in days(2019)
        .zip(days(2020))
        .flat_map(|(a, b)| days(2021).map(move |c| (a, b, c)))
    {
        for (separator, between) in [(".", "-"), ("-", " "), ("/", "、"), (".", ", ")] {
            let day =
                |(year, month, day)| format!("{year}{separator}{month:02}{separator}{day:02}");
            let text = format!("{}{between}{}{between}{}", day(a), day(b), day(c));
            assert_eq!(find_personal(&text), None, "{text}");
        }
    }
    for minute in 0..60 {
        for text in [
            format!("2019-10-10 11:{minute:02}:30,2019-10-11 12:25:10"),
            format!("2019-10-10 11:{minute:02} 2019-10-11 12:25"),
            format!("2024.01.02-2024.12.{:02}", minute % 31 + 1),
            format!("11:{minute:02}:01 2020-01-02 11:20:30"),
        ] {
            assert_eq!(find_personal(&text), None, "{text}");
        }
    }
    for text in [
        "罚款12,345,678.90元、没收11,000,000.00元",
        "2019.11.12-2020.11.11",
        "1.2.3.4.5.6.7.8.9.10.11.12",
        "①②③④⑤⑥⑦⑧⑨⑩⑪⑫",
        "一、二、三、四、五、六、七、八、九、十、十一",
        "二〇二四年一月二日至二〇二四年十二月三十一日",
        "面积1380m²，容积0138001m³",
        "192.168.100.101:4433",
        "0454-3123456",
        "6222 0210 0111 6245 702",
        "6222 0210 1311 6245 702",
        "6222021001116245702",
        "鹤岗市〔2024〕第110105号、第194912号",
    ] {
        assert_eq!(find_personal(text), None, "{text}");
    }
}

#[test]
fn no_character_is_read_as_more_digits_than_it_is_counted_for() {
    // spec: ID-36
    for character in '\0'..=char::MAX {
        let mut bytes = [0; 4];
        let symbols = read(character.encode_utf8(&mut bytes));
        let digits = symbols.iter().filter(|symbol| symbol.is_digit()).count();
        assert!(digits <= digits_at_most(character), "{character:?}");
    }
}

#[test]
fn labels_are_looked_for_wherever_a_character_is_read_as_their_beginning() {
    // spec: ID-33
    for character in '\0'..=char::MAX {
        let mut bytes = [0; 4];
        let symbols = read(character.encode_utf8(&mut bytes));
        let begins = symbols.iter().any(|symbol| begins_label(symbol.character));
        assert!(!begins || may_begin_label(character), "{character:?}");
    }
}

#[test]
fn every_number_has_the_digits_that_a_text_is_read_for() {
    // spec: ID-32, ID-33
    let fewest = LABELS.iter().map(|label| *label.digits.start()).min();
    assert_eq!(fewest, Some(LABELLED_DIGITS_MIN));
    assert!(find_personal("13800138000").is_some());
    assert!(find_personal("护照 G123456").is_some());
    let read = |text: &str| {
        let mut tally = Tally::default();
        text.chars().for_each(|character| tally.take(character));
        tally.may_be_personal()
    };
    assert!(!read("鹤劳社监罚字〔2026〕第99999号"));
    assert!(!read("1234567890"));
    assert!(!read("护照 12345"));
    assert!(read("护照 123456") && read("12345678901"));
}

#[test]
fn words_of_labels_are_looked_for_where_one_begins() {
    // spec: ID-33
    let words = LABELS.iter().flat_map(|label| label.words);
    let begins: Vec<char> = words.filter_map(|word| word.chars().next()).collect();
    for character in '\0'..=char::MAX {
        assert_eq!(
            begins_label(character),
            begins.contains(&character),
            "{character:?}"
        );
    }
}
