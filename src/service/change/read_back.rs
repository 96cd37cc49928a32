//! Reading an issue back from GitHub after a response was lost.

use super::github_state::GithubState;
use super::undo;
use crate::github;
use crate::service::App;
use crate::store::AuditEntry;

/// Reads the state of an issue on GitHub.
pub(in crate::service) async fn read_back(
    app: &App,
    github: &github::Client,
    node_id: &str,
) -> std::result::Result<GithubState, github::Error> {
    let asked_at = app.clock.now();
    let live = github.live_labels(node_id, None, None).await?;
    Ok(GithubState::from_live(&live, asked_at, github))
}

/// The labels on GitHub after a partly applied change was undone.
///
/// # Errors
///
/// When the outcome of undoing is unknown: then the change is settled later.
pub(in crate::service) async fn undo_partial(
    app: &App,
    github: &github::Client,
    entry: &AuditEntry,
    node_id: &str,
    found: GithubState,
) -> std::result::Result<GithubState, github::Error> {
    let Some(undoing) = undo::undoing(entry, &found.read.labels, app.clock.now()) else {
        return Ok(found);
    };
    match undo::undo(github, node_id, &undoing).await {
        Ok(changed) => Ok(found.changed_to(changed, app.clock.now())),
        Err(error) if error.is_ambiguous() => Err(error),
        Err(error) => {
            tracing::warn!(%error, entry = %entry.id, "a change stays done by half");
            Ok(found)
        }
    }
}
