//! Tokens of the installations of a GitHub App.
//!
//! An app proves itself with a short-lived JSON Web Token, for which GitHub gives a token of one
//! installation that lasts an hour. Each token is requested once, however many requests wait for it,
//! and renewed before it expires. A missing or suspended installation is remembered with its reason
//! and tried again after a pause, so it costs a request now and then and stops nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use reqwest::{Method, StatusCode};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::client::{Client, UnusableSettings};
use super::credentials::{AppCredentials, Bearer};
use super::error::Error;
use super::response::Received;

/// How long before its end a token is renewed.
const EARLY: TimeDelta = TimeDelta::minutes(5);

/// How far the start of a JSON Web Token is set back, for clocks that differ.
const BACKDATED: TimeDelta = TimeDelta::seconds(60);

/// How long a JSON Web Token is valid from now; GitHub accepts ten minutes between start and end.
const VALID: TimeDelta = TimeDelta::seconds(540);

/// The pause after GitHub refused a token; each further one is twice as long.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(30);

/// The longest pause.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(15);

/// An app that asks for tokens.
pub(super) struct AppTokens {
    app_id: String,
    installation_id: Option<u64>,
    key: RsaKeyPair,
    /// One for each owner in lower case, or a single one for the only installation.
    installations: Mutex<HashMap<String, Arc<Installation>>>,
}

#[derive(Default)]
struct Installation {
    /// Held while a token is requested, so that others wait for the same one.
    renewal: tokio::sync::Mutex<()>,
    state: Mutex<InstallationState>,
}

#[derive(Default)]
struct InstallationState {
    token: Option<(Bearer, DateTime<Utc>)>,
    id: Option<u64>,
    refusal: Option<Refusal>,
}

/// GitHub gave no token.
struct Refusal {
    error: Error,
    retry_at: DateTime<Utc>,
    pause: TimeDelta,
}

impl AppTokens {
    pub(super) fn new(app: &AppCredentials) -> Result<Self, UnusableSettings> {
        let unusable = |_| UnusableSettings::new("the private key of the app cannot be used");
        let key = match PrivateKeyDer::from_pem_slice(app.private_key.as_bytes()) {
            Ok(PrivateKeyDer::Pkcs1(key)) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            Ok(PrivateKeyDer::Pkcs8(key)) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            _ => return Err(UnusableSettings::new("the private key of the app is no RSA key")),
        };
        Ok(Self {
            app_id: app.app_id.clone(),
            installation_id: app.installation_id,
            key: key.map_err(unusable)?,
            installations: Mutex::default(),
        })
    }

    /// The installation for an owner's repositories; of an unknown owner if there is only one.
    fn installation(&self, owner: Option<&str>) -> Result<Arc<Installation>, Error> {
        let key = match (self.installation_id, owner) {
            (Some(_), _) => String::new(),
            (None, Some(owner)) => owner.to_lowercase(),
            (None, None) => {
                let reason = "the request names no owner whose installation it is for".to_owned();
                return Err(Error::Unintelligible { reason });
            }
        };
        let mut all = self.installations.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(all.entry(key).or_default()))
    }

    /// Whether requests about different owners need different tokens.
    pub(super) fn is_one_for_each_owner(&self) -> bool {
        self.installation_id.is_none()
    }

    /// Stops using a token. False if it had been replaced before, or there is none to replace.
    pub(super) fn discard(&self, owner: Option<&str>, bearer: &Bearer) -> bool {
        let Ok(installation) = self.installation(owner) else { return false };
        installation.with(|state| {
            if state.token.as_ref().is_some_and(|(token, _)| token.secret() == bearer.secret()) {
                state.token = None;
            }
        });
        true
    }

    /// A JSON Web Token that says who asks.
    fn signed(&self, now: DateTime<Utc>) -> Result<Bearer, Error> {
        let unusable = || Error::Unintelligible { reason: "the app's key does not sign".into() };
        let (from, to) = (now - BACKDATED, now + VALID);
        let claims = json!({ "iat": from.timestamp(), "exp": to.timestamp(), "iss": self.app_id });
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| unusable())?;
        Bearer::new(&format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
            .map_err(|_| unusable())
    }
}

impl Installation {
    fn with<T>(&self, look: impl FnOnce(&mut InstallationState) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The token, if it need not be renewed yet.
    fn fresh(&self, now: DateTime<Utc>) -> Option<Bearer> {
        self.with(|state| {
            let (token, ends_at) = state.token.as_ref()?;
            (now < *ends_at - EARLY).then(|| token.clone())
        })
    }

    /// The token, if it is still valid.
    fn valid(&self, now: DateTime<Utc>) -> Option<Bearer> {
        self.with(|state| {
            let (token, ends_at) = state.token.as_ref()?;
            (now < *ends_at).then(|| token.clone())
        })
    }

    /// Why GitHub is not asked again yet.
    fn refusal(&self, now: DateTime<Utc>) -> Option<Error> {
        self.with(|state| {
            let refusal = state.refusal.as_ref()?;
            (now < refusal.retry_at).then(|| refusal.error.clone())
        })
    }

    fn record_refusal(&self, reason: String, is_for_all: bool, now: DateTime<Utc>) -> Error {
        self.with(|state| {
            let pause = state.refusal.as_ref().map_or(FIRST_PAUSE, |last| last.pause * 2);
            let pause = pause.min(LONGEST_PAUSE);
            let retry_at = now + pause;
            let at = retry_at.to_rfc3339_opts(SecondsFormat::Secs, true);
            let reason = format!("{reason}; it is tried again at {at}");
            if state.refusal.is_none() {
                tracing::warn!(reason, "GitHub gives the app no token");
            }
            let error = Error::NoInstallation { reason, is_for_all };
            state.refusal = Some(Refusal { error: error.clone(), retry_at, pause });
            // It may have another id when it is installed again.
            state.id = None;
            error
        })
    }
}

/// A token of an installation, as far as it is used.
#[derive(Deserialize)]
struct InstallationToken {
    token: String,
    expires_at: DateTime<Utc>,
}

/// An installation, as far as it is used.
#[derive(Deserialize)]
struct FoundInstallation {
    id: u64,
}

/// Why there is no token.
enum NoToken {
    /// GitHub refuses it for a reason that somebody has to do something about.
    Refused { reason: String, is_for_all: bool },
    /// The request failed.
    Failed(Error),
}

impl Client {
    /// The token of the installation for this client's owner, from the cache or from GitHub.
    pub(super) async fn installation_token(
        &self,
        app: &AppTokens,
        deadline: Instant,
    ) -> Result<Bearer, Error> {
        let installation = app.installation(self.owner())?;
        if let Some(token) = installation.fresh(self.now()) {
            return Ok(token);
        }
        let _renewal = installation.renewal.lock().await;
        let now = self.now();
        if let Some(token) = installation.fresh(now) {
            return Ok(token);
        }
        let failure = match installation.refusal(now) {
            Some(refusal) => refusal,
            None => match self.request_token(app, &installation, deadline).await {
                Ok(token) => return Ok(token),
                Err(NoToken::Failed(error)) => error,
                Err(NoToken::Refused { reason, is_for_all }) => {
                    installation.record_refusal(reason, is_for_all, now)
                }
            },
        };
        // A token that could not be renewed early is used to its end.
        installation.valid(now).ok_or(failure)
    }

    async fn request_token(
        &self,
        app: &AppTokens,
        installation: &Installation,
        deadline: Instant,
    ) -> Result<Bearer, NoToken> {
        let now = self.now();
        let signed = app.signed(now).map_err(NoToken::Failed)?;
        let known = app.installation_id.or_else(|| installation.with(|state| state.id));
        let id = match known {
            Some(id) => id,
            None => self.find_installation(&signed, deadline).await?,
        };
        let path = format!("app/installations/{id}/access_tokens");
        let answer = self.ask_as_app(Method::POST, &path, &signed, deadline).await?;
        let given: InstallationToken = match answer.status {
            StatusCode::CREATED => answer.read()?,
            StatusCode::NOT_FOUND => return Err(self.not_installed(app)),
            _ => return Err(self.no_token(&answer)),
        };
        let bearer = Bearer::new(&given.token);
        let bearer = bearer.map_err(|_| NoToken::Failed(unreadable("no token")))?;
        let ends_at = answer.here(given.expires_at);
        installation.with(|state| {
            if state.refusal.take().is_some() {
                tracing::info!(installation = id, "GitHub gives the app a token again");
            }
            state.id = Some(id);
            state.token = Some((bearer.clone(), ends_at));
        });
        Ok(bearer)
    }

    /// The id of the app's installation of this client's owner, a person or an organisation.
    async fn find_installation(&self, signed: &Bearer, deadline: Instant) -> Result<u64, NoToken> {
        let owner = self.owner().unwrap_or_default();
        for kind in ["users", "orgs"] {
            let path = format!("{kind}/{owner}/installation");
            let answer = self.ask_as_app(Method::GET, &path, signed, deadline).await?;
            match answer.status {
                StatusCode::OK => return Ok(answer.read::<FoundInstallation>()?.id),
                StatusCode::NOT_FOUND => {}
                _ => return Err(self.no_token(&answer)),
            }
        }
        let reason = format!(
            "The GitHub App is not installed for {owner}: install it there, or stop tracking its \
             repositories"
        );
        Err(NoToken::Refused { reason, is_for_all: false })
    }

    fn not_installed(&self, app: &AppTokens) -> NoToken {
        let reason = match (app.installation_id, self.owner()) {
            (None, Some(owner)) => {
                format!("The GitHub App was uninstalled for {owner}: install it there again")
            }
            (id, _) => format!(
                "GitHub has no installation {} of the app: install it again and check \
                 GITHUB_APP_INSTALLATION_ID",
                id.unwrap_or_default()
            ),
        };
        NoToken::Refused { reason, is_for_all: app.installation_id.is_some() }
    }

    fn no_token(&self, answer: &AppAnswer) -> NoToken {
        match answer.failure() {
            Error::Refused { status: 401, message, .. } => NoToken::Refused {
                reason: format!(
                    "GitHub does not accept the app's key ({message}): check GITHUB_APP_ID and \
                     GITHUB_APP_PRIVATE_KEY"
                ),
                is_for_all: true,
            },
            Error::Refused { status: 403, message, .. } => {
                let owner = self.owner().map(|owner| format!(" for {owner}"));
                NoToken::Refused {
                    reason: format!(
                        "GitHub gives the app no token{} ({message}): if the installation is \
                         suspended, unsuspend it in its settings on GitHub",
                        owner.unwrap_or_default()
                    ),
                    is_for_all: !self.has_token_for_each_owner(),
                }
            }
            error => NoToken::Failed(not_sent(error)),
        }
    }

    async fn ask_as_app(
        &self,
        method: Method,
        path: &str,
        signed: &Bearer,
        deadline: Instant,
    ) -> Result<AppAnswer, NoToken> {
        let request = self.rest_request(method, path);
        let left = deadline.saturating_duration_since(Instant::now());
        let request = signed.authorize(request).timeout(left.max(Duration::from_millis(1)));
        let sent = self.transmit(request, signed.secret()).await;
        let (status, headers, body) = sent.map_err(|error| NoToken::Failed(not_sent(error)))?;
        Ok(AppAnswer { status, headers, body, now: self.now(), secret: signed.clone() })
    }
}

/// A response to the app itself.
struct AppAnswer {
    status: StatusCode,
    headers: reqwest::header::HeaderMap,
    body: Vec<u8>,
    now: DateTime<Utc>,
    secret: Bearer,
}

impl AppAnswer {
    fn received(&self) -> Received<'_> {
        Received {
            status: self.status,
            headers: &self.headers,
            body: &self.body,
            now: self.now,
            token: self.secret.secret(),
        }
    }

    fn failure(&self) -> Error {
        self.received().failure()
    }

    /// A time of GitHub by our own clock.
    fn here(&self, theirs: DateTime<Utc>) -> DateTime<Utc> {
        self.received().here(theirs)
    }

    fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, NoToken> {
        let read = serde_json::from_slice(&self.body);
        // The error of a parser may quote what it reads.
        read.map_err(|_| NoToken::Failed(unreadable("not what GitHub describes")))
    }
}

fn unreadable(what: &str) -> Error {
    Error::Unreachable {
        reason: format!("GitHub's answer to the app cannot be understood: {what}"),
        timed_out: false,
        ambiguous: false,
    }
}

/// The failure of a request for a token: the request that needs the token was not sent.
fn not_sent(error: Error) -> Error {
    match error {
        Error::Unreachable { reason, timed_out: _, ambiguous: _ } => {
            Error::Unreachable { reason, timed_out: false, ambiguous: false }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_none_is_refused_without_being_shown() {
        let app = AppCredentials {
            app_id: "1".to_owned(),
            installation_id: None,
            private_key:
                "-----BEGIN RSA PRIVATE KEY-----\naHVudGVyMg==\n-----END RSA PRIVATE KEY-----"
                    .to_owned(),
        };
        let error = AppTokens::new(&app).err().expect("unusable").to_string();
        assert!(error.contains("private key") && !error.contains("aHVu"), "{error}");
        assert!(!format!("{app:?}").contains("aHVu"));
    }
}
