//! Runs workflows again, cancels runs and starts workflows. Each is written to the audit log as an intent
//! before GitHub is asked, and settled with GitHub's response.

use async_graphql::InputObject;
use diesel_async::AsyncConnection;

use super::record::{self, Changes};
use crate::domain::automation::dispatch_inputs::{MOST_INPUTS, check_inputs};
use crate::domain::bounds::has_repeats;
use crate::domain::{Actor, FullName, LabelSet, WorkflowId, WorkflowRunId};
use crate::github::{self, DispatchedRun, RunRequest};
use crate::service::board_events::audit_event;
use crate::service::change::GITHUB_TIME;
use crate::service::{App, Error, Result};
use crate::store::audit::{NewEntry, Outcome};
use crate::store::automation::{Workflow, WorkflowRun, runs, workflows};
use crate::store::{AuditEntry, Repository, audit, event_log, repositories};

/// The longest name of a branch or tag, in characters.
const LONGEST_REF: usize = 255;

/// The most workflows that are started by one request.
const MOST_WORKFLOWS: usize = 50;

/// The longest word of an unknown action that is recorded as it was given, in bytes.
const LONGEST_ACTION: usize = 40;

/// The beginning of the names of these actions in the audit log.
pub(crate) const ACTIONS: &str = "workflow_";

/// An input of a workflow that is started.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
pub struct WorkflowInput {
    /// Its name in the workflow's file.
    pub name: String,
    /// Its value: a text, also for a number or a boolean.
    pub value: String,
}

/// Workflows to start.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
pub struct DispatchWorkflow {
    /// The workflows, often the same of several repositories.
    pub workflow_ids: Vec<WorkflowId>,
    /// The branch or tag; without one, the default branch of each repository.
    #[graphql(name = "ref")]
    pub git_ref: Option<String>,
    /// The inputs.
    #[graphql(default)]
    pub inputs: Vec<WorkflowInput>,
}

/// The result of starting one workflow.
#[derive(Debug)]
pub struct WorkflowDispatch {
    /// The workflow.
    pub workflow: Workflow,
    /// The run that was started, once GitHub returned it.
    pub run: Option<WorkflowRun>,
    /// The page of that run.
    pub url: Option<String>,
    /// Why it was not started.
    pub error: Option<Error>,
}

fn action_of(request: RunRequest) -> &'static str {
    match request {
        RunRequest::Rerun => "workflow_rerun",
        RunRequest::RerunFailedJobs => "workflow_rerun_failed",
        RunRequest::Cancel => "workflow_cancel",
        RunRequest::ForceCancel => "workflow_force_cancel",
    }
}

fn notes(run: &WorkflowRun) -> String {
    format!("{} #{}, run {}", run.name, run.run_number, run.github_id)
}

fn unknown_run(id: WorkflowRunId) -> Error {
    Error::NotFound { what: "Workflow run", id: id.to_string() }
}

/// The repository of a run, while it is tracked.
async fn tracked(app: &App, run: &WorkflowRun) -> Result<Repository> {
    let ids = [run.repository_id];
    let found = repositories::by_ids(&mut *app.connection().await?, &ids).await?.pop();
    found.filter(|repository| repository.enabled).ok_or_else(|| unknown_run(run.id))
}

/// Requests something of a run, and returns the run as GitHub has it afterwards.
///
/// # Errors
///
/// [`Error::NotFound`] for an unknown run; [`Error::Upstream`] or [`Error::RateLimited`] when GitHub refused
/// or did not respond, which is audited too.
pub async fn request_run(
    app: &App,
    actor: &Actor,
    (id, request): (WorkflowRunId, RunRequest),
) -> Result<WorkflowRun> {
    let run = runs::by_id(&mut *app.connection().await?, id).await?;
    let run = run.ok_or_else(|| unknown_run(id))?;
    let repository = tracked(app, &run).await?;
    let name = &repository.full_name;
    let entry = begin(app, actor, (name, action_of(request)), &notes(&run)).await?;
    let github = app.github.for_owner(name.owner()).within(GITHUB_TIME);
    let requested = github.request_run(name, run.github_id, request).await;
    settle(app, &entry, requested.as_ref().err()).await?;
    if matches!(requested, Err(github::Error::NotFound { .. })) {
        // It may have been deleted while it was shown.
        refresh_run(app, &repository, run.github_id).await.map(drop).unwrap_or_default();
    }
    requested?;
    // Best effort: the next sync or event brings what cannot be read now.
    let refreshed = refresh_run(app, &repository, run.github_id).await;
    Ok(refreshed.ok().flatten().unwrap_or(run))
}

/// Records that something was requested of a run that Dispatch does not know, or nothing. GitHub is not
/// asked.
///
/// # Errors
///
/// [`Error::NotFound`] for the run of a repository that is not tracked; or when the database fails.
pub async fn refuse_request(
    app: &App,
    actor: &Actor,
    (run, requested): (&WorkflowRun, Option<&str>),
) -> Result<()> {
    let repository = tracked(app, run).await?;
    let notes = notes(run);
    let action = format!("{ACTIONS}{}", action_word(requested));
    let entry = begin(app, actor, (&repository.full_name, &action), &notes).await?;
    settle_as(app, &entry, Some("Dispatch has no such action")).await
}

/// The requested word as the audit log shows it.
fn action_word(requested: Option<&str>) -> &str {
    let is_word_character = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match requested {
        None | Some("") => "null",
        Some(word) if word.len() <= LONGEST_ACTION && word.chars().all(is_word_character) => word,
        Some(_) => "unknown",
    }
}

/// Starts workflows, one after the other. One that is refused does not prevent the others.
///
/// # Errors
///
/// [`Error::Invalid`] for invalid inputs, [`Error::NotFound`] for an unknown workflow; then nothing is
/// started.
pub async fn dispatch_workflow(
    app: &App,
    actor: &Actor,
    command: DispatchWorkflow,
) -> Result<Vec<WorkflowDispatch>> {
    check(&command)?;
    let mut chosen = Vec::new();
    for id in &command.workflow_ids {
        let mut connection = app.connection().await?;
        let not_found = || Error::NotFound { what: "Workflow", id: id.to_string() };
        let workflow = workflows::by_ids(&mut connection, &[*id]).await?.pop();
        let workflow = workflow.ok_or_else(not_found)?;
        let ids = [workflow.repository_id];
        let repository = repositories::by_ids(&mut connection, &ids).await?.pop();
        let repository = repository.filter(|one| one.enabled).ok_or_else(not_found)?;
        chosen.push((workflow, repository));
    }
    let mut results = Vec::new();
    for (workflow, repository) in chosen {
        let started = dispatch_one(app, actor, (&workflow, &repository), &command).await;
        results.push(match started {
            Ok((run, url)) => WorkflowDispatch { workflow, run, url, error: None },
            Err(error) => WorkflowDispatch { workflow, run: None, url: None, error: Some(error) },
        });
    }
    Ok(results)
}

fn check(command: &DispatchWorkflow) -> Result<()> {
    let refused = |field, reason: String| Err(Error::Invalid { field, reason });
    if command.workflow_ids.is_empty() || command.workflow_ids.len() > MOST_WORKFLOWS {
        return refused("workflowIds", format!("must have 1 to {MOST_WORKFLOWS} workflows"));
    }
    if has_repeats(&command.workflow_ids) {
        return refused("workflowIds", "must not have the same workflow twice".to_owned());
    }
    if let Some(git_ref) = &command.git_ref {
        let is_usable = (1..=LONGEST_REF).contains(&git_ref.chars().count())
            && !git_ref.chars().any(|c| c.is_control() || c.is_whitespace());
        if !is_usable {
            return refused("ref", "must be the name of a branch or tag".to_owned());
        }
    }
    Ok(())
}

/// The inputs as they are sent: checked against those that the workflow's file declares, if it could be
/// read; otherwise GitHub checks them.
fn inputs_for(workflow: &Workflow, given: &[WorkflowInput]) -> Result<Vec<(String, String)>> {
    let given: Vec<(String, String)> =
        given.iter().map(|one| (one.name.clone(), one.value.clone())).collect();
    let invalid = |reason: String| Error::Invalid { field: "inputs", reason };
    let Some(file) = &workflow.file else {
        return match given.len() <= MOST_INPUTS {
            true => Ok(given),
            false => Err(invalid(format!("must not have more than {MOST_INPUTS} entries"))),
        };
    };
    let Some(declared) = &file.dispatch else {
        let reason = format!("{} cannot be started by hand", workflow.name);
        return Err(Error::Invalid { field: "workflowIds", reason });
    };
    let checked = check_inputs(declared, &given).map_err(|errors| {
        invalid(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    })?;
    Ok(checked.into_iter().collect())
}

async fn dispatch_one(
    app: &App,
    actor: &Actor,
    (workflow, repository): (&Workflow, &Repository),
    command: &DispatchWorkflow,
) -> Result<(Option<WorkflowRun>, Option<String>)> {
    let name = &repository.full_name;
    let git_ref = command.git_ref.as_deref().unwrap_or(&repository.default_branch);
    let inputs = inputs_for(workflow, &command.inputs)?;
    let notes = format!("{} on {git_ref}, {} inputs", workflow.name, inputs.len());
    let entry = begin(app, actor, (name, "workflow_dispatch"), &notes).await?;
    let github = app.github.for_owner(name.owner()).within(GITHUB_TIME);
    let started = github.dispatch_workflow(name, workflow.github_id, (git_ref, &inputs)).await;
    settle(app, &entry, started.as_ref().err()).await?;
    let DispatchedRun { github_id, html_url } = started?;
    let run = match github_id {
        Some(github_id) => refresh_run(app, repository, github_id).await.ok().flatten(),
        None => None,
    };
    Ok((run, html_url))
}

/// Writes the intent.
async fn begin(
    app: &App,
    actor: &Actor,
    (name, action): (&FullName, &str),
    notes: &str,
) -> Result<AuditEntry> {
    let (now, none) = (app.clock.now(), LabelSet::default());
    let entry = NewEntry {
        repository_full_name: name.as_str(),
        success: None,
        settled_at: None,
        deadline_at: Some(now + GITHUB_TIME),
        notes: Some(notes),
        ..NewEntry::done(actor.actor_ref(), action, &none, now)
    };
    Ok(audit::append(&mut *app.connection().await?, &entry).await?)
}

/// Settles an intent with GitHub's response. One whose outcome is not known is settled as failed, and says
/// so: the run itself shows what became of it.
async fn settle(app: &App, entry: &AuditEntry, error: Option<&github::Error>) -> Result<()> {
    let text = error.map(|error| match error.is_ambiguous() {
        true => format!("{error}; whether GitHub did it is not known"),
        false => error.to_string(),
    });
    settle_as(app, entry, text.as_deref()).await
}

async fn settle_as(app: &App, entry: &AuditEntry, error: Option<&str>) -> Result<()> {
    let (now, none) = (app.clock.now(), LabelSet::default());
    let outcome = Outcome {
        after_labels: &none,
        comment_url: None,
        error_message: error,
        settled_at: now,
        recheck_at: None,
    };
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            if let Some(entry) = audit::settle(connection, entry.id, &outcome).await? {
                event_log::append(connection, &[audit_event(&entry)]).await?;
            }
            Ok::<_, Error>(())
        })
        .await
}

/// Settles an intent whose process stopped before it knew GitHub's response. Nothing is sent again.
///
/// # Errors
///
/// When the database fails.
pub(crate) async fn settle_interrupted(app: &App, entry: &AuditEntry) -> Result<()> {
    let text = "GitHub's answer was lost; whether GitHub did it is not known";
    settle_as(app, entry, Some(text)).await
}

/// Reads a run from GitHub and stores it; deletes it if GitHub has it no longer.
pub async fn refresh_run(
    app: &App,
    repository: &Repository,
    github_id: i64,
) -> Result<Option<WorkflowRun>> {
    let name = &repository.full_name;
    let github = app.github.for_owner(name.owner()).within(GITHUB_TIME);
    let found = github.run(name, github_id).await?;
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let mut changes = Changes::default();
            match &found {
                Some(run) => {
                    let runs = std::slice::from_ref(run);
                    record::runs(connection, repository, (runs, now), &mut changes).await?;
                }
                None => {
                    if let Some(run) =
                        runs::by_github_id(connection, repository.id, github_id).await?
                    {
                        record::forget_run(connection, &run, &mut changes).await?;
                    }
                }
            }
            let run = runs::by_github_id(connection, repository.id, github_id).await?;
            if !changes.is_empty() {
                event_log::append(connection, &changes.events(repository.id, now)).await?;
            }
            Ok::<_, Error>(run)
        })
        .await
}
