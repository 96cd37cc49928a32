//! Task reports of agents: each is recorded as one run, once per idempotency key.

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;

use crate::domain::keys::OwnedKey;
use crate::domain::{Actor, AgentRunId, IssueId, LabelSet};
use crate::service::board_events::{audit_event, run_event};
use crate::service::{App, Error, Result, agent_names, failures};
use crate::store::agents::agent_reports::AgentReport;
use crate::store::agents::agent_runs::NewAgentRun;
use crate::store::agents::{agent_reports, agent_runs};
use crate::store::audit::NewEntry;
use crate::store::board::issues;
use crate::store::{Connection, audit, event_log, repositories};

/// A finished task.
#[derive(Debug, Clone)]
pub struct ReportTask {
    /// The agent that reports.
    pub agent: String,
    /// The kind of task.
    pub task_type: String,
    /// Its outcome.
    pub outcome: String,
    /// The repository, as the agent spells it.
    pub repository: Option<String>,
    /// The issue's number in it.
    pub issue_number: Option<i32>,
    /// Pages that the task touched.
    pub urls: Vec<String>,
    /// When it began, by the agent's clock.
    pub started_at: Option<DateTime<Utc>>,
    /// The agent's summary.
    pub summary: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// The idempotency key of the report.
    pub idempotency_key: Option<String>,
    /// The hash of the whole report.
    pub payload_hash: String,
}

/// A recorded report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportOutcome {
    /// The run; the first one for a repetition.
    pub run: AgentRunId,
    /// Whether the report had been recorded before.
    pub is_duplicate: bool,
}

/// Records a task report as a run, with an audit entry, `task_report`. Idempotent by key.
///
/// # Errors
///
/// [`Error::Forbidden`] for callers that may not act for the agent; [`Error::Conflict`] when the
/// key was used for a different report.
pub async fn report_task(
    app: &App,
    actor: &Actor,
    mut report: ReportTask,
) -> Result<ReportOutcome> {
    actor.check_acts_for(&report.agent).map_err(|action| Error::Forbidden { action })?;
    report.agent = agent_names::record(app, &report.agent).await?;
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    let issue = find(app, &mut connection, &report).await?;
    let key = report.idempotency_key.as_deref();
    let key = key.map(|key| OwnedKey::new(actor, &report.agent, key));
    connection
        .transaction(async |connection| {
            if let Some(key) = &key {
                let first = agent_reports::by_key(connection, &report.agent, &key.forms()).await?;
                if let Some(first) = first {
                    return repeated(&report, &first);
                }
                let row = AgentReport {
                    agent_name: report.agent.clone(),
                    idempotency_key: key.stored.clone(),
                    payload_hash: report.payload_hash.clone(),
                    agent_run_id: None,
                    created_at: now,
                };
                if !agent_reports::take(connection, &row).await? {
                    // A concurrent request recorded it.
                    let forms = key.forms();
                    let first = agent_reports::by_key(connection, &report.agent, &forms).await?;
                    return repeated(&report, &first.ok_or(diesel::result::Error::NotFound)?);
                }
            }
            match (issue, report.outcome.as_str()) {
                (Some(issue), "failed") => {
                    failures::record_failure(app, connection, issue, &report.agent).await?;
                }
                (_, "blocked") | (None, _) => {}
                (Some(issue), _) => {
                    failures::record_reported_success(connection, issue, &report.agent).await?;
                }
            }
            let run = agent_runs::record(connection, &run_of(&report, issue, now)).await?;
            let run = run.ok_or(diesel::result::Error::NotFound)?;
            if let Some(key) = &key {
                agent_reports::set_run(connection, &report.agent, &key.stored, run.id).await?;
            }
            let none = LabelSet::default();
            let entry = NewEntry {
                repository_full_name: report.repository.as_deref().unwrap_or_default(),
                issue_number: report.issue_number,
                issue_id: issue,
                notes: Some(&report.outcome),
                ..NewEntry::done(actor.actor_ref(), "task_report", &none, now)
            };
            let entry = audit::append(connection, &entry).await?;
            event_log::append(connection, &[run_event(&run), audit_event(&entry)]).await?;
            Ok(ReportOutcome { run: run.id, is_duplicate: false })
        })
        .await
}

fn repeated(report: &ReportTask, first: &AgentReport) -> Result<ReportOutcome> {
    if first.payload_hash != report.payload_hash {
        let what = "idempotencyKey was already used for a different report";
        return Err(Error::conflict(what));
    }
    let run = first.agent_run_id.ok_or_else(|| {
        Error::conflict("idempotencyKey is taken, and the run that was recorded under it is gone")
    })?;
    Ok(ReportOutcome { run, is_duplicate: true })
}

/// The issue of a report, if it is cached.
async fn find(
    app: &App,
    connection: &mut Connection,
    report: &ReportTask,
) -> Result<Option<IssueId>> {
    let name = report.repository.as_deref().map(|name| app.config.github.repository(name));
    let (Some(Ok(name)), Some(number)) = (name, report.issue_number) else { return Ok(None) };
    let Some(repository) = repositories::by_name(connection, &name).await? else {
        return Ok(None);
    };
    let issue = issues::by_number(connection, repository.id, number).await?;
    Ok(issue.map(|issue| issue.id))
}

/// The status of a run with this outcome.
fn run_status(outcome: &str) -> &'static str {
    match outcome {
        "blocked" => "blocked",
        "failed" => "failed",
        _ => "completed",
    }
}

fn run_of(report: &ReportTask, issue_id: Option<IssueId>, now: DateTime<Utc>) -> NewAgentRun {
    let text = |text: &String| text.replace('\0', "");
    NewAgentRun {
        agent_name: report.agent.clone(),
        run_type: report.task_type.clone(),
        status: run_status(&report.outcome).to_owned(),
        outcome: Some(report.outcome.to_uppercase()),
        started_at: report.started_at.unwrap_or(now),
        finished_at: Some(now),
        summary: report.summary.as_ref().map(text),
        error_message: report.error.as_ref().map(text),
        touched_issue_urls: report.urls.iter().map(text).collect(),
        issue_id,
        idempotency_key: None,
        created_at: now,
    }
}
