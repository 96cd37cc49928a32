//! Reads that lead to an issue that left: deleted, transferred, or of a repository that is no longer
//! tracked.
//!
//! The test walks the schema: every way from a root field to an object is asked for once, so a new
//! edge is covered as soon as it exists.

use std::collections::BTreeMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, Type, TypeKind, TypeSystemDefinition,
};
use dispatch::domain::Tier;
use dispatch::domain::access::{ROUTES, field_tier};
use dispatch::service;
use serde_json::{Value, json};

use crate::support::{Given, REPOSITORY, given, person};

/// How many objects a way may lead over.
const LONGEST: usize = 5;

/// How many ways are asked for in one query.
const TOGETHER: usize = 6;

/// How an issue leaves.
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

    /// The objects that a type stands for: its own, or those of an interface or a union.
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

    /// Selections below a type: what it has of its own, and each way on to another object that is
    /// not on the way already.
    fn ways(&self, name: &str, way: &mut Vec<String>) -> Vec<String> {
        let mut ways = Vec::new();
        if way.len() >= LONGEST {
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
                // Few of each, for what a query may cost is limited.
                let takes_first = field.arguments.iter().any(|one| one.node.name.node == "first");
                let arguments = if takes_first { "(first: 2)" } else { "" };
                for below in self.ways(named(&field.ty.node), way) {
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

/// What a root field is asked with. `ids` has one of each type.
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
        "queue" => vec!["(agent: \"alpha\", first: 2)".to_owned()],
        "labelSchemePreview" => vec![format!("(input: {{ fullName: \"{REPOSITORY}\" }})")],
        "issues" | "auditLog" | "agentRuns" | "workDecisions" => vec!["(first: 2)".to_owned()],
        _ => vec![String::new()],
    }
}

/// An issue that was claimed, worked on, finished and claimed again, so that all kinds of rows refer
/// to it. Answers an id of each type.
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
            service::tracking::untrack_repository(&given.app, &person(), &name).await.unwrap();
        }
    }
    given.advance(60);
    given.sync().await;
}

/// Everything there is to read goes on; only what is asked for the issue itself may say that it is
/// gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_fails_because_an_issue_left() {
    let schema = Schema::read();
    for leaving in [Leaving::Deleted, Leaving::Transferred, Leaving::Untracked] {
        given(async |given| {
            let ids = with_history(given).await;
            leave(given, leaving).await;
            let mut asked = 0;
            let is_open = |name: &str| field_tier("Query", name) <= Tier::Board;
            for root in schema.fields("Query") {
                if !is_open(root.name.node.as_str()) {
                    continue;
                }
                let mut together: BTreeMap<String, Vec<String>> = BTreeMap::new();
                let is_list = !matches!(root.name.node.as_str(), "issue" | "node");
                for way in schema.ways(named(&root.ty.node), &mut vec![]) {
                    // The comments of many issues at once cost more than a query may.
                    if is_list && way.contains("on IssueComments ") {
                        continue;
                    }
                    for arguments in arguments(root.name.node.as_str(), &way, &ids) {
                        together.entry(arguments).or_default().push(way.clone());
                    }
                }
                for (arguments, ways) in together {
                    let mut pending: Vec<&[String]> = ways.chunks(TOGETHER).collect();
                    while let Some(few) = pending.pop() {
                        let ways = few.join(" ");
                        let query = format!("{{ {}{arguments} {{ {ways} }} }}", root.name.node);
                        let answer = given.try_graphql(&query, json!({})).await;
                        if answer["errors"][0]["message"] == "Query is too complex." {
                            // Alone each costs less than may be, or nobody can ask for it.
                            if few.len() > 1 {
                                pending.extend(few.chunks(few.len().div_ceil(2)));
                            }
                            continue;
                        }
                        asked += few.len();
                        for error in answer["errors"].as_array().into_iter().flatten() {
                            let is_root = error["path"].as_array().is_some_and(|p| p.len() == 1);
                            let is_gone = error["extensions"]["code"] == "NOT_FOUND";
                            assert!(is_root && is_gone, "{leaving:?}: {query}\n{error:#}");
                        }
                    }
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

/// What an agent held stays in its history, and says that it left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_leads_to_the_issue_that_left() {
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
