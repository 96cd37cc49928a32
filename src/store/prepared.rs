//! Statements that a connection prepares once.
//!
//! The query builder takes every update, and every insert of an optional value, for a statement whose
//! text may be another each time, and has it parsed and planned for each execution: one more trip to
//! the database and back. [`Prepared`] vouches that a statement's text does not vary without bound.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement whose texts are few, whatever its values are. They are told apart by the text itself,
/// so one that is taken for another is impossible; one with many texts would fill the memory.
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

    // The text is the key.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Statement: Query> Query for Prepared<Statement> {
    type SqlType = Statement::SqlType;
}

impl<Statement, Connection> diesel::RunQueryDsl<Connection> for Prepared<Statement> {}
