//! The register of look-ups, as an administrator asks for it (`spec/lookups.md`).

use serde_bytes::ByteBuf;

use crate::codec::{Truth, integer_map};
use crate::lookup::{Case, Finding, LookUpRow, Shown};
use crate::statement::StatementRef;
use crate::subject::SubjectCode;
use crate::text::Text;
use crate::time::{Day, Timestamp};

/// Rows in one answer.
pub const LOOK_UPS_SHOWN_MAX: usize = 64;
/// Cases in one question.
pub const CASES_MAX: usize = 2_048;

integer_map! {
    /// A receipt that is to be proven.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpProveAsk {
        /// As the node signed it.
        1 => receipt: req(ByteBuf),
    }
}

integer_map! {
    /// The end of a proof file.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpProofView {
        /// The row.
        1 => number: req(u64),
        /// Bytes in all.
        2 => bytes: req(u64),
        /// The logged root that it lies under; absent while none is logged and cosigned.
        3 => root: opt(StatementRef),
    }
}

integer_map! {
    /// Rows to show; what is left out does not narrow.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct LookUpListAsk {
        /// About whom.
        1 => subject: opt(SubjectCode),
        /// Words that the purpose holds.
        2 => purpose: opt(Text<200>),
        /// The first China day.
        3 => from: opt(Day),
        /// The last.
        4 => until: opt(Day),
        /// Who asked, exactly.
        5 => who: opt(Text<200>),
        /// For which case, exactly.
        6 => case_number: opt(Text<128>),
        /// Present to leave out what was reviewed.
        7 => unreviewed: opt(Truth),
        /// Rows to pass over.
        8 => skip: opt(u64),
    }
}

integer_map! {
    /// What a review found.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ReviewView {
        /// When.
        1 => at: req(Timestamp),
        /// Who.
        2 => who: req(Text<200>),
        /// What.
        3 => finding: opt(Finding),
    }
}

integer_map! {
    /// A row with what was noted about it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpView {
        /// The row.
        1 => row: req(LookUpRow),
        /// The last review.
        2 => reviewed: opt(ReviewView),
        /// When it was last said that whoever asked was told of what has changed.
        3 => told: opt(Timestamp),
    }
}

integer_map! {
    /// Rows of the register, the newest first.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpsView {
        /// Rows.
        1 => rows: list(LookUpView),
        /// How many there are, on every page.
        2 => total: req(u64),
        /// How many to pass over to go on; absent on the last page.
        3 => next_skip: opt(u64),
        /// Rows that had to go.
        4 => gone: opt(u64),
        /// Days of which rows may have been lost, once for each time that the register was resumed.
        195 => lost: list(LostRowsView),
    }
}

integer_map! {
    /// Days of which rows may have been lost before an operator let the register go on.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LostRowsView {
        /// The first; absent where the register has no root that was said before.
        1 => from: opt(Day),
        /// The last: the day on which the register was resumed.
        2 => until: req(Day),
        /// The place of the last root said before, in log 0 of the node's member.
        3 => after: req(u64),
    }
}

integer_map! {
    /// Rows that were reviewed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpReviewAsk {
        /// Which, ascending.
        1 => rows: list(u64),
        /// With what finding.
        2 => finding: req(Finding),
    }
}

integer_map! {
    /// A row whose asker was told.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpToldAsk {
        /// Which.
        1 => row: req(u64),
        /// The marks of what was told of, as the list of outdated rows shows them.
        2 => marks: list(Text<16>),
    }
}

integer_map! {
    /// Rows that were marked.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpMarked {
        /// Which.
        1 => rows: list(u64),
    }
}

integer_map! {
    /// Outdated rows to pass over.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpOutdatedAsk {
        /// How many.
        1 => skip: opt(u64),
    }
}

integer_map! {
    /// A row that showed what holds no more.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct OutdatedView {
        /// The row.
        1 => number: req(u64),
        /// When it was asked.
        2 => at: req(Timestamp),
        /// Who asked.
        3 => who: req(Text<200>),
        /// For which case.
        4 => case_number: req(Text<128>),
        /// For what purpose.
        5 => purpose: req(Text<200>),
        /// About whom.
        6 => subject: req(SubjectCode),
        /// What was shown.
        7 => then: req(Shown),
        /// How that stands now.
        8 => now: req(Shown),
        /// Present when it turned out to be about another organisation, which is not named.
        9 => not_about: opt(Truth),
        /// What names how it stands now: whoever was told is noted to be told of this. 16 digits.
        140 => mark: req(Text<16>),
    }
}

integer_map! {
    /// Rows that showed what holds no more, and whose askers were not told; the oldest first.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpsOutdatedView {
        /// Rows.
        1 => rows: list(OutdatedView),
        /// How many there are, on every page.
        2 => total: req(u64),
        /// How many to pass over to go on; absent on the last page.
        3 => next_skip: opt(u64),
        /// Present when there are more than are looked at.
        4 => cut: opt(Truth),
    }
}

integer_map! {
    /// Cases that organisations had to be looked up for.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpMissedAsk {
        /// At most [`CASES_MAX`].
        1 => cases: list(Case),
    }
}

integer_map! {
    /// When a case was first looked up.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct FirstLookUp {
        /// Its place in the question, from 0.
        1 => case: req(u64),
        /// When.
        2 => at: req(Timestamp),
    }
}

integer_map! {
    /// Cases that were looked up; of the others there is no row.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpsMissedView {
        /// Ascending.
        1 => found: list(FirstLookUp),
        /// The China day of the first row that is still kept, or where rows had to go the first day whose rows
        /// stay; absent where neither is known. Of cases decided before it nothing can be said.
        2 => kept_since: opt(Day),
        /// How many rows had to go; absent for none.
        3 => gone: opt(u64),
        /// The register lost rows, which the alarm `look-ups-behind` says.
        4 => behind: opt(Truth),
        /// How many rows there are whose keys cannot be read; absent for none.
        140 => unreadable: opt(u64),
        /// Days of which rows may have been lost, once for each time that the register was resumed.
        195 => lost: list(LostRowsView),
    }
}

integer_map! {
    /// Go on with a register that lost rows.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpResumeAsk {
        /// Say what it would do.
        1 => dry_run: req(bool),
    }
}

integer_map! {
    /// A register that lost rows, which goes on or would.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpResumed {
        /// How many rows it has.
        1 => rows: req(u64),
        /// How many rows the largest root was of that it does not have.
        2 => said: req(u64),
        /// The place of the last root said, in log 0 of the node's member.
        3 => last: req(u64),
    }
}
