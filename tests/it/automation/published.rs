//! The simulated REST API answers as GitHub describes it.

use std::collections::BTreeSet;

use dispatch::simulator::NewRun;
use serde_json::{Value, json};

use super::{run, with_workflow};
use crate::support::{REPOSITORY, given};

/// What of a value is not as a schema describes it.
fn faults(all: &Value, schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return faults(all, &all["schemas"][name], value, path, found);
    }
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[key].as_array() {
            let fits = choices.iter().any(|choice| {
                let mut wrong = Vec::new();
                faults(all, choice, value, path, &mut wrong);
                wrong.is_empty()
            });
            if !fits {
                found.push(format!("{path} is none of {key}"));
            }
            return;
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        faults(all, part, value, path, found);
    }
    let is_of_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !is_of_type {
        found.push(format!("{path} is {value}, not {}", schema["type"]));
        return;
    }
    let words = schema["enum"].as_array();
    if words.is_some_and(|words| !words.contains(value)) {
        found.push(format!("{path} is {value}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        match value.get(name) {
            None => found.push(format!("{path}.{name} is missing")),
            Some(member) => {
                let schema = &schema["properties"][name];
                faults(all, schema, member, &format!("{path}.{name}"), found);
            }
        }
    }
    if schema.get("items").is_some() {
        for item in value.as_array().into_iter().flatten() {
            faults(all, &schema["items"], item, &format!("{path}[]"), found);
        }
    }
}

#[tokio::test]
async fn every_response_has_the_published_shape() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, Some("failure"), NewRun::default());
        given.github.add_artifact(REPOSITORY, id, "coverage", 1);
        given.github.change_run(REPOSITORY, id, |run| run.environments = vec!["p".to_owned()]);
        given.github.add_release(REPOSITORY, "v1", true);
        given.github.add_release(REPOSITORY, "v2", false);
        given.github.open_numbered_pull_request(REPOSITORY, 7, ("fix", "A fix")).unwrap();
        given.github.add_check(REPOSITORY, "Coverage", Some("success"));
        given.github.add_check(REPOSITORY, "Slow", None);
        given.github.add_deployment(REPOSITORY, id, ("production", "success"));
        given.github.add_package(REPOSITORY, "tools");
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/github-queries/rest.json");
        let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let address = given.app.config.github.api_url.as_str().trim_end_matches('/').to_owned();
        let http = crate::support::process::http_client();
        let deployments = format!("{address}/repos/{REPOSITORY}/deployments");
        let get = async |url: &str| -> Value {
            let request = http.get(url).header("user-agent", "test").bearer_auth("token");
            let text = request.send().await.unwrap().text().await.unwrap();
            serde_json::from_str(&text).unwrap()
        };
        let deployment = get(&deployments).await[0]["id"].as_i64().unwrap();
        let mut found = Vec::new();
        let mut checked = BTreeSet::new();
        for (operation, schema) in all["responses"].as_object().unwrap() {
            let (method, path) = operation.split_once(' ').unwrap();
            let path = path
                .replace("{owner}/{repo}", REPOSITORY)
                .replace("{run_id}", &id.to_string())
                .replace("{workflow_id}", &workflow.to_string())
                .replace("{deployment_id}", &deployment.to_string())
                .replace("{ref}", "main")
                .replace("{path}", ".github/workflows/ci.yml")
                .replace("{org}", "acme")
                .replace("{package_type}/{package_name}", "container/tools");
            let url = format!("{address}{path}?per_page=100&package_type=container");
            let answer = match method {
                "get" => get(&url).await,
                _ => {
                    let body = json!({ "ref": "main", "return_run_details": true });
                    let request = http.post(&url).header("user-agent", "test").bearer_auth("token");
                    let response = request.body(body.to_string()).send().await.unwrap();
                    serde_json::from_str(&response.text().await.unwrap()).unwrap()
                }
            };
            let is_empty = answer.as_array().is_some_and(Vec::is_empty);
            assert!(!is_empty, "{operation} has nothing to check");
            faults(&all, schema, &answer, operation, &mut found);
            checked.insert(operation);
        }
        assert!(checked.len() > 14);
        assert!(found.is_empty(), "{}", found.join("\n"));
    })
    .await;
}
