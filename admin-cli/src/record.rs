//! A record as a TOML file and as JSON: the same names in both, those of the fields.

use std::path::Path;

use concordat_protocol::admin::{RecordAsk, RecordSaid, Target, record_fields, reference_key};
use concordat_protocol::codec::Truth;
use concordat_protocol::statement::{Class, Month};
use concordat_protocol::text::Text;
use serde_json::{Map, Value, json};

use crate::decision::{
    basis, basis_json, code, day, duty, duty_json, list, measure, remedy, remedy_json, service,
    service_json, subject, unfit, wanted,
};
use crate::failure::Failure;
use crate::names::{self, Named};
use crate::parse;

/// Keys that a record of any class can have.
const COMMON: [&str; 4] = ["class", "subject", "item", "day"];

/// The class of a record by its name.
///
/// # Errors
/// `bad-choice` with the names that there are.
pub(crate) fn class(argument: &str, name: &str) -> Result<Class, Failure> {
    let mut records = Class::ALL.iter().filter(|class| class.is_record());
    let found = records.clone().find(|class| class.name() == name);
    found.copied().ok_or_else(|| {
        let known: Vec<_> = records.by_ref().map(|class| class.name()).collect();
        let failure = Failure::usage("bad-choice").with("argument", argument);
        failure.with("value", name).with("known", known.join(", "))
    })
}

/// Reads a record.
///
/// # Errors
/// `file-refused` with line and column, `record-field` for a key that the class has not, `bad-value` and
/// `bad-choice` with the key.
// spec: ADM-261
pub(crate) fn parse(text: &str, path: &Path) -> Result<RecordAsk, Failure> {
    let refused = |cause: &dyn std::fmt::Display| {
        let failure = Failure::usage("file-refused").path(path);
        failure.with("cause", cause)
    };
    let table: toml::Table = toml::from_str(text).map_err(|error| refused(&error))?;
    let Some(named) = table.get("class").and_then(toml::Value::as_str) else {
        return Err(Failure::usage("record-class").path(path));
    };
    let mut ask = empty(class("class", named)?);
    for (key, value) in &table {
        let value = plain(value);
        if is_unfilled(&value) {
            return Err(Failure::usage("record-unfilled").with("field", key));
        }
        set(&mut ask, key, &value)?;
    }
    Ok(ask)
}

/// A request for a record that says nothing yet.
pub(crate) fn empty(class: Class) -> RecordAsk {
    RecordAsk {
        class,
        subject: None,
        item: None,
        day: None,
        refers_to: Vec::new(),
        agreement: None,
        said: Box::default(),
        issuer: None,
        dry_run: false,
    }
}

/// The value as JSON has it; a day without quotes is a day all the same.
fn plain(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(truth) => json!(truth),
        toml::Value::Datetime(at) => json!(at.to_string()),
        toml::Value::Array(values) => values.iter().map(plain).collect(),
        toml::Value::Table(table) => {
            let fields = table.iter().map(|(key, value)| (key.clone(), plain(value)));
            Value::Object(fields.collect())
        }
    }
}

/// What a template has where somebody is to write.
pub(crate) const UNFILLED: &str = "…";

/// Whether a value still has what the template had: nobody means to sign that.
// spec: ADM-263
fn is_unfilled(value: &Value) -> bool {
    match value {
        Value::String(text) => text == UNFILLED,
        Value::Array(values) => values.iter().any(is_unfilled),
        Value::Object(fields) => fields.values().any(is_unfilled),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn set(ask: &mut RecordAsk, key: &str, value: &Value) -> Result<(), Failure> {
    let class = ask.class;
    if reference_key(class) == Some(key) {
        ask.refers_to = references(key, value)?;
        return Ok(());
    }
    let is_measure = class == Class::Measure;
    match key {
        "class" => {}
        "subject" => ask.subject = Some(subject(key, value)?),
        "item" => ask.item = Some(code(key, value)?),
        "day" => ask.day = Some(day(key, value)?),
        "agreement" if is_measure => {
            ask.agreement = Some(parse::target(key, wanted(key, value)?)?);
        }
        _ if record_fields(class).iter().any(|(name, _)| *name == key) => {
            apply(&mut ask.said, key, value)?;
        }
        _ => return Err(no_field(class, key)),
    }
    Ok(())
}

/// A key that a record of the class has not: a slip of the pen, and what it says would be lost.
fn no_field(class: Class, key: &str) -> Failure {
    Failure::usage("record-field")
        .with("field", key)
        .with("class", class.name())
        .with("known", keys(class).join(", "))
}

/// The keys that a file for a record of a class can have, in the order of the template.
pub(crate) fn keys(class: Class) -> Vec<&'static str> {
    let agreement = (class == Class::Measure).then_some("agreement");
    let fields = record_fields(class).iter().map(|(name, _)| *name);
    let common = COMMON.into_iter().chain(reference_key(class));
    common.chain(agreement).chain(fields).collect()
}

fn references(key: &str, value: &Value) -> Result<Vec<Target>, Failure> {
    match value {
        Value::String(text) => Ok(vec![parse::target(key, text)?]),
        _ => list(key, value, |key, value| {
            parse::target(key, wanted(key, value)?)
        }),
    }
}

fn text<const MAX: usize>(name: &str, value: &Value) -> Result<Option<Text<MAX>>, Failure> {
    parse::text(name, wanted(name, value)?).map(Some)
}

fn choice<T: Named>(name: &str, value: &Value) -> Result<Option<T>, Failure> {
    names::parse(name, wanted(name, value)?).map(Some)
}

/// That something is not so is said by leaving it out.
fn truth(name: &str, value: &Value) -> Result<Option<Truth>, Failure> {
    match value.as_bool() {
        Some(true) => Ok(Some(Truth)),
        Some(false) | None => Err(unfit(name, value, "true is wanted, or no such line at all")),
    }
}

pub(crate) fn month(name: &str, text: &str) -> Result<Month, Failure> {
    let month = Month::parse(text);
    month.ok_or_else(|| Failure::value(name, text, "YEAR-MONTH is wanted, as 2026-11"))
}

fn apply(said: &mut RecordSaid, name: &str, value: &Value) -> Result<(), Failure> {
    match name {
        "kind" => said.kind = choice(name, value)?,
        "promise" => said.promise = text(name, value)?,
        "due_on" => said.due_on = Some(day(name, value)?),
        "result" => said.result = choice(name, value)?,
        "findings" => said.findings = text(name, value)?,
        "declares" => said.declares = text(name, value)?,
        "truthful" => said.truthful = truth(name, value)?,
        "grade" => said.grade = text(name, value)?,
        "scheme" => said.scheme = text(name, value)?,
        "edition" => said.edition = text(name, value)?,
        "period_from" => said.period_from = Some(day(name, value)?),
        "period_until" => said.period_until = Some(day(name, value)?),
        "interview" => said.interview = choice(name, value)?,
        "said" => said.said = text(name, value)?,
        "correct" => said.correct = text(name, value)?,
        "correct_by" => said.correct_by = Some(day(name, value)?),
        "measure" => said.measure = Some(measure(name, value)?),
        "from" => said.from = Some(day(name, value)?),
        "until" => said.until = Some(day(name, value)?),
        "force" => said.force = choice(name, value)?,
        "clause" => said.clause = text(name, value)?,
        "case_number" => said.case_number = text(name, value)?,
        "to" => {
            said.to = list(name, value, |name, value| {
                parse::authority(name, wanted(name, value)?)
            })?;
        }
        "measures" => said.measures = list(name, value, duty)?,
        "from_above" => said.from_above = truth(name, value)?,
        "answer" => said.answer = choice(name, value)?,
        "article" => said.article = Some(basis(name, value)?),
        "month" => said.month = Some(month(name, wanted(name, value)?)?),
        "execution" => said.execution = choice(name, value)?,
        "verification" => said.verification = choice(name, value)?,
        "reasons" => said.reasons = text(name, value)?,
        "basis" => said.basis = list(name, value, basis)?,
        "service" => said.service = Some(service(name, value)?),
        "valid_until" => said.valid_until = Some(day(name, value)?),
        "publication_until" => said.publication_until = Some(day(name, value)?),
        "remedies" => said.remedies = list(name, value, remedy)?,
        "from_code" => said.from_code = Some(parse::subject(name, wanted(name, value)?)?),
        _ => return Err(Failure::usage("unknown-field").with("field", name)),
    }
    Ok(())
}

/// What a record says, under the names that a file has. Absent fields are left out.
pub(crate) fn to_json(said: &RecordSaid) -> Map<String, Value> {
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            map.insert(name.to_owned(), value);
        }
    };
    put("kind", json!(said.kind.map(Named::name)));
    put("promise", json!(said.promise.as_ref().map(Text::as_str)));
    put("due_on", json!(said.due_on.map(|day| day.to_string())));
    put("result", json!(said.result.map(Named::name)));
    put("findings", json!(said.findings.as_ref().map(Text::as_str)));
    put("declares", json!(said.declares.as_ref().map(Text::as_str)));
    put("truthful", json!(said.truthful.map(|_| true)));
    put("grade", json!(said.grade.as_ref().map(Text::as_str)));
    put("scheme", json!(said.scheme.as_ref().map(Text::as_str)));
    put("edition", json!(said.edition.as_ref().map(Text::as_str)));
    put(
        "period_from",
        json!(said.period_from.map(|day| day.to_string())),
    );
    put(
        "period_until",
        json!(said.period_until.map(|day| day.to_string())),
    );
    put("interview", json!(said.interview.map(Named::name)));
    put("said", json!(said.said.as_ref().map(Text::as_str)));
    put("correct", json!(said.correct.as_ref().map(Text::as_str)));
    put(
        "correct_by",
        json!(said.correct_by.map(|day| day.to_string())),
    );
    let applied = said.measure.as_ref();
    put("measure", json!(applied.map(|one| one.as_str())));
    put("from", json!(said.from.map(|day| day.to_string())));
    put("until", json!(said.until.map(|day| day.to_string())));
    put("force", json!(said.force.map(Named::name)));
    put("clause", json!(said.clause.as_ref().map(Text::as_str)));
    put(
        "case_number",
        json!(said.case_number.as_ref().map(Text::as_str)),
    );
    put(
        "to",
        said.to.iter().map(|one| json!(one.as_str())).collect(),
    );
    put("measures", said.measures.iter().map(duty_json).collect());
    put("from_above", json!(said.from_above.map(|_| true)));
    put("answer", json!(said.answer.map(Named::name)));
    put("article", json!(said.article.as_ref().map(basis_json)));
    put("month", json!(said.month.map(|month| month.to_string())));
    put("execution", json!(said.execution.map(Named::name)));
    put("verification", json!(said.verification.map(Named::name)));
    put("reasons", json!(said.reasons.as_ref().map(Text::as_str)));
    put("basis", said.basis.iter().map(basis_json).collect());
    put("service", json!(said.service.as_ref().map(service_json)));
    put(
        "valid_until",
        json!(said.valid_until.map(|day| day.to_string())),
    );
    put(
        "publication_until",
        json!(said.publication_until.map(|day| day.to_string())),
    );
    put("remedies", said.remedies.iter().map(remedy_json).collect());
    put(
        "from_code",
        json!(said.from_code.map(|code| code.to_string())),
    );
    map
}
