//! What an event contains: its topic, its kind and the facts that filters read.

use chrono::{DateTime, Utc};

use super::ids::RepositoryId;
use super::labels::LabelSet;
use super::sql_enum::{json_column, text_enum};
use super::status::{IssueState, Priority, Status};

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
    /// Too much changed for single events: load the board again.
    Resync = "resync",
    /// An entry was added to the audit log.
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

/// The facts of an issue that filters read, at one point in time. An event contains them before and
/// after the change, so a subscriber sees when an issue *stops* matching.
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
    /// The id of the repository.
    pub repository_id: RepositoryId,
    /// The repository's name as GitHub spells it.
    pub repository: String,
    /// The issue's number in it.
    pub number: i32,
    /// Open or closed.
    pub state: IssueState,
    /// When it was closed; `None` while it is open.
    pub closed_at: Option<DateTime<Utc>>,
    /// The column.
    pub status: Status,
    /// The labels.
    pub labels: LabelSet,
    /// The priority according to GitHub's field, which counts where there is no priority label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority_field: Option<Priority>,
    /// Its lane.
    pub lane: Option<String>,
    /// The title.
    pub title: String,
    /// Whether it is shown on the board: open, or closed within the done window.
    pub on_board: bool,
    /// Whether the body changed; set only on the facts after the change.
    #[serde(default)]
    pub body_changed: bool,
}

json_column!(IssueFacts);
