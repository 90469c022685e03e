//! The register of look-ups: a durable row before anything about an organisation is answered.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use concordat_protocol::admin::{AdminError, ErrorCode, LookUp, Reply};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::text::Text;
use sha2::{Digest as _, Sha256};

use crate::admin::desk::Desk;
use crate::admin::refusal;
use crate::admin::server::AdminStartError;
use crate::clock;
use crate::node::Layout;
use crate::store::Lookup;

const SALT_FILE: &str = "look-up.salt";
const DIGEST_LABEL: &[u8] = b"concordat/look-up/1\0";

/// Writes the row of a look-up and gives its number. `reply` makes the answer for a number; its
/// salted digest is in the row, so that what was answered can be shown later.
pub(super) fn record(
    desk: &Desk,
    look_up: &LookUp,
    subject: SubjectCode,
    reply: impl Fn(u64) -> Reply,
) -> Result<Reply, AdminError> {
    let who = Text::new(desk.who.name.clone()).map_err(|error| refusal::internal(&error))?;
    let salt = desk.office.salt;
    let row = |sequence| Lookup {
        sequence,
        who,
        purpose: look_up.purpose.clone(),
        case_number: look_up.case_number.clone(),
        basis: look_up.basis.clone(),
        subject,
        at: clock::now(),
        answer_digest: digest(&salt, &reply(sequence)),
    };
    let kept = desk.runtime.block_on(desk.node().keep_look_up(row));
    let sequence =
        kept.map_err(|gone| AdminError::new(ErrorCode::StorageFailed).with("cause", gone))?;
    Ok(reply(sequence))
}

/// Reads the salt of a node, or makes it at its first start.
///
/// # Errors
/// [`AdminStartError::Salt`], [`AdminStartError::SaltDamaged`].
// spec: ADM-197
pub(super) fn salt(layout: &Layout) -> Result<[u8; 32], AdminStartError> {
    let path = layout.root().join(SALT_FILE);
    let found = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make_salt(&path),
        found => found,
    };
    match found {
        Ok(found) => found.try_into().map_err(|found: Vec<u8>| {
            let bytes = found.len();
            AdminStartError::SaltDamaged { path, bytes }
        }),
        Err(cause) => Err(AdminStartError::Salt { path, cause }),
    }
}

fn make_salt(path: &Path) -> io::Result<Vec<u8>> {
    let mut salt = vec![0; 32];
    getrandom::fill(&mut salt).map_err(|error| io::Error::other(error.to_string()))?;
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(&salt)?;
    file.sync_all()?;
    Ok(salt)
}

fn digest(salt: &[u8; 32], reply: &Reply) -> [u8; 32] {
    // A reply without an encoding is not sent either.
    let answer = reply.encode().unwrap_or_default();
    Sha256::new()
        .chain_update(DIGEST_LABEL)
        .chain_update(salt)
        .chain_update(answer)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node did not start for "invalid data", and nobody could tell where.
    // spec: ADM-197
    #[test]
    fn salt_that_is_damaged_is_named_with_its_path_and_what_to_do() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        let made = salt(&layout).unwrap();
        assert_eq!(salt(&layout).unwrap(), made);
        let path = root.path().join(SALT_FILE);
        fs::write(&path, &made[..31]).unwrap();
        let error = salt(&layout).unwrap_err();
        let bytes = 31;
        assert!(
            matches!(&error, AdminStartError::SaltDamaged { bytes: found, .. } if *found == bytes)
        );
        let said = error.to_string();
        assert!(said.contains(&path.display().to_string()), "{said}");
        assert!(said.contains("backup") && said.contains("remove"), "{said}");
    }
}
