//! Agent runs: recording and reading them.

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;

use crate::domain::actor::{is_reserved, reserved_reason};
use crate::domain::bounds::is_invisible;
use crate::domain::keys::OwnedKey;
use crate::domain::leases::agent_name;
use crate::domain::{Actor, AgentRunId, IssueId};
use crate::service::board_events::run_event;
use crate::service::{App, Error, Result, agent_names};
use crate::store::agents::agent_runs;
use crate::store::agents::agent_runs::{NewAgentRun, RunFilter};
use crate::store::board::issues;
use crate::store::{AgentRun, Connection, Page, PageRequest, event_log};

/// Maximal length of a name or a key, in characters.
const LONGEST: usize = 200;

/// A run, as the agent reports it.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "RecordAgentRunInput")]
pub struct RecordAgentRun {
    /// The agent's name, without the `agent/` prefix.
    pub agent_name: String,
    /// The kind of run: `heartbeat` by convention, otherwise free text.
    pub run_type: String,
    /// The result: `success`, `error` or free text.
    pub status: String,
    /// When the run started, by the agent's clock.
    pub started_at: crate::domain::Timestamp,
    /// When the run ended, by the agent's clock; absent while it is running.
    pub finished_at: Option<crate::domain::Timestamp>,
    /// The agent's summary of the run.
    pub summary: Option<String>,
    /// The error message of a failed run.
    pub error_message: Option<String>,
    /// The http(s) URLs of the pages that the run worked on.
    pub touched_issue_urls: Option<Vec<String>>,
    /// The issue that the run worked on.
    pub issue_id: Option<IssueId>,
    /// The idempotency key. Repeating the same run with the same key returns the first record; a
    /// different run with that key fails with `CONFLICT`. A key is valid only for the credential
    /// and the agent that used it.
    pub idempotency_key: Option<String>,
    /// The outcome: one of the words that REST clients know.
    #[graphql(skip)]
    pub outcome: Option<String>,
}

/// Records a run. Repeating it with the same idempotency key returns the first run.
///
/// # Errors
///
/// [`Error::Forbidden`] for a worker that reports a run of another agent; [`Error::Invalid`] for an
/// empty name, type or status, a name or key of more than 200 characters, an invalid address, or an
/// issue that is not cached; [`Error::Conflict`] when the key was used for a different run.
pub async fn record_agent_run(
    app: &App,
    actor: &Actor,
    mut command: RecordAgentRun,
) -> Result<AgentRun> {
    check(&command)?;
    let agent = &command.agent_name;
    actor.check_acts_for(agent).map_err(|action| Error::Forbidden { action })?;
    // Runs accept any text as a name; one that cannot be a label's is not another agent's.
    if agent_name(agent).is_ok() {
        command.agent_name = agent_names::record(app, agent).await?;
    }
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    if let Some(id) = command.issue_id
        && issues::by_id(&mut connection, id).await?.is_none()
    {
        let reason = format!("there is no issue {id}");
        return Err(Error::Invalid { field: "issueId", reason });
    }
    let key = command.idempotency_key.as_deref();
    let key = key.map(|key| OwnedKey::new(actor, &command.agent_name, key));
    let run = row_of(command, key.as_ref(), now);
    connection
        .transaction(async |connection| {
            if let Some(first) = first_run(connection, key.as_ref()).await? {
                return repeated(first, &run);
            }
            if let Some(recorded) = agent_runs::record(connection, &run).await? {
                event_log::append(connection, &[run_event(&recorded)]).await?;
                return Ok(recorded);
            }
            // A concurrent request recorded it.
            let first = first_run(connection, key.as_ref()).await?;
            repeated(first.ok_or(diesel::result::Error::NotFound)?, &run)
        })
        .await
}

async fn first_run(
    connection: &mut Connection,
    key: Option<&OwnedKey>,
) -> Result<Option<AgentRun>> {
    match key {
        Some(key) => Ok(agent_runs::by_key(connection, &key.forms()).await?),
        None => Ok(None),
    }
}

/// The first run, if the run that is reported with its key is the same.
fn repeated(first: AgentRun, run: &NewAgentRun) -> Result<AgentRun> {
    if run.is_recorded_as(&first) {
        return Ok(first);
    }
    Err(Error::conflict("The idempotency key was used for a different run; use a new one"))
}

fn check(command: &RecordAgentRun) -> Result<()> {
    let required = [
        ("agentName", &command.agent_name),
        ("runType", &command.run_type),
        ("status", &command.status),
    ];
    for (field, value) in required {
        if value.trim().is_empty() {
            return Err(Error::Invalid { field, reason: "must not be empty".to_owned() });
        }
    }
    if is_reserved(&command.agent_name) {
        return Err(Error::Invalid { field: "agentName", reason: reserved_reason() });
    }
    let bounded = [
        ("agentName", command.agent_name.as_str()),
        ("idempotencyKey", command.idempotency_key.as_deref().unwrap_or_default()),
    ];
    for (field, value) in bounded {
        if value.chars().count() > LONGEST {
            let reason = format!("must not be longer than {LONGEST} characters");
            return Err(Error::Invalid { field, reason });
        }
    }
    if command.idempotency_key.as_deref() == Some("") {
        let reason = "must not be empty".to_owned();
        return Err(Error::Invalid { field: "idempotencyKey", reason });
    }
    let is_odd = |c: char| c.is_control() || is_invisible(c);
    if command.agent_name.contains(is_odd) {
        let reason = "must have visible characters only".to_owned();
        return Err(Error::Invalid { field: "agentName", reason });
    }
    let is_address = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if !command.touched_issue_urls.iter().flatten().all(is_address) {
        return Err(Error::Invalid {
            field: "touchedIssueUrls",
            reason: "must be an array of http(s) URLs".to_owned(),
        });
    }
    Ok(())
}

fn row_of(command: RecordAgentRun, key: Option<&OwnedKey>, now: DateTime<Utc>) -> NewAgentRun {
    let text = |text: String| text.replace('\0', "");
    NewAgentRun {
        agent_name: text(command.agent_name),
        run_type: text(command.run_type),
        status: text(command.status),
        outcome: command.outcome,
        started_at: command.started_at.0,
        finished_at: command.finished_at.map(|timestamp| timestamp.0),
        summary: command.summary.map(text),
        error_message: command.error_message.map(text),
        touched_issue_urls: command
            .touched_issue_urls
            .unwrap_or_default()
            .into_iter()
            .map(text)
            .collect(),
        issue_id: command.issue_id,
        idempotency_key: key.map(|key| key.stored.clone()),
        created_at: now,
    }
}

/// A page of runs, last reported first.
pub async fn agent_runs(
    app: &App,
    filter: &RunFilter,
    request: &PageRequest,
) -> Result<Page<AgentRun>> {
    let mut filter = filter.clone();
    if let Some(agent) = &filter.agent {
        filter.agent = Some(agent_names::find(app, agent).await?);
    }
    let mut connection = app.connection().await?;
    Ok(agent_runs::page(&mut connection, &filter, request).await?)
}

/// Reads one run.
///
/// # Errors
///
/// [`Error::NotFound`].
pub async fn find_agent_run(app: &App, id: AgentRunId) -> Result<AgentRun> {
    let mut connection = app.connection().await?;
    let missing = || Error::NotFound { what: "Agent run", id: id.to_string() };
    agent_runs::by_ids(&mut connection, &[id]).await?.pop().ok_or_else(missing)
}
