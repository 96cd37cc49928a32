//! Continuous integration, releases, packages, pull requests and deployments of repositories, as GitHub
//! had them when they were last read.

pub mod activity;
pub mod branches;
pub mod deployments;
pub mod jobs;
pub mod lists;
pub mod pull_requests;
pub mod releases;
pub mod repositories;
pub mod runs;
pub mod statistics;
pub mod sync_runs;
mod upsert;
pub mod workflows;

pub use activity::Activity;
pub use branches::WorkflowBranch;
pub use deployments::{CheckRun, Deployment};
pub use jobs::{Artifact, WorkflowJob};
pub use pull_requests::PullRequest;
pub use releases::{Package, Release};
pub use repositories::AutomationRepository;
pub use runs::WorkflowRun;
pub use statistics::WorkflowStatistics;
pub use sync_runs::AutomationSyncRun;
pub use workflows::Workflow;
