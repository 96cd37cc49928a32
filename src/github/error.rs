//! Errors of requests to GitHub.

use chrono::{DateTime, SecondsFormat, Utc};

/// Why a request to GitHub failed.
///
/// Its text is shown to people and legacy clients, so it never contains the token; text from GitHub
/// has its control characters removed and is shortened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no token, so nothing was sent.
    #[error("GITHUB_TOKEN environment variable is not set")]
    Unconfigured,

    /// GitHub gives the app no token for its installation, so nothing was sent: it is not installed,
    /// suspended, or the app's key is not accepted.
    #[error("{reason}")]
    NoInstallation {
        /// A complete sentence that says what to do, and when it is tried again.
        reason: String,
        /// Whether it holds for every repository.
        is_for_all: bool,
    },

    /// GitHub refused the request. Nothing was changed.
    #[error("GitHub API error: {status} {message}")]
    Refused {
        /// The HTTP status; 422 for an error of GraphQL with status 200.
        status: u16,
        /// GitHub's message.
        message: String,
        /// Whether the caller is forbidden to do this: its type is `FORBIDDEN`, or the HTTP status
        /// is 403.
        is_forbidden: bool,
    },

    /// It does not exist, or the token may not see it; GitHub does not distinguish these.
    #[error("GitHub API error: 404 {message}")]
    NotFound {
        /// GitHub's message, which says what it could not find.
        message: String,
    },

    /// The number belongs to a pull request.
    #[error("#{number} is a pull request, not an issue")]
    PullRequest {
        /// The number asked for.
        number: i32,
    },

    /// GitHub's rate limit is exceeded. Nothing was changed.
    #[error("GitHub API error: 429 rate limit exceeded until {}", text(until))]
    RateLimited {
        /// When to try again, by our own clock.
        until: DateTime<Utc>,
    },

    /// Little is left of GitHub's rate limit, and is kept for what is more important. Nothing was
    /// sent.
    #[error(
        "{remaining} points of GitHub's rate limit are left until {}, and are kept for claims and moves",
        text(until)
    )]
    Saved {
        /// When the limit is full again, by GitHub's clock.
        until: DateTime<Utc>,
        /// The points that are left.
        remaining: i64,
    },

    /// No response, or only a server error.
    #[error("{reason}")]
    Unreachable {
        /// A complete sentence; begins with `GitHub API error: <status>` if there was a status.
        reason: String,
        /// Whether a timeout was exceeded, here or at GitHub. A smaller page may then succeed.
        timed_out: bool,
        /// Whether GitHub may have received the request, and so may have executed it or may still
        /// do so.
        ambiguous: bool,
    },

    /// GitHub has not answered for some time, so the request was not sent.
    #[error(
        "GitHub has not answered since {}; it is tried again at {}",
        text(since),
        text(retry_at)
    )]
    CircuitOpen {
        /// When the first request in a row got no answer, by our own clock.
        since: DateTime<Utc>,
        /// When the next request is sent, by our own clock.
        retry_at: DateTime<Utc>,
    },

    /// A response that violates GitHub's schema.
    #[error("GitHub gave an answer that cannot be understood: {reason}")]
    Unintelligible {
        /// How it violates the schema.
        reason: String,
    },
}

/// What the failure of a change of one issue means for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// Nothing can be changed: there is no valid token, the rate limit is exceeded, or GitHub has
    /// not answered for some time.
    Everything,
    /// Changes of other issues of the repository may be refused as well.
    Repository,
    /// It concerns the issue only.
    Issue,
    /// Unknown: there was no response, or an unreadable one.
    Unknown,
}

impl Error {
    /// What it means for others if it was the response to a change of an issue.
    pub fn concern(&self) -> Concern {
        match self {
            Self::Unconfigured
            | Self::RateLimited { .. }
            | Self::Saved { .. }
            | Self::CircuitOpen { .. } => Concern::Everything,
            Self::Refused { status: 401, .. } | Self::NoInstallation { is_for_all: true, .. } => {
                Concern::Everything
            }
            Self::NoInstallation { .. } => Concern::Repository,
            Self::Refused { is_forbidden: true, .. } => Concern::Repository,
            Self::Refused { .. } | Self::NotFound { .. } | Self::PullRequest { .. } => {
                Concern::Issue
            }
            Self::Unreachable { .. } | Self::Unintelligible { .. } => Concern::Unknown,
        }
    }

    /// What somebody has to do so that requests about a repository succeed again; none when they will
    /// by themselves, or the text of the error says it.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Unconfigured => Some("Set it, or configure a GitHub App"),
            Self::Refused { status: 401, .. } => Some(
                "The token has expired or was revoked: set a valid GITHUB_TOKEN, or check the GitHub App",
            ),
            Self::Refused { is_forbidden: true, message, .. } if message.contains("SAML") => Some(
                "Authorize the token for the organization's single sign-on: on GitHub, in \
                 Settings, Developer settings, Personal access tokens, Configure SSO",
            ),
            Self::Refused { is_forbidden: true, message, .. }
                if message.contains("IP allow list") =>
            {
                Some("Add the address of this server to the organization's IP allow list")
            }
            Self::Refused { is_forbidden: true, .. } => {
                Some("Give the token access to the repository, or stop tracking it")
            }
            Self::NotFound { .. } => Some(
                "The repository was deleted, renamed or made private, or the token does not see \
                 it: give the token access, authorize it for the organization's single sign-on if \
                 there is one, or stop tracking it",
            ),
            _ => None,
        }
    }

    /// The same error, if it is no evidence about other issues of the repository.
    pub fn for_single_issue(self) -> Self {
        match self {
            Self::Refused { status, message, is_forbidden: _ } => {
                Self::Refused { status, message, is_forbidden: false }
            }
            other => other,
        }
    }

    /// Whether a request for a change may have been executed anyway.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::Unreachable { ambiguous, .. } => *ambiguous,
            Self::Unintelligible { .. } => true,
            Self::Unconfigured
            | Self::NoInstallation { .. }
            | Self::Saved { .. }
            | Self::Refused { .. }
            | Self::NotFound { .. }
            | Self::PullRequest { .. }
            | Self::CircuitOpen { .. }
            | Self::RateLimited { .. } => false,
        }
    }

    /// Whether it is temporary: the same request may succeed later.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. }
                | Self::Saved { .. }
                | Self::Unreachable { .. }
                | Self::CircuitOpen { .. }
        )
    }

    /// The priority among several errors: the lowest decides what to do next.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::RateLimited { .. } | Self::Saved { .. } => 0,
            Self::Unreachable { .. } | Self::CircuitOpen { .. } => 1,
            _ => 2,
        }
    }

    /// Whether a timeout was exceeded, so that requesting less may succeed.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Unreachable { timed_out: true, .. })
    }
}

fn text(time: &DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
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
