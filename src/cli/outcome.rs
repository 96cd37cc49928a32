//! The outcome of a command, and what it prints when it fails.
//!
//! A reader that closes the pipe early (`dispatch queue | head`) is not a failure: the command ends
//! as if everything had been read.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use ::dispatch::domain::bounds::visible;
use ::dispatch::service::error_code;
use serde_json::{Value, json};

use super::Format;

/// The code for output that nobody reads.
const UNREAD: &str = "UNREAD";

/// The outcome of a command, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitOutcome {
    /// It succeeded.
    Done,
    /// It was rejected.
    Refused,
    /// The command or one of its values is invalid.
    Wrong,
    /// There is no eligible issue.
    NoWork,
    /// The lease is lost.
    LeaseLost,
    /// Dispatch or GitHub could not be reached.
    Later,
}

impl From<ExitOutcome> for ExitCode {
    fn from(outcome: ExitOutcome) -> Self {
        Self::from(match outcome {
            ExitOutcome::Done => 0,
            ExitOutcome::Refused => 1,
            ExitOutcome::Wrong => 2,
            ExitOutcome::NoWork => 3,
            ExitOutcome::LeaseLost => 4,
            ExitOutcome::Later => 5,
        })
    }
}

/// Why a command failed, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandFailure {
    /// The code by which programs distinguish failures.
    pub(crate) code: String,
    /// The error, for people.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) remedy: String,
}

impl CommandFailure {
    pub(crate) fn new(
        code: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { code: code.into(), message: message.into(), remedy: remedy.into() }
    }

    /// A failure with the remedy for its code.
    pub(crate) fn from_code(code: &str, message: impl Into<String>) -> Self {
        Self::new(code, message, ::dispatch::mcp::remedy(code))
    }

    /// An I/O error of this process.
    pub(crate) fn broken(error: &std::io::Error) -> Self {
        let code = if error.kind() == ErrorKind::BrokenPipe { UNREAD } else { "BROKEN_PIPE" };
        Self::new(code, error.to_string(), "Look at where the output goes.")
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "code": self.code, "message": self.message, "remedy": self.remedy })
    }

    fn outcome(&self) -> ExitOutcome {
        match self.code.as_str() {
            UNREAD => ExitOutcome::Done,
            error_code::LEASE_LOST => ExitOutcome::LeaseLost,
            error_code::BAD_USER_INPUT => ExitOutcome::Wrong,
            "UNREACHABLE"
            | error_code::UNAVAILABLE
            | error_code::RATE_LIMITED
            | error_code::UPSTREAM_FAILED
            | error_code::TIMEOUT => ExitOutcome::Later,
            _ => ExitOutcome::Refused,
        }
    }

    /// Prints the failure in the requested format, and returns the outcome.
    pub(super) fn say(&self, format: Format) -> ExitOutcome {
        if self.code == UNREAD {
            return self.outcome();
        }
        // A closed output cannot be reported anywhere.
        let _ = match format.json {
            true => writeln!(std::io::stdout(), "{}", visible(&format!("{:#}", self.to_json()))),
            false => {
                let Self { code, message, remedy } = self;
                let (message, remedy) = (visible(message), visible(remedy));
                writeln!(std::io::stderr(), "dispatch: {message} ({code})\n{remedy}")
            }
        };
        self.outcome()
    }
}

/// Prints lines to the standard output, without control characters or invisible characters.
pub(super) fn print(text: &str) -> Result<(), CommandFailure> {
    let text = visible(text);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| CommandFailure::broken(&error))
}

/// Prints a note to the standard error.
pub(super) fn print_note(text: &str) {
    // A closed standard error cannot be reported anywhere.
    let _ = writeln!(std::io::stderr(), "dispatch: {}", visible(text));
}
