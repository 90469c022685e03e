//! The vectors of `spec/vectors/bundle`: one bundle that verifies, and others with one departure each.
//!
//! `CONCORDAT_WRITE_VECTORS=1 cargo test -p concordat-protocol --test bundle_proofs generated` writes
//! them anew; without the variable a test compares.

use std::fs;
use std::path::PathBuf;

use concordat_protocol::bundle::{BundleError, MAGIC, VERSION, verify};
use concordat_protocol::log::Hash;
use serde_json::{Value, json};

use crate::fixture::Case;
use crate::raw::{Raw, around};

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../spec/vectors/bundle/bundle.json")
}

/// A departure: its name, why it is there, the requirement, the cause of the refusal, the file.
struct Departure {
    name: &'static str,
    comment: &'static str,
    spec: &'static str,
    cause: &'static str,
    file: Vec<u8>,
}

/// Departures in the bytes of the file.
fn of_bytes(case: &Case) -> Vec<Departure> {
    let good = case.bytes(case.net.included());
    let content = Raw::of(case).content();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    // The last value, 1, in two bytes.
    let mut longer = content.clone();
    longer.truncate(content.len() - 1);
    longer.extend([0x18, 0x01]);
    let departure = |name, comment, spec, cause, file| Departure {
        name,
        comment,
        spec,
        cause,
        file,
    };
    vec![
        departure(
            "cut off",
            "the first 40 bytes alone",
            "BUN-1",
            "TooShort",
            good[..40].to_vec(),
        ),
        departure(
            "damaged",
            "one bit in the middle is another",
            "BUN-2",
            "DigestMismatch",
            flipped,
        ),
        departure(
            "line ends changed",
            "the magic as a transfer of text leaves it, the digest made to fit",
            "BUN-3",
            "NotABundle",
            around(b"\x89CCDB\n\n\x1a", VERSION, &content),
        ),
        departure(
            "version 2",
            "a version that there is not",
            "BUN-3",
            "Version",
            around(&MAGIC, 2, &content),
        ),
        departure(
            "second encoding",
            "the last number in two bytes",
            "BUN-4",
            "Decode.NotShortest",
            around(&MAGIC, VERSION, &longer),
        ),
    ]
}

/// Departures in what the content says, with digests that fit.
fn of_content(case: &Case) -> Vec<Departure> {
    let departure = |name, comment, spec, cause, change: &dyn Fn(&mut Raw)| {
        let mut raw = Raw::of(case);
        change(&mut raw);
        let file = raw.file();
        Departure {
            name,
            comment,
            spec,
            cause,
            file,
        }
    };
    let net = &case.net;
    let place = |origin| net.logs.keys().position(|one| *one == origin).unwrap();
    let head = |origin, key: [u8; 32]| {
        let mut thief = net.clone();
        thief.issuer.log = ed25519_dalek::SigningKey::from_bytes(&key);
        thief.head(&origin, &[]).to_bytes()
    };
    vec![
        departure(
            "later acts proven",
            "a claim that nothing proves yet",
            "BUN-26",
            "Decode.Shape",
            &|raw| raw.later_acts = 2,
        ),
        departure(
            "heads out of order",
            "the first two heads have changed places",
            "BUN-5",
            "Order",
            &|raw| raw.heads.swap(0, 1),
        ),
        departure(
            "no genesis",
            "registry entries with nothing to begin from",
            "BUN-6",
            "TrustShape",
            &|raw| raw.genesis = None,
        ),
        departure(
            "registry entry without its body",
            "the first enrolment is a leaf alone",
            "BUN-7",
            "Entry.BodyPresence",
            &|raw| raw.entries[0].body = None,
        ),
        departure(
            "registry cut short",
            "the last entry, which names the cosigners, is left out",
            "BUN-16",
            "Head.NotACosigner",
            &|raw| drop(raw.entries.pop()),
        ),
        departure(
            "registry left out",
            "the trust chain is external, and a verifier has nothing else",
            "BUN-20",
            "RegistryNeeded",
            &|raw| {
                (raw.genesis, raw.entries) = (None, vec![]);
                raw.external = Some((4, Hash::from_bytes([1; 32])));
            },
        ),
        departure(
            "head by another key",
            "the head of the issuer's log under a key that nobody enrolled",
            "BUN-10",
            "Head.Checkpoint.NoLogSignature",
            &|raw| raw.heads[place(net.issuer_log())] = head(net.issuer_log(), [99; 32]),
        ),
        departure(
            "statement of another kind",
            "an act stands where the statement belongs",
            "BUN-8",
            "Entry.Kind",
            &|raw| raw.statement = raw.acts[0].clone(),
        ),
        departure(
            "body exchanged",
            "the statement's leaf with the body of an act",
            "BUN-13",
            "Entry.Commit",
            &|raw| raw.statement.entry.body = raw.acts[0].entry.body.clone(),
        ),
        departure(
            "proof exchanged",
            "the statement with the proof of a notice in another log",
            "BUN-13",
            "Entry.Inclusion.HashCount",
            &|raw| raw.statement.entry.proof = raw.notices[0].entry.proof.clone(),
        ),
        departure(
            "head unused",
            "the head of a log of which there is no entry",
            "BUN-18",
            "HeadUnused",
            &|raw| {
                raw.acts
                    .retain(|act| act.entry.origin != net.receiver_log());
                raw.notices.clear();
            },
        ),
    ]
}

/// The cause of a refusal: the name of the error, and of those inside it, joined by dots.
fn cause(error: &BundleError) -> String {
    let debug = if let BundleError::Head { fault, .. } = error {
        format!("Head({fault:?}")
    } else if let BundleError::Entry { fault, .. } = error {
        format!("Entry({fault:?}")
    } else {
        format!("{error:?}")
    };
    let names = debug.split('(').map(|part| {
        let name = part.chars().take_while(char::is_ascii_alphanumeric);
        name.collect::<String>()
    });
    let names = names.take_while(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
    names.collect::<Vec<_>>().join(".")
}

fn verdict(file: &[u8], anchor: &Hash) -> Value {
    match verify(file, anchor, None) {
        Ok(verified) => {
            let horizon = verified.horizon();
            json!({ "ok": {
                "acts": verified.acts().len(),
                "issuer_size": horizon.issuer.value(),
                "notices": verified.notices().len(),
                "register_size": horizon.register.value(),
                "registry_size": horizon.registry.value(),
                "statement": verified.statement().reference().index.value(),
                "witnessed": verified.is_witnessed(verified.statement().reference()),
            } })
        }
        Err(error) => json!({ "refused": { "cause": cause(&error) } }),
    }
}

/// The file as it is to be. What is written down is what was meant, never what was found.
fn generated() -> String {
    let case = Case::new(1);
    let anchor = case.net.anchor();
    let one = |name, comment, spec, file: &[u8]| {
        let result = verdict(file, &anchor);
        json!({ "comment": comment, "input": hex(file), "name": name, "result": result, "spec": spec })
    };
    let good = case.bytes(case.net.included());
    let comment = "a penalty, an objection in another log with its notice, and the ruling";
    let mut cases = vec![one("whole", comment, "BUN-9", &good)];
    assert!(
        cases[0]["result"]["ok"].is_object(),
        "{}",
        cases[0]["result"]
    );
    for departure in of_bytes(&case).into_iter().chain(of_content(&case)) {
        let Departure {
            name,
            comment,
            spec,
            cause,
            file,
        } = departure;
        let case = one(name, comment, spec, &file);
        assert_eq!(case["result"]["refused"]["cause"], cause, "{name}");
        cases.push(case);
    }
    let file = json!({ "anchor": anchor.to_string(), "cases": cases });
    format!("{}\n", serde_json::to_string_pretty(&file).unwrap())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn bundle_file_is_the_one_that_is_generated() {
    let text = generated();
    if std::env::var("CONCORDAT_WRITE_VECTORS").is_ok() {
        fs::create_dir_all(path().parent().unwrap()).unwrap();
        fs::write(path(), &text).unwrap();
    }
    assert!(fs::read_to_string(path()).unwrap() == text);
}

// spec: BUN-1..BUN-10, BUN-13, BUN-16, BUN-18, BUN-20, BUN-26
#[test]
fn every_vector_of_bundles_gives_its_result() {
    let file: Value = serde_json::from_str(&fs::read_to_string(path()).unwrap()).unwrap();
    let anchor = unhex(file["anchor"].as_str().unwrap());
    let anchor = Hash::from_bytes(<[u8; 32]>::try_from(anchor).unwrap());
    let (mut accepted, mut refused) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        let found = verdict(&unhex(case["input"].as_str().unwrap()), &anchor);
        assert_eq!(found, case["result"], "{}", case["name"]);
        match found.get("ok") {
            Some(_) => accepted += 1,
            None => refused += 1,
        }
    }
    assert!(accepted == 1 && refused > 14, "{accepted} {refused}");
}
