//! Rows that showed what holds no more.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::admin::{AdminError, OutdatedView};
use concordat_protocol::codec::{self, Truth};
use concordat_protocol::effect::Effect;
use concordat_protocol::log::Hash;
use concordat_protocol::lookup::{LookUpRow, SaltedRow, Shown, answer_digest};
use concordat_protocol::statement::StatementRef;
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;

use crate::admin::{codes, refusal, subject, view};
use crate::lookups::{Mark, MarkKind};
use crate::node::Node;

/// Rows that are listed at once.
const OUTDATED_MAX: usize = 4_096;

/// Characters of the digest of a state that name it.
const MARK_CHARS: usize = 16;

/// Rows whose decisions are looked at together.
const PAGE: usize = 1_024;

/// A row that showed what holds no more, and whose asker was not told.
pub(in crate::admin) struct Outdated {
    number: u64,
    row: LookUpRow,
    then: Shown,
    now: Shown,
    not_about: bool,
    /// The digest of how it stands now.
    state: Hash,
}

impl Outdated {
    /// The number of the row.
    pub(in crate::admin) const fn number(&self) -> u64 {
        self.number
    }

    /// What it was told of, once it is: another change is told again.
    // spec: LKP-52
    pub(super) const fn state(&self) -> Hash {
        self.state
    }

    /// What names that state in the list.
    // spec: LKP-64
    pub(super) fn mark(&self) -> String {
        self.state.to_string().chars().take(MARK_CHARS).collect()
    }

    /// For an administrator. What is about another organisation is shown without what it says.
    // spec: LKP-51
    pub(super) fn view(&self) -> Result<OutdatedView, AdminError> {
        Ok(OutdatedView {
            number: self.number,
            at: self.row.at,
            who: self.row.who.clone(),
            case_number: self.row.case_number.clone(),
            purpose: self.row.purpose.clone(),
            subject: self.row.subject,
            then: self.then.clone(),
            now: self.now.clone(),
            not_about: self.not_about.then_some(Truth),
            mark: Text::new(self.mark()).map_err(|error| refusal::internal(&error))?,
        })
    }
}

/// A decision without how it stands.
// spec: LKP-53
fn reference_alone(reference: &StatementRef) -> Shown {
    Shown {
        reference: reference.clone(),
        validity: None,
        by: None,
        suspended: None,
        stayed: None,
        repaired: None,
        superseded: None,
    }
}

fn state_of(now: &Shown, salted: &SaltedRow) -> Hash {
    let bytes = codec::encode(now).unwrap_or_default();
    answer_digest(salted.salt(), &bytes)
}

/// Rows that showed what holds no more and whose askers were not told, the oldest first; and whether there
/// are more of them.
// spec: LKP-50, LKP-55
pub(in crate::admin) fn outdated_rows(node: &Node) -> Result<(Vec<Outdated>, bool), AdminError> {
    let store = node.query_with_rows().map_err(refusal::index)?.store();
    let (mut found, mut after, mut cut) = (Vec::new(), None, false);
    while !cut {
        let page = store.shown_and_pointed_at(after.as_ref(), PAGE);
        let (shown, next) = page.map_err(|error| refusal::internal(&error))?;
        cut = add_outdated(node, shown, &mut found)?;
        match next {
            Some(_) => after = next,
            None => break,
        }
    }
    found.sort_by_key(Outdated::number);
    Ok((found, cut))
}

/// The same of what one row showed.
pub(super) fn outdated_of(
    node: &Node,
    number: u64,
    shown: &[Shown],
) -> Result<Vec<Outdated>, AdminError> {
    let decisions = shown.iter().filter(|one| one.validity.is_some());
    let shown = decisions.map(|one| (number, one.clone())).collect();
    let mut found = Vec::new();
    add_outdated(node, shown, &mut found)?;
    Ok(found)
}

/// Adds those of a page that are outdated; whether there was one more than is looked for.
fn add_outdated(
    node: &Node,
    shown: Vec<(u64, Shown)>,
    found: &mut Vec<Outdated>,
) -> Result<bool, AdminError> {
    let now = effects(node, &shown, node.today())?;
    for (number, then) in shown {
        let Some((effect, state)) = now.get(&then.reference) else {
            continue;
        };
        if !then.is_outdated_by(state) {
            continue;
        }
        let Some(one) = untold(node, number, then, effect, state)? else {
            continue;
        };
        if found.len() == OUTDATED_MAX {
            return Ok(true);
        }
        found.push(one);
    }
    Ok(false)
}

/// An outdated row that is kept and whose asker was not told of how it stands now.
fn untold(
    node: &Node,
    number: u64,
    then: Shown,
    effect: &Effect,
    now: &Shown,
) -> Result<Option<Outdated>, AdminError> {
    let internal = |error| refusal::internal(&error);
    let store = node.store();
    let range = number..number.saturating_add(1);
    let rows = store.lookups(range.clone()).map_err(internal)?;
    let Some(kept) = rows.into_iter().next() else {
        return Ok(None);
    };
    let codes = codes::now(node, kept.row.subject)?;
    let not_about = subject::not_about_by(node, &codes, effect)?.is_some();
    // What becomes of a decision about another organisation is nothing to tell.
    let now = match not_about {
        true => reference_alone(&now.reference),
        false => now.clone(),
    };
    let state = state_of(&now, &kept.salted);
    let marks = store.lookup_marks(range).map_err(internal)?;
    let is_told = |mark: &Mark| mark.kind == MarkKind::Told && mark.state == Some(state);
    if marks.iter().any(is_told) {
        return Ok(None);
    }
    Ok(Some(Outdated {
        number,
        row: kept.row,
        then,
        now,
        not_about,
        state,
    }))
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
