//! The result of an agent's run, for all words with which agents report it.

/// The result of an agent run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
pub enum RunResult {
    /// The run succeeded.
    Succeeded,
    /// The run failed.
    Failed,
    /// The run waits for something that the agent cannot do itself.
    Blocked,
    /// Somebody cancelled the run.
    Cancelled,
    /// The run has not ended.
    Running,
}

impl RunResult {
    /// Every result, in order.
    pub const ALL: [Self; 5] =
        [Self::Succeeded, Self::Failed, Self::Blocked, Self::Cancelled, Self::Running];

    /// The words that report it, in lower case: first the current one, then those of older
    /// programs.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Succeeded => &["succeeded", "success", "completed", "ok"],
            Self::Failed => &["failed", "error", "failure"],
            Self::Blocked => &["blocked"],
            Self::Cancelled => &["cancelled", "canceled"],
            Self::Running => &["running", "in_progress"],
        }
    }

    /// The result for a word, in any case; `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase();
        Self::ALL.into_iter().find(|result| result.words().contains(&word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn current_and_legacy_words_have_one_meaning() {
        for (word, result) in [
            ("success", Some(RunResult::Succeeded)),
            ("Completed", Some(RunResult::Succeeded)),
            ("error", Some(RunResult::Failed)),
            (" failed ", Some(RunResult::Failed)),
            ("canceled", Some(RunResult::Cancelled)),
            ("warning", None),
            ("", None),
        ] {
            assert_eq!(RunResult::parse(word), result, "{word}");
        }
        let all = RunResult::ALL.into_iter().flat_map(RunResult::words);
        let mut words: Vec<_> = all.collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count, "no word means two things");
    }
}
