//! The one verdict on a signature, held to what others have found that implementations differ in.

use concordat_protocol::key::{KeyError, PublicKey, SignatureBytes, Signer};
use ed25519_dalek::SigningKey;
use serde_json::Value;

use crate::vectors::{folder, unhex};

fn verdict(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Option<KeyError>> {
    let key = PublicKey::from_bytes(key.try_into().map_err(|_| None)?).map_err(Some)?;
    let signature = SignatureBytes::from_bytes(signature.try_into().map_err(|_| None)?);
    key.verify(message, &signature).map_err(Some)
}

fn file(name: &str) -> Value {
    let path = folder("ed25519").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    unhex(value.as_str().unwrap())
}

// spec: KEY-1, KEY-2
#[test]
fn edge_cases_have_the_strict_verdict() {
    let file = file("speccheck.json");
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 12);
    for case in cases {
        let found = verdict(
            &bytes(&case["pub_key"]),
            &bytes(&case["message"]),
            &bytes(&case["signature"]),
        );
        let expected = match case["verdict"].as_str().unwrap() {
            "accepted" => Ok(()),
            "weak key" => Err(Some(KeyError::Weak)),
            "bad signature" => Err(Some(KeyError::BadSignature)),
            other => panic!("{other} is no verdict"),
        };
        assert_eq!(found, expected, "{}", case["case"]);
    }
}

// spec: KEY-1
#[test]
fn wycheproof_signatures_have_their_verdict() {
    let file = file("wycheproof.json");
    let (mut valid, mut invalid) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = bytes(&group["pk"]);
        for test in group["tests"].as_array().unwrap() {
            let found = verdict(&key, &bytes(&test["msg"]), &bytes(&test["sig"]));
            let accepted = test["result"] == "valid";
            assert_eq!(
                found.is_ok(),
                accepted,
                "{}: {}",
                test["tcId"],
                test["comment"]
            );
            if accepted {
                valid += 1;
            } else {
                invalid += 1;
            }
        }
    }
    assert_eq!((valid, invalid), (88, 63));
}

// spec: KEY-1
#[test]
fn signatures_of_rfc_8032_are_made_and_accepted() {
    let file = file("rfc8032.json");
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 3);
    for case in cases {
        let secret: [u8; 32] = bytes(&case["secret"]).try_into().unwrap();
        let key = SigningKey::from_bytes(&secret);
        let (message, signature) = (bytes(&case["message"]), bytes(&case["signature"]));
        assert_eq!(key.public_key().as_bytes().to_vec(), bytes(&case["public"]));
        assert_eq!(Signer::sign(&key, &message).as_bytes().to_vec(), signature);
        assert_eq!(
            verdict(key.public_key().as_bytes(), &message, &signature),
            Ok(())
        );
    }
}

/// Every encoding of y from p on, with either sign: the library reduces it, the protocol refuses it.
// spec: KEY-2
#[test]
fn public_key_that_is_not_reduced_is_refused() {
    for low in 0xed..=0xff_u8 {
        for high in [0x7f, 0xff] {
            let mut key = [0xff; 32];
            key[0] = low;
            key[31] = high;
            assert!(PublicKey::from_bytes(&key).is_err(), "{low:02x} {high:02x}");
        }
    }
}
