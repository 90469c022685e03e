//! Records made out of what is shown of them.

use super::*;

fn parts(record: &Record, agreement: Option<StatementRef>) -> RecordParts {
    RecordParts {
        subject: record.subject().clone(),
        item: record.item().clone(),
        day: record.day(),
        refers_to: record.refers_to().iter().rev().cloned().collect(),
        agreement,
    }
}

/// What is shown of a record makes the record again, in whatever order its lists come.
// spec: ADM-251
#[test]
fn record_is_made_of_what_is_shown_of_it() {
    for (name, content) in all() {
        let record = content.record().unwrap();
        let (mut said, agreement) = RecordSaid::of(record);
        said.to.reverse();
        said.measures.reverse();
        let made = said
            .clone()
            .record(record.class(), parts(record, agreement));
        assert_eq!(made.as_ref(), Ok(record), "{name}");
        let known: Vec<_> = record_fields(record.class())
            .iter()
            .map(|(it, _)| *it)
            .collect();
        assert!(said.present().iter().all(|it| known.contains(it)), "{name}");
        for (field, needed) in record_fields(record.class()) {
            assert!(!needed || said.present().contains(field), "{name}: {field}");
        }
    }
}

// spec: ADM-251
#[test]
fn field_of_another_class_and_a_reference_too_many_are_refused_by_name() {
    for (name, content) in all() {
        let record = content.record().unwrap();
        let class = record.class();
        let (said, agreement) = RecordSaid::of(record);
        for (_, other) in all() {
            let (foreign, _) = RecordSaid::of(other.record().unwrap());
            let known = |field: &&str| record_fields(class).iter().any(|(it, _)| it == field);
            let Some(field) = foreign.present().into_iter().find(|it| !known(it)) else {
                continue;
            };
            let made = foreign.record(class, parts(record, None));
            assert_eq!(made, Err(RecordError::Idle { field }), "{name}");
        }
        let none = RecordSaid::default().record(class, parts(record, None));
        assert!(none.is_err(), "{name}");
        let mut more = parts(record, agreement);
        more.refers_to.push(reference(90));
        let made = said.clone().record(class, more);
        let several = matches!(class, Class::Initiation | Class::Push);
        let refused = match reference_key(class) {
            None => Some(RecordError::Idle { field: "refers_to" }),
            Some(field) if !several => Some(RecordError::Count { field, max: 1 }),
            Some(_) => None,
        };
        assert_eq!(made.err(), refused, "{name}");
        let mut bare = parts(record, None);
        bare.refers_to.clear();
        let bare = said.record(class, bare).err();
        let refused = match reference_key(class) {
            Some(field) if several => Some(RecordError::Count { field, max: 16 }),
            Some(field) => Some(RecordError::Needs { field }),
            None => None,
        };
        assert_eq!(bare, refused, "{name}");
    }
}
