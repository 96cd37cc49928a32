//! Lane classification: reading and setting the lane of an issue.

use axum::http::StatusCode;
use axum::response::Response;
use serde::de::{Deserializer, Error as _, Unexpected};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::lane_rules::Confidence;
use crate::domain::{IssueId, Timestamp};
use crate::middleware::{Problem, Reader, acting_as};
use crate::rest::answer::json;
use crate::rest::body::{Body, Members};
use crate::rest::errors::failed;
use crate::rest::fields::{is_given, only_text};
use crate::rest::path::Path;
use crate::rest::responses::IssueInPath;
use crate::rest::schemas::{Anything, ConfidenceWord, IssueIdText};
use crate::service::claims::lanes::{ClassifyIssue, LaneVerdict, classify_issue, judgement};
use crate::service::{App, Error};

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
    judged_at: Option<Timestamp>,
}

/// Returns the lane that an issue was last classified into.
#[utoipa::path(
    get,
    path = "/api/issues/{id}/lane",
    tag = "work",
    operation_id = "getIssueLane",
    params(("id" = inline(IssueIdText), Path, description = "The issue's id.", example = "iss_00001c")),
    responses(
        IssueInPath,
        (status = 200, description = "The current classification.", body = LaneOfIssue<'_>),
    )
)]
pub(crate) async fn get(
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
        judged_at: judged.as_ref().map(|judged| Timestamp(judged.judged_at)),
    };
    Ok(json(StatusCode::OK, &row))
}

fn issue_in_path(id: &str) -> Result<IssueId, Problem> {
    id.parse().map_err(|error| Problem::bad_request(format!("id: {error}")).with("field", "id"))
}

/// How to classify an issue.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClassifyBody {
    /// Whether the rules classify an issue again that is already classified. Any value that does not
    /// count as absent is true.
    #[serde(default, deserialize_with = "is_given")]
    #[schema(value_type = Anything)]
    force: bool,
    /// The model that classified the issue.
    model: Option<String>,
    /// The caller's own classification; when absent, the rules classify the issue.
    #[serde(default, deserialize_with = "object")]
    #[schema(value_type = Option<Classification>)]
    classification: Option<Members>,
    /// The caller's name for the audit log; only for callers with a token.
    actor: Option<String>,
    /// Used as `actor` when `actor` is absent.
    agent_name: Option<String>,
}

fn object<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Members>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::Object(members) => Ok(Some(Members::from(members))),
        _ => Err(D::Error::invalid_type(Unexpected::Other("value"), &"an object")),
    }
}

/// A classification. Its errors name its members without the path.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Classification {
    /// The id of the lane; aliases are rejected.
    #[serde(default, deserialize_with = "only_text")]
    #[schema(value_type = String, required, example = "default")]
    lane: Option<String>,
    /// How sure the caller is.
    #[serde(default, deserialize_with = "only_text")]
    #[schema(value_type = ConfidenceWord, required)]
    confidence: Option<String>,
    /// The reason.
    #[schema(max_length = 500)]
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
    judged_at: Option<Timestamp>,
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
    params(("id" = inline(IssueIdText), Path, description = "The issue's id.", example = "iss_00001c")),
    request_body(content = Option<ClassifyBody>, description = "The body may be empty."),
    responses(
        IssueInPath,
        (status = 200, description = "The current classification.", body = Classified<'_>),
    )
)]
pub(crate) async fn classify(
    Reader { state: app, actor }: Reader<App>,
    Path(id): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    let issue_id = issue_in_path(&id)?;
    let members = body.members_or_none("Invalid JSON body")?;
    let body: ClassifyBody = members.read()?;
    let verdict = body.classification.as_ref().map(verdict).transpose()?;
    let lane = verdict.as_ref().map(|verdict: &LaneVerdict| verdict.lane.clone());
    let actor = acting_as(actor, body.actor.or(body.agent_name).as_deref())?;
    let command = ClassifyIssue { issue_id, force: body.force, model: body.model, verdict };
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
        judged_at: classified.was_classified.then_some(Timestamp(judged.judged_at)),
        reclassify_available: classified.was_classified.then_some(true),
    };
    Ok(json(StatusCode::OK, &row))
}

fn misread(field: &'static str, reason: &str) -> Problem {
    Problem::bad_request(format!("{field} {reason}")).with("field", field)
}

fn verdict(given: &Members) -> Result<LaneVerdict, Problem> {
    let given: Classification = given.read_all()?;
    let lane = given.lane.filter(|lane| !lane.contains('\0'));
    let confidence: Option<Confidence> = given.confidence.and_then(|word| word.parse().ok());
    Ok(LaneVerdict {
        lane: lane.ok_or_else(|| misread("lane", "must be the id of a lane"))?,
        confidence: confidence
            .ok_or_else(|| misread("confidence", "must be one of: high, medium, low"))?,
        reason: given.reason.map(|reason| reason.replace('\0', "")),
    })
}
