//! Members that hold what nobody says they were given, and such as were given what they do not say they hold.

use concordat_protocol::admin::{AdminError, AlarmView, Detail};
use concordat_protocol::log::LeafIndex;
use concordat_protocol::statement::Code;

use crate::admin::refusal;
use crate::core::OddHolding;
use crate::node::Node;

/// Alarms of one kind in one answer.
// spec: ADM-391
const ALARMS_MAX: usize = 64;

// spec: ADM-391
pub(super) fn alarms(node: &Node) -> Result<Vec<AlarmView>, AdminError> {
    of(&node.shared().odd_holdings())
}

fn of(odd: &[OddHolding]) -> Result<Vec<AlarmView>, AdminError> {
    let mut alarms = Vec::new();
    for (name, which) in [
        (
            "holdings-without-delivery",
            (|one: &OddHolding| one.without_delivery) as fn(&OddHolding) -> _,
        ),
        ("deliveries-without-holding", |one| one.without_holding),
    ] {
        let found = odd
            .iter()
            .filter_map(|one| Some((one, which(one)?)))
            .take(ALARMS_MAX);
        for (one, counted) in found {
            alarms.push(alarm(name, one, counted)?);
        }
    }
    Ok(alarms)
}

fn alarm(
    name: &str,
    odd: &OddHolding,
    (bodies, first): (u64, LeafIndex),
) -> Result<AlarmView, AdminError> {
    let detail = |name: &str, value: String| Detail {
        name: name.to_owned(),
        value,
    };
    Ok(AlarmView {
        name: Code::new(name).map_err(|error| refusal::internal(&error))?,
        since: None,
        details: vec![
            detail("member", odd.member.to_string()),
            detail("log", odd.origin.to_string()),
            detail("bodies", bodies.to_string()),
            detail("first", first.to_string()),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;

    // spec: ADM-391
    #[test]
    fn alarm_says_who_and_which() {
        let fixture = Fixture::new();
        let odd = |without_delivery, without_holding| OddHolding {
            member: fixture.member,
            origin: fixture.origin(),
            without_delivery,
            without_holding,
        };
        let which = Some((2, LeafIndex::new(7)));
        let found = of(&[odd(which, None), odd(None, which)]).unwrap();
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(
            names,
            ["holdings-without-delivery", "deliveries-without-holding"]
        );
        for alarm in &found {
            let details = alarm.details.iter();
            let details: Vec<&str> = details.map(|one| one.value.as_str()).collect();
            let (member, log) = (fixture.member.to_string(), fixture.origin().to_string());
            assert_eq!(details, [member.as_str(), log.as_str(), "2", "7"]);
        }
        let many: Vec<OddHolding> = (0..99).map(|_| odd(which, which)).collect();
        assert_eq!(of(&many).unwrap().len(), 2 * ALARMS_MAX);
    }
}
