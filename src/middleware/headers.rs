//! Security and cache headers of responses.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;

use crate::config::ServerConfig;

/// Pages load only what this server serves, and have no inline scripts. Inline styles are allowed,
/// because the drag-and-drop libraries set them.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; \
                      base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// The playground's editor creates its workers and icons from `blob:` and `data:` URLs.
const PLAYGROUND_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; \
     object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// The headers of every response.
#[derive(Debug, Clone)]
pub(super) struct Headers(Arc<Vec<(HeaderName, HeaderValue)>>);

impl Headers {
    pub(super) fn new(server: &ServerConfig) -> Self {
        let mut headers = vec![
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            (REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                HeaderValue::from_static("same-origin"),
            ),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                HeaderValue::from_static("same-origin"),
            ),
        ];
        // Browsers must ignore it over plain HTTP, and on localhost it would force every other
        // service of the machine to TLS.
        if server.public_url.as_ref().is_some_and(|url| url.scheme() == "https") {
            let for_a_year = HeaderValue::from_static("max-age=31536000");
            headers.push((STRICT_TRANSPORT_SECURITY, for_a_year));
        }
        Self(Arc::new(headers))
    }
}

/// Adds the headers to a response.
pub(super) async fn add(State(headers): State<Headers>, request: Request, next: Next) -> Response {
    let is_playground = request.uri().path() == "/graphiql";
    let policy = if is_playground { PLAYGROUND_POLICY } else { POLICY };
    let mut response = next.run(request).await;
    let all = response.headers_mut();
    all.extend(headers.0.iter().cloned());
    // Nobody caches data; static files set their own caching.
    all.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    all.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
