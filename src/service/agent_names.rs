//! What agents are called. GitHub ignores the case of labels, so names that differ in case alone are
//! one agent, called as it was first seen.

use super::Result;
use crate::app::App;
use crate::store::agent_names;

/// What an agent is called that does something: from then on it is known by this spelling.
pub(super) async fn note(app: &App, given: &str) -> Result<String> {
    let configured = app.config.agents.iter().map(String::as_str);
    let workers = app.config.auth.workers.iter().map(|worker| worker.agent.as_str());
    let known: Vec<&str> = configured.chain(workers).collect();
    Ok(agent_names::note(&mut *app.connection().await?, given, &known).await?)
}

/// What an agent is called that is asked about; as given when it is not known.
pub(super) async fn find(app: &App, given: &str) -> Result<String> {
    let found = agent_names::find(&mut *app.connection().await?, given).await?;
    Ok(found.unwrap_or_else(|| given.to_owned()))
}
