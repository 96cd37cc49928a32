//! What the application logs while a test runs.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber, subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// The errors that were logged.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

/// Captures the log of this thread, on which the whole test runs.
pub(crate) fn capture() -> (Log, subscriber::DefaultGuard) {
    let log = Log::default();
    let guard = subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
    (log, guard)
}

impl Log {
    /// Fails the test when an error was logged.
    pub(crate) fn check(&self) {
        let errors = self.0.lock().unwrap();
        assert!(errors.is_empty(), "errors were logged:\n{}", errors.join("\n"));
    }
}

impl Log {
    /// Removes the errors that contain a text from the log; there must be one.
    pub(crate) fn expect(&self, text: &str) {
        let mut errors = self.0.lock().unwrap();
        let before = errors.len();
        errors.retain(|error| !error.contains(text));
        assert!(errors.len() < before, "no error with {text:?} was logged: {errors:?}");
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            let mut line = LogLine(String::new());
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }
    }
}

struct LogLine(String);

impl Visit for LogLine {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}
