//! Fingerprints of repositories: whether anything changed that a sync would read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::client::{Client, Repeat};
use super::error::Error;
use super::queries::{RepositoryChanges as Document, repository_changes};

/// How many repositories are requested at once; fewer after a timeout.
const AT_ONCE: usize = 50;

/// A repository at the time of a request, to be compared with itself at another time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The same as long as nothing changed: the name, the access, the labels, the number of open
    /// issues, and the newest update of an issue and of a pull request.
    pub digest: String,
    /// The newest update time in it, by GitHub's clock in whole seconds; none in a repository
    /// without issues and pull requests.
    pub newest: Option<DateTime<Utc>>,
}

impl Client {
    /// The fingerprints of repositories by their owners and ids, in their order; see
    /// [`fingerprints`](Self::fingerprints). An app with a token for each owner asks for each owner's
    /// apart, and an owner about whom GitHub does not answer costs only itself.
    ///
    /// # Errors
    ///
    /// When GitHub did not answer about all repositories of any owner.
    pub async fn fingerprints_of_owners(
        &self,
        repositories: &[(&str, &str)],
    ) -> Result<Vec<Option<Fingerprint>>, Error> {
        if !self.has_token_for_each_owner() {
            let ids: Vec<String> = repositories.iter().map(|(_, id)| (*id).to_owned()).collect();
            return self.fingerprints(&ids).await;
        }
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, (owner, _)) in repositories.iter().enumerate() {
            groups.entry(owner.to_lowercase()).or_default().push(at);
        }
        let mut found: Vec<Option<Fingerprint>> = repositories.iter().map(|_| None).collect();
        let (mut is_answered, mut failure) = (false, None);
        for (owner, places) in groups {
            let ids: Vec<String> = places.iter().map(|at| repositories[*at].1.to_owned()).collect();
            match self.for_owner(&owner).fingerprints(&ids).await {
                Ok(of_owner) => {
                    is_answered = true;
                    places.into_iter().zip(of_owner).for_each(|(at, one)| found[at] = one);
                }
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if !is_answered => Err(error),
            _ => Ok(found),
        }
    }

    /// The fingerprints of repositories by their ids, in their order. None for a repository that
    /// GitHub does not return completely.
    ///
    /// # Errors
    ///
    /// When GitHub did not answer about all of them.
    pub async fn fingerprints(&self, ids: &[String]) -> Result<Vec<Option<Fingerprint>>, Error> {
        let (mut found, mut at_once) = (Vec::with_capacity(ids.len()), AT_ONCE.min(ids.len()));
        while found.len() < ids.len() {
            let chunk = &ids[found.len()..ids.len().min(found.len() + at_once)];
            let variables = repository_changes::Variables { ids: chunk.to_vec() };
            let answer = self.ask::<Document>(variables, Repeat::UnlessOutOfTime).await;
            match answer.and_then(|answer| answer.nodes(chunk.len())) {
                Err(error) if error.is_timeout() && chunk.len() > 1 => at_once = chunk.len() / 2,
                // One slow repository says nothing about the others.
                Err(error) if error.is_timeout() => {
                    found.push(None);
                    at_once = AT_ONCE;
                }
                nodes => found.extend(nodes?.into_iter().map(|node| fingerprint(&node.ok()??))),
            }
        }
        Ok(found)
    }
}

fn fingerprint(node: &Value) -> Option<Fingerprint> {
    if node.get("__typename")? != "Repository" {
        return None;
    }
    // A change of a label that is not in the answer would not show.
    if node.pointer("/labels/pageInfo/hasNextPage").is_some_and(|more| *more != false) {
        return None;
    }
    let times = ["newestIssue", "newestPullRequest"].into_iter().flat_map(|list| {
        let nodes = node.get(list).and_then(|list| list.get("nodes")?.as_array());
        nodes.into_iter().flatten().filter_map(|item| item.get("updatedAt")?.as_str()?.parse().ok())
    });
    let digest = Sha256::digest(node.to_string());
    Some(Fingerprint { newest: times.max(), digest: format!("{digest:x}") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_in_the_answer_counts() {
        let node = json!({ "__typename": "Repository", "openIssues": { "totalCount": 3 },
            "newestIssue": { "nodes": [{ "updatedAt": "2026-05-20T12:00:00Z" }] },
            "newestPullRequest": { "nodes": [{ "updatedAt": "2026-05-20T13:00:00Z" }] } });
        let one = fingerprint(&node).unwrap();
        assert_eq!(one.newest, Some("2026-05-20T13:00:00Z".parse().unwrap()));
        assert_eq!(fingerprint(&node), Some(one.clone()));
        let mut changed = node;
        changed["openIssues"]["totalCount"] = json!(4);
        assert_ne!(fingerprint(&changed), Some(one));
    }

    #[test]
    fn what_is_no_repository_has_none() {
        assert_eq!(fingerprint(&json!({ "__typename": "User" })), None);
        assert_eq!(fingerprint(&json!({})), None);
        let labels = json!({ "pageInfo": { "hasNextPage": true }, "nodes": [] });
        assert_eq!(fingerprint(&json!({ "__typename": "Repository", "labels": labels })), None);
        let empty = json!({ "__typename": "Repository", "newestIssue": null });
        assert_eq!(fingerprint(&empty).unwrap().newest, None);
    }
}
