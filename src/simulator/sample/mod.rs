//! The sample organisation of the demo: an invented owner with invented people, labels and texts.
//! Only the titles are real, from issues in public trackers.
//!
//! Later activity is in `human_activity` and `agents`. Invariant: the same seed and time produce
//! the same organisation.

mod edge_cases;
mod prose;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde::Deserialize;

use super::{NewIssue, Simulator};
use crate::domain::{Priority, Status};

/// The owner, which does not exist.
pub const OWNER: &str = "brindlewick";

/// The agents that work for it, as in `agent/*` labels.
pub const AGENTS: [&str; 5] = ["scout", "mender", "quill", "warden", "tinker"];

/// Its people, as in `owner/*` labels and as logins.
pub const PEOPLE: [&str; 7] = ["mireille", "osei", "tamsin", "yuki", "bartholomew", "noor", "ines"];

const PROJECTS: [&str; 4] = ["atlas", "lantern", "quiet-nights", "zero-flakes"];

const TYPES: [&str; 5] = ["bug", "feature", "chore", "research", "security"];

/// Its repositories, each with the words in a title that put an issue there. The last one takes the
/// rest.
const REPOSITORIES: [(&str, &[&str]); 9] = [
    ("ledger", &["diesel", "migrat", "prisma", "postgres", "pool", "acquire"]),
    ("gateway", &["dataloader", "graphql", "rate limit", "rate_limit", "502", "proxied"]),
    ("storefront", &["hydration", "strict", "useeffect", "react", "page.tsx", "overlay"]),
    ("orchard", &["terminating", "pod", "runner", "container"]),
    ("pipeline", &["workflow", "job", "cancel", "cache", "nightly"]),
    ("codec", &["enum", "flatten", "serde", "untagged", "乱码", "unicode"]),
    ("toolbelt", &["label", "gh ", "cli", "repository", "repo", "cargo"]),
    ("runtime", &["panic", "shutdown", "tokio", "timeout", "block_on"]),
    ("handbook", &[]),
];

/// The distribution of issues over columns, in percent.
const COLUMNS: [(SamplePlacement, u32); 8] = [
    (SamplePlacement::Open(None), 5),
    (SamplePlacement::Open(Some(Status::Backlog)), 25),
    (SamplePlacement::Open(Some(Status::Ready)), 17),
    (SamplePlacement::Open(Some(Status::InProgress)), 14),
    (SamplePlacement::Open(Some(Status::InReview)), 10),
    (SamplePlacement::Open(Some(Status::Blocked)), 6),
    (SamplePlacement::ClosedThisWeek, 15),
    (SamplePlacement::ClosedLongAgo, 8),
];

#[derive(Clone, Copy)]
enum SamplePlacement {
    /// Open, with the label of this column, if any.
    Open(Option<Status>),
    ClosedThisWeek,
    ClosedLongAgo,
}

/// Maximal number of comments of an issue with a text; only the newest 50 are ever shown.
const TOLD: u32 = 60;

/// An issue as it was filed in a public tracker.
#[derive(Deserialize)]
struct Filed {
    title: String,
}

/// More than a hundred real titles of issues.
pub fn titles() -> Vec<String> {
    let filed: Vec<Filed> = serde_json::from_str(include_str!("public-issues.json"))
        .expect("the file is compiled in, and a test reads it");
    filed.into_iter().map(|filed| filed.title).collect()
}

/// Creates the organisation on a simulated GitHub and returns the full names of its repositories.
pub fn found(simulator: &Simulator, seed: u64) -> Vec<String> {
    let mut rng = StdRng::seed_from_u64(seed);
    let now = simulator.now();
    for (login, account) in edge_cases::ACCOUNTS {
        simulator.set_account(login, account);
    }
    for (name, _) in REPOSITORIES {
        let repository = full_name(name);
        simulator.add_repository(&repository);
        for (label, color) in labels() {
            // An existing label is fine.
            let _ = simulator.add_label(&repository, &label, color);
        }
    }
    let mut issues: Vec<(&str, NewIssue)> = titles()
        .into_iter()
        .chain(prose::TITLES.map(str::to_owned))
        .map(|title| (home(&title), issue(title, column(&mut rng), now, &mut rng)))
        .collect();
    issues.extend(edge_cases::issues(now));
    // Numbers follow the order of opening, as on GitHub.
    issues.sort_by_key(|(_, issue)| issue.created_at);
    // A separate generator, so that comments do not influence how the board is filled.
    let mut talk = StdRng::seed_from_u64(seed);
    let mut in_review: HashMap<&str, i64> = HashMap::new();
    let mut open: HashMap<&str, Vec<i64>> = HashMap::new();
    for (at, (name, mut issue)) in issues.into_iter().enumerate() {
        let repository = full_name(name);
        let is_open = issue.closed_at.is_none();
        let is_soon_done = is_open && is_served(&issue);
        if is_open && at.is_multiple_of(WAITS_EVERY) && !is_soon_done {
            issue.body += &waits_for(&open, name, at);
        }
        let is_in_review = issue.labels.iter().any(|label| label == Status::InReview.label());
        let new_comments = comments(&issue, now, &mut talk);
        let opened = simulator.open_issue(&repository, issue);
        let number =
            opened.expect("the repository was created above, and no issue has too many labels");
        simulator.add_comments(&repository, number, new_comments).expect("it was opened above");
        if is_in_review {
            in_review.insert(name, number);
        }
        if is_soon_done {
            open.entry(name).or_default().push(number);
        }
        if at % 14 == 0 {
            let title = *prose::PULL_REQUESTS.choose(&mut rng).expect("there are some");
            let opened = simulator.open_pull_request(&repository, title);
            let pull_request = opened.expect("the repository was created above");
            // The pull request closes the issue that is in review.
            if let Some(number) = in_review.remove(name) {
                let linked = simulator.link(&repository, pull_request, number);
                linked.expect("both were opened above");
            }
        }
    }
    REPOSITORIES.map(|(name, _)| full_name(name)).into()
}

/// One of this many issues waits for others, if it is open and not ready.
const WAITS_EVERY: usize = 3;

/// Whether agents can start it, or have.
fn is_served(issue: &NewIssue) -> bool {
    let served = [Status::Ready, Status::InProgress, Status::InReview].map(Status::label);
    issue.labels.iter().any(|label| served.contains(&label.as_str()))
}

/// The end of a text: that it waits for one of the oldest ready or started issues of its
/// repository, and sometimes for one of another repository.
fn waits_for(open: &HashMap<&str, Vec<i64>>, name: &str, at: usize) -> String {
    let oldest = |name: &str| {
        let numbers = open.get(name).filter(|numbers| !numbers.is_empty())?;
        Some(numbers[at % numbers.len().min(4)])
    };
    let own = oldest(name).map(|number| format!("#{number}"));
    let elsewhere = REPOSITORIES[at % REPOSITORIES.len()].0;
    let other = oldest(elsewhere)
        .filter(|_| at.is_multiple_of(2 * WAITS_EVERY) && elsewhere != name)
        .map(|number| format!("{}#{number}", full_name(elsewhere)));
    let named: Vec<String> = own.into_iter().chain(other).collect();
    if named.is_empty() { String::new() } else { format!("\n\nBlocked by {}\n", named.join(", ")) }
}

fn full_name(name: &str) -> String {
    format!("{OWNER}/{name}")
}

/// The full name of the repository for an issue with this title.
pub(super) fn repository_for(title: &str) -> String {
    full_name(home(title))
}

/// An issue that is opened now.
pub(super) fn fresh_issue(title: String, now: DateTime<Utc>, rng: &mut StdRng) -> NewIssue {
    let column = SamplePlacement::Open(Some(Status::Backlog));
    let new = issue(title, column, now, rng);
    NewIssue { created_at: None, updated_at: None, comments: 0, ..new }
}

/// A random comment with its author, written now.
pub(super) fn remark(rng: &mut StdRng) -> (&'static str, String) {
    (PEOPLE.choose(rng).expect("there are some"), prose::remark(rng))
}

fn home(title: &str) -> &'static str {
    let title = title.to_lowercase();
    let (name, _) = REPOSITORIES
        .iter()
        .find(|(_, words)| words.iter().any(|word| title.contains(word)))
        .unwrap_or(&REPOSITORIES[REPOSITORIES.len() - 1]);
    name
}

/// The initial labels of every repository.
fn labels() -> Vec<(String, &'static str)> {
    let statuses = Status::ALL.map(|status| (status.label().to_owned(), status.color()));
    let priorities = Priority::ALL.map(|one| (one.label().to_owned(), one.color()));
    let types = TYPES.map(|word| (format!("type/{word}"), "c2e0c6"));
    statuses.into_iter().chain(priorities).chain(types).collect()
}

fn column(rng: &mut StdRng) -> SamplePlacement {
    let column = COLUMNS.choose_weighted(rng, |(_, weight)| *weight);
    column.map_or(SamplePlacement::Open(None), |(column, _)| *column)
}

/// An issue with random data for a title.
fn issue(title: String, column: SamplePlacement, now: DateTime<Utc>, rng: &mut StdRng) -> NewIssue {
    let (created_at, updated_at, closed_at) = times(column, now, rng);
    let someone = |rng: &mut StdRng| (*PEOPLE.choose(rng).expect("there are some")).to_owned();
    NewIssue {
        body: prose::body(&title, rng),
        title,
        author: Some(someone(rng)),
        labels: labels_in(column, rng),
        assignees: if is_somebodys(column, rng) { vec![someone(rng)] } else { vec![] },
        comments: rng.random_range(0..4_u32) * rng.random_range(0..6_u32),
        created_at: Some(created_at),
        updated_at: Some(updated_at),
        closed_at,
        is_pull_request: false,
    }
}

/// The texts of an issue's newest comments, oldest first, between its opening and its last change.
fn comments(
    issue: &NewIssue,
    now: DateTime<Utc>,
    rng: &mut StdRng,
) -> Vec<(Option<String>, String, DateTime<Utc>)> {
    let opened_at = issue.created_at.unwrap_or(now);
    let changed_at = issue.updated_at.or(issue.closed_at).unwrap_or(now).max(opened_at);
    let many = issue.comments.min(TOLD);
    let step = (changed_at - opened_at) / i32::try_from(many + 1).unwrap_or(1);
    let comment = |at: u32| {
        let author = match rng.random_range(0..12_u32) {
            0 => None,
            1 => Some("dependabot".to_owned()),
            _ => PEOPLE.choose(rng).map(|login| (*login).to_owned()),
        };
        let written_at = opened_at + step * i32::try_from(at).unwrap_or(1);
        (author, prose::remark(rng), written_at)
    };
    (1..=many).map(comment).collect()
}

/// The times at which it was opened, last changed and closed: minutes to months ago.
fn times(
    column: SamplePlacement,
    now: DateTime<Utc>,
    rng: &mut StdRng,
) -> (DateTime<Utc>, DateTime<Utc>, Option<DateTime<Utc>>) {
    let ago = |minutes: i64| now - TimeDelta::minutes(minutes);
    let hour = 60;
    let day = 24 * hour;
    let (changed, is_closed) = match column {
        // Issues in progress changed lately; others may not have changed for weeks.
        SamplePlacement::Open(Some(Status::InProgress | Status::InReview)) => {
            (rng.random_range(3..day), false)
        }
        SamplePlacement::Open(_) => {
            (rng.random_range(5..9 * hour) * rng.random_range(1..60_i64), false)
        }
        SamplePlacement::ClosedThisWeek => (rng.random_range(10..6 * day), true),
        SamplePlacement::ClosedLongAgo => (rng.random_range(9 * day..120 * day), true),
    };
    let age = changed + rng.random_range(2..4 * hour) * rng.random_range(1..120_i64);
    (ago(age), ago(changed), is_closed.then(|| ago(changed)))
}

/// Whether a person owns it: few of those that wait for agents, half of the others.
fn is_somebodys(column: SamplePlacement, rng: &mut StdRng) -> bool {
    let waits =
        matches!(column, SamplePlacement::Open(None | Some(Status::Backlog | Status::Ready)));
    rng.random_bool(if waits { 0.06 } else { 0.5 })
}

fn labels_in(column: SamplePlacement, rng: &mut StdRng) -> Vec<String> {
    let mut labels = Vec::new();
    let status = match column {
        SamplePlacement::Open(status) => status,
        // Most were moved before they were closed; some were just closed.
        SamplePlacement::ClosedThisWeek | SamplePlacement::ClosedLongAgo => {
            rng.random_bool(0.8).then_some(Status::Done)
        }
    };
    labels.extend(status.map(|status| status.label().to_owned()));
    let mut maybe = |odds: f64, prefix: &str, words: &[&str], rng: &mut StdRng| {
        if rng.random_bool(odds) {
            labels.extend(words.choose(rng).map(|word| format!("{prefix}/{word}")));
        }
    };
    let is_taken = matches!(status, Some(Status::InProgress | Status::InReview | Status::Blocked));
    // p2 is the usual priority.
    maybe(0.85, "priority", &["p0", "p1", "p1", "p2", "p2", "p2", "p3", "p3"], rng);
    maybe(if is_taken { 0.9 } else { 0.1 }, "agent", &AGENTS, rng);
    if is_somebodys(column, rng) {
        maybe(1.0, "owner", &PEOPLE, rng);
    }
    maybe(0.4, "project", &PROJECTS, rng);
    maybe(0.8, "type", &TYPES, rng);
    labels
}
