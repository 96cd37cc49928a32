//! From PostgreSQL to everybody in this process who wants to hear: the events of the log, and that
//! the state of syncing is another.
//!
//! One pump reads the log in order, from the last id it knows, and sends each event once into a
//! bounded channel. A bell (`NOTIFY`) makes it look at once; it carries nothing, so a lost bell
//! costs only time, at most [`LOOK_ANYWAY`]. A second bell tells that a sync has begun, come further
//! or ended; it stands for a state and not for an event, so it may ring once for several changes and
//! once too often. Not here: what an event means to whom.
//! Invariants: events are sent in the order of their ids, each once, none left out; a listener that
//! falls more than [`CAPACITY`] behind is told so by the channel and never skipped in silence.

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

/// How many events a listener may be behind.
pub const CAPACITY: usize = 4096;

/// How long the pump rests at the most without a bell.
const LOOK_ANYWAY: Duration = Duration::from_secs(30);

/// How long it waits before it connects again.
const RECONNECT: Duration = Duration::from_secs(1);

const BATCH: i64 = 500;

/// Where the events of this process come from. Clones share one channel.
#[derive(Debug, Clone)]
pub struct Bus {
    sender: broadcast::Sender<Arc<Event>>,
    position: Arc<AtomicI64>,
    sync_bell: Arc<watch::Sender<()>>,
    closing: CancellationToken,
}

impl Bus {
    /// A bus that has sent everything up to `position`.
    pub fn new(position: EventCursor) -> Self {
        let (sender, _) = broadcast::channel(CAPACITY);
        let position = Arc::new(AtomicI64::new(position.0));
        let sync_bell = Arc::new(watch::Sender::new(()));
        Self { sender, position, sync_bell, closing: CancellationToken::new() }
    }

    /// Everything sent from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.sender.subscribe()
    }

    /// How many listen to what happens.
    pub fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }

    /// The last event that was sent, or is just being sent. Whoever subscribes first and asks second
    /// hears everything behind it.
    pub fn position(&self) -> EventCursor {
        EventCursor(AtomicI64::load(&self.position, Ordering::Acquire))
    }

    /// Changes whenever the state of syncing may have, in any replica.
    pub fn sync_bell(&self) -> watch::Receiver<()> {
        self.sync_bell.subscribe()
    }

    /// Tells everybody who follows the events to let go: the service is about to stop.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Waits until the service is about to stop.
    pub async fn closed(&self) {
        self.closing.cancelled().await;
    }

    fn send(&self, event: Event) {
        // The position is raised first: an event that a new subscriber has just missed is then
        // never behind the position that it reads.
        self.position.store(event.id.0, Ordering::Release);
        // Nobody listening is no failure.
        let _ = self.sender.send(Arc::new(event));
    }

    /// Sends whatever the log has behind the last event sent.
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

    /// Pumps until cancelled. `url` is for the connection that listens for the bell: it cannot come
    /// from the pool, because it is held for good.
    pub async fn pump(self, pool: Pool, url: &str) {
        loop {
            if let Err(error) = self.listen(&pool, url).await {
                tracing::warn!(%error, "the event pump lost its connection and connects again");
            }
            tokio::time::sleep(RECONNECT).await;
        }
    }

    async fn listen(&self, pool: &Pool, url: &str) -> anyhow::Result<()> {
        let mut ear = store::establish(url).await?;
        // The ear is up before the first look, so nothing rings unheard in between.
        diesel::sql_query("LISTEN dispatch_events").execute(&mut ear).await?;
        diesel::sql_query("LISTEN dispatch_sync").execute(&mut ear).await?;
        let mut bells = std::pin::pin!(ear.notifications_stream());
        let (mut events, mut sync) = (true, true);
        loop {
            if sync {
                self.sync_bell.send_replace(());
            }
            if events {
                self.catch_up(&mut *pool.get().await?).await?;
            }
            (events, sync) = match tokio::time::timeout(LOOK_ANYWAY, bells.next()).await {
                Ok(Some(bell)) => {
                    let is_sync = bell?.channel == "dispatch_sync";
                    (!is_sync, is_sync)
                }
                Ok(None) => anyhow::bail!("the server closed the connection"),
                Err(_) => (true, true),
            };
        }
    }
}
