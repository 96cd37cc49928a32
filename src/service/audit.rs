//! Reading the audit log.

use super::{Error, Result};
use crate::app::App;
use crate::domain::AuditEntryId;
use crate::store::audit::AuditFilter;
use crate::store::{AuditEntry, Page, PageRequest, audit};

/// A page of settled entries, newest first.
pub async fn audit_log(
    app: &App,
    filter: &AuditFilter,
    request: &PageRequest,
) -> Result<Page<AuditEntry>> {
    let mut connection = app.connection().await?;
    Ok(audit::page(&mut connection, filter, request).await?)
}

/// One settled entry.
///
/// # Errors
///
/// [`Error::NotFound`], also while the entry is pending.
pub async fn find_audit_entry(app: &App, id: AuditEntryId) -> Result<AuditEntry> {
    let mut connection = app.connection().await?;
    let missing = || Error::NotFound { what: "Audit entry", id: id.to_string() };
    audit::by_id(&mut connection, id).await?.ok_or_else(missing)
}
