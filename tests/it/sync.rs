//! Sync of GitHub's issues into the cache: complete, cheap, and soon correct.

use std::collections::BTreeSet;
use std::time::Duration;

use dispatch::domain::events::EventKind;
use dispatch::domain::{EventCursor, FullName, IssueFilter, IssueState, LabelSet, Status};
use dispatch::service::board::moves::{MoveIssue, move_issue};
use dispatch::service::events::{Replay, events_after};
use dispatch::service::recovery::settle_overdue;
use dispatch::service::repositories::sync::{
    Refreshed, RunningSync, refresh_issue, sync_issues, sync_stale, sync_state,
};
use dispatch::service::{self, Error};
use dispatch::simulator::{Account, Fault, Gate, NewIssue, Rule};
use dispatch::store::{Event, Issue, PageRequest, repositories};

use crate::support::{Given, REPOSITORY, eventually, given, given_settings, person, start_of_time};

async fn on_board(given: &Given) -> Vec<Issue> {
    let wanted = service::board::normalized_filter(&given.app, None);
    let all = PageRequest::first(1000);
    service::board::issues(&given.app, &wanted, &all).await.unwrap().rows
}

async fn position(given: &Given) -> EventCursor {
    service::events::position(&given.app).await.unwrap()
}

async fn board_events(given: &Given, after: EventCursor) -> Vec<Event> {
    let Replay::Events(mut events) = events_after(&given.app, after, 1000).await.unwrap() else {
        panic!("a gap")
    };
    events.retain(|event| event.kind != EventKind::AuditEntryAdded);
    events
}

fn open(given: &Given, repository: &str, title: &str, labels: &[&str]) -> i32 {
    let number = given.github.open_issue(repository, NewIssue::titled(title, labels)).unwrap();
    i32::try_from(number).unwrap()
}

async fn error_of(given: &Given, repository: &str) -> Option<String> {
    let all = service::repositories::tracking::all_repositories(&given.app).await.unwrap();
    all.into_iter().find(|of| of.full_name.as_str() == repository).unwrap().sync_error
}

#[tokio::test]
async fn the_first_full_sync_reads_everything_the_board_shows() {
    given(async |given| {
        given.github.add_repository(REPOSITORY);
        for number in 0..230 {
            open(given, REPOSITORY, &format!("Issue {number}"), &["status/ready", "priority/p1"]);
        }
        given.github.open_pull_request(REPOSITORY, "Not an issue").unwrap();
        let days = |days| start_of_time() - chrono::TimeDelta::days(days);
        let closed = |at| NewIssue {
            created_at: Some(days(90)),
            closed_at: Some(at),
            ..NewIssue::titled("Closed", &[])
        };
        given.github.open_issue(REPOSITORY, closed(days(3))).unwrap();
        given.github.open_issue(REPOSITORY, closed(days(30))).unwrap();
        given.track(REPOSITORY).await;
        let before = position(given).await;

        let results = sync_issues(&given.app, None).await.unwrap();

        assert_eq!(results.len(), 1);
        assert_eq!(results[0].synced, 231, "230 open, one closed inside the done window");
        let issues = on_board(given).await;
        assert_eq!(issues.len(), 231);
        assert_eq!(issues.iter().filter(|issue| issue.status == Status::Done).count(), 1);
        let kinds: Vec<_> = board_events(given, before).await.iter().map(|e| e.kind).collect();
        assert_eq!(kinds, [EventKind::Resync], "a first import is announced once");
    })
    .await;
}

#[tokio::test]
async fn an_unchanged_repository_costs_one_request_and_writes_no_issue() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &[])]).await;
        given.advance(600);
        given.github.forget_requests();
        let before = position(given).await;
        let rows = "SELECT sum(xmin::text::bigint) FROM issues";
        let versions = given.database.number(rows).await;

        given.sync().await;

        assert_eq!(given.github.total(), 1);
        assert_eq!(given.database.number(rows).await, versions, "no row was written");
        assert_eq!(position(given).await, before);
    })
    .await;
}

#[tokio::test]
async fn open_and_closed_changes_arrive_as_events_together() {
    given(async |given| {
        given.with_issues(&[("Moves", &["status/ready"]), ("Closes", &[]), ("Edits", &[])]).await;
        given.advance(600);
        given.github.relabel(REPOSITORY, 1, &["status/in-progress"], &["status/ready"]).unwrap();
        given.github.close(REPOSITORY, 2).unwrap();
        given.github.edit_title(REPOSITORY, 3, "Edited").unwrap();
        open(given, REPOSITORY, "New", &["status/backlog"]);
        let before = position(given).await;

        given.sync().await;

        let events = board_events(given, before).await;
        let told: Vec<_> = events
            .iter()
            .map(|event| {
                let facts = event.after.as_ref().unwrap();
                (event.kind, facts.number, facts.status, event.actor.as_str())
            })
            .collect();
        assert_eq!(told.len(), 4, "{told:?}");
        for wanted in [
            (EventKind::IssueMoved, 1, Status::InProgress, "github"),
            (EventKind::IssueMoved, 2, Status::Done, "github"),
            (EventKind::IssueChanged, 3, Status::Backlog, "github"),
            (EventKind::IssueChanged, 4, Status::Backlog, "github"),
        ] {
            assert!(told.contains(&wanted), "{wanted:?} is not among {told:?}");
        }
        assert_eq!(given.issue(3).await.title, "Edited");
    })
    .await;
}

#[tokio::test]
async fn a_deleted_issue_leaves_the_board_and_the_count() {
    given(async |given| {
        given.with_issues(&[("Stays", &[]), ("Goes", &["status/ready"])]).await;
        given.advance(600);
        given.github.delete_issue(REPOSITORY, 2).unwrap();
        let before = position(given).await;

        given.sync().await;

        let events = board_events(given, before).await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].kind, EventKind::IssueRemoved);
        assert!(events[0].before.as_ref().is_some_and(|facts| facts.on_board));
        assert_eq!(on_board(given).await.len(), 1);
        let name: FullName = REPOSITORY.parse().unwrap();
        let gone = service::board::find_issue_by_number(&given.app, &name, 2).await;
        assert!(matches!(gone, Err(Error::NotFound { .. })));
    })
    .await;
}

#[tokio::test]
async fn a_transferred_issue_moves_to_its_new_repository() {
    given(async |given| {
        given.github.add_repository("acme/other");
        given.with_issues(&[("Stays", &[]), ("Moves house", &["status/ready"])]).await;
        given.track("acme/other").await;
        given.sync().await;
        given.advance(600);
        given.github.transfer_issue(REPOSITORY, 2, "acme/other").unwrap();

        given.sync().await;

        let homes: Vec<_> =
            on_board(given).await.into_iter().map(|i| (i.title, i.number)).collect();
        assert_eq!(homes.len(), 2, "{homes:?}");
        assert!(homes.contains(&("Moves house".to_owned(), 1)), "{homes:?}");
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_no_incremental_read_would_find_is_found_by_the_count() {
    given(async |given| {
        given.with_issues(&[("Known", &[])]).await;
        given.advance(3600);
        // Opened long ago, as after a restore: older than the high-water mark.
        let old = NewIssue {
            created_at: Some(start_of_time() - chrono::TimeDelta::days(400)),
            ..NewIssue::titled("Stranded", &["status/ready"])
        };
        given.github.open_issue(REPOSITORY, old).unwrap();
        given.sync().await;
        assert_eq!(on_board(given).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_gap_that_a_full_sync_cannot_close_is_not_read_on_every_sync() {
    given(async |given| {
        given.with_issues(&[("One", &[]), ("Two", &[])]).await;
        // The cache has one open issue, GitHub two, and nothing GitHub returns explains it.
        given.database.run("UPDATE issues SET state = 'closed' WHERE number = 2").await;
        given.database.run("UPDATE issues SET updated_at = now() + interval '1 year'").await;
        given.advance(600);
        given.sync().await;
        given.github.forget_requests();
        given.sync().await;
        assert_eq!(given.github.total(), 1, "the same gap is known by now");
    })
    .await;
}

#[tokio::test]
async fn once_a_day_everything_is_read_again() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        given.advance(24 * 3600 + 1);
        given.github.forget_requests();
        given.sync().await;
        assert_eq!(given.github.count("Issues"), 2, "closed ones, then open ones");
    })
    .await;
}

#[tokio::test]
async fn an_older_page_never_overwrites_a_newer_row() {
    given(async |given| {
        given.with_issues(&[("Raced", &["status/ready"])]).await;
        given.advance(600);
        given.github.edit_title(REPOSITORY, 1, "Raced on").unwrap();
        let gate = Gate::new();
        given.github.inject(Fault::HoldAnswer(gate.clone()).on("Issues"));
        let issue = given.issue(1).await;

        let reading = given.sync();
        let moving = async {
            gate.arrived().await;
            let command = MoveIssue {
                issue_id: issue.id,
                to: Status::Done,
                expected_from: None,
                reason: None,
                fencing_token: None,
            };
            move_issue(&given.app, &person(), command).await.unwrap();
            gate.open();
        };
        tokio::join!(reading, moving);

        assert_eq!(given.issue(1).await.status, Status::Done);
        given.sync().await;
        let row = given.issue(1).await;
        assert_eq!((row.title.as_str(), row.status), ("Raced on", Status::Done));
    })
    .await;
}

#[tokio::test]
async fn one_failing_repository_does_not_stop_the_rest() {
    given(async |given| {
        given.github.add_repository("acme/good");
        open(given, "acme/good", "Fine", &[]);
        given.track("acme/good").await;
        given.track("acme/missing").await;

        let results = sync_issues(&given.app, None).await.unwrap();

        let outcome = |name: &str| {
            let result = results.iter().find(|r| r.repository.as_str() == name).unwrap();
            (result.synced, result.error.as_ref().map(ToString::to_string))
        };
        assert_eq!(outcome("acme/good"), (1, None));
        let (synced, error) = outcome("acme/missing");
        assert_eq!(synced, 0);
        assert!(error.unwrap().starts_with("GitHub API error: 404"), "as clients know it");
        assert!(error_of(given, "acme/missing").await.is_some());
        assert_eq!(error_of(given, "acme/good").await, None);
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_first_full_sync_resumes() {
    given(async |given| {
        given.github.add_repository(REPOSITORY);
        for minutes in 0..250 {
            let created_at = Some(start_of_time() - chrono::TimeDelta::minutes(minutes));
            let issue = NewIssue { created_at, ..NewIssue::titled("Old", &[]) };
            given.github.open_issue(REPOSITORY, issue).unwrap();
        }
        given.track(REPOSITORY).await;
        // Closed issues, then two pages of open ones, then GitHub is unavailable.
        given.github.inject(Fault::refuse(403, "away").on("Issues").after(3).always());
        let results = sync_issues(&given.app, None).await.unwrap();
        assert!(results[0].error.is_some());
        assert_eq!(on_board(given).await.len(), 200, "what was read is kept");

        given.github.clear_faults();
        given.github.forget_requests();
        given.sync().await;
        assert_eq!(on_board(given).await.len(), 250);
        assert_eq!(given.github.count("Issues"), 1, "the pages that were done are not read again");
    })
    .await;
}

#[tokio::test]
async fn a_page_that_times_out_is_requested_in_halves() {
    given(async |given| {
        given.github.add_repository(REPOSITORY);
        for number in 0..60 {
            open(given, REPOSITORY, &format!("Issue {number}"), &[]);
        }
        given.track(REPOSITORY).await;
        given.github.inject(Fault::Page { status: 504 }.on("Issues").after(1).times(1));
        given.sync().await;
        assert_eq!(on_board(given).await.len(), 60);
        let sizes: Vec<_> = given
            .github
            .requests()
            .iter()
            .map(|request| request.variables.get("first").cloned().unwrap_or_default().to_string())
            .collect();
        assert_eq!(sizes, ["100", "100", "50", "50"]);
    })
    .await;
}

#[tokio::test]
async fn an_exhausted_rate_limit_stops_the_sync_and_reports_the_reset() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let until = start_of_time() + chrono::TimeDelta::minutes(30);
        given.github.exhaust_rate_limit(until);
        let results = sync_issues(&given.app, None).await.unwrap();
        let error = results[0].error.as_ref().unwrap();
        let Error::RateLimited { retry_at, .. } = error else { panic!("{error:?}") };
        assert!(retry_at.is_some_and(|at| at >= until), "{retry_at:?}");
        assert!(error_of(given, REPOSITORY).await.unwrap().contains("rate limit"));
    })
    .await;
}

#[tokio::test]
async fn a_renamed_repository_is_followed() {
    given(async |given| {
        given.with_issues(&[("Same issue", &[])]).await;
        let id = given.issue(1).await.id;
        given.advance(600);
        given.github.rename_repository(REPOSITORY, "acme/instruments").unwrap();
        given.sync().await;
        let name: FullName = "ACME/Instruments".parse().unwrap();
        let (issue, repository) =
            service::board::find_issue_by_number(&given.app, &name, 1).await.unwrap();
        assert_eq!(issue.id, id);
        assert_eq!(repository.full_name.as_str(), "acme/instruments");
        let told = "SELECT count(*) FROM event_log WHERE kind = 'resync' \
                    AND reason = 'acme/tools was renamed to acme/instruments'";
        assert_eq!(given.database.number(told).await, 1, "subscribers of the old name must resync");
        let filter = IssueFilter {
            repositories: Some(vec![REPOSITORY.to_owned()]),
            ..IssueFilter::default()
        };
        let wanted =
            service::board::normalized_filter_for_events(&given.app, Some(filter)).await.unwrap();
        let names = ["acme/tools", "acme/instruments"].map(str::to_owned);
        assert_eq!(wanted.repositories, Some(names.to_vec()), "and hears of it by the new one");
        for name in [REPOSITORY, "ACME/Instruments", "https://github.com/acme/tools/issues/1"] {
            assert_found(given, name, "acme/instruments").await;
            assert_eq!(audited(given, name).await, [REPOSITORY], "its past is its own");
        }
        let offered = "{ auditOptions { repositories { value entries } } }";
        let offered = given.graphql(offered, serde_json::json!({})).await;
        let one = serde_json::json!([{ "value": "acme/instruments", "entries": 1 }]);
        assert_eq!(offered["auditOptions"]["repositories"], one);
        // Until another repository that is tracked takes the name.
        given.github.add_repository(REPOSITORY);
        open(given, REPOSITORY, "Another's", &[]);
        given.track(REPOSITORY).await;
        given.sync().await;
        assert_found(given, REPOSITORY, REPOSITORY).await;
        assert_eq!(audited(given, "acme/instruments").await, [""; 0], "the name is another's");
        service::repositories::tracking::untrack_repository(
            &given.app,
            &person(),
            &REPOSITORY.parse().unwrap(),
        )
        .await
        .unwrap();
        assert_found(given, REPOSITORY, "acme/instruments").await;
    })
    .await;
}

/// The names in the audit log under which a repository's name finds entries.
async fn audited(given: &Given, name: &str) -> Vec<String> {
    let query = "query ($name: String!) {
        auditLog(first: 10, repository: $name) { nodes { repositoryFullName } } }";
    let data = given.graphql(query, serde_json::json!({ "name": name })).await;
    let nodes = data["auditLog"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["repositoryFullName"].as_str().unwrap().to_owned()).collect()
}

/// Looks up the first issue of a repository by a name through every transport.
async fn assert_found(given: &Given, name: &str, present: &str) {
    let query = "query ($name: String!) {
        issue(repository: $name, number: 1) { repository { fullName } }
        issues(first: 10, filter: { repositories: [$name] }) { nodes { repository { fullName } } }
    }";
    let data = given.graphql(query, serde_json::json!({ "name": name })).await;
    assert_eq!(data["issue"]["repository"]["fullName"], present, "{name}");
    if !name.contains("://") {
        let of = |node: &serde_json::Value| node["repository"]["fullName"] == present;
        assert!(data["issues"]["nodes"].as_array().unwrap().iter().any(of), "{name}: {data:#}");
    }
    let body = serde_json::json!({ "repoFullName": name, "issueNumber": 1 });
    let refreshed = given.ask_as_agent("POST", "/api/issues/refresh", Some(body)).await.json();
    assert_eq!(refreshed["repo"], present, "{name}: {refreshed}");
}

#[tokio::test]
async fn a_repository_tracked_under_its_former_and_current_name_is_stored_once() {
    // Which of the two is synced first depends on their names; either may be disabled.
    for (new, was_untracked) in
        [("acme/instruments", false), ("acme/zoo", false), ("acme/instruments", true)]
    {
        given(async |given| {
            given.with_issues(&[("One", &["status/ready"]), ("Two", &[])]).await;
            given.github.rename_repository(REPOSITORY, new).unwrap();
            given.track(new).await;
            if was_untracked {
                let name: FullName = new.parse().unwrap();
                service::repositories::tracking::untrack_repository(&given.app, &person(), &name)
                    .await
                    .unwrap();
            }
            given.advance(600);
            given.sync().await;
            given.sync().await;
            let query = "{ repositories { fullName enabled }
                issues(first: 10) { nodes { number repository { fullName } } } }";
            let data = given.graphql(query, serde_json::Value::Null).await;
            let issues = data["issues"]["nodes"].as_array().unwrap();
            assert_eq!(issues.len(), 2, "{data:#}");
            assert!(issues.iter().all(|issue| issue["repository"]["fullName"] == new), "{data:#}");
            let rows = data["repositories"].as_array().unwrap();
            let tracked: Vec<_> = rows.iter().filter(|row| row["enabled"] == true).collect();
            assert_eq!(tracked.len(), 1, "{data:#}");
            assert_found(given, REPOSITORY, new).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_former_name_survives_a_concurrent_sync() {
    given(async |given| {
        for name in [REPOSITORY, "acme/zoo"] {
            given.github.add_repository(name);
            given.track(name).await;
        }
        let [old, new] = [REPOSITORY, "acme/zoo"].map(|name| name.parse::<FullName>().unwrap());
        let mut connection = given.app.pool.get().await.unwrap();
        let mut by_name =
            async |name| repositories::by_name(&mut connection, name).await.unwrap().unwrap();
        let (gone, read_before) = (by_name(&old).await, by_name(&new).await);
        let now = given.app.clock.now();
        repositories::merge(&mut connection, &gone, "R_1", &new, None, now).await.unwrap();
        let found = (&read_before, "R_1", &new);
        repositories::set_identity(&mut connection, found.0, found.1, found.2, None, now)
            .await
            .unwrap();
        let kept = repositories::by_name(&mut connection, &old).await.unwrap().unwrap();
        assert_eq!(kept.full_name.as_str(), "acme/zoo");
        assert_eq!(kept.former_names, [REPOSITORY]);
    })
    .await;
}

#[tokio::test]
async fn a_repository_that_is_renamed_to_a_tracked_name_is_read_under_it() {
    given(async |given| {
        given.github.add_repository("acme/instruments");
        open(given, "acme/instruments", "Theirs", &["status/ready"]);
        given.with_issues(&[("Ours", &[])]).await;
        given.track("acme/instruments").await;
        given.sync().await;
        given.advance(600);
        // Its name is free for others once it is renamed itself.
        given.github.rename_repository("acme/instruments", "acme/museum").unwrap();
        given.github.rename_repository(REPOSITORY, "acme/instruments").unwrap();
        given.github.edit_title("acme/instruments", 1, "Ours, on the move").unwrap();

        let outcomes = sync_issues(&given.app, None).await.unwrap();

        let outcome = |name: &str| {
            let of = outcomes.iter().find(|of| of.repository.as_str() == name).unwrap();
            of.error.as_ref().map(ToString::to_string)
        };
        assert_eq!(outcome(REPOSITORY), None);
        assert_eq!(outcome("acme/instruments"), None);
        given.track("acme/museum").await;
        given.sync().await;
        let shown: BTreeSet<_> = on_board(given).await.into_iter().map(|of| of.title).collect();
        assert_eq!(shown, BTreeSet::from(["Ours, on the move", "Theirs"].map(str::to_owned)));
    })
    .await;
}

#[tokio::test]
async fn another_repository_under_a_tracked_name_is_read_as_a_new_one() {
    given(async |given| {
        given.with_issues(&[("Old one", &[]), ("Old two", &["status/ready"])]).await;
        given.github.edit_title(REPOSITORY, 1, "Old one, touched late").unwrap();
        given.advance(120);
        given.sync().await;
        given.github.delete_repository(REPOSITORY).unwrap();
        given.github.add_repository(REPOSITORY);
        // Older than the mark, older than the row of the same number, and as many.
        for title in ["New one", "New two"] {
            let created_at = Some(start_of_time() - chrono::TimeDelta::days(3));
            let issue = NewIssue { created_at, ..NewIssue::titled(title, &["status/blocked"]) };
            given.github.open_issue(REPOSITORY, issue).unwrap();
        }
        given.advance(600);

        given.sync().await;

        let shown: BTreeSet<_> =
            on_board(given).await.into_iter().map(|of| (of.number, of.title, of.status)).collect();
        let new = |number, title: &str| (number, title.to_owned(), Status::Blocked);
        assert_eq!(shown, BTreeSet::from([new(1, "New one"), new(2, "New two")]));
        let requests = given.github.count("Issues");
        given.advance(600);
        given.sync().await;
        assert_eq!(given.github.count("Issues"), requests + 1, "and then it is read as any other");
    })
    .await;
}

#[tokio::test]
async fn text_that_postgres_cannot_hold_is_stored_without_it() {
    given(async |given| {
        given.github.add_repository(REPOSITORY);
        let awkward = NewIssue {
            body: "before\0after\u{7}\nnext".to_owned(),
            ..NewIssue::titled("a\0b \u{202e}right to left <script>", &[])
        };
        given.github.open_issue(REPOSITORY, awkward).unwrap();
        given.track(REPOSITORY).await;
        given.sync().await;
        let issue = given.issue(1).await;
        assert_eq!(issue.title, "ab \u{202e}right to left <script>");
        let bodies = service::board::bodies(&given.app, &[issue.id]).await.unwrap();
        assert_eq!(bodies[0].1.as_deref(), Some("beforeafter\nnext"));
    })
    .await;
}

#[tokio::test]
async fn of_two_concurrent_syncs_one_is_rejected() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let other = given.replica().await;
        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("Issues"));
        let first = given.sync();
        let second = async {
            gate.arrived().await;
            let refused = sync_issues(&other, None).await.unwrap_err();
            assert!(matches!(refused, Error::RateLimited { .. }), "{refused:?}");
            gate.open();
        };
        tokio::join!(first, second);
        given.sync().await;
    })
    .await;
}

#[tokio::test]
async fn every_replica_reports_sync_progress() {
    given(async |given| {
        given.with_issues(&[("One", &[]), ("Two", &[])]).await;
        given.github.add_repository("acme/zebra");
        given.track("acme/zebra").await;
        let other = given.replica().await;
        let before = sync_state(&other).await.unwrap();
        assert_eq!((before.repositories, before.issues), (2, 2));
        assert_eq!(before.last_good_sync_at, None, "one of them was never synced");
        assert_eq!(before.running, None);
        given.advance(600);
        open(given, REPOSITORY, "Three", &[]);

        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("Issues").in_repository("acme/zebra"));
        let began_at = given.app.clock.now();
        let syncing = given.sync();
        let looking = async {
            gate.arrived().await;
            let expected = RunningSync {
                started_at: began_at,
                repositories: 2,
                repositories_done: 1,
                // The new one, and the two that the overlap reads again.
                issues_read: 3,
            };
            eventually(async || {
                sync_state(&other).await.unwrap().running.as_ref() == Some(&expected)
            })
            .await;
            gate.open();
        };
        tokio::join!(syncing, looking);

        let after = sync_state(&other).await.unwrap();
        assert_eq!((after.issues, after.failing, after.running), (3, 0, None));
        assert_eq!(after.last_good_sync_at, Some(began_at));
    })
    .await;
}

#[tokio::test]
async fn the_sync_age_is_that_of_a_failing_repository() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        given.github.add_repository("acme/zebra");
        given.track("acme/zebra").await;
        given.sync().await;
        let good = given.app.clock.now();
        given.advance(600);
        let refusal = Fault::refuse(403, "Resource not accessible");
        given.github.inject(refusal.on("Issues").in_repository("acme/zebra"));
        sync_issues(&given.app, None).await.unwrap();

        let state = sync_state(&given.app).await.unwrap();
        assert_eq!((state.repositories, state.failing), (2, 1));
        assert_eq!(state.last_good_sync_at, Some(good));
    })
    .await;
}

#[tokio::test]
async fn the_lock_of_a_dead_sync_is_over_after_a_while() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let now = start_of_time().to_rfc3339();
        let dead = format!(
            "INSERT INTO job_locks VALUES ('issue-sync', gen_random_uuid(), '{now}', '{now}')"
        );
        given.database.run(&dead).await;
        assert!(sync_issues(&given.app, None).await.is_err());
        assert!(sync_state(&given.app).await.unwrap().running.is_some());
        given.app.clock.advance(given.app.config.sync.lock_max_age + Duration::from_secs(1));
        assert_eq!(sync_state(&given.app).await.unwrap().running, None);
        given.sync().await;
    })
    .await;
}

#[tokio::test]
async fn a_sync_with_heartbeats_keeps_its_lock() {
    given_settings(&[("DISPATCH_SYNC_LOCK_MAX_AGE_MS", "1000")], async |given| {
        given.with_issues(&[("One", &[])]).await;
        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("Issues"));
        let meanwhile = async {
            gate.arrived().await;
            for _ in 0..3 {
                given.app.clock.advance(Duration::from_millis(900));
                let now = given.app.clock.now().to_rfc3339();
                let beaten = format!("SELECT count(*) FROM job_locks WHERE beaten_at = '{now}'");
                eventually(async || given.database.number(&beaten).await == 1).await;
            }
            let other = sync_issues(&given.app, None).await;
            assert!(matches!(other, Err(Error::RateLimited { .. })), "{other:?}");
            gate.open();
        };
        let (synced, ()) = tokio::join!(sync_issues(&given.app, None), meanwhile);
        assert!(synced.unwrap()[0].error.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_sync_that_lost_its_lock_stops_and_keeps_the_successors_lock() {
    given_settings(&[("DISPATCH_SYNC_LOCK_MAX_AGE_MS", "1000")], async |given| {
        given.with_issues(&[("One", &[])]).await;
        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("Issues"));
        let meanwhile = async {
            gate.arrived().await;
            given.database.run("UPDATE job_locks SET run_id = gen_random_uuid()").await;
        };
        let (stopped, ()) = tokio::join!(sync_issues(&given.app, None), meanwhile);
        assert!(matches!(stopped, Err(Error::RateLimited { .. })), "{stopped:?}");
        assert_eq!(given.database.number("SELECT count(*) FROM job_locks").await, 1);
        gate.open();
    })
    .await;
}

#[tokio::test]
async fn changes_during_an_unsettled_change_are_read_afterwards() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &[])]).await;
        given.github.inject(Fault::refuse(502, "away").on("ChangeLabels"));
        given.github.inject(Fault::refuse(502, "away").on("LiveLabels").after(1).always());
        let command = MoveIssue {
            issue_id: given.issue(1).await.id,
            to: Status::Done,
            expected_from: None,
            reason: None,
            fencing_token: None,
        };
        move_issue(&given.app, &person(), command).await.unwrap_err();
        given.github.clear_faults();

        given.advance(1);
        given.github.edit_title(REPOSITORY, 1, "Edited").unwrap();
        given.advance(300);
        given.github.edit_title(REPOSITORY, 2, "Edited, too").unwrap();
        given.sync().await;
        assert_eq!(given.issue(2).await.title, "Edited, too");
        assert_eq!(given.issue(1).await.title, "One", "its move is not settled");

        settle_overdue(&given.app).await.unwrap();
        given.sync().await;
        assert_eq!(given.issue(1).await.title, "Edited");
    })
    .await;
}

#[tokio::test]
async fn four_repositories_are_read_at_once_and_no_more() {
    given(async |given| {
        let names: Vec<String> = (0..6).map(|number| format!("acme/repo-{number}")).collect();
        for name in &names {
            given.github.add_repository(name);
            given.track(name).await;
        }
        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("Issues").always());
        let looking = async {
            gate.arrivals(4).await;
            // A fifth would have been sent before the response to this one.
            let name = names[0].parse().unwrap();
            given.app.github.issue(&name, 1).await.unwrap_err();
            assert_eq!(given.github.count("Issues"), 4);
            gate.open();
        };
        let (outcomes, ()) = tokio::join!(sync_issues(&given.app, None), looking);
        let outcomes = outcomes.unwrap();
        assert!(outcomes.iter().all(|outcome| outcome.error.is_none()), "{outcomes:?}");
        assert_eq!(outcomes.len(), 6);
    })
    .await;
}

#[tokio::test]
async fn replicas_do_not_sync_twice_by_their_timers() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        given.github.forget_requests();
        sync_stale(&given.app, Duration::from_secs(60)).await.unwrap();
        assert_eq!(given.github.total(), 0, "synced just now");
        given.advance(61);
        sync_stale(&given.app, Duration::from_secs(60)).await.unwrap();
        assert_eq!(given.github.total(), 1);
    })
    .await;
}

#[tokio::test]
async fn one_issue_is_refreshed_and_a_pull_request_is_not() {
    given(async |given| {
        given.with_issues(&[("Known", &[])]).await;
        let name: FullName = REPOSITORY.parse().unwrap();
        let new = open(given, REPOSITORY, "New", &["status/ready"]);
        let pull_request = given.github.open_pull_request(REPOSITORY, "A pull request").unwrap();
        let refresh = async |number| refresh_issue(&given.app, &name, number).await;
        assert_eq!(refresh(new).await.unwrap(), Refreshed::Created);
        assert_eq!(refresh(new).await.unwrap(), Refreshed::Updated);
        let refused = refresh(i32::try_from(pull_request).unwrap()).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("#{pull_request} is a pull request, not an issue"));
        let unknown: FullName = "acme/unknown".parse().unwrap();
        let refused = refresh_issue(&given.app, &unknown, 1).await.unwrap_err();
        assert!(matches!(refused, Error::NotFound { what: "Repository", .. }));
    })
    .await;
}

#[tokio::test]
async fn untracked_issues_are_hidden_and_kept() {
    given(async |given| {
        given.with_issues(&[("Kept", &["status/ready"])]).await;
        let id = given.issue(1).await.id;
        let name: FullName = REPOSITORY.to_uppercase().parse().unwrap();
        service::repositories::tracking::untrack_repository(&given.app, &person(), &name)
            .await
            .unwrap();
        assert_eq!(on_board(given).await.len(), 0);
        let wanted = service::board::normalized_filter(&given.app, None);
        assert_eq!(service::board::count(&given.app, &wanted).await.unwrap(), 0);
        given.track(REPOSITORY).await;
        assert_eq!(on_board(given).await[0].id, id);
    })
    .await;
}

#[tokio::test]
async fn the_settings_are_tracked_once_ever() {
    given_settings(&[("GITHUB_REPOSITORIES", "acme/tools,acme/other")], async |given| {
        let tracked = async || {
            let all =
                service::repositories::tracking::tracked_repositories(&given.app).await.unwrap();
            all.into_iter().map(|of| (of.full_name.to_string(), of.source)).collect::<Vec<_>>()
        };
        service::repositories::tracking::bootstrap(&given.app).await.unwrap();
        let both = [("acme/other", "env"), ("acme/tools", "env")]
            .map(|(name, source)| (name.to_owned(), source.to_owned()));
        assert_eq!(tracked().await, both);

        for name in ["acme/tools", "acme/other"] {
            let name = name.parse().unwrap();
            service::repositories::tracking::untrack_repository(&given.app, &person(), &name)
                .await
                .unwrap();
        }
        service::repositories::tracking::bootstrap(&given.app).await.unwrap();
        assert_eq!(tracked().await, [], "removing the last one does not bring them back");
        let untracked =
            service::repositories::tracking::untracked_from_settings(&given.app).await.unwrap();
        assert_eq!(untracked.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn configured_repositories_are_added_to_those_tracked_by_people() {
    given_settings(&[("GITHUB_REPOSITORIES", "acme/tools,acme/other")], async |given| {
        given.track("acme/by-hand").await;
        given.track("Acme/Tools").await;
        service::repositories::tracking::bootstrap(&given.app).await.unwrap();
        let all = service::repositories::tracking::tracked_repositories(&given.app).await.unwrap();
        let all: Vec<_> =
            all.iter().map(|of| (of.full_name.as_str(), of.source.as_str())).collect();
        assert_eq!(all, [("acme/by-hand", "user"), ("acme/other", "env"), ("Acme/Tools", "user")]);
    })
    .await;
}

#[tokio::test]
async fn done_issues_leave_by_age_and_by_event() {
    given(async |given| {
        given.with_issues(&[("Done soon", &["status/in-review"])]).await;
        given.github.close(REPOSITORY, 1).unwrap();
        given.advance(60);
        given.sync().await;
        let issue = given.issue(1).await;
        assert_eq!((issue.state, issue.status), (IssueState::Closed, Status::Done));
        assert_eq!(issue.labels, LabelSet::from(["status/in-review"]), "sync writes no labels");

        let before = position(given).await;
        given.advance(7 * 24 * 3600);
        service::retention::apply_done_window(&given.app).await.unwrap();
        assert_eq!(on_board(given).await.len(), 0);
        let events = board_events(given, before).await;
        let sides = |event: &Event| {
            let on_board = |facts: &Option<_>| {
                facts.as_ref().map(|f: &dispatch::domain::events::IssueFacts| f.on_board)
            };
            (on_board(&event.before), on_board(&event.after))
        };
        assert_eq!(events.iter().map(sides).collect::<Vec<_>>(), [(Some(true), Some(false))]);
        let wanted = service::board::normalized_filter(&given.app, None);
        assert_eq!(service::board::count(&given.app, &wanted).await.unwrap(), 0);
    })
    .await;
}

/// The issues of the repository that could not be read: numbers and reasons.
async fn unreadable(given: &Given) -> Vec<(Option<i64>, String)> {
    let query =
        "{ repositories { unreadableIssues { totalCount nodes { number reason since } } } }";
    let data = given.graphql(query, serde_json::Value::Null).await;
    let shown = &data["repositories"][0]["unreadableIssues"];
    let nodes = shown["nodes"].as_array().unwrap();
    assert_eq!(shown["totalCount"], nodes.len());
    let one = |node: &serde_json::Value| {
        (node["number"].as_i64(), node["reason"].as_str().unwrap().to_owned())
    };
    nodes.iter().map(one).collect()
}

/// A fault of one issue of a page, until it is cleared.
fn half(path: &'static str) -> Rule {
    let message = "not now".to_owned();
    Fault::Partial { path, kind: "SERVICE_UNAVAILABLE", message }.on("Issues").always()
}

#[tokio::test]
async fn an_unreadable_issue_is_skipped_alone_and_retried() {
    // The whole issue is missing, a part of it, and a part without an error from GitHub.
    for path in ["nodes.1", "nodes.1.labels", "nodes.1.title"] {
        given(async |given| {
            given.with_issues(&[("One", &[])]).await;
            given.advance(600);
            open(given, REPOSITORY, "Unreadable", &[]);
            given.advance(600);
            open(given, REPOSITORY, "Readable", &[]);
            let path = format!("repository.issues.{path}");
            given.github.inject(half(path.leak()));
            let by_id =
                Fault::Partial { path: "nodes.0.body", kind: "", message: "nor now".to_owned() };
            given.github.inject(by_id.on("IssuesById").always());

            let results = sync_issues(&given.app, None).await.unwrap();

            assert!(results[0].error.is_none(), "{:?}", results[0].error);
            assert_eq!(results[0].unreadable, 1);
            assert_eq!(on_board(given).await.len(), 2, "the rest is there");
            let reason = "GitHub API error: 422 not now".to_owned();
            assert_eq!(unreadable(given).await, [(Some(2), reason)]);
            let answer = given.ask_as_agent("POST", "/api/sync", None).await.json();
            assert_eq!(answer["results"][0]["unreadable"], 1);

            // The mark has moved on: the issue is no longer on a page, and is requested by its id.
            given.github.clear_faults();
            let by_id =
                Fault::Partial { path: "nodes.0.body", kind: "", message: "nor now".to_owned() };
            given.github.inject(by_id.on("IssuesById"));
            given.github.forget_requests();
            given.advance(600);
            given.sync().await;
            assert_eq!((given.github.count("Issues"), given.github.count("IssuesById")), (1, 1));
            let reason = "GitHub API error: 422 nor now".to_owned();
            assert_eq!(unreadable(given).await, [(Some(2), reason)]);

            given.sync().await;
            assert_eq!(on_board(given).await.len(), 3);
            assert_eq!(unreadable(given).await, []);
            given.github.forget_requests();
            given.sync().await;
            assert_eq!(given.github.total(), 1, "as any other repository");
        })
        .await;
    }
}

#[tokio::test]
async fn an_issue_that_is_left_out_does_not_force_complete_reads() {
    given(async |given| {
        given.github.add_repository(REPOSITORY);
        open(given, REPOSITORY, "Unreadable", &[]);
        given.advance(600);
        open(given, REPOSITORY, "Readable", &[]);
        given.github.inject(half("repository.issues.nodes.0"));
        given.github.inject(
            Fault::Partial { path: "nodes.0", kind: "FORBIDDEN", message: "no".to_owned() }
                .on("IssuesById")
                .always(),
        );
        given.track(REPOSITORY).await;
        given.sync().await;
        assert_eq!(on_board(given).await.len(), 1);
        given.github.clear_faults();
        given.github.inject(
            Fault::Partial { path: "nodes.0", kind: "FORBIDDEN", message: "no".to_owned() }
                .on("IssuesById")
                .always(),
        );
        for title in ["Three", "Four", "Five"] {
            // GitHub's count and ours change together, and the one that is left out stays.
            given.advance(600);
            open(given, REPOSITORY, title, &[]);
            given.github.forget_requests();
            given.sync().await;
            assert_eq!(given.github.count("Issues"), 1, "{title}");
        }
        assert_eq!(unreadable(given).await.len(), 1);
        // A deleted one is no longer requested.
        given.github.clear_faults();
        given.github.delete_issue(REPOSITORY, 1).unwrap();
        given.sync().await;
        assert_eq!(unreadable(given).await, []);
    })
    .await;
}

#[tokio::test]
async fn an_issue_on_the_board_that_cannot_be_read_any_more_stays_there() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &[])]).await;
        given.advance(24 * 3600 + 1);
        let fault = Fault::Partial {
            path: "repository.issues.nodes.0",
            kind: "",
            message: "no".to_owned(),
        };
        // Neither the page nor the request for the issue's number gets a response.
        given.github.inject(fault.on("Issues").after(1).always());
        given.github.inject(Fault::refuse(403, "away").on("IssueIds").always());
        let fault =
            Fault::Partial { path: "nodes.0", kind: "FORBIDDEN", message: "nor so".to_owned() };
        given.github.inject(fault.on("IssuesById").always());
        given.sync().await;
        assert_eq!(on_board(given).await.len(), 2);
        let shown = unreadable(given).await;
        let said = |reason: &str| format!("GitHub API error: 422 {reason}");
        assert_eq!(shown, [(Some(1), said("nor so")), (None, said("no"))]);
        given.github.clear_faults();
        given.advance(24 * 3600 + 1);
        given.sync().await;
        assert_eq!(unreadable(given).await, []);
    })
    .await;
}

#[tokio::test]
async fn half_a_character_in_one_issue_costs_nothing() {
    given(async |given| {
        given.github.add_repository(REPOSITORY);
        open(given, REPOSITORY, "Half a smile: HALF", &[]);
        open(given, REPOSITORY, "Whole", &[]);
        given.track(REPOSITORY).await;
        let fault = Fault::Replace { text: "HALF", by: r"\ud83d" };
        given.github.inject(fault.on_queries().always());
        given.sync().await;
        assert_eq!(on_board(given).await.len(), 2);
        assert_eq!(given.issue(1).await.title, "Half a smile: \u{fffd}");
        assert_eq!(unreadable(given).await, []);
    })
    .await;
}

#[tokio::test]
async fn issues_by_bots_and_their_like_are_on_the_board() {
    given(async |given| {
        given.github.add_repository(REPOSITORY);
        for (at, account) in Account::ALL.into_iter().enumerate() {
            let login = format!("login-{at}");
            given.github.set_account(&login, account);
            let new = NewIssue {
                author: Some(login.clone()),
                assignees: vec![login],
                ..NewIssue::titled("Update dependencies", &["status/ready"])
            };
            given.github.open_issue(REPOSITORY, new).unwrap();
        }
        given.github.set_account("copilot-swe-agent", Account::Bot);
        given.github.assign(REPOSITORY, 1, &["ada", "copilot-swe-agent"]).unwrap();
        given.track(REPOSITORY).await;
        given.sync().await;
        assert_eq!(on_board(given).await.len(), Account::ALL.len());
        let own = NewIssue { author: Some("acme".to_owned()), ..NewIssue::titled("Own", &[]) };
        given.github.open_issue(REPOSITORY, own).unwrap();
        let gone = NewIssue { author: None, ..NewIssue::titled("Gone", &[]) };
        given.github.open_issue(REPOSITORY, gone).unwrap();
        given.sync().await;
        let query = "{ issues(first: 10) { nodes { number author assignees authorAssociation } } }";
        let data = given.graphql(query, serde_json::Value::Null).await;
        let nodes = data["issues"]["nodes"].as_array().unwrap();
        let count = nodes.iter().filter(|node| node["author"].is_string()).count();
        assert_eq!(count, Account::ALL.len() + 1, "{data:#}");
        for (at, association) in
            ["CONTRIBUTOR", "NONE", "MANNEQUIN", "NONE", "MEMBER", "OWNER", "NONE"]
                .iter()
                .enumerate()
        {
            let node = nodes.iter().find(|node| node["number"] == at + 1).unwrap();
            assert_eq!(node["authorAssociation"], *association, "{node}");
        }
        let first = nodes.iter().find(|node| node["number"] == 1).unwrap();
        assert_eq!(first["assignees"], serde_json::json!(["ada", "Copilot"]));
    })
    .await;
}

/// The points that the requests since the last `forget_requests` cost.
fn points_spent(given: &Given) -> i64 {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/github-queries");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let texts: Vec<String> = files.filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    let cost = |request: &dispatch::simulator::LoggedRequest| {
        let name = format!("query {}(", request.operation);
        let text = texts.iter().find(|text| text.contains(&name)).unwrap();
        dispatch::simulator::points(text, &request.variables).unwrap()
    };
    given.github.requests().iter().map(cost).sum()
}

#[tokio::test]
async fn two_hundred_quiet_repositories_cost_four_requests_and_eight_points() {
    given(async |given| {
        let names: Vec<String> = (0..200).map(|number| format!("acme/quiet-{number}")).collect();
        for name in &names {
            given.github.add_repository(name);
            open(given, name, "An issue", &["status/ready"]);
            given.track(name).await;
        }
        given.sync().await;
        // Only now is the newest change older than the precision of GitHub's times.
        given.advance(120);
        given.sync().await;
        given.advance(120);
        given.github.forget_requests();
        let results = sync_issues(&given.app, None).await.unwrap();

        assert!(results.iter().all(|result| result.error.is_none() && result.synced == 0));
        assert_eq!(given.github.count("RepositoryChanges"), given.github.total());
        assert_eq!((given.github.total(), points_spent(given)), (4, 8), "requests and points");
        let state = sync_state(&given.app).await.unwrap();
        assert_eq!(state.last_good_sync_at, Some(given.app.clock.now()), "all of it is current");

        // Of those that changed, and of those alone, the pages are read.
        given.advance(120);
        given.github.relabel(&names[7], 1, &["status/in-progress"], &["status/ready"]).unwrap();
        given.github.forget_requests();
        let results = sync_issues(&given.app, None).await.unwrap();
        let read: Vec<_> = results.iter().filter(|result| result.synced > 0).collect();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].repository.as_str(), names[7]);
        assert_eq!(given.github.count("Issues"), 1);
    })
    .await;
}

#[tokio::test]
async fn a_quiet_repository_is_read_again_whatever_changes() {
    given(async |given| {
        for name in ["acme/one", "acme/two"] {
            given.github.add_repository(name);
            open(given, name, "First", &["status/ready"]);
            open(given, name, "Second", &["status/ready", "spelt-worng"]);
            given.track(name).await;
        }
        let settle = async || {
            for _ in 0..2 {
                given.sync().await;
                given.advance(120);
            }
            given.github.forget_requests();
            given.sync().await;
            assert_eq!(given.github.count("Issues"), 0, "nothing has changed");
            given.advance(120);
        };
        let is_read = async |what: &str| {
            given.github.forget_requests();
            given.sync().await;
            assert!(given.github.count("Issues") > 0, "{what}");
            given.advance(120);
        };
        settle().await;
        given.github.rename_label("acme/one", "spelt-worng", "spelt-wrong").unwrap();
        is_read("a label has another name").await;
        assert!(on_board(given).await.iter().any(|issue| issue.labels.contains("spelt-wrong")));

        settle().await;
        given.github.delete_issue("acme/two", 1).unwrap();
        is_read("an issue is gone").await;
        assert_eq!(on_board(given).await.len(), 3);

        settle().await;
        let archived = dispatch::simulator::Access { is_archived: true, ..Default::default() };
        given.github.set_access("acme/one", archived).unwrap();
        is_read("it is archived").await;

        settle().await;
        given.github.open_pull_request("acme/two", "Mends the second").unwrap();
        is_read("there is a new pull request").await;

        settle().await;
        given.github.rename_repository("acme/two", "acme/three").unwrap();
        is_read("it has another name").await;

        settle().await;
        given.advance(24 * 3600);
        is_read("the daily full sync is due").await;
    })
    .await;
}

#[tokio::test]
async fn a_second_change_in_the_same_second_is_not_missed() {
    given(async |given| {
        for name in ["acme/one", "acme/two"] {
            given.github.add_repository(name);
            open(given, name, "First", &["status/ready"]);
            given.track(name).await;
        }
        for _ in 0..3 {
            given.sync().await;
            given.advance(120);
        }
        given.github.relabel("acme/one", 1, &["bug"], &[]).unwrap();
        given.sync().await;
        // GitHub's times are whole seconds: this one changes none of them.
        given.github.relabel("acme/one", 1, &["urgent"], &["bug"]).unwrap();
        given.sync().await;
        assert!(on_board(given).await.iter().any(|issue| issue.labels.contains("urgent")));
    })
    .await;
}

#[tokio::test]
async fn without_fingerprints_every_repository_is_read() {
    given(async |given| {
        for name in ["acme/one", "acme/two"] {
            given.github.add_repository(name);
            open(given, name, "First", &["status/ready"]);
            given.track(name).await;
        }
        for _ in 0..2 {
            given.sync().await;
            given.advance(120);
        }
        let fault = Fault::error("FORBIDDEN", "Resource not accessible by integration");
        given.github.inject(fault.on("RepositoryChanges"));
        given.github.relabel("acme/one", 1, &["bug"], &[]).unwrap();
        given.sync().await;
        assert!(on_board(given).await.iter().any(|issue| issue.labels.contains("bug")));
    })
    .await;
}

#[tokio::test]
async fn while_github_does_not_respond_changes_fail_at_once_with_the_reason() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        given.github.inject(Fault::refuse(502, "Bad gateway").on_anything().always());
        let unanswered = async || {
            let asked = "{ syncState { unansweredSince } }";
            given.graphql(asked, serde_json::json!({})).await["syncState"]["unansweredSince"]
                .clone()
        };
        let issue = given.issue(1).await.id;
        let attempt = async || {
            let command = MoveIssue {
                issue_id: issue,
                to: Status::Backlog,
                expected_from: None,
                reason: None,
                fencing_token: None,
            };
            move_issue(&given.app, &person(), command).await.map(drop)
        };
        let silent_since = given.app.clock.now();
        attempt().await.unwrap_err();
        assert!(unanswered().await.is_null(), "one moment says little");
        for _ in 0..2 {
            given.advance(6);
            attempt().await.unwrap_err();
        }
        let since: chrono::DateTime<chrono::Utc> =
            unanswered().await.as_str().expect("it is said").parse().unwrap();
        assert_eq!(since, silent_since);

        given.github.forget_requests();
        let error = attempt().await.unwrap_err().to_string();
        assert!(error.contains("GitHub has not answered since"), "{error}");
        let command = dispatch::service::claims::ClaimNext {
            agent: "alpha".to_owned(),
            ..Default::default()
        };
        let agent = crate::support::agent("alpha");
        let error = dispatch::service::claims::claim_next(&given.app, &agent, command).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("GitHub has not answered since"), "{error}");
        assert_eq!(given.github.total(), 0, "GitHub is not asked");

        given.github.clear_faults();
        given.advance(6);
        attempt().await.expect("the next one is tried, and answered");
        assert!(unanswered().await.is_null());
    })
    .await;
}

#[tokio::test]
async fn a_repository_whose_fingerprint_times_out_stops_no_other() {
    given(async |given| {
        for name in ["acme/one", "acme/two", "acme/three"] {
            given.github.add_repository(name);
            open(given, name, "First", &["status/ready"]);
            given.track(name).await;
        }
        given.sync().await;
        given.github.inject(Fault::refuse(502, "Bad gateway").on("RepositoryChanges").always());
        for _ in 0..4 {
            given.advance(120);
            let results = sync_issues(&given.app, None).await.unwrap();
            assert!(results.iter().all(|result| result.error.is_none()), "{results:?}");
        }
        let state = sync_state(&given.app).await.unwrap();
        assert_eq!(state.unanswered_since, None);
    })
    .await;
}
