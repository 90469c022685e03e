//! Erasures judged again: what a void act took out of sight comes back.
//!
//! ```text
//! registry or heads seen ──> void now? ──> what it names and no other that holds ──> ledger says held
//!                                          │ and what could go only behind that  │ never came: asked for
//! ```
//! Whether an act is void is effect's own answer ([`Fact`]), so that every node comes to the same whatever came
//! first. A crash before the mark is made good at the next start, which judges all.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::effect::Fact;
use concordat_protocol::log::TreeSize;
use concordat_protocol::statement::{Content, Decision, Kind, Leaf, Standing, Statement};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::trust::{self, RejectReason, Timing};

use crate::core::ledger::{BodyMark, Record};
use crate::core::receipts::{Place, statement_of};
use crate::core::types::{Durable, Fatal};
use crate::core::{Core, write};
use crate::disk::Disk;

use super::{Author, Erasures, Known};

/// What can be seen of an act's standing without its body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Looks {
    is_cut_off: bool,
    is_late: bool,
    is_suspended: bool,
}

/// Organisations about which acts that hold erase, by what they name.
type Named = BTreeMap<Place, BTreeSet<SubjectCode>>;

impl Erasures {
    /// The acts that the ledger names; each is judged once all is there.
    pub(super) fn restore(&mut self, known: Vec<(Place, Author)>) {
        let known = known.into_iter().map(|(place, author)| {
            let looks = Looks::default();
            let is_void = false;
            let known = Known {
                author,
                looks,
                is_void,
            };
            (place, known)
        });
        self.known.extend(known);
        self.is_stale = true;
    }

    /// An act takes nothing away any more; what it names.
    fn end(&mut self, act: &Place) {
        self.open.remove(act);
        self.unwitnessed.remove(act);
        self.by_target.retain(|_, acts| {
            acts.remove(act);
            !acts.is_empty()
        });
    }
}

impl<D: Disk> Core<D> {
    /// Writes down once that a statement erases, so that no start has to read all acts.
    // spec: STO-103
    pub(super) fn keep_known(&mut self, place: &Place, act: &Statement) -> Result<(), Fatal> {
        if self.erasures.known.contains_key(place) {
            return Ok(());
        }
        let header = act.header();
        let author = Author {
            issuer: header.issuer,
            kid: header.kid,
            ctx: header.ctx.size,
        };
        let (looks, is_void) = (self.looks(place, &author), false);
        let known = Known {
            author,
            looks,
            is_void,
        };
        self.erasures.known.insert(place.clone(), known);
        let id = self.log_id(&place.0)?;
        self.stage(&Record::Erasure {
            id,
            index: place.1.value(),
            issuer: author.issuer.as_str(),
            kid: *author.kid.as_bytes(),
            ctx: author.ctx.value(),
        })?;
        Ok(())
    }

    /// Judges an act that is known; whether it is void.
    pub(super) fn judge(&mut self, place: &Place, act: &Statement) -> bool {
        let is_void = self.is_void(place, act);
        if let Some(known) = self.erasures.known.get(place).copied() {
            let looks = self.looks(place, &known.author);
            let known = Known {
                looks,
                is_void,
                ..known
            };
            self.erasures.known.insert(place.clone(), known);
        }
        if is_void {
            self.erasures.ended.insert(place.clone());
        }
        is_void
    }

    /// Whether an act is void as far as it binds, by all that is known now.
    // spec: PRP-103
    fn is_void(&self, (origin, index): &Place, act: &Statement) -> bool {
        let leaf = self.shared.leaf(origin, *index);
        let Some(leaf) = leaf.and_then(|leaf| Leaf::decode(&leaf).ok()) else {
            return false;
        };
        let place = trust::Place {
            origin,
            index: *index,
            leaf: &leaf,
            ctx_floor: TreeSize::ZERO,
        };
        // Its signature was verified before it was stored.
        let verified = trust::verify_marked(&self.registry, place, act.clone(), act.header().kid);
        match verified {
            Ok(verified) => {
                let timing = self.shared.heads_seen().judge(&verified, &self.registry);
                let fact = Fact::from_verified(&verified, &self.registry, timing);
                fact.void().is_some()
            }
            // A registry that was lost says nothing against it.
            Err(RejectReason::CtxAhead) => false,
            Err(_) => true,
        }
    }

    fn looks(&self, (origin, index): &Place, author: &Author) -> Looks {
        let now = self.registry.member(author.issuer);
        let cut_off = now.and_then(|issuer| issuer.cut_off(author.kid));
        let at_ctx = self.registry.member_at(author.issuer, author.ctx);
        let seen = self.shared.heads_seen();
        Looks {
            is_cut_off: cut_off.is_some_and(|from| *index >= from),
            is_late: seen.timing_at(origin, *index, author.ctx, &self.registry) == Timing::Late,
            is_suspended: at_ctx.is_some_and(|issuer| issuer.standing() != Standing::Active),
        }
    }

    /// Whether a mandate of whoever made an act ends, so that more than its looks has to be looked at.
    fn mandate_ends(&self, author: &Author) -> bool {
        let issuer = self.registry.member_at(author.issuer, author.ctx);
        let mut mandates = issuer.iter().flat_map(|one| &one.enrolment().mandates);
        mandates.any(|mandate| mandate.until.is_some())
    }

    /// As [`Core::judge_erasures`], at a start.
    pub(in crate::core) fn judge_restored_erasures(&mut self) -> Result<(), Fatal> {
        self.judge_erasures()?;
        if self.staged.is_pending() {
            self.journal.commit()?;
            self.staged.records = false;
        }
        Ok(())
    }

    /// Brings back what acts took out of sight that are void by now, and takes away what acts name that are not
    /// any more.
    // spec: PRP-103
    pub(super) fn judge_erasures(&mut self) -> Result<(), Fatal> {
        let mut open_again = Vec::new();
        if std::mem::take(&mut self.erasures.is_stale) {
            for (place, was_void) in self.may_have_changed() {
                // What cannot be read now is judged with the next change.
                let Some(act) = self.act_at(&place) else {
                    continue;
                };
                if !self.judge(&place, &act) && was_void {
                    open_again.push(place);
                }
            }
        }
        let ended = std::mem::take(&mut self.erasures.ended);
        if !ended.is_empty() {
            let (back, acts) = self.back_in_sight(&ended);
            for place in back {
                self.bring_back(&place)?;
            }
            open_again.extend(acts);
        }
        for place in open_again {
            if let Some(act) = self.act_at(&place)
                && self.note_erasure(&place, &act)?
            {
                self.carry_out(&place)?;
            }
        }
        Ok(())
    }

    fn may_have_changed(&self) -> Vec<(Place, bool)> {
        let known = self.erasures.known.iter().filter(|(place, known)| {
            self.looks(place, &known.author) != known.looks || self.mandate_ends(&known.author)
        });
        known
            .map(|(place, known)| (place.clone(), known.is_void))
            .collect()
    }

    /// What is out of sight by acts that are void alone, and what went only because that had gone; and the acts
    /// that hold and name some of it.
    // spec: PRP-103
    fn back_in_sight(&mut self, ended: &BTreeSet<Place>) -> (BTreeSet<Place>, BTreeSet<Place>) {
        let mut named = BTreeSet::new();
        for place in ended {
            let erasing = self.act_at(place).and_then(|act| self.erased_by(&act));
            let targets = erasing.map(|(erasing, _)| erasing.targets);
            let targets = targets.into_iter().flatten();
            named.extend(targets.map(|one| (one.origin, one.index)));
            self.erasures.end(place);
        }
        self.expect_again(&named);
        named.retain(|(origin, index)| self.shared.is_erased(origin, *index));
        if named.is_empty() {
            return (named, BTreeSet::new());
        }
        let (by_act, holding) = self.named_by_those_that_hold();
        let mut back = named;
        back.retain(|place| !self.stays_out(place, &holding));
        loop {
            let behind = holding.keys().filter(|place| !back.contains(*place));
            let behind = behind.filter(|place| self.shared.is_erased(&place.0, place.1));
            let behind =
                behind.filter(|place| self.behind(place).is_some_and(|it| back.contains(&it)));
            let behind: Vec<Place> = behind.cloned().collect();
            if behind.is_empty() {
                break;
            }
            back.extend(behind);
        }
        let acts = by_act.into_iter();
        let acts = acts.filter(|(_, named)| named.iter().any(|place| back.contains(place)));
        let acts = acts.map(|(act, _)| act).collect();
        (back, acts)
    }

    /// Bodies that have not come are not taken for erased because of acts that are void.
    fn expect_again(&self, named: &BTreeSet<Place>) {
        let mut logs = write(&self.shared.logs);
        for place in named {
            if !self.erasures.by_target.contains_key(place)
                && let Some(log) = logs.get_mut(&place.0)
            {
                log.expect_again(place.1);
            }
        }
    }

    /// What acts name that are not void, by act and by what they name.
    fn named_by_those_that_hold(&self) -> (BTreeMap<Place, Vec<Place>>, Named) {
        let (mut by_act, mut holding) = (BTreeMap::new(), Named::new());
        let erasures = &self.erasures;
        let held = erasures.known.iter();
        let held =
            held.filter(|(act, known)| !known.is_void && !erasures.unwitnessed.contains(*act));
        for (act, _) in held {
            let erasing = self.act_at(act).and_then(|act| self.erased_by(&act));
            let Some((erasing, _)) = erasing else {
                continue;
            };
            let targets = erasing.targets.into_iter();
            let targets: Vec<Place> = targets.map(|one| (one.origin, one.index)).collect();
            for target in &targets {
                let about = holding.entry(target.clone()).or_default();
                about.insert(erasing.about);
            }
            by_act.insert(act.clone(), targets);
        }
        (by_act, holding)
    }

    /// Whether an act that holds keeps a body out of sight, whatever it went behind.
    fn stays_out(&self, place: &Place, holding: &Named) -> bool {
        let Some(about) = holding.get(place) else {
            return false;
        };
        self.erased_statement(place).is_none_or(|statement| {
            let corrects = matches!(statement.payload().content, Content::Correction(_));
            corrects || about.contains(&statement.header().about)
        })
    }

    /// What has to be out of sight before what lies at a place is.
    fn behind(&self, place: &Place) -> Option<Place> {
        let statement = self.erased_statement(place)?;
        let payload = statement.payload();
        let corrects = matches!(payload.content, Content::Correction(_));
        let decision = payload.content.decision().map(Decision::fields);
        let before = match corrects {
            true => payload.target.as_ref(),
            false => decision.and_then(|fields| fields.reissues.as_ref()),
        };
        before.map(|one| (one.origin.clone(), one.index))
    }

    fn erased_bytes(&self, (origin, index): &Place) -> Option<Vec<u8>> {
        let pointer = self.shared.logs().get(origin)?.erased_body(*index)?;
        self.shared.reader.read_body(pointer).ok()
    }

    fn erased_statement(&self, place: &Place) -> Option<Statement> {
        self.erased_bytes(place).as_deref().and_then(statement_of)
    }

    /// Marks a body as held again, and has the index take it in; one that never came is asked for.
    // spec: PRP-103
    fn bring_back(&mut self, place: &Place) -> Result<(), Fatal> {
        let (origin, index) = place;
        let leaf = self.shared.leaf(origin, *index);
        let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
        let pointer = self
            .shared
            .logs()
            .get(origin)
            .and_then(|log| log.erased_body(*index));
        let found = self.erased_bytes(place).zip(pointer).zip(leaf);
        let own = origin.member() == self.me.as_str();
        let is_data = leaf.is_none_or(|leaf| leaf.kind == Kind::Data);
        let verified = own || !is_data;
        let mark = match &found {
            Some(((_, pointer), _)) => BodyMark::Held(*pointer, verified),
            None => BodyMark::Unknown,
        };
        let id = self.log_id(origin)?;
        if let Some(log) = write(&self.shared.logs).get_mut(origin) {
            log.mark(index.value(), mark);
        }
        let bodies = vec![(index.value(), mark)];
        self.stage(&Record::Bodies { id, bodies })?;
        self.note_holding(origin, *index);
        match found {
            Some(((body, _), leaf)) => self.staged.durable.push(Durable {
                origin: origin.clone(),
                index: *index,
                leaf,
                body: body.into(),
                own,
                verified,
            }),
            None => self.exchange.want_again(origin, *index, is_data),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
