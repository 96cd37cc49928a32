//! The arguments of the tools, and how they are parsed. The docs of the members are the
//! descriptions that a model reads.
//!
//! Invariant: an argument that cannot be parsed is rejected by its name, including unknown
//! arguments, because a misspelt name must not change what a call means.

use std::borrow::Cow;
use std::str::FromStr;

use rmcp::handler::server::common::FromContextPart;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::ErrorData;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::domain::leases::{Checkpoint, WorkOutcome};
use crate::domain::{FullName, Priority, Status};
use crate::middleware::json;
use crate::service::{App, Error, Result};

/// The arguments of a tool. The library's own wrapper of this name does not report which argument
/// cannot be parsed. Its macro finds the schema by this name.
pub(super) struct Parameters<P>(pub(super) P);

impl<P: JsonSchema> JsonSchema for Parameters<P> {
    fn schema_name() -> Cow<'static, str> {
        P::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        P::json_schema(generator)
    }
}

impl<S, P: DeserializeOwned> FromContextPart<ToolCallContext<'_, S>> for Parameters<P> {
    fn from_context_part(
        context: &mut ToolCallContext<'_, S>,
    ) -> std::result::Result<Self, ErrorData> {
        let mut given = context.arguments.take().unwrap_or_default();
        given.values_mut().for_each(json::make_whole);
        json::check_arguments(&given).map_err(|json::OutOfBounds { path, reason }| {
            ErrorData::invalid_params("misread", Some(json!({ FIELD: path, REASON: reason })))
        })?;
        let given = Value::Object(given);
        serde_path_to_error::deserialize(given).map(Self).map_err(|error| {
            let InvalidArgument { field, reason } =
                misread(&error.path().to_string(), error.inner());
            ErrorData::invalid_params("misread", Some(json!({ FIELD: field, REASON: reason })))
        })
    }
}

const FIELD: &str = "field";
const REASON: &str = "reason";

/// An argument that could not be parsed, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidArgument {
    /// Its name, or its path for a part of it, such as `repositories[1]`.
    pub(super) field: String,
    /// Why the argument is invalid.
    pub(super) reason: String,
}

impl InvalidArgument {
    /// The invalid argument that [`Parameters`] reported; none if it is a different error.
    pub(super) fn from_error(error: &ErrorData) -> Option<Self> {
        let text = |member| Some(error.data.as_ref()?.get(member)?.as_str()?.to_owned());
        Some(Self { field: text(FIELD)?, reason: text(REASON)? })
    }
}

/// Which argument could not be parsed, and why, in terms that need no knowledge of Rust.
fn misread(path: &str, error: &serde_json::Error) -> InvalidArgument {
    let text = error.to_string();
    let quoted = |rest: &str| rest.split('`').next().unwrap_or_default().to_owned();
    if let Some(rest) = text.strip_prefix("missing field `") {
        return InvalidArgument { field: quoted(rest), reason: "is needed".to_owned() };
    }
    if let Some(rest) = text.strip_prefix("unknown field `") {
        let known = rest.split_once("expected ").map_or("", |(_, known)| known);
        let known = known.trim_start_matches("one of ").replace('`', "");
        let reason = format!("there is no such argument, only {known}");
        return InvalidArgument { field: quoted(rest), reason };
    }
    let whole = |from: i64, to: i64| format!("expected a whole number from {from} to {to}");
    let reason = text
        .replace("expected i32", &whole(i32::MIN.into(), i32::MAX.into()))
        .replace("expected u32", &whole(0, u32::MAX.into()));
    InvalidArgument { field: path.to_owned(), reason }
}

/// A claim of the best eligible issue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClaimNextArguments {
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
    /// The lane to claim from, by id or alias; every claimable lane when absent.
    pub(super) lane: Option<String>,
    /// Full names of the repositories to claim from; all repositories when absent.
    pub(super) repositories: Option<Vec<String>>,
    /// The duration of the lease in seconds, from 60 to 86400; 1800 when absent.
    pub(super) lease_seconds: Option<i32>,
    /// How many seconds to wait for an eligible issue, from 0 to 25; 0 when absent.
    pub(super) wait_seconds: Option<i32>,
    /// Whether to first return a lease that you still hold. Use it after a restart.
    pub(super) resume: Option<bool>,
    /// The idempotency key: any text. Repeating the same call with the same text returns the same
    /// lease, so a call whose result was lost can be repeated.
    pub(super) request_id: Option<String>,
}

/// An issue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IssueArguments {
    /// The full name of the repository, such as `octo-org/hello-world`; case-insensitive.
    pub(super) repo_full_name: String,
    /// The issue's number in the repository.
    pub(super) issue_number: i32,
}

/// An issue and the agent whose queue is explained.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExplainArguments {
    /// The full name of the repository, such as `octo-org/hello-world`; case-insensitive.
    pub(super) repo_full_name: String,
    /// The issue's number in the repository.
    pub(super) issue_number: i32,
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
}

/// An issue to claim.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClaimIssueArguments {
    /// The full name of the repository, such as `octo-org/hello-world`; case-insensitive.
    pub(super) repo_full_name: String,
    /// The issue's number in the repository.
    pub(super) issue_number: i32,
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
    /// Whether to take the issue over from another holder. Maintainers only.
    pub(super) force: Option<bool>,
    /// The duration of the lease in seconds, from 60 to 86400; 1800 when absent.
    pub(super) lease_seconds: Option<i32>,
    /// The idempotency key: any text. Repeating the same call with the same text returns the same
    /// lease.
    pub(super) request_id: Option<String>,
}

/// An issue to start work on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClaimWorkArguments {
    /// The full name of the repository, such as `octo-org/hello-world`; case-insensitive.
    pub(super) repo_full_name: String,
    /// The issue's number in the repository.
    pub(super) issue_number: i32,
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
    /// The status to set after the claim; `in-progress` when absent.
    #[schemars(extend("enum" = Status::ALL.map(Status::as_str)))]
    pub(super) status: Option<String>,
    /// Whether to take the issue over from another holder. Maintainers only.
    pub(super) force: Option<bool>,
    /// Whether to read the issue from GitHub first; true when absent. With a worker token, only its
    /// labels are read.
    pub(super) refresh_before_claim: Option<bool>,
}

/// An issue to release.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UnclaimArguments {
    /// The full name of the repository, such as `octo-org/hello-world`; case-insensitive.
    pub(super) repo_full_name: String,
    /// The issue's number in the repository.
    pub(super) issue_number: i32,
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
}

/// A renewal of a lease.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RenewArguments {
    /// The `leaseId` that the claim returned.
    pub(super) lease_id: String,
    /// The `fencingToken` that the claim returned.
    pub(super) fencing_token: String,
    /// The progress of the work; unchanged when absent.
    #[schemars(extend("enum" = Checkpoint::ALL.map(Checkpoint::as_str)))]
    pub(super) checkpoint: Option<String>,
    /// The duration of the lease in seconds from now, from 60 to 86400; unchanged when absent.
    pub(super) lease_seconds: Option<i32>,
    /// The question that you want a person to answer, up to 2,000 characters. Pass an empty string
    /// to clear it; unchanged when absent. The answer arrives as a message.
    pub(super) awaiting_input: Option<String>,
    /// The `messageId` of the last message that you have read. Only later messages are returned.
    pub(super) read_message_id: Option<String>,
}

/// The agent whose leases are listed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MyWorkArguments {
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
}

/// The lease to finish, and the outcome of the work.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FinishArguments {
    /// The `leaseId` that the claim returned.
    pub(super) lease_id: String,
    /// The `fencingToken` that the claim returned.
    pub(super) fencing_token: String,
    /// The outcome of the work.
    #[schemars(extend("enum" = WorkOutcome::ALL.map(WorkOutcome::as_str)))]
    pub(super) outcome: String,
    /// A summary of the work. Required for `blocked`, where it states what the issue waits for.
    pub(super) summary: Option<String>,
    /// The http(s) URL of the pull request, if one exists.
    pub(super) pull_request_url: Option<String>,
}

/// A filter for the queue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct QueueArguments {
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
    /// A lane, by id or alias; every claimable lane when absent.
    pub(super) lane: Option<String>,
    /// How many ranked issues, from 0 to 100; 20 when absent.
    pub(super) first: Option<u32>,
    /// Whether to return withheld issues too, up to the same number, each with the reasons.
    pub(super) include_withheld: Option<bool>,
    /// Whether to return the withheld issues that somebody else holds or that are in another
    /// column.
    pub(super) include_claimed: Option<bool>,
    /// Whether to omit issues that were split up into others.
    pub(super) exclude_decomposed: Option<bool>,
    /// Whether to include issues that bots keep for dependency updates; true when absent, because
    /// `claim_next` serves them too.
    pub(super) include_renovate: Option<bool>,
}

/// A filter for issues. Every given argument must match.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListArguments {
    /// The full name of a repository; case-insensitive.
    pub(super) repo: Option<String>,
    /// A status.
    #[schemars(extend("enum" = Status::ALL.map(Status::as_str)))]
    pub(super) status: Option<String>,
    /// A lane, by id or alias.
    pub(super) lane: Option<String>,
    /// An agent's name.
    pub(super) agent: Option<String>,
    /// A priority, such as `p1`.
    pub(super) priority: Option<String>,
    /// Whether to include issues that were closed too long ago to be shown in Done.
    pub(super) include_closed: Option<bool>,
    /// How many, from 1 to 100; 50 when absent.
    pub(super) first: Option<u32>,
}

/// A status to set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StatusArguments {
    /// The full name of the repository, such as `octo-org/hello-world`; case-insensitive.
    pub(super) repo_full_name: String,
    /// The issue's number in the repository.
    pub(super) issue_number: i32,
    /// The new status.
    #[schemars(extend("enum" = Status::ALL.map(Status::as_str)))]
    pub(super) status: String,
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
    /// What the issue waits for. Required for `blocked`.
    pub(super) blocked_reason: Option<String>,
    /// The fencing token of the caller's lease. A stale token is rejected.
    pub(super) fencing_token: Option<String>,
}

/// A repository.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RepositoryArguments {
    /// The full name of the repository, such as `octo-org/hello-world`; case-insensitive.
    pub(super) repo_full_name: String,
}

/// Parses a status, an id or a name.
///
/// # Errors
///
/// [`Error::Invalid`] for this field.
pub(super) fn known<T: FromStr<Err: std::fmt::Display>>(
    field: &'static str,
    given: &str,
) -> Result<T> {
    given
        .trim()
        .parse()
        .map_err(|error: T::Err| Error::Invalid { field, reason: error.to_string() })
}

/// [`known`] for an optional argument.
pub(super) fn known_if_given<T: FromStr<Err: std::fmt::Display>>(
    field: &'static str,
    given: Option<&str>,
) -> Result<Option<T>> {
    given.map(|given| known(field, given)).transpose()
}

/// Parses the full name or the URL of a repository.
pub(super) fn repository(app: &App, given: &str) -> Result<FullName> {
    let named = app.config.github.repository(given);
    named.map_err(|error| Error::Invalid { field: "repoFullName", reason: error.to_string() })
}

/// Parses a priority with or without its prefix.
pub(super) fn priority(given: &str) -> Result<Priority> {
    known("priority", given.trim().trim_start_matches("priority/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<P: DeserializeOwned>(given: Value) -> std::result::Result<P, InvalidArgument> {
        serde_path_to_error::deserialize(given)
            .map_err(|error| misread(&error.path().to_string(), error.inner()))
    }

    #[test]
    fn an_argument_that_cannot_be_read_is_named() {
        let cases = [
            (
                json!({ "waitSeconds": "x" }),
                "waitSeconds",
                "invalid type: string \"x\", expected a",
            ),
            (json!({ "leaseSeconds": 99_999_999_999_i64 }), "leaseSeconds", "to 2147483647"),
            (json!({ "leaseSeconds": 1.5 }), "leaseSeconds", "floating point `1.5`, expected a"),
            (json!({ "repositories": ["a", 5] }), "repositories[1]", "integer `5`"),
            (json!({ "wait_seconds": 5 }), "wait_seconds", "only agentName, lane, repositories"),
        ];
        for (given, field, why) in cases {
            let refused = read::<ClaimNextArguments>(given).unwrap_err();
            assert_eq!(refused.field, field);
            assert!(refused.reason.contains(why), "{}", refused.reason);
        }
        let refused = read::<IssueArguments>(json!({ "repoFullName": "a/b" })).unwrap_err();
        let needed =
            InvalidArgument { field: "issueNumber".to_owned(), reason: "is needed".to_owned() };
        assert_eq!(refused, needed);
        let refused = read::<QueueArguments>(json!({ "first": -1 })).unwrap_err();
        assert!(refused.reason.ends_with("from 0 to 4294967295"), "{}", refused.reason);
    }

    #[test]
    fn argument_errors_survive_the_library() {
        let data = json!({ FIELD: "lane", REASON: "is needed" });
        let argument =
            InvalidArgument::from_error(&ErrorData::invalid_params("misread", Some(data)));
        assert_eq!(argument.map(|argument| argument.field).as_deref(), Some("lane"));
        assert_eq!(InvalidArgument::from_error(&ErrorData::invalid_params("another", None)), None);
    }
}
