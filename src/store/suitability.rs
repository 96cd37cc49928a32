//! Checks whether a database is suitable for Dispatch, before anything depends on it.

use std::time::Duration;

use tokio_postgres::{Client, SimpleQueryMessage};

use super::address::Connector;

/// Timeout of each connection of the check. A connection pooler without free connections lets
/// clients wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often to check whether a session stays the same.
const LOOKS: usize = 3;

/// Why a database is not suitable, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Unsuitable {
    /// It cannot be reached.
    #[error("Cannot reach the database: {0}")]
    Unreachable(String),
    /// It has another encoding than UTF-8.
    #[error(
        "The database's encoding is {0} and must be UTF8: make one with \
         CREATE DATABASE dispatch ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding(String),
    /// Statements of one connection are executed in different sessions.
    #[error(
        "The database is behind a connection pooler in transaction mode, where neither LISTEN nor \
         prepared statements work: give the address of PostgreSQL itself, or of a pool in session \
         mode (PgBouncer: pool_mode=session)"
    )]
    TransactionPooler,
}

impl Connector {
    /// Checks encoding and sessions of the database, and warns about a locale without letters.
    ///
    /// # Errors
    ///
    /// When it is not suitable, or cannot be reached.
    pub async fn check_suitable(&self) -> Result<(), Unsuitable> {
        let first = self.client().await?;
        let encoding = answer(&first, "SHOW server_encoding").await?;
        if encoding != "UTF8" {
            return Err(Unsuitable::Encoding(encoding));
        }
        // We compare names by Unicode's lower case, and the database by this locale.
        if answer(&first, "SELECT lower('É')").await? != "é" {
            tracing::warn!(
                "The database's LC_CTYPE knows no letters beyond ASCII, so labels, agents and \
                 repositories whose names differ in the case of such letters are not seen as the \
                 same: make a database with CREATE DATABASE dispatch ENCODING 'UTF8' \
                 LOCALE 'C.UTF-8' TEMPLATE template0"
            );
        }
        // A pooler in transaction mode gives the session of the first connection to the next one
        // that begins a transaction, and then gives the first one another session.
        let second = self.client().await?;
        for _ in 0..LOOKS {
            let before = session(&first).await?;
            let checked = async {
                answer(&second, "BEGIN").await?;
                Ok::<_, Unsuitable>((session(&second).await?, session(&first).await?))
            };
            let Ok(checked) = tokio::time::timeout(PATIENCE, checked).await else {
                return Err(Unsuitable::TransactionPooler);
            };
            let (other, after) = checked?;
            answer(&second, "ROLLBACK").await?;
            if before != after || before == other {
                return Err(Unsuitable::TransactionPooler);
            }
        }
        Ok(())
    }

    async fn client(&self) -> Result<Client, Unsuitable> {
        let connected = tokio::time::timeout(PATIENCE, self.connect_bare()).await;
        let late = |_| Unsuitable::Unreachable("it does not answer in time".to_owned());
        connected.map_err(late)?.map_err(|error| Unsuitable::Unreachable(error.to_string()))
    }
}

/// The process id of a connection's session.
async fn session(client: &Client) -> Result<String, Unsuitable> {
    answer(client, "SELECT pg_backend_pid()").await
}

/// The first value that a statement returns. It is not prepared, because a pooler may not support
/// that.
async fn answer(client: &Client, statement: &str) -> Result<String, Unsuitable> {
    let failed = |error: tokio_postgres::Error| Unsuitable::Unreachable(error.to_string());
    let messages = client.simple_query(statement).await.map_err(failed)?;
    let value = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    Ok(value.unwrap_or_default())
}
