//! JSON that people write, in which every field is said once.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::failure::Failure;

/// What a JSON text says.
///
/// # Errors
/// `field-twice` with the field; what the parser says of anything else, through `unfit`.
pub(crate) fn read(
    text: &[u8],
    unfit: impl FnOnce(serde_json::Error) -> Failure,
) -> Result<Value, Failure> {
    let mut twice = None;
    let mut parser = serde_json::Deserializer::from_slice(text);
    let read = Once { twice: &mut twice }.deserialize(&mut parser);
    let read = read.and_then(|value| parser.end().map(|()| value));
    read.map_err(|error| match twice {
        Some(field) => said_twice(&field),
        None => unfit(error),
    })
}

/// A field of a decision that two changes are asked for.
pub(crate) fn said_twice(field: &str) -> Failure {
    Failure::usage("field-twice").with("field", field)
}

/// Reads a value; keeps the first field that is said twice.
struct Once<'t> {
    twice: &'t mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Once<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element_seed(Once { twice: self.twice })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let value = access.next_value_seed(Once { twice: self.twice })?;
            if map.insert(name.clone(), value).is_some() {
                self.twice.get_or_insert(name);
                return Err(A::Error::custom("a field is said twice"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // spec: ADM-175
    #[test]
    fn every_value_is_read_as_it_stands_and_no_field_twice() {
        let unfit = |_: serde_json::Error| Failure::usage("file-not-json");
        let text = r#"{"a": [1, -2, 0.5, "x", null, true], "b": {"a": {}}}"#;
        let expected = json!({"a": [1, -2, 0.5, "x", null, true], "b": {"a": {}}});
        assert_eq!(read(text.as_bytes(), unfit), Ok(expected));
        for wrong in ["", "{", "{} x", "{\"a\": }"] {
            let failure = read(wrong.as_bytes(), unfit).unwrap_err();
            assert_eq!(failure.key, "file-not-json", "{wrong}");
        }
        let twice = r#"[{"a": {"b": 1, "c": 2, "b": 1}}]"#;
        let failure = read(twice.as_bytes(), unfit).unwrap_err();
        assert_eq!((failure.key, failure.blank("field")), ("field-twice", "b"));
    }
}
