//! Whether a database can serve Dispatch at all, found out before anything relies on it.

use std::time::Duration;

use tokio_postgres::{Client, SimpleQueryMessage};

use super::Connector;

/// How long each connection of the check may take. A pooler that has no more connections for us
/// lets us wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked whether a session stays the same one.
const LOOKS: usize = 3;

/// Why a database cannot serve, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Unsuitable {
    /// It cannot be asked.
    #[error("Cannot reach the database: {0}")]
    Unreachable(String),
    /// It holds texts in another encoding.
    #[error(
        "The database's encoding is {0} and must be UTF8: make one with \
         CREATE DATABASE dispatch ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding(String),
    /// Each statement may go to another session.
    #[error(
        "The database is behind a connection pooler in transaction mode, where neither LISTEN nor \
         prepared statements work: give the address of PostgreSQL itself, or of a pool in session \
         mode (PgBouncer: pool_mode=session)"
    )]
    TransactionPooler,
}

impl Connector {
    /// Checks encoding and sessions of the database, and warns of a locale without letters.
    ///
    /// # Errors
    ///
    /// When it cannot serve, or cannot be asked.
    pub async fn check_suitable(&self) -> Result<(), Unsuitable> {
        let first = self.client().await?;
        let encoding = answer(&first, "SHOW server_encoding").await?;
        if encoding != "UTF8" {
            return Err(Unsuitable::Encoding(encoding));
        }
        // Ours are compared by Unicode's lower case, and those in the database by this.
        if answer(&first, "SELECT lower('É')").await? != "é" {
            tracing::warn!(
                "The database's LC_CTYPE knows no letters beyond ASCII, so labels, agents and \
                 repositories whose names differ in the case of such letters are not seen as the \
                 same: make a database with CREATE DATABASE dispatch ENCODING 'UTF8' \
                 LOCALE 'C.UTF-8' TEMPLATE template0"
            );
        }
        // A pooler in transaction mode gives the session that the first connection has just used to
        // whoever begins a transaction next, and the first one another afterwards.
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

/// The server process that a connection talks to.
async fn session(client: &Client) -> Result<String, Unsuitable> {
    answer(client, "SELECT pg_backend_pid()").await
}

/// The first value that a statement answers. Nothing is prepared for it, because a pooler may not
/// know how.
async fn answer(client: &Client, statement: &str) -> Result<String, Unsuitable> {
    let failed = |error: tokio_postgres::Error| Unsuitable::Unreachable(error.to_string());
    let messages = client.simple_query(statement).await.map_err(failed)?;
    let value = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    Ok(value.unwrap_or_default())
}
