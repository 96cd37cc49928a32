//! The client of GitHub: reads issues, reads and writes labels, comments.
//!
//! Not here: deciding what to read or write (that is `service`), and storing it. The types generated
//! from `github-queries/` stay inside this folder; functions return the types below.
//! Invariants: a write whose fate is unknown is never repeated; text that leaves this folder can be
//! stored and shown (no NUL, no control characters but line feed and tab); an error never carries
//! the token.

mod client;
mod comments;
mod conversations;
mod error;
mod issues;
mod labels;
mod links;
mod queries;
mod repositories;
mod response;
mod text;

pub use client::{Client, Settings, Timeouts, UnusableSettings};
pub use comments::{Comment, Commented, RecentComments};
pub use conversations::Conversation;
pub use error::{Concern, Error};
pub use issues::{Issue, IssuePage, IssuesQuery, LeftOut, PageRepository, States, Which};
pub use labels::{Changed, Label, LabelPage, LiveLabels};
pub use links::{Links, PullRequest};
pub use repositories::Repository;
pub use response::Rate;
