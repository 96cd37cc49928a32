//! The comments of an issue: read on demand, cached, and read again when they changed.

use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection as _;
use dispatch::domain::AuthorAssociation;
use dispatch::service::board::conversations::{self, Conversation};
use dispatch::service::retention;
use dispatch::simulator::{Account, Fault, Gate, NewIssue};
use dispatch::store;
use serde_json::{Value, json};

use crate::support::{Given, REPOSITORY, eventually, given};

/// The number of requests for comments that GitHub received.
fn asked(given: &Given) -> u64 {
    given.github.count("Conversation")
}

/// The comments of the first issue, as a reader gets them.
async fn look(given: &Given) -> Conversation {
    let issue = given.issue(1).await;
    let name = REPOSITORY.parse().unwrap();
    let found = dispatch::service::board::find_issue_by_number(&given.app, &name, issue.number);
    let (issue, repository) = found.await.unwrap();
    conversations::read(&given.app, &issue, &repository).await.unwrap()
}

fn texts(of: &Conversation) -> Vec<&str> {
    of.comments.iter().map(|comment| comment.body.as_str()).collect()
}

/// Posts a comment on GitHub and syncs the change of the issue.
async fn comment(given: &Given, body: &str) {
    given.advance(5);
    given.github.comment_as(REPOSITORY, 1, "octavia", body).unwrap();
    given.sync().await;
}

async fn query(given: &Given, arguments: &str) -> Value {
    let query = format!(
        "{{ issue(id: \"iss_000001\") {{ comments{arguments} {{ totalCount unreadableCount fetchedAt \
         problem nodes {{ id author authorAssociation body isTruncated isMinimized createdAt \
         updatedAt url }} }} }} }}"
    );
    given.graphql_as_agent(&query, json!({})).await["issue"]["comments"].clone()
}

#[tokio::test]
async fn comments_are_shown_newest_first_with_who_wrote_them() {
    given(async |given| {
        given.github.set_account("renovate", Account::Bot);
        given.github.set_account("imported", Account::Mannequin);
        given.github.set_account("inc", Account::Organization);
        given.github.set_account("ent", Account::EnterpriseUser);
        given.with_issues(&[("One", &["status/ready"])]).await;
        let write = |login: &str, body: &str| {
            given.advance(60);
            given.github.comment_as(REPOSITORY, 1, login, body).unwrap();
        };
        for login in ["acme", "renovate", "imported", "inc", "ent", "octavia"] {
            write(login, &format!("By **{login}**"));
        }
        given.github.comment_as_ghost(REPOSITORY, 1, "By nobody").unwrap();
        given.sync().await;
        let shown = query(given, "(first: 7)").await;
        let who = |node: &Value| format!("{} {}", node["author"], node["authorAssociation"]);
        let all: Vec<_> = shown["nodes"].as_array().unwrap().iter().map(who).collect();
        assert_eq!(
            all,
            [
                "null \"NONE\"",
                "\"octavia\" \"CONTRIBUTOR\"",
                "\"ent\" \"MEMBER\"",
                "\"inc\" \"NONE\"",
                "\"imported\" \"MANNEQUIN\"",
                "\"renovate\" \"NONE\"",
                "\"acme\" \"OWNER\"",
            ]
        );
        let oldest = &shown["nodes"][6];
        assert_eq!(oldest["body"], "By **acme**");
        assert_eq!(oldest["createdAt"], "2026-05-20T12:01:00.000Z");
        assert_eq!(oldest["updatedAt"], oldest["createdAt"]);
        assert_eq!(
            (&oldest["isTruncated"], &oldest["isMinimized"]),
            (&json!(false), &json!(false))
        );
        let page = "https://github.example/acme/tools/issues/1#issuecomment-";
        assert!(oldest["url"].as_str().unwrap().starts_with(page), "{oldest}");
        assert_eq!((&shown["totalCount"], &shown["unreadableCount"]), (&json!(7), &json!(0)));
        assert_eq!(shown["fetchedAt"], "2026-05-20T12:06:00.000Z");
        assert!(shown["problem"].is_null());
        assert_eq!(asked(given), 1);
    })
    .await;
}

#[tokio::test]
async fn the_newest_fifty_are_shown_and_texts_are_cut() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        for at in 1..=60 {
            given.github.comment_as(REPOSITORY, 1, "octavia", &format!("Number {at}")).unwrap();
        }
        given.github.comment_as(REPOSITORY, 1, "octavia", &"é".repeat(65_536)).unwrap();
        given.sync().await;
        let shown = query(given, "").await;
        let nodes = shown["nodes"].as_array().unwrap();
        assert_eq!((nodes.len(), &shown["totalCount"]), (50, &json!(61)));
        assert_eq!(nodes[0]["body"].as_str().unwrap().chars().count(), 20_000);
        assert_eq!(nodes[0]["isTruncated"], true);
        assert_eq!(
            (&nodes[1]["body"], &nodes[49]["body"]),
            (&json!("Number 60"), &json!("Number 12"))
        );
        let few = query(given, "(first: 2)").await;
        assert_eq!(few["nodes"].as_array().unwrap().len(), 2);
        assert_eq!(query(given, "(first: 0)").await["nodes"], json!([]));
        assert_eq!(asked(given), 1);
        for first in ["51", "-1"] {
            let many = format!(
                "{{ issue(id: \"iss_000001\") {{ comments(first: {first}) {{ totalCount }} }} }}"
            );
            let refusal = given.refused_by_graphql(&many, json!({})).await;
            assert_eq!(refusal["extensions"]["code"], "BAD_USER_INPUT");
            assert_eq!(refusal["message"], "first: must be from 0 to 50");
        }
    })
    .await;
}

#[tokio::test]
async fn a_query_may_request_comments_of_few_issues() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let ask = |first: u32| {
            format!(
                "{{ issues(first: {first}) {{ nodes {{ comments(first: 1) {{ totalCount }} }} }} }}"
            )
        };
        given.graphql_as_agent(&ask(9), json!({})).await;
        let refusal = given.refused_by_graphql(&ask(10), json!({})).await;
        assert_eq!(refusal["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{refusal}");
    })
    .await;
}

#[tokio::test]
async fn github_is_read_again_only_after_a_change() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        assert_eq!(look(given).await.comments, []);
        assert_eq!(asked(given), 0, "there are none");

        comment(given, "First").await;
        for _ in 0..3 {
            assert_eq!(texts(&look(given).await), ["First"]);
        }
        assert_eq!(asked(given), 1);
        comment(given, "Second").await;
        assert_eq!(texts(&look(given).await), ["Second", "First"]);
        assert_eq!(asked(given), 2);

        given.advance(5);
        given.github.edit_comment(REPOSITORY, 1, 0, "First, edited").unwrap();
        assert_eq!(texts(&look(given).await), ["Second", "First"], "nobody knows yet");
        given.sync().await;
        let read = look(given).await;
        assert_eq!(texts(&read), ["Second", "First, edited"]);
        assert!(read.comments[1].updated_at > read.comments[1].created_at);
        assert_eq!(asked(given), 3);

        given.github.delete_comment(REPOSITORY, 1, 1).unwrap();
        given.github.delete_comment(REPOSITORY, 1, 0).unwrap();
        given.sync().await;
        let none = look(given).await;
        assert_eq!((none.comments.len(), none.total_count), (0, 0));
        assert_eq!(asked(given), 3, "there are none any more");
    })
    .await;
}

#[tokio::test]
async fn comments_read_before_a_sync_are_not_read_again() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        comment(given, "First").await;
        given.advance(5);
        given.github.comment_as(REPOSITORY, 1, "octavia", "Second").unwrap();
        assert_eq!(texts(&look(given).await), ["Second", "First"], "newer than the cached issue");
        given.sync().await;
        assert_eq!(texts(&look(given).await).len(), 2);
        assert_eq!(asked(given), 1);
    })
    .await;
}

#[tokio::test]
async fn a_comment_that_is_posted_here_is_shown_at_once() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let say = async |text: &str| {
            let post = "mutation($body: String!) { addComment(input: { issueId: \"iss_000001\", \
                        body: $body }) { issue { comments { nodes { body author } totalCount } } } }";
            let answer = given.graphql(post, json!({ "body": text })).await;
            answer["addComment"]["issue"]["comments"].clone()
        };
        let first = say("First").await;
        assert_eq!(first["nodes"], json!([{ "body": "First", "author": "dispatch-robot" }]));
        assert_eq!(texts(&look(given).await), ["First"]);
        given.advance(61);
        assert_eq!(say("Second").await["totalCount"], 2);
        assert_eq!(asked(given), 2);
        given.sync().await;
        assert_eq!(texts(&look(given).await), ["Second", "First"]);
        assert_eq!(asked(given), 2);
    })
    .await;
}

#[tokio::test]
async fn one_request_at_a_time_serves_all_readers() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        comment(given, "First").await;
        let replica = given.replica().await;
        let (issue, repository) = {
            let name = REPOSITORY.parse().unwrap();
            dispatch::service::board::find_issue_by_number(&given.app, &name, 1).await.unwrap()
        };
        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("Conversation"));
        let mut held = given.database.connect().await;
        held.batch_execute("BEGIN; LOCK TABLE conversations IN EXCLUSIVE MODE").await.unwrap();
        let backends = |state: &str| {
            format!(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                 AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND {state}"
            )
        };
        let (waiting, active) =
            (backends("wait_event_type = 'Lock'"), backends("state = 'active'"));
        let (here, there, again, ()) = tokio::join!(
            conversations::read(&given.app, &issue, &repository),
            conversations::read(&replica, &issue, &repository),
            conversations::read(&given.app, &issue, &repository),
            async {
                // Each has seen that no read is running, and is about to start one.
                eventually(async || given.database.number(&waiting).await == 3).await;
                held.batch_execute("COMMIT").await.unwrap();
                gate.arrived().await;
                // The others know now that one is running.
                eventually(async || given.database.number(&active).await == 0).await;
                gate.open();
            }
        );
        for read in [here.unwrap(), there.unwrap(), again.unwrap()] {
            assert_eq!((texts(&read), read.problem.as_deref()), (vec!["First"], None));
        }
        assert_eq!(asked(given), 1);
    })
    .await;
}

#[tokio::test]
async fn a_read_since_the_lookup_is_reused() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        comment(given, "First").await;
        let issue = given.issue(1).await.id;
        let now = given.app.clock.now();
        let times = (now, now + TimeDelta::seconds(6));
        let mut connection = given.database.connect().await;
        let before = store::board::conversations::of_issue(&mut connection, issue).await.unwrap();
        assert_eq!(texts(&look(given).await), ["First"]);
        let seen = before.as_ref();
        let begun =
            store::board::conversations::begin_reading(&mut connection, issue, seen, times).await;
        assert_eq!(begun.unwrap(), None, "it was read since");
        let after = store::board::conversations::of_issue(&mut connection, issue).await.unwrap();
        let seen = after.as_ref();
        let begun =
            store::board::conversations::begin_reading(&mut connection, issue, seen, times).await;
        assert_eq!(begun.unwrap(), Some(0));
    })
    .await;
}

#[tokio::test]
async fn a_dead_reader_blocks_others_only_briefly() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        comment(given, "First").await;
        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("Conversation"));
        tokio::select! {
            read = look(given) => panic!("{read:?}"),
            () = gate.arrived() => {}
        }
        gate.open();
        given.advance(7);
        assert_eq!(texts(&look(given).await), ["First"]);
        assert_eq!(asked(given), 2);
    })
    .await;
}

#[tokio::test]
async fn while_github_is_unreachable_stored_comments_are_shown_with_their_time() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        comment(given, "First").await;
        let read_at = look(given).await.fetched_at;
        comment(given, "Second").await;
        given.github.inject(Fault::refuse(502, "Bad gateway").on("Conversation").always());
        given.github.forget_requests();
        let kept = look(given).await;
        assert_eq!(texts(&kept), ["First"]);
        assert_eq!((kept.total_count, kept.fetched_at), (2, read_at));
        let problem = "GitHub API error: 502 Bad gateway";
        assert_eq!(kept.problem.as_deref(), Some(problem));
        let tries = asked(given);
        given.advance(9);
        assert_eq!(look(given).await.problem.as_deref(), Some(problem));
        assert_eq!(asked(given), tries, "GitHub is left alone for a moment");

        given.github.clear_faults();
        given.advance(2);
        let read = look(given).await;
        assert_eq!((texts(&read), read.problem.clone()), (vec!["Second", "First"], None));
    })
    .await;
}

#[tokio::test]
async fn the_last_of_the_rate_limit_is_left_to_others() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        comment(given, "First").await;
        let end = given.app.clock.now() + chrono::TimeDelta::minutes(30);
        given.github.set_rate_limit(900, end);
        given.sync().await;
        given.github.forget_requests();
        let kept = look(given).await;
        let problem = kept.problem.unwrap();
        assert!(
            problem.contains("of GitHub's rate limit are left until 2026-05-20T12:30:05Z"),
            "{problem}"
        );
        assert_eq!((asked(given), kept.total_count, kept.comments.len()), (0, 1, 0));
        given.advance(1801);
        assert_eq!(texts(&look(given).await), ["First"]);
    })
    .await;
}

#[tokio::test]
async fn hostile_texts_are_escaped() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        for body in ["NUL \0 and \u{1b}[31m red", "half HALF", "<script>alert(1)</script>", "gone"]
        {
            given.github.comment_as(REPOSITORY, 1, "mallory", body).unwrap();
        }
        given.sync().await;
        given.github.inject(Fault::Replace { text: "HALF", by: "\\ud83d" }.on("Conversation"));
        given.github.inject(
            Fault::Partial {
                path: "node.comments.nodes.3",
                kind: "INTERNAL",
                message: "Something is wrong with it".to_owned(),
            }
            .on("Conversation"),
        );
        let read = look(given).await;
        assert_eq!(
            texts(&read),
            ["<script>alert(1)</script>", "half \u{fffd}", "NUL  and [31m red"]
        );
        assert_eq!((read.unreadable_count, read.total_count), (1, 4));
        assert_eq!(read.problem, None);
        assert_eq!(texts(&look(given).await).len(), 3);
        assert_eq!(asked(given), 1);
    })
    .await;
}

#[tokio::test]
async fn comments_hidden_by_a_maintainer_are_marked() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        given.github.comment_as(REPOSITORY, 1, "mallory", "Buy this").unwrap();
        given.github.minimize_comment(REPOSITORY, 1, 0).unwrap();
        given.sync().await;
        let read = look(given).await;
        assert!(read.comments[0].is_minimized);
        assert_eq!(read.comments[0].author_association, Some(AuthorAssociation::Contributor));
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_left_the_board_is_not_requested() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        comment(given, "First").await;
        look(given).await;
        comment(given, "Second").await;
        let untrack = "mutation { untrackRepository(input: { fullName: \"acme/tools\" }) \
                       { repository { fullName } } }";
        let (issue, mut repository) = {
            let name = REPOSITORY.parse().unwrap();
            dispatch::service::board::find_issue_by_number(&given.app, &name, 1).await.unwrap()
        };
        given.graphql(untrack, json!({})).await;
        repository.enabled = false;
        let kept = conversations::read(&given.app, &issue, &repository).await.unwrap();
        assert_eq!(texts(&kept), ["First"]);
        assert!(kept.problem.is_some());
        assert_eq!(asked(given), 1);
    })
    .await;
}

#[tokio::test]
async fn stored_comments_are_bounded_and_deleted_with_the_issue() {
    given(async |given| {
        given.with_issues(&[("One", &[]), ("Two", &[])]).await;
        comment(given, "First").await;
        look(given).await;
        let rows = "SELECT count(*) FROM conversations";
        assert_eq!(given.database.number(rows).await, 1);
        retention::prune_conversations(&given.app).await.unwrap();
        assert_eq!(given.database.number(rows).await, 1, "small enough");
        given
            .database
            .run(
                "INSERT INTO conversations (issue_id, comments, fetched_at) \
                 SELECT id, to_jsonb(repeat('x', 70000000)), '2020-01-01' FROM issues WHERE number = 2",
            )
            .await;
        retention::prune_conversations(&given.app).await.unwrap();
        assert_eq!(given.database.number(rows).await, 1, "the oldest went");
        assert_eq!(texts(&look(given).await), ["First"]);
        assert_eq!(asked(given), 1);
        given.database.run("DELETE FROM issues WHERE number = 1").await;
        assert_eq!(given.database.number(rows).await, 0);
    })
    .await;
}

#[tokio::test]
async fn comments_without_a_text_of_theirs_are_counted() {
    given(async |given| {
        given.github.add_repository(REPOSITORY);
        let new = NewIssue { comments: 3, ..NewIssue::titled("One", &[]) };
        given.github.open_issue(REPOSITORY, new).unwrap();
        given.track(REPOSITORY).await;
        given.sync().await;
        let read = look(given).await;
        assert_eq!((read.comments.len(), read.total_count), (0, 3));
        look(given).await;
        assert_eq!(asked(given), 1);
    })
    .await;
}
