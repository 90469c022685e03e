//! A member of the network as the registry knows it at one size.

use crate::key::{KeyId, PublicKey};
use crate::log::{Checkpoint, Hash, LeafIndex, TreeSize};
use crate::statement::{Class, Code, CutOff, DecisionFields, Enrolment, KeyUse, Mandate, Standing};
use crate::subject::AuthorityCode;
use crate::time::{Day, Timestamp};

/// The keys of a member that count now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberKeys {
    /// Keys that sign its statements.
    pub statement: Vec<PublicKey>,
    /// Key of its log.
    pub log: Option<PublicKey>,
    /// Key of its node.
    pub node: Option<PublicKey>,
    /// Key with which it cosigns.
    pub witness: Option<PublicKey>,
    /// Keys of its administrators.
    pub administrators: Vec<PublicKey>,
}

/// A member with its standing and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    enrolment: Enrolment,
    standing: Standing,
    keys: MemberKeys,
    /// Statement and log keys cut off by position in the member's log.
    cut_offs: Vec<(KeyUse, PublicKey, LeafIndex)>,
    /// Log keys before the present one, with the size and root of the largest head that one may still
    /// have signed; `None` after an ordinary rotation, until the key is cut off as well.
    former_log_keys: Vec<(PublicKey, Option<(TreeSize, Hash)>)>,
    /// Every key that has ended, of whatever use: none comes back.
    ended: Vec<PublicKey>,
    /// The registry size from which it is declared lost, if it is.
    lost: Option<TreeSize>,
    /// When the change was made by which it takes no part, if it takes none.
    inactive_since: Option<Timestamp>,
    /// Who took over from it, and the registry size from which that holds.
    succeeded: Option<(AuthorityCode, TreeSize)>,
}

impl Member {
    pub(super) fn new(enrolment: Enrolment) -> Self {
        let keys = MemberKeys {
            statement: enrolment.statement_keys.clone(),
            log: enrolment.log_key,
            node: enrolment.node_key,
            witness: enrolment.witness_key,
            administrators: enrolment.administrator_keys.clone(),
        };
        Self {
            enrolment,
            standing: Standing::Active,
            keys,
            cut_offs: Vec::new(),
            former_log_keys: Vec::new(),
            ended: Vec::new(),
            lost: None,
            inactive_since: None,
            succeeded: None,
        }
    }

    /// Its code.
    #[must_use]
    pub const fn code(&self) -> AuthorityCode {
        self.enrolment.member
    }

    /// The enrolment as approved.
    #[must_use]
    pub const fn enrolment(&self) -> &Enrolment {
        &self.enrolment
    }

    /// Whether it takes part.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// The registry size from which it is declared lost as a holder; `None` of one that is not.
    // spec: TRU-80
    #[must_use]
    pub const fn lost(&self) -> Option<TreeSize> {
        self.lost
    }

    /// Who took over from it, and the registry size from which that holds.
    // spec: TRU-110
    #[must_use]
    pub const fn succeeded(&self) -> Option<(AuthorityCode, TreeSize)> {
        self.succeeded
    }

    /// Whether it takes part with a node that can connect: it is active, and has a node key. A
    /// department has none of its own, nor has who lost one that was cut off.
    #[must_use]
    pub const fn connects(&self) -> bool {
        matches!(self.standing, Standing::Active) && self.keys.node.is_some()
    }

    /// Its keys.
    #[must_use]
    pub const fn keys(&self) -> &MemberKeys {
        &self.keys
    }

    /// Log keys that some head may be signed by, the present one first. Which heads those are,
    /// [`Member::log_keys_for`] says.
    pub fn log_keys(&self) -> impl Iterator<Item = &PublicKey> {
        let former = self.former_log_keys.iter().map(|(key, _)| key);
        self.keys.log.iter().chain(former)
    }

    /// Log keys that a head of this size may be signed by: a key that was cut off signs nothing beyond
    /// the head from which its successor continues.
    // spec: TRU-18
    pub fn log_keys_for(&self, size: TreeSize) -> impl Iterator<Item = &PublicKey> {
        let former = self.former_log_keys.iter().filter_map(move |(key, bound)| {
            bound.is_none_or(|(last, _)| size <= last).then_some(key)
        });
        self.keys.log.iter().chain(former)
    }

    /// Size and root of the head of log 0 up to which a log key counts that was cut off; `None` when it
    /// was not.
    // spec: TRU-31
    #[must_use]
    pub fn log_key_bound(&self, key: &PublicKey) -> Option<(TreeSize, Hash)> {
        let mut former = self.former_log_keys.iter();
        former.find_map(|(known, bound)| bound.filter(|_| known == key))
    }

    /// Whether a head that one of its log keys signed may count: under a key that was cut off it does
    /// up to the size of the head that its successor continues from and, for log 0, at that size with
    /// that root alone. Whether a smaller head leads to that one, only the leaves can tell.
    // spec: TRU-18, TRU-31
    #[must_use]
    pub fn log_key_reaches(&self, key: &PublicKey, head: &Checkpoint) -> bool {
        self.log_key_bound(key).is_none_or(|(last, root)| {
            // The head in a cut-off is one of log 0.
            let bound = head.origin().log_number() == 0 && head.size() == last;
            head.size() <= last && (!bound || *head.root() == root)
        })
    }

    /// The statement key that a header names.
    #[must_use]
    pub fn statement_key(&self, kid: KeyId) -> Option<&PublicKey> {
        self.keys.statement.iter().find(|key| key.id() == kid)
    }

    /// The position in its log from which statements under a key are touched by a cut-off.
    // spec: TRU-16
    #[must_use]
    pub fn cut_off(&self, kid: KeyId) -> Option<LeafIndex> {
        let of_key = |(key_use, key, from): &(KeyUse, PublicKey, LeafIndex)| {
            (*key_use == KeyUse::Statement && key.id() == kid).then_some(*from)
        };
        self.cut_offs.iter().filter_map(of_key).min()
    }

    /// Whether a cut-off of one of its statement keys, whichever, reaches to a position of its log.
    // spec: TRU-16
    #[must_use]
    pub fn touches(&self, index: LeafIndex) -> bool {
        let mut cut_offs = self.cut_offs.iter();
        cut_offs.any(|(key_use, _, from)| *key_use == KeyUse::Statement && *from <= index)
    }

    /// Leaves of its log, from an index up to a size, whose registry sizes do not count for what stands
    /// at or after that size: those between where a log key that was cut off stopped being trusted and
    /// the head from which its successor continues. Whoever stole the key may have put them there.
    // spec: TRU-29
    #[must_use]
    pub fn passed_over(&self, index: LeafIndex) -> Vec<(LeafIndex, TreeSize)> {
        let from = |key: &PublicKey| {
            let cut_off = |(key_use, of, from): &(KeyUse, PublicKey, LeafIndex)| {
                (*key_use == KeyUse::Log && of == key).then_some(*from)
            };
            self.cut_offs.iter().find_map(cut_off)
        };
        let former = self.former_log_keys.iter();
        former
            .filter_map(|(key, bound)| Some((from(key)?, (*bound)?.0)))
            .filter(|(_, size)| size.value() <= index.value())
            .collect()
    }

    /// The mandate that lets it make a statement of a class on a day. For a decision its act type and
    /// item count too.
    // spec: TRU-12
    #[must_use]
    pub fn mandate(
        &self,
        class: Class,
        day: Day,
        decision: Option<&DecisionFields>,
    ) -> Option<&Mandate> {
        self.mandates_on(class, day)
            .find(|mandate| decision.is_none_or(|decision| covers(mandate, decision)))
    }

    /// The mandate that lets it make a record of a class under an item on a day. Types of act are for
    /// decisions and say nothing of records.
    // spec: STM-100
    #[must_use]
    pub fn record_mandate(&self, class: Class, day: Day, item: &Code) -> Option<&Mandate> {
        self.mandates_on(class, day)
            .find(|mandate| mandate.items.is_empty() || mandate.items.contains(item))
    }

    /// Whether a mandate for acts of a class on a day reaches every authority's statements.
    // spec: TRU-19
    #[must_use]
    pub fn supervises(&self, class: Class, day: Day) -> bool {
        class.is_act()
            && self
                .mandates_on(class, day)
                .any(|mandate| mandate.supervises.is_some())
    }

    fn mandates_on(&self, class: Class, day: Day) -> impl Iterator<Item = &Mandate> {
        self.enrolment.mandates.iter().filter(move |mandate| {
            mandate.classes.contains(&class)
                && mandate.from <= day
                && mandate.until.is_none_or(|until| day <= until)
        })
    }

    /// Whether a key is or was one of its own.
    pub(super) fn has_key(&self, key: &PublicKey) -> bool {
        self.all_keys().any(|own| own == key)
    }

    /// Every key that is or was one of its own.
    pub(super) fn all_keys(&self) -> impl Iterator<Item = &PublicKey> {
        let keys = &self.keys;
        let single = [&keys.log, &keys.node, &keys.witness];
        let single = single.into_iter().chain([&self.enrolment.recovery_key]);
        single
            .flatten()
            .chain(&keys.statement)
            .chain(&keys.administrators)
            .chain(&self.ended)
    }

    /// Whether a key was one of its own and is none any more.
    pub(super) fn has_ended(&self, key: &PublicKey) -> bool {
        self.ended.contains(key)
    }

    /// The digest committed for the next key of a use.
    pub(super) fn next_key(&self, key_use: KeyUse) -> Option<Hash> {
        let of_use =
            |(committed, digest): &(KeyUse, Hash)| (*committed == key_use).then_some(*digest);
        self.enrolment.next_keys.iter().find_map(of_use)
    }

    /// The same member under a newer enrolment with the same keys.
    pub(super) fn renewed(&self, enrolment: Enrolment) -> Self {
        let mut ended = self.ended.clone();
        let dropped = |key: &&PublicKey| !enrolment.administrator_keys.contains(key);
        ended.extend(self.keys.administrators.iter().filter(dropped));
        let keys = MemberKeys {
            administrators: enrolment.administrator_keys.clone(),
            ..self.keys.clone()
        };
        Self {
            enrolment,
            keys,
            ended,
            ..self.clone()
        }
    }

    /// `made_at` is when whoever approved the standing did so, as far as known.
    pub(super) const fn set_standing(&mut self, standing: Standing, made_at: Option<Timestamp>) {
        if matches!(standing, Standing::Active) {
            (self.lost, self.inactive_since) = (None, None);
        } else if matches!(self.standing, Standing::Active) {
            self.inactive_since = made_at;
        }
        self.standing = standing;
    }

    /// When the change was made by which it takes no part.
    pub(super) const fn inactive_since(&self) -> Option<Timestamp> {
        self.inactive_since
    }

    /// Another authority takes over from it: it takes no part any more.
    pub(super) const fn set_succeeded(
        &mut self,
        by: AuthorityCode,
        from: TreeSize,
        made_at: Option<Timestamp>,
    ) {
        self.set_standing(Standing::Left, made_at);
        self.succeeded = Some((by, from));
    }

    pub(super) const fn set_lost(&mut self, from: TreeSize) {
        self.lost = Some(from);
    }

    /// Replaces a key in use; `None` when `old` is not the key in use.
    pub(super) fn rotate(
        &mut self,
        key_use: KeyUse,
        old: &PublicKey,
        new: PublicKey,
        next: Option<Hash>,
    ) -> Option<()> {
        let single =
            |slot: &mut Option<PublicKey>| (slot.as_ref() == Some(old)).then(|| *slot = Some(new));
        let several = |keys: &mut Vec<PublicKey>| {
            let position = keys.iter().position(|key| key == old)?;
            keys.remove(position);
            keys.push(new);
            keys.sort();
            Some(())
        };
        match key_use {
            KeyUse::Statement => several(&mut self.keys.statement),
            KeyUse::Log => {
                single(&mut self.keys.log)?;
                self.former_log_keys.push((*old, None));
                Some(())
            }
            KeyUse::Node => single(&mut self.keys.node),
            KeyUse::Witness => single(&mut self.keys.witness),
            KeyUse::Administrator => several(&mut self.keys.administrators),
            KeyUse::Approver | KeyUse::Recovery => None,
        }?;
        self.commit_next(key_use, next);
        self.ended.push(*old);
        Some(())
    }

    /// The commitment of a use has been kept, or set aside: what comes after it takes its place.
    fn commit_next(&mut self, key_use: KeyUse, next: Option<Hash>) {
        let commitments = &mut self.enrolment.next_keys;
        commitments.retain(|(committed, _)| *committed != key_use);
        commitments.extend(next.map(|digest| (key_use, digest)));
        commitments.sort_by_key(|(committed, _)| *committed);
    }

    /// Ends a key; with a replacement, that key takes over. `None` when it is not in use, unless it is
    /// a log key that was rotated.
    pub(super) fn end_key(&mut self, cut_off: &CutOff) -> Option<()> {
        let (key_use, key, replacement) = (cut_off.key_use, &cut_off.key, cut_off.replacement);
        let single = |slot: &mut Option<PublicKey>| end_single(slot, cut_off);
        let several = |keys: &mut Vec<PublicKey>| {
            let position = keys.iter().position(|known| known == key)?;
            keys.remove(position);
            keys.extend(replacement);
            keys.sort();
            Some(())
        };
        match key_use {
            KeyUse::Statement => several(&mut self.keys.statement)?,
            KeyUse::Log => self.end_log_key(cut_off)?,
            KeyUse::Node => single(&mut self.keys.node)?,
            KeyUse::Witness => single(&mut self.keys.witness)?,
            KeyUse::Administrator => several(&mut self.keys.administrators)?,
            KeyUse::Approver | KeyUse::Recovery => return None,
        }
        if replacement.is_some() {
            self.commit_next(key_use, cut_off.next);
        }
        if let Some(from) = cut_off.from {
            self.cut_offs.push((key_use, *key, from));
        }
        if !self.has_ended(key) {
            self.ended.push(*key);
        }
        Some(())
    }

    /// Ends the log key in use, or says up to where one counts that was rotated: it was thought safe
    /// then, and the present key has long continued. What is cut off stays as it was cut off.
    // spec: TRU-15
    fn end_log_key(&mut self, cut_off: &CutOff) -> Option<()> {
        let mut former = self.former_log_keys.iter_mut();
        if let Some((_, bound)) = former.find(|(key, _)| *key == cut_off.key) {
            let bounds = bound.is_none() && cut_off.replacement.is_none();
            return bounds.then(|| *bound = cut_off.continues);
        }
        end_single(&mut self.keys.log, cut_off)?;
        self.former_log_keys.push((cut_off.key, cut_off.continues));
        Some(())
    }
}

fn end_single(slot: &mut Option<PublicKey>, cut_off: &CutOff) -> Option<()> {
    (slot.as_ref() == Some(&cut_off.key)).then(|| *slot = cut_off.replacement)
}

fn covers(mandate: &Mandate, decision: &DecisionFields) -> bool {
    let act_type = mandate.act_types.is_empty() || mandate.act_types.contains(&decision.act_type);
    let item = mandate.items.is_empty() || mandate.items.contains(&decision.item);
    act_type && item
}
