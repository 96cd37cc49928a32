//! The subscriptions.
//!
//! A stream ends after the first item that could not be loaded, because later items would hide a
//! gap. `feed` provides the events; `multiplexer` lets equal subscriptions share an execution.

use std::sync::Arc;

use async_graphql::{Context, MergedSubscription, Subscription};
use async_stream::stream;
use futures_util::Stream;

use super::arguments::full_name;
use super::automation::AutomationSubscription;
use super::event_cache::EventCache;
use super::feed::{Feed, FeedItem, Lagged};
use super::github_budget::BudgetSubscription;
use super::loaders::app;
use super::types::{
    AgentRun, AuditEntry, BoardEvent, IssueChanged, IssueMoved, IssueRemoved, Resync, SyncState,
};
use crate::domain::event_filter::FilteredEvent;
use crate::domain::events::{EventKind, Topic};
use crate::domain::filter::NormalizedFilter;
use crate::domain::label_names::is_same;
use crate::domain::{AgentRunId, AuditEntryId, EventCursor, IssueFilter};
use crate::service::{self, App, Error, Result};
use crate::store::Event;

type StreamResult<T> = async_graphql::Result<T>;

/// The streams that clients can subscribe to.
#[derive(Debug, Default, MergedSubscription)]
#[graphql(name = "Subscription")]
pub(super) struct Subscriptions(
    BoardSubscription,
    RecordSubscription,
    SyncSubscription,
    BudgetSubscription,
    AutomationSubscription,
);

#[derive(Debug, Default)]
struct BoardSubscription;

#[Subscription]
impl BoardSubscription {
    /// Emits every change to the board after the position `after` (normally `Board.asOf`), in order
    /// and exactly once. Without `after`, it starts now.
    async fn board_events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which issues; all issues on the board when absent.")] filter: Option<
            IssueFilter,
        >,
        #[graphql(desc = "The last position that the client has seen.")] after: Option<EventCursor>,
    ) -> async_graphql::Result<impl Stream<Item = StreamResult<BoardEvent>> + use<>> {
        let app = app(context).clone();
        let filter = service::board::normalized_filter_for_events(&app, filter).await?;
        let feed: Feed = context.data_unchecked::<Feed>().clone();
        let event_cache = Arc::clone(context.data_unchecked::<Arc<EventCache>>());
        let items = feed.items(app.clone(), after).await?;
        Ok(stream! {
            for await item in items {
                let event = match item {
                    Ok(item) => board_event(&app, &event_cache, &filter, item).await,
                    Err(error) => Err(error),
                };
                match event {
                    Ok(None) => {}
                    Ok(Some((position, event))) => {
                        feed.set_position(position);
                        let is_last = matches!(event, BoardEvent::Resync(_));
                        if is_last {
                            feed.set_last();
                        }
                        yield Ok(event);
                        if is_last {
                            return;
                        }
                    }
                    Err(error) => {
                        yield Err(error.into());
                        return;
                    }
                }
            }
        })
    }
}

/// The event as a subscriber with this filter receives it, with its position; `None` if it does not
/// concern the filter.
async fn board_event(
    app: &App,
    event_cache: &EventCache,
    filter: &NormalizedFilter,
    item: FeedItem,
) -> Result<Option<(EventCursor, BoardEvent)>> {
    let event = match item {
        FeedItem::Event(event) if event.topic == Topic::Board => event,
        FeedItem::Event(_) => return Ok(None),
        FeedItem::Gap { position, reason } => {
            let resync = Resync { cursor: position, reason };
            return Ok(Some((position, BoardEvent::Resync(resync))));
        }
    };
    let is_found = is_found(app, event_cache, filter, &event).await?;
    let (before, after) = (event.before.as_ref(), event.after.as_ref());
    let Some(change) = filter.filter_event(event.kind, before, after, is_found) else {
        return Ok(None);
    };
    Ok(Some((event.id, to_board_event(app, event_cache, &event, change).await?)))
}

/// Whether the current issue matches what the facts of an event cannot decide.
async fn is_found(
    app: &App,
    event_cache: &EventCache,
    filter: &NormalizedFilter,
    event: &Event,
) -> Result<bool> {
    let Some(id) = event.issue_id else { return Ok(true) };
    if let Some(before) = filter.updated_before {
        let issue = event_cache.issue(app, event, id).await?;
        if issue.is_none_or(|issue| issue.row.updated_at >= before.0) {
            return Ok(false);
        }
    }
    match &filter.search {
        Some(words) => event_cache.is_found(app, event, id, words).await,
        None => Ok(true),
    }
}

async fn to_board_event(
    app: &App,
    event_cache: &EventCache,
    event: &Event,
    change: FilteredEvent,
) -> Result<BoardEvent> {
    let cursor = event.id;
    if change == FilteredEvent::Resync {
        let reason = event.reason.clone().unwrap_or_default();
        return Ok(BoardEvent::Resync(Resync { cursor, reason }));
    }
    let issue_id = event.issue_id.ok_or_else(|| incomplete(event, "issue"))?;
    if change == FilteredEvent::Removed {
        return Ok(BoardEvent::IssueRemoved(IssueRemoved { cursor, issue_id }));
    }
    // In a replay the issue may already be gone; then its removal is reported.
    let Some(issue) = event_cache.issue(app, event, issue_id).await? else {
        return Ok(BoardEvent::IssueRemoved(IssueRemoved { cursor, issue_id }));
    };
    if change == FilteredEvent::Changed {
        return Ok(BoardEvent::IssueChanged(IssueChanged { cursor, issue }));
    }
    let (Some(before), Some(after)) = (&event.before, &event.after) else {
        return Err(incomplete(event, "before or after"));
    };
    let (from, to, actor) = (before.status, after.status, event.actor.clone());
    let actor_kind = event.actor_kind;
    Ok(BoardEvent::IssueMoved(IssueMoved { cursor, issue, from, to, actor, actor_kind }))
}

fn incomplete(event: &Event, what: &str) -> Error {
    Error::Internal(anyhow::anyhow!("event {} has no {what}", event.id))
}

#[derive(Debug, Default)]
struct RecordSubscription;

#[Subscription]
impl RecordSubscription {
    /// Emits each new audit entry. A client that was disconnected reads `auditLog`; a client that
    /// is too slow gets the error `RESYNC`.
    async fn audit_entry_added(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only entries of this repository.")] repository: Option<String>,
    ) -> async_graphql::Result<impl Stream<Item = StreamResult<AuditEntry>> + use<>> {
        let repository =
            repository.map(|name| full_name(context, "repository", &name)).transpose()?;
        let names = match repository {
            Some(name) => Some(service::audit::names_of(app(context), &name).await?),
            None => None,
        };
        let is_wanted = move |entry: &AuditEntry| {
            let repository = entry.row.repository_full_name.to_lowercase();
            names.as_ref().is_none_or(|names| names.contains(&repository))
        };
        Ok(records(context, is_wanted).await?)
    }

    /// Emits each new agent run. A client that was disconnected reads `agentRuns`; a client that is
    /// too slow gets the error `RESYNC`.
    async fn agent_run_recorded(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only runs of this agent.")] agent: Option<String>,
    ) -> async_graphql::Result<impl Stream<Item = StreamResult<AgentRun>> + use<>> {
        let is_wanted = move |run: &AgentRun| {
            agent.as_ref().is_none_or(|agent| is_same(agent, &run.row.agent_name))
        };
        Ok(records(context, is_wanted).await?)
    }
}

#[derive(Debug, Default)]
struct SyncSubscription;

#[Subscription]
impl SyncSubscription {
    /// Emits the sync state whenever it changes. Every item is complete, so missing one is
    /// harmless. A client that was disconnected reads `syncState`.
    async fn sync_changed(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<impl Stream<Item = StreamResult<SyncState>> + use<>> {
        let app = app(context).clone();
        let mut changes = app.bus.sync_changes();
        let mut outages = app.github.unanswered_since();
        let mut before = service::repositories::sync::sync_state(&app).await?;
        Ok(stream! {
            loop {
                let changed = tokio::select! {
                    changed = changes.changed() => changed,
                    changed = outages.changed() => changed,
                };
                if changed.is_err() {
                    return;
                }
                match service::repositories::sync::sync_state(&app).await {
                    Ok(state) if before == state => {}
                    Ok(state) => {
                        before = state.clone();
                        yield Ok(SyncState(state));
                    }
                    Err(error) => {
                        yield Err(error.into());
                        return;
                    }
                }
            }
        })
    }
}

/// A record that an event announces.
trait Record: Send + Sized {
    /// The kind of its events.
    const KIND: EventKind;

    /// The record with the id that the event gives.
    fn find(app: &App, id: i64) -> impl Future<Output = Result<Self>> + Send;
}

impl Record for AuditEntry {
    const KIND: EventKind = EventKind::AuditEntryAdded;

    async fn find(app: &App, id: i64) -> Result<Self> {
        service::audit::find_audit_entry(app, AuditEntryId(id)).await.map(Self::alone)
    }
}

impl Record for AgentRun {
    const KIND: EventKind = EventKind::AgentRunRecorded;

    async fn find(app: &App, id: i64) -> Result<Self> {
        service::agents::agent_runs::find_agent_run(app, AgentRunId(id)).await.map(Self::alone)
    }
}

/// The records of a kind that match the filter, as they are announced.
async fn records<R, NormalizedFilter>(
    context: &Context<'_>,
    is_wanted: NormalizedFilter,
) -> Result<impl Stream<Item = StreamResult<R>> + use<R, NormalizedFilter>>
where
    R: Record,
    NormalizedFilter: Fn(&R) -> bool + Send,
{
    let app = app(context).clone();
    let feed: Feed = context.data_unchecked::<Feed>().clone();
    let items = feed.items(app.clone(), None).await?;
    Ok(stream! {
        for await item in items {
            let record = match item {
                Ok(FeedItem::Event(event)) if event.kind != R::KIND => continue,
                Ok(FeedItem::Event(event)) => record(&app, &event).await.map_err(Into::into),
                Ok(FeedItem::Gap { .. }) => Err(Lagged.into()),
                Err(error) => Err(error.into()),
            };
            match record {
                Ok((position, record)) if is_wanted(&record) => {
                    feed.set_position(position);
                    yield Ok(record);
                }
                Ok(_) => {}
                Err(error) => {
                    yield Err(error);
                    return;
                }
            }
        }
    })
}

async fn record<R: Record>(app: &App, event: &Event) -> Result<(EventCursor, R)> {
    let id = event.record_id.ok_or_else(|| incomplete(event, "record"))?;
    Ok((event.id, R::find(app, id).await?))
}
