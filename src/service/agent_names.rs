//! What agents are called. GitHub ignores the case of labels, so names that differ in case alone are
//! one agent, called as it was first seen.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::Result;
use crate::app::App;
use crate::store::agent_names;

/// How many names are remembered; beyond that all are looked up anew.
const MOST: usize = 10_000;

/// Names as given, with what each is called: that never changes, so it is asked of the database once.
/// Clones share what they remember.
#[derive(Debug, Clone, Default)]
pub struct AgentNames(Arc<RwLock<HashMap<String, String>>>);

impl AgentNames {
    fn get(&self, given: &str) -> Option<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(given).cloned()
    }

    fn put(&self, given: &str, name: &str) {
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MOST {
            names.clear();
        }
        names.insert(given.to_owned(), name.to_owned());
    }
}

/// What an agent is called that does something: from then on it is known by this spelling.
pub(super) async fn note(app: &App, given: &str) -> Result<String> {
    if let Some(name) = app.agent_names.get(given) {
        return Ok(name);
    }
    let configured = app.config.agents.iter().map(String::as_str);
    let workers = app.config.auth.workers.iter().map(|worker| worker.agent.as_str());
    let known: Vec<&str> = configured.chain(workers).collect();
    let name = agent_names::note(&mut *app.connection().await?, given, &known).await?;
    app.agent_names.put(given, &name);
    Ok(name)
}

/// What an agent is called that is asked about; as given when it is not known.
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
