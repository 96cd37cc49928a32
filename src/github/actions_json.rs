//! Reads objects of GitHub Actions and others that the REST API and webhooks share. None for an
//! object without a member that is needed.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::text::storable;
use crate::domain::automation::facts::{
    ArtifactFacts, CheckFacts, CommitFacts, DeploymentFacts, JobFacts, PackageFacts,
    PullRequestFacts, ReleaseFacts, RunFacts, WorkflowFacts,
};

/// The longest text that is stored, in characters.
const LONGEST: usize = 1024;

/// A text that can be stored, shortened; none when it is absent or empty.
pub(super) fn text(of: &Value, member: &str) -> Option<String> {
    let text = of.get(member)?.as_str()?;
    if text.is_empty() {
        return None;
    }
    let text =
        if text.len() > LONGEST { text.chars().take(LONGEST).collect() } else { text.into() };
    Some(storable(text))
}

fn time(of: &Value, member: &str) -> Option<DateTime<Utc>> {
    let text = of.get(member)?.as_str()?;
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    // GitHub has used the year 1 for "never".
    (time.timestamp() > 0).then_some(time)
}

/// A number that GitHub may send as a text where it exceeds 53 bits.
fn number(of: &Value, member: &str) -> Option<i64> {
    let value = of.get(member)?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn login(of: &Value, member: &str) -> Option<String> {
    text(of.get(member)?, "login")
}

pub(super) fn workflow(of: &Value) -> Option<WorkflowFacts> {
    let created_at = time(of, "created_at")?;
    let path = text(of, "path").unwrap_or_default();
    Some(WorkflowFacts {
        github_id: number(of, "id")?,
        name: text(of, "name").unwrap_or_else(|| path.clone()),
        path,
        state: text(of, "state")?,
        html_url: text(of, "html_url").unwrap_or_default(),
        created_at,
        updated_at: time(of, "updated_at").unwrap_or(created_at),
    })
}

pub(super) fn run(of: &Value) -> Option<RunFacts> {
    let created_at = time(of, "created_at")?;
    let started_at = time(of, "run_started_at").unwrap_or(created_at);
    let updated_at = time(of, "updated_at").unwrap_or(created_at);
    let status = text(of, "status")?;
    // GitHub has no time of completion; a completed run changes only when it is run again.
    let completed_at = (status == "completed").then_some(updated_at.max(started_at));
    let name = text(of, "name").or_else(|| text(of, "path"));
    Some(RunFacts {
        github_id: number(of, "id")?,
        workflow_github_id: number(of, "workflow_id")?,
        path: text(of, "path").unwrap_or_default(),
        run_number: number(of, "run_number")?,
        run_attempt: attempt(of),
        title: text(of, "display_title").or_else(|| name.clone()).unwrap_or_default(),
        name: name.unwrap_or_default(),
        event: text(of, "event").unwrap_or_default(),
        conclusion: text(of, "conclusion").filter(|_| completed_at.is_some()),
        status,
        branch: text(of, "head_branch"),
        head_sha: text(of, "head_sha")?,
        actor: login(of, "triggering_actor").or_else(|| login(of, "actor")),
        html_url: text(of, "html_url").unwrap_or_default(),
        created_at,
        started_at,
        updated_at,
        completed_at,
        duration_seconds: completed_at.map(|end| seconds(started_at, end)),
        pull_request_number: pull_request_number(of),
    })
}

fn attempt(of: &Value) -> i32 {
    number(of, "run_attempt").and_then(|n| i32::try_from(n).ok()).unwrap_or(1).max(1)
}

/// The seconds between two times, never negative.
pub(super) fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> i32 {
    i32::try_from((to - from).num_seconds().max(0)).unwrap_or(i32::MAX)
}

fn pull_request_number(of: &Value) -> Option<i32> {
    match of.get("pull_requests")?.as_array()?.as_slice() {
        [only] => number(only, "number").and_then(|n| i32::try_from(n).ok()),
        _ => None,
    }
}

pub(super) fn job(of: &Value) -> Option<JobFacts> {
    let status = text(of, "status")?;
    let completed_at = time(of, "completed_at").filter(|_| status == "completed");
    let started_at = time(of, "started_at");
    let labels = of.get("labels").and_then(Value::as_array);
    let labels = labels.into_iter().flatten().filter_map(Value::as_str);
    Some(JobFacts {
        github_id: number(of, "id")?,
        run_github_id: number(of, "run_id")?,
        run_attempt: attempt(of),
        name: text(of, "name")?,
        conclusion: text(of, "conclusion"),
        created_at: time(of, "created_at").or(started_at)?,
        // GitHub sends a time of start for jobs that wait, too.
        started_at: started_at.filter(|_| !is_waiting(&status)),
        status,
        completed_at,
        runner_name: text(of, "runner_name"),
        runner_labels: labels.map(|label| storable(label.to_owned())).take(20).collect(),
        failed_step: failed_step(of),
        html_url: text(of, "html_url").unwrap_or_default(),
    })
}

fn is_waiting(status: &str) -> bool {
    matches!(status, "queued" | "waiting" | "requested" | "pending")
}

fn failed_step(job: &Value) -> Option<String> {
    let steps = job.get("steps")?.as_array()?;
    let failed = |step: &&Value| {
        matches!(step["conclusion"].as_str(), Some("failure" | "timed_out" | "startup_failure"))
    };
    steps.iter().find(failed).and_then(|step| text(step, "name"))
}

/// The path and the blob of a file.
pub(super) fn file(of: &Value) -> Option<(String, String)> {
    (of.get("type")?.as_str()? == "file").then_some(())?;
    Some((text(of, "path")?, text(of, "sha")?))
}

pub(super) fn artifact(of: &Value) -> Option<ArtifactFacts> {
    Some(ArtifactFacts {
        github_id: number(of, "id")?,
        name: text(of, "name")?,
        size_bytes: number(of, "size_in_bytes")?,
        expired: of.get("expired").and_then(Value::as_bool).unwrap_or_default(),
        created_at: time(of, "created_at"),
        expires_at: time(of, "expires_at"),
    })
}

pub(super) fn release(of: &Value) -> Option<ReleaseFacts> {
    let published_at = time(of, "published_at");
    let draft = of.get("draft").and_then(Value::as_bool).unwrap_or_default();
    let created_at = time(of, "created_at").or(published_at)?;
    Some(ReleaseFacts {
        github_id: number(of, "id")?,
        tag_name: text(of, "tag_name").unwrap_or_default(),
        name: text(of, "name"),
        draft,
        prerelease: of.get("prerelease").and_then(Value::as_bool).unwrap_or_default(),
        target_commit: text(of, "target_commitish"),
        author: login(of, "author"),
        html_url: text(of, "html_url").unwrap_or_default(),
        created_at,
        updated_at: time(of, "updated_at").or(published_at).unwrap_or(created_at),
        published_at: published_at.filter(|_| !draft),
    })
}

/// A package, with the full name of its repository.
pub(super) fn package(of: &Value) -> Option<(Option<String>, PackageFacts)> {
    let created_at = time(of, "created_at")?;
    let repository = of.get("repository").and_then(|one| text(one, "full_name"));
    let package = PackageFacts {
        github_id: number(of, "id")?,
        package_type: text(of, "package_type")?.to_lowercase(),
        name: text(of, "name")?,
        visibility: text(of, "visibility").unwrap_or_else(|| "private".to_owned()),
        html_url: text(of, "html_url").unwrap_or_default(),
        version_count: number(of, "version_count")
            .and_then(|n| i32::try_from(n).ok())
            .unwrap_or_default(),
        latest_version: None,
        latest_tags: vec![],
        created_at,
        updated_at: time(of, "updated_at").unwrap_or(created_at),
    };
    Some((repository, package))
}

/// A package of an event, with its newest version.
pub(super) fn registry_package(of: &Value) -> Option<PackageFacts> {
    let version = of.get("package_version").filter(|version| version.is_object());
    let created_at = time(of, "created_at").or_else(|| time(of, "updated_at"))?;
    let tag = version.and_then(|version| text(&version["container_metadata"]["tag"], "name"));
    Some(PackageFacts {
        github_id: number(of, "id")?,
        package_type: text(of, "package_type")?.to_lowercase(),
        name: text(of, "name")?,
        visibility: text(of, "visibility").unwrap_or_else(|| "private".to_owned()),
        html_url: text(of, "html_url").unwrap_or_default(),
        version_count: 0,
        latest_version: version
            .and_then(|version| text(version, "version").or_else(|| text(version, "name"))),
        latest_tags: tag.into_iter().collect(),
        created_at,
        updated_at: time(of, "updated_at").unwrap_or(created_at),
    })
}

/// A commit of the list of commits.
pub(super) fn commit(of: &Value) -> Option<CommitFacts> {
    let git = of.get("commit")?;
    let message = text(git, "message").unwrap_or_default();
    let author = of.get("author").and_then(|author| text(author, "login"));
    Some(CommitFacts {
        sha: text(of, "sha")?,
        title: message.lines().next().unwrap_or_default().to_owned(),
        author: author.or_else(|| text(git.get("author")?, "name")),
        url: text(of, "html_url").unwrap_or_default(),
        at: time(git.get("committer")?, "date").or_else(|| time(git.get("author")?, "date"))?,
    })
}

/// The newest commit of a push.
pub(super) fn pushed_commit(of: &Value) -> Option<CommitFacts> {
    let message = text(of, "message").unwrap_or_default();
    let author = of.get("author").unwrap_or(&Value::Null);
    Some(CommitFacts {
        sha: text(of, "id")?,
        title: message.lines().next().unwrap_or_default().to_owned(),
        author: text(author, "username").or_else(|| text(author, "name")),
        url: text(of, "url").unwrap_or_default(),
        at: time(of, "timestamp")?,
    })
}

/// The name and the tags of a version.
pub(super) fn package_version(of: &Value) -> Option<(String, Vec<String>)> {
    let tags = of.pointer("/metadata/container/tags").and_then(Value::as_array);
    let tags = tags.into_iter().flatten().filter_map(Value::as_str);
    let tags = tags.map(|tag| storable(tag.to_owned())).take(20).collect();
    Some((text(of, "name")?, tags))
}

pub(super) fn deployment(of: &Value) -> Option<DeploymentFacts> {
    let created_at = time(of, "created_at")?;
    Some(DeploymentFacts {
        github_id: number(of, "id")?,
        environment: text(of, "environment").unwrap_or_default(),
        git_ref: text(of, "ref").unwrap_or_default(),
        sha: text(of, "sha").unwrap_or_default(),
        state: "pending".to_owned(),
        creator: login(of, "creator"),
        url: None,
        created_at,
        updated_at: time(of, "updated_at").unwrap_or(created_at),
        run_github_id: None,
    })
}

/// A deployment with a status of it.
pub(super) fn deployment_with_status(
    of: &Value,
    status: &Value,
    run: Option<&Value>,
) -> Option<DeploymentFacts> {
    text(status, "state")?;
    Some(with_status(deployment(of)?, status, run))
}

/// A deployment as a status says.
pub(super) fn with_status(
    mut facts: DeploymentFacts,
    status: &Value,
    run: Option<&Value>,
) -> DeploymentFacts {
    if let Some(state) = text(status, "state") {
        facts.state = state.to_lowercase();
    }
    facts.url = text(status, "log_url")
        .or_else(|| text(status, "target_url"))
        .or_else(|| text(status, "environment_url"));
    let run = run.and_then(|run| number(run, "id"));
    facts.run_github_id = run.or_else(|| run_in(facts.url.as_deref()?));
    if let Some(updated_at) = time(status, "updated_at").or_else(|| time(status, "created_at")) {
        facts.updated_at = facts.updated_at.max(updated_at);
    }
    facts
}

/// GitHub's id of the run in the address of its page or of one of its jobs.
pub(super) fn run_in(url: &str) -> Option<i64> {
    let (_, rest) = url.split_once("/actions/runs/")?;
    rest.split(['/', '?', '#']).next()?.parse().ok()
}

pub(super) fn check(of: &Value) -> Option<CheckFacts> {
    let app = of.get("app").and_then(|app| text(app, "name").or_else(|| text(app, "slug")));
    Some(CheckFacts {
        github_id: number(of, "id")?,
        head_sha: text(of, "head_sha")?,
        name: text(of, "name")?,
        app,
        status: text(of, "status")?.to_lowercase(),
        conclusion: text(of, "conclusion").map(|word| word.to_lowercase()),
        html_url: text(of, "html_url").or_else(|| text(of, "details_url")).unwrap_or_default(),
        started_at: time(of, "started_at"),
        completed_at: time(of, "completed_at"),
    })
}

/// Whether a check is one of GitHub Actions, which are stored as jobs.
pub(super) fn is_of_actions(check: &Value) -> bool {
    check.pointer("/app/slug").and_then(Value::as_str) == Some("github-actions")
}

/// The login of an app as GraphQL returns it.
fn without_suffix(login: String) -> String {
    login.strip_suffix("[bot]").map(str::to_owned).unwrap_or(login)
}

/// A pull request of a payload. What only GraphQL returns is none.
pub(super) fn pull_request(of: &Value) -> Option<PullRequestFacts> {
    let created_at = time(of, "created_at")?;
    let merged_at = time(of, "merged_at");
    let state = match (text(of, "state")?.as_str(), merged_at) {
        ("open", _) => "open",
        (_, Some(_)) => "merged",
        _ => "closed",
    };
    Some(PullRequestFacts {
        node_id: text(of, "node_id")?,
        number: i32::try_from(number(of, "number")?).ok()?,
        title: text(of, "title").unwrap_or_default(),
        html_url: text(of, "html_url").unwrap_or_default(),
        state: state.to_owned(),
        is_draft: of.get("draft").and_then(Value::as_bool).unwrap_or_default(),
        author: login(of, "user").map(without_suffix),
        branch: text(of.get("head")?, "ref").unwrap_or_default(),
        base_branch: text(of.get("base")?, "ref").unwrap_or_default(),
        head_sha: text(of.get("head")?, "sha")?,
        review_decision: None,
        check_state: None,
        mergeable: None,
        created_at,
        updated_at: time(of, "updated_at").unwrap_or(created_at),
        merged_at,
        closed_at: time(of, "closed_at"),
        closes: None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_beyond_53_bits_and_unknown_words_are_read() {
        let of = json!({ "id": 9_007_199_254_740_993_i64, "workflow_id": "9007199254740995",
            "run_number": 1, "status": "of_the_future", "conclusion": null, "head_sha": "00",
            "head_branch": null, "created_at": "2026-05-20T12:00:00Z", "name": null });
        let run = run(&of).unwrap();
        assert_eq!(run.github_id, 9_007_199_254_740_993);
        assert_eq!(run.workflow_github_id, 9_007_199_254_740_995);
        assert_eq!((run.status.as_str(), run.completed_at), ("of_the_future", None));
    }

    #[test]
    fn a_number_beyond_64_bits_is_unreadable() {
        let of = json!({ "id": 1e30, "workflow_id": 1, "run_number": 1, "status": "queued",
            "head_sha": "00", "created_at": "2026-05-20T12:00:00Z" });
        assert_eq!(run(&of), None);
    }

    #[test]
    fn a_draft_release_has_no_date_of_publication() {
        let of = json!({ "id": 1, "tag_name": "v1", "draft": true, "published_at": null,
            "created_at": "2026-05-20T12:00:00Z" });
        let release = release(&of).unwrap();
        assert_eq!((release.draft, release.published_at), (true, None));
    }

    #[test]
    fn a_deployment_is_linked_to_its_run() {
        assert_eq!(run_in("https://github.com/o/r/actions/runs/42/job/7"), Some(42));
        assert_eq!(run_in("https://example.org/"), None);
    }
}
