//! Traces by OpenTelemetry: the spans of requests, operations, calls of GitHub and background tasks.
//!
//! What a piece of work belongs to is OpenTelemetry's [`Context`], which its future carries
//! ([`FutureExt::with_context`]) and a spawned task takes over ([`FutureExt::with_current_context`]).
//! Without an exporter there are no spans; then a context holds the caller's span, if the caller named
//! one. Not here: which spans there are; whoever does the work starts its span. Invariant: names and
//! attributes of spans are ours, GitHub's or the protocol's, and the name that a client gave its GraphQL
//! operation: no text of an issue, no credential, no argument and no variable is sent.

pub mod attribute;
mod caller;
mod exporter;

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::HeaderValue;
use opentelemetry::trace::{Link, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

pub use caller::caller_context;
pub use exporter::{Settings, StartError};
pub use opentelemetry::Context;
pub use opentelemetry::trace::{FutureExt, SpanKind};
pub use opentelemetry_sdk::trace::Sampler;

/// Starts spans, which are sent to a collector. The default starts none. Cheap to clone.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Exporter>>);

struct Exporter {
    tracer: SdkTracer,
    provider: SdkTracerProvider,
}

impl std::fmt::Debug for Traces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Traces").field(&self.0.is_some()).finish()
    }
}

impl Traces {
    /// Whether spans are started.
    pub fn are_on(&self) -> bool {
        self.0.is_some()
    }

    /// Starts a span below that of `parent`, or the first one of a trace if that has none.
    pub fn span(
        &self,
        parent: &Context,
        kind: SpanKind,
        name: impl FnOnce() -> Cow<'static, str>,
    ) -> Span {
        self.linked_span(parent, &[], (kind, name))
    }

    /// The same, for work that others wait for as well: it is linked to their spans.
    pub fn linked_span(
        &self,
        parent: &Context,
        others: &[Context],
        (kind, name): (SpanKind, impl FnOnce() -> Cow<'static, str>),
    ) -> Span {
        let Some(exporter) = &self.0 else {
            return Span { context: parent.clone(), is_new: false };
        };
        let links = others.iter().filter(|other| other.has_active_span());
        let links = links.map(|other| Link::new(other.span().span_context().clone(), vec![], 0));
        let builder = exporter.tracer.span_builder(name()).with_kind(kind);
        let builder = builder.with_links(links.collect());
        let span = exporter.tracer.build_with_context(builder, parent);
        Span { context: parent.with_span(span), is_new: true }
    }
}

/// A span, which ends when it is dropped. Without an exporter it only passes on its parent.
#[derive(Debug)]
pub struct Span {
    context: Context,
    is_new: bool,
}

impl Span {
    /// The context of what belongs to the span.
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    /// Sets an attribute; see [`attribute`] for the names.
    pub fn set(&self, key: &'static str, value: impl Into<Value>) {
        if self.is_new {
            self.context.span().set_attribute(KeyValue::new(key, value));
        }
    }

    /// Marks the span as failed, by a kind of failure out of a closed list.
    pub fn fail(&self, kind: impl Into<Value>) {
        self.set(attribute::ERROR_TYPE, kind);
        if self.is_new {
            self.context.span().set_status(Status::error(""));
        }
    }

    /// The header by which another service continues the trace below this span; none without an
    /// exporter.
    pub fn traceparent(&self) -> Option<HeaderValue> {
        let span = self.context.span();
        let ids = span.span_context();
        if !self.is_new || !ids.is_valid() {
            return None;
        }
        let flags = u8::from(ids.is_sampled());
        HeaderValue::try_from(format!("00-{}-{}-{flags:02x}", ids.trace_id(), ids.span_id())).ok()
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if self.is_new {
            self.context.span().end();
        }
    }
}

/// The context of the running work.
pub fn current() -> Context {
    Context::current()
}

/// The context of the running work, or `otherwise` if that belongs to no span.
pub fn current_or(otherwise: &Context) -> Context {
    let current = Context::current();
    if current.has_active_span() { current } else { otherwise.clone() }
}

/// The id of the trace that a context belongs to, as 32 hexadecimal digits.
pub fn trace_id(context: &Context) -> Option<String> {
    let span = context.span();
    let ids = span.span_context();
    ids.is_valid().then(|| ids.trace_id().to_string())
}

/// The id of the trace that the running work belongs to; see [`trace_id`].
pub fn current_trace_id() -> Option<String> {
    Context::map_current(trace_id)
}
