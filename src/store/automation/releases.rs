//! Releases and packages.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::RunQueryDsl;

use super::upsert::Upsert;
use crate::domain::automation::facts::{PackageFacts, ReleaseFacts};
use crate::domain::{PackageId, ReleaseId, RepositoryId};
use crate::store::Connection;
use crate::store::schema::{packages, releases};

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
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
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
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

const RELEASES: Upsert = Upsert {
    table: "releases",
    owner: "repository_id",
    key: "github_id",
    columns: &[
        "tag_name",
        "name",
        "draft",
        "prerelease",
        "target_commit",
        "author",
        "html_url",
        "created_at",
        "updated_at",
        "published_at",
    ],
    is_newer: "excluded.updated_at >= old.updated_at",
};

const PACKAGES: Upsert = Upsert {
    table: "packages",
    owner: "repository_id",
    key: "github_id",
    columns: &[
        "package_type",
        "name",
        "visibility",
        "html_url",
        "version_count",
        "latest_version",
        "latest_tags",
        "created_at",
        "updated_at",
    ],
    is_newer: "excluded.updated_at >= old.updated_at",
};

/// Writes releases, and returns those that are new or changed.
pub async fn write(
    connection: &mut Connection,
    repository: RepositoryId,
    releases: &[ReleaseFacts],
) -> QueryResult<Vec<Release>> {
    RELEASES.write(connection, repository.0, releases).await
}

/// Deletes a release.
pub async fn delete(
    connection: &mut Connection,
    repository: RepositoryId,
    github_id: i64,
) -> QueryResult<usize> {
    let release = releases::table
        .filter(releases::repository_id.eq(repository).and(releases::github_id.eq(github_id)));
    diesel::delete(release).execute(connection).await
}

/// Writes packages, and returns those that are new or changed.
pub async fn write_packages(
    connection: &mut Connection,
    repository: RepositoryId,
    packages: &[PackageFacts],
) -> QueryResult<Vec<Package>> {
    PACKAGES.write(connection, repository.0, packages).await
}

/// The packages of a repository, the one that changed last first.
pub async fn packages_of(
    connection: &mut Connection,
    repository: RepositoryId,
) -> QueryResult<Vec<Package>> {
    packages::table
        .filter(packages::repository_id.eq(repository))
        .order((packages::updated_at.desc(), packages::id.desc()))
        .select(Package::as_select())
        .load(connection)
        .await
}

/// The newest releases of a repository, drafts by the time of their creation.
pub async fn of_repository(
    connection: &mut Connection,
    repository: RepositoryId,
    most: i64,
) -> QueryResult<Vec<Release>> {
    let at = sql::<Timestamptz>("coalesce(published_at, created_at) DESC");
    releases::table
        .filter(releases::repository_id.eq(repository))
        .order((at, releases::id.desc()))
        .limit(most)
        .select(Release::as_select())
        .load(connection)
        .await
}
