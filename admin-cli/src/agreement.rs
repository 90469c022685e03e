//! Agreements as files that people write: TOML, described in `spec/recognition.md`.

use std::path::Path;

use concordat_protocol::codec::Truth;
use concordat_protocol::statement::{
    Agreement, AgreementFields, Clause, ClauseMeasure, Code, LegalBasis, Measure, StatementRef,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use serde::Deserialize;

use crate::failure::{Failure, chain};
use crate::{names, parse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreementFile {
    title: String,
    parties: Vec<String>,
    from: String,
    until: Option<String>,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    clause: Vec<ClauseTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClauseTable {
    number: String,
    #[serde(default)]
    issuers: Vec<String>,
    #[serde(default)]
    receivers: Vec<String>,
    items: Vec<String>,
    #[serde(default)]
    act_types: Vec<String>,
    decided_from: Option<String>,
    decided_until: Option<String>,
    #[serde(default)]
    local_basis: bool,
    #[serde(default)]
    measure: Vec<MeasureTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureTable {
    measure: String,
    force: String,
    law: String,
    article: String,
    level: String,
}

/// Reads an agreement; lists come in any order. With `follows`, it is that version of the agreement that
/// is named by its first.
///
/// # Errors
/// `file-refused` with line and column, `bad-value` and `bad-choice` with the key.
// spec: ADM-234
pub(crate) fn parse(
    text: &str,
    path: &Path,
    follows: Option<(u32, StatementRef)>,
) -> Result<Agreement, Failure> {
    let file: AgreementFile = toml::from_str(text).map_err(|error| {
        Failure::usage("file-refused")
            .path(path)
            .with("cause", error)
    })?;
    let (version, first) = match follows {
        Some((version, first)) => (version, Some(first)),
        None => (1, None),
    };
    let fields = AgreementFields {
        title: parse::text("title", &file.title)?,
        parties: authorities("parties", &file.parties)?,
        version,
        first,
        from: parse::day("from", &file.from)?,
        until: parse::optional_day("until", file.until.as_ref())?,
        clauses: Vec::new(),
        open: file.open.then_some(Truth),
    };
    let mut clauses = Vec::with_capacity(file.clause.len());
    for table in &file.clause {
        let clause = clause(table)?;
        // By itself first, so that the error names it.
        check(&fields, vec![clause.clone()])
            .map_err(|cause| Failure::value(&format!("clause {}", table.number), "…", cause))?;
        clauses.push(clause);
    }
    check(&fields, clauses).map_err(|cause| Failure::value("agreement", &file.title, cause))
}

fn check(fields: &AgreementFields, clauses: Vec<Clause>) -> Result<Agreement, String> {
    let fields = AgreementFields {
        clauses,
        ..fields.clone()
    };
    Agreement::new(fields).map_err(|error| chain(&error))
}

fn clause(table: &ClauseTable) -> Result<Clause, Failure> {
    let key = |name: &str| format!("clause {}: {name}", table.number);
    let items = table.items.iter().map(|text| {
        Code::new(text).map_err(|error| Failure::value(&key("items"), text, chain(&error)))
    });
    let act_types = table.act_types.iter();
    let act_types = act_types.map(|name| names::parse(&key("act_types"), name));
    let measures = table.measure.iter().map(|one| measure(table, one));
    let mut measures: Vec<_> = measures.collect::<Result<_, _>>()?;
    measures.sort_by(|a, b| a.measure.cmp(&b.measure));
    let day = |name: &str, text: &Option<String>| -> Result<Option<Day>, Failure> {
        parse::optional_day(&key(name), text.as_ref())
    };
    Ok(Clause {
        number: parse::text(&key("number"), &table.number)?,
        issuers: authorities(&key("issuers"), &table.issuers)?,
        receivers: authorities(&key("receivers"), &table.receivers)?,
        items: sorted(items)?,
        act_types: sorted(act_types)?,
        measures,
        decided_from: day("decided_from", &table.decided_from)?,
        decided_until: day("decided_until", &table.decided_until)?,
        local_basis: table.local_basis.then_some(Truth),
    })
}

fn measure(clause: &ClauseTable, table: &MeasureTable) -> Result<ClauseMeasure, Failure> {
    let key = |name: &str| {
        format!(
            "clause {}: measure {}: {name}",
            clause.number, table.measure
        )
    };
    let measure = Measure::new(&table.measure);
    Ok(ClauseMeasure {
        measure: measure
            .map_err(|error| Failure::value(&key("measure"), &table.measure, chain(&error)))?,
        force: names::parse(&key("force"), &table.force)?,
        basis: LegalBasis {
            law: parse::text(&key("law"), &table.law)?,
            article: parse::text(&key("article"), &table.article)?,
            level: names::parse(&key("level"), &table.level)?,
        },
    })
}

fn authorities(key: &str, texts: &[String]) -> Result<Vec<AuthorityCode>, Failure> {
    sorted(texts.iter().map(|text| parse::authority(key, text)))
}

fn sorted<T: Ord>(values: impl Iterator<Item = Result<T, Failure>>) -> Result<Vec<T>, Failure> {
    let mut values: Vec<T> = values.collect::<Result<_, _>>()?;
    values.sort();
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../spec/samples/agreement.toml");

    fn read(text: &str) -> Result<Agreement, Failure> {
        parse(text, Path::new("agreement.toml"), None)
    }

    // spec: ADM-234
    #[test]
    fn sample_is_read_whole() {
        let agreement = read(SAMPLE).unwrap();
        let fields = agreement.fields();
        assert_eq!((fields.version, fields.parties.len()), (1, 3));
        assert_eq!(fields.clauses.len(), 2);
        assert!(fields.open.is_some() && fields.until.is_some());
        assert_eq!(fields.clauses[0].measures.len(), 2);
    }

    // spec: ADM-234
    #[test]
    fn file_is_refused_with_the_key_or_the_line_that_is_wrong() {
        let refused = |from: &str, to: &str| {
            assert!(SAMPLE.contains(from), "{from}");
            let failure = read(&SAMPLE.replacen(from, to, 1)).unwrap_err();
            let place = match failure.key {
                "file-refused" => failure.blank("cause").lines().next().unwrap_or_default(),
                _ => failure.blank("argument"),
            };
            (failure.key, place.to_owned())
        };
        let at = |key: &'static str, argument: &str| (key, argument.to_owned());
        let (key, place) = refused("open = true", "opened = true");
        assert_eq!(key, "file-refused");
        assert!(place.contains("line "), "{place}");
        assert_eq!(
            refused("\"recommended\"", "\"advised\""),
            at("bad-choice", "clause 第三条: measure tender.limit: force")
        );
        assert_eq!(
            refused("\"penalty\"", "\"penalties\""),
            at("bad-choice", "clause 第三条: act_types")
        );
        assert_eq!(
            refused("from = \"2026-12-01\"", "from = \"2026-13-01\""),
            at("bad-value", "from")
        );
        assert_eq!(
            refused("until = \"2028-11-30\"", "until = \"2026-11-30\""),
            at("bad-value", "clause 第三条")
        );
        assert_eq!(
            refused("\"labour.penalty\"", "\"劳动处罚\""),
            at("bad-value", "clause 第三条: items")
        );
        // What makes a measure mandatory is a statute.
        assert_eq!(
            refused("level = \"law\"", "level = \"ministerial-rule\""),
            at("bad-value", "clause 第五条")
        );
        assert_eq!(
            refused("number = \"第五条\"", "number = \"第三条\""),
            at("bad-value", "agreement")
        );
    }
}
