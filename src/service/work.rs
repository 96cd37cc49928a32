//! Claiming work: reserve, act, confirm.
//!
//! One statement reserves an issue's lease row, which is where two claimers are told apart; GitHub's
//! own labels then decide; one transaction makes the reservation a lease, with the labels, the audit
//! entry and the event. A crash in between leaves a reservation that is over by itself within a
//! minute. Invariants: no claim without GitHub's word; no limit is passed by two claims together;
//! what a claim could not do it gives back.

use std::time::Duration;

use chrono::TimeDelta;
use diesel::result::{DatabaseErrorKind, Error as Broken, QueryResult};
use diesel_async::AsyncConnection;
use serde_json::json;

use super::audit::append_settled;
use super::idempotency::hash_of;
use super::labels::{Changed, Guard, Intent, LeaseStep, Terms, change_labels_on};
use super::leases::{agent_for, let_go, term};
use super::long_poll::LONGEST_WAIT;
use super::presence::Presence;
use super::queue::{self, Around, Decided, Judged, Scope, Served};
use super::wait_queue::{Interest, Wakeup};
use super::{Error, Obstacle, Result, allows, backoffs, board};
use crate::app::App;
use crate::domain::backoff::NEEDS_HUMAN;
use crate::domain::decisions::Candidate;
use crate::domain::keys::OwnedKey;
use crate::domain::labels::{LabelPlan, is_same};
use crate::domain::leases::{Hold, LeaseState, USUAL_TERM, agent_label, claim_plan};
use crate::domain::work::{Skip, SkipReason};
use crate::domain::{Actor, Instant, IssueId, IssueState, LabelSet, Status, Tier};
use crate::github::Concern;
use crate::store::audit::NewEntry;
use crate::store::leases::{StopRequest, Wish};
use crate::store::{Connection, Issue, Lease, Repository, audit, leases};

/// How long a reservation stands: longer than GitHub's part of a claim can take.
const RESERVATION: TimeDelta = TimeDelta::seconds(60);

/// How many candidates a claim looks at first: more than others take meanwhile. PostgreSQL takes a list
/// for one of ten, so its plan for ten is the one that it keeps.
const LOOK: u32 = 10;

/// How often a claim looks again when others were quicker.
const ROUNDS: u32 = 20;

/// For how long a claim goes on to the next issue after GitHub refused one. Each refused issue is left
/// alone by all that follow, so the next claim goes on from there.
const PATIENCE: TimeDelta = TimeDelta::seconds(12);

/// About how many issues GitHub may fail to answer a claim before that fails too. One issue that GitHub
/// cannot answer about must not keep the rest from everybody; where it answers nothing, it is not asked
/// about all.
const UNANSWERED: usize = 3;

/// How many characters the name of a request may have.
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

/// What the queue had for an agent: `lease` is absent exactly when `idle_reason` is there.
#[derive(Debug, Clone)]
pub struct ClaimedNext {
    /// The lease.
    pub lease: Option<Lease>,
    /// Why there is none.
    pub idle_reason: Option<String>,
    /// Whether the agent held the issue before.
    pub is_resumed: bool,
}

/// An issue that is an agent's now.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The lease.
    pub lease: Lease,
    /// The issue as it is now.
    pub issue: Issue,
    /// Why the queue would have withheld it from the agent, as one sentence.
    pub warning: Option<String>,
}

/// A claim whose parts were checked.
struct Claim<'a> {
    actor: &'a Actor,
    agent: &'a str,
    term_seconds: i32,
    request: Option<&'a Request>,
}

/// A request that its caller has given a key.
struct Request {
    /// The key as the caller spells it.
    id: String,
    key: OwnedKey,
    /// The hash of what is asked for.
    hash: String,
}

/// Claims the best issue that the agent may have, waiting for one if asked to.
///
/// # Errors
///
/// [`Error::Invalid`] for a name that is no agent's, a queue that is none or that nothing is claimed
/// from, a repository that is not tracked, a time out of range; [`Error::Forbidden`] to who may not
/// act for the agent; [`Error::Conflict`] for a request whose lease is over; [`Error::Unread`],
/// [`Error::Upstream`] or [`Error::Busy`] when GitHub refused.
pub async fn claim_next(app: &App, actor: &Actor, command: ClaimNext) -> Result<ClaimedNext> {
    let agent = agent_for(app, actor, &command.agent).await?;
    let term_seconds = term(command.lease_seconds)?.unwrap_or(USUAL_TERM);
    let wait = wait_of(command.wait_seconds)?;
    // How long to wait for it does not change what is asked for.
    let mut asked = json!(["claim_next", command.lane, command.repositories, term_seconds]);
    if let (Some(resume), Some(asked)) = (command.resume, asked.as_array_mut()) {
        asked.push(json!({ "resume": resume }));
    }
    let request = request_of(actor, &agent, command.request_id.as_deref(), &asked)?;
    let names = command.repositories.as_deref();
    let mut scope = Scope::of(app, &agent, command.lane.as_deref(), names).await?;
    if let Some(lane) = scope.lane.as_ref().filter(|lane| !lane.claimable) {
        let reason = format!("nothing is claimed from {}", lane.id);
        return Err(Error::Invalid { field: "lane", reason });
    }
    if let Some(lease) = repeated(app, &agent, request.as_ref()).await? {
        return Ok(ClaimedNext { lease: Some(lease), idle_reason: None, is_resumed: false });
    }
    if command.resume.unwrap_or(app.config.work.resume)
        && let Some(lease) = resumed(app, &scope, term_seconds, request.as_ref()).await?
    {
        return Ok(ClaimedNext { lease: Some(lease), idle_reason: None, is_resumed: true });
    }
    let actor = &actor.acting_for(&agent);
    let claim = Claim { actor, agent: &agent, term_seconds, request: request.as_ref() };
    let outcome = match wait.is_zero() {
        true => Box::pin(attempt(app, &claim, &mut scope)).await,
        false => Box::pin(attempt_in_line(app, &claim, &mut scope, wait)).await,
    };
    let Attempt { lease, candidates, around } = match outcome {
        Ok(attempt) => attempt,
        Err(error) => {
            if matches!(error, Error::Unread(_) | Error::Busy { .. }) {
                let why = error.to_string();
                let failure = Skip { reason: SkipReason::LabelsUnverified, why };
                let (decided, why) = Decided::failed(failure);
                queue::note(app, "claim_next", &scope, decided, Some(why)).await?;
            }
            return Err(error);
        }
    };
    let served = lease
        .as_ref()
        .map(|lease| Served { issue: lease.issue_id, token: Some(lease.fencing_token) });
    let around = match around {
        Some(around) => around,
        None => queue::look_around(app, &scope, None).await?,
    };
    let decided = Decided { candidates, around, served };
    let idle_reason = queue::note(app, "claim_next", &scope, decided, None).await?;
    Ok(ClaimedNext { lease, idle_reason, is_resumed: false })
}

/// What the agent still holds of what it looks for, kept as a decision. The request that asks for it
/// gets the same when it is repeated.
async fn resumed(
    app: &App,
    scope: &Scope,
    term_seconds: i32,
    request: Option<&Request>,
) -> Result<Option<Lease>> {
    let is_sought = |lease: &Lease| scope.has(app, lease);
    let lease = super::leases::resume(app, &scope.agent, term_seconds, is_sought).await?;
    if let Some(lease) = &lease {
        if let Some(Request { key, hash, .. }) = request {
            let mut connection = app.connection().await?;
            leases::rename_request(&mut connection, lease.id(), &key.stored, hash).await?;
        }
        let why = "held by the agent already".to_owned();
        let candidates = vec![Candidate { issue: lease.issue_id, rank: 1, why }];
        let served = Some(Served { issue: lease.issue_id, token: Some(lease.fencing_token) });
        let decided = Decided { candidates, around: Around::default(), served };
        queue::note(app, "claim_next", scope, decided, None).await?;
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
) -> Result<Option<Request>> {
    let Some(given) = given.map(str::trim) else { return Ok(None) };
    let is_good = !given.is_empty()
        && !given.contains(char::is_control)
        && given.chars().count() <= LONGEST_REQUEST;
    if is_good {
        let key = OwnedKey::of(actor, agent, given);
        return Ok(Some(Request { id: given.to_owned(), key, hash: hash_of(asked) }));
    }
    let reason = format!("must have 1 to {LONGEST_REQUEST} characters and no control character");
    Err(Error::Invalid { field: "requestId", reason })
}

fn other_request() -> Error {
    Error::conflict("This requestId was used for a different request; use another one")
}

/// What an earlier request with this key got.
///
/// # Errors
///
/// [`Error::Conflict`] when that asked for something else, while it is still being carried out, or
/// when what it got is over.
async fn repeated(app: &App, agent: &str, request: Option<&Request>) -> Result<Option<Lease>> {
    let Some(Request { id: request_id, key, hash }) = request else { return Ok(None) };
    let mut connection = app.connection().await?;
    let Some(lease) = leases::by_request(&mut connection, agent, &key.forms()).await? else {
        return Ok(None);
    };
    if lease.request_hash.as_ref().is_some_and(|of_first| of_first != hash) {
        return Err(other_request());
    }
    if lease.state == LeaseState::Held && lease.is_live(app.clock.now()) {
        return Ok(leases::answer_again(&mut connection, lease.id(), app.clock.now()).await?);
    }
    if lease.state == LeaseState::Reserved && lease.is_live(app.clock.now()) {
        let what = "This request is being carried out; repeat it in a moment";
        return Err(Error::conflict(what));
    }
    if lease.state == LeaseState::Reserved {
        // It came to nothing by a crash, so its name is free for the next try.
        leases::forget_request(&mut connection, lease.id()).await?;
        return Ok(None);
    }
    let (id, at) = (lease.id(), Instant(lease.ended_at.unwrap_or(lease.expires_at)));
    Err(Error::conflict(format!(
        "The request {request_id} got {id}, which was over at {at}; use another requestId"
    )))
}

/// What came of looking for work once.
#[derive(Default)]
struct Attempt {
    lease: Option<Lease>,
    candidates: Vec<Candidate>,
    /// What was withheld when the lease was reserved.
    around: Option<Around>,
}

/// Looks for work until there is some, in turn with others, or the time is over.
async fn attempt_in_line(
    app: &App,
    claim: &Claim<'_>,
    scope: &mut Scope,
    wait: Duration,
) -> Result<Attempt> {
    let (lanes, closed_lanes) = scope.lanes(app);
    let repositories = scope.repositories.iter().map(|row| row.id).collect();
    let wants = Interest { agent: scope.agent.clone(), lanes, closed_lanes, repositories };
    // In line before the first look, so that nothing becomes ready unheard in between.
    let place = app.wait_queue.join(wants);
    let caller = Presence::of_caller();
    let mut over = std::pin::pin!(tokio::time::sleep(wait));
    let mut found = attempt(app, claim, scope).await?;
    while found.lease.is_none() {
        let call = tokio::select! {
            call = place.called() => Some(call),
            () = caller.over() => return Err(left()),
            () = &mut over => None,
            () = app.bus.closed() => return Ok(found),
        };
        // Repositories may have been tracked, closed or left alone meanwhile.
        scope.refresh(app).await?;
        let Some(call) = call else { return attempt(app, claim, scope).await };
        found = match attempt(app, claim, scope).await {
            Ok(found) => found,
            Err(error) => {
                place.pass_on(&call, false);
                return Err(error);
            }
        };
        let has_got_it = found.lease.is_some();
        if has_got_it || matches!(call, Wakeup::Anything) || is_limited(app, scope).await? {
            place.pass_on(&call, has_got_it);
        }
    }
    Ok(found)
}

/// What a claim comes to whose caller has gone away.
fn left() -> Error {
    Error::conflict("The caller went away, so nothing was claimed")
}

/// Gives back what was claimed for a caller who has gone away meanwhile, unless the caller has asked
/// again and was told of it. A later retry claims anew. Should this process die before GitHub knows, the
/// lease is taken like that of any holder that was to stop.
async fn give_back_if_left(app: &App, actor: &Actor, lease: &Lease) -> Result<()> {
    if !Presence::of_caller().is_over() {
        return Ok(());
    }
    let now = app.clock.now();
    let reason = Some("Its claim's caller went away");
    let request = StopRequest { by: Actor::System.name(), reason, now, release_at: now };
    let is_abandoned = leases::abandon(&mut *app.connection().await?, lease, &request).await?;
    if is_abandoned {
        let_go(app, actor, lease, "release_abandoned_claim").await?;
    }
    Err(left())
}

/// Gives back what was claimed just now when its caller has gone away while the answer was put together.
///
/// # Errors
///
/// [`Error::Conflict`] when it was given back; else as [`release_lease`](super::leases::release_lease).
pub async fn check_heard(app: &App, actor: &Actor, lease: &Lease) -> Result<()> {
    // What was answered again is told to somebody else already.
    if lease.renewed_at != lease.acquired_at {
        return Ok(());
    }
    give_back_if_left(app, actor, lease).await
}

/// Whether an agent can use nothing because of itself.
async fn is_limited(app: &App, scope: &Scope) -> Result<bool> {
    if scope.pause_of_all(app).is_some() {
        return Ok(true);
    }
    let usage = queue::usage(app, &mut *app.connection().await?, app.clock.now()).await?;
    Ok(app.config.work.limits.against_agent(&usage, &scope.agent).is_some())
}

/// Looks for work once: the first candidates, until one is the claimer's or there is none.
async fn attempt(app: &App, claim: &Claim<'_>, scope: &mut Scope) -> Result<Attempt> {
    let _turn = app.wait_queue.turn().await;
    let caller = Presence::of_caller();
    let begun_at = app.clock.now();
    let mut passed: Vec<IssueId> = Vec::new();
    let mut unanswered: Vec<Error> = Vec::new();
    let mut found = Attempt::default();
    let mut found_before: Vec<IssueId> = Vec::new();
    let mut round = 0;
    while round < ROUNDS {
        if caller.is_over() {
            return Err(left());
        }
        round += 1;
        let now = app.clock.now();
        let mut connection = app.connection().await?;
        let usage = queue::usage(app, &mut connection, now).await?;
        // Where others were quicker, there is more room further back.
        let look = LOOK * round.min(8) + u32::try_from(passed.len()).unwrap_or_default();
        let looked = queue::candidates(app, &mut connection, scope, &usage, look, now).await?;
        let mut ranked = looked.ranked;
        ranked.retain(|judged| !passed.contains(&judged.issue.id));
        found.candidates = queue::candidates_of(app, scope, &ranked, now);
        if ranked.is_empty() {
            // Others may have taken all of it between two looks. What is found again is nothing to have.
            if std::mem::replace(&mut found_before, looked.found.clone()) == looked.found {
                break;
            }
            continue;
        }
        let reserved = reserve_best(app, &mut connection, claim, scope, &ranked).await?;
        drop(connection);
        let Some(lease) = reserved else { continue };
        let issue = ranked.into_iter().find(|judged| judged.issue.id == lease.issue_id);
        let Some(Judged { issue, .. }) = issue else { continue };
        let repository = scope.repositories.iter().find(|row| row.id == issue.repository_id);
        let Some(repository) = repository.cloned() else { continue };
        let repository = &repository;
        let confirmed = confirm(app, claim, &lease, (&issue, repository), |labels, state| {
            is_served(app, claim.agent, (&issue, repository), labels, state)
        });
        // What the decision keeps is looked up while GitHub is asked.
        let around = queue::look_around(app, scope, Some(issue.id));
        let (confirmed, around) = tokio::join!(Box::pin(confirmed), Box::pin(around));
        match confirmed {
            Ok(claimed) => {
                give_back_if_left(app, claim.actor, &claimed.lease).await?;
                found.lease = Some(claimed.lease);
                found.around = Some(around?);
                return Ok(found);
            }
            // GitHub has it differently by now, or somebody is changing it: the next one.
            Err(Error::Conflict { .. } | Error::LeaseLost { .. }) => passed.push(issue.id),
            Err(error) => {
                let Some(refusal) = error.refusal() else { return Err(error) };
                let concern = refusal.concern();
                if !backoffs::note_refusal(app, &issue, repository, refusal).await? {
                    return Err(error);
                }
                passed.push(issue.id);
                scope.refresh(app).await?;
                if concern == Concern::Unknown {
                    unanswered.push(error);
                } else {
                    // As far as the rounds go, it was not there.
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
    // The same request may have come twice at once, and the other one got it.
    found.lease = repeated(app, claim.agent, claim.request).await?;
    Ok(found)
}

/// Whether GitHub's labels still allow that the queue serves an issue.
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
        || queue::peoples_work(repository).holder(current, labels, &issue.assignees).is_some();
    if matches!(current, Status::Ready | Status::InProgress) && !hidden && !is_taken {
        return Ok(());
    }
    let what = "GitHub has the issue differently by now".to_owned();
    let obstacle = Obstacle::Passing;
    Err(Error::Conflict { what, current: Some(current), pending: None, obstacle })
}

/// Reserves the first of the ranked issues that nobody else has. Where limits are set, claims count
/// and reserve one after another.
async fn reserve_best(
    app: &App,
    connection: &mut Connection,
    claim: &Claim<'_>,
    scope: &Scope,
    ranked: &[Judged],
) -> Result<Option<Lease>> {
    let now = app.clock.now();
    let wish = claim.wish(now);
    let limits = &app.config.work.limits;
    let first = async |connection: &mut Connection, ids: &[IssueId]| {
        let reserved = leases::reserve_first(connection, &wish, ids).await?;
        if reserved.is_some() {
            return Ok(reserved);
        }
        // A row that was passed over may only have been read or synced at that moment.
        leases::reserve(connection, &wish, ids[0]).await
    };
    let all: Vec<IssueId> = ranked.iter().map(|judged| judged.issue.id).collect();
    if limits.is_empty() {
        return reserved(claim, first(connection, &all).await);
    }
    connection
        .transaction(async |connection| {
            leases::line_up(connection).await?;
            let usage = queue::count_usage(app, connection, now).await?;
            if limits.against_agent(&usage, &scope.agent).is_some() {
                return Ok(None);
            }
            let is_allowed = |judged: &&Judged| {
                let Issue { lane, repository_id, .. } = &judged.issue;
                let lanes = &app.config.lanes;
                limits.against_issue(&usage, lanes, lane, *repository_id).is_none()
            };
            let ids: Vec<IssueId> =
                ranked.iter().filter(is_allowed).map(|judged| judged.issue.id).collect();
            if ids.is_empty() {
                return Ok(None);
            }
            reserved(claim, first(connection, &ids).await)
        })
        .await
}

/// A reservation, or the refusal of one whose request's name is in use at this moment.
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
    fn wish(&self, now: chrono::DateTime<chrono::Utc>) -> Wish<'a> {
        Wish {
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

/// Makes a reservation a lease: labels on GitHub, then all of it in one transaction. Where that
/// fails for certain, the reservation is given back.
async fn confirm(
    app: &App,
    claim: &Claim<'_>,
    lease: &Lease,
    (issue, repository): (&Issue, &Repository),
    admits: impl FnOnce(&LabelSet, IssueState) -> Result<()>,
) -> Result<Claimed> {
    let hold = Hold { agent: Some(lease.agent.clone()), token: Some(lease.fencing_token) };
    let terms = Terms {
        guard: Guard::Holds(hold),
        step: LeaseStep::Confirm { lease: lease.id(), term: claim.term() },
        ..Terms::default()
    };
    match change(app, claim, (issue, repository), terms, false, admits).await {
        Ok(Changed { issue, lease: Some(lease), .. }) => {
            Ok(Claimed { lease, issue, warning: None })
        }
        Ok(_) => Err(Error::LeaseLost { holder: None }),
        Err(error) => {
            let mut connection = app.connection().await?;
            // While nobody knows what GitHub did, the issue is kept from others until it is known.
            if audit::unsettled_of(&mut connection, issue.id).await?.is_none()
                || matches!(error, Error::Conflict { .. })
            {
                leases::give_back(&mut connection, lease.id(), app.clock.now()).await?;
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
    terms: Terms<'_>,
    force: bool,
    admits: impl FnOnce(&LabelSet, IssueState) -> Result<()>,
) -> Result<Changed> {
    let label = agent_label(claim.agent);
    let terms = Terms { label: Some(&label), closed_too: true, ..terms };
    let intent = Intent {
        actor: claim.actor,
        action: "claim_issue",
        issue,
        repository,
        target: Some(Status::InProgress),
        expected_from: None,
        reason: None,
    };
    change_labels_on(app, &intent, terms, |labels, state| -> Result<LabelPlan> {
        admits(labels, state)?;
        Ok(claim_plan(claim.agent, labels, force))
    })
    .await
}

/// Whether GitHub's labels allow that an agent claims an issue by name.
fn is_claimable(agent: &str, force: bool, labels: &LabelSet, state: IssueState) -> Result<()> {
    let current = labels.effective_status(state);
    if state == IssueState::Closed {
        return Err(Error::closed("Cannot claim a closed issue"));
    }
    if current == Status::Done {
        return Err(Error::lasting("Cannot claim a done issue", Some(current)));
    }
    match labels.agents().find(|other| !is_same(other, agent)) {
        Some(other) if !force => {
            let what = format!("Issue is already assigned to {other}. Use force=true to override.");
            let obstacle = Obstacle::Passing;
            Err(Error::Conflict { what, current: Some(current), pending: None, obstacle })
        }
        _ => Ok(()),
    }
}

/// Claims one issue. An agent that holds it already gets the lease that it has.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::Conflict`] when the issue is closed or done, another agent holds it
/// or has its label there, a limit is reached or another change is under way; [`Error::Forbidden`]
/// for `force` to who is no maintainer; else as [`claim_next`].
pub async fn claim_issue(app: &App, actor: &Actor, command: ClaimIssue) -> Result<Claimed> {
    let (agent, issue) = (command.agent.clone(), command.issue_id);
    match claim_one(app, actor, command).await {
        Err(error) => {
            let noting = Box::pin(note_refused(app, &agent, issue, &error));
            if let Err(unkept) = noting.await {
                tracing::warn!(error = %unkept, "a refused claim was not kept as a decision");
            }
            Err(error)
        }
        outcome => outcome,
    }
}

/// Keeps a refused claim as a decision. What GitHub refused is left alone for a while, as if the queue
/// had served it: whoever asks what comes next and claims that by name goes on to another issue.
async fn note_refused(app: &App, agent: &str, issue: IssueId, error: &Error) -> Result<()> {
    let is_noted = match error.refusal() {
        Some(refusal) => {
            let (issue, repository) = board::find_issue(app, issue).await?;
            backoffs::note_refusal(app, &issue, &repository, refusal).await?
        }
        None => matches!(error, Error::Conflict { .. }),
    };
    if is_noted {
        queue::note_refused_claim(app, agent, issue, &error.to_string()).await?;
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
        // Of a request that an earlier version stored nothing else is known.
        if lease.issue_id != issue.id {
            return Err(other_request());
        }
        return Ok(Claimed { lease, issue, warning: None });
    }
    let actor = &actor.acting_for(&agent);
    let claim = Claim { actor, agent: &agent, term_seconds, request: request.as_ref() };
    let row = leases::of_issue(&mut *app.connection().await?, issue.id).await?;
    match row.filter(|lease| lease.is_live(app.clock.now())) {
        Some(own) if is_same(&own.agent, &agent) && own.state == LeaseState::Held => {
            let (id, now) = (own.id(), app.clock.now());
            let again = leases::answer_again(&mut *app.connection().await?, id, now).await?;
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
        let wish = claim.wish(app.clock.now());
        let step = LeaseStep::Take { wish, term: claim.term() };
        let terms = Terms { step, ..Terms::default() };
        let changed = change(app, &claim, (&issue, &repository), terms, true, admits).await?;
        let lease = changed.lease.ok_or(Error::LeaseLost { holder: None })?;
        give_back_if_left(app, claim.actor, &lease).await?;
        return Ok(Claimed { lease, issue: changed.issue, warning });
    }
    let _turn = app.wait_queue.turn().await;
    if Presence::of_caller().is_over() {
        return Err(left());
    }
    let lease = reserve_one(app, &claim, &issue).await?;
    let claimed = confirm(app, &claim, &lease, (&issue, &repository), admits).await?;
    give_back_if_left(app, claim.actor, &claimed.lease).await?;
    Ok(Claimed { warning, ..claimed })
}

/// The refusal of a claim of what another agent holds.
fn held_by(holder: &str) -> Error {
    let what = format!("Issue is actively leased to {holder}. Use force=true to override.");
    Error::conflict(what)
}

/// Whether an actor may take an issue from another holder; a refusal is audited.
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
        ..NewEntry::done(actor.who(), "claim_issue", &issue.labels, app.clock.now())
    };
    append_settled(app, &entry).await?;
    Err(Error::denied(actor, action))
}

/// Reserves one issue, within the limits.
async fn reserve_one(app: &App, claim: &Claim<'_>, issue: &Issue) -> Result<Lease> {
    let now = app.clock.now();
    let wish = claim.wish(now);
    let limits = &app.config.work.limits;
    let mut connection = app.connection().await?;
    let outcome: Result<Option<Lease>> = if limits.is_empty() {
        reserved(claim, leases::reserve(&mut connection, &wish, issue.id).await)
    } else {
        connection
            .transaction(async |connection| {
                leases::line_up(connection).await?;
                let usage = queue::count_usage(app, connection, now).await?;
                let lanes = &app.config.lanes;
                let (lane, repository) = (&issue.lane, issue.repository_id);
                let reached = limits
                    .against_agent(&usage, claim.agent)
                    .or_else(|| limits.against_issue(&usage, lanes, lane, repository));
                if let Some(why) = reached {
                    return Err(Error::conflict(format!("The issue {why}")));
                }
                reserved(claim, leases::reserve(connection, &wish, issue.id).await)
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
