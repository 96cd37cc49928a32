//! How an author stands to a repository.

use super::column::words;

words! {
    /// How the author of an issue or a comment is associated with the repository, by GitHub's account.
    /// It says nothing of permissions: a member or a collaborator may be allowed to read only.
    #[derive(async_graphql::Enum, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    AuthorAssociation,
    /// The repository is theirs.
    Owner = "owner",
    /// They belong to the organisation that owns the repository.
    Member = "member",
    /// They were invited to work in the repository.
    Collaborator = "collaborator",
    /// A commit of theirs is in the repository.
    Contributor = "contributor",
    /// No commit of theirs was in the repository before.
    FirstTimeContributor = "first_time_contributor",
    /// No commit of theirs was on GitHub before.
    FirstTimer = "first_timer",
    /// A placeholder for somebody who has not claimed their account.
    Mannequin = "mannequin",
    /// None that GitHub knows of.
    None = "none",
}

impl AuthorAssociation {
    /// The association of GitHub's word for it; none for a word of the future.
    pub fn from_github(word: &str) -> Option<Self> {
        word.to_ascii_lowercase().parse().ok()
    }
}
