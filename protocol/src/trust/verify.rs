//! The verdict on a statement: signature, standing, mandate and catalogue at its `ctx`.

mod record;

use crate::key::KeyId;
use crate::log::{LeafIndex, Origin, TreeSize};
use crate::statement::{
    Agreement, CatalogueItem, Class, Code, Content, Decision, DecisionFields, ItemCatalogue, Kind,
    Leaf, ListScope, Measure, Standing, Statement, StatementRef, Vis,
};
use crate::subject::AuthorityCode;
use crate::time::Day;
use crate::trust::member::Member;
use crate::trust::registry::Registry;
use crate::trust::reject::RejectReason;

/// Where a statement stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The log.
    pub origin: &'a Origin,
    /// The position.
    pub index: LeafIndex,
    /// The leaf there.
    pub leaf: &'a Leaf,
    /// What [`Registry::ctx_floor`] gives there; 0 where the leaves before it are not at hand.
    pub ctx_floor: TreeSize,
}

/// On what authority a verified statement was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// An ordinary mandate.
    Mandate,
    /// A mandate that reaches every authority's statements.
    Supervision,
}

/// A statement whose signature, mandate and `ctx` have been verified at its place. Only [`verify`] and
/// [`verify_marked`] make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    statement: Statement,
    reference: StatementRef,
    leaf: Leaf,
    authority: Authority,
}

impl Verified {
    fn at(place: Place<'_>, statement: Statement, authority: Authority) -> Self {
        let reference = StatementRef {
            origin: place.origin.clone(),
            index: place.index,
            leaf_hash: place.leaf.hash(),
        };
        Self {
            statement,
            reference,
            leaf: *place.leaf,
            authority,
        }
    }

    /// The statement.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Its place.
    #[must_use]
    pub const fn reference(&self) -> &StatementRef {
        &self.reference
    }

    /// Its leaf.
    #[must_use]
    pub const fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// On what authority it was made.
    #[must_use]
    pub const fn authority(&self) -> Authority {
        self.authority
    }
}

/// Verifies a statement at its place by the registry as it was at the statement's `ctx`. That the
/// body fits the leaf's commitment, that the log holds the same statement bytes only once and that an
/// act has the visibility class of its target is the caller's to check; cut-offs are applied by
/// effect.
///
/// # Errors
/// [`RejectReason`]; [`RejectReason::CtxAhead`] may pass once the registry has caught up.
// spec: TRU-10
pub fn verify(
    registry: &Registry,
    place: Place<'_>,
    statement: Statement,
) -> Result<Verified, RejectReason> {
    let authority = check(registry, place, &statement)?;
    check_signature(issuer_at_ctx(registry, &statement)?, &statement)?;
    Ok(Verified::at(place, statement, authority))
}

/// As [`verify`], for a statement whose signature the caller has verified before and stored that it
/// held under the very key that `marked` names, over these very bytes. Everything else is checked
/// anew. That the mark belongs to these bytes is the caller's to see to: a leaf commits to them.
///
/// # Errors
/// As [`verify`]; [`RejectReason::BadSignature`] when the statement names another key than the mark.
// spec: TRU-10
pub fn verify_marked(
    registry: &Registry,
    place: Place<'_>,
    statement: Statement,
    marked: KeyId,
) -> Result<Verified, RejectReason> {
    let authority = check(registry, place, &statement)?;
    if statement.header().kid != marked {
        return Err(RejectReason::BadSignature);
    }
    Ok(Verified::at(place, statement, authority))
}

/// Everything that [`verify`] looks at but the signature, for statements that this very node signs.
///
/// # Errors
/// As [`verify`].
pub fn check(
    registry: &Registry,
    place: Place<'_>,
    statement: &Statement,
) -> Result<Authority, RejectReason> {
    check_leaf(place.leaf, place.origin, place.index, statement)?;
    // spec: TRU-28
    if statement.header().ctx.size < place.ctx_floor {
        return Err(RejectReason::CtxDecreases);
    }
    let issuer = issuer_at_ctx(registry, statement)?;
    issuer
        .statement_key(statement.header().kid)
        .ok_or(RejectReason::KeyUnknown)?;
    // An issuer under a member has no log of its own.
    let publisher = issuer.enrolment().publishes_through;
    if publisher.unwrap_or_else(|| issuer.code()).as_str() != place.origin.member() {
        return Err(RejectReason::IssuerElsewhere);
    }
    let class = statement.payload().class();
    // spec: TRU-25, PRP-3, LKP-21
    let own_word = class.kind().is_between_parties() || class == Class::QueryRoot;
    let after_standing = class.is_act() || own_word;
    if issuer.standing() != Standing::Active && !after_standing {
        return Err(RejectReason::IssuerSuspended);
    }
    check_log(registry, place.origin, issuer, class)?;
    if class.is_registry() {
        registry.check_approvals(statement)?;
    }
    if let Content::Agreement(agreement) = &statement.payload().content {
        check_parties(registry, agreement, statement)?;
    }
    // Signatures that nobody has looked at are carried by nothing that is verified.
    // spec: AGR-7, AGR-44
    let alone = matches!(
        class,
        Class::Accession | Class::Retirement | Class::RecognitionResponse
    );
    if alone && !statement.approvals().is_empty() {
        return Err(RejectReason::KeyUnknown);
    }
    check_mandate(registry, issuer, statement, place.leaf)
}

/// The leaf must say of its statement what the statement says of itself.
// spec: STM-12
pub(super) fn check_leaf(
    leaf: &Leaf,
    origin: &Origin,
    index: LeafIndex,
    statement: &Statement,
) -> Result<(), RejectReason> {
    let payload = statement.payload();
    let kind = payload.class().kind();
    if leaf.kind != kind {
        return Err(RejectReason::WrongKind);
    }
    // spec: STM-14, PRP-3, LKP-21
    let for_all = matches!(
        kind,
        Kind::Registry
            | Kind::Notice
            | Kind::HeadSeen
            | Kind::Restart
            | Kind::Agreement
            | Kind::Receipts
            | Kind::Deliveries
            | Kind::Holdings
            | Kind::QueryRoot
    );
    if for_all && leaf.vis != Vis::ALL_MEMBERS {
        return Err(RejectReason::WrongVis);
    }
    // spec: STM-33
    if leaf.ctx != statement.header().ctx.size {
        return Err(RejectReason::WrongCtx);
    }
    let local = payload
        .target
        .as_ref()
        .filter(|target| target.origin == *origin);
    // What is acted on stands earlier in the log.
    let earlier = local.is_none_or(|target| target.index < index);
    if leaf.target != local.map(|target| target.index) || !earlier {
        return Err(RejectReason::WrongTarget);
    }
    Ok(())
}

pub(super) fn issuer_at_ctx<'r>(
    registry: &'r Registry,
    statement: &Statement,
) -> Result<&'r Member, RejectReason> {
    let ctx = statement.header().ctx;
    if ctx.size > registry.size() {
        return Err(RejectReason::CtxAhead);
    }
    if registry.ctx_at(ctx.size) != Some(ctx) {
        return Err(RejectReason::CtxForeign);
    }
    registry
        .member_at(statement.header().issuer, ctx.size)
        .ok_or(RejectReason::IssuerUnknown)
}

pub(super) fn check_signature(issuer: &Member, statement: &Statement) -> Result<(), RejectReason> {
    let key = issuer
        .statement_key(statement.header().kid)
        .ok_or(RejectReason::KeyUnknown)?;
    statement.verify_signature(key)?;
    Ok(())
}

/// Every party of an agreement has said so: the one that signs it, and each other by an approval under a
/// statement key of its own, on the day of issue under a mandate for agreements.
// spec: AGR-5, AGR-6
fn check_parties(
    registry: &Registry,
    agreement: &Agreement,
    statement: &Statement,
) -> Result<(), RejectReason> {
    let ctx = statement.header().ctx.size;
    let issuer = statement.header().issuer;
    let (day, _) = judged_by(statement).ok_or(RejectReason::NoMandate)?;
    let parties = &agreement.fields().parties;
    if !parties.contains(&issuer) {
        return Err(RejectReason::NotAParty);
    }
    let mut missing: Vec<&Member> = Vec::with_capacity(parties.len());
    for party in parties.iter().filter(|party| **party != issuer) {
        let member = registry.member_at(*party, ctx);
        let member = member.ok_or(RejectReason::IssuerUnknown)?;
        if member.standing() != Standing::Active {
            return Err(RejectReason::IssuerSuspended);
        }
        if member.mandate(Class::Agreement, day, None).is_none() {
            return Err(RejectReason::NoMandate);
        }
        missing.push(member);
    }
    for approval in statement.approvals() {
        let of = |member: &&Member| member.statement_key(approval.kid()).is_some();
        // One that has approved already, or is no party: a signature that nobody asked for.
        let at = missing.iter().position(of);
        let member = missing.swap_remove(at.ok_or(RejectReason::KeyUnknown)?);
        if approval.network() != &registry.genesis().id() {
            return Err(RejectReason::OtherNetwork);
        }
        let key = member.statement_key(approval.kid());
        approval.verify_signature(key.ok_or(RejectReason::KeyUnknown)?)?;
    }
    match missing.is_empty() {
        true => Ok(()),
        false => Err(RejectReason::NotAParty),
    }
}

/// Which log a class belongs to, and which classes only the log's own member makes.
// spec: TRU-11, TRU-23
fn check_log(
    registry: &Registry,
    origin: &Origin,
    issuer: &Member,
    class: Class,
) -> Result<(), RejectReason> {
    let genesis = registry.genesis();
    if origin.network() != genesis.registry_origin().network() {
        return Err(RejectReason::WrongLog);
    }
    let fits = match class.kind() {
        Kind::Registry => *origin == genesis.registry_origin(),
        Kind::Notice => *origin == genesis.register_origin(),
        Kind::HeadSeen => origin.member() == genesis.hub().as_str() && origin.log_number() == 0,
        Kind::Restart => true,
        Kind::Data
        | Kind::Act
        | Kind::ActsMap
        | Kind::Receipts
        | Kind::Holdings
        | Kind::Deliveries
        | Kind::Agreement
        | Kind::QueryRoot => origin.log_number() == 0,
    };
    if !fits {
        return Err(RejectReason::WrongLog);
    }
    // spec: PRP-3, LKP-21
    let ledger = matches!(
        class.kind(),
        Kind::Registry
            | Kind::Notice
            | Kind::HeadSeen
            | Kind::Restart
            | Kind::Receipts
            | Kind::Deliveries
            | Kind::Holdings
            | Kind::QueryRoot
    );
    match ledger && issuer.code().as_str() != origin.member() {
        true => Err(RejectReason::IssuerElsewhere),
        false => Ok(()),
    }
}

/// Whether the mandate on which an act was made had ended by a day later than the one that the act is
/// judged by. A decision and an entry of a ledger are not looked at.
// spec: TRU-60
pub(super) fn mandate_has_ended(verified: &Verified, registry: &Registry, day: Day) -> bool {
    let statement = verified.statement();
    let Some((judged_by, decision)) = judged_by(statement) else {
        return false;
    };
    let class = statement.payload().class();
    // spec: TRU-86
    let looked_at = class.is_act() || class.kind() == Kind::Agreement || class == Class::CodeChange;
    if !looked_at || day <= judged_by {
        return false;
    }
    let ctx = statement.header().ctx.size;
    let Some(issuer) = registry.member_at(statement.header().issuer, ctx) else {
        return false;
    };
    if verified.authority() == Authority::Supervision || issuer.supervises(class, day) {
        return !issuer.supervises(class, day);
    }
    // spec: STM-87
    let lists = decision.is_some_and(|fields| fields.listing.is_some());
    let may = |class| issuer.mandate(class, day, decision).is_some();
    // spec: AGR-24
    let mut parties: &[AuthorityCode] = &[];
    if let Content::Agreement(agreement) = &statement.payload().content {
        parties = &agreement.fields().parties;
    }
    let agreed = |party: &AuthorityCode| {
        let party = registry.member_at(*party, ctx);
        party.is_some_and(|party| party.mandate(Class::Agreement, day, None).is_some())
    };
    !may(class) || lists && !may(Class::ListEntry) || !parties.iter().all(agreed)
}

/// The day whose mandate a statement needs, and the decision that the mandate has to cover; `None` for
/// what needs no mandate, and where the instant of issue lies beyond all days.
pub(crate) fn judged_by(statement: &Statement) -> Option<(Day, Option<&DecisionFields>)> {
    let payload = statement.payload();
    let issued_on = || Day::of(payload.issued_at).ok();
    match &payload.content {
        Content::Decision(decision) => {
            Some((decision.fields().decided_on, Some(decision.fields())))
        }
        Content::Correction(correction) => {
            Some((issued_on()?, Some(correction.replacement.fields())))
        }
        Content::Objection(objection) => Some((objection.received_on(), None)),
        Content::Record(record) => Some((record.day(), None)),
        // The day of an order or of a repair is its author's to choose, and so is that of a mandate that has
        // ended: what counts is when the act was made.
        // spec: STM-73
        Content::Ruling(_)
        | Content::Withdrawal(_)
        | Content::Admission(_)
        | Content::Stay(_)
        | Content::Erasure(_)
        | Content::Repair(_)
        | Content::Agreement(_)
        | Content::Accession(_)
        | Content::Retirement(_)
        | Content::RecognitionResponse(_) => Some((issued_on()?, None)),
        Content::ItemCatalogue(_)
        | Content::MeasureCatalogue(_)
        | Content::Calendar(_)
        | Content::DeadlineRules(_)
        | Content::Policy(_)
        | Content::Enrolment(_)
        | Content::Rotation(_)
        | Content::Suspension(_)
        | Content::CutOff(_)
        | Content::Loss(_)
        | Content::Succession(_)
        | Content::Notice(_)
        | Content::DeliveryBatch(_)
        | Content::Holdings(_)
        | Content::ReceiptBatch(_)
        | Content::QueryRoot(_)
        | Content::HeadSeen(_)
        | Content::Restart(_) => None,
    }
}

fn check_mandate(
    registry: &Registry,
    issuer: &Member,
    statement: &Statement,
    leaf: &Leaf,
) -> Result<Authority, RejectReason> {
    let payload = statement.payload();
    let class = payload.class();
    match &payload.content {
        Content::Decision(decision) => check_decision(registry, statement, decision, leaf)?,
        // The leaf has the target's class: what is put in its place is seen by the same members.
        // spec: STM-34
        Content::Correction(correction) => {
            check_decision(registry, statement, &correction.replacement, leaf)?;
        }
        Content::Record(record) => {
            record::check(registry, statement, record, leaf)?;
            return record::mandate(issuer, statement, record);
        }
        Content::Objection(_)
        | Content::Ruling(_)
        | Content::Withdrawal(_)
        | Content::Admission(_)
        | Content::Stay(_)
        | Content::Erasure(_)
        | Content::Repair(_)
        | Content::Agreement(_)
        | Content::Accession(_)
        | Content::Retirement(_)
        | Content::RecognitionResponse(_) => {}
        Content::ItemCatalogue(_)
        | Content::MeasureCatalogue(_)
        | Content::Calendar(_)
        | Content::DeadlineRules(_)
        | Content::Policy(_)
        | Content::Enrolment(_)
        | Content::Rotation(_)
        | Content::Suspension(_)
        | Content::CutOff(_)
        | Content::Loss(_)
        | Content::Succession(_)
        | Content::Notice(_)
        | Content::DeliveryBatch(_)
        | Content::Holdings(_)
        | Content::ReceiptBatch(_)
        | Content::QueryRoot(_)
        | Content::HeadSeen(_)
        | Content::Restart(_) => return Ok(Authority::Mandate),
    }
    let (day, decision) = judged_by(statement).ok_or(RejectReason::NoMandate)?;
    // A supervisor corrects what others decided, whatever its own items are.
    if issuer.supervises(class, day) {
        return Ok(Authority::Supervision);
    }
    // Who may correct does not by that list anybody: what it puts in place is an entry in a list.
    // spec: STM-87
    let lists = decision.is_some_and(|fields| fields.listing.is_some());
    if lists && issuer.mandate(Class::ListEntry, day, decision).is_none() {
        return Err(RejectReason::NoMandate);
    }
    if class == Class::Admission {
        return Err(RejectReason::NoMandate);
    }
    issuer
        .mandate(class, day, decision)
        .ok_or(RejectReason::NoMandate)?;
    Ok(Authority::Mandate)
}

/// What the catalogue in force asks of a decision.
// spec: STM-27, STM-28, STM-29
fn check_decision(
    registry: &Registry,
    statement: &Statement,
    decision: &Decision,
    leaf: &Leaf,
) -> Result<(), RejectReason> {
    let fields = decision.fields();
    if !fields.synthetic.is_empty() && !registry.genesis().is_test() {
        return Err(RejectReason::SyntheticInProduction);
    }
    let catalogue = registry.catalogue_at(statement.header().ctx.size);
    let catalogue = catalogue.ok_or(RejectReason::ItemUnknown)?;
    let (size, day) = (statement.header().ctx.size, fields.decided_on);
    // spec: STM-200
    let is_history = registry.precedes_item(&fields.item, day, size);
    let item = match is_history {
        true => item_of(catalogue, &fields.item)?,
        false => item_in_force(catalogue, &fields.item, day)?,
    };
    // spec: STM-101
    if !item.is_for(decision.class()) {
        return Err(RejectReason::ItemClass);
    }
    if !item.act_types.contains(&fields.act_type) {
        return Err(RejectReason::ItemActType);
    }
    check_publication(fields, item)?;
    if !is_history {
        let measures = fields.duties.iter().map(|duty| &duty.measure);
        if !measures
            .clone()
            .all(|measure| item.measures.contains(measure))
        {
            return Err(RejectReason::MeasureUnknown);
        }
        check_measures(registry, statement, measures, day)?;
    }
    check_list_basis(fields, item)?;
    let vis = Registry::vis_for(catalogue, item, &fields.subject);
    match leaf.vis == vis {
        true => Ok(()),
        false => Err(RejectReason::WrongVis),
    }
}

/// Each measure is one that the catalogue of measures lets the issuer bring on the day, once there is such a
/// catalogue.
// spec: STM-152
fn check_measures<'m>(
    registry: &Registry,
    statement: &Statement,
    mut measures: impl Iterator<Item = &'m Measure>,
    day: Day,
) -> Result<(), RejectReason> {
    let (size, issuer) = (statement.header().ctx.size, statement.header().issuer);
    let Some(catalogue) = registry.measures_at(size) else {
        return Ok(());
    };
    let level = registry
        .member_at(issuer, size)
        .map(|issuer| issuer.enrolment().level);
    let may = |measure: &Measure| {
        let item = catalogue.get(measure).zip(level);
        item.is_some_and(|(item, level)| item.may_be_brought(level, day))
    };
    match measures.all(may) {
        true => Ok(()),
        false => Err(RejectReason::MeasureUnknown),
    }
}

fn item_in_force<'c>(
    catalogue: &'c ItemCatalogue,
    code: &Code,
    day: Day,
) -> Result<&'c CatalogueItem, RejectReason> {
    let item = item_of(catalogue, code)?;
    item.is_in_force(day)
        .then_some(item)
        .ok_or(RejectReason::ItemUnknown)
}

fn item_of<'c>(
    catalogue: &'c ItemCatalogue,
    code: &Code,
) -> Result<&'c CatalogueItem, RejectReason> {
    let item = catalogue.items.iter().find(|item| item.code == *code);
    item.ok_or(RejectReason::ItemUnknown)
}

/// An entry in a list cites what may found that list.
// spec: STM-86
fn check_list_basis(fields: &DecisionFields, item: &CatalogueItem) -> Result<(), RejectReason> {
    let founds = |scope: ListScope| {
        let mut basis = fields.basis.iter();
        basis.any(|basis| scope.is_founded_by(basis.level))
    };
    match item.list_scope {
        Some(scope) if fields.listing.is_some() && !founds(scope) => Err(RejectReason::ListBasis),
        Some(_) | None => Ok(()),
    }
}

fn check_publication(fields: &DecisionFields, item: &CatalogueItem) -> Result<(), RejectReason> {
    let days = |until: Day| u64::try_from(until.days_since(fields.decided_on)).unwrap_or(0);
    let longest = u64::from(item.publication_days_max);
    match fields.publication_until {
        Some(until) if days(until) > longest => Err(RejectReason::PublicationTooLong),
        Some(_) | None => Ok(()),
    }
}
