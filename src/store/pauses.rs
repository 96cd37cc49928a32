//! What people have paused.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Connection;
use super::prepared::Prepared;
use super::schema::pauses::{self, dsl};
use crate::domain::PauseId;
use crate::domain::labels::is_same;
use crate::domain::pauses::PauseScope;

/// A part of the work that no agent is served anything of.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = pauses, check_for_backend(diesel::pg::Pg))]
pub struct Pause {
    /// Our id.
    pub id: PauseId,
    /// What kind of thing is paused.
    pub scope: PauseScope,
    /// Which one: a repository's full name, a lane's id, an agent's name; empty for everything.
    pub subject: String,
    /// Whether holders are told to stop; else what is held is finished.
    pub stops_holders: bool,
    /// Why.
    pub reason: Option<String>,
    /// Who paused it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub ends_at: Option<DateTime<Utc>>,
}

/// A pause that begins.
#[derive(Debug, Clone, Insertable, AsChangeset)]
#[diesel(table_name = pauses, treat_none_as_null = true)]
pub struct NewPause<'a> {
    /// What kind of thing is paused.
    pub scope: PauseScope,
    /// Which one.
    pub subject: &'a str,
    /// The same in lower case.
    pub subject_key: &'a str,
    /// Whether holders are told to stop.
    pub stops_holders: bool,
    /// Why.
    pub reason: Option<&'a str>,
    /// Who pauses it.
    pub created_by: &'a str,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub ends_at: Option<DateTime<Utc>>,
}

impl NewPause<'_> {
    /// Whether it is of the same thing as one that there is.
    pub fn is_of_same_as(&self, pause: &Pause) -> bool {
        self.scope == pause.scope && is_same(self.subject, &pause.subject)
    }

    /// Whether it means for the same thing what the one that there is does.
    pub fn changes_nothing_of(&self, pause: &Pause) -> bool {
        self.stops_holders == pause.stops_holders
            && self.reason == pause.reason.as_deref()
            && self.ends_at == pause.ends_at
    }
}

/// Lets one transaction at a time begin pauses. Reading them goes on.
pub async fn lock(connection: &mut Connection) -> QueryResult<()> {
    diesel::sql_query("LOCK TABLE pauses IN SHARE ROW EXCLUSIVE MODE").execute(connection).await?;
    Ok(())
}

/// What is paused, the first begun first.
pub async fn all(connection: &mut Connection, now: DateTime<Utc>) -> QueryResult<Vec<Pause>> {
    let query = dsl::pauses
        .filter(dsl::ends_at.is_null().or(dsl::ends_at.gt(now)))
        .order(dsl::id)
        .select(Pause::as_select());
    Prepared(query).load(connection).await
}

/// Begins a pause, or changes the one that there is of the same thing.
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

/// Ends a pause. Nothing comes back when it has ended before.
pub async fn end(connection: &mut Connection, id: PauseId) -> QueryResult<Option<Pause>> {
    diesel::delete(dsl::pauses.find(id))
        .returning(Pause::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// Ends what is paused for a time that is over.
pub async fn end_over(connection: &mut Connection, now: DateTime<Utc>) -> QueryResult<Vec<Pause>> {
    diesel::delete(dsl::pauses.filter(dsl::ends_at.le(now)))
        .returning(Pause::as_returning())
        .get_results(connection)
        .await
}
