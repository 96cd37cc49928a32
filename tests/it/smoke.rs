//! The whole service as its users run it: the real program over real HTTP.

use dispatch::clock::Clock;
use dispatch::simulator::NewIssue;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::github::GitHub;
use crate::support::process::Process;
use crate::support::{Database, REPOSITORY, eventually};

#[tokio::test]
async fn a_newcomer_s_first_steps_all_work() {
    let github = GitHub::with_clock(Clock::system()).await;
    github.simulator.add_repository(REPOSITORY);
    for (title, labels) in
        [("Teach the importer", &["status/ready", "agent/alpha"][..]), ("Plain", &[])]
    {
        github.simulator.open_issue(REPOSITORY, NewIssue::titled(title, labels)).unwrap();
    }
    let database = Database::new().await;
    let settings = [("GITHUB_REPOSITORIES", REPOSITORY)];
    let address = github.address.as_str();
    let process = Process::serve_with(database.url(), address, &settings).await;

    let health = process.json("GET", "/api/health", None).await;
    assert_eq!((&health["ok"], &health["database"]), (&json!(true), &json!("ok")));

    let tracked = process.json("GET", "/api/automation/repos", None).await;
    assert_eq!(tracked.as_array().unwrap().len(), 1, "{tracked}");
    assert_eq!(tracked[0]["fullName"], REPOSITORY);

    // The sync on start may still be running.
    eventually(async || process.ask("POST", "/api/sync", None).await.0 != StatusCode::CONFLICT)
        .await;
    let synced = process.json("POST", "/api/sync", None).await;
    assert_eq!((&synced["success"], &synced["repos"]), (&json!(true), &json!(1)), "{synced}");
    assert!(synced["syncedCount"].is_u64(), "{synced}");

    let issues = process.json("GET", "/api/issues", None).await;
    assert_eq!(issues.as_array().unwrap().len(), 2, "{issues}");
    let issues = process.json("GET", "/api/issues?agent=alpha", None).await;
    assert_eq!(issues[0]["title"], "Teach the importer");

    for path in ["/board", "/projects", "/agents"] {
        let (status, page) = process.ask("GET", path, None).await;
        // Where the pages were not built, each says how to build them.
        let is_built = status == StatusCode::OK && page.contains("<div id=");
        let is_missing = status == StatusCode::SERVICE_UNAVAILABLE && page.contains("make run");
        assert!(is_built || is_missing, "{path}: {status} {page}");
    }

    let to_review = json!({
        "issueId": issues[0]["id"],
        "repoFullName": REPOSITORY,
        "issueNumber": issues[0]["number"],
        "oldLabels": issues[0]["labels"],
        "newLabels": ["status/in-review"],
    });
    let moved = process.json("POST", "/api/issues/move", Some(to_review)).await;
    assert_eq!(moved, json!({ "success": true }));
    assert_eq!(github.simulator.labels(REPOSITORY, 1), ["agent/alpha", "status/in-review"]);
    let entry = process.json("GET", "/api/audit", None).await[0].clone();
    assert_eq!(
        (&entry["action"], &entry["actor"], &entry["success"]),
        (&json!("move_issue"), &json!("user"), &json!(true))
    );
    assert_eq!(entry["afterLabels"], json!(["agent/alpha", "status/in-review"]));

    assert_eq!(process.stop().await, "", "nothing was complained of");
}
