//! The published shapes of the REST API: every member that GitHub's description requires.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::state::{DeploymentState, ReleaseState, RunState, SimulatedJob, WorkflowState};
use crate::simulator::objects::Issue;

pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn node(kind: &str, id: i64) -> String {
    format!("{kind}_kwDOSim{id:x}")
}

pub(super) fn user(login: &str, kind: &str) -> Value {
    let api = format!("https://api.github.example/users/{login}");
    json!({
        "login": login, "id": 1, "node_id": "U_kgDOSim1", "gravatar_id": "", "type": kind,
        "avatar_url": "https://avatars.githubusercontent.com/u/1?v=4", "url": api,
        "html_url": format!("https://github.example/{login}"), "site_admin": false,
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
    let api = format!("https://api.github.example/repos/{full_name}");
    let mut of = json!({
        "id": 1, "node_id": "R_kgDOSim1", "name": name, "full_name": full_name,
        "owner": user(owner, "Organization"), "private": false, "fork": false, "description": null,
        "html_url": format!("https://github.example/{full_name}"), "url": api,
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

/// A repository with the members that a minimal one may lack.
fn whole_repository(full_name: &str) -> Value {
    let mut of = repository(full_name);
    let page = format!("https://github.example/{full_name}");
    let at = "2026-01-05T12:00:00Z";
    let more = json!({
        "clone_url": format!("{page}.git"), "git_url": format!("git://github.example/{full_name}.git"),
        "ssh_url": format!("git@github.example:{full_name}.git"), "svn_url": page,
        "default_branch": "main", "forks": 0, "forks_count": 0, "open_issues": 0,
        "open_issues_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0,
        "size": 0, "has_downloads": true, "has_issues": true, "has_projects": true,
        "has_wiki": true, "has_pages": false, "has_discussions": false, "homepage": null,
        "language": null, "archived": false, "disabled": false, "mirror_url": null,
        "license": null, "pushed_at": at, "created_at": at, "updated_at": at,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        of[name] = value.clone();
    }
    of
}

pub(super) fn workflow(full_name: &str, of: &WorkflowState) -> Value {
    let WorkflowState { id, name, path, state, created_at, .. } = of;
    json!({
        "id": id, "node_id": node("W", *id), "name": name, "path": path, "state": state,
        "created_at": time(*created_at), "updated_at": time(*created_at),
        "url": format!("https://api.github.example/repos/{full_name}/actions/workflows/{id}"),
        "html_url": format!("https://github.example/{full_name}/blob/main/{path}"),
        "badge_url": format!("https://github.example/{full_name}/workflows/{name}/badge.svg"),
    })
}

pub(super) fn run(full_name: &str, of: &RunState, workflow: Option<&WorkflowState>) -> Value {
    let id = of.id;
    let api = format!("https://api.github.example/repos/{full_name}/actions/runs/{id}");
    json!({
        "id": id, "node_id": node("WFR", id), "name": workflow.map(|one| &one.name),
        "check_suite_id": id, "check_suite_node_id": node("CS", id),
        "head_branch": of.branch, "head_sha": of.sha,
        "path": workflow.map_or("", |one| &one.path), "run_number": of.number,
        "run_attempt": of.attempt, "event": of.event, "status": of.status,
        "conclusion": of.conclusion, "workflow_id": of.workflow, "display_title": of.title,
        "url": api, "html_url": format!("https://github.example/{full_name}/actions/runs/{id}"),
        "pull_requests": [], "created_at": time(of.created_at), "updated_at": time(of.updated_at),
        "run_started_at": time(of.started_at), "actor": user(&of.actor, "User"),
        "triggering_actor": user(&of.actor, "User"), "jobs_url": format!("{api}/jobs"),
        "logs_url": format!("{api}/logs"), "check_suite_url": format!("{api}/check-suites/{id}"),
        "artifacts_url": format!("{api}/artifacts"), "cancel_url": format!("{api}/cancel"),
        "rerun_url": format!("{api}/rerun"), "previous_attempt_url": null,
        "workflow_url":
            format!("https://api.github.example/repos/{full_name}/actions/workflows/{}", of.workflow),
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
    let api = format!("https://api.github.example/repos/{full_name}/actions");
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
        "html_url": format!("https://github.example/{full_name}/actions/runs/{}/job/{id}", run.id),
        "status": of.status, "conclusion": of.conclusion, "created_at": time(created_at),
        "started_at": time(started_at.unwrap_or(created_at)),
        "completed_at": completed_at.map(time), "steps": steps, "labels": of.labels,
        "check_run_url": format!("https://api.github.example/repos/{full_name}/check-runs/{id}"),
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
    let api = format!("https://api.github.example/repos/{full_name}/actions/artifacts/{id}");
    let expires_at = run.created_at + chrono::TimeDelta::days(90);
    json!({
        "id": id, "node_id": node("MDg6QXJ0", *id), "name": name, "size_in_bytes": bytes, "url": api,
        "archive_download_url": format!("{api}/zip"), "expired": false,
        "created_at": time(run.created_at), "expires_at": time(expires_at),
        "updated_at": time(run.created_at),
    })
}

pub(super) fn commit(full_name: &str, run: &RunState) -> Value {
    let sha = &run.sha;
    let api = format!("https://api.github.example/repos/{full_name}");
    let person = json!({
        "name": run.actor, "email": "octavia@example.org", "date": time(run.created_at),
    });
    json!({
        "sha": sha, "node_id": format!("C_{sha}"), "url": format!("{api}/commits/{sha}"),
        "html_url": format!("https://github.example/{full_name}/commit/{sha}"),
        "comments_url": format!("{api}/commits/{sha}/comments"),
        "commit": {
            "message": run.title, "author": person, "committer": person, "comment_count": 0,
            "url": format!("{api}/git/commits/{sha}"),
            "tree": { "sha": sha, "url": format!("{api}/git/trees/{sha}") },
        },
        "author": user(&run.actor, "User"), "committer": user(&run.actor, "User"), "parents": [],
    })
}

pub(super) fn check(
    full_name: &str,
    sha: &str,
    (id, name, conclusion): &(i64, String, Option<String>),
) -> Value {
    let at = "2026-05-20T11:00:00Z";
    json!({
        "id": id, "node_id": node("CR", *id), "head_sha": sha, "name": name, "external_id": "",
        "url": format!("https://api.github.example/repos/{full_name}/check-runs/{id}"),
        "html_url": format!("https://github.example/{full_name}/runs/{id}"),
        "details_url": "https://example.org/check", "conclusion": conclusion,
        "status": if conclusion.is_some() { "completed" } else { "in_progress" },
        "started_at": at, "completed_at": conclusion.is_some().then_some(at),
        "output": {
            "title": null, "summary": null, "text": null, "annotations_count": 0,
            "annotations_url": "https://api.github.example/annotations",
        },
        "check_suite": { "id": 5 }, "pull_requests": [],
        "app": {
            "id": 9, "node_id": "A_9", "slug": "example-coverage", "name": "Example Coverage",
            "owner": user("example", "Organization"), "description": null,
            "external_url": "https://example.org", "html_url": "https://github.example/apps/example",
            "created_at": at, "updated_at": at, "permissions": {}, "events": [],
        },
    })
}

pub(super) fn release(full_name: &str, of: &ReleaseState) -> Value {
    let ReleaseState { id, tag, created_at, published_at } = of;
    let api = format!("https://api.github.example/repos/{full_name}/releases/{id}");
    json!({
        "id": id, "node_id": node("RE", *id), "tag_name": tag, "name": tag, "body": null,
        "target_commitish": "main", "draft": published_at.is_none(), "prerelease": false,
        "created_at": time(*created_at), "published_at": published_at.map(time),
        "author": user("octavia", "User"), "assets": [], "url": api,
        "assets_url": format!("{api}/assets"), "upload_url": format!("{api}/assets{{?name,label}}"),
        "html_url": format!("https://github.example/{full_name}/releases/tag/{tag}"),
        "tarball_url": null, "zipball_url": null,
    })
}

pub(super) fn pull_request(full_name: &str, of: &Issue) -> Value {
    let Issue { number, title, created_at, updated_at, closed_at, .. } = of;
    let details = &of.pull_request;
    let (sha, author) = (&details.head_sha, of.author.as_deref().unwrap_or("ghost"));
    let api = format!("https://api.github.example/repos/{full_name}");
    let url = format!("{api}/pulls/{number}");
    let repository = whole_repository(full_name);
    let side = |git_ref: &str| {
        json!({
            "label": format!("{author}:{git_ref}"), "ref": git_ref, "repo": repository,
            "sha": sha, "user": user(author, "User"),
        })
    };
    let link = |href: String| json!({ "href": href });
    json!({
        "url": url, "id": number, "node_id": of.id, "number": number,
        "html_url": format!("https://github.example/{full_name}/pull/{number}"),
        "diff_url": format!("https://github.example/{full_name}/pull/{number}.diff"),
        "patch_url": format!("https://github.example/{full_name}/pull/{number}.patch"),
        "issue_url": format!("{api}/issues/{number}"), "commits_url": format!("{url}/commits"),
        "review_comments_url": format!("{url}/comments"),
        "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
        "comments_url": format!("{api}/issues/{number}/comments"),
        "statuses_url": format!("{api}/statuses/{sha}"),
        "state": if closed_at.is_none() { "open" } else { "closed" }, "locked": false,
        "title": title, "user": user(author, "User"), "body": null, "labels": [],
        "milestone": null, "created_at": time(*created_at), "updated_at": time(*updated_at),
        "closed_at": closed_at.map(time), "merged_at": details.merged_at.map(time),
        "merge_commit_sha": null, "assignee": null, "head": side(&details.branch),
        "base": side("main"), "draft": details.is_draft,
        "_links": {
            "comments": link(format!("{url}/comments")), "commits": link(format!("{url}/commits")),
            "statuses": link(format!("{url}/statuses")), "html": link(url.clone()),
            "issue": link(format!("{api}/issues/{number}")),
            "review_comments": link(format!("{url}/comments")),
            "review_comment": link(format!("{url}/comments")), "self": link(url.clone()),
        },
        "author_association": "MEMBER", "auto_merge": null,
    })
}

pub(super) fn deployment(full_name: &str, of: &DeploymentState) -> Value {
    let DeploymentState { id, environment, created_at, .. } = of;
    let api = format!("https://api.github.example/repos/{full_name}");
    let url = format!("{api}/deployments/{id}");
    json!({
        "url": url, "id": id, "node_id": node("DE", *id), "ref": "main", "task": "deploy",
        "sha": "0123456789abcdef0123456789abcdef01234567", "payload": {},
        "environment": environment, "original_environment": environment, "description": null,
        "creator": user("octavia", "User"), "created_at": time(*created_at),
        "updated_at": time(*created_at), "statuses_url": format!("{url}/statuses"),
        "repository_url": api,
    })
}

pub(super) fn deployment_status(full_name: &str, of: &DeploymentState) -> Value {
    let DeploymentState { id, environment, state, run, created_at } = of;
    let api = format!("https://api.github.example/repos/{full_name}");
    let log = format!("https://github.example/{full_name}/actions/runs/{run}/job/1");
    json!({
        "url": format!("{api}/deployments/{id}/statuses/1"), "id": 1, "node_id": "DS_1",
        "state": state, "creator": user("octavia", "User"), "description": "", "target_url": log,
        "environment": environment, "log_url": log, "environment_url": "https://example.org",
        "created_at": time(*created_at), "updated_at": time(*created_at),
        "deployment_url": format!("{api}/deployments/{id}"), "repository_url": api,
    })
}

pub(super) fn package(
    full_name: &str,
    (id, package_type, name): &(i64, &'static str, String),
) -> Value {
    let (owner, _) = full_name.split_once('/').unwrap_or(("", ""));
    json!({
        "id": id, "name": name, "package_type": package_type, "visibility": "public",
        "url": format!("https://api.github.example/orgs/{owner}/packages/{package_type}/{name}"),
        "html_url":
            format!("https://github.example/orgs/{owner}/packages/{package_type}/package/{name}"),
        "version_count": 1, "repository": repository(full_name),
        "created_at": "2026-01-05T12:00:00Z", "updated_at": "2026-05-20T12:00:00Z",
    })
}

pub(super) fn package_version(id: i64, package_type: &str) -> Value {
    let (name, metadata) = match package_type {
        "container" => (
            format!("sha256:{id:064x}"),
            json!({ "package_type": "container", "container": { "tags": ["latest", "1.4.0"] } }),
        ),
        other => (format!("1.4.{id}"), json!({ "package_type": other })),
    };
    json!({
        "id": id, "name": name, "metadata": metadata,
        "url": format!("https://api.github.example/packages/{id}"),
        "package_html_url": "https://github.example/packages", "created_at": "2026-05-20T12:00:00Z",
        "updated_at": "2026-05-20T12:00:00Z",
    })
}

/// A file, or an entry of a directory when it has no content.
pub(super) fn file(full_name: &str, path: &str, text: &str, content: Option<&str>) -> Value {
    let api = format!("https://api.github.example/repos/{full_name}");
    let name = path.rsplit('/').next().unwrap_or(path);
    let sha = sha_of(text);
    let mut of = json!({
        "type": "file", "size": text.len(), "name": name, "path": path, "sha": sha,
        "url": format!("{api}/contents/{path}?ref=main"),
        "git_url": format!("{api}/git/blobs/{sha}"),
        "html_url": format!("https://github.example/{full_name}/blob/main/{path}"),
        "download_url": format!("https://raw.githubusercontent.com/{full_name}/main/{path}"),
        "_links": {
            "self": format!("{api}/contents/{path}?ref=main"),
            "git": format!("{api}/git/blobs/{sha}"),
            "html": format!("https://github.example/{full_name}/blob/main/{path}"),
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
