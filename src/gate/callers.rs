//! Who is asking, and whether the route they ask for is open to them.
//!
//! A token is accepted in every mode. What else counts, and who somebody without credentials is,
//! depends on the mode (`DISPATCH_AUTH_MODE`). Another mode means another arm of
//! [`Callers::identify`], another kind of token a sister of [`Callers::is_agent_token`].

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{ALLOW, AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::attempts::Attempts;
use super::origins::is_socket;
use super::problem::Problem;
use crate::app::App;
use crate::clock::Clock;
use crate::config::{AuthMode, Config};
use crate::domain::access::{self, Declared};
use crate::domain::{Actor, Tier};
use crate::service::Error;

/// What people are called where nobody signs in.
const PERSON: &str = "user";

/// What people are called where signing in is switched off.
const OPERATOR: &str = "operator";

/// What a program is called that gives no name.
const AGENT: &str = "agent";

/// The longest name of an agent, in characters.
const NAME_LENGTH: usize = 100;

const CHALLENGE: HeaderValue =
    HeaderValue::from_static(r#"Basic realm="Dispatch", charset="UTF-8""#);

/// Finds out who is asking. Clones share the memory of wrong passwords.
#[derive(Clone)]
pub struct Callers(Arc<Inner>);

struct Inner {
    config: Arc<Config>,
    clock: Clock,
    attempts: Attempts,
}

/// Who asks, where from, and under what name: one request's sender.
///
/// Sockets show their credentials after they are open; see [`Caller::present`].
#[derive(Clone)]
pub struct Caller {
    callers: Callers,
    source: String,
    agent_name: Option<String>,
}

impl Callers {
    /// Callers as the settings know them.
    pub fn new(app: &App) -> Self {
        let (config, clock) = (app.config.clone(), app.clock.clone());
        Self(Arc::new(Inner { config, clock, attempts: Attempts::default() }))
    }

    /// The actor that an `Authorization` header makes, or its absence. Credentials of a kind that
    /// the mode does not know are another server's on the way and count as none.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthenticated`] for wrong credentials, [`Error::Busy`] for a source that tried too
    /// many passwords.
    fn identify(&self, caller: &Caller, authorization: Option<&str>) -> Result<Actor, Error> {
        let mode = &self.0.config.auth.mode;
        match (authorization.and_then(Credentials::read), mode) {
            (Some(Credentials::Bearer(token)), _) if self.is_agent_token(token) => {
                let name = caller.agent_name.clone().unwrap_or_else(|| AGENT.to_owned());
                Ok(Actor::Agent { name })
            }
            (_, AuthMode::Disabled) => Ok(Actor::Operator { name: OPERATOR.to_owned() }),
            (Some(Credentials::Bearer(_)), _) => Err(Error::Unauthenticated),
            (Some(Credentials::Basic(pair)), AuthMode::Basic { username, password }) => {
                let is_right = || is_pair(pair, username, password.expose());
                self.try_password(&caller.source, is_right)?;
                Ok(Actor::Operator { name: username.clone() })
            }
            (_, AuthMode::Open) => Ok(Actor::Person { name: PERSON.to_owned() }),
            (_, AuthMode::Basic { .. }) => Ok(Actor::Anonymous),
        }
    }

    fn is_agent_token(&self, given: &str) -> bool {
        let token = self.0.config.auth.agent_token.as_ref();
        token.is_some_and(|token| is_same(given, token.expose()))
    }

    fn try_password(&self, source: &str, is_right: impl Fn() -> bool) -> Result<(), Error> {
        let now = self.0.clock.now();
        if let Some(until) = self.0.attempts.blocked_until(source, now) {
            let what = "Rate limit exceeded".to_owned();
            return Err(Error::Busy { what, retry_at: Some(until) });
        }
        if is_right() {
            self.0.attempts.succeeded(source);
            Ok(())
        } else {
            self.0.attempts.failed(source, now);
            Err(Error::Unauthenticated)
        }
    }

    /// The answer to somebody who has not shown who they are. Where a browser can ask for name and
    /// password it is told to.
    fn challenge(&self) -> Response {
        match self.0.config.auth.mode {
            AuthMode::Basic { .. } => {
                (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, CHALLENGE)]).into_response()
            }
            AuthMode::Open | AuthMode::Disabled => Problem::from(Error::Unauthenticated)
                .with_header(
                    WWW_AUTHENTICATE,
                    HeaderValue::from_static(r#"Bearer realm="Dispatch""#),
                )
                .into_response(),
        }
    }
}

impl Caller {
    /// Who is asking, by credentials that came another way than in the request's own header:
    /// `authorization` reads like that header, such as `Bearer <token>`.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthenticated`] for wrong credentials, [`Error::Busy`] after too many wrong
    /// passwords.
    pub fn present(&self, authorization: &str) -> Result<Actor, Error> {
        self.callers.identify(self, Some(authorization))
    }
}

/// Names the actor of a request and refuses what its route's tier does not allow.
pub(super) async fn admit(
    State(callers): State<Callers>,
    mut request: Request,
    next: Next,
) -> Response {
    let template = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    // Behind no route stands the page that says so.
    let declared = template.map_or(Declared::Tier(Tier::Read), |template| {
        access::route(request.method().as_str(), template)
    });
    let tier = match declared {
        Declared::Tier(tier) => tier,
        Declared::OtherMethods(methods) => return method_not_allowed(&methods),
    };
    let caller = Caller {
        callers: callers.clone(),
        source: source_of(&request),
        agent_name: agent_name(request.headers()),
    };
    let shown = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("?"));
    let actor = match callers.identify(&caller, shown) {
        Ok(actor) => actor,
        Err(_) if tier == Tier::Public => Actor::Anonymous,
        Err(Error::Unauthenticated) => return callers.challenge(),
        Err(error) => return Problem::from(error).into_response(),
    };
    // A socket carries no request yet; who opens it may show credentials in its first message.
    let asks_later = tier <= Tier::Read && is_socket(&request);
    if !actor.may(tier) && !asks_later {
        return callers.challenge();
    }
    request.extensions_mut().insert(actor.clone());
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(actor);
    response
}

fn method_not_allowed(methods: &[&'static str]) -> Response {
    let allowed = methods.join(", ");
    let text = format!("This address answers {allowed} only");
    let allow = HeaderValue::from_str(&allowed).expect("methods are plain words");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", text)
        .with_header(ALLOW, allow)
        .into_response()
}

/// What an `Authorization` header says.
enum Credentials<'a> {
    Bearer(&'a str),
    Basic(&'a str),
}

impl<'a> Credentials<'a> {
    fn read(header: &'a str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(char::is_whitespace)?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            Some(Self::Bearer(rest))
        } else if scheme.eq_ignore_ascii_case("basic") {
            Some(Self::Basic(rest))
        } else {
            None
        }
    }
}

/// Whether Base64 text holds this name and password, split at the first colon.
fn is_pair(pair: &str, username: &str, password: &str) -> bool {
    let decoded = STANDARD.decode(pair).unwrap_or_default();
    let decoded = String::from_utf8_lossy(&decoded);
    let (given_name, given_password) = decoded.split_once(':').unwrap_or_default();
    // Both are compared in any case, so that the time tells nothing of which is wrong.
    is_same(given_name, username) & is_same(given_password, password)
}

/// Compares in a time that tells nothing of either text, their lengths included.
fn is_same(one: &str, other: &str) -> bool {
    Sha256::digest(one).ct_eq(&Sha256::digest(other)).into()
}

/// Where a request comes from: the hop that the nearest proxy saw, else the peer itself.
fn source_of(request: &Request) -> String {
    let header = |name| request.headers().get_all(name).iter().next_back()?.to_str().ok();
    let nearest_hop = header("x-forwarded-for").and_then(|hops| hops.rsplit(',').next());
    let given = nearest_hop.or_else(|| header("x-real-ip")).map(str::trim);
    if let Some(source) = given.filter(|source| !source.is_empty()) {
        return source.chars().take(NAME_LENGTH).collect();
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map_or_else(|| "unknown".to_owned(), |peer| peer.ip().to_string())
}

/// The name that a program gives itself in `X-Agent-Name`.
fn agent_name(headers: &HeaderMap) -> Option<String> {
    name(headers.get("x-agent-name")?.to_str().ok()?)
}

/// The actor under the name that a request's own body gives. Only a program may name itself.
pub fn acting_as(actor: Actor, given: Option<&str>) -> Actor {
    match (actor, given.and_then(name)) {
        (Actor::Agent { .. }, Some(name)) => Actor::Agent { name },
        (actor, _) => actor,
    }
}

/// A name that may stand in the audit log: one line, not empty, not endless.
fn name(given: &str) -> Option<String> {
    let plain: String = given.chars().filter(|c| !c.is_control()).collect();
    let name: String = plain.trim().chars().take(NAME_LENGTH).collect();
    if name.is_empty() { None } else { Some(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(pair: &str) -> String {
        STANDARD.encode(pair)
    }

    #[test]
    fn schemes_are_read_in_any_case_and_spacing() {
        for header in ["Bearer abc", "bearer  abc ", "BEARER\tabc"] {
            assert!(matches!(Credentials::read(header), Some(Credentials::Bearer("abc"))));
        }
        assert!(matches!(Credentials::read("basic eDp5"), Some(Credentials::Basic("eDp5"))));
        for header in ["", "Bearer", "Bearerabc", "Digest abc"] {
            assert!(Credentials::read(header).is_none(), "{header:?}");
        }
    }

    #[test]
    fn a_pair_is_split_at_its_first_colon() {
        assert!(is_pair(&encoded("sam:a:b"), "sam", "a:b"));
        for pair in ["sam:a", "sam", ":", "", "kim:a:b", "sam:a:b "] {
            assert!(!is_pair(&encoded(pair), "sam", "a:b"), "{pair:?}");
        }
        assert!(!is_pair("no base64!", "sam", "a:b"));
    }

    #[test]
    fn the_source_is_the_hop_that_the_nearest_proxy_saw() {
        let source = |headers: &[(&str, &str)]| {
            let mut request = Request::new(axum::body::Body::empty());
            for (name, value) in headers {
                let name: axum::http::HeaderName = name.parse().unwrap();
                request.headers_mut().append(name, value.parse().unwrap());
            }
            source_of(&request)
        };
        let forwarded = ("x-forwarded-for", "6.6.6.6, 10.0.0.1 ,10.0.0.2");
        assert_eq!(source(&[forwarded]), "10.0.0.2");
        assert_eq!(source(&[("x-forwarded-for", "6.6.6.6"), forwarded]), "10.0.0.2");
        assert_eq!(source(&[("x-real-ip", "10.0.0.3"), forwarded]), "10.0.0.2");
        assert_eq!(source(&[("x-real-ip", "10.0.0.3")]), "10.0.0.3");
        assert_eq!(source(&[]), "unknown");
    }

    #[test]
    fn a_name_is_one_short_line() {
        assert_eq!(name(" alpha\n\0 ").as_deref(), Some("alpha"));
        assert_eq!(name(" \t"), None);
        assert_eq!(name(&"x".repeat(500)).map(|name| name.len()), Some(NAME_LENGTH));
    }
}
