//! Which repositories a sync need not read, because nothing changed at GitHub since the last one.
//!
//! One request has the fingerprints of fifty repositories. Beside each repository stands the
//! fingerprint that it had before its last successful sync; as long as GitHub returns the same, that
//! sync has seen everything.
//!
//! Invariant: a fingerprint is stored only if it was read before the pages, and more than
//! [`OVERLAP`] after the newest change in it. GitHub's times are whole seconds, so a later change in
//! the same second would not show.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::RepositoryId;
use crate::github::Fingerprint;
use crate::service::{App, Result};
use crate::store::repositories::{self, unreadable_issues};
use crate::store::{Connection, Repository};

/// How often a full sync is due.
pub(super) const FULL_SYNC_EVERY: TimeDelta = TimeDelta::days(1);

/// How far each read starts before the high-water mark.
pub(super) const OVERLAP: TimeDelta = TimeDelta::seconds(60);

/// The fingerprints of repositories, read before their pages.
#[derive(Debug, Default)]
pub(super) struct Fingerprints(HashMap<RepositoryId, Fingerprint>);

impl Fingerprints {
    /// Reads those of the repositories that GitHub's ids are known of. One repository alone is read
    /// at the cost of its fingerprint, so it has none.
    pub(super) async fn read(app: &App, all: &[Repository]) -> Self {
        let known: Vec<(RepositoryId, (&str, &str))> = all
            .iter()
            .filter_map(|row| Some((row.id, (row.full_name.owner(), row.node_id.as_deref()?))))
            .collect();
        if known.len() < 2 {
            return Self::default();
        }
        let ids: Vec<_> = known.iter().map(|(_, owned)| *owned).collect();
        match app.github.fingerprints_of_owners(&ids).await {
            Ok(found) => {
                let found = known.into_iter().zip(found);
                Self(found.filter_map(|((id, _), found)| Some((id, found?))).collect())
            }
            Err(error) => {
                // The repositories are read one by one, and each says what is wrong.
                tracing::debug!(%error, "GitHub did not say which repositories changed");
                Self::default()
            }
        }
    }

    /// Whether nothing changed since the last successful sync of a repository, no full sync is due,
    /// and no event asked for a sync.
    pub(super) async fn is_unchanged(
        &self,
        connection: &mut Connection,
        repository: &Repository,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let is_due = repository.fully_synced_at.is_none_or(|at| at + FULL_SYNC_EVERY <= now);
        let found = self.0.get(&repository.id).map(|found| &found.digest);
        let is_requested = repository.sync_requested_at.is_some();
        if is_due || is_requested || repository.sync_error.is_some() || found.is_none() {
            return Ok(false);
        }
        let stored = repositories::fingerprint(connection, repository.id).await?;
        // Unreadable issues are retried in every sync.
        Ok(stored.as_ref() == found
            && unreadable_issues::count(connection, repository.id).await? == 0)
    }

    /// The fingerprint to store after a successful sync, which was read at `read_at`.
    pub(super) fn to_store(&self, id: RepositoryId, read_at: DateTime<Utc>) -> Option<&str> {
        let found = self.0.get(&id)?;
        let is_settled = found.newest.is_none_or(|newest| newest + OVERLAP < read_at);
        is_settled.then_some(&*found.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_with_a_recent_change_is_not_stored() {
        let newest: DateTime<Utc> = "2026-05-20T12:00:00Z".parse().unwrap();
        let one = Fingerprint { digest: "a".to_owned(), newest: Some(newest) };
        let all = Fingerprints([(RepositoryId(1), one)].into());
        assert_eq!(all.to_store(RepositoryId(1), newest + OVERLAP), None);
        let later = newest + OVERLAP + TimeDelta::seconds(1);
        assert_eq!(all.to_store(RepositoryId(1), later), Some("a"));
        assert_eq!(all.to_store(RepositoryId(2), later), None);
    }
}
