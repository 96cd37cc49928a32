//! Reads the current labels of an issue, creates labels, and changes those of an issue.

use chrono::{DateTime, Utc};

use super::client::{Client, Repeat};
use super::error::Error;
use super::group_queue::Kind;
use super::queries::{self, change_labels, create_label, label_id, labels, live_labels};
use super::repositories::{full_name, missing};
use super::response::gravest;
use super::text::storable;
use crate::domain::{FullName, IssueState};

/// A label of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// GitHub's id, by which label changes refer to it.
    pub id: String,
    /// Its name in GitHub's spelling.
    pub name: String,
}

/// A page of a repository's labels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelPage {
    /// The labels of this page.
    pub labels: Vec<Label>,
    /// The cursor of the next page; none after the last.
    pub next: Option<String>,
}

/// Converts labels from a generated type, of which each document has its own.
macro_rules! label_rows {
    ($nodes:expr) => {
        $nodes
            .unwrap_or_default()
            .into_iter()
            .flatten()
            .map(|label| $crate::github::labels::Label {
                id: label.id,
                name: $crate::github::text::storable(label.name),
            })
            .collect()
    };
}

pub(super) use label_rows;

/// The current state of an issue on GitHub, as far as a move needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveLabels {
    /// Its labels in GitHub's order; at most 100.
    pub labels: Vec<Label>,
    /// Open or closed.
    pub state: IssueState,
    /// When it was closed; none while open.
    pub closed_at: Option<DateTime<Utc>>,
    /// Its update time.
    pub updated_at: DateTime<Utc>,
    /// Its title.
    pub title: String,
    /// The id of the requested label; none when the repository does not have it, or none was
    /// requested. GitHub's label names are case-insensitive.
    pub target_label_id: Option<String>,
    /// The other requested label, in GitHub's spelling; none like [`Self::target_label_id`].
    pub other_label: Option<Label>,
    /// The id of its repository, where labels are created.
    pub repository_node_id: String,
    /// The name of its repository, in GitHub's spelling.
    pub repository_full_name: FullName,
    /// Whether Dispatch's token may only use the labels that the repository has (GitHub's role
    /// *triage*).
    pub is_triager: bool,
}

impl LiveLabels {
    /// The label names, in order.
    pub fn names(&self) -> Vec<String> {
        self.labels.iter().map(|label| label.name.clone()).collect()
    }
}

/// The state of an issue after a change of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelChangeResult {
    /// The names of the labels that the issue has, in GitHub's order. They show whether the change
    /// worked.
    pub labels: Vec<String>,
    /// The update time of the issue, by GitHub's clock.
    pub updated_at: DateTime<Utc>,
    /// What GitHub refused of the change; empty when it was complete.
    pub errors: Vec<Error>,
}

/// The path of the token's permission in the answer to [`Client::live_labels`].
const PERMISSION: [&str; 3] = ["node", "repository", "viewerPermission"];

impl Client {
    /// The current labels of an issue, and two labels of its repository by name.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the issue is gone.
    pub async fn live_labels(
        &self,
        issue_node_id: &str,
        target: Option<&str>,
        other: Option<&str>,
    ) -> Result<LiveLabels, Error> {
        use live_labels::LiveLabelsNode as Node;

        let variables = live_labels::Variables {
            issue: issue_node_id.to_owned(),
            target: self.labels.write(target.unwrap_or_default()).into_owned(),
            with_target: target.is_some(),
            other: self.labels.write(other.unwrap_or_default()).into_owned(),
            with_other: other.is_some(),
        };
        let asked =
            self.ask_together::<queries::LiveLabels>(Kind::Reads, variables, Repeat::Freely);
        let mut answer = match asked.await {
            Ok(answer) => answer,
            Err(error) => match self.fallback(&error) {
                Some(issue) => {
                    return Box::pin(self.live_labels_over_rest(issue, target, other)).await;
                }
                None => return Err(error),
            },
        };
        answer.take_faults_of(&PERMISSION);
        let data: live_labels::ResponseData = answer.whole()?;
        let Some(Node::Issue(issue)) = data.node else {
            return Err(Error::NotFound { message: "the node is not an issue".into() });
        };
        let labels = issue.labels.ok_or_else(|| missing("labels"))?.nodes.unwrap_or_default();
        self.remember(labels.iter().flatten().map(|label| (&*label.id, &*label.name)));
        if let (Some(label), Some(name)) = (&issue.repository.label, target) {
            self.remember([(&*label.id, &*self.labels.write(name))]);
        }
        self.remember(issue.repository.other.iter().map(|label| (&*label.id, &*label.name)));
        let ours = |name: String| self.labels.read(&storable(name)).into_owned();
        let label = |label: live_labels::LiveLabelsNodeOnIssueLabelsNodes| Label {
            id: label.id,
            name: ours(label.name),
        };
        Ok(LiveLabels {
            labels: labels.into_iter().flatten().map(label).collect(),
            state: match issue.state {
                live_labels::IssueState::OPEN => IssueState::Open,
                live_labels::IssueState::CLOSED => IssueState::Closed,
                // An unknown future state is mapped to a known one by whether the issue is closed.
                live_labels::IssueState::Other(_) if issue.closed_at.is_none() => IssueState::Open,
                live_labels::IssueState::Other(_) => IssueState::Closed,
            },
            closed_at: issue.closed_at,
            updated_at: issue.updated_at,
            title: storable(issue.title),
            target_label_id: issue.repository.label.map(|label| label.id),
            other_label: issue
                .repository
                .other
                .map(|label| Label { id: label.id, name: ours(label.name) }),
            repository_node_id: issue.repository.id,
            repository_full_name: full_name(&issue.repository.name_with_owner)?,
            is_triager: matches!(
                issue.repository.viewer_permission,
                Some(live_labels::RepositoryPermission::TRIAGE)
            ),
        })
    }

    /// Creates a label and returns its id; if the repository already has a label of this name, that
    /// one's. `color` is six hexadecimal digits without `#`.
    ///
    /// # Errors
    ///
    /// When [`Error::is_ambiguous`], the label may have been created.
    pub async fn create_label(
        &self,
        repository_node_id: &str,
        name: &str,
        color: &str,
    ) -> Result<String, Error> {
        let name = &*self.labels.write(name);
        // Many issues may need the same label at the same moment.
        let key = (repository_node_id.to_owned(), name.to_owned());
        let created = self.created_labels();
        let creating = self.create_label_once(repository_node_id, name, color);
        let id = created.try_get_with(key, creating).await.map_err(|error| (*error).clone())?;
        self.remember([(&*id, name)]);
        Ok(id)
    }

    async fn create_label_once(
        &self,
        repository_node_id: &str,
        name: &str,
        color: &str,
    ) -> Result<String, Error> {
        let variables = create_label::Variables {
            repository: repository_node_id.to_owned(),
            name: name.to_owned(),
            color: color.to_owned(),
        };
        let answer = self.ask::<queries::CreateLabel>(variables, Repeat::IfNeverSent).await;
        match answer.and_then(|answer| answer.whole::<create_label::ResponseData>()) {
            Ok(data) => {
                let label = data.create_label.and_then(|payload| payload.label);
                Ok(label.ok_or_else(|| missing("label"))?.id)
            }
            // GitHub's message for an existing name is for people, so the label is looked up
            // instead.
            Err(refused @ Error::Refused { status: 422, .. }) => {
                self.label_id(repository_node_id, name).await?.ok_or(refused)
            }
            Err(error) => match self.fallback(&error) {
                Some(issue) => Box::pin(self.create_label_over_rest(issue, name, color)).await,
                None => Err(error),
            },
        }
    }

    /// The labels of a repository after a cursor, from [`LabelPage::next`].
    ///
    /// # Errors
    ///
    /// When GitHub does not return labels.
    pub async fn labels(&self, name: &FullName, after: String) -> Result<LabelPage, Error> {
        let (owner, name) = (name.owner().to_owned(), name.name().to_owned());
        let variables = labels::Variables { owner, name, after: Some(after) };
        let answer = self.ask::<queries::Labels>(variables, Repeat::Freely).await?;
        let data: labels::ResponseData = answer.whole()?;
        let found = data.repository.ok_or_else(|| missing("repository"))?;
        let page = found.labels.ok_or_else(|| missing("labels"))?;
        let next = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
        Ok(LabelPage { labels: label_rows!(page.nodes), next })
    }

    async fn label_id(
        &self,
        repository_node_id: &str,
        name: &str,
    ) -> Result<Option<String>, Error> {
        use label_id::LabelIdNode as Node;

        let (repository, name) = (repository_node_id.to_owned(), name.to_owned());
        let variables = label_id::Variables { repository, name };
        let answer = self.ask::<queries::LabelId>(variables, Repeat::Freely).await?;
        let data: label_id::ResponseData = answer.whole()?;
        match data.node {
            Some(Node::Repository(repository)) => Ok(repository.label.map(|label| label.id)),
            _ => Ok(None),
        }
    }

    /// Adds labels to an issue, then removes others, in one request; both by id.
    ///
    /// In reverse order with `removes_first`, for an issue that has no room for the new labels.
    /// Removing a missing label is not an error.
    ///
    /// Succeeds if GitHub applied at least a part of it and returned the issue's state; what it
    /// refused is in [`LabelChangeResult::errors`].
    ///
    /// # Errors
    ///
    /// When [`Error::is_ambiguous`], some or all of it may have been applied or may still be;
    /// otherwise nothing was.
    pub async fn change_labels(
        &self,
        issue_node_id: &str,
        add: &[String],
        remove: &[String],
        removes_first: bool,
    ) -> Result<LabelChangeResult, Error> {
        use change_labels::{
            ChangeLabelsAddedLabelable, ChangeLabelsRemovedFirstLabelable,
            ChangeLabelsRemovedLabelable,
        };

        let variables = change_labels::Variables {
            issue: issue_node_id.to_owned(),
            add: add.to_vec(),
            adds: !add.is_empty(),
            remove: remove.to_vec(),
            removes: !remove.is_empty() && !removes_first,
            removes_first: !remove.is_empty() && removes_first,
        };
        let once = Repeat::IfNeverSent;
        let asked = self.ask_together::<queries::ChangeLabels>(Kind::Changes, variables, once);
        let answer = match asked.await {
            Ok(answer) => answer,
            Err(error) => {
                let Some(issue) = self.fallback(&error) else { return Err(error) };
                let changed = self.change_labels_over_rest(issue, (add, remove), removes_first);
                let changed = Box::pin(changed);
                return changed.await.unwrap_or(Err(error));
            }
        };
        let (data, errors) = answer.partial::<change_labels::ResponseData>()?;
        let added = match data.added.and_then(|payload| payload.labelable) {
            Some(ChangeLabelsAddedLabelable::Issue(issue)) => Some(issue),
            _ => None,
        };
        let removed = match data.removed.and_then(|payload| payload.labelable) {
            Some(ChangeLabelsRemovedLabelable::Issue(issue)) => Some(issue),
            _ => None,
        };
        let removed_first = match data.removed_first.and_then(|payload| payload.labelable) {
            Some(ChangeLabelsRemovedFirstLabelable::Issue(issue)) => Some(issue),
            _ => None,
        };
        // The last mutation that was executed has the newest state.
        let Some(issue) = removed.or(added).or(removed_first) else {
            return Err(gravest(errors).unwrap_or_else(|| missing("issue")));
        };
        let labels = issue.labels.ok_or_else(|| missing("labels"))?.nodes.unwrap_or_default();
        let names = labels.into_iter().flatten().map(|label| storable(label.name));
        Ok(LabelChangeResult {
            labels: self.labels.read_all(names.collect()),
            updated_at: issue.updated_at,
            errors: errors.into_iter().map(|error| error.error).collect(),
        })
    }
}
