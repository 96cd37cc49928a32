//! The state of all workflows for build monitors: the XML feed of `CruiseControl`'s tray (`cctray.xml`).

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::domain::automation::Conclusion;
use crate::domain::{RepositoryId, Timestamp, WorkflowId};
use crate::middleware::{Problem, Reader};
use crate::rest::errors::failed;
use crate::service::automation::lists;
use crate::service::repositories::tracking;
use crate::service::{self, App};
use crate::store::Repository;
use crate::store::automation::{Workflow, WorkflowRun};

/// Returns the workflows of all tracked repositories on their default branches, for build monitors
/// that read `cctray.xml`. A workflow that has never run there is left out.
#[utoipa::path(
    get,
    path = "/cctray.xml",
    tag = "automation",
    operation_id = "buildMonitorFeed",
    responses(
        (status = 200, description = "The feed.", body = String, content_type = "application/xml"),
    )
)]
pub(crate) async fn feed(Reader { state: app, .. }: Reader<App>) -> Result<Response, Problem> {
    let projects = projects(&app).await.map_err(failed("Failed to fetch workflows"))?;
    Ok(([(CONTENT_TYPE, "application/xml; charset=utf-8")], projects).into_response())
}

async fn projects(app: &App) -> service::Result<String> {
    let tracked = tracking::tracked_repositories(app).await?;
    let owners: Vec<RepositoryId> = tracked.iter().map(|row| row.id).collect();
    let workflows = lists::workflows_of(app, &owners).await?;
    let ids: Vec<WorkflowId> = workflows.iter().map(|row| row.id).collect();
    let latest = by_workflow(lists::default_branch_runs(app, &ids).await?);
    let completed = by_workflow(lists::default_branch_results(app, &ids).await?);
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Projects>\n".to_owned();
    for repository in &tracked {
        for workflow in workflows.iter().filter(|row| row.repository_id == repository.id) {
            if let Some(run) = latest.get(&workflow.id) {
                project(&mut text, (repository, workflow), run, completed.get(&workflow.id));
            }
        }
    }
    text.push_str("</Projects>\n");
    Ok(text)
}

fn by_workflow(runs: Vec<WorkflowRun>) -> HashMap<WorkflowId, WorkflowRun> {
    runs.into_iter().map(|run| (run.workflow_id, run)).collect()
}

fn project(
    text: &mut String,
    (repository, workflow): (&Repository, &Workflow),
    latest: &WorkflowRun,
    completed: Option<&WorkflowRun>,
) {
    let shown = completed.unwrap_or(latest);
    let at = shown.completed_at.unwrap_or(shown.updated_at);
    let attributes = [
        ("name", format!("{} :: {}", repository.full_name, workflow.name)),
        ("activity", if latest.status == "completed" { "Sleeping" } else { "Building" }.to_owned()),
        ("lastBuildStatus", status(completed).to_owned()),
        ("lastBuildLabel", shown.run_number.to_string()),
        ("lastBuildTime", Timestamp(at).to_string()),
        ("webUrl", latest.html_url.clone()),
    ];
    text.push_str("  <Project");
    for (name, value) in attributes {
        // Writing to a text cannot fail.
        let _ = write!(text, " {name}=\"{}\"", escaped(&value));
    }
    text.push_str("/>\n");
}

fn status(run: Option<&WorkflowRun>) -> &'static str {
    match run.and_then(WorkflowRun::run_conclusion) {
        Some(Conclusion::Success) => "Success",
        Some(conclusion) if conclusion.is_failure() => "Failure",
        _ => "Unknown",
    }
}

/// A text as the value of an XML attribute. Characters that XML does not have are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            letter if letter < ' ' || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_escaped() {
        assert_eq!(escaped("a<b>&\"c\"\n\u{1}é"), "a&lt;b&gt;&amp;&quot;c&quot; é");
    }
}
