//! The statements of the board, and the effect of its filters and settings.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use diesel::connection::InstrumentationEvent;
use diesel_async::{AsyncConnection as _, RunQueryDsl as _, SimpleAsyncConnection as _};
use dispatch::domain::{IssueFilter, Status};
use dispatch::service::board::moves::{MoveIssue, move_issue};
use dispatch::service::{self, App};
use dispatch::simulator::NewIssue;
use serde_json::{Value, json};

use crate::support::stream::Events;
use crate::support::{Given, REPOSITORY, given, given_settings, person};

/// The statements that an application has sent, without their values.
#[derive(Clone, Default)]
pub(crate) struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    /// Records the statements of all pooled connections.
    pub(crate) async fn new(app: &App) -> Self {
        let statements = Self::default();
        let mut connections = Vec::new();
        for _ in 0..app.pool.capacity() {
            let mut connection = app.pool.get().await.unwrap();
            let heard = statements.clone();
            connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { query, .. } = event {
                    let text = query.to_string();
                    let text = text.split(" -- binds:").next().unwrap_or_default();
                    heard.0.lock().unwrap().push(text.to_owned());
                }
            });
            connections.push(connection);
        }
        statements
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn open(given: &Given, repository: &str, title: &str, labels: &[&str]) {
    given.github.open_issue(repository, NewIssue::titled(title, labels)).unwrap();
}

async fn move_to(given: &Given, number: i32, to: Status) {
    let issue_id = given.issue(number).await.id;
    let command =
        MoveIssue { issue_id, to, expected_from: None, reason: None, fencing_token: None };
    move_issue(&given.app, &person(), command).await.unwrap();
}

fn titles(nodes: &Value) -> BTreeSet<&str> {
    nodes.as_array().unwrap().iter().map(|node| node["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_board_uses_as_many_queries_for_many_cards_as_for_one() {
    given(async |given| {
        const BOARD: &str = "{ board { asOf totalCount columns { totalCount issues { totalCount
            nodes { number title body labels repository { fullName } lease { id } } } } } }";
        given.with_issues(&[("One", &["status/ready"])]).await;
        let statements = Statements::new(&given.app).await;
        given.graphql(BOARD, json!({})).await;
        let for_one = statements.take();

        let mut events = given.app.bus.subscribe();
        for repository in ["acme/api", "acme/web"] {
            given.github.add_repository(repository);
            for status in Status::ALL {
                for number in 0..4 {
                    open(given, repository, &format!("{status:?} {number}"), &[status.label()]);
                }
            }
            given.track(repository).await;
        }
        given.sync().await;
        // The bus has read the events of the sync, too.
        let newest = service::events::position(&given.app).await.unwrap();
        while events.recv().await.unwrap().id < newest {}
        statements.take();

        let board = given.graphql(BOARD, json!({})).await;
        assert_eq!(board["board"]["totalCount"], 49);
        let columns = board["board"]["columns"].as_array().unwrap();
        assert!(columns.iter().all(|column| column["totalCount"].as_i64().unwrap() >= 8));
        assert_eq!(statements.take(), for_one);
        // Has anything changed; the position, the counts, the cards; the repositories, texts and
        // leases of all cards.
        assert_eq!(for_one.len(), 7, "{for_one:#?}");
    })
    .await;
}

#[tokio::test]
async fn projects_use_as_many_queries_for_many_repositories_as_for_one() {
    given_settings(&[("DISPATCH_EXCLUDED_LABELS", "hidden")], async |given| {
        const PROJECTS: &str = "{ projects { repository { name } totalCount columns { status
            totalCount issues(first: 2) { nodes { title url repository { name } }
                pageInfo { hasNextPage endCursor } } } } }";
        given.with_issues(&[("One", &["status/ready"])]).await;
        let statements = Statements::new(&given.app).await;
        given.graphql(PROJECTS, json!({})).await;
        let for_one = statements.take();

        for repository in ["acme/api", "acme/web"] {
            given.github.add_repository(repository);
            for number in 1..=3 {
                open(given, repository, &format!("Ready {number}"), &["status/ready"]);
            }
            open(given, repository, "Hidden", &["status/ready", "hidden"]);
            open(given, repository, "Waits", &[]);
            given.track(repository).await;
        }
        given.sync().await;
        let aged = "UPDATE issues SET updated_at = updated_at - number * interval '1 hour'";
        given.database.run(aged).await;
        statements.take();

        let data = given.graphql(PROJECTS, json!({})).await;
        assert_eq!(statements.take(), for_one);
        // Has anything changed; the counts, the repositories, the cards and what they belong to.
        assert_eq!(for_one.len(), 5, "{for_one:#?}");
        let api = &data["projects"][0];
        assert_eq!((&api["repository"]["name"], &api["totalCount"]), (&json!("api"), &json!(4)));
        let columns = api["columns"].as_array().unwrap();
        assert_eq!(columns.len(), 6);
        let ready = &columns[1];
        assert_eq!((&ready["status"], &ready["totalCount"]), (&json!("READY"), &json!(3)));
        let titles: Vec<_> = ready["issues"]["nodes"].as_array().unwrap().iter().collect();
        assert_eq!(
            titles.iter().map(|of| &of["title"]).collect::<Vec<_>>(),
            ["Ready 1", "Ready 2"]
        );
        assert!(titles.iter().all(|of| of["repository"]["name"] == "api"), "{titles:?}");
        assert_eq!(ready["issues"]["pageInfo"]["hasNextPage"], true);
        assert_eq!(columns[0]["issues"]["pageInfo"]["hasNextPage"], false);

        let after = &ready["issues"]["pageInfo"]["endCursor"];
        let more = "query($after: String) { projects { columns { issues(first: 2, after: $after) {
            nodes { title } } } } }";
        let more = given.graphql(more, json!({ "after": after })).await;
        let rest = &more["projects"][0]["columns"][1]["issues"]["nodes"];
        assert_eq!(*rest, json!([{"title": "Ready 3"}]));
    })
    .await;
}

#[tokio::test]
async fn every_member_of_a_filter_narrows_the_board() {
    given(async |given| {
        given
            .with_issues(&[
                (
                    "Teach the importer",
                    &["agent/alpha", "owner/sam", "project/apollo", "priority/p1", "bug"],
                ),
                ("Mend the exporter", &["status/ready", "agent/beta", "priority/p0"]),
                ("Old", &[]),
            ])
            .await;
        given.github.add_repository("acme/other");
        open(given, "acme/other", "Elsewhere", &["status/ready", "agent/alpha"]);
        given.track("acme/other").await;
        given.sync().await;
        given.database.run("UPDATE issues SET lane = 'backlog' WHERE title = 'Elsewhere'").await;
        given.database.run("UPDATE issues SET on_board = false WHERE title = 'Old'").await;

        let old = "UPDATE issues SET updated_at = '2026-05-01T00:00:00Z' WHERE title LIKE 'Mend%'";
        given.database.run(old).await;

        let (teach, mend, elsewhere) = ("Teach the importer", "Mend the exporter", "Elsewhere");
        let cases = [
            (json!({}), vec![teach, mend, elsewhere]),
            (json!({"agents": ["alpha"]}), vec![teach, elsewhere]),
            (json!({"agents": ["agent/beta", "alpha"]}), vec![teach, mend, elsewhere]),
            (json!({"owners": ["sam"]}), vec![teach]),
            (json!({"owners": ["kim"]}), vec![]),
            (json!({"projects": ["apollo"]}), vec![teach]),
            (json!({"labels": ["bug", "agent/beta"]}), vec![teach, mend]),
            (json!({"labels": ["Bug"]}), vec![teach]),
            (json!({"lanes": ["backlog"]}), vec![elsewhere]),
            (json!({"priorities": ["P0"]}), vec![mend]),
            (json!({"priorities": ["P1", "P0"]}), vec![teach, mend]),
            (json!({"repositories": ["ACME/Other"]}), vec![elsewhere]),
            (json!({"statuses": ["READY"]}), vec![mend, elsewhere]),
            (json!({"search": "importer"}), vec![teach]),
            (json!({"updatedBefore": "2026-05-01T00:00:00.001Z"}), vec![mend]),
            (json!({"updatedBefore": "2026-05-01T00:00:00Z"}), vec![]),
            (json!({"updatedBefore": "2026-05-02T00:00:00Z", "agents": ["alpha"]}), vec![]),
            (json!({"includeClosed": true}), vec![teach, mend, "Old", elsewhere]),
            (json!({"agents": ["alpha"], "statuses": ["READY"]}), vec![elsewhere]),
            (json!({"agents": ["alpha"], "priorities": ["P0"]}), vec![]),
        ];
        for (filter, wanted) in cases {
            let data = given
                .graphql(
                    "query($filter: IssueFilter) {
                       board(filter: $filter) { totalCount columns { totalCount
                           issues { nodes { title } } } }
                       issues(filter: $filter) { totalCount nodes { title } } }",
                    json!({ "filter": filter }),
                )
                .await;
            let wanted: BTreeSet<&str> = wanted.into_iter().collect();
            let columns = data["board"]["columns"].as_array().unwrap();
            let cards: BTreeSet<&str> =
                columns.iter().flat_map(|column| titles(&column["issues"]["nodes"])).collect();
            let counts: i64 =
                columns.iter().map(|column| column["totalCount"].as_i64().unwrap()).sum();
            assert_eq!(cards, wanted, "{filter}");
            assert_eq!(counts, i64::try_from(wanted.len()).unwrap(), "{filter}");
            assert_eq!(data["board"]["totalCount"], counts, "{filter}");
            assert_eq!(titles(&data["issues"]["nodes"]), wanted, "{filter}");
            assert_eq!(data["issues"]["totalCount"], counts, "{filter}");
        }
    })
    .await;
}

#[tokio::test]
async fn excluded_labels_hide_from_board_counts_lists_and_events() {
    given_settings(&[("DISPATCH_EXCLUDED_LABELS", "internal,wontfix")], async |given| {
        let hidden: &[&str] = &["status/ready", "internal"];
        given.with_issues(&[("Shown", &["status/ready"]), ("Hidden", hidden)]).await;
        let data = given
            .graphql(
                "{ board { totalCount columns { totalCount issues { nodes { title } } } }
                   issues { totalCount nodes { title } }
                   all: issues(filter: {includeClosed: true}) { totalCount }
                   overview { byStatus { status issues } }
                   projects { totalCount }
                   syncState { issuesCount } }",
                json!({}),
            )
            .await;
        assert_eq!(data["board"]["totalCount"], 1);
        let ready = &data["board"]["columns"][1];
        assert_eq!(
            *ready,
            json!({"totalCount": 1, "issues": {"nodes": [{"title": "Shown"}]}}),
            "{data}"
        );
        assert_eq!(data["issues"], json!({"totalCount": 1, "nodes": [{"title": "Shown"}]}));
        assert_eq!(data["all"]["totalCount"], 1);
        assert_eq!(data["overview"]["byStatus"][1], json!({"status": "READY", "issues": 1}));
        assert_eq!(data["projects"], json!([{"totalCount": 1}]));
        assert_eq!(data["syncState"]["issuesCount"], 1);

        let events = "subscription { boardEvents { __typename
            ... on IssueMoved { issue { title } }
            ... on IssueChanged { issue { title } }
            ... on IssueRemoved { issueId } } }";
        let mut events = Events::open(&given.app, events, json!({}), None).await;
        move_to(given, 2, Status::InProgress).await;
        move_to(given, 1, Status::InProgress).await;
        let (_, told) = events.next().await;
        let expected = json!({"__typename": "IssueMoved", "issue": {"title": "Shown"}});
        assert_eq!(told["boardEvents"], expected, "what is hidden moves unseen");

        given.advance(60);
        given.github.relabel(REPOSITORY, 1, &["wontfix"], &[]).unwrap();
        given.advance(60);
        given.sync().await;
        let expected = json!({"__typename": "IssueRemoved", "issueId": given.issue(1).await.id});
        assert_eq!(events.next().await.1["boardEvents"], expected);

        given.advance(60);
        given.github.relabel(REPOSITORY, 2, &[], &["internal"]).unwrap();
        given.advance(60);
        given.sync().await;
        let expected = json!({"__typename": "IssueChanged", "issue": {"title": "Hidden"}});
        assert_eq!(events.next().await.1["boardEvents"], expected);
    })
    .await;
}

#[tokio::test]
async fn a_search_finds_words_numbers_and_beginnings() {
    given(async |given| {
        given
            .with_issues(&[
                ("Teach the importer about gzip", &[]),
                ("Import nothing on Mondays", &[]),
                ("It's 100% done", &[]),
            ])
            .await;
        given.github.edit_body(REPOSITORY, 3, "Seen by the Übersetzer in archives/2024").unwrap();
        given.advance(60);
        given.sync().await;
        let cases: [(&str, &[i64]); 12] = [
            ("gzip", &[1]),
            ("impo", &[1, 2]),
            ("IMPO gz", &[1]),
            ("importer nothing", &[]),
            ("#2", &[2]),
            ("3", &[3]),
            ("it's", &[3]),
            ("überse", &[3]),
            ("gzip & !impo", &[1]),
            ("& | ! ( :*", &[]),
            ("porter", &[]),
            ("  ", &[1, 2, 3]),
        ];
        for (words, wanted) in cases {
            let query = "query($words: String) { issues(filter: {search: $words}) {
                nodes { number } } }";
            let found = given.graphql(query, json!({ "words": words })).await;
            let nodes = found["issues"]["nodes"].as_array().unwrap();
            let mut numbers: Vec<i64> =
                nodes.iter().map(|node| node["number"].as_i64().unwrap()).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, wanted, "{words:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_search_reads_the_index_of_words() {
    #[derive(diesel::QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
        text: String,
    }
    given(async |given| {
        given.with_issues(&[("Teach the importer", &["status/ready"])]).await;
        let many = "INSERT INTO issues (repository_id, node_id, number, title, url, state, status, \
             labels, assignees, comments_count, created_at, updated_at, read_at, lane, on_board) \
             SELECT repository_id, node_id || n, 1000 + n, 'Another ' || n, url, state, status, \
             labels, assignees, 0, created_at, updated_at, read_at, lane, on_board \
             FROM issues, generate_series(1, 5000) AS n; ANALYZE issues";
        given.database.run(many).await;
        let filter = IssueFilter { search: Some("impo".to_owned()), ..Default::default() };
        let wanted = service::board::normalized_filter(&given.app, Some(filter));
        let statements = Statements::new(&given.app).await;
        assert_eq!(service::board::count(&given.app, &wanted).await.unwrap(), 1);
        let [statement] = statements.take().try_into().unwrap();

        let mut connection = given.database.connect().await;
        connection.batch_execute(&format!("PREPARE counting AS {statement}")).await.unwrap();
        let plan = diesel::sql_query("EXPLAIN EXECUTE counting('''impo'':*')");
        let plan: Vec<Step> = plan.load(&mut connection).await.unwrap();
        let plan = plan.into_iter().map(|step| step.text).collect::<Vec<_>>().join("\n");
        assert!(plan.contains("issues_search_idx"), "{plan}");
    })
    .await;
}
