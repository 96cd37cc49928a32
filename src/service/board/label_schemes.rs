//! Label schemes: the names of statuses, priorities and agents in a repository, with a preview.
//!
//! Setting a scheme changes nothing on GitHub. It changes the meaning of existing labels, so issues
//! may move to other columns, and the labels that later changes set.

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;

use crate::domain::label_names::is_same;
use crate::domain::label_scheme::renamable;
use crate::domain::{
    Actor, FullName, IssueId, IssueState, LabelScheme, LabelSet, Priority, Status,
};
use crate::service::board_events::{audit_event, resync_event};
use crate::service::{App, Error, Result};
use crate::store::audit::NewEntry;
use crate::store::board::issues::{LabelledIssue, Relabelled};
use crate::store::board::{issues, repository_labels};
use crate::store::claims::leases;
use crate::store::{
    Connection, Lease, Repository, RepositoryLabel, audit, event_log, pool, repositories,
};

/// How many of the issues that would change a preview lists.
pub const MOST_SHOWN: i32 = 20;

/// The name of a status label on GitHub.
#[derive(Debug, Clone, async_graphql::InputObject)]
pub struct StatusLabelInput {
    /// The status.
    pub status: Status,
    /// GitHub's label, up to 50 characters.
    pub label: String,
}

/// The name of a priority label on GitHub.
#[derive(Debug, Clone, async_graphql::InputObject)]
pub struct PriorityLabelInput {
    /// The priority.
    pub priority: Priority,
    /// GitHub's label, up to 50 characters.
    pub label: String,
}

/// The names of a repository's status, priority and agent labels on GitHub. An omitted label has
/// Dispatch's own name.
#[derive(Debug, Clone, async_graphql::InputObject)]
pub struct LabelSchemeInput {
    /// `owner/name` of a tracked repository; case-insensitive.
    pub full_name: String,
    /// Status labels.
    #[graphql(default)]
    pub statuses: Vec<StatusLabelInput>,
    /// Priority labels.
    #[graphql(default)]
    pub priorities: Vec<PriorityLabelInput>,
    /// The prefix of agent labels, up to 20 characters: with `bot:`, `agent/alpha` becomes
    /// `bot:alpha`.
    pub agent_prefix: Option<String>,
}

/// The effect of a scheme on a repository.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The name of each of our labels, in board order and then by priority.
    pub labels: Vec<PreviewedLabel>,
    /// Issues whose column, priority or agent would change, by number.
    pub changes: Vec<PreviewedChange>,
    /// The total number of these issues.
    pub change_count: usize,
}

/// One label of a previewed scheme.
#[derive(Debug, Clone)]
pub struct PreviewedLabel {
    /// Our name of the label.
    pub ours: &'static str,
    /// GitHub's name of the label.
    pub theirs: String,
    /// Whether the repository has it, as of the last sync. Otherwise it is created on first use.
    pub exists: bool,
    /// The number of open issues that have it.
    pub issues: usize,
}

/// An issue that would change.
#[derive(Debug, Clone)]
pub struct PreviewedChange {
    /// The issue.
    pub issue: IssueId,
    /// Its number.
    pub number: i32,
    /// Its title.
    pub title: String,
    /// Its current column, priority and agents, as one text.
    pub before: String,
    /// The same with the scheme.
    pub after: String,
}

/// The scheme of a command, in GitHub's spelling of the repository's labels.
async fn scheme_of(
    connection: &mut Connection,
    repository: &Repository,
    command: &LabelSchemeInput,
) -> Result<(LabelScheme, Vec<RepositoryLabel>)> {
    let known = repository_labels::by_repository(connection, repository.id).await?;
    let spelled = |given: &str| {
        let given = given.trim();
        let found = known.iter().find(|label| is_same(&label.name, given));
        found.map_or_else(|| given.to_owned(), |label| label.name.clone())
    };
    let statuses = command.statuses.iter().map(|of| (of.status.label(), spelled(&of.label)));
    let priorities = command.priorities.iter().map(|of| (of.priority.label(), spelled(&of.label)));
    let prefix = command.agent_prefix.clone().filter(|prefix| !prefix.is_empty());
    let scheme = LabelScheme::new(statuses.chain(priorities), prefix)
        .map_err(|reason| Error::Invalid { field: "labels", reason })?;
    Ok((scheme, known))
}

async fn tracked(connection: &mut Connection, name: &FullName) -> Result<Repository> {
    let row = repositories::by_name(connection, name).await?.filter(|row| row.enabled);
    row.ok_or_else(|| Error::no_repository(name))
}

/// The meaning of an issue's labels, as a text for people.
fn meaning(labels: &LabelSet, state: IssueState) -> String {
    let mut parts = vec![labels.effective_status(state).title().to_owned()];
    parts.extend(labels.priority().map(|priority| priority.label().to_owned()));
    let mut agents: Vec<&str> = labels.agents().collect();
    agents.sort_unstable();
    parts.extend(agents.into_iter().map(|agent| format!("agent {agent}")));
    parts.join(", ")
}

/// Previews a scheme. Changes nothing.
///
/// # Errors
///
/// [`Error::NotFound`] when the repository is not tracked; [`Error::Invalid`] for an invalid
/// scheme.
pub async fn preview(app: &App, name: &FullName, command: &LabelSchemeInput) -> Result<Preview> {
    let mut connection = app.connection().await?;
    let repository = tracked(&mut connection, name).await?;
    let (scheme, known) = scheme_of(&mut connection, &repository, command).await?;
    let rows = issues::labels_of(&mut connection, repository.id).await?;
    let present = &repository.label_scheme;
    let mut changes = Vec::new();
    let mut counts = vec![0; renamable().count()];
    for row in &rows {
        let after = present.translated(&row.labels, &scheme);
        if row.state == IssueState::Open {
            for (count, ours) in counts.iter_mut().zip(renamable()) {
                *count += usize::from(after.contains(ours));
            }
        }
        let (before, after) = (meaning(&row.labels, row.state), meaning(&after, row.state));
        if before != after {
            let (issue, number, title) = (row.id, row.number, row.title.clone());
            changes.push(PreviewedChange { issue, number, title, before, after });
        }
    }
    let labels = renamable().zip(counts).map(|(ours, issues)| {
        let theirs = scheme.label_of(ours).to_owned();
        let exists = known.iter().any(|label| is_same(&label.name, &theirs));
        PreviewedLabel { ours, theirs, exists, issues }
    });
    let (labels, change_count) = (labels.collect(), changes.len());
    changes.truncate(MOST_SHOWN as usize);
    Ok(Preview { labels, changes, change_count })
}

/// Sets the names of statuses, priorities and agents in a repository; the audit log calls it
/// `set_label_scheme`. Its issues move at once to where their labels now put them.
///
/// # Errors
///
/// As [`preview`]; [`Error::Conflict`] when an agent has the lease of an issue whose labels would
/// change their meaning.
pub async fn set_label_scheme(
    app: &App,
    actor: &Actor,
    name: &FullName,
    command: &LabelSchemeInput,
) -> Result<Repository> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            let before = tracked(connection, name).await?;
            let (scheme, _) = scheme_of(connection, &before, command).await?;
            repositories::lock_label_scheme(connection, before.id, true).await?;
            let before = tracked(connection, name).await?;
            if before.label_scheme == scheme {
                return Ok(before);
            }
            let rows = issues::lock_labels_of(connection, before.id).await?;
            check_holders(connection, &rows, &before.label_scheme, &scheme, now).await?;
            let repository =
                repositories::set_label_scheme(connection, before.id, &scheme, now).await?;
            for row in rows {
                let labels = before.label_scheme.translated(&row.labels, &scheme);
                if labels != row.labels {
                    let status = labels.effective_status(row.state);
                    let priority = labels.priority().or(row.details.priority());
                    let blocked_reason = row.blocked_reason.filter(|_| status == Status::Blocked);
                    let change =
                        Relabelled { labels, status, priority, blocked_reason, read_at: now };
                    issues::relabel(connection, row.id, &change).await?;
                }
            }
            let full_name = &repository.full_name;
            let notes = notes_of(&scheme);
            let none = LabelSet::default();
            let entry = NewEntry {
                repository_full_name: full_name.as_str(),
                notes: Some(&notes),
                ..NewEntry::done(actor.actor_ref(), "set_label_scheme", &none, now)
            };
            let entry = audit::append(connection, &entry).await?;
            let text = format!("The label scheme of {full_name} was changed");
            let events = [resync_event(text, actor.actor_ref(), now), audit_event(&entry)];
            event_log::append(connection, &events).await?;
            Ok(repository)
        })
        .await
}

/// Checks that no agent works on an issue that would no longer be assigned to it, or In Progress.
///
/// # Errors
///
/// [`Error::Conflict`] when one does.
async fn check_holders(
    connection: &mut Connection,
    rows: &[LabelledIssue],
    from: &LabelScheme,
    to: &LabelScheme,
    now: DateTime<Utc>,
) -> Result<()> {
    let ids: Vec<IssueId> = rows.iter().map(|row| row.id).collect();
    let held = leases::held_of_issues(connection, &ids, now).await?;
    let is_stranded = |lease: &&Lease| {
        let row = rows.iter().find(|row| row.id == lease.issue_id);
        row.is_some_and(|row| from.strands(&lease.agent, &row.labels, row.state, to))
    };
    match held.iter().filter(is_stranded).count() {
        0 => Ok(()),
        issues => Err(Error::permanent_conflict(
            format!(
                "Agents hold {issues} issues whose labels would mean something else; pause the \
                 repository and wait until they are finished, or release them"
            ),
            None,
        )),
    }
}

/// A scheme as a text for people.
fn notes_of(scheme: &LabelScheme) -> String {
    if scheme.is_empty() {
        return "Dispatch's own labels".to_owned();
    }
    let renamed = renamable().filter(|ours| scheme.label_of(ours) != *ours);
    let renamed = renamed.map(|ours| format!("{ours} is `{}`", scheme.label_of(ours)));
    let agents = format!("agents' labels begin with `{}`", scheme.agent_prefix());
    let agents = (scheme.agent_prefix() != "agent/").then_some(agents);
    renamed.chain(agents).collect::<Vec<_>>().join("; ")
}
