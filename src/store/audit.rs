//! What somebody did, and whether it worked. Kept for good.
//!
//! An entry is pending until its outcome is known. Readers never see pending entries; those are for
//! whoever has to settle them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;

use super::page::{Page, PageRequest, Position};
use super::prepared::Prepared;
use super::schema::audit_log::{self, dsl};
use super::{Connection, label_keys, lower, repositories};
use crate::domain::actor::{ActorKind, Who};
use crate::domain::labels::key;
use crate::domain::leases::agent_label;
use crate::domain::{AuditEntryId, FullName, IssueId, LabelSet, Status};

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_log, check_for_backend(diesel::pg::Pg))]
pub struct AuditEntry {
    /// Our id.
    pub id: AuditEntryId,
    /// Who did it.
    pub actor: String,
    /// What kind of caller that was.
    pub actor_kind: ActorKind,
    /// What: `move_issue`, `set_status`, `add_tracked_repo`, `remove_tracked_repo`, `add_comment`, …
    pub action: String,
    /// The repository, as it was called then.
    pub repository_full_name: String,
    /// The issue's number in it.
    pub issue_number: Option<i32>,
    /// The issue, where one is concerned.
    pub issue_id: Option<IssueId>,
    /// The labels GitHub had before.
    pub before_labels: LabelSet,
    /// The labels GitHub had afterwards; what is wanted while pending.
    pub after_labels: LabelSet,
    /// The column a move aims at.
    pub target_status: Option<Status>,
    /// Why the issue is blocked, when that is the move.
    pub reason: Option<String>,
    /// Whether it worked; none while pending.
    pub success: Option<bool>,
    /// Why it did not work.
    pub error_message: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When GitHub's part is over at the latest.
    pub deadline_at: Option<DateTime<Utc>>,
    /// When the outcome was known; none while pending.
    pub settled_at: Option<DateTime<Utc>>,
    /// When to look at GitHub once more.
    pub recheck_at: Option<DateTime<Utc>>,
    /// The text of a comment, when that is what was done.
    pub comment: Option<String>,
    /// GitHub's page of that comment, once it is known to be there.
    pub comment_url: Option<String>,
}

impl AuditEntry {
    /// Who did it.
    pub fn who(&self) -> Who<'_> {
        Who { kind: self.actor_kind, name: &self.actor }
    }

    /// When it was settled, which is its time in public; when it was asked for, while pending.
    pub fn created_at(&self) -> DateTime<Utc> {
        self.settled_at.unwrap_or(self.requested_at)
    }

    /// Where the entry stands in a list.
    pub fn position(&self) -> Position {
        Position { at: self.created_at(), id: self.id.0 }
    }
}

/// A new line. Pending when it has no outcome.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false)]
pub struct NewEntry<'a> {
    /// See [`AuditEntry::actor`].
    pub actor: &'a str,
    /// See [`AuditEntry::actor_kind`].
    pub actor_kind: ActorKind,
    /// See [`AuditEntry::action`].
    pub action: &'a str,
    /// See [`AuditEntry::repository_full_name`].
    pub repository_full_name: &'a str,
    /// See [`AuditEntry::issue_number`].
    pub issue_number: Option<i32>,
    /// See [`AuditEntry::issue_id`].
    pub issue_id: Option<IssueId>,
    /// See [`AuditEntry::before_labels`].
    pub before_labels: &'a LabelSet,
    /// See [`AuditEntry::after_labels`].
    pub after_labels: &'a LabelSet,
    /// See [`AuditEntry::target_status`].
    pub target_status: Option<Status>,
    /// See [`AuditEntry::reason`].
    pub reason: Option<&'a str>,
    /// See [`AuditEntry::success`].
    pub success: Option<bool>,
    /// See [`AuditEntry::error_message`].
    pub error_message: Option<&'a str>,
    /// See [`AuditEntry::notes`].
    pub notes: Option<&'a str>,
    /// See [`AuditEntry::requested_at`].
    pub requested_at: DateTime<Utc>,
    /// See [`AuditEntry::deadline_at`].
    pub deadline_at: Option<DateTime<Utc>>,
    /// See [`AuditEntry::settled_at`].
    pub settled_at: Option<DateTime<Utc>>,
}

impl<'a> NewEntry<'a> {
    /// Something that was done at once, that worked and left labels as they are.
    pub fn done(actor: Who<'a>, action: &'a str, labels: &'a LabelSet, at: DateTime<Utc>) -> Self {
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
        diesel::insert_into(dsl::audit_log).values(entry).returning(AuditEntry::as_returning()),
    )
    .get_result(connection)
    .await
}

/// Writes down an intent. Nothing comes back when another change of the issue is unsettled.
pub async fn append_pending(
    connection: &mut Connection,
    entry: &NewEntry<'_>,
) -> QueryResult<Option<AuditEntry>> {
    Prepared(
        diesel::insert_into(dsl::audit_log)
            .values(entry)
            .on_conflict(dsl::issue_id)
            .filter_target(dsl::settled_at.is_null().and(dsl::comment.is_null()))
            .do_nothing()
            .returning(AuditEntry::as_returning()),
    )
    .get_result(connection)
    .await
    .optional()
}

/// How a pending entry ended.
#[derive(Debug, Clone)]
pub struct Outcome<'a> {
    /// The labels GitHub now has.
    pub after_labels: &'a LabelSet,
    /// Why it did not work; none when it did.
    pub error_message: Option<&'a str>,
    /// When the outcome was known.
    pub settled_at: DateTime<Utc>,
    /// When to look once more; none when the outcome is certain.
    pub recheck_at: Option<DateTime<Utc>>,
}

/// Settles a pending entry. Nothing comes back when somebody else has settled it.
pub async fn settle(
    connection: &mut Connection,
    id: AuditEntryId,
    outcome: &Outcome<'_>,
) -> QueryResult<Option<AuditEntry>> {
    Prepared(
        diesel::update(dsl::audit_log.find(id).filter(dsl::settled_at.is_null()))
            .set((
                dsl::after_labels.eq(outcome.after_labels),
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

/// A comment that somebody wants to post. Pending.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = audit_log)]
pub struct NewComment<'a> {
    /// See [`AuditEntry::actor`].
    pub actor: &'a str,
    /// See [`AuditEntry::actor_kind`].
    pub actor_kind: ActorKind,
    /// See [`AuditEntry::action`].
    pub action: &'a str,
    /// See [`AuditEntry::repository_full_name`].
    pub repository_full_name: &'a str,
    /// See [`AuditEntry::issue_number`].
    pub issue_number: Option<i32>,
    /// See [`AuditEntry::issue_id`].
    pub issue_id: Option<IssueId>,
    /// See [`AuditEntry::before_labels`].
    pub before_labels: &'a LabelSet,
    /// See [`AuditEntry::after_labels`].
    pub after_labels: &'a LabelSet,
    /// See [`AuditEntry::comment`].
    pub comment: &'a str,
    /// See [`AuditEntry::requested_at`].
    pub requested_at: DateTime<Utc>,
    /// See [`AuditEntry::deadline_at`].
    pub deadline_at: Option<DateTime<Utc>>,
}

/// Writes down that a comment is about to be posted.
pub async fn append_comment(
    connection: &mut Connection,
    comment: &NewComment<'_>,
) -> QueryResult<AuditEntry> {
    diesel::insert_into(dsl::audit_log)
        .values(comment)
        .returning(AuditEntry::as_returning())
        .get_result(connection)
        .await
}

/// The newest entry, settled or not, by which an actor posts this text on an issue, asked for no
/// earlier than `since`.
pub async fn same_comment(
    connection: &mut Connection,
    issue: IssueId,
    actor: Who<'_>,
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

/// Which of some pages are those of comments that we know we posted.
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

/// Settles a pending comment, with its page when it is there, else with why it is not. Nothing comes
/// back when somebody else has settled it.
pub async fn settle_comment(
    connection: &mut Connection,
    id: AuditEntryId,
    posted: Result<&str, &str>,
    settled_at: DateTime<Utc>,
    recheck_at: Option<DateTime<Utc>>,
) -> QueryResult<Option<AuditEntry>> {
    diesel::update(dsl::audit_log.find(id).filter(dsl::settled_at.is_null()))
        .set((
            dsl::success.eq(posted.is_ok()),
            dsl::comment_url.eq(posted.ok()),
            dsl::error_message.eq(posted.err()),
            dsl::settled_at.eq(settled_at),
            dsl::recheck_at.eq(recheck_at),
        ))
        .returning(AuditEntry::as_returning())
        .get_result(connection)
        .await
        .optional()
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

/// Takes the entries that are due to be looked at once more; each is handed out once.
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

/// Which entries a reader wants.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Entries of this repository, as it was called then, in any case.
    pub repository: Option<FullName>,
    /// Entries of this issue.
    pub issue: Option<IssueId>,
    /// Entries of this actor.
    pub actor: Option<String>,
    /// Entries of this action.
    pub action: Option<String>,
    /// Entries that succeeded, or that failed.
    pub success: Option<bool>,
    /// Entries of this agent, and of issues that it was assigned before or afterwards.
    pub agent: Option<String>,
}

/// How many settled entries have one value of one member of a filter.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct AuditCount {
    /// Which member: `repository`, `actor`, `action` or `agent`.
    #[diesel(sql_type = Text)]
    pub member: String,
    /// The value.
    #[diesel(sql_type = Text)]
    pub value: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub entries: i64,
}

/// Every value by which a member of [`AuditFilter`] finds settled entries, and how many.
///
/// Agents are those that a label named; of a repository's names and an agent's spellings one stands
/// for all. One walk over the whole log: most entries are like others but for the issue, so they are counted before
/// their labels are looked at.
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
            // One name alone is found in order.
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

/// How many entries since `since` concern no issue we know and say `error`.
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

/// Forgets entries before `before` that concern no issue we know and say `error`, and tells how many.
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
