//! Deployments, and checks of other apps.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::upsert::{Upsert, rank};
use crate::domain::automation::facts::{CheckFacts, DeploymentFacts};
use crate::domain::{CheckRunId, DeploymentId, RepositoryId};
use crate::store::Connection;
use crate::store::schema::{check_runs, deployments};

/// A check on the newest commit of the default branch, except for those of GitHub Actions.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
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
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
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

const CHECKS: Upsert = Upsert {
    table: "check_runs",
    owner: "repository_id",
    key: "github_id",
    columns: &[
        "head_sha",
        "name",
        "app",
        "status",
        "conclusion",
        "html_url",
        "started_at",
        "completed_at",
    ],
    is_newer: concat!(
        "(coalesce(excluded.started_at, '-infinity'), ",
        rank!("excluded"),
        ") >= (coalesce(old.started_at, '-infinity'), ",
        rank!("old"),
        ")"
    ),
};

/// A deployment whose newest status is not known stays as it is.
const DEPLOYMENTS: Upsert = Upsert {
    table: "deployments",
    owner: "repository_id",
    key: "github_id",
    columns: &[
        "environment",
        "git_ref",
        "sha",
        "state",
        "creator",
        "url",
        "created_at",
        "updated_at",
        "run_github_id",
    ],
    is_newer: "excluded.updated_at > old.updated_at OR excluded.updated_at = old.updated_at \
               AND NOT (excluded.state IN ('pending', 'queued', 'waiting', 'in_progress') \
                   AND old.state NOT IN ('pending', 'queued', 'waiting', 'in_progress')) \
               AND NOT (excluded.state = 'pending' AND excluded.url IS NULL)",
};

/// Writes deployments, and returns those that are new or changed.
pub async fn write(
    connection: &mut Connection,
    repository: RepositoryId,
    deployments: &[DeploymentFacts],
) -> QueryResult<Vec<Deployment>> {
    DEPLOYMENTS.write(connection, repository.0, deployments).await
}

/// Writes checks, and returns those that are new or changed.
pub async fn write_checks(
    connection: &mut Connection,
    repository: RepositoryId,
    checks: &[CheckFacts],
) -> QueryResult<Vec<CheckRun>> {
    CHECKS.write(connection, repository.0, checks).await
}

/// Deletes the checks of other commits.
pub async fn delete_other_checks(
    connection: &mut Connection,
    repository: RepositoryId,
    sha: &str,
) -> QueryResult<usize> {
    let others = check_runs::table
        .filter(check_runs::repository_id.eq(repository).and(check_runs::head_sha.ne(sha)));
    diesel::delete(others).execute(connection).await
}

/// The checks of a repository, by name.
pub async fn checks_of(
    connection: &mut Connection,
    repository: RepositoryId,
) -> QueryResult<Vec<CheckRun>> {
    check_runs::table
        .filter(check_runs::repository_id.eq(repository))
        .order((check_runs::name, check_runs::id))
        .select(CheckRun::as_select())
        .load(connection)
        .await
}

/// The newest deployments of a repository.
pub async fn of_repository(
    connection: &mut Connection,
    repository: RepositoryId,
    most: i64,
) -> QueryResult<Vec<Deployment>> {
    deployments::table
        .filter(deployments::repository_id.eq(repository))
        .order((deployments::created_at.desc(), deployments::id.desc()))
        .limit(most)
        .select(Deployment::as_select())
        .load(connection)
        .await
}
