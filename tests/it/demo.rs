//! What makes the demo lively, against the real application.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use dispatch::simulator::{Agents, Neighbours, Thwarted, sample};
use serde_json::json;

use crate::support::{AGENT_TOKEN, given};

/// What GitHub says of an issue that can have no more labels.
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
                // The sample has an issue with as many labels as may be, which nobody can move.
                Err(Thwarted::Refused(why)) if why.contains(FULL) => {}
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
async fn what_people_do_on_github_reaches_the_board() {
    given(async |given| {
        for repository in sample::found(&given.github, 7) {
            given.track(&repository).await;
        }
        given.sync().await;
        let mut people = Neighbours::new(given.github.clone(), 7);
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
