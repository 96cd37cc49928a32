//! Caches what subscriptions load for an event, so that it is loaded only once for all of them.
//!
//! Groups of subscribers with different selections or filters process the same events. The first
//! group that needs the row of an event, or whether a search finds it, reads it and shares it with
//! the others. A cached entry is never older than its event, and every later change has its own
//! event, so no subscriber sees less than it would see in the database.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::loaders;
use super::types::Issue;
use crate::domain::{EventCursor, IssueId};
use crate::service::{self, App, Error, Result};
use crate::store::Event;

/// How many events are cached, the newest ones.
const MAX_EVENTS: usize = 512;

/// What nearly every reader of a card asks for.
const WANTS: loaders::RequestedFields = loaders::RequestedFields {
    body: false,
    lease: true,
    backoff: true,
    counts: true,
    pull_requests: true,
    blocked_by: None,
    blocks: None,
};

/// The cache, shared by all subscriptions.
#[derive(Debug, Default)]
pub(super) struct EventCache(Mutex<BTreeMap<EventCursor, Arc<CachedEvent>>>);

#[derive(Debug, Default)]
struct CachedEvent {
    issue: OnceCell<Option<Arc<Issue>>>,
    is_found: Mutex<HashMap<String, Arc<OnceCell<bool>>>>,
}

impl EventCache {
    /// The issue that an event is about; none when it is no longer shown.
    pub(super) async fn issue(
        &self,
        app: &App,
        event: &Event,
        id: IssueId,
    ) -> Result<Option<Arc<Issue>>> {
        let load = async || match service::board::find_issue(app, id).await {
            Ok(found) => Ok(Some(loaders::issue(app, found, WANTS).await?)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        self.entry(event).issue.get_or_try_init(load).await.cloned()
    }

    /// Whether a search finds the issue that an event is about.
    pub(super) async fn is_found(
        &self,
        app: &App,
        event: &Event,
        id: IssueId,
        words: &str,
    ) -> Result<bool> {
        let cell = {
            let cached = self.entry(event);
            let mut searches = cached.is_found.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(searches.entry(words.to_owned()).or_default())
        };
        let ask = async || service::events::is_found_by(app, id, words).await;
        cell.get_or_try_init(ask).await.copied()
    }

    fn entry(&self, event: &Event) -> Arc<CachedEvent> {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = Arc::clone(events.entry(event.id).or_default());
        if events.len() > MAX_EVENTS {
            events.pop_first();
        }
        cached
    }
}
