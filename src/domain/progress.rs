//! The words with which long-running agents report their progress.
//!
//! Existing clients send these words. They are written in capitals and accepted in any case.

use super::sql_enum::text_enum;

text_enum! {
    /// The state of an agent's piece of work.
    WorkState,
    /// The agent has it.
    Claimed = "CLAIMED",
    /// The agent is at it.
    InProgress = "IN_PROGRESS",
    /// It cannot go on.
    Blocked = "BLOCKED",
    /// It is done.
    Done = "DONE",
    /// It was given up.
    Released = "RELEASED",
    /// The agent has been silent for too long.
    Stale = "STALE",
}

text_enum! {
    /// How far an agent is with a piece of work.
    WorkCheckpoint,
    /// Nothing is done yet.
    Claimed = "CLAIMED",
    /// The repository is there to work in.
    RepoPrepared = "REPO_PREPARED",
    /// There is a branch.
    BranchCreated = "BRANCH_CREATED",
    /// There are changes on it.
    ChangesMade = "CHANGES_MADE",
    /// The tests are running.
    TestsRunning = "TESTS_RUNNING",
    /// There is a pull request.
    PrOpened = "PR_OPENED",
    /// It is done.
    Done = "DONE",
    /// It cannot go on.
    Blocked = "BLOCKED",
}

/// Normalizes a word of a program: any case, `-` for `_`, and some synonyms.
fn plain(given: &str) -> String {
    let word = given.trim().to_uppercase().replace('-', "_");
    let meant = match word.as_str() {
        "COMPLETED" | "COMPLETE" => "DONE",
        "STUCK" => "BLOCKED",
        "RELEASE" => "RELEASED",
        "EXPIRED" => "STALE",
        "CLAIM" => "CLAIMED",
        _ => return word,
    };
    meant.to_owned()
}

impl WorkState {
    /// The states in which an agent may still report progress.
    pub const OPEN: [Self; 3] = [Self::Claimed, Self::InProgress, Self::Blocked];

    /// The states in which an agent is working: it has at most one such piece of work.
    pub const ACTIVE: [Self; 2] = [Self::Claimed, Self::InProgress];

    /// The state for a program's word; `None` if there is none.
    pub fn read(given: &str) -> Option<Self> {
        plain(given).parse().ok()
    }

    /// Whether its agent may still report progress.
    pub fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }

    /// The new state when the agent reports a checkpoint. Blocked work stays blocked until it is
    /// done.
    #[must_use]
    pub fn at(self, checkpoint: WorkCheckpoint) -> Self {
        match checkpoint {
            WorkCheckpoint::Done => Self::Done,
            WorkCheckpoint::Blocked => Self::Blocked,
            WorkCheckpoint::Claimed => self,
            _ if self == Self::Claimed => Self::InProgress,
            _ => self,
        }
    }
}

impl WorkCheckpoint {
    /// The checkpoint for a program's word; `None` if there is none.
    pub fn read(given: &str) -> Option<Self> {
        plain(given).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_however_they_are_spelled() {
        for (given, state) in [
            ("DONE", Some(WorkState::Done)),
            (" in-progress ", Some(WorkState::InProgress)),
            ("In_Progress", Some(WorkState::InProgress)),
            ("completed", Some(WorkState::Done)),
            ("Complete", Some(WorkState::Done)),
            ("stuck", Some(WorkState::Blocked)),
            ("release", Some(WorkState::Released)),
            ("EXPIRED", Some(WorkState::Stale)),
            ("claim", Some(WorkState::Claimed)),
            ("PR_OPENED", None),
            ("", None),
            ("in progress", None),
        ] {
            assert_eq!(WorkState::read(given), state, "{given:?}");
        }
        assert_eq!(WorkCheckpoint::read("pr-opened"), Some(WorkCheckpoint::PrOpened));
        assert_eq!(WorkCheckpoint::read("complete"), Some(WorkCheckpoint::Done));
        assert_eq!(WorkCheckpoint::read("RELEASED"), None);
    }

    #[test]
    fn a_checkpoint_moves_work_on_and_blocked_work_stays_blocked() {
        use WorkState::{Blocked, Claimed, Done, InProgress};
        assert_eq!(Claimed.at(WorkCheckpoint::Claimed), Claimed);
        assert_eq!(Claimed.at(WorkCheckpoint::BranchCreated), InProgress);
        assert_eq!(InProgress.at(WorkCheckpoint::Claimed), InProgress);
        assert_eq!(InProgress.at(WorkCheckpoint::Blocked), Blocked);
        assert_eq!(Blocked.at(WorkCheckpoint::PrOpened), Blocked);
        assert_eq!(Blocked.at(WorkCheckpoint::Done), Done);
    }
}
