//! The source of a subscription's events: the log, the bus, or first the log and then the bus.
//!
//! **No gap and no duplicate at the switch.** Ids become visible in the log in ascending order, and
//! the bus sends only events that are visible. A feed therefore first subscribes to the bus and
//! then reads the newest position `p` of the log. Every event up to `p` is in the log, where a
//! replay finds it. Every event after `p` was not visible when `p` was read, so the bus can only
//! send it later, when the feed has already subscribed. An event up to `p` that the bus sends is a
//! duplicate and is dropped by its id. The position of the bus at the time of the subscription does
//! not matter.
//!
//! **No silent gap.** If the log no longer reaches back far enough, or the bus has sent more events
//! than its channel holds, the feed emits [`FeedItem::Gap`] and ends.
//!
//! Not here: what an event means to a subscriber (`domain::event_filter`), and which subscribers
//! share a feed (`multiplexer`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use async_stream::stream;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use tokio::sync::Mutex;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::domain::EventCursor;
use crate::service::events::{Replay, events_after, position};
use crate::service::{App, Error, Result};
use crate::store::Event;

/// How many rows of the log are read at once.
const BATCH: i64 = 500;

/// An item of a feed.
#[derive(Debug)]
pub(super) enum FeedItem {
    /// The next event.
    Event(Arc<Event>),
    /// Some events are missing. Nothing follows.
    Gap {
        /// The position at which the feed ends.
        position: EventCursor,
        /// The reason, as one sentence.
        reason: String,
    },
}

/// The live end of the log: everything that the bus sends after a position.
#[derive(Debug)]
pub(super) struct Live {
    receiver: broadcast::Receiver<Arc<Event>>,
    position: EventCursor,
}

impl Live {
    /// Subscribes, starting at the newest position.
    pub(super) async fn start(app: &App) -> Result<Self> {
        let receiver = app.bus.subscribe();
        Ok(Self { receiver, position: position(app).await? })
    }

    /// The position after which every event is emitted.
    pub(super) fn position(&self) -> EventCursor {
        self.position
    }

    fn items(mut self) -> impl Stream<Item = Result<FeedItem>> + Send {
        stream! {
            loop {
                match self.receiver.recv().await {
                    Ok(event) if event.id <= self.position => {}
                    Ok(event) => {
                        self.position = event.id;
                        yield Ok(FeedItem::Event(event));
                    }
                    Err(RecvError::Lagged(_)) => {
                        let reason = "The subscriber fell behind".to_owned();
                        yield Ok(FeedItem::Gap { position: self.position, reason });
                        return;
                    }
                    Err(RecvError::Closed) => return,
                }
            }
        }
    }
}

/// The rows of the log after `after`, up to and including `through`.
fn replay(
    app: App,
    mut after: EventCursor,
    through: EventCursor,
) -> impl Stream<Item = Result<FeedItem>> + Send {
    stream! {
        while after < through {
            match events_after(&app, after, BATCH).await {
                Ok(Replay::Events(events)) => {
                    let is_last = i64::try_from(events.len()).is_ok_and(|read| read < BATCH);
                    for event in events {
                        if event.id > through {
                            return;
                        }
                        after = event.id;
                        yield Ok(FeedItem::Event(Arc::new(event)));
                    }
                    if is_last {
                        return;
                    }
                }
                Ok(Replay::Gap { position, reason }) => {
                    yield Ok(FeedItem::Gap { position, reason });
                    return;
                }
                Err(error) => {
                    yield Err(error);
                    return;
                }
            }
        }
    }
}

/// The log after `after`, or from now on, followed by live events.
async fn whole(
    app: App,
    after: Option<EventCursor>,
) -> Result<BoxStream<'static, Result<FeedItem>>> {
    let live = Live::start(&app).await?;
    let newest = live.position();
    Ok(match after {
        None => live.items().boxed(),
        Some(after) if after > newest => gap(newest, BEYOND.to_owned()).boxed(),
        Some(after) => unless_ended(replay(app, after, newest), live.items()).boxed(),
    })
}

/// Why a cursor beyond the end of the log is rejected.
pub(super) const BEYOND: &str = "The cursor is from another log";

fn gap(position: EventCursor, reason: String) -> impl Stream<Item = Result<FeedItem>> + Send {
    futures_util::stream::once(async move { Ok(FeedItem::Gap { position, reason }) })
}

/// One stream and then the other, which is skipped if the first ended early.
fn unless_ended(
    first: impl Stream<Item = Result<FeedItem>> + Send,
    then: impl Stream<Item = Result<FeedItem>> + Send,
) -> impl Stream<Item = Result<FeedItem>> + Send {
    stream! {
        for await item in first {
            let has_ended = !matches!(item, Ok(FeedItem::Event(_)));
            yield item;
            if has_ended {
                return;
            }
        }
        for await item in then {
            yield item;
        }
    }
}

/// A subscriber to records that fell behind.
#[derive(Debug, thiserror::Error)]
#[error("The subscriber fell behind; read the list, then subscribe again")]
pub(super) struct Lagged;

/// The source of events of one execution of a subscription. Passed with the request.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    source: Arc<Mutex<Option<FeedSource>>>,
    position: Arc<AtomicI64>,
    is_last: Arc<AtomicBool>,
}

/// The events that an execution receives.
#[derive(Debug)]
pub(super) enum FeedSource {
    /// Those that its own arguments specify.
    Arguments,
    /// Everything after a position, regardless of its arguments.
    Log {
        /// The position.
        after: EventCursor,
    },
    /// Live events from a position on, regardless of its arguments.
    Live(Live),
    /// The events in the log between two positions, including the second; then it ends.
    Replay {
        /// The first position, exclusive.
        after: EventCursor,
        /// The last position, inclusive.
        through: EventCursor,
    },
    /// Only the report of a gap.
    Gap {
        /// The position at which the stream ends.
        position: EventCursor,
        /// The reason, as one sentence.
        reason: String,
    },
}

impl Feed {
    /// A feed for one execution.
    pub(super) fn new(source: FeedSource) -> Self {
        Self {
            source: Arc::new(Mutex::new(Some(source))),
            position: Arc::default(),
            is_last: Arc::default(),
        }
    }

    /// The position of the item that is being resolved, or was resolved last; `None` if items have
    /// no position in the log. Items of one execution are resolved one after the other.
    pub(super) fn position(&self) -> Option<EventCursor> {
        let position = EventCursor(self.position.load(Ordering::Acquire));
        (position != EventCursor::default()).then_some(position)
    }

    /// Sets the position of the item that will be resolved next.
    pub(super) fn set_position(&self, position: EventCursor) {
        self.position.store(position.0, Ordering::Release);
    }

    /// Whether the item that is being resolved, or was last, ends the stream.
    pub(super) fn is_last(&self) -> bool {
        self.is_last.load(Ordering::Acquire)
    }

    /// Marks the item that will be resolved next as the last one.
    pub(super) fn set_last(&self) {
        self.is_last.store(true, Ordering::Release);
    }

    /// The events. `after` is the execution's own argument.
    pub(super) async fn items(
        &self,
        app: App,
        after: Option<EventCursor>,
    ) -> Result<BoxStream<'static, Result<FeedItem>>> {
        let source = self.source.lock().await.take();
        Ok(match source {
            Some(FeedSource::Arguments) => whole(app, after).await?,
            Some(FeedSource::Log { after }) => whole(app, Some(after)).await?,
            Some(FeedSource::Live(live)) => live.items().boxed(),
            Some(FeedSource::Replay { after, through }) => replay(app, after, through).boxed(),
            Some(FeedSource::Gap { position, reason }) => gap(position, reason).boxed(),
            None => {
                let twice = anyhow::anyhow!("an execution asked for its feed twice");
                return Err(Error::Internal(twice));
            }
        })
    }
}
