//! What is stored of a decision on a claim.

use std::collections::BTreeMap;

use super::ids::IssueId;
use super::ranking::{Skip, SkipReason};

/// How many withheld issues are stored with a decision.
pub const WITHHELD_KEPT: usize = 20;

/// Up to how many issues are counted for one withholding reason; this number means "so many or
/// more". Counting further would cost a claim more than finding its issue.
pub const COUNTED_UP_TO: i64 = 100;

/// How many candidates are stored with a decision.
pub const CANDIDATES_KEPT: usize = 5;

/// An eligible issue that the claim considered.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Candidate {
    /// The issue.
    pub issue: IssueId,
    /// Its rank, from 1.
    pub rank: i32,
    /// How it got that rank.
    pub why: String,
}

/// An issue that was considered and withheld.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WithheldIssue {
    /// The issue.
    pub issue: IssueId,
    /// The reasons.
    pub skips: Vec<Skip>,
}

/// What a claim considered.
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
    /// The first eligible issues, best first; at most [`CANDIDATES_KEPT`].
    pub candidates: Vec<Candidate>,
    /// The withheld issues, the most urgent first; at most [`WITHHELD_KEPT`].
    pub withheld: Vec<WithheldIssue>,
    /// How many issues were withheld for each reason; an issue with several reasons counts for
    /// each. It covers the issues in Ready and In Progress of the requested lanes and repositories,
    /// without the served one, and counts up to [`COUNTED_UP_TO`]. `NOT_READY` counts all issues in
    /// Backlog, In Review and Blocked of those repositories, in any lane. Issues that the caller
    /// excluded, issues of bots and issues that were split count too.
    pub counts: BTreeMap<SkipReason, i64>,
}

super::sql_enum::json_column!(Detail);
