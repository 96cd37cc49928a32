//! Reads workflow files through GitHub's API. No checkout is scanned.

use diesel_async::AsyncConnection;
use futures_util::{StreamExt as _, stream};

use super::record::Changes;
use crate::domain::automation::workflow_file;
use crate::github::{self, WorkflowFileText};
use crate::service::{App, Error, Result};
use crate::store::automation::{Workflow, workflows};
use crate::store::{Repository, event_log};

/// How many files of a repository are read in one sync.
const READ_AT_ONCE: usize = 50;

/// How many files are read concurrently.
const CONCURRENT: usize = 4;

/// Reads the workflow files that changed. Returns how many requests were sent, and whether anything
/// changed. A file that cannot be read is tried again when it changes.
pub(super) async fn refresh(
    app: &App,
    repository: &Repository,
    files: &[(String, String)],
) -> Result<(u32, bool)> {
    let stored = workflows::of_repository(&mut *app.connection().await?, repository.id).await?;
    let is_changed = |workflow: &Workflow| {
        let file = files.iter().find(|(path, _)| *path == workflow.path);
        file.is_some_and(|(_, sha)| workflow.file_sha.as_ref() != Some(sha))
    };
    let changed: Vec<Workflow> = stored.into_iter().filter(is_changed).take(READ_AT_ONCE).collect();
    let github = app.github.for_owner(repository.full_name.owner());
    let read = |workflow: Workflow| {
        let github = github.clone();
        async move {
            let text = github.workflow_file(&repository.full_name, &workflow.path).await;
            (workflow, text)
        }
    };
    let read: Vec<_> = stream::iter(changed).map(read).buffered(CONCURRENT).collect().await;
    let requests = u32::try_from(read.len()).unwrap_or(u32::MAX);
    let mut any = false;
    for (workflow, text) in read {
        match text {
            Ok(Some(text)) => {
                store(app, repository, &workflow, &text).await?;
                any = true;
            }
            Ok(None) => {}
            Err(github::Error::Refused { .. } | github::Error::Unintelligible { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok((requests, any))
}

async fn store(
    app: &App,
    repository: &Repository,
    workflow: &Workflow,
    file: &WorkflowFileText,
) -> Result<()> {
    let parsed = match &file.text {
        Some(text) => workflow_file::parse(text).map_err(|error| error.to_string()),
        None => Err("The file is too large, or is not text".to_owned()),
    };
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let (file_read, error) = match &parsed {
                Ok(read) => (Some(read), None),
                Err(error) => (None, Some(error.as_str())),
            };
            let of = (Some(file.sha.as_str()), file_read, error);
            workflows::set_file(connection, workflow.id, of).await?;
            let mut changes = Changes::default();
            changes.note(true);
            event_log::append(connection, &changes.events(repository.id, now)).await?;
            Ok::<_, Error>(())
        })
        .await
}
