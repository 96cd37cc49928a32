//! A simulated GitHub App: its installations, and the tokens that it gets for them.
//!
//! The shapes are those of GitHub's description of its REST API. A JSON Web Token must be signed with
//! the app's key and be valid for at most ten minutes; a token of an installation sees the
//! repositories of its owner only, for an hour.

use std::collections::{BTreeMap, HashMap};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, SubsecRound as _, TimeDelta, Utc};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{dated, problem};
use super::{Simulator, lock};

/// How long a token of an installation is valid.
const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// The longest time between the start and the end of a JSON Web Token.
const LONGEST: i64 = 600;

#[derive(Debug, Default)]
pub(super) struct GitHubApp {
    id: String,
    /// The public key, as PKCS#1 in DER.
    public_key: Vec<u8>,
    installations: BTreeMap<u64, Installation>,
    /// The installation of each token, and when it expires.
    tokens: HashMap<String, (u64, DateTime<Utc>)>,
    issued: u64,
    /// How many requests of the app itself were answered.
    asked: u64,
    /// How often a new token is refused before it is accepted.
    refused_first: u32,
    /// The `Retry-After` with which the app itself is refused, in seconds.
    retry_after: Option<u32>,
}

#[derive(Debug, Clone)]
struct Installation {
    owner: String,
    is_suspended: bool,
}

/// Who presents a token.
pub(super) enum Presented {
    /// An installation of the app, by its owner.
    Installation { owner: String },
    /// An installation that was suspended since.
    Suspended,
    /// Nobody: the token is unknown or has expired.
    Nobody,
}

impl Simulator {
    /// Accepts only tokens of this app's installations from now on. The key is its public RSA key, as
    /// PKCS#1 in DER.
    pub fn register_app(&self, id: &str, public_key: &[u8]) {
        let app =
            GitHubApp { id: id.into(), public_key: public_key.into(), ..GitHubApp::default() };
        *lock(&self.shared.app) = Some(app);
    }

    /// Installs the app for an owner.
    pub fn install_app(&self, id: u64, owner: &str) {
        let installation = Installation { owner: owner.to_owned(), is_suspended: false };
        self.with_app(|app| app.installations.insert(id, installation));
    }

    /// Suspends an installation, or ends that. Its tokens are refused meanwhile.
    pub fn suspend_installation(&self, id: u64, is_suspended: bool) {
        self.with_app(|app| {
            if let Some(installation) = app.installations.get_mut(&id) {
                installation.is_suspended = is_suspended;
            }
        });
    }

    /// Uninstalls the app, which ends its tokens.
    pub fn uninstall_app(&self, id: u64) {
        self.with_app(|app| {
            app.installations.remove(&id);
            app.tokens.retain(|_, (of, _)| *of != id);
        });
    }

    /// Ends all tokens, as GitHub does when somebody revokes them.
    pub fn revoke_tokens(&self) {
        self.with_app(|app| app.tokens.clear());
    }

    /// Replaces the app's key; see [`register_app`](Self::register_app). Tokens stay valid.
    pub fn register_app_key(&self, public_key: &[u8]) {
        self.with_app(|app| app.public_key = public_key.into());
    }

    /// Refuses the next tokens so many times, as servers do that do not know a new token yet.
    pub fn refuse_tokens_first(&self, times: u32) {
        self.with_app(|app| app.refused_first = times);
    }

    /// Refuses the app's own requests by a rate limit, with this `Retry-After` in seconds.
    pub fn limit_app(&self, retry_after: Option<u32>) {
        self.with_app(|app| app.retry_after = retry_after);
    }

    /// How many requests of the app itself were answered.
    pub fn requests_of_app(&self) -> u64 {
        lock(&self.shared.app).as_ref().map_or(0, |app| app.asked)
    }

    /// How many tokens were issued.
    pub fn issued_tokens(&self) -> u64 {
        lock(&self.shared.app).as_ref().map_or(0, |app| app.issued)
    }

    fn with_app<T>(&self, change: impl FnOnce(&mut GitHubApp) -> T) -> Option<T> {
        lock(&self.shared.app).as_mut().map(change)
    }

    /// The only owner whose repositories the request may see; none when it may see all.
    pub(super) fn check_token(&self, headers: &HeaderMap) -> Result<Option<String>, Response> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer "));
        match given.and_then(|given| self.presented(given)) {
            None => {}
            Some(Presented::Installation { owner }) => return Ok(Some(owner)),
            Some(Presented::Suspended) => {
                let message = "This installation has been suspended";
                return Err(problem(StatusCode::FORBIDDEN, message));
            }
            Some(Presented::Nobody) => {
                return Err(problem(StatusCode::UNAUTHORIZED, "Bad credentials"));
            }
        }
        match (given, self.manners().token) {
            (Some(given), Some(wanted)) if given != wanted => {
                Err(problem(StatusCode::UNAUTHORIZED, "Bad credentials"))
            }
            (Some(_), _) => Ok(None),
            (None, _) => Err(problem(
                StatusCode::FORBIDDEN,
                "API rate limit exceeded for 192.0.2.1. (But here's the good news: Authenticated \
                 requests get a higher rate limit.)",
            )),
        }
    }

    /// Who presents a token; none without an app.
    pub(super) fn presented(&self, token: &str) -> Option<Presented> {
        let now = self.now();
        self.with_app(|app| match app.tokens.get(token) {
            Some(_) if app.refused_first > 0 => {
                app.refused_first -= 1;
                Presented::Nobody
            }
            Some((id, expires_at)) if *expires_at > now => match app.installations.get(id) {
                Some(one) if one.is_suspended => Presented::Suspended,
                Some(one) => Presented::Installation { owner: one.owner.clone() },
                None => Presented::Nobody,
            },
            _ => Presented::Nobody,
        })
    }
}

pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/app/installations/{id}/access_tokens", post(create_token))
        .route("/users/{owner}/installation", get(installation_of_owner))
        .route("/orgs/{owner}/installation", get(installation_of_owner))
        .route("/repos/{owner}/{name}/installation", get(installation_of_repository))
}

async fn create_token(
    State(simulator): State<Simulator>,
    Path(id): Path<u64>,
    headers: HeaderMap,
) -> Response {
    let now = simulator.now();
    as_app(&simulator, &headers, |app| match app.installations.get(&id) {
        None => not_found(),
        Some(installation) if installation.is_suspended => {
            problem(StatusCode::FORBIDDEN, "This installation has been suspended")
        }
        Some(_) => {
            app.issued += 1;
            let token = format!("ghs_{:036}", app.issued);
            let expires_at = (now + LIFETIME).trunc_subsecs(0);
            app.tokens.insert(token.clone(), (id, expires_at));
            let body = json!({
                "token": token,
                "expires_at": expires_at.to_rfc3339_opts(SecondsFormat::Secs, true),
                "permissions": { "issues": "write", "metadata": "read" },
                "repository_selection": "all",
            });
            (StatusCode::CREATED, Json(body)).into_response()
        }
    })
}

async fn installation_of_owner(
    State(simulator): State<Simulator>,
    Path(owner): Path<String>,
    headers: HeaderMap,
) -> Response {
    as_app(&simulator, &headers, |app| installation_of(app, &owner))
}

async fn installation_of_repository(
    State(simulator): State<Simulator>,
    Path((owner, _)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    as_app(&simulator, &headers, |app| installation_of(app, &owner))
}

fn installation_of(app: &GitHubApp, owner: &str) -> Response {
    let mut all = app.installations.iter();
    let Some((id, found)) = all.find(|(_, one)| one.owner.eq_ignore_ascii_case(owner)) else {
        return not_found();
    };
    let at = "2026-01-05T09:00:00Z";
    let suspended_at = found.is_suspended.then_some(at);
    Json(json!({
        "id": id,
        "account": { "login": found.owner, "id": 1, "type": "Organization" },
        "repository_selection": "all",
        "access_tokens_url": format!("https://api.github.com/app/installations/{id}/access_tokens"),
        "repositories_url": "https://api.github.com/installation/repositories",
        "html_url": format!("https://github.com/organizations/{owner}/settings/installations/{id}"),
        "app_id": app.id.parse().unwrap_or(1),
        "app_slug": "dispatch",
        "target_id": 1,
        "target_type": "Organization",
        "permissions": { "issues": "write", "metadata": "read" },
        "events": ["issues"],
        "single_file_name": null,
        "created_at": at,
        "updated_at": at,
        "suspended_by": null,
        "suspended_at": suspended_at,
    }))
    .into_response()
}

fn not_found() -> Response {
    problem(StatusCode::NOT_FOUND, "Not Found")
}

fn as_app(
    simulator: &Simulator,
    headers: &HeaderMap,
    answer: impl FnOnce(&mut GitHubApp) -> Response,
) -> Response {
    let now = simulator.now();
    let answered = simulator.with_app(|app| {
        app.asked += 1;
        match (app.retry_after, app.check(headers, now)) {
            (Some(secs), _) => {
                let mut limited = problem(StatusCode::FORBIDDEN, "API rate limit exceeded");
                limited.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
                limited
            }
            (None, Ok(())) => answer(app),
            (None, Err(UNKNOWN)) => problem(StatusCode::NOT_FOUND, UNKNOWN),
            (None, Err(message)) => problem(StatusCode::UNAUTHORIZED, message),
        }
    });
    let answered = answered.unwrap_or_else(|| problem(StatusCode::NOT_FOUND, UNKNOWN));
    dated(answered, now)
}

/// What GitHub says of the id of no app.
const UNKNOWN: &str = "Integration not found";

impl GitHubApp {
    /// Checks the JSON Web Token of a request.
    fn check(&self, headers: &HeaderMap, now: DateTime<Utc>) -> Result<(), &'static str> {
        #[derive(Deserialize)]
        struct Claims {
            iat: i64,
            exp: i64,
            iss: Value,
        }
        const UNDECODABLE: &str = "A JSON web token could not be decoded";
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(|value| value.strip_prefix("Bearer ")).ok_or(UNDECODABLE)?;
        let (signed, signature) = token.rsplit_once('.').ok_or(UNDECODABLE)?;
        let (head, claims) = signed.split_once('.').ok_or(UNDECODABLE)?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| UNDECODABLE);
        let head: Value = serde_json::from_slice(&decoded(head)?).map_err(|_| UNDECODABLE)?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key);
        let is_signed = key.verify(signed.as_bytes(), &decoded(signature)?).is_ok();
        let claims: Claims = serde_json::from_slice(&decoded(claims)?).map_err(|_| UNDECODABLE)?;
        let issuer = claims.iss.as_str().map_or_else(|| claims.iss.to_string(), str::to_owned);
        let now = now.timestamp();
        if issuer != self.id {
            Err(UNKNOWN)
        } else if head["alg"] != "RS256" || !is_signed {
            Err(UNDECODABLE)
        } else if claims.iat > now {
            Err("'Issued at' claim ('iat') must be an Integer representing the time that the \
                 assertion was issued")
        } else if claims.exp <= now {
            Err("'Expiration time' claim ('exp') must be a numeric value representing the future \
                 time at which the assertion expires")
        } else if claims.exp - claims.iat > LONGEST {
            Err("'Expiration time' claim ('exp') is too far in the future")
        } else {
            Ok(())
        }
    }
}
