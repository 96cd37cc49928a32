//! Why a run waits, as far as GitHub says: protection rules of environments, other runs of its
//! concurrency group, and the labels that its runner must have.

use crate::domain::automation::RunStatus;
use crate::domain::automation::facts::JobFacts;
use crate::service::{App, Result};
use crate::store::Repository;
use crate::store::automation::{WorkflowRun, runs};

/// What a run waits for, as a sentence; none for a run that does not wait.
pub(super) async fn reason(
    app: &App,
    repository: &Repository,
    run: &WorkflowRun,
    jobs: &[JobFacts],
) -> Result<Option<String>> {
    Ok(match run.run_status() {
        RunStatus::Waiting => Some(environments(app, repository, run).await),
        RunStatus::Pending => Some(concurrency(app, run).await?),
        RunStatus::Queued | RunStatus::Requested | RunStatus::InProgress => runner(jobs),
        RunStatus::Completed | RunStatus::Unknown => None,
    })
}

async fn environments(app: &App, repository: &Repository, run: &WorkflowRun) -> String {
    let github = app.github.for_owner(repository.full_name.owner());
    let pending = github.pending_environments(&repository.full_name, run.github_id).await;
    match pending.unwrap_or_default().as_slice() {
        [] => "It waits for a protection rule of an environment".to_owned(),
        [one] => format!("It waits for the protection rules of the environment {one}"),
        several => {
            format!("It waits for the protection rules of the environments {}", several.join(", "))
        }
    }
}

async fn concurrency(app: &App, run: &WorkflowRun) -> Result<String> {
    let beside = runs::running_beside(&mut *app.connection().await?, run).await?;
    Ok(match beside {
        Some(other) => format!(
            "It waits for its concurrency group; {} #{} runs on the same branch",
            other.name, other.run_number
        ),
        None => "It waits for another run of its concurrency group".to_owned(),
    })
}

/// The labels of the first job that no runner has taken.
fn runner(jobs: &[JobFacts]) -> Option<String> {
    let queued = jobs.iter().find(|job| job.status == "queued" && job.runner_name.is_none())?;
    let labels = queued.runner_labels.join(", ");
    Some(match labels.is_empty() {
        true => format!("The job {} waits for a runner", queued.name),
        false => format!("The job {} waits for a runner with the labels {labels}", queued.name),
    })
}
