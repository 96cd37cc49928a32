//! `Prefer: wait=N` (RFC 7240): long polling.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;

use crate::service::wait_queue::LONGEST_WAIT;

/// Returns how long a request waits, limited to the maximum; zero means no wait.
pub(super) fn preferred_wait(headers: &HeaderMap) -> Duration {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = preferences.flat_map(|value| value.split([',', ';']));
    let seconds = preferences.find_map(|one| {
        let (name, value) = one.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("wait").then(|| value.parse().ok())?
    });
    Duration::from_secs(seconds.unwrap_or(0)).min(LONGEST_WAIT)
}

/// Adds the granted wait to a response.
pub(super) fn with_applied(mut response: Response, wait: Duration) -> Response {
    if !wait.is_zero() {
        let applied = format!("wait={}", wait.as_secs());
        let applied = HeaderValue::from_str(&applied).expect("a word and a number");
        response.headers_mut().insert(HeaderName::from_static("preference-applied"), applied);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_read_among_other_preferences_and_bounded() {
        let wait = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", value.parse().unwrap());
            preferred_wait(&headers).as_secs()
        };
        assert_eq!(wait("wait=5"), 5);
        assert_eq!(wait("respond-async, Wait = \"7\""), 7);
        assert_eq!(wait("wait=3600"), 25);
        assert_eq!(wait("wait=-1"), 0);
        assert_eq!(wait("wait"), 0);
        assert_eq!(preferred_wait(&HeaderMap::new()).as_secs(), 0);
    }
}
