//! The cache of the names of agents; [`agent_names`](super::agent_names) has the rules.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Maximal number of cached names; beyond that the cache is emptied.
const MOST: usize = 10_000;

/// Caches the canonical spelling of names, which never changes, so each is read from the database
/// once. Clones share the cache.
#[derive(Debug, Clone, Default)]
pub struct NameCache(Arc<RwLock<HashMap<String, String>>>);

impl NameCache {
    pub(super) fn get(&self, given: &str) -> Option<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(given).cloned()
    }

    pub(super) fn put(&self, given: &str, name: &str) {
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MOST {
            names.clear();
        }
        names.insert(given.to_owned(), name.to_owned());
    }
}
