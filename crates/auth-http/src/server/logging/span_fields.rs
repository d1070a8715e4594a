//! Writes the fields of spans as JSON. Each request has a span with one short text. The library's own
//! formatter uses a sorted map and a serializer for it, which takes a sixth of the server's own work on a
//! request.

use std::fmt::{self, Debug};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// Writes the fields of a span as members of a JSON object. Each value is a string.
#[derive(Debug)]
pub(super) struct SpanFields;

impl<'writer> FormatFields<'writer> for SpanFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        write_members(writer, '{', |members| fields.record(members))
    }

    fn add_fields(&self, current: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let before = match current.fields.pop() {
            Some('}') if current.fields.len() > 1 => ',',
            _ => {
                current.fields.clear();
                '{'
            }
        };
        write_members(current.as_writer(), before, |members| fields.record(members))
    }
}

/// Writes the members that `record` adds and the end of the object, in one piece.
fn write_members(mut writer: Writer<'_>, before: char, record: impl FnOnce(&mut Members)) -> fmt::Result {
    let mut members = Members { text: String::with_capacity(64), before };
    record(&mut members);
    members.text.push_str(if members.before == '{' { "{}" } else { "}" });
    writer.write_str(&members.text)
}

struct Members {
    text: String,
    /// The character before the next member: `{` or `,`.
    before: char,
}

impl Visit for Members {
    fn record_str(&mut self, field: &Field, value: &str) {
        // A field's name is a Rust name, which needs no escapes in JSON.
        let Self { text, before } = self;
        text.push(*before);
        text.push('"');
        text.push_str(field.name());
        text.push_str("\":");
        *before = ',';
        let is_plain = value.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'));
        if is_plain {
            text.push('"');
            text.push_str(value);
            text.push('"');
        } else {
            text.push_str(&Value::from(value).to_string());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use crate::app::settings::LogFormat;
    use crate::server::logging::tests::Lines;

    #[test]
    fn every_line_of_a_span_has_its_fields() {
        let (lines, guard) = Lines::of_this_thread(LogFormat::Json);
        let odd = "a\"b\\c\n\u{1}";
        tracing::info_span!("request", request_id = "Abc-1", odd, number = 7, flag = ?Some(1))
            .in_scope(|| tracing::info!(target: "auth_http", "event"));
        tracing::info_span!("empty").in_scope(|| tracing::info!(target: "auth_http", "event"));
        let later = tracing::info_span!("later", one = tracing::field::Empty, two = tracing::field::Empty);
        later.record("one", "1").record("two", "2");
        later.in_scope(|| tracing::info!(target: "auth_http", "event"));
        drop(guard);
        let text = lines.text();
        let spans: Vec<serde_json::Value> = text
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|line| line.get("span").cloned())
            .collect();
        let expected = serde_json::json!([
            {"name": "request", "request_id": "Abc-1", "odd": odd, "number": "7", "flag": "Some(1)"},
            {"name": "empty"},
            {"name": "later", "one": "1", "two": "2"},
        ]);
        assert_eq!(serde_json::Value::from(spans), expected);
    }
}
