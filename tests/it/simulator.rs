//! The simulator: it offers nothing that GitHub does not, and implements what it offers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    FieldDefinition, InputValueDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned};
use chrono::TimeDelta;
use dispatch::clock::Clock;
use dispatch::domain::{IssueState, LabelSet, Priority, Status};
use dispatch::github::{IssuesQuery, States};
use dispatch::simulator::{HumanActivity, Load, NewIssue, Simulator, sample, sdl};

use crate::support::github::{GitHub, noon};

/// Everything a schema promises, a line each.
fn promises(sdl: &str) -> BTreeSet<String> {
    let document = parse_schema(sdl).unwrap();
    let mut lines = BTreeSet::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        match definition.node.kind {
            TypeKind::Scalar => _ = lines.insert(format!("scalar {name}")),
            TypeKind::Object(object) => {
                lines.extend(implements(&name, &object.implements));
                lines.extend(object.fields.iter().map(|field| line(&name, &field.node)));
            }
            TypeKind::Interface(interface) => {
                lines.extend(implements(&name, &interface.implements));
                lines.extend(interface.fields.iter().map(|field| line(&name, &field.node)));
            }
            TypeKind::Union(union) => lines.extend(
                union.members.iter().map(|member| format!("{name} may be {}", member.node)),
            ),
            TypeKind::Enum(words) => lines
                .extend(words.values.iter().map(|word| format!("{name} has {}", word.node.value))),
            TypeKind::InputObject(input) => lines
                .extend(input.fields.iter().map(|field| format!("{name} {}", value(&field.node)))),
        }
    }
    lines
}

fn implements(name: &str, parents: &[Positioned<Name>]) -> Vec<String> {
    parents.iter().map(|parent| format!("{name} is {}", parent.node)).collect()
}

fn line(name: &str, field: &FieldDefinition) -> String {
    let mut arguments: Vec<_> = field.arguments.iter().map(|one| value(&one.node)).collect();
    arguments.sort();
    format!("{name}.{}({}): {}", field.name.node, arguments.join(", "), field.ty.node)
}

fn value(value: &InputValueDefinition) -> String {
    format!("{}: {}", value.name.node, value.ty.node)
}

#[test]
fn its_schema_is_the_part_of_githubs_that_our_documents_touch() {
    let github = include_str!("../../github-queries/schema.graphql");
    let (ours, theirs) = (promises(&sdl()), promises(github));
    let invented: Vec<_> = ours.difference(&theirs).collect();
    assert!(invented.is_empty(), "GitHub does not have {invented:#?}");
    // Whatever has an id may stand for a `Node`; what our documents name no field of cannot be met.
    let bare = theirs.iter().filter_map(|line| line.strip_suffix(" is Node")).filter(|name| {
        let of = |line: &&String| {
            line.starts_with(&format!("{name}.")) || line.starts_with(&format!("{name} "))
        };
        theirs.iter().filter(of).count() == 2
    });
    let bare: BTreeSet<&str> = bare.collect();
    let is_bare = |line: &str| bare.contains(line.split(['.', ' ']).next().unwrap_or_default());
    let lacking: Vec<_> = theirs.difference(&ours).filter(|line| !is_bare(line)).collect();
    assert!(lacking.is_empty(), "our documents need {lacking:#?}");
    assert!(ours.len() > 60, "{} promises", ours.len());
}

fn simulator() -> Simulator {
    Simulator::new(Clock::held_at(noon()))
}

// ---------------------------------------------------------------- rules

#[tokio::test]
async fn an_issue_that_changes_while_it_is_paged_through_is_met_again() {
    let github = GitHub::start().await;
    let (simulator, name) = (&github.simulator, "acme/tools");
    simulator.add_repository(name);
    for minutes in (1..=6).rev() {
        let created_at = Some(noon() - TimeDelta::minutes(minutes));
        let new = NewIssue { created_at, ..NewIssue::titled("An issue", &[]) };
        simulator.open_issue(name, new).unwrap();
    }
    let (client, repository) = (github.client(), name.parse().unwrap());
    let query = |after| IssuesQuery { states: States::Both, since: None, after, page_size: 2 };
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = client.issues(&repository, query(after)).await.unwrap();
        seen.extend(page.issues.iter().map(|issue| issue.number));
        if seen.len() == 2 {
            // The last one of the page just read, and one that is yet to come.
            simulator.comment(name, 2).unwrap();
            simulator.comment(name, 5).unwrap();
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 6, 2, 5]);
}

#[test]
fn each_change_is_later_than_the_one_before_by_default() {
    let (simulator, name) = (simulator(), "acme/tools");
    simulator.add_repository(name);
    simulator.open_issue(name, NewIssue::titled("An issue", &[])).unwrap();
    let updated = || simulator.issue(name, 1).unwrap().updated_at;
    simulator.comment(name, 1).unwrap();
    assert_eq!(updated(), noon() + TimeDelta::seconds(1));
    simulator.let_changes_share_seconds();
    simulator.comment(name, 1).unwrap();
    assert_eq!(updated(), noon() + TimeDelta::seconds(1));
}

#[test]
fn an_unchanged_issue_is_not_updated() {
    let (simulator, name) = (simulator(), "acme/tools");
    simulator.add_repository(name);
    simulator.open_issue(name, NewIssue::titled("An issue", &["type/bug"])).unwrap();
    let before = simulator.issue(name, 1);
    simulator.relabel(name, 1, &["TYPE/BUG"], &["status/ready"]).unwrap();
    simulator.edit_title(name, 1, "An issue").unwrap();
    simulator.reopen(name, 1).unwrap();
    assert_eq!(simulator.issue(name, 1), before);
    simulator.close(name, 1).unwrap();
    let closed = simulator.issue(name, 1).unwrap();
    assert_eq!(closed.closed_at, Some(noon()));
    simulator.close(name, 1).unwrap();
    assert_eq!(simulator.issue(name, 1), Some(closed));
    assert_eq!(simulator.open_count(name), 0);
}

#[test]
fn github_refuses_what_it_refuses() {
    let (simulator, name) = (simulator(), "acme/tools");
    simulator.add_repository(name);
    let labels: Vec<_> = (0..100).map(|label| format!("label-{label}")).collect();
    let new = NewIssue { labels, ..NewIssue::titled("An issue", &[]) };
    simulator.open_issue(name, new).unwrap();
    let refused = simulator.relabel(name, 1, &["one-more"], &[]).unwrap_err();
    assert_eq!(refused.to_string(), "Issues cannot have more than 100 labels");
    simulator.relabel(name, 1, &["one-more"], &["label-0"]).unwrap();
    let refused = simulator.add_label(name, "LABEL-1", "ffffff").unwrap_err();
    assert_eq!(refused.to_string(), "Name has already been taken");
    let refused = simulator.rename_label(name, "label-2", "LABEL-1").unwrap_err();
    assert_eq!(refused.to_string(), "Name has already been taken");
    simulator.rename_label(name, "label-2", "Label-2").unwrap();
    assert!(simulator.labels(name, 1).contains(&"Label-2".to_owned()), "in its new spelling");
    let refused = simulator.close("acme/nothing", 1).unwrap_err();
    assert_eq!(refused.kind, "NOT_FOUND");
}

#[test]
fn a_transferred_issue_is_a_new_one_elsewhere() {
    let simulator = simulator();
    simulator.add_repository("acme/tools");
    simulator.add_repository("acme/attic");
    simulator.add_label("acme/attic", "status/ready", "f59e0b").unwrap();
    let new = NewIssue::titled("An issue", &["status/ready", "type/bug"]);
    simulator.open_issue("acme/tools", new).unwrap();
    let old = simulator.issue("acme/tools", 1).unwrap();
    let number = simulator.transfer_issue("acme/tools", 1, "acme/attic").unwrap();
    let new = simulator.issue("acme/attic", number).unwrap();
    assert_ne!(new.id, old.id);
    assert_eq!((new.title, new.created_at), (old.title, old.created_at));
    assert_eq!(new.labels, ["status/ready"]);
    assert_eq!(simulator.issue("acme/tools", 1), None);
    assert_eq!((simulator.open_count("acme/tools"), simulator.open_count("acme/attic")), (0, 1));
}

#[tokio::test]
async fn points_are_back_when_the_window_ends() {
    let github = GitHub::start().await;
    github.simulator.add_repository("acme/tools");
    let name = "acme/tools".parse().unwrap();
    github.client().repository(&name).await.unwrap();
    assert_eq!(github.simulator.rate_limit(), (4_999, noon() + TimeDelta::hours(1)));
    github.clock.advance(Duration::from_secs(3_600));
    github.client().repository(&name).await.unwrap();
    assert_eq!(github.simulator.rate_limit(), (4_999, noon() + TimeDelta::hours(2)));
}

// ---------------------------------------------------------------- the demo's organisation

/// All issues of the sample organisation, with the repository each is in.
fn sampled(seed: u64) -> Vec<(String, dispatch::simulator::IssueView)> {
    let simulator = simulator();
    let names = sample::found(&simulator, seed);
    let issues =
        |name: String| simulator.issues(&name).into_iter().map(move |one| (name.clone(), one));
    names.into_iter().flat_map(issues).collect()
}

#[test]
fn the_sample_is_the_same_for_the_same_seed() {
    assert_eq!(sampled(7), sampled(7));
    assert_ne!(sampled(7), sampled(8));
}

#[test]
fn the_sample_fills_every_column_and_every_repository() {
    let issues = sampled(7);
    assert!((150..=200).contains(&issues.len()), "{} issues", issues.len());
    let (mut columns, mut repositories) = (BTreeMap::new(), BTreeMap::new());
    let (mut priorities, mut prefixes) = (BTreeSet::new(), BTreeSet::new());
    for (repository, issue) in &issues {
        let labels = LabelSet::from(issue.labels.clone());
        let state = if issue.closed_at.is_some() { IssueState::Closed } else { IssueState::Open };
        let is_recent = issue.closed_at.is_none_or(|at| at > noon() - TimeDelta::days(7));
        if is_recent {
            *columns.entry(labels.effective_status(state)).or_insert(0) += 1;
        }
        *repositories.entry(repository.clone()).or_insert(0) += 1;
        priorities.extend(labels.priority());
        prefixes.extend(
            issue.labels.iter().filter_map(|label| Some(label.split_once('/')?.0.to_owned())),
        );
        assert!(issue.created_at <= issue.updated_at && issue.updated_at <= noon(), "{issue:?}");
    }
    assert!(Status::ALL.iter().all(|status| columns.get(status) >= Some(&6)), "{columns:?}");
    assert!(
        repositories.len() == 9 && repositories.values().all(|many| *many >= 6),
        "{repositories:?}"
    );
    assert_eq!(priorities.len(), Priority::ALL.len());
    for prefix in ["status", "priority", "agent", "owner", "project", "type"] {
        assert!(prefixes.contains(prefix), "no {prefix}/*");
    }
}

#[test]
fn the_sample_has_edge_cases() {
    let issues = sampled(7);
    let has = |what: &str, is_it: &dyn Fn(&dispatch::simulator::IssueView) -> bool| {
        assert!(issues.iter().any(|(_, issue)| is_it(issue)), "nothing with {what}");
    };
    has("emoji", &|issue| issue.title.contains('🎉'));
    has("right-to-left text", &|issue| issue.title.contains('ת'));
    has("256 characters", &|issue| issue.title.chars().count() == 256);
    has("markup", &|issue| issue.title.contains("<script>"));
    has("a hundred labels", &|issue| issue.labels.len() == 100);
    has("a bot as author", &|issue| issue.author.as_deref() == Some("dependabot"));
    has("a bot at work", &|issue| issue.assignees.contains(&"copilot-swe-agent".to_owned()));
    has("no author", &|issue| issue.author.is_none());
    has("a control character", &|issue| issue.body.contains('\0'));
    has("no text", &|issue| issue.body.is_empty());
    let statuses = |issue: &dispatch::simulator::IssueView| {
        issue.labels.iter().filter(|label| label.starts_with("status/")).count()
    };
    has("two status labels", &|issue| statuses(issue) == 2);
    has("no status label", &|issue| issue.closed_at.is_none() && statuses(issue) == 0);
}

/// The open issues, those among them that are done, and all.
fn sizes(simulator: &Simulator) -> (usize, usize, usize) {
    let issues: Vec<_> =
        simulator.repositories().iter().flat_map(|name| simulator.issues(name)).collect();
    let open = issues.iter().filter(|issue| issue.closed_at.is_none());
    let is_done =
        |issue: &&dispatch::simulator::IssueView| issue.labels.contains(&"status/done".to_owned());
    (open.clone().count(), open.filter(is_done).count(), issues.len())
}

#[test]
fn people_do_everything_and_keep_the_size() {
    let clock = Clock::held_at(noon());
    let simulator = Simulator::new(clock.clone());
    let names = sample::found(&simulator, 7);
    let before: Vec<_> = names.iter().flat_map(|name| simulator.issues(name)).collect();
    let mut people = HumanActivity::new(simulator.clone(), 7);
    for act in 0..3_000 {
        clock.advance(Duration::from_secs(5));
        people.act().unwrap();
        // A person finishes an issue, through Dispatch.
        if act % 4 == 0 {
            let open = names.iter().flat_map(|name| {
                simulator.issues(name).into_iter().map(move |issue| (name, issue))
            });
            let found = open.into_iter().find(|(_, issue)| {
                issue.closed_at.is_none() && issue.labels.contains(&"status/backlog".to_owned())
            });
            if let Some((name, issue)) = found {
                simulator
                    .relabel(
                        name,
                        issue.number,
                        &["status/done"],
                        &["status/backlog", "status/in-review"],
                    )
                    .unwrap();
            }
        }
    }
    // 750 were finished, more than there is room for: what was closed has been opened again.
    let (open, done, all) = sizes(&simulator);
    assert!((100..=200).contains(&open), "{open} open");
    assert!(done <= 20, "{done} done");
    assert!((200..=230).contains(&all), "{all} in all");

    let after: Vec<_> = names.iter().flat_map(|name| simulator.issues(name)).collect();
    let same =
        |issue: &&dispatch::simulator::IssueView| before.iter().find(|old| old.id == issue.id);
    let changed = |is_it: &dyn Fn(
        &dispatch::simulator::IssueView,
        &dispatch::simulator::IssueView,
    ) -> bool| {
        after.iter().filter(|issue| same(issue).is_some_and(|old| is_it(old, issue))).count()
    };
    assert!(changed(&|old, new| old.comments < new.comments) > 50);
    assert!(changed(&|old, new| old.title != new.title) > 10);
    assert!(changed(&|old, new| old.closed_at.is_none() && new.closed_at.is_some()) > 10);
}

// ---------------------------------------------------------------- size

#[tokio::test]
async fn a_load_has_the_requested_size() {
    let github = GitHub::start().await;
    let load = Load { repositories: 3, open: 250, closed: 50, seed: 1 };
    let names = load.make(&github.simulator);
    assert_eq!(names.len(), 3);
    let client = github.client();
    let (mut open, mut closed) = (0, 0);
    for name in &names {
        let mut after = None;
        loop {
            let query = IssuesQuery { states: States::Both, since: None, after, page_size: 100 };
            let page = client.issues(&name.parse().unwrap(), query).await.unwrap();
            for issue in &page.issues {
                let length = issue.body.as_deref().map_or(0, str::len);
                assert!((200..=2_000).contains(&length), "{length}");
                match issue.state {
                    IssueState::Open => open += 1,
                    IssueState::Closed => closed += 1,
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    assert_eq!((open, closed), (250, 50));
    // At most one request a hundred issues and repository.
    assert_eq!(github.simulator.count("Issues"), 3);

    let other = simulator();
    load.make(&other);
    assert_eq!(other.issues(&names[0]), github.simulator.issues(&names[0]));
}
