//! Queries, mutations and subscriptions that lead to a removed issue: deleted, transferred, or of a
//! repository that is no longer tracked.
//!
//! The tests walk the schema: every path from a root field to an object is requested once, so a new
//! edge is covered as soon as it exists.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, Type, TypeKind, TypeSystemDefinition,
};
use dispatch::domain::{AgentRunId, AuditEntryId, EventCursor, Tier};
use dispatch::middleware::access::{ROUTES, field_tier};
use dispatch::service;
use serde_json::{Value, json};

use crate::support::stream::Events;
use crate::support::{Given, REPOSITORY, given, person};

/// The maximum number of objects on a path of a query.
const LONGEST: usize = 5;

/// The same for a mutation or an event; the tests of queries cover what follows.
const SHORTER: usize = 4;

/// How many paths are requested in one query.
const TOGETHER: usize = 6;

/// How an issue is removed.
#[derive(Debug, Clone, Copy)]
enum Leaving {
    Deleted,
    Transferred,
    Untracked,
}

/// The types of the schema by name.
struct Schema(BTreeMap<String, TypeKind>);

impl Schema {
    fn read() -> Self {
        let document = parse_schema(dispatch::graphql::sdl()).unwrap();
        let types = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(of) => Some((of.node.name.node.to_string(), of.node.kind)),
            _ => None,
        });
        Self(types.collect())
    }

    fn fields(&self, name: &str) -> Vec<&FieldDefinition> {
        match &self.0.get(name) {
            Some(TypeKind::Object(of)) => of.fields.iter().map(|field| &field.node).collect(),
            _ => vec![],
        }
    }

    /// The object types of a type: itself, or those of an interface or a union.
    fn objects(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(TypeKind::Object(_)) => vec![name.to_owned()],
            Some(TypeKind::Union(of)) => {
                of.members.iter().map(|member| member.node.to_string()).collect()
            }
            Some(TypeKind::Interface(_)) => {
                let implements = |kind: &TypeKind| match kind {
                    TypeKind::Object(of) => of.implements.iter().any(|one| one.node == name),
                    _ => false,
                };
                let own = self.0.iter().filter(|(_, kind)| implements(kind));
                own.map(|(name, _)| name.clone()).collect()
            }
            _ => vec![],
        }
    }

    /// Selections on a type: its own fields, and each path to another object that is not on the
    /// path already.
    fn ways(&self, name: &str, longest: usize) -> Vec<String> {
        self.ways_on(name, longest, &mut vec![])
    }

    fn ways_on(&self, name: &str, longest: usize, way: &mut Vec<String>) -> Vec<String> {
        let mut ways = Vec::new();
        if way.len() >= longest {
            return ways;
        }
        for object in self.objects(name) {
            if way.contains(&object) {
                continue;
            }
            way.push(object.clone());
            let is_leaf = |field: &&FieldDefinition| {
                self.objects(named(&field.ty.node)).is_empty() && takes_nothing(field)
            };
            let fields = self.fields(&object);
            let own: Vec<_> =
                fields.iter().copied().filter(is_leaf).map(|f| f.name.node.as_str()).collect();
            ways.push(format!("... on {object} {{ __typename {} }}", own.join(" ")));
            for field in fields.iter().filter(|field| takes_nothing(field)) {
                // Few of each, because the cost of a query is limited.
                let takes_first = field.arguments.iter().any(|one| one.node.name.node == "first");
                let arguments = if takes_first { "(first: 2)" } else { "" };
                for below in self.ways_on(named(&field.ty.node), longest, way) {
                    let field = &field.name.node;
                    ways.push(format!("... on {object} {{ {field}{arguments} {{ {below} }} }}"));
                }
            }
            way.pop();
        }
        ways
    }
}

fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => named(inner),
    }
}

fn takes_nothing(field: &FieldDefinition) -> bool {
    let is_optional = |argument: &async_graphql::parser::types::InputValueDefinition| {
        argument.ty.node.nullable || argument.default_value.is_some()
    };
    field.arguments.iter().all(|argument| is_optional(&argument.node))
}

/// Requests some paths at a time, and fewer where these cost too much together. Only expected
/// errors may occur. Returns the number of requested paths.
async fn walk(
    ways: &[String],
    ask: impl AsyncFn(&str) -> Value,
    is_expected: impl Fn(&Value) -> bool,
) -> usize {
    let mut asked = 0;
    let mut pending: Vec<&[String]> = ways.chunks(TOGETHER).collect();
    while let Some(few) = pending.pop() {
        let ways = few.join(" ");
        let answer = ask(&ways).await;
        if answer["errors"][0]["message"] == "Query is too complex." {
            // Alone, each costs less than the maximum.
            if few.len() > 1 {
                pending.extend(few.chunks(few.len().div_ceil(2)));
            }
            continue;
        }
        asked += few.len();
        for error in answer["errors"].as_array().into_iter().flatten() {
            assert!(is_expected(error), "{ways}\n{error:#}");
        }
    }
    asked
}

/// Whether an error belongs to a root field and not to what is selected below it.
fn is_of_root(error: &Value) -> bool {
    error["path"].as_array().is_some_and(|path| path.len() == 1)
}

/// The arguments of a root field. `ids` has one of each type.
fn arguments(field: &str, way: &str, ids: &BTreeMap<&str, String>) -> Vec<String> {
    match field {
        "node" => {
            let is_of = |name: &&&str| way.starts_with(&format!("... on {name} "));
            ids.keys().filter(is_of).map(|name| format!("(id: \"{}\")", ids[name])).collect()
        }
        "issue" | "explainWork" => {
            let agent = if field == "issue" { "id" } else { "agent: \"alpha\", issueId" };
            vec![format!("({agent}: \"{}\")", ids["Issue"])]
        }
        // There is none.
        "workflow" | "workflowRun" => vec![],
        "queue" => vec!["(agent: \"alpha\", first: 2)".to_owned()],
        "myWork" => vec!["(agent: \"alpha\")".to_owned()],
        "labelSchemePreview" => vec![format!("(input: {{ fullName: \"{REPOSITORY}\" }})")],
        "issues" | "auditLog" | "agentRuns" | "workDecisions" => vec!["(first: 2)".to_owned()],
        _ => vec![String::new()],
    }
}

/// An issue that was claimed, worked on, finished and claimed again, so that all kinds of rows
/// refer to it. Returns an id of each type.
async fn with_history(given: &mut Given) -> BTreeMap<&'static str, String> {
    given.with_issues(&[("Worked on", &["status/ready"]), ("Stays", &["status/ready"])]).await;
    let mut ids = BTreeMap::new();
    let claim = "mutation { claimNext(input: {agent: \"alpha\"}) {
        lease { id fencingToken issue { id number repository { id } } } } }";
    let finish = "mutation($lease: ID!, $token: String!) {
        finishWork(input: {leaseId: $lease, fencingToken: $token, outcome: FAILED, summary: \"no\"}) {
            agentRun { id } } }";
    for _ in 0..2 {
        given.advance(60);
        let data = given.graphql_as_agent(claim, json!({})).await;
        let lease = &data["claimNext"]["lease"];
        assert_eq!(lease["issue"]["number"], 1, "{data}");
        let (id, token) = (&lease["id"], &lease["fencingToken"]);
        ids.insert("Lease", id.as_str().unwrap().to_owned());
        ids.insert("fencingToken", token.as_str().unwrap().to_owned());
        ids.insert("Issue", lease["issue"]["id"].as_str().unwrap().to_owned());
        ids.insert("Repository", lease["issue"]["repository"]["id"].as_str().unwrap().to_owned());
        if !ids.contains_key("AgentRun") {
            given.advance(60);
            let variables = json!({ "lease": id, "token": token });
            let run = given.graphql_as_agent(finish, variables).await;
            let run = run["finishWork"]["agentRun"]["id"].as_str().unwrap().to_owned();
            ids.insert("AgentRun", run);
        }
    }
    let rows = "{ auditLog(first: 1) { nodes { id } } workDecisions(first: 1) { nodes { id } } }";
    let data = given.graphql(rows, json!({})).await;
    for (kind, list) in [("AuditEntry", "auditLog"), ("WorkDecision", "workDecisions")] {
        ids.insert(kind, data[list]["nodes"][0]["id"].as_str().unwrap().to_owned());
    }
    let begun = json!({
        "agentName": "alpha", "repoFullName": REPOSITORY, "issueNumber": 1, "workType": "implement",
    });
    given.ask_as_agent("POST", "/api/agent-work", Some(begun)).await;
    ids
}

async fn leave(given: &mut Given, leaving: Leaving) {
    match leaving {
        Leaving::Deleted => given.github.delete_issue(REPOSITORY, 1).unwrap(),
        Leaving::Transferred => {
            given.github.add_repository("acme/other");
            given.github.transfer_issue(REPOSITORY, 1, "acme/other").unwrap();
        }
        Leaving::Untracked => {
            let name = REPOSITORY.parse().unwrap();
            service::repositories::tracking::untrack_repository(&given.app, &person(), &name)
                .await
                .unwrap();
        }
    }
    given.advance(60);
    given.sync().await;
}

/// Everything stays readable; only fields that look up the issue itself may report that it is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_query_fails_because_an_issue_was_removed() {
    let schema = Schema::read();
    for leaving in [Leaving::Deleted, Leaving::Transferred, Leaving::Untracked] {
        given(async |given| {
            let ids = with_history(given).await;
            leave(given, leaving).await;
            let mut asked = 0;
            for root in schema.fields("Query") {
                let name = root.name.node.as_str();
                let needs_token = field_tier("Query", name) > Tier::Board;
                let mut together: BTreeMap<String, Vec<String>> = BTreeMap::new();
                let is_list = !matches!(name, "issue" | "node");
                for way in schema.ways(named(&root.ty.node), LONGEST) {
                    // The comments of many issues at once exceed the maximum cost of a query.
                    if is_list && way.contains("on IssueComments ") {
                        continue;
                    }
                    for arguments in arguments(name, &way, &ids) {
                        together.entry(arguments).or_default().push(way.clone());
                    }
                }
                for (arguments, ways) in together {
                    let ask = async |ways: &str| {
                        let query = format!("{{ {name}{arguments} {{ {ways} }} }}");
                        let body = Some(json!({ "query": query }));
                        match needs_token {
                            true => given.ask_as_agent("POST", "/graphql", body).await.json(),
                            false => given.ask("POST", "/graphql", body).await.json(),
                        }
                    };
                    let is_gone = |error: &Value| {
                        is_of_root(error) && error["extensions"]["code"] == "NOT_FOUND"
                    };
                    asked += walk(&ways, ask, is_gone).await;
                }
            }
            assert!(asked > 200, "{asked} ways are too few to be all");
            for (method, path, _) in ROUTES.iter().filter(|(method, ..)| *method == "GET") {
                let path = path.replace("{agentName}", "alpha").replace("{id}", &ids["Issue"]);
                let answer = given.ask_as_agent(method, &path, None).await;
                let status = answer.status.as_u16();
                assert!(status < 500, "{leaving:?}: {path} answered {status}: {}", answer.text());
            }
        })
        .await;
    }
}

/// Mutations of the issue, of its lease and of its records, with their input. Those that end the
/// lease come last.
fn changes(ids: &BTreeMap<&'static str, String>) -> Vec<(&'static str, String)> {
    let (issue, lease, token) = (&ids["Issue"], &ids["Lease"], &ids["fencingToken"]);
    let of_issue = |more: &str| format!("issueId: \"{issue}\" {more}");
    let of_lease = |more: &str| format!("leaseId: \"{lease}\" {more}");
    let of_holder = |more: &str| of_lease(&format!("fencingToken: \"{token}\" {more}"));
    let run = "agentName: \"alpha\", runType: \"implement\", status: \"success\", \
               startedAt: \"2026-05-20T12:00:00.000Z\"";
    vec![
        ("renewLease", of_holder("")),
        ("sendMessage", of_lease("body: \"Hello\"")),
        ("requestStop", of_lease("")),
        ("withdrawStop", of_lease("")),
        ("claimIssue", of_issue("agent: \"alpha\"")),
        ("recordAgentRun", of_issue(run)),
        ("undoMove", format!("auditEntryId: \"{}\"", ids["AuditEntry"])),
        ("moveIssue", of_issue("to: IN_REVIEW")),
        ("moveIssues", format!("issueIds: [\"{issue}\"], to: IN_REVIEW")),
        ("assignOwner", of_issue("owner: \"kim\"")),
        ("setPriority", of_issue("priority: P1")),
        ("setLane", of_issue("lane: \"default\"")),
        ("addComment", of_issue("body: \"Hello\"")),
        ("retryIssue", of_issue("")),
        ("finishWork", of_holder("outcome: FAILED, summary: \"no\"")),
        ("releaseLease", of_holder("")),
        ("assignAgent", of_issue("agent: \"beta\"")),
        ("repairWork", of_issue("ailment: LEASE_ON_VANISHED_ISSUE")),
        ("claimNext", "agent: \"alpha\"".to_owned()),
    ]
}

/// Mutations that concern no issue.
const OTHER_CHANGES: [&str; 15] = [
    "syncIssues",
    "saveView",
    "deleteView",
    "trackRepository",
    "untrackRepository",
    "setServesPeoplesWork",
    "pauseWork",
    "resumeWork",
    "setLabelScheme",
    "replayWebhookDelivery",
    "syncAutomation",
    "rerunWorkflowRun",
    "rerunFailedJobs",
    "cancelWorkflowRun",
    "dispatchWorkflow",
];

/// A mutation of a removed issue succeeds or fails as a whole: its result has no broken reference.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mutation_has_a_partial_result_for_a_removed_issue() {
    let schema = Schema::read();
    for leaving in [Leaving::Deleted, Leaving::Transferred, Leaving::Untracked] {
        given(async |given| {
            let ids = with_history(given).await;
            leave(given, leaving).await;
            let changes = changes(&ids);
            let known: BTreeSet<&str> =
                changes.iter().map(|(name, _)| *name).chain(OTHER_CHANGES).collect();
            let all = schema.fields("Mutation");
            let all_names: BTreeSet<&str> =
                all.iter().map(|root| root.name.node.as_str()).collect();
            assert_eq!(known, all_names);
            let (mut asked, done) = (0, Cell::new(0));
            for (name, input) in changes {
                let root = all.iter().find(|root| root.name.node == name).unwrap();
                let ask = async |ways: &str| {
                    let query = format!("mutation {{ {name}(input: {{ {input} }}) {{ {ways} }} }}");
                    let body = Some(json!({ "query": query }));
                    let answer = given.ask_as_agent("POST", "/graphql", body).await.json();
                    done.set(done.get() + usize::from(answer.get("errors").is_none()));
                    answer
                };
                let is_refusal = |error: &Value| {
                    let code = error["extensions"]["code"].as_str();
                    is_of_root(error) && code.is_some_and(|code| code != "INTERNAL_SERVER_ERROR")
                };
                asked += walk(&schema.ways(named(&root.ty.node), SHORTER), ask, is_refusal).await;
            }
            assert!(asked > 100, "{asked} ways are too few to be all");
            assert!(done.get() > 0, "{leaving:?}: everything was refused");
        })
        .await;
    }
}

/// Events of removed issues are delivered, both from the log and live.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_fails_because_its_issue_was_removed() {
    let schema = Schema::read();
    for leaving in [Leaving::Deleted, Leaving::Transferred, Leaving::Untracked] {
        given(async |given| {
            let ids = with_history(given).await;
            let begun = "SELECT max(id) FROM event_log WHERE kind = 'resync'";
            let begun = EventCursor(given.database.number(begun).await);
            leave(given, leaving).await;
            // If nothing is tracked any more, that ends each stream.
            let last = match leaving {
                Leaving::Untracked => None,
                Leaving::Deleted | Leaving::Transferred => {
                    let change = "mutation($id: ID!) {
                        moveIssue(input: {issueId: $id, to: IN_REVIEW}) { cursor } }";
                    let stays = json!({ "id": given.issue(2).await.id });
                    let moved = given.graphql(change, stays).await;
                    Some(moved["moveIssue"]["cursor"].as_str().unwrap().to_owned())
                }
            };
            let router = dispatch::router(given.app.clone());
            let none = |_: &Value| false;
            let replay = async |ways: &str| {
                let field = format!("boardEvents(after: \"{begun}\")");
                let query = format!("subscription {{ {field} {{ {ways} }} }}");
                let mut events = Events::open_at(&router, &query).await;
                loop {
                    let event = events.try_next().await.expect("the stream ended");
                    if event.event == "complete" {
                        assert!(last.is_none(), "{query} ended early");
                        return json!({});
                    }
                    let answer: Value = serde_json::from_str(&event.data).unwrap();
                    if answer["errors"].is_array() || (last.is_some() && event.id == last) {
                        return answer;
                    }
                }
            };
            let mut asked = walk(&schema.ways("BoardEvent", SHORTER), replay, none).await;
            let entry: AuditEntryId = ids["AuditEntry"].parse().unwrap();
            let run: AgentRunId = ids["AgentRun"].parse().unwrap();
            for (field, of, topic, record) in [
                ("auditEntryAdded", "AuditEntry", "audit", entry.0),
                ("agentRunRecorded", "AgentRun", "run", run.0),
            ] {
                let again = format!(
                    "INSERT INTO event_log (topic, kind, at, actor, issue_id, record_id, before, after)
                     SELECT topic, kind, at, actor, issue_id, record_id, before, after
                     FROM event_log WHERE topic = '{topic}' AND record_id = {record} LIMIT 1"
                );
                let live = async |ways: &str| {
                    let query = format!("subscription {{ {field} {{ {ways} }} }}");
                    let mut events = Events::open_at(&router, &query).await;
                    given.database.run(&again).await;
                    let event = events.try_next().await.expect("the stream ended");
                    assert_eq!(event.event, "next", "{query}");
                    serde_json::from_str::<Value>(&event.data).unwrap()
                };
                asked += walk(&schema.ways(of, SHORTER), live, none).await;
            }
            assert!(asked > 40, "{asked} ways are too few to be all");
        })
        .await;
    }
}

/// A lease of a removed issue stays in the agent's history and shows the removal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_leads_to_the_removed_issue() {
    for leaving in [Leaving::Deleted, Leaving::Transferred, Leaving::Untracked] {
        given(async |given| {
            with_history(given).await;
            leave(given, leaving).await;
            let query = "{ agents { name leaseHistory(first: 10) {
                issue { number title removedAt repository { enabled } } } } }";
            let data = given.graphql(query, json!({})).await;
            let agents = data["agents"].as_array().unwrap();
            let alpha = agents.iter().find(|agent| agent["name"] == "alpha").unwrap();
            let history = alpha["leaseHistory"].as_array().unwrap();
            assert_eq!(history.len(), 2, "{data:#}");
            for lease in history {
                let issue = &lease["issue"];
                assert_eq!((&issue["number"], &issue["title"]), (&json!(1), &json!("Worked on")));
                let is_untracked = issue["repository"]["enabled"] == false;
                let is_removed = issue["removedAt"] != Value::Null;
                assert_eq!(is_untracked, matches!(leaving, Leaving::Untracked), "{issue}");
                assert_ne!(is_untracked, is_removed, "{issue}");
            }
        })
        .await;
    }
}
