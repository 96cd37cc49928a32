//! Reading the event log from a position.

use super::{App, Result};
use crate::domain::{EventCursor, IssueId};
use crate::store::board::issues;
use crate::store::{Event, event_log};

/// The events after a position.
#[derive(Debug)]
pub enum Replay {
    /// Events, oldest first; fewer than requested if there are no more.
    Events(Vec<Event>),
    /// The log has a gap: it begins after the position, or ends before it.
    Gap {
        /// The newest position.
        position: EventCursor,
        /// Why, as one sentence.
        reason: String,
    },
}

/// Up to `limit` events after a position.
pub async fn events_after(app: &App, after: EventCursor, limit: i64) -> Result<Replay> {
    let mut connection = app.connection().await?;
    // The events are read before the bounds: pruning in between then shows as a gap and never as
    // consecutive events with some missing.
    let events = event_log::after(&mut connection, after, limit).await?;
    let position = event_log::position(&mut connection).await?;
    let oldest = event_log::oldest(&mut connection).await?.unwrap_or_default();
    let gap = |reason: &str| Replay::Gap { position, reason: reason.to_owned() };
    Ok(if after > position {
        gap("The cursor is from another log")
    } else if after.0 + 1 < oldest.0 && after < position {
        gap("The log no longer reaches back to the cursor")
    } else {
        Replay::Events(events)
    })
}

/// The newest position.
pub async fn position(app: &App) -> Result<EventCursor> {
    let mut connection = app.connection().await?;
    Ok(event_log::position(&mut connection).await?)
}

/// Whether the words of a search occur in an issue's number, title or body.
pub async fn is_found_by(app: &App, issue: IssueId, words: &str) -> Result<bool> {
    let mut connection = app.connection().await?;
    Ok(issues::is_found_by(&mut connection, issue, words).await?)
}
