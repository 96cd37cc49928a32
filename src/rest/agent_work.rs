//! What long-running agents tell of their progress, and what maintainers do about it.

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::agents::{misnamed, named};
use super::answer::json;
use super::body::{Body, Members};
use super::errors::failed;
use super::query::Query;
use crate::app::App;
use crate::domain::labels::behind;
use crate::domain::leases::Checkpoint;
use crate::domain::progress::{WorkCheckpoint, WorkState};
use crate::domain::{Actor, Instant, IssueId, LeaseId};
use crate::middleware::{Caller, Problem, ProblemDocument, Reader, acting_as};
use crate::service::agent_work::{
    self, EndWork, NoteCheckpoint, Reassign, Release, Shown, StartWork, Told,
};
use crate::service::{Error, Obstacle};
use crate::store::{AgentWork, Lease};

/// What stands before a lease's id where a lease stands in for work.
const LEASE_PREFIX: &str = "lease-";

/// One piece of an agent's work.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AgentWork)]
pub(super) struct WorkRow<'a> {
    /// Opaque; hand it back as `workId`. `lease-` and a lease's id where a lease stands in.
    #[schema(example = "wrk_000001")]
    id: String,
    /// Whose it is.
    #[schema(example = "alpha")]
    agent_name: &'a str,
    /// The issue it is about.
    #[schema(value_type = Option<String>, required, example = "iss_00001c")]
    issue_id: Option<IssueId>,
    /// The agent's own name for its run.
    #[schema(required)]
    run_id: Option<&'a str>,
    /// `CLAIMED`, `IN_PROGRESS`, `BLOCKED`, `DONE`, `RELEASED` or `STALE`.
    #[schema(example = "IN_PROGRESS")]
    state: &'static str,
    /// `CLAIMED`, `REPO_PREPARED`, `BRANCH_CREATED`, `CHANGES_MADE`, `TESTS_RUNNING`, `PR_OPENED`,
    /// `DONE` or `BLOCKED`.
    #[schema(example = "BRANCH_CREATED")]
    checkpoint: &'static str,
    /// The branch.
    #[schema(required)]
    branch: Option<&'a str>,
    /// The pull request's page.
    #[schema(required)]
    pr_url: Option<&'a str>,
    /// When the agent counts as gone unless it gives a sign of life; when the work was over.
    #[schema(value_type = String, format = DateTime)]
    lease_expires_at: Instant,
    /// The agent's last sign of life.
    #[schema(value_type = String, format = DateTime)]
    last_heartbeat_at: Instant,
    /// What the agent says of it.
    #[schema(required)]
    summary: Option<&'a str>,
    /// What it waits for, while it is blocked.
    #[schema(required)]
    blocker_reason: Option<&'a str>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl<'a> WorkRow<'a> {
    fn of(work: &'a AgentWork) -> Self {
        Self {
            id: work.id.to_string(),
            agent_name: &work.agent_name,
            issue_id: work.issue_id,
            run_id: work.run_id.as_deref(),
            state: work.state.as_str(),
            checkpoint: work.checkpoint.as_str(),
            branch: work.branch.as_deref(),
            pr_url: work.pr_url.as_deref(),
            lease_expires_at: Instant(work.lease_expires_at),
            last_heartbeat_at: Instant(work.last_heartbeat_at),
            summary: work.summary.as_deref(),
            blocker_reason: work.blocker_reason.as_deref(),
            created_at: Instant(work.created_at),
            updated_at: Instant(work.updated_at),
        }
    }

    /// A lease that is over, as if it were work.
    fn of_lease(lease: &'a Lease) -> Self {
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
            lease_expires_at: Instant(lease.expires_at),
            last_heartbeat_at: Instant(lease.renewed_at),
            summary: None,
            blocker_reason: Some("Lease expired"),
            created_at: Instant(lease.acquired_at),
            updated_at: Instant(lease.renewed_at),
        }
    }
}

/// One piece of an agent's work, and what it is about.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedWork<'a> {
    #[serde(flatten)]
    work: WorkRow<'a>,
    /// The issue's number; null where no issue is known.
    #[schema(required)]
    issue_number: Option<i32>,
    /// Its title.
    #[schema(required)]
    issue_title: Option<&'a str>,
    /// Its repository as GitHub spells it.
    #[schema(required)]
    repo_full_name: Option<&'a str>,
}

impl<'a> ListedWork<'a> {
    fn of<Row>(shown: &'a Shown<Row>, work: WorkRow<'a>) -> Self {
        let found = shown.issue.as_ref();
        Self {
            work,
            issue_number: found.map(|(issue, _)| issue.number),
            issue_title: found.map(|(issue, _)| issue.title.as_str()),
            repo_full_name: found.map(|(_, repository)| repository.full_name.as_str()),
        }
    }
}

/// What agents are at.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkList<'a> {
    /// Work, last changed first.
    active_work: Vec<ListedWork<'a>>,
    /// Up to 50 leases whose time is over and that have not been put right yet.
    stale_leases: Vec<ListedWork<'a>>,
}

/// Which work is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `list` reads from the query")]
pub(super) struct WorkQuery {
    /// One state; claimed, in progress and blocked when absent.
    state: Option<String>,
    /// One agent; a worker sees its own whatever this says.
    agent: Option<String>,
    /// `false`: without leases that are over.
    #[param(default = true)]
    include_stale: Option<bool>,
}

/// Lists what agents are at, by their own account.
#[utoipa::path(
    get,
    path = "/api/agent-work",
    tag = "work",
    operation_id = "listAgentWork",
    params(WorkQuery),
    responses(
        (status = 200, description = "Work and leases that are over.", body = WorkList<'_>),
        (status = 400, description = "No such state.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to fetch agent work`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    Reader { state: app, actor }: Reader<App>,
    query: Query,
) -> Result<Response, Problem> {
    let state = query.get("state").map(|given| read_state(&Value::from(given))).transpose()?;
    let agent = match &actor {
        Actor::Worker { name, .. } => Some(name.as_str()),
        _ => query.get("agent").map(|agent| behind(agent, "agent/").unwrap_or(agent)),
    };
    let with_stale = query.get("include_stale") != Some("false");
    let all = agent_work::list(&app, agent, state, with_stale).await;
    let all = all.map_err(failed("Failed to fetch agent work"))?;
    let active = all.work.iter().map(|one| ListedWork::of(one, WorkRow::of(&one.row)));
    let stale = all.stale_leases.iter();
    let stale = stale.map(|one| ListedWork::of(one, WorkRow::of_lease(&one.row)));
    let rows = WorkList { active_work: active.collect(), stale_leases: stale.collect() };
    Ok(json(StatusCode::OK, &rows))
}

/// The agent that a body names, whom the caller may act for, and the caller under that name.
async fn agent_of<'a>(
    members: &'a Members,
    actor: Actor,
    caller: &Caller,
) -> Result<(&'a str, Actor), Problem> {
    let Some(given) = members.value("agentName").and_then(Value::as_str) else {
        let text = "Missing required field: agentName (string)";
        return Err(Problem::bad_request(text).with("field", "agentName"));
    };
    let agent = named(given)?;
    let actor = acting_as(actor, Some(agent))?;
    caller.check_acts_for(&actor, agent).await?;
    Ok((agent, actor))
}

/// What a member of JSON is called that is no text.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => "object",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
    }
}

/// A word that is one of some.
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

/// How agents are told that what they say of their work is not taken.
fn refused(text: &'static str) -> impl Fn(Error) -> Problem {
    move |error| match &error {
        Error::Invalid { field: "agent", reason } => misnamed(reason),
        Error::NotFound { what: "Active work", .. } => {
            Problem::not_found("No active work found for agent")
                .advising("Begin it with POST /api/agent-work/start")
        }
        Error::Conflict { obstacle: Obstacle::Lasting, .. } => {
            Problem::from(error).with_status(StatusCode::BAD_REQUEST)
        }
        Error::Unread(_) | Error::Busy { .. } => {
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

/// Work that begins.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `start` reads from the body")]
pub(super) struct StartBody {
    /// The agent.
    #[schema(example = "alpha")]
    agent_name: String,
    /// The issue it is about.
    issue_id: Option<String>,
    /// The agent's own name for its run.
    run_id: Option<String>,
    /// The branch.
    branch: Option<String>,
}

/// Begins a piece of work; what the agent was at is given up. It is to be told of every five minutes
/// at least. Starting the same again is a sign of life.
#[utoipa::path(
    post,
    path = "/api/agent-work/start",
    tag = "work",
    operation_id = "startAgentWork",
    request_body = StartBody,
    responses(
        (status = 201, description = "It has begun.", body = WorkRow<'_>),
        (status = 400, description = "The body is wrong.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`Issue not found: <id>`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Another agent holds the issue.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to start agent work`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn start(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Response, Problem> {
    let members = body.members("Invalid JSON body")?;
    let (agent, actor) = agent_of(&members, actor, &caller).await?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let command = StartWork {
        agent: agent.to_owned(),
        issue_id: id_of("issueId", members.text("issueId")?)?,
        run_id: owned(members.text("runId")?),
        branch: owned(members.text("branch")?),
    };
    let work = agent_work::start(&app, &actor, command).await;
    let work = work.map_err(refused("Failed to start agent work"))?;
    Ok(json(StatusCode::CREATED, &WorkRow::of(&work)))
}

/// How far an agent is.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `checkpoint` reads from the body")]
pub(super) struct CheckpointBody {
    /// The agent.
    #[schema(example = "alpha")]
    agent_name: String,
    /// One of the checkpoints, in any case, `-` for `_`.
    #[schema(example = "BRANCH_CREATED")]
    checkpoint: String,
    /// What there is to say; as before when absent.
    summary: Option<String>,
    /// What is waited for; required with `BLOCKED`.
    blocker_reason: Option<String>,
    /// The branch; as before when absent.
    branch: Option<String>,
    /// The pull request's page; as before when absent.
    pr_url: Option<String>,
}

/// What came of telling of one's work.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ToldOfWork<'a> {
    /// The work as it is now.
    Work(WorkRow<'a>),
    /// There is none, and a lease on an issue that is gone was ended.
    Orphan(OrphanReleased),
}

/// A lease on an issue that is gone was ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrphanReleased {
    /// Always true.
    released_orphan: bool,
    /// What happened, for people.
    message: &'static str,
}

fn told(told: &Told) -> Response {
    let body = match told {
        Told::Work(work) => ToldOfWork::Work(WorkRow::of(work)),
        Told::OrphanReleased => ToldOfWork::Orphan(OrphanReleased {
            released_orphan: true,
            message: "The lease on an issue that is gone was ended; ask for the next task",
        }),
    };
    json(StatusCode::OK, &body)
}

/// Tells how far an agent is with its work, which is a sign of life.
#[utoipa::path(
    post,
    path = "/api/agent-work/checkpoint",
    tag = "work",
    operation_id = "checkpointAgentWork",
    request_body = CheckpointBody,
    responses(
        (status = 200, description = "It is noted.", body = ToldOfWork<'_>),
        (status = 400, description = "The body is wrong.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`No active work found for agent`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Another agent holds the issue: stop.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to record checkpoint`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn checkpoint(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Response, Problem> {
    let members = body.members("Invalid JSON body")?;
    let (agent, actor) = agent_of(&members, actor, &caller).await?;
    let words = WorkCheckpoint::ALL.map(WorkCheckpoint::as_str);
    let given = members.value("checkpoint").ok_or_else(|| missing_word("checkpoint", &words))?;
    let checkpoint = read_word("checkpoint", given, &words, WorkCheckpoint::read)?;
    let reason = members.value("blockerReason").and_then(Value::as_str).map(str::trim);
    let reason = reason.filter(|reason| !reason.is_empty());
    if checkpoint == WorkCheckpoint::Blocked && reason.is_none() {
        let text = "Missing required field: blockerReason (string) is required when checkpoint is \
                    BLOCKED";
        return Err(Problem::bad_request(text).with("field", "blockerReason"));
    }
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let command = NoteCheckpoint {
        agent: agent.to_owned(),
        checkpoint,
        summary: owned(members.text("summary")?),
        blocker_reason: owned(reason),
        branch: owned(members.text("branch")?),
        pull_request_url: owned(members.text("prUrl")?),
    };
    let noted = agent_work::note_checkpoint(&app, &actor, command).await;
    Ok(told(&noted.map_err(refused("Failed to record checkpoint"))?))
}

/// How work ends.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `finish` reads from the body")]
pub(super) struct FinishBody {
    /// The agent.
    #[schema(example = "alpha")]
    agent_name: String,
    /// One of the states, in any case, `-` for `_`; `DONE` and `BLOCKED` are usual.
    #[schema(example = "DONE")]
    state: String,
    /// What there is to say; as before when absent.
    summary: Option<String>,
}

/// Ends the work that an agent is at. The same again within a minute is answered the same.
#[utoipa::path(
    post,
    path = "/api/agent-work/finish",
    tag = "work",
    operation_id = "finishAgentWork",
    request_body = FinishBody,
    responses(
        (status = 200, description = "It is over.", body = ToldOfWork<'_>),
        (status = 400, description = "The body is wrong.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`No active work found for agent`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to finish agent work`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn finish(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Response, Problem> {
    let members = body.members("Invalid JSON body")?;
    let (agent, actor) = agent_of(&members, actor, &caller).await?;
    let words = WorkState::ALL.map(WorkState::as_str);
    let given = members.value("state").ok_or_else(|| missing_word("state", &words))?;
    let command = EndWork {
        agent: agent.to_owned(),
        state: read_state(given)?,
        summary: members.text("summary")?.map(str::to_owned),
    };
    let ended = agent_work::end(&app, &actor, command).await;
    Ok(told(&ended.map_err(refused("Failed to finish agent work"))?))
}

/// What a maintainer does about the work of agents.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `act` reads from the body")]
pub(super) struct WorkAction {
    /// `release` or `reassign`.
    #[schema(example = "release")]
    action: String,
    /// The work to give up or to hand over.
    work_id: Option<String>,
    /// The lease to give up, with or without `lease-` before it.
    lease_id: Option<String>,
    /// With `issueId`: whose lease and work on it to give up. With `releaseAll`: whose alone.
    agent_name: Option<String>,
    /// See `agentName`.
    issue_id: Option<String>,
    /// Whether to give up everything.
    release_all: Option<bool>,
    /// Who is to have the work.
    new_agent_name: Option<String>,
    /// Why, for the audit log.
    reason: Option<String>,
    /// Who does it, for a caller with a token.
    actor: Option<String>,
}

/// What was done.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ActedOnWork<'a> {
    /// One piece of work or one lease was given up.
    Released(WorkReleased),
    /// What there was was given up.
    AllReleased(AllReleased),
    /// Work was handed over.
    Reassigned(WorkReassigned<'a>),
}

/// One piece of work or one lease was given up.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkReleased {
    /// Always true.
    success: bool,
    /// What was done, for people.
    reason: String,
}

/// What there was was given up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AllReleased {
    /// Whether all of it could be.
    success: bool,
    /// What was done and what could not be, for people.
    reason: String,
    /// How many leases were given up.
    released_leases: usize,
    /// How many pieces of work were.
    released_work: usize,
}

/// Work was handed over.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkReassigned<'a> {
    /// Always true.
    success: bool,
    /// The work as it is now.
    work: WorkRow<'a>,
}

/// Gives up the work and the leases of agents, or hands work over. What was given up already is fine.
#[utoipa::path(
    post,
    path = "/api/agent-work",
    tag = "work",
    operation_id = "actOnAgentWork",
    request_body = WorkAction,
    responses(
        (status = 200, description = "It was done.", body = ActedOnWork<'_>),
        (status = 400, description = "The body is wrong, or the work is already completed.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such work, lease or issue.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Another change of the issue is under way.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to update agent work`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 502, description = "GitHub refused; nothing was changed.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "GitHub's labels could not be read; nothing was changed.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn act(
    Reader { state: app, actor }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let members = body.members("Invalid JSON body")?;
    let actor = acting_as(actor, members.text("actor")?)?;
    match members.text("action")? {
        Some("release") => release(&app, &actor, &members).await,
        Some("reassign") => reassign(&app, &actor, &members).await,
        _ => Err(Problem::wrong("action", "Invalid action. Must be one of: release, reassign")),
    }
}

/// What a body wants given up, and what to call it.
fn release_of(members: &Members) -> Result<(Release, Option<String>), Problem> {
    let work = members.text("workId")?;
    // The list has leases that stand in for work, each under an id that says so.
    let stand_in = work.and_then(|id| id.strip_prefix(LEASE_PREFIX));
    if let Some(id) = id_of("workId", work.filter(|_| stand_in.is_none()))? {
        return Ok((Release::Work(id), Some(format!("Work {id}"))));
    }
    let lease = members.text("leaseId")?.map(|id| id.strip_prefix(LEASE_PREFIX).unwrap_or(id));
    let lease = stand_in.or(lease);
    if let Some(id) = id_of::<LeaseId>("leaseId", lease)? {
        return Ok((Release::Lease(id), Some(format!("Lease {id}"))));
    }
    let agent = members.text("agentName")?.map(named).transpose()?.map(str::to_owned);
    if members.raw("releaseAll") == Some(&Value::Bool(true)) {
        return Ok((Release::All { agent }, None));
    }
    match (agent, id_of("issueId", members.text("issueId")?)?) {
        (Some(agent), Some(issue)) => Ok((Release::Issue { agent, issue }, None)),
        _ => Err(Problem::bad_request(
            "Missing required fields: workId, leaseId, agentName and issueId, or releaseAll: true",
        )),
    }
}

async fn release(app: &App, actor: &Actor, members: &Members) -> Result<Response, Problem> {
    let (what, name) = release_of(members)?;
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

async fn reassign(app: &App, actor: &Actor, members: &Members) -> Result<Response, Problem> {
    let (Some(work_id), Some(agent)) =
        (id_of("workId", members.text("workId")?)?, members.text("newAgentName")?)
    else {
        let field = if members.value("workId").is_none() { "workId" } else { "newAgentName" };
        return Err(Problem::wrong(field, "Missing required fields: workId, newAgentName"));
    };
    let reason = members.text("reason")?.map(str::to_owned);
    let command = Reassign { work_id, agent: agent.to_owned(), reason };
    let work = agent_work::reassign(app, actor, command).await.map_err(|error| match error {
        Error::Invalid { field: "agent", reason } => {
            Problem::bad_request(format!("newAgentName: {reason}")).with("field", "newAgentName")
        }
        other => refused("Failed to update agent work")(other),
    })?;
    let row = WorkReassigned { success: true, work: WorkRow::of(&work) };
    Ok(json(StatusCode::OK, &ActedOnWork::Reassigned(row)))
}

/// What a sweep found.
#[derive(Serialize, ToSchema)]
pub(super) struct SweepReport<'a> {
    /// Always true: what failed is among the errors.
    success: bool,
    /// How many pieces of silent work were looked at, up to 50.
    examined: usize,
    /// How many are stale now.
    released: usize,
    /// How many gave a sign of life meanwhile, or have an issue that is being changed.
    skipped: usize,
    /// What failed, and will be tried again.
    errors: &'a [String],
}

/// Marks work as stale whose agent has been silent for five minutes. The service does so by itself
/// every minute.
#[utoipa::path(
    post,
    path = "/api/agent-work/sweep",
    tag = "work",
    operation_id = "sweepAgentWork",
    responses(
        (status = 200, description = "It ended.", body = SweepReport<'_>),
        (status = 409, description = "A sweep is running; `locked` is true.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to sweep agent work`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn sweep(Reader { state: app, actor }: Reader<App>) -> Result<Response, Problem> {
    let swept = agent_work::sweep(&app, &actor).await.map_err(|error| match &error {
        Error::Busy { .. } => {
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
