//! The sync state: how current the cached issues are, and the progress of a running sync.

use async_graphql::Object;

use crate::domain::Timestamp;
use crate::service::repositories::sync;

/// The sync state at one moment, as the service reports it.
#[derive(Debug)]
pub(in crate::graphql) struct SyncState(pub(in crate::graphql) sync::SyncState);

/// The sync state: how current the cached issues are, and which sync is running.
#[Object]
impl SyncState {
    /// The number of tracked repositories.
    async fn repositories_count(&self) -> usize {
        self.0.repositories
    }

    /// The number of tracked repositories whose last sync failed; `Repository.syncError` has the
    /// reason.
    async fn failing_count(&self) -> usize {
        self.0.failing
    }

    /// The number of their issues on the board.
    async fn issues_count(&self) -> i64 {
        self.0.issues
    }

    /// The board is at least as current as GitHub was at this time: the oldest of the tracked
    /// repositories' last successful syncs. Null when a tracked repository was never synced, or
    /// none is tracked.
    async fn last_good_sync_at(&self) -> Option<Timestamp> {
        self.0.last_good_sync_at.map(Timestamp)
    }

    /// GitHub has not answered since this time, so changes of issues fail at once; reading the board
    /// works. Null while it answers. Ends by itself: Dispatch tries again at least once a minute.
    async fn unanswered_since(&self) -> Option<Timestamp> {
        self.0.unanswered_since.map(Timestamp)
    }

    /// The running sync; null when there is none.
    async fn running(&self) -> Option<RunningSync> {
        self.0.running.clone().map(RunningSync)
    }
}

/// A running sync, as the service reports it.
#[derive(Debug)]
struct RunningSync(sync::RunningSync);

/// A running sync. It continues when the client that started it disconnects.
#[Object]
impl RunningSync {
    /// When it started.
    async fn started_at(&self) -> Timestamp {
        Timestamp(self.0.started_at)
    }

    /// The number of repositories that it reads.
    async fn repositories_count(&self) -> i32 {
        self.0.repositories
    }

    /// The number of repositories that it has finished, whether successful or not.
    async fn repositories_done_count(&self) -> i32 {
        self.0.repositories_done
    }

    /// The number of issues received from GitHub so far.
    async fn issues_read_count(&self) -> i32 {
        self.0.issues_read
    }
}
