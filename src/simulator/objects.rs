//! The objects of the simulated GitHub: labels, issues, pull requests and comments; and its errors.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

/// An error of the simulated GitHub.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// GitHub's `type` of the error, such as `NOT_FOUND`.
    pub kind: &'static str,
    /// GitHub's message for people.
    pub message: String,
}

impl Refusal {
    pub(super) fn not_found(message: String) -> Self {
        Self { kind: "NOT_FOUND", message }
    }

    pub(super) fn unprocessable(message: &str) -> Self {
        Self { kind: "UNPROCESSABLE", message: message.to_owned() }
    }

    pub(super) fn no_node(id: &str) -> Self {
        Self::not_found(format!("Could not resolve to a node with the global id of '{id}'."))
    }

    pub(super) fn no_repository(name: &str) -> Self {
        Self::not_found(format!("Could not resolve to a Repository with the name '{name}'."))
    }

    pub(super) fn no_issue(number: i64) -> Self {
        Self::not_found(format!(
            "Could not resolve to an issue or pull request with the number of {number}."
        ))
    }
}

/// The index of a repository; never reused for another one.
pub(super) type Slot = usize;

/// The key of a label, in the order of creation, in which GitHub lists labels.
pub(super) type LabelKey = u64;

#[derive(Debug, Clone)]
pub(super) struct Label {
    pub id: String,
    pub name: String,
    pub color: String,
}

/// An issue or a pull request, which GitHub numbers and labels alike.
#[derive(Debug, Clone)]
pub(super) struct Issue {
    pub id: String,
    pub number: i64,
    pub is_pull_request: bool,
    pub title: String,
    pub body: String,
    pub author: Option<String>,
    pub labels: BTreeSet<LabelKey>,
    pub assignees: Vec<String>,
    pub comments: u32,
    /// The comments with a known text.
    pub posted: Vec<Comment>,
    /// Issues that it waits for.
    pub blocked_by: Vec<(Slot, i64)>,
    /// Its type, parent, fields and why it was closed.
    pub details: Details,
    /// For a pull request, the issues of its repository that it will close.
    pub closes: Vec<i64>,
    /// What only a pull request has.
    pub pull_request: PullRequestDetails,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
}

/// What an issue has beside text, labels and state.
#[derive(Debug, Clone, Default)]
pub(super) struct Details {
    /// The name of its type.
    pub issue_type: Option<String>,
    pub state_reason: Option<StateReason>,
    pub parent: Option<(Slot, i64)>,
    pub sub_issues: Vec<(Slot, i64)>,
    pub duplicate_of: Option<(Slot, i64)>,
    /// The values of fields, by name.
    pub fields: Vec<(String, FieldValue)>,
}

/// What a pull request has beside what issues have.
#[derive(Debug, Clone, Default)]
pub struct PullRequestDetails {
    /// Its branch.
    pub branch: String,
    /// Its newest commit.
    pub head_sha: String,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// When it was merged.
    pub merged_at: Option<DateTime<Utc>>,
    /// What reviewers decided; none when no review is required.
    pub review: Option<ReviewDecision>,
    /// Whether it can be merged; none while GitHub computes it.
    pub is_mergeable: Option<bool>,
}

/// What the reviewers of a pull request decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewDecision {
    /// They approved it.
    Approved,
    /// They want changes.
    ChangesRequested,
    /// They have to decide.
    ReviewRequired,
}

/// Why an issue was closed or reopened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateReason {
    /// The work is done.
    Completed,
    /// The work will not be done.
    NotPlanned,
    /// Another issue is about the same.
    Duplicate,
    /// It was reopened.
    Reopened,
}

/// The value of an issue field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    /// The name of the chosen option.
    Option(String),
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// A date, such as `2026-12-24`.
    Date(String),
}

/// A comment with a known text: posted through the API or by another account.
#[derive(Debug, Clone)]
pub(super) struct Comment {
    pub id: String,
    pub author: Commenter,
    pub body: String,
    pub is_minimized: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The author of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Commenter {
    /// The owner of the token, who posted through the API.
    Viewer,
    /// Another account, by login.
    Somebody(String),
    /// A deleted account.
    Ghost,
}
