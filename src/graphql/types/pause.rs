//! A pause.

use async_graphql::Object;

use crate::domain::pauses::PauseScope;
use crate::domain::{Instant, PauseId};
use crate::store;

/// A pause and how much is still held of what it covers.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct Pause {
    pub(in crate::graphql) row: store::Pause,
    pub(in crate::graphql) held: usize,
}

/// A part of the work of which no agent is served anything for a while. What is held is finished,
/// unless holders are told to stop.
#[Object]
impl Pause {
    /// Opaque.
    async fn id(&self) -> PauseId {
        self.row.id
    }

    /// What kind of thing is paused.
    async fn scope(&self) -> PauseScope {
        self.row.scope
    }

    /// Which one: a repository's full name, a lane's id, an agent's name; null for everything.
    async fn subject(&self) -> Option<&str> {
        Some(self.row.subject.as_str()).filter(|subject| !subject.is_empty())
    }

    /// Whether holders are told to stop with their next renewal.
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
    async fn created_at(&self) -> Instant {
        Instant(self.row.created_at)
    }

    /// When the pause ends by itself; null when somebody has to end it.
    async fn ends_at(&self) -> Option<Instant> {
        self.row.ends_at.map(Instant)
    }

    /// How many issues of what is paused agents still hold: 0 once all of it is finished or given back.
    async fn held(&self) -> usize {
        self.held
    }

    /// All of it as one sentence.
    async fn summary(&self) -> String {
        self.row.summary()
    }
}
