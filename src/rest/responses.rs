//! The error responses that routes of one family share, as OpenAPI describes them. [`openapi`] adds
//! what every route can answer. A family is a type without values, for `responses(...)`.
//!
//! [`openapi`]: mod@super::openapi

use std::collections::BTreeMap;

use utoipa::openapi::{Content, Ref, RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

use crate::middleware::ProblemDocument;

type Responses = BTreeMap<String, RefOr<Response>>;

/// The description of an error response: a problem document.
pub(super) fn problem(text: &str) -> Response {
    let document = Ref::from_schema_name(ProblemDocument::name());
    let content = Content::builder().schema(Some(document)).build();
    Response::builder().description(text).content("application/problem+json", content).build()
}

fn problems<const N: usize>(all: [(&str, &str); N]) -> Responses {
    all.into_iter().map(|(status, text)| (status.to_owned(), problem(text).into())).collect()
}

/// The route writes to an issue on GitHub.
pub(super) enum IssueWriteResponses {}

impl IntoResponses for IssueWriteResponses {
    fn responses() -> Responses {
        problems([
            ("400", "The body is invalid, or the state of the issue does not allow the change."),
            ("404", "The issue is not cached: `Issue not found in local cache`."),
            (
                "500",
                "GitHub rejected the change, and `error` has GitHub's message; or the route failed.",
            ),
        ])
    }
}

/// The route changes the labels of an issue on GitHub and checks first what they are now.
pub(super) enum LabelWriteResponses {}

impl IntoResponses for LabelWriteResponses {
    fn responses() -> Responses {
        let own = problems([
            (
                "409",
                "Another change of the issue is in progress, or another agent holds the issue.",
            ),
            ("503", "`Could not verify live GitHub labels: <why>`; nothing was changed."),
        ]);
        IssueWriteResponses::responses().into_iter().chain(own).collect()
    }
}

/// The route reports the progress of an agent's work.
pub(super) enum ProgressReport {}

impl IntoResponses for ProgressReport {
    fn responses() -> Responses {
        problems([
            (
                "404",
                "There is no such issue (`Issue not found: <id>`), or the agent has no work (`No \
                 active work found for agent`).",
            ),
            ("409", "Another agent holds the issue; the agent must stop."),
        ])
    }
}

/// The route names an issue by its id in the path.
pub(super) enum IssueInPath {}

impl IntoResponses for IssueInPath {
    fn responses() -> Responses {
        problems([
            ("400", "The id is not a valid issue id, or the body is invalid."),
            ("404", "`Issue not found: <id>`."),
        ])
    }
}

/// The route lists an agent's queue, or the best issue of it.
pub(super) enum QueueRead {}

impl IntoResponses for QueueRead {
    fn responses() -> Responses {
        problems([
            ("400", "The lane is unknown, or the name is not a valid agent name."),
            ("410", "Grooming tasks are no longer available."),
        ])
    }
}

/// The route tracks a repository.
pub(super) enum Tracking {}

impl IntoResponses for Tracking {
    fn responses() -> Responses {
        problems([("409", "`Repository is already tracked`, or too many repositories are.")])
    }
}

/// The route stops tracking a repository.
pub(super) enum Untracking {}

impl IntoResponses for Untracking {
    fn responses() -> Responses {
        problems([("404", "`Repository not tracked`.")])
    }
}

/// The route runs a job of which one can run at a time.
pub(super) enum SingleJob {}

impl IntoResponses for SingleJob {
    fn responses() -> Responses {
        problems([("409", "The same job is running; `locked` is true.")])
    }
}
