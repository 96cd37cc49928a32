//! Parts that several kinds of nodes have in common.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RepositoryName {
    pub(super) name_with_owner: String,
}

#[derive(Deserialize)]
pub(super) struct NodeList<T> {
    nodes: Option<Vec<Option<T>>>,
}

impl<T> NodeList<T> {
    pub(super) fn into_items(self) -> impl Iterator<Item = T> {
        self.nodes.unwrap_or_default().into_iter().flatten()
    }
}
