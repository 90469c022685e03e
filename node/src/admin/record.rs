//! Records: made out of what people write, signed, durable, then answered.

use std::sync::Arc;

use concordat_protocol::admin::{
    AdminError, BindsOthersCode, ErrorCode, RecordAsk, RecordMade, RecordParts, RecordSaid, Reply,
};
use concordat_protocol::codec::{Ext, Truth};
use concordat_protocol::effect::Validity;
use concordat_protocol::statement::{
    Answer, CatalogueItem, Class, Code, Content, Payload, Record, StatementRef, Verification, Vis,
};
use concordat_protocol::subject::Subject;
use concordat_protocol::time::Day;
use concordat_protocol::trust::{LogNumber, Registry, Verified};

use crate::admin::desk::{self, Desk};
use crate::admin::{act, acts, joint, refusal, target, view};
use crate::node::{Node, measures};
use crate::query::Found;
use crate::store::Position;

/// Which rule between a record and what it refers to does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum RecordRule {
    /// No organisation is said, and nothing held says one.
    #[error("the record names no organisation, and no statement held here that it refers to does")]
    NoSubject,
    /// What comes from above is applied before anybody looked.
    #[error("what is pushed from above is verified before it is applied: say what verifying found")]
    Unverified,
    /// Verification of what did not come from above.
    #[error("only what is pushed from above is verified; this was not")]
    NotFromAbove,
}

/// A statement that the record refers to.
struct Named {
    reference: StatementRef,
    /// `None` when its body is not held.
    held: Option<Arc<Verified>>,
    /// The correction whose words it has, where one holds.
    stands_by: Option<Arc<Verified>>,
}

impl Named {
    fn class(&self) -> Option<Class> {
        let held = self.held.as_ref();
        held.map(|held| held.statement().payload().class())
    }

    fn subject(&self) -> Option<&Subject> {
        let held = self.stands_by.as_ref().or(self.held.as_ref())?;
        let content = &held.statement().payload().content;
        let decided = content.decision().map(|it| &it.fields().subject);
        decided.or_else(|| content.record().map(Record::subject))
    }

    fn record(&self) -> Option<&Record> {
        self.held.as_ref()?.statement().payload().content.record()
    }
}

/// `record issue`, `initiate`, `respond`, `push`, `feedback`
// spec: ADM-250, ADM-252
pub(super) fn answer(desk: &Desk, ask: RecordAsk) -> desk::Answer {
    let node = desk.node();
    act::require_own_key(node, ask.issuer)?;
    if !ask.class.is_record() {
        let class = refusal::class_name(ask.class);
        return Err(AdminError::new(ErrorCode::WrongClass).with("class", class));
    }
    let day = ask.day.unwrap_or_else(|| node.today());
    if day > node.today() {
        return Err(refusal::day_ahead(day, node.today()));
    }
    let named = named(desk, &ask)?;
    let mut all = named.iter();
    all.try_for_each(|one| fits_class(ask.class, one))?;
    let subject = subject(ask.subject.as_ref(), &named)?;
    let item = match &ask.item {
        Some(item) => item.clone(),
        None => item(&node.registry(), ask.class, day, &named)?,
    };
    let agreement = ask.agreement.as_ref();
    let agreement = agreement.map(|it| target::resolve(desk, it)).transpose()?;
    let refers_to = named.iter().map(|it| it.reference.clone()).collect();
    let parts = RecordParts {
        subject,
        item,
        day,
        refers_to,
        agreement,
    };
    let mut said = *ask.said;
    if ask.class == Class::Response {
        take_measures(&mut said, &named);
    }
    let record = said.record(ask.class, parts);
    let record = record.map_err(|error| refusal::invalid(&error))?;
    for one in &named {
        joint::require_after(&record, &one.reference, one.held.as_deref())?;
        fits(node, &record, one)?;
    }
    joint::require_fit(node, &record)?;
    keep(desk, record, ask.dry_run)
}

/// Whoever accepts and names no measures accepts those that were asked for.
// spec: ADM-262
fn take_measures(said: &mut RecordSaid, named: &[Named]) {
    if said.answer != Some(Answer::Accepted) || !said.measures.is_empty() {
        return;
    }
    if let Some(Record::Initiation(asked)) = named.first().and_then(Named::record) {
        said.measures.clone_from(&asked.fields().measures);
    }
}

/// The statements that are meant, each once, with what is held of them.
fn named(desk: &Desk, ask: &RecordAsk) -> Result<Vec<Named>, AdminError> {
    let mut references = Vec::with_capacity(ask.refers_to.len());
    for named in &ask.refers_to {
        let reference = target::resolve(desk, named)?;
        if !references.contains(&reference) {
            references.push(reference);
        }
    }
    references.sort();
    let query = desk.node().query().map_err(refusal::index)?;
    let look = |reference: StatementRef| {
        let found = query.statement(&reference.origin, reference.index);
        let held = match found.map_err(refusal::query)? {
            Found::Verified(verified) => Some(verified),
            Found::Rejected(reason) => {
                let error = AdminError::new(ErrorCode::VerificationFailed);
                return Err(error.with("what", reason));
            }
            Found::NotHeld => None,
        };
        Ok(Named {
            stands_by: stands_by(desk.node(), held.as_deref())?,
            reference,
            held,
        })
    };
    references.into_iter().map(look).collect()
}

/// The correction whose words a decision has.
// spec: ADM-303
fn stands_by(node: &Node, held: Option<&Verified>) -> Result<Option<Arc<Verified>>, AdminError> {
    let is_decision = |held: &&Verified| held.statement().payload().class().is_decision();
    let Some(decision) = held.filter(is_decision) else {
        return Ok(None);
    };
    let effect = node.effect_of(decision.reference(), node.today());
    let effect = effect.map_err(|error| refusal::ask(&error))?;
    node.stands_by(&effect).map_err(refusal::query)
}

/// The organisation that is said, or that of what is referred to; all of it is about one.
// spec: ADM-252
fn subject(said: Option<&Subject>, named: &[Named]) -> Result<Subject, AdminError> {
    let found = named.iter().find_map(Named::subject);
    let subject = said.or(found);
    let subject = subject.ok_or_else(|| refusal::invalid(&RecordRule::NoSubject))?;
    let other = |one: &&Named| one.subject().is_some_and(|it| it.code() != subject.code());
    match named.iter().find(other) {
        Some(other) => Err(AdminError::new(ErrorCode::OtherSubject)
            .with("target", &other.reference)
            .with("subject", subject.code())),
        None => Ok(subject.clone()),
    }
}

/// The item of the record answered where it is for the class, or the only item in force that is.
// spec: ADM-253
fn item(registry: &Registry, class: Class, day: Day, named: &[Named]) -> Result<Code, AdminError> {
    let items = registry.catalogue_at(registry.size());
    let items = items.map_or(&[][..], |catalogue| &catalogue.items);
    let fits = |item: &&CatalogueItem| item.is_for(class) && item.is_in_force(day);
    let fitting: Vec<&Code> = items.iter().filter(fits).map(|item| &item.code).collect();
    let answered = named.iter().filter_map(Named::record).map(Record::item);
    let mut answered = answered.filter(|item| fitting.contains(item));
    match (answered.next(), fitting.as_slice()) {
        (Some(item), _) => Ok(item.clone()),
        (None, [only]) => Ok((*only).clone()),
        (None, several) => {
            let known: Vec<_> = several.iter().map(|code| code.as_str()).collect();
            Err(AdminError::new(ErrorCode::ItemNeeded)
                .with("class", refusal::class_name(class))
                .with("known", known.join(", ")))
        }
    }
}

/// Whether a record of a class can refer to a statement. What is not held is nobody's to judge here.
// spec: ADM-254
fn fits_class(class: Class, named: &Named) -> Result<(), AdminError> {
    let Some(found) = named.class() else {
        return Ok(());
    };
    let needs_decision = matches!(class, Class::Measure | Class::Initiation | Class::Push);
    let answers = matches!(class, Class::Response | Class::Feedback);
    let is_asking = matches!(found, Class::Initiation | Class::Push);
    let wrong = needs_decision && !found.is_decision()
        || answers && !is_asking
        || class == Class::CommitmentOutcome && found != Class::Commitment;
    match wrong {
        true => {
            let found = refusal::class_name(found);
            Err(AdminError::new(ErrorCode::WrongClass).with("class", found))
        }
        false => Ok(()),
    }
}

/// Whether a record can be made of a statement as it stands now.
// spec: ADM-254
fn fits(node: &Node, record: &Record, named: &Named) -> Result<(), AdminError> {
    let Some(class) = named.class() else {
        return Ok(());
    };
    if class.is_decision() && !matches!(record, Record::Interview(_)) {
        return carries(node, record, named);
    }
    is_asked(node, record, named)?;
    is_verified(record, named)?;
    require_standing(node, named)?;
    match (&named.held, record) {
        (Some(asking), Record::Response(_) | Record::Feedback(_)) => {
            joint::require_new(node, record, asking)
        }
        (_, _) => Ok(()),
    }
}

/// A record that was taken back is not answered.
fn require_standing(node: &Node, named: &Named) -> Result<(), AdminError> {
    let (Some(held), Some(record)) = (&named.held, named.record()) else {
        return Ok(());
    };
    let at = Position::of(&named.reference);
    let issuer = held.statement().header().issuer;
    match acts::withdrawal(node, &at, issuer)? {
        Some(by) => Err(refusal::no_effect(record.class(), "withdrawn").with("by", by)),
        None => Ok(()),
    }
}

/// A decision that was taken back carries nothing, and one that does not bind others now no measure of
/// another authority.
// spec: ADM-255
fn carries(node: &Node, record: &Record, named: &Named) -> Result<(), AdminError> {
    let effect = node.effect_of(&named.reference, node.today());
    let effect = effect.map_err(|error| refusal::ask(&error))?;
    let class = named.class().unwrap_or(Class::Decision);
    match &effect.validity {
        Validity::Withdrawn { by } => {
            let error = refusal::no_effect(class, "withdrawn");
            return Err(by.first().into_iter().fold(error, |e, by| e.with("by", by)));
        }
        Validity::Void { .. } => return Err(refusal::no_effect(class, "void")),
        Validity::InForce
        | Validity::Corrected { .. }
        | Validity::TargetNotHeld { .. }
        | Validity::NotADecision => {}
    }
    let own = named.held.as_ref();
    let own = own.is_some_and(|it| it.statement().header().issuer == node.member());
    let Record::Measure(measure) = record else {
        return Ok(());
    };
    let measure = measure.fields();
    let binds = match own && effect.in_force_for_issuer() {
        true => BindsOthersCode::Applies,
        false => measures::binds(&effect, &measure.measure, measure.until),
    };
    match binds == BindsOthersCode::Applies {
        true => Ok(()),
        false => Err(AdminError::new(ErrorCode::NotBinding).with("binds", binds.name())),
    }
}

/// Whoever answers was asked.
fn is_asked(node: &Node, record: &Record, named: &Named) -> Result<(), AdminError> {
    if !matches!(record, Record::Response(_) | Record::Feedback(_)) {
        return Ok(());
    }
    let to = match named.record() {
        Some(Record::Initiation(initiation)) => &initiation.fields().to,
        Some(Record::Push(push)) => &push.fields().to,
        Some(_) | None => return Ok(()),
    };
    match to.contains(&node.member()) {
        true => Ok(()),
        false => Err(AdminError::new(ErrorCode::NotAsked).with("target", &named.reference)),
    }
}

/// What is pushed from above is verified before it is applied, and nothing else is (ZS-3.1b).
// spec: ADM-256
fn is_verified(record: &Record, named: &Named) -> Result<(), AdminError> {
    let Record::Feedback(feedback) = record else {
        return Ok(());
    };
    let fields = feedback.fields();
    let above = match named.record() {
        Some(Record::Push(push)) => push.fields().from_above == Some(Truth),
        Some(_) | None => false,
    };
    match (above, fields.verification) {
        (true, None) => Err(refusal::invalid(&RecordRule::Unverified)),
        (
            false,
            Some(Verification::Verified | Verification::NotFound | Verification::WrongSubject),
        ) => Err(refusal::invalid(&RecordRule::NotFromAbove)),
        (true, Some(_)) | (false, None) => Ok(()),
    }
}

/// Signs the record and appends it; with `dry_run` only looks whether it would be taken.
fn keep(desk: &Desk, record: Record, dry_run: bool) -> desk::Answer {
    let node = desk.node();
    let registry = node.registry();
    let vis = vis(&registry, &record);
    let mut made = RecordMade {
        class: record.class(),
        item: record.item().clone(),
        day: record.day(),
        refers_to: record.refers_to().to_vec(),
        vis,
        reference: None,
        witnessed: false,
    };
    let about = record.subject().code();
    let payload = Payload {
        issued_at: node.date(),
        target: None,
        register_size: None,
        batch: None,
        content: Content::Record(Box::new(record)),
        ext: Ext::default(),
    };
    let bytes = act::signed(node, about, &payload)?;
    act::check(node, &bytes, vis)?;
    if !dry_run {
        let submitted = node.submit(LogNumber::Statements, vec![bytes]);
        let references = desk.runtime.block_on(submitted);
        let references = references
            .map_err(|failure| refusal::submission(node, &failure, node.member(), &payload))?;
        made.reference = references.into_iter().next();
        let horizon = node.horizon();
        made.witnessed = made
            .reference
            .as_ref()
            .is_some_and(|at| view::witnessed(&horizon, at));
    }
    Ok(Reply::RecordMade(Box::new(made)))
}

/// The class that the catalogue in force gives; what it does not know, the verdict refuses.
fn vis(registry: &Registry, record: &Record) -> Vis {
    let catalogue = registry.catalogue_at(registry.size());
    let item = |code: &Code| {
        let catalogue = catalogue?;
        let item = catalogue.items.iter().find(|item| item.code == *code)?;
        Some(Registry::vis_for(catalogue, item, record.subject()))
    };
    item(record.item()).unwrap_or(Vis::ALL_MEMBERS)
}
