//! How often somebody may try a password.
//!
//! A fixed window for each source. Invariant: who has used up the window is not listened to until it
//! ends, not even with the right password.

use chrono::{DateTime, TimeDelta, Utc};

use super::windows::Windows;

/// Wrong passwords that a source may try in a [`WINDOW`].
const LIMIT: u32 = 5;

const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// Where passwords come from, and how many were wrong lately.
#[derive(Debug, Default)]
pub(super) struct Attempts(Windows);

impl Attempts {
    /// Until when a source is not listened to.
    pub(super) fn blocked_until(&self, source: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.full_until(source, LIMIT, now)
    }

    /// A password was wrong.
    pub(super) fn failed(&self, source: &str, now: DateTime<Utc>) {
        // One more than the window has room for changes nothing.
        let _ = self.0.count(source, LIMIT, WINDOW, now);
    }

    /// A password was right: what went before was a slip of the hand.
    pub(super) fn succeeded(&self, source: &str) {
        self.0.forget(source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::windows::KEYS;

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
        for source in 0..KEYS + 10 {
            attempts.failed(&source.to_string(), noon());
        }
        assert_eq!(attempts.0.len(), KEYS + 1);
        assert!(attempts.blocked_until("one more", noon()).is_some(), "strangers share a window");
        attempts.failed("later", noon() + WINDOW);
        assert_eq!(attempts.0.len(), 1);
    }
}
