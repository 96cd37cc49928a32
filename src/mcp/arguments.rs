//! What the tools take. The docs of the members are what a model reads of them.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::leases::{Checkpoint, WorkOutcome};
use crate::domain::{FullName, Priority, Status};
use crate::service::{Error, Result};

/// What there is to get from the queue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
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
    /// Any text that names this request. Repeating it with the same text returns the same lease, so
    /// a call whose answer was lost can be made again.
    pub(super) request_id: Option<String>,
}

/// An issue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssueArguments {
    /// The repository's full name, such as `octo-org/hello-world`, in any case.
    pub(super) repo_full_name: String,
    /// The issue's number in the repository.
    pub(super) issue_number: i32,
}

/// An issue as an agent sees it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
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
#[serde(rename_all = "camelCase")]
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
#[serde(rename_all = "camelCase")]
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
#[serde(rename_all = "camelCase")]
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
#[serde(rename_all = "camelCase")]
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
}

/// Work that is done.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
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
#[serde(rename_all = "camelCase")]
pub(super) struct QueueArguments {
    /// The agent's name; the caller's own when absent.
    pub(super) agent_name: Option<String>,
    /// A queue, by id or alias; every claimable one when absent.
    pub(super) lane: Option<String>,
    /// How many issues, from 0 to 100; 20 when absent.
    pub(super) first: Option<u32>,
    /// Also up to as many that cannot be had, each with the reason.
    pub(super) include_withheld: Option<bool>,
}

/// Which issues. Everything that is given must match.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
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
#[serde(rename_all = "camelCase")]
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
#[serde(rename_all = "camelCase")]
pub(super) struct RepositoryArguments {
    /// The repository's full name, such as `octo-org/hello-world`, in any case.
    pub(super) repo_full_name: String,
}

/// A word, an id or a name as the board knows it.
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

/// [`known`], where something is given.
pub(super) fn known_if_given<T: FromStr<Err: std::fmt::Display>>(
    field: &'static str,
    given: Option<&str>,
) -> Result<Option<T>> {
    given.map(|given| known(field, given)).transpose()
}

/// A repository's name.
pub(super) fn repository(given: &str) -> Result<FullName> {
    known("repoFullName", given)
}

/// A priority with or without its prefix.
pub(super) fn priority(given: &str) -> Result<Priority> {
    known("priority", given.trim().trim_start_matches("priority/"))
}
