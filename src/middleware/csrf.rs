//! Origin check (CSRF) and protection against DNS rebinding.
//!
//! A page of another site can make a trusted browser send requests here: by form, script or
//! WebSocket. Browsers report a request's origin, so a request that changes something or opens a
//! WebSocket must come from our own pages or from no page, and reads by pages of other sites are
//! denied too. In modes without a password, a request under an unknown host name is denied, because
//! another site could have pointed that name here (DNS rebinding).

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::{Host, Url};

use super::handshake::is_handshake;
use super::problem::Problem;
use crate::config::{AuthMode, Config};
use crate::middleware::access;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

const FOREIGN_PAGE: &str = "This request comes from a page of another site, which may neither change nor read anything \
     here; set DISPATCH_URL if that page is Dispatch's own under another address";

/// The host names and the origin of this server.
#[derive(Debug, Clone)]
pub(super) struct AllowedOrigin {
    /// Whether requests under unknown host names are denied: in modes where browsers are trusted
    /// without a password.
    checks_host: bool,
    names: Arc<[String]>,
    public_url: Option<Url>,
}

impl AllowedOrigin {
    pub(super) fn from_config(config: &Config) -> Self {
        let server = &config.server;
        let machine = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        let machine = machine.map(|name| name.to_ascii_lowercase());
        let public = server.public_url.as_ref().and_then(Url::host_str).map(str::to_owned);
        let names = server.allowed_hosts.iter().cloned().chain(machine).chain(public);
        Self {
            checks_host: !matches!(config.auth.mode, AuthMode::Basic { .. }),
            names: names.collect(),
            public_url: server.public_url.clone(),
        }
    }

    /// The same, where requests under unknown host names are denied in every mode.
    pub(super) fn checking_hosts(self) -> Self {
        Self { checks_host: true, ..self }
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let hosts = hosts_of(request);
        if self.checks_host && !hosts.iter().all(|host| self.is_our_name(host)) {
            return Err(Problem::forbidden(
                "Dispatch is not known under this host name; set DISPATCH_URL to the address under \
                 which people reach it, or name the host in DISPATCH_ALLOWED_HOSTS",
            ));
        }
        let can_change = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        if can_change || is_handshake(request.method(), request.version(), request.headers()) {
            self.check_origin(request.headers(), &hosts)?;
        }
        if is_cross_site(request.headers()) && !is_visit(request) {
            return Err(Problem::forbidden(FOREIGN_PAGE));
        }
        Ok(())
    }

    /// Whether a request may use this host name, because no other site can point it here.
    fn is_our_name(&self, host: &str) -> bool {
        match name_of(host) {
            None => false,
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                let is_local = !name.contains('.') || name.ends_with(".localhost");
                !name.is_empty() && (is_local || self.names.iter().any(|ours| ours == name))
            }
        }
    }

    fn check_origin(&self, headers: &HeaderMap, hosts: &[String]) -> Result<(), Problem> {
        let is_ours = |origin: &HeaderValue| {
            let origin = origin.to_str().ok().and_then(|text| Url::parse(text).ok());
            origin.is_some_and(|origin| self.is_our_origin(&origin, hosts))
        };
        if headers.get_all(ORIGIN).iter().all(is_ours) {
            Ok(())
        } else {
            Err(Problem::forbidden(FOREIGN_PAGE))
        }
    }

    /// Whether an origin is the requested host or the public address.
    fn is_our_origin(&self, origin: &Url, hosts: &[String]) -> bool {
        let is_public = self.public_url.as_ref().is_some_and(|url| url.origin() == origin.origin());
        // Behind a proxy the scheme is unknown here, so ports are compared by the origin's scheme.
        let is_host = |host: &String| {
            let asked = Url::parse(&format!("{}://{host}", origin.scheme()));
            asked.is_ok_and(|asked| asked.origin() == origin.origin())
        };
        let is_web = matches!(origin.scheme(), "http" | "https");
        is_public || (is_web && hosts.iter().any(is_host))
    }
}

/// The hosts of a request, with ports: normally one.
fn hosts_of(request: &Request) -> Vec<String> {
    let headers = request.headers().get_all(HOST).iter();
    let authority = request.uri().authority().map(ToString::to_string);
    headers.map(|host| host.to_str().unwrap_or("?").to_owned()).chain(authority).collect()
}

fn name_of(host: &str) -> Option<Host<String>> {
    let url = Url::parse(&format!("http://{host}")).ok()?;
    // Anything besides host and port is an attempt to smuggle something in.
    let is_bare = url.path() == "/"
        && url.username().is_empty()
        && url.query().is_none()
        && url.fragment().is_none();
    url.host().filter(|_| is_bare).map(|host| host.to_owned())
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get_all(SEC_FETCH_SITE).iter().any(|site| site == "cross-site")
}

/// Whether a request is a top-level navigation to a page, not in a frame.
fn is_visit(request: &Request) -> bool {
    let says = |name, value| request.headers().get(name).is_some_and(|given| given == value);
    let template = request.extensions().get::<MatchedPath>();
    let path = template.map_or_else(|| request.uri().path(), MatchedPath::as_str);
    *request.method() == Method::GET
        && says(SEC_FETCH_MODE, "navigate")
        && says(SEC_FETCH_DEST, "document")
        && access::is_page(path)
}

/// Denies cross-site requests.
pub(super) async fn check(
    State(allowed): State<AllowedOrigin>,
    request: Request,
    next: Next,
) -> Response {
    match allowed.check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn local() -> AllowedOrigin {
        AllowedOrigin { checks_host: true, names: Arc::default(), public_url: None }
    }

    fn guarded() -> AllowedOrigin {
        AllowedOrigin { checks_host: false, ..local() }
    }

    fn known_as(url: &str) -> AllowedOrigin {
        let url: Url = url.parse().unwrap();
        let names = [url.host_str().unwrap().to_owned(), "named.example".to_owned()];
        AllowedOrigin { names: names.into(), public_url: Some(url), ..local() }
    }

    fn passes(allowed: &AllowedOrigin, method: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method).uri("/api/sync");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        allowed.check(&request.body(Body::empty()).unwrap()).is_ok()
    }

    #[test]
    fn names_that_another_site_can_have_are_refused() {
        let ours = [
            "localhost",
            "LOCALHOST:3000",
            "dispatch.localhost",
            "127.0.0.1:3000",
            "10.0.0.1:3000",
            "[::1]:3000",
            "[2001:db8::1]",
            "dispatch",
            "dispatch:3000",
            "localhost.",
            "8.8.8.8",
        ];
        for host in ours {
            assert!(passes(&local(), "GET", &[("host", host)]), "{host}");
        }
        let foreign = [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
            ".",
            "a b",
            "x@localhost",
            "evil.example:3000",
            "localhost@evil.example",
            "evil.example.",
            "a/b.c",
        ];
        for host in foreign {
            for method in ["GET", "HEAD", "OPTIONS", "POST"] {
                assert!(!passes(&local(), method, &[("host", host)]), "{method} {host}");
            }
            assert!(!passes(&local(), "GET", &[("host", "localhost"), ("host", host)]), "{host}");
        }
        let board = known_as("https://board.example");
        for host in ["board.example", "BOARD.example:443", "named.example", "localhost:3000"] {
            assert!(passes(&board, "GET", &[("host", host)]), "{host}");
        }
        for host in ["evil.example", "x.board.example", "board.example.evil.example"] {
            assert!(!passes(&board, "GET", &[("host", host)]), "{host}");
            assert!(
                passes(&guarded(), "GET", &[("host", host)]),
                "{host}: a password is asked for"
            );
        }
        assert!(passes(&local(), "GET", &[]), "a program that names no host is no browser");
    }

    #[test]
    fn every_mode_but_basic_checks_names() {
        let site = |settings: &[(&str, &str)]| {
            let env = crate::config::Env::from_iter(settings.iter().copied());
            AllowedOrigin::from_config(&Config::from_env(&env).unwrap())
        };
        let foreign = [("host", "evil.example")];
        for host in ["127.0.0.1", "0.0.0.0", "10.0.0.1"] {
            assert!(!passes(&site(&[("HOST", host)]), "GET", &foreign), "{host}");
            let disabled = [("HOST", host), ("DISPATCH_AUTH_MODE", "disabled")];
            assert!(!passes(&site(&disabled), "GET", &foreign), "{host}");
            let allowed = [("HOST", host), ("DISPATCH_ALLOWED_HOSTS", "a.example, EVIL.example")];
            assert!(passes(&site(&allowed), "GET", &foreign), "{host}");
            let basic = [
                ("HOST", host),
                ("DISPATCH_AUTH_MODE", "basic"),
                ("DISPATCH_AUTH_USERNAME", "sam"),
                ("DISPATCH_AUTH_PASSWORD", "secret"),
            ];
            assert!(passes(&site(&basic), "GET", &foreign), "{host}");
        }
    }

    #[test]
    fn a_link_opens_a_page_and_nothing_else_is_read_from_another_site() {
        let asks = |method: &str, path: &str, mode: &str, dest: &str| {
            let request = Request::builder().method(method).uri(path);
            let request = request.header("host", "localhost:3000");
            let request = request.header("sec-fetch-site", "cross-site");
            let request = request.header("sec-fetch-mode", mode).header("sec-fetch-dest", dest);
            local().check(&request.body(Body::empty()).unwrap()).is_ok()
        };
        for page in ["/", "/board", "/audit", "/graphiql", "/nonsense"] {
            assert!(asks("GET", page, "navigate", "document"), "{page}");
            assert!(!asks("POST", page, "navigate", "document"), "{page}");
            assert!(!asks("GET", page, "navigate", "iframe"), "{page}");
            assert!(!asks("GET", page, "no-cors", "script"), "{page}");
            assert!(!asks("GET", page, "cors", "empty"), "{page}");
        }
        for data in ["/api/issues", "/api/openapi.json", "/graphql", "/mcp", "/assets/index.js"] {
            for (mode, dest) in [("navigate", "document"), ("cors", "empty"), ("no-cors", "image")]
            {
                assert!(!asks("GET", data, mode, dest), "{data} {mode}");
            }
        }
    }

    #[test]
    fn what_changes_something_comes_from_our_own_pages() {
        let host = ("host", "localhost:3000");
        let from = |origin| passes(&local(), "POST", &[host, ("origin", origin)]);
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
        assert!(passes(&local(), "POST", &[host]), "curl names no origin");
        assert!(passes(&local(), "GET", &[host, ("origin", "https://evil.example")]), "reading");
        assert!(!passes(&local(), "POST", &[host, ("sec-fetch-site", "cross-site")]));
        assert!(passes(&local(), "POST", &[host, ("sec-fetch-site", "same-origin")]));
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
        let from = |origin| passes(&local(), "GET", &[&socket[..], &[("origin", origin)]].concat());
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
        let open = |host, origin| passes(&guarded(), "POST", &[("host", host), ("origin", origin)]);
        assert!(open("board.example", "https://board.example"), "the proxy ended TLS");
        assert!(open("board.example:443", "https://board.example"));
        assert!(!open("board.example:80", "https://board.example"));
    }
}
