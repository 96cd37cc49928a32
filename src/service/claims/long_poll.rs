//! Long polls: evaluating a request again after each relevant event, until there is a result.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::presence::Presence;
use super::queue::{Explained, NextTask, QueueRequest, next_task, queue_with_own};
use super::{ClaimIssue, Claimed, claim_issue};
use crate::domain::Actor;
use crate::domain::events::{EventKind, Topic};
use crate::service::wait_queue::LONGEST_WAIT;
use crate::service::{App, ConflictKind, Error, Result};
use crate::store::Event;

/// How long events are collected, so that many changes at once cause one evaluation.
const GATHER: Duration = Duration::from_millis(20);

/// The next task of an agent, as soon as there is one, at the latest after `wait`.
///
/// # Errors
///
/// As [`next_task`].
pub async fn wait_for_task(
    app: &App,
    actor: &Actor,
    request: &QueueRequest,
    wait: Duration,
) -> Result<NextTask> {
    let look = || next_task(app, actor, request);
    poll_until(app, wait, |_| true, look, |next| next.found.is_some()).await
}

/// The queue, as soon as it has a claimable issue, at the latest after `wait`.
///
/// # Errors
///
/// As [`queue_with_own`].
pub async fn wait_for_queue(
    app: &App,
    request: &QueueRequest,
    wait: Duration,
) -> Result<Vec<Explained>> {
    let look = || queue_with_own(app, request);
    let is_there = |all: &Vec<Explained>| all.iter().any(|one| one.rank.is_some());
    poll_until(app, wait, |_| true, look, is_there).await
}

/// Claims an issue, as soon as its lease ends, at the latest after `wait`; then the last error is
/// returned.
///
/// # Errors
///
/// As [`claim_issue`].
pub async fn wait_to_claim(
    app: &App,
    actor: &Actor,
    command: &ClaimIssue,
    wait: Duration,
) -> Result<Claimed> {
    let is_about_issue = |event: &Event| event.issue_id == Some(command.issue_id);
    let look = async || Ok(claim_issue(app, actor, command.clone()).await);
    let is_settled = |claimed: &Result<Claimed>| !claimed.as_ref().is_err_and(is_temporary);
    poll_until(app, wait, is_about_issue, look, is_settled).await?
}

/// Whether a claim failed because of a condition that may end by itself.
fn is_temporary(error: &Error) -> bool {
    match error {
        Error::Conflict { kind, .. } => *kind == ConflictKind::Temporary,
        Error::LeaseLost { .. } => true,
        _ => false,
    }
}

/// Evaluates a request, and again after each relevant event, until the result is accepted.
async fn poll_until<Answer, Asking>(
    app: &App,
    wait: Duration,
    is_relevant: impl Fn(&Event) -> bool,
    mut ask: impl FnMut() -> Asking,
    is_accepted: impl Fn(&Answer) -> bool,
) -> Result<Answer>
where
    Asking: Future<Output = Result<Answer>>,
{
    // Subscribe before the first evaluation, so that no event is missed in between.
    let mut events = app.bus.subscribe();
    let mut over = pin!(tokio::time::sleep(wait.min(LONGEST_WAIT)));
    let caller = Presence::for_caller();
    loop {
        let answer = ask().await?;
        if is_accepted(&answer) || wait.is_zero() {
            return Ok(answer);
        }
        tokio::select! {
            () = relevant_event(&mut events, &is_relevant) => tokio::time::sleep(GATHER).await,
            () = &mut over => return Ok(answer),
            () = caller.over() => return Ok(answer),
            () = app.bus.closed() => return Ok(answer),
        }
    }
}

/// Waits for a relevant event.
async fn relevant_event(events: &mut Receiver<Arc<Event>>, is_relevant: impl Fn(&Event) -> bool) {
    loop {
        match events.recv().await {
            Ok(event) if event.topic != Topic::Board => {}
            Ok(event) if event.kind == EventKind::Resync || is_relevant(&event) => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
