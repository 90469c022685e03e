//! What is known about an organisation, and one statement with its history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::admin::{
    ActView, AdminError, DecisionView, ErrorCode, NotAboutView, RecognitionView, Reply,
    SUBJECT_DECISIONS_MAX, StatementAsk, StatementView, SubjectAnswer, SubjectAsk,
};
use concordat_protocol::effect::{Codes, Effect, Horizon, Validity};
use concordat_protocol::log::Origin;
use concordat_protocol::statement::{
    ActType, Audience, Class, Content, Decision, LegalBasis, StatementRef, WithdrawalReason,
};
use concordat_protocol::subject::{CodeCheck, SubjectCode};
use concordat_protocol::time::Day;
use concordat_protocol::trust::{Registry, Verified};

use crate::admin::awaited::Timetable;
use crate::admin::desk::{Answer, Desk};
use crate::admin::listed::{Listed, beside};
use crate::admin::shown::Shown;
use crate::admin::{
    acts as acts_on, answers, clean, codes, erased, hops, lookup, peer, records, refusal, target,
    titles, view,
};
use crate::node::{Node, publisher};
use crate::query::{Found, QueryService, SubjectEntry, sort_newest_first};
use crate::store::{NoticeRow, Position};

/// `subject`
pub(super) fn organisation(desk: &Desk, ask: SubjectAsk) -> Answer {
    let node = desk.node();
    let today = node.today();
    let as_of = ask.as_of.unwrap_or(today);
    let since = clean::since(&ask, (as_of, today))?;
    // spec: ADM-450, EFF-220
    let codes = codes::of(node, ask.code)?;
    if codes.is_former() {
        return codes::former(desk, &ask, &codes, as_of);
    }
    let mut found = entries(node, &codes)?;
    sort_newest_first(&mut found);
    let total = found.len() as u64;
    let registry = node.registry();
    let skip = usize::try_from(ask.skip.unwrap_or(0)).unwrap_or(usize::MAX);
    // spec: ADM-3
    let most = match ask.records_skip {
        Some(_) => 0,
        None => SUBJECT_DECISIONS_MAX,
    };
    let page: Vec<_> = found.iter().skip(skip).take(most).collect();
    let records_skip = ask.records_skip.or(match ask.skip {
        Some(_) => None,
        None => Some(0),
    });
    let records_skip = records_skip.map(|skip| usize::try_from(skip).unwrap_or(usize::MAX));
    let records = records::page(node, &codes, records_skip)?;
    let targets: Vec<_> = page.iter().map(|entry| &entry.reference).collect();
    let effects = node
        .effects_of(&targets, as_of)
        .map_err(|error| refusal::ask(&error))?;
    let query = node.query().map_err(refusal::index)?;
    // spec: AGR-31
    let issuers = page.iter().map(|entry| entry.issuer);
    let publishers = targets
        .iter()
        .filter_map(|target| publisher(&target.origin));
    let agreed = node.agreed(&issuers.chain(publishers).collect());
    let agreed = agreed.map_err(|error| refusal::ask(&error))?;
    let agreements = agreed.agreements();
    let (mut decisions, mut not_about) = (Shown::new(), Vec::new());
    let mut corrected_names: Vec<String> = Vec::new();
    let mut timetable = Timetable::new(&registry, as_of);
    let (mut passed, mut listed) = (0, None);
    for (target, effect) in targets.iter().zip(&effects) {
        let found = query.statement(&target.origin, target.index);
        let found = found.map_err(refusal::query)?;
        if let Found::Verified(verified) = found
            && let Some(decision) = decision_of(&verified)
        {
            if let Some(by) = not_about_by(node, &codes, effect)? {
                let issuer = verified.statement().header().issuer;
                not_about.push(NotAboutView {
                    reference: (*target).clone(),
                    issuer,
                    issuer_name: view::name_of(&registry, issuer),
                    by,
                });
                passed += 1;
                continue;
            }
            let stands = node.stands_by(effect).map_err(refusal::query)?;
            let stands = stands.as_deref().and_then(decision_of);
            let stands = stands.unwrap_or(decision).fields();
            // spec: ADM-381
            if codes.includes(stands.subject.code()) {
                corrected_names.push(stands.subject.name().to_string());
            }
            let mut view = decision_view(&registry, &verified, decision, effect, &mut timetable);
            view.under = under(&codes, stands.subject.code());
            if stands.act_type == ActType::RedList {
                if listed.is_none() {
                    listed = Some(beside(node, ask.code, as_of, true)?);
                }
                let Listed { views, left } = listed.clone().unwrap_or_default();
                (view.listed, view.listed_left) = (views, left);
            }
            let answers = answers::views(node, target, 0)?;
            let hops = (stands, effect);
            view.awaited
                .extend(hops::views(node, &mut timetable, &verified, hops)?);
            view.answers_left = (answers.left > 0).then_some(answers.left);
            view.answers = answers.views;
            let recognition = agreed.view(&agreements, &verified, stands, effect, as_of);
            let duties = &view.effect.duties;
            view.measure_titles = titles::measures(&registry, duties, Some(&recognition));
            view.recognition = Some(recognition);
            view.listing = stands.listing.clone();
            view.content = titles::content(stands);
            // spec: ADM-191
            if !decisions.take(view)? {
                break;
            }
        }
        passed += 1;
    }
    let decisions = decisions.into_views();
    // spec: ADM-220
    let copies: u64 = page.iter().take(passed).map(|entry| entry.copies).sum();
    let next_skip = skip.saturating_add(passed) as u64;
    let mut names = names_of(&found, &codes, &not_about);
    for name in corrected_names {
        if names.len() < NAMES_SHOWN_MAX && !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        let about = records.views.iter().map(|one| one.subject.name().as_str());
        names.extend(about.take(1).map(str::to_owned));
    }
    let erasures = erased::about(node, &codes)?;
    let gone: usize = erasures.iter().map(|(_, gone)| gone.len()).sum();
    let clean = since.map(|since| {
        let found = (found.as_slice(), gone as u64);
        clean::answer(node, &codes, found, (since, as_of))
    });
    let (clean, weighed) = clean.transpose()?.unzip();
    let answer = SubjectAnswer {
        code: ask.code,
        names,
        as_of,
        look_up_row: 0,
        decisions,
        total,
        bodies_missing: bodies_missing(node),
        next_skip: (next_skip < total && ask.records_skip.is_none()).then_some(next_skip),
        copies_left: (copies > 0).then_some(copies),
        agreements_cut: agreed.cut(),
        not_about,
        records: records.views,
        records_total: (records.total > 0).then_some(records.total),
        records_next_skip: records.next_skip,
        clean,
        now: None,
        codes: codes::views(&registry, &codes),
        erased_left: erased::left(&erasures),
        erased: erased::views(node, &erasures)?,
    };
    let total = total + records.total + gone as u64;
    // spec: ADM-63
    if total == 0 && ask.code.check() == CodeCheck::Mismatch {
        let error = AdminError::new(ErrorCode::CodeCheck)
            .with("code", ask.code)
            .with("expected", ask.code.expected_check());
        return lookup::record(desk, &ask.look_up, ask.code, |_| {
            Reply::Error(error.clone())
        });
    }
    // spec: ADM-141
    if total == 0 && !peer::has_heard(node) {
        return lookup::record(desk, &ask.look_up, ask.code, |_| {
            Reply::Error(AdminError::new(ErrorCode::NothingHeard))
        });
    }
    let shown = |reply: &Reply| lookup::shown_with(reply, weighed.as_deref().unwrap_or_default());
    // spec: ADM-20
    lookup::record_shown(desk, &ask.look_up, ask.code, shown, |look_up_row| {
        Reply::Subject(Box::new(SubjectAnswer {
            look_up_row,
            ..answer.clone()
        }))
    })
}

/// The decisions about an organisation under the code asked about and those before it, each once.
// spec: ADM-451
pub(super) fn entries(node: &Node, codes: &Codes) -> Result<Vec<SubjectEntry>, AdminError> {
    let mut found: BTreeMap<StatementRef, SubjectEntry> = BTreeMap::new();
    for code in codes.all() {
        let about = node.subject(code).map_err(|error| refusal::ask(&error))?;
        for entry in about {
            found.entry(entry.reference.clone()).or_insert(entry);
        }
    }
    Ok(found.into_values().collect())
}

/// The code that a decision names, where it is one from before.
// spec: ADM-451
fn under(codes: &Codes, named: SubjectCode) -> Option<SubjectCode> {
    let is_before = named != codes.of && codes.includes(named);
    is_before.then_some(named)
}

/// The names that decisions give an organisation, the newest first; those are left out that turned out to
/// be about another.
// spec: ADM-191, ADM-293
fn names_of(found: &[SubjectEntry], codes: &Codes, not_about: &[NotAboutView]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in found {
        let Some((_, name)) = entry
            .named
            .as_ref()
            .filter(|(named, _)| codes.includes(*named))
        else {
            continue;
        };
        if not_about.iter().any(|one| one.reference == entry.reference) {
            continue;
        }
        if names.len() >= NAMES_SHOWN_MAX {
            break;
        }
        if !names.iter().any(|known| known == name.as_str()) {
            names.push(name.to_string());
        }
    }
    names
}

/// The act by which a decision turned out not to be about an organisation: the last of the corrections that
/// stand, where all put it upon another, or of the withdrawals, where all say that it named the wrong one.
/// What does not count in full hides nothing.
// spec: ADM-293
pub(super) fn not_about_by(
    node: &Node,
    codes: &Codes,
    effect: &Effect,
) -> Result<Option<StatementRef>, AdminError> {
    let (Validity::Corrected { by } | Validity::Withdrawn { by }) = &effect.validity else {
        return Ok(None);
    };
    let acts = node.in_full(by).map_err(refusal::query)?;
    let is_another = |act: &Arc<Verified>| {
        let content = &act.statement().payload().content;
        if let Content::Withdrawal(withdrawal) = content {
            withdrawal.reason == WithdrawalReason::WrongSubject
        } else {
            content
                .subject()
                .is_some_and(|named| !codes.includes(named))
        }
    };
    let last = acts.last().filter(|_| acts.iter().all(is_another));
    Ok(last.map(|act| act.reference().clone()))
}

/// Bodies that may be decisions or acts and are still to come. What others say of acts is none.
// spec: IDX-131
pub(super) fn bodies_missing(node: &Node) -> u64 {
    let shared = node.shared();
    let logs = shared.logs();
    let missing = logs.iter().map(|(_, log)| shared.count_bodies(log).1);
    let missing: u64 = missing.sum();
    if missing == 0 {
        return 0;
    }
    let for_few = logs.iter();
    let for_few = for_few.map(|(_, log)| log.awaited_for_few().count() as u64);
    missing.saturating_sub(for_few.sum())
}

/// `statement`
pub(super) fn statement(desk: &Desk, ask: StatementAsk) -> Answer {
    let as_of = ask.as_of.unwrap_or_else(|| desk.node().today());
    let reference = target::resolve(desk, &ask.target)?;
    let verified = verified(desk, &reference)?;
    require_look_up(desk, &verified, ask.look_up.is_some())?;
    let skip = ask.answers_skip.unwrap_or(0);
    let view = statement_view(desk, &verified, as_of, (ask.look_up.is_some(), skip))?;
    match ask.look_up {
        Some(look_up) => {
            let about = verified.statement().header().about;
            lookup::record(desk, &look_up, about, |row| {
                Reply::Statement(Box::new(StatementView {
                    look_up_row: Some(row),
                    ..view.clone()
                }))
            })
        }
        None => Ok(Reply::Statement(Box::new(view))),
    }
}

/// A statement that is held and holds.
pub(super) fn verified(desk: &Desk, reference: &StatementRef) -> Result<Arc<Verified>, AdminError> {
    let query = desk.node().query().map_err(refusal::index)?;
    let found = query.statement(&reference.origin, reference.index);
    match found.map_err(refusal::query)? {
        Found::Verified(verified) => Ok(verified),
        Found::Rejected(reason) => {
            Err(AdminError::new(ErrorCode::VerificationFailed).with("what", reason))
        }
        Found::NotHeld => Err(erased::not_held(desk.node(), reference)?),
    }
}

/// What is not public and another authority's is shown only to whoever says why.
// spec: ADM-21
pub(super) fn require_look_up(
    desk: &Desk,
    verified: &Verified,
    given: bool,
) -> Result<(), AdminError> {
    match given || is_free(desk.node(), verified) {
        true => Ok(()),
        false => Err(AdminError::new(ErrorCode::PurposeRequired)),
    }
}

/// Whether a statement is shown to whoever asks: the node's own, public, or about no organisation.
// spec: ADM-21
pub(super) fn is_free(node: &Node, verified: &Verified) -> bool {
    let own = verified.reference().origin.member() == node.member().as_str();
    let registry = node.registry();
    let public = registry
        .visibility_class(verified.leaf().vis)
        .is_some_and(|class| class.audience == Audience::Public);
    own || public || !is_about_organisation(verified)
}

/// Whether a statement says something about an organisation.
pub(super) fn is_about_organisation(verified: &Verified) -> bool {
    let class = verified.statement().payload().class();
    class.is_decision() || class.is_act() || class.is_record()
}

fn decision_of(verified: &Verified) -> Option<&Decision> {
    verified.statement().payload().content.decision()
}

fn decision_view(
    registry: &Registry,
    verified: &Verified,
    decision: &Decision,
    effect: &Effect,
    timetable: &mut Timetable<'_>,
) -> DecisionView {
    let fields = decision.fields();
    let issuer = verified.statement().header().issuer;
    DecisionView {
        reference: verified.reference().clone(),
        issuer,
        issuer_name: view::name_of(registry, issuer).unwrap_or_default(),
        document_number: fields.document_number.to_string(),
        act_type: fields.act_type,
        item: fields.item.clone(),
        item_title: titles::item(registry, &fields.item),
        decided_on: fields.decided_on,
        effect: view::effect(effect, timetable.as_of()),
        recognition: None,
        answers: Vec::new(),
        answers_left: None,
        awaited: timetable.views(issuer, fields, effect),
        listed: Vec::new(),
        listed_left: None,
        under: None,
        measure_titles: Vec::new(),
        listing: None,
        content: None,
    }
}

fn statement_view(
    desk: &Desk,
    verified: &Verified,
    as_of: Day,
    (looked_up, answers_skip): (bool, u64),
) -> Result<StatementView, AdminError> {
    let node = desk.node();
    let (registry, horizon) = (node.registry(), node.horizon());
    let (header, payload) = (
        verified.statement().header(),
        verified.statement().payload(),
    );
    let reference = verified.reference();
    let is_decision = payload.class().is_decision();
    let effect = match is_decision {
        true => Some(
            node.effect_of(reference, as_of)
                .map_err(|error| refusal::ask(&error))?,
        ),
        false => None,
    };
    let query = node.query().map_err(refusal::index)?;
    let is_act = payload.class().is_act();
    let corrected = match &effect {
        Some(effect) => corrected(query, effect)?,
        None => None,
    };
    let stands_about = match &effect {
        Some(effect) => stands_about(node, effect, header.about)?,
        None => None,
    };
    let (recognition, agreements_cut) = match &effect {
        Some(effect) => recognised(node, verified, effect, as_of)?,
        None => (None, Vec::new()),
    };
    let stands = corrected.as_ref().or_else(|| decision_of(verified));
    let listed = match stands.map(Decision::fields) {
        Some(stands) if stands.act_type == ActType::RedList => {
            beside(node, stands.subject.code(), as_of, looked_up)?
        }
        Some(_) | None => Listed::default(),
    };
    let (acts, acts_left) = acts(node, reference, &registry, &horizon, effect.as_ref())?;
    // Their answers are told with them.
    let answered = matches!(
        payload.class(),
        Class::Commitment | Class::Initiation | Class::Push
    );
    let (referred_by, referred_by_left) = match answered {
        true => (Vec::new(), None),
        false => records::referring(node, reference, looked_up)?,
    };
    let answers = answers::views(node, reference, answers_skip)?;
    // spec: ADM-452
    let about = stands_about.unwrap_or(header.about);
    let codes = match is_about_organisation(verified) {
        true => Some(codes::of(node, about)?),
        false => None,
    };
    let code_now = codes
        .as_ref()
        .map(|codes| codes.now)
        .filter(|now| *now != about);
    let mut steps = codes
        .iter()
        .flat_map(|codes| codes::views(&registry, codes));
    let code_change = steps.find(|step| step.reference == *reference);
    let shown = effect.as_ref().map(|effect| view::effect(effect, as_of));
    let item_title = stands.and_then(|one| titles::item(&registry, &one.fields().item));
    Ok(StatementView {
        reference: reference.clone(),
        class: payload.class(),
        issuer: header.issuer,
        issuer_name: view::name_of(&registry, header.issuer).unwrap_or_default(),
        about: header.about,
        issued_at: payload.issued_at,
        vis: verified.leaf().vis,
        target: payload.target.clone(),
        bytes: verified.statement().as_bytes().len() as u64,
        witnessed: view::witnessed(&horizon, reference),
        decision: decision_of(verified).cloned(),
        corrected,
        act: is_act.then(|| view::act(&node.fact(verified), &registry, &horizon, None, None)),
        acts,
        acts_left: (acts_left > 0).then_some(acts_left),
        awaited: match (&effect, decision_of(verified)) {
            (Some(effect), Some(decision)) => {
                let mut timetable = Timetable::new(&registry, as_of);
                let stands = node.stands_by(effect).map_err(refusal::query)?;
                let stands = stands.as_deref().and_then(decision_of);
                let stands = stands.unwrap_or(decision).fields();
                let mut awaited = timetable.views(header.issuer, decision.fields(), effect);
                let hops = hops::views(node, &mut timetable, verified, (stands, effect))?;
                awaited.extend(hops);
                awaited
            }
            (None, _) | (_, None) => Vec::new(),
        },
        measure_titles: shown.as_ref().map_or_else(Vec::new, |shown| {
            titles::measures(&registry, &shown.duties, recognition.as_ref())
        }),
        item_title,
        effect: shown,
        look_up_row: None,
        fork: view::fork_of(node, &reference.origin),
        recognition,
        agreements_cut,
        agreement: payload.content.agreement().cloned(),
        accession: payload.content.accession().cloned(),
        retirement: payload.content.retirement().cloned(),
        record: records::record_view(node, verified, looked_up)?,
        referred_by,
        referred_by_left,
        stands_about,
        beyond_repair: match effect.as_ref().and_then(|one| one.beyond_repair.as_ref()) {
            Some(by) => article_said_by(node, &registry, by)?,
            None => None,
        },
        listed: listed.views,
        listed_left: listed.left,
        answers_left: (answers.left > 0).then_some(answers.left),
        answers_next_skip: answers.next,
        answers: answers.views,
        answer: answers::view(node, verified)?,
        look_up_root: payload.content.query_root().cloned(),
        code_now,
        code_change,
    })
}

fn article_said_by(
    node: &Node,
    registry: &Registry,
    by: &StatementRef,
) -> Result<Option<LegalBasis>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let found = query.statement(&by.origin, by.index);
    Ok(match found.map_err(refusal::query)? {
        Found::Verified(said) => beyond_repair(registry, &said).cloned(),
        Found::Rejected(_) | Found::NotHeld => None,
    })
}

/// The article by which what a decision or a correction of it says is beyond repair.
// spec: ADM-433
pub(super) fn beyond_repair<'r>(registry: &'r Registry, said: &Verified) -> Option<&'r LegalBasis> {
    let fields = decision_of(said)?.fields();
    let size = said.statement().header().ctx.size;
    registry.beyond_repair(&fields.item, fields.decided_on, size)
}

/// Upon whom corrections that count in full put a decision, where that is another than it named.
// spec: ADM-380
fn stands_about(
    node: &Node,
    effect: &Effect,
    named: SubjectCode,
) -> Result<Option<SubjectCode>, AdminError> {
    let stands = node.stands_by(effect).map_err(refusal::query)?;
    let about = stands.and_then(|stands| stands.statement().payload().content.subject());
    Ok(about.filter(|about| *about != named))
}

/// Whether the node's member may rely on a decision, and the logs that say more about agreements than is
/// looked at.
// spec: ADM-230
fn recognised(
    node: &Node,
    verified: &Verified,
    effect: &Effect,
    as_of: Day,
) -> Result<(Option<RecognitionView>, Vec<Origin>), AdminError> {
    let Some(decision) = decision_of(verified) else {
        return Ok((None, Vec::new()));
    };
    let stands = node.stands_by(effect).map_err(refusal::query)?;
    let stands = stands.as_deref().and_then(decision_of);
    let stands = stands.unwrap_or(decision).fields();
    let issuer = verified.statement().header().issuer;
    let publisher = publisher(&verified.reference().origin);
    let agreed = node.agreed(&publisher.into_iter().chain([issuer]).collect());
    let agreed = agreed.map_err(|error| refusal::ask(&error))?;
    let view = agreed.view(&agreed.agreements(), verified, stands, effect, as_of);
    Ok((Some(view), agreed.cut()))
}

/// The decision as the newest correction that holds puts it.
fn corrected(query: &QueryService, effect: &Effect) -> Result<Option<Decision>, AdminError> {
    let Validity::Corrected { by } = &effect.validity else {
        return Ok(None);
    };
    let Some(last) = by.last() else {
        return Ok(None);
    };
    let found = query.statement(&last.origin, last.index);
    Ok(match found.map_err(refusal::query)? {
        Found::Verified(correction) => decision_of(&correction).cloned(),
        Found::Rejected(_) | Found::NotHeld => None,
    })
}

/// Acts that are shown with what they act on.
// spec: ADM-163
const ACTS_SHOWN_MAX: usize = 512;
/// Names of an organisation that are shown.
// spec: ADM-191
const NAMES_SHOWN_MAX: usize = 64;
/// What acts on a statement: acts held, and those that only a notice tells of. Of more than are shown
/// the weightiest, and how many there are besides: what is not an objection, then what is open.
// spec: ADM-163, ADM-190
fn acts(
    node: &Node,
    on: &StatementRef,
    registry: &Registry,
    horizon: &Horizon,
    effect: Option<&Effect>,
) -> Result<(Vec<ActView>, u64), AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let store = query.store();
    let notices = store
        .notices_on(&on.origin, on.index)
        .map_err(refusal::store)?;
    let rows = store
        .acts_on(&on.origin, on.index)
        .map_err(refusal::store)?;
    let rows = rows
        .into_iter()
        .map(|row| (row.position, (row.class, None)));
    let mut positions: BTreeMap<Position, (Class, Option<&NoticeRow>)> = rows.collect();
    for notice in &notices {
        let known = positions.entry(notice.act.clone());
        known.or_insert((notice.class, None)).1 = Some(notice);
    }
    let open = effect.map(view::open_objections).unwrap_or_default();
    let open: BTreeSet<Position> = open.iter().map(Position::of).collect();
    let mut positions: Vec<_> = positions.into_iter().collect();
    positions.sort_by_key(|(position, (class, _))| {
        let is_objection = *class == Class::Objection;
        (is_objection, is_objection && !open.contains(position))
    });
    let mut left = positions.len();
    let mut shown = Shown::new();
    for (position, (_, notice)) in positions.into_iter().take(ACTS_SHOWN_MAX) {
        let found = query.statement(&position.origin, position.index);
        let at = notice.map(|notice| notice.position.index);
        let view = match (found.map_err(refusal::query)?, notice) {
            (Found::Verified(act), _) => {
                let fact = node.fact(&act);
                let mut view = view::act(&fact, registry, horizon, effect, at);
                view.taken_back_by = taken_back(node, &view)?;
                Some(view)
            }
            (Found::NotHeld, Some(notice)) => noticed(query, notice, registry, horizon)?,
            (Found::NotHeld | Found::Rejected(_), _) => None,
        };
        if let Some(view) = view
            && !shown.take(view)?
        {
            break;
        }
        left -= 1;
    }
    let mut views = shown.into_views();
    views.sort_by(|a, b| a.reference.cmp(&b.reference));
    Ok((views, left as u64))
}

/// What takes a ruling, a stay or a repair back.
// spec: ADM-295
fn taken_back(node: &Node, act: &ActView) -> Result<Option<StatementRef>, AdminError> {
    match matches!(act.class, Class::Ruling | Class::Stay | Class::Repair) {
        true => acts_on::taken_back(node, &act.reference, act.issuer, act.class),
        false => Ok(None),
    }
}

/// An act of which only the notice is known.
fn noticed(
    query: &QueryService,
    row: &NoticeRow,
    registry: &Registry,
    horizon: &Horizon,
) -> Result<Option<ActView>, AdminError> {
    let found = query.statement(&row.position.origin, row.position.index);
    let Found::Verified(verified) = found.map_err(refusal::query)? else {
        return Ok(None);
    };
    let Content::Notice(notice) = &verified.statement().payload().content else {
        return Ok(None);
    };
    let index = row.position.index;
    Ok(view::noticed(notice, registry, horizon, Some(index)))
}
