//! How the cache stands to GitHub, and how far a running sync has come.

use async_graphql::Object;

use crate::domain::Instant;
use crate::service::sync;

/// As the service tells it, at one moment.
#[derive(Debug)]
pub(in crate::graphql) struct SyncState(pub(in crate::graphql) sync::SyncState);

/// How the cache stands to GitHub.
#[Object]
impl SyncState {
    /// How many repositories are tracked.
    async fn repositories_count(&self) -> usize {
        self.0.repositories
    }

    /// How many of them could not be read last time; `Repository.syncError` says why.
    async fn failing_count(&self) -> usize {
        self.0.failing
    }

    /// How many of their issues the board shows.
    async fn issues_count(&self) -> i64 {
        self.0.issues
    }

    /// What is shown is at least as new as GitHub was then: the oldest of the tracked repositories'
    /// last good syncs. Null while one of them was never synced, and when there is none.
    async fn last_good_sync_at(&self) -> Option<Instant> {
        self.0.last_good_sync_at.map(Instant)
    }

    /// The sync that is under way; null when there is none.
    async fn running(&self) -> Option<RunningSync> {
        self.0.running.clone().map(RunningSync)
    }
}

/// As the service tells it.
#[derive(Debug)]
struct RunningSync(sync::RunningSync);

/// A sync under way. It goes on when whoever began it leaves.
#[Object]
impl RunningSync {
    /// When it began.
    async fn started_at(&self) -> Instant {
        Instant(self.0.started_at)
    }

    /// How many repositories it reads.
    async fn repositories_count(&self) -> i32 {
        self.0.repositories
    }

    /// How many it is done with, well or not.
    async fn repositories_done_count(&self) -> i32 {
        self.0.repositories_done
    }

    /// How many issues GitHub has sent so far.
    async fn issues_read_count(&self) -> i32 {
        self.0.issues_read
    }
}
