//! 异地公示: a penalty of market regulation on its way to the place where the organisation is registered.

use std::collections::BTreeSet;

use concordat_protocol::admin::{AdminError, AwaitedView};
use concordat_protocol::awaited::{Owed, PenaltyElsewhere, Pushed};
use concordat_protocol::effect::Effect;
use concordat_protocol::statement::{Class, DecisionFields, Execution, Record};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use concordat_protocol::trust::Verified;

use crate::admin::awaited::{self, Timetable};
use crate::admin::{acts, joint, refusal};
use crate::node::Node;
use crate::query::REFERRING_READ_MAX;
use crate::store::{Position, RecordRow};

/// What is awaited of a decision, as it stands by its corrections, on its way to the place of registration; nothing
/// of what is gone, and where not all that was said was read.
// spec: DL-61, DL-62, DL-63
pub(super) fn of(
    node: &Node,
    timetable: &mut Timetable<'_>,
    decision: &Verified,
    (stands, effect): (&DecisionFields, &Effect),
) -> Result<Vec<Owed>, AdminError> {
    let Some(penalty) = penalty(node, decision, stands).filter(|_| joint::stands(effect)) else {
        return Ok(Vec::new());
    };
    let query = node.query().map_err(refusal::index)?;
    // What others say of the decision takes no room: they could keep what is owed out of sight.
    let registry = node.registry();
    let publishing = registry.publishers(penalty.issuer);
    let is_issuers = |at: &Position| {
        let member = AuthorityCode::parse(at.origin.member());
        at.origin == decision.reference().origin || member.is_ok_and(|it| publishing.contains(&it))
    };
    let is_meant = |row: &RecordRow| row.class == Class::Push && is_issuers(&row.position);
    let found = query.referring_where(decision.reference(), None, is_meant, REFERRING_READ_MAX);
    let (found, left) = found.map_err(refusal::query)?;
    let mut pushes: Vec<(Day, Vec<AuthorityCode>, BTreeSet<AuthorityCode>)> = Vec::new();
    for push in &found {
        let (statement, at) = (push.statement(), push.reference());
        let Some(record) = statement.payload().content.record() else {
            continue;
        };
        let by_issuer = statement.header().issuer == penalty.issuer;
        if !by_issuer || acts::withdrawal(node, &Position::of(at), penalty.issuer)?.is_some() {
            continue;
        }
        let said = joint::said_to(node, push, record)?;
        let unread = record.addressed().iter().copied();
        let unread = unread.filter(|to| !said.is_read_of(&registry, *to));
        // Whoever may have said that it is done is not said to owe it.
        let done = said.standing.iter().filter_map(|one| done(one));
        let published = done.chain(unread).collect();
        let on = record.day().max(joint::made_on(push));
        pushes.push((on, record.addressed().to_vec(), published));
    }
    if left > 0 {
        return Ok(Vec::new());
    }
    let pushes = pushes.iter().map(|(on, to, published)| Pushed {
        on: *on,
        to,
        published,
    });
    Ok(timetable.hops(&penalty, &pushes.collect::<Vec<_>>()))
}

/// The same, as it is shown.
// spec: ADM-415
pub(super) fn views(
    node: &Node,
    timetable: &mut Timetable<'_>,
    decision: &Verified,
    stands: (&DecisionFields, &Effect),
) -> Result<Vec<AwaitedView>, AdminError> {
    let issuer = decision.statement().header().issuer;
    let owed = of(node, timetable, decision, stands)?;
    let registry = node.registry();
    let views = owed.iter().map(|one| awaited::owed(one, issuer, &registry));
    Ok(views.collect())
}

/// The penalty that a decision is, where it is one on an organisation that is registered elsewhere.
fn penalty(node: &Node, decision: &Verified, stands: &DecisionFields) -> Option<PenaltyElsewhere> {
    let issuer = decision.statement().header().issuer;
    let registry = node.registry();
    let region = registry.member(issuer)?.enrolment().region;
    PenaltyElsewhere::of(stands, issuer, region)
}

/// Who says that what was pushed is done.
fn done(said: &Verified) -> Option<AuthorityCode> {
    let Record::Feedback(feedback) = said.statement().payload().content.record()? else {
        return None;
    };
    let is_done = feedback.fields().execution == Some(Execution::Done);
    is_done.then(|| said.statement().header().issuer)
}
