//! Deployments, and checks of other apps.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::{CheckRunId, DeploymentId, RepositoryId};
use crate::store::schema::{check_runs, deployments};

/// A check on the newest commit of the default branch, except for those of GitHub Actions.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = check_runs, check_for_backend(diesel::pg::Pg))]
pub struct CheckRun {
    /// Our id.
    pub id: CheckRunId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// GitHub's id.
    pub github_id: i64,
    /// Its commit.
    pub head_sha: String,
    /// Its name.
    pub name: String,
    /// The app that reports it.
    pub app: Option<String>,
    /// GitHub's word in lower case, such as `completed`.
    pub status: String,
    /// GitHub's word in lower case, such as `success`.
    pub conclusion: Option<String>,
    /// Its page.
    pub html_url: String,
    /// When it started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it completed.
    pub completed_at: Option<DateTime<Utc>>,
}

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = deployments, check_for_backend(diesel::pg::Pg))]
pub struct Deployment {
    /// Our id.
    pub id: DeploymentId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// GitHub's id.
    pub github_id: i64,
    /// Where it is deployed to.
    pub environment: String,
    /// The branch or tag.
    pub git_ref: String,
    /// The commit.
    pub sha: String,
    /// GitHub's word in lower case, such as `success`.
    pub state: String,
    /// The login of who deployed.
    pub creator: Option<String>,
    /// The log of its newest status, or else what was deployed.
    pub url: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// GitHub's id of the run that deployed.
    pub run_github_id: Option<i64>,
}
