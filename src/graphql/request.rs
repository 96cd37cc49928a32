//! A request as every transport hands it over: who sent it, its document and its variables.

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Request, Variables};
use axum::http::request::Parts;

use crate::domain::Actor;
use crate::middleware::RequestId;

/// The text of a request, for errors that point at a place in it.
#[derive(Debug, Clone)]
pub(super) struct RequestText {
    pub(super) query: String,
    pub(super) variables: Variables,
}

/// A request that may be run.
#[derive(Debug)]
pub(super) struct Admitted {
    /// What kind of operation it is.
    pub(super) kind: OperationType,
    /// Its document, read.
    pub(super) document: ExecutableDocument,
    /// The request.
    pub(super) call: Call,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Requester {
    /// Who it is.
    pub(super) actor: Actor,
    /// What our log calls the request; a request made up here has none.
    pub(super) request_id: Option<RequestId>,
}

impl Requester {
    /// Who sent a request. Without word from the middleware it is nobody.
    pub(super) fn from_request(request: &Parts) -> Self {
        let actor = request.extensions.get::<Actor>().cloned().unwrap_or(Actor::Anonymous);
        Self { actor, request_id: request.extensions.get::<RequestId>().cloned() }
    }
}

/// Who asks for what.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Who asks.
    pub(super) requester: Requester,
    /// The document and its variables.
    pub(super) text: RequestText,
    /// Which operation of the document is meant; none when it has one only.
    pub(super) operation_name: Option<String>,
}

impl Call {
    /// What somebody asks.
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
