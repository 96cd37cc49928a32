//! The simulated activity of the demo, against the real application.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use dispatch::domain::Status;
use dispatch::service;
use dispatch::simulator::{ActionError, Agents, HumanActivity, Write, sample};
use serde_json::{Value, json};

use crate::support::{AGENT_TOKEN, Given, given};

/// GitHub's message about an issue with the maximum number of labels.
const FULL: &str = "more than 100 labels";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_work_through_dispatch_and_show_as_themselves() {
    given(async |given| {
        for repository in sample::found(&given.github, 7) {
            given.track(&repository).await;
        }
        given.sync().await;
        let address = given.serve().await.parse().unwrap();
        let clock = given.app.clock.clone();
        let mut agents = Agents::new(address, AGENT_TOKEN.to_owned(), clock, 7);
        for _ in 0..90 {
            given.advance(4);
            match agents.act().await {
                // The sample has an issue with the maximum number of labels, so an agent's label
                // does not fit.
                Err(ActionError::Refused(why)) if why.contains(FULL) => {}
                done => done.unwrap(),
            }
        }

        let query = "{
            auditLog(first: 100) { nodes { actor action success errorMessage } }
            agentRuns(first: 100) { nodes { agentName runType issue { number } } }
            agents { name leases { checkpoint } }
        }";
        let data = given.graphql(query, json!({})).await;
        let words = |list: &str, member: &str| -> BTreeSet<String> {
            let nodes = data[list]["nodes"].as_array().unwrap();
            nodes.iter().map(|node| node[member].as_str().unwrap().to_owned()).collect()
        };
        let all = sample::AGENTS.map(str::to_owned).into();
        assert_eq!(words("agentRuns", "agentName"), all);
        let deeds = data["auditLog"]["nodes"].as_array().unwrap().iter();
        let deeds: Vec<_> = deeds.filter(|entry| entry["action"] != "add_tracked_repo").collect();
        assert!(deeds.len() > 30, "{} deeds", deeds.len());
        for action in ["move_issue", "claim_issue", "finish_work"] {
            assert!(words("auditLog", "action").contains(action), "no {action}");
        }
        for entry in deeds {
            assert!(all.contains(entry["actor"].as_str().unwrap()), "{entry}");
            let is_full = entry["errorMessage"].as_str().is_some_and(|why| why.contains(FULL));
            assert!(entry["success"] == true || is_full, "{entry}");
        }
        let kinds = words("agentRuns", "runType");
        for kind in ["triage", "claim", "implement", "review", "heartbeat"] {
            assert!(kinds.contains(kind), "no {kind} in {kinds:?}");
        }
        let agents = data["agents"].as_array().unwrap().iter();
        let held: Vec<_> =
            agents.flat_map(|agent| agent["leases"].as_array().unwrap().clone()).collect();
        assert!(held.len() > 3, "{held:?}");
        let further = held.iter().filter(|lease| lease["checkpoint"] != "ISSUE_CLAIMED");
        assert!(further.count() > 0, "nobody went on: {held:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_on_github_reach_the_board() {
    given(async |given| {
        for repository in sample::found(&given.github, 7) {
            given.track(&repository).await;
        }
        given.sync().await;
        let mut people = HumanActivity::new(given.github.clone(), 7);
        for _ in 0..60 {
            given.advance(7);
            people.act().unwrap();
        }
        given.sync().await;
        let week_ago = given.app.clock.now() - TimeDelta::days(7);
        let names = given.github.repositories();
        let issues = names.iter().flat_map(|name| given.github.issues(name));
        let shown = issues.filter(|issue| issue.closed_at.is_none_or(|at| at >= week_ago));
        let mut shown: Vec<_> = shown.map(|issue| issue.title).collect();
        let query = "{ board { columns { issues(first: 1000) { nodes { title } } } } }";
        let data = given.graphql(query, json!({})).await;
        let columns = data["board"]["columns"].as_array().unwrap().iter();
        let cards = columns.flat_map(|column| column["issues"]["nodes"].as_array().unwrap());
        let mut cards: Vec<_> =
            cards.map(|card| card["title"].as_str().unwrap().to_owned()).collect();
        shown.sort();
        cards.sort();
        assert_eq!(cards, shown);
    })
    .await;
}

/// How often an agent of the demo does something in a minute, at the pace of `src/demo.rs`.
const ACTIONS_PER_MINUTE: u64 = 15;

/// In each minute agents act until one of them has changed an issue on GitHub, which keeps the test
/// short; people act half as often, about as in the demo.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_each_minute_of_ten_hours_an_agent_moves_something_and_the_board_stays_as_large() {
    given(async |given| {
        for repository in sample::found(&given.github, 7) {
            given.track(&repository).await;
        }
        given.sync().await;
        let address = given.serve().await.parse().unwrap();
        let mut agents = Agents::new(address, AGENT_TOKEN.to_owned(), given.app.clock.clone(), 7);
        let mut people = HumanActivity::new(given.github.clone(), 7);
        let mut reached = BTreeSet::new();
        for minute in 1..=600 {
            let mut left = ACTIONS_PER_MINUTE;
            let mut writes = Vec::new();
            while writes.is_empty() {
                assert!(left > 0, "no agent moved anything in minute {minute}");
                left -= 1;
                given.advance(60 / ACTIONS_PER_MINUTE);
                if left.is_multiple_of(2) {
                    // Another action may have come first, for both.
                    let _ = people.act();
                }
                let _ = agents.act().await;
                writes = given.github.take_writes();
            }
            given.advance(left * 60 / ACTIONS_PER_MINUTE);
            for write in writes {
                if let Write::Labelled { labels, .. } = write {
                    reached.extend(labels.iter().filter_map(|label| Status::from_label(label)));
                }
            }
            if minute % 5 == 0 {
                given.sync().await;
                service::claims::leases::expire_leases(&given.app).await.unwrap();
            }
            if minute % 60 == 0 {
                for status in [Status::Ready, Status::InProgress, Status::InReview, Status::Done] {
                    assert!(reached.contains(&status), "nothing reached {status:?}: {reached:?}");
                }
                reached.clear();
                assert_bounded(given).await;
            }
        }
    })
    .await;
}

/// The columns of the board keep about their initial size.
async fn assert_bounded(given: &Given) {
    let data = given.graphql("{ board { columns { status totalCount } } }", json!({})).await;
    let counts = data["board"]["columns"].as_array().unwrap().iter();
    let count = |column: &Value| column["totalCount"].as_u64().unwrap();
    let counts: Vec<_> =
        counts.map(|column| (column["status"].as_str().unwrap(), count(column))).collect();
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    assert!(total <= 220, "{counts:?}");
    for (status, most) in [("READY", 33), ("IN_PROGRESS", 51), ("IN_REVIEW", 17), ("BLOCKED", 17)] {
        let (_, count) = counts.iter().find(|(own, _)| *own == status).unwrap();
        assert!(*count <= most, "{status} has {count}: {counts:?}");
    }
}
