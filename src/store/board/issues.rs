//! Issues as cached from GitHub, with their columns and the counts of columns.
//!
//! The body is not part of the row struct: boards and lists do not need it, and it is most of the
//! bytes. [`bodies`] reads it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text};
use diesel_async::RunQueryDsl;

use crate::domain::events::IssueFacts;
use crate::domain::filter::NormalizedFilter;
use crate::domain::{
    AuthorAssociation, IssueDetails, IssueId, IssueState, LabelSet, Priority, RepositoryId, Status,
};
use crate::store::page::{Page, PageRequest, Position};
use crate::store::prepared::Prepared;
use crate::store::schema::issues::{self, dsl};
use crate::store::schema::{board_counts, repositories};
use crate::store::{Connection, Repository, lower};

/// An issue of a repository that is or was tracked.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = issues, check_for_backend(diesel::pg::Pg))]
pub struct Issue {
    /// Our id.
    pub id: IssueId,
    /// The repository it belongs to.
    pub repository_id: RepositoryId,
    /// GitHub's id.
    pub node_id: String,
    /// Its number in the repository.
    pub number: i32,
    /// The title.
    pub title: String,
    /// Its page on GitHub.
    pub url: String,
    /// Open or closed.
    pub state: IssueState,
    /// The column it is shown in.
    pub status: Status,
    /// The most urgent priority label, or the priority field where there is no such label.
    pub priority: Option<Priority>,
    /// Label names in GitHub's order.
    pub labels: LabelSet,
    /// GitHub logins.
    pub assignees: Vec<String>,
    /// GitHub login; none when the account was deleted.
    pub author: Option<String>,
    /// The author's association with the repository; none when GitHub did not return it.
    pub author_association: Option<AuthorAssociation>,
    /// The number of comments.
    pub comments_count: i32,
    /// GitHub's creation time.
    pub created_at: DateTime<Utc>,
    /// GitHub's update time, whole seconds.
    pub updated_at: DateTime<Utc>,
    /// When it was closed; none while it is open.
    pub closed_at: Option<DateTime<Utc>>,
    /// When this row's data was read from GitHub.
    pub read_at: DateTime<Utc>,
    /// The lane it is in.
    pub lane: String,
    /// Why it is blocked; none in other columns.
    pub blocked_reason: Option<String>,
    /// Whether the board shows it: open, or closed within the window of the Done column.
    pub on_board: bool,
    /// When it was found to be deleted or transferred.
    pub removed_at: Option<DateTime<Utc>>,
    /// The page of the open pull request that will close it, according to GitHub.
    pub pull_request_url: Option<String>,
    /// What GitHub has of it beside text, labels and state.
    pub details: IssueDetails,
}

impl Issue {
    /// The facts of the issue that filters evaluate.
    pub fn facts(&self, repository: &Repository) -> IssueFacts {
        IssueFacts {
            repository_id: self.repository_id,
            repository: repository.full_name.to_string(),
            number: self.number,
            state: self.state,
            closed_at: self.closed_at,
            status: self.status,
            labels: self.labels.clone(),
            priority_field: self.details.priority(),
            lane: Some(self.lane.clone()),
            title: self.title.clone(),
            on_board: self.on_board,
            body_changed: false,
        }
    }

    /// Its position in a list.
    pub fn position(&self) -> Position {
        Position { at: self.updated_at, id: self.id.0 }
    }
}

/// An issue as read from GitHub, with the values derived from it.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, AsChangeset)]
#[diesel(table_name = issues, treat_none_as_null = true)]
pub struct IssueWrite {
    /// The repository it belongs to.
    pub repository_id: RepositoryId,
    /// GitHub's id.
    pub node_id: String,
    /// Its number in the repository.
    pub number: i32,
    /// The title.
    pub title: String,
    /// The Markdown text.
    pub body: Option<String>,
    /// Its page on GitHub.
    pub url: String,
    /// Open or closed.
    pub state: IssueState,
    /// The column it is shown in.
    pub status: Status,
    /// The most urgent priority label, or the priority field where there is no such label.
    pub priority: Option<Priority>,
    /// Label names in GitHub's order.
    pub labels: LabelSet,
    /// GitHub logins.
    pub assignees: Vec<String>,
    /// GitHub login; none when the account was deleted.
    pub author: Option<String>,
    /// The author's association with the repository; none when GitHub did not return it.
    pub author_association: Option<AuthorAssociation>,
    /// The number of comments.
    pub comments_count: i32,
    /// GitHub's creation time.
    pub created_at: DateTime<Utc>,
    /// GitHub's update time, whole seconds.
    pub updated_at: DateTime<Utc>,
    /// When it was closed; none while it is open.
    pub closed_at: Option<DateTime<Utc>>,
    /// When this row's data was read from GitHub.
    pub read_at: DateTime<Utc>,
    /// The lane of a new row. An existing row keeps its lane.
    pub lane: String,
    /// Why it is blocked; none in other columns.
    pub blocked_reason: Option<String>,
    /// Whether the board shows it: open, or closed within the window of the Done column.
    pub on_board: bool,
    /// When it was found to be deleted or transferred.
    pub removed_at: Option<DateTime<Utc>>,
    /// What GitHub has of it beside text, labels and state.
    pub details: IssueDetails,
}

/// The issue with this id, removed or not.
pub async fn by_id(connection: &mut Connection, id: IssueId) -> QueryResult<Option<Issue>> {
    dsl::issues.find(id).select(Issue::as_select()).first(connection).await.optional()
}

/// The issue with this id, removed or not, and its repository, tracked or not.
pub async fn with_repository(
    connection: &mut Connection,
    id: IssueId,
) -> QueryResult<Option<(Issue, Repository)>> {
    dsl::issues
        .inner_join(repositories::table)
        .filter(dsl::id.eq(id))
        .select((Issue::as_select(), Repository::as_select()))
        .first(connection)
        .await
        .optional()
}

/// Issues by id, in no order.
pub async fn by_ids(connection: &mut Connection, ids: &[IssueId]) -> QueryResult<Vec<Issue>> {
    if let [id] = ids {
        // For a list of unknown length, PostgreSQL would plan each time.
        return Ok(by_id(connection, *id).await?.into_iter().collect());
    }
    dsl::issues.filter(dsl::id.eq_any(ids)).select(Issue::as_select()).load(connection).await
}

/// The Markdown texts of issues, in no order.
pub async fn bodies(
    connection: &mut Connection,
    ids: &[IssueId],
) -> QueryResult<Vec<(IssueId, Option<String>)>> {
    dsl::issues.filter(dsl::id.eq_any(ids)).select((dsl::id, dsl::body)).load(connection).await
}

/// The issue with this number, unless it was removed.
pub async fn by_number(
    connection: &mut Connection,
    repository: RepositoryId,
    number: i32,
) -> QueryResult<Option<Issue>> {
    dsl::issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::number.eq(number))
        .filter(dsl::removed_at.is_null())
        .select(Issue::as_select())
        .first(connection)
        .await
        .optional()
}

/// The issue's current row, locked until the transaction ends.
pub async fn lock(connection: &mut Connection, id: IssueId) -> QueryResult<Issue> {
    dsl::issues.find(id).select(Issue::as_select()).for_update().first(connection).await
}

/// The rows with these numbers, and their bodies, locked until the transaction ends.
pub async fn lock_numbers(
    connection: &mut Connection,
    repository: RepositoryId,
    numbers: &[i32],
) -> QueryResult<Vec<(Issue, Option<String>)>> {
    dsl::issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::number.eq_any(numbers))
        .order(dsl::id)
        .select((Issue::as_select(), dsl::body))
        .for_update()
        .load(connection)
        .await
}

/// Writes issues that are new or newer, or different ones with the same numbers. A row that is
/// newer meanwhile is unchanged and not returned; an existing row keeps its lane.
pub async fn write(connection: &mut Connection, writes: &[IssueWrite]) -> QueryResult<Vec<Issue>> {
    use diesel::query_dsl::methods::FilterDsl;
    use diesel::upsert::excluded;

    diesel::insert_into(dsl::issues)
        .values(writes)
        .on_conflict((dsl::repository_id, dsl::number))
        .do_update()
        .set((
            dsl::node_id.eq(excluded(dsl::node_id)),
            dsl::title.eq(excluded(dsl::title)),
            dsl::body.eq(excluded(dsl::body)),
            dsl::url.eq(excluded(dsl::url)),
            dsl::state.eq(excluded(dsl::state)),
            dsl::status.eq(excluded(dsl::status)),
            dsl::priority.eq(excluded(dsl::priority)),
            dsl::labels.eq(excluded(dsl::labels)),
            dsl::assignees.eq(excluded(dsl::assignees)),
            dsl::author.eq(excluded(dsl::author)),
            dsl::author_association.eq(excluded(dsl::author_association)),
            dsl::comments_count.eq(excluded(dsl::comments_count)),
            dsl::created_at.eq(excluded(dsl::created_at)),
            dsl::updated_at.eq(excluded(dsl::updated_at)),
            dsl::closed_at.eq(excluded(dsl::closed_at)),
            dsl::read_at.eq(excluded(dsl::read_at)),
            dsl::blocked_reason.eq(excluded(dsl::blocked_reason)),
            dsl::on_board.eq(excluded(dsl::on_board)),
            dsl::removed_at.eq(excluded(dsl::removed_at)),
            dsl::details.eq(excluded(dsl::details)),
        ))
        .filter(
            dsl::updated_at
                .le(excluded(dsl::updated_at))
                .or(dsl::node_id.ne(excluded(dsl::node_id))),
        )
        .filter(dsl::read_at.le(excluded(dsl::read_at)))
        .returning(Issue::as_returning())
        .get_results(connection)
        .await
}

/// The labels and the state of an issue as read from GitHub.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = issues, treat_none_as_null = true)]
pub struct LabelState {
    /// Label names in GitHub's order.
    pub labels: LabelSet,
    /// Open or closed.
    pub state: IssueState,
    /// When it was closed; none while it is open.
    pub closed_at: Option<DateTime<Utc>>,
    /// GitHub's update time, whole seconds.
    pub updated_at: DateTime<Utc>,
    /// When it was read.
    pub read_at: DateTime<Utc>,
}

/// What GitHub has, with the values derived from it.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = issues, treat_none_as_null = true)]
pub struct LabelWrite {
    /// What GitHub has.
    #[diesel(embed)]
    pub read: LabelState,
    /// Whether the board shows it: open, or closed within the window of the Done column.
    pub on_board: bool,
    /// The column it is shown in.
    pub status: Status,
    /// The most urgent priority label, or the priority field where there is no such label.
    pub priority: Option<Priority>,
    /// Why it is blocked; none in other columns.
    pub blocked_reason: Option<String>,
}

impl From<&Issue> for LabelState {
    fn from(row: &Issue) -> Self {
        Self {
            labels: row.labels.clone(),
            state: row.state,
            closed_at: row.closed_at,
            updated_at: row.updated_at,
            read_at: row.read_at,
        }
    }
}

impl From<&Issue> for LabelWrite {
    fn from(row: &Issue) -> Self {
        Self {
            read: LabelState::from(row),
            on_board: row.on_board,
            status: row.status,
            priority: row.priority,
            blocked_reason: row.blocked_reason.clone(),
        }
    }
}

/// Stores the labels that GitHub now has.
pub async fn set_labels(
    connection: &mut Connection,
    id: IssueId,
    write: &LabelWrite,
) -> QueryResult<Issue> {
    Prepared(diesel::update(dsl::issues.find(id)).set(write).returning(Issue::as_returning()))
        .get_result(connection)
        .await
}

/// An issue with its labels.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = issues, check_for_backend(diesel::pg::Pg))]
pub struct LabelledIssue {
    /// The issue.
    pub id: IssueId,
    /// Its number in the repository.
    pub number: i32,
    /// The title.
    pub title: String,
    /// Open or closed.
    pub state: IssueState,
    /// Label names in GitHub's order.
    pub labels: LabelSet,
    /// Why it is blocked; none in other columns.
    pub blocked_reason: Option<String>,
    /// What GitHub has of it beside text, labels and state.
    pub details: IssueDetails,
}

/// New labels of an issue, with the values derived from them.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = issues, treat_none_as_null = true)]
pub struct Relabelled {
    /// Label names in GitHub's order.
    pub labels: LabelSet,
    /// The column it is shown in.
    pub status: Status,
    /// The most urgent priority label, or the priority field where there is no such label.
    pub priority: Option<Priority>,
    /// Why it is blocked; none in other columns.
    pub blocked_reason: Option<String>,
    /// When the change was known: a page that was requested earlier does not undo it.
    pub read_at: DateTime<Utc>,
}

/// The labels of all issues of a repository, by number.
pub async fn labels_of(
    connection: &mut Connection,
    repository: RepositoryId,
) -> QueryResult<Vec<LabelledIssue>> {
    dsl::issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::removed_at.is_null())
        .order(dsl::number)
        .select(LabelledIssue::as_select())
        .load(connection)
        .await
}

/// The issues of a repository with a label, given in lower case, by id; the rows are locked until the
/// caller's transaction ends.
pub async fn lock_labelled(
    connection: &mut Connection,
    repository: RepositoryId,
    key: &str,
) -> QueryResult<Vec<Issue>> {
    dsl::issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::removed_at.is_null())
        .filter(dsl::label_keys.overlaps_with(vec![key]))
        .order(dsl::id)
        .select(Issue::as_select())
        .for_update()
        .load(connection)
        .await
}

/// As [`labels_of`], by id, with the rows locked until the caller's transaction ends: all of them
/// before the first is written, because a write also locks the counts of the board.
pub async fn lock_labels_of(
    connection: &mut Connection,
    repository: RepositoryId,
) -> QueryResult<Vec<LabelledIssue>> {
    dsl::issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::removed_at.is_null())
        .order(dsl::id)
        .select(LabelledIssue::as_select())
        .for_update()
        .load(connection)
        .await
}

/// Stores an issue's labels under a new label scheme; they are unchanged on GitHub.
pub async fn relabel(
    connection: &mut Connection,
    id: IssueId,
    change: &Relabelled,
) -> QueryResult<()> {
    diesel::update(dsl::issues.find(id)).set(change).execute(connection).await?;
    Ok(())
}

/// Puts an issue in another lane.
pub async fn set_lane(connection: &mut Connection, id: IssueId, lane: &str) -> QueryResult<Issue> {
    diesel::update(dsl::issues.find(id))
        .set(dsl::lane.eq(lane))
        .returning(Issue::as_returning())
        .get_result(connection)
        .await
}

/// Stores the number of comments of an issue, and its update time.
pub async fn set_comments(
    connection: &mut Connection,
    id: IssueId,
    comments: i32,
    updated_at: DateTime<Utc>,
) -> QueryResult<Issue> {
    diesel::update(dsl::issues.find(id))
        .set((dsl::comments_count.eq(comments), dsl::updated_at.eq(updated_at)))
        .returning(Issue::as_returning())
        .get_result(connection)
        .await
}

/// The number of cached open issues of a repository.
pub async fn count_open(connection: &mut Connection, repository: RepositoryId) -> QueryResult<i64> {
    dsl::issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::state.eq(IssueState::Open))
        .filter(dsl::removed_at.is_null())
        .select(count_star())
        .first(connection)
        .await
}

/// The node ids of the issues that a full sync should have seen: those on the board.
pub async fn node_ids_on_board(
    connection: &mut Connection,
    repository: RepositoryId,
) -> QueryResult<Vec<(IssueId, String)>> {
    dsl::issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::on_board)
        .select((dsl::id, dsl::node_id))
        .load(connection)
        .await
}

/// The node ids of the issues of a repository with one of these labels, given in lower case.
pub async fn node_ids_with_labels(
    connection: &mut Connection,
    repository: RepositoryId,
    keys: &[String],
) -> QueryResult<Vec<String>> {
    dsl::issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::removed_at.is_null())
        .filter(dsl::label_keys.overlaps_with(keys))
        .order(dsl::id)
        .select(dsl::node_id)
        .load(connection)
        .await
}

/// The node ids of the issues of a repository with any other label than exactly these.
pub async fn node_ids_with_other_labels(
    connection: &mut Connection,
    repository: RepositoryId,
    names: &[String],
) -> QueryResult<Vec<String>> {
    dsl::issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::removed_at.is_null())
        .filter(diesel::dsl::not(dsl::labels.is_contained_by(names)))
        .order(dsl::id)
        .select(dsl::node_id)
        .load(connection)
        .await
}

/// Marks issues as deleted or transferred, so that nothing read before brings them back. Returns those
/// that were not removed before.
pub async fn remove(
    connection: &mut Connection,
    ids: &[IssueId],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Issue>> {
    diesel::update(dsl::issues.filter(dsl::id.eq_any(ids)).filter(dsl::removed_at.is_null()))
        .set((dsl::removed_at.eq(now), dsl::read_at.eq(now), dsl::on_board.eq(false)))
        .returning(Issue::as_returning())
        .get_results(connection)
        .await
}

/// Issues in progress that were last updated before `before`, longest ago first, except for those
/// with an excluded label.
pub async fn in_progress_since(
    connection: &mut Connection,
    before: DateTime<Utc>,
    excluded: &[String],
    limit: u32,
) -> QueryResult<Vec<Issue>> {
    dsl::issues
        .inner_join(repositories::table)
        .filter(repositories::enabled)
        .filter(dsl::on_board)
        .filter(dsl::status.eq(Status::InProgress))
        .filter(dsl::updated_at.lt(before))
        .filter(diesel::dsl::not(dsl::label_keys.overlaps_with(excluded)))
        .order((dsl::updated_at.asc(), dsl::id.asc()))
        .limit(i64::from(limit))
        .select(Issue::as_select())
        .load(connection)
        .await
}

/// Removes issues from the board that were closed before the window of the Done column, and returns
/// them.
pub async fn leave_done_window(
    connection: &mut Connection,
    window_start: DateTime<Utc>,
) -> QueryResult<Vec<Issue>> {
    diesel::update(
        dsl::issues
            .filter(dsl::on_board)
            .filter(dsl::state.eq(IssueState::Closed))
            .filter(dsl::closed_at.lt(window_start).or(dsl::closed_at.is_null())),
    )
    .set(dsl::on_board.eq(false))
    .returning(Issue::as_returning())
    .get_results(connection)
    .await
}

/// Closed issues after `after`, in the order of their ids, that nothing needs any longer.
///
/// They were closed before `cutoff` and left the board, nobody holds them, no change of them is
/// unsettled, and no issue names them as its blocker.
pub async fn prunable(
    connection: &mut Connection,
    cutoff: DateTime<Utc>,
    after: IssueId,
    limit: i64,
) -> QueryResult<Vec<IssueId>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        id: IssueId,
    }
    let found: Vec<Found> = diesel::sql_query(
        "SELECT i.id FROM issues i
         JOIN repositories r ON r.id = i.repository_id
         WHERE i.id > $1 AND i.state = 'closed' AND NOT i.on_board AND i.closed_at < $2
             AND NOT EXISTS (
                 SELECT FROM leases l WHERE l.issue_id = i.id AND l.state <> 'free'
             )
             AND NOT EXISTS (
                 SELECT FROM audit_log a WHERE a.issue_id = i.id AND a.settled_at IS NULL
             )
             AND NOT EXISTS (
                 SELECT FROM blockers b
                 WHERE b.repository = lower(r.full_name) AND b.number = i.number
             )
         ORDER BY i.id LIMIT $3 FOR UPDATE OF i",
    )
    .bind::<BigInt, _>(after)
    .bind::<diesel::sql_types::Timestamptz, _>(cutoff)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(found.into_iter().map(|found| found.id).collect())
}

/// Deletes issues and returns them. Audit entries, agent runs and decisions about them remain.
pub async fn delete(connection: &mut Connection, ids: &[IssueId]) -> QueryResult<Vec<Issue>> {
    diesel::delete(dsl::issues.filter(dsl::id.eq_any(ids)))
        .returning(Issue::as_returning())
        .get_results(connection)
        .await
}

/// Returns issues to the board that are inside the window of the Done column after it has grown.
pub async fn enter_done_window(
    connection: &mut Connection,
    window_start: DateTime<Utc>,
) -> QueryResult<Vec<Issue>> {
    diesel::update(
        dsl::issues
            .filter(diesel::dsl::not(dsl::on_board))
            .filter(dsl::removed_at.is_null())
            .filter(dsl::closed_at.ge(window_start)),
    )
    .set(dsl::on_board.eq(true))
    .returning(Issue::as_returning())
    .get_results(connection)
    .await
}

type Selected<'a, Selection> = diesel::dsl::IntoBoxed<
    'a,
    diesel::dsl::Select<diesel::dsl::InnerJoin<issues::table, repositories::table>, Selection>,
    diesel::pg::Pg,
>;
type CardQuery<'a> = Selected<'a, diesel::dsl::AsSelect<Issue, diesel::pg::Pg>>;

/// Whether the search index of an issue has all of some words, each a number, a word or a prefix.
macro_rules! found_by {
    ($words:expr) => {
        sql::<Bool>("issues.search @@ to_tsquery('simple', ")
            .bind::<Text, _>(prefix_query($words))
            .sql(")")
    };
}

/// Applies a normalized filter to a query: [`NormalizedFilter::matches`] in SQL.
macro_rules! filtered {
    ($query:expr, $filter:expr) => {{
        let filter: &NormalizedFilter = $filter;
        let mut query = $query.filter(repositories::enabled);
        query = if filter.include_closed {
            query.filter(dsl::removed_at.is_null())
        } else {
            query.filter(dsl::on_board)
        };
        if let Some(names) = &filter.repositories {
            let is_called_so = lower(repositories::full_name).eq_any(names);
            query = query.filter(is_called_so.or(repositories::former_names.overlaps_with(names)));
        }
        if let Some(statuses) = &filter.statuses {
            query = query.filter(dsl::status.eq_any(statuses));
        }
        if let Some(priorities) = &filter.priorities {
            query = query.filter(dsl::priority.assume_not_null().eq_any(priorities));
        }
        for group in &filter.label_groups {
            query = query.filter(dsl::label_keys.overlaps_with(group));
        }
        if let Some(lanes) = &filter.lanes {
            query = query.filter(dsl::lane.eq_any(lanes));
        }
        if !filter.excluded_labels.is_empty() {
            let hides = dsl::label_keys.overlaps_with(&filter.excluded_labels);
            query = query.filter(diesel::dsl::not(hides));
        }
        if let Some(words) = &filter.search {
            query = query.filter(found_by!(words));
        }
        if let Some(before) = filter.updated_before {
            query = query.filter(dsl::updated_at.lt(before.0));
        }
        query
    }};
}

/// `fix the #12` as PostgreSQL's `'12':* & 'fix':* & 'the':*`, each word once.
fn prefix_query(words: &str) -> String {
    let lexeme = |word: &str| {
        let quoted = word.trim_start_matches('#').replace('\\', " ").replace('\'', "''");
        if quoted.trim().is_empty() { None } else { Some(format!("'{quoted}':*")) }
    };
    let lexemes: BTreeSet<_> = words.split_whitespace().filter_map(lexeme).collect();
    lexemes.into_iter().collect::<Vec<_>>().join(" & ")
}

fn cards<'a>(filter: &'a NormalizedFilter) -> CardQuery<'a> {
    let query = dsl::issues
        .inner_join(repositories::table)
        .select(Issue::as_select())
        .into_boxed::<diesel::pg::Pg>();
    filtered!(query, filter)
}

fn column<'a>(
    filter: &'a NormalizedFilter,
    status: Status,
    after: Option<Position>,
    rows: i64,
) -> CardQuery<'a> {
    after_position(cards(filter).filter(dsl::status.eq(status)), after)
        .order((dsl::updated_at.desc(), dsl::id.desc()))
        .limit(rows)
}

fn after_position(query: CardQuery<'_>, position: Option<Position>) -> CardQuery<'_> {
    match position {
        None => query,
        Some(Position { at, id }) => query
            .filter(dsl::updated_at.lt(at).or(dsl::updated_at.eq(at).and(dsl::id.lt(IssueId(id))))),
    }
}

/// The first cards of every column, `rows` of each, in one statement. Within a column they come
/// most recently updated first.
pub async fn first_of_each_column(
    connection: &mut Connection,
    filter: &NormalizedFilter,
    rows: i64,
) -> QueryResult<Vec<Issue>> {
    let of = |status| column(filter, status, None, rows);
    of(Status::Backlog)
        .union_all(of(Status::Ready))
        .union_all(of(Status::InProgress))
        .union_all(of(Status::InReview))
        .union_all(of(Status::Blocked))
        .union_all(of(Status::Done))
        .load(connection)
        .await
}

/// The first cards of every column of every tracked repository, `rows` of each, in one statement,
/// those with an excluded label left out. Within a column they come most recently updated first.
pub async fn first_of_each_repository(
    connection: &mut Connection,
    excluded: &[String],
    rows: i64,
) -> QueryResult<Vec<Issue>> {
    let first = sql::<Bool>(
        "issues.id IN (SELECT first.id FROM board_counts c \
             JOIN repositories r ON r.id = c.repository_id, LATERAL ( \
                 SELECT i.id FROM issues i \
                 WHERE i.repository_id = c.repository_id AND i.status = c.status AND i.on_board \
                     AND NOT i.label_keys && ",
    )
    .bind::<Array<Text>, _>(excluded)
    .sql(" ORDER BY i.updated_at DESC, i.id DESC LIMIT ")
    .bind::<BigInt, _>(rows)
    .sql(") AS first WHERE r.enabled AND c.issues > 0)");
    dsl::issues
        .filter(first)
        .order((dsl::updated_at.desc(), dsl::id.desc()))
        .select(Issue::as_select())
        .load(connection)
        .await
}

/// A page of one column.
pub async fn page_of_column(
    connection: &mut Connection,
    filter: &NormalizedFilter,
    status: Status,
    request: &PageRequest,
) -> QueryResult<Page<Issue>> {
    let rows =
        column(filter, status, request.after, request.rows_to_read()).load(connection).await?;
    Ok(Page::new(rows, request))
}

/// A page of all matching issues, most recently updated first.
pub async fn page(
    connection: &mut Connection,
    filter: &NormalizedFilter,
    request: &PageRequest,
) -> QueryResult<Page<Issue>> {
    let mut query = after_position(cards(filter), request.after);
    if let Some(Position { at, id }) = request.before {
        query = query
            .filter(dsl::updated_at.gt(at).or(dsl::updated_at.eq(at).and(dsl::id.gt(IssueId(id)))));
    }
    let query = if request.from_end {
        query.order((dsl::updated_at.asc(), dsl::id.asc()))
    } else {
        query.order((dsl::updated_at.desc(), dsl::id.desc()))
    };
    let rows = query.limit(request.rows_to_read()).load(connection).await?;
    Ok(Page::new(rows, request))
}

/// All matching issues with their Markdown texts, most recently updated first.
pub async fn all_with_bodies(
    connection: &mut Connection,
    filter: &NormalizedFilter,
) -> QueryResult<Vec<(Issue, Option<String>)>> {
    let query = dsl::issues
        .inner_join(repositories::table)
        .select((Issue::as_select(), dsl::body))
        .into_boxed::<diesel::pg::Pg>();
    filtered!(query, filter).order((dsl::updated_at.desc(), dsl::id.desc())).load(connection).await
}

/// Issues with their Markdown texts by id, in no order.
pub async fn by_ids_with_bodies(
    connection: &mut Connection,
    ids: &[IssueId],
) -> QueryResult<Vec<(Issue, Option<String>)>> {
    dsl::issues
        .filter(dsl::id.eq_any(ids))
        .select((Issue::as_select(), dsl::body))
        .load(connection)
        .await
}

/// The number of matching issues in each column; columns without any are absent. If the filter has
/// repositories only, maintained counts are read; otherwise rows are counted.
pub async fn count_by_status(
    connection: &mut Connection,
    filter: &NormalizedFilter,
) -> QueryResult<Vec<(Status, i64)>> {
    if filter.is_by_repository_only() {
        let mut query = board_counts::table
            .inner_join(repositories::table)
            .filter(repositories::enabled)
            .group_by(board_counts::status)
            .select((
                board_counts::status,
                diesel::dsl::sum(board_counts::issues).assume_not_null(),
            ))
            .into_boxed::<diesel::pg::Pg>();
        if let Some(names) = &filter.repositories {
            let is_called_so = lower(repositories::full_name).eq_any(names);
            query = query.filter(is_called_so.or(repositories::former_names.overlaps_with(names)));
        }
        return query.load(connection).await;
    }
    let query = dsl::issues
        .inner_join(repositories::table)
        .group_by(dsl::status)
        .select((dsl::status, count_star()))
        .into_boxed::<diesel::pg::Pg>();
    filtered!(query, filter).load(connection).await
}

/// Whether the words of a search occur in an issue's number, title or body.
pub async fn is_found_by(
    connection: &mut Connection,
    id: IssueId,
    words: &str,
) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(dsl::issues.find(id).filter(found_by!(words))))
        .get_result(connection)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_words_and_beginnings_and_never_syntax() {
        assert_eq!(prefix_query("fix the #12"), "'12':* & 'fix':* & 'the':*");
        assert_eq!(prefix_query("a b a"), "'a':* & 'b':*");
        assert_eq!(prefix_query("a & !b"), "'!b':* & '&':* & 'a':*");
        assert_eq!(prefix_query("it's \\"), "'it''s':*");
        assert_eq!(prefix_query(" # "), "");
    }
}
