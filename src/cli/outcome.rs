//! How a command ends, and what it says when it does not do what was asked.
//!
//! A reader that has seen enough (`dispatch queue | head`) is no failure: the command ends as though
//! all had been read, and says nothing.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use ::dispatch::domain::bounds::visible;
use serde_json::{Value, json};

use super::Format;

/// The code of output that nobody reads any more.
const UNREAD: &str = "UNREAD";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
    /// The command or one of its values is wrong.
    Wrong,
    /// There is no work.
    NoWork,
    /// The lease is lost.
    LeaseLost,
    /// Dispatch or GitHub could not be asked.
    Later,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::Refused => 1,
            Outcome::Wrong => 2,
            Outcome::NoWork => 3,
            Outcome::LeaseLost => 4,
            Outcome::Later => 5,
        })
    }
}

/// Why something was not done, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What programs tell failures apart by.
    pub(crate) code: String,
    /// What is the matter, for people.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) remedy: String,
}

impl Failure {
    pub(crate) fn new(
        code: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { code: code.into(), message: message.into(), remedy: remedy.into() }
    }

    /// A failure with the remedy that Dispatch knows for its code.
    pub(crate) fn of_code(code: &str, message: impl Into<String>) -> Self {
        Self::new(code, message, ::dispatch::mcp::remedy(code))
    }

    /// Something on this side that could not be read or written.
    pub(crate) fn broken(error: &std::io::Error) -> Self {
        let code = if error.kind() == ErrorKind::BrokenPipe { UNREAD } else { "BROKEN_PIPE" };
        Self::new(code, error.to_string(), "Look at where the output goes.")
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "code": self.code, "message": self.message, "remedy": self.remedy })
    }

    fn outcome(&self) -> Outcome {
        match self.code.as_str() {
            UNREAD => Outcome::Done,
            "LEASE_LOST" => Outcome::LeaseLost,
            "BAD_USER_INPUT" => Outcome::Wrong,
            "UNREACHABLE" | "UNAVAILABLE" | "RATE_LIMITED" | "UPSTREAM_FAILED" | "TIMEOUT" => {
                Outcome::Later
            }
            _ => Outcome::Refused,
        }
    }

    /// Says it where it was asked for, and tells how the command ends.
    pub(super) fn say(&self, format: Format) -> Outcome {
        if self.code == UNREAD {
            return self.outcome();
        }
        // Nothing is left to be done about a closed output.
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

/// Prints lines to the standard output, without a character that a terminal would obey or hide.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let text = visible(text);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| Failure::broken(&error))
}

/// Says something beside the output.
pub(super) fn note(text: &str) {
    // Nothing is left to be done about a closed standard error.
    let _ = writeln!(std::io::stderr(), "dispatch: {}", visible(text));
}
