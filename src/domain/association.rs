//! How the author of an issue stands to its repository.

use super::column::words;

words! {
    /// How the author of an issue stands to its repository, by GitHub's account. Whoever may write in
    /// the repository is an owner, member or collaborator; everybody else may be anybody.
    #[derive(async_graphql::Enum)]
    AuthorAssociation,
    /// The repository is theirs.
    Owner = "owner",
    /// They belong to the organisation that owns the repository.
    Member = "member",
    /// They were invited to work in the repository.
    Collaborator = "collaborator",
    /// A change of theirs is in the repository.
    Contributor = "contributor",
    /// They have not contributed to the repository before.
    FirstTimeContributor = "first_time_contributor",
    /// They have not contributed to anything on GitHub before.
    FirstTimer = "first_timer",
    /// A placeholder for somebody who is not on GitHub.
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
