//! Agent runs: recording and listing them.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::de::{Deserializer, Error as _, Unexpected};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::domain::{AgentRunId, IssueId, Timestamp};
use crate::middleware::{Problem, Reader};
use crate::rest::answer::json;
use crate::rest::body::Body;
use crate::rest::errors::failed;
use crate::rest::fields::urls;
use crate::rest::query::{QueryString, default_limit, limit};
use crate::rest::schemas::{
    IssueIdText, NotBlank, RUN_OUTCOMES, RunOutcome, Time, VisibleName, WebAddress,
};
use crate::service::agents::agent_runs::RecordAgentRun;
use crate::service::{self, App, Error};
use crate::store::agents::agent_runs::RunFilter;
use crate::store::{AgentRun, PageRequest};

/// An agent run: one piece of an agent's work, as the agent reported it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AgentRun)]
pub(super) struct RunRow<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "run_000001")]
    id: AgentRunId,
    /// The name that the agent reported.
    #[schema(example = "alpha")]
    agent_name: &'a str,
    /// The kind of run, usually `heartbeat`.
    #[schema(example = "heartbeat")]
    run_type: &'a str,
    /// The result, usually `success` or `error`.
    #[schema(example = "success")]
    status: &'a str,
    /// When the run started, by the agent's clock.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When the run ended, by the agent's clock; null while it is running.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    finished_at: Option<Timestamp>,
    /// The agent's summary of the run.
    #[schema(required)]
    summary: Option<&'a str>,
    /// The error message of a failed run.
    #[schema(required)]
    error_message: Option<&'a str>,
    /// Free text from Dispatch.
    #[schema(required)]
    notes: Option<&'a str>,
    /// URLs of the pages that the run worked on.
    touched_issue_urls: &'a [String],
    /// When the run was reported.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The issue that the run worked on.
    #[schema(value_type = Option<String>, required)]
    issue_id: Option<IssueId>,
    /// The outcome of the run.
    #[schema(required, example = "PR_OPENED")]
    outcome: Option<&'a str>,
}

impl<'a> RunRow<'a> {
    fn new(run: &'a AgentRun) -> Self {
        Self {
            id: run.id,
            agent_name: &run.agent_name,
            run_type: &run.run_type,
            status: &run.status,
            started_at: Timestamp(run.started_at),
            finished_at: run.finished_at.map(Timestamp),
            summary: run.summary.as_deref(),
            error_message: run.error_message.as_deref(),
            notes: run.notes.as_deref(),
            touched_issue_urls: &run.touched_issue_urls,
            created_at: Timestamp(run.created_at),
            issue_id: run.issue_id,
            outcome: run.outcome.as_deref(),
        }
    }
}

/// The size of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RunQuery {
    /// The maximum number of items, from 0 to 1,000.
    #[serde(default = "default_limit", deserialize_with = "limit")]
    #[param(value_type = Option<u32>, default = 50)]
    limit: u32,
}

/// Lists the agent runs, last reported first.
#[utoipa::path(
    get,
    path = "/api/agent-runs",
    tag = "records",
    operation_id = "listAgentRuns",
    params(RunQuery),
    responses(
        (status = 200, description = "The newest runs.", body = Vec<RunRow<'_>>),
    )
)]
pub(crate) async fn list(
    Reader { state: app, .. }: Reader<App>,
    query: QueryString,
) -> Result<Response, Problem> {
    let request = PageRequest::first(query.read::<RunQuery>().limit);
    let page = service::agents::agent_runs::agent_runs(&app, &RunFilter::default(), &request).await;
    let page = page.map_err(failed("Failed to fetch agent runs"))?;
    Ok(json(StatusCode::OK, &page.rows.iter().map(RunRow::new).collect::<Vec<_>>()))
}

/// A run, as the agent reports it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunBody {
    /// The agent's name.
    #[schema(value_type = VisibleName)]
    agent_name: String,
    /// The kind of run.
    #[schema(value_type = NotBlank)]
    run_type: String,
    /// The result of the run.
    #[schema(value_type = NotBlank)]
    status: String,
    /// When the run started. A time without a zone is UTC.
    #[serde(deserialize_with = "time")]
    #[schema(value_type = Time)]
    started_at: DateTime<Utc>,
    /// When the run ended, in the same formats.
    #[serde(default, deserialize_with = "optional_time")]
    #[schema(value_type = Option<Time>)]
    finished_at: Option<DateTime<Utc>>,
    /// The agent's summary of the run.
    summary: Option<String>,
    /// The error message of a failed run.
    error_message: Option<String>,
    /// The http(s) URLs of the pages that the run worked on.
    #[serde(default, deserialize_with = "urls")]
    #[schema(value_type = Option<Vec<WebAddress>>)]
    touched_issue_urls: Option<Vec<String>>,
    /// The issue that the run worked on.
    #[schema(value_type = Option<IssueIdText>)]
    issue_id: Option<IssueId>,
    /// The outcome of the run.
    #[schema(value_type = Option<RunOutcome>)]
    outcome: Option<String>,
}

/// Records an agent run. Each request records a new run, unless it repeats an `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/agent-runs",
    tag = "records",
    operation_id = "recordAgentRun",
    params((
        "Idempotency-Key" = Option<String>, Header, max_length = 200,
        description = "The idempotency key. A request with a key that was used before records nothing and returns the first run."
    )),
    request_body = RunBody,
    responses(
        (status = 201, description = "The record is stored.", body = RunRow<'_>),
    )
)]
pub(crate) async fn record(
    Reader { state: app, actor }: Reader<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let command = command(RunBody::read(&body)?, &headers);
    let run = service::agents::agent_runs::record_agent_run(&app, &actor, command).await;
    let run = run.map_err(|error| match &error {
        Error::Invalid { field: field @ "touchedIssueUrls", reason } => {
            Problem::bad_request(format!("{field} {reason}")).with("field", *field)
        }
        _ => failed("Failed to create agent run")(error),
    })?;
    Ok(json(StatusCode::CREATED, &RunRow::new(&run)))
}

impl RunBody {
    fn read(body: &Body) -> Result<Self, Problem> {
        let members = body.members("Invalid JSON body")?;
        let needed = ["agentName", "runType", "status", "startedAt"];
        members.require(&needed, "Missing required fields")?;
        let body: Self = members.read()?;
        match &body.outcome {
            Some(word) if !RUN_OUTCOMES.contains(&word.as_str()) => {
                let valid = RUN_OUTCOMES.join(", ");
                let text = format!("Invalid outcome: \"{word}\". Valid values: {valid}");
                Err(Problem::wrong("outcome", text))
            }
            _ => Ok(body),
        }
    }
}

fn command(body: RunBody, headers: &HeaderMap) -> RecordAgentRun {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    RecordAgentRun {
        agent_name: body.agent_name,
        run_type: body.run_type,
        status: body.status,
        started_at: Timestamp(body.started_at),
        finished_at: body.finished_at.map(Timestamp),
        summary: body.summary,
        error_message: body.error_message,
        touched_issue_urls: body.touched_issue_urls,
        issue_id: body.issue_id,
        idempotency_key: key.filter(|key| !key.is_empty()).map(str::to_owned),
        outcome: body.outcome,
    }
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime<Utc>, D::Error> {
    let expected = &"a date such as 2026-05-25T16:00:00.000Z";
    let time = time_of(&Value::deserialize(from)?);
    time.ok_or_else(|| D::Error::invalid_value(Unexpected::Other("value"), expected))
}

fn optional_time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    time(from).map(Some)
}

/// Reads a time as JavaScript does, but without its heuristics. A time without a zone is UTC.
fn time_of(value: &Value) -> Option<DateTime<Utc>> {
    let time = match value {
        Value::Number(millis) => {
            let millis = millis.as_f64().filter(|millis| millis.abs() < 8.64e15)?;
            #[expect(clippy::cast_possible_truncation, reason = "parts of a millisecond are cut")]
            DateTime::from_timestamp_millis(millis as i64)?
        }
        Value::String(text) => {
            let text = text.trim();
            let local = |format| NaiveDateTime::parse_from_str(text, format).ok();
            let with_zone = DateTime::parse_from_rfc3339(text)
                .or_else(|_| DateTime::parse_from_rfc2822(text))
                .map(|time| time.to_utc())
                .ok();
            let without_zone = || {
                ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
                    .into_iter()
                    .find_map(local)
                    .or_else(|| text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0))
            };
            with_zone.or_else(|| without_zone().map(|time| time.and_utc()))?
        }
        _ => return None,
    };
    // PostgreSQL and the calendars of other clients do not support times outside these limits.
    let (first, last) =
        (DateTime::from_timestamp(0, 0)?, DateTime::from_timestamp(253_402_300_799, 0)?);
    (first..=last).contains(&time).then_some(time)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_in_the_forms_that_clients_use() {
        let vectors = [
            (json!("2026-05-25T16:00:00.000Z"), "2026-05-25T16:00:00.000Z"),
            (json!("2026-05-25T18:00:00+02:00"), "2026-05-25T16:00:00.000Z"),
            (json!("2026-05-25T16:00:00.5"), "2026-05-25T16:00:00.500Z"),
            (json!("2026-05-25 16:00:00"), "2026-05-25T16:00:00.000Z"),
            (json!("2026-05-25T16:00"), "2026-05-25T16:00:00.000Z"),
            (json!("2026-05-25"), "2026-05-25T00:00:00.000Z"),
            (json!("Mon, 25 May 2026 16:00:00 GMT"), "2026-05-25T16:00:00.000Z"),
            (json!(1_779_724_800_000_i64), "2026-05-25T16:00:00.000Z"),
            (json!(1_779_724_800_000.9), "2026-05-25T16:00:00.000Z"),
        ];
        for (given, read) in vectors {
            let time = time_of(&given).map(|time| Timestamp(time).to_string());
            assert_eq!(time.as_deref(), Some(read), "{given}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for given in [
            json!("yesterday"),
            json!("2026-13-01"),
            json!(""),
            json!(true),
            json!([2026]),
            json!(1e300),
            json!(-1),
            json!("+12026-05-25T16:00:00Z"),
        ] {
            assert_eq!(time_of(&given), None, "{given}");
        }
    }
}
