//! A decision as JSON with named fields, and changes to one in the same form.

use concordat_protocol::statement::{
    Code, DecisionFields, Duty, LegalBasis, Listing, Measure, Quarter, Remedy, Service,
};
use concordat_protocol::subject::{Subject, SubjectCheck};
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::json;
use crate::names::{self, Named};
use crate::parse;

/// The fields as JSON. Absent fields are left out.
pub(crate) fn to_json(fields: &DecisionFields) -> Value {
    let subject = &fields.subject;
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            map.insert(name.to_owned(), value);
        }
    };
    put(
        "subject",
        json!({
            "code": subject.code().to_string(),
            "name": subject.name().as_str(),
            "form": subject.form().name(),
            "registrar_reference": subject.check().registrar_reference().map(Text::as_str),
        }),
    );
    put("document_number", json!(fields.document_number.as_str()));
    put("act_type", json!(fields.act_type.name()));
    put("item", json!(fields.item.as_str()));
    put("decided_on", json!(fields.decided_on.to_string()));
    put(
        "service",
        fields.service.as_ref().map_or(Value::Null, service_json),
    );
    put("basis", fields.basis.iter().map(basis_json).collect());
    put("facts", json!(fields.facts.as_ref().map(Text::as_str)));
    put("content", json!(fields.content.as_ref().map(Text::as_str)));
    put(
        "penalty_classes",
        fields
            .penalty_classes
            .iter()
            .map(|class| json!(class.name()))
            .collect(),
    );
    put("fine_fen", json!(fields.fine_fen));
    put("confiscation_fen", json!(fields.confiscation_fen));
    put("duties", fields.duties.iter().map(duty_json).collect());
    put(
        "valid_from",
        json!(fields.valid_from.map(|day| day.to_string())),
    );
    put(
        "valid_until",
        json!(fields.valid_until.map(|day| day.to_string())),
    );
    put(
        "publication_until",
        json!(fields.publication_until.map(|day| day.to_string())),
    );
    put(
        "remedies",
        fields.remedies.iter().map(remedy_json).collect(),
    );
    put(
        "reissues",
        json!(fields.reissues.as_ref().map(ToString::to_string)),
    );
    put(
        "rests_on",
        fields
            .rests_on
            .iter()
            .map(|one| json!(one.to_string()))
            .collect(),
    );
    put("synthetic", json!(fields.synthetic));
    put("source", json!(fields.source.as_ref().map(Text::as_str)));
    put(
        "published_on",
        json!(fields.published_on.map(|day| day.to_string())),
    );
    put(
        "listing",
        fields.listing.as_ref().map_or(Value::Null, listing_json),
    );
    Value::Object(map)
}

/// Applies changes: an object whose members replace fields of the same name, `null` to clear one.
/// References cannot be changed: they belong to the chain.
///
/// # Errors
/// `unknown-field` and `bad-value` with the name of the field.
pub(crate) fn apply(
    fields: &mut DecisionFields,
    changes: &Map<String, Value>,
) -> Result<(), Failure> {
    for (name, value) in changes {
        apply_one(fields, name, value)?;
    }
    Ok(())
}

/// `name=value` as a change. The value is JSON where it is, and text otherwise.
///
/// # Errors
/// `bad-value` without an equals sign, `field-twice` where an object says a field twice.
pub(crate) fn assignment(text: &str) -> Result<(String, Value), Failure> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| Failure::value("--set", text, "FIELD=VALUE"))?;
    let parsed = match json::read(value.as_bytes(), |_| Failure::usage("bad-value")) {
        Ok(parsed @ (Value::Null | Value::Array(_) | Value::Object(_))) => parsed,
        Ok(Value::String(text)) => Value::String(text),
        // spec: ADM-175
        Err(failure) if failure.key == "field-twice" => return Err(failure),
        Ok(Value::Number(_) | Value::Bool(_)) | Err(_) => Value::String(value.to_owned()),
    };
    Ok((name.trim().to_owned(), parsed))
}

fn apply_one(fields: &mut DecisionFields, name: &str, value: &Value) -> Result<(), Failure> {
    match name {
        "subject" => fields.subject = subject(name, value)?,
        "document_number" => fields.document_number = parse::text(name, wanted(name, value)?)?,
        "act_type" => fields.act_type = names::parse(name, wanted(name, value)?)?,
        "item" => fields.item = code(name, value)?,
        "decided_on" => fields.decided_on = parse::day(name, wanted(name, value)?)?,
        "service" => fields.service = optional(value, |value| service(name, value))?,
        "basis" => fields.basis = list(name, value, basis)?,
        "facts" => fields.facts = optional(value, |value| parse::text(name, wanted(name, value)?))?,
        "content" => {
            fields.content = optional(value, |value| parse::text(name, wanted(name, value)?))?;
        }
        "penalty_classes" => {
            fields.penalty_classes = list(name, value, |name, value| {
                names::parse(name, wanted(name, value)?)
            })?;
        }
        "fine_fen" => fields.fine_fen = optional(value, |value| whole(name, value))?,
        "confiscation_fen" => {
            fields.confiscation_fen = optional(value, |value| whole(name, value))?
        }
        "duties" => fields.duties = list(name, value, duty)?,
        "valid_from" => fields.valid_from = optional(value, |value| day(name, value))?,
        "valid_until" => fields.valid_until = optional(value, |value| day(name, value))?,
        "publication_until" => {
            fields.publication_until = optional(value, |value| day(name, value))?
        }
        "remedies" => fields.remedies = list(name, value, remedy)?,
        "source" => {
            fields.source = optional(value, |value| parse::text(name, wanted(name, value)?))?
        }
        "published_on" => fields.published_on = optional(value, |value| day(name, value))?,
        "listing" => fields.listing = optional(value, |value| listing(name, value))?,
        // What a decision rests on and which of its fields are made up is not the tool's to change;
        // a file that was shown and edited holds them all the same.
        "reissues" | "rests_on" | "synthetic" if to_json(fields).get(name) == Some(value) => {}
        _ => return Err(Failure::usage("unknown-field").with("field", name)),
    }
    Ok(())
}

pub(crate) fn subject(name: &str, value: &Value) -> Result<Subject, Failure> {
    let of = Fields::of(
        name,
        value,
        &["code", "name", "form", "registrar_reference"],
    )?;
    let reference = of.optional("registrar_reference", |name, value| {
        parse::text(name, wanted(name, value)?)
    })?;
    let made = Subject::new(
        of.read("code", |name, value| {
            parse::subject(name, wanted(name, value)?)
        })?,
        SubjectCheck::from_reference(reference),
        of.read("form", |name, value| {
            names::parse(name, wanted(name, value)?)
        })?,
        of.read("name", |name, value| {
            parse::text(name, wanted(name, value)?)
        })?,
    );
    made.map_err(|error| Failure::value(name, "…", error))
}

pub(crate) fn service(name: &str, value: &Value) -> Result<Service, Failure> {
    let of = Fields::of(name, value, &["on", "way"])?;
    Ok(Service {
        on: of.read("on", day)?,
        way: of.read("way", |name, value| {
            names::parse(name, wanted(name, value)?)
        })?,
    })
}

fn listing(name: &str, value: &Value) -> Result<Listing, Failure> {
    let of = Fields::of(
        name,
        value,
        &[
            "pre_notice",
            "exit_conditions",
            "exit_procedure",
            "group",
            "quarter",
        ],
    )?;
    let text = |field: &str| of.read(field, |name, value| parse::text(name, wanted(name, value)?));
    Ok(Listing {
        pre_notice: of.optional("pre_notice", service)?,
        exit_conditions: text("exit_conditions")?,
        exit_procedure: text("exit_procedure")?,
        group: of.optional("group", |name, value| {
            names::parse(name, wanted(name, value)?)
        })?,
        quarter: of.optional("quarter", quarter)?,
    })
}

/// A quarter as `2026-1`.
fn quarter(name: &str, value: &Value) -> Result<Quarter, Failure> {
    let text = wanted(name, value)?;
    let parts = text.split_once('-');
    let numbers = parts.and_then(|(year, of)| Some((year.parse().ok()?, of.parse().ok()?)));
    let quarter = numbers.and_then(|(year, of)| Quarter::new(year, of));
    quarter.ok_or_else(|| unfit(name, value, "YEAR-QUARTER is wanted, as 2026-1"))
}

pub(crate) fn basis(name: &str, value: &Value) -> Result<LegalBasis, Failure> {
    let of = Fields::of(name, value, &["law", "article", "level"])?;
    Ok(LegalBasis {
        law: of.read("law", |name, value| parse::text(name, wanted(name, value)?))?,
        article: of.read("article", |name, value| {
            parse::text(name, wanted(name, value)?)
        })?,
        level: of.read("level", |name, value| {
            names::parse(name, wanted(name, value)?)
        })?,
    })
}

pub(crate) fn duty(name: &str, value: &Value) -> Result<Duty, Failure> {
    let of = Fields::of(name, value, &["measure", "until", "content"])?;
    Ok(Duty {
        measure: of.read("measure", measure)?,
        until: of.read("until", day)?,
        content: of.optional("content", |name, value| {
            parse::text(name, wanted(name, value)?)
        })?,
    })
}

pub(crate) fn remedy(name: &str, value: &Value) -> Result<Remedy, Failure> {
    let of = Fields::of(name, value, &["kind", "body", "within_days"])?;
    let kind = of.read("kind", |name, value| {
        names::parse(name, wanted(name, value)?)
    });
    Ok(Remedy {
        kind: kind?,
        body: of.read("body", |name, value| {
            parse::text(name, wanted(name, value)?)
        })?,
        within_days: of.read("within_days", |name, value| {
            let days = whole(name, value)?;
            u32::try_from(days).map_err(|error| Failure::value(name, &days.to_string(), error))
        })?,
    })
}

/// The fields of an object; a failure names the object and the field.
struct Fields<'v> {
    name: &'v str,
    object: &'v Map<String, Value>,
}

impl<'v> Fields<'v> {
    /// The fields that an object may have; one more may be a slip of the pen, and would be lost.
    // spec: ADM-222
    fn of(name: &'v str, value: &'v Value, known: &[&str]) -> Result<Self, Failure> {
        let object = value.as_object();
        let object = object.ok_or_else(|| unfit(name, value, "an object is wanted"))?;
        match object.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => {
                let field = format!("{name}.{key}");
                Err(Failure::usage("unknown-field").with("field", field))
            }
            None => Ok(Self { name, object }),
        }
    }

    fn read<T>(
        &self,
        field: &str,
        read: impl FnOnce(&str, &Value) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let value = self.object.get(field).unwrap_or(&Value::Null);
        read(&format!("{}.{field}", self.name), value)
    }

    fn optional<T>(
        &self,
        field: &str,
        read: impl FnOnce(&str, &Value) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        self.read(field, |name, value| {
            optional(value, |value| read(name, value))
        })
    }
}

/// A value of another shape than the field has.
pub(crate) fn unfit(name: &str, value: &Value, wanted: &str) -> Failure {
    Failure::value(name, &value.to_string(), wanted)
}

pub(crate) fn basis_json(basis: &LegalBasis) -> Value {
    json!({"law": basis.law.as_str(), "article": basis.article.as_str(), "level": basis.level.name()})
}

pub(crate) fn service_json(service: &Service) -> Value {
    json!({"on": service.on.to_string(), "way": service.way.name()})
}

pub(crate) fn listing_json(listing: &Listing) -> Value {
    let quarter = |of: Quarter| format!("{}-{}", of.year(), of.quarter());
    let mut map = Map::new();
    if let Some(told) = &listing.pre_notice {
        map.insert("pre_notice".to_owned(), service_json(told));
    }
    let (conditions, procedure) = (&listing.exit_conditions, &listing.exit_procedure);
    map.insert("exit_conditions".to_owned(), json!(conditions.as_str()));
    map.insert("exit_procedure".to_owned(), json!(procedure.as_str()));
    if let Some(group) = listing.group {
        map.insert("group".to_owned(), json!(group.name()));
    }
    if let Some(of) = listing.quarter {
        map.insert("quarter".to_owned(), json!(quarter(of)));
    }
    Value::Object(map)
}

pub(crate) fn duty_json(duty: &Duty) -> Value {
    let content = duty.content.as_ref().map(Text::as_str);
    json!({"measure": duty.measure.as_str(), "until": duty.until.to_string(), "content": content})
}

pub(crate) fn remedy_json(remedy: &Remedy) -> Value {
    let (kind, body) = (remedy.kind.name(), remedy.body.as_str());
    json!({"kind": kind, "body": body, "within_days": remedy.within_days})
}

fn optional<T>(
    value: &Value,
    read: impl FnOnce(&Value) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    match value.is_null() {
        true => Ok(None),
        false => read(value).map(Some),
    }
}

pub(crate) fn list<T>(
    name: &str,
    value: &Value,
    read: impl Fn(&str, &Value) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) => values.iter().map(|value| read(name, value)).collect(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err(unfit(name, value, "an array is wanted"))
        }
    }
}

pub(crate) fn wanted<'v>(name: &str, value: &'v Value) -> Result<&'v str, Failure> {
    value
        .as_str()
        .ok_or_else(|| unfit(name, value, "a text is wanted"))
}

pub(crate) fn day(name: &str, value: &Value) -> Result<Day, Failure> {
    parse::day(name, wanted(name, value)?)
}

pub(crate) fn code(name: &str, value: &Value) -> Result<Code, Failure> {
    let text = wanted(name, value)?;
    Code::new(text).map_err(|error| Failure::value(name, text, error))
}

pub(crate) fn measure(name: &str, value: &Value) -> Result<Measure, Failure> {
    let text = wanted(name, value)?;
    Measure::new(text).map_err(|error| Failure::value(name, text, error))
}

fn whole(name: &str, value: &Value) -> Result<u64, Failure> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number.ok_or_else(|| unfit(name, value, "a whole number is wanted"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wanted was told as "…".
    #[test]
    fn value_of_another_shape_is_refused_with_where_it_stands_and_what_is_wanted() {
        let told = |failure: Failure| {
            let blanks = ["argument", "value", "cause"];
            blanks.map(|blank| failure.blank(blank).to_owned())
        };
        let refused = subject("subject", &json!(1)).unwrap_err();
        assert_eq!(told(refused), ["subject", "1", "an object is wanted"]);
        let refused = subject("subject", &json!({"name": "x"})).unwrap_err();
        assert_eq!(told(refused), ["subject.code", "null", "a text is wanted"]);
        let refused = duty("duties", &json!({"measure": "tender.limit", "until": null}));
        let refused = told(refused.unwrap_err());
        assert_eq!(refused, ["duties.until", "null", "a text is wanted"]);
        let refused = list("duties", &json!("x"), duty).unwrap_err();
        assert_eq!(told(refused), ["duties", "\"x\"", "an array is wanted"]);
        // spec: ADM-222
        let refused = service("service", &json!({"on": "2026-01-01", "wya": "direct"}));
        let refused = refused.unwrap_err();
        assert_eq!(refused.key, "unknown-field");
        assert_eq!(refused.blank("field"), "service.wya");
        let refused = told(whole("fine_fen", &json!(-1)).unwrap_err());
        assert_eq!(refused, ["fine_fen", "-1", "a whole number is wanted"]);
    }
}
