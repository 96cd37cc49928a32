//! A token as it is sent, and the budget that it spends from. Invariant: a token is never printed.

use std::sync::Arc;

use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderValue};

use super::budget::Budget;

/// The settings are invalid.
#[derive(Debug, thiserror::Error)]
#[error("the client of GitHub cannot be set up: {0}")]
pub struct UnusableSettings(String);

impl UnusableSettings {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// A token as it is sent. Cheap to clone.
#[derive(Clone)]
pub(super) struct Bearer {
    token: Arc<str>,
    header: HeaderValue,
    /// The budget of its principal.
    budget: Arc<Budget>,
}

impl Bearer {
    pub(super) fn new(token: &str, budget: Arc<Budget>) -> Result<Self, UnusableSettings> {
        let header = HeaderValue::try_from(format!("Bearer {token}"));
        let mut header = header.map_err(|_| {
            UnusableSettings::new("the token has characters that a header cannot carry")
        })?;
        header.set_sensitive(true);
        Ok(Self { token: token.into(), header, budget })
    }

    /// The token itself, to remove it from texts.
    pub(super) fn secret(&self) -> &str {
        &self.token
    }

    /// The budget from which it spends.
    pub(super) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Adds it to a request.
    pub(super) fn authorize(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(AUTHORIZATION, self.header.clone())
    }
}
