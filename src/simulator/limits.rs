//! The simulated rate limit: points in a window, as GitHub counts them for GraphQL.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use super::{Simulator, lock};

/// Points of a person in each window.
const POINTS: i64 = 5_000;

/// The length of a window.
const WINDOW: TimeDelta = TimeDelta::hours(1);

/// The remaining rate limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct SimulatedRateLimit {
    pub limit: i64,
    pub remaining: i64,
    pub resets_at: DateTime<Utc>,
}

impl SimulatedRateLimit {
    pub(super) fn full(now: DateTime<Utc>) -> Self {
        Self { limit: POINTS, remaining: POINTS, resets_at: (now + WINDOW).trunc_subsecs(0) }
    }
}

impl Simulator {
    /// Uses up all points until `resets_at`.
    pub fn exhaust_rate_limit(&self, resets_at: DateTime<Utc>) {
        self.set_rate_limit(0, resets_at);
    }

    /// Sets the remaining points until `resets_at` (whole seconds).
    pub fn set_rate_limit(&self, remaining: i64, resets_at: DateTime<Utc>) {
        let mut limits = lock(&self.shared.limits);
        limits.remaining = remaining;
        limits.resets_at = resets_at.trunc_subsecs(0);
    }

    /// The remaining points, and when the window ends.
    pub fn rate_limit(&self) -> (i64, DateTime<Utc>) {
        let limits = self.limits();
        (limits.remaining, limits.resets_at)
    }

    pub(super) fn limits(&self) -> SimulatedRateLimit {
        *self.in_this_window()
    }

    /// Spends points; false when there are not enough.
    pub(super) fn spend(&self, points: i64) -> bool {
        let mut limits = self.in_this_window();
        let is_enough = limits.remaining >= points;
        if is_enough {
            limits.remaining -= points;
        }
        is_enough
    }

    fn in_this_window(&self) -> std::sync::MutexGuard<'_, SimulatedRateLimit> {
        let now = self.now();
        let mut limits = lock(&self.shared.limits);
        if limits.resets_at <= now {
            *limits = SimulatedRateLimit::full(now);
        }
        limits
    }
}
