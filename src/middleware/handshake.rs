//! Recognizes WebSocket handshakes.

use axum::http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use axum::http::{Method, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Whether a request is a WebSocket opening handshake as RFC 6455 (section 4.2.1) defines it.
///
/// That is a `GET` of HTTP/1.1 with one `Upgrade: websocket`, the token `upgrade` in `Connection`,
/// one version, which is 13, and one key of 16 bytes.
///
/// WebSocket over HTTP/2 (RFC 8441) is not supported.
pub fn is_handshake(method: &Method, version: Version, headers: &HeaderMap) -> bool {
    let is_key = |key: &HeaderValue| STANDARD.decode(key).is_ok_and(|key| key.len() == 16);
    *method == Method::GET
        && version == Version::HTTP_11
        && only(headers, UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
        && tokens(headers, CONNECTION).any(|token| token.eq_ignore_ascii_case(b"upgrade"))
        && only(headers, SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13")
        && only(headers, SEC_WEBSOCKET_KEY).is_some_and(is_key)
}

/// The value of a header that occurs exactly once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// The tokens of a list header, over all its lines.
fn tokens(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(name).into_iter();
    lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: [(&str, &str); 4] = [
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn headers(given: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    fn opens(given: &[(&str, &str)]) -> bool {
        is_handshake(&Method::GET, Version::HTTP_11, &headers(given))
    }

    /// The whole handshake with other values of one header.
    fn with(name: &str, values: &[&'static str]) -> bool {
        let mut given: Vec<(&str, &str)> = WHOLE.to_vec();
        given.retain(|(given, _)| *given != name);
        given.extend(values.iter().map(|value| (name, *value)));
        opens(&given)
    }

    #[test]
    fn a_handshake_is_whole_or_none() {
        assert!(opens(&WHOLE));
        for (name, _) in WHOLE {
            assert!(!with(name, &[]), "without {name}");
            let value = WHOLE.iter().find(|(given, _)| *given == name).unwrap().1;
            assert_eq!(with(name, &[value, value]), name == "connection", "{name} twice");
        }
        for method in [Method::HEAD, Method::POST, Method::OPTIONS, Method::CONNECT] {
            assert!(!is_handshake(&method, Version::HTTP_11, &headers(&WHOLE)), "{method}");
        }
        for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_2] {
            assert!(!is_handshake(&Method::GET, version, &headers(&WHOLE)), "{version:?}");
        }
    }

    #[test]
    fn values_are_read_as_the_rfc_says() {
        for value in ["websocket", "WebSocket", "WEBSOCKET"] {
            assert!(with("upgrade", &[value]), "{value}");
        }
        for value in ["", "h2c", "websocket, h2c", "h2c, websocket", "websocket/13", "xwebsocket"] {
            assert!(!with("upgrade", &[value]), "{value}");
        }
        for values in [&["Upgrade"][..], &["keep-alive, Upgrade"], &["keep-alive", "upgrade"]] {
            assert!(with("connection", values), "{values:?}");
        }
        for value in ["", "close", "no-upgrade", "upgrades", "upgrade; q=0"] {
            assert!(!with("connection", &[value]), "{value}");
        }
        for value in ["", "8", "13, 8", "013"] {
            assert!(!with("sec-websocket-version", &[value]), "{value}");
        }
        for value in ["", "x", "dGhlIHNhbXBsZQ==", "dGhlIHNhbXBsZSBub25jZQ"] {
            assert!(!with("sec-websocket-key", &[value]), "{value}");
        }
    }
}
