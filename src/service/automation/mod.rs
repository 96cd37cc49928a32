//! Continuous integration, releases, packages, pull requests and deployments of tracked repositories.

pub mod lists;
