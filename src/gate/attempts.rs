//! How often somebody may try a password.
//!
//! A fixed window for each source, kept in memory and so by each replica for itself. Invariant: who
//! has used up the window is not listened to until it ends, not even with the right password.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Wrong passwords that a source may try in a [`WINDOW`].
const LIMIT: u32 = 5;

const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// Sources that are remembered at once; what comes beyond shares one window.
const SOURCES: usize = 10_000;

/// Where passwords come from, and how many were wrong lately.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<String, Window>>);

#[derive(Debug, Clone, Copy)]
struct Window {
    ends_at: DateTime<Utc>,
    failures: u32,
}

impl Attempts {
    /// Until when a source is not listened to.
    pub(super) fn blocked_until(&self, source: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.get(source).or_else(|| windows.get(""))?;
        (window.ends_at > now && window.failures >= LIMIT).then_some(window.ends_at)
    }

    /// A password was wrong.
    pub(super) fn failed(&self, source: &str, now: DateTime<Utc>) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= SOURCES {
            windows.retain(|_, window| window.ends_at > now);
        }
        let is_known = windows.contains_key(source) || windows.len() < SOURCES;
        let source = if is_known { source } else { "" };
        let window = windows
            .entry(source.to_owned())
            .and_modify(|window| {
                if window.ends_at <= now {
                    *window = Window::starting(now);
                }
            })
            .or_insert(Window::starting(now));
        window.failures = window.failures.saturating_add(1);
    }

    /// A password was right: what went before was a slip of the hand.
    pub(super) fn succeeded(&self, source: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(source);
    }
}

impl Window {
    fn starting(now: DateTime<Utc>) -> Self {
        Self { ends_at: now + WINDOW, failures: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-11-24T12:00:00Z".parse().expect("a valid time")
    }

    #[test]
    fn five_wrong_passwords_close_the_window_of_one_source() {
        let attempts = Attempts::default();
        for _ in 0..LIMIT {
            assert_eq!(attempts.blocked_until("a", noon()), None);
            attempts.failed("a", noon());
        }
        let end = noon() + WINDOW;
        assert_eq!(attempts.blocked_until("a", noon()), Some(end));
        assert_eq!(attempts.blocked_until("b", noon()), None);
        assert_eq!(attempts.blocked_until("a", end), None);
        attempts.failed("a", end);
        assert_eq!(attempts.blocked_until("a", end), None, "a new window has begun");
    }

    #[test]
    fn a_right_password_clears_the_slate() {
        let attempts = Attempts::default();
        for _ in 1..LIMIT {
            attempts.failed("a", noon());
        }
        attempts.succeeded("a");
        attempts.failed("a", noon());
        assert_eq!(attempts.blocked_until("a", noon()), None);
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = Attempts::default();
        for source in 0..SOURCES + 10 {
            attempts.failed(&source.to_string(), noon());
        }
        assert_eq!(attempts.0.lock().unwrap().len(), SOURCES + 1);
        assert!(attempts.blocked_until("one more", noon()).is_some(), "strangers share a window");
        attempts.failed("later", noon() + WINDOW);
        assert_eq!(attempts.0.lock().unwrap().len(), 1);
    }
}
