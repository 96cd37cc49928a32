//! Pull requests.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::{PullRequestId, RepositoryId};
use crate::store::schema::pull_requests;

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = pull_requests, check_for_backend(diesel::pg::Pg))]
pub struct PullRequest {
    /// Our id.
    pub id: PullRequestId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// GitHub's node id.
    pub node_id: String,
    /// Its number.
    pub number: i32,
    /// Its title.
    pub title: String,
    /// Its page.
    pub html_url: String,
    /// `open`, `closed` or `merged`.
    pub state: String,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// The login of its author.
    pub author: Option<String>,
    /// Its branch.
    pub branch: String,
    /// The branch that it is to be merged into.
    pub base_branch: String,
    /// Its newest commit.
    pub head_sha: String,
    /// GitHub's word, such as `APPROVED`; none without a rule.
    pub review_decision: Option<String>,
    /// GitHub's word for all checks, such as `SUCCESS`; none without checks.
    pub check_state: Option<String>,
    /// GitHub's word, such as `MERGEABLE`.
    pub mergeable: Option<String>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was merged.
    pub merged_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
}
