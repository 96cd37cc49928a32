//! Other sites can't make people's browsers act here.
//!
//! A page of another site can send requests to us from a browser that we trust: by form, by script,
//! by socket. Browsers say where a request comes from; what changes something, or opens a socket,
//! must come from our own pages or from no page at all. And where we listen on this machine alone,
//! a name of another site that was made to point here (DNS rebinding) is turned away by its name.

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::{Request, State};
use axum::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::{Host, Url};

use super::handshake::is_handshake;
use super::problem::Problem;
use crate::config::Server;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What we are called.
#[derive(Debug, Clone)]
pub(super) struct Site {
    is_local: bool,
    public_url: Option<Url>,
}

impl Site {
    pub(super) fn of(server: &Server) -> Self {
        let is_local = server.host.to_canonical().is_loopback();
        Self { is_local, public_url: server.public_url.clone() }
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let hosts = hosts_of(request);
        if self.is_local && !hosts.iter().all(|host| self.is_our_name(host)) {
            return Err(Problem::forbidden(
                "Dispatch listens on this machine alone and answers to localhost only; \
                 set DISPATCH_URL to the address under which a proxy offers it",
            ));
        }
        let can_change = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        if can_change || is_handshake(request.method(), request.version(), request.headers()) {
            self.check_origin(request.headers(), &hosts)?;
        }
        Ok(())
    }

    /// Whether a request to here may bear this host name when we listen on this machine alone.
    fn is_our_name(&self, host: &str) -> bool {
        let Some(name) = name_of(host) else { return false };
        let public = self.public_url.as_ref().and_then(Url::host);
        is_loopback(&name) || public.is_some_and(|public| public.to_owned() == name)
    }

    fn check_origin(&self, headers: &HeaderMap, hosts: &[String]) -> Result<(), Problem> {
        let refused = || {
            Problem::forbidden(
                "This request comes from a page of another site, which may not change anything \
                 here; set DISPATCH_URL if that page is Dispatch's own under another address",
            )
        };
        let is_ours = |origin: &HeaderValue| {
            let origin = origin.to_str().ok().and_then(|text| Url::parse(text).ok());
            origin.is_some_and(|origin| self.is_our_origin(&origin, hosts))
        };
        if !headers.get_all(ORIGIN).iter().all(is_ours) {
            return Err(refused());
        }
        let is_far = headers.get_all(SEC_FETCH_SITE).iter().any(|site| site == "cross-site");
        if is_far { Err(refused()) } else { Ok(()) }
    }

    /// Whether a page comes from the host that was asked, or from the address that people use.
    fn is_our_origin(&self, origin: &Url, hosts: &[String]) -> bool {
        let is_public = self.public_url.as_ref().is_some_and(|url| url.origin() == origin.origin());
        // Behind a proxy the scheme is not known here, so ports are compared by the page's scheme.
        let is_host = |host: &String| {
            let asked = Url::parse(&format!("{}://{host}", origin.scheme()));
            asked.is_ok_and(|asked| asked.origin() == origin.origin())
        };
        let is_web = matches!(origin.scheme(), "http" | "https");
        is_public || (is_web && hosts.iter().any(is_host))
    }
}

/// The hosts that a request names, ports included: normally one.
fn hosts_of(request: &Request) -> Vec<String> {
    let headers = request.headers().get_all(HOST).iter();
    let authority = request.uri().authority().map(ToString::to_string);
    headers.map(|host| host.to_str().unwrap_or("?").to_owned()).chain(authority).collect()
}

fn name_of(host: &str) -> Option<Host<String>> {
    let url = Url::parse(&format!("http://{host}")).ok()?;
    // Anything beside host and port was smuggled in.
    let is_bare = url.path() == "/"
        && url.username().is_empty()
        && url.query().is_none()
        && url.fragment().is_none();
    url.host().filter(|_| is_bare).map(|host| host.to_owned())
}

fn is_loopback(name: &Host<String>) -> bool {
    match name {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => {
            *ip == Ipv6Addr::LOCALHOST || IpAddr::from(*ip).to_canonical().is_loopback()
        }
    }
}

/// Turns away what another site sends.
pub(super) async fn check(State(site): State<Site>, request: Request, next: Next) -> Response {
    match site.check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const LOCAL: Site = Site { is_local: true, public_url: None };
    const OPEN: Site = Site { is_local: false, public_url: None };

    fn known_as(url: &str) -> Site {
        Site { is_local: true, public_url: Some(url.parse().unwrap()) }
    }

    fn passes(site: &Site, method: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method).uri("/api/sync");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        site.check(&request.body(Body::empty()).unwrap()).is_ok()
    }

    #[test]
    fn local_names_are_answered_and_foreign_ones_are_not() {
        for host in ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "127.9.9.9", "[::1]:3000"] {
            assert!(passes(&LOCAL, "GET", &[("host", host)]), "{host}");
        }
        for host in
            ["evil.example", "localhost.evil.example", "10.0.0.1:3000", "", "a b", "x@localhost"]
        {
            assert!(!passes(&LOCAL, "GET", &[("host", host)]), "{host}");
            assert!(!passes(&LOCAL, "GET", &[("host", "localhost"), ("host", host)]), "{host}");
        }
        assert!(passes(&OPEN, "GET", &[("host", "board.example")]));
        assert!(passes(&known_as("https://board.example"), "GET", &[("host", "board.example")]));
        assert!(!passes(&known_as("https://board.example"), "GET", &[("host", "evil.example")]));
        assert!(passes(&LOCAL, "GET", &[]), "a program that names no host is no browser");
    }

    #[test]
    fn what_changes_something_comes_from_our_own_pages() {
        let host = ("host", "localhost:3000");
        let from = |origin| passes(&LOCAL, "POST", &[host, ("origin", origin)]);
        assert!(from("http://localhost:3000"));
        for origin in [
            "https://evil.example",
            "http://localhost:3001",
            "http://localhost",
            "http://127.0.0.1:3000",
            "null",
            "file://",
            "",
        ] {
            assert!(!from(origin), "{origin}");
        }
        assert!(passes(&LOCAL, "POST", &[host]), "curl names no origin");
        assert!(passes(&LOCAL, "GET", &[host, ("origin", "https://evil.example")]), "reading");
        assert!(!passes(&LOCAL, "POST", &[host, ("sec-fetch-site", "cross-site")]));
        assert!(passes(&LOCAL, "POST", &[host, ("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn a_socket_is_as_good_as_a_change() {
        let socket = [
            ("host", "localhost:3000"),
            ("connection", "Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let from = |origin| passes(&LOCAL, "GET", &[&socket[..], &[("origin", origin)]].concat());
        assert!(from("http://localhost:3000"));
        assert!(!from("https://evil.example"));
    }

    #[test]
    fn behind_a_proxy_the_public_address_counts() {
        let site = known_as("https://board.example/dispatch");
        let from = |host, origin| passes(&site, "POST", &[("host", host), ("origin", origin)]);
        assert!(from("localhost:3000", "https://board.example"));
        assert!(from("board.example", "https://board.example"));
        assert!(!from("localhost:3000", "http://board.example"));
        assert!(!from("localhost:3000", "https://other.example"));
        let open = |host, origin| passes(&OPEN, "POST", &[("host", host), ("origin", origin)]);
        assert!(open("board.example", "https://board.example"), "the proxy ended TLS");
        assert!(open("board.example:443", "https://board.example"));
        assert!(!open("board.example:80", "https://board.example"));
    }
}
