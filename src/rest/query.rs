//! Query parameters: the first parameter with a name counts, and an empty one counts as absent.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::{Map, Value};

use crate::domain::bounds;
use crate::middleware::Problem;

/// The default number of rows of a list.
const DEFAULT_LIMIT: u32 = 50;

/// The maximum number of rows of a list.
const MAX_LIMIT: u32 = 1000;

/// The query parameters of a request.
pub(super) struct QueryString(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for QueryString {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = Self::parse(parts.uri.query().unwrap_or_default());
        for (name, value) in &query.0 {
            bounds::check_text(name, value)
                .map_err(|reason| Problem::wrong(name, format!("{name} {reason}")))?;
        }
        Ok(query)
    }
}

impl QueryString {
    fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// Returns a parameter, unless it is absent or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(given, _)| given == name)?;
        if value.is_empty() { None } else { Some(value) }
    }

    /// Checks that every parameter is given; otherwise fails with `refusal` and names the first
    /// missing one.
    pub(super) fn require(&self, names: &[&str], refusal: &'static str) -> Result<(), Problem> {
        let missing = names.iter().find(|name| self.get(name).is_none());
        missing.map_or(Ok(()), |name| Err(Problem::wrong(name, refusal)))
    }

    /// Reads the parameters as a struct. Its members are texts or are read by a function below, so
    /// that a value is never of the wrong type.
    pub(super) fn read<T: DeserializeOwned>(&self) -> T {
        let mut given = Map::new();
        for (name, value) in &self.0 {
            given.entry(name).or_insert_with(|| Value::from(value.as_str()));
        }
        given.retain(|_, value| value != "");
        serde_json::from_value(Value::Object(given)).expect("the members accept every text")
    }
}

/// Reads a flag: whether the text is exactly `true`.
pub(super) fn is_true<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(String::deserialize(from)? == "true")
}

/// Reads a flag: whether the text is anything but `false`.
pub(super) fn is_not_false<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(String::deserialize(from)? != "false")
}

/// Reads a number of rows: the number at the start of the text, from 0 to 1,000.
pub(super) fn limit<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    Ok(limit_of(&String::deserialize(from)?))
}

/// The number of rows when none is requested.
pub(super) fn default_limit() -> u32 {
    DEFAULT_LIMIT
}

fn limit_of(text: &str) -> u32 {
    let text = text.trim_start();
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    if length == 0 {
        DEFAULT_LIMIT
    } else if is_negative {
        0
    } else {
        digits[..length].parse().map_or(MAX_LIMIT, |limit: u32| limit.min(MAX_LIMIT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_name_counts_and_empty_is_absent() {
        let query = QueryString::parse("a=1&a=2&b=&c=x%2Fy+z&d");
        assert_eq!(query.get("a"), Some("1"));
        assert_eq!(query.get("b"), None);
        assert_eq!(query.get("c"), Some("x/y z"));
        assert_eq!(query.get("d"), None);
    }

    #[derive(serde::Deserialize)]
    struct ExampleQuery {
        #[serde(default = "default_limit", deserialize_with = "limit")]
        limit: u32,
        #[serde(default, deserialize_with = "is_true")]
        flag: bool,
    }

    #[test]
    fn limits_are_read_as_far_as_they_are_numbers() {
        let vectors = [
            ("", 50),
            ("limit=", 50),
            ("limit=x", 50),
            ("limit=-", 50),
            ("limit=10abc", 10),
            ("limit=+7", 7),
            ("limit=%205", 5),
            ("limit=0", 0),
            ("limit=-3", 0),
            ("limit=1000", 1000),
            ("limit=1001", 1000),
            ("limit=99999999999999999999", 1000),
        ];
        for (text, limit) in vectors {
            assert_eq!(QueryString::parse(text).read::<ExampleQuery>().limit, limit, "{text}");
        }
    }

    #[test]
    fn only_true_is_true() {
        for (text, flag) in [("", false), ("flag=1", false), ("flag=true&flag=x", true)] {
            assert_eq!(QueryString::parse(text).read::<ExampleQuery>().flag, flag, "{text}");
        }
    }
}
