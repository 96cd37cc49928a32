//! Asking for the next task and staying on the line while there is none.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::Result;
use super::queue::{NextTask, QueueRequest, next_task};
use crate::app::App;
use crate::domain::Actor;
use crate::domain::events::Topic;
use crate::store::Event;

/// How long one may wait for work, on the line or in it.
pub const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// How long to let news gather, so that many changes at once are one look.
const GATHER: Duration = Duration::from_millis(20);

/// What an agent could begin, as soon as there is something, at the latest after `wait`.
///
/// # Errors
///
/// As [`next_task`].
pub async fn wait_for_task(
    app: &App,
    actor: &Actor,
    request: &QueueRequest,
    wait: Duration,
) -> Result<NextTask> {
    // Listening begins before the first look, so that nothing becomes ready unheard in between.
    let mut events = app.bus.subscribe();
    let mut over = pin!(tokio::time::sleep(wait.min(LONGEST_WAIT)));
    loop {
        let next = next_task(app, actor, request).await?;
        if next.found.is_some() || wait.is_zero() {
            return Ok(next);
        }
        tokio::select! {
            () = change(&mut events) => tokio::time::sleep(GATHER).await,
            () = &mut over => return Ok(next),
            () = app.bus.closed() => return Ok(next),
        }
    }
}

/// Waits for a change of the board.
async fn change(events: &mut Receiver<Arc<Event>>) {
    loop {
        match events.recv().await {
            Ok(event) if event.topic != Topic::Board => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
