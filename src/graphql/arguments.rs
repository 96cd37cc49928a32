//! Parsing of arguments.

use async_graphql::Context;

use super::loaders::app;
use crate::domain::FullName;
use crate::service::{self, Error};

/// Parses a repository's name that was given in an argument.
///
/// # Errors
///
/// [`Error::Invalid`], naming the argument.
pub(super) fn full_name(
    context: &Context<'_>,
    field: &'static str,
    text: &str,
) -> service::Result<FullName> {
    let named = app(context).config.github.repository(text);
    named.map_err(|problem| Error::Invalid { field, reason: problem.to_string() })
}
