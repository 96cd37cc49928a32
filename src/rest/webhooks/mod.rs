//! Receiving GitHub's webhooks. A delivery is authenticated by its signature, in every mode.

mod compatible;

use axum::body::HttpBody as _;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::json;
use crate::domain::webhooks::DeliveryState;
use crate::middleware::{Problem, ProblemDocument, Protected, Public};
use crate::service::App;
use crate::service::webhooks::{self, Delivery, Receipt};
use crate::service::{Error, error_code};

/// The maximal size of a payload in bytes, as on GitHub.
const PAYLOAD_LIMIT: usize = 25 << 20;

const EVENT: &str = "X-GitHub-Event";
const DELIVERY: &str = "X-GitHub-Delivery";
const SIGNATURE: &str = "X-Hub-Signature-256";

/// The routes, with GitHub's limit of payloads instead of the usual one.
pub(super) fn routes() -> OpenApiRouter<Protected<App>> {
    OpenApiRouter::new()
        .routes(routes!(receive))
        .routes(routes!(compatible::issues))
        .routes(routes!(compatible::pull_requests))
        .layer(DefaultBodyLimit::max(PAYLOAD_LIMIT))
}

/// A stored delivery.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stored<'a> {
    /// GitHub's id of the delivery.
    #[schema(example = "72d3162e-cc78-11e3-81ab-4c9367dc0958")]
    delivery_id: &'a str,
    /// `pending`, or `quarantined` if the payload cannot be read. Of a repeated delivery, what became of
    /// the first one.
    #[schema(example = "pending")]
    state: &'static str,
    /// Whether it was stored before and is left unchanged.
    is_repeated: bool,
}

/// Receives a delivery of a webhook. It is stored and processed afterwards: in the order of arrival for
/// each issue. A repeated delivery changes nothing, unless its processing failed.
#[utoipa::path(
    post,
    path = "/api/webhooks/github",
    tag = "webhooks",
    operation_id = "receiveWebhook",
    params(
        ("X-GitHub-Event" = String, Header, description = "The name of the event."),
        ("X-GitHub-Delivery" = String, Header, description = "The id of the delivery."),
        ("X-Hub-Signature-256" = String, Header, description = "`sha256=` and the HMAC-SHA256 of the body with `WEBHOOK_SECRET` in hexadecimal."),
    ),
    request_body(content = super::schemas::Anything, description = "The payload, at most 25 MB: JSON, or a form whose field `payload` is JSON."),
    responses(
        (status = 202, description = "The delivery is stored.", body = Stored<'_>),
        (status = 400, description = "A header is missing or invalid.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "The signature is missing or wrong.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The payload is longer than 25 MB.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`WEBHOOK_SECRET` is not set, or the database does not respond.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn receive(
    Public(app): Public<App>,
    request: Request,
) -> Result<Response, Problem> {
    let sent = Sent::read(&app, request).await?;
    let delivery_id = sent.header(DELIVERY)?;
    let Receipt { state, is_repeated, .. } = sent.store(&app, delivery_id).await?;
    let stored = Stored { delivery_id, state: DeliveryState::as_str(state), is_repeated };
    Ok(json(StatusCode::ACCEPTED, &stored))
}

/// For how many bytes room is taken at first.
const FIRST_ROOM: usize = 64 << 10;

/// A delivery as it was sent.
struct Sent {
    headers: HeaderMap,
    body: Bytes,
    _room: OwnedSemaphorePermit,
}

impl Sent {
    /// Reads the body, unless the headers alone show that the delivery is not accepted.
    async fn read(app: &App, request: Request) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        if app.config.webhooks.secrets().is_empty() {
            return Err(webhooks::unconfigured().into());
        }
        if !headers.contains_key(SIGNATURE) {
            return Err(unsigned());
        }
        let size = request.body().size_hint();
        if size.lower() > PAYLOAD_LIMIT as u64 {
            return Err(too_long());
        }
        // Room is taken for what has arrived, not for what a stranger announces.
        let (mut reserved, mut body) = (FIRST_ROOM, Vec::new());
        let mut room = app.inbox.room(reserved).await?;
        let mut chunks = request.into_body().into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let broken = |_| Problem::bad_request("The body could not be read to its end");
            let chunk = chunk.map_err(broken)?;
            if body.len() + chunk.len() > PAYLOAD_LIMIT {
                return Err(too_long());
            }
            while reserved < body.len() + chunk.len() {
                room.merge(app.inbox.room(reserved).await?);
                reserved *= 2;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { headers, body: body.into(), _room: room })
    }

    /// A header that must be there.
    fn header(&self, name: &'static str) -> Result<&str, Problem> {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or_else(|| Problem::wrong(name, format!("The header {name} is required")))
    }

    /// An id derived from the event and the body.
    fn digest(&self) -> String {
        let event = self.headers.get(EVENT).map(HeaderValue::as_bytes).unwrap_or_default();
        let digest = Sha256::new().chain_update(event).chain_update(b" ").chain_update(&self.body);
        format!("sha256:{:x}", digest.finalize())
    }

    /// The JSON text in the body, which may be a form.
    fn payload(&self) -> Vec<u8> {
        let is_form = self.body.starts_with(b"payload=");
        let field = is_form.then(|| url::form_urlencoded::parse(&self.body).next()).flatten();
        field.map_or_else(|| self.body.to_vec(), |(_, payload)| payload.into_owned().into_bytes())
    }

    async fn store(&self, app: &App, delivery_id: &str) -> Result<Receipt, Problem> {
        let signature = self.headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
        let delivery = Delivery {
            event: self.header(EVENT)?,
            delivery_id,
            signature: signature.unwrap_or_default(),
            body: &self.body,
            payload: &self.payload(),
        };
        webhooks::receive(app, delivery).await.map_err(|error| match error {
            Error::Unauthenticated => unsigned(),
            error => error.into(),
        })
    }
}

fn unsigned() -> Problem {
    let text = "The delivery is not signed with WEBHOOK_SECRET";
    Problem::new(StatusCode::UNAUTHORIZED, error_code::UNAUTHENTICATED, text)
}

fn too_long() -> Problem {
    let text = format!("The payload is longer than {PAYLOAD_LIMIT} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, error_code::BAD_USER_INPUT, text)
}
