//! What each change does to the registry, and why one cannot hold.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::key::PublicKey;
use crate::log::Hash;
use crate::statement::{
    Audience, BasisLevel, Calendar, CatalogueItem, Class, Content, CutOff, DeadlineRules,
    Enrolment, ItemCatalogue, KeyUse, Kind, Loss, MeasureCatalogue, Policy, Role, Rotation,
    SUITE_SHA256, Standing, Succession, Suspension, Vis, VisibilityClass,
};
use crate::subject::AuthorityCode;
use crate::time::Timestamp;
use crate::trust::change_fault::ChangeFault;
use crate::trust::genesis::{Genesis, check_policy, enrolled_keys};
use crate::trust::member::Member;
use crate::trust::registry::{Approved, Registry};

impl Genesis {
    /// Whether a change can hold in some registry of this network: what can be told of it without
    /// knowing who is a member. Whoever proposes or approves one has no more than the genesis at hand.
    ///
    /// # Errors
    /// [`ChangeFault`]; with it the change is void in every registry of the network.
    // spec: TRU-51
    pub fn admits(&self, content: &Content) -> Result<(), ChangeFault> {
        match content {
            Content::Enrolment(enrolment) => self.admits_enrolment(enrolment),
            Content::Rotation(rotation) => {
                permanent(rotation.key_use)?;
                self.admits_key(&rotation.new)
            }
            Content::Suspension(suspension) if suspension.member == self.hub() => {
                Err(ChangeFault::HubStanding)
            }
            Content::Suspension(_) => Ok(()),
            Content::CutOff(cut_off) => {
                cut_off.fits()?;
                cut_off
                    .replacement
                    .iter()
                    .try_for_each(|key| self.admits_key(key))
            }
            Content::ItemCatalogue(catalogue) => catalogue_fits(catalogue),
            // spec: TRU-80
            Content::Loss(loss) if loss.member == self.hub() => Err(ChangeFault::HubStanding),
            Content::Loss(_) => Ok(()),
            // spec: TRU-110
            Content::Succession(succession) if succession.member == self.hub() => {
                Err(ChangeFault::HubSucceeded)
            }
            Content::Succession(_) => Ok(()),
            // They hold together by themselves, or cannot be held.
            Content::MeasureCatalogue(_) | Content::Calendar(_) | Content::DeadlineRules(_) => {
                Ok(())
            }
            Content::Policy(policy) => check_policy(policy).map_err(|_| ChangeFault::Quorum),
            Content::Decision(_)
            | Content::Objection(_)
            | Content::Ruling(_)
            | Content::Correction(_)
            | Content::Withdrawal(_)
            | Content::Admission(_)
            | Content::Stay(_)
            | Content::Erasure(_)
            | Content::Repair(_)
            | Content::Agreement(_)
            | Content::Accession(_)
            | Content::Retirement(_)
            | Content::RecognitionResponse(_)
            | Content::Notice(_)
            | Content::DeliveryBatch(_)
            | Content::Holdings(_)
            | Content::ReceiptBatch(_)
            | Content::QueryRoot(_)
            | Content::HeadSeen(_)
            | Content::Restart(_)
            | Content::Record(_) => Err(ChangeFault::NoChange),
        }
    }

    /// Whether the next key that a rotation or cut-off commits to may still follow, as far as the genesis
    /// and the change itself tell. Logged, such a commitment holds: no fold looks at this.
    ///
    /// # Errors
    /// [`ChangeFault::NextTaken`].
    // spec: KEY-70
    pub fn admits_next(&self, content: &Content) -> Result<(), ChangeFault> {
        let Some((next, named)) = commitment(content) else {
            return Ok(());
        };
        let fields = self.fields();
        let mut known = enrolled_keys(&fields.hub)
            .chain(&fields.approvers.keys)
            .chain(&fields.recovery.keys)
            .chain(named.into_iter().flatten());
        match known.any(|key| digest(key) == next) {
            true => Err(ChangeFault::NextTaken),
            false => Ok(()),
        }
    }

    // spec: TRU-22
    fn admits_enrolment(&self, enrolment: &Enrolment) -> Result<(), ChangeFault> {
        let issuer = enrolment.role == Role::Issuer;
        let keys = [enrolment.log_key, enrolment.node_key, enrolment.witness_key];
        let fits = (enrolment.role == Role::Hub) == (enrolment.member == self.hub())
            && keys.iter().all(|key| key.is_none() == issuer)
            && enrolment.publishes_through.is_some() == issuer
            && enrolment.suite == SUITE_SHA256
            && !enrolment.statement_keys.is_empty()
            && enrolment.statement_keys.is_sorted_by(|a, b| a < b)
            && enrolment.administrator_keys.is_sorted_by(|a, b| a < b)
            && enrolment.next_keys.is_sorted_by(|a, b| a.0 < b.0);
        if !fits {
            return Err(ChangeFault::EnrolmentUnfit);
        }
        let mut own = BTreeSet::new();
        for key in enrolled_keys(enrolment) {
            if !own.insert(key) {
                return Err(ChangeFault::KeyTaken { kid: key.id() });
            }
            self.admits_key(key)?;
        }
        Ok(())
    }

    // spec: TRU-7
    fn admits_key(&self, key: &PublicKey) -> Result<(), ChangeFault> {
        let fields = self.fields();
        let people = [&fields.approvers.keys, &fields.recovery.keys];
        match people.iter().any(|keys| keys.contains(key)) {
            true => Err(ChangeFault::KeyTaken { kid: key.id() }),
            false => Ok(()),
        }
    }
}

impl Registry {
    /// Whether a change would hold as the next entry, were it approved: by recovery keys too, when
    /// `recovers` says so. Beside what makes an entry void, refuses one after which the cosigners could
    /// not make a quorum: the fold takes it, since a key that was stolen has to go at any price, but
    /// nobody should be led to approve it before the policy was changed; and one that commits to a next
    /// key which can never follow.
    ///
    /// # Errors
    /// [`ChangeFault`].
    // spec: TRU-51, TRU-52, KEY-70
    pub fn admits(&self, content: &Content, recovers: bool) -> Result<(), ChangeFault> {
        self.admits_made((content, None), recovers)
    }

    /// The same of a change that was proposed at a time: one that rests on a state of the registry may be
    /// older than that.
    ///
    /// # Errors
    /// [`ChangeFault`].
    // spec: TRU-104
    pub fn admits_made(
        &self,
        (content, made_at): (&Content, Option<Timestamp>),
        recovers: bool,
    ) -> Result<(), ChangeFault> {
        let approved = match recovers {
            true => Approved::ByRecoveryToo,
            false => Approved::ByApprovers,
        };
        let mut after = self.clone();
        // What changes holds from the size after the entry.
        after.change((content, made_at), approved)?;
        self.genesis.admits_next(content)?;
        if let Some((next, _)) = commitment(content)
            && self
                .members()
                .any(|member| member.all_keys().any(|key| digest(key) == next))
        {
            return Err(ChangeFault::NextTaken);
        }
        let (able, quorum) = (after.able_cosigners(), after.policy().quorum);
        match able < quorum && self.able_cosigners() >= self.policy().quorum {
            true => Err(ChangeFault::QuorumLost { able, quorum }),
            false => Ok(()),
        }
    }

    /// How many cosigners of the policy can cosign: active members with a witness key.
    #[must_use]
    pub fn able_cosigners(&self) -> u64 {
        let can = |code: &&AuthorityCode| {
            self.member(**code).is_some_and(|member| {
                member.standing() == Standing::Active && member.keys().witness.is_some()
            })
        };
        self.policy().cosigners.iter().filter(can).count() as u64
    }

    pub(super) fn change(
        &mut self,
        (content, made_at): (&Content, Option<Timestamp>),
        approved: Approved,
    ) -> Result<(), ChangeFault> {
        self.genesis.clone().admits(content)?;
        match content {
            Content::Enrolment(enrolment) => self.enrol(enrolment),
            Content::Rotation(rotation) => self.rotate(rotation),
            Content::Suspension(suspension) => self.suspend(suspension, made_at),
            Content::CutOff(cut_off) => self.cut_off(cut_off, approved),
            Content::Loss(loss) => self.lose(loss, made_at),
            Content::Succession(succession) => self.succeed(succession, made_at),
            Content::ItemCatalogue(catalogue) => {
                self.catalogues.push(self.range.size(), catalogue.clone());
                Ok(())
            }
            Content::Calendar(calendar) => {
                self.calendars
                    .push(self.range.size(), Calendar::clone(calendar));
                Ok(())
            }
            Content::MeasureCatalogue(catalogue) => {
                let catalogue = MeasureCatalogue::clone(catalogue);
                self.measures.push(self.range.size(), catalogue);
                Ok(())
            }
            Content::DeadlineRules(rules) => {
                let rules = DeadlineRules::clone(rules);
                self.deadline_rules.push(self.range.size(), rules);
                Ok(())
            }
            Content::Policy(policy) => self.adopt_policy(policy),
            Content::Decision(_)
            | Content::Objection(_)
            | Content::Ruling(_)
            | Content::Correction(_)
            | Content::Withdrawal(_)
            | Content::Admission(_)
            | Content::Stay(_)
            | Content::Erasure(_)
            | Content::Repair(_)
            | Content::Agreement(_)
            | Content::Accession(_)
            | Content::Retirement(_)
            | Content::RecognitionResponse(_)
            | Content::Notice(_)
            | Content::DeliveryBatch(_)
            | Content::Holdings(_)
            | Content::ReceiptBatch(_)
            | Content::QueryRoot(_)
            | Content::HeadSeen(_)
            | Content::Restart(_)
            | Content::Record(_) => Err(ChangeFault::NoChange),
        }
    }

    // spec: TRU-7, TRU-8
    fn enrol(&mut self, enrolment: &Enrolment) -> Result<(), ChangeFault> {
        for key in enrolled_keys(enrolment) {
            self.key_is_free(key, enrolment.member)?;
        }
        if let Some(through) = enrolment.publishes_through {
            let has_log = |member: &Member| member.enrolment().role != Role::Issuer;
            if !self.member(through).is_some_and(has_log) {
                return Err(ChangeFault::NoLog { member: through });
            }
            // spec: TRU-112
            not_succeeded(self.known(through)?)?;
        }
        let member = match self.member(enrolment.member) {
            Some(known) if renews(known, enrolment) => known.renewed(enrolment.clone()),
            Some(_) => return Err(ChangeFault::NotRenewed),
            None => Member::new(enrolment.clone()),
        };
        self.put(member);
        Ok(())
    }

    // spec: TRU-7, TRU-24
    fn rotate(&mut self, rotation: &Rotation) -> Result<(), ChangeFault> {
        let known = self.known(rotation.member)?;
        may_follow(known, rotation.key_use, &rotation.new)?;
        self.key_is_free(&rotation.new, rotation.member)?;
        let mut member = known.clone();
        let (old, new) = (&rotation.old, rotation.new);
        member
            .rotate(rotation.key_use, old, new, rotation.next)
            .ok_or_else(|| ChangeFault::KeyNotInUse { kid: old.id() })?;
        self.put(member);
        Ok(())
    }

    // spec: TRU-25
    fn suspend(
        &mut self,
        suspension: &Suspension,
        made_at: Option<Timestamp>,
    ) -> Result<(), ChangeFault> {
        let mut member = self.known(suspension.member)?.clone();
        // spec: TRU-111
        not_succeeded(&member)?;
        member.set_standing(suspension.standing, made_at);
        self.put(member);
        Ok(())
    }

    // spec: TRU-15, TRU-18, TRU-30
    fn cut_off(&mut self, cut_off: &CutOff, approved: Approved) -> Result<(), ChangeFault> {
        let known = self.known(cut_off.member)?;
        if let Some(key) = &cut_off.replacement {
            self.key_is_free(key, cut_off.member)?;
            match approved {
                Approved::ByApprovers => may_follow(known, cut_off.key_use, key)?,
                Approved::ByRecoveryToo => is_new(known, key)?,
            }
        }
        let mut member = known.clone();
        let kid = cut_off.key.id();
        member
            .end_key(cut_off)
            .ok_or(ChangeFault::KeyNotInUse { kid })?;
        self.put(member);
        Ok(())
    }

    // spec: TRU-80
    fn lose(&mut self, loss: &Loss, made_at: Option<Timestamp>) -> Result<(), ChangeFault> {
        let code = loss.member;
        let mut member = self.known(code)?.clone();
        if member.enrolment().role == Role::Issuer {
            return Err(ChangeFault::NoLog { member: code });
        }
        if member.standing() == Standing::Active {
            return Err(ChangeFault::StillActive { member: code });
        }
        // One kept in a drawer was approved of another suspension than everybody sees.
        // spec: TRU-104
        let older = |made_at| member.inactive_since().is_some_and(|since| made_at < since);
        if made_at.is_some_and(older) {
            return Err(ChangeFault::BeforeSuspension { member: code });
        }
        // A second one would take what came from it since the first for older than its loss.
        // spec: TRU-81
        if member.lost().is_some() {
            return Err(ChangeFault::AlreadyLost { member: code });
        }
        member.set_lost(self.range.size());
        self.put(member);
        Ok(())
    }

    // spec: TRU-110, TRU-112
    fn succeed(
        &mut self,
        succession: &Succession,
        made_at: Option<Timestamp>,
    ) -> Result<(), ChangeFault> {
        let mut member = self.known(succession.member)?.clone();
        not_succeeded(&member)?;
        // Whoever was succeeded takes no part: no circle can close.
        let successor = self.known(succession.by)?;
        if successor.standing() != Standing::Active {
            return Err(ChangeFault::SuccessorInactive {
                member: succession.by,
            });
        }
        let code = member.code();
        let publishes = |other: &&Member| {
            other.enrolment().publishes_through == Some(code) && other.succeeded().is_none()
        };
        if let Some(issuer) = self.members().find(publishes) {
            return Err(ChangeFault::StillPublishing {
                member: code,
                issuer: issuer.code(),
            });
        }
        let size = self.range.size();
        member.set_succeeded(succession.by, size, made_at);
        self.taken_over.push((code, succession.by, size));
        self.put(member);
        Ok(())
    }

    // spec: TRU-3
    fn adopt_policy(&mut self, policy: &Policy) -> Result<(), ChangeFault> {
        for code in &policy.cosigners {
            let member = *code;
            let known = self.member(member);
            let known = known.ok_or(ChangeFault::CosignerUnknown { member })?;
            if known.keys().witness.is_none() {
                return Err(ChangeFault::NoWitnessKey { member });
            }
        }
        self.policies.push(self.range.size(), policy.clone());
        Ok(())
    }

    fn known(&self, member: AuthorityCode) -> Result<&Member, ChangeFault> {
        self.member(member)
            .ok_or(ChangeFault::MemberUnknown { member })
    }

    /// Whether a key has no use in the network but with `except`.
    fn key_is_free(&self, key: &PublicKey, except: AuthorityCode) -> Result<(), ChangeFault> {
        let mut others = self.members().filter(|member| member.code() != except);
        match others.any(|member| member.has_key(key)) {
            true => Err(ChangeFault::KeyTaken { kid: key.id() }),
            false => Ok(()),
        }
    }
}

fn not_succeeded(member: &Member) -> Result<(), ChangeFault> {
    match member.succeeded() {
        Some((by, _)) => Err(ChangeFault::Succeeded {
            member: member.code(),
            by,
        }),
        None => Ok(()),
    }
}

fn permanent(key_use: KeyUse) -> Result<(), ChangeFault> {
    match key_use {
        KeyUse::Approver | KeyUse::Recovery => Err(ChangeFault::Permanent),
        KeyUse::Statement
        | KeyUse::Log
        | KeyUse::Node
        | KeyUse::Witness
        | KeyUse::Administrator => Ok(()),
    }
}

/// A key that follows another is the one that was committed, where one was, and had no use before.
fn may_follow(known: &Member, key_use: KeyUse, key: &PublicKey) -> Result<(), ChangeFault> {
    let committed = known.next_key(key_use);
    if committed.is_some_and(|committed| committed != digest(key)) {
        return Err(ChangeFault::NotCommitted);
    }
    is_new(known, key)
}

/// What is committed for a next key.
fn digest(key: &PublicKey) -> Hash {
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    Hash::from_bytes(digest)
}

/// The next key that a change commits to, by its digest, with the keys that the change itself names.
fn commitment(content: &Content) -> Option<(Hash, [Option<&PublicKey>; 2])> {
    match content {
        Content::Rotation(rotation) => {
            Some((rotation.next?, [Some(&rotation.old), Some(&rotation.new)]))
        }
        Content::CutOff(cut_off) => Some((
            cut_off.next?,
            [Some(&cut_off.key), cut_off.replacement.as_ref()],
        )),
        Content::Enrolment(_)
        | Content::Suspension(_)
        | Content::Loss(_)
        | Content::Succession(_)
        | Content::ItemCatalogue(_)
        | Content::MeasureCatalogue(_)
        | Content::Calendar(_)
        | Content::DeadlineRules(_)
        | Content::Policy(_)
        | Content::Decision(_)
        | Content::Objection(_)
        | Content::Ruling(_)
        | Content::Correction(_)
        | Content::Withdrawal(_)
        | Content::Admission(_)
        | Content::Stay(_)
        | Content::Erasure(_)
        | Content::Repair(_)
        | Content::Agreement(_)
        | Content::Accession(_)
        | Content::Retirement(_)
        | Content::RecognitionResponse(_)
        | Content::Notice(_)
        | Content::DeliveryBatch(_)
        | Content::Holdings(_)
        | Content::ReceiptBatch(_)
        | Content::QueryRoot(_)
        | Content::HeadSeen(_)
        | Content::Restart(_)
        | Content::Record(_) => None,
    }
}

fn is_new(known: &Member, key: &PublicKey) -> Result<(), ChangeFault> {
    match known.has_key(key) {
        true => Err(ChangeFault::KeyTaken { kid: key.id() }),
        false => Ok(()),
    }
}

// spec: TRU-9
fn catalogue_fits(catalogue: &ItemCatalogue) -> Result<(), ChangeFault> {
    let ascend = catalogue.items.is_sorted_by(|a, b| a.code < b.code)
        && catalogue.classes.is_sorted_by(|a, b| a.code < b.code);
    if !ascend {
        return Err(ChangeFault::CatalogueOrder);
    }
    // spec: STM-85
    let unfit = |item: &CatalogueItem| !list_fits(item);
    if let Some(at) = catalogue.items.iter().position(unfit) {
        return Err(ChangeFault::ListUnfit { item: at + 1 });
    }
    // spec: STM-102
    let unfit = |item: &CatalogueItem| !classes_fit(item);
    if let Some(at) = catalogue.items.iter().position(unfit) {
        return Err(ChangeFault::ItemClasses { item: at + 1 });
    }
    // spec: STM-193
    let unfit = |item: &CatalogueItem| !beyond_repair_fits(item);
    if let Some(at) = catalogue.items.iter().position(unfit) {
        return Err(ChangeFault::RepairBasis { item: at + 1 });
    }
    let unfit = |class: &&VisibilityClass| !class_fits(class);
    if let Some(class) = catalogue.classes.iter().find(unfit) {
        return Err(ChangeFault::ClassUnfit {
            vis: class.code.code(),
        });
    }
    let class = |vis: Vis| catalogue.classes.iter().find(|class| class.code == vis);
    let near = catalogue.near_personal;
    let used = catalogue.items.iter().map(|item| item.vis).chain([near]);
    for vis in used {
        if class(vis).is_none() {
            return Err(ChangeFault::ClassMissing { vis: vis.code() });
        }
    }
    match class(near).is_some_and(|class| class.audience == Audience::Public) {
        true => Err(ChangeFault::NearPersonalPublic),
        false => Ok(()),
    }
}

/// Whether an item of lists says whose list it is and rests on an act that may found it, and is for no
/// other type of act; and any other item says nothing of a list.
fn list_fits(item: &CatalogueItem) -> bool {
    let lists = item.act_types.iter().any(|act_type| act_type.lists());
    let Some(scope) = item.list_scope else {
        return !lists;
    };
    let only_lists = item.act_types.iter().all(|act_type| act_type.lists());
    let mut basis = item.basis.iter();
    lists && only_lists && basis.any(|basis| scope.is_founded_by(basis.level))
}

/// Whether an item under which nothing can be repaired is for decisions and says so by an act that may: a law, a
/// regulation or a central policy.
fn beyond_repair_fits(item: &CatalogueItem) -> bool {
    let decides = item.is_for(Class::Decision) || item.is_for(Class::ListEntry);
    item.beyond_repair.as_ref().is_none_or(|basis| {
        decides
            && match basis.level {
                BasisLevel::Law
                | BasisLevel::AdministrativeRegulation
                | BasisLevel::LocalRegulation
                | BasisLevel::CentralPolicy => true,
                BasisLevel::MinisterialRule | BasisLevel::LocalGovernmentRule => false,
            }
    })
}

/// Whether an item names classes of data alone, each once, and types of act exactly where it is for
/// decisions.
fn classes_fit(item: &CatalogueItem) -> bool {
    let data = |class: &Class| class.kind() == Kind::Data;
    let named = item.classes.iter().all(data) && item.classes.is_sorted_by(|a, b| a < b);
    let decides = item.is_for(Class::Decision) || item.is_for(Class::ListEntry);
    named && (decides || item.act_types.is_empty())
}

/// Whether an enrolment renews region, mandates, addresses and administrators of a known member. All
/// other keys, and what is committed for the next ones, change by rotation only.
fn renews(known: &Member, enrolment: &Enrolment) -> bool {
    let keys = known.keys();
    known.enrolment().role == enrolment.role
        && keys.log == enrolment.log_key
        && keys.node == enrolment.node_key
        && keys.witness == enrolment.witness_key
        && keys.statement == enrolment.statement_keys
        && known.enrolment().recovery_key == enrolment.recovery_key
        && known.enrolment().next_keys == enrolment.next_keys
        && !enrolled_keys(enrolment).any(|key| known.has_ended(key))
}

/// Whether a visibility class names members exactly when its audience is named ones, in order, and
/// leaves code 0 what it is everywhere: every member.
fn class_fits(class: &VisibilityClass) -> bool {
    let named = class.audience == Audience::Named;
    (named || class.members.is_empty())
        && class.members.is_sorted_by(|a, b| a < b)
        && (class.code != Vis::ALL_MEMBERS || class.audience == Audience::Members)
}
