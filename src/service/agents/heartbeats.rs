//! A heartbeat of an agent, which also syncs issues from GitHub.

use chrono::{DateTime, Utc};

use super::agent_runs::{RecordAgentRun, record_agent_run};
use crate::domain::{Actor, Timestamp};
use crate::service::repositories::sync::sync_issues;
use crate::service::{App, Error, Result};

/// The result of a heartbeat.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// What was done, as one sentence.
    pub summary: String,
    /// Problems that do not make the heartbeat fail.
    pub warnings: Vec<String>,
    /// Failures.
    pub errors: Vec<String>,
}

impl Heartbeat {
    /// `ok`, `warning` or `error`.
    pub fn status(&self) -> &'static str {
        match (self.errors.is_empty(), self.warnings.is_empty()) {
            (false, _) => "error",
            (true, false) => "warning",
            (true, true) => "ok",
        }
    }
}

/// Syncs as far as possible, and records a run of type `heartbeat`. A concurrent sync is a warning.
///
/// # Errors
///
/// [`Error::Forbidden`] for callers that may not act for the agent; when the database fails.
pub async fn beat(app: &App, actor: &Actor, agent: &str) -> Result<Heartbeat> {
    actor.check_acts_for(agent).map_err(|action| Error::Forbidden { action })?;
    let started_at = app.clock.now();
    let (mut warnings, mut errors) = (Vec::new(), Vec::new());
    let mut summary = "Nothing was synced".to_owned();
    match sync_issues(app, None).await {
        Ok(syncs) => {
            let issues: u32 = syncs.iter().map(|sync| sync.synced).sum();
            summary = format!("Synced {issues} issues of {} repositories", syncs.len());
            let failure = |sync: &crate::service::repositories::sync::RepositorySync| {
                Some(format!("{}: {}", sync.repository, sync.error.as_ref()?))
            };
            errors.extend(syncs.iter().filter_map(failure));
        }
        Err(error @ Error::RateLimited { .. }) => warnings.push(error.to_string()),
        Err(error @ (Error::Internal(_) | Error::Unavailable { .. })) => return Err(error),
        Err(error) => errors.push(error.to_string()),
    }
    let finished_at = app.clock.now();
    let heartbeat = Heartbeat { started_at, finished_at, summary, warnings, errors };
    let run = RecordAgentRun {
        agent_name: agent.to_owned(),
        run_type: "heartbeat".to_owned(),
        status: if heartbeat.errors.is_empty() { "success" } else { "error" }.to_owned(),
        started_at: Timestamp(started_at),
        finished_at: Some(Timestamp(finished_at)),
        summary: Some(heartbeat.summary.clone()),
        error_message: Some(heartbeat.errors.join("; ")).filter(|text| !text.is_empty()),
        touched_issue_urls: None,
        issue_id: None,
        idempotency_key: None,
        outcome: None,
    };
    record_agent_run(app, actor, run).await?;
    Ok(heartbeat)
}
