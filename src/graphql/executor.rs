//! The executor, through which every operation goes: it parses a request, checks limits and permissions,
//! executes it, and adds error codes to the response.
//!
//! It is deliberately not a schema extension of the library. With an extension, the library runs
//! every field of every row through it, which on a board of some thousand fields costs more than
//! the database does.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, OperationType, Selection,
};
use async_graphql::{ErrorExtensionValues, Name, Pos, Response, ServerError, Value};
use futures_util::stream::{BoxStream, StreamExt};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::access;
use super::answer::{OperationResponse, StreamItem};
use super::bounds;
use super::document::{chosen, name_of, root_fields};
use super::error::add_codes;
use super::feed::{Feed, FeedSource};
use super::limits;
use super::null_propagation::Shapes;
use super::request::{Admitted, Call};
use super::schema::{Schema, schema};
use super::spans;
use crate::metrics;
use crate::middleware::access::FIELDS;
use crate::service::claims::presence;
use crate::service::error_code::TIMEOUT;
use crate::service::{App, Error, cancellable};
use crate::traces::FutureExt as _;

/// The maximum number of errors in a response. A document can cause any number of them.
const ERRORS: usize = 50;

/// Executes operations. Cheap to clone.
#[derive(Clone)]
pub(super) struct Executor(Arc<Inner>);

struct Inner {
    app: App,
    schema: Schema,
    shapes: Shapes,
    query_time: Duration,
}

impl Executor {
    /// Makes the executor of a running service; a query may take `query_time`.
    pub(super) fn new(app: App, query_time: Duration) -> Self {
        let schema = schema(app.clone());
        let shapes = Shapes::from_sdl(&schema.sdl());
        Self(Arc::new(Inner { app, schema, shapes, query_time }))
    }

    pub(super) fn app(&self) -> &App {
        &self.0.app
    }

    /// Parses a request and checks whether it may be executed. Otherwise returns the response with
    /// the errors.
    pub(super) fn admit(&self, call: Call) -> Result<Admitted, OperationResponse> {
        match read(&self.0.shapes, &call) {
            Ok((kind, document)) => Ok(Admitted { kind, document, call }),
            Err(error) => Err(self.answer(&call, Response::from_errors(vec![error]))),
        }
    }

    /// The response as the client receives it.
    fn answer(&self, call: &Call, mut response: Response) -> OperationResponse {
        if response.errors.iter().any(|error| !error.path.is_empty())
            && let Ok(document) = parse_query(&call.text.query)
            && let Ok(operation) = chosen(&document, call.operation_name.as_deref())
        {
            self.0.shapes.complete(&document, operation, &mut response);
        }
        response.errors.truncate(ERRORS);
        OperationResponse::new(add_codes(&self.0.app, call, response))
    }

    /// Executes a query or a mutation.
    pub(super) async fn execute(&self, admitted: Admitted) -> OperationResponse {
        let Admitted { kind, document, call } = admitted;
        let began = Instant::now();
        let fields = known_fields(&document, &call, kind);
        let order = Order::new(&document, &call);
        let span = spans::start(&self.0.app.traces, &document, &call, (kind, &fields));
        let mut request = call.request("");
        request.set_parsed_query(document);
        let logged = spans::log_span(&call, &span);
        let running = self.0.schema.execute(request).with_context(span.context());
        let running = Box::pin(running.instrument(logged.clone()));
        let response = match kind {
            OperationType::Query => tokio::time::timeout(self.0.query_time, cancellable(running))
                .await
                .unwrap_or_else(|_| Response::from_errors(vec![too_slow(self.0.query_time)])),
            OperationType::Mutation | OperationType::Subscription => running.await,
        };
        if !response.errors.is_empty() {
            span.fail("graphql");
        }
        let metrics = &self.0.app.metrics;
        for field in fields {
            let outcome = if response.errors.is_empty() { "ok" } else { "error" };
            metrics.add(&metrics::GRAPHQL_OPERATIONS, &[name_of(kind), field, outcome], 1);
            let took = began.elapsed().as_secs_f64();
            metrics.observe(&metrics::GRAPHQL_DURATION, &[name_of(kind), field], took);
        }
        logged.in_scope(|| self.answer(&call, order.bring(response)))
    }

    /// Executes a query or a mutation. A mutation continues even if the client disconnects.
    pub(super) async fn execute_to_the_end(&self, admitted: Admitted) -> OperationResponse {
        if admitted.kind != OperationType::Mutation {
            return self.execute(admitted).await;
        }
        let (executor, call) = (self.clone(), admitted.call.clone());
        let gone = CancellationToken::new();
        let running = async move { executor.execute(admitted).await };
        let running = presence::scope(gone.clone(), running).in_current_span();
        let running = running.with_current_context();
        let _cancel_on_drop = gone.drop_guard();
        let ended = self.0.app.shutdown.changes().spawn(running).await;
        ended.unwrap_or_else(|_| {
            // The panic itself is already in the log.
            let broken = Error::Internal(anyhow::anyhow!("a mutation panicked"));
            let error = async_graphql::Error::from(broken).into_server_error(Pos::default());
            self.answer(&call, Response::from_errors(vec![error]))
        })
    }

    /// Executes a subscription on its own, with events from `source`.
    pub(super) fn run(&self, call: &Call, source: FeedSource) -> BoxStream<'static, StreamItem> {
        let feed = Feed::new(source);
        let request = call.request(&call.text.query).data(feed.clone());
        let responses = self.0.schema.execute_stream(request);
        let (executor, call) = (self.clone(), call.clone());
        responses.map(move |response| executor.answer(&call, response).into_item(&feed)).boxed()
    }
}

/// The root fields of an operation that the schema has, each once. A client's own names, such as
/// that of the operation, are not among them; what asks for the schema counts as `introspection`.
pub(super) fn known_fields(
    document: &ExecutableDocument,
    call: &Call,
    kind: OperationType,
) -> BTreeSet<&'static str> {
    let root = match kind {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    let operation = chosen(document, call.operation_name.as_deref());
    let fields = operation.map(|operation| root_fields(document, operation)).unwrap_or_default();
    let known = |name: &str| {
        let declared = FIELDS.iter().find(|(of, field, _)| *of == root && *field == name);
        declared.map(|(_, field, _)| *field)
    };
    let fields = fields.into_iter().filter_map(|field| match field.name.node.as_str() {
        "__schema" | "__type" => Some("introspection"),
        name => known(name),
    });
    fields.collect()
}

/// The order of the fields at a response's root. The library returns them in the order in which
/// they were resolved.
struct Order(Vec<Name>);

impl Order {
    fn new(document: &ExecutableDocument, call: &Call) -> Self {
        let operation = chosen(document, call.operation_name.as_deref());
        let fields = operation.map(|operation| root_fields(document, operation));
        let keys = fields.into_iter().flatten().map(|field| match &field.alias {
            Some(alias) => alias.node.clone(),
            None => field.name.node.clone(),
        });
        Self(keys.collect())
    }

    fn bring(&self, mut response: Response) -> Response {
        if let Value::Object(fields) = &mut response.data {
            let place = |key: &Name| self.0.iter().position(|name| name == key);
            fields.sort_by_cached_key(|key, _| place(key));
        }
        response
    }
}

/// All checks of a request before the schema executes it.
fn read(shapes: &Shapes, call: &Call) -> Result<(OperationType, ExecutableDocument), ServerError> {
    let too_much = |error: limits::TooMuch| ServerError::new(error.to_string(), None);
    limits::check_text(&call.text.query).map_err(too_much)?;
    let document = parse_query(&call.text.query)?;
    limits::check(&document).map_err(too_much)?;
    let operation = chosen(&document, call.operation_name.as_deref())?;
    if operation.ty == OperationType::Subscription {
        check_root(operation)?;
    }
    access::check(&call.requester.actor, shapes, &document, operation).map_err(|error| {
        async_graphql::Error::from(error).into_server_error(operation.selection_set.pos)
    })?;
    bounds::check(&document, &call.text.variables)?;
    Ok((operation.ty, document))
}

/// Checks that a subscription has one root field. The library silently ignores fields that a
/// fragment adds at the root, so they are rejected.
fn check_root(operation: &OperationDefinition) -> Result<(), ServerError> {
    match operation.selection_set.node.items.as_slice() {
        [only] if matches!(only.node, Selection::Field(_)) => Ok(()),
        _ => Err(ServerError::new(
            "A subscription selects exactly one field, and not through a fragment",
            Some(operation.selection_set.pos),
        )),
    }
}

fn too_slow(query_time: Duration) -> ServerError {
    let sentence = format!("The query took more than {query_time:?} and was given up");
    let mut error = ServerError::new(sentence, None);
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", TIMEOUT);
    error
}
