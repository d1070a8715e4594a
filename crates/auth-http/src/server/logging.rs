//! The log: its format, its level, and what is never written to it.
//!
//! Lines go to standard output, one per event, as JSON or as text for reading. Both formats escape control
//! characters in values. Two rules keep the values of queries out of the log under every filter
//! . Other libraries are logged at `info` and above only. Records of the `log` crate, such as those of
//! the PostgreSQL driver with its parameters, are not collected.

mod span_fields;

use std::any::Any;
use std::io::{self, Write};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::app::settings::{LogFormat, LogSettings};
pub use crate::config::chain;
use span_fields::SpanFields;

/// Crates that may be logged at every level.
const OWN: [&str; 4] = ["auth_core", "auth_http", "auth_server", "auth_store"];

/// Another subscriber is already set.
#[derive(Debug, thiserror::Error)]
#[error("a log is being written already")]
pub struct LogInUse(#[source] tracing::subscriber::SetGlobalDefaultError);

/// Starts writing log lines to standard output, for the rest of the process. A panic is logged too, in the
/// span of its request.
///
/// # Errors
/// [`LogInUse`] on the second call in a process.
pub fn start(settings: &LogSettings) -> Result<(), LogInUse> {
    let subscriber = Registry::default().with(layer(settings, || WithoutC1(std::io::stdout().lock())));
    tracing::subscriber::set_global_default(subscriber).map_err(LogInUse)?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, said = said(panic.payload()), "panic");
    }));
    Ok(())
}

/// Returns the text of a panic if it is a literal in the source. A formatted text may contain client input or
/// a secret, and the location identifies the panic equally well.
fn said(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("a formatted text, not shown")
}

/// Makes the layer that writes lines to `writer`.
fn layer<W>(settings: &LogSettings, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = capped(&settings.filter);
    match settings.format {
        LogFormat::Json => {
            let json = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
            json.fmt_fields(SpanFields).with_writer(writer).with_filter(filter).boxed()
        }
        LogFormat::Human => fmt::layer().with_writer(writer).with_target(false).with_filter(filter).boxed(),
    }
}

/// Keeps a filter as it is for this server's crates, and caps it at `info` for all others.
fn capped(filter: &Targets) -> Targets {
    let default = filter.default_level().unwrap_or(LevelFilter::OFF);
    let cap = |level: LevelFilter| level.min(LevelFilter::from_level(Level::INFO));
    let own = OWN.iter().map(|name| (name.to_string(), default));
    let named = filter.iter().map(|(target, level)| {
        let is_own = OWN.iter().any(|name| target == *name || target.starts_with(&format!("{name}::")));
        (target.to_owned(), if is_own { level } else { cap(level) })
    });
    Targets::new().with_default(cap(default)).with_targets(own).with_targets(named)
}

/// Escapes the control characters U+0080 to U+009F. The JSON format does not escape them, and some terminals
/// execute them.
struct WithoutC1<W>(W);

impl<W: Write> Write for WithoutC1<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // In UTF-8 they are 0xC2 and a second byte. The layer writes whole lines, so a pair is never split
        // between writes.
        let mut rest = bytes;
        while let Some(at) = rest.windows(2).position(|pair| matches!(pair, [0xC2, 0x80..=0x9F])) {
            let (before, control) = rest.split_at(at);
            self.0.write_all(before)?;
            let [_, code, after @ ..] = control else { break };
            write!(self.0, "\\u{code:04x}")?;
            rest = after;
        }
        self.0.write_all(rest)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use std::sync::{Arc, LazyLock, Mutex};

    use tracing::Dispatch;
    use tracing::subscriber::{DefaultGuard, NoSubscriber};

    use super::*;

    /// While there is only one subscriber, `tracing` asks the first thread that reaches a line whether it is
    /// wanted, and keeps the result for all threads. Lines of another test's thread would then be lost. A
    /// second subscriber prevents that.
    static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

    /// The log lines that were written.
    #[derive(Clone, Default)]
    pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        /// Collects the log lines of this thread until the guard is dropped.
        pub(crate) fn of_this_thread(format: LogFormat) -> (Self, DefaultGuard) {
            LazyLock::force(&SECOND);
            let lines = Self::default();
            let sink = lines.clone();
            let settings = LogSettings { format, filter: "trace".parse().unwrap() };
            let subscriber = Registry::default().with(layer(&settings, move || WithoutC1(sink.clone())));
            (lines, tracing::subscriber::set_default(subscriber))
        }

        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written(format: LogFormat, write: impl FnOnce()) -> String {
        let (lines, guard) = Lines::of_this_thread(format);
        write();
        drop(guard);
        lines.text()
    }

    #[test]
    fn r_112_other_libraries_never_get_below_info() {
        for filter in ["trace", "tokio_postgres=trace", "debug,actix_http=trace,auth_http=trace"] {
            let capped = capped(&filter.parse().unwrap());
            for target in ["tokio_postgres", "tokio_postgres::query", "actix_http::h1", "bb8"] {
                assert!(!capped.would_enable(target, &Level::DEBUG), "{filter}: {target}");
            }
        }
        let capped = capped(&"debug,auth_store=trace".parse().unwrap());
        assert!(capped.would_enable("auth_store::pool", &Level::TRACE));
        assert!(capped.would_enable("auth_http", &Level::DEBUG));
        assert!(!capped.would_enable("auth_http", &Level::TRACE));
        assert!(capped.would_enable("actix_server", &Level::INFO));
    }

    #[test]
    fn r_112_a_panics_formatted_text_is_not_shown() {
        let canary = "canary-5f2c";
        let formatted = std::panic::catch_unwind(|| panic!("cannot read {canary}")).unwrap_err();
        let literal = std::panic::catch_unwind(|| panic!("a bug")).unwrap_err();
        assert_eq!((said(&*formatted), said(&*literal)), ("a formatted text, not shown", "a bug"));
    }

    #[test]
    fn r_114_hostile_values_stay_on_their_line() {
        let hostile = "a\n{\"level\":\"ERROR\"}\r\u{1b}[31mred\u{7}\u{0}\u{85}\u{9b}1m";
        for format in [LogFormat::Json, LogFormat::Human] {
            let text = written(format, || tracing::info!(target: "auth_http", hostile, "event"));
            assert_eq!(text.lines().count(), 1, "{text:?}");
            let line = text.trim_end_matches('\n');
            assert!(!line.contains("\u{1b}[31m"), "{line:?}");
            assert!(!line.chars().any(|c| c.is_control() && c != '\u{1b}'), "{line:?}");
        }
    }
}
