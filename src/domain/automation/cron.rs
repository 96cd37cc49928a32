//! Cron expressions of the `schedule` trigger: the five POSIX fields that GitHub documents.
//!
//! GitHub knows no `@daily`, no seconds, no years and none of the letters `L`, `W`, `#` and `?`.

use std::str::FromStr as _;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use serde::{Deserialize, Serialize};

/// The shortest time between two scheduled runs, in minutes. GitHub starts no more.
pub const SHORTEST_INTERVAL_MINUTES: i64 = 5;

/// The longest expression and the longest name of a time zone, in characters.
const MOST_CHARACTERS: usize = 255;

const NAMES: [&str; 19] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC", "SUN",
    "MON", "TUE", "WED", "THU", "FRI", "SAT",
];

/// When GitHub starts a workflow by the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The expression as it is in the file.
    pub cron: String,
    /// The IANA name of the time zone; without one it is UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

impl Schedule {
    /// Checks an expression and a time zone. The error is one sentence.
    pub fn new(cron: &str, timezone: Option<&str>) -> Result<Self, String> {
        parse(cron)?;
        let timezone = timezone.map(|name| zone(name).map(|_| name.to_owned())).transpose()?;
        Ok(Self { cron: cron.to_owned(), timezone })
    }

    /// The next time after another at which GitHub starts the workflow; none if there is no such
    /// day, such as 30 February.
    ///
    /// A time that is skipped when clocks go forward is the next valid one. GitHub may start a run
    /// later when it is busy.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let cron = parse(&self.cron).ok()?;
        let zone = self.timezone.as_deref().map_or(Some(Tz::UTC), |name| zone(name).ok())?;
        let next = cron.find_next_occurrence(&after.with_timezone(&zone), false).ok()?;
        Some(next.to_utc())
    }

    /// The expression in words, with its time zone.
    pub fn words(&self) -> String {
        let zone = self.timezone.as_deref().unwrap_or("UTC");
        match parse(&self.cron) {
            Ok(cron) => {
                let words = cron.describe();
                let words = words.trim_end_matches('.');
                match words.strip_prefix("At every ") {
                    Some(interval) => format!("Every {interval} ({zone})"),
                    None => format!("{words} ({zone})"),
                }
            }
            Err(_) => format!("{} ({zone})", self.cron),
        }
    }

    /// Whether it asks for runs more often than [`SHORTEST_INTERVAL_MINUTES`].
    pub fn is_too_frequent(&self, after: DateTime<Utc>) -> bool {
        let Some(first) = self.next_after(after) else { return false };
        let mut earlier = first;
        for _ in 0..60 {
            let Some(next) = self.next_after(earlier) else { return false };
            if (next - earlier).num_minutes() < SHORTEST_INTERVAL_MINUTES {
                return true;
            }
            earlier = next;
        }
        false
    }
}

fn zone(name: &str) -> Result<Tz, String> {
    let known = (name.len() <= MOST_CHARACTERS).then(|| Tz::from_str(name).ok()).flatten();
    known.ok_or_else(|| {
        let shown: String = name.chars().take(50).collect();
        format!("`{shown}` is not the IANA name of a time zone.")
    })
}

fn parse(cron: &str) -> Result<Cron, String> {
    let shown: String = cron.chars().take(50).collect();
    let invalid = |why: &str| Err(format!("`{shown}` is not a cron expression: {why}."));
    if cron.len() > MOST_CHARACTERS {
        return invalid("it is too long");
    }
    if cron.trim_start().starts_with('@') {
        return invalid("GitHub supports no names such as @daily");
    }
    let fields: Vec<&str> = cron.split_ascii_whitespace().collect();
    if fields.len() != 5 {
        return invalid(&format!("it has {} fields and needs 5", fields.len()));
    }
    if let Some(field) = fields.iter().find(|field| !is_posix(field)) {
        return invalid(&format!("GitHub does not support `{field}`"));
    }
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .sloppy_ranges(true)
        .build();
    parser.parse(cron).or_else(|error| invalid(error.to_string().trim_end_matches('.')))
}

/// Whether a field has only digits, names of months and days, and the operators `* , - /`.
fn is_posix(field: &str) -> bool {
    !field.starts_with('/')
        && field.split(['*', ',', '-', '/']).all(|word| {
            word.chars().all(|letter| letter.is_ascii_digit())
                || NAMES.contains(&word.to_ascii_uppercase().as_str())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn next(cron: &str, zone: Option<&str>, after: &str) -> String {
        let next = Schedule::new(cron, zone).unwrap().next_after(at(after)).unwrap();
        next.format("%Y-%m-%dT%H:%M").to_string()
    }

    #[test]
    fn the_next_run_is_in_utc() {
        for (cron, expected) in [
            ("30 5,17 * * *", "2026-12-01T17:30"),
            ("0 0 1 1 *", "2027-01-01T00:00"),
            ("20/15 * * * *", "2026-12-01T10:20"),
            ("*/15 4-5 * * MON-FRI", "2026-12-02T04:00"),
            ("0 0 29 2 *", "2028-02-29T00:00"),
            // A day of the month and a day of the week: either of them.
            ("0 12 13 * FRI", "2026-12-04T12:00"),
            ("0 0 * jan sun", "2027-01-03T00:00"),
        ] {
            assert_eq!(next(cron, None, "2026-12-01T10:07:30Z"), expected, "{cron}");
        }
        assert_eq!(next("0 10 * * *", None, "2026-12-01T10:00:00Z"), "2026-12-02T10:00");
    }

    #[test]
    fn a_time_zone_shifts_it_and_summer_time_too() {
        let new_york = Some("America/New_York");
        assert_eq!(next("30 5 * * 1-5", new_york, "2026-12-01T00:00:00Z"), "2026-12-01T10:30");
        assert_eq!(next("30 5 * * 1-5", new_york, "2026-07-01T00:00:00Z"), "2026-07-01T09:30");
        // 2:30 is skipped on 8 March 2026; it is 3:00 then.
        assert_eq!(next("30 2 * * *", new_york, "2026-03-08T06:00:00Z"), "2026-03-08T07:00");
    }

    #[test]
    fn what_github_does_not_support_is_an_error() {
        for cron in [
            "@daily",
            "* * * *",
            "0 * * * * *",
            "",
            "0 0 L * *",
            "0 0 15W * *",
            "0 0 * * MON#2",
            "0 0 ? * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "/5 * * * *",
            "*/0 * * * *",
            "a b c d e",
            "5-1 * * * *",
            "0 0 * * LUN",
        ] {
            assert!(Schedule::new(cron, None).is_err(), "{cron}");
        }
        assert!(Schedule::new("0 0 * * *", Some("Middle/Earth")).is_err());
        assert!(Schedule::new(&"1,".repeat(1000), None).is_err());
    }

    #[test]
    fn a_day_that_never_comes_has_no_next_run() {
        let never = Schedule::new("0 0 30 2 *", None).unwrap();
        assert_eq!(never.next_after(at("2026-12-01T00:00:00Z")), None);
        assert!(!never.is_too_frequent(at("2026-12-01T00:00:00Z")));
    }

    #[test]
    fn runs_more_often_than_every_five_minutes_are_noticed() {
        for (cron, expected) in [
            ("* * * * *", true),
            ("*/4 * * * *", true),
            ("0,2 0 * * *", true),
            ("*/5 * * * *", false),
        ] {
            let schedule = Schedule::new(cron, None).unwrap();
            assert_eq!(schedule.is_too_frequent(at("2026-12-01T00:00:00Z")), expected, "{cron}");
        }
    }

    #[test]
    fn words_say_the_time_and_its_zone() {
        let words = |cron, zone| Schedule::new(cron, zone).unwrap().words();
        assert_eq!(words("30 5 * * *", None), "At 05:30 (UTC)");
        assert_eq!(words("*/15 * * * *", None), "Every 15 minutes (UTC)");
        assert_eq!(
            words("0 6 * * 1", Some("Europe/Berlin")),
            "At 06:00, on Monday (Europe/Berlin)"
        );
    }
}
