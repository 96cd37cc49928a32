//! One simulated repository: its labels, its issues and pull requests, and the order of pages.
//!
//! Invariant: the indexes by update time have every issue, and no pull request, exactly once; so
//! the cost of a page is logarithmic in the size of the repository, plus its own length.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::objects::{Issue, Label, LabelKey, Refusal};

/// A repository with its contents.
#[derive(Debug)]
pub(super) struct Repository {
    pub id: String,
    pub full_name: String,
    pub labels: BTreeMap<LabelKey, Arc<Label>>,
    pub label_names: HashMap<String, LabelKey>,
    pub issues: BTreeMap<i64, Arc<Issue>>,
    by_update: ByUpdate,
    pub last_number: i64,
    pub access: Access,
}

/// What the token's owner may do in a repository.
#[derive(Debug, Clone)]
pub struct Access {
    /// Whether it is archived: nothing can be changed.
    pub is_archived: bool,
    /// Whether GitHub has disabled it.
    pub is_disabled: bool,
    /// Whether it is locked.
    pub is_locked: bool,
    /// Whether it has issues.
    pub has_issues: bool,
    /// The token's permission: `ADMIN`, `MAINTAIN`, `WRITE`, `TRIAGE`, `READ`.
    pub permission: &'static str,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            is_archived: false,
            is_disabled: false,
            is_locked: false,
            has_issues: true,
            permission: "WRITE",
        }
    }
}

impl Access {
    /// Whether labels and comments may be changed through the API.
    ///
    /// # Errors
    ///
    /// GitHub's refusal.
    pub(super) fn check_write(&self) -> Result<(), Refusal> {
        let refused =
            |message: &str| Err(Refusal { kind: "FORBIDDEN", message: message.to_owned() });
        if self.is_archived {
            return refused("Repository was archived so is read-only.");
        }
        if self.is_disabled || self.is_locked {
            return refused("Repository access blocked");
        }
        if !self.has_issues {
            return refused("Issues are disabled for this repo");
        }
        if self.permission == "READ" {
            return refused("Resource not accessible by personal access token");
        }
        Ok(())
    }

    /// Whether labels may be created through the API.
    ///
    /// # Errors
    ///
    /// GitHub's refusal.
    pub(super) fn check_create_label(&self) -> Result<(), Refusal> {
        self.check_write()?;
        if self.permission == "TRIAGE" {
            let message = "dispatch does not have the correct permissions to execute `CreateLabel`";
            return Err(Refusal { kind: "FORBIDDEN", message: message.to_owned() });
        }
        Ok(())
    }
}

/// Update time and number, the key of GitHub's cursors.
pub(super) type UpdatePosition = (DateTime<Utc>, i64);

#[derive(Debug, Default)]
struct ByUpdate {
    all: BTreeSet<UpdatePosition>,
    open: BTreeSet<UpdatePosition>,
    closed: BTreeSet<UpdatePosition>,
}

/// The issues that a page may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateFilter {
    All,
    Open,
    Closed,
}

impl Repository {
    pub(super) fn new(id: String, full_name: String) -> Self {
        Self {
            id,
            full_name,
            labels: BTreeMap::new(),
            label_names: HashMap::new(),
            issues: BTreeMap::new(),
            by_update: ByUpdate::default(),
            last_number: 0,
            access: Access::default(),
        }
    }

    pub(super) fn label_named(&self, name: &str) -> Option<&Arc<Label>> {
        self.labels.get(self.label_names.get(&name.to_lowercase())?)
    }

    pub(super) fn labels_of(&self, issue: &Issue) -> Vec<Arc<Label>> {
        issue.labels.iter().filter_map(|key| self.labels.get(key).cloned()).collect()
    }

    /// The issue with this number; an error for a pull request.
    pub(super) fn issue(&self, number: i64) -> Result<&Arc<Issue>, Refusal> {
        let found = self.issues.get(&number).filter(|issue| !issue.is_pull_request);
        found.ok_or_else(|| Refusal::no_issue(number))
    }

    /// All pull requests, last updated first.
    pub(super) fn pull_requests(&self) -> Vec<Arc<Issue>> {
        let found = self.issues.values().filter(|issue| issue.is_pull_request);
        let mut found: Vec<_> = found.cloned().collect();
        found.sort_by_key(|one| std::cmp::Reverse((one.updated_at, one.number)));
        found
    }

    /// The pull requests that will close an issue.
    pub(super) fn closers_of(&self, number: i64) -> Vec<Arc<Issue>> {
        let mut found = self.pull_requests();
        found.retain(|one| one.closed_at.is_none() && one.closes.contains(&number));
        found
    }

    pub(super) fn count(&self, state: StateFilter, since: Option<DateTime<Utc>>) -> usize {
        match since {
            None => self.index(state).len(),
            Some(since) => self.index(state).range((since, 0)..).count(),
        }
    }

    /// Positions after (when descending: before) `after`, in order of update time.
    pub(super) fn positions(
        &self,
        state: StateFilter,
        since: Option<DateTime<Utc>>,
        after: Option<UpdatePosition>,
        is_descending: bool,
        most: usize,
    ) -> Vec<UpdatePosition> {
        let index = self.index(state);
        let oldest = since.map_or(Bound::Unbounded, |since| Bound::Included((since, 0)));
        if is_descending {
            let newest = after.map_or(Bound::Unbounded, Bound::Excluded);
            if is_empty_range(oldest, newest) {
                return Vec::new();
            }
            index.range((oldest, newest)).rev().take(most).copied().collect()
        } else {
            let oldest = match (after, since) {
                (Some(after), Some(since)) if after < (since, 0) => oldest,
                (Some(after), _) => Bound::Excluded(after),
                (None, _) => oldest,
            };
            index.range((oldest, Bound::Unbounded)).take(most).copied().collect()
        }
    }

    fn index(&self, state: StateFilter) -> &BTreeSet<UpdatePosition> {
        match state {
            StateFilter::All => &self.by_update.all,
            StateFilter::Open => &self.by_update.open,
            StateFilter::Closed => &self.by_update.closed,
        }
    }

    pub(super) fn insert(&mut self, issue: Issue) {
        if !issue.is_pull_request {
            let position = (issue.updated_at, issue.number);
            self.by_update.all.insert(position);
            self.by_update.index_mut(&issue).insert(position);
        }
        self.last_number = self.last_number.max(issue.number);
        self.issues.insert(issue.number, Arc::new(issue));
    }

    pub(super) fn take(&mut self, number: i64) -> Result<Issue, Refusal> {
        let issue = self.issues.remove(&number).ok_or_else(|| Refusal::no_issue(number))?;
        let position = (issue.updated_at, issue.number);
        self.by_update.all.remove(&position);
        self.by_update.index_mut(&issue).remove(&position);
        Ok(Arc::unwrap_or_clone(issue))
    }
}

impl ByUpdate {
    fn index_mut(&mut self, issue: &Issue) -> &mut BTreeSet<UpdatePosition> {
        if issue.closed_at.is_some() { &mut self.closed } else { &mut self.open }
    }
}

fn is_empty_range(from: Bound<UpdatePosition>, to: Bound<UpdatePosition>) -> bool {
    matches!((from, to), (Bound::Included(from), Bound::Excluded(to)) if from >= to)
}
