//! Reads issues: a page of a repository's, one by number, some by id.

use std::collections::HashSet;

use chrono::{DateTime, SubsecRound as _, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::client::{Client, Repeat};
use super::error::Error;
use super::labels::{LabelPage, label_rows};
use super::links::{PullRequest, pull_requests};
use super::queries::{self, issue, issue_ids, issues, issues_by_id};
use super::repositories::{count, full_name, missing};
use super::response::{Rate, passing, read};
use super::text::storable;
use crate::domain::{AuthorAssociation, FullName, IssueState, ReadOnlyReason};

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
    /// Logins of who is assigned, bots among them where GitHub tells; at most 10.
    pub assignees: Vec<String>,
    /// Login of who opened it; none when that account was deleted.
    pub author: Option<String>,
    /// How that account stands to the repository; none in a word of the future.
    pub author_association: Option<AuthorAssociation>,
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
    /// Issues of this page that could not be read in full. They are left out of it: half an issue
    /// must not be stored as a whole one.
    pub left_out: Vec<LeftOut>,
    /// The first of the repository's labels; none on a page that goes on after another.
    pub labels: Option<LabelPage>,
    /// What is left of the rate limit, if GitHub limits.
    pub rate: Option<Rate>,
}

/// An issue that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Which one; none when GitHub does not even tell that.
    pub which: Option<Which>,
    /// Why.
    pub reason: Error,
}

/// What names an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Which {
    /// See [`Issue::node_id`].
    pub node_id: String,
    /// See [`Issue::number`].
    pub number: i32,
    /// See [`Issue::state`].
    pub state: IssueState,
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

/// Where a page has its issues.
const NODES: [&str; 3] = ["repository", "issues", "nodes"];

/// Where a page has pull requests.
const PULL_REQUESTS: [&str; 3] = ["repository", "pullRequests", "nodes"];

/// Where a page has the repository's labels.
const LABELS: [&str; 3] = ["repository", "labels", "nodes"];

/// Where a page tells what the token may do in the repository.
const PERMISSION: [&str; 2] = ["repository", "viewerPermission"];

/// Two documents ask for the same page, for which two equal types are generated.
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
            // GitHub's times are whole seconds: part of one would leave that second out.
            since: $query.since.map(|since| since.trunc_subsecs(0)),
            first: i64::from($query.page_size.clamp(1, 100)),
            after: $query.after.clone(),
            $($more,)*
        }
    };
}

impl Client {
    /// One page of a repository's issues by update time, ignoring the case of its name and following
    /// renames.
    ///
    /// # Errors
    ///
    /// When [`Error::is_timeout`], ask for a smaller page: this one was not tried again.
    pub async fn issues(&self, name: &FullName, query: IssuesQuery) -> Result<IssuePage, Error> {
        let with_labels = query.after.is_none();
        let variables = page_variables!(issues, name, query, with_labels);
        let ids_of_the_same = page_variables!(issue_ids, name, query);
        let repeat =
            if query.page_size <= SMALL_PAGE { Repeat::Freely } else { Repeat::UnlessOutOfTime };
        let mut answer = self.ask::<queries::Issues>(variables, repeat).await?;

        let nodes = answer.take_list(&NODES);
        let partial = answer.take_faults_below(&NODES);
        let is_alone = query.page_size == 1;
        if let Some(error) = passing(&partial).filter(|error| !(is_alone && error.is_timeout())) {
            return Err(error);
        }
        let pull_request_nodes = answer.take_list(&PULL_REQUESTS);
        let links = answer.take_faults_below(&PULL_REQUESTS);
        if let Some(error) = passing(&links) {
            return Err(error);
        }
        // Without one of its labels a repository would seem to have deleted it.
        let has_all_labels = answer.take_faults_below(&LABELS).is_empty();
        answer.take_faults_of(&PERMISSION);
        let data: issues::ResponseData = answer.whole()?;
        let found = data.repository.ok_or_else(|| missing("repository"))?;

        let (mut issues, mut left_out) = (Vec::new(), Vec::new());
        for (at, node) in nodes.into_iter().enumerate() {
            let fault = partial.iter().find(|(own, _)| *own == at).map(|(_, error)| error.clone());
            let which = Which::of(&node);
            match fault.map_or_else(|| self.read(node), Err) {
                Ok(issue) => issues.push(issue),
                Err(reason) => left_out.push(LeftOut { which, reason }),
            }
        }
        if left_out.iter().any(|one| one.which.is_none()) {
            self.identify(ids_of_the_same, &issues, &mut left_out).await?;
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
            left_out,
            rate: self.rate(),
        })
    }

    /// An issue with our names of its labels.
    fn read(&self, node: Value) -> Result<Issue, Error> {
        let issue = Issue::read(node)?;
        Ok(Issue { labels: self.labels.read_all(issue.labels), ..issue })
    }

    /// Asks which the issues of a page are that came as null. What is new on the page since, and what
    /// GitHub does not name even then, stays unknown.
    async fn identify(
        &self,
        page: issue_ids::Variables,
        read: &[Issue],
        left_out: &mut [LeftOut],
    ) -> Result<(), Error> {
        let mut answer = match self.ask::<queries::IssueIds>(page, Repeat::UnlessOutOfTime).await {
            Err(error @ Error::RateLimited { .. }) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "issues that could not be read stay without a number");
                return Ok(());
            }
            Ok(answer) => answer,
        };
        let named: HashSet<&str> = read
            .iter()
            .map(|issue| issue.node_id.as_str())
            .chain(left_out.iter().filter_map(|one| Some(one.which.as_ref()?.node_id.as_str())))
            .collect();
        let nodes = answer.take_list(&NODES);
        let others: Vec<Which> = nodes
            .iter()
            .filter_map(Which::of)
            .filter(|one| !named.contains(one.node_id.as_str()))
            .collect();
        let nameless = left_out.iter_mut().filter(|one| one.which.is_none());
        for (one, which) in nameless.zip(others) {
            one.which = Some(which);
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
        let answer = self.ask::<queries::Issue>(variables, Repeat::Freely).await?;
        let mut data: Value = answer.whole()?;
        let found = data.get_mut("repository").filter(|found| !found.is_null());
        let found = found.ok_or_else(|| missing("repository"))?.get_mut("issueOrPullRequest");
        let found = found.map(Value::take).filter(|found| !found.is_null());
        match found.ok_or_else(|| missing("issue"))? {
            node if is_issue(&node) => self.read(node),
            _ => Err(Error::PullRequest { number }),
        }
    }

    /// Issues by GitHub's ids, in the order of the ids, as many requests as that takes.
    ///
    /// None where GitHub has no such issue any more, an error where it is unable to tell or the issue
    /// cannot be read, so that "gone" is never guessed. A transferred issue may still be found under
    /// its old id: then its [`Issue::repository_full_name`] is another one.
    ///
    /// # Errors
    ///
    /// When GitHub could not look for all of them.
    pub async fn issues_by_node_id(
        &self,
        ids: &[String],
    ) -> Result<Vec<Result<Option<Issue>, Error>>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IDS_A_REQUEST) {
            let variables = issues_by_id::Variables { ids: ids.to_vec() };
            let answer = self.ask::<queries::IssuesById>(variables, Repeat::Freely).await?;
            let nodes = answer.nodes(ids.len())?.into_iter();
            found.extend(nodes.map(|node| match node? {
                Some(node) if is_issue(&node) => self.read(node).map(Some),
                _ => Ok(None),
            }));
        }
        Ok(found)
    }
}

/// Whether a node, whose `__typename` was asked for, is an issue.
pub(super) fn is_issue(node: &Value) -> bool {
    node.get("__typename").and_then(Value::as_str) == Some("Issue")
}

/// The fields of the fragment `IssueFields`, which three documents share. The types generated from
/// them are three, and as strict as the schema of the day.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssueFields {
    id: String,
    number: i32,
    title: String,
    body: String,
    url: String,
    state: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    repository: Named,
    author: Option<Actor>,
    author_association: Option<String>,
    labels: Option<List<Label>>,
    assigned_actors: Option<List<Actor>>,
    assignees: Option<List<Actor>>,
    comments: Counted,
    pull_requests: Option<Counted>,
    blockers: Option<Counted>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    name_with_owner: String,
}

/// Whoever can act: a person, a bot, a mannequin, an organisation, and what else will come.
#[derive(Deserialize)]
pub(super) struct Actor {
    /// None of a kind of which it cannot be asked.
    login: Option<String>,
}

/// The login by which GraphQL knows Copilot. GitHub's pages and its REST interface say `Copilot`.
const COPILOT: &str = "copilot-swe-agent";

impl Actor {
    /// The name to show.
    pub(super) fn shown(self) -> Option<String> {
        let login = self.login.map(storable);
        login.map(|login| if login == COPILOT { "Copilot".to_owned() } else { login })
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

#[derive(Deserialize)]
struct Label {
    name: String,
}

#[derive(Deserialize)]
struct List<T> {
    nodes: Option<Vec<Option<T>>>,
}

impl<T> List<T> {
    fn into_items(self) -> impl Iterator<Item = T> {
        self.nodes.unwrap_or_default().into_iter().flatten()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    total_count: i64,
}

impl Issue {
    fn read(node: Value) -> Result<Self, Error> {
        if node.is_null() {
            return Err(missing("issue"));
        }
        let node: IssueFields = read(node)?;
        // GitHub may null this without an error; "no labels" would be a lie then.
        let labels = node.labels.ok_or_else(|| missing("labels"))?;
        let assignees = node.assigned_actors.or(node.assignees);
        let assignees = assignees.into_iter().flat_map(List::into_items);
        Ok(Self {
            node_id: node.id,
            repository_full_name: full_name(&node.repository.name_with_owner)?,
            number: node.number,
            title: storable(node.title),
            body: Some(storable(node.body)).filter(|body| !body.is_empty()),
            url: storable(node.url),
            state: state(&node.state, node.closed_at.is_some()),
            labels: labels.into_items().map(|label| storable(label.name)).collect(),
            assignees: assignees.filter_map(Actor::shown).collect(),
            author: node.author.and_then(Actor::shown),
            author_association: node
                .author_association
                .and_then(|word| AuthorAssociation::from_github(&word)),
            comments_count: count(node.comments.total_count),
            blockers_count: node.blockers.map(|found| count(found.total_count)),
            pull_requests_count: node.pull_requests.map_or(0, |own| count(own.total_count)),
            created_at: node.created_at,
            updated_at: node.updated_at,
            closed_at: node.closed_at,
        })
    }
}

impl Which {
    /// What names a node, however little else of it can be read.
    fn of(node: &Value) -> Option<Self> {
        let number = i32::try_from(node.get("number")?.as_i64()?).ok()?;
        let is_closed = node.get("closedAt").is_some_and(|at| !at.is_null());
        let said = node.get("state").and_then(Value::as_str).unwrap_or_default();
        let node_id = node.get("id")?.as_str()?.to_owned();
        Some(Self { node_id, number, state: state(said, is_closed) })
    }
}

/// A state of the future is told by what is known to hold for the old ones.
fn state(said: &str, is_closed: bool) -> IssueState {
    match said {
        "OPEN" => IssueState::Open,
        "CLOSED" => IssueState::Closed,
        _ if is_closed => IssueState::Closed,
        _ => IssueState::Open,
    }
}
