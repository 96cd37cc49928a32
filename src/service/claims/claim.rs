//! Claims: reserve, change GitHub, confirm.
//!
//! One statement reserves an issue's lease row, which decides between concurrent claims; GitHub's
//! labels then decide whether the issue may be claimed; one transaction turns the reservation into
//! a lease, with the labels, the audit entry and the event. A crash in between leaves a reservation
//! that expires within a minute. Invariants: no claim without a successful change on GitHub;
//! concurrent claims never exceed a limit; a claim that fails releases its reservation.

use std::time::Duration;

use chrono::TimeDelta;
use diesel::result::{DatabaseErrorKind, Error as Broken, QueryResult};
use diesel_async::AsyncConnection;
use serde_json::json;

use super::leases::{release_for_agent, term};
use super::presence::Presence;
use super::queue::{
    self, DecisionOutcome, EvaluatedIssue, QueueScope, ServedIssue, WithheldSummary,
};
use crate::domain::backoff::NEEDS_HUMAN;
use crate::domain::decisions::Candidate;
use crate::domain::keys::OwnedKey;
use crate::domain::label_names::is_same;
use crate::domain::labels::LabelPlan;
use crate::domain::leases::{ExpectedHolder, LeaseState, USUAL_TERM, agent_label, claim_plan};
use crate::domain::ranking::{Skip, SkipReason};
use crate::domain::{Actor, IssueId, IssueState, LabelSet, Status, Tier, Timestamp};
use crate::github::Concern;
use crate::metrics;
use crate::service::agent_names::agent_for;
use crate::service::audit::append_settled;
use crate::service::change::{
    ChangeOptions, ChangeOutcome, Intent, LeaseTransition, Precondition, change_labels_on,
};
use crate::service::idempotency::hash_of;
use crate::service::wait_queue::{Interest, LONGEST_WAIT};
use crate::service::{App, ConflictKind, Error, Result, allows, board, failures};
use crate::store::audit::NewEntry;
use crate::store::claims::leases;
use crate::store::claims::leases::{LeaseRequest, StopRequest};
use crate::store::{Connection, Issue, Lease, Repository, audit};

/// How long a reservation lasts: longer than the timeout for GitHub in a claim.
const RESERVATION: TimeDelta = TimeDelta::seconds(60);

/// How many candidates a claim reads at first: more than other claims take meanwhile. PostgreSQL
/// plans a list of unknown length as one of ten, so ten keeps its generic plan.
const LOOK: u32 = 10;

/// How often a claim reads candidates again after concurrent claims were faster.
const ROUNDS: u32 = 20;

/// How long a claim continues with the next issue after GitHub refused one. Refused issues are in
/// back-off, so the next claim continues after them.
const PATIENCE: TimeDelta = TimeDelta::seconds(12);

/// After how many issues without a response from GitHub a claim fails.
///
/// One issue that GitHub cannot return must not block all others; if GitHub does not respond at
/// all, it is not asked about every issue.
const UNANSWERED: usize = 3;

/// Maximal length of a request id, in characters.
const LONGEST_REQUEST: usize = 200;

/// A claim of the best eligible issue.
#[derive(Debug, Clone, Default, async_graphql::InputObject)]
#[graphql(name = "ClaimNextInput")]
pub struct ClaimNext {
    /// The agent's name, with or without `agent/`.
    pub agent: String,
    /// The lane to claim from, by id or alias; every claimable lane when absent.
    pub lane: Option<String>,
    /// Full names of the repositories to claim from; all repositories when absent.
    pub repositories: Option<Vec<String>>,
    /// The duration of the lease in seconds, from 60 to 86400; 1800 when absent.
    pub lease_seconds: Option<i32>,
    /// How many seconds to wait for an eligible issue before returning idle, from 0 to 25.
    pub wait_seconds: Option<i32>,
    /// Whether to first return a lease that the agent still holds, the earliest acquired first. Use
    /// it after a restart of the agent. When absent, a setting decides, which is off by default.
    pub resume: Option<bool>,
    /// The idempotency key. Repeating the same request with the same id returns the same lease; a
    /// different request with that id fails with `CONFLICT`. An id is valid only for the credential
    /// and the agent that used it.
    pub request_id: Option<String>,
}

/// A claim of one issue.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "ClaimIssueInput")]
pub struct ClaimIssue {
    /// The agent's name, with or without `agent/`.
    pub agent: String,
    /// The issue.
    pub issue_id: IssueId,
    /// The duration of the lease in seconds, from 60 to 86400; 1800 when absent.
    pub lease_seconds: Option<i32>,
    /// Whether to take the issue over from another holder. Maintainers only.
    pub force: Option<bool>,
    /// The idempotency key. Repeating the same request with the same id returns the same lease; a
    /// different request with that id fails with `CONFLICT`. An id is valid only for the credential
    /// and the agent that used it.
    pub request_id: Option<String>,
}

/// The result of claiming the next issue: `lease` is absent exactly when `idle_reason` is present.
#[derive(Debug, Clone)]
pub struct ClaimedNext {
    /// The lease.
    pub lease: Option<Lease>,
    /// Why there is no lease.
    pub idle_reason: Option<String>,
    /// Whether the agent already had the lease.
    pub is_resumed: bool,
}

/// A claimed issue.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The lease.
    pub lease: Lease,
    /// The issue as it is now.
    pub issue: Issue,
    /// Why the queue would have withheld it from the agent, as one sentence.
    pub warning: Option<String>,
}

/// A validated claim.
struct Claim<'a> {
    actor: &'a Actor,
    agent: &'a str,
    term_seconds: i32,
    request: Option<&'a RequestKey>,
}

/// The request id of a claim.
struct RequestKey {
    /// The id in the caller's spelling.
    id: String,
    key: OwnedKey,
    /// The hash of the request's content.
    hash: String,
}

/// Claims the best eligible issue for the agent, waiting for one if requested.
///
/// # Errors
///
/// [`Error::Invalid`] for an invalid agent name, an unknown or not claimable lane, an untracked
/// repository, or a time out of range; [`Error::Forbidden`] for callers that may not act for the
/// agent; [`Error::Conflict`] for a request whose lease is over; [`Error::UpstreamUnreadable`],
/// [`Error::Upstream`] or [`Error::RateLimited`] when GitHub refused.
pub async fn claim_next(app: &App, actor: &Actor, command: ClaimNext) -> Result<ClaimedNext> {
    let claimed = Box::pin(serve_next(app, actor, command)).await;
    let outcome = match &claimed {
        Ok(ClaimedNext { lease: Some(_), .. }) => "served",
        Ok(ClaimedNext { lease: None, .. }) => "idle",
        Err(error) => failure_of(error),
    };
    app.metrics.add(&metrics::CLAIMS, &["next", outcome], 1);
    claimed
}

/// What a claim's error counts as.
fn failure_of(error: &Error) -> &'static str {
    match error {
        Error::Conflict { .. } | Error::LeaseLost { .. } => "conflict",
        Error::Upstream(_) | Error::UpstreamUnreadable(_) | Error::RateLimited { .. } => "github",
        Error::Internal(_) | Error::Unavailable { .. } => "failed",
        _ => "rejected",
    }
}

async fn serve_next(app: &App, actor: &Actor, command: ClaimNext) -> Result<ClaimedNext> {
    let agent = agent_for(app, actor, &command.agent).await?;
    let term_seconds = term(command.lease_seconds)?.unwrap_or(USUAL_TERM);
    let wait = wait_of(command.wait_seconds)?;
    // The wait time is not part of the request's content.
    let mut asked = json!(["claim_next", command.lane, command.repositories, term_seconds]);
    if let (Some(resume), Some(asked)) = (command.resume, asked.as_array_mut()) {
        asked.push(json!({ "resume": resume }));
    }
    let request = request_of(actor, &agent, command.request_id.as_deref(), &asked)?;
    let names = command.repositories.as_deref();
    let mut scope = QueueScope::new(app, &agent, command.lane.as_deref(), names).await?;
    if let Some(lane) = scope.lane.as_ref().filter(|lane| !lane.claimable) {
        let reason = format!("nothing is claimed from {}", lane.id);
        return Err(Error::Invalid { field: "lane", reason });
    }
    if let Some(lease) = repeated(app, &agent, request.as_ref()).await? {
        return Ok(ClaimedNext { lease: Some(lease), idle_reason: None, is_resumed: false });
    }
    if command.resume.unwrap_or(app.config.queue.resume)
        && let Some(lease) = resumed(app, &scope, term_seconds, request.as_ref()).await?
    {
        return Ok(ClaimedNext { lease: Some(lease), idle_reason: None, is_resumed: true });
    }
    let actor = &actor.acting_for(&agent);
    let claim = Claim { actor, agent: &agent, term_seconds, request: request.as_ref() };
    let outcome = match wait.is_zero() {
        true => Box::pin(attempt(app, &claim, &mut scope)).await,
        false => Box::pin(attempt_with_wait(app, &claim, &mut scope, wait)).await,
    };
    let ClaimAttempt { lease, candidates, withheld } = match outcome {
        Ok(attempt) => attempt,
        Err(error) => {
            if matches!(error, Error::UpstreamUnreadable(_) | Error::RateLimited { .. }) {
                let why = error.to_string();
                let failure = Skip { reason: SkipReason::LabelsUnverified, why };
                let (outcome, why) = DecisionOutcome::failed(failure);
                queue::record_decision(app, "claim_next", &scope, outcome, Some(why)).await?;
            }
            return Err(error);
        }
    };
    let served = lease
        .as_ref()
        .map(|lease| ServedIssue { issue: lease.issue_id, token: Some(lease.fencing_token) });
    let withheld = match withheld {
        Some(withheld) => withheld,
        None => queue::withheld_summary(app, &scope, None).await?,
    };
    let outcome = DecisionOutcome { candidates, withheld, served };
    let idle_reason = queue::record_decision(app, "claim_next", &scope, outcome, None).await?;
    Ok(ClaimedNext { lease, idle_reason, is_resumed: false })
}

/// A live lease of the agent that it may resume, stored as a decision. Repeating the request
/// returns the same lease.
async fn resumed(
    app: &App,
    scope: &QueueScope,
    term_seconds: i32,
    request: Option<&RequestKey>,
) -> Result<Option<Lease>> {
    let is_sought = |lease: &Lease| scope.has(app, lease);
    let lease = super::leases::resume(app, &scope.agent, term_seconds, is_sought).await?;
    if let Some(lease) = &lease {
        if let Some(RequestKey { key, hash, .. }) = request {
            let mut connection = app.connection().await?;
            leases::rename_request(&mut connection, lease.id(), &key.stored, hash).await?;
        }
        let why = "held by the agent already".to_owned();
        let candidates = vec![Candidate { issue: lease.issue_id, rank: 1, why }];
        let served = Some(ServedIssue { issue: lease.issue_id, token: Some(lease.fencing_token) });
        let outcome = DecisionOutcome { candidates, withheld: WithheldSummary::default(), served };
        queue::record_decision(app, "claim_next", scope, outcome, None).await?;
    }
    Ok(lease)
}

fn wait_of(given: Option<i32>) -> Result<Duration> {
    let wait = u64::try_from(given.unwrap_or_default()).ok().map(Duration::from_secs);
    wait.filter(|wait| *wait <= LONGEST_WAIT).ok_or_else(|| Error::Invalid {
        field: "waitSeconds",
        reason: format!("must be from 0 to {}", LONGEST_WAIT.as_secs()),
    })
}

fn request_of(
    actor: &Actor,
    agent: &str,
    given: Option<&str>,
    asked: &serde_json::Value,
) -> Result<Option<RequestKey>> {
    let Some(given) = given.map(str::trim) else { return Ok(None) };
    let is_good = !given.is_empty()
        && !given.contains(char::is_control)
        && given.chars().count() <= LONGEST_REQUEST;
    if is_good {
        let key = OwnedKey::new(actor, agent, given);
        return Ok(Some(RequestKey { id: given.to_owned(), key, hash: hash_of(asked) }));
    }
    let reason = format!("must have 1 to {LONGEST_REQUEST} characters and no control character");
    Err(Error::Invalid { field: "requestId", reason })
}

fn other_request() -> Error {
    Error::conflict("This requestId was used for a different request; use another one")
}

/// The result of an earlier request with this id.
///
/// # Errors
///
/// [`Error::Conflict`] when that request had different content, is still running, or its lease is
/// over.
async fn repeated(app: &App, agent: &str, request: Option<&RequestKey>) -> Result<Option<Lease>> {
    let Some(RequestKey { id: request_id, key, hash }) = request else { return Ok(None) };
    let mut connection = app.connection().await?;
    let Some(lease) = leases::by_request(&mut connection, agent, &key.forms()).await? else {
        return Ok(None);
    };
    if lease.request_hash.as_ref().is_some_and(|of_first| of_first != hash) {
        return Err(other_request());
    }
    if lease.state == LeaseState::Held && lease.is_live(app.clock.now()) {
        return Ok(leases::renew_for_retry(&mut connection, lease.id(), app.clock.now()).await?);
    }
    if lease.state == LeaseState::Reserved && lease.is_live(app.clock.now()) {
        let what = "This request is being carried out; repeat it in a moment";
        return Err(Error::conflict(what));
    }
    if lease.state == LeaseState::Reserved {
        // It failed by a crash, so its id is free for the next attempt.
        leases::forget_request(&mut connection, lease.id()).await?;
        return Ok(None);
    }
    let (id, at) = (lease.id(), Timestamp(lease.ended_at.unwrap_or(lease.expires_at)));
    Err(Error::conflict(format!(
        "The request {request_id} got {id}, which was over at {at}; use another requestId"
    )))
}

/// The result of one attempt to claim.
#[derive(Default)]
struct ClaimAttempt {
    lease: Option<Lease>,
    candidates: Vec<Candidate>,
    /// The withheld issues at the time of the reservation.
    withheld: Option<WithheldSummary>,
}

/// Attempts to claim until it succeeds or the time is over, in the wait queue.
async fn attempt_with_wait(
    app: &App,
    claim: &Claim<'_>,
    scope: &mut QueueScope,
    wait: Duration,
) -> Result<ClaimAttempt> {
    let (lanes, closed_lanes) = scope.lanes(app);
    let repositories = scope.repositories.iter().map(|row| row.id).collect();
    let interest = Interest { agent: scope.agent.clone(), lanes, closed_lanes, repositories };
    // Join before the first attempt, so that no event is missed in between.
    let ticket = app.wait_queue.join(interest);
    let caller = Presence::for_caller();
    let mut over = std::pin::pin!(tokio::time::sleep(wait));
    let mut found = attempt(app, claim, scope).await?;
    while found.lease.is_none() {
        let woken = tokio::select! {
            woken = ticket.woken() => Some(woken),
            () = caller.over() => return Err(client_disconnected()),
            () = &mut over => None,
            () = app.bus.closed() => return Ok(found),
        };
        // Repositories may have been tracked, changed or put in back-off meanwhile.
        scope.refresh(app).await?;
        found = attempt(app, claim, scope).await?;
        let Some(woken) = woken else { return Ok(found) };
        if found.lease.is_some() {
            woken.forward_to_all();
        } else if !woken.is_for_anything() && !is_limited(app, scope).await? {
            woken.consume();
        }
    }
    Ok(found)
}

/// The error of a claim whose client disconnected.
fn client_disconnected() -> Error {
    Error::conflict("The caller went away, so nothing was claimed")
}

/// Releases what was claimed for a client that disconnected meanwhile, unless it has retried and
/// received the lease.
///
/// A later retry makes a new claim. If this process dies before GitHub is changed, the lease ends
/// like that of an agent that did not stop.
async fn release_if_disconnected(app: &App, actor: &Actor, lease: &Lease) -> Result<()> {
    if !Presence::for_caller().is_over() {
        return Ok(());
    }
    let now = app.clock.now();
    let reason = Some("Its claim's caller went away");
    let request = StopRequest { by: Actor::System.name(), reason, now, release_at: now };
    let is_abandoned = leases::abandon(&mut *app.connection().await?, lease, &request).await?;
    if is_abandoned {
        release_for_agent(app, actor, lease, "release_abandoned_claim").await?;
    }
    Err(client_disconnected())
}

/// Releases what was just claimed if its client disconnected while the response was prepared.
///
/// # Errors
///
/// [`Error::Conflict`] when it was released; otherwise as
/// [`release_lease`](super::leases::release_lease).
pub async fn check_connected(app: &App, actor: &Actor, lease: &Lease) -> Result<()> {
    // A lease that was returned again has been received by another client.
    if lease.renewed_at != lease.acquired_at {
        return Ok(());
    }
    release_if_disconnected(app, actor, lease).await
}

/// Whether the agent cannot claim anything because of its own limits.
async fn is_limited(app: &App, scope: &QueueScope) -> Result<bool> {
    if scope.pause_of_all(app).is_some() {
        return Ok(true);
    }
    let usage = queue::usage(app, &mut *app.connection().await?, app.clock.now()).await?;
    Ok(app.config.queue.limits.against_agent(&usage, &scope.agent).is_some())
}

/// One attempt to claim: tries the candidates in order until one succeeds or there are none.
async fn attempt(app: &App, claim: &Claim<'_>, scope: &mut QueueScope) -> Result<ClaimAttempt> {
    let _permit = app.wait_queue.permit().await;
    let caller = Presence::for_caller();
    let begun_at = app.clock.now();
    let mut passed: Vec<IssueId> = Vec::new();
    let mut unanswered: Vec<Error> = Vec::new();
    let mut found = ClaimAttempt::default();
    let mut found_before: Vec<IssueId> = Vec::new();
    let mut round = 0;
    while round < ROUNDS {
        if caller.is_over() {
            return Err(client_disconnected());
        }
        round += 1;
        let now = app.clock.now();
        let mut connection = app.connection().await?;
        let usage = queue::usage(app, &mut connection, now).await?;
        // If concurrent claims were faster, candidates further back are more likely free.
        let look = LOOK * round.min(8) + u32::try_from(passed.len()).unwrap_or_default();
        let looked = queue::candidates(app, &mut connection, scope, &usage, look, now).await?;
        let mut ranked = looked.ranked;
        ranked.retain(|evaluated| !passed.contains(&evaluated.issue.id));
        found.candidates = queue::candidates_of(app, scope, &ranked, now);
        if ranked.is_empty() {
            // Concurrent claims may have taken all of it between two reads. Finding the same
            // candidates again means that none can be claimed.
            if std::mem::replace(&mut found_before, looked.found.clone()) == looked.found {
                break;
            }
            continue;
        }
        let reserved = reserve_best(app, &mut connection, claim, scope, &ranked).await?;
        drop(connection);
        let Some(lease) = reserved else { continue };
        let issue = ranked.into_iter().find(|evaluated| evaluated.issue.id == lease.issue_id);
        let Some(EvaluatedIssue { issue, .. }) = issue else { continue };
        let repository = scope.repositories.iter().find(|row| row.id == issue.repository_id);
        let Some(repository) = repository.cloned() else { continue };
        let repository = &repository;
        let confirmed = confirm(app, claim, &lease, (&issue, repository), |labels, state| {
            is_served(app, claim.agent, (&issue, repository), labels, state)
        });
        // Collects the withheld issues for the decision during the GitHub call.
        let withheld = queue::withheld_summary(app, scope, Some(issue.id));
        let (confirmed, withheld) = tokio::join!(Box::pin(confirmed), Box::pin(withheld));
        match confirmed {
            Ok(claimed) => {
                release_if_disconnected(app, claim.actor, &claimed.lease).await?;
                found.lease = Some(claimed.lease);
                found.withheld = Some(withheld?);
                return Ok(found);
            }
            // The issue changed on GitHub, or is being changed: continue with the next one.
            Err(Error::Conflict { .. } | Error::LeaseLost { .. }) => passed.push(issue.id),
            Err(error) => {
                let Some(refusal) = error.refusal() else { return Err(error) };
                let concern = refusal.concern();
                if !failures::record_refusal(app, &issue, repository, refusal).await? {
                    return Err(error);
                }
                passed.push(issue.id);
                scope.refresh(app).await?;
                if concern == Concern::Unknown {
                    unanswered.push(error);
                } else {
                    // It does not count as a round.
                    round -= 1;
                }
                let is_late = app.clock.now() - begun_at > PATIENCE;
                if is_late || unanswered.len() == UNANSWERED {
                    break;
                }
            }
        }
    }
    if let Some(error) = unanswered.pop() {
        return Err(error);
    }
    // The same request may have been sent twice at once, and the other one succeeded.
    found.lease = repeated(app, claim.agent, claim.request).await?;
    Ok(found)
}

/// Whether GitHub's labels still allow the queue to serve an issue.
fn is_served(
    app: &App,
    agent: &str,
    (issue, repository): (&Issue, &Repository),
    labels: &LabelSet,
    state: IssueState,
) -> Result<()> {
    let current = labels.effective_status(state);
    let hidden = app.config.board.excluded_labels.iter().any(|label| labels.contains(label));
    let is_taken = labels.agents().any(|other| !is_same(other, agent))
        || labels.contains(NEEDS_HUMAN)
        || repository.peoples_work().holder(current, labels, &issue.assignees).is_some();
    if matches!(current, Status::Ready | Status::InProgress) && !hidden && !is_taken {
        return Ok(());
    }
    let what = "GitHub has the issue differently by now".to_owned();
    let kind = ConflictKind::Temporary;
    Err(Error::Conflict { what, current: Some(current), pending: None, kind })
}

/// Reserves the first of the ranked issues that has no lease. If limits are configured, claims are
/// counted and reserved one after another.
async fn reserve_best(
    app: &App,
    connection: &mut Connection,
    claim: &Claim<'_>,
    scope: &QueueScope,
    ranked: &[EvaluatedIssue],
) -> Result<Option<Lease>> {
    let now = app.clock.now();
    let lease_request = claim.lease_request(now);
    let limits = &app.config.queue.limits;
    let first = async |connection: &mut Connection, ids: &[IssueId]| {
        let reserved = leases::reserve_first(connection, &lease_request, ids).await?;
        if reserved.is_some() {
            return Ok(reserved);
        }
        // A row that was skipped may only have been locked by a reader or a sync at that moment.
        leases::reserve(connection, &lease_request, ids[0]).await
    };
    let all: Vec<IssueId> = ranked.iter().map(|evaluated| evaluated.issue.id).collect();
    if limits.is_empty() {
        return reserved(claim, first(connection, &all).await);
    }
    connection
        .transaction(async |connection| {
            leases::serialize_reservations(connection).await?;
            let usage = queue::count_usage(app, connection, now).await?;
            if limits.against_agent(&usage, &scope.agent).is_some() {
                return Ok(None);
            }
            let is_allowed = |evaluated: &&EvaluatedIssue| {
                let Issue { lane, repository_id, .. } = &evaluated.issue;
                let lanes = &app.config.lanes;
                limits.against_issue(&usage, lanes, lane, *repository_id).is_none()
            };
            let ids: Vec<IssueId> =
                ranked.iter().filter(is_allowed).map(|evaluated| evaluated.issue.id).collect();
            if ids.is_empty() {
                return Ok(None);
            }
            reserved(claim, first(connection, &ids).await)
        })
        .await
}

/// The reservation, or the error for a request id that is in use at this moment.
fn reserved(claim: &Claim<'_>, outcome: QueryResult<Option<Lease>>) -> Result<Option<Lease>> {
    match outcome {
        Err(Broken::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            let request = claim.request.map_or("", |request| &request.id);
            Err(Error::conflict(format!(
                "The request {request} is being carried out; repeat it in a moment"
            )))
        }
        outcome => Ok(outcome?),
    }
}

impl<'a> Claim<'a> {
    fn lease_request(&self, now: chrono::DateTime<chrono::Utc>) -> LeaseRequest<'a> {
        LeaseRequest {
            agent: self.agent,
            request_id: self.request.map(|request| request.key.stored.as_str()),
            request_hash: self.request.map(|request| request.hash.as_str()),
            term_seconds: self.term_seconds,
            now,
            until: now + RESERVATION,
        }
    }

    fn term(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.term_seconds))
    }
}

/// Turns a reservation into a lease: labels on GitHub, then everything in one transaction. If that
/// definitely fails, the reservation is released.
async fn confirm(
    app: &App,
    claim: &Claim<'_>,
    lease: &Lease,
    (issue, repository): (&Issue, &Repository),
    admits: impl FnOnce(&LabelSet, IssueState) -> Result<()>,
) -> Result<Claimed> {
    let expected =
        ExpectedHolder { agent: Some(lease.agent.clone()), token: Some(lease.fencing_token) };
    let options = ChangeOptions {
        precondition: Precondition::Holds(expected),
        transition: LeaseTransition::Confirm { lease: lease.id(), term: claim.term() },
        ..ChangeOptions::default()
    };
    match change(app, claim, (issue, repository), options, false, admits).await {
        Ok(ChangeOutcome { issue, lease: Some(lease), .. }) => {
            Ok(Claimed { lease, issue, warning: None })
        }
        Ok(_) => Err(Error::LeaseLost { holder: None }),
        Err(error) => {
            let mut connection = app.connection().await?;
            // While the outcome on GitHub is unknown, the issue stays reserved.
            if audit::unsettled_of(&mut connection, issue.id).await?.is_none()
                || matches!(error, Error::Conflict { .. })
            {
                leases::release_reservation(&mut connection, lease.id(), app.clock.now()).await?;
            }
            Err(error)
        }
    }
}

/// Changes the labels of an issue to those of a claimed one.
async fn change(
    app: &App,
    claim: &Claim<'_>,
    (issue, repository): (&Issue, &Repository),
    options: ChangeOptions<'_>,
    force: bool,
    admits: impl FnOnce(&LabelSet, IssueState) -> Result<()>,
) -> Result<ChangeOutcome> {
    let label = agent_label(claim.agent);
    let options = ChangeOptions { label: Some(&label), closed_too: true, ..options };
    let intent = Intent {
        actor: claim.actor,
        action: "claim_issue",
        issue,
        repository,
        target: Some(Status::InProgress),
        expected_from: None,
        reason: None,
    };
    change_labels_on(app, &intent, options, |labels, state| -> Result<LabelPlan> {
        admits(labels, state)?;
        Ok(claim_plan(claim.agent, labels, force))
    })
    .await
}

/// Checks that GitHub's labels allow an agent to claim an issue by id.
fn is_claimable(agent: &str, force: bool, labels: &LabelSet, state: IssueState) -> Result<()> {
    let current = labels.effective_status(state);
    if state == IssueState::Closed {
        return Err(Error::closed("Cannot claim a closed issue"));
    }
    if current == Status::Done {
        return Err(Error::permanent_conflict("Cannot claim a done issue", Some(current)));
    }
    match labels.agents().find(|other| !is_same(other, agent)) {
        Some(other) if !force => {
            let what = format!("Issue is already assigned to {other}. Use force=true to override.");
            let kind = ConflictKind::Temporary;
            Err(Error::Conflict { what, current: Some(current), pending: None, kind })
        }
        _ => Ok(()),
    }
}

/// Claims one issue. An agent that already has the lease gets it again.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::Conflict`] when the issue is closed or done, another agent has the
/// lease or its label on GitHub, a limit is reached or another change is in progress;
/// [`Error::Forbidden`] for `force` by callers that are not maintainers; otherwise as
/// [`claim_next`].
pub async fn claim_issue(app: &App, actor: &Actor, command: ClaimIssue) -> Result<Claimed> {
    let (agent, issue) = (command.agent.clone(), command.issue_id);
    let claimed = Box::pin(claim_one(app, actor, command)).await;
    let counted = claimed.as_ref().map_or_else(failure_of, |_| "served");
    app.metrics.add(&metrics::CLAIMS, &["issue", counted], 1);
    match claimed {
        Err(error) => {
            let recording = Box::pin(record_refused(app, &agent, issue, &error));
            if let Err(failure) = recording.await {
                tracing::warn!(error = %failure, "a refused claim was not kept as a decision");
            }
            Err(error)
        }
        outcome => outcome,
    }
}

/// Stores a refused claim as a decision. An issue that GitHub refused gets a back-off as if the
/// queue had served it, so a client that claims the next task by id continues with another issue.
async fn record_refused(app: &App, agent: &str, issue: IssueId, error: &Error) -> Result<()> {
    let is_recorded = match error.refusal() {
        Some(refusal) => {
            let (issue, repository) = board::find_issue(app, issue).await?;
            failures::record_refusal(app, &issue, &repository, refusal).await?
        }
        None => matches!(error, Error::Conflict { .. }),
    };
    if is_recorded {
        queue::record_refused_claim(app, agent, issue, &error.to_string()).await?;
    }
    Ok(())
}

async fn claim_one(app: &App, actor: &Actor, command: ClaimIssue) -> Result<Claimed> {
    let agent = agent_for(app, actor, &command.agent).await?;
    let term_seconds = term(command.lease_seconds)?.unwrap_or(USUAL_TERM);
    let force = command.force.unwrap_or_default();
    let asked = json!(["claim_issue", command.issue_id, force, term_seconds]);
    let request = request_of(actor, &agent, command.request_id.as_deref(), &asked)?;
    let (issue, repository) = board::find_issue(app, command.issue_id).await?;
    if force {
        check_force(app, actor, &issue, &repository).await?;
    }
    if let Some(lease) = repeated(app, &agent, request.as_ref()).await? {
        // Nothing else is known of a request that an earlier version stored.
        if lease.issue_id != issue.id {
            return Err(other_request());
        }
        return Ok(Claimed { lease, issue, warning: None });
    }
    let actor = &actor.acting_for(&agent);
    let claim = Claim { actor, agent: &agent, term_seconds, request: request.as_ref() };
    let row = leases::of_issue(&mut *app.connection().await?, issue.id).await?;
    let row = row.filter(|lease| lease.is_live(app.clock.now()));
    let is_taken = row.as_ref().is_some_and(|lease| !is_same(&lease.agent, &agent));
    match row {
        Some(own) if is_same(&own.agent, &agent) && own.state == LeaseState::Held => {
            let (id, now) = (own.id(), app.clock.now());
            let again = leases::renew_for_retry(&mut *app.connection().await?, id, now).await?;
            let lease = again.ok_or_else(|| held_by(&own.agent))?;
            return Ok(Claimed { lease, issue, warning: None });
        }
        Some(other) if !is_same(&other.agent, &agent) && !force => {
            return Err(held_by(&other.agent));
        }
        _ => {}
    }
    if !force && let Some(pause) = queue::pause_of(app, &agent, &issue, &repository).await? {
        return Err(Error::conflict(format!("The issue is not served: {}", pause.sentence())));
    }
    let warning = queue::warning(app, &agent, issue.id).await?;
    let admits = |labels: &LabelSet, state| is_claimable(&agent, force, labels, state);
    if force {
        let lease_request = claim.lease_request(app.clock.now());
        let transition = LeaseTransition::Take { request: lease_request, term: claim.term() };
        let options = ChangeOptions { transition, ..ChangeOptions::default() };
        let changed = change(app, &claim, (&issue, &repository), options, true, admits).await?;
        let lease = changed.lease.ok_or(Error::LeaseLost { holder: None })?;
        if is_taken {
            app.metrics.add(&metrics::LEASE_LOSSES, &["taken"], 1);
        }
        release_if_disconnected(app, claim.actor, &lease).await?;
        return Ok(Claimed { lease, issue: changed.issue, warning });
    }
    let _permit = app.wait_queue.permit().await;
    if Presence::for_caller().is_over() {
        return Err(client_disconnected());
    }
    let lease = reserve_one(app, &claim, &issue).await?;
    let claimed = confirm(app, &claim, &lease, (&issue, &repository), admits).await?;
    release_if_disconnected(app, claim.actor, &claimed.lease).await?;
    Ok(Claimed { warning, ..claimed })
}

/// The error for a claim of an issue that another agent has leased.
fn held_by(holder: &str) -> Error {
    let what = format!("Issue is actively leased to {holder}. Use force=true to override.");
    Error::conflict(what)
}

/// Checks that an actor may take an issue from another agent; a denial is audited.
async fn check_force(
    app: &App,
    actor: &Actor,
    issue: &Issue,
    repository: &Repository,
) -> Result<()> {
    if allows(app, actor, Tier::Maintainer) {
        return Ok(());
    }
    let action = "Force claim requires a maintainer token";
    let entry = NewEntry {
        repository_full_name: repository.full_name.as_str(),
        issue_number: Some(issue.number),
        issue_id: Some(issue.id),
        success: Some(false),
        error_message: Some(action),
        ..NewEntry::done(actor.actor_ref(), "claim_issue", &issue.labels, app.clock.now())
    };
    append_settled(app, &entry).await?;
    Err(Error::denied(actor, action))
}

/// Reserves one issue, within the limits.
async fn reserve_one(app: &App, claim: &Claim<'_>, issue: &Issue) -> Result<Lease> {
    let now = app.clock.now();
    let lease_request = claim.lease_request(now);
    let limits = &app.config.queue.limits;
    let mut connection = app.connection().await?;
    let outcome: Result<Option<Lease>> = if limits.is_empty() {
        reserved(claim, leases::reserve(&mut connection, &lease_request, issue.id).await)
    } else {
        connection
            .transaction(async |connection| {
                leases::serialize_reservations(connection).await?;
                let usage = queue::count_usage(app, connection, now).await?;
                let lanes = &app.config.lanes;
                let (lane, repository) = (&issue.lane, issue.repository_id);
                let reached = limits
                    .against_agent(&usage, claim.agent)
                    .or_else(|| limits.against_issue(&usage, lanes, lane, repository));
                if let Some(why) = reached {
                    return Err(Error::conflict(format!("The issue {why}")));
                }
                reserved(claim, leases::reserve(connection, &lease_request, issue.id).await)
            })
            .await
    };
    match outcome? {
        Some(lease) => Ok(lease),
        None => {
            let row = leases::of_issue(&mut connection, issue.id).await?;
            let holder = row.map(|lease| lease.agent).unwrap_or_default();
            Err(held_by(&holder))
        }
    }
}
