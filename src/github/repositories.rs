//! Reads a repository itself.

use super::client::{Client, Repeat};
use super::error::Error;
use super::queries::{Repository as Document, repository};
use crate::domain::FullName;

/// A repository as GitHub has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// GitHub's id, which a rename or a move to another owner does not change.
    pub node_id: String,
    /// The current name in GitHub's spelling.
    pub full_name: FullName,
    /// The default branch; none in an empty repository.
    pub default_branch: Option<String>,
    /// The number of open issues, without pull requests.
    pub open_issues: u32,
}

impl Client {
    /// Looks a repository up. The name is case-insensitive, and renames are followed.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] also when the token may not see it.
    pub async fn repository(&self, name: &FullName) -> Result<Repository, Error> {
        let (owner, name) = (name.owner().to_owned(), name.name().to_owned());
        let variables = repository::Variables { owner, name };
        let answer = self.ask::<Document>(variables, Repeat::Freely).await?;
        let data: repository::ResponseData = answer.whole()?;
        let found = data.repository.ok_or_else(|| missing("repository"))?;
        Ok(Repository {
            node_id: found.id,
            full_name: full_name(&found.name_with_owner)?,
            default_branch: found.default_branch_ref.map(|branch| branch.name),
            open_issues: count(found.open_issues.total_count),
        })
    }
}

pub(super) fn full_name(text: &str) -> Result<FullName, Error> {
    text.parse().map_err(|error| Error::Unintelligible { reason: format!("{error}") })
}

/// GitHub's `Int` is signed, its counts are not negative.
pub(super) fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// The error for a null that GitHub did not explain with an error.
pub(super) fn missing(what: &str) -> Error {
    Error::Unintelligible { reason: format!("it has no {what} and no error that says why") }
}
