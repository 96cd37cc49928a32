//! Whether the client that sent a request is still connected.
//!
//! Changes run to their end in tasks of their own, so a client that disconnects does not stop them.
//! A use case whose result only matters to the client, such as a claim, checks here first.

use tokio_util::sync::CancellationToken;

tokio::task_local! {
    static CALLER: CancellationToken;
}

/// The same work, with a client that counts as disconnected once `gone` is cancelled.
pub async fn scope<Work: Future>(gone: CancellationToken, work: Work) -> Work::Output {
    CALLER.scope(gone, work).await
}

/// Whether the client of this task is still connected. Without a client it always is.
#[derive(Debug, Clone)]
pub(super) struct Presence(CancellationToken);

impl Presence {
    /// That of this task's client.
    pub(super) fn for_caller() -> Self {
        Self(CALLER.try_with(CancellationToken::clone).unwrap_or_default())
    }

    /// Whether the client has disconnected.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until the client disconnects.
    pub(super) async fn over(&self) {
        self.0.cancelled().await;
    }
}
