//! Events reach subscribers in order, each once, and every gap is reported.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use axum::http::Request;
use dispatch::clock::Clock;
use dispatch::domain::events::Topic;
use dispatch::domain::{EventCursor, IssueId, Status};
use dispatch::graphql::{self, Server};
use dispatch::service::App;
use dispatch::service::agents::agent_runs::{RecordAgentRun, record_agent_run};
use dispatch::service::board::moves::{MoveIssue, move_issue};
use dispatch::service::events::{Replay, events_after, position};
use dispatch::service::repositories::tracking;
use dispatch::simulator::NewIssue;
use dispatch::store::event_log;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::github::GitHub;
use crate::support::process::Process;
use crate::support::stream::{Events, Socket};
use crate::support::{
    AGENT_TOKEN, Database, REPOSITORY, eventually, given, given_settings, person,
};

const EVENTS: &str = "subscription($filter: IssueFilter, $after: EventCursor) {
    boardEvents(filter: $filter, after: $after) {
        __typename
        ... on IssueMoved { cursor from to actor issue { number status } }
        ... on IssueChanged { cursor issue { number status title } }
        ... on IssueRemoved { cursor issueId }
        ... on Resync { cursor reason }
    }
}";

async fn try_move(app: &App, issue: IssueId, to: Status) -> Option<EventCursor> {
    let reason = Some("because".to_owned());
    let command =
        MoveIssue { issue_id: issue, to, expected_from: None, reason, fencing_token: None };
    move_issue(app, &person(), command).await.ok().map(|moved| moved.cursor)
}

async fn moved(app: &App, issue: IssueId, to: Status) -> EventCursor {
    try_move(app, issue, to).await.expect("the move is allowed")
}

fn kind(data: &Value) -> &str {
    data["boardEvents"]["__typename"].as_str().unwrap()
}

fn cursor(data: &Value) -> String {
    data["boardEvents"]["cursor"].as_str().unwrap().to_owned()
}

/// The positions of the board's events after a position, as in the log.
async fn log(app: &App, after: EventCursor) -> Vec<String> {
    match events_after(app, after, 100_000).await.unwrap() {
        Replay::Events(events) => events
            .into_iter()
            .filter(|event| event.topic == Topic::Board)
            .map(|event| event.id.to_string())
            .collect(),
        Replay::Gap { reason, .. } => panic!("{reason}"),
    }
}

#[tokio::test]
async fn a_move_reaches_both_transports() {
    given(async |given| {
        given.with_issues(&[("Teach the importer", &["status/ready"])]).await;
        let issue = given.issue(1).await.id;
        let address = given.serve().await;
        let mut socket = Socket::open(&address).await;
        socket.subscribe("1", EVENTS, json!({})).await;
        let mut events = Events::open(&given.app, EVENTS, json!({}), None).await;
        let position = moved(&given.app, issue, Status::InReview).await.to_string();
        let expected = json!({"boardEvents": {
            "__typename": "IssueMoved", "cursor": position, "from": "READY", "to": "IN_REVIEW",
            "actor": "user", "issue": {"number": 1, "status": "IN_REVIEW"},
        }});
        assert_eq!(socket.next("1").await, expected);
        assert_eq!(events.next().await, (Some(position), expected));
    })
    .await;
}

#[tokio::test]
async fn a_sync_in_one_replica_is_followed_in_another() {
    const CHANGED: &str = "subscription { syncChanged {
        issuesCount lastGoodSyncAt running { repositoriesCount repositoriesDoneCount }
    } }";
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let other = given.replica().await;
        let address = given.serve_app(other).await;
        let mut first = Socket::open(&address).await;
        let mut second = Socket::open(&address).await;
        first.subscribe("1", CHANGED, json!({})).await;
        second.subscribe("1", CHANGED, json!({})).await;
        given.advance(600);

        given.sync().await;

        for socket in [&mut first, &mut second] {
            let mut state = socket.next("1").await;
            if let Some(running) = state["syncChanged"]["running"].as_object() {
                assert_eq!(running["repositoriesCount"], 1);
            }
            let now = given.graphql("{ syncState { lastGoodSyncAt } }", json!({})).await;
            let good = now["syncState"]["lastGoodSyncAt"].clone();
            while !state["syncChanged"]["running"].is_null()
                || state["syncChanged"]["lastGoodSyncAt"] != good
            {
                state = socket.next("1").await;
            }
            assert_eq!(state["syncChanged"]["issuesCount"], 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_and_the_events_after_it_miss_nothing() {
    given(async |given| {
        given.with_issues(&[("a", &[]), ("b", &[])]).await;
        let board = given.graphql("{ board { asOf } }", json!({})).await;
        let as_of = board["board"]["asOf"].clone();
        let (first, second) = (given.issue(1).await.id, given.issue(2).await.id);
        let mut expected = vec![moved(&given.app, first, Status::Ready).await.to_string()];
        expected.push(moved(&given.app, second, Status::Done).await.to_string());
        let mut events = Events::open(&given.app, EVENTS, json!({"after": as_of}), None).await;
        let mut seen = vec![cursor(&events.next().await.1), cursor(&events.next().await.1)];
        expected.push(moved(&given.app, first, Status::Blocked).await.to_string());
        seen.push(cursor(&events.next().await.1));
        assert_eq!(seen, expected);
    })
    .await;
}

#[tokio::test]
async fn the_last_event_id_overrules_after() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let issue = given.issue(1).await.id;
        let start = position(&given.app).await.unwrap().to_string();
        let first = moved(&given.app, issue, Status::Ready).await.to_string();
        let second = moved(&given.app, issue, Status::InReview).await.to_string();
        for (query, variables) in
            [(EVENTS.to_owned(), json!({"after": start})), (begun_at(&start), json!({}))]
        {
            let mut events = Events::open(&given.app, &query, variables, Some(&first)).await;
            assert_eq!(cursor(&events.next().await.1), second);
        }
        let mut events = Events::open(&given.app, EVENTS, json!({}), Some("nonsense")).await;
        let refused = events.try_next().await.unwrap();
        assert!(refused.data.contains("BAD_USER_INPUT"), "{refused:?}");
        events.complete().await;
    })
    .await;
}

#[tokio::test]
async fn a_browser_reads_the_stream_with_get() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let query: String = url::form_urlencoded::byte_serialize(
            "subscription { boardEvents { __typename } }".as_bytes(),
        )
        .collect();
        let request = Request::get(format!("/graphql?query={query}"))
            .header("host", "localhost:3000")
            .header("accept", "text/event-stream");
        let mut events = Events::send(&given.app, request.body("".into()).unwrap()).await;
        moved(&given.app, given.issue(1).await.id, Status::Ready).await;
        assert_eq!(kind(&events.next().await.1), "IssueMoved");
    })
    .await;
}

#[tokio::test]
async fn a_filter_narrows_the_events() {
    given(async |given| {
        given.with_issues(&[("a", &["status/backlog"]), ("b", &["status/ready"])]).await;
        let (a, b) = (given.issue(1).await.id, given.issue(2).await.id);
        let filter = json!({"filter": {"statuses": ["READY", "IN_PROGRESS"]}});
        let mut events = Events::open(&given.app, EVENTS, filter, None).await;
        moved(&given.app, a, Status::Done).await;
        moved(&given.app, a, Status::Ready).await;
        let (_, came) = events.next().await;
        assert_eq!(
            (kind(&came), &came["boardEvents"]["issue"]["number"]),
            ("IssueChanged", &json!(1))
        );
        moved(&given.app, b, Status::InProgress).await;
        assert_eq!(kind(&events.next().await.1), "IssueMoved");
        moved(&given.app, b, Status::InReview).await;
        let (_, left) = events.next().await;
        assert_eq!((kind(&left), &left["boardEvents"]["issueId"]), ("IssueRemoved", &json!(b)));
        moved(&given.app, b, Status::Done).await;
        moved(&given.app, a, Status::InProgress).await;
        assert_eq!(kind(&events.next().await.1), "IssueMoved", "what lies outside is not told");
    })
    .await;
}

#[tokio::test]
async fn search_words_are_evaluated_for_each_event() {
    given(async |given| {
        given.with_issues(&[("About gzip", &[]), ("About zstd", &[])]).await;
        let (gzip, zstd) = (given.issue(1).await.id, given.issue(2).await.id);
        let filter = json!({"filter": {"search": "gzip"}});
        let mut events = Events::open(&given.app, EVENTS, filter, None).await;
        moved(&given.app, zstd, Status::Ready).await;
        moved(&given.app, gzip, Status::Ready).await;
        let (_, told) = events.next().await;
        assert_eq!(
            (kind(&told), &told["boardEvents"]["issue"]["number"]),
            ("IssueMoved", &json!(1))
        );

        given.advance(60);
        given.github.edit_title(REPOSITORY, 1, "About lzma").unwrap();
        given.github.edit_title(REPOSITORY, 2, "About gzip and zstd").unwrap();
        given.advance(60);
        given.sync().await;
        let mut told = BTreeSet::new();
        for _ in 0..2 {
            let (_, data) = events.next().await;
            told.insert(kind(&data).to_owned());
        }
        let both = ["IssueChanged", "IssueRemoved"].map(str::to_owned);
        assert_eq!(told, BTreeSet::from(both), "one came into the search and one left it");
    })
    .await;
}

#[tokio::test]
async fn an_updated_issue_leaves_a_board_filtered_by_update_time() {
    given(async |given| {
        given.with_issues(&[("a", &["status/ready"]), ("b", &["status/ready"])]).await;
        let (a, b) = (given.issue(1).await.id, given.issue(2).await.id);
        let age = "UPDATE issues SET updated_at = updated_at - interval '9 days' WHERE number = 1";
        given.database.run(age).await;
        let filter = json!({"filter": {"updatedBefore": "2026-05-13T12:00:00Z"}});
        let mut events = Events::open(&given.app, EVENTS, filter, None).await;
        moved(&given.app, a, Status::InProgress).await;
        let (_, left) = events.next().await;
        assert_eq!((kind(&left), &left["boardEvents"]["issueId"]), ("IssueRemoved", &json!(a)));

        // The subscriber cannot know that it never had the issue, and ignoring this is harmless.
        moved(&given.app, b, Status::InProgress).await;
        let (_, left) = events.next().await;
        assert_eq!((kind(&left), &left["boardEvents"]["issueId"]), ("IssueRemoved", &json!(b)));
    })
    .await;
}

#[tokio::test]
async fn tracking_another_repository_starts_everybody_over() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        given.github.add_repository("acme/site");
        let mut events = Events::open(&given.app, EVENTS, json!({}), None).await;
        given.track("acme/site").await;
        let (id, resync) = events.next().await;
        assert_eq!((kind(&resync), id), ("Resync", Some(cursor(&resync))));
        assert_eq!(resync["boardEvents"]["reason"], "acme/site is tracked");
        events.complete().await;

        // A client that loads the board now and subscribes after it receives no old events.
        let board = given.graphql("{ board { asOf } }", json!({})).await;
        let after = json!({"after": board["board"]["asOf"]});
        let mut events = Events::open(&given.app, EVENTS, after, None).await;
        moved(&given.app, given.issue(1).await.id, Status::Ready).await;
        assert_eq!(kind(&events.next().await.1), "IssueMoved");
        let name = "acme/site".parse().unwrap();
        tracking::untrack_repository(&given.app, &person(), &name).await.unwrap();
        assert_eq!(kind(&events.next().await.1), "Resync");
        events.complete().await;
    })
    .await;
}

#[tokio::test]
async fn an_unresumable_cursor_gets_a_resync() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let issue = given.issue(1).await.id;
        let old = position(&given.app).await.unwrap().to_string();
        for to in [Status::Ready, Status::InReview, Status::Done] {
            moved(&given.app, issue, to).await;
        }
        let beyond = EventCursor(1_000_000).to_string();
        let literal =
            format!("subscription {{ boardEvents(after: \"{beyond}\") {{ __typename }} }}");
        for (query, after) in [(EVENTS, json!({"after": beyond})), (&literal, json!({}))] {
            let mut events = Events::open(&given.app, query, after, None).await;
            assert_eq!(kind(&events.next().await.1), "Resync");
            events.complete().await;
        }

        given.advance(8 * 24 * 3600);
        dispatch::service::retention::prune_events(&given.app).await.unwrap();
        let mut events = Events::open(&given.app, EVENTS, json!({"after": old}), None).await;
        let (_, resync) = events.next().await;
        assert_eq!(kind(&resync), "Resync");
        assert_eq!(cursor(&resync), position(&given.app).await.unwrap().to_string());
        events.complete().await;

        let mut events = Events::open(&given.app, EVENTS, json!({"after": "x"}), None).await;
        let refused: Value = serde_json::from_str(&events.try_next().await.unwrap().data).unwrap();
        assert_eq!(
            refused["errors"][0]["extensions"],
            json!({"code": "BAD_USER_INPUT", "field": "after"})
        );
        events.complete().await;
    })
    .await;
}

#[tokio::test]
async fn an_issue_gone_at_replay_becomes_a_removal() {
    given(async |given| {
        given.with_issues(&[("a", &[]), ("b", &[])]).await;
        let before = position(&given.app).await.unwrap();
        let gone = given.issue(1).await.id;
        moved(&given.app, gone, Status::Ready).await;
        given
            .database
            .run("UPDATE issues SET on_board = false, removed_at = now() WHERE number = 1")
            .await;
        let after = json!({"after": before.to_string()});
        let mut events = Events::open(&given.app, EVENTS, after, None).await;
        let (_, told) = events.next().await;
        assert_eq!((kind(&told), &told["boardEvents"]["issueId"]), ("IssueRemoved", &json!(gone)));
    })
    .await;
}

#[tokio::test]
async fn records_are_published_as_they_are_made() {
    given(async |given| {
        given.with_issues(&[("a", &["status/ready"])]).await;
        let issue = given.issue(1).await.id;
        let entries =
            "subscription($repository: String) { auditEntryAdded(repository: $repository) {
            action success issue { number } } }";
        let runs = "subscription { agentRunRecorded(agent: \"alpha\") { agentName summary } }";
        let mut all = Events::open(&given.app, entries, json!({}), None).await;
        let mut other =
            Events::open(&given.app, entries, json!({"repository": "acme/other"}), None).await;
        let mut reported = Events::open(&given.app, runs, json!({}), None).await;

        moved(&given.app, issue, Status::Done).await;
        given.track("ACME/other").await;
        for (agent, summary) in [("beta", "no"), ("alpha", "yes")] {
            let run = RecordAgentRun {
                agent_name: agent.to_owned(),
                run_type: "heartbeat".to_owned(),
                status: "success".to_owned(),
                started_at: dispatch::domain::Timestamp(given.app.clock.now()),
                finished_at: None,
                summary: Some(summary.to_owned()),
                error_message: None,
                touched_issue_urls: None,
                issue_id: None,
                idempotency_key: None,
                outcome: None,
            };
            record_agent_run(&given.app, &dispatch::domain::Actor::System, run).await.unwrap();
        }
        let entry = json!({"action": "move_issue", "success": true, "issue": {"number": 1}});
        assert_eq!(all.next().await.1["auditEntryAdded"], entry);
        assert_eq!(all.next().await.1["auditEntryAdded"]["action"], "add_tracked_repo");
        assert_eq!(other.next().await.1["auditEntryAdded"]["action"], "add_tracked_repo");
        let run = json!({"agentName": "alpha", "summary": "yes"});
        assert_eq!(reported.next().await.1["agentRunRecorded"], run);
    })
    .await;
}

#[tokio::test]
async fn another_replica_publishes_the_same() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let replica = given.replica().await;
        let issue = given.issue(1).await.id;
        let start = position(&given.app).await.unwrap();
        let mut here = Events::open(&given.app, EVENTS, json!({}), None).await;
        let mut there = Events::open(&replica, EVENTS, json!({}), None).await;
        let mut expected = vec![];
        for (app, to) in [(&given.app, Status::Ready), (&replica, Status::InReview)] {
            expected.push(moved(app, issue, to).await.to_string());
            assert_eq!(here.next().await, there.next().await);
        }
        // And a subscriber that reconnects in between continues at its position.
        let after = json!({"after": expected[0]});
        let mut events = Events::open(&replica, EVENTS, after, None).await;
        assert_eq!(cursor(&events.next().await.1), expected[1]);
        assert_eq!(log(&given.app, start).await, expected);
    })
    .await;
}

/// A subscriber that reads as many events on each connection as `shares` says and then opens the
/// next one, until it has seen the given last event. It starts after `after`.
async fn restless(
    apps: Vec<App>,
    after: EventCursor,
    shares: Vec<usize>,
    mut end: watch::Receiver<Option<EventCursor>>,
) -> Vec<String> {
    let mut seen: Vec<String> = vec![];
    let mut at = after.to_string();
    for (turn, share) in shares.into_iter().cycle().enumerate() {
        let app = &apps[turn % apps.len()];
        let mut events = match turn % 4 {
            // This one cannot share an execution.
            0 => Events::open(app, &begun_at(&at), json!({}), None).await,
            1 => Events::open(app, EVENTS, json!({}), Some(&at)).await,
            _ => Events::open(app, EVENTS, json!({"after": at}), None).await,
        };
        for _ in 0..share {
            let is_the_end =
                |end: &Option<EventCursor>| end.is_some_and(|end| end.to_string() == at);
            tokio::select! {
                _ = end.wait_for(is_the_end) => return seen,
                (id, data) = events.next() => {
                    assert_ne!(kind(&data), "Resync", "{data}");
                    assert_eq!(id.as_ref(), Some(&cursor(&data)));
                    at = cursor(&data);
                    seen.push(at.clone());
                }
            }
        }
    }
    seen
}

/// The subscription with the position written into it.
fn begun_at(position: &str) -> String {
    EVENTS
        .replace("after: $after", &format!("after: \"{position}\""))
        .replace(", $after: EventCursor", "")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reconnecting_loses_and_repeats_no_event() {
    given(async |given| {
        let titles: Vec<String> = (0..6).map(|n| format!("Issue {n}")).collect();
        let issues: Vec<(&str, &[&str])> =
            titles.iter().map(|title| (title.as_str(), &[] as &[&str])).collect();
        given.with_issues(&issues).await;
        let apps = vec![given.app.clone(), given.replica().await];
        let start = position(&given.app).await.unwrap();
        let (ends, end) = watch::channel(None);
        let mut readers = JoinSet::new();
        for reader in 0..8_usize {
            let shares = (0..7).map(|turn| 1 + (reader * 7 + turn * 5) % 11).collect();
            readers.spawn(restless(apps.clone(), start, shares, end.clone()));
        }
        let mut writers = JoinSet::new();
        for number in 1..=6_usize {
            let issue = given.issue(i32::try_from(number).unwrap()).await.id;
            let app = apps[number % 2].clone();
            writers.spawn(async move {
                for to in Status::ALL.into_iter().cycle().skip(number).take(12) {
                    moved(&app, issue, to).await;
                }
            });
        }
        while let Some(written) = writers.join_next().await {
            written.unwrap();
        }
        let expected = log(&given.app, start).await;
        assert!(expected.len() >= 60, "{}", expected.len());
        ends.send_replace(Some(expected.last().unwrap().parse().unwrap()));
        while let Some(seen) = readers.join_next().await {
            assert_eq!(seen.unwrap(), expected);
        }
    })
    .await;
}

#[tokio::test]
async fn a_subscriber_that_lags_gets_a_resync() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let issue = given.issue(1).await.id;
        // Equal subscriptions of one router share a stream. What one reader has received, the
        // stream has published, so the other is behind by exactly as much, however busy the machine
        // is.
        let router = dispatch::router(given.app.clone());
        let entries = "subscription { auditEntryAdded { id } }";
        let mut slow = Events::open_at(&router, EVENTS).await;
        let mut quick = Events::open_at(&router, EVENTS).await;
        let mut slow_of_entries = Events::open_at(&router, entries).await;
        let mut quick_of_entries = Events::open_at(&router, entries).await;
        let move_and_entry = moved(&given.app, issue, Status::Ready).await.0;
        quick.next().await;
        quick_of_entries.next().await;
        let again = format!(
            "INSERT INTO event_log (topic, kind, at, actor, issue_id, record_id, before, after)
             SELECT topic, kind, at, actor, issue_id, record_id, before, after
             FROM event_log, generate_series(1, 100)
             WHERE id IN ({move_and_entry}, {move_and_entry} + 1)"
        );
        for _ in 0..3 {
            given.database.run(&again).await;
            for _ in 0..100 {
                assert_eq!(kind(&quick.next().await.1), "IssueMoved", "nobody waits for the slow");
                quick_of_entries.next().await;
            }
        }
        let (_, resync) = slow.next().await;
        assert_eq!(kind(&resync), "Resync");
        assert_eq!(resync["boardEvents"]["reason"], "The reader was too slow");
        slow.complete().await;
        let refused: Value =
            serde_json::from_str(&slow_of_entries.try_next().await.unwrap().data).unwrap();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "RESYNC", "{refused}");
        slow_of_entries.complete().await;
    })
    .await;
}

#[tokio::test]
async fn a_lost_listener_connection_loses_no_event() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let issue = given.issue(1).await.id;
        let mut events = Events::open(&given.app, EVENTS, json!({}), None).await;
        let first = moved(&given.app, issue, Status::Ready).await.to_string();
        assert_eq!(cursor(&events.next().await.1), first);

        let ended = "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN %'";
        assert_eq!(given.database.number(ended).await, 1);

        let mut expected = vec![];
        for to in [Status::InProgress, Status::InReview, Status::Done] {
            expected.push(moved(&given.app, issue, to).await.to_string());
        }
        for position in expected {
            assert_eq!(cursor(&events.next().await.1), position);
        }
        // And later changes are announced.
        let listening = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN %'";
        eventually(async || given.database.number(listening).await == 1).await;
        let last = moved(&given.app, issue, Status::Ready).await.to_string();
        assert_eq!(cursor(&events.next().await.1), last);
    })
    .await;
}

#[tokio::test]
async fn a_subscriber_resumes_from_the_log_after_a_crash() {
    let github = GitHub::with_clock(Clock::system()).await;
    github.simulator.add_repository(REPOSITORY);
    for title in ["a", "b"] {
        github.simulator.open_issue(REPOSITORY, NewIssue::titled(title, &[])).unwrap();
    }
    let database = Database::new().await;
    let settings = [("GITHUB_REPOSITORIES", REPOSITORY)];
    let serve =
        async || Process::serve_with(database.url(), github.address.as_str(), &settings).await;
    let process = serve().await;
    let mut ids = vec![];
    eventually(async || {
        let query = "{ issues { nodes { id } } syncState { running { startedAt } } }";
        let found = process.graphql(query, json!({})).await.unwrap()["data"].take();
        let nodes = found["issues"]["nodes"].as_array().unwrap();
        ids = nodes.iter().map(|node| node["id"].clone()).collect();
        ids.len() == 2 && found["syncState"]["running"].is_null()
    })
    .await;
    let change = async |process: &Process, id: &Value, to: &str| {
        let query = "mutation($in: MoveIssueInput!) { moveIssue(input: $in) { cursor } }";
        let variables = json!({"in": {"issueId": id, "to": to}});
        let answer = process.graphql(query, variables).await.unwrap();
        answer["data"]["moveIssue"]["cursor"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned()
    };

    let mut socket = Socket::open(process.host()).await;
    socket.subscribe("1", EVENTS, json!({})).await;
    let seen = change(&process, &ids[0], "READY").await;
    assert_eq!(cursor(&socket.next("1").await), seen);
    drop(socket);
    change(&process, &ids[0], "IN_REVIEW").await;
    change(&process, &ids[1], "READY").await;
    process.kill().await;

    let process = serve().await;
    let mut socket = Socket::open(process.host()).await;
    socket.subscribe("1", EVENTS, json!({"after": seen})).await;
    let last = change(&process, &ids[1], "DONE").await;
    let mut told = vec![];
    while told.last() != Some(&last) {
        let data = socket.next("1").await;
        assert_ne!(kind(&data), "Resync", "{data}");
        told.push(cursor(&data));
    }
    let mut connection = database.connect().await;
    let log = event_log::after(&mut connection, seen.parse().unwrap(), 1000).await.unwrap();
    let held = log.into_iter().filter(|event| event.topic == Topic::Board);
    let held: Vec<String> = held.map(|event| event.id.to_string()).collect();
    assert_eq!(told, held);
    assert_eq!(held.len(), 3);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_and_delays_nobody() {
    const BODIES: &str = "subscription { boardEvents { ... on IssueMoved { issue { body } } } }";
    given(async |given| {
        given.with_issues(&[("Long", &[])]).await;
        given.advance(60);
        given.github.edit_body(REPOSITORY, 1, &"long ".repeat(12_000)).unwrap();
        given.sync().await;
        let issue = given.issue(1).await.id;
        let server = Server::new(given.app.clone());
        let router = graphql::routes(server.clone()).layer(axum::Extension(person()));
        let address = given.serve_router(router).await;

        let mut deaf = Socket::with_little_room(&address).await;
        for number in 0..50 {
            deaf.subscribe(&number.to_string(), BODIES, json!({})).await;
        }
        let mut quick = Socket::open(&address).await;
        quick.subscribe("1", EVENTS, json!({})).await;
        assert_eq!(server.subscriptions(), 2);

        // Together more than all buffers between the two can hold.
        let began = Instant::now();
        for to in Status::ALL.into_iter().rev() {
            let position = moved(&given.app, issue, to).await.to_string();
            assert_eq!(cursor(&quick.next("1").await), position);
        }
        let running = server.subscriptions();
        // One write may take ten seconds, and so may all of this on a busy machine.
        if began.elapsed() < Duration::from_secs(10) {
            assert_eq!(running, 2, "it is given some time");
        }
        eventually(async || server.subscriptions() == 1).await;

        let position = moved(&given.app, issue, Status::Ready).await.to_string();
        assert_eq!(cursor(&quick.next("1").await), position);
    })
    .await;
}

#[tokio::test]
async fn equal_subscriptions_run_once() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let issue = given.issue(1).await.id;
        let server = Server::new(given.app.clone());
        let router = graphql::routes(server.clone()).layer(axum::Extension(person()));
        let address = given.serve_router(router).await;
        let start = position(&given.app).await.unwrap();
        let mut sockets = vec![];
        for turn in 0..20 {
            let mut socket = Socket::open(&address).await;
            // Neither the start position nor the name of the operation makes a difference.
            let after = if turn % 2 == 0 { json!({}) } else { json!({"after": start.to_string()}) };
            socket.subscribe(&format!("op {turn}"), EVENTS, after).await;
            sockets.push(socket);
        }
        assert_eq!(server.subscriptions(), 1);
        let filter = json!({"filter": {"statuses": ["DONE"]}});
        sockets[0].subscribe("other", EVENTS, filter).await;
        assert_eq!(server.subscriptions(), 2);
        moved(&given.app, issue, Status::Ready).await;
        for (turn, socket) in sockets.iter_mut().enumerate() {
            assert_eq!(kind(&socket.next(&format!("op {turn}")).await), "IssueMoved");
        }
        sockets[0].say(json!({"type": "complete", "id": "other"})).await;
        eventually(async || server.subscriptions() == 1).await;
        drop(sockets);
        eventually(async || server.subscriptions() == 0).await;
    })
    .await;
}

#[tokio::test]
async fn a_socket_carries_queries_and_mutations_too() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let issue = given.issue(1).await.id;
        let address = given.serve().await;
        let mut socket = Socket::open(&address).await;
        let query = json!({"query": "{ issues { totalCount } }"});
        socket.say(json!({"type": "subscribe", "id": "q", "payload": query})).await;
        assert_eq!(socket.next("q").await, json!({"issues": {"totalCount": 1}}));
        assert_eq!(socket.hear().await, json!({"type": "complete", "id": "q"}));
        let change =
            "mutation($to: MoveIssueInput!) { moveIssue(input: $to) { issue { status } } }";
        let payload =
            json!({"query": change, "variables": {"to": {"issueId": issue, "to": "DONE"}}});
        socket.say(json!({"type": "subscribe", "id": "m", "payload": payload})).await;
        assert_eq!(socket.next("m").await, json!({"moveIssue": {"issue": {"status": "DONE"}}}));
        assert_eq!(socket.hear().await, json!({"type": "complete", "id": "m"}));
        for payload in
            [json!({"query": "{ nothing }"}), json!({"query": "{"}), json!({"variables": {}})]
        {
            socket.say(json!({"type": "subscribe", "id": "e", "payload": payload})).await;
            let error = socket.hear().await;
            assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("e")));
            assert!(error["payload"][0]["extensions"]["code"].is_string(), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_refused_subscription_reports_one_error() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let address = given.serve().await;
        let mut socket = Socket::open(&address).await;
        let refused = [
            ("subscription { boardEvents { nothing } }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
            (
                "subscription { a: boardEvents { __typename } b: boardEvents { __typename } }",
                json!({}),
                "GRAPHQL_VALIDATION_FAILED",
            ),
            (
                "subscription { ...F } fragment F on Subscription { boardEvents { __typename } }",
                json!({}),
                "GRAPHQL_VALIDATION_FAILED",
            ),
            (EVENTS, json!({"filter": {"statuses": ["LATER"]}}), "BAD_USER_INPUT"),
            (EVENTS, json!({"after": 7}), "BAD_USER_INPUT"),
            (
                "subscription { auditEntryAdded(repository: \"x\") { id } }",
                json!({}),
                "BAD_USER_INPUT",
            ),
        ];
        for (query, variables, code) in refused {
            let payload = json!({"query": query, "variables": variables});
            socket.say(json!({"type": "subscribe", "id": "1", "payload": payload})).await;
            let told = socket.hear().await;
            let error = match told["type"].as_str().unwrap() {
                "error" => &told["payload"][0],
                _ => {
                    assert_eq!(socket.hear().await, json!({"type": "complete", "id": "1"}));
                    &told["payload"]["errors"][0]
                }
            };
            assert_eq!(error["extensions"]["code"], code, "{query}: {told}");
        }
        socket.say(json!({"type": "ping"})).await;
        assert_eq!(socket.hear().await, json!({"type": "pong"}), "nothing else was said");
    })
    .await;
}

#[tokio::test]
async fn a_protocol_violation_closes_the_socket_with_a_reason() {
    given(async |given| {
        let address = given.serve().await;
        let closed = async |messages: &[Value]| {
            let mut socket = Socket::connect(&address).await;
            for message in messages {
                socket.say(message.clone()).await;
            }
            if messages.first().is_some_and(|first| first["type"] == "connection_init") {
                assert_eq!(socket.hear().await["type"], "connection_ack");
            }
            socket.closed().await.0
        };
        let init = json!({"type": "connection_init", "payload": {}});
        let subscribe = json!({"type": "subscribe", "id": "1", "payload": {"query": EVENTS}});
        assert_eq!(closed(std::slice::from_ref(&subscribe)).await, 4401);
        assert_eq!(closed(&[init.clone(), init.clone()]).await, 4429);
        assert_eq!(closed(&[init.clone(), subscribe.clone(), subscribe.clone()]).await, 4409);
        assert_eq!(closed(&[json!({"type": "hello"})]).await, 4400);
        assert_eq!(closed(&[json!([])]).await, 4400);
        assert_eq!(
            closed(&[init.clone(), json!({"type": "subscribe", "payload": {}})]).await,
            4400
        );
        assert_eq!(closed(&[init, json!({"type": "subscribe", "id": "1"})]).await, 4400);
        let mut binary = Socket::connect(&address).await;
        binary.bytes(b"{}").await;
        assert_eq!(binary.closed().await.0, 4400);
        let mut garbled = Socket::connect(&address).await;
        garbled.text("{").await;
        assert_eq!(garbled.closed().await.0, 4400);
        let mut stranger = Socket::with_protocol(&address, None).await;
        assert_eq!(stranger.closed().await.0, 4406);
    })
    .await;
}

#[tokio::test]
async fn the_operations_of_one_socket_have_so_many_bytes() {
    given(async |given| {
        let address = given.serve().await;
        let mut socket = Socket::open(&address).await;
        let long = format!("{EVENTS} # {}", "x".repeat(200_000));
        for id in ["1", "2"] {
            socket.subscribe(id, &long, json!({})).await;
        }
        let payload = json!({"query": long});
        let third = json!({"type": "subscribe", "id": "3", "payload": payload});
        socket.say(third.clone()).await;
        let refused = socket.hear().await;
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("3")));
        assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
        socket.say(json!({"type": "complete", "id": "1"})).await;
        socket.say(third).await;
        socket.say(json!({"type": "ping"})).await;
        assert_eq!(socket.hear().await, json!({"type": "pong"}), "there is room again");
    })
    .await;
}

#[tokio::test]
async fn a_completed_operation_sends_nothing_more() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let issue = given.issue(1).await.id;
        let address = given.serve().await;
        let mut socket = Socket::open(&address).await;
        socket.subscribe("1", EVENTS, json!({})).await;
        socket.subscribe("2", "subscription { boardEvents { __typename } }", json!({})).await;
        socket.say(json!({"type": "complete", "id": "1"})).await;
        socket.subscribe("3", EVENTS, json!({})).await;
        moved(&given.app, issue, Status::Ready).await;
        let told = [socket.hear().await, socket.hear().await];
        let ids: BTreeSet<_> = told.iter().map(|told| told["id"].as_str().unwrap()).collect();
        assert_eq!(ids, BTreeSet::from(["2", "3"]));
    })
    .await;
}

#[tokio::test]
async fn a_socket_authenticates_in_connection_init() {
    let basic = [
        ("DISPATCH_AUTH_MODE", "basic"),
        ("DISPATCH_AUTH_USERNAME", "sam"),
        ("DISPATCH_AUTH_PASSWORD", "a long password"),
    ];
    given_settings(&basic, async |given| {
        let address = given.serve().await;
        let introduce = async |payload: Value| {
            let mut socket = Socket::connect(&address).await;
            socket.say(json!({"type": "connection_init", "payload": payload})).await;
            socket
        };
        let record =
            "mutation { recordAgentRun(input: {agentName: \"a\", runType: \"b\", status: \"c\",
            startedAt: \"2026-05-20T12:00:00Z\"}) { agentRun { agentName } } }";
        let token = format!("Bearer {AGENT_TOKEN}");
        let mut agent = introduce(json!({"Authorization": token})).await;
        assert_eq!(agent.hear().await, json!({"type": "connection_ack"}));
        let payload = json!({"query": record});
        agent.say(json!({"type": "subscribe", "id": "1", "payload": payload})).await;
        let recorded = json!({"recordAgentRun": {"agentRun": {"agentName": "a"}}});
        assert_eq!(agent.next("1").await, recorded);
        for payload in
            [json!({}), json!({"Authorization": "Bearer nonsense"}), json!({"Authorization": 7})]
        {
            assert_eq!(introduce(payload).await.closed().await.0, 4401);
        }
    })
    .await;
}

#[tokio::test]
async fn subscriptions_end_when_the_service_stops() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let address = given.serve().await;
        let mut socket = Socket::open(&address).await;
        socket.subscribe("1", EVENTS, json!({})).await;
        let mut events = Events::open(&given.app, EVENTS, json!({}), None).await;
        given.app.bus.close();
        assert_eq!(socket.closed().await.0, 1012);
        assert_eq!(events.try_next().await, None, "it is cut, so that clients come back");
    })
    .await;
}
