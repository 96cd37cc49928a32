//! Adds a code to every error.
//!
//! Resolvers only use `?`. The library keeps the original error as the source of its own error and
//! drops its kind. This module finds the kind and sets the code, both in responses and in items of
//! subscriptions. There are six kinds of errors:
//!
//! - from a use case: its code, and details that a program can use;
//! - without a path: an error of the request itself, from parsing or validation,
//!   `GRAPHQL_VALIDATION_FAILED`; but a value that does not fit its argument is `BAD_USER_INPUT`,
//!   wherever it is detected;
//! - one that already has a code, such as `TIMEOUT`: unchanged;
//! - a subscriber of records that fell behind: `RESYNC`;
//! - with a path and without a source: the library could not read an argument, `BAD_USER_INPUT`;
//! - anything else is an internal error: logged in full, returned without details, with an id that
//!   can be found in the log.

use std::collections::HashMap;
use std::sync::LazyLock;

use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use async_graphql::parser::{parse_query, parse_schema};
use async_graphql::{Pos, Response, ServerError, Value};

use super::document::all_fields;
use super::feed::Lagged;
use super::request::{Call, RequestText};
use super::schema::sdl;
use crate::domain::{Status, Timestamp};
use crate::service::error_code::{BAD_USER_INPUT, INTERNAL_SERVER_ERROR, UNAUTHENTICATED};
use crate::service::{App, Error};
use crate::telemetry::field;

/// The document is invalid.
pub(super) const GRAPHQL_VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// The stream has a gap: the client must reload, then subscribe again.
pub(super) const RESYNC: &str = "RESYNC";

/// The message for [`UNAUTHENTICATED`].
const SHOW_A_TOKEN: &str =
    "Unauthorized: this needs one of the server's tokens (`Authorization: Bearer TOKEN`)";

/// Adds a code to every error of a response.
pub(super) fn add_codes(app: &App, call: &Call, mut response: Response) -> Response {
    response.errors =
        response.errors.into_iter().map(|error| with_code(app, call, error)).collect();
    response
}

fn with_code(app: &App, call: &Call, mut error: ServerError) -> ServerError {
    let code = if let Some(source) = error.source::<Error>() {
        let (code, details) = (source.code(), details(source));
        let internal = matches!(source, Error::Internal(_)).then(|| format!("{source:?}"));
        let extensions = error.extensions.get_or_insert_default();
        details.into_iter().for_each(|(name, value)| extensions.set(name, value));
        if let Some(cause) = internal {
            mask(app, call, &cause, &mut error);
        }
        if code == UNAUTHENTICATED {
            SHOW_A_TOKEN.clone_into(&mut error.message);
        }
        code
    } else if error.source::<Lagged>().is_some() {
        RESYNC
    } else if error.extensions.as_ref().is_some_and(|has| has.get("code").is_some()) {
        return error;
    } else if let Some(ArgumentError { field, message }) =
        argument_error(&call.text, &error.message)
    {
        error.message = message;
        error.extensions.get_or_insert_default().set("field", field);
        BAD_USER_INPUT
    } else if error.path.is_empty() {
        GRAPHQL_VALIDATION_FAILED
    } else if error.source.is_none() {
        name_argument(&call.text, &mut error);
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

/// Logs the cause and removes it from the response, which contains only the id of the log line.
fn mask(app: &App, call: &Call, cause: &str, error: &mut ServerError) {
    let request_id = match &call.requester.request_id {
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

/// What a program can use, besides the code.
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
        Error::RateLimited { retry_at: Some(at), .. } => {
            vec![("retryAt", Timestamp(*at).to_string().into())]
        }
        Error::Unauthenticated
        | Error::Forbidden { .. }
        | Error::LeaseLost { holder: None }
        | Error::RateLimited { retry_at: None, .. }
        | Error::Upstream(_)
        | Error::UpstreamUnreadable(_)
        | Error::Unavailable { .. }
        | Error::Internal(_) => vec![],
    }
}

/// Names the argument that could not be parsed, or its member, and gives the reason from the scalar
/// or enum that rejected it.
fn name_argument(text: &RequestText, error: &mut ServerError) {
    // The library reports «Failed to parse "ID": why (occurred while parsing "MoveIssueInput")».
    let why = match error.message.split_once("\": ") {
        Some((_, why)) => why.split(" (occurred while parsing").next().unwrap_or(why),
        None => &error.message,
    };
    let place = error.locations.first().copied();
    let field = place
        .and_then(|place| argument_at(text, place))
        .map(|(name, value)| member_with(&value, why).unwrap_or(name));
    if let Some(field) = field {
        error.message = format!("{field}: {why}");
        error.extensions.get_or_insert_default().set("field", field);
    }
}

/// A value that does not fit its argument.
struct ArgumentError {
    /// The argument, or the member of it.
    field: String,
    /// What is wrong and what would be right.
    message: String,
}

/// The library's message for an integer that is too large.
const NO_INT: &str = "Only integers from";

/// The values of every enum of the schema.
static WORDS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let schema = parse_schema(sdl()).expect("the library reads the schema that it has written");
    let words = schema.definitions.into_iter().filter_map(|definition| {
        let TypeSystemDefinition::Type(of) = definition else { return None };
        let TypeKind::Enum(enumeration) = of.node.kind else { return None };
        let words = enumeration.values.iter().map(|word| word.node.value.node.as_str());
        Some((of.node.name.node.to_string(), words.collect::<Vec<_>>().join(", ")))
    });
    words.collect()
});

/// Parses the library's message about a value that does not fit, and rewords it as use cases do:
/// which value, and what would fit.
fn argument_error(text: &RequestText, sentence: &str) -> Option<ArgumentError> {
    if sentence.contains(NO_INT) {
        let (from, to) = (i32::MIN, i32::MAX);
        let field = oversized(text)?;
        let message = format!("{field}: must be a whole number from {from} to {to}");
        return Some(ArgumentError { field, message });
    }
    // «Invalid value for argument "filter.statuses.0", enumeration type "Status" does not contain
    // the value "LATER"», and similar.
    let (place, why) =
        sentence.strip_prefix("Invalid value for argument \"")?.split_once("\", ")?;
    let is_name = |part: &&str| part.parse::<usize>().is_err();
    let mut path: Vec<&str> = place.split('.').filter(is_name).collect();
    let quoted = |before: &str| why.split_once(before)?.1.split('"').next();
    let message = if let Some(member) = quoted("unknown field \"") {
        path.push(member);
        "there is no such member".to_owned()
    } else if let Some(member) = why.strip_prefix("field \"").and(quoted("field \"")) {
        path.push(member);
        "is needed".to_owned()
    } else if let Some(of) = quoted("enumeration type \"") {
        let (word, words) = (quoted("the value \"").unwrap_or_default(), WORDS.get(of)?);
        format!("`{word}` is not one of {words}")
    } else if let Some(of) = quoted("expected type \"") {
        format!("must be of type {of}")
    } else {
        why.to_owned()
    };
    let field = (*path.last()?).to_owned();
    Some(ArgumentError { field, message: format!("{}: {message}", path.join(".")) })
}

/// The first argument, or member of one, that is an integer too large for the library.
fn oversized(text: &RequestText) -> Option<String> {
    fn in_value(name: &str, value: &Value) -> Option<String> {
        match value {
            Value::Number(number) => {
                let fits = number.as_i64().is_some_and(|number| i32::try_from(number).is_ok());
                (!fits && !number.is_f64()).then(|| name.to_owned())
            }
            Value::List(all) => all.iter().find_map(|value| in_value(name, value)),
            Value::Object(members) => {
                members.iter().find_map(|(name, value)| in_value(name, value))
            }
            _ => None,
        }
    }
    let document = parse_query(&text.query).ok()?;
    let fields = all_fields(&document);
    let arguments = fields.iter().flat_map(|field| &field.arguments);
    let given = |name| text.variables.get(&name).cloned().ok_or(());
    arguments.into_iter().find_map(|(name, value)| {
        in_value(&name.node, &value.node.clone().into_const_with(given).ok()?)
    })
}

/// The argument whose value is at a place of the document, with that value.
fn argument_at(text: &RequestText, place: Pos) -> Option<(String, Value)> {
    let document = parse_query(&text.query).ok()?;
    let fields = all_fields(&document);
    let arguments = fields.iter().flat_map(|field| &field.arguments);
    let (name, value) = arguments.into_iter().find(|(_, value)| value.pos == place)?;
    let given = |name| text.variables.get(&name).cloned().ok_or(());
    Some((name.node.to_string(), value.node.clone().into_const_with(given).ok()?))
}

/// The member of a value whose text a message quotes.
fn member_with(value: &Value, sentence: &str) -> Option<String> {
    let Value::Object(members) = value else { return None };
    members.iter().find_map(|(name, value)| match value {
        Value::String(text) if sentence.contains(&format!("`{text}`")) => Some(name.to_string()),
        Value::Object(_) => member_with(value, sentence),
        _ => None,
    })
}
