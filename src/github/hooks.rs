//! Creates webhooks, over GitHub's REST API: GraphQL has no operation for it.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::client::Client;
use super::error::Error;
use super::text::presentable;
use crate::domain::FullName;

/// How long the request may take.
const TIME: Duration = Duration::from_secs(15);

/// The result of creating a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewHook {
    /// It was created.
    Created,
    /// The repository has a webhook with this address already.
    Existing,
    /// The token may not create webhooks there, for this reason.
    Denied(String),
}

impl Client {
    /// Creates a webhook of a repository for some events, in JSON and with a secret. It is sent once.
    ///
    /// # Errors
    ///
    /// When GitHub does not respond, or with something unexpected.
    pub async fn create_hook(
        &self,
        name: &FullName,
        address: &Url,
        secret: &str,
        events: &[&str],
    ) -> Result<NewHook, Error> {
        let hook = json!({
            "name": "web",
            "active": true,
            "events": events,
            "config": {
                "url": address.as_str(),
                "content_type": "json",
                "secret": secret,
                "insecure_ssl": "0",
            },
        });
        let path = format!("repos/{}/{}/hooks", name.owner(), name.name());
        let (status, body) = self.for_owner(name.owner()).post(&path, &hook, TIME).await?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let message = presentable(body["message"].as_str().unwrap_or_default(), secret);
        let is_there = body["errors"].as_array().into_iter().flatten().any(|error| {
            error["message"].as_str().is_some_and(|text| text.contains("already exists"))
        });
        match status {
            StatusCode::CREATED => Ok(NewHook::Created),
            StatusCode::UNPROCESSABLE_ENTITY if is_there => Ok(NewHook::Existing),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                Ok(NewHook::Denied(format!("{} {message}", status.as_u16())))
            }
            _ => Err(Error::Refused { status: status.as_u16(), message, is_forbidden: false }),
        }
    }
}
