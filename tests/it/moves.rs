//! Moving a card: labels, audit and events agree, whatever GitHub does.

use std::time::Duration;

use dispatch::domain::events::EventKind;
use dispatch::domain::{EventCursor, IssueState, LabelSet, Status};
use dispatch::service::board::moves::{MoveIssue, MoveIssues, move_issue, move_issues, undo_move};
use dispatch::service::change::ChangeOutcome;
use dispatch::service::events::{Replay, events_after};
use dispatch::service::recovery::settle_overdue;
use dispatch::service::{self, App, Error};
use dispatch::simulator::{Fault, Gate, Write};
use dispatch::store::audit::AuditFilter;
use dispatch::store::{AuditEntry, Event, Issue, PageRequest};

use crate::support::{Given, REPOSITORY, given, person};

fn to(issue: &Issue, to: Status) -> MoveIssue {
    MoveIssue { issue_id: issue.id, to, expected_from: None, reason: None, fencing_token: None }
}

async fn try_move(app: &App, issue: &Issue, target: Status) -> Result<ChangeOutcome, Error> {
    move_issue(app, &person(), to(issue, target)).await
}

async fn audit(given: &Given) -> Vec<AuditEntry> {
    let all = PageRequest::first(100);
    let page = service::audit::audit_log(&given.app, &AuditFilter::default(), &all).await.unwrap();
    page.rows.into_iter().filter(|entry| entry.issue_id.is_some()).collect()
}

/// Events of issues after a position.
async fn events(given: &Given, after: EventCursor) -> Vec<Event> {
    match events_after(&given.app, after, 100).await.unwrap() {
        Replay::Events(events) => {
            events.into_iter().filter(|event| event.issue_id.is_some()).collect()
        }
        Replay::Gap { reason, .. } => panic!("{reason}"),
    }
}

async fn position(given: &Given) -> EventCursor {
    service::events::position(&given.app).await.unwrap()
}

/// Asserts that GitHub, the cache and the newest audit entry agree.
async fn assert_agreement(given: &Given, number: i32) {
    let issue = given.issue(number).await;
    let on_github = LabelSet::from(given.github.labels(REPOSITORY, i64::from(number)));
    assert_eq!(issue.labels, on_github, "cache and GitHub differ");
    assert_eq!(issue.status, on_github.effective_status(issue.state));
    let entry = audit(given).await.into_iter().next().expect("an entry");
    assert_eq!(entry.after_labels, on_github, "audit and GitHub differ");
}

#[tokio::test]
async fn a_move_changes_labels_audit_and_board() {
    given(async |given| {
        given.with_issues(&[("Teach the importer", &["status/ready", "bug", "agent/alpha"])]).await;
        let before = position(given).await;

        let moved = try_move(&given.app, &given.issue(1).await, Status::InReview).await.unwrap();

        let after = LabelSet::from(["bug", "agent/alpha", "status/in-review"]);
        assert_eq!(moved.issue.labels, after);
        assert_eq!(moved.issue.status, Status::InReview);
        assert_eq!(given.github.labels(REPOSITORY, 1), after.names());
        let entry = &moved.audit_entry;
        assert_eq!((entry.actor.as_str(), entry.action.as_str()), ("user", "move_issue"));
        assert_eq!(entry.before_labels, LabelSet::from(["status/ready", "bug", "agent/alpha"]));
        assert_eq!((&entry.after_labels, entry.success), (&after, Some(true)));
        let events = events(given, before).await;
        let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::IssueMoved, EventKind::AuditEntryAdded]);
        assert_eq!(moved.cursor, events[0].id);
        assert_eq!(events[0].before.as_ref().map(|facts| facts.status), Some(Status::Ready));
        assert_eq!(events[0].after.as_ref().map(|facts| facts.status), Some(Status::InReview));
        assert_agreement(given, 1).await;
    })
    .await;
}

#[tokio::test]
async fn every_status_label_but_the_target_goes() {
    given(async |given| {
        let labels = ["status/backlog", "status/in-review", "status/unheard-of", "x"];
        given.with_issues(&[("Two columns", &labels)]).await;
        let moved = try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap();
        assert_eq!(moved.issue.labels, LabelSet::from(["x", "status/done"]));
        assert_eq!(moved.issue.state, IssueState::Open, "a move never closes");
        assert_agreement(given, 1).await;
    })
    .await;
}

#[tokio::test]
async fn a_missing_label_is_created_in_its_colour() {
    given(async |given| {
        given.with_issues(&[("No labels at all", &[])]).await;
        try_move(&given.app, &given.issue(1).await, Status::InProgress).await.unwrap();
        let color = given.github.label_color(REPOSITORY, "status/in-progress");
        assert_eq!(color.as_deref(), Some("3b82f6"));
        assert_agreement(given, 1).await;
    })
    .await;
}

#[tokio::test]
async fn concurrent_label_changes_are_respected() {
    given(async |given| {
        given.with_issues(&[("Busy", &["status/ready"])]).await;
        given.github.relabel(REPOSITORY, 1, &["help wanted"], &[]).unwrap();
        let moved = try_move(&given.app, &given.issue(1).await, Status::InProgress).await.unwrap();
        assert_eq!(moved.issue.labels, LabelSet::from(["help wanted", "status/in-progress"]));
        assert_agreement(given, 1).await;
    })
    .await;
}

#[tokio::test]
async fn a_move_within_the_column_writes_nothing_to_github() {
    given(async |given| {
        given.with_issues(&[("Stays", &["status/ready"])]).await;
        let moved = try_move(&given.app, &given.issue(1).await, Status::Ready).await.unwrap();
        assert_eq!(given.github.take_writes(), []);
        assert_eq!(moved.audit_entry.success, Some(true));
        assert_eq!(moved.cursor, position(given).await);
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_is_elsewhere_by_now_is_a_conflict() {
    given(async |given| {
        given.with_issues(&[("Moved on", &["status/ready"])]).await;
        let issue = given.issue(1).await;
        given.github.relabel(REPOSITORY, 1, &["status/in-review"], &["status/ready"]).unwrap();

        let command =
            MoveIssue { expected_from: Some(Status::Ready), ..to(&issue, Status::InProgress) };
        let refused = move_issue(&given.app, &person(), command).await.unwrap_err();

        let Error::Conflict { current, .. } = refused else { panic!("{refused:?}") };
        assert_eq!(current, Some(Status::InReview));
        assert_eq!(given.issue(1).await.status, Status::InReview, "the board has caught up");
        assert_eq!(audit(given).await.len(), 0, "nothing was attempted");
    })
    .await;
}

#[tokio::test]
async fn a_closed_issue_stays_done() {
    given(async |given| {
        given.with_issues(&[("Finished", &["status/in-review"])]).await;
        let issue = given.issue(1).await;
        given.github.close(REPOSITORY, 1).unwrap();
        let refused = try_move(&given.app, &issue, Status::Ready).await.unwrap_err();
        assert_eq!(refused.to_string(), "Cannot move a closed issue");
        let row = given.issue(1).await;
        assert_eq!((row.state, row.status), (IssueState::Closed, Status::Done));
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/in-review"]);
    })
    .await;
}

#[tokio::test]
async fn blocked_needs_a_reason_and_forgets_it_on_leaving() {
    given(async |given| {
        given.with_issues(&[("Stuck", &["status/ready"])]).await;
        let issue = given.issue(1).await;
        let refused = try_move(&given.app, &issue, Status::Blocked).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid { field: "reason", .. }), "{refused:?}");

        let reason = Some("waits for the new certificate".to_owned());
        let command = MoveIssue { reason: reason.clone(), ..to(&issue, Status::Blocked) };
        let moved = move_issue(&given.app, &person(), command).await.unwrap();
        assert_eq!(moved.issue.blocked_reason, reason);
        given.advance(60);
        given.sync().await;
        assert_eq!(given.issue(1).await.blocked_reason, reason, "a sync keeps it");

        let moved = try_move(&given.app, &issue, Status::Ready).await.unwrap();
        assert_eq!(moved.issue.blocked_reason, None);
    })
    .await;
}

#[tokio::test]
async fn of_two_concurrent_moves_one_wins_and_the_other_conflicts() {
    given(async |given| {
        given.with_issues(&[("Wanted twice", &["status/ready"])]).await;
        let issue = given.issue(1).await;
        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("ChangeLabels"));

        let first = async {
            try_move(&given.app, &issue, Status::InProgress).await.unwrap();
        };
        let second = async {
            gate.arrived().await;
            let refused = try_move(&given.app, &issue, Status::Done).await.unwrap_err();
            gate.open();
            let Error::Conflict { current, pending, .. } = refused else { panic!("{refused:?}") };
            assert_eq!((current, pending), (Some(Status::Ready), Some(Status::InProgress)));
        };
        tokio::join!(Box::pin(first), Box::pin(second));

        assert_eq!(given.issue(1).await.status, Status::InProgress);
        assert_agreement(given, 1).await;
    })
    .await;
}

#[tokio::test]
async fn a_refusal_changes_nothing_and_is_audited() {
    given(async |given| {
        given.with_issues(&[("Protected", &["status/ready"])]).await;
        let before = position(given).await;
        given
            .github
            .inject(Fault::error("UNPROCESSABLE", "Resource not accessible").on("ChangeLabels"));

        let refused = try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap_err();

        assert!(matches!(refused, Error::Upstream(_)), "{refused:?}");
        assert_eq!(refused.to_string(), "GitHub API error: 422 Resource not accessible");
        assert_eq!(given.issue(1).await.status, Status::Ready);
        let entry = &audit(given).await[0];
        assert_eq!(entry.success, Some(false));
        assert_eq!(entry.error_message, Some(refused.to_string()));
        let kinds: Vec<_> = events(given, before).await.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::AuditEntryAdded], "no event on the board");
        assert_agreement(given, 1).await;
    })
    .await;
}

#[tokio::test]
async fn unreadable_live_labels_are_written_down_too() {
    given(async |given| {
        given.with_issues(&[("Unread", &["status/ready"])]).await;
        given.github.inject(Fault::refuse(403, "no").on("LiveLabels").always());
        let refused = try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap_err();
        assert!(matches!(refused, Error::UpstreamUnreadable(_)), "{refused:?}");
        assert_eq!(given.github.take_writes(), []);
        assert_eq!(audit(given).await[0].success, Some(false));
    })
    .await;
}

#[tokio::test]
async fn a_change_done_by_half_is_undone() {
    given(async |given| {
        given.with_issues(&[("Half", &["status/ready", "bug"])]).await;
        let rule = Fault::RefuseField {
            field: "removeLabelsFromLabelable",
            kind: "FORBIDDEN",
            message: "not yours to remove".to_owned(),
        };
        given.github.inject(rule.on("ChangeLabels"));

        let refused = try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap_err();

        assert_eq!(refused.to_string(), "GitHub API error: 422 not yours to remove");
        let labels = given.github.labels(REPOSITORY, 1);
        assert_eq!(labels, ["status/ready", "bug"], "the label that was added is gone again");
        assert_agreement(given, 1).await;
    })
    .await;
}

/// A change of which GitHub rejects one part and whose response is lost.
fn half_and_lost(given: &Given, field: &'static str) {
    let message = "not now".to_owned();
    let half = Fault::RefuseField { field, kind: "FORBIDDEN", message };
    given.github.inject(half.on("ChangeLabels"));
    given.github.inject(Fault::DropAfter.on("ChangeLabels"));
}

#[tokio::test]
async fn a_partial_change_with_a_lost_response_is_undone() {
    for (field, left) in [
        ("removeLabelsFromLabelable", vec!["status/ready", "bug"]),
        ("addLabelsToLabelable", vec!["status/ready", "bug"]),
    ] {
        given(async |given| {
            given.with_issues(&[("Half", &["status/ready", "bug"])]).await;
            half_and_lost(given, field);
            let issue = given.issue(1).await;
            let refused = try_move(&given.app, &issue, Status::Done).await.unwrap_err();
            assert!(matches!(refused, Error::Upstream(_)), "{refused:?}");
            assert_eq!(given.github.labels(REPOSITORY, 1), left, "{field}");
            assert_eq!(audit(given).await[0].success, Some(false));
            assert_eq!(given.issue(1).await.status, Status::Ready);
            assert_agreement(given, 1).await;
        })
        .await;
    }
}

#[tokio::test]
async fn an_unsettled_partial_change_is_undone_by_recovery() {
    given(async |given| {
        given.with_issues(&[("Half", &["status/ready", "bug"])]).await;
        half_and_lost(given, "removeLabelsFromLabelable");
        given.github.inject(Fault::refuse(502, "away").on("LiveLabels").after(1).always());
        try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap_err();
        assert_eq!(given.github.labels(REPOSITORY, 1).len(), 3, "both columns");
        given.github.clear_faults();
        given.advance(15);
        settle_overdue(&given.app).await.unwrap();
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/ready", "bug"]);
        assert_eq!(audit(given).await[0].success, Some(false));
        assert_agreement(given, 1).await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_dropped_after_the_work_is_a_move_all_the_same() {
    given(async |given| {
        given.with_issues(&[("Dropped", &["status/ready"])]).await;
        given.github.inject(Fault::DropAfter.on("ChangeLabels"));
        let moved = try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap();
        assert_eq!(moved.audit_entry.success, Some(true));
        assert_eq!(given.github.count("ChangeLabels"), 1, "never sent twice");
        assert_agreement(given, 1).await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_never_came_and_no_work_is_a_failure_that_is_looked_at_again() {
    given(async |given| {
        given.with_issues(&[("Lost", &["status/ready"])]).await;
        given.github.inject(Fault::DropBefore.on("ChangeLabels"));
        try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap_err();
        let entry = audit(given).await.remove(0);
        assert_eq!(entry.success, Some(false));
        assert_agreement(given, 1).await;

        // A late request is executed after all; the second read updates the board.
        given.github.relabel(REPOSITORY, 1, &["status/done"], &["status/ready"]).unwrap();
        given.advance(61);
        settle_overdue(&given.app).await.unwrap();
        assert_eq!(given.issue(1).await.status, Status::Done);
    })
    .await;
}

#[tokio::test]
async fn an_unsettled_change_is_settled_after_its_deadline() {
    given(async |given| {
        given.with_issues(&[("Unseen", &["status/ready"])]).await;
        // The change is done, its response is lost, and GitHub is unavailable for the read.
        given.github.inject(Fault::DropAfter.on("ChangeLabels"));
        given.github.inject(Fault::refuse(502, "away").on("LiveLabels").after(1).always());
        try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap_err();
        assert_eq!(audit(given).await.len(), 0, "pending entries are invisible");

        let again = try_move(&given.app, &given.issue(1).await, Status::Ready).await;
        assert!(again.is_err(), "one unsettled change an issue");

        given.github.clear_faults();
        settle_overdue(&given.app).await.unwrap();
        assert_eq!(audit(given).await.len(), 1, "only the second move; the first is not overdue");
        given.advance(15);
        settle_overdue(&given.app).await.unwrap();
        settle_overdue(&given.app).await.unwrap();

        let settled = audit(given).await;
        assert_eq!(settled.len(), 2);
        assert_eq!((settled[0].success, settled[0].actor.as_str()), (Some(true), "user"));
        assert_eq!(given.issue(1).await.status, Status::Done);
        assert_agreement(given, 1).await;
    })
    .await;
}

#[tokio::test]
async fn an_issue_deleted_during_a_change_settles_as_a_failure() {
    given(async |given| {
        given.with_issues(&[("Vanishing", &["status/ready"])]).await;
        given.github.inject(Fault::DropBefore.on("ChangeLabels"));
        given.github.inject(Fault::refuse(502, "away").on("LiveLabels").after(1).always());
        try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap_err();
        given.github.clear_faults();
        given.github.delete_issue(REPOSITORY, 1).unwrap();
        given.advance(15);
        settle_overdue(&given.app).await.unwrap();
        assert_eq!(audit(given).await[0].success, Some(false));
    })
    .await;
}

#[tokio::test]
async fn replicas_settle_a_change_once() {
    given(async |given| {
        given.with_issues(&[("Shared", &["status/ready"])]).await;
        let other = given.replica().await;
        given.github.inject(Fault::DropAfter.on("ChangeLabels"));
        given.github.inject(Fault::refuse(502, "away").on("LiveLabels").after(1).always());
        try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap_err();
        given.github.clear_faults();
        given.advance(15);
        let before = position(given).await;
        let (one, two) = tokio::join!(settle_overdue(&given.app), settle_overdue(&other));
        one.and(two).unwrap();
        assert_eq!(audit(given).await.len(), 1);
        let kinds: Vec<_> = events(given, before).await.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::IssueMoved, EventKind::AuditEntryAdded]);
    })
    .await;
}

#[tokio::test]
async fn a_slow_github_request_times_out() {
    given(async |given| {
        given.with_issues(&[("Slow", &["status/ready"])]).await;
        let gate = Gate::new();
        given.github.inject(Fault::HoldAnswer(gate.clone()).on("ChangeLabels"));
        let issue = given.issue(1).await;
        let moving = try_move(&given.app, &issue, Status::Done);
        let limit = Duration::from_secs(15);
        let outcome = tokio::time::timeout(limit, moving).await.expect("it ends by itself");
        gate.open();
        assert!(outcome.is_err(), "the time for GitHub was used up");
        given.advance(15);
        settle_overdue(&given.app).await.unwrap();
        let entry = audit(given).await.remove(0);
        assert_eq!(entry.success, Some(true), "the work had been done");
        assert_agreement(given, 1).await;
    })
    .await;
}

#[tokio::test]
async fn a_move_is_counted_in_the_target_column() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/ready"])]).await;
        try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap();
        let wanted = service::board::normalized_filter(&given.app, None);
        let board = service::board::board(&given.app, &wanted, 10).await.unwrap();
        let totals: Vec<_> = board.columns.iter().map(|column| column.total).collect();
        assert_eq!(totals, [0, 1, 0, 0, 0, 1]);
    })
    .await;
}

#[tokio::test]
async fn the_only_writes_are_the_labels_of_the_move() {
    given(async |given| {
        given.with_issues(&[("Exact", &["status/ready", "bug"])]).await;
        try_move(&given.app, &given.issue(1).await, Status::InReview).await.unwrap();
        let repository = REPOSITORY.to_owned();
        assert_eq!(
            given.github.take_writes(),
            [
                Write::LabelCreated {
                    repository: repository.clone(),
                    name: "status/in-review".to_owned(),
                    color: "a855f7".to_owned(),
                },
                Write::Labelled {
                    repository: repository.clone(),
                    number: 1,
                    labels: vec!["status/in-review".to_owned()],
                },
                Write::Unlabelled {
                    repository,
                    number: 1,
                    labels: vec!["status/ready".to_owned()],
                },
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn an_undo_is_a_move_back_of_its_own() {
    given(async |given| {
        given.with_issues(&[("There and back", &["status/ready"])]).await;
        let moved = try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap();
        let entry = moved.audit_entry.id;
        let undone = undo_move(&given.app, &person(), entry).await.unwrap();
        assert_eq!(undone.issue.status, Status::Ready);
        assert_eq!(undone.audit_entry.action, "undo_move");
        assert_agreement(given, 1).await;

        let again = undo_move(&given.app, &person(), entry).await.unwrap_err();
        assert!(matches!(again, Error::Conflict { .. }), "it is elsewhere by now: {again:?}");
    })
    .await;
}

#[tokio::test]
async fn a_failed_move_cannot_be_undone() {
    given(async |given| {
        given.with_issues(&[("Refused", &["status/ready"])]).await;
        given.github.inject(Fault::error("FORBIDDEN", "no").on("ChangeLabels"));
        try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap_err();
        let entry = audit(given).await.remove(0);
        let refused = undo_move(&given.app, &person(), entry.id).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid { field: "auditEntryId", .. }), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn of_several_moves_each_succeeds_or_fails_for_itself() {
    given(async |given| {
        let titles = ["One", "Two", "Three", "Four", "Five", "Six"];
        given.with_issues(&titles.map(|title| (title, &["status/ready"][..]))).await;
        given.github.close(REPOSITORY, 3).unwrap();
        let mut ids = Vec::new();
        for number in 1..=6 {
            ids.push(given.issue(number).await.id);
        }
        try_move(&given.app, &given.issue(5).await, Status::InReview).await.unwrap();
        let to_done = |issue_ids| MoveIssues {
            issue_ids,
            to: Status::Done,
            expected_from: Some(Status::Ready),
            reason: None,
        };
        let moved = move_issues(&given.app, &person(), to_done(ids.clone())).await.unwrap();
        let outcomes: Vec<_> = moved.iter().map(|(id, outcome)| (*id, outcome.is_ok())).collect();
        let refused = [ids[2], ids[4]];
        let expected: Vec<_> = ids.iter().map(|id| (*id, !refused.contains(id))).collect();
        assert_eq!(outcomes, expected, "one is closed, and one is elsewhere than was seen");

        let many = to_done(vec![ids[0]; 101]);
        let refused = move_issues(&given.app, &person(), many).await;
        assert!(matches!(refused, Err(Error::Invalid { field: "issueIds", .. })));
        let twice = to_done(vec![ids[0], ids[1], ids[0]]);
        let refused = move_issues(&given.app, &person(), twice).await.unwrap_err();
        assert!(refused.to_string().contains("the same issue twice"), "{refused}");
    })
    .await;
}

/// The counts of the columns are kept under one lock for each repository. When they were locked one
/// by one, concurrent changes into an empty column deadlocked.
#[tokio::test]
async fn moves_into_an_empty_column_do_not_block_each_other() {
    given(async |given| {
        given.with_issues(&[("Card", &["status/ready"][..]); 12]).await;
        let numbers: Vec<i32> = (1..=12).collect();
        for number in (3..=12).step_by(3) {
            given.github.close(REPOSITORY, number).unwrap();
        }
        let targets = [Status::InProgress, Status::InReview, Status::Done, Status::Backlog];
        for target in targets {
            let moves = numbers.iter().map(async |number| {
                try_move(&given.app, &given.issue(*number).await, target).await
            });
            for (number, outcome) in numbers.iter().zip(futures_util::future::join_all(moves).await)
            {
                match outcome {
                    Ok(_) => assert!(number % 3 != 0, "{number} is closed"),
                    Err(error) => {
                        assert!(matches!(error, Error::Conflict { .. }), "{number}: {error:?}");
                        assert!(number % 3 == 0, "{number}: {error:?}");
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_can_be_filtered() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready", "agent/alpha"]), ("Two", &[])]).await;
        try_move(&given.app, &given.issue(1).await, Status::Done).await.unwrap();
        given.github.inject(Fault::error("FORBIDDEN", "no").on("ChangeLabels"));
        try_move(&given.app, &given.issue(2).await, Status::Done).await.unwrap_err();

        let numbers = async |filter: AuditFilter| -> Vec<Option<i32>> {
            let all = PageRequest::first(100);
            let page = service::audit::audit_log(&given.app, &filter, &all).await.unwrap();
            page.rows.into_iter().map(|entry| entry.issue_number).collect()
        };
        let any = AuditFilter::default;
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(numbers(any()).await, [Some(2), Some(1), None]);
        let failed = AuditFilter { success: Some(false), ..any() };
        assert_eq!(numbers(failed).await, [Some(2)]);
        let tracked = AuditFilter { action: text("add_tracked_repo"), ..any() };
        assert_eq!(numbers(tracked).await, [None]);
        let alpha = AuditFilter { agent: text("alpha"), ..any() };
        assert_eq!(numbers(alpha).await, [Some(1)]);
        let nobody = AuditFilter { actor: text("nobody"), ..any() };
        assert_eq!(numbers(nobody).await, []);
    })
    .await;
}
