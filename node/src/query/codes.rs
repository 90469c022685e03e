//! What is said about the codes of an organisation.

use std::collections::BTreeSet;

use concordat_protocol::effect::CODE_CHANGES_MAX;
use concordat_protocol::log::Origin;
use concordat_protocol::statement::{Class, Record};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::trust::{Authority, Verified};

use super::gather::{Depth, Dossier, Gatherer};
use super::{Found, QueryError, QueryService};
use crate::store::{BytesDigest, Position};

/// Codes that are linked with one by changes, and these changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Linked {
    /// The code asked about among them.
    pub(super) codes: BTreeSet<SubjectCode>,
    /// One more than are looked at, where there are more.
    pub(super) changes: BTreeSet<Position>,
}

/// The codes and changes met on the way from one code.
struct Walk {
    linked: Linked,
    /// Codes whose changes are still to be looked at.
    open: Vec<SubjectCode>,
    /// Codes that changes name which were taken back.
    beyond: Vec<SubjectCode>,
    /// Changes that stand, and those that do not, each once.
    standing: BTreeSet<(Origin, BytesDigest)>,
    back: BTreeSet<(Origin, BytesDigest)>,
    /// Changes that do not stand and are not looked at.
    passed: BTreeSet<Position>,
}

impl Walk {
    fn from(code: SubjectCode) -> Self {
        let linked = Linked {
            codes: BTreeSet::from([code]),
            ..Linked::default()
        };
        Self {
            linked,
            open: vec![code],
            beyond: Vec::new(),
            standing: BTreeSet::new(),
            back: BTreeSet::new(),
            passed: BTreeSet::new(),
        }
    }
}

impl QueryService {
    /// The changes of code that are linked with a code, directly or by others, with what acts on them; `None`
    /// where nobody says anything about it. Of more than are looked at one more is there, and of what acts on
    /// one no more than fits, in which case it is not whole.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-112
    pub fn code_changes(&self, code: SubjectCode) -> Result<Option<Dossier>, QueryError> {
        let changes = self.linked_with(code)?.changes;
        match changes.is_empty() {
            true => Ok(None),
            false => self.acting_on(&changes).map(Some),
        }
    }

    /// Codes that changes link: first by those that stand, which are counted, then by those that were taken back,
    /// which whoever takes back may not have the right to yet. Of the latter no more are looked at than may stand.
    // spec: EFF-223, IDX-112
    pub(super) fn linked_with(&self, code: SubjectCode) -> Result<Linked, QueryError> {
        let mut walk = Walk::from(code);
        if self.follow(&mut walk)? {
            return Ok(walk.linked);
        }
        let sure = walk.linked.clone();
        while !walk.beyond.is_empty() {
            let beyond = std::mem::take(&mut walk.beyond).into_iter();
            let fresh = beyond.filter(|code| walk.linked.codes.insert(*code));
            walk.open = fresh.collect();
            if self.follow(&mut walk)? {
                return Ok(sure);
            }
        }
        Ok(walk.linked)
    }

    /// Goes along changes that stand; whether there are more of them than are looked at.
    fn follow(&self, walk: &mut Walk) -> Result<bool, QueryError> {
        while let Some(code) = walk.open.pop() {
            for row in self.rows_of_code(code)? {
                let at = &row.position;
                if walk.linked.changes.contains(at) || walk.passed.contains(at) {
                    continue;
                }
                self.go_on()?;
                let Found::Verified(verified) = self.statement(&at.origin, at.index)? else {
                    continue;
                };
                let record = verified.statement().payload().content.record();
                let before = record.and_then(Record::code_before);
                let now = record.map(|record| record.subject().code());
                let both = before.into_iter().chain(now);
                let said = (row.position.origin.clone(), row.bytes);
                if self.is_over(&verified)? {
                    walk.back.insert(said);
                    if walk.back.len() > CODE_CHANGES_MAX {
                        walk.passed.insert(row.position);
                        continue;
                    }
                    walk.beyond.extend(both);
                } else {
                    let codes = &mut walk.linked.codes;
                    walk.open.extend(both.filter(|code| codes.insert(*code)));
                    // Copies of one are one.
                    walk.standing.insert(said);
                }
                walk.linked.changes.insert(row.position);
                if walk.standing.len() > CODE_CHANGES_MAX {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether a change of code was taken back by whom it may be, or its key was cut off from before it.
    fn is_over(&self, change: &Verified) -> Result<bool, QueryError> {
        let (header, at) = (change.statement().header(), change.reference());
        let registry = self.registry();
        let member = registry.member(header.issuer);
        let cut_off = member.and_then(|member| member.cut_off(header.kid));
        if cut_off.is_some_and(|from| at.index >= from) {
            return Ok(true);
        }
        let supervising = registry.publishers_of_supervision();
        let may = |act: &Position| {
            let member = AuthorityCode::parse(act.origin.member());
            act.origin == at.origin || member.is_ok_and(|member| supervising.contains(&member))
        };
        let acts = self.store.acts_on(&at.origin, at.index)?.into_iter();
        let acts = acts.filter(|row| row.class == Class::Withdrawal && may(&row.position));
        for row in acts.take(CODE_CHANGES_MAX) {
            self.go_on()?;
            let found = self.statement(&row.position.origin, row.position.index)?;
            let Found::Verified(act) = found else {
                continue;
            };
            let issuer = act.statement().header().issuer;
            if issuer == header.issuer || act.authority() == Authority::Supervision {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn acting_on(&self, changes: &BTreeSet<Position>) -> Result<Dossier, QueryError> {
        let mut gatherer = Gatherer::new(self);
        let mut all = Dossier {
            is_whole: true,
            ..Dossier::default()
        };
        for change in changes {
            let walk = gatherer.walk(change, Depth::Weighed)?;
            all.is_whole &= walk.is_whole && all.takes(&walk);
            all.statements.extend(walk.statements);
            all.unread.extend(walk.unread);
            all.gone.extend(walk.gone);
            for alike in walk.alike.into_values() {
                all.stand_for(alike);
            }
            if !all.is_whole {
                break;
            }
        }
        Ok(all)
    }
}
