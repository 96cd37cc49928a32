//! The wait queue of claims: first come, first served, without a thundering herd.
//!
//! An event wakes the first waiter it matches. A woken waiter tries to claim, and wakes the next
//! one if it succeeded or was blocked by its own limits, because there may be more work. So an
//! issue that becomes ready costs one attempt in each process, however many claims wait.
//! Invariants: a waiter uses no database connection; a wake-up is used or forwarded, even by a
//! waiter that leaves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use crate::bus::Bus;
use crate::domain::events::{EventKind, IssueFacts, Topic};
use crate::domain::label_names::is_same;
use crate::domain::{IssueState, RepositoryId, Status};
use crate::store::Event;

/// The longest time that a request may wait for work, including the wait queue.
pub const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// How many claims of this process run concurrently. They share connections to the database, and
/// requests to GitHub. More would only use up their timeout for GitHub while they wait for each other.
const MAX_CONCURRENT_CLAIMS: usize = 50;

/// The waiting and running claims of this process. Clones share one wait queue.
#[derive(Debug, Clone)]
pub struct WaitQueue {
    waiters: Arc<Mutex<Waiters>>,
    permits: Arc<Semaphore>,
}

impl Default for WaitQueue {
    fn default() -> Self {
        Self { waiters: Arc::default(), permits: Arc::new(Semaphore::new(MAX_CONCURRENT_CLAIMS)) }
    }
}

#[derive(Debug, Default)]
struct Waiters {
    next: u64,
    waiting: BTreeMap<u64, Waiter>,
}

#[derive(Debug)]
struct Waiter {
    interest: Interest,
    notify: Arc<Notify>,
    wakeup: Option<Wakeup>,
}

/// What a waiter could claim.
#[derive(Debug, Clone)]
pub(super) struct Interest {
    pub(super) agent: String,
    /// Lower-case names of the lanes; all but `closed_lanes` when absent.
    pub(super) lanes: Option<Vec<String>>,
    /// Lower-case names of lanes to leave out.
    pub(super) closed_lanes: Vec<String>,
    pub(super) repositories: Vec<RepositoryId>,
}

/// Why a waiter is woken.
#[derive(Debug, Clone)]
pub(super) enum Wakeup {
    /// This issue may be claimable now.
    Issue(Box<IssueFacts>),
    /// Other issues may be claimable now, because of a limit or a dependency that is gone.
    Anything,
}

impl Interest {
    fn matches(&self, wakeup: &Wakeup) -> bool {
        match wakeup {
            Wakeup::Anything => true,
            Wakeup::Issue(facts) => {
                let lane = facts.lane.as_deref().unwrap_or_default().to_lowercase();
                self.repositories.contains(&facts.repository_id)
                    && self.lanes.as_ref().is_none_or(|lanes| lanes.contains(&lane))
                    && !self.closed_lanes.contains(&lane)
                    && facts.labels.agents().all(|agent| is_same(agent, &self.agent))
            }
        }
    }
}

/// The wake-up that an event causes, if any.
fn wakeup_of(event: &Event) -> Option<Wakeup> {
    if event.topic != Topic::Board {
        return None;
    }
    if event.kind == EventKind::Resync {
        return Some(Wakeup::Anything);
    }
    let is_open = |facts: &IssueFacts| facts.state == IssueState::Open;
    match (&event.before, &event.after) {
        (_, Some(after))
            if is_open(after) && matches!(after.status, Status::Ready | Status::InProgress) =>
        {
            Some(Wakeup::Issue(Box::new(after.clone())))
        }
        // A finished, closed or removed issue may have blocked others.
        (Some(before), after) => {
            let was_counted = before.status != Status::Backlog;
            let is_other = after.as_ref().is_none_or(|after| after.status != before.status);
            (was_counted && is_open(before) && is_other).then_some(Wakeup::Anything)
        }
        _ => None,
    }
}

impl WaitQueue {
    fn waiters(&self) -> MutexGuard<'_, Waiters> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a permit to claim, in order; it is released when it is dropped.
    pub(super) async fn permit(&self) -> SemaphorePermit<'_> {
        self.permits.acquire().await.expect("the semaphore is never closed")
    }

    /// Joins the queue at its end.
    pub(super) fn join(&self, interest: Interest) -> Ticket {
        let mut waiters = self.waiters();
        let ticket = waiters.next;
        waiters.next += 1;
        let notify = Arc::new(Notify::new());
        let waiter = Waiter { interest, notify: Arc::clone(&notify), wakeup: None };
        waiters.waiting.insert(ticket, waiter);
        Ticket { queue: self.clone(), ticket, notify }
    }

    /// Wakes the first waiter from `from` on that matches and has not been woken yet.
    fn wake(&self, wakeup: &Wakeup, from: u64) {
        let mut waiters = self.waiters();
        let woken = waiters
            .waiting
            .range_mut(from..)
            .map(|(_, waiter)| waiter)
            .find(|waiter| waiter.wakeup.is_none() && waiter.interest.matches(wakeup));
        if let Some(waiter) = woken {
            waiter.wakeup = Some(wakeup.clone());
            waiter.notify.notify_one();
        }
    }

    /// Wakes waiters on every event, until the service stops.
    pub async fn follow(&self, bus: &Bus) {
        let mut events = bus.subscribe();
        loop {
            match events.recv().await {
                Ok(event) => {
                    if let Some(wakeup) = wakeup_of(&event) {
                        self.wake(&wakeup, 0);
                    }
                }
                // The missed events may have been anything.
                Err(RecvError::Lagged(_)) => self.wake(&Wakeup::Anything, 0),
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// The number of waiters.
    pub fn len(&self) -> usize {
        self.waiters().waiting.len()
    }

    /// Whether there are no waiters.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A ticket of the wait queue. Dropping it forwards a wake-up that was not taken.
#[derive(Debug)]
pub(super) struct Ticket {
    queue: WaitQueue,
    ticket: u64,
    notify: Arc<Notify>,
}

impl Ticket {
    /// Waits for a wake-up.
    pub(super) async fn woken(&self) -> Woken<'_> {
        loop {
            match self.take_wakeup() {
                Some(wakeup) => return Woken { ticket: self, wakeup: Some(wakeup) },
                None => self.notify.notified().await,
            }
        }
    }

    fn take_wakeup(&self) -> Option<Wakeup> {
        self.queue.waiters().waiting.get_mut(&self.ticket)?.wakeup.take()
    }
}

/// A wake-up that was taken. Dropping it unused forwards it to the waiters after this one, so that
/// an attempt that fails or is cancelled loses none.
#[derive(Debug)]
pub(super) struct Woken<'a> {
    ticket: &'a Ticket,
    wakeup: Option<Wakeup>,
}

impl Woken<'_> {
    /// Whether it is about no issue in particular.
    pub(super) fn is_for_anything(&self) -> bool {
        matches!(self.wakeup, Some(Wakeup::Anything))
    }

    /// Ends it: nobody else has a use for it.
    pub(super) fn consume(mut self) {
        self.wakeup = None;
    }

    /// Forwards it to the first waiter, because this one has claimed something and there may be
    /// more.
    pub(super) fn forward_to_all(mut self) {
        if let Some(wakeup) = self.wakeup.take() {
            self.ticket.queue.wake(&wakeup, 0);
        }
    }
}

impl Drop for Woken<'_> {
    fn drop(&mut self) {
        if let Some(wakeup) = &self.wakeup {
            self.ticket.queue.wake(wakeup, self.ticket.ticket + 1);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let left = self.queue.waiters().waiting.remove(&self.ticket);
        if let Some(wakeup) = left.and_then(|waiter| waiter.wakeup) {
            self.queue.wake(&wakeup, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::domain::LabelSet;

    fn interest(agent: &str, lane: &str) -> Interest {
        Interest {
            agent: agent.to_owned(),
            lanes: Some(vec![lane.to_owned()]),
            closed_lanes: vec![],
            repositories: vec![RepositoryId(1)],
        }
    }

    fn ready(lane: &str, labels: LabelSet) -> Wakeup {
        Wakeup::Issue(Box::new(IssueFacts {
            repository_id: RepositoryId(1),
            repository: "acme/tools".to_owned(),
            number: 1,
            state: IssueState::Open,
            closed_at: None,
            status: Status::Ready,
            labels,
            priority_field: None,
            lane: Some(lane.to_owned()),
            title: "A".to_owned(),
            on_board: true,
            body_changed: false,
        }))
    }

    fn is_woken(ticket: &Ticket) -> bool {
        ticket.woken().now_or_never().map(Woken::consume).is_some()
    }

    #[test]
    fn an_event_wakes_only_the_first_match() {
        let queue = WaitQueue::default();
        let other = queue.join(interest("alpha", "backlog"));
        let (first, second) =
            (queue.join(interest("beta", "a")), queue.join(interest("gamma", "a")));
        queue.wake(&ready("a", LabelSet::default()), 0);
        assert!(!is_woken(&other) && is_woken(&first) && !is_woken(&second));
        queue.wake(&ready("a", LabelSet::from(["agent/gamma"])), 0);
        assert!(!is_woken(&first) && is_woken(&second));
        queue.wake(&ready("b", LabelSet::default()), 0);
        assert!(!is_woken(&other) && !is_woken(&first) && !is_woken(&second));
    }

    #[test]
    fn two_issues_wake_two() {
        let queue = WaitQueue::default();
        let (first, second) =
            (queue.join(interest("beta", "a")), queue.join(interest("gamma", "a")));
        queue.wake(&ready("a", LabelSet::default()), 0);
        queue.wake(&ready("a", LabelSet::default()), 0);
        assert!(is_woken(&first) && is_woken(&second));
    }

    #[test]
    fn a_waiter_that_leaves_or_cannot_use_it_forwards_the_wakeup() {
        let queue = WaitQueue::default();
        let first = queue.join(interest("alpha", "a"));
        let (second, third) =
            (queue.join(interest("beta", "a")), queue.join(interest("gamma", "a")));
        queue.wake(&Wakeup::Anything, 0);
        drop(first);
        // As by an attempt that fails before it could look.
        drop(second.woken().now_or_never().expect("it is woken"));
        assert!(second.woken().now_or_never().is_none());
        drop(third.woken().now_or_never().expect("it is woken"));
        assert!(!is_woken(&second) && !is_woken(&third), "everybody has looked");
        queue.wake(&Wakeup::Anything, 0);
        second.woken().now_or_never().expect("it is woken").forward_to_all();
        assert!(is_woken(&second) && !is_woken(&third), "who claimed is the first again");
        assert_eq!(queue.len(), 2);
    }
}
