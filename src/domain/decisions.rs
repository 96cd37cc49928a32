//! What is kept of an answer to an agent that asked for work.

use std::collections::BTreeMap;

use super::ids::IssueId;
use super::work::{Skip, SkipReason};

/// How many withheld issues are kept with a decision.
pub const WITHHELD_KEPT: usize = 20;

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
pub struct Withheld {
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
    pub withheld: Vec<Withheld>,
    /// How many of those that were looked at were withheld, by each reason.
    pub counts: BTreeMap<SkipReason, i64>,
}

super::column::json_column!(Detail);
