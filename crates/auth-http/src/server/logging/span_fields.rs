//! The fields of spans as JSON. Each request has a span with one short text, and the library's own form goes through a
//! sorted map and a serializer for it: a sixth of the server's own work on a request.

use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// Writes the fields of a span as members of a JSON object, each a text.
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

fn write_members(writer: Writer<'_>, before: char, record: impl FnOnce(&mut Members<'_>)) -> fmt::Result {
    let mut members = Members { writer, before, result: Ok(()) };
    record(&mut members);
    let Members { mut writer, before, result } = members;
    result?;
    writer.write_str(if before == '{' { "{}" } else { "}" })
}

struct Members<'writer> {
    writer: Writer<'writer>,
    /// What stands before the next member.
    before: char,
    result: fmt::Result,
}

impl Members<'_> {
    fn write(&mut self, name: &str, value: &str) -> fmt::Result {
        let value = serde_json::to_string(value).map_err(|_| fmt::Error)?;
        self.writer.write_char(self.before)?;
        self.before = ',';
        // A field's name is one of Rust's, which JSON takes as it is.
        write!(self.writer, "\"{name}\":")?;
        self.writer.write_str(&value)
    }
}

impl Visit for Members<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if self.result.is_ok() {
            self.result = self.write(field.name(), value);
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
