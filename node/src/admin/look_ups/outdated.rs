//! Rows that showed what holds no more.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::admin::{AdminError, OutdatedView};
use concordat_protocol::codec::{self, Truth};
use concordat_protocol::effect::Effect;
use concordat_protocol::log::Hash;
use concordat_protocol::lookup::{LookUpRow, SaltedRow, Shown, answer_digest};
use concordat_protocol::statement::StatementRef;
use concordat_protocol::time::Day;

use crate::admin::{refusal, subject, view};
use crate::lookups::MarkKind;
use crate::node::Node;

/// Decisions shown by rows that are looked at, of those that something points at.
const OUTDATED_MAX: usize = 4_096;

/// A row that showed what holds no more, and whose asker was not told.
pub(in crate::admin) struct Outdated {
    number: u64,
    row: LookUpRow,
    then: Shown,
    now: Shown,
    not_about: bool,
}

impl Outdated {
    /// The number of the row.
    pub(in crate::admin) const fn number(&self) -> u64 {
        self.number
    }

    /// What it was told of, once it is: another change is told again.
    // spec: LKP-52
    pub(super) fn state(&self, salted: &SaltedRow) -> Hash {
        state_of(&self.now, salted)
    }

    /// For an administrator. What is about another organisation is shown without what it says.
    // spec: LKP-51
    pub(super) fn view(&self) -> OutdatedView {
        OutdatedView {
            number: self.number,
            at: self.row.at,
            who: self.row.who.clone(),
            case_number: self.row.case_number.clone(),
            purpose: self.row.purpose.clone(),
            subject: self.row.subject,
            then: self.then.clone(),
            now: self.now.clone(),
            not_about: self.not_about.then_some(Truth),
        }
    }
}

fn state_of(now: &Shown, salted: &SaltedRow) -> Hash {
    let bytes = codec::encode(now).unwrap_or_default();
    answer_digest(salted.salt(), &bytes)
}

/// Rows that showed what holds no more, the oldest first; and whether there are more than are looked at.
// spec: LKP-50
pub(in crate::admin) fn outdated_rows(node: &Node) -> Result<(Vec<Outdated>, bool), AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let internal = |error| refusal::internal(&error);
    let shown = query.store().shown_and_pointed_at(OUTDATED_MAX);
    let shown = shown.map_err(internal)?;
    let cut = shown.len() == OUTDATED_MAX;
    let today = node.today();
    let now = effects(node, &shown, today)?;
    let mut found = Vec::new();
    for (number, then) in shown {
        let Some((effect, state)) = now.get(&then.reference) else {
            continue;
        };
        if !then.is_outdated_by(state) {
            continue;
        }
        let rows = query.store().lookups(number..number.saturating_add(1));
        let Some(kept) = rows.map_err(internal)?.into_iter().next() else {
            continue;
        };
        let marks = query.store().lookup_marks(number..number.saturating_add(1));
        let told = state_of(state, &kept.salted);
        let is_told = marks
            .map_err(internal)?
            .iter()
            .any(|mark| mark.kind == MarkKind::Told && mark.state == Some(told));
        if is_told {
            continue;
        }
        let not_about = subject::not_about_by(node, kept.row.subject, effect)?.is_some();
        found.push(Outdated {
            number,
            row: kept.row,
            then,
            now: state.clone(),
            not_about,
        });
    }
    found.sort_by_key(|one| one.number);
    Ok((found, cut))
}

fn effects(
    node: &Node,
    shown: &[(u64, Shown)],
    today: Day,
) -> Result<BTreeMap<StatementRef, (Effect, Shown)>, AdminError> {
    let targets: BTreeSet<&StatementRef> = shown.iter().map(|(_, one)| &one.reference).collect();
    let targets: Vec<_> = targets.into_iter().collect();
    let effects = node.effects_of(&targets, today);
    let effects = effects.map_err(|error| refusal::ask(&error))?;
    let now = |(target, effect): (&&StatementRef, Effect)| {
        let state = Shown::decision((*target).clone(), &view::effect(&effect, today));
        ((*target).clone(), (effect, state))
    };
    Ok(targets.iter().zip(effects).map(now).collect())
}
