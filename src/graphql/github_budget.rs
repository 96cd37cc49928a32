//! The budget of GitHub's rate limits: what is left, and what it was spent on.

use async_graphql::{Context, Object, SimpleObject, Subscription};
use async_stream::stream;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::Stream;

use super::loaders::app;
use crate::domain::Timestamp;
use crate::domain::github_budget::{
    Feature, Resource, Spent, forecast, spent_on, within_hour, within_minute,
};
use crate::service;
use crate::service::budget::{Rate, Snapshot};

/// The most minutes of a history.
const LONGEST: i64 = 60;

#[derive(Debug, Default)]
pub(super) struct BudgetQuery;

#[Object]
impl BudgetQuery {
    /// What is left of GitHub's rate limits, for each principal that Dispatch acts as. All replicas
    /// count together. Empty before the first request.
    async fn github_budgets(&self, context: &Context<'_>) -> Vec<GithubBudget> {
        let app = app(context);
        let now = app.clock.now();
        let budgets = service::budget::budgets(app).into_iter();
        budgets.map(|snapshot| GithubBudget { snapshot, now }).collect()
    }
}

#[derive(Debug, Default)]
pub(super) struct BudgetSubscription;

#[Subscription]
impl BudgetSubscription {
    /// Emits all budgets whenever one changes, at most once a second. Every item is complete, so
    /// missing one is harmless. A client that was disconnected reads `githubBudgets`.
    async fn github_budgets_changed(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<impl Stream<Item = Vec<GithubBudget>> + use<>> {
        let app = app(context).clone();
        let mut changes = app.github.budget_changes();
        let mut before = service::budget::budgets(&app);
        Ok(stream! {
            while changes.changed().await.is_ok() {
                let budgets = service::budget::budgets(&app);
                if budgets != before {
                    before.clone_from(&budgets);
                    let now = app.clock.now();
                    yield budgets.into_iter().map(|snapshot| GithubBudget { snapshot, now }).collect();
                }
            }
        })
    }
}

/// As it is known here, at one moment.
#[derive(Debug)]
struct GithubBudget {
    snapshot: Snapshot,
    now: DateTime<Utc>,
}

/// What a principal may spend of GitHub's rate limits. When little is left, requests are given up in
/// this order: automation, the timed sync, full syncs, refreshes; claims and moves are sent to the
/// end.
#[Object]
impl GithubBudget {
    /// Whose budget it is: `user:` and a login, or `installation:` and an id. Several tokens of one
    /// user share one budget. Null before GitHub has said whose the token is.
    async fn principal(&self) -> Option<&str> {
        self.snapshot.principal.as_deref()
    }

    /// The points that are kept for claims and moves (`GITHUB_BUDGET_RESERVE`).
    async fn reserve(&self) -> i64 {
        self.snapshot.reserve
    }

    /// Until when no request is sent at all, because GitHub asked to wait. Null while requests are
    /// sent.
    async fn paused_until(&self) -> Option<Timestamp> {
        self.blocked_until(None)
    }

    /// The changes that were sent to GitHub within the last minute, which GitHub limits.
    async fn writes_in_last_minute(&self) -> i64 {
        within_minute(&self.snapshot.spent, self.now, |one| one.writes)
    }

    /// The changes that were sent to GitHub within the last hour, which GitHub limits.
    async fn writes_in_last_hour(&self) -> i64 {
        within_hour(&self.snapshot.spent, self.now, |one| one.writes).0
    }

    /// What is left of each resource that was used.
    async fn resources(&self) -> Vec<GithubBudgetResource> {
        let of = |(resource, rate): &(Resource, Rate)| GithubBudgetResource {
            resource: *resource,
            limit: rate.limit,
            remaining: rate.left(self.now),
            reset_at: Timestamp(rate.resets_at),
            blocked_until: self.blocked_until(Some(*resource)),
            forecast: forecast(
                &self.snapshot.spent,
                *resource,
                (rate.left(self.now), rate.resets_at),
                self.now,
            ),
        };
        self.snapshot.rates.iter().map(of).collect()
    }

    /// What was spent within the last hour, by feature. Features that spent nothing are included.
    async fn spending(&self) -> Vec<GithubSpending> {
        let of = |resource| Feature::ALL.map(|feature| (resource, feature));
        let spent = |of| spent_on(&self.snapshot.spent, of, self.now);
        let sum = |Spent { resource, feature, points, requests, writes, .. }| GithubSpending {
            resource,
            feature,
            points,
            requests,
            writes,
        };
        Resource::ALL.into_iter().flat_map(of).map(spent).map(sum).collect()
    }

    /// What was spent in each minute, oldest first. A minute, resource and feature without requests
    /// is left out.
    async fn history(
        &self,
        #[graphql(desc = "How many minutes back, 1 to 60.", default = 60)] minutes: i32,
    ) -> async_graphql::Result<Vec<GithubSpendingMinute>> {
        let minutes = i64::from(minutes);
        if !(1..=LONGEST).contains(&minutes) {
            let reason = format!("must be from 1 to {LONGEST}");
            return Err(service::Error::Invalid { field: "minutes", reason }.into());
        }
        let back = TimeDelta::minutes(minutes);
        let recent = self.snapshot.spent.iter().filter(|one| one.minute + back > self.now);
        let minute = |one: &Spent| GithubSpendingMinute {
            minute: Timestamp(one.minute),
            resource: one.resource,
            feature: one.feature,
            points: one.points,
            requests: one.requests,
            writes: one.writes,
        };
        Ok(recent.map(minute).collect())
    }
}

impl GithubBudget {
    fn blocked_until(&self, what: Option<Resource>) -> Option<Timestamp> {
        let found = self.snapshot.blocked.iter().find(|(of, _)| *of == what);
        found.map(|(_, until)| Timestamp(*until))
    }
}

/// What is left of a resource.
#[derive(Debug, SimpleObject)]
struct GithubBudgetResource {
    /// What GitHub counts.
    resource: Resource,
    /// Points of a window, usually an hour.
    limit: i64,
    /// Points that are left.
    remaining: i64,
    /// When all points are available again.
    reset_at: Timestamp,
    /// Until when requests of this resource are not sent. Null while they are.
    blocked_until: Option<Timestamp>,
    /// The points that will be left at `resetAt`, if spending goes on as in the last 15 minutes.
    /// Negative when the points will not last.
    forecast: i64,
}

/// What a feature spent.
#[derive(Debug, SimpleObject)]
struct GithubSpending {
    /// What GitHub counts.
    resource: Resource,
    /// What the requests were for.
    feature: Feature,
    /// Points of the rate limit.
    points: i64,
    /// Requests.
    requests: i64,
    /// The requests among them that wrote.
    writes: i64,
}

/// What a feature spent in a minute.
#[derive(Debug, SimpleObject)]
struct GithubSpendingMinute {
    /// The beginning of the minute.
    minute: Timestamp,
    /// What GitHub counts.
    resource: Resource,
    /// What the requests were for.
    feature: Feature,
    /// Points of the rate limit.
    points: i64,
    /// Requests.
    requests: i64,
    /// The requests among them that wrote.
    writes: i64,
}
