//! Whose limits a personal token spends from: its user, who may have other tokens.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use tokio::time::Instant;

use super::client::Client;
use super::error::Error;

/// How long the request may take.
const TIME: Duration = Duration::from_secs(5);

/// How long after a failure it is asked again.
const PAUSE: TimeDelta = TimeDelta::minutes(1);

#[derive(Deserialize)]
struct User {
    login: String,
}

impl Client {
    /// Asks GitHub whose the personal token is, unless that is known. A failure is logged and tried
    /// again after a minute: until then, the budget is this process's own.
    pub async fn name_principal(&self) {
        let Some(budget) = self.personal_budget() else { return };
        if budget.principal().is_some() || !budget.may_ask_for_name(self.now(), PAUSE) {
            return;
        }
        match self.login().await {
            Ok(login) => budget.name(&format!("user:{}", login.to_lowercase())),
            Err(error) => tracing::info!(%error, "whose token it is could not be read from GitHub"),
        }
    }

    async fn login(&self) -> Result<String, Error> {
        let request = self.rest_request(Method::GET, "user").timeout(TIME);
        let (status, _, body) = self.send_rest(request, false, Instant::now() + TIME).await?;
        if status != StatusCode::OK {
            let message = "it does not say whose the token is".to_owned();
            return Err(Error::Refused { status: status.as_u16(), message, is_forbidden: false });
        }
        let user: Result<User, _> = serde_json::from_slice(&body);
        let unreadable = |_| Error::Unintelligible { reason: "it names no user".to_owned() };
        Ok(user.map_err(unreadable)?.login)
    }
}
