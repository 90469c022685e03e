//! Protected headers that differ from the one form.

use super::*;

pub(super) fn header() -> Vec<Case> {
    let good = header_entries(PLAIN);
    let changed = |at: usize, value: Vec<u8>| {
        let mut header = good.clone();
        header[at].1 = value;
        with_header(&header)
    };
    let shape = |name: &str, comment: &str, input| {
        Case::refused(name, comment, input, "STM-3", "Decode.Unexpected")
    };
    let mut cases = Vec::new();
    for (name, alg) in [
        ("ES256", vec![0x26]),
        ("HS256", vec![5]),
        ("none", vec![0]),
        ("Ed25519 of RFC 9864", vec![0x32]),
        ("EdDSA as text", text("EdDSA")),
    ] {
        cases.push(shape(
            &format!("alg {name}"),
            "another algorithm",
            changed(0, alg),
        ));
    }
    for (at, name) in [
        (0, "alg"),
        (1, "content type"),
        (2, "kid"),
        (3, "claims"),
        (4, "ctx"),
    ] {
        let mut header = good.clone();
        header.remove(at);
        let input = with_header(&header);
        cases.push(shape(&format!("no {name}"), "an entry missing", input));
    }
    for (name, at, entry) in [
        ("crit", 1, (vec![2], vec![0x81, 3])),
        ("iv", 3, (vec![5], bytes(&[1]))),
        ("x5t", 4, (vec![0x18, 34], bytes(&[1]))),
        ("text key", 5, (text("x"), vec![0])),
        ("second kid", 3, (vec![4], bytes(&[0; 16]))),
    ] {
        let mut header = good.clone();
        header.insert(at, entry);
        let input = with_header(&header);
        cases.push(shape(&format!("extra {name}"), "an entry too many", input));
    }
    for (name, first, second) in [
        ("alg and type", 0, 1),
        ("type and kid", 1, 2),
        ("kid and claims", 2, 3),
        ("claims and ctx", 3, 4),
    ] {
        let mut header = good.clone();
        header.swap(first, second);
        cases.push(shape(
            &format!("{name} swapped"),
            "entries out of order",
            with_header(&header),
        ));
    }
    let id = public(CITY_KEY).id();
    for (name, kid) in [
        ("15 bytes", bytes(&id.as_bytes()[1..])),
        ("32 bytes", bytes(&[7; 32])),
        ("text", text("0123456789abcdef")),
    ] {
        cases.push(shape(
            &format!("kid of {name}"),
            "a kid of another form",
            changed(2, kid),
        ));
    }
    let mut three = Writer::default();
    three
        .map(3)
        .unsigned(1)
        .text(city().as_str())
        .unsigned(2)
        .text(SUBJECT)
        .unsigned(6)
        .unsigned(0);
    let mut swapped = Writer::default();
    swapped
        .map(2)
        .unsigned(2)
        .text(SUBJECT)
        .unsigned(1)
        .text(city().as_str());
    cases.push(shape(
        "claims with iat",
        "a claim too many",
        changed(3, three.finish()),
    ));
    cases.push(shape(
        "claims swapped",
        "sub before iss",
        changed(3, swapped.finish()),
    ));
    let ctx = |write: &dyn Fn(&mut Writer)| {
        let mut writer = Writer::default();
        write(&mut writer);
        changed(4, writer.finish())
    };
    cases.push(shape(
        "ctx of one item",
        "no state",
        ctx(&|w| {
            w.array(1).unsigned(3);
        }),
    ));
    cases.push(shape(
        "ctx state of 31 bytes",
        "a state of another form",
        ctx(&|w| {
            w.array(2).unsigned(3).bytes(&[9; 31]);
        }),
    ));
    cases.push(shape(
        "ctx of negative size",
        "a size below zero",
        ctx(&|w| {
            w.array(2).negative(2).bytes(&[9; 32]);
        }),
    ));
    let one = |name: &str, comment: &str, input, spec, cause| {
        Case::refused(name, comment, input, spec, cause)
    };
    cases.push(one(
        "ctx beyond sizes",
        "a size of 2^63",
        ctx(&|w| {
            w.array(2).unsigned(1 << 63).bytes(&[9; 32]);
        }),
        "STM-6",
        "Ctx",
    ));
    for content_type in [
        "application/cbor",
        "application/concordat+CBOR",
        "application/cose",
        APPROVAL,
    ] {
        let input = with_header(&header_entries(content_type));
        cases.push(one(
            content_type,
            "another content type",
            input,
            "STM-3",
            "ContentType",
        ));
    }
    cases.push(shape(
        "content type as a number",
        "a CoAP content format",
        changed(1, vec![0x18, 60]),
    ));
    for (name, code) in [
        ("enterprise without check", "91230400MA0000015N"),
        ("lower case", "112304000000000ma9"),
        ("self-employed", "92230400MA0000015M"),
        ("empty", ""),
    ] {
        let input = changed(3, claims(code, SUBJECT));
        cases.push(one(
            &format!("iss {name}"),
            "no authority code",
            input,
            "STM-4",
            "Issuer",
        ));
    }
    for (name, code) in [
        ("letter O", "9123O400MA0000015M"),
        ("lower case", "91230400ma0000015m"),
        ("short", "91230400MA000001"),
        ("identity number", "362322198709086409"),
    ] {
        let input = changed(3, claims(city().as_str(), code));
        cases.push(one(
            &format!("sub {name}"),
            "no subject code",
            input,
            "STM-4",
            "About",
        ));
    }
    let about = claims(city().as_str(), city().as_str());
    cases.push(one(
        "sub of another",
        "sub differs from the content",
        changed(3, about),
        "STM-13",
        "AboutAnother",
    ));
    let mut long = map_of(&good);
    long.splice(0..1, [0xb8, 5]);
    cases.push(one(
        "long map head",
        "five entries said in two bytes",
        signed(&long, &encoded()),
        "STM-3",
        "Decode.NotShortest",
    ));
    let more = [map_of(&good), vec![0]].concat();
    cases.push(one(
        "header and more",
        "a byte after the map",
        signed(&more, &encoded()),
        "STM-3",
        "Decode.Trailing",
    ));
    cases.push(one(
        "kid tagged",
        "a tag within the header",
        changed(2, [vec![0xc2], bytes(id.as_bytes())].concat()),
        "STM-3",
        "Decode.Tag",
    ));
    cases
}
