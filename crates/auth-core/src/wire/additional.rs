//! Additional fields as members of `user` and `session`.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Timestamp;
use crate::additional::{AdditionalValues, FieldValue};

/// The fields that clients may see, for flattening into a body. Better Auth prints them after its own members
/// and before `id`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReturnedFields<'a>(pub(super) &'a AdditionalValues);

impl Serialize for ReturnedFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0.returned() {
            map.serialize_entry(name, &FieldBody(value))?;
        }
        map.end()
    }
}

struct FieldBody<'a>(&'a FieldValue);

impl Serialize for FieldBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            FieldValue::Null => serializer.serialize_unit(),
            FieldValue::Text(text) => serializer.serialize_str(text),
            FieldValue::Number(number) => serializer.serialize_i64(*number),
            FieldValue::BigNumber(number) => serializer.collect_str(number),
            FieldValue::Boolean(value) => serializer.serialize_bool(*value),
            FieldValue::Date(at) => Timestamp(*at).serialize(serializer),
            FieldValue::Json(json) => json.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use time::macros::datetime;

    use super::*;
    use crate::additional::{JsonText, Visibility};

    #[test]
    fn r_074_fields_print_in_their_order_and_hidden_ones_not_at_all() {
        let mut values = AdditionalValues::default();
        let json = JsonText::parse(r#"{"b":1,"a":[]}"#).unwrap();
        for (name, value) in [
            ("zip", FieldValue::Text("1\"2".to_owned())),
            ("age", FieldValue::Number(-7)),
            ("credits", FieldValue::BigNumber(i64::MAX)),
            ("admin", FieldValue::Boolean(false)),
            ("born", FieldValue::Date(datetime!(2000-02-29 1:02:03.004 UTC))),
            ("meta", FieldValue::Json(json)),
            ("none", FieldValue::Null),
        ] {
            values.set(name.into(), value, Visibility::Returned);
        }
        values.set("note".into(), FieldValue::Text("s3cret".to_owned()), Visibility::Hidden);
        assert_eq!(
            serde_json::to_string(&ReturnedFields(&values)).unwrap(),
            r#"{"zip":"1\"2","age":-7,"credits":"9223372036854775807","admin":false,"born":"2000-02-29T01:02:03.004Z","meta":{"b":1,"a":[]},"none":null}"#
        );
    }
}
