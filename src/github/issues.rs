//! Reads issues: a page of a repository, one by number, some by id.

use std::collections::HashSet;

use chrono::{DateTime, SubsecRound as _, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::client::{Client, IDS_A_REQUEST, Repeat};
use super::details::DetailsNode;
use super::error::Error;
use super::labels::{LabelPage, label_rows};
use super::links::{PullRequest, pull_requests};
use super::nodes::{NodeList, RepositoryName};
use super::queries::{self, issue, issue_ids, issues, issues_by_id};
use super::repositories::{count, full_name, missing};
use super::response::{Rate, first_temporary, read};
use super::text::storable;
use crate::domain::details::{Assignee, AssigneeKind};
use crate::domain::{AuthorAssociation, FullName, IssueDetails, IssueState, ReadOnlyReason};

/// Up to this size a page that timed out is requested again unchanged: then GitHub has a problem,
/// and requesting less would not help.
const SMALL_PAGE: u32 = 5;

/// An issue as GitHub has it. Its texts can be stored; see the invariants of `github`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// GitHub's id. A transfer to another repository changes it.
    pub node_id: String,
    /// Its current repository, in GitHub's spelling.
    pub repository_full_name: FullName,
    /// Its number in that repository.
    pub number: i32,
    /// The title, markup and all.
    pub title: String,
    /// The text below the title as Markdown; none when empty.
    pub body: Option<String>,
    /// Its page on GitHub.
    pub url: String,
    /// Open or closed.
    pub state: IssueState,
    /// Label names in GitHub's spelling and order; at most 100.
    pub labels: Vec<String>,
    /// Logins of the assignees, including bots where GitHub returns them; at most 10.
    pub assignees: Vec<String>,
    /// Login of the author; none when the account was deleted.
    pub author: Option<String>,
    /// The author's association with the repository; none for an unknown value.
    pub author_association: Option<AuthorAssociation>,
    /// The number of comments.
    pub comments_count: u32,
    /// How many issues it waits for by GitHub's own relation; none when this GitHub lacks it.
    pub blockers_count: Option<u32>,
    /// How many pull requests will close it; none when that was not read.
    pub pull_requests_count: Option<u32>,
    /// When it was opened, in whole seconds like all of GitHub's times.
    pub created_at: DateTime<Utc>,
    /// When it last changed; two changes within a second have the same time.
    pub updated_at: DateTime<Utc>,
    /// When it was closed; none while open.
    pub closed_at: Option<DateTime<Utc>>,
    /// What GitHub has of it beside text, labels and state.
    pub details: IssueDetails,
    /// Whether all of these were read. A webhook has only some.
    pub has_all_details: bool,
}

/// A query for the issues of a repository, page by page. Pull requests are never included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuesQuery {
    /// The states to include.
    pub states: States,
    /// Only those updated at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Continue after this cursor, from [`IssuePage::next`].
    pub after: Option<String>,
    /// The maximal number of issues, 1 to 100.
    pub page_size: u32,
}

/// The states of the requested issues.
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
    /// The repository of the response; its name differs from the requested one after a rename.
    pub repository: PageRepository,
    /// The issues of this page.
    pub issues: Vec<Issue>,
    /// The cursor of the next page; none after the last.
    pub next: Option<String>,
    /// The most recently changed pull requests of the repository, newest first, at most 20.
    pub pull_requests: Vec<PullRequest>,
    /// The number of open issues of the whole repository.
    pub open_count: u32,
    /// Issues of this page that could not be read completely. They are left out, so that an
    /// incomplete issue is never stored.
    pub skipped: Vec<SkippedIssue>,
    /// The first labels of the repository; none on a page after the first.
    pub labels: Option<LabelPage>,
    /// The rate limit, if GitHub has one.
    pub rate: Option<Rate>,
}

/// An issue that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedIssue {
    /// The issue; none when GitHub does not return even its id.
    pub identity: Option<IssueIdentity>,
    /// Why.
    pub reason: Error,
}

/// The identity of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueIdentity {
    /// GitHub's id. A transfer to another repository changes it.
    pub node_id: String,
    /// Its number in the repository.
    pub number: i32,
    /// Open or closed.
    pub state: IssueState,
}

/// The repository of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRepository {
    /// GitHub's id, which a rename does not change.
    pub node_id: String,
    /// The current name in GitHub's spelling.
    pub full_name: FullName,
    /// Why its issues cannot be changed; none when they can, as far as GitHub reports.
    pub read_only: Option<ReadOnlyReason>,
}

/// The path of the issues in a page.
const NODES: [&str; 3] = ["repository", "issues", "nodes"];

/// The path of the pull requests in a page.
const PULL_REQUESTS: [&str; 3] = ["repository", "pullRequests", "nodes"];

/// The path of the repository's labels in a page.
const LABELS: [&str; 3] = ["repository", "labels", "nodes"];

/// The members of an issue that the token may not be allowed to read, such as a parent in a private
/// repository. The issue is read without them.
const OPTIONAL: [&str; 5] =
    ["duplicateOf", "issueFieldValues", "issueType", "parent", "subIssuesSummary"];

/// The path of the token's permission in a page.
const PERMISSION: [&str; 2] = ["repository", "viewerPermission"];

/// Two documents request the same page, so two equal types are generated.
macro_rules! page_variables {
    ($module:ident, $name:expr, $query:expr $(, $more:ident)*) => {
        $module::Variables {
            owner: $name.owner().to_owned(),
            name: $name.name().to_owned(),
            states: match $query.states {
                States::Open => Some(vec![$module::IssueState::OPEN]),
                States::Closed => Some(vec![$module::IssueState::CLOSED]),
                States::Both => Some(vec![$module::IssueState::OPEN, $module::IssueState::CLOSED]),
            },
            // GitHub's times are whole seconds: a fraction would exclude that second.
            since: $query.since.map(|since| since.trunc_subsecs(0)),
            first: i64::from($query.page_size.clamp(1, 100)),
            after: $query.after.clone(),
            $($more,)*
        }
    };
}

impl Client {
    /// One page of a repository's issues by update time. The name is case-insensitive, and renames
    /// are followed.
    ///
    /// # Errors
    ///
    /// When [`Error::is_timeout`], request a smaller page: this one was not retried.
    pub async fn issues(&self, name: &FullName, query: IssuesQuery) -> Result<IssuePage, Error> {
        let with_labels = query.after.is_none();
        let variables = page_variables!(issues, name, query, with_labels);
        let ids_of_the_same = page_variables!(issue_ids, name, query);
        let repeat =
            if query.page_size <= SMALL_PAGE { Repeat::Freely } else { Repeat::UnlessOutOfTime };
        let mut answer = self.ask::<queries::Issues>(variables, repeat).await?;

        answer.take_refusals_of(&OPTIONAL);
        let nodes = answer.take_list(&NODES);
        let partial = answer.take_errors_below(&NODES);
        let is_alone = query.page_size == 1;
        if let Some(error) =
            first_temporary(&partial).filter(|error| !(is_alone && error.is_timeout()))
        {
            return Err(error);
        }
        let pull_request_nodes = answer.take_list(&PULL_REQUESTS);
        let links = answer.take_errors_below(&PULL_REQUESTS);
        if let Some(error) = first_temporary(&links) {
            return Err(error);
        }
        // With a label missing, the repository would seem to have deleted it.
        let has_all_labels = answer.take_errors_below(&LABELS).is_empty();
        answer.take_faults_of(&PERMISSION);
        let data: issues::ResponseData = answer.whole()?;
        let found = data.repository.ok_or_else(|| missing("repository"))?;

        let (mut issues, mut skipped) = (Vec::new(), Vec::new());
        for (at, node) in nodes.into_iter().enumerate() {
            let error = partial.iter().find(|(own, _)| *own == at).map(|(_, error)| error.clone());
            let identity = IssueIdentity::from_node(&node);
            match error.map_or_else(|| self.read(node), Err) {
                Ok(issue) => issues.push(issue),
                Err(reason) => skipped.push(SkippedIssue { identity, reason }),
            }
        }
        if skipped.iter().any(|one| one.identity.is_none()) {
            self.identify(ids_of_the_same, &issues, &mut skipped).await?;
        }
        let read_only = read_only(&found);
        let labels = found.labels.filter(|_| has_all_labels).map(|page| LabelPage {
            next: page.page_info.end_cursor.filter(|_| page.page_info.has_next_page),
            labels: label_rows!(page.nodes),
        });
        Ok(IssuePage {
            repository: PageRepository {
                node_id: found.id,
                full_name: full_name(&found.name_with_owner)?,
                read_only,
            },
            labels,
            issues,
            next: found
                .issues
                .page_info
                .end_cursor
                .filter(|_| found.issues.page_info.has_next_page),
            pull_requests: pull_requests(pull_request_nodes),
            open_count: count(found.open_issues.total_count),
            skipped,
            rate: self.rate(),
        })
    }

    /// An issue, with its labels converted to our names.
    fn read(&self, node: Value) -> Result<Issue, Error> {
        let issue = Issue::read(node)?;
        Ok(Issue { labels: self.labels.read_all(issue.labels), ..issue })
    }

    /// Reads the identity of the issues of a page that were returned as null. Issues that are new
    /// on the page since, or that GitHub returns as null again, stay unknown.
    async fn identify(
        &self,
        page: issue_ids::Variables,
        read: &[Issue],
        skipped: &mut [SkippedIssue],
    ) -> Result<(), Error> {
        let mut answer = match self.ask::<queries::IssueIds>(page, Repeat::UnlessOutOfTime).await {
            Err(error @ (Error::RateLimited { .. } | Error::Saved { .. })) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "issues that could not be read stay without a number");
                return Ok(());
            }
            Ok(answer) => answer,
        };
        let named: HashSet<&str> = read
            .iter()
            .map(|issue| issue.node_id.as_str())
            .chain(skipped.iter().filter_map(|one| Some(one.identity.as_ref()?.node_id.as_str())))
            .collect();
        let nodes = answer.take_list(&NODES);
        let others: Vec<IssueIdentity> = nodes
            .iter()
            .filter_map(IssueIdentity::from_node)
            .filter(|one| !named.contains(one.node_id.as_str()))
            .collect();
        let nameless = skipped.iter_mut().filter(|one| one.identity.is_none());
        for (one, identity) in nameless.zip(others) {
            one.identity = Some(identity);
        }
        Ok(())
    }

    /// One issue by its number.
    ///
    /// # Errors
    ///
    /// [`Error::PullRequest`] when the number belongs to one.
    pub async fn issue(&self, name: &FullName, number: i32) -> Result<Issue, Error> {
        let (owner, name) = (name.owner().to_owned(), name.name().to_owned());
        let variables = issue::Variables { owner, name, number: i64::from(number) };
        let mut answer = self.ask::<queries::Issue>(variables, Repeat::Freely).await?;
        answer.take_refusals_of(&OPTIONAL);
        let mut data: Value = answer.whole()?;
        let found = data.get_mut("repository").filter(|found| !found.is_null());
        let found = found.ok_or_else(|| missing("repository"))?.get_mut("issueOrPullRequest");
        let found = found.map(Value::take).filter(|found| !found.is_null());
        match found.ok_or_else(|| missing("issue"))? {
            node if is_issue(&node) => self.read(node),
            _ => Err(Error::PullRequest { number }),
        }
    }

    /// Issues by node id, in the order of the ids, in as many requests as needed.
    ///
    /// None for an issue that no longer exists, an error if GitHub fails or the issue cannot be
    /// read, so that "gone" is never guessed. A transferred issue may still be found by its old id:
    /// then its [`Issue::repository_full_name`] has changed.
    ///
    /// # Errors
    ///
    /// When GitHub could not look up all of them.
    pub async fn issues_by_node_id(
        &self,
        ids: &[String],
    ) -> Result<Vec<Result<Option<Issue>, Error>>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IDS_A_REQUEST) {
            let variables = issues_by_id::Variables { ids: ids.to_vec() };
            let mut answer = self.ask::<queries::IssuesById>(variables, Repeat::Freely).await?;
            answer.take_refusals_of(&OPTIONAL);
            let nodes = answer.nodes(ids.len())?.into_iter();
            found.extend(nodes.map(|node| match node? {
                Some(node) if is_issue(&node) => self.read(node).map(Some),
                _ => Ok(None),
            }));
        }
        Ok(found)
    }
}

/// Whether a node, requested with `__typename`, is an issue.
pub(super) fn is_issue(node: &Value) -> bool {
    node.get("__typename").and_then(Value::as_str) == Some("Issue")
}

/// The fields of the fragment `IssueFields`, which three documents share. Each has its own
/// generated types, which are as strict as the current schema.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssueNode {
    id: String,
    number: i32,
    title: String,
    body: String,
    url: String,
    state: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    repository: RepositoryName,
    author: Option<ActorNode>,
    author_association: Option<String>,
    labels: Option<NodeList<LabelNode>>,
    assigned_actors: Option<NodeList<ActorNode>>,
    assignees: Option<NodeList<ActorNode>>,
    comments: TotalCount,
    pull_requests: Option<TotalCount>,
    blockers: Option<TotalCount>,
    #[serde(flatten)]
    details: DetailsNode,
}

/// An account that can act: a person, a bot, a mannequin, an organisation, or a future kind.
#[derive(Deserialize)]
pub(super) struct ActorNode {
    #[serde(rename = "__typename")]
    kind: Option<String>,
    /// None for a kind that has no login in the schema.
    login: Option<String>,
}

/// Copilot's login in GraphQL. GitHub's pages and its REST API show `Copilot`.
const COPILOT: &str = "copilot-swe-agent";

impl ActorNode {
    /// The displayed name.
    pub(super) fn shown(self) -> Option<String> {
        let login = self.login.map(storable);
        login.map(|login| if login == COPILOT { "Copilot".to_owned() } else { login })
    }

    fn assignee(self) -> Option<Assignee> {
        let kind = AssigneeKind::from_github(self.kind.as_deref().unwrap_or_default());
        self.shown().map(|login| Assignee { login, kind })
    }
}

/// Why a repository is read-only. What GitHub does not return counts as allowed.
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

#[derive(Deserialize)]
struct LabelNode {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TotalCount {
    total_count: i64,
}

impl Issue {
    fn read(node: Value) -> Result<Self, Error> {
        if node.is_null() {
            return Err(missing("issue"));
        }
        let node: IssueNode = read(node)?;
        // GitHub may return null without an error, which must not be read as "no labels".
        let labels = node.labels.ok_or_else(|| missing("labels"))?;
        let assignees = node.assigned_actors.or(node.assignees);
        let assignees = assignees.into_iter().flat_map(NodeList::into_items);
        let assignees: Vec<Assignee> = assignees.filter_map(ActorNode::assignee).collect();
        Ok(Self {
            node_id: node.id,
            repository_full_name: full_name(&node.repository.name_with_owner)?,
            number: node.number,
            title: storable(node.title),
            body: Some(storable(node.body)).filter(|body| !body.is_empty()),
            url: storable(node.url),
            state: state(&node.state, node.closed_at.is_some()),
            labels: labels.into_items().map(|label| storable(label.name)).collect(),
            assignees: assignees.iter().map(|one| one.login.clone()).collect(),
            author: node.author.and_then(ActorNode::shown),
            author_association: node
                .author_association
                .and_then(|word| AuthorAssociation::from_github(&word)),
            comments_count: count(node.comments.total_count),
            blockers_count: node.blockers.map(|found| count(found.total_count)),
            pull_requests_count: Some(node.pull_requests.map_or(0, |own| count(own.total_count))),
            created_at: node.created_at,
            updated_at: node.updated_at,
            closed_at: node.closed_at,
            details: node.details.read(assignees),
            has_all_details: true,
        })
    }
}

impl IssueIdentity {
    /// The identity of a node, even if nothing else of it can be read.
    fn from_node(node: &Value) -> Option<Self> {
        let number = i32::try_from(node.get("number")?.as_i64()?).ok()?;
        let is_closed = node.get("closedAt").is_some_and(|at| !at.is_null());
        let state_text = node.get("state").and_then(Value::as_str).unwrap_or_default();
        let node_id = node.get("id")?.as_str()?.to_owned();
        Some(Self { node_id, number, state: state(state_text, is_closed) })
    }
}

/// An unknown future state is mapped to a known one by whether the issue is closed.
fn state(state_text: &str, is_closed: bool) -> IssueState {
    match state_text {
        "OPEN" => IssueState::Open,
        "CLOSED" => IssueState::Closed,
        _ if is_closed => IssueState::Closed,
        _ => IssueState::Open,
    }
}
