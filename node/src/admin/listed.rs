//! Entries in lists that burden, shown on an entry of the same organisation in a red list (HS-4.2).
//!
//! A reading and no act: what becomes of the red list is for whoever made it to say.

use concordat_protocol::admin::{AdminError, ListedView, binds_code};
use concordat_protocol::effect::{Codes, Effect};
use concordat_protocol::statement::{ActType, Decision, DecisionFields, StatementRef};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::time::Day;

use crate::admin::{codes, refusal, subject, view};
use crate::node::Node;
use crate::query::{Found, SubjectEntry, sort_newest_first};

/// Entries that are looked at for one answer.
// spec: ADM-432
const LISTED_MAX: usize = 64;

/// The entries that stand, newest first, and how many were not looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    pub(super) views: Vec<ListedView>,
    pub(super) left: Option<u64>,
}

/// Looks for entries in lists of serious breaches and watch lists that stand as of a day. Without a look-up
/// those alone are shown that anybody is.
// spec: ADM-431, ADM-432
pub(super) fn beside(
    node: &Node,
    code: SubjectCode,
    as_of: Day,
    looked_up: bool,
) -> Result<Listed, AdminError> {
    let codes = codes::now(node, code)?;
    let mut found = subject::entries(node, &codes)?;
    found.retain(may_list);
    sort_newest_first(&mut found);
    let left = found.len().saturating_sub(LISTED_MAX) as u64;
    found.truncate(LISTED_MAX);
    let targets: Vec<_> = found.iter().map(|entry| &entry.reference).collect();
    let effects = node.effects_of(&targets, as_of);
    let effects = effects.map_err(|error| refusal::ask(&error))?;
    let mut views = Vec::new();
    for (entry, effect) in found.iter().zip(&effects) {
        views.extend(listed(node, entry, effect, &codes, looked_up)?);
    }
    let left = (left > 0).then_some(left);
    Ok(Listed { views, left })
}

/// Whether another entry of its issuer stands beside one in a red list: about the same organisation, in the same list.
// spec: ADM-461
pub(super) fn stands_twice(
    node: &Node,
    (at, issuer): (&StatementRef, AuthorityCode),
    entry: &DecisionFields,
) -> Result<bool, AdminError> {
    let code = entry.subject.code();
    let mut found = node.subject(code).map_err(|error| refusal::ask(&error))?;
    found.retain(|one| one.reference != *at && one.issuer == issuer && may_list(one));
    sort_newest_first(&mut found);
    found.truncate(LISTED_MAX);
    let targets: Vec<_> = found.iter().map(|entry| &entry.reference).collect();
    let effects = node.effects_of(&targets, node.today());
    let query = node.query().map_err(refusal::index)?;
    for effect in effects.map_err(|error| refusal::ask(&error))? {
        let other = &effect.target;
        let found = query.statement(&other.origin, other.index);
        let Found::Verified(made) = found.map_err(refusal::query)? else {
            continue;
        };
        let stands = node.stands_by(&effect).map_err(refusal::query)?;
        let stands = stands.unwrap_or(made);
        let fields = stands.statement().payload().content.decision();
        let is_twin = |fields: &DecisionFields| {
            let list = (fields.act_type, &fields.item, fields.subject.code());
            list == (entry.act_type, &entry.item, code) && effect.in_force_for_issuer()
        };
        if fields.map(Decision::fields).is_some_and(is_twin) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the index leaves it open that this is such an entry: what was found through a correction has to be
/// read.
fn may_list(entry: &SubjectEntry) -> bool {
    let summary = entry.summary.as_ref();
    summary.is_none_or(|summary| summary.act_type.lists())
}

/// Whether a type of act is that of a list that burdens.
pub(super) const fn burdens(act_type: ActType) -> bool {
    matches!(act_type, ActType::SeriousList | ActType::WatchList)
}

fn listed(
    node: &Node,
    entry: &SubjectEntry,
    effect: &Effect,
    codes: &Codes,
    looked_up: bool,
) -> Result<Option<ListedView>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let at = &entry.reference;
    let found = query.statement(&at.origin, at.index);
    let Found::Verified(made) = found.map_err(refusal::query)? else {
        return Ok(None);
    };
    let stands = node.stands_by(effect).map_err(refusal::query)?;
    let stands = stands.unwrap_or_else(|| made.clone());
    let fields = stands.statement().payload().content.decision();
    let is_one = |fields: &&DecisionFields| {
        burdens(fields.act_type)
            && codes.includes(fields.subject.code())
            && effect.in_force_for_issuer()
    };
    let Some(fields) = fields.map(Decision::fields).filter(is_one) else {
        return Ok(None);
    };
    if !looked_up && !subject::is_free(node, &made) {
        return Ok(None);
    }
    Ok(Some(ListedView {
        reference: at.clone(),
        act_type: fields.act_type,
        issuer: entry.issuer,
        issuer_name: view::name_of(&node.registry(), entry.issuer),
        document_number: fields.document_number.to_string(),
        binds_others: binds_code(effect.binds_others()),
    }))
}
