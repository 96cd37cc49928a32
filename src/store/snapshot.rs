//! Which state of the database a statement sees.

use diesel::QueryResult;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

use super::Connection;
use super::prepared::Prepared;

/// The state that a statement sees. When two are equal, nothing was committed in between, in any
/// table and by anybody, and the same question has the same answer. In the server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(pub String);

/// The state that statements see now: which transactions have ended. A server that has crashed, or
/// took over from one that did, may count its transactions anew; its time of start tells that.
pub async fn current(connection: &mut Connection) -> QueryResult<Snapshot> {
    let state = "pg_current_snapshot()::text || ' ' || pg_postmaster_start_time()::text";
    Prepared(diesel::select(sql::<Text>(state))).get_result(connection).await.map(Snapshot)
}
