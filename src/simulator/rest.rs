//! The simulated REST API, as far as Dispatch uses it: whose a token is, an issue and its labels. Its
//! shapes are those of GitHub's description.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Simulator;
use super::answer::problem;
use super::request_log::Write;
use super::world::{Issue, Label, Refusal, World};

/// The login of the owner of every personal token.
const VIEWER: &str = "dispatch-bot";

pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/user", get(user))
        .route("/repos/{owner}/{name}/issues/{number}", get(issue))
        .route("/repos/{owner}/{name}/issues/{number}/labels", post(add_labels))
        .route("/repos/{owner}/{name}/issues/{number}/labels/{label}", delete(remove_label))
        .route("/repos/{owner}/{name}/labels", post(create_label))
        .route("/repos/{owner}/{name}/labels/{label}", get(label))
}

async fn user() -> Response {
    Json(json!({ "login": VIEWER, "id": 1, "type": "User" })).into_response()
}

async fn issue(
    State(simulator): State<Simulator>,
    Path((owner, name, number)): Path<(String, String, i64)>,
) -> Response {
    answer(&simulator, (&owner, &name), |world, repository| {
        let slot = world.slot(repository)?;
        let found = world.repository(slot).and_then(|known| known.issues.get(&number).cloned());
        let issue = found.ok_or_else(|| Refusal::no_repository(repository))?;
        let labels = labels_of(world, repository, &issue)?;
        let time =
            |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut body = json!({
            "node_id": issue.id,
            "number": issue.number,
            "title": issue.title,
            "state": if issue.closed_at.is_some() { "closed" } else { "open" },
            "labels": labels,
            "updated_at": time(issue.updated_at),
            "closed_at": issue.closed_at.map(time),
        });
        if issue.is_pull_request {
            body["pull_request"] = json!({});
        }
        Ok((StatusCode::OK, body))
    })
}

#[derive(Deserialize)]
struct LabelNames {
    labels: Vec<String>,
}

async fn add_labels(
    State(simulator): State<Simulator>,
    Path((owner, name, number)): Path<(String, String, i64)>,
    body: String,
) -> Response {
    let Ok(LabelNames { labels }) = serde_json::from_str(&body) else {
        return problem(StatusCode::BAD_REQUEST, "Problems parsing JSON");
    };
    relabel(&simulator, (&owner, &name, number), (&labels, true))
}

async fn remove_label(
    State(simulator): State<Simulator>,
    Path((owner, name, number, label)): Path<(String, String, i64, String)>,
) -> Response {
    relabel(&simulator, (&owner, &name, number), (&[label], false))
}

fn relabel(
    simulator: &Simulator,
    (owner, name, number): (&str, &str, i64),
    (labels, adds): (&[String], bool),
) -> Response {
    let now = simulator.now();
    answer(simulator, (owner, name), |world, repository| {
        let slot = world.slot(repository)?;
        world.check_write(slot)?;
        let names: Vec<&str> = labels.iter().map(String::as_str).collect();
        let mut keys = match adds {
            true => world.label_keys(slot, labels)?,
            false => world.known_label_keys(slot, &names),
        };
        let known = world.repository(slot).and_then(|known| known.issues.get(&number));
        let issue = known.ok_or_else(|| Refusal::no_repository(repository))?;
        keys.retain(|key| issue.labels.contains(key) != adds);
        if keys.is_empty() && !adds {
            return Ok((StatusCode::NOT_FOUND, json!({ "message": "Label does not exist" })));
        }
        let changed = match adds {
            true => world.relabel(slot, number, now, &keys, &[])?,
            false => world.relabel(slot, number, now, &[], &keys)?,
        };
        if !keys.is_empty() {
            let (repository, labels) = (repository.to_owned(), labels.to_vec());
            simulator.log_write(match adds {
                true => Write::Labelled { repository, number, labels },
                false => Write::Unlabelled { repository, number, labels },
            });
        }
        Ok((StatusCode::OK, Value::Array(labels_of(world, repository, &changed)?)))
    })
}

#[derive(Deserialize)]
struct NewLabel {
    name: String,
    #[serde(default)]
    color: String,
}

async fn create_label(
    State(simulator): State<Simulator>,
    Path((owner, name)): Path<(String, String)>,
    body: String,
) -> Response {
    let Ok(new) = serde_json::from_str::<NewLabel>(&body) else {
        return problem(StatusCode::BAD_REQUEST, "Problems parsing JSON");
    };
    answer(&simulator, (&owner, &name), |world, repository| {
        let slot = world.slot(repository)?;
        world.check_create_label(slot)?;
        Ok(match world.add_label(slot, &new.name, &new.color) {
            Ok(label) => {
                simulator.log_write(Write::LabelCreated {
                    repository: repository.to_owned(),
                    name: label.name.clone(),
                    color: label.color.clone(),
                });
                (StatusCode::CREATED, raw(&label))
            }
            Err(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                json!({ "message": "Validation Failed", "errors": [{ "code": "already_exists" }] }),
            ),
        })
    })
}

async fn label(
    State(simulator): State<Simulator>,
    Path((owner, name, label)): Path<(String, String, String)>,
) -> Response {
    answer(&simulator, (&owner, &name), |world, repository| {
        let slot = world.slot(repository)?;
        let key = world.known_label_keys(slot, &[&label]).into_iter().next();
        let known = world.repository(slot);
        let found = known.and_then(|known| known.labels.get(&key?));
        Ok(match found {
            Some(label) => (StatusCode::OK, raw(label)),
            None => (StatusCode::NOT_FOUND, json!({ "message": "Not Found" })),
        })
    })
}

fn raw(label: &Label) -> Value {
    json!({ "id": 1, "node_id": label.id, "name": label.name, "color": label.color })
}

fn labels_of(world: &World, repository: &str, issue: &Issue) -> Result<Vec<Value>, Refusal> {
    let known = world.named(repository)?;
    Ok(issue
        .labels
        .iter()
        .filter_map(|key| known.labels.get(key))
        .map(|label| raw(label))
        .collect())
}

/// Answers a request about a repository; by a redirect if it has another name by now.
fn answer(
    simulator: &Simulator,
    (owner, name): (&str, &str),
    work: impl FnOnce(&mut World, &str) -> Result<(StatusCode, Value), Refusal>,
) -> Response {
    let (mut world, name) = (simulator.world(), format!("{owner}/{name}"));
    if world.named(&name).is_ok_and(|known| !known.full_name.eq_ignore_ascii_case(&name)) {
        return problem(StatusCode::MOVED_PERMANENTLY, "Moved Permanently");
    }
    match work(&mut world, &name) {
        Ok((status, body)) => (status, Json(body)).into_response(),
        Err(refusal) if refusal.kind == "FORBIDDEN" => {
            problem(StatusCode::FORBIDDEN, &refusal.message)
        }
        Err(_) => problem(StatusCode::NOT_FOUND, "Not Found"),
    }
}
