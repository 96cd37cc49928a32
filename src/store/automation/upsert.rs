//! Writes a list of objects of GitHub with one statement: new ones are inserted, newer ones replace their
//! rows, and equal ones write nothing.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb};
use diesel_async::RunQueryDsl;
use serde::Serialize;

use crate::store::Connection;
use crate::store::prepared::Prepared;

/// A table whose rows are objects of GitHub.
pub(super) struct Upsert {
    /// Its name.
    pub(super) table: &'static str,
    /// The column of what the objects belong to.
    pub(super) owner: &'static str,
    /// The column that tells the objects of an owner apart.
    pub(super) key: &'static str,
    /// The other columns, except for the id. The members of the objects have their names.
    pub(super) columns: &'static [&'static str],
    /// Whether `excluded`, which is given, is at least as new as `old`, which is stored.
    pub(super) is_newer: &'static str,
}

impl Upsert {
    /// Writes objects of an owner, and returns the rows that are new or changed. Of several objects with
    /// the same key, the first is written.
    pub(super) async fn write<Row, Facts>(
        &self,
        connection: &mut Connection,
        owner: i64,
        facts: &[Facts],
    ) -> QueryResult<Vec<Row>>
    where
        Row: QueryableByName<diesel::pg::Pg> + Send + 'static,
        Facts: Serialize + Sync,
    {
        if facts.is_empty() {
            return Ok(vec![]);
        }
        let given = serde_json::to_value(facts)
            .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
        let query =
            diesel::sql_query(self.statement()).bind::<BigInt, _>(owner).bind::<Jsonb, _>(given);
        Prepared(query).load(connection).await
    }

    fn statement(&self) -> String {
        let Self { table, owner, key, columns, is_newer } = self;
        let of = |prefix: &str| {
            let names: Vec<String> = columns.iter().map(|name| format!("{prefix}{name}")).collect();
            names.join(", ")
        };
        let (names, given, old, new) = (of(""), of("g."), of("old."), of("excluded."));
        format!(
            "INSERT INTO {table} AS old ({owner}, {key}, {names}) \
             SELECT DISTINCT ON (g.{key}) $1, g.{key}, {given} \
             FROM jsonb_populate_recordset(NULL::{table}, $2) AS g \
             ON CONFLICT ({owner}, {key}) DO UPDATE SET ({names}) = ROW({new}) \
             WHERE ({old}) IS DISTINCT FROM ({new}) AND ({is_newer}) RETURNING old.*"
        )
    }
}

/// How far a status is: an event that is late may have the same time as a newer one.
macro_rules! rank {
    ($of:literal) => {
        concat!(
            "(CASE ",
            $of,
            ".status WHEN 'completed' THEN 2 WHEN 'in_progress' THEN 1 ELSE 0 END)"
        )
    };
}

pub(super) use rank;
