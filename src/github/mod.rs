//! The client of GitHub: reads issues, reads and changes labels, reads and posts comments.
//!
//! `service` decides what to read and change. The types generated from `github-queries/` are
//! private to this module; functions return the types below. Invariants: a write with an unknown
//! outcome is never retried; text from this module can be stored and shown (no NUL, no control
//! characters except line feed and tab); an error never contains the token.

mod actions;
mod actions_json;
mod app_tokens;
mod authorization;
mod bearer;
mod budget;
mod circuit_breaker;
mod client;
mod comments;
mod conversations;
mod credentials;
mod details;
mod error;
mod fingerprints;
mod group_document;
mod group_queue;
mod groups;
mod hooks;
mod issue_address;
mod issues;
mod labels;
mod labels_rest;
mod links;
mod nodes;
mod principal;
mod pull_requests;
mod queries;
mod repositories;
mod response;
mod rest;
mod spans;
mod text;
pub mod webhooks;

pub use actions::{DispatchedRun, ReadList, RunRequest, WorkflowFileText};
pub use app_tokens::AppCredentials;
pub use bearer::UnusableSettings;
pub use budget::{BudgetLimits, Report, Shared, Snapshot};
pub use client::{Client, Settings, Timeouts};
pub use comments::{Comment, Commented, RecentComments};
pub use conversations::Conversation;
pub use error::{Concern, Error};
pub use fingerprints::Fingerprint;
pub use hooks::NewHook;
pub use issues::{
    Issue, IssueIdentity, IssuePage, IssuesQuery, PageRepository, SkippedIssue, States,
};
pub use labels::{Label, LabelChangeResult, LabelPage, LiveLabels};
pub use links::{Links, PullRequest};
pub use pull_requests::{PullRequestList, PullRequestStates, PullRequestsById};
pub use repositories::Repository;
pub use response::Rate;
pub use rest::Fetched;
