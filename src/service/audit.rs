//! Reading the audit log, and recording denials in it.

use diesel_async::AsyncConnection;

use super::board_events::audit_event;
use super::{App, Error, Result};
use crate::domain::{Actor, AuditEntryId, FullName, LabelSet};
use crate::store::audit::{AuditCount, AuditFilter, NewEntry};
use crate::store::{AuditEntry, Connection, Page, PageRequest, audit, event_log, repositories};

/// A page of settled entries, newest first.
pub async fn audit_log(
    app: &App,
    filter: &AuditFilter,
    request: &PageRequest,
) -> Result<Page<AuditEntry>> {
    let mut connection = app.connection().await?;
    Ok(audit::page(&mut connection, filter, request).await?)
}

/// The current and the former names of a repository, in lower case: entries keep the name of their
/// time.
pub async fn names_of(app: &App, repository: &FullName) -> Result<Vec<String>> {
    let mut connection = app.connection().await?;
    Ok(repositories::names(&mut connection, repository).await?)
}

/// The values by which the audit log can be filtered, with the number of entries of each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditOptions {
    /// Full names of repositories, including those that are no longer tracked.
    pub repositories: Vec<AuditCount>,
    /// All actors.
    pub actors: Vec<AuditCount>,
    /// All actions.
    pub actions: Vec<AuditCount>,
    /// Agents that an issue was assigned to before or after an action.
    pub agents: Vec<AuditCount>,
}

/// The values by which the audit log can be filtered, sorted by name.
pub async fn audit_options(app: &App) -> Result<AuditOptions> {
    let counted = {
        let mut connection = app.connection().await?;
        audit::counts(&mut connection).await?
    };
    let mut options = AuditOptions::default();
    for count in counted {
        match count.member.as_str() {
            "repository" => options.repositories.push(count),
            "actor" => options.actors.push(count),
            "action" => options.actions.push(count),
            _ => options.agents.push(count),
        }
    }
    Ok(options)
}

/// Reads one settled entry.
///
/// # Errors
///
/// [`Error::NotFound`], also while the entry is pending.
pub async fn find_audit_entry(app: &App, id: AuditEntryId) -> Result<AuditEntry> {
    let mut connection = app.connection().await?;
    let missing = || Error::NotFound { what: "Audit entry", id: id.to_string() };
    audit::by_id(&mut connection, id).await?.ok_or_else(missing)
}

/// Appends an entry whose outcome is known, and its event.
pub(super) async fn append_settled(app: &App, entry: &NewEntry<'_>) -> Result<()> {
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            append_entry(connection, entry).await?;
            Ok(())
        })
        .await
}

/// Appends an entry whose outcome is known, and its event, in the caller's transaction.
pub(super) async fn append_entry(
    connection: &mut Connection,
    entry: &NewEntry<'_>,
) -> Result<AuditEntry> {
    let entry = audit::append(connection, entry).await?;
    event_log::append(connection, &[audit_event(&entry)]).await?;
    Ok(entry)
}

/// Records that an actor was denied an action.
///
/// # Errors
///
/// When the database fails.
pub async fn record_denial(
    app: &App,
    actor: &Actor,
    action: &str,
    notes: &str,
    refusal: &str,
) -> Result<()> {
    let none = LabelSet::default();
    let entry = NewEntry {
        success: Some(false),
        error_message: Some(refusal),
        notes: Some(notes).filter(|notes| !notes.is_empty()),
        ..NewEntry::done(actor.actor_ref(), action, &none, app.clock.now())
    };
    append_settled(app, &entry).await
}
