//! Pauses of work.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::domain::PauseId;
use crate::domain::label_names::is_same;
use crate::domain::pauses::PauseScope;
use crate::store::Connection;
use crate::store::prepared::Prepared;
use crate::store::schema::pauses::{self, dsl};

/// A pause: agents are served nothing of what it covers.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = pauses, check_for_backend(diesel::pg::Pg))]
pub struct Pause {
    /// Our id.
    pub id: PauseId,
    /// What kind of thing is paused.
    pub scope: PauseScope,
    /// The subject: a repository's full name, a lane's id, an agent's name; empty for everything.
    pub subject: String,
    /// Whether agents with a lease are asked to stop; otherwise they finish.
    pub stops_holders: bool,
    /// Why.
    pub reason: Option<String>,
    /// Who paused it.
    pub created_by: String,
    /// When it was paused.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself; none if a person must end it.
    pub ends_at: Option<DateTime<Utc>>,
}

/// A pause that begins.
#[derive(Debug, Clone, Insertable, AsChangeset)]
#[diesel(table_name = pauses, treat_none_as_null = true)]
pub struct NewPause<'a> {
    /// What kind of thing is paused.
    pub scope: PauseScope,
    /// The subject.
    pub subject: &'a str,
    /// The subject in lower case.
    pub subject_key: &'a str,
    /// Whether agents with a lease are asked to stop.
    pub stops_holders: bool,
    /// Why.
    pub reason: Option<&'a str>,
    /// Who pauses it.
    pub created_by: &'a str,
    /// When it is paused.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub ends_at: Option<DateTime<Utc>>,
}

impl NewPause<'_> {
    /// Whether it has the same subject as an existing pause.
    pub fn is_of_same_as(&self, pause: &Pause) -> bool {
        self.scope == pause.scope && is_same(self.subject, &pause.subject)
    }

    /// Whether it is equal to an existing pause of the same subject.
    pub fn changes_nothing_of(&self, pause: &Pause) -> bool {
        self.stops_holders == pause.stops_holders
            && self.reason == pause.reason.as_deref()
            && self.ends_at == pause.ends_at
    }
}

/// Serializes transactions that begin pauses. Reading them is not blocked.
pub async fn lock(connection: &mut Connection) -> QueryResult<()> {
    diesel::sql_query("LOCK TABLE pauses IN SHARE ROW EXCLUSIVE MODE").execute(connection).await?;
    Ok(())
}

/// The current pauses, oldest first.
pub async fn all(connection: &mut Connection, now: DateTime<Utc>) -> QueryResult<Vec<Pause>> {
    let query = dsl::pauses
        .filter(dsl::ends_at.is_null().or(dsl::ends_at.gt(now)))
        .order(dsl::id)
        .select(Pause::as_select());
    Prepared(query).load(connection).await
}

/// Begins a pause, or changes the existing one of the same subject.
pub async fn begin(connection: &mut Connection, pause: &NewPause<'_>) -> QueryResult<Pause> {
    diesel::insert_into(dsl::pauses)
        .values(pause)
        .on_conflict((dsl::scope, dsl::subject_key))
        .do_update()
        .set(pause)
        .returning(Pause::as_returning())
        .get_result(connection)
        .await
}

/// Ends a pause. Returns none when it has already ended.
pub async fn end(connection: &mut Connection, id: PauseId) -> QueryResult<Option<Pause>> {
    diesel::delete(dsl::pauses.find(id))
        .returning(Pause::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// Ends the pauses whose time is over.
pub async fn end_expired(
    connection: &mut Connection,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Pause>> {
    diesel::delete(dsl::pauses.filter(dsl::ends_at.le(now)))
        .returning(Pause::as_returning())
        .get_results(connection)
        .await
}
