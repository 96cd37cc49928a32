//! The database snapshot that a statement sees.

use diesel::QueryResult;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

use crate::store::Connection;
use crate::store::prepared::Prepared;

/// A database snapshot, as PostgreSQL prints it. If two are equal, nothing was committed in
/// between, in any table and by any client, so the same query has the same result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(pub String);

/// The current snapshot: which transactions have ended. After a crash or a failover, transaction
/// ids may be reused; the server's start time distinguishes that.
pub async fn current(connection: &mut Connection) -> QueryResult<Snapshot> {
    let state = "pg_current_snapshot()::text || ' ' || pg_postmaster_start_time()::text";
    Prepared(diesel::select(sql::<Text>(state))).get_result(connection).await.map(Snapshot)
}
