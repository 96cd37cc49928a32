//! An issue as GitHub's REST API addresses it, and the names of labels by their ids.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::FullName;

#[derive(Debug)]
pub(super) struct IssueAddress {
    pub(super) repository: FullName,
    pub(super) repository_node_id: String,
    pub(super) number: i32,
    names: Mutex<HashMap<String, String>>,
}

impl IssueAddress {
    pub(super) fn new(repository: &FullName, node_id: Option<&str>, number: i32) -> Self {
        Self {
            repository: repository.clone(),
            repository_node_id: node_id.unwrap_or_default().to_owned(),
            number,
            names: Mutex::default(),
        }
    }

    /// Remembers the names of labels by their ids.
    pub(super) fn remember<'a>(&self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.extend(labels.into_iter().map(|(id, name)| (id.to_owned(), name.to_owned())));
    }

    /// The names of labels by their ids; none when one is unknown.
    pub(super) fn names(&self, ids: &[String]) -> Option<Vec<String>> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        ids.iter().map(|id| names.get(id).cloned()).collect()
    }
}
