//! What is stored of GitHub's objects. The members are named as the columns, so that a list of them is
//! written with one statement.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::sql_enum::json_column;

/// `ETags` of list requests, by request.
#[derive(
    Debug,
    Clone,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
#[serde(transparent)]
pub struct Etags(pub BTreeMap<String, String>);

json_column!(Etags);

/// The newest commit of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommitFacts {
    /// Its SHA.
    pub sha: String,
    /// The first line of its message.
    pub title: String,
    /// The login of its author, or the name in the commit.
    pub author: Option<String>,
    /// Its page.
    pub url: String,
    /// When it was committed.
    pub at: DateTime<Utc>,
}

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkflowFacts {
    /// GitHub's id.
    pub github_id: i64,
    /// Its name.
    pub name: String,
    /// The path of its file.
    pub path: String,
    /// GitHub's word, such as `active`.
    pub state: String,
    /// Its page: of its file at GitHub.
    pub html_url: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunFacts {
    /// GitHub's id.
    pub github_id: i64,
    /// GitHub's id of its workflow.
    #[serde(rename = "workflow_id")]
    pub workflow_github_id: i64,
    /// The path of the workflow's file; empty when GitHub does not say.
    pub path: String,
    /// Its number within the workflow.
    pub run_number: i64,
    /// 1, and one more for each time that it was run again.
    pub run_attempt: i32,
    /// The name of its workflow at that time.
    pub name: String,
    /// The title that GitHub displays.
    pub title: String,
    /// What started it, such as `push`.
    pub event: String,
    /// GitHub's word, such as `queued`.
    pub status: String,
    /// GitHub's word, such as `success`; none until it is completed.
    pub conclusion: Option<String>,
    /// The branch of its commit; none for a tag, or when it was deleted.
    pub branch: Option<String>,
    /// Its commit.
    pub head_sha: String,
    /// The login of who started this attempt.
    pub actor: Option<String>,
    /// Its page.
    pub html_url: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When this attempt started.
    pub started_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When this attempt completed.
    pub completed_at: Option<DateTime<Utc>>,
    /// From start to completion, in seconds.
    pub duration_seconds: Option<i32>,
    /// Its pull request, if it has exactly one in the same repository.
    pub pull_request_number: Option<i32>,
}

/// A job of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobFacts {
    /// GitHub's id.
    pub github_id: i64,
    /// GitHub's id of its run.
    #[serde(skip)]
    pub run_github_id: i64,
    /// The attempt of the run that it belongs to.
    pub run_attempt: i32,
    /// Its name.
    pub name: String,
    /// GitHub's word, such as `queued`.
    pub status: String,
    /// GitHub's word, such as `success`; none until it is completed.
    pub conclusion: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When a runner started it.
    pub started_at: Option<DateTime<Utc>>,
    /// When it completed.
    pub completed_at: Option<DateTime<Utc>>,
    /// The runner.
    pub runner_name: Option<String>,
    /// The labels that the runner must have.
    pub runner_labels: Vec<String>,
    /// The name of the first step that failed.
    pub failed_step: Option<String>,
    /// Its page.
    pub html_url: String,
}

/// A file that a run produced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArtifactFacts {
    /// GitHub's id.
    pub github_id: i64,
    /// Its name.
    pub name: String,
    /// Its size.
    pub size_bytes: i64,
    /// Whether GitHub deleted it because of its age.
    pub expired: bool,
    /// When it was created.
    pub created_at: Option<DateTime<Utc>>,
    /// When it expires.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseFacts {
    /// GitHub's id.
    pub github_id: i64,
    /// Its tag.
    pub tag_name: String,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is a draft.
    pub draft: bool,
    /// Whether it is marked as not ready for production.
    pub prerelease: bool,
    /// The branch or commit that its tag is made of.
    pub target_commit: Option<String>,
    /// The login of its author.
    pub author: Option<String>,
    /// Its page.
    pub html_url: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was published; none while it is a draft.
    pub published_at: Option<DateTime<Utc>>,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageFacts {
    /// GitHub's id.
    pub github_id: i64,
    /// GitHub's word, such as `container`.
    pub package_type: String,
    /// Its name.
    pub name: String,
    /// GitHub's word: `public`, `private` or `internal`.
    pub visibility: String,
    /// Its page.
    pub html_url: String,
    /// How many versions it has.
    pub version_count: i32,
    /// The name of its newest version.
    pub latest_version: Option<String>,
    /// The tags of that version.
    pub latest_tags: Vec<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PullRequestFacts {
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
    /// GitHub's word, such as `APPROVED`.
    pub review_decision: Option<String>,
    /// GitHub's word for all checks, such as `SUCCESS`.
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
    /// The issues that it closes: full name of the repository in lower case, and number. None when they
    /// are not known.
    #[serde(skip)]
    pub closes: Option<Vec<(String, i32)>>,
}

/// A check of another app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckFacts {
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeploymentFacts {
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

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActivityFacts {
    /// What kind of thing happened; a word of [`super::ActivityType`].
    pub kind: &'static str,
    /// What happened to what: the same is recorded once.
    pub key: String,
    /// A short sentence.
    pub title: String,
    /// More about it.
    pub description: Option<String>,
    /// The login of who did it.
    pub actor: Option<String>,
    /// Its page.
    pub url: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// GitHub's word for the result.
    pub status: Option<String>,
    /// Other facts, by name.
    pub metadata: Option<serde_json::Value>,
    /// Our id of the run, if it is about one.
    pub run_id: Option<i64>,
    /// When it happened, by GitHub's clock.
    pub created_at: DateTime<Utc>,
}
