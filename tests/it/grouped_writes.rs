//! Changes that wait at the same moment share requests to GitHub, and fail each for itself.

use std::time::Duration;

use dispatch::domain::Status;
use dispatch::service::Error;
use dispatch::service::board::moves::{MoveIssue, MoveIssues, move_issue, move_issues};
use dispatch::service::claims::{ClaimNext, claim_next};
use dispatch::simulator::Fault;

use crate::support::{Given, REPOSITORY, agent, given, person};

/// Moves all issues of the repository to In review, and says which succeeded.
async fn move_all(given: &Given, many: i32) -> Vec<Result<(), Error>> {
    let mut issue_ids = Vec::new();
    for number in 1..=many {
        issue_ids.push(given.issue(number).await.id);
    }
    let to = Status::InReview;
    let command = MoveIssues { issue_ids, to, expected_from: None, reason: None };
    let moved = move_issues(&given.app, &person(), command).await.unwrap();
    moved.into_iter().map(|(_, outcome)| outcome.map(drop)).collect()
}

/// The cache has what GitHub has.
async fn assert_same(given: &Given, many: i32) {
    for number in 1..=many {
        let on_github = given.github.labels(REPOSITORY, i64::from(number));
        assert_eq!(given.issue(number).await.labels, on_github.into(), "issue {number}");
    }
}

const CARD: (&str, &[&str]) = ("Card", &["status/ready"]);

#[tokio::test]
async fn a_hundred_moves_need_at_most_eight_requests() {
    given(async |given| {
        given.with_issues(&[&[CARD; 100][..], &[("Other", &["status/in-review"])]].concat()).await;
        given.github.forget_requests();
        assert!(move_all(given, 100).await.iter().all(Result::is_ok));
        assert!(given.github.total() <= 8, "{} requests", given.github.total());
        assert_same(given, 100).await;
    })
    .await;
}

#[tokio::test]
async fn a_lone_move_is_two_requests() {
    given(async |given| {
        given.with_issues(&[CARD, ("Other", &["status/in-review"])]).await;
        given.github.forget_requests();
        let issue_id = given.issue(1).await.id;
        let to = Status::InReview;
        let command =
            MoveIssue { issue_id, to, expected_from: None, reason: None, fencing_token: None };
        move_issue(&given.app, &person(), command).await.unwrap();
        assert_eq!(given.github.total(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_refused_part_fails_one_issue() {
    given(async |given| {
        given.with_issues(&[&[CARD; 6][..], &[("Other", &["status/in-review"])]].concat()).await;
        let message = "No".to_owned();
        let fault = Fault::RefuseAlias { alias: "added_2", kind: "UNPROCESSABLE", message };
        given.github.inject(fault.on("ChangeLabels"));
        let moved = move_all(given, 6).await;
        assert_eq!(moved.iter().filter(|outcome| outcome.is_err()).count(), 1, "{moved:?}");
        assert_same(given, 6).await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_lost_after_half_settles_each_issue_by_reading() {
    given(async |given| {
        given.with_issues(&[&[CARD; 6][..], &[("Other", &["status/in-review"])]].concat()).await;
        let message = "No".to_owned();
        let fault = Fault::RefuseAfter { done: 6, kind: "INTERNAL", message };
        given.github.inject(fault.on("ChangeLabels"));
        given.github.inject(Fault::DropAfter.on("ChangeLabels"));
        let moved = move_all(given, 6).await;
        assert_eq!(moved.iter().filter(|outcome| outcome.is_ok()).count(), 3, "{moved:?}");
        assert_eq!(given.github.count("ChangeLabels"), 1, "never sent twice");
        assert_same(given, 6).await;
    })
    .await;
}

#[tokio::test]
async fn a_limit_in_the_middle_refuses_the_rest() {
    given(async |given| {
        given.with_issues(&[&[CARD; 6][..], &[("Other", &["status/in-review"])]].concat()).await;
        let message = "You have exceeded a secondary rate limit".to_owned();
        let fault = Fault::RefuseAfter { done: 6, kind: "RATE_LIMITED", message };
        given.github.inject(fault.on("ChangeLabels"));
        let moved = move_all(given, 6).await;
        let limited =
            |outcome: &&Result<(), Error>| matches!(outcome, Err(Error::RateLimited { .. }));
        assert_eq!(moved.iter().filter(limited).count(), 3, "{moved:?}");
        assert_eq!(given.github.count("ChangeLabels"), 1, "never sent twice");
        assert_same(given, 6).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_claims_at_once_need_at_most_ten_requests() {
    given(async |given| {
        given.with_issues(&[&[CARD; 50][..], &[("Other", &["status/in-progress"])]].concat()).await;
        for number in 0..50 {
            let label = format!("agent/agent-{number}");
            given.github.add_label(REPOSITORY, &label, "f59e0b").unwrap();
        }
        given.github.set_answer_delay(Duration::from_millis(250));
        given.github.forget_requests();
        let claims = (0..50).map(async |number| {
            let name = format!("agent-{number}");
            let next = ClaimNext { agent: name.clone(), ..ClaimNext::default() };
            claim_next(&given.app, &agent(&name), next).await.unwrap().lease
        });
        let leases = futures_util::future::join_all(claims).await;
        assert_eq!(leases.iter().flatten().count(), 50);
        let requests = given.github.requests();
        let log: Vec<_> = requests.iter().map(|one| (&one.operation, one.at)).collect();
        assert!(log.len() <= 10, "{log:?}");
        assert_same(given, 50).await;
    })
    .await;
}

#[tokio::test]
async fn a_missing_label_is_created_once_for_all() {
    given(async |given| {
        given.with_issues(&[CARD; 30]).await;
        given.github.forget_requests();
        assert!(move_all(given, 30).await.iter().all(Result::is_ok));
        assert_eq!(given.github.count("CreateLabel"), 1);
        assert_same(given, 30).await;
    })
    .await;
}

#[tokio::test]
async fn documents_become_smaller_while_github_times_out() {
    given(async |given| {
        given.with_issues(&[&[CARD; 40][..], &[("Other", &["status/in-review"])]].concat()).await;
        let timeout = "Something went wrong while executing your query. This may be the result of a \
                       timeout";
        let fault = Fault::RefuseAfter { done: 0, kind: "", message: timeout.to_owned() };
        given.github.inject(fault.on("ChangeLabels").times(2));
        let failed = move_all(given, 40).await.iter().filter(|outcome| outcome.is_err()).count();
        assert!((30..=40).contains(&failed), "of twenty, and of twenty or already ten: {failed}");
        given.github.forget_requests();
        assert!(move_all(given, 40).await.iter().all(Result::is_ok));
        assert!(given.github.count("ChangeLabels") > 2, "they are smaller now");
        assert_same(given, 40).await;
    })
    .await;
}
