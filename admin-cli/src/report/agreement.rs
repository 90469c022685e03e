//! Agreements: their words, who has approved them, and how they stand.

use concordat_certs::summary::Summary;
use concordat_protocol::admin::{
    AgreementLogged, AgreementView, AgreementsView, DoubtView, PartyView, StatementView, WordView,
};
use concordat_protocol::statement::{Accession, Agreement, Clause, Retirement};
use concordat_protocol::subject::AuthorityCode;
use serde_json::{Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::{Report, Words, day_json, recognition, ref_json, short, summary};

/// Every word of an agreement that is logged.
pub(crate) fn agreement_words(agreement: &Agreement, words: Words) -> Report {
    summary(&Summary::of_agreement(agreement, words.0), &[], words)
}

/// The same, labelled.
pub(super) fn lines(agreement: &Agreement, words: Words) -> Vec<(String, String)> {
    let summary = Summary::of_agreement(agreement, words.0);
    let lines = summary.lines().iter();
    lines
        .map(|line| (line.label.to_owned(), line.value.clone()))
        .collect()
}

/// What an accession or a retirement says.
pub(super) fn word_pairs(view: &StatementView, words: Words) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    if let Some(said) = &view.accession {
        pairs.push(words.pair("agreement", short(&said.agreement)));
        pairs.push(words.pair("party_from", said.from));
    }
    if let Some(said) = &view.retirement {
        pairs.push(words.pair("agreement", short(&said.first)));
        pairs.push(words.pair("version", said.version));
        pairs.push(words.pair("no_party_from", said.from));
        pairs.push(words.pair("reasons", &said.reasons));
    }
    pairs
}

/// Adds who has approved.
pub(crate) fn parties(mut report: Report, view: &AgreementLogged, words: Words) -> Report {
    let pairs: Vec<_> = view.parties.iter().map(|one| party(one, words)).collect();
    report.page.gap();
    report.page.pairs(&pairs);
    report.json["parties"] = view.parties.iter().map(party_json).collect();
    doubts(report, &view.doubts, words)
}

/// Adds what is doubtful about an agreement, each with what it is about.
// spec: ADM-382
pub(crate) fn doubts(mut report: Report, doubts: &[DoubtView], words: Words) -> Report {
    for one in doubts {
        let line = words.headed(words.code(one.what), &one.named);
        report.page.line(line);
    }
    report.json["doubts"] = doubts_json(doubts);
    report
}

fn doubts_json(doubts: &[DoubtView]) -> Value {
    let view = |one: &DoubtView| json!({ "what": one.what.name(), "named": one.named });
    doubts.iter().map(view).collect()
}

/// An agreement that is logged, or who is still lacking.
// spec: ADM-237
pub(crate) fn logged(view: &AgreementLogged, words: Words) -> Report {
    let mut page = Page::default();
    let mut pairs = Vec::new();
    match &view.reference {
        Some(reference) => {
            pairs.push(words.pair("recorded_as", short(reference)));
            pairs.push(words.pair("witnessed", words.yes_no(view.witnessed)));
        }
        None => page.line(words.word("dry_run_note")),
    }
    // spec: AGR-63
    if view.already.is_some() {
        page.line(words.word("agreement_logged_already"));
    }
    pairs.extend(view.parties.iter().map(|one| party(one, words)));
    page.pairs(&pairs);
    let json = json!({
        "dry_run": view.reference.is_none(),
        "already": view.already.is_some(),
        "reference": ref_json(view.reference.as_ref()),
        "witnessed": view.witnessed,
        "parties": view.parties.iter().map(party_json).collect::<Value>(),
    });
    doubts(Report::new(page, json), &view.doubts, words)
}

fn party(one: &PartyView, words: Words) -> (String, String) {
    let name = one.name.clone().unwrap_or_default();
    let who = format!("{} {name}", one.member);
    let said = match one.approved {
        Some(_) => "party_approved",
        None => "party_lacking",
    };
    let value = words.headed(who.trim_end(), words.word(said));
    words.pair("party", value)
}

fn party_json(one: &PartyView) -> Value {
    json!({
        "member": one.member.as_str(),
        "name": one.name,
        "approved": one.approved.is_some(),
    })
}

/// Agreements of a party.
// spec: ADM-243
pub(crate) fn agreements(view: &AgreementsView, words: Words) -> Report {
    let mut page = Page::default();
    page.pairs(&[
        words.pair("party", view.party),
        words.pair("as_of", view.as_of),
        words.pair(
            "versions",
            format!("{} / {}", view.agreements.len(), view.total),
        ),
    ]);
    if view.too_many.is_some() {
        page.line(words.word("too_many_agreements"));
    }
    for one in &view.agreements {
        page.gap();
        page.pairs(&pairs(one, words));
    }
    recognition::cut(&mut page, &view.cut, words);
    if let Some(skip) = view.next_skip {
        page.line(words.fill("more_versions", &[("skip", &skip.to_string())]));
    }
    let json = json!({
        "as_of": view.as_of.to_string(),
        "party": view.party.as_str(),
        "total": view.total,
        "next_skip": view.next_skip,
        "agreements": view.agreements.iter().map(one_json).collect::<Value>(),
        "agreements_cut": recognition::cut_json(&view.cut),
        "too_many": view.too_many.is_some(),
    });
    Report::new(page, json)
}

fn pairs(one: &AgreementView, words: Words) -> Vec<(String, String)> {
    let mut state = words.code(one.state);
    if !one.in_force_with.is_empty() {
        state = words.headed(state, codes(&one.in_force_with, words));
    }
    let until = one.until.map(|until| until.to_string());
    let parties = one.parties.iter().map(|party| {
        let name = party.name.clone().unwrap_or_default();
        format!("{} {name}", party.member).trim_end().to_owned()
    });
    let mut pairs = vec![
        words.pair("reference", short(&one.reference)),
        words.pair("agreement", format!("《{}》 v{}", one.title, one.version)),
        words.pair("state", state),
        words.pair(
            "runs",
            format!("{} – {}", one.from, until.unwrap_or_default()).trim_end(),
        ),
        words.pair("parties", words.list(&parties.collect::<Vec<_>>())),
        words.pair("open_to_join", words.yes_no(one.open.is_some())),
        words.pair("clauses", one.clauses),
        words.pair("witnessed", words.yes_no(one.witnessed)),
    ];
    if let Some(first) = &one.first {
        pairs.push(words.pair("first_version", short(first)));
    }
    for word in &one.acceded {
        pairs.push(words.pair("acceded", said(word)));
    }
    for word in &one.retired {
        let reasons = word.reasons.clone().unwrap_or_default();
        let version = word.version.unwrap_or_default();
        let text = words.headed(format!("{} v{version}", said(word)), reasons);
        pairs.push(words.pair("retired_by", text));
    }
    pairs
}

fn said(word: &WordView) -> String {
    format!("{} {} ({})", word.member, word.from, short(&word.reference))
}

fn codes(codes: &[AuthorityCode], words: Words) -> String {
    let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
    words.list(&codes)
}

fn one_json(one: &AgreementView) -> Value {
    json!({
        "reference": one.reference.to_string(),
        "first": ref_json(one.first.as_ref()),
        "title": one.title,
        "version": one.version,
        "parties": one.parties.iter().map(|party| json!({
            "member": party.member.as_str(),
            "name": party.name,
        })).collect::<Value>(),
        "open": one.open.is_some(),
        "from": one.from.to_string(),
        "until": day_json(one.until),
        "clauses": one.clauses,
        "witnessed": one.witnessed,
        "state": one.state.name(),
        "in_force_with": one.in_force_with.iter().map(AuthorityCode::as_str).collect::<Value>(),
        "acceded": one.acceded.iter().map(word_json).collect::<Value>(),
        "retired": one.retired.iter().map(word_json).collect::<Value>(),
    })
}

fn word_json(word: &WordView) -> Value {
    json!({
        "member": word.member.as_str(),
        "from": word.from.to_string(),
        "reference": word.reference.to_string(),
        "witnessed": word.witnessed,
        "version": word.version,
        "reasons": word.reasons,
    })
}

/// Every field of an agreement.
pub(super) fn json(agreement: &Agreement) -> Value {
    let fields = agreement.fields();
    json!({
        "title": fields.title.as_str(),
        "version": fields.version,
        "first": ref_json(fields.first.as_ref()),
        "parties": fields.parties.iter().map(AuthorityCode::as_str).collect::<Value>(),
        "from": fields.from.to_string(),
        "until": day_json(fields.until),
        "open": fields.open.is_some(),
        "clauses": fields.clauses.iter().map(clause_json).collect::<Value>(),
    })
}

fn clause_json(clause: &Clause) -> Value {
    json!({
        "number": clause.number.as_str(),
        "issuers": clause.issuers.iter().map(AuthorityCode::as_str).collect::<Value>(),
        "receivers": clause.receivers.iter().map(AuthorityCode::as_str).collect::<Value>(),
        "items": clause.items.iter().map(|item| item.as_str()).collect::<Value>(),
        "act_types": clause.act_types.iter().map(|one| one.name()).collect::<Value>(),
        "measures": clause.measures.iter().map(|one| json!({
            "measure": one.measure.as_str(),
            "force": one.force.name(),
            "law": one.basis.law.as_str(),
            "article": one.basis.article.as_str(),
            "level": one.basis.level.name(),
        })).collect::<Value>(),
        "decided_from": day_json(clause.decided_from),
        "decided_until": day_json(clause.decided_until),
        "local_basis": clause.local_basis.is_some(),
    })
}

pub(super) fn accession_json(said: &Accession) -> Value {
    json!({
        "agreement": said.agreement.to_string(),
        "from": said.from.to_string(),
    })
}

pub(super) fn retirement_json(said: &Retirement) -> Value {
    json!({
        "agreement": said.first.to_string(),
        "version": said.version,
        "from": said.from.to_string(),
        "reasons": said.reasons.as_str(),
    })
}
