//! Dependencies of issues: other issues, and pull requests that will close them.

use serde_json::Value;

use super::client::{Client, IDS_A_REQUEST, Repeat};
use super::error::Error;
use super::queries::{self, issues, links, reference};
use super::repositories::full_name;
use super::response::read;
use super::text::storable;
use crate::domain::dependencies::Reference;

/// The links of an issue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links {
    /// The issues that it waits for and whether each is open, at most 50; none when this GitHub
    /// lacks the relation.
    pub blockers: Option<Vec<(Reference, bool)>>,
    /// The page of the open pull request that will close it.
    pub pull_request: Option<String>,
}

/// A pull request and the issues that it closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its page.
    pub url: String,
    /// Whether it is open.
    pub is_open: bool,
    /// The node ids of issues that it will close, at most 10.
    pub closes: Vec<String>,
}

impl Client {
    /// The links of issues, by node id and in their order. None where the issue no longer exists or
    /// GitHub fails.
    ///
    /// # Errors
    ///
    /// When GitHub could not look up all of them.
    pub async fn links(&self, ids: &[String]) -> Result<Vec<Option<Links>>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IDS_A_REQUEST) {
            let variables = links::Variables { ids: ids.to_vec() };
            let answer = self.ask::<queries::Links>(variables, Repeat::Freely).await?;
            for (id, node) in ids.iter().zip(answer.nodes(ids.len())?) {
                found.push(match node.and_then(links_of) {
                    Ok(links) => links,
                    Err(error) => {
                        tracing::warn!(id, %error, "the links of an issue could not be read");
                        None
                    }
                });
            }
        }
        Ok(found)
    }
}

impl Client {
    /// Whether an issue or a pull request is open. False if GitHub does not find it. Anybody can name
    /// any repository, so an app asks as another owner's installation only where it has a token of it.
    ///
    /// # Errors
    ///
    /// When GitHub could not look it up.
    pub async fn is_open(&self, reference: &Reference) -> Result<bool, Error> {
        let Some((owner, name)) = reference.repository.split_once('/') else { return Ok(false) };
        let (owner, name) = (owner.to_owned(), name.to_owned());
        let variables = reference::Variables { owner, name, number: i64::from(reference.number) };
        let client = if self.has_token_of(&variables.owner) {
            self.for_owner(&variables.owner)
        } else {
            self.clone()
        };
        let answer = client.ask::<queries::Reference>(variables, Repeat::Freely).await?;
        let found: Result<Value, Error> = answer.whole();
        match found {
            Ok(data) => {
                let found = data.pointer("/repository/issueOrPullRequest");
                let states = ["issueState", "pullRequestState"];
                Ok(found.is_some_and(|found| states.iter().any(|state| found[*state] == "OPEN")))
            }
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn links_of(node: Option<Value>) -> Result<Option<Links>, Error> {
    let node = node.filter(|node| !node.is_null()).map(read::<links::LinksNodes>).transpose()?;
    let Some(links::LinksNodes::Issue(issue)) = node else { return Ok(None) };
    // An invalid repository name cannot be one that an issue waits for.
    let reference = |node: links::LinksNodesOnIssueBlockedByNodes| {
        let repository = full_name(&node.repository.name_with_owner).ok()?.key();
        let is_open = matches!(node.state, links::IssueState::OPEN);
        Some((Reference { repository, number: i32::try_from(node.number).ok()? }, is_open))
    };
    let blockers = issue.blocked_by.map(|found| {
        let nodes = found.nodes.unwrap_or_default().into_iter().flatten();
        nodes.filter_map(reference).collect()
    });
    let closers = issue.closed_by_pull_requests_references.and_then(|found| found.nodes);
    let mut closers = closers.unwrap_or_default().into_iter().flatten();
    let open = closers.find(|one| matches!(one.state, links::PullRequestState::OPEN));
    let pull_request = open.map(|one| storable(one.url));
    Ok(Some(Links { blockers, pull_request }))
}

/// The readable pull requests of a page.
pub(super) fn pull_requests(nodes: Vec<Value>) -> Vec<PullRequest> {
    let nodes = nodes.into_iter().filter(|node| !node.is_null()).map(read);
    let one = |node: issues::IssuesRepositoryPullRequestsNodes| {
        let closes = node.closing_issues_references.and_then(|found| found.nodes);
        let closes = closes.unwrap_or_default().into_iter().flatten();
        PullRequest {
            url: storable(node.url),
            is_open: matches!(node.state, issues::PullRequestState::OPEN),
            closes: closes.map(|issue| issue.id).collect(),
        }
    };
    nodes.filter_map(Result::ok).map(one).collect()
}
