//! Distributes log events, and changes of the sync state, from PostgreSQL to subscribers in this
//! process.
//!
//! One event pump reads the event log in order, from the last id it knows, and sends each event
//! once into a bounded channel. A notification (`LISTEN`/`NOTIFY`) makes it read at once. It
//! carries no data, so a lost one only delays events, by at most [`POLL_INTERVAL`]. A second
//! notification announces that a sync has started, progressed or ended. It stands for a state and
//! not for an event, so several changes may share one notification, and one may arrive without a
//! change. What an event means to a subscriber is decided elsewhere.
//!
//! Invariants: events are sent in the order of their ids, each exactly once; a receiver that falls
//! more than [`CAPACITY`] behind gets an error from the channel and never misses an event silently.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::RunQueryDsl;
use futures_util::StreamExt;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::domain::EventCursor;
use crate::store::{self, Connection, Event, Pool, event_log};

/// The maximum number of events by which a receiver may fall behind.
pub const CAPACITY: usize = 4096;

/// How long the pump waits at most for a notification before it reads the log anyway.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// Delay before it reconnects to the database.
const RECONNECT: Duration = Duration::from_secs(1);

const BATCH: i64 = 500;

/// The source of events in this process. Clones share one channel.
#[derive(Debug, Clone)]
pub struct Bus {
    sender: broadcast::Sender<Arc<Event>>,
    position: Arc<AtomicI64>,
    sync_changes: Arc<watch::Sender<()>>,
    closing: CancellationToken,
}

impl Bus {
    /// A bus that has sent every event up to `position`.
    pub fn new(position: EventCursor) -> Self {
        let (sender, _) = broadcast::channel(CAPACITY);
        let position = Arc::new(AtomicI64::new(position.0));
        let sync_changes = Arc::new(watch::Sender::new(()));
        Self { sender, position, sync_changes, closing: CancellationToken::new() }
    }

    /// A receiver of every event sent from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.sender.subscribe()
    }

    /// The number of subscribers to events.
    pub fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }

    /// The id of the last event that was sent or is being sent. A caller that subscribes before it
    /// reads the position receives every later event.
    pub fn position(&self) -> EventCursor {
        EventCursor(AtomicI64::load(&self.position, Ordering::Acquire))
    }

    /// Changes whenever the sync state may have changed, in any replica.
    pub fn sync_changes(&self) -> watch::Receiver<()> {
        self.sync_changes.subscribe()
    }

    /// Tells subscribers to end, because the service stops.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Whether subscribers were asked to end.
    pub fn is_closed(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Waits until the service stops.
    pub async fn closed(&self) {
        self.closing.cancelled().await;
    }

    fn send(&self, event: Event) {
        // The position is raised first: an event that a new subscriber has just missed is then
        // never after the position that it reads.
        self.position.store(event.id.0, Ordering::Release);
        // Having no receivers is not an error.
        let _ = self.sender.send(Arc::new(event));
    }

    /// Sends every event that the log has after the last event sent.
    async fn catch_up(&self, connection: &mut Connection) -> QueryResult<()> {
        loop {
            let events = event_log::after(connection, self.position(), BATCH).await?;
            let is_last = events.len() < usize::try_from(BATCH).expect("a small number");
            for event in events {
                self.send(event);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Runs until it is cancelled. `url` is for the connection that listens for notifications. It
    /// cannot come from the pool, because it is never returned.
    pub async fn pump(self, pool: Pool, url: &str) {
        loop {
            if let Err(error) = self.listen(&pool, url).await {
                tracing::warn!(%error, "the event pump lost its connection and connects again");
            }
            tokio::time::sleep(RECONNECT).await;
        }
    }

    async fn listen(&self, pool: &Pool, url: &str) -> anyhow::Result<()> {
        let mut listener = store::establish(url).await?;
        // Listen before the first read, so that no notification is lost in between.
        diesel::sql_query("LISTEN dispatch_events").execute(&mut listener).await?;
        diesel::sql_query("LISTEN dispatch_sync").execute(&mut listener).await?;
        let mut notifications = std::pin::pin!(listener.notifications_stream());
        let (mut events, mut sync) = (true, true);
        loop {
            if sync {
                self.sync_changes.send_replace(());
            }
            if events {
                self.catch_up(&mut *pool.get().await?).await?;
            }
            (events, sync) = match tokio::time::timeout(POLL_INTERVAL, notifications.next()).await {
                Ok(Some(notification)) => {
                    let is_sync = notification?.channel == "dispatch_sync";
                    (!is_sync, is_sync)
                }
                Ok(None) => anyhow::bail!("the server closed the connection"),
                Err(_) => (true, true),
            };
        }
    }
}
