//! Which issue a request means: its id, its repository and its number, all three of which must agree.

use super::body::{Members, issue_number};
use super::errors::failed;
use crate::app::App;
use crate::domain::{Actor, IssueId};
use crate::middleware::Problem;
use crate::service::moves::record_unknown_issue;
use crate::service::{self, Error};
use crate::store::{Issue, Repository};

/// An issue by its id, repository and number: all three must agree.
pub(super) struct IssueRef<'a> {
    pub(super) issue_id: IssueId,
    pub(super) repo_full_name: &'a str,
    pub(super) issue_number: i32,
}

impl<'a> IssueRef<'a> {
    /// Reads the three members, of which the caller has seen that they are given.
    pub(super) fn read(members: &'a Members) -> Result<Self, Problem> {
        Self::with_number(members, members.number("issueNumber").and_then(issue_number))
    }

    /// The same where the number may be called `number`, and may be a text that looks like one.
    pub(super) fn read_tolerantly(members: &'a Members) -> Result<Self, Problem> {
        Self::with_number(members, number_in_any_form(members))
    }

    fn with_number(members: &'a Members, number: Option<i32>) -> Result<Self, Problem> {
        let id = members.text("issueId")?.unwrap_or_default();
        let issue_id = id.parse().map_err(|error| {
            Problem::bad_request(format!("issueId: {error}")).with("field", "issueId")
        })?;
        let repo_full_name = members.text("repoFullName")?.unwrap_or_default();
        let issue_number = number.ok_or_else(misnumbered)?;
        Ok(Self { issue_id, repo_full_name, issue_number })
    }

    /// The issue that is meant. One whose id is not known may still be known by its number.
    pub(super) async fn find(&self, app: &App) -> Result<(Issue, Repository), Error> {
        match service::board::find_issue(app, self.issue_id).await {
            Err(missing @ Error::NotFound { .. }) => {
                let named = app.config.github.repository(self.repo_full_name);
                let Ok(name) = named else { return Err(missing) };
                service::board::find_issue_by_number(app, &name, self.issue_number).await
            }
            found => found,
        }
    }

    fn check(&self, app: &App, issue: &Issue, repository: &Repository) -> Result<(), Problem> {
        let (name, number) = (&repository.full_name, issue.number);
        let given = app.config.github.repository(self.repo_full_name);
        let is_called_so = given.is_ok_and(|given| repository.is_called(&given));
        if is_called_so && number == self.issue_number {
            return Ok(());
        }
        let text =
            format!("issueId does not match repoFullName/issueNumber; expected {name}#{number}");
        Err(Problem::wrong("issueId", text))
    }
}

/// The refusal of a number that no issue has.
pub(super) fn misnumbered() -> Problem {
    Problem::wrong("issueNumber", "issueNumber must be a positive whole number")
}

/// The number under either of its names, as a number or as a text that looks like one.
pub(super) fn number_in_any_form(members: &Members) -> Option<i32> {
    let one = |name| {
        let text = || members.value(name)?.as_str()?.trim().parse().ok();
        members.number(name).or_else(text).and_then(issue_number)
    };
    one("issueNumber").or_else(|| one("number"))
}

/// What an address that changes an issue says.
pub(super) struct Words<'a> {
    /// In the audit log, of what it does.
    pub(super) action: &'static str,
    /// To who means an issue that is not known.
    pub(super) missing: &'a str,
    /// To everybody when we fail.
    pub(super) failure: &'static str,
}

/// The issue that is meant; one that is unknown is answered so, and written down.
pub(super) async fn known_issue(
    app: &App,
    actor: &Actor,
    which: &IssueRef<'_>,
    words: &Words<'_>,
) -> Result<Issue, Problem> {
    let failed = failed(words.failure);
    let (issue, repository) = match which.find(app).await {
        Ok(found) => found,
        Err(Error::NotFound { .. }) => {
            if let Ok(name) = app.config.github.repository(which.repo_full_name) {
                let number = which.issue_number;
                let recorded = record_unknown_issue(app, actor, words.action, &name, number);
                recorded.await.map_err(failed)?;
            }
            return Err(Problem::not_found(words.missing.to_owned()));
        }
        Err(error) => return Err(failed(error)),
    };
    if issue.id == which.issue_id {
        which.check(app, &issue, &repository)?;
    }
    Ok(issue)
}
