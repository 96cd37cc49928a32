//! The GitHub client against the simulator: reading, writing, and every kind of failure.

use std::time::Duration;

use chrono::TimeDelta;
use dispatch::clock::Clock;
use dispatch::domain::dependencies::Reference;
use dispatch::domain::details::{Assignee, AssigneeKind};
use dispatch::domain::{AuthorAssociation, FullName, IssueDetails, IssueState};
use dispatch::github::{
    Client, Error, Issue, IssueIdentity, IssuesQuery, Links, PullRequest, Settings, States,
    Timeouts,
};
use dispatch::simulator::{Account, Fault, Gate, NewIssue, Simulator, Write, points};
use serde_json::json;
use tokio::net::TcpSocket;

use crate::support::eventually;
use crate::support::github::{GitHub, noon, usual_timeouts};

const REPOSITORY: &str = "acme/tools";

fn name() -> FullName {
    REPOSITORY.parse().expect("a full name")
}

fn first(page_size: u32) -> IssuesQuery {
    IssuesQuery { states: States::Both, since: None, after: None, page_size }
}

/// A repository with an issue on Backlog, and the labels of two columns.
async fn with_an_issue() -> (GitHub, Client) {
    let github = GitHub::start().await;
    github.simulator.add_repository(REPOSITORY);
    github.simulator.add_label(REPOSITORY, "status/backlog", "6b7280").unwrap();
    github.simulator.add_label(REPOSITORY, "status/ready", "f59e0b").unwrap();
    let new = NewIssue::titled("A lamp flickers", &["status/backlog", "type/bug"]);
    github.simulator.open_issue(REPOSITORY, new).unwrap();
    let client = github.client();
    (github, client)
}

/// Ids for a move of issue 1 from Backlog to Ready: issue, label to add, label to remove.
async fn ids_of_a_move(client: &Client, simulator: &Simulator) -> (String, String, String) {
    let issue = simulator.issue(REPOSITORY, 1).unwrap().id;
    let live = client.live_labels(&issue, Some("status/ready"), None).await.unwrap();
    let backlog = live.labels.iter().find(|label| label.name == "status/backlog").unwrap();
    (issue, live.target_label_id.clone().unwrap(), backlog.id.clone())
}

async fn move_to_ready(
    client: &Client,
    simulator: &Simulator,
) -> Result<dispatch::github::LabelChangeResult, Error> {
    let (issue, add, remove) = ids_of_a_move(client, simulator).await;
    client.change_labels(&issue, &[add], &[remove], false).await
}

// ---------------------------------------------------------------- documents

#[test]
fn documents_cost_what_they_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/github-queries");
    let ids: Vec<_> = (0..100).map(|id| id.to_string()).collect();
    let variables = json!({ "first": 100, "ids": ids });
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_document = path.extension().is_some_and(|extension| extension == "graphql")
            && path
                .file_name()
                .is_some_and(|name| name != "schema.graphql" && name != "supplement.graphql");
        if !is_document {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# Use case: "), "{path:?} does not say what it is for");
        let cost = text.lines().find_map(|line| line.strip_prefix("# Cost: "));
        let cost = cost.unwrap_or_else(|| panic!("{path:?} does not say what it costs"));
        if text.contains("\nquery ") {
            assert!(text.contains("rateLimit {"), "{path:?} does not ask for the rate limit");
            let said = cost.split(' ').next().unwrap().parse().unwrap();
            let stands_in = |line: &&str| line.contains("# without ");
            let sent: Vec<_> = text.lines().filter(|line| !stands_in(line)).collect();
            assert_eq!(points(&sent.join("\n"), &variables), Some(said), "{path:?}");
        } else {
            assert!(cost.starts_with("mutations have no `rateLimit` field"), "{path:?}");
        }
        seen += 1;
    }
    assert!(seen > 0, "no document was found");
}

// ---------------------------------------------------------------- reading

#[tokio::test]
async fn a_page_has_everything_the_board_shows() {
    let (github, client) = with_an_issue().await;
    let at = noon() - TimeDelta::days(3);
    let new = NewIssue {
        title: "Close me".into(),
        body: "Once upon a time".into(),
        author: None,
        labels: vec!["status/done".into()],
        assignees: vec!["ada".into(), "grace".into()],
        comments: 7,
        created_at: Some(at),
        closed_at: Some(noon() - TimeDelta::hours(1)),
        ..NewIssue::default()
    };
    github.simulator.open_issue(REPOSITORY, new).unwrap();
    let page = client.issues(&name(), first(100)).await.unwrap();

    assert_eq!((page.open_count, &page.next, page.skipped.len()), (1, &None, 0));
    assert_eq!(page.repository.full_name.as_str(), REPOSITORY);
    let [closed, open] = &page.issues[..] else { panic!("{:?}", page.issues) };
    assert_eq!(
        *closed,
        Issue {
            node_id: github.simulator.issue(REPOSITORY, 2).unwrap().id,
            repository_full_name: name(),
            number: 2,
            title: "Close me".into(),
            body: Some("Once upon a time".into()),
            url: "https://github.example/acme/tools/issues/2".into(),
            state: IssueState::Closed,
            labels: vec!["status/done".into()],
            assignees: vec!["ada".into(), "grace".into()],
            author: None,
            author_association: Some(AuthorAssociation::None),
            comments_count: 7,
            blockers_count: Some(0),
            pull_requests_count: Some(0),
            created_at: at,
            updated_at: noon() - TimeDelta::hours(1),
            closed_at: Some(noon() - TimeDelta::hours(1)),
            details: IssueDetails {
                assignees: ["ada", "grace"]
                    .map(|login| Assignee { login: login.into(), kind: AssigneeKind::User })
                    .to_vec(),
                ..IssueDetails::default()
            },
            has_all_details: true,
        }
    );
    assert_eq!((open.number, open.state, open.body.as_deref()), (1, IssueState::Open, None));
    assert_eq!(open.labels, ["status/backlog", "type/bug"]);
    assert_eq!(open.author.as_deref(), Some("octavia"));
    let rate = page.rate.expect("the simulator limits");
    assert_eq!((rate.limit, rate.remaining), (5_000, 4_997));
    assert_eq!(rate.resets_at, noon() + TimeDelta::hours(1));
    assert_eq!(client.rate(), Some(rate));
}

#[tokio::test]
async fn links_are_counted_with_the_page_and_named_on_request() {
    let (github, client) = with_an_issue().await;
    let simulator = &github.simulator;
    simulator.open_issue(REPOSITORY, NewIssue::titled("First", &[])).unwrap();
    simulator.block((REPOSITORY, 1), (REPOSITORY, 2)).unwrap();
    let pull_request = simulator.open_pull_request(REPOSITORY, "Mend it").unwrap();
    simulator.link(REPOSITORY, pull_request, 1).unwrap();
    let page = client.issues(&name(), first(100)).await.unwrap();
    let issue = page.issues.iter().find(|issue| issue.number == 1).unwrap();
    assert_eq!((issue.blockers_count, issue.pull_requests_count), (Some(1), Some(1)));
    let url = "https://github.example/acme/tools/pull/3";
    let closes = vec![issue.node_id.clone()];
    assert_eq!(page.pull_requests, [PullRequest { url: url.into(), is_open: true, closes }]);
    let links = client.links(&[issue.node_id.clone(), "gone".into()]).await.unwrap();
    let blocker = Reference { repository: REPOSITORY.into(), number: 2 };
    let blockers = Some(vec![(blocker, true)]);
    assert_eq!(links, [Some(Links { blockers, pull_request: Some(url.into()) }), None]);
}

#[tokio::test]
async fn queries_omit_fields_that_a_github_lacks() {
    let (github, client) = with_an_issue().await;
    let simulator = &github.simulator;
    simulator.lack(&["blockedBy", "assignedActors"]);
    let pull_request = simulator.open_pull_request(REPOSITORY, "Mend it").unwrap();
    simulator.link(REPOSITORY, pull_request, 1).unwrap();
    let issue = client.issue(&name(), 1).await.unwrap();
    assert_eq!((issue.blockers_count, issue.pull_requests_count), (None, Some(1)));
    let links = client.links(&[issue.node_id]).await.unwrap();
    let links = links[0].clone().unwrap();
    assert_eq!(links.blockers, None);
    assert!(links.pull_request.is_some());
}

#[tokio::test]
async fn a_field_missing_on_one_server_loses_only_that_field() {
    for (lacking, assignees, blockers) in [
        ("assignedActors", &["ada"][..], Some(0)),
        ("blockedBy", &["ada", "Copilot", "acme"], None),
    ] {
        let (github, client) = with_an_issue().await;
        let simulator = &github.simulator;
        simulator.set_account("copilot-swe-agent", Account::Bot);
        simulator.set_account("acme", Account::Organization);
        simulator.assign(REPOSITORY, 1, &["ada", "copilot-swe-agent", "acme"]).unwrap();
        simulator.lack(&[lacking]);
        let id = simulator.issue(REPOSITORY, 1).unwrap().id;
        let page = client.issues(&name(), first(10)).await.unwrap();
        let one = client.issue(&name(), 1).await.unwrap();
        let by_id = client.issues_by_node_id(&[id]).await.unwrap().remove(0).unwrap().unwrap();
        for issue in [&page.issues[0], &one, &by_id] {
            assert_eq!(issue.assignees, assignees, "without {lacking}");
            assert_eq!(issue.blockers_count, blockers, "without {lacking}");
        }
        assert_eq!(simulator.count("Issues"), 2, "it is asked for once, and then no more");
        assert_eq!(simulator.count("Issue"), 1);
    }
}

#[tokio::test]
async fn every_kind_of_account_opens_is_assigned_and_comments() {
    let github = GitHub::start().await;
    let (simulator, client) = (&github.simulator, github.client());
    simulator.add_repository(REPOSITORY);
    for (at, account) in Account::ALL.into_iter().enumerate() {
        let login = format!("login-{at}");
        simulator.set_account(&login, account);
        let new = NewIssue {
            author: Some(login.clone()),
            assignees: vec![login.clone()],
            ..NewIssue::titled("An issue", &[])
        };
        let number = simulator.open_issue(REPOSITORY, new).unwrap();
        simulator.comment_as(REPOSITORY, number, &login, "Noted").unwrap();
    }
    simulator
        .open_issue(REPOSITORY, NewIssue { author: None, ..NewIssue::titled("Ghost", &[]) })
        .unwrap();

    let mut issues = client.issues(&name(), first(100)).await.unwrap().issues;
    issues.sort_by_key(|issue| issue.number);
    assert_eq!(issues.len(), Account::ALL.len() + 1);
    for (at, account) in Account::ALL.into_iter().enumerate() {
        let (login, issue) = (format!("login-{at}"), &issues[at]);
        assert_eq!(issue.author.as_ref(), Some(&login));
        // GitHub does not assign these.
        let assigned = (account != Account::EnterpriseUser).then_some(login);
        assert_eq!(issue.assignees, Vec::from_iter(assigned), "{account:?}");
        let comments = client.recent_comments(&issue.node_id).await.unwrap().comments;
        assert_eq!((comments.len(), comments[0].is_own), (1, false));
    }
    assert_eq!(issues.last().unwrap().author, None);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_and_without_pull_requests() {
    let github = GitHub::start().await;
    github.simulator.add_repository(REPOSITORY);
    for number in 0..25 {
        // Every number updates in the reverse order of its opening.
        let created_at = Some(noon() - TimeDelta::minutes(number));
        let issue = NewIssue { created_at, ..NewIssue::titled(&format!("Issue {number}"), &[]) };
        github.simulator.open_issue(REPOSITORY, issue).unwrap();
        github.simulator.open_pull_request(REPOSITORY, "Not an issue").unwrap();
    }
    let client = github.client();
    let (mut seen, mut sizes, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let query = IssuesQuery { after, ..first(10) };
        let page = client.issues(&name(), query).await.unwrap();
        sizes.push(page.issues.len());
        seen.extend(page.issues.into_iter().map(|issue| issue.number));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(seen, (0..25).rev().map(|number| 2 * number + 1).collect::<Vec<i32>>());
}

#[tokio::test]
async fn states_and_time_narrow_a_page() {
    let (github, client) = with_an_issue().await;
    for (hours, closed) in [(5, false), (4, true), (3, false), (2, true)] {
        let at = Some(noon() - TimeDelta::hours(hours));
        let new = NewIssue {
            created_at: at,
            closed_at: at.filter(|_| closed),
            ..NewIssue::titled("Older", &[])
        };
        github.simulator.open_issue(REPOSITORY, new).unwrap();
    }
    let numbers = |states, since| {
        let client = client.clone();
        async move {
            let query = IssuesQuery { states, since, ..first(100) };
            let page = client.issues(&name(), query).await.unwrap();
            page.issues.into_iter().map(|issue| issue.number).collect::<Vec<_>>()
        }
    };
    assert_eq!(numbers(States::Both, None).await, [2, 3, 4, 5, 1]);
    assert_eq!(numbers(States::Open, None).await, [2, 4, 1]);
    assert_eq!(numbers(States::Closed, None).await, [3, 5]);
    // The second of a time belongs to it, and so does the rest of that second.
    let since = noon() - TimeDelta::hours(3) + TimeDelta::milliseconds(700);
    assert_eq!(numbers(States::Both, Some(since)).await, [4, 5, 1]);
    assert_eq!(numbers(States::Closed, Some(since)).await, [5]);
}

#[tokio::test]
async fn unstorable_characters_are_replaced_and_nothing_else_is_lost() {
    let github = GitHub::start().await;
    github.simulator.add_repository(REPOSITORY);
    let labels: Vec<_> = (0..100).map(|label| format!("label-{label:02}")).collect();
    let new = NewIssue {
        title: "שלום 🎉 <script>alert(1)</script>\u{0} \u{1b}[31m".into(),
        body: "one\r\ntwo\u{0}\tthree".into(),
        labels: labels.clone(),
        ..NewIssue::default()
    };
    github.simulator.open_issue(REPOSITORY, new).unwrap();
    let issue = github.client().issue(&name(), 1).await.unwrap();
    assert_eq!(issue.title, "שלום 🎉 <script>alert(1)</script> [31m");
    assert_eq!(issue.body.as_deref(), Some("one\ntwo\tthree"));
    assert_eq!(issue.labels, labels);
}

#[tokio::test]
async fn repositories_are_found_by_former_names_in_any_case() {
    let (github, client) = with_an_issue().await;
    let id = github.simulator.add_repository(REPOSITORY);
    github.simulator.rename_repository(REPOSITORY, "Acme/Toolbox").unwrap();

    let found = client.repository(&"ACME/TOOLS".parse().unwrap()).await.unwrap();
    assert_eq!((found.full_name.as_str(), &found.node_id), ("Acme/Toolbox", &id));
    assert_eq!((found.default_branch.as_deref(), found.open_issues), (Some("main"), 1));

    let page = client.issues(&name(), first(10)).await.unwrap();
    assert_eq!((page.repository.full_name.as_str(), page.repository.node_id), ("Acme/Toolbox", id));
    assert_eq!(page.issues[0].repository_full_name.as_str(), "Acme/Toolbox");
}

#[tokio::test]
async fn missing_objects_are_not_found() {
    let (_github, client) = with_an_issue().await;
    let nothing: FullName = "acme/nothing".parse().unwrap();
    let text = "GitHub API error: 404 Could not resolve to a Repository with the name \
                'acme/nothing'.";
    for error in [
        client.repository(&nothing).await.unwrap_err(),
        client.issues(&nothing, first(10)).await.unwrap_err(),
        client.issue(&nothing, 1).await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
        assert_eq!(error.to_string(), text);
    }
    let error = client.issue(&name(), 99).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    let error = client.live_labels("I_nothing", None, None).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn a_pull_request_is_not_an_issue() {
    let (github, client) = with_an_issue().await;
    let number = github.simulator.open_pull_request(REPOSITORY, "Fix the lamp").unwrap();
    let number = i32::try_from(number).unwrap();
    let error = client.issue(&name(), number).await.unwrap_err();
    assert_eq!(error, Error::PullRequest { number });
}

#[tokio::test]
async fn ids_reveal_removed_issues() {
    let (github, client) = with_an_issue().await;
    let simulator = &github.simulator;
    simulator.add_repository("acme/attic");
    let mut ids = Vec::new();
    for _ in 2..=251 {
        let number = simulator.open_issue(REPOSITORY, NewIssue::titled("One more", &[])).unwrap();
        ids.push(simulator.issue(REPOSITORY, number).unwrap().id);
    }
    simulator.delete_issue(REPOSITORY, 3).unwrap();
    simulator.transfer_issue(REPOSITORY, 251, "acme/attic").unwrap();
    ids.reverse();

    let found = client.issues_by_node_id(&ids).await.unwrap();
    assert_eq!(simulator.count("IssuesById"), 3);
    assert_eq!(found.len(), ids.len());
    assert_eq!((&found[0], &found[248]), (&Ok(None), &Ok(None)));
    let numbers: Vec<_> = found.iter().flatten().flatten().map(|issue| issue.number).collect();
    assert_eq!(numbers, (2..=250).rev().filter(|number| *number != 3).collect::<Vec<_>>());
    assert_eq!(client.issues_by_node_id(&[]).await, Ok(vec![]));
}

#[tokio::test]
async fn an_id_that_cannot_be_looked_at_is_not_gone() {
    let (github, client) = with_an_issue().await;
    let id = github.simulator.issue(REPOSITORY, 1).unwrap().id;
    let fault = Fault::Partial {
        path: "nodes.0",
        kind: "FORBIDDEN",
        message: "Resource protected by organization SAML enforcement.".into(),
    };
    github.simulator.inject(fault.on("IssuesById"));
    let other = "I_gone".to_owned();
    let found = client.issues_by_node_id(&[id.clone(), other]).await.unwrap();
    assert_eq!(
        found[0].as_ref().unwrap_err().to_string(),
        "GitHub API error: 422 Resource protected by organization SAML enforcement."
    );
    assert_eq!(found[1], Ok(None));
    assert!(matches!(client.issues_by_node_id(&[id]).await.unwrap()[..], [Ok(Some(_))]));
}

// ---------------------------------------------------------------- writing

#[tokio::test]
async fn live_labels_come_with_the_id_of_the_target() {
    let (github, client) = with_an_issue().await;
    let id = github.simulator.issue(REPOSITORY, 1).unwrap().id;
    let live = client.live_labels(&id, Some("status/ready"), None).await.unwrap();
    assert_eq!(live.names(), ["status/backlog", "type/bug"]);
    assert_eq!((live.state, live.closed_at), (IssueState::Open, None));
    assert_eq!((live.title.as_str(), live.updated_at), ("A lamp flickers", noon()));
    assert_eq!(live.repository_full_name, name());
    assert_eq!(live.repository_node_id, github.simulator.add_repository(REPOSITORY));
    assert!(live.target_label_id.is_some());

    let missing = client.live_labels(&id, Some("status/blocked"), None).await.unwrap();
    assert_eq!(missing.target_label_id, None);
    assert_eq!(client.live_labels(&id, None, None).await.unwrap().target_label_id, None);
    assert_eq!(github.simulator.total(), 3);
}

#[tokio::test]
async fn one_request_adds_then_removes_and_returns_the_labels() {
    let (github, client) = with_an_issue().await;
    github.simulator.relabel(REPOSITORY, 1, &["agent/ada"], &[]).unwrap();
    let before = github.simulator.issue(REPOSITORY, 1).unwrap().updated_at;
    let changed = move_to_ready(&client, &github.simulator).await.unwrap();

    assert_eq!(changed.labels, ["status/ready", "type/bug", "agent/ada"]);
    assert_eq!(changed.errors, []);
    assert!(changed.updated_at > before);
    assert_eq!(github.simulator.labels(REPOSITORY, 1), changed.labels);
    assert_eq!(github.simulator.count("ChangeLabels"), 1);
    let (repository, number) = (REPOSITORY.to_owned(), 1);
    assert_eq!(
        github.simulator.take_writes(),
        [
            Write::Labelled {
                repository: repository.clone(),
                number,
                labels: vec!["status/ready".into()]
            },
            Write::Unlabelled { repository, number, labels: vec!["status/backlog".into()] },
        ]
    );
}

#[tokio::test]
async fn removing_what_is_not_there_is_no_error() {
    let (github, client) = with_an_issue().await;
    let (issue, _, backlog) = ids_of_a_move(&client, &github.simulator).await;
    github.simulator.relabel(REPOSITORY, 1, &[], &["status/backlog"]).unwrap();
    let changed = client.change_labels(&issue, &[], &[backlog], false).await.unwrap();
    assert_eq!((changed.labels, changed.errors), (vec!["type/bug".to_owned()], vec![]));
    assert_eq!(github.simulator.take_writes(), []);
}

#[tokio::test]
async fn a_partial_change_reports_what_was_refused() {
    for (field, labels) in [
        ("addLabelsToLabelable", &["type/bug"][..]),
        ("removeLabelsFromLabelable", &["status/backlog", "status/ready", "type/bug"]),
    ] {
        let (github, client) = with_an_issue().await;
        let message = "Label does not exist".to_owned();
        let fault = Fault::RefuseField { field, kind: "UNPROCESSABLE", message };
        github.simulator.inject(fault.on("ChangeLabels"));
        let changed = move_to_ready(&client, &github.simulator).await.unwrap();
        let errors: Vec<_> = changed.errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors, ["GitHub API error: 422 Label does not exist"]);
        assert_eq!(changed.labels, labels);
        assert_eq!(github.simulator.labels(REPOSITORY, 1), labels);
    }
}

#[tokio::test]
async fn a_fully_refused_change_is_an_error_without_effect() {
    let (github, client) = with_an_issue().await;
    let issue = github.simulator.issue(REPOSITORY, 1).unwrap().id;
    let unknown = ["LA_unknown".to_owned()];
    let error = client.change_labels(&issue, &unknown, &[], false).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    assert!(!error.is_ambiguous());

    let fault = Fault::error("FORBIDDEN", "Resource not accessible by personal access token");
    github.simulator.inject(fault.on_mutations());
    let error = move_to_ready(&client, &github.simulator).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GitHub API error: 422 Resource not accessible by personal access token"
    );
    assert_eq!(github.simulator.take_writes(), []);
}

#[tokio::test]
async fn a_missing_label_is_created_with_its_colour() {
    let (github, client) = with_an_issue().await;
    let repository = github.simulator.add_repository(REPOSITORY);
    let id = client.create_label(&repository, "status/blocked", "dc2626").await.unwrap();
    let issue = github.simulator.issue(REPOSITORY, 1).unwrap().id;
    let live = client.live_labels(&issue, Some("status/blocked"), None).await.unwrap();
    assert_eq!(live.target_label_id, Some(id));
    let color = github.simulator.label_color(REPOSITORY, "status/blocked");
    assert_eq!(color.as_deref(), Some("dc2626"));
}

#[tokio::test]
async fn a_label_created_concurrently_is_used() {
    let (github, client) = with_an_issue().await;
    let repository = github.simulator.add_repository(REPOSITORY);
    let theirs = github.simulator.add_label(REPOSITORY, "Status/Blocked", "000000").unwrap();
    let ours = client.create_label(&repository, "status/blocked", "dc2626").await.unwrap();
    assert_eq!(ours, theirs);
    assert_eq!((github.simulator.count("CreateLabel"), github.simulator.count("LabelId")), (1, 1));

    // A refusal for any other reason stays one.
    let error = client.create_label(&repository, "status/done", "green").await.unwrap_err();
    assert_eq!(error.to_string(), "GitHub API error: 422 Color is invalid");
}

// ---------------------------------------------------------------- errors beside data

#[tokio::test]
async fn half_an_issue_is_left_out_of_its_page() {
    let (github, client) = with_an_issue().await;
    github.simulator.open_issue(REPOSITORY, NewIssue::titled("Another", &["type/bug"])).unwrap();
    for path in ["repository.issues.nodes.0", "repository.issues.nodes.0.labels"] {
        let message = "Something is off".to_owned();
        let fault = Fault::Partial { path, kind: "INTERNAL", message };
        github.simulator.inject(fault.on("Issues"));
        let page = client.issues(&name(), first(100)).await.unwrap();
        assert_eq!(page.issues.iter().map(|issue| issue.number).collect::<Vec<_>>(), [2]);
        let reason = "GitHub API error: 422 Something is off";
        let id = github.simulator.issue(REPOSITORY, 1).unwrap().id;
        let identity = IssueIdentity { node_id: id, number: 1, state: IssueState::Open };
        let skipped: Vec<_> =
            page.skipped.iter().map(|one| (&one.identity, one.reason.to_string())).collect();
        assert_eq!(skipped, [(&Some(identity), reason.to_owned())]);
    }
}

#[tokio::test]
async fn a_page_with_another_error_fails() {
    let (github, client) = with_an_issue().await;
    let message = "You may not see the count".to_owned();
    let fault = Fault::Partial { path: "repository.openIssues", kind: "FORBIDDEN", message };
    github.simulator.inject(fault.on("Issues"));
    let error = client.issues(&name(), first(100)).await.unwrap_err();
    assert_eq!(error.to_string(), "GitHub API error: 422 You may not see the count");

    // Nor is one that GitHub ran out of time with.
    let message = "Something went wrong while executing your query. This may be the result of a \
                   timeout, or it could be a GitHub bug."
        .to_owned();
    let fault = Fault::Partial { path: "repository.issues.nodes.0.labels", kind: "", message };
    github.simulator.inject(fault.on("Issues"));
    let error = client.issues(&name(), first(100)).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

// ---------------------------------------------------------------- GitHub in trouble

#[tokio::test]
async fn a_read_is_tried_three_times() {
    let (github, client) = with_an_issue().await;
    let bad_days = [
        Fault::Page { status: 502 },
        Fault::refuse(503, "No server is currently available"),
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::CutShort,
        Fault::HalfBody,
        Fault::error("", "Something went wrong while executing your query."),
    ];
    for fault in bad_days {
        github.simulator.forget_requests();
        github.simulator.inject(fault.clone().on("Issue").times(2));
        let issue = client.issue(&name(), 1).await;
        assert!(issue.is_ok(), "{fault:?}: {issue:?}");
        assert_eq!(github.simulator.count("Issue"), 3, "{fault:?}");

        github.simulator.forget_requests();
        github.simulator.inject(fault.clone().on("Issue").times(3));
        let error = client.issue(&name(), 1).await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{fault:?}: {error:?}");
        assert_eq!(github.simulator.count("Issue"), 3, "{fault:?}");
    }
}

#[tokio::test]
async fn a_read_that_was_refused_is_not_tried_again() {
    let (github, client) = with_an_issue().await;
    for (status, message, printed) in [
        (401, "Bad credentials", "GitHub API error: 401 Bad credentials"),
        (403, "Resource not accessible", "GitHub API error: 403 Resource not accessible"),
        (404, "Not Found", "GitHub API error: 404 Not Found"),
        (302, "Moved", "GitHub API error: 302 Moved"),
    ] {
        github.simulator.forget_requests();
        github.simulator.inject(Fault::refuse(status, message).on("Issue"));
        let error = client.issue(&name(), 1).await.unwrap_err();
        let is_forbidden = status == 403;
        assert_eq!(error, Error::Refused { status, message: message.into(), is_forbidden });
        assert_eq!(error.to_string(), printed);
        assert_eq!(github.simulator.total(), 1);
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused() {
    let (github, client) = with_an_issue().await;
    github.simulator.require_token("another-token");
    let error = client.issue(&name(), 1).await.unwrap_err();
    assert_eq!(error.to_string(), "GitHub API error: 401 Bad credentials");
}

#[tokio::test]
async fn a_page_of_html_is_not_understood() {
    let (github, client) = with_an_issue().await;
    github.simulator.inject(Fault::Page { status: 200 }.on("Issue"));
    let error = client.issue(&name(), 1).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GitHub gave an answer that cannot be understood: not JSON, but text/html; charset=utf-8"
    );
    assert_eq!(github.simulator.count("Issue"), 1);
    github.simulator.inject(Fault::Page { status: 502 }.on("Issue").times(3));
    let error = client.issue(&name(), 1).await.unwrap_err();
    assert_eq!(error.to_string(), "GitHub API error: 502 Bad Gateway");
}

#[tokio::test]
async fn errors_hold_no_secret_and_no_junk() {
    let (github, client) = with_an_issue().await;
    let message =
        format!("No\u{0} entry\n\u{1b}[31m for ghp_0123456789 and a-token {}", "x".repeat(999));
    github.simulator.inject(Fault::refuse(403, &message).on("Issue"));
    let printed = client.issue(&name(), 1).await.unwrap_err().to_string();
    assert!(
        printed.starts_with("GitHub API error: 403 No entry [31m for [redacted] and [redacted] x")
    );
    assert!(printed.len() < 400, "{printed}");
}

#[tokio::test]
async fn a_large_page_that_timed_out_fails_immediately() {
    let (github, client) = with_an_issue().await;
    github.simulator.inject(Fault::Page { status: 502 }.on("Issues").times(3));
    let error = client.issues(&name(), first(100)).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(github.simulator.count("Issues"), 1);
    // A small one is worth trying again.
    assert_eq!(client.issues(&name(), first(5)).await.unwrap().issues.len(), 1);
    assert_eq!(github.simulator.count("Issues"), 4);
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let request = Duration::from_millis(400);
    let (gate, long) = (Gate::new(), Duration::from_secs(3_600));
    for fault in [
        Fault::Hold(gate.clone()),
        Fault::HoldAnswer(gate.clone()),
        Fault::Stall(long),
        Fault::StallAnswer(long),
    ] {
        // A machine may be too busy to send the request in its time.
        eventually(async || {
            let (github, _) = with_an_issue().await;
            let client = github.client_with(Timeouts { request, ..usual_timeouts() });
            github.simulator.inject(fault.clone().on("Issues"));
            let error = client.issues(&name(), first(100)).await.unwrap_err();
            assert!(error.is_timeout(), "{fault:?}: {error:?}");
            assert_eq!(error.to_string(), "GitHub could not be reached: no answer in time");
            let sent = github.simulator.count("Issues");
            assert!(sent <= 1, "{fault:?}: it was sent {sent} times");
            eventually(async || client.issues(&name(), first(100)).await.is_ok()).await;
            sent == 1
        })
        .await;
    }
}

#[tokio::test]
async fn a_write_whose_answer_waits_is_done() {
    let (github, client) = with_an_issue().await;
    let gate = Gate::new();
    github.simulator.inject(Fault::HoldAnswer(gate.clone()).on_mutations());
    let watching = async {
        gate.arrived().await;
        let labels = github.simulator.labels(REPOSITORY, 1);
        gate.open();
        labels
    };
    let (changed, seen) = tokio::join!(move_to_ready(&client, &github.simulator), watching);
    assert_eq!(changed.unwrap().labels, seen);
    assert_eq!(seen, ["status/ready", "type/bug"]);
}

#[tokio::test]
async fn faults_apply_to_the_matching_requests() {
    let (github, client) = with_an_issue().await;
    github.simulator.add_repository("acme/attic");
    let attic = "Acme/Attic".parse().unwrap();
    let fault = Fault::refuse(403, "Not here");
    github.simulator.inject(fault.on_queries().in_repository("acme/ATTIC").after(1).times(2));
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        assert!(client.issues(&name(), first(10)).await.is_ok());
        outcomes.push(client.issues(&attic, first(10)).await.is_ok());
    }
    assert_eq!(outcomes, [true, false, false, true]);

    github.simulator.inject(Fault::refuse(403, "Nowhere").on_anything().always());
    assert!(client.issues(&name(), first(10)).await.is_err());
    assert!(client.issues(&name(), first(10)).await.is_err());
    github.simulator.clear_faults();
    assert!(client.issues(&name(), first(10)).await.is_ok());
}

// ---------------------------------------------------------------- writes of unknown fate

#[tokio::test]
async fn a_write_of_unknown_fate_is_sent_once() {
    let undone = [
        Fault::DropBefore,
        Fault::Page { status: 502 },
        Fault::refuse(500, "Server Error"),
        Fault::error("", "Something went wrong while executing your query."),
    ];
    let done = [Fault::DropAfter, Fault::CutShort, Fault::HalfBody];
    let undone = undone.into_iter().map(|fault| (fault, false));
    for (fault, is_done) in undone.chain(done.into_iter().map(|fault| (fault, true))) {
        let (github, client) = with_an_issue().await;
        github.simulator.inject(fault.clone().on_mutations().always());
        let error = move_to_ready(&client, &github.simulator).await.unwrap_err();
        assert!(error.is_ambiguous(), "{fault:?}: {error:?}");
        assert_eq!(github.simulator.count("ChangeLabels"), 1, "{fault:?}");
        let is_there = github.simulator.labels(REPOSITORY, 1).contains(&"status/ready".to_owned());
        assert_eq!(is_there, is_done, "{fault:?}");
    }
}

#[tokio::test]
async fn a_late_write_still_lands() {
    let mut tries = 0;
    let (github, client, gate) = loop {
        tries += 1;
        assert!(tries < 20, "no write was sent");
        let (github, client) = with_an_issue().await;
        let gate = Gate::new();
        github.simulator.inject(Fault::Hold(gate.clone()).on_mutations());
        let (issue, ready, backlog) = ids_of_a_move(&client, &github.simulator).await;
        let hasty = client.within(Duration::from_millis(400));
        let error = hasty.change_labels(&issue, &[ready], &[backlog], false).await.unwrap_err();
        let sent = github.simulator.count("ChangeLabels");
        assert!(sent <= 1, "it was sent {sent} times");
        // A machine may be too busy to send the write in its time: then none can land.
        if sent == 1 {
            assert!(error.is_timeout() && error.is_ambiguous(), "{error:?}");
            break (github, client, gate);
        }
    };
    assert_eq!(github.simulator.labels(REPOSITORY, 1), ["status/backlog", "type/bug"]);

    // The next request of the same kind sees that the gate is open only after the first one did.
    let (issue, ready, _) = ids_of_a_move(&client, &github.simulator).await;
    gate.open();
    while !github.simulator.labels(REPOSITORY, 1).contains(&"status/ready".to_owned()) {
        tokio::task::yield_now().await;
    }
    let changed = client.change_labels(&issue, &[ready], &[], false).await.unwrap();
    assert!(changed.labels.contains(&"status/ready".to_owned()));
}

#[tokio::test]
async fn a_write_that_never_left_is_not_ambiguous() {
    let settings = |port: u16| {
        let address = format!("http://127.0.0.1:{port}").parse().unwrap();
        let mut settings = Settings::new(address, Some("a-token".into()));
        settings.timeouts = usual_timeouts();
        settings
    };
    // A port that is kept, so that nobody else can come to listen there.
    let kept = TcpSocket::new_v4().unwrap();
    kept.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = kept.local_addr().unwrap().port();
    let client = Client::new(settings(port), Clock::system()).unwrap();
    let error = client.create_label("R_1", "status/ready", "f59e0b").await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { ambiguous: false, .. }), "{error:?}");
    assert!(error.to_string().starts_with("GitHub could not be reached: "), "{error}");
    assert!(!error.to_string().contains("127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn several_calls_share_a_deadline() {
    let (github, client) = with_an_issue().await;
    let id = github.simulator.issue(REPOSITORY, 1).unwrap().id;
    let hasty = client.within(Duration::from_millis(60));
    let gate = Gate::new();
    github.simulator.inject(Fault::Hold(gate.clone()).on("LiveLabels").always());
    let error = hasty.live_labels(&id, None, None).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    // Nothing is sent any more, so nothing can have been done.
    let error = hasty.create_label("R_1", "status/ready", "f59e0b").await.unwrap_err();
    assert!(error.is_timeout() && !error.is_ambiguous(), "{error:?}");
    assert_eq!(github.simulator.count("CreateLabel"), 0);
    gate.open();
    assert!(client.live_labels(&id, None, None).await.is_ok());
}

// ---------------------------------------------------------------- limits

#[tokio::test]
async fn an_exhausted_rate_limit_is_reported_and_respected() {
    let (github, client) = with_an_issue().await;
    let until = noon() + TimeDelta::minutes(20);
    github.simulator.exhaust_rate_limit(until);
    let limited = Error::RateLimited { until };
    assert_eq!(client.issue(&name(), 1).await, Err(limited.clone()));
    assert_eq!(client.rate().map(|rate| rate.remaining), Some(0));
    // GitHub receives no request until then, from any caller.
    assert_eq!(client.clone().issue(&name(), 1).await, Err(limited.clone()));
    assert_eq!(github.simulator.total(), 1);
    github.clock.advance(Duration::from_secs(20 * 60));
    assert!(client.issue(&name(), 1).await.is_ok());
    assert_eq!(
        limited.to_string(),
        "GitHub API error: 429 rate limit exceeded until 2026-11-24T12:20:00Z"
    );
}

#[tokio::test]
async fn every_spelling_of_a_limit_is_known() {
    let minute = noon() + TimeDelta::minutes(1);
    let half = noon() + TimeDelta::seconds(30);
    for (fault, until) in [
        (Fault::SecondaryLimit { retry_after: Some(Duration::from_secs(30)) }, half),
        (Fault::SecondaryLimit { retry_after: None }, minute),
        (Fault::refuse(429, "Too many requests"), minute),
        (Fault::error("RATE_LIMITED", "API rate limit exceeded"), minute),
        (Fault::error("RATE_LIMIT", "API rate limit already exceeded for user ID 1."), minute),
        (Fault::error("", "You have exceeded a secondary rate limit."), minute),
    ] {
        for rule in [fault.clone().on_queries(), fault.clone().on_mutations()] {
            let (github, client) = with_an_issue().await;
            github.simulator.inject(rule);
            let error = move_to_ready_or_not(&client, &github.simulator).await.unwrap_err();
            assert_eq!(error, Error::RateLimited { until }, "{fault:?}");
            assert_eq!(github.simulator.take_writes(), []);
        }
    }
}

/// Like [`move_to_ready`], but already the read may fail.
async fn move_to_ready_or_not(client: &Client, simulator: &Simulator) -> Result<(), Error> {
    let issue = simulator.issue(REPOSITORY, 1).unwrap().id;
    let live = client.live_labels(&issue, Some("status/ready"), None).await?;
    let ready: Vec<_> = live.target_label_id.into_iter().collect();
    client.change_labels(&issue, &ready, &[], false).await.map(drop)
}

#[tokio::test]
async fn a_short_wait_is_waited() {
    let (github, client) = with_an_issue().await;
    let fault = Fault::SecondaryLimit { retry_after: Some(Duration::ZERO) };
    github.simulator.inject(fault.clone().on("Issue"));
    assert!(client.issue(&name(), 1).await.is_ok());
    assert_eq!(github.simulator.count("Issue"), 2);
    // GitHub refused, so even a write may be sent again.
    github.simulator.inject(fault.on_mutations());
    assert!(move_to_ready(&client, &github.simulator).await.is_ok());
    assert_eq!(github.simulator.count("ChangeLabels"), 2);
}

#[tokio::test]
async fn clocks_that_differ_do_not_lengthen_a_wait() {
    let github = GitHub::with_clock(Clock::held_at(noon() + TimeDelta::minutes(5))).await;
    let settings = Settings::new(github.address.clone(), Some("a-token".into()));
    let client = Client::new(settings, Clock::held_at(noon())).unwrap();
    github.simulator.exhaust_rate_limit(noon() + TimeDelta::minutes(6));
    let error = client.repository(&name()).await.unwrap_err();
    assert_eq!(error, Error::RateLimited { until: noon() + TimeDelta::minutes(1) });
}

#[tokio::test]
async fn mutations_return_the_rate_limit_in_headers() {
    let (github, client) = with_an_issue().await;
    move_to_ready(&client, &github.simulator).await.unwrap();
    let (remaining, resets_at) = github.simulator.rate_limit();
    let rate = client.rate().expect("a mutation was answered");
    assert_eq!((rate.remaining, rate.resets_at), (remaining, resets_at));
    assert_eq!(remaining, 4_998);
}

#[tokio::test]
async fn without_a_token_no_request_is_sent() {
    let github = GitHub::start().await;
    let settings = Settings::new(github.address.clone(), None);
    let client = Client::new(settings, github.clock.clone()).unwrap();
    assert!(!client.is_configured());
    assert_eq!(client.issue(&name(), 1).await, Err(Error::Unconfigured));
    assert_eq!(client.change_labels("I_1", &[], &[], false).await, Err(Error::Unconfigured));
    assert_eq!(github.simulator.total(), 0);
}
