//! Issues as cached from GitHub, the columns they stand in and how many stand there.
//!
//! The body is not part of the row struct: boards and lists do without it and it is most of the
//! bytes. Who needs it asks for [`bodies`].

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text};
use diesel_async::RunQueryDsl;

use super::page::{Page, PageRequest, Position};
use super::prepared::Prepared;
use super::schema::issues::{self, dsl};
use super::schema::{board_counts, repositories};
use super::{Connection, Repository, lower};
use crate::domain::events::IssueFacts;
use crate::domain::filter::Wanted;
use crate::domain::{
    AuthorAssociation, IssueId, IssueState, LabelSet, Priority, RepositoryId, Status,
};

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
    /// The most urgent priority label.
    pub priority: Option<Priority>,
    /// Label names in GitHub's order.
    pub labels: LabelSet,
    /// GitHub logins.
    pub assignees: Vec<String>,
    /// GitHub login; none when the account is gone.
    pub author: Option<String>,
    /// How that account stands to the repository; none when GitHub did not tell.
    pub author_association: Option<AuthorAssociation>,
    /// How many comments it has.
    pub comments_count: i32,
    /// GitHub's creation time.
    pub created_at: DateTime<Utc>,
    /// GitHub's update time, whole seconds.
    pub updated_at: DateTime<Utc>,
    /// When it was closed, while it is.
    pub closed_at: Option<DateTime<Utc>>,
    /// When GitHub was asked for what this row says.
    pub read_at: DateTime<Utc>,
    /// The queue it waits in.
    pub lane: String,
    /// Why it is blocked, while it is.
    pub blocked_reason: Option<String>,
    /// Open, or closed inside the done window.
    pub on_board: bool,
    /// When it was found to be deleted or transferred.
    pub removed_at: Option<DateTime<Utc>>,
    /// The page of the open pull request that is to close it, by GitHub's account.
    pub pull_request_url: Option<String>,
}

impl Issue {
    /// What filters read of the issue.
    pub fn facts(&self, repository: &Repository) -> IssueFacts {
        IssueFacts {
            repository_id: self.repository_id,
            repository: repository.full_name.to_string(),
            number: self.number,
            state: self.state,
            closed_at: self.closed_at,
            status: self.status,
            labels: self.labels.clone(),
            lane: Some(self.lane.clone()),
            title: self.title.clone(),
            on_board: self.on_board,
            body_changed: false,
        }
    }

    /// Where the issue stands in a list.
    pub fn position(&self) -> Position {
        Position { at: self.updated_at, id: self.id.0 }
    }
}

/// What GitHub says of an issue, with what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, AsChangeset)]
#[diesel(table_name = issues, treat_none_as_null = true)]
pub struct IssueWrite {
    /// See [`Issue::repository_id`].
    pub repository_id: RepositoryId,
    /// See [`Issue::node_id`].
    pub node_id: String,
    /// See [`Issue::number`].
    pub number: i32,
    /// See [`Issue::title`].
    pub title: String,
    /// The Markdown text.
    pub body: Option<String>,
    /// See [`Issue::url`].
    pub url: String,
    /// See [`Issue::state`].
    pub state: IssueState,
    /// See [`Issue::status`].
    pub status: Status,
    /// See [`Issue::priority`].
    pub priority: Option<Priority>,
    /// See [`Issue::labels`].
    pub labels: LabelSet,
    /// See [`Issue::assignees`].
    pub assignees: Vec<String>,
    /// See [`Issue::author`].
    pub author: Option<String>,
    /// See [`Issue::author_association`].
    pub author_association: Option<AuthorAssociation>,
    /// See [`Issue::comments_count`].
    pub comments_count: i32,
    /// See [`Issue::created_at`].
    pub created_at: DateTime<Utc>,
    /// See [`Issue::updated_at`].
    pub updated_at: DateTime<Utc>,
    /// See [`Issue::closed_at`].
    pub closed_at: Option<DateTime<Utc>>,
    /// See [`Issue::read_at`].
    pub read_at: DateTime<Utc>,
    /// See [`Issue::lane`]. A row that exists keeps its own.
    pub lane: String,
    /// See [`Issue::blocked_reason`].
    pub blocked_reason: Option<String>,
    /// See [`Issue::on_board`].
    pub on_board: bool,
    /// See [`Issue::removed_at`].
    pub removed_at: Option<DateTime<Utc>>,
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
        // For one of unknown many, PostgreSQL makes a plan each time.
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

/// The issue as it is now, held until the transaction ends.
pub async fn lock(connection: &mut Connection, id: IssueId) -> QueryResult<Issue> {
    dsl::issues.find(id).select(Issue::as_select()).for_update().first(connection).await
}

/// The rows with these numbers, and their bodies, held until the transaction ends.
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

/// Writes issues that are new or newer, or others than those that had their numbers. A row that is
/// newer by now stays as it is and does not come back; a row that exists keeps its lane.
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

/// The labels GitHub says an issue has, with what follows from them.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = issues, treat_none_as_null = true)]
pub struct LabelWrite {
    /// See [`Issue::labels`].
    pub labels: LabelSet,
    /// See [`Issue::state`].
    pub state: IssueState,
    /// See [`Issue::closed_at`].
    pub closed_at: Option<DateTime<Utc>>,
    /// See [`Issue::on_board`].
    pub on_board: bool,
    /// See [`Issue::status`].
    pub status: Status,
    /// See [`Issue::priority`].
    pub priority: Option<Priority>,
    /// See [`Issue::blocked_reason`].
    pub blocked_reason: Option<String>,
    /// See [`Issue::updated_at`].
    pub updated_at: DateTime<Utc>,
    /// See [`Issue::read_at`].
    pub read_at: DateTime<Utc>,
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

/// What labels say of an issue.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = issues, check_for_backend(diesel::pg::Pg))]
pub struct Labelled {
    /// The issue.
    pub id: IssueId,
    /// See [`Issue::number`].
    pub number: i32,
    /// See [`Issue::title`].
    pub title: String,
    /// See [`Issue::state`].
    pub state: IssueState,
    /// See [`Issue::labels`].
    pub labels: LabelSet,
    /// See [`Issue::blocked_reason`].
    pub blocked_reason: Option<String>,
}

/// Other labels of an issue, and what they say.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = issues, treat_none_as_null = true)]
pub struct Relabelled {
    /// See [`Issue::labels`].
    pub labels: LabelSet,
    /// See [`Issue::status`].
    pub status: Status,
    /// See [`Issue::priority`].
    pub priority: Option<Priority>,
    /// See [`Issue::blocked_reason`].
    pub blocked_reason: Option<String>,
}

/// The labels of all issues of a repository, by number.
pub async fn labels_of(
    connection: &mut Connection,
    repository: RepositoryId,
) -> QueryResult<Vec<Labelled>> {
    dsl::issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::removed_at.is_null())
        .order(dsl::number)
        .select(Labelled::as_select())
        .load(connection)
        .await
}

/// As [`labels_of`], by id, with the rows locked until the caller's transaction ends: all of them before
/// the first is written, because a write also locks the counts of the board.
pub async fn lock_labels_of(
    connection: &mut Connection,
    repository: RepositoryId,
) -> QueryResult<Vec<Labelled>> {
    dsl::issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::removed_at.is_null())
        .order(dsl::id)
        .select(Labelled::as_select())
        .for_update()
        .load(connection)
        .await
}

/// Stores what an issue's labels are called now; GitHub has the same as before.
pub async fn relabel(
    connection: &mut Connection,
    id: IssueId,
    change: &Relabelled,
) -> QueryResult<()> {
    diesel::update(dsl::issues.find(id)).set(change).execute(connection).await?;
    Ok(())
}

/// Puts an issue in another queue.
pub async fn set_lane(connection: &mut Connection, id: IssueId, lane: &str) -> QueryResult<Issue> {
    diesel::update(dsl::issues.find(id))
        .set(dsl::lane.eq(lane))
        .returning(Issue::as_returning())
        .get_result(connection)
        .await
}

/// Stores how many comments an issue has, and when it last changed.
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

/// How many open issues of a repository are cached.
pub async fn count_open(connection: &mut Connection, repository: RepositoryId) -> QueryResult<i64> {
    dsl::issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::state.eq(IssueState::Open))
        .filter(dsl::removed_at.is_null())
        .select(count_star())
        .first(connection)
        .await
}

/// GitHub's ids of the issues that a full pass should have seen: those on the board.
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

/// GitHub's ids of the issues of a repository that have one of these labels, given in lower case.
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

/// GitHub's ids of the issues of a repository that have any other label than these, to the letter.
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

/// Marks issues as deleted or transferred. Those that were on the board come back.
pub async fn remove(
    connection: &mut Connection,
    ids: &[IssueId],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Issue>> {
    diesel::update(dsl::issues.filter(dsl::id.eq_any(ids)).filter(dsl::removed_at.is_null()))
        .set((dsl::removed_at.eq(now), dsl::on_board.eq(false)))
        .returning(Issue::as_returning())
        .get_results(connection)
        .await
}

/// Issues in progress that were last updated before `before`, longest ago first, those with an
/// excluded label left out.
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

/// Takes issues off the board that were closed before the done window; they come back.
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

/// Puts issues back that are inside the done window, after the window has grown.
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
type Cards<'a> = Selected<'a, diesel::dsl::AsSelect<Issue, diesel::pg::Pg>>;

/// Whether the search index of an issue has every one of some words, each a number, a word or the
/// beginning of one.
macro_rules! found_by {
    ($words:expr) => {
        sql::<Bool>("issues.search @@ to_tsquery('simple', ")
            .bind::<Text, _>(prefix_query($words))
            .sql(")")
    };
}

/// Narrows a query to what is wanted: the question of [`Wanted::matches`], asked of many rows.
macro_rules! narrowed {
    ($query:expr, $wanted:expr) => {{
        let wanted: &Wanted = $wanted;
        let mut query = $query.filter(repositories::enabled);
        query = if wanted.include_closed {
            query.filter(dsl::removed_at.is_null())
        } else {
            query.filter(dsl::on_board)
        };
        if let Some(names) = &wanted.repositories {
            let is_called_so = lower(repositories::full_name).eq_any(names);
            query = query.filter(is_called_so.or(repositories::former_names.overlaps_with(names)));
        }
        if let Some(statuses) = &wanted.statuses {
            query = query.filter(dsl::status.eq_any(statuses));
        }
        if let Some(priorities) = &wanted.priorities {
            query = query.filter(dsl::priority.assume_not_null().eq_any(priorities));
        }
        for group in &wanted.label_groups {
            query = query.filter(dsl::label_keys.overlaps_with(group));
        }
        if let Some(lanes) = &wanted.lanes {
            query = query.filter(dsl::lane.eq_any(lanes));
        }
        if !wanted.excluded_labels.is_empty() {
            let hides = dsl::label_keys.overlaps_with(&wanted.excluded_labels);
            query = query.filter(diesel::dsl::not(hides));
        }
        if let Some(words) = &wanted.search {
            query = query.filter(found_by!(words));
        }
        if let Some(before) = wanted.updated_before {
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

fn cards<'a>(wanted: &'a Wanted) -> Cards<'a> {
    let query = dsl::issues
        .inner_join(repositories::table)
        .select(Issue::as_select())
        .into_boxed::<diesel::pg::Pg>();
    narrowed!(query, wanted)
}

fn column<'a>(wanted: &'a Wanted, status: Status, after: Option<Position>, rows: i64) -> Cards<'a> {
    behind(cards(wanted).filter(dsl::status.eq(status)), after)
        .order((dsl::updated_at.desc(), dsl::id.desc()))
        .limit(rows)
}

fn behind(query: Cards<'_>, position: Option<Position>) -> Cards<'_> {
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
    wanted: &Wanted,
    rows: i64,
) -> QueryResult<Vec<Issue>> {
    let of = |status| column(wanted, status, None, rows);
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
    wanted: &Wanted,
    status: Status,
    request: &PageRequest,
) -> QueryResult<Page<Issue>> {
    let rows =
        column(wanted, status, request.after, request.rows_to_read()).load(connection).await?;
    Ok(Page::new(rows, request))
}

/// A page of all that is wanted, most recently updated first.
pub async fn page(
    connection: &mut Connection,
    wanted: &Wanted,
    request: &PageRequest,
) -> QueryResult<Page<Issue>> {
    let mut query = behind(cards(wanted), request.after);
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

/// All that is wanted with their Markdown texts, most recently updated first.
pub async fn all_with_bodies(
    connection: &mut Connection,
    wanted: &Wanted,
) -> QueryResult<Vec<(Issue, Option<String>)>> {
    let query = dsl::issues
        .inner_join(repositories::table)
        .select((Issue::as_select(), dsl::body))
        .into_boxed::<diesel::pg::Pg>();
    narrowed!(query, wanted).order((dsl::updated_at.desc(), dsl::id.desc())).load(connection).await
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

/// How many issues are wanted in each column; columns with none are absent. Counts that are kept
/// answer where only repositories are asked for, else rows are counted.
pub async fn count_by_status(
    connection: &mut Connection,
    wanted: &Wanted,
) -> QueryResult<Vec<(Status, i64)>> {
    if wanted.is_by_repository_only() {
        let mut query = board_counts::table
            .inner_join(repositories::table)
            .filter(repositories::enabled)
            .group_by(board_counts::status)
            .select((
                board_counts::status,
                diesel::dsl::sum(board_counts::issues).assume_not_null(),
            ))
            .into_boxed::<diesel::pg::Pg>();
        if let Some(names) = &wanted.repositories {
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
    narrowed!(query, wanted).load(connection).await
}

/// Whether the words of a search are in an issue's number, title or body.
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
