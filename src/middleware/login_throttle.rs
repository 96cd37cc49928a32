//! The login throttle: limits how often a source may try a password.
//!
//! Each source has a fixed window of [`LIMIT`] wrong passwords. A source that has used it up is
//! rejected until the window ends, even with the right password. When one name is tried from many
//! sources, a source from which nobody has signed in lately may try once per window. Invariants: a
//! source without wrong passwords is never rejected, so nobody can lock out others; memory is
//! bounded by dropping the oldest entries.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::sources::SourceAddress;

/// Wrong passwords allowed per source in a [`WINDOW`].
const LIMIT: u32 = 5;

/// Wrong passwords for one name in a [`WINDOW`], from any source, after which
/// [`LIMIT_OF_A_STRANGER`] applies.
const LIMIT_OF_A_NAME: u32 = 50;

/// The limit for a source from which nobody has signed in lately, while a name is under attack.
const LIMIT_OF_A_STRANGER: u32 = 1;

const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// How long after a sign-in a source counts as familiar.
const FAMILIAR: TimeDelta = TimeDelta::days(1);

/// Maximal number of keys of each kind.
const KEYS: usize = 10_000;

/// How many characters of a name are significant.
const NAME_LENGTH: usize = 100;

/// Counts wrong passwords by source and by name.
#[derive(Debug)]
pub(super) struct LoginThrottle(Mutex<Memory>);

#[derive(Debug)]
struct Memory {
    sources: AttemptCounts<SourceAddress>,
    names: AttemptCounts<String>,
    familiar: AttemptCounts<SourceAddress>,
}

impl Default for LoginThrottle {
    fn default() -> Self {
        Self(Mutex::new(Memory {
            sources: AttemptCounts::with_window(WINDOW),
            names: AttemptCounts::with_window(WINDOW),
            familiar: AttemptCounts::with_window(FAMILIAR),
        }))
    }
}

impl LoginThrottle {
    /// When the window ends in which this source may not try this name; none if it may.
    pub(super) fn blocked_until(
        &self,
        source: SourceAddress,
        name: &str,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        self.with(|memory| {
            let is_attacked = memory.names.times(&key(name), now) >= LIMIT_OF_A_NAME;
            let is_stranger = memory.familiar.times(&source, now) == 0;
            let limit = if is_attacked && is_stranger { LIMIT_OF_A_STRANGER } else { LIMIT };
            memory.sources.until(&source, limit, now)
        })
    }

    /// Records a wrong password.
    pub(super) fn failed(&self, source: SourceAddress, name: &str, now: DateTime<Utc>) {
        self.with(|memory| {
            memory.sources.count(source, now);
            memory.names.count(key(name), now);
        });
    }

    /// Records a right password, which resets the source's count.
    pub(super) fn succeeded(&self, source: SourceAddress, now: DateTime<Utc>) {
        self.with(|memory| {
            memory.sources.forget(&source);
            memory.familiar.forget(&source);
            memory.familiar.count(source, now);
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn key(name: &str) -> String {
    name.chars().take(NAME_LENGTH).collect()
}

/// Counts by key in fixed windows of one length, so windows end in the order in which they began.
#[derive(Debug)]
struct AttemptCounts<K> {
    length: TimeDelta,
    windows: HashMap<K, AttemptWindow>,
    /// The keys in the order in which their windows end. A key that was dropped stays in here.
    order: VecDeque<(DateTime<Utc>, K)>,
}

#[derive(Debug, Clone, Copy)]
struct AttemptWindow {
    ends_at: DateTime<Utc>,
    times: u32,
}

impl<K: Hash + Eq + Clone> AttemptCounts<K> {
    fn with_window(length: TimeDelta) -> Self {
        Self { length, windows: HashMap::new(), order: VecDeque::new() }
    }

    fn window(&self, key: &K, now: DateTime<Utc>) -> Option<AttemptWindow> {
        self.windows.get(key).filter(|window| window.ends_at > now).copied()
    }

    fn times(&self, key: &K, now: DateTime<Utc>) -> u32 {
        self.window(key, now).map_or(0, |window| window.times)
    }

    /// When the window ends, if it has counted `most` already.
    fn until(&self, key: &K, most: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.window(key, now).filter(|window| window.times >= most).map(|window| window.ends_at)
    }

    fn count(&mut self, key: K, now: DateTime<Utc>) {
        self.evict(now);
        let fresh = AttemptWindow { ends_at: now + self.length, times: 0 };
        let window = self.windows.entry(key.clone()).or_insert(fresh);
        if window.ends_at <= now || window.times == 0 {
            *window = fresh;
            self.order.push_back((fresh.ends_at, key));
        }
        window.times = window.times.saturating_add(1);
    }

    fn forget(&mut self, key: &K) {
        self.windows.remove(key);
    }

    fn evict(&mut self, now: DateTime<Utc>) {
        while let Some((ends_at, _)) = self.order.front()
            && (*ends_at <= now || self.order.len() >= KEYS)
            && let Some((ends_at, key)) = self.order.pop_front()
        {
            if self.windows.get(&key).is_some_and(|window| window.ends_at <= ends_at) {
                self.windows.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-11-24T12:00:00Z".parse().expect("a valid time")
    }

    fn source(number: u32) -> SourceAddress {
        SourceAddress::new(Ipv4Addr::from_bits(number).into())
    }

    #[test]
    fn five_wrong_passwords_close_the_window_of_one_source() {
        let throttle = LoginThrottle::default();
        for _ in 0..LIMIT {
            assert_eq!(throttle.blocked_until(source(1), "sam", noon()), None);
            throttle.failed(source(1), "sam", noon());
        }
        let end = noon() + WINDOW;
        assert_eq!(throttle.blocked_until(source(1), "sam", noon()), Some(end));
        assert_eq!(throttle.blocked_until(source(1), "kim", noon()), Some(end));
        assert_eq!(throttle.blocked_until(source(2), "sam", noon()), None);
        assert_eq!(throttle.blocked_until(source(1), "sam", end), None);
        throttle.failed(source(1), "sam", end);
        assert_eq!(throttle.blocked_until(source(1), "sam", end), None, "a new window has begun");
    }

    #[test]
    fn a_right_password_clears_the_slate() {
        let throttle = LoginThrottle::default();
        for _ in 1..LIMIT {
            throttle.failed(source(1), "sam", noon());
        }
        throttle.succeeded(source(1), noon());
        throttle.failed(source(1), "sam", noon());
        assert_eq!(throttle.blocked_until(source(1), "sam", noon()), None);
    }

    #[test]
    fn a_name_that_many_try_leaves_strangers_one_attempt_and_locks_nobody_out() {
        let throttle = LoginThrottle::default();
        throttle.succeeded(source(1), noon());
        for number in 0..LIMIT_OF_A_NAME {
            throttle.failed(source(1000 + number), "sam", noon());
        }
        let is_heard =
            |number, name| throttle.blocked_until(source(number), name, noon()).is_none();
        assert!(is_heard(2, "sam"), "a source that was never wrong");
        throttle.failed(source(2), "sam", noon());
        assert!(!is_heard(2, "sam"), "a stranger has one attempt");
        assert!(is_heard(2, "kim"), "another name");
        throttle.failed(source(1), "sam", noon());
        assert!(is_heard(1, "sam"), "people sign in from there");
        let later = noon() + WINDOW;
        assert_eq!(throttle.blocked_until(source(2), "sam", later), None, "the attack is over");
    }

    #[test]
    fn memory_is_bounded_and_full_memory_refuses_nobody() {
        let throttle = LoginThrottle::default();
        let many = u32::try_from(KEYS).unwrap() + 10;
        for number in 0..many {
            for _ in 0..LIMIT {
                throttle.failed(source(number), &number.to_string(), noon());
            }
        }
        throttle.with(|memory| {
            assert!(memory.sources.windows.len() <= KEYS && memory.sources.order.len() <= KEYS);
            assert!(memory.names.windows.len() <= KEYS && memory.names.order.len() <= KEYS);
        });
        assert_eq!(throttle.blocked_until(source(many), "sam", noon()), None, "a stranger");
        assert!(throttle.blocked_until(source(many - 1), "sam", noon()).is_some());
        for number in 0..many {
            throttle.failed(source(1), "sam", noon());
            throttle.succeeded(source(1), noon());
            throttle.succeeded(source(number), noon());
        }
        throttle.with(|memory| {
            assert!(memory.sources.order.len() <= KEYS && memory.familiar.order.len() <= KEYS);
        });
        throttle.failed(source(9), "later", noon() + FAMILIAR);
        throttle.with(|memory| assert_eq!(memory.sources.windows.len(), 1));
    }
}
