//! Reads the automation data of one repository from GitHub, with conditional requests. Nothing is stored
//! here.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::domain::automation::facts::{RunFacts, WorkflowFacts};
use crate::domain::automation::{AutomationPart, Etags};
use crate::github::{self, Fetched, ReadList};
use crate::service::{App, Result};
use crate::store::Repository;

/// How many pages of a hundred runs the first sync reads.
const FIRST_PAGES: u32 = 10;

/// What was read of a repository. What is none is unchanged or could not be read.
#[derive(Debug, Default)]
pub(super) struct RepositoryReading {
    /// The workflows.
    pub workflows: Option<Vec<WorkflowFacts>>,
    /// The newest runs.
    pub runs: Option<Vec<RunFacts>>,
    /// The paths and blobs of workflow files.
    pub files: Option<Vec<(String, String)>>,
    /// How many alerts of secret scanning are open.
    pub secret_alerts: Option<i32>,
    /// Parts that the token may not read.
    pub missing: BTreeSet<&'static str>,
    /// The ETags for the next sync.
    pub etags: Etags,
    /// How many requests were sent.
    pub requests: u32,
    /// How many items could not be read.
    pub unreadable: usize,
}

/// Reads what changed since the requests with these ETags. `newest` is when the newest stored run was
/// created.
///
/// # Errors
///
/// When GitHub does not respond, limits, or does not have the repository. A part that the token may not
/// read is no error.
pub(super) async fn read(
    app: &App,
    repository: &Repository,
    etags: &Etags,
    newest: Option<DateTime<Utc>>,
) -> Result<RepositoryReading> {
    let (name, github) =
        (&repository.full_name, app.github.for_owner(repository.full_name.owner()));
    let mut reading = RepositoryReading { etags: etags.clone(), ..RepositoryReading::default() };
    let (workflows, files, alerts) = futures_util::join!(
        github.workflows(name, reading.etag("workflows")),
        github.workflow_files(name, reading.etag("files")),
        github.open_secret_alerts(name, reading.etag("secret_alerts")),
    );
    let runs = read_runs(&github, name, reading.etag("runs"), newest).await;
    reading.workflows = reading.list("workflows", AutomationPart::Actions, workflows)?;
    reading.runs = reading.list("runs", AutomationPart::Actions, runs)?;
    reading.files = reading.list("files", AutomationPart::Contents, files)?;
    reading.secret_alerts = match alerts {
        // It is not enabled there.
        Err(github::Error::NotFound { .. }) => {
            reading.requests += 1;
            None
        }
        alerts => reading.part("secret_alerts", AutomationPart::SecretScanning, alerts)?,
    };
    Ok(reading)
}

/// Reads the newest runs: one page, or more when that does not reach back to the newest stored run.
async fn read_runs(
    github: &github::Client,
    name: &crate::domain::FullName,
    etag: Option<&str>,
    newest: Option<DateTime<Utc>>,
) -> std::result::Result<Fetched<ReadList<RunFacts>>, github::Error> {
    let pages = if newest.is_none() { FIRST_PAGES } else { 1 };
    let first = github.runs(name, (etag, pages)).await?;
    match &first {
        Fetched::Changed { data, .. } if data.has_more => {
            let oldest = data.items.iter().map(|run| run.created_at).min();
            let is_gap = newest.zip(oldest).is_some_and(|(newest, oldest)| oldest > newest);
            if is_gap { github.runs(name, (None, FIRST_PAGES)).await } else { Ok(first) }
        }
        _ => Ok(first),
    }
}

impl RepositoryReading {
    fn etag(&self, request: &str) -> Option<&str> {
        self.etags.0.get(request).map(String::as_str)
    }

    fn list<T>(
        &mut self,
        request: &str,
        part: AutomationPart,
        fetched: std::result::Result<Fetched<ReadList<T>>, github::Error>,
    ) -> Result<Option<Vec<T>>> {
        let list = self.part(request, part, fetched)?;
        Ok(list.map(|list| {
            self.unreadable += list.unreadable;
            list.items
        }))
    }

    fn part<T>(
        &mut self,
        request: &str,
        part: AutomationPart,
        fetched: std::result::Result<Fetched<T>, github::Error>,
    ) -> Result<Option<T>> {
        match fetched {
            Ok(Fetched::Unchanged) => {
                self.requests += 1;
                Ok(None)
            }
            Ok(Fetched::Changed { data, etag, requests }) => {
                self.requests += requests;
                match etag {
                    Some(etag) => self.etags.0.insert(request.to_owned(), etag),
                    None => self.etags.0.remove(request),
                };
                Ok(Some(data))
            }
            Err(github::Error::Refused { is_forbidden: true, .. }) => {
                self.requests += 1;
                self.missing.insert(part.as_str());
                self.etags.0.remove(request);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}
