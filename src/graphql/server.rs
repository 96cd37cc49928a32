//! The GraphQL server: the executor with its response cache and its multiplexer, for every
//! transport.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt};

use super::answer::{OperationResponse, StreamItem};
use super::executor::{Executor, known_fields};
use super::multiplexer::Multiplexer;
use super::request::{Admitted, Call};
use super::response_cache::ResponseCache;
use super::spans;
use crate::bus::Bus;
use crate::domain::EventCursor;
use crate::metrics;
use crate::service::App;

/// The timeout of a query. Mutations have timeouts of their own: aborting one would leave its
/// outcome unknown.
const QUERY_TIME: Duration = Duration::from_secs(15);

/// What the transports share: the schema, the cached responses and the running subscriptions. Cheap
/// to clone.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    executor: Executor,
    response_cache: ResponseCache,
    multiplexer: Multiplexer,
}

impl Server {
    /// The server of a running service.
    pub fn new(app: App) -> Self {
        Self::with_query_time(app, QUERY_TIME)
    }

    /// The same with another timeout for queries.
    pub fn with_query_time(app: App, query_time: Duration) -> Self {
        let executor = Executor::new(app, query_time);
        let (response_cache, multiplexer) = (ResponseCache::default(), Multiplexer::default());
        Self(Arc::new(Inner { executor, response_cache, multiplexer }))
    }

    /// The number of different running subscriptions, each with any number of subscribers.
    pub fn subscriptions(&self) -> usize {
        self.0.multiplexer.subscriptions()
    }

    pub(super) fn bus(&self) -> Bus {
        self.0.executor.app().bus.clone()
    }

    /// See [`Executor::admit`].
    pub(super) fn admit(&self, call: Call) -> Result<Admitted, OperationResponse> {
        self.0.executor.admit(call)
    }

    /// See [`ResponseCache::cached`].
    pub(super) async fn cached(&self, call: &Call) -> Option<Result<Bytes, OperationResponse>> {
        self.0.response_cache.cached(&self.0.executor, call).await
    }

    /// See [`ResponseCache::execute`].
    pub(super) async fn execute(&self, admitted: Admitted) -> Result<Bytes, OperationResponse> {
        self.0.response_cache.execute(&self.0.executor, admitted).await
    }

    /// See [`Multiplexer::follow`].
    pub(super) async fn follow(
        &self,
        admitted: Admitted,
        resume: Option<EventCursor>,
    ) -> BoxStream<'static, StreamItem> {
        let metrics = &self.0.executor.app().metrics;
        let fields = known_fields(&admitted.document, &admitted.call, admitted.kind);
        let field = fields.first().copied().unwrap_or("other");
        let is_counted = admitted.kind == OperationType::Subscription;
        if is_counted {
            metrics.add(&metrics::GRAPHQL_OPERATIONS, &["subscription", field, "ok"], 1);
        }
        let counted = is_counted.then(|| metrics.hold(&metrics::SUBSCRIBERS, &[field]));
        // The span of a subscription is its start: it may last for days.
        let span = is_counted.then(|| {
            let Admitted { kind, document, call } = &admitted;
            spans::start(&self.0.executor.app().traces, document, call, (*kind, &fields))
        });
        let items = self.0.multiplexer.follow(&self.0.executor, admitted, resume).await;
        drop(span);
        let subscriber = move |item| {
            let _ = &counted;
            item
        };
        items.map(subscriber).boxed()
    }
}
