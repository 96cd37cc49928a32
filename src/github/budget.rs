//! What a principal has spent of GitHub's limits, and whether a request may be sent.
//!
//! Counters are kept in memory, by minute. `service::budget` exchanges them with the other replicas:
//! it takes a [`Report`] of what is new here, and brings a [`Shared`] of all. The rules are in
//! `domain::github_budget`. Invariant: what was taken and could not be stored comes back, so nothing
//! that was spent is forgotten.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::Error;
use super::response::Rate;
use crate::domain::github_budget::{
    Feature, Resource, SecondaryLimits, Spent, minimum_remaining, minute_of, paced_until,
};

/// How many requests of a process are sent at once: GitHub allows a hundred for one principal, which
/// several replicas share.
const AT_ONCE: usize = 25;

/// The longest pause after GitHub refuses again and again without saying until when.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// How long spending is remembered.
const REMEMBERED: TimeDelta = TimeDelta::minutes(62);

/// The settings of a budget.
#[derive(Debug, Clone, Copy)]
pub struct BudgetLimits {
    /// The points that are kept for claims and moves.
    pub reserve: i64,
    /// What GitHub limits within a minute and an hour.
    pub secondary: SecondaryLimits,
}

impl Default for BudgetLimits {
    fn default() -> Self {
        Self { reserve: 500, secondary: SecondaryLimits::default() }
    }
}

/// What is new in this process since the last report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The last state of each resource here.
    pub rates: Vec<(Resource, Rate)>,
    /// Until when GitHub refuses requests: of a resource, or of all.
    pub blocked: Vec<(Option<Resource>, DateTime<Utc>)>,
    /// What was spent since the last report.
    pub spent: Vec<Spent>,
}

/// What all replicas know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shared {
    /// The state of each resource.
    pub rates: Vec<(Resource, Rate)>,
    /// Until when GitHub refuses requests: of a resource, or of all.
    pub blocked: Vec<(Option<Resource>, DateTime<Utc>)>,
    /// What was spent within the last hour.
    pub spent: Vec<Spent>,
}

/// A budget as it is known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Whose it is; none before GitHub was asked.
    pub principal: Option<String>,
    /// The points that are kept for claims and moves.
    pub reserve: i64,
    /// The state of each resource that was used.
    pub rates: Vec<(Resource, Rate)>,
    /// Until when GitHub refuses requests: of a resource, or of all.
    pub blocked: Vec<(Option<Resource>, DateTime<Utc>)>,
    /// What was spent within the last hour: one entry for a minute, resource and feature, oldest first.
    pub spent: Vec<Spent>,
}

/// The budget of a principal.
#[derive(Debug)]
pub(super) struct Budget {
    limits: BudgetLimits,
    state: Mutex<State>,
    sending: Semaphore,
}

#[derive(Debug, Default)]
struct State {
    principal: Option<Arc<str>>,
    /// When GitHub was last asked whose it is.
    asked_at: Option<DateTime<Utc>>,
    rates: BTreeMap<Resource, Rate>,
    blocked: BTreeMap<Option<Resource>, DateTime<Utc>>,
    /// The last pause that GitHub demanded without a time: its start and its end.
    unstated: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// What was spent here since the last report.
    new: Spending,
    /// What all replicas have reported.
    shared: Vec<Spent>,
}

/// What was spent, in the order of time.
type Spending = BTreeMap<(DateTime<Utc>, Resource, Feature), Spent>;

fn add(spending: &mut Spending, spent: Spent) {
    let key = (spent.minute, spent.resource, spent.feature);
    spending.entry(key).and_modify(|sum| *sum = sum.plus(&spent)).or_insert(spent);
}

impl State {
    fn spent(&self) -> Vec<Spent> {
        self.shared.iter().chain(self.new.values()).copied().collect()
    }

    fn add(&mut self, spent: Spent) {
        add(&mut self.new, spent);
    }

    /// Takes over the state of a resource that another replica saw. Within a window, points only
    /// become fewer.
    fn merge(&mut self, resource: Resource, theirs: Rate) {
        let ours = self.rates.entry(resource).or_insert(theirs);
        if theirs.resets_at > ours.resets_at {
            *ours = theirs;
        } else if theirs.resets_at == ours.resets_at {
            ours.remaining = ours.remaining.min(theirs.remaining);
        }
    }

    fn block(&mut self, what: Option<Resource>, until: DateTime<Utc>) {
        let known = self.blocked.entry(what).or_insert(until);
        *known = until.max(*known);
    }
}

impl Budget {
    pub(super) fn new(limits: BudgetLimits, principal: Option<String>) -> Arc<Self> {
        let state = State { principal: principal.map(Into::into), ..State::default() };
        Arc::new(Self { limits, state: Mutex::new(state), sending: Semaphore::new(AT_ONCE) })
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A permit for one request; waits while too many are being sent.
    pub(super) async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.sending.acquire().await.ok()
    }

    /// Whether a request may be sent.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`] while GitHub refuses requests or would, [`Error::Saved`] when the rest
    /// is kept for what is more important.
    pub(super) fn check(
        &self,
        feature: Feature,
        (resource, is_write): (Resource, bool),
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.with(|state| {
            let blocked =
                [None, Some(resource)].into_iter().filter_map(|of| state.blocked.get(&of));
            if let Some(until) = blocked.copied().max().filter(|until| *until > now) {
                return Err(Error::RateLimited { until });
            }
            if let Some(rate) = state.rates.get(&resource).filter(|rate| rate.resets_at > now)
                && feature != Feature::Changes
                && rate.remaining <= minimum_remaining(feature, rate.limit, self.limits.reserve)
            {
                return Err(Error::Saved { until: rate.resets_at, remaining: rate.remaining });
            }
            let spent = state.spent();
            match paced_until(&spent, (resource, is_write), self.limits.secondary, now) {
                Some(until) => Err(Error::RateLimited { until }),
                None => Ok(()),
            }
        })
    }

    /// Records a request that was sent.
    pub(super) fn record(
        &self,
        feature: Feature,
        (resource, is_write): (Resource, bool),
        points: i64,
        now: DateTime<Utc>,
    ) {
        let (requests, writes) = (1, i64::from(is_write));
        let spent = Spent { minute: minute_of(now), resource, feature, points, requests, writes };
        self.with(|state| state.add(spent));
    }

    /// Records the limit of a response.
    pub(super) fn record_rate(&self, resource: Resource, rate: Rate) {
        self.with(|state| {
            let known = state.rates.insert(resource, rate);
            if let Some(known) = known.filter(|known| known.resets_at == rate.resets_at) {
                // A response may overtake a later one.
                state.merge(resource, known);
            }
        });
    }

    /// Records that GitHub refuses requests until a time: of a resource, or of all.
    pub(super) fn block(&self, what: Option<Resource>, until: DateTime<Utc>) {
        self.with(|state| state.block(what, until));
    }

    /// Records that GitHub refuses all requests without saying until when: at least for the first
    /// pause, and for twice the last one if it refuses again soon after that.
    pub(super) fn pause(&self, now: DateTime<Utc>, first: TimeDelta) {
        self.with(|state| {
            let pause = match state.unstated {
                // A response to a request that was sent before.
                Some((_, until)) if now < until => return,
                Some((from, until)) if now < until + (until - from) => {
                    ((until - from) * 2).clamp(first, LONGEST_PAUSE)
                }
                _ => first,
            };
            state.unstated = Some((now, now + pause));
            state.block(None, now + pause);
        });
    }

    pub(super) fn rate(&self, resource: Resource) -> Option<Rate> {
        self.with(|state| state.rates.get(&resource).copied())
    }

    /// Until when GitHub refuses requests of a resource only.
    pub(super) fn blocked_until(&self, resource: Resource) -> Option<DateTime<Utc>> {
        self.with(|state| state.blocked.get(&Some(resource)).copied())
    }

    pub(super) fn principal(&self) -> Option<Arc<str>> {
        self.with(|state| state.principal.clone())
    }

    /// Whether GitHub may be asked now whose it is: not again within `pause`. It counts as asked.
    pub(super) fn may_ask_for_name(&self, now: DateTime<Utc>, pause: TimeDelta) -> bool {
        self.with(|state| {
            let may_ask = state.asked_at.is_none_or(|at| at + pause <= now);
            if may_ask {
                state.asked_at = Some(now);
            }
            may_ask
        })
    }

    pub(super) fn name(&self, principal: &str) {
        self.with(|state| state.principal = Some(principal.into()));
    }

    /// Takes what is new here.
    pub(super) fn report(&self, now: DateTime<Utc>) -> Report {
        self.with(|state| {
            state.blocked.retain(|_, until| *until > now);
            let new = std::mem::take(&mut state.new);
            Report {
                rates: state.rates.iter().map(|(resource, rate)| (*resource, *rate)).collect(),
                blocked: state.blocked.iter().map(|(what, until)| (*what, *until)).collect(),
                spent: new.into_values().collect(),
            }
        })
    }

    /// Takes back a report that could not be stored.
    pub(super) fn take_back(&self, report: Report) {
        self.with(|state| report.spent.into_iter().for_each(|spent| state.add(spent)));
    }

    /// Takes over what all replicas know.
    pub(super) fn adopt(&self, shared: Shared, now: DateTime<Utc>) {
        self.with(|state| {
            for (resource, rate) in shared.rates {
                state.merge(resource, rate);
            }
            for (what, until) in shared.blocked.into_iter().filter(|(_, until)| *until > now) {
                state.block(what, until);
            }
            state.shared = shared.spent;
        });
    }

    pub(super) fn snapshot(&self, now: DateTime<Utc>) -> Snapshot {
        self.with(|state| {
            let blocked = state.blocked.iter().filter(|(_, until)| **until > now);
            let mut spent = Spending::new();
            let recent = state.spent().into_iter().filter(|one| one.minute + REMEMBERED > now);
            recent.for_each(|one| add(&mut spent, one));
            Snapshot {
                principal: state.principal.as_deref().map(str::to_owned),
                reserve: self.limits.reserve,
                rates: state.rates.iter().map(|(resource, rate)| (*resource, *rate)).collect(),
                blocked: blocked.map(|(what, until)| (*what, *until)).collect(),
                spent: spent.into_values().collect(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_that_github_gives_no_time_for_grow_while_it_goes_on_refusing() {
        let budget = Budget::new(BudgetLimits::default(), None);
        let at = |secs: i64| DateTime::from_timestamp(1_800_000_000 + secs, 0).unwrap();
        let until = || budget.with(|state| state.blocked[&None]);
        let first = TimeDelta::minutes(1);
        budget.pause(at(0), first);
        budget.pause(at(1), first);
        assert_eq!(until(), at(60), "another response to the same burst");
        budget.pause(at(70), first);
        assert_eq!(until(), at(190));
        budget.pause(at(200), first);
        assert_eq!(until(), at(440));
        budget.pause(at(1_000), first);
        assert_eq!(until(), at(1_060), "long after the last one");
    }
}
