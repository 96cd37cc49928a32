//! The addresses that earlier versions had for webhooks. They feed the same inbox, and answer with texts
//! of their own.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::answer::json;
use super::Sent;
use crate::github;
use crate::middleware::{Problem, ProblemDocument, Public};
use crate::service::App;

/// The response of `/api/issues/webhook`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct IssueWebhook<'a> {
    /// A text for people.
    message: &'static str,
    /// The action, when a label was added or removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    /// The label that was added or removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// The labels that the issue has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<String>>,
    /// Present when a comment was added. Always false: comments do not change the grooming.
    #[serde(skip_serializing_if = "Option::is_none")]
    grooming_stale: Option<bool>,
}

/// Receives a delivery of a webhook. Use `POST /api/webhooks/github` for new webhooks.
#[utoipa::path(
    post,
    path = "/api/issues/webhook",
    tag = "webhooks",
    operation_id = "receiveIssueWebhook",
    params(
        ("X-GitHub-Event" = String, Header, description = "The name of the event."),
        ("X-Hub-Signature-256" = String, Header, description = "The signature of the body."),
    ),
    request_body(content = crate::rest::schemas::Anything, description = "The payload, at most 25 MB."),
    responses(
        (status = 200, description = "The delivery is stored.", body = IssueWebhook<'_>),
        (status = 400, description = "A header is missing or invalid.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "The signature is missing or wrong.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The payload is longer than 25 MB.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`WEBHOOK_SECRET` is not set, or the database does not respond.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(in crate::rest) async fn issues(
    Public(app): Public<App>,
    request: Request,
) -> Result<Response, Problem> {
    let (sent, action) = stored(&app, request).await?;
    let payload = sent.payload();
    let nothing = IssueWebhook {
        message: "Event ignored",
        action: None,
        label: None,
        labels: None,
        grooming_stale: None,
    };
    let answer = match (sent.header(super::EVENT)?, action.as_deref()) {
        ("issues", Some(action @ ("labeled" | "unlabeled"))) => {
            match github::webhooks::label_change(&payload) {
                Ok(change) => IssueWebhook {
                    message: "Labels updated",
                    action: Some(action),
                    label: Some(change.label),
                    labels: Some(change.labels),
                    ..nothing
                },
                Err(_) => nothing,
            }
        }
        ("issue_comment", Some("created")) => {
            IssueWebhook { message: "Comment received", grooming_stale: Some(false), ..nothing }
        }
        ("issues", Some(_)) => IssueWebhook { message: "Issue updated", ..nothing },
        _ => nothing,
    };
    Ok(json(StatusCode::OK, &answer))
}

/// The response of `/api/pr-followup/webhook`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", untagged)]
pub(in crate::rest) enum FollowUpWebhook {
    /// An event that may need a follow-up.
    Counted {
        /// How many events the delivery has: always 1.
        #[serde(rename = "eventsReceived")]
        events_received: u32,
        /// How many were added to the queue of fixes: always 0, because there is no such queue yet.
        enqueued: u32,
        /// How many were not.
        skipped: u32,
    },
    /// Any other event.
    Other {
        /// A text for people.
        message: &'static str,
    },
}

/// The events that may need a follow-up.
const FOLLOW_UPS: [&str; 5] = [
    "pull_request_review",
    "pull_request_review_comment",
    "issue_comment",
    "check_run",
    "pull_request",
];

/// Receives a delivery of a webhook. Use `POST /api/webhooks/github` for new webhooks.
#[utoipa::path(
    post,
    path = "/api/pr-followup/webhook",
    tag = "webhooks",
    operation_id = "receiveFollowUpWebhook",
    params(
        ("X-GitHub-Event" = String, Header, description = "The name of the event."),
        ("X-Hub-Signature-256" = String, Header, description = "The signature of the body."),
    ),
    request_body(content = crate::rest::schemas::Anything, description = "The payload, at most 25 MB."),
    responses(
        (status = 200, description = "The delivery is stored.", body = FollowUpWebhook),
        (status = 400, description = "A header is missing or invalid.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "The signature is missing or wrong.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The payload is longer than 25 MB.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`WEBHOOK_SECRET` is not set, or the database does not respond.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(in crate::rest) async fn pull_requests(
    Public(app): Public<App>,
    request: Request,
) -> Result<Response, Problem> {
    let (sent, _) = stored(&app, request).await?;
    let answer = match FOLLOW_UPS.contains(&sent.header(super::EVENT)?) {
        true => FollowUpWebhook::Counted { events_received: 1, enqueued: 0, skipped: 1 },
        false => FollowUpWebhook::Other { message: "Event ignored" },
    };
    Ok(json(StatusCode::OK, &answer))
}

/// Stores a delivery, and returns it with its action. The header with its id may be missing, because
/// earlier versions did not need it.
async fn stored(app: &App, request: Request) -> Result<(Sent, Option<String>), Problem> {
    let sent = Sent::read(app, request).await?;
    let own_id = match sent.headers.contains_key(super::DELIVERY) {
        true => sent.header(super::DELIVERY)?.to_owned(),
        false => sent.digest(),
    };
    let receipt = sent.store(app, &own_id).await?;
    Ok((sent, receipt.envelope.and_then(|envelope| envelope.action)))
}
