//! Subscriptions of automation, from the same event log as the board's.

use async_graphql::{Context, Subscription};
use async_stream::stream;
use futures_util::Stream;

use super::repository_id;
use crate::domain::automation::ActivityType;
use crate::domain::events::{EventKind, Topic};
use crate::domain::{ActivityId, EventCursor, RepositoryId, WorkflowRunId};
use crate::graphql::feed::{Feed, FeedItem};
use crate::graphql::loaders::app;
use crate::graphql::types::{
    ActivityEvent, ActivityRecorded, AutomationChanged, AutomationEvent, AutomationResync,
    Repository, RunningAutomationSync, WorkflowRun, WorkflowRunChanged,
};
use crate::service::automation::{lists, sync};
use crate::service::{self, App, Error, Result};
use crate::store::Event;

type StreamResult<T> = async_graphql::Result<T>;

#[derive(Debug, Default)]
pub(crate) struct AutomationSubscription;

#[Subscription]
impl AutomationSubscription {
    /// Emits every change of automation data after the position `after`, in order and exactly once.
    /// Without `after`, it starts now. `Board.asOf` is such a position.
    async fn automation_events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only changes of this repository, `owner/name`.")] repository: Option<
            String,
        >,
        #[graphql(
            desc = "Only activity of these types, and nothing else; everything when absent."
        )]
        types: Option<Vec<ActivityType>>,
        #[graphql(desc = "The last position that the client has seen.")] after: Option<EventCursor>,
    ) -> async_graphql::Result<impl Stream<Item = StreamResult<AutomationEvent>> + use<>> {
        let repository = repository_id(context, repository).await?;
        let wanted = Wanted { repository, types };
        let app = app(context).clone();
        let feed: Feed = context.data_unchecked::<Feed>().clone();
        let items = feed.items(app.clone(), after).await?;
        Ok(stream! {
            for await item in items {
                let event = match item {
                    Ok(item) => wanted.event(&app, item).await,
                    Err(error) => Err(error),
                };
                match event {
                    Ok(None) => {}
                    Ok(Some((position, event))) => {
                        feed.set_position(position);
                        let is_last = matches!(event, AutomationEvent::AutomationResync(_));
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

    /// Emits the running sync of automation data whenever its progress changes, and null when it ends.
    /// Every item is complete, so missing one is harmless.
    async fn automation_sync_changed(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<
        impl Stream<Item = StreamResult<Option<RunningAutomationSync>>> + use<>,
    > {
        let app = app(context).clone();
        let mut changes = app.bus.sync_changes();
        let mut before = sync::running_sync(&app).await?;
        Ok(stream! {
            while changes.changed().await.is_ok() {
                match sync::running_sync(&app).await {
                    Ok(running) if before == running => {}
                    Ok(running) => {
                        before = running;
                        yield Ok(running.map(RunningAutomationSync));
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

/// What a subscriber asked for.
struct Wanted {
    repository: Option<RepositoryId>,
    types: Option<Vec<ActivityType>>,
}

impl Wanted {
    /// What the subscriber sees of an item, with its position; nothing when it did not ask for it.
    async fn event(
        &self,
        app: &App,
        item: FeedItem,
    ) -> Result<Option<(EventCursor, AutomationEvent)>> {
        let event = match item {
            FeedItem::Event(event) if event.topic == Topic::Automation => event,
            FeedItem::Event(_) => return Ok(None),
            FeedItem::Gap { position, reason } => {
                let resync = AutomationResync { cursor: position, reason };
                return Ok(Some((position, AutomationEvent::AutomationResync(resync))));
            }
        };
        Ok(self.change(app, &event).await?.map(|change| (event.id, change)))
    }

    async fn change(&self, app: &App, event: &Event) -> Result<Option<AutomationEvent>> {
        let cursor = event.id;
        let id = event
            .record_id
            .ok_or_else(|| Error::Internal(anyhow::anyhow!("event {cursor} has no record")))?;
        match event.kind {
            EventKind::ActivityRecorded => {
                let activity =
                    lists::find_activity(app, ActivityId(id)).await.map(ActivityEvent::alone);
                Ok(existing(activity)?
                    .filter(|activity| self.is_of(activity.repository_id()))
                    .filter(|activity| self.is_type(activity.kind()))
                    .map(|activity| ActivityRecorded { cursor, activity })
                    .map(AutomationEvent::ActivityRecorded))
            }
            _ if self.types.is_some() => Ok(None),
            EventKind::WorkflowRunChanged => {
                let run = lists::find_run(app, WorkflowRunId(id)).await.map(WorkflowRun::alone);
                Ok(existing(run)?
                    .filter(|run| self.is_of(run.repository_id()))
                    .map(|run| WorkflowRunChanged { cursor, run })
                    .map(AutomationEvent::WorkflowRunChanged))
            }
            EventKind::AutomationChanged if self.is_of(RepositoryId(id)) => {
                let row = service::board::repositories(app, &[RepositoryId(id)]).await?.pop();
                Ok(row.map(|row| {
                    let repository = Repository::new(std::sync::Arc::new(row));
                    AutomationEvent::AutomationChanged(AutomationChanged { cursor, repository })
                }))
            }
            _ => Ok(None),
        }
    }

    fn is_of(&self, repository: RepositoryId) -> bool {
        self.repository.is_none_or(|wanted| wanted == repository)
    }

    fn is_type(&self, kind: Option<ActivityType>) -> bool {
        let Some(types) = &self.types else { return true };
        kind.is_some_and(|kind| types.contains(&kind))
    }
}

/// What is gone when an event is replayed has nothing to show. Its removal has an event of its own.
fn existing<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
