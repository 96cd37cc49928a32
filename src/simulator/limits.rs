//! The simulated rate limits: points of GraphQL and requests of REST in a window, which GitHub counts
//! apart.

use std::sync::{Mutex, MutexGuard};

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
        Self::full_of(POINTS, now)
    }

    fn full_of(limit: i64, now: DateTime<Utc>) -> Self {
        Self { limit, remaining: limit, resets_at: (now + WINDOW).trunc_subsecs(0) }
    }

    fn spend(&mut self, points: i64) -> bool {
        let is_enough = self.remaining >= points;
        if is_enough {
            self.remaining -= points;
        }
        is_enough
    }
}

impl Simulator {
    /// Gives each API this many points or requests in each window from now on.
    pub fn raise_limits(&self, limit: i64) {
        let full = SimulatedRateLimit::full_of(limit, self.now());
        *lock(&self.shared.limits) = full;
        *lock(&self.shared.core) = full;
    }

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

    /// Sets the remaining requests of the REST API until `resets_at` (whole seconds).
    pub fn set_core_limit(&self, remaining: i64, resets_at: DateTime<Utc>) {
        let mut core = lock(&self.shared.core);
        core.remaining = remaining;
        core.resets_at = resets_at.trunc_subsecs(0);
    }

    pub(super) fn limits(&self) -> SimulatedRateLimit {
        *self.in_this_window(&self.shared.limits)
    }

    /// The limit of the REST API, whose requests are counted apart.
    pub(super) fn core_limits(&self) -> SimulatedRateLimit {
        *self.in_this_window(&self.shared.core)
    }

    /// Spends points; false when there are not enough.
    pub(super) fn spend(&self, points: i64) -> bool {
        self.in_this_window(&self.shared.limits).spend(points)
    }

    /// Spends a request of the REST API; false when none is left.
    pub(super) fn spend_core(&self) -> bool {
        self.in_this_window(&self.shared.core).spend(1)
    }

    /// Counts a request of the REST API no more: a response that says that nothing changed is free.
    pub(super) fn give_back_core(&self) {
        self.in_this_window(&self.shared.core).remaining += 1;
    }

    fn in_this_window<'a>(
        &self,
        limits: &'a Mutex<SimulatedRateLimit>,
    ) -> MutexGuard<'a, SimulatedRateLimit> {
        let now = self.now();
        let mut limits = lock(limits);
        if limits.resets_at <= now {
            *limits = SimulatedRateLimit::full_of(limits.limit, now);
        }
        limits
    }
}
