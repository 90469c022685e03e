//! Registers of look-ups of other members that went on after rows were lost.

use concordat_protocol::admin::{AdminError, AlarmView, Detail};
use concordat_protocol::statement::Code;
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::{LogNumber, Member};

use crate::admin::refusal;
use crate::node::Node;
use crate::query::Found;

/// Roots of one log that are looked at.
const ROOTS_MAX: usize = 8;

/// Days for which it is told: a half year has to be over before it can be reviewed.
const TOLD_DAYS: i32 = 184;

/// For whoever oversees: which members' registers lost rows lately.
// spec: LKP-90
pub(super) fn alarms(node: &Node) -> Result<Vec<AlarmView>, AdminError> {
    let registry = node.registry();
    let mut alarms = Vec::new();
    if !registry.oversees(node.member()) {
        return Ok(alarms);
    }
    let others = registry.members().map(Member::code);
    for member in others.filter(|code| *code != node.member()) {
        if let Some((at, until)) = last(node, member)? {
            alarms.push(alarm(member, at, until)?);
        }
    }
    Ok(alarms)
}

/// The last root of a member that says that rows were lost, where that is not long ago.
fn last(node: &Node, member: AuthorityCode) -> Result<Option<(u64, Timestamp)>, AdminError> {
    let origin = node.genesis().origin(member, LogNumber::Statements);
    let roots = node.store().resumed_roots(&origin, ROOTS_MAX);
    let query = node.query().map_err(refusal::index)?;
    for index in roots.map_err(refusal::store)? {
        let found = query.statement(&origin, index).map_err(refusal::query)?;
        let Found::Verified(found) = found else {
            continue;
        };
        let Some(root) = found.statement().payload().content.query_root() else {
            continue;
        };
        let day = Day::of(root.until).unwrap_or(Day::MIN);
        let ends = day.plus_days(TOLD_DAYS).unwrap_or(Day::MAX);
        return Ok((node.today() <= ends).then_some((index.value(), root.until)));
    }
    Ok(None)
}

fn alarm(member: AuthorityCode, at: u64, until: Timestamp) -> Result<AlarmView, AdminError> {
    let detail = |name: &str, value: String| Detail {
        name: name.to_owned(),
        value,
    };
    let name = Code::new("look-ups-resumed").map_err(|error| refusal::internal(&error))?;
    Ok(AlarmView {
        name,
        since: Some(until),
        details: vec![
            detail("member", member.to_string()),
            detail("root", at.to_string()),
        ],
    })
}
