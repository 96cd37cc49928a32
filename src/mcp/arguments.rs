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

use crate::app::App;
use crate::domain::leases::{Checkpoint, WorkOutcome};
use crate::domain::{FullName, Priority, Status};
use crate::middleware::json;
use crate::service::{Error, Result};

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
    /// What is wrong with it.
    pub(super) reason: String,
}

impl InvalidArgument {
    /// The invalid argument that [`Parameters`] reported; none if it is a different error.
    pub(super) fn of(error: &ErrorData) -> Option<Self> {
        let told = |member| Some(error.data.as_ref()?.get(member)?.as_str()?.to_owned());
        Some(Self { field: told(FIELD)?, reason: told(REASON)? })
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

/// What there is to get from the queue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClaimNextArguments {
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
    /// A queue to take from, by id or alias; every claimable one when absent.
    pub(super) lane: Option<String>,
    /// Full names of repositories to take from; all when absent.
    pub(super) repositories: Option<Vec<String>>,
    /// For how long to hold the issue: 60 to 86400 seconds; 1800 when absent.
    pub(super) lease_seconds: Option<i32>,
    /// How long to wait for work to appear: 0 to 25 seconds; 0 when absent.
    pub(super) wait_seconds: Option<i32>,
    /// Whether to get back first what you still hold, as after a restart.
    pub(super) resume: Option<bool>,
    /// Any text that names this request. Repeating it with the same text returns the same lease, so
    /// a call whose answer was lost can be made again.
    pub(super) request_id: Option<String>,
}

/// An issue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IssueArguments {
    /// The repository's full name, such as `octo-org/hello-world`, in any case.
    pub(super) repo_full_name: String,
    /// The issue's number in the repository.
    pub(super) issue_number: i32,
}

/// An issue as an agent sees it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExplainArguments {
    /// The repository's full name, such as `octo-org/hello-world`, in any case.
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
    /// The repository's full name, such as `octo-org/hello-world`, in any case.
    pub(super) repo_full_name: String,
    /// The issue's number in the repository.
    pub(super) issue_number: i32,
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
    /// Take it over from another holder. Maintainers only.
    pub(super) force: Option<bool>,
    /// For how long to hold the issue: 60 to 86400 seconds; 1800 when absent.
    pub(super) lease_seconds: Option<i32>,
    /// Any text that names this request; repeating it returns the same lease.
    pub(super) request_id: Option<String>,
}

/// An issue to begin to work on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClaimWorkArguments {
    /// The repository's full name, such as `octo-org/hello-world`, in any case.
    pub(super) repo_full_name: String,
    /// The issue's number in the repository.
    pub(super) issue_number: i32,
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
    /// The status to set once it is claimed; `in-progress` when absent.
    #[schemars(extend("enum" = Status::ALL.map(Status::as_str)))]
    pub(super) status: Option<String>,
    /// Take it over from another holder. Maintainers only.
    pub(super) force: Option<bool>,
    /// Whether to read the issue from GitHub first; true when absent. Workers' claims read its
    /// labels only.
    pub(super) refresh_before_claim: Option<bool>,
}

/// An issue to give back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UnclaimArguments {
    /// The repository's full name, such as `octo-org/hello-world`, in any case.
    pub(super) repo_full_name: String,
    /// The issue's number in the repository.
    pub(super) issue_number: i32,
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
}

/// A lease to prolong.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RenewArguments {
    /// The `leaseId` that the claim answered.
    pub(super) lease_id: String,
    /// The `fencingToken` that came with it.
    pub(super) fencing_token: String,
    /// How far the work has come; as before when absent.
    #[schemars(extend("enum" = Checkpoint::ALL.map(Checkpoint::as_str)))]
    pub(super) checkpoint: Option<String>,
    /// For how long from now: 60 to 86400 seconds; as before when absent.
    pub(super) lease_seconds: Option<i32>,
    /// A question to people whose answer you wait for, up to 2,000 characters; empty when you wait no
    /// longer; as before when absent. The answer comes as a message.
    pub(super) awaiting_input: Option<String>,
    /// The `messageId` of the last message that you have read; later ones are answered.
    pub(super) read_message_id: Option<String>,
}

/// Whose leases are meant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MyWorkArguments {
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
}

/// Work that is done.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FinishArguments {
    /// The `leaseId` that the claim answered.
    pub(super) lease_id: String,
    /// The `fencingToken` that came with it.
    pub(super) fencing_token: String,
    /// What came of the work.
    #[schemars(extend("enum" = WorkOutcome::ALL.map(WorkOutcome::as_str)))]
    pub(super) outcome: String,
    /// What there is to say of it. Required with `blocked`, where it tells what is waited for.
    pub(super) summary: Option<String>,
    /// The pull request's http(s) address, where there is one.
    pub(super) pull_request_url: Option<String>,
}

/// A part of the queue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct QueueArguments {
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
    /// A queue, by id or alias; every claimable one when absent.
    pub(super) lane: Option<String>,
    /// How many issues, from 0 to 100; 20 when absent.
    pub(super) first: Option<u32>,
    /// Also up to as many that cannot be had, each with the reason.
    pub(super) include_withheld: Option<bool>,
    /// Of those that cannot be had, the ones that somebody else has or that are in another column.
    pub(super) include_claimed: Option<bool>,
    /// Not those that were split up into others.
    pub(super) exclude_decomposed: Option<bool>,
    /// False: not those that bots keep for updates of dependencies; they count when absent, because
    /// `claim_next` gives them too.
    pub(super) include_renovate: Option<bool>,
}

/// Which issues. Everything that is given must match.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListArguments {
    /// A repository's full name, in any case.
    pub(super) repo: Option<String>,
    /// A status word.
    #[schemars(extend("enum" = Status::ALL.map(Status::as_str)))]
    pub(super) status: Option<String>,
    /// A queue, by id or alias.
    pub(super) lane: Option<String>,
    /// An agent's name.
    pub(super) agent: Option<String>,
    /// A priority, such as `p1`.
    pub(super) priority: Option<String>,
    /// Also issues that were closed longer ago than the board shows.
    pub(super) include_closed: Option<bool>,
    /// How many, from 1 to 100; 50 when absent.
    pub(super) first: Option<u32>,
}

/// A status to set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StatusArguments {
    /// The repository's full name, such as `octo-org/hello-world`, in any case.
    pub(super) repo_full_name: String,
    /// The issue's number in the repository.
    pub(super) issue_number: i32,
    /// The status word.
    #[schemars(extend("enum" = Status::ALL.map(Status::as_str)))]
    pub(super) status: String,
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
    /// What it waits for. Required with `blocked`.
    pub(super) blocked_reason: Option<String>,
    /// The token of the caller's lease; refused when it is an old one.
    pub(super) fencing_token: Option<String>,
}

/// A repository.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RepositoryArguments {
    /// The repository's full name, such as `octo-org/hello-world`, in any case.
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

/// A repository by its name or address.
pub(super) fn repository(app: &App, given: &str) -> Result<FullName> {
    let named = app.config.github.repository(given);
    named.map_err(|error| Error::Invalid { field: "repoFullName", reason: error.to_string() })
}

/// A priority with or without its prefix.
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
    fn what_is_told_of_an_argument_comes_through_the_library() {
        let data = json!({ FIELD: "lane", REASON: "is needed" });
        let told = InvalidArgument::of(&ErrorData::invalid_params("misread", Some(data)));
        assert_eq!(told.map(|told| told.field).as_deref(), Some("lane"));
        assert_eq!(InvalidArgument::of(&ErrorData::invalid_params("another", None)), None);
    }
}
