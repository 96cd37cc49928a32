//! The issue of a request, given by its id, repository and number. If the id is known, the others
//! must match it; otherwise the issue is found by repository and number.

use serde::de::{Deserialize, Deserializer, Error as _};
use utoipa::ToSchema;

use super::body::{Members, issue_number, misnumbered};
use super::errors::failed;
use super::schemas::IssueIdText;
use crate::domain::{Actor, IssueId};
use crate::middleware::Problem;
use crate::service::board::moves::record_unknown_issue;
use crate::service::{self, App, Error};
use crate::store::{Issue, Repository};

/// An issue by its id, repository and number. If the id is known, the others must match it;
/// otherwise the issue is found by repository and number.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct IssueRef {
    /// The issue's id.
    #[schema(value_type = IssueIdText)]
    pub(super) issue_id: IssueId,
    /// The full name of its repository; case-insensitive.
    #[schema(example = "octo-org/hello-world")]
    pub(super) repo_full_name: String,
    /// Its number in the repository. For a move, a claim or a release it must be a JSON number; for
    /// the other routes it may be a string, and may be named `number`.
    #[schema(minimum = 1)]
    pub(super) issue_number: i32,
}

/// The bodies that name an issue flatten this struct, so each error is a complete text.
impl<'de> Deserialize<'de> for IssueRef {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let members = Members::deserialize(from)?;
        Self::from_members(&members).map_err(|problem| D::Error::custom(problem.error()))
    }
}

impl IssueRef {
    /// Reads the three members. The caller has checked that they are given.
    fn from_members(members: &Members) -> Result<Self, Problem> {
        let id = members.text("issueId")?.unwrap_or_default();
        let issue_id = id.parse().map_err(|error| {
            Problem::bad_request(format!("issueId: {error}")).with("field", "issueId")
        })?;
        let repo_full_name = members.text("repoFullName")?.unwrap_or_default().to_owned();
        let issue_number = number_in_any_form(members).ok_or_else(misnumbered)?;
        Ok(Self { issue_id, repo_full_name, issue_number })
    }

    /// Returns the issue. If its id is unknown, it is looked up by its number.
    pub(super) async fn find(&self, app: &App) -> Result<(Issue, Repository), Error> {
        match service::board::find_issue(app, self.issue_id).await {
            Err(missing @ Error::NotFound { .. }) => {
                let named = app.config.github.repository(&self.repo_full_name);
                let Ok(name) = named else { return Err(missing) };
                service::board::find_issue_by_number(app, &name, self.issue_number).await
            }
            found => found,
        }
    }

    fn check(&self, app: &App, issue: &Issue, repository: &Repository) -> Result<(), Problem> {
        let (name, number) = (&repository.full_name, issue.number);
        let given = app.config.github.repository(&self.repo_full_name);
        let is_called_so = given.is_ok_and(|given| repository.is_called(&given));
        if is_called_so && number == self.issue_number {
            return Ok(());
        }
        let text =
            format!("issueId does not match repoFullName/issueNumber; expected {name}#{number}");
        Err(Problem::wrong("issueId", text))
    }
}

/// An issue by its repository and number.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct NumberedIssue {
    /// The full name of the repository; case-insensitive. The member may also be named
    /// `repoFullName`.
    #[schema(example = "octo-org/hello-world")]
    pub(super) repo: String,
    /// The issue's number. The member may also be named `number`, and its value may be a string.
    #[schema(minimum = 1)]
    pub(super) issue_number: i32,
}

/// As for [`IssueRef`].
impl<'de> Deserialize<'de> for NumberedIssue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let members = Members::deserialize(from)?;
        Self::from_members(&members).map_err(|problem| D::Error::custom(problem.error()))
    }
}

impl NumberedIssue {
    fn from_members(members: &Members) -> Result<Self, Problem> {
        let repo = match members.text("repo")? {
            Some(repo) => Some(repo),
            None => members.text("repoFullName")?,
        };
        let issue_number = number_in_any_form(members).ok_or_else(misnumbered)?;
        Ok(Self { repo: repo.unwrap_or_default().to_owned(), issue_number })
    }
}

/// Reads the number under either of its names, as a number or as a numeric string.
fn number_in_any_form(members: &Members) -> Option<i32> {
    let one = |name| {
        let text = || members.value(name)?.as_str()?.trim().parse().ok();
        members.number(name).or_else(text).and_then(issue_number)
    };
    one("issueNumber").or_else(|| one("number"))
}

/// The texts of a route that changes an issue.
pub(super) struct RouteTexts<'a> {
    /// The action in the audit log.
    pub(super) action: &'static str,
    /// The error for an unknown issue.
    pub(super) missing: &'a str,
    /// The error for an internal failure.
    pub(super) failure: &'static str,
}

/// Returns the issue; an unknown issue fails with an error that is recorded in the audit log.
pub(super) async fn known_issue(
    app: &App,
    actor: &Actor,
    which: &IssueRef,
    texts: &RouteTexts<'_>,
) -> Result<Issue, Problem> {
    let failed = failed(texts.failure);
    let (issue, repository) = match which.find(app).await {
        Ok(found) => found,
        Err(Error::NotFound { .. }) => {
            if let Ok(name) = app.config.github.repository(&which.repo_full_name) {
                let number = which.issue_number;
                let recorded = record_unknown_issue(app, actor, texts.action, &name, number);
                recorded.await.map_err(failed)?;
            }
            return Err(Problem::not_found(texts.missing.to_owned()));
        }
        Err(error) => return Err(failed(error)),
    };
    if issue.id == which.issue_id {
        which.check(app, &issue, &repository)?;
    }
    Ok(issue)
}
