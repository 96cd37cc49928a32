//! The canonical names of agents, found regardless of case.

use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text};
use diesel_async::RunQueryDsl;

use crate::store::Connection;
use crate::store::prepared::Prepared;

#[derive(QueryableByName)]
struct AgentNameRow {
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
}

/// The canonical name of an agent. A new name is stored, in the spelling of `known`, of a label on
/// an issue, or as given, in this order.
pub async fn record(
    connection: &mut Connection,
    given: &str,
    known: &[&str],
) -> QueryResult<String> {
    let query = diesel::sql_query("SELECT name_agent($1, $2) AS name")
        .bind::<Text, _>(given)
        .bind::<Array<Text>, _>(known);
    let row: AgentNameRow = Prepared(query).get_result(connection).await?;
    Ok(row.name.unwrap_or_else(|| given.to_owned()))
}

/// The canonical name of an agent; none for an unknown one.
pub async fn find(connection: &mut Connection, given: &str) -> QueryResult<Option<String>> {
    let query =
        diesel::sql_query("SELECT (SELECT name FROM agent_names WHERE key = lower($1)) AS name")
            .bind::<Text, _>(given);
    let row: AgentNameRow = Prepared(query).get_result(connection).await?;
    Ok(row.name)
}
