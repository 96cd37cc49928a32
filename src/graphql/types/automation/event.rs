//! The events that a subscriber to automation receives.

use async_graphql::{SimpleObject, Union};

use super::{ActivityEvent, WorkflowRun};
use crate::domain::EventCursor;
use crate::graphql::types::Repository;

/// Something happened in a repository.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct ActivityRecorded {
    /// The position of this event.
    pub(in crate::graphql) cursor: EventCursor,
    /// What happened.
    pub(in crate::graphql) activity: ActivityEvent,
}

/// A run is new or changed.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct WorkflowRunChanged {
    /// The position of this event.
    pub(in crate::graphql) cursor: EventCursor,
    /// The current run, which may be newer than the event.
    pub(in crate::graphql) run: WorkflowRun,
}

/// Automation data of a repository changed: load them again. Also sent instead of single events when
/// many things changed, and when a run was deleted.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct AutomationChanged {
    /// The position of this event.
    pub(in crate::graphql) cursor: EventCursor,
    /// The repository.
    pub(in crate::graphql) repository: Repository,
}

/// The stream cannot continue without a gap: load everything, then subscribe again. This is the last
/// item of the stream.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct AutomationResync {
    /// The position at which the stream ends.
    pub(in crate::graphql) cursor: EventCursor,
    /// The reason, as one sentence.
    pub(in crate::graphql) reason: String,
}

/// A change of automation data.
#[derive(Debug, Union)]
#[expect(clippy::large_enum_variant, reason = "one exists for each event that is sent")]
pub(in crate::graphql) enum AutomationEvent {
    /// Something happened in a repository.
    ActivityRecorded(ActivityRecorded),
    /// A run is new or changed.
    WorkflowRunChanged(WorkflowRunChanged),
    /// Automation data of a repository changed.
    AutomationChanged(AutomationChanged),
    /// The stream cannot continue without a gap.
    AutomationResync(AutomationResync),
}
