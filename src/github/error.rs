//! How asking GitHub can fail.

use chrono::{DateTime, SecondsFormat, Utc};

/// Why GitHub did not give what was asked for.
///
/// What it prints is what people and old clients see, so it never holds the token, and text that
/// came from GitHub is stripped of control characters and cut to a sensible length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no token, so nothing was asked.
    #[error("GITHUB_TOKEN environment variable is not set")]
    Unconfigured,

    /// GitHub understood and said no. Nothing was changed.
    #[error("GitHub API error: {status} {message}")]
    Refused {
        /// The HTTP status; 422 for a refusal that came as a GraphQL error with status 200.
        status: u16,
        /// GitHub's own words.
        message: String,
        /// Whether that is for who asks: its type is `FORBIDDEN`, or the HTTP status 403.
        is_forbidden: bool,
    },

    /// There is no such thing, or the token may not see it; GitHub does not tell the two apart.
    #[error("GitHub API error: 404 {message}")]
    NotFound {
        /// GitHub's own words, which name what it could not find.
        message: String,
    },

    /// The number belongs to a pull request.
    #[error("#{number} is a pull request, not an issue")]
    PullRequest {
        /// The number asked for.
        number: i32,
    },

    /// GitHub wants to be left alone for a while. Nothing was changed.
    #[error("GitHub API error: 429 rate limit exceeded until {}", .until.to_rfc3339_opts(SecondsFormat::Secs, true))]
    RateLimited {
        /// When to ask again, by our own clock.
        until: DateTime<Utc>,
    },

    /// No answer, or one that only says that GitHub is in trouble.
    #[error("{reason}")]
    Unreachable {
        /// A whole sentence; begins with `GitHub API error: <status>` when there was a status.
        reason: String,
        /// Whether time ran out, here or at GitHub. A smaller page may then succeed.
        timed_out: bool,
        /// Whether GitHub may have received the request, and so may have carried it out or do so
        /// yet.
        ambiguous: bool,
    },

    /// An answer that is not what GitHub's schema promises.
    #[error("GitHub gave an answer that cannot be understood: {reason}")]
    Unintelligible {
        /// What was wrong with it.
        reason: String,
    },
}

/// What a refused or unanswered change of an issue says of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// Nothing can be changed now: there is no token, it is not accepted, or the rate limit is used up.
    Everything,
    /// Other issues of the repository may be refused as well.
    Repository,
    /// It is about the issue alone.
    Issue,
    /// Nobody knows: there was no answer, or none that can be understood.
    Unknown,
}

impl Error {
    /// What it says of others when it was the answer to a change of an issue.
    pub fn concern(&self) -> Concern {
        match self {
            Self::Unconfigured | Self::RateLimited { .. } => Concern::Everything,
            Self::Refused { status: 401, .. } => Concern::Everything,
            Self::Refused { is_forbidden: true, .. } => Concern::Repository,
            Self::Refused { .. } | Self::NotFound { .. } | Self::PullRequest { .. } => {
                Concern::Issue
            }
            Self::Unreachable { .. } | Self::Unintelligible { .. } => Concern::Unknown,
        }
    }

    /// Whether a request to change something may have been carried out all the same.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::Unreachable { ambiguous, .. } => *ambiguous,
            Self::Unintelligible { .. } => true,
            Self::Unconfigured
            | Self::Refused { .. }
            | Self::NotFound { .. }
            | Self::PullRequest { .. }
            | Self::RateLimited { .. } => false,
        }
    }

    /// Whether it says nothing about what was asked for: the same request may succeed later.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unreachable { .. })
    }

    /// The lower, the sooner it decides what to do next.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::RateLimited { .. } => 0,
            Self::Unreachable { .. } => 1,
            _ => 2,
        }
    }

    /// Whether time ran out, so that asking for less may succeed.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Unreachable { timed_out: true, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_print_what_clients_know() {
        let until = "2026-11-24T12:00:30.5Z".parse().expect("a valid time");
        let printed = [
            Error::Unconfigured,
            Error::Refused { status: 401, message: "Bad credentials".into(), is_forbidden: false },
            Error::NotFound { message: "Could not resolve to a Repository.".into() },
            Error::PullRequest { number: 7 },
            Error::RateLimited { until },
        ]
        .map(|error| error.to_string());
        assert_eq!(
            printed,
            [
                "GITHUB_TOKEN environment variable is not set",
                "GitHub API error: 401 Bad credentials",
                "GitHub API error: 404 Could not resolve to a Repository.",
                "#7 is a pull request, not an issue",
                "GitHub API error: 429 rate limit exceeded until 2026-11-24T12:00:30Z",
            ]
        );
    }

    #[test]
    fn only_an_unknown_fate_is_ambiguous() {
        let lost =
            |ambiguous| Error::Unreachable { reason: "gone".into(), timed_out: false, ambiguous };
        assert!(lost(true).is_ambiguous());
        assert!(!lost(false).is_ambiguous());
        assert!(Error::Unintelligible { reason: "half".into() }.is_ambiguous());
        assert!(
            !Error::Refused { status: 422, message: "no".into(), is_forbidden: false }
                .is_ambiguous()
        );
        assert!(!Error::Unconfigured.is_ambiguous());
    }
}
