//! Many decisions at once: those of one import, or those named one by one.
//!
//! Every answer looks at some of them and says where to go on, so that none takes long; whoever asks adds up.

use crate::admin::target::Target;
use crate::admin::view::AwaitedView;
use crate::codec::integer_map;
use crate::statement::{BatchId, Class, RedExit, StatementRef, WithdrawalReason};
use crate::subject::AuthorityCode;
use crate::text::Text;
use crate::time::Timestamp;

/// Decisions or acts that one answer looks at, and targets that one request names.
// spec: ADM-340
pub const BULK_MAX: usize = 1_024;

integer_map! {
    /// The decisions of an import, or the acts of a bulk act.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct BatchAsk {
        /// What ties them together.
        1 => batch: req(BatchId),
        /// How many to pass over.
        2 => skip: opt(u64),
        /// Of acts: in whose log they stand. When absent, the node's own member; where it has none of them, the one
        /// member that has some.
        131 => author: opt(AuthorityCode),
    }
}

integer_map! {
    /// Withdraw the decisions of an import, or those named.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct BulkAsk {
        /// The import.
        1 => import: opt(BatchId),
        /// Decisions one by one, at most [`BULK_MAX`]; of these and the import exactly one is said.
        2 => targets: list(Target),
        /// The kind of reason; of entries in red lists only where no exit is said. One of the two is.
        3 => reason: opt(WithdrawalReason),
        /// The reasons in words.
        4 => reasons: req(Text<4000>),
        /// What ties the acts together, where an answer before said it.
        5 => acts: opt(BatchId),
        /// Decisions of the import to pass over.
        6 => skip: opt(u64),
        /// The department that speaks; the member itself when absent.
        7 => issuer: opt(AuthorityCode),
        /// Say what it would do.
        8 => dry_run: req(bool),
        /// Of entries in red lists and of these alone: the exit.
        155 => exit: opt(RedExit),
    }
}

integer_map! {
    /// How decisions stand. One may be counted under several.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct BulkCounts {
        /// Looked at.
        1 => looked: req(u64),
        /// Withdrawn before.
        2 => withdrawn: req(u64),
        /// Corrected.
        3 => corrected: req(u64),
        /// With an open objection.
        4 => objected: req(u64),
        /// Stayed.
        5 => stayed: req(u64),
        /// Void.
        6 => void: req(u64),
        /// Of which the body is not held: nothing is done about them.
        7 => not_held: req(u64),
    }
}

integer_map! {
    /// What was withdrawn.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct BulkView {
        /// How the decisions stood.
        1 => counts: req(BulkCounts),
        /// Decisions in all.
        2 => total: req(u64),
        /// How many to pass over to go on; absent at the end.
        3 => next_skip: opt(u64),
        /// Withdrawals that were, or for a dry run would be, recorded.
        4 => recorded: req(u64),
        /// The first of them.
        5 => first: opt(StatementRef),
        /// The last of them; durable here.
        6 => last: opt(StatementRef),
        /// What ties them together, with those of an earlier time that did not come to its end.
        7 => acts: opt(BatchId),
    }
}

integer_map! {
    /// A decision that is objected to, and what is awaited about it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ObjectedView {
        /// The decision.
        1 => decision: req(StatementRef),
        /// The number of its document.
        2 => document_number: opt(String),
        /// The open objections, the first of them.
        3 => objections: list(StatementRef),
        /// How many more there are.
        4 => objections_left: opt(u64),
        /// From whom what is awaited, and by when.
        5 => awaited: list(AwaitedView),
    }
}

integer_map! {
    /// How the decisions of an import stand.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct BatchView {
        /// How those stand that were looked at.
        1 => counts: req(BulkCounts),
        /// Decisions in all.
        2 => total: req(u64),
        /// How many to pass over to go on; absent at the end.
        3 => next_skip: opt(u64),
        /// Those that are objected to.
        4 => objected: list(ObjectedView),
        /// Those that were looked at, by position.
        5 => decisions: list(StatementRef),
    }
}

integer_map! {
    /// What became of several acts at one member.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct MemberCounts {
        /// The member.
        1 => member: req(AuthorityCode),
        /// Its name.
        2 => name: req(String),
        /// Acts that it has applied.
        3 => applied: req(u64),
        /// Acts that do not hold there.
        4 => refused: req(u64),
        /// Acts outstanding.
        5 => outstanding: req(u64),
        /// Acts outstanding of a member that has left.
        6 => lost: req(u64),
        /// Acts of which nothing is known here.
        7 => not_known: req(u64),
        /// Since when the first of those outstanding is.
        8 => since: opt(Timestamp),
    }
}

integer_map! {
    /// What became of the acts of a bulk act.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct BatchPropagationView {
        /// Their class.
        1 => class: req(Class),
        /// Acts in all.
        2 => total: req(u64),
        /// Acts that were looked at.
        3 => looked: req(u64),
        /// How many to pass over to go on; absent at the end.
        4 => next_skip: opt(u64),
        /// Acts that all holders have applied.
        5 => complete: req(u64),
        /// Acts about which nothing is awaited of anybody.
        6 => closed: req(u64),
        /// The first act that is outstanding.
        7 => first_open: opt(StatementRef),
        /// Members that were given what one of the acts is on.
        8 => members: list(MemberCounts),
        /// Whether this node is given whatever tells of them.
        9 => sees_all: req(bool),
        /// When this was worked out, by the node's clock.
        10 => at: req(Timestamp),
    }
}
