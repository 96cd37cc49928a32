//! What GitHub says about a repository as a whole.

use super::client::{Client, Repeat};
use super::error::Error;
use super::queries::{Repository as Document, repository};
use crate::domain::FullName;

/// A repository as GitHub has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// GitHub's id, which a rename or a move to another owner does not change.
    pub node_id: String,
    /// The present name in GitHub's own spelling.
    pub full_name: FullName,
    /// The branch that pull requests go to; none in an empty repository.
    pub default_branch: Option<String>,
    /// How many issues are open, pull requests not counted.
    pub open_issues: u32,
}

impl Client {
    /// Looks a repository up, ignoring case and following renames.
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

/// GitHub's `Int`s are signed, its counts are not.
pub(super) fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// GitHub explains a null with an error; this is for when it does not.
pub(super) fn missing(what: &str) -> Error {
    Error::Unintelligible { reason: format!("it has no {what} and no error that says why") }
}
