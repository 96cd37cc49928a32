//! Permissions, and requests from other sites.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, InputValueDefinition, ServiceDocument, Type, TypeKind, TypeSystemDefinition,
};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dispatch::domain::{Actor, Tier};
use dispatch::middleware::access::{self, FIELDS, LIMITS, ROUTES, Workers};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower::ServiceExt as _;

use crate::support::{AGENT_TOKEN, Given, PATIENCE, given, given_settings, person};

const BASIC: [(&str, &str); 3] = [
    ("DISPATCH_AUTH_MODE", "basic"),
    ("DISPATCH_AUTH_USERNAME", "sam"),
    ("DISPATCH_AUTH_PASSWORD", "a:secret"),
];

const DISABLED: [(&str, &str); 1] = [("DISPATCH_AUTH_MODE", "disabled")];

const READ_ONLY: [(&str, &str); 1] = [("DISPATCH_AUTH_MODE", "read-only")];

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

fn token() -> String {
    format!("Bearer {AGENT_TOKEN}")
}

/// One router for several requests, which then share its memory.
struct Transports(Router);

impl Transports {
    fn new(given: &Given) -> Self {
        Self(dispatch::router(given.app.clone()))
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (StatusCode, HeaderMap, String) {
        self.ask_from("127.0.0.1", method, path, headers).await
    }

    async fn ask_from(
        &self,
        peer: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (StatusCode, HeaderMap, String) {
        let peer = SocketAddr::new(peer.parse().unwrap(), 50_000);
        let request = Request::builder().method(method).uri(path);
        let mut request = request.extension(ConnectInfo(peer));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let (parts, body) = self.0.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn status(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
        self.ask(method, path, headers).await.0.as_u16()
    }
}

/// A path that a template matches.
fn example(template: &str) -> String {
    let parts = [
        ("{owner}", "acme"),
        ("{repo}", "tools"),
        ("{*file}", "index.js"),
        ("{agentName}", "alpha"),
        ("{id}", "iss_000001"),
    ];
    parts.into_iter().fold(template.to_owned(), |path, (part, value)| path.replace(part, value))
}

// ------------------------------------------------------------------------------ the one table

#[tokio::test]
async fn every_route_is_declared_and_every_declared_route_is_there() {
    given(async |given| {
        let transports = dispatch::transports(given.app.clone());
        let mut served = BTreeSet::new();
        for template in templates(&transports) {
            for method in METHODS {
                let request = Request::builder().method(method).uri(example(&template));
                let request = request.body(Body::empty()).unwrap();
                let answer = transports.clone().oneshot(request).await.unwrap();
                if answer.status() != StatusCode::METHOD_NOT_ALLOWED {
                    served.insert((method, template.clone()));
                }
            }
        }
        let declared: BTreeSet<_> =
            ROUTES.iter().map(|(method, path, _)| (*method, (*path).to_owned())).collect();
        assert_eq!(declared, served);
    })
    .await;
}

/// Every path of a router, which only its debug form lists.
fn templates(router: &Router) -> BTreeSet<String> {
    let text = format!("{router:?}");
    let quoted = text.split('"').skip(1).step_by(2);
    let internal = |path: &&str| path.contains("__private__");
    quoted.filter(|path| path.starts_with('/') && !internal(path)).map(str::to_owned).collect()
}

/// Without the middleware, each REST handler still rejects an unknown caller.
#[tokio::test]
async fn without_the_middleware_rest_rejects_everyone() {
    given(async |given| {
        let transports = dispatch::transports(given.app.clone());
        let ask = async |method: &str, path: &str, actor: Option<&Actor>| {
            let mut request = Request::builder().method(method).uri(path);
            if let Some(actor) = actor {
                request = request.extension(actor.clone());
            }
            let request = request.body(Body::empty()).unwrap();
            transports.clone().oneshot(request).await.unwrap().status()
        };
        let mut asked = 0;
        for (method, template, tier) in ROUTES {
            if *tier == Tier::Public || !template.starts_with("/api/") {
                continue;
            }
            for actor in [None, Some(&Actor::Anonymous)] {
                let status = ask(method, &example(template), actor).await;
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {template} {actor:?}");
            }
            asked += 1;
        }
        assert!(asked > 30, "{asked} routes are too few to be all");
        assert_eq!(ask("GET", "/api/lanes", Some(&person())).await, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn the_description_has_every_route_and_its_permissions() {
    given(async |given| {
        let description = given.ask("GET", "/api/openapi.json", None).await.json();
        assert_eq!(description["openapi"], "3.1.0");
        let mut described = BTreeSet::new();
        for (path, item) in description["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let method = method.to_uppercase();
                let route = (method.as_str(), path.as_str());
                let find = |(m, p, _): &&(&str, &str, Tier)| (*m, *p) == route;
                let (_, _, tier) = ROUTES.iter().find(find).unwrap_or_else(|| panic!("{route:?}"));
                let needs_nothing = operation["security"].as_array().unwrap().contains(&json!({}));
                assert_eq!(needs_nothing, *tier < Tier::Agent, "{route:?}");
                let is_signed = operation["tags"] == json!(["webhooks"]);
                let asks_for_a_token =
                    *tier != Tier::Public || operation["operationId"] == "signIn" || is_signed;
                assert_eq!(operation["responses"]["401"].is_object(), asks_for_a_token);
                assert!(operation["summary"].is_string(), "{route:?} says nothing");
                described.insert(path.clone());
            }
        }
        let own = |path: &&str| {
            ["/api/", "/livez", "/metrics", "/readyz", "/cctray.xml"]
                .iter()
                .any(|own| path.starts_with(own))
                && *path != "/api/openapi.json"
        };
        let declared: BTreeSet<_> =
            ROUTES.iter().map(|(_, path, _)| *path).filter(own).map(str::to_owned).collect();
        assert_eq!(declared, described);
    })
    .await;
}

/// The response of each route and each GraphQL root field, with its tier, to a caller without
/// credentials, with a wrong token, with the token, and with the password.
async fn answers(given: &Given) -> Vec<(String, Tier, [bool; 4])> {
    let transports = Transports::new(given);
    let shown = [String::new(), "Bearer wrong".to_owned(), token(), basic("sam:a:secret")];
    let mut answers = Vec::new();
    for (method, template, tier) in ROUTES {
        let path = example(template);
        let mut is_let_in = [false; 4];
        for (index, authorization) in shown.iter().enumerate() {
            let header = [("authorization", authorization.as_str())];
            let headers = if authorization.is_empty() { &[][..] } else { &header[..] };
            is_let_in[index] = let_in(transports.status(method, &path, headers).await);
        }
        answers.push((format!("{method} {template}"), *tier, is_let_in));
    }
    let documents = Documents::new();
    for (root, field, tier) in FIELDS {
        let mut is_let_in = [false; 4];
        for (index, authorization) in shown.iter().enumerate() {
            is_let_in[index] =
                let_in(documents.ask(&transports, root, field, authorization).await.0);
        }
        answers.push((format!("{root}.{field}"), *tier, is_let_in));
    }
    answers
}

fn let_in(status: u16) -> bool {
    ![401, 403, 429].contains(&status)
}

/// The shortest document for each root field, as the schema has it.
struct Documents(ServiceDocument);

impl Documents {
    fn new() -> Self {
        Self(parse_schema(include_str!("../../schema.graphql")).unwrap())
    }

    /// Requests one root field; the status shows whether the transport admitted the request.
    async fn ask(
        &self,
        transports: &Transports,
        root: &str,
        field: &str,
        shown: &str,
    ) -> (u16, String) {
        let accept = match root {
            "Subscription" => "text/event-stream",
            _ => "application/json",
        };
        let mut request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("accept", accept);
        if !shown.is_empty() {
            request = request.header("authorization", shown);
        }
        let body = json!({ "query": self.document(root, field) }).to_string();
        let answer =
            transports.0.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = answer.status();
        if root == "Subscription" && status == StatusCode::OK {
            // Its stream would never end.
            return (200, String::new());
        }
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!body.contains("GRAPHQL_VALIDATION_FAILED"), "{root}.{field}: {body}");
        (status.as_u16(), body)
    }

    fn document(&self, root: &str, field: &str) -> String {
        let TypeKind::Object(object) = self.kind(root).unwrap() else { panic!("{root}") };
        let field = object.fields.iter().find(|of| of.node.name.node == field).unwrap();
        let selection = match self.kind(named(&field.node.ty.node)) {
            Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)) => {
                "{ __typename }"
            }
            _ => "",
        };
        let arguments = self.values(&field.node.arguments);
        let arguments = if arguments.is_empty() { arguments } else { format!("({arguments})") };
        let operation = root.to_lowercase();
        format!("{operation} {{ {}{arguments} {selection} }}", field.node.name.node)
    }

    /// A value for every required argument.
    fn values(&self, of: &[Positioned<InputValueDefinition>]) -> String {
        let required = of.iter().map(|of| &of.node).filter(|of| !of.ty.node.nullable);
        let values = required.filter(|of| of.default_value.is_none());
        let values: Vec<_> =
            values.map(|of| format!("{}: {}", of.name.node, self.value(&of.ty.node))).collect();
        values.join(", ")
    }

    fn value(&self, of: &Type) -> String {
        match &of.base {
            BaseType::List(_) => "[]".to_owned(),
            BaseType::Named(name) => match (name.as_str(), self.kind(name)) {
                (_, Some(TypeKind::InputObject(object))) => {
                    format!("{{{}}}", self.values(&object.fields))
                }
                (_, Some(TypeKind::Enum(words))) => words.values[0].node.value.node.to_string(),
                ("DateTime", _) => "\"2026-05-20T12:00:00.000Z\"".to_owned(),
                ("Int" | "Float", _) => "1".to_owned(),
                ("Boolean", _) => "true".to_owned(),
                _ => "\"x\"".to_owned(),
            },
        }
    }

    fn kind(&self, name: &str) -> Option<&TypeKind> {
        self.0.definitions.iter().find_map(|definition| match definition {
            TypeSystemDefinition::Type(of) if of.node.name.node == name => Some(&of.node.kind),
            _ => None,
        })
    }
}

/// The name of a type without its wrappers.
fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

#[tokio::test]
async fn without_a_mode_people_use_the_board_and_agents_need_the_token() {
    given(async |given| {
        for (asked, tier, is_let_in) in answers(given).await {
            // A password is ignored here: a proxy in front of us may have requested it.
            let expected = match tier {
                Tier::Public => [true, true, true, true],
                Tier::Read | Tier::Board => [true, false, true, true],
                Tier::Agent | Tier::Maintainer => [false, false, true, false],
            };
            assert_eq!(is_let_in, expected, "{asked} {tier:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn basic_protects_everything_but_the_public_list() {
    given_settings(&BASIC, async |given| {
        for (asked, tier, is_let_in) in answers(given).await {
            let expected = match tier {
                Tier::Public => [true, true, true, true],
                _ => [false, false, true, true],
            };
            assert_eq!(is_let_in, expected, "{asked} {tier:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn in_read_only_mode_writing_requires_a_token() {
    given_settings(&READ_ONLY, async |given| {
        for (asked, tier, is_let_in) in answers(given).await {
            let expected = match tier {
                Tier::Public => [true, true, true, true],
                Tier::Read => [true, false, true, true],
                _ => [false, false, true, false],
            };
            assert_eq!(is_let_in, expected, "{asked} {tier:?}");
        }
        let refused = given.ask("POST", "/api/sync", None).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert_eq!(refused.json()["code"], "UNAUTHENTICATED");
        let query = json!({ "query": "mutation { syncIssues { __typename } }" });
        let refused = given.ask("POST", "/graphql", Some(query)).await.text();
        assert!(refused.contains("UNAUTHENTICATED"), "{refused}");
        let foreign = [("host", "evil.example")];
        assert_eq!(Transports::new(given).status("GET", "/api/issues", &foreign).await, 403);
    })
    .await;
}

#[tokio::test]
async fn repositories_of_other_owners_are_tracked_over_no_interface() {
    for settings in [&[("DISPATCH_ALLOWED_OWNERS", "Acme")], &[("GITHUB_REPOSITORIES", "acme/x")]] {
        given_settings(settings, async |given| {
            let track = "mutation Track($name: String!) { \
                         trackRepository(input: {fullName: $name}) { repository { fullName } } }";
            let document = |name: &str| json!({ "query": track, "variables": { "name": name } });
            for name in ["evil/tools", "acme-evil/tools", "acm/tools"] {
                for path in ["/api/repos", "/api/automation/repos"] {
                    let body = || Some(json!({ "fullName": name }));
                    for answer in [
                        given.ask("POST", path, body()).await,
                        given.ask_as_agent("POST", path, body()).await,
                    ] {
                        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {name}");
                        assert_eq!(answer.json()["code"], "FORBIDDEN");
                    }
                }
                for answer in [
                    given.ask("POST", "/graphql", Some(document(name))).await,
                    given.ask_as_agent("POST", "/graphql", Some(document(name))).await,
                ] {
                    let code = &answer.json()["errors"][0]["extensions"]["code"];
                    assert_eq!(code, "FORBIDDEN", "{name}");
                }
            }
            assert_eq!(given.ask("GET", "/api/audit", None).await.json(), json!([]));
            let answer = given.ask("POST", "/graphql", Some(document("ACME/one"))).await.json();
            assert_eq!(answer["data"]["trackRepository"]["repository"]["fullName"], "ACME/one");
            let body = Some(json!({ "fullName": "acme/two" }));
            assert_eq!(given.ask("POST", "/api/repos", body).await.status, StatusCode::CREATED);
        })
        .await;
    }
}

/// Without credentials the error is 401, with credentials that lack the permission 403, in GraphQL,
/// REST and MCP alike.
#[tokio::test]
async fn a_request_without_credentials_gets_401_and_not_403() {
    let modes = [&[][..], &BASIC[..], &READ_ONLY[..]];
    for settings in modes.map(|mode| [&WORKERS[..], mode].concat()) {
        let settings = &settings[..];
        given_settings(settings, async |given| {
            given.with_issues(&[("One", &["status/ready"])]).await;
            let claimed = given
                .graphql_as_agent("mutation { claimNext(input: {agent: \"alpha\"}) { lease { id } } }", json!({}))
                .await;
            let lease = claimed["claimNext"]["lease"]["id"].as_str().unwrap().to_owned();
            let transports = Transports::new(given);
            let documents = Documents::new();
            let code_of = |body: &str| -> Value {
                let body: Value = serde_json::from_str(body).unwrap_or_default();
                let code = body["errors"][0]["extensions"]["code"].clone();
                if code.is_null() { body["code"].clone() } else { code }
            };
            for (root, field, _) in FIELDS {
                let asked = format!("{root}.{field}");
                let (status, body) = documents.ask(&transports, root, field, "").await;
                assert_ne!(status, 403, "{asked}: {body}");
                assert_ne!(code_of(&body), "FORBIDDEN", "{asked}: {body}");
                let unbound = "Bearer unbound-token-of-tests";
                let (status, body) = documents.ask(&transports, root, field, unbound).await;
                assert_ne!(status, 401, "{asked}: {body}");
                assert_ne!(code_of(&body), "UNAUTHENTICATED", "{asked}: {body}");
            }
            // What the use case decides.
            let release = format!(
                "mutation {{ releaseLease(input: {{leaseId: \"{lease}\", fencingToken: \"1\"}}) {{ __typename }} }}"
            );
            let repair = "mutation { repairWork(input: {issueId: \"iss_000001\", \
                          ailment: LEASE_ON_VANISHED_ISSUE}) { __typename } }";
            for query in [release.as_str(), repair] {
                let request = Request::post("/graphql").header("content-type", "application/json");
                let body = Body::from(json!({ "query": query }).to_string());
                let answer = given.send(request.body(body).unwrap()).await;
                let text = answer.text();
                let is_challenge = text.is_empty() && answer.status == StatusCode::UNAUTHORIZED;
                assert!(is_challenge || code_of(&text) == "UNAUTHENTICATED", "{query}: {text}");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn where_signing_in_is_switched_off_everybody_may_do_everything() {
    given_settings(&DISABLED, async |given| {
        for (asked, tier, is_let_in) in answers(given).await {
            assert_eq!(is_let_in, [true; 4], "{asked} {tier:?}");
        }
    })
    .await;
}

const WORKERS: [(&str, &str); 3] = [
    ("DISPATCH_MAINTAINER_TOKEN", "second-token-of-tests"),
    (
        "DISPATCH_WORKER_TOKENS",
        "alpha:bound-token-of-tests,beta:other-token-of-tests,gamma:both-token-of-tests",
    ),
    ("DISPATCH_WORKER_TOKEN", "unbound-token-of-tests"),
];

const CLOSED: &str = "Forbidden: this endpoint requires a maintainer token \
    (DISPATCH_AGENT_TOKEN); worker tokens (DISPATCH_WORKER_TOKEN) are restricted";

const NOT_BOUND: &str = "Worker token is not bound to an agent; \
    configure DISPATCH_WORKER_TOKENS as \"agent:token\" pairs";

fn error_of(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    body["error"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn workers_reach_only_listed_routes() {
    given_settings(&WORKERS, async |given| {
        let transports = Transports::new(given);
        for (method, template, tier) in ROUTES {
            let path = example(template);
            let ask = async |token: &str| {
                let authorization = format!("Bearer {token}");
                let headers = [("authorization", authorization.as_str())];
                let (status, _, body) = transports.ask(method, &path, &headers).await;
                (status.as_u16(), error_of(&body))
            };
            let (bound, unbound) =
                (ask("bound-token-of-tests").await, ask("unbound-token-of-tests").await);
            let route = format!("{method} {template}");
            match (tier, access::worker_route(method, template)) {
                (Tier::Public, _) => assert!(bound.0 != 403 && unbound.0 != 403, "{route}"),
                (_, None) => {
                    assert_eq!(bound, (403, CLOSED.to_owned()), "{route}");
                    assert_eq!(unbound, (403, CLOSED.to_owned()), "{route}");
                }
                (_, Some(Workers::Bound)) => {
                    assert!(
                        ![401, 403].contains(&bound.0) || bound.1 != CLOSED,
                        "{route}: {bound:?}"
                    );
                    assert_eq!(unbound, (403, NOT_BOUND.to_owned()), "{route}");
                }
                (_, Some(Workers::Any)) => {
                    assert!(![401, 403].contains(&bound.0), "{route}: {bound:?}");
                    assert!(![401, 403].contains(&unbound.0), "{route}: {unbound:?}");
                }
            }
            let second = ask("second-token-of-tests").await.0;
            assert!(![401, 403].contains(&second), "{route} is open to the second token");
        }
        let documents = Documents::new();
        for (root, field, _) in FIELDS {
            let ask = async |token: &str| {
                documents.ask(&transports, root, field, &format!("Bearer {token}")).await
            };
            let (bound, unbound) =
                (ask("bound-token-of-tests").await, ask("unbound-token-of-tests").await);
            let asked = format!("{root}.{field}");
            match access::worker_field(root, field) {
                None => {
                    for (status, body) in [bound, unbound] {
                        assert_eq!(status, 403, "{asked}: {body}");
                        assert!(body.contains("is closed to worker tokens"), "{asked}: {body}");
                    }
                }
                Some(Workers::Bound) => {
                    assert_eq!(bound.0, 200, "{asked}: {}", bound.1);
                    assert_eq!(unbound.0, 403, "{asked}: {}", unbound.1);
                    assert!(unbound.1.contains("is not bound to an agent"), "{}", unbound.1);
                }
                Some(Workers::Any) => {
                    assert_eq!((bound.0, unbound.0), (200, 200), "{asked}: {}", bound.1);
                }
            }
            assert_eq!(
                ask("second-token-of-tests").await.0,
                200,
                "{asked} is open to the second token"
            );
        }
        assert_eq!(
            transports
                .status("GET", "/api/issues", &[("authorization", "Bearer both-token-of-tests")])
                .await,
            200
        );
    })
    .await;
}

#[tokio::test]
async fn refusals_of_workers_are_written_down_and_do_not_flood_the_log() {
    given_settings(&WORKERS, async |given| {
        let transports = Transports::new(given);
        let bound = [("authorization", "Bearer bound-token-of-tests")];
        for _ in 0..5 {
            assert_eq!(transports.status("POST", "/api/repos", &bound).await, 403);
        }
        for _ in 0..20 {
            let unbound =
                [("authorization", "Bearer unbound-token-of-tests"), ("x-agent-name", "omega")];
            assert_eq!(transports.status("POST", "/api/issues/status", &unbound).await, 403);
        }
        let entries = given.ask_as_agent("GET", "/api/audit", None).await.json();
        let of = |action: &str| -> Vec<Value> {
            let entries = entries.as_array().unwrap().iter();
            entries.filter(|entry| entry["action"] == action).cloned().collect()
        };
        let tier = of("auth_tier_denied");
        assert_eq!(tier.len(), 1, "once a minute for one route");
        assert_eq!(tier[0]["actor"], "alpha");
        assert_eq!(tier[0]["notes"], "POST /api/repos");
        assert_eq!(
            (&tier[0]["success"], &tier[0]["errorMessage"]),
            (&json!(false), &json!(CLOSED))
        );
        let scope = of("worker_scope_denied");
        assert_eq!(scope.len(), 10, "ten times a minute");
        assert_eq!(scope[0]["actor"], "omega");
        given.advance(60);
        transports.status("POST", "/api/repos", &bound).await;
        let again = given.ask_as_agent("GET", "/api/audit?limit=1", None).await.json();
        assert_eq!(again[0]["action"], "auth_tier_denied");
    })
    .await;
}

#[tokio::test]
async fn a_claim_for_another_agent_is_forbidden_before_other_errors() {
    given_settings(&WORKERS, async |given| {
        for path in ["/api/issues/claim", "/api/issues/unclaim"] {
            let body = json!({ "issueId": 5, "repoFullName": "acme/tools", "issueNumber": 1,
                "agentName": "beta" });
            let request = axum::http::Request::post(path)
                .header("host", "localhost:3000")
                .header("content-type", "application/json")
                .header("authorization", "Bearer bound-token-of-tests")
                .body(axum::body::Body::from(body.to_string()))
                .unwrap();
            let answer = given.send(request).await;
            assert_eq!(answer.status, 403, "{path}: {}", answer.text());
        }
    })
    .await;
}

#[tokio::test]
async fn a_worker_sets_the_status_of_its_own_issues_only() {
    given_settings(&WORKERS, async |given| {
        let labels: [&[&str]; 2] =
            [&["status/ready", "agent/alpha"], &["status/ready", "agent/beta"]];
        given.with_issues(&[("Mine", labels[0]), ("Theirs", labels[1])]).await;
        let set = async |number: i32| {
            let body = json!({
                "issueId": format!("iss_{number:06}"),
                "repoFullName": "acme/tools",
                "issueNumber": number,
                "status": "in-review",
                "agentName": "beta",
            });
            let request = Request::post("/api/issues/status")
                .header("authorization", "Bearer bound-token-of-tests");
            given.send(request.body(Body::from(body.to_string())).unwrap()).await
        };
        assert_eq!(set(1).await.status, StatusCode::OK);
        let refused = set(2).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        let text = "Worker token is bound to agent \"alpha\" and may not act for \"beta\"";
        assert_eq!(refused.json()["error"], text);
        let entries = given.ask_as_agent("GET", "/api/audit", None).await.json();
        assert_eq!(entries[0]["action"], "worker_scope_denied");
        assert_eq!(entries[1]["actor"], "alpha", "who it is, the token says");
    })
    .await;
}

#[tokio::test]
async fn workers_may_query_only_listed_graphql_fields() {
    given_settings(&WORKERS, async |given| {
        let ask = async |token: &str, query: &str| {
            let body = json!({ "query": query }).to_string();
            let request = Request::post("/graphql")
                .header("authorization", format!("Bearer {token}"))
                .header("content-type", "application/json");
            let answer = given.send(request.body(Body::from(body)).unwrap()).await.json();
            answer["errors"][0]["extensions"]["code"].as_str().map(str::to_owned)
        };
        assert_eq!(ask("bound-token-of-tests", "{ board { totalCount } __typename }").await, None);
        assert_eq!(ask("unbound-token-of-tests", "{ board { totalCount } }").await, None);
        let forbidden = Some("FORBIDDEN".to_owned());
        assert_eq!(ask("bound-token-of-tests", "{ auditLog { nodes { id } } }").await, forbidden);
        assert_eq!(
            ask("bound-token-of-tests", "mutation { syncIssues { syncedCount } }").await,
            forbidden
        );
        let run = |agent: &str| {
            format!(
                "mutation {{ recordAgentRun(input: {{ agentName: \"{agent}\", runType: \"x\", \
                 status: \"success\", startedAt: \"2026-05-20T12:00:00.000Z\" }}) \
                 {{ agentRun {{ id }} }} }}"
            )
        };
        assert_eq!(ask("bound-token-of-tests", &run("alpha")).await, None);
        assert_eq!(ask("bound-token-of-tests", &run("beta")).await, forbidden);
        assert_eq!(ask("unbound-token-of-tests", &run("alpha")).await, forbidden);
    })
    .await;
}

#[tokio::test]
async fn rate_limits_apply_to_programs_and_not_to_people() {
    given(async |given| {
        let transports = Transports::new(given);
        let authorization = token();
        for (method, path, times, seconds) in LIMITS {
            let ask = async |headers: &[(&str, &str)]| {
                let (status, headers, body) = transports.ask(method, &example(path), headers).await;
                let after =
                    headers.get("retry-after").map(|after| after.to_str().unwrap().to_owned());
                (status.as_u16(), after, error_of(&body))
            };
            let headers = [("authorization", authorization.as_str()), ("x-agent-name", "alpha")];
            for time in 0..*times {
                assert_ne!(ask(&headers).await.0, 429, "{method} {path}, time {time}");
            }
            let refused = (429, Some(seconds.to_string()), "Rate limit exceeded".to_owned());
            assert_eq!(ask(&headers).await, refused, "{method} {path}");
            let another = [headers[0], ("x-agent-name", "beta")];
            assert_ne!(ask(&another).await.0, 429, "{method} {path}: another actor");
            assert_ne!(ask(&[]).await.0, 429, "{method} {path}: a person");
            given.advance(u64::from(*seconds) - 1);
            assert_eq!(ask(&headers).await.1.as_deref(), Some("1"));
            given.advance(1);
            assert_ne!(ask(&headers).await.0, 429, "{method} {path}: a new window");
        }
    })
    .await;
}

#[tokio::test]
async fn an_unset_token_never_matches() {
    given_settings(&[("DISPATCH_AGENT_TOKEN", "")], async |given| {
        let transports = Transports::new(given);
        for authorization in
            ["", "Bearer", "Bearer ", "Bearer undefined", "Bearer null", "bearer ''"]
        {
            let headers = [("authorization", authorization)];
            let (status, headers, body) = transports.ask("POST", "/api/agent-runs", &headers).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{authorization:?}");
            assert_eq!(headers["www-authenticate"], r#"Bearer realm="Dispatch""#);
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["error"], "Unauthorized");
            let detail = body["detail"].as_str().unwrap();
            assert!(detail.contains("Authorization: Bearer"), "{detail}");
            assert_eq!(body["code"], "UNAUTHENTICATED");
        }
        assert_eq!(transports.status("POST", "/api/agent-runs", &[]).await, 401);
    })
    .await;
}

#[tokio::test]
async fn a_token_is_read_in_any_spelling_of_its_scheme() {
    given(async |given| {
        let transports = Transports::new(given);
        for authorization in [
            format!("Bearer {AGENT_TOKEN}"),
            format!("bearer   {AGENT_TOKEN}  "),
            format!("BEARER\t{AGENT_TOKEN}"),
        ] {
            let headers = [("authorization", authorization.as_str())];
            let status = transports.status("POST", "/api/agent-runs", &headers).await;
            assert_eq!(status, 400, "{authorization:?} came as far as the empty body");
        }
        let nearly = format!("Bearer {AGENT_TOKEN}x");
        let headers = [("authorization", nearly.as_str())];
        assert_eq!(transports.status("POST", "/api/agent-runs", &headers).await, 401);
    })
    .await;
}

#[tokio::test]
async fn a_browser_is_challenged_for_basic_authentication() {
    given_settings(&BASIC, async |given| {
        let transports = Transports::new(given);
        for path in ["/board", "/api/issues", "/api/nonsense", "/graphql", "/nonsense"] {
            let (status, headers, body) = transports.ask("GET", path, &[]).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
            let challenge = r#"Basic realm="Dispatch", charset="UTF-8""#;
            assert_eq!(headers["www-authenticate"], challenge);
            assert_eq!(body, "", "{path}");
            assert_eq!(headers["x-frame-options"], "DENY");
        }
        assert_eq!(transports.status("GET", "/api/health", &[]).await, 200);
    })
    .await;
}

#[tokio::test]
async fn wrong_passwords_close_the_door_for_a_minute() {
    given_settings(&BASIC, async |given| {
        let transports = Transports::new(given);
        let from = async |hop: &str, pair: &str| {
            let forwarded = format!("6.6.6.6, {hop}");
            let authorization = basic(pair);
            let headers =
                [("x-forwarded-for", forwarded.as_str()), ("authorization", &authorization)];
            transports.ask("GET", "/api/issues", &headers).await
        };
        let right = "sam:a:secret";
        for _ in 0..4 {
            assert_eq!(from("10.0.0.1", "sam:wrong").await.0, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(from("10.0.0.1", right).await.0, StatusCode::OK, "the slate is clean");
        for _ in 0..5 {
            assert_eq!(from("10.0.0.1", "kim:a:secret").await.0, StatusCode::UNAUTHORIZED);
        }
        given.advance(20);
        let (status, headers, body) = from("10.0.0.1", right).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(headers["retry-after"], "40");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["error"], "Rate limit exceeded");
        assert_eq!(body["code"], "RATE_LIMITED");

        assert_eq!(from("10.0.0.2", right).await.0, StatusCode::OK, "another source");
        let authorization = token();
        let headers = [("x-forwarded-for", "10.0.0.1"), ("authorization", &authorization)];
        assert_eq!(
            transports.status("GET", "/api/issues", &headers).await,
            200,
            "a token is no guess"
        );
        assert_eq!(transports.status("GET", "/api/issues", &[]).await, 401, "nothing is no guess");
        given.advance(40);
        assert_eq!(from("10.0.0.1", right).await.0, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn the_log_names_the_actor() {
    let actor = async |given: &Given, headers: &[(&str, &str)]| -> Value {
        let mut request = Request::post("/api/repos");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let name = format!("acme/repo-{}", given.app.clock.fresh_uuid());
        let body = Body::from(json!({ "fullName": name }).to_string());
        let answer = given.send(request.body(body).unwrap()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        given.advance(1);
        let authorization = token();
        let request = Request::get("/api/audit?limit=1").header("authorization", authorization);
        given.send(request.body(Body::empty()).unwrap()).await.json()[0]["actor"].clone()
    };
    let token = token();
    let agent = ("authorization", token.as_str());
    given(async |given| {
        assert_eq!(actor(given, &[]).await, "user");
        assert_eq!(actor(given, &[("x-agent-name", "alpha")]).await, "user", "no token, no name");
        assert_eq!(actor(given, &[agent]).await, "agent");
        assert_eq!(actor(given, &[agent, ("x-agent-name", " alpha ")]).await, "alpha");
        assert_eq!(actor(given, &[agent, ("x-agent-name", "  ")]).await, "agent");
    })
    .await;
    given_settings(&BASIC, async |given| {
        let password = basic("sam:a:secret");
        assert_eq!(actor(given, &[("authorization", &password)]).await, "sam");
        assert_eq!(actor(given, &[agent]).await, "agent");
    })
    .await;
    given_settings(&DISABLED, async |given| {
        assert_eq!(actor(given, &[]).await, "operator");
        assert_eq!(actor(given, &[("authorization", "Bearer wrong")]).await, "operator");
        assert_eq!(actor(given, &[agent]).await, "agent");
    })
    .await;
}

// ------------------------------------------------------------------------------ hostile requests

/// A complete WebSocket handshake, as a browser sends it.
const HANDSHAKE: [(&str, &str); 5] = [
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-protocol", "graphql-transport-ws"),
];

/// Headers with which an attacker may try to get access.
fn hostile_headers() -> Vec<Vec<(&'static str, &'static str)>> {
    let one = |name, values: &[&'static str]| -> Vec<_> {
        values.iter().map(|value| vec![(name, *value)]).collect()
    };
    let upgrades = [
        "websocket",
        "WebSocket",
        "WEBSOCKET",
        "h2c",
        "h2c, websocket",
        "websocket, h2c",
        "TLS/1.3",
    ];
    let mut all = vec![vec![], HANDSHAKE.to_vec()];
    for upgrade in upgrades {
        all.push(vec![("upgrade", upgrade)]);
        all.push(vec![("connection", "Upgrade"), ("upgrade", upgrade)]);
        let settings = ("http2-settings", "AAMAAABkAAQCAAAAAAIAAAAA");
        let connection = ("connection", "Upgrade, HTTP2-Settings");
        all.push(vec![connection, ("upgrade", upgrade), settings]);
        let second = ("upgrade", if upgrade == "h2c" { "websocket" } else { "h2c" });
        all.push(vec![("connection", "upgrade"), ("upgrade", upgrade), second]);
    }
    for connection in ["upgrade", "close", "keep-alive", "authorization", "Authorization, upgrade"]
    {
        all.push(vec![("connection", connection)]);
    }
    for forwarded in ["127.0.0.1", "::1", "localhost", "10.0.0.1, 127.0.0.1", "unknown"] {
        for name in ["x-forwarded-for", "x-real-ip", "x-client-ip", "true-client-ip", "x-host"] {
            all.push(vec![(name, forwarded)]);
        }
    }
    all.push(vec![("forwarded", "for=127.0.0.1;host=localhost;proto=https")]);
    for name in ["x-forwarded-host", "x-original-host", "x-forwarded-server"] {
        all.push(vec![(name, "localhost")]);
    }
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        all.extend(one(name, &["GET", "OPTIONS", "HEAD"]));
    }
    for name in ["x-original-url", "x-rewrite-url", "x-forwarded-prefix", "x-forwarded-uri"] {
        all.extend(one(name, &["/livez", "/assets/index.js"]));
    }
    for name in ["x-remote-user", "remote-user", "x-forwarded-user", "x-agent-name", "cookie"] {
        all.push(vec![(name, "sam")]);
    }
    all.extend(one("authorization", &["", "Basic", "Bearer", "Basic Og==", "Negotiate x", "sam"]));
    all.push(vec![("authorization", "Basic"), ("authorization", "Bearer")]);
    all.push(vec![("host", "localhost"), ("host", "127.0.0.1")]);
    all.extend(one("sec-fetch-site", &["same-origin", "none"]));
    all.extend(one("origin", &["http://localhost:3000"]));
    all.push(vec![("access-control-request-method", "GET"), ("origin", "http://localhost:3000")]);
    all.push(vec![("accept", "text/event-stream")]);
    all.push(vec![("expect", "100-continue")]);
    all
}

/// One in this many hostile headers is tried on each route, because all would take too long. Each
/// header is tried on some routes.
const ONE_OF: usize = 8;

/// In every mode and with every kind of credentials, a rejected request gets the same response
/// whatever other headers it has.
#[tokio::test]
async fn no_header_opens_a_route_that_needs_credentials() {
    let agent = token();
    let workers = ["Bearer bound-token-of-tests", "Bearer unbound-token-of-tests"];
    let all_shown = ["", "Bearer wrong", workers[0], workers[1], agent.as_str()];
    let all_hostile = hostile_headers();
    for mode in [&[][..], &READ_ONLY[..], &BASIC[..], &DISABLED[..]] {
        given_settings(&[&WORKERS[..], mode].concat(), async |given| {
            let transports = Transports::new(given);
            for shown in all_shown {
                let mut usual = vec![("host", "localhost:3000")];
                if !shown.is_empty() {
                    usual.push(("authorization", shown));
                }
                let mut refused = 0;
                let needs_credentials = |(_, _, tier): &&(&str, &str, Tier)| *tier != Tier::Public;
                let routes = ROUTES.iter().filter(needs_credentials);
                for (place, (method, template, _)) in routes.enumerate() {
                    let path = example(template);
                    let ask = async |headers: &[(&str, &str)]| {
                        let (status, _, body) = transports.ask(method, &path, headers).await;
                        (status.as_u16(), body.is_empty(), error_of(&body))
                    };
                    let expected = ask(&usual).await;
                    if ![401, 403].contains(&expected.0) {
                        continue;
                    }
                    refused += 1;
                    let is_whole = mode == BASIC && shown.is_empty();
                    let (first, step) = if is_whole { (0, 1) } else { (place % ONE_OF, ONE_OF) };
                    for hostile in all_hostile.iter().skip(first).step_by(step) {
                        let headers = [&usual[..], &hostile[..]].concat();
                        let answer = ask(&headers).await;
                        let asked = format!("{mode:?} {shown:?} {method} {template} {hostile:?}");
                        let opens_socket = *method == "GET"
                            && *template == access::SOCKET
                            && HANDSHAKE.iter().all(|header| headers.contains(header));
                        if opens_socket && shown.is_empty() {
                            // This test's requests have no connection that could be upgraded.
                            assert_eq!(answer.0, 426, "{asked}");
                        } else if is_whole && hostile.contains(&("authorization", "Basic Og==")) {
                            // Each of these is a wrong password.
                            assert!([401, 429].contains(&answer.0), "{asked}: {answer:?}");
                        } else {
                            assert_eq!(answer, expected, "{asked}");
                        }
                    }
                }
                let may_everything =
                    shown == agent || (mode == DISABLED && !workers.contains(&shown));
                assert_eq!(refused == 0, may_everything, "{mode:?} {shown:?}: {refused}");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn no_spelling_of_method_or_path_opens_a_route_that_needs_credentials() {
    given_settings(&BASIC, async |given| {
        let transports = Transports::new(given);
        let methods =
            ["GET", "HEAD", "OPTIONS", "TRACE", "CONNECT", "POST", "PUT", "get", "PROPFIND"];
        for (_, template, tier) in ROUTES {
            if *tier == Tier::Public {
                continue;
            }
            let path = example(template);
            let (first, rest) = path.split_at(1);
            let letter = rest.chars().next().map(|letter| format!("%{:02x}", letter as u32));
            let encoded = letter.map(|letter| format!("{first}{letter}{}", &rest[1..]));
            let spellings = [
                Some(path.clone()),
                Some(format!("{path}/")),
                Some(format!("/{path}")),
                Some(format!("{path}?/livez")),
                Some(format!("{path};/livez")),
                Some(format!("{path}%2f")),
                Some(format!("{path}%00")),
                Some(format!("/livez/..{path}")),
                Some(format!("/assets/../..{path}")),
                Some(format!("/assets/..%2f..{path}")),
                Some(format!("/.{path}")),
                Some(path.to_uppercase()),
                Some(format!("http://localhost:3000{path}")),
                Some(format!("http://evil.example{path}")),
                Some(format!("https://localhost{path}")),
                encoded,
            ];
            for spelling in spellings.into_iter().flatten() {
                for method in methods {
                    // The form of an address that only `CONNECT` has.
                    let is_no_address = method == "CONNECT" && spelling.starts_with("http");
                    if is_no_address {
                        continue;
                    }
                    let (status, _, body) = transports.ask(method, &spelling, &[]).await;
                    let asked = format!("{method} {spelling}");
                    // What is under `/assets/` is for everybody, and there is no such file.
                    let is_nothing = [401, 403, 404, 405].contains(&status.as_u16());
                    assert!(is_nothing, "{asked}: {status} {body}");
                }
            }
        }
    })
    .await;
}

// --------------------------------------------------------------------------------- other sites

#[tokio::test]
async fn cross_site_requests_change_nothing() {
    given(async |given| {
        let transports = Transports::new(given);
        let foreign: [&[(&str, &str)]; 4] = [
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site")],
            &[("origin", "http://localhost:3000"), ("sec-fetch-site", "cross-site")],
        ];
        for (method, template, tier) in ROUTES {
            let path = example(template);
            for foreign in foreign {
                let headers = [&[("host", "localhost:3000")], foreign].concat();
                let (status, _, body) = transports.ask(method, &path, &headers).await;
                let is_refused = status == StatusCode::FORBIDDEN;
                let is_cross_site = foreign.contains(&("sec-fetch-site", "cross-site"));
                let expected = *method != "GET" || is_cross_site;
                assert_eq!(is_refused, expected, "{method} {path} {tier:?} {foreign:?}");
                if is_refused {
                    assert!(body.contains("comes from a page of another site"), "{body}");
                }
            }
        }
        let entries = given.ask("GET", "/api/audit", None).await.json();
        assert_eq!(entries, json!([]));
    })
    .await;
}

#[tokio::test]
async fn another_site_opens_no_socket() {
    given(async |given| {
        let transports = Transports::new(given);
        let socket = [
            ("host", "localhost:3000"),
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-protocol", "graphql-transport-ws"),
        ];
        let from = async |origin| {
            let headers = [&socket[..], &[("origin", origin)]].concat();
            transports.status("GET", "/graphql", &headers).await
        };
        assert_eq!(from("https://evil.example").await, 403);
        assert_ne!(from("http://localhost:3000").await, 403);
    })
    .await;
}

/// The response to a request target over a connection.
async fn raw(address: &str, target: &str) -> String {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let reading = connection.read_to_string(&mut answer);
    tokio::time::timeout(PATIENCE, reading).await.expect("an answer").unwrap();
    answer
}

#[tokio::test]
async fn a_foreign_name_that_points_here_is_turned_away() {
    let settings: [&[(&str, &str)]; 3] = [&[], &[("HOST", "0.0.0.0")], &DISABLED];
    for settings in settings {
        given_settings(settings, async |given| {
            let transports = Transports::new(given);
            for (method, template, _) in ROUTES {
                for host in ["evil.example", "evil.example:3000", "localhost.evil.example"] {
                    let headers = [("host", host)];
                    let (status, _, body) =
                        transports.ask(method, &example(template), &headers).await;
                    assert_eq!(status, StatusCode::FORBIDDEN, "{method} {template} {host}");
                    assert!(body.contains("DISPATCH_ALLOWED_HOSTS"), "{body}");
                    // The target may contain the host as well, and then counts instead of the
                    // header.
                    let target = format!("http://{host}{}", example(template));
                    let local = [("host", "localhost:3000")];
                    let (status, _, body) = transports.ask(method, &target, &local).await;
                    assert_eq!(status, StatusCode::FORBIDDEN, "{method} {target}");
                    assert!(body.contains("DISPATCH_ALLOWED_HOSTS"), "{body}");
                }
            }
            for host in ["localhost:3000", "192.168.0.1:3000", "[::1]:3000", "dispatch"] {
                let status = transports.status("GET", "/livez", &[("host", host)]).await;
                assert_eq!(status, 200, "{host}");
                let target = format!("http://{host}/livez");
                assert_eq!(
                    transports.status("GET", &target, &[("host", host)]).await,
                    200,
                    "{target}"
                );
            }
            let address = given.serve().await;
            for (host, status) in [("evil.example", "403"), (address.as_str(), "200")] {
                let answer = raw(&address, &format!("http://{host}/livez")).await;
                assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {answer}");
            }
        })
        .await;
    }
    let settings = [("HOST", "0.0.0.0"), ("DISPATCH_URL", "https://board.example")];
    given_settings(&settings, async |given| {
        let transports = Transports::new(given);
        let host = ("host", "10.0.0.7:3000");
        assert_eq!(transports.status("GET", "/api/issues", &[host]).await, 200);
        let from = async |origin| {
            transports.status("POST", "/api/sync", &[host, ("origin", origin)]).await
        };
        assert_eq!(from("https://board.example").await, 200);
        assert_eq!(from("http://10.0.0.7:3000").await, 200);
        assert_eq!(from("https://evil.example").await, 403);
    })
    .await;
}

#[tokio::test]
async fn data_is_kept_by_no_cache() {
    given(async |given| {
        let transports = Transports::new(given);
        let authorization = token();
        for (method, template, _) in ROUTES {
            for headers in [&[][..], &[("authorization", authorization.as_str())]] {
                let (_, headers, _) = transports.ask(method, &example(template), headers).await;
                let caching = headers["cache-control"].to_str().unwrap();
                let may_revalidate = access::is_page(template);
                let is_right = caching == "no-store" || (may_revalidate && caching == "no-cache");
                assert!(is_right, "{method} {template}: {caching}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn forged_headers_and_many_addresses_lock_out_no_other_source() {
    given_settings(&BASIC, async |given| {
        let transports = Transports::new(given);
        let right = basic("sam:a:secret");
        let wrong = basic("sam:wrong");
        let try_from = async |peer: &str, forwarded: &str, authorization: &str| {
            let headers = [
                ("x-forwarded-for", forwarded),
                ("x-real-ip", forwarded),
                ("authorization", authorization),
            ];
            transports.ask_from(peer, "GET", "/api/issues", &headers).await.0.as_u16()
        };
        // A new address in each header does not make a new source, nor count for another one.
        for number in 0..5 {
            assert_eq!(try_from("10.0.0.1", &format!("6.6.6.{number}"), &wrong).await, 401);
        }
        assert_eq!(try_from("10.0.0.1", "6.6.6.9", &wrong).await, 429);
        assert_eq!(try_from("6.6.6.1", "", &right).await, 200);
        // An IPv6 network is one source.
        for number in 0..5 {
            assert_eq!(try_from(&format!("2001:db8::{number}"), "", &wrong).await, 401);
        }
        assert_eq!(try_from("2001:db8::99", "", &right).await, 429);
        assert_eq!(try_from("2001:db8:0:1::99", "", &right).await, 200);
        // More sources than are stored lock out nobody who knows the password.
        for number in 0..10_010_u32 {
            let peer = std::net::Ipv4Addr::from_bits(0x0b00_0000 + number).to_string();
            assert_eq!(try_from(&peer, "", &wrong).await, 401);
        }
        assert_eq!(try_from("12.0.0.1", "", &right).await, 200);
        assert_eq!(try_from("12.0.0.2", "", &wrong).await, 401);
        assert_eq!(try_from("12.0.0.2", "", &wrong).await, 429, "the name is under attack");
        assert_eq!(try_from("12.0.0.1", "", &wrong).await, 401);
        assert_eq!(try_from("12.0.0.1", "", &right).await, 200, "signed in before");
    })
    .await;
}
