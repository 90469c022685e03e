//! Look-ups: the row that each leaves in its node's register, the register's tree, and receipts
//! (`spec/lookups.md`).
//!
//! ```text
//! row      what was asked, by whom, why, and what was shown            deterministic CBOR
//! commit   SHA-256("concordat/look-up/commit/1" NUL ‖ salt32 ‖ length u64 BE ‖ row)
//! leaf     [1, commit], hashed as a leaf of a log is
//! receipt  COSE_Sign1 over {salt, row, root before, root after}, by a statement key of the node's member
//! ```
//!
//! Out of scope: how a node keeps its rows, and when it lets them go.

mod missed;
mod receipt;
mod row;

pub use missed::{Case, case_key, missed};
pub use receipt::{LookUpReceipt, ReceiptError};
pub use row::{
    Finding, LookUpHorizon, LookUpRow, SHOWN_MAX, SaltedRow, SaltedRowError, Scenario, Shown,
    answer_digest, leaf_of,
};

#[cfg(test)]
mod tests;
