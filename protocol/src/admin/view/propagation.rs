//! Who has done what an act asks, member by member.
//!
//! The meaning of each state is that of `spec/propagation.md`; nothing is computed here.

use crate::admin::tagged::named_codes;
use crate::codec::integer_map;
use crate::log::{Origin, TreeSize};
use crate::statement::{Class, StatementRef};
use crate::subject::AuthorityCode;
use crate::time::Timestamp;

named_codes! {
    /// What became of an act at a member.
    pub enum HolderCode {
        /// It has applied it.
        Applied = 1 "applied",
        /// It does not hold there.
        Refused = 2 "refused",
        /// It was given what the act is on, and has said neither.
        Outstanding = 3 "outstanding",
        /// The same, and it was declared lost.
        Lost = 4 "lost",
        /// Nobody says that it was given it.
        NeverGiven = 5 "never-given",
        /// What it did is not for this node to read.
        NotKnown = 6 "not-known-here",
    }
}

integer_map! {
    /// What became of an act at one member.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HolderView {
        /// The member.
        1 => member: req(AuthorityCode),
        /// Its name.
        2 => name: req(String),
        /// What became of it.
        3 => state: req(HolderCode),
        /// The receipt, where it has applied or refused the act.
        4 => receipt: opt(StatementRef),
        /// When it says that it did, or since when it is outstanding.
        5 => at: opt(Timestamp),
        /// The delivery, where one is said and nothing is settled.
        6 => given: opt(StatementRef),
        /// Why it was refused, in words.
        7 => reason: opt(String),
        /// How many measures of its own have changed.
        8 => measures: opt(u32),
        /// The receipt that says that it has the act and not what it is on.
        9 => target_not_held: opt(StatementRef),
        /// Where it was declared lost.
        135 => declared: opt(StatementRef),
    }
}

integer_map! {
    /// What became of one act.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PropagatedView {
        /// The act.
        1 => act: req(StatementRef),
        /// Its class.
        2 => class: req(Class),
        /// What it acts on.
        3 => target: req(StatementRef),
        /// When its author says that it was made.
        4 => issued_at: req(Timestamp),
        /// Members by what became of it there, those who were never given its target left out.
        5 => holders: list(HolderView),
        /// How many were never given its target.
        6 => never_given: req(u64),
        /// All holders have applied it.
        7 => complete: req(bool),
        /// Nothing is awaited of anybody.
        8 => closed: req(bool),
        /// Logs of which not everything was looked at that may tell of it.
        9 => cut: list(Origin),
    }
}

integer_map! {
    /// How far a log was read.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ReachView {
        /// The log.
        1 => origin: req(Origin),
        /// Up to here nothing is missing.
        2 => read: req(TreeSize),
        /// Leaves held.
        3 => held: req(TreeSize),
        /// Leaves witnessed.
        4 => witnessed: req(TreeSize),
    }
}

integer_map! {
    /// What became of an act, or of every act on a decision.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PropagationView {
        /// What was asked about.
        1 => asked: req(StatementRef),
        /// The acts, ascending.
        2 => acts: list(PropagatedView),
        /// Acts that are not shown.
        3 => acts_left: opt(u64),
        /// How far each log was read.
        4 => horizon: list(ReachView),
        /// Whether this node is given whatever tells of it.
        5 => sees_all: req(bool),
        /// When this was worked out, by the node's clock.
        6 => at: req(Timestamp),
    }
}
