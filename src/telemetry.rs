//! How the log is written, and the names of its fields.
//!
//! Lines go to the standard error, as text for people or as one JSON object each. Not here: what is
//! logged, and the making of request ids (the middleware does that). Invariant: a fact has the same
//! field name on every line, because names are taken from [`field`]; no credential is logged at
//! any level, because what libraries say in detail, which holds headers, messages and parameters of
//! statements, is never logged, whatever the settings say; and no line has a character that a terminal
//! obeys or hides, because each is made [`Visible`].

use std::io::{self, IsTerminal as _, Write};

use tracing::{Level, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogConfig, LogFormat};

/// Names of fields, used as `tracing::info!({ field::REPOSITORY } = %name, "synced")`.
pub mod field {
    /// The id of the request that a line belongs to; responses carry it too.
    pub const REQUEST_ID: &str = "request_id";
    /// The id of the trace that a line belongs to, as 32 hexadecimal digits.
    pub const TRACE_ID: &str = "trace_id";
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

/// How a text is shown without the characters that a terminal obeys or hides, in a way that leaves JSON
/// what it was.
pub type TextEscape = fn(&str) -> String;

/// Starts logging to the standard error for the whole process, panics included.
///
/// # Errors
///
/// When the process logs already.
pub fn start(log: &LogConfig, shown: TextEscape) -> Result<(), TryInitError> {
    let has_colors = io::stderr().is_terminal();
    subscriber(log, Visible { out: io::stderr, shown, has_colors }).try_init()?;
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = std::backtrace::Backtrace::capture();
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(at, %backtrace, { field::ERROR } = message, "panicked");
    }));
    Ok(())
}

/// What [`start`] installs.
fn subscriber<W>(log: &LogConfig, out: Visible<W>) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::new(&log.filter);
    let has_colors = out.has_colors;
    let lines = fmt().with_env_filter(filter).with_writer(out).with_ansi(has_colors);
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

/// Writes lines as a terminal may be shown them. What others wrote, such as GitHub's errors, would
/// otherwise be obeyed or hidden by it.
#[derive(Debug)]
struct Visible<W> {
    out: W,
    shown: TextEscape,
    /// Whether colors of text are written as they are.
    has_colors: bool,
}

impl<W> Visible<W> {
    fn line(&self, line: &str) -> String {
        let mut parts = line.split(ESCAPE);
        let mut shown = (self.shown)(parts.next().unwrap_or_default());
        for part in parts {
            let color = color(part).filter(|_| self.has_colors).unwrap_or_default();
            if color.is_empty() {
                shown.push_str(&(self.shown)("\u{1b}"));
            } else {
                shown.push(ESCAPE);
                shown.push_str(color);
            }
            shown.push_str(&(self.shown)(&part[color.len()..]));
        }
        shown
    }
}

/// What begins a color, and everything else that a terminal obeys.
const ESCAPE: char = '\u{1b}';

/// The color or weight after an [`ESCAPE`], if it is one that hides nothing.
fn color(text: &str) -> Option<&str> {
    let end = text.find('m')?;
    let codes = text[..end].strip_prefix('[')?;
    let is_harmless = |code: &str| matches!(code.parse::<u8>(), Ok(0..=4 | 30..=37));
    codes.split(';').all(is_harmless).then(|| &text[..=end])
}

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Visible<W> {
    type Writer = Visible<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        let Self { out, shown, has_colors } = self;
        Visible { out: out.make_writer(), shown: *shown, has_colors: *has_colors }
    }
}

impl<W: Write> Write for Visible<W> {
    /// A line comes whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let shown = self.line(&String::from_utf8_lossy(line));
        self.out.write_all(shown.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// How the names of our own modules begin.
const OURS: &str = "dispatch";
const BELOW_OURS: &str = "dispatch::";

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::domain::bounds::{is_invisible, visible};

    #[derive(Clone, Default)]
    struct LogBuffer(Arc<Mutex<Vec<u8>>>);

    impl Write for LogBuffer {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, format: LogFormat, work: impl FnOnce()) -> String {
        logged_to(false, filter, format, work)
    }

    fn logged_to(has_colors: bool, filter: &str, format: LogFormat, work: impl FnOnce()) -> String {
        let buffer = LogBuffer::default();
        let out = buffer.clone();
        let log = LogConfig { filter: filter.to_owned(), format };
        let out = Visible { out: move || out.clone(), shown: visible, has_colors };
        tracing::subscriber::with_default(subscriber(&log, out), work);
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    /// Turns the line around, clears the screen in one character and in several, hides, and rings.
    const HOSTILE: &str =
        "\u{202e}txt.exe \u{9b}2J \u{1b}[2J\u{1b}[8m\u{200b}\u{feff}\u{7}\u{7f}\r";

    fn log_hostile_texts() {
        let span = tracing::info_span!("request", { field::REQUEST_ID } = %HOSTILE);
        let _inside = span.enter();
        tracing::info!(
            { field::ERROR } = %HOSTILE,
            { field::REPOSITORY } = HOSTILE,
            { field::ISSUE } = ?HOSTILE,
            "{HOSTILE}"
        );
    }

    #[test]
    fn no_line_has_a_character_that_a_terminal_obeys_or_hides() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let line = logged("info", format, log_hostile_texts);
            let raw = |c: &char| *c != '\n' && (c.is_control() || is_invisible(*c));
            assert_eq!(line.chars().find(raw), None, "{line:?}");
            assert!(line.matches("txt.exe").count() >= 5, "{line:?}");
            assert_eq!(line.lines().count(), 1, "{line:?}");
        }
        let line = logged("info", LogFormat::Json, log_hostile_texts);
        let line: serde_json::Value = serde_json::from_str(&line).expect("one object");
        assert_eq!((&line["message"], &line["error"]), (&HOSTILE.into(), &HOSTILE.into()));
    }

    #[test]
    fn a_terminal_has_colors_of_ours_and_obeys_nothing_else() {
        let line = logged_to(true, "info", LogFormat::Text, log_hostile_texts);
        assert!(line.contains("\u{1b}[32m INFO"), "{line:?}");
        let mut colors = line.split(ESCAPE).skip(1);
        assert!(colors.all(|rest| color(rest).is_some()), "{line:?}");
        assert_eq!(line.chars().find(|c| is_invisible(*c) && *c != ESCAPE), None, "{line:?}");
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
