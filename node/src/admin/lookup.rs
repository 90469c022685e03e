//! The register of look-ups: a durable row before anything about an organisation is answered.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use concordat_protocol::admin::{AdminError, ErrorCode, LookUp, Reply};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::text::Text;
use sha2::{Digest as _, Sha256};

use crate::admin::desk::Desk;
use crate::admin::refusal;
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
pub(super) fn salt(layout: &Layout) -> io::Result<[u8; 32]> {
    let path = layout.root().join(SALT_FILE);
    match fs::read(&path) {
        Ok(found) => found
            .try_into()
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidData)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut salt = [0; 32];
            getrandom::fill(&mut salt).map_err(|error| io::Error::other(error.to_string()))?;
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)?;
            file.write_all(&salt)?;
            file.sync_all()?;
            Ok(salt)
        }
        Err(error) => Err(error),
    }
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
