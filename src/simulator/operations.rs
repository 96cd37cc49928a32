//! What people on GitHub do and see.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::objects::{FieldValue, PullRequestDetails, StateReason};
use super::repository::{Access, Repository, StateFilter};
use super::world::{Commenter, Issue, Refusal};
use super::{Account, NewIssue, Simulator};

/// An issue as a person on GitHub sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueView {
    /// GitHub's id.
    pub id: String,
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Login of the author; none when the account was deleted.
    pub author: Option<String>,
    /// Names of its labels, in GitHub's order.
    pub labels: Vec<String>,
    /// Logins of the assignees.
    pub assignees: Vec<String>,
    /// The number of comments.
    pub comments: u32,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was closed; none while open.
    pub closed_at: Option<DateTime<Utc>>,
}

/// What people do. Each function returns a [`Refusal`] where GitHub would refuse.
impl Simulator {
    /// Changes the kind of a login's account.
    pub fn set_account(&self, login: &str, account: Account) {
        self.world().set_account(login, account);
    }

    /// Creates a repository and returns its id; that of the existing one if there is one.
    pub fn add_repository(&self, full_name: &str) -> String {
        self.world().add_repository(full_name)
    }

    /// Renames a repository; its former names still lead to it.
    pub fn rename_repository(&self, old: &str, new: &str) -> Result<(), Refusal> {
        self.world().rename_repository(old, new)
    }

    /// Deletes a repository and everything in it.
    pub fn delete_repository(&self, full_name: &str) -> Result<(), Refusal> {
        self.world().delete_repository(full_name)
    }

    /// Creates a label (`color`: six hexadecimal digits) and returns its id.
    pub fn add_label(&self, repository: &str, name: &str, color: &str) -> Result<String, Refusal> {
        let mut world = self.world();
        let slot = world.slot(repository)?;
        Ok(world.add_label(slot, name, color)?.id.clone())
    }

    /// Renames a label, on every issue that has it, without updating these issues.
    pub fn rename_label(&self, repository: &str, old: &str, new: &str) -> Result<(), Refusal> {
        self.world().rename_label(repository, old, new)
    }

    /// Sets the access to a repository.
    pub fn set_access(&self, repository: &str, access: Access) -> Result<(), Refusal> {
        self.world().set_access(repository, access)
    }

    /// Deletes a label, which removes it from every issue without updating these issues.
    pub fn delete_label(&self, repository: &str, name: &str) -> Result<(), Refusal> {
        self.world().delete_label(repository, name)
    }

    /// Opens an issue or pull request and returns its number.
    pub fn open_issue(&self, repository: &str, new: NewIssue) -> Result<i64, Refusal> {
        let now = self.now();
        self.world().open(repository, new, now)
    }

    /// Opens a pull request and returns its number.
    pub fn open_pull_request(&self, repository: &str, title: &str) -> Result<i64, Refusal> {
        let new = NewIssue { is_pull_request: true, ..NewIssue::titled(title, &[]) };
        self.open_issue(repository, new)
    }

    /// Opens a pull request of a branch with a number, which must be the next one or a later one.
    pub fn open_numbered_pull_request(
        &self,
        repository: &str,
        number: i64,
        (branch, title): (&str, &str),
    ) -> Result<(), Refusal> {
        self.world().continue_at(repository, number)?;
        let opened = self.open_pull_request(repository, title)?;
        debug_assert_eq!(opened, number, "an earlier one has the number");
        self.edit_pull_request(repository, number, |details| branch.clone_into(&mut details.branch))
    }

    /// Changes what only a pull request has: a review, a push to its branch, and so on.
    pub fn edit_pull_request(
        &self,
        repository: &str,
        number: i64,
        edit: impl FnOnce(&mut PullRequestDetails),
    ) -> Result<(), Refusal> {
        self.change(repository, number, |issue, _| {
            edit(&mut issue.pull_request);
            true
        })
    }

    /// Closes a pull request without merging it.
    pub fn close_pull_request(&self, repository: &str, number: i64) -> Result<(), Refusal> {
        self.change(repository, number, |issue, now| {
            issue.closed_at = Some(now);
            true
        })
    }

    /// Merges a pull request, which closes its issues.
    pub fn merge_pull_request(&self, repository: &str, number: i64) -> Result<(), Refusal> {
        let mut closes = Vec::new();
        self.change(repository, number, |issue, now| {
            (issue.closed_at, issue.pull_request.merged_at) = (Some(now), Some(now));
            closes.clone_from(&issue.closes);
            true
        })?;
        for issue in closes {
            self.change(repository, issue, |issue, now| {
                let is_change = issue.closed_at.is_none();
                issue.closed_at = issue.closed_at.or(Some(now));
                issue.details.state_reason = Some(StateReason::Completed);
                is_change
            })?;
        }
        Ok(())
    }

    /// The open pull requests of a repository, each with what only a pull request has, by number.
    pub fn open_pull_requests(&self, repository: &str) -> Vec<(i64, PullRequestDetails)> {
        let world = self.world();
        let Ok(repository) = world.named(repository) else { return Vec::new() };
        let open = repository.issues.values();
        let open = open.filter(|issue| issue.is_pull_request && issue.closed_at.is_none());
        open.map(|issue| (issue.number, issue.pull_request.clone())).collect()
    }

    /// Adds and removes labels by name as one change; missing labels are created.
    pub fn relabel(
        &self,
        repository: &str,
        number: i64,
        add: &[&str],
        remove: &[&str],
    ) -> Result<(), Refusal> {
        let now = self.now();
        let mut world = self.world();
        let slot = world.slot(repository)?;
        let add: Vec<_> = add.iter().map(|name| (*name).to_owned()).collect();
        let add = world.label_keys(slot, &add)?;
        let remove = world.known_label_keys(slot, remove);
        world.relabel(slot, number, now, &add, &remove).map(drop)
    }

    /// Changes the title.
    pub fn edit_title(&self, repository: &str, number: i64, title: &str) -> Result<(), Refusal> {
        self.change(repository, number, |issue, _| {
            let is_change = issue.title != title;
            issue.title = title.to_owned();
            is_change
        })
    }

    /// Changes the text.
    pub fn edit_body(&self, repository: &str, number: i64, body: &str) -> Result<(), Refusal> {
        self.change(repository, number, |issue, _| {
            let is_change = issue.body != body;
            issue.body = body.to_owned();
            is_change
        })
    }

    /// Sets the assignees.
    pub fn assign(&self, repository: &str, number: i64, logins: &[&str]) -> Result<(), Refusal> {
        self.change(repository, number, |issue, _| {
            issue.assignees = logins.iter().map(|login| (*login).to_owned()).collect();
            true
        })
    }

    /// Posts a comment as another account.
    pub fn comment_as(
        &self,
        repository: &str,
        number: i64,
        login: &str,
        body: &str,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let mut world = self.world();
        let slot = world.slot(repository)?;
        world.comment(slot, number, now, (Commenter::Somebody(login.to_owned()), body)).map(drop)
    }

    /// Posts a comment as an account that is then deleted.
    pub fn comment_as_ghost(
        &self,
        repository: &str,
        number: i64,
        body: &str,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let mut world = self.world();
        let slot = world.slot(repository)?;
        world.comment(slot, number, now, (Commenter::Ghost, body)).map(drop)
    }

    /// Changes the text of the comment with this index, the oldest being 0.
    pub fn edit_comment(
        &self,
        repository: &str,
        number: i64,
        at: usize,
        body: &str,
    ) -> Result<(), Refusal> {
        self.change(repository, number, |issue, now| {
            let comment = issue.posted.get_mut(at);
            comment.is_some_and(|comment| {
                comment.body = body.to_owned();
                comment.updated_at = now;
                true
            })
        })
    }

    /// Hides the comment with this index, the oldest being 0.
    pub fn minimize_comment(
        &self,
        repository: &str,
        number: i64,
        at: usize,
    ) -> Result<(), Refusal> {
        self.change(repository, number, |issue, _| {
            let comment = issue.posted.get_mut(at);
            comment.is_some_and(|comment| !std::mem::replace(&mut comment.is_minimized, true))
        })
    }

    /// Deletes the comment with this index, the oldest being 0.
    pub fn delete_comment(&self, repository: &str, number: i64, at: usize) -> Result<(), Refusal> {
        self.change(repository, number, |issue, _| {
            let is_there = at < issue.posted.len();
            if is_there {
                issue.posted.remove(at);
                issue.comments -= 1;
            }
            is_there
        })
    }

    /// Gives texts to the newest existing comments of an issue, oldest first: author (none for a
    /// deleted account), text and time. Neither their number nor the issue changes.
    pub(super) fn add_comments(
        &self,
        repository: &str,
        number: i64,
        comments: Vec<(Option<String>, String, DateTime<Utc>)>,
    ) -> Result<(), Refusal> {
        let mut world = self.world();
        let slot = world.slot(repository)?;
        let new_comments = comments.into_iter().map(|(login, body, at)| {
            (login.map_or(Commenter::Ghost, Commenter::Somebody), body, at)
        });
        world.add_comments(slot, number, new_comments.collect())
    }

    /// Posts a comment without storing its text.
    pub fn comment(&self, repository: &str, number: i64) -> Result<(), Refusal> {
        self.change(repository, number, |issue, _| {
            issue.comments += 1;
            true
        })
    }

    /// Closes an issue as completed; idempotent.
    pub fn close(&self, repository: &str, number: i64) -> Result<(), Refusal> {
        self.close_as(repository, number, StateReason::Completed)
    }

    /// Closes an issue for a reason; idempotent.
    pub fn close_as(
        &self,
        repository: &str,
        number: i64,
        reason: StateReason,
    ) -> Result<(), Refusal> {
        self.change(repository, number, |issue, now| {
            let is_change = issue.closed_at.is_none();
            issue.closed_at.get_or_insert(now);
            if is_change {
                issue.details.state_reason = Some(reason);
            }
            is_change
        })
    }

    /// Reopens an issue.
    pub fn reopen(&self, repository: &str, number: i64) -> Result<(), Refusal> {
        self.change(repository, number, |issue, _| {
            let is_change = issue.closed_at.take().is_some();
            if is_change {
                issue.details.state_reason = Some(StateReason::Reopened);
            }
            is_change
        })
    }

    /// Sets the type of an issue.
    pub fn set_type(&self, repository: &str, number: i64, name: &str) -> Result<(), Refusal> {
        self.change(repository, number, |issue, _| {
            issue.details.issue_type = Some(name.to_owned());
            true
        })
    }

    /// Sets the value of an issue field.
    pub fn set_field(
        &self,
        repository: &str,
        number: i64,
        (name, value): (&str, FieldValue),
    ) -> Result<(), Refusal> {
        self.change(repository, number, |issue, _| {
            issue.details.fields.retain(|(known, _)| known != name);
            issue.details.fields.push((name.to_owned(), value));
            true
        })
    }

    /// Makes an issue a sub-issue of another one. Both are updated.
    pub fn set_parent(
        &self,
        (repository, number): (&str, i64),
        (parent_repository, parent_number): (&str, i64),
    ) -> Result<(), Refusal> {
        let parent = (self.world().slot(parent_repository)?, parent_number);
        let own = (self.world().slot(repository)?, number);
        self.change(parent_repository, parent_number, |issue, _| {
            issue.details.sub_issues.push(own);
            true
        })?;
        self.change(repository, number, |issue, _| {
            issue.details.parent = Some(parent);
            true
        })
    }

    /// Closes an issue as a duplicate of another one.
    pub fn close_as_duplicate(
        &self,
        (repository, number): (&str, i64),
        (of_repository, of_number): (&str, i64),
    ) -> Result<(), Refusal> {
        let original = (self.world().slot(of_repository)?, of_number);
        self.close_as(repository, number, StateReason::Duplicate)?;
        self.change(repository, number, |issue, _| {
            issue.details.duplicate_of = Some(original);
            true
        })
    }

    /// Marks an issue as blocked by another one.
    pub fn block(
        &self,
        (repository, number): (&str, i64),
        (by_repository, by_number): (&str, i64),
    ) -> Result<(), Refusal> {
        let by = (self.world().slot(by_repository)?, by_number);
        self.change(repository, number, |issue, _| {
            let is_change = !issue.blocked_by.contains(&by);
            if is_change {
                issue.blocked_by.push(by);
            }
            is_change
        })
    }

    /// Removes all such marks from an issue.
    pub fn unblock(&self, repository: &str, number: i64) -> Result<(), Refusal> {
        self.change(repository, number, |issue, _| {
            let is_change = !issue.blocked_by.is_empty();
            issue.blocked_by.clear();
            is_change
        })
    }

    /// Lets a pull request close an issue, which does not update the issue.
    pub fn link(&self, repository: &str, pull_request: i64, issue: i64) -> Result<(), Refusal> {
        self.change(repository, pull_request, |pull_request, _| {
            pull_request.closes.push(issue);
            true
        })
    }

    /// Deletes an issue permanently.
    pub fn delete_issue(&self, repository: &str, number: i64) -> Result<(), Refusal> {
        self.world().delete_issue(repository, number).map(drop)
    }

    /// Transfers an issue to another repository and returns its number there. It gets a new id; the
    /// old one becomes invalid.
    pub fn transfer_issue(&self, from: &str, number: i64, to: &str) -> Result<i64, Refusal> {
        let now = self.now();
        self.world().transfer_issue(from, number, to, now)
    }

    fn change(
        &self,
        repository: &str,
        number: i64,
        change: impl FnOnce(&mut Issue, DateTime<Utc>) -> bool,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let seconds = chrono::SubsecRound::trunc_subsecs(now, 0);
        let mut world = self.world();
        let slot = world.slot(repository)?;
        world.change(slot, number, now, |issue| change(issue, seconds)).map(drop)
    }
}

/// What people see.
impl Simulator {
    /// The full names of all repositories, sorted.
    pub fn repositories(&self) -> Vec<String> {
        let world = self.world();
        let mut names: Vec<_> = world.repositories().map(|one| one.full_name.clone()).collect();
        names.sort();
        names
    }

    /// An issue; none for an unknown number or a pull request.
    pub fn issue(&self, repository: &str, number: i64) -> Option<IssueView> {
        let world = self.world();
        let repository = world.named(repository).ok()?;
        repository.issue(number).ok().map(|issue| view(repository, issue))
    }

    /// All issues of a repository by number; empty for an unknown repository.
    pub fn issues(&self, repository: &str) -> Vec<IssueView> {
        let world = self.world();
        let Ok(repository) = world.named(repository) else { return Vec::new() };
        let issues = repository.issues.values().filter(|issue| !issue.is_pull_request);
        issues.map(|issue| view(repository, issue)).collect()
    }

    /// Names of an issue's labels in GitHub's order; empty also for an unknown issue.
    pub fn labels(&self, repository: &str, number: i64) -> Vec<String> {
        self.issue(repository, number).map(|issue| issue.labels).unwrap_or_default()
    }

    /// A label's colour; none when the repository does not have the label.
    pub fn label_color(&self, repository: &str, name: &str) -> Option<String> {
        Some(self.world().named(repository).ok()?.label_named(name)?.color.clone())
    }

    /// The texts of the comments on an issue that came through the API, oldest first.
    pub fn posted_comments(&self, repository: &str, number: i64) -> Vec<String> {
        let world = self.world();
        let issue = world.named(repository).and_then(|repository| repository.issue(number));
        let posted = issue.map(|issue| issue.posted.as_slice()).unwrap_or_default();
        let own = posted.iter().filter(|comment| comment.author == Commenter::Viewer);
        own.map(|comment| comment.body.clone()).collect()
    }

    /// The number of open issues of a repository; zero for an unknown repository.
    pub fn open_count(&self, repository: &str) -> usize {
        self.world()
            .named(repository)
            .map_or(0, |repository| repository.count(StateFilter::Open, None))
    }
}

fn view(repository: &Repository, issue: &Arc<Issue>) -> IssueView {
    IssueView {
        id: issue.id.clone(),
        number: issue.number,
        title: issue.title.clone(),
        body: issue.body.clone(),
        author: issue.author.clone(),
        labels: repository.labels_of(issue).iter().map(|label| label.name.clone()).collect(),
        assignees: issue.assignees.clone(),
        comments: issue.comments,
        created_at: issue.created_at,
        updated_at: issue.updated_at,
        closed_at: issue.closed_at,
    }
}
