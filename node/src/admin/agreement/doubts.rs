//! What those who are asked to approve an agreement should know of it: what the registry does not have, and
//! that it acts backwards.

use std::collections::BTreeSet;

use concordat_protocol::admin::{DoubtCode, DoubtView};
use concordat_protocol::statement::{AgreementFields, Clause, Code, Measure, Standing};
use concordat_protocol::time::Day;
use concordat_protocol::trust::Registry;

/// Doubts that one answer tells of.
const DOUBTS_MAX: usize = 64;

/// What is doubtful about an agreement by the registry as held, on a day. Nothing of it is refused: parties may
/// be enrolled, and items recorded, before it runs.
// spec: ADM-382
pub(super) fn doubts(
    registry: &Registry,
    agreement: &AgreementFields,
    today: Day,
) -> Vec<DoubtView> {
    let mut found = Vec::new();
    for party in &agreement.parties {
        let standing = registry.member(*party).map(|member| member.standing());
        found.extend(match standing {
            None => Some(doubt(DoubtCode::PartyUnknown, party)),
            Some(Standing::Active) => None,
            Some(Standing::Suspended | Standing::Left) => {
                Some(doubt(DoubtCode::PartySuspended, party))
            }
        });
    }
    let catalogue = registry.catalogue_at(registry.size());
    let is_known = |code: &&Code| {
        let mut items = catalogue.iter().flat_map(|catalogue| &catalogue.items);
        items.any(|item| item.code == **code)
    };
    let items: BTreeSet<&Code> = all(agreement, |clause| clause.items.iter());
    let unknown = items.into_iter().filter(|code| !is_known(code));
    found.extend(unknown.map(|code| doubt(DoubtCode::ItemUnknown, code)));
    let measures: BTreeSet<&Measure> = all(agreement, |clause| {
        clause.measures.iter().map(|one| &one.measure)
    });
    if let Some(catalogue) = registry.measures_at(registry.size()) {
        for measure in measures {
            found.extend(match catalogue.get(measure) {
                None => Some(doubt(DoubtCode::MeasureUnknown, measure)),
                Some(item) => item
                    .is_revoked(today)
                    .then(|| doubt(DoubtCode::MeasureRevoked, measure)),
            });
        }
    }
    if agreement.from < today {
        found.push(doubt(DoubtCode::BeginsInThePast, agreement.from));
    }
    found.truncate(DOUBTS_MAX);
    found
}

fn all<'a, T: Ord, I: Iterator<Item = T>>(
    agreement: &'a AgreementFields,
    of: impl Fn(&'a Clause) -> I,
) -> BTreeSet<T> {
    agreement.clauses.iter().flat_map(of).collect()
}

fn doubt(what: DoubtCode, named: impl ToString) -> DoubtView {
    DoubtView {
        what,
        named: named.to_string(),
    }
}
