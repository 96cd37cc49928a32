//! What is closed to workers at the root of GraphQL is closed on every other path too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, ServiceDocument, Type, TypeKind, TypeSystemDefinition,
};
use axum::body::Body;
use axum::http::Request;
use dispatch::middleware::access::{FIELDS, WORKER_TYPES, worker_field};
use serde_json::{Value, json};

use crate::support::{Given, given_settings};

const BOUND: &str = "token-of-worker-alpha";
const UNBOUND: &str = "token-of-any-worker-1";

const WORKERS: [(&str, &str); 2] =
    [("DISPATCH_WORKER_TOKENS", "alpha:token-of-worker-alpha"), ("DISPATCH_WORKER_TOKEN", UNBOUND)];

/// Closed at the root, but needed for work: the repository of an issue, with fewer fields, and the
/// run that a worker has just reported.
const PARTLY: [&str; 2] = ["Repository", "AgentRun"];

struct Schema(ServiceDocument);

impl Schema {
    fn read() -> Self {
        Self(parse_schema(include_str!("../../schema.graphql")).unwrap())
    }

    fn kind(&self, name: &str) -> Option<&TypeKind> {
        self.0.definitions.iter().find_map(|definition| match definition {
            TypeSystemDefinition::Type(of) if of.node.name.node == name => Some(&of.node.kind),
            _ => None,
        })
    }

    fn fields(&self, name: &str) -> Vec<&FieldDefinition> {
        match self.kind(name) {
            Some(TypeKind::Object(object)) => object.fields.iter().map(|of| &of.node).collect(),
            Some(TypeKind::Interface(of)) => of.fields.iter().map(|of| &of.node).collect(),
            _ => vec![],
        }
    }

    /// The possible object types of an abstract type.
    fn members(&self, name: &str) -> Vec<String> {
        let implements = |definition: &TypeSystemDefinition| match definition {
            TypeSystemDefinition::Type(of) => match &of.node.kind {
                TypeKind::Object(object) if object.implements.iter().any(|it| it.node == name) => {
                    Some(of.node.name.node.to_string())
                }
                _ => None,
            },
            _ => None,
        };
        match self.kind(name) {
            Some(TypeKind::Union(union)) => {
                union.members.iter().map(|member| member.node.to_string()).collect()
            }
            Some(TypeKind::Interface(_)) => {
                self.0.definitions.iter().filter_map(implements).collect()
            }
            _ => vec![],
        }
    }

    fn has_parts(&self, name: &str) -> bool {
        matches!(
            self.kind(name),
            Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_))
        )
    }

    /// A field with every required argument and the selection `inside`.
    fn select(&self, field: &FieldDefinition, inside: &str) -> String {
        let arguments: Vec<String> = field
            .arguments
            .iter()
            .map(|argument| &argument.node)
            .filter(|argument| !argument.ty.node.nullable && argument.default_value.is_none())
            .map(|argument| format!("{}: {}", argument.name.node, self.value(&argument.ty.node)))
            .collect();
        let arguments = match arguments.is_empty() {
            true => String::new(),
            false => format!("({})", arguments.join(", ")),
        };
        format!("{}{arguments} {inside}", field.name.node)
    }

    fn value(&self, of: &Type) -> String {
        match &of.base {
            BaseType::List(_) => "[]".to_owned(),
            BaseType::Named(name) => match (name.as_str(), self.kind(name)) {
                (_, Some(TypeKind::InputObject(object))) => {
                    let required = object
                        .fields
                        .iter()
                        .map(|of| &of.node)
                        .filter(|of| !of.ty.node.nullable && of.default_value.is_none());
                    let values: Vec<_> = required
                        .map(|of| format!("{}: {}", of.name.node, self.value(&of.ty.node)))
                        .collect();
                    format!("{{{}}}", values.join(", "))
                }
                (_, Some(TypeKind::Enum(words))) => words.values[0].node.value.node.to_string(),
                ("DateTime", _) => "\"2026-05-20T12:00:00.000Z\"".to_owned(),
                ("Int" | "Float", _) => "1".to_owned(),
                ("Boolean", _) => "true".to_owned(),
                _ => "\"alpha\"".to_owned(),
            },
        }
    }
}

fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

/// Sends a query with a token; returns the whole response.
async fn ask(given: &Given, token: &str, query: &str) -> Value {
    let accept = match query.starts_with("subscription") {
        true => "text/event-stream",
        false => "application/json",
    };
    let request = Request::post("/graphql")
        .header("host", "localhost:3000")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("accept", accept)
        .body(Body::from(json!({ "query": query }).to_string()));
    let router = dispatch::router(given.app.clone());
    let answer = tower::ServiceExt::oneshot(router, request.unwrap()).await.unwrap();
    if accept == "text/event-stream" && answer.status() == 200 {
        // Its stream would never end.
        return json!({});
    }
    let bytes = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&bytes);
    // A rejected subscription ends after one event, whose data is the response.
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or(&text);
    let answer: Value =
        serde_json::from_str(data).unwrap_or_else(|error| panic!("{query}: {error}: {text}"));
    let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
    assert_ne!(code, "GRAPHQL_VALIDATION_FAILED", "{query}: {answer}");
    answer
}

fn is_closed(answer: &Value) -> bool {
    let error = &answer["errors"][0];
    let text = error["message"].as_str().unwrap_or_default();
    error["extensions"]["code"] == "FORBIDDEN" && text.contains("closed to worker tokens")
}

/// A path to a type: the text before and after its own selection.
type Way = (String, String);

#[tokio::test]
async fn workers_cannot_reach_closed_fields_through_relations() {
    let schema = Schema::read();
    let (mut closed, mut open_at_root) = (BTreeSet::new(), BTreeSet::new());
    let mut pending: VecDeque<(String, Way)> = VecDeque::new();
    for (root, name, _) in FIELDS {
        let field = schema.fields(root).into_iter().find(|of| of.name.node == *name).unwrap();
        let of = named(&field.ty.node).to_owned();
        if !schema.has_parts(&of) {
            continue;
        }
        if worker_field(root, name).is_none() {
            closed.insert(of);
        } else {
            open_at_root.insert(of.clone());
            let before = format!("{} {{ {}", root.to_lowercase(), schema.select(field, "{"));
            pending.push_back((of, (before, "} }".to_owned())));
        }
    }
    closed.retain(|of| !open_at_root.contains(of));
    // What is reachable only through a closed type is closed, unless workers reach it at the root
    // as well.
    let mut todo: Vec<String> = closed.iter().cloned().collect();
    let open_by_itself =
        ["Issue", "BoardColumn", "PageInfo", "Lease", "Node", "Repository", "AgentRun"];
    while let Some(of) = todo.pop() {
        for field in schema.fields(&of) {
            let inner = named(&field.ty.node);
            let is_open = open_by_itself.contains(&inner) || open_at_root.contains(inner);
            let is_new = schema.has_parts(inner) && !is_open;
            if is_new && closed.insert(inner.to_owned()) {
                todo.push(inner.to_owned());
            }
        }
    }
    for needed in ["AuditEntry", "AgentRunConnection", "WorkDecision", "SyncState", "Overview"] {
        assert!(closed.contains(needed), "{needed}: the test knows what it looks for");
    }
    for partly in PARTLY {
        closed.remove(partly);
    }

    given_settings(&WORKERS, async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        while let Some((of, (before, behind))) = pending.pop_front() {
            if seen.contains_key(&of) {
                continue;
            }
            assert!(!closed.contains(&of), "a worker comes to {of} by {before}");
            let mut open = BTreeSet::new();
            for field in schema.fields(&of) {
                let inner = named(&field.ty.node).to_owned();
                let inside = if schema.has_parts(&inner) { "{ __typename }" } else { "" };
                let query = format!("{before} {} {behind}", schema.select(field, inside));
                let answers = [ask(given, BOUND, &query).await, ask(given, UNBOUND, &query).await];
                assert!(
                    !is_closed(&answers[0]) || answers[1]["errors"].is_array(),
                    "{query}: open to a worker of nobody only"
                );
                if is_closed(&answers[0]) {
                    continue;
                }
                open.insert(field.name.node.to_string());
                if schema.has_parts(&inner) {
                    let before = format!("{before} {}", schema.select(field, "{"));
                    pending.push_back((inner, (before, format!("}} {behind}"))));
                }
            }
            for member in schema.members(&of) {
                let before = format!("{before} ... on {member} {{");
                let query = format!("{before} __typename }} {behind}");
                // A kind of object that a worker's `node` never returns leads nowhere.
                let leads =
                    !closed.contains(&member) && !is_closed(&ask(given, BOUND, &query).await);
                if leads {
                    pending.push_back((member, (before, format!("}} {behind}"))));
                }
            }
            seen.insert(of, open);
        }
        let of_repository: Vec<&str> = seen["Repository"].iter().map(String::as_str).collect();
        assert_eq!(of_repository, ["enabled", "fullName", "id", "name", "owner", "url"]);
        assert!(!seen["Issue"].contains("auditLog") && !seen["Issue"].contains("agentRuns"));
        assert!(seen["Issue"].contains("title") && seen["Lease"].contains("fencingToken"));
        for between in ["messages", "awaitingInput", "stopReason", "stopRequestedBy"] {
            assert!(!seen["Lease"].contains(between), "{between} is the holder's");
        }
        let reached: BTreeSet<&str> = seen.keys().map(String::as_str).collect();
        let declared: BTreeSet<&str> = WORKER_TYPES.iter().map(|(name, _)| *name).collect();
        assert_eq!(reached, declared, "the table names what is reached, and nothing else");
    })
    .await;
}

#[tokio::test]
async fn a_worker_finds_permitted_objects_by_id() {
    given_settings(&WORKERS, async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let claim = "mutation { claimNext(input: { agent: \"alpha\" }) { lease { id } } }";
        let lease = ask(given, BOUND, claim).await["data"]["claimNext"]["lease"]["id"].clone();
        let record = "mutation { recordAgentRun(input: { agentName: \"alpha\", runType: \"x\",
            status: \"success\", startedAt: \"2026-05-20T12:00:00.000Z\" }) { agentRun { id } } }";
        let run = ask(given, BOUND, record).await;
        let run = run["data"]["recordAgentRun"]["agentRun"]["id"].clone();
        for token in [BOUND, UNBOUND] {
            for (id, is_open) in [
                (json!("iss_000001"), true),
                (json!("rep_000001"), true),
                (lease.clone(), true),
                (json!("aud_000001"), false),
                (run.clone(), false),
                (json!("dec_000001"), false),
                (json!("aud_zzzzzz"), false),
            ] {
                let query = format!("{{ node(id: {id}) {{ id __typename }} }}");
                let answer = ask(given, token, &query).await;
                assert_eq!(is_closed(&answer), !is_open, "{query}: {answer}");
                assert_eq!(answer["data"]["node"].is_object(), is_open, "{query}: {answer}");
            }
        }
        for hidden in [
            "{ issues { nodes { auditLog { nodes { actor } } } } }",
            "{ issues { nodes { ...all } } } fragment all on Issue { agentRuns { nodes { id } } }",
            "{ a: issues { b: nodes { ... { c: auditLog { __typename } } } } }",
            "{ node(id: \"iss_000001\") { ... on Issue { auditLog { __typename } } } }",
            "subscription { boardEvents { ... on IssueMoved { issue { auditLog { __typename } } } } }",
        ] {
            assert!(is_closed(&ask(given, BOUND, hidden).await), "{hidden}");
        }
    })
    .await;
}
