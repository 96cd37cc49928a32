//! The audit log.

use std::collections::HashMap;

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::json;
use super::board::issues::IssueRow;
use super::errors::failed;
use super::query::{QueryString, default_limit, limit};
use crate::domain::{AuditEntryId, IssueId, LabelSet, Timestamp};
use crate::middleware::{Problem, Reader};
use crate::service::{self, App};
use crate::store::audit::AuditFilter;
use crate::store::{AuditEntry, PageRequest};

/// An audit entry: what somebody did, or tried to do, and the outcome.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEntry)]
pub(super) struct AuditRow<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "aud_000001")]
    id: AuditEntryId,
    /// The name of the caller.
    #[schema(example = "user")]
    actor: &'a str,
    /// The action: `move_issue`, `set_status`, `add_tracked_repo`, `remove_tracked_repo`, …
    #[schema(example = "move_issue")]
    action: &'a str,
    /// The full name that the repository had at that time.
    #[schema(example = "octo-org/hello-world")]
    repo_full_name: &'a str,
    /// The issue's number in the repository; null when the action concerns no issue.
    #[schema(required)]
    issue_number: Option<i32>,
    /// The issue's id.
    #[schema(value_type = Option<String>, required)]
    issue_id: Option<IssueId>,
    /// The issue's labels on GitHub before the action.
    #[schema(value_type = Vec<String>)]
    before_labels: &'a LabelSet,
    /// The issue's labels on GitHub after the action.
    #[schema(value_type = Vec<String>)]
    after_labels: &'a LabelSet,
    /// Whether the action succeeded.
    success: bool,
    /// Why the action failed.
    #[schema(required)]
    error_message: Option<&'a str>,
    /// Details of the action, as free text.
    #[schema(required)]
    notes: Option<&'a str>,
    /// When the outcome became known.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The current state of the issue.
    #[schema(required)]
    issue: Option<&'a IssueRow<'a>>,
}

/// A filter for audit entries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// The maximum number of items, from 0 to 1,000.
    #[serde(default = "default_limit", deserialize_with = "limit")]
    #[param(value_type = Option<u32>, default = 50)]
    limit: u32,
    /// The full name that the repository had at that time; case-insensitive.
    repo: Option<String>,
}

/// Lists the audit entries, newest first.
#[utoipa::path(
    get,
    path = "/api/audit",
    tag = "records",
    operation_id = "listAuditEntries",
    params(AuditQuery),
    responses(
        (status = 200, description = "The newest entries.", body = Vec<AuditRow<'_>>),
    )
)]
pub(super) async fn list(
    Reader { state: app, .. }: Reader<App>,
    query: QueryString,
) -> Result<Response, Problem> {
    let query: AuditQuery = query.read();
    let entries = match query.repo.as_deref().map(str::parse) {
        None => entries(&app, AuditFilter::default(), query.limit).await?,
        Some(Ok(name)) => {
            let filter = AuditFilter { repository: Some(name), ..AuditFilter::default() };
            entries(&app, filter, query.limit).await?
        }
        // No entry exists for a name that is not a valid repository name.
        Some(Err(_)) => vec![],
    };
    let ids: Vec<_> = entries.iter().filter_map(|entry| entry.issue_id).collect();
    let whole = service::board::whole_issues(&app, &ids).await;
    let whole = whole.map_err(failed("Failed to fetch audit logs"))?;
    let issues: HashMap<_, _> = IssueRow::all(&whole).map(|row| (row.id(), row)).collect();
    let rows: Vec<_> = entries.iter().map(|entry| row(entry, &issues)).collect();
    Ok(json(StatusCode::OK, &rows))
}

async fn entries(app: &App, filter: AuditFilter, limit: u32) -> Result<Vec<AuditEntry>, Problem> {
    let page = service::audit::audit_log(app, &filter, &PageRequest::first(limit)).await;
    Ok(page.map_err(failed("Failed to fetch audit logs"))?.rows)
}

fn row<'a>(entry: &'a AuditEntry, issues: &'a HashMap<IssueId, IssueRow<'a>>) -> AuditRow<'a> {
    AuditRow {
        id: entry.id,
        actor: &entry.actor,
        action: &entry.action,
        repo_full_name: &entry.repository_full_name,
        issue_number: entry.issue_number,
        issue_id: entry.issue_id,
        before_labels: &entry.before_labels,
        after_labels: &entry.after_labels,
        // Every settled entry has an outcome, and only settled entries are listed.
        success: entry.success.unwrap_or_default(),
        error_message: entry.error_message.as_deref(),
        notes: entry.notes.as_deref().or(entry.comment.as_deref()),
        created_at: Timestamp(entry.created_at()),
        issue: entry.issue_id.and_then(|id| issues.get(&id)),
    }
}
