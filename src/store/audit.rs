//! The audit log: who did what, and whether it succeeded. Retained permanently.
//!
//! An entry is pending (an intent) until its outcome is known. Readers never see pending entries;
//! only settling reads them. An entry gets the id of the trace that the running work belongs to.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;

use super::page::{Page, PageRequest, Position};
use super::prepared::Prepared;
use super::schema::audit_log::{self, dsl};
use super::{Connection, label_keys, lower, repositories};
use crate::domain::actor::{ActorKind, ActorRef};
use crate::domain::label_names::key;
use crate::domain::leases::agent_label;
use crate::domain::{AuditEntryId, FullName, IssueId, LabelSet, Status};
use crate::traces::current_trace_id;

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_log, check_for_backend(diesel::pg::Pg))]
pub struct AuditEntry {
    /// Our id.
    pub id: AuditEntryId,
    /// The name of the actor.
    pub actor: String,
    /// The kind of the actor.
    pub actor_kind: ActorKind,
    /// The action: `move_issue`, `set_status`, `add_tracked_repo`, `remove_tracked_repo`,
    /// `add_comment`, …
    pub action: String,
    /// The repository's name at that time.
    pub repository_full_name: String,
    /// The issue's number in it.
    pub issue_number: Option<i32>,
    /// The issue, if the action is about one.
    pub issue_id: Option<IssueId>,
    /// The labels on GitHub before.
    pub before_labels: LabelSet,
    /// The labels on GitHub afterwards; the intended ones while pending.
    pub after_labels: LabelSet,
    /// The target column of a move.
    pub target_status: Option<Status>,
    /// The reason of a move to Blocked.
    pub reason: Option<String>,
    /// Whether it succeeded; none while pending.
    pub success: Option<bool>,
    /// Why it failed.
    pub error_message: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// When it was requested.
    pub requested_at: DateTime<Utc>,
    /// When GitHub's part ends at the latest.
    pub deadline_at: Option<DateTime<Utc>>,
    /// When the outcome was known; none while pending.
    pub settled_at: Option<DateTime<Utc>>,
    /// When GitHub is read again.
    pub recheck_at: Option<DateTime<Utc>>,
    /// The text of a comment, if the action is to post one.
    pub comment: Option<String>,
    /// The page of that comment, once it is known to exist.
    pub comment_url: Option<String>,
    /// The trace in which it was requested, as 32 hexadecimal digits.
    pub trace_id: Option<String>,
}

impl AuditEntry {
    /// The actor.
    pub fn actor_ref(&self) -> ActorRef<'_> {
        ActorRef { kind: self.actor_kind, name: &self.actor }
    }

    /// When it was settled, which is its public time; while pending, when it was requested.
    pub fn created_at(&self) -> DateTime<Utc> {
        self.settled_at.unwrap_or(self.requested_at)
    }

    /// Its position in a list.
    pub fn position(&self) -> Position {
        Position { at: self.created_at(), id: self.id.0 }
    }
}

/// A new entry. Pending if it has no outcome.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false)]
pub struct NewEntry<'a> {
    /// The name of the actor.
    pub actor: &'a str,
    /// The kind of the actor.
    pub actor_kind: ActorKind,
    /// The action, such as `move_issue`.
    pub action: &'a str,
    /// The repository's name at that time.
    pub repository_full_name: &'a str,
    /// The issue's number in it.
    pub issue_number: Option<i32>,
    /// The issue, if the action is about one.
    pub issue_id: Option<IssueId>,
    /// The labels on GitHub before.
    pub before_labels: &'a LabelSet,
    /// The labels on GitHub afterwards; the intended ones while pending.
    pub after_labels: &'a LabelSet,
    /// The target column of a move.
    pub target_status: Option<Status>,
    /// The reason of a move to Blocked.
    pub reason: Option<&'a str>,
    /// Whether it succeeded; none while pending.
    pub success: Option<bool>,
    /// Why it failed.
    pub error_message: Option<&'a str>,
    /// Free text.
    pub notes: Option<&'a str>,
    /// When it was requested.
    pub requested_at: DateTime<Utc>,
    /// When GitHub's part ends at the latest.
    pub deadline_at: Option<DateTime<Utc>>,
    /// When the outcome was known; none while pending.
    pub settled_at: Option<DateTime<Utc>>,
}

impl<'a> NewEntry<'a> {
    /// An action that was done at once, succeeded and left labels unchanged.
    pub fn done(
        actor: ActorRef<'a>,
        action: &'a str,
        labels: &'a LabelSet,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            actor: actor.name,
            actor_kind: actor.kind,
            action,
            repository_full_name: "",
            issue_number: None,
            issue_id: None,
            before_labels: labels,
            after_labels: labels,
            target_status: None,
            reason: None,
            success: Some(true),
            error_message: None,
            notes: None,
            requested_at: at,
            deadline_at: None,
            settled_at: Some(at),
        }
    }
}

/// Appends an entry with its outcome.
pub async fn append(connection: &mut Connection, entry: &NewEntry<'_>) -> QueryResult<AuditEntry> {
    Prepared(
        diesel::insert_into(dsl::audit_log)
            .values((entry, dsl::trace_id.eq(current_trace_id())))
            .returning(AuditEntry::as_returning()),
    )
    .get_result(connection)
    .await
}

/// Appends an intent. Returns none when another change of the issue is unsettled.
pub async fn append_pending(
    connection: &mut Connection,
    entry: &NewEntry<'_>,
) -> QueryResult<Option<AuditEntry>> {
    Prepared(
        diesel::insert_into(dsl::audit_log)
            .values((entry, dsl::trace_id.eq(current_trace_id())))
            .on_conflict(dsl::issue_id)
            .filter_target(dsl::settled_at.is_null().and(dsl::comment.is_null()))
            .do_nothing()
            .returning(AuditEntry::as_returning()),
    )
    .get_result(connection)
    .await
    .optional()
}

/// The outcome of a pending entry.
#[derive(Debug, Clone)]
pub struct Outcome<'a> {
    /// The labels that GitHub now has.
    pub after_labels: &'a LabelSet,
    /// The page of the comment, if the action is to post one and it exists.
    pub comment_url: Option<&'a str>,
    /// Why it failed; none when it succeeded.
    pub error_message: Option<&'a str>,
    /// When the outcome was known.
    pub settled_at: DateTime<Utc>,
    /// When to read GitHub again; none when the outcome is certain.
    pub recheck_at: Option<DateTime<Utc>>,
}

/// Settles a pending entry. Returns none when it is already settled.
pub async fn settle(
    connection: &mut Connection,
    id: AuditEntryId,
    outcome: &Outcome<'_>,
) -> QueryResult<Option<AuditEntry>> {
    Prepared(
        diesel::update(dsl::audit_log.find(id).filter(dsl::settled_at.is_null()))
            .set((
                dsl::after_labels.eq(outcome.after_labels),
                dsl::comment_url.eq(outcome.comment_url),
                dsl::success.eq(outcome.error_message.is_none()),
                dsl::error_message.eq(outcome.error_message),
                dsl::settled_at.eq(outcome.settled_at),
                dsl::recheck_at.eq(outcome.recheck_at),
            ))
            .returning(AuditEntry::as_returning()),
    )
    .get_result(connection)
    .await
    .optional()
}

/// A comment to be posted; pending.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = audit_log)]
pub struct NewComment<'a> {
    /// The name of the actor.
    pub actor: &'a str,
    /// The kind of the actor.
    pub actor_kind: ActorKind,
    /// The action: `add_comment`.
    pub action: &'a str,
    /// The repository's name at that time.
    pub repository_full_name: &'a str,
    /// The issue's number in it.
    pub issue_number: Option<i32>,
    /// The issue, if the action is about one.
    pub issue_id: Option<IssueId>,
    /// The labels on GitHub before.
    pub before_labels: &'a LabelSet,
    /// The labels on GitHub afterwards; the intended ones while pending.
    pub after_labels: &'a LabelSet,
    /// The text of the comment.
    pub comment: &'a str,
    /// When it was requested.
    pub requested_at: DateTime<Utc>,
    /// When GitHub's part ends at the latest.
    pub deadline_at: Option<DateTime<Utc>>,
}

/// Appends the intent to post a comment.
pub async fn append_comment(
    connection: &mut Connection,
    comment: &NewComment<'_>,
) -> QueryResult<AuditEntry> {
    diesel::insert_into(dsl::audit_log)
        .values((comment, dsl::trace_id.eq(current_trace_id())))
        .returning(AuditEntry::as_returning())
        .get_result(connection)
        .await
}

/// The newest entry, settled or not, by which an actor posts this text on an issue, requested at or
/// after `since`.
pub async fn same_comment(
    connection: &mut Connection,
    issue: IssueId,
    actor: ActorRef<'_>,
    text: &str,
    since: DateTime<Utc>,
) -> QueryResult<Option<AuditEntry>> {
    dsl::audit_log
        .filter(dsl::issue_id.eq(issue))
        .filter(dsl::comment.eq(text))
        .filter(dsl::actor.eq(actor.name))
        .filter(dsl::actor_kind.eq(actor.kind))
        .filter(dsl::requested_at.ge(since))
        .order((dsl::requested_at.desc(), dsl::id.desc()))
        .select(AuditEntry::as_select())
        .first(connection)
        .await
        .optional()
}

/// Which of some pages are known to be of comments posted through Dispatch.
pub async fn known_comments(
    connection: &mut Connection,
    issue: IssueId,
    urls: &[String],
) -> QueryResult<Vec<String>> {
    dsl::audit_log
        .filter(dsl::issue_id.eq(issue))
        .filter(dsl::comment.is_not_null())
        .filter(dsl::comment_url.eq_any(urls))
        .select(dsl::comment_url.assume_not_null())
        .load(connection)
        .await
}

/// An entry by id, settled or not.
pub async fn pending_or_not(
    connection: &mut Connection,
    id: AuditEntryId,
) -> QueryResult<AuditEntry> {
    dsl::audit_log.find(id).select(AuditEntry::as_select()).first(connection).await
}

/// The unsettled change of an issue's labels.
pub async fn unsettled_of(
    connection: &mut Connection,
    issue: IssueId,
) -> QueryResult<Option<AuditEntry>> {
    dsl::audit_log
        .filter(dsl::issue_id.eq(issue))
        .filter(dsl::comment.is_null())
        .filter(dsl::settled_at.is_null())
        .select(AuditEntry::as_select())
        .first(connection)
        .await
        .optional()
}

/// Which of some issues have an unsettled change of their labels.
pub async fn unsettled_among(
    connection: &mut Connection,
    issues: &[IssueId],
) -> QueryResult<Vec<IssueId>> {
    dsl::audit_log
        .filter(dsl::issue_id.eq_any(issues))
        .filter(dsl::comment.is_null())
        .filter(dsl::settled_at.is_null())
        .select(dsl::issue_id.assume_not_null())
        .load(connection)
        .await
}

/// Pending entries whose deadline passed before `overdue_since`, oldest first.
pub async fn overdue(
    connection: &mut Connection,
    overdue_since: DateTime<Utc>,
) -> QueryResult<Vec<AuditEntry>> {
    dsl::audit_log
        .filter(dsl::settled_at.is_null())
        .filter(dsl::deadline_at.le(overdue_since))
        .order(dsl::id)
        .select(AuditEntry::as_select())
        .load(connection)
        .await
}

/// Takes the entries that are due to be re-checked; each is returned once.
pub async fn take_rechecks(
    connection: &mut Connection,
    now: DateTime<Utc>,
) -> QueryResult<Vec<AuditEntry>> {
    diesel::update(dsl::audit_log.filter(dsl::recheck_at.le(now)))
        .set(dsl::recheck_at.eq(None::<DateTime<Utc>>))
        .returning(AuditEntry::as_returning())
        .get_results(connection)
        .await
}

/// A settled entry by id.
pub async fn by_id(
    connection: &mut Connection,
    id: AuditEntryId,
) -> QueryResult<Option<AuditEntry>> {
    dsl::audit_log
        .find(id)
        .filter(dsl::settled_at.is_not_null())
        .select(AuditEntry::as_select())
        .first(connection)
        .await
        .optional()
}

/// Settled entries by id, in no order.
pub async fn by_ids(
    connection: &mut Connection,
    ids: &[AuditEntryId],
) -> QueryResult<Vec<AuditEntry>> {
    dsl::audit_log
        .filter(dsl::id.eq_any(ids))
        .filter(dsl::settled_at.is_not_null())
        .select(AuditEntry::as_select())
        .load(connection)
        .await
}

/// A filter of settled entries.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Entries of this repository, by its name at that time, in any case.
    pub repository: Option<FullName>,
    /// Entries of this issue.
    pub issue: Option<IssueId>,
    /// Entries of this actor.
    pub actor: Option<String>,
    /// Entries of this action.
    pub action: Option<String>,
    /// Entries that succeeded, or that failed.
    pub success: Option<bool>,
    /// Entries of this agent, and of issues that it was assigned to before or afterwards.
    pub agent: Option<String>,
}

/// The number of settled entries with one value of one filter member.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct AuditCount {
    /// The member: `repository`, `actor`, `action` or `agent`.
    #[diesel(sql_type = Text)]
    pub member: String,
    /// The value.
    #[diesel(sql_type = Text)]
    pub value: String,
    /// The number of entries.
    #[diesel(sql_type = BigInt)]
    pub entries: i64,
}

/// Every value by which a member of [`AuditFilter`] finds settled entries, with the number of
/// entries.
///
/// Agents are those named by a label; names of one repository, and spellings of one agent, are
/// merged. It reads the whole log once: most entries differ only in the issue, so they are grouped
/// before their labels are evaluated.
pub async fn counts(connection: &mut Connection) -> QueryResult<Vec<AuditCount>> {
    diesel::sql_query(
        "WITH alike AS ( \
             SELECT row_number() OVER () AS id, actor, action, repository_full_name, \
                 before_labels || after_labels AS labels, count(*) AS entries \
             FROM audit_log WHERE settled_at IS NOT NULL \
             GROUP BY actor, action, repository_full_name, before_labels || after_labels), \
         named AS ( \
             SELECT id, substr(label, 7) AS agent, entries FROM alike, unnest(labels) AS label \
             WHERE lower(label) LIKE 'agent/_%'), \
         agents AS ( \
             SELECT lower(agent) AS key, min(agent) AS agent, min(entries) AS entries FROM ( \
                 SELECT id, agent, entries FROM named UNION ALL \
                 SELECT id, actor, entries FROM alike \
                 WHERE lower(actor) IN (SELECT lower(agent) FROM named)) AS each \
             GROUP BY id, lower(agent)) \
         SELECT 'actor' AS member, actor AS value, sum(entries)::bigint AS entries \
         FROM alike GROUP BY actor \
         UNION ALL SELECT 'action', action, sum(entries)::bigint FROM alike GROUP BY action \
         UNION ALL SELECT 'repository', coalesce(r.full_name, max(found.name)), \
             sum(found.entries)::bigint \
         FROM ( \
             SELECT max(repository_full_name) AS name, sum(entries) AS entries \
             FROM alike WHERE repository_full_name <> '' GROUP BY lower(repository_full_name) \
         ) AS found LEFT JOIN LATERAL ( \
             SELECT id, full_name FROM repositories \
             WHERE lower(full_name) = lower(found.name) OR lower(found.name) = ANY (former_names) \
             ORDER BY enabled DESC, lower(full_name) = lower(found.name) DESC, id LIMIT 1 \
         ) AS r ON true \
         GROUP BY r.id, r.full_name, coalesce(r.full_name, lower(found.name)) \
         UNION ALL SELECT 'agent', min(agent), sum(entries)::bigint FROM agents GROUP BY key \
         ORDER BY member, value",
    )
    .load(connection)
    .await
}

/// A page of settled entries, newest first.
pub async fn page(
    connection: &mut Connection,
    filter: &AuditFilter,
    request: &PageRequest,
) -> QueryResult<Page<AuditEntry>> {
    let mut query = dsl::audit_log
        .filter(dsl::settled_at.is_not_null())
        .select(AuditEntry::as_select())
        .into_boxed::<diesel::pg::Pg>();
    if let Some(name) = &filter.repository {
        let named = lower(dsl::repository_full_name);
        query = match <[String; 1]>::try_from(repositories::names(connection, name).await?) {
            // A single name is found in index order.
            Ok([name]) => query.filter(named.eq(name)),
            Err(names) => query.filter(named.eq_any(names)),
        };
    }
    if let Some(issue) = filter.issue {
        query = query.filter(dsl::issue_id.eq(issue));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(dsl::actor.eq(actor));
    }
    if let Some(action) = &filter.action {
        query = query.filter(dsl::action.eq(action));
    }
    if let Some(success) = filter.success {
        query = query.filter(dsl::success.eq(success));
    }
    if let Some(agent) = &filter.agent {
        let label = vec![key(&agent_label(agent))];
        query = query.filter(
            lower(dsl::actor)
                .eq(key(agent))
                .or(label_keys(dsl::before_labels).contains(label.clone()))
                .or(label_keys(dsl::after_labels).contains(label)),
        );
    }
    if let Some(Position { at, id }) = request.after {
        let id = AuditEntryId(id);
        query = query.filter(
            dsl::settled_at.lt(at).or(dsl::settled_at.eq(at).and(dsl::id.lt(id))).assume_not_null(),
        );
    }
    let rows = query
        .order((dsl::settled_at.desc(), dsl::id.desc()))
        .limit(request.rows_to_read())
        .load(connection)
        .await?;
    Ok(Page::new(rows, request))
}

/// The number of entries since `since` with this `error` and without a known issue.
pub async fn count_unknown(
    connection: &mut Connection,
    error: &str,
    since: DateTime<Utc>,
) -> QueryResult<i64> {
    let entries = dsl::audit_log
        .filter(dsl::settled_at.gt(since))
        .filter(dsl::issue_id.is_null())
        .filter(dsl::error_message.eq(error));
    entries.count().get_result(connection).await
}

/// Prunes entries before `before` with this `error` and without a known issue, and returns how
/// many.
pub async fn prune_unknown(
    connection: &mut Connection,
    error: &str,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::delete(
        dsl::audit_log
            .filter(dsl::settled_at.lt(before))
            .filter(dsl::issue_id.is_null())
            .filter(dsl::error_message.eq(error)),
    )
    .execute(connection)
    .await
}
