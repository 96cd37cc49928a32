//! Fixed-window counters for rate limits, in memory and so per replica.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Maximal number of keys; one more drops the window that ends first.
const KEYS: usize = 10_000;

/// Counters by key.
#[derive(Debug, Default)]
pub(super) struct RateLimiter(Mutex<HashMap<String, Window>>);

#[derive(Debug, Clone, Copy)]
struct Window {
    ends_at: DateTime<Utc>,
    count: u32,
}

impl RateLimiter {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Window>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts once. A window begins with its first count and lasts for `length`.
    ///
    /// # Errors
    ///
    /// The end of the window, if it has counted `most` already.
    pub(super) fn count(
        &self,
        key: &str,
        most: u32,
        length: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(), DateTime<Utc>> {
        let mut windows = self.lock();
        if windows.len() >= KEYS && !windows.contains_key(key) {
            windows.retain(|_, window| window.ends_at > now);
            evict(&mut windows);
        }
        let fresh = Window { ends_at: now + length, count: 0 };
        let window = windows.entry(key.to_owned()).or_insert(fresh);
        if window.ends_at <= now {
            *window = fresh;
        }
        if window.count >= most {
            return Err(window.ends_at);
        }
        window.count += 1;
        Ok(())
    }

    /// The number of windows in memory.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.lock().len()
    }
}

fn evict(windows: &mut HashMap<String, Window>) {
    if windows.len() >= KEYS {
        let first = windows.iter().min_by_key(|(_, window)| window.ends_at);
        let first = first.map(|(key, _)| key.clone());
        first.and_then(|key| windows.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_admits_the_limit_and_then_restarts() {
        let noon: DateTime<Utc> = "2026-11-24T12:00:00Z".parse().expect("a valid time");
        let length = TimeDelta::seconds(10);
        let limiter = RateLimiter::default();
        let count = |key, at| limiter.count(key, 2, length, at);
        assert_eq!(count("a", noon), Ok(()));
        assert_eq!(count("a", noon + TimeDelta::seconds(9)), Ok(()));
        assert_eq!(count("a", noon + TimeDelta::seconds(9)), Err(noon + length));
        assert_eq!(count("b", noon + TimeDelta::seconds(9)), Ok(()));
        assert_eq!(count("a", noon + length), Ok(()));
    }

    #[test]
    fn memory_is_bounded() {
        let noon: DateTime<Utc> = "2026-11-24T12:00:00Z".parse().expect("a valid time");
        let limiter = RateLimiter::default();
        let count = |key: &str, at| limiter.count(key, 1, TimeDelta::minutes(1), at);
        assert!(count("first", noon - TimeDelta::seconds(1)).is_ok());
        for key in 0..KEYS + 10 {
            assert!(count(&key.to_string(), noon).is_ok(), "each has a window of its own");
        }
        assert_eq!(limiter.len(), KEYS);
        assert!(count("first", noon).is_ok(), "it made room for the others");
        assert!(count("first", noon).is_err());
        assert!(count("later", noon + TimeDelta::minutes(1)).is_ok());
        assert_eq!(limiter.len(), 1);
    }
}
