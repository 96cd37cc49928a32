//! Reading the comments of an issue.
//!
//! Comments are read from GitHub on demand and stored. They are read again only after the issue has
//! changed, or a comment was posted through Dispatch. Reads are single flight across replicas: one
//! caller reads while the others wait for its result. Invariants: a failure of GitHub never fails
//! the caller, who gets the stored comments and the reason why they may be outdated; GitHub is not
//! asked for an issue without comments, nor while the rate limit is nearly used up, because moves,
//! claims and syncs need the rest.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use tokio::time::Instant;

use crate::domain::conversation::{Comments, IssueComment, NEWEST_KEPT, newest_within_limits};
use crate::domain::github_budget::Feature;
use crate::github::{self, Rate};
use crate::service::{App, Error, Result};
use crate::store::board::conversations::{self, Conversation as Row, Reading};
use crate::store::{Issue, Repository};

/// Timeout for the request for the comments of an issue.
const READING_TIME: Duration = Duration::from_secs(5);

/// How long a reader may take beyond GitHub's timeout before another caller takes over.
const GRACE: TimeDelta = TimeDelta::seconds(1);

/// Back-off after GitHub did not return the comments of an issue.
const PAUSE: TimeDelta = TimeDelta::seconds(10);

/// How long a caller waits for another one: long enough to take over after a crash.
const PATIENCE: Duration = Duration::from_secs(7);

/// How often a waiting caller polls whether the reader is done.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The share of GitHub's rate limit that is reserved for everything else: one in so many points.
const LEFT_TO_OTHERS: i64 = 5;

/// The newest comments of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// The comments, newest first, at most [`NEWEST_KEPT`].
    pub comments: Vec<IssueComment>,
    /// The number of comments of the issue on GitHub.
    pub total_count: i32,
    /// How many of the newest comments could not be read and are left out.
    pub unreadable_count: i32,
    /// When they were read from GitHub; none if they were not, such as for an issue without
    /// comments.
    pub fetched_at: Option<DateTime<Utc>>,
    /// Why these may not be the current comments, as one sentence; none if they are.
    pub problem: Option<String>,
}

/// The next step for a caller.
#[derive(Debug, PartialEq, Eq)]
enum ReadStep {
    /// Return nothing: the issue has no comments.
    AnswerNothing,
    /// Return the stored comments, which are current.
    Answer,
    /// Return the stored comments, which may be outdated for this reason.
    AnswerWith(String),
    /// Wait for another caller that reads from GitHub.
    Wait,
    /// Read from GitHub.
    Read,
}

/// The newest comments of an issue. If they have changed, they are read from GitHub, for at most
/// five seconds.
///
/// # Errors
///
/// When the database fails. A failure of GitHub is a [`Conversation::problem`].
pub async fn read(app: &App, issue: &Issue, repository: &Repository) -> Result<Conversation> {
    let patience = Instant::now() + PATIENCE;
    loop {
        let now = app.clock.now();
        let row = {
            let mut connection = app.connection().await?;
            conversations::of_issue(&mut connection, issue.id).await?
        };
        match step(
            row.as_ref(),
            issue,
            repository,
            app.github.for_owner(repository.full_name.owner()).rate(),
            now,
        ) {
            ReadStep::AnswerNothing => return Ok(shown(None, issue, None)),
            ReadStep::Answer => return Ok(shown(row, issue, None)),
            ReadStep::AnswerWith(problem) => return Ok(shown(row, issue, Some(problem))),
            ReadStep::Read => {
                if let Some(read) = ask(app, (issue, repository), row).await? {
                    return Ok(read);
                }
            }
            ReadStep::Wait => {}
        }
        if Instant::now() >= patience {
            let problem = "GitHub is being asked for the comments".to_owned();
            let mut connection = app.connection().await?;
            let row = conversations::of_issue(&mut connection, issue.id).await?;
            return Ok(shown(row, issue, Some(problem)));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn step(
    row: Option<&Row>,
    issue: &Issue,
    repository: &Repository,
    rate: Option<Rate>,
    now: DateTime<Utc>,
) -> ReadStep {
    if row.is_some_and(|row| is_current(row, issue)) {
        return ReadStep::Answer;
    }
    let has_posted = row.is_some_and(|row| row.posted > row.posted_when_read);
    if issue.comments_count == 0 && !has_posted {
        return ReadStep::AnswerNothing;
    }
    if issue.removed_at.is_some() || !repository.enabled {
        return ReadStep::AnswerWith("The issue is not read from GitHub any more".to_owned());
    }
    if let Some(row) = row {
        if let Some(problem) = &row.problem
            && row.retry_at.is_some_and(|retry_at| retry_at > now)
        {
            return ReadStep::AnswerWith(problem.clone());
        }
        if row.reading_until.is_some_and(|until| until > now) {
            return ReadStep::Wait;
        }
    }
    match rate.and_then(|rate| scarcity(rate, now)) {
        Some(problem) => ReadStep::AnswerWith(problem),
        None => ReadStep::Read,
    }
}

/// Whether no change is known since the comments were read: the cached issue is as it was then, or
/// as GitHub had it then, or older.
fn is_current(row: &Row, issue: &Issue) -> bool {
    let (Some(at_github), Some(_)) = (row.github_updated_at, row.fetched_at) else { return false };
    let is_as_seen = row.seen_updated_at == Some(issue.updated_at)
        && row.seen_comments_count == Some(issue.comments_count);
    let is_as_read = at_github == issue.updated_at && row.total_count == issue.comments_count;
    row.posted <= row.posted_when_read && (is_as_seen || is_as_read || issue.updated_at < at_github)
}

/// Why GitHub is not asked while its rate limit is nearly used up.
fn scarcity(rate: Rate, now: DateTime<Utc>) -> Option<String> {
    let is_scarce = rate.remaining < rate.limit / LEFT_TO_OTHERS && rate.resets_at > now;
    is_scarce.then(|| {
        let until = rate.resets_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        format!(
            "{} of {} points of GitHub's rate limit are left until {until}, and are kept for changes \
             and syncs",
            rate.remaining, rate.limit
        )
    })
}

/// Reads from GitHub, unless another caller has started to since `row` was read.
async fn ask(
    app: &App,
    (issue, repository): (&Issue, &Repository),
    row: Option<Row>,
) -> Result<Option<Conversation>> {
    let now = app.clock.now();
    let time = TimeDelta::from_std(READING_TIME).unwrap_or_default();
    let until = now + time + GRACE;
    let posted = {
        let mut connection = app.connection().await?;
        conversations::begin_reading(&mut connection, issue.id, row.as_ref(), (now, until)).await?
    };
    let Some(posted) = posted else { return Ok(None) };
    let github = app.github.within(READING_TIME).for_owner(repository.full_name.owner());
    let github = github.for_feature(Feature::Refresh);
    let answer = github.conversation(&issue.node_id, NEWEST_KEPT).await;
    let mut connection = app.connection().await?;
    match answer {
        Ok(found) => {
            let reading = reading(found, issue, (now, posted));
            conversations::end_reading(&mut connection, issue.id, until, &reading).await?;
            Ok(Some(Conversation::from(reading)))
        }
        Err(error) => {
            tracing::warn!(issue = %issue.id, %error, "the comments of an issue could not be read");
            let (problem, retry_at) = (problem(&error), app.clock.now() + PAUSE);
            conversations::fail_reading(&mut connection, issue.id, until, &problem, retry_at)
                .await?;
            Ok(Some(shown(row, issue, Some(problem))))
        }
    }
}

fn problem(error: &github::Error) -> String {
    match error {
        github::Error::NotFound { .. } => "GitHub does not have the issue any more".to_owned(),
        other => other.to_string(),
    }
}

/// The row for GitHub's response. A response older than the cached issue, as from a replica of
/// GitHub's database, is stored and read again next time.
fn reading(
    found: github::Conversation,
    issue: &Issue,
    (asked_at, posted): (DateTime<Utc>, i64),
) -> Reading {
    let is_behind = found.updated_at < issue.updated_at;
    let problem = || "GitHub's answer was older than its last one, and is asked for again";
    Reading {
        comments: Comments(newest_within_limits(found.comments)),
        total_count: whole(found.count),
        unreadable_count: whole(found.skipped),
        github_updated_at: Some(found.updated_at),
        seen_comments_count: (!is_behind).then_some(issue.comments_count),
        seen_updated_at: (!is_behind).then_some(issue.updated_at),
        fetched_at: Some(asked_at),
        posted_when_read: if is_behind { 0 } else { posted },
        problem: is_behind.then(|| problem().to_owned()),
        retry_at: is_behind.then(|| asked_at + PAUSE),
    }
}

fn whole(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The stored comments, for a caller.
fn shown(row: Option<Row>, issue: &Issue, problem: Option<String>) -> Conversation {
    let (total_count, fetched_at) = match &row {
        Some(row) if problem.is_none() => (row.total_count, row.fetched_at),
        Some(row) => (issue.comments_count, row.fetched_at),
        None => (issue.comments_count, None),
    };
    Conversation {
        unreadable_count: row.as_ref().map_or(0, |row| row.unreadable_count),
        comments: row.map(|row| row.comments.0).unwrap_or_default(),
        total_count,
        fetched_at,
        problem,
    }
}

impl From<Reading> for Conversation {
    fn from(reading: Reading) -> Self {
        Self {
            comments: reading.comments.0,
            total_count: reading.total_count,
            unreadable_count: reading.unreadable_count,
            fetched_at: reading.fetched_at,
            problem: reading.problem,
        }
    }
}

/// The newest comments of an issue that an agent is given. Any failure becomes a
/// [`Conversation::problem`], because the agent already has its issue.
pub async fn read_with_problem(app: &App, issue: &Issue, repository: &Repository) -> Conversation {
    match read(app, issue, repository).await {
        Ok(read) => read,
        Err(error) => {
            tracing::warn!(issue = %issue.id, error = error.with_causes(), "the comments of an issue could not be read");
            let problem = match error {
                Error::Internal(_) => "The comments could not be read".to_owned(),
                other => other.to_string(),
            };
            shown(None, issue, Some(problem))
        }
    }
}
