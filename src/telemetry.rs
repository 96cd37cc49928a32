//! How the log is written, and the names of its fields.
//!
//! Lines go to the standard error, as text for people or as one JSON object each. Not here: what is
//! logged, and the making of request ids (the HTTP doors do that). Invariant: a fact has the same
//! field name on every line, because names are taken from [`field`]; and no credential is logged at
//! any level, because what libraries say in detail, which holds headers, messages and parameters of
//! statements, is never logged, whatever the settings say.

use std::io::IsTerminal as _;

use tracing::{Level, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Log, LogFormat};

/// Names of fields, used as `tracing::info!({ field::REPOSITORY } = %name, "synced")`.
pub mod field {
    /// The id of the request that a line belongs to; answers carry it too.
    pub const REQUEST_ID: &str = "request_id";
    /// Who acted: `user`, `agent:<name>`, `github`, `dispatch`.
    pub const ACTOR: &str = "actor";
    /// A repository's full name.
    pub const REPOSITORY: &str = "repository";
    /// An issue's public id, or `owner/name#number` where it has none yet.
    pub const ISSUE: &str = "issue";
    /// An agent run's public id.
    pub const RUN: &str = "run";
    /// An audit entry's public id.
    pub const AUDIT_ENTRY: &str = "audit_entry";
    /// A position in the event log.
    pub const EVENT: &str = "event";
    /// What went wrong, in one line.
    pub const ERROR: &str = "error";
    /// How long it took, in milliseconds.
    pub const ELAPSED_MS: &str = "elapsed_ms";
}

/// Starts logging to the standard error for the whole process, panics included.
///
/// # Errors
///
/// When the process logs already.
pub fn start(log: &Log) -> Result<(), TryInitError> {
    let is_terminal = std::io::stderr().is_terminal();
    subscriber(log, std::io::stderr, is_terminal).try_init()?;
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = std::backtrace::Backtrace::capture();
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(at, %backtrace, { field::ERROR } = message, "panicked");
    }));
    Ok(())
}

/// What [`start`] installs, writing to `out`.
fn subscriber<W>(log: &Log, out: W, is_terminal: bool) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::new(&log.filter);
    let lines = fmt().with_env_filter(filter).with_writer(out).with_ansi(is_terminal);
    let ours = filter_fn(|metadata| {
        let target = metadata.target();
        let is_ours = target == OURS || target.starts_with(BELOW_OURS);
        // The library of MCP says three things of each call.
        let most = if target.starts_with("rmcp") { Level::WARN } else { Level::INFO };
        is_ours || *metadata.level() <= most
    });
    match log.format {
        LogFormat::Text => Box::new(lines.finish().with(ours)),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).finish().with(ours)),
    }
}

/// How the names of our own modules begin.
const OURS: &str = "dispatch";
const BELOW_OURS: &str = "dispatch::";

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, format: LogFormat, work: impl FnOnce()) -> String {
        let page = Page::default();
        let out = page.clone();
        let log = Log { filter: filter.to_owned(), format };
        tracing::subscriber::with_default(subscriber(&log, move || out.clone(), false), work);
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_line_of_json_has_the_fields_at_its_top() {
        let line = logged("info", LogFormat::Json, || {
            let span = tracing::info_span!("request", { field::REQUEST_ID } = "req_1");
            let _inside = span.enter();
            tracing::info!(
                { field::REPOSITORY } = "acme/api",
                { field::ELAPSED_MS } = 12,
                "synced"
            );
        });
        let line: serde_json::Value = serde_json::from_str(&line).expect("one object");
        assert_eq!(line["message"], "synced");
        assert_eq!(line["repository"], "acme/api");
        assert_eq!(line["elapsed_ms"], 12);
        assert_eq!(line["span"]["request_id"], "req_1");
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn what_libraries_say_in_detail_is_never_logged() {
        let lines = logged("trace", LogFormat::Text, || {
            tracing::trace!("ours");
            tracing::info!(target: "hyper", "hyper's");
            tracing::debug!(target: "tungstenite::protocol", "s3cret");
            tracing::trace!(target: "dispatch2", "s3cret");
        });
        assert_eq!(lines.lines().count(), 2, "{lines}");
        assert!(!lines.contains("s3cret"), "{lines}");
    }

    #[test]
    fn a_line_of_text_is_plain_and_filtered() {
        let lines = logged("warn,dispatch::telemetry=debug", LogFormat::Text, || {
            tracing::debug!({ field::ISSUE } = "acme/api#1", "looked at");
            tracing::info!(target: "elsewhere", "not wanted");
        });
        assert!(lines.ends_with("looked at issue=\"acme/api#1\"\n"), "{lines:?}");
        assert_eq!(lines.lines().count(), 1);
    }
}
