//! Repositories, and pages of their issues.

use std::sync::{Arc, OnceLock};

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};

use super::issues::{IssueState, Label, LabelConnection, Ref};
use super::nodes::{
    Issue, IssueConnection, IssueOrder, IssueOrderField, OrderDirection, Page, PageInfo, Repository,
};
use super::pages::{cursor, position, size};
use super::pull_requests::{PullRequest, PullRequestConnection, PullRequestState, state_of};
use super::scalars::DateTime;
use super::{IssueOrPullRequest, or_null, simulator};
use crate::simulator::repository::{self, StateFilter, UpdatePosition};
use crate::simulator::world::{self, Refusal, Slot};

impl Repository {
    fn look<T>(
        &self,
        ctx: &Context<'_>,
        look: impl FnOnce(&repository::Repository) -> T,
    ) -> Result<T> {
        let world = simulator(ctx).world();
        let repository = world.repository(self.slot);
        Ok(look(repository.ok_or_else(|| Refusal::no_node("a deleted repository"))?))
    }
}

#[Object]
impl Repository {
    pub(super) async fn id(&self, ctx: &Context<'_>) -> Result<ID> {
        self.look(ctx, |repository| ID(repository.id.clone()))
    }

    async fn name_with_owner(&self, ctx: &Context<'_>) -> Result<String> {
        self.look(ctx, |repository| repository.full_name.clone())
    }

    async fn is_archived(&self, ctx: &Context<'_>) -> Result<bool> {
        self.look(ctx, |repository| repository.access.is_archived)
    }

    async fn is_disabled(&self, ctx: &Context<'_>) -> Result<bool> {
        self.look(ctx, |repository| repository.access.is_disabled)
    }

    async fn is_locked(&self, ctx: &Context<'_>) -> Result<bool> {
        self.look(ctx, |repository| repository.access.is_locked)
    }

    async fn has_issues_enabled(&self, ctx: &Context<'_>) -> Result<bool> {
        self.look(ctx, |repository| repository.access.has_issues)
    }

    async fn viewer_permission(&self, ctx: &Context<'_>) -> Result<Option<RepositoryPermission>> {
        self.look(ctx, |repository| {
            Some(match repository.access.permission {
                "ADMIN" => RepositoryPermission::Admin,
                "MAINTAIN" => RepositoryPermission::Maintain,
                "TRIAGE" => RepositoryPermission::Triage,
                "READ" => RepositoryPermission::Read,
                _ => RepositoryPermission::Write,
            })
        })
    }

    async fn labels(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<LabelConnection>> {
        let position = after.and_then(|cursor| cursor.parse::<u64>().ok()).unwrap_or_default();
        self.look(ctx, |repository| {
            let mut rest = repository.labels.range(position + 1..);
            let page: Vec<_> = rest.by_ref().take(size(first)).collect();
            let page_info = PageInfo {
                has_next_page: rest.next().is_some(),
                end_cursor: page.last().map(|(key, _)| key.to_string()),
            };
            let labels = page.into_iter().map(|(_, label)| Some(Label(Arc::clone(label))));
            Some(LabelConnection { nodes: Some(labels.collect()), page_info })
        })
    }

    async fn default_branch_ref(&self, ctx: &Context<'_>) -> Result<Option<Ref>> {
        self.look(ctx, |repository| Some(Ref { repository: repository.id.clone() }))
    }

    async fn label(&self, ctx: &Context<'_>, name: String) -> Result<Option<Label>> {
        self.look(ctx, |repository| repository.label_named(&name).cloned().map(Label))
    }

    async fn issue_or_pull_request(
        &self,
        ctx: &Context<'_>,
        number: i32,
    ) -> Result<Option<IssueOrPullRequest>> {
        let number = i64::from(number);
        let found = self.look(ctx, |repository| repository.issues.get(&number).cloned())?;
        let issue = or_null(ctx, found.ok_or_else(|| Refusal::no_issue(number)));
        Ok(issue.map(|issue| match issue.is_pull_request {
            true => {
                let slot = self.slot;
                IssueOrPullRequest::PullRequest(PullRequest { slot, pull_request: issue })
            }
            false => IssueOrPullRequest::Issue(Issue { slot: self.slot, issue }),
        }))
    }

    async fn issues(
        &self,
        states: Option<Vec<IssueState>>,
        filter_by: Option<IssueFilters>,
        order_by: Option<IssueOrder>,
        first: Option<i32>,
        after: Option<String>,
    ) -> IssueConnection {
        let states = states.unwrap_or_default();
        let has = |state| states.is_empty() || states.contains(&state);
        let state = match (has(IssueState::Open), has(IssueState::Closed)) {
            (true, false) => StateFilter::Open,
            (false, true) => StateFilter::Closed,
            _ => StateFilter::All,
        };
        let since = filter_by.and_then(|filter| filter.since).map(|since| since.0);
        let slot = self.slot;
        let page = OnceLock::new();
        IssueConnection { slot, state, since, order_by, first, after, listed: None, page }
    }

    async fn pull_requests(
        &self,
        ctx: &Context<'_>,
        states: Option<Vec<PullRequestState>>,
        order_by: Option<IssueOrder>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<PullRequestConnection> {
        let newest_first =
            IssueOrder { field: IssueOrderField::UpdatedAt, direction: OrderDirection::Desc };
        if order_by != Some(newest_first) {
            let message = "The simulator lists pull requests by update time only, newest first.";
            return Err(Refusal::unprocessable(message).into());
        }
        let mut found = self.look(ctx, repository::Repository::pull_requests)?;
        let states = states.unwrap_or_default();
        found.retain(|one| states.is_empty() || states.contains(&state_of(one)));
        Ok(PullRequestConnection::listing(self.slot, found, (first, after.as_deref())))
    }
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum RepositoryPermission {
    Admin,
    Maintain,
    Write,
    Triage,
    Read,
}

#[derive(InputObject)]
pub(super) struct IssueFilters {
    since: Option<DateTime>,
}

#[Object]
impl IssueConnection {
    async fn total_count(&self, ctx: &Context<'_>) -> i32 {
        if let Some(listed) = &self.listed {
            return i32::try_from(listed.len()).unwrap_or(i32::MAX);
        }
        let world = simulator(ctx).world();
        let repository = world.repository(self.slot);
        let count = repository.map_or(0, |found| found.count(self.state, self.since));
        i32::try_from(count).unwrap_or(i32::MAX)
    }

    async fn nodes(&self, ctx: &Context<'_>) -> Result<Option<Vec<Option<Issue>>>> {
        Ok(Some(self.page(ctx)?.issues.iter().cloned().map(Some).collect()))
    }

    async fn page_info(&self, ctx: &Context<'_>) -> Result<PageInfo> {
        let page = self.page(ctx)?;
        let end =
            page.issues.last().map(|Issue { issue, .. }| cursor((issue.updated_at, issue.number)));
        Ok(PageInfo { has_next_page: page.has_next, end_cursor: end })
    }
}

impl IssueConnection {
    /// Some issues that are not a page of the repository's own issues.
    pub(super) fn listing(slot: Slot, all: Vec<Issue>, first: Option<i32>) -> Self {
        let (state, since, order_by, after) = (StateFilter::All, None, None, None);
        let page = OnceLock::new();
        Self { slot, state, since, order_by, first, after, listed: Some(all), page }
    }

    /// The page, computed once, so that its nodes and its cursor agree.
    fn page(&self, ctx: &Context<'_>) -> Result<&Page> {
        if let Some(page) = self.page.get() {
            return Ok(page);
        }
        let page = self.find(&simulator(ctx).world())?;
        Ok(self.page.get_or_init(|| page))
    }

    fn find(&self, world: &world::World) -> Result<Page, Refusal> {
        if let Some(listed) = &self.listed {
            let issues = listed.iter().take(size(self.first)).cloned().collect();
            return Ok(Page { issues, has_next: listed.len() > size(self.first) });
        }
        let refused = |kind, message: &str| Refusal { kind, message: message.to_owned() };
        let first = self.first.and_then(|first| usize::try_from(first).ok());
        let Some(first) = first.filter(|first| (1..=100).contains(first)) else {
            return Err(refused(
                "EXCESSIVE_PAGINATION",
                "You must provide a `first` or `last` value from 1 to 100 to properly paginate the \
                 `issues` connection.",
            ));
        };
        let Some(IssueOrder { field: IssueOrderField::UpdatedAt, direction }) = self.order_by
        else {
            return Err(refused(
                "UNPROCESSABLE",
                "The simulator lists issues by update time only.",
            ));
        };
        let after = match self.after.as_deref().map(position) {
            None => None,
            Some(Some(position)) => Some(position),
            Some(None) => {
                return Err(refused(
                    "INVALID_CURSOR_ARGUMENTS",
                    "The cursor does not appear to be valid.",
                ));
            }
        };
        let Some(repository) = world.repository(self.slot) else { return Ok(Page::default()) };
        let is_descending = direction == OrderDirection::Desc;
        let positions =
            repository.positions(self.state, self.since, after, is_descending, first + 1);
        let issue = |(_, number): &UpdatePosition| {
            let issue = Arc::clone(repository.issues.get(number)?);
            Some(Issue { slot: self.slot, issue })
        };
        Ok(Page {
            issues: positions.iter().take(first).filter_map(issue).collect(),
            has_next: positions.len() > first,
        })
    }
}
