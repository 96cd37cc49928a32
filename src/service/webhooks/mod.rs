//! The webhook inbox: deliveries of GitHub are stored when they arrive and processed afterwards.
//!
//! `receive.rs` checks and stores a delivery, `process.rs` processes stored ones, `issues.rs`,
//! `labels.rs` and `repositories.rs` apply what they report, `deliveries.rs` lists and replays them.
//!
//! Invariants: nothing without a valid signature is stored; deliveries of one issue are processed in
//! the order of arrival; older data never overwrites newer data, whatever the order is; a deleted or
//! transferred issue never comes back; processing a delivery twice changes nothing.

mod issues;
mod process;
mod receive;

use std::sync::Arc;

use tokio::sync::Notify;

pub use process::{process_due, process_next};
pub use receive::{Delivery, Receipt, receive, unconfigured};

/// Wakes the task that processes deliveries. Clones share one signal.
#[derive(Debug, Clone, Default)]
pub struct Inbox(Arc<Notify>);

impl Inbox {
    /// Reports that a delivery is due.
    fn announce(&self) {
        self.0.notify_one();
    }

    /// Waits until a delivery is due in this process.
    pub async fn arrived(&self) {
        self.0.notified().await;
    }
}
