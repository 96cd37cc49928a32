//! What stands in the way of issues: other issues, and pull requests that are to close them.

use super::client::{Client, Repeat};
use super::error::Error;
use super::issues::IDS_A_REQUEST;
use super::queries::{self, issues, links};
use super::repositories::full_name;
use super::text::storable;
use crate::domain::dependencies::Reference;

/// What stands in the way of an issue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links {
    /// The issues that it waits for, open or not, at most 50; none when this GitHub cannot tell.
    pub blockers: Option<Vec<Reference>>,
    /// The page of the open pull request that is to close it.
    pub pull_request: Option<String>,
}

/// A pull request as far as issues are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its page.
    pub url: String,
    /// Whether it is open.
    pub is_open: bool,
    /// GitHub's ids of issues that it is to close, at most 10.
    pub closes: Vec<String>,
}

impl Client {
    /// What stands in the way of issues, by GitHub's ids and in their order. None where GitHub has no
    /// such issue any more.
    ///
    /// # Errors
    ///
    /// When GitHub is unable to tell for one of them.
    pub async fn links(&self, ids: &[String]) -> Result<Vec<Option<Links>>, Error> {
        use links::LinksNodes as Node;

        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IDS_A_REQUEST) {
            let variables = links::Variables { ids: ids.to_vec() };
            let answer = self.ask::<queries::Links>(variables, Repeat::Freely).await?;
            for node in answer.nodes(ids.len(), |data| data.nodes)? {
                found.push(match node {
                    Some(Node::Issue(issue)) => Some(links_of(issue)?),
                    _ => None,
                });
            }
        }
        Ok(found)
    }
}

fn links_of(issue: links::LinksNodesOnIssue) -> Result<Links, Error> {
    let reference = |node: links::LinksNodesOnIssueBlockedByNodes| {
        let repository = full_name(&node.repository.name_with_owner)?.key();
        let number = i32::try_from(node.number).unwrap_or_default();
        Ok(Reference { repository, number })
    };
    let blockers = issue.blocked_by.map(|found| {
        let nodes = found.nodes.unwrap_or_default().into_iter().flatten();
        nodes.map(reference).collect::<Result<Vec<_>, Error>>()
    });
    let closers = issue.closed_by_pull_requests_references.and_then(|found| found.nodes);
    let mut closers = closers.unwrap_or_default().into_iter().flatten();
    let open = closers.find(|one| matches!(one.state, links::PullRequestState::OPEN));
    let pull_request = open.map(|one| storable(one.url));
    Ok(Links { blockers: blockers.transpose()?, pull_request })
}

/// The pull requests of a page, as far as GitHub could read them.
pub(super) fn pull_requests(found: issues::IssuesRepositoryPullRequests) -> Vec<PullRequest> {
    let nodes = found.nodes.unwrap_or_default();
    let one = |node: issues::IssuesRepositoryPullRequestsNodes| {
        let closes = node.closing_issues_references.and_then(|found| found.nodes);
        let closes = closes.unwrap_or_default().into_iter().flatten();
        PullRequest {
            url: storable(node.url),
            is_open: matches!(node.state, issues::PullRequestState::OPEN),
            closes: closes.map(|issue| issue.id).collect(),
        }
    };
    nodes.into_iter().flatten().map(one).collect()
}
