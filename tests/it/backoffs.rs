//! Back-offs end by the clock, have a reason that people see, and do not block other issues.

use dispatch::domain::Actor;
use dispatch::domain::backoff::BackoffCause;
use dispatch::domain::doctor::Inconsistency;
use dispatch::domain::leases::WorkOutcome;
use dispatch::domain::ranking::SkipReason;
use dispatch::service::claims::backoffs::{end_backoffs, retry_issue};
use dispatch::service::claims::doctor::diagnose;
use dispatch::service::claims::lanes::{SetLane, set_lane};
use dispatch::service::claims::leases::{FinishWork, expire_leases, finish_work};
use dispatch::service::claims::queue::{decisions, explain_work};
use dispatch::service::claims::{ClaimNext, claim_next};
use dispatch::simulator::{Access, Fault};
use dispatch::store::claims::decisions::DecisionFilter;
use dispatch::store::{Lease, PageRequest};
use serde_json::json;

use crate::support::{
    Given, PATIENCE, REPOSITORY, agent, eventually, given, given_settings, person,
};

const READY: &[&str] = &["status/ready"];

fn next(name: &str) -> ClaimNext {
    ClaimNext { agent: name.to_owned(), ..ClaimNext::default() }
}

/// The number of the issue that an agent is served.
async fn claim(given: &Given, name: &str) -> Option<(Lease, i32)> {
    let claimed = claim_next(&given.app, &agent(name), next(name)).await.unwrap();
    let lease = claimed.lease?;
    let number = format!("SELECT number::bigint FROM issues WHERE id = {}", lease.issue_id.0);
    let number = given.database.number(&number).await;
    Some((lease, i32::try_from(number).unwrap()))
}

async fn fail(given: &Given, lease: &Lease, outcome: WorkOutcome) {
    let command = FinishWork {
        lease_id: lease.id(),
        fencing_token: lease.fencing_token.to_string(),
        outcome,
        summary: None,
        pull_request_url: None,
    };
    finish_work(&given.app, &agent(&lease.agent), command).await.unwrap();
}

async fn skips(given: &Given, number: i32) -> Vec<SkipReason> {
    let id = given.issue(number).await.id;
    let explained = explain_work(&given.app, "zeta", id).await.unwrap();
    explained.skips.iter().map(|skip| skip.reason).collect()
}

async fn summary(given: &Given, number: i32) -> String {
    explain_work(&given.app, "zeta", given.issue(number).await.id).await.unwrap().summary
}

/// Three issues with the maximum number of labels rank before one that can be claimed.
async fn with_refused(given: &mut Given) {
    let full: Vec<String> = (0..98).map(|number| format!("label-{number}")).collect();
    let mut full: Vec<&str> = full.iter().map(String::as_str).collect();
    full.extend(["status/ready", "priority/p0"]);
    let issues = [("One", &*full), ("Two", &*full), ("Three", &*full), ("Four", READY)];
    given.with_issues(&issues).await;
}

#[tokio::test]
async fn refused_issues_at_the_head_block_no_claim_and_back_off() {
    given(async |given| {
        with_refused(given).await;
        let (_, number) = claim(given, "alpha").await.expect("the fourth can be had");
        assert_eq!(number, 4, "though three before it are refused");

        // The stored decision names them.
        let page = PageRequest::first(1);
        let all = DecisionFilter::default();
        let decided = decisions(&given.app, &all, &page).await.unwrap().rows.remove(0);
        assert_eq!(decided.detail.counts[&SkipReason::BackingOff], 3);
        let why = &decided.detail.withheld[0].skips[0].why;
        assert!(why.contains("GitHub refused to change it (GitHub API error: 422 "), "{why}");

        // So do the explanation, the issue, the doctor and the next claim.
        assert_eq!(skips(given, 1).await, [SkipReason::BackingOff]);
        let sentence = summary(given, 1).await;
        assert!(sentence.contains("left alone until 2026-05-20T12:00:3"), "{sentence}");
        let found = diagnose(&given.app).await.unwrap();
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|one| one.ailment == Inconsistency::RefusedByGithub));
        assert!(found[0].detail.as_ref().unwrap().contains("100 labels"), "{found:?}");
        let asked = "{ board { columns { issues { nodes { number
            backoff { refusals failedAttempts cause summary retryAt needsHuman } } } } } }";
        let board = given.graphql(asked, json!({})).await.to_string();
        assert!(board.contains(r#""cause":"REFUSED""#), "{board}");
        let idle = claim_next(&given.app, &agent("beta"), next("beta")).await.unwrap();
        let reason = idle.idle_reason.unwrap();
        assert!(reason.contains("3 left alone for a while after a failure"), "{reason}");

        // Each back-off is longer, and GitHub receives no request in between.
        let mut pauses = Vec::new();
        for _ in 0..4 {
            given.github.forget_requests();
            let mut waited = 0;
            while given.github.total() == 0 {
                given.advance(10);
                waited += 10;
                assert!(claim(given, "beta").await.is_none());
            }
            pauses.push(waited);
        }
        assert_eq!(pauses, [30, 60, 120, 240]);
        let failed = "SELECT count(*) FROM audit_log WHERE success = false";
        assert_eq!(given.database.number(failed).await, 15, "one line for each try of each");

        // The cause is removed, and the back-off with it.
        given.github.relabel(REPOSITORY, 2, &[], &["label-7", "label-8"]).unwrap();
        given.advance(1);
        given.sync().await;
        assert_eq!(skips(given, 2).await, [], "somebody edited it");
        let (_, number) = claim(given, "beta").await.unwrap();
        assert_eq!(number, 2);
    })
    .await;
}

#[tokio::test]
async fn a_refusing_repository_backs_off_and_recovers_as_a_whole() {
    given(async |given| {
        let urgent: &[&str] = &["status/ready", "priority/p0"];
        given.with_issues(&[("One", urgent), ("Two", urgent), ("Three", urgent)]).await;
        given.github.add_repository("acme/other");
        given
            .github
            .open_issue("acme/other", dispatch::simulator::NewIssue::titled("Other", READY))
            .unwrap();
        given.track("acme/other").await;
        given.sync().await;
        let archived = Access { is_archived: true, ..Access::default() };
        given.github.set_access(REPOSITORY, archived).unwrap();

        given.github.take_writes();
        let (lease, _) = claim(given, "alpha").await.expect("the other repository has work");
        let other = given.database.number("SELECT repository_id FROM issues WHERE title = 'Other'");
        assert_eq!(lease.repository_id.0, other.await);
        let refused = "SELECT count(*) FROM audit_log WHERE success = false";
        assert_eq!(given.database.number(refused).await, 1, "one issue was tried for all of them");
        for number in [1, 2, 3] {
            assert!(skips(given, number).await.contains(&SkipReason::BackingOff), "{number}");
        }
        let sentence = summary(given, 2).await;
        assert!(sentence.contains("is in a repository that is left alone until"), "{sentence}");
        let asked = "{ repositories { fullName backoff { refusals reason retryAt } } }";
        let shown = given.graphql(asked, json!({})).await.to_string();
        assert!(shown.contains("archived so is read-only"), "{shown}");
        let idle = claim_next(&given.app, &agent("beta"), next("beta")).await.unwrap();
        let reason = idle.idle_reason.unwrap();
        assert!(reason.contains("3 left alone for a while"), "{reason}");

        // Its back-off ended and it is writable again: one success ends all of them.
        given.github.set_access(REPOSITORY, Access::default()).unwrap();
        given.advance(15);
        let (_, number) = claim(given, "beta").await.expect("another issue is tried first");
        assert_eq!(number, 2);
        assert_eq!(skips(given, 1).await, [], "what was refused with it is free as well");
        let (_, number) = claim(given, "gamma").await.unwrap();
        assert_eq!(number, 1);
    })
    .await;
}

#[tokio::test]
async fn a_repository_wide_refusal_for_a_person_applies_to_all() {
    given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let refusal = "Resource not accessible by personal access token";
        given.github.inject(Fault::error("FORBIDDEN", refusal).on("ChangeLabels").always());
        let status = async |status: &str| {
            let body = json!({ "issueId": given.issue(1).await.id.to_string(),
                "repoFullName": REPOSITORY, "issueNumber": 1, "status": status });
            given.ask("POST", "/api/issues/status", Some(body)).await.status
        };
        let asked = "{ repositories { backoff { refusals reason } } }";
        let backoff =
            async || given.graphql(asked, json!({})).await["repositories"][0]["backoff"].clone();
        assert_ne!(status("backlog").await, 200);
        let shown = backoff().await;
        assert_eq!(shown["refusals"], 1, "{shown}");
        assert!(shown["reason"].as_str().unwrap().contains(refusal), "{shown}");
        given.github.forget_requests();
        let idle = claim_next(&given.app, &agent("alpha"), next("alpha")).await.unwrap();
        assert!(idle.idle_reason.is_some());
        assert_eq!(given.github.count("LiveLabels"), 0, "agents do not try it again at once");

        given.github.clear_faults();
        assert_eq!(status("backlog").await, 200, "people may try when they like");
        assert_eq!(backoff().await, serde_json::Value::Null);
        assert_eq!(claim(given, "alpha").await.unwrap().1, 2);
    })
    .await;
}

#[tokio::test]
async fn a_refused_label_creation_is_no_repository_failure() {
    given(async |given| {
        let known: &[&str] = &["status/ready", "agent/alpha"];
        given
            .with_issues(&[("One", READY), ("Two", known), ("Three", &["status/in-progress"])])
            .await;
        let triager = Access { permission: "TRIAGE", ..Access::default() };
        given.github.set_access(REPOSITORY, triager).unwrap();
        assert!(claim(given, "beta").await.is_none(), "its label does not exist");
        assert_eq!(skips(given, 1).await, [SkipReason::BackingOff]);
        assert_eq!(claim(given, "alpha").await.unwrap().1, 2, "other issues can be changed");
        let asked = "{ repositories { readOnlyReason backoff { refusals } } }";
        let data = given.graphql(asked, json!({})).await;
        let unaffected = json!({ "readOnlyReason": null, "backoff": null });
        assert_eq!(data["repositories"][0], unaffected);
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_github_does_not_answer_about_does_not_stop_the_rest() {
    given(async |given| {
        let urgent: &[&str] = &["status/ready", "priority/p0"];
        given.with_issues(&[("Broken", urgent), ("Well", READY)]).await;
        given.github.inject(Fault::refuse(502, "Bad gateway").on("LiveLabels").times(3));
        assert_eq!(claim(given, "alpha").await.unwrap().1, 2);
        let cause = "SELECT count(*) FROM backoffs WHERE cause = 'unanswered'";
        assert_eq!(given.database.number(cause).await, 1);
        given.advance(5);
        assert_eq!(claim(given, "beta").await.unwrap().1, 1);
        assert_eq!(given.database.number(cause).await, 0, "a success clears it");
    })
    .await;
}

#[tokio::test]
async fn an_issue_removed_from_github_blocks_nothing() {
    given(async |given| {
        given.with_issues(&[("Gone", &["status/ready", "priority/p0"]), ("There", READY)]).await;
        given.github.delete_issue(REPOSITORY, 1).unwrap();
        assert_eq!(claim(given, "alpha").await.unwrap().1, 2);
        assert_eq!(skips(given, 1).await, [SkipReason::BackingOff]);
    })
    .await;
}

#[tokio::test]
async fn attempts_that_fail_are_counted_and_lead_to_a_person_in_the_end() {
    given_settings(&[("DISPATCH_MAX_ATTEMPTS", "3")], async |given| {
        given.with_issues(&[("Hard", READY)]).await;
        let mut pauses = Vec::new();
        for attempt in 1..=3 {
            let mut waited = 0;
            let lease = loop {
                match claim(given, &format!("agent-{attempt}")).await {
                    Some((lease, _)) => break lease,
                    None => given.advance(5),
                }
                waited += 5;
            };
            pauses.push(waited);
            fail(given, &lease, WorkOutcome::Failed).await;
        }
        assert_eq!(pauses, [0, 10, 40], "the pauses between them grow");
        assert_eq!(skips(given, 1).await, [SkipReason::NeedsHuman], "at once");
        end_backoffs(&given.app).await.unwrap();
        end_backoffs(&given.app).await.unwrap();
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/ready", "needs-human"]);
        let comments = given.github.posted_comments(REPOSITORY, 1);
        assert_eq!(comments.len(), 1, "{comments:?}");
        for agent in ["agent-1", "agent-2", "agent-3"] {
            assert!(comments[0].contains(&format!("`{agent}`, failed")), "{}", comments[0]);
        }
        let sentence = summary(given, 1).await;
        assert_eq!(
            sentence,
            "The issue needs a person after 3 failed attempts; the last: agent-3 failed on it."
        );
        given.advance(7 * 86_400);
        assert!(claim(given, "zeta").await.is_none(), "time alone does not help");

        // A person removes the label on GitHub.
        given.github.relabel(REPOSITORY, 1, &[], &["needs-human"]).unwrap();
        given.sync().await;
        assert!(claim(given, "zeta").await.is_some());
        let noted = "SELECT count(*) FROM backoffs";
        assert_eq!(given.database.number(noted).await, 0, "the count starts at zero");
    })
    .await;
}

#[tokio::test]
async fn an_issue_retried_by_a_person_is_served_immediately() {
    given_settings(&[("DISPATCH_MAX_ATTEMPTS", "1")], async |given| {
        given.with_issues(&[("Hard", READY)]).await;
        let (lease, _) = claim(given, "alpha").await.unwrap();
        fail(given, &lease, WorkOutcome::Failed).await;
        end_backoffs(&given.app).await.unwrap();
        assert!(claim(given, "beta").await.is_none());
        let id = given.issue(1).await.id;
        let retry = "mutation($id: ID!) { retryIssue(input: {issueId: $id}) {
            issue { labels backoff { failedAttempts } } } }";
        let data = given.graphql(retry, json!({ "id": id.to_string() })).await;
        assert_eq!(data["retryIssue"]["issue"]["labels"], json!(["status/ready"]));
        assert_eq!(data["retryIssue"]["issue"]["backoff"], json!(null));
        assert!(retry_issue(&given.app, &person(), id).await.is_err(), "nothing is kept back");
        assert!(claim(given, "beta").await.is_some());
    })
    .await;
}

#[tokio::test]
async fn an_escalation_lane_gets_what_other_lanes_cannot_do() {
    let lanes = r#"{"lanes":[{"id":"local","title":"Local","claimable":true,"role":"default"},
        {"id":"frontier","title":"Frontier","claimable":true,"role":"escalation"}]}"#;
    let settings = [("DISPATCH_MAX_ATTEMPTS", "1"), ("DISPATCH_LANE_CONFIG_JSON", lanes)];
    given_settings(&settings, async |given| {
        given.with_issues(&[("Hard", READY)]).await;
        let fail_once = async |agent: &str| {
            let (lease, _) = claim(given, agent).await.expect("there is work");
            fail(given, &lease, WorkOutcome::Failed).await;
            end_backoffs(&given.app).await.unwrap();
        };
        fail_once("alpha").await;
        assert_eq!(given.issue(1).await.lane, "frontier");
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/ready"]);
        fail_once("beta").await;
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/ready", "needs-human"]);
        assert_eq!(given.github.posted_comments(REPOSITORY, 1).len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_issue_taken_from_the_escalation_lane_starts_over() {
    let lanes = r#"{"lanes":[{"id":"local","title":"Local","claimable":true,"role":"default"},
        {"id":"frontier","title":"Frontier","claimable":true,"role":"escalation"}]}"#;
    let settings = [("DISPATCH_MAX_ATTEMPTS", "1"), ("DISPATCH_LANE_CONFIG_JSON", lanes)];
    given_settings(&settings, async |given| {
        given.with_issues(&[("Hard", READY)]).await;
        let (lease, _) = claim(given, "alpha").await.unwrap();
        fail(given, &lease, WorkOutcome::Failed).await;
        end_backoffs(&given.app).await.unwrap();
        let issue_id = given.issue(1).await.id;
        assert_eq!(given.issue(1).await.lane, "frontier");
        let maintainer = Actor::Operator { name: "sam".to_owned(), signed_in_until: None };
        let command = SetLane { issue_id, lane: "local".to_owned() };
        assert_eq!(set_lane(&given.app, &maintainer, command).await.unwrap().lane, "local");
        let noted = "SELECT count(*) FROM backoffs";
        assert_eq!(given.database.number(noted).await, 0);
        end_backoffs(&given.app).await.unwrap();
        assert_eq!(given.issue(1).await.lane, "local", "it stays there");
    })
    .await;
}

#[tokio::test]
async fn leases_that_run_out_are_attempts_and_success_forgets_them() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let attempts = "SELECT coalesce(max(failed_attempts), 0)::bigint FROM backoffs";
        for round in 1..=2 {
            claim(given, "alpha").await.expect("the first of them is free of any pause");
            given.advance(1801);
            expire_leases(&given.app).await.unwrap();
            assert_eq!(given.database.number(attempts).await, round);
        }
        assert_eq!(skips(given, 1).await, [SkipReason::BackingOff], "from the second on");
        let asked = "{ board { columns { issues { nodes { backoff { summary } } } } } }";
        assert!(given.graphql(asked, json!({})).await.to_string().contains("issue is left alone"));
        given.advance(10);
        let board = given.graphql(asked, json!({})).await.to_string();
        assert!(board.contains("issue was left alone"), "{board}");
        given.advance(10);
        let (lease, _) = claim(given, "beta").await.unwrap();
        let cause: Vec<BackoffCause> =
            dispatch::service::claims::backoffs::of_issues(&given.app, &[lease.issue_id])
                .await
                .unwrap()
                .into_iter()
                .map(|row| row.cause)
                .collect();
        assert_eq!(cause, [BackoffCause::Expired]);
        fail(given, &lease, WorkOutcome::PrOpened).await;
        assert_eq!(given.database.number(attempts).await, 0);
    })
    .await;
}

#[tokio::test]
async fn waiters_wake_when_a_pause_ends() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let (lease, _) = claim(given, "alpha").await.unwrap();
        fail(given, &lease, WorkOutcome::Failed).await;
        let waits = ClaimNext { wait_seconds: Some(25), ..next("beta") };
        let beta = agent("beta");
        let claiming = claim_next(&given.app, &beta, waits);
        let ending = async {
            eventually(async || given.app.wait_queue.len() == 1).await;
            given.advance(10);
            end_backoffs(&given.app).await.unwrap();
        };
        let both = Box::pin(async { tokio::join!(claiming, ending).0 });
        let claimed = tokio::time::timeout(PATIENCE, both).await.expect("it hears").unwrap();
        assert!(claimed.lease.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_report_of_a_failure_counts_once_for_each_holding() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let (lease, _) = claim(given, "alpha").await.unwrap();
        let report = json!({ "taskType": "implement", "outcome": "failed",
            "repoFullName": REPOSITORY, "issueNumber": 1, "summary": "It did not work" });
        for _ in 0..2 {
            let path = "/api/agents/alpha/tasks/report";
            let answer = given.ask_as_agent("POST", path, Some(report.clone())).await;
            assert_eq!(answer.status, 200, "{}", answer.json());
        }
        fail(given, &lease, WorkOutcome::Failed).await;
        let attempts = "SELECT max(failed_attempts)::bigint FROM backoffs";
        assert_eq!(given.database.number(attempts).await, 1);
    })
    .await;
}

#[tokio::test]
async fn only_the_holder_can_fail_on_an_issue() {
    given_settings(&[("DISPATCH_MAX_ATTEMPTS", "2")], async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let (_, number) = claim(given, "alpha").await.unwrap();
        let fail_on = async |number: i32, agent: &str| {
            let report = json!({ "taskType": "implement", "outcome": "failed",
                "repoFullName": REPOSITORY, "issueNumber": number });
            let path = format!("/api/agents/{agent}/tasks/report");
            let answer = given.ask_as_agent("POST", &path, Some(report)).await;
            assert_eq!(answer.status, 200, "{}", answer.json());
        };
        for _ in 0..5 {
            fail_on(number, "beta").await;
            fail_on(3 - number, "beta").await;
            fail_on(3 - number, "alpha").await;
        }
        assert_eq!(given.database.number("SELECT count(*) FROM backoffs").await, 0);
        fail_on(number, "Alpha").await;
        assert_eq!(given.database.number("SELECT count(*) FROM backoffs").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_refused_cleanup_is_retried_with_increasing_delays() {
    given_settings(&[("DISPATCH_MAX_ATTEMPTS", "1")], async |given| {
        given.with_issues(&[("Hard", READY)]).await;
        let (lease, _) = claim(given, "alpha").await.unwrap();
        fail(given, &lease, WorkOutcome::Failed).await;
        given.github.inject(Fault::error("UNPROCESSABLE", "No").on("ChangeLabels").always());
        let tries = "SELECT count(*) FROM audit_log WHERE action = 'escalate_issue'";
        for _ in 0..(24 * 60) {
            end_backoffs(&given.app).await.unwrap();
            given.advance(60);
        }
        let tries = given.database.number(tries).await;
        assert!((20..40).contains(&tries), "{tries} in a day");
        assert_eq!(skips(given, 1).await, [SkipReason::NeedsHuman], "it is withheld all the same");
        assert_eq!(given.github.posted_comments(REPOSITORY, 1).len(), 1, "and once is enough");
        given.github.clear_faults();
        given.advance(3600);
        end_backoffs(&given.app).await.unwrap();
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/ready", "needs-human"]);
    })
    .await;
}

#[tokio::test]
async fn a_locked_conversation_does_not_prevent_an_escalation() {
    given_settings(&[("DISPATCH_MAX_ATTEMPTS", "1")], async |given| {
        given.with_issues(&[("Hard", READY)]).await;
        let (lease, _) = claim(given, "alpha").await.unwrap();
        fail(given, &lease, WorkOutcome::Failed).await;
        given.github.inject(Fault::error("FORBIDDEN", "It is locked").on("AddComment").always());
        end_backoffs(&given.app).await.unwrap();
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/ready", "needs-human"]);
        given.advance(86_400);
        end_backoffs(&given.app).await.unwrap();
        let tries = "SELECT count(*) FROM audit_log WHERE action = 'add_comment'";
        assert_eq!(given.database.number(tries).await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_issue_refused_to_a_claim_by_id_backs_off_too() {
    given(async |given| {
        let full: Vec<String> = (0..99).map(|label| format!("label-{label}")).collect();
        let mut first: Vec<&str> = full.iter().map(String::as_str).collect();
        first.extend(["priority/p0"]);
        given.with_issues(&[("Full", &first), ("Next", READY)]).await;
        given.github.relabel(REPOSITORY, 1, &["status/ready"], &["label-0"]).unwrap();
        given.advance(1);
        given.sync().await;
        let task = async || {
            let answer =
                given.ask_as_agent("GET", "/api/agents/alpha/next-task", None).await.json();
            answer["issue"]["number"].as_i64()
        };
        assert_eq!(task().await, Some(1));
        let body = json!({ "issueId": given.issue(1).await.id.to_string(),
            "repoFullName": REPOSITORY, "issueNumber": 1, "agentName": "alpha" });
        let refused = given.ask_as_agent("POST", "/api/issues/claim", Some(body)).await;
        assert_ne!(refused.status, 200);
        assert_eq!(task().await, Some(2), "the next one");
        assert_eq!(skips(given, 1).await, [SkipReason::BackingOff]);
        let all =
            DecisionFilter { withheld: Some(given.issue(1).await.id), ..DecisionFilter::default() };
        let kept = decisions(&given.app, &all, &PageRequest::first(5)).await.unwrap().rows;
        assert!(kept.iter().any(|row| row.kind == "claim_issue"), "{kept:?}");
    })
    .await;
}

#[tokio::test]
async fn an_agent_that_reports_a_failure_and_keeps_its_lease_has_failed_once() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        claim(given, "alpha").await.unwrap();
        given.advance(60);
        let report = |outcome: &str| {
            json!({ "taskType": "implement", "outcome": outcome,
            "repoFullName": REPOSITORY, "issueNumber": 1 })
        };
        let path = "/api/agents/alpha/tasks/report";
        given.ask_as_agent("POST", path, Some(report("failed"))).await;
        given.advance(1801);
        expire_leases(&given.app).await.unwrap();
        let attempts = "SELECT coalesce(max(failed_attempts), 0)::bigint FROM backoffs";
        assert_eq!(given.database.number(attempts).await, 1);

        // And after a reported success the count starts at zero.
        given.advance(60);
        claim(given, "alpha").await.unwrap();
        given.ask_as_agent("POST", path, Some(report("blocked"))).await;
        assert_eq!(given.database.number(attempts).await, 1);
        given.ask_as_agent("POST", path, Some(report("pr_opened"))).await;
        assert_eq!(given.database.number(attempts).await, 0);
    })
    .await;
}

#[tokio::test]
async fn edits_during_a_lease_do_not_clear_the_backoff() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        for _ in 1..=2 {
            let (lease, _) = claim(given, "alpha").await.unwrap();
            given.advance(60);
            given.github.edit_body(REPOSITORY, 1, "- [x] tried").unwrap();
            given.github.relabel(REPOSITORY, 1, &["touched"], &[]).unwrap();
            given.advance(60);
            given.sync().await;
            fail(given, &lease, WorkOutcome::Failed).await;
            given.sync().await;
            given.advance(3_600);
        }
        let attempts = "SELECT max(failed_attempts)::bigint FROM backoffs";
        assert_eq!(given.database.number(attempts).await, 2);
        given.github.edit_body(REPOSITORY, 1, "Here is how").unwrap();
        given.advance(60);
        given.sync().await;
        assert_eq!(given.database.number("SELECT count(*) FROM backoffs").await, 0, "a person");
    })
    .await;
}

#[tokio::test]
async fn a_repository_serves_peoples_work_when_configured() {
    given(async |given| {
        let issues: [(&str, &[&str]); 3] = [
            ("Begun", &["status/in-progress"]),
            ("Owned", &["status/ready", "owner/sam"]),
            ("Assigned", READY),
        ];
        given.with_issues(&issues).await;
        given.github.assign(REPOSITORY, 3, &["octocat"]).unwrap();
        given.advance(1);
        given.sync().await;
        for number in [1, 2, 3] {
            assert_eq!(skips(given, number).await, [SkipReason::HeldByPerson], "{number}");
        }
        let idle = claim_next(&given.app, &agent("beta"), next("beta")).await.unwrap();
        assert_eq!(idle.idle_reason.as_deref(), Some("No work available (3 held by a person)"));

        let set = "mutation($rule: Boolean) { setServesPeoplesWork(input: {
            fullName: \"acme/tools\", inProgress: $rule, assigned: $rule, owned: $rule }) {
            repository { servesPeoplesWork { inProgress assigned owned } } } }";
        let entries = "SELECT count(*) FROM audit_log WHERE action = 'set_serves_peoples_work'";
        for _ in 0..2 {
            let data = given.graphql(set, json!({ "rule": true })).await;
            let rules = &data["setServesPeoplesWork"]["repository"]["servesPeoplesWork"];
            assert_eq!(*rules, json!({ "inProgress": true, "assigned": true, "owned": true }));
        }
        assert_eq!(given.database.number(entries).await, 1, "the second time nothing changes");
        let mut numbers = Vec::new();
        for name in ["a", "b", "c"] {
            numbers.push(claim(given, name).await.unwrap().1);
        }
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3]);
    })
    .await;
}

#[tokio::test]
async fn the_compatible_routes_may_keep_their_rule_about_people() {
    for (told, expected) in [("false", "idle"), ("true", "implement")] {
        given_settings(&[("DISPATCH_REST_SERVES_PEOPLES_WORK", told)], async |given| {
            given.with_issues(&[("Owned", &["status/ready", "owner/sam"])]).await;
            let answer = given.ask_as_agent("GET", "/api/agents/alpha/next-task", None).await;
            assert_eq!(answer.json()["type"], expected);
        })
        .await;
    }
}
