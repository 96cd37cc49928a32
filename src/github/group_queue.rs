//! The callers that wait to share a request: who waits, for how long, and how many share one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::error::Error;
use super::response::GraphqlResponse;
use crate::traces::Context;

/// Callers wait until none has joined them for this time.
const QUIET: Duration = Duration::from_millis(50);

/// The longest time that a caller waits for others while a request is on its way.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// The longest time that a member of a gathering waits for the other members.
const LONGEST_GATHERING: Duration = Duration::from_secs(2);

/// How often those who wait look whether members have left their gathering.
const MEMBERS_EVERY: Duration = Duration::from_millis(10);

/// How many issues GitHub changes within its ten seconds, in one document.
const MOST_CHANGES: usize = 20;

/// How many issues are read in one document.
const MOST_READS: usize = 100;

/// The callers of one kind of request.
pub(super) struct Queue {
    state: Mutex<QueueState>,
    /// Notified when a caller joins and when a response arrives.
    changed: Notify,
    /// The largest size of a group.
    most: usize,
}

struct QueueState {
    waiting: Vec<Waiting>,
    /// Requests that are on their way.
    in_flight: usize,
    /// Whether a task collects those who wait.
    is_collecting: bool,
    /// The size of a group: halved when a document times out, and one more after each that does not.
    size: usize,
    last_joined: Instant,
}

/// Callers that are known to come together: each waits until the others wait, too, or have left.
#[derive(Debug, Default)]
pub(super) struct Gathering(pub(super) AtomicUsize);

/// A member of a gathering; dropping it says that it has left.
#[derive(Debug)]
pub(super) struct Membership(pub(super) Arc<Gathering>);

impl Drop for Membership {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) struct Waiting {
    gathering: Option<Arc<Gathering>>,
    pub(super) variables: Map<String, Value>,
    pub(super) deadline: Instant,
    since: Instant,
    /// The span that waits for the response.
    pub(super) context: Context,
    pub(super) answer: oneshot::Sender<Result<GraphqlResponse, Error>>,
}

/// What a document does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Reads,
    Changes,
}

/// What is asked, and the owner whose token is used; none for the only token.
type QueueKey = (Kind, Option<Arc<str>>);

/// The queues of a client: each token has its own, as a document is sent with one.
#[derive(Default)]
pub(super) struct Groups {
    queues: Mutex<HashMap<QueueKey, Arc<Queue>>>,
    pub(super) tasks: TaskTracker,
}

impl Groups {
    /// The queue of a kind, for the token of an owner or for the only token.
    pub(super) fn queue(&self, kind: Kind, owner: Option<&str>) -> Arc<Queue> {
        let most = match kind {
            Kind::Reads => MOST_READS,
            Kind::Changes => MOST_CHANGES,
        };
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.entry((kind, owner.map(Arc::from)));
        Arc::clone(queue.or_insert_with(|| Arc::new(Queue::new(most))))
    }
}

/// A request on its way; dropping it says that it is over.
pub(super) struct Flight<'a>(pub(super) &'a Queue);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
        self.0.changed.notify_one();
    }
}

/// The task that collects; when it ends early, nobody keeps waiting for it.
pub(super) struct Collecting<'a>(pub(super) &'a Queue);

impl Drop for Collecting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_collecting = false;
        state.waiting.clear();
    }
}

impl Queue {
    fn new(most: usize) -> Self {
        let state = QueueState {
            waiting: Vec::new(),
            in_flight: 0,
            is_collecting: false,
            size: most,
            last_joined: Instant::now(),
        };
        Self { state: Mutex::new(state), changed: Notify::new(), most }
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends alone if nobody else asks.
    pub(super) fn begin_alone(&self) -> Option<Flight<'_>> {
        let mut state = self.state();
        let is_alone = state.waiting.is_empty() && state.in_flight == 0;
        is_alone.then(|| {
            state.in_flight += 1;
            Flight(self)
        })
    }

    /// Joins those who wait. The second value says whether the caller must start collecting.
    pub(super) fn join(
        &self,
        gathering: Option<Arc<Gathering>>,
        variables: Map<String, Value>,
        (deadline, context): (Instant, Context),
    ) -> (oneshot::Receiver<Result<GraphqlResponse, Error>>, bool) {
        let (answer, receiver) = oneshot::channel();
        let since = Instant::now();
        let mut state = self.state();
        state.waiting.push(Waiting { gathering, variables, deadline, since, context, answer });
        state.last_joined = since;
        let must_collect = !std::mem::replace(&mut state.is_collecting, true);
        drop(state);
        self.changed.notify_one();
        (receiver, must_collect)
    }

    /// Waits for the next group; none when nobody waits any more, which ends collecting.
    pub(super) async fn next(&self) -> Option<Vec<Waiting>> {
        loop {
            let wait = {
                let mut state = self.state();
                state.waiting.retain(|waiting| !waiting.answer.is_closed());
                let Some(first) = state.waiting.first() else {
                    state.is_collecting = false;
                    return None;
                };
                let (now, is_member) = (Instant::now(), first.gathering.is_some());
                let ready_at = match (&first.gathering, state.in_flight) {
                    (Some(gathering), _) if state.has_all_of(gathering) => now,
                    (Some(_), _) => first.since + LONGEST_GATHERING,
                    (None, 0) => (first.since + LONGEST_WAIT).min(state.last_joined + QUIET),
                    (None, _) => first.since + LONGEST_WAIT,
                };
                if state.waiting.len() >= state.size || ready_at <= now {
                    let many = state.waiting.len().min(state.size);
                    state.in_flight += 1;
                    return Some(state.waiting.drain(..many).collect());
                }
                match is_member {
                    true => (ready_at - now).min(MEMBERS_EVERY),
                    false => ready_at - now,
                }
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Adapts the size of groups to how GitHub coped with one.
    pub(super) fn adapt(&self, many: usize, timed_out: bool) {
        let mut state = self.state();
        state.size = match timed_out {
            true => (many / 2).clamp(1, state.size),
            false => (state.size + 1).min(self.most),
        };
    }
}

impl QueueState {
    /// Whether all members of a gathering wait that have not left it.
    fn has_all_of(&self, gathering: &Arc<Gathering>) -> bool {
        let is_member = |waiting: &&Waiting| {
            waiting.gathering.as_ref().is_some_and(|of| Arc::ptr_eq(of, gathering))
        };
        self.waiting.iter().filter(is_member).count() >= gathering.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_halved_by_a_timeout_and_grow_again() {
        let queue = Queue::new(20);
        let size = || queue.state().size;
        queue.adapt(20, true);
        assert_eq!(size(), 10);
        queue.adapt(1, true);
        assert_eq!(size(), 1);
        for _ in 0..40 {
            queue.adapt(1, false);
        }
        assert_eq!(size(), 20);
    }
}
