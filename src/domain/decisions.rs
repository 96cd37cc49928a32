//! What is kept of an answer to an agent that asked for work.

use std::collections::BTreeMap;

use super::ids::IssueId;
use super::ranking::{Skip, SkipReason};

/// How many withheld issues are kept with a decision.
pub const WITHHELD_KEPT: usize = 20;

/// How far issues are counted that are withheld for one reason: this many stand for so many or more.
/// To count on would cost each claim more than finding its issue does.
pub const COUNTED_UP_TO: i64 = 100;

/// How many candidates are kept with a decision.
pub const CANDIDATES_KEPT: usize = 5;

/// An issue that was looked at and may be had.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Candidate {
    /// The issue.
    pub issue: IssueId,
    /// Its place, from 1.
    pub rank: i32,
    /// How it came to it.
    pub why: String,
}

/// An issue that was looked at and withheld.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WithheldIssue {
    /// The issue.
    pub issue: IssueId,
    /// Why.
    pub skips: Vec<Skip>,
}

/// What was looked at for an answer.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
pub struct Detail {
    /// The first issues that could be had, best first; at most [`CANDIDATES_KEPT`].
    pub candidates: Vec<Candidate>,
    /// What was withheld, the most urgent first; at most [`WITHHELD_KEPT`].
    pub withheld: Vec<WithheldIssue>,
    /// How many were withheld by each reason, one with several once for each: of the issues in Ready
    /// and In Progress in the lanes and repositories that were asked for, what was served left out,
    /// and none of a reason behind [`COUNTED_UP_TO`]. `NOT_READY` alone is all that stands in Backlog,
    /// In Review and Blocked in those repositories, in whichever lane. Issues that the asker wanted
    /// left out, bots' own and those that were split up, are counted all the same.
    pub counts: BTreeMap<SkipReason, i64>,
}

super::sql_enum::json_column!(Detail);
