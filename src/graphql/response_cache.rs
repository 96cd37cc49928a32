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
//! Not cached: mutations, responses with errors, and anything for longer than [`AGE`], because a
//! response can depend on the time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::parser::types::OperationType;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use super::answer::Answer;
use super::executor::{Admitted, Call, Executor};
use super::single_flight::Turn;
use crate::service;
use crate::store::snapshot::Snapshot;

/// How long an answer is kept at the most.
const AGE: TimeDelta = TimeDelta::seconds(1);

/// How many bytes of answers are kept. When there are more, all are forgotten: that is rare, and
/// costs one reading of what is asked often.
const ROOM: usize = 16 * 1024 * 1024;

/// What an answer takes besides its own bytes: the question, the state and the places of all three.
const OVERHEAD: usize = 300;

/// The answers that are kept.
#[derive(Debug, Default)]
pub(super) struct Answers {
    known: Mutex<HashMap<Question, Arc<Turn<Arc<Kept>>>>>,
    weight: Arc<AtomicUsize>,
    looks: Turn<Snapshot>,
}

/// What makes two requests the same: who asks, and every word. Kept as its digest, because the same
/// document comes with thousands of variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Question([u8; 32]);

impl Question {
    fn of(call: &Call) -> Self {
        let Call { asker, said, operation_name } = call;
        let actor = format!("{:?}", asker.actor);
        let words = (actor, &said.query, operation_name, &said.variables);
        let words = serde_json::to_vec(&words).expect("a request came as JSON");
        Self(Sha256::digest(words).into())
    }
}

/// An answer, and in which state of the database it was begun.
#[derive(Debug)]
struct Kept {
    answer: Bytes,
    /// None when the database could not be asked: then nobody but those who wait gets it.
    state: Option<Snapshot>,
    began_at: DateTime<Utc>,
    weight: usize,
    total: Arc<AtomicUsize>,
}

impl Kept {
    fn still_holds(&self, state: Option<&Snapshot>, now: DateTime<Utc>) -> bool {
        let age = now - self.began_at;
        state.is_some() && self.state.as_ref() == state && (TimeDelta::zero()..AGE).contains(&age)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.total.fetch_sub(self.weight, Ordering::Relaxed);
    }
}

impl Answers {
    fn lock(&self) -> MutexGuard<'_, HashMap<Question, Arc<Turn<Arc<Kept>>>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn weighed(
        &self,
        answer: Bytes,
        state: Option<Snapshot>,
        began_at: DateTime<Utc>,
    ) -> Arc<Kept> {
        let weight = OVERHEAD + answer.len();
        self.weight.fetch_add(weight, Ordering::Relaxed);
        Arc::new(Kept { answer, state, began_at, weight, total: Arc::clone(&self.weight) })
    }

    fn keep(&self, question: Question, kept: Arc<Kept>) {
        let mut known = self.lock();
        if self.weight.load(Ordering::Relaxed) > ROOM {
            known.clear();
        }
        known.entry(question).or_insert_with(|| Arc::new(Turn::after(Some(kept))));
    }
}

impl Executor {
    /// Answers a query that was answered before, in the same words if they still hold. None when it
    /// never was.
    pub(super) async fn answer_again(&self, call: &Call) -> Option<Result<Bytes, Answer>> {
        let question = Question::of(call);
        let turn = Arc::clone(self.answers().lock().get(&question)?);
        let outcome = turn.take(async |last: Option<Arc<Kept>>| {
            let (state, now) = self.look().await;
            match last.filter(|last| last.still_holds(state.as_ref(), now)) {
                Some(last) => Ok(last),
                None => {
                    let answer = self.execute(self.admit(call.clone())?).await;
                    let bytes = answer.into_clean_bytes()?;
                    Ok(self.answers().weighed(bytes, state, now))
                }
            }
        });
        Some(outcome.await.map(|kept| kept.answer.clone()))
    }

    /// Runs a query or a mutation, and keeps what a query is answered.
    pub(super) async fn answer_first(&self, admitted: Admitted) -> Result<Bytes, Answer> {
        if admitted.kind != OperationType::Query {
            return Err(self.execute_to_the_end(admitted).await);
        }
        let question = Question::of(&admitted.call);
        let (state, now) = self.look().await;
        let bytes = self.execute(admitted).await.into_clean_bytes()?;
        let kept = self.answers().weighed(bytes.clone(), state, now);
        self.answers().keep(question, kept);
        Ok(bytes)
    }

    /// The state that the database is in now, unless it cannot be asked, and the time.
    async fn look(&self) -> (Option<Snapshot>, DateTime<Utc>) {
        let now = self.app().clock.now();
        let look = |_| service::snapshot::current(self.app());
        // Whoever runs the query meets the same failure, and words it.
        (self.answers().looks.take(look).await.ok(), now)
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
        let answers = Answers::default();
        let now: DateTime<Utc> = "2026-05-20T12:00:00Z".parse().unwrap();
        let kept = answers.weighed(Bytes::from_static(b"{}"), state("7:9:8"), now);
        assert!(kept.still_holds(state("7:9:8").as_ref(), now));
        assert!(!kept.still_holds(state("7:9:").as_ref(), now));
        assert!(!kept.still_holds(None, now));
        assert!(!kept.still_holds(state("7:9:8").as_ref(), now + AGE));
        assert!(!kept.still_holds(state("7:9:8").as_ref(), now - TimeDelta::milliseconds(1)));
        let blind = answers.weighed(Bytes::from_static(b"{}"), None, now);
        assert!(!blind.still_holds(None, now));
    }

    #[test]
    fn there_is_only_so_much_room() {
        const LARGE: usize = 1024 * 1024;
        let answers = Answers::default();
        for number in 0..100 {
            let answer = Bytes::from(vec![b' '; LARGE]);
            let kept = answers.weighed(answer, None, DateTime::UNIX_EPOCH);
            answers.keep(Question([number; 32]), kept);
            assert!(answers.weight.load(Ordering::Relaxed) <= ROOM + 2 * LARGE);
        }
        answers.lock().clear();
        assert_eq!(answers.weight.load(Ordering::Relaxed), 0);
    }
}
