//! Contents of the registry and of the home register that break a rule.

use concordat_protocol::statement::{
    Accession, BasisLevel, Duty, LegalBasis, Level, Measure, RecognitionAnswer, RecognitionReason,
    RecognitionResponse, RecognitionResponseFields, Retirement, Revocation,
};

use super::super::cases::Entry;
use super::*;
use crate::registry::deadlines::{calendar, rules};
use crate::registry::measures::item;

/// What the hub says about somebody, under a class.
pub(super) fn said(about: &str, content: &[u8], class: u8) -> Vec<u8> {
    let mut header = header_entries(PLAIN);
    header[2].1 = bytes(public(HUB_KEY).id().as_bytes());
    header[3].1 = claims(hub().as_str(), about);
    let fields = entries(&encode(&payload(decision(penalty()))).unwrap());
    let fields = set(&fields, &[1], encode(&class).unwrap());
    signed(
        &map_of(&header),
        &map_of(&set(&fields, &[6], content.to_vec())),
    )
}

/// Keys that nobody may trust, wherever the registry takes one, and truths said in two ways.
pub(super) fn registry() -> Vec<Case> {
    let says = |content: &[u8], class: u8| said(city().as_str(), content, class);
    let enrolled = Enrolment {
        recovery_key: Some(public(6)),
        ..city_enrolment()
    };
    let rotation = Rotation {
        member: city(),
        key_use: KeyUse::Node,
        old: public(1),
        new: public(2),
        next: None,
    };
    let cut_off = CutOff {
        member: city(),
        key_use: KeyUse::Node,
        key: public(1),
        from: None,
        continues: None,
        replacement: Some(public(2)),
        next: None,
    };
    // Keys 7 and 11 of an enrolment are lists.
    let put = |class: u8, key: u8, bad: &[u8]| match (class, key) {
        (45, 7 | 11) => [&[0x81], &bytes(bad)[..]].concat(),
        _ => bytes(bad),
    };
    let places: [(&str, u8, Vec<u8>, &[u8]); 3] = [
        (
            "enrolment",
            45,
            encode(&enrolled).unwrap(),
            &[7, 8, 9, 10, 11, 15],
        ),
        ("rotation", 46, encode(&rotation).unwrap(), &[3, 4]),
        ("cut-off", 48, encode(&cut_off).unwrap(), &[3, 6]),
    ];
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut second = [0xff; 32];
    (second[0], second[31]) = (0xf0, 0x7f);
    let bad: [(&str, Vec<u8>); 5] = [
        ("the identity", identity.to_vec()),
        ("a point of order 4", vec![0; 32]),
        ("no point", vec![2; 32]),
        ("a second encoding", second.to_vec()),
        ("31 bytes", vec![3; 31]),
    ];
    let mut cases = Vec::new();
    for (shape, class, good, keys) in &places {
        cases.push(Case::ok(*shape, says(good, *class), "STM-15"));
        for key in *keys {
            for (what, bad) in &bad {
                let content = map_of(&set(&entries(good), &[*key], put(*class, *key, bad)));
                cases.push(Case::refused(
                    format!("{shape} with {what} under {key}"),
                    "a key that proves nothing",
                    says(&content, *class),
                    "KEY-2",
                    "Decode.Shape",
                ));
            }
        }
    }
    let fields = entries(&encode(&enrolled).unwrap());
    let mandate = entries(&encode(&mandate()).unwrap());
    for (name, said, cause) in [
        ("supervisor", 0xf5, None),
        ("false supervisor", 0xf4, Some("Decode.Shape")),
        ("null supervisor", 0xf6, Some("Decode.Shape")),
    ] {
        let mandates = [vec![0x81], map_of(&set(&mandate, &[7], vec![said]))].concat();
        let input = says(&map_of(&set(&fields, &[6], mandates)), 45);
        cases.push(match cause {
            None => Case::ok(name, input, "CBOR-10"),
            Some(cause) => {
                let comment = "what is not so is left out";
                Case::refused(name, comment, input, "CBOR-10", cause)
            }
        });
    }
    cases.extend(personal(&says));
    cases.extend(losses(&says));
    cases.extend(successions(&says));
    let by_hub = |content: &[u8], class: u8| said(hub().as_str(), content, class);
    cases.extend(measures(&by_hub));
    cases.extend(dates(&by_hub));
    cases
}

/// Calendars, deadline rules, and words about agreements, and one for each rule of the first two.
fn dates(says: &impl Fn(&[u8], u8) -> Vec<u8>) -> Vec<Case> {
    let encoded = |content: &Content| {
        let fields = entries(&encode(&payload(content.clone())).unwrap());
        let content = fields.into_iter().find(|(key, _)| *key == [6]);
        content.unwrap().1
    };
    let calendar = encoded(&calendar("100000", &["2026-10-01"]));
    let rules = encoded(&rules(7));
    let days = |days: &[&str]| {
        let days: Vec<_> = days.iter().map(|text| day(text)).collect();
        encode(&days).unwrap()
    };
    let off = |value: Vec<u8>| says(&map_of(&set(&entries(&calendar), &[4], value)), 42);
    let [(_, list)] = &entries(&rules)[..] else {
        panic!("rules are one list")
    };
    // One rule, behind the head of the list.
    let rule = entries(&list[1..]);
    let with = |key: u8, value: Vec<u8>| {
        let rule = [vec![0x81], map_of(&set(&rule, &[key], value))].concat();
        says(&map_of(&[(vec![1], rule)]), 43)
    };
    let first = Net::production().reference(hub(), 3);
    let accession = encode(&Accession {
        agreement: first.clone(),
        from: day("2026-12-01"),
    });
    let retirement = encode(&Retirement {
        first,
        version: 1,
        from: day("2026-12-01"),
        reasons: crate::support::text("不再互认"),
    });
    let bad = |name: &str, comment: &str, spec, input| {
        Case::refused(name, comment, input, spec, "Decode.Shape")
    };
    let mut cases = vec![
        Case::ok("calendar", says(&calendar, 42), "DL-1"),
        Case::ok("deadline rules", says(&rules, 43), "DL-4"),
        Case::ok("accession", says(&accession.unwrap(), 31), "AGR-7"),
        Case::ok("retirement", says(&retirement.unwrap(), 32), "AGR-7"),
        bad(
            "holiday on a Saturday",
            "it is off as it is",
            "DL-1",
            off(days(&["2026-10-03"])),
        ),
        bad(
            "holiday outside the span",
            "another calendar's",
            "DL-1",
            off(days(&["2026-11-02"])),
        ),
        bad(
            "holidays out of order",
            "two in descending order",
            "DL-1",
            off(days(&["2026-10-02", "2026-10-01"])),
        ),
        bad(
            "rule of no working day",
            "a term of nothing",
            "DL-4",
            with(5, vec![0]),
        ),
        bad(
            "rule of no unit",
            "a unit that there is not",
            "DL-7",
            with(6, vec![9]),
        ),
        bad(
            "rule from no event",
            "an event that there is not",
            "DL-7",
            with(3, vec![0x18, 99]),
        ),
    ];
    cases.extend(answers(says));
    cases
}

/// Words on recognition, and one for each rule of them.
fn answers(says: &impl Fn(&[u8], u8) -> Vec<u8>) -> Vec<Case> {
    let net = Net::production();
    let fields = RecognitionResponseFields {
        asked: net.reference(hub(), 8),
        decision: net.reference(hub(), 5),
        answer: RecognitionAnswer::Recognised,
        agreement: Some(net.reference(hub(), 3)),
        clause: Some(crate::support::text("第三条")),
        measures: vec![Duty {
            measure: Measure::new("tender.limit").unwrap(),
            until: day("2026-09-30"),
            content: None,
        }],
        reason: None,
        reasons: None,
    };
    let said = |fields| encode(&RecognitionResponse::new(fields).unwrap()).unwrap();
    let recognised = said(fields.clone());
    let informs = RecognitionResponseFields {
        answer: RecognitionAnswer::ForInformation,
        agreement: None,
        clause: None,
        measures: vec![],
        ..fields
    };
    let declines = said(RecognitionResponseFields {
        answer: RecognitionAnswer::NotRecognised,
        reason: Some(RecognitionReason::BasisNotValidHere),
        reasons: Some(crate::support::text("依据为外地规章")),
        ..informs.clone()
    });
    let (with, less) = (entries(&recognised), entries(&declines));
    let bad = |name: &str, comment: &str, spec, input: Vec<u8>| {
        Case::refused(name, comment, says(&input, 33), spec, "Decode.Shape")
    };
    let lacks = |name: &str, spec, key: u8| {
        let all = if key < 6 { &with } else { &less };
        bad(
            name,
            "what its answer needs is left out",
            spec,
            map_of(&without(all, &[key])),
        )
    };
    let measures = set(&without(&without(&with, &[4]), &[5]), &[3], vec![2]);
    vec![
        Case::ok("recognised", says(&recognised, 33), "STM-201"),
        Case::ok("for information", says(&said(informs), 33), "STM-201"),
        Case::ok("not recognised", says(&declines, 33), "STM-202"),
        lacks("recognised under no agreement", "STM-201", 4),
        lacks("recognised by no clause", "STM-201", 5),
        lacks("not recognised without a reason", "STM-202", 7),
        lacks("not recognised without words", "STM-202", 8),
        bad(
            "measures for information",
            "what is not recognised brings none",
            "STM-201",
            map_of(&measures),
        ),
    ]
}

/// Catalogues of measures that hold together, and one for each rule that they can break.
fn measures(says: &impl Fn(&[u8], u8) -> Vec<u8>) -> Vec<Case> {
    let good = encode(&item(|item| {
        item.levels = vec![Level::Provincial, Level::Prefectural];
        item.revoked = Some(Revocation {
            from: day("2027-01-01"),
            source: crate::support::text("关于废止部分规定的决定"),
        });
    }));
    let good = entries(&good.unwrap());
    let other = encode(&item(|item| item.measure = measure("loan.limit"))).unwrap();
    let list = |items: &[Vec<u8>]| {
        let mut writer = Writer::default();
        writer.array(items.len() as u64);
        items.iter().for_each(|item| {
            writer.raw(item);
        });
        map_of(&[(vec![1], writer.finish())])
    };
    let one = |fields: &[Entry]| says(&list(&[map_of(fields)]), 41);
    let bad = |name: &str, comment: &str, spec, input| {
        Case::refused(name, comment, input, spec, "Decode.Shape")
    };
    let with = |key: u8, value: Vec<u8>| one(&set(&good, &[key], value));
    let policy = encode(&[LegalBasis {
        law: crate::support::text("国办发〔2020〕49号"),
        article: crate::support::text("六（一）"),
        level: BasisLevel::CentralPolicy,
    }]);
    let policy = set(&good, &[4], policy.unwrap());
    let recommended = one(&set(&policy, &[3], vec![2]));
    let two = [other, map_of(&good)];
    let reversed = [two[1].clone(), two[0].clone()];
    let before = encode(&day("2023-12-31")).unwrap();
    vec![
        Case::ok("measures", says(&list(&two), 41), "STM-150"),
        Case::ok("measure recommended by a policy", recommended, "STM-151"),
        bad(
            "no measure",
            "an empty catalogue",
            "STM-150",
            says(&list(&[]), 41),
        ),
        bad(
            "measures out of order",
            "two in descending order",
            "STM-150",
            says(&list(&reversed), 41),
        ),
        bad(
            "measure on no article",
            "it rests on nothing",
            "STM-150",
            one(&without(&good, &[4])),
        ),
        bad(
            "measure that ends before it begins",
            "its days",
            "STM-150",
            with(6, before),
        ),
        bad(
            "levels out of order",
            "two in descending order",
            "STM-150",
            with(7, vec![0x82, 3, 2]),
        ),
        bad(
            "level of no authority",
            "a level that there is not",
            "STM-150",
            with(7, vec![0x81, 5]),
        ),
        bad(
            "mandatory on a policy",
            "what obliges rests on less than a statute",
            "STM-151",
            one(&policy),
        ),
        bad(
            "measure of no force",
            "a force that there is not",
            "STM-150",
            with(3, vec![3]),
        ),
        bad(
            "measure on a person",
            "no organisation travels",
            "STM-40",
            with(1, text("travel.exclusion")),
        ),
        bad(
            "mobile number in a measure's title",
            "personal data",
            "ID-37",
            with(2, text("联系人138.0013.8000")),
        ),
    ]
}

/// Declarations that a member is lost.
// spec: STM-181
fn losses(says: &impl Fn(&[u8], u8) -> Vec<u8>) -> Vec<Case> {
    let Content::Loss(loss) = lost(city()) else {
        panic!("a loss");
    };
    let content = entries(&encode(&loss).unwrap());
    let number = text("联系人138.0013.8000");
    let bad =
        |name: &str, comment: &str, spec, content: Vec<(Vec<u8>, Vec<u8>)>, cause: &'static str| {
            let input = says(&map_of(&content), 50);
            Case::refused(name, comment, input, spec, cause)
        };
    vec![
        Case::ok("loss", says(&map_of(&content), 50), "STM-181"),
        bad(
            "loss without a basis",
            "nobody is given up without a law that says so",
            "STM-181",
            content[..2].to_vec(),
            "Invalid.LossBasis",
        ),
        bad(
            "loss without reasons",
            "an entry is missing",
            "STM-15",
            [&content[..1], &content[2..]].concat(),
            "Decode.Shape",
        ),
        bad(
            "mobile number in a loss",
            "personal data",
            "ID-37",
            set(&content, &[2], number),
            "Decode.Shape",
        ),
    ]
}

/// The taking over of one authority's charge by another.
// spec: STM-233, STM-234
fn successions(says: &impl Fn(&[u8], u8) -> Vec<u8>) -> Vec<Case> {
    let Content::Succession(succession) = succeeded(city(), hub()) else {
        panic!("a succession");
    };
    let content = entries(&encode(&succession).unwrap());
    let bad =
        |name: &str, comment: &str, spec, content: Vec<(Vec<u8>, Vec<u8>)>, cause: &'static str| {
            let input = says(&map_of(&content), 49);
            Case::refused(name, comment, input, spec, cause)
        };
    vec![
        Case::ok("succession", says(&map_of(&content), 49), "STM-233"),
        bad(
            "succession without a basis",
            "no authority ends without a law that says so",
            "STM-233",
            content[..3].to_vec(),
            "Invalid.SuccessionBasis",
        ),
        bad(
            "succession of an authority by itself",
            "a circle of one",
            "STM-234",
            set(&content, &[2], encode(&city()).unwrap()),
            "Invalid.SuccessionOfItself",
        ),
        bad(
            "succession without a successor",
            "an entry is missing",
            "STM-15",
            [&content[..1], &content[2..]].concat(),
            "Decode.Shape",
        ),
        bad(
            "mobile number in a succession",
            "personal data",
            "ID-37",
            set(&content, &[3], text("联系人138.0013.8000")),
            "Decode.Shape",
        ),
    ]
}

/// A person's mobile number in every text of the registry.
fn personal(says: &impl Fn(&[u8], u8) -> Vec<u8>) -> Vec<Case> {
    let number = text("联系人138.0013.8000");
    let list = |item: Vec<u8>| [vec![0x81], item].concat();
    let fields = |content: Vec<u8>| entries(&content);
    let enrolment = fields(encode(&city_enrolment()).unwrap());
    let suspension = fields(
        encode(&Suspension {
            member: city(),
            standing: Standing::Suspended,
            reasons: crate::support::text("停用"),
        })
        .unwrap(),
    );
    let catalogue = catalogue();
    let item = fields(encode(&catalogue.items[0]).unwrap());
    let items = |key: u8, value: Vec<u8>| {
        let item = map_of(&set(&item, &[key], value));
        map_of(&set(&fields(encode(&catalogue).unwrap()), &[1], list(item)))
    };
    let address = text("13800138000.example:4433");
    let one = |name: &str, class: Class, content: Vec<u8>| {
        let input = says(&content, u8::try_from(class.code()).unwrap());
        Case::refused(name, "personal data", input, "ID-37", "Decode.Shape")
    };
    vec![
        one(
            "mobile number in a member's name",
            Class::Enrolment,
            map_of(&set(&enrolment, &[2], number.clone())),
        ),
        one(
            "mobile number in an address",
            Class::Enrolment,
            map_of(&set(&enrolment, &[13], list(address))),
        ),
        one(
            "mobile number in a suspension",
            Class::Suspension,
            map_of(&set(&suspension, &[3], number.clone())),
        ),
        one(
            "mobile number in an item's title",
            Class::ItemCatalogue,
            items(2, number),
        ),
        Case::refused(
            "item with a measure on a person",
            "a measure that falls on no organisation",
            says(
                &items(10, list(text("person.travel-ban"))),
                u8::try_from(Class::ItemCatalogue.code()).unwrap(),
            ),
            "STM-40",
            "Decode.Shape",
        ),
        Case::refused(
            "item beyond repair by no article",
            "a flag in the place of an article",
            says(
                &items(13, vec![0xf5]),
                u8::try_from(Class::ItemCatalogue.code()).unwrap(),
            ),
            "STM-193",
            "Decode.Shape",
        ),
        one(
            "mobile number as an item's code",
            Class::ItemCatalogue,
            items(1, text("138-0013-8000")),
        ),
    ]
}

/// Notices whose parts do not fit each other, and contents about nobody that name somebody.
pub(super) fn notices(net: &Net) -> Vec<Case> {
    let says = |about: &str, content: &Content| {
        let mut header = header_entries(PLAIN);
        header[2].1 = bytes(public(HUB_KEY).id().as_bytes());
        header[3].1 = claims(hub().as_str(), about);
        signed(
            &map_of(&header),
            &encode(&payload(content.clone())).unwrap(),
        )
    };
    let notice = |change: fn(&mut Notice)| {
        let mut notice = notice(net);
        change(&mut notice);
        says(hub().as_str(), &Content::Notice(notice))
    };
    let one = |name: &str, comment: &str, input| {
        Case::refused(name, comment, input, "STM-30", "Invalid.Notice")
    };
    let policy = Content::Policy(Policy {
        ..policy(vec![hub()], 1, 0)
    });
    let mut cases = vec![
        one(
            "notice of a decision",
            "a notice of what is no act",
            notice(|n| {
                n.class = Class::Decision;
                n.ground = None;
            }),
        ),
        one(
            "notice of an objection without ground",
            "the ground missing",
            notice(|n| n.ground = None),
        ),
        one(
            "notice of a withdrawal with ground",
            "a ground under another class",
            notice(|n| n.class = Class::Withdrawal),
        ),
        one(
            "notice not over the cap",
            "false where nothing is said",
            notice(|n| n.over_cap = Some(false)),
        ),
        one(
            "notice of a withdrawal over the cap",
            "a cap under another class",
            notice(|n| {
                n.class = Class::Withdrawal;
                n.ground = None;
                n.over_cap = Some(true);
            }),
        ),
    ];
    for (name, content) in [
        ("notice", Content::Notice(self::notice(net))),
        ("restart", Content::Restart(restart())),
        ("policy", policy),
        ("catalogue", Content::ItemCatalogue(catalogue())),
    ] {
        let comment = "what is about nobody names its issuer";
        let input = says(SUBJECT, &content);
        let name = format!("{name} about an enterprise");
        cases.push(Case::refused(
            name,
            comment,
            input,
            "STM-13",
            "AboutAnother",
        ));
    }
    cases
}
