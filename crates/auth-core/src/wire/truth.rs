//! Truthiness as in JavaScript.

use serde_json::Value;

/// Whether a value is truthy in JavaScript: everything except `null`, `false`, `0` and `""`.
///
/// ```
/// use auth_core::wire::is_truthy;
/// use serde_json::json;
///
/// for value in [json!("0"), json!([]), json!({}), json!(-1)] {
///     assert!(is_truthy(&value), "{value}");
/// }
/// for value in [json!(null), json!(false), json!(0), json!(-0.0), json!("")] {
///     assert!(!is_truthy(&value), "{value}");
/// }
/// ```
pub fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}
