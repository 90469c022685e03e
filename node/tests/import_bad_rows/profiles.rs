//! Profiles that are refused.

use super::*;

#[test]
fn profile_that_makes_fields_up_is_refused_outside_test_networks() {
    // spec: IMP-11
    let profile = Profile::shipped("jp-mhlw-labour").unwrap().unwrap();
    let new = |network| Importer::new(&profile, network, ImportOptions::new(issuer(), today()));
    assert!(matches!(
        new(NetworkKind::Prod).unwrap_err(),
        ImportError::SyntheticOutsideTest { profile } if profile == "jp-mhlw-labour"
    ));
    assert!(new(NetworkKind::Test).is_ok());
}

#[test]
fn profile_that_makes_a_field_up_outside_its_section_is_refused() {
    // spec: IMP-11
    let text = penalty_profile();
    for (from, to, key) in [
        (
            "{ column = \"CF_GSJZQ\" }",
            "{ after = \"decided_on\", days = 9 }",
            "after",
        ),
        ("{ column = \"CF_GSJZQ\" }", "{ on = \"2030-01-01\" }", "on"),
        (
            "{ column = \"CF_WSH\" }",
            "{ template = \"{CF_WSH}\" }",
            "template",
        ),
        ("{ column = \"CF_WSH\" }", "{ value = \"1\" }", "value"),
    ] {
        let text = text.replace(from, to);
        let line = text.lines().position(|line| line.contains(to)).unwrap() + 1;
        assert!(matches!(
            Profile::parse(&text).unwrap_err(),
            ProfileError::Rule {
                line: found,
                rule: ProfileRule::MadeUpOutsideSynthetic(_, found_key),
                ..
            } if found == line && found_key == key
        ));
    }
}

#[test]
fn profile_that_makes_service_or_remedies_up_is_refused() {
    // spec: IMP-17, IMP-18
    let made_up = |key| ProfileRule::MadeUpOutsideSynthetic(Field::ServiceWay, key);
    let shipped = penalty_profile();
    for (from, to, expected) in [
        (
            "[fields.service_way]\ncolumn = \"送达方式\"",
            "[fields.service_way]\nvalue = \"direct\"",
            made_up("value"),
        ),
        (
            "[fields.service_way]\n",
            "[fields.service_way]\notherwise = \"post\"\n",
            made_up("otherwise"),
        ),
        (
            "\"直接送达\" = \"direct\"",
            "\"*\" = \"direct\"",
            made_up("*"),
        ),
        (
            "served_on = { column = \"送达日期\" }",
            "served_on = { columns = [\"送达日期\", \"cf_jdrq\"] }",
            ProfileRule::ColumnOf(Field::ServedOn, Field::DecidedOn),
        ),
        ("within_days = 60", "within_days = 0", ProfileRule::NoTerm),
        (
            "body_column = \"复议机关\"",
            "body = \"无\"",
            ProfileRule::NoBody,
        ),
    ] {
        assert!(shipped.contains(from), "{from}");
        let refused = Profile::parse(&shipped.replacen(from, to, 1)).unwrap_err();
        assert!(
            matches!(refused, ProfileError::Rule { rule, .. } if rule == expected),
            "{to}: {refused}"
        );
    }
}

// spec: IMP-25, STM-40
#[test]
fn profile_with_a_measure_on_a_person_is_refused_at_its_line() {
    let shipped = penalty_profile();
    let with = |measure: &str| {
        let duty = format!("\n[[duties]]\nmeasure = \"{measure}\"\nuntil = \"限制截止日期\"\n");
        Profile::parse(&format!("{shipped}{duty}"))
    };
    assert!(with("licence.suspension").is_ok());
    for (measure, expected) in [
        ("person.travel-ban", MeasureError::Area),
        ("market.travel-ban", MeasureError::Kind),
        ("market.limit.manager", MeasureError::Number),
    ] {
        let refused = with(measure).unwrap_err();
        let rule = ProfileRule::Measure(expected);
        let at = shipped.lines().count() + 2;
        assert!(
            matches!(refused, ProfileError::Rule { line, rule: found, .. }
                if found == rule && line >= at),
            "{measure}: {refused}"
        );
    }
}

#[test]
fn profile_errors_say_line_and_column() {
    let text = penalty_profile();
    let text = text.replace("separator = \";\"", "separater = \";\"");
    let expected = text
        .lines()
        .position(|line| line.starts_with("separater"))
        .unwrap()
        + 1;
    let Err(ProfileError::Syntax {
        line,
        column,
        message,
    }) = Profile::parse(&text)
    else {
        panic!("an unknown key")
    };
    assert_eq!((line, column), (expected, 1));
    assert!(message.contains("separater"), "{message}");
}
