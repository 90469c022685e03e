//! Text as the screen reads it: digits of any script as digits, look-alikes of X as X, characters
//! that nobody sees set apart.
//!
//! Out of scope: letters that resemble digits (`l`, `O`), number words with place values (三百六十二),
//! and text that is displayed in another order than it is written.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::text::half_width;

/// A character as the screen reads it; a character of two digits (⑬) makes two symbols.
#[derive(Clone, Copy)]
pub(super) struct Symbol {
    /// Where it stands in the text, in Unicode scalar values from 0.
    pub(super) at: usize,
    /// `0` to `9` for a digit of any form, an upper-case letter, a character of labels in its
    /// simplified form, or the character itself.
    pub(super) character: char,
    pub(super) form: Form,
}

/// How a symbol is written. Digits of two forms side by side are no longer number together: the one
/// is a footnote or list mark beside the other, or hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// ASCII, full-width too.
    Plain,
    /// A digit or an X of another script, circled, raised, and so on.
    Foreign,
    /// A Chinese numeral.
    Chinese,
    /// Takes no place: combining marks, joiners, controls of direction.
    Unseen,
}

impl Symbol {
    pub(super) const fn is_digit(self) -> bool {
        self.character.is_ascii_digit() && !matches!(self.form, Form::Unseen)
    }

    /// A letter of the ASCII alphabet, as part of a word.
    pub(super) fn is_letter(self) -> bool {
        self.form == Form::Plain && self.character.is_ascii_alphabetic()
    }

    /// A sign that is drawn like an X and is no ASCII letter.
    pub(super) fn is_cross(self) -> bool {
        self.form == Form::Foreign && self.character == 'X'
    }

    /// A letter of any script but ASCII that may stand between two parts of a number as a separator does:
    /// 号, 和, と. What makes dates, amounts and places of what stands before it ends a number.
    // spec: ID-40
    pub(super) fn links(self) -> bool {
        self.form == Form::Plain
            && !self.character.is_ascii()
            && self.character.is_alphabetic()
            && !UNITS.contains(self.character)
    }

    /// Whether the symbol after it continues its word or number.
    pub(super) fn joins(self, next: Self) -> bool {
        let in_word = |symbol: Self| symbol.is_digit() || symbol.is_letter();
        self.form == next.form && in_word(self) && in_word(next)
    }
}

/// How many digits a character can be read as, at most; without the tables of [`read`].
pub(super) const fn digits_at_most(character: char) -> usize {
    match character {
        '0'..='9' => 1,
        '\0'..='\u{7F}' => 0,
        '\u{3040}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' => chinese(character).is_some() as usize,
        // Punctuation, and the full-width forms of ASCII.
        '\u{2010}'..='\u{2027}'
        | '\u{3000}'..='\u{3006}'
        | '\u{3008}'..='\u{3020}'
        | '\u{FF01}'..='\u{FF0F}'
        | '\u{FF1A}'..='\u{FF5E}' => 0,
        '\u{FF10}'..='\u{FF19}' => 1,
        _ => 2,
    }
}

/// Whether a character can be read as the beginning of a label; without the tables of [`read`].
pub(super) const fn may_begin_label(character: char) -> bool {
    matches!(
        character,
        'P' | 'p'
            | 'Ｐ'
            | 'ｐ'
            | '护'
            | '護'
            | '内'
            | '內'
            | '大'
            | '港'
            | '台'
            | '臺'
            | '回'
            | '永'
    )
}

/// Letters behind the parts of dates and times, amounts and places of numbers, in simplified form or
/// that of Japan.
const UNITS: &str = "年月日时時点點分秒周週岁歳十百千万亿萬億元円角";

/// Reads a text.
// spec: ID-36
pub(super) fn read(text: &str) -> Vec<Symbol> {
    let mut symbols = Vec::with_capacity(text.len());
    for (at, character) in text.chars().enumerate() {
        push(&mut symbols, at, half_width(character).to_ascii_uppercase());
    }
    symbols
}

fn push(symbols: &mut Vec<Symbol>, at: usize, character: char) {
    let mut symbol = |character, form| {
        symbols.push(Symbol {
            at,
            character,
            form,
        });
    };
    if character.is_ascii() {
        return symbol(character, Form::Plain);
    }
    if let Some(digit) = chinese(character) {
        return symbol(digit, Form::Chinese);
    }
    if matches!(character, '\u{4E00}'..='\u{9FFF}' | '\u{3040}'..='\u{30FF}') {
        return symbol(simplified(character), Form::Plain);
    }
    if is_unseen(character) {
        return symbol(character, Form::Unseen);
    }
    if is_x(character) {
        return symbol('X', Form::Foreign);
    }
    match foreign(character) {
        Some((tens, units)) => {
            if let Some(tens) = tens {
                symbol(tens, Form::Foreign);
            }
            symbol(units, Form::Foreign);
        }
        None => compatible(character, symbol),
    }
}

/// Characters that Unicode calls compatible with digits, an X or a numeral, with brackets, full stop
/// or comma around them at most (⑬, ², 𝟏, ⒈, ⑴, Ⓧ, ㊀). Any other stays what it is.
fn compatible(character: char, mut symbol: impl FnMut(char, Form)) {
    let bare = |c: &char| !matches!(c, '(' | ')' | '.' | ',');
    let parts = || std::iter::once(character).nfkd().filter(bare);
    if parts().next().is_some() && parts().all(|c| c.is_ascii_digit()) {
        return parts().for_each(|digit| symbol(digit, Form::Foreign));
    }
    let mut rest = parts();
    let (read, form) = match (rest.next(), rest.next()) {
        (Some('x' | 'X'), None) => ('X', Form::Foreign),
        (Some(single), None) => match chinese(single) {
            Some(digit) => (digit, Form::Chinese),
            None => (character, Form::Plain),
        },
        (_, _) => (character, Form::Plain),
    };
    symbol(read, form);
}

/// Zeros of the runs of ten decimal digits (general category Nd, Unicode 16).
const ZEROS: &[u32] = &[
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6,
    0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0,
    0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50,
    0x11DA0, 0x11F50, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0, 0x1D7CE, 0x1D7D8, 0x1D7E2,
    0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
];

/// Runs of numbered signs that Unicode leaves without a decomposition: first sign, last sign, and
/// the number of the first.
const SIGNS: [(u32, u32, u32); 9] = [
    (0x24EB, 0x24F4, 11),
    (0x24F5, 0x24FE, 1),
    (0x24FF, 0x24FF, 0),
    (0x2776, 0x277F, 1),
    (0x2780, 0x2789, 1),
    (0x278A, 0x2793, 1),
    (0x1D360, 0x1D368, 1),
    (0x1F10B, 0x1F10C, 0),
    (0x3021, 0x3029, 1),
];

/// The digits of a sign that means a number below 100, tens and units.
fn foreign(character: char) -> Option<(Option<char>, char)> {
    let code = u32::from(character);
    if character == '\u{1F10C}' {
        return Some((None, '0'));
    }
    if let Some(digit) = ZEROS
        .iter()
        .find_map(|zero| code.checked_sub(*zero).filter(|value| *value < 10))
    {
        return Some((None, char::from_digit(digit, 10)?));
    }
    let (first, _, number) = SIGNS
        .iter()
        .find(|(first, last, _)| (*first..=*last).contains(&code))?;
    let value = code - first + number;
    let tens = (value >= 10).then(|| char::from_digit(value / 10, 10));
    Some((tens.flatten(), char::from_digit(value % 10, 10)?))
}

/// The simplified form of a traditional character that occurs in labels or between a label and its
/// number; any other character as it is.
const fn simplified(character: char) -> char {
    match character {
        '護' => '护',
        '證' | '証' => '证',
        '內' => '内',
        '臺' => '台',
        '灣' => '湾',
        '鄉' => '乡',
        '號' => '号',
        '碼' => '码',
        '編' => '编',
        '為' | '爲' => '为',
        other => other,
    }
}

/// A Chinese numeral that stands for one digit, as in 一三八〇〇.
pub(super) const fn chinese(character: char) -> Option<char> {
    Some(match character {
        '〇' | '零' | '○' | '◯' => '0',
        '一' | '壹' | '壱' | '幺' | '弌' => '1',
        '二' | '贰' | '貳' | '弐' => '2',
        '三' | '叁' | '參' | '叄' | '参' => '3',
        '四' | '肆' => '4',
        '五' | '伍' => '5',
        '六' | '陆' | '陸' => '6',
        '七' | '柒' => '7',
        '八' | '捌' => '8',
        '九' | '玖' => '9',
        _ => return None,
    })
}

/// Letters and signs that are drawn like an X and that no decomposition leads to one.
const fn is_x(character: char) -> bool {
    matches!(
        character,
        'Х' | 'х'
            | 'Χ'
            | 'χ'
            | 'Ⲭ'
            | 'ⲭ'
            | '×'
            | '✕'
            | '✖'
            | '✗'
            | '✘'
            | '❌'
            | '❎'
            | '╳'
            | '⨉'
            | '⨯'
            | '⤫'
            | '⤬'
            | '᙭'
            | '᙮'
            | 'ᕁ'
            | 'ᕽ'
            | 'Ꭓ'
            | 'ꭓ'
            | '🅧'
            | '🆇'
            | '☓'
            | '𐊐'
            | '𐌗'
            | 'ꓫ'
            | '⊗'
            | '⊠'
            | '⨂'
            | '☒'
            | '🗙'
            | '🗴'..='🗷'
    )
}

/// Characters that take no place of their own.
fn is_unseen(character: char) -> bool {
    is_combining_mark(character)
        || matches!(
            character,
            '\u{AD}'
                | '\u{61C}'
                // Strokes that stretch a word.
                | '\u{640}'
                | '\u{7FA}'
                | '\u{180A}'
                | '\u{115F}'..='\u{1160}'
                | '\u{180E}'
                | '\u{200B}'..='\u{200F}'
                | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{3164}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{1BCA0}'..='\u{1BCA3}'
                | '\u{1D173}'..='\u{1D17A}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}
