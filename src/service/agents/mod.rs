//! What an agent is working on, and how much work there is for it.

pub mod agent_runs;
pub mod heartbeats;
pub mod reports;

use std::collections::BTreeMap;

use super::claims::agent_work;
use super::claims::leases::{leases_of, release_orphans};
use super::{Error, Result, agent_names, board};
use crate::domain::{Actor, IssueState, Lane, Status};
use crate::service::App;
use crate::store::{Issue, Lease, Repository};

/// An issue that an agent has leased.
#[derive(Debug, Clone)]
pub struct ActiveTask {
    /// The lease.
    pub lease: Lease,
    /// The issue.
    pub issue: Issue,
    /// Its repository.
    pub repository: Repository,
    /// The branch, if the agent has reported it.
    pub branch: Option<String>,
    /// The pull request's page, if the agent has reported it or GitHub links one to the issue.
    pub pull_request_url: Option<String>,
}

/// The amount of work in one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneWorkCounts {
    /// Issues that are ready and not assigned to another agent.
    pub queued: u32,
    /// The agent's issues in progress and in review.
    pub in_progress: u32,
}

/// The amount of work for an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentWorkSummary {
    /// By lane id, for every lane.
    pub lanes: BTreeMap<String, LaneWorkCounts>,
    /// By the lane name in the rows, for lanes that are no longer configured.
    pub unknown_lanes: BTreeMap<String, LaneWorkCounts>,
}

/// The issue whose lease an agent renewed last; none without a lease. Leases of issues that are
/// gone from GitHub end here; the audit log calls that `orphan_lease_released`.
pub async fn active_work(app: &App, actor: &Actor, agent: &str) -> Result<Option<ActiveTask>> {
    let agent = &agent_names::find(app, agent).await?;
    release_orphans(app, actor, agent, "orphan_lease_released").await?;
    let Some(lease) = leases_of(app, agent).await?.into_iter().next() else { return Ok(None) };
    let (issue, repository) = match board::find_issue(app, lease.issue_id).await {
        Ok(found) => found,
        Err(Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let newest = agent_work::newest_on(app, agent, issue.id).await?;
    let (branch, reported_url) = newest.map_or((None, None), |work| (work.branch, work.pr_url));
    let pull_request_url = match reported_url {
        Some(url) => Some(url),
        None => issue.pull_request_url.clone(),
    };
    Ok(Some(ActiveTask { lease, issue, repository, branch, pull_request_url }))
}

/// Counts the work for an agent, by the labels of issues.
pub async fn work_summary(app: &App, agent: &str) -> Result<AgentWorkSummary> {
    let mut filter = board::normalized_filter(app, None);
    filter.statuses = Some(vec![Status::Ready, Status::InProgress, Status::InReview]);
    let whole = board::all_issues(app, &filter).await?;
    let configured = &app.config.lanes;
    let none = |lane: &Lane| (lane.id.clone(), LaneWorkCounts::default());
    let mut lanes: BTreeMap<_, _> = configured.all().iter().map(none).collect();
    let mut unknown_lanes = BTreeMap::new();
    for (issue, _) in whole.issues.iter().filter(|(issue, _)| issue.state == IssueState::Open) {
        let work: &mut LaneWorkCounts = match configured.find(&issue.lane) {
            Some(lane) => lanes.entry(lane.id.clone()).or_default(),
            None => unknown_lanes.entry(issue.lane.clone()).or_default(),
        };
        work.count(agent, issue);
    }
    Ok(AgentWorkSummary { lanes, unknown_lanes })
}

impl LaneWorkCounts {
    fn count(&mut self, agent: &str, issue: &Issue) {
        let is_own = issue.labels.names_agent(agent);
        let is_free = issue.labels.agents().next().is_none();
        match issue.status {
            Status::Ready if is_own || is_free => self.queued += 1,
            Status::InProgress | Status::InReview if is_own => self.in_progress += 1,
            _ => {}
        }
    }
}
