//! Reads issues: a page of a repository's, one by number, some by id.

use chrono::{DateTime, SubsecRound as _, Utc};

use super::client::{Client, Repeat};
use super::error::Error;
use super::labels::{LabelPage, label_rows};
use super::links::{PullRequest, pull_requests};
use super::queries::{self, issue, issues, issues_by_id};
use super::repositories::{count, full_name, missing};
use super::response::{Rate, gravest};
use super::text::storable;
use crate::domain::{FullName, IssueState, ReadOnlyReason};

/// How many ids GitHub looks up in one request.
pub(super) const IDS_A_REQUEST: usize = 100;

/// Up to this size a page that ran out of time is asked for again as it is: GitHub is in trouble
/// then, and asking for less would not help.
const SMALL_PAGE: u32 = 5;

/// An issue as GitHub has it. Text is fit to be stored; see the folder's invariants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// GitHub's id. A transfer to another repository changes it.
    pub node_id: String,
    /// The repository it is in now, in GitHub's own spelling.
    pub repository_full_name: FullName,
    /// Its number in that repository.
    pub number: i32,
    /// The title, markup and all.
    pub title: String,
    /// The text below the title as Markdown; none when empty.
    pub body: Option<String>,
    /// Its page on GitHub.
    pub url: String,
    /// Whether it is open.
    pub state: IssueState,
    /// Label names to the letter, in GitHub's order; at most 100.
    pub labels: Vec<String>,
    /// Logins of the people assigned; at most 10.
    pub assignees: Vec<String>,
    /// Login of who opened it; none when that account was deleted.
    pub author: Option<String>,
    /// How many comments it has.
    pub comments_count: u32,
    /// How many issues it waits for by GitHub's own relation; none when this GitHub cannot tell.
    pub blockers_count: Option<u32>,
    /// How many pull requests are to close it.
    pub pull_requests_count: u32,
    /// When it was opened. GitHub's times are whole seconds.
    pub created_at: DateTime<Utc>,
    /// When anything about it last changed; two changes within a second look like one.
    pub updated_at: DateTime<Utc>,
    /// When it was closed; none while open.
    pub closed_at: Option<DateTime<Utc>>,
}

/// Which issues of a repository to page through. Pull requests are never among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuesQuery {
    /// In which states.
    pub states: States,
    /// Only those updated at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Go on after this cursor, from [`IssuePage::next`].
    pub after: Option<String>,
    /// How many at most, 1 to 100.
    pub page_size: u32,
}

/// The states of the issues asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum States {
    /// Open ones only.
    Open,
    /// Closed ones only.
    Closed,
    /// All.
    Both,
}

/// A page of issues, least recently updated first.
#[derive(Debug, Clone)]
pub struct IssuePage {
    /// The repository that answered; its name differs from the one asked for after a rename.
    pub repository: PageRepository,
    /// The issues of this page.
    pub issues: Vec<Issue>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
    /// The repository's pull requests that changed last, newest first, at most 20.
    pub pull_requests: Vec<PullRequest>,
    /// How many issues of the repository are open, on this page or not.
    pub open_count: u32,
    /// What GitHub said about issues of this page that it could not read in full. They are left out
    /// of it: half an issue must not be stored as a whole one.
    pub left_out: Vec<Error>,
    /// The first of the repository's labels; none on a page that goes on after another.
    pub labels: Option<LabelPage>,
    /// What is left of the rate limit, if GitHub limits.
    pub rate: Option<Rate>,
}

/// Which repository a page came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRepository {
    /// GitHub's id, which a rename does not change.
    pub node_id: String,
    /// The present name in GitHub's own spelling.
    pub full_name: FullName,
    /// Why its issues cannot be changed; none when they can, as far as GitHub tells.
    pub read_only: Option<ReadOnlyReason>,
}

impl Client {
    /// One page of a repository's issues by update time, ignoring the case of its name and following
    /// renames.
    ///
    /// # Errors
    ///
    /// When [`Error::is_timeout`], ask for a smaller page: this one was not tried again.
    pub async fn issues(&self, name: &FullName, query: IssuesQuery) -> Result<IssuePage, Error> {
        let variables = issues::Variables {
            owner: name.owner().to_owned(),
            name: name.name().to_owned(),
            states: match query.states {
                States::Open => Some(vec![issues::IssueState::OPEN]),
                States::Closed => Some(vec![issues::IssueState::CLOSED]),
                States::Both => Some(vec![issues::IssueState::OPEN, issues::IssueState::CLOSED]),
            },
            // GitHub's times are whole seconds: part of one would leave that second out.
            since: query.since.map(|since| since.trunc_subsecs(0)),
            first: i64::from(query.page_size.clamp(1, 100)),
            with_labels: query.after.is_none(),
            after: query.after,
        };
        let repeat =
            if query.page_size <= SMALL_PAGE { Repeat::Freely } else { Repeat::UnlessOutOfTime };
        let answer = self.ask::<queries::Issues>(variables, repeat).await?;

        let below = ["repository", "issues", "nodes"];
        let (partial, whole): (Vec<_>, Vec<_>) =
            answer.faults.into_iter().partition(|fault| fault.index_below(&below).is_some());
        if let Some(error) = gravest(whole) {
            return Err(error);
        }
        // Time and limits come to an end; what was left out for them would be missed for good.
        if let Some(error @ (Error::RateLimited { .. } | Error::Unreachable { .. })) =
            gravest(partial.clone())
        {
            return Err(error);
        }
        let is_left_out =
            |at| partial.iter().any(|fault| fault.index_below(&below).is_some_and(|own| own == at));

        let found = answer.data.repository.ok_or_else(|| missing("repository"))?;
        let read_only = read_only(&found);
        let labels = found.labels.map(|page| LabelPage {
            next: page.page_info.end_cursor.filter(|_| page.page_info.has_next_page),
            labels: label_rows!(page.nodes),
        });
        let nodes = found.issues.nodes.unwrap_or_default();
        let nodes = nodes.into_iter().enumerate().filter(|(at, _)| !is_left_out(*at));
        Ok(IssuePage {
            repository: PageRepository {
                node_id: found.id,
                full_name: full_name(&found.name_with_owner)?,
                read_only,
            },
            labels,
            issues: nodes
                .filter_map(|(_, node)| node)
                .map(Issue::try_from)
                .collect::<Result<_, _>>()?,
            next: found
                .issues
                .page_info
                .end_cursor
                .filter(|_| found.issues.page_info.has_next_page),
            pull_requests: pull_requests(found.pull_requests),
            open_count: count(found.open_issues.total_count),
            left_out: partial.into_iter().map(|fault| fault.error).collect(),
            rate: self.rate(),
        })
    }

    /// One issue by its number.
    ///
    /// # Errors
    ///
    /// [`Error::PullRequest`] when the number belongs to one.
    pub async fn issue(&self, name: &FullName, number: i32) -> Result<Issue, Error> {
        use issue::IssueRepositoryIssueOrPullRequest as Either;

        let (owner, name) = (name.owner().to_owned(), name.name().to_owned());
        let variables = issue::Variables { owner, name, number: i64::from(number) };
        let data = self.ask::<queries::Issue>(variables, Repeat::Freely).await?.whole()?;
        let found = data.repository.ok_or_else(|| missing("repository"))?;
        match found.issue_or_pull_request.ok_or_else(|| missing("issue"))? {
            Either::Issue(issue) => issue.try_into(),
            Either::PullRequest => Err(Error::PullRequest { number }),
        }
    }

    /// Issues by GitHub's ids, in the order of the ids, as many requests as that takes.
    ///
    /// None where GitHub has no such issue any more. A transferred issue may still be found under
    /// its old id: then its [`Issue::repository_full_name`] is another one.
    ///
    /// # Errors
    ///
    /// When GitHub is unable to tell for one of them, so that "gone" is never guessed.
    pub async fn issues_by_node_id(&self, ids: &[String]) -> Result<Vec<Option<Issue>>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IDS_A_REQUEST) {
            found.extend(self.issues_of_one_request(ids).await?);
        }
        Ok(found)
    }

    async fn issues_of_one_request(&self, ids: &[String]) -> Result<Vec<Option<Issue>>, Error> {
        use issues_by_id::IssuesByIdNodes as Node;

        let variables = issues_by_id::Variables { ids: ids.to_vec() };
        let answer = self.ask::<queries::IssuesById>(variables, Repeat::Freely).await?;
        let nodes = answer.nodes(ids.len(), |data| data.nodes)?;
        let issue = |node| match node {
            Some(Node::Issue(issue)) => Issue::try_from(issue).map(Some),
            _ => Ok(None),
        };
        nodes.into_iter().map(issue).collect()
    }
}

/// Why nothing can be changed in a repository. What GitHub does not tell counts as allowed.
fn read_only(of: &issues::IssuesRepository) -> Option<ReadOnlyReason> {
    use issues::RepositoryPermission as Permission;

    let is_reader = matches!(of.viewer_permission, Some(Permission::READ));
    [
        (of.is_archived, ReadOnlyReason::Archived),
        (of.is_disabled, ReadOnlyReason::Disabled),
        (of.is_locked, ReadOnlyReason::Locked),
        (!of.has_issues_enabled, ReadOnlyReason::IssuesDisabled),
        (is_reader, ReadOnlyReason::NoPermission),
    ]
    .into_iter()
    .find_map(|(holds, reason)| holds.then_some(reason))
}

/// GraphQL's `Int` has 32 bits, so no other number can come.
fn issue_number(number: i64) -> Result<i32, Error> {
    let reason = || format!("{number} is no issue number");
    i32::try_from(number).map_err(|_| Error::Unintelligible { reason: reason() })
}

/// The three documents share a fragment, for which three equal types are generated.
macro_rules! from_fields {
    ($module:ident) => {
        impl TryFrom<$module::IssueFields> for Issue {
            type Error = Error;

            fn try_from(node: $module::IssueFields) -> Result<Self, Error> {
                let state = match node.state {
                    $module::IssueState::OPEN => IssueState::Open,
                    $module::IssueState::CLOSED => IssueState::Closed,
                    // A state of the future is told by what is known to hold for the old ones.
                    $module::IssueState::Other(_) if node.closed_at.is_none() => IssueState::Open,
                    $module::IssueState::Other(_) => IssueState::Closed,
                };
                // GitHub may null this without an error; "no labels" would be a lie then.
                let labels = node.labels.ok_or_else(|| missing("labels"))?.nodes;
                let labels = labels.unwrap_or_default().into_iter().flatten();
                let assignees = node.assignees.nodes.unwrap_or_default().into_iter().flatten();
                Ok(Self {
                    node_id: node.id,
                    repository_full_name: full_name(&node.repository.name_with_owner)?,
                    number: issue_number(node.number)?,
                    title: storable(node.title),
                    body: Some(storable(node.body)).filter(|body| !body.is_empty()),
                    url: node.url,
                    state,
                    labels: labels.map(|label| storable(label.name)).collect(),
                    assignees: assignees.map(|user| storable(user.login)).collect(),
                    author: node.author.map(|author| storable(author.login)),
                    comments_count: count(node.comments.total_count),
                    blockers_count: node.blockers.map(|found| count(found.total_count)),
                    pull_requests_count: node.pull_requests.map_or(0, |own| count(own.total_count)),
                    created_at: node.created_at,
                    updated_at: node.updated_at,
                    closed_at: node.closed_at,
                })
            }
        }
    };
}

from_fields!(issues);
from_fields!(issue);
from_fields!(issues_by_id);
