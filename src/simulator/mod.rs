//! A simulated GitHub in memory, for `dispatch demo` and the tests.
//!
//! It has state (repositories, labels, issues, people's names) and serves it through a small
//! GraphQL schema with GitHub's own type names, so the documents of `github-queries/` are really
//! executed. Tests change the state as a person on GitHub would, inspect it afterwards, and inject
//! [`Fault`]s. No layer imports this module. Invariant: its schema promises nothing that GitHub's
//! does not; a test compares them.

mod agents;
mod answer;
mod automation;
mod cost;
mod faults;
mod github_app;
mod human_activity;
mod limits;
mod load;
mod objects;
mod operations;
mod repository;
mod request_log;
mod rest;
pub mod sample;
mod schema;
mod server;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

pub use agents::{ActionError, Agents};
pub use automation::{JobTimes, NewRun, RunState, Runners, SimulatedJob, SimulatedStep};
pub use cost::points;
pub use faults::{Fault, Gate, Rule};
pub use human_activity::HumanActivity;
pub use load::Load;
pub use objects::{FieldValue, PullRequestDetails, Refusal, ReviewDecision, StateReason};
pub use operations::IssueView;
pub use repository::Access;
pub use request_log::{LoggedRequest, OperationKind, Write};
pub use schema::sdl;
pub use server::serve;

use crate::clock::Clock;

/// A simulated GitHub. Clones share its state.
#[derive(Debug, Clone)]
pub struct Simulator {
    shared: Arc<SimulatorState>,
}

#[derive(Debug)]
struct SimulatorState {
    clock: Clock,
    world: Mutex<world::World>,
    automation: Mutex<automation::AutomationWorld>,
    rules: Mutex<Vec<Rule>>,
    request_log: Mutex<request_log::RequestLog>,
    limits: Mutex<limits::SimulatedRateLimit>,
    core: Mutex<limits::SimulatedRateLimit>,
    manners: Mutex<Behavior>,
    app: Mutex<Option<github_app::GitHubApp>>,
}

/// How the simulator responds without faults.
#[derive(Debug, Clone, Default)]
struct Behavior {
    answer_delay: Duration,
    token: Option<String>,
    lacking: Vec<&'static str>,
}

impl Simulator {
    /// An empty GitHub that takes the time from `clock`.
    pub fn new(clock: Clock) -> Self {
        let limits = Mutex::new(limits::SimulatedRateLimit::full(clock.now()));
        let core = Mutex::new(limits::SimulatedRateLimit::full(clock.now()));
        let shared = SimulatorState {
            clock,
            world: Mutex::default(),
            automation: Mutex::default(),
            rules: Mutex::default(),
            request_log: Mutex::default(),
            limits,
            core,
            manners: Mutex::default(),
            app: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Delays each response; zero by default.
    pub fn set_answer_delay(&self, delay: Duration) {
        lock(&self.shared.manners).answer_delay = delay;
    }

    /// Rejects every token but this one. By default any token is accepted.
    pub fn require_token(&self, token: &str) {
        lock(&self.shared.manners).token = Some(token.to_owned());
    }

    /// Removes some fields of issues that GitHub has and its published schema lacks, like an older
    /// GitHub Enterprise.
    pub fn lack(&self, fields: &[&'static str]) {
        lock(&self.shared.manners).lacking.extend(fields);
    }

    /// Lets changes within one second have the same time, as on GitHub. By default each change of
    /// an issue is at least a second later than the one before.
    pub fn let_changes_share_seconds(&self) {
        self.world().changes_may_share_a_second = true;
    }

    fn now(&self) -> DateTime<Utc> {
        self.shared.clock.now()
    }

    fn world(&self) -> MutexGuard<'_, world::World> {
        lock(&self.shared.world)
    }

    fn manners(&self) -> Behavior {
        lock(&self.shared.manners).clone()
    }
}

/// The kind of account of a login. By default each is a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// A person.
    Person,
    /// An app, such as Dependabot or Copilot.
    Bot,
    /// A placeholder for a person, created by an import.
    Mannequin,
    /// An organisation.
    Organization,
    /// A person's account in an enterprise.
    EnterpriseUser,
}

impl Account {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Person, Self::Bot, Self::Mannequin, Self::Organization, Self::EnterpriseUser];
}

/// An issue, or pull request, to open on GitHub.
#[derive(Debug, Clone, Default)]
pub struct NewIssue {
    /// Its title.
    pub title: String,
    /// Its text; empty for none.
    pub body: String,
    /// Login of the author; none for a deleted account.
    pub author: Option<String>,
    /// Names of labels; those that the repository lacks are created.
    pub labels: Vec<String>,
    /// Logins of the assignees.
    pub assignees: Vec<String>,
    /// The number of comments.
    pub comments: u32,
    /// When it was opened; now if absent.
    pub created_at: Option<DateTime<Utc>>,
    /// When it last changed; if absent, when it was closed or opened.
    pub updated_at: Option<DateTime<Utc>>,
    /// When it was closed; absent if it is open.
    pub closed_at: Option<DateTime<Utc>>,
    /// Whether it is a pull request.
    pub is_pull_request: bool,
}

impl NewIssue {
    /// An issue with a title and labels, opened now by a person.
    pub fn titled(title: &str, labels: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            author: Some("octavia".to_owned()),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            ..Self::default()
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
