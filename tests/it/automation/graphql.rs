//! Automation over GraphQL.

use dispatch::domain::{WorkflowId, WorkflowRunId};
use dispatch::simulator::NewRun;
use serde_json::{Value, json};

use super::{run, stored, stored_workflows, sync_all, with_workflow};
use crate::support::stream::{Events, Socket};
use crate::support::{REPOSITORY, given};

#[tokio::test]
async fn a_repository_shows_its_workflows_and_runs() {
    const QUERY: &str =
        "query($id: ID!) { node(id: $id) { ... on Repository { fullName automation {
        defaultBranch workflowsCount failingCount runningCount isRed lastSyncedAt syncError
        openSecretAlertsCount missingPermissions { part permission }
        releases { tagName isDraft } pullRequests { number state } checks { name }
        workflows {
            githubId name path state isFlaky successRate averageDuration fileError { line }
            triggers { push { branches } dispatch { inputs { name type required options } } }
            latestRun { githubId status conclusion } latestRunOnDefaultBranch { number }
            recentRuns(first: 5) { number workflow { name } repository { fullName } }
            branches { branch isPullRequest isFailing latestRun { number } }
            days(days: 2) { day succeeded failed cancelled averageDuration }
            siblings { id }
        }
    } } } }";
    given(async |given| {
        let workflow = with_workflow(given).await;
        run(given, workflow, Some("success"), NewRun::default());
        given.advance(60);
        let failed = run(given, workflow, Some("failure"), NewRun::default());
        given.github.add_release(REPOSITORY, "v1", false);
        given.github.open_numbered_pull_request(REPOSITORY, 7, ("fix", "A fix")).unwrap();
        given.github.add_check(REPOSITORY, "Coverage", Some("success"));
        given.github.set_secret_alerts(REPOSITORY, Some(2));
        sync_all(given).await;
        let tracked = "{ trackedRepositories { id automation { isRed } } }";
        let tracked = given.graphql(tracked, json!({})).await["trackedRepositories"].clone();
        assert_eq!(tracked[0]["automation"]["isRed"], true);
        let data = given.graphql(QUERY, json!({ "id": tracked[0]["id"] })).await;
        let automation = &data["node"]["automation"];
        assert_eq!(data["node"]["fullName"], REPOSITORY);
        assert_eq!(automation["workflowsCount"], 1);
        assert_eq!((&automation["failingCount"], &automation["isRed"]), (&json!(1), &json!(true)));
        assert_eq!(automation["openSecretAlertsCount"], 2);
        assert_eq!(automation["pullRequests"], json!([{ "number": 7, "state": "OPEN" }]));
        assert_eq!(automation["checks"], json!([{ "name": "Coverage" }]));
        assert_eq!(automation["releases"][0]["isDraft"], true);
        let shown = &automation["workflows"][0];
        assert_eq!(shown["githubId"], workflow.to_string());
        assert_eq!(shown["triggers"]["push"]["branches"], json!(["main"]));
        assert_eq!(
            shown["triggers"]["dispatch"]["inputs"],
            json!([{ "name": "size", "type": "CHOICE", "required": true, "options": ["small", "large"] }])
        );
        assert_eq!(shown["latestRun"]["githubId"], failed.to_string());
        assert_eq!(shown["latestRun"]["conclusion"], "FAILURE");
        assert_eq!(shown["successRate"], 0.5);
        assert_eq!(shown["recentRuns"].as_array().unwrap().len(), 2);
        assert_eq!(shown["recentRuns"][0]["workflow"]["name"], "CI");
        assert_eq!(shown["recentRuns"][0]["repository"]["fullName"], REPOSITORY);
        assert_eq!(shown["branches"][0]["isFailing"], true);
        let days = shown["days"].as_array().unwrap();
        assert_eq!(days.len(), 2);
        assert_eq!((&days[1]["succeeded"], &days[1]["failed"]), (&json!(1), &json!(1)));
        assert_eq!(shown["siblings"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_run_shows_its_jobs_and_why_it_failed() {
    const QUERY: &str = "query($id: ID!) { workflowRun(id: $id) {
        id status statusText jobs { name failedStep conclusion }
        failure { step logExcerpt url job { name } } artifacts { name }
    } }";
    given(async |given| {
        let workflow = with_workflow(given).await;
        let failed = run(given, workflow, Some("failure"), NewRun::default());
        sync_all(given).await;
        let id = stored(given, failed).await.unwrap().id;
        let shown = &given.graphql(QUERY, json!({ "id": id })).await["workflowRun"];
        assert_eq!(shown["id"], id.to_string());
        assert_eq!(shown["jobs"][0]["failedStep"], "Run make test");
        assert_eq!(shown["failure"]["step"], "Run make test");
        let lines = shown["failure"]["logExcerpt"].as_array().unwrap();
        assert!(
            lines.iter().any(|line| line.as_str().unwrap().contains("exit code 2")),
            "{lines:?}"
        );
        let missing = given.graphql(QUERY, json!({ "id": WorkflowRunId(9_999_999) })).await;
        assert_eq!(missing["workflowRun"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn runs_and_activity_are_listed_page_by_page() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        for at in 0..5 {
            given.advance(60);
            let conclusion = if at % 2 == 0 { "success" } else { "failure" };
            run(given, workflow, Some(conclusion), NewRun::default());
        }
        sync_all(given).await;
        let query = "query($after: String) { workflowRuns(first: 2, after: $after) {
            nodes { number } pageInfo { hasNextPage endCursor } } }";
        let (mut after, mut numbers) = (Value::Null, vec![]);
        loop {
            let page =
                given.graphql(query, json!({ "after": after })).await["workflowRuns"].clone();
            numbers
                .extend(page["nodes"].as_array().unwrap().iter().map(|one| one["number"].clone()));
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(numbers, [5, 4, 3, 2, 1]);
        let failed = "{ workflowRuns(filter: {repository: \"ACME/tools\", conclusion: FAILURE}) {
            nodes { number } } }";
        let failed = given.graphql(failed, json!({})).await;
        assert_eq!(failed["workflowRuns"]["nodes"], json!([{ "number": 4 }, { "number": 2 }]));
        let activity = "{ activity(filter: {types: [WORKFLOW_RUN_FAILED]}) {
            nodes { type repository { fullName } workflowRun { number } } } }";
        let activity = given.graphql(activity, json!({})).await;
        let nodes = activity["activity"]["nodes"].as_array().unwrap();
        assert!(nodes.iter().all(|node| node["type"] == "WORKFLOW_RUN_FAILED"), "{nodes:?}");
        assert_eq!(nodes[0]["repository"]["fullName"], REPOSITORY);
    })
    .await;
}

#[tokio::test]
async fn the_default_branch_is_red_until_it_succeeds() {
    const QUERY: &str = "{ redBranches { branch since sinceCommit repository { fullName }
        workflow { name } run { number conclusion } } }";
    given(async |given| {
        let workflow = with_workflow(given).await;
        run(given, workflow, Some("failure"), NewRun::default());
        sync_all(given).await;
        let red = given.graphql(QUERY, json!({})).await["redBranches"].clone();
        assert_eq!(red[0]["branch"], "main");
        assert_eq!(red[0]["repository"]["fullName"], REPOSITORY);
        assert_eq!(
            (&red[0]["workflow"]["name"], &red[0]["run"]["number"]),
            (&json!("CI"), &json!(1))
        );
        given.advance(60);
        run(given, workflow, Some("success"), NewRun::default());
        sync_all(given).await;
        assert_eq!(given.graphql(QUERY, json!({})).await["redBranches"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn runs_are_controlled_and_workflows_started() {
    given(async |given| {
        let workflow = with_workflow(given).await;
        let failed = run(given, workflow, Some("failure"), NewRun::default());
        sync_all(given).await;
        let id = stored(given, failed).await.unwrap().id;
        let again = "mutation($id: ID!) { rerunWorkflowRun(input: {id: $id}) { run { attempt } } }";
        let again = given.graphql(again, json!({ "id": id })).await;
        assert_eq!(again["rerunWorkflowRun"]["run"]["attempt"], 2);
        let workflow: WorkflowId = stored_workflows(given).await[0].id;
        let start = "mutation($id: ID!, $size: String!) { dispatchWorkflow(input: {
            workflowIds: [$id], inputs: [{name: \"size\", value: $size}]}) {
            results { error workflow { name } run { event } } } }";
        let wrong = given.graphql(start, json!({ "id": workflow, "size": "huge" })).await;
        let error = wrong["dispatchWorkflow"]["results"][0]["error"].as_str().unwrap();
        assert!(error.contains("must be one of small, large"), "{error}");
        let started = given.graphql(start, json!({ "id": workflow, "size": "large" })).await;
        let result = &started["dispatchWorkflow"]["results"][0];
        assert_eq!(result["error"], Value::Null);
        assert_eq!(result["run"]["event"], "workflow_dispatch");
    })
    .await;
}

#[tokio::test]
async fn changes_arrive_in_order_and_are_replayed_without_a_gap() {
    const EVENTS: &str = "subscription($after: EventCursor, $repository: String) {
        automationEvents(after: $after, repository: $repository) { __typename
            ... on ActivityRecorded { cursor activity { type } }
            ... on WorkflowRunChanged { cursor run { githubId } }
            ... on AutomationChanged { cursor repository { fullName } }
            ... on AutomationResync { cursor reason } } }";
    given(async |given| {
        let workflow = with_workflow(given).await;
        sync_all(given).await;
        let address = given.serve().await;
        let mut socket = Socket::open(&address).await;
        socket.subscribe("1", EVENTS, json!({})).await;
        let mut events = Events::open(&given.app, EVENTS, json!({}), None).await;
        let started = given.graphql("{ board { asOf } }", json!({})).await["board"]["asOf"].clone();
        let id = run(given, workflow, Some("failure"), NewRun::default());
        sync_all(given).await;
        let first = socket.next("1").await;
        assert_eq!(first["automationEvents"]["__typename"], "WorkflowRunChanged");
        assert_eq!(first["automationEvents"]["run"]["githubId"], id.to_string());
        assert_eq!(events.next().await.1, first);
        let after = json!({ "after": started, "repository": REPOSITORY });
        let mut replayed = Events::open(&given.app, EVENTS, after, None).await;
        assert_eq!(replayed.next().await.1, first, "a late subscriber misses nothing");
        let second = socket.next("1").await;
        assert_eq!(replayed.next().await.1, second);
    })
    .await;
}

#[tokio::test]
async fn a_selection_that_needs_no_loading_has_the_same_values() {
    const FIELDS: &str = "__typename id githubId name number attempt event status statusText conclusion
        conclusionText title branch headSha actor url createdAt startedAt updatedAt completedAt duration
        waitingFor pullRequestNumber";
    given(async |given| {
        let workflow = with_workflow(given).await;
        run(given, workflow, Some("failure"), NewRun::default());
        given.advance(60);
        run(given, workflow, None, NewRun { event: "pull_request", ..NewRun::default() });
        sync_all(given).await;
        let ask = async |more: &str| {
            let query = format!(
                "{{ workflowRuns {{ nodes {{ ...Run {more} }} }} }}
                fragment Run on WorkflowRun {{ {FIELDS} alias: title ... on Node {{ id }} }}"
            );
            given.graphql(&query, json!({})).await["workflowRuns"]["nodes"].clone()
        };
        let at_once = ask("").await;
        let mut one_by_one = ask("repository { id }").await;
        for node in one_by_one.as_array_mut().unwrap() {
            assert!(node.as_object_mut().unwrap().remove("repository").is_some());
        }
        assert_eq!(at_once.as_array().unwrap().len(), 2);
        assert_eq!(at_once, one_by_one);
    })
    .await;
}
