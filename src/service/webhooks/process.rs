//! Processes stored deliveries, in the order of arrival for each issue.
//!
//! An attempt is one transaction: the change, its events, and the new state of the delivery. What must
//! be read from GitHub is read after it. An attempt that ends without a result, because the process
//! stopped, counts as interrupted after [`INTERRUPTED`] and is repeated.

use chrono::TimeDelta;
use diesel_async::AsyncConnection;

use super::outcome::Outcome;
use super::{automation, issues, labels, repositories as changed_repositories};
use crate::domain::Actor;
use crate::domain::webhooks::{
    AutomationEvent, DeliveryState, MOST_ATTEMPTS, Meaning, RepositoryChange, meaning, retry_after,
};
use crate::github;
use crate::github::webhooks::{self, Envelope};
use crate::service::App;
use crate::service::repositories::sync::refresh_issue;
use crate::service::{Error, Result};
use crate::store::event_log::NewEvent;
use crate::store::webhooks::deliveries;
use crate::store::{Connection, WebhookDelivery, event_log, pool, repositories};

/// How long an attempt may take.
const INTERRUPTED: TimeDelta = TimeDelta::seconds(60);

/// How many deliveries are taken at once.
const AT_ONCE: i64 = 20;

/// Processes every delivery that is due, in any replica. Returns how many were attempted.
///
/// # Errors
///
/// When the database fails. The failure of a delivery is recorded with it.
pub async fn process_due(app: &App) -> Result<usize> {
    let mut attempted = 0;
    loop {
        match process_next(app).await? {
            0 => return Ok(attempted),
            some => attempted += some,
        }
    }
}

/// Processes the deliveries that are due now, at most one of each issue. Returns how many there were.
///
/// # Errors
///
/// As [`process_due`].
pub async fn process_next(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let begun = {
        let mut connection = app.connection().await?;
        connection
            .transaction(async |connection| {
                let begun = deliveries::begin(connection, now, now + INTERRUPTED, AT_ONCE).await?;
                Ok::<_, Error>(begun)
            })
            .await?
    };
    for (delivery, payload) in &begun {
        attempt(app, delivery, payload).await?;
    }
    Ok(begun.len())
}

async fn attempt(app: &App, delivery: &WebhookDelivery, payload: &[u8]) -> Result<()> {
    let mut is_limited = None;
    let settled = match apply_in_transaction(app, delivery, payload).await {
        Ok(Outcome::Refresh(name, number)) => match refresh_issue(app, &name, number).await {
            Ok(_) => Ok((DeliveryState::Processed, None)),
            Err(Error::Upstream(github::Error::PullRequest { .. })) => {
                Ok((DeliveryState::Ignored, Some("it is about a pull request".to_owned())))
            }
            Err(Error::Upstream(github::Error::NotFound { .. })) => {
                Ok((DeliveryState::Ignored, Some("GitHub has no such issue".to_owned())))
            }
            Err(error) => {
                is_limited = match &error {
                    Error::RateLimited { retry_at, .. } => *retry_at,
                    Error::Upstream(github::Error::CircuitOpen { retry_at, .. }) => Some(*retry_at),
                    _ => None,
                };
                Err(error.to_string())
            }
        },
        Ok(Outcome::Processed | Outcome::Ignored(_)) => return Ok(()),
        Ok(Outcome::Later(reason)) => Err(reason),
        Err(Error::Upstream(error @ github::Error::Unintelligible { .. })) => {
            Ok((DeliveryState::Quarantined, Some(error.to_string())))
        }
        Err(error) => {
            tracing::warn!(
                delivery = delivery.delivery_id,
                error = error.with_causes(),
                "a delivery could not be processed"
            );
            Err(error.to_string())
        }
    };
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    match settled {
        Ok((state, reason)) => {
            deliveries::settle(&mut connection, delivery.id, state, reason.as_deref(), now).await?;
        }
        // That is no failure of the delivery.
        Err(reason) if let Some(until) = is_limited => {
            let until = until.max(now + retry_after(1));
            let attempts = delivery.attempts - 1;
            deliveries::postpone(&mut connection, delivery.id, attempts, &reason, until).await?;
        }
        Err(reason) if delivery.attempts >= MOST_ATTEMPTS => {
            let (id, state) = (delivery.id, DeliveryState::Failed);
            deliveries::settle(&mut connection, id, state, Some(&reason), now).await?;
        }
        Err(reason) => {
            let (attempts, until) = (delivery.attempts, now + retry_after(delivery.attempts));
            deliveries::postpone(&mut connection, delivery.id, attempts, &reason, until).await?;
        }
    }
    Ok(())
}

/// Applies a delivery. The events are appended last, in the same transaction.
async fn apply_in_transaction(
    app: &App,
    delivery: &WebhookDelivery,
    payload: &[u8],
) -> Result<Outcome> {
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            let (outcome, events) = apply(app, connection, delivery, payload).await?;
            let now = app.clock.now();
            match &outcome {
                Outcome::Processed => {
                    let state = DeliveryState::Processed;
                    deliveries::settle(connection, delivery.id, state, None, now).await?;
                }
                Outcome::Ignored(reason) => {
                    let state = DeliveryState::Ignored;
                    deliveries::settle(connection, delivery.id, state, Some(reason), now).await?;
                }
                Outcome::Refresh(..) | Outcome::Later(_) => return Ok(outcome),
            }
            match events.is_empty() {
                true => {
                    let who = Actor::GitHub.actor_ref();
                    event_log::append_dependents(connection, who, now).await?;
                }
                false => {
                    event_log::append(connection, &events).await?;
                }
            }
            Ok(outcome)
        })
        .await
}

async fn apply(
    app: &App,
    connection: &mut Connection,
    delivery: &WebhookDelivery,
    payload: &[u8],
) -> Result<(Outcome, Vec<NewEvent>)> {
    let ignored = |reason: String| Ok((Outcome::Ignored(reason), vec![]));
    let about = Envelope::read(payload).map_err(Error::Upstream)?;
    let meaning = meaning(&delivery.event, delivery.action.as_deref());
    match meaning {
        Meaning::Ping => return Ok((Outcome::Processed, vec![])),
        Meaning::Unused => {
            return ignored(format!("nothing of this `{}` event is used", delivery.event));
        }
        Meaning::Unknown => return ignored(format!("`{}` is unknown", delivery.event)),
        _ => {}
    }
    let Some(name) = &about.repository else {
        return ignored("it names no repository".to_owned());
    };
    let mut repository = changed_repositories::of(connection, &about).await?;
    if meaning == Meaning::Repository(RepositoryChange::Renamed) && repository.is_none() {
        repository =
            changed_repositories::by_former_name(connection, payload, &about, name).await?;
    }
    let Some(repository) = repository.filter(|row| row.enabled) else {
        return ignored(format!("{name} is not tracked"));
    };
    if matches!(meaning, Meaning::Issue | Meaning::IssueGone) {
        repositories::record_webhook(connection, repository.id, app.clock.now()).await?;
    }
    match meaning {
        Meaning::Issue => issues::store(app, connection, &repository, delivery, payload).await,
        Meaning::IssueGone => issues::remove(app, connection, &repository, payload).await,
        Meaning::Dependency => {
            let outcome = issues::blocked(connection, &repository, payload).await?;
            Ok((outcome, vec![]))
        }
        Meaning::SubIssue | Meaning::ParentIssue => {
            let member = if meaning == Meaning::SubIssue { "sub_issue" } else { "parent_issue" };
            let number = webhooks::number_of(payload, member).map_err(Error::Upstream)?;
            Ok((Outcome::Refresh(repository.full_name.clone(), number), vec![]))
        }
        Meaning::Label => labels::apply(app, connection, &repository, delivery, payload).await,
        Meaning::PullRequest => {
            let now = app.clock.now();
            repositories::request_sync(connection, repository.id, now).await?;
            let of = (&repository, AutomationEvent::PullRequest);
            automation::apply(app, connection, of, delivery, payload).await
        }
        Meaning::Automation(event) => {
            automation::apply(app, connection, (&repository, event), delivery, payload).await
        }
        Meaning::Repository(change) => {
            let former = changed_repositories::former_name(payload, name)?;
            let change = (change, former.as_ref());
            changed_repositories::apply(app, connection, repository, change, name).await
        }
        Meaning::Ping | Meaning::Unused | Meaning::Unknown => Ok((Outcome::Processed, vec![])),
    }
}
