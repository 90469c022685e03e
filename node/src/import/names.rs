//! Names that profiles use for the codes of a decision, and maps from cells to those names.

use std::collections::BTreeMap;

use concordat_protocol::statement::{
    ActType, BasisLevel, Code, PenaltyClass, RemedyKind, SeriousGroup, ServiceWay,
};
use concordat_protocol::subject::Form;

use super::field::Field;

/// A code with a name of its own in profiles.
pub(super) trait Named: Copy + 'static {
    /// Every name with its value.
    const NAMES: &'static [(&'static str, Self)];

    fn by_name(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    }
}

impl Named for ActType {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("licence", Self::Licence),
        ("penalty", Self::Penalty),
        ("compulsion", Self::Compulsion),
        ("confirmation", Self::Confirmation),
        ("levy", Self::Levy),
        ("payment", Self::Payment),
        ("adjudication", Self::Adjudication),
        ("compensation", Self::Compensation),
        ("reward", Self::Reward),
        ("inspection", Self::Inspection),
        ("red-list", Self::RedList),
        ("serious-list", Self::SeriousList),
        ("watch-list", Self::WatchList),
    ];
}

impl Named for SeriousGroup {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("life-and-health", Self::LifeAndHealth),
        ("market-order", Self::MarketOrder),
        ("legal-duties", Self::LegalDuties),
        ("defence", Self::Defence),
    ];
}

impl Named for PenaltyClass {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("warning", Self::Warning),
        ("fine", Self::Fine),
        ("licence", Self::Licence),
        ("restriction", Self::Restriction),
        ("other", Self::Other),
    ];
}

impl Named for BasisLevel {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("law", Self::Law),
        ("administrative-regulation", Self::AdministrativeRegulation),
        ("local-regulation", Self::LocalRegulation),
        ("ministerial-rule", Self::MinisterialRule),
        ("local-government-rule", Self::LocalGovernmentRule),
        ("central-policy", Self::CentralPolicy),
    ];
}

impl Named for ServiceWay {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("direct", Self::Direct),
        ("left", Self::Left),
        ("entrusted", Self::Entrusted),
        ("post", Self::Post),
        ("announcement", Self::Announcement),
        ("electronic", Self::Electronic),
    ];
}

impl Named for RemedyKind {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("reconsideration", Self::Reconsideration),
        ("litigation", Self::Litigation),
    ];
}

impl Named for Form {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("enterprise", Self::Enterprise),
        ("cooperative", Self::Cooperative),
        ("public-institution", Self::PublicInstitution),
        ("social-organisation", Self::SocialOrganisation),
        ("government-organ", Self::GovernmentOrgan),
        ("self-employed", Self::SelfEmployed),
        ("sole-proprietorship", Self::SoleProprietorship),
        ("other", Self::Other),
        ("unknown", Self::Unknown),
    ];
}

/// Whether a field knows a name.
pub(super) fn is_name(field: Field, name: &str) -> bool {
    match field {
        Field::ActType => ActType::by_name(name).is_some(),
        Field::PenaltyClasses => PenaltyClass::by_name(name).is_some(),
        Field::ServiceWay | Field::PreNoticeWay => ServiceWay::by_name(name).is_some(),
        Field::SeriousGroup => SeriousGroup::by_name(name).is_some(),
        Field::SubjectForm => Form::by_name(name).is_some(),
        Field::Item => Code::new(name).is_ok(),
        Field::SubjectCode
        | Field::RegistrarReference
        | Field::SubjectName
        | Field::AgencyCode
        | Field::AgencyName
        | Field::DocumentNumber
        | Field::DecidedOn
        | Field::ServedOn
        | Field::Basis
        | Field::Facts
        | Field::Content
        | Field::Fine
        | Field::Confiscation
        | Field::Duties
        | Field::ValidFrom
        | Field::ValidUntil
        | Field::PublicationUntil
        | Field::Remedies
        | Field::Source
        | Field::PublishedOn
        | Field::PreNoticeOn
        | Field::ExitConditions
        | Field::ExitProcedure
        | Field::Quarter => false,
    }
}

/// Whether a key of a [`ValueMap`] fits every cell.
pub(super) fn is_open(key: &str) -> bool {
    Pattern::new(key).is_some_and(|pattern| pattern.core.is_empty())
}

/// Whether words only fill a place: "none", in the languages of the tables, or no word at all.
pub(super) fn says_nothing(words: &str) -> bool {
    let kept: String = words.chars().filter(|c| c.is_alphanumeric()).collect();
    kept.is_empty() || PLACEHOLDERS.contains(&kept.to_lowercase().as_str())
}

/// What people write where there is nothing to say, without its punctuation.
const PLACEHOLDERS: [&str; 19] = [
    "0", "x", "xx", "xxx", "na", "nil", "no", "none", "null", "tbd", "unknown", "无", "無", "暂无",
    "没有", "不详", "未知", "なし", "不明",
];

/// From what a cell says to a name. A key may begin or end with `*`, which stands for anything; the
/// exact key is taken before any such, and the longest of these before the others.
#[derive(Clone, Debug, Default)]
pub(super) struct ValueMap {
    exact: BTreeMap<String, String>,
    patterns: Vec<(Pattern, String)>,
    otherwise: Option<String>,
}

impl ValueMap {
    pub(super) fn new(values: BTreeMap<String, String>, otherwise: Option<String>) -> Self {
        let mut map = Self {
            otherwise,
            ..Self::default()
        };
        for (key, name) in values {
            match Pattern::new(&key) {
                Some(pattern) => map.patterns.push((pattern, name)),
                None => {
                    map.exact.insert(key, name);
                }
            }
        }
        map.patterns
            .sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.core.len()));
        map
    }

    /// The name for what a cell says.
    pub(super) fn name<'a>(&'a self, cell: &str) -> Option<&'a str> {
        let by_pattern = || {
            let found = self.patterns.iter().find(|(p, _)| p.matches(cell));
            found.map(|(_, name)| name)
        };
        self.exact
            .get(cell)
            .or_else(by_pattern)
            .or(self.otherwise.as_ref())
            .map(String::as_str)
    }

    /// Every name that it can give.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let patterns = self.patterns.iter().map(|(_, name)| name);
        self.exact
            .values()
            .chain(patterns)
            .chain(&self.otherwise)
            .map(String::as_str)
    }
}

#[derive(Clone, Debug)]
struct Pattern {
    core: String,
    open_start: bool,
    open_end: bool,
}

impl Pattern {
    /// `None` for a key without `*` at either end.
    fn new(key: &str) -> Option<Self> {
        let (rest, open_start) = key.strip_prefix('*').map_or((key, false), |r| (r, true));
        let (core, open_end) = rest.strip_suffix('*').map_or((rest, false), |r| (r, true));
        (open_start || open_end).then(|| Self {
            core: core.to_owned(),
            open_start,
            open_end,
        })
    }

    fn matches(&self, cell: &str) -> bool {
        match (self.open_start, self.open_end) {
            (true, true) => cell.contains(&self.core),
            (true, false) => cell.ends_with(&self.core),
            (false, _) => cell.starts_with(&self.core),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_exactly_one_name() {
        assert_eq!(ActType::NAMES.len(), ActType::ALL.len());
        assert_eq!(PenaltyClass::NAMES.len(), PenaltyClass::ALL.len());
        assert_eq!(BasisLevel::NAMES.len(), BasisLevel::ALL.len());
        assert_eq!(ServiceWay::NAMES.len(), ServiceWay::ALL.len());
        assert_eq!(RemedyKind::NAMES.len(), RemedyKind::ALL.len());
        assert_eq!(Form::NAMES.len(), Form::ALL.len());
        assert_eq!(SeriousGroup::NAMES.len(), SeriousGroup::ALL.len());
    }

    #[test]
    fn placeholder_is_told_from_the_name_of_a_body() {
        // spec: IMP-18
        for words in [
            "无",
            "（无）",
            " なし",
            "-",
            "——",
            "N/A",
            "None.",
            "…",
            "/",
            "",
        ] {
            assert!(says_nothing(words), "{words}");
        }
        for words in [
            "市人民政府",
            "无锡市人民政府",
            "Nanning Court",
            "无为市人民法院",
        ] {
            assert!(!says_nothing(words), "{words}");
        }
        assert!(is_open("*") && is_open("**") && !is_open("直接*") && !is_open(""));
    }

    #[test]
    fn exact_key_comes_before_patterns_and_longer_ones_before_shorter() {
        let pairs = [
            ("罚款", "a"),
            ("罚*", "b"),
            ("*没收*", "c"),
            ("罚款和*", "d"),
        ];
        let values = pairs.map(|(key, name)| (key.to_owned(), name.to_owned()));
        let map = ValueMap::new(values.into(), None);
        assert_eq!(map.name("罚款"), Some("a"));
        assert_eq!(map.name("罚"), Some("b"));
        assert_eq!(map.name("罚款和没收"), Some("d"));
        assert_eq!(map.name("并没收之"), Some("c"));
        assert_eq!(map.name("警告"), None);
    }
}
