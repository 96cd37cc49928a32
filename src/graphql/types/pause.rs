//! A pause.

use async_graphql::Object;

use crate::domain::pauses::PauseScope;
use crate::domain::{PauseId, Timestamp};
use crate::store;

/// A pause and the number of issues still held under it.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct Pause {
    pub(in crate::graphql) row: store::Pause,
    pub(in crate::graphql) held: usize,
}

/// A pause: for some time, agents are not served the work that it covers. Held issues are finished,
/// unless holders are asked to stop.
#[Object]
impl Pause {
    /// Opaque.
    async fn id(&self) -> PauseId {
        self.row.id
    }

    /// What the pause covers.
    async fn scope(&self) -> PauseScope {
        self.row.scope
    }

    /// The full name of the paused repository, the id of the lane, or the name of the agent; null
    /// for everything.
    async fn subject(&self) -> Option<&str> {
        Some(self.row.subject.as_str()).filter(|subject| !subject.is_empty())
    }

    /// Whether holders are asked to stop at their next renewal.
    async fn stops_holders(&self) -> bool {
        self.row.stops_holders
    }

    /// Why it is paused.
    async fn reason(&self) -> Option<&str> {
        self.row.reason.as_deref()
    }

    /// Who paused it.
    async fn created_by(&self) -> &str {
        &self.row.created_by
    }

    /// When it was paused.
    async fn created_at(&self) -> Timestamp {
        Timestamp(self.row.created_at)
    }

    /// When the pause ends automatically; null when somebody has to end it.
    async fn ends_at(&self) -> Option<Timestamp> {
        self.row.ends_at.map(Timestamp)
    }

    /// The number of paused issues that agents still hold: 0 once all of them are finished or
    /// released.
    async fn held(&self) -> usize {
        self.held
    }

    /// The whole pause as one sentence.
    async fn summary(&self) -> String {
        self.row.summary()
    }
}
