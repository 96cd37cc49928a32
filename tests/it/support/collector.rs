//! A collector of traces that speaks OTLP over HTTP with protobuf.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A running collector; it stops when this is dropped.
pub(crate) struct Collector {
    pub(crate) url: String,
    received: Arc<Mutex<Received>>,
    _server: JoinSet<()>,
}

#[derive(Default)]
struct Received {
    spans: Vec<ReceivedSpan>,
    resources: Vec<KeyValue>,
    headers: Vec<HeaderMap>,
    bytes: Vec<u8>,
}

/// A span that arrived.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedSpan {
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    /// The id of its parent; empty without one.
    pub(crate) parent: String,
    pub(crate) kind: SpanKind,
    /// The ids of the spans that it is linked to.
    pub(crate) links: Vec<String>,
    pub(crate) has_failed: bool,
    attributes: Vec<KeyValue>,
}

impl ReceivedSpan {
    /// An attribute as text; empty if it is unset.
    pub(crate) fn attribute(&self, key: &str) -> String {
        text_of(&self.attributes, key)
    }
}

fn text_of(attributes: &[KeyValue], key: &str) -> String {
    let value = attributes.iter().find(|attribute| attribute.key == key);
    match value.and_then(|attribute| attribute.value.clone()) {
        Some(AnyValue { value: Some(Any::StringValue(text)) }) => text,
        Some(AnyValue { value: Some(Any::IntValue(number)) }) => number.to_string(),
        Some(other) => panic!("{key} is {other:?}"),
        None => String::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl From<Span> for ReceivedSpan {
    fn from(span: Span) -> Self {
        Self {
            kind: span.kind(),
            has_failed: span.status.is_some_and(|status| status.code == 2),
            name: span.name,
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            links: span.links.iter().map(|link| hex(&link.span_id)).collect(),
            attributes: span.attributes,
        }
    }
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let received = Arc::new(Mutex::new(Received::default()));
        let routes = Router::new().route("/v1/traces", post(receive)).with_state(received.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, received, _server: server }
    }

    /// The spans that arrived so far.
    pub(crate) fn spans(&self) -> Vec<ReceivedSpan> {
        self.received.lock().unwrap().spans.clone()
    }

    /// The only span with a name.
    pub(crate) fn span(&self, name: &str) -> ReceivedSpan {
        let spans = self.spans();
        let mut named = spans.iter().filter(|span| span.name == name);
        match (named.next(), named.next()) {
            (Some(span), None) => span.clone(),
            _ => panic!("not one span is called {name}: {spans:#?}"),
        }
    }

    /// An attribute of the process that sent the spans.
    pub(crate) fn resource(&self, key: &str) -> String {
        text_of(&self.received.lock().unwrap().resources, key)
    }

    /// The headers of the requests that arrived.
    pub(crate) fn headers(&self) -> Vec<HeaderMap> {
        self.received.lock().unwrap().headers.clone()
    }

    /// Whether a text arrived anywhere.
    pub(crate) fn has(&self, text: &str) -> bool {
        let received = self.received.lock().unwrap();
        received.bytes.windows(text.len()).any(|part| part == text.as_bytes())
    }
}

async fn receive(
    State(received): State<Arc<Mutex<Received>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(), StatusCode> {
    if headers.get("content-type").is_none_or(|kind| kind != "application/x-protobuf") {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let request = ExportTraceServiceRequest::decode(body.clone());
    let request = request.map_err(|_| StatusCode::BAD_REQUEST)?;
    let mut received = received.lock().unwrap();
    received.bytes.extend_from_slice(&body);
    received.headers.push(headers);
    for resource in request.resource_spans {
        received.resources = resource.resource.unwrap_or_default().attributes;
        let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        received.spans.extend(spans.map(ReceivedSpan::from));
    }
    Ok(())
}
