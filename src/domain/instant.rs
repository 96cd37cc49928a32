//! A point in time as clients see it.

use chrono::{DateTime, SecondsFormat, Utc};

/// A point in time that leaves or enters through a door.
///
/// Inside, times are compared with the microseconds that PostgreSQL keeps; in public they have
/// exactly milliseconds, cut and never rounded up, and end in `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub DateTime<Utc>);

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl serde::Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[async_graphql::Scalar(name = "DateTime")]
/// UTC instant, ISO 8601 with milliseconds and `Z`.
impl async_graphql::ScalarType for Instant {
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
        async_graphql::Value::String(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_cut_and_never_rounded_up() {
        let at = "2026-05-25T16:00:00.9999999Z".parse().expect("a valid time");
        assert_eq!(Instant(at).to_string(), "2026-05-25T16:00:00.999Z");
        let at = "2026-05-25T18:00:00+02:00".parse().expect("a valid time");
        assert_eq!(Instant(at).to_string(), "2026-05-25T16:00:00.000Z");
    }
}
