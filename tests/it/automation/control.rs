//! Running again, cancelling and starting workflows.

use dispatch::github::{Client, RunRequest, Settings};
use dispatch::service::automation::control::{
    DispatchWorkflow, WorkflowInput, dispatch_workflow, request_run,
};
use dispatch::service::{Error, recovery};
use dispatch::simulator::{Fault, NewRun};
use serde_json::json;

use super::{run, stored, stored_workflows, sync_all, with_workflow};
use crate::support::github::GitHub;
use crate::support::{Given, REPOSITORY, given, person};

/// The newest settled entry of the audit log: its action, whether it succeeded, and its error.
async fn audited(given: &Given) -> (String, bool, String) {
    let query = "{ auditLog(first: 1) { nodes { action success errorMessage } } }";
    let data = given.graphql(query, json!({})).await;
    let entry = &data["auditLog"]["nodes"][0];
    (
        entry["action"].as_str().unwrap_or_default().to_owned(),
        entry["success"] == true,
        entry["errorMessage"].as_str().unwrap_or_default().to_owned(),
    )
}

#[tokio::test]
async fn a_run_is_run_again_and_audited() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, Some("failure"), NewRun::default());
        sync_all(given).await;
        let row = stored(given, id).await.unwrap();
        for (request, action) in [
            (RunRequest::RerunFailedJobs, "workflow_rerun_failed"),
            (RunRequest::Cancel, "workflow_cancel"),
            (RunRequest::Rerun, "workflow_rerun"),
            (RunRequest::ForceCancel, "workflow_force_cancel"),
        ] {
            let after = request_run(&given.app, &person(), (row.id, request)).await.unwrap();
            let is_cancelled = after.conclusion.as_deref() == Some("cancelled");
            let cancels = matches!(request, RunRequest::Cancel | RunRequest::ForceCancel);
            assert_eq!(is_cancelled, cancels, "{action}");
            assert_eq!(audited(given).await, (action.to_owned(), true, String::new()));
        }
        assert_eq!(stored(given, id).await.unwrap().run_attempt, 3);
    })
    .await;
}

#[tokio::test]
async fn githubs_refusal_is_returned_and_audited() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, Some("success"), NewRun::default());
        sync_all(given).await;
        let row = stored(given, id).await.unwrap();
        let refused = request_run(&given.app, &person(), (row.id, RunRequest::Cancel)).await;
        let text = refused.unwrap_err().to_string();
        assert!(text.contains("Cannot cancel a workflow run that is completed."), "{text}");
        assert_eq!(audited(given).await, ("workflow_cancel".to_owned(), false, text));
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_lost_is_audited_and_nothing_is_sent_again() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, Some("failure"), NewRun::default());
        sync_all(given).await;
        let row = stored(given, id).await.unwrap();
        let rerun = "POST /repos/{owner}/{repo}/actions/runs/{id}/rerun";
        given.github.inject(Fault::DropAfter.on(rerun));
        given.github.forget_requests();
        let lost = request_run(&given.app, &person(), (row.id, RunRequest::Rerun)).await;
        assert!(matches!(lost, Err(Error::Upstream(_))), "{lost:?}");
        assert_eq!(given.github.count(rerun), 1);
        let (_, success, error) = audited(given).await;
        assert!(!success && error.contains("not known"), "{error}");
        given.advance(60);
        recovery::settle_overdue(&given.app).await.unwrap();
        assert_eq!(given.github.count(rerun), 1);
    })
    .await;
}

#[tokio::test]
async fn a_workflow_is_started_with_checked_inputs() {
    given(async |given| {
        with_workflow(given).await;
        sync_all(given).await;
        let workflow = stored_workflows(given).await[0].id;
        let command = |size: Option<&str>, git_ref: &str| DispatchWorkflow {
            workflow_ids: vec![workflow],
            git_ref: Some(git_ref.to_owned()),
            inputs: size
                .map(|size| WorkflowInput { name: "size".to_owned(), value: size.to_owned() })
                .into_iter()
                .collect(),
        };
        let started =
            dispatch_workflow(&given.app, &person(), command(Some("small"), "main")).await.unwrap();
        let run = started[0].run.as_ref().unwrap();
        assert_eq!(
            (run.event.as_str(), run.branch.as_deref()),
            ("workflow_dispatch", Some("main"))
        );
        assert_eq!(audited(given).await.0, "workflow_dispatch");
        given.github.forget_requests();
        for size in [None, Some("huge")] {
            let refused =
                dispatch_workflow(&given.app, &person(), command(size, "main")).await.unwrap();
            assert!(matches!(refused[0].error, Some(Error::Invalid { .. })), "{refused:?}");
        }
        assert_eq!(given.github.total(), 0, "GitHub is not asked");
        let missing = command(Some("small"), "missing");
        let refused = dispatch_workflow(&given.app, &person(), missing).await.unwrap();
        let text = refused[0].error.as_ref().unwrap().to_string();
        assert!(text.contains("No ref found for: missing"), "{text}");
        given.github.forget_requests();
        let mut twice = command(Some("small"), "main");
        twice.workflow_ids.push(workflow);
        let refused = dispatch_workflow(&given.app, &person(), twice).await.unwrap_err();
        assert!(refused.to_string().contains("the same workflow twice"), "{refused}");
        assert_eq!(given.github.total(), 0, "nothing is started");
        assert!(!audited(given).await.1);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_github_deleted_disappears() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, Some("failure"), NewRun::default());
        sync_all(given).await;
        let row = stored(given, id).await.unwrap();
        given.github.delete_run(REPOSITORY, id);
        let refused = request_run(&given.app, &person(), (row.id, RunRequest::Rerun)).await;
        assert!(matches!(refused, Err(Error::Upstream(_))), "{refused:?}");
        assert!(stored(given, id).await.is_none());
        assert_eq!(given.database.number("SELECT count(*) FROM workflow_branches").await, 0);
    })
    .await;
}

const DISPATCHES: &str = "POST /repos/{owner}/{repo}/actions/workflows/{id}/dispatches";

/// A workflow at GitHub, and a client that reaches it below a path.
async fn at_github(path: &str) -> (GitHub, Client, i64) {
    let github = GitHub::start().await;
    github.simulator.add_repository(REPOSITORY);
    let workflow =
        github.simulator.add_workflow(REPOSITORY, "CI", ".github/workflows/ci.yml", super::FILE);
    let address = github.address.join(path).unwrap();
    let client = Client::new(Settings::new(address, Some("a-token".into())), github.clock.clone());
    (github, client.unwrap(), workflow)
}

#[tokio::test]
async fn the_started_run_is_known_on_github_and_on_enterprise() {
    for path in ["", "api/v3"] {
        let (github, client, workflow) = at_github(path).await;
        let inputs = [("size".to_owned(), "small".to_owned())];
        let name = REPOSITORY.parse().unwrap();
        let started = client.dispatch_workflow(&name, workflow, ("main", &inputs)).await.unwrap();
        assert!(started.github_id.is_some(), "{path}");
        assert_eq!(github.simulator.count(DISPATCHES), 1, "{path}");
    }
}

#[tokio::test]
async fn an_enterprise_that_cannot_return_the_run_starts_it_nevertheless() {
    let (github, client, workflow) = at_github("api/v3").await;
    let refusal = "Invalid request. \"return_run_details\" is not a permitted key.";
    github.simulator.inject(Fault::refuse(422, refusal).on(DISPATCHES));
    let name = REPOSITORY.parse().unwrap();
    let started = client.dispatch_workflow(&name, workflow, ("main", &[])).await.unwrap();
    assert_eq!(started.github_id, None);
    assert_eq!(github.simulator.count(DISPATCHES), 2);
}

#[tokio::test]
async fn a_redirect_from_a_former_name_is_not_taken_for_done() {
    let (github, client, workflow) = at_github("").await;
    let run = github.simulator.start_run(REPOSITORY, workflow, NewRun::default());
    github.simulator.rename_repository(REPOSITORY, "acme/lamps").unwrap();
    let name = REPOSITORY.parse().unwrap();
    let refused = [
        client.request_run(&name, run, RunRequest::Cancel).await.unwrap_err(),
        client.dispatch_workflow(&name, workflow, ("main", &[])).await.unwrap_err(),
        client.job_log(&name, 1).await.unwrap_err(),
        client.workflows(&name, None).await.unwrap_err(),
        client.run(&name, run).await.unwrap_err(),
    ];
    for error in refused {
        assert!(error.to_string().contains("may have been renamed"), "{error}");
    }
}
