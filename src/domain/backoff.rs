//! How long the back-off of an issue, or of a repository, lasts after a failure.
//!
//! The delay grows with each consecutive failure up to a maximum, so retries are rare but never end.
//! Failures of agents are counted apart from refusals of GitHub: too many of them escalate the issue
//! to a person.

use chrono::{DateTime, TimeDelta, Utc};

use super::sql_enum::text_enum;
use super::timestamp::Timestamp;

/// How many attempts may fail in a row before an issue needs a person, unless a setting changes it.
pub const USUAL_ATTEMPTS: i32 = 5;

/// The label of issues that no agent is served until a person has reviewed them.
pub const NEEDS_HUMAN: &str = "needs-human";

text_enum! {
    /// The kind of failure that puts an issue in back-off.
    #[derive(serde::Deserialize, async_graphql::Enum)]
    #[serde(rename_all = "snake_case")]
    BackoffCause,
    /// An agent reported that its work failed.
    Failed = "failed",
    /// An agent's lease expired.
    Expired = "expired",
    /// GitHub rejected a change to the issue.
    Refused = "refused",
    /// GitHub rejected a change for a reason that may affect the whole repository, such as a
    /// missing permission.
    Forbidden = "forbidden",
    /// GitHub did not respond, or its response could not be read.
    Unanswered = "unanswered",
}

impl BackoffCause {
    /// Whether it was an agent's attempt that failed.
    pub fn is_attempt(self) -> bool {
        matches!(self, Self::Failed | Self::Expired)
    }

    /// The delay before an issue is served again, after this many failures in a row.
    pub fn delay(self, times: i32) -> TimeDelta {
        match self {
            Self::Failed => growing(TimeDelta::seconds(10), 4, times, TimeDelta::hours(1)),
            // A single expired lease is more likely the fault of the worker than of the issue.
            Self::Expired if times <= 1 => TimeDelta::zero(),
            Self::Expired => Self::Failed.delay(times - 1),
            Self::Refused | Self::Forbidden => {
                growing(TimeDelta::seconds(30), 2, times, TimeDelta::minutes(30))
            }
            Self::Unanswered => growing(TimeDelta::seconds(5), 2, times, TimeDelta::minutes(1)),
        }
    }
}

/// The delay before Dispatch retries a change in a repository, after GitHub has rejected this many
/// changes in a row. After each delay, one issue is tried.
pub fn repository_delay(times: i32) -> TimeDelta {
    growing(TimeDelta::seconds(15), 2, times, TimeDelta::minutes(2))
}

fn growing(first: TimeDelta, factor: i32, times: i32, longest: TimeDelta) -> TimeDelta {
    let mut delay = first;
    for _ in 1..times {
        if delay >= longest {
            break;
        }
        delay = delay * factor;
    }
    delay.min(longest)
}

/// Why an issue is in back-off, and until when.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Backoff {
    /// The number of agents' failed attempts in a row.
    pub failed_attempts: i32,
    /// The number of changes in a row that GitHub rejected.
    pub refusals: i32,
    /// The kind of the last failure.
    pub cause: BackoffCause,
    /// The last failure, as a part of a sentence: "GitHub refused to change it (…)".
    pub reason: String,
    /// The time of the first failure in the row.
    pub first_at: DateTime<Utc>,
    /// The time of the last failure.
    pub last_at: DateTime<Utc>,
    /// When it may be served again.
    pub retry_at: DateTime<Utc>,
    /// Whether all attempts are used, so that the issue needs a person.
    pub needs_human: bool,
}

impl Backoff {
    /// Why the issue is withheld at a time, as a part of a sentence; `None` if it may be served.
    pub fn against(&self, now: DateTime<Utc>) -> Option<String> {
        (self.needs_human || self.retry_at > now).then(|| self.summary(now))
    }

    /// The state of the back-off at a time, as a part of a sentence.
    pub fn summary(&self, now: DateTime<Utc>) -> String {
        let (reason, times) = (&self.reason, self.failed_attempts);
        let attempts = match times {
            1 => "1 failed attempt".to_owned(),
            times => format!("{times} failed attempts"),
        };
        if self.needs_human {
            return format!("needs a person after {attempts}; the last: {reason}");
        }
        let attempts = match self.cause.is_attempt() {
            true => format!(" ({attempts})"),
            false => String::new(),
        };
        let is = if self.retry_at > now { "is" } else { "was" };
        format!("{is} left alone until {} because {reason}{attempts}", Timestamp(self.retry_at))
    }
}

/// The failure of an agent, as a part of a sentence.
pub fn failure_of(agent: &str, cause: BackoffCause) -> String {
    match cause {
        BackoffCause::Expired => format!("the lease of {agent} ran out"),
        _ => format!("{agent} failed on it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_longest_one() {
        for cause in BackoffCause::ALL {
            let delays: Vec<TimeDelta> = (1..=40).map(|times| cause.delay(times)).collect();
            assert!(delays.is_sorted(), "{cause:?}: {delays:?}");
            assert!(delays[2] > delays[1], "{cause:?} grows: {delays:?}");
            assert_eq!(delays[38], delays[39], "{cause:?} stops growing");
            assert_eq!(delays[39], cause.delay(i32::MAX));
        }
        assert_eq!(BackoffCause::Failed.delay(3), TimeDelta::seconds(160));
        assert_eq!(BackoffCause::Expired.delay(1), TimeDelta::zero());
        assert_eq!(repository_delay(1), TimeDelta::seconds(15));
        assert_eq!(repository_delay(100), TimeDelta::minutes(2));
    }
}
