//! Pauses: which issues are not served to agents because a person said so.

use chrono::{DateTime, Utc};

use super::sql_enum::text_enum;
use super::timestamp::Timestamp;

text_enum! {
    /// What a pause covers.
    #[derive(async_graphql::Enum)]
    PauseScope,
    /// All work of all agents.
    Everything = "everything",
    /// The issues of one repository.
    Repository = "repository",
    /// The issues of one lane.
    Lane = "lane",
    /// The work of one agent.
    Agent = "agent",
}

impl PauseScope {
    /// What is paused, as a part of a sentence.
    pub fn phrase(self, subject: &str) -> String {
        match self {
            Self::Everything => "everything".to_owned(),
            Self::Repository => subject.to_owned(),
            Self::Lane => format!("the lane {subject}"),
            Self::Agent => format!("the agent {subject}"),
        }
    }
}

/// Since when and why something is paused, as a sentence without its full stop.
pub fn sentence(
    what: &str,
    by: &str,
    reason: Option<&str>,
    ends_at: Option<DateTime<Utc>>,
) -> String {
    let until = ends_at.map(|at| format!(" until {}", Timestamp(at))).unwrap_or_default();
    let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{what} is paused by {by}{until}{why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_says_of_what_by_whom_until_when_and_why() {
        let at = DateTime::from_timestamp(1_700_000_000, 0);
        let what = PauseScope::Lane.phrase("default");
        assert_eq!(
            sentence(&what, "ana", Some("a release"), at),
            "the lane default is paused by ana until 2023-11-14T22:13:20.000Z: a release"
        );
        let everything = PauseScope::Everything.phrase("");
        assert_eq!(sentence(&everything, "ana", None, None), "everything is paused by ana");
    }
}
