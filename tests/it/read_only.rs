//! Read-only repositories: archived, locked, without issues, or without permission. They are shown
//! with the reason, and never served.

use dispatch::domain::{ReadOnlyReason, Status};
use dispatch::service::board::moves::{MoveIssue, move_issue};
use dispatch::service::claims::assignments::assign_agent;
use dispatch::service::claims::backoffs::{end_backoffs, retry_issue};
use dispatch::service::{self, Error};
use dispatch::simulator::{Access, Fault};
use serde_json::{Value, json};

use crate::support::{Given, REPOSITORY, given, person};

/// Each reason with GitHub's message about such a repository.
fn reasons() -> [(ReadOnlyReason, &'static str, Access); 5] {
    let usual = Access::default;
    [
        (ReadOnlyReason::Archived, "ARCHIVED", Access { is_archived: true, ..usual() }),
        (ReadOnlyReason::Disabled, "DISABLED", Access { is_disabled: true, ..usual() }),
        (ReadOnlyReason::Locked, "LOCKED", Access { is_locked: true, ..usual() }),
        (
            ReadOnlyReason::IssuesDisabled,
            "ISSUES_DISABLED",
            Access { has_issues: false, ..usual() },
        ),
        (ReadOnlyReason::NoPermission, "NO_PERMISSION", Access { permission: "READ", ..usual() }),
    ]
}

async fn read_only_reason(given: &Given) -> Value {
    let query = "{ repositories { readOnlyReason }
        issues { nodes { repository { readOnlyReason } } } }";
    let data = given.graphql(query, json!({})).await;
    let of_repository = data["repositories"][0]["readOnlyReason"].clone();
    for issue in data["issues"]["nodes"].as_array().unwrap() {
        assert_eq!(issue["repository"]["readOnlyReason"], of_repository);
    }
    of_repository
}

#[tokio::test]
async fn issues_of_read_only_repositories_are_never_served() {
    for (reason, word, access) in reasons() {
        given(async |given| {
            given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/ready"])]).await;
            assert_eq!(read_only_reason(given).await, Value::Null);
            given.github.set_access(REPOSITORY, access.clone()).unwrap();
            given.advance(120);
            given.sync().await;
            assert_eq!(read_only_reason(given).await, word);

            let issue = given.issue(1).await;
            given.github.forget_requests();
            let command = MoveIssue {
                issue_id: issue.id,
                to: Status::Done,
                expected_from: None,
                reason: None,
                fencing_token: None,
            };
            let refusals = [
                move_issue(&given.app, &person(), command).await.map(drop),
                assign_agent(&given.app, &person(), issue.id, Some("alpha")).await.map(drop),
            ];
            for refusal in refusals {
                let Err(Error::Conflict { what, .. }) = refusal else { panic!("{refusal:?}") };
                let said = format!("{REPOSITORY} {}", reason.phrase());
                assert!(what.starts_with(&said), "{what}");
            }
            let claim = "mutation { claimNext(input: {agent: \"alpha\"}) {
                lease { id } idleReason } }";
            let data = given.graphql_as_agent(claim, json!({})).await;
            assert_eq!(data["claimNext"]["lease"], Value::Null);
            let idle = data["claimNext"]["idleReason"].as_str().unwrap();
            assert!(idle.contains("2 in repositories where nothing can be changed"), "{idle}");
            assert_eq!(given.github.total(), 0, "GitHub is not asked for what it would refuse");

            let query = "query($id: ID!) {
                queue(agent: \"alpha\") { rank skipReasons summary }
                explainWork(agent: \"alpha\", issueId: $id) { rank skipReasons summary } }";
            let data = given.graphql(query, json!({ "id": issue.id })).await;
            let queue = data["queue"].as_array().unwrap();
            assert_eq!(queue.len(), 2, "{data}");
            for one in queue.iter().chain([&data["explainWork"]]) {
                assert_eq!(one["rank"], Value::Null);
                assert_eq!(one["skipReasons"], json!(["REPOSITORY_DISABLED"]));
                assert!(one["summary"].as_str().unwrap().contains(reason.phrase()), "{one}");
            }

            // Once writable, it is served again.
            given.github.set_access(REPOSITORY, Access::default()).unwrap();
            given.advance(120);
            given.sync().await;
            assert_eq!(read_only_reason(given).await, Value::Null);
            let data = given.graphql_as_agent(claim, json!({})).await;
            assert!(data["claimNext"]["lease"].is_object(), "{data}");
        })
        .await;
    }
}

/// A token may have fewer permissions than its user, and GitHub reports only those of the user.
#[tokio::test]
async fn an_issue_refused_by_github_backs_off() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &[])]).await;
        let issue = given.issue(1).await;
        let is_moved = async |to: Status| {
            let command = MoveIssue {
                issue_id: issue.id,
                to,
                expected_from: None,
                reason: None,
                fencing_token: None,
            };
            move_issue(&given.app, &person(), command).await.is_ok()
        };
        let refuse = || {
            let said = "Resource not accessible by personal access token";
            given.github.inject(Fault::error("FORBIDDEN", said).on("ChangeLabels").always());
        };
        let resyncs = async || {
            given.database.number("SELECT count(*) FROM event_log WHERE kind = 'resync'").await
        };
        for (to, ends_by) in [
            (Status::Done, "a change"),
            (Status::Ready, "somebody who retries"),
            (Status::Ready, "time"),
        ] {
            refuse();
            let before = resyncs().await;
            assert!(!is_moved(to).await);
            assert_eq!(read_only_reason(given).await, "NO_PERMISSION");
            assert_eq!(resyncs().await, before + 1, "every card there shows it");
            assert!(!is_moved(to).await, "GitHub rejects the change anyway");
            given.sync().await;
            end_backoffs(&given.app).await.unwrap();
            assert_eq!(read_only_reason(given).await, "NO_PERMISSION");
            assert_eq!(resyncs().await, before + 1);
            given.github.clear_faults();
            match ends_by {
                "a change" => assert!(is_moved(to).await),
                "time" => {
                    given.advance(15 * 60 + 31);
                    end_backoffs(&given.app).await.unwrap();
                }
                _ => drop(retry_issue(&given.app, &person(), issue.id).await.unwrap()),
            }
            assert_eq!(read_only_reason(given).await, Value::Null, "{ends_by}");
            assert_eq!(resyncs().await, before + 2, "{ends_by}");
        }
    })
    .await;
}

/// An agent can claim other work while it holds an issue that can no longer be changed.
#[tokio::test]
async fn a_lease_there_ends_with_its_time() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let claim = "mutation { claimNext(input: {agent: \"alpha\", leaseSeconds: 60}) {
            lease { id } } }";
        given.graphql_as_agent(claim, json!({})).await;
        let archived = Access { is_archived: true, ..Access::default() };
        given.github.set_access(REPOSITORY, archived).unwrap();
        given.advance(120);
        given.sync().await;
        service::claims::leases::expire_leases(&given.app).await.unwrap();
        let data = given.graphql("{ agents { name leases { id } } }", json!({})).await;
        assert_eq!(data["agents"], json!([{ "name": "alpha", "leases": [] }]));

        // Once it can be changed again, its issue is served to others.
        given.github.set_access(REPOSITORY, Access::default()).unwrap();
        given.advance(60);
        given.sync().await;
        service::claims::leases::expire_leases(&given.app).await.unwrap();
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/ready"]);
        let claim = "mutation { claimNext(input: {agent: \"beta\"}) { lease { agent } } }";
        let data = given.graphql_as_agent(claim, json!({})).await;
        assert_eq!(data["claimNext"]["lease"]["agent"], "beta");
    })
    .await;
}
