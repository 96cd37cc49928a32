//! What there is to do for an agent: the next task, the queue, what it holds and how much.

use std::collections::{BTreeMap, HashSet};

use axum::Extension;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::agents::{named, refused};
use super::answer::json;
use super::issues::unknown_lane;
use super::path::Path;
use super::preferences::{preferred_wait, with_applied};
use super::query::Query;
use crate::app::App;
use crate::domain::leases::Checkpoint;
use crate::domain::task_instructions::{FORBIDDEN, INSTRUCTIONS, STOP_AFTER};
use crate::domain::work::SkipReason;
use crate::domain::{IssueId, LabelSet, Status};
use crate::middleware::{Caller, Problem, ProblemDocument, Reader};
use crate::service::long_poll::{wait_for_queue, wait_for_task};
use crate::service::queue::{Explained, MOST, NextTask, QueueRequest};
use crate::service::{agents, decompositions};

/// Which part of the queue is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Wish` reads from the query")]
pub(super) struct TaskQuery {
    /// A lane's id or alias; every claimable one when absent.
    lane: Option<String>,
    /// `true`: not what was split up.
    exclude_decomposed: Option<bool>,
    /// `true`: also what is claimed, and what is in other columns than Ready and In Progress.
    #[param(rename = "includeClaimed")]
    include_claimed: Option<bool>,
    /// `true`: also updates of dependencies.
    #[param(rename = "includeRenovate")]
    include_renovate: Option<bool>,
    /// `true`: also what cannot be claimed, with `claimable` false.
    #[param(rename = "includeWithheld")]
    include_withheld: Option<bool>,
    /// `groom` is gone.
    mode: Option<String>,
}

/// What a query asks for.
struct Wish {
    request: QueueRequest,
    include_claimed: bool,
    include_withheld: bool,
}

impl Wish {
    fn read(app: &App, agent: &str, query: &Query) -> Result<Self, Problem> {
        if query.get("mode") == Some("groom") {
            let text = "External grooming task dispatch is retired; use POST /api/groomer/run";
            return Err(Problem::new(StatusCode::GONE, "NOT_FOUND", text));
        }
        let lanes = &app.config.lanes;
        if let Some(called) = query.get("lane").filter(|called| lanes.find(called).is_none()) {
            return Err(unknown_lane(lanes, called));
        }
        let request = QueueRequest {
            agent: agent.to_owned(),
            lane: query.get("lane").map(str::to_owned),
            repositories: None,
            first: MOST,
            without_bots: !query.is_true("includeRenovate"),
            without_split: query.is_true("exclude_decomposed"),
            serves_peoples: app.config.work.rest_serves_peoples,
        };
        Ok(Self {
            request,
            include_claimed: query.is_true("includeClaimed"),
            include_withheld: query.is_true("includeWithheld"),
        })
    }

    /// Whether an issue belongs in the list of old: what can be claimed and what the agent has, and
    /// on request what others have or what is hidden for another reason.
    fn admits(&self, of: &Explained) -> bool {
        let issue = &of.issue;
        if of.rank.is_some() || self.include_withheld {
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
        is_shown && of.skips.iter().all(|skip| is_expected(skip.reason))
    }
}

/// Something to do, or nothing.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Task<'a> {
    /// Nothing.
    Idle(Idle<'a>),
    /// An issue to work on.
    Implement(Implement<'a>),
}

/// There is nothing to do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Idle<'a> {
    /// Always `idle`.
    #[serde(rename = "type")]
    #[schema(example = "idle")]
    kind: &'static str,
    /// Always false.
    should_run: bool,
    /// Why: `No work available`, and how many issues were withheld for which reasons.
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
    /// Who is to do it.
    agent_name: &'a str,
    /// The lane it waits in.
    lane: &'a str,
    /// The issue.
    issue: TaskIssue<'a>,
    /// What to do.
    instructions: &'static str,
    /// When to stop.
    stop_after: &'static str,
    /// What not to do.
    forbidden_actions: [&'static str; 5],
}

/// The issue of a task.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskIssue<'a> {
    /// Opaque; hand it back as `issueId`.
    #[schema(value_type = String, example = "iss_00001c")]
    id: IssueId,
    /// The repository as GitHub spells it.
    repo_full_name: &'a str,
    /// Its number in the repository.
    number: i32,
    /// Its title.
    title: &'a str,
    /// Its page on GitHub.
    url: &'a str,
}

/// Tells an agent what it could begin, or that there is nothing. Nothing is claimed. With
/// `Prefer: wait=N` it waits up to that many seconds, 25 at the most, for something to appear.
#[utoipa::path(
    get,
    path = "/api/agents/{agentName}/next-task",
    tag = "work",
    operation_id = "nextTask",
    params(
        ("agentName" = String, Path, description = "The agent's name, `/` written `%2F`."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` to wait for N seconds."),
        TaskQuery,
    ),
    responses(
        (status = 200, description = "What to do.", body = Task<'_>),
        (status = 400, description = "No such lane.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "Grooming tasks are retired.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to get next task`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn next_task(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    Path(agent): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let agent = named(&agent)?;
    caller.check_acts_for(&actor, agent).await?;
    let wish = Wish::read(&app, agent, &query)?;
    let wait = preferred_wait(&headers);
    let next = wait_for_task(&app, &actor, &wish.request, wait).await;
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
    /// The label of its priority.
    #[schema(required, example = "priority/p1")]
    priority: Option<&'static str>,
    /// Its first status label.
    #[schema(required, example = "status/ready")]
    status: Option<&'static str>,
    /// Whether it carries the agent's label.
    agent_match: bool,
    /// How it came to its place; of what cannot be claimed, why.
    ranking_reason: &'a str,
    /// The lane as it is stored.
    lane: &'a str,
    /// Whether it was split up.
    decomposed: bool,
    /// Opaque; hand it back as `issueId`.
    #[schema(value_type = String, example = "iss_00001c")]
    issue_id: IssueId,
    /// The repository as GitHub spells it.
    repo_full_name: &'a str,
    /// Whether the agent may claim it.
    claimable: bool,
    /// Numbers of open issues that it waits for.
    blocked_by: Vec<i32>,
    /// The same as one sentence; empty when there are none.
    #[schema(example = "Blocked by open #5, octo-org/other#6")]
    dependency_block_reason: String,
    /// Always null.
    #[schema(value_type = Option<String>, required)]
    linked_pr_health: Option<()>,
}

impl<'a> QueueRow<'a> {
    fn of(of: &'a Explained, agent: &str, split: &HashSet<IssueId>) -> Self {
        let Explained { issue, repository, .. } = of;
        let number = |blocker: &String| blocker.rsplit_once('#')?.1.parse().ok();
        let blockers = of.blockers.join(", ");
        Self {
            kind: "issue",
            number: issue.number,
            title: &issue.title,
            url: &issue.url,
            labels: &issue.labels,
            priority: issue.priority.map(crate::domain::Priority::label),
            status: issue.labels.status().map(Status::label),
            agent_match: issue.labels.names_agent(agent),
            ranking_reason: &of.ranking_reason,
            lane: &issue.lane,
            decomposed: split.contains(&issue.id),
            issue_id: issue.id,
            repo_full_name: repository.full_name.as_str(),
            claimable: of.rank.is_some(),
            blocked_by: of.blockers.iter().filter_map(number).collect(),
            dependency_block_reason: match of.blockers.is_empty() {
                true => String::new(),
                false => format!("Blocked by open {blockers}"),
            },
            linked_pr_health: None,
        }
    }
}

/// Lists what an agent would be given, best first, then on request what is withheld. With
/// `Prefer: wait=N` it waits up to that many seconds, 25 at the most, for something to claim.
#[utoipa::path(
    get,
    path = "/api/agents/{agentName}/queue",
    tag = "work",
    operation_id = "getQueue",
    params(
        ("agentName" = String, Path, description = "The agent's name, `/` written `%2F`."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` to wait for N seconds."),
        TaskQuery,
    ),
    responses(
        (status = 200, description = "Up to 100 that can be claimed, then as many others.", body = Vec<QueueRow<'_>>),
        (status = 400, description = "No such lane.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "Grooming tasks are retired.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to get queue`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    Path(agent): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let agent = named(&agent)?;
    caller.check_acts_for(&actor, agent).await?;
    let wish = Wish::read(&app, agent, &query)?;
    let wait = preferred_wait(&headers);
    let failed = refused("Failed to get queue");
    let all = wait_for_queue(&app, &wish.request, wait).await.map_err(&failed)?;
    let shown: Vec<_> = all.iter().filter(|of| wish.admits(of)).collect();
    let ids: Vec<_> = shown.iter().map(|of| of.issue.id).collect();
    let split = decompositions::split_among(&app, &ids).await.map_err(&failed)?;
    let rows = shown.into_iter().map(|of| QueueRow::of(of, agent, &split));
    Ok(with_applied(json(StatusCode::OK, &rows.collect::<Vec<_>>()), wait))
}

/// What an agent is at.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActiveWork<'a> {
    /// Whether it holds an issue.
    has_active_work: bool,
    /// The issue whose lease it renewed last; absent when it holds none.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<WorkContext<'a>>,
}

/// What an agent needs to know to go on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkContext<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "iss_00001c")]
    issue_id: IssueId,
    /// The repository as GitHub spells it.
    repo_full_name: &'a str,
    /// The issue's number.
    issue_number: i32,
    /// Who holds it.
    agent_name: &'a str,
    /// How far it is.
    #[schema(example = "issue_claimed")]
    checkpoint: &'static str,
    /// The branch, where the agent has told of it.
    #[schema(required)]
    branch: Option<&'a str>,
    /// The pull request's page, where the agent has told of it or GitHub has one for the issue.
    #[schema(required)]
    pr_url: Option<&'a str>,
    /// What to do next.
    #[schema(example = "inspect_issue")]
    next_action: &'static str,
    /// The lease.
    lease_id: String,
    /// The lane it was claimed from.
    lane: &'a str,
    /// The label of its column.
    #[schema(example = "status/in-progress")]
    status: &'static str,
    /// Label names in GitHub's order.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
}

impl<'a> WorkContext<'a> {
    fn of(work: &'a agents::ActiveWork) -> Self {
        let agents::ActiveWork { lease, issue, repository, .. } = work;
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

/// What to do after a checkpoint.
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

/// Tells an agent what it holds and how far it was, to go on after a restart.
#[utoipa::path(
    get,
    path = "/api/agents/{agentName}/active-work",
    tag = "work",
    operation_id = "getActiveWork",
    params(("agentName" = String, Path, description = "The agent's name, `/` written `%2F`.")),
    responses(
        (status = 200, description = "What it holds, or that it holds nothing.", body = ActiveWork<'_>),
        (status = 500, description = "`Failed to get active work`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn active_work(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    Path(agent): Path<String>,
) -> Result<Response, Problem> {
    let agent = named(&agent)?;
    caller.check_acts_for(&actor, agent).await?;
    let active = agents::active_work(&app, &actor, agent).await;
    let active = active.map_err(refused("Failed to get active work"))?;
    let context = active.as_ref().map(WorkContext::of);
    Ok(json(StatusCode::OK, &ActiveWork { has_active_work: context.is_some(), context }))
}

/// How much there is for an agent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkSummary<'a> {
    /// Whose view it is.
    agent_name: &'a str,
    /// By the lane's id.
    issues: BTreeMap<&'a str, LaneWork>,
    /// By the name that rows have for a lane of old; absent when there is none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unknown_lanes: BTreeMap<&'a str, LaneWork>,
    /// Always 0: there is no queue of fixes for pull requests.
    pr_fixes: FixSummary,
}

/// How much there is in one lane.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LaneWork {
    /// Issues that are ready and nobody else's.
    queued: u32,
    /// The agent's issues in progress and in review.
    in_progress: u32,
}

/// Fixes for pull requests by who is to do them.
#[derive(Serialize, ToSchema, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct FixSummary {
    local: FixCount,
    frontier: FixCount,
    needs_human: FixCount,
}

/// How many fixes there are.
#[derive(Serialize, ToSchema, Default)]
pub(super) struct FixCount {
    total: u32,
    blocked: u32,
}

/// Counts the work there is for an agent, by lane.
#[utoipa::path(
    get,
    path = "/api/agents/{agentName}/work-summary",
    tag = "work",
    operation_id = "getWorkSummary",
    params(("agentName" = String, Path, description = "The agent's name, `/` written `%2F`.")),
    responses(
        (status = 200, description = "How much there is.", body = WorkSummary<'_>),
        (status = 500, description = "`Failed to get work summary`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn work_summary(
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

fn by_lane(lanes: &BTreeMap<String, agents::LaneWork>) -> BTreeMap<&str, LaneWork> {
    let row =
        |work: &agents::LaneWork| LaneWork { queued: work.queued, in_progress: work.in_progress };
    lanes.iter().map(|(lane, work)| (lane.as_str(), row(work))).collect()
}
