//! Lane classification: reading and setting the lane of an issue.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::answer::json;
use super::body::Body;
use super::errors::failed;
use super::path::Path;
use crate::app::App;
use crate::domain::lane_rules::Confidence;
use crate::domain::{Instant, IssueId};
use crate::middleware::{Problem, ProblemDocument, Reader, acting_as};
use crate::service::Error;
use crate::service::lanes::{ClassifyIssue, LaneVerdict, classify_issue, judgement};

/// The lane of an issue, and why the issue is in it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LaneOfIssue<'a> {
    /// The lane that the issue was classified into; the issue's lane when it was never classified.
    #[schema(example = "default")]
    lane: &'a str,
    /// The confidence: `high`, `medium` or `low`; null when the issue was never classified.
    #[schema(required, example = "high")]
    confidence: Option<&'static str>,
    /// The reason for the classification.
    #[schema(required)]
    reason: Option<&'a str>,
    /// The model that classified the issue; null for rules and people.
    #[schema(required)]
    model: Option<&'a str>,
    /// When the issue was classified; null when it never was.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    judged_at: Option<Instant>,
}

/// Returns the lane that an issue was last classified into.
#[utoipa::path(
    get,
    path = "/api/issues/{id}/lane",
    tag = "work",
    operation_id = "getIssueLane",
    params(("id" = String, Path, description = "The issue's id.", example = "iss_00001c")),
    responses(
        (status = 200, description = "The current classification.", body = LaneOfIssue<'_>),
        (status = 400, description = "The id is not a valid issue id.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`Issue not found: <id>`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to fetch lane`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    Reader { state: app, .. }: Reader<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let found = judgement(&app, issue_in_path(&id)?).await;
    let (issue, judged) = found.map_err(failed("Failed to fetch lane"))?;
    let row = LaneOfIssue {
        lane: judged.as_ref().map_or(&issue.lane, |judged| &judged.lane),
        confidence: judged.as_ref().map(|judged| judged.confidence.as_str()),
        reason: judged.as_ref().and_then(|judged| judged.reason.as_deref()),
        model: judged.as_ref().and_then(|judged| judged.model.as_deref()),
        judged_at: judged.as_ref().map(|judged| Instant(judged.judged_at)),
    };
    Ok(json(StatusCode::OK, &row))
}

fn issue_in_path(id: &str) -> Result<IssueId, Problem> {
    id.parse().map_err(|error| Problem::bad_request(format!("id: {error}")).with("field", "id"))
}

/// How to classify an issue.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `classify` reads from the body")]
pub(super) struct ClassifyBody {
    /// Whether the rules classify an issue again that is already classified.
    force: Option<bool>,
    /// The model that classified the issue.
    model: Option<String>,
    /// The caller's own classification; when absent, the rules classify the issue.
    classification: Option<Classification>,
    /// The caller's name for the audit log; only for callers with a token.
    actor: Option<String>,
}

/// A classification.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `verdict` reads from the body")]
pub(super) struct Classification {
    /// The id of the lane; aliases are rejected.
    #[schema(example = "default")]
    lane: String,
    /// The confidence: `high`, `medium` or `low`.
    #[schema(example = "high")]
    confidence: String,
    /// The reason, up to 500 characters.
    reason: Option<String>,
}

/// The current classification of an issue.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Classified<'a> {
    /// Always true.
    success: bool,
    /// The lane that the issue is now in.
    #[schema(example = "default")]
    lane: &'a str,
    /// The confidence: `high`, `medium` or `low`.
    #[schema(example = "medium")]
    confidence: &'static str,
    /// The reason for the classification.
    #[schema(required)]
    reason: Option<&'a str>,
    /// The model that classified the issue; null for rules and people.
    #[schema(required)]
    model: Option<&'a str>,
    /// When the issue was classified, if that was before this request; otherwise absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    judged_at: Option<Instant>,
    /// True if the issue was classified before this request, so that only `force` classifies it
    /// again; otherwise absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    reclassify_available: Option<bool>,
}

/// Classifies an issue into a lane: as given by the caller, otherwise by rules that use labels and
/// words. The rules do not classify an issue again, unless `force` is set.
#[utoipa::path(
    post,
    path = "/api/issues/{id}/lane",
    tag = "work",
    operation_id = "classifyIssueLane",
    params(("id" = String, Path, description = "The issue's id.", example = "iss_00001c")),
    request_body(content = Option<ClassifyBody>, description = "The body may be empty."),
    responses(
        (status = 200, description = "The current classification.", body = Classified<'_>),
        (status = 400, description = "`invalid lane: <lane>`, or the body is otherwise invalid.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`Issue not found: <id>`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to classify lane`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn classify(
    Reader { state: app, actor }: Reader<App>,
    Path(id): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    let issue_id = issue_in_path(&id)?;
    let members = body.members_or_none("Invalid JSON body")?;
    let verdict = match members.raw("classification") {
        None | Some(Value::Null) => None,
        Some(Value::Object(given)) => Some(verdict(given)?),
        Some(_) => return Err(misread("classification", "must be an object")),
    };
    let model = members.text("model")?.map(str::to_owned);
    let force = members.value("force").is_some();
    let lane = verdict.as_ref().map(|verdict: &LaneVerdict| verdict.lane.clone());
    let actor = acting_as(actor, members.name_of_caller()?)?;
    let command = ClassifyIssue { issue_id, force, model, verdict };
    let classified = classify_issue(&app, &actor, command).await.map_err(|error| match error {
        Error::Invalid { field: "lane", .. } => {
            let lane = lane.unwrap_or_default();
            let text = format!("invalid lane: {}", lane.chars().take(64).collect::<String>());
            let ids = app.config.lanes.listed();
            Problem::bad_request(text).with("field", "classification.lane").with("allowed", ids)
        }
        Error::Invalid { field: "reason", reason } => misread("reason", &reason),
        other => failed("Failed to classify lane")(other),
    })?;
    let judged = &classified.judgement;
    let row = Classified {
        success: true,
        lane: &judged.lane,
        confidence: judged.confidence.as_str(),
        reason: judged.reason.as_deref(),
        model: judged.model.as_deref(),
        judged_at: classified.was_there.then_some(Instant(judged.judged_at)),
        reclassify_available: classified.was_there.then_some(true),
    };
    Ok(json(StatusCode::OK, &row))
}

fn misread(field: &'static str, reason: &str) -> Problem {
    Problem::bad_request(format!("{field} {reason}")).with("field", field)
}

fn verdict(given: &Map<String, Value>) -> Result<LaneVerdict, Problem> {
    let lane = given.get("lane").and_then(Value::as_str).filter(|lane| !lane.contains('\0'));
    let confidence = given.get("confidence").and_then(Value::as_str);
    let confidence: Option<Confidence> = confidence.and_then(|word| word.parse().ok());
    let reason = match given.get("reason") {
        None | Some(Value::Null) => None,
        Some(Value::String(reason)) => Some(reason.replace('\0', "")),
        Some(_) => return Err(misread("reason", "must be a string")),
    };
    Ok(LaneVerdict {
        lane: lane.ok_or_else(|| misread("lane", "must be the id of a lane"))?.to_owned(),
        confidence: confidence
            .ok_or_else(|| misread("confidence", "must be one of: high, medium, low"))?,
        reason,
    })
}
