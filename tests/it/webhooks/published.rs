//! Every payload that GitHub publishes as an example, and random ones that its description allows,
//! can be read.
//!
//! A failure prints its seed; `WEBHOOK_SEED` repeats that one alone.

use std::fs;

use dispatch::config::Env;
use dispatch::domain::webhooks::{AutomationEvent, Meaning, meaning};
use dispatch::github::webhooks::{self as payloads, Envelope};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Map, Value, json};

use super::{SETTINGS, deliver_to, process};
use crate::support::{REPOSITORY, given_settings};

/// How many random payloads each event has.
const CASES: u64 = 20;

fn published(path: &str) -> Value {
    let root = env!("CARGO_MANIFEST_DIR");
    let path = format!("{root}/github-queries/node_modules/@octokit/{path}");
    let text = fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("{path}: {error}; run npm ci in github-queries"));
    serde_json::from_str(&text).unwrap()
}

/// Reads every member of a payload that is used.
fn read(event: &str, payload: &Value) -> Result<(), dispatch::github::Error> {
    let bytes = payload.to_string().into_bytes();
    let about = Envelope::read(&bytes)?;
    assert_eq!(about.action.is_some(), payload["action"].is_string());
    let name = about.repository.unwrap_or_else(|| REPOSITORY.parse().unwrap());
    match meaning(event, about.action.as_deref()) {
        Meaning::Issue | Meaning::IssueGone => payloads::issue(&bytes, &name).map(drop),
        Meaning::Dependency => payloads::blocked_issue(&bytes).map(drop),
        Meaning::SubIssue => payloads::number_of(&bytes, "sub_issue").map(drop),
        Meaning::ParentIssue => payloads::number_of(&bytes, "parent_issue").map(drop),
        Meaning::Label => payloads::label(&bytes).map(drop),
        Meaning::Repository(_) => payloads::former_name(&bytes, &name).map(drop),
        Meaning::PullRequest => payloads::pull_request(&bytes).map(drop),
        Meaning::Automation(event) => match event {
            AutomationEvent::Run => payloads::workflow_run(&bytes).map(drop),
            AutomationEvent::Job => payloads::workflow_job(&bytes).map(drop),
            AutomationEvent::Check => payloads::check_run(&bytes).map(drop),
            AutomationEvent::CommitChecks => payloads::checked_commit(&bytes).map(drop),
            AutomationEvent::Release => payloads::release(&bytes).map(drop),
            AutomationEvent::Push => payloads::pushed_commit(&bytes).map(drop),
            AutomationEvent::Deployment => payloads::deployment(&bytes).map(drop),
            AutomationEvent::Package => payloads::package(&bytes).map(drop),
            AutomationEvent::PullRequest => payloads::pull_request(&bytes).map(drop),
        },
        Meaning::Ping | Meaning::Unused | Meaning::Unknown => Ok(()),
    }
}

/// Whether the object of an event of the automation pages is read, and not left out.
fn is_whole(event: &str, payload: &Value) -> bool {
    let bytes = payload.to_string().into_bytes();
    let Meaning::Automation(event) = meaning(event, None) else { return true };
    match event {
        AutomationEvent::Run => payloads::workflow_run(&bytes).unwrap().is_some(),
        AutomationEvent::Job => payloads::workflow_job(&bytes).unwrap().is_some(),
        AutomationEvent::Release => payloads::release(&bytes).unwrap().is_some(),
        AutomationEvent::Deployment => payloads::deployment(&bytes).unwrap().is_some(),
        AutomationEvent::Package => payloads::package(&bytes).unwrap().is_some(),
        AutomationEvent::CommitChecks => payloads::checked_commit(&bytes).unwrap().is_some(),
        AutomationEvent::PullRequest => payloads::pull_request(&bytes).unwrap().is_some(),
        // A check of GitHub Actions, and a push of a tag, are left out.
        AutomationEvent::Check | AutomationEvent::Push => true,
    }
}

#[tokio::test]
async fn every_published_example_is_processed() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[]).await;
        given.track("Codertocat/Hello-World").await;
        let router = dispatch::router(given.app.clone());
        let (mut all, mut sent) = (0, 0);
        for version in ["ghes-31", "ghes-32", "ghes-33", "ghes-34", "ghes-35", "api.github.com"] {
            let examples = published(&format!("webhooks-examples/{version}/index.json"));
            for example in examples.as_array().unwrap() {
                let event = example["name"].as_str().unwrap();
                for payload in example["examples"].as_array().unwrap() {
                    assert!(is_whole(event, payload), "{event} is not read: {payload:#}");
                    read(event, payload).unwrap_or_else(|error| panic!("{event}: {error}"));
                    all += 1;
                    if version == "api.github.com" {
                        sent += 1;
                        deliver_to(&router, event, &format!("d-{sent}"), payload).await;
                    }
                }
            }
        }
        assert!(all > 700 && sent > 300, "{all} {sent}");
        while process(given).await > 0 {}
        let of = |state: &str| {
            format!("SELECT count(*) FROM webhook_deliveries WHERE state = '{state}'")
        };
        assert_eq!(given.database.number(&of("quarantined")).await, 0);
        assert_eq!(given.database.number(&of("failed")).await, 0);
        assert!(given.database.number(&of("processed")).await > 20);
    })
    .await;
}

/// Makes values that a JSON schema allows.
struct Generator<'a> {
    schemas: &'a Map<String, Value>,
    random: StdRng,
}

/// Below this, optional members are left out and lists are empty.
const DEEPEST: usize = 7;

impl Generator<'_> {
    fn make(&mut self, schema: &Value, depth: usize) -> Value {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap();
            let schemas = self.schemas;
            return self.make(&schemas[name], depth);
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[key].as_array() {
                let choice = &choices[self.random.random_range(0..choices.len())];
                let mut value = self.make(choice, depth);
                if let (Some(own), Some(members)) =
                    (schema.get("properties"), value.as_object_mut())
                {
                    let rest = json!({ "type": "object", "properties": own, "required": schema["required"] });
                    if let Value::Object(rest) = self.make(&rest, depth) {
                        members.extend(rest);
                    }
                }
                return value;
            }
        }
        if let Some(all) = schema["allOf"].as_array() {
            return self.make_all(all, depth);
        }
        if let Some(values) = schema["enum"].as_array() {
            return values[self.random.random_range(0..values.len())].clone();
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds[self.random.random_range(0..kinds.len())].clone(),
            Value::Null if schema.get("properties").is_some() => json!("object"),
            kind => kind.clone(),
        };
        match kind.as_str().unwrap_or("string") {
            "object" => self.object(schema, depth),
            "array" if depth >= DEEPEST || schema.get("items").is_none() => json!([]),
            "array" => {
                let items = self.random.random_range(0..3);
                (0..items).map(|_| self.make(&schema["items"], depth + 1)).collect()
            }
            "boolean" => json!(self.random.random::<bool>()),
            "integer" | "number" => json!(self.random.random_range(0..i32::MAX)),
            "null" => Value::Null,
            _ => self.text(schema),
        }
    }

    /// A value that all of some schemas allow: of two with the same member, the first one's, which is
    /// the stricter one, unless it is null where the other one allows no null.
    fn make_all(&mut self, all: &[Value], depth: usize) -> Value {
        let mut members = Map::new();
        for schema in all {
            if let Value::Object(more) = self.make(schema, depth) {
                for (name, value) in more {
                    if members.get(&name).is_none_or(Value::is_null) {
                        members.insert(name, value);
                    }
                }
            }
        }
        Value::Object(members)
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut members = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_optional = !required.contains(&name.as_str());
            if is_optional && (depth >= DEEPEST || self.random.random::<bool>()) {
                continue;
            }
            let mut value = self.make(property, depth + 1);
            // Some parts of the description do not say that these texts are times.
            if name.ends_with("_at") && value.is_string() {
                value = json!("2026-05-20T12:00:00Z");
            }
            members.insert(name.clone(), value);
        }
        if self.random.random_range(0..4) == 0 {
            members.insert("of_the_future".to_owned(), json!([{ "a": null }]));
        }
        Value::Object(members)
    }

    fn text(&mut self, schema: &Value) -> Value {
        match schema["format"].as_str() {
            Some("date-time") => json!("2026-05-20T12:00:00Z"),
            Some("uri") => json!("https://github.com/acme/tools"),
            _ => {
                let texts = ["", "acme/tools", "open", "\u{0}\u{1f600}é", "x\r\ny", "ghost"];
                json!(texts[self.random.random_range(0..texts.len())])
            }
        }
    }
}

/// The name of the event of an entry of the description: `issues-opened` is an action of `issues`.
fn event_of(entry: &str, payload: &Value) -> String {
    let name = entry.replace(['-', '.'], "_");
    let action = payload["action"].as_str().unwrap_or_default().replace(['-', '.'], "_");
    name.strip_suffix(&format!("_{action}")).unwrap_or(&name).to_owned()
}

#[tokio::test]
async fn random_payloads_that_the_description_allows_are_processed() {
    let description = published("openapi-webhooks/generated/api.github.com.json");
    let schemas = description["components"]["schemas"].as_object().unwrap();
    let alone =
        Env::from_process().raw("WEBHOOK_SEED").map(|seed| seed.to_str().unwrap().parse().unwrap());
    let seeds: Vec<u64> = alone.map_or_else(|| (0..CASES).collect(), |seed| vec![seed]);
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let router = dispatch::router(given.app.clone());
        let (mut sent, mut read_issues) = (0, 0);
        for (entry, webhook) in description["webhooks"].as_object().unwrap() {
            let schema = &webhook["post"]["requestBody"]["content"]["application/json"]["schema"];
            for seed in &seeds {
                let random = StdRng::seed_from_u64(*seed);
                let mut payload = Generator { schemas, random }.make(schema, 0);
                let event = event_of(entry, &payload);
                if let Err(error) = read(&event, &payload) {
                    panic!("WEBHOOK_SEED={seed}: {entry}: {error}\n{payload:#}");
                }
                read_issues += usize::from(meaning(&event, None) == Meaning::Issue);
                // Some of them reach the board, as events of a tracked repository.
                if *seed == seeds[0] {
                    if let Some(repository) = payload.get_mut("repository") {
                        *repository = json!({ "full_name": REPOSITORY });
                    }
                    sent += 1;
                    deliver_to(&router, &event, &format!("d-{sent}"), &payload).await;
                    while process(given).await > 0 {}
                    let tracked =
                        "UPDATE repositories SET enabled = true, full_name = 'acme/tools'";
                    given.database.run(tracked).await;
                }
            }
        }
        assert!(sent > 200, "{sent}");
        assert!(read_issues >= 20 * seeds.len(), "{read_issues}");
        let unread = "SELECT count(*) FROM webhook_deliveries \
                      WHERE state NOT IN ('processed', 'ignored')";
        assert_eq!(given.database.number(unread).await, 0);
    })
    .await;
}
