//! What a subscriber to the board sees.

use std::sync::Arc;

use async_graphql::{SimpleObject, Union};

use super::Issue;
use crate::domain::actor::ActorKind;
use crate::domain::{EventCursor, IssueId, Status};

/// An issue changed its column.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct IssueMoved {
    /// The position of this event.
    pub(in crate::graphql) cursor: EventCursor,
    /// The issue as it is now, which may be newer than the event.
    pub(in crate::graphql) issue: Arc<Issue>,
    /// The column it left.
    pub(in crate::graphql) from: Status,
    /// The column it came into.
    pub(in crate::graphql) to: Status,
    /// Who moved it; `github` when a sync found it elsewhere.
    pub(in crate::graphql) actor: String,
    /// What kind of caller that was.
    pub(in crate::graphql) actor_kind: ActorKind,
}

/// An issue changed in another way, is new, or came into the filter.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct IssueChanged {
    /// The position of this event.
    pub(in crate::graphql) cursor: EventCursor,
    /// The issue as it is now, which may be newer than the event.
    pub(in crate::graphql) issue: Arc<Issue>,
}

/// An issue left the board or the filter. Harmless when it was never seen there.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct IssueRemoved {
    /// The position of this event.
    pub(in crate::graphql) cursor: EventCursor,
    /// The issue that left.
    pub(in crate::graphql) issue_id: IssueId,
}

/// The stream cannot go on without a gap: reload the board, then subscribe again. Nothing follows
/// it.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct Resync {
    /// The position at which the stream ends.
    pub(in crate::graphql) cursor: EventCursor,
    /// Why, as one sentence.
    pub(in crate::graphql) reason: String,
}

/// A change of the board, narrowed to the filter: an issue that starts to match arrives as
/// `IssueChanged`, one that stops matching as `IssueRemoved`.
#[derive(Debug, Union)]
pub(in crate::graphql) enum BoardEvent {
    /// An issue changed its column.
    IssueMoved(IssueMoved),
    /// An issue changed in another way, is new, or came into the filter.
    IssueChanged(IssueChanged),
    /// An issue left the board or the filter.
    IssueRemoved(IssueRemoved),
    /// The stream cannot go on without a gap.
    Resync(Resync),
}
