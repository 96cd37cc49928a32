//! The objects that refer to each other: an issue is in a repository, which has issues. Their fields
//! are resolved in `issues` and `repositories`.

use std::sync::{Arc, OnceLock};

use async_graphql::{Enum, InputObject, SimpleObject};
use chrono::Utc;

use crate::simulator::repository::StateFilter;
use crate::simulator::world::{self, Slot};

pub(super) struct Repository {
    pub slot: Slot,
}

#[derive(Clone)]
pub(super) struct Issue {
    pub slot: Slot,
    pub issue: Arc<world::Issue>,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum IssueOrderField {
    CreatedAt,
    UpdatedAt,
    Comments,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderDirection {
    Asc,
    Desc,
}

#[derive(InputObject, PartialEq, Eq)]
pub(super) struct IssueOrder {
    pub(super) field: IssueOrderField,
    pub(super) direction: OrderDirection,
}

pub(super) struct IssueConnection {
    pub(super) slot: Slot,
    pub(super) state: StateFilter,
    pub(super) since: Option<chrono::DateTime<Utc>>,
    pub(super) order_by: Option<IssueOrder>,
    pub(super) first: Option<i32>,
    pub(super) after: Option<String>,
    /// All of it, where it is no page of the repository's own issues.
    pub(super) listed: Option<Vec<Issue>>,
    pub(super) page: OnceLock<Page>,
}

#[derive(Clone, Default)]
pub(super) struct Page {
    pub(super) issues: Vec<Issue>,
    pub(super) has_next: bool,
}

#[derive(SimpleObject)]
pub(super) struct PageInfo {
    pub has_next_page: bool,
    pub end_cursor: Option<String>,
}
