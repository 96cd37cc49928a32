//! Comments on issues.

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moves::refused;
use crate::middleware::{Problem, Reader, acting_as};
use crate::rest::answer::json;
use crate::rest::body::Body;
use crate::rest::issue_ref::{IssueRef, RouteTexts, known_issue};
use crate::rest::responses::IssueWriteResponses;
use crate::service::board::comments::AddComment;
use crate::service::board::moves::UNKNOWN_ISSUE;
use crate::service::{self, App, Error};

const COMMENT: RouteTexts<'_> =
    RouteTexts { action: "add_comment", missing: UNKNOWN_ISSUE, failure: "Failed to post comment" };

/// A comment to post on an issue.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CommentBody {
    #[serde(flatten)]
    issue: IssueRef,
    /// Markdown, up to 65,536 characters.
    #[schema(example = "Stuck: the test needs a secret.")]
    body: String,
    /// The caller's name for the audit log; only for callers with a token.
    actor: Option<String>,
    /// Used as `actor` when `actor` is absent.
    agent_name: Option<String>,
}

/// The result of posting a comment.
#[derive(Serialize, ToSchema)]
pub(super) struct CommentPosted<'a> {
    /// Always true.
    success: bool,
    /// The comment's page on GitHub.
    url: &'a str,
}

/// Posts a comment on an issue on GitHub. The same text by the same caller within a minute is
/// posted only once, so it is safe to retry after a failure.
#[utoipa::path(
    post,
    path = "/api/issues/comment",
    tag = "issues",
    operation_id = "commentOnIssue",
    request_body = CommentBody,
    responses(
        IssueWriteResponses,
        (status = 200, description = "The comment is on GitHub.", body = CommentPosted<'_>),
    )
)]
pub(crate) async fn comment(
    Reader { state: app, actor }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let members = body.members("Invalid JSON body")?;
    members.require(
        &["issueId", "repoFullName", "issueNumber", "body"],
        "Missing required fields: issueId, repoFullName, issueNumber, body",
    )?;
    let body: CommentBody = members.read()?;
    let actor = acting_as(actor, body.actor.or(body.agent_name).as_deref())?;
    let issue = known_issue(&app, &actor, &body.issue, &COMMENT).await?;
    let command = AddComment { issue_id: issue.id, body: body.body };
    let posted =
        service::board::comments::add(&app, &actor, command).await.map_err(
            |error| match error {
                Error::Invalid { field: "body", reason } => {
                    Problem::wrong("body", format!("body {reason}"))
                }
                other => refused(other, COMMENT.failure),
            },
        )?;
    Ok(json(StatusCode::OK, &CommentPosted { success: true, url: &posted.url }))
}
