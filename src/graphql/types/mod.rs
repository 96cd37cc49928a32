//! The types of the schema, one file each.
//!
//! An `#[Object]` block lists the promised fields and reads the row; related data of a page of rows
//! comes from `loaders`. Invariant: nothing here queries the database for one row of a list at a
//! time.

mod agent_run;
mod audit_entry;
mod audit_options;
mod automation;
mod backoff;
mod board;
mod board_event;
mod card;
mod conversation;
mod dependency;
mod issue;
mod lease;
mod lease_message;
mod node;
pub(super) mod page;
mod pause;
mod queue;
mod repository;
mod selection;
mod service;
mod sync_state;
mod viewer;
mod webhook_delivery;

pub(super) use agent_run::{AgentRun, AgentRunConnection};
pub(super) use audit_entry::{AuditEntry, AuditEntryConnection};
pub(super) use audit_options::AuditOptions;
pub(super) use automation::{
    ActivityConnection, ActivityEvent, ActivityRecorded, AutomationChanged, AutomationEvent,
    AutomationResync, PullRequest, RedBranch, RepositoryAutomation, RepositoryBatch,
    RunningAutomationSync, Workflow, WorkflowRun, WorkflowRunChanged, WorkflowRunConnection,
};
pub(super) use backoff::IssueBackoff;
pub(super) use board::{Board, BoardColumn, most_first_cards};
pub(super) use board_event::{BoardEvent, IssueChanged, IssueMoved, IssueRemoved, Resync};
pub(super) use issue::IssueConnection;
pub(super) use lease::Lease;
pub(super) use lease_message::LeaseMessage;
pub(super) use node::Node;
pub(super) use pause::Pause;
pub(super) use queue::{WorkDecision, WorkDecisionConnection, WorkExplanation};
pub(super) use repository::Repository;
pub(super) use service::Service;
pub(super) use sync_state::SyncState;
pub(super) use viewer::Viewer;
pub(super) use webhook_delivery::{WebhookDelivery, WebhookDeliveryConnection};

pub(super) use super::loaders::Issue;
