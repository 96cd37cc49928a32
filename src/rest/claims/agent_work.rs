//! Progress reports of long-running agents, and how maintainers release or reassign their work.

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::domain::label_names::strip_prefix;
use crate::domain::leases::Checkpoint;
use crate::domain::progress::{WorkCheckpoint, WorkState};
use crate::domain::{Actor, IssueId, LeaseId, Timestamp};
use crate::middleware::{Caller, Problem, ProblemDocument, Reader, acting_as};
use crate::rest::agents::{misnamed, named};
use crate::rest::answer::json;
use crate::rest::body::Body;
use crate::rest::errors::failed;
use crate::rest::fields::only_text;
use crate::rest::query::{QueryString, is_not_false};
use crate::rest::responses::{ProgressReport, SingleJob};
use crate::rest::schemas::{
    AgentName, Anything, CheckpointWord, IssueIdText, LeaseIdText, PullRequestUrl, StateWord,
    WorkActionWord, WorkIdText,
};
use crate::service::claims::agent_work::{
    self, EndWork, ProgressOutcome, Reassign, RecordCheckpoint, Release, StartWork, WithIssue,
};
use crate::service::{App, ConflictKind, Error};
use crate::store::{AgentWork, Lease};

/// The prefix of an id that is a lease's id and not a piece of work.
const LEASE_PREFIX: &str = "lease-";

/// One piece of an agent's work.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AgentWork)]
pub(super) struct WorkRow<'a> {
    /// Opaque; pass it as `workId`. For an expired lease: `lease-` and the lease's id.
    #[schema(example = "wrk_000001")]
    id: String,
    /// The agent's name.
    #[schema(example = "alpha")]
    agent_name: &'a str,
    /// The issue that the agent works on.
    #[schema(value_type = Option<String>, required, example = "iss_00001c")]
    issue_id: Option<IssueId>,
    /// The agent's own id for its run.
    #[schema(required)]
    run_id: Option<&'a str>,
    /// `CLAIMED`, `IN_PROGRESS`, `BLOCKED`, `DONE`, `RELEASED` or `STALE`.
    #[schema(example = "IN_PROGRESS")]
    state: &'static str,
    /// `CLAIMED`, `REPO_PREPARED`, `BRANCH_CREATED`, `CHANGES_MADE`, `TESTS_RUNNING`, `PR_OPENED`,
    /// `DONE` or `BLOCKED`.
    #[schema(example = "BRANCH_CREATED")]
    checkpoint: &'static str,
    /// The name of the branch.
    #[schema(required)]
    branch: Option<&'a str>,
    /// The URL of the pull request.
    #[schema(required)]
    pr_url: Option<&'a str>,
    /// When the work becomes stale, unless the agent reports before then; for ended work, when it
    /// ended.
    #[schema(value_type = String, format = DateTime)]
    lease_expires_at: Timestamp,
    /// When the agent last reported.
    #[schema(value_type = String, format = DateTime)]
    last_heartbeat_at: Timestamp,
    /// The agent's summary of the work.
    #[schema(required)]
    summary: Option<&'a str>,
    /// What the work waits for, while it is blocked.
    #[schema(required)]
    blocker_reason: Option<&'a str>,
    /// When the work started.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the work last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl<'a> WorkRow<'a> {
    fn new(work: &'a AgentWork) -> Self {
        Self {
            id: work.id.to_string(),
            agent_name: &work.agent_name,
            issue_id: work.issue_id,
            run_id: work.run_id.as_deref(),
            state: work.state.as_str(),
            checkpoint: work.checkpoint.as_str(),
            branch: work.branch.as_deref(),
            pr_url: work.pr_url.as_deref(),
            lease_expires_at: Timestamp(work.lease_expires_at),
            last_heartbeat_at: Timestamp(work.last_heartbeat_at),
            summary: work.summary.as_deref(),
            blocker_reason: work.blocker_reason.as_deref(),
            created_at: Timestamp(work.created_at),
            updated_at: Timestamp(work.updated_at),
        }
    }

    /// Returns an expired lease in the form of a piece of work.
    fn from_lease(lease: &'a Lease) -> Self {
        let checkpoint = match lease.checkpoint {
            Checkpoint::IssueClaimed => WorkCheckpoint::Claimed,
            Checkpoint::BranchCreated => WorkCheckpoint::BranchCreated,
            Checkpoint::ChangesMade => WorkCheckpoint::ChangesMade,
            Checkpoint::PrOpened | Checkpoint::FeedbackReceived => WorkCheckpoint::PrOpened,
            Checkpoint::WorkComplete => WorkCheckpoint::Done,
        };
        Self {
            id: format!("{LEASE_PREFIX}{}", lease.id()),
            agent_name: &lease.agent,
            issue_id: Some(lease.issue_id),
            run_id: None,
            state: WorkState::Stale.as_str(),
            checkpoint: checkpoint.as_str(),
            branch: None,
            pr_url: None,
            lease_expires_at: Timestamp(lease.expires_at),
            last_heartbeat_at: Timestamp(lease.renewed_at),
            summary: None,
            blocker_reason: Some("Lease expired"),
            created_at: Timestamp(lease.acquired_at),
            updated_at: Timestamp(lease.renewed_at),
        }
    }
}

/// One piece of an agent's work, with its issue.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedWork<'a> {
    #[serde(flatten)]
    work: WorkRow<'a>,
    /// The issue's number; null when no issue is known.
    #[schema(required)]
    issue_number: Option<i32>,
    /// The issue's title.
    #[schema(required)]
    issue_title: Option<&'a str>,
    /// The full name of its repository, spelled as on GitHub.
    #[schema(required)]
    repo_full_name: Option<&'a str>,
}

impl<'a> ListedWork<'a> {
    fn new<Row>(shown: &'a WithIssue<Row>, work: WorkRow<'a>) -> Self {
        let found = shown.issue.as_ref();
        Self {
            work,
            issue_number: found.map(|(issue, _)| issue.number),
            issue_title: found.map(|(issue, _)| issue.title.as_str()),
            repo_full_name: found.map(|(_, repository)| repository.full_name.as_str()),
        }
    }
}

/// The current work of agents.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkList<'a> {
    /// The work, most recently changed first.
    active_work: Vec<ListedWork<'a>>,
    /// Up to 50 leases that expired and are not cleaned up yet.
    stale_leases: Vec<ListedWork<'a>>,
}

/// A filter for work.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WorkQuery {
    /// Only work in this state; work that is claimed, in progress or blocked when absent.
    #[param(inline, value_type = Option<StateWord>)]
    state: Option<String>,
    /// Only work of this agent. A worker always gets only its own work.
    agent: Option<String>,
    /// `false` omits expired leases.
    #[serde(default = "yes", deserialize_with = "is_not_false")]
    #[param(value_type = Option<bool>, default = true)]
    include_stale: bool,
}

fn yes() -> bool {
    true
}

/// Lists the current work of agents, as they reported it.
#[utoipa::path(
    get,
    path = "/api/agent-work",
    tag = "work",
    operation_id = "listAgentWork",
    params(WorkQuery),
    responses(
        (status = 200, description = "The work and the expired leases.", body = WorkList<'_>),
        (status = 400, description = "The state is unknown.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Reader { state: app, actor }: Reader<App>,
    query: QueryString,
) -> Result<Response, Problem> {
    let query: WorkQuery = query.read();
    let state = query.state.map(|given| read_state(&Value::from(given))).transpose()?;
    let agent = match &actor {
        Actor::Worker { name, .. } => Some(name.as_str()),
        _ => query.agent.as_deref().map(|agent| strip_prefix(agent, "agent/").unwrap_or(agent)),
    };
    let all = agent_work::list(&app, agent, state, query.include_stale).await;
    let all = all.map_err(failed("Failed to fetch agent work"))?;
    let active = all.work.iter().map(|one| ListedWork::new(one, WorkRow::new(&one.row)));
    let stale = all.stale_leases.iter();
    let stale = stale.map(|one| ListedWork::new(one, WorkRow::from_lease(&one.row)));
    let rows = WorkList { active_work: active.collect(), stale_leases: stale.collect() };
    Ok(json(StatusCode::OK, &rows))
}

/// Returns the agent that the body names, and the caller under that name. Fails if the caller may
/// not act for the agent.
async fn agent_of<'a>(
    given: Option<&'a str>,
    actor: Actor,
    caller: &Caller,
) -> Result<(&'a str, Actor), Problem> {
    let Some(given) = given else {
        let text = "Missing required field: agentName (string)";
        return Err(Problem::bad_request(text).with("field", "agentName"));
    };
    let agent = named(given)?;
    let actor = acting_as(actor, Some(agent))?;
    caller.check_acts_for(&actor, agent).await?;
    Ok((agent, actor))
}

/// The name of a JSON value's type, as JavaScript's `typeof` returns it.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => "object",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
    }
}

/// Reads a member that must be one of the given words.
fn read_word<T>(
    field: &'static str,
    value: &Value,
    words: &[&str],
    read: fn(&str) -> Option<T>,
) -> Result<T, Problem> {
    let refused = |text: String| Problem::bad_request(text).with("field", field);
    let Value::String(given) = value else {
        let kind = kind_of(value);
        let text = format!("Invalid {field} value: expected a string, got {kind}");
        return Err(refused(text));
    };
    read(given).ok_or_else(|| {
        let (given, words) = (given.chars().take(64).collect::<String>(), words.join(", "));
        refused(format!("Invalid {field} value: \"{given}\" (expected one of: {words})"))
    })
}

fn read_state(value: &Value) -> Result<WorkState, Problem> {
    read_word("state", value, &WorkState::ALL.map(WorkState::as_str), WorkState::read)
}

fn missing_word(field: &'static str, words: &[&str]) -> Problem {
    let words = words.join(", ");
    let text = format!("Missing required field: {field} (one of: {words})");
    Problem::bad_request(text).with("field", field)
}

/// Converts an error of a report on work to a problem.
fn refused(text: &'static str) -> impl Fn(Error) -> Problem {
    move |error| match &error {
        Error::Invalid { field: "agent", reason } => misnamed(reason),
        Error::NotFound { what: "Active work", .. } => {
            Problem::not_found("No active work found for agent")
                .advising("Begin it with POST /api/agent-work/start")
        }
        Error::Conflict { kind: ConflictKind::Permanent, .. } => {
            Problem::from(error).with_status(StatusCode::BAD_REQUEST)
        }
        Error::UpstreamUnreadable(_) | Error::RateLimited { .. } => {
            Problem::from(error).with_status(StatusCode::SERVICE_UNAVAILABLE)
        }
        _ => failed(text)(error),
    }
}

fn id_of<Id: std::str::FromStr<Err = crate::domain::ids::NotAnId>>(
    field: &'static str,
    given: Option<&str>,
) -> Result<Option<Id>, Problem> {
    let read = |given: &str| {
        let text = |error| Problem::bad_request(format!("{field}: {error}")).with("field", field);
        given.parse().map_err(text)
    };
    given.map(read).transpose()
}

/// The work to start.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StartBody {
    /// The agent's name.
    #[serde(default, deserialize_with = "only_text")]
    #[schema(value_type = AgentName, required)]
    agent_name: Option<String>,
    /// The issue that the agent works on.
    #[schema(value_type = Option<IssueIdText>)]
    issue_id: Option<IssueId>,
    /// The agent's own id for its run.
    #[schema(max_length = 500)]
    run_id: Option<String>,
    /// The name of the branch.
    #[schema(max_length = 500)]
    branch: Option<String>,
}

/// Starts a piece of work and releases the agent's previous work. The agent must report at least
/// every five minutes. Starting the same work again counts as a report.
#[utoipa::path(
    post,
    path = "/api/agent-work/start",
    tag = "work",
    operation_id = "startAgentWork",
    request_body = StartBody,
    responses(
        ProgressReport,
        (status = 201, description = "The work is started.", body = WorkRow<'_>),
    )
)]
pub(crate) async fn start(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Response, Problem> {
    let body: StartBody = body.members("Invalid JSON body")?.read()?;
    let (agent, actor) = agent_of(body.agent_name.as_deref(), actor, &caller).await?;
    let command = StartWork {
        agent: agent.to_owned(),
        issue_id: body.issue_id,
        run_id: body.run_id,
        branch: body.branch,
    };
    let work = agent_work::start(&app, &actor, command).await;
    let work = work.map_err(refused("Failed to start agent work"))?;
    Ok(json(StatusCode::CREATED, &WorkRow::new(&work)))
}

/// A progress report of an agent.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CheckpointBody {
    /// The agent's name.
    #[serde(default, deserialize_with = "only_text")]
    #[schema(value_type = AgentName, required)]
    agent_name: Option<String>,
    /// A checkpoint; case-insensitive, with `-` allowed for `_`.
    #[schema(value_type = CheckpointWord, required)]
    checkpoint: Option<Value>,
    /// The agent's summary of the work; unchanged when absent.
    summary: Option<String>,
    /// What the work waits for; required with `BLOCKED`.
    #[serde(default, deserialize_with = "only_text")]
    #[schema(value_type = Anything)]
    blocker_reason: Option<String>,
    /// The name of the branch; unchanged when absent.
    #[schema(max_length = 500)]
    branch: Option<String>,
    /// The URL of the pull request; unchanged when absent.
    #[schema(value_type = Option<PullRequestUrl>)]
    pr_url: Option<String>,
}

/// The result of a progress report.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ToldOfWork)]
pub(super) enum ProgressResult<'a> {
    /// The current state of the work.
    Work(WorkRow<'a>),
    /// The agent has no work; its lease on an issue that no longer exists was ended.
    Orphan(OrphanReleased),
}

/// The result when a lease on an issue that no longer exists was ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrphanReleased {
    /// Always true.
    released_orphan: bool,
    /// What happened, as text for a person.
    message: &'static str,
}

fn progress_response(outcome: &ProgressOutcome) -> Response {
    let body = match outcome {
        ProgressOutcome::Work(work) => ProgressResult::Work(WorkRow::new(work)),
        ProgressOutcome::OrphanReleased => ProgressResult::Orphan(OrphanReleased {
            released_orphan: true,
            message: "The lease on an issue that is gone was ended; ask for the next task",
        }),
    };
    json(StatusCode::OK, &body)
}

/// Records the progress of an agent's work. This also counts as a heartbeat.
#[utoipa::path(
    post,
    path = "/api/agent-work/checkpoint",
    tag = "work",
    operation_id = "checkpointAgentWork",
    request_body = CheckpointBody,
    responses(
        ProgressReport,
        (status = 200, description = "The progress is recorded.", body = ProgressResult<'_>),
    )
)]
pub(crate) async fn checkpoint(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Response, Problem> {
    let body: CheckpointBody = body.members("Invalid JSON body")?.read()?;
    let (agent, actor) = agent_of(body.agent_name.as_deref(), actor, &caller).await?;
    let words = WorkCheckpoint::ALL.map(WorkCheckpoint::as_str);
    let given = body.checkpoint.as_ref().ok_or_else(|| missing_word("checkpoint", &words))?;
    let checkpoint = read_word("checkpoint", given, &words, WorkCheckpoint::read)?;
    let reason = body.blocker_reason.as_deref().map(str::trim);
    let reason = reason.filter(|reason| !reason.is_empty());
    if checkpoint == WorkCheckpoint::Blocked && reason.is_none() {
        let text = "Missing required field: blockerReason (string) is required when checkpoint is \
                    BLOCKED";
        return Err(Problem::bad_request(text).with("field", "blockerReason"));
    }
    let command = RecordCheckpoint {
        agent: agent.to_owned(),
        checkpoint,
        summary: body.summary,
        blocker_reason: reason.map(str::to_owned),
        branch: body.branch,
        pull_request_url: body.pr_url,
    };
    let recorded = agent_work::record_checkpoint(&app, &actor, command).await;
    Ok(progress_response(&recorded.map_err(refused("Failed to record checkpoint"))?))
}

/// The work to end, and its final state.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FinishBody {
    /// The agent's name.
    #[serde(default, deserialize_with = "only_text")]
    #[schema(value_type = AgentName, required)]
    agent_name: Option<String>,
    /// A state, usually `DONE` or `BLOCKED`; case-insensitive, with `-` allowed for `_`.
    #[schema(value_type = StateWord, required)]
    state: Option<Value>,
    /// The agent's summary of the work; unchanged when absent.
    summary: Option<String>,
}

/// Ends the agent's current work. The same request within a minute gets the same response.
#[utoipa::path(
    post,
    path = "/api/agent-work/finish",
    tag = "work",
    operation_id = "finishAgentWork",
    request_body = FinishBody,
    responses(
        ProgressReport,
        (status = 200, description = "The work is ended.", body = ProgressResult<'_>),
    )
)]
pub(crate) async fn finish(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Response, Problem> {
    let body: FinishBody = body.members("Invalid JSON body")?.read()?;
    let (agent, actor) = agent_of(body.agent_name.as_deref(), actor, &caller).await?;
    let words = WorkState::ALL.map(WorkState::as_str);
    let given = body.state.as_ref().ok_or_else(|| missing_word("state", &words))?;
    let command =
        EndWork { agent: agent.to_owned(), state: read_state(given)?, summary: body.summary };
    let ended = agent_work::end(&app, &actor, command).await;
    Ok(progress_response(&ended.map_err(refused("Failed to finish agent work"))?))
}

/// A maintainer's action on the work of agents.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkAction {
    /// `release` or `reassign`.
    #[schema(value_type = WorkActionWord, required)]
    action: Option<String>,
    /// The work to release or to reassign.
    #[schema(value_type = Option<WorkIdText>)]
    work_id: Option<String>,
    /// The lease to release, with or without the prefix `lease-`.
    #[schema(value_type = Option<LeaseIdText>)]
    lease_id: Option<String>,
    /// With `issueId`: the agent whose lease and work on that issue are released. With
    /// `releaseAll`: release only this agent's leases and work.
    #[schema(value_type = Option<AgentName>)]
    agent_name: Option<String>,
    /// The issue, together with `agentName`.
    #[schema(value_type = Option<IssueIdText>)]
    issue_id: Option<String>,
    /// True releases all leases and work; any other value counts as absent.
    #[serde(default)]
    #[schema(value_type = Anything)]
    release_all: Option<Value>,
    /// The agent that gets the work.
    #[schema(value_type = Option<AgentName>)]
    new_agent_name: Option<String>,
    /// The reason, recorded in the audit log.
    reason: Option<String>,
    /// The caller's name for the audit log; only for callers with a token.
    actor: Option<String>,
}

/// The result of a maintainer's action.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ActedOnWork<'a> {
    /// One piece of work or one lease was released.
    Released(WorkReleased),
    /// All matching leases and work were released.
    AllReleased(AllReleased),
    /// The work was reassigned.
    Reassigned(WorkReassigned<'a>),
}

/// One piece of work or one lease was released.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkReleased {
    /// Always true.
    success: bool,
    /// What was done, as text for a person.
    reason: String,
}

/// All matching leases and work were released.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AllReleased {
    /// Whether everything was released.
    success: bool,
    /// What was released and what was not, as text for a person.
    reason: String,
    /// The number of released leases.
    released_leases: usize,
    /// The number of released pieces of work.
    released_work: usize,
}

/// The work was reassigned.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkReassigned<'a> {
    /// Always true.
    success: bool,
    /// The current state of the work.
    work: WorkRow<'a>,
}

/// Releases work and leases of agents, or reassigns work. Releasing what was released already
/// succeeds.
#[utoipa::path(
    post,
    path = "/api/agent-work",
    tag = "work",
    operation_id = "actOnAgentWork",
    request_body = WorkAction,
    responses(
        (status = 200, description = "The action is complete.", body = ActedOnWork<'_>),
        (status = 400, description = "The body is invalid, or the work is already completed.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "The work, the lease or the issue does not exist.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Another change of the issue is in progress.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 502, description = "GitHub rejected the change; nothing was changed.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "The labels could not be read from GitHub; nothing was changed.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn act(
    Reader { state: app, actor }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let body: WorkAction = body.members("Invalid JSON body")?.read()?;
    let actor = acting_as(actor, body.actor.as_deref())?;
    match body.action.as_deref() {
        Some("release") => release(&app, &actor, &body).await,
        Some("reassign") => reassign(&app, &actor, body).await,
        _ => Err(Problem::wrong("action", "Invalid action. Must be one of: release, reassign")),
    }
}

/// Reads what the body asks to release, and its name for the response.
fn release_of(body: &WorkAction) -> Result<(Release, Option<String>), Problem> {
    let work = body.work_id.as_deref();
    // The list contains expired leases as work; their ids have this prefix.
    let stand_in = work.and_then(|id| id.strip_prefix(LEASE_PREFIX));
    if let Some(id) = id_of("workId", work.filter(|_| stand_in.is_none()))? {
        return Ok((Release::Work(id), Some(format!("Work {id}"))));
    }
    let lease = body.lease_id.as_deref().map(|id| id.strip_prefix(LEASE_PREFIX).unwrap_or(id));
    let lease = stand_in.or(lease);
    if let Some(id) = id_of::<LeaseId>("leaseId", lease)? {
        return Ok((Release::Lease(id), Some(format!("Lease {id}"))));
    }
    let agent = body.agent_name.as_deref().map(named).transpose()?.map(str::to_owned);
    if body.release_all == Some(Value::Bool(true)) {
        return Ok((Release::All { agent }, None));
    }
    match (agent, id_of("issueId", body.issue_id.as_deref())?) {
        (Some(agent), Some(issue)) => Ok((Release::Issue { agent, issue }, None)),
        _ => Err(Problem::bad_request(
            "Missing required fields: workId, leaseId, agentName and issueId, or releaseAll: true",
        )),
    }
}

async fn release(app: &App, actor: &Actor, body: &WorkAction) -> Result<Response, Problem> {
    let (what, name) = release_of(body)?;
    let released = agent_work::release(app, actor, what).await;
    let released = released.map_err(refused("Failed to update agent work"))?;
    if let Some(name) = name {
        let reason = format!("{name} was released");
        let row = WorkReleased { success: true, reason };
        return Ok(json(StatusCode::OK, &ActedOnWork::Released(row)));
    }
    let (leases, work) = (released.leases, released.work);
    let mut reason = format!("Released {leases} leases and {work} pieces of work");
    for failure in &released.failures {
        reason.push_str("; not released: ");
        reason.push_str(failure);
    }
    let row = AllReleased {
        success: released.failures.is_empty(),
        reason,
        released_leases: leases,
        released_work: work,
    };
    Ok(json(StatusCode::OK, &ActedOnWork::AllReleased(row)))
}

async fn reassign(app: &App, actor: &Actor, body: WorkAction) -> Result<Response, Problem> {
    let work_id = id_of("workId", body.work_id.as_deref())?;
    let (Some(work_id), Some(agent)) = (work_id, body.new_agent_name) else {
        let field = if work_id.is_none() { "workId" } else { "newAgentName" };
        return Err(Problem::wrong(field, "Missing required fields: workId, newAgentName"));
    };
    let command = Reassign { work_id, agent, reason: body.reason };
    let work = agent_work::reassign(app, actor, command).await.map_err(|error| match error {
        Error::Invalid { field: "agent", reason } => {
            Problem::bad_request(format!("newAgentName: {reason}")).with("field", "newAgentName")
        }
        other => refused("Failed to update agent work")(other),
    })?;
    let row = WorkReassigned { success: true, work: WorkRow::new(&work) };
    Ok(json(StatusCode::OK, &ActedOnWork::Reassigned(row)))
}

/// The result of a sweep.
#[derive(Serialize, ToSchema)]
pub(super) struct SweepReport<'a> {
    /// Always true; failures are listed in `errors`.
    success: bool,
    /// The number of pieces of work without recent reports that were examined, up to 50.
    examined: usize,
    /// The number that were marked as stale.
    released: usize,
    /// The number that were skipped because the agent reported in the meantime, or because their
    /// issue is being changed.
    skipped: usize,
    /// The failures; the next sweep tries these again.
    errors: &'a [String],
}

/// Marks work as stale if its agent has not reported for five minutes. The service also does this
/// automatically every minute.
#[utoipa::path(
    post,
    path = "/api/agent-work/sweep",
    tag = "work",
    operation_id = "sweepAgentWork",
    responses(
        SingleJob,
        (status = 200, description = "The sweep is complete.", body = SweepReport<'_>),
    )
)]
pub(crate) async fn sweep(Reader { state: app, actor }: Reader<App>) -> Result<Response, Problem> {
    let swept = agent_work::sweep(&app, &actor).await.map_err(|error| match &error {
        Error::RateLimited { .. } => {
            Problem::from(error).with_status(StatusCode::CONFLICT).with("locked", true)
        }
        _ => failed("Failed to sweep agent work")(error),
    })?;
    let row = SweepReport {
        success: true,
        examined: swept.examined,
        released: swept.released,
        skipped: swept.skipped,
        errors: &swept.errors,
    };
    Ok(json(StatusCode::OK, &row))
}
