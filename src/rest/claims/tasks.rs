//! An agent's work: the next task, the queue, the issue that it holds, and counts by lane.

use std::collections::{BTreeMap, HashSet};

use axum::Extension;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::leases::Checkpoint;
use crate::domain::ranking::SkipReason;
use crate::domain::task_instructions::{FORBIDDEN, INSTRUCTIONS, STOP_AFTER};
use crate::domain::{IssueId, LabelSet, Status};
use crate::middleware::{Caller, Problem, Reader};
use crate::rest::agents::{named, refused};
use crate::rest::answer::json;
use crate::rest::board::issues::unknown_lane;
use crate::rest::path::Path;
use crate::rest::preferences::{preferred_wait, with_applied};
use crate::rest::query::{QueryString, is_true};
use crate::rest::responses::QueueRead;
use crate::rest::schemas::AgentName;
use crate::service::claims::decompositions;
use crate::service::claims::long_poll::{wait_for_queue, wait_for_task};
use crate::service::claims::queue::{Explained, MOST, NextTask, QueueRequest};
use crate::service::{App, agents, error_code};

/// A filter for the queue.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TaskQuery {
    /// A lane, by id or alias; every claimable lane when absent.
    lane: Option<String>,
    /// `true` omits issues that were split up into others.
    #[serde(default, deserialize_with = "is_true")]
    #[param(value_type = Option<bool>)]
    exclude_decomposed: bool,
    /// `true` adds issues that are claimed, and issues that are not in Ready or In Progress.
    #[serde(default, rename = "includeClaimed", deserialize_with = "is_true")]
    #[param(value_type = Option<bool>)]
    include_claimed: bool,
    /// `true` adds issues that bots keep for dependency updates.
    #[serde(default, rename = "includeRenovate", deserialize_with = "is_true")]
    #[param(value_type = Option<bool>)]
    include_renovate: bool,
    /// `true` adds withheld issues, with `claimable` false.
    #[serde(default, rename = "includeWithheld", deserialize_with = "is_true")]
    #[param(value_type = Option<bool>)]
    include_withheld: bool,
    /// `groom` is no longer supported and fails with status 410.
    mode: Option<String>,
}

/// The parsed query parameters.
struct ParsedTaskQuery {
    request: QueueRequest,
    include_claimed: bool,
    include_withheld: bool,
}

impl ParsedTaskQuery {
    fn read(app: &App, agent: &str, query: &QueryString) -> Result<Self, Problem> {
        let query: TaskQuery = query.read();
        if query.mode.as_deref() == Some("groom") {
            let text = "External grooming task dispatch is retired; use POST /api/groomer/run";
            return Err(Problem::new(StatusCode::GONE, error_code::NOT_FOUND, text));
        }
        let lanes = &app.config.lanes;
        if let Some(called) = query.lane.as_deref().filter(|called| lanes.find(called).is_none()) {
            return Err(unknown_lane(lanes, called));
        }
        let request = QueueRequest {
            agent: agent.to_owned(),
            lane: query.lane,
            repositories: None,
            first: MOST,
            without_bots: !query.include_renovate,
            without_split: query.exclude_decomposed,
            serves_peoples: app.config.queue.rest_serves_peoples,
        };
        Ok(Self {
            request,
            include_claimed: query.include_claimed,
            include_withheld: query.include_withheld,
        })
    }

    /// Whether the queue's response contains an issue: issues that the agent can claim or holds,
    /// and on request issues that others hold or that are withheld for another reason.
    fn admits(&self, explained: &Explained) -> bool {
        let issue = &explained.issue;
        if explained.rank.is_some() || self.include_withheld {
            return true;
        }
        let is_own = issue.labels.names_agent(&self.request.agent);
        let is_expected = |reason: SkipReason| match reason {
            SkipReason::Leased => is_own,
            SkipReason::BlockedByIssue
            | SkipReason::LimitReached
            | SkipReason::LinkedPullRequest => true,
            SkipReason::AssignedToOther | SkipReason::NotReady => self.include_claimed,
            _ => false,
        };
        let is_shown = !matches!(issue.status, Status::Done | Status::Blocked | Status::Backlog);
        is_shown && explained.skips.iter().all(|skip| is_expected(skip.reason))
    }
}

/// The next task, or none.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Task<'a> {
    /// There is no task.
    Idle(Idle<'a>),
    /// An issue to work on.
    Implement(Implement<'a>),
}

/// There is no task for the agent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Idle<'a> {
    /// Always `idle`.
    #[serde(rename = "type")]
    #[schema(example = "idle")]
    kind: &'static str,
    /// Always false.
    should_run: bool,
    /// Why there is no task: `No work available`, and the number of withheld issues for each
    /// reason.
    #[schema(example = "No work available (2 held, 1 not ready)")]
    reason: &'a str,
}

/// An issue to work on. It is not claimed yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Implement<'a> {
    /// Always `implement`.
    #[serde(rename = "type")]
    #[schema(example = "implement")]
    kind: &'static str,
    /// Always true.
    should_run: bool,
    /// The agent's name.
    agent_name: &'a str,
    /// The lane that the issue is in.
    lane: &'a str,
    /// The issue to work on.
    issue: TaskIssue<'a>,
    /// The instructions for the task.
    instructions: &'static str,
    /// When to stop working on the task.
    stop_after: &'static str,
    /// Actions that the agent must not take.
    forbidden_actions: [&'static str; 5],
}

/// The issue of a task.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskIssue<'a> {
    /// Opaque; pass it as `issueId`.
    #[schema(value_type = String, example = "iss_00001c")]
    id: IssueId,
    /// The full name of the repository, spelled as on GitHub.
    repo_full_name: &'a str,
    /// Its number in the repository.
    number: i32,
    /// Its title.
    title: &'a str,
    /// Its page on GitHub.
    url: &'a str,
}

/// Returns the best eligible issue for the agent, or that there is none. Claims nothing. With
/// `Prefer: wait=N`, it waits up to N seconds, at most 25, for an eligible issue.
#[utoipa::path(
    get,
    path = "/api/agents/{agentName}/next-task",
    tag = "work",
    operation_id = "nextTask",
    params(
        ("agentName" = inline(AgentName), Path, description = "The agent's name, with `/` encoded as `%2F`."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 25."),
        TaskQuery,
    ),
    responses(
        QueueRead,
        (status = 200, description = "The next task, or that there is none.", body = Task<'_>),
    )
)]
pub(crate) async fn next_task(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    Path(agent): Path<String>,
    headers: HeaderMap,
    query: QueryString,
) -> Result<Response, Problem> {
    let agent = named(&agent)?;
    caller.check_acts_for(&actor, agent).await?;
    let query = ParsedTaskQuery::read(&app, agent, &query)?;
    let wait = preferred_wait(&headers);
    let next = wait_for_task(&app, &actor, &query.request, wait).await;
    let next = next.map_err(refused("Failed to get next task"))?;
    Ok(with_applied(json(StatusCode::OK, &task(&next, agent)), wait))
}

fn task<'a>(next: &'a NextTask, agent: &'a str) -> Task<'a> {
    let Some(Explained { issue, repository, .. }) = &next.found else {
        let reason = next.idle_reason.as_deref().unwrap_or("No work available");
        return Task::Idle(Idle { kind: "idle", should_run: false, reason });
    };
    Task::Implement(Implement {
        kind: "implement",
        should_run: true,
        agent_name: agent,
        lane: &issue.lane,
        issue: TaskIssue {
            id: issue.id,
            repo_full_name: repository.full_name.as_str(),
            number: issue.number,
            title: &issue.title,
            url: &issue.url,
        },
        instructions: INSTRUCTIONS,
        stop_after: STOP_AFTER,
        forbidden_actions: FORBIDDEN,
    })
}

/// One issue of the queue.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueueRow<'a> {
    /// Always `issue`.
    #[serde(rename = "type")]
    #[schema(example = "issue")]
    kind: &'static str,
    /// Its number in the repository.
    number: i32,
    /// Its title.
    title: &'a str,
    /// Its page on GitHub.
    url: &'a str,
    /// Label names in GitHub's order.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
    /// The issue's priority label.
    #[schema(required, example = "priority/p1")]
    priority: Option<&'static str>,
    /// Its first status label.
    #[schema(required, example = "status/ready")]
    status: Option<&'static str>,
    /// Whether the issue has the agent's label.
    agent_match: bool,
    /// What determines the rank; for a withheld issue, why it is withheld.
    ranking_reason: &'a str,
    /// The lane, as it is stored.
    lane: &'a str,
    /// Whether the issue was split up into others.
    decomposed: bool,
    /// Opaque; pass it as `issueId`.
    #[schema(value_type = String, example = "iss_00001c")]
    issue_id: IssueId,
    /// The full name of the repository, spelled as on GitHub.
    repo_full_name: &'a str,
    /// Whether the agent may claim it.
    claimable: bool,
    /// The numbers of the open issues that block it.
    blocked_by: Vec<i32>,
    /// The open issues that block it, as one sentence; empty when there are none.
    #[schema(example = "Blocked by open #5, octo-org/other#6")]
    dependency_block_reason: String,
    /// Always null.
    #[schema(value_type = Option<String>, required)]
    linked_pr_health: Option<()>,
}

impl<'a> QueueRow<'a> {
    fn new(explained: &'a Explained, agent: &str, split: &HashSet<IssueId>) -> Self {
        let Explained { issue, repository, .. } = explained;
        let number = |blocker: &String| blocker.rsplit_once('#')?.1.parse().ok();
        let blockers = explained.blockers.join(", ");
        Self {
            kind: "issue",
            number: issue.number,
            title: &issue.title,
            url: &issue.url,
            labels: &issue.labels,
            priority: issue.priority.map(crate::domain::Priority::label),
            status: issue.labels.status().map(Status::label),
            agent_match: issue.labels.names_agent(agent),
            ranking_reason: &explained.ranking_reason,
            lane: &issue.lane,
            decomposed: split.contains(&issue.id),
            issue_id: issue.id,
            repo_full_name: repository.full_name.as_str(),
            claimable: explained.rank.is_some(),
            blocked_by: explained.blockers.iter().filter_map(number).collect(),
            dependency_block_reason: match explained.blockers.is_empty() {
                true => String::new(),
                false => format!("Blocked by open {blockers}"),
            },
            linked_pr_health: None,
        }
    }
}

/// Lists the agent's queue, best issue first, and then withheld issues on request. With `Prefer:
/// wait=N`, it waits up to N seconds, at most 25, for an eligible issue.
#[utoipa::path(
    get,
    path = "/api/agents/{agentName}/queue",
    tag = "work",
    operation_id = "getQueue",
    params(
        ("agentName" = inline(AgentName), Path, description = "The agent's name, with `/` encoded as `%2F`."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 25."),
        TaskQuery,
    ),
    responses(
        QueueRead,
        (status = 200, description = "Up to 100 eligible issues, then up to as many withheld ones.", body = Vec<QueueRow<'_>>),
    )
)]
pub(crate) async fn list(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    Path(agent): Path<String>,
    headers: HeaderMap,
    query: QueryString,
) -> Result<Response, Problem> {
    let agent = named(&agent)?;
    caller.check_acts_for(&actor, agent).await?;
    let query = ParsedTaskQuery::read(&app, agent, &query)?;
    let wait = preferred_wait(&headers);
    let failed = refused("Failed to get queue");
    let all = wait_for_queue(&app, &query.request, wait).await.map_err(&failed)?;
    let shown: Vec<_> = all.iter().filter(|explained| query.admits(explained)).collect();
    let ids: Vec<_> = shown.iter().map(|explained| explained.issue.id).collect();
    let split = decompositions::split_among(&app, &ids).await.map_err(&failed)?;
    let rows = shown.into_iter().map(|explained| QueueRow::new(explained, agent, &split));
    Ok(with_applied(json(StatusCode::OK, &rows.collect::<Vec<_>>()), wait))
}

/// The issue that an agent holds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActiveWork<'a> {
    /// Whether it holds an issue.
    has_active_work: bool,
    /// The issue with the most recently renewed lease; absent when the agent holds none.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<WorkContext<'a>>,
}

/// What an agent needs to continue its work.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkContext<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "iss_00001c")]
    issue_id: IssueId,
    /// The full name of the repository, spelled as on GitHub.
    repo_full_name: &'a str,
    /// The issue's number.
    issue_number: i32,
    /// The holder.
    agent_name: &'a str,
    /// The progress of the work, as reported by the holder.
    #[schema(example = "issue_claimed")]
    checkpoint: &'static str,
    /// The name of the branch, if the agent reported it.
    #[schema(required)]
    branch: Option<&'a str>,
    /// The URL of the pull request, if the agent reported it or GitHub knows one for the issue.
    #[schema(required)]
    pr_url: Option<&'a str>,
    /// The suggested next action.
    #[schema(example = "inspect_issue")]
    next_action: &'static str,
    /// The id of the lease.
    lease_id: String,
    /// The lane that the issue was in when it was claimed.
    lane: &'a str,
    /// The status label of the issue's column.
    #[schema(example = "status/in-progress")]
    status: &'static str,
    /// Label names in GitHub's order.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
}

impl<'a> WorkContext<'a> {
    fn new(work: &'a agents::ActiveTask) -> Self {
        let agents::ActiveTask { lease, issue, repository, .. } = work;
        Self {
            issue_id: issue.id,
            repo_full_name: repository.full_name.as_str(),
            issue_number: issue.number,
            agent_name: &lease.agent,
            checkpoint: lease.checkpoint.as_str(),
            branch: work.branch.as_deref(),
            pr_url: work.pull_request_url.as_deref(),
            next_action: next_action(lease.checkpoint),
            lease_id: lease.id().to_string(),
            lane: &lease.lane,
            status: issue.status.label(),
            labels: &issue.labels,
        }
    }
}

/// The next action after a checkpoint.
fn next_action(checkpoint: Checkpoint) -> &'static str {
    match checkpoint {
        Checkpoint::IssueClaimed => "inspect_issue",
        Checkpoint::BranchCreated => "continue_changes",
        Checkpoint::ChangesMade => "open_pr",
        Checkpoint::PrOpened => "check_pr_status",
        Checkpoint::FeedbackReceived => "address_pr_feedback",
        Checkpoint::WorkComplete => "finish_or_block",
    }
}

/// Returns the issue that the agent holds and its progress, so that the agent can continue after a
/// restart.
#[utoipa::path(
    get,
    path = "/api/agents/{agentName}/active-work",
    tag = "work",
    operation_id = "getActiveWork",
    params(("agentName" = inline(AgentName), Path, description = "The agent's name, with `/` encoded as `%2F`.")),
    responses(
        (status = 200, description = "The held issue, or that the agent holds none.", body = ActiveWork<'_>),
    )
)]
pub(crate) async fn active_work(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    Path(agent): Path<String>,
) -> Result<Response, Problem> {
    let agent = named(&agent)?;
    caller.check_acts_for(&actor, agent).await?;
    let active = agents::active_work(&app, &actor, agent).await;
    let active = active.map_err(refused("Failed to get active work"))?;
    let context = active.as_ref().map(WorkContext::new);
    Ok(json(StatusCode::OK, &ActiveWork { has_active_work: context.is_some(), context }))
}

/// The amount of work for an agent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkSummary<'a> {
    /// The agent's name.
    agent_name: &'a str,
    /// The number of issues by the lane's id.
    issues: BTreeMap<&'a str, LaneWork>,
    /// The number of issues in lanes that are no longer configured, by stored name; absent when
    /// there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unknown_lanes: BTreeMap<&'a str, LaneWork>,
    /// Always 0: Dispatch has no queue of pull request fixes.
    pr_fixes: FixSummary,
}

/// The amount of work in one lane.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LaneWork {
    /// The number of issues in Ready that are not another agent's.
    queued: u32,
    /// The number of the agent's issues in progress and in review.
    in_progress: u32,
}

/// The number of pull request fixes, by who must do them.
#[derive(Serialize, ToSchema, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct FixSummary {
    local: FixCount,
    frontier: FixCount,
    needs_human: FixCount,
}

/// A number of pull request fixes.
#[derive(Serialize, ToSchema, Default)]
pub(super) struct FixCount {
    total: u32,
    blocked: u32,
}

/// Counts the work for an agent, by lane.
#[utoipa::path(
    get,
    path = "/api/agents/{agentName}/work-summary",
    tag = "work",
    operation_id = "getWorkSummary",
    params(("agentName" = inline(AgentName), Path, description = "The agent's name, with `/` encoded as `%2F`.")),
    responses(
        (status = 200, description = "The number of issues by lane.", body = WorkSummary<'_>),
    )
)]
pub(crate) async fn work_summary(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    Path(agent): Path<String>,
) -> Result<Response, Problem> {
    let agent = named(&agent)?;
    caller.check_acts_for(&actor, agent).await?;
    let summary = agents::work_summary(&app, agent).await;
    let summary = summary.map_err(refused("Failed to get work summary"))?;
    let (issues, unknown_lanes) = (by_lane(&summary.lanes), by_lane(&summary.unknown_lanes));
    let pr_fixes = FixSummary::default();
    Ok(json(StatusCode::OK, &WorkSummary { agent_name: agent, issues, unknown_lanes, pr_fixes }))
}

fn by_lane(lanes: &BTreeMap<String, agents::LaneWorkCounts>) -> BTreeMap<&str, LaneWork> {
    let row = |work: &agents::LaneWorkCounts| LaneWork {
        queued: work.queued,
        in_progress: work.in_progress,
    };
    lanes.iter().map(|(lane, work)| (lane.as_str(), row(work))).collect()
}
