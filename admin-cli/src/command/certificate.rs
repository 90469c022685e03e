//! `concordat certificate`: certificates made anew beside their keys, without any node.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use concordat_certs::certificate::Validity;
use concordat_certs::certificate_file::{self, CertificateFileError};
use concordat_certs::configuration::CONFIGURATION_FILE;
use concordat_certs::key_file::{PrivateKey, file_name};
use concordat_certs::key_ring::{KeyRing, RUN_USES};
use concordat_protocol::admin::ExitCode;
use concordat_protocol::key::{PublicKey, Signer as _};
use concordat_protocol::statement::KeyUse;
use concordat_protocol::time::Timestamp;
use serde_json::json;

use crate::args::Certificate;
use crate::clock;
use crate::command::{Context, files, init};
use crate::failure::{Failure, chain};
use crate::names::Named as _;
use crate::page::Page;
use crate::report::{Report, at_json, at_text};

/// The keys that identify somebody in TLS.
const CERTIFIED: [KeyUse; 2] = [KeyUse::Node, KeyUse::Administrator];
/// Ten years: a certificate's end is advice, the registry decides.
const VALIDITY_SECONDS: u64 = 3_650 * 86_400;

/// One certificate that was written.
pub(super) struct Made {
    key_use: KeyUse,
    key: PublicKey,
    file: PathBuf,
    ends: Option<Timestamp>,
}

/// Writes the certificate of a key into a directory.
type Write = fn(&Path, &PrivateKey, Validity) -> Result<Vec<u8>, CertificateFileError>;

pub(super) fn run(verb: &Certificate, context: &Context<'_>) -> Result<Report, Failure> {
    match verb {
        Certificate::Renew(renew) => self::renew(&renew.dir, context),
    }
}

/// Every certificate whose key lies in a node's directory or in one of keys.
// spec: KEY-60
fn renew(directory: &Path, context: &Context<'_>) -> Result<Report, Failure> {
    let keys = keys_of(directory)?;
    let ring = KeyRing::open(&keys, &[]).map_err(|error| files::key_ring(&keys, &error))?;
    refuse_without_node_key(directory, &ring)?;
    let made = made(&ring, certificate_file::renew)?;
    if made.is_empty() {
        return Err(Failure::new(ExitCode::NotFound, "no-certified-key").path(&keys));
    }
    let mut page = Page::default();
    let words = context.words;
    let pairs = made.iter().flat_map(|made| {
        [
            (words.code(made.key_use), made.key.to_string()),
            words.pair("file", made.file.display()),
            words.pair("valid_until", at_text(made.ends)),
        ]
    });
    page.pairs(&pairs.collect::<Vec<_>>());
    let made = made.iter().map(|made| {
        json!({
            "use": made.key_use.name(),
            "key": made.key.to_string(),
            "file": made.file.display().to_string(),
            "ends_at": at_json(made.ends),
        })
    });
    let certificates: Vec<_> = made.collect();
    let report = Report::new(page, json!({ "certificates": certificates }));
    Ok(report.with_next(words, "renew_next"))
}

/// Where the keys of a directory are: below it in a node's, in itself otherwise.
fn keys_of(directory: &Path) -> Result<PathBuf, Failure> {
    let nested = directory.join(init::KEYS);
    match nested.metadata() {
        Ok(found) if found.is_dir() => Ok(nested),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(files::io(&nested, &error))
        }
        Ok(_) | Err(_) => Ok(directory.to_path_buf()),
    }
}

/// A node without its key does not start, whatever other certificates are renewed.
// spec: KEY-71
fn refuse_without_node_key(directory: &Path, ring: &KeyRing) -> Result<(), Failure> {
    let mut others = RUN_USES.iter().filter(|key_use| **key_use != KeyUse::Node);
    let is_node = directory.join(CONFIGURATION_FILE).exists()
        || others.any(|key_use| ring.key(*key_use).is_ok());
    match is_node && ring.key(KeyUse::Node).is_err() {
        true => {
            let lost = ring.directory().join(file_name(KeyUse::Node));
            Err(Failure::new(ExitCode::NotFound, "node-key-lost").path(&lost))
        }
        false => Ok(()),
    }
}

/// Writes the certificate of every key of a ring that has one.
pub(super) fn made(ring: &KeyRing, write: Write) -> Result<Vec<Made>, Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::new(ExitCode::Failed, "certificate-failed").with("cause", chain(error))
    };
    let now = clock::now().value() / 1_000;
    let end = now + VALIDITY_SECONDS;
    let seconds = |value| i64::try_from(value).unwrap_or(i64::MAX);
    let validity = Validity::from_unix_seconds(seconds(now), seconds(end));
    let validity = validity.map_err(|error| failed(&error))?;
    let mut made = Vec::new();
    for key_use in CERTIFIED {
        let (Ok(key), Some(name)) = (ring.key(key_use), certificate_file::file_name(key_use))
        else {
            continue;
        };
        match write(ring.directory(), key, validity) {
            Ok(_) => {}
            Err(CertificateFileError::File(error)) => return Err(files::of_file(&error)),
            Err(error) => return Err(failed(&error)),
        }
        made.push(Made {
            key_use,
            key: key.public_key(),
            file: ring.directory().join(name),
            ends: Timestamp::new(end.saturating_mul(1_000)).ok(),
        });
    }
    Ok(made)
}
