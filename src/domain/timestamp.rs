//! Timestamps as clients see them.

use chrono::{DateTime, Datelike as _, SecondsFormat, Timelike as _, Utc};

/// A point in time as the transports send and receive it.
///
/// Inside, times are compared with the microseconds that PostgreSQL keeps; in public they have
/// exactly milliseconds, cut and never rounded up, and end in `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub DateTime<Utc>);

impl Timestamp {
    /// Calls back with the text. Lists contain thousands of times, so the usual format is written
    /// directly instead of with a general formatter.
    fn with_text<T>(self, write: impl FnOnce(&str) -> T) -> T {
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let usual = u32::try_from(self.0.year()).ok().filter(|year| *year <= 9999);
        // A leap second has more than 999 milliseconds.
        let millis = self.0.timestamp_subsec_millis();
        let Some(year) = usual.filter(|_| millis < 1000) else {
            return write(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true));
        };
        let mut put = |places: std::ops::Range<usize>, mut number: u32| {
            for digit in text[places].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        put(0..4, year);
        put(5..7, self.0.month());
        put(8..10, self.0.day());
        put(11..13, self.0.hour());
        put(14..16, self.0.minute());
        put(17..19, self.0.second());
        put(20..23, millis);
        write(std::str::from_utf8(&text).expect("digits are text"))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.with_text(|text| f.pad(text))
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

#[async_graphql::Scalar(name = "DateTime")]
/// UTC instant, ISO 8601 with milliseconds and `Z`.
impl async_graphql::ScalarType for Timestamp {
    fn parse(value: async_graphql::Value) -> async_graphql::InputValueResult<Self> {
        let async_graphql::Value::String(text) = &value else {
            return Err(async_graphql::InputValueError::expected_type(value));
        };
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| {
            async_graphql::InputValueError::custom(format!(
                "`{text}` is not an ISO 8601 instant such as 2026-05-25T16:00:00.000Z"
            ))
        })?;
        Ok(Self(at.to_utc()))
    }

    fn to_value(&self) -> async_graphql::Value {
        async_graphql::Value::String(self.with_text(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_cut_and_never_rounded_up() {
        let at = "2026-05-25T16:00:00.9999999Z".parse().expect("a valid time");
        assert_eq!(Timestamp(at).to_string(), "2026-05-25T16:00:00.999Z");
        let at = "2026-05-25T18:00:00+02:00".parse().expect("a valid time");
        assert_eq!(Timestamp(at).to_string(), "2026-05-25T16:00:00.000Z");
    }

    #[test]
    fn the_text_is_what_the_general_formatter_makes() {
        let general = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let unusual = ["2016-12-31T23:59:60.5Z", "-0001-01-01T00:00:00Z", "+12026-01-01T00:00:00Z"];
        let unusual = unusual.map(|text| text.parse().expect("a valid time"));
        // Steps that meet every month, hour and length of a number.
        let steps = (0..20_000)
            .map(|n| DateTime::UNIX_EPOCH + chrono::TimeDelta::milliseconds(n * 86_399_987_651));
        for at in steps.chain(unusual) {
            assert_eq!(Timestamp(at).to_string(), general(at));
        }
    }
}
