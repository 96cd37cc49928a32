//! Keeping up with what issues wait for.

use std::collections::{BTreeSet, HashMap};

use crate::domain::IssueId;
use crate::domain::dependencies::{Reference, references};
use crate::github;
use crate::service::Result;
use crate::store::blockers::{self, Source};
use crate::store::{Connection, Issue, Repository};

/// Notes what the texts of issues say they wait for, where that is news. `rows` are their rows.
pub(super) async fn note_texts<'a>(
    connection: &mut Connection,
    repository: &Repository,
    found: &[github::Issue],
    rows: impl Iterator<Item = &'a Issue>,
) -> Result<()> {
    let by_number: HashMap<i32, IssueId> = rows.map(|row| (row.number, row.id)).collect();
    let mut wanted: HashMap<IssueId, BTreeSet<Reference>> = HashMap::new();
    for issue in found {
        let Some(id) = by_number.get(&issue.number) else { continue };
        let body = issue.body.as_deref().unwrap_or_default();
        wanted.insert(*id, references(body, &repository.full_name, issue.number));
    }
    let ids: Vec<IssueId> = wanted.keys().copied().collect();
    let mut noted: HashMap<IssueId, BTreeSet<Reference>> = HashMap::new();
    for row in blockers::of_issues(connection, Source::Text, &ids).await? {
        let reference = Reference { repository: row.repository, number: row.number };
        noted.entry(row.issue_id).or_default().insert(reference);
    }
    wanted.retain(|id, references| noted.get(id).unwrap_or(&BTreeSet::new()) != references);
    if wanted.is_empty() {
        return Ok(());
    }
    let changed: Vec<IssueId> = wanted.keys().copied().collect();
    blockers::forget(connection, Source::Text, &changed).await?;
    let new: Vec<(IssueId, Reference)> = wanted
        .into_iter()
        .flat_map(|(id, references)| references.into_iter().map(move |one| (id, one)))
        .collect();
    if !new.is_empty() {
        blockers::note(connection, Source::Text, &new).await?;
    }
    Ok(())
}
