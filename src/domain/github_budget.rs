//! The budget of GitHub's rate limits: what requests are for, which are given up first when little is
//! left, and what will be left.
//!
//! GitHub counts points for each principal (a user, or an installation of an app) and resource, and
//! limits requests and writes within a minute and an hour besides. Invariant: claims and moves are
//! never refused because of the reserve, which is kept for them.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::sql_enum::text_enum;

text_enum! {
    /// What a request to GitHub is for, in the order in which requests are given up.
    #[derive(async_graphql::Enum, PartialOrd, Ord)]
    #[graphql(name = "GithubFeature")]
    Feature,
    /// Reading what automation watches.
    Automation = "automation",
    /// The timed sync of what changed.
    Sweep = "sweep",
    /// A sync that reads everything.
    FullSync = "full-sync",
    /// What people and webhooks ask to be read now.
    Refresh = "refresh",
    /// Claims, moves, comments and all that belongs to them.
    Changes = "changes",
}

text_enum! {
    /// What GitHub counts apart.
    #[derive(async_graphql::Enum, PartialOrd, Ord)]
    #[graphql(name = "GithubResource")]
    Resource,
    /// Points of the GraphQL API.
    Graphql = "graphql",
    /// Requests of the REST API.
    Core = "core",
}

/// What GitHub counts beside the points of a window, for one principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondaryLimits {
    /// Points of GraphQL within a minute; see [`Spent::secondary_points`]. REST has 45% of them, as on
    /// GitHub.
    pub points_a_minute: i64,
    /// Writes within a minute.
    pub writes_a_minute: i64,
    /// Writes within an hour.
    pub writes_an_hour: i64,
}

impl Default for SecondaryLimits {
    fn default() -> Self {
        Self { points_a_minute: 2_000, writes_a_minute: 80, writes_an_hour: 500 }
    }
}

/// What was spent within one minute, by all replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// The beginning of the minute.
    pub minute: DateTime<Utc>,
    /// What was requested.
    pub resource: Resource,
    /// What for.
    pub feature: Feature,
    /// Points of the window.
    pub points: i64,
    /// Requests.
    pub requests: i64,
    /// The requests among them that wrote.
    pub writes: i64,
}

impl Spent {
    /// The sum of both, of this one's minute, resource and feature.
    pub fn plus(self, other: &Self) -> Self {
        Self {
            points: self.points + other.points,
            requests: self.requests + other.requests,
            writes: self.writes + other.writes,
            ..self
        }
    }

    /// The points of GitHub's limit of a minute: one for a request that reads, five for one that
    /// writes.
    pub fn secondary_points(&self) -> i64 {
        self.requests + 4 * self.writes
    }
}

/// A minute and an hour, in which writes are limited.
const MINUTE: TimeDelta = TimeDelta::minutes(1);
const HOUR: TimeDelta = TimeDelta::hours(1);

/// How much of the last minutes a forecast extrapolates.
const RECENT: TimeDelta = TimeDelta::minutes(15);

/// The beginning of a time's minute.
pub fn minute_of(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(MINUTE).unwrap_or(time)
}

/// The points that must be left so that a request is sent. The reserve is at most half of the limit.
pub fn minimum_remaining(feature: Feature, limit: i64, reserve: i64) -> i64 {
    let reserve = reserve.min(limit / 2);
    let share = match feature {
        Feature::Changes => return 0,
        Feature::Refresh => 0,
        Feature::FullSync => 5,
        Feature::Sweep => 10,
        Feature::Automation => 20,
    };
    reserve + (limit - reserve) * share / 100
}

/// The sum within the last minute. Of the minute before the current one, only its later part counts.
pub fn within_minute(spent: &[Spent], now: DateTime<Utc>, count: impl Fn(&Spent) -> i64) -> i64 {
    let current = minute_of(now);
    let left = (MINUTE - (now - current)).num_milliseconds();
    let sum = |minute| spent.iter().filter(|one| one.minute == minute).map(&count).sum::<i64>();
    sum(current) + sum(current - MINUTE) * left / MINUTE.num_milliseconds()
}

/// The sum within the last hour, and when the oldest part of it ends.
pub fn within_hour(
    spent: &[Spent],
    now: DateTime<Utc>,
    count: impl Fn(&Spent) -> i64,
) -> (i64, DateTime<Utc>) {
    let recent = spent.iter().filter(|one| one.minute + MINUTE + HOUR > now && count(one) > 0);
    let oldest = recent.clone().map(|one| one.minute).min().unwrap_or(now);
    (recent.map(&count).sum(), oldest + MINUTE + HOUR)
}

/// When a request may be sent, if the limits of a minute and an hour forbid it now.
pub fn paced_until(
    spent: &[Spent],
    (resource, is_write): (Resource, bool),
    limits: SecondaryLimits,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let next_minute = minute_of(now) + MINUTE;
    let cost = if is_write { 5 } else { 1 };
    let points = within_minute(spent, now, |one| {
        if one.resource == resource { one.secondary_points() } else { 0 }
    });
    let most = match resource {
        Resource::Graphql => limits.points_a_minute,
        Resource::Core => limits.points_a_minute * 9 / 20,
    };
    if points + cost > most {
        return Some(next_minute);
    }
    if !is_write {
        return None;
    }
    let (of_hour, until) = within_hour(spent, now, |one| one.writes);
    if of_hour >= limits.writes_an_hour {
        return Some(until);
    }
    let of_minute = within_minute(spent, now, |one| one.writes);
    (of_minute >= limits.writes_a_minute).then_some(next_minute)
}

/// What a feature spent of a resource within the last hour.
pub fn spent_on(
    spent: &[Spent],
    (resource, feature): (Resource, Feature),
    now: DateTime<Utc>,
) -> Spent {
    let none = Spent { minute: now, resource, feature, points: 0, requests: 0, writes: 0 };
    let is_counted = |one: &&Spent| {
        (one.resource, one.feature) == (resource, feature) && one.minute + HOUR > now
    };
    spent.iter().filter(is_counted).fold(none, |sum, one| sum.plus(one))
}

/// What will be left of a window at its end, if spending goes on as in the last quarter of an hour;
/// negative when the points will not last.
pub fn forecast(
    spent: &[Spent],
    resource: Resource,
    (remaining, resets_at): (i64, DateTime<Utc>),
    now: DateTime<Utc>,
) -> i64 {
    let recent = spent.iter().filter(|one| one.resource == resource && one.minute + RECENT > now);
    let points: i64 = recent.map(|one| one.points).sum();
    let left = (resets_at - now).max(TimeDelta::zero()).num_seconds();
    remaining - points * left / RECENT.num_seconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn spent(minute: i64, points: i64, writes: i64) -> Spent {
        Spent {
            minute: at(minute * 60),
            resource: Resource::Graphql,
            feature: Feature::Changes,
            points,
            requests: points,
            writes,
        }
    }

    #[test]
    fn features_are_given_up_in_order_and_changes_last() {
        let minimums = Feature::ALL.map(|feature| minimum_remaining(feature, 5_000, 500));
        assert_eq!(minimums, [1_400, 950, 725, 500, 0]);
        assert!(minimums.is_sorted_by(|a, b| a > b));
        assert_eq!(minimum_remaining(Feature::Refresh, 60, 500), 30, "a reserve is at most half");
    }

    #[test]
    fn writes_are_paced_within_a_minute_and_an_hour() {
        let limits = SecondaryLimits::default();
        let write = (Resource::Graphql, true);
        let paced = |spent: &[Spent], now| paced_until(spent, write, limits, at(now));
        assert_eq!(paced(&[spent(10, 79, 79)], 630), None);
        assert_eq!(paced(&[spent(10, 80, 80)], 630), Some(at(660)));
        assert_eq!(paced(&[spent(10, 80, 80)], 660), Some(at(720)), "they still count");
        assert_eq!(paced(&[spent(10, 80, 80)], 661), None, "a part of them is a minute old");
        let hour: Vec<Spent> = (0..10).map(|minute| spent(minute, 50, 50)).collect();
        assert_eq!(paced(&hour, 3_000), Some(at(3_660)));
        assert_eq!(paced(&hour, 3_660), None);
        let read = (Resource::Graphql, false);
        assert_eq!(paced_until(&[spent(10, 80, 80)], read, limits, at(630)), None);
        assert_eq!(paced_until(&[spent(10, 2_000, 0)], read, limits, at(630)), Some(at(660)));
        let rest = (Resource::Core, false);
        assert_eq!(paced_until(&[spent(10, 2_000, 0)], rest, limits, at(630)), None);
    }

    #[test]
    fn a_feature_spent_what_it_spent_within_the_hour() {
        let all = [spent(0, 7, 1), spent(30, 2, 1), spent(59, 3, 0)];
        let of = |feature| spent_on(&all, (Resource::Graphql, feature), at(3_600));
        let sum = of(Feature::Changes);
        assert_eq!((sum.points, sum.requests, sum.writes), (5, 5, 1));
        assert_eq!(of(Feature::Sweep).points, 0);
    }

    #[test]
    fn a_forecast_extrapolates_the_last_quarter_of_an_hour() {
        let spent = [spent(0, 1_000, 0), spent(50, 150, 0)];
        let window = (4_000, at(3_600));
        assert_eq!(forecast(&spent, Resource::Graphql, window, at(3_060)), 4_000 - 90);
        assert_eq!(forecast(&spent, Resource::Core, window, at(3_060)), 4_000);
    }
}
