//! The people of the sample organisation, who continue to use GitHub while the demo runs.
//!
//! Activity through Dispatch is in `agents`. Invariant: the organisation keeps about its size for
//! any length of time: issues are opened, closed and reopened in balance.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, IteratorRandom as _};
use rand::{Rng as _, SeedableRng as _};

use super::operations::IssueView;
use super::world::Refusal;
use super::{Simulator, sample};
use crate::domain::{Priority, Status};

/// Beyond this many issues no new ones are opened; old ones are reopened instead.
const MOST: usize = 220;

/// With fewer open issues than this, one is opened.
const FEWEST_OPEN: usize = 110;

/// With more cards than this in Done, one is closed.
const MOST_DONE: usize = 10;

/// The next action of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Open,
    Reopen,
    CloseWhatIsDone,
    Comment,
    EditTitle,
    ChangePriority,
}

/// Simulates people, one action at a time. The same seed produces the same actions on the same
/// organisation.
#[derive(Debug)]
pub struct HumanActivity {
    simulator: Simulator,
    rng: StdRng,
    /// The random numbers for texts, which do not influence the actions.
    talk: StdRng,
}

/// An issue with the repository it is in.
type LocatedIssue = (String, IssueView);

impl HumanActivity {
    /// People on a simulated GitHub with the sample organisation.
    pub fn new(simulator: Simulator, seed: u64) -> Self {
        let (rng, talk) = (StdRng::seed_from_u64(seed), StdRng::seed_from_u64(seed));
        Self { simulator, rng, talk }
    }

    /// Performs an action about every `pace`, for as long as the future is polled.
    pub async fn live(mut self, pace: Duration) {
        loop {
            tokio::time::sleep(pace.mul_f64(self.rng.random_range(0.5..1.5))).await;
            if let Err(refusal) = self.act() {
                tracing::debug!(%refusal, "somebody on the simulated GitHub was refused");
            }
        }
    }

    /// Performs one action.
    ///
    /// # Errors
    ///
    /// When GitHub refuses it, because the issue is gone meanwhile.
    pub fn act(&mut self) -> Result<(), Refusal> {
        let issues = self.issues();
        match self.next_action(&issues) {
            Action::Open => self.open(),
            Action::Reopen => self.reopen(&issues),
            Action::CloseWhatIsDone => self.close_what_is_done(&issues),
            Action::Comment => self.comment(&issues),
            Action::EditTitle => self.with_open(&issues, |simulator, (repository, issue), _| {
                simulator.edit_title(repository, issue.number, &retitled(&issue.title))
            }),
            Action::ChangePriority => {
                self.with_open(&issues, |simulator, (repository, issue), rng| {
                    let old = issue.labels.iter().filter(|label| label.starts_with("priority/"));
                    let old: Vec<_> = old.map(String::as_str).collect();
                    let others = Priority::ALL.map(Priority::label).into_iter();
                    let new = others.filter(|label| !old.contains(label)).choose(rng);
                    simulator.relabel(repository, issue.number, new.as_slice(), &old)
                })
            }
        }
    }

    fn issues(&self) -> Vec<LocatedIssue> {
        let names = self.simulator.repositories();
        let in_repository = |name: String| {
            let issues = self.simulator.issues(&name);
            issues.into_iter().map(move |issue| (name.clone(), issue))
        };
        names.into_iter().flat_map(in_repository).collect()
    }

    fn next_action(&mut self, issues: &[LocatedIssue]) -> Action {
        let open = issues.iter().filter(|(_, issue)| issue.closed_at.is_none()).count();
        if open < FEWEST_OPEN {
            return if issues.len() < MOST { Action::Open } else { Action::Reopen };
        }
        if issues.iter().filter(|found| is_done(found)).count() > MOST_DONE {
            return Action::CloseWhatIsDone;
        }
        let another = if issues.len() < MOST { Action::Open } else { Action::Comment };
        let deeds = [
            (another, 2),
            (Action::CloseWhatIsDone, 3),
            (Action::Comment, 3),
            (Action::EditTitle, 1),
            (Action::ChangePriority, 2),
        ];
        deeds
            .choose_weighted(&mut self.rng, |(_, odds)| *odds)
            .map_or(Action::Comment, |(next_action, _)| *next_action)
    }

    fn open(&mut self) -> Result<(), Refusal> {
        let title = sample::titles().choose(&mut self.rng).cloned().unwrap_or_default();
        let repository = sample::repository_for(&title);
        let now = self.simulator.now();
        let issue = sample::fresh_issue(title, now, &mut self.rng);
        self.simulator.open_issue(&repository, issue).map(drop)
    }

    /// Reopens the issue that has been closed for longest, without an assignee.
    fn reopen(&mut self, issues: &[LocatedIssue]) -> Result<(), Refusal> {
        let closed = issues.iter().filter(|(_, issue)| issue.closed_at.is_some());
        let Some((repository, issue)) = closed.min_by_key(|(_, issue)| issue.closed_at) else {
            return Ok(());
        };
        let old = with_prefix(issue, "status/").chain(with_prefix(issue, "agent/"));
        let old: Vec<_> = old.filter(|label| *label != Status::Backlog.label()).collect();
        self.simulator.relabel(repository, issue.number, &[Status::Backlog.label()], &old)?;
        self.simulator.reopen(repository, issue.number)
    }

    /// Done is only a column; people close issues on GitHub.
    fn close_what_is_done(&mut self, issues: &[LocatedIssue]) -> Result<(), Refusal> {
        let done = issues.iter().filter(|found| is_done(found));
        match done.min_by_key(|(_, issue)| issue.updated_at) {
            Some((repository, issue)) => self.simulator.close(repository, issue.number),
            None => Ok(()),
        }
    }

    fn comment(&mut self, issues: &[LocatedIssue]) -> Result<(), Refusal> {
        let (login, text) = sample::remark(&mut self.talk);
        self.with_open(issues, |simulator, (repository, issue), _| {
            simulator.comment_as(repository, issue.number, login, &text)
        })
    }

    fn with_open(
        &mut self,
        issues: &[LocatedIssue],
        act: impl FnOnce(&Simulator, &LocatedIssue, &mut StdRng) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let open = issues.iter().filter(|(_, issue)| issue.closed_at.is_none());
        match open.choose(&mut self.rng) {
            Some(found) => act(&self.simulator, found, &mut self.rng),
            None => Ok(()),
        }
    }
}

/// Whether it is open and in the last column.
fn is_done((_, issue): &LocatedIssue) -> bool {
    issue.closed_at.is_none() && with_prefix(issue, "status/").eq([Status::Done.label()])
}

fn with_prefix<'a>(issue: &'a IssueView, prefix: &'static str) -> impl Iterator<Item = &'a str> {
    issue.labels.iter().map(String::as_str).filter(move |label| label.starts_with(prefix))
}

/// A clearer title; editing it again restores it.
fn retitled(title: &str) -> String {
    const ADDED: &str = " (see the comments)";
    match title.strip_suffix(ADDED) {
        Some(title) => title.to_owned(),
        // GitHub's limit is 256 characters.
        None if title.chars().count() + ADDED.len() > 256 => title.chars().take(200).collect(),
        None => format!("{title}{ADDED}"),
    }
}
