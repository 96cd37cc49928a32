//! Content negotiation: the media type of a request, and the media type of its response.
//!
//! The header is parsed here and not by a library: `headers-accept` compares parameters, so it
//! rejects `Accept: application/json; charset=utf-8`, which clients send.

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};

/// A media type that answers come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`, which every client understands.
    Json,
    /// `application/graphql-response+json`, whose statuses mean something.
    ResponseJson,
    /// `text/event-stream`.
    EventStream,
}

impl Media {
    /// The header that names it.
    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::ResponseJson => "application/graphql-response+json; charset=utf-8",
            Self::EventStream => "text/event-stream; charset=utf-8",
        })
    }
}

/// The media type that a request likes best of those we have; none when it likes none of them.
/// Among equals the first mentioned wins, and without a wish it is JSON.
pub(super) fn accepted(headers: &HeaderMap) -> Option<Media> {
    let mut lines = headers.get_all(ACCEPT).iter().peekable();
    if lines.peek().is_none() {
        return Some(Media::Json);
    }
    let ranges: Vec<_> =
        lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).collect();
    let ranges: Vec<(String, u16)> = ranges.into_iter().map(range).collect();
    let is_refused = |refused: &str| ranges.iter().any(|(name, q)| name == refused && *q == 0);
    let named = |name: &str| match name {
        "application/json" => Some(Media::Json),
        "application/graphql-response+json" => Some(Media::ResponseJson),
        "text/event-stream" => Some(Media::EventStream),
        "*/*" | "application/*" if !is_refused("application/json") => Some(Media::Json),
        "*/*" | "application/*" if !is_refused("application/graphql-response+json") => {
            Some(Media::ResponseJson)
        }
        _ => None,
    };
    let mut best: Option<(u16, Media)> = None;
    for (name, quality) in &ranges {
        if *quality > best.map_or(0, |(quality, _)| quality)
            && let Some(media) = named(name)
        {
            best = Some((*quality, media));
        }
    }
    best.map(|(_, media)| media)
}

/// A media range in lower case and how much it is liked, in thousandths. What cannot be read is not
/// liked.
fn range(text: &str) -> (String, u16) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    let thousandths = |text: &str| match text.split_once('.').unwrap_or((text, "")) {
        ("1", rest) if rest.bytes().all(|digit| digit == b'0') => Some(1000),
        ("0", rest) if rest.len() <= 3 => format!("{rest:0<3}").parse().ok(),
        _ => None,
    };
    (name, quality.map_or(Some(1000), thousandths).unwrap_or(0))
}

/// Whether a body says that it is JSON in UTF-8.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = text.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    let is_utf8 = |part: &str| match part.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    is_json && parts.all(is_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: axum::http::HeaderName, lines: &[&'static str]) -> HeaderMap {
        let lines = lines.iter().map(|line| (name.clone(), HeaderValue::from_static(line)));
        lines.collect()
    }

    fn best(line: &'static str) -> Option<Media> {
        accepted(&headers(ACCEPT, &[line]))
    }

    #[test]
    fn without_a_wish_it_is_json() {
        assert_eq!(accepted(&HeaderMap::new()), Some(Media::Json));
        assert_eq!(best("*/*"), Some(Media::Json));
        assert_eq!(best("application/*"), Some(Media::Json));
        assert_eq!(best("Application/JSON"), Some(Media::Json));
        assert_eq!(best("TEXT/Event-Stream;Q=1"), Some(Media::EventStream));
    }

    #[test]
    fn the_best_liked_wins_and_the_first_among_equals() {
        let both = "application/graphql-response+json, application/json;q=0.9";
        assert_eq!(best(both), Some(Media::ResponseJson));
        let both = "application/graphql-response+json;q=0.8, application/json;q=0.9";
        assert_eq!(best(both), Some(Media::Json));
        assert_eq!(best("application/json, application/graphql-response+json"), Some(Media::Json));
        assert_eq!(best("text/event-stream, */*;q=0.1"), Some(Media::EventStream));
        assert_eq!(best("text/html, image/webp, */*;q=0.8"), Some(Media::Json));
    }

    #[test]
    fn what_is_refused_is_not_served() {
        assert_eq!(best("text/html"), None);
        assert_eq!(best("application/json;q=0"), None);
        assert_eq!(best("application/json;q=0, */*"), Some(Media::ResponseJson));
        assert_eq!(best("application/json;q=hello"), None);
        assert_eq!(best("application/json;q=1.001"), None);
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = headers(ACCEPT, &["text/html", "application/json; charset=utf-8"]);
        assert_eq!(accepted(&lines), Some(Media::Json));
    }

    #[test]
    fn json_says_that_it_is() {
        let says = |line| is_json(&headers(CONTENT_TYPE, &[line]));
        assert!(says("application/json"));
        assert!(says("Application/JSON; charset=UTF-8"));
        assert!(says("application/json;charset=\"utf-8\""));
        assert!(!says("application/json; charset=iso-8859-1"));
        assert!(!says("text/plain"));
        assert!(!says("application/jsonp"));
        assert!(!is_json(&HeaderMap::new()));
    }
}
