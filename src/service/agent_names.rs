//! The names of agents. GitHub's labels are case-insensitive, so names that differ only in case are
//! one agent, known by the spelling in which it was first seen.

use super::{App, Error, Result};
use crate::domain::leases::agent_name;
use crate::domain::{Actor, Tier};
use crate::store::agents::agent_names;

/// The canonical name of the agent that an actor acts for.
///
/// # Errors
///
/// [`Error::Invalid`] for an invalid agent name, [`Error::Unauthenticated`] or [`Error::Forbidden`]
/// when the actor may not act for it.
pub(super) async fn agent_for(app: &App, actor: &Actor, agent: &str) -> Result<String> {
    let name = agent_name(agent).map_err(|reason| Error::Invalid { field: "agent", reason })?;
    let is_at_home = app.simulated && matches!(actor, Actor::Person { .. });
    if actor.may(Tier::Agent) || is_at_home || matches!(actor, Actor::Worker { .. }) {
        actor.check_acts_for(name).map_err(|action| Error::Forbidden { action })?;
        record(app, name).await
    } else {
        Err(Error::denied(actor, "Acting for an agent needs an agent's token"))
    }
}

/// The canonical name of an agent that acts; an unknown name is stored in this spelling.
pub(super) async fn record(app: &App, given: &str) -> Result<String> {
    if let Some(name) = app.agent_names.get(given) {
        return Ok(name);
    }
    let configured = app.config.agents.iter().map(String::as_str);
    let workers = app.config.auth.workers.iter().map(|worker| worker.agent.as_str());
    let known: Vec<&str> = configured.chain(workers).collect();
    let name = agent_names::record(&mut *app.connection().await?, given, &known).await?;
    app.agent_names.put(given, &name);
    Ok(name)
}

/// The canonical name of an agent that is only referred to; an unknown name is returned as given.
pub(super) async fn find(app: &App, given: &str) -> Result<String> {
    if let Some(name) = app.agent_names.get(given) {
        return Ok(name);
    }
    let found = agent_names::find(&mut *app.connection().await?, given).await?;
    if let Some(name) = &found {
        app.agent_names.put(given, name);
    }
    Ok(found.unwrap_or_else(|| given.to_owned()))
}
