//! What people read of a decision beside its codes: titles of measures and items, its words.

use std::collections::BTreeSet;

use concordat_protocol::admin::{DutyView, MeasureTitleView, RecognitionView};
use concordat_protocol::statement::{Code, DecisionFields, Measure};
use concordat_protocol::trust::Registry;

/// Characters of what was decided that a list of decisions shows.
const CONTENT_SHOWN_MAX: usize = 200;

/// The titles of the measures that a decision brings and of those that may be applied, ascending by measure; a
/// measure that the newest catalogue of measures does not have is left out.
// spec: ADM-506
pub(super) fn measures(
    registry: &Registry,
    duties: &[DutyView],
    recognition: Option<&RecognitionView>,
) -> Vec<MeasureTitleView> {
    let Some(catalogue) = registry.measures_at(registry.size()) else {
        return Vec::new();
    };
    let brought = duties.iter().map(|duty| &duty.measure);
    let allowed = recognition.iter().flat_map(|one| &one.measures);
    let named: BTreeSet<&Measure> = brought
        .chain(allowed.map(|allowed| &allowed.measure))
        .collect();
    let known = catalogue.measures().iter();
    let known = known.filter(|item| named.contains(&item.measure));
    known
        .map(|item| MeasureTitleView {
            measure: item.measure.clone(),
            title: item.title.to_string(),
        })
        .collect()
}

/// The title of an item in the newest catalogue.
pub(super) fn item(registry: &Registry, code: &Code) -> Option<String> {
    let catalogue = registry.catalogue_at(registry.size())?;
    let mut items = catalogue.items.iter();
    let item = items.find(|item| item.code == *code)?;
    Some(item.title.to_string())
}

/// What was decided in words, no longer than a list of decisions shows.
// spec: ADM-506
pub(super) fn content(fields: &DecisionFields) -> Option<String> {
    let content = fields.content.as_ref()?.as_str();
    let mut shown: String = content.chars().take(CONTENT_SHOWN_MAX).collect();
    if shown.len() < content.len() {
        shown.push('…');
    }
    Some(shown)
}
