//! What is left and what was spent of GitHub's rate limits, by all replicas.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::domain::github_budget::{Feature, Resource, Spent};
use crate::store::Connection;
use crate::store::schema::{github_budgets, github_spending};

/// What is left of a resource, or a pause of all requests.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = github_budgets, check_for_backend(diesel::pg::Pg))]
pub struct BudgetRow {
    /// A [`Resource`], or `all`.
    pub resource: String,
    /// Points of a window.
    pub points_limit: Option<i64>,
    /// Points left of the window.
    pub remaining: Option<i64>,
    /// When the window ends.
    pub resets_at: Option<DateTime<Utc>>,
    /// Until when GitHub asked not to send requests.
    pub blocked_until: Option<DateTime<Utc>>,
}

/// The rows of a principal.
pub async fn of_principal(
    connection: &mut Connection,
    principal: &str,
) -> QueryResult<Vec<BudgetRow>> {
    github_budgets::table
        .filter(github_budgets::principal.eq(principal))
        .order(github_budgets::resource)
        .select(BudgetRow::as_select())
        .load(connection)
        .await
}

/// What was spent since a time, oldest first.
pub async fn spent_since(
    connection: &mut Connection,
    principal: &str,
    since: DateTime<Utc>,
) -> QueryResult<Vec<Spent>> {
    use github_spending as spending;

    let rows: Vec<(DateTime<Utc>, Resource, Feature, i64, i64, i64)> = spending::table
        .filter(spending::principal.eq(principal).and(spending::minute.ge(since)))
        .order((spending::minute, spending::resource, spending::feature))
        .select((
            spending::minute,
            spending::resource,
            spending::feature,
            spending::points,
            spending::requests,
            spending::writes,
        ))
        .load(connection)
        .await?;
    let spent = |(minute, resource, feature, points, requests, writes)| Spent {
        minute,
        resource,
        feature,
        points,
        requests,
        writes,
    };
    Ok(rows.into_iter().map(spent).collect())
}

/// Writes what a replica knows of a resource. A newer window replaces an older one; within a window
/// points only become fewer, and a pause only longer.
pub async fn merge(
    connection: &mut Connection,
    principal: &str,
    row: &BudgetRow,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO github_budgets AS known \
         (principal, resource, points_limit, remaining, resets_at, blocked_until, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (principal, resource) DO UPDATE SET \
             points_limit = CASE WHEN excluded.resets_at >= known.resets_at \
                 THEN excluded.points_limit ELSE coalesce(known.points_limit, excluded.points_limit) END, \
             remaining = CASE WHEN excluded.resets_at > known.resets_at THEN excluded.remaining \
                 WHEN excluded.resets_at = known.resets_at \
                 THEN least(known.remaining, excluded.remaining) \
                 ELSE coalesce(known.remaining, excluded.remaining) END, \
             resets_at = greatest(known.resets_at, excluded.resets_at), \
             blocked_until = greatest(known.blocked_until, excluded.blocked_until), \
             updated_at = excluded.updated_at",
    )
    .bind::<Text, _>(principal)
    .bind::<Text, _>(&row.resource)
    .bind::<Nullable<BigInt>, _>(row.points_limit)
    .bind::<Nullable<BigInt>, _>(row.remaining)
    .bind::<Nullable<Timestamptz>, _>(row.resets_at)
    .bind::<Nullable<Timestamptz>, _>(row.blocked_until)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Adds to what was spent.
pub async fn add(connection: &mut Connection, principal: &str, spent: &[Spent]) -> QueryResult<()> {
    let column = |of: fn(&Spent) -> i64| spent.iter().map(of).collect::<Vec<_>>();
    let words = |of: fn(&Spent) -> &'static str| spent.iter().map(of).collect::<Vec<_>>();
    diesel::sql_query(
        "INSERT INTO github_spending AS known \
         (principal, minute, resource, feature, points, requests, writes) \
         SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7) \
         ON CONFLICT (principal, minute, resource, feature) DO UPDATE SET \
             points = known.points + excluded.points, \
             requests = known.requests + excluded.requests, \
             writes = known.writes + excluded.writes",
    )
    .bind::<Text, _>(principal)
    .bind::<Array<Timestamptz>, _>(spent.iter().map(|one| one.minute).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(words(|one| one.resource.as_str()))
    .bind::<Array<Text>, _>(words(|one| one.feature.as_str()))
    .bind::<Array<BigInt>, _>(column(|one| one.points))
    .bind::<Array<BigInt>, _>(column(|one| one.requests))
    .bind::<Array<BigInt>, _>(column(|one| one.writes))
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes what was spent before a time.
pub async fn prune(connection: &mut Connection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(github_spending::table.filter(github_spending::minute.lt(before)))
        .execute(connection)
        .await
}
