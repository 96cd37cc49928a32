//! The response cache.
//!
//! Boards send the same queries repeatedly: when they are opened, after a gap, and in parallel. The
//! response to a query depends on the query, the caller, the database and, for a few fields, the
//! time. So a response is cached together with the state that the database had before the query was
//! executed, and is returned again while the state is the same. One read of the state, which all
//! waiting callers share, replaces reading some hundred rows and serializing them to JSON.
//!
//! **No response is older than its request.** Only a read of the state that began after the request
//! arrived counts. If its state equals that of the cached response, nothing was committed since
//! before that response was computed. The response was therefore computed from exactly this state,
//! and computing it again would give the same result. The event log would not be sufficient,
//! because not every change of a row is an event.
//!
//! Not cached: mutations, responses with errors, and anything for longer than [`MAX_AGE`], because a
//! response can depend on the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::answer::OperationResponse;
use super::executor::Executor;
use super::request::{Admitted, Call};
use super::single_flight::SingleFlight;
use crate::metrics;
use crate::service;
use crate::store::board::snapshot::Snapshot;

/// The longest time for which a response is cached.
const MAX_AGE: TimeDelta = TimeDelta::seconds(1);

/// Maximum size of all cached responses, in bytes. Beyond it, rarely used entries are evicted.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// How long an unused response stays cached.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// The overhead of an entry besides the response: its key, its state, and its part of the map.
const OVERHEAD: usize = 300;

/// The cached responses.
#[derive(Debug)]
pub(super) struct ResponseCache {
    entries: Cache<CacheKey, Arc<Entry>>,
    snapshots: SingleFlight<Snapshot>,
}

impl Default for ResponseCache {
    fn default() -> Self {
        let entries = Cache::builder()
            .weigher(|_, entry: &Arc<Entry>| entry.weight.load(Ordering::Relaxed))
            .max_capacity(MAX_BYTES)
            .time_to_idle(MAX_IDLE)
            .build();
        Self { entries, snapshots: SingleFlight::default() }
    }
}

/// The cache entry of one query.
#[derive(Debug)]
struct Entry {
    flight: SingleFlight<CachedResponse>,
    /// The size of the last response with its overhead, in bytes.
    weight: AtomicU32,
}

/// The cache key: the caller and the whole request. Stored as a digest, because the same document
/// comes with thousands of variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct CacheKey([u8; 32]);

impl CacheKey {
    fn new(call: &Call) -> Self {
        let Call { requester, text, operation_name } = call;
        let actor = format!("{:?}", requester.actor);
        let words = (actor, &text.query, operation_name, &text.variables);
        let words = serde_json::to_vec(&words).expect("a request came as JSON");
        Self(Sha256::digest(words).into())
    }
}

/// A response, and the state of the database before its query was executed.
#[derive(Debug, Clone)]
struct CachedResponse {
    answer: Bytes,
    /// `None` if the state could not be read: then only the waiting callers get the response.
    state: Option<Snapshot>,
    began_at: DateTime<Utc>,
}

impl CachedResponse {
    fn is_fresh(&self, state: Option<&Snapshot>, now: DateTime<Utc>) -> bool {
        let age = now - self.began_at;
        state.is_some()
            && self.state.as_ref() == state
            && (TimeDelta::zero()..MAX_AGE).contains(&age)
    }

    fn weight(&self) -> u32 {
        u32::try_from(OVERHEAD + self.answer.len()).unwrap_or(u32::MAX)
    }
}

impl ResponseCache {
    /// The response to a query that was executed before: the cached one while it is fresh. `None`
    /// if the query was never executed.
    pub(super) async fn cached(
        &self,
        executor: &Executor,
        call: &Call,
    ) -> Option<Result<Bytes, OperationResponse>> {
        let key = CacheKey::new(call);
        let entry = self.entries.get(&key)?;
        let outcome = entry.flight.run(async |last: Option<CachedResponse>| {
            let (state, now) = self.read_snapshot(executor).await;
            match last.filter(|last| last.is_fresh(state.as_ref(), now)) {
                Some(last) => {
                    executor.app().metrics.add(&metrics::GRAPHQL_CACHE_HITS, &[], 1);
                    Ok(last)
                }
                None => {
                    let answer = executor.execute(executor.admit(call.clone())?).await;
                    let answer = answer.into_clean_bytes()?;
                    let cached = CachedResponse { answer, state, began_at: now };
                    self.weigh(key, &entry, cached.weight());
                    Ok(cached)
                }
            }
        });
        Some(outcome.await.map(|cached| cached.answer))
    }

    /// Executes a query or a mutation, and caches the response to a query.
    pub(super) async fn execute(
        &self,
        executor: &Executor,
        admitted: Admitted,
    ) -> Result<Bytes, OperationResponse> {
        if admitted.kind != OperationType::Query {
            return Err(executor.execute_to_the_end(admitted).await);
        }
        let key = CacheKey::new(&admitted.call);
        let (state, now) = self.read_snapshot(executor).await;
        let answer = executor.execute(admitted).await.into_clean_bytes()?;
        self.insert(key, CachedResponse { answer: answer.clone(), state, began_at: now });
        Ok(answer)
    }

    /// Caches the first response to a query.
    fn insert(&self, key: CacheKey, cached: CachedResponse) {
        let weight = AtomicU32::new(cached.weight());
        self.entries.entry(key).or_insert_with(|| {
            Arc::new(Entry { flight: SingleFlight::with_last(Some(cached)), weight })
        });
    }

    /// Updates the size of an entry after a later response, because the cache weighs entries when
    /// they are inserted.
    fn weigh(&self, key: CacheKey, entry: &Arc<Entry>, weight: u32) {
        if entry.weight.swap(weight, Ordering::Relaxed) != weight {
            self.entries.insert(key, Arc::clone(entry));
        }
    }

    /// The current state of the database, or `None` if it cannot be read, and the time.
    async fn read_snapshot(&self, executor: &Executor) -> (Option<Snapshot>, DateTime<Utc>) {
        let now = executor.app().clock.now();
        let read = |_| service::board::snapshot::current(executor.app());
        // Executing the query fails in the same way and returns the error.
        (self.snapshots.run(read).await.ok(), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(words: &str) -> Option<Snapshot> {
        Some(Snapshot(words.to_owned()))
    }

    fn response(answer: Bytes, state: Option<Snapshot>, began_at: DateTime<Utc>) -> CachedResponse {
        CachedResponse { answer, state, began_at }
    }

    #[test]
    fn a_response_is_fresh_in_its_state_and_for_a_while() {
        let now: DateTime<Utc> = "2026-05-20T12:00:00Z".parse().unwrap();
        let cached = response(Bytes::from_static(b"{}"), state("7:9:8"), now);
        assert!(cached.is_fresh(state("7:9:8").as_ref(), now));
        assert!(!cached.is_fresh(state("7:9:").as_ref(), now));
        assert!(!cached.is_fresh(None, now));
        assert!(!cached.is_fresh(state("7:9:8").as_ref(), now + MAX_AGE));
        assert!(!cached.is_fresh(state("7:9:8").as_ref(), now - TimeDelta::milliseconds(1)));
        let blind = response(Bytes::from_static(b"{}"), None, now);
        assert!(!blind.is_fresh(None, now));
    }

    #[test]
    fn the_cache_is_bounded_by_the_size_of_responses() {
        const LARGE: usize = 1024 * 1024;
        let cache = ResponseCache::default();
        for number in 0..100 {
            let answer = Bytes::from(vec![b' '; LARGE]);
            cache.insert(CacheKey([number; 32]), response(answer, None, DateTime::UNIX_EPOCH));
            cache.entries.run_pending_tasks();
            assert!(cache.entries.weighted_size() <= MAX_BYTES);
        }
        assert!(cache.entries.weighted_size() > MAX_BYTES / 2);
    }

    #[test]
    fn a_larger_response_takes_more_of_the_cache() {
        let cache = ResponseCache::default();
        let key = CacheKey([1; 32]);
        cache.insert(key, response(Bytes::from_static(b"{}"), None, DateTime::UNIX_EPOCH));
        cache.weigh(key, &cache.entries.get(&key).expect("inserted"), 5_000);
        cache.entries.run_pending_tasks();
        assert_eq!((cache.entries.weighted_size(), cache.entries.entry_count()), (5_000, 1));
    }
}
