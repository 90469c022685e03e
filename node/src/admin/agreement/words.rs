//! Joining and leaving, each by the member's own word.

use concordat_protocol::admin::{
    AccedeAsk, AdminError, ErrorCode, Recorded, Reply, RetireAsk, Target,
};
use concordat_protocol::codec::Ext;
use concordat_protocol::statement::{
    Accession, AgreementFields, Content, Payload, Retirement, StatementRef, Vis,
};
use concordat_protocol::time::Day;
use concordat_protocol::trust::LogNumber;

use super::list;
use crate::admin::desk::{Answer, Desk};
use crate::admin::{act, refusal, subject, target, view};

/// `agreement accede`
// spec: ADM-240, ADM-242
pub(in crate::admin) fn accede(desk: &Desk, ask: &AccedeAsk) -> Answer {
    require_not_gone(desk, ask.from)?;
    let (reference, fields) = version(desk, &ask.agreement)?;
    let reference = list::known_place(desk.node(), reference)?;
    let member = desk.node().member();
    let title = &fields.title;
    let party = list::joined(desk.node(), &reference)?;
    if fields.parties.contains(&member) || party {
        return Err(AdminError::new(ErrorCode::AlreadyAParty)
            .with("title", title)
            .with("version", fields.version));
    }
    if fields.open.is_none() {
        return Err(AdminError::new(ErrorCode::NotOpen).with("title", title));
    }
    let said = Accession {
        agreement: reference.clone(),
        from: ask.from,
    };
    record(desk, reference, Content::Accession(said), ask.dry_run)
}

/// `agreement retire`
// spec: ADM-241, ADM-242
pub(in crate::admin) fn retire(desk: &Desk, ask: RetireAsk) -> Answer {
    require_not_gone(desk, ask.from)?;
    let node = desk.node();
    let (reference, fields) = version(desk, &ask.agreement)?;
    let first = fields.first.clone().unwrap_or_else(|| reference.clone());
    let first = list::known_place(node, first)?;
    let member = node.member();
    let Some(newest) = list::newest_of_member(node, &first)? else {
        return Err(AdminError::new(ErrorCode::NotAParty)
            .with("member", member)
            .with("title", &fields.title));
    };
    let version = ask.version.unwrap_or(newest);
    if version == 0 || version > newest {
        return Err(AdminError::new(ErrorCode::VersionUnfit)
            .with("version", version)
            .with("known", newest)
            .with("state", "left"));
    }
    // Saying it twice would stay for ever and change nothing.
    if list::left(node, &first)?.is_some_and(|left| version <= left) {
        return Err(AdminError::new(ErrorCode::NotAParty)
            .with("member", member)
            .with("title", &fields.title));
    }
    let said = Retirement {
        first,
        version,
        from: ask.from,
        reasons: ask.reasons,
    };
    record(desk, reference, Content::Retirement(said), ask.dry_run)
}

/// An answer of the past would read otherwise than it did.
// spec: ADM-242
pub(super) fn require_not_gone(desk: &Desk, day: Day) -> Result<(), AdminError> {
    let today = desk.node().today();
    match day < today {
        true => Err(AdminError::new(ErrorCode::DayGone)
            .with("day", day)
            .with("today", today)),
        false => Ok(()),
    }
}

/// The version of an agreement that is named.
pub(super) fn version(
    desk: &Desk,
    named: &Target,
) -> Result<(StatementRef, AgreementFields), AdminError> {
    let reference = target::resolve(desk, named)?;
    let verified = subject::verified(desk, &reference)?;
    let payload = verified.statement().payload();
    match payload.content.agreement() {
        Some(agreement) => Ok((reference, agreement.fields().clone())),
        None => Err(AdminError::new(ErrorCode::WrongClass)
            .with("class", refusal::class_name(payload.class()))
            .with("state", "agreement")),
    }
}

/// Records what is said about agreements, a recognition response among it.
pub(in crate::admin) fn record(
    desk: &Desk,
    target: StatementRef,
    content: Content,
    dry_run: bool,
) -> Answer {
    let node = desk.node();
    let member = node.member();
    let payload = Payload {
        issued_at: node.date(),
        target: None,
        register_size: None,
        batch: None,
        content,
        ext: Ext::default(),
    };
    let signed = act::signed(node, member.code(), &payload)?;
    // spec: ADM-239
    let told = |error: AdminError| match error.code == ErrorCode::MemberSuspended {
        true => super::suspended(member),
        false => error,
    };
    let reference = match dry_run {
        true => {
            act::check(node, &signed, Vis::ALL_MEMBERS).map_err(told)?;
            None
        }
        false => {
            let submitted = node.submit(LogNumber::Statements, vec![signed]);
            let references = desk.runtime.block_on(submitted);
            let references = references
                .map_err(|failure| told(refusal::submission(node, &failure, member, &payload)))?;
            references.into_iter().next()
        }
    };
    let horizon = node.horizon();
    let witnessed = reference
        .as_ref()
        .is_some_and(|at| view::witnessed(&horizon, at));
    Ok(Reply::Recorded(Box::new(Recorded {
        class: payload.class(),
        target,
        reference,
        names: Vec::new(),
        witnessed,
        effect: None,
        effect_withheld: None,
        more: Vec::new(),
        named: None,
        acts: 1,
        batch: None,
    })))
}
