//! The spans of operations, in traces and in the log.

use std::collections::BTreeSet;

use async_graphql::parser::types::{ExecutableDocument, OperationType};

use super::document::name_of;
use super::request::Call;
use crate::telemetry::field;
use crate::traces::{self, Span, SpanKind, Traces, attribute};

/// How many root fields the name of a span has at most.
const MOST_FIELDS: usize = 3;

/// How many characters of the client's name of an operation are sent.
const LONGEST_NAME: usize = 100;

/// Starts the span of an operation, which is named by its root fields. It belongs to the running
/// request; on a socket, whose request has ended, to the caller's span.
pub(super) fn start(
    traces: &Traces,
    document: &ExecutableDocument,
    call: &Call,
    (kind, fields): (OperationType, &BTreeSet<&'static str>),
) -> Span {
    let parent = traces::current_or(&call.requester.trace);
    let span = traces.span(&parent, SpanKind::Internal, || match fields.len() {
        1..=MOST_FIELDS => {
            let names: Vec<_> = fields.iter().copied().collect();
            format!("GraphQL {}", names.join(", ")).into()
        }
        _ => format!("GraphQL {}", name_of(kind)).into(),
    });
    if !traces.are_on() {
        return span;
    }
    span.set(attribute::GRAPHQL_OPERATION_TYPE, name_of(kind));
    let given = call.operation_name.as_deref();
    let only =
        document.operations.iter().next().and_then(|(name, _)| name.map(|name| name.as_str()));
    if let Some(name) = given.or(only) {
        let name: String = name.chars().take(LONGEST_NAME).collect();
        span.set(attribute::GRAPHQL_OPERATION_NAME, name);
    }
    span
}

/// The ids on log lines of an operation on a socket. Other operations have those of their request.
pub(super) fn log_span(call: &Call, span: &Span) -> tracing::Span {
    if !tracing::Span::current().is_none() {
        return tracing::Span::none();
    }
    let request_id = call.requester.request_id.as_ref().map(ToString::to_string);
    let trace_id = traces::trace_id(&span.context());
    tracing::info_span!(
        "operation",
        { field::REQUEST_ID } = request_id,
        { field::TRACE_ID } = trace_id
    )
}
