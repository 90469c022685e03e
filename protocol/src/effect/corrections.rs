//! Corrections and withdrawals of one decision: which of them holds, and what reading is left.

use crate::effect::case::Case;
use crate::effect::fact::Fact;
use crate::effect::reading::Reading;
use crate::effect::sorted::Said;
use crate::statement::{Code, Correction, Decision, StatementRef};

/// What corrections leave of a decision.
pub(super) struct Corrected<'a> {
    pub(super) reading: Reading<'a>,
    /// For each correction that holds and counts in full who named its item first, ascending by correction; the
    /// decision itself where none does.
    pub(super) item_by: Vec<&'a Fact>,
    /// What says it: the corrections that hold and count in full, or else the decision itself; and beside these the
    /// corrections that count only where they are milder.
    pub(super) said_by: Vec<&'a StatementRef>,
    /// The corrections that hold or compete, ascending.
    pub(super) by: Vec<&'a StatementRef>,
    /// Corrections in conflict, ascending; empty when there is none.
    pub(super) conflict: Vec<&'a StatementRef>,
    /// Corrections whose restricting part does not count.
    pub(super) pending: Vec<&'a StatementRef>,
}

#[derive(Clone, Copy)]
struct Entry<'a> {
    fact: &'a Fact,
    correction: &'a Correction,
    /// Of itself and those before it that name its item without a break the one by the earliest registry.
    item_by: &'a Fact,
}

impl<'a> Entry<'a> {
    const fn new((fact, correction): Said<'a, Correction>) -> Self {
        Self {
            fact,
            correction,
            item_by: fact,
        }
    }

    fn item(&self) -> &'a Code {
        &self.correction.replacement.fields().item
    }

    /// The same, behind what names an item already. Of one registry the earlier tells.
    // spec: EFF-225
    fn behind(mut self, item: &Code, item_by: &'a Fact) -> Self {
        if self.item() == item && item_by.ctx() <= self.fact.ctx() {
            self.item_by = item_by;
        }
        self
    }

    fn reading(&self) -> Reading<'a> {
        Reading::of(&self.correction.replacement)
    }

    /// Whether both have one author and stand in one log, where position orders them, or one is by whoever
    /// stands for the author of the other.
    fn is_ordered_with(&self, other: &Self) -> bool {
        are_ordered(self.fact, other.fact)
    }

    /// A correction settles another one by naming it among what it rests on.
    fn names(&self, case: &Case<'_, 'a>, other: &Self) -> bool {
        let rests_on = &self.correction.replacement.fields().rests_on;
        case.is_named_in(other.fact.reference(), rests_on)
    }

    fn settles(&self, case: &Case<'_, 'a>, others: &[Self]) -> bool {
        others
            .iter()
            .all(|other| self.is_ordered_with(other) || self.names(case, other))
    }
}

/// Whether one of two statements is known to be the newer: both have one author and stand in one log, or one
/// is by whoever stands for the author of the other.
// spec: EFF-244
pub(super) fn are_ordered(a: &Fact, b: &Fact) -> bool {
    match a.issuer() == b.issuer() {
        true => a.origin() == b.origin(),
        false => a.speaks_for(b.issuer()) || b.speaks_for(a.issuer()),
    }
}

/// Puts corrections of a decision, which come by log and position, in the order of successions first.
// spec: EFF-244
pub(super) fn in_order<T>(decision: Option<&Fact>, corrections: &mut [(&Fact, T)]) {
    if let Some(decision) = decision {
        let steps = |fact: &Fact| fact.steps_from(decision.issuer()).unwrap_or_default();
        corrections.sort_by_key(|(fact, _)| steps(fact));
    }
}

/// Applies the corrections of a decision to its reading.
// spec: EFF-5, EFF-13, EFF-22
pub(super) fn correct<'a>(case: &Case<'_, 'a>, own: Reading<'a>) -> Corrected<'a> {
    let (holding, mut loose) = newest_of_each(case);
    let settler = settler(case, &holding);
    if let Some(settler) = settler {
        loose.retain(|entry| !settler.names(case, entry));
    }
    let holds: &[Entry<'a>] = settler.as_ref().map_or(&holding, std::slice::from_ref);
    let mut item_by: Vec<_> = holds.iter().map(|entry| entry.item_by).collect();
    if item_by.is_empty() {
        item_by.extend(case.fact);
    }
    let mut reading = meet_of(holds).unwrap_or(own);
    let easing: Vec<Entry<'a>> = loose
        .iter()
        .copied()
        .filter(|entry| reading.is_eased_by(&entry.reading()))
        .collect();
    // spec: EFF-226
    let mut said_by = references(holds);
    if said_by.is_empty() {
        said_by.push(case.target);
    }
    said_by.extend(references(&easing));
    let mut competing = holds.to_vec();
    competing.extend(&easing);
    let conflict = match agree(case, &competing) {
        true => Vec::new(),
        false => references(&competing),
    };
    for entry in &easing {
        reading = reading.meet(&entry.reading());
    }
    Corrected {
        reading,
        item_by,
        said_by,
        by: references(&competing),
        conflict,
        pending: references(&loose),
    }
}

/// The newest correction of each author that counts in full, and those that do not and are not
/// followed by one that does.
fn newest_of_each<'a>(case: &Case<'_, 'a>) -> (Vec<Entry<'a>>, Vec<Entry<'a>>) {
    let (mut holding, mut loose): (Vec<Entry<'a>>, Vec<Entry<'a>>) = (Vec::new(), Vec::new());
    // So that whoever comes later in the loop is the newer of its log.
    let mut corrections: Vec<_> = case.corrections_of(case.target).collect();
    corrections.retain(|(fact, _)| case.may_act(fact));
    in_order(case.fact, &mut corrections);
    for (fact, correction) in corrections {
        let entry = Entry::new((fact, correction));
        if case.horizon.established(fact) {
            case.work.spend(holding.len() + loose.len());
            let mut before = holding.iter().rev();
            let before = before.find(|known| known.is_ordered_with(&entry));
            let entry = match (before, case.decision) {
                (Some(before), _) => entry.behind(before.item(), before.item_by),
                (None, Some((fact, decision))) => entry.behind(&decision.fields().item, fact),
                (None, None) => entry,
            };
            holding.retain(|known| !known.is_ordered_with(&entry));
            loose.retain(|known| !known.is_ordered_with(&entry));
            holding.push(entry);
        } else {
            loose.push(entry);
        }
    }
    (holding, loose)
}

/// Corrections of the decision that count in full and burden with more than what held before them by
/// the same author in the same log: the correction before, or else the decision itself.
// spec: EFF-29
pub(super) fn restricting<'a>(case: &Case<'_, 'a>) -> Vec<&'a Fact> {
    let Some((_, decision)) = case.decision else {
        return Vec::new();
    };
    let counting = case.corrections_of(case.target);
    let counting =
        counting.filter(|(fact, _)| case.may_act(fact) && case.horizon.established(fact));
    let mut counting: Vec<_> = counting.collect();
    // So that the last one before it is the one that it took over from.
    in_order(case.fact, &mut counting);
    let entries: Vec<Entry<'a>> = counting.into_iter().map(Entry::new).collect();
    let restricts = |(at, entry): &(usize, &Entry<'a>)| {
        let earlier = case.work.count(entries.iter().take(*at).rev());
        let mut earlier = earlier.filter(|known| known.is_ordered_with(entry));
        let before = earlier
            .next()
            .map_or_else(|| Reading::of(decision), Entry::reading);
        entry.reading().is_eased_by(&before)
    };
    let restricting = entries.iter().enumerate().filter(restricts);
    restricting.map(|(_, entry)| entry.fact).collect()
}

/// Whether the decision asked about burdens with more than another one, or the other is not held: what
/// it adds, nobody who objected to the other has objected to. It is taken at its heaviest and the
/// other at its lightest, as corrections that count in full have left them.
// spec: EFF-30
pub(super) fn burdens_more_than(case: &Case<'_, '_>, other: &StatementRef) -> bool {
    let Some(own) = case.decision else {
        return false;
    };
    if other == case.target {
        return false;
    }
    let Some(other) = case.decision_at(other) else {
        return true;
    };
    let lightest = readings(case, other).reduce(|met, reading| met.meet(&reading));
    lightest.is_none_or(|lightest| {
        let mut readings = readings(case, own);
        readings.any(|reading| reading.is_eased_by(&lightest))
    })
}

/// The readings of a decision as made and by each of its corrections that counts in full.
fn readings<'s, 'a>(
    case: &'s Case<'_, 'a>,
    (decision, said): Said<'a, Decision>,
) -> impl Iterator<Item = Reading<'a>> + 's {
    let corrections = case.corrections_of(decision.reference());
    let counts = move |(act, _): &Said<'a, Correction>| {
        let may_act = act.speaks_for(decision.issuer()) || act.is_supervision();
        may_act && case.horizon.established(act)
    };
    let corrected = corrections.filter(counts);
    let corrected = corrected.map(|(_, correction)| Reading::of(&correction.replacement));
    [Reading::of(said)].into_iter().chain(corrected)
}

/// The one correction that names those of all other authors, if there is exactly one.
fn settler<'a>(case: &Case<'_, 'a>, holding: &[Entry<'a>]) -> Option<Entry<'a>> {
    let settles = |entry: &&Entry<'a>| entry.settles(case, holding);
    let mut settling = holding.iter().filter(settles);
    match (settling.next(), settling.next()) {
        (Some(entry), None) => Some(*entry),
        (Some(_), Some(_)) | (None, _) => None,
    }
}

/// Whether corrections leave no doubt: one author's, or all named by one of them that counts in full,
/// or by one ruling of a supervisor.
fn agree<'a>(case: &Case<'_, 'a>, competing: &[Entry<'a>]) -> bool {
    // One of each author and log: that all of these are ordered with each other is soon seen.
    let mut authors: Vec<&Entry<'a>> = Vec::new();
    for entry in competing {
        let is_known = |known: &&Entry<'a>| {
            known.fact.issuer() == entry.fact.issuer() && known.fact.origin() == entry.fact.origin()
        };
        if !authors.iter().any(is_known) {
            authors.push(entry);
        }
    }
    let mut pairs = authors
        .iter()
        .flat_map(|a| authors.iter().map(move |b| (a, b)));
    let by_one = pairs.all(|(a, b)| a.is_ordered_with(b));
    let mut settling = competing
        .iter()
        .filter(|entry| case.horizon.established(entry.fact) && entry.settles(case, competing));
    let by_correction = settling.next().is_some() && settling.next().is_none();
    let by_ruling = || {
        case.rulings().any(|(fact, ruling)| {
            let names =
                |entry: &Entry<'a>| case.is_named_in(entry.fact.reference(), ruling.closes());
            fact.is_supervision() && competing.iter().all(names)
        })
    };
    by_one || by_correction || by_ruling()
}

fn meet_of<'a>(entries: &[Entry<'a>]) -> Option<Reading<'a>> {
    let readings = entries.iter().map(Entry::reading);
    readings.reduce(|met, reading| met.meet(&reading))
}

fn references<'a>(entries: &[Entry<'a>]) -> Vec<&'a StatementRef> {
    let mut references: Vec<_> = entries.iter().map(|entry| entry.fact.reference()).collect();
    references.sort_unstable();
    references
}

/// The withdrawals of a decision.
pub(super) struct Withdrawals<'a> {
    /// Those that take it back.
    pub(super) by: Vec<&'a StatementRef>,
    /// Those that so far only lift its burdens.
    pub(super) lifting: Vec<&'a StatementRef>,
}

/// The withdrawals of the decision by whom it may be.
pub(super) fn withdrawing<'a>(case: &Case<'_, 'a>) -> Vec<&'a Fact> {
    let withdrawals = case.withdrawals().map(|(fact, _)| fact);
    withdrawals.filter(|fact| case.may_act(fact)).collect()
}

/// A withdrawal frees from a burden as soon as it is verified. What was granted it takes away only
/// once it counts in full.
// spec: EFF-12, EFF-20
pub(super) fn withdrawals<'a>(
    case: &Case<'_, 'a>,
    withdrawing: &[&'a Fact],
    is_grant: bool,
) -> Withdrawals<'a> {
    let (mut by, mut lifting) = (Vec::new(), Vec::new());
    for fact in withdrawing {
        match is_grant && !case.horizon.established(fact) {
            true => lifting.push(fact.reference()),
            false => by.push(fact.reference()),
        }
    }
    Withdrawals { by, lifting }
}
