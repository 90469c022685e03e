//! Classes that the other families lack: what each says in its form, and what breaks a rule of it.

use concordat_protocol::statement::{Accession, Admission, Retirement};
use concordat_protocol::subject::AuthorityCode;

use super::super::cases::Entry;
use super::*;

/// A good content under its class, to be said whole or with one thing changed.
struct Good {
    class: Class,
    /// Acts have a target; everything else is the hub's own word.
    is_act: bool,
    inner: Vec<Entry>,
}

impl Good {
    fn new(content: Content) -> Self {
        let class = content.class();
        let payload = entries(&encode(&payload(content)).unwrap());
        let inner = payload.iter().find(|(key, _)| key == &[6]).unwrap();
        Self {
            class,
            is_act: class.is_act(),
            inner: entries(&inner.1),
        }
    }

    fn says(&self, inner: &[Entry], about: &str) -> Vec<u8> {
        let class = u8::try_from(self.class.code()).unwrap();
        if !self.is_act {
            return registry::said(about, &map_of(inner), class);
        }
        let net = Net::production();
        let acts = act(acts::exit(), net.reference(city(), 3));
        let acts = set(
            &entries(&encode(&acts).unwrap()),
            &[1],
            encode(&class).unwrap(),
        );
        with_payload(&map_of(&set(&acts, &[6], map_of(inner))))
    }

    fn whole(&self, inner: &[Entry]) -> Vec<u8> {
        let about = match (self.is_act, self.class == Class::Suspension) {
            (true, _) => SUBJECT.to_owned(),
            (false, true) => city().as_str().to_owned(),
            (false, false) => hub().as_str().to_owned(),
        };
        self.says(inner, &about)
    }

    fn ok(&self, name: &str, spec: &'static str) -> Case {
        Case::ok(name, self.whole(&self.inner), spec)
    }

    fn with(&self, key: u8, value: Vec<u8>) -> Vec<u8> {
        self.whole(&set(&self.inner, &[key], value))
    }

    fn lacks(&self, key: u8) -> Vec<u8> {
        self.whole(&without(&self.inner, &[key]))
    }
}

fn shape(name: &str, comment: &str, input: Vec<u8>, spec: &'static str) -> Case {
    Case::refused(name, comment, input, spec, "Decode.Shape")
}

pub(super) fn classes() -> Vec<Case> {
    let net = Net::production();
    let mut cases = admissions(&net);
    cases.extend(corrections());
    cases.extend(agreements());
    cases.extend(parting(&net));
    cases.extend(registry_entries());
    cases.extend(heads(&net));
    cases
}

fn personal() -> Vec<u8> {
    text("身份证号362322198709086409")
}

// spec: STM-26
fn admissions(net: &Net) -> Vec<Case> {
    let (first, second) = (net.reference(city(), 3), net.reference(city(), 4));
    let reasons = crate::support::text("超出每日数量，经核实予以采纳");
    let admission = Admission::new(vec![first.clone(), second.clone()], reasons).unwrap();
    let good = Good::new(Content::Admission(admission));
    let list = |of: Vec<_>| good.with(1, encode(&of).unwrap());
    vec![
        good.ok("admission", "STM-26"),
        shape(
            "admission of nothing",
            "none named",
            good.lacks(1),
            "STM-26",
        ),
        shape(
            "admission of an empty list",
            "a list that is left out when empty",
            good.with(1, vec![0x80]),
            "STM-15",
        ),
        shape(
            "admission of one twice",
            "an objection named twice",
            list(vec![first.clone(), first.clone()]),
            "STM-26",
        ),
        shape(
            "admission out of order",
            "objections out of order",
            list(vec![second, first]),
            "STM-26",
        ),
        shape(
            "admission without reasons",
            "required",
            good.lacks(2),
            "STM-15",
        ),
        shape(
            "identity number in an admission",
            "personal data",
            good.with(2, personal()),
            "STM-25",
        ),
        shape(
            "admission with key 3",
            "a key that an admission has not",
            good.with(3, vec![0]),
            "STM-15",
        ),
    ]
}

fn corrections() -> Vec<Case> {
    let good = Good::new(Content::Correction(Box::new(Correction {
        reasons: crate::support::text("金额有误"),
        replacement: Decision::new(penalty()).unwrap(),
    })));
    let (_, replacement) = good.inner.iter().find(|(key, _)| key == &[2]).unwrap();
    let replacement = entries(replacement);
    let unserved = map_of(&without(&replacement, &[6]));
    let endless = set(&replacement, &[16], encode(&day("2099-12-31")).unwrap());
    vec![
        shape("correction to nothing", "required", good.lacks(2), "STM-15"),
        shape(
            "correction without reasons",
            "required",
            good.lacks(1),
            "STM-15",
        ),
        shape(
            "correction that takes the service away",
            "what is put in the place keeps the boundary",
            good.with(2, unserved),
            "STM-21",
        ),
        shape(
            "correction to a publication without end",
            "what is put in the place keeps the boundary",
            good.with(2, map_of(&endless)),
            "STM-22",
        ),
        shape(
            "correction with key 3",
            "a key that a correction has not",
            good.with(3, vec![0]),
            "STM-15",
        ),
    ]
}

// spec: AGR-1, AGR-2
fn agreements() -> Vec<Case> {
    let good = Good::new(crate::agreements::agreement(crate::agreements::fields()));
    let parties = |of: &[AuthorityCode]| good.with(2, encode(&of.to_vec()).unwrap());
    let mut two = [city(), other_city()];
    two.sort();
    let [one, other] = two;
    vec![
        shape("agreement of one", "two at least", parties(&[one]), "AGR-1"),
        shape("agreement of nobody", "required", good.lacks(2), "AGR-1"),
        shape(
            "agreement without a title",
            "required",
            good.lacks(1),
            "STM-15",
        ),
        shape(
            "agreement of version 0",
            "the first is 1",
            good.with(3, vec![0]),
            "AGR-2",
        ),
        shape(
            "second version without the first",
            "a later version names the first one",
            good.with(3, vec![2]),
            "AGR-2",
        ),
        shape("agreement on nothing", "no clause", good.lacks(7), "AGR-3"),
        shape(
            "agreement with key 9",
            "a key that an agreement has not",
            good.with(9, vec![0]),
            "STM-15",
        ),
        shape(
            "agreement out of order",
            "parties in descending order",
            parties(&[other, one]),
            "AGR-1",
        ),
        shape(
            "agreement of one with itself",
            "a party named twice",
            parties(&[one, one]),
            "AGR-1",
        ),
    ]
}

// spec: AGR-7
fn parting(net: &Net) -> Vec<Case> {
    let from = day("2026-12-01");
    let joins = Good::new(Content::Accession(Accession {
        agreement: net.reference(hub(), 3),
        from,
    }));
    let leaves = Good::new(Content::Retirement(Retirement {
        first: net.reference(hub(), 3),
        version: 1,
        from,
        reasons: crate::support::text("不再互认"),
    }));
    vec![
        shape("accession to nothing", "required", joins.lacks(1), "STM-15"),
        shape(
            "accession from no day",
            "required",
            joins.lacks(2),
            "STM-15",
        ),
        shape(
            "accession from a day in words",
            "a text in the place of a day",
            joins.with(2, text("2026-12-01")),
            "STM-15",
        ),
        shape(
            "accession with key 3",
            "a key that an accession has not",
            joins.with(3, vec![0]),
            "STM-15",
        ),
        shape(
            "retirement from nothing",
            "required",
            leaves.lacks(1),
            "STM-15",
        ),
        shape(
            "retirement from no version",
            "required",
            leaves.lacks(2),
            "STM-15",
        ),
        shape(
            "retirement from no day",
            "required",
            leaves.lacks(3),
            "STM-15",
        ),
        shape(
            "retirement without reasons",
            "required",
            leaves.lacks(4),
            "STM-15",
        ),
        shape(
            "identity number in a retirement",
            "personal data",
            leaves.with(4, personal()),
            "STM-25",
        ),
        shape(
            "retirement with key 5",
            "a key that a retirement has not",
            leaves.with(5, vec![0]),
            "STM-15",
        ),
    ]
}

fn registry_entries() -> Vec<Case> {
    let catalogue = Good::new(Content::ItemCatalogue(catalogue()));
    let policy = Good::new(Content::Policy(policy(vec![hub()], 1, 0)));
    let suspension = Good::new(Content::Suspension(Suspension {
        member: city(),
        standing: Standing::Suspended,
        reasons: crate::support::text("停用"),
    }));
    vec![
        catalogue.ok("catalogue of items", "STM-15"),
        policy.ok("policy", "STM-15"),
        suspension.ok("suspension", "STM-15"),
        shape(
            "policy without a quorum",
            "required",
            policy.lacks(2),
            "STM-15",
        ),
        shape(
            "suspension into no standing",
            "a standing that there is not",
            suspension.with(2, vec![4]),
            "STM-15",
        ),
        shape(
            "catalogue without a class for near-personal subjects",
            "required",
            catalogue.lacks(3),
            "STM-15",
        ),
    ]
}

fn heads(net: &Net) -> Vec<Case> {
    let head = Good::new(Content::HeadSeen(HeadSeen {
        origin: net.origin(city()),
        size: TreeSize::ZERO,
        root: Hash::from_bytes([0; 32]),
    }));
    let restart = Good::new(Content::Restart(restart()));
    let short = [&[0x58, 31][..], &[0; 31]].concat();
    vec![
        shape("head seen of no log", "required", head.lacks(1), "STM-15"),
        shape("head seen of no size", "required", head.lacks(2), "STM-15"),
        shape(
            "head seen without a root",
            "required",
            head.lacks(3),
            "STM-15",
        ),
        shape(
            "head seen with a root of 31 bytes",
            "a hash has 32",
            head.with(3, short.clone()),
            "STM-15",
        ),
        shape(
            "head seen of a log that has no name",
            "a text that is no origin",
            head.with(1, text("concordat")),
            "STM-15",
        ),
        shape(
            "head seen with key 4",
            "a key that a head has not",
            head.with(4, vec![0]),
            "STM-15",
        ),
        shape("restart at no size", "required", restart.lacks(1), "STM-15"),
        shape(
            "restart without a root",
            "required",
            restart.lacks(2),
            "STM-15",
        ),
        shape(
            "restart with a root of 31 bytes",
            "a hash has 32",
            restart.with(2, short),
            "STM-15",
        ),
        shape(
            "restart with key 3",
            "a key that a restart has not",
            restart.with(3, vec![0]),
            "STM-15",
        ),
    ]
}
