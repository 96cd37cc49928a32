//! Data that is malformed, unknown or gone costs only itself.

use dispatch::domain::automation::{Conclusion, RunStatus};
use dispatch::simulator::{Fault, NewRun};
use serde_json::json;

use super::{run, stored, stored_workflows, sync_all, with_workflow};
use crate::support::{REPOSITORY, given, given_settings};
use crate::webhooks::{SETTINGS, deliver, process, state_of};

#[tokio::test]
async fn unknown_words_are_kept_and_read_as_unknown() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, Some("of_the_future"), NewRun::default());
        let odd = given.github.start_run(REPOSITORY, workflow, NewRun::default());
        given.github.set_run_status(REPOSITORY, odd, "dreaming", None);
        sync_all(given).await;
        let row = stored(given, id).await.unwrap();
        assert_eq!(row.conclusion.as_deref(), Some("of_the_future"));
        assert_eq!(row.run_conclusion(), Some(Conclusion::Unknown));
        assert_eq!(stored(given, odd).await.unwrap().run_status(), RunStatus::Unknown);
    })
    .await;
}

#[tokio::test]
async fn one_unreadable_run_costs_only_itself() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let new = |title: &str| NewRun { title: title.to_owned(), ..NewRun::default() };
        run(given, workflow, Some("success"), new("good"));
        let bad = run(given, workflow, Some("success"), new("bad"));
        given.github.change_run(REPOSITORY, bad, |run| run.status = String::new());
        sync_all(given).await;
        assert_eq!(given.database.number("SELECT count(*) FROM workflow_runs").await, 1);
        let notes = "SELECT count(*) FROM automation_sync_runs WHERE notes LIKE '%1 items%'";
        assert_eq!(given.database.number(notes).await, 1);
    })
    .await;
}

#[tokio::test]
async fn runs_of_deleted_workflows_stay() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, Some("success"), NewRun::default());
        given.github.delete_workflow(REPOSITORY, workflow);
        sync_all(given).await;
        assert!(stored(given, id).await.is_some());
        assert!(stored_workflows(given).await[0].deleted_at.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_malformed_workflow_file_says_at_which_line() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        sync_all(given).await;
        let broken = "name: CI\non:\n\tpush:\njobs: {}\n";
        given.github.edit_workflow_file(REPOSITORY, workflow, broken);
        sync_all(given).await;
        let row = stored_workflows(given).await.remove(0);
        assert!(row.file.is_none());
        assert!(row.file_error.unwrap().starts_with("line 3: "));
        let large = format!("name: CI\n#{}\n", "x".repeat(2 << 20));
        given.github.edit_workflow_file(REPOSITORY, workflow, &large);
        sync_all(given).await;
        let error = stored_workflows(given).await.remove(0).file_error.unwrap();
        assert!(error.contains("too large"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn releases_without_a_date_and_half_answers_are_read() {
    given(async |given| {
        with_workflow(given).await;
        given.github.add_release(REPOSITORY, "draft", false);
        sync_all(given).await;
        let drafts = "SELECT count(*) FROM releases WHERE published_at IS NULL AND draft";
        assert_eq!(given.database.number(drafts).await, 1);
        let listed = "GET /repos/{owner}/{repo}/releases";
        given.github.inject(Fault::Page { status: 502 }.on(listed).always());
        let results = dispatch::service::automation::sync::sync_automation(&given.app, None).await;
        assert!(results.unwrap()[0].error.is_some());
    })
    .await;
}

#[tokio::test]
async fn payloads_without_a_member_that_is_needed_are_ignored() {
    given_settings(SETTINGS, async |given| {
        with_workflow(given).await;
        for (at, event) in ["workflow_run", "workflow_job", "check_run", "release", "deployment"]
            .iter()
            .enumerate()
        {
            let payload = json!({ "action": "x", "repository": { "full_name": REPOSITORY },
                *event: { "id": 1e40 } });
            deliver(given, event, &format!("d-{at}"), &payload).await;
        }
        while process(given).await > 0 {}
        for at in 0..5 {
            assert_eq!(state_of(given, &format!("d-{at}")).await.0, "IGNORED", "d-{at}");
        }
    })
    .await;
}
