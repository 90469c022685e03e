//! Figures of a period as they are shown.

use crate::codec::{Truth, integer_map};
use crate::statement::{ActType, Class};
use crate::subject::AuthorityCode;
use crate::time::Day;

integer_map! {
    /// How many decisions of a type of act.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DecisionCount {
        /// The type of act.
        1 => act_type: req(ActType),
        /// How many.
        2 => count: req(u64),
    }
}

integer_map! {
    /// How many acts of a class.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ActCount {
        /// The class.
        1 => class: req(Class),
        /// How many.
        2 => count: req(u64),
    }
}

integer_map! {
    /// Figures of one authority, or of all together.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct FiguresView {
        /// The authority; absent for all together.
        1 => authority: opt(AuthorityCode),
        /// Its name.
        2 => name: opt(String),
        /// Decisions by type of act, ascending.
        3 => decisions: list(DecisionCount),
        /// Of them reported within their deadline.
        4 => in_time: req(u64),
        /// Reported after it.
        5 => late: req(u64),
        /// Of which nobody can tell without a calendar.
        6 => unknown: req(u64),
        /// The share reported late of what had a deadline that can be told, in ten thousandths.
        7 => late_rate: opt(u64),
        /// Objections received to its decisions.
        8 => objections: req(u64),
        /// Of them closed, in time as far as anybody can tell.
        9 => closed: req(u64),
        /// Closed late.
        10 => closed_late: req(u64),
        /// Open, and not overdue as far as anybody can tell.
        11 => open: req(u64),
        /// Overdue.
        12 => overdue: req(u64),
        /// Acts made, by class, ascending.
        13 => acts: list(ActCount),
    }
}

integer_map! {
    /// Figures of a period.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StatisticsView {
        /// The period: `2026-11`, `2026-H2` or `2026`.
        1 => period: req(String),
        /// Its first day.
        2 => first: req(Day),
        /// Its last day.
        3 => last: req(Day),
        /// The day on which it was asked.
        4 => as_of: req(Day),
        /// By authority, ascending.
        5 => authorities: list(FiguresView),
        /// All together.
        6 => total: req(FiguresView),
        /// Authorities that may decide and about which nothing lies in the period.
        7 => silent: req(u64),
        /// There when not everything held was looked at.
        8 => cut: opt(Truth),
        /// Bodies that are not held here.
        9 => bodies_missing: req(u64),
    }
}
