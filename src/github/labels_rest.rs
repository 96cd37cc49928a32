//! Labels of an issue over GitHub's REST API, while the points of GraphQL are used up.
//!
//! GitHub counts requests of the REST API apart. So moves and claims go on over it: the functions of
//! `labels` fall back to the ones here, and return to GraphQL when it has points again. REST names
//! labels where GraphQL has ids, so a client for an issue ([`Client::for_issue`]) remembers the names
//! of the labels that it has seen.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::client::Client;
use super::error::Error;
use super::issue_address::IssueAddress;
use super::labels::{Label, LabelChangeResult, LiveLabels};
use super::response::read;
use super::rest::json;
use super::text::{encoded, storable};
use crate::domain::github_budget::Resource;
use crate::domain::{FullName, IssueState};

#[derive(Deserialize)]
struct RawLabel {
    node_id: String,
    name: String,
}

#[derive(Deserialize)]
struct RawIssue {
    title: String,
    state: String,
    labels: Vec<RawLabel>,
    updated_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pull_request: Option<Value>,
}

impl Client {
    /// The same client for changes of an issue, which go over the REST API while the points of
    /// GraphQL are used up.
    pub fn for_issue(&self, repository: &FullName, node_id: Option<&str>, number: i32) -> Self {
        let address = IssueAddress::new(repository, node_id, number);
        let mut client = self.clone();
        client.issue = Some(Arc::new(address));
        client
    }

    /// Remembers the names of labels, in the repository's own spelling.
    pub(super) fn remember<'a>(&self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) {
        if let Some(issue) = &self.issue {
            issue.remember(labels);
        }
    }

    /// The issue to ask about over REST after this error: the points of GraphQL are used up, and
    /// nothing else forbids requests.
    pub(super) fn fallback(&self, error: &Error) -> Option<&IssueAddress> {
        let issue = self.issue.as_deref()?;
        let is_limited = matches!(error, Error::RateLimited { .. });
        let is_blocked = self.budget()?.blocked_until(Resource::Graphql) > Some(self.now());
        (is_limited && is_blocked && self.gate((Resource::Core, false)).is_ok()).then_some(issue)
    }

    /// [`Client::live_labels`] over REST.
    pub(super) async fn live_labels_over_rest(
        &self,
        issue: &IssueAddress,
        target: Option<&str>,
        other: Option<&str>,
    ) -> Result<LiveLabels, Error> {
        let found = self.read_issue(issue).await?;
        let target = match target {
            Some(name) => self.read_label(issue, &self.labels.write(name)).await?,
            None => None,
        };
        let other = match other {
            Some(name) => self.read_label(issue, &self.labels.write(name)).await?,
            None => None,
        };
        let ours = |label: RawLabel| Label {
            id: label.node_id,
            name: self.labels.read(&storable(label.name)).into_owned(),
        };
        Ok(LiveLabels {
            labels: found.labels.into_iter().map(ours).collect(),
            state: match &*found.state {
                "open" => IssueState::Open,
                _ => IssueState::Closed,
            },
            closed_at: found.closed_at,
            updated_at: found.updated_at,
            title: storable(found.title),
            target_label_id: target.map(|label| label.node_id),
            other_label: other.map(ours),
            repository_node_id: issue.repository_node_id.clone(),
            repository_full_name: issue.repository.clone(),
            // REST does not say so; GitHub refuses a label that may not be created.
            is_triager: false,
        })
    }

    /// [`Client::create_label`] over REST.
    pub(super) async fn create_label_over_rest(
        &self,
        issue: &IssueAddress,
        name: &str,
        color: &str,
    ) -> Result<String, Error> {
        let path = format!("repos/{}/labels", issue.repository);
        let body = serde_json::json!({ "name": name, "color": color });
        let created = self.rest_change(Method::POST, &path, Some(&body)).await;
        if matches!(created, Err(Error::Refused { status: 422, .. }))
            && let Some(label) = self.read_label(issue, name).await?
        {
            return Ok(label.node_id);
        }
        let label: RawLabel = read(json(&created?.1)?)?;
        self.remember([(&*label.node_id, &*label.name)]);
        Ok(label.node_id)
    }

    /// [`Client::change_labels`] over REST: one request that adds, and one for each label to remove.
    /// None when the name of a label is not known, or cannot be part of an address.
    pub(super) async fn change_labels_over_rest(
        &self,
        issue: &IssueAddress,
        (add, remove): (&[String], &[String]),
        removes_first: bool,
    ) -> Option<Result<LabelChangeResult, Error>> {
        let (add, remove) = (issue.names(add)?, issue.names(remove)?);
        let mut steps: Vec<(Method, String, Option<Value>)> = Vec::new();
        let labels = format!("repos/{}/issues/{}/labels", issue.repository, issue.number);
        if remove.iter().any(|name| is_dots(name)) {
            return None;
        }
        for name in &remove {
            steps.push((Method::DELETE, format!("{labels}/{}", encoded(name)), None));
        }
        if !add.is_empty() {
            let body = serde_json::json!({ "labels": add });
            let at = if removes_first { steps.len() } else { 0 };
            steps.insert(at, (Method::POST, labels, Some(body)));
        }
        let (mut done, mut errors) = (0, Vec::new());
        for (method, path, body) in steps {
            let is_removal = method == Method::DELETE;
            match self.rest_change(method, &path, body.as_ref()).await {
                Ok(_) => done += 1,
                // The issue does not have the label.
                Err(Error::NotFound { .. }) if is_removal => done += 1,
                Err(error) if done == 0 || error.is_ambiguous() => return Some(Err(error)),
                Err(error) => {
                    errors.push(error);
                    break;
                }
            }
        }
        let found = match self.read_issue(issue).await {
            Ok(found) => found,
            Err(error @ Error::NotFound { .. }) => return Some(Err(error)),
            Err(error) => {
                let reason = format!("The labels could not be read after their change: {error}");
                let (timed_out, ambiguous) = (false, true);
                return Some(Err(Error::Unreachable { reason, timed_out, ambiguous }));
            }
        };
        let names = found.labels.into_iter().map(|label| storable(label.name)).collect();
        let labels = self.labels.read_all(names);
        Some(Ok(LabelChangeResult { labels, updated_at: found.updated_at, errors }))
    }

    async fn read_issue(&self, issue: &IssueAddress) -> Result<RawIssue, Error> {
        let path = format!("repos/{}/issues/{}", issue.repository, issue.number);
        let found: RawIssue = read(self.rest_object(&path).await?)?;
        if found.pull_request.is_some() {
            return Err(Error::PullRequest { number: issue.number });
        }
        self.remember(found.labels.iter().map(|label| (&*label.node_id, &*label.name)));
        Ok(found)
    }

    async fn read_label(
        &self,
        issue: &IssueAddress,
        name: &str,
    ) -> Result<Option<RawLabel>, Error> {
        if is_dots(name) {
            return Ok(None);
        }
        let path = format!("repos/{}/labels/{}", issue.repository, encoded(name));
        let label: RawLabel = match self.rest_object(&path).await {
            Ok(found) => read(found)?,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.remember([(&*label.node_id, &*label.name)]);
        Ok(Some(label))
    }
}

/// Whether a name as a part of an address would stand for another path, even if it is escaped. To remove
/// such a label would remove all labels.
fn is_dots(name: &str) -> bool {
    matches!(name, "." | "..")
}
