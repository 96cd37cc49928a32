//! The columns of the board, the states of an issue and the priorities, with their spelling on
//! GitHub.

use std::str::FromStr;

use super::label_names::is_same;
use super::sql_enum::{UnknownValue, text_column};

/// A board column. `status/<kebab-case>` is its label on GitHub.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    async_graphql::Enum,
    serde::Serialize,
    serde::Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not yet ready to be worked on; also every open issue without a status label.
    Backlog,
    /// May be claimed.
    Ready,
    /// Somebody works on it.
    InProgress,
    /// Waits for a review.
    InReview,
    /// Cannot continue until the given reason is resolved.
    Blocked,
    /// Finished; also every closed issue, whatever its labels.
    Done,
}

impl Status {
    /// Every status in board order, which is also the order in which labels are checked.
    pub const ALL: [Self; 6] =
        [Self::Backlog, Self::Ready, Self::InProgress, Self::InReview, Self::Blocked, Self::Done];

    /// The kebab-case word, as in the label after `status/`, in REST and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::Ready => "ready",
            Self::InProgress => "in-progress",
            Self::InReview => "in-review",
            Self::Blocked => "blocked",
            Self::Done => "done",
        }
    }

    /// The label that puts an open issue into this column.
    pub fn label(self) -> &'static str {
        match self {
            Self::Backlog => "status/backlog",
            Self::Ready => "status/ready",
            Self::InProgress => "status/in-progress",
            Self::InReview => "status/in-review",
            Self::Blocked => "status/blocked",
            Self::Done => "status/done",
        }
    }

    /// The column's heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Backlog => "Backlog",
            Self::Ready => "Ready",
            Self::InProgress => "In Progress",
            Self::InReview => "In Review",
            Self::Blocked => "Blocked",
            Self::Done => "Done",
        }
    }

    /// The colour of the label when Dispatch has to create it: six hexadecimal digits, no `#`.
    pub fn color(self) -> &'static str {
        match self {
            Self::Backlog => "6b7280",
            Self::Ready => "f59e0b",
            Self::InProgress => "3b82f6",
            Self::InReview => "a855f7",
            Self::Blocked => "dc2626",
            Self::Done => "22c55e",
        }
    }

    /// The status of a label, in any case; `None` for every other label, including
    /// `status/unheard-of`.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| is_same(status.label(), label))
    }
}

impl FromStr for Status {
    type Err = UnknownValue;

    fn from_str(word: &str) -> Result<Self, UnknownValue> {
        Self::ALL.into_iter().find(|status| status.as_str() == word).ok_or_else(|| UnknownValue {
            word: word.to_owned(),
            allowed: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

text_column!(Status);

/// Whether the issue is open or closed on GitHub.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    async_graphql::Enum,
    serde::Serialize,
    serde::Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
#[serde(rename_all = "lowercase")]
pub enum IssueState {
    /// The issue is open.
    Open,
    /// The issue is closed, whether completed or not. It is shown in Done.
    Closed,
}

impl IssueState {
    /// The lower-case word, as in REST and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

impl FromStr for IssueState {
    type Err = UnknownValue;

    fn from_str(word: &str) -> Result<Self, UnknownValue> {
        match word {
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            _ => Err(UnknownValue { word: word.to_owned(), allowed: "open, closed".to_owned() }),
        }
    }
}

text_column!(IssueState);

/// How urgent an issue is; `priority/p0` is the most urgent.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    async_graphql::Enum,
    serde::Serialize,
    serde::Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Critical: comes before all other work.
    P0,
    /// High: do it next.
    P1,
    /// Medium: do it soon.
    P2,
    /// Low: do it at some time.
    P3,
}

impl Priority {
    /// Every priority, most urgent first.
    pub const ALL: [Self; 4] = [Self::P0, Self::P1, Self::P2, Self::P3];

    /// The lower-case word, as in the label after `priority/` and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P0 => "p0",
            Self::P1 => "p1",
            Self::P2 => "p2",
            Self::P3 => "p3",
        }
    }

    /// The label that gives an issue this priority.
    pub fn label(self) -> &'static str {
        match self {
            Self::P0 => "priority/p0",
            Self::P1 => "priority/p1",
            Self::P2 => "priority/p2",
            Self::P3 => "priority/p3",
        }
    }

    /// The colour of the label when Dispatch has to create it: six hexadecimal digits, no `#`.
    pub fn color(self) -> &'static str {
        match self {
            Self::P0 => "ef4444",
            Self::P1 => "f97316",
            Self::P2 => "eab308",
            Self::P3 => "22c55e",
        }
    }
}

impl FromStr for Priority {
    type Err = UnknownValue;

    fn from_str(word: &str) -> Result<Self, UnknownValue> {
        Self::ALL.into_iter().find(|priority| priority.as_str() == word).ok_or_else(|| {
            UnknownValue { word: word.to_owned(), allowed: Self::ALL.map(Self::as_str).join(", ") }
        })
    }
}

text_column!(Priority);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(Status::from_label(status.label()), Some(status));
            assert_eq!(status.label(), format!("status/{}", status.as_str()));
        }
        for priority in Priority::ALL {
            assert_eq!(priority.as_str().parse(), Ok(priority));
            assert_eq!(priority.label(), format!("priority/{}", priority.as_str()));
        }
        for state in [IssueState::Open, IssueState::Closed] {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
    }

    #[test]
    fn labels_are_compared_without_case() {
        assert_eq!(Status::from_label("Status/Ready"), Some(Status::Ready));
        assert_eq!(Status::from_label("STATUS/IN-PROGRESS"), Some(Status::InProgress));
        assert_eq!(Status::from_label("status/ready "), None);
        assert_eq!(Status::from_label("status/unheard-of"), None);
        assert_eq!(Status::from_label("ready"), None);
    }

    #[test]
    fn an_unknown_word_names_the_known_ones() {
        let error = "later".parse::<Status>().expect_err("no such status");
        assert_eq!(
            error.to_string(),
            "`later` is not one of backlog, ready, in-progress, in-review, blocked, done"
        );
    }
}
