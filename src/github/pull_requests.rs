//! Reads pull requests with what the REST API lacks: the issues that they close, the review decision, the
//! state of all checks, and whether they can be merged.
//!
//! Each pull request is read on its own: one that cannot be read costs only itself. A word that is not known
//! yet is passed on as it is.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::client::{Client, IDS_A_REQUEST, Repeat};
use super::error::Error;
use super::nodes::{NodeList, RepositoryName};
use super::queries::{self, pull_requests, pull_requests_by_id};
use super::repositories::{full_name, missing};
use super::response::{GraphqlResponse, first_temporary, read};
use super::text::storable;
use crate::domain::FullName;
use crate::domain::automation::facts::PullRequestFacts;

/// Pull requests of a page.
const PAGE_SIZE: i64 = 50;

/// The path of the pull requests in a page.
const NODES: [&str; 3] = ["repository", "pullRequests", "nodes"];

/// The members of a pull request that tell how its checks went.
const CHECKS: [&str; 2] = ["commits", "statusCheckRollup"];

/// Other members that the token may not be allowed to read, or that are about something that it may not.
const OPTIONAL: [&str; 4] = ["author", "closingIssuesReferences", "mergeable", "reviewDecision"];

/// Which pull requests of a repository are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullRequestStates {
    /// Open ones.
    Open,
    /// Those that were merged or closed.
    Ended,
}

/// Pull requests, as far as they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullRequestList {
    /// The pull requests, the one that changed last first.
    pub items: Vec<PullRequestFacts>,
    /// How many could not be read.
    pub unreadable: usize,
    /// Whether there are more than were requested.
    pub has_more: bool,
    /// Whether the token may not read how the checks went.
    pub lacks_checks: bool,
    /// How many requests were sent.
    pub requests: u32,
}

/// Pull requests that were requested by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestsById {
    /// In the order of the ids; none for one that GitHub no longer has, an error for one that could not be
    /// read.
    pub items: Vec<Result<Option<PullRequestFacts>, Error>>,
    /// Whether the token may not read how the checks of some of them went.
    pub lacks_checks: bool,
}

impl Client {
    /// The pull requests of a repository that changed last, at most `pages` pages of fifty.
    ///
    /// # Errors
    ///
    /// When GitHub refuses, limits or does not respond. A member that the token may not read is none.
    pub async fn pull_requests(
        &self,
        name: &FullName,
        (states, pages): (PullRequestStates, u32),
    ) -> Result<PullRequestList, Error> {
        use pull_requests::PullRequestState as State;
        let wanted = || match states {
            PullRequestStates::Open => vec![State::OPEN],
            PullRequestStates::Ended => vec![State::CLOSED, State::MERGED],
        };
        let (mut list, mut after) = (PullRequestList::default(), None);
        while list.requests < pages {
            let variables = pull_requests::Variables {
                owner: name.owner().to_owned(),
                name: name.name().to_owned(),
                states: Some(wanted()),
                first: PAGE_SIZE,
                after: after.take(),
            };
            let mut answer = self.ask::<queries::PullRequests>(variables, Repeat::Freely).await?;
            list.requests += 1;
            list.lacks_checks |= take_refusals(&mut answer);
            let nodes = answer.take_list(&NODES);
            if let Some(error) = first_temporary(&answer.take_errors_below(&NODES)) {
                return Err(error);
            }
            let data: Value = answer.whole()?;
            let page = data.pointer("/repository/pullRequests").filter(|page| !page.is_null());
            let page = page.ok_or_else(|| missing("pull requests"))?;
            after = page.pointer("/pageInfo/endCursor").and_then(Value::as_str).map(str::to_owned);
            let has_next = page.pointer("/pageInfo/hasNextPage").and_then(Value::as_bool);
            list.has_more = has_next == Some(true) && after.is_some();
            for node in nodes {
                match facts(node) {
                    Ok(found) => list.items.push(found),
                    Err(_) => list.unreadable += 1,
                }
            }
            if !list.has_more {
                break;
            }
        }
        Ok(list)
    }

    /// Pull requests by node id.
    ///
    /// # Errors
    ///
    /// When GitHub could not look up all of them.
    pub async fn pull_requests_by_id(&self, ids: &[String]) -> Result<PullRequestsById, Error> {
        let mut found =
            PullRequestsById { items: Vec::with_capacity(ids.len()), lacks_checks: false };
        for ids in ids.chunks(IDS_A_REQUEST) {
            let variables = pull_requests_by_id::Variables { ids: ids.to_vec() };
            let mut answer =
                self.ask::<queries::PullRequestsById>(variables, Repeat::Freely).await?;
            found.lacks_checks |= take_refusals(&mut answer);
            let is_one = |node: &Value| node["__typename"] == "PullRequest";
            let nodes = answer.nodes(ids.len())?.into_iter();
            found.items.extend(nodes.map(|node| match node? {
                Some(node) if is_one(&node) => facts(node).map(Some),
                _ => Ok(None),
            }));
        }
        Ok(found)
    }
}

/// Takes the refusals of single members out of a response. Returns whether checks were refused.
fn take_refusals(answer: &mut GraphqlResponse) -> bool {
    let before = answer.errors.len();
    answer.take_refusals_of(&CHECKS);
    let lacks_checks = answer.errors.len() < before;
    answer.take_refusals_of(&OPTIONAL);
    lacks_checks
}

/// The fields of the fragment `PullRequestFields`, which two documents share.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullRequestNode {
    id: String,
    number: i32,
    title: String,
    url: String,
    state: String,
    is_draft: bool,
    author: Option<Login>,
    head_ref_name: String,
    head_ref_oid: String,
    base_ref_name: String,
    review_decision: Option<String>,
    mergeable: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    merged_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    closing_issues_references: Option<NodeList<IssueNode>>,
    commits: Option<NodeList<CommitNode>>,
}

#[derive(Deserialize)]
struct Login {
    login: Option<String>,
}

#[derive(Deserialize)]
struct IssueNode {
    number: i32,
    repository: RepositoryName,
}

#[derive(Deserialize)]
struct CommitNode {
    commit: Commit,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commit {
    status_check_rollup: Option<Rollup>,
}

#[derive(Deserialize)]
struct Rollup {
    state: Option<String>,
}

fn facts(node: Value) -> Result<PullRequestFacts, Error> {
    if node.is_null() {
        return Err(missing("pull request"));
    }
    let node: PullRequestNode = read(node)?;
    let state = match (node.state.as_str(), node.merged_at, node.closed_at) {
        ("OPEN", ..) => "open",
        ("MERGED", ..) | (_, Some(_), _) => "merged",
        ("CLOSED", ..) | (_, _, Some(_)) => "closed",
        _ => "open",
    };
    // An issue of a repository with an invalid name is none that could be shown.
    let closes = node.closing_issues_references.map(|issues| {
        let issue = |issue: IssueNode| {
            Some((full_name(&issue.repository.name_with_owner).ok()?.key(), issue.number))
        };
        issues.into_items().filter_map(issue).collect()
    });
    let newest = node.commits.and_then(|commits| commits.into_items().last());
    let rollup = newest.and_then(|newest| newest.commit.status_check_rollup);
    Ok(PullRequestFacts {
        node_id: storable(node.id),
        number: node.number,
        title: storable(node.title),
        html_url: storable(node.url),
        state: state.to_owned(),
        is_draft: node.is_draft,
        author: node.author.and_then(|author| author.login).map(storable),
        branch: storable(node.head_ref_name),
        base_branch: storable(node.base_ref_name),
        head_sha: storable(node.head_ref_oid),
        review_decision: node.review_decision.map(storable),
        check_state: rollup.and_then(|rollup| rollup.state).map(storable),
        mergeable: node.mergeable.map(storable),
        created_at: node.created_at,
        updated_at: node.updated_at,
        merged_at: node.merged_at,
        closed_at: node.closed_at,
        closes,
    })
}
