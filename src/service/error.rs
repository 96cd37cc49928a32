//! The one error of this floor. It knows no transport; each door has its own table of codes.

use chrono::{DateTime, Utc};

use crate::domain::{Actor, Status};
use crate::github;
use crate::store::{self, Failure, Repository};

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself is wrong.
    #[error("{field}: {reason}")]
    Invalid {
        /// The member of the request, as the caller spells it.
        field: &'static str,
        /// What is wrong with it and what would be right.
        reason: String,
    },

    /// Nobody has shown who they are.
    #[error("Unauthorized")]
    Unauthenticated,

    /// Not this caller's to do.
    #[error("{action}")]
    Forbidden {
        /// What was refused and who may do it, as one sentence.
        action: String,
    },

    /// No such thing.
    #[error("{what} not found: {id}")]
    NotFound {
        /// The kind of thing, capitalised.
        what: &'static str,
        /// How it was called.
        id: String,
    },

    /// It moved; look again.
    #[error("{what}")]
    Conflict {
        /// What stands in the way, as one sentence.
        what: String,
        /// Where the issue is now.
        current: Option<Status>,
        /// Where a change that is under way wants it.
        pending: Option<Status>,
        /// What kind of thing stands in the way.
        obstacle: Obstacle,
    },

    /// The caller's hold is over.
    #[error("the lease on this issue is over{}", .holder.as_ref().map(|agent| format!("; {agent} holds it now")).unwrap_or_default())]
    LeaseLost {
        /// Who holds the issue now.
        holder: Option<String>,
    },

    /// Later.
    #[error("{what}")]
    Busy {
        /// What is busy, as one sentence.
        what: String,
        /// When to ask again; none when that is not known.
        retry_at: Option<DateTime<Utc>>,
    },

    /// GitHub said no, or nothing.
    #[error("{0}")]
    Upstream(#[source] github::Error),

    /// GitHub could not be asked how things stand, so nothing was decided and nothing sent.
    #[error("Could not verify live GitHub labels: {0}")]
    Unread(#[source] github::Error),

    /// We are not ready.
    #[error("{reason}")]
    Unavailable {
        /// What is missing.
        reason: String,
    },

    /// Our own bug. Doors log it whole and answer bare.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

/// What kind of thing stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// What others do; asking again may help.
    Passing,
    /// How the thing itself is; asking again does not help.
    Lasting,
    /// The issue is closed at GitHub.
    Closed,
}

impl Error {
    /// What an actor may not do: who has shown no credentials is asked for some, anybody else
    /// learns what was refused.
    pub fn denied(actor: &Actor, action: impl Into<String>) -> Self {
        match actor {
            Actor::Anonymous | Actor::Visitor | Actor::Person { .. } => Self::Unauthenticated,
            _ => Self::Forbidden { action: action.into() },
        }
    }

    /// An issue that is not in the cache.
    pub fn no_issue(id: impl ToString) -> Self {
        Self::NotFound { what: "Issue", id: id.to_string() }
    }

    /// Something that stands in the way and is not the issue's column.
    pub fn conflict(what: impl Into<String>) -> Self {
        let obstacle = Obstacle::Passing;
        Self::Conflict { what: what.into(), current: None, pending: None, obstacle }
    }

    /// Something that stands in the way for good.
    pub(super) fn lasting(what: impl Into<String>, current: Option<Status>) -> Self {
        let obstacle = Obstacle::Lasting;
        Self::Conflict { what: what.into(), current, pending: None, obstacle }
    }

    /// An issue of a repository where nothing can be changed.
    pub(super) fn read_only(repository: &Repository, current: Status) -> Option<Self> {
        let reason = repository.read_only?.phrase();
        let what = format!("{} {reason}, so its issues cannot be changed", repository.full_name);
        Some(Self::lasting(what, Some(current)))
    }

    /// An issue that is closed at GitHub, which alone opens it again.
    pub(super) fn closed(what: impl Into<String>) -> Self {
        let (current, obstacle) = (Some(Status::Done), Obstacle::Closed);
        Self::Conflict { what: what.into(), current, pending: None, obstacle }
    }

    /// What GitHub answered to a change, or to the look before it, where that is why it failed.
    pub(super) fn refusal(&self) -> Option<&github::Error> {
        match self {
            Self::Upstream(error) | Self::Unread(error) => Some(error),
            _ => None,
        }
    }

    /// A repository that is not tracked.
    pub fn no_repository(name: impl ToString) -> Self {
        Self::NotFound { what: "Repository", id: name.to_string() }
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
    /// A look at GitHub's labels that failed.
    pub(super) fn unread(error: github::Error) -> Self {
        match error {
            github::Error::RateLimited { .. } => error.into(),
            _ => Self::Unread(error),
        }
    }
}

impl From<github::Error> for Error {
    fn from(error: github::Error) -> Self {
        match error {
            github::Error::RateLimited { until } => {
                Self::Busy { what: error.to_string(), retry_at: Some(until) }
            }
            _ => Self::Upstream(error),
        }
    }
}
