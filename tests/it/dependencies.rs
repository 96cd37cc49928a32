//! Dependencies of issues: shown, ranked, and announced when they change.

use dispatch::domain::EventCursor;
use dispatch::domain::events::{EventKind, Topic};
use dispatch::service::claims::queue::{QueueRequest, explain_work, queue};
use dispatch::service::events::{Replay, events_after, position};
use dispatch::simulator::NewIssue;
use dispatch::store::board::blockers;
use dispatch::store::event_log;
use serde_json::{Value, json};

use crate::support::stream::Events;
use crate::support::{Given, REPOSITORY, given, given_settings, person};

const READY: &[&str] = &["status/ready"];
const ELSEWHERE: &str = "acme/moon";

const FIELDS: &str = "openBlockers unblocks
    blockedBy { repository number isOpen url sources issue { number title openBlockers } }
    blocks { repository number isOpen sources issue { number blockedBy { number } } }";

async fn next_sync(given: &Given) {
    given.advance(60);
    given.sync().await;
}

/// The dependencies of an issue of [`REPOSITORY`].
async fn shown(given: &Given, number: i32) -> Value {
    let query =
        format!("{{ issue(repository: \"{REPOSITORY}\", number: {number}) {{ {FIELDS} }} }}");
    given.graphql(&query, json!({})).await["issue"].clone()
}

/// The two counts of each issue of the board, by number.
async fn counts(given: &Given) -> Vec<(i64, i64, i64)> {
    let query = "{ board { columns { issues(first: 1000) { nodes { \
                 number openBlockers unblocks } } } } }";
    let data = given.graphql(query, json!({})).await;
    let columns = data["board"]["columns"].as_array().unwrap();
    let nodes = columns.iter().flat_map(|of| of["issues"]["nodes"].as_array().unwrap());
    let number = |node: &Value, field: &str| node[field].as_i64().unwrap();
    let counts = |node: &Value| {
        (number(node, "number"), number(node, "openBlockers"), number(node, "unblocks"))
    };
    let mut all: Vec<_> = nodes.map(counts).collect();
    all.sort_unstable();
    all
}

/// The board's events after a position, as kinds and numbers of issues.
async fn events(given: &Given, after: EventCursor) -> Vec<(EventKind, Option<i32>)> {
    match events_after(&given.app, after, 10_000).await.unwrap() {
        Replay::Events(events) => events
            .into_iter()
            .filter(|event| event.topic == Topic::Board)
            .map(|event| (event.kind, event.after.as_ref().map(|facts| facts.number)))
            .collect(),
        Replay::Gap { reason, .. } => panic!("{reason}"),
    }
}

#[tokio::test]
async fn an_issue_lists_its_blockers_and_what_it_blocks() {
    given(async |given| {
        given.github.add_repository(ELSEWHERE);
        given.github.open_issue(ELSEWHERE, NewIssue::titled("Far", &[])).unwrap();
        given.with_issues(&[("Base", READY), ("Roof", READY), ("Old", READY)]).await;
        given.github.close(REPOSITORY, 3).unwrap();
        let body = "Blocked by #3, #1 and Acme/Moon#1, acme/nowhere#9";
        given.github.edit_body(REPOSITORY, 2, body).unwrap();
        given.github.block((REPOSITORY, 2), (REPOSITORY, 1)).unwrap();
        next_sync(given).await;
        let roof = shown(given, 2).await;
        assert_eq!((&roof["openBlockers"], &roof["unblocks"]), (&json!(2), &json!(0)));
        let url = |name: &str, number| format!("https://github.com/{name}/issues/{number}");
        let cached = |number, title| json!({ "number": number, "title": title, "openBlockers": 0 });
        let edges = json!([
            { "repository": ELSEWHERE, "number": 1, "isOpen": true, "url": url(ELSEWHERE, 1),
              "sources": ["TEXT"], "issue": null },
            { "repository": REPOSITORY, "number": 1, "isOpen": true, "url": url(REPOSITORY, 1),
              "sources": ["GITHUB", "TEXT"], "issue": cached(1, "Base") },
            { "repository": "acme/nowhere", "number": 9, "isOpen": false,
              "url": url("acme/nowhere", 9), "sources": ["TEXT"], "issue": null },
            { "repository": REPOSITORY, "number": 3, "isOpen": false, "url": url(REPOSITORY, 3),
              "sources": ["TEXT"], "issue": cached(3, "Old") },
        ]);
        assert_eq!(roof["blockedBy"], edges);
        let base = shown(given, 1).await;
        assert_eq!((&base["openBlockers"], &base["unblocks"]), (&json!(0), &json!(1)));
        let waiting: Vec<_> = ["acme/moon", REPOSITORY, "acme/nowhere", REPOSITORY]
            .into_iter()
            .zip([1, 1, 9, 3])
            .map(|(_, number)| json!({ "number": number }))
            .collect();
        assert_eq!(
            base["blocks"],
            json!([{ "repository": REPOSITORY, "number": 2, "isOpen": true,
                "sources": ["GITHUB", "TEXT"], "issue": { "number": 2, "blockedBy": waiting } }])
        );
        assert_eq!(shown(given, 3).await["unblocks"], 0, "nobody waits for what is closed");
        assert_eq!(counts(given).await, [(1, 0, 1), (2, 2, 0), (3, 0, 0)]);

        given.github.close(REPOSITORY, 2).unwrap();
        next_sync(given).await;
        assert_eq!(counts(given).await, [(1, 0, 0), (2, 0, 0), (3, 0, 0)], "it waits no more");
        assert_eq!(shown(given, 1).await["blocks"][0]["isOpen"], false);
    })
    .await;
}

#[tokio::test]
async fn a_list_of_dependencies_is_bounded_and_open_ones_come_first() {
    given(async |given| {
        given.with_issues(&[("Hub", READY)]).await;
        given
            .database
            .run(
                "INSERT INTO issues (repository_id, node_id, number, title, url, state, status, \
                 labels, assignees, comments_count, created_at, updated_at, read_at, lane, on_board) \
                 SELECT 1, 'I_' || n, n, 'Waits', 'u', \
                     CASE WHEN n % 2 = 0 THEN 'open' ELSE 'closed' END, 'ready', '{}', '{}', 0, \
                     now(), now(), now(), 'default', true FROM generate_series(100, 349) AS n; \
                 INSERT INTO blockers SELECT id, 'text', 'acme/tools', 1 FROM issues \
                 WHERE number >= 100",
            )
            .await;
        let hub = shown(given, 1).await;
        assert_eq!(hub["unblocks"], 125);
        let blocks = hub["blocks"].as_array().unwrap();
        assert_eq!(blocks.len(), 100);
        assert!(blocks.iter().all(|one| one["isOpen"] == true), "those that wait come first");
    })
    .await;
}

#[tokio::test]
async fn blockers_are_served_first_within_their_tier() {
    let order = async |given: &Given| {
        let request =
            QueueRequest { agent: "alpha".to_owned(), first: 10, ..QueueRequest::default() };
        let all = queue(&given.app, &request).await.unwrap();
        let ranked = all.iter().filter(|one| one.rank.is_some());
        ranked.map(|one| (one.issue.number, one.ranking_reason.clone())).collect::<Vec<_>>()
    };
    let set_up = async |given: &mut Given| {
        let urgent: &[&str] = &["status/ready", "priority/p1"];
        given
            .with_issues(&[
                ("Old", READY),
                ("Base", READY),
                ("Urgent", urgent),
                ("Roof", READY),
                ("Door", READY),
                ("Step", READY),
            ])
            .await;
        for number in [4, 5] {
            given.github.edit_body(REPOSITORY, number, "Blocked by #2").unwrap();
        }
        given.github.edit_body(REPOSITORY, 4, "Blocked by #2, #6").unwrap();
        next_sync(given).await;
    };
    given(async |given| {
        set_up(given).await;
        let expected = [
            (3, "priority/p1, ready"),
            (2, "no priority, ready, unblocks 2"),
            (6, "no priority, ready, unblocks 1"),
            (1, "no priority, ready"),
        ];
        assert_eq!(order(given).await, expected.map(|(number, why)| (number, why.to_owned())));
        let base = given.issue(2).await.id;
        let explained = explain_work(&given.app, "alpha", base).await.unwrap();
        assert_eq!(
            explained.summary,
            "The issue is number 2 in the queue: no priority, ready, unblocks 2."
        );
        // An issue that has waited as long as age counts ranks before newer ones, whatever those
        // unblock.
        given.advance(14 * 24 * 3600);
        given.sync().await;
        let numbers: Vec<_> = order(given).await.into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, [3, 1, 2, 6]);
    })
    .await;
    given_settings(&[("DISPATCH_RANK_UNBLOCKS", "false")], async |given| {
        set_up(given).await;
        let expected = [
            (3, "priority/p1, ready"),
            (1, "no priority, ready"),
            (2, "no priority, ready"),
            (6, "no priority, ready"),
        ];
        assert_eq!(order(given).await, expected.map(|(number, why)| (number, why.to_owned())));
    })
    .await;
}

#[tokio::test]
async fn a_board_receives_every_issue_whose_dependencies_changed() {
    const CHANGED: &str = "subscription { boardEvents { __typename
        ... on IssueMoved { issue { number openBlockers unblocks } }
        ... on IssueChanged { issue { number openBlockers unblocks } } } }";
    given(async |given| {
        given.with_issues(&[("Base", READY), ("Roof", READY), ("Door", READY)]).await;
        let mut stream = Events::open(&given.app, CHANGED, json!({}), None).await;
        let mut told = async |of: usize| {
            let mut all = Vec::new();
            for _ in 0..of {
                let (_, data) = stream.next().await;
                let issue = data["boardEvents"]["issue"].clone();
                let number = |field: &str| issue[field].as_i64().unwrap();
                all.push((number("number"), number("openBlockers"), number("unblocks")));
            }
            all.sort_unstable();
            all
        };
        given.github.edit_body(REPOSITORY, 2, "Blocked by #1 and #3").unwrap();
        next_sync(given).await;
        assert_eq!(told(3).await, [(1, 0, 1), (2, 2, 0), (3, 0, 1)], "both ends of a reference");

        given.github.close(REPOSITORY, 1).unwrap();
        next_sync(given).await;
        assert_eq!(told(2).await, [(1, 0, 0), (2, 1, 0)], "a blocker was closed");

        given.github.close(REPOSITORY, 2).unwrap();
        next_sync(given).await;
        let expected = [(1, 0, 0), (2, 0, 0), (3, 0, 0)];
        assert_eq!(told(3).await, expected, "nobody waits any more, and a list of #1 is another");

        given.github.reopen(REPOSITORY, 2).unwrap();
        next_sync(given).await;
        assert_eq!(told(3).await, [(1, 0, 0), (2, 1, 0), (3, 0, 1)]);
        let before = position(&given.app).await.unwrap();
        given.github.edit_body(REPOSITORY, 2, "Blocked by nothing any more").unwrap();
        next_sync(given).await;
        assert_eq!(told(3).await, [(1, 0, 0), (2, 0, 0), (3, 0, 0)]);
        let changed = EventKind::IssueChanged;
        let log = events(given, before).await;
        assert!(log.contains(&(changed, Some(3))) && log.contains(&(changed, Some(2))), "{log:?}");
        assert_eq!(log.iter().filter(|(_, number)| *number == Some(2)).count(), 1, "{log:?}");
        assert_eq!(given.database.number("SELECT count(*) FROM dependency_changes").await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_uncached_blocker_is_announced_only_when_its_state_changes() {
    given(async |given| {
        given.github.add_repository(ELSEWHERE);
        given.github.open_issue(ELSEWHERE, NewIssue::titled("Far", &[])).unwrap();
        given.with_issues(&[("Roof", READY)]).await;
        given.github.edit_body(REPOSITORY, 1, "Blocked by acme/moon#1").unwrap();
        next_sync(given).await;
        assert_eq!(counts(given).await, [(1, 1, 0)]);
        let before = position(&given.app).await.unwrap();
        given.advance(3600);
        given.sync().await;
        assert_eq!(events(given, before).await, [], "GitHub was asked again, and nothing is news");
        given.github.close(ELSEWHERE, 1).unwrap();
        given.advance(3600);
        given.sync().await;
        assert_eq!(counts(given).await, [(1, 0, 0)]);
        assert_eq!(events(given, before).await, [(EventKind::IssueChanged, Some(1))]);
    })
    .await;
}

#[tokio::test]
async fn a_repository_that_is_tracked_later_counts_at_once() {
    given(async |given| {
        given.github.add_repository(ELSEWHERE);
        given.github.open_issue(ELSEWHERE, NewIssue::titled("Far", READY)).unwrap();
        given.with_issues(&[("Base", READY)]).await;
        given.github.edit_body(ELSEWHERE, 1, "Blocked by acme/tools#1").unwrap();
        given.track(ELSEWHERE).await;
        next_sync(given).await;
        assert_eq!(shown(given, 1).await["unblocks"], 1);
        let name = ELSEWHERE.parse().unwrap();
        dispatch::service::repositories::tracking::untrack_repository(&given.app, &person(), &name)
            .await
            .unwrap();
        let base = shown(given, 1).await;
        assert_eq!((&base["unblocks"], &base["blocks"]), (&json!(0), &json!([])));
        given.track(ELSEWHERE).await;
        assert_eq!(shown(given, 1).await["unblocks"], 1);
        assert_eq!(given.database.number("SELECT count(*) FROM dependency_changes").await, 0);
    })
    .await;
}

#[tokio::test]
async fn many_changes_at_once_make_readers_start_over() {
    given(async |given| {
        given.with_issues(&[("Hub", READY)]).await;
        given
            .database
            .run(
                "INSERT INTO issues (repository_id, node_id, number, title, url, state, status, \
                 labels, assignees, comments_count, created_at, updated_at, read_at, lane, on_board) \
                 SELECT 1, 'I_' || n, n, 'Waits', 'u', 'open', 'ready', '{}', '{}', 0, \
                     now(), now(), now(), 'default', true FROM generate_series(100, 700) AS n; \
                 INSERT INTO blockers SELECT id, 'text', 'acme/tools', 1 FROM issues \
                 WHERE number >= 100",
            )
            .await;
        let before = position(&given.app).await.unwrap();
        let mut connection = given.database.connect().await;
        let (actor, at) = (person(), dispatch::service::events::position(&given.app).await);
        assert_eq!(at.unwrap(), before);
        event_log::append_dependents(&mut connection, actor.actor_ref(), given.app.clock.now())
            .await
            .unwrap();
        assert_eq!(events(given, before).await, [(EventKind::Resync, None)]);
        assert_eq!(blockers::take_changes(&mut connection, 10).await.unwrap(), []);
    })
    .await;
}

/// Two syncs that store the same references, each in another order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writes_of_the_same_references_do_not_deadlock() {
    use diesel_async::AsyncConnection as _;
    given(async |given| {
        given.with_issues(&[("Roof", READY)]).await;
        let wait = "INSERT INTO blockers SELECT id, 'text', 'acme/far', n \
                    FROM issues, generate_series(1, 2) AS n";
        given.database.run(wait).await;
        let name = "acme/far".to_owned();
        let reference =
            |number| dispatch::domain::dependencies::Reference { repository: name.clone(), number };
        let now = given.app.clock.now();
        let [mut first, mut second] =
            [given.database.connect().await, given.database.connect().await];
        for round in 0..20 {
            let is_open = round % 2 == 0;
            let up = [(reference(1), is_open), (reference(2), is_open)];
            let down = [(reference(2), !is_open), (reference(1), !is_open)];
            let one = first.transaction(async |connection| {
                blockers::forget_unreferenced(connection).await?;
                blockers::set_open(connection, &up, now).await
            });
            let other = second
                .transaction(async |connection| blockers::set_open(connection, &down, now).await);
            let (one, other) = tokio::join!(one, other);
            one.unwrap();
            other.unwrap();
        }
    })
    .await;
}

/// Two transactions that change each other's dependencies, and hold rows that the other's triggers
/// update, do not deadlock.
#[tokio::test]
async fn a_row_of_the_queue_that_is_being_changed_is_put_right_later() {
    use diesel_async::SimpleAsyncConnection as _;
    given(async |given| {
        given.with_issues(&[("Base", READY), ("Roof", READY)]).await;
        let mut moving = given.database.connect().await;
        let mut noting = given.database.connect().await;
        let base = "UPDATE issues SET title = 'Base, renamed' WHERE number = 1";
        moving.batch_execute(&format!("BEGIN; {base}")).await.unwrap();
        let note = "INSERT INTO blockers SELECT id, 'text', 'acme/tools', 1 FROM issues \
                    WHERE number = 2";
        // The repository's own lock is another case.
        let other = "INSERT INTO repositories (full_name, enabled, source, default_branch, \
                     created_at, updated_at) VALUES ('acme/two', true, 'user', 'main', now(), now()); \
                     INSERT INTO issues (repository_id, node_id, number, title, url, state, status, \
                     labels, assignees, comments_count, created_at, updated_at, read_at, lane, \
                     on_board) SELECT id, 'I_far', 2, 'Far', 'u', 'open', 'ready', '{}', '{}', 0, \
                     now(), now(), now(), 'default', true FROM repositories \
                     WHERE full_name = 'acme/two'";
        noting.batch_execute(other).await.unwrap();
        let note = note.replace("WHERE number = 2", "WHERE node_id = 'I_far'");
        noting.batch_execute(&note).await.unwrap();
        moving.batch_execute("COMMIT").await.unwrap();
        let level = "SELECT max(unblocks)::bigint FROM queued";
        assert_eq!(given.database.number(level).await, 0, "it was held by the other");
        assert_eq!(shown(given, 1).await["unblocks"], 1);
        blockers::mend_queue(&mut noting, None).await.unwrap();
        assert_eq!(given.database.number(level).await, 1);
    })
    .await;
}
