//! Issues, and their labels, comments and links.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::actors::{Actor, AssigneeConnection, User, UserConnection};
use super::details::{IssueFieldValueConnection, IssueStateReason, IssueType, SubIssuesSummary};
use super::nodes::{Issue, IssueConnection, PageInfo, Repository};
use super::pages::size;
use super::pull_requests::PullRequestConnection;
use super::scalars::{DateTime, Uri};
use super::{full_name, simulator, whole};
use crate::simulator::Account;
use crate::simulator::objects::StateReason;
use crate::simulator::world::{self, Commenter, Slot};

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum IssueState {
    Open,
    Closed,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum CommentAuthorAssociation {
    Collaborator,
    Contributor,
    FirstTimer,
    FirstTimeContributor,
    Mannequin,
    Member,
    None,
    Owner,
}

#[Object]
impl Issue {
    pub(super) async fn id(&self) -> ID {
        ID(self.issue.id.clone())
    }

    async fn number(&self) -> i32 {
        whole(self.issue.number)
    }

    async fn title(&self) -> &str {
        &self.issue.title
    }

    async fn body(&self) -> &str {
        &self.issue.body
    }

    async fn url(&self, ctx: &Context<'_>) -> Uri {
        Uri(page_of(ctx, self.slot, self.issue.number))
    }

    async fn state(&self) -> IssueState {
        if self.issue.closed_at.is_some() { IssueState::Closed } else { IssueState::Open }
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.issue.created_at)
    }

    async fn updated_at(&self) -> DateTime {
        DateTime(self.issue.updated_at)
    }

    async fn closed_at(&self) -> Option<DateTime> {
        self.issue.closed_at.map(DateTime)
    }

    async fn repository(&self) -> Repository {
        Repository { slot: self.slot }
    }

    async fn author(&self, ctx: &Context<'_>) -> Option<Actor> {
        let login = self.issue.author.clone()?;
        Some(Actor::new(simulator(ctx).world().account(&login), login))
    }

    async fn author_association(&self, ctx: &Context<'_>) -> CommentAuthorAssociation {
        association(ctx, self.slot, self.issue.author.as_deref())
    }

    async fn labels(&self, ctx: &Context<'_>, first: Option<i32>) -> Option<LabelConnection> {
        let world = simulator(ctx).world();
        let labels = world.repository(self.slot)?.labels_of(&self.issue);
        // An issue has no more labels than fit on a page.
        let page_info = PageInfo { has_next_page: false, end_cursor: None };
        let labels = labels.into_iter().take(size(first)).map(|label| Some(Label(label)));
        Some(LabelConnection { nodes: Some(labels.collect()), page_info })
    }

    async fn assignees(&self, ctx: &Context<'_>, first: Option<i32>) -> UserConnection {
        let world = simulator(ctx).world();
        let is_person = |login: &&String| world.account(login) == Account::Person;
        let people = self.issue.assignees.iter().filter(is_person).take(size(first)).cloned();
        UserConnection::new(people.map(|login| User { login }))
    }

    async fn assigned_actors(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
    ) -> Option<AssigneeConnection> {
        let world = simulator(ctx).world();
        let assigned = self.issue.assignees.iter().take(size(first)).cloned();
        let actors = assigned.map(|login| Actor::new(world.account(&login), login));
        Some(AssigneeConnection::new(actors.filter_map(Actor::into_assignee)))
    }

    async fn comments(&self, ctx: &Context<'_>, last: Option<i32>) -> IssueCommentConnection {
        let page = page_of(ctx, self.slot, self.issue.number);
        let posted = &self.issue.posted;
        let newest = &posted[posted.len().saturating_sub(size(last))..];
        let comment = |comment: &world::Comment| {
            Some(IssueComment { slot: self.slot, comment: comment.clone(), page: page.clone() })
        };
        IssueCommentConnection {
            total_count: whole(self.issue.comments.into()),
            nodes: Some(newest.iter().map(comment).collect()),
        }
    }

    async fn blocked_by(&self, ctx: &Context<'_>, first: Option<i32>) -> Option<IssueConnection> {
        let world = simulator(ctx).world();
        let issue = |(slot, number): &(Slot, i64)| {
            let found = world.repository(*slot)?.issues.get(number)?;
            Some(Issue { slot: *slot, issue: Arc::clone(found) })
        };
        let found = self.issue.blocked_by.iter().filter_map(issue).collect();
        Some(IssueConnection::listing(self.slot, found, first))
    }

    async fn closed_by_pull_requests_references(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
    ) -> Option<PullRequestConnection> {
        let world = simulator(ctx).world();
        let found = world.repository(self.slot)?.closers_of(self.issue.number);
        Some(PullRequestConnection::listing(self.slot, found, (first, None)))
    }

    async fn state_reason(
        &self,
        #[graphql(default)] enable_duplicate: Option<bool>,
    ) -> Option<IssueStateReason> {
        match self.issue.details.state_reason? {
            // What GitHub returns to clients that do not know duplicates.
            StateReason::Duplicate if enable_duplicate != Some(true) => {
                Some(IssueStateReason::NotPlanned)
            }
            reason => Some(reason.into()),
        }
    }

    async fn issue_type(&self) -> Option<IssueType> {
        self.issue.details.issue_type.clone().map(IssueType::new)
    }

    async fn parent(&self, ctx: &Context<'_>) -> Option<Issue> {
        Self::at(ctx, self.issue.details.parent?)
    }

    async fn duplicate_of(&self, ctx: &Context<'_>) -> Option<Issue> {
        Self::at(ctx, self.issue.details.duplicate_of?)
    }

    async fn sub_issues_summary(&self, ctx: &Context<'_>) -> SubIssuesSummary {
        let world = simulator(ctx).world();
        let find = |(slot, number): &(Slot, i64)| world.repository(*slot)?.issues.get(number);
        let sub_issues: Vec<_> = self.issue.details.sub_issues.iter().filter_map(find).collect();
        let completed = sub_issues.iter().filter(|issue| issue.closed_at.is_some()).count();
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        SubIssuesSummary { total: count(sub_issues.len()), completed: count(completed) }
    }

    async fn issue_field_values(&self, first: Option<i32>) -> Option<IssueFieldValueConnection> {
        Some(IssueFieldValueConnection::new(&self.issue.details.fields, size(first)))
    }

    pub(super) async fn viewer_can_label(&self) -> bool {
        true
    }
}

impl Issue {
    /// The issue at a place, unless it was deleted.
    fn at(ctx: &Context<'_>, (slot, number): (Slot, i64)) -> Option<Self> {
        let world = simulator(ctx).world();
        let issue = Arc::clone(world.repository(slot)?.issues.get(&number)?);
        Some(Self { slot, issue })
    }
}

/// The page of an issue. The host is reserved for examples: no link of the demo may lead to a real
/// site.
pub(super) fn page_of(ctx: &Context<'_>, slot: Slot, number: i64) -> String {
    let repository = full_name(&simulator(ctx).world(), slot);
    format!("https://github.example/{repository}/issues/{number}")
}

/// How an account is associated with a repository.
fn association(ctx: &Context<'_>, slot: Slot, login: Option<&str>) -> CommentAuthorAssociation {
    let Some(login) = login else { return CommentAuthorAssociation::None };
    let world = simulator(ctx).world();
    if full_name(&world, slot).split('/').next() == Some(login) {
        return CommentAuthorAssociation::Owner;
    }
    match world.account(login) {
        Account::Mannequin => CommentAuthorAssociation::Mannequin,
        Account::EnterpriseUser => CommentAuthorAssociation::Member,
        Account::Person => CommentAuthorAssociation::Contributor,
        Account::Bot | Account::Organization => CommentAuthorAssociation::None,
    }
}

/// The login of the token's owner.
const VIEWER: &str = "dispatch-robot";

/// A comment whose text is known.
pub(super) struct IssueComment {
    pub slot: Slot,
    pub comment: world::Comment,
    /// The page of its issue.
    pub page: String,
}

impl IssueComment {
    fn login(&self) -> Option<&str> {
        match &self.comment.author {
            Commenter::Viewer => Some(VIEWER),
            Commenter::Somebody(login) => Some(login),
            Commenter::Ghost => None,
        }
    }
}

#[Object]
impl IssueComment {
    pub(super) async fn id(&self) -> ID {
        ID(self.comment.id.clone())
    }

    async fn body(&self) -> &str {
        &self.comment.body
    }

    async fn url(&self) -> Uri {
        Uri(format!("{}#issuecomment-{}", self.page, self.comment.id))
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.comment.created_at)
    }

    async fn updated_at(&self) -> DateTime {
        DateTime(self.comment.updated_at)
    }

    async fn is_minimized(&self) -> bool {
        self.comment.is_minimized
    }

    async fn author(&self, ctx: &Context<'_>) -> Option<Actor> {
        let login = self.login()?.to_owned();
        Some(Actor::new(simulator(ctx).world().account(&login), login))
    }

    async fn author_association(&self, ctx: &Context<'_>) -> CommentAuthorAssociation {
        association(ctx, self.slot, self.login())
    }

    async fn viewer_did_author(&self) -> bool {
        self.comment.author == Commenter::Viewer
    }
}

pub(super) struct Label(pub Arc<world::Label>);

#[Object]
impl Label {
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.clone())
    }

    async fn name(&self) -> &str {
        &self.0.name
    }
}

/// What can be labelled beside issues and pull requests. The simulator has none.
pub(super) struct Discussion;

#[Object]
impl Discussion {
    pub(super) async fn id(&self) -> ID {
        ID("D_1".to_owned())
    }

    pub(super) async fn viewer_can_label(&self) -> bool {
        true
    }
}

pub(super) struct Ref {
    pub repository: String,
}

#[Object]
impl Ref {
    pub(super) async fn id(&self) -> ID {
        ID(format!("REF_{}", self.repository))
    }

    async fn name(&self) -> &'static str {
        "main"
    }
}

#[derive(SimpleObject)]
pub(super) struct LabelConnection {
    pub nodes: Option<Vec<Option<Label>>>,
    pub page_info: PageInfo,
}

#[derive(SimpleObject)]
pub(super) struct IssueCommentConnection {
    total_count: i32,
    nodes: Option<Vec<Option<IssueComment>>>,
}
