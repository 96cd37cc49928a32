//! The GitHub client reads every response that GitHub's published schema allows.
//!
//! Every function of the client sends requests to a server that responds at random within that
//! schema: every member of every interface and union and unknown ones, likewise values of enums,
//! null wherever it is allowed, lists empty and full, texts with half surrogate pairs, errors
//! beside the data at every path. The result is compared with the response. A failure prints its
//! seed; `GITHUB_ANSWERS_SEED` repeats that one alone.

mod generator;
mod schema;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use dispatch::clock::Clock;
use dispatch::config::Env;
use dispatch::domain::FullName;
use dispatch::domain::automation::facts::PullRequestFacts;
use dispatch::domain::dependencies::Reference;
use dispatch::domain::github_budget::SecondaryLimits;
use dispatch::github::{Client, Error, Issue, IssuesQuery, PullRequestStates, Settings, States};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::github::{noon, usual_timeouts};
use generator::{GeneratedAnswer, Generator, UNHEARD_OF};
use schema::Schema;

/// How many responses each function gets.
const CASES: u64 = 150;

#[test]
fn the_pruned_schema_knows_every_kind_of_thing_that_github_does() {
    let (published, pruned) = (Schema::published(), Schema::pruned());
    assert!(pruned.members.len() > 4 && pruned.enums.len() > 3);
    for (name, members) in &pruned.members {
        let mut theirs = published.members[name].clone();
        // The root is none that our documents could meet.
        theirs.remove("Query");
        assert_eq!(*members, theirs, "members of {name}");
    }
    for (name, values) in &pruned.enums {
        assert_eq!(*values, published.enums[name], "values of {name}");
    }
}

type Shared = Arc<Mutex<(Generator, Vec<GeneratedAnswer>)>>;

struct RandomGitHub {
    client: Client,
    shared: Shared,
    seeds: Vec<u64>,
    _server: JoinSet<()>,
}

async fn answer(State(shared): State<Shared>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap();
    let mut shared = shared.lock().unwrap();
    let (given, text) = shared.0.answer(&request);
    shared.1.push(given);
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

impl RandomGitHub {
    async fn start() -> Self {
        let shared: Shared = Arc::new(Mutex::new((Generator::new(Schema::published(), 0), vec![])));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/graphql", post(answer)).with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let mut settings = Settings::new(address.parse().unwrap(), Some("a-token".into()));
        settings.timeouts = usual_timeouts();
        settings.budget.secondary = SecondaryLimits {
            points_a_minute: 1_000_000,
            writes_a_minute: 1_000_000,
            writes_an_hour: 1_000_000,
        };
        let client = Client::new(settings, Clock::held_at(noon())).unwrap();
        let alone = Env::from_process()
            .raw("GITHUB_ANSWERS_SEED")
            .map(|seed| seed.to_str().unwrap().parse().unwrap());
        let seeds = alone.map_or_else(|| (0..CASES).collect(), |seed| vec![seed]);
        Self { client, shared, seeds, _server: server }
    }

    /// Sends a request for each seed and compares the result with the response.
    async fn each<T: std::fmt::Debug>(
        &self,
        ask: impl AsyncFn(&Client) -> Result<T, Error>,
        check: impl Fn(&T, &Answers),
    ) {
        for seed in &self.seeds {
            self.shared.lock().unwrap().0.reseed(*seed);
            let outcome = ask(&self.client).await;
            let answers = Answers(std::mem::take(&mut self.shared.lock().unwrap().1));
            let comparing = std::panic::AssertUnwindSafe(|| match &outcome {
                Ok(read) => check(read, &answers),
                Err(error) => answers.explain(error),
            });
            if std::panic::catch_unwind(comparing).is_err() {
                panic!("GITHUB_ANSWERS_SEED={seed}: {outcome:#?} was made of {answers:#?}");
            }
        }
    }

    /// Asserts that each kind of place occurred in every form.
    fn check_coverage(&self, met: &[&str]) {
        if self.seeds.len() == 1 {
            return;
        }
        let published = Schema::published();
        let shared = self.shared.lock().unwrap();
        for name in met {
            let all = published.members.get(*name).or_else(|| published.enums.get(*name)).unwrap();
            let chosen: BTreeSet<&String> = shared.0.chosen[*name].keys().collect();
            let missed: Vec<_> = all.iter().filter(|one| !chosen.contains(one)).collect();
            assert!(missed.is_empty() && chosen.contains(&UNHEARD_OF.to_owned()), "{missed:?}");
        }
    }
}

/// The responses to one call.
#[derive(Debug)]
struct Answers(Vec<GeneratedAnswer>);

impl Answers {
    fn body_of(&self, operation: &str) -> &Value {
        &self.0.iter().find(|given| given.operation == operation).unwrap().body
    }

    fn errors(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().flat_map(|given| errors_of(&given.body))
    }

    /// Asserts that a failure repeats GitHub's message, or names what GitHub omitted silently.
    fn explain(&self, error: &Error) {
        let said = error.to_string();
        let mut told = self.errors().filter_map(|error| error["message"].as_str());
        let is_silent = said.ends_with("and no error that says why")
            || matches!(error, Error::PullRequest { .. } | Error::NotFound { .. });
        assert!(told.any(|message| said.contains(message)) || is_silent, "{said}");
    }
}

fn errors_of(body: &Value) -> &[Value] {
    body["errors"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The members of an issue that it is read without if GitHub refuses them.
const OPTIONAL: [&str; 5] =
    ["duplicateOf", "issueFieldValues", "issueType", "parent", "subIssuesSummary"];

/// Whether an error occurred at or below a place, other than the refusal of an optional member.
fn is_struck(body: &Value, path: &[Value]) -> bool {
    let begins = |error: &Value| {
        error["path"].as_array().is_some_and(|own| {
            let is_optional =
                own.iter().any(|name| name.as_str().is_some_and(|name| OPTIONAL.contains(&name)));
            own.len() >= path.len() && own[..path.len()] == *path && !is_optional
        })
    };
    errors_of(body).iter().any(begins)
}

/// Whether an issue of a response can be read completely.
fn is_whole(node: &Value) -> bool {
    !node.is_null() && !node["labels"].is_null()
}

/// Compares an issue with the response.
fn check_issue(issue: &Issue, node: &Value) {
    let logins = |actors: &Value| -> Vec<String> {
        let nodes = actors["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        nodes.iter().filter_map(|one| one["login"].as_str()).map(storable).collect()
    };
    assert_eq!(issue.node_id, node["id"].as_str().unwrap());
    assert_eq!(i64::from(issue.number), node["number"].as_i64().unwrap());
    assert_eq!(issue.title, storable(node["title"].as_str().unwrap()));
    assert_eq!(issue.author, node["author"]["login"].as_str().map(storable));
    assert_eq!(issue.assignees, logins(&node["assignedActors"]));
    let labels = node["labels"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let labels: Vec<_> =
        labels.iter().filter_map(|label| label["name"].as_str()).map(storable).collect();
    assert_eq!(issue.labels, labels);
}

/// A text as the client passes it on.
fn storable(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.chars().filter(|c| *c >= ' ' || *c == '\n' || *c == '\t').collect()
}

fn name() -> FullName {
    "acme/tools".parse().unwrap()
}

#[tokio::test]
async fn a_page_is_read_issue_by_issue() {
    let github = RandomGitHub::start().await;
    let nodes_path = ["repository", "issues", "nodes"].map(Value::from);
    let ask = async |client: &Client| {
        let query = IssuesQuery { states: States::Both, since: None, after: None, page_size: 100 };
        client.issues(&name(), query).await
    };
    github
        .each(ask, |page, answers| {
            let body = answers.body_of("Issues");
            let nodes = body["data"]["repository"]["issues"]["nodes"].as_array();
            let nodes = nodes.map(Vec::as_slice).unwrap_or_default();
            let whole = nodes.iter().enumerate().filter(|(at, node)| {
                let path = [&nodes_path[..], &[Value::from(*at)]].concat();
                is_whole(node) && !is_struck(body, &path)
            });
            let whole: Vec<_> = whole.collect();
            assert_eq!(page.issues.len(), whole.len());
            assert_eq!(page.skipped.len(), nodes.len() - whole.len());
            for (issue, (_, node)) in page.issues.iter().zip(whole) {
                check_issue(issue, node);
            }
        })
        .await;
    github.check_coverage(&["Actor", "Assignee", "IssueState", "PullRequestState"]);
}

#[tokio::test]
async fn an_error_about_something_beside_the_issues_costs_no_page() {
    let github = RandomGitHub::start().await;
    for seed in &github.seeds {
        github.shared.lock().unwrap().0.reseed(*seed);
        let query = IssuesQuery { states: States::Both, since: None, after: None, page_size: 100 };
        let outcome = github.client.issues(&name(), query).await;
        let answers = Answers(std::mem::take(&mut github.shared.lock().unwrap().1));
        let body = answers.body_of("Issues");
        let is_beside = |error: &Value| {
            let begins = |path: &[&str]| {
                let own = error["path"].as_array().unwrap();
                own.len() > path.len() && own.iter().zip(path).all(|(own, name)| own == name)
            };
            error["path"][0] == "rateLimit"
                || begins(&["repository", "issues", "nodes"])
                || begins(&["repository", "labels", "nodes"])
                || begins(&["repository", "pullRequests", "nodes"])
                || error["path"] == json!(["repository", "viewerPermission"])
        };
        let must_read =
            !body["data"]["repository"].is_null() && errors_of(body).iter().all(is_beside);
        assert_eq!(outcome.is_ok(), must_read, "GITHUB_ANSWERS_SEED={seed}: {outcome:#?} {body:#}");
    }
}

#[tokio::test]
async fn one_issue_is_read() {
    let github = RandomGitHub::start().await;
    github
        .each(
            async |client| client.issue(&name(), 1).await,
            |issue, answers| {
                let found = &answers.body_of("Issue")["data"]["repository"]["issueOrPullRequest"];
                check_issue(issue, found);
            },
        )
        .await;
    github.check_coverage(&["IssueOrPullRequest", "Actor", "Assignee", "IssueState"]);
}

#[tokio::test]
async fn issues_asked_for_by_id_are_read_one_by_one() {
    let github = RandomGitHub::start().await;
    let ids: Vec<String> = (0..12).map(|id| format!("I_{id}")).collect();
    github
        .each(
            async |client| client.issues_by_node_id(&ids).await,
            |found, answers| {
                let body = answers.body_of("IssuesById");
                assert_eq!(found.len(), ids.len());
                for (at, found) in found.iter().enumerate() {
                    let node = &body["data"]["nodes"][at];
                    let is_struck = is_struck(body, &["nodes".into(), at.into()]);
                    match found {
                        Ok(Some(issue)) => check_issue(issue, node),
                        Ok(None) => assert!(node["__typename"] != "Issue", "{node:#}"),
                        Err(error) => {
                            assert!(is_struck || !is_whole(node), "{error}: {node:#}");
                        }
                    }
                }
            },
        )
        .await;
    github.check_coverage(&["Node", "Actor", "Assignee", "IssueState"]);
}

#[tokio::test]
async fn fingerprints_are_read_repository_by_repository() {
    let github = RandomGitHub::start().await;
    let ids: Vec<String> = (0..12).map(|id| format!("R_{id}")).collect();
    github
        .each(
            async |client| client.fingerprints(&ids).await,
            |found, answers| {
                let body = answers.body_of("RepositoryChanges");
                assert_eq!(found.len(), ids.len());
                for (at, found) in found.iter().enumerate() {
                    let node = &body["data"]["nodes"][at];
                    let is_struck = is_struck(body, &["nodes".into(), at.into()]);
                    let has_more = node["labels"]["pageInfo"]["hasNextPage"] == true;
                    let is_whole = node["__typename"] == "Repository" && !is_struck && !has_more;
                    assert_eq!(found.is_some(), is_whole, "{node:#}");
                }
            },
        )
        .await;
    github.check_coverage(&["Node"]);
}

#[tokio::test]
async fn links_are_read_issue_by_issue() {
    let github = RandomGitHub::start().await;
    let ids: Vec<String> = (0..12).map(|id| format!("I_{id}")).collect();
    github
        .each(
            async |client| client.links(&ids).await,
            |found, answers| {
                let body = answers.body_of("Links");
                assert_eq!(found.len(), ids.len());
                for (at, found) in found.iter().enumerate() {
                    let node = &body["data"]["nodes"][at];
                    let is_read = node["__typename"] == "Issue"
                        && !is_struck(body, &["nodes".into(), at.into()]);
                    assert_eq!(found.is_some(), is_read, "{node:#}");
                    let blockers = &node["blockedBy"];
                    let noted = found.as_ref().and_then(|links| links.blockers.as_ref());
                    assert_eq!(noted.is_some(), is_read && !blockers.is_null());
                }
            },
        )
        .await;
    github.check_coverage(&["Node", "PullRequestState"]);
}

/// Compares a pull request with the response.
fn check_pull_request(read: &PullRequestFacts, node: &Value) {
    assert_eq!(read.node_id, node["id"].as_str().unwrap());
    assert_eq!(i64::from(read.number), node["number"].as_i64().unwrap());
    assert_eq!(read.title, storable(node["title"].as_str().unwrap()));
    assert_eq!(read.author, node["author"]["login"].as_str().map(storable));
    let word = |name: &str| node[name].as_str().map(str::to_owned);
    assert_eq!(
        (&read.review_decision, &read.mergeable),
        (&word("reviewDecision"), &word("mergeable"))
    );
    let list = |of: &Value| of["nodes"].as_array().cloned().unwrap_or_default();
    let commits = list(&node["commits"]);
    let newest = commits.iter().rfind(|commit| !commit.is_null());
    let rollup = newest.and_then(|newest| newest["commit"]["statusCheckRollup"]["state"].as_str());
    assert_eq!(read.check_state.as_deref(), rollup);
    match &node["closingIssuesReferences"] {
        Value::Null => assert_eq!(read.closes, None),
        issues => {
            let named = list(issues).into_iter().filter(|issue| {
                let name = issue["repository"]["nameWithOwner"].as_str();
                name.is_some_and(|name| name.parse::<FullName>().is_ok())
            });
            assert_eq!(read.closes.as_ref().map(Vec::len), Some(named.count()));
        }
    }
}

#[tokio::test]
async fn pull_requests_of_a_page_are_read_one_by_one() {
    let github = RandomGitHub::start().await;
    github
        .each(
            async |client| client.pull_requests(&name(), (PullRequestStates::Open, 1)).await,
            |list, answers| {
                let nodes = &answers.body_of("PullRequests")["data"]["repository"]["pullRequests"];
                let nodes = nodes["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
                let read: Vec<_> = nodes.iter().filter(|node| !node.is_null()).collect();
                assert_eq!(list.items.len(), read.len());
                assert_eq!(list.unreadable, nodes.len() - read.len());
                for (one, node) in list.items.iter().zip(read) {
                    check_pull_request(one, node);
                }
            },
        )
        .await;
    github.check_coverage(&[
        "Actor",
        "MergeableState",
        "PullRequestReviewDecision",
        "PullRequestState",
        "StatusState",
    ]);
}

#[tokio::test]
async fn pull_requests_asked_for_by_id_are_read_one_by_one() {
    let github = RandomGitHub::start().await;
    let ids: Vec<String> = (0..12).map(|id| format!("PR_{id}")).collect();
    github
        .each(
            async |client| client.pull_requests_by_id(&ids).await,
            |found, answers| {
                let body = answers.body_of("PullRequestsById");
                assert_eq!(found.items.len(), ids.len());
                for (at, found) in found.items.iter().enumerate() {
                    let node = &body["data"]["nodes"][at];
                    match found {
                        Ok(Some(one)) => check_pull_request(one, node),
                        Ok(None) => assert!(node["__typename"] != "PullRequest", "{node:#}"),
                        Err(_) => assert!(is_struck(body, &["nodes".into(), at.into()])),
                    }
                }
            },
        )
        .await;
    github.check_coverage(&["Node"]);
}

#[tokio::test]
async fn the_state_of_a_reference_is_read() {
    let github = RandomGitHub::start().await;
    let reference = Reference { repository: name().key(), number: 7 };
    github
        .each(
            async |client| client.is_open(&reference).await,
            |is_open, answers| {
                let found =
                    &answers.body_of("Reference")["data"]["repository"]["issueOrPullRequest"];
                let states = ["issueState", "pullRequestState"];
                let is_named = states.iter().any(|state| found[*state] == "OPEN");
                assert_eq!(*is_open, is_named, "{found}");
            },
        )
        .await;
    github.check_coverage(&["IssueOrPullRequest"]);
}

/// Each document is used by a function that a test here calls; a new one needs a test.
#[test]
fn every_document_is_tested() {
    let asked = [
        "AddComment",
        "ChangeLabels",
        "Conversation",
        "CreateLabel",
        "Issue",
        "IssueIds",
        "Issues",
        "IssuesById",
        "LabelId",
        "Labels",
        "Links",
        "LiveLabels",
        "PullRequests",
        "PullRequestsById",
        "RecentComments",
        "Reference",
        "Repository",
        "RepositoryChanges",
    ];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/github-queries");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let documents = files.filter(|path| path.extension().is_some_and(|end| end == "graphql"));
    let texts: Vec<String> = documents.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let operation = |line: &str| {
        let rest = line.strip_prefix("query ").or_else(|| line.strip_prefix("mutation "))?;
        Some(rest.split(['(', ' ']).next()?.to_owned())
    };
    let mut there: Vec<String> = lines.filter_map(operation).collect();
    there.sort();
    assert_eq!(there, asked);
}

#[tokio::test]
async fn a_repository_is_read() {
    let github = RandomGitHub::start().await;
    github
        .each(
            async |client| client.repository(&name()).await,
            |found, answers| {
                let given = &answers.body_of("Repository")["data"]["repository"];
                assert_eq!(found.node_id, given["id"].as_str().unwrap());
                assert_eq!(found.full_name.as_str(), given["nameWithOwner"].as_str().unwrap());
            },
        )
        .await;
}

#[tokio::test]
async fn live_labels_are_read() {
    let github = RandomGitHub::start().await;
    github
        .each(
            async |client| client.live_labels("I_1", Some("status/ready"), Some("agent/a")).await,
            |live, answers| {
                let node = &answers.body_of("LiveLabels")["data"]["node"];
                let labels = node["labels"]["nodes"]
                    .as_array()
                    .map_or(0, |labels| labels.iter().filter(|label| !label.is_null()).count());
                assert_eq!(live.labels.len(), labels);
                assert_eq!(
                    live.target_label_id.as_deref(),
                    node["repository"]["label"]["id"].as_str()
                );
            },
        )
        .await;
    github.check_coverage(&["IssueState"]);
}

#[tokio::test]
async fn labels_of_a_repository_are_read() {
    let github = RandomGitHub::start().await;
    github
        .each(
            async |client| client.labels(&name(), "cursor".to_owned()).await,
            |page, answers| {
                let nodes = &answers.body_of("Labels")["data"]["repository"]["labels"]["nodes"];
                let nodes = nodes.as_array().map(Vec::as_slice).unwrap_or_default();
                let there = nodes.iter().filter(|node| !node.is_null()).count();
                assert_eq!(page.labels.len(), there);
            },
        )
        .await;
}

#[tokio::test]
async fn comments_are_read() {
    let github = RandomGitHub::start().await;
    github
        .each(
            async |client| client.recent_comments("I_1").await,
            |recent, answers| {
                let nodes = &answers.body_of("RecentComments")["data"]["node"]["comments"]["nodes"];
                let nodes = nodes.as_array().map(Vec::as_slice).unwrap_or_default();
                let there = nodes.iter().filter(|node| !node.is_null()).count();
                assert_eq!(recent.comments.len(), there);
            },
        )
        .await;
}

#[tokio::test]
async fn a_conversation_is_read_comment_by_comment() {
    let github = RandomGitHub::start().await;
    github
        .each(
            async |client| client.conversation("I_1", 50).await,
            |read, answers| {
                let body = answers.body_of("Conversation");
                let nodes = body["data"]["node"]["comments"]["nodes"].as_array();
                let nodes = nodes.map(Vec::as_slice).unwrap_or_default();
                let path = |at: usize| {
                    ["node", "comments", "nodes"]
                        .map(Value::from)
                        .into_iter()
                        .chain([at.into()])
                        .collect::<Vec<_>>()
                };
                let whole = nodes
                    .iter()
                    .enumerate()
                    .filter(|(at, node)| !node.is_null() && !is_struck(body, &path(*at)));
                let whole: Vec<&Value> = whole.map(|(_, node)| node).rev().collect();
                assert_eq!(read.comments.len(), whole.len());
                assert_eq!(read.skipped as usize, nodes.len() - whole.len());
                for (comment, node) in read.comments.iter().zip(whole) {
                    let text = |name: &str| node[name].as_str().map(storable);
                    assert_eq!(Some(&comment.id), text("id").as_ref());
                    assert_eq!(Some(&comment.body), text("body").as_ref());
                    assert_eq!(Some(&comment.url), text("url").as_ref());
                    assert_eq!(comment.author, node["author"]["login"].as_str().map(storable));
                    assert_eq!(Some(comment.is_minimized), node["isMinimized"].as_bool());
                }
            },
        )
        .await;
    github.check_coverage(&["Actor", "CommentAuthorAssociation"]);
}

#[tokio::test]
async fn the_outcome_of_a_write_is_read_back() {
    let github = RandomGitHub::start().await;
    let repositories = AtomicUsize::new(0);
    github
        .each(
            async |client| {
                // A label that was just created is known.
                let repository = format!("R_{}", repositories.fetch_add(1, Ordering::Relaxed));
                client.create_label(&repository, "status/ready", "f59e0b").await
            },
            |id, answers| {
                let made = &answers.body_of("CreateLabel")["data"]["createLabel"]["label"]["id"];
                let found = answers.0.iter().find(|given| given.operation == "LabelId");
                let found = found.map(|given| &given.body["data"]["node"]["label"]["id"]);
                assert!(made == id.as_str() || found.is_some_and(|found| found == id.as_str()));
            },
        )
        .await;
    let (add, remove) = (["LA_1".to_owned()], ["LA_2".to_owned()]);
    github
        .each(
            async |client| client.change_labels("I_1", &add, &remove, false).await,
            |changed, answers| {
                let data = &answers.body_of("ChangeLabels")["data"];
                let after = [&data["removed"]["labelable"], &data["added"]["labelable"]];
                let after = after.into_iter().find(|one| one["__typename"] == "Issue").unwrap();
                let labels = after["labels"]["nodes"]
                    .as_array()
                    .map_or(0, |labels| labels.iter().filter(|label| !label.is_null()).count());
                assert_eq!(changed.labels.len(), labels);
                assert_eq!(changed.errors.len(), answers.errors().count());
            },
        )
        .await;
    github
        .each(
            async |client| client.add_comment("I_1", "Hello").await,
            |commented, answers| {
                let payload = &answers.body_of("AddComment")["data"]["addComment"];
                let url = payload["commentEdge"]["node"]["url"].as_str().map(storable);
                assert_eq!(Some(&commented.url), url.as_ref());
                let subject = &payload["subject"];
                assert_eq!(commented.issue.is_some(), subject["__typename"] == "Issue");
            },
        )
        .await;
    github.check_coverage(&["Labelable"]);
}
