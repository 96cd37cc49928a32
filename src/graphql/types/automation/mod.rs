//! Continuous integration and what belongs to it.
//!
//! Objects of one list share a batch (`batch.rs`): the first that needs some data reads it for all of
//! them with one statement. So a page of two hundred repositories takes as many statements as one.

mod activity;
mod batch;
mod event;
mod records;
mod repository;
mod run;
mod workflow;

pub(in crate::graphql) use activity::{ActivityConnection, ActivityEvent};
pub(in crate::graphql) use batch::RepositoryBatch;
pub(in crate::graphql) use event::{
    ActivityRecorded, AutomationChanged, AutomationEvent, AutomationResync, WorkflowRunChanged,
};
pub(in crate::graphql) use records::PullRequest;
pub(in crate::graphql::types) use records::PullRequestState;
pub(in crate::graphql) use repository::{RepositoryAutomation, RunningAutomationSync};
pub(in crate::graphql) use run::{WorkflowRun, WorkflowRunConnection};
pub(in crate::graphql) use workflow::{RedBranch, Workflow};
