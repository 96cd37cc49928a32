//! Filters of issues, evaluated on the facts of one issue.
//!
//! `store::board::issues` evaluates the same filter in SQL for many rows; a test holds the two
//! equal.

use super::events::IssueFacts;
use super::label_names::{has_prefix, key};
use super::status::{IssueState, Priority, Status};
use super::timestamp::Timestamp;

/// A filter for issues. Every given member must match; the values within a member are alternatives.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, async_graphql::InputObject)]
pub struct IssueFilter {
    /// Full names of repositories, such as `octo-org/hello-world`; case-insensitive.
    pub repositories: Option<Vec<String>>,
    /// Priorities, compared with the most urgent priority label of the issue.
    pub priorities: Option<Vec<Priority>>,
    /// Columns.
    pub statuses: Option<Vec<Status>>,
    /// Agent names, with or without the `agent/` prefix.
    pub agents: Option<Vec<String>>,
    /// Owner names, with or without the `owner/` prefix.
    pub owners: Option<Vec<String>>,
    /// Project names, with or without the `project/` prefix.
    pub projects: Option<Vec<String>>,
    /// Label names; case-insensitive.
    pub labels: Option<Vec<String>>,
    /// Lanes.
    pub lanes: Option<Vec<String>>,
    /// Words to search for in title, body and number.
    pub search: Option<String>,
    /// Only issues that were last updated on GitHub before this time.
    pub updated_before: Option<Timestamp>,
    /// Whether to include issues that were closed too long ago to be shown in Done.
    pub include_closed: Option<bool>,
}

/// A filter in the form that SQL and [`NormalizedFilter::matches`] read: names in lower case,
/// prefixes added, empty members treated as absent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct NormalizedFilter {
    /// Lower-case full names.
    pub repositories: Option<Vec<String>>,
    /// Columns.
    pub statuses: Option<Vec<Status>>,
    /// Priorities.
    pub priorities: Option<Vec<Priority>>,
    /// Groups of label names in lower case; an issue must carry one of each group.
    pub label_groups: Vec<Vec<String>>,
    /// Lanes.
    pub lanes: Option<Vec<String>>,
    /// Words to search for, in any order; `None` if blank.
    pub search: Option<String>,
    /// The issue must not have been updated at or after this time.
    pub updated_before: Option<Timestamp>,
    /// Whether to include issues that were closed before the done window.
    pub include_closed: bool,
    /// Labels that hide an issue, in lower case; from the settings.
    pub excluded_labels: Vec<String>,
}

impl IssueFilter {
    /// Normalizes the filter. `excluded_labels` come from the settings.
    pub fn normalize(self, excluded_labels: &[String]) -> NormalizedFilter {
        let prefixed = |names: Option<Vec<String>>, prefix: &str| {
            given(names).map(|names| {
                let full = |name: String| {
                    if has_prefix(&name, prefix) { name } else { format!("{prefix}{name}") }
                };
                names.into_iter().map(|name| key(&full(name))).collect::<Vec<_>>()
            })
        };
        let label_groups = [
            prefixed(self.agents, "agent/"),
            prefixed(self.owners, "owner/"),
            prefixed(self.projects, "project/"),
            prefixed(self.labels, ""),
        ];
        NormalizedFilter {
            repositories: given(self.repositories)
                .map(|names| names.iter().map(|name| name.to_lowercase()).collect()),
            statuses: given(self.statuses),
            priorities: given(self.priorities),
            label_groups: label_groups.into_iter().flatten().collect(),
            lanes: given(self.lanes),
            search: self.search.filter(|words| !words.trim().is_empty()),
            updated_before: self.updated_before,
            include_closed: self.include_closed.unwrap_or(false),
            excluded_labels: excluded_labels.iter().map(|label| key(label)).collect(),
        }
    }
}

impl NormalizedFilter {
    /// Whether an issue with these facts matches, as far as facts can decide.
    /// [`NormalizedFilter::search`] is not checked, because only the database searches title and
    /// body. Neither is [`NormalizedFilter::updated_before`], which needs the current issue.
    pub fn matches(&self, facts: &IssueFacts) -> bool {
        let one_of = |wanted: &Option<Vec<String>>, value: Option<&str>| {
            wanted.as_ref().is_none_or(|any| {
                value.is_some_and(|value| any.iter().any(|wanted| wanted == value))
            })
        };
        (self.include_closed || facts.on_board)
            && one_of(&self.repositories, Some(&facts.repository.to_lowercase()))
            && one_of(&self.lanes, facts.lane.as_deref())
            && self.statuses.as_ref().is_none_or(|any| any.contains(&facts.status))
            && self.priorities.as_ref().is_none_or(|any| {
                let priority = facts.labels.priority().or(facts.priority_field);
                priority.is_some_and(|priority| any.contains(&priority))
            })
            && self.label_groups.iter().all(|any| any.iter().any(|l| facts.labels.contains(l)))
            && !self.excluded_labels.iter().any(|label| facts.labels.contains(label))
    }

    /// Whether the filter has nothing but repositories, so that the maintained counts can be used.
    pub fn is_by_repository_only(&self) -> bool {
        let Self {
            repositories: _,
            statuses,
            priorities,
            label_groups,
            lanes,
            search,
            updated_before,
            include_closed,
            excluded_labels,
        } = self;
        statuses.is_none()
            && priorities.is_none()
            && label_groups.is_empty()
            && lanes.is_none()
            && search.is_none()
            && updated_before.is_none()
            && !include_closed
            && excluded_labels.is_empty()
    }
}

/// A member without values does not filter.
fn given<T>(values: Option<Vec<T>>) -> Option<Vec<T>> {
    values.filter(|values| !values.is_empty())
}

/// Whether an issue is shown on the board: open, or closed after `window_start`.
pub fn is_on_board(
    state: IssueState,
    closed_at: Option<chrono::DateTime<chrono::Utc>>,
    window_start: chrono::DateTime<chrono::Utc>,
) -> bool {
    match state {
        IssueState::Open => true,
        IssueState::Closed => closed_at.is_some_and(|at| at >= window_start),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;
    use crate::domain::ids::RepositoryId;
    use crate::domain::labels::LabelSet;

    fn facts() -> IssueFacts {
        IssueFacts {
            repository_id: RepositoryId(1),
            repository: "Acme/Tools".to_owned(),
            number: 7,
            state: IssueState::Open,
            closed_at: None,
            status: Status::Ready,
            labels: LabelSet::from(["status/ready", "agent/alpha", "owner/sam", "priority/p1"]),
            priority_field: None,
            lane: Some("default".to_owned()),
            title: "Teach the importer about gzip".to_owned(),
            on_board: true,
            body_changed: false,
        }
    }

    fn matches(filter: IssueFilter) -> bool {
        filter.normalize(&[]).matches(&facts())
    }

    #[test]
    fn values_of_one_member_are_alternatives_and_members_combine() {
        let agents = |names: [&str; 2]| Some(names.map(str::to_owned).into());
        assert!(matches(IssueFilter::default()));
        assert!(matches(IssueFilter { agents: agents(["beta", "alpha"]), ..Default::default() }));
        assert!(matches(IssueFilter {
            agents: agents(["agent/alpha", "gamma"]),
            ..Default::default()
        }));
        assert!(!matches(IssueFilter {
            agents: agents(["alpha", "beta"]),
            owners: Some(vec!["kim".into()]),
            ..Default::default()
        }));
    }

    #[test]
    fn names_are_compared_without_case() {
        let one = |name: &str| Some(vec![name.to_owned()]);
        for filter in [
            IssueFilter { repositories: one("ACME/tools"), ..Default::default() },
            IssueFilter { labels: one("Agent/Alpha"), ..Default::default() },
            IssueFilter { agents: one("ALPHA"), ..Default::default() },
            IssueFilter { agents: one("AGENT/alpha"), ..Default::default() },
            IssueFilter { owners: one("Sam"), ..Default::default() },
        ] {
            assert!(matches(filter.clone()), "{filter:?}");
        }
        assert!(!IssueFilter::default().normalize(&["OWNER/sam".into()]).matches(&facts()));
    }

    #[test]
    fn an_empty_member_asks_for_nothing() {
        assert!(matches(IssueFilter {
            agents: Some(vec![]),
            search: Some("  ".into()),
            ..Default::default()
        }));
    }

    #[test]
    fn what_left_the_done_window_needs_include_closed() {
        let old = IssueFacts { on_board: false, ..facts() };
        let all = IssueFilter { include_closed: Some(true), ..Default::default() };
        assert!(!IssueFilter::default().normalize(&[]).matches(&old));
        assert!(all.normalize(&[]).matches(&old));
    }

    #[test]
    fn excluded_labels_hide() {
        let filter = IssueFilter::default().normalize(&["owner/sam".to_owned()]);
        assert!(!filter.matches(&facts()));
        assert!(!filter.is_by_repository_only());
    }

    #[test]
    fn the_window_asks_when_an_issue_was_closed() {
        let start: DateTime<Utc> = "2026-05-18T00:00:00Z".parse().expect("a valid time");
        assert!(is_on_board(IssueState::Open, None, start));
        assert!(is_on_board(IssueState::Closed, Some(start), start));
        assert!(!is_on_board(IssueState::Closed, Some(start - TimeDelta::seconds(1)), start));
        assert!(!is_on_board(IssueState::Closed, None, start));
    }
}
