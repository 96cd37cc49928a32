//! Who Dispatch is for GitHub: a personal token, or a GitHub App with its installations.
//!
//! Every request gets its `Authorization` from [`Client::authorize`], which is the only place that
//! knows where tokens come from. Invariant: neither a token nor a private key is printed.

use std::fmt;
use std::sync::Arc;

use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use tokio::time::Instant;

use super::app_tokens::AppTokens;
use super::client::{Client, UnusableSettings};
use super::error::Error;

/// A GitHub App and where it is installed.
#[derive(Clone)]
pub struct AppCredentials {
    /// The app's id, or its client id.
    pub app_id: String,
    /// The only installation; without one, each owner's own installation is used.
    pub installation_id: Option<u64>,
    /// The app's RSA key in PEM, as PKCS#1 or PKCS#8.
    pub private_key: String,
}

impl fmt::Debug for AppCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppCredentials")
            .field("app_id", &self.app_id)
            .field("installation_id", &self.installation_id)
            .field("private_key", &"[redacted]")
            .finish()
    }
}

/// Where tokens come from.
pub(super) enum Credentials {
    /// There are none.
    None,
    /// A token of a user.
    Personal(Bearer),
    /// Tokens of installations of an app.
    App(AppTokens),
}

impl Credentials {
    pub(super) fn new(
        token: Option<&str>,
        app: Option<&AppCredentials>,
    ) -> Result<Self, UnusableSettings> {
        match (app, token) {
            (Some(app), _) => AppTokens::new(app).map(Self::App),
            (None, Some(token)) => Bearer::new(token).map(Self::Personal),
            (None, None) => Ok(Self::None),
        }
    }

    pub(super) fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// A token as it is sent. Cheap to clone.
#[derive(Clone)]
pub(super) struct Bearer {
    token: Arc<str>,
    header: HeaderValue,
}

impl Bearer {
    pub(super) fn new(token: &str) -> Result<Self, UnusableSettings> {
        let header = HeaderValue::try_from(format!("Bearer {token}"));
        let mut header = header.map_err(|_| {
            UnusableSettings::new("the token has characters that a header cannot carry")
        })?;
        header.set_sensitive(true);
        Ok(Self { token: token.into(), header })
    }

    /// The token itself, to remove it from texts.
    pub(super) fn secret(&self) -> &str {
        &self.token
    }

    /// Adds it to a request.
    pub(super) fn authorize(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(AUTHORIZATION, self.header.clone())
    }
}

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

    /// Whether the same request may succeed with another token: GitHub did not accept this one of an
    /// installation, which is not used again.
    pub(super) fn discard(&self, bearer: &Bearer, error: &Error) -> bool {
        let is_refused = match error {
            Error::Refused { status: 401, .. } => true,
            Error::Refused { status: 403, message, .. } => message.contains("suspended"),
            _ => false,
        };
        match self.credentials() {
            Credentials::App(app) if is_refused => app.discard(self.owner(), bearer),
            _ => false,
        }
    }
}
