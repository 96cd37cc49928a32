//! The session cookie.
//!
//! It is hidden from scripts, is not sent with cross-site requests, and is restricted to the host
//! that set it. Over TLS it is sent over TLS only. Its path is the one below which people reach
//! Dispatch.

use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use url::Url;

use crate::config::ServerConfig;
use crate::service::sessions::{LENGTH, SessionId};

const NAME: &str = "dispatch_session";

/// How many session ids of one request are read: more than a browser stores cookies of one name.
const MOST: usize = 100;

/// The session ids in a request's cookies. Cookies of other services on this host are ignored,
/// whatever their encoding.
pub(super) fn session_ids(headers: &HeaderMap) -> Vec<SessionId> {
    let lines = headers.get_all(COOKIE).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
    let lines: Vec<_> = lines.collect();
    let cookies = lines.iter().flat_map(|line| Cookie::split_parse(&**line));
    let ours = cookies.filter_map(Result::ok).filter(|cookie| cookie.name() == NAME);
    ours.filter_map(|cookie| cookie.value_trimmed().parse().ok()).take(MOST).collect()
}

/// The `Set-Cookie` header that stores a session, or deletes it when there is no id.
pub fn keep(server: &ServerConfig, asked: &HeaderMap, id: Option<&SessionId>) -> HeaderValue {
    let value = id.map(ToString::to_string).unwrap_or_default();
    let seconds = if id.is_some() { LENGTH.num_seconds() } else { 0 };
    let cookie = Cookie::build((NAME, value))
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(is_encrypted(server, asked))
        .path(path(server, asked).to_owned())
        .max_age(Duration::seconds(seconds));
    HeaderValue::from_str(&cookie.to_string()).expect("a cookie of ours is plain text")
}

/// Whether people reach Dispatch over TLS: by the origin of the page that asks, which the
/// middleware has checked, else by the public address.
fn is_encrypted(server: &ServerConfig, asked: &HeaderMap) -> bool {
    let page = asked.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    match (page, &server.public_url) {
        (Some(page), _) => page.starts_with("https://"),
        (None, public) => public.as_ref().is_some_and(|url| url.scheme() == "https"),
    }
}

/// The path below which the caller reaches Dispatch: that of the public address, if the request was
/// sent there.
fn path<'a>(server: &'a ServerConfig, asked: &HeaderMap) -> &'a str {
    let host = asked.get(ORIGIN).or(asked.get(HOST)).and_then(|value| value.to_str().ok());
    let public = server.public_url.as_ref().filter(|url| host.is_some_and(|host| is_at(url, host)));
    let path = public.map_or("", |url| url.path().trim_end_matches('/'));
    if path.is_empty() { "/" } else { path }
}

fn is_at(public: &Url, host: &str) -> bool {
    let host = if host.contains("://") {
        host.to_owned()
    } else {
        format!("{}://{host}", public.scheme())
    };
    Url::parse(&host).is_ok_and(|host| host.origin() == public.origin())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Env};

    fn server(url: Option<&str>) -> ServerConfig {
        let settings = url.map(|url| ("DISPATCH_URL", url));
        Config::from_env(&Env::from_iter(settings)).expect("settings").server
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a header"));
        }
        headers
    }

    const ID: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn kept(url: Option<&str>, asked: &[(&'static str, &str)]) -> String {
        let id: SessionId = ID.parse().expect("an id");
        keep(&server(url), &headers(asked), Some(&id)).to_str().expect("plain text").to_owned()
    }

    #[test]
    fn a_session_is_kept_from_scripts_and_other_sites() {
        let plain = kept(None, &[("host", "localhost:3000"), ("origin", "http://localhost:3000")]);
        let rest = "HttpOnly; SameSite=Strict; Path=/; Max-Age=604800";
        assert_eq!(plain, format!("dispatch_session={ID}; {rest}"));
        let gone = keep(&server(None), &headers(&[]), None);
        assert_eq!(gone, "dispatch_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    }

    #[test]
    fn over_tls_it_stays_there() {
        let url = Some("https://board.example");
        assert!(
            kept(url, &[("host", "10.0.0.1"), ("origin", "https://board.example")])
                .contains("; Secure")
        );
        assert!(kept(url, &[("host", "board.example")]).contains("; Secure"));
        assert!(
            !kept(url, &[("host", "x"), ("origin", "http://localhost:3000")]).contains("Secure")
        );
        assert!(kept(None, &[("origin", "https://board.example")]).contains("; Secure"));
    }

    #[test]
    fn it_reaches_as_far_as_the_pages() {
        let url = Some("https://board.example/tools/dispatch/");
        let below = "; Path=/tools/dispatch;";
        assert!(kept(url, &[("host", "x"), ("origin", "https://board.example")]).contains(below));
        assert!(kept(url, &[("host", "board.example")]).contains(below));
        for asked in [[("host", "localhost:3000")], [("origin", "http://localhost:3000")]] {
            assert!(kept(url, &asked).contains("; Path=/;"), "the proxy was passed by");
        }
    }

    #[test]
    fn of_what_a_browser_sends_the_sessions_are_read() {
        let one = format!("theme=dark; dispatch_session={ID}; x");
        assert_eq!(session_ids(&headers(&[("cookie", &one)])).len(), 1);
        let other = format!("dispatch_session=nonsense; dispatch_session={ID}");
        assert_eq!(session_ids(&headers(&[("cookie", &one), ("cookie", &other)])).len(), 2);
        for beside in ["pref=é", "a=\"", "=", ";;", "dispatch_session=\"\"", "x=\u{fffd}"] {
            let shown = format!("{beside}; dispatch_session=\"{ID}\"; {beside}");
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_bytes(shown.as_bytes()).expect("bytes"));
            assert_eq!(session_ids(&headers).len(), 1, "{beside}");
        }
        let many = format!("dispatch_session={ID}; ").repeat(1000);
        assert_eq!(session_ids(&headers(&[("cookie", &many)])).len(), MOST);
        assert!(session_ids(&headers(&[("cookie", "dispatch_session_2=x; =; ;;")])).is_empty());
    }
}
