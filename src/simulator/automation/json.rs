//! The published shapes of the REST API: every member that GitHub's description requires.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::state::{RunState, SimulatedJob, WorkflowState};

pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn node(kind: &str, id: i64) -> String {
    format!("{kind}_kwDOSim{id:x}")
}

pub(super) fn user(login: &str, kind: &str) -> Value {
    let api = format!("https://api.github.com/users/{login}");
    json!({
        "login": login, "id": 1, "node_id": "U_kgDOSim1", "gravatar_id": "", "type": kind,
        "avatar_url": "https://avatars.githubusercontent.com/u/1?v=4", "url": api,
        "html_url": format!("https://github.com/{login}"), "site_admin": false,
        "followers_url": format!("{api}/followers"),
        "following_url": format!("{api}/following{{/other_user}}"),
        "gists_url": format!("{api}/gists{{/gist_id}}"),
        "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{api}/subscriptions"),
        "organizations_url": format!("{api}/orgs"), "repos_url": format!("{api}/repos"),
        "events_url": format!("{api}/events{{/privacy}}"),
        "received_events_url": format!("{api}/received_events"),
    })
}

/// A minimal repository.
pub(super) fn repository(full_name: &str) -> Value {
    let (owner, name) = full_name.split_once('/').unwrap_or(("", full_name));
    let api = format!("https://api.github.com/repos/{full_name}");
    let mut of = json!({
        "id": 1, "node_id": "R_kgDOSim1", "name": name, "full_name": full_name,
        "owner": user(owner, "Organization"), "private": false, "fork": false, "description": null,
        "html_url": format!("https://github.com/{full_name}"), "url": api,
        "hooks_url": format!("{api}/hooks"),
    });
    for member in [
        "archive",
        "assignees",
        "blobs",
        "branches",
        "collaborators",
        "comments",
        "commits",
        "compare",
        "contents",
        "contributors",
        "deployments",
        "downloads",
        "events",
        "forks",
        "git_commits",
        "git_refs",
        "git_tags",
        "issue_comment",
        "issue_events",
        "issues",
        "keys",
        "labels",
        "languages",
        "merges",
        "milestones",
        "notifications",
        "pulls",
        "releases",
        "stargazers",
        "statuses",
        "subscribers",
        "subscription",
        "tags",
        "teams",
        "trees",
    ] {
        of[format!("{member}_url")] = json!(format!("{api}/{member}"));
    }
    of
}

pub(super) fn workflow(full_name: &str, of: &WorkflowState) -> Value {
    let WorkflowState { id, name, path, state, created_at, .. } = of;
    json!({
        "id": id, "node_id": node("W", *id), "name": name, "path": path, "state": state,
        "created_at": time(*created_at), "updated_at": time(*created_at),
        "url": format!("https://api.github.com/repos/{full_name}/actions/workflows/{id}"),
        "html_url": format!("https://github.com/{full_name}/blob/main/{path}"),
        "badge_url": format!("https://github.com/{full_name}/workflows/{name}/badge.svg"),
    })
}

pub(super) fn run(full_name: &str, of: &RunState, workflow: Option<&WorkflowState>) -> Value {
    let id = of.id;
    let api = format!("https://api.github.com/repos/{full_name}/actions/runs/{id}");
    json!({
        "id": id, "node_id": node("WFR", id), "name": workflow.map(|one| &one.name),
        "check_suite_id": id, "check_suite_node_id": node("CS", id),
        "head_branch": of.branch, "head_sha": of.sha,
        "path": workflow.map_or("", |one| &one.path), "run_number": of.number,
        "run_attempt": of.attempt, "event": of.event, "status": of.status,
        "conclusion": of.conclusion, "workflow_id": of.workflow, "display_title": of.title,
        "url": api, "html_url": format!("https://github.com/{full_name}/actions/runs/{id}"),
        "pull_requests": [], "created_at": time(of.created_at), "updated_at": time(of.updated_at),
        "run_started_at": time(of.started_at), "actor": user(&of.actor, "User"),
        "triggering_actor": user(&of.actor, "User"), "jobs_url": format!("{api}/jobs"),
        "logs_url": format!("{api}/logs"), "check_suite_url": format!("{api}/check-suites/{id}"),
        "artifacts_url": format!("{api}/artifacts"), "cancel_url": format!("{api}/cancel"),
        "rerun_url": format!("{api}/rerun"), "previous_attempt_url": null,
        "workflow_url":
            format!("https://api.github.com/repos/{full_name}/actions/workflows/{}", of.workflow),
        "head_commit": {
            "id": of.sha, "tree_id": of.sha, "message": of.title, "timestamp": time(of.created_at),
            "author": { "name": of.actor, "email": "octavia@example.org" },
            "committer": { "name": of.actor, "email": "octavia@example.org" },
        },
        "repository": repository(full_name), "head_repository": repository(full_name),
    })
}

pub(super) fn job(full_name: &str, run: &RunState, of: &SimulatedJob) -> Value {
    let id = of.id;
    let (created_at, started_at, completed_at) = of.times;
    let created_at = created_at.unwrap_or(run.started_at);
    let api = format!("https://api.github.com/repos/{full_name}/actions");
    let is_taken = started_at.is_some();
    let steps: Vec<Value> = of
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| {
            json!({
                "name": step.name, "number": at + 1, "conclusion": step.conclusion,
                "status": if step.conclusion.is_some() { "completed" } else { "in_progress" },
                "started_at": started_at.map(time), "completed_at": completed_at.map(time),
            })
        })
        .collect();
    json!({
        "id": id, "node_id": node("CR", id), "run_id": run.id,
        "run_url": format!("{api}/runs/{}", run.id), "run_attempt": run.attempt,
        "head_sha": run.sha, "head_branch": run.branch, "workflow_name": null, "name": of.name,
        "url": format!("{api}/jobs/{id}"),
        "html_url": format!("https://github.com/{full_name}/actions/runs/{}/job/{id}", run.id),
        "status": of.status, "conclusion": of.conclusion, "created_at": time(created_at),
        "started_at": time(started_at.unwrap_or(created_at)),
        "completed_at": completed_at.map(time), "steps": steps, "labels": of.labels,
        "check_run_url": format!("https://api.github.com/repos/{full_name}/check-runs/{id}"),
        "runner_id": is_taken.then_some(7),
        "runner_name": is_taken.then_some("GitHub Actions 7"),
        "runner_group_id": is_taken.then_some(2),
        "runner_group_name": is_taken.then_some("GitHub Actions"),
    })
}

pub(super) fn artifact(
    full_name: &str,
    run: &RunState,
    (id, name, bytes): &(i64, String, i64),
) -> Value {
    let api = format!("https://api.github.com/repos/{full_name}/actions/artifacts/{id}");
    let expires_at = run.created_at + chrono::TimeDelta::days(90);
    json!({
        "id": id, "node_id": node("MDg6QXJ0", *id), "name": name, "size_in_bytes": bytes, "url": api,
        "archive_download_url": format!("{api}/zip"), "expired": false,
        "created_at": time(run.created_at), "expires_at": time(expires_at),
        "updated_at": time(run.created_at),
    })
}

pub(super) fn package(full_name: &str, (id, name): &(i64, String)) -> Value {
    let (owner, _) = full_name.split_once('/').unwrap_or(("", ""));
    json!({
        "id": id, "name": name, "package_type": "container", "visibility": "public",
        "url": format!("https://api.github.com/orgs/{owner}/packages/container/{name}"),
        "html_url": format!("https://github.com/orgs/{owner}/packages/container/package/{name}"),
        "version_count": 1, "repository": repository(full_name),
        "created_at": "2026-01-05T12:00:00Z", "updated_at": "2026-05-20T12:00:00Z",
    })
}

pub(super) fn package_version(id: i64) -> Value {
    json!({
        "id": id, "name": format!("sha256:{id:064x}"), "metadata":
            { "package_type": "container", "container": { "tags": ["latest", "1.4.0"] } },
        "url": format!("https://api.github.com/packages/{id}"),
        "package_html_url": "https://github.com/packages", "created_at": "2026-05-20T12:00:00Z",
        "updated_at": "2026-05-20T12:00:00Z",
    })
}

/// A file, or an entry of a directory when it has no content.
pub(super) fn file(full_name: &str, path: &str, text: &str, content: Option<&str>) -> Value {
    let api = format!("https://api.github.com/repos/{full_name}");
    let name = path.rsplit('/').next().unwrap_or(path);
    let sha = sha_of(text);
    let mut of = json!({
        "type": "file", "size": text.len(), "name": name, "path": path, "sha": sha,
        "url": format!("{api}/contents/{path}?ref=main"),
        "git_url": format!("{api}/git/blobs/{sha}"),
        "html_url": format!("https://github.com/{full_name}/blob/main/{path}"),
        "download_url": format!("https://raw.githubusercontent.com/{full_name}/main/{path}"),
        "_links": {
            "self": format!("{api}/contents/{path}?ref=main"),
            "git": format!("{api}/git/blobs/{sha}"),
            "html": format!("https://github.com/{full_name}/blob/main/{path}"),
        },
    });
    if let Some(content) = content {
        of["encoding"] = json!("base64");
        of["content"] = json!(content);
    }
    of
}

fn sha_of(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(text.as_bytes());
    format!("{digest:x}").chars().take(40).collect()
}
