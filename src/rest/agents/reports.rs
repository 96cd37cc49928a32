//! Reports of agents on finished tasks.

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde::de::{Deserializer, Error as _, Unexpected};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::named;
use crate::domain::{AgentRunId, Timestamp};
use crate::middleware::{Caller, Problem, ProblemDocument, Reader};
use crate::rest::answer::json;
use crate::rest::body::Body;
use crate::rest::errors::failed;
use crate::rest::fields::only_text;
use crate::rest::path::Path;
use crate::rest::schemas::{
    AgentName, Anything, KeyText, TASK_OUTCOMES, TASK_TYPES, TaskOutcome, TaskType,
};
use crate::service::App;
use crate::service::agents::reports::{ReportTask, report_task};

/// The maximum length of the evidence, in characters.
const LONGEST_EVIDENCE: usize = 2000;

/// The maximum length of a key, in characters.
const LONGEST_KEY: usize = 200;

/// A report on a finished task.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportBody {
    /// The type of the task, usually `implement`.
    #[serde(default, deserialize_with = "only_text")]
    #[schema(value_type = TaskType, required)]
    task_type: Option<String>,
    /// The outcome of the task.
    #[serde(default, deserialize_with = "only_text")]
    #[schema(value_type = TaskOutcome, required)]
    outcome: Option<String>,
    /// The full name of the repository.
    repo_full_name: Option<String>,
    /// The issue's number.
    #[serde(default, deserialize_with = "integer")]
    issue_number: Option<i32>,
    /// The pull request's number.
    #[serde(default, deserialize_with = "integer")]
    pull_request_number: Option<i32>,
    /// The URL of the pull request.
    pull_request_url: Option<String>,
    /// A summary of the work.
    summary: Option<String>,
    /// The error message of a failed task.
    error: Option<String>,
    /// With `already_addressed`: evidence that the work was already done, up to 2,000 characters.
    #[schema(max_length = 2000)]
    evidence: Option<String>,
    /// When the task started: ISO 8601; ignored unless it is within the last 24 hours.
    #[serde(default, deserialize_with = "only_text")]
    #[schema(value_type = Anything)]
    started_at: Option<String>,
    /// The attempt to fix a pull request that the task was part of.
    #[schema(value_type = Option<Attempt<'_>>)]
    pr_fix_item: Option<Value>,
    /// The idempotency key, 1 to 200 characters. The same report with the same key is recorded only
    /// once.
    #[serde(default, deserialize_with = "key")]
    #[schema(value_type = Option<KeyText>)]
    idempotency_key: Option<String>,
}

/// The report, as Dispatch parsed it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportRow<'a> {
    /// The type of the task.
    task_type: &'a str,
    /// The outcome of the task.
    outcome: &'a str,
    /// The full name of the repository.
    #[schema(required)]
    repo_full_name: Option<&'a str>,
    /// The issue's number.
    #[schema(required)]
    issue_number: Option<i32>,
    /// The pull request's number.
    #[schema(required)]
    pull_request_number: Option<i32>,
    /// The URL of the pull request.
    #[schema(required)]
    pull_request_url: Option<&'a str>,
    /// A summary of the work.
    #[schema(required)]
    summary: Option<&'a str>,
    /// The error message of a failed task.
    #[schema(required)]
    error: Option<&'a str>,
    /// The evidence that the work was already done.
    #[schema(required)]
    evidence: Option<&'a str>,
    /// When the task started; null when the reported time is not plausible.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    started_at: Option<Timestamp>,
    /// The attempt to fix a pull request that the task was part of.
    #[schema(required)]
    pr_fix_item: Option<Attempt<'a>>,
    /// The agent's idempotency key.
    #[schema(required)]
    idempotency_key: Option<&'a str>,
}

/// An attempt to fix a pull request.
#[derive(Serialize, ToSchema)]
pub(super) struct Attempt<'a> {
    /// The id of the item.
    id: &'a str,
    /// The number of the attempt.
    #[schema(minimum = 1)]
    generation: i64,
}

/// The effect of a report on a pull request fix. Dispatch has no queue of these yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resolution {
    /// Whether the item exists.
    matched: bool,
    /// Always `none`.
    #[schema(example = "none")]
    action: &'static str,
    /// The id of the item.
    #[schema(value_type = Option<String>, required)]
    item_id: Option<()>,
    /// The reason.
    #[schema(required)]
    reason: &'static str,
    /// The number of the reported attempt.
    #[schema(required)]
    attempt_generation: Option<i64>,
}

/// The recorded report.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reported<'a> {
    /// Always true.
    ok: bool,
    /// The agent that reported.
    #[schema(example = "alpha")]
    agent_name: &'a str,
    /// The report, as Dispatch parsed it.
    report: ReportRow<'a>,
    /// The id of the agent run; the existing one for a repeated request.
    #[schema(value_type = String, example = "run_000001")]
    agent_run_id: AgentRunId,
    /// The effect on a pull request fix.
    pr_fix_resolution: Resolution,
    /// True for a repeated request, otherwise absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<bool>,
}

/// Reports the outcome of a task.
#[utoipa::path(
    post,
    path = "/api/agents/{agentName}/tasks/report",
    tag = "work",
    operation_id = "reportTask",
    params(("agentName" = inline(AgentName), Path, description = "The agent's name, with `/` encoded as `%2F`.")),
    request_body = ReportBody,
    responses(
        (status = 200, description = "The record is stored.", body = Reported<'_>),
        (status = 409, description = "The key was used for a different report.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn report(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    Path(agent): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    let agent = named(&agent)?;
    caller.check_acts_for(&actor, agent).await?;
    let members = body.members("Invalid JSON body")?;
    let body: ReportBody = members.read()?;
    let report = Report::read(&body, app.clock.now())?;
    let hash = hash(members.all());
    let command = report.command(agent, hash);
    let recorded = report_task(&app, &actor, command).await;
    let recorded = recorded.map_err(failed("Failed to record task report"))?;
    let answer = Reported {
        ok: true,
        agent_name: agent,
        pr_fix_resolution: Resolution {
            matched: false,
            action: "none",
            item_id: None,
            reason: "There is no queue of fixes for pull requests",
            attempt_generation: report.attempt.map(|(_, generation)| generation),
        },
        report: report.row(),
        agent_run_id: recorded.run,
        duplicate: recorded.is_duplicate.then_some(true),
    };
    Ok(json(StatusCode::OK, &answer))
}

struct Report<'a> {
    task_type: &'a str,
    outcome: &'a str,
    repo_full_name: Option<&'a str>,
    issue_number: Option<i32>,
    pull_request_number: Option<i32>,
    pull_request_url: Option<&'a str>,
    summary: Option<&'a str>,
    error: Option<&'a str>,
    evidence: Option<&'a str>,
    started_at: Option<DateTime<Utc>>,
    attempt: Option<(&'a str, i64)>,
    key: Option<&'a str>,
}

impl<'a> Report<'a> {
    fn read(body: &'a ReportBody, now: DateTime<Utc>) -> Result<Self, Problem> {
        let task_type = word("taskType", body.task_type.as_deref(), &TASK_TYPES)?;
        let outcome = word("outcome", body.outcome.as_deref(), &TASK_OUTCOMES)?;
        let evidence = body.evidence.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if evidence.is_some_and(|text| text.chars().count() > LONGEST_EVIDENCE) {
            let text = format!("evidence must be at most {LONGEST_EVIDENCE} characters");
            return Err(Problem::wrong("evidence", text));
        }
        Ok(Self {
            task_type,
            outcome,
            repo_full_name: body.repo_full_name.as_deref(),
            issue_number: body.issue_number,
            pull_request_number: body.pull_request_number,
            pull_request_url: body.pull_request_url.as_deref(),
            summary: body.summary.as_deref(),
            error: body.error.as_deref(),
            evidence: evidence.filter(|_| outcome == "already_addressed"),
            started_at: body.started_at.as_deref().and_then(|given| started_at(given, now)),
            attempt: body.pr_fix_item.as_ref().map(attempt).transpose()?,
            key: body.idempotency_key.as_deref(),
        })
    }

    fn command(&self, agent: &str, payload_hash: String) -> ReportTask {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let page = |kind: &str, number: Option<i32>| {
            Some(format!("https://github.com/{}/{kind}/{}", self.repo_full_name?, number?))
        };
        let pull_request = owned(self.pull_request_url)
            .filter(|url| url.starts_with("http://") || url.starts_with("https://"))
            .or_else(|| page("pull", self.pull_request_number));
        let urls = page("issues", self.issue_number).into_iter().chain(pull_request).collect();
        ReportTask {
            agent: agent.to_owned(),
            task_type: self.task_type.to_owned(),
            outcome: self.outcome.to_owned(),
            repository: owned(self.repo_full_name),
            issue_number: self.issue_number,
            urls,
            started_at: self.started_at,
            summary: owned(self.summary.or(self.evidence)),
            error: owned(self.error),
            idempotency_key: owned(self.key),
            payload_hash,
        }
    }

    fn row(&'a self) -> ReportRow<'a> {
        ReportRow {
            task_type: self.task_type,
            outcome: self.outcome,
            repo_full_name: self.repo_full_name,
            issue_number: self.issue_number,
            pull_request_number: self.pull_request_number,
            pull_request_url: self.pull_request_url,
            summary: self.summary,
            error: self.error,
            evidence: self.evidence,
            started_at: self.started_at.map(Timestamp),
            pr_fix_item: self.attempt.map(|(id, generation)| Attempt { id, generation }),
            idempotency_key: self.key,
        }
    }
}

/// Checks that a member is one of the given words.
fn word<'a>(name: &str, given: Option<&'a str>, words: &[&str]) -> Result<&'a str, Problem> {
    given.filter(|word| words.contains(word)).ok_or_else(|| {
        let words = words.join(", ");
        Problem::wrong(name, format!("Invalid {name}. Must be one of: {words}"))
    })
}

fn key<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let value = Value::deserialize(from)?;
    if value.is_null() {
        return Ok(None);
    }
    let is_good = |key: &&str| (1..=LONGEST_KEY).contains(&key.chars().count());
    let key = value.as_str().map(str::trim).filter(is_good).filter(|key| !key.contains('\0'));
    let expected = &*format!("a string of 1 to {LONGEST_KEY} characters");
    let refusal = || D::Error::invalid_value(Unexpected::Other("key"), &expected);
    key.map(|key| Some(key.to_owned())).ok_or_else(refusal)
}

fn integer<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i32>, D::Error> {
    let value = Value::deserialize(from)?;
    if value.is_null() {
        return Ok(None);
    }
    let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
    let refusal = || D::Error::invalid_value(Unexpected::Other("number"), &"an integer");
    number.map(Some).ok_or_else(refusal)
}

fn attempt(given: &Value) -> Result<(&str, i64), Problem> {
    let Value::Object(item) = given else {
        return Err(Problem::wrong("prFixItem", "prFixItem must be an object"));
    };
    let id = item.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let wrong = |field: &str, what: &str| Problem::wrong(field, format!("{field} must be {what}"));
    let id = id.ok_or_else(|| wrong("prFixItem.id", "a non-empty string"))?;
    let generation = item.get("generation").and_then(Value::as_i64).filter(|number| *number >= 1);
    let generation = generation.ok_or_else(|| wrong("prFixItem.generation", "an integer >= 1"))?;
    Ok((id, generation))
}

/// Reads the start time, unless it is not plausible.
fn started_at(given: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let given = DateTime::parse_from_rfc3339(given.trim()).ok()?.to_utc();
    (given <= now && given >= now - TimeDelta::hours(24)).then_some(given)
}

/// The SHA-256 hash of a report, independent of the order of its members.
fn hash(members: &Map<String, Value>) -> String {
    let sorted = sorted(&Value::Object(members.clone())).to_string();
    Sha256::digest(sorted).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            let member = |name: &String| (name.clone(), sorted(&members[name]));
            Value::Object(names.into_iter().map(member).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
