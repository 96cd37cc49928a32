//! The circuit breaker of the client: while GitHub does not answer, requests fail at once instead of
//! each waiting for its timeout.
//!
//! It opens when several calls in a row, with all their repetitions and over some seconds, got no
//! answer. Then one request after
//! each pause is let through as a probe (half-open); the first answer, whatever it says, closes it.
//! An answer that refuses, limits or cannot be read is an answer. Invariant: a probe that is dropped
//! leaves nothing behind, because the next pause has begun when it was let through.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::error::Error;

/// How many requests in a row must fail, at least.
const FAILURES: u32 = 3;

/// How long GitHub must have been silent, at least.
const SILENCE: TimeDelta = TimeDelta::seconds(10);

/// The pause before the first probe; each further pause is twice as long.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);

/// The longest pause.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);

#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    state: Mutex<State>,
    /// Since when it is open; none while it is closed.
    open_since: watch::Sender<Option<DateTime<Utc>>>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Closed,
    /// Requests fail, but are still sent.
    Failing { since: DateTime<Utc>, failures: u32 },
    /// Requests are not sent before `retry_at`.
    Open { since: DateTime<Utc>, retry_at: DateTime<Utc>, pause: TimeDelta },
}

impl CircuitBreaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request may be sent.
    ///
    /// # Errors
    ///
    /// [`Error::CircuitOpen`] while GitHub does not answer and no probe is due.
    pub(super) fn check(&self, now: DateTime<Utc>) -> Result<(), Error> {
        match &mut *self.state() {
            State::Open { since, retry_at, .. } if now < *retry_at => {
                Err(Error::CircuitOpen { since: *since, retry_at: *retry_at })
            }
            State::Open { retry_at, pause, .. } => {
                *retry_at = now + *pause;
                Ok(())
            }
            State::Closed | State::Failing { .. } => Ok(()),
        }
    }

    /// Records that GitHub answered.
    pub(super) fn record_answer(&self) {
        let before = std::mem::take(&mut *self.state());
        if let State::Open { since, .. } = before {
            tracing::info!(%since, "GitHub answers again");
            self.open_since.send_replace(None);
        }
    }

    /// Records that GitHub did not answer.
    pub(super) fn record_silence(&self, now: DateTime<Utc>) {
        let mut state = self.state();
        *state = match *state {
            State::Closed => State::Failing { since: now, failures: 1 },
            State::Failing { since, failures }
                if failures + 1 >= FAILURES && now - since >= SILENCE =>
            {
                tracing::warn!(%since, "GitHub does not answer; requests fail at once until it does");
                self.open_since.send_replace(Some(since));
                State::Open { since, retry_at: now + FIRST_PAUSE, pause: FIRST_PAUSE }
            }
            State::Failing { since, failures } => {
                State::Failing { since, failures: failures.saturating_add(1) }
            }
            State::Open { since, pause, .. } => {
                let pause = (pause * 2).min(LONGEST_PAUSE);
                State::Open { since, retry_at: now + pause, pause }
            }
        };
    }

    /// Since when GitHub has not answered; none while it does.
    pub(super) fn open_since(&self) -> watch::Receiver<Option<DateTime<Utc>>> {
        self.open_since.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn open() -> CircuitBreaker {
        let breaker = CircuitBreaker::default();
        for second in [0, 5, 10] {
            breaker.record_silence(at(second));
        }
        breaker
    }

    #[test]
    fn it_opens_after_several_failures_over_some_time() {
        let breaker = CircuitBreaker::default();
        for _ in 0..10 {
            breaker.record_silence(at(0));
            assert!(breaker.check(at(0)).is_ok(), "many at the same moment may be one hiccup");
        }
        let breaker = CircuitBreaker::default();
        breaker.record_silence(at(0));
        breaker.record_silence(at(60));
        assert!(breaker.check(at(60)).is_ok(), "two may be chance");
        breaker.record_answer();
        breaker.record_silence(at(61));
        assert!(breaker.check(at(61)).is_ok(), "an answer begins the count again");
        let closed = open().check(at(10)).unwrap_err();
        assert!(matches!(closed, Error::CircuitOpen { since, .. } if since == at(0)), "{closed}");
    }

    #[test]
    fn one_probe_passes_after_each_pause() {
        let breaker = open();
        assert!(breaker.check(at(14)).is_err());
        assert!(breaker.check(at(15)).is_ok(), "the probe");
        assert!(breaker.check(at(15)).is_err(), "only one");
        breaker.record_silence(at(16));
        assert!(breaker.check(at(25)).is_err(), "the pause has doubled");
        assert!(breaker.check(at(26)).is_ok());
        for second in 0..20 {
            breaker.record_silence(at(26 + second));
        }
        assert!(breaker.check(at(45 + 60)).is_ok(), "it never waits longer than a minute");
    }

    #[test]
    fn the_first_answer_closes_it() {
        let breaker = open();
        let since = breaker.open_since();
        assert_eq!(*since.borrow(), Some(at(0)));
        breaker.record_answer();
        assert!(breaker.check(at(11)).is_ok());
        assert_eq!(*since.borrow(), None);
    }
}
