//! The endpoints of the REST API. A response depends on the state only; the `ETag` is the digest of its body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::SubsecRound as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::json;
use super::state::{AutomationWorld, NewRun, RepositoryState, RunState};
use crate::simulator::repository::Repository;
use crate::simulator::{Simulator, lock};

/// A request of the REST API.
pub(crate) struct RestRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) etag: Option<&'a str>,
    /// The version of the API that the client names.
    pub(crate) version: Option<&'a str>,
    /// The address of the API that the client used.
    pub(crate) address: &'a str,
}

/// A response.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Answer {
    fn json(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string().into_bytes(), headers: vec![] }
    }

    fn problem(status: u16, message: &str) -> Self {
        let documentation_url = "https://docs.github.com/rest";
        let body = json!({
            "message": message, "documentation_url": documentation_url,
            "status": status.to_string(),
        });
        Self::json(status, &body)
    }

    fn not_found() -> Self {
        Self::problem(404, "Not Found")
    }
}

/// Answers a request.
pub(crate) fn answer(simulator: &Simulator, request: &RestRequest<'_>) -> Answer {
    let mut answer = route(simulator, request);
    if request.method == "GET" && answer.status == 200 {
        let etag = format!("W/\"{:x}\"", Sha256::digest(&answer.body));
        if request.etag == Some(etag.as_str()) {
            lock(&simulator.shared.automation).not_modified += 1;
            answer = Answer { status: 304, body: vec![], headers: vec![] };
        }
        answer.headers.push(("etag", etag));
    }
    answer
}

fn route(simulator: &Simulator, request: &RestRequest<'_>) -> Answer {
    let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["repos", owner, name, rest @ ..] => {
            repository_route(simulator, request, (&format!("{owner}/{name}"), rest))
        }
        ["users", login] => {
            let is_person = simulator.repositories().iter().all(|name| {
                !name.to_lowercase().starts_with(&format!("{}/", login.to_lowercase()))
            });
            let kind = if is_person { "User" } else { "Organization" };
            Answer::json(200, &json::user(login, kind))
        }
        ["orgs", owner, "packages"] => packages(simulator, request, owner),
        ["orgs", _, "packages", package_type, _, "versions"] => {
            Answer::json(200, &json!([json::package_version(1, package_type)]))
        }
        ["_logs", job] => log(simulator, job),
        _ => Answer::not_found(),
    }
}

fn repository_route(
    simulator: &Simulator,
    request: &RestRequest<'_>,
    (name, rest): (&str, &[&str]),
) -> Answer {
    let known = simulator.repositories();
    let Some(name) = known.iter().find(|one| one.eq_ignore_ascii_case(name)) else {
        return Answer::not_found();
    };
    let now = simulator.now().trunc_subsecs(0);
    let mut world = lock(&simulator.shared.automation);
    let state = world.repository(name);
    if state.forbidden.iter().any(|part| request.path.contains(part)) {
        return Answer::problem(403, "Resource not accessible by personal access token");
    }
    match (request.method, rest) {
        ("GET", ["actions", "workflows"]) => {
            let all = state.workflows.iter().map(|one| json::workflow(name, one)).collect();
            page(request, Some("workflows"), all)
        }
        ("GET", ["actions", "runs"]) => {
            let mut runs: Vec<&RunState> = state.runs.values().collect();
            runs.sort_by_key(|run| std::cmp::Reverse((run.created_at, run.id)));
            let all = runs.into_iter().map(|run| run_json(name, state, run)).collect();
            page(request, Some("workflow_runs"), all)
        }
        ("GET", ["actions", "runs", id, below @ ..]) => {
            let run = id.parse().ok().and_then(|id: i64| state.runs.get(&id));
            let Some(run) = run else { return Answer::not_found() };
            match below {
                [] => Answer::json(200, &run_json(name, state, run)),
                ["jobs"] => {
                    let jobs = run.jobs.iter().map(|job| json::job(name, run, job)).collect();
                    page(request, Some("jobs"), jobs)
                }
                ["artifacts"] => {
                    let all = run.artifacts.iter().map(|one| json::artifact(name, run, one));
                    page(request, Some("artifacts"), all.collect())
                }
                ["pending_deployments"] => {
                    let all = run.environments.iter().map(|environment| {
                        json!({
                            "environment": { "id": 1, "node_id": "EN_1", "name": environment },
                            "wait_timer": 0, "wait_timer_started_at": null,
                            "current_user_can_approve": true, "reviewers": [],
                        })
                    });
                    page(request, None, all.collect())
                }
                _ => Answer::not_found(),
            }
        }
        ("POST", ["actions", "runs", id, change]) => match id.parse() {
            Ok(id) => change_run(&mut world, name, (id, change), now),
            Err(_) => Answer::not_found(),
        },
        ("POST", ["actions", "workflows", id, "dispatches"]) => {
            let id = id.parse().unwrap_or_default();
            drop(world);
            dispatch(simulator, request, name, id)
        }
        ("GET", ["actions", "jobs", id, "logs"]) => {
            let location = format!("{}/_logs/{id}", request.address);
            Answer { status: 302, body: vec![], headers: vec![("location", location)] }
        }
        ("GET", ["contents", ".github", "workflows"]) => {
            let all: Vec<Value> = state
                .workflows
                .iter()
                .map(|one| json::file(name, &one.path, &one.file, None))
                .collect();
            if all.is_empty() { Answer::not_found() } else { Answer::json(200, &json!(all)) }
        }
        ("GET", ["contents", path @ ..]) => {
            let path = path.join("/");
            match state.workflows.iter().find(|one| one.path == path) {
                Some(one) => {
                    let content = STANDARD.encode(&one.file);
                    Answer::json(200, &json::file(name, &path, &one.file, Some(&content)))
                }
                None => Answer::not_found(),
            }
        }
        ("GET", ["commits"]) => {
            let newest = state.runs.values().filter(|run| run.branch == "main");
            match newest.max_by_key(|run| (run.created_at, run.id)) {
                Some(run) => Answer::json(200, &json!([json::commit(name, run)])),
                None => Answer::problem(409, "Git Repository is empty."),
            }
        }
        ("GET", ["commits", sha, "check-runs"]) => {
            let all = state.checks.iter().map(|check| json::check(name, sha, check)).collect();
            page(request, Some("check_runs"), all)
        }
        ("GET", ["releases"]) => {
            let all = state.releases.iter().rev().map(|one| json::release(name, one)).collect();
            page(request, None, all)
        }
        ("GET", ["pulls"]) => {
            drop(world);
            let found = simulator.world().named(name).map(Repository::pull_requests);
            let open = found.unwrap_or_default().into_iter().filter(|one| one.closed_at.is_none());
            page(request, None, open.map(|one| json::pull_request(name, &one)).collect())
        }
        ("GET", ["deployments"]) => {
            let all = state.deployments.iter().rev();
            page(request, None, all.map(|one| json::deployment(name, one)).collect())
        }
        ("GET", ["deployments", id, "statuses"]) => {
            let found = state.deployments.iter().find(|one| one.id.to_string() == *id);
            let all = found.map(|one| json::deployment_status(name, one));
            page(request, None, all.into_iter().collect())
        }
        ("GET", ["secret-scanning", "alerts"]) => match state.secret_alerts {
            None => Answer::problem(404, "Secret scanning is disabled on this repository."),
            Some(alerts) => {
                let all = (1..=alerts).map(
                    |number| json!({ "number": number, "state": "open", "secret_type": "example" }),
                );
                page(request, None, all.collect())
            }
        },
        _ => Answer::not_found(),
    }
}

fn run_json(name: &str, state: &RepositoryState, run: &RunState) -> Value {
    let workflow = state.workflows.iter().find(|one| one.id == run.workflow);
    json::run(name, run, workflow)
}

/// A page of a list, with the link to the next one.
fn page(request: &RestRequest<'_>, member: Option<&str>, all: Vec<Value>) -> Answer {
    let parameter = |wanted: &str| {
        request.query.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            (name == wanted).then(|| value.parse::<usize>().ok())?
        })
    };
    let (size, number) =
        (parameter("per_page").unwrap_or(30).clamp(1, 100), parameter("page").unwrap_or(1).max(1));
    let total = all.len();
    let items: Vec<Value> = all.into_iter().skip((number - 1) * size).take(size).collect();
    let body = match member {
        Some(member) => json!({ "total_count": total, member: items }),
        None => json!(items),
    };
    let mut answer = Answer::json(200, &body);
    if number * size < total {
        let kept = request.query.split('&').filter(|pair| !pair.starts_with("page="));
        let kept: Vec<&str> = kept.filter(|pair| !pair.is_empty()).collect();
        let (address, path, next) = (request.address, request.path, number + 1);
        let link = format!("<{address}{path}?{}&page={next}>; rel=\"next\"", kept.join("&"));
        answer.headers.push(("link", link));
    }
    answer
}

fn change_run(
    world: &mut AutomationWorld,
    name: &str,
    (id, change): (i64, &str),
    now: chrono::DateTime<chrono::Utc>,
) -> Answer {
    let Some(run) = world.repository(name).runs.get_mut(&id) else { return Answer::not_found() };
    let is_completed = run.status == "completed";
    let updated_at = now.max(run.updated_at + chrono::TimeDelta::seconds(1));
    match change {
        "rerun" | "rerun-failed-jobs" if !is_completed => {
            Answer::problem(403, "This workflow is already running")
        }
        "rerun-failed-jobs" if run.conclusion.as_deref() == Some("success") => {
            Answer::problem(403, "This workflow run has no failed jobs")
        }
        "rerun" | "rerun-failed-jobs" => {
            run.attempt += 1;
            "queued".clone_into(&mut run.status);
            run.conclusion = None;
            (run.started_at, run.updated_at) = (updated_at, updated_at);
            run.jobs.clear();
            Answer::json(201, &json!({}))
        }
        "cancel" | "force-cancel" if is_completed => {
            Answer::problem(409, "Cannot cancel a workflow run that is completed.")
        }
        "cancel" | "force-cancel" => {
            "completed".clone_into(&mut run.status);
            run.conclusion = Some("cancelled".to_owned());
            run.updated_at = updated_at;
            for job in run.jobs.iter_mut().filter(|job| job.status != "completed") {
                "completed".clone_into(&mut job.status);
                job.conclusion = Some("cancelled".to_owned());
                job.times.2 = Some(updated_at);
            }
            Answer::json(202, &json!({}))
        }
        _ => Answer::not_found(),
    }
}

fn dispatch(simulator: &Simulator, request: &RestRequest<'_>, name: &str, workflow: i64) -> Answer {
    let found = {
        let mut world = lock(&simulator.shared.automation);
        let workflows = &world.repository(name).workflows;
        workflows.iter().find(|one| one.id == workflow).cloned()
    };
    let Some(found) = found else { return Answer::not_found() };
    let body: Value = serde_json::from_slice(request.body).unwrap_or_default();
    let Some(git_ref) = body["ref"].as_str() else {
        return Answer::problem(422, "Invalid request. \"ref\" wasn't supplied.");
    };
    if body["inputs"].as_object().is_some_and(|inputs| inputs.len() > 25) {
        return Answer::problem(422, "Invalid request. Too many inputs.");
    }
    if !found.file.contains("workflow_dispatch") {
        return Answer::problem(422, "Workflow does not have 'workflow_dispatch' trigger");
    }
    if git_ref.starts_with("missing") {
        return Answer::problem(422, &format!("No ref found for: {git_ref}"));
    }
    let new = NewRun {
        event: "workflow_dispatch",
        branch: git_ref.to_owned(),
        title: found.name.clone(),
        ..NewRun::default()
    };
    // The current version always returns the run; the former one does on request.
    let is_current = request.version == Some("2026-03-10");
    if is_current && body.get("return_run_details").is_some() {
        return Answer::problem(
            422,
            "Invalid request. \"return_run_details\" is not a permitted key.",
        );
    }
    let run = simulator.start_run(name, workflow, new);
    if !is_current && body["return_run_details"] != true {
        return Answer { status: 204, body: vec![], headers: vec![] };
    }
    let details = json!({
        "workflow_run_id": run,
        "run_url": format!("https://api.github.example/repos/{name}/actions/runs/{run}"),
        "html_url": format!("https://github.example/{name}/actions/runs/{run}"),
    });
    Answer::json(200, &details)
}

fn packages(simulator: &Simulator, request: &RestRequest<'_>, owner: &str) -> Answer {
    let names = simulator.repositories();
    let world = lock(&simulator.shared.automation);
    let mut all = Vec::new();
    for name in names.iter().filter(|name| name.starts_with(&format!("{owner}/"))) {
        if let Some(state) = world.repositories.get(&name.to_lowercase()) {
            let is_asked = |(_, package_type, _): &&(i64, &str, String)| {
                request.query.contains(&format!("package_type={package_type}"))
            };
            let asked = state.packages.iter().filter(is_asked);
            all.extend(asked.map(|one| json::package(name, one)));
        }
    }
    page(request, None, all)
}

fn log(simulator: &Simulator, job: &str) -> Answer {
    let world = lock(&simulator.shared.automation);
    let runs = world.repositories.values().flat_map(|state| state.runs.values());
    let found = runs.flat_map(|run| &run.jobs).find(|one| one.id.to_string() == job);
    match found {
        Some(job) if !job.log.is_empty() => {
            Answer { status: 200, body: job.log.clone().into_bytes(), headers: vec![] }
        }
        _ => Answer::not_found(),
    }
}
