//! What all changes of a cached issue share: the new row and the event.

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use crate::domain::actor::{ActorKind, ActorRef};
use crate::domain::events::{EventKind, IssueFacts, Topic};
use crate::domain::filter::is_on_board;
use crate::domain::{IssueDetails, LabelSet, RepositoryId, Status};
use crate::github;
use crate::store::board::issues::IssueWrite;
use crate::store::event_log::NewEvent;
use crate::store::{AgentRun, AuditEntry, Issue, Repository};

/// The start of the window in which closed issues stay in the Done column.
pub(super) fn window_start(app: &App, now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::days(i64::from(app.config.board.done_retention_days))
}

/// The settings that decide about a row.
pub(super) struct Rules<'a> {
    /// The start of the window of the Done column.
    pub(super) window_start: DateTime<Utc>,
    /// The lane of new issues.
    pub(super) start_lane: &'a str,
}

impl<'a> Rules<'a> {
    pub(super) fn at(app: &'a App, now: DateTime<Utc>) -> Self {
        Self { window_start: window_start(app, now), start_lane: &app.config.lanes.start().id }
    }
}

/// The row for an issue as read from GitHub. `known` is the current row.
pub(super) fn write_of(
    issue: &github::Issue,
    repository: RepositoryId,
    known: Option<&Issue>,
    read_at: DateTime<Utc>,
    rules: &Rules<'_>,
) -> IssueWrite {
    let labels = LabelSet::from(issue.labels.clone());
    let details = details_of(issue, known);
    let status = labels.effective_status(issue.state);
    let blocked_reason =
        known.filter(|_| status == Status::Blocked).and_then(|known| known.blocked_reason.clone());
    IssueWrite {
        repository_id: repository,
        node_id: issue.node_id.clone(),
        number: issue.number,
        title: issue.title.clone(),
        body: issue.body.clone(),
        url: issue.url.clone(),
        state: issue.state,
        status,
        priority: labels.priority().or(details.priority()),
        labels,
        assignees: issue.assignees.clone(),
        author: issue.author.clone(),
        author_association: issue.author_association,
        comments_count: i32::try_from(issue.comments_count).unwrap_or(i32::MAX),
        created_at: issue.created_at,
        updated_at: issue.updated_at,
        closed_at: issue.closed_at,
        read_at,
        lane: known.map_or(rules.start_lane, |known| &known.lane).to_owned(),
        blocked_reason,
        on_board: is_on_board(issue.state, issue.closed_at, rules.window_start),
        removed_at: None,
        details,
    }
}

/// The details of an issue. A webhook has only some of them; the others stay as they were.
fn details_of(issue: &github::Issue, known: Option<&Issue>) -> IssueDetails {
    let read = issue.details.clone();
    let known = known.filter(|known| known.node_id == issue.node_id);
    match known {
        Some(known) if !issue.has_all_details => IssueDetails {
            state_reason: read.state_reason,
            assignees: read.assignees,
            issue_type: read.issue_type.or_else(|| known.details.issue_type.clone()),
            sub_issues: read.sub_issues.or(known.details.sub_issues),
            ..known.details.clone()
        },
        _ => read,
    }
}

/// The event for a change of an issue from one row to the next.
pub(super) fn issue_event(
    before: Option<&Issue>,
    after: &Issue,
    body_changed: bool,
    repository: &Repository,
    actor: ActorRef<'_>,
    at: DateTime<Utc>,
) -> NewEvent {
    let moved = before.is_some_and(|before| before.status != after.status);
    let mut facts = after.facts(repository);
    facts.body_changed = body_changed;
    NewEvent {
        kind: if moved { EventKind::IssueMoved } else { EventKind::IssueChanged },
        issue_id: Some(after.id),
        before: before.map(|before| before.facts(repository)),
        after: Some(facts),
        ..blank(Topic::Board, EventKind::IssueChanged, actor, at)
    }
}

/// The event for a deleted or transferred issue of the board.
pub(super) fn removal_event(
    gone: &Issue,
    repository: &Repository,
    actor: ActorRef<'_>,
    at: DateTime<Utc>,
) -> NewEvent {
    NewEvent {
        issue_id: Some(gone.id),
        before: Some(IssueFacts { on_board: true, ..gone.facts(repository) }),
        ..blank(Topic::Board, EventKind::IssueRemoved, actor, at)
    }
}

/// The event for an issue that was deleted after it had left the board.
pub(super) fn deletion_event(
    gone: &Issue,
    repository: &Repository,
    actor: ActorRef<'_>,
    at: DateTime<Utc>,
) -> NewEvent {
    NewEvent {
        issue_id: Some(gone.id),
        before: Some(IssueFacts { on_board: false, ..gone.facts(repository) }),
        ..blank(Topic::Board, EventKind::IssueRemoved, actor, at)
    }
}

/// The event that makes subscribers reload.
pub(super) fn resync_event(reason: String, actor: ActorRef<'_>, at: DateTime<Utc>) -> NewEvent {
    NewEvent { reason: Some(reason), ..blank(Topic::Board, EventKind::Resync, actor, at) }
}

/// The event for a settled audit entry.
pub(super) fn audit_event(entry: &AuditEntry) -> NewEvent {
    NewEvent {
        issue_id: entry.issue_id,
        record_id: Some(entry.id.0),
        ..blank(Topic::Audit, EventKind::AuditEntryAdded, entry.actor_ref(), entry.created_at())
    }
}

/// The event for a run.
pub(super) fn run_event(run: &AgentRun) -> NewEvent {
    let actor = ActorRef { kind: ActorKind::Agent, name: &run.agent_name };
    NewEvent {
        issue_id: run.issue_id,
        record_id: Some(run.id.0),
        ..blank(Topic::Run, EventKind::AgentRunRecorded, actor, run.created_at)
    }
}

fn blank(topic: Topic, kind: EventKind, actor: ActorRef<'_>, at: DateTime<Utc>) -> NewEvent {
    NewEvent {
        topic,
        kind,
        at,
        actor: actor.name.to_owned(),
        actor_kind: actor.kind,
        issue_id: None,
        record_id: None,
        before: None,
        after: None,
        reason: None,
    }
}
