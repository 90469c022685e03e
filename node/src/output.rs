//! Standard output of the node's program.

use std::io::{self, Write as _};

use concordat_certs::wording;

/// The output cannot be written, as on a full disk.
#[derive(Debug, thiserror::Error)]
#[error("the output cannot be written: {0}")]
pub struct OutputFailed(#[from] io::Error);

/// Writes to standard output. A reader that has gone away is no failure.
///
/// # Errors
/// [`OutputFailed`].
// spec: ADM-101
pub fn print(text: &str) -> Result<(), OutputFailed> {
    let mut out = io::stdout().lock();
    // spec: ADM-104
    let text = wording::plain(text);
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}
