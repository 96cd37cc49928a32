//! What an event says: its topic, its kind and the facts that filters read.

use chrono::{DateTime, Utc};

use super::ids::RepositoryId;
use super::labels::LabelSet;
use super::sql_enum::{json_column, text_enum};
use super::status::{IssueState, Status};

text_enum! {
    /// Which stream an event belongs to.
    Topic,
    /// What the board shows.
    Board = "board",
    /// Settled audit entries.
    Audit = "audit",
    /// Agent runs.
    Run = "run",
    /// Continuous integration and what belongs to it.
    Automation = "automation",
}

text_enum! {
    /// What happened.
    EventKind,
    /// An issue changed its column.
    IssueMoved = "issue_moved",
    /// An issue changed in another way, or is new.
    IssueChanged = "issue_changed",
    /// An issue left the board.
    IssueRemoved = "issue_removed",
    /// More changed than is worth an event each: load the board again.
    Resync = "resync",
    /// A line was added to the audit log.
    AuditEntryAdded = "audit_entry_added",
    /// An agent reported a run.
    AgentRunRecorded = "agent_run_recorded",
    /// Something happened in a repository: the record is its activity event.
    ActivityRecorded = "activity_recorded",
    /// A run of a workflow is new or changed: the record is the run.
    WorkflowRunChanged = "workflow_run_changed",
    /// More changed than is worth an event each: the record is the repository whose automation data
    /// to load again.
    AutomationChanged = "automation_changed",
}

/// What filters read of an issue, at one instant. An event holds them before and after, which is
/// how a subscriber learns that an issue *stopped* matching.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
pub struct IssueFacts {
    /// The repository's row.
    pub repository_id: RepositoryId,
    /// The repository's name as GitHub spells it.
    pub repository: String,
    /// The issue's number in it.
    pub number: i32,
    /// Open or closed.
    pub state: IssueState,
    /// When it was closed, while it is.
    pub closed_at: Option<DateTime<Utc>>,
    /// The column.
    pub status: Status,
    /// The labels.
    pub labels: LabelSet,
    /// The lane it waits in.
    pub lane: Option<String>,
    /// The title.
    pub title: String,
    /// Whether it is inside the done window: open, or closed not long ago.
    pub on_board: bool,
    /// Whether the body changed; set on the side after only.
    #[serde(default)]
    pub body_changed: bool,
}

json_column!(IssueFacts);
