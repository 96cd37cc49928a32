//! Sessions of people who sign in on the page with one of the server's tokens.
//!
//! A session is a random id that only the browser stores. The database has the digest of that id
//! together with the token it was opened with. So a session ends with its token as well as by time,
//! in every replica, and read access to the table does not give access to sessions.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use diesel_async::AsyncConnection;
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};

use super::audit::append_entry;
use super::{App, Error, Result};
use crate::config::Secret;
use crate::domain::actor::{is_reserved, reserved_reason};
use crate::domain::bounds::check_name;
use crate::domain::{Actor, LabelSet};
use crate::store::audit::NewEntry;
use crate::store::{Session, sessions};

/// How long a session lasts.
pub const LENGTH: TimeDelta = TimeDelta::days(7);

/// Maximal number of sessions; one more ends the oldest.
const MOST: i64 = 1000;

/// Maximal length of a name, in characters.
const LONGEST_NAME: usize = 100;

/// A session id: 32 random bytes, known only to the browser.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionId([u8; 32]);

impl SessionId {
    fn random() -> Self {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The digest under which a session with this id and token is stored.
    fn digest(&self, token: &Secret) -> String {
        let digest = Sha256::new().chain_update(self.0).chain_update(token.expose()).finalize();
        format!("{digest:x}")
    }
}

/// The id in a cookie: unpadded Base64 in the URL-safe alphabet.
impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// Never prints the id.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId([hidden])")
    }
}

/// A cookie's value is not a session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSessionId;

impl FromStr for SessionId {
    type Err = NoSessionId;

    fn from_str(text: &str) -> std::result::Result<Self, NoSessionId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NoSessionId)?;
        bytes.try_into().map(Self).map_err(|_| NoSessionId)
    }
}

/// Opens a session for a person who has shown a valid `token`, under the name that they give. The
/// sessions `before` are ended.
///
/// # Errors
///
/// [`Error::Invalid`] for a name that is empty, too long, reserved or has invisible characters.
pub async fn sign_in(
    app: &App,
    token: &Secret,
    name: &str,
    before: &[SessionId],
) -> Result<(SessionId, Session)> {
    let name = checked(name)?;
    sign_out(app, before).await?;
    let id = SessionId::random();
    let now = app.clock.now();
    let session = Session {
        digest: id.digest(token),
        name: name.to_owned(),
        created_at: now,
        expires_at: now + LENGTH,
    };
    let actor = operator(&session);
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            sessions::insert(connection, &session).await?;
            sessions::prune(connection, MOST, now).await?;
            let none = LabelSet::default();
            let entry = NewEntry::done(actor.actor_ref(), "sign_in", &none, now);
            append_entry(connection, &entry).await?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok((id, session))
}

fn checked(name: &str) -> Result<&str> {
    let invalid = |reason| Error::Invalid { field: "name", reason };
    match check_name(name, LONGEST_NAME).map_err(invalid)? {
        name if is_reserved(name) => Err(invalid(reserved_reason())),
        name => Ok(name),
    }
}

/// The actor of one of these sessions; none in a mode without sign-in.
pub async fn signed_in(app: &App, ids: &[SessionId]) -> Result<Option<Actor>> {
    let digests = digests(app, ids);
    if digests.is_empty() || !app.config.auth.has_sign_in() {
        return Ok(None);
    }
    let mut connection = app.connection().await?;
    let found = sessions::find(&mut connection, &digests, app.clock.now()).await?;
    Ok(found.as_ref().map(operator))
}

/// Ends the sessions with these ids.
pub async fn sign_out(app: &App, ids: &[SessionId]) -> Result<()> {
    let (digests, now) = (digests(app, ids), app.clock.now());
    if digests.is_empty() {
        return Ok(());
    }
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            for ended in sessions::delete(connection, &digests).await? {
                let (actor, none) = (operator(&ended), LabelSet::default());
                let entry = NewEntry::done(actor.actor_ref(), "sign_out", &none, now);
                append_entry(connection, &entry).await?;
            }
            Ok::<_, Error>(())
        })
        .await
}

/// The digests under which sessions with these ids may be stored.
fn digests(app: &App, ids: &[SessionId]) -> Vec<String> {
    let tokens = app.config.auth.sign_in_tokens();
    tokens.flat_map(|token| ids.iter().map(|id| id.digest(token))).collect()
}

fn operator(session: &Session) -> Actor {
    Actor::Operator { name: session.name.clone(), signed_in_until: Some(session.expires_at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_written_and_shown_to_nobody() {
        let id = SessionId::random();
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id.clone()));
        assert!(!format!("{id:?}").contains(&text));
        for wrong in ["", "a", "====", &text[1..], &format!("{text}A"), &"x".repeat(5000)] {
            assert_eq!(wrong.parse::<SessionId>(), Err(NoSessionId), "{wrong}");
        }
    }

    #[test]
    fn a_session_is_stored_by_its_id_and_its_token() {
        let (one, other) = (SessionId::random(), SessionId::random());
        let (token, next) = (Secret::new("a token of sixteen"), Secret::new("another token of it"));
        assert_eq!(one.digest(&token), one.digest(&token));
        assert_ne!(one.digest(&token), one.digest(&next));
        assert_ne!(one.digest(&token), other.digest(&token));
    }
}
