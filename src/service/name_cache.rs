//! The cache of the names of agents; [`agent_names`](super::agent_names) has the rules.

use std::sync::Arc;

use moka::sync::Cache;

/// Maximal number of cached names.
const CAPACITY: u64 = 10_000;

/// Caches the canonical spelling of names, which never changes, so each is read from the database
/// once. Clones share the cache.
#[derive(Debug, Clone)]
pub struct NameCache(Cache<String, Arc<str>>);

impl Default for NameCache {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl NameCache {
    pub(super) fn get(&self, given: &str) -> Option<String> {
        self.0.get(given).map(|name| name.to_string())
    }

    pub(super) fn put(&self, given: &str, name: &str) {
        self.0.insert(given.to_owned(), name.into());
    }
}
