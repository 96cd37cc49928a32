//! The types and rules of the board.
//!
//! Everything here depends on its arguments alone: no I/O, no async, no clock. A rule that needs a
//! fact takes it as a parameter, so every rule can be tested without a database. Types here have
//! the derives of other layers (database, GraphQL, JSON) and nothing else of them.

pub mod actor;
pub mod association;
pub mod automation;
pub mod backoff;
pub mod bounds;
pub mod circles;
pub mod conversation;
pub mod decisions;
pub mod dependencies;
pub mod details;
pub mod doctor;
pub mod event_filter;
pub mod events;
pub mod filter;
pub mod github_budget;
pub mod ids;
pub mod keys;
pub mod label_names;
pub mod label_scheme;
pub mod labels;
pub mod lane_rules;
pub mod lanes;
pub mod leases;
pub mod limits;
pub mod names;
pub mod pauses;
pub mod progress;
pub mod ranking;
pub mod read_only;
pub mod run_result;
mod sql_enum;
pub mod status;
pub mod task_instructions;
mod tier;
pub mod timestamp;
pub mod webhooks;

pub use actor::Actor;
pub use association::AuthorAssociation;
pub use details::IssueDetails;
pub use filter::IssueFilter;
pub use ids::{
    ActivityId, AgentRunId, AgentWorkId, ArtifactId, AuditEntryId, AutomationSyncRunId, CheckRunId,
    DecisionId, DeploymentId, EventCursor, IssueId, LeaseId, LeaseMessageId, PackageId, PauseId,
    PullRequestId, ReleaseId, RepositoryId, SavedViewId, WebhookDeliveryId, WorkflowId,
    WorkflowJobId, WorkflowRunId,
};
pub use label_scheme::LabelScheme;
pub use labels::LabelSet;
pub use lanes::{Lane, LaneRole, Lanes};
pub use names::FullName;
pub use read_only::ReadOnlyReason;
pub use status::{IssueState, Priority, Status};
pub use tier::Tier;
pub use timestamp::Timestamp;
