//! 统计: figures of a period, by authority, from what signed statements say of themselves
//! (`spec/statistics.md`).
//!
//! [`figures`] is one pure function of dated facts: order changes nothing, and a fact outside the period
//! counts for nothing. Five of the counts are of violations (HS-9.2), each with what it rests on.
//!
//! Out of scope: where the facts come from, and how many are looked at.

mod reported;
mod violation;

use std::collections::BTreeMap;
use std::fmt;

use crate::awaited::Handling;
use crate::deadline::State;
use crate::statement::{ActType, Class, Code, Month, StatementRef};
use crate::subject::AuthorityCode;
use crate::time::Day;

pub use reported::reported;
pub use violation::Violation;

/// 统计期: a month, a half year or a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// A month.
    Month(Month),
    /// Half a year.
    HalfYear {
        /// The year, 1900–2199.
        year: u16,
        /// Whether it is the second half.
        second: bool,
    },
    /// A year, 1900–2199.
    Year(u16),
}

impl Period {
    /// Reads `2026-11`, `2026-H2` or `2026`.
    // spec: STA-1
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let year = |text: &str| {
            let year: u16 = text.parse().ok()?;
            Month::new(year, 1).filter(|_| text.len() == 4)?;
            Some(year)
        };
        match text.split_once("-H") {
            Some((of, half)) => Some(Self::HalfYear {
                year: year(of)?,
                second: match half {
                    "1" => false,
                    "2" => true,
                    _ => return None,
                },
            }),
            None if text.contains('-') => Month::parse(text).map(Self::Month),
            None => year(text).map(Self::Year),
        }
    }

    /// The first day.
    #[must_use]
    pub fn first(self) -> Day {
        let (year, month, _) = self.span();
        Day::from_ymd(year, month, 1).unwrap_or(Day::MAX)
    }

    /// The last day.
    #[must_use]
    pub fn last(self) -> Day {
        let (_, _, months) = self.span();
        let next = self.first().plus_months(months);
        next.and_then(|day| day.plus_days(-1)).unwrap_or(Day::MAX)
    }

    /// Whether a day lies in it.
    #[must_use]
    pub fn contains(self, day: Day) -> bool {
        (self.first()..=self.last()).contains(&day)
    }

    /// Year and month of its beginning, and how many months it has.
    const fn span(self) -> (u16, u8, u32) {
        match self {
            Self::Month(month) => (month.year(), month.month(), 1),
            Self::HalfYear { year, second } => (year, if second { 7 } else { 1 }, 6),
            Self::Year(year) => (year, 1, 12),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(month) => write!(f, "{:04}-{:02}", month.year(), month.month()),
            Self::HalfYear { year, second } => write!(f, "{year:04}-H{}", 1 + u8::from(*second)),
            Self::Year(year) => write!(f, "{year:04}"),
        }
    }
}

/// A dated fact about an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It decided.
    Decided {
        /// The type of act.
        act_type: ActType,
        /// The item of the catalogue.
        item: Code,
        /// How the deadline for reporting stands that was met by the statement itself; none where no rule
        /// says by when.
        reported: Option<State>,
    },
    /// An objection to a decision of it was received.
    Objected(Handling),
    /// It acted.
    Acted(Class),
    /// It did what the rules do not allow.
    Violated(Violation, StatementRef),
}

/// 覆盖: decisions under an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    /// How many.
    pub decisions: u64,
    /// The day of the last of them.
    pub last: Day,
}

/// A fact with whose it is and its day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    /// The authority that it counts for.
    pub authority: AuthorityCode,
    /// The day that decides whether it lies in the period.
    pub day: Day,
    /// What happened.
    pub event: Event,
}

/// Figures of one authority, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Decisions by type of act.
    pub decisions: BTreeMap<ActType, u64>,
    /// Of them reported within their deadline.
    pub in_time: u64,
    /// Reported after it.
    pub late: u64,
    /// Of which nobody can tell without a calendar.
    pub unknown: u64,
    /// Objections received.
    pub objections: u64,
    /// Of them closed within their deadline, or without one.
    pub closed: u64,
    /// Closed after it.
    pub closed_late: u64,
    /// Open, within their deadline or without one.
    pub open: u64,
    /// Open after it.
    pub overdue: u64,
    /// Corrections, withdrawals, rulings, stays and repairs made.
    pub acts: BTreeMap<Class, u64>,
    /// Decisions by item.
    pub items: BTreeMap<Code, Covered>,
    /// Violations, by kind.
    pub violations: BTreeMap<Violation, u64>,
}

impl Figures {
    /// All decisions.
    #[must_use]
    pub fn decided(&self) -> u64 {
        self.decisions.values().sum()
    }

    /// The share of what was reported late among what had a deadline that can be told, in ten thousandths;
    /// none where nothing had one.
    // spec: STA-3
    #[must_use]
    pub const fn late_rate(&self) -> Option<u64> {
        let told = self.in_time + self.late;
        (self.late * 10_000).checked_div(told)
    }

    /// The share of objections that were closed late or are overdue among all, in ten thousandths; none
    /// where there are none.
    // spec: STA-6
    #[must_use]
    pub const fn overdue_rate(&self) -> Option<u64> {
        ((self.closed_late + self.overdue) * 10_000).checked_div(self.objections)
    }

    fn add(&mut self, day: Day, event: &Event) {
        match event {
            Event::Decided {
                act_type,
                item,
                reported,
            } => {
                let covered = self.items.entry(item.clone()).or_insert(Covered {
                    decisions: 0,
                    last: day,
                });
                covered.decisions += 1;
                covered.last = covered.last.max(day);
                *self.decisions.entry(*act_type).or_default() += 1;
                match reported {
                    Some(State::Met { .. }) => self.in_time += 1,
                    Some(State::MetLate { .. }) => self.late += 1,
                    Some(_) => self.unknown += 1,
                    None => {}
                }
            }
            Event::Objected(handling) => {
                self.objections += 1;
                match handling {
                    Handling::Closed => self.closed += 1,
                    Handling::ClosedLate => self.closed_late += 1,
                    Handling::Open => self.open += 1,
                    Handling::Overdue => self.overdue += 1,
                }
            }
            Event::Acted(class) => *self.acts.entry(*class).or_default() += 1,
            Event::Violated(violation, _) => {
                *self.violations.entry(*violation).or_default() += 1;
            }
        }
    }
}

/// The figures of a period: of each authority about which there is a fact in it, and of all together.
// spec: STA-2
#[must_use]
pub fn figures<'a>(
    period: Period,
    facts: impl IntoIterator<Item = &'a Dated>,
) -> (BTreeMap<AuthorityCode, Figures>, Figures) {
    let (mut by_authority, mut total) = (BTreeMap::<_, Figures>::new(), Figures::default());
    for fact in facts.into_iter().filter(|fact| period.contains(fact.day)) {
        let of = by_authority.entry(fact.authority).or_default();
        of.add(fact.day, &fact.event);
        total.add(fact.day, &fact.event);
    }
    (by_authority, total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::tests::{Who, at, code, day};

    // spec: STA-1
    #[test]
    fn period_is_read_in_one_way_and_has_its_days() {
        let of = |text: &str| {
            let period = Period::parse(text)?;
            assert_eq!(period.to_string(), text);
            Some((period.first(), period.last()))
        };
        let days = |first, last| Some((day(first), day(last)));
        assert_eq!(of("2024-02"), days("2024-02-01", "2024-02-29"));
        assert_eq!(of("2026-H1"), days("2026-01-01", "2026-06-30"));
        assert_eq!(of("2026-H2"), days("2026-07-01", "2026-12-31"));
        assert_eq!(of("2026"), days("2026-01-01", "2026-12-31"));
        assert_eq!(of("2199"), days("2199-01-01", "2199-12-31"));
        for wrong in [
            "",
            "26",
            "2026-13",
            "2026-1",
            "2026-H3",
            "2026-H",
            "2026-Q1",
            "02026",
            "2200",
            "-H1",
            "二〇二六",
        ] {
            assert_eq!(Period::parse(wrong), None, "{wrong}");
        }
    }

    fn fact(who: Who, on: &str, event: Event) -> Dated {
        Dated {
            authority: who.code(),
            day: day(on),
            event,
        }
    }

    fn violated(who: Who, on: &str, violation: Violation) -> Dated {
        fact(who, on, Event::Violated(violation, at(who, 7)))
    }

    // spec: STA-2, STA-3
    #[test]
    fn figures_are_those_of_the_period_in_whatever_order() {
        let decided = |reported| Event::Decided {
            act_type: ActType::Penalty,
            item: code("labour.penalty"),
            reported,
        };
        let on = day("2026-11-10");
        let late = State::MetLate { on, by: Some(3) };
        let unknown = State::UnknownUntilCalendar {
            earliest: on,
            lacking_from: on,
        };
        let mut facts = vec![
            fact(Who::Issuer, "2026-11-01", decided(Some(State::Met { on }))),
            fact(Who::Issuer, "2026-11-30", decided(Some(late))),
            fact(Who::Issuer, "2026-11-02", decided(Some(unknown))),
            fact(Who::Issuer, "2026-11-03", decided(None)),
            fact(Who::Issuer, "2026-10-31", decided(Some(late))),
            fact(Who::Issuer, "2026-12-01", decided(Some(late))),
            fact(
                Who::Issuer,
                "2026-11-05",
                Event::Objected(Handling::Overdue),
            ),
            fact(Who::Issuer, "2026-11-05", Event::Objected(Handling::Closed)),
            fact(Who::City, "2026-11-05", Event::Objected(Handling::Open)),
            fact(
                Who::City,
                "2026-11-05",
                Event::Objected(Handling::ClosedLate),
            ),
            fact(Who::City, "2026-11-06", Event::Acted(Class::Correction)),
            violated(Who::City, "2026-11-07", Violation::LateRepair),
            violated(Who::City, "2026-11-08", Violation::LateRepair),
            violated(Who::City, "2026-12-08", Violation::LateRepair),
        ];
        let period = Period::parse("2026-11").unwrap();
        let (by, total) = figures(period, &facts);
        let issuer = &by[&Who::Issuer.code()];
        assert_eq!(issuer.decisions, BTreeMap::from([(ActType::Penalty, 4)]));
        assert_eq!((issuer.in_time, issuer.late, issuer.unknown), (1, 1, 1));
        assert_eq!(issuer.late_rate(), Some(5_000));
        assert_eq!(
            (issuer.objections, issuer.closed, issuer.overdue),
            (2, 1, 1)
        );
        let city = &by[&Who::City.code()];
        assert_eq!((city.open, city.closed_late), (1, 1));
        assert_eq!(city.late_rate(), None);
        assert_eq!(city.acts, BTreeMap::from([(Class::Correction, 1)]));
        assert_eq!((total.decided(), total.objections), (4, 4));
        // spec: STA-6, STA-8
        assert_eq!(
            (issuer.overdue_rate(), city.overdue_rate()),
            (Some(5_000), Some(5_000))
        );
        assert_eq!(Figures::default().overdue_rate(), None);
        assert_eq!(city.violations, [(Violation::LateRepair, 2)].into());
        // spec: STA-7
        let covered = Covered {
            decisions: 4,
            last: day("2026-11-30"),
        };
        assert_eq!(total.items, [(code("labour.penalty"), covered)].into());
        assert_eq!(city.items, BTreeMap::new());
        facts.reverse();
        assert_eq!(figures(period, &facts), (by, total));
        let year = Period::parse("2026").unwrap();
        assert_eq!(figures(year, &facts).1.decided(), 6);
    }
}
