//! Evaluations of effect over histories of ten statements.

use std::hint::black_box;
use std::sync::Arc;

use concordat_protocol::codec::Ext;
use concordat_protocol::effect::{Fact, History, Horizon, Limits, LogHorizon, effect};
use concordat_protocol::log::{Hash, LeafIndex, NetworkKind, Origin, TreeSize};
use concordat_protocol::statement::{
    Content, Decision, Ground, Objection, ObjectorRole, Outcome, Payload, Ruling, StatementRef,
};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::Authority;

use super::limits::rate;
use super::network::OPEN;
use super::{Failure, RUNS, statements};

/// Histories that are evaluated in turn.
const HISTORIES: u64 = 256;

/// Evaluations a second on one core, by run.
pub(crate) fn rates() -> Result<Vec<f64>, Failure> {
    let issuer = AuthorityCode::new(SubjectCode::with_check("11230400000000019")?)?;
    let genesis = Hash::from_bytes([7; 32]);
    let origin = Origin::new(NetworkKind::Test, &genesis, issuer.as_str(), 0)?;
    let register = Origin::new(NetworkKind::Test, &genesis, issuer.as_str(), 2)?;
    let mut cases = Vec::new();
    for number in 0..HISTORIES {
        cases.push(history(&origin, issuer, number)?);
    }
    let now = Timestamp::new(1_775_001_600_000)?;
    let known = LogHorizon {
        size: TreeSize::new(HISTORIES * 10)?,
        witnessed: TreeSize::new(HISTORIES * 10)?,
        quorum_time: Some(now),
        frozen_at: None,
    };
    let horizon = Horizon {
        logs: [(origin, known), (register.clone(), known)]
            .into_iter()
            .collect(),
        register,
    };
    let (day, limits) = (Day::from_ymd(2026, 4, 1)?, Limits::default());
    let mut turn = cases.iter().cycle();
    let mut evaluate = || {
        if let Some((target, history)) = turn.next() {
            black_box(effect(
                target,
                black_box(history),
                &horizon,
                day,
                now,
                &limits,
            ));
        }
    };
    Ok((0..RUNS).map(|_| rate(&mut evaluate)).collect())
}

/// A decision, six objections of which a ruling closes some, and another ruling on the rest.
fn history(
    origin: &Origin,
    issuer: AuthorityCode,
    number: u64,
) -> Result<(StatementRef, History), Failure> {
    let at = |place: u64| StatementRef {
        origin: origin.clone(),
        index: LeafIndex::new(number * 10 + place),
        leaf_hash: Hash::from_bytes([u8::try_from(place).unwrap_or(0); 32]),
    };
    let subject = statements::subject(number)?;
    let decision = Decision::new(statements::fields(OPEN, subject, number)?)?;
    let mut contents = vec![(None, Content::Decision(Box::new(decision)))];
    let day = Day::from_ymd(2026, 3, 10)?;
    for place in 0..6 {
        let ground = *Ground::ALL.get(place).ok_or("too few grounds")?;
        let objection = Objection::new(ObjectorRole::Subject, ground, day, false, None);
        contents.push((Some(at(0)), Content::Objection(objection)));
    }
    for (closes, outcome) in [
        (1, Outcome::Rejected),
        (2, Outcome::Rejected),
        (3, Outcome::Rejected),
    ] {
        let reasons = Text::new("维持原决定")?;
        let ruling = Ruling::new(outcome, vec![at(closes)], reasons)?;
        contents.push((Some(at(closes)), Content::Ruling(ruling)));
    }
    let mut history = History::default();
    for (place, (target, content)) in contents.into_iter().enumerate() {
        let payload = Payload {
            issued_at: Timestamp::new(1_772_409_600_000 + place as u64)?,
            register_size: target.is_some().then_some(TreeSize::ZERO),
            target,
            batch: None,
            content,
            ext: Ext::default(),
        };
        let authority = Authority::Mandate;
        let fact = Fact::new(at(place as u64), issuer, Arc::new(payload), authority, None);
        history.insert(Arc::new(fact));
    }
    if history.len() != 10 {
        return Err("the history does not have ten statements".into());
    }
    Ok((at(0), history))
}
