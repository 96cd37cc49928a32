//! Repositories with their own labels for statuses, priorities and agents keep them.

use dispatch::domain::{Priority, Status};
use dispatch::service::Error;
use dispatch::service::board::label_schemes::{
    LabelSchemeInput, PriorityLabelInput, StatusLabelInput, preview, set_label_scheme,
};
use dispatch::service::board::moves::{MoveIssue, move_issue};
use dispatch::service::claims::assignments::{add_label, assign_agent, remove_label};
use dispatch::service::claims::leases::{ReleaseLease, release_lease};
use dispatch::service::claims::{ClaimNext, claim_next};
use dispatch::service::recovery::settle_overdue;
use dispatch::simulator::{Fault, Gate, NewIssue};
use serde_json::json;

use crate::support::{Given, REPOSITORY, agent, given, person};

/// `ready-for-agent`, `In progress`, `P1` and `bot:`; the rest is Dispatch's.
fn scheme() -> LabelSchemeInput {
    let statuses = [(Status::Ready, "ready-for-agent"), (Status::InProgress, "In progress")];
    let statuses = statuses.map(|(status, label)| StatusLabelInput { status, label: label.into() });
    LabelSchemeInput {
        full_name: REPOSITORY.to_owned(),
        statuses: statuses.into(),
        priorities: vec![PriorityLabelInput { priority: Priority::P1, label: "P1".to_owned() }],
        agent_prefix: Some("bot:".to_owned()),
    }
}

fn none() -> LabelSchemeInput {
    LabelSchemeInput {
        full_name: REPOSITORY.to_owned(),
        statuses: vec![],
        priorities: vec![],
        agent_prefix: None,
    }
}

async fn set(given: &Given, input: &LabelSchemeInput) {
    let name = input.full_name.parse().unwrap();
    set_label_scheme(&given.app, &person(), &name, input).await.unwrap();
}

async fn column(given: &Given, number: i32) -> (Status, Option<Priority>) {
    let issue = given.issue(number).await;
    (issue.status, issue.priority)
}

#[tokio::test]
async fn the_labels_of_a_repository_are_read_and_written_as_it_has_them() {
    given(async |given| {
        given.with_issues(&[("One", &["ready-for-agent", "P1", "bug"]), ("Two", &[])]).await;
        assert_eq!(column(given, 1).await, (Status::Backlog, None));
        given.github.forget_requests();
        set(given, &scheme()).await;
        assert_eq!(given.github.total(), 0, "GitHub is not asked");
        assert_eq!(column(given, 1).await, (Status::Ready, Some(Priority::P1)));

        let next = ClaimNext { agent: "alpha".to_owned(), ..ClaimNext::default() };
        let claimed = claim_next(&given.app, &agent("alpha"), next).await.unwrap();
        let lease = claimed.lease.expect("it is served");
        assert_eq!(given.github.labels(REPOSITORY, 1), ["P1", "bug", "In progress", "bot:alpha"]);
        let asked = "{ issues { nodes { number labels agents status } } }";
        let answer = given.graphql(asked, json!({})).await;
        let issue =
            answer["issues"]["nodes"].as_array().unwrap().iter().find(|one| one["number"] == 1);
        let (labels, agents) = (["P1", "bug", "In progress", "bot:alpha"], ["alpha"]);
        let (number, status) = (1, "IN_PROGRESS");
        let told =
            json!({ "number": number, "labels": labels, "agents": agents, "status": status });
        assert_eq!(issue, Some(&told));

        let (lease_id, fencing_token) = (lease.id(), lease.fencing_token.to_string());
        let command = ReleaseLease { lease_id, fencing_token, reason: None };
        release_lease(&given.app, &agent("alpha"), command).await.unwrap();
        assert_eq!(given.github.labels(REPOSITORY, 1), ["ready-for-agent", "P1", "bug"]);

        // A label that the repository does not have is created under its own name.
        let command =
            MoveIssue { issue_id: given.issue(2).await.id, to: Status::InProgress, ..moved() };
        move_issue(&given.app, &person(), command).await.unwrap();
        assert_eq!(given.github.labels(REPOSITORY, 2), ["In progress"]);
        given.github.relabel(REPOSITORY, 2, &["ready-for-agent"], &["In progress"]).unwrap();
        given.sync().await;
        assert_eq!(column(given, 2).await.0, Status::Ready, "a sync reads them the same");
    })
    .await;
}

fn moved() -> MoveIssue {
    MoveIssue {
        issue_id: dispatch::domain::IssueId(0),
        to: Status::Ready,
        expected_from: None,
        reason: None,
        fencing_token: None,
    }
}

#[tokio::test]
async fn reverting_a_scheme_loses_nothing() {
    given(async |given| {
        let labels = ["status/ready", "ready-for-agent", "bot:alpha", "agent/beta", "p1"];
        given.with_issues(&[("One", &labels)]).await;
        let before = given.issue(1).await;
        set(given, &scheme()).await;
        let issue = given.issue(1).await;
        assert_eq!(
            issue.labels.agents().collect::<Vec<_>>(),
            ["alpha"],
            "its own label is no agent's"
        );
        assert_eq!((issue.status, issue.priority), (Status::Ready, Some(Priority::P1)));
        let command = MoveIssue { issue_id: issue.id, to: Status::InReview, ..moved() };
        move_issue(&given.app, &person(), command).await.unwrap();
        let after = ["status/ready", "bot:alpha", "agent/beta", "p1", "status/in-review"];
        assert_eq!(given.github.labels(REPOSITORY, 1), after, "what only looks like it stays");
        given.github.relabel(REPOSITORY, 1, &["ready-for-agent"], &["status/in-review"]).unwrap();
        given.sync().await;

        set(given, &none()).await;
        let issue = given.issue(1).await;
        let agents: Vec<_> = issue.labels.agents().collect();
        assert_eq!((issue.status, issue.priority, agents), (Status::Ready, None, vec!["beta"]));
        let mut names = (issue.labels.names().to_vec(), before.labels.names().to_vec());
        names.0.sort();
        names.1.sort();
        assert_eq!(names.0.len(), names.1.len());
        let entries = "SELECT count(*) FROM audit_log WHERE action = 'set_label_scheme'";
        assert_eq!(given.database.number(entries).await, 2);
        set(given, &none()).await;
        assert_eq!(given.database.number(entries).await, 2, "the same again is nothing");
    })
    .await;
}

#[tokio::test]
async fn a_preview_reports_the_result_without_changes() {
    given(async |given| {
        given
            .with_issues(&[
                ("One", &["ready-for-agent", "P1"]),
                ("Two", &["status/ready"]),
                ("Three", &["bot:alpha"]),
                ("Four", &["bug"]),
            ])
            .await;
        given.github.forget_requests();
        let name = REPOSITORY.parse().unwrap();
        let shown = preview(&given.app, &name, &scheme()).await.unwrap();
        let changes: Vec<_> = shown
            .changes
            .iter()
            .map(|change| (change.number, change.before.as_str(), change.after.as_str()))
            .collect();
        assert_eq!(
            changes,
            [
                (1, "Backlog", "Ready, priority/p1"),
                (2, "Ready", "Backlog"),
                (3, "Backlog", "Backlog, agent alpha"),
            ]
        );
        let of = |ours: &str| {
            let label = shown.labels.iter().find(|label| label.ours == ours).unwrap();
            (label.theirs.clone(), label.exists, label.issues)
        };
        assert_eq!(of("status/ready"), ("ready-for-agent".to_owned(), true, 1));
        assert_eq!(of("status/in-progress"), ("In progress".to_owned(), false, 0));
        assert_eq!(of("status/done"), ("status/done".to_owned(), false, 0));
        assert_eq!(given.github.total(), 0);
        assert_eq!(column(given, 2).await.0, Status::Ready);
        assert_eq!(
            given
                .database
                .number("SELECT count(*) FROM repositories WHERE label_scheme <> '{}'")
                .await,
            0
        );

        let asked = "query ($input: LabelSchemeInput!) { labelSchemePreview(input: $input) {
            changeCount labels { label onGithub exists openIssues }
            changes { number before after } } }";
        let input = json!({ "fullName": REPOSITORY, "agentPrefix": "bot:" });
        let answer = given.graphql(asked, json!({ "input": input })).await;
        assert_eq!(answer["labelSchemePreview"]["changeCount"], 1, "{answer}");
    })
    .await;
}

#[tokio::test]
async fn labels_are_taken_in_the_spelling_of_the_repository() {
    given(async |given| {
        given.with_issues(&[("One", &["Ready-For-Agent"])]).await;
        set(given, &scheme()).await;
        let asked = "{ repositories { labelScheme { agentPrefix statuses { status label }
            priorities { priority label } } } }";
        let answer = given.graphql(asked, json!({})).await;
        let scheme = &answer["repositories"][0]["labelScheme"];
        assert_eq!(scheme["statuses"][1], json!({ "status": "READY", "label": "Ready-For-Agent" }));
        assert_eq!(scheme["priorities"][1], json!({ "priority": "P1", "label": "P1" }));
        assert_eq!(scheme["agentPrefix"], "bot:");
    })
    .await;
}

#[tokio::test]
async fn an_invalid_scheme_is_rejected_without_affecting_other_repositories() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        given.github.add_repository("acme/other");
        let other = NewIssue::titled("Other", &["status/ready"]);
        given.github.open_issue("acme/other", other).unwrap();
        given.track("acme/other").await;
        given.sync().await;
        let label = |label: &str| {
            let statuses =
                vec![StatusLabelInput { status: Status::Ready, label: label.to_owned() }];
            LabelSchemeInput { statuses, ..none() }
        };
        let name = REPOSITORY.parse().unwrap();
        for wrong in ["", "a,b", "status/done", "owner/sam"] {
            let input = label(wrong);
            let refused = set_label_scheme(&given.app, &person(), &name, &input).await.unwrap_err();
            assert!(matches!(refused, Error::Invalid { .. }), "{wrong}: {refused:?}");
        }
        let unknown = "acme/unknown".parse().unwrap();
        let refused = set_label_scheme(&given.app, &person(), &unknown, &scheme()).await;
        assert!(matches!(refused, Err(Error::NotFound { .. })), "{refused:?}");

        set(given, &scheme()).await;
        let ready = "SELECT count(*) FROM issues WHERE status = 'ready'";
        assert_eq!(given.database.number(ready).await, 1, "that of the other repository");
    })
    .await;
}

#[tokio::test]
async fn a_change_with_a_lost_response_is_read_back_in_the_label_scheme() {
    given(async |given| {
        given.with_issues(&[("One", &["ready-for-agent"])]).await;
        set(given, &scheme()).await;
        given.github.inject(Fault::DropAfter.on("ChangeLabels"));
        given.github.inject(Fault::refuse(502, "away").on("LiveLabels").after(1).always());
        let command =
            MoveIssue { issue_id: given.issue(1).await.id, to: Status::InProgress, ..moved() };
        move_issue(&given.app, &person(), command).await.unwrap_err();
        given.github.clear_faults();
        given.advance(60);
        settle_overdue(&given.app).await.unwrap();
        assert_eq!(column(given, 1).await.0, Status::InProgress);
        let succeeded = "SELECT count(*) FROM audit_log WHERE action = 'move_issue' AND success";
        assert_eq!(given.database.number(succeeded).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_renamed_label_is_noticed_under_a_scheme_too() {
    given(async |given| {
        given.with_issues(&[("One", &["ready-for-agent"])]).await;
        set(given, &scheme()).await;
        given.sync().await;
        given.github.rename_label(REPOSITORY, "ready-for-agent", "todo").unwrap();
        given.sync().await;
        assert_eq!(column(given, 1).await.0, Status::Backlog);
    })
    .await;
}

/// A change that was sent under the old names settles under the new ones.
#[tokio::test]
async fn a_scheme_set_during_a_move_gives_the_same_result_as_a_sync() {
    given(async |given| {
        given.with_issues(&[("One", &["status/backlog"])]).await;
        let gate = Gate::new();
        given.github.inject(Fault::HoldAnswer(gate.clone()).on("ChangeLabels"));
        let command = MoveIssue { issue_id: given.issue(1).await.id, ..moved() };
        let mover = person();
        let moving = move_issue(&given.app, &mover, command);
        let setting = async {
            gate.arrived().await;
            set(given, &scheme()).await;
            gate.open();
        };
        let (moved, ()) = Box::pin(async { tokio::join!(moving, setting) }).await;
        moved.unwrap();
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/ready"]);
        let settled = given.issue(1).await;
        assert_eq!(settled.status, Status::Backlog, "it has another label for Ready now");
        given.sync().await;
        assert_eq!(given.issue(1).await.labels, settled.labels);
    })
    .await;
}

#[tokio::test]
async fn a_sync_rereads_what_it_read_by_another_scheme() {
    given(async |given| {
        given.with_issues(&[("One", &["status/backlog"]), ("Two", &["ready-for-agent"])]).await;
        given.advance(60);
        given.github.relabel(REPOSITORY, 1, &["ready-for-agent"], &["status/backlog"]).unwrap();
        let gate = Gate::new();
        given.github.inject(Fault::HoldAnswer(gate.clone()).on("Issues"));
        let setting = async {
            gate.arrived().await;
            set(given, &scheme()).await;
            gate.open();
        };
        Box::pin(async { tokio::join!(given.sync(), setting) }).await;
        assert_eq!(given.issue(1).await.status, Status::Ready);
        let failed = "SELECT count(*) FROM repositories WHERE sync_error IS NOT NULL";
        assert_eq!(given.database.number(failed).await, 0);
    })
    .await;
}

/// All of them end, and the cache equals GitHub.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_moves_and_schemes_do_not_deadlock() {
    given(async |given| {
        let titles = ["a", "b", "c", "d", "e", "f"];
        given.with_issues(&titles.map(|title| (title, &["status/backlog"][..]))).await;
        for round in 0..8 {
            let to = [Status::Ready, Status::InReview][round % 2];
            let input = if round % 2 == 0 { scheme() } else { none() };
            let mut moves = Vec::new();
            for number in 1..=6 {
                let issue_id = given.issue(number).await.id;
                moves.push(MoveIssue { issue_id, to, ..moved() });
            }
            let (app, mover) = (&given.app, &person());
            let moving = moves.into_iter().map(|command| move_issue(app, mover, command));
            let moving = futures_util::future::join_all(moving);
            let (results, ()) = Box::pin(async { tokio::join!(moving, set(given, &input)) }).await;
            for result in results {
                assert!(!matches!(result, Err(Error::Internal(_))), "{result:?}");
            }
            let mut before = Vec::new();
            for number in 1..=6 {
                before.push(given.issue(number).await.labels);
            }
            given.advance(60);
            settle_overdue(&given.app).await.unwrap();
            given.sync().await;
            for (number, labels) in (1..=6).zip(before) {
                assert_eq!(given.issue(number).await.labels, labels, "round {round}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn labels_are_named_as_the_repository_or_as_dispatch_does() {
    given(async |given| {
        given.with_issues(&[("One", &["bug"])]).await;
        set(given, &scheme()).await;
        let (app, by, id) = (&given.app, &person(), given.issue(1).await.id);
        let labels = || given.github.labels(REPOSITORY, 1);
        for (name, is) in
            [("Ready-For-Agent", "ready-for-agent"), ("status/in-progress", "In progress")]
        {
            add_label(app, by, id, name).await.unwrap();
            assert_eq!(labels(), ["bug", is], "{name}: a status label is a move");
        }
        for (add, remove) in [("bot:gamma", "agent/gamma"), ("agent/gamma", "BOT:gamma")] {
            add_label(app, by, id, add).await.unwrap();
            assert!(labels().contains(&"bot:gamma".to_owned()), "{:?}", labels());
            remove_label(app, by, id, remove).await.unwrap();
            assert!(!labels().contains(&"bot:gamma".to_owned()), "{:?}", labels());
        }
        let long = LabelSchemeInput { agent_prefix: Some("automatic/agent:".to_owned()), ..none() };
        set(given, &long).await;
        let refused = assign_agent(app, by, id, Some(&"b".repeat(44))).await;
        assert!(matches!(refused, Err(Error::Invalid { field: "agent", .. })), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn a_scheme_takes_no_issue_from_an_agent_at_work() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let next = ClaimNext { agent: "alpha".to_owned(), ..ClaimNext::default() };
        let lease = claim_next(&given.app, &agent("alpha"), next).await.unwrap().lease.unwrap();
        let name = REPOSITORY.parse().unwrap();
        let refused = set_label_scheme(&given.app, &person(), &name, &scheme()).await;
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
        let only_p1 = LabelSchemeInput { statuses: vec![], agent_prefix: None, ..scheme() };
        set(given, &only_p1).await;
        let (lease_id, fencing_token) = (lease.id(), lease.fencing_token.to_string());
        let command = ReleaseLease { lease_id, fencing_token, reason: None };
        release_lease(&given.app, &agent("alpha"), command).await.unwrap();
        set(given, &scheme()).await;
    })
    .await;
}
