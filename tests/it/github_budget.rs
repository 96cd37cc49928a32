//! The budget of GitHub's rate limits: shared by replicas, kept for moves, given up in order.

use std::time::Duration;

use chrono::TimeDelta;
use dispatch::domain::Status;
use dispatch::domain::github_budget::Feature;
use dispatch::github::Error;
use dispatch::service::board::moves::MoveIssue;
use dispatch::service::budget::{budgets, exchange};
use dispatch::service::{self, App};
use dispatch::simulator::Fault;
use serde_json::{Value, json};

use crate::support::{Given, given, given_settings, start_of_time};

const BUDGETS: &str = "{ githubBudgets { principal reserve pausedUntil writesInLastHour \
    resources { resource limit remaining resetAt blockedUntil forecast } \
    spending { resource feature points requests writes } history(minutes: 5) { feature points } } }";

/// Reads the repository for a feature.
async fn read(app: &App, feature: Feature) -> Result<(), Error> {
    let name = "acme/tools".parse().unwrap();
    app.github.for_feature(feature).repository(&name).await.map(drop)
}

async fn move_to(given: &Given, app: &App, number: i32, status: Status) -> Result<(), String> {
    let issue_id = given.issue(number).await.id;
    let (expected_from, reason, fencing_token) = (None, None, None);
    let command = MoveIssue { issue_id, to: status, expected_from, reason, fencing_token };
    let person = crate::support::person();
    let moved = service::board::moves::move_issue(app, &person, command).await;
    moved.map(drop).map_err(|error| error.to_string())
}

/// What is left, so that the client has seen it in a response.
async fn leave(given: &Given, points: i64) {
    given.github.set_rate_limit(points, start_of_time() + TimeDelta::minutes(60));
    read(&given.app, Feature::Changes).await.unwrap();
}

#[tokio::test]
async fn requests_are_given_up_in_order_and_moves_last() {
    given(async |given: &mut Given| {
        given.with_issues(&[("A lamp", &["status/backlog"])]).await;
        for (left, sent) in [(1_500, 5), (1_300, 4), (900, 3), (700, 2), (400, 1), (3, 1)] {
            leave(given, left).await;
            let mut refused = Vec::new();
            for feature in Feature::ALL {
                match read(&given.app, feature).await {
                    Ok(()) => {}
                    Err(Error::Saved { .. }) => refused.push(feature),
                    Err(error) => panic!("{error}"),
                }
            }
            assert_eq!(refused, Feature::ALL[..5 - sent], "{left} points are left");
        }
        leave(given, 400).await;
        move_to(given, &given.app, 1, Status::Ready).await.unwrap();
        let error = service::repositories::sync::sync_stale(&given.app, Duration::ZERO).await;
        assert!(error.unwrap_err().to_string().contains("kept for claims and moves"));
    })
    .await;
}

#[tokio::test]
async fn the_window_ends_and_everything_is_sent_again() {
    given(async |given: &mut Given| {
        given.with_issues(&[]).await;
        leave(given, 100).await;
        assert!(read(&given.app, Feature::Refresh).await.is_err());
        given.advance(61 * 60);
        read(&given.app, Feature::Automation).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn two_replicas_share_what_is_left_and_what_was_spent() {
    given(async |given: &mut Given| {
        given.with_issues(&[("A lamp", &["status/backlog"])]).await;
        let other = given.replica().await;
        exchange(&given.app).await.unwrap();
        exchange(&other).await.unwrap();
        assert_eq!(budgets(&other)[0].principal.as_deref(), Some("user:dispatch-bot"));
        let before: i64 = budgets(&other)[0].spent.iter().map(|one| one.requests).sum();
        leave(given, 100).await;
        read(&other, Feature::Changes).await.unwrap();
        move_to(given, &given.app, 1, Status::Ready).await.unwrap();
        given.github.set_rate_limit(5_000, start_of_time() + TimeDelta::minutes(60));
        exchange(&given.app).await.unwrap();
        exchange(&other).await.unwrap();
        exchange(&given.app).await.unwrap();
        let (ours, theirs) = (&budgets(&given.app)[0], &budgets(&other)[0]);
        assert_eq!(ours.spent, theirs.spent);
        let after: i64 = theirs.spent.iter().map(|one| one.requests).sum();
        assert!(after > before + 2, "{before} and then {after}");
        assert_eq!(ours.rates, theirs.rates);
        assert!(matches!(read(&other, Feature::Refresh).await, Err(Error::Saved { .. })));
    })
    .await;
}

#[tokio::test]
async fn a_pause_is_obeyed_by_the_other_replica() {
    given(async |given: &mut Given| {
        given.with_issues(&[("A lamp", &["status/backlog"])]).await;
        let other = given.replica().await;
        exchange(&given.app).await.unwrap();
        exchange(&other).await.unwrap();
        let retry_after = Some(Duration::from_secs(90));
        given.github.inject(Fault::SecondaryLimit { retry_after }.on_anything());
        assert!(read(&given.app, Feature::Changes).await.is_err());
        exchange(&given.app).await.unwrap();
        exchange(&other).await.unwrap();
        given.github.forget_requests();
        let until = start_of_time() + TimeDelta::seconds(90);
        assert_eq!(read(&other, Feature::Changes).await, Err(Error::RateLimited { until }));
        assert!(move_to(given, &other, 1, Status::Ready).await.is_err());
        assert_eq!(given.github.total(), 0, "nothing was sent");
        given.advance(91);
        move_to(given, &other, 1, Status::Ready).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn writes_stop_before_github_refuses_them() {
    let settings = [("GITHUB_WRITES_PER_MINUTE", "2"), ("GITHUB_WRITES_PER_HOUR", "3")];
    given_settings(&settings, async |given: &mut Given| {
        given.with_issues(&[("A", &["status/backlog"]), ("B", &["status/backlog"])]).await;
        for status in ["status/ready", "status/in-review"] {
            given.github.add_label("acme/tools", status, "f59e0b").unwrap();
        }
        let other = given.replica().await;
        exchange(&other).await.unwrap();
        move_to(given, &given.app, 1, Status::Ready).await.unwrap();
        move_to(given, &given.app, 2, Status::Ready).await.unwrap();
        exchange(&given.app).await.unwrap();
        exchange(&other).await.unwrap();
        let refused = move_to(given, &other, 1, Status::InReview).await.unwrap_err();
        assert!(refused.contains("2026-05-20T12:01:00Z"), "{refused}");
        given.advance(120);
        move_to(given, &other, 1, Status::InReview).await.unwrap();
        let refused = move_to(given, &other, 2, Status::InReview).await.unwrap_err();
        assert!(refused.contains("2026-05-20T13:01:00Z"), "of the hour: {refused}");
    })
    .await;
}

#[tokio::test]
async fn what_could_not_be_stored_is_stored_later() {
    given(async |given: &mut Given| {
        given.with_issues(&[]).await;
        exchange(&given.app).await.unwrap();
        read(&given.app, Feature::Refresh).await.unwrap();
        let before: i64 = budgets(&given.app)[0].spent.iter().map(|one| one.requests).sum();
        given.database.run("ALTER TABLE github_spending RENAME TO away").await;
        assert!(exchange(&given.app).await.is_err());
        given.database.run("ALTER TABLE away RENAME TO github_spending").await;
        exchange(&given.app).await.unwrap();
        let after: i64 = budgets(&given.app)[0].spent.iter().map(|one| one.requests).sum();
        assert_eq!(before, after);
    })
    .await;
}

#[tokio::test]
async fn clients_see_what_is_left_and_what_it_was_spent_on() {
    given(async |given: &mut Given| {
        given.with_issues(&[("A lamp", &["status/backlog"])]).await;
        exchange(&given.app).await.unwrap();
        move_to(given, &given.app, 1, Status::Ready).await.unwrap();
        let data = given.graphql(BUDGETS, json!({})).await;
        let budget = &data["githubBudgets"][0];
        assert_eq!(budget["principal"], "user:dispatch-bot");
        assert_eq!((&budget["reserve"], &budget["pausedUntil"]), (&json!(500), &Value::Null));
        let graphql = budget["resources"].as_array().unwrap();
        let graphql = graphql.iter().find(|one| one["resource"] == "GRAPHQL").unwrap();
        assert_eq!(graphql["limit"], 5_000);
        let (left, of_points) = given.github.rate_limit();
        assert_eq!(graphql["remaining"], left);
        assert!(graphql["forecast"].as_i64().unwrap() < left, "{of_points}");
        let spent = |feature: &str| {
            let all = budget["spending"].as_array().unwrap();
            all.iter()
                .find(|one| one["resource"] == "GRAPHQL" && one["feature"] == feature)
                .map(|one| one["requests"].as_i64().unwrap())
                .unwrap()
        };
        assert!(spent("CHANGES") >= 2 && spent("REFRESH") >= 1, "{budget:#}");
        assert_eq!((spent("SWEEP"), spent("AUTOMATION")), (0, 0));
        assert!(budget["writesInLastHour"].as_i64().unwrap() >= 1);
        assert!(budget["history"].as_array().unwrap().len() >= 2);
        for minutes in [i32::MIN, 0, 61] {
            let query =
                format!("{{ githubBudgets {{ history(minutes: {minutes}) {{ points }} }} }}");
            let answer = given.try_graphql(&query, json!({})).await;
            let code = &answer["errors"][0]["extensions"]["code"];
            assert_eq!(code, "BAD_USER_INPUT", "{minutes}");
        }
    })
    .await;
}

#[tokio::test]
async fn moves_go_on_over_rest_while_graphql_is_spent_and_return_to_it() {
    given(async |given: &mut Given| {
        given.with_issues(&[("A lamp", &["status/backlog", "type/bug"])]).await;
        given.github.exhaust_rate_limit(start_of_time() + TimeDelta::minutes(60));
        // The repository lacks the label, which is created over REST too.
        move_to(given, &given.app, 1, Status::Ready).await.unwrap();
        assert_eq!(given.github.labels("acme/tools", 1), ["type/bug", "status/ready"]);
        assert_eq!(given.issue(1).await.status, Status::Ready);
        given.github.forget_requests();
        move_to(given, &given.app, 1, Status::Backlog).await.unwrap();
        assert_eq!(given.github.labels("acme/tools", 1), ["status/backlog", "type/bug"]);
        let of_graphql = ["LiveLabels", "ChangeLabels"].map(|name| given.github.count(name));
        assert_eq!(of_graphql, [0, 0], "GraphQL is not asked before it has points again");
        assert_eq!(given.github.count("POST /repos/{owner}/{repo}/issues/{id}/labels"), 1);

        given.advance(61 * 60);
        given.github.forget_requests();
        move_to(given, &given.app, 1, Status::Ready).await.unwrap();
        assert_eq!(
            (
                given.github.count("ChangeLabels"),
                given.github.count("POST /repos/{owner}/{repo}/issues/{id}/labels")
            ),
            (1, 0)
        );
    })
    .await;
}

#[tokio::test]
async fn over_rest_a_renamed_repository_is_refused_and_not_taken_for_done() {
    given(async |given: &mut Given| {
        given.with_issues(&[("A lamp", &["status/backlog"])]).await;
        given.github.rename_repository("acme/tools", "acme/lamps").unwrap();
        given.github.exhaust_rate_limit(start_of_time() + TimeDelta::minutes(60));
        let refused = move_to(given, &given.app, 1, Status::Ready).await.unwrap_err();
        assert!(refused.to_string().contains("may have been renamed"), "{refused}");
        assert_eq!(given.github.labels("acme/lamps", 1), ["status/backlog"]);
        assert_eq!(given.issue(1).await.status, Status::Backlog);
    })
    .await;
}

#[tokio::test]
async fn a_claim_goes_on_over_rest_too() {
    given(async |given: &mut Given| {
        given.with_issues(&[("A lamp", &["status/ready", "priority/p1"])]).await;
        given.github.exhaust_rate_limit(start_of_time() + TimeDelta::minutes(60));
        let claim =
            "mutation { claimNext(input: { agent: \"alpha\" }) { lease { issue { number } } } }";
        let claimed = given.graphql_as_agent(claim, json!({})).await;
        assert_eq!(claimed["claimNext"]["lease"]["issue"]["number"], 1, "{claimed}");
        let labels = given.github.labels("acme/tools", 1);
        assert!(labels.contains(&"agent/alpha".to_owned()), "{labels:?}");
    })
    .await;
}

#[tokio::test]
async fn a_pause_of_everything_is_no_reason_to_go_over_rest() {
    let stated = Fault::SecondaryLimit { retry_after: Some(Duration::from_secs(90)) };
    // GitHub also says so with a status of success.
    let with_success = Fault::error("", "You have exceeded a secondary rate limit.");
    for fault in [stated, with_success] {
        given(async |given: &mut Given| {
            given.with_issues(&[("A lamp", &["status/backlog"])]).await;
            given.github.inject(fault.clone().on("LiveLabels"));
            assert!(move_to(given, &given.app, 1, Status::Ready).await.is_err());
            assert_eq!(given.github.count("GET /repos/{owner}/{repo}/issues/{id}"), 0);
        })
        .await;
    }
}

#[tokio::test]
async fn over_rest_no_label_stands_for_all_labels() {
    given(async |given: &mut Given| {
        given.with_issues(&[("A lamp", &["..", "status/backlog"])]).await;
        given.github.exhaust_rate_limit(start_of_time() + TimeDelta::minutes(60));
        let body = json!({ "repoFullName": "acme/tools", "issueNumber": 1, "label": ".." });
        let answer = given.ask("POST", "/api/issues/unlabel", Some(body)).await;
        assert!(!answer.status.is_success(), "{}", answer.text());
        assert_eq!(given.github.labels("acme/tools", 1), ["..", "status/backlog"]);
        let removals = "DELETE /repos/{owner}/{repo}/issues/{id}/labels";
        assert_eq!(given.github.count(removals), 0);
    })
    .await;
}
