//! Limits of arguments: the test walks the schemas, so that an argument which is added later is
//! covered without being listed here.

use std::collections::{HashMap, HashSet, VecDeque};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};
use axum::body::Body;
use axum::http::Request;
use dispatch::domain::bounds::{self, longest};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value, json};
use tower::ServiceExt as _;

use crate::support::{AGENT_TOKEN, Answer, Given, REPOSITORY, given, given_settings};

/// Invalid values for every argument, by name.
fn payloads() -> [(&'static str, Value); 4] {
    [
        ("NUL", json!("a\0b")),
        ("an escape sequence", json!("\u{1b}[2J")),
        ("250 KB", json!("x".repeat(250 * 1000))),
        ("20,000 values", json!(vec!["a"; 20_000])),
    ]
}

/// The longest text that an argument may have, made of the longest characters.
fn longest_text(argument: &str) -> Value {
    if argument == "search" {
        return json!("𝔘".repeat(longest(argument)));
    }
    // Every character is another, so that compression does not help.
    let letters = (0..longest(argument)).map(|at| 0x20000 + (at as u32 * 7919) % 0xa000);
    json!(letters.filter_map(char::from_u32).collect::<String>())
}

/// One router for thousands of requests, because building one takes longer than most responses.
struct TestRouter<'a> {
    given: &'a Given,
    router: axum::Router,
}

impl<'a> TestRouter<'a> {
    fn new(given: &'a Given) -> Self {
        Self { given, router: dispatch::router(given.app.clone()) }
    }

    /// Sends a request as an agent, a minute later than the last one, so that no rate limit is
    /// reached.
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.given.advance(60);
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:3000")
            .header("authorization", format!("Bearer {AGENT_TOKEN}"))
            .header("x-agent-name", "alpha")
            .header("content-type", "application/json")
            .body(body);
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        assert_ne!(parts.status, 429, "{method} {path}");
        Answer { status: parts.status, headers: parts.headers, bytes: bytes.to_vec() }
    }

    async fn graphql(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        self.ask("POST", "/graphql", Some(body)).await.json()
    }

    async fn mcp(&self, method: &str, params: Value) -> Value {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.ask("POST", "/mcp", Some(message)).await.json()["result"].clone()
    }
}

// ------------------------------------------------------------------------------------ GraphQL

struct Schema(HashMap<String, TypeDefinition>);

/// An argument and a document that uses it.
struct Argument {
    /// The document, with `VALUE` for the argument's value.
    document: String,
    /// The path to it, such as `input.agent`.
    path: String,
}

impl Argument {
    fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap()
    }
}

impl Schema {
    fn read() -> Self {
        let text = std::fs::read_to_string("schema.graphql").unwrap();
        let types = parse_schema(text).unwrap().definitions.into_iter();
        let types = types.filter_map(|definition| match definition {
            TypeSystemDefinition::Type(of) => Some((of.node.name.node.to_string(), of.node)),
            _ => None,
        });
        Self(types.collect())
    }

    fn fields(&self, name: &str) -> Vec<&FieldDefinition> {
        match self.0.get(name).map(|of| &of.kind) {
            Some(TypeKind::Object(of)) => of.fields.iter().map(|field| &field.node).collect(),
            Some(TypeKind::Interface(of)) => of.fields.iter().map(|field| &field.node).collect(),
            _ => Vec::new(),
        }
    }

    /// The possible types of a value of this type.
    fn members(&self, name: &str) -> Vec<String> {
        match self.0.get(name).map(|of| &of.kind) {
            Some(TypeKind::Union(of)) => of.members.iter().map(|it| it.node.to_string()).collect(),
            Some(TypeKind::Interface(_)) => {
                let implements = |of: &TypeDefinition| {
                    matches!(&of.kind, TypeKind::Object(of)
                        if of.implements.iter().any(|it| it.node == name))
                };
                let all = self.0.iter().filter(|(_, of)| implements(of));
                all.map(|(name, _)| name.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn inputs(&self, name: &str) -> Option<Vec<&InputValueDefinition>> {
        match &self.0.get(name)?.kind {
            TypeKind::InputObject(of) => Some(of.fields.iter().map(|it| &it.node).collect()),
            _ => None,
        }
    }

    /// A minimal value of this type.
    fn least(&self, of: &Type) -> String {
        let name = match &of.base {
            BaseType::List(_) => return "[]".to_owned(),
            BaseType::Named(name) => name.as_str(),
        };
        match (name, self.0.get(name).map(|of| &of.kind)) {
            ("Int" | "Float", _) => "1".to_owned(),
            ("Boolean", _) => "true".to_owned(),
            ("ID", _) => "\"iss_000001\"".to_owned(),
            ("DateTime", _) => "\"2026-05-20T11:00:00Z\"".to_owned(),
            ("EventCursor", _) => "\"0\"".to_owned(),
            (_, Some(TypeKind::Enum(of))) => of.values[0].node.value.node.to_string(),
            (_, Some(TypeKind::InputObject(_))) => format!("{{{}}}", self.members_of(name, None)),
            _ => "\"acme/tools\"".to_owned(),
        }
    }

    /// The required members of an input, and one more as given.
    fn members_of(&self, input: &str, given: Option<(&str, String)>) -> String {
        self.filled(&self.inputs(input).unwrap(), given)
    }

    fn filled(&self, all: &[&InputValueDefinition], given: Option<(&str, String)>) -> String {
        let others = all.iter().filter(|it| {
            !it.ty.node.nullable
                && it.default_value.is_none()
                && given.as_ref().is_none_or(|(name, _)| it.name.node != *name)
        });
        let others = others.map(|it| format!("{}: {}", it.name.node, self.least(&it.ty.node)));
        let given = given.iter().map(|(name, value)| format!("{name}: {value}"));
        others.chain(given).collect::<Vec<_>>().join(", ")
    }

    /// The possible values of an argument: `VALUE` itself, or an input with `VALUE` in each place.
    fn places(&self, it: &InputValueDefinition) -> Vec<(String, String)> {
        let name = it.name.node.as_str();
        let here = (name.to_owned(), "VALUE".to_owned());
        let Some(members) = self.inputs(base(&it.ty.node)) else { return vec![here] };
        let inner = members.iter().flat_map(|member| {
            self.places(member).into_iter().map(move |(path, value)| {
                let member = member.name.node.as_str();
                let whole = self.members_of(base(&it.ty.node), Some((member, value)));
                (format!("{name}.{path}"), format!("{{{whole}}}"))
            })
        });
        inner.collect()
    }

    /// Every argument of every reachable field, each at one place.
    fn arguments(&self) -> Vec<Argument> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let roots =
            [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")];
        let mut queue: VecDeque<(String, String, String)> = roots
            .map(|(kind, root)| (root.to_owned(), format!("{kind} {{ "), " }".to_owned()))
            .into();
        while let Some((name, before, after)) = queue.pop_front() {
            if !seen.insert(name.clone()) {
                continue;
            }
            for member in self.members(&name) {
                let before = format!("{before}... on {member} {{ ");
                queue.push_back((member, before, format!(" }}{after}")));
            }
            for field in self.fields(&name) {
                let to = base(&field.ty.node);
                let all: Vec<_> = field.arguments.iter().map(|it| &it.node).collect();
                let is_leaf = matches!(
                    self.0.get(to).map(|of| &of.kind),
                    None | Some(TypeKind::Scalar | TypeKind::Enum(_))
                );
                let call = |given| match self.filled(&all, given) {
                    nothing if nothing.is_empty() => field.name.node.to_string(),
                    arguments => format!("{}({arguments})", field.name.node),
                };
                let selection = if is_leaf { "" } else { " { __typename }" };
                for argument in &all {
                    for (path, value) in self.places(argument) {
                        let call = call(Some((argument.name.node.as_str(), value)));
                        let document = format!("{before}{call}{selection}{after}");
                        found.push(Argument { document, path });
                    }
                }
                if !is_leaf {
                    let before = format!("{before}{} {{ ", call(None));
                    queue.push_back((to.to_owned(), before, format!(" }}{after}")));
                }
            }
        }
        found
    }
}

/// The name of a type without its wrappers.
fn base(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => base(inner),
    }
}

#[tokio::test]
async fn graphql_bounds_every_argument() {
    given(async |given| {
        let site = TestRouter::new(given);
        let arguments = Schema::read().arguments();
        assert!(arguments.len() > 100, "{}", arguments.len());
        let paths: Vec<_> = arguments.iter().map(|it| it.path.as_str()).collect();
        for known in ["filter.labels", "input.agent", "days", "input.viewId", "after"] {
            assert!(paths.contains(&known), "{known}");
        }
        for argument in &arguments {
            let literal = argument.document.replace("VALUE", r#""a\u0000b""#);
            check(argument, "NUL in a literal", &site.graphql(&literal, json!({})).await);
            let (kind, rest) = argument.document.split_once(' ').unwrap();
            let document = format!("{kind}($value: String) {}", rest.replace("VALUE", "$value"));
            for (what, payload) in payloads() {
                let answer = site.graphql(&document, json!({ "value": payload })).await;
                check(argument, what, &answer);
            }
        }
    })
    .await;

    fn check(argument: &Argument, what: &str, answer: &Value) {
        let error = &answer["errors"][0];
        let about = format!("{what} in {}: {answer}", argument.document);
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{about}");
        assert_eq!(error["extensions"]["field"], argument.name(), "{about}");
        assert!(error["message"].as_str().unwrap().starts_with(&argument.path), "{about}");
        assert!(answer.get("data").is_none(), "{about}");
    }
}

#[tokio::test]
async fn graphql_takes_the_longest_text_everywhere() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let site = TestRouter::new(given);
        for argument in Schema::read().arguments() {
            if argument.document.starts_with("subscription") {
                continue;
            }
            let text = longest_text(argument.name()).to_string();
            let literal = argument.document.replace("VALUE", &text);
            let answer = site.graphql(&literal, json!({})).await;
            let code = answer["errors"][0]["extensions"]["code"].as_str();
            assert_ne!(code, Some("INTERNAL_SERVER_ERROR"), "{}: {answer}", argument.document);
        }
    })
    .await;
}

#[tokio::test]
async fn a_search_is_short_and_lists_are_too() {
    given(async |given| {
        let site = TestRouter::new(given);
        let filtered = "query($f: IssueFilter) { issues(filter: $f) { totalCount } }";
        let words = |count: usize| (0..count).map(|n| format!("w{n} ")).collect::<String>();
        for (filter, field) in [
            (json!({ "search": words(17) }), Some("search")),
            (json!({ "search": "x".repeat(201) }), Some("search")),
            (json!({ "search": words(16) }), None),
            (json!({ "labels": vec!["a"; 101] }), Some("labels")),
            (json!({ "statuses": vec!["READY"; 101] }), Some("statuses")),
            (json!({ "labels": vec!["a"; 100] }), None),
        ] {
            let answer = site.graphql(filtered, json!({ "f": filter })).await;
            assert_eq!(answer["errors"][0]["extensions"]["field"].as_str(), field, "{answer}");
        }
        let address = format!("/api/issues?search={}", "x+".repeat(201));
        assert_eq!(given.ask("GET", &address, None).await.status, 400);
    })
    .await;
}

// ---------------------------------------------------------------------------------------- MCP

#[tokio::test]
async fn mcp_bounds_every_argument() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let site = TestRouter::new(given);
        let tools = site.mcp("tools/list", json!({})).await["tools"].clone();
        let mut tried = 0;
        for tool in tools.as_array().unwrap() {
            let schema = &tool["inputSchema"];
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let usual = |name: &str| match name {
                "repoFullName" => json!(REPOSITORY),
                "issueNumber" => json!(1),
                _ => json!("in-progress"),
            };
            let least: Map<String, Value> = required
                .iter()
                .map(|name| (name.as_str().unwrap().to_owned(), usual(name.as_str().unwrap())))
                .collect();
            for name in schema["properties"].as_object().into_iter().flatten().map(|it| it.0) {
                let mut arguments = least.clone();
                for (what, payload) in payloads() {
                    arguments.insert(name.clone(), payload);
                    let call = json!({ "name": tool["name"], "arguments": arguments });
                    let result = site.mcp("tools/call", call).await;
                    let (refusal, tool) = (&result["structuredContent"], &tool["name"]);
                    assert_eq!(refusal["code"], "BAD_USER_INPUT", "{what}: {tool}.{name}");
                    assert_eq!(refusal["field"], *name, "{what}: {tool}");
                    tried += 1;
                }
                arguments.insert(name.clone(), longest_text(name));
                let call = json!({ "name": tool["name"], "arguments": arguments });
                let code = site.mcp("tools/call", call).await["structuredContent"]["code"].clone();
                assert_ne!(code, "INTERNAL_SERVER_ERROR", "{}.{name}", tool["name"]);
            }
        }
        assert!(tried > 100, "{tried}");
    })
    .await;
}

// --------------------------------------------------------------------------------------- REST

/// Every place for a value in a body of this schema, as a path.
fn places(description: &Value, schema: &Value) -> Vec<Vec<String>> {
    if let Some(to) = schema["$ref"].as_str() {
        let found = description.pointer(to.trim_start_matches('#')).unwrap();
        return places(description, found);
    }
    let parts = ["allOf", "oneOf", "anyOf"];
    let parts = parts.iter().filter_map(|name| schema[name].as_array()).flatten();
    let mut found: Vec<_> = parts.flat_map(|part| places(description, part)).collect();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let mut inner = places(description, schema);
        if inner.is_empty() {
            inner.push(Vec::new());
        }
        found.extend(inner.into_iter().map(|way| [vec![name.clone()], way].concat()));
    }
    found
}

/// A body with the members that most routes need, and a value at one place.
fn body_with(way: &[String], payload: Value) -> Value {
    let mut body = json!({
        "issueId": "iss_000001", "repoFullName": REPOSITORY, "issueNumber": 1, "repo": REPOSITORY,
        "agentName": "alpha", "agent": "alpha", "status": "ready", "fullName": "acme/other",
        "runType": "heartbeat", "startedAt": "2026-05-20T11:59:00Z", "label": "agent/alpha",
        "decomposed": true, "body": "text", "taskType": "implement", "outcome": "blocked",
        "workId": "wrk_000001", "checkpoint": "changes_made", "state": "completed",
    });
    let mut at = &mut body;
    for name in way {
        if !at[name].is_object() {
            at[name] = json!({});
        }
        at = &mut at[name];
    }
    *at = payload;
    body
}

#[tokio::test]
async fn rest_bounds_every_argument() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let site = TestRouter::new(given);
        let description = site.ask("GET", "/api/openapi.json", None).await.json();
        let mut tried = 0;
        for (path, methods) in description["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let method = method.to_uppercase();
                let address = filled(path, "repo", REPOSITORY);
                let content = &operation["requestBody"]["content"];
                let schema = content.as_object().and_then(|all| all.values().next());
                let ways = schema.map(|it| places(&description, &it["schema"]));
                for way in ways.into_iter().flatten() {
                    let name = way.last().unwrap();
                    for (what, payload) in payloads() {
                        let is_cleaned = payload.as_str().is_some_and(|text| text.len() < 10)
                            && PROSE.contains(&name.as_str());
                        let body = body_with(&way, payload);
                        let answer = site.ask(&method, &address, Some(body)).await;
                        let about = format!("{what}: {method} {path} {way:?}");
                        check(&answer, is_cleaned, &about);
                        tried += 1;
                    }
                    let body = body_with(&way, longest_text(name));
                    let answer = site.ask(&method, &address, Some(body)).await;
                    assert!(answer.status.as_u16() < 500, "{method} {path} {way:?}");
                }
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let name = parameter["name"].as_str().unwrap();
                    for text in ["%00", "%1b%5b2J", &"x".repeat(60_000)] {
                        let address = match parameter["in"].as_str() {
                            Some("query") => format!("{address}?{name}={text}"),
                            Some("path") => filled(path, name, text),
                            _ => continue,
                        };
                        let answer = site.ask(&method, &address, None).await;
                        check(&answer, false, &format!("{method} {path} {name}"));
                        tried += 1;
                    }
                }
            }
        }
        assert!(tried > 400, "{tried}");
    })
    .await;

    /// Members of bodies whose control characters are removed.
    const PROSE: [&str; 6] = ["body", "error", "errorMessage", "evidence", "note", "summary"];

    fn filled(path: &str, name: &str, value: &str) -> String {
        let value = value.replace('/', "%2F");
        let path = path.replace(&format!("{{{name}}}"), &value);
        let usual = [
            ("{agentName}", "alpha"),
            ("{id}", "iss_000001"),
            ("{owner}", "acme"),
            ("{repo}", "tools"),
            ("{fullName}", "acme%2Ftools"),
        ];
        usual.iter().fold(path, |path, (name, value)| path.replace(name, value))
    }

    fn check(answer: &Answer, is_cleaned: bool, about: &str) {
        let status = answer.status.as_u16();
        if is_cleaned {
            assert!(status < 500, "{about}: {}", answer.text());
            return;
        }
        assert!((400..500).contains(&status), "{about}: {status} {}", answer.text());
        assert!(answer.json()["code"].is_string(), "{about}");
    }
}

#[tokio::test]
async fn a_key_may_stand_before_the_longest_address() {
    given(async |given| {
        for _ in 0..2 {
            let noise: String = (0..9000_u32).map(|n| format!("{:x}", n * 7919 % 65_521)).collect();
            let request = Request::post(format!("/api/repos?noise={noise}"))
                .header("host", "localhost:3000")
                .header("idempotency-key", "k".repeat(200))
                .body(Body::from(r#"{"fullName": "acme/tools"}"#));
            let answer = given.send(request.unwrap()).await;
            assert_eq!(answer.status, 201, "{}", answer.text());
        }
    })
    .await;
}

// ----------------------------------------------------------------------------------------- docs

#[tokio::test]
async fn the_docs_name_every_bound_and_every_table() {
    use diesel_async::RunQueryDsl as _;

    #[derive(diesel::QueryableByName)]
    struct Table {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    given(async |given| {
        let docs = std::fs::read_to_string("docs/limits.md").unwrap();
        let rows: Vec<&str> = docs.lines().filter(|line| line.starts_with('|')).collect();
        let says = |name: &str, bound: &str| {
            let name = format!("`{name}`");
            rows.iter().any(|row| row.contains(&name) && row.contains(bound))
        };
        let tables = "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'
            AND tablename <> '__diesel_schema_migrations'";
        let tables: Vec<Table> =
            diesel::sql_query(tables).load(&mut given.database.connect().await).await.unwrap();
        assert!(tables.len() > 15);
        for Table { name } in tables {
            assert!(says(&name, ""), "docs/limits.md does not say what bounds the table {name}");
        }
        let number = |number: &usize| match number / 1000 {
            0 => number.to_string(),
            thousands => format!("{thousands},{:03}", number % 1000),
        };
        for (name, bound) in bounds::TEXTS.iter().chain(bounds::LISTS) {
            assert!(says(name, &number(bound)), "{name} {bound}");
        }
    })
    .await;
}

#[tokio::test]
async fn tables_that_callers_fill_have_an_end() {
    let settings = [("DISPATCH_MAX_REPOSITORIES", "2"), ("DISPATCH_RUN_RETENTION_DAYS", "10")];
    given_settings(&settings, async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let track = async |given: &Given, name: &str| {
            let body = json!({ "fullName": name });
            given.ask("POST", "/api/repos", Some(body)).await
        };
        assert_eq!(track(given, "acme/second").await.status, 201);
        let refused = track(given, "acme/third").await;
        assert_eq!(refused.status, 409, "{}", refused.text());
        assert!(refused.text().contains("DISPATCH_MAX_REPOSITORIES"), "{}", refused.text());

        // Unknown issues are stored where the repository is tracked.
        let unknown = |name: &str| {
            json!({ "issueId": "iss_00ffff", "repoFullName": name, "issueNumber": 99,
                "oldLabels": [], "newLabels": ["status/ready"] })
        };
        for (name, entries) in [("nobody/nothing", 0), (REPOSITORY, 1)] {
            let answer = given.ask("POST", "/api/issues/move", Some(unknown(name))).await;
            assert_eq!(answer.status, 404, "{}", answer.text());
            let count = "SELECT count(*) FROM audit_log WHERE issue_number = 99";
            assert_eq!(given.database.number(count).await, entries, "{name}");
        }

        for _ in 0..15 {
            given.ask("POST", "/api/issues/move", Some(unknown(REPOSITORY))).await;
        }
        let count = "SELECT count(*) FROM audit_log WHERE issue_number = 99";
        assert_eq!(given.database.number(count).await, 10, "ten a minute");

        // Names that are unknown to the log are evicted for others.
        for number in 0..25 {
            let name = format!("acme/passing-{number}");
            let path = format!("/api/automation/repos/{name}");
            assert_eq!(
                given.ask("DELETE", "/api/automation/repos/acme/second", None).await.status,
                200
            );
            assert_eq!(track(given, &name).await.status, 201, "{name}");
            assert_eq!(given.ask("DELETE", &path, None).await.status, 200);
            assert_eq!(track(given, "acme/second").await.status, 201);
            let set = "UPDATE repositories SET serves_owned = true \
                       WHERE full_name = 'acme/passing-0'";
            given.database.run(set).await;
        }
        let kept = "SELECT count(*) FROM repositories WHERE full_name = 'acme/passing-0'";
        assert_eq!(given.database.number(kept).await, 1, "what somebody set up stays");
        assert!(given.database.number("SELECT count(*) FROM repositories").await <= 20);
        assert_eq!(given.database.number("SELECT count(*) FROM issues").await, 1);

        let run = json!({ "agentName": "alpha", "runType": "x", "status": "success",
            "startedAt": "2026-05-20T11:59:00Z" });
        given.ask_as_agent("POST", "/api/agent-runs", Some(run)).await;
        let report = json!({ "taskType": "implement", "outcome": "blocked",
            "idempotencyKey": "k" });
        let report = given.ask_as_agent("POST", "/api/agents/alpha/tasks/report", Some(report));
        assert_eq!(report.await.status, 200);
        given
            .database
            .run(
                "INSERT INTO lane_judgements (issue_id, lane, confidence, judged_at)
                 SELECT id, 'default', 'high', now() FROM issues, generate_series(1, 30)",
            )
            .await;
        let left = async |given: &Given| {
            let sum = ["agent_runs", "agent_reports", "lane_judgements"]
                .map(|table| format!("(SELECT count(*) FROM {table})"))
                .join(" + ");
            given.database.number(&format!("SELECT {sum}")).await
        };
        assert_eq!(left(given).await, 2 + 1 + 30);
        dispatch::service::retention::prune_reports(&given.app).await.unwrap();
        assert_eq!(left(given).await, 2 + 1 + 20);
        given.advance(11 * 86_400);
        dispatch::service::retention::prune_reports(&given.app).await.unwrap();
        assert_eq!(left(given).await, 20);
        given.advance(31 * 86_400);
        dispatch::service::retention::prune_reports(&given.app).await.unwrap();
        let unknown = "SELECT count(*) FROM audit_log WHERE issue_number = 99";
        assert_eq!(given.database.number(unknown).await, 0);

        let view = "mutation($input: SaveViewInput!) { saveView(input: $input) { view { id } } }";
        given
            .database
            .run(
                "INSERT INTO saved_views (name, query, created_by, created_at)
                 SELECT 'view ' || n, '', 'sam', now() FROM generate_series(1, 200) n",
            )
            .await;
        let save = async |name: &str| {
            let variables = json!({ "input": { "name": name, "query": "" } });
            given.try_graphql(view, variables).await
        };
        assert_eq!(save("another").await["errors"][0]["extensions"]["code"], "CONFLICT");
        assert!(save("VIEW 7").await.get("errors").is_none(), "it is there already");
    })
    .await;
}
