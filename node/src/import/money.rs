//! Amounts of money as exact decimals, to fen.

use super::profile_file::MoneyUnit;
use super::reason::ImportReason;

/// Reads an amount in the profile's unit; whole fen, no sign, no grouping, no rounding.
pub(super) fn parse_fen(text: &str, unit: MoneyUnit) -> Result<u64, ImportReason> {
    let places = match unit {
        MoneyUnit::Fen => 0,
        MoneyUnit::Yuan => 2,
        MoneyUnit::TenThousandYuan => 6,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let ends_in_point = text.contains('.') && fraction.is_empty();
    if whole.is_empty() || ends_in_point || !is_digits(whole) || !is_digits(fraction) {
        return Err(ImportReason::MoneyShape);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > places {
        return Err(ImportReason::MoneyTooPrecise);
    }
    // spec: IMP-8
    format!("{whole}{fraction:0<places$}")
        .parse()
        .map_err(|_| ImportReason::MoneyOutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_in_every_unit() {
        // spec: IMP-8
        use MoneyUnit::{Fen, TenThousandYuan, Yuan};
        for (text, unit, fen) in [
            ("0", Yuan, 0),
            ("5", Fen, 5),
            ("5.00", Fen, 5),
            ("0.1", Yuan, 10),
            ("1234.56", Yuan, 123_456),
            ("1234.5600", Yuan, 123_456),
            ("0.000001", TenThousandYuan, 1),
            ("0.290000", TenThousandYuan, 290_000),
            ("3", TenThousandYuan, 3_000_000),
            ("18446744073709551615", Fen, u64::MAX),
        ] {
            assert_eq!(parse_fen(text, unit), Ok(fen), "{text}");
        }
    }

    #[test]
    fn amounts_that_are_not_whole_fen_are_refused() {
        assert_eq!(
            parse_fen("0.005", MoneyUnit::Yuan),
            Err(ImportReason::MoneyTooPrecise)
        );
        assert_eq!(
            parse_fen("0.0000001", MoneyUnit::TenThousandYuan),
            Err(ImportReason::MoneyTooPrecise)
        );
        assert_eq!(
            parse_fen("18446744073709551616", MoneyUnit::Fen),
            Err(ImportReason::MoneyOutOfRange)
        );
        for text in [
            "", ".", ".5", "5.", "-1", "+1", "1,000", "1e3", "1.2.3", "五",
        ] {
            assert_eq!(
                parse_fen(text, MoneyUnit::Yuan),
                Err(ImportReason::MoneyShape),
                "{text}"
            );
        }
    }
}
