//! Decompositions: issues that are split up into other issues.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::json;
use super::body::Body;
use super::errors::failed;
use super::issue_ref::{misnumbered, number_in_any_form};
use crate::app::App;
use crate::domain::{Instant, IssueId};
use crate::middleware::{Problem, ProblemDocument, Reader, acting_as};
use crate::service::decompositions::{DecomposeIssue, decompose_issue};
use crate::service::moves::UNKNOWN_ISSUE;
use crate::service::{Error, board};

/// Whether an issue is split up into other issues.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `decompose` reads from the body")]
pub(super) struct DecomposeBody {
    /// The full name of the repository; case-insensitive. The member may also be named
    /// `repoFullName`.
    #[schema(example = "octo-org/hello-world")]
    repo: String,
    /// The issue's number. The member may also be named `number`, and its value may be a string.
    issue_number: i32,
    /// True marks the issue as split up; false removes this mark.
    decomposed: bool,
    /// The http(s) URLs of the issues that it was split up into.
    follow_up_urls: Option<Vec<String>>,
    /// A note about it.
    note: Option<String>,
    /// The caller's name for the audit log; only for callers with a token.
    actor: Option<String>,
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
    decomposed_at: Option<Instant>,
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
        (status = 400, description = "The body is invalid.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`Issue not found in local cache`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to decompose issue`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn decompose(
    Reader { state: app, actor }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let members = body.members("Invalid JSON body")?;
    let repo = match members.text("repo")? {
        Some(repo) => Some(repo),
        None => members.text("repoFullName")?,
    };
    let (Some(repo), true, Some(decomposed)) =
        (repo, members.has_number(), members.raw("decomposed"))
    else {
        let missing = [
            (repo.is_none(), "repo"),
            (!members.has_number(), "issueNumber"),
            (true, "decomposed"),
        ];
        let field = missing.into_iter().find_map(|(is_it, name)| is_it.then_some(name));
        let text = "Missing required fields: repo, issueNumber, decomposed";
        return Err(Problem::wrong(field.unwrap_or_default(), text));
    };
    let number = number_in_any_form(&members).ok_or_else(misnumbered)?;
    let Value::Bool(is_split) = *decomposed else {
        let text = "decomposed must be a boolean";
        return Err(Problem::bad_request(text).with("field", "decomposed"));
    };
    let urls = members.texts("followUpUrls", "followUpUrls must be an array of http(s) URLs")?;
    let note = members.text("note")?.map(|note| note.replace('\0', ""));
    let actor = acting_as(actor, members.name_of_caller()?)?;

    let missing = || Problem::not_found(UNKNOWN_ISSUE);
    let name = app.config.github.repository(repo).map_err(|_| missing())?;
    let refused = |error| match error {
        Error::NotFound { .. } => missing(),
        Error::Invalid { field: field @ "followUpUrls", reason } => {
            Problem::bad_request(format!("{field} {reason}")).with("field", field)
        }
        other => failed("Failed to decompose issue")(other),
    };
    let (issue, _) = board::find_issue_by_number(&app, &name, number).await.map_err(refused)?;
    let follow_up_urls = urls.unwrap_or_default();
    let command = DecomposeIssue { issue_id: issue.id, is_split, note, follow_up_urls };
    let row = decompose_issue(&app, &actor, command).await.map_err(refused)?;
    let answer = Decomposed {
        success: true,
        issue_id: issue.id,
        decomposed: row.is_some(),
        decomposed_at: row.as_ref().map(|row| Instant(row.decomposed_at)),
        follow_up_urls: row.as_ref().map_or(&[], |row| &row.follow_up_urls),
    };
    Ok(json(StatusCode::OK, &answer))
}
