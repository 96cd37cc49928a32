//! The state of the simulated GitHub: repositories, labels, issues and pull requests, and the rules
//! by which they change.
//!
//! Everything depends on the arguments and the given time only; requests and responses are
//! elsewhere.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use super::repository::{Access, Repository};
use super::{Account, NewIssue};

pub(super) use super::objects::{
    Comment, Commenter, Details, Issue, Label, LabelKey, PullRequestDetails, Refusal, Slot,
};

/// GitHub's own limit of labels per issue.
const LABELS_AN_ISSUE: usize = 100;

/// GitHub's own limit, in characters.
const LONGEST_COMMENT: usize = 65_536;

/// The object of an id.
#[derive(Debug, Clone)]
pub(super) enum NodeLocation {
    Repository(Slot),
    Issue(Slot, i64),
    Label(Slot, LabelKey),
}

/// The state of the simulated GitHub.
#[derive(Debug, Default)]
pub(super) struct World {
    repositories: HashMap<Slot, Repository>,
    /// Lower-case names, including former ones: GitHub follows renames.
    names: HashMap<String, Slot>,
    nodes: HashMap<String, NodeLocation>,
    /// Accounts that are not a person's, by login.
    accounts: HashMap<String, Account>,
    last_id: u64,
    /// GitHub's times are whole seconds, so two changes within one second have the same time. If
    /// false, each change of an issue is at least a second later than the one before, and tests can
    /// see it.
    pub changes_may_share_a_second: bool,
}

impl World {
    // ------------------------------------------------------------ looking up

    pub(super) fn slot(&self, name: &str) -> Result<Slot, Refusal> {
        let slot = self.names.get(&name.to_lowercase()).copied();
        slot.ok_or_else(|| Refusal::no_repository(name))
    }

    pub(super) fn repository(&self, slot: Slot) -> Option<&Repository> {
        self.repositories.get(&slot)
    }

    pub(super) fn named(&self, name: &str) -> Result<&Repository, Refusal> {
        let found = self.repositories.get(&self.slot(name)?);
        found.ok_or_else(|| Refusal::no_repository(name))
    }

    fn named_mut(&mut self, name: &str) -> Result<&mut Repository, Refusal> {
        let found = self.slot(name).ok().and_then(|slot| self.repositories.get_mut(&slot));
        found.ok_or_else(|| Refusal::no_repository(name))
    }

    pub(super) fn node(&self, id: &str) -> Option<NodeLocation> {
        self.nodes.get(id).cloned()
    }

    pub(super) fn repositories(&self) -> impl Iterator<Item = &Repository> {
        self.repositories.values()
    }

    pub(super) fn account(&self, login: &str) -> Account {
        self.accounts.get(login).copied().unwrap_or(Account::Person)
    }

    pub(super) fn set_account(&mut self, login: &str, account: Account) {
        self.accounts.insert(login.to_owned(), account);
    }

    fn fresh_id(&mut self, prefix: &str) -> (u64, String) {
        self.last_id += 1;
        (self.last_id, format!("{prefix}_kwDOSim{:08x}", self.last_id))
    }

    // ------------------------------------------------------------ repositories

    pub(super) fn add_repository(&mut self, name: &str) -> String {
        // A former name of another repository may be taken.
        if let Ok(found) = self.named(name)
            && found.full_name.eq_ignore_ascii_case(name)
        {
            return found.id.clone();
        }
        let (slot, id) = self.fresh_id("R");
        let slot = Slot::try_from(slot).expect("ids are given one by one");
        let repository = Repository::new(id.clone(), name.to_owned());
        self.repositories.insert(slot, repository);
        self.names.insert(name.to_lowercase(), slot);
        self.nodes.insert(id.clone(), NodeLocation::Repository(slot));
        id
    }

    pub(super) fn rename_repository(&mut self, old: &str, new: &str) -> Result<(), Refusal> {
        let slot = self.slot(old)?;
        self.named_mut(old)?.full_name = new.to_owned();
        self.names.insert(new.to_lowercase(), slot);
        Ok(())
    }

    pub(super) fn delete_repository(&mut self, name: &str) -> Result<(), Refusal> {
        let slot = self.slot(name)?;
        self.repositories.remove(&slot);
        self.names.retain(|_, own| *own != slot);
        self.nodes.retain(|_, node| match node {
            NodeLocation::Repository(own)
            | NodeLocation::Issue(own, _)
            | NodeLocation::Label(own, _) => *own != slot,
        });
        Ok(())
    }

    // ------------------------------------------------------------ labels

    pub(super) fn add_label(
        &mut self,
        slot: Slot,
        name: &str,
        color: &str,
    ) -> Result<Arc<Label>, Refusal> {
        let (key, id) = self.fresh_id("LA");
        let repository = self.repositories.get_mut(&slot).ok_or_else(|| Refusal::no_node("?"))?;
        if repository.label_named(name).is_some() {
            return Err(Refusal::unprocessable("Name has already been taken"));
        }
        if name.is_empty() || name.chars().count() > 50 {
            return Err(Refusal::unprocessable("Name must be 1 to 50 characters long"));
        }
        if color.len() != 6 || !color.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Refusal::unprocessable("Color is invalid"));
        }
        let label =
            Arc::new(Label { id: id.clone(), name: name.to_owned(), color: color.to_owned() });
        repository.labels.insert(key, Arc::clone(&label));
        repository.label_names.insert(name.to_lowercase(), key);
        self.nodes.insert(id, NodeLocation::Label(slot, key));
        Ok(label)
    }

    /// Renames a label on every issue that has it, without updating these issues.
    pub(super) fn rename_label(
        &mut self,
        repository: &str,
        old: &str,
        new: &str,
    ) -> Result<(), Refusal> {
        let repository = self.named_mut(repository)?;
        let missing = || Refusal::not_found(format!("There is no label named '{old}'."));
        let key = *repository.label_names.get(&old.to_lowercase()).ok_or_else(missing)?;
        if repository.label_names.get(&new.to_lowercase()).is_some_and(|other| *other != key) {
            return Err(Refusal::unprocessable("Name has already been taken"));
        }
        repository.label_names.remove(&old.to_lowercase());
        repository.label_names.insert(new.to_lowercase(), key);
        let label = repository.labels.get_mut(&key).ok_or_else(missing)?;
        Arc::make_mut(label).name = new.to_owned();
        Ok(())
    }

    pub(super) fn set_access(&mut self, repository: &str, access: Access) -> Result<(), Refusal> {
        self.named_mut(repository)?.access = access;
        Ok(())
    }

    /// Checks that the API may change something in a repository.
    ///
    /// # Errors
    ///
    /// GitHub's error.
    pub(super) fn check_write(&self, slot: Slot) -> Result<(), Refusal> {
        self.repository(slot).map_or(Ok(()), |repository| repository.access.check_write())
    }

    /// Whether the token may create labels in a repository.
    ///
    /// # Errors
    ///
    /// GitHub's error.
    pub(super) fn check_create_label(&self, slot: Slot) -> Result<(), Refusal> {
        let access = self.repository(slot).map(|repository| &repository.access);
        access.map_or(Ok(()), Access::check_create_label)
    }

    pub(super) fn delete_label(&mut self, repository: &str, name: &str) -> Result<(), Refusal> {
        let repository = self.named_mut(repository)?;
        let missing = || Refusal::not_found(format!("There is no label named '{name}'."));
        let key = repository.label_names.remove(&name.to_lowercase()).ok_or_else(missing)?;
        let label = repository.labels.remove(&key).ok_or_else(missing)?;
        for issue in repository.issues.values_mut() {
            if issue.labels.contains(&key) {
                Arc::make_mut(issue).labels.remove(&key);
            }
        }
        self.nodes.remove(&label.id);
        Ok(())
    }

    /// The keys of label names in a repository; missing labels are created.
    pub(super) fn label_keys(
        &mut self,
        slot: Slot,
        names: &[String],
    ) -> Result<Vec<LabelKey>, Refusal> {
        for name in names {
            if self.known_label_keys(slot, &[name]).is_empty() {
                self.add_label(slot, name, "ededed")?;
            }
        }
        Ok(self.known_label_keys(slot, names))
    }

    /// The keys of the existing labels among some names.
    pub(super) fn known_label_keys(&self, slot: Slot, names: &[impl AsRef<str>]) -> Vec<LabelKey> {
        let Some(repository) = self.repository(slot) else { return Vec::new() };
        let key = |name: &str| repository.label_names.get(&name.to_lowercase()).copied();
        names.iter().filter_map(|name| key(name.as_ref())).collect()
    }

    // ------------------------------------------------------------ issues

    pub(super) fn open(
        &mut self,
        repository: &str,
        new: NewIssue,
        now: DateTime<Utc>,
    ) -> Result<i64, Refusal> {
        let slot = self.slot(repository)?;
        let labels = self.label_keys(slot, &new.labels)?;
        let (key, id) = self.fresh_id(if new.is_pull_request { "PR" } else { "I" });
        let pull_request = PullRequestDetails {
            branch: branch_of(&new.title),
            head_sha: format!("{key:040x}"),
            is_mergeable: Some(true),
            ..PullRequestDetails::default()
        };
        let created_at = to_seconds(new.created_at.unwrap_or(now));
        let closed_at = new.closed_at.map(to_seconds);
        let updated_at = new.updated_at.map(to_seconds).or(closed_at).unwrap_or(created_at);
        let repository = self.named_mut(repository)?;
        let number = repository.last_number + 1;
        repository.insert(Issue {
            id: id.clone(),
            number,
            is_pull_request: new.is_pull_request,
            title: new.title,
            body: new.body,
            author: new.author,
            labels: labels.into_iter().collect(),
            assignees: new.assignees,
            comments: new.comments,
            posted: Vec::new(),
            blocked_by: Vec::new(),
            details: Details::default(),
            closes: Vec::new(),
            pull_request,
            created_at,
            updated_at,
            closed_at,
        });
        self.nodes.insert(id, NodeLocation::Issue(slot, number));
        Ok(number)
    }

    /// Gives the next issue or pull request of a repository a number, unless a later one has it.
    pub(super) fn continue_at(&mut self, repository: &str, number: i64) -> Result<(), Refusal> {
        let repository = self.named_mut(repository)?;
        repository.last_number = repository.last_number.max(number - 1);
        Ok(())
    }

    /// Changes an issue or pull request. It is updated if the closure returns that it changed
    /// something.
    pub(super) fn change(
        &mut self,
        slot: Slot,
        number: i64,
        now: DateTime<Utc>,
        change: impl FnOnce(&mut Issue) -> bool,
    ) -> Result<Arc<Issue>, Refusal> {
        let shares_seconds = self.changes_may_share_a_second;
        let repository =
            self.repositories.get_mut(&slot).ok_or_else(|| Refusal::no_issue(number))?;
        let mut issue = repository.take(number)?;
        if change(&mut issue) {
            let later = if shares_seconds { TimeDelta::zero() } else { TimeDelta::seconds(1) };
            issue.updated_at = to_seconds(now).max(issue.updated_at + later);
        }
        repository.insert(issue);
        Ok(Arc::clone(&repository.issues[&number]))
    }

    /// Adds or removes labels by key, as one change.
    pub(super) fn relabel(
        &mut self,
        slot: Slot,
        number: i64,
        now: DateTime<Utc>,
        add: &[LabelKey],
        remove: &[LabelKey],
    ) -> Result<Arc<Issue>, Refusal> {
        let issue = self.repository(slot).and_then(|repository| repository.issues.get(&number));
        let issue = issue.ok_or_else(|| Refusal::no_issue(number))?;
        let mut labels = issue.labels.clone();
        labels.extend(add);
        labels.retain(|key| !remove.contains(key));
        if labels.len() > LABELS_AN_ISSUE {
            return Err(Refusal::unprocessable("Issues cannot have more than 100 labels"));
        }
        self.change(slot, number, now, |issue| {
            let is_change = issue.labels != labels;
            issue.labels = labels;
            is_change
        })
    }

    /// Posts a comment and returns it with the issue's new state.
    pub(super) fn comment(
        &mut self,
        slot: Slot,
        number: i64,
        now: DateTime<Utc>,
        (author, body): (Commenter, &str),
    ) -> Result<(Arc<Issue>, Comment), Refusal> {
        if body.trim().is_empty() {
            return Err(Refusal::unprocessable("Body can't be blank"));
        }
        if body.chars().count() > LONGEST_COMMENT {
            return Err(Refusal::unprocessable("Body is too long (maximum is 65536 characters)"));
        }
        let comment = self.new_comment((author, body), to_seconds(now));
        let issue = self.change(slot, number, now, |issue| {
            issue.comments += 1;
            issue.posted.push(comment.clone());
            true
        })?;
        Ok((issue, comment))
    }

    /// A comment that is not on an issue yet.
    fn new_comment(&mut self, (author, body): (Commenter, &str), at: DateTime<Utc>) -> Comment {
        let (_, id) = self.fresh_id("IC");
        let (body, is_minimized) = (body.to_owned(), false);
        Comment { id, author, body, is_minimized, created_at: at, updated_at: at }
    }

    /// Gives texts to the newest existing comments of an issue, oldest first, without any other
    /// change.
    pub(super) fn add_comments(
        &mut self,
        slot: Slot,
        number: i64,
        comments: Vec<(Commenter, String, DateTime<Utc>)>,
    ) -> Result<(), Refusal> {
        let new_comments: Vec<_> = comments
            .into_iter()
            .map(|(author, body, at)| self.new_comment((author, &body), to_seconds(at)))
            .collect();
        self.change(slot, number, DateTime::UNIX_EPOCH, |issue| {
            issue.posted.extend(new_comments);
            false
        })
        .map(drop)
    }

    pub(super) fn delete_issue(&mut self, repository: &str, number: i64) -> Result<Issue, Refusal> {
        let issue = self.named_mut(repository)?.take(number)?;
        self.nodes.remove(&issue.id);
        Ok(issue)
    }

    /// Transfers an issue to another repository, where it gets a new id and number. Its labels are
    /// kept if the other repository has labels of the same names.
    pub(super) fn transfer_issue(
        &mut self,
        from: &str,
        number: i64,
        to: &str,
        now: DateTime<Utc>,
    ) -> Result<i64, Refusal> {
        let target = self.slot(to)?;
        let source = self.named(from)?;
        let names = source.labels_of(source.issue(number)?);
        let issue = self.delete_issue(from, number)?;
        let repository = self.named(to)?;
        let known = |label: &&Arc<Label>| repository.label_named(&label.name).is_some();
        let labels = names.iter().filter(known).map(|label| label.name.clone()).collect();
        let new = NewIssue {
            title: issue.title,
            body: issue.body,
            author: issue.author,
            labels,
            assignees: issue.assignees,
            comments: issue.comments,
            created_at: Some(issue.created_at),
            updated_at: Some(now),
            closed_at: issue.closed_at,
            is_pull_request: false,
        };
        debug_assert_eq!(self.slot(to), Ok(target), "nothing here renames");
        self.open(to, new, now)
    }
}

/// A name of a branch for a change with this title.
fn branch_of(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.take(5).collect::<Vec<_>>().join("-").to_lowercase()
}

fn to_seconds(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(0)
}
