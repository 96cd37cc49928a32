//! Root fields of repositories: the overview.

pub(super) mod overview;
