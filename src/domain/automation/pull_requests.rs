//! When the checks, reviews and conflicts of a pull request are read again. GitHub changes them without a
//! change of the pull request.

use chrono::{DateTime, TimeDelta, Utc};

/// How long after an event they are read: GitHub computes its answer after it sent the event, and several
/// events of one commit are one reading.
pub const AFTER_EVENT: TimeDelta = TimeDelta::seconds(2);

/// How long after a reading that found checks which are not completed.
const WHILE_PENDING: TimeDelta = TimeDelta::minutes(2);

/// How long after a reading for which GitHub had not computed yet whether there are conflicts.
const WHILE_UNKNOWN: TimeDelta = TimeDelta::minutes(5);

/// How long after a reading of any other open pull request: no event may report a check of another app.
const AT_LATEST: TimeDelta = TimeDelta::hours(1);

/// When a pull request is to be read again that was read now; none when it is not open. `checks` and
/// `mergeable` are GitHub's words.
pub fn next_reading(
    is_open: bool,
    (checks, mergeable): (Option<&str>, Option<&str>),
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let delay = match (checks, mergeable) {
        (Some("PENDING" | "EXPECTED"), _) => WHILE_PENDING,
        (_, Some("UNKNOWN")) => WHILE_UNKNOWN,
        _ => AT_LATEST,
    };
    is_open.then_some(now + delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_likely_to_change_is_read_sooner() {
        let now = DateTime::UNIX_EPOCH;
        let minutes = |checks, mergeable| {
            next_reading(true, (checks, mergeable), now).map(|at| (at - now).num_minutes())
        };
        assert_eq!(minutes(Some("PENDING"), Some("MERGEABLE")), Some(2));
        assert_eq!(minutes(Some("EXPECTED"), Some("UNKNOWN")), Some(2));
        assert_eq!(minutes(Some("SUCCESS"), Some("UNKNOWN")), Some(5));
        assert_eq!(minutes(None, None), Some(60));
        assert_eq!(minutes(Some("OF_THE_FUTURE"), Some("OF_THE_FUTURE")), Some(60));
    }

    #[test]
    fn one_that_is_not_open_is_not_read_again() {
        assert_eq!(next_reading(false, (Some("PENDING"), None), DateTime::UNIX_EPOCH), None);
    }
}
