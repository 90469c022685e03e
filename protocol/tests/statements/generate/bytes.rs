//! Deterministic CBOR: every way of writing a value that is not its one way.

use concordat_protocol::codec::Writer;

use super::Case;
use crate::vectors::unhex;

pub(super) fn families() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("accepted", accepted()),
        ("not-shortest", not_shortest()),
        ("indefinite", indefinite()),
        ("tags-floats-simple", other_types()),
        ("keys", keys()),
        ("text", text()),
        ("bounds", bounds()),
        ("ends", ends()),
    ]
}

fn accepted() -> Vec<Case> {
    let items = [
        "00",
        "01",
        "17",
        "1818",
        "18ff",
        "190100",
        "19ffff",
        "1a00010000",
        "1affffffff",
        "1b0000000100000000",
        "1bffffffffffffffff",
        "20",
        "37",
        "3818",
        "38ff",
        "390100",
        "3a00010000",
        "3bffffffffffffffff",
        "40",
        "4401020304",
        "60",
        "6161",
        "62c3a9",
        "63e4ba92",
        "64f0908591",
        "80",
        "83010203",
        "8301820203820405",
        "a0",
        "a201020304",
        "a26161016162820203",
        "a20a002000",
        "a21818002000",
        "a220006000",
        "a2616100626161f6",
        "f4",
        "f5",
        "f6",
    ];
    let mut cases: Vec<Case> = items
        .iter()
        .map(|item| Case::ok(*item, unhex(item), "CBOR-1"))
        .collect();
    let mut nested = vec![0x81; 16];
    nested.push(0);
    cases.push(Case::ok("sixteen levels", nested, "CBOR-6"));
    cases
}

fn head(major: u8, width: usize, value: u64) -> Vec<u8> {
    let mut bytes = vec![major << 5 | [24, 25, 26, 27][width]];
    bytes.extend_from_slice(&value.to_be_bytes()[8 - (1 << width)..]);
    bytes
}

fn not_shortest() -> Vec<Case> {
    let refused = |name: String, input| {
        let comment = "a number in more bytes than it needs";
        Case::refused(name, comment, input, "CBOR-1", "NotShortest")
    };
    let numbers = [
        (0, 0),
        (23, 0),
        (24, 1),
        (255, 1),
        (256, 2),
        (65_535, 2),
        (65_536, 3),
    ];
    let mut cases = Vec::new();
    for major in [0, 1] {
        for (value, first) in numbers.into_iter().chain([(u64::from(u32::MAX), 3)]) {
            for width in first..4 {
                let name = format!("major {major} value {value} in {} bytes", 1 << width);
                cases.push(refused(name, head(major, width, value)));
            }
        }
    }
    for major in 2..6_u8 {
        for count in [0, 1, 23_u64] {
            for width in 0..4 {
                let mut input = head(major, width, count);
                for item in 0..count {
                    let byte = u8::try_from(item).unwrap();
                    match major {
                        2 | 4 => input.push(byte),
                        3 => input.push(b'a'),
                        _ => input.extend([byte, 0]),
                    }
                }
                let name = format!("major {major} length {count} in {} bytes", 1 << width);
                cases.push(refused(name, input));
            }
        }
    }
    for (name, input) in [
        ("in an array", "811817"),
        ("in a key", "a1180000"),
        ("in a value", "a1001817"),
    ] {
        cases.push(refused(name.to_owned(), unhex(input)));
    }
    cases
}

fn indefinite() -> Vec<Case> {
    [
        "5fff",
        "5f4100ff",
        "7fff",
        "7f6161ff",
        "9fff",
        "9f00ff",
        "9f9f00ffff",
        "bfff",
        "bf0000ff",
        "ff",
        "815fff",
        "817fff",
        "819fff",
        "81bfff",
        "81ff",
        "a1005fff",
        "a1007fff",
        "a1009fff",
        "a100bfff",
        "a100ff",
        "a17f6161ff00",
        "1f",
        "3f",
    ]
    .iter()
    .map(|input| {
        let comment = "a length that is not said at the head, or a break";
        Case::refused(*input, comment, unhex(input), "CBOR-2", "Indefinite")
    })
    .collect()
}

fn other_types() -> Vec<Case> {
    let refused = |name: String, comment: &str, input, cause| {
        Case::refused(name, comment, input, "CBOR-3", cause)
    };
    let mut cases = Vec::new();
    for tag in 0..24_u8 {
        let input = vec![0xc0 | tag, 0];
        cases.push(refused(
            format!("tag {tag}"),
            "a tag around 0",
            input,
            "Tag",
        ));
    }
    for input in [
        "d81800",
        "d9d9f700",
        "da0001000000",
        "dbffffffffffffffff00",
        "81c000",
        "a100c000",
        "a1c00000",
        "c0c000",
    ] {
        cases.push(refused(
            format!("tag {input}"),
            "a tag",
            unhex(input),
            "Tag",
        ));
    }
    for input in [
        "f90000",
        "f93c00",
        "f97c00",
        "f97e00",
        "f98000",
        "fa00000000",
        "fa3f800000",
        "fa7f800000",
        "fa7fc00000",
        "fb0000000000000000",
        "fb3ff0000000000000",
        "fb7ff0000000000000",
        "fb7ff8000000000000",
        "fb400921fb54442d18",
        "81f93c00",
        "a100f93c00",
    ] {
        cases.push(refused(
            format!("float {input}"),
            "a floating-point number",
            unhex(input),
            "Float",
        ));
    }
    for value in 0..20_u8 {
        let input = vec![0xe0 | value];
        cases.push(refused(
            format!("simple {value}"),
            "an unassigned value",
            input,
            "Simple",
        ));
    }
    for input in [
        "f7", "f800", "f813", "f814", "f820", "f8ff", "81f7", "a100f7",
    ] {
        cases.push(refused(
            format!("simple {input}"),
            "undefined or a longer form",
            unhex(input),
            "Simple",
        ));
    }
    for major in [0, 1, 2, 3, 4, 5, 7_u8] {
        for low in 28..31_u8 {
            let name = format!("major {major} head {low}");
            cases.push(refused(
                name,
                "a head without meaning",
                vec![major << 5 | low],
                "Reserved",
            ));
        }
    }
    cases
}

fn keys() -> Vec<Case> {
    let refused = |input: &&str, comment: &str, cause| {
        Case::refused(
            format!("{cause} {input}"),
            comment,
            unhex(input),
            "CBOR-4",
            cause,
        )
    };
    let twice = [
        "a201000100",
        "a220002000",
        "a2616100616100",
        "a2181800181800",
        "a2600060 00",
        "a301000200 0200",
        "81a201000100",
        "a100a201000100",
    ];
    let order = [
        "a202000100",
        "a220000100",
        "a2210020 00",
        "a2616200616100",
        "a262616100616200",
        "a261610001 00",
        "a2616100 2000",
        "a2190100001818 00",
        "a30100030002 00",
        "81a202000100",
    ];
    let types = [
        "a1400000", "a1410000", "a1800000", "a18100", "a1a000", "a1f400", "a1f500", "a1f600",
    ];
    let clean = |input: &&str| input.replace(' ', "");
    let mut cases = Vec::new();
    for input in twice.iter().map(clean) {
        cases.push(refused(&input.as_str(), "one key twice", "DuplicateKey"));
    }
    for input in order.iter().map(clean) {
        cases.push(refused(
            &input.as_str(),
            "keys out of bytewise order",
            "KeyOrder",
        ));
    }
    for input in types.iter().map(clean) {
        cases.push(refused(
            &input.as_str(),
            "a key that is neither integer nor text",
            "KeyType",
        ));
    }
    cases
}

fn text() -> Vec<Case> {
    let mut cases = Vec::new();
    for input in [
        "61ff",
        "6180",
        "62c328",
        "62c080",
        "63eda080",
        "64f4908080",
        "62e4ba",
        "64f0808080",
        "8161ff",
        "a161ff00",
    ] {
        let comment = "text that is not UTF-8";
        cases.push(Case::refused(
            format!("utf-8 {input}"),
            comment,
            unhex(input),
            "CBOR-5",
            "NotUtf8",
        ));
    }
    for text in [
        "e\u{301}",
        "A\u{30a}",
        "\u{212b}",
        "\u{2126}",
        "\u{1100}\u{1161}",
        "\u{f900}",
        "\u{2f800}",
        "\u{374}",
    ] {
        let mut writer = Writer::default();
        writer.text(text);
        let name = format!("form of U+{:04X}", u32::from(text.chars().last().unwrap()));
        let comment = "text that is not in normal form C";
        cases.push(Case::refused(
            name,
            comment,
            writer.finish(),
            "CBOR-5",
            "NotNfc",
        ));
    }
    cases
}

fn bounds() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, opening) in [("arrays", &[0x81][..]), ("maps", &[0xa1, 0x00])] {
        for depth in [17, 18, 127, 128, 1_000] {
            let mut input = opening.repeat(depth);
            input.push(0);
            let name = format!("{name} {depth} deep");
            cases.push(Case::refused(
                name,
                "deeper than 16",
                input,
                "CBOR-6",
                "TooDeep",
            ));
        }
    }
    let mut items = vec![0x99, 0x10, 0x00];
    items.extend([0; 4_096]);
    cases.push(Case::refused(
        "4097 items",
        "more items than 4,096",
        items,
        "CBOR-7",
        "TooManyItems",
    ));
    cases
}

fn ends() -> Vec<Case> {
    let whole = unhex("a40183000102026568656c6c6f1818434142432019ffff");
    let mut cases = Vec::new();
    for end in 0..whole.len() {
        let name = format!("{end} of {} bytes", whole.len());
        let input = whole[..end].to_vec();
        cases.push(Case::refused(
            name,
            "cut short",
            input,
            "CBOR-8",
            "Truncated",
        ));
    }
    for major in 2..6_u8 {
        for (width, value) in [
            (2, 1 << 16),
            (2, u64::from(u32::MAX)),
            (3, 1 << 32),
            (3, u64::MAX),
        ] {
            let name = format!("major {major} announces {value}");
            let input = head(major, width, value);
            cases.push(Case::refused(
                name,
                "a length without content",
                input,
                "CBOR-8",
                "Truncated",
            ));
        }
    }
    for item in ["00", "20", "40", "60", "80", "a0", "f6", "83010203"] {
        let mut input = unhex(item);
        input.push(0);
        let name = format!("{item} and more");
        cases.push(Case::refused(
            name,
            "a byte after the item",
            input,
            "CBOR-8",
            "Trailing",
        ));
    }
    cases
}
