//! Tokens of the installations of a GitHub App.
//!
//! An app proves itself with a short-lived JSON Web Token, for which GitHub gives a token of one
//! installation that lasts an hour; `authorization` requests it. Each token is requested once, however many requests wait for it,
//! and renewed before it expires. A missing or suspended installation is remembered with its reason
//! and tried again after a pause, so it costs a request now and then and stops nothing else.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

use super::bearer::{Bearer, UnusableSettings};
use super::budget::{Budget, BudgetLimits};
use super::error::Error;

/// How long before its end a token is renewed.
const EARLY: TimeDelta = TimeDelta::minutes(5);

/// How far the start of a JSON Web Token is set back, for clocks that differ.
const BACKDATED: TimeDelta = TimeDelta::seconds(60);

/// How long a JSON Web Token is valid from now; GitHub accepts ten minutes between start and end.
const VALID: TimeDelta = TimeDelta::seconds(540);

/// How long GitHub may refuse a token after its creation: not all of its servers know it yet.
const REPLICATION: TimeDelta = TimeDelta::seconds(5);

/// The pause before such a token is used again.
const REPLICATION_PAUSE: Duration = Duration::from_secs(1);

/// The pause after GitHub refused a token; each further one is twice as long.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(30);

/// The longest pause.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(15);

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

/// An app that asks for tokens.
pub(super) struct AppTokens {
    app_id: String,
    pub(super) installation_id: Option<u64>,
    key: RsaKeyPair,
    pub(super) limits: BudgetLimits,
    /// The requests of the app itself, which GitHub counts apart; there are a few in an hour.
    budget: Arc<Budget>,
    /// How far GitHub's clock is ahead of ours, if it refused a JSON Web Token because of that.
    clock_offset: Mutex<TimeDelta>,
    /// One for each owner in lower case, or a single one for the only installation.
    installations: Mutex<HashMap<String, Arc<Installation>>>,
}

#[derive(Default)]
pub(super) struct Installation {
    /// Held while a token is requested, so that others wait for the same one.
    pub(super) renewal: tokio::sync::Mutex<()>,
    state: Mutex<InstallationState>,
}

#[derive(Default)]
pub(super) struct InstallationState {
    pub(super) token: Option<Token>,
    /// The budget of the installation with its id.
    budget: Option<(u64, Arc<Budget>)>,
    pub(super) id: Option<u64>,
    pub(super) refusal: Option<Refusal>,
}

/// A token of an installation.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) bearer: Bearer,
    pub(super) created_at: DateTime<Utc>,
    pub(super) ends_at: DateTime<Utc>,
}

/// GitHub gave no token.
pub(super) struct Refusal {
    error: Error,
    retry_at: DateTime<Utc>,
    pause: TimeDelta,
}

impl AppTokens {
    pub(super) fn new(
        app: &AppCredentials,
        limits: BudgetLimits,
    ) -> Result<Self, UnusableSettings> {
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
            limits,
            budget: Budget::new(limits, None),
            clock_offset: Mutex::default(),
            installations: Mutex::default(),
        })
    }

    /// The installation for an owner's repositories; of an unknown owner if there is only one.
    pub(super) fn installation(&self, owner: Option<&str>) -> Result<Arc<Installation>, Error> {
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

    /// The budget of the installation for an owner.
    pub(super) fn budget(&self, owner: Option<&str>) -> Option<Arc<Budget>> {
        let installation = self.installation(owner).ok()?;
        installation.with(|state| state.budget.as_ref().map(|(_, budget)| Arc::clone(budget)))
    }

    pub(super) fn budgets(&self) -> Vec<Arc<Budget>> {
        let all = self.installations.lock().unwrap_or_else(PoisonError::into_inner);
        let budgets = all.values().filter_map(|one| one.with(|state| state.budget.clone()));
        budgets.map(|(_, budget)| budget).collect()
    }

    /// Whether there is a token of an owner's own installation.
    pub(super) fn has_token_of(&self, owner: &str) -> bool {
        let all = self.installations.lock().unwrap_or_else(PoisonError::into_inner);
        let installation = all.get(&owner.to_lowercase());
        installation.is_some_and(|one| one.with(|state| state.token.is_some()))
    }

    /// Stops using a token that GitHub refused, and says how long to wait before another request. A
    /// new token is kept if GitHub did not know it. None if there are no tokens for this owner.
    pub(super) fn discard(
        &self,
        owner: Option<&str>,
        (bearer, is_unknown): (&Bearer, bool),
        now: DateTime<Utc>,
    ) -> Option<Duration> {
        let is_refused = |token: &&Token| token.bearer.secret() == bearer.secret();
        self.installation(owner).ok()?.with(|state| {
            let Some(token) = state.token.as_ref().filter(is_refused) else {
                // It was replaced meanwhile.
                return Some(Duration::ZERO);
            };
            if is_unknown && now < token.created_at + REPLICATION {
                return Some(REPLICATION_PAUSE);
            }
            state.token = None;
            Some(Duration::ZERO)
        })
    }

    /// Takes over GitHub's clock for JSON Web Tokens.
    pub(super) fn set_clock_offset(&self, offset: TimeDelta) {
        *self.clock_offset.lock().unwrap_or_else(PoisonError::into_inner) = offset;
    }

    /// A JSON Web Token that says who asks.
    pub(super) fn signed(&self, now: DateTime<Utc>) -> Result<Bearer, Error> {
        let now = now + *self.clock_offset.lock().unwrap_or_else(PoisonError::into_inner);
        let unusable = || Error::Unintelligible { reason: "the app's key does not sign".into() };
        let (from, to) = (now - BACKDATED, now + VALID);
        let claims = json!({ "iat": from.timestamp(), "exp": to.timestamp(), "iss": self.app_id });
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| unusable())?;
        let token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
        Bearer::new(&token, Arc::clone(&self.budget)).map_err(|_| unusable())
    }
}

impl Installation {
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut InstallationState) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The token, if it need not be renewed yet.
    pub(super) fn fresh(&self, now: DateTime<Utc>) -> Option<Bearer> {
        self.with(|state| {
            let token = state.token.as_ref()?;
            (now < token.ends_at - EARLY).then(|| token.bearer.clone())
        })
    }

    /// The token, if it is still valid.
    pub(super) fn valid(&self, now: DateTime<Utc>) -> Option<Bearer> {
        self.with(|state| {
            let token = state.token.as_ref()?;
            (now < token.ends_at).then(|| token.bearer.clone())
        })
    }

    /// Why GitHub is not asked again yet.
    pub(super) fn refusal(&self, now: DateTime<Utc>) -> Option<Error> {
        self.with(|state| {
            let refusal = state.refusal.as_ref()?;
            (now < refusal.retry_at).then(|| refusal.error.clone())
        })
    }

    /// The budget of the installation with this id, which each of its tokens spends from.
    pub(super) fn budget(&self, id: u64, limits: BudgetLimits) -> Arc<Budget> {
        self.with(|state| match &state.budget {
            Some((of, budget)) if *of == id => Arc::clone(budget),
            _ => {
                let budget = Budget::new(limits, Some(format!("installation:{id}")));
                state.budget = Some((id, Arc::clone(&budget)));
                budget
            }
        })
    }

    pub(super) fn record_refusal(
        &self,
        reason: String,
        is_for_all: bool,
        now: DateTime<Utc>,
    ) -> Error {
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
        let error =
            AppTokens::new(&app, BudgetLimits::default()).err().expect("unusable").to_string();
        assert!(error.contains("private key") && !error.contains("aHVu"), "{error}");
        assert!(!format!("{app:?}").contains("aHVu"));
    }
}
