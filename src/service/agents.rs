//! What an agent is at, and how much there is for it.

use std::collections::BTreeMap;

use super::leases::leases_of;
use super::{Error, Result, board};
use crate::app::App;
use crate::domain::{IssueState, Lane, Status};
use crate::store::{Issue, Lease, Repository};

/// What an agent holds.
#[derive(Debug, Clone)]
pub struct ActiveWork {
    /// The lease.
    pub lease: Lease,
    /// The issue.
    pub issue: Issue,
    /// Its repository.
    pub repository: Repository,
}

/// How much there is in one queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneWork {
    /// Issues that are ready and nobody else's.
    pub queued: u32,
    /// The agent's issues in progress and in review.
    pub in_progress: u32,
}

/// How much there is for an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkSummary {
    /// By the queue's id, every queue.
    pub lanes: BTreeMap<String, LaneWork>,
    /// By the name that rows have for a queue of old.
    pub unknown_lanes: BTreeMap<String, LaneWork>,
}

/// What an agent holds whose lease it renewed last; nothing when it holds nothing.
pub async fn active_work(app: &App, agent: &str) -> Result<Option<ActiveWork>> {
    for lease in leases_of(app, agent).await? {
        match board::find_issue(app, lease.issue_id).await {
            Ok((issue, repository)) => return Ok(Some(ActiveWork { lease, issue, repository })),
            // What is gone from GitHub is let go of by whoever puts leases right.
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Counts the work there is for an agent, by its labels.
pub async fn work_summary(app: &App, agent: &str) -> Result<WorkSummary> {
    let mut wanted = board::wanted(app, None);
    wanted.statuses = Some(vec![Status::Ready, Status::InProgress, Status::InReview]);
    let whole = board::all_issues(app, &wanted).await?;
    let configured = &app.config.lanes;
    let none = |lane: &Lane| (lane.id.clone(), LaneWork::default());
    let mut lanes: BTreeMap<_, _> = configured.all().iter().map(none).collect();
    let mut unknown_lanes = BTreeMap::new();
    for (issue, _) in whole.issues.iter().filter(|(issue, _)| issue.state == IssueState::Open) {
        let work: &mut LaneWork = match configured.find(&issue.lane) {
            Some(lane) => lanes.entry(lane.id.clone()).or_default(),
            None => unknown_lanes.entry(issue.lane.clone()).or_default(),
        };
        work.count(agent, issue);
    }
    Ok(WorkSummary { lanes, unknown_lanes })
}

impl LaneWork {
    fn count(&mut self, agent: &str, issue: &Issue) {
        let is_own = issue.labels.agents().any(|name| name == agent);
        let is_free = issue.labels.agents().next().is_none();
        match issue.status {
            Status::Ready if is_own || is_free => self.queued += 1,
            Status::InProgress | Status::InReview if is_own => self.in_progress += 1,
            _ => {}
        }
    }
}
