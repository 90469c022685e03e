//! The catalogue of items as a file that people write: TOML, described in `spec/admin.md`.

use std::path::Path;

use concordat_protocol::statement::{
    CatalogueItem, Code, ItemCatalogue, LegalBasis, Measure, Vis, VisibilityClass,
};
use concordat_protocol::time::Day;
use serde::Deserialize;

use crate::failure::Failure;
use crate::{names, parse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueFile {
    near_personal: u8,
    #[serde(default)]
    class: Vec<ClassTable>,
    #[serde(default)]
    item: Vec<ItemTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassTable {
    code: u8,
    audience: String,
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemTable {
    code: String,
    title: String,
    #[serde(default)]
    act_types: Vec<String>,
    #[serde(default)]
    classes: Vec<String>,
    class: u8,
    publication_days_max: u32,
    valid_from: String,
    valid_until: Option<String>,
    freshness_days: Option<u32>,
    list_scope: Option<String>,
    #[serde(default)]
    measures: Vec<String>,
    #[serde(default)]
    basis: Vec<BasisTable>,
    beyond_repair: Option<BasisTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BasisTable {
    law: String,
    article: String,
    level: String,
}

/// Reads a catalogue. Items and classes may come in any order; what else the registry wants of a
/// catalogue, it says itself.
///
/// # Errors
/// `file-refused` with line and column, `bad-value` and `bad-choice` with the key.
pub(crate) fn parse(text: &str, path: &Path) -> Result<ItemCatalogue, Failure> {
    let file: CatalogueFile = toml::from_str(text).map_err(|error| {
        Failure::usage("file-refused")
            .path(path)
            .with("cause", error)
    })?;
    let mut items: Vec<_> = file.item.iter().map(item).collect::<Result<_, _>>()?;
    items.sort_by(|a, b| a.code.cmp(&b.code));
    let mut classes: Vec<_> = file.class.iter().map(class).collect::<Result<_, _>>()?;
    classes.sort_by_key(|class| class.code);
    Ok(ItemCatalogue {
        items,
        classes,
        near_personal: Vis::new(file.near_personal),
    })
}

fn class(table: &ClassTable) -> Result<VisibilityClass, Failure> {
    let members = table
        .members
        .iter()
        .map(|code| parse::authority("class.members", code));
    let mut members: Vec<_> = members.collect::<Result<_, _>>()?;
    members.sort();
    Ok(VisibilityClass {
        code: Vis::new(table.code),
        audience: names::parse("class.audience", &table.audience)?,
        members,
    })
}

fn item(table: &ItemTable) -> Result<CatalogueItem, Failure> {
    let key = |name: &str| format!("item {}: {name}", table.code);
    let act_types = table
        .act_types
        .iter()
        .map(|name| names::parse(&key("act_types"), name));
    let mut act_types: Vec<_> = act_types.collect::<Result<_, _>>()?;
    act_types.sort();
    let classes = table
        .classes
        .iter()
        .map(|name| names::parse(&key("classes"), name));
    let mut classes: Vec<_> = classes.collect::<Result<_, _>>()?;
    classes.sort();
    let measures = table
        .measures
        .iter()
        .map(|text| measure(&key("measures"), text));
    let mut measures: Vec<_> = measures.collect::<Result<_, _>>()?;
    measures.sort();
    Ok(CatalogueItem {
        code: code("item.code", &table.code)?,
        title: parse::text(&key("title"), &table.title)?,
        act_types,
        vis: Vis::new(table.class),
        publication_days_max: table.publication_days_max,
        basis: table.basis.iter().map(basis).collect::<Result<_, _>>()?,
        valid_from: day(&key("valid_from"), &table.valid_from)?,
        valid_until: match &table.valid_until {
            Some(text) => Some(day(&key("valid_until"), text)?),
            None => None,
        },
        freshness_days: table.freshness_days,
        measures,
        list_scope: match &table.list_scope {
            Some(name) => Some(names::parse(&key("list_scope"), name)?),
            None => None,
        },
        classes,
        beyond_repair: table.beyond_repair.as_ref().map(basis).transpose()?,
    })
}

pub(crate) fn basis(table: &BasisTable) -> Result<LegalBasis, Failure> {
    Ok(LegalBasis {
        law: parse::text("item.basis.law", &table.law)?,
        article: parse::text("item.basis.article", &table.article)?,
        level: names::parse("item.basis.level", &table.level)?,
    })
}

fn code(key: &str, text: &str) -> Result<Code, Failure> {
    Code::new(text).map_err(|error| Failure::value(key, text, error))
}

fn measure(key: &str, text: &str) -> Result<Measure, Failure> {
    Measure::new(text).map_err(|error| Failure::value(key, text, error))
}

fn day(key: &str, text: &str) -> Result<Day, Failure> {
    parse::day(key, text)
}

#[cfg(test)]
mod tests {
    use concordat_protocol::statement::{ActType, Audience};

    use super::*;

    const TEXT: &str = r#"
        near_personal = 2
        [[class]]
        code = 2
        audience = "members"
        [[class]]
        code = 1
        audience = "public"
        [[item]]
        code = "food.label"
        title = "食品标签"
        act_types = ["penalty", "licence"]
        class = 1
        publication_days_max = 1095
        valid_from = "2000-01-01"
        freshness_days = 3
    "#;

    fn read(text: &str) -> Result<ItemCatalogue, Failure> {
        parse(text, Path::new("catalogue.toml"))
    }

    #[test]
    fn catalogue_is_put_in_the_order_that_the_registry_wants() {
        let catalogue = read(TEXT).unwrap();
        assert_eq!(catalogue.classes[0].audience, Audience::Public);
        assert_eq!(catalogue.near_personal, Vis::new(2));
        let item = &catalogue.items[0];
        assert_eq!(item.act_types, [ActType::Licence, ActType::Penalty]);
        assert_eq!((item.vis, item.freshness_days), (Vis::new(1), Some(3)));
    }

    // spec: STM-40
    #[test]
    fn measure_on_a_person_is_refused_with_its_item() {
        let with = |measure: &str| {
            let line = format!("freshness_days = 3\n        measures = [\"{measure}\"]");
            read(&TEXT.replace("freshness_days = 3", &line))
        };
        let catalogue = with("tender.limit").unwrap();
        assert_eq!(catalogue.items[0].measures[0].as_str(), "tender.limit");
        let failure = with("person.travel-ban").unwrap_err();
        assert_eq!(failure.key, "bad-value");
        let said = format!("{failure:?}");
        assert!(said.contains("item food.label: measures"), "{said}");
        assert!(
            said.contains("no area of measures on organisations"),
            "{said}"
        );
    }

    #[test]
    fn refused_value_is_named_with_its_item_and_key() {
        let wrong = TEXT.replace("\"penalty\"", "\"fine\"");
        let failure = read(&wrong).unwrap_err();
        assert_eq!(failure.key, "bad-choice");
        let argument = (
            "argument".to_owned(),
            "item food.label: act_types".to_owned(),
        );
        assert!(failure.blanks.contains(&argument), "{failure:?}");
        let failure = read(&TEXT.replace("title", "titel")).unwrap_err();
        assert_eq!(failure.key, "file-refused");
        let cause = &failure.blanks.last().unwrap().1;
        assert!(
            cause.contains("line ") && cause.contains("titel"),
            "{cause}"
        );
    }
}
