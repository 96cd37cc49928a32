//! The association of an author with a repository.

use super::sql_enum::text_enum;

text_enum! {
    /// How the author of an issue or a comment is associated with the repository, according to
    /// GitHub. It does not imply permissions: a member or a collaborator may have read access only.
    #[derive(async_graphql::Enum, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    AuthorAssociation,
    /// The author owns the repository.
    Owner = "owner",
    /// The author belongs to the organisation that owns the repository.
    Member = "member",
    /// The author was invited to collaborate on the repository.
    Collaborator = "collaborator",
    /// The author has committed to the repository before.
    Contributor = "contributor",
    /// The author had not committed to the repository before.
    FirstTimeContributor = "first_time_contributor",
    /// The author had not committed to any repository on GitHub before.
    FirstTimer = "first_timer",
    /// The author is a placeholder for an account that nobody has claimed.
    Mannequin = "mannequin",
    /// GitHub knows of no association.
    None = "none",
}

impl AuthorAssociation {
    /// The association for GitHub's word; `None` for a word that Dispatch does not know.
    pub fn from_github(word: &str) -> Option<Self> {
        word.to_ascii_lowercase().parse().ok()
    }
}
