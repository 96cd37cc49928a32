//! The only source of "now" and of fresh ids.
//!
//! Not here: how long a thing may take (that is the caller's rule) and ids of rows (those come from
//! the database). Invariant: all times are UTC and whole microseconds, which is what PostgreSQL
//! keeps, so a time survives being stored unchanged.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use tokio::sync::watch;
use uuid::{ContextV7, Timestamp, Uuid};

/// The source of the current time and of new ids. Clones share one time and one sequence of ids.
#[derive(Debug, Clone)]
pub struct Clock {
    time: Time,
    ids: Arc<Mutex<ContextV7>>,
}

#[derive(Debug, Clone)]
enum Time {
    System,
    /// Goes as the machine's does, this much late.
    Late(Arc<watch::Sender<TimeDelta>>),
    Held(Arc<watch::Sender<DateTime<Utc>>>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::over(Time::System)
    }

    /// A clock that goes as the machine's does, but late, until [`advance`](Self::advance) has made up
    /// for it.
    pub fn late_by(span: TimeDelta) -> Self {
        Self::over(Time::Late(Arc::new(watch::Sender::new(span.max(TimeDelta::zero())))))
    }

    /// A clock that stays at `now` until [`advance`](Self::advance) moves it.
    pub fn held_at(now: DateTime<Utc>) -> Self {
        Self::over(Time::Held(Arc::new(watch::Sender::new(to_micros(now)))))
    }

    fn over(time: Time) -> Self {
        Self { time, ids: Arc::new(Mutex::new(ContextV7::new())) }
    }

    /// The present, cut (never rounded up) to microseconds.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.time {
            Time::System => system_now(),
            Time::Late(span) => system_now() - *span.borrow(),
            Time::Held(now) => *now.borrow(),
        }
    }

    /// Moves a held clock forward, or a late one but never beyond the machine's, for itself and all
    /// its clones, and wakes what waits for it.
    ///
    /// # Panics
    ///
    /// When the clock is the machine's: nobody moves that one.
    pub fn advance(&self, by: Duration) {
        match &self.time {
            Time::System => panic!("nobody moves the machine's clock"),
            Time::Late(span) => span.send_modify(|span| {
                let by = TimeDelta::from_std(by).unwrap_or(*span);
                *span = (*span - by).max(TimeDelta::zero());
            }),
            Time::Held(now) => now.send_modify(|now| *now = to_micros(*now + by)),
        }
    }

    /// Waits until `at` is no longer in the future: by the machine's timer, or until a clock was
    /// moved that far.
    pub async fn sleep_until(&self, at: DateTime<Utc>) {
        let left = || (at - self.now()).to_std().unwrap_or_default();
        match &self.time {
            // The timer does not follow the wall clock, hence the second look when it rings.
            Time::System => {
                while !left().is_zero() {
                    tokio::time::sleep(left()).await;
                }
            }
            Time::Late(span) => {
                let mut moved = span.subscribe();
                while !left().is_zero() {
                    // Which of the two woke us shows when the time is read.
                    let _ = tokio::time::timeout(left(), moved.changed()).await;
                }
            }
            Time::Held(now) => {
                let moved = now.subscribe().wait_for(|now| *now >= at).await.map(|_| ());
                moved.expect("`self` holds the sender for as long as it waits");
            }
        }
    }

    /// Waits for `span` from now; see [`sleep_until`](Self::sleep_until).
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(self.now() + span).await;
    }

    /// A new opaque id (UUID version 7) that sorts after all that this clock made before, from this
    /// clock's own present and random bits.
    pub fn fresh_uuid(&self) -> Uuid {
        let now = self.now();
        // A time before 1970 has no such id; only a held clock can be set to one.
        let secs = u64::try_from(now.timestamp()).unwrap_or_default();
        let nanos = now.timestamp_subsec_nanos();
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        #[expect(clippy::disallowed_methods, reason = "the one maker of ids")]
        Uuid::new_v7(Timestamp::from_unix(&*ids, secs, nanos))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one reader of the machine's clock")]
fn system_now() -> DateTime<Utc> {
    to_micros(Utc::now())
}

fn to_micros(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-11-24T12:00:00.123456789Z".parse().expect("a valid time")
    }

    #[test]
    fn the_present_is_whole_microseconds() {
        assert_eq!(Clock::held_at(noon()).now().timestamp_subsec_nanos(), 123_456_000);
        assert_eq!(Clock::system().now().timestamp_subsec_nanos() % 1000, 0);
    }

    #[test]
    fn a_held_clock_moves_for_its_clones_and_only_by_hand() {
        let clock = Clock::held_at(noon());
        let other = clock.clone();
        assert_eq!(clock.now(), other.now());
        clock.advance(Duration::from_secs(90));
        assert_eq!(other.now() - to_micros(noon()), chrono::TimeDelta::seconds(90));
    }

    #[test]
    fn ids_sort_in_the_order_they_were_made() {
        for clock in [Clock::held_at(noon()), Clock::system()] {
            let ids: Vec<Uuid> = (0..1000).map(|_| clock.fresh_uuid()).collect();
            assert!(ids.is_sorted_by(|earlier, later| earlier < later));
        }
    }

    #[test]
    fn an_id_carries_the_time_of_its_clock() {
        let id = Clock::held_at(noon()).fresh_uuid();
        let (secs, _) = id.get_timestamp().expect("version 7 has a time").to_unix();
        assert_eq!(i64::try_from(secs), Ok(noon().timestamp()));
    }

    #[tokio::test]
    async fn waiting_ends_when_a_held_clock_gets_there() {
        let clock = Clock::held_at(noon());
        let mut waiting = std::pin::pin!(clock.sleep(Duration::from_secs(10)));
        assert!(waiting.as_mut().now_or_never().is_none());
        clock.advance(Duration::from_millis(9_999));
        assert!(waiting.as_mut().now_or_never().is_none());
        clock.advance(Duration::from_millis(1));
        assert!(waiting.now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_late_clock_goes_and_catches_up_and_no_further() {
        let machine = Clock::system();
        let clock = Clock::late_by(chrono::TimeDelta::days(2));
        let lateness = |clock: &Clock| {
            let late = clock.now();
            (machine.now() - late).num_seconds()
        };
        assert_eq!(lateness(&clock), 2 * 86_400);
        let start = clock.now();
        clock.sleep(Duration::from_millis(2)).await;
        assert!(clock.now() - start >= chrono::TimeDelta::milliseconds(2));

        let mut waiting = std::pin::pin!(clock.sleep(Duration::from_secs(86_400)));
        assert!(waiting.as_mut().now_or_never().is_none());
        clock.clone().advance(Duration::from_secs(86_400));
        waiting.await;
        assert_eq!(lateness(&clock), 86_400);
        clock.advance(Duration::from_secs(3 * 86_400));
        assert_eq!(lateness(&clock), 0);
    }

    #[tokio::test]
    async fn the_past_is_not_waited_for() {
        let clock = Clock::system();
        clock.sleep_until(clock.now() - chrono::TimeDelta::hours(1)).await;
        let start = clock.now();
        clock.sleep(Duration::from_millis(2)).await;
        assert!(clock.now() - start >= chrono::TimeDelta::milliseconds(2));
    }
}
