//! Why the issues of a repository cannot be changed on GitHub.

use super::sql_enum::text_enum;

text_enum! {
    /// Why the issues of a repository cannot be changed on GitHub.
    #[derive(async_graphql::Enum)]
    ReadOnlyReason,
    /// The repository is archived.
    Archived = "archived",
    /// GitHub has disabled the repository.
    Disabled = "disabled",
    /// The repository is locked, for example while it is moved.
    Locked = "locked",
    /// Issues are disabled in the repository.
    IssuesDisabled = "issues_disabled",
    /// Dispatch's token has read access only, or GitHub refused the last change for a reason that
    /// may affect the whole repository. The second ends when GitHub accepts a change, when somebody
    /// retries, and 15 minutes after the back-off of the repository has ended.
    NoPermission = "no_permission",
}

impl ReadOnlyReason {
    /// The reason as the end of a sentence about the repository.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Archived => "is archived on GitHub",
            Self::Disabled => "is disabled on GitHub",
            Self::Locked => "is locked on GitHub",
            Self::IssuesDisabled => "has issues disabled on GitHub",
            Self::NoPermission => "may only be read with Dispatch's GitHub token",
        }
    }
}
