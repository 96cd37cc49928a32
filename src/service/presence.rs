//! Whether whoever asked is still there.
//!
//! What changes something runs to its end in a task of its own, so its caller's going away does not stop
//! it. A use case that would do something for the caller alone, such as claim work, asks here first.

use tokio_util::sync::CancellationToken;

tokio::task_local! {
    static CALLER: CancellationToken;
}

/// The same work, whose caller is away once `gone` is cancelled.
pub async fn tell<Work: Future>(gone: CancellationToken, work: Work) -> Work::Output {
    CALLER.scope(gone, work).await
}

/// Whether whoever asked for the work of this task is still there. Who cannot go away always is.
#[derive(Debug, Clone)]
pub(super) struct Presence(CancellationToken);

impl Presence {
    /// That of the caller of this task.
    pub(super) fn of_caller() -> Self {
        Self(CALLER.try_with(CancellationToken::clone).unwrap_or_default())
    }

    /// Whether the caller went away.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until the caller has gone away.
    pub(super) async fn over(&self) {
        self.0.cancelled().await;
    }
}
