//! Check characters of three standards, on ASCII bytes.
//!
//! GB 32100-2015 (subject code), GB 11714 (organisation code, its places 9–17), GB 11643 (identity
//! number of a resident). Out of scope: what a refused value leads to.

use crate::region::is_province;
use crate::time::month_length;

/// The check character of GB 32100 for the first 17 places; `None` outside the alphabet.
///
/// `(31 − Σ Cᵢ·3^(i−1) mod 31) mod 31`: the outer `mod` turns 31 into 0, where copied formulas
/// produce a 32nd character.
pub(super) fn subject_check(first_17: &[u8; 17]) -> Option<u8> {
    let mut sum = 0;
    let mut weight = 1;
    for byte in first_17 {
        sum += subject_value(*byte)? * weight;
        weight = weight * 3 % 31;
    }
    let check = (31 - sum % 31) % 31;
    SUBJECT_ALPHABET.get(usize::from(check)).copied()
}

/// Whether a byte belongs to the alphabet of GB 32100.
pub(super) fn is_subject_character(byte: u8) -> bool {
    subject_value(byte).is_some()
}

/// The check character of GB 11714 for eight places; `None` outside 0–9 A–Z.
pub(super) fn organisation_check(serial: &[u8; 8]) -> Option<u8> {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let mut sum = 0;
    for (byte, weight) in serial.iter().zip(WEIGHTS) {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            _ => return None,
        };
        sum += u32::from(value) * weight;
    }
    match 11 - sum % 11 {
        10 => Some(b'X'),
        11 => Some(b'0'),
        digit => b"0123456789".get(usize::try_from(digit).ok()?).copied(),
    }
}

/// Whether 18 bytes are an identity number: 17 digits and a digit or `X`, the check of GB 11643, a
/// region that numbers are issued for, and a birth date from 1900 to 2099.
///
/// The region is a province, 83 (residence permits of Taiwan residents), or 9 and a province
/// (permanent residence of foreigners, 2023 edition).
pub(crate) fn is_identity_number(bytes: &[u8; 18]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let [first_17 @ .., check] = bytes;
    if !first_17.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = first_17
        .iter()
        .zip(WEIGHTS)
        .map(|(byte, weight)| u32::from(byte - b'0') * weight)
        .sum();
    let expected = b"10X98765432".get(sum as usize % 11).copied();
    let [r1, r2, r3, _, _, _, y1, y2, y3, y4, m1, m2, d1, d2, ..] = *first_17;
    let year = two_digits(y1, y2) * 100 + two_digits(y3, y4);
    let region = is_province([r1, r2]) || [r1, r2] == *b"83" || r1 == b'9' && is_province([r2, r3]);
    Some(*check) == expected
        && region
        && is_birth_date(year, two_digits(m1, m2), two_digits(d1, d2))
}

const SUBJECT_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The place of each byte in the alphabet; that of no character outside it.
const SUBJECT_VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value: u8 = 0;
    while (value as usize) < SUBJECT_ALPHABET.len() {
        values[SUBJECT_ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    values
};

fn subject_value(byte: u8) -> Option<u16> {
    match SUBJECT_VALUES[usize::from(byte)] {
        u8::MAX => None,
        value => Some(u16::from(value)),
    }
}

fn two_digits(tens: u8, units: u8) -> u16 {
    u16::from(tens - b'0') * 10 + u16::from(units - b'0')
}

fn is_birth_date(year: u16, month: u16, day: u16) -> bool {
    let month = u8::try_from(month).unwrap_or_default();
    (1900..=2099).contains(&year) && day >= 1 && day <= u16::from(month_length(year, month))
}
