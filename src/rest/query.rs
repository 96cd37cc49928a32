//! Query parameters: the first parameter with a name counts, and an empty one counts as absent.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::domain::bounds;
use crate::middleware::Problem;

/// The default number of rows of a list.
const DEFAULT_LIMIT: u32 = 50;

/// The maximum number of rows of a list.
const MAX_LIMIT: u32 = 1000;

/// The query parameters of a request.
pub(super) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = Self::read(parts.uri.query().unwrap_or_default());
        for (name, value) in &query.0 {
            bounds::check_text(name, value)
                .map_err(|reason| Problem::wrong(name, format!("{name} {reason}")))?;
        }
        Ok(query)
    }
}

impl Query {
    fn read(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// Returns a parameter, unless it is absent or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(given, _)| given == name)?;
        if value.is_empty() { None } else { Some(value) }
    }

    /// Whether a parameter is exactly `true`.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// Returns the requested number of rows: the number at the start of the text, from 0 to 1,000.
    pub(super) fn limit(&self) -> u32 {
        let Some(text) = self.get("limit").map(str::trim_start) else { return DEFAULT_LIMIT };
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_name_counts_and_empty_is_absent() {
        let query = Query::read("a=1&a=2&b=&c=x%2Fy+z&d");
        assert_eq!(query.get("a"), Some("1"));
        assert_eq!(query.get("b"), None);
        assert_eq!(query.get("c"), Some("x/y z"));
        assert_eq!(query.get("d"), None);
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
            assert_eq!(Query::read(text).limit(), limit, "{text}");
        }
    }
}
