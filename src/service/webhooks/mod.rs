//! The webhook inbox: deliveries of GitHub are stored when they arrive and processed afterwards.
//!
//! `receive.rs` checks and stores a delivery, `process.rs` processes stored ones, `issues.rs`,
//! `labels.rs`, `repositories.rs` and `automation.rs` apply what they report, `deliveries.rs` lists and replays them.
//!
//! Invariants: nothing without a valid signature is stored; deliveries of one issue are processed in
//! the order of arrival; older data never overwrites newer data, whatever the order is; a deleted or
//! transferred issue never comes back; processing a delivery twice changes nothing.

mod automation;
mod deliveries;
mod issues;
mod labels;
mod outcome;
mod process;
mod receive;
mod repositories;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

pub use deliveries::{ReplayWebhookDelivery, deliveries, delivery_counts, replay_webhook_delivery};
pub use process::{process_due, process_next};
pub use receive::{Delivery, Receipt, receive, unconfigured};

use crate::service::{Error, Result};

/// How many bytes of deliveries are held in memory at once. Others wait.
const ROOM: usize = 256 << 20;

/// The unit in which that is counted.
const UNIT: usize = 1 << 10;

/// How long a delivery waits for others to be stored.
const PATIENCE: Duration = Duration::from_secs(5);

/// Deliveries in this process: wakes the task that processes them, and limits the memory for those that
/// arrive. Clones share both.
#[derive(Debug, Clone)]
pub struct Inbox {
    wake: Arc<Notify>,
    room: Arc<Semaphore>,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { wake: Arc::default(), room: Arc::new(Semaphore::new(ROOM / UNIT)) }
    }
}

impl Inbox {
    /// Reports that a delivery is due.
    fn announce(&self) {
        self.wake.notify_one();
    }

    /// Waits until a delivery is due in this process.
    pub async fn arrived(&self) {
        self.wake.notified().await;
    }

    /// Memory for a delivery of so many bytes, until it is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`] when others need it for too long.
    pub async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit> {
        let units = u32::try_from((bytes / UNIT + 1).min(ROOM / UNIT)).unwrap_or(u32::MAX);
        let waiting = Arc::clone(&self.room).acquire_many_owned(units);
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(Ok(room)) => Ok(room),
            Ok(Err(_)) | Err(_) => Err(Error::RateLimited {
                what: "Too many webhooks arrive at once".to_owned(),
                retry_at: None,
            }),
        }
    }
}
