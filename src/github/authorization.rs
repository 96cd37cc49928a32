//! Gets the token for a request: the personal one, or one of an installation, which is requested when
//! it is missing or about to expire.
//!
//! [`Client::authorize`] is the only place that knows where tokens come from.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use tokio::time::Instant;

use super::app_tokens::{AppTokens, Installation, Token};
use super::bearer::Bearer;
use super::budget::Budget;
use super::client::Client;
use super::credentials::Credentials;
use super::error::Error;
use super::response::Received;
use crate::domain::github_budget::{Feature, Resource};

/// How often a request is sent whose token GitHub refuses, with another token or the same new one.
const MOST_TRIES: u32 = 4;

impl Client {
    /// The token for the next request about the repositories of this client's owner.
    ///
    /// # Errors
    ///
    /// [`Error::Unconfigured`] without credentials; [`Error::NoInstallation`] while GitHub gives an
    /// app no token; when a new token is needed and GitHub does not respond by `deadline`.
    pub(super) async fn authorize(&self, deadline: Instant) -> Result<Bearer, Error> {
        match self.credentials() {
            Credentials::None => Err(Error::Unconfigured),
            Credentials::Personal(bearer) => Ok(bearer.clone()),
            Credentials::App(app) => self.installation_token(app, deadline).await,
        }
    }

    /// The budget from which the next request spends; none before the first token of an
    /// installation.
    pub(super) fn budget(&self) -> Option<Arc<Budget>> {
        match self.credentials() {
            Credentials::None => None,
            Credentials::Personal(bearer) => Some(Arc::clone(bearer.budget())),
            Credentials::App(app) => app.budget(self.owner()),
        }
    }

    /// The budget of a personal token.
    pub(super) fn personal_budget(&self) -> Option<Arc<Budget>> {
        match self.credentials() {
            Credentials::Personal(bearer) => Some(Arc::clone(bearer.budget())),
            Credentials::None | Credentials::App(_) => None,
        }
    }

    /// The budgets of all principals that were used.
    pub(super) fn budgets(&self) -> Vec<Arc<Budget>> {
        match self.credentials() {
            Credentials::None => vec![],
            Credentials::Personal(bearer) => vec![Arc::clone(bearer.budget())],
            Credentials::App(app) => app.budgets(),
        }
    }

    /// The token for the same request after GitHub did not accept this one of an installation; a
    /// refused request changed nothing. None if no other may help, or too many were tried.
    pub(super) async fn another(
        &self,
        bearer: &Bearer,
        error: &Error,
        (tries, deadline): (u32, Instant),
    ) -> Result<Option<Bearer>, Error> {
        let is_unknown = matches!(error, Error::Refused { status: 401, .. });
        let is_suspended = matches!(error, Error::Refused { status: 403, message, .. }
            if message.contains("suspended"));
        let Credentials::App(app) = self.credentials() else { return Ok(None) };
        if !is_unknown && !is_suspended {
            return Ok(None);
        }
        let pause = app.discard(self.owner(), (bearer, is_unknown), self.now());
        let pause = pause.filter(|pause| Instant::now() + *pause < deadline);
        let Some(pause) = pause.filter(|_| tries < MOST_TRIES) else { return Ok(None) };
        tokio::time::sleep(pause).await;
        self.authorize(deadline).await.map(Some)
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
    /// GitHub's clock is ahead of ours by this much.
    ClockDiffers(TimeDelta),
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
            None => match self.request_token_by_either_clock(app, &installation, deadline).await {
                Ok(token) => return Ok(token),
                Err(NoToken::Failed(error)) => error,
                Err(NoToken::Refused { reason, is_for_all }) => {
                    installation.record_refusal(reason, is_for_all, now)
                }
                Err(NoToken::ClockDiffers(offset)) => {
                    let direction = if offset < TimeDelta::zero() { "ahead of" } else { "behind" };
                    let reason = format!(
                        "GitHub does not accept the time at which the app's key signed: the clock of \
                         this server is {} seconds {direction} GitHub's; set it",
                        offset.num_seconds().abs()
                    );
                    installation.record_refusal(reason, true, now)
                }
            },
        };
        // A token that could not be renewed early is used to its end.
        installation.valid(now).ok_or(failure)
    }

    /// Requests a token, by GitHub's clock if it refuses ours.
    async fn request_token_by_either_clock(
        &self,
        app: &AppTokens,
        installation: &Installation,
        deadline: Instant,
    ) -> Result<Bearer, NoToken> {
        match self.request_token(app, installation, deadline).await {
            Err(NoToken::ClockDiffers(offset)) => {
                app.set_clock_offset(offset);
                self.request_token(app, installation, deadline).await
            }
            requested => requested,
        }
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
            StatusCode::NOT_FOUND if answer.is_unknown_app() => return Err(unknown_app()),
            StatusCode::NOT_FOUND => return Err(self.not_installed(app)),
            _ => return Err(self.no_token(&answer)),
        };
        let bearer = Bearer::new(&given.token, installation.budget(id, app.limits));
        let bearer = bearer.map_err(|_| NoToken::Failed(unreadable("no token")))?;
        let ends_at = answer.here(given.expires_at);
        installation.with(|state| {
            if state.refusal.take().is_some() {
                tracing::info!(installation = id, "GitHub gives the app a token again");
            }
            state.id = Some(id);
            state.token = Some(Token { bearer: bearer.clone(), created_at: now, ends_at });
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
                StatusCode::NOT_FOUND if answer.is_unknown_app() => return Err(unknown_app()),
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
            Error::Refused { status: 401, message, .. } if is_about_time(&message) => {
                NoToken::ClockDiffers(answer.received().date() - answer.now)
            }
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
        let (core, now) = ((Resource::Core, false), self.now());
        signed.budget().check(Feature::Changes, core, now).map_err(NoToken::Failed)?;
        let request = self.rest_request(method, path);
        let left = deadline.saturating_duration_since(Instant::now());
        let request = signed.authorize(request).timeout(left.max(Duration::from_millis(1)));
        let sent = self.transmit(request, signed, (Resource::Core, None)).await;
        let (status, headers, body) = sent.map_err(|error| NoToken::Failed(not_sent(error)))?;
        let answer = AppAnswer { status, headers, body, now: self.now(), secret: signed.clone() };
        if !status.is_success() {
            self.note_limit(signed, &answer.received(), Resource::Core, &answer.failure());
        }
        Ok(answer)
    }
}

fn unknown_app() -> NoToken {
    let reason = "GitHub has no such app: check GITHUB_APP_ID".to_owned();
    NoToken::Refused { reason, is_for_all: true }
}

/// Whether a refusal is about the times in a JSON Web Token.
fn is_about_time(message: &str) -> bool {
    ["claim ('iat')", "claim ('exp')"].iter().any(|claim| message.contains(claim))
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

    /// Whether GitHub has no app of this id.
    fn is_unknown_app(&self) -> bool {
        matches!(self.failure(), Error::Refused { message, .. } if message.contains("Integration"))
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
