//! What an event says: its topic, its kind and the facts that filters read.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::column::{json_column, text_column};
use super::ids::RepositoryId;
use super::labels::LabelSet;
use super::status::{IssueState, Status, UnknownWord};

/// Which stream an event belongs to.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum Topic {
    /// What the board shows.
    Board,
    /// Settled audit entries.
    Audit,
    /// Agent runs.
    Run,
}

impl Topic {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::Audit => "audit",
            Self::Run => "run",
        }
    }
}

impl FromStr for Topic {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Board, Self::Audit, Self::Run]
            .into_iter()
            .find(|topic| topic.as_str() == word)
            .ok_or_else(|| UnknownWord {
                word: word.to_owned(),
                allowed: "board, audit, run".to_owned(),
            })
    }
}

text_column!(Topic);

/// What happened.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum EventKind {
    /// An issue changed its column.
    IssueMoved,
    /// An issue changed in another way, or is new.
    IssueChanged,
    /// An issue left the board.
    IssueRemoved,
    /// More changed than is worth telling one by one: read the board anew.
    Resync,
    /// A line was added to the audit log.
    AuditEntryAdded,
    /// An agent reported a run.
    AgentRunRecorded,
}

impl EventKind {
    const ALL: [Self; 6] = [
        Self::IssueMoved,
        Self::IssueChanged,
        Self::IssueRemoved,
        Self::Resync,
        Self::AuditEntryAdded,
        Self::AgentRunRecorded,
    ];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IssueMoved => "issue_moved",
            Self::IssueChanged => "issue_changed",
            Self::IssueRemoved => "issue_removed",
            Self::Resync => "resync",
            Self::AuditEntryAdded => "audit_entry_added",
            Self::AgentRunRecorded => "agent_run_recorded",
        }
    }
}

impl FromStr for EventKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or_else(|| UnknownWord {
            word: word.to_owned(),
            allowed: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

text_column!(EventKind);

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
    /// The queue it waits in.
    pub lane: Option<String>,
    /// The title.
    pub title: String,
    /// Whether it is inside the done window: open, or closed not long ago.
    pub on_board: bool,
    /// Whether the body is another than before; set on the side after only.
    #[serde(default)]
    pub body_changed: bool,
}

json_column!(IssueFacts);
