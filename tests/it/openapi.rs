//! The OpenAPI description equals the real responses.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{REPOSITORY, given};

fn description() -> Value {
    serde_json::to_value(dispatch::rest::openapi()).unwrap()
}

/// The schema that a reference leads to.
fn resolved<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        None => schema,
        Some(to) => {
            let found = description.pointer(to.trim_start_matches('#'));
            resolved(description, found.unwrap_or_else(|| panic!("{to} leads nowhere")))
        }
    }
}

/// Members that an object has by its schema, and those that it always has.
fn members(description: &Value, schema: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let schema = resolved(description, schema);
    let parts = schema["allOf"].as_array().map_or_else(|| vec![schema], |all| all.iter().collect());
    let (mut all, mut always) = (BTreeSet::new(), BTreeSet::new());
    for part in parts {
        let part = resolved(description, part);
        if part["allOf"].is_array() {
            let (inner, required) = members(description, part);
            all.extend(inner);
            always.extend(required);
            continue;
        }
        all.extend(
            part["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()),
        );
        let required = part["required"].as_array().into_iter().flatten();
        always.extend(required.map(|name| name.as_str().unwrap().to_owned()));
    }
    (all, always)
}

/// Checks a body against the schema of a response.
fn check(description: &Value, at: &str, schema: &Value, body: &Value) {
    let resolved = resolved(description, schema);
    match body {
        Value::Array(rows) => {
            assert_eq!(resolved["type"], "array", "{at}");
            rows.iter().for_each(|row| check(description, at, &resolved["items"], row));
        }
        Value::Object(body) => {
            let alternatives = resolved["oneOf"].as_array();
            let object =
                alternatives.and_then(|all| all.iter().find(|one| one["$ref"].is_string()));
            let schema = object.unwrap_or(schema);
            let (all, always) = members(description, schema);
            // The subject of a problem is a member beside those that every problem has.
            let is_beside = |name: &str| name == "field" && body.contains_key("requestId");
            let present: BTreeSet<_> =
                body.keys().filter(|name| !is_beside(name)).cloned().collect();
            assert_eq!(present, all, "{at}");
            // Health contains its mode only while all checks pass; every other member is present,
            // even if null.
            assert!(all.difference(&always).all(|name| name == "authMode"), "{at}: {always:?}");
            for (name, value) in body.iter().filter(|(name, _)| !is_beside(name)) {
                let schema = member(description, schema, name);
                check(description, &format!("{at}.{name}"), schema, value);
            }
        }
        Value::String(_) => assert!(allows(resolved, "string"), "{at}: {resolved}"),
        Value::Number(_) => assert!(allows(resolved, "integer"), "{at}: {resolved}"),
        Value::Bool(_) => assert!(allows(resolved, "boolean"), "{at}: {resolved}"),
        Value::Null => assert!(allows(resolved, "null"), "{at}: {resolved}"),
    }
}

fn member<'a>(description: &'a Value, schema: &'a Value, name: &str) -> &'a Value {
    find_member(description, schema, name).unwrap()
}

fn find_member<'a>(description: &'a Value, schema: &'a Value, name: &str) -> Option<&'a Value> {
    let schema = resolved(description, schema);
    match schema["allOf"].as_array() {
        Some(parts) => parts.iter().find_map(|part| find_member(description, part, name)),
        None => schema["properties"].get(name),
    }
}

fn allows(schema: &Value, kind: &str) -> bool {
    let is_kind = |schema: &Value| match &schema["type"] {
        Value::Array(kinds) => kinds.contains(&json!(kind)),
        one => one == kind,
    };
    let alternatives = schema["oneOf"].as_array();
    is_kind(schema) || alternatives.is_some_and(|all| all.iter().any(is_kind))
}

/// The schema of a route's response.
fn answer<'a>(description: &'a Value, method: &str, path: &str, status: &str) -> &'a Value {
    let answer = &description["paths"][path][method]["responses"][status]["content"];
    let content = answer.as_object().unwrap_or_else(|| panic!("{method} {path} {status}"));
    &content.values().next().unwrap()["schema"]
}

#[test]
fn the_description_is_whole_and_changes_in_plain_sight() {
    let mut description = description();
    description["info"]["version"] = "0.0.0".into();
    let text = description.to_string();
    for reference in text.split("\"$ref\":\"").skip(1) {
        let reference = json!({ "$ref": reference.split('"').next().unwrap() });
        resolved(&description, &reference);
    }
    insta::assert_json_snapshot!(description);
}

#[test]
fn the_description_has_the_bounds_that_are_checked() {
    let description = description();
    let schemas = &description["components"]["schemas"];
    let comment = &schemas["CommentBody"]["allOf"];
    assert_eq!(comment[0]["$ref"], "#/components/schemas/IssueRef");
    let text = &comment[1]["properties"]["body"];
    assert_eq!((&text["minLength"], &text["maxLength"]), (&json!(1), &json!(65_536)));
    let actor = &comment[1]["properties"]["actor"]["anyOf"];
    assert_eq!(actor[0]["maxLength"], 200);
    assert!(actor[0]["pattern"].is_string(), "no control characters");
    assert_eq!(actor[1]["$ref"], "#/components/schemas/Absent");
    assert_eq!(schemas["MoveBody"]["allOf"][1]["properties"]["newLabels"]["maxItems"], 200);
    assert_eq!(schemas["IssueRef"]["properties"]["issueNumber"]["minimum"], 1);
    let statuses = schemas["StatusWord"]["enum"].as_array().unwrap();
    assert_eq!(statuses.len(), 6);

    let sync = &description["paths"]["/api/sync"]["post"];
    let schema = &sync["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(schema["$ref"], "#/components/schemas/SyncBody", "it may be empty, but not null");
    let named = |name: &str| {
        let parameters = sync["parameters"].as_array().unwrap().iter();
        parameters.filter(|it| it["name"] == name && it["in"] == "header").count()
    };
    assert_eq!((named("Idempotency-Key"), named("X-Agent-Name")), (1, 1));
}

#[tokio::test]
async fn every_answer_has_the_shape_that_is_described() {
    given(async |given| {
        let description = description();
        given.with_issues(&[("One", &["status/ready"])]).await;
        let which =
            json!({ "issueId": "iss_000001", "repoFullName": REPOSITORY, "issueNumber": 1 });
        let with = |more: Value| {
            let mut body = which.clone();
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Some(body)
        };
        let labels = json!({ "oldLabels": [], "newLabels": ["status/done"] });
        let run = json!({
            "agentName": "alpha", "runType": "heartbeat", "status": "success",
            "startedAt": "2026-05-20T11:59:00Z",
        });
        let asked = [
            ("post", "/api/issues/move", with(labels), "200"),
            ("post", "/api/issues/status", with(json!({ "status": "ready" })), "200"),
            ("post", "/api/issues/refresh", with(json!({})), "200"),
            ("post", "/api/sync", None, "200"),
            ("post", "/api/agent-runs", Some(run), "201"),
            ("post", "/api/repos", Some(json!({ "fullName": "acme/a" })), "201"),
            ("post", "/api/automation/repos", Some(json!({ "fullName": "acme/b" })), "201"),
            (
                "post",
                "/api/issues/actions/decompose",
                Some(json!({ "repo": REPOSITORY, "issueNumber": 1, "decomposed": true })),
                "200",
            ),
            (
                "post",
                "/api/agent-work/start",
                Some(json!({ "agentName": "alpha", "issueId": "iss_000001" })),
                "201",
            ),
            ("get", "/api/agent-work", None, "200"),
            ("post", "/api/agent-work/sweep", None, "200"),
            ("post", "/api/issues/prune-closed", None, "200"),
            ("get", "/api/issues/untriaged", None, "200"),
            ("get", "/api/health", None, "200"),
            ("get", "/livez", None, "200"),
            ("get", "/readyz", None, "200"),
            ("get", "/api/issues", None, "200"),
            ("get", "/api/issues/state", None, "200"),
            ("get", "/api/repos", None, "200"),
            ("get", "/api/automation/repos", None, "200"),
            ("get", "/api/automation/repos/tracked", None, "200"),
            ("get", "/api/automation/sync", None, "200"),
            ("get", "/api/automation/workflows", None, "200"),
            ("get", "/api/automation/events", None, "200"),
            ("get", "/api/agent-runs", None, "200"),
            ("get", "/api/audit", None, "200"),
            ("post", "/api/issues/move", Some(json!({})), "400"),
            ("post", "/api/repos", Some(json!({ "fullName": "acme/a" })), "409"),
            ("get", "/api/issues/state", None, "400"),
        ];
        for (method, path, body, status) in asked {
            let query = match (path, status) {
                ("/api/issues/state", "200") => "?repo=acme/tools&number=1",
                _ => "",
            };
            let given_answer =
                given.ask_as_agent(&method.to_uppercase(), &format!("{path}{query}"), body).await;
            assert_eq!(given_answer.status.as_str(), status, "{path}: {}", given_answer.text());
            let mut answered = given_answer.json();
            if status == "409" {
                // These members are beside those that every problem has.
                answered
                    .as_object_mut()
                    .unwrap()
                    .retain(|name, _| !["current", "pending"].contains(&name.as_str()));
            }
            check(&description, path, answer(&description, method, path, status), &answered);
        }
    })
    .await;
}
