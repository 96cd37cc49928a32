//! Authentication, and whether a route is open to the caller.
//!
//! A token is accepted in every mode. Which other credentials are accepted, and who a caller
//! without credentials is, depends on the mode (`DISPATCH_AUTH_MODE`). A new mode is a new arm of
//! [`Callers::identify`], a new kind of token an arm of [`Tokens::owner`]. Programs are subject to
//! the rate limits of the permissions table; people only to the login throttle.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{ALLOW, AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::cookies::session_ids;
use super::denials::Denials;
use super::handshake::is_handshake;
use super::login_throttle::LoginThrottle;
use super::problem::Problem;
use super::rate_limit::RateLimiter;
use super::sources::{Proxies, SourceAddress};
use crate::config::{AuthConfig, AuthMode, Secret};
use crate::domain::actor::{TokenKind, UNNAMED, is_reserved, reserved_reason};
use crate::domain::bounds::is_invisible;
use crate::domain::{Actor, LabelSet, Tier};
use crate::middleware::access::{self, Declared, ToolAccess};
use crate::service::sessions::{self, SessionId};
use crate::service::{App, Error};

/// The actor's name of people where nobody signs in.
const PERSON: &str = "user";

/// The actor's name of people where authentication is disabled.
const OPERATOR: &str = "operator";

const TOO_OFTEN: &str = "Rate limit exceeded";

/// The name under which the login throttle counts wrong tokens of people who sign in.
const SIGN_IN: &str = "sign in";

const SIGNED_IN_BY_PASSWORD: &str =
    "With DISPATCH_AUTH_MODE=basic the browser signs people in, with name and password";

const NOBODY_SIGNS_IN: &str =
    "With DISPATCH_AUTH_MODE=disabled nobody signs in: everybody may do everything";

const WORKERS_TOKEN: &str = "A worker's token signs nobody in; it takes DISPATCH_AGENT_TOKEN or \
                             DISPATCH_MAINTAINER_TOKEN";

/// The longest name of an agent, in characters.
const NAME_LENGTH: usize = 100;

/// How many agents' rate limits a maintainer token gets in total.
const AGENTS_A_TOKEN: u32 = 20;

const CHALLENGE: HeaderValue =
    HeaderValue::from_static(r#"Basic realm="Dispatch", charset="UTF-8""#);

/// Authenticates callers. Clones share the login throttle and the rate limits.
#[derive(Clone)]
pub struct Callers(Arc<Inner>);

struct Inner {
    app: App,
    tokens: Tokens,
    proxies: Proxies,
    login_throttle: LoginThrottle,
    rate_limiter: RateLimiter,
    denials: Denials,
}

/// The owner of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Owner {
    Maintainer(TokenKind),
    /// A worker bound to the agent with this name, or to none.
    Worker(Option<String>),
}

/// The digest of every configured token. Tokens with fewer permissions come first, so they win
/// where a token is configured twice.
struct Tokens(Vec<([u8; 32], Owner)>);

impl Tokens {
    fn new(auth: &AuthConfig) -> Self {
        let bound = auth
            .workers
            .iter()
            .map(|worker| (&worker.token, Owner::Worker(Some(worker.agent.clone()))));
        let unbound = auth.worker_token.iter().map(|token| (token, Owner::Worker(None)));
        let maintainers = [
            (&auth.agent_token, TokenKind::Agent),
            (&auth.maintainer_token, TokenKind::Maintainer),
        ];
        let maintainers = maintainers
            .into_iter()
            .filter_map(|(token, of)| Some((token.as_ref()?, Owner::Maintainer(of))));
        let all = bound.chain(unbound).chain(maintainers);
        Self(all.map(|(token, owner)| (digest(token.expose()), owner)).collect())
    }

    /// The owner of a token. Every token is compared, so that the time reveals nothing.
    fn owner(&self, given: &str) -> Option<&Owner> {
        let given = digest(given);
        self.0.iter().rev().fold(None, |found, (digest, owner)| {
            let is_it: bool = digest.ct_eq(&given).into();
            if is_it { Some(owner) } else { found }
        })
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// The sender of a request: credentials, source and claimed name.
///
/// Clients of sockets may send their credentials after the handshake; see [`Caller::present`].
#[derive(Clone)]
pub struct Caller {
    callers: Callers,
    source: SourceAddress,
    agent_name: Option<String>,
    sessions: Vec<SessionId>,
}

impl Callers {
    /// Callers according to the settings.
    pub fn new(app: &App) -> Self {
        Self(Arc::new(Inner {
            app: app.clone(),
            tokens: Tokens::new(&app.config.auth),
            proxies: Proxies::new(&app.config.server.trusted_proxies),
            login_throttle: LoginThrottle::default(),
            rate_limiter: RateLimiter::default(),
            denials: Denials::new(app),
        }))
    }

    /// The actor for an `Authorization` header, or for its absence. Credentials of a scheme that
    /// the mode does not use are meant for a proxy and are ignored.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthenticated`] for wrong credentials, [`Error::RateLimited`] for a source over
    /// the login throttle, [`Error::Invalid`] for a program that claims a reserved name.
    async fn identify(&self, caller: &Caller, authorization: Option<&str>) -> Result<Actor, Error> {
        let mode = &self.0.app.config.auth.mode;
        let shown = authorization.and_then(Credentials::read);
        if let Some(Credentials::Bearer(token)) = shown
            && let Some(owner) = self.0.tokens.owner(token)
        {
            let name = || match &caller.agent_name {
                Some(name) => free_name("X-Agent-Name", name.clone()),
                None => Ok(UNNAMED.to_owned()),
            };
            return Ok(match owner {
                Owner::Maintainer(token) => Actor::Agent { name: name()?, token: *token },
                Owner::Worker(Some(agent)) => Actor::Worker { name: agent.clone(), is_bound: true },
                Owner::Worker(None) => Actor::Worker { name: name()?, is_bound: false },
            });
        }
        match (shown, mode) {
            (_, AuthMode::Disabled) => {
                Ok(Actor::Operator { name: OPERATOR.to_owned(), signed_in_until: None })
            }
            (Some(Credentials::Bearer(_)), _) => Err(Error::Unauthenticated),
            (Some(Credentials::Basic(pair)), AuthMode::Basic { username, password }) => {
                self.try_password(caller.source, pair, username, password.expose())?;
                Ok(Actor::Operator { name: username.clone(), signed_in_until: None })
            }
            (_, AuthMode::Basic { .. }) => Ok(Actor::Anonymous),
            (_, AuthMode::Open | AuthMode::ReadOnly) => {
                let signed_in = sessions::signed_in(&self.0.app, &caller.sessions).await?;
                Ok(signed_in.unwrap_or_else(|| match mode {
                    AuthMode::ReadOnly => Actor::Visitor,
                    _ => Actor::Person { name: PERSON.to_owned() },
                }))
            }
        }
    }

    /// Counts a call of `what` by a program against its rate limit.
    fn check_rate(
        &self,
        actor: &Actor,
        what: &str,
        limit: Option<(u32, u32)>,
    ) -> Result<(), Error> {
        if !matches!(actor, Actor::Agent { .. } | Actor::Worker { .. }) {
            return Ok(());
        }
        let Some((times, seconds)) = limit else { return Ok(()) };
        let length = TimeDelta::seconds(i64::from(seconds));
        let now = self.0.app.clock.now();
        // The credential first, because callers choose their names. A maintainer token is shared by
        // many agents, each under its own name.
        let credential = actor.credential();
        let is_worker = matches!(actor, Actor::Worker { .. });
        let most = if is_worker { times } else { times.saturating_mul(AGENTS_A_TOKEN) };
        let counted = self.0.rate_limiter.count(&format!("{what} {credential}"), most, length, now);
        let counted = counted.and_then(|()| match is_worker {
            true => Ok(()),
            false => {
                let key = format!("{what} {credential} {}", actor.name().to_lowercase());
                self.0.rate_limiter.count(&key, times, length, now)
            }
        });
        counted.map_err(|until| Error::RateLimited {
            what: TOO_OFTEN.to_owned(),
            retry_at: Some(until),
        })
    }

    fn try_password(
        &self,
        source: SourceAddress,
        pair: &str,
        username: &str,
        password: &str,
    ) -> Result<(), Error> {
        let now = self.0.app.clock.now();
        let (given_name, given_password) = split(pair);
        if let Some(until) = self.0.login_throttle.blocked_until(source, &given_name, now) {
            return Err(Error::RateLimited { what: TOO_OFTEN.to_owned(), retry_at: Some(until) });
        }
        // Both are compared in any case, so that the time does not reveal which one is wrong.
        if is_same(&given_name, username) & is_same(&given_password, password) {
            self.0.login_throttle.succeeded(source, now);
            Ok(())
        } else {
            self.0.login_throttle.failed(source, &given_name, now);
            Err(Error::Unauthenticated)
        }
    }

    /// The response to a caller without valid credentials. In a mode where browsers ask for name
    /// and password, it has the challenge for that.
    fn challenge(&self) -> Response {
        match self.0.app.config.auth.mode {
            AuthMode::Basic { .. } => {
                (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, CHALLENGE)]).into_response()
            }
            AuthMode::Open | AuthMode::ReadOnly | AuthMode::Disabled => {
                let bearer = HeaderValue::from_static(r#"Bearer realm="Dispatch""#);
                Problem::from(Error::Unauthenticated)
                    .with_header(WWW_AUTHENTICATE, bearer)
                    .into_response()
            }
        }
    }
}

impl Caller {
    /// Authenticates by credentials from elsewhere than the request's header. `authorization` has
    /// the format of that header, such as `Bearer <token>`.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthenticated`] for wrong credentials, [`Error::RateLimited`] over the login
    /// throttle.
    pub async fn present(&self, authorization: &str) -> Result<Actor, Error> {
        self.callers.identify(self, Some(authorization)).await
    }

    /// Whether the session by which the actor was authenticated has ended, or cannot be checked.
    pub async fn is_signed_out(&self, actor: &Actor) -> bool {
        let Actor::Operator { signed_in_until: Some(_), .. } = actor else { return false };
        let signed_in = sessions::signed_in(&self.callers.0.app, &self.sessions).await;
        !signed_in.is_ok_and(|signed_in| signed_in.as_ref() == Some(actor))
    }

    /// The ids of the sessions that the caller sent.
    pub fn sessions(&self) -> &[SessionId] {
        &self.sessions
    }

    /// Checks a token with which a person wants to sign in.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthenticated`] for a wrong token, [`Error::Forbidden`] for a worker token,
    /// [`Error::RateLimited`] over the login throttle, [`Error::Conflict`] in a mode without
    /// sign-in by token.
    pub fn check_sign_in(&self, token: &str) -> Result<Secret, Error> {
        let callers = &self.callers.0;
        let now = callers.app.clock.now();
        match callers.app.config.auth.mode {
            AuthMode::Basic { .. } => return Err(Error::conflict(SIGNED_IN_BY_PASSWORD)),
            AuthMode::Disabled => return Err(Error::conflict(NOBODY_SIGNS_IN)),
            AuthMode::Open | AuthMode::ReadOnly => {}
        }
        if let Some(until) = callers.login_throttle.blocked_until(self.source, SIGN_IN, now) {
            return Err(Error::RateLimited { what: TOO_OFTEN.to_owned(), retry_at: Some(until) });
        }
        match callers.tokens.owner(token) {
            Some(Owner::Maintainer(_)) => {
                callers.login_throttle.succeeded(self.source, now);
                Ok(Secret::new(token))
            }
            Some(Owner::Worker(_)) => Err(Error::Forbidden { action: WORKERS_TOKEN.to_owned() }),
            None => {
                callers.login_throttle.failed(self.source, SIGN_IN, now);
                Err(Error::Unauthenticated)
            }
        }
    }

    /// Checks that the actor may act for an agent. Denials of workers are audited.
    ///
    /// # Errors
    ///
    /// The denial of a worker whose token is bound to another agent or to none.
    pub async fn check_acts_for(&self, actor: &Actor, agent: &str) -> Result<(), Problem> {
        self.callers.0.denials.check_agent(actor, agent).await
    }

    /// Checks that the actor may change an issue with these labels: a worker may only change issues
    /// of its own agent. Denials of workers are audited.
    ///
    /// # Errors
    ///
    /// The denial of a worker whose agent is not assigned to the issue.
    pub async fn check_changes(&self, actor: &Actor, labels: &LabelSet) -> Result<(), Problem> {
        let is_worker = matches!(actor, Actor::Worker { .. });
        if !is_worker || labels.names_agent(actor.name()) {
            return Ok(());
        }
        let holder = labels.agents().next().unwrap_or("nobody");
        self.check_acts_for(actor, holder).await
    }

    /// Checks permission and rate limit for a call of a tool. Denials of workers are audited.
    ///
    /// # Errors
    ///
    /// A denial because of the tool's tier or because the actor is a worker, or an exceeded rate
    /// limit.
    pub async fn check_tool(&self, actor: &Actor, tool: &ToolAccess) -> Result<(), Problem> {
        let callers = &self.callers.0;
        callers.denials.check_open(actor, tool.workers, tool.name).await?;
        let may = actor.may(tool.tier) || matches!(actor, Actor::Worker { .. });
        if !may {
            let action = format!("`{}` needs one of the server's tokens", tool.name);
            return Err(Error::denied(actor, action).into());
        }
        self.callers.check_rate(actor, tool.name, tool.limit).map_err(Problem::from)
    }
}

/// Authenticates a request and denies it if its route's tier does not allow the caller.
pub(super) async fn admit(
    State(callers): State<Callers>,
    mut request: Request,
    next: Next,
) -> Response {
    let template = request.extensions().get::<MatchedPath>().cloned();
    let template = template.as_ref().map(MatchedPath::as_str);
    // An unknown path gets the page for unknown addresses.
    let declared = template.map_or(Declared::Tier(Tier::Read), |template| {
        access::route(request.method().as_str(), template)
    });
    let tier = match declared {
        Declared::Tier(tier) => tier,
        Declared::OtherMethods(methods) => return method_not_allowed(&methods),
    };
    // Pages do not depend on the session, so they must also work without the database.
    let shows_page = template.is_some_and(access::is_page);
    let caller = Caller {
        callers: callers.clone(),
        source: source_of(&callers.0.proxies, &request),
        agent_name: agent_name(request.headers()),
        sessions: if shows_page { vec![] } else { session_ids(request.headers()) },
    };
    let shown = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("?"));
    let identified = match tier {
        Tier::Public => Ok(Actor::Anonymous),
        _ => callers.identify(&caller, shown).await,
    };
    let actor = match identified {
        Ok(actor) => actor,
        Err(Error::Unauthenticated) => return callers.challenge(),
        Err(error) => return Problem::from(error).into_response(),
    };
    let asks_later = opens_socket(&request, template);
    let is_worker = matches!(actor, Actor::Worker { .. });
    if !actor.may(tier) && !asks_later && !is_worker {
        return callers.challenge();
    }
    if tier != Tier::Public {
        let (method, path) = (request.method().as_str(), request.uri().path());
        let denials = &callers.0.denials;
        if let Err(problem) = denials.check_route(&actor, method, template, path).await {
            return problem.into_response();
        }
        let template = template.unwrap_or_default();
        let (what, limit) = (format!("{method} {template}"), access::limit(method, template));
        if let Err(busy) = callers.check_rate(&actor, &what, limit) {
            return Problem::from(busy).into_response();
        }
    }
    request.extensions_mut().insert(actor.clone());
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(actor);
    response
}

/// Whether a request opens the WebSocket. It carries no operation yet, because clients may send
/// credentials in the first message.
fn opens_socket(request: &Request, template: Option<&str>) -> bool {
    template == Some(access::SOCKET)
        && is_handshake(request.method(), request.version(), request.headers())
}

fn method_not_allowed(methods: &[&'static str]) -> Response {
    let allowed = methods.join(", ");
    let text = format!("This address answers {allowed} only");
    let allow = HeaderValue::from_str(&allowed).expect("methods are plain words");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", text)
        .with_header(ALLOW, allow)
        .into_response()
}

/// A parsed `Authorization` header.
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

/// The name and the password in a Base64 text, split at the first colon; empty if there are none.
fn split(pair: &str) -> (String, String) {
    let decoded = STANDARD.decode(pair).unwrap_or_default();
    let decoded = String::from_utf8_lossy(&decoded);
    let (name, password) = decoded.split_once(':').unwrap_or_default();
    (name.to_owned(), password.to_owned())
}

/// Compares in constant time, independent of the lengths.
fn is_same(one: &str, other: &str) -> bool {
    Sha256::digest(one).ct_eq(&Sha256::digest(other)).into()
}

fn source_of(proxies: &Proxies, request: &Request) -> SourceAddress {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    proxies.source(peer.map(|ConnectInfo(peer)| *peer), request.headers())
}

/// The name that a program claims in `X-Agent-Name`.
fn agent_name(headers: &HeaderMap) -> Option<String> {
    name(headers.get("x-agent-name")?.to_str().ok()?)
}

/// The actor under the name that a request's body claims. Only a program may claim a name.
///
/// # Errors
///
/// [`Error::Invalid`] for a reserved name.
pub fn acting_as(actor: Actor, given: Option<&str>) -> Result<Actor, Error> {
    Ok(match (actor, given.and_then(name)) {
        (Actor::Agent { token, .. }, Some(name)) => {
            Actor::Agent { name: free_name("agentName", name)?, token }
        }
        (Actor::Worker { is_bound: false, .. }, Some(name)) => {
            Actor::Worker { name: free_name("agentName", name)?, is_bound: false }
        }
        (actor, _) => actor,
    })
}

/// The name, unless it is reserved.
fn free_name(field: &'static str, name: String) -> Result<String, Error> {
    match is_reserved(&name) {
        true => Err(Error::Invalid { field, reason: reserved_reason() }),
        false => Ok(name),
    }
}

/// The name if the audit log accepts it: one line, not empty, not too long.
fn name(given: &str) -> Option<String> {
    let plain: String = given.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
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
        for (pair, name, password) in
            [("sam:a:b", "sam", "a:b"), ("sam:", "sam", ""), ("sam", "", ""), ("", "", "")]
        {
            assert_eq!(split(&encoded(pair)), (name.to_owned(), password.to_owned()), "{pair:?}");
        }
        assert_eq!(split("no base64!"), (String::new(), String::new()));
    }

    #[test]
    fn a_name_is_one_short_line() {
        assert_eq!(name(" alpha\n\0 ").as_deref(), Some("alpha"));
        assert_eq!(name(" \t"), None);
        assert_eq!(name(&"x".repeat(500)).map(|name| name.len()), Some(NAME_LENGTH));
    }
}
