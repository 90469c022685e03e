//! The catalogue of measures as a file that people write: TOML, described in `spec/admin.md`.

use std::path::Path;

use concordat_protocol::statement::{Measure, MeasureCatalogue, MeasureItem, Revocation};
use serde::Deserialize;

use crate::catalogue::{self, BasisTable};
use crate::failure::{Failure, chain};
use crate::{names, parse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureFile {
    #[serde(default)]
    measure: Vec<MeasureTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureTable {
    code: String,
    title: String,
    force: String,
    valid_from: String,
    valid_until: Option<String>,
    #[serde(default)]
    levels: Vec<String>,
    #[serde(default)]
    basis: Vec<BasisTable>,
    revoked: Option<RevokedTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokedTable {
    from: String,
    source: String,
}

/// Reads measures, in any order.
///
/// # Errors
/// `file-refused` with line and column, `bad-value` and `bad-choice` with the key.
// spec: ADM-292
pub(crate) fn parse(text: &str, path: &Path) -> Result<MeasureCatalogue, Failure> {
    let file: MeasureFile = toml::from_str(text).map_err(|error| {
        Failure::usage("file-refused")
            .path(path)
            .with("cause", error)
    })?;
    let mut items: Vec<_> = file.measure.iter().map(measure).collect::<Result<_, _>>()?;
    items.sort_by(|a, b| a.measure.cmp(&b.measure));
    let mut twice = items.iter().zip(items.iter().skip(1));
    if let Some((one, _)) = twice.find(|(one, next)| one.measure == next.measure) {
        return Err(Failure::usage("file-refused")
            .path(path)
            .with("cause", format!("[[measure]] {} comes twice", one.measure)));
    }
    // One by one, so that what does not hold together is named.
    for item in &items {
        let alone = MeasureCatalogue::new(vec![item.clone()]);
        alone.map_err(|error| Failure::value("measure", item.measure.as_str(), chain(&error)))?;
    }
    MeasureCatalogue::new(items).map_err(|_| {
        Failure::usage("file-refused")
            .path(path)
            .with("cause", "it has no [[measure]]")
    })
}

fn measure(table: &MeasureTable) -> Result<MeasureItem, Failure> {
    let key = |name: &str| format!("measure {}: {name}", table.code);
    let code = Measure::new(&table.code);
    let levels = table.levels.iter();
    let levels = levels.map(|name| names::parse(&key("levels"), name));
    let mut levels: Vec<_> = levels.collect::<Result<_, _>>()?;
    levels.sort();
    let revoked = |table: &RevokedTable| -> Result<Revocation, Failure> {
        Ok(Revocation {
            from: parse::day(&key("revoked.from"), &table.from)?,
            source: parse::text(&key("revoked.source"), &table.source)?,
        })
    };
    Ok(MeasureItem {
        measure: code.map_err(|error| Failure::value("measure.code", &table.code, error))?,
        title: parse::text(&key("title"), &table.title)?,
        force: names::parse(&key("force"), &table.force)?,
        basis: table
            .basis
            .iter()
            .map(catalogue::basis)
            .collect::<Result<_, _>>()?,
        valid_from: parse::day(&key("valid_from"), &table.valid_from)?,
        valid_until: match &table.valid_until {
            Some(text) => Some(parse::day(&key("valid_until"), text)?),
            None => None,
        },
        levels,
        revoked: table.revoked.as_ref().map(revoked).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../spec/samples/measures.toml");

    // spec: ADM-292
    #[test]
    fn sample_is_read_and_every_measure_has_its_article() {
        let catalogue = parse(SAMPLE, Path::new("measures.toml")).unwrap();
        assert_eq!(catalogue.measures().len(), 7);
        let mut measures = catalogue.measures().iter();
        assert!(measures.all(|item| !item.basis.is_empty()));
    }

    // spec: ADM-292
    #[test]
    fn file_is_refused_with_what_is_wrong_and_where() {
        let good = "[[measure]]\ncode = \"tender.limit\"\ntitle = \"x\"\nforce = \"mandatory\"\n\
                    valid_from = \"2024-01-01\"\nlevels = [\"county\"]\n\
                    [[measure.basis]]\nlaw = \"招标投标法\"\narticle = \"第五十三条\"\nlevel = \"law\"\n";
        let path = Path::new("measures.toml");
        assert_eq!(parse(good, path).unwrap().measures().len(), 1);
        let refused = |text: &str| {
            let failure = parse(text, path).unwrap_err();
            (failure.key, failure.blank("argument").to_owned())
        };
        let changed = |from: &str, to: &str| refused(&good.replace(from, to));
        let at = |key: &'static str, argument: &str| (key, argument.to_owned());
        assert_eq!(refused(""), at("file-refused", ""));
        assert_eq!(refused(&good.repeat(2)), at("file-refused", ""));
        assert_eq!(changed("title", "titel"), at("file-refused", ""));
        assert_eq!(
            changed("tender.limit", "travel.ban"),
            at("bad-value", "measure.code")
        );
        let key = |name: &str| format!("measure tender.limit: {name}");
        assert_eq!(
            changed("\"mandatory\"", "\"must\""),
            at("bad-choice", &key("force"))
        );
        assert_eq!(
            changed("\"county\"", "\"town\""),
            at("bad-choice", &key("levels"))
        );
        assert_eq!(
            changed("2024-01-01", "2024-02-30"),
            at("bad-value", &key("valid_from"))
        );
        // What obliges rests on a statute.
        assert_eq!(
            changed("\"law\"", "\"central-policy\""),
            at("bad-value", "measure")
        );
        assert_eq!(
            changed("levels", "valid_until = \"2023-01-01\"\nlevels"),
            at("bad-value", "measure")
        );
        let cut = good.split("[[measure.basis]]").next().unwrap();
        assert_eq!(refused(cut), at("bad-value", "measure"));
    }
}
