//! Pauses: nothing of a repository, a lane, an agent, or of everything, is served for a while.
//!
//! Existing leases continue and are finished, so the paused part drains, unless the pause also asks
//! their agents to stop. A pause ends at its time or by a person. Invariants: paused issues are
//! withheld by the same function that ranks, with a reason code; the beginning and the end of a
//! pause are events, so boards show it and waiting claims are woken.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;

use super::queue;
use crate::domain::bounds::plain_line;
use crate::domain::label_names::{is_same, key};
use crate::domain::pauses::{PauseScope, sentence};
use crate::domain::{Actor, LabelSet, PauseId};
use crate::service::board_events::{audit_event, resync_event};
use crate::service::repositories::tracking;
use crate::service::{App, Error, Result, agent_names};
use crate::store::audit::NewEntry;
use crate::store::claims::pauses::NewPause;
use crate::store::claims::{leases, pauses};
use crate::store::{Connection, Lease, Pause, Repository, audit, event_log, repositories};

/// Maximal length of a reason, in characters.
const LONGEST_REASON: usize = 500;

/// The allowed durations of a pause, in minutes: up to 30 days.
const MINUTES: std::ops::RangeInclusive<i32> = 1..=43_200;

/// Maximal number of pauses at a time, besides the one of everything.
const MOST: usize = 200;

/// A pause to start or to change.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "PauseWorkInput")]
pub struct PauseWork {
    /// What the pause covers.
    pub scope: PauseScope,
    /// The full name of the repository, the id or an alias of the lane, or the name of the agent.
    /// Absent for everything.
    pub subject: Option<String>,
    /// Whether holders are asked to stop at their next renewal. Otherwise held issues are finished.
    pub stops_holders: Option<bool>,
    /// The reason, up to 500 characters.
    pub reason: Option<String>,
    /// The duration in minutes, from 1 to 43200. When absent, the pause lasts until somebody ends
    /// it.
    pub for_minutes: Option<i32>,
}

impl Pause {
    /// Who paused what, until when and why, as a sentence without the final period.
    pub fn sentence(&self) -> String {
        let what = self.scope.phrase(&self.subject);
        sentence(&what, &self.created_by, self.reason.as_deref(), self.ends_at)
    }

    /// The same as a complete sentence.
    pub fn summary(&self) -> String {
        self.capitalized(&self.sentence())
    }

    /// A sentence with a capital first letter; names of repositories keep their spelling.
    fn capitalized(&self, sentence: &str) -> String {
        if self.scope == PauseScope::Repository {
            return sentence.to_owned();
        }
        let mut letters = sentence.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect()
    }

    /// Whether it covers work of an agent on an issue of a repository in a lane.
    pub(super) fn covers(
        &self,
        app: &App,
        agent: &str,
        lane: &str,
        repository: Option<&Repository>,
    ) -> bool {
        match self.scope {
            PauseScope::Everything => true,
            PauseScope::Agent => is_same(&self.subject, agent),
            // Also by a name that the repository had when it was paused.
            PauseScope::Repository => repository.is_some_and(|row| {
                self.subject.parse().is_ok_and(|subject| row.is_called(&subject))
            }),
            PauseScope::Lane => {
                let lanes = &app.config.lanes;
                lanes.by_id(&self.subject).is_some_and(|paused| lanes.is_in(lane, paused))
            }
        }
    }
}

/// The current pauses, oldest first.
///
/// # Errors
///
/// When the database fails.
pub async fn pauses(app: &App) -> Result<Vec<Pause>> {
    Ok(pauses::all(&mut *app.connection().await?, app.clock.now()).await?)
}

/// For each pause, how many live leases it still covers; in the same order.
///
/// # Errors
///
/// When the database fails.
pub async fn covered_leases(app: &App, of: &[Pause]) -> Result<Vec<usize>> {
    let mut connection = app.connection().await?;
    let held = leases::held(&mut connection, None, app.clock.now()).await?;
    let repositories = repositories::tracked(&mut connection).await?;
    let covers = |pause: &Pause, lease: &Lease| {
        let repository = repositories.iter().find(|row| row.id == lease.repository_id);
        pause.covers(app, &lease.agent, &lease.lane, repository)
    };
    Ok(of.iter().map(|pause| held.iter().filter(|lease| covers(pause, lease)).count()).collect())
}

/// Pauses something, or changes its existing pause. Idempotent; with a duration, the end moves. The
/// audit log calls it `pause_work`.
///
/// # Errors
///
/// [`Error::Invalid`] for an untracked repository, an unknown lane, an invalid agent name, a reason
/// that is too long or a time out of range; [`Error::Conflict`] when there are too many.
pub async fn pause_work(app: &App, actor: &Actor, command: PauseWork) -> Result<Pause> {
    let subject = subject_of(app, &command).await?;
    let reason = command.reason.as_deref().map(plain_line).filter(|reason| !reason.is_empty());
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        let reason = format!("must not be longer than {LONGEST_REASON} characters");
        return Err(Error::Invalid { field: "reason", reason });
    }
    let now = app.clock.now();
    let pause = NewPause {
        scope: command.scope,
        subject: &subject,
        subject_key: &key(&subject),
        stops_holders: command.stops_holders.unwrap_or_default(),
        reason: reason.as_deref(),
        created_by: actor.name(),
        created_at: now,
        ends_at: ends_at(command.for_minutes, now)?,
    };
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pauses::lock(connection).await?;
            let all = pauses::all(connection, now).await?;
            match all.iter().find(|existing| pause.is_of_same_as(existing)) {
                Some(existing) if pause.changes_nothing_of(existing) => {
                    return Ok(existing.clone());
                }
                None if command.scope != PauseScope::Everything && all.len() >= MOST => {
                    let what = format!("There are {MOST} pauses, which is the most; end one first");
                    return Err(Error::permanent_conflict(what, None));
                }
                _ => {}
            }
            let pause = pauses::begin(connection, &pause).await?;
            announce(connection, actor, "pause_work", (&pause, pause.summary()), now).await?;
            Ok(pause)
        })
        .await
}

/// The subject of a command, as it is stored.
async fn subject_of(app: &App, command: &PauseWork) -> Result<String> {
    let given = command.subject.as_deref().map(str::trim).filter(|given| !given.is_empty());
    let refused = |reason: &str| Error::Invalid { field: "subject", reason: reason.to_owned() };
    let given = match (command.scope, given) {
        (PauseScope::Everything, None) => return Ok(String::new()),
        (PauseScope::Everything, Some(_)) => {
            return Err(refused("must be absent when everything is paused"));
        }
        (_, None) => return Err(refused("is needed: a repository, a lane or an agent")),
        (_, Some(given)) => given,
    };
    match command.scope {
        PauseScope::Repository => {
            let name = app.config.github.repository(given);
            let name = name.map_err(|error| refused(&error.to_string()))?;
            let tracked = tracking::tracked_repositories(app).await?;
            let row = tracked.iter().find(|row| row.is_called(&name));
            row.map(|row| row.full_name.to_string())
                .ok_or_else(|| refused(&format!("`{name}` is not tracked")))
        }
        PauseScope::Lane => {
            let lane = queue::find_lane(app, given);
            lane.map(|lane| lane.id.clone()).map_err(|error| match error {
                Error::Invalid { reason, .. } => refused(&reason),
                error => error,
            })
        }
        PauseScope::Agent => {
            let name = crate::domain::leases::agent_name(given).map_err(|text| refused(&text))?;
            agent_names::find(app, name).await
        }
        PauseScope::Everything => Ok(String::new()),
    }
}

fn ends_at(minutes: Option<i32>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    match minutes {
        Some(minutes) if !MINUTES.contains(&minutes) => Err(Error::Invalid {
            field: "forMinutes",
            reason: format!("must be from {} to {}", MINUTES.start(), MINUTES.end()),
        }),
        minutes => Ok(minutes.map(|minutes| now + TimeDelta::minutes(i64::from(minutes)))),
    }
}

/// Ends a pause. The audit log calls it `resume_work`.
///
/// # Errors
///
/// [`Error::NotFound`] when it has already ended.
pub async fn resume_work(app: &App, actor: &Actor, id: PauseId) -> Result<Pause> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let missing = || Error::NotFound { what: "Pause", id: id.to_string() };
            let pause = pauses::end(connection, id).await?.ok_or_else(missing)?;
            announce_end(connection, actor, &pause, now).await?;
            Ok(pause)
        })
        .await
}

/// Ends expired pauses. Safe to run in any replica, any number of times.
///
/// # Errors
///
/// When the database fails.
pub async fn end_expired(app: &App) -> Result<()> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            for pause in pauses::end_expired(connection, now).await? {
                announce_end(connection, &Actor::System, &pause, now).await?;
            }
            Ok(())
        })
        .await
}

async fn announce_end(
    connection: &mut Connection,
    actor: &Actor,
    pause: &Pause,
    now: DateTime<Utc>,
) -> Result<()> {
    let text = format!("{} is no longer paused", pause.scope.phrase(&pause.subject));
    let text = pause.capitalized(&text);
    announce(connection, actor, "resume_work", (pause, text), now).await
}

/// Writes the audit entry and the event for the beginning or the end of a pause, in the caller's
/// transaction. Events contain nothing that a worker may not read.
async fn announce(
    connection: &mut Connection,
    actor: &Actor,
    action: &str,
    (pause, text): (&Pause, String),
    now: DateTime<Utc>,
) -> Result<()> {
    let none = LabelSet::default();
    let repository_full_name = match pause.scope {
        PauseScope::Repository => pause.subject.as_str(),
        _ => "",
    };
    let entry = NewEntry {
        repository_full_name,
        notes: Some(&text),
        ..NewEntry::done(actor.actor_ref(), action, &none, now)
    };
    let entry = audit::append(connection, &entry).await?;
    let reason = "What is paused has changed".to_owned();
    let events = [resync_event(reason, actor.actor_ref(), now), audit_event(&entry)];
    event_log::append(connection, &events).await?;
    Ok(())
}

/// Why the agent with a lease must stop because of a pause, as one sentence.
pub(super) async fn stop_reason(
    app: &App,
    connection: &mut Connection,
    lease: &Lease,
    repository: &Repository,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let all = pauses::all(connection, now).await?;
    let stops = |pause: &&Pause| {
        pause.stops_holders && pause.covers(app, &lease.agent, &lease.lane, Some(repository))
    };
    Ok(all.iter().find(stops).map(Pause::summary))
}
