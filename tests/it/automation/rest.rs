//! Automation over REST, in the shapes that existing clients read.

use dispatch::simulator::NewRun;
use serde_json::{Value, json};

use super::{run, stored, stored_workflows, sync_all, with_workflow};
use crate::support::{Given, REPOSITORY, given};

fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names
}

async fn get(given: &Given, path: &str) -> Value {
    let answer = given.ask("GET", path, None).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
    answer.json()
}

const REPOSITORY_MEMBERS: [&str; 12] = [
    "createdAt",
    "defaultBranch",
    "fullName",
    "id",
    "lastSyncedAt",
    "latestCommitSha",
    "name",
    "openPRCount",
    "owner",
    "source",
    "syncError",
    "updatedAt",
];

const WORKFLOW_MEMBERS: [&str; 9] =
    ["createdAt", "id", "lastRunAt", "name", "path", "repoId", "state", "updatedAt", "workflowId"];

const RUN_MEMBERS: [&str; 13] = [
    "actor",
    "branch",
    "conclusion",
    "durationSecs",
    "headSha",
    "id",
    "name",
    "pullRequestUrl",
    "runId",
    "runStartedAt",
    "status",
    "updatedAt",
    "workflowId",
];

#[tokio::test]
async fn repositories_have_their_newest_workflow_and_release() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        run(given, workflow, Some("failure"), NewRun::default());
        given.advance(60);
        run(given, workflow, None, NewRun::default());
        given.github.add_release(REPOSITORY, "v1", true);
        given.github.add_release(REPOSITORY, "v2", false);
        given.github.add_package(REPOSITORY, "tools");
        sync_all(given).await;

        let listed = get(given, "/api/automation/repos").await;
        let row = &listed[0];
        assert_eq!(sorted(members(&row["workflows"][0])), WORKFLOW_MEMBERS);
        assert_eq!(row["workflows"][0]["workflowId"], workflow.to_string());
        assert_eq!(row["workflows"].as_array().unwrap().len(), 1);
        assert_eq!(row["releases"].as_array().unwrap().len(), 1);
        assert_eq!(row["_count"], json!({ "workflows": 1, "releases": 2 }));
        assert_eq!((&row["failingRuns"], &row["runningRuns"]), (&json!(1), &json!(1)));
        assert_eq!(
            sorted(members(&row["lastSyncRun"])),
            [
                "completedAt",
                "errorMessage",
                "id",
                "notes",
                "repoId",
                "reposFetched",
                "runsFetched",
                "startedAt",
                "status",
                "workflowsFetched",
            ]
        );

        for path in ["acme/tools", "acme%2Ftools", "other/one?repo=ACME/tools"] {
            let detail = get(given, &format!("/api/automation/repos/{path}")).await;
            let mut expected = REPOSITORY_MEMBERS.to_vec();
            expected.extend([
                "_count",
                "failingRuns",
                "lastSucceededAt",
                "lastSyncRun",
                "packages",
                "recentEvents",
                "releases",
                "runningRuns",
                "workflows",
            ]);
            assert_eq!(sorted(members(&detail)), sorted(expected), "{path}");
            assert_eq!(sorted(members(&detail["workflows"][0]["runs"][0])), RUN_MEMBERS);
            let draft = &detail["releases"].as_array().unwrap().iter();
            let draft = draft.clone().find(|one| one["draft"] == true).unwrap();
            assert_eq!(draft["publishedAt"], draft["createdAt"], "a draft counts by its creation");
            assert_eq!(detail["packages"][0]["latestTag"], "latest");
        }
        let missing = given.ask("GET", "/api/automation/repos/acme/nothing", None).await;
        assert_eq!(
            (missing.status.as_u16(), &missing.json()["error"]),
            (404, &json!("Repo not found"))
        );
    })
    .await;
}

#[tokio::test]
async fn workflows_are_found_by_path_and_by_parameter() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        run(given, workflow, Some("success"), NewRun::default());
        sync_all(given).await;
        let id = stored_workflows(given).await[0].id;
        let listed = get(given, "/api/automation/workflows?repo=acme/tools").await;
        let mut expected = WORKFLOW_MEMBERS.to_vec();
        expected.extend(["_count", "runs"]);
        assert_eq!(sorted(members(&listed[0])), sorted(expected));
        assert_eq!(listed[0]["_count"], json!({ "runs": 1 }));
        assert_eq!(get(given, "/api/automation/workflows?repo=acme/nothing").await, json!([]));
        for path in [format!("{id}"), format!("anything?id={id}")] {
            let detail = get(given, &format!("/api/automation/workflows/{path}")).await;
            assert_eq!(sorted(members(&detail["repo"])), REPOSITORY_MEMBERS);
            assert_eq!(detail["runs"].as_array().unwrap().len(), 1);
            assert!(detail["runs"][0]["jobs"].is_array());
        }
        let missing = given.ask("GET", "/api/automation/workflows/wfl_zzzzzz", None).await;
        assert_eq!(missing.json()["error"], "Workflow not found");
    })
    .await;
}

#[tokio::test]
async fn events_are_filtered_by_repository_id_or_name() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        run(given, workflow, Some("failure"), NewRun::default());
        sync_all(given).await;
        let all = get(given, "/api/automation/events").await;
        let id = all[0]["repoId"].as_str().unwrap();
        for repo in [id, "acme/tools"] {
            assert_eq!(get(given, &format!("/api/automation/events?repo={repo}")).await, all);
        }
        assert_eq!(get(given, "/api/automation/events?repo=acme/nothing").await, json!([]));
        assert_eq!(get(given, "/api/automation/events?type=nothing").await, json!([]));
        let failed = get(given, "/api/automation/events?type=workflow_run_failed&limit=1").await;
        assert_eq!(failed[0]["eventType"], "workflow_run_failed");
        assert_eq!(sorted(members(&failed[0]["repo"])), REPOSITORY_MEMBERS);
    })
    .await;
}

#[tokio::test]
async fn a_sync_reports_on_one_repository_or_on_all() {
    given(async |given| {
        with_workflow(given).await;
        let all = given.ask("POST", "/api/automation/sync", None).await.json();
        assert_eq!(
            (&all["success"], &all["synced"], &all["failed"]),
            (&json!(true), &json!(1), &json!(0))
        );
        assert_eq!(all["results"][0]["repo"], REPOSITORY);
        for body in [json!({ "repo": "acme/tools" }), json!({ "fullName": "ACME/tools" })] {
            let one = given.ask("POST", "/api/automation/sync", Some(body)).await.json();
            assert_eq!(one["success"], true);
            assert!(one.as_object().unwrap().contains_key("syncRunId"), "{one}");
        }
        let body = Some(json!({ "repo": "acme/nothing" }));
        assert_eq!(given.ask("POST", "/api/automation/sync", body).await.status.as_u16(), 404);
        let listed = get(given, "/api/automation/sync").await;
        assert_eq!(listed[0]["_count"]["workflows"], 1);
    })
    .await;
}

#[tokio::test]
async fn runs_are_controlled_by_githubs_id() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let id = run(given, workflow, Some("failure"), NewRun::default());
        sync_all(given).await;
        let ask = async |query: &str| {
            let path = format!("/api/automation/runs/{id}?{query}");
            let answer = given.ask("POST", &path, None).await;
            (answer.status.as_u16(), answer.json())
        };
        let done = json!({ "success": true });
        assert_eq!(ask("repo=acme/tools&action=rerun").await, (200, done.clone()));
        assert_eq!(stored(given, id).await.unwrap().run_attempt, 2);
        assert_eq!(ask("repoFullName=acme/tools&action=cancel").await, (200, done));
        let nothing = json!({ "success": false });
        assert_eq!(ask("repo=acme/tools&action=dance").await, (200, nothing.clone()));
        assert_eq!(ask("repo=acme/tools").await, (200, nothing.clone()));
        assert_eq!(ask("repo=acme/tools&action=%3Cb%3E").await, (200, nothing));
        let refused = "SELECT count(*) FROM audit_log WHERE success IS FALSE \
            AND repository_full_name = 'acme/tools' \
            AND action IN ('workflow_dance', 'workflow_null', 'workflow_unknown')";
        assert_eq!(given.database.number(refused).await, 3);
        let (status, error) = ask("action=rerun").await;
        assert_eq!((status, &error["error"]), (400, &json!("runId and repo required")));
        assert_eq!(ask("repo=acme/nothing&action=rerun").await.0, 404);
        for wrong in ["1", "abc", "99999999999999999999999"] {
            let path = format!("/api/automation/runs/{wrong}?repo=acme/tools&action=rerun");
            let answer = given.ask("POST", &path, None).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.json()["error"]),
                (404, &json!("Run not found"))
            );
        }
    })
    .await;
}

#[tokio::test]
async fn build_monitors_read_the_default_branches() {
    given(async |given| {
        given.github.add_repository(REPOSITORY);
        let name = "Build \"all\" & <test>";
        let file = ".github/workflows/all.yml";
        let workflow = given.github.add_workflow(REPOSITORY, name, file, super::FILE);
        given.track(REPOSITORY).await;
        run(given, workflow, Some("failure"), NewRun::default());
        given.advance(60);
        run(given, workflow, None, NewRun::default());
        sync_all(given).await;
        let answer = given.ask("GET", "/cctray.xml", None).await;
        let text = answer.text();
        assert!(
            text.contains("name=\"acme/tools :: Build &quot;all&quot; &amp; &lt;test&gt;\""),
            "{text}"
        );
        assert!(
            text.contains("activity=\"Building\" lastBuildStatus=\"Failure\" lastBuildLabel=\"1\""),
            "{text}"
        );
    })
    .await;
}

#[tokio::test]
async fn no_link_of_simulated_data_leads_to_a_real_site() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        run(given, workflow, Some("failure"), NewRun::default());
        given.github.add_release(REPOSITORY, "v1", false);
        given.github.add_package(REPOSITORY, "tools");
        sync_all(given).await;
        let repository = format!("/api/automation/repos/{REPOSITORY}");
        for path in [&*repository, "/api/automation/events", "/cctray.xml"] {
            let text = given.ask("GET", path, None).await.text();
            assert!(text.contains("//github.example/"), "{path}: {text}");
            assert!(!text.contains("//github.com/"), "{path}: {text}");
        }
    })
    .await;
}
