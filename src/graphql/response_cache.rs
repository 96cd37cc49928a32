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

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::parser::types::OperationType;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
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

/// The size of all cached responses in bytes. When they exceed it, all are dropped: that is rare, and
/// costs one reading of what is asked often.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What an entry takes besides the response itself: its key, its state, and its part of the map.
const OVERHEAD: usize = 300;

/// The cached responses.
#[derive(Debug, Default)]
pub(super) struct ResponseCache {
    entries: Mutex<HashMap<CacheKey, Arc<SingleFlight<Arc<CachedResponse>>>>>,
    weight: Arc<AtomicUsize>,
    snapshots: SingleFlight<Snapshot>,
}

/// What makes two requests the same: who asks, and every word. Stored as a digest, because the same
/// document comes with thousands of variables.
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

/// An answer, and in which state of the database it was begun.
#[derive(Debug)]
struct CachedResponse {
    answer: Bytes,
    /// None when the database could not be asked: then nobody but those who wait gets it.
    state: Option<Snapshot>,
    began_at: DateTime<Utc>,
    weight: usize,
    total: Arc<AtomicUsize>,
}

impl CachedResponse {
    fn is_fresh(&self, state: Option<&Snapshot>, now: DateTime<Utc>) -> bool {
        let age = now - self.began_at;
        state.is_some()
            && self.state.as_ref() == state
            && (TimeDelta::zero()..MAX_AGE).contains(&age)
    }
}

impl Drop for CachedResponse {
    fn drop(&mut self) {
        self.total.fetch_sub(self.weight, Ordering::Relaxed);
    }
}

impl ResponseCache {
    fn lock(&self) -> MutexGuard<'_, HashMap<CacheKey, Arc<SingleFlight<Arc<CachedResponse>>>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry_of(
        &self,
        answer: Bytes,
        state: Option<Snapshot>,
        began_at: DateTime<Utc>,
    ) -> Arc<CachedResponse> {
        let weight = OVERHEAD + answer.len();
        self.weight.fetch_add(weight, Ordering::Relaxed);
        Arc::new(CachedResponse {
            answer,
            state,
            began_at,
            weight,
            total: Arc::clone(&self.weight),
        })
    }

    fn insert(&self, key: CacheKey, cached: Arc<CachedResponse>) {
        let mut entries = self.lock();
        if self.weight.load(Ordering::Relaxed) > MAX_BYTES {
            entries.clear();
        }
        entries.entry(key).or_insert_with(|| Arc::new(SingleFlight::with_last(Some(cached))));
    }
}

impl ResponseCache {
    /// The response to a query that was executed before: the cached one while it is fresh. None when it
    /// never was.
    pub(super) async fn cached(
        &self,
        executor: &Executor,
        call: &Call,
    ) -> Option<Result<Bytes, OperationResponse>> {
        let key = CacheKey::new(call);
        let flight = Arc::clone(self.lock().get(&key)?);
        let outcome = flight.run(async |last: Option<Arc<CachedResponse>>| {
            let (state, now) = self.read_snapshot(executor).await;
            match last.filter(|last| last.is_fresh(state.as_ref(), now)) {
                Some(last) => {
                    executor.app().metrics.add(&metrics::GRAPHQL_CACHE_HITS, &[], 1);
                    Ok(last)
                }
                None => {
                    let answer = executor.execute(executor.admit(call.clone())?).await;
                    let bytes = answer.into_clean_bytes()?;
                    Ok(self.entry_of(bytes, state, now))
                }
            }
        });
        Some(outcome.await.map(|cached| cached.answer.clone()))
    }

    /// Runs a query or a mutation, and keeps what a query is answered.
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
        let bytes = executor.execute(admitted).await.into_clean_bytes()?;
        let cached = self.entry_of(bytes.clone(), state, now);
        self.insert(key, cached);
        Ok(bytes)
    }

    /// The state that the database is in now, unless it cannot be asked, and the time.
    async fn read_snapshot(&self, executor: &Executor) -> (Option<Snapshot>, DateTime<Utc>) {
        let now = executor.app().clock.now();
        let read = |_| service::board::snapshot::current(executor.app());
        // Whoever runs the query meets the same failure, and words it.
        (self.snapshots.run(read).await.ok(), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(words: &str) -> Option<Snapshot> {
        Some(Snapshot(words.to_owned()))
    }

    #[test]
    fn an_answer_holds_in_its_state_and_for_a_while() {
        let answers = ResponseCache::default();
        let now: DateTime<Utc> = "2026-05-20T12:00:00Z".parse().unwrap();
        let cached = answers.entry_of(Bytes::from_static(b"{}"), state("7:9:8"), now);
        assert!(cached.is_fresh(state("7:9:8").as_ref(), now));
        assert!(!cached.is_fresh(state("7:9:").as_ref(), now));
        assert!(!cached.is_fresh(None, now));
        assert!(!cached.is_fresh(state("7:9:8").as_ref(), now + MAX_AGE));
        assert!(!cached.is_fresh(state("7:9:8").as_ref(), now - TimeDelta::milliseconds(1)));
        let blind = answers.entry_of(Bytes::from_static(b"{}"), None, now);
        assert!(!blind.is_fresh(None, now));
    }

    #[test]
    fn there_is_only_so_much_room() {
        const LARGE: usize = 1024 * 1024;
        let answers = ResponseCache::default();
        for number in 0..100 {
            let answer = Bytes::from(vec![b' '; LARGE]);
            let cached = answers.entry_of(answer, None, DateTime::UNIX_EPOCH);
            answers.insert(CacheKey([number; 32]), cached);
            assert!(answers.weight.load(Ordering::Relaxed) <= MAX_BYTES + 2 * LARGE);
        }
        answers.lock().clear();
        assert_eq!(answers.weight.load(Ordering::Relaxed), 0);
    }
}
