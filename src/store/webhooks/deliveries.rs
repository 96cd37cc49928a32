//! Deliveries of GitHub's webhooks.

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, exists, not};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use crate::domain::WebhookDeliveryId;
use crate::domain::webhooks::DeliveryState;
use crate::store::page::{Page, PageRequest, Position};
use crate::store::prepared::Prepared;
use crate::store::schema::webhook_deliveries::{self, dsl};
use crate::store::{Connection, lower};

/// A delivery without its payload.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries, check_for_backend(diesel::pg::Pg))]
pub struct WebhookDelivery {
    /// Our id, in the order of arrival.
    pub id: WebhookDeliveryId,
    /// GitHub's id of the delivery, which a redelivery repeats.
    pub delivery_id: String,
    /// The name of the event, such as `issues`.
    pub event: String,
    /// The action of the event; none when the payload has none.
    pub action: Option<String>,
    /// The full name of the repository in the payload.
    pub repository: Option<String>,
    /// The number of the issue or pull request in the payload.
    pub issue_number: Option<i32>,
    /// Whether it was processed, and with which result.
    pub state: DeliveryState,
    /// Why it was ignored or quarantined, or why the last attempt failed.
    pub reason: Option<String>,
    /// How often it was processed, the attempt in progress included.
    pub attempts: i32,
    /// When it last arrived.
    pub received_at: DateTime<Utc>,
    /// When it is processed next; none when it is settled.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was processed for the last time; none while it is pending.
    pub settled_at: Option<DateTime<Utc>>,
}

impl WebhookDelivery {
    /// Its position in a list.
    pub fn position(&self) -> Position {
        Position { at: self.received_at, id: self.id.0 }
    }
}

/// A delivery that has arrived.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = webhook_deliveries)]
pub struct NewDelivery<'a> {
    /// GitHub's id of the delivery.
    pub delivery_id: &'a str,
    /// The name of the event.
    pub event: &'a str,
    /// The action of the event.
    pub action: Option<&'a str>,
    /// The full name of the repository.
    pub repository: Option<&'a str>,
    /// The number of the issue or pull request.
    pub issue_number: Option<i32>,
    /// What it is about; see [`crate::domain::webhooks::subject`].
    pub subject: &'a str,
    /// The JSON text.
    pub payload: &'a [u8],
    /// Pending, or quarantined.
    pub state: DeliveryState,
    /// Why it is quarantined.
    pub reason: Option<&'a str>,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// When it is processed; none when it is quarantined.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was quarantined.
    pub settled_at: Option<DateTime<Utc>>,
}

/// Stores a delivery. One that is already stored is replaced if it can be repeated; see
/// [`DeliveryState::is_repeatable`]. Returns none when it was left unchanged.
pub async fn store(
    connection: &mut Connection,
    delivery: &NewDelivery<'_>,
) -> QueryResult<Option<WebhookDelivery>> {
    use diesel::query_dsl::methods::FilterDsl;

    let repeatable: Vec<DeliveryState> =
        DeliveryState::ALL.into_iter().filter(|state| state.is_repeatable()).collect();
    let insert = diesel::insert_into(dsl::webhook_deliveries)
        .values(delivery)
        .on_conflict(dsl::delivery_id)
        .do_update()
        .set((
            dsl::event.eq(excluded(dsl::event)),
            dsl::action.eq(excluded(dsl::action)),
            dsl::repository.eq(excluded(dsl::repository)),
            dsl::issue_number.eq(excluded(dsl::issue_number)),
            dsl::subject.eq(excluded(dsl::subject)),
            dsl::payload.eq(excluded(dsl::payload)),
            dsl::state.eq(excluded(dsl::state)),
            dsl::reason.eq(excluded(dsl::reason)),
            dsl::attempts.eq(0),
            dsl::received_at.eq(excluded(dsl::received_at)),
            dsl::next_attempt_at.eq(excluded(dsl::next_attempt_at)),
            dsl::settled_at.eq(excluded(dsl::settled_at)),
        ))
        .filter(dsl::state.eq_any(repeatable))
        .returning(WebhookDelivery::as_returning());
    insert.get_result(connection).await.optional()
}

/// The delivery with GitHub's id.
pub async fn by_delivery_id(
    connection: &mut Connection,
    delivery_id: &str,
) -> QueryResult<Option<WebhookDelivery>> {
    let query = dsl::webhook_deliveries
        .filter(dsl::delivery_id.eq(delivery_id))
        .select(WebhookDelivery::as_select());
    Prepared(query).get_result(connection).await.optional()
}

/// Begins an attempt of the deliveries that are due, oldest first, at most `most`.
///
/// None of them has an earlier pending delivery of the same subject. An attempt that is not settled until `interrupted_at` counts as
/// interrupted, and the delivery is due again.
pub async fn begin(
    connection: &mut Connection,
    now: DateTime<Utc>,
    interrupted_at: DateTime<Utc>,
    most: i64,
) -> QueryResult<Vec<(WebhookDelivery, Vec<u8>)>> {
    let earlier = diesel::alias!(webhook_deliveries as earlier);
    let is_earlier = earlier
        .filter(earlier.field(dsl::state).eq(DeliveryState::Pending))
        .filter(earlier.field(dsl::subject).eq(dsl::subject))
        .filter(earlier.field(dsl::id).lt(dsl::id));
    let due = dsl::webhook_deliveries
        .filter(dsl::state.eq(DeliveryState::Pending))
        .filter(dsl::next_attempt_at.le(now))
        .filter(not(exists(is_earlier)))
        .order(dsl::id)
        .limit(most)
        .select(dsl::id)
        .for_update()
        .skip_locked()
        .load::<WebhookDeliveryId>(connection)
        .await?;
    if due.is_empty() {
        return Ok(vec![]);
    }
    let mut begun: Vec<(WebhookDelivery, Vec<u8>)> =
        diesel::update(dsl::webhook_deliveries.filter(dsl::id.eq_any(due)))
            .set((dsl::attempts.eq(dsl::attempts + 1), dsl::next_attempt_at.eq(interrupted_at)))
            .returning((WebhookDelivery::as_returning(), dsl::payload))
            .get_results(connection)
            .await?;
    begun.sort_by_key(|(delivery, _)| delivery.id);
    Ok(begun)
}

/// Ends an attempt with a result.
pub async fn settle(
    connection: &mut Connection,
    id: WebhookDeliveryId,
    state: DeliveryState,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(dsl::webhook_deliveries.find(id).filter(dsl::state.eq(DeliveryState::Pending)))
        .set((
            dsl::state.eq(state),
            dsl::reason.eq(reason),
            dsl::next_attempt_at.eq(None::<DateTime<Utc>>),
            dsl::settled_at.eq(now),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends an attempt that failed, unless another replica has settled the delivery; the next one follows
/// at a time. `attempts` is how many are counted.
pub async fn postpone(
    connection: &mut Connection,
    id: WebhookDeliveryId,
    attempts: i32,
    reason: &str,
    until: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(dsl::webhook_deliveries.find(id).filter(dsl::state.eq(DeliveryState::Pending)))
        .set((dsl::attempts.eq(attempts), dsl::reason.eq(reason), dsl::next_attempt_at.eq(until)))
        .execute(connection)
        .await?;
    Ok(())
}

/// A delivery, locked until the caller's transaction ends.
pub async fn lock(
    connection: &mut Connection,
    id: WebhookDeliveryId,
) -> QueryResult<Option<WebhookDelivery>> {
    dsl::webhook_deliveries
        .find(id)
        .select(WebhookDelivery::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Makes a delivery due again, whatever its state is.
pub async fn replay(
    connection: &mut Connection,
    id: WebhookDeliveryId,
    now: DateTime<Utc>,
) -> QueryResult<WebhookDelivery> {
    diesel::update(dsl::webhook_deliveries.find(id))
        .set((
            dsl::state.eq(DeliveryState::Pending),
            dsl::reason.eq(None::<String>),
            dsl::attempts.eq(0),
            dsl::next_attempt_at.eq(now),
            dsl::settled_at.eq(None::<DateTime<Utc>>),
        ))
        .returning(WebhookDelivery::as_returning())
        .get_result(connection)
        .await
}

/// Which deliveries a list contains. Absent members exclude nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only deliveries in this state.
    pub state: Option<DeliveryState>,
    /// Only deliveries of the event of this name.
    pub event: Option<String>,
    /// Only deliveries about this repository, by its full name in any case.
    pub repository: Option<String>,
}

/// A page of the deliveries that a filter admits, newest first.
pub async fn page(
    connection: &mut Connection,
    filter: DeliveryFilter,
    request: &PageRequest,
) -> QueryResult<Page<WebhookDelivery>> {
    let mut query =
        dsl::webhook_deliveries.select(WebhookDelivery::as_select()).into_boxed::<diesel::pg::Pg>();
    if let Some(state) = filter.state {
        query = query.filter(dsl::state.eq(state));
    }
    if let Some(event) = filter.event {
        query = query.filter(dsl::event.eq(event));
    }
    if let Some(repository) = filter.repository {
        query =
            query.filter(lower(dsl::repository.assume_not_null()).eq(repository.to_lowercase()));
    }
    if let Some(Position { at, id }) = request.after {
        let is_same_time = dsl::received_at.eq(at).and(dsl::id.lt(WebhookDeliveryId(id)));
        query = query.filter(dsl::received_at.lt(at).or(is_same_time));
    }
    let rows = query
        .order((dsl::received_at.desc(), dsl::id.desc()))
        .limit(request.rows_to_read())
        .load(connection)
        .await?;
    Ok(Page::new(rows, request))
}

/// The number of deliveries of an event in a state.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct DeliveryCount {
    /// The state.
    pub state: DeliveryState,
    /// The name of the event.
    pub event: String,
    /// The action of the event.
    pub action: Option<String>,
    /// How many there are.
    pub deliveries: i64,
}

/// The numbers of retained deliveries by state, event and action, the largest first, at most `most`.
pub async fn counts(connection: &mut Connection, most: i64) -> QueryResult<Vec<DeliveryCount>> {
    dsl::webhook_deliveries
        .group_by((dsl::state, dsl::event, dsl::action))
        .select((dsl::state, dsl::event, dsl::action, count_star()))
        .order((count_star().desc(), dsl::event, dsl::action, dsl::state))
        .limit(most)
        .load(connection)
        .await
}

/// Prunes deliveries that were settled before `before`, and the longest settled ones beyond a total size
/// of payloads, in bytes. Returns how many.
pub async fn prune(
    connection: &mut Connection,
    before: DateTime<Utc>,
    most_bytes: i64,
) -> QueryResult<usize> {
    let old = diesel::delete(dsl::webhook_deliveries.filter(dsl::settled_at.lt(before)))
        .execute(connection)
        .await?;
    let excess = "DELETE FROM webhook_deliveries WHERE id IN (\
             SELECT id FROM (\
                 SELECT id, sum(octet_length(payload)) OVER (ORDER BY settled_at DESC, id DESC) AS bytes \
                 FROM webhook_deliveries WHERE settled_at IS NOT NULL) AS newest \
             WHERE bytes > $1)";
    let excess =
        diesel::sql_query(excess).bind::<BigInt, _>(most_bytes).execute(connection).await?;
    Ok(old + excess)
}
