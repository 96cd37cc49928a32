//! GraphQL over server-sent events, with one connection for each operation.
//!
//! Every response is an event `next`, with the position in the event log as its id. The stream ends
//! with the event `complete`. When a browser's `EventSource` reconnects, it sends the last id and
//! the stream continues from there. A service that stops sends a reconnection time (`retry`) last.
//! Periodic comments keep proxies from closing an idle stream.

use std::time::Duration;

use async_stream::stream;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, Stream};
use rand::Rng as _;

use super::answer::{OperationResponse, StreamItem};
use super::negotiation::Media;
use super::request::Admitted;
use super::server::Server;
use crate::domain::EventCursor;

/// The maximum time between two lines of a stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a client shall wait before it connects again, in milliseconds.
const RECONNECT: std::ops::Range<u32> = 1000..4000;

const COMMENT: Bytes = Bytes::from_static(b":\n\n");
/// The line `data` is needed because a browser drops events without one.
const COMPLETE: Bytes = Bytes::from_static(b"event: complete\ndata:\n\n");
const END_OF_EVENT: Bytes = Bytes::from_static(b"\n\n");

/// Keeps a proxy from buffering the stream.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Executes an operation as an event stream.
pub(super) async fn stream(
    server: &Server,
    admitted: Admitted,
    resume: Option<EventCursor>,
) -> Response {
    let bus = server.bus();
    let lines = lines(server.follow(admitted, resume).await);
    let stopping = bus.clone();
    // A stream that stops with the service is cut and not completed, so that clients reconnect.
    let lines = lines.take_until(async move { stopping.closed().await });
    let hint = stream::once(async move { bus.is_closed().then(reconnect_hint) });
    response(StatusCode::OK, lines.chain(hint.filter_map(std::future::ready)))
}

/// A request that is not executed, as an event stream. A browser's `EventSource` does not give the
/// page the body of a response with another status than 200, so only a caller who must sign in gets
/// one.
pub(super) fn refusal(answer: OperationResponse) -> Response {
    let status = match answer.refusal_status() {
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => status,
        _ => StatusCode::OK,
    };
    response(status, lines(stream::iter([answer.into_only_item()])))
}

fn response(status: StatusCode, lines: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let headers = [
        (CONTENT_TYPE, Media::EventStream.content_type()),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (ACCEL_BUFFERING, HeaderValue::from_static("no")),
    ];
    let body = Body::from_stream(lines.map(Ok::<_, std::convert::Infallible>));
    (status, headers, body).into_response()
}

fn lines(
    items: impl Stream<Item = StreamItem> + Send + 'static,
) -> impl Stream<Item = Bytes> + Send {
    stream! {
        // The client learns at once that it is connected.
        yield COMMENT;
        let mut items = std::pin::pin!(items);
        loop {
            match tokio::time::timeout(KEEP_ALIVE, items.next()).await {
                Err(_) => yield COMMENT,
                Ok(Some(item)) => {
                    yield beginning(item.position);
                    yield item.answer;
                    yield END_OF_EVENT;
                }
                Ok(None) => break,
            }
        }
        yield COMPLETE;
    }
}

/// When a client shall connect again. The times differ, so that not all clients come at once.
fn reconnect_hint() -> Bytes {
    let pause = rand::rng().random_range(RECONNECT);
    format!("retry: {pause}\n\n").into()
}

fn beginning(position: Option<EventCursor>) -> Bytes {
    match position {
        Some(position) => format!("event: next\nid: {position}\ndata: ").into(),
        None => Bytes::from_static(b"event: next\ndata: "),
    }
}
