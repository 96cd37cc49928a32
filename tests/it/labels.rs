//! Labels as GitHub treats them: one label whatever its case, deleted or renamed without updating
//! the issues, at most a hundred on an issue.

use diesel_async::RunQueryDsl as _;
use dispatch::domain::{LabelSet, Priority, Status};
use dispatch::service::board::moves::{MoveIssue, move_issue};
use dispatch::service::claims::assignments::{add_label, assign_agent, remove_label, set_priority};
use dispatch::simulator::{Fault, NewIssue};
use dispatch::store::Issue;
use dispatch::store::agents::agent_names;
use serde_json::{Value, json};

use crate::support::{Given, REPOSITORY, given, given_settings, person};

/// Spellings that a repository may have chosen for its labels.
type Spelling = fn(&str) -> String;
const SPELLINGS: [Spelling; 3] = [
    |label| label.to_uppercase(),
    // `Status/In-Progress`
    |label| {
        let mut is_start = true;
        let spell = |letter: char| {
            let spelled = if is_start { letter.to_ascii_uppercase() } else { letter };
            is_start = !letter.is_alphanumeric();
            spelled
        };
        label.chars().map(spell).collect()
    },
    |label| label.to_owned(),
];

/// The labels that Dispatch sets, in the repository's own spelling, before any issue has them.
fn with_own_labels(given: &Given, spell: Spelling) {
    given.github.add_repository(REPOSITORY);
    let ours = Status::ALL.map(Status::label).into_iter();
    let ours = ours.chain(Priority::ALL.map(Priority::label)).chain(["agent/alpha", "agent/beta"]);
    for label in ours {
        given.github.add_label(REPOSITORY, &spell(label), "ededed").unwrap();
    }
}

async fn moved(given: &Given, issue: &Issue, to: Status) -> Issue {
    let reason = (to == Status::Blocked).then(|| "a decision".to_owned());
    let (issue_id, expected_from, fencing_token) = (issue.id, None, None);
    let command = MoveIssue { issue_id, to, expected_from, reason, fencing_token };
    move_issue(&given.app, &person(), command).await.unwrap().issue
}

/// The names of an issue's labels on GitHub, sorted.
fn on_github(given: &Given, number: i64) -> Vec<String> {
    let mut labels = given.github.labels(REPOSITORY, number);
    labels.sort();
    labels
}

#[tokio::test]
async fn a_repository_spells_labels_as_it_likes() {
    for spell in SPELLINGS {
        given(async |given| {
            with_own_labels(given, spell);
            given.with_issues(&[("Moved about", &["Bug", &spell("status/ready")])]).await;
            let issue = given.issue(1).await;
            assert_eq!(issue.status, Status::Ready, "{:?}", issue.labels);
            for target in Status::ALL.into_iter().chain([Status::Ready]) {
                let issue = moved(given, &issue, target).await;
                assert_eq!(issue.status, target);
                assert_eq!(on_github(given, 1), {
                    let mut labels = ["Bug".to_owned(), spell(target.label())];
                    labels.sort();
                    labels
                });
                assert_eq!(issue.labels, LabelSet::from(given.github.labels(REPOSITORY, 1)));
            }
            for priority in [Some(Priority::P1), Some(Priority::P0), None] {
                let changed = set_priority(&given.app, &person(), issue.id, priority).await;
                assert_eq!(changed.unwrap().issue.priority, priority);
            }
            for agent in [Some("alpha"), Some("BETA"), None] {
                let changed = assign_agent(&given.app, &person(), issue.id, agent).await.unwrap();
                let wanted = agent.map(|agent| spell(&format!("agent/{}", agent.to_lowercase())));
                let labels = changed.issue.labels.names().iter();
                let agents: Vec<_> = labels.filter(|label| *label != "Bug").cloned().collect();
                let wanted: Vec<_> = [spell("status/ready")].into_iter().chain(wanted).collect();
                assert_eq!(LabelSet::from(agents).names().len(), wanted.len());
                assert!(wanted.iter().all(|label| changed.issue.labels.names().contains(label)));
            }
            let changed = remove_label(&given.app, &person(), issue.id, "bUG").await.unwrap();
            assert!(!changed.issue.labels.contains("bug"));
            let changed = add_label(&given.app, &person(), issue.id, "bUG").await.unwrap();
            assert!(changed.issue.labels.names().contains(&"Bug".to_owned()), "GitHub's spelling");
        })
        .await;
    }
}

/// The first request of each agent, whose name may have any case.
#[tokio::test]
async fn the_spelling_of_a_name_is_found_without_reading_all_issues() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        given
            .database
            .run(
                "INSERT INTO issues (repository_id, node_id, number, title, url, state, status, \
                     labels, assignees, comments_count, created_at, updated_at, read_at, lane, \
                     on_board) \
                 SELECT repository_id, 'many-' || n, n, title, url, state, status, \
                     '{status/ready,bug}', assignees, 0, now(), now(), now(), lane, on_board \
                 FROM issues, generate_series(2, 5000) n; ANALYZE issues",
            )
            .await;
        let mut connection = given.database.connect().await;
        agent_names::record(&mut connection, "nobody-yet", &[]).await.unwrap();
        let read = "SELECT seq_tup_read AS number FROM pg_stat_xact_user_tables \
                    WHERE relname = 'issues'";
        let read: Number = diesel::sql_query(read).get_result(&mut connection).await.unwrap();
        assert_eq!(read.number, 0, "issues were read one after the other");
    })
    .await;
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

#[tokio::test]
async fn an_agent_is_one_in_any_case() {
    for spell in SPELLINGS {
        given(async |given| {
            with_own_labels(given, spell);
            given.with_issues(&[("To be claimed", &[&spell("status/ready")])]).await;
            let claim = "mutation($agent: String!) { claimNext(input: {agent: $agent}) {
                lease { id agent fencingToken } } }";
            let data = given.graphql_as_agent(claim, json!({ "agent": "Alpha" })).await;
            let lease = data["claimNext"]["lease"].clone();
            assert!(on_github(given, 1).contains(&spell("agent/alpha")), "{lease}");
            assert!(on_github(given, 1).contains(&spell("status/in-progress")));

            // The same agent continues with its lease, whatever the case of its name.
            let again = "mutation($id: ID!, $agent: String!) {
                claimIssue(input: {agent: $agent, issueId: $id}) { lease { id agent } } }";
            let issue = given.issue(1).await;
            for agent in ["alpha", "ALPHA", "agent/alpha"] {
                let variables = json!({ "id": issue.id, "agent": agent });
                let own = given.graphql_as_agent(again, variables).await;
                assert_eq!(own["claimIssue"]["lease"]["id"], lease["id"], "{agent}");
            }
            let list = given.ask_as_agent("GET", "/api/issues/claimed?agentName=ALPHA", None).await;
            assert_eq!(list.json().as_array().map(Vec::len), Some(1), "{}", list.text());
            let agents =
                given.graphql("{ agents { name assignedCount leases { id } } }", json!({}));
            let agents = agents.await["agents"].as_array().unwrap().clone();
            let is_alpha = |of: &&Value| of["name"].as_str().unwrap().to_lowercase() == "alpha";
            let alpha: Vec<_> = agents.iter().filter(is_alpha).collect();
            assert_eq!(alpha.len(), 1, "{agents:?}");
            assert_eq!(alpha[0]["assignedCount"], 1);
            assert_eq!(alpha[0]["leases"].as_array().unwrap().len(), 1);

            for agent in ["alpha", "ALPHA"] {
                let run = "mutation($agent: String!) { recordAgentRun(input: {
                    agentName: $agent, runType: \"implement\", status: \"success\",
                    startedAt: \"2026-05-20T12:00:00Z\"}) { agentRun { agentName } } }";
                let data = given.graphql_as_agent(run, json!({ "agent": agent })).await;
                let name = &data["recordAgentRun"]["agentRun"]["agentName"];
                assert_eq!(name, &lease["agent"], "as it was first seen");
            }
            let query = "{ agentRuns(agent: \"AlPhA\") { nodes { agentName } } }";
            let data = given.graphql(query, json!({})).await;
            let runs = data["agentRuns"]["nodes"].as_array().unwrap();
            assert!(runs.len() >= 2 && runs.iter().all(|run| run["agentName"] == lease["agent"]));

            let finish = "mutation($id: ID!, $token: String!) { finishWork(input: {
                leaseId: $id, fencingToken: $token, outcome: FAILED, summary: \"no\"}) {
                issue { labels } } }";
            let variables = json!({ "id": lease["id"], "token": lease["fencingToken"] });
            given.graphql_as_agent(finish, variables).await;
            assert_eq!(on_github(given, 1), [spell("status/ready")]);
        })
        .await;
    }
}

#[tokio::test]
async fn filters_and_hiding_ignore_case() {
    let settings = [("DISPATCH_EXCLUDED_LABELS", "wontfix")];
    given_settings(&settings, async |given| {
        given
            .with_issues(&[
                (
                    "Found",
                    &["STATUS/Ready", "Agent/Alpha", "OWNER/Sam", "Project/X", "Priority/P1"],
                ),
                ("Hidden", &["status/ready", "WontFix"]),
            ])
            .await;
        for filter in [
            json!({ "agents": ["ALPHA"] }),
            json!({ "owners": ["owner/sam"] }),
            json!({ "projects": ["x"] }),
            json!({ "labels": ["status/READY"] }),
            json!({ "priorities": ["P1"] }),
            json!({ "statuses": ["READY"] }),
            json!({}),
        ] {
            let query = "query($filter: IssueFilter) { issues(filter: $filter) {
                nodes { title } totalCount } }";
            let data = given.graphql(query, json!({ "filter": filter })).await;
            let nodes = data["issues"]["nodes"].as_array().unwrap();
            assert_eq!((nodes.len(), &nodes[0]["title"]), (1, &json!("Found")), "{filter}");
            assert_eq!(data["issues"]["totalCount"], 1, "{filter}");
        }
        for query in ["agent=ALPHA", "owner=sam", "project=x", "status=ready", "priority=p1"] {
            let found = given.ask("GET", &format!("/api/issues?{query}"), None).await.json();
            assert_eq!(found.as_array().map(Vec::len), Some(1), "{query}: {found}");
        }
        let query = "{ filterOptions { agents { value issues } owners { value } }
            queue(agent: \"alpha\") { rank issue { title } skipReasons } }";
        let data = given.graphql(query, json!({})).await;
        assert_eq!(data["filterOptions"]["agents"], json!([{ "value": "Alpha", "issues": 1 }]));
        assert_eq!(data["filterOptions"]["owners"], json!([{ "value": "Sam" }]));
        let queue = data["queue"].as_array().unwrap();
        assert_eq!((&queue[0]["rank"], &queue[0]["issue"]["title"]), (&json!(1), &json!("Found")));
        assert_eq!(queue[1]["skipReasons"], json!(["EXCLUDED"]), "{data}");
    })
    .await;
}

#[tokio::test]
async fn a_refused_change_removes_what_it_added() {
    for spell in SPELLINGS {
        given(async |given| {
            with_own_labels(given, spell);
            given.with_issues(&[("Stays", &["Bug", &spell("status/ready")])]).await;
            let before = on_github(given, 1);
            let fault = Fault::RefuseField {
                field: "removeLabelsFromLabelable",
                kind: "FORBIDDEN",
                message: "Not today".to_owned(),
            };
            given.github.inject(fault.on("ChangeLabels"));
            let issue = given.issue(1).await;
            let (issue_id, to, none) = (issue.id, Status::Done, None);
            let command =
                MoveIssue { issue_id, to, expected_from: None, reason: None, fencing_token: none };
            move_issue(&given.app, &person(), command).await.unwrap_err();
            assert_eq!(on_github(given, 1), before);
            assert_eq!(given.issue(1).await.status, Status::Ready);
        })
        .await;
    }
}

#[tokio::test]
async fn an_issue_with_a_hundred_labels_can_be_moved() {
    given(async |given| {
        let labels: Vec<String> = (1..100).map(|number| format!("label/{number}")).collect();
        let labels = labels.iter().map(String::as_str).chain(["status/ready"]);
        given.with_issues(&[("Full", &labels.collect::<Vec<_>>())]).await;
        let issue = given.issue(1).await;
        for target in [Status::InReview, Status::Done, Status::Ready] {
            assert_eq!(moved(given, &issue, target).await.status, target);
            let labels = on_github(given, 1);
            assert_eq!(labels.len(), 100);
            assert!(labels.contains(&target.label().to_owned()));
        }
        // A change that exceeds the maximum is rejected, and the issue is unchanged.
        let before = on_github(given, 1);
        assign_agent(&given.app, &person(), issue.id, Some("alpha")).await.unwrap_err();
        assert_eq!(on_github(given, 1), before);
    })
    .await;
}

/// Renaming or deleting a label does not update an issue, so only the labels show it.
#[tokio::test]
async fn labels_renamed_or_deleted_on_github_are_seen_by_the_next_sync() {
    given(async |given| {
        given.github.add_repository(REPOSITORY);
        for number in 0..150 {
            given.github.add_label(REPOSITORY, &format!("other/{number}"), "ededed").unwrap();
        }
        given
            .with_issues(&[
                ("Renamed", &["to-do", "bug"]),
                ("Deleted", &["status/blocked"]),
                ("Respelled", &["agent/alpha"]),
                ("Recreated", &["owner/sam"]),
                ("Untouched", &["status/ready", "kept"]),
            ])
            .await;
        // Long enough ago that the next sync does not read them because they are new.
        given.advance(600);
        given.github.open_issue(REPOSITORY, NewIssue::titled("New", &[])).unwrap();
        given.sync().await;
        let labels = async |number| given.issue(number).await.labels.names().to_vec();
        let github = &given.github;
        github.rename_label(REPOSITORY, "to-do", "status/ready-soon").unwrap();
        github.rename_label(REPOSITORY, "bug", "status/in-review").unwrap();
        github.delete_label(REPOSITORY, "status/blocked").unwrap();
        github.rename_label(REPOSITORY, "agent/alpha", "Agent/Alpha").unwrap();
        github.delete_label(REPOSITORY, "owner/sam").unwrap();
        github.add_label(REPOSITORY, "owner/sam", "ededed").unwrap();
        given.advance(120);
        github.forget_requests();
        given.sync().await;
        assert_eq!(labels(1).await, ["status/ready-soon", "status/in-review"]);
        assert_eq!(given.issue(1).await.status, Status::InReview);
        assert_eq!(labels(2).await, Vec::<String>::new());
        assert_eq!(given.issue(2).await.status, Status::Backlog);
        assert_eq!(labels(3).await, ["Agent/Alpha"]);
        assert_eq!(labels(4).await, Vec::<String>::new());
        let read: Vec<_> = github
            .requests()
            .into_iter()
            .filter(|request| request.operation == "IssuesById")
            .map(|request| request.variables["ids"].as_array().unwrap().len())
            .collect();
        assert_eq!(read, [4], "only the issues that have one of those");

        // Nothing changed: one request, and one more for each hundred labels beyond the first.
        given.advance(120);
        github.forget_requests();
        given.sync().await;
        assert_eq!((github.total(), github.count("Labels")), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn a_sync_without_changes_is_one_request() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        given.github.forget_requests();
        given.advance(120);
        given.sync().await;
        assert_eq!(given.github.total(), 1);
        // A new label concerns no issue.
        given.github.add_label(REPOSITORY, "new", "ededed").unwrap();
        given.github.forget_requests();
        given.advance(120);
        given.sync().await;
        assert_eq!(given.github.total(), 1);
        let number =
            given.github.open_issue(REPOSITORY, NewIssue::titled("Two", &["new"])).unwrap();
        given.advance(120);
        given.sync().await;
        assert_eq!(number, 2);
        assert_eq!(given.issue(2).await.labels, LabelSet::from(["new"]));
    })
    .await;
}
