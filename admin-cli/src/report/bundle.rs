//! What a verified bundle shows.

use concordat_protocol::admin::{ActView, act_view, effect_view, noticed_view};
use concordat_protocol::bundle::{StatementReport, VerifiedBundle};
use concordat_protocol::effect::{Effect, Validity};
use concordat_protocol::limits::COSIGNATURE_AHEAD_MAX_MS;
use concordat_protocol::statement::{Class, Decision, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::Verified;
use serde_json::{Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::fields;
use crate::report::subject::{act_json, act_table, is_red};
use crate::report::{Report, Words, effect, recognition, short, yuan};
use crate::{clock, decision};

/// What was decided, who said it, what acts on it, its state, and up to where that is known.
// spec: ADM-64
pub(crate) fn verified(bundle: &VerifiedBundle<'_>, now: Timestamp, words: Words) -> Report {
    let report = bundle.report();
    let statement = &report.statement;
    let state = bundle.state();
    let acts = acts(bundle, state.as_ref().map(|state| &state.effect));
    let known = &report.horizon;
    let horizon = format!("{} / {} / {}", known.issuer, known.register, known.registry);
    let mut page = Page::default();
    page.line(words.word("verified"));
    let mut pairs = vec![
        words.pair("genesis", &report.registry.genesis),
        words.pair("reference", short(bundle.statement().reference())),
        words.pair("class", class(statement.class, words)),
        words.pair("issuer", issuer(statement)),
    ];
    match decision_of(bundle.statement()) {
        Some(decision) => pairs.extend(decided(decision, words)),
        None => pairs.push(words.pair("subject", &statement.subject)),
    }
    pairs.extend([
        words.pair("issued_at", instant(statement.issued_at)),
        words.pair("witnessed", words.yes_no(statement.witnessed)),
    ]);
    let effect = state.as_ref();
    let effect = effect.map(|state| effect_view(&state.effect, state.as_of));
    pairs.extend(effect::counts(effect.as_ref(), words));
    pairs.extend([
        words.pair("bundle_horizon", horizon),
        words.pair("bundle_digest", &report.digest),
    ]);
    page.pairs(&pairs);
    let times = report.heads.iter().filter_map(|head| head.quorum_at);
    let ahead = minutes_ahead(times, now);
    if let Some(minutes) = ahead {
        let minutes = minutes.to_string();
        page.gap();
        page.line(words.fill("cosigned_ahead", &[("minutes", &minutes)]));
    }
    let corrected = state
        .as_ref()
        .and_then(|state| corrected(bundle, &state.effect));
    let decision = decision_of(bundle.statement());
    for (key, decision) in [("decision", decision), ("corrected", corrected)] {
        if let Some(decision) = decision {
            page.gap();
            page.line(words.word(key));
            page.pairs(&fields::lines(decision.fields(), words));
        }
    }
    if !acts.is_empty() {
        page.gap();
        act_table(
            &mut page,
            acts.iter(),
            is_red(corrected.or(decision)),
            words,
        );
    }
    if !report.related.is_empty() {
        page.gap();
        let header = [
            "reference",
            "class",
            "issuer",
            "document_number",
            "witnessed",
        ];
        let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
        let rows = bundle.related().iter().zip(&report.related);
        page.table(&header, rows.map(|row| related_row(row, words)).collect());
    }
    page.gap();
    match &effect {
        Some(effect) => {
            let day = effect.as_of.to_string();
            page.line(words.fill("state_at", &[("day", &day)]));
            page.pairs(&effect::pairs(effect, &[], words));
        }
        None => page.line(words.word("state_not_shown")),
    }
    if let Some(found) = bundle.recognition() {
        let (receiver, day) = (found.receiver.to_string(), found.as_of.to_string());
        let blanks = [("receiver", &*receiver), ("day", &*day)];
        page.gap();
        page.line(words.fill("recognition_at", &blanks));
        let label = words.word("recognition");
        page.pairs(&recognition::pairs(&label, &found.answer, &[], words));
        for (party, newest) in shown_of_parties(bundle, found.receiver) {
            page.line(shown_up_to(party, newest, words));
        }
    }
    page.line(words.word("later_acts_note"));
    let mut json = serde_json::to_value(&report).unwrap_or_default();
    json["verified"] = json!(true);
    json["cosigned_ahead_minutes"] = json!(ahead);
    json["effect"] = json!(effect.as_ref().map(effect::json));
    json["recognition"] = json!(bundle.recognition().map(|found| json!({
        "receiver": found.receiver.as_str(),
        "as_of": found.as_of.to_string(),
        "answer": recognition::json(&found.answer),
        "shown": shown_of_parties(bundle, found.receiver).into_iter().map(|(party, newest)| json!({
            "member": party.as_str(),
            "newest": newest.map(ToString::to_string),
        })).collect::<Value>(),
    })));
    json["corrected"] = json!(corrected.map(|one| decision::to_json(one.fields())));
    json["acts"] = acts.iter().map(|act| act_of(act, &json["acts"])).collect();
    name_classes(&mut json);
    say(&mut json["statement"], bundle.statement());
    let related = json["related"].as_array_mut().into_iter().flatten();
    for (json, one) in related.zip(bundle.related()) {
        say(json, one);
    }
    Report::new(page, json)
}

/// The newest statement of either party that the file shows: whoever made it chose what is in it, and a retirement
/// behind that, or one that was left out, is not seen.
// spec: BUN-85
fn shown_of_parties<'b>(
    bundle: &'b VerifiedBundle<'_>,
    receiver: AuthorityCode,
) -> Vec<(AuthorityCode, Option<&'b StatementRef>)> {
    let issuer = bundle.statement().statement().header().issuer;
    let mut parties = vec![issuer, receiver];
    parties.dedup();
    let newest = |party| {
        let said = bundle.verified().chain(bundle.agreements());
        let said = said.filter(|one| one.statement().header().issuer == party);
        said.map(Verified::reference).max_by_key(|it| it.index)
    };
    let shown = parties.into_iter();
    shown.map(|party| (party, newest(party))).collect()
}

fn shown_up_to(party: AuthorityCode, newest: Option<&StatementRef>, words: Words) -> String {
    let member = ("member", party.as_str());
    match newest {
        Some(newest) => {
            let position = short(newest);
            words.fill("recognition_shown", &[member, ("position", &position)])
        }
        None => words.fill("recognition_not_shown", &[member]),
    }
}

/// How far cosignatures are dated ahead of a clock: one of the two is wrong, and with it how fresh all
/// this reads. `None` up to what clocks differ by.
// spec: ADM-168
fn minutes_ahead(times: impl Iterator<Item = u64>, now: Timestamp) -> Option<u64> {
    let ahead_ms = times.max()?.saturating_sub(now.value());
    (ahead_ms > COSIGNATURE_AHEAD_MAX_MS).then_some(ahead_ms / 60_000)
}

/// The decision as the newest correction that holds puts it.
fn corrected<'b>(bundle: &'b VerifiedBundle<'_>, effect: &Effect) -> Option<&'b Decision> {
    let Validity::Corrected { by } = &effect.validity else {
        return None;
    };
    let last = by.last()?;
    let mut acts = bundle.acts().iter();
    decision_of(acts.find(|act| act.reference() == last)?)
}

/// Acts that the bundle holds and those that only a notice tells of, ascending.
fn acts(bundle: &VerifiedBundle<'_>, effect: Option<&Effect>) -> Vec<ActView> {
    let (registry, horizon) = (bundle.registry(), bundle.effect_horizon());
    let history = bundle.history();
    let held = bundle.acts().iter().filter_map(|act| {
        let notice = bundle.notices_of(act.reference()).next();
        let notice = notice.map(|notice| notice.reference().index);
        let act = history.get(act.reference())?;
        Some(act_view(act, registry, &horizon, effect, notice))
    });
    let noticed = bundle
        .notices_without_act()
        .filter_map(|notice| noticed_view(notice, registry, &horizon, None));
    let mut acts: Vec<_> = held.chain(noticed).collect();
    acts.sort_by(|a, b| a.reference.cmp(&b.reference));
    acts
}

/// What a decision says that people ask for first, and whatever it orders.
fn decided(decision: &Decision, words: Words) -> Vec<(String, String)> {
    let fields = decision.fields();
    let subject = &fields.subject;
    let mut pairs = vec![
        words.pair("subject", format!("{} {}", subject.code(), subject.name())),
        words.pair("document_number", &fields.document_number),
        words.pair("item", &fields.item),
        words.pair("act_type", words.code(fields.act_type)),
        words.pair("decided_on", fields.decided_on),
    ];
    let classes: Vec<_> = fields.penalty_classes.iter().collect();
    if !classes.is_empty() {
        let names: Vec<_> = classes.into_iter().map(|one| words.code(*one)).collect();
        pairs.push(words.pair("penalty_classes", words.list(&names)));
    }
    for (key, fen) in [
        ("fine", fields.fine_fen),
        ("confiscation", fields.confiscation_fen),
    ] {
        pairs.extend(fen.map(|fen| words.pair(key, yuan(fen))));
    }
    for duty in &fields.duties {
        let content = duty.content.as_ref().map(ToString::to_string);
        let text = format!(
            "{} → {} {}",
            duty.measure,
            duty.until,
            content.unwrap_or_default()
        );
        pairs.push(words.pair("measure", text.trim_end()));
    }
    for (key, day) in [
        ("valid_until", fields.valid_until),
        ("publication_until", fields.publication_until),
    ] {
        pairs.extend(day.map(|day| words.pair(key, day)));
    }
    pairs.extend(
        fields
            .content
            .iter()
            .map(|content| words.pair("content", content)),
    );
    pairs
}

fn related_row((one, report): (&Verified, &StatementReport), words: Words) -> Vec<String> {
    let number = decision_of(one).map(|decision| decision.fields().document_number.to_string());
    vec![
        short(one.reference()),
        class(report.class, words),
        report.issuer_name.clone(),
        number.unwrap_or_default(),
        words.yes_no(report.witnessed),
    ]
}

fn decision_of(verified: &Verified) -> Option<&Decision> {
    verified.statement().payload().content.decision()
}

fn issuer(statement: &StatementReport) -> String {
    format!("{} {}", statement.issuer, statement.issuer_name)
}

/// An act with what the report says of the signature, where the bundle holds it.
fn act_of(act: &ActView, reports: &Value) -> Value {
    let same = |report: &&Value| {
        let index = act.reference.index.value();
        report["origin"] == act.reference.origin.to_string() && report["index"] == index
    };
    let found = reports.as_array().and_then(|list| list.iter().find(same));
    let mut all = found.cloned().unwrap_or_else(|| json!({}));
    if let (Value::Object(all), Value::Object(said)) = (&mut all, act_json(act)) {
        all.extend(said);
    }
    all
}

/// Puts a statement's reference and decision beside what the report says of it.
fn say(json: &mut Value, verified: &Verified) {
    let reference: &StatementRef = verified.reference();
    json["reference"] = json!(reference.to_string());
    let decision = decision_of(verified);
    json["decision"] = json!(decision.map(|one| decision::to_json(one.fields())));
}

/// Classes under their names, as everywhere.
fn name_classes(json: &mut Value) {
    match json {
        Value::Object(map) => {
            if let Some(code) = map.get("class").and_then(Value::as_u64) {
                let name = Class::from_code(code).map(Named::name);
                map.insert(
                    "class".to_owned(),
                    name.map_or_else(|| json!(code), |n| json!(n)),
                );
            }
            map.values_mut().for_each(name_classes);
        }
        Value::Array(list) => list.iter_mut().for_each(name_classes),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn class(code: u64, words: Words) -> String {
    Class::from_code(code).map_or_else(|| code.to_string(), |class| words.code(class))
}

fn instant(unix_ms: u64) -> String {
    Timestamp::new(unix_ms).map_or_else(|_| unix_ms.to_string(), clock::civil)
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: ADM-168
    #[test]
    fn cosignatures_ahead_of_the_clock_by_more_than_clocks_differ_are_told() {
        let now = Timestamp::new(1_772_400_000_000).unwrap();
        let ahead = |ms: &[u64]| minutes_ahead(ms.iter().map(|ms| now.value() + ms), now);
        assert_eq!(ahead(&[]), None);
        assert_eq!(ahead(&[0, 300_000]), None);
        assert_eq!(ahead(&[300_001, 0]), Some(5));
        assert_eq!(minutes_ahead([now.value() - 1].into_iter(), now), None);
    }
}
