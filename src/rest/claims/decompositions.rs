//! Decompositions: issues that are split up into other issues.

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{IssueId, Timestamp};
use crate::middleware::{Problem, ProblemDocument, Reader, acting_as};
use crate::rest::answer::json;
use crate::rest::body::Body;
use crate::rest::errors::failed;
use crate::rest::fields::urls;
use crate::rest::issue_ref::NumberedIssue;
use crate::rest::schemas::WebAddress;
use crate::service::board::moves::UNKNOWN_ISSUE;
use crate::service::claims::decompositions::{DecomposeIssue, decompose_issue};
use crate::service::{App, Error, board};

/// Whether an issue is split up into other issues.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DecomposeBody {
    #[serde(flatten)]
    issue: NumberedIssue,
    /// True marks the issue as split up; false removes this mark.
    decomposed: bool,
    /// The http(s) URLs of the issues that it was split up into.
    #[serde(default, deserialize_with = "urls")]
    #[schema(value_type = Option<Vec<WebAddress>>)]
    follow_up_urls: Option<Vec<String>>,
    /// A note about it.
    note: Option<String>,
    /// The caller's name for the audit log; only for callers with a token.
    actor: Option<String>,
    /// Used as `actor` when `actor` is absent.
    agent_name: Option<String>,
}

impl DecomposeBody {
    fn read(body: &Body) -> Result<Self, Problem> {
        let members = body.members("Invalid JSON body")?;
        let missing = [
            ("repo", members.value("repo").or(members.value("repoFullName")).is_none()),
            ("issueNumber", !members.has_number()),
            ("decomposed", members.raw("decomposed").is_none()),
        ];
        if let Some((field, _)) = missing.into_iter().find(|(_, is_missing)| *is_missing) {
            let text = "Missing required fields: repo, issueNumber, decomposed";
            return Err(Problem::wrong(field, text));
        }
        members.read()
    }
}

/// Whether an issue is now split up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Decomposed<'a> {
    /// Always true.
    success: bool,
    /// The id of the issue.
    #[schema(value_type = String, example = "iss_00001c")]
    issue_id: IssueId,
    /// Whether the issue is split up.
    decomposed: bool,
    /// When the issue was split up; null when it is not.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    decomposed_at: Option<Timestamp>,
    /// URLs of the issues that it was split up into.
    follow_up_urls: &'a [String],
}

/// Marks an issue as split up into other issues, or removes this mark. Repeating the request
/// changes nothing.
#[utoipa::path(
    post,
    path = "/api/issues/actions/decompose",
    tag = "issues",
    operation_id = "decomposeIssue",
    request_body = DecomposeBody,
    responses(
        (status = 200, description = "The mark is as requested.", body = Decomposed<'_>),
        (status = 404, description = "`Issue not found in local cache`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn decompose(
    Reader { state: app, actor }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let body = DecomposeBody::read(&body)?;
    let actor = acting_as(actor, body.actor.or(body.agent_name).as_deref())?;
    let NumberedIssue { repo, issue_number } = body.issue;

    let missing = || Problem::not_found(UNKNOWN_ISSUE);
    let name = app.config.github.repository(&repo).map_err(|_| missing())?;
    let refused = |error| match error {
        Error::NotFound { .. } => missing(),
        Error::Invalid { field: field @ "followUpUrls", reason } => {
            Problem::bad_request(format!("{field} {reason}")).with("field", field)
        }
        other => failed("Failed to decompose issue")(other),
    };
    let (issue, _) =
        board::find_issue_by_number(&app, &name, issue_number).await.map_err(refused)?;
    let command = DecomposeIssue {
        issue_id: issue.id,
        is_split: body.decomposed,
        note: body.note.map(|note| note.replace('\0', "")),
        follow_up_urls: body.follow_up_urls.unwrap_or_default(),
    };
    let row = decompose_issue(&app, &actor, command).await.map_err(refused)?;
    let answer = Decomposed {
        success: true,
        issue_id: issue.id,
        decomposed: row.is_some(),
        decomposed_at: row.as_ref().map(|row| Timestamp(row.decomposed_at)),
        follow_up_urls: row.as_ref().map_or(&[], |row| &row.follow_up_urls),
    };
    Ok(json(StatusCode::OK, &answer))
}
