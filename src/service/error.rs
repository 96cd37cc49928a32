//! The one error type of use cases, and the table of its codes. It is independent of transports.

use chrono::{DateTime, Utc};

use super::error_code::{
    BAD_USER_INPUT, CONFLICT, FORBIDDEN, INTERNAL_SERVER_ERROR, LEASE_LOST, NOT_FOUND,
    RATE_LIMITED, UNAUTHENTICATED, UNAVAILABLE, UPSTREAM_FAILED,
};
use crate::domain::{Actor, Status};
use crate::github;
use crate::store::{self, Failure, Repository};

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself is invalid.
    #[error("{field}: {reason}")]
    Invalid {
        /// The member of the request, in the caller's spelling.
        field: &'static str,
        /// What is wrong with it and what would be valid.
        reason: String,
    },

    /// The caller is not authenticated.
    #[error("Unauthorized")]
    Unauthenticated,

    /// The caller is not allowed to do this.
    #[error("{action}")]
    Forbidden {
        /// What was denied and who may do it, as one sentence.
        action: String,
    },

    /// Something does not exist.
    #[error("{what} not found: {id}")]
    NotFound {
        /// The kind of thing, capitalised.
        what: &'static str,
        /// The id or name that was given.
        id: String,
    },

    /// The current state does not allow it.
    #[error("{what}")]
    Conflict {
        /// The conflict, as one sentence.
        what: String,
        /// The current column of the issue.
        current: Option<Status>,
        /// The target column of a change in progress.
        pending: Option<Status>,
        /// The kind of conflict.
        kind: ConflictKind,
    },

    /// The caller's lease is over.
    #[error("the lease on this issue is over{}", .holder.as_ref().map(|agent| format!("; {agent} holds it now")).unwrap_or_default())]
    LeaseLost {
        /// The agent that has the lease now.
        holder: Option<String>,
    },

    /// Temporarily not possible.
    #[error("{what}")]
    RateLimited {
        /// What is limited, as one sentence.
        what: String,
        /// When to try again; none if unknown.
        retry_at: Option<DateTime<Utc>>,
    },

    /// GitHub refused or did not respond.
    #[error("{0}")]
    Upstream(#[source] github::Error),

    /// GitHub could not be read, so nothing was decided or sent.
    #[error("Could not verify live GitHub labels: {0}")]
    UpstreamUnreadable(#[source] github::Error),

    /// The service is not ready.
    #[error("{reason}")]
    Unavailable {
        /// What is missing.
        reason: String,
    },

    /// A bug. Transports log it completely and return only a generic error.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

/// The kind of a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictKind {
    /// Caused by a concurrent action; a retry may succeed.
    Temporary,
    /// Caused by the state of the object; a retry will not succeed.
    Permanent,
    /// The issue is closed on GitHub.
    Closed,
}

impl Error {
    /// The code by which programs distinguish errors, in every transport.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => BAD_USER_INPUT,
            Self::Unauthenticated => UNAUTHENTICATED,
            Self::Forbidden { .. } => FORBIDDEN,
            Self::NotFound { .. } => NOT_FOUND,
            Self::Conflict { .. } => CONFLICT,
            Self::LeaseLost { .. } => LEASE_LOST,
            Self::RateLimited { .. } => RATE_LIMITED,
            Self::Upstream(_) | Self::UpstreamUnreadable(_) => UPSTREAM_FAILED,
            Self::Unavailable { .. } => UNAVAILABLE,
            Self::Internal(_) => INTERNAL_SERVER_ERROR,
        }
    }

    /// An action that an actor may not do: an actor without credentials is asked to authenticate,
    /// any other is denied.
    pub fn denied(actor: &Actor, action: impl Into<String>) -> Self {
        match actor {
            Actor::Anonymous | Actor::Visitor | Actor::Person { .. } => Self::Unauthenticated,
            _ => Self::Forbidden { action: action.into() },
        }
    }

    /// The error of reading a repository, with what somebody has to do about it if it does not end by
    /// itself.
    pub fn with_advice(&self) -> String {
        let text = self.to_string();
        match self {
            Self::Upstream(error) if let Some(advice) = error.advice() => {
                format!("{}. {advice}", text.trim_end_matches('.'))
            }
            _ => text,
        }
    }

    /// An issue that is not in the cache.
    pub fn no_issue(id: impl ToString) -> Self {
        Self::NotFound { what: "Issue", id: id.to_string() }
    }

    /// A conflict that is not about the issue's column.
    pub fn conflict(what: impl Into<String>) -> Self {
        let kind = ConflictKind::Temporary;
        Self::Conflict { what: what.into(), current: None, pending: None, kind }
    }

    /// A conflict that a retry will not solve.
    pub(super) fn permanent_conflict(what: impl Into<String>, current: Option<Status>) -> Self {
        let kind = ConflictKind::Permanent;
        Self::Conflict { what: what.into(), current, pending: None, kind }
    }

    /// The conflict for an issue of a read-only repository, if it is one.
    pub(super) fn read_only(repository: &Repository, current: Status) -> Option<Self> {
        let reason = repository.read_only?.phrase();
        let what = format!("{} {reason}, so its issues cannot be changed", repository.full_name);
        Some(Self::permanent_conflict(what, Some(current)))
    }

    /// The conflict for an issue that is closed on GitHub and can only be reopened there.
    pub(super) fn closed(what: impl Into<String>) -> Self {
        let (current, kind) = (Some(Status::Done), ConflictKind::Closed);
        Self::Conflict { what: what.into(), current, pending: None, kind }
    }

    /// GitHub's error for a change, or for the read before it, if that is the cause.
    pub(super) fn refusal(&self) -> Option<&github::Error> {
        match self {
            Self::Upstream(error) | Self::UpstreamUnreadable(error) => Some(error),
            _ => None,
        }
    }

    /// A repository that is not tracked.
    pub fn no_repository(name: impl ToString) -> Self {
        Self::NotFound { what: "Repository", id: name.to_string() }
    }
}

impl Error {
    /// The error with its causes, for the log. A response never has the causes of a bug.
    pub fn with_causes(&self) -> String {
        match self {
            Self::Internal(cause) => format!("{self}: {cause:#}"),
            other => other.to_string(),
        }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        let reason = match store::failure(&error) {
            Some(Failure::Away) => "the database cannot be reached",
            Some(Failure::Late) => "the database took too long; ask for less, or again later",
            None => return Self::Internal(error.into()),
        };
        tracing::warn!(%error, "the database did not answer");
        Self::Unavailable { reason: reason.to_owned() }
    }
}

impl Error {
    /// A failed read of GitHub's labels.
    pub(super) fn upstream_unreadable(error: github::Error) -> Self {
        match error {
            github::Error::RateLimited { .. } | github::Error::Saved { .. } => error.into(),
            _ => Self::UpstreamUnreadable(error),
        }
    }
}

impl From<github::Error> for Error {
    fn from(error: github::Error) -> Self {
        match error {
            github::Error::RateLimited { until } | github::Error::Saved { until, .. } => {
                Self::RateLimited { what: error.to_string(), retry_at: Some(until) }
            }
            _ => Self::Upstream(error),
        }
    }
}
