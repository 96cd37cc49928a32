//! Single flight: callers that wait for the same work share one run of it.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// Single flight for one piece of work. A caller gets the result of a run that began after its call, so
/// no result is older than the call. Callers that wait during a run share the next run, which the first
/// of them makes.
#[derive(Debug)]
pub(super) struct SingleFlight<T> {
    calls: AtomicU64,
    last: Mutex<LastRun<T>>,
}

#[derive(Debug)]
struct LastRun<T> {
    /// The number of the first call that was too late for the last run.
    first_later_call: u64,
    /// The result of the last run.
    outcome: Option<T>,
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self::with_last(None)
    }
}

impl<T: Clone> SingleFlight<T> {
    /// The result of `work`, or of another caller's run that began after this call. `work` is given the
    /// last result. An error is returned to its own caller only; the next waiting caller runs again.
    pub(super) async fn run<E, Run>(&self, work: impl FnOnce(Option<T>) -> Run) -> Result<T, E>
    where
        Run: Future<Output = Result<T, E>>,
    {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let mut last = self.last.lock().await;
        if call < last.first_later_call
            && let Some(outcome) = &last.outcome
        {
            return Ok(outcome.clone());
        }
        let first_later_call = self.calls.load(Ordering::SeqCst);
        let outcome = work(last.outcome.clone()).await?;
        *last = LastRun { first_later_call, outcome: Some(outcome.clone()) };
        Ok(outcome)
    }
}

impl<T> SingleFlight<T> {
    /// Starts with the result of an earlier run, which later calls get as the last result and never
    /// as their own.
    pub(super) fn with_last(outcome: Option<T>) -> Self {
        Self {
            calls: AtomicU64::default(),
            last: Mutex::new(LastRun { first_later_call: 0, outcome }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn who_waits_when_a_run_begins_shares_it() {
        let (flight, gate) = (SingleFlight::default(), Semaphore::new(0));
        let runs = Cell::new(0);
        let ask = || {
            flight.run(|_| async {
                gate.acquire().await.unwrap().forget();
                runs.set(runs.get() + 1);
                Ok::<_, Infallible>(runs.get())
            })
        };
        let open = async {
            tokio::task::yield_now().await;
            gate.add_permits(10);
        };
        // The first runs while the other four wait. They called after it started, so they share the
        // next run.
        let (outcomes, ()) = futures_util::join!(join_all((0..5).map(|_| ask())), open);
        assert_eq!(outcomes, [Ok(1), Ok(2), Ok(2), Ok(2), Ok(2)]);
        assert_eq!(ask().await, Ok(3));
    }

    #[tokio::test]
    async fn a_failed_or_cancelled_run_is_not_shared() {
        let flight = SingleFlight::default();
        let failed = flight.run(|_| async { Err::<u8, _>("no") }).await;
        assert_eq!(failed, Err("no"));
        let mut given_up = Box::pin(flight.run(|_| std::future::pending::<Result<u8, &str>>()));
        assert!(futures_util::poll!(&mut given_up).is_pending());
        drop(given_up);
        assert_eq!(flight.run(|last| async move { Ok::<_, &str>(last.unwrap_or(7)) }).await, Ok(7));
        let next = flight.run(|last| async move { Ok::<_, &str>(last.unwrap_or(0) + 1) });
        assert_eq!(next.await, Ok(8));
    }
}
