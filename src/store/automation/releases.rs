//! Releases and packages.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::{PackageId, ReleaseId, RepositoryId};
use crate::store::schema::{packages, releases};

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = releases, check_for_backend(diesel::pg::Pg))]
pub struct Release {
    /// Our id.
    pub id: ReleaseId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// GitHub's id.
    pub github_id: i64,
    /// Its tag.
    pub tag_name: String,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is a draft.
    pub draft: bool,
    /// Whether it is marked as not ready for production.
    pub prerelease: bool,
    /// The branch or commit that its tag is made of.
    pub target_commit: Option<String>,
    /// The login of its author.
    pub author: Option<String>,
    /// Its page.
    pub html_url: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was published; none while it is a draft.
    pub published_at: Option<DateTime<Utc>>,
}

/// A package of the owner that belongs to a repository.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = packages, check_for_backend(diesel::pg::Pg))]
pub struct Package {
    /// Our id.
    pub id: PackageId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// GitHub's id.
    pub github_id: i64,
    /// GitHub's word, such as `container`.
    pub package_type: String,
    /// Its name.
    pub name: String,
    /// GitHub's word: `public`, `private` or `internal`.
    pub visibility: String,
    /// Its page.
    pub html_url: String,
    /// How many versions it has.
    pub version_count: i32,
    /// The name of its newest version: a digest for a container.
    pub latest_version: Option<String>,
    /// The tags of that version.
    pub latest_tags: Vec<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}
