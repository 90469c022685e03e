//! A filing slip as a page to print, and up to where it is known.

use concordat_protocol::admin::{HolderCode, effect_view, name_of};
use concordat_protocol::awaited::Within;
use concordat_protocol::bundle::{SlipStanding, VerifiedSlip};
use concordat_protocol::deadline::Due;
use concordat_protocol::log::CosignatureTime;
use concordat_protocol::propagation::State;
use concordat_protocol::statement::StatementRef;
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::Verified;
use serde_json::{Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::{Report, Words, at_json, at_text, bundle, effect, ref_json, short};

/// That and when an organisation objected, to what, and where that stands.
// spec: ADM-333
pub(crate) fn slip(slip: &VerifiedSlip<'_>, now: Timestamp, words: Words) -> Report {
    let mut page = Page::default();
    page.line(words.word("slip_title"));
    let mut pairs = filed(slip, words);
    pairs.extend(decided(slip, words));
    pairs.extend(stands(slip, words));
    let known = slip.bundle().horizon();
    let horizon = format!("{} / {} / {}", known.issuer, known.register, known.registry);
    pairs.push(words.pair("bundle_horizon", horizon));
    pairs.push(words.pair("bundle_digest", slip.digest()));
    page.pairs(&pairs);
    holders(&mut page, slip, words);
    page.gap();
    page.line(words.word("slip_limits"));
    page.line(words.word("slip_how"));
    Report::new(page, json(slip, now, words))
}

/// The objection: who received it, when, and what proves that.
fn filed(slip: &VerifiedSlip<'_>, words: Words) -> Vec<(String, String)> {
    let objection = slip.objection();
    let statement = objection.statement();
    let receiver = statement.header().issuer;
    let recorded = at_text(Some(statement.payload().issued_at));
    let mut pairs = vec![
        words.pair("slip_objection", short(objection.reference())),
        words.pair("slip_received_by", named(slip, receiver)),
    ];
    if let Some(said) = slip.said() {
        pairs.extend([
            words.pair("slip_received_on", said.received_on()),
            words.pair("slip_role", words.code(said.role())),
            words.pair("slip_ground", words.code(said.ground())),
        ]);
    }
    let recorded = words.fill("slip_by_clock", &[("at", &recorded)]);
    pairs.push(words.pair("slip_recorded_at", recorded));
    let witnessed = at_text(witnessed_by(slip));
    pairs.push(words.pair("slip_witnessed_by", witnessed));
    pairs
}

/// What it is to.
fn decided(slip: &VerifiedSlip<'_>, words: Words) -> Vec<(String, String)> {
    let decision = slip.bundle().statement();
    let issuer = decision.statement().header().issuer;
    let mut pairs = vec![
        words.pair("decision", short(decision.reference())),
        words.pair("slip_decided_by", named(slip, issuer)),
    ];
    let content = decision.statement().payload().content.decision();
    if let Some(fields) = content.map(|decision| decision.fields()) {
        let subject = format!("{} {}", fields.subject.code(), fields.subject.name());
        pairs.extend([
            words.pair("document_number", &fields.document_number),
            words.pair("decided_on", fields.decided_on),
            words.pair("subject", subject),
        ]);
    }
    pairs
}

/// Where it stands: the notice, the deadline, the rulings, and what follows for others.
fn stands(slip: &VerifiedSlip<'_>, words: Words) -> Vec<(String, String)> {
    let notice = match slip.notice() {
        Some(notice) => {
            let index = notice.reference().index.to_string();
            words.fill("slip_noticed", &[("index", &index)])
        }
        None if slip.is_with_decision() => words.word("slip_notice_not_needed"),
        None => words.word("slip_not_noticed"),
    };
    let mut pairs = vec![words.pair("slip_notice", notice)];
    pairs.extend(awaited(&slip.standing(), words));
    let rulings = slip.rulings();
    if rulings.is_empty() {
        pairs.push(words.pair("slip_ruling", words.word("slip_no_ruling")));
    }
    for ruling in rulings {
        let outcome = words.noted(words.code(ruling.outcome), short(&ruling.reference));
        let said = match ruling.is_witnessed {
            true => outcome,
            false => words.fill("slip_ruling_provisional", &[("ruling", &outcome)]),
        };
        pairs.push(words.pair("slip_ruling", said));
    }
    let state = slip.bundle().state();
    let state = state.map(|state| effect_view(&state.effect, state.as_of));
    pairs.extend(state.map(|view| words.pair("slip_state", effect::verdict(&view, words))));
    pairs
}

/// What is awaited, and only where a ruling is owed, by when.
// spec: PRP-70
fn awaited(standing: &SlipStanding, words: Words) -> Vec<(String, String)> {
    let waits = words.word(match standing {
        SlipStanding::Ruling(_) => "slip_waits_ruling",
        SlipStanding::Admission => "slip_waits_admission",
        SlipStanding::ActAsAnnounced => "slip_waits_act",
        SlipStanding::Nothing => "slip_waits_nothing",
        SlipStanding::NotKnown => "slip_waits_not_known",
    });
    let mut pairs = vec![words.pair("slip_waits", waits)];
    if let SlipStanding::Ruling(due) = standing {
        pairs.push(words.pair("slip_due", due_text(due.as_ref(), words)));
        let rule = due.as_ref();
        pairs.extend(rule.map(|due| words.pair("slip_rule", &due.source)));
    }
    pairs
}

const fn standing_name(standing: &SlipStanding) -> &'static str {
    match standing {
        SlipStanding::Ruling(_) => "ruling",
        SlipStanding::Admission => "admission",
        SlipStanding::ActAsAnnounced => "act-as-announced",
        SlipStanding::Nothing => "nothing",
        SlipStanding::NotKnown => "not-known",
    }
}

fn due_text(due: Option<&Within>, words: Words) -> String {
    match due.map(|within| within.due) {
        Some(Due::On(day)) => day.to_string(),
        Some(Due::UnknownUntilCalendar { earliest, .. }) => {
            words.fill("slip_no_calendar", &[("day", &earliest.to_string())])
        }
        Some(Due::Stopped { .. } | Due::OutOfRange) | None => words.word("slip_no_rule"),
    }
}

/// Who holds the decision, and what they say that they did; of the others only how many.
fn holders(page: &mut Page, slip: &VerifiedSlip<'_>, words: Words) {
    let states = slip.states();
    let told = states.iter().filter(|(_, state)| is_told(state));
    let rows: Vec<_> = told
        .map(|(member, state)| {
            let holder = Holder::of(state);
            vec![
                named(slip, *member),
                words.code(holder.state),
                at_text(holder.at),
                holder.proof.map_or_else(|| "-".to_owned(), short),
            ]
        })
        .collect();
    let others = states.len() - rows.len();
    page.gap();
    if !rows.is_empty() {
        page.line(words.word("slip_holders"));
        let header = ["member", "state", "at", "proof"];
        let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
        page.table(&header, rows);
    }
    if others > 0 {
        let count = others.to_string();
        page.line(words.fill("slip_others", &[("count", &count)]));
    }
}

const fn is_told(state: &State) -> bool {
    !matches!(state, State::NeverGiven | State::NotKnown)
}

/// A state flat.
struct Holder<'s> {
    state: HolderCode,
    at: Option<Timestamp>,
    proof: Option<&'s StatementRef>,
}

impl<'s> Holder<'s> {
    const fn of(state: &'s State) -> Self {
        let (state, at, proof) = match state {
            State::Applied { receipt, at, .. } => (HolderCode::Applied, Some(*at), Some(receipt)),
            State::Refused { receipt, at, .. } => (HolderCode::Refused, Some(*at), Some(receipt)),
            State::Outstanding {
                since,
                given,
                target_not_held,
            } => {
                let proof = match target_not_held {
                    Some(said) => Some(said),
                    None => given.as_ref(),
                };
                (HolderCode::Outstanding, Some(*since), proof)
            }
            State::Lost { declared, .. } => (HolderCode::Lost, None, Some(declared)),
            State::NeverGiven => (HolderCode::NeverGiven, None, None),
            State::NotKnown => (HolderCode::NotKnown, None, None),
        };
        Self { state, at, proof }
    }
}

/// By when a quorum stood behind the head that covers the objection.
fn witnessed_by(slip: &VerifiedSlip<'_>) -> Option<Timestamp> {
    let head = slip.bundle().head(&slip.objection().reference().origin)?;
    head.quorum_by().and_then(instant)
}

fn instant(time: CosignatureTime) -> Option<Timestamp> {
    Timestamp::new(time.unix_seconds().saturating_mul(1_000)).ok()
}

fn named(slip: &VerifiedSlip<'_>, member: AuthorityCode) -> String {
    let name = name_of(slip.bundle().registry(), member).unwrap_or_default();
    format!("{member} {name}").trim_end().to_owned()
}

fn json(slip: &VerifiedSlip<'_>, now: Timestamp, words: Words) -> Value {
    let mut filed = filed_json(slip);
    filed["holders"] = holders_json(slip);
    json!({
        "verified": true,
        "slip": filed,
        "bytes": slip.bytes(),
        "digest": slip.digest().to_string(),
        "bundle": bundle::verified(slip.bundle(), now, words).json,
    })
}

fn filed_json(slip: &VerifiedSlip<'_>) -> Value {
    let objection = slip.objection();
    let receiver = objection.statement().header().issuer;
    let (said, standing) = (slip.said(), slip.standing());
    let awaits = standing_name(&standing);
    let due = match standing {
        SlipStanding::Ruling(due) => due,
        SlipStanding::Admission
        | SlipStanding::ActAsAnnounced
        | SlipStanding::Nothing
        | SlipStanding::NotKnown => None,
    };
    let rulings = slip.rulings();
    let rulings = rulings.iter().map(|ruling| {
        json!({
            "reference": ruling.reference.to_string(),
            "outcome": ruling.outcome.name(),
            "witnessed": ruling.is_witnessed,
        })
    });
    json!({
        "objection": objection.reference().to_string(),
        "received_by": receiver.as_str(),
        "received_by_name": name_of(slip.bundle().registry(), receiver),
        "received_on": said.map(|said| said.received_on().to_string()),
        "role": said.map(|said| said.role().name()),
        "ground": said.map(|said| said.ground().name()),
        "recorded_at": at_json(Some(objection.statement().payload().issued_at)),
        "witnessed_at": at_json(witnessed_by(slip)),
        "notice": ref_json(slip.notice().map(Verified::reference)),
        "with_decision": slip.is_with_decision(),
        "awaits": awaits,
        "due": due.as_ref().and_then(|due| match due.due {
            Due::On(day) => Some(day.to_string()),
            Due::UnknownUntilCalendar { .. } | Due::Stopped { .. } | Due::OutOfRange => None,
        }),
        "rule": due.as_ref().map(|due| due.rule.as_str()),
        "source": due.as_ref().map(|due| due.source.as_str()),
        "rulings": rulings.collect::<Value>(),
    })
}

fn holders_json(slip: &VerifiedSlip<'_>) -> Value {
    let states = slip.states();
    let holders = states.iter().map(|(member, state)| {
        let holder = Holder::of(state);
        json!({
            "member": member.as_str(),
            "state": holder.state.name(),
            "at": at_json(holder.at),
            "proof": ref_json(holder.proof),
        })
    });
    holders.collect()
}
