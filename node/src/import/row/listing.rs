//! What a row says of a list on top of a decision.

use concordat_protocol::statement::{Listing, Quarter, SeriousGroup};

use super::*;

impl RowBuilder<'_> {
    /// Nothing where the row says nothing of a list; whether it may, its type of act decides.
    // spec: IMP-71
    pub(super) fn listing(&mut self, pre_notice_on: Read<Day>) -> Read<Listing> {
        let told = [Field::PreNoticeOn, Field::PreNoticeWay];
        let pre_notice = self.service(pre_notice_on, told);
        let exit_conditions = self.text(Field::ExitConditions);
        let exit_procedure = self.text(Field::ExitProcedure);
        let group = self.group();
        let quarter = self.quarter();
        let (pre_notice, group, quarter) = (pre_notice?, group?, quarter?);
        let (conditions, procedure) = (exit_conditions?, exit_procedure?);
        let says_more = pre_notice.is_some() || group.is_some() || quarter.is_some();
        if conditions.is_none() && procedure.is_none() && !says_more {
            return Ok(None);
        }
        let conditions = self.present(Field::ExitConditions, Ok(conditions));
        let procedure = self.present(Field::ExitProcedure, Ok(procedure));
        Ok(Some(Listing {
            pre_notice,
            exit_conditions: conditions?,
            exit_procedure: procedure?,
            group,
            quarter,
        }))
    }

    fn group(&mut self) -> Read<SeriousGroup> {
        let field = Field::SeriousGroup;
        let unknown = ImportReason::UnknownSeriousGroup;
        let Some(name) = self.name(field, unknown)? else {
            return Ok(None);
        };
        let group = SeriousGroup::by_name(name);
        group
            .map(Some)
            .ok_or_else(|| self.field_error(field, unknown))
    }

    fn quarter(&mut self) -> Read<Quarter> {
        let field = Field::Quarter;
        let Some(said) = self.said(field)? else {
            return Ok(None);
        };
        let quarter = parse_quarter(&said);
        quarter
            .map(Some)
            .ok_or_else(|| self.field_error(field, ImportReason::QuarterShape))
    }
}

/// A quarter as tables write it: `2026-1`, `2026Q1`, `2026-Q1`, `2026年第1季度`, `2026年一季度`.
fn parse_quarter(said: &str) -> Option<Quarter> {
    let digits = |text: &str| text.parse::<u16>().ok().filter(|_| text.len() == 4);
    let (year, rest) = said.split_at_checked(4)?;
    let rest = rest.trim_end_matches("季度").trim();
    let rest = rest.trim_start_matches(['-', '/', '年', 'Q', 'q', '第', ' ']);
    let quarter = match rest {
        "1" | "一" => 1,
        "2" | "二" => 2,
        "3" | "三" => 3,
        "4" | "四" => 4,
        _ => return None,
    };
    Quarter::new(digits(year)?, quarter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarter_is_read_as_tables_write_it_and_in_no_other_way() {
        let first = Quarter::new(2026, 1);
        for said in [
            "2026-1",
            "2026Q1",
            "2026-Q1",
            "2026/1",
            "2026年第1季度",
            "2026年一季度",
            "2026年第一季度",
        ] {
            assert_eq!(parse_quarter(said), first, "{said}");
        }
        for said in [
            "",
            "2026",
            "2026-5",
            "26-1",
            "2026-12",
            "2026年",
            "年度2026-1",
            "1-2026",
        ] {
            assert_eq!(parse_quarter(said), None, "{said}");
        }
    }
}
