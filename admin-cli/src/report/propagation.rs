//! Who has done what an act asks, holder by holder, and up to where that was read.

use concordat_protocol::admin::{
    HolderCode, HolderView, PropagatedView, PropagationView, ReachView,
};
use concordat_protocol::log::Origin;
use serde_json::{Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::{Report, Words, at_json, at_text, ref_json, short, short_origin};

/// What became of an act, or of every act on a decision.
// spec: ADM-272
pub(crate) fn propagation(view: &PropagationView, words: Words) -> Report {
    let mut page = Page::default();
    if view.acts.is_empty() {
        page.line(words.fill("no_act_on", &[("target", &short(&view.asked))]));
    }
    for act in &view.acts {
        act_page(&mut page, act, words);
        page.gap();
    }
    if let Some(left) = view.acts_left {
        page.line(words.headed(words.word("acts_left"), left));
        page.gap();
    }
    if !view.sees_all {
        page.line(words.word("not_for_this_node"));
        page.gap();
    }
    page.line(words.word("read_up_to"));
    let header = ["log", "read", "held_size", "witnessed_size"];
    let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
    let rows = view.horizon.iter().map(|reach| {
        let sizes = [reach.read, reach.held, reach.witnessed];
        let mut row = vec![short_origin(&reach.origin)];
        row.extend(sizes.map(|size| size.to_string()));
        row
    });
    page.table(&header, rows.collect());
    let json = json!({
        "asked": view.asked.to_string(),
        "at": at_json(Some(view.at)),
        "sees_all": view.sees_all,
        "acts": view.acts.iter().map(act_json).collect::<Value>(),
        "acts_left": view.acts_left,
        "horizon": view.horizon.iter().map(reach_json).collect::<Value>(),
    });
    Report::new(page, json)
}

fn act_page(page: &mut Page, act: &PropagatedView, words: Words) {
    let mut states = act.holders.iter().map(|holder| holder.state);
    let verdict = match (act.complete, act.closed) {
        (true, _) => words.word("propagation_complete"),
        (false, true) => words.word("propagation_closed"),
        // Neither complete nor not: nobody tells this node.
        (false, false) if states.any(|state| state == HolderCode::NotKnown) => {
            words.code(HolderCode::NotKnown)
        }
        (false, false) => words.word("propagation_open"),
    };
    page.pairs(&[
        words.pair("act", words.noted(short(&act.act), words.code(act.class))),
        words.pair("target", short(&act.target)),
        words.pair("issued_at", at_text(Some(act.issued_at))),
        words.pair("propagation", verdict),
        words.pair("never_given", act.never_given),
    ]);
    for log in &act.cut {
        page.line(words.fill("said_cut", &[("log", log.as_str())]));
    }
    if act.holders.is_empty() {
        return;
    }
    let header = ["member", "name", "state", "at", "proof"];
    let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
    let rows = act.holders.iter().map(|holder| {
        vec![
            holder.member.as_str().to_owned(),
            holder.name.clone(),
            state(holder, words),
            at_text(holder.at),
            proof(holder),
        ]
    });
    page.table(&header, rows.collect());
}

/// The state with what tells more of it.
fn state(holder: &HolderView, words: Words) -> String {
    let name = words.code(holder.state);
    let since = holder.state == HolderCode::Outstanding;
    let note = match (&holder.reason, holder.measures, &holder.target_not_held) {
        (Some(reason), ..) => Some(concordat_certs::wording::said(words.0, reason)),
        (None, Some(measures), _) => {
            let measures = measures.to_string();
            Some(words.fill("measures_changed", &[("count", &measures)]))
        }
        (None, None, Some(_)) => Some(words.word("target_not_held")),
        (None, None, None) => since.then(|| words.word("since_then")),
    };
    match note {
        Some(note) => words.noted(name, note),
        None => name,
    }
}

/// Where it is said: the receipt, or else what there is.
fn proof(holder: &HolderView) -> String {
    let said = [
        &holder.receipt,
        &holder.declared,
        &holder.target_not_held,
        &holder.given,
    ];
    let said = said.into_iter().flatten().next();
    said.map_or_else(|| "-".to_owned(), short)
}

fn act_json(act: &PropagatedView) -> Value {
    json!({
        "act": act.act.to_string(),
        "class": act.class.name(),
        "target": act.target.to_string(),
        "issued_at": at_json(Some(act.issued_at)),
        "complete": act.complete,
        "closed": act.closed,
        "never_given": act.never_given,
        "cut": act.cut.iter().map(Origin::as_str).collect::<Value>(),
        "holders": act.holders.iter().map(holder_json).collect::<Value>(),
    })
}

fn holder_json(holder: &HolderView) -> Value {
    json!({
        "member": holder.member.as_str(),
        "name": holder.name,
        "state": holder.state.name(),
        "receipt": ref_json(holder.receipt.as_ref()),
        "at": at_json(holder.at),
        "given": ref_json(holder.given.as_ref()),
        "reason": holder.reason,
        "measures": holder.measures,
        "target_not_held": ref_json(holder.target_not_held.as_ref()),
        "declared": ref_json(holder.declared.as_ref()),
    })
}

fn reach_json(reach: &ReachView) -> Value {
    json!({
        "origin": reach.origin.to_string(),
        "read": reach.read.value(),
        "held": reach.held.value(),
        "witnessed": reach.witnessed.value(),
    })
}
