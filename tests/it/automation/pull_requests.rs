//! Pull requests on the cards of the issues that they close: state, checks and review.

use std::time::Duration;

use dispatch::service::automation::pull_requests::read_due;
use dispatch::service::automation::sync::sync_stale;
use dispatch::simulator::{Fault, NewRun, ReviewDecision};
use dispatch::store::automation::repositories as rows;
use serde_json::{Value, json};

use super::{repository, sync_all};
use crate::support::{Given, REPOSITORY, given, given_settings};
use crate::webhooks::{SETTINGS, deliver, process, state_of};

/// Issue 1 and pull request 2, which closes it.
async fn with_pull_request(given: &mut Given) {
    given.with_issues(&[("The pool is empty", &["status/in-review"])]).await;
    given.github.open_numbered_pull_request(REPOSITORY, 2, ("retry", "Retry")).unwrap();
    given.github.link(REPOSITORY, 2, 1).unwrap();
    sync_all(given).await;
}

/// The pull requests of issue 1 as its card shows them.
async fn shown(given: &Given) -> Value {
    let query = "{ issue(repository: \"acme/tools\", number: 1) { pullRequests {
        number state isDraft checkState reviewDecision mergeable } } }";
    given.graphql(query, json!({})).await["issue"]["pullRequests"].clone()
}

/// The newest commit of pull request 2.
fn head(given: &Given) -> String {
    given.github.open_pull_requests(REPOSITORY)[0].1.head_sha.clone()
}

/// How many events say that issue 1 changed.
async fn events(given: &Given) -> i64 {
    given.database.number("SELECT count(*) FROM event_log WHERE kind = 'issue_changed'").await
}

/// Reads what is due by now, after the pause that follows an event.
async fn read(given: &Given) -> usize {
    given.advance(3);
    read_due(&given.app).await.unwrap()
}

/// A payload of an event about a commit.
fn about(sha: &str, member: &str, mut object: Value) -> Value {
    object["head_sha"] = json!(sha);
    json!({ "action": "completed", member: object, "repository": { "full_name": REPOSITORY } })
}

#[tokio::test]
async fn a_card_shows_the_pull_request_that_closes_its_issue() {
    given(async |given| {
        with_pull_request(given).await;
        let open = json!({ "number": 2, "state": "OPEN", "isDraft": false, "checkState": null,
            "reviewDecision": null, "mergeable": "MERGEABLE" });
        assert_eq!(shown(given).await, json!([open]));
        given.github.set_commit_status(REPOSITORY, &head(given), ("ci/other", "failure"));
        let change = |details: &mut dispatch::simulator::PullRequestDetails| {
            details.is_draft = true;
            details.review = Some(ReviewDecision::ChangesRequested);
            details.is_mergeable = Some(false);
        };
        given.github.edit_pull_request(REPOSITORY, 2, change).unwrap();
        sync_all(given).await;
        let draft = json!({ "number": 2, "state": "OPEN", "isDraft": true, "checkState": "FAILURE",
            "reviewDecision": "CHANGES_REQUESTED", "mergeable": "CONFLICTING" });
        assert_eq!(shown(given).await, json!([draft]));
        given.github.merge_pull_request(REPOSITORY, 2).unwrap();
        sync_all(given).await;
        assert_eq!(shown(given).await[0]["state"], "MERGED");
    })
    .await;
}

#[tokio::test]
async fn a_card_has_the_same_values_whatever_else_is_selected() {
    given(async |given| {
        with_pull_request(given).await;
        let ask = async |more: &str| {
            let query = format!("{{ board {{ columns {{ issues {{ nodes {{ number pullRequests {{ __typename
                number url state isDraft checkState reviewDecision mergeable {more} }} }} }} }} }} }}");
            let data = given.graphql(&query, json!({})).await;
            let columns = data["board"]["columns"].as_array().unwrap().clone();
            let mut cards = columns.iter().flat_map(|one| one["issues"]["nodes"].as_array().unwrap());
            cards.next().unwrap()["pullRequests"][0].clone()
        };
        let at_once = ask("").await;
        let mut one_by_one = ask("title").await;
        assert_eq!(one_by_one.as_object_mut().unwrap().remove("title"), Some(json!("Retry")));
        assert_eq!(at_once, one_by_one);
    })
    .await;
}

#[tokio::test]
async fn one_that_ended_before_the_first_sync_is_shown() {
    given(async |given| {
        given.with_issues(&[("One", &[]), ("Two", &[])]).await;
        given.github.open_numbered_pull_request(REPOSITORY, 3, ("a", "Merge me")).unwrap();
        given.github.open_numbered_pull_request(REPOSITORY, 4, ("b", "Close me")).unwrap();
        given.github.link(REPOSITORY, 3, 1).unwrap();
        given.github.link(REPOSITORY, 4, 1).unwrap();
        given.github.merge_pull_request(REPOSITORY, 3).unwrap();
        given.github.close_pull_request(REPOSITORY, 4).unwrap();
        sync_all(given).await;
        let shown = shown(given).await;
        let states: Vec<_> = shown.as_array().unwrap().iter().map(|one| &one["state"]).collect();
        assert_eq!(states, ["CLOSED", "MERGED"]);
    })
    .await;
}

#[tokio::test]
async fn a_timed_sync_learns_how_an_unlisted_one_ended() {
    given_settings(&[("DISPATCH_AUTOMATION_INTERVAL_MS", "60000")], async |given| {
        with_pull_request(given).await;
        given.github.merge_pull_request(REPOSITORY, 2).unwrap();
        for _ in 0..3 {
            given.advance(60);
            sync_stale(&given.app, Duration::from_secs(1)).await.unwrap();
        }
        assert_eq!(shown(given).await[0]["state"], "CLOSED", "it is not listed as open");
        assert_eq!(read(given).await, 1);
        assert_eq!(shown(given).await[0]["state"], "MERGED");
        given.advance(7200);
        assert_eq!(read(given).await, 0, "one that has ended is not read again");
    })
    .await;
}

#[tokio::test]
async fn checks_that_complete_reach_the_card_by_webhook() {
    given_settings(SETTINGS, async |given| {
        with_pull_request(given).await;
        let sha = head(given);
        given.github.set_commit_status(REPOSITORY, &sha, ("ci/other", "pending"));
        let suite = about(&sha, "check_suite", json!({ "id": 1, "status": "queued" }));
        deliver(given, "check_suite", "d-1", &suite).await;
        process(given).await;
        let before = events(given).await;
        assert_eq!(read(given).await, 1);
        assert_eq!(shown(given).await[0]["checkState"], "PENDING");
        assert_eq!(events(given).await, before + 1, "the board is told");

        given.github.set_commit_status(REPOSITORY, &sha, ("ci/other", "success"));
        // However many events there are, one request is sent.
        for at in 2..40 {
            let check = json!({ "id": at, "name": format!("check {at}"), "status": "completed",
                "conclusion": "success", "app": { "name": "Other" } });
            deliver(given, "check_run", &format!("d-{at}"), &about(&sha, "check_run", check)).await;
        }
        let status = json!({ "sha": sha, "state": "success",
            "repository": { "full_name": REPOSITORY } });
        deliver(given, "status", "d-40", &status).await;
        while process(given).await > 0 {}
        assert_eq!(state_of(given, "d-40").await.0, "PROCESSED");
        given.github.forget_requests();
        assert_eq!(read(given).await, 1);
        assert_eq!(read(given).await, 0, "nothing else is due");
        assert_eq!(given.github.total(), 1);
        assert_eq!(shown(given).await[0]["checkState"], "SUCCESS");
    })
    .await;
}

#[tokio::test]
async fn a_review_reaches_the_card_by_webhook() {
    given_settings(SETTINGS, async |given| {
        with_pull_request(given).await;
        let approve = |details: &mut dispatch::simulator::PullRequestDetails| {
            details.review = Some(ReviewDecision::Approved);
        };
        given.github.edit_pull_request(REPOSITORY, 2, approve).unwrap();
        let at = given.app.clock.now().to_rfc3339();
        let review = json!({ "action": "submitted", "review": { "id": 1, "state": "approved" },
            "pull_request": { "node_id": "PR_x", "number": 2, "title": "Retry", "state": "open",
                "created_at": at, "updated_at": at, "head": { "ref": "retry", "sha": head(given) },
                "base": { "ref": "main" } },
            "repository": { "full_name": REPOSITORY } });
        deliver(given, "pull_request_review", "d-1", &review).await;
        process(given).await;
        assert_eq!(read(given).await, 1);
        assert_eq!(shown(given).await[0]["reviewDecision"], "APPROVED");
    })
    .await;
}

#[tokio::test]
async fn a_push_forgets_checks_of_the_commit_before() {
    given_settings(SETTINGS, async |given| {
        with_pull_request(given).await;
        given.github.set_commit_status(REPOSITORY, &head(given), ("ci/other", "failure"));
        sync_all(given).await;
        assert_eq!(shown(given).await[0]["checkState"], "FAILURE");
        let push = |details: &mut dispatch::simulator::PullRequestDetails| {
            details.head_sha = "f".repeat(40);
        };
        given.github.edit_pull_request(REPOSITORY, 2, push).unwrap();
        let at = (given.app.clock.now() + chrono::TimeDelta::seconds(9)).to_rfc3339();
        let pushed = json!({ "action": "synchronize", "pull_request": { "node_id": "PR_x",
                "number": 2, "title": "Retry", "state": "open", "created_at": at, "updated_at": at,
                "head": { "ref": "retry", "sha": "f".repeat(40) }, "base": { "ref": "main" } },
            "repository": { "full_name": REPOSITORY } });
        deliver(given, "pull_request", "d-1", &pushed).await;
        process(given).await;
        assert_eq!(shown(given).await[0]["checkState"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn a_run_of_its_commit_is_a_check() {
    given(async |given| {
        with_pull_request(given).await;
        let workflow = given.github.add_workflow(REPOSITORY, "CI", ".github/workflows/ci.yml", "");
        let sha = head(given);
        let new =
            NewRun { event: "pull_request", branch: "retry".into(), sha, ..NewRun::default() };
        let run = given.github.start_run(REPOSITORY, workflow, new);
        given.github.set_run_status(REPOSITORY, run, "in_progress", None);
        sync_all(given).await;
        assert_eq!(shown(given).await[0]["checkState"], "PENDING");
        given.github.set_run_status(REPOSITORY, run, "completed", Some("failure"));
        given.advance(121);
        assert_eq!(read(given).await, 1, "checks that run are read again without any event");
        assert_eq!(shown(given).await[0]["checkState"], "FAILURE");
    })
    .await;
}

#[tokio::test]
async fn an_issue_is_linked_and_unlinked() {
    given(async |given| {
        with_pull_request(given).await;
        given.database.run("DELETE FROM pull_request_issues").await;
        assert_eq!(shown(given).await, json!([]));
        let before = events(given).await;
        sync_all(given).await;
        assert_eq!(shown(given).await.as_array().unwrap().len(), 1);
        assert_eq!(events(given).await, before + 1, "a link alone is a change of the card");
        sync_all(given).await;
        assert_eq!(events(given).await, before + 1, "nothing changed");
    })
    .await;
}

#[tokio::test]
async fn words_that_are_not_known_yet_are_passed_on() {
    given(async |given| {
        with_pull_request(given).await;
        for (text, by) in [("\"MERGEABLE\"", "\"ROTATED\""), ("\"OPEN\"", "\"PARKED\"")] {
            given.github.inject(Fault::Replace { text, by }.on("PullRequests").always());
        }
        sync_all(given).await;
        let shown = shown(given).await;
        assert_eq!(
            (&shown[0]["state"], &shown[0]["mergeable"]),
            (&json!("OPEN"), &json!("ROTATED"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_forbidden_field_costs_only_itself() {
    given(async |given| {
        with_pull_request(given).await;
        given.github.set_commit_status(REPOSITORY, &head(given), ("ci/other", "success"));
        let path = "repository.pullRequests.nodes.0.commits.nodes.0.commit.statusCheckRollup";
        let message = "Resource not accessible by personal access token".to_owned();
        let refused = Fault::Partial { path, kind: "FORBIDDEN", message };
        given.github.inject(refused.on("PullRequests").always());
        let edit = |details: &mut dispatch::simulator::PullRequestDetails| details.is_draft = true;
        given.github.edit_pull_request(REPOSITORY, 2, edit).unwrap();
        sync_all(given).await;
        let shown = shown(given).await;
        assert_eq!((&shown[0]["isDraft"], &shown[0]["checkState"]), (&json!(true), &Value::Null));
        let repository = repository(given).await.id;
        let mut connection = given.app.pool.get().await.unwrap();
        let row = rows::find(&mut connection, repository).await.unwrap().unwrap();
        assert_eq!(row.missing_permissions, ["checks"]);
    })
    .await;
}

#[tokio::test]
async fn one_that_cannot_be_read_costs_only_itself() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        for (number, branch) in [(2, "a"), (3, "b")] {
            let opened = (branch, "A title");
            given.github.open_numbered_pull_request(REPOSITORY, number, opened).unwrap();
            given.github.link(REPOSITORY, number, 1).unwrap();
        }
        let path = "repository.pullRequests.nodes.0";
        let message = "Something went wrong".to_owned();
        let fault = Fault::Partial { path, kind: "INTERNAL", message };
        given.github.inject(fault.on("PullRequests"));
        sync_all(given).await;
        let shown_before = shown(given).await;
        assert_eq!(shown_before.as_array().unwrap().len(), 1, "{shown_before}");
        assert_eq!(read(given).await, 1, "the other was listed over REST, and is due");
        assert_eq!(shown(given).await.as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_failure_of_github_delays_only_what_is_due() {
    given(async |given| {
        with_pull_request(given).await;
        given.github.set_commit_status(REPOSITORY, &head(given), ("ci/other", "failure"));
        given.advance(3600);
        given.github.inject(Fault::refuse(422, "no").on("PullRequestsById"));
        assert!(read_due(&given.app).await.is_err());
        assert_eq!(read(given).await, 0, "it is due again in a minute");
        given.advance(60);
        assert_eq!(read(given).await, 1);
        assert_eq!(shown(given).await[0]["checkState"], "FAILURE");
    })
    .await;
}
