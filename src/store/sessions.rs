//! Sessions of people who signed in on the page.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Connection;
use super::schema::sessions::{self, dsl};

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, check_for_backend(diesel::pg::Pg))]
pub struct Session {
    /// The SHA-256 digest of the session's id and of the token it was opened with, in hexadecimal.
    pub digest: String,
    /// The person's name.
    pub name: String,
    /// When they signed in.
    pub created_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

/// Stores a session.
pub async fn insert(connection: &mut Connection, session: &Session) -> QueryResult<()> {
    diesel::insert_into(dsl::sessions).values(session).execute(connection).await?;
    Ok(())
}

/// The live session with one of these digests; the newest if there are several.
pub async fn find(
    connection: &mut Connection,
    digests: &[String],
    now: DateTime<Utc>,
) -> QueryResult<Option<Session>> {
    dsl::sessions
        .filter(dsl::digest.eq_any(digests).and(dsl::expires_at.gt(now)))
        .order(dsl::created_at.desc())
        .select(Session::as_select())
        .first(connection)
        .await
        .optional()
}

/// Deletes the sessions with these digests, and returns those that existed.
pub async fn delete(connection: &mut Connection, digests: &[String]) -> QueryResult<Vec<Session>> {
    diesel::delete(dsl::sessions.filter(dsl::digest.eq_any(digests)))
        .returning(Session::as_returning())
        .get_results(connection)
        .await
}

/// Prunes expired sessions, and the oldest beyond `most`.
pub async fn prune(
    connection: &mut Connection,
    most: i64,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let beyond = diesel::alias!(sessions as beyond);
    let oldest = beyond
        .order(beyond.field(dsl::created_at).desc())
        .offset(most)
        .select(beyond.field(dsl::digest));
    diesel::delete(dsl::sessions.filter(dsl::expires_at.le(now).or(dsl::digest.eq_any(oldest))))
        .execute(connection)
        .await
}
