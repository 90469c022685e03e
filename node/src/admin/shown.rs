//! Lists of an answer that end before the channel no longer carries them.

use concordat_protocol::admin::AdminError;
use concordat_protocol::codec;
use concordat_protocol::limits::FRAME_BYTES_MAX;
use serde::Serialize;

use crate::admin::refusal;

/// Bytes that a list may take. What stands beside it in the frame takes less than the rest: two
/// decisions, each bounded as a statement is, and an effect, whose lists are.
// spec: ADM-190, ADM-191
const LIST_BYTES_MAX: usize = FRAME_BYTES_MAX / 8 * 5;

/// Bytes that a second list may take beside it.
const BESIDE_BYTES_MAX: usize = FRAME_BYTES_MAX / 8;

/// What is shown of a list, in the order in which it matters.
pub(super) struct Shown<T> {
    views: Vec<T>,
    bytes: usize,
    most: usize,
}

impl<T: Serialize> Shown<T> {
    pub(super) const fn new() -> Self {
        Self::of_bytes(LIST_BYTES_MAX)
    }

    /// A list that stands beside one of the other kind.
    // spec: ADM-257
    pub(super) const fn beside() -> Self {
        Self::of_bytes(BESIDE_BYTES_MAX)
    }

    const fn of_bytes(most: usize) -> Self {
        let views = Vec::new();
        let bytes = 0;
        Self { views, bytes, most }
    }

    /// `false` where there is no room for it; there is for the first.
    pub(super) fn take(&mut self, view: T) -> Result<bool, AdminError> {
        let encoded = codec::encode(&view).map_err(|error| refusal::internal(&error))?;
        let bytes = self.bytes.saturating_add(encoded.len());
        if bytes > self.most && !self.views.is_empty() {
            return Ok(false);
        }
        self.views.push(view);
        self.bytes = bytes;
        Ok(true)
    }

    pub(super) fn into_views(self) -> Vec<T> {
        self.views
    }
}
