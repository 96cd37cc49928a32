//! Fills a simulated GitHub with any number of issues, for benchmarks and tests.

use chrono::TimeDelta;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::{NewIssue, Simulator};
use crate::domain::{Priority, Status};

/// How much to create.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// The number of repositories, which share the issues evenly.
    pub repositories: usize,
    /// The total number of open issues.
    pub open: usize,
    /// The total number of issues that were closed within the last six days.
    pub closed: usize,
    /// The same seed and time produce the same GitHub.
    pub seed: u64,
}

const WORDS: [&str; 24] = [
    "board",
    "cache",
    "column",
    "cursor",
    "deadline",
    "event",
    "index",
    "label",
    "lease",
    "lock",
    "migration",
    "move",
    "page",
    "pool",
    "query",
    "queue",
    "replica",
    "retry",
    "row",
    "socket",
    "status",
    "subscriber",
    "sync",
    "timeout",
];

impl Load {
    /// Fills a simulated GitHub and returns the full names of its repositories. Bodies have 200 to
    /// 2,000 characters; labels are spread over all columns, priorities, five agents and five
    /// owners.
    pub fn make(&self, simulator: &Simulator) -> Vec<String> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let names: Vec<_> =
            (1..=self.repositories).map(|number| format!("load/repository-{number:02}")).collect();
        for name in &names {
            simulator.add_repository(name);
        }
        let prose = prose(&mut rng);
        for (name, at) in names.iter().cycle().zip(0..self.open + self.closed) {
            let issue = self.issue(simulator, at >= self.open, &prose, &mut rng);
            simulator.open_issue(name, issue).expect("the repository was created above");
        }
        names
    }

    fn issue(
        &self,
        simulator: &Simulator,
        is_closed: bool,
        prose: &str,
        rng: &mut StdRng,
    ) -> NewIssue {
        let changed = TimeDelta::minutes(rng.random_range(1..6 * 24 * 60));
        let age = changed + TimeDelta::minutes(rng.random_range(1..90 * 24 * 60));
        let length = rng.random_range(200..=2_000);
        let from = rng.random_range(0..=prose.len() - length);
        let status = if is_closed {
            Status::Done
        } else {
            *Status::ALL.choose(rng).expect("there are some")
        };
        let priority = Priority::ALL.choose(rng).expect("there are some");
        let now = simulator.now();
        NewIssue {
            title: format!("The {} of the {} forgets its {}", word(rng), word(rng), word(rng)),
            body: prose[from..from + length].to_owned(),
            author: Some(format!("person-{}", rng.random_range(0..50_u32))),
            labels: vec![
                status.label().to_owned(),
                priority.label().to_owned(),
                format!("agent/agent-{}", rng.random_range(0..5_u32)),
                format!("owner/owner-{}", rng.random_range(0..5_u32)),
            ],
            assignees: vec![format!("person-{}", rng.random_range(0..50_u32))],
            comments: rng.random_range(0..20),
            created_at: Some(now - age),
            updated_at: Some(now - changed),
            closed_at: is_closed.then_some(now - changed),
            is_pull_request: false,
        }
    }
}

fn word(rng: &mut StdRng) -> &'static str {
    WORDS.choose(rng).expect("there are some")
}

/// A long text; each body is a part of it.
fn prose(rng: &mut StdRng) -> String {
    let mut prose = String::new();
    while prose.len() < 20_000 {
        prose.push_str(word(rng));
        prose.push(if rng.random_bool(0.1) { '\n' } else { ' ' });
    }
    prose
}
