//! Every error leaves with a code.
//!
//! Resolvers use `?` and nothing else. The library keeps the original error as the source of its own
//! and drops what kind it was; here that is found again and the code filled in, for answers and for
//! the items of subscriptions alike. Four kinds arrive:
//!
//! - from a use case: its code and what a program can act on;
//! - without a path: the request's own, from parsing and validation, `GRAPHQL_VALIDATION_FAILED`;
//! - with a path and without a source: the library could not read an argument, `BAD_USER_INPUT`;
//! - anything else is our bug: logged whole, answered bare, with an id that leads to the log.

use async_graphql::parser::parse_query;
use async_graphql::{Pos, Response, ServerError, Value, Variables};

use super::document::all_fields;
use super::execution::Call;
use crate::app::App;
use crate::domain::{Instant, Status};
use crate::service::Error;
use crate::telemetry::field;

/// Fix the request.
pub(super) const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
/// Fix the document.
pub(super) const GRAPHQL_VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// Who are you.
pub(super) const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
/// Not yours to do.
pub(super) const FORBIDDEN: &str = "FORBIDDEN";
/// No such thing.
pub(super) const NOT_FOUND: &str = "NOT_FOUND";
/// It moved; look again.
pub(super) const CONFLICT: &str = "CONFLICT";
/// Stop working on this.
pub(super) const LEASE_LOST: &str = "LEASE_LOST";
/// Later, and when.
pub(super) const RATE_LIMITED: &str = "RATE_LIMITED";
/// GitHub said no.
pub(super) const UPSTREAM_FAILED: &str = "UPSTREAM_FAILED";
/// We are not ready.
pub(super) const UNAVAILABLE: &str = "UNAVAILABLE";
/// The stream has a gap: read anew, then subscribe again.
pub(super) const RESYNC: &str = "RESYNC";
/// It took too long and was given up.
pub(super) const TIMEOUT: &str = "TIMEOUT";
/// Our bug; here is a request id.
pub(super) const INTERNAL_SERVER_ERROR: &str = "INTERNAL_SERVER_ERROR";

/// A subscriber to records fell behind.
#[derive(Debug, thiserror::Error)]
#[error("More was recorded than could be told in time; read the list, then subscribe again")]
pub(super) struct Lagged;

/// The code of a use case's error.
pub fn code(error: &Error) -> &'static str {
    match error {
        Error::Invalid { .. } => BAD_USER_INPUT,
        Error::Unauthenticated => UNAUTHENTICATED,
        Error::Forbidden { .. } => FORBIDDEN,
        Error::NotFound { .. } => NOT_FOUND,
        Error::Conflict { .. } => CONFLICT,
        Error::LeaseLost { .. } => LEASE_LOST,
        Error::Busy { .. } => RATE_LIMITED,
        Error::Upstream(_) | Error::Unread(_) => UPSTREAM_FAILED,
        Error::Unavailable { .. } => UNAVAILABLE,
        Error::Internal(_) => INTERNAL_SERVER_ERROR,
    }
}

/// What the request said, for errors that point at a place in it.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) query: String,
    pub(super) variables: Variables,
}

/// Gives every error of an answer its code.
pub(super) fn dress(app: &App, call: &Call, mut response: Response) -> Response {
    response.errors = response.errors.into_iter().map(|error| dressed(app, call, error)).collect();
    response
}

fn dressed(app: &App, call: &Call, mut error: ServerError) -> ServerError {
    let code = if let Some(source) = error.source::<Error>() {
        let (code, details) = (code(source), details(source));
        let internal = matches!(source, Error::Internal(_)).then(|| format!("{source:?}"));
        let extensions = error.extensions.get_or_insert_default();
        details.into_iter().for_each(|(name, value)| extensions.set(name, value));
        if let Some(cause) = internal {
            mask(app, call, &cause, &mut error);
        }
        code
    } else if error.source::<Lagged>().is_some() {
        RESYNC
    } else if error.extensions.as_ref().is_some_and(|has| has.get("code").is_some()) {
        return error;
    } else if error.path.is_empty() {
        GRAPHQL_VALIDATION_FAILED
    } else if error.source.is_none() {
        blame(&call.said, &mut error);
        BAD_USER_INPUT
    } else {
        let cause = error.message.clone();
        mask(app, call, &cause, &mut error);
        INTERNAL_SERVER_ERROR
    };
    error.source = None;
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// Logs what happened and leaves nothing of it in the answer but the id of the line.
fn mask(app: &App, call: &Call, cause: &str, error: &mut ServerError) {
    let request_id = match &call.asker.request_id {
        Some(id) => id.to_string(),
        None => app.clock.fresh_uuid().to_string(),
    };
    tracing::error!(
        { field::REQUEST_ID } = request_id,
        { field::ERROR } = cause,
        path = ?error.path,
        "a GraphQL request failed"
    );
    error.message = "Internal error".to_owned();
    error.extensions.get_or_insert_default().set("requestId", request_id);
}

/// What a program can act on, besides the code.
fn details(error: &Error) -> Vec<(&'static str, Value)> {
    let status = |status: &Status| async_graphql::InputType::to_value(status);
    match error {
        Error::Invalid { field, .. } => vec![("field", (*field).into())],
        Error::NotFound { id, .. } => vec![("id", id.clone().into())],
        Error::Conflict { current, pending, .. } => [("current", current), ("pending", pending)]
            .into_iter()
            .filter_map(|(name, column)| Some((name, status(column.as_ref()?))))
            .collect(),
        Error::LeaseLost { holder: Some(holder) } => vec![("holder", holder.clone().into())],
        Error::Busy { retry_at: Some(at), .. } => {
            vec![("retryAt", Instant(*at).to_string().into())]
        }
        Error::Unauthenticated
        | Error::Forbidden { .. }
        | Error::LeaseLost { holder: None }
        | Error::Busy { retry_at: None, .. }
        | Error::Upstream(_)
        | Error::Unread(_)
        | Error::Unavailable { .. }
        | Error::Internal(_) => vec![],
    }
}

/// Names the argument, or the member of it, that could not be read, and says why in the words of
/// whoever refused it.
fn blame(said: &Said, error: &mut ServerError) {
    // The library reports «Failed to parse "ID": why (occurred while parsing "MoveIssueInput")».
    let why = match error.message.split_once("\": ") {
        Some((_, why)) => why.split(" (occurred while parsing").next().unwrap_or(why),
        None => &error.message,
    };
    let place = error.locations.first().copied();
    let field = place
        .and_then(|place| argument_at(said, place))
        .map(|(name, value)| member_with(&value, why).unwrap_or(name));
    if let Some(field) = field {
        error.message = format!("{field}: {why}");
        error.extensions.get_or_insert_default().set("field", field);
    }
}

/// The argument whose value stands at a place of the document, with that value.
fn argument_at(said: &Said, place: Pos) -> Option<(String, Value)> {
    let document = parse_query(&said.query).ok()?;
    let fields = all_fields(&document);
    let arguments = fields.iter().flat_map(|field| &field.arguments);
    let (name, value) = arguments.into_iter().find(|(_, value)| value.pos == place)?;
    let given = |name| said.variables.get(&name).cloned().ok_or(());
    Some((name.node.to_string(), value.node.clone().into_const_with(given).ok()?))
}

/// The member of a value whose text a sentence quotes.
fn member_with(value: &Value, sentence: &str) -> Option<String> {
    let Value::Object(members) = value else { return None };
    members.iter().find_map(|(name, value)| match value {
        Value::String(text) if sentence.contains(&format!("`{text}`")) => Some(name.to_string()),
        Value::Object(_) => member_with(value, sentence),
        _ => None,
    })
}
