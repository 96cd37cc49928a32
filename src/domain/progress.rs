//! The words in which long-running agents report their progress, and what follows from them.
//!
//! Existing clients send these words. They are written in capitals and read in any spelling.

use super::sql_enum::text_enum;

text_enum! {
    /// How an agent's piece of work stands.
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

/// A word of a program in our spelling: any case, `-` for `_`, and a few words that mean the same.
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
    /// The states of work that an agent may still tell of.
    pub const OPEN: [Self; 3] = [Self::Claimed, Self::InProgress, Self::Blocked];

    /// The states of work that its agent is at: it has at most one such piece.
    pub const ACTIVE: [Self; 2] = [Self::Claimed, Self::InProgress];

    /// The state that a program means; none when it is none.
    pub fn read(given: &str) -> Option<Self> {
        plain(given).parse().ok()
    }

    /// Whether its agent may still tell of it.
    pub fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }

    /// The state of work in this state whose agent has come to a checkpoint. What is blocked stays
    /// so until it is done.
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
    /// The checkpoint that a program means; none when it is none.
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
