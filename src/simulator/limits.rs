//! The simulated rate limit: points in a window, as GitHub accounts for GraphQL.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use super::{Simulator, lock};

/// Points a person has in a window.
const POINTS: i64 = 5_000;

/// How long a window lasts.
const WINDOW: TimeDelta = TimeDelta::hours(1);

/// What is left of the rate limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub limit: i64,
    pub remaining: i64,
    pub resets_at: DateTime<Utc>,
}

impl Limits {
    pub(super) fn full(now: DateTime<Utc>) -> Self {
        Self { limit: POINTS, remaining: POINTS, resets_at: (now + WINDOW).trunc_subsecs(0) }
    }
}

impl Simulator {
    /// Leaves no point until `resets_at`, when all are back.
    pub fn exhaust_rate_limit(&self, resets_at: DateTime<Utc>) {
        self.set_rate_limit(0, resets_at);
    }

    /// Leaves so many points until `resets_at` (whole seconds), when all are back.
    pub fn set_rate_limit(&self, remaining: i64, resets_at: DateTime<Utc>) {
        let mut limits = lock(&self.shared.limits);
        limits.remaining = remaining;
        limits.resets_at = resets_at.trunc_subsecs(0);
    }

    /// Points left, and when they are all back.
    pub fn rate_limit(&self) -> (i64, DateTime<Utc>) {
        let limits = self.limits();
        (limits.remaining, limits.resets_at)
    }

    pub(super) fn limits(&self) -> Limits {
        *self.in_this_window()
    }

    /// Takes points; false when there are not enough.
    pub(super) fn spend(&self, points: i64) -> bool {
        let mut limits = self.in_this_window();
        let is_enough = limits.remaining >= points;
        if is_enough {
            limits.remaining -= points;
        }
        is_enough
    }

    fn in_this_window(&self) -> std::sync::MutexGuard<'_, Limits> {
        let now = self.now();
        let mut limits = lock(&self.shared.limits);
        if limits.resets_at <= now {
            *limits = Limits::full(now);
        }
        limits
    }
}
