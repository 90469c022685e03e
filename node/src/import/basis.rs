//! Articles of law out of one cell.
//!
//! Two styles: `《act》article` any number of times, and a list of `act article` by white space.
//! Nothing is guessed: what names no act, no article or an act of unknown level is refused.

use concordat_protocol::statement::{BasisLevel, LegalBasis};
use concordat_protocol::text::{Text, TextError};

use super::profile::{ProfileRule, level};
use super::profile_file::{BasisStyle, BasisTable};

/// How a profile reads legal bases.
#[derive(Clone, Debug)]
pub(super) struct BasisRules {
    style: BasisStyle,
    lead_words: Vec<String>,
    article_marks: Vec<String>,
    continues: Vec<String>,
    levels: Vec<LevelRule>,
}

#[derive(Clone, Debug)]
struct LevelRule {
    prefix: String,
    suffix: String,
    contains: String,
    /// `None`: what fits is refused, so that a later rule does not take it.
    level: Option<BasisLevel>,
}

/// Why a cell is no legal basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BasisError {
    /// No act or no article can be told.
    Shape,
    /// The level of an act is not known.
    Level,
    /// An act's name or an article is no text that a decision may hold.
    Text(TextError),
}

impl BasisRules {
    pub(super) fn new(table: BasisTable) -> Result<Self, ProfileRule> {
        let levels = table.levels.into_iter().map(|rule| {
            Ok(LevelRule {
                level: level(&rule.level)?,
                prefix: rule.prefix,
                suffix: rule.suffix,
                contains: rule.contains,
            })
        });
        Ok(Self {
            style: table.style,
            lead_words: table.lead_words,
            article_marks: table.article_marks,
            continues: table.continues,
            levels: levels.collect::<Result<_, _>>()?,
        })
    }

    /// Reads a cell; in the order of the cell, repetitions left out.
    pub(super) fn read(&self, cell: &str) -> Result<Vec<LegalBasis>, BasisError> {
        let pairs = match self.style {
            BasisStyle::Quoted => self.quoted(cell)?,
            BasisStyle::Listed => self.listed(cell)?,
        };
        let mut list = Vec::new();
        for (law, article) in pairs {
            let basis = LegalBasis {
                level: self.level(&law).ok_or(BasisError::Level)?,
                law: Text::normalise(&law).map_err(BasisError::Text)?,
                article: Text::normalise(&article).map_err(BasisError::Text)?,
            };
            if !list.contains(&basis) {
                list.push(basis);
            }
        }
        if list.is_empty() {
            return Err(BasisError::Shape);
        }
        Ok(list)
    }

    fn level(&self, law: &str) -> Option<BasisLevel> {
        let fits = |rule: &&LevelRule| {
            law.starts_with(&rule.prefix)
                && law.ends_with(&rule.suffix)
                && law.contains(&rule.contains)
        };
        self.levels.iter().find(fits).and_then(|rule| rule.level)
    }

    /// `《act》article《act》article`, after a lead word.
    fn quoted(&self, cell: &str) -> Result<Vec<(String, String)>, BasisError> {
        let (lead, mut rest) = cell.split_once('《').ok_or(BasisError::Shape)?;
        let lead = lead.trim();
        if !lead.is_empty() && !self.lead_words.iter().any(|word| word == lead) {
            return Err(BasisError::Shape);
        }
        let mut pairs = Vec::new();
        loop {
            let (law, tail) = rest.split_once('》').ok_or(BasisError::Shape)?;
            let (article, next) = tail
                .split_once('《')
                .map_or((tail, None), |(article, next)| (article, Some(next)));
            let article = self.trim_article(article);
            if law.trim().is_empty() || law.contains('《') || article.is_empty() {
                return Err(BasisError::Shape);
            }
            pairs.push((law.trim().to_owned(), article.to_owned()));
            match next {
                Some(next) => rest = next,
                None => return Ok(pairs),
            }
        }
    }

    /// Without what joins it to the next act.
    fn trim_article<'a>(&self, article: &'a str) -> &'a str {
        let joins = |c: char| c.is_whitespace() || "、，,;；。和及".contains(c);
        let mut article = article.trim_matches(joins);
        for word in &self.lead_words {
            article = article.strip_suffix(word.as_str()).unwrap_or(article);
        }
        article.trim_matches(joins)
    }

    /// `act article act article`; a piece that goes on with an article joins the one before.
    fn listed(&self, cell: &str) -> Result<Vec<(String, String)>, BasisError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for piece in cell.split_whitespace() {
            let (law, article) = piece
                .split_at_checked(self.article_start(piece))
                .unwrap_or((piece, ""));
            match pairs.last_mut() {
                Some((_, last)) if law.is_empty() || self.goes_on(piece) => last.push_str(piece),
                None if law.is_empty() || self.goes_on(piece) => return Err(BasisError::Shape),
                // An act's name that white space cuts in two.
                Some((last_law, last)) if last.is_empty() => {
                    last_law.push_str(law);
                    last.push_str(article);
                }
                Some(_) | None => pairs.push((law.to_owned(), article.to_owned())),
            }
        }
        if pairs.iter().any(|(_, article)| article.is_empty()) {
            return Err(BasisError::Shape);
        }
        Ok(pairs)
    }

    /// Offset of the first article mark or digit.
    fn article_start(&self, piece: &str) -> usize {
        let marks = self
            .article_marks
            .iter()
            .filter_map(|mark| piece.find(mark.as_str()));
        let digit = piece.find(|c: char| c.is_ascii_digit() || ('０'..='９').contains(&c));
        marks.chain(digit).min().unwrap_or(piece.len())
    }

    fn goes_on(&self, piece: &str) -> bool {
        self.continues
            .iter()
            .any(|start| piece.starts_with(start.as_str()))
    }
}
