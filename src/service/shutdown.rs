//! The end of this process: whether it has begun, and the changes that must finish before it.
//!
//! Not here: signals, delays and the closing of connections, which are `main`'s and
//! `connections`' part, and the closing of subscriptions, which is the bus's.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The shutdown of this process. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    begun: CancellationToken,
    changes: TaskTracker,
}

impl Shutdown {
    /// Reports this process as not ready from now on. Requests are still handled.
    pub fn begin(&self) {
        self.begun.cancel();
    }

    /// Whether the process is about to end.
    pub fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    /// Tracks the changes that run to their end even if their client disconnects.
    pub fn changes(&self) -> &TaskTracker {
        &self.changes
    }

    /// Waits until no change is running.
    pub async fn changes_ended(&self) {
        self.changes.close();
        self.changes.wait().await;
    }
}
