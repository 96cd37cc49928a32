//! A request as every transport passes it on: its caller, its document and its variables.

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Request, Variables};
use axum::http::request::Parts;

use crate::domain::Actor;
use crate::middleware::{RequestId, RequestTrace};
use crate::traces::Context;

/// The text of a request, for errors that refer to a place in it.
#[derive(Debug, Clone)]
pub(super) struct RequestText {
    pub(super) query: String,
    pub(super) variables: Variables,
}

/// A request that may be executed.
#[derive(Debug)]
pub(super) struct Admitted {
    /// What kind of operation it is.
    pub(super) kind: OperationType,
    /// Its parsed document.
    pub(super) document: ExecutableDocument,
    /// The request.
    pub(super) call: Call,
}

/// The caller.
#[derive(Debug, Clone)]
pub(super) struct Requester {
    /// The authenticated caller.
    pub(super) actor: Actor,
    /// The request's id in the log; `None` for requests that Dispatch makes itself.
    pub(super) request_id: Option<RequestId>,
    /// The caller's span, for operations that are executed after the response to the request.
    pub(super) trace: Context,
}

impl Requester {
    /// The caller of a request, as the middleware set it; anonymous if it did not.
    pub(super) fn from_request(request: &Parts) -> Self {
        let actor = request.extensions.get::<Actor>().cloned().unwrap_or(Actor::Anonymous);
        let request_id = request.extensions.get::<RequestId>().cloned();
        let trace = request.extensions.get::<RequestTrace>().cloned().unwrap_or_default();
        Self { actor, request_id, trace: trace.caller }
    }
}

/// A request and its caller.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// The caller.
    pub(super) requester: Requester,
    /// The document and its variables.
    pub(super) text: RequestText,
    /// The selected operation; `None` if the document has only one.
    pub(super) operation_name: Option<String>,
}

impl Call {
    /// Makes a call from a library's request.
    pub(super) fn new(requester: Requester, request: Request) -> Self {
        let text = RequestText { query: request.query, variables: request.variables };
        Self { requester, text, operation_name: request.operation_name }
    }

    pub(super) fn request(&self, query: &str) -> Request {
        let variables = self.text.variables.clone();
        let mut request =
            Request::new(query).variables(variables).data(self.requester.actor.clone());
        request.operation_name.clone_from(&self.operation_name);
        request
    }
}
