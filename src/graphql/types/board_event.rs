//! The events that a subscriber to the board receives.

use std::sync::Arc;

use async_graphql::{SimpleObject, Union};

use super::Issue;
use crate::domain::actor::ActorKind;
use crate::domain::{EventCursor, IssueId, Status};

/// An issue moved to another column.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct IssueMoved {
    /// The position of this event.
    pub(in crate::graphql) cursor: EventCursor,
    /// The current issue, which may be newer than the event.
    pub(in crate::graphql) issue: Arc<Issue>,
    /// The previous column.
    pub(in crate::graphql) from: Status,
    /// The new column.
    pub(in crate::graphql) to: Status,
    /// Who moved the issue; `github` when a sync found it in another column.
    pub(in crate::graphql) actor: String,
    /// The kind of caller.
    pub(in crate::graphql) actor_kind: ActorKind,
}

/// An issue changed without moving to another column, is new, or started to match the filter.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct IssueChanged {
    /// The position of this event.
    pub(in crate::graphql) cursor: EventCursor,
    /// The current issue, which may be newer than the event.
    pub(in crate::graphql) issue: Arc<Issue>,
}

/// An issue left the board or no longer matches the filter. A client that does not know the issue
/// can ignore this event.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct IssueRemoved {
    /// The position of this event.
    pub(in crate::graphql) cursor: EventCursor,
    /// The id of the issue.
    pub(in crate::graphql) issue_id: IssueId,
}

/// The stream cannot continue without a gap: reload the board, then subscribe again. This is the
/// last item of the stream.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct Resync {
    /// The position at which the stream ends.
    pub(in crate::graphql) cursor: EventCursor,
    /// The reason, as one sentence.
    pub(in crate::graphql) reason: String,
}

/// A change of the board, seen through the filter: an issue that starts to match the filter is sent
/// as `IssueChanged`, an issue that stops matching as `IssueRemoved`.
#[derive(Debug, Union)]
pub(in crate::graphql) enum BoardEvent {
    /// An issue moved to another column.
    IssueMoved(IssueMoved),
    /// An issue changed without moving to another column, is new, or started to match the filter.
    IssueChanged(IssueChanged),
    /// An issue left the board or no longer matches the filter.
    IssueRemoved(IssueRemoved),
    /// The stream cannot continue without a gap.
    Resync(Resync),
}
