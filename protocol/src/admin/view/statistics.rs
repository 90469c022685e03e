//! Figures of a period as they are shown.

use crate::admin::tagged::named_codes;
use crate::codec::{Truth, integer_map};
use crate::statement::{ActType, Class, Code, StatementRef};
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
        /// Decisions by item, ascending.
        130 => items: list(ItemCount),
        /// Violations, by kind, ascending.
        131 => violations: list(ViolationCount),
        /// The share of objections closed late or overdue, in ten thousandths.
        132 => overdue_rate: opt(u64),
    }
}

integer_map! {
    /// How many decisions under an item.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ItemCount {
        /// The item.
        1 => item: req(Code),
        /// How many.
        2 => count: req(u64),
        /// The day of the last of them.
        3 => last: req(Day),
    }
}

named_codes! {
    /// What authorities answer for (HS-9.2).
    pub enum ViolationCode {
        /// Recorded outside the catalogue.
        RecordedOutside = 1 "recorded-outside",
        /// Shared or published beyond what the catalogue allows.
        DisclosedOutside = 2 "disclosed-outside",
        /// A measure outside the list.
        MeasureOutside = 3 "measure-outside",
        /// A wrong entry in a list.
        WrongListing = 4 "wrong-listing",
        /// A repair after its deadline.
        LateRepair = 5 "late-repair",
    }
}

integer_map! {
    /// How many violations of a kind.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ViolationCount {
        /// The kind.
        1 => violation: req(ViolationCode),
        /// How many.
        2 => count: req(u64),
    }
}

integer_map! {
    /// A statement behind a count.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CountedView {
        /// The authority that it counts for.
        1 => authority: req(AuthorityCode),
        /// Its name.
        2 => name: opt(String),
        /// The day that it counts on.
        3 => day: req(Day),
        /// The statement.
        4 => reference: req(StatementRef),
    }
}

integer_map! {
    /// 覆盖: an item of the catalogue and the decisions under it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CoverageView {
        /// The item.
        1 => item: req(Code),
        /// Its title.
        2 => title: req(String),
        /// How many decisions lie in the period.
        3 => count: req(u64),
        /// The day of the last of them; absent where there are none.
        4 => last: opt(Day),
        /// How many authorities made them.
        5 => authorities: req(u64),
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
        /// Every item of the catalogue for decisions that was in force in the period, ascending.
        130 => coverage: list(CoverageView),
        /// What is counted of the kind asked for, by authority and day.
        131 => listed: list(CountedView),
        /// How many of them are not listed.
        132 => listed_left: opt(u64),
    }
}
