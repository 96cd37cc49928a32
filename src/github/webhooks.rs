//! Reads the payloads of webhooks.
//!
//! Only what is used is read, so what GitHub adds later is no error. Texts can be stored, as all texts
//! of this module.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::actions_json;
use super::details::{SubIssuesNode, TypeNode};
use super::error::Error;
use super::issues::Issue;
use super::text::{mended, presentable, storable};
use crate::domain::automation::facts::{
    CheckFacts, CommitFacts, DeploymentFacts, JobFacts, PackageFacts, PullRequestFacts,
    ReleaseFacts, RunFacts,
};
use crate::domain::details::{Assignee, AssigneeKind, StateReason};
use crate::domain::{AuthorAssociation, FullName, IssueDetails, IssueState};

/// What a payload is about, as far as it says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The action of the event.
    pub action: Option<String>,
    /// The repository, in GitHub's spelling.
    pub repository: Option<FullName>,
    /// GitHub's id of the repository.
    pub repository_node_id: Option<String>,
    /// The number of the issue or pull request.
    pub number: Option<i32>,
}

/// The longest action that is stored, in characters.
const LONGEST_ACTION: usize = 100;

impl Envelope {
    /// Reads what a payload is about. Members of unexpected types count as absent: the event is refused
    /// when it is processed, if it needs them.
    ///
    /// # Errors
    ///
    /// When the payload is not a JSON object.
    pub fn read(payload: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Members<'a> {
            #[serde(borrow)]
            action: Option<&'a RawValue>,
            #[serde(borrow)]
            repository: Option<&'a RawValue>,
            #[serde(borrow)]
            issue: Option<&'a RawValue>,
            #[serde(borrow)]
            pull_request: Option<&'a RawValue>,
            #[serde(borrow)]
            blocked_issue: Option<&'a RawValue>,
        }
        let repaired;
        let members: Members<'_> = match serde_json::from_slice(payload) {
            Ok(members) => members,
            Err(error) => {
                repaired = mended(payload).ok_or_else(|| unreadable(&error))?;
                serde_json::from_slice(&repaired).map_err(|error| unreadable(&error))?
            }
        };
        let text = |value: Option<&RawValue>| {
            value.and_then(|value| serde_json::from_str::<String>(value.get()).ok())
        };
        let member = |of: Option<&RawValue>, name: &str| {
            let of: Lenient<'_> = serde_json::from_str(of?.get()).ok()?;
            match name {
                "full_name" => text(of.full_name),
                "node_id" => text(of.node_id),
                _ => of.number.map(|number| number.get().to_owned()),
            }
        };
        let numbered = [members.issue, members.pull_request, members.blocked_issue];
        let number = numbered.into_iter().find_map(|of| member(of, "number")?.parse().ok());
        Ok(Self {
            action: text(members.action)
                .map(|action| storable(action).chars().take(LONGEST_ACTION).collect()),
            repository: member(members.repository, "full_name").and_then(|name| name.parse().ok()),
            repository_node_id: member(members.repository, "node_id").map(storable),
            number,
        })
    }
}

/// Members of a repository or an issue, of any type.
#[derive(Deserialize)]
struct Lenient<'a> {
    #[serde(borrow)]
    full_name: Option<&'a RawValue>,
    #[serde(borrow)]
    node_id: Option<&'a RawValue>,
    #[serde(borrow)]
    number: Option<&'a RawValue>,
}

/// Reads a payload; invalid characters are replaced.
fn read<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Error> {
    match serde_json::from_slice(payload) {
        Ok(members) => Ok(members),
        Err(error) => {
            let payload = mended(payload).ok_or_else(|| unreadable(&error))?;
            serde_json::from_slice(&payload).map_err(|error| unreadable(&error))
        }
    }
}

fn unreadable(error: &serde_json::Error) -> Error {
    Error::Unintelligible { reason: presentable(&error.to_string(), "") }
}

/// An issue in a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssueSnapshot {
    /// The issue as it was when the event happened. Its labels have the repository's own names, and its
    /// links are not included.
    Whole(Box<Issue>),
    /// A payload without some member that an issue has. It must be read from GitHub.
    Partial {
        /// The number of the issue.
        number: i32,
    },
    /// Not an issue but a pull request.
    PullRequest,
}

/// Reads the issue of an event about an issue or a comment.
///
/// # Errors
///
/// When there is no issue, or one of its members has an unexpected type.
pub fn issue(payload: &[u8], repository: &FullName) -> Result<IssueSnapshot, Error> {
    #[derive(Deserialize)]
    struct Members {
        issue: IssueMembers,
    }
    let Members { issue } = read(payload)?;
    if issue.number < 1 {
        return Err(Error::Unintelligible { reason: "no issue has such a number".into() });
    }
    Ok(issue.into_snapshot(repository))
}

/// A label that was added to an issue, or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelChange {
    /// The label.
    pub label: String,
    /// The labels that the issue has now.
    pub labels: Vec<String>,
}

/// Reads which label was added to an issue, or removed.
///
/// # Errors
///
/// When a member is missing or has an unexpected type.
pub fn label_change(payload: &[u8]) -> Result<LabelChange, Error> {
    #[derive(Deserialize)]
    struct Labelled {
        labels: Vec<Option<LabelMember>>,
    }
    #[derive(Deserialize)]
    struct Members {
        label: LabelMember,
        issue: Labelled,
    }
    let Members { label, issue } = read(payload)?;
    let labels = issue.labels.into_iter().flatten().filter_map(LabelMember::into_name);
    Ok(LabelChange {
        label: storable(label.into_name().unwrap_or_default()),
        labels: labels.map(storable).collect(),
    })
}

/// Reads the number of the issue that is blocked, of an event about dependencies; and its repository,
/// unless it is that of the event.
///
/// # Errors
///
/// When there is no such issue.
pub fn blocked_issue(payload: &[u8]) -> Result<(i32, Option<FullName>), Error> {
    #[derive(Deserialize)]
    struct Numbered {
        number: i32,
    }
    #[derive(Deserialize)]
    struct Named {
        full_name: Option<String>,
    }
    #[derive(Deserialize)]
    struct Members {
        blocked_issue: Numbered,
        blocked_issue_repo: Option<Named>,
    }
    let Members { blocked_issue, blocked_issue_repo } = read(payload)?;
    let repository = blocked_issue_repo.and_then(|of| of.full_name?.parse().ok());
    Ok((blocked_issue.number, repository))
}

/// The number of the issue in a member of a payload, such as `sub_issue`.
///
/// # Errors
///
/// When there is no such issue.
pub fn number_of(payload: &[u8], member: &str) -> Result<i32, Error> {
    let payload: serde_json::Value = read(payload)?;
    let number = payload[member]["number"].as_i64().and_then(|number| number.try_into().ok());
    number.ok_or_else(|| Error::Unintelligible { reason: format!("no number of `{member}`") })
}

/// An event of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelEvent {
    /// GitHub's id of the label.
    pub node_id: String,
    /// Its name; of a deleted label, its last one.
    pub name: String,
    /// Its former name, if it was renamed.
    pub former_name: Option<String>,
}

/// Reads an event of a label.
///
/// # Errors
///
/// When a member is missing or has an unexpected type.
pub fn label(payload: &[u8]) -> Result<LabelEvent, Error> {
    #[derive(Deserialize)]
    struct Label {
        node_id: String,
        name: String,
    }
    #[derive(Deserialize)]
    struct Changes {
        name: Option<Former>,
    }
    #[derive(Deserialize)]
    struct Members {
        label: Label,
        changes: Option<Changes>,
    }
    let Members { label, changes } = read(payload)?;
    Ok(LabelEvent {
        node_id: storable(label.node_id),
        name: storable(label.name),
        former_name: changes.and_then(|changes| changes.name?.from).map(storable),
    })
}

/// A former value of a text.
#[derive(Deserialize)]
struct Former {
    from: Option<String>,
}

/// Reads the former name of a repository that was renamed, or transferred to another owner. None if the
/// payload does not contain it.
///
/// # Errors
///
/// When a member has an unexpected type.
pub fn former_name(payload: &[u8], name: &FullName) -> Result<Option<FullName>, Error> {
    #[derive(Deserialize)]
    struct Account {
        login: Option<String>,
    }
    #[derive(Deserialize)]
    struct Accounts {
        user: Option<Account>,
        organization: Option<Account>,
    }
    #[derive(Deserialize)]
    struct Owner {
        from: Option<Accounts>,
    }
    #[derive(Deserialize)]
    struct Repository {
        name: Option<Former>,
    }
    #[derive(Deserialize)]
    struct Changes {
        repository: Option<Repository>,
        owner: Option<Owner>,
    }
    #[derive(Deserialize)]
    struct Members {
        changes: Option<Changes>,
    }
    let members: Members = read(payload)?;
    let Some(Changes { repository, owner }) = members.changes else { return Ok(None) };
    let former = repository.and_then(|of| of.name?.from);
    let accounts = owner.and_then(|owner| owner.from);
    let account = accounts.and_then(|of| of.user.or(of.organization)?.login);
    if former.is_none() && account.is_none() {
        return Ok(None);
    }
    let owner = account.as_deref().unwrap_or(name.owner());
    Ok(format!("{owner}/{}", former.as_deref().unwrap_or(name.name())).parse().ok())
}

#[derive(Deserialize)]
struct IssueMembers {
    node_id: Option<String>,
    number: i32,
    title: Option<String>,
    body: Option<String>,
    html_url: Option<String>,
    state: Option<String>,
    labels: Option<Vec<Option<LabelMember>>>,
    assignees: Option<Vec<Option<User>>>,
    user: Option<User>,
    author_association: Option<String>,
    comments: Option<i64>,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    pull_request: Option<serde::de::IgnoredAny>,
    state_reason: Option<String>,
    #[serde(rename = "type", default, deserialize_with = "tolerant")]
    issue_type: Option<TypeNode>,
    #[serde(default, deserialize_with = "tolerant")]
    sub_issues_summary: Option<SubIssuesNode>,
}

/// Reads a member; none when it has another form.
fn tolerant<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum LabelMember {
    Name(String),
    Label { name: Option<String> },
}

impl LabelMember {
    fn into_name(self) -> Option<String> {
        match self {
            Self::Name(name) => Some(name),
            Self::Label { name } => name,
        }
    }
}

#[derive(Deserialize)]
struct User {
    login: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl User {
    fn assignee(self) -> Option<Assignee> {
        let kind = AssigneeKind::from_github(self.kind.as_deref().unwrap_or_default());
        self.shown().map(|login| Assignee { login, kind })
    }

    /// The login as GraphQL returns it: without the suffix of bots, none for a deleted account.
    fn shown(self) -> Option<String> {
        let login = storable(self.login?);
        match (login.strip_suffix("[bot]"), self.kind.as_deref()) {
            (Some(bot), Some("Bot")) => Some(bot.to_owned()),
            _ if login == "ghost" => None,
            _ => Some(login),
        }
    }
}

impl IssueMembers {
    fn into_snapshot(self, repository: &FullName) -> IssueSnapshot {
        if self.pull_request.is_some() {
            return IssueSnapshot::PullRequest;
        }
        let number = self.number;
        match self.into_issue(repository) {
            Some(issue) => IssueSnapshot::Whole(Box::new(issue)),
            None => IssueSnapshot::Partial { number },
        }
    }

    fn into_issue(self, repository: &FullName) -> Option<Issue> {
        let state = match self.state.as_deref()? {
            "open" => IssueState::Open,
            "closed" => IssueState::Closed,
            _ => return None,
        };
        let labels = self.labels?.into_iter().flatten().filter_map(LabelMember::into_name);
        let assignees = self.assignees?.into_iter().flatten().filter_map(User::assignee);
        let assignees: Vec<Assignee> = assignees.collect();
        Some(Issue {
            node_id: storable(self.node_id?),
            repository_full_name: repository.clone(),
            number: self.number,
            title: storable(self.title?),
            body: self.body.map(storable).filter(|body| !body.is_empty()),
            url: storable(self.html_url?),
            state,
            labels: labels.map(storable).collect(),
            assignees: assignees.iter().map(|one| one.login.clone()).collect(),
            author: self.user.and_then(User::shown),
            author_association: self
                .author_association
                .and_then(|word| AuthorAssociation::from_github(&word)),
            comments_count: u32::try_from(self.comments?).unwrap_or_default(),
            blockers_count: None,
            pull_requests_count: None,
            created_at: self.created_at?,
            updated_at: self.updated_at?,
            closed_at: self.closed_at.filter(|_| state == IssueState::Closed),
            details: IssueDetails {
                issue_type: self.issue_type.and_then(TypeNode::read),
                state_reason: self.state_reason.and_then(|word| StateReason::from_github(&word)),
                sub_issues: self.sub_issues_summary.and_then(SubIssuesNode::read),
                assignees,
                ..IssueDetails::default()
            },
            has_all_details: false,
        })
    }
}
/// The newest commit that was pushed to a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedCommit {
    /// The branch.
    pub branch: String,
    /// The commit.
    pub commit: CommitFacts,
}

/// An object of a payload; none when a member of it is missing that is needed.
fn object<T>(
    payload: &[u8],
    member: &str,
    read_object: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, Error> {
    let payload: Value = read(payload)?;
    match payload.get(member) {
        Some(object) if object.is_object() => Ok(read_object(object)),
        _ => Err(Error::Unintelligible { reason: format!("it has no {member}") }),
    }
}

/// The run of an event; none when a member of it is missing that is needed. This holds for all functions
/// below.
///
/// # Errors
///
/// When there is no such object. This holds for all functions below, too.
pub fn workflow_run(payload: &[u8]) -> Result<Option<RunFacts>, Error> {
    object(payload, "workflow_run", actions_json::run)
}

/// The job of an event.
pub fn workflow_job(payload: &[u8]) -> Result<Option<JobFacts>, Error> {
    object(payload, "workflow_job", actions_json::job)
}

/// The check of an event.
pub fn check_run(payload: &[u8]) -> Result<Option<CheckFacts>, Error> {
    object(payload, "check_run", actions_json::check)
}

/// The commit of an event about a suite of checks, or about a status of a commit.
pub fn checked_commit(payload: &[u8]) -> Result<Option<String>, Error> {
    let payload: Value = read(payload)?;
    let suite = payload.get("check_suite").and_then(|suite| actions_json::text(suite, "head_sha"));
    Ok(suite.or_else(|| actions_json::text(&payload, "sha")))
}

/// The release of an event.
pub fn release(payload: &[u8]) -> Result<Option<ReleaseFacts>, Error> {
    object(payload, "release", actions_json::release)
}

/// The deployment of an event, with its status if it has one.
pub fn deployment(payload: &[u8]) -> Result<Option<DeploymentFacts>, Error> {
    let whole: Value = read(payload)?;
    let run = whole.get("workflow_run").filter(|run| run.is_object());
    let status = whole.get("deployment_status").filter(|status| status.is_object());
    object(payload, "deployment", |deployment| match status {
        Some(status) => actions_json::deployment_with_status(deployment, status, run),
        None => actions_json::deployment(deployment),
    })
}

/// The package of an event, with its newest version.
pub fn package(payload: &[u8]) -> Result<Option<PackageFacts>, Error> {
    object(payload, "registry_package", actions_json::registry_package)
}

/// The pull request of an event.
pub fn pull_request(payload: &[u8]) -> Result<Option<PullRequestFacts>, Error> {
    object(payload, "pull_request", actions_json::pull_request)
}

/// The newest commit of a push to a branch; none for a tag, and for a branch that was deleted.
pub fn pushed_commit(payload: &[u8]) -> Result<Option<PushedCommit>, Error> {
    let payload: Value = read(payload)?;
    let branch = payload["ref"].as_str().and_then(|name| name.strip_prefix("refs/heads/"));
    let commit = payload.get("head_commit").and_then(actions_json::pushed_commit);
    Ok(branch
        .zip(commit)
        .map(|(branch, commit)| PushedCommit { branch: storable(branch.to_owned()), commit }))
}
