//! Statements that a connection prepares once.
//!
//! The query builder assumes that the text of every update, and of every insert of an optional
//! value, may vary without bound, so it does not cache the prepared statement: each execution costs
//! one more round trip to the database. [`Prepared`] asserts that a statement has few texts.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement with few texts, whatever its values. The cache key is the text itself, so statements
/// cannot be confused; a statement with many texts would fill the memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prepared<Statement>(pub(super) Statement);

impl<Statement: QueryFragment<Pg>> QueryFragment<Pg> for Prepared<Statement> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Statement> QueryId for Prepared<Statement> {
    type QueryId = ();

    // The text is the cache key.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Statement: Query> Query for Prepared<Statement> {
    type SqlType = Statement::SqlType;
}

impl<Statement, Connection> diesel::RunQueryDsl<Connection> for Prepared<Statement> {}
